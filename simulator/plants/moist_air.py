"""Moist air in the hot path of the plants: saturation as a density with its slope, dripping, convection.

The Buck curve of `foundation.air` without its guards; callers keep temperatures between -100 and 150 degC.
"""

from math import exp

from foundation.air import CO2_KG_MOL, GAS_CONSTANT, WATER_KG_MOL, ZERO_C_IN_K

AIR_J_M3_K = 1200.0
"""Density times heat capacity of room air, Vanthoor 2011, table 8.1."""
LATENT_J_KG = 2.45e6
"""For every change between water and vapour, so that heat closes."""
LEAST_VAPOUR_KG_M3 = 1e-6
_VAPOUR_KG_K_M3_PA = WATER_KG_MOL / GAS_CONSTANT
_CO2_MG_K_M3_PA = 1e6 * CO2_KG_MOL / GAS_CONSTANT


def saturation(celsius: float) -> tuple[float, float]:
    """Vapour density over water, kg/m3, and its slope, kg/m3/K."""
    over, kelvin = 257.14 + celsius, celsius + ZERO_C_IN_K
    rise = 18.678 - celsius / 234.5
    density = 611.21 * exp(rise * celsius / over) * _VAPOUR_KG_K_M3_PA / kelvin
    steep = ((rise - celsius / 234.5) * over - rise * celsius) / (over * over)
    return density, density * (steep - 1.0 / kelvin)


def vapour_pa(density_kg_m3: float, celsius: float) -> float:
    return density_kg_m3 * (celsius + ZERO_C_IN_K) / _VAPOUR_KG_K_M3_PA


def co2_ppm(mg_m3: float, celsius: float, pressure_pa: float) -> float:
    return 1e6 * mg_m3 * (celsius + ZERO_C_IN_K) / (_CO2_MG_K_M3_PA * pressure_pa)


def co2_mg_m3(ppm: float, celsius: float, pressure_pa: float) -> float:
    return 1e-6 * ppm * _CO2_MG_K_M3_PA * pressure_pa / (celsius + ZERO_C_IN_K)


def drip(air_c: float, vapour_kg_m3: float, volume_m3: float, air_j_k: float) -> tuple[float, float, float]:
    """Air beyond saturation sheds water and keeps its heat: (temperature, density, kg shed).

    Negative where a step took more vapour than there was: the trace that stays is lent.
    """
    saturated, slope = saturation(air_c)
    excess = vapour_kg_m3 - saturated
    if excess > 0.0:
        shed = excess / (1.0 + LATENT_J_KG * volume_m3 * slope / air_j_k)
    elif vapour_kg_m3 < LEAST_VAPOUR_KG_M3:
        shed = vapour_kg_m3 - LEAST_VAPOUR_KG_M3
    else:
        return air_c, vapour_kg_m3, 0.0
    water_kg = volume_m3 * shed
    return air_c + LATENT_J_KG * water_kg / air_j_k, vapour_kg_m3 - shed, water_kg


def natural_w_m2_k(surface_c: float, air_c: float, coefficient: float = 1.7) -> float:
    """Free convection at a surface, coefficient x difference^0.33 (Vanthoor 2011, table 8.3)."""
    return coefficient * float(abs(surface_c - air_c) ** 0.33)


def condensing_m_s(convection_w_m2_k: float, excess_kg_m3: float) -> float:
    """Mass transfer to a dry surface by Lewis' analogy: nothing below the dew point, smooth just above it."""
    if excess_kg_m3 <= 0.0:
        return 0.0
    return convection_w_m2_k / AIR_J_M3_K * (1.0 - exp(-excess_kg_m3 / 5e-5))
