"""Houses under one film: the tunnel that follows the weather, and the nursery with mist, warm benches and seeds."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.plants import nursery, tunnel
from simulator.plants.plant import Weather
from simulator.plants.surroundings import outside

TUNNEL = tunnel.load()
NURSERY = nursery.load()
NIGHT = Weather(2.0, 0.8, 2.0, 0.0, -15.0)
DAY = Weather(15.0, 0.5, 3.0, 600.0, 2.0)


def run(plant: Any, hours: float, inputs: Mapping[str, float], weather: Weather, state: Any = None) -> Any:
    state = plant.initial() if state is None else state
    for _ in range(round(hours * 120.0)):
        state = plant.advance(state, inputs, weather, 30.0)
    return state


def seen(plant: Any, state: Any, weather: Weather = DAY) -> dict[str, float]:
    found: dict[str, float] = plant.observe(state, {}, weather)
    return found


def test_an_unheated_tunnel_ends_the_night_near_the_air_outside() -> None:
    state = run(TUNNEL, 10.0, {}, NIGHT)
    assert -2.0 < state.shell.air_c - NIGHT.air_c < 5.0
    assert state.shell.soil_c[1] > state.shell.air_c + 2.0


def test_a_tunnel_in_the_sun_is_hot_until_its_sides_are_up() -> None:
    closed, opened = run(TUNNEL, 3.0, {}, DAY), run(TUNNEL, 3.0, {"sides": 1.0}, DAY)
    assert closed.shell.air_c > DAY.air_c + 9.0
    assert opened.shell.air_c < DAY.air_c + 5.0


@settings(max_examples=100)
@given(wind=st.floats(2.0, 8.0))
def test_wind_changes_the_air_of_a_closed_tunnel_one_to_three_times_an_hour(wind: float) -> None:
    changed = TUNNEL.house.vented_m_s(0.0, 15.0, outside(replace(DAY, wind_m_s=wind)))
    assert 1.0 <= changed * 3600.0 / TUNNEL.house.parameters.air_height_m <= 3.5


@settings(max_examples=100)
@given(air_c=st.floats(-10.0, 50.0), wind=st.floats(0.0, 20.0), opening=st.floats(0.0, 0.9))
def test_wider_sides_move_more_air(air_c: float, wind: float, opening: float) -> None:
    sky = outside(replace(DAY, wind_m_s=wind))
    assert TUNNEL.house.vented_m_s(opening + 0.1, air_c, sky) >= TUNNEL.house.vented_m_s(opening, air_c, sky)


def test_the_film_of_a_closed_tunnel_sweats() -> None:
    state = run(TUNNEL, 6.0, {}, NIGHT)
    assert state.condensed_kg > 0.05
    assert state.shell.film_c < state.shell.air_c
    assert seen(TUNNEL, state, NIGHT)["air.relative_humidity"] > 85.0


def test_a_film_that_holds_back_the_infrared_keeps_the_night_warmer() -> None:
    p = TUNNEL.house.parameters
    opaque = tunnel.Tunnel(replace(p, film_fir_transmission=0.05, film_emission=0.85), TUNNEL.crop)
    assert run(opaque, 8.0, {}, NIGHT).canopy_c > run(TUNNEL, 8.0, {}, NIGHT).canopy_c + 0.3


def test_leaves_take_carbon_dioxide_by_day_and_the_wind_brings_it_back() -> None:
    closed, opened = run(TUNNEL, 2.0, {}, DAY), run(TUNNEL, 2.0, {"sides": 0.5}, DAY)
    assert seen(TUNNEL, closed)["air.co2"] < 380.0 < seen(TUNNEL, opened)["air.co2"]


def test_air_under_mist_is_cooler_and_never_warmer_than_before() -> None:
    before = run(NURSERY, 1.0, {}, replace(NIGHT, air_c=15.0))
    air_c = before.shell.air_c
    for _ in range(60):
        before = NURSERY.advance(before, {"mist": 1.0}, replace(NIGHT, air_c=15.0), 30.0)
        assert before.shell.air_c < air_c + 0.05
    assert seen(NURSERY, before, NIGHT)["air.relative_humidity"] > 97.0


def test_mist_wets_the_leaves_cools_them_and_dries_again() -> None:
    dry = run(NURSERY, 0.5, {"vent": 0.3}, DAY)
    wet = run(NURSERY, 60.0 / 3600.0, {"vent": 0.3, "mist": 1.0}, DAY, dry)
    assert seen(NURSERY, dry)["leaf.film"] == 0.0
    assert 0.03 < seen(NURSERY, wet)["leaf.film"] <= 0.1
    misted = run(NURSERY, 5.0 / 60.0, {"vent": 0.3}, DAY, wet)
    still = run(NURSERY, 6.0 / 60.0, {"vent": 0.3}, DAY, dry)
    assert misted.leaf_c < still.leaf_c - 0.5
    later = run(NURSERY, 3.0, {"vent": 0.3}, DAY, wet)
    assert later.film_kg < 0.05 * wet.film_kg


def test_a_third_to_two_thirds_of_the_mist_never_arrives() -> None:
    dry = run(NURSERY, 1.0, {"vent": 1.0}, replace(DAY, relative_humidity=0.2))
    wet = NURSERY.advance(dry, {"vent": 1.0, "mist": 0.3}, replace(DAY, relative_humidity=0.2), 1.0)
    arrived = wet.film_kg / (wet.misted_kg - dry.misted_kg)
    assert 0.4 <= arrived <= 0.7
    # and none of it evaporates on its way into saturated air
    foggy = run(NURSERY, 1.0, {"mist": 1.0}, replace(NIGHT, air_c=15.0, relative_humidity=1.0, sky_c=15.0))
    more = NURSERY.advance(foggy._replace(film_kg=0.0), {"mist": 0.3}, NIGHT, 1.0)
    assert more.film_kg == pytest.approx(more.misted_kg - foggy.misted_kg, rel=0.1)


def test_leaves_under_water_do_not_transpire() -> None:
    shut = replace(
        NURSERY.house.parameters, ground_wetness=0.0, infiltration_still_per_h=0.0, infiltration_wind_per_h=0.0
    )
    sealed = nursery.Nursery(shut, replace(NURSERY.bench, substrate_wetness=0.0), NURSERY.seedlings)
    dry = sealed.initial()._replace(leaf_c=25.0)
    wet = dry._replace(film_kg=NURSERY.bench.leaf_film_kg_m2 * 0.8 * 0.8)
    by_leaf, by_film = (sealed.advance(state, {}, DAY, 1.0) for state in (dry, wet))
    assert by_leaf.ledger.water_net_kg > 0.0
    assert by_film.ledger.water_net_kg == pytest.approx(0.0, abs=1e-12)
    assert by_film.shell.vapour_kg_m3 > by_leaf.shell.vapour_kg_m3 > dry.shell.vapour_kg_m3


def test_mats_warm_the_seeds_more_than_the_air() -> None:
    cold, warm = run(NURSERY, 12.0, {}, NIGHT), run(NURSERY, 12.0, {"bottom_heat": 1.0}, NIGHT)
    assert warm.substrate_c > cold.substrate_c + 6.0
    assert warm.substrate_c > warm.shell.air_c + 5.0
    assert warm.substrate_c - cold.substrate_c > 2.0 * (warm.shell.air_c - cold.shell.air_c)
    assert seen(NURSERY, warm)["energy.heat"] == pytest.approx(12.0 * 0.8 * 0.12 * 500.0)


def test_seeds_count_the_warm_hours() -> None:
    warm, cool = NURSERY.germinates_per_s(25.0), NURSERY.germinates_per_s(15.0)
    assert 1.0 / (86400.0 * warm) == pytest.approx(70.0 / (25.0 - 8.7))
    assert warm > 2.0 * cool > 0.0
    assert NURSERY.germinates_per_s(8.0) == NURSERY.germinates_per_s(39.0) == 0.0
    half = NURSERY.initial()._replace(thermal_time=1.0)
    assert seen(NURSERY, half)["germination"] == pytest.approx(50.0)


@settings(max_examples=50)
@given(thermal_time=st.floats(0.0, 3.0), more=st.floats(0.0, 1.0))
def test_no_seed_goes_back_into_its_coat(thermal_time: float, more: float) -> None:
    come = [
        seen(NURSERY, NURSERY.initial()._replace(thermal_time=time))["germination"]
        for time in (thermal_time, thermal_time + more)
    ]
    assert 0.0 <= come[0] <= 100.0
    assert come[1] >= come[0] - 1e-9  # but for the last digit


def test_the_shade_screen_takes_half_of_the_light() -> None:
    lit, shaded = (NURSERY.observe(NURSERY.initial(), {"shade": shut}, DAY)["inside.ppfd"] for shut in (0.0, 1.0))
    assert shaded == pytest.approx(0.5 * lit)
    assert run(NURSERY, 2.0, {"shade": 1.0}, DAY).shell.air_c < run(NURSERY, 2.0, {}, DAY).shell.air_c - 3.0


@pytest.mark.parametrize("crop", ["stand_cucumber", "stand_lettuce", "stand_pepper"])
def test_another_crop_may_stand_under_the_film(crop: str) -> None:
    house = tunnel.load(f"tunnel_8m+{crop}")
    assert house.crop != TUNNEL.crop
    assert house.house.parameters == TUNNEL.house.parameters


def test_more_leaves_transpire_more() -> None:
    lettuce, cucumber = (run(tunnel.load(f"tunnel_8m+stand_{crop}"), 2.0, {}, DAY) for crop in ("lettuce", "cucumber"))
    assert cucumber.transpired_kg > 1.1 * lettuce.transpired_kg > 0.0
