"""The fish farm's books close, its steps are fine enough, and no order makes nonsense of its numbers."""

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.plants.plant import Weather
from simulator.plants.ras import Ras, load
from tests.simulator.test_ras import DEAD, PLANT, TWO_TANKS, WEATHER, at, keeper, kept_day, run, see, with_oxygen


def test_water_oxygen_nitrogen_alkalinity_carbon_and_heat_add_up_over_a_day() -> None:
    missing = PLANT.closure(kept_day()[0], kept_day()[-1])
    assert set(missing) == {"water", "oxygen", "nitrogen", "alkalinity", "carbon", "energy"}
    assert max(missing.values()) < 1e-9
    warmer = kept_day()[-1]._replace(water_c=kept_day()[-1].water_c + 0.01)
    assert PLANT.closure(kept_day()[0], warmer)["energy"] > 1e-4


def test_lean_feed_that_nobody_eats_takes_no_ammonia_out_of_the_water() -> None:
    # starved of oxygen they eat nothing, and the feed has less nitrogen than solids have
    plant = Ras(replace(PLANT.parameters, feed_protein=0.2))
    states = run(2.0, {**DEAD, "feeder": 1.0}, plant=plant)
    assert min(see(state, "tank1.tan") for state in states) >= 0.0
    assert states[-1].tank.solids > states[0].tank.solids
    assert plant.closure(states[0], states[-1])["nitrogen"] < 1e-9


def test_nitrogen_that_fish_keep_is_that_of_fish() -> None:
    first, last = kept_day()[0], kept_day()[-1]
    kept_g = last.fish.body_n_g - first.fish.body_n_g
    assert kept_g / (1000.0 * (see(last, "tank1.biomass") - see(first, "tank1.biomass"))) == pytest.approx(
        0.026, abs=0.004
    )


def test_half_the_step_gives_the_same_day() -> None:
    def orders(hour: float, seen: Mapping[str, float]) -> Mapping[str, float]:
        return {
            "tank1.oxygen_valve": 0.75 if 1.0 <= hour < 3.0 else 0.4,
            "feeder": float(1.0 <= hour < 1.25),
            "heater": float(2.0 <= hour < 4.0),
            "circulation.pump": float(not 3.0 <= hour < 3.1),
            "tank1.emergency_diffuser": float(3.05 <= hour < 3.15),
        }

    whole = run(5.0, orders, step_s=PLANT.step_s)[::30]
    halves = run(5.0, orders, step_s=PLANT.step_s / 2.0)[::60]
    limits = {"tank1.oxygen": 0.02, "tank1.temperature": 0.05, "tank1.tan": 0.01, "tank1.ph": 0.01}
    for one, two in zip(whole, halves, strict=True):
        for name, limit in limits.items():
            assert abs(see(one, name) - see(two, name)) <= limit


def test_half_the_step_changes_a_days_results_by_less_than_half_a_percent() -> None:
    def daily(step_s: float) -> dict[str, float]:
        keep, state, sums = keeper(), PLANT.initial(), dict.fromkeys(("tan", "no2", "oxygen", "co2"), 0.0)
        orders: Mapping[str, float] = {}
        for step in range(round(86400.0 / step_s)):
            seconds = step * step_s
            if seconds % 60.0 == 0.0:
                orders = keep(seconds / 3600.0, PLANT.observe(state, {}, WEATHER))
            state = PLANT.advance(state, orders, WEATHER, step_s)
            if seconds % 600.0 == 0.0:
                seen = PLANT.observe(state, {}, WEATHER)
                for name in sums:
                    sums[name] += seen[f"tank1.{name}"]
        end = PLANT.observe(state, {}, WEATHER)
        grown = end["tank1.biomass"] - 2500.0
        return {**sums, "grown": grown, "used": end["oxygen.used"], "power": end["energy.electricity"]}

    whole, half = daily(PLANT.step_s), daily(PLANT.step_s / 2.0)
    for name, value in whole.items():
        assert value == pytest.approx(half[name], rel=0.005), name


def test_the_same_orders_give_the_same_bytes() -> None:
    assert repr(run(1.0, keeper(), at(11.5), start_h=11.5)[-1]) == repr(run(1.0, keeper(), at(11.5), start_h=11.5)[-1])


WILD = st.sampled_from([0.0, 1.0, 0.5, -3.0, 7.0, math.nan, math.inf, -math.inf])


@settings(max_examples=40, deadline=None)
@given(
    orders=st.lists(
        st.dictionaries(st.sampled_from(sorted({*PLANT.inputs, *TWO_TANKS.inputs})), WILD), min_size=1, max_size=6
    ),
    air_c=st.sampled_from([-60.0, 12.0, 55.0, math.nan]),
    pressure_pa=st.sampled_from([60000.0, 101325.0, 0.0, math.nan]),
    oxygen=st.sampled_from([0.0, 1e-9, 7.5, 40.0]),
    alkalinity=st.sampled_from([0.0, 1.0, 5.0]),
    step_s=st.sampled_from([0.1, 1.0, PLANT.step_s]),
    plant=st.sampled_from(
        [PLANT, load(seed=1), load("salmon_1m3"), load("bass_50m3+rainbow_trout", seed=2), TWO_TANKS]
    ),
)
def test_no_input_makes_nonsense(
    orders: list[dict[str, float]],
    air_c: float,
    pressure_pa: float,
    oxygen: float,
    alkalinity: float,
    step_s: float,
    plant: Ras,
) -> None:
    weather = Weather(air_c, 0.5, 2.0, 0.0, 0.0, pressure_pa=pressure_pa)
    start = with_oxygen(plant.initial(), oxygen)
    start = start.with_tank(water=start.tank._replace(alkalinity=start.tank.alkalinity * alkalinity))
    start = start._replace(mbbr=start.mbbr._replace(alkalinity=start.mbbr.alkalinity * alkalinity))
    state = start
    for inputs in orders:
        for _ in range(60):
            state = plant.advance(state, inputs, weather, step_s)
        for tank in state.tanks:
            assert min(*tank.water, *tank.pipe, *tank.fish, tank.m3) >= 0.0
        assert min(*state.mbbr, *state.sump, state.drum_g, state.sump_m3) >= 0.0
        for name, value in plant.observe(state, inputs, weather).items():
            port = plant.outputs[name]
            assert port.low <= value <= port.high, name
    assert max(plant.closure(start, state).values()) < 1e-9


def test_every_output_has_its_port_and_every_default_is_inside_its_range() -> None:
    assert set(PLANT.observe(PLANT.initial(), {}, WEATHER)) == set(PLANT.outputs)
    for port in PLANT.inputs.values():
        assert port.low <= port.default <= port.high
