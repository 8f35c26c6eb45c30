"""A trend out of the local record: points as they came, minutes or hours, whichever the span asks for.

Of every stretch the lowest and the highest stay, and a gap wherever nothing good stood.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import isnan

from controller.history.blocks import DAY_S, HOUR, KEPT_S, MINUTE, RAW, WIDTH_S, Columns
from controller.history.local_reader import Extremes, Reader
from controller.history.recent import POINTS, Point, telling
from foundation.tag import Tag

RAW_SPAN_S = 2 * 3600.0
"""Up to this span of the last day, points as they came."""
MINUTES_SPAN_S = 5.0 * DAY_S
"""Up to this span, minutes; above, hours."""
SILENT_S = 180.0
"""So long after a tag's last slot its line ends, if the tag does not say how old it may be."""


def trend(
    reader: Reader, tags: Mapping[str, Tag], names: Sequence[str], from_s: float, to_s: float, now_s: float
) -> dict[str, list[Point]]:
    """Each tag's points from `from_s` to `to_s` (farm time), in order, about POINTS of each.

    Raises what the reader raises.
    """
    span_s = to_s - from_s
    bucket_s = span_s / (POINTS // 3)
    if span_s <= RAW_SPAN_S and from_s >= now_s - KEPT_S[RAW]:
        return {name: _thinned(columns, bucket_s) for name, columns in reader.raw(names, from_s, to_s).items()}
    tier = MINUTE if span_s <= MINUTES_SPAN_S and from_s >= now_s - KEPT_S[MINUTE] else HOUR
    width_s = WIDTH_S[tier]
    return {
        name: list(_drawn(line, width_s, max(bucket_s, width_s), silent_s(tags.get(name), width_s)))
        for name, line in reader.extremes(names, tier, from_s // width_s * width_s, to_s).items()
    }


def _thinned(columns: Columns, bucket_s: float) -> list[Point]:
    times, values = columns
    chosen = telling(times, values, 0, len(times), bucket_s) if len(times) > POINTS else range(len(times))
    return [(times[index], None if isnan(values[index]) else values[index]) for index in chosen]


def silent_s(tag: Tag | None, width_s: int) -> float:
    if tag is None or tag.entered:
        # people enter a value a day, or a week
        return float("inf")
    return 2.0 * width_s + max(SILENT_S, tag.stale_s or 0.0)


def _drawn(line: Extremes, width_s: int, bucket_s: float, silent_s: float) -> Iterator[Point]:
    """Buckets of slots, none across a silence."""
    times = line[0]
    ends = [index for index, (before, after) in enumerate(pairwise(times), 1) if after - before > silent_s]
    first = 0
    for end in (*ends, len(times)):
        start = first
        while start < end:
            stop = bisect_left(times, (times[start] // bucket_s + 1.0) * bucket_s, start + 1, end)
            yield from _extremes(line, start, stop, width_s)
            start = stop
        if end < len(times):
            yield times[end - 1] + width_s, None
        first = end


def _extremes(line: Extremes, start: int, stop: int, width_s: int) -> list[Point]:
    times, lows, highs = line[0][start:stop], line[1][start:stop], line[2][start:stop]
    found: list[Point] = []
    if any(map(isnan, lows)):
        good = [index for index, low in enumerate(lows) if not isnan(low)]
        gap = next(index for index, low in enumerate(lows) if isnan(low))
        found.append((times[gap], None))
        if not good:
            return found
        times, lows, highs = (type(one)("d", [one[index] for index in good]) for one in (times, lows, highs))
    low, high = min(lows), max(highs)
    # the two of one slot stand apart
    found.append((times[lows.index(low)] + width_s / 4, low))
    if high != low:
        found.append((times[highs.index(high)] + width_s * 3 / 4, high))
    return sorted(found, key=lambda point: point[0])
