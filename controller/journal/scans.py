"""What scans were told, as bytes: columns over many scans, each tag's values beside one another, to pack well.

A record is exact: the same floats, in the same order, with the same words.
"""

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, get_args, get_type_hints

import numpy as np
from pydantic import TypeAdapter

from controller.core.words import Snapshot
from foundation.reading import Quality, Reading, Reason, Value

Doubles = np.ndarray[Any, np.dtype[np.float64]]
Words = np.ndarray[Any, np.dtype[np.uint64]]
_NONE, _NUMBER, _FALSE, _TRUE, _TEXT = range(5)
_LENGTHS = struct.Struct("<6I")
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
        kinds, values = [], []
        for one in readings:
            kind, value = _kind(one.value, texts)
            kinds.append(kind)
            values.append(value)
        tags = np.array([number[one.tag] for one in readings], np.uint16)
        order = np.argsort(tags, kind="stable")
        marks = [int(one.quality) | kind << 2 for one, kind in zip(readings, kinds, strict=True)]
        rest = {"texts": list(texts), "said": [said for said in map(_said, range(len(scans)), scans) if said]}
        parts = (
            json.dumps(rest, separators=(",", ":")).encode(),
            _bytes(np.array([scan.now_s for scan in scans], np.float64).view(np.uint64))
            + np.array([scan.digest for scan in scans], np.uint32).tobytes()
            + np.array([len(some) for some in told], np.uint32).tobytes(),
            tags.tobytes(),
            np.array(marks, np.uint8)[order].tobytes()
            + np.array([reason_number[one.reason] for one in readings], np.uint8)[order].tobytes(),
            _bytes(_steps(np.array([one.time_s for one in readings], np.float64).view(np.uint64))),
            _packed_numbers(np.array(values, np.float64)[order]),
        )
        return _LENGTHS.pack(*map(len, parts)) + b"".join(parts)

    def unpack(self, content: bytes) -> Iterator[Scan]:
        """What was packed. Raises ValueError, struct.error, KeyError or IndexError for other bytes."""
        lengths = _LENGTHS.unpack_from(content)
        starts = np.cumsum([_LENGTHS.size, *lengths])
        rest, heads, tag_bytes, mark_bytes, time_bytes, value_bytes = (
            content[start:end] for start, end in pairwise(starts)
        )
        count = len(heads) // 16
        moments = _words(heads[: 8 * count]).view(np.float64).tolist()
        digests = np.frombuffer(heads, np.uint32, count, 8 * count).tolist()
        lots = np.frombuffer(heads, np.uint32, count, 12 * count).tolist()
        tags = np.frombuffer(tag_bytes, np.uint16)
        back = np.argsort(np.argsort(tags, kind="stable"), kind="stable")
        marks = np.frombuffer(mark_bytes, np.uint8, len(tags))[back].tolist()
        why = np.frombuffer(mark_bytes, np.uint8, len(tags), len(tags))[back].tolist()
        times = np.cumsum(_unfolded(_words(time_bytes)), dtype=np.uint64).view(np.float64).tolist()
        values = _numbers(value_bytes)[back].tolist()
        told = json.loads(rest)
        said = {index: (written, people) for index, written, people in told["said"]}
        reasons = (None, *map(Reason, self.reasons))
        qualities = tuple(Quality(one) for one in range(4))
        readings = [
            Reading(
                self.tags[tag], _value(mark >> 2, value, told["texts"]), qualities[mark & 3], reasons[reason], time_s
            )
            for tag, mark, reason, time_s, value in zip(tags.tolist(), marks, why, times, values, strict=True)
        ]
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


_MOST_PLACES = 6
_AS_IT_IS = 255
"""In the place of a count of decimals: the number's bits stand there."""


def _packed_numbers(numbers: Doubles) -> bytes:
    """Numbers of few decimals, as most instruments give them, as whole ones; every one comes back to the bit."""
    places = np.full(len(numbers), _AS_IT_IS, np.uint8)
    whole = numbers.view(np.uint64).copy()
    for count in range(_MOST_PLACES + 1):
        with np.errstate(all="ignore"):
            scaled = np.rint(numbers * 10.0**count)
            fits = (places == _AS_IT_IS) & (np.abs(scaled) < 2.0**52)
            # by their bits, and as they will come back: -0.0 does not come back from a whole number
            back = scaled.astype(np.int64) / 10.0**count
            fits &= back.view(np.uint64) == numbers.view(np.uint64)
        places[fits] = count
        whole[fits] = scaled[fits].astype(np.int64).view(np.uint64)
    return places.tobytes() + _bytes(_steps(whole))


def _numbers(content: bytes) -> Doubles:
    count = len(content) // 9
    places = np.frombuffer(content, np.uint8, count)
    whole = np.cumsum(_unfolded(_words(content[count:])), dtype=np.uint64)
    scaled = places != _AS_IT_IS
    numbers = whole.view(np.float64).copy()
    numbers[scaled] = whole[scaled].view(np.int64) / 10.0 ** places[scaled]
    return numbers


def _steps(words: Words) -> Words:
    """Each less the one before, folded so that a small step down is a small number too."""
    steps = np.diff(words, prepend=np.uint64(0)).view(np.int64)
    return ((steps << 1) ^ (steps >> 63)).view(np.uint64)


def _bytes(words: Words) -> bytes:
    """All first bytes, then all second ones, and so on: they are alike, and pack better."""
    return np.ascontiguousarray(words.view(np.uint8).reshape(-1, 8).T).tobytes()


def _words(content: bytes) -> Words:
    return np.ascontiguousarray(np.frombuffer(content, np.uint8).reshape(8, -1).T).view(np.uint64).reshape(-1)


def _unfolded(words: Words) -> Words:
    folded = words.view(np.int64)
    return ((words >> np.uint64(1)).view(np.int64) ^ -(folded & 1)).view(np.uint64)
