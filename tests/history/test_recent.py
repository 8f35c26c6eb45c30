"""The panel's trends: the last day of every tag, small, and with every peak and every gap in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.history.recent import POINTS, Recent
from foundation.reading import Reason, bad, good
from tests.history.farm import START_S

AIR = "gh1.bay1.air"
NOW_S = START_S + 1e6


def test_an_hour_comes_back_as_it_was_from_the_time_asked_for() -> None:
    recent = Recent([AIR])
    for second in range(0, 3600, 10):
        recent.add(good(AIR, second / 10, START_S + second), NOW_S)
    trend = recent.trend([AIR], START_S + 3000)[AIR]
    assert trend == [(START_S + second, second / 10) for second in range(3000, 3600, 10)]


def test_a_bad_reading_is_a_gap_never_a_number() -> None:
    recent = Recent([AIR])
    recent.add(good(AIR, 20.0, START_S), NOW_S)
    recent.add(bad(AIR, Reason.RANGE, START_S + 1, refused=85.0), NOW_S)
    recent.add(good(AIR, 21.0, START_S + 2), NOW_S)
    assert recent.trend([AIR], START_S)[AIR] == [(START_S, 20.0), (START_S + 1, None), (START_S + 2, 21.0)]


def test_what_is_older_than_the_last_or_a_text_or_unknown_is_left_out() -> None:
    recent = Recent([AIR])
    recent.add(good(AIR, 20.0, START_S), NOW_S)
    recent.add(good(AIR, 19.0, START_S), NOW_S)
    recent.add(good(AIR, "auto", START_S + 1), NOW_S)
    recent.add(good("gh1.bay1.other", 1.0, START_S), NOW_S)
    assert recent.trend([AIR, "gh1.bay1.other"], 0.0) == {AIR: [(START_S, 20.0)], "gh1.bay1.other": []}


def test_a_source_time_nobody_can_believe_stands_at_the_time_it_came() -> None:
    recent = Recent([AIR])
    recent.add(good(AIR, 20.0, START_S + 9e9), START_S)
    recent.add(good(AIR, 21.0, float("nan")), START_S + 1)
    recent.add(good(AIR, 22.0, START_S + 2), START_S + 2)
    assert recent.trend([AIR], 0.0)[AIR] == [(START_S, 20.0), (START_S + 1, 21.0), (START_S + 2, 22.0)]


@pytest.fixture(scope="module")
def two_days() -> Recent:
    recent = Recent([AIR])
    for second in range(2 * 86_400):
        # one peak of a second every six hours, and a gap of a second an hour after it
        value = 99.0 if second % 21_600 == 100 else 20.0 + second % 7 * 0.1
        time_s = START_S + second
        recent.add(bad(AIR, Reason.COMM, time_s) if second % 21_600 == 3700 else good(AIR, value, time_s), NOW_S)
    return recent


def test_a_day_at_one_hertz_is_thinned_but_keeps_every_peak_and_gap(two_days: Recent) -> None:
    trend = two_days.trend([AIR], 0.0)[AIR]
    assert len(trend) <= POINTS
    assert trend[-1][0] - trend[0][0] == pytest.approx(86_400, abs=300)
    assert [time_s for time_s, _ in trend] == sorted({time_s for time_s, _ in trend})
    day = range(86_400, 2 * 86_400)
    peaks = {START_S + second for second in day if second % 21_600 == 100}
    gaps = {START_S + second for second in day if second % 21_600 == 3700}
    assert {time_s for time_s, value in trend if value == 99.0} == peaks
    assert {time_s for time_s, value in trend if value is None} == gaps


def test_a_day_of_a_tag_takes_little_memory(two_days: Recent) -> None:
    series = two_days._tags[AIR]
    size = sum(a.itemsize * len(a) for a in (series.times, series.values, series.old_times, series.old_values))
    assert size < 110_000


@given(
    st.lists(st.floats(-1e6, 1e6) | st.none(), min_size=1, max_size=3000),
    st.floats(0.1, 100.0),
)
def test_thinning_never_loses_the_highest_or_the_lowest(values: list[float | None], step_s: float) -> None:
    recent = Recent([AIR])
    for number, value in enumerate(values):
        time_s = START_S + number * step_s
        recent.add(bad(AIR, Reason.COMM, time_s) if value is None else good(AIR, value, time_s), NOW_S)
    trend = recent.trend([AIR], START_S)[AIR]
    assert len(trend) <= POINTS
    seen = [value for value in values[-int(86_000 / step_s) :] if value is not None]
    shown = [value for _, value in trend if value is not None]
    if seen and len(values) * step_s < 86_000:
        assert (min(shown), max(shown)) == (min(seen), max(seen))


def test_what_comes_late_finds_its_place_and_what_is_put_right_takes_it() -> None:
    recent = Recent([AIR])
    for second in range(0, 4000):
        recent.add(good(AIR, 20.0, START_S + second), NOW_S)
    for second in (10.5, 3000.5, 3000.5, 5000.0):
        recent.add(good(AIR, second, START_S + second), NOW_S, late=True)
    recent.add(good(AIR, 1.0, START_S + 3000.5), NOW_S, late=True)
    recent.add(bad(AIR, Reason.CORRECTED, START_S + 5000.0), NOW_S, late=True)
    recent.add(good(AIR, 3.0, START_S - 90_000.0), NOW_S, late=True)  # beyond what is remembered
    trend = dict(recent.trend([AIR], START_S + 3000)[AIR])
    assert (trend[START_S + 3000.5], trend[START_S + 5000.0]) == (1.0, None)
    assert dict(recent.trend([AIR], START_S)[AIR])[START_S + 10.5] == 10.5
    times = [time_s for time_s, _ in recent.trend([AIR], 0.0)[AIR]]
    assert times == sorted(times)
    assert times[0] >= START_S
