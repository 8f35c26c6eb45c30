"""Rows out of the pages of an SQLite file that SQLite itself cannot open any more.

A file whose first page is gone has lost the names and roots of its tables, and nothing else: the rows still stand in
leaf pages, which tell what they are. Read here page by page as the file format documents them
(https://www.sqlite.org/fileformat2.html: 1.6 b-tree pages, 2.1 record format, 4 the write-ahead log), newest image of
a page first. Whoever asks must be able to tell his own rows: those of other tables and deleted ones come too.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

Column = int | str | bytes | None
_LEAF = 0x0D
_SIZES = frozenset(1 << power for power in range(9, 17))
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
"""Bytes of an integer, by its serial type."""
_WITHOUT_BYTES = {0: None, 8: 0, 9: 1}
_USUAL = 4096
_BROKEN = (IndexError, ValueError, OverflowError)


class _Pages:
    """Of one file, by number from 1; those in the log beside it go before."""

    def __init__(self, file: BinaryIO, log: BinaryIO | None, size: int) -> None:
        self.size = size
        self._file, self._log = file, log
        self._in_log: dict[int, int] = {}
        self.count = file.seek(0, 2) // size
        if log is not None:
            for at in range(32, log.seek(0, 2) - size - 23, size + 24):
                log.seek(at)
                number = int.from_bytes(log.read(4), "big")
                self._in_log[number] = at + 24
                self.count = max(self.count, min(number, self.count + 1))

    def __getitem__(self, number: int) -> bytes:
        if self._log is not None and number in self._in_log:
            self._log.seek(self._in_log[number])
            return self._log.read(self.size)
        self._file.seek((number - 1) * self.size)
        return self._file.read(self.size)


def rows(path: Path, columns: int) -> Iterator[tuple[int, list[Column]]]:
    """Row number and values of every row with so many columns, in no order. Raises OSError."""
    beside = path.with_name(f"{path.name}-wal")
    with path.open("rb") as file:
        told = int.from_bytes(file.read(18)[16:], "big") or 0
        # 1 stands for what two bytes cannot hold
        sizes = dict.fromkeys(size for size in (1 << 16 if told == 1 else told, _USUAL) if size in _SIZES)
        log = beside.open("rb") if beside.is_file() else None
        try:
            for size in sizes:
                found = False
                pages = _Pages(file, log, size)
                for number in range(2, pages.count + 1):
                    for row in _rows_of(pages, pages[number], columns):
                        found = True
                        yield row
                if found:
                    return
        finally:
            if log is not None:
                log.close()


def _rows_of(pages: _Pages, page: bytes, columns: int) -> Iterator[tuple[int, list[Column]]]:
    if len(page) < pages.size or page[0] != _LEAF:
        return
    for place in range(8, min(8 + 2 * int.from_bytes(page[3:5], "big"), pages.size), 2):
        try:
            at = int.from_bytes(page[place : place + 2], "big")
            length, at = _varint(page, at)
            number, at = _varint(page, at)
            values = _values(_payload(pages, page, at, length))
        except _BROKEN:
            continue
        if len(values) == columns:
            yield number, values


def _payload(pages: _Pages, page: bytes, at: int, length: int) -> bytes:
    """What stands in the page, and what is continued on others."""
    usable = pages.size
    if length <= usable - 35:
        return page[at : at + length]
    least = (usable - 12) * 32 // 255 - 23
    local = least + (length - least) % (usable - 4)
    local = local if local <= usable - 35 else least
    pieces = [page[at : at + local]]
    following = int.from_bytes(page[at + local : at + local + 4], "big")
    rest = length - local
    while rest > 0 and 1 < following <= pages.count:
        more = pages[following]
        following = int.from_bytes(more[:4], "big")
        pieces.append(more[4 : 4 + rest])
        rest -= usable - 4
    return b"".join(pieces)


def _values(payload: bytes) -> list[Column]:
    end, at = _varint(payload, 0)
    values: list[Column] = []
    place = end
    while at < end:
        kind, at = _varint(payload, at)
        length = _INTEGERS.get(kind, max(kind - 12, 0) // 2)
        raw = payload[place : place + length]
        place += length
        if kind in _INTEGERS:
            values.append(int.from_bytes(raw, "big", signed=True))
        elif kind >= 12:
            values.append(raw.decode("utf-8", "replace") if kind % 2 else raw)
        elif kind in _WITHOUT_BYTES:
            values.append(_WITHOUT_BYTES[kind])
        else:
            raise ValueError(f"nobody here writes the serial type {kind}")
    if place > len(payload):
        raise ValueError("the row ends before its last column")
    return values


def _varint(page: bytes, at: int) -> tuple[int, int]:
    """The number at `at`, and where the next thing stands."""
    number = 0
    for place in range(at, at + 8):
        number = number << 7 | page[place] & 0x7F
        if page[place] < 0x80:
            return number, place + 1
    return number << 8 | page[at + 8], at + 9
