"""Soil under and around a house: how deep a wave of temperature reaches."""

from math import pi, sqrt


def damping_depth_m(conductivity_w_m_k: float, heat_capacity_j_m3_k: float, period_s: float) -> float:
    """Depth at which a periodic temperature has fallen to 1/e, m: 0.12 for a day, 2.2 for a year in moist soil.

    The exact solution of a half-space with a sinusoidal surface: sqrt(diffusivity * period / pi).
    """
    return sqrt(conductivity_w_m_k / heat_capacity_j_m3_k * period_s / pi)
