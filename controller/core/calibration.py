"""Calibration: from what a probe says to what is true, by one, two or three points, and by the water's temperature.

One point moves the zero, two also the slope, three make two straight pieces (a pH probe's acid and alkaline side have
slopes of their own). Beyond the outer points their piece goes on.
"""

from dataclasses import dataclass
from math import isfinite
from typing import Literal

ZERO_C_IN_K = 273.15
NERNST_ZERO_PH = 7.0
"""A glass electrode gives no voltage at this pH, so temperature changes nothing there."""


@dataclass(frozen=True, slots=True)
class Warmth:
    """What temperature does to a reading, and whose temperature that is.

    `linear`: conductivity rises by `per_k` (share per K) above `reference_c`; what is given is that at `reference_c`
    (IEC 60746-3 has 25 degC and, for dilute nutrient and fresh water, about 2 %/K).
    `nernst`: an electrode's slope is proportional to absolute temperature; a meter without a thermometer has taken it
    for `reference_c` (Nernst equation).
    """

    tag: str
    form: Literal["linear", "nernst"]
    per_k: float
    reference_c: float

    def apply(self, value: float, water_c: float) -> float:
        if self.form == "linear":
            share = 1.0 + self.per_k * (water_c - self.reference_c)
            return value / share if share > 0.1 else value
        slope = (self.reference_c + ZERO_C_IN_K) / max(water_c + ZERO_C_IN_K, 200.0)
        return NERNST_ZERO_PH + (value - NERNST_ZERO_PH) * slope


@dataclass(frozen=True, slots=True)
class Calibration:
    """`points` are (said, true) in the tag's unit, said rising; what temperature does is taken out first."""

    points: tuple[tuple[float, float], ...] = ()
    warmth: Warmth | None = None

    def apply(self, said: float, water_c: float | None) -> float:
        """The true value, as far as it can be told; without a temperature as at the reference."""
        value = said if self.warmth is None or water_c is None else self.warmth.apply(said, water_c)
        points = self.points
        if not points:
            return value
        if len(points) == 1:
            return value + points[0][1] - points[0][0]
        at = 0
        while at < len(points) - 2 and value > points[at + 1][0]:
            at += 1
        (x1, y1), (x2, y2) = points[at], points[at + 1]
        found = y1 + (y2 - y1) * (value - x1) / (x2 - x1)
        return found if isfinite(found) else value
