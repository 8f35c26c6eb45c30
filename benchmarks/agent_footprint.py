"""What the agent takes of a small box: memory and idle CPU, and how punctual its scan is.

200 tags at 1 Hz on serial lines, Modbus TCP and MQTT, 20 loops that each write an output. The simulated farm runs in a
process of its own; the agent is `farmloop run` with its panel and its record, and nothing of the simulator in it.

`python -m benchmarks.agent_footprint run …` is that agent, with the lateness of every scan written down.
"""

import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import psutil

from benchmarks.agents import agent, process, write_site
from benchmarks.generated import TAGS_A_BAY, site_document
from benchmarks.rows import GOAL, Row, percentile, row
from controller.kept_state import kept_in

BAYS = 20
SECONDS = 60.0
GOAL_RSS_MB, GOAL_CPU_PERCENT, GOAL_LATE_MS = 150.0, 15.0, 50.0
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


def measure(seconds: float, directory: Path, bays: int = BAYS) -> dict[str, float]:
    """The agent's figures over `seconds`."""
    site = write_site(directory, site_document(bays))
    wiring, lateness = directory / "wiring.json", directory / "lateness.txt"
    os.environ[_LATENESS] = str(lateness)
    with process("simulator", str(site), "--directory", str(directory)):
        _wait_for(wiring)
        with agent(site, wiring, module=("benchmarks.agent_footprint",)) as started:
            watched = psutil.Process(started.pid)
            start_cpu_s = _cpu_s(watched)
            time.sleep(SETTLE_S)
            before = len(lateness.read_text().splitlines())
            cpu_s, wall_s = _cpu_s(watched), time.monotonic()
            rss_mb, threads = 0.0, 0
            while time.monotonic() < wall_s + seconds:
                time.sleep(min(2.0, seconds))
                rss_mb = max(rss_mb, watched.memory_info().rss / 1e6)
                threads = max(threads, watched.num_threads())
            cpu_s, wall_s = _cpu_s(watched) - cpu_s, time.monotonic() - wall_s
            lines = lateness.read_text().splitlines()[before:]
        state = kept_in(directory / "agent") or {}
    scans = [[float(number) for number in line.split()] for line in lines]
    return {
        "rss_mb": rss_mb,
        "cpu_percent": cpu_s / wall_s * 100.0,
        "threads": threads,
        "scans": len(scans),
        "late_p99_ms": percentile([late for late, _ in scans], 99) * 1e3,
        "scan_p99_ms": percentile([took for _, took in scans], 99) * 1e3,
        "start_cpu_s": start_cpu_s,
        "loops_moved": sum(value > 0 for value in state["applied"].values()),
    }


def _cpu_s(watched: psutil.Process) -> float:
    times = watched.cpu_times()
    return float(times.user + times.system)


def run(quick: bool = False) -> list[Row]:
    """All rows; a minute and a half."""
    bays = 2 if quick else BAYS
    with TemporaryDirectory(prefix="farmloop-") as name:
        found = measure(2.0 if quick else SECONDS, Path(name), bays)
    if not found["loops_moved"]:
        raise RuntimeError("no loop moved its output: what was measured is not a farm")
    what = f"agent with {bays * TAGS_A_BAY} tags at 1 Hz"
    return [
        row(f"{what}: resident memory", found["rss_mb"], GOAL, GOAL_RSS_MB, "MB") | {"threads": found["threads"]},
        row(f"{what}: CPU, of one core", found["cpu_percent"], GOAL, GOAL_CPU_PERCENT, "%"),
        row(f"{what}: scan late, p99 of {found['scans']}", found["late_p99_ms"], GOAL, GOAL_LATE_MS, "ms"),
        row(f"{what}: scan, record and panel, p99", found["scan_p99_ms"], "the goal of the scan alone", 5.0, "ms", 0.2),
        row(f"{what}: CPU until its panel is up", found["start_cpu_s"], GOAL, 5.0, "s"),
    ]


if __name__ == "__main__":
    sys.argv[0] = "farmloop"
    main()
