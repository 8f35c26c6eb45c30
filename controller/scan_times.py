"""How the last scans kept their time: enough of them to tell the usual from the worst."""

from collections import deque
from dataclasses import dataclass
from typing import Final

KEPT: Final = 3600
"""Scans: an hour at one a second."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Of seconds of process time."""

    p50: float
    p99: float
    worst: float


class ScanTimes:
    """How late scans began and how long they took; written by the scan, so it costs an append each."""

    def __init__(self) -> None:
        self.overruns = 0
        """Scans that took longer than there is from one to the next, since the start."""
        self._late: deque[float] = deque(maxlen=KEPT)
        self._took: deque[float] = deque(maxlen=KEPT)

    def add(self, late_s: float, took_s: float, period_s: float) -> None:
        """One scan, all in process time."""
        self._late.append(late_s)
        self._took.append(took_s)
        self.overruns += took_s > period_s

    def late(self) -> Spread:
        return _spread(self._late)

    def took(self) -> Spread:
        return _spread(self._took)


def _spread(times: deque[float]) -> Spread:
    if not times:
        return Spread(0.0, 0.0, 0.0)
    ordered = sorted(times)
    last = len(ordered) - 1
    return Spread(ordered[round(last * 0.5)], ordered[round(last * 0.99)], ordered[-1])
