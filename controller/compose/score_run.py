"""One run of a scenario: one controller, one seed, in memory, as fast as it goes. Same arguments, same numbers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf

from controller.compose.contenders import Contender, Farmloop, Peer, Targets, Wish
from controller.compose.simulate import Wires
from controller.core.build import build
from controller.core.words import Override, SetpointChange
from edge_config.tags import site_tags
from foundation.reading import Reading
from foundation.units import parse_quantity
from simulator.devices.device import devices_of
from simulator.field import Field
from simulator.loaded_scenario import LoadedScenario, position
from simulator.metrics import (
    ActuatorMeter,
    AlarmMeter,
    GateMeter,
    Metrics,
    ValueMeter,
    actuator_metrics,
    alarm_names,
    counters,
    meter_of,
    resources,
)
from simulator.references.tunings import TUNINGS, Tuning
from simulator.samples import Samples
from simulator.scenario import UNDISTURBED, Aim, Event
from simulator.survival import Survival
from simulator.timeline import Timeline

FARMLOOP = "farmloop"
LOOK_S = 5.0
"""Values and gates are looked at so often."""
BUMP_S = 10.0
"""From a restart of ours: sensors settle (control.md 3.5) and loops take over. What they do next is their work."""
TRACE_POINTS = 720
BOOKS = 1e-6
"""Share of what went through the plant that its balances may leave unexplained; a run beyond it proves nothing."""


@dataclass(slots=True)
class Trace:
    """What a plot needs: hours since the start, and one list a line."""

    hours: list[float] = field(default_factory=list)
    values: dict[str, list[float]] = field(default_factory=dict)
    low: dict[str, list[float]] = field(default_factory=dict)
    """Lower ends of the setpoints."""
    high: dict[str, list[float]] = field(default_factory=dict)
    outputs: dict[str, list[float]] = field(default_factory=dict)
    """Mean positions since the point before, 0 to 100 %."""
    _on_s: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """One run; the file is read again in its process, for what is read does not travel."""

    file: str
    controller: str
    seed: int
    traced: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run went."""

    controller: str
    seed: int
    survived: bool
    cause: str
    """What ended it."""
    gates: dict[str, bool]
    metrics: Metrics
    trace: Trace | None = None


def run_once(
    loaded: LoadedScenario,
    controller: str,
    seed: int,
    traced: bool = False,
    length_s: float = inf,
    tunings: Mapping[str, Tuning] = TUNINGS,
    beside: Callable[[Field, float], None] | None = None,
) -> Outcome:
    """Settle, then the scenario's length (or less). `tunings` are what reference controllers get; `beside` is called
    every scan with the field, for somebody who has a hand in it."""
    scenario, site, start_s = loaded.scenario, loaded.site, loaded.start_s
    begin_s = start_s - scenario.settle
    farm = loaded.field(seed, begin_s)
    wires = Wires(devices_of(site, farm), begin_s)
    plan = build(site)
    targets = Targets(plan)
    who: Contender
    if controller in (FARMLOOP, UNDISTURBED):
        who = Farmloop(site, begin_s)
    else:
        who = Peer(controller, site, targets, scenario.references, begin_s, tunings)
    events = tuple(one for one in scenario.timeline if controller != UNDISTURBED or not _breaks(one))
    timeline = Timeline(events, scenario.facility, site, start_s)
    first_fault_s, last_end_s = timeline.first_fault_s, timeline.last_end_s
    ground = farm.grounds[scenario.facility]
    samples = Samples(loaded, ground.plant.outputs)
    survival = Survival(site.facilities[scenario.facility].kind)
    meters = [ValueMeter(aim) for aim in loaded.aims]
    gates = [GateMeter(gate) for gate in scenario.gates]
    alarms = AlarmMeter(first_fault_s)
    moving: dict[str, ActuatorMeter] = {}
    counted: dict[str, float] = {}
    at_fault: dict[str, float] | None = None
    trace = Trace() if traced else None
    trace_s = max(LOOK_S, round(scenario.length / TRACE_POINTS / LOOK_S) * LOOK_S)
    scan_s = site.site.scan
    end_s = start_s + min(scenario.length, length_s)
    now_s, look_s, point_s = begin_s, start_s + LOOK_S, start_s
    written: list[tuple[str, bool, str | None]] = []
    again: list[Reading] = []
    was_dead, back_s, before, bump = False, inf, dict[str, float](), None
    began = ground.state
    while now_s < end_s:
        now_s += scan_s
        people = timeline.step(now_s, farm, wires.devices)
        wishes = [_wish(event, index, loaded, now_s) for index, event in enumerate(people)]
        if beside is not None:
            beside(farm, now_s)
        farm.advance(now_s)
        targets.step(wishes, now_s)
        if timeline.dead:
            wires.read(now_s, heard=False)
            written, was_dead = [], True
        else:
            if was_dead:
                was_dead = False
                for device in wires.devices.values():
                    device.open(now_s)
                if isinstance(who, Farmloop):
                    before, bump, back_s = who.by_loops(), 0.0, now_s
                who.restart(now_s)
                again = samples.again()
            readings = [*wires.read(now_s), *again, *samples.due(ground.truth, now_s)]
            again = []
            written = wires.write(who.step(readings, written, wishes, now_s), now_s)
            if back_s <= now_s < back_s + BUMP_S and isinstance(who, Farmloop):
                after = who.by_loops()
                bump = max([bump or 0.0, *(abs(after[name] - before[name]) for name in before.keys() & after.keys())])
        if now_s <= start_s:
            continue
        alarms.look(who.alarms, who.trips, now_s)
        faulty = first_fault_s is not None and now_s >= first_fault_s
        if not moving:
            began = ground.state
            moving = {name: meter_of(one, one.position) for name, one in farm.actuators.items()}
            counted = {name: ground.truth[name] for name in counters(ground.plant.outputs)}
        if faulty and at_fault is None:
            at_fault = {name: ground.truth[name] for name in counted}
        for name, meter in moving.items():
            meter.look(farm.actuators[name].position, now_s, scan_s, faulty)
        if now_s < look_s:
            continue
        look_s += LOOK_S
        truth = ground.truth
        survival.watch(truth, LOOK_S)
        for gate in gates:
            gate.look(truth, LOOK_S)
        ended_s = inf if last_end_s is None or now_s < last_end_s else last_end_s
        for value in meters:
            value.look(truth[value.aim.port], _between(value.aim, targets), now_s, LOOK_S, ended_s)
        if trace is not None and now_s >= point_s:
            point_s += trace_s
            _note(trace, (now_s - start_s) / 3600.0, truth, loaded.aims, targets, moving)
    hours = max(now_s - start_s, scan_s) / 3600.0
    found: Metrics = {}
    for index, value in enumerate(meters):
        own = value.metrics(now_s, last_end_s)
        found |= (own if index == 0 else {}) | {f"{value.aim.port}:{name}": one for name, one in own.items()}
    found |= actuator_metrics(moving, hours, first_fault_s)
    found |= resources(counted, ground.truth, at_fault)
    books = found["books"] = max(ground.plant.closure(began, ground.state).values())
    if controller in (FARMLOOP, UNDISTURBED):
        found |= alarms.metrics(alarm_names(site)) | {"bump": bump}
    held = {"survival": survival.alive} | {gate.gate.id: gate.held for gate in gates}
    held["books"] = books < BOOKS
    causes = [survival.cause] * (not survival.alive) + [name for name, held_ in held.items() if not held_]
    rounded = {name: None if one is None else float(f"{one:.6g}") for name, one in found.items()}
    return Outcome(controller, seed, all(held.values()), causes[0] if causes else "", held, rounded, trace)


def _breaks(event: Event) -> bool:
    return event.set is None and event.hand is None


def _wish(event: Event, index: int, loaded: LoadedScenario, now_s: float) -> Wish:
    """What a person does, in the core's words."""
    wish_id = f"scenario-{now_s:.0f}-{index}"
    if event.set is not None:
        unit = site_tags(loaded.site)[event.set].unit
        return SetpointChange(wish_id, event.set, parse_quantity(event.to).to(unit), "scenario", now_s)
    assert event.hand is not None
    expires_s = now_s + (event.for_ if event.for_ is not None else 4 * 3600.0)
    return Override(wish_id, event.hand, position(event.to), "scenario", expires_s)


def _between(aim: Aim, targets: Targets) -> tuple[float, float]:
    """The setpoint's ends, in the port's unit; equal where it is one."""
    if aim.target is not None:
        return aim.target, aim.target
    if not aim.tags:
        return 0.0, 0.0
    values = [targets.values[tag] * aim.scale for tag in aim.tags]
    return min(values), max(values)


def _note(
    trace: Trace,
    hours: float,
    truth: dict[str, float],
    aims: tuple[Aim, ...],
    targets: Targets,
    moving: dict[str, ActuatorMeter],
) -> None:
    elapsed_s = (hours - (trace.hours[-1] if trace.hours else 0.0)) * 3600.0
    trace.hours.append(hours)
    for aim in aims:
        trace.values.setdefault(aim.port, []).append(truth[aim.port])
        if not aim.is_absolute:
            low, high = _between(aim, targets)
            trace.low.setdefault(aim.port, []).append(low)
            trace.high.setdefault(aim.port, []).append(high)
    for name, meter in moving.items():
        on_s = meter.on_s - trace._on_s.get(name, 0.0)
        trace._on_s[name] = meter.on_s
        trace.outputs.setdefault(name, []).append(100.0 * on_s / max(elapsed_s, 1.0))
