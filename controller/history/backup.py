"""Copies of all that an agent keeps, made while it runs, and put back while it does not.

Databases go through SQLite's own backup, which sees whole commits only; what is written as files of lines is copied as
far as it stands, and a last line that is torn is passed over when it is read. `backup.json`, written last, holds each
file's size and digest: without it a backup is not whole. What is left out can be done without: logs, the journals of
scans and of reasons, whatever was set aside as broken, and who is signed in.
"""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any

from controller.history import blocks, outbox, state_database
from controller.hold import HeldError, hold, is_held

MANIFEST = "backup.json"
FORMAT = 1
VERSIONS: Mapping[str, int] = {
    "outbox.db": outbox.FORM.version,
    blocks.NAME: blocks.FORM.version,
    state_database.NAME: state_database.FORM.version,
}
"""The newest form of each database that this program reads."""
_SUFFIXES = frozenset({".db", ".gz", ".json", ".jsonl", ".jpg", ".png", ".webp"})
_OF_THE_MOMENT = frozenset({"access.json", MANIFEST})
PAGES = 256
"""Copied at a time; in between the agent writes on."""


class BackupError(Exception):
    """Why there is no backup, or why it is not put back: `history.KEY` in the locales, and its values."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key, values)
        self.key, self.values = key, values


def backup(directory: Path, to: Path, now_s: float) -> dict[str, Any]:
    """Copy what is kept in `directory` to `to`, and give the manifest. Raises BackupError."""
    if not directory.is_dir():
        raise BackupError("nothing_kept", directory=directory)
    try:
        to.mkdir(parents=True, exist_ok=True)
        if any(to.iterdir()):
            raise BackupError("not_empty", to=to)
        files = {}
        for path in _kept(directory):
            copy = to / path.name
            if path.suffix == ".db":
                _copy_database(path, copy)
            else:
                shutil.copyfile(path, copy)
            copy.chmod(0o600)
            _sync(copy)
            files[path.name] = _described(copy)
        if not files:
            raise BackupError("nothing_kept", directory=directory)
        manifest = {"format": FORMAT, "at": _spelled(now_s), "files": files}
        (to / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
        _sync(to / MANIFEST)
        _sync(to)
    except (OSError, sqlite3.Error) as error:
        raise BackupError("not_backed_up", to=to, why=str(error)) from error
    return manifest


def restore(source: Path, directory: Path, now_s: float) -> Path | None:
    """Put a backup in the place of what `directory` keeps; where that went, if there was anything.

    Everything is examined before anything is moved. Raises BackupError: an agent runs there, a file is missing, is not
    as it was written, or is of a newer program.
    """
    files = _examined(source)
    if is_held(directory):
        raise BackupError("agent_runs", directory=directory)
    try:
        with hold(directory):
            aside = _set_aside(directory, now_s)
            for name in files:
                shutil.copyfile(source / name, directory / name)
                _sync(directory / name)
            _sync(directory)
    except HeldError as error:
        raise BackupError("agent_runs", directory=directory) from error
    except OSError as error:
        raise BackupError("not_restored", directory=directory, why=str(error)) from error
    return aside


def _kept(directory: Path) -> Iterator[Path]:
    for path in sorted(directory.iterdir()):
        if path.suffix in _SUFFIXES and path.name not in _OF_THE_MOMENT and path.is_file():
            yield path


def _copy_database(path: Path, copy: Path) -> None:
    with (
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        # in one read transaction: the agent's commits meanwhile would begin the copy anew, again and again
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(target, pages=PAGES)
        # a file of its own, with nothing beside it
        target.execute("PRAGMA journal_mode=DELETE")
        if path.name == state_database.NAME:
            with suppress(sqlite3.OperationalError), target:  # of an older program, which has no such table
                target.execute("DELETE FROM session")


def _described(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        told: dict[str, Any] = {"bytes": path.stat().st_size, "sha256": file_digest(file, "sha256").hexdigest()}
    if path.suffix == ".db":
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as copied:
            told["version"] = copied.execute("PRAGMA user_version").fetchone()[0]
    return told


def _examined(source: Path) -> Mapping[str, Any]:
    try:
        manifest = json.loads((source / MANIFEST).read_text("utf-8"))
        form, files = manifest["format"], dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError("no_backup", source=source, why=str(error)) from error
    if form != FORMAT:
        raise BackupError("newer", file=MANIFEST, found=form, known=FORMAT)
    for name, told in files.items():
        path = source / name
        if Path(name).name != name or not path.is_file():
            raise BackupError("file_missing", source=source, file=name)
        try:
            found = _described(path)
        except (OSError, sqlite3.Error) as error:
            raise BackupError("file_spoilt", source=source, file=name) from error
        if found != told:
            raise BackupError("file_spoilt", source=source, file=name)
        if name in VERSIONS and found["version"] > VERSIONS[name]:
            raise BackupError("newer", file=name, found=found["version"], known=VERSIONS[name])
    return files


def _set_aside(directory: Path, now_s: float) -> Path | None:
    there = [
        path for path in directory.iterdir() if path in {*_kept(directory)} or path.name.endswith(("-wal", "-shm"))
    ]
    if not there:
        return None
    aside = directory / f"before-restore-{_spelled(now_s).replace('-', '').replace(':', '')}"
    aside.mkdir()
    for path in there:
        path.rename(aside / path.name)
    _sync(directory)
    return aside


def _spelled(now_s: float) -> str:
    return datetime.fromtimestamp(now_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _sync(path: Path) -> None:
    place = os.open(path, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
