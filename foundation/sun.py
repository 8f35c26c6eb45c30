"""Where the sun stands, when it rises and sets, and what a clear sky would give.

Times are farm time, float seconds since the Unix epoch (UTC), and count to the whole second; latitude is positive
north, longitude positive east, in degrees. The solar day of a time is the one whose noon is nearest. Good from
1901 to 2099. Time may be an array where a float is returned; NaN gives NaN. Positions by astral (NOAA's form of
Meeus): within 0.02 degrees of the NREL algorithm in pvlib 0.16.1.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import astral
import astral.sun

from foundation.air import STANDARD_PRESSURE_PA, pressure_at_altitude_pa
from foundation.elementwise import Array, Value, held

_DAY_S = 86400.0
_DEGREES_BELOW_HORIZON = 0.8333
"""Half the sun's disc and the refraction at the horizon, to the centre of the sun at rise and set."""
_EARLIEST_S, _LATEST_S = -2.1e9, 4.1e9


def elevation_degrees(at_s: Value, latitude: float, longitude: float) -> Value:
    """Height of the sun's centre above the horizon, geometric: without refraction, negative at night."""
    return _each(lambda s: 90.0 - _zenith_and_azimuth(s, latitude, longitude, refracted=False)[0], at_s)


def azimuth_degrees(at_s: Value, latitude: float, longitude: float) -> Value:
    """Bearing of the sun, 0 to 360 clockwise from north. Within 0.1 degrees, worse with the sun overhead."""
    return _each(lambda s: _zenith_and_azimuth(s, latitude, longitude, refracted=False)[1], at_s)


def noon_s(at_s: float, latitude: float, longitude: float) -> float:
    """When the sun is highest on the solar day of `at_s`. Within 10 s."""
    if math.isnan(at_s):
        return math.nan
    solar = held(at_s, _EARLIEST_S, _LATEST_S) + longitude * 240.0
    day = _utc(solar).replace(hour=0, minute=0, second=0, microsecond=0)
    return astral.sun.noon(_observer(latitude, longitude), day.date()).timestamp()


def sunrise_s(at_s: float, latitude: float, longitude: float) -> float | None:
    """When the sun's upper edge appears on the solar day of `at_s`; None where it does not rise or never sets.

    Over a level horizon at sea level. Within two minutes up to 60 degrees of latitude.
    """
    return _crossing_s(at_s, latitude, longitude, astral.SunDirection.RISING)


def sunset_s(at_s: float, latitude: float, longitude: float) -> float | None:
    """When the sun's upper edge is gone on the solar day of `at_s`; None where it does not rise or never sets."""
    return _crossing_s(at_s, latitude, longitude, astral.SunDirection.SETTING)


def day_length_h(at_s: float, latitude: float, longitude: float) -> float:
    """Hours from sunrise to sunset on the solar day of `at_s`: 0 in the polar night, 24 in the polar summer."""
    if math.isnan(at_s):
        return math.nan
    rise, fall = sunrise_s(at_s, latitude, longitude), sunset_s(at_s, latitude, longitude)
    if rise is not None and fall is not None:
        return (fall - rise) / 3600.0
    highest = elevation_degrees(noon_s(at_s, latitude, longitude), latitude, longitude)
    return 24.0 if highest > 0.0 else 0.0


def clear_sky_w_m2(
    at_s: Value, latitude: float, longitude: float, altitude_m: float = 0.0, linke_turbidity: float = 3.0
) -> Value:
    """Global radiation on level ground under a clear sky, W/m2, 0 at night. Within 1 % of pvlib's Ineichen.

    Linke turbidity is 2 for clean cold air, 3 on average, 5 in summer haze. Against real clear days 5 to 10 %.
    Ineichen & Perez 2002, Solar Energy 73:151; air mass of Kasten & Young 1989.
    """
    by_height = math.exp(-altitude_m / 8000.0) + math.exp(-altitude_m / 1250.0) * (linke_turbidity - 1.0)
    scale, extinction = 5.09e-5 * altitude_m + 0.868, 3.92e-5 * altitude_m + 0.0387
    thinner = pressure_at_altitude_pa(altitude_m) / STANDARD_PRESSURE_PA

    def one(s: float) -> float:
        zenith, _ = _zenith_and_azimuth(s, latitude, longitude, refracted=True)
        height = math.cos(math.radians(zenith))
        if not height > 0.0:
            return 0.0 * height if math.isnan(height) else 0.0
        air_mass = thinner / (height + 0.50572 * (96.07995 - zenith) ** -1.6364)
        outside = _above_atmosphere_w_m2(_utc(s).timetuple().tm_yday)
        return scale * outside * height * math.exp(-extinction * air_mass * by_height)

    return _each(one, at_s)


def clear_sky_day_mj_m2(
    at_s: float, latitude: float, longitude: float, altitude_m: float = 0.0, linke_turbidity: float = 3.0
) -> float:
    """Clear-sky radiation of the whole solar day of `at_s`, MJ/m2. Sum of ten-minute middles."""
    start = noon_s(at_s, latitude, longitude) - _DAY_S / 2.0
    middles = (start + 300.0 + 600.0 * number for number in range(144))
    return sum(clear_sky_w_m2(at, latitude, longitude, altitude_m, linke_turbidity) for at in middles) * 600.0 / 1e6


def _above_atmosphere_w_m2(day_of_year: int) -> float:
    """Radiation outside the atmosphere. Spencer 1971."""
    b = 2.0 * math.pi * (day_of_year - 1) / 365.0
    return 1366.1 * (
        1.00011
        + 0.034221 * math.cos(b)
        + 0.00128 * math.sin(b)
        + 0.000719 * math.cos(2.0 * b)
        + 0.000077 * math.sin(2.0 * b)
    )


def _each(of_one: Callable[[float], float], at_s: Value) -> Value:
    if isinstance(at_s, (float, int)):
        return of_one(at_s)
    import numpy as np

    many: Array = np.array([of_one(s) for s in at_s.ravel().tolist()], dtype=np.float64)
    return many.reshape(at_s.shape)


@lru_cache(maxsize=64)
def _observer(latitude: float, longitude: float) -> astral.Observer:
    return astral.Observer(latitude, longitude, 0.0)


def _utc(at_s: float) -> datetime:
    return datetime.fromtimestamp(held(at_s, _EARLIEST_S, _LATEST_S), UTC)


def _zenith_and_azimuth(at_s: float, latitude: float, longitude: float, *, refracted: bool) -> tuple[float, float]:
    if math.isnan(at_s):
        return math.nan, math.nan
    return astral.sun.zenith_and_azimuth(_observer(latitude, longitude), _utc(at_s), refracted)


def _crossing_s(at_s: float, latitude: float, longitude: float, direction: astral.SunDirection) -> float | None:
    if math.isnan(at_s):
        return math.nan
    noon = noon_s(at_s, latitude, longitude)
    expected = noon - 21600.0 if direction is astral.SunDirection.RISING else noon + 21600.0
    found = []
    # astral answers for a date in UTC, which over China or California is not the solar day, and skips dates there:
    # its neighbours are asked too, and the answer that needs to be moved least is moved by whole days
    for days in (-1, 0, 1):
        date = _utc(noon).date() + timedelta(days=days)
        try:
            crossing = astral.sun.time_of_transit(
                _observer(latitude, longitude), date, 90.0 + _DEGREES_BELOW_HORIZON, direction, False
            )
        except ValueError:  # astral's word for a sun that stays on one side of the horizon that day
            continue
        found.append(crossing.timestamp())
    if not found:
        return None
    nearest = min(found, key=lambda s: abs(s - expected))
    return nearest + round((expected - nearest) / _DAY_S) * _DAY_S
