"""A recording in place of the field: rows of a CSV file, each shown from its own time until the next row's."""

import csv
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from math import isfinite, nan
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from foundation.document import read_document
from foundation.reading import Value


class RecordingError(ValueError):
    """A recording or its map that cannot be played; names the file and the place."""


@dataclass(frozen=True, slots=True)
class RecordingMap:
    """Which column is which tag, and how its times are written."""

    tags: Mapping[str, str]
    """Tag -> column."""
    time_column: str = "time"
    time_format: str | None = None
    """As `datetime.strptime` has it; None reads Unix seconds or ISO 8601."""
    timezone: str = "UTC"
    """Of times that do not bring their own."""


def read_map(path: Path) -> RecordingMap:
    """A map file: `time: {column, format, timezone}` (all may be left out) and `tags: {TAG: COLUMN}`.

    Raises RecordingError, ProblemsError for what is no YAML, OSError.
    """
    found = read_document(path).value
    if not isinstance(found, dict) or not set(found) <= {"time", "tags"} or not isinstance(found.get("tags"), dict):
        raise RecordingError(f"{path}: wants time: {{column, format, timezone}} and tags: {{TAG: COLUMN}}")
    time: Any = found.get("time", {})
    if not isinstance(time, dict) or not set(time) <= {"column", "format", "timezone"}:
        raise RecordingError(f"{path}: time wants column, format and timezone")
    return RecordingMap(
        {str(tag): str(column) for tag, column in found["tags"].items()},
        str(time.get("column", "time")),
        time.get("format"),
        str(time.get("timezone", "UTC")),
    )


class Recording:
    """What devices may be wired to instead of a `Field`. Orders go nowhere."""

    def __init__(self, times_s: Sequence[float], values: Mapping[str, Sequence[float]]) -> None:
        """`values[tag][k]` holds from `times_s[k]` on; NaN is an empty cell. Times rise."""
        self.times_s = times_s
        self.now_s = times_s[0] if times_s else 0.0
        self._values = values
        self._row = -1

    @classmethod
    def read(cls, path: Path, plan: RecordingMap) -> "Recording":
        """Raises RecordingError naming file and line for a column that is missing, a cell or a time that is none,
        and a time that goes back; OSError."""
        try:
            zone = ZoneInfo(plan.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise RecordingError(f"no time zone '{plan.timezone}'") from error
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            header = [cell.strip() for cell in next(rows, [])]
            for column in (plan.time_column, *plan.tags.values()):
                if column not in header:
                    raise RecordingError(f"{path}:1: no column '{column}'; there are: {', '.join(header)}")
            time_at = header.index(plan.time_column)
            places = {tag: header.index(column) for tag, column in plan.tags.items()}
            times_s: list[float] = []
            values: dict[str, list[float]] = {tag: [] for tag in places}
            for line, row in enumerate(rows, start=2):
                if not any(cell.strip() for cell in row):
                    continue
                if len(row) != len(header):
                    raise RecordingError(f"{path}:{line}: {len(row)} cells, the header has {len(header)}")
                time_s = _time_s(f"{path}:{line}", row[time_at].strip(), plan.time_format, zone)
                if times_s and time_s <= times_s[-1]:
                    raise RecordingError(f"{path}:{line}: time {row[time_at]} is not after the row before")
                times_s.append(time_s)
                for tag, place in places.items():
                    values[tag].append(_number(f"{path}:{line}", row[place].strip()))
        if not times_s:
            raise RecordingError(f"{path}: has no rows")
        return cls(times_s, values)

    @property
    def end_s(self) -> float:
        """Time of the last row."""
        return self.times_s[-1]

    def advance(self, now_s: float) -> None:
        """Turn to the row that holds at `now_s`."""
        self.now_s = now_s
        self._row = bisect_right(self.times_s, now_s) - 1

    def sense(self, tag: str) -> float | bool | None:
        """The cell of the row that holds; None before the first row, for an empty cell and for an unknown tag."""
        column = self._values.get(tag)
        if column is None or self._row < 0:
            return None
        value = column[self._row]
        return value if isfinite(value) else None

    def taken_s(self, now_s: float) -> float:
        """The row's own time."""
        return self.times_s[self._row] if self._row >= 0 else now_s

    def actuate(self, tag: str, value: Value) -> None:
        """What is over cannot be moved."""


def _time_s(place: str, text: str, form: str | None, zone: tzinfo) -> float:
    try:
        if form is None:
            try:
                return float(text)
            except ValueError:
                moment = datetime.fromisoformat(text)
        else:
            moment = datetime.strptime(text, form)  # noqa: DTZ007  # the zone is put in below
    except ValueError as error:
        raise RecordingError(f"{place}: '{text}' is not a time ({error})") from error
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).timestamp()


def _number(place: str, text: str) -> float:
    if not text:
        return nan
    try:
        return float(text)
    except ValueError as error:
        raise RecordingError(f"{place}: '{text}' is not a number") from error
