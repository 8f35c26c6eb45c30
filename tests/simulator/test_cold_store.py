"""The cold store: produce that breathes and dries, frost and its melting, the door, a compressor that must rest."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.plants.cold_store import ColdStore, State, load
from simulator.plants.plant import Weather
from simulator.plants.produce import respiration_mg_kg_h

PLANT = load("cold_store_cabbage")
SUMMER = Weather(28.0, 0.6, 2.0, 0.0, 15.0)
COLD = {"compressor": 1.0}


def run(
    hours: float,
    inputs: Mapping[str, float],
    weather: Weather = SUMMER,
    plant: ColdStore = PLANT,
    state: State | None = None,
) -> State:
    state = plant.initial() if state is None else state
    for _ in range(round(hours * 120.0)):
        state = plant.advance(state, inputs, weather, 30.0)
    return state


def test_a_store_without_its_machine_warms_and_breathes_faster() -> None:
    warm, cold = run(24.0, {}), run(24.0, COLD)
    assert warm.air_c > 2.5
    assert warm.core_c > PLANT.initial().core_c > cold.core_c
    assert warm.co2_mg_m3 > cold.co2_mg_m3 > PLANT.initial().co2_mg_m3
    assert cold.skin_c < cold.core_c, "the core follows the skin"


def test_produce_warms_itself_by_its_own_breath() -> None:
    silent = ColdStore(PLANT.store, replace(PLANT.produce, respiration_f=0.0))
    assert run(12.0, {}).core_c > run(12.0, {}, plant=silent).core_c + 0.02
    assert run(12.0, {}, plant=silent).co2_mg_m3 < PLANT.initial().co2_mg_m3


@settings(max_examples=100)
@given(celsius=st.floats(0.0, 29.0), f=st.floats(1e-4, 1e-3), g=st.floats(2.0, 3.1))
def test_what_is_warmer_breathes_more(celsius: float, f: float, g: float) -> None:
    assert 0.0 < respiration_mg_kg_h(celsius, f, g) < respiration_mg_kg_h(celsius + 1.0, f, g)


@settings(max_examples=10, deadline=None)
@given(outside_c=st.floats(6.0, 40.0), humidity=st.floats(0.3, 1.0), compressor=st.sampled_from([0.0, 1.0]))
def test_an_open_door_warms_the_store(outside_c: float, humidity: float, compressor: float) -> None:
    weather = Weather(outside_c, humidity, 2.0, 0.0, 0.0)
    reached = [run(0.5, {"compressor": compressor, "door": open_}, weather).air_c for open_ in (0.0, 0.2, 1.0)]
    for less, more in pairwise(reached):
        assert more > less


def test_a_strip_curtain_holds_most_of_it() -> None:
    bare = ColdStore(replace(PLANT.store, door_curtain=0.0), PLANT.produce)
    assert run(0.5, {"door": 1.0}, plant=bare).air_c > run(0.5, {"door": 1.0}).air_c + 2.0


def test_the_compressor_never_starts_before_it_has_rested() -> None:
    state, was_on, stopped_s = PLANT.initial(), False, -1e9
    rests = []
    for second in range(0, 7200, 5):
        wish = 1.0 if second // 40 % 2 == 0 else 0.0  # a nervous thermostat
        state = PLANT.advance(state, {"compressor": wish}, SUMMER, 5.0)
        if state.on and not was_on:
            rests.append(second - stopped_s)
        if was_on and not state.on:
            stopped_s = second
        was_on = state.on
    assert len(rests) > 5
    assert min(rests) >= 300.0
    assert state.starts == len(rests)


def test_the_coil_frosts_over_and_then_takes_less() -> None:
    frosted = run(8.0, {**COLD, "door": 0.1})
    assert frosted.frost_kg > 10.0
    clean = frosted._replace(frost_kg=0.0)
    taken = [run(0.1, COLD, state=state) for state in (clean, frosted)]
    assert taken[0].air_c < taken[1].air_c - 0.1
    assert taken[1].coil_c < taken[0].coil_c, "less air, so the coil gets colder"


def test_defrost_melts_it_and_costs_warmth() -> None:
    frosted = run(4.0, {**COLD, "door": 0.01})
    melted = run(0.75, {**COLD, "defrost": 1.0}, state=frosted)
    assert melted.frost_kg == 0.0
    assert not melted.on, "no refrigeration against the heaters"
    assert frosted.air_c < melted.air_c < 8.0
    used_j = melted.electricity_j - frosted.electricity_j
    share = frosted.frost_kg * 3.34e5 / used_j
    assert 0.3 < share < 0.65, "physics.md 7: 0.3 to 0.5 of the heat melts ice"


def test_the_heaters_stop_on_a_warm_coil() -> None:
    state = run(2.0, {"defrost": 1.0})
    assert PLANT.store.defrost_ends_c - 5.0 < state.coil_c < PLANT.store.defrost_ends_c + 5.0


def test_dry_air_takes_water_from_the_produce() -> None:
    moist, dry = (run(24.0, COLD, plant=plant) for plant in (PLANT, load("cold_store_strawberry")))
    assert 0.0 < PLANT.observe(moist, {}, SUMMER)["product.lost"] < 0.5
    assert load("cold_store_strawberry").observe(dry, {}, SUMMER)["product.lost"] > 0.0
    # ten times as open a skin does not lose ten times as much: it moistens the air
    leaky = ColdStore(PLANT.store, replace(PLANT.produce, transpiration_ng_kg_s_pa=2230.0))
    assert 1.2 * moist.lost_kg < run(24.0, COLD, plant=leaky).lost_kg < 5.0 * moist.lost_kg


def test_the_machine_is_paid_for() -> None:
    state = run(10.0, COLD)
    kwh = PLANT.observe(state, {}, SUMMER)["energy.electricity"]
    assert 10.0 * 12.0 / 7.0 < kwh < 10.0 * (12.0 + 0.6)
    assert run(10.0, COLD, replace(SUMMER, air_c=40.0)).electricity_j > state.electricity_j
