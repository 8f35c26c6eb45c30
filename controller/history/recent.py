"""The last 24 hours of every tag in memory, for the panel's trends: the last half hour as it came, before that thinned.

What is thinned keeps each minute's lowest and highest value at their own times, and where there was none. At 1 Hz that
is at most 110 KB a tag.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from math import isnan, nan

from foundation.reading import Reading

RAW = 1800
"""Points a tag kept as they came; a quarter more before they are thinned."""
SPAN_S = 24 * 3600.0
MINUTE_S = 60.0
POINTS = 600
"""Most that `trend` gives of one tag."""

Point = tuple[float, float | None]


class Recent:
    """Fed by the scan, read by the panel, both on one thread."""

    def __init__(self, tags: Iterable[str]) -> None:
        self._tags = {tag: _Series() for tag in tags}

    def add(self, reading: Reading, now_s: float, *, late: bool = False) -> None:
        """Take a reading that is newer than its tag's last; of a text, or of an unknown tag, nothing is kept.

        One that may come `late` (people's) finds its place among the others, or takes that of the one it puts right.

        What claims to come from after `now_s` stands at `now_s`.
        """
        series = self._tags.get(reading.tag)
        if series is None or isinstance(reading.value, str):
            return
        number = reading.number
        time_s = reading.time_s if reading.time_s <= now_s else now_s
        value = nan if number is None else number
        if late:
            series.put(time_s, value)
        else:
            series.add(time_s, value)

    def trend(self, tags: Sequence[str], since_s: float) -> dict[str, list[Point]]:
        """Each tag's points from farm time `since_s` on, in order, None where it was not good; at most POINTS of each.

        Thinned by lowest and highest, so that no peak is lost. An unknown tag has no points.
        """
        return {tag: self._tags[tag].trend(since_s) if tag in self._tags else [] for tag in tags}


class _Series:
    __slots__ = ("old_times", "old_values", "times", "values")

    def __init__(self) -> None:
        self.times, self.values = array("d"), array("d")
        self.old_times, self.old_values = array("d"), array("d")

    def add(self, time_s: float, value: float) -> None:
        if self.times and time_s <= self.times[-1]:
            return
        self.times.append(time_s)
        self.values.append(value)
        if len(self.times) > RAW + RAW // 4:
            self._fold()

    def put(self, time_s: float, value: float) -> None:
        """Among the others, at its own time."""
        if not self.times or time_s > self.times[-1]:
            self.add(time_s, value)
        elif time_s >= self.times[-1] - SPAN_S:
            old = bool(self.old_times) and time_s < self.times[0]
            times, values = (self.old_times, self.old_values) if old else (self.times, self.values)
            place = bisect_left(times, time_s)
            if place < len(times) and times[place] == time_s:
                values[place] = value
            else:
                times.insert(place, time_s)
                values.insert(place, value)

    def _fold(self) -> None:
        cut = len(self.times) - RAW
        # whole minutes only, so that no minute is thinned in two halves
        edge = self.times[cut] // MINUTE_S * MINUTE_S
        cut = bisect_left(self.times, edge) or cut
        for index in telling(self.times, self.values, 0, cut, MINUTE_S):
            self.old_times.append(self.times[index])
            self.old_values.append(self.values[index])
        del self.times[:cut], self.values[:cut]
        gone = bisect_left(self.old_times, self.times[-1] - SPAN_S)
        del self.old_times[:gone], self.old_values[:gone]

    def trend(self, since_s: float) -> list[Point]:
        if not self.times:
            return []
        since_s = max(since_s, self.times[-1] - SPAN_S)
        old, new = bisect_left(self.old_times, since_s), bisect_left(self.times, since_s)
        times = self.old_times[old:] + self.times[new:]
        values = self.old_values[old:] + self.values[new:]
        chosen: Iterable[int] = range(len(times))
        if len(times) > POINTS:
            # three a bucket; the last may begin just before the end
            width_s = (times[-1] - times[0]) / (POINTS // 3 - 1)
            chosen = telling(times, values, 0, len(times), width_s)
        return [(times[index], None if isnan(values[index]) else values[index]) for index in chosen]


def telling(times: Sequence[float], values: Sequence[float], start: int, stop: int, width_s: float) -> Iterator[int]:
    """Of each bucket of time, in order: where the lowest and the highest stand, and the first place without a value."""
    low = high = gap = -1
    bucket = None
    for index in range(start, stop):
        here = times[index] // width_s
        if here != bucket:
            yield from sorted({low, high, gap} - {-1})
            low = high = gap = -1
            bucket = here
        value = values[index]
        if isnan(value):
            gap = index if gap < 0 else gap
        else:
            low = index if low < 0 or value < values[low] else low
            high = index if high < 0 or value > values[high] else high
    yield from sorted({low, high, gap} - {-1})
