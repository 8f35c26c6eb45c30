"""A typical year: 8760 hours that come again every year, whatever format they were read from."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import floor
from pathlib import Path

from simulator.plants.plant import Weather
from simulator.weather_files import WeatherFileError, between

YEAR_HOURS = 8760
_HOUR_S = 3600.0


class TypicalYear:
    """Hours joined by straight lines, the last to the first; 29 February is 28 February again.

    `hours[k]` holds k hours after the first midnight of the year by the file's own clock, which runs `zone_s` before
    UTC and knows no summer time; its radiation belongs `light_s` later: -1800 s for the mean of the hour that ends
    there. `soil_c` are twelve months, each in its middle; without them the deep ground is as warm as the year's air.
    """

    def __init__(
        self, hours: Sequence[Weather], zone_s: float, light_s: float, soil_c: Sequence[float] | None = None
    ) -> None:
        if len(hours) != YEAR_HOURS:
            raise ValueError(f"{len(hours)} hours, wanted a year of {YEAR_HOURS}")
        self._hours = hours
        self._zone_s = zone_s
        self._light_s = light_s
        self._soil_c = soil_c or [sum(hour.air_c for hour in hours) / YEAR_HOURS] * 12
        self._index: int | None = None
        self._pair = (hours[0], hours[1])
        self._light_index: int | None = None
        self._light_pair = (0.0, 0.0)

    def at(self, farm_time_s: float) -> Weather:
        local_s = farm_time_s + self._zone_s
        place = local_s / _HOUR_S
        index = floor(place)
        if index != self._index:
            self._pair = (self._hour(index), self._hour(index + 1))
            self._index = index
        light_place = (local_s - self._light_s) / _HOUR_S
        light_index = floor(light_place)
        if light_index != self._light_index:
            self._light_pair = (self._light(light_index), self._light(light_index + 1))
            self._light_index = light_index
        sky = between(*self._pair, place - index)
        share = light_place - light_index
        was, then = self._light_pair
        return replace(sky, global_radiation_w_m2=(1.0 - share) * was + share * then)

    def _hour(self, index: int) -> Weather:
        return replace(self._hours[self._row(index)], soil_c=self._soil_at(index))

    def _light(self, index: int) -> float:
        return self._hours[self._row(index)].global_radiation_w_m2

    def _row(self, index: int) -> int:
        """Which hour of the year holds `index` hours after the epoch: a midnight belongs to the day that it ends."""
        began = datetime.fromtimestamp((index - 1) * _HOUR_S, UTC)
        day = 28 if (began.month, began.day) == (2, 29) else began.day
        slot = (date(2001, began.month, day).timetuple().tm_yday - 1) * 24 + began.hour
        return (slot + 1) % YEAR_HOURS

    def _soil_at(self, index: int) -> float:
        local = datetime.fromtimestamp(index * _HOUR_S, UTC)
        place = local.month - 1 + (local.day - 15.5) / 30.5
        month = floor(place)
        share = place - month
        return (1.0 - share) * self._soil_c[month % 12] + share * self._soil_c[(month + 1) % 12]


def check_order(path: Path, found: Sequence[tuple[int, tuple[int, int, int]]], first_hour: int) -> None:
    """Hold (line, (month, day, hour)) of every row against a year without leap day whose days begin with the hour
    `first_hour`, 0 or 1: the place of a row is all that tells its time. Raises WeatherFileError."""
    for (line, (month, day, hour)), wanted in zip(found, _calendar(first_hour), strict=False):
        if (month, day, hour) != wanted:
            raise WeatherFileError(
                f"{path}:{line}: is {month:02}-{day:02} hour {hour}, wanted {wanted[0]:02}-{wanted[1]:02} hour "
                f"{wanted[2]}: a typical year has one row an hour, from 1 January on"
            )
    if len(found) != YEAR_HOURS:
        line = found[-1][0] if found else 1
        raise WeatherFileError(f"{path}:{line}: {len(found)} hours, wanted a year of {YEAR_HOURS}")


def _calendar(first_hour: int) -> Iterator[tuple[int, int, int]]:
    for days in range(365):
        day = date(2001, 1, 1) + timedelta(days)
        for hour in range(first_hour, first_hour + 24):
            yield day.month, day.day, hour
