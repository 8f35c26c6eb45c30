"""Farm water against gsw, PHREEQC, PyCO2SYS and the printed tables. Pressures `p_atm` in atmospheres."""

from collections.abc import Mapping
from typing import Final

from benchmarks.validation.verdicts import Quantity
from foundation import water
from foundation.air import STANDARD_PRESSURE_PA


def _oxygen(t_c: float, salinity: float = 0.0, p_atm: float = 1.0) -> float:
    return water.oxygen_saturation_mg_l(t_c, salinity, p_atm * STANDARD_PRESSURE_PA)


def _ammonia_fresh(ph: float, t_c: float, salinity: float = 0.0) -> float | None:
    # Emerson's constant knows no salt, and sea water's pH stands on another scale: that is a quantity of its own
    return water.unionised_ammonia_fraction(ph, t_c) if salinity == 0.0 else None


def _ammonia_sea(ph_total: float, t_c: float, salinity: float) -> float:
    return water.unionised_ammonia_fraction_sea(ph_total, t_c, salinity)


def _ph(alk_mg_l_caco3: float, co2_mg_l: float, t_c: float) -> float:
    return water.ph_of_alkalinity_and_co2(alk_mg_l_caco3, co2_mg_l, t_c)


def _co2_saturation(ppm: float, t_c: float, p_atm: float = 1.0) -> float:
    return water.carbon_dioxide_saturation_mg_l(ppm, t_c, p_atm * STANDARD_PRESSURE_PA)


def _pk1(t_c: float) -> float:
    return water.carbonic_pk1(t_c)


def _pk2(t_c: float) -> float:
    return water.carbonic_pk2(t_c)


QUANTITIES: Final[Mapping[str, Quantity]] = {
    "do_saturation": _oxygen,
    "do_saturation_table": _oxygen,
    "nh3_fraction_of_TAN": _ammonia_fresh,
    "nh3_fraction_of_TAN_phreeqc": _ammonia_fresh,
    "nh3_fraction_sea_total_scale": _ammonia_sea,
    "ph_from_alkalinity_and_co2": _ph,
    "co2_saturation": _co2_saturation,
    "pk1_carbonic_fresh": _pk1,
    "pk2_carbonic_fresh": _pk2,
}
