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
"""A weighing told later than this grows for no longer: how warm it was since then is not known."""


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
        return (self.weighed,)

    @property
    def fresh(self) -> Grown:
        return Grown()

    def step(
        self, block: Grown, image: Mapping[str, Reading], blocks: Mapping[str, Block], now_s: float
    ) -> tuple[Grown, Reading] | None:
        weighing, said_c = image[self.weighed], image[self.temperature].number
        mass_kg = weighing.number
        is_new = mass_kg is not None and (weighing.time_s, mass_kg) != (block.weighed_s, block.weighed_kg)
        if not is_new and now_s < block.due_s <= now_s + self.period_s:
            return None
        due_s = now_s + self.period_s - 0.5
        water_c = 0.0 if said_c is None else max(said_c, 0.0)  # how warm it was is not known: they do not grow
        if is_new and mass_kg is not None and mass_kg > 0.0:
            late_s = min(max(now_s - weighing.time_s, 0.0), LONGEST_LATE_S)
            root = (1000.0 * mass_kg) ** (1.0 / 3.0) + self._gained(water_c, late_s)
            block = Grown(root, now_s, weighing.time_s, mass_kg, due_s)
        elif block.at_s >= 0.0:
            elapsed_s = min(max(now_s - block.at_s, 0.0), LONGEST_LATE_S)
            block = block._replace(root=block.root + self._gained(water_c, elapsed_s), at_s=now_s, due_s=due_s)
        else:
            return block._replace(due_s=due_s), Reading(self.name, None, Quality.BAD, Reason.INPUT, now_s)
        return block, self._reading(block, said_c is not None, now_s)

    def _gained(self, water_c: float, seconds: float) -> float:
        return self.tgc / 1000.0 * water_c * seconds / DAY_S

    def _reading(self, block: Grown, is_warmth_known: bool, now_s: float) -> Reading:
        away_s, mass_kg = now_s - block.weighed_s, block.root**3 / 1000.0
        if away_s > self.wait_s or not isfinite(mass_kg):
            return Reading(self.name, None, Quality.BAD, Reason.INPUT, now_s)
        if not is_warmth_known or away_s > self.wait_s * UNSURE_SHARE:
            return Reading(self.name, mass_kg, Quality.UNCERTAIN, Reason.INPUT, now_s)
        return Reading(self.name, mass_kg, Quality.SUBSTITUTED, Reason.ESTIMATED, now_s)
