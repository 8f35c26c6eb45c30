"""The weather over a simulated farm: days made from a seed, or one sky that never changes.

Files of measured weather are read by `simulator.weather_files`. A source can be asked for any moment in any order
and always says the same; it keeps the last few minutes it worked out, nothing else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from math import cos, floor, log, pi, sqrt
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from foundation.air import saturation_vapour_pressure_pa
from foundation.sun import clear_sky_w_m2
from simulator.plants.plant import Weather


class WeatherSource(Protocol):
    def at(self, farm_time_s: float) -> Weather: ...


@dataclass(frozen=True, slots=True)
class Steady:
    """One sky for ever."""

    weather: Weather

    def at(self, farm_time_s: float) -> Weather:
        return self.weather


def sky_c(air_c: float, cloud: float) -> float:
    """Radiating temperature of the sky: Swinbank's clear sky, towards air temperature by the cloud fraction."""
    kelvin = air_c + 273.15
    clear = 0.0552 * kelvin * sqrt(kelvin) - 273.15
    return clear + (air_c - clear) * cloud


class Wander:
    """A first-order autoregressive wander around 0 with standard deviation 1, a function of seed and time alone.

    Each knot is a weighted sum of the last hashed shocks, so no knot needs the one before it.
    """

    def __init__(self, seed: int, channel: int, knot_s: float, memory: float) -> None:
        self._key = _mixed(_mixed(seed & _WORD) ^ channel)
        self._knot_s = knot_s
        taps = 1 + round(log(0.03) / log(memory))
        size = sqrt(sum(memory ** (2 * age) for age in range(taps)))
        self._weights = [memory**age / size for age in range(taps)]
        self._shocks: dict[int, float] = {}
        self._index: int | None = None
        self._from = 0.0
        self._to = 0.0

    def at(self, time_s: float) -> float:
        place = time_s / self._knot_s
        index = floor(place)
        if index != self._index:
            self._from = self._to if self._index == index - 1 else self._knot(index)
            self._to = self._knot(index + 1)
            self._index = index
        return self._from + (self._to - self._from) * (place - index)

    def _knot(self, index: int) -> float:
        shocks = self._shocks
        if len(shocks) > 500:
            shocks.clear()
        total = 0.0
        for weight in self._weights:
            shock = shocks.get(index)
            if shock is None:
                shock = shocks[index] = _shock(self._key, index)
            total += weight * shock
            index -= 1
        return total


_WORD = (1 << 64) - 1


def _mixed(word: int) -> int:
    """The finaliser of splitmix64: one bit in, half the bits out."""
    word = (word + 0x9E3779B97F4A7C15) & _WORD
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _WORD
    return word ^ (word >> 31)


def _shock(key: int, index: int) -> float:
    """Nearly normal, within 3.5: four uniform numbers of 16 bits."""
    word = _mixed(key ^ (index & _WORD))
    total = (word & 0xFFFF) + (word >> 16 & 0xFFFF) + (word >> 32 & 0xFFFF) + (word >> 48)
    return (total / 65535.0 - 2.0) * sqrt(3.0)


@dataclass(frozen=True, slots=True)
class Climate:
    """What makes a design day. `air_c` and `wind_m_s` take the hour of the local clock, 0 to 24."""

    air_c: Callable[[float], float]
    wind_m_s: Callable[[float], float]
    dew_below_air_k: float
    """How far the dew point lies under the coldest hour."""
    cloud: float
    cloud_spread: float
    air_spread_k: float
    """Standard deviation of the hours-long wander of temperature."""
    gustiness: float
    """Standard deviation of the wind over its mean."""
    soil_c: float
    rain_above: float = 2.0
    """Cloud fraction above which it rains; 2 for never."""


def _swing(low_c: float, high_c: float) -> Callable[[float], float]:
    """Coldest at 5, warmest at 14 o'clock."""

    def air_c(hour: float) -> float:
        share = (hour - 5.0) / 9.0 if 5.0 <= hour < 14.0 else 1.0 + ((hour - 14.0) % 24.0) / 15.0
        return low_c + (high_c - low_c) * 0.5 * (1.0 - cos(pi * share))

    return air_c


def _through(*points: tuple[float, float]) -> Callable[[float], float]:
    """Straight lines through (hour, value), the last joined to the first over midnight."""
    line = [(points[-1][0] - 24.0, points[-1][1]), *points, (points[0][0] + 24.0, points[0][1])]

    def value(hour: float) -> float:
        for (start, low), (end, high) in pairwise(line):
            if start <= hour <= end:
                return low + (high - low) * (hour - start) / (end - start)
        return line[-1][1]

    return value


CLIMATES: Mapping[str, Climate] = {
    "sun_and_cold_night": Climate(
        _swing(-2.0, 12.0), _through((5.0, 1.5), (14.0, 4.0)), 1.0, 0.04, 0.03, 0.4, 0.25, 10.0
    ),
    # control.md S01: 4 to -12 degC in three hours of the night
    "cold_front": Climate(
        _through((0.0, -12.0), (6.0, -12.0), (15.0, 4.0), (21.0, 4.0)),
        _through((0.0, 7.0), (6.0, 4.0), (18.0, 4.0), (21.0, 9.0)),
        1.5, 0.35, 0.2, 0.4, 0.3, 6.0,
    ),
    # control.md S07: 35 degC with a hot wind of 13 to 15 m/s from 11 to 15 o'clock
    "heat_wave": Climate(
        _swing(24.0, 35.0),
        _through((9.5, 3.0), (11.0, 13.5), (13.0, 14.5), (15.0, 13.5), (16.5, 4.0)),
        3.0, 0.03, 0.03, 0.4, 0.06, 22.0,
    ),
    "storm": Climate(
        _swing(7.0, 12.0),
        _through((0.0, 9.0), (6.0, 12.0), (12.0, 18.0), (18.0, 14.0)),
        0.5, 0.9, 0.12, 0.8, 0.25, 11.0, rain_above=0.85,
    ),
    "dull_week": Climate(
        _swing(5.0, 9.0), _through((5.0, 2.5), (14.0, 4.0)), 0.5, 0.93, 0.06, 1.0, 0.3, 10.0, rain_above=0.97
    ),
}  # fmt: skip


def design_day(name: str, seed: int, latitude: float, longitude: float, timezone: str) -> "DesignDay":
    """A source that is this kind of day on every date, under the sun of that date and place.

    `name` is one of CLIMATES, `timezone` an IANA name such as Asia/Shanghai; anything else is a ValueError.
    """
    if name not in CLIMATES:
        raise ValueError(f"there is no design day '{name}'; there are: {', '.join(CLIMATES)}")
    if not -90.0 <= latitude <= 90.0 or not -180.0 <= longitude <= 180.0:
        raise ValueError(f"there is no place at latitude {latitude}, longitude {longitude}")
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"there is no time zone '{timezone}'") from error
    return DesignDay(CLIMATES[name], seed, latitude, longitude, zone)


@dataclass(frozen=True, slots=True)
class _Knot:
    """What changes slowly, at one moment."""

    air_c: float
    relative_humidity: float
    wind_m_s: float
    clear_w_m2: float
    wind_from_degrees: float


class DesignDay:
    """Sun, temperature and mean wind are worked out every quarter of an hour and joined by straight lines; clouds
    and squalls pass within minutes, gusts within half a minute."""

    _KNOT_S = 900.0

    def __init__(self, climate: Climate, seed: int, latitude: float, longitude: float, zone: ZoneInfo) -> None:
        self._climate = climate
        self._latitude = latitude
        self._longitude = longitude
        self._zone = zone
        self._dew_c = min(climate.air_c(quarter / 4.0) for quarter in range(96)) - climate.dew_below_air_k
        self._air = Wander(seed, 1, 3600.0, 0.9)
        self._cloud = Wander(seed, 2, 300.0, 0.9)
        self._gust = Wander(seed, 3, 30.0, 0.4)
        self._squall = Wander(seed, 4, 300.0, 0.8)
        self._turn = Wander(seed, 5, 1800.0, 0.95)
        self._index: int | None = None
        self._from = self._to = _Knot(0.0, 0.0, 0.0, 0.0, 0.0)

    def at(self, farm_time_s: float) -> Weather:
        place = farm_time_s / self._KNOT_S
        index = floor(place)
        if index != self._index:
            self._from = self._to if self._index == index - 1 else self._knot(index)
            self._to = self._knot(index + 1)
            self._index = index
        share = place - index
        rest = 1.0 - share
        was, then, climate = self._from, self._to, self._climate
        air_c = rest * was.air_c + share * then.air_c
        cloud = min(1.0, max(0.0, climate.cloud + climate.cloud_spread * self._cloud.at(farm_time_s)))
        gust = 0.8 * self._gust.at(farm_time_s) + 0.6 * self._squall.at(farm_time_s)
        return Weather(
            air_c=air_c,
            relative_humidity=rest * was.relative_humidity + share * then.relative_humidity,
            wind_m_s=(rest * was.wind_m_s + share * then.wind_m_s) * max(0.1, 1.0 + climate.gustiness * gust),
            # Kasten and Czeplak 1980
            global_radiation_w_m2=(rest * was.clear_w_m2 + share * then.clear_w_m2) * (1.0 - 0.75 * cloud**3.4),
            sky_c=sky_c(air_c, cloud),
            soil_c=climate.soil_c,
            rain=cloud > climate.rain_above,
            wind_from_degrees=was.wind_from_degrees,
        )

    def _knot(self, index: int) -> _Knot:
        time_s = index * self._KNOT_S
        climate = self._climate
        clock = datetime.fromtimestamp(time_s, UTC).astimezone(self._zone)
        hour = clock.hour + clock.minute / 60.0 + clock.second / 3600.0
        drift = climate.air_spread_k * self._air.at(time_s)
        air_c = climate.air_c(hour) + drift
        dew_c = min(air_c, self._dew_c + drift)
        return _Knot(
            air_c=air_c,
            relative_humidity=saturation_vapour_pressure_pa(dew_c) / saturation_vapour_pressure_pa(air_c),
            wind_m_s=climate.wind_m_s(hour),
            clear_w_m2=clear_sky_w_m2(time_s, self._latitude, self._longitude),
            wind_from_degrees=(270.0 + 30.0 * self._turn.at(time_s)) % 360.0,
        )
