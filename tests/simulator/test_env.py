"""Farms as Gymnasium environments."""

import builtins
import importlib
import re
import sys
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.env import DEATH, FarmEnv
from simulator.env_lettuce import BANDS, GREATEST, STEP_S, LettuceEnv, outdoors_of
from simulator.plants.lettuce_greenhouse import LEAK_M_S, START, Controls, Outdoors, advance
from simulator.plants.plant import Weather
from simulator.scenario_file import load_scenario, scenario_path
from simulator.weather import Steady

FARMS = sorted(name for name in gymnasium.registry if name.startswith("farmloop/"))
GUIDE = Path(__file__).parents[2] / "docs" / "developers" / "gymnasium.md"
STEADY = Outdoors(300.0, 7.2e-4, 12.0, 0.006)


def farm(name: str = "farmloop/Ras-v0", **settings: Any) -> FarmEnv:
    env = gymnasium.make(name, **settings).unwrapped
    assert isinstance(env, FarmEnv)
    return env


def test_every_sample_site_is_registered() -> None:
    assert {"farmloop/Greenhouse-v0", "farmloop/PlantFactory-v0", "farmloop/Ras-v0"} <= set(FARMS)
    sites = Path(__file__).parents[2] / "edge_config" / "sites"
    assert len(FARMS) == len(list(sites.glob("*.yaml"))) + 2  # a scenario, and the lettuce greenhouse


@pytest.mark.parametrize("name", FARMS)
def test_it_is_an_environment(name: str) -> None:
    check_env(gymnasium.make(name).unwrapped)


def actions(env: FarmEnv, count: int) -> list[Any]:
    env.action_space.seed(3)
    return [env.action_space.sample() for _ in range(count)]


def test_the_same_seed_is_the_same_episode_and_another_is_another() -> None:
    env = farm(step_s=60.0)
    seen = []
    for seed in (7, 7, 8):
        first, _ = env.reset(seed=seed)
        seen.append([first, *(env.step(action)[0] for action in actions(env, 5))])
    assert all(np.array_equal(one, two) for one, two in zip(seen[0], seen[1], strict=True))
    assert not np.array_equal(seen[0][3], seen[2][3])


def test_outputs_go_where_they_are_sent() -> None:
    env = farm("farmloop/Greenhouse-v0", step_s=240.0, observe="true")
    env.reset(seed=1)
    vent, valve = env.acted.index("gh1.bay1.vent_lee"), env.acted.index("gh1.bay1.co2_valve")
    asked = np.zeros(len(env.acted), np.float32)
    asked[vent], asked[valve] = 0.6, 0.25
    _, _, _, _, info = env.step(asked)
    assert info["truth"]["vent.lee"] == pytest.approx(0.6, abs=0.03)  # what play in the gears leaves
    dosed = info["truth"]["co2.dosed"]
    assert dosed > 0.0
    asked[vent], asked[valve] = 0.2, 0.5
    _, _, _, _, info = env.step(asked)
    assert info["truth"]["vent.lee"] == pytest.approx(0.2, abs=0.03)
    assert info["truth"]["co2.dosed"] - dosed == pytest.approx(2.0 * dosed, rel=0.05)


def test_a_contactor_closes_from_half_on() -> None:
    env = farm(step_s=60.0)
    env.reset(seed=1)
    asked = np.zeros(len(env.acted), np.float32)
    pump = env.acted.index("ras1.tank1.pump")
    for share, runs in ((1.0, True), (0.4, False), (0.6, True)):
        asked[pump] = share
        for _ in range(3):
            _, _, _, _, info = env.step(asked)
        assert (info["truth"]["circulation.flow"] > 20.0) is runs


def test_fish_without_air_die_and_that_ends_the_episode() -> None:
    env = farm(step_s=300.0)
    env.reset(seed=1)
    nothing = np.zeros(len(env.acted), np.float32)
    for _ in range(30):
        _, reward, terminated, truncated, info = env.step(nothing)
        if terminated:
            break
    assert terminated
    assert not truncated
    assert reward == DEATH
    assert "tank1.oxygen" in info["cause"] or info["cause"] == "fish died"
    _, info = env.reset(seed=1)
    assert info["alive"]
    assert not env.step(nothing)[2]


def test_an_episode_is_truncated_after_its_days() -> None:
    env = farm("farmloop/PlantFactory-v0", days=0.5 / 24.0, step_s=600.0)
    env.reset(seed=1)
    ends = [env.step(action)[3] for action in actions(env, 3)]
    assert ends == [False, False, True]


def test_the_default_reward_is_the_share_of_loops_within_their_limits() -> None:
    env = farm(step_s=60.0)
    env.reset(seed=1)
    kept = np.array([1.0 if tag.endswith((".pump", ".blower")) else 0.0 for tag in env.acted], np.float32)
    _, reward, _, _, info = env.step(kept)
    assert 6.0 < info["truth"]["tank1.oxygen"] < 12.0
    assert reward == 1.0  # oxygen, heating, cooling and pH
    for _ in range(20):
        _, reward, _, _, info = env.step(np.zeros(len(env.acted), np.float32))
        if info["truth"]["tank1.oxygen"] < 6.0:
            break
    assert reward == 0.75


def test_the_reward_may_be_anybodys() -> None:
    env = farm(step_s=60.0, reward=lambda truth, positions: truth["tank1.oxygen"] - sum(positions.values()))
    env.reset(seed=1)
    _, reward, _, _, info = env.step(np.full(len(env.acted), 0.5, np.float32))
    assert reward == pytest.approx(info["truth"]["tank1.oxygen"] - 0.5 * len(env.acted))


def test_weather_and_start_may_be_chosen() -> None:
    cold = Steady(Weather(-20.0, 0.8, 1.0, 0.0, -30.0))
    env = farm("farmloop/Greenhouse-v0", weather=cold, start="2026-01-15T12:00", observe="true")
    seen, info = env.reset(seed=1)
    assert seen[env.observed.index("outside.temperature")] == -20.0
    noon_s = info["time_s"]
    _, info = env.reset(seed=1, options={"start": "2026-01-16"})
    assert info["time_s"] == noon_s + 43200.0
    made = farm("farmloop/Greenhouse-v0", weather={"year": "synthetic_beijing"}, start="2026-07-15T12:00")
    july, _ = made.reset(seed=1)
    assert july[made.observed.index("gh1.all.out_temp")] > 15.0


def test_made_weather_changes_with_the_episode_unless_its_seed_is_given() -> None:
    def outside_c(seed: int, **more: Any) -> float:
        env = farm("farmloop/Greenhouse-v0", observe="true", start="2026-03-20T12:00", **more)
        seen, _ = env.reset(seed=seed)
        return float(seen[env.observed.index("outside.temperature")])

    assert outside_c(1) != outside_c(2)
    fixed = {"design_day": "sun_and_cold_night", "seed": 9}
    assert outside_c(1, weather=fixed) == outside_c(2, weather=fixed)


def test_any_facility_of_a_farm_can_be_taken_alone() -> None:
    fish = FarmEnv("farm", "ras1", step_s=60.0)
    assert fish.acted == farm(step_s=60.0).acted
    seen, _ = fish.reset(seed=4)
    alone, _ = farm(step_s=60.0).reset(seed=4)
    assert np.array_equal(seen, alone)


def test_a_scenario_brings_its_start_its_length_and_its_faults() -> None:
    env = farm("farmloop/Scenario-v0", scenario="s04_pump_fails", step_s=600.0, observe="true")
    _, info = env.reset(seed=1)
    start_s, flows = info["time_s"], []
    asked = np.array([1.0 if tag.endswith((".pump", ".blower", ".o2_valve")) else 0.0 for tag in env.acted], np.float32)
    over = False
    while not over:
        _, _, dead, late, info = env.step(asked)
        flows.append(info["truth"]["circulation.flow"])
        over = dead or late
    played = load_scenario(scenario_path("s04_pump_fails")).scenario
    assert info["time_s"] - start_s <= played.length
    assert max(flows) > 20.0
    assert min(flows) < 1.0  # the pump did fail, whatever it was told
    assert info["cause"]


def test_every_episode_of_a_scenario_begins_with_all_in_order() -> None:
    env = farm("farmloop/Scenario-v0", scenario="s04_pump_fails", step_s=600.0)
    nothing = np.zeros(len(env.acted), np.float32)
    env.reset(seed=1)
    while not any(env.step(nothing)[2:4]):
        pass
    _, info = env.reset(seed=1)
    assert info["alive"]
    seen = [env.reset(seed=seed)[1]["truth"]["tank1.oxygen"] for seed in (1, 1)]
    assert seen[0] == seen[1]


def test_a_probe_that_a_scenario_spoils_shows_what_it_is_told() -> None:
    env = farm("farmloop/Scenario-v0", scenario="s03_ec_probe_stuck")
    seen, info = env.reset(seed=1)
    for _ in range(3):
        seen, _, _, _, info = env.step(np.zeros(len(env.acted), np.float32))
    assert seen[env.observed.index("pf1.rack1.ec")] == pytest.approx(1.4)
    assert info["truth"]["tank.ec"] != pytest.approx(1.4, abs=0.05)


def test_a_gate_that_breaks_ends_the_episode(tmp_path: Path) -> None:
    path = tmp_path / "lukewarm.yaml"
    path.write_text(
        "schema: 1\nid: lukewarm\nname: {zh: 微温, en: Lukewarm}\nsource: made for this test\nsite: ras\n"
        "facility: ras1\nstart: 2026-03-20T00:00\nlength: 1 h\n"
        "values: [{port: tank1.temperature, band: [20 degC, 30 degC]}]\n"
        "gates: [{id: never_warm, port: tank1.temperature, high: 5, longer_than: 2 min}]\n",
        "utf-8",
    )
    env = FarmEnv(scenario=path, step_s=60.0)
    env.reset(seed=1)
    kept = np.array([1.0 if tag.endswith((".pump", ".blower")) else 0.0 for tag in env.acted], np.float32)
    steps = [env.step(kept) for _ in range(3)]
    assert [step[2] for step in steps] == [False, False, True]
    assert steps[-1][1] == DEATH
    assert steps[-1][4]["cause"] == "gate never_warm"
    assert env.reset(seed=1)[1]["alive"]


@pytest.mark.parametrize("name", ["s06_broker_lost", "s05a_power_cut_5_min"])
def test_a_scenario_of_wires_is_no_episode(name: str) -> None:
    with pytest.raises(ValueError, match="on wires or to the controller, and an environment has neither"):
        FarmEnv(scenario=name)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"facility": "gh2"}, "no facility 'gh2' is simulated; there are: gh1"),
        ({"step_s": 0.0}, "step_s is 0 and days 1, both must be above 0"),
        ({"weather": {"design_day": "hail"}}, "there is no design day 'hail'"),
    ],
)
def test_what_cannot_be_meant_says_why(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        FarmEnv(**settings)


def test_without_gymnasium_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    true_import = builtins.__import__

    def no_gymnasium(name: str, *rest: Any, **more: Any) -> Any:
        if name == "gymnasium":
            raise ImportError(name)
        return true_import(name, *rest, **more)

    module = sys.modules.pop("simulator.env")
    monkeypatch.setattr(builtins, "__import__", no_gymnasium)
    try:
        with pytest.raises(ImportError, match=re.escape("pip install 'farmloop[gym]'")):
            importlib.import_module("simulator.env")
    finally:
        sys.modules["simulator.env"] = module


def test_the_guide_runs_as_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 2
    for block in blocks:
        exec(compile(block, str(GUIDE), "exec"), {})
    assert capsys.readouterr().out


# --- van Henten's lettuce greenhouse


def test_a_season_of_nothing_done_is_the_plant_alone() -> None:
    env = LettuceEnv(outdoors=lambda time_s: STEADY, leak_m_s=LEAK_M_S)
    env.reset(seed=1)
    env.step(env.asked(Controls(0.0, 0.0, 35.0)))
    house = advance(START, Controls(0.0, 0.0, 35.0), STEADY, STEP_S, LEAK_M_S)
    assert env.house == house
    env.step(np.zeros(3, np.float32))  # no change: 35 W/m2 again
    assert env.house == advance(house, Controls(0.0, 0.0, 35.0), STEADY, STEP_S, LEAK_M_S)


def test_the_harvest_ends_the_season() -> None:
    env = LettuceEnv(outdoors=lambda time_s: STEADY, days=0.0625)
    env.reset(seed=1)
    assert [env.step(np.zeros(3, np.float32))[2:4] for _ in range(3)] == [(False, False), (False, False), (True, False)]


def test_growth_pays_and_heat_and_gas_cost() -> None:
    env = LettuceEnv(outdoors=lambda time_s: STEADY)
    env.reset(seed=1)
    before = env.house.dry_weight_kg_m2
    _, reward, _, _, money = env.step(np.ones(3, np.float32))
    assert env.controls == Controls(0.12e-6, pytest.approx(0.75e-3), 65.0)
    assert money["revenue"] == pytest.approx(22.285125 * (env.house.dry_weight_kg_m2 - before))
    assert money["heat"] == pytest.approx(-0.1281 * 65.0 * 0.5 / 1000.0)
    assert money["co2"] == pytest.approx(-0.1906 * 0.12e-6 * 1800.0)
    assert reward == pytest.approx(sum(money.values()))


def test_what_lies_outside_a_band_is_punished_by_the_unit() -> None:
    for air_c, expected in ((12.0, 0.0), (7.0, 3.0 * 3e-3)):
        sky = Outdoors(0.0, 1.0e-3, air_c, 0.004)
        env = LettuceEnv(outdoors=lambda time_s, sky=sky: sky, days=4.0)
        env.reset(seed=1)
        for _ in range(100):
            seen, _, _, _, money = env.step(env.asked(Controls(0.0, 7.5e-3, 0.0)))
        assert seen[3] < BANDS["humidity_percent"][1]
        assert money["penalty"] == pytest.approx(-expected, abs=0.1 * 3e-3)


@settings(max_examples=40, deadline=None)
@given(changes=st.lists(st.lists(st.floats(-9.0, 9.0, width=32), min_size=3, max_size=3), min_size=1, max_size=20))
def test_no_action_leaves_the_actuators_range_or_the_space(changes: list[list[float]]) -> None:
    env = LettuceEnv(outdoors=lambda time_s: STEADY)
    env.reset(seed=1)
    for change in changes:
        before = env.controls
        seen, reward, _, _, _ = env.step(np.array(change, np.float32))
        assert env.observation_space.contains(seen)
        assert np.isfinite(reward)
        for now, was, most in zip(env.controls, before, GREATEST, strict=True):
            assert 0.0 <= now <= most
            assert abs(now - was) <= 0.1 * most * 1.0001


def test_the_sky_is_the_same_in_van_hentens_words() -> None:
    outdoors = outdoors_of(Weather(15.0, 0.6, 2.0, 200.0, 5.0, co2_ppm=400.0))
    assert outdoors.radiation_w_m2 == 200.0
    assert outdoors.air_c == 15.0
    assert outdoors.co2_kg_m3 == pytest.approx(7.45e-4, rel=0.01)
    assert outdoors.vapour_kg_m3 == pytest.approx(0.6 * 0.01284, rel=0.01)
