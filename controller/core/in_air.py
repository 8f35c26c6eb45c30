"""A probe that lies in the air, found out by what it says itself (control.md 2.5, wrong place).

A probe of conductivity or of the soil's water says next to nothing there, and no solution or soil is like that. One of
dissolved oxygen says saturation, which is what salmon are kept at, and its thermometer the air's temperature, which the
water of a hall may have as well: neither tells anything by itself. What tells is the way there. Water changes slowly;
a thermometer that leaves where the water can be by now and comes to rest at the air's temperature is not in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from controller.core.timed import Held, delayed
from foundation.air import STANDARD_PRESSURE_PA
from foundation.reading import Reading, Reason
from foundation.water import oxygen_percent

LEAST_K = 1.5
"""Air that is nearer to the water than this says nothing of where a thermometer is."""
NEAR = 0.25
"""Of the way from the water to the air: so close to one of them is at it."""
LEARN_S = 1800.0
"""After a first start, or once somebody has had the probe in hand, it is believed for so long to be in the water."""


class Aired(NamedTuple):
    """What is remembered of a probe that may lie in the air."""

    held: Held = Held()
    """Whether it does."""
    water_c: float | None = None
    """Where the water can be by now, as far as its thermometer knows."""
    at_s: float = -1.0
    begun_s: float = -1.0
    """When it was last known to be in the water."""


@dataclass(frozen=True, slots=True)
class Dry:
    """Below `below` (in the tag's unit) it is in the air at once, and back once it has been above for `for_s`."""

    below: float
    for_s: float

    def step(self, block: Aired, said: float, image: Mapping[str, Reading], now_s: float) -> Aired:
        """One reading later; `said` is what it says."""
        return block._replace(held=delayed(block.held, said < self.below, 0.0, self.for_s, now_s))


@dataclass(frozen=True, slots=True)
class Left:
    """A probe of dissolved oxygen with a thermometer of its own, `thermometer`; `air` is the air's temperature.

    It is in the air once its thermometer has left the water and been at the air's temperature for `for_s`, and its
    oxygen within `within` % of saturation; it is back once it has not for as long. Where the water is says another
    thermometer in it (`water`), or its own, until it moves faster than `fastest_k_s`.
    """

    thermometer: str
    air: str
    water: str | None
    within: float
    fastest_k_s: float
    for_s: float
    in_percent: bool
    """Whether the tag is in % of saturation; else in mg/L."""
    salinity_g_l: float = 0.0
    """That the probe reckons with."""
    pressure_pa: float = STANDARD_PRESSURE_PA

    def step(self, block: Aired, said: float, image: Mapping[str, Reading], now_s: float) -> Aired:
        """One reading later; `said` is what it says. What cannot be looked at stays as it was."""
        own_c, air_c = _told_c(image[self.thermometer]), image[self.air].number
        if own_c is None or air_c is None:
            return block
        known_c = image[self.water].number if self.water is not None else None
        water_c = self._water_c(block, own_c, now_s) if known_c is None else known_c
        left_k, from_air_k, way_k = abs(own_c - water_c), abs(own_c - air_c), abs(air_c - water_c)
        percent = said
        if not self.in_percent:
            percent = oxygen_percent(said, own_c, self.salinity_g_l, self.pressure_pa)
        saturated, tells = abs(percent - 100.0) <= self.within, way_k >= LEAST_K
        if block.held.on:
            is_so = saturated and not (tells and left_k <= NEAR * way_k)
        else:
            is_so = saturated and tells and left_k >= LEAST_K and from_air_k <= NEAR * way_k
        held = delayed(block.held, is_so, self.for_s, self.for_s, now_s)
        begun_s = block.begun_s if 0.0 <= block.begun_s <= now_s else now_s
        if block.held.on and not held.on:
            water_c, begun_s = own_c, now_s
        return Aired(held, water_c, now_s, begun_s)

    def _water_c(self, block: Aired, own_c: float, now_s: float) -> float:
        """The water's temperature by its own thermometer: as fast as water can, and not at all while it is doubted."""
        doubted = block.held.on or block.held.differs_s >= 0.0
        if block.water_c is None or (not doubted and now_s - block.begun_s < LEARN_S):
            return own_c
        most_k = 0.0 if doubted else self.fastest_k_s * max(now_s - block.at_s, 0.0)
        return min(max(own_c, block.water_c - most_k), block.water_c + most_k)


InAir = Dry | Left


def _told_c(reading: Reading) -> float | None:
    """What a thermometer says, refused or not for the place where it is."""
    if reading.reason is Reason.IN_AIR and isinstance(reading.value, float):
        return reading.value
    return reading.number
