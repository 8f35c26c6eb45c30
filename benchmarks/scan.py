"""How long a scan takes: the generated farm of 200 tags and 20 loops, one ten times as large, and one with 500 rules.

Every sensor says something new in every scan and every loop runs in every scan, which no farm does: it is the worst
case. Wall time is what the goal is about; CPU time is beside it, because another program on the machine ends in the
first and not in the second.
"""

import gc
import time
from dataclasses import replace
from random import Random
from statistics import fmean

from benchmarks.generated import TAGS_A_BAY, site_document
from benchmarks.rows import GOAL, Row, percentile, row
from benchmarks.rules import ruled_site
from controller import collecting
from controller.core.scan import Core
from controller.core.words import Snapshot
from edge_config.model.site import Site
from foundation.reading import Reading, good
from foundation.tag import Kind

START_S = 1_774_065_600.0
REST = 2.0
"""Slept after each scan, in times its length."""
_BEGIN = {"degC": 20.0, "%": 70.0, "ppm": 800.0}


class Farm:
    """The core with readings that wander, and devices that confirm whatever they are told."""

    def __init__(self, core: Core, seed: int = 1) -> None:
        self.core = core
        self.values = {
            name: _BEGIN[tag.unit] for name, tag in self.core.tags.items() if tag.kind is Kind.MEASURED
        }  # fmt: skip
        self.state = self.core.start(START_S)
        self.now_s = START_S
        self._random = Random(seed)
        self._written: tuple[tuple[str, bool, str | None], ...] = ()

    def told(self) -> Snapshot:
        """What the next scan will be told."""
        self.now_s += 1.0
        wander = self._random.gauss
        values = self.values
        for name, value in values.items():
            values[name] = value + wander(0.0, 0.02)
        readings = tuple(good(name, value, self.now_s) for name, value in values.items())
        return Snapshot(readings, self._written)

    def scan(self, snapshot: Snapshot, look_at_all: bool = False) -> None:
        """One scan. `look_at_all` makes the core forget which outputs and conditions need no look."""
        state = self.state
        if look_at_all:
            state = replace(state, wake_s={}, moved=frozenset(self.core.tags))
        result = self.core.scan(state, snapshot, self.now_s)
        self.state = result.state
        self._written = tuple((command.tag, True, None) for command in result.commands)


def core_of(bays: int, rules_a_bay: int = 0) -> Core:
    """The generated farm, built."""
    if rules_a_bay:
        return Core(ruled_site(bays, rules_a_bay, alone=False))
    return Core(Site.model_validate(site_document(bays)))


def timed(farm: Farm, scans: int, look_at_all: bool = False) -> tuple[list[float], list[float]]:
    """Wall and CPU milliseconds of each scan, after some that do not count.

    Most of the time is slept, as an agent's is: a scheduler that sees a process compute all the time makes it wait.
    """
    wall_ms, cpu_ms = [], []
    for count in range(-min(20, scans), scans):
        snapshot = farm.told()
        wall, cpu = time.perf_counter(), time.thread_time()
        farm.scan(snapshot, look_at_all)
        took_wall, took_cpu = time.perf_counter() - wall, time.thread_time() - cpu
        collecting.after_scan(count)
        time.sleep(REST * took_wall)
        if count >= 0:
            wall_ms.append(took_wall * 1e3)
            cpu_ms.append(took_cpu * 1e3)
    return wall_ms, cpu_ms


class BarePid:
    """The least that a controller can do: for a floor, not for a farm."""

    __slots__ = ("integral", "kc", "last", "ti")

    def __init__(self, kc: float, ti: float) -> None:
        self.kc, self.ti, self.integral, self.last = kc, ti, 0.0, 0.0

    def step(self, sp: float, pv: float, dt: float) -> float:
        error = sp - pv
        self.integral = min(max(self.integral + self.kc * error * dt / self.ti, 0.0), 100.0)
        self.last = pv
        return min(max(self.kc * error + self.integral, 0.0), 100.0)


def bare(readings: list[tuple[Reading, ...]]) -> float:
    """Mean milliseconds of a loop that keeps each value in a dict and runs a bare PID a bay: no quality, no checks, no
    interlock, no alarm, no arbiter."""
    tags = [reading.tag for reading in readings[0] if reading.tag.endswith("air_temp")]
    pids = {tag: BarePid(10.0, 1200.0) for tag in tags}
    values: dict[str, float] = {}
    outputs: dict[str, float] = {}
    begun = time.thread_time()
    for told in readings:
        for reading in told:
            value = reading.value
            if isinstance(value, float) and -100.0 <= value <= 10_000.0:
                values[reading.tag] = value
        for tag, pid in pids.items():
            outputs[tag] = pid.step(20.0, values[tag], 1.0)
    return (time.thread_time() - begun) / len(readings) * 1e3


def run(quick: bool = False) -> list[Row]:
    """All rows; about a quarter of a minute."""
    rows: list[Row] = []
    for bays, rules_a_bay, goal, scans in ((20, 0, 5.0, 3000), (200, 0, 50.0, 300), (100, 5, 20.0, 1500)):
        scans = scans // 100 + 2 if quick else scans
        tags = bays * TAGS_A_BAY
        what = f"scan of {tags} tags, {bays} loops" + (f", {bays * rules_a_bay} rules" if rules_a_bay else "")
        core = core_of(bays, rules_a_bay)
        seldom = gc.get_threshold()
        collecting.up()
        wall, cpu = timed(Farm(core), scans)
        _, looked = timed(Farm(core), scans // 3, look_at_all=True)
        farm = Farm(core)
        floor = bare([farm.told().readings for _ in range(max(scans // 10, 5))])
        rows += [
            row(f"{what}: median", percentile(wall, 50), GOAL, goal, "ms"),
            row(f"{what}: p99", percentile(wall, 99), GOAL, goal, "ms"),
            row(f"{what}: longest", max(wall), GOAL, goal, "ms", 0.2),
            row(f"{what}: p99 of CPU", percentile(cpu, 99), GOAL, goal, "ms"),
            row(f"{what}: mean of CPU", fmean(cpu), "ours, everything looked at", fmean(looked), "ms", 0.9),
            row(f"{what}: CPU a tag", fmean(cpu) / tags * 1e3, "a dict and bare PIDs", floor / tags * 1e3, "us", 0.01),
        ]
        gc.unfreeze()
        gc.set_threshold(*seldom)
    return rows
