"""Columns of numbers, small: what a sensor says in decimals is kept in whole steps of its last place.

A column of decimals becomes whole numbers, then the differences between them, then its bytes plane by plane, then zlib.
What is no decimal of up to six places (a mean, a result of a formula) is kept in single precision: seven digits, which
is more than a trend shows. NaN stands where there was no value.
"""

import struct
import sys
import zlib
from array import array
from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import isnan, nan

PLACES = 6
LEVEL = 6
_STEPS = tuple(10.0**place for place in range(PLACES + 1))
_LARGEST = 2.0**52
"""Steps that a double still tells apart."""
_WIDTHS = ("b", "h", "i", "q")
_HEAD = struct.Struct("<ccIqI")
"""Kind (`F`, or the number of places), width of a difference, count, first one, bytes of the packed NaN mask."""
if sys.byteorder != "little":
    raise ImportError("columns are written as little-endian machines have them in memory")


def packed(values: Sequence[float]) -> bytes:
    """The column as bytes; `unpacked` gives the same decimals again, and other numbers in single precision."""
    gaps = [isnan(value) for value in values]
    mask = zlib.compress(bytes(gaps), LEVEL) if any(gaps) else b""
    if mask:
        values = _filled(values)
    place, steps = _in_steps(values)
    if place is None:
        body = _planes(array("f", [_single(value) for value in values]).tobytes(), 4)
        return _HEAD.pack(b"F", b"f", len(values), 0, len(mask)) + mask + zlib.compress(body, LEVEL)
    differences = [after - before for before, after in pairwise(steps)]
    largest = max(map(abs, differences), default=0)
    width = next(one for one in _WIDTHS if largest < 1 << (8 * array(one).itemsize - 1))
    column = array(width, differences)
    body = _planes(column.tobytes(), column.itemsize)
    head = _HEAD.pack(b"%d" % place, width.encode(), len(values), steps[0] if steps else 0, len(mask))
    return head + mask + zlib.compress(body, LEVEL)


def unpacked(body: bytes) -> "array[float]":
    """The column of `packed`. Raises ValueError for anything else."""
    try:
        kind, width, count, first, size = _HEAD.unpack_from(body)
        mask = zlib.decompress(body[_HEAD.size : _HEAD.size + size]) if size else b""
        column = array(width.decode("ascii"))
        column.frombytes(_from_planes(zlib.decompress(body[_HEAD.size + size :]), column.itemsize))
        if kind == b"F":
            values = array("d", column)
        else:
            step = _STEPS[int(kind)]
            values = array("d", [number / step for number in accumulate(column, initial=first)] if count else [])
    except (struct.error, zlib.error, UnicodeDecodeError, IndexError) as error:
        raise ValueError(f"no column: {error}") from error
    if len(values) != count or (mask and len(mask) != count):
        raise ValueError("no column: its length is not what it says")
    for index in range(count) if mask else ():
        if mask[index]:
            values[index] = nan
    return values


def _filled(values: Sequence[float]) -> list[float]:
    """Without the NaNs: the value before stands in for each, which costs least."""
    before = next((value for value in values if not isnan(value)), 0.0)
    filled = []
    for value in values:
        before = before if isnan(value) else value
        filled.append(before)
    return filled


def _in_steps(values: Sequence[float]) -> tuple[int | None, list[int]]:
    place = 0
    for value in values:
        while True:
            steps = value * _STEPS[place]
            if not -_LARGEST < steps < _LARGEST:
                return None, []
            if round(steps) / _STEPS[place] == value:
                break
            place += 1
            if place > PLACES:
                return None, []
    step = _STEPS[place]
    return place, [round(value * step) for value in values]


def _single(value: float) -> float:
    try:
        struct.pack("<f", value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    return value


def _planes(body: bytes, width: int) -> bytes:
    return body if width == 1 else b"".join(body[place::width] for place in range(width))


def _from_planes(body: bytes, width: int) -> bytes:
    if width == 1:
        return body
    count, rest = divmod(len(body), width)
    if rest:
        raise ValueError("no column: planes of different lengths")
    whole = bytearray(len(body))
    for place in range(width):
        whole[place::width] = body[place * count : (place + 1) * count]
    return bytes(whole)
