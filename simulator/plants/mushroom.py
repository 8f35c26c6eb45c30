"""Button mushrooms on compost as plain formulas: the breath of compost and fruit bodies, and how a flush grows.

Growers' figures, ../shared/physics.md 7: compost in spawn run gives 9 g CO2 an hour per 100 kg at 25 degC, a fifth more
for each kelvin; fruit bodies give 190 g per kg in a flush of seven to eight days, which is 1.06 g an hour and kg.
"""

from dataclasses import dataclass
from math import exp, log

TEMPERATURE_FACTOR = 1.2
"""Of all breath, a kelvin."""
_LN_FACTOR = log(TEMPERATURE_FACTOR)


@dataclass(frozen=True, slots=True)
class MushroomParameters:
    """Names as in the parameter file."""

    compost_kg_m2: float
    compost_co2_g_h_100kg: float
    """At 25 degC."""
    fruit_co2_g_h_kg: float
    """Per kg of fresh fruit bodies at 16 degC."""
    heat_kj_g_co2: float
    fruit_start_kg_m2: float
    fruit_most_kg_m2: float
    fruit_doubling_h: float
    """At 16 degC, while the bed is far from full."""
    fruit_picked_at: float
    """Share of the most at which a flush is picked."""


def warmer(celsius: float, reference_c: float) -> float:
    """How much faster everything breathes than at the reference; between 0 and 45 degC."""
    return exp(_LN_FACTOR * (min(45.0, max(0.0, celsius)) - reference_c))


def compost_co2_g_h(p: MushroomParameters, compost_kg: float, compost_c: float) -> float:
    """Nothing is left alive above 45 degC, but that is a loss of the crop, not of this formula."""
    return 0.01 * compost_kg * p.compost_co2_g_h_100kg * warmer(compost_c, 25.0)


def fruit_co2_g_h(p: MushroomParameters, fruit_kg: float, air_c: float) -> float:
    return fruit_kg * p.fruit_co2_g_h_kg * warmer(air_c, 16.0)


def grown(p: MushroomParameters, fruit_kg_m2: float, air_c: float, dt_s: float) -> tuple[float, float]:
    """(standing, picked), kg/m2, after `dt_s`: logistic growth, and a bed that is full is picked but for its pins.

    Exact for a held temperature, so any step gives the same flush; nothing grows warmer than at 20 degC.
    """
    most = p.fruit_most_kg_m2
    if most <= 0.0 or fruit_kg_m2 <= 0.0:
        return 0.0, 0.0
    rate = log(2.0) / (3600.0 * p.fruit_doubling_h) * warmer(min(air_c, 20.0), 16.0)
    growing = exp(-rate * dt_s)
    standing = most * fruit_kg_m2 / (fruit_kg_m2 + (most - fruit_kg_m2) * growing)
    if standing >= p.fruit_picked_at * most:
        return p.fruit_start_kg_m2, standing - p.fruit_start_kg_m2
    return standing, 0.0


def fresh_air_m3_h(co2_g_h: float, limit_g_m3: float, outside_g_m3: float) -> float:
    """Outside air that carries the breath away at a limit of the room."""
    return co2_g_h / (limit_g_m3 - outside_g_m3)
