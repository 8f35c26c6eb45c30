"""The farm's day where clocks are moved, and where the sun does not rise or set."""

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from controller.core.calendar import Calendar
from controller.core.loops.simple import Timetable
from edge_config.model.values import DayTime
from tests.core.test_programs import program

ZONE = "Europe/Amsterdam"
AMSTERDAM = Calendar(ZONE, 52.0, 4.5)
TROMSO = Calendar("Europe/Oslo", 69.65, 18.95)


def at(text: str, zone: str = ZONE) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def clock(text: str) -> DayTime:
    hour, minute = text.split(":")
    return DayTime(anchor="clock", offset_s=int(hour) * 3600.0 + int(minute) * 60.0)


def shown(time_s: float) -> str:
    return f"{datetime.fromtimestamp(time_s, ZoneInfo(ZONE)):%m-%d %H:%M:%S %z}"


@pytest.mark.parametrize(("day", "time", "moment"), [
    ("2026-03-28", "07:00", "03-28 07:00:00 +0100"), ("2026-03-29", "01:30", "03-29 01:30:00 +0100"),
    ("2026-03-29", "02:30", "03-29 03:00:00 +0200"), ("2026-03-29", "03:00", "03-29 03:00:00 +0200"),
    ("2026-03-29", "07:00", "03-29 07:00:00 +0200"), ("2026-03-29", "23:30", "03-29 23:30:00 +0200"),
    ("2026-10-25", "01:30", "10-25 01:30:00 +0200"), ("2026-10-25", "02:30", "10-25 02:30:00 +0200"),
    ("2026-10-25", "03:00", "10-25 03:00:00 +0100"), ("2026-10-25", "07:00", "10-25 07:00:00 +0100"),
    ("2026-10-25", "23:30", "10-25 23:30:00 +0100"),
])  # fmt: skip
def test_a_clock_time_is_what_the_clock_on_the_wall_shows_also_where_it_is_moved(day, time, moment):
    assert shown(AMSTERDAM.day(at(f"{day}T12:00:00")).moment(clock(time))) == moment


def test_what_lies_between_two_times_that_are_left_out_is_a_moment_and_no_whole_day():
    day = AMSTERDAM.day(at("2026-03-29T12:00:00"))
    begins_s, ends_s = day.moment(clock("02:00")), day.moment(clock("03:00"))
    assert 0.0 < ends_s - begins_s < 0.001


@pytest.mark.parametrize("day", ["2026-03-28", "2026-10-24"])
def test_what_runs_at_a_time_of_the_day_runs_once_on_each_day(day):
    times = ("00:00", "01:30", "02:00", "02:30", "03:00", "03:30", "23:30")
    for time in times:
        table, runs, on = Timetable((clock(time),), 600.0, AMSTERDAM), [], False
        for minute in range(3 * 24 * 60 + 90):
            now_s = at(f"{day}T00:00:00") + minute * 60.0 + 0.5
            is_on = table.until(now_s) is not None
            if is_on and not on and len(runs) < 3:
                runs.append(now_s)
            on = is_on
        days = [AMSTERDAM.day(run).midnight_s for run in runs]
        assert days == [one.midnight_s for one in AMSTERDAM.around(at(f"{day}T12:00:00") + 86_400.0)[1:]]


# --- where the sun does not rise or set


@pytest.mark.parametrize("month", ["05-25", "06-21", "07-15"])
def test_where_the_sun_does_not_set_it_is_day_from_midnight_to_midnight(month):
    day = TROMSO.day(at(f"2026-{month}T12:00:00", "Europe/Oslo"))
    assert day.sunrise_s == day.midnight_s
    assert day.sunset_s == pytest.approx(day.next_midnight_s, abs=0.01)
    sun = [DayTime(anchor=anchor, offset_s=hours * 3600.0) for anchor, hours in (("sunrise", 1.0), ("sunset", -2.0))]
    assert day.moment(sun[1]) - day.moment(sun[0]) == pytest.approx(21 * 3600.0, abs=0.01)


@pytest.mark.parametrize("values", [(18.0, 22.0), (22.0, 18.0)])
def test_where_the_sun_does_not_set_the_value_of_the_day_holds_over_midnight(values):
    sun = [DayTime(anchor=anchor, offset_s=0.0) for anchor in ("sunrise", "sunset")]
    one = program(*zip(sun, values, strict=True), calendar=TROMSO)
    begin_s = at("2026-06-21T00:00:00", "Europe/Oslo")
    assert {one.target(None, {}, begin_s + hour * 3600.0) for hour in range(49)} == {values[0]}


def test_where_the_sun_does_not_rise_it_rises_and_sets_when_it_is_highest():
    day = TROMSO.day(at("2026-12-21T12:00:00", "Europe/Oslo"))
    assert day.sunrise_s == day.sunset_s
    assert day.sunrise_s == pytest.approx(at("2026-12-21T11:42:30", "Europe/Oslo"), abs=60.0)


def test_over_the_year_the_days_of_the_far_north_end_after_they_begin():
    begin_s = at("2026-01-01T12:00:00", "Europe/Oslo")
    for number in range(365):
        day = TROMSO.day(begin_s + number * 86_400.0)
        assert day.sunrise_s <= day.sunset_s
        assert day.midnight_s - 3600.0 <= day.sunrise_s
        assert day.sunset_s <= day.next_midnight_s + 2 * 3600.0


@pytest.mark.parametrize("day", ["2026-10-25", "2026-03-29", "2026-06-01"])
def test_what_runs_every_so_often_misses_no_turn_when_the_clock_on_the_wall_is_moved(day):
    table, midnight_s = Timetable((), 60.0, AMSTERDAM, 900.0), at(f"{day}T00:00:00")
    runs = [now_s for now_s in range(int(midnight_s), int(midnight_s) + 26 * 3600, 15) if table.until(now_s)]
    begun = [now_s for now_s in runs if now_s - 15 not in runs]
    assert {later - earlier for earlier, later in pairwise(begun)} == {900}
