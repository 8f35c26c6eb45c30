"""What scans were told, as bytes: columns over many scans, each tag's values beside one another, to pack well.

A record is exact: the same floats, in the same order, with the same words.
"""

import json
import struct
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import copysign
from typing import Any, NamedTuple, get_args, get_type_hints

from pydantic import TypeAdapter

from controller.core.words import Snapshot
from foundation.reading import Quality, Reading, Reason, Value

_NONE, _NUMBER, _FALSE, _TRUE, _TEXT = range(5)
_LENGTHS = struct.Struct("<6I")
_DOUBLE, _BITS = struct.Struct("<d"), struct.Struct("<Q")
_QUALITIES = tuple(Quality(one) for one in range(4))
_NOTHING = Reading("", None, Quality.BAD, None, 0.0)
_WISHES: dict[str, TypeAdapter[Any]] = {
    kind.__name__: TypeAdapter(kind)
    for kind in get_args(get_args(get_type_hints(Snapshot)["people"])[0])
}  # fmt: skip


class Scan(NamedTuple):
    """What one scan was told, and a digest of what it made of it."""

    now_s: float
    snapshot: Snapshot
    digest: int
    """See `digest.py`."""


@dataclass(frozen=True, slots=True)
class Names:
    """Tags and reasons by their number in a journal; they stand at its beginning."""

    tags: tuple[str, ...]
    reasons: tuple[str, ...] = tuple(Reason)

    def pack(self, scans: Sequence[Scan]) -> bytes:
        """Readings of tags that are not among the names are left out."""
        number = {tag: index for index, tag in enumerate(self.tags)}
        reason_number: dict[Reason | None, int] = {Reason(one): index for index, one in enumerate(self.reasons, 1)}
        reason_number[None] = 0
        told = [[one for one in scan.snapshot.readings if one.tag in number] for scan in scans]
        readings = [one for some in told for one in some]
        texts: dict[str, int] = {}
        kinds = [_kind(one.value, texts) for one in readings]
        tags = [number[one.tag] for one in readings]
        order = sorted(range(len(tags)), key=tags.__getitem__)
        rest = {"texts": list(texts), "said": [said for said in map(_said, range(len(scans)), scans) if said]}
        numbers = [_whole(kinds[place][1]) for place in order]
        parts = (
            json.dumps(rest, separators=(",", ":")).encode(),
            _columns(array("d", [scan.now_s for scan in scans]).tobytes())
            + array("I", [scan.digest for scan in scans]).tobytes()
            + array("I", [len(some) for some in told]).tobytes(),
            array("H", tags).tobytes(),
            bytes(int(readings[place].quality) | kinds[place][0] << 2 for place in order)
            + bytes(reason_number[readings[place].reason] for place in order),
            _steps(array("Q", array("d", [one.time_s for one in readings]).tobytes())),
            bytes(places for places, _ in numbers) + _steps([whole for _, whole in numbers]),
        )
        return _LENGTHS.pack(*map(len, parts)) + b"".join(parts)

    def unpack(self, content: bytes) -> Iterator[Scan]:
        """What was packed. Raises ValueError, struct.error, KeyError or IndexError for other bytes."""
        starts = tuple(accumulate(_LENGTHS.unpack_from(content), initial=_LENGTHS.size))
        rest, heads, tag_bytes, mark_bytes, time_bytes, value_bytes = (
            content[start:end] for start, end in pairwise(starts)
        )
        scans, count = len(heads) // 16, len(tag_bytes) // 2
        moments = array("d", _rows(heads[: 8 * scans]))
        digests, lots = array("I", heads[8 * scans : 12 * scans]), array("I", heads[12 * scans :])
        tags = array("H", tag_bytes)
        order = sorted(range(count), key=tags.__getitem__)
        times = array("d", array("Q", _sums(time_bytes)).tobytes())
        told = json.loads(rest)
        texts, reasons = told["texts"], (None, *map(Reason, self.reasons))
        readings: list[Reading] = [_NOTHING] * count
        for rank, (place, whole) in enumerate(zip(order, _sums(value_bytes[count:]), strict=True)):
            mark, tag = mark_bytes[rank], self.tags[tags[place]]
            value = _value(mark >> 2, _number(value_bytes[rank], whole), texts)
            readings[place] = Reading(
                tag, value, _QUALITIES[mark & 3], reasons[mark_bytes[count + rank]], times[place]
            )  # fmt: skip
        said = {index: (written, people) for index, written, people in told["said"]}
        first = 0
        for index, (now_s, digest, lot) in enumerate(zip(moments, digests, lots, strict=True)):
            written, people = said.get(index, ((), ()))
            yield Scan(now_s, Snapshot(
                tuple(readings[first : first + lot]),
                tuple((tag, ok, why_not) for tag, ok, why_not in written),
                tuple(_WISHES[name].validate_python(fields) for name, fields in people),
            ), digest)  # fmt: skip
            first += lot


def _kind(value: Value | None, texts: dict[str, int]) -> tuple[int, float]:
    if value is None:
        return _NONE, 0.0
    if isinstance(value, bool):
        return (_TRUE if value else _FALSE), 0.0
    if isinstance(value, str):
        return _TEXT, float(texts.setdefault(value, len(texts)))
    return _NUMBER, value


def _value(kind: int, value: float, texts: Sequence[str]) -> Value | None:
    if kind == _NUMBER:
        return value
    return texts[int(value)] if kind == _TEXT else {_NONE: None, _FALSE: False, _TRUE: True}[kind]


def _said(index: int, scan: Scan) -> list[Any] | None:
    snapshot = scan.snapshot
    if not snapshot.written and not snapshot.people:
        return None
    people = [
        [type(one).__name__, _WISHES[type(one).__name__].dump_python(one, mode="json")] for one in snapshot.people
    ]
    return [index, [list(one) for one in snapshot.written], people]


_AS_IT_IS = 255
"""In the place of a count of decimals: the number's bits stand there."""
_TENS = tuple(10.0**places for places in range(7))
_WORD = 1 << 64


def _whole(number: float) -> tuple[int, int]:
    """A number of few decimals, as most instruments give them: how many, and the whole number without the point. Every
    one comes back to the bit; what would not (-0.0, NaN, many decimals) stands as its bits."""
    if -1e9 < number < 1e9 and (number or copysign(1.0, number) > 0.0):
        for places, tens in enumerate(_TENS):
            whole = round(number * tens)
            if whole / tens == number:
                return places, whole % _WORD
    (bits,) = _BITS.unpack(_DOUBLE.pack(number))
    return _AS_IT_IS, bits


def _number(places: int, whole: int) -> float:
    if places == _AS_IT_IS:
        (number,) = _DOUBLE.unpack(_BITS.pack(whole))
        return float(number)
    return (whole - _WORD if whole >= _WORD >> 1 else whole) / _TENS[places]


def _steps(words: Sequence[int]) -> bytes:
    """Each less the one before, folded so that a small step down is a small number too."""
    found, before = array("Q"), 0
    for word in words:
        step = (word - before) % _WORD
        found.append((step << 1) % _WORD if step < _WORD >> 1 else ((_WORD - step) << 1) - 1)
        before = word
    return _columns(found.tobytes())


def _sums(content: bytes) -> list[int]:
    found, word = [], 0
    for folded in array("Q", _rows(content)):
        word = (word + (-((folded + 1) >> 1) if folded & 1 else folded >> 1)) % _WORD
        found.append(word)
    return found


def _columns(words: bytes) -> bytes:
    """All first bytes of eight, then all second ones, and so on: they are alike, and pack better."""
    return b"".join(words[byte::8] for byte in range(8))


def _rows(content: bytes) -> bytes:
    count, found = len(content) // 8, bytearray(len(content))
    for byte in range(8):
        found[byte::8] = content[byte * count : (byte + 1) * count]
    return bytes(found)
