"""`farmloop tune`: gains from the simulated farm and from a recording, and when there are none."""

import csv
import json
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.cli import app
from controller.compose.simulate import run
from controller.compose.tune import TuneError, closed_in, tune_recorded, tune_simulated
from controller.core.loops.pid import PidSettings, PidState, pid
from edge_config.loader import load_site
from edge_config.model.control import Pid
from edge_config.model.site import Site
from edge_config.model.values import parse_quantity
from foundation.simc import FirstOrder, simc
from tests.core.tuning.plants import Plant

OXYGEN = "ras1.tank1.do_loop"


@cache
def sample(name: str) -> Site:
    return load_site(Path(str(files("edge_config").joinpath("sites", f"{name}.yaml")))).site


def test_gains_from_the_simulated_farm_hold_the_oxygen_no_worse_than_the_sites() -> None:
    site = sample("ras")
    tuned = tune_simulated(site, OXYGEN, "normal")
    assert tuned.identified.fit > 0.95
    assert tuned.after.iae < tuned.before.iae
    loop = site.loops[OXYGEN]
    assert isinstance(loop, Pid)
    other = loop.model_copy(update={"kc": parse_quantity(f"{tuned.new.kc} %/(mg/L)"), "ti": tuned.new.ti_s})
    changed = site.model_copy(update={"loops": {**site.loops, OXYGEN: other}})
    before, after = (run(one, 0.05, 1).scores[0].row() for one in (site, changed))
    assert before["loop"] == after["loop"] == OXYGEN
    assert float(str(after["rms_error"])) <= float(str(before["rms_error"]))
    assert site.loops[OXYGEN] is loop


def recording(file: Path, model: FirstOrder, change: float) -> None:
    """The oxygen loop of the sample for four hours on a plant of one equation, its setpoint changed after one."""
    plant = Plant(model, 5.0, 7.5)
    settings, state, output, value = PidSettings(12.0, 480.0, 0.0, 0.6, 5.0, 0.0, 100.0), PidState(), 40.0, 7.5
    with file.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["time", "ras1.tank1.do", "ras1.tank1.do_sp", "ras1.tank1.o2_valve"])
        for step in range(4 * 720):
            setpoint = 7.5 + (change if step > 720 else 0.0)
            state = pid(settings, state, setpoint, value, 1e9 + 5.0 * step, output)
            output = state.output
            rows.writerow([1e9 + 5.0 * step, value, setpoint, min(output / 0.85, 100.0)])
            value = plant.step(output - 40.0)


def test_a_recorded_change_of_the_setpoint_tells_the_model(tmp_path: Path) -> None:
    recording(tmp_path / "day.csv", FirstOrder(0.14, 70.0, 1500.0), 0.5)
    found = tune_recorded(sample("ras"), OXYGEN, tmp_path / "day.csv", "normal").identified.model
    assert found.gain == pytest.approx(0.14, rel=0.1)
    assert found.lag_s == pytest.approx(1500.0, rel=0.1)
    assert found.delay_s == pytest.approx(70.0, abs=10.0)


def test_an_output_that_works_the_wrong_way_is_told(tmp_path: Path) -> None:
    recording(tmp_path / "day.csv", FirstOrder(-0.01, 70.0, 1500.0), 0.5)
    with pytest.raises(TuneError) as error:
        tune_recorded(sample("ras"), OXYGEN, tmp_path / "day.csv", "normal")
    assert error.value.key == "sign"


def test_a_recording_without_a_change_is_refused(tmp_path: Path) -> None:
    recording(tmp_path / "day.csv", FirstOrder(0.14, 70.0, 1500.0), 0.0)
    with pytest.raises(TuneError) as error:
        tune_recorded(sample("ras"), OXYGEN, tmp_path / "day.csv", "normal")
    assert error.value.key == "no_change"


def test_what_is_no_pid_or_leads_another_loop_is_refused() -> None:
    for site, loop, key in (
        ("ras", "ras1.tank1.cool_loop", "no_pid"),
        ("ras", "ras1.tank1.nothing", "no_pid"),
        ("greenhouse", "gh1.bay1.heat_loop", "outer"),
    ):
        with pytest.raises(TuneError) as error:
            tune_simulated(sample(site), loop, "normal")
        assert error.value.key == key


def test_speed_is_bounded_by_how_often_the_loop_looks_and_by_noise() -> None:
    model = FirstOrder(0.1, 60.0, 300.0)
    fast, slow = (closed_in(model, 5.0, 0.0, speed) for speed in ("fast", "slow"))
    assert slow == 4.0 * fast
    assert closed_in(model, 60.0, 0.0, "fast") == 540.0
    assert simc(model, closed_in(model, 5.0, 0.5, "fast")).kc == pytest.approx(10.0)


def test_the_command_refuses_the_running_plant_and_unknown_speeds() -> None:
    for options in (["--on", "plant"], ["--speed", "warp"], ["--on", "history"], ["--on", "moon"]):
        result = CliRunner().invoke(app, ["tune", OXYGEN, "--site", "ras", *options])
        assert result.exit_code == 2, options


def test_the_command_tells_all_in_json(tmp_path: Path) -> None:
    recording(tmp_path / "day.csv", FirstOrder(0.14, 70.0, 1500.0), 0.5)
    asked = ["tune", OXYGEN, str(tmp_path / "day.csv"), "--site", "ras", "--on", "history", "--json"]
    told = json.loads(CliRunner().invoke(app, asked).stdout)
    assert told["applied"] is False
    assert {"model", "confidence_95", "r2", "old", "new", "predicted"} <= told.keys()
    assert told["old"] == {"kc": 12.0, "ti_s": 480.0}
