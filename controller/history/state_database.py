"""`state.db`: the farm's kept state, what people did, and who may come in. One file, one connection; each of its parts
has a module of its own, and its tables here.

Nobody else opens it to write: two who each set a broken file aside would lose each other's.
"""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Final

from controller.history.database import UNREADABLE, Form, is_spoilt, open_database, transaction

NAME: Final = "state.db"
AUDIT: Final = """
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
    subject TEXT NOT NULL, said TEXT NOT NULL, hash BLOB NOT NULL
) STRICT;
"""
KEPT: Final = """
CREATE TABLE kept (
    part TEXT NOT NULL, name TEXT NOT NULL, crc32 INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (part, name)
) STRICT, WITHOUT ROWID;
"""
ACCOUNTS: Final = """
CREATE TABLE account (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, password TEXT NOT NULL, made_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE token (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, hash BLOB NOT NULL, role TEXT NOT NULL, made_by TEXT NOT NULL,
    made_ms INTEGER NOT NULL, ends_ms INTEGER, used_ms INTEGER
) STRICT;
"""
"""`account.password` is an argon2id hash with its parameters, `token.hash` the SHA-256 of 256 random bits."""

NOTES: Final = """
CREATE TABLE note (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, at_ms INTEGER NOT NULL,
    entered_ms INTEGER NOT NULL, who TEXT NOT NULL, by TEXT NOT NULL, place TEXT NOT NULL, text TEXT NOT NULL,
    corrects INTEGER
) STRICT;
CREATE TRIGGER note_stays BEFORE UPDATE ON note BEGIN SELECT RAISE(ABORT, 'notes stay as they are'); END;
CREATE TRIGGER note_is_kept BEFORE DELETE ON note BEGIN SELECT RAISE(ABORT, 'notes stay as they are'); END;
CREATE TABLE planned (
    id TEXT PRIMARY KEY, zone TEXT NOT NULL, at_ms INTEGER NOT NULL, body TEXT NOT NULL, by TEXT NOT NULL,
    why TEXT NOT NULL, said_ms INTEGER NOT NULL, outcome TEXT NOT NULL, done_ms INTEGER
) STRICT;
"""
"""`planned.body` is what the call was given, as JSON; `outcome` is empty while it waits."""

SESSIONS: Final = """
CREATE TABLE session (
    key BLOB PRIMARY KEY, who TEXT NOT NULL, role TEXT NOT NULL, account TEXT NOT NULL, from_address TEXT NOT NULL,
    idle_s REAL NOT NULL, opened_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL
) STRICT;
"""
"""`session.key` is the SHA-256 of 256 random bits, `session.account` which form of its account it was opened with."""

PHOTOS: Final = """
CREATE TABLE note_photo (note INTEGER NOT NULL, place INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (note, place))
STRICT;
CREATE TRIGGER photo_stays BEFORE UPDATE ON note_photo BEGIN SELECT RAISE(ABORT, 'notes stay as they are'); END;
CREATE TRIGGER photo_is_kept BEFORE DELETE ON note_photo BEGIN SELECT RAISE(ABORT, 'notes stay as they are'); END;
"""
"""`note_photo.name` is of a file beside the database (`photos.py`)."""

FACTORS: Final = """
CREATE TABLE second_factor (
    name TEXT PRIMARY KEY, key TEXT NOT NULL, used_step INTEGER NOT NULL, paper TEXT NOT NULL
) STRICT;
"""
"""Of accounts that want a code beside the password. `paper` holds SHA-256 of codes on paper, in hex."""

_STEPS: Final = (AUDIT, KEPT, ACCOUNTS, NOTES, SESSIONS, PHOTOS, FACTORS)
"""In the order in which they came: a new part goes to the end, and what stands here never changes."""
FORM: Final = Form(
    0x46617273,
    "".join(_STEPS),
    (
        "SELECT id, at_ms, who, what, subject, said, hash FROM audit LIMIT 0",
        "SELECT name, seq FROM sqlite_sequence LIMIT 0",
        "SELECT part, name, crc32, body FROM kept LIMIT 0",
        "SELECT name, role, password, made_ms, changed_ms FROM account LIMIT 0",
        "SELECT id, name, hash, role, made_by, made_ms, ends_ms, used_ms FROM token LIMIT 0",
        "SELECT number, id, at_ms, entered_ms, who, by, place, text, corrects FROM note LIMIT 0",
        "SELECT id, zone, at_ms, body, by, why, said_ms, outcome, done_ms FROM planned LIMIT 0",
        "SELECT key, who, role, account, from_address, idle_s, opened_ms, used_ms FROM session LIMIT 0",
        "SELECT note, place, name FROM note_photo LIMIT 0",
        "SELECT name, key, used_step, paper FROM second_factor LIMIT 0",
    ),
    migrations=_STEPS[1:],
)
SALVAGED: Final = ("kept", "account", "token", "note", "note_photo", "planned", "second_factor")
"""Tables of a broken file whose rows are taken over one by one. The chain of deeds is not: it stays where it was set
aside, as far as it goes. Sessions are not: one that was ended might come back."""
_log = logging.getLogger(__name__)


class StateDatabase:
    """The file of one agent, opened when it is first needed, and again after it was found broken."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / NAME
        self.quarantined: list[Path] = []
        """Broken files that were set aside."""
        self._database: sqlite3.Connection | None = None
        self._lock = Lock()

    @contextmanager
    def transaction(self, now_s: float) -> Iterator[sqlite3.Connection]:
        """One commit, or nothing; one thread at a time. Raises sqlite3.Error, OSError."""
        with self._lock:
            try:
                if self._database is None:
                    self._keep_private()
                    self._database, aside = open_database(self.path, now_s, FORM)
                    self._keep_private()
                    if aside is not None:
                        self.quarantined.append(aside)
                        _take_over(aside, self._database)
                with transaction(self._database) as file:
                    yield file
            except sqlite3.Error as error:
                if self._database is not None and is_spoilt(error, self.path):
                    self._close()
                raise

    def _keep_private(self) -> None:
        """It holds hashes of passwords: nobody but its owner reads it, nor what SQLite puts beside it."""
        with suppress(OSError):  # a disk that cannot be written says so when it is
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not self.path.exists():
                self.path.touch(0o600)
            for path in self.path.parent.glob(f"{self.path.name}*"):
                path.chmod(0o600)

    def close(self) -> None:
        """Closes the file; the next transaction opens it again."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None


def reading(directory: Path) -> sqlite3.Connection:
    """A connection that only reads, beside the agent or where nothing can be written. Raises sqlite3.Error."""
    uri, ahead = (directory / NAME).absolute().as_uri(), directory / f"{NAME}-wal"
    database = sqlite3.connect(f"{uri}?mode=ro", uri=True, timeout=5.0)
    try:
        database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        database.close()
        if ahead.exists() and ahead.stat().st_size:
            raise
        # a disk that is full, or not to be written, has no room for SQLite's own file beside it; all is in this one
        return sqlite3.connect(f"{uri}?immutable=1", uri=True)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _take_over(aside: Path, database: sqlite3.Connection) -> None:
    """Rows that can be read, from both ends up to what is broken. Raises sqlite3.Error of the new file."""
    database.execute("BEGIN IMMEDIATE")
    try:
        for table in SALVAGED:
            names = [name for _, name, *_ in database.execute(f"PRAGMA table_info({table})")]
            columns, places = ", ".join(names), ", ".join("?" * len(names))
            count = 0
            for order in ("ASC", "DESC"):
                for row in _readable(aside, f"SELECT {columns} FROM {table} ORDER BY 1 {order}, 2 {order}"):
                    # what does not fit its column is none of ours any more
                    with suppress(sqlite3.IntegrityError):
                        insert = f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({places})"
                        count += database.execute(insert, row).rowcount
            _log.warning("%d rows of %s are recovered", count, table)
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def _readable(aside: Path, question: str) -> Iterator[tuple[object, ...]]:
    try:
        with closing(sqlite3.connect(f"{aside.absolute().as_uri()}?mode=ro", uri=True, timeout=2.0)) as broken:
            broken.text_factory = lambda raw: raw.decode("utf-8", "replace")
            yield from broken.execute(question)
    except UNREADABLE as error:
        _log.warning("nothing more can be read of %s (%s)", aside.name, error)
