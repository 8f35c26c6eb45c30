"""The farm's day: local midnight, sunrise and sunset around a moment of farm time."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

from edge_config.model.values import DayTime
from foundation import sun
from rules.place import LAST_S, Clock, clock_of


class Day(NamedTuple):
    """One local day; all farm time. Where the sun does not set, it rises at midnight and sets as the day ends; where it
    does not rise, it does both when it is highest."""

    midnight_s: float
    next_midnight_s: float
    sunrise_s: float
    sunset_s: float
    clock: Clock = Clock()

    def moment(self, when: DayTime) -> float:
        """When a time of day falls on this day; by the clock on the wall, also where that is moved."""
        if when.anchor == "sunrise":
            return self.sunrise_s + when.offset_s
        if when.anchor == "sunset":
            return self.sunset_s + when.offset_s
        return self.clock.moment_s(when.offset_s)


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
        clock = clock_of(now_s, self._zone)
        noon_s, latitude, longitude = (clock.midnight_s + clock.next_midnight_s) / 2, self._latitude, self._longitude
        rise_s, down_s = sun.sunrise_s(noon_s, latitude, longitude), sun.sunset_s(noon_s, latitude, longitude)
        if rise_s is None or down_s is None:
            if sun.day_length_h(noon_s, latitude, longitude) > 0.0:
                begins_s, ends_s = clock.midnight_s, clock.next_midnight_s - LAST_S
            else:
                begins_s = ends_s = sun.noon_s(noon_s, latitude, longitude)
            rise_s, down_s = begins_s if rise_s is None else rise_s, ends_s if down_s is None else down_s
        return Day(clock.midnight_s, clock.next_midnight_s, rise_s, down_s, clock)
