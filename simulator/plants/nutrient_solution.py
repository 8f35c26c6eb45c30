"""What ions in water do to its conductivity and its pH, fast enough for every step of a simulation.

The chemistry of foundation.nutrients (the tests hold the two together) on bare tuples: ten times faster, and the
CO2 share that gas exchange needs comes along. Concentrations are mmol/L. ../shared/physics.md 1.2, 4.2, 4.3.
"""

from math import exp, log, sqrt
from typing import NamedTuple

IONS = ("K", "Ca", "Mg", "NH4", "NO3", "P", "SO4", "Na", "Cl", "DIC")
"""The order in every tuple of ions here. P and DIC (dissolved inorganic carbon) are totals over their forms."""
Ions = tuple[float, ...]

_LN10 = log(10.0)
_GAMMA_STRENGTH_MAX = 0.5
"""mol/L; beyond it the Davies equation turns round."""


class Constants(NamedTuple):
    """Equilibrium constants at one temperature, molar, for activities."""

    davies: float
    k1: float
    k2: float
    kw: float
    k_ammonium: float
    co2_mmol_l_ppm: float
    """Henry: mmol/L of dissolved CO2 in equilibrium with a ppm of CO2 in the air."""


_K1_P = 10.0**-2.15
_K2_P = 10.0**-7.20
_K3_P = 10.0**-12.35
_K1_MMOL_L = 4.45e-4
"""First constant of carbonic acid at 25 degC, for the bicarbonate in the conductivity."""
_DAVIES_25 = 0.5068 * _LN10
_PAIR_CA_SO4 = 10.0**2.30 / 1000.0
_PAIR_MG_SO4 = 10.0**2.37 / 1000.0

# of phreeqc.dat, per mmol/L
_PAIR_CA_HCO3 = 10.0**1.106 / 1000.0
_PAIR_MG_HCO3 = 10.0**1.07 / 1000.0
_PAIR_CA_H2PO4 = 10.0**1.408 / 1000.0
_PAIR_MG_H2PO4 = 10.0**1.513 / 1000.0
_PAIR_CA_HPO4 = 10.0**2.739 / 1000.0
_PAIR_MG_HPO4 = 10.0**2.87 / 1000.0


def constants(water_c: float) -> Constants:
    """Plummer & Busenberg 1982 for the carbonates, Emerson 1975 for ammonium; 0 to 50 degC (held there)."""
    held_c = min(50.0, max(0.0, water_c))
    t = held_c + 273.15
    log_t = log(t) / _LN10
    k1 = -356.3094 - 0.06091964 * t + 21834.37 / t + 126.8339 * log_t - 1684915.0 / (t * t)
    k2 = -107.8871 - 0.03252849 * t + 5151.79 / t + 38.92561 * log_t - 563713.9 / (t * t)
    henry = 108.3865 + 0.01985076 * t - 6919.53 / t - 40.45154 * log_t + 669365.0 / (t * t)
    return Constants(
        davies=(0.4883 + 7.4e-4 * held_c + 8e-7 * held_c * held_c) * _LN10,
        k1=10.0**k1,
        k2=10.0**k2,
        kw=10.0 ** (6.0875 - 4470.99 / t - 0.01706 * t),
        k_ammonium=10.0 ** (-0.09018 - 2729.92 / t),
        co2_mmol_l_ppm=10.0**henry * 1e-3,
    )


def conductivity_ms_cm(ions: Ions, ph: float = 7.0) -> float:
    """EC at 25 degC. The ionic sum less CaSO4 and MgSO4 pairs; 0.9 % rms of PHREEQC, 0.28 to 10 mS/cm."""
    k, ca, mg, nh4, no3, p, so4, na, cl, dic = ions
    h = 1000.0 * exp(-_LN10 * ph)
    hco3 = dic / (1.0 + h / _K1_MMOL_L)
    single = 0.5 * (k + nh4 + no3 + p + na + cl + hco3 + h)
    strength = 0.001 * (single + 2.0 * (ca + mg + so4))
    root = sqrt(min(_GAMMA_STRENGTH_MAX, strength))
    squeeze = exp(-8.0 * _DAVIES_25 * (root / (1.0 + root) - 0.3 * root * root))
    pair_ca = _PAIR_CA_SO4 * squeeze
    pair_mg = _PAIR_MG_SO4 * squeeze
    so4_free = so4 / (1.0 + pair_ca * ca + pair_mg * mg)
    for _ in range(2):  # leaves 1e-4 of the conductivity
        ca_free = ca / (1.0 + pair_ca * so4_free)
        mg_free = mg / (1.0 + pair_mg * so4_free)
        so4_free = so4 / (1.0 + pair_ca * ca_free + pair_mg * mg_free)
    root = sqrt(0.001 * (single + 2.0 * (ca_free + mg_free + so4_free)))
    ideal = 73.5 * (k + nh4) + 119.0 * ca_free + 106.2 * mg_free + 71.4 * no3 + 33.0 * p
    ideal += 160.0 * so4_free + 50.1 * na + 76.4 * cl + 44.5 * hco3 + 349.8 * h
    return 0.001 * ideal * exp(-0.4877 * _LN10 * root / (1.0 + 1.2723 * root))


class Charges(NamedTuple):
    """A solution made ready for its charge balance: mmol/L, and what each form weighs against h or 1/h."""

    strong: float
    ammonium: float
    carbon: float
    phosphate: float
    k_ammonium: float
    kw: float
    per_mmol: float
    hco3: float
    co3: float
    h3po4: float
    hpo4: float
    po4: float


def charges(ions: Ions, at: Constants) -> Charges:
    """Davies activities at the solution's ionic strength; calcium and magnesium pair with the weak anions."""
    k, ca, mg, nh4, no3, p, so4, na, cl, dic = ions
    strength = 0.0005 * (k + na + nh4 + no3 + cl + p) + 0.002 * (ca + mg + so4)
    if strength > _GAMMA_STRENGTH_MAX:
        strength = _GAMMA_STRENGTH_MAX
    root = sqrt(strength)
    gamma1 = exp(-at.davies * (root / (1.0 + root) - 0.3 * strength))
    gamma1_2 = gamma1 * gamma1
    gamma2 = gamma1_2 * gamma1_2
    # a pair like CaHPO4 hides a charge of calcium and one of phosphate alike: the anion counts for more
    with_hco3 = 1.0 + gamma2 * (_PAIR_CA_HCO3 * ca + _PAIR_MG_HCO3 * mg)
    with_h2po4 = 1.0 + gamma2 * (_PAIR_CA_H2PO4 * ca + _PAIR_MG_H2PO4 * mg)
    with_hpo4 = 1.0 + gamma2 * gamma2 * (_PAIR_CA_HPO4 * ca + _PAIR_MG_HPO4 * mg)
    return Charges(
        strong=k + na + 2.0 * (ca + mg - so4) - no3 - cl,
        ammonium=nh4,
        carbon=dic,
        phosphate=p,
        k_ammonium=at.k_ammonium,
        kw=at.kw,
        per_mmol=1000.0 / gamma1,
        hco3=at.k1 / gamma1 * with_hco3,
        co3=at.k1 * at.k2 / gamma2,
        h3po4=gamma1 / (_K1_P * with_h2po4),
        hpo4=_K2_P * gamma1 / (gamma2 * with_h2po4) * with_hpo4,
        po4=_K2_P * _K3_P / (gamma2 * gamma2 * with_h2po4),
    )


def charge_at(solution: Charges, h: float) -> tuple[float, float, float]:
    """At a hydrogen ion activity: excess charge, meq/L, its slope against ln(h), and the CO2 share of DIC."""
    strong, nh4, dic, p, k_ammonium, kw, per_mmol, a1, a2, b1, b2, b3 = solution
    carbon = (h + a1) * h + a2
    hco3 = a1 * h / carbon
    co3 = a2 / carbon
    hpo4 = b2 / h
    po4 = b3 / (h * h)
    forms = 1.0 + b1 * h + hpo4 + po4
    phosphate = (1.0 + 2.0 * hpo4 + 3.0 * po4) / forms
    ammonium = h / (h + k_ammonium)
    hydroxide = kw / h
    carbonate = hco3 + 2.0 * co3
    return (
        strong + nh4 * ammonium + per_mmol * (h - hydroxide) - dic * carbonate - p * phosphate,
        # every term is positive, so the balance has one root
        nh4 * ammonium * (1.0 - ammonium)
        + per_mmol * (h + hydroxide)
        + dic * (hco3 + 4.0 * co3 - carbonate * carbonate)
        + p * ((1.0 + 4.0 * hpo4 + 9.0 * po4) / forms - phosphate * phosphate),
        h * h / carbon,
    )


def ph_of(ions: Ions, at: Constants, near_ph: float) -> tuple[float, float]:
    """pH by charge balance, 0 to 14, and the share of DIC that is dissolved CO2.

    Newton in ln(h) from `near_ph`: one or two steps from the last value, and never more than 40 from anywhere.
    """
    solution = charges(ions, at)
    u = -_LN10 * near_ph
    for _ in range(40):
        charge, slope, co2_share = charge_at(solution, exp(u))
        step = charge / slope
        if step > 2.0:
            step = 2.0
        elif step < -2.0:
            step = -2.0
        u -= step
        if -1e-3 < step < 1e-3:  # what is left is the square of it: 1e-6 in pH, 1e-8 of the charge
            break
    return min(14.0, max(0.0, -u / _LN10)), co2_share
