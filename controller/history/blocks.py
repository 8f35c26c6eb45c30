"""What stands in the rows of `history.db`: columns of points and of slots, read and written.

A tail is a minute of all tags as it was written. A block holds one tag: an hour of points, a day of minutes or thirty
days of hours.
"""

import sqlite3
import struct
from array import array
from collections.abc import Iterator, Mapping, Sequence
from operator import ge

from controller.history.aggregate import HOUR_S, MINUTE_S, Slot
from controller.history.columns import packed, unpacked
from controller.history.database import Form

NAME = "history.db"
FORM = Form(
    0x4661726C,
    """
CREATE TABLE tag (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, folded INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE tail (
    id INTEGER PRIMARY KEY AUTOINCREMENT, minute INTEGER NOT NULL, slots BLOB NOT NULL, body BLOB NOT NULL
) STRICT;
CREATE TABLE block (
    id INTEGER PRIMARY KEY, tier INTEGER NOT NULL, tag INTEGER NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL,
    UNIQUE (tier, tag, at)
) STRICT;
""",
    (
        "SELECT id, name, folded FROM tag LIMIT 0",
        "SELECT id, minute, slots, body FROM tail LIMIT 0",
        "SELECT id, tier, tag, at, body FROM block LIMIT 0",
    ),
    "NORMAL",
)
RAW, MINUTE, HOUR = 0, 1, 2
DAY_S = 86400
BLOCK_S = {RAW: HOUR_S, MINUTE: DAY_S, HOUR: 30 * DAY_S}
KEPT_S = {RAW: DAY_S, MINUTE: 366 * DAY_S, HOUR: 3653 * DAY_S}
WIDTH_S = {MINUTE: MINUTE_S, HOUR: HOUR_S}
_LENGTHS = struct.Struct("<III")
"""Of a chunk: its tag, and how many bytes of times and of values follow."""
SLOT = struct.Struct("<IqdddIId")
"""Of a tail: the tag, and a minute of it."""
_SIZE = struct.Struct("<I")
NEWEST = 2**62
"""Above any row's number."""

Columns = tuple[Sequence[float], Sequence[float]]
"""Times and values."""


def chunk(tag: int, times_s: Sequence[float], values: Sequence[float]) -> bytes:
    times, column = packed([float(round(time_s * 1000.0)) for time_s in times_s]), packed(values)
    return _LENGTHS.pack(tag, len(times), len(column)) + times + column


def _of_chunk(body: bytes, wanted: int) -> Columns:
    place = 0
    while place < len(body):
        tag, times, values = _LENGTHS.unpack_from(body, place)
        place += _LENGTHS.size
        if tag == wanted:
            column = unpacked(body[place + times : place + times + values])
            return array("d", [time_ms / 1000.0 for time_ms in unpacked(body[place : place + times])]), column
        place += times + values
    return (), ()


def tail(database: sqlite3.Connection, tag: int, to: int = NEWEST, from_minute: float = 0.0) -> Columns:
    """What is not folded yet, in order of time; of what stands at one time the last that came."""
    times, values = array("d"), array("d")
    question = (
        "SELECT body FROM tail WHERE id > (SELECT folded FROM tag WHERE id = ?) AND id <= ? AND minute >= ? ORDER BY id"
    )
    for (body,) in database.execute(question, (tag, to, from_minute)):
        columns = _of_chunk(body, tag)
        times.extend(columns[0])
        values.extend(columns[1])
    return in_order(times, values)


def tail_slots(database: sqlite3.Connection, tags: Mapping[int, int]) -> dict[int, dict[int, list[Slot]]]:
    """By tag and beginning, the minutes of what is not folded yet, up to a row for each tag."""
    folded = dict(database.execute("SELECT id, folded FROM tag").fetchall())
    found: dict[int, dict[int, list[Slot]]] = {}
    for row, body in database.execute("SELECT id, slots FROM tail ORDER BY id"):
        for tag, *numbers in SLOT.iter_unpack(body):
            if tag in tags and folded[tag] < row <= tags[tag]:
                found.setdefault(tag, {}).setdefault(numbers[0], []).append(Slot(*numbers))
    return found


def in_order(times: "array[float]", values: "array[float]") -> Columns:
    return ordered(dict(zip(times, values, strict=True))) if any(map(ge, times, times[1:])) else (times, values)


def ordered(points: Mapping[float, float]) -> tuple[list[float], list[float]]:
    times = sorted(points)
    return times, [points[time_s] for time_s in times]


def raw(database: sqlite3.Connection, tag: int, hour_s: int) -> Columns:
    question = "SELECT body FROM block WHERE tier = ? AND tag = ? AND at = ?"
    row = database.execute(question, (RAW, tag, hour_s)).fetchone()
    return _of_chunk(row[0], tag) if row else ((), ())


def slots_of(database: sqlite3.Connection, tier: int, tag: int, from_s: float, to_s: float) -> list[Slot]:
    found = []
    for columns in columns_of(database, tier, tag, from_s, to_s, range(len(Slot._fields))):
        for at_s, mean, low, high, n, bad, good_s in zip(*columns, strict=True):
            if from_s <= at_s < to_s:
                found.append(Slot(int(at_s), mean, low, high, int(n), int(bad), good_s))
    return found


def columns_of(
    database: sqlite3.Connection, tier: int, tag: int, from_s: float, to_s: float, wanted: Sequence[int]
) -> Iterator[list["array[float]"]]:
    """Of each block of slots, in order of time, the columns that are wanted."""
    question = "SELECT body FROM block WHERE tier = ? AND tag = ? AND at > ? AND at < ? ORDER BY at"
    for (body,) in database.execute(question, (tier, tag, from_s - BLOCK_S[tier], to_s)):
        place, found = 0, []
        for column in range(len(Slot._fields)):
            (size,) = _SIZE.unpack_from(body, place)
            place += _SIZE.size
            if column in wanted:
                found.append(unpacked(body[place : place + size]))
            place += size
        yield found


def lay(database: sqlite3.Connection, tier: int, tag: int, slots: Sequence[Slot]) -> None:
    """Put slots of one block into it, in the place of those that were there."""
    start_s = slots[0].at_s // BLOCK_S[tier] * BLOCK_S[tier]
    merged = {slot.at_s: slot for slot in slots_of(database, tier, tag, start_s, start_s + BLOCK_S[tier])}
    merged |= {slot.at_s: slot for slot in slots}
    columns = zip(*(merged[at_s] for at_s in sorted(merged)), strict=True)
    bodies = [packed([float(number) for number in column]) for column in columns]
    body = b"".join(_SIZE.pack(len(one)) + one for one in bodies)
    put(database, tier, tag, start_s, body)


def put(database: sqlite3.Connection, tier: int, tag: int, at_s: int, body: bytes) -> None:
    database.execute(
        "INSERT INTO block (tier, tag, at, body) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (tier, tag, at) DO UPDATE SET body = excluded.body",
        (tier, tag, at_s, body),
    )
