"""The command: what it prints, where, with which exit code. Every failure is one line on stderr."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from controller.compose.demo import Demo, DemoFailed
from controller.kept_state import kept_in
from foundation.messages import LANGUAGES
from tests.edge_config.preset_sites import whole_site, write_site

SITES = Path(__file__).parents[1] / "edge_config/sites"
COMMANDS = ("check", "run", "demo", "sim", "doctor")


@pytest.fixture
def broken_site(tmp_path: Path) -> Path:
    """The fish farm with three mistakes in three places."""
    text = (SITES / "ras.yaml").read_text("utf-8")
    for old, new in (
        ("kind: ras,", "kind: rass,"),
        ("unit: 12,", "unit: 1200,"),
        ("when: \"ras1.tank1.do < '6.8 mg/L' and ", "when: \"ras1.tank1.do < '6.8 bar' and "),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "broken.yaml"
    path.write_text(text, "utf-8")
    return path


# --- the command line


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_tells_its_options(command: str, farmloop: Any) -> None:
    said = farmloop(command, "--help")
    assert (said.code, said.err) == (0, "")
    assert "Usage: farmloop" in said.out
    for option in re.findall(r"--[a-z]+", said.out):
        assert option in ("--help", "--json", "--language", "--directory", "--listen", "--wiring", "--speed", "--port",
                          "--for", "--seed", "--days", "--explain", "--resolved"), option  # fmt: skip


def test_without_a_command_it_tells_which_there_are(farmloop: Any) -> None:
    said = farmloop()
    assert all(command in said.out for command in COMMANDS)
    assert farmloop("--help").code == 0
    assert "simulator" not in said.out, "the processes of a demo are nobody's commands"


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ("nonesuch", "No such command 'nonesuch'. See farmloop --help"),
        ("check", "Missing argument 'site'. See farmloop check --help"),
        ("check ras --loud", "No such option: --loud. See farmloop check --help"),
        ("check none.yaml", "none.yaml: no such file, and no sample (greenhouse, solar-greenhouse, tunnel, "),
        ("check /", "/: Is a directory"),
        ("run wheat", "wheat: no such file, and no sample ("),
        ("run ras --listen 8080", "'8080' is not HOST:PORT"),
        ("run ras --listen 127.0.0.1:70000", "'127.0.0.1:70000' is not HOST:PORT"),
        ("run ras --listen 127.0.0.1:²", "is not HOST:PORT"),
        ("run ras --speed 0", "'--speed': 0 is not above 0. See farmloop run --help"),
        ("demo wheat", "wheat: no such file, and no sample ("),
        ("demo --port 70000", "'--port': "),
        ("demo --port x", "'--port': "),
        ("demo --speed nan", "'--speed': nan is not above 0"),
        ("demo --for -1", "'--for': -1 is below 0"),
        ("sim wheat", "wheat: no such file, and no sample ("),
        ("sim ras --days 0", "'--days': 0 is not above 0"),
        ("sim ras --days inf", "'--days': inf is not above 0"),
        ("sim ras --speed quick", "speed is 'quick': max, or a number of farm seconds a second"),
        ("sim ras --speed nan", "speed is 'nan': max, or"),
        ("sim ras --speed -1", "speed is '-1': max, or"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(arguments: str, part: str, farmloop: Any) -> None:
    said = farmloop(*arguments.split())
    assert (said.code, said.out) == (2, "")
    assert part in said.err
    assert said.err.count("\n") == 1


def test_a_mistake_of_ours_is_one_line_too(farmloop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("told\nin two lines")

    monkeypatch.setattr("edge_config.expand.read_site", broken)
    monkeypatch.delenv("FARMLOOP_TRACE", raising=False)
    said = farmloop("check", "ras")
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert said.err.startswith("farmloop broke: ZeroDivisionError: told in two lines (test_cli.py:")
    monkeypatch.setenv("FARMLOOP_TRACE", "1")
    assert "Traceback" in farmloop("check", "ras").err


def test_ctrl_c_is_not_a_failure_of_ours(farmloop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("edge_config.expand.read_site", interrupted)
    said = farmloop("check", "ras")
    assert (said.code, said.out) == (130, "")
    assert "Traceback" not in said.err


# --- check


def test_check_tells_what_a_preset_left_out_and_writes_out_what_it_made(farmloop: Any, tmp_path: Path) -> None:
    text = whole_site("greenhouse/tomato@1")
    site = write_site(tmp_path, re.sub(r"f1_z1_heater: f1.z1.heater, |  f1.z1.heater: .*\n", "", text))
    said = farmloop("check", str(site), "--explain")
    assert said.code == 0
    assert "loops f1.z1.heater_loop: there is f1.z1.mixing_valve instead" in said.out
    rows = farmloop("check", str(site), "--explain", "--json").json["left_out"]
    assert ("loops", "f1.z1.heater_loop", "instead") in {(one["section"], one["name"], one["why"]) for one in rows}
    written = tmp_path / "resolved.yaml"
    written.write_text(farmloop("check", str(site), "--resolved").out, "utf-8")
    assert "use: greenhouse" not in written.read_text("utf-8")
    assert farmloop("check", str(written)).code == 0


def test_check_of_a_good_site(farmloop: Any) -> None:
    said = farmloop("check", "farm")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[-1] == "farm: ok"
    document = farmloop("check", "farm", "--json").json
    assert document["ok"] is True
    assert all(problem["code"].startswith("W") for problem in document["problems"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_check_prints_every_mistake_with_its_place(language: str, broken_site: Path, farmloop: Any) -> None:
    said = farmloop("check", str(broken_site), "--language", language)
    assert (said.code, said.err) == (1, "")
    *problems, last = said.out.splitlines()
    assert last == f"{broken_site}: not ok"
    assert len(problems) >= 1
    for problem in problems:
        assert re.match(rf"{re.escape(str(broken_site))}:\d+:\d+ [EW]\d\d\d .", problem), problem
        assert "problem." not in problem
        assert "hint." not in problem
    assert any("rass" in problem for problem in problems)


def test_check_as_json_has_the_keys_that_scripts_rely_on(broken_site: Path, farmloop: Any) -> None:
    said = farmloop("check", str(broken_site), "--json")
    document = said.json
    assert (said.code, document["ok"]) == (1, False)
    assert [set(problem) for problem in document["problems"]] == [
        {"code", "file", "line", "column", "message", "hint"}
    ] * len(document["problems"])
    assert len(document["problems"]) >= 1


def test_check_of_what_cannot_be_read(tmp_path: Path, farmloop: Any) -> None:
    said = farmloop("check", str(tmp_path / "none.yaml"), "--json")
    assert (said.code, said.out) == (2, "")
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\x00\xff\xfe site")
    said = farmloop("check", str(binary), "--json")
    assert (said.code, said.json["ok"]) == (1, False)


@pytest.mark.parametrize("command", ["run", "sim", "simulator"])
def test_no_command_starts_on_a_broken_site(command: str, broken_site: Path, farmloop: Any, tmp_path: Path) -> None:
    said = farmloop(command, str(broken_site))
    assert (said.code, said.out) == (1, "")
    lines = said.err.splitlines()
    assert all(line.startswith(f"{broken_site}:") for line in lines), lines
    assert len(lines) == len(set(lines))


# --- sim


def test_sim_as_json_is_one_document_with_the_keys_that_scripts_rely_on(
    farmloop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.compose.simulate.SETTLE_S", 600.0)
    said = farmloop("sim", "ras", "--days", "0.01", "--seed", "3", "--json")
    document = said.json
    assert (said.code, said.err) == (0, "")
    assert {"site", "seed", "days", "real_time_factor", "loops", "survived"} <= set(document)
    assert (document["site"], document["seed"], document["days"], document["survived"]) == ("demo_ras", 3, 0.01, True)
    assert document["real_time_factor"] > 1
    assert len(document["loops"]) > 2
    for loop in document["loops"]:
        assert {"tag", "setpoint_source", "in_band_percent", "rms_error", "min", "max"} <= set(loop)


def test_sim_for_people_is_a_table(farmloop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.compose.simulate.SETTLE_S", 600.0)
    monkeypatch.setenv("COLUMNS", "120")
    said = farmloop("sim", "ras", "--days", "0.005")
    assert (said.code, said.err) == (0, "")
    assert [word for word in ("value", "setpoint", "held %", "band", "rms", "min", "max") if word not in said.out] == []
    assert "ras1.tank1.do" in said.out
    assert "±0.7 mg/L" in said.out
    assert "\x1b" not in said.out, "no colour where nobody sees it"


def test_sim_of_a_farm_that_dies_says_so(farmloop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from simulator.survival import Survival

    monkeypatch.setattr("controller.compose.simulate.SETTLE_S", 600.0)
    monkeypatch.setattr(Survival, "watch", lambda self, truth, dt_s: setattr(self, "alive", False))
    said = farmloop("sim", "ras", "--days", "0.001", "--json")
    assert (said.code, said.json["survived"]) == (1, False)


# --- doctor


def test_doctor_says_what_is_bad_and_what_to_do(farmloop: Any, tmp_path: Path) -> None:
    good = farmloop("doctor", "--directory", str(tmp_path / "var"))
    assert (good.code, good.err) == (0, "")
    assert all(line.startswith("ok   ") for line in good.out.splitlines())
    (tmp_path / "state.db").write_text("no database at all" * 100)
    bad = farmloop("doctor", "--directory", str(tmp_path))
    assert bad.code == 1
    (number,) = [index for index, line in enumerate(bad.out.splitlines()) if line.startswith("BAD  state.db")]
    assert bad.out.splitlines()[number + 1].startswith("       Check the disk")


def test_doctor_of_a_site_that_is_not_there(farmloop: Any, tmp_path: Path) -> None:
    said = farmloop("doctor", "wheat", "--directory", str(tmp_path))
    assert said.code == 1
    assert "BAD  wheat cannot be read" in said.out


def test_people_are_spoken_to_in_their_language(farmloop: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "时钟可信" in farmloop("doctor", "--directory", str(tmp_path)).out


# --- demo and run


async def test_a_demo_whose_port_is_taken_says_so_before_it_starts_anything(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        demo = Demo(SITES / "ras.yaml", port, 1.0, 1, tmp_path)
        with pytest.raises(DemoFailed, match=f"port {port}: Address already in use; --port 0 takes a free one"):
            await demo.__aenter__()
    assert (demo.simulator, demo.agent) == (None, None)


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "controller.cli", "run", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment},
    )  # fmt: skip


@pytest.mark.wire
def test_run_says_that_it_is_up_holds_its_directory_and_stops_when_told(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    text = (SITES / "ras.yaml").read_text("utf-8").replace("host: 192.168.10.23", "host: 127.0.0.1, port: 1")
    text = text.replace("panel: {listen: 127.0.0.1:8443}", 'panel: {listen: 127.0.0.1:8443, tls: "on"}')
    site.write_text(text.replace("port: 1883}", "port: 2}"), "utf-8")
    options = (str(site), "--directory", str(tmp_path / "var"), "--listen", "127.0.0.1:0", "--json")
    first = start(*options)
    assert first.stdout is not None
    ready = json.loads(first.stdout.readline())
    assert set(ready) == {"url", "sign_in", "pid", "fingerprint"}
    assert ready["pid"] == first.pid
    # a first boot: https by the box's own certificate, and the code that makes the first administrator
    code = (tmp_path / "var" / "set-up-code").read_text().strip()
    assert ready["sign_in"] == f"{ready['url']}set-up#code={code}"
    trusting = ssl.create_default_context(cafile=str(tmp_path / "var/tls/authority.pem"))
    with httpx.Client(base_url=ready["url"], verify=trusting, headers={"x-farmloop": "1"}) as browser:
        body = {"code": code, "name": "wang", "password": "carp under the third bridge"}
        made = browser.post("api/v1/set-up", json=body)
        assert (made.status_code, made.headers["set-cookie"].startswith("__Host-farmloop=")) == (201, True)
        assert browser.get("api/v1/system").json()["fingerprint"] == ready["fingerprint"]
        assert browser.post("api/v1/set-up", json=body).status_code == 404
    second = start(*options)
    out, err = second.communicate(timeout=60)
    assert (second.returncode, out) == (1, "")
    assert err == f"another agent runs in {tmp_path / 'var'}; give this one a --directory of its own\n"
    first.send_signal(signal.SIGTERM)
    out, err = first.communicate(timeout=60)
    assert (first.returncode, out) == (0, "")
    # warnings of wires that are not there, one JSON object a line, and nothing else
    assert {json.loads(line)["level"] for line in err.splitlines()} <= {"warning"}
    assert (kept_in(tmp_path / "var") or {})["at_s"] > 0


@pytest.mark.wire
def test_run_without_its_secret_does_not_start(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    text = (SITES / "ras.yaml").read_text("utf-8")
    site.write_text(text.replace("port: 1883}", "port: 1883, username: !secret user, password: !secret word}"), "utf-8")
    process = start(str(site), "--directory", str(tmp_path / "var"), FARMLOOP_SECRET_USER="farm")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert err.startswith(f"There is no secret word. Write it into {tmp_path / 'secrets.yaml'}")
    assert err.count("\n") == 1
