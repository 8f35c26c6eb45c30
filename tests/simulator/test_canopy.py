"""The canopy as one big leaf: its two fluxes share out what it absorbs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.plants.canopy import canopy_fluxes
from simulator.plants.soil import damping_depth_m

air_temperatures = st.floats(5.0, 38.0)
humidities = st.floats(0.2, 0.99)
lights = st.floats(0.0, 1200.0)
leaf_areas = st.floats(0.1, 6.0)


@given(air_temperatures, humidities, lights, leaf_areas)
def test_what_is_absorbed_leaves_as_heat_or_as_vapour(air_c: float, rh: float, ppfd: float, lai: float) -> None:
    fluxes = canopy_fluxes(air_c, rh, ppfd, lai)
    assert fluxes.sensible_w_m2 + fluxes.latent_w_m2 == pytest.approx(0.95 * ppfd / 4.6, abs=1e-9)
    assert fluxes.transpiration_g_m2_h > 0.0
    assert fluxes.sensible_w_m2 * fluxes.leaf_minus_air_k >= 0.0


@given(air_temperatures, st.floats(0.2, 0.9), lights, leaf_areas)
def test_dry_air_and_light_take_more_water(air_c: float, rh: float, ppfd: float, lai: float) -> None:
    here = canopy_fluxes(air_c, rh, ppfd, lai).transpiration_g_m2_h
    assert canopy_fluxes(air_c, rh + 0.05, ppfd, lai).transpiration_g_m2_h < here
    assert canopy_fluxes(air_c, rh, ppfd + 50.0, lai).transpiration_g_m2_h > here


def test_leaves_in_the_dark_are_cooler_than_the_air_and_still_transpire() -> None:
    dark = canopy_fluxes(24.0, 0.75, 0.0, 3.0)
    assert dark.transpiration_g_m2_h == pytest.approx(72.0, abs=1.0)
    assert dark.leaf_minus_air_k < 0.0


def test_bare_ground_gives_off_nothing() -> None:
    assert canopy_fluxes(24.0, 0.5, 300.0, 0.0).transpiration_g_m2_h == 0.0


def test_a_fan_cools_sunlit_leaves_and_given_radiation_is_what_counts() -> None:
    still = canopy_fluxes(24.0, 0.9, 200.0, 2.0, radiation_absorbed_w_m2=300.0)
    blown = canopy_fluxes(24.0, 0.9, 200.0, 2.0, 300.0, aerodynamic_resistance_s_m=50.0)
    assert 0.0 < blown.leaf_minus_air_k < still.leaf_minus_air_k
    assert still.sensible_w_m2 + still.latent_w_m2 == pytest.approx(300.0)


@given(st.floats(0.2, 2.0), st.floats(5e5, 4e6))
def test_a_years_wave_goes_nineteen_times_deeper_than_a_days(conductivity: float, capacity: float) -> None:
    day, year = (damping_depth_m(conductivity, capacity, 86_400.0 * days) for days in (1.0, 365.0))
    assert year / day == pytest.approx(365.0**0.5)
