"""The machine of a cold store and the door that works against it: what they move, as formulas of one room's numbers."""

from dataclasses import dataclass
from math import cbrt, sqrt

from foundation.air import ZERO_C_IN_K


@dataclass(frozen=True, slots=True)
class StoreParameters:
    """Room and machine. Names as in the parameter file."""

    room_m3: float
    wall_m2: float
    wall_skin_m: float
    wall_layer_m: float
    wall_conductivity_w_m_k: float
    wall_heat_capacity_j_m3_k: float
    leak_per_h: float
    door_m2: float
    door_height_m: float
    door_curtain: float
    fan_m3_h: float
    fan_w: float
    fan_still: float
    coil_bypass: float
    coil_heat_capacity_kj_k: float
    coil_frost_half_kg: float
    coil_melt_w_k: float
    cooling_kw: float
    cooling_rated_c: float
    cooling_per_k: float
    compressor_start_s: float
    compressor_rest_s: float
    condenser_approach_k: float
    cop_carnot_share: float
    defrost_kw: float
    defrost_into_coil: float
    defrost_ends_c: float
    initial_air_c: float
    initial_relative_humidity: float
    initial_co2_ppm: float


def through_door_m3_s(s: StoreParameters, opening: float, air_c: float, outside_c: float) -> float:
    """Cold air falls out below, warm air comes in above; a strip curtain holds most of it.

    Gosney & Olama 1975, as in Jekel, Door infiltration estimator overview, 2017 IRC Research & Technology Forum.
    """
    if opening <= 0.0:
        return 0.0
    colder, warmer = sorted((air_c + ZERO_C_IN_K, outside_c + ZERO_C_IN_K))
    density = warmer / colder
    falling = sqrt(9.81 * s.door_height_m * (1.0 - 1.0 / density))
    narrowed = sqrt(2.0 / (1.0 + cbrt(density))) ** 3
    return (1.0 - s.door_curtain) * 0.221 * opening * s.door_m2 * falling * narrowed


def refrigeration(s: StoreParameters, running: float, coil_c: float) -> tuple[float, float]:
    """(W, W/K): cooling as a line in the coil's temperature; nothing where the line has come to nothing."""
    full_w = 1000.0 * s.cooling_kw * running
    above_k = coil_c - s.cooling_rated_c
    if 1.0 + s.cooling_per_k * above_k <= 0.0:
        return 0.0, 0.0
    if above_k > 15.0:  # the valve holds the evaporating pressure down
        return full_w * (1.0 + 15.0 * s.cooling_per_k), 0.0
    return full_w * (1.0 - s.cooling_per_k * s.cooling_rated_c), full_w * s.cooling_per_k


def efficiency(s: StoreParameters, coil_c: float, outside_c: float) -> float:
    """COP: a share of Carnot's, 1 to 7; evaporating 5 K below the coil."""
    evaporating_c = coil_c - 5.0
    lift_k = max(1.0, outside_c + s.condenser_approach_k - evaporating_c)
    return min(7.0, max(1.0, s.cop_carnot_share * (evaporating_c + ZERO_C_IN_K) / lift_k))
