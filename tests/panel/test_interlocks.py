"""Interlocks, as people bypass and prove them over the wire."""

import httpx
import pytest

from controller.core.words import Bypass, ProofTest
from controller.panel.permissions import GRANTS, Permission, Role
from edge_config.model.interlocks import Bypass as SetBypass
from tests.panel.small_farm import SmallFarm


async def test_interlocks_are_told_bypassed_and_proven_by_whoever_says_so(
    operator: httpx.AsyncClient, farm: SmallFarm
) -> None:
    name, now_s = next(iter(farm.site.interlocks)), farm.now()
    answer = await operator.get("/api/v1/interlocks")
    assert answer.json()["interlocks"][name]["en"] == "Low oxygen"
    body = {"change_id": "bypass-01", "minutes": 30.0, "who": "wang"}
    assert (await operator.put(f"/api/v1/bypasses/{name}", json=body)).status_code == 200
    test = {"change_id": "proof-001", "passed": False}
    assert (await operator.put(f"/api/v1/proof-tests/{name}", json=test)).status_code == 200
    assert farm.interlocks_asked == [
        Bypass("bypass-01", name, 1800.0, "wang", now_s), ProofTest("proof-001", name, False, "operator", now_s)
    ]  # fmt: skip
    assert (await operator.put(f"/api/v1/bypasses/{name}", json={**body, "minutes": 61.0})).status_code == 422
    refused = await operator.put("/api/v1/proof-tests/gh1.bay1.none", json=test)
    assert (refused.status_code, refused.json()["message"]) == (422, "refused.interlock_none")


async def test_the_first_of_a_group_is_told_with_its_minutes_by_its_id(operator: httpx.AsyncClient) -> None:
    (trip,) = (await operator.get("/api/v1/first-outs")).json()["first_outs"]
    assert (trip["first"], trip["others"], trip["rows"]) == ("ras1.tank1.no_flow", ["ras1.tank1.low_oxygen"], [])
    whole = (await operator.get(f"/api/v1/first-outs/{trip['id']}")).json()
    assert whole["rows"] == [[trip["tripped"], "ras1.tank1.do", 4.2, 3, ""]]
    assert (await operator.get("/api/v1/first-outs/flow-1")).status_code == 404


async def test_a_bypass_that_asks_for_a_supervisor_is_not_an_operators(
    operator: httpx.AsyncClient, farm: SmallFarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, one = next(iter(farm.site.interlocks.items()))
    asks = one.model_copy(update={"bypass": SetBypass(role="supervisor")})
    farm.site = farm.site.model_copy(update={"interlocks": {name: asks}})
    monkeypatch.setitem(GRANTS, Role.ADMIN, GRANTS[Role.ADMIN] - {Permission.SUPERVISE})
    body = {"change_id": "bypass-01", "minutes": 30.0}
    assert (await operator.put(f"/api/v1/bypasses/{name}", json=body)).status_code == 403
    assert farm.interlocks_asked == []
    monkeypatch.undo()
    assert (await operator.put(f"/api/v1/bypasses/{name}", json=body)).status_code == 200
