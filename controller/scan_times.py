"""How the last scans kept their time: enough of them to tell the usual from the worst."""

from collections import deque
from dataclasses import dataclass
from typing import Final, NamedTuple

KEPT: Final = 3600
"""Scans: an hour at one a second."""
SLOW_WITHIN_S: Final = 600.0
"""Farm time for which a scan that took too long is remembered."""


class Slow(NamedTuple):
    """The scans of the last ten minutes of farm time that took longer than there is from one to the next."""

    scans: int = 0
    longest_s: float = 0.0
    """Process time, as the period."""
    period_s: float = 0.0


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
        self._slow: deque[tuple[float, float, float]] = deque(maxlen=KEPT)
        """Farm time, what was taken, and the period."""

    def add(self, late_s: float, took_s: float, period_s: float, now_s: float) -> None:
        """One scan at farm time `now_s`, all else in process time."""
        self._late.append(late_s)
        self._took.append(took_s)
        if took_s > period_s:
            self.overruns += 1
            self._slow.append((now_s, took_s, period_s))

    def slow(self, now_s: float) -> Slow:
        """Asked at farm time `now_s`; what a clock since set back has dated ahead is forgotten."""
        while self._slow and not 0.0 <= now_s - self._slow[0][0] < SLOW_WITHIN_S:
            self._slow.popleft()
        if not self._slow:
            return Slow()
        return Slow(len(self._slow), max(took_s for _, took_s, _ in self._slow), self._slow[-1][2])

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
