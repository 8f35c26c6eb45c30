"""A year that nobody measured, made from twelve monthly means and a seed.

The day swings between the month's mean minimum and maximum, less under clouds; warm and cold spells of days wander
about it. Clouds come and go in days and in hours, just as often that the month's radiation follows from its sunshine.
Files stand in `simulator/climates`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from pathlib import PurePath
from statistics import NormalDist
from typing import Any

import yaml

from foundation.air import dew_point_c, saturation_vapour_pressure_pa
from foundation.sun import clear_sky_w_m2
from simulator.weather import Knot, MadeWeather, Wander, checked_zone, let_through, local_hour, swing

OfDay = Callable[[float], float]

_MONTHS: Mapping[str, tuple[float, float]] = {
    "high_c": (-60.0, 60.0),
    "low_c": (-60.0, 60.0),
    "humidity_percent": (1.0, 100.0),
    "sunshine_percent": (0.0, 100.0),
    "rain_days": (0.0, 31.0),
    "wind_m_s": (0.0, 30.0),
}
"""What a climate says of each month, and its range."""
_MONTH_DAYS = 365.25 / 12.0
_CLOUD_SPREAD = 0.5
_RAIN_SHARE = 0.25
"""estimate: how much of a rainy day it rains."""
_DAY_S = 86400.0
_SOIL_DEPTH_M, _DAMPING_M = 2.0, 2.22
"""Depth of the ground's temperature, and how deep a year's wave goes (../shared/physics.md, row SOI002)."""


class ClimateError(ValueError):
    """A climate that is not there or cannot be; names the file and the key."""


def climate_names() -> list[str]:
    """Every climate that comes with the simulator, without its ending."""
    found = (PurePath(entry.name) for entry in resources.files("simulator.climates").iterdir())
    return sorted(path.stem for path in found if path.suffix == ".yaml")


def synthetic_year(name: str, seed: int, latitude: float, longitude: float, timezone: str) -> MadeWeather:
    """Weather of every day of any year, under the sun of that place; another year goes on where one ends.

    `name` is one of climate_names(). Raises ClimateError, and ValueError for a place that is on no map.
    """
    zone = checked_zone(latitude, longitude, timezone)
    climate = _climate(name)
    shape = swing(-1.0, 1.0)
    spell, cloudy_days = Wander(seed, 11, _DAY_S, 0.65), Wander(seed, 12, _DAY_S, 0.4)
    windy_days, turn = Wander(seed, 13, _DAY_S / 2.0, 0.4), Wander(seed, 5, 1800.0, 0.95)

    def knot_at(time_s: float) -> Knot:
        day = _day_of_year(time_s)
        high, low, clouding = climate.high_c(day), climate.low_c(day), cloudy_days.at(time_s)
        rhythm = shape(local_hour(time_s, zone))
        drift_k = climate.spread_k * spell.at(time_s)
        swing_k = (high - low) / 2.0 * max(0.3, 1.0 - 0.35 * clouding)
        air_c = (high + low) / 2.0 + swing_k * rhythm + drift_k
        moist_c = min(air_c, climate.dew_c(day) + 0.8 * drift_k + 2.5 * clouding)
        return Knot(
            air_c=air_c,
            relative_humidity=saturation_vapour_pressure_pa(moist_c) / saturation_vapour_pressure_pa(air_c),
            wind_m_s=climate.wind_m_s(day) * (1.0 + 0.35 * rhythm) * math.exp(0.4 * windy_days.at(time_s) - 0.08),
            clear_w_m2=clear_sky_w_m2(time_s, latitude, longitude),
            wind_from_degrees=(270.0 + 60.0 * turn.at(time_s)) % 360.0,
            cloud=climate.cloud_mean(day) + 0.8 * _CLOUD_SPREAD * clouding,
            cloud_spread=0.6 * _CLOUD_SPREAD,
            gustiness=0.3,
            soil_c=climate.soil_c(day),
            rain_above=climate.rain_above(day),
        )

    return MadeWeather(knot_at, seed)


@dataclass(frozen=True, slots=True)
class _Climate:
    """What a month is like, by day of the year."""

    high_c: OfDay
    low_c: OfDay
    dew_c: OfDay
    wind_m_s: OfDay
    cloud_mean: OfDay
    rain_above: OfDay
    soil_c: OfDay
    spread_k: float


@lru_cache(maxsize=8)
def _climate(name: str) -> _Climate:
    months, spread_k = read_months(name)
    mean_c = [(high + low) / 2.0 for high, low in zip(months["high_c"], months["low_c"], strict=True)]
    dew_c = [dew_point_c(air, percent) for air, percent in zip(mean_c, months["humidity_percent"], strict=True)]
    clouds = [cloud_for(percent / 100.0) for percent in months["sunshine_percent"]]
    rain_above = [
        cloud + _CLOUD_SPREAD * NormalDist().inv_cdf(1.0 - max(1e-6, _RAIN_SHARE * days / _MONTH_DAYS))
        for cloud, days in zip(clouds, months["rain_days"], strict=True)
    ]
    return _Climate(
        high_c=_through_the_year(months["high_c"]),
        low_c=_through_the_year(months["low_c"]),
        dew_c=_through_the_year(dew_c),
        wind_m_s=_through_the_year(months["wind_m_s"]),
        cloud_mean=_through_the_year(clouds),
        rain_above=_through_the_year(rain_above),
        soil_c=_ground(mean_c),
        spread_k=spread_k,
    )


def cloud_for(sunshine: float) -> float:
    """Mean cloud (before it is cut to 0 and 1) under which the radiation is what Angstrom's line gives for this share
    of the possible sunshine, 0 to 1: (0.25 + 0.5 s) / 0.75 of a clear sky's (Allen et al. 1998, FAO 56, eq. 35)."""
    wanted = (0.25 + 0.5 * sunshine) / 0.75
    clearest, darkest = -3.0, 4.0
    for _ in range(50):
        middle = (clearest + darkest) / 2.0
        if _let_through_on_average(middle) > wanted:
            clearest = middle
        else:
            darkest = middle
    return clearest


def _let_through_on_average(cloud: float) -> float:
    """Over clouds that are spread normally about a mean and cut to 0 and 1."""
    steps = 120
    total = weights = 0.0
    for step in range(steps + 1):
        deviate = -4.0 + 8.0 * step / steps
        weight = math.exp(-deviate * deviate / 2.0)
        total += weight * let_through(min(1.0, max(0.0, cloud + _CLOUD_SPREAD * deviate)))
        weights += weight
    return total / weights


def _day_of_year(time_s: float) -> float:
    """0 to 366, by UTC: the seasons know no time zones."""
    now = datetime.fromtimestamp(time_s, UTC)
    return (time_s - datetime(now.year, 1, 1, tzinfo=UTC).timestamp()) / _DAY_S


def _through_the_year(months: Sequence[float]) -> OfDay:
    """Straight lines through the middles of the months, December joined to January."""

    def value(day: float) -> float:
        place = day / _MONTH_DAYS - 0.5
        month = math.floor(place)
        share = place - month
        return (1.0 - share) * months[month % 12] + share * months[(month + 1) % 12]

    return value


def _ground(mean_c: list[float]) -> OfDay:
    """The year's wave at depth: smaller and later (damped heat wave of a half space)."""
    middle = sum(mean_c) / 12.0
    half = (max(mean_c) - min(mean_c)) / 2.0
    hottest_day = (mean_c.index(max(mean_c)) + 0.5) * _MONTH_DAYS
    depth = _SOIL_DEPTH_M / _DAMPING_M

    def soil_c(day: float) -> float:
        return middle + half * math.exp(-depth) * math.cos(2.0 * math.pi * (day - hottest_day) / 365.25 - depth)

    return soil_c


def read_months(name: str) -> tuple[dict[str, list[float]], float]:
    """Twelve values of each key, and the spread of a day's temperature. Raises ClimateError."""
    file = f"{name}.yaml"
    source = resources.files("simulator.climates").joinpath(file)
    if PurePath(name).name != name or not source.is_file():
        raise ClimateError(f"there is no year '{name}'; there are: {', '.join(climate_names())}")
    document: Any = yaml.safe_load(source.read_text("utf-8"))
    months: dict[str, list[float]] = {}
    for key, (low, high) in _MONTHS.items():
        values = document["months"][key]["values"]
        if len(values) != 12 or not all(low <= value <= high for value in values):
            raise ClimateError(f"{file}: {key} wants twelve numbers from {low:g} to {high:g}")
        months[key] = [float(value) for value in values]
    return months, float(document["air_spread_k"]["value"])
