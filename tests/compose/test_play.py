"""`farmloop play`: a recording through the wires, at a speed that they keep, and an end by itself."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from controller.cli import app
from controller.compose.play import (
    EASY,
    FASTER,
    PATIENCE_S,
    REACTION_S,
    SLOWEST,
    STRAINED,
    Play,
    PlayPlan,
    SpeedError,
    fastest_speed,
    map_path,
    plan_play,
)
from edge_config.model.site import Site
from foundation.document import parse_document
from simulator.recording_files import RecordingError

FIRST_S = 1643644800.0
"""1 February 2022 in Shanghai."""
SITE = """\
schema: 1
site: {id: small, name: {zh: 甲, en: A}, timezone: Asia/Shanghai, latitude: 31.2, longitude: 121.5, scan: 60 s}
facilities: {gh1: {kind: greenhouse, zones: [bay1], name: {zh: 甲, en: A}}}
buses: {line: {protocol: modbus_rtu, port: by-id/x, baud: 115200, deadline: 2 s}}
devices:
  logger: {product: generic/logger, bus: line, unit: 1, period: 2 min, tags: {v1: gh1.bay1.air_temp}}
  shadow: {product: generic/io_node, bus: line, unit: 2, period: 10 min, watchdog: 30 min, tags: {out1: gh1.bay1.valve}}
tags:
  gh1.bay1.air_temp: {unit: degC, range: [0 degC, 40 degC], stale: 1 h}
outputs:
  gh1.bay1.valve: {type: analog, safe: 0 %, lease: 30 min, fail_safe_by: device}
programs:
  gh1.bay1.heat_sp: {value: 20 degC, limits: [5 degC, 30 degC]}
loops:
  gh1.bay1.heat_loop: {type: pid, pv: gh1.bay1.air_temp, sp: gh1.bay1.heat_sp, out: gh1.bay1.valve, period: 5 min,
                       kc: 10 %/K, ti: 1 h, on_loss: 0 %}
"""
MAP = "site: site.yaml\nfiles: [{path: day.csv, columns: {Tair: logger.v1}}]\n"


def recording(directory: Path, rows: int = 24) -> Path:
    """Rows every five minutes: 18 degC and a little, one cell empty and one too hot for a greenhouse. Its map."""
    cells = [f"{18 + index / 100}" for index in range(rows)]
    cells[5], cells[9] = "", "85"
    lines = [f"{FIRST_S + 300 * index:.0f},{cell}" for index, cell in enumerate(cells)]
    (directory / "site.yaml").write_text(SITE, "utf-8")
    (directory / "day.csv").write_text("\n".join(["time,Tair", *lines, ""]), "utf-8")
    (directory / "map.yaml").write_text(MAP, "utf-8")
    return directory / "map.yaml"


@pytest.mark.wire
def test_a_play_ends_by_itself_and_says_what_was_recorded(tmp_path: Path) -> None:
    arguments = ["play", str(tmp_path), "--map", str(recording(tmp_path)), "--speed", "3000", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "controller.cli", *arguments, "--directory", str(tmp_path / "kept")],
        capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert (said["site"], said["rows"], said["first_s"], said["last_s"]) == ("small", 24, FIRST_S, FIRST_S + 23 * 300)
    points = said["points"]["gh1.bay1.air_temp"]
    # once before the first row, and once for the empty cell, the logger had nothing to say
    assert points == {"good": 22, "range": 1, "sentinel": 2}
    assert said["dropped_points"] == 0
    assert said["devices"]["shadow"]["writes_failed"] == 0
    # the loop ran in shadow: its orders were written and move nothing
    outputs = json.loads((tmp_path / "kept" / "outputs.json").read_text("utf-8"))
    assert outputs == {"outputs": {"gh1.bay1.valve": 0.0}, "unsafe": []}
    assert said["devices"]["shadow"]["writes"] > 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--speed", "1000000"], "speed 1e+06: "),
        (["--from", "tomorrow"], "'tomorrow' is not a date"),
        (["--from", "2030-01-01"], "no row lies in the days"),
        (["--broker", "nowhere"], "'nowhere' is not HOST:PORT"),
    ],
)
def test_what_cannot_be_played_is_one_line_and_a_code(tmp_path: Path, options: list[str], words: str) -> None:
    done = CliRunner().invoke(app, ["play", str(tmp_path), "--map", str(recording(tmp_path)), *options])
    assert done.exit_code in (1, 2)
    assert done.stderr.startswith(words)
    assert (done.stdout, done.stderr.count("\n")) == ("", 1)


def test_a_mistake_in_the_map_is_told_with_its_place(tmp_path: Path) -> None:
    path = recording(tmp_path)
    path.write_text(MAP.replace("logger.v1", "logger.v2"), "utf-8")
    done = CliRunner().invoke(app, ["play", str(tmp_path), "--map", str(path)])
    assert (done.exit_code, done.stderr.startswith(f"{path}:2:41 E604 ")) == (1, True), done.stderr


# --- what is planned


def site(**changes: Any) -> Site:
    document = parse_document(SITE.encode(), "site.yaml").value
    for path, value in changes.items():
        *above, last = path.split("__")
        place = document
        for key in above:
            place = place[key]
        place[last] = value
    return Site.model_validate(document)


def test_the_fastest_speed_is_what_polls_messages_and_scans_leave_and_names_who_takes_most() -> None:
    forever = {"tags": {"gh1.bay1.air_temp": {"unit": "degC", "stale": "100 d"}}}
    fastest, whose = fastest_speed(site(**forever))
    assert whose == "the agent"
    hurried, whose = fastest_speed(site(**forever, devices__logger__period="5 s"))
    assert hurried < fastest / 5
    assert whose == "bus line"
    assert fastest_speed(site(**forever, site__scan="10 min"))[0] > 1.5 * fastest
    lease = {"type": "analog", "safe": "0 %", "lease": "30 s", "fail_safe_by": "device"}
    assert fastest_speed(site(**forever, outputs={"gh1.bay1.valve": lease}))[0] < fastest / 2


def test_no_value_may_go_stale_before_a_play_has_slowed_down() -> None:
    fastest, whose = fastest_speed(site())
    assert (fastest, whose) == (1800.0 / REACTION_S, "gh1.bay1.air_temp, stale after 3600 s,")


def test_a_wire_that_is_too_slow_at_any_speed_is_named() -> None:
    with pytest.raises(SpeedError, match=r"bus line: the wire is busy for \d+% of the time at 1200 baud"):
        fastest_speed(site(buses__line__baud=1200, devices__logger__period="100 ms"))


def test_some_days_of_the_recording_from_a_local_day_on(tmp_path: Path) -> None:
    map_file = recording(tmp_path)
    plan = plan_play(tmp_path, map_file, None, "2022-02-01 00:30", 1 / 24, "")
    assert (plan.first_s, plan.times_s["logger"][-1]) == (FIRST_S + 1800, FIRST_S + 1800 + 3300)
    assert (plan.rows, plan.speed) == (12, int(fastest_speed(plan.mapped.site)[0]))
    assert plan.start_s < plan.first_s
    with pytest.raises(RecordingError, match="is not a date"):
        plan_play(tmp_path, map_file, None, "1/2/2022", None, "")


def test_a_map_of_our_own_goes_by_its_name() -> None:
    assert map_path("agc2022").is_file()
    assert map_path("agc2023") == Path("agc2023")
    assert map_path("./agc2022") == Path("./agc2022")


# --- a machine that is too busy


class Heard(Play):
    """A play that runs nothing, and remembers its speeds."""

    def __init__(self, plan: PlayPlan) -> None:
        super().__init__(plan, 0, None)
        self.speeds: list[float] = []
        self.run_at(plan.speed)

    def run_at(self, speed: float) -> None:
        self._pace = speed
        self.speeds.append(speed)

    def look(self, now_s: float, strain: float) -> None:
        """The agent has seen rows up to the one that has waited so many polls and scans (2 + 1 min)."""
        self.see(now_s + strain * 180.0, now_s - 300.0)

    def see(self, now_s: float, source_s: float) -> None:
        self._keep_up({"now_s": now_s, "source_s": {"gh1.bay1.air_temp": source_s}})


def heard(directory: Path) -> Heard:
    plan = plan_play(directory, recording(directory, 5000), 2000.0, "", None, "")
    return Heard(replace(plan, speed=2000.0))


def test_a_play_slows_down_while_rows_come_ever_later_and_goes_back_to_speed(tmp_path: Path) -> None:
    play = heard(tmp_path)
    now_s = FIRST_S
    for strain in (0.0, STRAINED - 0.1, STRAINED + 1, STRAINED + 2, STRAINED + 1, EASY + 0.1, EASY - 0.1, 0.5, 0.5):
        now_s += 10 * PATIENCE_S
        play.look(now_s, strain)
        play.see(now_s + strain * 180.0 + PATIENCE_S / 2, FIRST_S)  # a change must have had time to show
    assert play.speeds == pytest.approx([2000.0, 1000.0, 500.0, 500.0 * FASTER, 500.0 * FASTER**2, 500.0 * FASTER**3])


def test_a_play_never_stands_still_and_what_is_over_is_not_waited_for(tmp_path: Path) -> None:
    play = heard(tmp_path)
    now_s = FIRST_S
    for step in range(1, 30):
        now_s += 10 * PATIENCE_S
        play.look(now_s, STRAINED + step)
    assert play.speeds[-1] == SLOWEST
    end_s = play.plan.times_s["logger"][-1]
    play.see(end_s + 1e6, end_s)
    assert play.speeds[-1] > SLOWEST
