"""Who sleeps, and until when."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from controller.core.calendar import Calendar
from controller.notify.quiet import Bedtimes
from edge_config.model.notify import Person

ZONE = "Europe/Amsterdam"


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).timestamp()


def sleeps_until(begins: str, ends: str, now: str) -> float | None:
    li = Person.model_validate({"urls": [], "quiet": {"from": begins, "to": ends}})
    return Bedtimes({"li": li}, Calendar(ZONE, 52.0, 4.5)).until_s("li", at(now))


@pytest.mark.parametrize(("now", "until"), [
    ("2026-06-20T21:59:59", None), ("2026-06-20T22:00:00", "2026-06-21T06:00:00"),
    ("2026-06-21T05:59:59", "2026-06-21T06:00:00"), ("2026-06-21T06:00:00", None),
    ("2026-03-28T23:00:00", "2026-03-29T06:00:00"), ("2026-03-29T05:59:00", "2026-03-29T06:00:00"),
    ("2026-03-29T06:30:00", None), ("2026-03-29T23:00:00", "2026-03-30T06:00:00"),
    ("2026-03-30T05:30:00", "2026-03-30T06:00:00"),
    ("2026-10-24T23:00:00", "2026-10-25T06:00:00"), ("2026-10-25T05:30:00", "2026-10-25T06:00:00"),
    ("2026-10-25T23:00:00", "2026-10-26T06:00:00"), ("2026-10-26T06:30:00", None),
])  # fmt: skip
def test_a_night_ends_when_the_clock_says_so_also_where_it_is_moved(now, until):
    assert sleeps_until("22:00", "06:00", now) == (None if until is None else at(until))


def test_quiet_hours_that_the_clock_leaves_out_are_no_whole_day():
    assert sleeps_until("02:00", "03:00", "2026-03-29T12:00:00") is None
    assert sleeps_until("02:00", "03:00", "2026-03-30T02:30:00") == at("2026-03-30T03:00:00")
