"""The local time of day, also on the days on which clocks are moved."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rules.expression import compile_expression
from rules.gauges import Look, NoMemory, time_between
from rules.place import Clock, Place, clock_of
from rules.rule import RuleMemory, today

ZONES = ("Europe/Amsterdam", "America/Havana", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Shanghai", "Asia/Kathmandu",
         "America/Nuuk", "Pacific/Auckland", "America/Los_Angeles", "Asia/Beirut")  # fmt: skip
MOVED = [("Europe/Amsterdam", date(2026, 3, 29)), ("Europe/Amsterdam", date(2026, 10, 25)),
         ("America/Havana", date(2026, 3, 8)), ("America/Havana", date(2026, 11, 1)),
         ("Africa/Cairo", date(2026, 4, 24)), ("Africa/Cairo", date(2026, 10, 29)),
         ("Australia/Lord_Howe", date(2026, 4, 5)), ("Australia/Lord_Howe", date(2026, 10, 4)),
         ("America/Nuuk", date(2026, 3, 28)), ("Asia/Beirut", date(2026, 10, 24))]  # fmt: skip
DAYS = st.one_of(
    st.sampled_from(MOVED),
    st.tuples(st.sampled_from(ZONES), st.dates(date(2000, 1, 1), date(2037, 12, 31))),
)


def at(text: str, zone: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def clock_on(day: date, zone: str) -> Clock:
    return clock_of(at(f"{day}T12:00:00", zone), ZoneInfo(zone))


def is_between(begins: str, ends: str, when_s: float, zone: str) -> bool:
    expression = compile_expression(f"time_between('{begins}', '{ends}')", {}, remembers=True)
    (gauge,) = expression.gauges
    return gauge.step(gauge.fresh, Look(when_s, {}, {}, Place(zone, 52.0, 5.0)))[1]


@pytest.mark.parametrize(("when", "begins", "ends", "inside"), [
    ("2026-03-29T22:30:00", "22:00", "06:00", True), ("2026-03-29T21:30:00", "22:00", "06:00", False),
    ("2026-03-30T05:30:00", "22:00", "06:00", True), ("2026-03-29T06:00:00", "22:00", "06:00", False),
    ("2026-10-25T22:00:00", "22:00", "06:00", True), ("2026-10-25T21:30:00", "22:00", "06:00", False),
    ("2026-10-25T05:30:00", "22:00", "06:00", True), ("2026-10-25T07:00:00", "07:00", "08:00", True),
    ("2026-03-29T03:00:00", "02:30", "06:00", True), ("2026-03-29T03:00:00", "02:30", "02:45", False),
    ("2026-03-29T01:59:59", "02:30", "06:00", False),
    ("2026-10-25T02:10:00+01:00", "02:30", "06:00", True), ("2026-10-25T02:10:00+01:00", "03:00", "06:00", False),
    ("2026-10-25T02:10:00+01:00", "02:00", "03:00", True), ("2026-10-25T02:10:00+01:00", "02:00", "02:30", False),
    ("2026-10-25T02:10:00+02:00", "02:00", "02:30", True),
])  # fmt: skip
def test_a_time_of_day_is_what_the_clock_on_the_wall_shows_also_where_it_is_moved(when, begins, ends, inside):
    moment = datetime.fromisoformat(when)
    when_s = moment.timestamp() if moment.tzinfo else at(when, "Europe/Amsterdam")
    assert is_between(begins, ends, when_s, "Europe/Amsterdam") is inside


@settings(max_examples=200, deadline=None)
@given(DAYS)
def test_every_time_of_the_clock_comes_once_a_day_and_in_its_order(where):
    zone, day = where
    clock, midnight = clock_on(day, zone), datetime.combine(day, datetime.min.time())
    moments = [clock.moment_s(minute * 60.0) for minute in range(1440)]
    assert clock.midnight_s <= moments[0]
    assert moments[-1] < clock.next_midnight_s
    assert all(sooner < later for sooner, later in pairwise(moments))
    for minute, moment in enumerate(moments):
        shown = (midnight + timedelta(minutes=minute)).replace(tzinfo=ZoneInfo(zone))
        if datetime.fromtimestamp(shown.timestamp(), shown.tzinfo).replace(fold=0) == shown:
            assert moment == pytest.approx(shown.timestamp(), abs=0.001)  # fold 0: the first time
        else:
            assert moment == pytest.approx(clock.moved_s, abs=0.0011)


@settings(max_examples=200, deadline=None)
@given(DAYS, st.integers(0, 1439), st.integers(0, 1439), st.floats(0.0, 1.0))
@example(("Africa/Cairo", date(2026, 10, 29)), 1380, 1439, 0.999)
def test_a_time_between_two_is_one_between_their_moments(where, begins, ends, share):
    zone, day = where
    clock = clock_on(day, zone)
    when_s = float(int(clock.midnight_s + share * (clock.next_midnight_s - clock.midnight_s - 1.0))) + 0.5
    first, last = sorted((begins * 60.0, ends * 60.0))
    look, place = NoMemory(), Place(zone, 30.0, 20.0)
    within = time_between("t", first, last).step(look, Look(when_s, {}, {}, place))[1]
    assert within is (clock.moment_s(first) <= when_s < clock.moment_s(last))
    if first < last:
        assert time_between("t", last, first).step(look, Look(when_s, {}, {}, place))[1] is not within


@settings(max_examples=100, deadline=None)
@given(DAYS, st.lists(st.floats(0.0, 90_000.0), min_size=2, max_size=20))
def test_the_time_of_day_goes_forward_all_day(where, seconds):
    zone, day = where
    clock, place = clock_on(day, zone), Place(zone, 30.0, 20.0)
    times = [clock.midnight_s + one for one in sorted(seconds) if clock.midnight_s + one < clock.next_midnight_s]
    shown = [place.day_s(time_s) for time_s in times]
    assert shown == sorted(shown)
    assert all(0.0 <= one < 86_400.0 for one in shown)
    assert {place.midnight_s(time_s) for time_s in times} <= {clock.midnight_s}


@settings(max_examples=100)
@given(st.floats(0.0, 4e9), st.floats(0.0, 86_399.0))
def test_where_no_clock_is_moved_seconds_count_from_midnight(when_s, day_s):
    place, clock = Place("Asia/Shanghai", 36.9, 118.7), clock_of(when_s, ZoneInfo("Asia/Shanghai"))
    if clock.next_midnight_s - clock.midnight_s == 86_400.0:  # not so in a few years around 1988
        assert place.day_s(when_s) == when_s - clock.midnight_s
        assert clock.moment_s(day_s) == clock.midnight_s + day_s


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_what_a_rule_did_today_begins_at_midnight_where_clocks_are_moved_too(day):
    place, zone = Place("Europe/Amsterdam", 52.0, 5.0), "Europe/Amsterdam"
    midnight_s = at(f"{day}T00:00:00", zone)
    memory = RuleMemory(True, midnight_s - 7200.0)
    for hour in range(1, 23):
        counted = today(memory, midnight_s + hour * 3600.0, place)
        assert (counted.midnight_s, counted.on_s) == (midnight_s, hour * 3600.0)
        memory = memory._replace(counted=counted._replace(starts=counted.starts + 1, on_s=0.0))
        assert memory.counted.starts == hour
