"""Trends as they come over the wire: bands, what happened meanwhile, and a table."""

import csv
import io

import httpx
import pytest

from controller.panel.trends import MOST_TAGS
from tests.panel.small_farm import START_S, SmallFarm

PATH = "/api/v1/trends"
DO, PH = "ras1.tank1.do", "pf1.room1.ph"
START_MS = str(round(START_S * 1000) - 3_600_000)


async def test_an_hour_comes_as_points_and_a_day_as_a_band(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    farm.remember(DO, [(START_S - 90.0, 7.5), (START_S - 60.0, None), (START_S - 30.0, 7.25)])
    hour = (await operator.get(PATH, params={"tag": [DO, PH], "start": START_MS})).json()
    assert (hour["start"], hour["end"], hour["stretch_s"]) == (float(START_MS), START_S * 1000.0, 0.0)
    assert hour["pens"][DO] == {
        "t": [(START_S - 90.0) * 1000, (START_S - 60.0) * 1000, (START_S - 30.0) * 1000],
        "mean": [7.5, None, 7.25], "low": None, "high": None,
        "bad": [[(START_S - 60.0) * 1000, (START_S - 30.0) * 1000]],
    }  # fmt: skip
    assert hour["pens"][PH]["t"] == []
    day = (await operator.get(PATH, params={"tag": DO, "start": "2026-02-01", "end": "2026-02-02 10:40"})).json()
    assert day["stretch_s"] == 60.0
    assert day["pens"][DO]["low"] == [7.0, None, 6.75]


async def test_a_table_has_a_row_a_moment_and_its_units(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    farm.remember(DO, [(START_S - 90.0, 7.5), (START_S - 60.0, None)])
    farm.remember(PH, [(START_S - 60.0, 5.8)])
    reply = await operator.get(f"{PATH}/csv", params={"tag": [DO, PH], "start": START_MS})
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.headers["content-disposition"] == 'attachment; filename="farmloop-20260202-0940.csv"'
    assert list(csv.reader(io.StringIO(reply.text))) == [
        ["time", f"{DO} [mg/L]", f"{PH} [pH]"],
        ["2026-02-02T10:38:30.000+08:00", "7.5", ""],
        ["2026-02-02T10:39:00.000+08:00", "", "5.8"],
    ]
    day = await operator.get(f"{PATH}/csv", params={"tag": DO, "start": "2026-02-01"})
    assert day.text.splitlines()[0] == f"time,{DO} mean [mg/L],{DO} low [mg/L],{DO} high [mg/L]"


async def test_marks_tell_alarms_and_deeds_in_order(operator: httpx.AsyncClient) -> None:
    note = {"change_id": "note-00001", "text": "new screen", "place": "gh1"}
    assert (await operator.post("/api/v1/logbook", json=note)).status_code == 201
    reply = await operator.get(f"{PATH}/marks", params={"start": START_MS, "end": str(round(START_S * 1000) + 1000)})
    marks = reply.json()
    assert [(one["kind"], one["what"]) for one in marks["marks"]] == [
        ("alarm", "ras1.tank1.low"), ("note", "new screen")
    ]  # fmt: skip
    assert (marks["marks"][0]["priority"], marks["more"]) == ("critical", False)


@pytest.mark.parametrize("query", [
    {"tag": DO}, {"tag": DO, "start": "yesterday"}, {"start": START_MS}, {"tag": DO, "start": "1999-01-01"},
    {"tag": DO, "start": START_MS, "end": START_MS}, {"tag": [DO] * (MOST_TAGS + 1), "start": START_MS},
])  # fmt: skip
async def test_what_is_no_time_or_no_value_is_refused(operator: httpx.AsyncClient, query: dict[str, str]) -> None:
    for path in (PATH, f"{PATH}/csv"):
        assert (await operator.get(path, params=query)).status_code == 422
    assert (await operator.get(PATH, params={"tag": "no.such.tag", "start": START_MS})).status_code == 404
