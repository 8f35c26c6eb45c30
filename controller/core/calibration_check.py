"""Whether a calibration that a person found can be one: a swapped buffer, a typing slip or a dead electrode is refused.

Limits of pH electrodes are practice of their makers (a slope of 85 to 105 % is good, below it the electrode is at its
end); those of other probes only keep out what cannot be, and are `unverified`.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite

from controller.core.calibration import NERNST_ZERO_PH, Calibration
from controller.core.words import Because
from foundation.tag import Tag

MOST_POINTS = 3
PH_SLOPES, OTHER_SLOPES = (80.0, 105.0), (50.0, 200.0)
"""% of what a probe should say for a step of what is true."""
PH_SLOPE_NOTED = 85.0
"""Below it a pH electrode is worn: somebody has to say why it is used on."""
PH_OFFSET = 1.0
OTHER_OFFSET = 0.1
"""Share of the tag's range."""
PH_APART = 1.0
OTHER_APART = 0.02
"""Two points nearer than that (pH, share of the range) tell noise, not a slope."""

Points = Sequence[tuple[float, float]]


def slopes(points: Points) -> tuple[float, ...]:
    """% of the step that a true one gives, by piece; 100 where points tell none."""
    return tuple(
        100.0 * (after[0] - before[0]) / (after[1] - before[1]) for before, after in pairwise(points)
    ) or (100.0,)  # fmt: skip


def offset(points: Points, unit: str) -> float:
    """What is added where the probe says its zero (pH 7, or 0), in the tag's unit."""
    zero = NERNST_ZERO_PH if unit == "pH" else 0.0
    return Calibration(tuple(points)).apply(zero, None) - zero


def wrong_points(points: Points, tag: Tag) -> Because | None:
    """What is wrong with points as somebody gave them, in order of what was said; None where nothing is."""
    if not 1 <= len(points) <= MOST_POINTS or not all(isfinite(one) for point in points for one in point):
        return Because("calibration_points", {"most": MOST_POINTS})
    for _, true in points:
        if (tag.low is not None and true < tag.low) or (tag.high is not None and true > tag.high):
            return Because("calibration_range", {"value": true, "low": tag.low, "high": tag.high})
    apart = PH_APART if tag.unit == "pH" else OTHER_APART * _range_of(tag)
    for before, after in pairwise(points):
        if not (after[0] > before[0] and after[1] > before[1]):
            return Because("calibration_swapped", {"said": after[0], "true": after[1]})
        if after[1] - before[1] < apart:
            return Because("calibration_close", {"least": apart})
    return None


def nonsense(points: Points, tag: Tag, note: str) -> Because | None:
    """Why points that rise are no calibration of this probe all the same; None where they may be."""
    low, high = PH_SLOPES if tag.unit == "pH" else OTHER_SLOPES
    for slope in slopes(points):
        if not low <= slope <= high:
            return Because("calibration_slope", {"slope": slope, "low": low, "high": high})
        if tag.unit == "pH" and slope < PH_SLOPE_NOTED and not note.strip():
            return Because("calibration_worn", {"slope": slope, "good": PH_SLOPE_NOTED})
    most = PH_OFFSET if tag.unit == "pH" else OTHER_OFFSET * _range_of(tag)
    moved = offset(points, tag.unit)
    if not isfinite(moved) or (most > 0.0 and abs(moved) > most):
        return Because("calibration_offset", {"offset": moved, "most": most})
    return None


def _range_of(tag: Tag) -> float:
    """0 where it is not known."""
    return 0.0 if tag.low is None or tag.high is None else tag.high - tag.low
