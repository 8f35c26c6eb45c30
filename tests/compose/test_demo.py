"""`farmloop demo` as scripts and people use it: one line, a clean stop, outputs safe, no process left."""

import json
import os
import signal
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.compose.demo_process import start
from tests.wire.servers import wait_for

pytestmark = pytest.mark.wire


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_demo_for_some_seconds_prints_one_line_and_stops_by_itself(tmp_path: Path) -> None:
    process, ready = start(tmp_path, "farm", "--for", "3")
    assert set(ready) == {"url", "sign_in", "pid"}
    with urllib.request.urlopen(ready["url"] + "healthz", timeout=5) as answer:
        assert answer.status == 200
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(ready["url"] + "api/v1/state", timeout=5)
    refused.value.close()
    assert refused.value.code == 401
    rest, errors = process.communicate(timeout=60)
    # 0 means that agent and simulator stopped in time (1.9 s together, or the supervisor counts it a failure) and safe
    assert (process.returncode, rest, errors) == (0, "", "")
    assert json.loads((tmp_path / "outputs.json").read_text())["unsafe"] == []
    assert not is_alive(ready["pid"])


def test_ctrl_c_stops_everything_and_leaves_the_outputs_safe(tmp_path: Path) -> None:
    process, ready = start(tmp_path, "ras")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")
    outputs = json.loads((tmp_path / "outputs.json").read_text())
    assert outputs["unsafe"] == []
    assert outputs["outputs"]["ras1.tank1.pump"] is True
    assert not is_alive(ready["pid"])


def test_a_demo_whose_agent_dies_fails(tmp_path: Path) -> None:
    process, ready = start(tmp_path, "ras")
    os.kill(ready["pid"], signal.SIGKILL)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "agent ended by itself" in errors


def test_when_the_supervisor_is_killed_agent_and_simulator_go_too(tmp_path: Path) -> None:
    process, ready = start(tmp_path, "ras")
    process.kill()
    process.communicate(timeout=30)
    wait_for(lambda: not is_alive(ready["pid"]), 20, "the orphaned agent to go")
    wait_for(lambda: (tmp_path / "outputs.json").is_file(), 20, "the simulator's last word")
