"""Fish and biofilm of a recirculating farm against published formulas and a salmon plan."""

from collections.abc import Mapping
from typing import Final

from benchmarks.validation.verdicts import Quantity
from foundation.water import oxygen_saturation_mg_l
from simulator.plants import biology


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
}
