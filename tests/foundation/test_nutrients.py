"""Nutrient solutions: what a recipe conducts, and what acid and lye do to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation import nutrients

HOAGLAND = {"K": 6.0, "Ca": 5.0, "Mg": 2.0, "NO3": 15.0, "SO4": 2.0, "H2PO4": 1.0}
amounts = st.floats(0.0, 20.0)
recipes = st.fixed_dictionaries({ion: amounts for ion in nutrients.IONS})


def diluted(strength: float) -> dict[str, float]:
    return {ion: amount * strength for ion, amount in HOAGLAND.items()}


@given(recipes, st.sampled_from(sorted(nutrients.IONS)))
def test_more_of_an_ion_conducts_more_but_where_it_pairs(recipe: dict[str, float], ion: str) -> None:
    before = nutrients.ec25_ms_cm(recipe)
    after = nutrients.ec25_ms_cm({**recipe, ion: recipe[ion] + 1.0})
    assert before >= 0.0
    if ion not in ("Ca", "Mg", "SO4"):
        assert after > before - 0.002 * before


@given(st.floats(3.0, 30.0))
def test_gypsum_conducts_less_than_the_chloride_for_its_ions_go_in_pairs(mmol_l: float) -> None:
    gypsum = nutrients.ec25_ms_cm({"Ca": mmol_l, "SO4": mmol_l})
    assert gypsum < 0.85 * nutrients.ec25_ms_cm({"Ca": mmol_l, "Cl": 2.0 * mmol_l})


@given(st.floats(0.1, 3.0), st.floats(0.05, 0.5))
def test_a_stronger_solution_conducts_more(strength: float, more: float) -> None:
    assert nutrients.ec25_ms_cm(diluted(strength + more)) > nutrients.ec25_ms_cm(diluted(strength))


@given(st.floats(0.0, 10.0), st.floats(0.0, 50.0), st.floats(0.015, 0.025))
def test_compensation_undoes_temperature(ec25: float, water_c: float, per_k: float) -> None:
    raw = nutrients.ec_at_temperature_ms_cm(ec25, water_c, per_k)
    assert nutrients.ec25_of_raw_ms_cm(raw, water_c, per_k) == pytest.approx(ec25, abs=1e-12)


@given(st.floats(0.2, 2.0), st.floats(0.0, 1.5), st.floats(5.0, 35.0))
def test_acid_lowers_ph_and_lye_raises_it(strength: float, dose: float, water_c: float) -> None:
    recipe = {**diluted(strength), "HCO3": 1.0}
    recipe["Ca"] += 0.5
    here = nutrients.nutrient_ph(recipe, water_c)
    assert nutrients.nutrient_ph({**recipe, "NO3": recipe["NO3"] + dose + 0.01}, water_c) < here
    assert nutrients.nutrient_ph({**recipe, "K": recipe["K"] + dose + 0.01}, water_c) > here


@given(st.floats(4.0, 9.0), st.floats(0.2, 2.0))
def test_the_answer_does_not_hang_on_the_guess(guess: float, strength: float) -> None:
    there = nutrients.nutrient_ph(diluted(strength), 20.0, near_ph=guess)
    assert there == pytest.approx(nutrients.nutrient_ph(diluted(strength), 20.0), abs=1e-6)


def test_bicarbonate_holds_ph_against_acid() -> None:
    hard = {**diluted(0.5), "HCO3": 3.0, "Ca": 2.5 + 1.5}
    soft = diluted(0.5)
    drop = [
        nutrients.nutrient_ph(water, 20.0) - nutrients.nutrient_ph({**water, "NO3": water["NO3"] + 0.5}, 20.0)
        for water in (hard, soft)
    ]
    assert drop[0] < drop[1] / 2.0


def test_a_name_that_is_no_ion_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no ion Fe; there are: K, Na"):
        nutrients.ec25_ms_cm({"K": 1.0, "Fe": 0.1})
    with pytest.raises(ValueError, match="no ion given"):
        nutrients.ec25_ms_cm({})


def test_water_with_nothing_in_it_conducts_nothing_and_is_neutral() -> None:
    nothing = dict.fromkeys(nutrients.IONS, 0.0)
    assert nutrients.ec25_ms_cm(nothing) == 0.0
    assert nutrients.nutrient_ph(nothing, 25.0) == pytest.approx(7.0, abs=0.02)
