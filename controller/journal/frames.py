"""One day of a farm in one file: frames that are whole or cut off, each compressed with what went before in mind.

A frame is its length, its checksum, its kind, and its content. A file ends where a frame is torn: `kill -9` and power
cuts cost what was not yet written, never what was. `C` is a beginning (the whole state, from which a replay starts, or
may), `S` are scans.
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

MAGIC = b"farmloop journal 1\n"
_HEAD = struct.Struct("<IIc")
LONGEST = 64 << 20
"""Bytes of one frame's content, compressed or not; more is no frame of ours."""


class Frame(NamedTuple):
    kind: bytes
    content: bytes
    end: int
    """Of the file, the byte after it."""


class JournalError(ValueError):
    """A file that is no journal, or one of another form."""


class FrameWriter:
    """Appends frames. A file that is gone on with begins anew with a `C`, whatever its tail looks like."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        kept = whole_bytes(path)
        self._file: BinaryIO = path.open("ab")
        if kept is None or kept < len(MAGIC):
            self._file.truncate(0)
            self._file.write(MAGIC)
        else:
            self._file.truncate(kept)  # what comes after a torn frame would never be read
        self._packer = zlib.compressobj(6)

    def write(self, kind: bytes, content: bytes) -> int:
        """Bytes that it came to. Raises OSError."""
        if kind == b"C":
            self._packer = zlib.compressobj(6)
        packed = self._packer.compress(content) + self._packer.flush(zlib.Z_SYNC_FLUSH)
        self._file.write(_HEAD.pack(len(packed), zlib.crc32(kind + packed), kind) + packed)
        self._file.flush()
        return _HEAD.size + len(packed)

    def close(self) -> None:
        self._file.close()


def read_frames(path: Path, first: int = len(MAGIC)) -> Iterator[Frame]:
    """Every whole frame in order, from the `C` at the byte `first` on; a torn tail is left out. Raises OSError, or
    JournalError for what is no journal."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise JournalError(f"{path}: no journal of this version (it begins otherwise)")
        file.seek(first)
        unpacker = zlib.decompressobj()
        for kind, packed in _packed(file):
            if kind == b"C":
                unpacker = zlib.decompressobj()
            content = unpacker.decompress(packed, LONGEST)
            if unpacker.unconsumed_tail:
                raise JournalError(f"{path}: a frame of more than {LONGEST} bytes")
            yield Frame(kind, content, file.tell())


def whole_bytes(path: Path) -> int | None:
    """How much of a file is whole frames; None where there is no file, 0 where it is no journal. Raises OSError."""
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                return 0
            return len(MAGIC) + sum(_HEAD.size + len(packed) for _, packed in _packed(file))
    except FileNotFoundError:
        return None


def _packed(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    while True:
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return
        length, checksum, kind = _HEAD.unpack(head)
        packed = file.read(length) if length <= LONGEST else b""
        if len(packed) < length or zlib.crc32(kind + packed) != checksum or kind not in (b"C", b"S"):
            return
        yield kind, packed
