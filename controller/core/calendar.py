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
        never = Day(0.0, 0.0, 0.0, 0.0)
        self._around = (never, never, never, never)

    def day(self, now_s: float) -> Day:
        """The local day that `now_s` lies in."""
        today = self._around[2]
        if not today.midnight_s <= now_s < today.next_midnight_s:
            today = self._day_of(now_s)
            yesterday = self._day_of(today.midnight_s - 1.0)
            before = self._day_of(yesterday.midnight_s - 1.0)
            self._around = (before, yesterday, today, self._day_of(today.next_midnight_s))
        return today

    def around(self, now_s: float) -> tuple[Day, Day, Day, Day]:
        """From the day before yesterday to tomorrow: what the sun moves over midnight may be theirs."""
        self.day(now_s)
        return self._around

    def _day_of(self, now_s: float) -> Day:
        # fold 0: where clocks go back at midnight, the day begins with the first of its two midnights
        midnight = datetime.fromtimestamp(now_s, self._zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        start, end = midnight.timestamp(), (midnight + timedelta(days=1)).timestamp()
        noon = (start + end) / 2
        rise = sun.sunrise_s(noon, self._latitude, self._longitude)
        down = sun.sunset_s(noon, self._latitude, self._longitude)
        return Day(start, end, noon if rise is None else rise, noon if down is None else down)
