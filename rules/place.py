"""Where and when: the local time of day and the height of the sun, for rules that ask for them."""

from bisect import bisect_left
from datetime import datetime, timedelta
from math import inf, nextafter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from foundation import sun

DAY_S = 86400.0
IN_PASSING = 1e-7
"""Of the time that a clock leaves out: so long it takes there, that what lies in it keeps its order."""
LAST_S = 0.001
"""What comes at the end of a day comes so long before midnight: what comes at midnight comes after it."""


class Clock(NamedTuple):
    """The clock on the wall during one local day, of 23 or 25 hours where it is moved.

    Each time of day comes just once: what is left out when clocks go forward comes as they are moved, what is shown
    twice when they go back comes the first time. Times of day are seconds that the clock shows, moments are farm time.
    """

    midnight_s: float = 0.0
    next_midnight_s: float = 0.0
    moved_s: float = inf
    """When it is moved."""
    by_s: float = 0.0
    """How far it is put forward; back, if negative."""

    def day_s(self, now_s: float) -> float:
        """The time of day at a moment. It never goes back: a time that is shown again is the last one before it."""
        elapsed_s = now_s - self.midnight_s
        if now_s < self.moved_s:
            return elapsed_s
        return max(elapsed_s + self.by_s, nextafter(self.moved_s - self.midnight_s, 0.0))

    def moment_s(self, day_s: float) -> float:
        """When a time of day comes."""
        moment_s = self.midnight_s + day_s
        if moment_s < self.moved_s:
            return moment_s
        # from 02:00 to 03:00 is short where that hour is left out, but no day that begins and ends at once
        left_out_s = max(min(moment_s - self.moved_s, self.by_s), 0.0)
        passing_s = min(self.moved_s, self.next_midnight_s - LAST_S) + IN_PASSING * left_out_s
        return max(moment_s - self.by_s, passing_s)

    def moments_s(self, day_s: float) -> tuple[float, ...]:
        """When it is shown: twice, as the clock is put back."""
        first_s = self.moment_s(day_s)
        is_again = self.moved_s + self.by_s <= first_s < self.moved_s
        return (first_s, first_s - self.by_s) if is_again else (first_s,)


def clock_of(now_s: float, zone: ZoneInfo) -> Clock:
    """The clock of the local day that `now_s` lies in."""
    # fold 0: where clocks go back at midnight, the day begins with the first of its two midnights
    midnight = datetime.fromtimestamp(now_s, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    begins_s, ends_s = midnight.timestamp(), (midnight + timedelta(days=1)).timestamp()
    by_s = DAY_S - (ends_s - begins_s)
    if by_s == 0.0:
        return Clock(begins_s, ends_s)
    naive = midnight.replace(tzinfo=None)

    def is_moved(second: int) -> bool:
        shown = datetime.fromtimestamp(begins_s + second, zone).replace(tzinfo=None) - naive
        return shown.total_seconds() - second == by_s

    moved_s = begins_s + bisect_left(range(int(ends_s - begins_s)), True, key=is_moved)
    return Clock(begins_s, ends_s, moved_s, by_s)


class Place:
    """One place on earth. Remembers the day it was asked for last: a pure function that remembers."""

    def __init__(self, timezone: str, latitude: float, longitude: float) -> None:
        self._zone = ZoneInfo(timezone)
        self._latitude, self._longitude = latitude, longitude
        self._clock = Clock()

    def day_s(self, now_s: float) -> float:
        """Seconds since midnight by the clock on the wall, from 0 on and below 86 400; see `Clock`."""
        return self._clock_at(now_s).day_s(now_s)

    def midnight_s(self, now_s: float) -> float:
        """When the local day began."""
        return self._clock_at(now_s).midnight_s

    def _clock_at(self, now_s: float) -> Clock:
        if not self._clock.midnight_s <= now_s < self._clock.next_midnight_s:
            self._clock = clock_of(now_s, self._zone)
        return self._clock

    def sun_degrees(self, now_s: float) -> float:
        """Height of the sun above the horizon; negative at night."""
        return float(sun.elevation_degrees(now_s, self._latitude, self._longitude))
