"""Harvested produce in a store as plain formulas: respiration, its heat, and what it loses to dry air."""

from dataclasses import dataclass

HEAT_J_MG_CO2 = 10.7
"""Becker, Misra & Fricke 1996."""
_VAPOUR_J_KG_K = 461.5


@dataclass(frozen=True, slots=True)
class ProduceParameters:
    """Names as in the parameter file."""

    product_kg: float
    product_heat_capacity_j_kg_k: float
    product_surface_share: float
    """Of the mass that follows the air at once."""
    product_through_w_k: float
    """From surface to core, all of it."""
    product_to_air_w_k: float
    respiration_f: float
    respiration_g: float
    transpiration_ng_kg_s_pa: float
    initial_product_c: float


def respiration_mg_kg_h(celsius: float, f: float, g: float) -> float:
    """CO2 given off: f (9 T / 5 + 32)^g, mg/kg/h (Becker, Misra & Fricke 1996); held below 0 and above 50 degC."""
    return f * float((1.8 * min(50.0, max(0.0, celsius)) + 32.0) ** g)


def transpiration_m3_s(p: ProduceParameters, kg: float, celsius: float) -> float:
    """Water lost, kg/s, per kg/m3 between the vapour at the skin and in the air."""
    return 1e-12 * p.transpiration_ng_kg_s_pa * kg * _VAPOUR_J_KG_K * (celsius + 273.15)
