"""What rules cost a scan: 500 of them, on a quiet farm and on one where every tag is new in every scan.

CPU time of the rules' part of the scan alone (gauges, causes, demands), for the goal is about that.
"""

import gc
import time
from random import Random
from typing import Any

from benchmarks.generated import site_document
from benchmarks.rows import GOAL, Row, percentile, row
from controller.core.scan import Core
from controller.core.turn import Turn
from edge_config.model.site import Site
from foundation.reading import good
from foundation.tag import Kind

BAYS, RULES_A_BAY = 50, 10
START_S = 1_774_065_600.0
GOAL_MS = 1.0
REST = 2.0
"""Slept after each scan, in times its length, as an agent does: then what others did to the caches is paid for, too."""
_BEGIN = {"degC": 20.0, "%": 70.0, "ppm": 800.0}


def ruled_site(bays: int = BAYS, rules_a_bay: int = RULES_A_BAY, alone: bool = True) -> Site:
    """The generated farm with rules in every bay, of which the last looks at an average. `alone`: without the bays'
    interlocks and alarms."""
    document = site_document(bays)
    if alone:
        document["interlocks"], document["alarms"] = {}, {}
    document["rules"] = [_rule(bay, number, rules_a_bay) for bay in range(bays) for number in range(rules_a_bay)]
    return Site.model_validate(document)


def _rule(bay: int, number: int, window_every: int) -> dict[str, Any]:
    zone = f"gh1.bay{bay}"
    limit = 30 + number
    when = f"{zone}.air_temp > '{limit} degC' and {zone}.rh < '60 %' or {zone}.co2 > '{1000 + number} ppm'"
    if number % window_every == window_every - 1:
        when = f"avg({zone}.air_temp, '5 min') > '{limit} degC'"
    elif number == 1:
        when = f"{zone}.rh > '1 %'"  # one that is on all the time
    clear = f"{zone}.air_temp < '{limit - 3} degC' and {zone}.co2 < '900 ppm'"
    return {
        "id": f"{zone}.rule{number}", "when": when, "for": {"on": "10 s"}, "on_bad_quality": "hold",
        "then": [{"limit_max": f"{zone}.heater", "to": "50 %"}],
    } | ({} if number == 1 else {"clear": clear})  # fmt: skip


class Ruled:
    """The rules' part of the scan, again and again, on readings that wander."""

    def __init__(self, core: Core, share: float, seed: int = 1) -> None:
        self.core, self.share, self._random = core, share, Random(seed)
        self.state, self.now_s = core.start(START_S), START_S
        self.values = {name: _BEGIN[tag.unit] for name, tag in core.tags.items() if tag.kind is Kind.MEASURED}

    def scan(self, rest: float = 0.0) -> float:
        """CPU milliseconds of the rules in one scan; then `rest` times as long of sleep."""
        self.now_s += 1.0
        turn = Turn(self.state, self.now_s)
        for name, value in self.values.items():
            if self._random.random() < self.share:
                self.values[name] = value + self._random.gauss(0.0, 0.02)
                turn.see(good(name, self.values[name], self.now_s))
        begun = time.thread_time()
        self.core.plan.rules.run(turn)
        took_ms = (time.thread_time() - begun) * 1e3
        self.state = turn.state()
        time.sleep(rest * took_ms / 1e3)
        return took_ms


def run(quick: bool = False) -> list[Row]:
    """All rows; some seconds."""
    scans = 30 if quick else 1500
    core = Core(ruled_site())
    count = len(core.plan.rules.rules)
    gc.collect()
    gc.freeze()
    rows: list[Row] = []
    for what, share in (("every tag new", 1.0), ("a fifth of the tags new", 0.2)):
        farm = Ruled(core, share)
        for _ in range(20):
            farm.scan()
        name = f"{count} rules, {len(core.plan.rules.gauges)} windows, {what}"
        warm = [farm.scan() for _ in range(scans)]
        rested = [farm.scan(REST) for _ in range(scans)]
        rows += [
            row(f"{name}, back to back: median of CPU", percentile(warm, 50), GOAL, GOAL_MS, "ms"),
            row(f"{name}, after a rest: median of CPU", percentile(rested, 50), GOAL, GOAL_MS, "ms", 0.5),
            row(f"{name}, after a rest: p99 of CPU", percentile(rested, 99), GOAL, GOAL_MS, "ms", 0.2),
        ]
    gc.unfreeze()
    return rows
