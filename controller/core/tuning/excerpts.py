"""Where a long record shows what an output does: after rests that somebody ended by changing the setpoint."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean
from typing import NamedTuple

from controller.core.tuning.identify import Record

UNREST = 0.25
"""Of the setpoint's change, that the value may have moved by during the rest before it."""
MOST_LOOKS = 600


class Row(NamedTuple):
    """A moment of a record."""

    time_s: float
    outputs: tuple[float, ...]
    """Of each output of the loop that is recorded, %."""
    value: float | None
    """None where it was not known."""
    setpoint: float


def excerpts(rows: Sequence[Row], rest_s: float, after_s: float) -> list[Sequence[Row]]:
    """From each rest to where what followed is over, in order. A gap of more than half the rest ends one, and none
    begins across it."""
    found: list[Sequence[Row]] = []
    quiet = 0
    """Where the setpoint has stood since."""
    index = 1
    while index < len(rows):
        before, now = rows[index - 1], rows[index]
        if now.time_s - before.time_s > rest_s / 2.0:
            quiet = index
        elif now.setpoint != before.setpoint:
            first = _since(rows, index, now.time_s - rest_s)
            if rows[quiet].time_s <= now.time_s - rest_s and _rests(rows, first, index, after_s):
                last = _until(rows, index, now.time_s + after_s, rest_s / 2.0)
                found.append(rows[first:last])
                index, quiet = last - 1, last - 1
            else:
                quiet = index
        index += 1
    return found


def record_of(rows: Sequence[Row], wanted: Sequence[float], least_every_s: float) -> Record:
    """Rows at equal distances: the mean output from look to look (that is what the value feels), the value at each.

    `wanted` is what of the loop's 0 to 100 % the outputs of each row stand for.
    """
    first_s, last_s = rows[0].time_s, rows[-1].time_s
    every_s = max(least_every_s, (last_s - first_s) / MOST_LOOKS)
    output, value, at = [], [], 0
    for look in range(int((last_s - first_s) / every_s) + 1):
        while at + 1 < len(rows) and rows[at + 1].time_s <= first_s + look * every_s:
            at += 1
        until = at + 1
        while until < len(rows) and rows[until].time_s < first_s + (look + 1) * every_s:
            until += 1
        output.append(fmean(wanted[at:until]))
        value.append(rows[at].value)
    return Record(every_s, tuple(output), tuple(value))


def _since(rows: Sequence[Row], index: int, time_s: float) -> int:
    while index > 0 and rows[index - 1].time_s >= time_s:
        index -= 1
    return index


def _until(rows: Sequence[Row], index: int, time_s: float, gap_s: float) -> int:
    while index < len(rows) and rows[index].time_s <= time_s and rows[index].time_s - rows[index - 1].time_s <= gap_s:
        index += 1
    return index


def _rests(rows: Sequence[Row], first: int, change: int, after_s: float) -> bool:
    """Whether the value stood still before the setpoint went to where it is wanted in the end."""
    middle = (first + change) // 2
    early = [one.value for one in rows[first:middle] if one.value is not None]
    late = [one.value for one in rows[middle:change] if one.value is not None]
    if not (early and late):
        return False
    last = _until(rows, change, rows[change].time_s + after_s, after_s)
    goes = max(abs(one.setpoint - rows[first].setpoint) for one in rows[change:last])
    return abs(fmean(late) - fmean(early)) <= UNREST * goes


def changes(rows: Sequence[Row]) -> int:
    """How often the setpoint was changed."""
    return sum(after.setpoint != before.setpoint for before, after in pairwise(rows))
