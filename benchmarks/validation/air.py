"""Moist air against psychrolib, carbon dioxide against the ideal gas. Relative humidity `rh` is 0 to 1."""

from collections.abc import Mapping
from typing import Final

from benchmarks.validation.verdicts import Quantity
from foundation import air


def _saturation(t_c: float) -> float:
    return air.saturation_vapour_pressure_pa(t_c)


def _vpd(t_c: float, rh: float, p_pa: float = air.STANDARD_PRESSURE_PA) -> float:
    return air.vapour_pressure_deficit_kpa(t_c, 100.0 * rh) * 1000.0


def _dew_point(t_c: float, rh: float, p_pa: float = air.STANDARD_PRESSURE_PA) -> float:
    return air.dew_point_c(t_c, 100.0 * rh)


def _wet_bulb(t_c: float, rh: float, p_pa: float = air.STANDARD_PRESSURE_PA) -> float:
    return air.wet_bulb_c(t_c, 100.0 * rh, p_pa)


def _humidity_ratio(t_c: float, rh: float, p_pa: float = air.STANDARD_PRESSURE_PA) -> float:
    return air.humidity_ratio(t_c, 100.0 * rh, p_pa)


def _enthalpy(t_c: float, rh: float, p_pa: float = air.STANDARD_PRESSURE_PA) -> float:
    return air.enthalpy_kj_kg(t_c, 100.0 * rh, p_pa)


def _density(t_c: float, rh: float, p_pa: float = air.STANDARD_PRESSURE_PA) -> float:
    return air.moist_air_density_kg_m3(t_c, 100.0 * rh, p_pa)


def _absolute_humidity(t_c: float, rh: float, p_pa: float = air.STANDARD_PRESSURE_PA) -> float:
    return air.absolute_humidity_g_m3(t_c, 100.0 * rh)


def _co2_density(ppm: float, t_c: float, p_pa: float = air.STANDARD_PRESSURE_PA) -> float:
    return air.co2_mg_m3(ppm, t_c, p_pa)


QUANTITIES: Final[Mapping[str, Quantity]] = {
    "saturation_vapour_pressure": _saturation,
    "vpd": _vpd,
    "dew_point": _dew_point,
    "wet_bulb": _wet_bulb,
    "humidity_ratio": _humidity_ratio,
    "enthalpy": _enthalpy,
    "moist_air_density": _density,
    "absolute_humidity": _absolute_humidity,
    "co2_density": _co2_density,
}
