"""Disks that do not play along: too small, not to be written, or with errors now and then."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import apsw

from tests.faults.power import Connection, Disk


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own; only root may have one."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@contextmanager
def not_to_be_written(place: Path) -> Iterator[None]:
    """For root a directory that says no is none: its file system does."""
    if os.geteuid() == 0:
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        try:
            yield
        finally:
            subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
        return
    place.chmod(0o555)
    try:
        yield
    finally:
        place.chmod(0o755)


class FailingDisk(Disk):
    """`chance` of every write, sync and truncation ends in an error of input or output."""

    def __init__(self, name: str, random: Random) -> None:
        self.chance = 0.0
        self.errors = 0
        self._random = random
        self._real = sqlite3.connect
        super().__init__(name)

    def falter(self) -> None:
        if self._random.random() < self.chance:
            self.errors += 1
            raise apsw.IOError("input/output error")

    def xOpen(self, name: Any, flags: list[int]) -> "_Failing":
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        return _Failing(self, str(path), name, flags)

    def connect_some(self, path: Path, **settings: Any) -> Any:
        """In place of sqlite3.connect: the outbox lies here, all else where it did."""
        return Connection(str(path), self.name) if Path(path).name == "outbox.db" else self._real(path, **settings)


class _Failing(apsw.VFSFile):
    def __init__(self, disk: FailingDisk, short: str, name: Any, flags: list[int]) -> None:
        self._disk = disk
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.falter()
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self._disk.falter()
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        self._disk.falter()
        super().xSync(flags)
