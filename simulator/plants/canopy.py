"""A crop canopy as one big leaf: what it evaporates, and how warm that leaves it."""

from dataclasses import dataclass

from foundation.air import (
    DRY_AIR_KG_MOL,
    GAS_CONSTANT,
    STANDARD_PRESSURE_PA,
    WATER_KG_MOL,
    ZERO_C_IN_K,
    latent_heat_j_kg,
    saturation_slope_pa_k,
    saturation_vapour_pressure_pa,
)
from foundation.elementwise import greater

_AIR_J_KG_K = 1006.0
_LAMP_ABSORBED = 0.95
_UMOL_PER_JOULE = 4.6


@dataclass(frozen=True, slots=True)
class CanopyFluxes:
    """Per m2 of ground. Sensible and latent heat together are the radiation absorbed."""

    transpiration_g_m2_h: float
    """Negative is dew: only where the air is above saturation at the leaf's temperature."""
    sensible_w_m2: float
    """From leaf to air; negative where the canopy cools the air, which is the rule under lamps."""
    latent_w_m2: float
    leaf_minus_air_k: float


def stomatal_resistance_s_m(ppfd: float) -> float:
    """Lettuce, s/m, ppfd in umol/m2/s: 450 in the dark, falling towards 60. Graamans 2017, unverified."""
    light = greater(0.0, ppfd)
    return 60.0 * (1500.0 + light) / (200.0 + light)


def canopy_fluxes(
    air_c: float,
    relative_humidity: float,
    ppfd: float,
    leaf_area_index: float,
    radiation_absorbed_w_m2: float | None = None,
    aerodynamic_resistance_s_m: float = 100.0,
) -> CanopyFluxes:
    """What the canopy gives to the air, solved without iteration.

    relative_humidity 0 to 1, ppfd umol/m2/s. Without a radiation it is that of the lamps, 0.95 ppfd/4.6.
    The aerodynamic resistance is 100 s/m in still air, 50 with fans. Without leaves nothing flows.
    Stanghellini 1987 in the form of Graamans et al. 2017 (../shared/physics.md 3.1); air at 101325 Pa.
    """
    if leaf_area_index <= 0.0:
        return CanopyFluxes(0.0, 0.0, 0.0, 0.0)
    if radiation_absorbed_w_m2 is None:
        radiation_absorbed_w_m2 = _LAMP_ABSORBED * max(ppfd, 0.0) / _UMOL_PER_JOULE
    air_k = air_c + ZERO_C_IN_K
    air_j_m3_k = _AIR_J_KG_K * STANDARD_PRESSURE_PA * DRY_AIR_KG_MOL / (GAS_CONSTANT * air_k)
    latent_j_kg = latent_heat_j_kg(air_c)
    psychrometric_pa_k = _AIR_J_KG_K * STANDARD_PRESSURE_PA * DRY_AIR_KG_MOL / (WATER_KG_MOL * latent_j_kg)
    slope = saturation_slope_pa_k(air_c) / psychrometric_pa_k
    saturated_kg_m3 = saturation_vapour_pressure_pa(air_c) * WATER_KG_MOL / (GAS_CONSTANT * air_k)

    to_air = leaf_area_index * air_j_m3_k / aerodynamic_resistance_s_m
    vapour_m_s = leaf_area_index / (stomatal_resistance_s_m(ppfd) + aerodynamic_resistance_s_m)
    at_air_temperature = latent_j_kg * vapour_m_s * saturated_kg_m3 * (1.0 - relative_humidity)
    # both fluxes are linear in the leaf's excess temperature, so one division balances the radiation
    excess_k = (radiation_absorbed_w_m2 - at_air_temperature) / (to_air + vapour_m_s * air_j_m3_k * slope)
    sensible_w_m2 = to_air * excess_k
    latent_w_m2 = radiation_absorbed_w_m2 - sensible_w_m2
    return CanopyFluxes(latent_w_m2 / latent_j_kg * 3.6e6, sensible_w_m2, latent_w_m2, excess_k)
