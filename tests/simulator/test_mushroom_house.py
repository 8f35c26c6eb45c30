"""The mushroom house: compost that breathes and warms itself, flushes, and the air handler that carries it off."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.plants.mushroom import compost_co2_g_h, fruit_co2_g_h, grown
from simulator.plants.mushroom_house import MushroomHouse, State, load
from simulator.plants.plant import Weather

PLANT = load("mushroom_cropping")
SPAWN = load("mushroom_spawn_run")
MILD = Weather(12.0, 0.7, 2.0, 0.0, 0.0)
AIRED = {"damper": 0.12, "cooling": 0.2, "steam": 0.2}


def run(
    hours: float,
    inputs: Mapping[str, float],
    weather: Weather = MILD,
    plant: MushroomHouse = PLANT,
    state: State | None = None,
) -> State:
    state = plant.initial() if state is None else state
    for _ in range(round(hours * 120.0)):
        state = plant.advance(state, inputs, weather, 30.0)
    return state


def seen(state: State, weather: Weather = MILD, plant: MushroomHouse = PLANT) -> dict[str, float]:
    return plant.observe(state, {}, weather)


def test_compost_breathes_a_fifth_more_for_each_kelvin() -> None:
    breath = [compost_co2_g_h(PLANT.mushrooms, 100.0, celsius) for celsius in (24.0, 25.0, 26.0)]
    assert breath[1] == pytest.approx(9.0)
    assert breath[2] / breath[1] == pytest.approx(1.2)
    assert breath[1] / breath[0] == pytest.approx(1.2)


def test_compost_warms_itself_and_a_warm_room_runs_away() -> None:
    state = run(48.0, AIRED)
    assert state.compost_c > state.air_c + 0.5
    shut = run(48.0, {"fan": 0.0}, replace(MILD, air_c=28.0), SPAWN)
    assert shut.compost_c > 30.0


def test_without_fresh_air_carbon_dioxide_climbs_and_with_it_comes_to_rest_where_the_books_say() -> None:
    stale = run(6.0, {"damper": 0.0})
    assert seen(stale)["air.co2"] > 3000.0
    tight = MushroomHouse(replace(PLANT.room, damper_leak=0.0), PLANT.mushrooms)
    assert seen(run(6.0, {"damper": 0.0}, plant=tight))["air.co2"] > seen(stale)["air.co2"] + 300.0
    fresh = run(12.0, AIRED)
    p = PLANT.room
    aired_m3_h = 0.12 * p.fan_m3_h + p.leak_per_h * p.room_m3
    breath_g_h = compost_co2_g_h(PLANT.mushrooms, PLANT.compost_kg, fresh.compost_c)
    breath_g_h += fruit_co2_g_h(PLANT.mushrooms, fresh.fruit_kg, fresh.air_c)
    outside_mg_m3 = 420.0 * 1.0e-6 * 101325.0 * 0.0440095 / (8.314462618 * 285.15) * 1e6
    assert fresh.co2_mg_m3 == pytest.approx(outside_mg_m3 + 1000.0 * breath_g_h / aired_m3_h, rel=0.03)


@settings(max_examples=10, deadline=None)
@given(outside_c=st.floats(-20.0, 35.0), humidity=st.floats(0.2, 1.0), cooling=st.floats(0.0, 1.0))
def test_more_fresh_air_never_raises_carbon_dioxide(outside_c: float, humidity: float, cooling: float) -> None:
    weather = Weather(outside_c, humidity, 2.0, 0.0, 0.0)
    reached = [
        seen(run(0.7, {"damper": share, "cooling": cooling}, weather), weather)["air.co2"]
        for share in (0.0, 0.1, 0.4, 1.0)
    ]
    for less, more in pairwise(reached):
        assert more <= less


def test_the_coil_cools_and_dries_and_steam_moistens() -> None:
    summer = replace(MILD, air_c=30.0)
    plain = run(1.0, {"damper": 0.2}, summer)
    cooled = run(1.0, {"damper": 0.2, "cooling": 1.0}, summer)
    steamed = run(1.0, {"damper": 0.2, "steam": 1.0}, summer)
    assert cooled.air_c < plain.air_c - 2.0
    assert cooled.vapour_kg_m3 < plain.vapour_kg_m3 - 0.001
    assert cooled.coil_c < cooled.air_c
    assert steamed.vapour_kg_m3 > plain.vapour_kg_m3 + 0.001
    assert cooled.cooling_j > 0.0 == plain.cooling_j
    assert steamed.steam_kg == pytest.approx(15.0)


def test_a_fan_that_stands_leaves_coil_and_damper_without_effect() -> None:
    still = run(1.0, {"fan": 0.0, "damper": 1.0, "cooling": 1.0})
    assert seen(still)["air.co2"] > seen(PLANT.initial())["air.co2"]
    assert still.air_c > run(1.0, {"damper": 0.12, "cooling": 1.0}).air_c + 1.0


def test_the_casing_dries_and_is_watered() -> None:
    dry = run(24.0, {"damper": 0.3})
    assert 0.0 < seen(dry)["casing.water"] < seen(PLANT.initial())["casing.water"] - 0.3
    watered = run(1.0, {"damper": 0.3, "watering": 1.0}, state=dry)
    assert seen(watered)["casing.water"] == pytest.approx(seen(dry)["casing.water"] + 2.0, abs=0.1)
    flooded = run(24.0, {"watering": 1.0})
    assert seen(flooded)["casing.water"] == pytest.approx(PLANT.room.casing_most_kg_m2)


def test_a_flush_comes_about_every_week_and_is_picked() -> None:
    standing, picks, hours = PLANT.mushrooms.fruit_start_kg_m2, [], 0.0
    while hours < 30.0 * 24.0:
        standing, picked = grown(PLANT.mushrooms, standing, 17.5, 600.0)
        hours += 1.0 / 6.0
        if picked:
            picks.append((hours, picked))
    between = [later - sooner for (sooner, _), (later, _) in pairwise(picks)]
    assert all(5.5 * 24.0 < gap < 9.0 * 24.0 for gap in between)
    assert all(picked == pytest.approx(6.2, abs=0.1) for _, picked in picks)


@settings(max_examples=100)
@given(standing=st.floats(0.0, 6.2), celsius=st.floats(-10.0, 50.0), dt_s=st.floats(0.1, 7200.0))
def test_mushrooms_grow_alike_in_one_step_or_two(standing: float, celsius: float, dt_s: float) -> None:
    once, picked = grown(PLANT.mushrooms, standing, celsius, dt_s)
    half, _ = grown(PLANT.mushrooms, standing, celsius, 0.5 * dt_s)
    twice, picked_twice = grown(PLANT.mushrooms, half, celsius, 0.5 * dt_s)
    assert once >= 0.0 <= picked
    if picked == picked_twice == 0.0:
        assert once == pytest.approx(twice, rel=1e-9)
        assert once >= standing * (1.0 - 1e-12)


def test_mushrooms_grow_faster_in_the_warmth_but_not_beyond_twenty_degrees() -> None:
    grew = [grown(PLANT.mushrooms, 1.0, celsius, 3600.0)[0] - 1.0 for celsius in (14.0, 16.0, 20.0, 28.0)]
    assert grew[0] < grew[1] < grew[2] == grew[3]
    assert grew[1] == pytest.approx(
        1.0 / 24.0 * 0.693 * (1.0 - 1.0 / 7.0), rel=0.03
    )  # doubling in a day, bed a seventh full


def test_nothing_fruits_in_spawn_run() -> None:
    state = run(24.0, {"damper": 0.05}, plant=SPAWN)
    assert state.fruit_kg == state.harvest_kg == 0.0
    assert seen(state, plant=SPAWN)["air.co2"] > 2000.0
