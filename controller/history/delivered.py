"""What the outbox still holds, read beside the agent: lines, and of them what a sink has acknowledged.

The outbox keeps a day of what every sink has. A point is a series and a time; what was said of it last is what stands.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from controller.history.line import parse, split
from controller.history.outbox import unpacked

_HELD = "SELECT n, codec, crc32, body FROM outbox WHERE t_max >= ? AND t_min < ?"
_BY_SINK = "AND (EXISTS (SELECT 1 FROM shipped WHERE sink = ? AND seq BETWEEN first AND last))"


class Series(NamedTuple):
    """One tag's points as a database keeps them."""

    measurement: str
    site: str
    tag: str


class Held(NamedTuple):
    """One point."""

    series: Series
    time_ms: int
    line: str


def _opened(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise FileNotFoundError(2, "no outbox there", str(path))
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=10.0)


def span_ms(path: Path, sink: str | None = None) -> tuple[int, int] | None:
    """From the first point to the last that is held, or that the sink has acknowledged; None where there is none.

    Raises OSError or sqlite3.Error, as all here do.
    """
    with closing(_opened(path)) as database:
        condition = "" if sink is None else f"WHERE 1 {_BY_SINK}"
        question = f"SELECT min(t_min), max(t_max) FROM outbox {condition}"
        first, last = database.execute(question, () if sink is None else (sink,)).fetchone()
    return None if first is None else (first, last)


def points(path: Path, from_ms: int, to_ms: int, sink: str | None = None) -> Iterator[Held]:
    """All points of `from_ms` to before `to_ms`, in the order they were recorded; with `sink`, what that has taken."""
    with closing(_opened(path)) as database:
        bounds: tuple[object, ...] = (from_ms, to_ms)
        if sink is None:
            refused: frozenset[str] = frozenset()
            rows = database.execute(f"{_HELD} ORDER BY seq", bounds)
        else:
            refused = frozenset(row[0] for row in database.execute("SELECT line FROM dead WHERE sink = ?", (sink,)))
            rows = database.execute(f"{_HELD} {_BY_SINK} ORDER BY seq", (*bounds, sink))
        for count, codec, crc, body in rows:
            raw = unpacked(codec, crc, body)
            lines = [] if raw is None else split(raw)
            if len(lines) != count:
                # told of by the shipper
                continue
            for line in lines:
                text = line.decode("utf-8", "replace")
                if text in refused:
                    continue
                try:
                    measurement, site, reading = parse(text)
                except ValueError:
                    continue
                time_ms = round(reading.time_s * 1000.0)
                if from_ms <= time_ms < to_ms:
                    yield Held(Series(measurement, site, reading.tag), time_ms, text)
