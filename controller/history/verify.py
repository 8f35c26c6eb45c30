"""Nothing lost, and the proof: what a sink acknowledged is held against what it has, tag by tag and hour by hour.

Only what the outbox still holds can be compared, which is a day. A point that was written twice (a correction) is one.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from controller.history.delivered import Series, points
from controller.history.holdings import Holdings

HOUR_MS = 3_600_000


class Difference(NamedTuple):
    """An hour of a tag in which the sink does not have what it acknowledged."""

    series: Series
    hour_ms: int
    acknowledged: int
    held: int
    missing: frozenset[int]
    """Times of the points that it does not have, in ms. Empty where it has more than it acknowledged."""


def hours_of(from_ms: int, to_ms: int) -> list[tuple[int, int]]:
    """The stretches of whole hours, the first and the last cut to the bounds."""
    edges = [from_ms, *range((from_ms // HOUR_MS + 1) * HOUR_MS, to_ms, HOUR_MS), to_ms]
    return list(pairwise(edges))


def differences(outbox: Path, sink: str, holdings: Holdings, from_ms: int, to_ms: int) -> list[Difference]:
    """Of one stretch within an hour, by series. Raises HoldingsError, OSError or sqlite3.Error."""
    acknowledged: dict[Series, set[int]] = {}
    for point in points(outbox, from_ms, to_ms, sink):
        acknowledged.setdefault(point.series, set()).add(point.time_ms)
    if not acknowledged:
        return []
    held = holdings.counts(acknowledged, from_ms, to_ms)
    found = []
    for series, times_ms in sorted(acknowledged.items()):
        if held.get(series, 0) != len(times_ms):
            there = frozenset(holdings.times(series, from_ms, to_ms))
            hour_ms = from_ms // HOUR_MS * HOUR_MS
            found.append(Difference(series, hour_ms, len(times_ms), len(there), frozenset(times_ms - there)))
    return found


def missing_lines(outbox: Path, sink: str, found: Iterable[Difference]) -> Iterator[str]:
    """The lines of what is missing, as they were sent the first time; of a point said twice, both in order."""
    for one in found:
        if one.missing:
            for point in points(outbox, min(one.missing), max(one.missing) + 1, sink):
                if point.series == one.series and point.time_ms in one.missing:
                    yield point.line
