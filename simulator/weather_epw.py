"""EPW, the weather years of EnergyPlus."""

import csv
from pathlib import Path

from foundation.air import pressure_at_altitude_pa
from simulator.plants.plant import Weather
from simulator.weather_files import WeatherFileError, humidity_of, in_range, lines, number, ranged, sky_of
from simulator.weather_year import TypicalYear, check_order

_HEADER = 8


class Epw(TypicalYear):
    """Temperature, humidity, wind and pressure hold at the end of each hour, local standard time; radiation is the mean
    of the hour before.

    What a file may lack, by its codes for "missing": humidity (from the dew point), the sky's infrared (from clouds
    and air temperature), clouds (half), pressure (from the altitude), the wind's direction (west), rain (none).
    Anything else that is missing is a WeatherFileError.
    """

    def __init__(self, path: Path) -> None:
        text = lines(path)
        header, body = text[:_HEADER], text[_HEADER:]
        if len(header) < _HEADER or not header[0].startswith("LOCATION,"):
            raise WeatherFileError(f"{path}:1: not an EPW file, it does not begin with LOCATION")
        place = next(csv.reader([header[0]]))
        if len(place) < 10:
            raise WeatherFileError(f"{path}:1: LOCATION has {len(place)} fields, wanted 10")
        self.latitude = number(path, 1, "latitude", place[6])
        self.longitude = number(path, 1, "longitude", place[7])
        usual_pa = pressure_at_altitude_pa(number(path, 1, "elevation", place[9]))
        rows = [(line, row) for line, row in enumerate(csv.reader(body), start=_HEADER + 1) if row]
        dated = [(line, _date(path, line, row), row) for line, row in rows]
        dated = [(line, when, row) for line, when, row in dated if when[:2] != (2, 29)]
        check_order(path, [(line, when) for line, when, _ in dated], first_hour=1)
        ends = [_hour(path, line, row, usual_pa) for line, _, row in dated]
        zone_s = 3600.0 * number(path, 1, "time zone", place[8])
        super().__init__([ends[-1], *ends[:-1]], zone_s, light_s=-1800.0, soil_c=_ground(path, header[3]))


def _date(path: Path, line: int, row: list[str]) -> tuple[int, int, int]:
    if len(row) < 32:
        raise WeatherFileError(f"{path}:{line}: {len(row)} fields, wanted at least 32")
    month, day, hour = (int(number(path, line, name, row[i])) for i, name in enumerate(("month", "day", "hour"), 1))
    return month, day, hour


def _hour(path: Path, line: int, row: list[str], usual_pa: float) -> Weather:
    def told(name: str, column: int) -> float:
        return number(path, line, name, row[column])

    air_c = ranged(path, line, "air_c", row[6])
    pressure, direction = told("pressure", 9), told("wind direction", 20)
    rain = told("rain", 33) if len(row) > 33 else 0.0
    return Weather(
        air_c=air_c,
        relative_humidity=humidity_of(path, line, told("relative humidity", 8), told("dew point", 7), air_c),
        wind_m_s=ranged(path, line, "wind_m_s", row[21]),
        global_radiation_w_m2=ranged(path, line, "global_radiation_w_m2", row[13]),
        sky_c=sky_of(told("infrared from the sky", 12), air_c, told("sky cover", 22)),
        pressure_pa=pressure if in_range("pressure_pa", pressure) else usual_pa,
        rain=0.0 < rain < 900.0,
        wind_from_degrees=direction if in_range("wind_from_degrees", direction) else 270.0,
    )


def _ground(path: Path, line: str) -> list[float] | None:
    """Monthly temperatures of the depth nearest to 2 m; None where the file has none."""
    row = next(csv.reader([line]))
    depths: dict[float, list[float]] = {}
    for start in range(2, len(row) - 15, 16):
        depth = number(path, 4, "depth of the ground", row[start])
        depths[depth] = [number(path, 4, "ground temperature", cell) for cell in row[start + 4 : start + 16]]
    return depths[min(depths, key=lambda depth: abs(depth - 2.0))] if depths else None
