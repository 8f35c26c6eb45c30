"""CSV files of recorded values: columns of numbers over one column of times."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite, nan
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class RecordingError(ValueError):
    """A recording that cannot be played; names the file and the line."""


@dataclass(frozen=True, slots=True)
class Times:
    """How the times of a file are written."""

    column: str = "time"
    format: str | None = None
    """As `datetime.strptime` has it; None reads Unix seconds or ISO 8601."""
    timezone: str = "UTC"
    """Of times that do not bring their own."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows by column."""

    times_s: list[float]
    """Farm time of each row; they rise."""
    columns: dict[str, list[float]]
    """NaN is an empty cell."""


def read_table(path: Path, times: Times, wanted: Sequence[str]) -> Table:
    """Read the wanted columns (UTF-8, a header first; spaces around names and cells do not count).

    Raises OSError, and RecordingError with file and line for a column that is missing or stands twice, a cell or time
    that is none, and a time that is not after the one before.
    """
    try:
        zone = ZoneInfo(times.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise RecordingError(f"no time zone '{times.timezone}'") from error
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read_rows(path, csv.reader(file), times, zone, wanted)
    except (UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"{path}: no CSV file in UTF-8 ({error})") from error


def _read_rows(path: Path, rows: Iterator[list[str]], times: Times, zone: ZoneInfo, wanted: Sequence[str]) -> Table:
    header = [cell.strip() for cell in next(rows, [])]
    for name in (times.column, *wanted):
        if header.count(name) != 1:
            wrong = f"no column '{name}'" if name not in header else f"column '{name}' stands there twice"
            raise RecordingError(f"{path}:1: {wrong}; there are: {', '.join(header)}")
    time_at = header.index(times.column)
    places = [header.index(name) for name in wanted]
    times_s: list[float] = []
    columns: list[list[float]] = [[] for _ in wanted]
    for line, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            raise RecordingError(f"{path}:{line}: {len(row)} cells, the header has {len(header)}")
        times_s.append(_time_s(f"{path}:{line}", row[time_at].strip(), times.format, zone, times_s[-1:]))
        for column, place in zip(columns, places, strict=True):
            column.append(_number(f"{path}:{line}", row[place].strip()))
    if not times_s:
        raise RecordingError(f"{path}: has no rows")
    return Table(times_s, dict(zip(wanted, columns, strict=True)))


def _time_s(place: str, text: str, form: str | None, zone: ZoneInfo, before: Sequence[float]) -> float:
    try:
        moment = _moment(text, form)
    except ValueError as error:
        raise RecordingError(f"{place}: '{text}' is not a time ({error})") from error
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
            if before and moment.timestamp() <= before[0]:
                moment = moment.replace(fold=1)  # the hour that comes twice in autumn
        moment = moment.timestamp()
    if not isfinite(moment):
        raise RecordingError(f"{place}: '{text}' is not a time")
    if before and not moment > before[0]:
        raise RecordingError(f"{place}: time {text} is not after the row before")
    return moment


def _moment(text: str, form: str | None) -> datetime | float:
    if form is not None:
        return datetime.strptime(text, form)  # noqa: DTZ007  # the zone is put in by the caller
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text)


def _number(place: str, text: str) -> float:
    if not text:
        return nan
    try:
        return float(text)
    except ValueError as error:
        raise RecordingError(f"{place}: '{text}' is not a number") from error
