"""A file of reference points: read, checked, and what is wrong with it said by line."""

import csv
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COLUMNS = ("id", "facility", "quantity", "inputs_json", "expected", "tolerance", "gate")
GATES = ("hard", "band", "report")
"""What a deviation means: hard and band fail, report is only told."""


class BadPoints(Exception):
    """The file cannot be used; the message says where and why in one line."""


@dataclass(frozen=True, slots=True)
class Point:
    """One reference value and the inputs that lead to it."""

    id: str
    facility: str
    quantity: str
    inputs: Mapping[str, Any]
    expected: float
    tolerance: float
    """Absolute, in the unit of the value."""
    gate: str


def read_points(path: Path) -> list[Point]:
    """Every row, in order. BadPoints when the file cannot be read or a row has not the form."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(_points(path, csv.reader(file, strict=True)))
    except OSError as error:
        raise BadPoints(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise BadPoints(f"{path}: not UTF-8 text: {error.reason} at byte {error.start}") from error


def _points(path: Path, rows: Any) -> Iterator[Point]:
    try:
        header: list[str] = next(rows, [])
        missing = [name for name in COLUMNS if name not in header]
        if missing:
            raise BadPoints(f"{path}:1: no column {', '.join(missing)}; these are wanted: {', '.join(COLUMNS)}")
        for row in rows:
            if not row:
                continue
            if len(row) != len(header):
                raise BadPoints(f"{path}:{rows.line_num}: {len(row)} fields where the header has {len(header)}")
            try:
                yield _point(dict(zip(header, row, strict=True)))
            except ValueError as error:
                raise BadPoints(f"{path}:{rows.line_num}: {error}") from error
    except csv.Error as error:
        raise BadPoints(f"{path}:{rows.line_num}: {error}") from error


def _point(row: Mapping[str, str]) -> Point:
    for name in ("id", "facility", "quantity"):
        if not row[name].strip():
            raise ValueError(f"{name} is empty")
    try:
        inputs = json.loads(row["inputs_json"])
    except json.JSONDecodeError as error:
        raise ValueError(f"inputs_json is not JSON: {error.msg}: {row['inputs_json']!r}") from error
    if not isinstance(inputs, dict):
        raise ValueError(f"inputs_json is not a JSON object: {row['inputs_json']!r}")
    if row["gate"] not in GATES:
        raise ValueError(f"gate is {row['gate']!r}; there are: {', '.join(GATES)}")
    tolerance = _number(row, "tolerance")
    if tolerance < 0.0:
        raise ValueError(f"tolerance is {tolerance:g}; it cannot be negative")
    return Point(
        id=row["id"],
        facility=row["facility"],
        quantity=row["quantity"],
        inputs=inputs,
        expected=_number(row, "expected"),
        tolerance=tolerance,
        gate=row["gate"],
    )


def _number(row: Mapping[str, str], name: str) -> float:
    try:
        value = float(row[name])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{name} is {row[name]!r}, not a number")
    return value
