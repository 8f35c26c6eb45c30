"""The weather over a simulated farm: days made from a seed, or one sky that never changes.

A whole year is made by `simulator.weather_synthetic`; measured weather is read by `simulator.weather_epw`,
`weather_tmy` and `weather_csv`. A source can be asked for any moment in any order and always says the same; it keeps
the last few minutes it worked out, nothing else.
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
class Knot:
    """What changes slowly, at one moment; clouds and gusts pass over it."""

    air_c: float
    relative_humidity: float
    """0 to 1."""
    wind_m_s: float
    clear_w_m2: float
    """What a clear sky would give."""
    wind_from_degrees: float
    cloud: float
    """Mean fraction of the sky; below 0 or above 1 it takes more for a gap or a cloud."""
    cloud_spread: float
    gustiness: float
    """Standard deviation of the wind over its mean."""
    soil_c: float
    rain_above: float
    """Cloud above which it rains."""


class MadeWeather:
    """Slow things are worked out every quarter of an hour by `knot_at` (farm time in s) and joined by straight lines;
    clouds and squalls pass within minutes, gusts within half a minute."""

    _KNOT_S = 900.0

    def __init__(self, knot_at: Callable[[float], Knot], seed: int) -> None:
        self._knot_at = knot_at
        self._cloud = Wander(seed, 2, 300.0, 0.9)
        self._gust = Wander(seed, 3, 30.0, 0.4)
        self._squall = Wander(seed, 4, 300.0, 0.8)
        self._index: int | None = None
        self._pair: tuple[Knot, Knot] | None = None

    def at(self, farm_time_s: float) -> Weather:
        place = farm_time_s / self._KNOT_S
        index = floor(place)
        if index != self._index or self._pair is None:
            was = self._pair[1] if self._pair and self._index == index - 1 else self._knot_at(index * self._KNOT_S)
            self._pair = (was, self._knot_at((index + 1) * self._KNOT_S))
            self._index = index
        was, then = self._pair
        share = place - index
        rest = 1.0 - share
        air_c = rest * was.air_c + share * then.air_c
        cloudy = rest * was.cloud + share * then.cloud + was.cloud_spread * self._cloud.at(farm_time_s)
        cloud = min(1.0, max(0.0, cloudy))
        gust = 0.8 * self._gust.at(farm_time_s) + 0.6 * self._squall.at(farm_time_s)
        return Weather(
            air_c=air_c,
            relative_humidity=rest * was.relative_humidity + share * then.relative_humidity,
            wind_m_s=(rest * was.wind_m_s + share * then.wind_m_s) * max(0.1, 1.0 + was.gustiness * gust),
            global_radiation_w_m2=(rest * was.clear_w_m2 + share * then.clear_w_m2) * let_through(cloud),
            sky_c=sky_c(air_c, cloud),
            soil_c=was.soil_c,
            rain=cloudy > was.rain_above,
            wind_from_degrees=was.wind_from_degrees,
        )


def let_through(cloud: float) -> float:
    """Share of a clear sky's radiation under clouds. Kasten and Czeplak 1980."""
    return 1.0 - 0.75 * float(cloud**3.4)


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


def swing(low_c: float, high_c: float) -> Callable[[float], float]:
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
        swing(-2.0, 12.0), _through((5.0, 1.5), (14.0, 4.0)), 1.0, 0.04, 0.03, 0.4, 0.25, 10.0
    ),
    "mild_sun": Climate(swing(8.0, 21.0), _through((5.0, 1.0), (14.0, 3.5)), 1.5, 0.1, 0.08, 0.4, 0.25, 14.0),
    # control.md S01: 4 to -12 degC in three hours of the night
    "cold_front": Climate(
        _through((0.0, -12.0), (6.0, -12.0), (15.0, 4.0), (21.0, 4.0)),
        _through((0.0, 7.0), (6.0, 4.0), (18.0, 4.0), (21.0, 9.0)),
        1.5, 0.35, 0.2, 0.4, 0.3, 6.0,
    ),
    # control.md S07: 35 degC with a hot wind of 13 to 15 m/s from 11 to 15 o'clock
    "heat_wave": Climate(
        swing(24.0, 35.0),
        _through((9.5, 3.0), (11.0, 13.5), (13.0, 14.5), (15.0, 13.5), (16.5, 4.0)),
        3.0, 0.03, 0.03, 0.4, 0.06, 22.0,
    ),
    "storm": Climate(
        swing(7.0, 12.0),
        _through((0.0, 9.0), (6.0, 12.0), (12.0, 18.0), (18.0, 14.0)),
        0.5, 0.9, 0.12, 0.8, 0.25, 11.0, rain_above=0.85,
    ),
    "dull_week": Climate(
        swing(5.0, 9.0), _through((5.0, 2.5), (14.0, 4.0)), 0.5, 0.93, 0.06, 1.0, 0.3, 10.0, rain_above=0.97
    ),
}  # fmt: skip


def design_day(name: str, seed: int, latitude: float, longitude: float, timezone: str) -> MadeWeather:
    """A source that is this kind of day on every date, under the sun of that date and place.

    `name` is one of CLIMATES, `timezone` an IANA name such as Asia/Shanghai; anything else is a ValueError.
    """
    if name not in CLIMATES:
        raise ValueError(f"there is no design day '{name}'; there are: {', '.join(CLIMATES)}")
    zone = checked_zone(latitude, longitude, timezone)
    climate = CLIMATES[name]
    driest_c = min(climate.air_c(quarter / 4.0) for quarter in range(96)) - climate.dew_below_air_k
    air, turn = Wander(seed, 1, 3600.0, 0.9), Wander(seed, 5, 1800.0, 0.95)

    def knot_at(time_s: float) -> Knot:
        hour = local_hour(time_s, zone)
        drift = climate.air_spread_k * air.at(time_s)
        air_c = climate.air_c(hour) + drift
        dew_c = min(air_c, driest_c + drift)
        return Knot(
            air_c=air_c,
            relative_humidity=saturation_vapour_pressure_pa(dew_c) / saturation_vapour_pressure_pa(air_c),
            wind_m_s=climate.wind_m_s(hour),
            clear_w_m2=clear_sky_w_m2(time_s, latitude, longitude),
            wind_from_degrees=(270.0 + 30.0 * turn.at(time_s)) % 360.0,
            cloud=climate.cloud,
            cloud_spread=climate.cloud_spread,
            gustiness=climate.gustiness,
            soil_c=climate.soil_c,
            rain_above=climate.rain_above,
        )

    return MadeWeather(knot_at, seed)


def checked_zone(latitude: float, longitude: float, timezone: str) -> ZoneInfo:
    """The time zone of a place. ValueError for what is on no map."""
    if not -90.0 <= latitude <= 90.0 or not -180.0 <= longitude <= 180.0:
        raise ValueError(f"there is no place at latitude {latitude}, longitude {longitude}")
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"there is no time zone '{timezone}'") from error


def local_hour(time_s: float, zone: ZoneInfo) -> float:
    """Hour of the local clock, 0 to 24."""
    clock = datetime.fromtimestamp(time_s, UTC).astimezone(zone)
    return clock.hour + clock.minute / 60.0 + clock.second / 3600.0
