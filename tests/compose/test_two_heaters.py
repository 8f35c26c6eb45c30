"""Two heaters in one house: pipes are slow and carry what lasts, the air heater gives what they are late with."""

from dataclasses import replace

from controller.compose.score_run import FARMLOOP, run_once
from simulator.scenario_file import load_scenario, scenario_path


def test_pipes_and_air_heater_share_one_load_and_what_lasts_goes_back_to_the_pipes() -> None:
    loaded = load_scenario(scenario_path("s01_cold_front"))
    short = replace(loaded, scenario=loaded.scenario.model_copy(update={"settle": 3600.0}))
    outcome = run_once(short, FARMLOOP, 1, traced=True, length_s=5400.0)
    assert outcome.trace is not None
    later = [one > 0.75 for one in outcome.trace.hours]
    heater = [one for one, counts in zip(outcome.trace.outputs["gh1.bay1.backup_heater"], later, strict=True) if counts]
    # the droop: it idles where it can give more, and less
    assert 10.0 <= sum(heater) / len(heater) <= 30.0
    assert min(heater) < max(heater) - 2.0
    iae, travel = outcome.metrics["iae"], outcome.metrics["gh1.bay1.mixing_valve:travel"]
    assert iae is not None
    assert iae <= 0.9 / 12.0 * 1.5
    assert travel is not None
    assert travel <= 10.0 / 12.0 * 1.5
