"""What weather files share: cells that are numbers within what this planet offers, or a line that says why not."""

import math
from pathlib import Path

from foundation.air import saturation_vapour_pressure_pa
from simulator.plants.plant import Weather
from simulator.weather import sky_c

RANGES = {
    "air_c": (-80.0, 65.0),
    "relative_humidity": (0.0, 1.0),
    "wind_m_s": (0.0, 90.0),
    "global_radiation_w_m2": (0.0, 1500.0),
    "sky_c": (-110.0, 65.0),
    "co2_ppm": (0.0, 5000.0),
    "pressure_pa": (50000.0, 120000.0),
    "soil_c": (-40.0, 60.0),
    "wind_from_degrees": (0.0, 360.0),
}
"""What a file may say, by field of `Weather`."""
_STEFAN_BOLTZMANN = 5.67e-8


class WeatherFileError(ValueError):
    """A weather file that cannot be used; names the file and the line."""


def lines(path: Path) -> list[str]:
    """All lines of a text. Raises OSError, and WeatherFileError for what is no text."""
    raw = path.read_bytes()
    if b"\0" in raw:
        raise WeatherFileError(f"{path}: not a text")
    try:
        return raw.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:  # older files have the name of their place in another code; all numbers are ASCII
        return raw.decode("latin-1").splitlines()


def number(path: Path, line: int, name: str, text: str) -> float:
    """A cell as a finite number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise WeatherFileError(f"{path}:{line}: {name} is '{text}', not a number")
    return value


def ranged(path: Path, line: int, name: str, text: str) -> float:
    """A cell as a number within the range of a field; the codes that formats have for "missing" lie outside."""
    value = number(path, line, name, text)
    low, high = RANGES[name]
    if not low <= value <= high:
        raise WeatherFileError(f"{path}:{line}: {name} is {value:g}, wanted {low:g} to {high:g}")
    return value


def in_range(name: str, value: float) -> bool:
    """Whether a value that may be missing is there."""
    low, high = RANGES[name]
    return low <= value <= high


def humidity_of(path: Path, line: int, percent: float, dew_c: float, air_c: float) -> float:
    """Relative humidity, 0 to 1: as told, else from the dew point. Some typical years hold 101 %."""
    if 0.0 <= percent <= 110.0:
        return min(1.0, percent / 100.0)
    if not in_range("air_c", dew_c):
        raise WeatherFileError(f"{path}:{line}: relative humidity is {percent:g} %, wanted 0 to 110, or a dew point")
    return min(1.0, saturation_vapour_pressure_pa(dew_c) / saturation_vapour_pressure_pa(air_c))


def sky_of(infrared_w_m2: float, air_c: float, cloud_tenths: float) -> float:
    """Sky temperature from its radiation, else from air temperature and clouds, else under a half clouded sky."""
    if 50.0 < infrared_w_m2 < 700.0:
        return float((infrared_w_m2 / _STEFAN_BOLTZMANN) ** 0.25) - 273.15
    return sky_c(air_c, cloud_tenths / 10.0 if 0.0 <= cloud_tenths <= 10.0 else 0.5)


def between(was: Weather, then: Weather, share: float) -> Weather:
    """Numbers by straight lines; rain and the wind's direction hold from the row before."""
    rest = 1.0 - share
    return Weather(
        air_c=rest * was.air_c + share * then.air_c,
        relative_humidity=rest * was.relative_humidity + share * then.relative_humidity,
        wind_m_s=rest * was.wind_m_s + share * then.wind_m_s,
        global_radiation_w_m2=rest * was.global_radiation_w_m2 + share * then.global_radiation_w_m2,
        sky_c=rest * was.sky_c + share * then.sky_c,
        co2_ppm=rest * was.co2_ppm + share * then.co2_ppm,
        pressure_pa=rest * was.pressure_pa + share * then.pressure_pa,
        soil_c=rest * was.soil_c + share * then.soil_c,
        rain=was.rain,
        wind_from_degrees=was.wind_from_degrees,
    )
