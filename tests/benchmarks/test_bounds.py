"""The oracles that our figures are held against: they keep to their limits, and know more than any fixed valve."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.bounds import run
from benchmarks.oracle_biofilter import cheapest, followed
from benchmarks.oracles import Scene, chosen, foreseen, within
from simulator.plants import greenhouse
from simulator.plants.plant import Weather
from simulator.scenario_file import load_scenario, scenario_path

COLD = Scene(greenhouse.load("venlo_1000m2"), (Weather(0.0, 0.8, 3.0, 0.0, -10.0),) * 90, 30)
HOT = Scene(greenhouse.load("venlo_1000m2"), (Weather(30.0, 0.5, 3.0, 700.0, 15.0),) * 60, 0)
numbers = st.floats(-5.0, 5.0)


@settings(max_examples=30)
@given(st.lists(numbers, min_size=12, max_size=12), st.lists(numbers, min_size=4, max_size=4))
def test_what_is_solved_within_limits_keeps_to_them_and_is_not_worse_than_standing_still(left, right):
    matrix, wanted = np.array(left).reshape(4, 3), np.array(right)
    x = within(matrix, wanted, np.full(3, -0.5), np.full(3, 0.5))
    assert (np.abs(x) <= 0.5).all()
    free = within(matrix, wanted, np.full(3, -1e9), np.full(3, 1e9))
    assert np.linalg.norm(matrix @ free - wanted) <= np.linalg.norm(wanted) + 1e-6


def test_one_who_knows_the_night_holds_the_air_closer_than_any_valve_that_stands():
    fixed = {"screen.thermal": 1.0}
    moved = foreseen(COLD, 18.0, {"heating.valve": range(90)}, lambda step: fixed, 10, 0.1)
    stood = foreseen(COLD, 18.0, {"heating.valve": range(90)}, lambda step: fixed, 10, 1e4)
    assert moved.iae < 0.5 * stood.iae
    assert 17.0 < moved.low < 18.0 < moved.high < 19.0


def test_on_a_hot_day_one_who_knows_it_opens_the_vents():
    choices = [{"vent.lee": share, "vent.wind": share} for share in (0.0, 1.0)]
    shut, best = (chosen(HOT, 28.0, some, lambda weather, given: None, 20, 2) for some in (choices[:1], choices))
    assert best.iae < 0.8 * shut.iae
    assert best.plan[-1] == choices[1]


def test_new_water_and_a_second_pump_cost_nothing_while_nobody_needs_them():
    loaded = load_scenario(scenario_path("s10_biofilter_fails"))
    short = replace(loaded, scenario=loaded.scenario.model_copy(update={"settle": 600.0}))
    plan = {"blower": 0.6, "makeup.valve": 1.0, "circulation.standby": 1.0}
    never, always = (followed(short, 1, 0.5, plan, early=True, above=above).energy_kwh for above in (9.0, 0.0))
    assert never == followed(short, 1, 0.5, {"blower": 0.6}, early=True).energy_kwh
    assert always > 1.1 * never > 0.0
    assert cheapest(short, 1, 0.5, 0.01, quick=True) == inf  # no plan takes all of the TAN out of the water


def test_every_bound_is_told_beside_ours_and_the_goal():
    rows = run(quick=True)
    assert {row["peer"] for row in rows} == {"the goal", "oracle"}
    assert {str(row["name"]).split(" ")[0] for row in rows} >= {"S01", "S07"}
    assert rows[0]["ours"] == pytest.approx(0.035, abs=0.1)
    # a quarter of 295 is missing from 243 for ten hours, 215 umol/m2/s h, and all but 2 % of the day's sum once more
    (light,) = (row for row in rows if str(row["name"]).startswith("S08"))
    assert light["peer_value"] == pytest.approx(352.6, abs=1.0)
    (bought,) = (row for row in rows if row["name"] == "S10 energy, of doing nothing")
    assert bought["peer_value"] == 1.0  # half an hour before the filter fails nobody does anything
