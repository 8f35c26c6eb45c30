"""Many greenhouses at once: each member lives as it would alone."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simulator import ensemble
from simulator.plants.greenhouse import GreenhousePlant, load
from simulator.plants.plant import Weather

SEEDS = (0, 1, 2)
NAMES = ("venlo_1000m2", "venlo_1000m2_lettuce", "venlo_1000m2_buffer", "plastic_multispan")
ALONE = {name: [load(name, seed=seed) for seed in SEEDS] for name in NAMES}
TOGETHER = {name: ensemble.stacked(plants) for name, plants in ALONE.items()}
DAY = Weather(10.0, 0.6, 3.0, 500.0, 0.0)
position = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0.0, 1.0))


def numbers(state: Any) -> Iterator[float]:
    if isinstance(state, tuple):
        for part in state:
            yield from numbers(part)
    else:
        yield state


def assert_alike(many: Any, plant: GreenhousePlant, states: list[Any], inputs: Any, weather: Weather) -> None:
    seen = plant.observe(many, inputs, weather)
    for index, state in enumerate(states):
        assert list(numbers(ensemble.member(many, index))) == pytest.approx(list(numbers(state)), rel=1e-9, abs=1e-9)
        assert ensemble.member(seen, index)["air.temperature"] == pytest.approx(state.air_c, rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    inputs=st.fixed_dictionaries(dict.fromkeys(ALONE["venlo_1000m2"][0].inputs, position)),
    air_c=st.floats(-20.0, 40.0),
    wind=st.floats(0.0, 20.0),
    sun=st.sampled_from([0.0, 30.0, 700.0]),
    steps=st.integers(1, 20),
)
@example("venlo_1000m2", {"vent.lee": 1.0, "vent.wind": 1.0, "heating.valve": 1.0}, -16.0, 9.0, 0.0, 6)
def test_each_member_lives_as_it_would_alone(
    name: str, inputs: dict[str, float], air_c: float, wind: float, sun: float, steps: int
) -> None:
    weather = Weather(air_c, 0.7, wind, sun, air_c - 10.0)
    plant, alone = TOGETHER[name], ALONE[name]
    many, states = plant.initial(), [one.initial() for one in alone]
    for _ in range(steps):
        many = plant.advance(many, inputs, weather, 30.0)
        states = [one.advance(state, inputs, weather, 30.0) for one, state in zip(alone, states, strict=True)]
    assert_alike(many, plant, states, inputs, weather)


def test_a_member_that_jumps_takes_half_steps_and_the_others_do_not() -> None:
    plant, alone = TOGETHER["venlo_1000m2"], ALONE["venlo_1000m2"]
    hot, gale = {"vent.lee": 1.0, "vent.wind": 1.0}, Weather(-10.0, 0.7, 15.0, 0.0, -20.0)
    starts_c = np.array([5.0, 45.0, 5.0])
    many = plant.initial()._replace(air_c=starts_c)
    states = [one.initial()._replace(air_c=float(start)) for one, start in zip(alone, starts_c, strict=True)]
    many = plant.advance(many, hot, gale, 30.0)
    states = [one.advance(state, hot, gale, 30.0) for one, state in zip(alone, states, strict=True)]
    assert [abs(state.air_c - start) > 4.0 for state, start in zip(states, starts_c, strict=True)] == [
        False,
        True,
        False,
    ]
    assert_alike(many, plant, states, hot, gale)


def test_members_may_be_driven_apart() -> None:
    plant, alone = TOGETHER["venlo_1000m2"], ALONE["venlo_1000m2"]
    valves = np.array([0.0, 0.5, 1.0])
    many, states = plant.initial(), [one.initial() for one in alone]
    for _ in range(10):
        many = plant.advance(many, {"heating.valve": valves}, DAY, 30.0)  # type: ignore[dict-item]
        states = [
            one.advance(state, {"heating.valve": float(valve)}, DAY, 30.0)
            for one, state, valve in zip(alone, states, valves, strict=True)
        ]
    assert many.pipe_c[0] < many.pipe_c[1] < many.pipe_c[2]
    for index, state in enumerate(states):
        assert list(numbers(ensemble.member(many, index))) == pytest.approx(list(numbers(state)), rel=1e-9, abs=1e-9)


def test_the_books_of_every_member_close() -> None:
    plant = TOGETHER["venlo_1000m2_buffer"]
    start = state = plant.initial()
    for _ in range(120):
        state = plant.advance(state, {"heating.valve": 0.4, "lamps": 1.0, "vent.lee": 0.1}, DAY, 30.0)
    for kept, rounding in {"energy": 1e-4, "water": 1e-12, "co2": 1e-6}.items():
        balance = plant.balances(start, state)[kept]
        assert np.shape(balance.residual) == (len(SEEDS),)
        assert (np.abs(balance.residual) <= 1e-9 * balance.moved + rounding).all(), kept


def test_a_seed_is_a_member() -> None:
    plant = ensemble.greenhouse("venlo_1000m2", SEEDS)
    assert list(plant.parameters.leakage) == [one.parameters.leakage for one in ALONE["venlo_1000m2"]]  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ((), "no member"),
        (("venlo_1000m2", "venlo_1000m2_buffer"), "heat buffer"),
        (("venlo_1000m2", "venlo_1000m2_lettuce"), "lettuce_crop"),
    ],
)
def test_houses_of_other_parts_are_not_computed_at_once(names: tuple[str, ...], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        ensemble.stacked([ALONE[name][0] for name in names])
