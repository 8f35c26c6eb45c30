"""What a reference crop outdoors gives off in a day: the farmers' measure of irrigation."""

import math

from foundation.air import pressure_at_altitude_pa
from foundation.elementwise import held


def wind_at_two_metres_m_s(wind_m_s: float, measured_at_m: float) -> float:
    """Wind at 2 m above grass from wind at another height, logarithmic profile. FAO-56 equation 47."""
    return wind_m_s * 4.87 / math.log(67.8 * held(measured_at_m, 0.5, 100.0) - 5.42)


def _saturation_kpa(air_c: float) -> float:
    # FAO-56's own curve (Tetens), so that its worked examples come out to the last digit printed
    return 0.6108 * math.exp(17.27 * air_c / (air_c + 237.3))


def outside_atmosphere_mj_m2_d(day_of_year: float, latitude: float) -> float:
    """Radiation on a level plane outside the atmosphere, MJ/m2/d, 0 in the polar night. FAO-56 equation 21."""
    angle = 2.0 * math.pi / 365.0 * day_of_year
    phi, declination = math.radians(latitude), 0.409 * math.sin(angle - 1.39)
    sunset = math.acos(held(-math.tan(phi) * math.tan(declination), -1.0, 1.0))
    level = sunset * math.sin(phi) * math.sin(declination)
    swing = math.cos(phi) * math.cos(declination) * math.sin(sunset)
    return 24.0 * 60.0 / math.pi * 0.0820 * (1.0 + 0.033 * math.cos(angle)) * (level + swing)


def reference_evapotranspiration_mm_d(
    coldest_c: float,
    warmest_c: float,
    vapour_kpa: float,
    radiation_mj_m2_d: float,
    wind_2m_m_s: float,
    day_of_year: float,
    latitude: float,
    altitude_m: float,
) -> float:
    """Water that short, well-watered grass gives off in a day, mm (L/m2), never negative.

    The day's lowest and highest air temperature, mean vapour pressure in kPa, global radiation, wind at 2 m.
    -20 to 50 degC, outdoors. Within 0.03 mm of refet 0.5.0. Penman-Monteith, FAO-56 (Allen et al. 1998),
    equation 6. NaN gives NaN.
    """
    warmest, coldest = held(warmest_c, -50.0, 60.0), held(coldest_c, -50.0, 60.0)
    mean_c = (warmest + coldest) / 2.0
    saturated_kpa = (_saturation_kpa(warmest) + _saturation_kpa(coldest)) / 2.0
    slope_kpa_k = 4098.0 * _saturation_kpa(mean_c) / (mean_c + 237.3) ** 2
    psychrometric_kpa_k = 0.665e-6 * pressure_at_altitude_pa(altitude_m)

    outside = outside_atmosphere_mj_m2_d(day_of_year, latitude)
    clear = held((0.75 + 2e-5 * altitude_m) * outside, 1e-6, 100.0)
    brightness = held(radiation_mj_m2_d / clear, 0.3, 1.0)
    # net long-wave radiation, Stefan-Boltzmann per day
    black = 4.903e-9 * ((warmest + 273.16) ** 4 + (coldest + 273.16) ** 4) / 2.0
    humid = held(vapour_kpa, 0.0, 10.0)
    long_wave = black * (0.34 - 0.14 * math.sqrt(humid)) * (1.35 * brightness - 0.35)
    net_mj = 0.77 * radiation_mj_m2_d - long_wave

    drying = psychrometric_kpa_k * 900.0 / (mean_c + 273.0) * wind_2m_m_s * (saturated_kpa - humid)
    water_mm = (0.408 * slope_kpa_k * net_mj + drying) / (
        slope_kpa_k + psychrometric_kpa_k * (1.0 + 0.34 * wind_2m_m_s)
    )
    return held(water_mm, 0.0, 100.0)
