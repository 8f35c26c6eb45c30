"""Fish, gut and biofilm as plain formulas: growth, oxygen demand, ammonia, nitrification, mortality."""

from math import exp

MOST_A_STEP = 0.3
"""No single process takes more than this share of what is there in a step; far from it unless all is gone."""
CO2_PER_O2_G = 44.0095 / 31.9988
"""g CO2 given off per g O2 taken up at a respiratory quotient of 1."""
TAN_PER_PROTEIN_G = 0.092
"""g TAN per g of protein fed: 0.16 N, 0.8 assimilated, 0.9 excreted, 0.8 as TAN (Timmons & Ebeling)."""
SOLIDS_PER_FEED_G = 0.25
"""g suspended solids per g of feed (Timmons & Ebeling)."""
FISH_HEAT_KJ_PER_G_O2 = 13.6

# Nitrification with growth, Ebeling, Timmons & Bisogni 2006, Aquaculture 257:346:
# NH4 + 1.83 O2 + 1.97 HCO3 -> 0.0244 C5H7O2N + 0.976 NO3 + 2.90 H2O + 1.86 CO2, all per g of N. Nitrate, alkalinity
# and oxygen follow from the yield by nitrogen, charge and electrons: as printed, but not rounded, so that books close.
NITRIFICATION_BUILT = 0.0244
"""mol of bacteria, C5H7O2N, per mol of nitrogen oxidised."""
NITRIFICATION_NITRATE_G = 1.0 - NITRIFICATION_BUILT
"""g NO3-N; the rest of the nitrogen is in the bacteria."""
NITRIFICATION_O2_G = (8.0 * NITRIFICATION_NITRATE_G - 20.0 * NITRIFICATION_BUILT) / 4.0 * 31.9988 / 14.0067
NITRIFICATION_ALKALINITY_G = (1.0 + NITRIFICATION_NITRATE_G) * 50.0434 / 14.0067
"""As CaCO3."""
NITRIFICATION_CO2_G = 1.86 * 44.0095 / 14.0067
NITRIFICATION_SOLIDS_G = NITRIFICATION_BUILT * 113.1146 / 14.0067
NITRIFICATION_O2_FIRST_STEP = 0.75
"""Share of the oxygen taken by ammonia to nitrite (3.43 of 4.57 g/g without growth)."""


def tgc_weight_g(w0_g: float, tgc: float, degree_days: float) -> float:
    """Weight after a thermal sum; `tgc` in 1e-3 g^(1/3)/degC/d (Iwama & Tautz 1981)."""
    return float((w0_g ** (1.0 / 3.0) + tgc / 1000.0 * degree_days) ** 3)


def tgc_gain_g_d(weight_g: float, tgc: float, degrees: float) -> float:
    """What a fish of this weight gains in a day of `degrees`: the slope of `tgc_weight_g`."""
    return float(3e-3 * tgc * degrees * weight_g ** (2.0 / 3.0))


def warmth_beyond_best(water_c: float, best_c: float, width_k: float) -> float:
    """What water warmer than the best leaves of growth, 0 to 1: a bell, 1 at and below `best_c`."""
    over = (water_c - best_c) / width_k
    return exp(-over * over) if over > 0.0 else 1.0


def tgc_feed_kg_d(fish_kg: float, weight_g: float, water_c: float, tgc: float, fcr: float) -> float:
    """Feed that growth by TGC asks for today: FCR times the weight gain."""
    gain = tgc_weight_g(weight_g, tgc, max(0.0, water_c)) / weight_g - 1.0
    return fcr * fish_kg * gain


def temperature_factor(water_c: float, reference_c: float, q10: float) -> float:
    """How much faster metabolism runs than at `reference_c`."""
    return float(q10 ** ((water_c - reference_c) / 10.0))


def oxygen_limitation(oxygen_mg_l: float, half_mg_l: float) -> float:
    """Share of an oxygen demand that is met, 0 to 1 (Monod)."""
    return max(0.0, oxygen_mg_l) / (max(0.0, oxygen_mg_l) + half_mg_l)


def gut_step(
    stomach_g: float, gut_g: float, fed_g: float, residence_s: float, dt_s: float
) -> tuple[float, float, float]:
    """(stomach, gut, digested) in g of feed after `dt_s`; two equal implicit stages."""
    share = dt_s / (residence_s + dt_s)
    passed_g = (stomach_g + fed_g) * share
    digested_g = (gut_g + passed_g) * share
    return stomach_g + fed_g - passed_g, gut_g + passed_g - digested_g, digested_g


def fish_oxygen_g_h(routine_g_h: float, digested_g_h: float, per_feed: float) -> float:
    """Oxygen the fish want: that of routine life, and `per_feed` g O2 per g of feed as the gut works.

    The limit by low oxygen is `oxygen_limitation`.
    """
    return routine_g_h + per_feed * digested_g_h


def fish_tan_g_h(mean_feed_g_h: float, digested_g_h: float, protein: float, routine_share: float) -> float:
    """TAN the fish excrete: a routine share of the mean feed of some days, the rest as the gut works."""
    return TAN_PER_PROTEIN_G * protein * (routine_share * mean_feed_g_h + (1.0 - routine_share) * digested_g_h)


def oxygen_demand_mg_kg_min(weight_g: float, water_c: float) -> float:
    """Demand of fed salmon by size, 6 g to 5 kg, 10 to 15 degC.

    Fitted at a Q10 of 2 to a growth plan at 14 and 12 degC (within 10 %) and to Nistad's 3.3 for 150 to 500 g
    at 12 degC, which is 20 % below that plan.
    """
    return float(13.9 * weight_g**-0.218) * temperature_factor(water_c, 12.0, 2.0)


def tan_production_kg_d(feed_kg_d: float, protein: float) -> float:
    """TAN from a day's feed; `protein` as a fraction (Timmons & Ebeling)."""
    return TAN_PER_PROTEIN_G * protein * feed_kg_d


def co2_per_o2(respiratory_quotient: float = 1.0) -> float:
    """g CO2 per g O2."""
    return CO2_PER_O2_G * respiratory_quotient


def mbbr_areal_rate_g_m2_d(
    tan_mg_l: float, water_c: float, k15: float = 0.82, theta: float = 1.09, exponent: float = 0.7
) -> float:
    """TAN removed by a square metre of moving bed (Rusten et al. 2006), before its limits."""
    return float(k15 * theta ** (water_c - 15.0) * max(0.0, tan_mg_l) ** exponent)


def biofilm_areal_rate_27c_g_m2_d(tan_mg_l: float) -> float:
    """TAN removed by a fixed film at 27 degC (Zhu & Chen 1999); nothing below 0.07 mg/L."""
    return 1.859 * max(0.0, tan_mg_l - 0.07) / (tan_mg_l + 1.93)


def nitrification_ph_factor(ph: float) -> float:
    """1 above pH 7, 0.5 at 6.3, 0 below 5.6."""
    return min(1.0, max(0.0, 0.5 + (ph - 6.3) / 1.4))


def degasser_removal(height_m: float, gas_to_liquid: float, coefficient: float = 0.32) -> float:
    """Share of the CO2 above equilibrium stripped in one pass; 0.25 for sea water (fit to Moran 2010)."""
    return 1.0 - exp(-coefficient * height_m * float(max(0.0, gas_to_liquid) ** 0.6))


def aerator_transfer_kg_h(
    sotr_kg_h: float, alpha: float, beta: float, saturation_mg_l: float, oxygen_mg_l: float, water_c: float
) -> float:
    """Oxygen transferred at field conditions; negative above saturation. SOTR at 20 degC, zero oxygen."""
    driving = beta * saturation_mg_l - oxygen_mg_l
    return float(sotr_kg_h * alpha * driving / 9.09 * 1.024 ** (water_c - 20.0))


def low_oxygen_hazard_h(oxygen_mg_l: float, lethal_mg_l: float, worst_h: float) -> float:
    """Deaths per fish and hour: none at or above `lethal_mg_l`, `worst_h` without oxygen, cubic between."""
    if oxygen_mg_l >= lethal_mg_l:
        return 0.0
    return worst_h * (1.0 - max(0.0, oxygen_mg_l) / lethal_mg_l) ** 3


def excess_hazard_h(value: float, limit: float, doubling: float, slope_h: float) -> float:
    """Deaths per fish and hour above a limit: `slope_h` at one `doubling` over it, square law, none below."""
    return slope_h * ((value - limit) / doubling) ** 2 if value > limit else 0.0
