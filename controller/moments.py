"""Moments as people write them: `2026-03-20 03:12`, `03:12` for the last time it was that late, or milliseconds."""

import re
from datetime import datetime
from math import floor
from zoneinfo import ZoneInfo

from rules.place import clock_of

LONGEST = 40
FIRST_S, LAST_S = 0.0, 7.2e9
"""1970 to 2198: no farm has a moment outside."""
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_MILLISECONDS = re.compile(r"\d{12,14}")


class MomentError(ValueError):
    """No moment that can be read."""


def moment_s(text: str, timezone: str, now_s: float) -> float:
    """Farm time of `text`, in the site's time zone unless it names its own. Raises MomentError."""
    written, zone = text.strip()[:LONGEST], ZoneInfo(timezone)
    if (clock := _CLOCK.fullmatch(written)) is not None:
        hour, minute, second = (int(part or 0) for part in clock.groups())
        return _last_s(hour * 3600.0 + minute * 60.0 + second, zone, now_s)
    try:
        if _MILLISECONDS.fullmatch(written):
            time_s = int(written) / 1000.0
        else:
            moment = datetime.fromisoformat(written)
            time_s = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        raise MomentError(text) from None
    if len(text.strip()) > LONGEST or not FIRST_S < time_s < LAST_S:
        raise MomentError(text)
    return time_s


def _last_s(day_s: float, zone: ZoneInfo, now_s: float) -> float:
    """When the clock on the wall last showed a time of day."""
    today = clock_of(now_s, zone)
    days = clock_of(today.midnight_s - 1.0, zone), today
    # whole seconds are written: what the clock left out came as it was moved
    moments = [floor(one) for day in days for one in day.moments_s(day_s)]
    return float(max(one for one in moments if one <= now_s))


def spelled(time_s: float | None, timezone: str) -> str:
    """Local date and time, `–` where there is none."""
    return "–" if time_s is None else f"{datetime.fromtimestamp(time_s, ZoneInfo(timezone)):%Y-%m-%d %H:%M:%S}"
