"""The agent's SQLite files: opened, begun, brought up to the newest form, or set aside when broken or not ours."""

import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Form:
    """What a file of ours holds."""

    application_id: int
    schema: str
    probes: Sequence[str]
    """Questions that its tables answer."""
    synchronous: str = "FULL"
    """FULL: what is committed survives a power cut. NORMAL: the last commits may not."""
    migrations: Sequence[str] = ()
    """The first brings form 1 to form 2, and so on; `schema` is the newest form."""

    @property
    def version(self) -> int:
        return len(self.migrations) + 1


_SETTINGS = (
    "journal_mode=WAL",
    "busy_timeout=5000",
    f"journal_size_limit={16 << 20}",
    "wal_autocheckpoint=1000",
)
_MAY_PASS = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_AUTH,
    }
)
"""Errors of the place, not of the file."""
_log = logging.getLogger(__name__)


UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
"""What a rotten file raises; the last where SQLite's own message quotes what is spoilt."""


class ForeignError(Exception):
    """The file is a database, but not this one."""


def is_spoilt(error: sqlite3.Error, path: Path) -> bool:
    """Whether the file itself is broken, so that trying again will not help."""
    # errors of the module itself, such as a closed database, have no code
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_IOERR) & 0xFF
    if code == sqlite3.SQLITE_READONLY:
        # a spoilt format number reads as "too new to write"
        return os.access(path, os.W_OK)
    return code not in _MAY_PASS


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All of it or nothing."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield database
        database.execute("COMMIT")
    except BaseException:
        # SQLite may have rolled back by itself
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def open_database(path: Path, now_s: float, form: Form) -> tuple[sqlite3.Connection, Path | None]:
    """The file at `path`, begun where there is none, and where a broken or foreign one went (`*.corrupt.TIME`).

    Raises sqlite3.Error or OSError where trying again later may help: a full, slow or read-only disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _opened(path, form), None
    except (*UNREADABLE, ForeignError) as error:
        if isinstance(error, sqlite3.Error) and not is_spoilt(error, path):
            raise
        aside = _set_aside(path, now_s)
        _log.error("%s is not usable (%s): set aside as %s, a new one begins", path, error, aside.name)
    return _opened(path, form), aside


def _opened(path: Path, form: Form) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
    # a letter that rotted is no reason to fail
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    try:
        if database.execute("PRAGMA page_count").fetchone()[0] == 0:
            # only before the first table
            database.execute("PRAGMA auto_vacuum=INCREMENTAL")
        else:
            _examine(database, form)
        for setting in (*_SETTINGS, f"synchronous={form.synchronous}"):
            database.execute(f"PRAGMA {setting}")
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version == form.version:
            # shows now, and not at the first point, whether it can be written
            database.execute(f"PRAGMA user_version={form.version}")
        else:
            steps = form.migrations[version - 1 :] if version else (form.schema,)
            database.executescript(
                f"BEGIN IMMEDIATE; PRAGMA application_id={form.application_id}; PRAGMA user_version={form.version};"
                f"{''.join(steps)} COMMIT;"
            )
            _probe(database, form)
    except BaseException:
        database.close()
        raise
    return database


def _examine(database: sqlite3.Connection, form: Form) -> None:
    ours = database.execute("PRAGMA application_id").fetchone()[0]
    version = database.execute("PRAGMA user_version").fetchone()[0]
    tables = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if (ours, version, tables) == (0, 0, 0):
        # begun, and killed before its first table
        return
    if ours != form.application_id or not 1 <= version <= form.version:
        raise ForeignError(f"application {ours:#x} version {version}")
    verdict = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise ForeignError(verdict)
    if version == form.version:
        _probe(database, form)


def _probe(database: sqlite3.Connection, form: Form) -> None:
    try:
        for probe in form.probes:
            database.execute(probe)
    except sqlite3.OperationalError as error:
        raise ForeignError(str(error)) from error


def _set_aside(path: Path, now_s: float) -> Path:
    stamp = datetime.fromtimestamp(now_s, UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.corrupt.{stamp}")
    count = 1
    while aside.exists():
        count += 1
        aside = path.with_name(f"{path.name}.corrupt.{stamp}.{count}")
    path.rename(aside)
    for tail in ("-wal", "-shm"):
        beside = path.with_name(path.name + tail)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + tail))
    return aside
