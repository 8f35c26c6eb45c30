"""What can still be read of an outbox that was set aside as broken: every blob that reads as it was written."""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from controller.history.database import UNREADABLE
from controller.history.line import split
from controller.history.outbox import Blob, unpacked

_log = logging.getLogger(__name__)


def salvaged(aside: Path, sinks: Sequence[str]) -> Iterator[Blob]:
    """Whole blobs that one of `sinks` did not have yet, oldest first; pages that cannot be read are stepped over.

    A blob is taken up only if its checksum holds and it has as many lines as it says. Raises nothing.
    """
    try:
        with closing(sqlite3.connect(f"{aside.absolute().as_uri()}?mode=ro", uri=True, timeout=2.0)) as database:
            yield from _blobs(database, sinks)
    except UNREADABLE as error:
        _log.error("nothing more can be read of %s (%s)", aside.name, error)


def _blobs(database: sqlite3.Connection, sinks: Sequence[str]) -> Iterator[Blob]:
    at, newest = _everywhere(database, sinks), _newest(database)
    step = 1
    while at < newest:
        try:
            columns = "seq, t_min, t_max, n, codec, crc32, body"
            row = database.execute(f"SELECT {columns} FROM outbox WHERE seq > ? ORDER BY seq LIMIT 1", (at,)).fetchone()
        except UNREADABLE:
            # somewhere behind the broken page it goes on
            at, step = at + step, min(2 * step, 64)
            continue
        if row is None:
            return
        seq, t_min, t_max, points, codec, crc, body = row
        step, at = 1, max(at + 1, seq) if isinstance(seq, int) else at + 1
        raw = unpacked(codec, crc, body) if isinstance(body, bytes) and codec == "zlib" else None
        if raw is not None and len(split(raw)) == points:
            yield Blob(t_min, t_max, points, crc, body)


def _newest(database: sqlite3.Connection) -> int:
    for question in (
        "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'",
        "SELECT seq FROM outbox ORDER BY seq DESC LIMIT 1",
    ):
        try:
            row = database.execute(question).fetchone()
        except UNREADABLE:
            continue
        if row is not None and isinstance(row[0], int):
            return row[0]
    return 0


def _everywhere(database: sqlite3.Connection, sinks: Sequence[str]) -> int:
    """Up to which blob every sink had all; 0 where that cannot be read: then all of it is sent again, as it was."""
    try:
        runs = database.execute("SELECT sink, last FROM shipped WHERE first <= 1").fetchall()
    except UNREADABLE:
        return 0
    had = {sink: last for sink, last in runs if isinstance(last, int)}
    return min((had.get(sink, 0) for sink in sinks), default=0)
