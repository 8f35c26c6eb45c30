"""Gains for a loop from what its plant does: steps on the simulated farm, or a recording. Nothing is applied."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path
from statistics import fmean
from typing import Literal

from controller.compose.rules_replay import recorded_rows
from controller.compose.simulate import SETTLE_S, Simulation, prepare, start_of
from controller.core.loops.run import PidBlock, PidLoop
from controller.core.scan import Core
from controller.core.tuning.identify import Identified, NothingToFitError, Record, identify
from controller.core.tuning.margin import MOST_SENSITIVE, peak_sensitivity, worst_case
from controller.core.tuning.predict import Predicted, predict
from controller.core.words import Override
from edge_config.model.site import Site
from foundation.simc import FirstOrder, Gains, simc

Speed = Literal["slow", "normal", "fast"]
DELAYS: Mapping[Speed, float] = {"fast": 1.0, "normal": 2.0, "slow": 4.0}
"""The closed loop's time constant, in delays."""
PERIODS = 10.0
"""A loop looks at least so often in delay and closed-loop time (control.md 2.1)."""
MOST_SHAKE = 5.0
"""Percent of the output that what the model leaves unexplained may move it by, in one standard deviation."""
STEP = 10.0
"""Percent of the output, up and down around where it stands (control.md 2.2)."""
PATTERN = (0.0, 1.0, 0.0, -1.0, 0.0, 1.0, -1.0, 0.0)
LOOKS = 40
"""In one step."""
MOST_LOOKS = 600
"""At a recording."""
REST_S = 1800.0
"""The steps go around the mean of so long."""
SHORTEST_S, LONGEST_S = 300.0, 7200.0
"""Of one step."""


class TuneError(ValueError):
    """Why a loop is not tuned: `key` (`tune.KEY` in the locales) and what fills its places."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


@dataclass(frozen=True, slots=True)
class Tuned:
    """All that is told of one loop. The caller decides; nothing is applied."""

    loop: str
    unit: str
    """Of the value; outputs are in %."""
    identified: Identified
    speed: Speed
    closed_s: float
    old: Gains
    new: Gains
    before: Predicted
    after: Predicted

    def row(self) -> dict[str, object]:
        found, model = self.identified, self.identified.model
        return {
            "loop": self.loop, "value_unit": self.unit, "output_unit": "%", "speed": self.speed,
            "model": {"gain": model.gain, "delay_s": model.delay_s, "lag_s": model.lag_s},
            "confidence_95": {
                "gain": found.gain_half, "delay_s": found.delay_half_s, "lag_s": found.lag_half_s,
            },
            "r2": found.fit, "drift_share": found.drift, "noise": found.noise, "closed_s": self.closed_s,
            "old": self.old._asdict(), "new": self.new._asdict(),
            "predicted": {"old": self.before._asdict(), "new": self.after._asdict()},
            "applied": False,
        }  # fmt: skip


def tune_simulated(
    site: Site, loop: str, speed: Speed, seed: int = 1, progress: Callable[[float], None] | None = None
) -> Tuned:
    """Steps on the simulated farm, less the same farm left alone: what is left is the steps' doing.

    `progress` is told the share that is done. Raises TuneError, FieldError for a wrong simulation section.
    """
    start_s = start_of(site)
    farm = prepare(site, seed, start_s - SETTLE_S)
    runner = _runner(farm.core, loop)
    told = progress or (lambda share: None)
    wanted: list[float] = []
    while farm.now_s < start_s:
        farm.step()
        if farm.now_s > start_s - REST_S:
            wanted.append(_asked(farm, loop))
    told(1 / 3)
    base = min(max(fmean(wanted), STEP), 100.0 - STEP)
    hold_s = min(max(runner.settings.ti_s, SHORTEST_S), LONGEST_S)
    every_s = max(round(hold_s / LOOKS / farm.core.scan_s), 1) * farm.core.scan_s
    twin = copy.deepcopy(farm)
    left = _stepped(farm, runner, (base,) * len(PATTERN), every_s)
    told(2 / 3)
    steps = tuple(base + STEP * way for way in PATTERN)
    moved = _stepped(twin, runner, steps, every_s)
    told(1.0)
    output = tuple(step for step in steps for _ in range(LOOKS))
    value = tuple(after - before for before, after in zip(left, moved, strict=True))
    return _tuned(site, runner, Record(every_s, output, value), speed)


def tune_recorded(site: Site, loop: str, file: Path, speed: Speed) -> Tuned:
    """From a recording of the loop's value, setpoint and output in which people changed the setpoint.

    Raises TuneError; OSError and ReplayError where the file cannot be read.
    """
    core = Core(site)
    runner = _runner(core, loop)
    part = runner.parts[0]
    now: dict[str, float] = {}
    seen: list[tuple[float, float, float]] = []
    setpoints: set[float] = set()
    for time_s, readings in recorded_rows(file, core.tags):
        now |= {one.tag: one.number for one in readings if one.number is not None}
        if runner.sp in now and runner.pv in now and part.output in now:
            setpoints.add(now[runner.sp])
            seen.append((time_s, part.wanted(now[part.output]), now[runner.pv]))
    if not seen:
        raise TuneError("not_recorded", loop=loop, tags=", ".join((runner.pv, runner.sp, part.output)))
    if len(setpoints) < 2:
        raise TuneError("no_change", loop=loop, setpoint=runner.sp)
    every_s = max(runner.period_s, (seen[-1][0] - seen[0][0]) / MOST_LOOKS)
    output, value, at = [], [], 0
    for look in range(int((seen[-1][0] - seen[0][0]) / every_s) + 1):
        while at + 1 < len(seen) and seen[at + 1][0] <= seen[0][0] + look * every_s:
            at += 1
        until = at + 1  # between two looks the output may move: its mean is what the value feels
        while until < len(seen) and seen[until][0] < seen[0][0] + (look + 1) * every_s:
            until += 1
        output.append(fmean(one[1] for one in seen[at:until]))
        value.append(seen[at][2])
    return _tuned(site, runner, Record(every_s, tuple(output), tuple(value)), speed)


def closed_in(model: FirstOrder, period_s: float, noise: float, speed: Speed) -> float:
    """The closed loop's time constant: so many delays, never faster than looks and noise allow."""
    wished_s = DELAYS[speed] * (model.delay_s + period_s / 2.0)
    shaken_s = (model.lag_s or 1.0) / abs(model.gain) * noise / MOST_SHAKE
    return max(wished_s, PERIODS * period_s - model.delay_s, shaken_s - model.delay_s)


def _runner(core: Core, loop: str) -> PidLoop:
    found = next((one for one in core.plan.loops if one.name == loop), None)
    if not isinstance(found, PidLoop):
        pids = [one.name for one in core.plan.loops if isinstance(one, PidLoop) and one.inner_sp is None]
        raise TuneError("no_pid", loop=loop, loops=", ".join(pids) or "-")
    if found.inner_sp is not None:
        raise TuneError("outer", loop=loop, setpoint=found.inner_sp)
    return found


def _asked(farm: Simulation, loop: str) -> float:
    block = farm.state.blocks[loop]
    assert isinstance(block, PidBlock)
    return block.inner.output


def _stepped(farm: Simulation, runner: PidLoop, steps: tuple[float, ...], every_s: float) -> list[float]:
    """The value at each look, the loop's outputs by hand: interlocks and rules of the site stay above them."""
    values: list[float] = []
    for index, step in enumerate(steps):
        expires_s = farm.now_s + LOOKS * every_s + 2.0 * farm.core.scan_s
        people: tuple[Override, ...] = tuple(
            Override(f"tune-{index}-{part.output}", part.output, part.share(step), "tune", expires_s)
            for part in runner.parts
        )
        for _ in range(LOOKS):
            value = farm.state.values.get(runner.pv)
            if value is None or isinstance(value, str):
                raise TuneError("value_lost", loop=runner.name, tag=runner.pv)
            values.append(float(value))
            for _ in range(round(every_s / farm.core.scan_s)):
                farm.step(people)
                people = ()
    return values


def _tuned(site: Site, runner: PidLoop, record: Record, speed: Speed) -> Tuned:
    try:
        found = identify(record)
    except NothingToFitError as error:
        raise TuneError(error.reason, loop=runner.name) from None
    figures = {"loop": runner.name, "r2": f"{found.fit:.2f}", "drift": f"{100.0 * found.drift:.0f}"}
    if found.refusal is not None:
        raise TuneError(found.refusal, **figures)
    settings, model = runner.settings, found.model
    if model.gain * settings.kc < 0.0:
        raise TuneError("sign", **figures)
    closed_s = closed_in(model, settings.period_s, found.noise, speed)
    old, new = Gains(settings.kc, settings.ti_s), simc(model, closed_s)
    worst = worst_case(model, found.slope_share, found.delay_half_s)
    peak = peak_sensitivity(worst, new)
    if peak > MOST_SENSITIVE:
        raise TuneError("margin", peak="∞" if peak == inf else f"{peak:.1f}", most=MOST_SENSITIVE, **figures)
    before, after = (predict(model, settings, gains, closed_s + model.delay_s) for gains in (old, new))
    unit = Core(site).tags[runner.pv].unit
    return Tuned(runner.name, unit, found, speed, closed_s, old, new, before, after)
