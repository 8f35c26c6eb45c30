"""Calibrations as they come over the wire."""

import httpx

from controller.core.state import Calibrated
from tests.panel.small_farm import START_S, SmallFarm

PATH = "/api/v1/calibrations/pf1.room1.ph"
BUFFERS = [[6.9, 7.0], [4.1, 4.01]]
DONE = {"change_id": "cal-00001", "points": BUFFERS, "method": "two buffers", "reference": "lot 7", "who": "wang"}


async def test_a_calibration_reaches_the_farm_and_an_older_one_comes_back(
    operator: httpx.AsyncClient, farm: SmallFarm
) -> None:
    before = (await operator.get(PATH)).json()
    assert (before["says"], before["points"], before["slopes"], before["offset"]) == (5.84, [], [100.0], 0.0)
    assert before["due"] == (START_S - 86400.0) * 1000.0
    answer = await operator.put(PATH, json=DONE)
    assert answer.status_code == 200
    (made,) = answer.json()["made"]
    assert (made["by"], made["method"], made["reference"], round(made["slopes"][0], 1)) == (
        "wang", "two buffers", "lot 7", 93.6
    )  # fmt: skip
    assert answer.json()["points"] == [[4.1, 4.01], [6.9, 7.0]]
    farm.clock.set(START_S + 60.0)  # type: ignore[attr-defined]  # a clock that is stepped
    back = await operator.put(PATH, json={"change_id": "cal-00002", "points": []})
    assert back.json()["points"] == []
    again = await operator.put(PATH, json={"change_id": "cal-00003", "points": [], "again": made["applied"]})
    assert again.json()["points"] == [[4.1, 4.01], [6.9, 7.0]]
    last = farm.calibrated["pf1.room1.ph"][-1]
    assert last == Calibrated(
        ((4.1, 4.01), (6.9, 7.0)), "operator", "two buffers", "lot 7", "", START_S, START_S + 60.0
    )  # fmt: skip
    assert (await operator.put(PATH, json={"change_id": "cal-00004", "points": [], "again": 1.0})).status_code == 404


async def test_what_cannot_be_is_told_in_words_before_and_when_it_is_tried(
    operator: httpx.AsyncClient, farm: SmallFarm
) -> None:
    good = (await operator.post(f"{PATH}/judged", json={"points": BUFFERS})).json()
    assert (good["message"], round(good["slopes"][0], 1)) == ("", 93.6)
    dead = {"points": [[4.5, 4.01], [6.6, 7.0]]}
    told = (await operator.post(f"{PATH}/judged", json=dead, headers={"accept-language": "en"})).json()
    assert told["message"] == "refused.calibration_slope"
    assert told["title"].startswith("A slope of 70.2 % cannot be")
    refused = await operator.put(PATH, json={"change_id": "cal-00001", **dead})
    assert (refused.status_code, refused.json()["message"]) == (422, "refused.calibration_slope")
    assert farm.calibrated == {}


async def test_what_is_no_calibration_never_reaches_the_farm(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    for wrong in ({}, {"points": [[1.0]]}, {"points": [[1.0, "2"]]}, {"points": [[1.0, 2.0]] * 4}):
        assert (await operator.put(PATH, json={"change_id": "cal-00001", **wrong})).status_code == 422
    assert (await operator.put("/api/v1/calibrations/gh1.all.door", json=DONE)).status_code == 404
    assert (await operator.get("/api/v1/calibrations/no.such.probe")).status_code == 404
    assert farm.calibrated == {}


async def test_the_most_overdue_stands_first_and_care_is_told(operator: httpx.AsyncClient) -> None:
    care = {"change_id": "care-0001", "kind": "calibration", "minutes": 30.0}
    assert (await operator.put("/api/v1/care/pf1.room1.ph", json=care)).status_code == 200
    await operator.put("/api/v1/calibrations/gh1.bay1.rh", json={"change_id": "c-000001", "points": []})
    probes = (await operator.get("/api/v1/calibrations")).json()["probes"]
    assert probes[-1]["tag"] == "gh1.bay1.rh"  # done, and no interval: it is never due
    assert all(one["due"] is not None for one in probes[:-1])
    (ph,) = [one for one in probes if one["tag"] == "pf1.room1.ph"]
    assert (ph["care"], ph["care_by"], ph["care_until"]) == ("calibration", "operator", (START_S + 1800.0) * 1000.0)
