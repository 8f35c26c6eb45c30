"""Measured weather as plain CSV, with the fields of `Weather` as columns."""

import csv
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from simulator.plants.plant import Weather
from simulator.weather import sky_c
from simulator.weather_files import RANGES, WeatherFileError, between, lines, number, ranged

MAX_GAP_S = 3 * 3600.0
"""Nothing may be unknown for longer; shorter gaps are straight lines."""
_NEEDED = ("air_c", "relative_humidity", "wind_m_s", "global_radiation_w_m2")
_HELD = "wind_from_degrees"
"""Which no straight line joins: it holds until the next row."""


class CsvWeather:
    """Rows in order of time, joined by straight lines; before the first and after the last row the ends hold.

    A column `time_s` (farm time) or `time` (ISO 8601 with its offset), then fields of `Weather`; air, humidity
    (0 to 1), wind and radiation must be there. Without `sky_c` the sky is half clouded. An empty cell is filled by the
    straight line between its neighbours, or held (rain, the wind's direction); what is unknown for more than
    MAX_GAP_S, and what is empty in the first or last row, is a WeatherFileError.
    """

    def __init__(self, path: Path) -> None:
        rows = list(csv.reader(lines(path)))
        numbered = [(line, row) for line, row in enumerate(rows[1:], start=2) if row]
        if not numbered:
            raise WeatherFileError(f"{path}:1: wanted a line of column names and at least one row")
        names = [name.strip() for name in rows[0]]
        clock = _clock(path, names)
        for line, row in numbered:
            if len(row) != len(names):
                raise WeatherFileError(f"{path}:{line}: {len(row)} fields, wanted {len(names)}")
        at_line = [line for line, _ in numbered]
        cells = {name: [row[column].strip() for _, row in numbered] for column, name in enumerate(names)}
        self._times = _times(path, at_line, clock, cells[clock])
        columns = {name: _column(path, name, at_line, self._times, cells[name]) for name in cells if name in RANGES}
        if "sky_c" not in columns:
            columns["sky_c"] = [sky_c(air_c, 0.5) for air_c in columns["air_c"]]
        rain = _rain(path, at_line, cells.get("rain", ["0"] * len(at_line)))
        self._rows = [
            Weather(**{name: column[row] for name, column in columns.items()}, rain=rain[row])
            for row in range(len(at_line))
        ]

    def at(self, farm_time_s: float) -> Weather:
        times, rows = self._times, self._rows
        after = bisect_right(times, farm_time_s)
        if after == 0:
            return rows[0]
        if after == len(times):
            return rows[-1]
        start = times[after - 1]
        return between(rows[after - 1], rows[after], (farm_time_s - start) / (times[after] - start))


def _clock(path: Path, names: list[str]) -> str:
    """The column that tells the time; raises for columns that are unknown, twice or not there."""
    known = {*RANGES, "rain"}
    for name in names:
        if name not in known and name not in ("time", "time_s"):
            raise WeatherFileError(f"{path}:1: unknown column '{name}'; there are: {', '.join(sorted(known))}")
        if names.count(name) > 1:
            raise WeatherFileError(f"{path}:1: column '{name}' stands twice")
    clock = next((name for name in ("time_s", "time") if name in names), None)
    if clock is None:
        raise WeatherFileError(f"{path}:1: no column 'time_s' or 'time'")
    for name in _NEEDED:
        if name not in names:
            raise WeatherFileError(f"{path}:1: no column '{name}'")
    return clock


def _times(path: Path, at_line: Sequence[int], clock: str, texts: Sequence[str]) -> list[float]:
    times: list[float] = []
    for line, text in zip(at_line, texts, strict=True):
        time_s = number(path, line, clock, text) if clock == "time_s" else _moment(path, line, text)
        if times and time_s <= times[-1]:
            raise WeatherFileError(f"{path}:{line}: {text} is not after the row before")
        times.append(time_s)
    return times


def _moment(path: Path, line: int, text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise WeatherFileError(f"{path}:{line}: time is '{text}', wanted ISO 8601") from error
    if moment.tzinfo is None:
        raise WeatherFileError(f"{path}:{line}: time '{text}' has no offset from UTC")
    return moment.timestamp()


def _column(path: Path, name: str, at_line: Sequence[int], times: Sequence[float], texts: Sequence[str]) -> list[float]:
    """One column without gaps."""
    known = [(row, ranged(path, at_line[row], name, text)) for row, text in enumerate(texts) if text]
    for row in (0, len(texts) - 1):
        if not texts[row]:
            raise WeatherFileError(f"{path}:{at_line[row]}: {name} is empty in the first or last row")
    filled = [known[0][1]]
    for (was_row, was), (row, value) in pairwise(known):
        unknown_s = times[row] - times[was_row]
        if unknown_s > MAX_GAP_S:
            raise WeatherFileError(
                f"{path}:{at_line[row]}: {name} is unknown for {unknown_s / 3600.0:.1f} h before this line, "
                f"wanted {MAX_GAP_S / 3600.0:g} h at most"
            )
        for empty in range(was_row + 1, row):
            share = 0.0 if name == _HELD else (times[empty] - times[was_row]) / unknown_s
            filled.append(was + (value - was) * share)
        filled.append(value)
    return filled


def _rain(path: Path, at_line: Sequence[int], texts: Sequence[str]) -> list[bool]:
    rain = [False]
    for line, text in zip(at_line, texts, strict=True):
        if text.lower() not in ("", "0", "1", "false", "true"):
            raise WeatherFileError(f"{path}:{line}: rain is '{text}', wanted 0 or 1")
        rain.append(text.lower() in ("1", "true") if text else rain[-1])
    return rain[1:]
