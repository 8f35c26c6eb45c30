"""The small lettuce greenhouse of van Henten: four states, for training and for tests of controllers.

van Henten 1994 (Agric. Syst. 45:55) and 2003 (Biosyst. Eng. 85:355); parameters as in the benchmark
lettuce-greenhouse-gym 0.1.3. ../shared/physics.md 2.3.
"""

from math import exp
from typing import NamedTuple

LEAK_M_S = 0.75e-4
"""Ventilation through closed windows in van Henten's thesis and paper."""
LEAK_BENCHMARK_M_S = 0.75e-5
"""Ten times less: what the benchmark's published returns were made with."""

_AIR_M = 4.1
_HEAT_J_M2_K = 30000.0


class House(NamedTuple):
    """Crop and air of a square metre of house."""

    dry_weight_kg_m2: float
    co2_kg_m3: float
    air_c: float
    vapour_kg_m3: float


START = House(0.0035, 0.001, 15.0, 0.008)


class Controls(NamedTuple):
    """What the grower sets; none may be negative."""

    co2_kg_m2_s: float
    ventilation_m_s: float
    heat_w_m2: float


class Outdoors(NamedTuple):
    """Weather around the house."""

    radiation_w_m2: float
    co2_kg_m3: float
    air_c: float
    vapour_kg_m3: float


def saturation_kg_m3(air_c: float) -> float:
    """Vapour of saturated air as van Henten has it: 15 % below the true curve, and his humidity with it."""
    return 9348.0 / (8314.0 * (air_c + 273.15)) * exp(17.4 * air_c / (air_c + 239.0))


def rates(house: House, controls: Controls, outdoors: Outdoors, leak_m_s: float = LEAK_M_S) -> House:
    """Change of each state per second."""
    weight, co2, air, vapour = house
    closed = 1.0 - exp(-53.0 * weight)
    """Share of the ground that leaves cover."""
    light = 3.55e-9 * outdoors.radiation_w_m2
    conductance = (-5.11e-6 * air * air + 2.3e-4 * air - 6.29e-4) * (co2 - 5.2e-5)
    both = light + conductance
    photosynthesis = closed * light * conductance / both if both != 0.0 else 0.0
    warmth = 2.0 ** (0.1 * air - 2.5)
    exchange = controls.ventilation_m_s + leak_m_s
    return House(
        0.544 * photosynthesis - 2.65e-7 * weight * warmth,
        (-photosynthesis + 4.87e-7 * weight * warmth + controls.co2_kg_m2_s - exchange * (co2 - outdoors.co2_kg_m3))
        / _AIR_M,
        (
            controls.heat_w_m2
            - (1290.0 * controls.ventilation_m_s + 6.1) * (air - outdoors.air_c)
            + 0.2 * outdoors.radiation_w_m2
        )
        / _HEAT_J_M2_K,
        (closed * 3.6e-3 * (saturation_kg_m3(air) - vapour) - exchange * (vapour - outdoors.vapour_kg_m3)) / _AIR_M,
    )


def advance(
    house: House,
    controls: Controls,
    outdoors: Outdoors,
    dt_s: float,
    leak_m_s: float = LEAK_M_S,
    substeps: int = 4,
) -> House:
    """The house `dt_s` later, controls and weather held: Runge-Kutta of fourth order in equal substeps.

    Up to 1800 s in 4 substeps agree with 300 s to 1e-6.
    """
    h = dt_s / substeps
    for _ in range(substeps):
        k1 = rates(house, controls, outdoors, leak_m_s)
        k2 = rates(_moved(house, k1, h / 2.0), controls, outdoors, leak_m_s)
        k3 = rates(_moved(house, k2, h / 2.0), controls, outdoors, leak_m_s)
        k4 = rates(_moved(house, k3, h), controls, outdoors, leak_m_s)
        house = House(
            *(x + h / 6.0 * (a + 2.0 * b + 2.0 * c + d) for x, a, b, c, d in zip(house, k1, k2, k3, k4, strict=True))
        )
    return house


def _moved(house: House, rate: House, by_s: float) -> House:
    return House(
        house[0] + rate[0] * by_s,
        house[1] + rate[1] * by_s,
        house[2] + rate[2] * by_s,
        house[3] + rate[3] * by_s,
    )
