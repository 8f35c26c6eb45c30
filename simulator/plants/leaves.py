"""A standing crop as one big leaf of a given area: what it transpires, and the carbon dioxide that it takes."""

from dataclasses import dataclass
from math import exp, log

from simulator.plants.lettuce import photosynthesis_g_m2_s

_LN2 = log(2.0)


@dataclass(frozen=True, slots=True)
class CropParameters:
    """Per m2 of ground that the crop stands on. Names as in the parameter files."""

    leaf_area_index: float
    canopy_height_m: float
    canopy_extinction: float
    """Of short-wave light."""
    canopy_absorption: float
    """Of the short-wave light that meets a leaf, sun as it is."""
    canopy_fir_extinction: float
    leaf_convection_w_m2_k: float
    leaf_heat_capacity_j_m2_k: float
    boundary_resistance_s_m: float
    least_stomatal_resistance_s_m: float
    respiration_mg_m2_s: float
    """CO2 of a m2 of leaf at 20 degC, in light and dark."""

    @property
    def cover(self) -> float:
        """Share of the light that meets a leaf."""
        return 1.0 - exp(-self.canopy_extinction * self.leaf_area_index)

    @property
    def fir_cover(self) -> float:
        """Share of the far infrared that does."""
        return 1.0 - exp(-self.canopy_fir_extinction * self.leaf_area_index)


def transpiration_m_s(p: CropParameters, light_w_m2: float, deficit_pa: float) -> float:
    """Vapour that leaves the canopy, m/s times the difference of vapour density between leaf and air.

    Stomata after Stanghellini 1987 as in Vanthoor 2011, section 8.9.4, without their answer to CO2.
    """
    day = 1.0 / (1.0 + exp(min(50.0, 5.0 - light_w_m2)))
    closing = (4.3e-6 * day + 5.2e-6 * (1.0 - day)) * deficit_pa * deficit_pa
    stomata = p.least_stomatal_resistance_s_m * (light_w_m2 + 4.3) / (light_w_m2 + 0.54) * min(5.8, 1.0 + closing)
    return 2.0 * p.leaf_area_index / (p.boundary_resistance_s_m + stomata)


def co2_uptake_mg_m2_s(p: CropParameters, leaf_c: float, co2_ppm: float, ppfd: float) -> float:
    """Gross photosynthesis (van Henten 1994, as for lettuce), never negative."""
    return 1000.0 * p.cover * photosynthesis_g_m2_s(leaf_c, co2_ppm, ppfd)


def co2_breath_mg_m2_s(p: CropParameters, leaf_c: float) -> float:
    """Respiration of the leaves, doubling every 10 K."""
    return p.respiration_mg_m2_s * p.leaf_area_index * exp(_LN2 * (leaf_c - 20.0) / 10.0)
