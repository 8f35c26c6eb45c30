"""What was used, day by day: read off meters, or reckoned from how long machines of a known power ran. Pure.

Only what the site declares is counted: `counts` of a tag, `power` of an output. Hours of which nothing is known count
as nothing, and it is told how much of the time is known.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Literal, NamedTuple

from controller.history.aggregate import HOUR_S, Slot
from edge_config.counted import counted_as
from edge_config.model.outputs import Heartbeat, ThreePoint
from edge_config.model.site import Site
from foundation.tag import Tag

FULL = 0.01
"""A position, %, is so much of a machine's power."""


@dataclass(frozen=True, slots=True)
class Counter:
    """One tag or output that is counted."""

    name: str
    facility: str
    of: str
    """`electricity`, `water`, …"""
    form: Literal["total", "rate", "power"]
    """A meter's total, a meter's rate, or rated power by position."""
    factor: float
    """From the tag's unit into that of the books, or (rates, positions) into it per hour."""


class Used(NamedTuple):
    """Of one counter within one span."""

    amount: float
    """In the unit of the books."""
    known_s: float
    """For how much of the span anything is known."""


def counters(site: Site, tags: Mapping[str, Tag]) -> tuple[Counter, ...]:
    """All that a site counts. Motors that run only on their way (three-point) use what they use unseen."""
    found: list[Counter] = []
    for name, setting in site.tags.items():
        if setting.counts is not None and name in tags:
            form = counted_as(setting.counts, tags[name].unit)
            if form is not None:
                found.append(Counter(name, tags[name].facility, setting.counts, form[0], form[1]))
    for name, output in site.outputs.items():
        if output.power > 0.0 and not isinstance(output, ThreePoint | Heartbeat):
            found.append(Counter(name, name.partition(".")[0], "electricity", "power", output.power * FULL))
    return tuple(found)


def used(counter: Counter, slots: Iterable[Slot], begins_s: Sequence[float]) -> list[Used]:
    """What was used in each span from one of `begins_s` to the next, of hours in order; the hours before the first are
    only what a total stood at."""
    amounts, known_s = [0.0] * (len(begins_s) - 1), [0.0] * (len(begins_s) - 1)
    before: float | None = None
    for slot in slots:
        index = bisect_right(begins_s, slot.at_s) - 1
        within = 0 <= index < len(amounts)
        if isnan(slot.mean):
            continue
        if counter.form == "total":
            amount, before = _risen(slot, before), slot.high
        else:
            amount = slot.mean * slot.good_s / HOUR_S
        if within:
            amounts[index] += amount * counter.factor
            known_s[index] += HOUR_S if counter.form == "total" else slot.good_s
    return [Used(*one) for one in zip(amounts, known_s, strict=True)]


def _risen(slot: Slot, before: float | None) -> float:
    """By how much a total rose in an hour, and since the last one. A meter that began anew (changed, or cleared) is
    followed from where it began: what it had counted in that hour is not known, and not guessed."""
    if before is None:
        return slot.high - slot.low
    return slot.high - before if slot.low >= before else 0.0
