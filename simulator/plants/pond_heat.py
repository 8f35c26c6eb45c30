"""The heat of a pond: sun, sky, wind and soil on two layers, and how hard the layers stir each other."""

from typing import NamedTuple

from foundation.air import ZERO_C_IN_K, latent_heat_j_kg, saturation_vapour_pressure_pa
from simulator.plants.plant import Weather
from simulator.plants.pond_parameters import PondParameters

WATER_J_M3_K = 4.186e6
_STEFAN_BOLTZMANN = 5.670e-8
_WATER_EMISSIVITY = 0.97
_BOWEN_HPA_K = 0.665
"""Sensible heat a kelvin against latent heat a hectopascal, over open water at sea level (psychrometric constant)."""


class SurfaceHeat(NamedTuple):
    """Through the surface into the layers, W/m2, and what evaporates."""

    upper_w_m2: float
    lower_w_m2: float
    evaporated_kg_m2_s: float
    """Negative: dew."""


def sane(weather: Weather) -> Weather:
    """The sky within what can be; NaN counts as a mild, calm, dark one."""

    def held(value: float, low: float, high: float, otherwise: float) -> float:
        return min(high, max(low, value)) if value == value else otherwise

    return Weather(
        held(weather.air_c, -60.0, 60.0, 15.0),
        held(weather.relative_humidity, 0.0, 1.0, 0.7),
        held(weather.wind_m_s, 0.0, 40.0, 0.0),
        held(weather.global_radiation_w_m2, 0.0, 1500.0, 0.0),
        held(weather.sky_c, -100.0, 60.0, 0.0),
        held(weather.co2_ppm, 0.0, 10000.0, 420.0),
        held(weather.pressure_pa, 60000.0, 110000.0, 101325.0),
        held(weather.soil_c, -20.0, 50.0, 12.0),
    )


def surface_heat(p: PondParameters, weather: Weather, upper_c: float, lower_c: float, passed: float) -> SurfaceHeat:
    """`passed` is the share of the visible light that leaves the upper layer downwards.

    Evaporation by a wind function of the form of Sweers 1976, sensible heat by Bowen's ratio.
    """
    sun_w_m2 = weather.global_radiation_w_m2 * (1.0 - p.albedo)
    below_w_m2 = sun_w_m2 * (1.0 - p.near_infrared) * passed
    wind_w_m2_hpa = p.wind_heat_calm_w_m2_hpa + p.wind_heat_w_m2_hpa_m_s * weather.wind_m_s
    vapour_pa = weather.relative_humidity * saturation_vapour_pressure_pa(weather.air_c)
    latent_w_m2 = wind_w_m2_hpa * 0.01 * (saturation_vapour_pressure_pa(upper_c) - vapour_pa)
    sensible_w_m2 = wind_w_m2_hpa * _BOWEN_HPA_K * (upper_c - weather.air_c)
    sky_k, water_k = weather.sky_c + ZERO_C_IN_K, upper_c + ZERO_C_IN_K
    long_w_m2 = _WATER_EMISSIVITY * _STEFAN_BOLTZMANN * (sky_k**4 - water_k**4)
    upper_w_m2 = sun_w_m2 - below_w_m2 + long_w_m2 - latent_w_m2 - sensible_w_m2
    if upper_c <= 0.0 and upper_w_m2 < 0.0:  # ice: what the water loses from here on it freezes with
        return SurfaceHeat(0.0, below_w_m2, 0.0)
    return SurfaceHeat(
        upper_w_m2,
        below_w_m2 + p.bottom_w_m2_k * (weather.soil_c - lower_c),
        latent_w_m2 / latent_heat_j_kg(upper_c),
    )


def lighter_k(upper_c: float, lower_c: float) -> float:
    """How much lighter the upper water is, in kelvins of water at 25 degC; water is densest at 4 degC."""
    return ((upper_c - 4.0) ** 2 - (lower_c - 4.0) ** 2) / 42.0


def mixing_m_h(p: PondParameters, upper_c: float, lower_c: float, wind_m_s: float, aerators: float) -> float:
    """Water that the layers exchange, m3 a m2 and hour: wind and paddle wheels against the warmth on top.

    Where the upper layer has cooled below the lower one it sinks: the turnover of a clear night or a cold front.
    """
    lighter = lighter_k(upper_c, lower_c)
    driven = p.mixing_calm_m_h + p.mixing_wind_m_h * wind_m_s * wind_m_s + p.mixing_aerator_m_h * aerators
    if lighter >= 0.0:
        return driven / (1.0 + lighter / p.mixing_stability_k)
    return driven + p.mixing_night_m_h * min(1.0, -lighter / 0.1)
