"""A time of day as people write it is the last one, also in the night in which clocks are moved."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.moments import moment_s

ZONE = ZoneInfo("Europe/Amsterdam")
AUTUMN_S = datetime(2026, 10, 25, tzinfo=ZONE).timestamp()
SPRING_S = datetime(2026, 3, 29, tzinfo=ZONE).timestamp()


@pytest.mark.parametrize(("now", "text", "minutes_ago"), [
    ("2026-10-25T02:10:00+01:00", "02:50", 20), ("2026-10-25T03:30:00+01:00", "02:30", 60),
    ("2026-10-25T02:10:00+01:00", "02:05", 5), ("2026-10-25T02:10:00+01:00", "01:50", 80),
    ("2026-10-25T02:10:00+01:00", "03:00", 24 * 60 + 10), ("2026-10-25T02:10:00+02:00", "02:50", 23 * 60 + 20),
    ("2026-10-26T02:10:00+01:00", "02:50", 23 * 60 + 20), ("2026-10-26T01:10:00+01:00", "01:30", 24 * 60 + 40),
    ("2026-03-29T03:10:00+02:00", "02:30", 10), ("2026-03-29T03:10:00+02:00", "01:50", 20),
    ("2026-03-29T12:00:00+02:00", "02:30", 9 * 60), ("2026-03-30T02:10:00+02:00", "02:30", 23 * 60 + 10),
    ("2026-03-29T01:50:00+01:00", "02:30", 23 * 60 + 20), ("2026-03-29T07:00:00+02:00", "07:00", 0),
])  # fmt: skip
def test_it_is_the_last_time_that_the_clock_showed_it(now, text, minutes_ago):
    now_s = datetime.fromisoformat(now).timestamp()
    assert now_s - moment_s(text, "Europe/Amsterdam", now_s) == pytest.approx(minutes_ago * 60.0, abs=0.01)


@settings(max_examples=200)
@given(st.sampled_from([AUTUMN_S, SPRING_S]), st.integers(-86_400, 2 * 86_400), st.integers(0, 1439))
@example(AUTUMN_S, 3 * 3600, 120)
@example(SPRING_S, 2 * 3600, 180)
def test_it_lies_behind_and_at_most_a_day_or_so_ago(day_s, second, minute):
    now_s = day_s + second
    text = f"{minute // 60:02}:{minute % 60:02}"
    found_s = moment_s(text, "Europe/Amsterdam", now_s)
    assert 0.0 <= now_s - found_s <= 25 * 3600.0
    assert shown(found_s) == text or abs(found_s - (SPRING_S + 2 * 3600.0)) < 0.01
    later = [one for one in range(int(found_s) // 60 + 1, int(now_s) // 60 + 1) if shown(one * 60.0) == text]
    assert later == []


def shown(time_s: float) -> str:
    return f"{datetime.fromtimestamp(time_s, ZONE):%H:%M}"
