"""Meals in the night in which clocks are moved: each is given once, and the day's ration with them."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from controller.core.state import to_plain
from tests.core.small_site import Farm, core_of, only
from tests.core.test_feeding import RATE_KG_S, TABLE


def pen(meals: list[str], begins: str, within: str = "30 min") -> Farm:
    """12 kg a day in these meals, by the feeder's time, in Berlin from a moment of its clock on."""
    site = only("fa.z.feeding")
    site["site"] |= {"timezone": "Europe/Berlin", "latitude": 52.5, "longitude": 13.4}
    site["tags"] |= {
        "fa.z.mass": {"unit": "g", "entry": "manual"}, "fa.z.pipe": {"unit": "degC"},
        "fa.z.biomass": {"derive": "fa.z.mass * 1200"},
    }  # fmt: skip
    site["programs"] = {}
    site["loops"]["fa.z.feeding"] = {
        "type": "feeding", "out": "fa.z.feeder", "biomass": "fa.z.biomass", "mass": "fa.z.mass",
        "temperature": "fa.z.pipe", "table": TABLE, "stops": ["12 degC", "34 degC"], "meals": meals,
        "rate": "10 g/s", "within": within, "on_loss": "4 kg/d",
    }  # fmt: skip
    begin_s = datetime.fromisoformat(begins).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
    farm = Farm(core_of(site), begin_s)
    farm.says = {"fa.z.pipe": 25.0, "fa.z.mass": 0.5}
    return farm


def fed(farm: Farm, seconds: int) -> float:
    kg = 0.0
    for _ in range(seconds):
        kg += RATE_KG_S if farm.wires.get("fa.z.feeder") else 0.0
        farm.scan()
    return kg


SKIPPED = ["02:10", "02:40", "06:00"]


@pytest.mark.parametrize(("meals", "given"), [
    (SKIPPED, 2), (["02:10", "06:00"], 1), (["02:00", "02:10", "02:59", "03:00"], 4), (["01:48", "02:30", "03:12"], 3),
])  # fmt: skip
def test_each_meal_of_the_hour_that_is_left_out_is_given_once_after_it(meals: list[str], given: int) -> None:
    farm = pen(meals, "2026-03-29T01:47:00")
    kg = fed(farm, 5400)
    assert kg == pytest.approx(12.0 * given / len(meals), rel=0.02)
    wanted = [event.values["wanted"] for event in farm.events if event.kind == "meal_given"]
    assert wanted == [pytest.approx(12.0 / len(meals), abs=0.01)] * given
    assert farm.standing == ()


def test_a_restart_between_two_of_them_gives_the_second_and_neither_twice() -> None:
    farm = pen(SKIPPED, "2026-03-29T01:58:00")
    before = fed(farm, 120 + 401)
    after = Farm(farm.core, farm.now_s, json.loads(json.dumps(to_plain(farm.state))))
    after.says = {**farm.says}
    assert before + fed(after, 3600) == pytest.approx(8.0, rel=0.02)


def test_a_second_one_that_could_not_be_given_in_its_time_is_told() -> None:
    farm = pen(SKIPPED, "2026-03-29T01:58:00", within="8 min")  # each takes nearly seven
    assert fed(farm, 3600) == pytest.approx(4.8, rel=0.03)
    assert farm.told("meal_given") == farm.told("meal_short") == ["fa.z.feeding"]
    assert [alarm.id for alarm in farm.standing] == ["meal:fa.z.feeding"]


def test_what_the_clock_shows_twice_is_one_meal() -> None:
    farm = pen(SKIPPED, "2026-10-25T01:58:00")
    assert fed(farm, 3 * 3600) == pytest.approx(8.0, rel=0.02)
