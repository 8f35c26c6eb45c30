"""Typical years as CSV: TMY3 of the National Renewable Energy Laboratory, and PVGIS of the Joint Research Centre.

Columns are found by their names. What TMY3 may lack (-9900): humidity (from the dew point), clouds (half), pressure
(from the altitude), the wind's direction (west), rain (none). PVGIS lacks nothing and knows no rain.
"""

import csv
from collections.abc import Mapping
from pathlib import Path

from foundation.air import pressure_at_altitude_pa
from simulator.plants.plant import Weather
from simulator.weather_files import WeatherFileError, humidity_of, in_range, lines, number, ranged, sky_of
from simulator.weather_year import TypicalYear, check_order

_MISSING = -9900.0
_TMY3 = (
    "Date (MM/DD/YYYY)", "Time (HH:MM)", "GHI (W/m^2)", "TotCld (tenths)", "Dry-bulb (C)", "Dew-point (C)",
    "RHum (%)", "Pressure (mbar)", "Wdir (degrees)", "Wspd (m/s)",
)  # fmt: skip
_PVGIS = ("time(UTC)", "T2m", "RH", "G(h)", "IR(h)", "WS10m", "WD10m", "SP")


class Tmy3(TypicalYear):
    """Hours 1 to 24 of local standard time, told at their ends: values of that moment, radiation of the hour before."""

    def __init__(self, path: Path) -> None:
        text = lines(path)
        place = next(csv.reader(text[:1]), [])
        if len(place) < 7:
            raise WeatherFileError(f"{path}:1: not a TMY3 file, it does not begin with a station and its place")
        self.latitude = number(path, 1, "latitude", place[4])
        self.longitude = number(path, 1, "longitude", place[5])
        usual_pa = pressure_at_altitude_pa(number(path, 1, "elevation", place[6]))
        rows = _rows(path, text, header=2, wanted=_TMY3)
        dates = [(line, _tmy3_date(path, line, cells)) for line, cells in rows]
        check_order(path, dates, first_hour=1)
        ends = [_tmy3_hour(path, line, cells, usual_pa) for line, cells in rows]
        zone_s = 3600.0 * number(path, 1, "time zone", place[3])
        super().__init__([ends[-1], *ends[:-1]], zone_s, light_s=-1800.0)


class Pvgis(TypicalYear):
    """Hours 0 to 23 of UTC, values of that moment; radiation is that of the satellite's picture, a part of an hour
    later or earlier (`Irradiance Time Offset`)."""

    def __init__(self, path: Path) -> None:
        text = lines(path)
        header = next((line for line, row in enumerate(text, start=1) if row.startswith("time(UTC)")), 0)
        if header == 0:
            raise WeatherFileError(f"{path}:1: not a PVGIS typical year as CSV, no line begins with time(UTC)")
        told = {name.strip(): value.strip() for name, _, value in (row.partition(":") for row in text[: header - 1])}
        later = told.get("Irradiance Time Offset (h)", "0")
        end = next((line for line, row in enumerate(text, start=1) if line > header and not row.strip()), len(text) + 1)
        rows = _rows(path, text[: end - 1], header=header, wanted=_PVGIS)
        dates = [(line, _pvgis_date(path, line, cells["time(UTC)"])) for line, cells in rows]
        check_order(path, dates, first_hour=0)
        hours = [_pvgis_hour(path, line, cells) for line, cells in rows]
        super().__init__(hours, 0.0, light_s=3600.0 * number(path, 1, "Irradiance Time Offset (h)", later))


def _rows(path: Path, text: list[str], header: int, wanted: tuple[str, ...]) -> list[tuple[int, Mapping[str, str]]]:
    """(line, cells by column name) of all after the line `header`; a year has 365 days in both formats."""
    names = [name.strip() for name in next(csv.reader(text[header - 1 : header]), [])]
    for name in wanted:
        if name not in names:
            raise WeatherFileError(f"{path}:{header}: no column '{name}'")
    rows: list[tuple[int, Mapping[str, str]]] = []
    for line, row in enumerate(csv.reader(text[header:]), start=header + 1):
        if len(row) != len(names):
            raise WeatherFileError(f"{path}:{line}: {len(row)} fields, wanted {len(names)}")
        rows.append((line, dict(zip(names, row, strict=True))))
    return rows


def _tmy3_date(path: Path, line: int, cells: Mapping[str, str]) -> tuple[int, int, int]:
    day, hour = cells["Date (MM/DD/YYYY)"], cells["Time (HH:MM)"]
    try:
        month, of_month, _ = day.split("/")
        return int(month), int(of_month), int(hour.split(":")[0])
    except ValueError as error:
        raise WeatherFileError(f"{path}:{line}: the time is '{day} {hour}', wanted MM/DD/YYYY HH:MM") from error


def _tmy3_hour(path: Path, line: int, cells: Mapping[str, str], usual_pa: float) -> Weather:
    def told(name: str) -> float:
        return number(path, line, name, cells[name])

    air_c = ranged(path, line, "air_c", cells["Dry-bulb (C)"])
    pressure, direction = 100.0 * told("Pressure (mbar)"), told("Wdir (degrees)")
    return Weather(
        air_c=air_c,
        relative_humidity=humidity_of(path, line, told("RHum (%)"), told("Dew-point (C)"), air_c),
        wind_m_s=ranged(path, line, "wind_m_s", cells["Wspd (m/s)"]),
        global_radiation_w_m2=ranged(path, line, "global_radiation_w_m2", cells["GHI (W/m^2)"]),
        sky_c=sky_of(_MISSING, air_c, told("TotCld (tenths)")),
        pressure_pa=pressure if in_range("pressure_pa", pressure) else usual_pa,
        rain=number(path, line, "rain", cells.get("Lprecip depth (mm)", "0")) > 0.0,
        wind_from_degrees=direction if in_range("wind_from_degrees", direction) else 270.0,
    )


def _pvgis_date(path: Path, line: int, text: str) -> tuple[int, int, int]:
    if len(text) != 13 or text[8] != ":" or not (text[:8] + text[9:]).isdigit():
        raise WeatherFileError(f"{path}:{line}: time(UTC) is '{text}', wanted YYYYMMDD:HHMM")
    return int(text[4:6]), int(text[6:8]), int(text[9:11])


def _pvgis_hour(path: Path, line: int, cells: Mapping[str, str]) -> Weather:
    air_c = ranged(path, line, "air_c", cells["T2m"])
    return Weather(
        air_c=air_c,
        relative_humidity=humidity_of(path, line, number(path, line, "RH", cells["RH"]), _MISSING, air_c),
        wind_m_s=ranged(path, line, "wind_m_s", cells["WS10m"]),
        global_radiation_w_m2=ranged(path, line, "global_radiation_w_m2", cells["G(h)"]),
        sky_c=sky_of(number(path, line, "IR(h)", cells["IR(h)"]), air_c, _MISSING),
        pressure_pa=ranged(path, line, "pressure_pa", cells["SP"]),
        wind_from_degrees=ranged(path, line, "wind_from_degrees", cells["WD10m"]),
    )
