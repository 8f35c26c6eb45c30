"""What a biofilter can take is known apart from what the fish give off."""

from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.core.biofilter import STATES, Biofilter, Filtered
from controller.core.estimate import is_sound
from controller.core.loops.feed_forward import Ahead, FishOxygen
from foundation.reading import Quality, Reading, Reason

HOUR_S = 3600.0
START_S = 1_700_006_400.0


def sensor() -> Biofilter:
    digest = FishOxygen(1.0, 1.5 * HOUR_S)
    return Biofilter("rate", "tan", "flow", "fed", 50.0, digest, 0.62, 0.39, 4.5, 0.04, 60.0, HOUR_S)


def good(tag: str, value: float | None, now_s: float) -> Reading:
    if value is None:
        return Reading(tag, None, Quality.BAD, Reason.INPUT, now_s)
    return Reading(tag, value, Quality.GOOD, None, now_s)


def told(
    hours: float,
    lag_h: float = 1.5,
    gives: float = 1.0,
    fails_h: float = 1e9,
    second_pump_h: float = 1e9,
    away: frozenset[int] = frozenset(),
) -> dict[float, Reading]:
    """What the sensor says by the hour on a farm that feeds 12 kg every eight hours; from `fails_h` on the filter
    loses a seventh of its work an hour. `gives`: of what a kg is thought to make of TAN. `away`: minutes
    without a flow reading."""
    one, block, random, tan, fed_kg, seen = sensor(), sensor().fresh, Random(3), 0.2, 0.0, {}
    gut, fish = Ahead(), FishOxygen(1.0, lag_h * HOUR_S)
    for minute in range(int(hours * 60)):
        hour, now_s = minute / 60.0, START_S + 60.0 * minute
        fed_kg += 0.6 * (hour % 8.0 < 1.0 / 3.0)
        gut, digested = fish.step(gut, fed_kg, now_s)
        passes = 2.4 if hour < second_pump_h else 3.2
        a = 4.0 * (1.0 - min(max(hour - fails_h, 0.0) / 7.0, 0.85))
        inside = tan / 2.0
        for _ in range(20):
            inside -= (a * inside**0.7 - passes * (tan - inside)) / (0.7 * a * inside**-0.3 + passes)
        tan += (0.35 + 0.62 * gives * digested - passes * (tan - inside)) / 60.0
        image = {
            "tan": good("tan", tan * random.gauss(1.0, 0.03), now_s), "fed": good("fed", fed_kg, now_s),
            "flow": good("flow", None if minute in away else 50.0 * passes, now_s),
        }  # fmt: skip
        made = one.step(block, image, {}, now_s)
        assert made is not None
        block, seen[hour] = made
    return seen


def rate(reading: Reading) -> float:
    assert reading.number is not None
    return reading.number


@pytest.mark.parametrize(("lag_h", "gives"), [(1.5, 1.0), (1.1, 1.0), (1.9, 1.0), (1.5, 0.9), (1.5, 1.1)])
def test_a_sound_filter_is_not_weak_whatever_the_fish_make_of_their_feed(lag_h, gives):
    seen = told(40.0, lag_h, gives)
    assert all(2.8 < rate(reading) < 6.5 for hour, reading in seen.items() if hour > 8.0)
    assert all(reading.quality is Quality.SUBSTITUTED for hour, reading in seen.items() if hour > 8.0)


@pytest.mark.parametrize("minutes", [1, 30])
def test_a_flow_meter_that_is_away_for_a_while_costs_nothing_of_what_was_learned(minutes):
    always, away = told(31.0, gives=0.9), told(31.0, gives=0.9, away=frozenset(range(1740, 1740 + minutes)))
    assert rate(away[30.0]) == pytest.approx(rate(always[30.0]), rel=0.05)


def test_a_second_pump_makes_no_other_filter():
    seen = told(30.0, second_pump_h=20.0)
    assert rate(seen[29.0]) == pytest.approx(rate(seen[19.0]), rel=0.2)


def test_a_filter_that_fails_is_known_four_hours_after_it_began_to():
    sound, failing = told(28.0), told(28.0, fails_h=23.0)
    assert rate(failing[27.0]) < 0.6 * rate(sound[27.0])
    assert rate(failing[27.5]) < 2.2 < rate(sound[27.5])


def test_without_its_probe_the_filter_is_doubted_and_then_not_known():
    one, block = sensor(), sensor().fresh
    qualities = []
    for minute in range(150):
        now_s = START_S + 60.0 * minute
        says = {"tan": 0.4 if minute < 60 else None, "fed": 0.0, "flow": 120.0}
        image = {tag: good(tag, value, now_s) for tag, value in says.items()}
        made = one.step(block, image, {}, now_s)
        assert made is not None
        block, reading = made
        qualities.append(reading.quality)
    assert (qualities[50], qualities[90], qualities[149]) == (Quality.SUBSTITUTED, Quality.UNCERTAIN, Quality.BAD)


@settings(max_examples=40, deadline=None)
@example([(46.0, 0.0, None, 0.0), (0.0, 6.0, None, 60.0)])  # from foul to clean in a minute: not by any filter
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(0.0, 50.0)), st.one_of(st.none(), st.floats(0.0, 400.0)),
            st.one_of(st.none(), st.floats(0.0, 1e4)), st.floats(-1e4, 1e6),
        ),
        max_size=25,
    )
)  # fmt: skip
def test_no_reading_and_no_time_leaves_an_unsound_belief(looks):
    one, block, now_s = sensor(), sensor().fresh, START_S
    for tan, flow, fed, later_s in looks:
        now_s += later_s
        image = {"tan": good("tan", tan, now_s), "flow": good("flow", flow, now_s), "fed": good("fed", fed, now_s)}
        made = one.step(block, image, {}, now_s)
        if made is None:
            continue
        block, reading = made
        assert isinstance(block, Filtered)
        assert block.belief.at_s < 0.0 or is_sound(block.belief, STATES)
        assert reading.number is None or 0.0 < reading.number < 150.0
