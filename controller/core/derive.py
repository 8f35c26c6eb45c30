"""Derived tags: expressions, votes among redundant probes, and sums over the day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Literal, NamedTuple

from controller.core.calendar import Calendar
from foundation.reading import Quality, Reading, Reason
from rules.expression import Expression, Values

Image = Mapping[str, Reading]


@dataclass(frozen=True, slots=True)
class Expressed:
    """A tag that is an expression over others. As good as the worst of them; BAD if any of them is."""

    name: str
    expression: Expression
    inputs: tuple[str, ...]

    def reading(self, image: Image, values: Values, now_s: float) -> Reading:
        worst, at_s = Quality.GOOD, 0.0
        for tag in self.inputs:
            reading = image[tag]
            worst = min(worst, reading.quality)
            at_s = max(at_s, reading.time_s)
        value = self.expression.run(values)
        if worst is Quality.BAD or value is None:
            return Reading(self.name, None, Quality.BAD, Reason.INPUT, at_s)
        return Reading(self.name, value, worst, None if worst is Quality.GOOD else Reason.INPUT, at_s)


@dataclass(frozen=True, slots=True)
class Voted:
    """Redundant probes as one tag: median of three, mean of two, and the dangerous side where two do not agree."""

    name: str
    inputs: tuple[str, ...]
    disagree: float
    danger: Literal["low", "high"] | None

    def reading(self, image: Image, values: Values, now_s: float) -> Reading:
        probes = [reading for tag in self.inputs if (reading := image[tag]).number is not None]
        if not probes:
            at_s = max(image[tag].time_s for tag in self.inputs)
            return Reading(self.name, None, Quality.BAD, Reason.INPUT, at_s)
        numbers = [number for probe in probes if (number := probe.number) is not None]
        at_s = max(probe.time_s for probe in probes)
        worst = min(probe.quality for probe in probes)
        middle = median(numbers)
        if len(numbers) == 1:
            lost = Reason.INPUT if len(self.inputs) > 1 else probes[0].reason
            quality = min(worst, Quality.UNCERTAIN) if len(self.inputs) > 1 else worst
            return Reading(self.name, middle, quality, lost, at_s)
        agreeing = sum(abs(number - middle) <= self.disagree for number in numbers)
        if len(numbers) == 2:
            low, high = sorted(numbers)
            if high - low <= self.disagree:
                return Reading(self.name, middle, worst, None if worst is Quality.GOOD else Reason.INPUT, at_s)
            believed = low if self.danger == "low" else high if self.danger == "high" else middle
            return Reading(self.name, believed, Quality.UNCERTAIN, Reason.DISAGREE, at_s)
        if agreeing * 2 > len(numbers):
            return Reading(self.name, middle, Quality.GOOD, None, at_s)
        return Reading(self.name, middle, Quality.UNCERTAIN, Reason.DISAGREE, at_s)


class Sum(NamedTuple):
    """What an integral remembers."""

    total: float = 0.0
    day_s: float = -1.0
    """Local midnight of the day that it sums."""
    at_s: float = -1.0
    last: float = 0.0


LONGEST_GAP_S = 900.0
"""A hole in the source longer than this is not bridged."""


@dataclass(frozen=True, slots=True)
class Integrated:
    """The integral of a tag over the local day (trapezoids between good readings)."""

    name: str
    source: str
    factor: float
    """From the source's unit times seconds into the tag's unit."""
    calendar: Calendar

    def step(self, block: Sum, source: Reading, now_s: float) -> tuple[Sum, Reading]:
        """Takes in the source's newest reading."""
        midnight = self.calendar.day(now_s).midnight_s
        if midnight != block.day_s:
            block = Sum(0.0, midnight, block.at_s, block.last)
        number = source.number
        if number is not None and source.time_s > block.at_s:
            bridged = block.at_s >= 0 and source.time_s - block.at_s <= LONGEST_GAP_S
            # what came before midnight is yesterday's, even if it is heard of today
            seconds = max(source.time_s - max(block.at_s, midnight), 0.0) if bridged else 0.0
            added = (block.last + number) / 2 * seconds * self.factor
            block = Sum(block.total + added, midnight, source.time_s, number)
        quality = Quality.GOOD if number is not None else Quality.UNCERTAIN
        reason = None if number is not None else Reason.INPUT
        return block, Reading(self.name, block.total, quality, reason, max(source.time_s, midnight))


Derived = Expressed | Voted
Reader = Callable[[Image, Values, float], Reading]
