"""What people did stays in `state.db` for 400 days; what is older goes into files beside it, and the chain goes on.

The row that tells of a cut is a link of the chain itself: it holds the number and the hash of the last row that went,
so that what is left hangs on what went, whether the file is still there or was taken elsewhere.
"""

import gzip
import json
import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

from controller.history.durable import write_durably

KEPT_S: Final = 400 * 86400.0
"""China's cybersecurity law asks for six months of logs (art. 21); a season and its year fit in this."""
LATEST_S: Final = KEPT_S + 30 * 86400.0
"""Age of the oldest row at which rows go: a file a month, not one a day."""
CUT: Final = "cut"
UNREADABLE_FILE: Final = (OSError, EOFError, ValueError, TypeError)
"""What reading a file of rows raises where it is not as it was written; `gzip.BadGzipFile` is an OSError."""
COLUMNS: Final = "id, at_ms, who, what, subject, said, hash"


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


def hash_of(before: bytes, number: int, at_ms: int, who: str, what: str, subject: str, said: str) -> bytes:
    """A row's, over the hash of the row before."""
    text = json.dumps([number, at_ms, who, what, subject, said], ensure_ascii=False)
    return sha256(before + text.encode()).digest()


def cut(database: sqlite3.Connection, directory: Path, now_s: float) -> dict[str, Any] | None:
    """Within a transaction: writes rows that are old enough to a file and takes them out of the table; what the row
    that tells of it has to say, or None where nothing went. A file of a cut that was not committed is written anew.

    Raises sqlite3.Error, OSError.
    """
    oldest = database.execute("SELECT at_ms FROM audit ORDER BY id LIMIT 1").fetchone()
    if oldest is None or oldest[0] > (now_s - LATEST_S) * 1000.0:
        return None
    kept = database.execute("SELECT min(id) FROM audit WHERE at_ms >= ?", ((now_s - KEPT_S) * 1000.0,)).fetchone()[0]
    newest = database.execute("SELECT max(id) FROM audit").fetchone()[0]
    # the newest stays in any case: the next one hangs on it
    rows = [
        Row(*values)
        for values in database.execute(
            f"SELECT {COLUMNS} FROM audit WHERE id < ? ORDER BY id", (newest if kept is None else kept,)
        )
    ]
    if not rows:
        return None
    path = directory / f"audit-{rows[0].id:09d}.jsonl.gz"
    digest = _write(path, rows)
    database.execute("DELETE FROM audit WHERE id <= ?", (rows[-1].id,))
    return {
        "rows": len(rows), "last": rows[-1].id, "hash": rows[-1].hash.hex(), "file": path.name, "sha256": digest,
    }  # fmt: skip


def anchor(database: sqlite3.Connection) -> tuple[int, bytes]:
    """Number and hash of the last row that went, as the newest cut tells them; (0, b"") where none is told."""
    found = database.execute("SELECT said FROM audit WHERE what = ? ORDER BY id DESC LIMIT 1", (CUT,)).fetchone()
    try:
        said = json.loads(found[0])
        return int(said["last"]), bytes.fromhex(said["hash"])
    except (KeyError, TypeError, ValueError):
        return 0, b""


def files_of(directory: Path) -> list[Path]:
    """Files of rows that went, the oldest first."""
    return sorted(directory.glob(f"audit-{'[0-9]' * 9}.jsonl.gz"))


def first_of(path: Path) -> int:
    """Number of the first row of a file, by its name."""
    return int(path.name.split("-")[1].split(".")[0])


def digest_told(row: Row) -> dict[str, str]:
    """Name and SHA-256 of the file that a row tells of; nothing where it is no row of a cut."""
    try:
        said = json.loads(row.said)
        return {said["file"]: said["sha256"]}
    except (KeyError, TypeError, ValueError):
        return {}


def rows_of(path: Path) -> Iterator[Row]:
    """Raises what `UNREADABLE_FILE` names where it is not as it was written."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            *values, digest = json.loads(line)
            yield Row._make([*values, bytes.fromhex(digest)])


def _write(path: Path, rows: list[Row]) -> str:
    lines = (json.dumps([*row[:-1], row.hash.hex()], ensure_ascii=False) + "\n" for row in rows)
    packed = gzip.compress("".join(lines).encode(), mtime=0)
    write_durably(path, packed)
    return sha256(packed).hexdigest()
