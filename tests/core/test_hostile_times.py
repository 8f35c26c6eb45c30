"""Whatever clocks and probes do to a farm, its loops stay finite, in their limits, and without a bump afterwards."""

from collections.abc import Iterator
from functools import cache
from math import inf, isfinite, nan
from pathlib import Path
from typing import Any

import pytest

from controller.core.loops.run import PidBlock, PidLoop
from controller.core.scan import Core
from controller.core.state import State
from controller.core.words import Snapshot
from edge_config.loader import load_site
from foundation.reading import Quality, Reading

NOON_S = 1_774_065_600.0
YEAR_S = 365.0 * 86400.0
SITES = sorted(path.stem for path in Path("edge_config/sites").glob("*.yaml") if path.stem != "farm")
PAUSES = (1.0, 1.0, 0.0, 0.0, -30.0, 1.0, -YEAR_S, 1.0, 7200.0, 1.0, YEAR_S, 1.0, 0.0, 1e-9, 1.0)
"""Seconds from one scan to the next: none at all, back, a year back, and a year on."""
HOSTILE: tuple[Any, ...] = (nan, inf, -inf, 1e308, -1e308, True, "text", None)


@cache
def core_of(site: str) -> Core:
    return Core(load_site(Path(f"edge_config/sites/{site}.yaml")).site)


@cache
def plausible(site: str) -> dict[str, Any]:
    """Every sensor where its setpoint is, or else in the middle of what it can say."""
    core = core_of(site)
    loops: dict[str, Any] = {loop.pv: loop.sp for loop in core.plan.loops if isinstance(loop, PidLoop)}
    found: dict[str, Any] = {}
    for name in core.plan.conditioners:
        tag = core.tags[name]
        program = core.plan.programs.get(loops.get(name, ""))
        if program is not None and program.value is not None:
            found[name] = program.value
        elif tag.low is not None and tag.high is not None:
            found[name] = tag.low + 0.4 * (tag.high - tag.low)
        else:
            found[name] = 1.0
    return found


def told(values: dict[str, Any], now_s: float) -> Snapshot:
    return Snapshot(tuple(Reading(tag, value, Quality.GOOD, None, now_s) for tag, value in values.items()))


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from numbers(one)


def check(core: Core, state: State) -> None:
    for name, order in state.orders.items():
        assert isfinite(order.value), name
        assert 0.0 <= order.value <= 100.0, name
    for name, program in core.plan.programs.items():
        value = state.values[name]
        assert value is None or program.low <= float(value) <= program.high, name
    for name, block in state.blocks.items():
        for number in numbers(block):
            assert isfinite(number), f"{name}: {block}"


@pytest.mark.parametrize("site", SITES)
def test_no_clock_and_no_probe_makes_a_loop_infinite(site: str) -> None:
    core, values = core_of(site), plausible(site)
    state, now_s = core.start(NOON_S), NOON_S
    for count in range(4 * len(PAUSES)):
        now_s += PAUSES[count % len(PAUSES)]
        said = dict(values)
        for place, tag in enumerate(values):
            if (place + count) % 5 == 0:
                said[tag] = HOSTILE[(place + count) % len(HOSTILE)]
        result = core.scan(state, told(said, now_s), now_s)
        failed = [event for event in result.events if event.kind == "block_failed"]
        assert failed == []
        state = result.state
        check(core, state)


@pytest.mark.parametrize("pause_s", [0.0, -3600.0, 3600.0, YEAR_S])
@pytest.mark.parametrize("site", SITES)
def test_a_clock_that_stands_jumps_or_goes_back_moves_no_pid_by_itself(site: str, pause_s: float) -> None:
    core, values = core_of(site), plausible(site)
    state, now_s = core.start(NOON_S), NOON_S
    for _ in range(90):
        now_s += 1.0
        state = core.scan(state, told(values, now_s), now_s).state
    loops = [loop for loop in core.plan.loops if isinstance(loop, PidLoop) and not loop.ahead]

    def outputs() -> dict[str, float]:
        blocks: dict[str, PidBlock] = {loop.name: state.blocks[loop.name] for loop in loops}  # type: ignore[misc]
        return {name: block.inner.output for name, block in blocks.items()}

    before, setpoints = outputs(), {loop.name: state.values[loop.sp] for loop in loops}
    now_s += pause_s
    state = core.scan(state, told(values, now_s), now_s).state
    for loop in loops:
        if state.values[loop.sp] != setpoints[loop.name]:
            continue  # at that hour it is another
        error = float(setpoints[loop.name] or 0.0) - float(state.values[loop.pv] or 0.0)
        # what a look at the same error may move it by, however long nobody looked
        most = abs(loop.settings.kc * error) * 2.0 * (loop.period_s / loop.settings.ti_s + 1.0) + 1e-6
        assert abs(outputs()[loop.name] - before[loop.name]) <= most, loop.name
