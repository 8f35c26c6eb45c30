"""What rules say to people: kept on the disk once, over a crash too, and told; nothing is sent."""

import json
from pathlib import Path
from typing import Any

from controller.agent import Agent
from edge_config.loader import load_site
from edge_config.model.control import Rule
from foundation.clock import AcceleratedClock
from tests.test_agent import alive
from tests.wire.agent_on_wires import NOON_S, SITES, no_secret, until

TEXT = {"zh": "投喂时间到", "en": "Time to feed"}


def agent_at(directory: Path, wiring: Any, start_s: float = NOON_S) -> Agent:
    site = load_site(SITES / "ras.yaml").site
    rule = Rule.model_validate(
        {"id": "ras1.tank1.noon", "when": "time_between('12:00', '18:00')", "then": [{"notify": {"text": TEXT}}]}
    )
    with_rule = site.model_copy(update={"rules": (*site.rules, rule)})
    return Agent(with_rule, directory, AcceleratedClock(start_s, 20.0), no_secret, wiring)


def kept(directory: Path) -> list[dict[str, Any]]:
    lines = [line for file in directory.glob("notices-*.jsonl") for line in file.read_text("utf-8").split("\n")]
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]


async def test_a_notice_is_on_the_disk_and_told_and_kept_once_over_restarts(tmp_path: Path, nowhere: Any) -> None:
    async with alive(agent_at(tmp_path, nowhere)) as agent:
        await until(lambda: bool(kept(tmp_path)), "the notice on the disk")
    async with alive(agent_at(tmp_path, nowhere, NOON_S + 600.0)) as agent:
        scans = agent.health.scans
        await until(lambda: agent.health.scans > scans + 3, "three scans")
        (told,) = agent.notices(9)
    (line,) = kept(tmp_path)
    assert (line["rule"], line["text"]) == ("ras1.tank1.noon", {"zh-CN": TEXT["zh"], "en": TEXT["en"]})
    assert told.time_s == line["time_s"]


async def test_a_notice_whose_line_a_crash_took_is_kept_after_the_restart(tmp_path: Path, nowhere: Any) -> None:
    async with alive(agent_at(tmp_path, nowhere)):
        await until(lambda: bool(kept(tmp_path)), "the notice on the disk")
    (before,) = kept(tmp_path)
    (file,) = tmp_path.glob("notices-*.jsonl")  # noqa: ASYNC240  # the agent has ended
    file.write_bytes(file.read_bytes()[:-20])
    async with alive(agent_at(tmp_path, nowhere, NOON_S + 600.0)):
        await until(lambda: bool(kept(tmp_path)), "the notice again")
    assert kept(tmp_path) == [before]


def test_a_disk_that_takes_nothing_costs_no_scan_and_the_notice_waits(tmp_path: Path, nowhere: Any) -> None:
    agent = agent_at(tmp_path, nowhere)
    blocked = tmp_path / "notices-2026.jsonl"
    blocked.mkdir()
    for _ in range(3):
        agent.scan(agent.now())
    agent._notices.write()
    assert len(agent.notices(9)) == 1
    blocked.rmdir()
    agent._notices.write()
    assert len(kept(tmp_path)) == 1
