"""What rules cost a scan: 500 of them, on a quiet farm and on one where every tag is new in every scan; and the
dearest that load.

CPU time of the rules' part of the scan alone (gauges, causes, demands), for the goal is about that.
"""

import gc
import time
from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate
from random import Random
from typing import Any

from benchmarks.generated import site_document
from benchmarks.rows import GOAL, Row, percentile, row
from controller.core.scan import Core
from controller.core.turn import Turn
from edge_config.checks.rules import MOST_RULES
from edge_config.model.site import Site
from edge_config.tags import tag_units
from foundation.reading import good
from foundation.tag import Kind
from rules.cost import BUDGET_MS, cost_ms
from rules.expression import compile_expression

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


DEAREST = {
    "comparisons": "gh1.bay{bay}.air_temp > '{n} degC' or gh1.bay{bay}.rh < '{n} %' or gh1.bay{bay}.co2 > '9{n} ppm'",
    "functions": "line(gh1.bay{bay}.air_temp, '{n} degC', '{n}0 degC', 0, 1) + vpd(gh1.bay{bay}.air_temp, "
    "gh1.bay{bay}.rh) / '1 kPa' > 9{n}",
    "means of about a minute": "avg(gh1.bay{bay}.air_temp, '6{n} s') > '90 degC'",
    "trends of about a minute": "rate(gh1.bay{bay}.air_temp, '6{n} s') > '9 K/s'",
    "hystereses": "hyst(gh1.bay{bay}.air_temp, '{n} degC', '1 degC')",
}
"""Conditions; `{n}` makes them differ."""
BUDGET_BAYS = 50


def dearest_site(condition: str, units: Mapping[str, str]) -> Site:
    """As many rules of one kind as load: 2 000, or fewer by their cost."""
    document = site_document(BUDGET_BAYS)
    document["interlocks"], document["alarms"] = {}, {}
    whens = [condition.format(bay=number % BUDGET_BAYS, n=number // BUDGET_BAYS) for number in range(MOST_RULES)]
    alone = [cost_ms([(compile_expression(when, units, remembers=True),)]) for when in whens]
    count = bisect_right(list(accumulate(alone)), BUDGET_MS)
    document["rules"] = [
        {"id": f"gh1.bay{number % BUDGET_BAYS}.rule{number}", "when": when,
         "then": [{"limit_max": f"gh1.bay{number % BUDGET_BAYS}.heater", "to": "50 %"}]}
        for number, when in enumerate(whens[:count])
    ]  # fmt: skip
    return Site.model_validate(document)


def _dearest(scans: int) -> list[Row]:
    """Of each kind the rules that just load, every tag new in every scan."""
    rows = []
    for what, condition in DEAREST.items():
        core = Core(dearest_site(condition, tag_units(ruled_site(BUDGET_BAYS, 0))))
        farm = Ruled(core, 1.0)
        took = [farm.scan() for _ in range(scans + 70)][70:]
        name = f"as many {what} as load: {len(core.plan.rules.rules)} rules, median of CPU"
        rows.append(row(name, percentile(took, 50), GOAL, BUDGET_MS, "ms"))
    return rows


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
    return rows + _dearest(2 if quick else 100)
