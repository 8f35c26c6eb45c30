"""Nutrient solutions: conductivity and pH from what is dissolved in them.

Ions are a mapping of the names in `IONS` to total mmol/L, phosphate as H2PO4 and carbonate as HCO3 whatever form
they take; another name is a ValueError. Values are floats or arrays of one shape (see `elementwise`); negative
amounts count as none, NaN goes through. Source of the equations: ../shared/physics.md 4.2 and 4.3.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from foundation.elementwise import Value, exp, held, rising_root, sqrt
from foundation.water import ammonia_pka, carbonic_pk1, carbonic_pk2, davies_log10_activity, water_pkw

_LN10 = 2.302585092994046


class Ion(NamedTuple):
    """A dissolved ion as we count it."""

    charge: int
    conductivity_s_cm2_eq: float
    """Per equivalent at infinite dilution, 25 degC."""


IONS: Final[Mapping[str, Ion]] = {
    "K": Ion(1, 73.5),
    "Na": Ion(1, 50.1),
    "Ca": Ion(2, 59.5),
    "Mg": Ion(2, 53.1),
    "NH4": Ion(1, 73.5),
    "NO3": Ion(-1, 71.4),
    "Cl": Ion(-1, 76.4),
    "SO4": Ion(-2, 80.0),
    "HCO3": Ion(-1, 44.5),
    "H2PO4": Ion(-1, 33.0),
}
_WEAK: Final = ("HCO3", "H2PO4")
_PHOSPHORIC_PK: Final = (2.15, 7.20, 12.35)
# log K at 25 degC of the pairs that calcium and magnesium form, as in PHREEQC's phreeqc.dat
_WITH_CALCIUM: Final = {"SO4": 2.30, "HCO3": 1.106, "CO3": 3.224, "H2PO4": 1.408, "HPO4": 2.739}
_WITH_MAGNESIUM: Final = {"SO4": 2.37, "HCO3": 1.07, "CO3": 2.98, "H2PO4": 1.513, "HPO4": 2.87}
_MAGNESIUM_TO_CALCIUM: Final = 10.0 ** (_WITH_MAGNESIUM["SO4"] - _WITH_CALCIUM["SO4"])
_PAIR_CHARGE: Final = {"SO4": -2, "HCO3": -1, "CO3": -2, "H2PO4": -1, "HPO4": -2}


def _complete(ions_mmol_l: Mapping[str, Value]) -> dict[str, Value]:
    """Every ion, in mol/L, and those that were not named as zero."""
    unknown = sorted(set(ions_mmol_l) - set(IONS))
    if unknown or not ions_mmol_l:
        raise ValueError(f"no ion {', '.join(unknown) or 'given'}; there are: {', '.join(IONS)}")
    nothing = 0.0 * next(iter(ions_mmol_l.values()))
    return {name: held(ions_mmol_l.get(name, nothing), 0.0, 1e4) / 1000.0 for name in IONS}


def _ionic_strength(ions_mol_l: Mapping[str, Value]) -> Value:
    total = 0.0 * ions_mol_l["K"]
    for name, ion in IONS.items():
        total = total + ion.charge * ion.charge / 2.0 * ions_mol_l[name]
    return total


def _pairing(log_k: float, anion_charge: int, single: Value) -> Value:
    """Pairing constant for concentrations, L/mol; `single` is log10 of a single charge's activity coefficient."""
    released = 4 + anion_charge**2 - (2 + anion_charge) ** 2
    return exp(_LN10 * (log_k + released * single))


def _free(ions: Mapping[str, Value], water_c: Value) -> tuple[dict[str, Value], Value]:
    """What is left of the ions once calcium and magnesium have paired with sulphate, and its ionic strength."""
    free = dict(ions)
    strength = _ionic_strength(free)
    others = strength - 2.0 * (ions["Ca"] + ions["Mg"] + ions["SO4"])
    for _ in range(12):  # each pass brings even drain water at 10 mS/cm three times nearer
        calcium = _pairing(_WITH_CALCIUM["SO4"], -2, davies_log10_activity(strength, water_c))
        magnesium = calcium * _MAGNESIUM_TO_CALCIUM
        free["SO4"] = ions["SO4"] / (1.0 + calcium * free["Ca"] + magnesium * free["Mg"])
        free["Ca"] = ions["Ca"] / (1.0 + calcium * free["SO4"])
        free["Mg"] = ions["Mg"] / (1.0 + magnesium * free["SO4"])
        strength = others + 2.0 * (free["Ca"] + free["Mg"] + free["SO4"])
    return free, strength


def ec25_ms_cm(ions_mmol_l: Mapping[str, Value]) -> Value:
    """Conductivity at 25 degC, mS/cm, 0.1 to 12. Within 1 % rms of PHREEQC for nutrient recipes.

    Against 120 laboratory samples 4.5 % sd; plain KCl reads 1 to 10 % low. Sum of ionic conductivities less the
    neutral sulphate pairs, times one activity term.
    """
    ions = _complete(ions_mmol_l)
    free, strength = _free(ions, 25.0 + 0.0 * ions["K"])
    root = sqrt(strength)
    dilute = 0.0 * root
    for name, ion in IONS.items():
        dilute = dilute + abs(ion.charge) * ion.conductivity_s_cm2_eq * free[name]
    return dilute * exp(_LN10 * -0.4877 * root / (1.0 + 1.2723 * root))


def ec_at_temperature_ms_cm(ec25_ms_cm: Value, water_c: Value, per_k: Value | float = 0.019) -> Value:
    """What a probe without compensation reads, mS/cm: linear, 1.9 % per K (KCl; solutions reach 2.3 %).

    Within 1 % of the KCl tables, 15 to 30 degC; held from 0 to 50.
    """
    return ec25_ms_cm * (1.0 + per_k * (held(water_c, 0.0, 50.0) - 25.0))


def ec25_of_raw_ms_cm(raw_ms_cm: Value, water_c: Value, per_k: Value | float = 0.019) -> Value:
    """Raw conductivity brought to 25 degC, mS/cm: undoes `ec_at_temperature_ms_cm`."""
    return raw_ms_cm / (1.0 + per_k * (held(water_c, 0.0, 50.0) - 25.0))


def _protons(*forms: Value) -> tuple[Value, Value]:
    """Mean negative charge of an acid's forms, weighed from the uncharged up, and how it spreads."""
    total, mean, square = forms[0], 0.0 * forms[0], 0.0 * forms[0]
    for charge, form in enumerate(forms[1:], start=1):
        total, mean, square = total + form, mean + charge * form, square + charge * charge * form
    mean = mean / total
    return mean, square / total - mean * mean


def nutrient_ph(ions_mmol_l: Mapping[str, Value], water_c: Value, near_ph: float = 6.0) -> Value:
    """pH of a solution, 0 to 14, by charge balance; 10 to 35 degC.

    The strong ions say how much charge the weak ones (H2PO4, HCO3, NH4, water) must carry. HCO3 is all inorganic
    carbon, carbon dioxide included; acid is NO3 or Cl added alone, lye is K or Na. Within 0.05 of PHREEQC in
    titrations of a half-strength Hoagland. A laboratory's analysis is rarely balanced well enough for this.
    """
    ions = _complete(ions_mmol_l)
    free, strength = _free(ions, water_c)
    wanted = 0.0 * free["K"]
    for name, ion in IONS.items():
        if name not in _WEAK:
            wanted = wanted + ion.charge * ions[name]
    pk1, pk2, pkw, pk_ammonia = (
        carbonic_pk1(water_c),
        carbonic_pk2(water_c),
        water_pkw(water_c),
        ammonia_pka(water_c),
    )
    single = davies_log10_activity(strength, water_c)
    bound = {
        anion: 1.0
        + _pairing(_WITH_CALCIUM[anion], charge, single) * free["Ca"]
        + _pairing(_WITH_MAGNESIUM[anion], charge, single) * free["Mg"]
        for anion, charge in _PAIR_CHARGE.items()
    }

    def weak_charge(ph: Value) -> tuple[Value, Value]:
        bicarbonate = exp(_LN10 * (ph - pk1 - single))
        carbonate = bicarbonate * exp(_LN10 * (ph - pk2 - 3.0 * single))
        carbon, carbon_spread = _protons(1.0 + 0.0 * ph, bicarbonate * bound["HCO3"], carbonate * bound["CO3"])
        once = exp(_LN10 * (ph - _PHOSPHORIC_PK[0] - single))
        twice = once * exp(_LN10 * (ph - _PHOSPHORIC_PK[1] - 3.0 * single))
        thrice = twice * exp(_LN10 * (ph - _PHOSPHORIC_PK[2] - 5.0 * single))
        phosphate, phosphate_spread = _protons(1.0 + 0.0 * ph, once * bound["H2PO4"], twice * bound["HPO4"], thrice)
        ammonia, ammonia_spread = _protons(1.0 + 0.0 * ph, exp(_LN10 * (ph - pk_ammonia)))
        hydroxide, hydrogen = exp(_LN10 * (ph - pkw - single)), exp(_LN10 * (-ph - single))
        charge = ions["HCO3"] * carbon + ions["H2PO4"] * phosphate + ions["NH4"] * ammonia + hydroxide - hydrogen
        spread = (
            ions["HCO3"] * carbon_spread
            + ions["H2PO4"] * phosphate_spread
            + ions["NH4"] * ammonia_spread
            + hydroxide
            + hydrogen
        )
        return charge - wanted, _LN10 * spread

    return rising_root(weak_charge, near_ph + 0.0 * wanted, 0.0, 14.0)
