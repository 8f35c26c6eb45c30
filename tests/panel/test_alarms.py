"""Alarms by the API: in both languages, acknowledged, refused, as a table."""

import httpx

from controller.core.words import AlarmNow
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
