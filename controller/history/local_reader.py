"""`history.db` read beside its writer: points, minutes and hours between two moments."""

import sqlite3
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeAlias

from controller.history.aggregate import HOUR_S, Slot, combined, hours
from controller.history.blocks import (
    FORM,
    MINUTE,
    NEWEST,
    Columns,
    columns_of,
    in_order,
    raw,
    slots_of,
    tail,
    tail_slots,
)

_EXTREMES = tuple(Slot._fields.index(name) for name in ("at_s", "low", "high"))
_BANDS = tuple(Slot._fields.index(name) for name in ("at_s", "mean", "low", "high", "bad", "good_s"))

Column: TypeAlias = "array[float]"
Extremes = tuple["array[float]", "array[float]", "array[float]"]
"""Times, lowest, highest."""


class Reader:
    """Reads beside the writer, from any thread; a file that is not there holds nothing. Raises sqlite3.Error, or
    ValueError where what it reads is spoilt."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def raw(self, tags: Sequence[str], from_s: float, to_s: float) -> dict[str, Columns]:
        """Times and values as they came, of the last day, in order of time; NaN where none was good."""
        found: dict[str, Columns] = {tag: ((), ()) for tag in tags}
        with self._reading() as database:
            for name, tag in _known(database, tags):
                times, values = array("d"), array("d")
                folded = (
                    raw(database, tag, at_s) for at_s in range(int(from_s // HOUR_S) * HOUR_S, int(to_s) + 1, HOUR_S)
                )
                for part in (*folded, tail(database, tag)):
                    times.extend(part[0])
                    values.extend(part[1])
                columns = in_order(times, values)
                start, stop = bisect_left(columns[0], from_s), bisect_right(columns[0], to_s)
                found[name] = columns[0][start:stop], columns[1][start:stop]
        return found

    def slots(self, tags: Sequence[str], tier: int, from_s: float, to_s: float) -> dict[str, list[Slot]]:
        """The minutes (`MINUTE`) or hours (`HOUR`) that begin within the time, in order; empty ones are not there."""
        found: dict[str, list[Slot]] = {tag: [] for tag in tags}
        with self._reading() as database:
            known = _known(database, tags)
            tails = _newest(database, tier, [tag for _, tag in known])
            for name, tag in known:
                slots = {slot.at_s: slot for slot in slots_of(database, tier, tag, from_s, to_s)}
                for slot in tails[tag]:
                    old = slots.get(slot.at_s)
                    slots[slot.at_s] = slot if old is None else combined(slot.at_s, (old, slot))
                found[name] = [slots[at_s] for at_s in sorted(slots) if from_s <= at_s < to_s]
        return found

    def extremes(self, tags: Sequence[str], tier: int, from_s: float, to_s: float) -> dict[str, Extremes]:
        """The same as times, lowest and highest, which is what a picture needs; what came late is not in it yet."""
        found = self._columns(tags, tier, from_s, to_s, _EXTREMES)
        return {tag: (times, lows, highs) for tag, (times, lows, highs) in found.items()}

    def slot_columns(self, tags: Sequence[str], tier: int, from_s: float, to_s: float) -> dict[str, list[Column]]:
        """The same as times, means, lowest, highest, how many bad ones, and seconds of good."""
        return self._columns(tags, tier, from_s, to_s, _BANDS)

    def _columns(
        self, tags: Sequence[str], tier: int, from_s: float, to_s: float, wanted: Sequence[int]
    ) -> dict[str, list[Column]]:
        """By tag, the wanted columns of its slots (the first is their time)."""
        found: dict[str, list[Column]] = {tag: [array("d") for _ in wanted] for tag in tags}
        with self._reading() as database:
            known = _known(database, tags)
            tails = _newest(database, tier, [tag for _, tag in known])
            for name, tag in known:
                columns = found[name]
                for parts in columns_of(database, tier, tag, from_s, to_s, wanted):
                    for all_of_it, part in zip(columns, parts, strict=True):
                        all_of_it.extend(part)
                for slot in tails[tag]:
                    if not columns[0] or slot.at_s > columns[0][-1]:
                        for all_of_it, place in zip(columns, wanted, strict=True):
                            all_of_it.append(float(slot[place]))
                start, stop = bisect_left(columns[0], from_s), bisect_left(columns[0], to_s)
                found[name] = [one[start:stop] for one in columns]
        return found

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        if not self._path.is_file():
            with closing(sqlite3.connect(":memory:")) as database:
                database.executescript(FORM.schema)
                yield database
            return
        with closing(sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)) as database:
            # one state of the file for all of it
            database.execute("BEGIN")
            yield database


def _known(database: sqlite3.Connection, tags: Sequence[str]) -> list[tuple[str, int]]:
    ids = dict(database.execute("SELECT name, id FROM tag").fetchall())
    return [(tag, ids[tag]) for tag in tags if tag in ids]


def _newest(database: sqlite3.Connection, tier: int, tags: Sequence[int]) -> dict[int, list[Slot]]:
    """By tag, the minutes (or hours) of what is not folded yet, in order."""
    told = tail_slots(database, dict.fromkeys(tags, NEWEST))
    found: dict[int, list[Slot]] = {}
    for tag in tags:
        of_tag = told.get(tag, {})
        found[tag] = [combined(at_s, of_tag[at_s]) for at_s in sorted(of_tag)]
    return found if tier == MINUTE else {tag: hours(slots) for tag, slots in found.items()}
