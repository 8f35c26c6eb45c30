"""Where and when: the local time of day and the height of the sun, for rules that ask for them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from foundation import sun


class Place:
    """One place on earth. Remembers the day it was asked for last: a pure function that remembers."""

    def __init__(self, timezone: str, latitude: float, longitude: float) -> None:
        self._zone = ZoneInfo(timezone)
        self._latitude, self._longitude = latitude, longitude
        self._midnight_s = self._next_midnight_s = 0.0

    def day_s(self, now_s: float) -> float:
        """Seconds since local midnight, 0 to 86 400 (one hour more or less where clocks are moved)."""
        if not self._midnight_s <= now_s < self._next_midnight_s:
            # fold 0: where clocks go back at midnight, the day begins with the first of its two midnights
            begun = datetime.fromtimestamp(now_s, self._zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
            self._midnight_s, self._next_midnight_s = begun.timestamp(), (begun + timedelta(days=1)).timestamp()
        return now_s - self._midnight_s

    def sun_degrees(self, now_s: float) -> float:
        """Height of the sun above the horizon; negative at night."""
        return float(sun.elevation_degrees(now_s, self._latitude, self._longitude))
