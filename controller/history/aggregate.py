"""Points to aggregates: of each minute (and hour) the mean, the lowest, the highest, how many points, how many bad.

A point stands until the next one of its tag, so a mean is one over time: a pump that ran for six seconds of a minute
has a mean of 0.1, however few points tell of it.
"""

from collections.abc import Iterable, Sequence
from math import isnan, nan
from typing import NamedTuple

MINUTE_S, HOUR_S = 60, 3600
STANDS_S = 90.0
"""So long a point says something of the time after it: what stands is said again each minute."""


class Slot(NamedTuple):
    """A minute or an hour of a tag. NaN where no value was good."""

    at_s: int
    """Its beginning, farm time."""
    mean: float
    low: float
    high: float
    n: int
    """Points, bad ones too."""
    bad: int
    good_s: float
    """For how much of it a good value stood; what means are weighed by."""


def minutes(times_s: Sequence[float], values: Sequence[float], first: int = 0) -> list[Slot]:
    """The minutes in which there are points, of points in order of time; NaN is a bad one.

    Points before the `first` are only what stood when the first minute began.
    """
    slots: list[Slot] = []
    index, count = first, len(times_s)
    while index < count:
        at_s = int(times_s[index] // MINUTE_S) * MINUTE_S
        end_s = at_s + MINUTE_S
        stop = index
        while stop < count and times_s[stop] < end_s:
            stop += 1
        slots.append(_minute(at_s, times_s, values, index, stop))
        index = stop
    return slots


def _minute(at_s: int, times_s: Sequence[float], values: Sequence[float], start: int, stop: int) -> Slot:
    total = good_s = 0.0
    low, high, bad = nan, nan, 0
    first = start
    if start > 0 and at_s < times_s[start] <= times_s[start - 1] + STANDS_S:
        # what stood when the minute began
        first = start - 1
    for index in range(first, stop):
        value = values[index]
        if isnan(value):
            bad += index >= start
            continue
        ends_s = times_s[index + 1] if index + 1 < stop else at_s + MINUTE_S
        held_s = ends_s - max(times_s[index], at_s)
        total += value * held_s
        good_s += held_s
        low = value if isnan(low) or value < low else low
        high = value if isnan(high) or value > high else high
    mean = total / good_s if good_s > 0.0 else low
    # rounding must not carry a mean past what was ever there
    mean = min(max(mean, low), high) if not isnan(low) else nan
    return Slot(at_s, mean, low, high, stop - start, bad, good_s)


def combined(at_s: int, slots: Iterable[Slot]) -> Slot:
    """Several slots as the one that begins at `at_s`; there must be one."""
    total = good_s = 0.0
    low, high, mean = nan, nan, nan
    n = bad = 0
    for slot in slots:
        n, bad = n + slot.n, bad + slot.bad
        if isnan(slot.mean):
            continue
        total += slot.mean * slot.good_s
        good_s += slot.good_s
        low = slot.low if isnan(low) or slot.low < low else low
        high = slot.high if isnan(high) or slot.high > high else high
        mean = slot.mean
    if good_s > 0.0:
        mean = min(max(total / good_s, low), high)
    return Slot(at_s, mean, low, high, n, bad, good_s)


def hours(slots: Sequence[Slot]) -> list[Slot]:
    """Minutes, in order, as hours."""
    found: dict[int, list[Slot]] = {}
    for slot in slots:
        found.setdefault(slot.at_s // HOUR_S * HOUR_S, []).append(slot)
    return [combined(at_s, within) for at_s, within in found.items()]
