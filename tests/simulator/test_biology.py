"""Fish and biofilm as formulas."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.plants import biology


def test_a_salmon_grows_as_its_thermal_sum_says() -> None:
    assert biology.tgc_weight_g(70.0, 2.7, 14.0 * 140.0) == pytest.approx(834.1, rel=1e-4)
    assert biology.tgc_weight_g(10.0, 2.0, 3000.0) == pytest.approx(542.22755, rel=1e-6)


def test_feed_by_growth_is_the_conversion_times_the_gain() -> None:
    gain = biology.tgc_weight_g(500.0, 1.5, 25.0) / 500.0 - 1.0
    assert biology.tgc_feed_kg_d(2500.0, 500.0, 25.0, 1.5, 1.1) == pytest.approx(1.1 * 2500.0 * gain)


def test_protein_becomes_ammonia() -> None:
    assert biology.tan_production_kg_d(60.0, 0.4) == pytest.approx(2.208)


def test_nitrification_takes_oxygen_and_alkalinity_as_measured() -> None:
    assert abs(biology.NITRIFICATION_O2_G - 4.18) < 0.005
    assert abs(biology.NITRIFICATION_ALKALINITY_G - 7.05) < 0.015
    assert abs(biology.NITRIFICATION_CO2_G - 5.85) < 0.01
    assert abs(biology.NITRIFICATION_SOLIDS_G - 0.2) < 0.004
    assert abs(biology.co2_per_o2() - 1.375) < 0.001


def test_the_moving_bed_works_as_rusten_found() -> None:
    assert biology.mbbr_areal_rate_g_m2_d(1.0, 15.0) == pytest.approx(0.82)
    assert biology.mbbr_areal_rate_g_m2_d(2.0, 20.0, 0.82, 1.09, 0.7) == pytest.approx(2.0495916, rel=1e-6)
    assert biology.biofilm_areal_rate_27c_g_m2_d(2.0) == pytest.approx(0.91294, rel=1e-4)
    assert biology.biofilm_areal_rate_27c_g_m2_d(0.05) == 0.0


def test_an_aerator_gives_nothing_at_saturation_and_takes_above_it() -> None:
    assert biology.aerator_transfer_kg_h(2.0, 0.9, 1.0, 8.0, 8.0, 25.0) == 0.0
    assert biology.aerator_transfer_kg_h(2.0, 0.9, 1.0, 8.0, 12.0, 25.0) < 0.0


def test_the_degasser_removes_three_quarters_in_a_pass() -> None:
    assert biology.degasser_removal(1.7, 5.0) == pytest.approx(0.76, abs=0.02)
    assert biology.degasser_removal(1.7, 0.0) == 0.0


@given(st.floats(0.0, 1e5), st.floats(0.0, 1e5), st.floats(0.0, 1e4), st.floats(1.0, 1e5), st.floats(0.1, 60.0))
def test_the_gut_loses_no_feed(stomach_g: float, gut_g: float, fed_g: float, hold_s: float, dt_s: float) -> None:
    after = biology.gut_step(stomach_g, gut_g, fed_g, hold_s, dt_s)
    assert sum(after) == pytest.approx(stomach_g + gut_g + fed_g)
    assert min(after) >= 0.0


@given(st.floats(0.0, 20.0), st.floats(0.0, 20.0))
def test_fish_do_not_die_of_more_oxygen(one_mg_l: float, other_mg_l: float) -> None:
    less, more = sorted((one_mg_l, other_mg_l))
    assert biology.low_oxygen_hazard_h(more, 3.0, 8.0) <= biology.low_oxygen_hazard_h(less, 3.0, 8.0)
    assert (biology.low_oxygen_hazard_h(less, 3.0, 8.0) > 0.0) == (less < 3.0 and (1.0 - less / 3.0) ** 3 > 0.0)


def test_nothing_dies_inside_a_limit() -> None:
    assert biology.excess_hazard_h(0.1, 0.1, 0.3, 0.002) == 0.0
    assert biology.excess_hazard_h(0.4, 0.1, 0.3, 0.002) == pytest.approx(0.002)


@pytest.mark.parametrize(("ph", "factor"), [(8.0, 1.0), (7.0, 1.0), (6.3, 0.5), (5.0, 0.0)])
def test_acid_slows_the_nitrifiers(ph: float, factor: float) -> None:
    assert biology.nitrification_ph_factor(ph) == pytest.approx(factor)
