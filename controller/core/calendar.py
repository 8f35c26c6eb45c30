"""The farm's day: local midnight, sunrise and sunset around a moment of farm time."""

from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from edge_config.model.values import DayTime
from foundation import sun


class Day(NamedTuple):
    """One local day; all farm time. Where the sun does not rise or set, sunrise and sunset are both at local noon."""

    midnight_s: float
    next_midnight_s: float
    sunrise_s: float
    sunset_s: float

    def moment(self, when: DayTime) -> float:
        """When a time of day falls on this day. Clock times count from midnight, also on a day of 23 or 25 hours."""
        if when.anchor == "sunrise":
            return self.sunrise_s + when.offset_s
        if when.anchor == "sunset":
            return self.sunset_s + when.offset_s
        return self.midnight_s + when.offset_s


class Calendar:
    """Days of one place. Keeps the last few: a pure function that remembers."""

    def __init__(self, timezone: str, latitude: float, longitude: float) -> None:
        self._zone = ZoneInfo(timezone)
        self._latitude, self._longitude = latitude, longitude
        self._last = Day(0.0, 0.0, 0.0, 0.0)

    def day(self, now_s: float) -> Day:
        """The local day that `now_s` lies in."""
        last = self._last
        if last.midnight_s <= now_s < last.next_midnight_s:
            return last
        local = datetime.fromtimestamp(now_s, self._zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        tomorrow = midnight + timedelta(days=1)
        start, end = midnight.timestamp(), tomorrow.timestamp()
        noon = (start + end) / 2
        rise = sun.sunrise_s(noon, self._latitude, self._longitude)
        down = sun.sunset_s(noon, self._latitude, self._longitude)
        self._last = Day(start, end, noon if rise is None else rise, noon if down is None else down)
        return self._last

    def day_before(self, day: Day) -> Day:
        """The day that ends where `day` begins."""
        kept = self._last
        before = self.day(day.midnight_s - 3600.0)
        self._last = kept
        return before
