"""Gains for a loop from what its plant does: steps on the simulated farm, or a recording. Nothing is applied."""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from statistics import fmean
from typing import Literal, NamedTuple, Protocol

from controller.compose.replay import journal_files, played
from controller.compose.rules_replay import recorded_rows
from controller.compose.simulate import SETTLE_S, Simulation, prepare, start_of
from controller.core.loops.run import Part, PidBlock, PidLoop
from controller.core.scan import Core
from controller.core.trials import TrialMemory, key_of
from controller.core.tuning.excerpts import Row, changes, excerpts, record_of
from controller.core.tuning.identify import Identified, NothingToFitError, Record, identify
from controller.core.tuning.margin import MOST_SENSITIVE, peak_sensitivity, worst_case
from controller.core.tuning.predict import Predicted, predict
from controller.core.words import Override, Trial
from controller.journal.journal import SUFFIX
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
REST_S = 1800.0
"""The steps go around the mean of so long."""
SHORTEST_S, LONGEST_S = 300.0, 7200.0
"""Of one step."""
MOVED = 1.0
"""Percent of an output: what stays within that in a record has not moved."""


LONGEST_TRIAL_S = 8 * 3600.0
WITHIN: Mapping[str, float] = {"degC": 2.0, "mg/L": 0.5, "%": 10.0, "ppm": 200.0, "kPa": 0.3, "umol/m2/s": 50.0}
"""How far a value may leave its setpoint in a trial, by unit, where nobody says."""


class Looked(NamedTuple):
    """A part of a record: used or usable where `refusal` (`tune.KEY`) is empty."""

    from_s: float
    to_s: float
    refusal: str


class Tried(Protocol):
    """A trial that is over."""

    @property
    def ended(self) -> str: ...

    @property
    def beaten_by(self) -> str: ...

    @property
    def outputs(self) -> Sequence[float]: ...

    @property
    def values(self) -> Sequence[float]: ...


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
    margin: tuple[float, float]
    """Peak sensitivity with the new gains: on the model, and on the worst plant that the record allows."""
    excerpts: tuple[Looked, ...] = ()
    """Of a long record, what was looked at."""

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
            "sensitivity": {"model": round(self.margin[0], 3), "worst": round(self.margin[1], 3)},
            "excerpts": [one._asdict() for one in self.excerpts],
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


def tune_swung(
    site: Site,
    loop: str,
    form: Literal["steps", "relay"],
    size: float,
    within: float | None,
    speed: Speed,
    seed: int = 1,
    progress: Callable[[float], None] | None = None,
) -> Tuned:
    """The trial of the running plant, on the simulated farm: with noise, weather and guards. Raises TuneError."""
    start_s = start_of(site)
    farm = prepare(site, seed, start_s - SETTLE_S)
    runner = _runner(farm.core, loop)
    within = within_of(farm.core.tags[runner.pv].unit, within)
    while farm.now_s < start_s:
        farm.step()
    wish = Trial("trial", loop, form, size, within, LONGEST_TRIAL_S, "tune", farm.now_s)
    result, count = farm.step((wish,)), 0
    for event in result.events:
        if event.kind == "refused":
            raise TuneError(f"refused.{event.values['why']}", **event.values)
    while True:
        count += 1
        memory = farm.state.blocks[key_of(loop)]
        assert isinstance(memory, TrialMemory)
        if memory.ended:
            return tune_tried(site, loop, form, farm.core.plan.trials[loop].every_s, memory, speed)
        if progress is not None:
            progress(min((farm.now_s - memory.begun_s) / LONGEST_TRIAL_S, 1.0))
        farm.step((wish._replace(id=f"trial-{count}", goes_on=True),) if count % 60 == 0 else ())


def tune_tried(site: Site, loop: str, form: str, every_s: float, told: Tried, speed: Speed) -> Tuned:
    """From a trial that is over, whatever plant it was on. Raises TuneError."""
    if told.ended != "done":
        raise TuneError("trial_ended", loop=loop, why=told.ended, by=told.beaten_by)
    record = Record(every_s, tuple(told.outputs), tuple(told.values))
    return _tuned(site, _runner(Core(site), loop), record, speed, steady=form == "relay")


def within_of(unit: str, given: float | None) -> float:
    """How far a value may leave its setpoint in a trial, in its unit; the usual for what is not given."""
    found = given if given is not None else WITHIN.get(unit)
    if found is None:
        raise TuneError("within", unit=unit)
    return found


def tune_recorded(site: Site, loop: str, file: Path, speed: Speed) -> Tuned:
    """From a record in which the setpoint was changed: a CSV, or the journal of an agent's directory. Every change that
    came after a rest is looked at, and the one that tells most is used.

    Raises TuneError; OSError, ReplayError and JournalError where it cannot be read.
    """
    core = Core(site)
    runner = _runner(core, loop)
    outputs = tuple(part.output for part in runner.parts)
    told = list(_recorded(core, file, (runner.pv, runner.sp, *outputs)))
    seen = [at for at in range(len(outputs)) if any(values[2 + at] is not None for _, values in told)]
    stretches = _stretches(told, seen)
    if not seen or not any(one.value is not None for rows in stretches for one in rows):
        raise TuneError("not_recorded", loop=loop, tags=", ".join((runner.pv, runner.sp, *outputs)))
    changed = [rows for rows in stretches if changes(rows)]
    if not changed:
        raise TuneError("no_change", loop=loop, setpoint=runner.sp)
    rest_s = min(max(runner.settings.ti_s, SHORTEST_S), LONGEST_S)
    found = [one for rows in stretches for one in excerpts(rows, rest_s, 8.0 * rest_s)]
    best: Tuned | None = None
    refusal: TuneError | None = None
    looked: list[Looked] = []
    for rows in found or [max(changed, key=len)]:
        from_s, to_s = rows[0].time_s, rows[-1].time_s
        try:
            wanted = _wanted(runner, [runner.parts[at] for at in seen], rows)
            tuned = _tuned(site, runner, record_of(rows, wanted, runner.period_s), speed)
        except TuneError as error:
            refusal = error
            looked.append(Looked(from_s, to_s, error.key))
            continue
        looked.append(Looked(from_s, to_s, ""))
        if best is None or tuned.identified.slope_share < best.identified.slope_share:
            best = tuned
    if best is None:
        assert refusal is not None
        raise refusal
    return replace(best, excerpts=tuple(looked))


def _recorded(core: Core, file: Path, tags: tuple[str, ...]) -> Iterator[tuple[float, list[float | None]]]:
    """Each moment, and the tags' values at it; None where one is not known."""
    if file.is_dir() or file.suffix == SUFFIX:
        for path in journal_files(file):
            for now_s, values in played(path, core):
                told = [values.get(tag) for tag in tags]
                yield now_s, [one if isinstance(one, float) else None for one in told]
        return
    now: dict[str, float | None] = {}
    for time_s, readings in recorded_rows(file, core.tags):
        now |= {one.tag: one.number for one in readings}
        yield time_s, [now.get(tag) for tag in tags]


def _stretches(told: Iterable[tuple[float, list[float | None]]], seen: Sequence[int]) -> list[list[Row]]:
    """Rows without a break. Where setpoint or output is not known nobody knows what moved the value; a value that is
    not known itself is missing, and no break."""
    found: list[list[Row]] = [[]]
    for time_s, (value, setpoint, *outputs) in told:
        numbers = tuple(one for at in seen if (one := outputs[at]) is not None)
        if setpoint is not None and len(numbers) == len(seen):
            found[-1].append(Row(time_s, numbers, value, setpoint))
        elif found[-1]:
            found.append([])
    return [rows for rows in found if rows]


def _wanted(runner: PidLoop, seen: Sequence[Part], rows: Sequence[Row]) -> list[float]:
    """What of the loop's 0 to 100 % each row's outputs stand for. Of several only one may move, for each does something
    else to the value. Raises TuneError."""
    swings = [max(column) - min(column) for column in zip(*(one.outputs for one in rows), strict=True)]
    moved = [at for at, swing in enumerate(swings) if swing > MOVED]
    at = moved[0] if moved else 0
    wanted = [seen[at].wanted(one.outputs[at]) for one in rows]
    unseen = [part for part in runner.parts if part not in seen]
    if len(moved) > 1 or any(part.from_ <= one <= part.to for part in unseen for one in wanted):
        raise TuneError("split", loop=runner.name, outputs=", ".join(part.output for part in runner.parts))
    return wanted


def closed_in(model: FirstOrder, period_s: float, noise: float, speed: Speed) -> float:
    """The closed loop's time constant: so many delays, never faster than looks and noise allow."""
    wished_s = DELAYS[speed] * (model.delay_s + period_s / 2.0)
    shaken_s = (model.lag_s or 1.0) / abs(model.gain) * noise / MOST_SHAKE
    return max(wished_s, PERIODS * period_s - model.delay_s, shaken_s - model.delay_s)


def tunable(site: Site, loop: str) -> PidLoop:
    """A loop that can be tuned. Raises TuneError."""
    return _runner(Core(site), loop)


def _runner(core: Core, loop: str) -> PidLoop:
    found = next((one for one in core.plan.loops if one.name == loop), None)
    if not isinstance(found, PidLoop):
        pids = [one.name for one in core.plan.loops if isinstance(one, PidLoop) and one.inner_sp is None]
        raise TuneError("no_pid", loop=loop, loops=", ".join(pids) or "-")
    if found.inner_sp is not None:
        raise TuneError("outer", loop=loop, setpoint=found.inner_sp)
    if found.schedule is not None:
        raise TuneError("schedule", loop=loop, of=found.schedule.of)
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


def _tuned(site: Site, runner: PidLoop, record: Record, speed: Speed, steady: bool = False) -> Tuned:
    try:
        found = identify(record, steady)
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
    peak = peak_sensitivity(worst, settings, new)
    if peak > MOST_SENSITIVE:
        figures |= {"peak": "∞" if peak == inf else f"{peak:.1f}", "td": f"{settings.td_s:g}"}
        plain = peak_sensitivity(worst, replace(settings, td_s=0.0), new)
        raise TuneError("margin" if plain > MOST_SENSITIVE else "margin_td", most=MOST_SENSITIVE, **figures)
    before, after = (predict(model, settings, gains, closed_s + model.delay_s) for gains in (old, new))
    unit = Core(site).tags[runner.pv].unit
    margin = (peak_sensitivity(model, settings, new), peak)
    return Tuned(runner.name, unit, found, speed, closed_s, old, new, before, after, margin)
