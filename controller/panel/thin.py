"""Fewer points for the same picture: of every stretch the lowest and the highest stay, and every gap between them."""

from collections.abc import Sequence
from itertools import pairwise

Point = tuple[float, float | None]


def thin(points: Sequence[Point], most: int) -> list[Point]:
    """About `most` points (at most) that draw the same line: extremes, both ends and every gap stay."""
    if len(points) <= most:
        return list(points)
    # A stretch gives up to four points: lowest, highest, and a gap before each.
    stretch = max(1, -(-len(points) * 4 // most))
    kept = [0]
    for start in range(1, len(points) - 1, stretch):
        end = min(start + stretch, len(points) - 1)
        numbers = [(value, index) for index in range(start, end) if (value := points[index][1]) is not None]
        if numbers:
            kept.extend(sorted({min(numbers)[1], max(numbers)[1]}))
    kept.append(len(points) - 1)
    return [points[index] for index in _with_gaps(points, kept)]


def _with_gaps(points: Sequence[Point], kept: Sequence[int]) -> list[int]:
    """`kept`, and between two of them one point without a number wherever there was any."""
    result = [kept[0]]
    for before, after in pairwise(kept):
        gap = next((index for index in range(before + 1, after) if points[index][1] is None), None)
        if gap is not None:
            result.append(gap)
        result.append(after)
    return result
