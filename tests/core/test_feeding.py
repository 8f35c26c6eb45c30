"""Feeding: the ration follows what the fish weigh and how warm they are, and is given until the counter has it."""

from dataclasses import replace
from math import isfinite
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.state import to_plain
from controller.core.strategies.feeding import FeedingLoop, Row, ration
from controller.core.strategies.growth import DAY_S, Growth
from controller.core.words import Override, SetpointChange
from foundation.reading import Quality, Reading, Reason, good
from tests.core.small_site import START_S, Farm, core_of, only

RATE_KG_S = 0.01
TABLE = [
    {"mass": "50 g", "at": [["15 degC", "2 %"], ["25 degC", "4 %"]]},
    {"mass": "500 g", "at": [["15 degC", "1 %"], ["25 degC", "2 %"]]},
]
ROWS = (Row(0.05, ((15.0, 0.02), (25.0, 0.04))), Row(0.5, ((15.0, 0.01), (25.0, 0.02))))


def pen(stale: str = "15 s", **more: Any) -> Farm:
    """A feeder of 10 g a second with a counter; 600 kg of fish of 500 g at 25 degC: 12 kg a day in two meals."""
    site = only("fa.z.feeding")
    site["tags"] |= {
        "fa.z.mass": {"unit": "g", "entry": "manual", "stale": "60 d"},
        "fa.z.count": {"unit": "1", "entry": "manual", "stale": "60 d"},
        "fa.z.biomass": {"derive": "fa.z.mass * fa.z.count"},
        "fa.z.pipe": {"unit": "degC"},
        "fa.z.fed": {"unit": "kg", "stale": stale},
        "fa.z.by_hand": {"unit": "kg", "entry": "manual", "as": "amount"},
    }
    site["programs"] = {"fa.z.feed_share": {"value": "100 %", "limits": ["0 %", "120 %"]}}
    site["loops"]["fa.z.feeding"] = {
        "type": "feeding", "out": "fa.z.feeder", "biomass": "fa.z.biomass", "mass": "fa.z.mass",
        "temperature": "fa.z.pipe", "table": TABLE, "stops": ["12 degC", "34 degC"], "meals": ["10:45", "23:50"],
        "rate": "10 g/s", "fed": "fa.z.fed", "share": "fa.z.feed_share", "within": "30 min", "on_loss": "4 kg/d",
        **more,
    }  # fmt: skip
    farm = Farm(core_of(site))
    farm.says = {"fa.z.pipe": 25.0, "fa.z.fed": 100.0, "fa.z.mass": 0.5, "fa.z.count": 1200.0}
    return farm


def feed(farm: Farm, seconds: int, delivers: float = 1.0, hears: int = 10) -> float:
    """kg that leave the feeder; the counter is heard every `hears` seconds."""
    given_kg, counted = 0.0, farm.says.get("fa.z.fed")
    for second in range(seconds):
        if farm.wires.get("fa.z.feeder"):
            given_kg += RATE_KG_S * delivers
        if isinstance(counted, float):
            farm.says.pop("fa.z.fed", None)
            if (second + 1) % hears == 0:
                farm.says["fa.z.fed"] = counted + given_kg
        farm.scan()
    if isinstance(counted, float):
        farm.says["fa.z.fed"] = counted + given_kg
    return given_kg


def alarms(farm: Farm) -> list[str]:
    return [alarm.id for alarm in farm.standing]


def test_a_meal_is_half_of_what_the_table_gives_such_fish_in_such_water():
    assert feed(pen(), 1500) == pytest.approx(6.0, abs=0.05)
    cool = pen()
    cool.says["fa.z.pipe"] = 20.0
    assert feed(cool, 1500) == pytest.approx(4.5, abs=0.05)


def test_no_meal_before_its_time_in_water_too_cold_or_too_warm_or_once_its_hour_is_past():
    assert feed(pen(), 240) == 0.0
    for water_c in (11.9, 34.1):
        farm = pen()
        farm.says["fa.z.pipe"] = water_c
        assert feed(farm, 1500) == 0.0
        assert alarms(farm) == []
    assert feed(pen(meals=["10:05", "23:50"]), 1500) == 0.0


def test_rules_and_people_take_their_share_of_the_ration():
    farm = pen()
    farm.scan([SetpointChange("1", "fa.z.feed_share", 50.0, "wang", farm.now_s)])
    assert feed(farm, 1500) == pytest.approx(3.0, abs=0.05)


def test_a_feeder_that_gives_less_than_it_should_runs_longer_and_the_fish_get_their_meal():
    assert feed(pen(), 1500, delivers=0.7) == pytest.approx(6.0, abs=0.1)
    assert feed(pen(), 1500, delivers=1.4) == pytest.approx(6.0, abs=0.2)


def test_an_empty_feeder_is_not_run_for_ever_and_is_told():
    farm = pen()
    feed(farm, 1700, delivers=0.0)
    assert farm.told("meal_short") == ["fa.z.feeding"]
    assert [(alarm.id, alarm.values) for alarm in farm.standing] == [("meal:fa.z.feeding", {"output": "fa.z.feeder"})]
    assert not farm.wires["fa.z.feeder"]


def test_a_whole_meal_ends_the_alarm_of_a_short_one():
    farm = pen(meals=["10:45", "11:20"])
    feed(farm, 1700, delivers=0.0)
    feed(farm, 1800)
    assert farm.told("meal_given") == ["fa.z.feeding"]
    assert alarms(farm) == []


def test_without_a_counter_time_is_counted_and_a_silent_one_is_replaced_by_it():
    assert feed(pen(fed=None), 1500) == pytest.approx(6.0, abs=0.05)
    silent = pen()
    silent.says["fa.z.fed"] = Reason.COMM
    assert feed(silent, 1500) == pytest.approx(6.0, abs=0.05)


def test_a_counter_that_falls_silent_and_comes_back_counts_nothing_twice():
    farm = pen()
    given_kg = feed(farm, 500)
    told = float(farm.says["fa.z.fed"])  # type: ignore[arg-type]  # a number
    farm.says["fa.z.fed"] = Reason.COMM
    unheard_kg = feed(farm, 200)
    farm.says["fa.z.fed"] = told + unheard_kg
    given_kg += unheard_kg + feed(farm, 900)
    assert unheard_kg > 1.5
    assert given_kg == pytest.approx(6.0, abs=0.1)
    assert farm.told("meal_given") == ["fa.z.feeding"]


def test_a_meal_that_no_counter_saw_is_whole_and_none_of_the_next_one():
    farm = pen(meals=["10:45", "11:15"])
    feed(farm, 200)
    told = float(farm.says["fa.z.fed"])  # type: ignore[arg-type]  # a number
    farm.says["fa.z.fed"] = Reason.COMM
    unheard_kg = feed(farm, 720)  # 10:55:20, twenty seconds after its end
    assert farm.told("meal_given") == ["fa.z.feeding"]
    unheard_kg += feed(farm, 1200)  # 11:15:20
    farm.says["fa.z.fed"] = told + unheard_kg
    assert unheard_kg - 6.0 + feed(farm, 900) == pytest.approx(6.0, abs=0.15)


def test_a_counter_that_begins_again_within_a_meal_gives_no_second_one():
    farm = pen(stale="5 min")
    first = feed(farm, 600, hears=100)
    farm.says["fa.z.fed"] = 0.0  # the feeder was switched off and on; a kilogram later it is heard again
    assert 1.0 < first < 5.0
    assert first + feed(farm, 900, hears=100) == pytest.approx(6.0, abs=0.15)


def test_fish_of_unknown_mass_get_what_the_site_says_with_an_alarm():
    farm = pen()
    del farm.says["fa.z.mass"]
    assert feed(farm, 1500) == pytest.approx(2.0, abs=0.05)
    assert alarms(farm) == ["ration:fa.z.feeding"]


@pytest.mark.parametrize("water_c", [5.0, 38.0])
def test_fish_of_unknown_mass_get_nothing_in_water_in_which_they_do_not_eat(water_c: float) -> None:
    farm = pen()
    del farm.says["fa.z.mass"]
    farm.says["fa.z.pipe"] = water_c
    assert feed(farm, 1500) == 0.0


def test_a_restart_in_the_middle_of_a_meal_gives_the_rest_of_it():
    farm = pen()
    first = feed(farm, 550)
    again = Farm(farm.core, farm.now_s + 30.0, to_plain(farm.state))
    again.says = dict(farm.says)
    assert 0.5 < first < 5.0
    assert first + feed(again, 1000) == pytest.approx(6.0, abs=0.15)


def test_a_belt_gives_small_portions_through_its_hours():
    farm = pen(meals=[], belt={"from": "06:00", "to": "18:00", "every": "30 min"})
    # 12 kg in 24 portions: from 10:40 on the one of 10:30, those of 11:00 and 11:30
    assert feed(farm, 3600) == pytest.approx(3 * 0.5, abs=0.05)


@pytest.mark.parametrize(
    ("belt", "kg"),
    [
        # 12 kg in 24 portions from 23:00 to 11:00: from 10:40 on the one of 10:30
        ({"from": "23:00", "to": "11:00", "every": "30 min"}, 0.5),
        # the same from 10:50 to 10:40 of the next day is 47 portions: those of 10:50, 11:20
        ({"from": "10:50", "to": "10:40", "every": "30 min"}, 2 * 12.0 / 47),
        # a whole day, from 11:00 to 11:00: 10:30 is yesterday's last one
        ({"from": "11:00", "to": "11:00", "every": "30 min"}, 3 * 0.25),
        # shorter than its portions are apart: one meal
        ({"from": "10:45", "to": "11:00", "every": "30 min"}, 12.0),
    ],
)
def test_a_belt_over_midnight_and_one_that_is_shorter_than_its_steps_feed_the_fish(belt: dict[str, str], kg: float):
    farm = pen(meals=[], belt=belt)
    assert feed(farm, 3600) == pytest.approx(kg, abs=0.05)
    loop = farm.core.plan.loops[0]
    assert isinstance(loop, FeedingLoop)
    parts = [part for _, part in loop._meals(farm.now_s)]
    assert sum(parts) == pytest.approx(len(list(loop.calendar.around(farm.now_s))))


def test_what_is_held_back_by_low_oxygen_is_given_once_it_may_be_if_there_is_time():
    farm = pen()
    feed(farm, 320)
    assert farm.wires["fa.z.feeder"]
    farm.scan([Override("1", "fa.z.feeder", 0.0, "wang", farm.now_s + 600.0)])
    assert feed(farm, 590) == 0.0
    assert feed(farm, 900) == pytest.approx(5.8, abs=0.2)
    assert farm.told("meal_given") == ["fa.z.feeding"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(-1e5, 4e7), st.one_of(st.none(), st.floats(0.0, 1e9))), min_size=1, max_size=10))
def test_whatever_clock_and_counter_say_a_meal_stays_a_number_and_ends(steps):
    farm = whole_pen()
    for after_s, counted in steps:
        farm.says["fa.z.fed"] = Reason.COMM if counted is None else counted
        farm.scan(after_s=after_s)
        meal = farm.state.blocks["fa.z.feeding"]
        assert all(isfinite(number) for number in meal)
        assert 0.0 <= meal.wanted_kg <= 6.0 + 1e-9
        assert meal.given_kg >= 0.0
    farm.now_s = max(farm.now_s, farm.state.at_s)  # farm time never goes back: the core waits for a clock that did
    rests = [farm.scan(after_s=30.0) and farm.state.applied["fa.z.feeder"] == 0.0 for _ in range(70)]
    assert any(rests)  # a meal has half an hour, then the feeder stands


def whole_pen() -> Farm:
    """A pen whose core is built once: a core keeps nothing between scans."""
    farm = Farm(PEN.core)
    farm.says = dict(PEN.says)
    return farm


PEN = pen()


# --- the table


@given(st.floats(0.001, 20.0), st.floats(-5.0, 50.0))
def test_a_ration_is_never_outside_its_table(mass_kg, water_c):
    assert 0.01 <= ration(ROWS, mass_kg, water_c) <= 0.04


@given(st.floats(0.001, 20.0), st.floats(0.0, 1.0), st.floats(5.0, 40.0))
def test_heavier_fish_eat_a_smaller_share(mass_kg, more, water_c):
    assert ration(ROWS, mass_kg + more, water_c) <= ration(ROWS, mass_kg, water_c) + 1e-12


# --- growth between weighings

SENSOR = Growth("fa.z.w", "fa.z.mass", "fa.z.water", 2.7, 600.0, 30 * DAY_S)


def grown(days: float, water_c: float | None, told_late_s: float = 0.0, step_s: float = 3600.0) -> Reading:
    """The reading `days` after fish of 70 g were weighed."""
    warm = Reading("fa.z.water", None, Quality.BAD, Reason.STALE, START_S) if water_c is None else None
    image = {"fa.z.water": warm or good("fa.z.water", water_c, START_S), "fa.z.mass": good("fa.z.mass", 0.07, START_S)}
    block, now_s, reading = SENSOR.fresh, START_S + told_late_s, None
    while now_s <= START_S + days * DAY_S:
        made = SENSOR.step(block, image, {}, now_s)
        if made is not None:
            block, reading = made
        now_s += step_s
    assert reading is not None
    return reading


def test_salmon_grow_as_the_published_plan_has_them():
    # physics.md 5.2 and its table: TGC 2.7 at 14 degC from 70 g, 140 d: 834.1 g
    long = replace(SENSOR, wait_s=365 * DAY_S)
    image = {"fa.z.water": good("fa.z.water", 14.0, START_S), "fa.z.mass": good("fa.z.mass", 0.07, START_S)}
    block, mass_kg = long.fresh, 0.0
    for hour in range(140 * 24 + 1):
        made = long.step(block, image, {}, START_S + hour * 3600.0)
        assert made is not None
        block, mass_kg = made[0], made[1].value
    assert mass_kg == pytest.approx(0.8341, abs=0.0005)


def test_a_weighing_is_less_sure_each_week_and_not_known_after_its_time():
    assert grown(1.0, 14.0).quality is Quality.SUBSTITUTED
    assert grown(12.0, 14.0).quality is Quality.UNCERTAIN
    assert grown(31.0, 14.0).number is None


def test_fish_whose_water_nobody_measures_do_not_grow_and_are_not_sure():
    reading = grown(5.0, None)
    assert reading.value == pytest.approx(0.07)
    assert reading.quality is Quality.UNCERTAIN


def test_a_weighing_that_is_told_two_days_late_grows_from_its_own_day():
    on_time, late = grown(4.0, 14.0), grown(4.0, 14.0, told_late_s=2 * DAY_S)
    assert late.value == pytest.approx(on_time.value, rel=1e-3)


def put_right(reading: Reading, days: float = 20.0) -> list[Reading]:
    """What tilapia of 200 g weigh after so many days at 28 degC, and once their weighing is put right to `reading`."""
    sensor = replace(SENSOR, tgc=1.25)
    image = {"fa.z.water": good("fa.z.water", 28.0, START_S), "fa.z.mass": good("fa.z.mass", 0.2, START_S)}
    block, found = sensor.fresh, list[Reading]()
    for hour in range(int(days * 24) + 2):
        if hour > days * 24:
            image["fa.z.mass"] = reading
        made = sensor.step(block, image, {}, START_S + hour * 3600.0)
        assert made is not None
        block = made[0]
        found.append(made[1])
    return found[-2:]


@pytest.mark.parametrize(
    ("reading", "mass_kg"),
    [
        (good("fa.z.mass", 0.202, START_S), 0.2837),
        (good("fa.z.mass", 0.2, START_S + DAY_S), 0.2764),
        (good("fa.z.mass", 0.2, START_S - DAY_S), 0.2855),
    ],
)
def test_fish_whose_weighing_is_put_right_have_grown_all_the_same(reading: Reading, mass_kg: float):
    before, after = put_right(reading)
    assert before.value == pytest.approx(0.2808, abs=0.0002)
    assert after.value == pytest.approx(mass_kg, abs=0.0005)


def test_fish_whose_only_weighing_was_withdrawn_are_of_unknown_mass_at_once():
    gone = Reading("fa.z.mass", 0.2, Quality.BAD, Reason.CORRECTED, START_S)
    assert put_right(gone, days=5.0)[-1].number is None


def test_in_the_scan_fish_grow_while_nobody_weighs_them_and_are_less_sure_in_time():
    site = only("fa.z.feeding")
    site["tags"] |= {
        "fa.z.mass": {"unit": "kg", "entry": "manual", "stale": "60 d"}, "fa.z.pipe": {"unit": "degC"},
        "fa.z.fish": {"estimate": {
            "model": "growth", "weighed": "fa.z.mass", "temperature": "fa.z.pipe", "tgc": 1.25, "wait": "6 d",
        }},
    }  # fmt: skip
    farm = Farm(core_of(site))
    farm.says = {"fa.z.pipe": 28.0}
    farm.run(600, after_s=60.0)
    assert farm.quality("fa.z.fish") == (Quality.BAD, Reason.NEVER_SEEN)
    farm.says["fa.z.mass"] = 0.2
    farm.scan()
    del farm.says["fa.z.mass"]
    farm.run(1.5 * DAY_S, after_s=60.0)
    assert farm.state.readings["fa.z.fish"].number == pytest.approx(0.2055, abs=0.0002)
    farm.run(DAY_S, after_s=60.0)
    assert farm.quality("fa.z.fish")[0] is Quality.UNCERTAIN
    farm.run(4 * DAY_S, after_s=60.0)
    assert farm.quality("fa.z.fish")[0] is Quality.BAD


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(-50, 80), st.floats(-1.0, 1e6)), min_size=1, max_size=12))
def test_whatever_people_and_clocks_say_the_mass_is_a_number_or_not_known(steps):
    block, now_s = SENSOR.fresh, START_S
    for shift, water_c, mass_kg in steps:
        now_s += shift
        image = {
            "fa.z.water": good("fa.z.water", water_c, now_s), "fa.z.mass": good("fa.z.mass", mass_kg, now_s),
        }  # fmt: skip
        made = SENSOR.step(block, image, {}, now_s)
        if made is not None:
            block, reading = made
            assert reading.value is None or (isfinite(reading.value) and reading.value >= 0.0)
