"""The outbox: what has been recorded and not every sink has yet, in one SQLite file that survives a power cut.

One transaction and one compressed blob of line protocol a tick, under a number that is never used again. Each sink's
progress is kept under the sink's name as the runs of blobs that it has; the first run is its cursor. A blob is deleted
a day (or `keep_sent`) after it was taken, once every sink has it, in a transaction that moves a cursor. What a sink
will never take lies in `dead`, with the reason.
"""

import logging
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from controller.history.database import Form, open_database, transaction
from controller.history.guessed import restamped
from controller.history.line import count as count_of
from controller.history.line import milliseconds, split
from controller.history.thinning import gap_line, is_gap, thinned
from foundation.clock import SET_AFTER_S

_GAP = """
CREATE TABLE gap (
    id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, t_min INTEGER NOT NULL, t_max INTEGER NOT NULL,
    points INTEGER NOT NULL, kept INTEGER NOT NULL
) STRICT;
"""
FORM = Form(
    0x4661726D,
    f"""
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    t_min INTEGER NOT NULL, t_max INTEGER NOT NULL,
    n INTEGER NOT NULL, total INTEGER NOT NULL,
    codec TEXT NOT NULL, crc32 INTEGER NOT NULL, body BLOB NOT NULL
) STRICT;
CREATE TABLE shipped (
    sink TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (sink, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE dead (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sink TEXT NOT NULL, seq INTEGER NOT NULL, line TEXT NOT NULL, status INTEGER, reason TEXT NOT NULL, at REAL NOT NULL
) STRICT;
{_GAP}""",
    (
        "SELECT seq, t_min, t_max, n, total, codec, crc32, body FROM outbox LIMIT 0",
        "SELECT sink, first, last FROM shipped LIMIT 0",
        "SELECT id, sink, seq, line, status, reason, at FROM dead LIMIT 0",
        "SELECT name, seq FROM sqlite_sequence LIMIT 0",
        "SELECT id, seq, t_min, t_max, points, kept FROM gap LIMIT 0",
    ),
    migrations=(_GAP,),
)
KEPT_WITHOUT_SINKS_MS = 72 * 3600 * 1000
KEPT_DELIVERED_MS = 24 * 3600 * 1000
"""What every sink has stays so long where nothing is said: a sink can be held against it, and given again what it
lost."""
LEVEL = 9
"""Of compression: a tenth smaller than 6 for less than a microsecond a point, and three blobs to a page, not two."""
DEAD_LIMIT = 10_000
"""Dead letters that are kept; the oldest go first."""
THINNED_AT_ONCE = 300
"""Blobs: five minutes at one a second."""
NEVER_THINNED = 600
"""So many of the newest blobs stay as they are."""
SPARE_PAGES = 4096
"""Free pages above which the file is made smaller, a little at each delivery."""


_INSERT = "INSERT INTO outbox (t_min, t_max, n, total, codec, crc32, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
_log = logging.getLogger(__name__)


_Row = tuple[int, int, int, int, int, str, int, bytes]
"""`seq`, `t_min`, `t_max`, `n`, `total`, `codec`, `crc32`, `body`."""


class Blob(NamedTuple):
    """The points of one tick, packed."""

    t_min_ms: int
    t_max_ms: int
    points: int
    crc32: int
    """Of the lines before compression."""
    body: bytes


class Batch(NamedTuple):
    """Blobs `first` to `last`, unpacked."""

    first: int
    last: int
    body: bytes
    points: int
    """Lines of the body."""
    broken: dict[int, int]
    """Blobs that do not read as they were written, and how many points were in them."""
    file: int
    """Which file it came from: the number of times the outbox had been opened."""

    @property
    def lines(self) -> list[bytes]:
        return split(self.body) if self.points else []


class Dead(NamedTuple):
    """A line that a sink will never take."""

    seq: int
    line: str
    status: int | None
    reason: str


class Pending(NamedTuple):
    """What a sink does not have yet."""

    blobs: int
    points: int
    oldest_ms: int | None


def pack(lines: Sequence[str], times_ms: Sequence[int]) -> Blob:
    """One tick's lines and their times as a blob; there must be at least one."""
    raw = "\n".join(lines).encode("utf-8", "replace")
    return Blob(min(times_ms), max(times_ms), len(lines), zlib.crc32(raw), zlib.compress(raw, LEVEL))


class Outbox:
    """May be used from several threads. All of it raises sqlite3.Error or OSError when the disk does not play along."""

    def __init__(self, path: Path, sinks: Sequence[str], keep_sent_s: float | None = None) -> None:
        """What every sink has stays for `keep_sent_s`, or a day."""
        self.path = path
        self._keep_sent_s = keep_sent_s
        self.quarantined: list[Path] = []
        self.newest = 0
        """Number of the newest blob."""
        self._file = 0
        self._sinks = tuple(sinks)
        self._database: sqlite3.Connection | None = None
        self._lock = Lock()
        self._total = 0
        self._shipped: dict[str, list[tuple[int, int]]] = {}

    # --- opening and closing

    def open(self, now_s: float) -> None:
        """Open the file (again), or begin a new one; what is broken or foreign is set aside first."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None
            self._database, aside = open_database(self.path, now_s, FORM)
            if aside is not None:
                self.quarantined.append(aside)
            self._file += 1
            self._begin(self._database)

    def close(self) -> None:
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _begin(self, database: sqlite3.Connection) -> None:
        newest = database.execute("SELECT seq, total FROM outbox ORDER BY seq DESC LIMIT 1").fetchone()
        oldest = database.execute("SELECT seq FROM outbox ORDER BY seq LIMIT 1").fetchone()
        given = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
        self.newest = max(given[0] if given else 0, newest[0] if newest else 0)
        self._total = newest[1] if newest else 0
        before = oldest[0] - 1 if oldest else self.newest
        self._shipped = {}
        for sink in self._sinks:
            runs = database.execute("SELECT first, last FROM shipped WHERE sink = ? ORDER BY first", (sink,)).fetchall()
            # a sink that is new gets all that is still here
            self._shipped[sink] = _joined([(0, before), *runs])
        known = {row[0] for row in database.execute("SELECT DISTINCT sink FROM shipped")}
        for gone in sorted(known - set(self._sinks)):
            _log.warning("sink %s is no longer in the site: its place in the outbox is given up", gone)
            database.execute("DELETE FROM shipped WHERE sink = ?", (gone,))

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            raise sqlite3.OperationalError("the outbox is not open")
        return self._database

    @contextmanager
    def _unhurried(self) -> Iterator[None]:
        """What is committed within is on the disk with the next points, and is not waited for.

        For what a sink has: a power cut before then has it sent once more, the same bytes.
        """
        database = self._opened()
        database.execute("PRAGMA synchronous=NORMAL")
        try:
            yield
        finally:
            database.execute(f"PRAGMA synchronous={FORM.synchronous}")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with transaction(self._opened()) as database:
            yield database

    # --- recording

    def append(self, blobs: Sequence[Blob]) -> None:
        """Commit the blobs in one transaction; when this returns they are on the disk."""
        with self._lock:
            total, newest = self._total, self.newest
            try:
                with self._transaction() as database:
                    for blob in blobs:
                        total += blob.points
                        values = (blob.t_min_ms, blob.t_max_ms, blob.points, total, "zlib", blob.crc32, blob.body)
                        cursor = database.execute(_INSERT, values)
                        newest = cursor.lastrowid or newest
                    if not self._sinks and blobs:
                        old_ms = blobs[-1].t_max_ms - KEPT_WITHOUT_SINKS_MS
                        _delete_oldest(database, newest, old_ms, 10)
            except sqlite3.Error:
                # an error after the commit itself: what is seen has been synced, and written again would be there twice
                if not self._holds(newest):
                    raise
            self._total, self.newest = total, newest

    def _holds(self, seq: int) -> bool:
        """Whether a blob of the transaction that has just failed is in the file all the same."""
        database = self._opened()
        if seq == self.newest or database.in_transaction:
            return False
        return database.execute("SELECT 1 FROM outbox WHERE seq = ?", (seq,)).fetchone() is not None

    # --- shipping

    def gaps(self, sink: str, taken: Batch | None = None) -> list[tuple[int, int]]:
        """The runs `first` to `last` that the sink does not have, oldest first; `taken` is about to be written off."""
        with self._lock:
            return self._gaps(sink, taken)

    def _gaps(self, sink: str, taken: Batch | None = None) -> list[tuple[int, int]]:
        runs = self._shipped[sink]
        if taken is not None and taken.file == self._file:
            runs = _joined([*runs, (taken.first, taken.last)])
        edges = [*(first for first, _ in runs[1:]), self.newest + 1]
        return [(last + 1, edge - 1) for (_, last), edge in zip(runs, edges, strict=True) if edge > last + 1]

    def read(self, first: int, last: int, lines: int, *, newest: bool = False) -> Batch:
        """At least one blob of the run, more while there are no more than `lines`: from its old end, or its new one."""
        rows: list[tuple[int, int, str, int, bytes]] = []
        order = "DESC" if newest else "ASC"
        question = f"SELECT seq, n, codec, crc32, body FROM outbox WHERE seq BETWEEN ? AND ? ORDER BY seq {order}"
        with self._lock, closing(self._opened().execute(question, (first, last))) as cursor:
            file, count = self._file, 0
            for row in cursor:
                count += row[1]
                if rows and count > lines:
                    break
                rows.append(row)
        if newest:
            rows.reverse()
        raws: list[bytes] = []
        points, broken = 0, {}
        for seq, n, codec, crc, body in rows:
            raw = unpacked(codec, crc, body)
            if raw is not None and count_of(raw) == n:
                raws.append(raw)
                points += n
            else:
                broken[seq] = n
        ends = rows[0][0] if newest and rows else first, rows[-1][0] if rows else last
        return Batch(*ends, b"\n".join(raws), points, broken, file)

    def delivered(self, sink: str, batch: Batch, dead: Sequence[Dead], now_s: float) -> None:
        """The sink has the batch, but for the dead. Deletes what every sink has by now and what is a day old."""
        with self._lock:
            if batch.file != self._file:
                # another file by now: these numbers mean other blobs there
                return
            shipped = {**self._shipped, sink: _joined([*self._shipped[sink], (batch.first, batch.last)])}
            with self._unhurried(), self._transaction() as database:
                for letter in dead:
                    database.execute(
                        "INSERT INTO dead (sink, seq, line, status, reason, at) VALUES (?, ?, ?, ?, ?, ?)",
                        (sink, letter.seq, letter.line, letter.status, letter.reason, now_s),
                    )
                if dead:
                    database.execute("DELETE FROM dead WHERE id <= (SELECT max(id) FROM dead) - ?", (DEAD_LIMIT,))
                database.execute("DELETE FROM shipped WHERE sink = ?", (sink,))
                database.executemany(
                    "INSERT INTO shipped (sink, first, last) VALUES (?, ?, ?)", [(sink, *run) for run in shipped[sink]]
                )
                everywhere = min(runs[0][1] for runs in shipped.values())
                newest = database.execute("SELECT t_max FROM outbox WHERE seq = ?", (self.newest,)).fetchone()
                kept_ms = KEPT_DELIVERED_MS if self._keep_sent_s is None else round(self._keep_sent_s * 1000)
                old_ms = newest[0] - kept_ms if newest else 0
                _delete_oldest(database, everywhere, old_ms, 4 * (batch.last - batch.first + 1))
            self._shipped = shipped
            if self._opened().execute("PRAGMA freelist_count").fetchone()[0] > SPARE_PAGES:
                self._opened().execute("PRAGMA incremental_vacuum(256)").fetchall()

    def pending(self, sink: str) -> Pending:
        """How much the sink does not have yet; cheap, however much it is."""
        blobs = points = 0
        oldest_ms = None
        with self._lock:
            database = self._opened()
            for first, last in self._gaps(sink):
                question = "SELECT seq, n, total, t_min FROM outbox WHERE seq BETWEEN ? AND ? ORDER BY seq"
                ends = [
                    database.execute(f"{question} {order} LIMIT 1", (first, last)).fetchone()
                    for order in ("ASC", "DESC")
                ]
                if ends[0] is None:
                    continue
                (low, n, low_total, t_min), (high, _, high_total, _) = ends
                blobs += high - low + 1
                points += high_total - low_total + n
                oldest_ms = t_min if oldest_ms is None else oldest_ms
        return Pending(blobs, points, oldest_ms)

    def restamp(self, first: int, most: int, shift_ms: int, guessed_ms: tuple[int, int]) -> int | None:
        """Put right the points that were taken before the box knew the time, of `most` blobs from `first` on.

        The next blob to put right; None when all are. To be called before any of them is shipped.
        """
        with self._lock, self._transaction() as database:
            question = "SELECT seq, n, codec, crc32, body FROM outbox WHERE seq >= ? ORDER BY seq LIMIT ?"
            rows = database.execute(question, (first, most)).fetchall()
            for seq, n, *packed in rows:
                lines = split(unpacked(*packed) or b"")
                if len(lines) == n:
                    right, times_ms = zip(*(restamped(line, shift_ms, guessed_ms) for line in lines), strict=True)
                    blob = pack([line.decode("utf-8", "replace") for line in right], times_ms)
                    database.execute(
                        "UPDATE outbox SET t_min = ?, t_max = ?, codec = 'zlib', crc32 = ?, body = ? WHERE seq = ?",
                        (blob.t_min_ms, blob.t_max_ms, blob.crc32, blob.body, seq),
                    )
            return rows[-1][0] + 1 if len(rows) == most else None

    # --- room

    def used_bytes(self) -> int:
        """What is in the file, free pages not counted."""
        pages, free, size = self._asked("page_count", "freelist_count", "page_size")
        return (pages - free) * size

    def spare_bytes(self) -> int:
        """Free pages of the file: what comes next needs no room of the disk."""
        free, size = self._asked("freelist_count", "page_size")
        return free * size

    def _asked(self, *names: str) -> list[int]:
        with self._lock:
            return [int(self._opened().execute(f"PRAGMA {name}").fetchone()[0]) for name in names]

    def forget_delivered(self) -> None:
        """Delete what every sink has, the oldest first, before its day is over."""
        with self._lock, self._transaction() as database:
            self._forget_delivered(database)

    def _forget_delivered(self, database: sqlite3.Connection) -> bool:
        everywhere = min((runs[0][1] for runs in self._shipped.values()), default=0)
        question = "SELECT seq FROM outbox WHERE seq <= ? ORDER BY seq LIMIT 10000"
        return database.execute(f"DELETE FROM outbox WHERE seq IN ({question})", (everywhere,)).rowcount > 0

    def thin(self) -> int:
        """Make room: what every sink has goes first, then the oldest minutes that one lacks become one line or a few.

        How many points went; each time with a row in `gap` and a line in the record.
        """
        with self._lock, self._transaction() as database:
            gaps = {sink: self._gaps(sink) for sink in self._sinks}
            if self._forget_delivered(database):
                return 0
            # within the first gap of every sink: what they lack of it they lack as a whole
            end = min([self.newest - NEVER_THINNED, *(runs[0][1] for runs in gaps.values() if runs)])
            columns = "SELECT seq, t_min, t_max, n, total, codec, crc32, body FROM outbox WHERE seq <= ?"
            whole = f"{columns} AND seq NOT IN (SELECT seq FROM gap) ORDER BY seq LIMIT ?"
            rows = database.execute(whole, (end, THINNED_AT_ONCE)).fetchall()
            keeps = len(rows) > 1
            if not keeps:
                # all of it is thinned already: the oldest goes
                rows = database.execute(f"{columns} ORDER BY seq LIMIT ?", (end, THINNED_AT_ONCE)).fetchall()
            return _thinned_rows(database, rows, keeps) if len(rows) > 1 else 0

    def dead_letters(self) -> int:
        """How many lie in `dead`."""
        with self._lock:
            # without a gap between the first and the last, so that counting costs nothing
            question = "SELECT coalesce(max(id) - min(id) + 1, 0) FROM dead"
            count: int = self._opened().execute(question).fetchone()[0]
            return count


def _thinned_rows(database: sqlite3.Connection, rows: Sequence[_Row], keeps: bool) -> int:
    lines = [line for row in rows for line in split(unpacked(*row[5:]) or b"") if line]
    first_ms, last_ms = min(row[1] for row in rows), max(row[2] for row in rows)
    kept = thinned(lines) if keeps else [line for line in lines if is_gap(line)]
    kept.append(gap_line(lines, first_ms, last_ms, len(kept)))
    raw = b"\n".join(kept)
    seq, fewer = rows[-1][0], sum(row[3] for row in rows) - len(kept)
    # the last one holds what is left: whoever lacks a part of the run lacks that
    database.executemany("DELETE FROM outbox WHERE seq = ?", [(row[0],) for row in rows[:-1]])
    # what is counted by differences of totals is to come out right
    database.execute("UPDATE outbox SET total = total + ? WHERE seq < ?", (fewer, seq))
    database.execute(
        "UPDATE outbox SET t_min = ?, t_max = ?, n = ?, codec = 'zlib', crc32 = ?, body = ? WHERE seq = ?",
        (first_ms, last_ms, len(kept), zlib.crc32(raw), zlib.compress(raw, LEVEL), seq),
    )
    database.execute(
        "INSERT INTO gap (seq, t_min, t_max, points, kept) VALUES (?, ?, ?, ?, ?)",
        (seq, first_ms, last_ms, len(lines), len(kept)),
    )
    return fewer + 1


def _delete_oldest(database: sqlite3.Connection, last: int, before_ms: int, most: int) -> None:
    """Of the oldest blobs up to `last`, those whose points are all older; `most` are looked at.

    What stands before 2020 is not old: it waits for its time to be put right.
    """
    oldest = "SELECT seq, t_max FROM outbox WHERE seq <= ? ORDER BY seq LIMIT ?"
    database.execute(
        f"DELETE FROM outbox WHERE seq IN (SELECT seq FROM ({oldest}) WHERE t_max >= ? AND t_max < ?)",
        (last, most, milliseconds(SET_AFTER_S), before_ms),
    )


def _joined(runs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(runs):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def unpacked(codec: str, crc: int, body: bytes) -> bytes | None:
    """A blob's lines; None where it does not read as it was written."""
    try:
        raw = zlib.decompress(body) if codec == "zlib" else b""
    except zlib.error:
        return None
    return raw if zlib.crc32(raw) == crc else None
