"""The sun against pvlib: the NREL algorithm, and Ineichen's clear sky at Linke turbidity 3."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from benchmarks.validation.verdicts import Quantity
from foundation import sun


def _seconds(local_time: str, tz: str) -> float:
    return datetime.fromisoformat(local_time).replace(tzinfo=ZoneInfo(tz)).timestamp()


def _solar_day(date: str, longitude: float) -> float:
    """A time on the solar day that has this date: its mean noon."""
    return _seconds(f"{date} 12:00", "UTC") - 240.0 * longitude


def _elevation(lat: float, lon: float, local_time: str, tz: str, alt_m: float = 0.0, site: str = "") -> float:
    return sun.elevation_degrees(_seconds(local_time, tz), lat, lon)


def _azimuth(lat: float, lon: float, local_time: str, tz: str, alt_m: float = 0.0, site: str = "") -> float:
    return sun.azimuth_degrees(_seconds(local_time, tz), lat, lon)


def _clear_sky(lat: float, lon: float, local_time: str, tz: str, alt_m: float = 0.0, site: str = "") -> float:
    return sun.clear_sky_w_m2(_seconds(local_time, tz), lat, lon, alt_m)


def _day_length(lat: float, lon: float, date: str, tz: str, alt_m: float = 0.0, site: str = "") -> float:
    return sun.day_length_h(_solar_day(date, lon), lat, lon)


def _clear_sky_day(lat: float, lon: float, date: str, tz: str, alt_m: float = 0.0, site: str = "") -> float:
    return sun.clear_sky_day_mj_m2(_solar_day(date, lon), lat, lon, alt_m)


QUANTITIES: Final[Mapping[str, Quantity]] = {
    "elevation_geometric": _elevation,
    "azimuth": _azimuth,
    "ghi_clear_sky": _clear_sky,
    "day_length": _day_length,
    "ghi_clear_sky_daily": _clear_sky_day,
}
