"""The gates before every score: who dies, and after how long."""

from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge_config.loader import load_site
from simulator.field import Field
from simulator.survival import LIMITS, Survival


@settings(max_examples=200, deadline=None)
@given(looks=st.lists(st.tuples(st.sampled_from([2.9, 3.0, 3.1, 8.0]), st.integers(1, 90)), max_size=30))
@example(looks=[(2.9, 60), (2.9, 60)])
@example(looks=[(2.9, 60), (2.9, 61)])
@example(looks=[(2.9, 100), (3.0, 1), (2.9, 100)])
def test_fish_die_of_oxygen_below_three_for_longer_than_two_minutes_at_a_stretch(
    looks: list[tuple[float, int]],
) -> None:
    gate = Survival("ras")
    for oxygen, dt_s in looks:
        gate.watch({"tank1.oxygen": oxygen}, float(dt_s))
    stretches = [
        sum(dt_s for _, dt_s in stretch) for low, stretch in groupby(looks, lambda look: look[0] < 3.0) if low
    ]  # fmt: skip
    assert gate.alive is (max(stretches, default=0) <= 120)
    assert ("tank1.oxygen 2.9 outside 3" in gate.cause) is not gate.alive


@pytest.mark.parametrize(
    ("kind", "port", "value", "for_s"),
    [
        ("greenhouse", "air.temperature", 1.9, 1800.0),
        ("greenhouse", "air.temperature", 40.1, 1200.0),
        ("plant_factory", "tank.ph", 4.4, 0.0),
        ("plant_factory", "tank.ph", 8.1, 0.0),
    ],
)
def test_each_limit_holds_for_its_own_time(kind: str, port: str, value: float, for_s: float) -> None:
    gate = Survival(kind)
    if for_s:
        gate.watch({port: value}, for_s)
        assert gate.alive
    gate.watch({port: value}, 1.0)
    assert not gate.alive


def test_what_died_stays_dead_and_its_cause_is_the_first() -> None:
    gate = Survival("ras")
    gate.watch({"tank1.oxygen": 0.5}, 121.0)
    cause = gate.cause
    gate.watch({"tank1.oxygen": 8.0, "tank1.temperature": 50.0}, 9999.0)
    assert (gate.alive, gate.cause) == (False, cause)


def test_a_few_fish_more_or_less_are_no_disaster() -> None:
    gate = Survival("ras")
    for fish in (10000.0, 9900.0, 9801.0):
        gate.watch({"tank1.fish": fish}, 10.0)
    assert gate.alive
    gate.watch({"tank1.fish": 9799.0}, 10.0)
    assert gate.cause == "fish died"


def test_a_value_that_is_no_number_does_not_count_as_fine() -> None:
    gate = Survival("ras")
    gate.watch({"tank1.oxygen": float("nan")}, 121.0)
    assert not gate.alive


@pytest.mark.parametrize("site", sorted(Path("edge_config/sites").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_limit_looks_at_a_port_that_its_plant_has(site: Path) -> None:
    loaded = load_site(site).site
    grounds = Field(loaded, 1.77e9, 1).grounds
    assert grounds
    for name, ground in grounds.items():
        limits = LIMITS[loaded.facilities[name].kind]
        assert [port for port, *_ in limits if port not in ground.plant.outputs] == []
        assert limits or "pond.fish" in ground.truth
