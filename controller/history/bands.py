"""A trend as a band: of each stretch the time-weighted mean, the lowest and the highest, out of minutes or hours.

Where nothing good stood there is a gap; where something stood that could not be relied on, that is told beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan

from controller.history.blocks import HOUR, KEPT_S, MINUTE, WIDTH_S
from controller.history.local_reader import Reader
from controller.history.past import MINUTES_SPAN_S, silent_s
from controller.history.recent import Point
from foundation.tag import Tag

STRETCHES = 400
"""Of one pen: a phone has fewer columns, and eight pens of more would not be told apart."""


@dataclass(slots=True)
class Band:
    """One tag. Times are farm seconds; all four lists are of one length, None in a gap."""

    times_s: list[float] = field(default_factory=list)
    means: list[float | None] = field(default_factory=list)
    lows: list[float | None] = field(default_factory=list)
    highs: list[float | None] = field(default_factory=list)
    bad: list[tuple[float, float]] = field(default_factory=list)
    """From when to when what came could not be relied on."""

    def add(self, at_s: float, mean: float | None, low: float | None, high: float | None) -> None:
        self.times_s.append(at_s)
        self.means.append(mean)
        self.lows.append(low)
        self.highs.append(high)

    def doubt(self, from_s: float, to_s: float) -> None:
        """What follows at once is one stretch."""
        if self.bad and self.bad[-1][1] >= from_s:
            self.bad[-1] = self.bad[-1][0], max(self.bad[-1][1], to_s)
        else:
            self.bad.append((from_s, to_s))


def of_points(points: Sequence[Point], to_s: float) -> Band:
    """Points as they came: the band is a line. What is bad is so until the next point."""
    band = Band()
    for index, (at_s, value) in enumerate(points):
        band.add(at_s, value, value, value)
        if value is None:
            band.doubt(at_s, points[index + 1][0] if index + 1 < len(points) else max(at_s, to_s))
    return band


def bands(
    reader: Reader, tags: Mapping[str, Tag], names: Sequence[str], from_s: float, to_s: float, now_s: float
) -> tuple[float, dict[str, Band]]:
    """How long a stretch is, s, and each tag's band from `from_s` to `to_s` (farm time). Raises as the reader does."""
    span_s = to_s - from_s
    tier = MINUTE if span_s <= MINUTES_SPAN_S and from_s >= now_s - KEPT_S[MINUTE] else HOUR
    width_s = float(WIDTH_S[tier])
    stretch_s = max(-(-span_s // STRETCHES // width_s) * width_s, width_s)
    found = reader.slot_columns(names, tier, from_s // stretch_s * stretch_s, to_s)
    return stretch_s, {
        name: _band(columns, stretch_s, silent_s(tags.get(name), int(width_s)), to_s) for name, columns in found.items()
    }


def _band(columns: Sequence[Sequence[float]], stretch_s: float, silent_s: float, to_s: float) -> Band:
    """Slots (time, mean, low, high, bad ones, seconds of good) as stretches, with a gap after each silence."""
    band = Band()
    if not len(columns[0]):
        return band
    import numpy as np  # here: an agent nobody asks for a trend starts without it

    times, means, lows, highs, bad, good_s = (np.asarray(one, dtype=np.float64) for one in columns)
    starts = np.flatnonzero(np.diff(times // stretch_s, prepend=-1.0))
    weights = np.where(np.isnan(means), 0.0, good_s)
    total, weight = (np.add.reduceat(one, starts) for one in (np.nan_to_num(means) * weights, weights))
    low, high = np.fmin.reduceat(lows, starts), np.fmax.reduceat(highs, starts)
    # a stretch that holds points and no time (the last second of it) is as its lowest
    mean = np.clip(np.divide(total, weight, out=low.copy(), where=weight > 0.0), low, high)
    doubted = np.add.reduceat(bad, starts)
    begins, last = times[starts] // stretch_s * stretch_s, times[np.append(starts[1:], len(times)) - 1]
    ends = min(begins[-1] + stretch_s, max(to_s, last[-1]))
    for index, (begin_s, one) in enumerate(zip(begins.tolist(), mean.tolist(), strict=True)):
        end_s = begin_s + stretch_s if index + 1 < len(begins) else ends
        at_s = (begin_s + end_s) / 2.0
        if isnan(one):
            band.add(at_s, None, None, None)
        else:
            band.add(at_s, one, float(low[index]), float(high[index]))
        if doubted[index] > 0.0:
            band.doubt(begin_s, end_s)
        if index + 1 < len(begins) and times[starts[index + 1]] - last[index] > max(silent_s, stretch_s):
            band.add(end_s, None, None, None)
    return band
