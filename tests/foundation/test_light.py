"""Light: photons, lux and the day's sum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation import light


@given(st.floats(0.0, 2500.0), st.sampled_from([54.0, 71.0, 74.0, 82.0]))
def test_lux_and_photons_are_two_names_of_one_light(ppfd: float, lux_per_umol: float) -> None:
    lux = light.lux_of_ppfd(ppfd, lux_per_umol)
    assert light.ppfd_of_lux_umol_m2_s(lux, lux_per_umol) == pytest.approx(ppfd)


@given(st.floats(0.1, 40.0), st.floats(0.0, 40.0), st.floats(0.1, 18.0))
def test_what_remains_is_what_reaches_the_target(target: float, so_far: float, hours: float) -> None:
    ppfd = light.remaining_ppfd_umol_m2_s(target, so_far, hours)
    assert so_far + light.light_sum_mol_m2(ppfd, hours) == pytest.approx(max(target, so_far))


def test_two_hundred_micromoles_for_sixteen_hours_are_eleven_and_a_half_moles() -> None:
    assert light.light_sum_mol_m2(200.0, 16.0) == pytest.approx(11.52)


def test_a_day_that_is_over_asks_for_no_lamp() -> None:
    assert light.remaining_ppfd_umol_m2_s(17.0, 3.0, 0.0) == 0.0
    assert light.remaining_ppfd_umol_m2_s(17.0, 3.0, -1.0) == 0.0


def test_the_offset_of_a_probe_at_night_is_no_light() -> None:
    assert light.ppfd_of_global_umol_m2_s(-3.0) == 0.0
    assert light.light_sum_mol_m2(-3.0, 10.0) == 0.0


def test_full_sun_is_two_thousand_micromoles_and_a_bright_day_two_thousand_joules() -> None:
    assert light.ppfd_of_global_umol_m2_s(1000.0) == pytest.approx(2070.0)
    assert light.par_w_m2(2070.0) == pytest.approx(450.0)
    assert light.radiation_sum_j_cm2(500.0, 12.0) == pytest.approx(2160.0)
