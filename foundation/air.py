"""Moist air: vapour pressure, deficit, dew point, wet bulb, enthalpy, density, carbon dioxide.

Temperatures are air temperatures in degC, relative humidity in % over liquid water (as sensors are
calibrated, below zero too), pressures in Pa. Good from -40 to 60 degC and 60 to 110 kPa. Every function
takes floats or arrays (see `elementwise`), lets NaN through, holds relative humidity between 0 and 100 %
(a wet probe reads 101) and never raises. Accuracy is against psychrolib 2.5.0 (ASHRAE 2017), 0 to 40 degC.
Source of the equations: ../shared/physics.md 1.1.
"""

from foundation.elementwise import Value, exp, held, log, sqrt

STANDARD_PRESSURE_PA = 101325.0
GAS_CONSTANT = 8.314462618
"""J/mol/K"""
WATER_KG_MOL = 0.01801528
CO2_KG_MOL = 0.0440095
DRY_AIR_KG_MOL = 0.0289652
ZERO_C_IN_K = 273.15

_VAPOUR_TO_DRY_AIR = 0.62198
_AIR_KJ_KG_K = 1.006
_VAPOUR_KJ_KG_K = 1.86
_COLDEST_C = -100.0
"""The Buck curve has a pole at -257 degC, where a broken Pt1000 may well read."""


def saturation_vapour_pressure_pa(air_c: Value) -> Value:
    """Saturation over liquid water, Pa. Within 0.03 % of psychrolib. Below -100 degC it stays at that value.

    Buck 1981, constants of 1996.
    """
    t = held(air_c, _COLDEST_C, 1000.0)
    return 611.21 * exp((18.678 - t / 234.5) * t / (257.14 + t))


def _slope_of_logarithm(t: Value) -> Value:
    return ((18.678 - t / 117.25) * (257.14 + t) - (18.678 - t / 234.5) * t) / (257.14 + t) ** 2


def saturation_slope_pa_k(air_c: Value) -> Value:
    """How fast saturation pressure rises with temperature, Pa/K: the derivative of the Buck curve."""
    t = held(air_c, _COLDEST_C, 1000.0)
    return saturation_vapour_pressure_pa(t) * _slope_of_logarithm(t)


def vapour_pressure_pa(air_c: Value, rh_percent: Value | float) -> Value:
    """Partial pressure of the water vapour, Pa. Within 0.03 % of psychrolib."""
    return saturation_vapour_pressure_pa(air_c) * (held(rh_percent, 0.0, 100.0) / 100.0)


def relative_humidity_percent(air_c: Value, vapour_pa: Value | float) -> Value:
    """Relative humidity of air with this vapour pressure, 0 to 100 %: the inverse of `vapour_pressure_pa`."""
    return held(100.0 / saturation_vapour_pressure_pa(air_c) * vapour_pa, 0.0, 100.0)


def vapour_pressure_deficit_kpa(air_c: Value, rh_percent: Value | float) -> Value:
    """What the air could still take up, kPa, never negative. Within 0.03 % of psychrolib."""
    return saturation_vapour_pressure_pa(air_c) * ((100.0 - held(rh_percent, 0.0, 100.0)) * 1e-5)


def _temperature_saturated_at(rise: Value) -> Value:
    """The Buck curve solved for temperature: `rise` is the logarithm of the pressure over 611.21 Pa."""
    linear = 18.678 - rise
    return 117.25 * (linear - sqrt(linear * linear - 4.0 * 257.14 / 234.5 * rise))


def dew_point_of_vapour_c(vapour_pa: Value) -> Value:
    """Where this vapour pressure would be saturated, degC: the inverse of the Buck curve, exactly.

    Pressures below 0.1 Pa count as 0.1 Pa, -81 degC.
    """
    return _temperature_saturated_at(log(held(vapour_pa, 0.1, 1e6) / 611.21))


def dew_point_c(air_c: Value, rh_percent: Value | float) -> Value:
    """Dew point, degC, at most the air temperature. Within 0.01 K of psychrolib.

    Over liquid water below zero too (a frost point is up to 3 K higher). Below 0.01 % counts as 0.01 %.
    """
    t = held(air_c, _COLDEST_C, 1000.0)
    # the logarithm of the saturation pressure is known without an exp
    return _temperature_saturated_at(
        (18.678 - t / 234.5) * t / (257.14 + t) + log(held(rh_percent, 0.01, 100.0) / 100.0)
    )


def _ratio_of_vapour(vapour_pa: Value, pressure_pa: Value | float) -> Value:
    # air at the boiling point would divide by nothing: vapour is at most half of the pressure here
    share = held(vapour_pa / pressure_pa, 0.0, 0.5)
    return _VAPOUR_TO_DRY_AIR * share / (1.0 - share)


def humidity_ratio(air_c: Value, rh_percent: Value | float, pressure_pa: Value | float = STANDARD_PRESSURE_PA) -> Value:
    """Water per dry air, kg/kg. Within 0.05 % of psychrolib. ASHRAE Fundamentals, chapter 1."""
    return _ratio_of_vapour(vapour_pressure_pa(air_c, rh_percent), pressure_pa)


def enthalpy_kj_kg(air_c: Value, rh_percent: Value | float, pressure_pa: Value | float = STANDARD_PRESSURE_PA) -> Value:
    """Heat content per kg of dry air, kJ/kg, dry air at 0 degC being zero. Within 0.05 kJ/kg. ASHRAE."""
    ratio = humidity_ratio(air_c, rh_percent, pressure_pa)
    return _AIR_KJ_KG_K * air_c + ratio * (2501.0 + _VAPOUR_KJ_KG_K * air_c)


def wet_bulb_c(air_c: Value, rh_percent: Value | float, pressure_pa: Value | float = STANDARD_PRESSURE_PA) -> Value:
    """Thermodynamic wet bulb, degC, between dew point and air temperature. Within 0.02 K of psychrolib.

    -60 to 80 degC (held there); the bulb carries water, not ice, below zero too. ASHRAE Fundamentals 2017,
    chapter 1, equation 33, by Newton's method.
    """
    t = held(air_c, -60.0, 80.0)
    ratio = humidity_ratio(t, rh_percent, pressure_pa)
    wet = t
    for _ in range(6):  # from the dry side the balance is convex: 6 steps leave less than 1e-6 K
        saturated = _ratio_of_vapour(saturation_vapour_pressure_pa(wet), pressure_pa)
        evaporation = 2501.0 - 2.326 * wet
        left = evaporation * saturated - _AIR_KJ_KG_K * (t - wet)
        left = left - ratio * (2501.0 + _VAPOUR_KJ_KG_K * t - 4.186 * wet)
        steepening = saturated * (1.0 + saturated / _VAPOUR_TO_DRY_AIR) * _slope_of_logarithm(wet)
        slope = evaporation * steepening - 2.326 * saturated + _AIR_KJ_KG_K + 4.186 * ratio
        wet = wet - left / slope
    return wet


def relative_humidity_of_bulbs_percent(
    air_c: Value, wet_c: Value, pressure_pa: Value | float = STANDARD_PRESSURE_PA
) -> Value:
    """What a psychrometer says: relative humidity of dry and wet bulb, 0 to 100 %. Undoes `wet_bulb_c`."""
    saturated = _ratio_of_vapour(saturation_vapour_pressure_pa(wet_c), pressure_pa)
    cooling = (2501.0 - 2.326 * wet_c) * saturated - _AIR_KJ_KG_K * (air_c - wet_c)
    ratio = cooling / (2501.0 + _VAPOUR_KJ_KG_K * air_c - 4.186 * wet_c)
    return relative_humidity_percent(air_c, ratio * pressure_pa / (_VAPOUR_TO_DRY_AIR + ratio))


def _kelvin(air_c: Value) -> Value:
    return held(air_c, _COLDEST_C, 1000.0) + ZERO_C_IN_K


def _g_m3(vapour_pa: Value, air_c: Value) -> Value:
    return vapour_pa * (1000.0 * WATER_KG_MOL / GAS_CONSTANT) / _kelvin(air_c)


def absolute_humidity_g_m3(air_c: Value, rh_percent: Value | float) -> Value:
    """Water vapour in a cubic metre, g/m3. Ideal gas, within 0.05 % of psychrolib."""
    return _g_m3(vapour_pressure_pa(air_c, rh_percent), air_c)


def humidity_deficit_g_m3(air_c: Value, rh_percent: Value | float) -> Value:
    """What a cubic metre could still take up, g/m3, never negative: the growers' deficit. Ideal gas."""
    return _g_m3(vapour_pressure_deficit_kpa(air_c, rh_percent) * 1000.0, air_c)


def moist_air_density_kg_m3(
    air_c: Value, rh_percent: Value | float, pressure_pa: Value | float = STANDARD_PRESSURE_PA
) -> Value:
    """Density of moist air, kg/m3: two ideal gases. Within 0.001 kg/m3 of psychrolib."""
    vapour = vapour_pressure_pa(air_c, rh_percent)
    mass = pressure_pa * DRY_AIR_KG_MOL - vapour * (DRY_AIR_KG_MOL - WATER_KG_MOL)
    return mass / (GAS_CONSTANT * _kelvin(air_c))


def co2_mg_m3(co2_ppm: Value, air_c: Value, pressure_pa: Value | float = STANDARD_PRESSURE_PA) -> Value:
    """Carbon dioxide by mass, mg/m3, of ppm by volume. Ideal gas: 1000 ppm at 20 degC are 1829.5 mg/m3."""
    return co2_ppm * (CO2_KG_MOL / GAS_CONSTANT * pressure_pa) / _kelvin(air_c)


def co2_ppm(mass_mg_m3: Value, air_c: Value, pressure_pa: Value | float = STANDARD_PRESSURE_PA) -> Value:
    """Carbon dioxide by volume, ppm, of mg/m3: undoes `co2_mg_m3`."""
    return mass_mg_m3 * (GAS_CONSTANT / CO2_KG_MOL * _kelvin(air_c)) / pressure_pa


def pressure_at_altitude_pa(altitude_m: Value) -> Value:
    """Air pressure of the standard atmosphere, Pa, -500 to 11 000 m (held there). Weather adds 3 %. ISA."""
    return STANDARD_PRESSURE_PA * exp(5.25588 * log(1.0 - 2.25577e-5 * held(altitude_m, -500.0, 11000.0)))


def latent_heat_j_kg(water_c: Value) -> Value:
    """Heat that evaporates a kilogram of water, J/kg. Within 0.3 % of steam tables, 0 to 60 degC."""
    return 2.501e6 - 2361.0 * water_c
