"""People's hands, as they come over the wire."""

import httpx
import pytest

from controller.core.words import EmergencyStop, LockOut, LockOutEnd, Maintain, Override
from controller.panel.permissions import ROUTES, Permission
from tests.panel.small_farm import SmallFarm

VALVE = "ras1.tank1.o2_valve"


async def test_an_output_is_taken_by_hand_for_four_hours_and_given_back(
    operator: httpx.AsyncClient, farm: SmallFarm
) -> None:
    path = f"/api/v1/hands/{VALVE}"
    answer = await operator.put(path, json={"change_id": "hand-0001", "position": 40.0, "who": "wang"})
    assert answer.status_code == 200
    (mark,) = answer.json()["marks"]
    assert (mark["kind"], mark["subject"], mark["by"], mark["value"]) == ("hand", VALVE, "wang", 40.0)
    assert mark["until"] - mark["since"] == 4 * 3600 * 1000
    answer = await operator.put(path, json={"change_id": "hand-0002", "position": None})
    assert answer.json() == {"marks": []}
    assert farm.laid[1] == Override("hand-0002", VALVE, None, "operator", farm.now() + 4 * 3600)


async def test_locks_stops_and_care_reach_the_farm_as_they_were_said(
    operator: httpx.AsyncClient, farm: SmallFarm
) -> None:
    now_s, said = farm.now(), {"change_id": "lay-00001", "who": "wang"}
    note = {"note": "new bearing", "statement": "the other valve is open"}
    calls = (
        ("/api/v1/stops/ras1", {}), (f"/api/v1/lock-outs/{VALVE}", note),
        ("/api/v1/care/ras1.tank1.do", {"kind": "cleaning", "minutes": 20.0}),
    )  # fmt: skip
    assert [(await operator.put(path, json={**said, **body})).status_code for path, body in calls] == [200, 200, 200]
    assert farm.laid == [
        EmergencyStop("lay-00001", "ras1", "wang", now_s),
        LockOut("lay-00001", VALVE, "wang", "new bearing", "the other valve is open", now_s),
        Maintain("lay-00001", "ras1.tank1.do", "cleaning", "wang", now_s + 1200.0, now_s),
    ]
    query = {"change_id": "off-00001", "who": "li"}
    refused = await operator.delete(f"/api/v1/lock-outs/{VALVE}", params=query)
    assert (refused.status_code, refused.json()["message"]) == (422, "refused.not_your_lock")
    assert (await operator.delete(f"/api/v1/lock-outs-of-others/{VALVE}", params=query)).status_code == 200
    assert farm.laid[-1] == LockOutEnd("off-00001", VALVE, "li", True, now_s)
    assert (await operator.delete("/api/v1/care/ras1.tank1.do", params=query)).status_code == 200
    refused = await operator.delete("/api/v1/care/ras1.tank1.do", params=query)  # it is back already
    assert (refused.status_code, refused.json()["message"]) == (422, "refused.no_care")


@pytest.mark.parametrize("wrong", [{"position": 101.0}, {"position": "on"}, {"hours": 25.0}, {"hours": 0.0}, {}])
async def test_what_is_no_hand_changes_nothing(operator: httpx.AsyncClient, farm: SmallFarm, wrong: object) -> None:
    body = {"change_id": "hand-0001", **(wrong if isinstance(wrong, dict) else {})}
    if wrong and "position" not in body:
        body["position"] = 10.0
    assert (await operator.put(f"/api/v1/hands/{VALVE}", json=body)).status_code == 422
    assert farm.laid == []


def test_another_persons_lock_asks_for_a_supervisor() -> None:
    assert ROUTES["DELETE", "/api/v1/lock-outs-of-others/{subject}"] is Permission.SUPERVISE
