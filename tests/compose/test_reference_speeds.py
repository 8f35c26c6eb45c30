"""References close their loops as fast as trying shows to be best."""

from collections.abc import Mapping
from math import log2
from typing import Any

import pytest

from controller.compose import reference_speeds
from controller.compose.contenders import Peer, Targets
from controller.compose.reference_speeds import Trials, closing, watched_by
from controller.compose.score_run import Outcome
from controller.core.build import build
from simulator.loaded_scenario import LoadedScenario
from simulator.references.tunings import PIDS, TUNINGS, Tuning
from simulator.scenario_file import load_scenario, scenario_path

VENT = "tn1.bay1.vent_loop"


@pytest.fixture(scope="module", name="tunnel")
def _tunnel() -> LoadedScenario:
    return load_scenario(scenario_path("normal_day_tunnel"))


class Runs:
    """In the place of runs: an IAE that is least where the loop is closed in 32 times what it is now."""

    def __init__(self, depth: float) -> None:
        self.depth, self.count = depth, 0

    def __call__(self, loaded: LoadedScenario, who: str, seed: int, *, tunings: Mapping[str, Tuning]) -> Outcome:
        self.count += 1
        doublings = log2(tunings[VENT].closed_s[who] / TUNINGS[VENT].closed_s[who])
        iae = 10.0 + self.depth * abs(doublings - 5.0)
        return Outcome(who, seed, True, "", {}, {f"{aim.port}:iae": iae for aim in loaded.aims})


def test_a_row_of_doublings_is_followed_to_its_best_and_no_run_is_made_twice(
    tunnel: LoadedScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = Runs(depth=1.0)
    monkeypatch.setattr(reference_speeds, "run_once", runs)
    trials = Trials([tunnel])
    closed_s, left = trials.best("simple-pid", VENT)
    assert closed_s == 32.0 * TUNINGS[VENT].closed_s["simple-pid"]
    assert left == pytest.approx(10.0 / 15.0)
    assert runs.count == 8
    assert trials.tunings[VENT].closed_s == {**TUNINGS[VENT].closed_s, "simple-pid": closed_s}
    assert trials.best("simple-pid", VENT) == (closed_s, 1.0)
    assert runs.count == 8


def test_a_speed_that_makes_no_difference_stays(tunnel: LoadedScenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference_speeds, "run_once", Runs(depth=0.01))
    trials = Trials([tunnel])
    assert trials.best("period-pid", VENT) == (TUNINGS[VENT].closed_s["period-pid"], 1.0)


def test_each_loop_is_judged_by_what_the_scenario_watches_and_doses_of_fixed_pulses_are_not() -> None:
    ras = load_scenario(scenario_path("normal_day_ras"))
    fish = watched_by(ras, "simple-pid")
    assert {"ras1.tank1.do_loop", "ras1.tank1.heat_loop"} <= set(fish)
    assert fish["ras1.tank1.do_loop"] is ras.aims[0]
    factory = load_scenario(scenario_path("normal_day_plant_factory"))
    continuous, pulsed = (watched_by(factory, reference) for reference in PIDS)
    # nobody watches the light there: its own setpoint tells
    assert continuous["pf1.rack1.light_loop"].tags == ("pf1.rack1.ppfd_sp",)
    assert {"pf1.rack1.ec_loop", "pf1.rack1.ph_loop"} <= set(continuous) - set(pulsed)
    assert "pf1.rack1.temp_loop" in pulsed


@pytest.mark.parametrize("reference", PIDS)
def test_a_reference_gets_its_own_speed(tunnel: LoadedScenario, reference: str) -> None:
    tunings: dict[str, Any] = {**TUNINGS, VENT: closing(TUNINGS[VENT], reference, 777.0)}
    peer = Peer(reference, tunnel.site, Targets(build(tunnel.site)), {}, tunnel.start_s, tunings)
    assert {name: task.closed_s for name, task, _ in peer.tasks} == {VENT: 777.0}


def test_every_loop_has_a_speed_for_every_reference_that_has_one() -> None:
    assert all(set(tuning.closed_s) == set(PIDS) for tuning in TUNINGS.values())
    assert all(speed > 0.0 for tuning in TUNINGS.values() for speed in tuning.closed_s.values())
