"""Van Henten's lettuce greenhouse against the recorded benchmark, and by its own logic."""

import csv
from math import pi, sin
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.air import absolute_humidity_g_m3
from simulator.plants.lettuce_greenhouse import (
    LEAK_BENCHMARK_M_S,
    START,
    Controls,
    House,
    Outdoors,
    advance,
    rates,
    saturation_kg_m3,
)

RECORDED = Path(__file__).parents[1] / "validation" / "lettuce_synthetic.csv"
MILD = Outdoors(300.0, 7.2e-4, 8.0, 0.006)
IDLE = Controls(0.0, 0.0, 0.0)

houses = st.builds(House, st.floats(0.001, 0.4), st.floats(3e-4, 3e-3), st.floats(5.0, 30.0), st.floats(0.003, 0.02))


def test_forty_days_follow_the_benchmark_day_by_day() -> None:
    with RECORDED.open(newline="") as file:
        recorded = [row for row in csv.DictReader(file) if float(row["c_leak"]) == LEAK_BENCHMARK_M_S]
    house = START
    for row in recorded[1:11]:
        for step in range(288):
            hour = step / 12.0
            radiation = 400.0 * sin(pi * (hour - 6.0) / 12.0) if 6.0 <= hour <= 18.0 else 0.0
            outdoors = Outdoors(radiation, 7.2e-4, 8.0 + 5.0 * sin(2.0 * pi * (hour - 9.0) / 24.0), 0.006)
            house = advance(house, Controls(0.6e-6, 1e-3, 40.0), outdoors, 300.0, LEAK_BENCHMARK_M_S)
        expected = [float(row[name]) for name in ("Xd_kg_m2", "Xc_kg_m3", "XT_C", "Xh_kg_m3")]
        assert list(house) == pytest.approx(expected, rel=1e-6)


@given(houses)
def test_heat_warms_windows_cool_and_gas_enriches(house: House) -> None:
    idle = rates(house, IDLE, MILD)
    assert rates(house, Controls(0.0, 0.0, 50.0), MILD).air_c > idle.air_c
    assert rates(house, Controls(1e-6, 0.0, 0.0), MILD).co2_kg_m3 > idle.co2_kg_m3
    vented = rates(house, Controls(0.0, 2e-3, 0.0), MILD)
    assert (vented.air_c - idle.air_c) * (house.air_c - MILD.air_c) <= 0.0
    assert (vented.vapour_kg_m3 - idle.vapour_kg_m3) * (house.vapour_kg_m3 - MILD.vapour_kg_m3) <= 0.0


@given(houses)
def test_a_dark_house_only_respires(house: House) -> None:
    night = rates(house, IDLE, MILD._replace(radiation_w_m2=0.0))
    assert night.dry_weight_kg_m2 < 0.0


@given(houses, st.floats(0.0, 800.0))
def test_half_the_step_gives_the_same_house(house: House, radiation: float) -> None:
    controls, outdoors = Controls(0.5e-6, 1e-3, 30.0), MILD._replace(radiation_w_m2=radiation)
    coarse = advance(house, controls, outdoors, 300.0)
    fine = advance(house, controls, outdoors, 300.0, substeps=8)
    assert list(coarse) == pytest.approx(list(fine), rel=1e-5)


def test_saturation_is_van_hentens_and_not_the_true_one() -> None:
    true_kg_m3 = absolute_humidity_g_m3(20.0, 100.0) / 1000.0
    assert saturation_kg_m3(20.0) == pytest.approx(0.85 * true_kg_m3, rel=0.01)
