"""What the agent takes of a small box: memory and idle CPU, and how punctual its scan is.

200 tags at 1 Hz on serial lines, Modbus TCP and MQTT, 20 loops that each write an output. The simulated farm runs in a
process of its own; the agent is `farmloop run` with its panel and its record, and nothing of the simulator in it.
Half of the time 50 panels follow it: what they cost, and whether the scan feels them. The parts alternate, so that
whatever else the machine does falls on both.

`python -m benchmarks.agent_footprint run …` is that agent, with the lateness of every scan written down.
"""

import json
import os
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import psutil

from benchmarks.agents import agent, process, write_site
from benchmarks.followers import following
from benchmarks.generated import TAGS_A_BAY, site_document
from benchmarks.rows import GOAL, Row, percentile, row
from controller.access import NAME as ACCESS
from controller.kept_state import kept_in
from controller.panel.client import COOKIE

BAYS = 20
SECONDS = 60.0
PARTS = 4
"""Every second one with panels that follow."""
PANELS = 50
GOAL_RSS_MB, GOAL_CPU_PERCENT, GOAL_LATE_MS = 150.0, 15.0, 50.0
GOAL_PANELS_PERCENT = 10.0
NOISE_MS = 1.0
"""Two parts of one kind differ by as much: a p99 of 30 scans is the slowest of them."""
WIRING_S = 30.0
SETTLE_S = 8.0
_LATENESS = "FARMLOOP_BENCHMARK_LATENESS"


def main() -> None:
    """`farmloop` with one line a scan in a file: by how much it was late and how long it took, in s."""
    from controller import agent as agent_module
    from controller import cli
    from controller.core.words import ScanResult

    with Path(os.environ[_LATENESS]).open("w", buffering=1) as lines:

        class Watched(agent_module.Agent):
            def scan(self, now_s: float) -> ScanResult:
                result = super().scan(now_s)
                lines.write(f"{self.health.late_s} {self.health.scan_s}\n")
                return result

        with patch("controller.running.Agent", Watched):
            cli.main()


def _wait_for(path: Path) -> None:
    end_s = time.monotonic() + WIRING_S
    while not path.exists():
        if time.monotonic() > end_s:
            raise RuntimeError("the simulated farm did not start")
        time.sleep(0.05)


@dataclass(slots=True)
class Parts:
    """What was seen of one kind of part."""

    cpu_s: float = 0.0
    wall_s: float = 0.0
    late_s: list[float] = field(default_factory=list)
    scan_s: list[float] = field(default_factory=list)

    @property
    def cpu_percent(self) -> float:
        return self.cpu_s / self.wall_s * 100.0


def measure(seconds: float, directory: Path, bays: int = BAYS, panels: int = PANELS) -> dict[str, float]:
    """The agent's figures over twice `seconds`."""
    site = write_site(directory, site_document(bays))
    wiring, lateness = directory / "wiring.json", directory / "lateness.txt"
    os.environ[_LATENESS] = str(lateness)
    alone, followed = Parts(), Parts()
    with process("simulator", str(site), "--directory", str(directory)):
        _wait_for(wiring)
        with agent(site, wiring, module=("benchmarks.agent_footprint",)) as started:
            watched = psutil.Process(started.pid)
            start_cpu_s = _cpu_s(watched)
            access = json.loads((directory / "agent" / ACCESS).read_text("utf-8"))
            time.sleep(SETTLE_S)
            rss_mb, threads, events = 0.0, 0, 0
            for part in range(PARTS):
                given = followed if part % 2 else alone
                who = following(access["url"], f"{COOKIE}={access['session']}", panels) if part % 2 else nullcontext()
                with who as heard:
                    seen, cpu_s, begun_s = len(lateness.read_text().splitlines()), _cpu_s(watched), time.monotonic()
                    time.sleep(2.0 * seconds / PARTS)
                    given.cpu_s += _cpu_s(watched) - cpu_s
                    given.wall_s += time.monotonic() - begun_s
                    scans = [line.split() for line in lateness.read_text().splitlines()[seen:]]
                    given.late_s += [float(late) for late, _ in scans]
                    given.scan_s += [float(took) for _, took in scans]
                    if heard is None:
                        rss_mb = max(rss_mb, watched.memory_info().rss / 1e6)
                        threads = max(threads, watched.num_threads())
                    else:
                        events += heard.events
        state = kept_in(directory / "agent") or {}
    return {
        "rss_mb": rss_mb,
        "cpu_percent": alone.cpu_percent,
        "threads": threads,
        "scans": len(alone.late_s),
        "late_p99_ms": percentile(alone.late_s, 99) * 1e3,
        "scan_p99_ms": percentile(alone.scan_s, 99) * 1e3,
        "start_cpu_s": start_cpu_s,
        "loops_moved": sum(value > 0 for value in state["applied"].values()),
        "panels_percent": max(0.0, followed.cpu_percent - alone.cpu_percent),
        "followed_late_p99_ms": percentile(followed.late_s, 99) * 1e3,
        "events": events / panels / followed.wall_s,
    }


def _cpu_s(watched: psutil.Process) -> float:
    times = watched.cpu_times()
    return float(times.user + times.system)


def run(quick: bool = False) -> list[Row]:
    """All rows; two and a half minutes."""
    bays = 2 if quick else BAYS
    with TemporaryDirectory(prefix="farmloop-") as name:
        found = measure(2.0 if quick else SECONDS, Path(name), bays)
    if not found["loops_moved"]:
        raise RuntimeError("no loop moved its output: what was measured is not a farm")
    if found["events"] < 0.5:
        raise RuntimeError("the panels heard nothing: what was measured is no stream")
    what = f"agent with {bays * TAGS_A_BAY} tags at 1 Hz"
    with_panels = f"{PANELS} panels that follow {bays * TAGS_A_BAY} tags at 1 Hz"
    return [
        row(f"{what}: resident memory", found["rss_mb"], GOAL, GOAL_RSS_MB, "MB") | {"threads": found["threads"]},
        row(f"{what}: CPU, of one core", found["cpu_percent"], GOAL, GOAL_CPU_PERCENT, "%"),
        row(f"{what}: scan late, p99 of {found['scans']}", found["late_p99_ms"], GOAL, GOAL_LATE_MS, "ms"),
        row(f"{what}: scan, record and panel, p99", found["scan_p99_ms"], "the goal of the scan alone", 5.0, "ms", 0.2),
        row(f"{what}: CPU until its panel is up", found["start_cpu_s"], GOAL, 5.0, "s"),
        row(f"{with_panels}: more CPU, of one core", found["panels_percent"], GOAL, GOAL_PANELS_PERCENT, "%")
        | {"events_a_second": round(found["events"], 2)},
        row(
            f"{with_panels}: scan late, p99",
            found["followed_late_p99_ms"],
            "without them, and 1 ms",
            found["late_p99_ms"] + NOISE_MS,
            "ms",
        ),
    ]


if __name__ == "__main__":
    sys.argv[0] = "farmloop"
    main()
