"""What can still be read of an outbox that was set aside as broken: every blob that reads as it was written."""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from controller.history import leaves
from controller.history.database import UNREADABLE
from controller.history.line import split
from controller.history.outbox import Blob, unpacked

COLUMNS = 8
"""Of the table `outbox`; the number stands outside of the row, as its first column shows."""
_log = logging.getLogger(__name__)


def salvaged(aside: Path, sinks: Sequence[str]) -> Iterator[Blob]:
    """Whole blobs that one of `sinks` did not have yet, oldest first; pages that cannot be read are stepped over.

    Where the file's own order is lost with its first page or its root, they come in any order, and what every sink
    had, or what was deleted, comes once more. A blob is taken up only if its checksum holds and it has as many lines
    as it says. Raises nothing.
    """
    try:
        with closing(sqlite3.connect(f"{aside.absolute().as_uri()}?mode=ro", uri=True, timeout=2.0)) as database:
            yield from _blobs(database, sinks)
    except UNREADABLE as error:
        _log.warning("%s cannot be opened (%s): its pages are read one by one", aside.name, error)
        yield from _loose(aside)


def _blobs(database: sqlite3.Connection, sinks: Sequence[str]) -> Iterator[Blob]:
    """Raises sqlite3.Error or UnicodeDecodeError, before the first one, where nothing at all can be read."""
    at, newest = _everywhere(database, sinks), _newest(database)
    step = 1
    broken: Exception | None = None
    found = False
    while at < newest:
        try:
            columns = "seq, t_min, t_max, n, codec, crc32, body"
            row = database.execute(f"SELECT {columns} FROM outbox WHERE seq > ? ORDER BY seq LIMIT 1", (at,)).fetchone()
        except UNREADABLE as error:
            # somewhere behind the broken page it goes on
            at, step, broken = at + step, min(2 * step, 64), error
            continue
        if row is None:
            break
        found = True
        seq = row[0]
        step, at = 1, max(at + 1, seq) if isinstance(seq, int) else at + 1
        if (blob := _whole(*row[1:])) is not None:
            yield blob
    if broken is not None and not found:
        raise broken


def _loose(aside: Path) -> Iterator[Blob]:
    """Blobs out of pages that nothing holds together any more."""
    seen: set[int] = set()
    try:
        for seq, (_, t_min, t_max, points, _, *packed) in leaves.rows(aside, COLUMNS):
            if seq not in seen and (blob := _whole(t_min, t_max, points, *packed)) is not None:
                seen.add(seq)
                yield blob
    except OSError as error:
        _log.error("nothing more can be read of %s (%s)", aside.name, error)


def _whole(t_min: object, t_max: object, points: object, codec: object, crc: object, body: object) -> Blob | None:
    if not (isinstance(t_min, int) and isinstance(t_max, int) and isinstance(points, int) and isinstance(crc, int)):
        return None
    if not isinstance(body, bytes) or codec != "zlib":
        return None
    raw = unpacked("zlib", crc, body)
    return Blob(t_min, t_max, points, crc, body) if raw is not None and len(split(raw)) == points else None


def _newest(database: sqlite3.Connection) -> int:
    readable = False
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
        readable = True
    if not readable:
        raise sqlite3.DatabaseError("none of its tables can be read")
    return 0


def _everywhere(database: sqlite3.Connection, sinks: Sequence[str]) -> int:
    """Up to which blob every sink had all; 0 where that cannot be read: then all of it is sent again, as it was."""
    try:
        runs = database.execute("SELECT sink, last FROM shipped WHERE first <= 1").fetchall()
    except UNREADABLE:
        return 0
    had = {sink: last for sink, last in runs if isinstance(last, int)}
    return min((had.get(sink, 0) for sink in sinks), default=0)
