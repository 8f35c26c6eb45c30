"""What an agent keeps in its directory, read from outside, beside it if it runs. Changes nothing."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from controller.core.state import written_s
from controller.history.state_database import NAME, reading
from controller.kept_state import assembled
from controller.logs import FILE_NAME

TAIL_BYTES = 256_000
"""Of the log, from its end."""
_BACKLOG = """
SELECT coalesce(sum(n), 0), min(t_min) FROM outbox WHERE NOT EXISTS
    (SELECT 1 FROM shipped WHERE sink = ? AND seq BETWEEN first AND last)
"""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a sink does not have yet."""

    points: int
    oldest_s: float | None
    """Farm time."""


@dataclass(frozen=True, slots=True)
class Outbox:
    backlogs: dict[str, Backlog]
    """By sink."""
    dead: int
    """Lines that a sink will never take."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors in the log."""

    count: int
    last: str
    last_s: float | None


def read_state_s(directory: Path) -> float | None:
    """Farm time of the kept state, None where there is none. Raises OSError, ValueError or sqlite3.Error."""
    if not (directory / NAME).is_file():
        return None
    with closing(reading(directory)) as database:
        # what an older program left has no such table yet
        if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'kept'").fetchone() is None:
            return None
        rows = database.execute("SELECT part, name, crc32, body FROM kept WHERE part = 'at_s'").fetchall()
    if rows and assembled(rows) is None:
        raise ValueError("its time does not read as it was written")
    return written_s(assembled(rows)) if rows else None


def lived_s(directory: Path) -> float:
    """The last farm time of which anything is kept there; 0 where nothing can be read."""
    try:
        return read_state_s(directory) or 0.0
    except (OSError, ValueError, sqlite3.Error):
        return 0.0


def read_outbox(directory: Path, sinks: Iterable[str]) -> Outbox | None:
    """What waits for `sinks`, and for those that the outbox knows; None where there is none. Raises sqlite3.Error."""
    path = directory / "outbox.db"
    if not path.is_file():
        return None
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2.0)) as database:
        known = {name for (name,) in database.execute("SELECT DISTINCT sink FROM shipped")} | set(sinks)
        backlogs: dict[str, Backlog] = {}
        for sink in sorted(known):
            points, oldest_ms = database.execute(_BACKLOG, (sink,)).fetchone()
            backlogs[sink] = Backlog(points, None if oldest_ms is None else oldest_ms / 1000.0)
        return Outbox(backlogs, database.execute("SELECT count(*) FROM dead").fetchone()[0])


def read_errors(directory: Path, since_s: float) -> Errors:
    """Errors that the log tells of since then (wall clock), in its last part. Raises OSError but for a missing log."""
    found = [line for line in _tail(directory / FILE_NAME) if line.get("level") in ("error", "critical")]
    recent = [(at_s, line) for line in found if (at_s := _seconds(line.get("at"))) is not None and at_s >= since_s]
    if not recent:
        return Errors(0, "", None)
    last_s, last = recent[-1]
    return Errors(len(recent), str(last.get("what", "")), last_s)


def _tail(path: Path) -> Iterator[dict[str, object]]:
    try:
        with path.open("rb") as file:
            start = max(0, path.stat().st_size - TAIL_BYTES)
            file.seek(start)
            lines = file.read(TAIL_BYTES).split(b"\n")
    except FileNotFoundError:
        return
    for text in lines[1:] if start else lines:
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict):
            yield line


def _seconds(at: object) -> float | None:
    try:
        return datetime.fromisoformat(str(at)).timestamp()
    except ValueError:
        return None
