"""`farmloop tune`: gains from the simulated farm and from a recording, and when there are none."""

import csv
import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from controller.cli import app
from controller.compose.replay import journal_files, played
from controller.compose.simulate import prepare, run, start_of
from controller.compose.tune import TuneError, closed_in, tunable, tune_recorded, tune_simulated
from controller.core.loops.pid import PidSettings, PidState, pid
from controller.core.scan import Core
from controller.core.state import State
from controller.core.words import ScanResult, SetpointChange, Snapshot
from controller.journal.journal import Journal
from edge_config.loader import load_site
from edge_config.model.control import Pid, Schedule
from edge_config.model.site import Site
from edge_config.model.values import parse_quantity
from foundation.messages import tell
from foundation.simc import FirstOrder, simc
from tests.core.tuning.plants import Plant

OXYGEN = "ras1.tank1.do_loop"


@cache
def sample(name: str) -> Site:
    return load_site(Path(str(files("edge_config").joinpath("sites", f"{name}.yaml")))).site


def test_gains_from_the_simulated_farm_hold_the_oxygen_no_worse_than_the_sites(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("tune", "simulate"):
        monkeypatch.setattr(f"controller.compose.{module}.SETTLE_S", 3600.0)
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
    # below two digits of its probe nobody can tell one from the other
    assert float(str(after["rms_error"])) <= max(float(str(before["rms_error"])), 0.02)
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


def spoiled(file: Path, column: str, first: int, last: int) -> None:
    """The cells of one column are bad in these rows."""
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    at = rows[0].index(column)
    for row in rows[first + 1 : last + 1]:
        row[at] = "bad"
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)


@pytest.mark.parametrize("last", [760, 800])
def test_a_probe_that_is_lost_after_the_change_is_not_taken_for_one_that_stands_still(
    tmp_path: Path, last: int
) -> None:
    recording(tmp_path / "day.csv", FirstOrder(0.14, 70.0, 1500.0), 0.5)
    spoiled(tmp_path / "day.csv", "ras1.tank1.do", 722, last)
    found = tune_recorded(sample("ras"), OXYGEN, tmp_path / "day.csv", "normal").identified.model
    assert found.gain == pytest.approx(0.14, rel=0.05)
    assert found.lag_s == pytest.approx(1500.0, rel=0.1)


def test_a_probe_that_is_lost_for_as_long_as_the_delay_would_show_tells_no_gains(tmp_path: Path) -> None:
    recording(tmp_path / "day.csv", FirstOrder(0.14, 70.0, 1500.0), 0.5)
    spoiled(tmp_path / "day.csv", "ras1.tank1.do", 722, 850)
    with pytest.raises(TuneError) as error:
        tune_recorded(sample("ras"), OXYGEN, tmp_path / "day.csv", "normal")
    assert error.value.key == "margin"


def test_what_moved_the_value_while_nobody_knew_the_output_is_not_told(tmp_path: Path) -> None:
    recording(tmp_path / "day.csv", FirstOrder(0.14, 70.0, 1500.0), 0.5)
    spoiled(tmp_path / "day.csv", "ras1.tank1.o2_valve", 722, 740)
    with pytest.raises(TuneError) as error:
        tune_recorded(sample("ras"), OXYGEN, tmp_path / "day.csv", "normal")
    assert error.value.key in ("short", "still")


def in_parts(file: Path, rests: float, moves: float, *told: str) -> None:
    """The same loop by hand, at so many % of it before and after an hour: below 60 the valve alone, above 85 the
    blower alone, in between both. What is not told has no column."""
    plant = Plant(FirstOrder(0.14, 70.0, 1500.0), 5.0, 7.5)
    value = 7.5
    with file.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["time", "ras1.tank1.do", "ras1.tank1.do_sp", *(f"ras1.tank1.{one}" for one in told)])
        for step in range(4 * 720):
            wanted = moves if step > 720 else rests
            stand = {"o2_valve": min(wanted / 0.85, 100.0), "blower": max(wanted, 60.0)}
            rows.writerow([1e9 + 5.0 * step, value, 8.0 if step > 720 else 7.5, *(stand[one] for one in told)])
            value = plant.step(wanted - rests)


@pytest.mark.parametrize(
    ("rests", "moves", "told"),
    [(50.0, 80.0, ("o2_valve", "blower")), (80.0, 95.0, ("o2_valve", "blower")), (50.0, 95.0, ("o2_valve",))],
)
def test_outputs_that_both_move_or_may_have_tell_no_gains(
    tmp_path: Path, rests: float, moves: float, told: tuple[str, ...]
) -> None:
    in_parts(tmp_path / "day.csv", rests, moves, *told)
    with pytest.raises(TuneError) as error:
        tune_recorded(sample("ras"), OXYGEN, tmp_path / "day.csv", "normal")
    assert error.value.key == "split"


@pytest.mark.parametrize(("rests", "moves"), [(45.0, 55.0), (87.0, 97.0)])
def test_of_two_outputs_the_one_that_moves_alone_tells_the_model(tmp_path: Path, rests: float, moves: float) -> None:
    in_parts(tmp_path / "day.csv", rests, moves, "o2_valve", "blower")
    found = tune_recorded(sample("ras"), OXYGEN, tmp_path / "day.csv", "normal").identified.model
    assert found.gain == pytest.approx(0.14, rel=0.05)
    assert found.lag_s == pytest.approx(1500.0, rel=0.1)


def with_loop(**keys: Any) -> Site:
    """The sample with other settings of the oxygen loop."""
    site = sample("ras")
    return site.model_copy(update={"loops": {**site.loops, OXYGEN: site.loops[OXYGEN].model_copy(update=keys)}})


def test_gains_that_would_ring_with_the_loops_own_derivative_are_refused(tmp_path: Path) -> None:
    recording(tmp_path / "day.csv", FirstOrder(0.14, 70.0, 1500.0), 0.5)
    with pytest.raises(TuneError) as error:
        tune_recorded(with_loop(td=300.0), OXYGEN, tmp_path / "day.csv", "normal")
    assert error.value.key == "margin_td"
    for language in ("zh", "en"):
        assert "td 300 s" in tell("tune.margin_td", language, **error.value.values)
    mild = tune_recorded(with_loop(td=30.0), OXYGEN, tmp_path / "day.csv", "normal")
    plain = tune_recorded(sample("ras"), OXYGEN, tmp_path / "day.csv", "normal")
    assert mild.new == plain.new
    assert mild.margin != plain.margin


def test_a_loop_whose_gains_follow_a_schedule_is_told_to_be_tuned_point_by_point(tmp_path: Path) -> None:
    recording(tmp_path / "day.csv", FirstOrder(0.14, 70.0, 1500.0), 0.5)
    points = [{"value": one, "kc": kc, "ti": "8 min"} for one, kc in (("0 %", "12 %/(mg/L)"), ("80 %", "6 %/(mg/L)"))]
    site = with_loop(schedule=Schedule.model_validate({"of": "ras1.tank1.blower", "at": points}))
    for tune in (
        lambda: tune_recorded(site, OXYGEN, tmp_path / "day.csv", "normal"),
        lambda: tune_simulated(site, OXYGEN, "normal"),
        lambda: tunable(site, OXYGEN),
    ):
        with pytest.raises(TuneError) as error:
            tune()
        assert (error.value.key, error.value.values["of"]) == ("schedule", "ras1.tank1.blower")


def test_a_scheduled_loop_is_refused_before_anything_is_asked_of_the_plant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("controller.access.ask", lambda *words, **more: asked.append(str(words)))
    points = [{"value": one, "kc": "200 %/K", "ti": "1 h"} for one in ("0 %", "80 %")]
    schedule = Schedule.model_validate({"of": "ras1.tank1.blower", "at": points})
    site = sample("ras")
    heat = site.loops["ras1.tank1.heat_loop"].model_copy(update={"schedule": schedule})
    other = site.model_copy(update={"loops": {**site.loops, "ras1.tank1.heat_loop": heat}})
    monkeypatch.setattr("controller.compose.command_line.load", lambda path: other)
    told = ["tune", "ras1.tank1.heat_loop", "--site", "ras", "--on", "plant", "--directory", str(tmp_path)]
    result = CliRunner().invoke(app, told)
    assert (result.exit_code, asked) == (1, [])
    assert "schedule" in result.output


def test_an_output_that_works_the_wrong_way_is_told(tmp_path: Path) -> None:
    recording(tmp_path / "day.csv", FirstOrder(-0.01, 70.0, 1500.0), 0.05)
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


def test_the_command_refuses_words_that_it_does_not_know_and_what_does_not_go_together() -> None:
    for options in (
        ["--speed", "warp"], ["--on", "history"], ["--on", "moon"], ["--by", "hand"], ["--on", "plant", "--by", "twin"]
    ):  # fmt: skip
        result = CliRunner().invoke(app, ["tune", OXYGEN, "--site", "ras", *options])
        assert result.exit_code == 2, options


def test_without_an_agent_there_is_no_plant_to_try(tmp_path: Path) -> None:
    asked = ["tune", "ras1.tank1.heat_loop", "--site", "ras", "--on", "plant", "--directory", str(tmp_path)]
    result = CliRunner().invoke(app, asked)
    assert (result.exit_code, str(tmp_path) in result.output) == (1, True)


def test_a_trial_on_the_plant_is_told_to_go_on_until_it_is_over_and_ended_if_the_command_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant = Plant(FirstOrder(0.02, 300.0, 4000.0), 60.0, 24.0)
    outputs = [50.0] * 30 + [one for one in (60.0, 50.0, 40.0, 50.0, 60.0, 40.0, 50.0) for _ in range(40)]
    values = [plant.step(one - 50.0) for one in outputs]
    asked: list[tuple[str, Any]] = []
    over_after = 40

    def ask(directory: Path, method: str, path: str, *, query: Any = None, body: Any = None, language: str) -> Any:
        asked.append((method, body or query))
        ended = "done" if len(asked) > over_after else ""
        return 200, {
            "loop": "x", "form": "steps", "by": "li", "begun": 0, "ended": ended, "ended_at": None, "beaten_by": "",
            "looks": len(outputs), "every_s": 60.0, "outputs": outputs, "values": values,
        }  # fmt: skip

    async def no_pause(seconds: float) -> None:
        if len(asked) == 20 and over_after > 1000:
            raise KeyboardInterrupt

    monkeypatch.setattr("controller.access.ask", ask)
    monkeypatch.setattr("foundation.clock.pause", no_pause)
    told = ["tune", "ras1.tank1.heat_loop", "--site", "ras", "--on", "plant", "--json"]
    done = CliRunner().invoke(app, told)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["model"]["lag_s"] == pytest.approx(4000.0, rel=0.2)
    puts = [body["goes_on"] for method, body in asked if method == "PUT"]
    assert puts == [False] + [True] * (len(puts) - 1)
    assert len(puts) == 1 + [method for method, _ in asked].count("GET") // 5
    assert "DELETE" not in [method for method, _ in asked]
    asked.clear()
    over_after = 10_000
    CliRunner().invoke(app, told)
    assert asked[-1][0] == "DELETE"


def test_of_a_long_record_every_change_after_a_rest_is_looked_at_and_the_best_is_used(tmp_path: Path) -> None:
    model = FirstOrder(0.14, 70.0, 1500.0)
    plant = Plant(model, 5.0, 7.5)
    settings, state, output, value = PidSettings(12.0, 480.0, 0.0, 0.6, 5.0, 0.0, 100.0), PidState(), 40.0, 7.5
    changed = {2000: 7.8, 3600: 7.5, 3650: 7.6, 6000: 8.1}
    setpoint, load = 7.5, 0.0
    with (tmp_path / "week.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["time", "ras1.tank1.do", "ras1.tank1.do_sp", "ras1.tank1.o2_valve"])
        for step in range(8000):
            setpoint = changed.get(step, setpoint)
            load = 15.0 if 200 < step < 900 else 0.0  # a meal, that nobody asked for
            state = pid(settings, state, setpoint, value, 1e9 + 5.0 * step, output)
            output = state.output
            rows.writerow([1e9 + 5.0 * step, round(value, 3), setpoint, min(output / 0.85, 100.0)])
            value = plant.step(output - 40.0 - load)
    found = tune_recorded(sample("ras"), OXYGEN, tmp_path / "week.csv", "normal")
    assert len(found.excerpts) >= 2
    assert all(one.from_s > 1e9 + 5.0 * 900 for one in found.excerpts)
    assert found.identified.model.lag_s == pytest.approx(1500.0, rel=0.15)
    assert found.new.kc == pytest.approx(simc(model, closed_in(model, 5.0, 0.0, "normal")).kc, rel=0.25)


def test_an_agents_own_journal_is_a_record_too(tmp_path: Path) -> None:
    site = sample("ras")
    farm = prepare(site, 1, start_of(site))
    journal = Journal(tmp_path, farm.core)
    scan = farm.core.scan

    def noted(state: State, snapshot: Snapshot, now_s: float) -> ScanResult:
        result = scan(state, snapshot, now_s)
        journal.note(state, snapshot, now_s, result)
        return result

    farm.core.scan = noted  # type: ignore[method-assign]
    try:
        for count in range(2400):
            people = (SetpointChange("1", "ras1.tank1.do_sp", 8.0, "li", farm.now_s),) if count == 1500 else ()
            farm.step(people)
            if count % 100 == 99:
                journal.write()
    finally:
        farm.core.scan = scan  # type: ignore[method-assign]
    journal.close()
    told = list(played(journal_files(tmp_path)[0], Core(site)))
    assert len(told) == 2400
    assert dict(told[-1][1]) == dict(farm.state.values)
    try:
        tune_recorded(site, OXYGEN, tmp_path, "normal")
    except TuneError as refusal:
        # a young farm drifts; that there is nothing to read would be another refusal
        if refusal.key in ("not_recorded", "no_change"):
            raise


def test_the_command_tells_all_in_json(tmp_path: Path) -> None:
    recording(tmp_path / "day.csv", FirstOrder(0.14, 70.0, 1500.0), 0.5)
    asked = ["tune", OXYGEN, str(tmp_path / "day.csv"), "--site", "ras", "--on", "history", "--json"]
    told = json.loads(CliRunner().invoke(app, asked).stdout)
    assert told["applied"] is False
    assert {"model", "confidence_95", "r2", "old", "new", "predicted"} <= told.keys()
    assert told["old"] == {"kc": 12.0, "ti_s": 480.0}
