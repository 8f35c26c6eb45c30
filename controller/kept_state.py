"""The kept state in `state.db`: a row for each of its parts, all of one moment."""

import json
import logging
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from threading import Lock
from typing import Any
from zlib import crc32

from controller.core.state import written_s
from controller.history.state_database import StateDatabase, reading

FORMER = "state.json"
"""Where it stood before; taken up once."""
_ROWS = "SELECT part, name, crc32, body FROM kept ORDER BY part, name"
_Row = tuple[str, str]
"""`blocks` and `ras1.tank1.do_loop`; a part without names has the name `""`."""
log = logging.getLogger(__name__)


class KeptState:
    """Of an agent; written from several threads, and never by an older state than it holds."""

    def __init__(self, database: StateDatabase) -> None:
        self._database = database
        self._former = database.path.with_name(FORMER)
        self._lock = Lock()
        self._written: Mapping[_Row, str] = {}
        """What stands in the file."""
        self._file: int | None = None
        """Which file that is: the number of those set aside before it. None before the first is written."""
        self._written_s = float("-inf")

    def read(self, now_s: float) -> dict[str, Any] | None:
        """The kept state, as far as it reads as it was written; None where there is none: the farm starts fresh."""
        kept = None
        try:
            with self._database.transaction(now_s) as database:
                kept = assembled(database.execute(_ROWS).fetchall())
        except (sqlite3.Error, OSError) as error:
            log.warning("state_not_opened", extra={"file": str(self._database.path), "why": str(error)})
            # nothing can be written there, but perhaps it can be read
            with suppress(sqlite3.Error, OSError):
                kept = kept_in(self._database.path.parent)
        former = self._read_former()
        return former if former is not None and written_s(former) > written_s(kept) else kept

    def write(self, plain: Mapping[str, Any], now_s: float) -> bool:
        """Whether it (or a newer one) is on the disk; `plain` is of `to_plain`. What did not change is not written."""
        rows = {(part, name): json.dumps(value) for part, name, value in _parts(plain)}
        with self._lock:
            if plain["at_s"] < self._written_s:
                return True
            try:
                with self._database.transaction(now_s) as database:
                    file = len(self._database.quarantined)
                    known = self._written
                    if file != self._file:
                        database.execute("DELETE FROM kept")
                        known = {}
                    database.executemany(
                        "INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?)",
                        [(*row, _sum(*row, body), body) for row, body in rows.items() if known.get(row) != body],
                    )
                    database.executemany("DELETE FROM kept WHERE part = ? AND name = ?", known.keys() - rows.keys())
                if self._file is None:
                    self._former.unlink(missing_ok=True)
            except (sqlite3.Error, OSError) as error:
                log.warning("state_not_written", extra={"file": str(self._database.path), "why": str(error)})
                return False
            self._written, self._file, self._written_s = rows, file, plain["at_s"]
            return True

    def _read_former(self) -> dict[str, Any] | None:
        try:
            kept: dict[str, Any] = json.loads(self._former.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.warning("state_unreadable", extra={"file": str(self._former), "why": str(error)})
            with suppress(OSError):
                os.replace(self._former, self._former.with_suffix(".corrupt"))
            return None
        return kept


def kept_in(directory: Path) -> dict[str, Any] | None:
    """The state that is kept there, read beside the agent. Raises sqlite3.Error."""
    with closing(reading(directory)) as database:
        return assembled(database.execute(_ROWS).fetchall())


def assembled(rows: Iterable[tuple[str, str, int, str]]) -> dict[str, Any] | None:
    """The state of its rows; one that does not read as it was written is left out, and starts fresh."""
    kept: dict[str, Any] = {}
    for part, name, told, body in rows:
        if told != _sum(part, name, body):
            log.warning("state_unreadable", extra={"file": f"{part}:{name}", "why": "crc32"})
        elif name:
            kept.setdefault(part, {})[name] = json.loads(body)
        else:
            kept[part] = json.loads(body)
    return kept or None


def _parts(plain: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for part, values in plain.items():
        if isinstance(values, dict):
            for name, value in values.items():
                yield part, name, value
        else:
            yield part, "", values


def _sum(part: str, name: str, body: str) -> int:
    return crc32(f"{part}\n{name}\n{body}".encode("utf-8", "replace"))
