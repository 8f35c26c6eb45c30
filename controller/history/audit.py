"""Who did what, and when: rows in `state.db` that each carry a hash over the row before.

A row that is changed, or one that is missing from the middle, breaks the chain; rows missing from the end show in the
number that the next one would have had. Rows older than 400 days go into files, and the chain tells of it
(`audit_cut`). Whoever rewrites the whole file can make a new chain: only a hash that was written down elsewhere
(`farmloop history audit` tells the newest) shows that.
"""

import json
import logging
import sqlite3
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock

from controller.history.audit_cut import (
    COLUMNS,
    CUT,
    UNREADABLE_FILE,
    Row,
    anchor,
    cut,
    digest_told,
    files_of,
    first_of,
    hash_of,
    rows_of,
)
from controller.history.state_database import NAME, StateDatabase, reading

MOST_WAITING = 100_000
LOOK_S = 86400.0
"""How often it is looked whether rows are old enough to go."""
_log = logging.getLogger("farmloop.audit")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an examination found."""

    rows: int
    """In the database, and in files that hold what went from it."""
    newest: str
    """Hash of the newest row, in hex; empty where there is none."""
    problems: tuple[tuple[str, int], ...]
    """`changed`, `missing` or `cut` (from the end), and the row's number."""


class Audit:
    """`note` from the scan, `write` in a thread: nothing waits for the disk, and what it does not take is not lost."""

    def __init__(self, database: StateDatabase) -> None:
        self.failure = ""
        """Why the disk does not take what people did; empty when it does."""
        self._database = database
        self._begun = 0
        """Files set aside that the chain has told of."""
        self._look_s = -1.0
        """When it is to be looked for what is old enough to go (farm time)."""
        self._waiting: deque[tuple[int, str, str, str, str]] = deque(maxlen=MOST_WAITING)
        self._lock = Lock()

    def note(self, time_s: float, who: str, what: str, subject: str, said: Mapping[str, object]) -> None:
        """Somebody did something at farm time `time_s`."""
        text = json.dumps(dict(said), ensure_ascii=False, sort_keys=True, default=str)
        # half a letter, which JSON can bring and no file can hold
        who, subject, text = (one.encode("utf-8", "replace").decode() for one in (who, subject, text))
        self._waiting.append((round(time_s * 1000.0), who, what, subject, text))

    def write(self, now_s: float) -> None:
        """Put on the disk what waits for it, in one commit."""
        with self._lock:
            if not self._waiting:
                return
            lot = list(self._waiting)
            try:
                self._append(lot, now_s)
                failure = ""
                for _ in lot:
                    self._waiting.popleft()
            except (sqlite3.Error, OSError) as error:
                failure = str(error)
            if failure and not self.failure:
                _log.error("audit_not_kept", extra={"why": failure})
            self.failure = failure

    def cut(self, now_s: float) -> None:
        """Once a day: what is older than 400 days goes into a file, and a row tells of it, in one commit. Only when
        the time is known: a clock that is years ahead would make everything old."""
        with self._lock:
            if self._look_s - LOOK_S <= now_s < self._look_s:
                return
            self._look_s = now_s + LOOK_S
            try:
                with self._database.transaction(now_s) as database:
                    if (told := cut(database, self._database.path.parent, now_s)) is not None:
                        self._add(database, [(round(now_s * 1000.0), "", CUT, "audit", json.dumps(told))])
            except (sqlite3.Error, OSError) as error:
                _log.error("audit_not_cut", extra={"why": str(error)})

    def _append(self, lot: list[tuple[int, str, str, str, str]], now_s: float) -> None:
        with self._database.transaction(now_s) as database:
            begun = len(self._database.quarantined)
            aside = [
                (round(now_s * 1000.0), "", "begun", "audit", json.dumps({"aside": path.name}))
                for path in self._database.quarantined[self._begun :]
            ]
            self._add(database, (*aside, *lot))
        self._begun = begun

    def _add(self, database: sqlite3.Connection, lot: Iterable[tuple[int, str, str, str, str]]) -> None:
        newest = database.execute("SELECT hash FROM audit ORDER BY id DESC LIMIT 1").fetchone()
        given = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").fetchone()
        number, before = given[0] if given else 0, newest[0] if newest else b""
        for one in lot:
            number += 1
            before = hash_of(before, number, *one)
            database.execute(f"INSERT INTO audit ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", (number, *one, before))


def read(directory: Path, most: int, before: int = 1 << 62) -> list[Row]:
    """The newest `most` rows below number `before`, the last first. Raises sqlite3.Error; nothing without a file."""
    if not (directory / NAME).is_file():
        return []
    with closing(reading(directory)) as database:
        question = f"SELECT {COLUMNS} FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?"
        rows = database.execute(question, (before, most)).fetchall()
    return [Row(*row) for row in rows]


def examine(directory: Path) -> Verdict:
    """Hold every row against the one before, those in files too where these still are. Raises sqlite3.Error,
    FileNotFoundError."""
    if not (directory / NAME).is_file():
        raise FileNotFoundError(2, "nobody did anything here yet", str(directory / NAME))
    chain, files = _Chain(), files_of(directory)
    with closing(reading(directory)) as database:
        database.execute("BEGIN")  # one moment, however long it takes
        last, hash_of_last = anchor(database)
        for path in files:
            chain.hold_file(path, last)
        if chain.number == last and chain.hash != hash_of_last:
            chain.problems.append(("changed", last))
        chain.number, chain.hash = last, hash_of_last
        chain.hold(Row(*values) for values in database.execute(f"SELECT {COLUMNS} FROM audit ORDER BY id"))
        given = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").fetchone()
        if given and given[0] > chain.number:
            chain.problems.append(("cut", chain.number + 1))
    chain.hold_digests(files)
    return Verdict(chain.count, chain.hash.hex(), tuple(chain.problems))


def has(directory: Path, hash_hex: str) -> bool:
    """Whether a row has this hash, in a file or in the table. Raises sqlite3.Error."""
    wanted = hash_hex.strip().lower()
    with closing(reading(directory)) as database:
        question = "SELECT 1 FROM audit WHERE lower(hex(hash)) = ?"
        if database.execute(question, (wanted,)).fetchone() is not None or anchor(database)[1].hex() == wanted:
            return True
    try:
        return any(row.hash.hex() == wanted for path in files_of(directory) for row in rows_of(path))
    except UNREADABLE_FILE:
        return False


class _Chain:
    """Rows in the order of their numbers, each held against the one before."""

    def __init__(self) -> None:
        self.number, self.hash, self.count = 0, b"", 0
        self.problems: list[tuple[str, int]] = []
        self._digests: dict[str, str] = {}
        """Of files, as the rows that tell of cuts have them."""

    def hold(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if row.id != self.number + 1:
                self.problems.append(("missing", self.number + 1))
            elif hash_of(self.hash, *row[:-1]) != row.hash:
                self.problems.append(("changed", row.id))
            if row.what == CUT:
                self._digests |= digest_told(row)
            self.count, self.hash, self.number = self.count + 1, row.hash, row.id

    def hold_file(self, path: Path, last: int) -> None:
        """Up to row `last`: a file that a power cut kept from being told of holds what the table has as well."""
        try:
            rows = [row for row in rows_of(path) if row.id <= last]
        except UNREADABLE_FILE:
            self.problems.append(("changed", self.number + 1))
            return
        if rows and rows[0].id > self.number + 1:  # the file before was taken elsewhere; the digest still tells
            self.number, self.hash, self.count = rows[0].id, rows[0].hash, self.count + 1
            rows = rows[1:]
        self.hold(rows)

    def hold_digests(self, files: Iterable[Path]) -> None:
        for path in files:
            told = self._digests.get(path.name)
            if told is not None and sha256(path.read_bytes()).hexdigest() != told:
                self.problems.append(("changed", first_of(path)))
