"""Fish between two weighings: their mean mass grows with warmth, by the thermal growth coefficient.

W^(1/3) = W0^(1/3) + TGC / 1000 * sum of degC * d (Iwama & Tautz 1981; physics.md 5.2). It is for fish that are fed and
well: what comes out is computed, less sure with each week, and not known once the weighing is too long ago.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

from controller.core.state import Block
from foundation.reading import Quality, Reading, Reason

DAY_S = 86400.0
UNSURE_SHARE = 1.0 / 3.0
"""After this share of the longest wait the mass is marked uncertain."""
LONGEST_LATE_S = 7 * DAY_S
"""A weighing told later than this grows for no longer: how warm it was since then is not known. That it is known since
the last weighing, in the mean, serves one that was put right."""


class Grown(NamedTuple):
    """What the sensor remembers; -1: never."""

    root: float = 0.0
    """Cube root of the mean mass in g."""
    at_s: float = -1.0
    weighed_s: float = -1.0
    """When the fish were weighed last."""
    weighed_kg: float = 0.0
    due_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Growth:
    """The mean mass of a fish, kg, from people's weighings (kg) and the water's temperature."""

    name: str
    weighed: str
    temperature: str
    tgc: float
    """1e-3 g^(1/3) / (degC d)."""
    period_s: float
    wait_s: float

    @property
    def inputs(self) -> tuple[str, ...]:
        return ()  # it is looked at in every scan: fish grow while nobody weighs them

    @property
    def fresh(self) -> Grown:
        return Grown()

    def step(
        self, block: Grown, image: Mapping[str, Reading], blocks: Mapping[str, Block], now_s: float
    ) -> tuple[Grown, Reading] | None:
        weighing, said_c = image[self.weighed], image[self.temperature].number
        mass_kg = weighing.number
        is_other = (weighing.time_s, mass_kg) != (block.weighed_s, block.weighed_kg)
        is_new = mass_kg is not None and mass_kg > 0.0 and is_other
        is_gone = mass_kg is None and weighing.reason is Reason.CORRECTED and block.at_s >= 0.0
        if not (is_new or is_gone) and now_s < block.due_s <= now_s + self.period_s:
            return None
        if block.at_s < 0.0 and weighing.reason is Reason.NEVER_SEEN:
            return None
        due_s = now_s + self.period_s - 0.5
        water_c = 0.0 if said_c is None else max(said_c, 0.0)  # how warm it was is not known: they do not grow
        if is_new and mass_kg is not None:
            root = _root(mass_kg) + self._since(block, weighing.time_s, water_c, now_s)
            block = Grown(root, now_s, weighing.time_s, mass_kg, due_s)
        elif block.at_s >= 0.0 and not is_gone:
            elapsed_s = min(max(now_s - block.at_s, 0.0), LONGEST_LATE_S)
            block = block._replace(root=block.root + self._gained(water_c, elapsed_s), at_s=now_s, due_s=due_s)
        else:
            return Grown(due_s=due_s), Reading(self.name, None, Quality.BAD, Reason.INPUT, now_s)
        return block, self._reading(block, said_c is not None, now_s)

    def _since(self, block: Grown, weighed_s: float, water_c: float, now_s: float) -> float:
        """What fish weighed at `weighed_s` have gained by now."""
        late_s, known_s = max(now_s - weighed_s, 0.0), block.at_s - block.weighed_s
        gained = max(block.root - _root(block.weighed_kg), 0.0)
        if block.at_s >= 0.0 and weighed_s == block.weighed_s:  # the same fish in the same water: another mass
            return gained + self._gained(water_c, min(max(now_s - block.at_s, 0.0), LONGEST_LATE_S))
        if late_s > LONGEST_LATE_S and known_s > 0.0 and weighed_s >= block.weighed_s - LONGEST_LATE_S:
            return gained * late_s / known_s
        return self._gained(water_c, min(late_s, LONGEST_LATE_S))

    def _gained(self, water_c: float, seconds: float) -> float:
        return self.tgc / 1000.0 * water_c * seconds / DAY_S

    def _reading(self, block: Grown, is_warmth_known: bool, now_s: float) -> Reading:
        away_s, mass_kg = now_s - block.weighed_s, block.root**3 / 1000.0
        if away_s > self.wait_s or not isfinite(mass_kg):
            return Reading(self.name, None, Quality.BAD, Reason.INPUT, now_s)
        if not is_warmth_known or away_s > self.wait_s * UNSURE_SHARE:
            return Reading(self.name, mass_kg, Quality.UNCERTAIN, Reason.INPUT, now_s)
        return Reading(self.name, mass_kg, Quality.SUBSTITUTED, Reason.ESTIMATED, now_s)


def _root(mass_kg: float) -> float:
    """Cube root of the mass in g, which grows straight with warmth."""
    root: float = (1000.0 * max(mass_kg, 0.0)) ** (1.0 / 3.0)
    return root
