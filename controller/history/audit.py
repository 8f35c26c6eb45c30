"""Who did what, and when: rows in `state.db` that each carry a hash over the row before.

A row that is changed, or one that is missing from the middle, breaks the chain; rows missing from the end show in the
number that the next one would have had. Whoever rewrites the whole file can make a new chain: only a hash that was
written down elsewhere (`farmloop history audit` tells the newest) shows that.
"""

import json
import logging
import sqlite3
from collections import deque
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from controller.history.state_database import NAME, StateDatabase, reading

_COLUMNS = "id, at_ms, who, what, subject, said, hash"
MOST_WAITING = 100_000
_log = logging.getLogger("farmloop.audit")


class Row(NamedTuple):
    """One deed."""

    id: int
    at_ms: int
    who: str
    what: str
    """The event's kind: `setpoint_changed`, `refused`, `entered`, …"""
    subject: str
    said: str
    """All that the event told, as JSON."""
    hash: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an examination found."""

    rows: int
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

    def _append(self, lot: list[tuple[int, str, str, str, str]], now_s: float) -> None:
        with self._database.transaction(now_s) as database:
            begun = len(self._database.quarantined)
            aside = [
                (round(now_s * 1000.0), "", "begun", "audit", json.dumps({"aside": path.name}))
                for path in self._database.quarantined[self._begun :]
            ]
            newest = database.execute("SELECT hash FROM audit ORDER BY id DESC LIMIT 1").fetchone()
            given = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").fetchone()
            number, before = given[0] if given else 0, newest[0] if newest else b""
            for one in (*aside, *lot):
                number += 1
                before = _hash(before, number, *one)
                database.execute(f"INSERT INTO audit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", (number, *one, before))
        self._begun = begun


def read(directory: Path, most: int, before: int = 1 << 62) -> list[Row]:
    """The newest `most` rows below number `before`, the last first. Raises sqlite3.Error; nothing without a file."""
    if not (directory / NAME).is_file():
        return []
    with closing(reading(directory)) as database:
        question = f"SELECT {_COLUMNS} FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?"
        rows = database.execute(question, (before, most)).fetchall()
    return [Row(*row) for row in rows]


def examine(directory: Path) -> Verdict:
    """Hold every row against the one before. Raises sqlite3.Error, FileNotFoundError."""
    if not (directory / NAME).is_file():
        raise FileNotFoundError(2, "nobody did anything here yet", str(directory / NAME))
    problems: list[tuple[str, int]] = []
    count, before, number = 0, b"", 0
    with closing(reading(directory)) as database:
        for values in database.execute(f"SELECT {_COLUMNS} FROM audit ORDER BY id"):
            row = Row(*values)
            if row.id != number + 1:
                problems.append(("missing", number + 1))
            elif _hash(before, *row[:-1]) != row.hash:
                problems.append(("changed", row.id))
            count, before, number = count + 1, row.hash, row.id
        given = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").fetchone()
        if given and given[0] > number:
            problems.append(("cut", number + 1))
    return Verdict(count, before.hex(), tuple(problems))


def has(directory: Path, hash_hex: str) -> bool:
    """Whether a row has this hash. Raises sqlite3.Error."""
    with closing(reading(directory)) as database:
        question = "SELECT 1 FROM audit WHERE lower(hex(hash)) = lower(?)"
        return database.execute(question, (hash_hex.strip(),)).fetchone() is not None


def _hash(before: bytes, number: int, at_ms: int, who: str, what: str, subject: str, said: str) -> bytes:
    text = json.dumps([number, at_ms, who, what, subject, said], ensure_ascii=False)
    return sha256(before + text.encode()).digest()
