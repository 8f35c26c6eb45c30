"""The controller's chemistry and the simulator's were written apart, one for clarity and one for speed: they agree."""

from math import log10

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from foundation import nutrients, water
from simulator.plants import nutrient_solution
from simulator.plants.ras_water import Water, chemistry, hydrogen_mol_l

temperatures = st.floats(5.0, 35.0)
RECIPE = {"K": 6.0, "Ca": 5.0, "Mg": 2.0, "NH4": 0.5, "NO3": 15.5, "SO4": 2.0, "H2PO4": 1.0}


def as_tuple(ions: dict[str, float]) -> tuple[float, ...]:
    names = {"P": "H2PO4", "DIC": "HCO3"}
    return tuple(ions.get(names.get(ion, ion), 0.0) for ion in nutrient_solution.IONS)


@given(st.floats(0.2, 2.0), st.floats(-1.5, 1.5), st.floats(0.0, 2.0), temperatures)
def test_both_give_a_nutrient_solution_the_same_ph(strength: float, lye: float, carbon: float, water_c: float) -> None:
    ions = {ion: strength * amount for ion, amount in RECIPE.items()} | {"HCO3": carbon, "Na": max(lye, 0.0)}
    ions["Cl"] = max(-lye, 0.0)
    quick, _ = nutrient_solution.ph_of(as_tuple(ions), nutrient_solution.constants(water_c), 6.0)
    assume(quick < 8.0)  # above, calcium carbonate pairs count, which the simulator leaves out
    assert nutrients.nutrient_ph(ions, water_c) == pytest.approx(quick, abs=0.08)


@given(st.floats(0.1, 3.0), st.floats(0.0, 5.0))
def test_both_give_a_nutrient_solution_the_same_conductivity(strength: float, salt: float) -> None:
    ions = {ion: strength * amount for ion, amount in RECIPE.items()} | {"Na": salt, "Cl": salt}
    quick = nutrient_solution.conductivity_ms_cm(as_tuple(ions), 6.0)
    assert nutrients.ec25_ms_cm(ions) == pytest.approx(quick, rel=0.005)


@given(st.floats(20.0, 300.0), st.floats(0.2, 8.0), st.floats(0.0, 2.0), temperatures)
def test_both_give_a_fish_tank_the_same_ph(alkalinity: float, carbon: float, tan: float, water_c: float) -> None:
    water_c, ionic = round(water_c, 2), 0.01
    tank = Water(8.0, tan, 0.0, 0.0, carbon, alkalinity / water.CACO3_MG_MEQ, 0.0)
    quick = hydrogen_mol_l(tank, 1.0, chemistry(round(100 * water_c), 1013, ionic))
    ours = water.ph_of_alkalinity_and_carbon(alkalinity, carbon, water_c, ionic, tan)
    assume(5.5 < ours < 7.9)  # the simulator corrects for ammonia and lye once, which is enough below
    assert -log10(quick) == pytest.approx(ours, abs=0.03)
