"""Nutrient solutions against PHREEQC, the KCl tables and laboratory analyses."""

from collections.abc import Mapping
from typing import Final

from benchmarks.validation.plant_factory import closure
from benchmarks.validation.verdicts import Quantity
from foundation import nutrients


def _ec25(
    K_mM: float = 0.0,
    Na_mM: float = 0.0,
    Ca_mM: float = 0.0,
    Mg_mM: float = 0.0,
    NH4_mM: float = 0.0,
    NO3_mM: float = 0.0,
    Cl_mM: float = 0.0,
    SO4_mM: float = 0.0,
    HCO3_mM: float = 0.0,
    H2PO4_mM: float = 0.0,
    # labels of the row: the amounts above are those in the solution, whatever its strength
    recipe: str = "",
    strength: float = 1.0,
    kind: str = "",
    team: str = "",
    ph: float = 5.8,
) -> float:
    return nutrients.ec25_ms_cm(
        {
            "K": K_mM,
            "Na": Na_mM,
            "Ca": Ca_mM,
            "Mg": Mg_mM,
            "NH4": NH4_mM,
            "NO3": NO3_mM,
            "Cl": Cl_mM,
            "SO4": SO4_mM,
            "HCO3": HCO3_mM,
            "H2PO4": H2PO4_mM,
        }
    )


def _ec_raw(ec25: float, t_c: float) -> float:
    return nutrients.ec_at_temperature_ms_cm(ec25, t_c)


def _hoagland(phosphate_mmol_l: float) -> dict[str, float]:
    """Hoagland & Arnon's solution 1 (1950), whose full strength has 1 mmol/L of phosphate."""
    full = {"K": 6.0, "Ca": 5.0, "Mg": 2.0, "NO3": 15.0, "SO4": 2.0, "H2PO4": 1.0}
    return {ion: amount * phosphate_mmol_l for ion, amount in full.items()}


def _ph_acid(HNO3_added_mM: float, P_mM: float, alk_water_mM: float, t_c: float) -> float:
    solution = _hoagland(P_mM)
    solution["Ca"] += alk_water_mM / 2.0  # the water's hardness is calcium bicarbonate
    solution["HCO3"] = alk_water_mM
    solution["NO3"] += HNO3_added_mM
    return nutrients.nutrient_ph(solution, t_c)


def _ph_base(KOH_added_mM: float, P_mM: float, t_c: float) -> float:
    solution = _hoagland(P_mM)
    solution["K"] += KOH_added_mM
    return nutrients.nutrient_ph(solution, t_c)


QUANTITIES: Final[Mapping[str, Quantity]] = {
    "ec25_kcl": _ec25,
    "ec25_nutrient_solution": _ec25,
    "ec25_real_sample": _ec25,
    "ec_raw_temperature": _ec_raw,
    "ph_acid_titration": _ph_acid,
    "ph_base_titration": _ph_base,
    "closure_ion_mass_relative": closure("ions"),
    "closure_charge_balance_meq_per_meq": closure("charge"),
    "closure_water_relative": closure("water"),
}
