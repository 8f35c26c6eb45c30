"""Redundant probes as one tag: who is believed, who is dropped, who drifts away from the others (control.md 2.5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from statistics import median, median_high, median_low
from typing import Literal, NamedTuple

from foundation.reading import BAD, GOOD, SUBSTITUTED, UNCERTAIN, Reading, Reason

_FOULED = Reason.FOULED  # see foundation/reading.py
LOST_S = 60.0
"""A probe that says nothing for so long is missed, though the others do."""
DROP_S = 600.0
"""A probe that has been apart from the others for so long is dropped, and comes back after as long beside them."""
MEAN_S = 600.0
"""Drift is looked for in means over so long: noise is gone from them, drift is not."""
LEARN_MEANS = 6
"""So many means tell a probe's usual distance from the others, before which nothing counts as drift."""
USUAL_MEANS = 144
"""The usual distance follows that slowly (a day): slow enough that no drift worth finding becomes usual."""
SIGMAS = 4.0
"""The declared drift is so many deviations: what is summed is in them."""
SLACK, DECIDED = 0.5, 8.0
"""CUSUM: S = max(0, S + z - SLACK), drifting from DECIDED on (control.md 2.5)."""


class Probe(NamedTuple):
    """What a vote remembers of one probe."""

    lost_s: float = -1.0
    """Since when it says nothing; -1 it does."""
    apart_s: float = -1.0
    """Since when it is apart from the others; -1 it is not."""
    beside_s: float = -1.0
    """Dropped: since when it is back beside them; -1 it is not."""
    dropped: bool = False
    dropped_s: float = 0.0
    mean_s: float = -1.0
    """Begin of the present mean."""
    total: float = 0.0
    counted: float = 0.0
    usual: float = 0.0
    """Its usual distance from the others, each without its own."""
    means: float = 0.0
    up: float = 0.0
    down: float = 0.0


class Ballot(NamedTuple):
    """What a vote remembers."""

    probes: tuple[Probe, ...]
    lost_s: float = -1.0
    """Since when no probe is left; -1 there is one."""
    apart_s: float = -1.0
    """Since when those that are left do not agree; -1 they do."""

    def parted_s(self, now_s: float) -> float | None:
        """Since when they have parted so long, or so surely, that somebody should look; None they have not."""
        if 0.0 <= self.apart_s <= now_s - DROP_S:
            return self.apart_s
        if len(self.probes) == 2 and any(probe.dropped for probe in self.probes):
            return max(probe.dropped_s for probe in self.probes)
        return None


@dataclass(frozen=True, slots=True)
class Voted:
    """Median of three, mean of two, and the dangerous side where two do not agree.

    `disagree` and `drift` are in the tag's unit. Of three or more, one that is further than `disagree` from the others
    for ten minutes is dropped; with `drift`, so is one whose distance wanders from its usual one, long before.
    Of two, nobody can say which one it is: both are told of. With no probe left, `model` stands in for `model_s`.
    """

    name: str
    probes: tuple[str, ...]
    disagree: float
    danger: Literal["low", "high"] | None
    drift: float | None = None
    model: str | None = None
    model_s: float = 0.0

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.probes if self.model is None else (*self.probes, self.model)

    @property
    def fresh(self) -> Ballot:
        return Ballot((Probe(),) * len(self.probes))

    def step(self, block: Ballot, image: Mapping[str, Reading], now_s: float) -> tuple[Ballot, Reading]:
        """The vote, and what is remembered of it."""
        readings = [image[tag] for tag in self.probes]
        numbers = [reading.number for reading in readings]
        believed = [not probe.dropped for probe in block.probes]
        watched = tuple(
            self._watch(probe, index, numbers, believed, block.probes, now_s)
            for index, probe in enumerate(block.probes)
        )
        fouled = [reading.reason is _FOULED for reading in readings]
        is_fouled = True in fouled
        trusted = [
            tag for tag, probe, foul in zip(self.probes, watched, fouled, strict=True) if not (probe.dropped or foul)
        ]
        reading = self.reading(image, trusted if len(self.probes) > 2 or (is_fouled and trusted) else self.probes)
        if reading.value is None and len(trusted) < len(self.probes):
            reading = self.reading(image, self.probes)  # the dropped ones are all that is left
        if reading.value is not None:
            apart_s = -1.0
            if reading.reason is Reason.DISAGREE:
                apart_s = block.apart_s if 0.0 <= block.apart_s <= now_s else now_s
            return Ballot(watched, -1.0, apart_s), reading
        lost_s = block.lost_s if 0.0 <= block.lost_s <= now_s else now_s
        if self.model is not None and now_s - lost_s < self.model_s:
            model = image[self.model]
            if model.number is not None:
                quality = min(model.quality, SUBSTITUTED)  # a doubted model is no better for standing in
                reading = Reading(self.name, model.value, quality, Reason.INPUT, model.time_s)
        return Ballot(watched, lost_s), reading

    def reading(self, image: Mapping[str, Reading], tags: tuple[str, ...] | list[str]) -> Reading:
        """What these probes say together."""
        found = [(reading, number) for tag in tags if (number := (reading := image[tag]).number) is not None]
        if not found:
            at_s = max(image[tag].time_s for tag in self.probes)
            return Reading(self.name, None, BAD, Reason.INPUT, at_s)
        alive, numbers = [reading for reading, _ in found], [number for _, number in found]
        at_s = max([probe.time_s for probe in alive])
        worst = min([probe.quality for probe in alive])
        middle = median(numbers)
        if len(numbers) == 1:
            lost = Reason.INPUT if len(self.probes) > 1 else alive[0].reason
            quality = min(worst, UNCERTAIN) if len(self.probes) > 1 else worst
            return Reading(self.name, middle, quality, lost, at_s)
        if len(numbers) == 2:
            low, high = sorted(numbers)
            if high - low <= self.disagree:
                return Reading(self.name, middle, worst, None if worst is GOOD else Reason.INPUT, at_s)
            believed = low if self.danger == "low" else high if self.danger == "high" else middle
            return Reading(self.name, believed, UNCERTAIN, Reason.DISAGREE, at_s)
        agreeing = [
            probe.quality for probe, number in zip(alive, numbers, strict=True) if abs(number - middle) <= self.disagree
        ]
        if len(agreeing) * 2 > len(numbers):
            best = max(agreeing)  # one good probe is enough to believe those that say the same
            return Reading(self.name, middle, best, None if best is GOOD else Reason.INPUT, at_s)
        if self.danger is not None:  # of two pairs, that one: nobody says what lies between them
            middle = median_low(numbers) if self.danger == "low" else median_high(numbers)
        return Reading(self.name, middle, UNCERTAIN, Reason.DISAGREE, at_s)

    def _watch(
        self,
        probe: Probe,
        index: int,
        numbers: list[float | None],
        believed: list[bool],
        probes: tuple[Probe, ...],
        now_s: float,
    ) -> Probe:
        """How this probe stands to the others that are believed."""
        number = numbers[index]
        others, usual = [], []
        for at, other in enumerate(numbers):
            if at != index and believed[at] and other is not None:
                others.append(other)
                usual.append(other - probes[at].usual)
        if number is None:
            lost_s = probe.lost_s if 0.0 <= probe.lost_s <= now_s else now_s
            return probe._replace(lost_s=lost_s, apart_s=-1.0, mean_s=-1.0)
        if probe.lost_s >= 0:
            probe = probe._replace(lost_s=-1.0)
        # of two that part nobody can say which one it is; a vote of two is watched for drift all the same
        if len(others) < (1 if probe.dropped or len(numbers) == 2 else 2):
            return probe if probe.mean_s < 0 and probe.apart_s < 0 else probe._replace(apart_s=-1.0, mean_s=-1.0)
        middle = median(others)
        distance = number - middle
        if not isfinite(distance):
            return probe
        # one is apart only from others that are together
        together = all(abs(other - middle) <= self.disagree for other in others)
        unusual = number - probe.usual - median(usual)
        if self.drift is not None and together:
            probe = self._drifting(probe, unusual, now_s)
        if probe.dropped:
            return self._back(probe, distance, unusual, together, now_s)
        if abs(distance) <= self.disagree or not together or len(others) < 2:
            return probe if probe.apart_s < 0 else probe._replace(apart_s=-1.0)
        if probe.apart_s < 0 or probe.apart_s > now_s:
            return probe._replace(apart_s=now_s)
        if now_s - probe.apart_s < DROP_S:
            return probe
        return probe._replace(dropped=True, dropped_s=now_s, beside_s=-1.0)

    def _back(self, probe: Probe, distance: float, unusual: float, together: bool, now_s: float) -> Probe:
        """A dropped probe, believed again once it has been beside the others for long enough."""
        is_near = abs(distance) <= self.disagree / 2 and (self.drift is None or abs(unusual) <= self.drift / SIGMAS)
        if not is_near or not together:
            return probe if probe.beside_s < 0 else probe._replace(beside_s=-1.0)
        if probe.beside_s < 0 or probe.beside_s > now_s:
            return probe._replace(beside_s=now_s)
        if now_s - probe.beside_s < DROP_S:
            return probe
        return probe._replace(dropped=False, apart_s=-1.0, beside_s=-1.0, up=0.0, down=0.0)

    def _drifting(self, probe: Probe, unusual: float, now_s: float) -> Probe:
        """Means of how far it is from its usual distance, summed."""
        assert self.drift is not None
        if not 0.0 <= now_s - probe.mean_s <= 2 * MEAN_S:
            probe = probe._replace(mean_s=now_s, total=0.0, counted=0.0)
        total, counted = probe.total + unusual, probe.counted + 1.0
        if now_s - probe.mean_s < MEAN_S:
            return probe._replace(total=total, counted=counted)
        mean = total / counted
        means = probe.means + 1.0
        z = mean / (self.drift / SIGMAS)
        up, down = probe.up, probe.down
        if means > LEARN_MEANS:
            up, down = (min(max(0.0, s + way - SLACK), 2 * DECIDED) for s, way in ((up, z), (down, -z)))
        usual = probe.usual
        if not probe.dropped:  # what it is while it drifts is not usual
            usual += mean / min(means, USUAL_MEANS)
        new = probe._replace(
            mean_s=now_s, total=0.0, counted=0.0, usual=usual, means=min(means, USUAL_MEANS), up=up, down=down
        )
        if not new.dropped and max(up, down) > DECIDED:
            return new._replace(dropped=True, dropped_s=now_s, beside_s=-1.0)
        return new
