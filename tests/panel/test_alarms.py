"""Alarms by the API: in both languages, acknowledged, refused, as a table."""

import httpx
import pytest

from controller.core.words import AlarmNow
from controller.panel.farm import SirenNow
from controller.panel.permissions import GRANTS, Role
from tests.panel.small_farm import START_S, SmallFarm

ACK = {"change_id": "change-0001", "action": "acknowledge"}


async def test_alarms_are_told_in_both_languages_and_acknowledged_by_whoever_is_signed_in(
    operator: httpx.AsyncClient, farm: SmallFarm
) -> None:
    farm.raise_alarm(AlarmNow("order:ras1.tank1.pump", "high", True, START_S, {"output": "ras1.tank1.pump"}))
    farm.raise_alarm(AlarmNow("sensor:a.b.c", "high", True, START_S, {}, "suppressed", parent="bus:x"))
    told = (await operator.get("/api/v1/alarms")).json()
    first, second = told["alarms"]
    assert (told["flood"], first["alarm"]["shown"], second["alarm"]["shown"], second["alarm"]["parent"]) == (
        False,
        True,
        False,
        "bus:x",
    )
    assert first["texts"]["en"]["response"]
    assert first["texts"]["zh-CN"]["cause"] != first["texts"]["en"]["cause"]
    reply = await operator.post("/api/v1/alarms", json={**ACK, "subject": "order:ras1.tank1.pump"})
    alarm = reply.json()["alarms"][0]["alarm"]
    assert (alarm["state"], alarm["acknowledged_by"]) == ("acknowledged", "operator")
    refused = await operator.post("/api/v1/alarms", json={**ACK, "subject": "nothing"})
    assert (refused.status_code, refused.json()["message"]) == (422, "refused.alarm_unknown")


async def test_to_take_an_alarm_out_of_service_is_a_technicians_and_to_put_it_back_is_not(
    operator: httpx.AsyncClient, farm: SmallFarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm.raise_alarm(AlarmNow("gh1.bay1.humid", "medium", True, START_S))
    body = {"change_id": "change-0001", "action": "take_out", "subject": "gh1.bay1.humid", "reason": "probe sent away"}
    assert (await operator.post("/api/v1/alarms", json={**body, "hours": 168.0})).status_code == 200
    monkeypatch.setitem(GRANTS, Role.ADMIN, GRANTS[Role.OPERATOR])
    assert (await operator.post("/api/v1/alarms", json=body)).status_code == 403
    for action in ("put_back", "shelve"):
        assert (await operator.post("/api/v1/alarms", json={**body, "action": action})).status_code == 200
    assert [(one.action, one.until_s) for one in farm.alarms_asked] == [
        ("take_out", 168 * 3600.0), ("put_back", 8 * 3600.0), ("shelve", 8 * 3600.0)
    ]  # fmt: skip


async def test_the_siren_says_whether_it_sounds_and_until_when_it_is_silenced(
    operator: httpx.AsyncClient, farm: SmallFarm
) -> None:
    none = {"output": "", "sounds": False, "silent_until": None}
    assert (await operator.get("/api/v1/siren")).json() == none
    assert (await operator.put("/api/v1/siren", json={"change_id": "change-0001"})).status_code == 422
    farm.horn = SirenNow("gh1.bay1.horn", True, 0.0)
    assert (await operator.get("/api/v1/siren")).json() == {**none, "output": "gh1.bay1.horn", "sounds": True}
    silent = (await operator.put("/api/v1/siren", json={"change_id": "change-0002"})).json()
    assert (silent["sounds"], silent["silent_until"]) == (False, (farm.now() + 600.0) * 1000.0)


async def test_the_journal_comes_as_a_table_too_and_the_figures_from_it(operator: httpx.AsyncClient) -> None:
    rows = (await operator.get("/api/v1/alarms/journal")).json()
    assert ([one["id"] for one in rows["changes"]], rows["more"]) == (["ras1.tank1.low"], False)
    table = await operator.get("/api/v1/alarms/journal", params={"format": "csv"})
    assert table.headers["content-type"].startswith("text/csv")
    assert table.text.splitlines()[1].split(",")[1:3] == ["ras1.tank1.low", "raise"]
    assert (await operator.get("/api/v1/alarms/journal", params={"from": "yesterday?"})).status_code == 422
    assert (await operator.get("/api/v1/alarms/kpi", params={"days": "1"})).json()["raised"] == 1


async def test_in_a_flood_the_list_shows_what_is_urgent(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    for number in range(9):
        farm.raise_alarm(AlarmNow(f"ras1.tank1.m{number}", "medium", True, START_S))
    farm.raise_alarm(AlarmNow("ras1.tank1.high", "high", True, START_S))
    told = (await operator.get("/api/v1/alarms")).json()
    assert told["flood"]
    assert [one["alarm"]["id"] for one in told["alarms"] if one["alarm"]["shown"]] == ["ras1.tank1.high"]
    state = (await operator.get("/api/v1/state")).json()
    assert [one["id"] for one in state["alarms"] if one["shown"]] == ["ras1.tank1.high"]
