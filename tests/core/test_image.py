"""The image: what a raw reading must survive, what two or three probes say together, and what the day adds up to."""

import json
from datetime import datetime
from itertools import pairwise
from math import exp, isfinite
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.core.calendar import Calendar
from controller.core.condition import Conditioner, Seen
from controller.core.derive import LONGEST_GAP_S, Expressed, Integrated, Sum
from controller.core.state import to_plain
from controller.core.vote import Voted
from controller.core.words import Override, SetpointChange, Snapshot
from foundation.reading import Quality, Reading, Reason, bad, good
from foundation.tag import Kind, Tag
from rules.expression import compile_expression
from tests.core.small_site import START_S, Farm, changed, core_of, small_core


def tag(unit: str = "degC", **more: Any) -> Tag:
    return Tag("t.z.x", unit, Kind.MEASURED, "env", "温度", "temperature", **more)


def say(conditioner: Conditioner, *values: Any, every_s: float = 10.0) -> list[Reading]:
    """What becomes of values that come one after the other."""
    seen, found = Seen(), []
    for index, value in enumerate(values):
        now_s = START_S + every_s * index
        reading = value if isinstance(value, Reading) else good("t.z.x", value, now_s)
        seen, out = conditioner.condition(seen, reading, now_s)
        found.append(out)
    return found


# --- one probe


@pytest.mark.parametrize(
    ("value", "is_good"), [(-20.0, True), (60.0, True), (-20.01, False), (60.01, False), (21.0, True)]
)
def test_a_value_outside_its_range_is_refused_and_kept_for_the_record(value, is_good):
    (out,) = say(Conditioner(tag(low=-20.0, high=60.0)), value)
    assert out.value == value
    assert (out.quality, out.reason) == ((Quality.GOOD, None) if is_good else (Quality.BAD, Reason.RANGE))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_no_value(value):
    (out,) = say(Conditioner(tag()), Reading("t.z.x", value, Quality.GOOD, None, START_S))
    assert out == bad("t.z.x", Reason.NOT_FINITE, START_S)
    (out,) = say(Conditioner(tag(), scale=1e300), 1e300)
    assert out == bad("t.z.x", Reason.NOT_FINITE, START_S)


@pytest.mark.parametrize(("unit", "value", "is_good"), [
    ("degC", 21.0, True), ("degC", True, False), ("degC", "21", False), ("bool", True, True), ("bool", 1.0, False),
    ("bool", "on", False), ("text", "on", True), ("text", 1.0, False), ("text", False, False), ("degC", None, False),
])  # fmt: skip
def test_a_value_of_the_wrong_type_is_refused(unit, value, is_good):
    (out,) = say(Conditioner(tag(unit)), Reading("t.z.x", value, Quality.GOOD, None, START_S))
    assert out.quality is (Quality.GOOD if is_good else Quality.BAD)
    assert out.reason is (None if is_good else Reason.WRONG_TYPE)


@pytest.mark.parametrize(("ahead_s", "is_good"), [
    (0.0, True), (5.0, True), (5.1, False), (float("inf"), False), (float("nan"), False), (-1e9, True),
])  # fmt: skip
def test_a_source_time_that_cannot_be_is_a_broken_clock(ahead_s, is_good):
    reading = good("t.z.x", 21.0, START_S + ahead_s)
    _, out = Conditioner(tag()).condition(Seen(), reading, START_S)
    if is_good:
        assert out == reading
    else:
        assert out == Reading("t.z.x", 21.0, Quality.BAD, Reason.CLOCK, START_S)


def test_what_a_driver_calls_bad_stays_bad_with_its_reason():
    reading = Reading("t.z.x", 21.0, Quality.BAD, Reason.SENTINEL, START_S)
    assert say(Conditioner(tag()), reading) == [reading]
    reading = reading._replace(quality=Quality.UNCERTAIN)
    assert say(Conditioner(tag()), reading) == [reading]


def test_a_device_that_names_no_unit_is_scaled_into_the_tags():
    (out,) = say(Conditioner(tag("kg", high=5.0), scale=1e-3), 2500.0)
    assert (out.value, out.quality) == (2.5, Quality.GOOD)
    (out,) = say(Conditioner(tag("kg", high=5.0), scale=1e-3), 6000.0)
    assert (out.value, out.reason) == (6.0, Reason.RANGE)


def test_a_single_spike_is_dropped_and_a_true_step_is_believed_at_its_third_reading():
    conditioner = Conditioner(tag(), spike=3.0)
    calm = (20.0, 20.1, 20.0, 20.1)
    outs = say(conditioner, *calm, 35.0, *calm, 30.0, 30.1, 30.0, 30.1)
    refused = [out.reason is Reason.SPIKE for out in outs]
    assert refused == [False] * 4 + [True] + [False] * 4 + [True, True, False, False]


def test_the_first_readings_have_nothing_to_be_a_spike_against():
    assert [out.quality for out in say(Conditioner(tag(), spike=3.0), 20.0, 30.0, 40.0)] == [Quality.GOOD] * 3


@settings(max_examples=60)
@given(st.lists(st.floats(-30, 70), min_size=1, max_size=25))
def test_a_spike_is_whatever_is_far_from_the_median_of_the_last_five(values):
    outs = say(Conditioner(tag(), spike=3.0), *values)
    for index, (value, out) in enumerate(zip(values, outs, strict=True)):
        far = index >= 3 and abs(value - median(values[max(index - 4, 0) : index + 1])) > 3.0
        assert (out.reason is Reason.SPIKE) is far
        assert out.value == value


def test_a_value_that_moves_faster_than_nature_is_uncertain():
    conditioner = Conditioner(tag(rate_per_s=0.05))  # 3 K a minute
    assert [out.reason for out in say(conditioner, 20.0, 20.5, 21.1, 20.0)] == [None, None, Reason.RATE, Reason.RATE]
    assert say(conditioner, 20.0, 21.1)[1].quality is Quality.UNCERTAIN
    assert [out.reason for out in say(conditioner, 20.0, 30.0, every_s=300.0)] == [None, None]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(0, 60)), min_size=1, max_size=20))
def test_the_filter_follows_its_time_constant_at_any_pace_and_never_leaves_what_it_was_told(told):
    conditioner, seen, now_s = Conditioner(tag(), filter_s=30.0), Seen(), START_S
    filtered: float | None = None
    for value, pause_s in told:
        now_s += pause_s
        before = filtered
        seen, out = conditioner.condition(seen, good("t.z.x", value, now_s), now_s)
        assert isinstance(out.value, float)
        filtered = out.value
        if before is None:
            assert filtered == value
        else:
            assert filtered == pytest.approx(value + (before - value) * exp(-pause_s / 30.0), abs=1e-5)
    values = [value for value, _ in told]
    assert min(values) - 1e-9 <= out.value <= max(values) + 1e-9


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.floats(), st.booleans(), st.none(), st.text(max_size=2)), st.sampled_from(list(Quality)),
            st.one_of(st.floats(-100, 10), st.just(float("nan")), st.just(float("-inf"))),
        ),
        max_size=12,
    ),
    st.booleans(),
)  # fmt: skip
@example([(1e308, Quality.GOOD, 0.0), (-1e308, Quality.GOOD, 0.0)], True)
def test_whatever_comes_a_number_that_may_be_used_is_finite_in_range_and_on_time(told, ranged):
    conditioner = Conditioner(
        tag(low=-20.0, high=60.0, rate_per_s=1.0) if ranged else tag(), spike=3.0 if ranged else None, filter_s=5.0
    )
    seen = Seen()
    for index, (value, quality, ahead_s) in enumerate(told):
        now_s = START_S + index
        seen, out = conditioner.condition(seen, Reading("t.z.x", value, quality, None, now_s + ahead_s), now_s)
        assert out.quality <= quality
        if out.quality is not Quality.BAD:
            assert isinstance(out.value, float)
            assert isfinite(out.value)
            assert not ranged or -20.0 <= out.value <= 60.0
            assert out.time_s <= now_s + 5.0


# --- age


def test_a_sensor_that_falls_silent_is_stale_after_three_of_its_periods_and_no_sooner():
    farm = Farm()
    farm.run(10)
    del farm.says["fa.z.co2"]  # its device is read every 5 s
    farm.run(15)
    assert farm.quality("fa.z.co2") == (Quality.GOOD, None)
    farm.run(1)
    assert farm.quality("fa.z.co2") == (Quality.BAD, Reason.STALE)
    assert farm.state.values["fa.z.co2"] is None
    assert farm.told("tag_bad") == ["fa.z.co2"]


def test_a_stale_sensor_is_back_with_its_next_fresh_reading_even_if_that_was_under_way():
    farm = Farm()
    farm.run(10)
    del farm.says["fa.z.co2"]
    farm.run(16)
    assert farm.quality("fa.z.co2")[1] is Reason.STALE
    under_way = good("fa.z.co2", 700.0, farm.now_s - 2.0)  # taken before it counted as stale
    result = farm.core.scan(farm.state, Snapshot((under_way,)), farm.now_s + 1.0)
    assert result.state.values["fa.z.co2"] == 700.0


def test_a_reading_that_was_overtaken_changes_nothing():
    core = small_core()
    state = core.scan(core.start(START_S), Snapshot((good("fa.z.co2", 700.0, START_S + 1.0),)), START_S + 1.0).state
    late = core.scan(state, Snapshot((good("fa.z.co2", 900.0, START_S),)), START_S + 2.0)
    assert late.state.values["fa.z.co2"] == 700.0
    assert "fa.z.co2" not in [reading.tag for reading in late.changed]
    ancient = core.scan(state, Snapshot((bad("fa.z.co2", Reason.COMM, START_S - 9.0),)), START_S + 2.0)
    assert ancient.state.values["fa.z.co2"] == 700.0


def test_a_device_whose_clock_is_a_little_ahead_cannot_hide_that_it_fails():
    core = small_core()
    state = core.scan(core.start(START_S), Snapshot((good("fa.z.co2", 700.0, START_S + 4.0),)), START_S + 1.0).state
    failed = core.scan(state, Snapshot((bad("fa.z.co2", Reason.COMM, START_S + 2.0),)), START_S + 2.0)
    assert failed.state.values["fa.z.co2"] is None


def test_a_reading_that_was_old_when_it_came_is_never_used():
    core = small_core()
    old = Snapshot((good("fa.z.co2", 700.0, START_S - 60.0),))
    state = core.scan(core.start(START_S), old, START_S + 1.0).state
    assert state.values["fa.z.co2"] is None
    assert state.readings["fa.z.co2"].reason is Reason.STALE


def test_everything_that_came_is_recorded_even_what_was_refused():
    core = small_core()
    told = (good("fa.z.co2", 700.0, START_S), good("fa.z.co2", 99_999.0, START_S + 1.0))
    result = core.scan(core.start(START_S), Snapshot(told), START_S + 1.0)
    recorded = [reading for reading in result.changed if reading.tag == "fa.z.co2"]
    assert [(reading.value, reading.quality) for reading in recorded] == [(700.0, 3), (99_999.0, 0)]


# --- probes that vote


def vote(*values: float | None, danger: Any = "low", uncertain: tuple[int, ...] = ()) -> Reading:
    voted = Voted("t.z.v", tuple(f"t.z.p{index}" for index in range(len(values))), 0.6, danger)
    image = {
        f"t.z.p{index}": bad(f"t.z.p{index}", Reason.COMM, START_S)
        if value is None
        else good(f"t.z.p{index}", value, START_S)._replace(
            quality=Quality.UNCERTAIN if index in uncertain else Quality.GOOD
        )
        for index, value in enumerate(values)
    }
    return voted.step(voted.fresh, image, START_S)[1]


def ballot(values: Any, qualities: Any, danger: Any = "low") -> Reading:
    """What probes of such qualities say together."""
    voted = Voted("t.z.v", tuple(f"t.z.p{index}" for index in range(len(values))), 0.6, danger)
    image = {
        tag: Reading(tag, value, Quality(quality), None if quality == Quality.GOOD else Reason.RATE, START_S)
        for tag, value, quality in zip(voted.probes, values, qualities, strict=True)
    }
    return voted.step(voted.fresh, image, START_S)[1]


@pytest.mark.parametrize(("values", "value", "quality", "reason"), [
    ((7.0, 7.2, 7.4), 7.2, Quality.GOOD, None),
    ((7.0, 7.2, 3.0), 7.0, Quality.GOOD, None),
    ((7.0, 5.0, 3.0), 5.0, Quality.UNCERTAIN, Reason.DISAGREE),
    ((7.0, 7.2, None), 7.1, Quality.GOOD, None),
    ((7.0, None, 7.6), 7.3, Quality.GOOD, None),
    ((7.0, None, 6.0), 6.0, Quality.UNCERTAIN, Reason.DISAGREE),
    ((None, None, 6.0), 6.0, Quality.UNCERTAIN, Reason.INPUT),
    ((None, None, None), None, Quality.BAD, Reason.INPUT),
    ((6.0,), 6.0, Quality.GOOD, None),
    ((None,), None, Quality.BAD, Reason.INPUT),
])  # fmt: skip
def test_what_three_probes_say_together(values, value, quality, reason):
    out = vote(*values)
    assert (out.value is None) is (value is None)
    assert value is None or out.value == pytest.approx(value)
    assert (out.quality, out.reason) == (quality, reason)


def test_of_two_that_disagree_the_dangerous_side_is_believed():
    assert vote(7.0, 6.0, danger="low").value == 6.0
    assert vote(7.0, 6.0, danger="high").value == 7.0
    assert vote(7.0, 6.0, danger=None).value == 6.5
    assert vote(7.0, 6.4, danger="low").value == pytest.approx(6.7)


def test_a_vote_of_uncertain_probes_is_uncertain():
    assert vote(7.0, 7.1, uncertain=(1,)).quality is Quality.UNCERTAIN
    assert vote(7.0, uncertain=(0,)).quality is Quality.UNCERTAIN


@pytest.mark.parametrize(("qualities", "quality"), [
    ((1, 1, 1), Quality.UNCERTAIN),
    ((2, 2, 2), Quality.SUBSTITUTED),
    ((1, 2, 1), Quality.SUBSTITUTED),
    ((1, 3, 1), Quality.GOOD),  # a good one says the same
    ((3, 1, 3), Quality.GOOD),
])  # fmt: skip
def test_three_probes_that_agree_are_no_surer_than_the_surest_of_them(qualities, quality):
    out = ballot((5.0, 5.2, 5.1), qualities)
    assert (out.value, out.quality) == (5.1, quality)
    assert out.reason is (None if quality is Quality.GOOD else Reason.INPUT)


def test_a_good_probe_that_stands_apart_makes_nothing_good_of_what_the_others_say():
    assert ballot((9.0, 5.2, 5.1), (3, 1, 1)) == Reading("t.z.v", 5.2, Quality.UNCERTAIN, Reason.INPUT, START_S)


@pytest.mark.parametrize("values", [(5.0, 5.1, 9.0, 9.1), (9.1, 5.0, 9.0, 5.1)])
def test_of_two_pairs_that_disagree_the_dangerous_one_is_believed(values):
    for danger, value in (("low", 5.1), ("high", 9.0), (None, pytest.approx(7.05))):
        out = vote(*values, danger=danger)
        assert (out.value, out.quality, out.reason) == (value, Quality.UNCERTAIN, Reason.DISAGREE)


PROBE = st.tuples(st.floats(0, 3), st.integers(0, 3))


@settings(max_examples=150)
@given(st.lists(PROBE, min_size=1, max_size=5), st.sampled_from(["low", "high", None]))
def test_a_vote_is_never_better_than_the_best_of_the_probes_that_say_so(probes, danger):
    out = ballot([value for value, _ in probes], [quality for _, quality in probes], danger)
    near = [quality for value, quality in probes if quality and abs(value - (out.number or 0.0)) <= 0.6 + 1e-9]
    assert out.quality <= max(near, default=Quality.UNCERTAIN)
    assert (out.reason is None) is (out.quality is Quality.GOOD) or len(probes) == 1


@settings(max_examples=80)
@given(st.lists(st.one_of(st.none(), st.floats(0, 20)), min_size=1, max_size=5), st.sampled_from(["low", "high", None]))
def test_a_vote_is_always_within_what_the_living_probes_say(values, danger):
    out = vote(*values, danger=danger)
    alive = [value for value in values if value is not None]
    assert (out.value is None) is (not alive)
    if alive:
        assert isinstance(out.value, float)
        assert min(alive) <= out.value <= max(alive)


def test_one_of_three_probes_that_drifts_moves_nothing_and_is_found_out_when_another_dies():
    """control.md S11: +0.15 mg/L an hour."""
    for hour in range(24):
        out = vote(7.5, 7.52, 7.5 + 0.15 * hour)
        assert out.value == pytest.approx(7.5, abs=0.03)
        if hour >= 5:
            assert vote(7.5, None, 7.5 + 0.15 * hour).reason is Reason.DISAGREE
            assert vote(7.5, None, 7.5 + 0.15 * hour).value == 7.5


# --- tags that are derived


def test_a_derived_tag_is_as_good_as_the_worst_of_its_sources():
    farm = Farm()
    farm.run(3)
    assert farm.quality("fa.z.vpd") == (Quality.GOOD, None)
    farm.says["fa.z.temp_b"] = farm.says["fa.z.temp_c"] = Reason.COMM  # one of three is left
    farm.run(1)
    assert farm.quality("fa.z.temp") == (Quality.UNCERTAIN, Reason.INPUT)
    assert farm.quality("fa.z.vpd") == (Quality.UNCERTAIN, Reason.INPUT)
    farm.says["fa.z.rh"] = Reason.COMM
    farm.run(1)
    assert farm.quality("fa.z.vpd") == (Quality.BAD, Reason.INPUT)
    assert farm.state.values["fa.z.vpd"] is None


@given(
    st.lists(st.tuples(st.sampled_from(list(Quality)[1:]), st.floats(0.0, 600.0)), min_size=3, max_size=3),
    st.permutations(("a", "b", "c")),
)  # fmt: skip
def test_a_derived_tag_is_as_good_as_the_worst_and_as_new_as_the_newest_whatever_their_order(found, inputs):
    image = {
        name: Reading(name, 1.0, quality, None, START_S + at_s)
        for name, (quality, at_s) in zip("abc", found, strict=True)
    }
    units = dict.fromkeys(("f.z.a", "f.z.b", "f.z.c"), "1")
    total = compile_expression("f.z.a + f.z.b + f.z.c", units)
    derived = Expressed("sum", total, tuple(f"f.z.{name}" for name in inputs))
    image = {f"f.z.{name}": reading for name, reading in image.items()}
    said = derived.reading(image, {name: reading.value for name, reading in image.items()}, START_S + 600.0)
    worst, newest = min(quality for quality, _ in found), max(at_s for _, at_s in found)
    assert (said.value, said.quality, said.time_s) == (3.0, worst, START_S + newest)
    assert said.reason is (None if worst is Quality.GOOD else Reason.INPUT)


def test_a_derived_tag_follows_a_setpoint_too():
    farm = Farm()
    farm.run(3)
    farm.says = {}  # no sensor says anything new
    farm.scan()
    before = farm.state.values["fa.z.temp_sp"]
    farm.scan([SetpointChange("1", "fa.z.temp_sp", 25.0, "wang", farm.now_s)])
    after = farm.state.values["fa.z.temp_sp"]
    assert isinstance(before, float)
    assert isinstance(after, float)
    assert after > before  # on its ramp
    assert farm.state.values["fa.z.error"] == pytest.approx(21.0 - before)
    farm.scan()
    assert farm.state.values["fa.z.error"] == pytest.approx(21.0 - after)


# --- the sum of the day


def local(text: str, zone: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def summed(
    zone: str, begins: str, hours: float, every_s: float = 60.0, gaps: Any = lambda _: False
) -> list[tuple[float, float]]:
    """(time, sum) while 1000 umol/m2/s shine; a reading in a gap does not come."""
    integral = Integrated("t.z.dli", "t.z.x", 1e-6, Calendar(zone, 36.9, 118.7))
    block, found, begin_s = Sum(), [], local(begins, zone)
    for step in range(int(hours * 3600 / every_s)):
        now_s = begin_s + step * every_s
        if not gaps(now_s - begin_s):
            block, out = integral.step(block, good("t.z.x", 1000.0, now_s), now_s)
            assert isinstance(out.value, float)
            found.append((now_s, out.value))
    return found


@pytest.mark.parametrize(("zone", "day", "hours"), [
    ("Asia/Shanghai", "2026-03-20", 24), ("Europe/Berlin", "2026-03-29", 23), ("Europe/Berlin", "2026-10-25", 25),
    ("America/Havana", "2026-11-01", 25), ("Africa/Cairo", "2026-04-24", 23), ("Africa/Cairo", "2026-10-29", 25),
])  # fmt: skip
def test_the_sum_begins_anew_at_local_midnight_on_days_of_any_length(zone, day, hours):
    found = summed(zone, f"{day}T00:00:00", hours + 2.0)
    begin_s = found[0][0]
    last = max(value for now_s, value in found if now_s < begin_s + hours * 3600)
    assert last == pytest.approx((hours * 3600 - 60) * 1e-3)
    first = [value for now_s, value in found if now_s >= begin_s + hours * 3600]
    assert first[0] == 0.0
    assert first[1] == pytest.approx(0.06)
    assert sum(value < before for (_, before), (_, value) in pairwise(found)) == 1


def test_a_hole_of_up_to_a_quarter_of_an_hour_is_bridged_and_a_longer_one_is_not():
    whole = summed("Asia/Shanghai", "2026-03-20T10:00:00", 2)[-1][1]
    short = summed("Asia/Shanghai", "2026-03-20T10:00:00", 2, gaps=lambda s: 1800 < s < 1800 + LONGEST_GAP_S)[-1][1]
    long = summed("Asia/Shanghai", "2026-03-20T10:00:00", 2, gaps=lambda s: 1800 < s <= 1800 + LONGEST_GAP_S)[-1][1]
    assert short == pytest.approx(whole)
    assert long == pytest.approx(whole - 960 * 1e-3)


def test_a_hole_over_midnight_is_as_long_as_it_is():
    evening = summed("Asia/Shanghai", "2026-03-20T20:00:00", 4.5, gaps=lambda s: 600 < s < 4 * 3600 + 600)
    assert evening[-1][1] == pytest.approx((1800 - 600 - 60) * 1e-3)  # nothing of the four dark hours


def test_what_was_read_before_midnight_and_heard_after_it_takes_nothing_away():
    integral = Integrated("t.z.dli", "t.z.x", 1e-6, Calendar("Asia/Shanghai", 36.9, 118.7))
    midnight = local("2026-03-21T00:00:00", "Asia/Shanghai")
    block, _ = integral.step(Sum(), good("t.z.x", 1000.0, midnight - 20.0), midnight - 20.0)
    block, out = integral.step(block, good("t.z.x", 1000.0, midnight - 5.0), midnight + 1.0)
    assert out.value == 0.0
    _, out = integral.step(block, good("t.z.x", 1000.0, midnight + 5.0), midnight + 5.0)
    assert out.value == pytest.approx(5e-3)


def test_without_its_source_a_sum_stands_uncertain_and_still_begins_anew_at_midnight():
    midnight = local("2026-02-03T00:00:00", "Asia/Shanghai")
    farm = Farm(start_s=midnight - 600.0)
    farm.run(300)
    assert farm.quality("fa.z.dli") == (Quality.GOOD, None)
    before = farm.state.values["fa.z.dli"]
    assert isinstance(before, float)
    assert before > 0.0
    farm.says["fa.z.ppfd"] = Reason.COMM
    farm.run(299)
    assert farm.quality("fa.z.dli") == (Quality.UNCERTAIN, Reason.INPUT)
    assert farm.state.values["fa.z.dli"] == before
    farm.run(2)
    assert farm.state.values["fa.z.dli"] == 0.0


@given(st.floats(0.0, 20 * 3600.0), st.floats(60.0, 30 * 3600.0), st.sampled_from([60.0, 300.0]))
@settings(max_examples=40, deadline=None)
def test_a_sum_that_misses_a_part_of_its_day_is_doubted_until_that_day_is_over(
    from_s: float, lasts_s: float, every_s: float
) -> None:
    """And the next day as well, if the hole reaches into it."""
    integral = Integrated("t.z.dli", "t.z.x", 1e-6, Calendar("Asia/Shanghai", 36.9, 118.7))
    begin_s, block, heard_s = local("2026-03-20T00:00:00", "Asia/Shanghai"), Sum(), -1.0
    missing: set[int] = set()
    for step in range(int(3 * 86400 / every_s)):
        at_s = step * every_s
        if from_s < at_s < from_s + lasts_s:
            lost = Reading("t.z.x", None, Quality.BAD, Reason.COMM, begin_s + at_s)
            block, out = integral.step(block, lost, begin_s + at_s)
            assert out.quality is Quality.UNCERTAIN
            continue
        if at_s - heard_s > LONGEST_GAP_S and heard_s >= 0.0:
            missing |= {int(heard_s // 86400)} | ({int(at_s // 86400)} if at_s % 86400 else set())
            missing |= set(range(int(heard_s // 86400), int(at_s // 86400)))
        heard_s = at_s
        block, out = integral.step(block, good("t.z.x", 1000.0, begin_s + at_s), begin_s + at_s)
        told = (Quality.UNCERTAIN, Reason.INPUT) if int(at_s // 86400) in missing else (Quality.GOOD, None)
        assert (out.quality, out.reason) == told


def test_a_days_light_stays_doubtful_through_a_restart_after_a_hole():
    farm = Farm()
    farm.run(60)
    farm.says["fa.z.ppfd"] = Reason.COMM
    farm.run(1200, after_s=10.0)
    farm.says["fa.z.ppfd"] = 200.0
    farm.run(60)
    assert farm.quality("fa.z.dli") == (Quality.UNCERTAIN, Reason.INPUT)
    assert isinstance(farm.state.values["fa.z.dli"], float)  # what was counted is still of use
    after = Farm(farm.core, farm.now_s, json.loads(json.dumps(to_plain(farm.state))))
    after.run(60)
    assert after.quality("fa.z.dli") == (Quality.UNCERTAIN, Reason.INPUT)


def test_what_an_output_takes_over_hours_adds_up_though_it_is_heard_of_only_when_it_changes():
    site = changed("tags", "fa.z.lamp_power", {"derive": "fa.z.lamp / '100 %' * '2 kW'", "unit": "kW"})
    site["tags"]["fa.z.lamp_energy"] = {"integrate": "fa.z.lamp_power", "unit": "kWh"}
    farm = Farm(core_of(site))
    farm.run(60)
    farm.scan([Override("by-hand-1", "fa.z.lamp", 0.0, "li", farm.now_s + 4 * 3600.0)])
    farm.run(120)
    before = farm.state.values["fa.z.lamp_energy"]
    farm.scan([Override("by-hand-2", "fa.z.lamp", 50.0, "li", farm.now_s + 4 * 3600.0)])
    farm.run(7200, after_s=5.0)
    farm.scan([Override("by-hand-3", "fa.z.lamp", 0.0, "li", farm.now_s + 4 * 3600.0)])
    farm.run(600)
    assert farm.state.values["fa.z.lamp_energy"] - before == pytest.approx(2.0, rel=0.01)


@pytest.mark.parametrize("first", ["fa.z.rh", "fa.z.temp_a"])
def test_what_is_worked_out_of_values_that_were_never_seen_does_not_come_back(first: str) -> None:
    """Devices are heard one after another at a start; only what was there and was lost comes back."""
    farm = Farm()
    all_say = {**farm.says, "fa.z.temp_a": 20.0, "fa.z.rh": 70.0}
    farm.says = {first: all_say[first]}
    farm.run(3)
    assert farm.quality("fa.z.vpd") == (Quality.BAD, Reason.NEVER_SEEN)
    farm.says = all_say
    farm.run(3)
    assert farm.quality("fa.z.vpd")[0] is Quality.GOOD
    assert [farm.told(kind).count("fa.z.vpd") for kind in ("tag_bad", "tag_back")] == [0, 0]
    farm.says["fa.z.rh"] = Reason.COMM
    farm.run(30)
    assert farm.quality("fa.z.vpd") == (Quality.BAD, Reason.INPUT)
    farm.says["fa.z.rh"] = 70.0
    farm.run(3)
    assert [farm.told(kind).count("fa.z.vpd") for kind in ("tag_bad", "tag_back")] == [1, 1]
