"""Whether a value comes back by itself after doses, as the pH does where the crop raises it after acid.

A dose cannot be taken back. What one too many has lowered comes up again where the crop gives it back; where the crop
goes on the same way it stays wrong for the day. So a dosing loop that is told how far (`short`) stops before its
setpoint until the value has been seen to come back. Times are in waits (in one a dose mixes), sizes in `short`.
"""

from typing import NamedTuple

LOOK, SLOW, SETTLES = 0.25, 1.25, 3.0
"""Waits: between two looks, the time constant of what is watched, and from a large dose until the value is (carbonic
acid leaves the water, and the pH goes back a part of the way whatever the crop does)."""
LOOKS = 3
"""So many are averaged before the first counts."""
ENOUGH, TURNED = 0.1, 0.4
"""A move that is believed, and one against what was believed before or where something else moved the value too."""
NEAR = 0.25
"""While it stops short, a value no farther from there gets no dose: small ones would hide what it does by itself."""
MEAN_OF = 16.0
"""The longer no dose was needed, the longer the value is looked at before the next: over a sixteenth of that time. One
reading that is high by chance would be a dose, and where nothing brings the value back it stays."""


class Course(NamedTuple):
    """What is known of the value's own course; values have the sign with which a dose makes them smaller."""

    comes_back: int = 0
    """1 it comes back by itself, -1 it goes on the way the doses drive it, or water moves it too; 0 not seen yet."""
    rise: float = 0.0
    """Above the lowest that was watched, without what doses did."""
    fall: float = 0.0
    slow: float = 0.0
    looks: int = 0
    look_s: float = 0.0
    until_s: float = 0.0
    """Until then a large dose still moves the value."""
    mean: float = 0.0
    """What was read of late."""
    mean_s: float = -1.0
    """When it was taken; -1 not since the last dose."""


def watched(course: Course, value: float, now_s: float, wait_s: float, short: float) -> Course:
    """One look between doses."""
    if now_s < course.until_s:
        return course
    elapsed_s = now_s - course.look_s
    if course.looks == 0 or not 0.0 <= elapsed_s <= 4.0 * SLOW * wait_s:  # nobody saw what happened in between
        return course._replace(slow=value, looks=1, look_s=now_s)
    if elapsed_s < LOOK * wait_s:
        return course
    looks = min(course.looks + 1, 999)
    step = max(LOOK / SLOW, 1.0 / looks) * (value - course.slow)
    course = course._replace(slow=course.slow + step, looks=looks, look_s=now_s)
    if looks <= LOOKS:
        return course
    rise, fall = max(course.rise + step, 0.0), max(course.fall - step, 0.0)
    if rise >= short * (TURNED if course.comes_back < 0 else ENOUGH):
        return course._replace(comes_back=1, rise=0.0, fall=0.0)
    if fall >= short * (TURNED if course.comes_back > 0 else ENOUGH):
        return course._replace(comes_back=-1, rise=0.0, fall=0.0)
    return course._replace(rise=rise, fall=fall)


def averaged(course: Course, value: float, now_s: float, dosed_s: float, short: float) -> Course:
    """Takes a reading into the mean; the last dose was at `dosed_s`, -1 never. A value that has gone down by more than
    chance is believed at once, or a dose would be given for what was."""
    since_s = now_s - course.mean_s
    is_first = course.mean_s < 0.0 or dosed_s < 0.0 or since_s < 0.0
    if is_first or value < course.mean - TURNED * short:
        return course._replace(mean=value, mean_s=now_s)
    share = min(MEAN_OF * since_s / max(now_s - dosed_s, 1.0), 1.0)
    return course._replace(mean=course.mean + share * (value - course.mean), mean_s=now_s)


def dosed(course: Course, did: float, now_s: float, wait_s: float, short: float) -> Course:
    """A dose has mixed that should have lowered the value by `did`."""
    course = course._replace(mean_s=-1.0)
    if did > short:
        return course._replace(looks=0, rise=0.0, fall=0.0, until_s=now_s + (SETTLES - 1.0) * wait_s)
    return course._replace(slow=course.slow - did, look_s=now_s)


def disturbed(course: Course) -> Course:
    """Something else moves the value: what it rises from now on may be of that, and must be more to be believed."""
    return course if course.comes_back else course._replace(comes_back=-1)
