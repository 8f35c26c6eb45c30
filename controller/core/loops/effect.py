"""Whether what a loop does has an effect: a heater at full power whose probe does not warm has lost its probe.

control.md 2.5, wrong place: a heat-mat's probe fell from its tray, and the heat ran all night. A loop that is declared
to be checked gives up then, until somebody has looked.
"""

from dataclasses import dataclass
from math import inf
from typing import NamedTuple

STRAINED = 80.0
"""%: from here on an effect must be seen."""


class Strain(NamedTuple):
    """Since when the output has been strained (-1 it is not), the value then, and since when it has failed (-1)."""

    since_s: float = -1.0
    at: float = 0.0
    failed_s: float = -1.0


@dataclass(frozen=True, slots=True)
class EffectCheck:
    """Within `within_s` above 80 % the value must have moved by `least`, the way that the output moves it; or have come
    as near to its setpoint: what a cold night holds there at full power has its effect."""

    within_s: float
    least: float
    raises: bool

    def step(self, strain: Strain, applied: float, value: float, now_s: float, short: float = inf) -> Strain:
        """`short`: by how much the value is short of its setpoint, the way that the output moves it; left out of a
        switch, which is on because it is."""
        if strain.failed_s >= 0:
            return strain
        if applied < STRAINED or short <= self.least:
            return strain if strain.since_s < 0 else Strain()
        moved = (value - strain.at) * (1.0 if self.raises else -1.0)
        if not 0.0 <= strain.since_s <= now_s or moved >= self.least:
            return Strain(now_s, value)
        return strain._replace(failed_s=now_s) if now_s - strain.since_s >= self.within_s else strain
