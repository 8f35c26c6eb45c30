"""Derived tags without a file of their own: expressions, and sums over the day."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from controller.core.calendar import Calendar
from foundation.reading import BAD, GOOD, UNCERTAIN, Reading, Reason
from rules.expression import Expression, Values

Image = Mapping[str, Reading]


@dataclass(frozen=True, slots=True)
class Expressed:
    """A tag that is an expression over others. As good as the worst of them; BAD if any of them is. Until each of them
    was seen once it was never seen itself: it is awaited like them, and its first value is no return."""

    name: str
    expression: Expression
    inputs: tuple[str, ...]

    def reading(self, image: Image, values: Values, now_s: float) -> Reading:
        worst, at_s = GOOD, 0.0
        for tag in self.inputs:
            _, _, quality, _, time_s = image[tag]
            worst = min(worst, quality)
            at_s = max(at_s, time_s)
        value = self.expression.run(values)
        if worst is BAD or value is None:
            own = image[self.name]
            if own.reason is Reason.NEVER_SEEN and any(image[tag].reason is Reason.NEVER_SEEN for tag in self.inputs):
                return own
            return Reading(self.name, None, BAD, Reason.INPUT, at_s)
        return Reading(self.name, value, worst, None if worst is GOOD else Reason.INPUT, at_s)


class Sum(NamedTuple):
    """What an integral remembers."""

    total: float = 0.0
    day_s: float = -1.0
    """Local midnight of the day that it sums."""
    at_s: float = -1.0
    last: float = 0.0
    missed_s: float = 0.0
    """So much of the day is in a hole that was not bridged."""


LONGEST_GAP_S = 900.0
"""A hole in the source longer than this is not bridged."""
STANDS_S = 60.0
"""What stands between its changes (an output, a setpoint) is counted at least so often."""


@dataclass(frozen=True, slots=True)
class Integrated:
    """The integral of a tag over the local day: trapezoids between good readings, and steps of what stands.

    A sum that part of the day is missing from is UNCERTAIN until the day is over.
    """

    name: str
    source: str
    factor: float
    """From the source's unit times seconds into the tag's unit."""
    calendar: Calendar
    stands: bool = False
    """The source is heard of when it changes, and is what it was until then."""

    def is_due(self, block: Sum, changed: bool, now_s: float) -> bool:
        """Whether there is something to count."""
        is_new_day = self.calendar.day(now_s).midnight_s != block.day_s
        return changed or is_new_day or (self.stands and now_s - block.at_s >= STANDS_S)

    def step(self, block: Sum, source: Reading, now_s: float) -> tuple[Sum, Reading]:
        """Takes in the source's newest reading."""
        midnight = self.calendar.day(now_s).midnight_s
        if midnight != block.day_s:
            block = Sum(0.0, midnight, block.at_s, block.last)
        number, at_s = source.number, now_s if self.stands else source.time_s
        if number is not None and at_s > block.at_s:
            bridged = block.at_s >= 0 and at_s - block.at_s <= LONGEST_GAP_S
            # what came before midnight is yesterday's, even if it is heard of today
            seconds = max(at_s - max(block.at_s, midnight), 0.0) if bridged else 0.0
            mean = block.last if self.stands else (block.last + number) / 2
            hole_s = max(at_s - max(block.at_s, midnight), 0.0) if block.at_s >= 0 and not bridged else 0.0
            total, missed_s = block.total + mean * seconds * self.factor, block.missed_s + hole_s
            block = Sum(total, midnight, at_s, number, missed_s)
        is_whole = number is not None and block.missed_s <= 0.0
        quality, reason = (GOOD, None) if is_whole else (UNCERTAIN, Reason.INPUT)
        return block, Reading(self.name, block.total, quality, reason, max(source.time_s, midnight))
