"""`farmloop score`: who is scored sees the same farm, the same seeds give the same numbers, and gates come first."""

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from controller.cli import app
from controller.compose.contenders import Farmloop, Peer, Targets
from controller.compose.score import CONTROLLERS, Score, score
from controller.compose.score_plot import PlotError, draw, pictures
from controller.compose.score_run import FARMLOOP, Outcome, run_once
from controller.compose.score_table import page
from controller.core.build import build
from controller.core.words import Override, SetpointChange
from edge_config.loader import load_site
from foundation.reading import Quality, Reading, Reason, Value
from simulator.loaded_scenario import LoadedScenario
from simulator.references import REFERENCES
from simulator.scenario import Goal
from simulator.scenario_file import load_scenario, names, scenario_path
from tests.wire.servers import wait_for

METRICS = {"iae", "out_of_band", "min", "max", "travel", "switches", "energy_kwh"}
FISH = """\
schema: 1
id: short_fish
name: {zh: 短, en: Short}
source: a test
site: ras
facility: ras1
start: 2026-03-20T11:50
settle: 3 min
length: 12 min
seeds: 2
timeline:
  - {at: 2 min, for: 3 min, power: cut}
  - {at: 2 min, for: 3 min, force: {circulation.pump: 0, blower: 0, tank1.emergency_diffuser: 1}}
  - {at: 7 min, fault: ras1.tank1.do_a, form: spike, values: {by: 1, every_s: 60}}
values:
  - {port: tank1.oxygen, setpoint: ras1.tank1.do_sp, band: [-0.5 mg/L, 0.5 mg/L]}
goals:
  - {metric: min, at_least: 3}
  - {metric: iae, at_most: 1.0, of: undisturbed}
"""
LEAVES = """\
schema: 1
id: short_leaves
name: {zh: 短, en: Short}
source: a test
site: plant-factory
facility: pf1
start: 2026-03-20T05:57
settle: 3 min
length: 10 min
timeline:
  - {at: 4 min, set: pf1.rack1.temp_sp, to: 21 degC}
values:
  - {port: air.temperature, setpoint: pf1.rack1.temp_sp, band: [-1 K, 1 K]}
goals:
  - {metric: max, at_most: 30}
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    found = (tmp_path / "fish.yaml", tmp_path / "leaves.yaml")
    for path, text in zip(found, (FISH, LEAVES), strict=True):
        path.write_text(text, "utf-8")
    return found


def scored(files: tuple[Path, ...], *options: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "controller.cli", "score", *map(str, files), "--seeds", "2", "--json", *options],
        capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return list(json.loads(done.stdout))


def test_the_same_seeds_give_the_same_numbers_in_two_processes(files: tuple[Path, Path]) -> None:
    all_of_them = scored(files)
    assert [one["scenario"] for one in all_of_them] == ["short_fish", "short_leaves"]
    for one in all_of_them:
        assert one["seeds"] == 2
        assert list(one["controllers"]) == list(CONTROLLERS)
        for told in one["controllers"].values():
            assert told["survived"] is True
            assert told["gates"] == {"survival": True, "books": True}
            assert set(told["metrics"]) >= METRICS
            assert set(told["worst_seed"]) >= METRICS | {"seed"}
    again = scored(files[:1], "--controller", "farmloop", "--controller", "period-pid")
    for name in ("farmloop", "period-pid"):
        mine, before = again[0]["controllers"][name], all_of_them[0]["controllers"][name]
        assert (mine["metrics"], mine["worst_seed"]) == (before["metrics"], before["worst_seed"])
    first = all_of_them[0]["controllers"]
    assert len({json.dumps(one["metrics"]) for one in first.values()}) == len(CONTROLLERS)


def hasty(loaded: LoadedScenario) -> LoadedScenario:
    """The same scenario, all of it within four minutes."""
    share = 240.0 / loaded.scenario.length
    events = tuple(
        one.model_copy(update={"at": one.at * share, "for_": None if one.for_ is None else one.for_ * share})
        for one in loaded.scenario.timeline
    )
    return replace(
        loaded, scenario=loaded.scenario.model_copy(update={"length": 240.0, "settle": 30.0, "timeline": events})
    )


@pytest.mark.parametrize("name", names())
def test_every_scenario_that_ships_runs_with_every_controller(name: str) -> None:
    loaded = hasty(load_scenario(scenario_path(name)))
    ran = {who: run_once(loaded, who, 1, traced=True) for who in CONTROLLERS}
    for who, outcome in ran.items():
        for goal in loaded.scenario.goals:
            assert who != FARMLOOP or goal.metric in outcome.metrics
        assert outcome.metrics["iae"] is not None
        assert outcome.metrics["books"] < 1e-6, who  # energy, water, gases and salts, whatever happens to the farm
        assert outcome.trace is not None
        assert outcome.trace.hours[-1] == pytest.approx(240.0 / 3600.0, rel=0.1)
    assert ran[FARMLOOP].metrics["alarms"] is not None
    assert "alarms" not in ran["hysteresis"].metrics


def test_fish_live_through_a_dead_pump_with_us_and_die_with_a_thermostat() -> None:
    loaded = load_scenario(scenario_path("s04_pump_fails"))
    loaded = replace(loaded, scenario=loaded.scenario.model_copy(update={"settle": 3600.0}))
    ours, theirs = (run_once(loaded, who, 1, length_s=3 * 3600.0) for who in (FARMLOOP, "hysteresis"))
    assert ours.survived
    assert ours.metrics["min"] is not None
    assert ours.metrics["min"] > 6.0
    after, all_day = (ours.metrics[f"energy.electricity{of}"] or 0.0 for of in (":after_fault", ""))
    assert 0.4 < after / all_day < 0.6  # half of three hours
    assert not theirs.survived
    assert "oxygen" in theirs.cause


def test_hours_of_runs_are_gone_on_with_and_a_run_of_an_older_farm_is_made_again(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, loaded = tmp_path / "kept", [load_scenario(files[1])]
    made: list[int] = []

    def counted(*told: Any) -> Outcome:
        made.append(told[2])
        return run_once(*told, length_s=60.0)

    monkeypatch.setattr("controller.compose.score_kept.run_once", counted)
    first = score(loaded, ["hysteresis"], 2, workers=1, keep=keep)
    assert score(loaded, ["hysteresis"], 2, workers=1, keep=keep) == first
    assert made == [1, 2]
    torn = keep / "leaves-hysteresis-2.json"
    torn.write_text(torn.read_text("utf-8")[:50], "utf-8")
    assert score(loaded, ["hysteresis"], 2, workers=1, keep=keep, run=False)[0].seeds == 1
    assert score(loaded, ["hysteresis"], 2, workers=1, keep=keep) == first
    assert made == [1, 2, 2]
    monkeypatch.setattr("controller.compose.score_kept.code_digest", lambda: "another")
    assert score(loaded, ["hysteresis"], 2, workers=1, keep=keep, run=False) == []
    score(loaded, ["hysteresis"], 1, workers=1, keep=keep)
    assert made == [1, 2, 2, 1]


def test_a_run_whose_energy_or_water_is_not_accounted_for_is_lost(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.compose.score_run.BOOKS", 0.0)
    outcome = run_once(load_scenario(files[1]), "hysteresis", 1, length_s=30.0)
    assert (outcome.survived, outcome.cause, outcome.gates["books"]) == (False, "books", False)


# --- who is scored


def test_a_controller_without_power_is_deaf_and_dumb_and_starts_again_once(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    scans: list[float] = []
    starts: list[float] = []

    class Watched(Farmloop):
        def step(self, *told: Any) -> Any:
            scans.append(told[-1])
            return super().step(*told)

        def restart(self, now_s: float) -> None:
            starts.append(now_s)
            super().restart(now_s)

    monkeypatch.setattr("controller.compose.score_run.Farmloop", Watched)
    loaded = load_scenario(files[0])
    cut_s, back_s = loaded.start_s + 120.0, loaded.start_s + 300.0
    done = run_once(loaded, FARMLOOP, 1, length_s=400.0)
    assert starts == [back_s]
    assert [one for one in scans if cut_s <= one < back_s] == []
    assert len(scans) == 180 + 400 - 180
    assert done.metrics["ras1.tank1.emergency_o2:on_after_s"] == 0.0  # relays fall to their safe positions
    bump = done.metrics["bump"]
    assert bump is not None
    assert 0.0 < bump < 5.0
    monkeypatch.setattr("controller.compose.score_run.Farmloop", Forgetful)
    forgot = run_once(loaded, FARMLOOP, 1, length_s=400.0).metrics["bump"]
    assert forgot is not None
    assert forgot > 5.0  # a start from nothing is what the metric is there to see


def test_people_enter_what_the_farm_truly_is_and_a_farm_that_starts_again_is_told_it_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = (
        "people:\n  - {enter: ras1.tank1.weighed, port: tank1.mean_weight, every: 5 min}\n"
        "  - {enter: ras1.tank1.count, port: tank1.fish}\n"
    )
    path = tmp_path / "fish.yaml"
    path.write_text(FISH.replace("timeline:\n", f"{rounds}timeline:\n"), "utf-8")
    loaded = load_scenario(path)
    told: list[tuple[str, float, float]] = []

    class Listening(Farmloop):
        def step(self, readings: list[Reading], *rest: Any) -> Any:
            entered = [one for one in readings if one.tag.endswith(("weighed", "count"))]
            told.extend((one.tag.rpartition(".")[2], one.number or 0.0, rest[-1] - loaded.start_s) for one in entered)
            return super().step(readings, *rest)

    monkeypatch.setattr("controller.compose.score_run.Farmloop", Listening)
    run_once(loaded, FARMLOOP, 0)
    plant = loaded.field(0, loaded.start_s).grounds["ras1"].truth
    assert [(name, at_s) for name, _, at_s in told] == [
        ("weighed", -179.0), ("count", -179.0),
        # the box was dark: what was due then is entered once it is back, beside what stood before
        ("weighed", 300.0), ("count", 300.0), ("weighed", 300.0), ("weighed", 600.0),
    ]  # fmt: skip
    for name, value, _ in told:
        true = plant["tank1.fish"] if name == "count" else plant["tank1.mean_weight"] / 1000.0
        assert value == pytest.approx(true, rel=0.01)


@pytest.mark.parametrize(
    ("name", "zone", "port", "most_kg"),
    [("pond", "pond1.water", "pond.biomass", 1e6), ("aquaponics", "aq1.tank1", "tank1.biomass", 1000.0)],
)
def test_on_a_normal_day_somebody_has_weighed_the_fish_that_are_fed(
    name: str, zone: str, port: str, most_kg: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Value | None] = []

    class Watched(Farmloop):
        def step(self, *rest: Any) -> Any:
            done = super().step(*rest)
            told[:] = [self.state.values[f"{zone}.biomass"]]
            return done

    monkeypatch.setattr("controller.compose.score_run.Farmloop", Watched)
    usual = load_scenario(scenario_path(f"normal_day_{name}"))
    loaded = replace(usual, scenario=usual.scenario.model_copy(update={"settle": 60.0}))
    run_once(loaded, FARMLOOP, 1, length_s=900.0)
    true_kg = loaded.field(1, loaded.start_s).grounds[loaded.scenario.facility].truth[port]
    assert told == [pytest.approx(true_kg, rel=0.01)]
    assert true_kg < most_kg  # else the farm rightly tells of it


class Forgetful(Farmloop):
    """A controller that keeps nothing over a cut."""

    def restart(self, now_s: float) -> None:
        self.state = self.core.start(now_s)


RAS = Path("edge_config/sites/ras.yaml")
NOON_S = 1_774_065_600.0


def test_a_restarted_controller_goes_on_with_what_it_kept() -> None:
    site = load_site(RAS).site
    who = Farmloop(site, NOON_S)
    wish = SetpointChange("1", "ras1.tank1.do_sp", 8.2, "somebody", NOON_S)
    who.step([], (), [wish], NOON_S + 1.0)
    for second in range(2, 20):
        who.step([], (), [], NOON_S + second)
    who.restart(NOON_S + 600.0)
    who.step([], (), [], NOON_S + 601.0)
    assert who.state.values["ras1.tank1.do_sp"] == 8.2


def peer(name: str) -> tuple[Peer, Targets]:
    site = load_site(RAS).site
    targets = Targets(build(site))
    return Peer(name, site, targets, {}, NOON_S), targets


def told(who: Peer, targets: Targets, oxygen: float | None, seconds: range) -> dict[str, Any]:
    """What it ordered last, by device tag, with both probes at `oxygen` (the second 1 mg/L higher)."""
    orders: dict[str, Any] = {}
    for second in seconds:
        now_s = NOON_S + second
        quality = Quality.BAD if oxygen is None else Quality.GOOD
        readings = [
            Reading("ras1.tank1.do_a", oxygen, quality, Reason.COMM if oxygen is None else None, now_s),
            Reading("ras1.tank1.do_b", 9.0, Quality.GOOD, None, now_s),
            Reading("ras1.tank1.water_temp", 25.0, Quality.GOOD, None, now_s),
            Reading("ras1.tank1.ph", 7.2, Quality.GOOD, None, now_s),
        ]
        targets.step([], now_s)
        orders |= dict(who.step(readings, (), [], now_s))
    return orders


def test_a_peer_works_the_sites_loops_and_leaves_the_rest_where_it_idles() -> None:
    who, targets = peer("hysteresis")
    orders = told(who, targets, 7.0, range(1, 5))
    assert orders["ras1.tank1.o2_valve"] is True  # by the first probe: it cannot vote
    assert orders["ras1.tank1.pump"] is True
    assert orders["ras1.tank1.emergency_o2"] is False
    assert orders["ras1.tank1.blower"] == pytest.approx(100.0)
    assert orders["ras1.tank1.feeder"] is True  # the meal at twelve is everybody's
    # renewed within the lease, so that no watchdog trips
    assert "ras1.tank1.pump" in told(who, targets, 7.0, range(5, 13))


def test_a_peer_is_held_where_the_scenario_says_and_gives_way_to_a_hand() -> None:
    site = load_site(RAS).site
    targets = Targets(build(site))
    who = Peer("simple-pid", site, targets, {"ras1.tank1.standby_pump": 100.0}, NOON_S)
    wishes: list[Any] = [
        Override("1", "ras1.tank1.blower", 35.0, "somebody", NOON_S + 60.0),
        SetpointChange("2", "ras1.tank1.do_sp", 9.0, "somebody", NOON_S + 1.0),
    ]
    targets.step(wishes, NOON_S + 1.0)
    assert targets.values["ras1.tank1.do_sp"] == 9.0
    orders = dict(who.step([], (), wishes, NOON_S + 1.0))
    assert orders["ras1.tank1.standby_pump"] is True
    assert orders["ras1.tank1.blower"] == pytest.approx(35.0)
    later = dict(who.step([], (), [], NOON_S + 61.0))
    assert later["ras1.tank1.blower"] == pytest.approx(60.0)  # nothing heard, nothing wanted: it idles


def test_a_peer_whose_probe_is_lost_does_what_its_kind_does() -> None:
    last: dict[str, Any] = {}
    for name in REFERENCES:
        who, targets = peer(name)
        told(who, targets, 6.5, range(1, 70))
        orders = told(who, targets, None, range(70, 400))
        last[name] = orders["ras1.tank1.blower"]
    assert last["hysteresis"] > 60.0  # goes on as it was
    assert last["simple-pid"] > 60.0
    assert last["period-pid"] == pytest.approx(60.0)  # nothing wanted: the blower idles


# --- what is made of it


def outcome(who: str, seed: int, survived: bool = True, **metrics: float | None) -> Outcome:
    return Outcome(who, seed, survived, "" if survived else "fish died", {"survival": survived}, dict(metrics))


def some_score(files: tuple[Path, Path], **outcomes: list[Outcome]) -> Score:
    return Score(load_scenario(files[0]), 2, {name.replace("_", "-"): runs for name, runs in outcomes.items()})


def test_a_goal_holds_in_the_worst_seed_and_one_that_never_came_about_is_missed(files: tuple[Path, Path]) -> None:
    score = some_score(
        files,
        farmloop=[outcome("farmloop", 1, iae=1.0, alarm_s=20.0), outcome("farmloop", 2, iae=3.0, alarm_s=None)],
        simple_pid=[outcome("simple-pid", 1, iae=4.0), outcome("simple-pid", 2, iae=6.0)],
    )
    assert score.middle("farmloop")["iae"] == 2.0
    assert score.worst_seed("farmloop").seed == 2
    assert score.meets("farmloop", Goal(metric="iae", at_most=2.5)) is False
    assert score.meets("farmloop", Goal(metric="iae", at_most=2.5, seeds="median")) is True
    assert score.meets("farmloop", Goal(metric="iae", at_least=1.0)) is True
    assert score.meets("farmloop", Goal(metric="alarm_s", at_most=60)) is False
    half_of_theirs = Goal(metric="iae", at_most=0.5, of="simple-pid")  # 1 of 4, and 3 of 6: seed by seed
    assert score.value("farmloop", half_of_theirs) == 0.5
    assert score.meets("farmloop", half_of_theirs) is True
    assert score.meets("farmloop", Goal(metric="iae", at_most=0.49, of="simple-pid")) is False
    assert score.meets("farmloop", Goal(metric="iae", at_most=0.4, of="simple-pid", seeds="median")) is True
    assert score.meets("farmloop", Goal(metric="iae", at_most=1.0, of="hysteresis")) is None
    fewer = replace(score, outcomes={**score.outcomes, "simple-pid": score.outcomes["simple-pid"][:1]})
    assert fewer.value("farmloop", half_of_theirs) == 0.25  # in the seed that both have run
    assert score.skill("farmloop")["iae"] == 0.6


def test_what_dies_in_one_seed_is_lost(files: tuple[Path, Path]) -> None:
    runs = [outcome("farmloop", 1, iae=9.0, min=5.0), outcome("farmloop", 2, survived=False, iae=1.0, min=5.0)]
    score = some_score(files, farmloop=runs)
    assert score.survived("farmloop") is False
    assert score.gates("farmloop") == {"survival": False}
    assert score.worst_seed("farmloop").seed == 2
    assert score.points("farmloop") == 0.0


def test_points_go_from_the_best_peer_to_the_goal_and_to_nothing_when_something_died(files: tuple[Path, Path]) -> None:
    def score(ours: float, theirs: float, survived: bool = True) -> float:
        made = some_score(
            files,
            farmloop=[outcome("farmloop", 1, survived, iae=ours, min=5.0)],
            simple_pid=[outcome("simple-pid", 1, iae=theirs, min=5.0)],
        )
        goal = Goal(metric="iae", at_most=1.0)
        scenario = made.loaded.scenario.model_copy(update={"goals": (goal,)})
        return replace(made, loaded=replace(made.loaded, scenario=scenario)).points("farmloop")

    assert score(1.0, 5.0) == 100.0
    assert score(0.2, 5.0) == 100.0
    assert score(3.0, 5.0) == 50.0
    assert score(6.0, 5.0) == 0.0
    assert score(0.2, 5.0, survived=False) == 0.0
    assert score(2.0, 0.5) == 0.0


def test_the_page_tells_what_was_lost_and_what_was_missed(files: tuple[Path, Path]) -> None:
    score = some_score(
        files,
        farmloop=[outcome("farmloop", 1, iae=1.0, min=2.0)],
        simple_pid=[outcome("simple-pid", 7, survived=False, iae=9.0, min=0.5)],
    )
    text = page([score])
    assert "| farmloop, 1 seed | yes |" in text
    assert "**no**: fish died, seed 7" in text
    assert "`min ≥ 3 in the worst seed` | 2 ✗ | 0.5 ✗ |" in text
    assert "**0, lost**" in text
    assert "ras1.tank1.do_loop" in text


def test_a_picture_needs_nothing_from_anywhere(files: tuple[Path, Path], tmp_path: Path) -> None:
    loaded = load_scenario(files[0])
    trace = run_once(loaded, "simple-pid", 1, traced=True).trace
    assert trace is not None
    found = pictures(loaded, {"simple-pid": trace})
    assert found[0].title.endswith("tank1.oxygen, mg/L")
    draw(found, tmp_path / "x.html")
    text = (tmp_path / "x.html").read_text("utf-8")
    assert text.count("<svg") == len(found) >= 2
    assert "http" not in text
    draw(found[:2], tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(PlotError, match=r"\.png or \.html"):
        draw(found, tmp_path / "x.gif")


# --- the command


def test_an_unknown_name_is_told_with_the_nearest_one(files: tuple[Path, Path], tmp_path: Path) -> None:
    for arguments, near in (
        (["s04_pump"], "s04_pump_fails"),
        (["s04_pump_fails", "--controller", "simple_pid"], "simple-pid"),
    ):
        done = CliRunner().invoke(app, ["score", *arguments])
        assert done.exit_code == 2
        assert f"did you mean {near}?" in done.stderr
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(FISH.replace("tank1.oxygen,", "tank1.oxigen,"), "utf-8")
    done = CliRunner().invoke(app, ["score", str(wrong)])
    assert done.exit_code == 1
    assert "wrong.yaml:16:12 E702" in done.stderr


def test_when_whoever_asked_is_killed_nothing_of_it_works_on(files: tuple[Path, Path]) -> None:
    asked = [sys.executable, "-m", "controller.cli", "score", str(files[0]), "--controller", "farmloop"]
    process = subprocess.Popen(asked, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: len(workers_of(process.pid)) == 2, 60, "two seeds at work")
    workers = workers_of(process.pid)
    process.kill()
    process.wait()
    wait_for(lambda: not any(map(parent_of, workers)), 30, "the orphaned workers to go")


def workers_of(parent: int) -> list[int]:
    """Processes that it began to work out runs."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            if parent_of(int(folder.name)) == parent and b"spawn_main" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def parent_of(pid: int) -> int:
    """0 of one that has ended, whether or not anybody took note."""
    try:
        state, ppid = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return 0
    return 0 if state == "Z" else int(ppid)


def test_people_read_a_table_with_every_goal(files: tuple[Path, Path]) -> None:
    done = CliRunner().invoke(app, ["score", str(files[1]), "--seeds", "1", "--controller", "hysteresis"])
    assert done.exit_code == 0
    assert "short_leaves: air.temperature in degC" in done.stdout
    assert "met     max ≤ 30 in the worst seed" in done.stdout
