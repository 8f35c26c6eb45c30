"""Setpoints over time, by clock and sun, and the farm's calendar behind them."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.core.calendar import Calendar
from controller.core.derive import Integrated, Sum
from controller.core.loops.simple import Timetable
from controller.core.programs import Light, Line, SetpointProgram, Setting
from controller.core.state import Chosen
from edge_config.model.values import DayTime
from foundation.reading import Reason, good
from tests.core.small_site import Farm, core_of, only

SHANDONG = Calendar("Asia/Shanghai", 36.88, 118.74)


def at(text: str, zone: str = "Asia/Shanghai") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def clock(text: str) -> DayTime:
    hour, minute = text.split(":")
    return DayTime(anchor="clock", offset_s=int(hour) * 3600.0 + int(minute) * 60.0)


def sunrise(hours: float) -> DayTime:
    return DayTime(anchor="sunrise", offset_s=hours * 3600.0)


def sunset(hours: float) -> DayTime:
    return DayTime(anchor="sunset", offset_s=hours * 3600.0)


def program(*periods: tuple[DayTime, float], calendar: Calendar = SHANDONG, **more: Any) -> SetpointProgram:
    settings = {
        "name": "t.z.sp", "low": 10.0, "high": 30.0, "value": None if periods else 20.0, "periods": periods,
        "light": None,
        "ramp_up_per_s": None, "ramp_down_per_s": None, "influences": (), "cap": None, "calendar": calendar,
    }  # fmt: skip
    return SetpointProgram(**{**settings, **more})


def now(one: SetpointProgram, when_s: float, values: Any = None, chosen: Chosen | None = None) -> float:
    return one.step(Setting(), chosen, values or {}, when_s)[1]


# --- periods


@pytest.mark.parametrize(("time", "value"), [
    ("00:00", 18.0), ("05:59", 18.0), ("06:00", 22.0), ("17:59", 22.0), ("18:00", 20.0), ("21:59", 20.0),
    ("22:00", 18.0),
    ("23:59", 18.0),
])  # fmt: skip
def test_periods_by_the_clock_hold_over_midnight_until_the_next(time, value):
    one = program((clock("06:00"), 22.0), (clock("18:00"), 20.0), (clock("22:00"), 18.0))
    assert now(one, at(f"2026-03-20T{time}:00")) == value


def test_periods_by_the_sun_begin_with_it():
    one = program((sunrise(-1.0), 22.0), (sunset(0.5), 18.0))
    day = SHANDONG.day(at("2026-06-21T12:00:00"))
    for moment, before, after in ((day.sunrise_s - 3600, 18.0, 22.0), (day.sunset_s + 1800, 22.0, 18.0)):
        assert (now(one, moment - 1.0), now(one, moment)) == (before, after)


def test_a_ramp_ahead_has_the_house_on_its_day_value_when_the_period_begins():
    one = program((sunrise(0.0), 20.0), (clock("18:00"), 17.0), ramp_up_per_s=1.5 / 3600, ramp_down_per_s=3.0 / 3600,
                  ahead=True)  # fmt: skip
    sunrise_s = SHANDONG.day(at("2026-03-20T12:00:00")).sunrise_s
    setting, values = Setting(), {}
    for moment in range(int(sunrise_s) - 4 * 3600, int(sunrise_s) + 13 * 3600, 60):
        setting, values[moment] = one.step(setting, None, {}, float(moment))

    def value(hours: float, of_s: float = sunrise_s) -> float:
        return values[min(values, key=lambda moment: abs(moment - (of_s + 3600 * hours)))]

    assert (value(-2.1), value(-1.0), value(0.0)) == (17.0, pytest.approx(18.5, abs=0.1), pytest.approx(20.0, abs=0.1))
    evening_s = at("2026-03-20T18:00:00")
    assert (value(-1.1, evening_s), value(0.0, evening_s)) == (20.0, pytest.approx(17.0, abs=0.1))


@pytest.mark.parametrize("ahead", [False, True])
def test_a_cold_morning_comes_quickly_and_goes_as_slowly_as_the_house_warms(ahead):
    """DROP: two cold hours from sunrise keep plants short; cooling to them at 1.5 K/h would take half the night."""
    periods = ((clock("06:00"), 12.0), (clock("08:00"), 20.0), (clock("18:00"), 18.0))
    slow, quick = 1.5 / 3600, 12.0 / 3600
    own = ((slow, quick), None, None)
    one = program(*periods, ramp_up_per_s=slow, ramp_down_per_s=slow, ahead=ahead, own_ramps=own)
    setting, values = Setting(), {}
    for moment in range(int(at("2026-03-20T00:00:00")), int(at("2026-03-20T17:00:00")), 60):
        setting, values[moment] = one.step(setting, None, {}, float(moment))
    cold_s = at("2026-03-20T06:00:00")
    shown = [values[int(cold_s + 60 * minutes)] for minutes in (-31, 0, 31)]
    if ahead:  # it is down when the period begins; as slowly as it may, the way up begins at once
        assert (shown[0], shown[1]) == (18.0, pytest.approx(12.0, abs=0.25))
    else:
        assert shown == [18.0, pytest.approx(18.0, abs=0.25), pytest.approx(12.0, abs=0.25)]
    steps = [after - before for before, after in pairwise(values.values())]
    assert max(steps) <= slow * 60 + 1e-9
    assert min(steps) == pytest.approx(-quick * 60)


def test_a_period_that_the_sun_moves_over_midnight_begins_there():
    late = program((clock("12:00"), 22.0), (sunset(7.0), 18.0))  # half past two at night
    day = SHANDONG.day(at("2026-06-21T12:00:00"))
    assert (now(late, day.sunset_s + 7 * 3600 - 1), now(late, day.sunset_s + 7 * 3600)) == (22.0, 18.0)
    early = program((clock("12:00"), 22.0), (sunrise(-7.0), 18.0))  # the evening before
    assert (now(early, day.sunrise_s - 7 * 3600 - 1), now(early, day.sunrise_s - 7 * 3600)) == (22.0, 18.0)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.builds(
                lambda anchor, hours: DayTime(anchor=anchor, offset_s=hours * 3600.0),
                st.sampled_from(["clock", "sunrise", "sunset"]), st.floats(0, 11),
            ),
            st.integers(10, 30),
        ),
        min_size=1, max_size=4,
    ),
    st.integers(0, 365), st.floats(0, 86_399),
)  # fmt: skip
@example([(clock("01:00"), 10), (sunset(9.0), 11)], 0, 0.0)
@example([(sunset(9.0), 11)], 0, 0.0)
def test_the_period_is_the_one_that_began_last(periods, day, second):
    when_s = at("2026-01-01T00:00:00") + day * 86_400.0 + second
    began = [
        (SHANDONG.day(when_s + days * 86_400.0).moment(moment), place, value)
        for days in (-2, -1, 0, 1)
        for place, (moment, value) in enumerate(periods)
    ]
    assert now(program(*periods), when_s) == max(one for one in began if one[0] <= when_s)[2]


@pytest.mark.parametrize("values", [(22.0, 18.0), (18.0, 22.0)])
def test_of_two_periods_that_begin_at_once_the_one_written_last_counts(values):
    """Where the sun does not rise, sunrise and sunset may be one moment."""
    ahead = {"ramp_up_per_s": 2 / 3600, "ramp_down_per_s": 2 / 3600, "ahead": True}
    one = program((clock("03:00"), 20.0), (clock("12:00"), values[0]), (clock("12:00"), values[1]), **ahead)
    assert now(one, at("2026-06-21T13:00:00")) == values[1]
    assert now(one, at("2026-06-21T11:30:00")) == pytest.approx((20.0 + values[1]) / 2.0)


# --- what an operator chose


def test_what_an_operator_chose_holds_until_the_next_period():
    one = program((clock("06:00"), 22.0), (clock("18:00"), 18.0))
    chosen = Chosen(25.0, "wang", at("2026-03-20T10:00:00"))
    assert now(one, at("2026-03-20T17:59:59"), chosen=chosen) == 25.0
    assert now(one, at("2026-03-20T18:00:00"), chosen=chosen) == 18.0
    assert now(one, at("2026-03-21T06:00:00"), chosen=chosen) == 22.0
    assert now(one, at("2026-03-20T12:00:00"), chosen=chosen._replace(at_s=at("2026-03-20T06:00:00"))) == 25.0


def test_what_an_operator_chose_of_a_plain_setpoint_holds_and_stays_within_the_limits():
    assert now(program(), at("2027-03-20T10:00:00"), chosen=Chosen(25.0, "wang", 0.0)) == 25.0
    assert now(program(), at("2027-03-20T10:00:00"), chosen=Chosen(99.0, "wang", 0.0)) == 30.0


# --- ramps, influences, limits


def test_a_setpoint_moves_no_faster_than_its_ramp_and_begins_where_it_is():
    one = program((clock("06:00"), 22.0), (clock("18:00"), 18.0), ramp_up_per_s=2 / 3600, ramp_down_per_s=1 / 3600)
    block, begin_s, seen = Setting(), at("2026-03-20T05:00:00"), []
    for step in range(0, 20 * 360):
        block, value = one.step(block, None, {}, begin_s + step * 10.0)
        seen.append(value)
    assert seen[0] == 18.0  # nothing to ramp from
    assert all(-10 / 3600 - 1e-9 <= later - sooner <= 20 / 3600 + 1e-9 for sooner, later in pairwise(seen))
    assert seen[360 * 2] == pytest.approx(20.0, abs=0.01)  # an hour into the day
    assert seen[360 * 3 + 2] == 22.0
    assert seen[360 * 15] == pytest.approx(20.0, abs=0.01)  # two hours into the night
    assert seen[-1] == 18.0


def test_a_ramp_never_runs_backwards_whatever_the_clock_does():
    one = program((clock("06:00"), 22.0), ramp_up_per_s=2 / 3600, ramp_down_per_s=2 / 3600)
    noon = at("2026-03-20T12:00:00")
    assert one.step(Setting(20.0, noon + 9e6), None, {}, noon)[1] == 20.0


def test_what_a_ramp_missed_over_a_stop_does_not_come_all_at_once():
    one = program((clock("06:00"), 26.0), ramp_up_per_s=1 / 3600, ramp_down_per_s=1 / 3600)
    begin_s = at("2026-03-20T12:00:00")
    block, value = one.step(Setting(20.0, begin_s - 6 * 3600.0), None, {}, begin_s)
    assert value == pytest.approx(20.0, abs=0.02)
    for step in range(1, 361):
        block, value = one.step(block, None, {}, begin_s + step * 10.0)
    assert value == pytest.approx(21.0, abs=0.02)


def test_lamps_that_were_dark_over_a_stop_do_not_fade_from_where_they_were():
    one = replace(lit("06:00", "22:00"), ramp_up_per_s=400 / 1800, ramp_down_per_s=400 / 1800)
    night_s = at("2026-03-21T02:00:00")
    assert one.step(Setting(200.0, night_s - 8 * 3600.0), None, {}, night_s)[1] == 0.0


LINE = Line("t.z.light", 100.0, 0.0, 400.0, 2.0)


@settings(max_examples=60)
@given(st.floats(-1e6, 1e6))
@example(100.0)
@example(400.0)
def test_an_influence_is_a_line_between_two_points_and_flat_beyond(x):
    assert LINE.at(x) == pytest.approx(min(max((x - 100.0) / 150.0, 0.0), 2.0), abs=1e-9)
    assert Line("t.z.light", 400.0, 2.0, 100.0, 0.0).at(x) == pytest.approx(LINE.at(x), abs=1e-9)


@pytest.mark.parametrize(("light", "cap", "value"), [
    (250.0, None, 21.0), (1000.0, None, 22.0), (1000.0, 1.5, 21.5), (None, None, 20.0), (0.0, None, 20.0),
    (True, None, 20.0),
])  # fmt: skip
def test_an_influence_adds_up_to_its_cap_and_a_lost_one_nothing(light, cap, value):
    assert now(program(influences=(LINE,), cap=cap), 1e9, {"t.z.light": light}) == value


def test_influences_together_stay_within_cap_and_limits_both_ways():
    down = Line("t.z.rh", 80.0, 0.0, 90.0, -6.0)
    values = {"t.z.light": 400.0, "t.z.rh": 90.0}
    assert now(program(influences=(LINE, down)), 1e9, values) == 16.0
    assert now(program(influences=(LINE, down), cap=3.0), 1e9, values) == 17.0
    assert now(program(influences=(LINE, LINE), value=29.0), 1e9, values) == 30.0
    assert now(program(influences=(down,), value=11.0), 1e9, values) == 10.0


def test_an_influence_does_not_pass_through_the_ramp():
    one = program(influences=(LINE,), ramp_up_per_s=1 / 3600, ramp_down_per_s=1 / 3600)
    block, _ = one.step(Setting(), None, {"t.z.light": 0.0}, 1e9)
    block, value = one.step(block, None, {"t.z.light": 400.0}, 1e9 + 10.0)
    assert value == 22.0
    assert block.ramped == 20.0


# --- a daily light sum


def lit(begins: str, ends: str, target: float = 12.0) -> SetpointProgram:
    return program(light=Light(target, "t.z.dli", clock(begins), clock(ends)), low=0.0, high=400.0, value=None)


def shine(
    one: SetpointProgram, days: int, follow: float = 1.0, dark: Any = lambda _: False, most: float = 400.0
) -> list[float]:
    """Each day's sum when the lamps do what is wanted (times `follow`, up to `most`), seen through the farm's own
    integral."""
    integral = Integrated("t.z.dli", "t.z.ppfd", 1e-6, SHANDONG)
    begin_s = at("2026-03-20T00:00:00")
    block, sums, accrued, ppfd, setting = Sum(), [], 0.0, 0.0, Setting()
    for step in range(days * 8640):
        now_s = begin_s + step * 10.0
        if step % 8640 == 0 and step:
            sums.append(accrued)
        block, reading = integral.step(block, good("t.z.ppfd", ppfd, now_s), now_s)
        accrued = float(reading.value)  # type: ignore[arg-type]  # a number
        setting, wanted = one.step(setting, None, {"t.z.dli": accrued}, now_s)
        assert 0.0 <= wanted <= 400.0
        ppfd = 0.0 if dark(now_s - begin_s) else min(wanted * follow, most)
    return [*sums, accrued]


@pytest.mark.parametrize(
    ("begins", "ends"), [("06:00", "22:00"), ("18:00", "10:00"), ("22:30", "14:30"), ("00:00", "00:00")]
)
def test_a_light_sum_reaches_its_target_within_one_percent(begins, ends):
    for total in shine(lit(begins, ends), 2):
        assert total == pytest.approx(12.0, rel=0.01)


def test_a_light_sum_is_reached_though_the_lamps_give_less_or_were_dark_for_hours():
    assert shine(lit("06:00", "22:00"), 1, follow=0.9)[0] == pytest.approx(12.0, rel=0.01)
    assert shine(lit("06:00", "22:00"), 1, dark=lambda s: 7 * 3600 < s < 11 * 3600)[0] == pytest.approx(12.0, rel=0.01)


@pytest.mark.parametrize(("begins", "ends"), [("06:00", "22:00"), ("18:00", "10:00")])
def test_light_may_be_even_until_the_last_third_of_the_photoperiod_sets_its_sum_right(begins, ends):
    plain = lit(begins, ends)
    assert plain.light is not None
    third = replace(plain, light=replace(plain.light, adjust=1 / 3))
    planned, noon_s = 12.0e6 / (16 * 3600), at("2026-03-20T09:00:00")
    assert now(third, noon_s, {"t.z.dli": 0.5}) == pytest.approx(planned)
    assert now(plain, noon_s, {"t.z.dli": 0.5}) > 1.1 * planned
    assert shine(third, 1, follow=0.9)[0] == pytest.approx(12.0, rel=0.01)
    assert now(third, noon_s, {"t.z.dli": 12.5}) == 0.0


def test_failed_lamps_shine_longer_by_no_more_than_allowed_and_not_over_midnight():
    plain, planned = lit("06:00", "22:00"), 12.0e6 / (16 * 3600)
    assert plain.light is not None
    longer = replace(plain, light=replace(plain.light, extend_s=2 * 3600.0))
    assert shine(plain, 1, most=0.9 * planned)[0] == pytest.approx(0.9 * 12.0, rel=0.001)
    assert shine(longer, 1, most=0.9 * planned)[0] == pytest.approx(12.0, rel=0.01)
    assert shine(longer, 1, most=0.8 * planned)[0] == pytest.approx(0.8 * 12.0 * 18 / 16, rel=0.001)
    assert now(longer, at("2026-03-20T22:30:00"), {"t.z.dli": 11.0}) == pytest.approx(planned)
    assert now(longer, at("2026-03-20T22:30:00"), {"t.z.dli": 11.97}) == 0.0
    assert now(longer, at("2026-03-20T22:30:00"), {"t.z.dli": None}) == 0.0
    late = lit("09:00", "23:00")
    assert late.light is not None
    late = replace(late, light=replace(late.light, extend_s=2 * 3600.0))
    assert now(late, at("2026-03-20T23:59:00"), {"t.z.dli": 5.0}) > 0.0
    assert now(late, at("2026-03-21T00:01:00"), {"t.z.dli": 0.0}) == 0.0


def test_no_light_is_wanted_outside_the_photoperiod_nor_once_the_sum_is_there():
    one = lit("06:00", "22:00")
    assert now(one, at("2026-03-20T05:59:59"), {"t.z.dli": 0.0}) == 0.0
    assert now(one, at("2026-03-20T22:00:00"), {"t.z.dli": 0.0}) == 0.0
    assert now(one, at("2026-03-20T12:00:00"), {"t.z.dli": 12.5}) == 0.0
    night = lit("18:00", "10:00")
    assert now(night, at("2026-03-20T12:00:00"), {"t.z.dli": 0.0}) == 0.0
    assert now(night, at("2026-03-20T19:00:00"), {"t.z.dli": 6.0}) > 0.0
    assert now(night, at("2026-03-20T02:00:00"), {"t.z.dli": 0.0}) > 0.0


def test_a_light_sum_that_is_not_known_is_shone_as_planned_and_no_more():
    planned = 12.0e6 / (16 * 3600)
    assert now(lit("06:00", "22:00"), at("2026-03-20T21:00:00"), {"t.z.dli": None}) == pytest.approx(planned)
    assert now(lit("18:00", "10:00"), at("2026-03-20T21:00:00"), {"t.z.dli": None}) == pytest.approx(planned)
    assert now(lit("06:00", "22:00", 100.0), at("2026-03-20T21:00:00"), {"t.z.dli": None}) == 400.0


# --- the calendar


@pytest.mark.parametrize(("zone", "day", "hours"), [
    ("Asia/Shanghai", "2026-03-20", 24), ("Europe/Berlin", "2026-03-29", 23), ("Europe/Berlin", "2026-10-25", 25),
    ("America/Havana", "2026-11-01", 25), ("Africa/Cairo", "2026-04-24", 23),
    ("Australia/Lord_Howe", "2026-04-05", 24.5),
])  # fmt: skip
def test_a_day_is_as_long_as_it_is_there_and_every_moment_lies_in_just_one(zone, day, hours):
    calendar = Calendar(zone, 30.0, 20.0)
    begin_s = calendar.day(at(f"{day}T12:00:00", zone)).midnight_s
    midnights = set()
    for step in range(-4, int(hours * 4) + 4):
        one = calendar.day(begin_s + step * 900.0)
        assert one.midnight_s <= begin_s + step * 900.0 < one.next_midnight_s
        midnights.add((one.midnight_s, one.next_midnight_s))
    ordered = sorted(midnights)
    assert len(ordered) == 3
    assert all(before[1] == after[0] for before, after in pairwise(ordered))
    assert ordered[1][1] - ordered[1][0] == hours * 3600.0


@settings(max_examples=40)
@given(st.floats(0, 4e9), st.floats(-0.5, 0.5))
def test_what_the_calendar_remembers_does_not_change_what_it_says(when_s, away_days):
    used = Calendar("Europe/Berlin", 52.5, 13.4)
    used.around(when_s + away_days * 86_400.0)
    used.day(when_s + 40 * 86_400.0)
    used.day(when_s + away_days * 86_400.0)
    assert used.around(when_s) == Calendar("Europe/Berlin", 52.5, 13.4).around(when_s)


# --- runs at times of the day


def test_a_run_begins_at_its_time_and_ends_with_it_over_midnight_too():
    table = Timetable((clock("07:00"), clock("23:50")), 1200.0, SHANDONG)
    for begin in (at("2026-03-20T07:00:00"), at("2026-03-20T23:50:00")):
        assert table.until(begin - 1.0) is None
        assert table.until(begin) == table.until(begin + 1199.0) == begin + 1200.0
        assert table.until(begin + 1200.0) is None


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from([clock("00:00"), clock("07:00"), clock("23:50"), sunrise(-7.0), sunset(6.0)]), min_size=1),
    st.floats(60, 30_000),
    st.lists(st.floats(0, 4 * 86_400), min_size=1, max_size=12),
)
def test_what_a_timetable_remembers_does_not_change_what_it_says(moments, run_s, times):
    berlin = Calendar("Europe/Berlin", 52.5, 13.4)
    used = Timetable(tuple(moments), run_s, berlin)
    begin_s = at("2026-03-27T00:00:00", "Europe/Berlin")
    for time_s in times:
        fresh = Timetable(tuple(moments), run_s, berlin)
        assert used.until(begin_s + time_s) == fresh.until(begin_s + time_s)
        starts = [day.moment(when) for day in berlin.around(begin_s + time_s) for when in moments]
        ends = [start + run_s for start in starts if start <= begin_s + time_s < start + run_s]
        assert used.until(begin_s + time_s) == max(ends, default=None)


def test_runs_that_overlap_end_with_the_last():
    table = Timetable((clock("07:00"), clock("07:10")), 1200.0, SHANDONG)
    assert table.until(at("2026-03-20T07:15:00")) == at("2026-03-20T07:30:00")


def test_a_run_is_neither_lost_nor_doubled_on_a_day_of_23_hours():
    berlin = Calendar("Europe/Berlin", 52.5, 13.4)
    table = Timetable((clock("23:30"),), 600.0, berlin)
    begin_s, runs = at("2026-03-28T00:00:00", "Europe/Berlin"), 0
    on = False
    for minute in range(3 * 24 * 60):
        is_on = table.until(begin_s + minute * 60.0) is not None
        runs += is_on and not on
        on = is_on
    assert runs == 3


# --- in the whole scan


def test_what_runs_every_half_hour_runs_from_midnight_on():
    site = only("fa.z.feeding")
    site["loops"]["fa.z.feeding"] = {"type": "timer", "out": "fa.z.feeder", "every": "30 min", "run": "20 s"}
    farm, ran = Farm(core_of(site), start_s=at("2026-03-20T09:59:50")), []
    for _ in range(3660):
        farm.scan()
        if farm.wires.get("fa.z.feeder"):
            ran.append(farm.now_s - at("2026-03-20T10:00:00"))
    assert (len(ran), min(ran), max(ran)) == (60, 0.0, 3619.0)


def test_the_feeder_runs_at_its_times_and_for_no_longer():
    farm = Farm(core_of(only("fa.z.feeding")))  # 10:40
    ran = []
    for _ in range(1900):
        farm.scan()
        if farm.wires["fa.z.feeder"]:
            ran.append(farm.now_s)
    assert len(ran) == pytest.approx(1200, abs=2)
    assert ran[0] == pytest.approx(at("2026-02-02T10:45:00"), abs=1.0)


def test_setpoints_are_looked_at_every_ten_seconds_and_at_once_when_somebody_asks():
    farm = Farm(start_s=at("2026-02-02T21:59:45"))
    farm.run(10)
    assert farm.state.values["fa.z.ppfd_sp"] != 0.0
    farm.run(15)
    assert farm.state.values["fa.z.ppfd_sp"] == 0.0


def test_a_lost_influence_leaves_the_plain_setpoint():
    farm = Farm()
    farm.says["fa.z.rh"] = 95.0
    farm.run(200)
    assert farm.state.values["fa.z.temp_sp"] == 23.0  # 2 K, capped at 1
    farm.says["fa.z.rh"] = Reason.COMM
    farm.run(12)
    assert farm.state.values["fa.z.temp_sp"] == 22.0


def test_the_lamp_reaches_the_days_light_sum_in_the_whole_scan():
    farm = Farm(core_of(only("fa.z.light_loop")), start_s=at("2026-02-03T05:55:00"))
    while farm.now_s < at("2026-02-03T22:01:00"):
        applied = farm.state.applied["fa.z.lamp"]
        farm.says = {"fa.z.ppfd": 3.0 * applied}
        farm.scan(after_s=5.0)
    assert farm.state.values["fa.z.dli"] == pytest.approx(12.0, rel=0.01)


def test_the_days_around_follow_each_other_and_today_is_the_third():
    days = SHANDONG.around(at("2026-03-20T12:00:00"))
    assert all(sooner.next_midnight_s == later.midnight_s for sooner, later in pairwise(days))
    assert days[2] == SHANDONG.day(at("2026-03-20T12:00:00"))
    assert timedelta(seconds=days[3].next_midnight_s - days[0].midnight_s) == timedelta(days=4)
