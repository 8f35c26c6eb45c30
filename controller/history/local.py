"""`history.db`, the box's own record for trends: a day as it came, a year of minutes, ten years of hours.

Each minute one row of compressed columns, each hour folded tag by tag into a block of raw points and into the blocks of
minutes and hours; a tag says up to which row it has been folded, so a process killed in between loses nothing and folds
nothing twice. The file is written without waiting for the medium (NORMAL): a power cut may cost its last minutes here,
never in the outbox.
"""

import logging
import sqlite3
from collections.abc import Iterable
from math import inf, nan
from pathlib import Path

from controller.history.aggregate import HOUR_S, MINUTE_S, Slot, combined, hours, minutes
from controller.history.blocks import (
    BLOCK_S,
    FORM,
    HOUR,
    KEPT_S,
    MINUTE,
    RAW,
    SLOT,
    chunk,
    lay,
    ordered,
    put,
    raw,
    slots_of,
    tail,
    tail_slots,
)
from controller.history.database import is_spoilt, open_database
from foundation.reading import Quality, Reading

FOLDED_AT_ONCE = 1
"""Tags a tick: two hundred tags are folded within minutes, and no commit waits long for it."""
GRACE_S = 5.0
"""After a minute's end: so late its last points may come."""
MOST_WAITING = 100_000
"""Points that wait for a disk that takes nothing; the oldest go first."""
_log = logging.getLogger(__name__)


class Local:
    """The writing side: `keep` once a tick, from one thread. A disk that fails costs trends alone (`failure`)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failure = ""
        self.quarantined: list[Path] = []
        self._database: sqlite3.Connection | None = None
        self._ids: dict[str, int] = {}
        self._waiting: list[tuple[str, float, float]] = []
        self._last: dict[str, tuple[float, float]] = {}
        self._minute: int | None = None
        self._folding: list[int] = []
        self._folds_to = 0

    def keep(self, points: Iterable[Reading], now_s: float) -> None:
        """Take points over, and write what is due by farm time `now_s`."""
        for point in points:
            if not isinstance(point.value, str):
                number = point.number if point.quality is not Quality.BAD else None
                self._waiting.append((point.tag, point.time_s, nan if number is None else number))
        del self._waiting[:-MOST_WAITING]
        minute = int((now_s - GRACE_S) // MINUTE_S)
        if self._minute is None:
            self._minute = minute
        if minute != self._minute or self._folding:
            self._write(minute, now_s)

    def close(self, now_s: float) -> None:
        """Write what there is."""
        if self._waiting:
            # with all that claims to come from a little later
            self._write(int((now_s + HOUR_S) // MINUTE_S), now_s)
        if self._database is not None:
            self._database.close()
            self._database = None

    def _write(self, minute: int, now_s: float) -> None:
        try:
            if self._database is None:
                self._open(now_s)
            if minute != self._minute:
                self._flush(minute * MINUTE_S)
                self._minute = minute
            self._fold(minute * MINUTE_S // HOUR_S * HOUR_S, now_s)
            failure = ""
        except (sqlite3.Error, OSError, ValueError) as error:
            failure = str(error)
            if self._database is not None and isinstance(error, sqlite3.Error) and is_spoilt(error, self.path):
                # opened again at the next minute, and set aside then
                self._database.close()
                self._database = None
        if failure and not self.failure:
            _log.error("the local record takes nothing (%s)", failure)
        self.failure = failure

    def _open(self, now_s: float) -> None:
        self._database, aside = open_database(self.path, now_s, FORM)
        if aside is not None:
            self.quarantined.append(aside)
        self._ids = dict(self._database.execute("SELECT name, id FROM tag").fetchall())
        self._folding = []

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            raise sqlite3.OperationalError("the local record is not open")
        return self._database

    def _flush(self, to_s: int) -> None:
        of_tag: dict[str, dict[float, float]] = {}
        for tag, time_s, value in self._waiting:
            if time_s < to_s:
                of_tag.setdefault(tag, {})[time_s] = value
        if not of_tag:
            return
        columns = {tag: ordered(points) for tag, points in of_tag.items()}
        database = self._opened()
        with _transaction(database):
            for tag in columns.keys() - self._ids.keys():
                database.execute("INSERT OR IGNORE INTO tag (name) VALUES (?)", (tag,))
            self._ids = dict(database.execute("SELECT name, id FROM tag").fetchall())
            slots = b"".join(
                SLOT.pack(self._ids[tag], *slot) for tag in columns for slot in self._minutes(tag, *columns[tag])
            )
            body = b"".join(chunk(self._ids[tag], *of_it) for tag, of_it in columns.items())
            database.execute("INSERT INTO tail (minute, slots, body) VALUES (?, ?, ?)", (self._minute, slots, body))
        self._waiting = [point for point in self._waiting if point[1] >= to_s]
        self._last |= {tag: (times[-1], values[-1]) for tag, (times, values) in columns.items()}

    def _minutes(self, tag: str, times: list[float], values: list[float]) -> list[Slot]:
        last_s, value = self._last.get(tag, (inf, nan))
        return minutes([last_s, *times], [value, *values], 1) if last_s < times[0] else minutes(times, values)

    # --- folding

    def _fold(self, hour_s: int, now_s: float) -> None:
        """A tag of what came in before the hour that begins at `hour_s`."""
        database = self._opened()
        if not self._folding:
            question = "SELECT max(id) FROM tail WHERE minute < ?"
            (newest,) = database.execute(question, (hour_s // MINUTE_S,)).fetchone()
            if newest is None:
                return
            self._folding, self._folds_to = list(self._ids.values()), newest
        lot, rest = self._folding[:FOLDED_AT_ONCE], self._folding[FOLDED_AT_ONCE:]
        with _transaction(database):
            for tag in lot:
                _fold_tag(database, tag, self._folds_to, now_s - KEPT_S[RAW])
            if not rest:
                database.execute("DELETE FROM tail WHERE id <= ?", (self._folds_to,))
                for tier, kept_s in KEPT_S.items():
                    oldest_s = now_s - kept_s - BLOCK_S[tier]
                    database.execute("DELETE FROM block WHERE tier = ? AND at < ?", (tier, oldest_s))
        self._folding = rest
        if not rest:
            database.execute("PRAGMA incremental_vacuum(256)").fetchall()


class _transaction:
    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._database.execute("COMMIT")
        elif self._database.in_transaction:
            self._database.execute("ROLLBACK")


def _fold_tag(database: sqlite3.Connection, tag: int, to: int, oldest_s: float) -> None:
    """Put what the tail's rows up to `to` hold of a tag into its blocks."""
    points = tail(database, tag, to)
    of_hour: dict[int, dict[float, float]] = {}
    for time_s, value in zip(*points, strict=True):
        of_hour.setdefault(int(time_s // HOUR_S) * HOUR_S, {})[time_s] = value
    new = tail_slots(database, {tag: to})
    for hour_s, within in of_hour.items():
        known = {slot.at_s: slot for slot in slots_of(database, MINUTE, tag, hour_s, hour_s + HOUR_S)}
        told = [slots for slots in new.get(tag, {}).values() if hour_s <= slots[0].at_s < hour_s + HOUR_S]
        exact: dict[int, Slot] = {}
        if hour_s >= oldest_s - HOUR_S:
            whole = ordered(dict(zip(*raw(database, tag, hour_s), strict=True)) | within)
            put(database, RAW, tag, hour_s, chunk(tag, *whole))
            if any(len(slots) > 1 or slots[0].at_s in known for slots in told):
                exact = {slot.at_s: slot for slot in minutes(*whole)}
        for slots in told:
            at_s = slots[0].at_s
            old = [known[at_s]] if at_s in known else []
            # told in parts: the points decide, where they still are
            known[at_s] = slots[0] if len(old) + len(slots) == 1 else exact.get(at_s) or combined(at_s, (*old, *slots))
        lay(database, MINUTE, tag, [known[at_s] for at_s in sorted(known)])
        lay(database, HOUR, tag, hours([known[at_s] for at_s in sorted(known)]))
    database.execute("UPDATE tag SET folded = ? WHERE id = ?", (to, tag))
