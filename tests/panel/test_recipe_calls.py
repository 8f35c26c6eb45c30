"""Recipes as calls: a change now, or at a later moment that can be taken back, and never over another's head."""

import httpx

from tests.panel.small_farm import SmallFarm

PATH = "/api/v1/recipes/gh1.bay1"


async def test_a_change_is_planned_taken_back_and_never_made_over_anothers_head(
    operator: httpx.AsyncClient, farm: SmallFarm
) -> None:
    body = {"change_id": "change-01", "action": "stage", "stage": "root", "at": "2026-02-03 06:00", "why": "new batch"}
    reply = await operator.put(PATH, json=body)
    assert reply.status_code == 200
    (planned,) = reply.json()["planned"]
    assert (planned["zone"], planned["action"], planned["stage"]) == ("gh1.bay1", "stage", "root")
    assert (planned["by"], planned["why"], planned["outcome"]) == ("operator", "new batch", "")
    assert planned["at"] == 1_770_069_600_000.0
    assert farm.recipes_asked == []  # not yet
    gone = await operator.delete("/api/v1/planned-recipes/change-01", params={"change_id": "change-02"})
    assert [one["outcome"] for one in gone.json()["planned"]] == ["cancelled"]
    none = await operator.delete("/api/v1/planned-recipes/change-09", params={"change_id": "change-03"})
    assert (none.status_code, none.json()["message"]) == (422, "refused.planned_none")
    past = await operator.put(PATH, json={**body, "change_id": "change-04", "at": "2026-01-01"})
    assert (past.status_code, past.json()["message"]) == (422, "refused.planned_when")
    odd = await operator.put(PATH, json={**body, "change_id": "change-05", "at": "soon"})
    assert (odd.status_code, odd.json()["message"]) == (422, "enter.moment")
    # whoever saw another recipe changes nothing
    body = {"change_id": "change-06", "action": "stop"}
    late = await operator.put(PATH, json=body, headers={"if-match": '"v0"'})
    assert (late.status_code, late.json()["message"]) == (412, "panel.error.changed_by")
    assert farm.recipes_asked == []
    assert (await operator.put(PATH, json=body, headers={"if-match": '"v1"'})).status_code == 200
    assert len(farm.recipes_asked) == 1
