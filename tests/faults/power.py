"""A disk whose power can be cut: every write to it is written down, and rebuilt as a cut at any moment may leave it.

What was synced is there. Of what was not, any 512-byte pieces are, in any order: a disk promises no more. Files that
were made are there (SQLite itself sees to their directory entry, through the layer below this one).
"""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import apsw

SECTOR = 512


class Op(NamedTuple):
    """`data` is None for a cut to the length `at`, and for a sync."""

    file: str
    kind: str
    at: int
    data: bytes | None


class Disk(apsw.VFS):
    """SQLite's view of one. `ops` is what reached it, in order."""

    def __init__(self, name: str) -> None:
        self.ops: list[Op] = []
        self.name = name
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> "_File":
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        return _File(self.ops, Path(path).name, name, flags)

    def xDelete(self, name: str, sync_directory: bool) -> None:
        self.ops += [Op(Path(name).name, "cut", 0, None), Op(Path(name).name, "sync", 0, None)]
        super().xDelete(name, sync_directory)

    def connect(self, path: Path, **_: object) -> "Connection":
        """In place of sqlite3.connect."""
        return Connection(str(path), vfs=self.name)


class _File(apsw.VFSFile):
    def __init__(self, ops: list[Op], short: str, name: Any, flags: list[int]) -> None:
        self._ops, self._short = ops, short
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        self._ops.append(Op(self._short, "write", offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self._ops.append(Op(self._short, "cut", size, None))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._ops.append(Op(self._short, "sync", 0, None))


class _Cursor:
    """A cursor as sqlite3 has them: its rows can be asked for when there are none, and it knows the last number."""

    def __init__(self, inner: Any, number: int) -> None:
        self._inner, self.lastrowid = inner, number

    def fetchone(self) -> Any:
        return self._inner.fetchone()

    def fetchall(self) -> list[Any]:
        return list(self._inner)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._inner)

    def close(self) -> None:
        self._inner.close()


class Connection:
    """An apsw connection that answers as sqlite3's does, as far as the outbox asks."""

    def __init__(self, path: str, vfs: str) -> None:
        self._inner = apsw.Connection(path, vfs=vfs)
        # the recorded file has no shared memory
        self._inner.execute("PRAGMA locking_mode=EXCLUSIVE")
        self.text_factory: object = None

    @property
    def in_transaction(self) -> bool:
        return self._inner.in_transaction

    def execute(self, sentence: str, values: Sequence[Any] = ()) -> _Cursor:
        try:
            return _Cursor(self._inner.execute(sentence, tuple(values)), self._inner.last_insert_rowid())
        except apsw.Error as error:
            raise sqlite3.OperationalError(str(error)) from error

    def executemany(self, sentence: str, rows: Sequence[Sequence[Any]]) -> _Cursor:
        return _Cursor(self._inner.executemany(sentence, rows), 0)

    def executescript(self, script: str) -> None:
        self._inner.execute(script)

    def close(self) -> None:
        self._inner.close()


class Cutter:
    """What may be left of the disk after a cut. Moments are asked for in rising order."""

    def __init__(self, ops: Sequence[Op]) -> None:
        self._ops = ops
        self._next = 0
        self._synced: dict[str, bytearray] = {}
        self._loose: dict[str, list[Op]] = {}

    def left(self, moment: int, random: Random) -> dict[str, bytes]:
        """The files when the power went before operation `moment`."""
        for op in self._ops[self._next : moment]:
            held = self._synced.setdefault(op.file, bytearray())
            loose = self._loose.setdefault(op.file, [])
            if op.kind == "sync":
                for former in loose:
                    _do(held, former)
                loose.clear()
            else:
                loose.append(op)
        self._next = moment
        files = {}
        for name, held in self._synced.items():
            image = bytearray(held)
            for op in self._loose[name]:
                if op.data is None:
                    if random.random() < 0.5:
                        _do(image, op)
                    continue
                for piece in _pieces(op):
                    if random.random() < 0.5:
                        _do(image, piece)
            files[name] = bytes(image)
        return files


def _pieces(op: Op) -> Iterator[Op]:
    """A write, cut where the sectors of the disk end."""
    assert op.data is not None
    start, end = op.at, op.at + len(op.data)
    while start < end:
        stop = min((start // SECTOR + 1) * SECTOR, end)
        yield op._replace(at=start, data=op.data[start - op.at : stop - op.at])
        start = stop


def _do(image: bytearray, op: Op) -> None:
    if op.data is None:
        del image[op.at :]
        image.extend(bytes(op.at - len(image)))
        return
    image.extend(bytes(max(op.at - len(image), 0)))
    image[op.at : op.at + len(op.data)] = op.data
