"""Calibrating a probe while the controller runs: what a person found stands at once, before the site file's own.

What people made before is kept with it, so that one can be applied again. A scan knows of it from the state alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from controller.core.calibration import Calibration
from controller.core.calibration_check import nonsense, offset, slopes, wrong_points
from controller.core.condition import Conditioner, More, Seen
from controller.core.state import Calibrated, State
from controller.core.turn import Turn
from controller.core.vote import Ballot, Probe, Voted
from controller.core.words import Because, Calibrate, Event
from foundation.reading import Quality, Reason

KEPT = 12
"""Calibrations of a probe that can be applied again; the audit has all of them."""

Points = tuple[tuple[float, float], ...]


class Due(NamedTuple):
    """When a probe is to be calibrated again."""

    done_s: float
    """By the site file."""
    every_s: float

    def at_s(self, made: Sequence[Calibrated]) -> float:
        """From the last one that people made, if they made any."""
        return max([self.done_s, *(one.measured_s for one in made)]) + self.every_s


class ProbeNow(NamedTuple):
    """A probe as who calibrates it sees it."""

    says: float | None
    """Before calibration, what temperature does taken out; None if it says nothing, or not yet since it is in care."""
    says_s: float
    water_c: float | None
    """Of the water, where the probe is compensated by it."""
    compensated: bool
    points: Points
    """That stand."""
    made: tuple[Calibrated, ...]
    due_s: float | None


@dataclass(frozen=True, slots=True)
class Calibrations:
    """The probes that can be calibrated: all that are measured by devices, in numbers."""

    conditioners: Mapping[str, Conditioner]
    due: Mapping[str, Due]
    votes: Sequence[Voted] = ()

    def probes(self) -> list[str]:
        return [tag for tag in self.conditioners if self._has(tag)]

    def kept(self, kept: Mapping[str, tuple[Calibrated, ...]]) -> dict[str, tuple[Calibrated, ...]]:
        """Those of a kept state that are of this site, and are calibrations."""
        return {
            tag: tuple(one for one in made if _is_rising(one.points)) for tag, made in kept.items() if self._has(tag)
        }

    def standing(self, made: Mapping[str, tuple[Calibrated, ...]], tag: str) -> Calibration | None:
        """What people made of a probe; None where the site file's stands."""
        of_tag = made.get(tag)
        if not of_tag or not of_tag[-1].points:
            return None
        own = self.conditioners[tag].calibration
        return Calibration(of_tag[-1].points, None if own is None else own.warmth)

    def points(self, made: Mapping[str, tuple[Calibrated, ...]], tag: str) -> Points:
        """That stand, a person's or the site file's."""
        found = self.standing(made, tag) or self.conditioners[tag].calibration
        return () if found is None else found.points

    def judged(self, made: Mapping[str, tuple[Calibrated, ...]], wish: Calibrate) -> Points | Because:
        """The points that would stand, or why they cannot (`refused.KEY`)."""
        if not self._has(wish.tag):
            return Because("no_probe", {})
        tag = self.conditioners[wish.tag].tag
        points = tuple(sorted(wish.points))
        if not points or (not wish.keeps_slope and any(one.points == points for one in made.get(wish.tag, ()))):
            return points  # the site file's, or one that stood before
        wrong = wrong_points(points, tag)
        if wrong is None and wish.keeps_slope:
            if len(points) != 1:
                return Because("calibration_one", {})
            points = _moved(self.points(made, wish.tag), *points[0])
        return wrong or nonsense(points, tag, wish.note) or points

    def hear(self, turn: Turn, wish: Calibrate) -> None:
        """Let it stand from now on, or refuse it."""
        values: dict[str, object] = {"id": wish.id, "by": wish.by}
        points = self.judged(turn.calibrations, wish)
        if isinstance(points, Because):
            told = {**values, "why": points.key, **points.values}
            turn.events.append(Event(turn.now_s, "refused", wish.tag, told))
            return
        before = self.points(turn.calibrations, wish.tag)
        made = Calibrated(
            points, wish.by, wish.method, wish.reference, wish.note, min(wish.measured_s, turn.now_s), turn.now_s
        )
        kept = (*turn.calibrations.get(wish.tag, ()), made)[-KEPT:]
        turn.calibrations = {**turn.calibrations, wish.tag: kept}
        self._forget(turn, wish.tag)
        unit = self.conditioners[wish.tag].tag.unit
        told = {
            **values, "points": points, "before": before, "after": points, "slopes": slopes(points),
            "offset": offset(points, unit), "method": wish.method, "reference": wish.reference, "note": wish.note,
            "measured": made.measured_s,
        }  # fmt: skip
        turn.events.append(Event(turn.now_s, "calibrated", wish.tag, told))

    def probe(self, state: State, tag: str) -> ProbeNow:
        """How it stands now; KeyError for what is no probe."""
        if not self._has(tag):
            raise KeyError(tag)
        conditioner, reading = self.conditioners[tag], state.readings[tag]
        seen: Seen = state.blocks[f"{tag}#seen"]  # type: ignore[assignment]  # a tag's block is a Seen
        mark = state.marks.get(f"care:{tag}")
        says, says_s = None if seen.told is None else seen.told * conditioner.scale, seen.at_s
        if mark is not None and mark.over_s < 0.0:
            heard = reading.reason is Reason.CALIBRATING and reading.time_s > mark.since_s
            says, says_s = (reading.value if heard and isinstance(reading.value, float) else None), reading.time_s
        elif reading.quality is Quality.BAD:
            says = None
        own = conditioner.calibration
        warmth = None if own is None else own.warmth
        water_c: float | None = None
        if warmth is not None:
            told = state.values.get(warmth.tag)
            water_c = told if isinstance(told, float) else None
            if says is not None and water_c is not None:
                says = warmth.apply(says, water_c)
        made = state.calibrations.get(tag, ())
        due = self.due.get(tag)
        return ProbeNow(
            says, says_s, water_c, warmth is not None, self.points(state.calibrations, tag), made,
            None if due is None else due.at_s(made),
        )  # fmt: skip

    def _has(self, tag: str) -> bool:
        one = self.conditioners.get(tag)
        return one is not None and not one.tag.entered and one.tag.unit not in ("bool", "text")

    def _forget(self, turn: Turn, tag: str) -> None:
        """What was seen by the old calibration is no neighbour of what comes by the new one."""
        seen: Seen = turn.blocks[f"{tag}#seen"]  # type: ignore[assignment]  # a tag's block is a Seen
        turn.blocks[f"{tag}#seen"] = seen._replace(raw=(), filtered=None, told=None, more=More())
        for vote in self.votes:
            if tag in vote.probes:
                ballot: Ballot = turn.blocks[vote.name]  # type: ignore[assignment]  # a vote's block is a Ballot
                probes = [Probe() if one == tag else kept for one, kept in zip(vote.probes, ballot.probes, strict=True)]
                turn.blocks[vote.name] = ballot._replace(probes=tuple(probes))


def _is_rising(points: Points) -> bool:
    return all(len(one) == 2 for one in points) and all(
        after[0] > before[0] and after[1] > before[1] for before, after in pairwise(points)
    )


def _moved(points: Points, said: float, true: float) -> Points:
    """The same slopes, and `true` where `said` is."""
    if len(points) < 2:
        return ((said, true),)
    by = true - Calibration(points).apply(said, None)
    return tuple((one, other + by) for one, other in points)
