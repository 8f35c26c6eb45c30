"""A recirculating fish farm against published formulas, a salmon plan, a measured day, and its own books."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from benchmarks.validation.verdicts import Quantity
from foundation.water import oxygen_saturation_mg_l
from simulator.plants import biology
from simulator.plants.plant import Weather
from simulator.plants.ras import load

_HALL = Weather(air_c=14.0, relative_humidity=0.7, wind_m_s=2.0, global_radiation_w_m2=0.0, sky_c=5.0)


def _nitrification_oxygen() -> float:
    return biology.NITRIFICATION_O2_G


def _nitrification_alkalinity() -> float:
    return biology.NITRIFICATION_ALKALINITY_G


def _nitrification_co2() -> float:
    return biology.NITRIFICATION_CO2_G


def _nitrification_solids() -> float:
    return biology.NITRIFICATION_SOLIDS_G


def _nitrification_nitrate() -> float:
    return biology.NITRIFICATION_NITRATE_G


def _tan(feed_kg_d: float, protein: float) -> float:
    return biology.tan_production_kg_d(feed_kg_d, protein)


def _co2_per_oxygen() -> float:
    return biology.co2_per_o2()


def _solids_per_feed() -> float:
    return biology.SOLIDS_PER_FEED_G


def _oxygen_demand(w_g: float | str, t_c: float, species: str) -> float | None:
    # the fit is to salmon in cool water: other fish and other water are not in it
    if species != "Atlantic salmon" or not 10.0 <= t_c <= 15.0:
        return None
    smallest, _, largest = str(w_g).partition("-")
    middle_g = (float(smallest) + float(largest or smallest)) / 2.0
    return biology.oxygen_demand_mg_kg_min(middle_g, t_c)


def _weight(w0_g: float, tgc: float, t_c: float, days: float) -> float:
    return biology.tgc_weight_g(w0_g, tgc, t_c * days)


def _coefficient(w0_g: float, w1_g: float, t_c: float, days: float) -> float:
    """The growth coefficient that leads from one weight to the other: the growth formula, searched."""
    low, high = -100.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2.0
        if biology.tgc_weight_g(w0_g, middle, t_c * days) < w1_g:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def _moving_bed(tan_mg_l: float, t_c: float, k15: float, theta: float, n: float) -> float:
    return biology.mbbr_areal_rate_g_m2_d(tan_mg_l, t_c, k15, theta, n)


def _biofilm(tan_mg_l: float, t_c: float) -> float | None:
    return biology.biofilm_areal_rate_27c_g_m2_d(tan_mg_l) if abs(t_c - 27.0) <= 1.0 else None


def _degasser_fresh(height_m: float, gas_to_liquid: float, co2_in_mg_l: float = 10.0) -> float:
    return biology.degasser_removal(height_m, gas_to_liquid)


def _degasser_sea(
    height_m: float, gas_to_liquid: float, co2_in_mg_l: float = 10.0, salinity: float = 35.0
) -> float | None:
    return biology.degasser_removal(height_m, gas_to_liquid, 0.25) if 30.0 <= salinity <= 40.0 else None


def _aerator(sotr_kg_h: float, alpha: float, beta: float, do_mg_l: float, t_c: float) -> float:
    return biology.aerator_transfer_kg_h(sotr_kg_h, alpha, beta, oxygen_saturation_mg_l(t_c), do_mg_l, t_c)


def _measured_tan(hour: float) -> float | None:
    day = _salmon_day()
    return day[round(hour)] if hour in day else None


@lru_cache(maxsize=1)
def _salmon_day() -> dict[float, float]:
    """TAN in the tank by clock hour: a keeper holds oxygen, temperature and alkalinity, and feeds from 8 to 20."""
    plant = load("salmon_1m3")
    state, inputs, tan_mg_l = plant.initial(), dict[str, float](), {}
    steps_an_hour = round(3600.0 / plant.step_s)
    for step in range(24 * steps_an_hour):
        hour, seen = step / steps_an_hour, plant.observe(state, inputs, _HALL)
        if hour.is_integer():
            tan_mg_l[hour] = seen["tank1.tan"]
        inputs = {
            "tank1.oxygen_valve": 0.35 + 0.5 * (9.0 - seen["tank1.oxygen"]),
            "feeder": 1.0 if 8.0 <= hour < 20.0 else 0.0,
            "chiller": seen["tank1.temperature"] - 14.0,
            "base.pump": 1.0 if seen["tank1.alkalinity"] < 200.0 else 0.0,
        }
        state = plant.advance(state, inputs, _HALL, plant.step_s)
    return tan_mg_l


def _closure(substance: str) -> Callable[[], float]:
    return lambda: _unexplained()[substance]


@lru_cache(maxsize=1)
def _unexplained() -> dict[str, float]:
    """A day with every actuator moving: what the books miss, as a share of what was there or came in."""
    plant = load("bass_50m3")
    start = state = plant.initial()
    for step in range(round(86400.0 / plant.step_s)):
        inputs = {name: step * 7919 * index % 1000 / 999.0 for index, name in enumerate(plant.inputs, start=1)}
        state = plant.advance(state, inputs, _HALL, plant.step_s)
    return plant.closure(start, state)


QUANTITIES: Final[Mapping[str, Quantity]] = {
    "nitrification_per_g_TAN_o2": _nitrification_oxygen,
    "nitrification_per_g_TAN_alkalinity_as_caco3": _nitrification_alkalinity,
    "nitrification_per_g_TAN_co2": _nitrification_co2,
    "nitrification_per_g_TAN_vss": _nitrification_solids,
    "nitrification_per_g_TAN_no3_n": _nitrification_nitrate,
    "tan_production": _tan,
    "co2_per_o2_fish": _co2_per_oxygen,
    "tss_per_kg_feed": _solids_per_feed,
    "o2_demand_rate": _oxygen_demand,
    "tgc_weight": _weight,
    "tgc_weekly": _coefficient,
    "mbbr_areal_rate": _moving_bed,
    "biofilm_areal_rate_27C": _biofilm,
    "degasser_co2_removal_fresh": _degasser_fresh,
    "degasser_co2_removal_sea": _degasser_sea,
    "aerator_otr": _aerator,
    "diel_tan_measured": _measured_tan,
    "closure_nitrogen_relative": _closure("nitrogen"),
    "closure_oxygen_relative": _closure("oxygen"),
    "closure_alkalinity_relative": _closure("alkalinity"),
}
