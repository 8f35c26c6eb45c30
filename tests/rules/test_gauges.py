"""What rules remember: windows, ages, edges, the time of day. A restart changes nothing, and a gap is not bridged."""

from datetime import datetime
from math import isfinite
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.core.state import State, from_plain, to_plain
from foundation.reading import Quality, Reading, Reason, good
from foundation.units import Quantity
from rules.expression import ExpressionError, compile_expression
from rules.gauges import PARTS, Look
from rules.place import Place

UNITS = {
    "a.b.air": "degC", "a.b.fed": "kg", "a.b.door": "bool", "a.b.rain": "bool", "a.b.wait": "s", "a.b.rh": "%",
    "a.b.do": "mg/L",
}  # fmt: skip
PLACE = Place("Asia/Shanghai", 36.9, 118.7)
START_S = 1_770_000_000.0


class Read:
    """One expression that is looked at again and again."""

    def __init__(self, text: str) -> None:
        self.expression = compile_expression(text, UNITS, remembers=True)
        self.memories = {gauge.name: gauge.fresh for gauge in self.expression.gauges}

    def at(self, second: float, readings: dict[str, Reading] | None = None, **values: object):
        now_s = START_S + second
        known = {f"a.b.{name}": value for name, value in values.items()}
        for gauge in self.expression.gauges:
            look = Look(now_s, known, readings or {}, PLACE)
            self.memories[gauge.name], known[gauge.name] = gauge.step(self.memories[gauge.name], look)
        return self.expression.run(known)

    def over(self, values, step: float = 1.0):
        """A value of the air a step each; the last answer."""
        return [self.at(count * step, air=value) for count, value in enumerate(values)][-1]


def test_an_average_is_over_its_window_and_known_once_half_of_it_is():
    read = Read("avg(a.b.air, '60 s')")
    said = [read.at(second, air=20.0) for second in range(61)]
    assert said[29] is None
    assert said[30] == said[60] == pytest.approx(20.0)
    assert read.over([10.0] * 60 + [20.0] * 60 + [20.0] * 2) == pytest.approx(20.0)
    half = Read("avg(a.b.air, '60 s')").over([10.0] * 90 + [20.0] * 30)
    assert half == pytest.approx(15.0, abs=0.3)


def test_extremes_are_those_of_the_window_and_of_this_very_moment():
    read = Read("max(a.b.air, '60 s') - min(a.b.air, '60 s')")
    assert read.over([20.0] * 60 + [25.0]) == 5.0
    assert read.over([20.0] * 200) == 0.0


@settings(max_examples=30, deadline=None)
@example(values=list(range(200)), window_s=60, kind="min")
@example(values=list(range(200, 0, -1)), window_s=60, kind="max")
@given(
    values=st.lists(st.integers(-20, 60), min_size=150, max_size=250),
    window_s=st.sampled_from([60, 120]),
    kind=st.sampled_from(["min", "max", "avg"]),
)
def test_what_has_left_the_window_is_forgotten_and_what_is_in_it_is_not(values, window_s, kind):
    read, part_s = Read(f"{kind}(a.b.air, '{window_s} s')"), window_s // PARTS
    for second, value in enumerate(values):
        said = read.at(second, air=float(value))
        if second < window_s + 3 * part_s:
            continue
        # it moves on by a part: what is at its edge may be in it or not
        surely = values[second - window_s + 2 * part_s : second + 1]
        perhaps = values[second - window_s - 2 * part_s : second + 1]
        if kind == "avg":
            assert said == pytest.approx(sum(surely) / len(surely), abs=5 * part_s * 80 / window_s)
        else:
            extreme = min if kind == "min" else max
            assert said in (extreme(perhaps), extreme(surely)) or said in perhaps[: 4 * part_s]
            assert extreme(said, extreme(surely)) == said


@pytest.mark.parametrize(("step", "window"), [(1.0, "60 s"), (1.0, "10 min"), (10.0, "1 h"), (30.0, "24 h")])
def test_a_trend_is_the_slope_whatever_the_window(step, window):
    read = Read(f"rate(a.b.air, '{window}')")
    looks = int({"60 s": 60, "10 min": 600, "1 h": 3600, "24 h": 86400}[window] / step)
    answer = read.over([20.0 + 0.001 * step * count for count in range(looks + 2)], step)
    assert answer == pytest.approx(0.001, rel=1e-3)
    assert read.expression.unit == "K/s"


def test_a_gap_in_which_nobody_looked_counts_as_not_known():
    read = Read("avg(a.b.air, '10 min')")
    for second in range(400):
        read.at(second, air=20.0)
    assert read.at(1000.0, air=20.0) is None  # only what is left of the window before the gap counts
    short = Read("avg(a.b.air, '10 min')")
    for second in (*range(100), 500):
        answer = short.at(second, air=20.0)
    assert answer is None  # a hundred seconds are known, whatever stood before and after the gap


def test_whether_the_pump_never_stood_is_not_known_where_nobody_looked_until_the_gap_has_left_the_window():
    ran, stood = Read("min(a.b.air, '6 h') > '4 degC'"), Read("avg(a.b.air, '6 h') > '4 degC'")
    hour = 3600
    for read in (ran, stood):
        assert [read.at(second, air=20.0) for second in range(0, 5 * hour, 60)][-1] is True
    # the box is dead for half an hour; what an average knew is still most of its window
    after = range(int(5.5 * hour), int(11.6 * hour), 60)
    said = {second: (ran.at(second, air=20.0), stood.at(second, air=20.0)) for second in after}
    assert {one for second, one in said.items() if second < 11.5 * hour} == {(None, True)}
    assert {one for second, one in said.items() if second >= 11.5 * hour} == {(True, True)}
    at_first = Read("min(a.b.air, '6 h') > '4 degC'")
    assert [at_first.at(second, air=20.0) for second in range(0, 4 * hour, 60)][-1] is True  # a start is no gap


SHARE = "avg(a.b.do > '5 mg/L', '24 h')"
DAY_MIN = 24 * 60


@settings(max_examples=60, deadline=None)
@example(states=[True] * 20 + [False] * 10, text="avg(a.b.door, '60 s')")
@given(
    states=st.lists(st.one_of(st.none(), st.booleans()), min_size=1, max_size=60),
    text=st.sampled_from(["avg(a.b.door, '60 s')", "avg(a.b.air > '20 degC', '60 s')"]),
)
def test_of_a_condition_the_average_is_the_share_of_the_known_time_in_which_it_held(states, text):
    read = Read(text)
    assert read.expression.unit == ""
    for second, state in enumerate([*states, None]):
        said = read.at(second, door=state, air=None if state is None else 21.0 if state else 19.0)
    known = [state for state in states if state is not None]
    assert said == (pytest.approx(sum(known) / len(known)) if len(known) >= 30 else None)


@pytest.mark.parametrize("first", ["low", "high"])
def test_sixteen_hours_of_oxygen_are_two_thirds_of_the_day_and_a_minute_less_is_less(first):
    for missing_min in (0, 1):
        read, enough = Read(f"{SHARE} < 16 / 24"), 16 * 60 - missing_min
        low_first = first == "low"
        for minute in range(DAY_MIN + 1):
            is_low = minute < DAY_MIN - enough if low_first else minute >= enough
            said = read.at(60.0 * minute, do=4.0 if is_low else 6.0)
        assert said is bool(missing_min)


def test_hours_that_are_not_known_are_neither_good_nor_bad_and_more_than_twelve_make_the_share_unknown():
    read, minutes = Read(SHARE), iter(range(2 * DAY_MIN))

    def over(hours: float, do: float | None):
        said = None
        for _ in range(int(hours * 60)):
            said = read.at(60.0 * next(minutes), do=do)
        return said

    assert over(6, 6.0) is None
    assert over(5.9, 4.0) is None
    assert over(0.2, 4.0) == pytest.approx(0.5, abs=0.01)
    # the probe is lost: of the twelve hours that are known half was good, until the first of them leave the window
    assert over(11, None) == pytest.approx(0.5, abs=0.01)
    assert over(2, None) is None


def test_a_share_of_a_day_outlives_a_restart_and_the_hours_of_the_dead_box_are_not_known():
    read = Read(SHARE)
    for minute in range(DAY_MIN):
        read.at(60.0 * minute, do=6.0 if minute < 15 * 60 else 4.0)
    kept = to_plain(State(blocks=dict(read.memories)))
    read.memories = dict(from_plain(kept, read.memories, START_S + 86400.0).blocks)
    assert read.at(86400.0, do=4.0) == pytest.approx(15 / 24, abs=0.001)
    # five hours later: ten good hours are left in the window, and of the nine bad ones all
    assert read.at(86400.0 + 5 * 3600, do=4.0) == pytest.approx(10 / 19, abs=0.01)


def test_a_share_of_what_is_itself_remembered_is_worked_out_in_order():
    read = Read("avg(max(a.b.air, '60 s') > '20 degC', '10 min')")
    for second in range(900):
        said = read.at(second, air=25.0 if second < 540 else 10.0)
    assert said == pytest.approx(0.5, abs=0.02)  # 300 to 600 s of 300 to 900 s


def test_what_is_bad_is_no_part_of_the_average():
    read = Read("avg(a.b.air, '60 s')")
    for second in range(60):
        read.at(second, air=20.0 if second < 40 else None)
    assert read.at(60, air=None) == pytest.approx(20.0)
    for second in range(61, 100):
        read.at(second, air=None)
    assert read.at(100, air=None) is None


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0.0, 400.0), st.one_of(st.none(), st.floats(-1e6, 1e6))), min_size=2, max_size=60),
    st.sampled_from(["avg", "min", "max", "rate"]),
)
def test_a_window_never_leaves_what_was_seen_and_never_grows(steps, kind):
    read = Read(f"{kind}(a.b.air, '5 min')")
    second, seen = 0.0, []
    for step, value in steps:
        second += step
        seen += [] if value is None else [value]
        answer = read.at(second, air=value)
        assert answer is None or isfinite(answer)
        if answer is not None and kind != "rate":
            assert min(seen) - 1e-6 <= answer <= max(seen) + 1e-6
        (memory,) = read.memories.values()
        assert len(memory.over.parts) <= PARTS


@settings(max_examples=30)
@given(st.lists(st.floats(-50, 50), min_size=1, max_size=200), st.integers(1, 200))
def test_a_restart_changes_nothing_that_a_window_knows(values, at):
    text = "avg(a.b.air, '60 s') > '3 degC' or rising(a.b.air > '7 degC') or hyst(a.b.air, '9 degC', '8 degC')"
    through, again = Read(text), Read(text)
    for second, value in enumerate(values):
        if second == at:
            kept = to_plain(State(blocks=dict(again.memories)))
            again.memories = dict(from_plain(kept, again.memories, START_S + second).blocks)
        assert again.at(second, air=value) == through.at(second, air=value)
    assert again.memories == through.memories


def test_a_clock_that_was_set_back_forgets_what_lies_ahead():
    read = Read("avg(a.b.air, '60 s')")
    for second in range(1000, 1060):
        read.at(second, air=50.0)
    for second in range(60):
        read.at(second, air=10.0)
    assert read.at(60, air=10.0) == pytest.approx(10.0, abs=0.7)


def test_a_clock_that_goes_back_within_a_part_takes_nothing_out_of_the_sum():
    read = Read("avg(a.b.air, '600 s')")
    for second in range(9):
        read.at(second, air=10.0)
    read.at(9, air=1000.0)
    for second in range(1, 400):
        said = read.at(second, air=10.0)
    assert said == pytest.approx(10.0)


def test_starts_are_counted_over_their_window_and_a_restart_forgets_none():
    read = Read("starts(a.b.door, '10 min')")
    assert read.at(0, door=True) == 0.0  # nobody saw it come on
    for second in range(60, 300, 60):
        read.at(second, door=False)
        read.at(second + 1, door=True)
    assert read.at(300, door=True) == 4.0
    assert read.at(301, door=None) is None
    (name,) = read.memories
    written = to_plain(State(blocks=read.memories))
    read.memories = dict(from_plain(written, {name: read.expression.gauges[0].fresh}, START_S + 302).blocks)
    assert read.at(660, door=True) == 4.0
    assert read.at(722, door=True) == 2.0
    assert read.at(2000, door=True) == 0.0


def test_an_age_counts_from_the_last_value_that_could_be_used():
    read = Read("age(a.b.air)")
    assert read.at(0, {}) is None
    fresh = {"a.b.air": good("a.b.air", 20.0, START_S)}
    assert read.at(5, fresh) == 5.0
    lost = {"a.b.air": Reading("a.b.air", None, Quality.BAD, Reason.STALE, START_S + 30.0)}
    assert read.at(40, lost) == 40.0


def test_a_quality_is_always_known():
    read = Read("quality(a.b.air) == 'bad'")
    assert read.at(0, {}) is True
    assert read.at(1, {"a.b.air": good("a.b.air", 20.0, START_S)}) is False


@pytest.mark.parametrize(("clock", "inside"), [
    ("21:59", False), ("22:00", True), ("23:59", True), ("00:00", True), ("05:59", True), ("06:00", False),
])  # fmt: skip
def test_a_time_of_day_goes_over_midnight_by_the_farms_own_clock(clock, inside):
    moment = datetime.fromisoformat(f"2026-02-02 {clock}").replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
    assert Read("time_between('22:00', '06:00')").at(moment - START_S) is inside
    assert Read("time_between('06:00', '22:00')").at(moment - START_S) is not inside


def test_the_sun_is_up_at_noon_and_down_at_midnight_and_looked_for_once_a_minute():
    noon = datetime(2026, 6, 21, 12, 10, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() - START_S
    read = Read("sun_elevation()")
    assert read.at(noon) == pytest.approx(76.5, abs=0.3)
    assert read.at(noon + 59) == read.at(noon)
    assert read.at(noon + 12 * 3600) < -25


def test_a_hysteresis_holds_between_its_ends_either_way_round():
    up, down = Read("hyst(a.b.air, '25 degC', '20 degC')"), Read("hyst(a.b.air, '5 degC', '8 degC')")
    assert [up.at(i, air=v) for i, v in enumerate([22, 25, 22, 20, 22])] == [False, True, True, False, False]
    assert [down.at(i, air=v) for i, v in enumerate([6, 5, 6, 8, 6])] == [False, True, True, False, False]
    assert up.at(9, air=None) is None


def test_an_edge_is_true_once_and_not_out_of_the_unknown():
    read = Read("rising(a.b.door)")
    said = [read.at(i, door=v) for i, v in enumerate([True, True, False, True, True, None, True, False, None, True])]
    assert said == [False, False, False, True, False, None, False, False, None, True]


def test_conditions_are_counted_and_one_unknown_makes_the_count_unknown():
    read = Read("count_true(a.b.door, a.b.rain, a.b.air > '20 degC') >= 2")
    assert read.at(0, door=True, rain=False, air=21.0) is True
    assert read.at(1, door=False, rain=False, air=21.0) is False
    assert read.at(2, door=True, rain=True, air=None) is None


def test_a_smallest_of_seconds_is_of_two_and_not_over_time():
    assert Read("min(a.b.wait, '5 min')").at(0, wait=400.0) == 300.0
    assert Read("min(a.b.air, '20 degC')").at(0, air=25.0) == 20.0


def test_two_that_say_the_same_share_one_gauge_whatever_they_are_called():
    short = compile_expression("avg(zone.air, '5 min') > '1 degC'", UNITS, named=lambda n: f"a.b.{n.split('.')[-1]}",
                               remembers=True)  # fmt: skip
    full = compile_expression("rising(avg(a.b.air, '300 s') > '1 degC')", UNITS, remembers=True)
    assert short.gauges[0].name == full.gauges[0].name == "avg(a.b.air, 300 s)"
    assert full.needs == {"a.b.air", "avg(a.b.air, 300 s)", full.gauges[1].name}


@pytest.mark.parametrize(("text", "code", "column"), [
    ("avg(a.b.air, '25 h') > '1 degC'", "E417", 13), ("avg(a.b.air, '0.5 s') > '1 degC'", "E417", 13),
    ("avg(a.b.air, 5) > '1 degC'", "E417", 13), ("avg(a.b.air + '1 K', '5 min') > '1 degC'", "E415", 4),
    ("max(a.b.door, '5 min') > 1", "E405", 4), ("rate(a.b.door, '5 min') > 1", "E405", 5),
    ("rate(a.b.air, '5 min') > '1 K'", "E407", 25),
    ("time_between('25:00', '06:00')", "E415", 13), ("time_between(a.b.air, '06:00')", "E415", 13),
    ("sun_elevation(1) > 2", "E415", 0), ("age('5 min') > '1 s'", "E415", 4), ("rising(a.b.air)", "E404", 7),
    ("hyst(a.b.air, '5 %', '6 %')", "E407", 14), ("avg(a.b.smoke, '5 min') > 1", "E412", 4),
    ("avgg(a.b.air, '5 min') > '1 degC'", "E414", 0), ("count_true(a.b.door) > 1", "E415", 0),
    ("age(a.b.air, key=1) > '1 s'", "E415", 0), ("avg(a.b.do > '5 K', '1 h') > 0.5", "E407", 13),
    ("avg(a.b.do > '5 mg/L', '25 h') > 0.5", "E417", 23), ("avg('5 mg/L', '1 h') > '1 mg/L'", "E415", 4),
    ("avg(a.b.door, '1 h') > '50 %'", "E407", 23), ("max(a.b.do > '5 mg/L', '1 h') > 0.5", "E405", 4),
    ("avg(not a.b.smoke, '1 h') > 0.5", "E412", 8),
])  # fmt: skip
def test_a_gauge_that_is_called_wrongly_is_told_at_its_column(text, code, column):
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text, UNITS, remembers=True)
    assert (caught.value.code, caught.value.column) == (code, column)


def test_what_is_remembered_does_not_depend_on_whether_an_alarm_stands():
    text = "hyst(a.b.air, '25 degC', '20 degC') or rising(a.b.air > '30 degC')"
    plain = compile_expression(text, UNITS, remembers=True)
    eased = compile_expression(text, UNITS, Quantity(5.0, "K"), remembers=True)
    assert [one.name for one in plain.gauges] == [one.name for one in eased.gauges]
    for expression in (plain, eased):
        edge = expression.gauges[1]
        said, memory = [], edge.fresh
        for second, air in enumerate([24.0, 29.0, 31.0]):
            memory, value = edge.step(memory, Look(START_S + second, {"a.b.air": air}, {}, PLACE))
            said.append(value)
        assert said == [False, False, True]


def test_a_derived_tag_has_no_memory():
    with pytest.raises(ExpressionError, match="E416"):
        compile_expression("avg(a.b.air, '5 min')", UNITS)
