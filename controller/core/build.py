"""From the site to the core's blocks: everything looked up, converted and compiled once, before the first scan."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from typing import Literal

from controller.core.actuators import (
    Actuator,
    Beat,
    Beating,
    Contact,
    Dimmer,
    Level,
    Memory,
    Motor,
    Proportioned,
    Share,
    Switch,
    ThreePointMotor,
)
from controller.core.alarm_block import AlarmBlock, Moved, alarm_block
from controller.core.arbiter import OutputPlan, Stood
from controller.core.calendar import Calendar
from controller.core.condition import Conditioner, Seen
from controller.core.derive import Expressed, Integrated, Sum
from controller.core.hands import Hands, hands_of
from controller.core.image_build import ImageBuilder, beside
from controller.core.in_air import Aired
from controller.core.integration import Integration, Mean
from controller.core.interlock_build import grouped, interlock_block, remembered
from controller.core.interlocks import InterlockBlock
from controller.core.loop_build import LoopBuilder, outputs_of
from controller.core.loops.run import OnLoss, PidLoop, Runner
from controller.core.programs import SetpointProgram, Setting
from controller.core.rules import Added, RuleBlock, RuleSet, Said, Wanted, gauges_of, ranked
from controller.core.safeguards import Safeguards, safeguards_of
from controller.core.self_test import Pulsed
from controller.core.sequences import SequenceBlock, SequenceStep
from controller.core.siren import BLOCK, Horn, SirenBlock, siren_of
from controller.core.soft_sensors import Estimator
from controller.core.start_up import KEY as START
from controller.core.start_up import StartUp
from controller.core.state import Block
from controller.core.timed import Held
from controller.core.trials import TrialMemory, TrialRunner, key_of
from controller.core.vote import Voted
from controller.core.words import Slot
from edge_config.blocked import blocked
from edge_config.model.control import Dosing, Influencing, LoopBase, Program, Ratio, RuleEffect, Timer
from edge_config.model.feeding import Feeding
from edge_config.model.outputs import Analog, Heartbeat, OnOff, Output, Pulse, ThreePoint, TimeProportioned
from edge_config.model.site import Site
from edge_config.model.strategies import Irrigation
from edge_config.tags import site_tags
from edge_config.templates import Placed, askers, placed_rules
from foundation.tag import Kind, Tag
from foundation.units import Quantity, difference, factor
from rules.expression import Expression, Named, compile_expression
from rules.place import Place


@dataclass(frozen=True, slots=True)
class Plan:
    """The built site, as the scan walks it."""

    tags: Mapping[str, Tag]
    conditioners: Mapping[str, Conditioner]
    ageing: tuple[tuple[str, float], ...]
    derived: tuple[Expressed | Voted, ...]
    """In an order in which each comes after its inputs."""
    votes: tuple[Voted, ...]
    estimators: tuple[Estimator, ...]
    """Made after those, and heard of by them in the next scan."""
    integrals: tuple[Integrated, ...]
    programs: Mapping[str, SetpointProgram]
    integrations: Mapping[str, Integration]
    """By setpoint."""
    cascaded: Mapping[str, tuple[float, float]]
    """Setpoints that an outer loop writes, with their limits."""
    rules: RuleSet
    sequences: tuple[SequenceBlock, ...]
    loops: tuple[Runner, ...]
    """Outer loops before inner ones."""
    trials: Mapping[str, TrialRunner]
    """By loop: those that can be tried on the running plant."""
    interlocks: tuple[InterlockBlock, ...]
    interlock_groups: Mapping[str, tuple[InterlockBlock, ...]]
    outputs: Mapping[str, OutputPlan]
    safeguards: Safeguards
    alarms: tuple[AlarmBlock, ...]
    loop_sensors: Mapping[str, Tag]
    output_of: Mapping[str, str]
    """Device tag -> output."""
    fresh: Mapping[str, Block]
    """What every block starts from."""
    hands: Hands
    """People's hands on the outputs."""
    siren: SirenBlock | None


def build(site: Site) -> Plan:
    """Build a checked site. Mistakes, which the checks find first, raise KeyError, UnitError or ExpressionError."""
    return _Builder(site).plan()


class _Builder:
    def __init__(self, site: Site) -> None:
        self.site = site
        self.tags = site_tags(site)
        self.units = {name: tag.unit for name, tag in self.tags.items()}
        place = site.site
        self.calendar = Calendar(place.timezone, place.latitude, place.longitude)
        self.expressions: list[Expression] = []
        """Those that may have gauges."""

    def plan(self) -> Plan:
        site, tags = self.site, self.tags
        image = ImageBuilder(site, tags, self.calendar)
        control = LoopBuilder(site, tags, self.calendar, self._expression)
        conditioners = {name: image.conditioner(tag) for name, tag in tags.items() if tag.kind is Kind.MEASURED}
        derived, integrals = image.derived()
        votes = tuple(one for one in derived if isinstance(one, Voted))
        estimators = tuple(
            image.estimator(name, setting.estimate)
            for name, setting in site.tags.items()
            if setting.estimate is not None
        )
        conditioners |= {
            probe: replace(conditioners[probe], vote=(vote.name, index))
            for vote in votes
            for index, probe in enumerate(vote.probes)
            if probe in conditioners and len(vote.probes) > 2
        }
        conditioners |= beside(conditioners)
        programs = {name: control.program(name, p) for name, p in site.programs.items() if p.by_loop is None}
        cascaded = {
            name: (p.limits[0].to(tags[name].unit), p.limits[1].to(tags[name].unit))
            for name, p in site.programs.items()
            if p.by_loop is not None
        }
        loops: tuple[Runner, ...] = control.loops()
        looped = {
            out
            for name, loop in site.loops.items()
            for out in outputs_of(loop)
            if not isinstance(loop, Timer | Dosing | Ratio | Irrigation | Feeding)
        }
        masters = {output.master for output in site.outputs.values() if isinstance(output, Pulse)}
        # a master valve is decided after its pumps, so that it opens with them
        names = sorted(site.outputs, key=lambda name: name in masters)
        outputs = {name: self._output(name, site.outputs[name], name in looped) for name in names}
        fresh: dict[str, Block] = {f"{name}#seen": Seen() for name in conditioners}
        fresh |= {f"{name}#test": Pulsed() for name, one in conditioners.items() if one.self_test is not None}
        fresh |= {f"{name}#air": Aired() for name, one in conditioners.items() if one.in_air is not None}
        fresh |= {integral.name: Sum() for integral in integrals}
        fresh |= {vote.name: vote.fresh for vote in votes} | {one.name: one.fresh for one in estimators}
        fresh |= dict.fromkeys(programs, Setting())
        integrations = {
            name: control.integration(name, program.integration)
            for name, program in site.programs.items()
            if name in programs and program.integration is not None and program.light is None
        }
        fresh |= {f"{name}#mean": Mean() for name in integrations}
        fresh |= {loop.name: loop.fresh for loop in loops}
        fresh |= {name: output.fresh for name, output in outputs.items()}
        safeguards = safeguards_of(site, self.units)
        fresh |= safeguards.fresh
        fresh |= {f"{name}#idle": Stood() for name, output in outputs.items() if output.safe.hold_s > 0}
        placed = placed_rules(site)
        ranks = ranked([one.rule.order for one in placed])
        ruled = tuple(self._rule(one, rank) for one, rank in zip(placed, ranks, strict=True))
        sequences = tuple(self._sequence(name, placed, outputs) for name in site.sequences)
        fresh |= {sequence.name: sequence.fresh for sequence in sequences}
        interlocks = tuple(interlock_block(name, one, site, self._expression) for name, one in site.interlocks.items())
        alarms = tuple(alarm_block(name, one, tags, self._expression) for name, one in site.alarms.items())
        fresh |= remembered(interlocks) | {block.name: Held() for block in alarms}
        fresh |= {block.quiet.key: Moved() for block in alarms if block.quiet is not None}
        pids = [loop for loop in loops if isinstance(loop, PidLoop) and loop.parts]
        trials = {loop.name: self._trial(loop, outputs, alarms, derived) for loop in pids}
        fresh |= {key_of(name): TrialMemory() for name in trials}
        siren = siren_of(site.notify)
        fresh |= {BLOCK: Horn()} if siren is not None else {}
        place = site.site
        rules = RuleSet(ruled, gauges_of(self.expressions), Place(place.timezone, place.latitude, place.longitude))
        fresh |= rules.fresh | {START: StartUp()}
        sensors = {loop.pv: tags[loop.pv] for loop in site.loops.values() if isinstance(loop, LoopBase)}
        output_of = {tag: name for name, output in outputs.items() for tag in output.device_tags}
        return Plan(
            tags, conditioners,
            tuple((name, tag.stale_s) for name, tag in tags.items() if tag.kind is Kind.MEASURED and tag.stale_s),
            derived, votes, estimators, integrals, programs, integrations, cascaded, rules, sequences, loops,
            trials, interlocks, grouped(interlocks), outputs, safeguards, alarms, sensors,
            output_of, fresh, hands_of(site, outputs, output_of), siren,
        )  # fmt: skip

    def _output(self, name: str, output: Output, looped: bool) -> OutputPlan:
        actuator, fresh, device_tags = _actuator(name, output)
        idle = 100.0 if isinstance(output, Heartbeat) else output.idle
        return OutputPlan(
            name, actuator, fresh, idle, OnLoss.of(output.safe), output.lease, output.life_support, device_tags,
            looped, output.master if isinstance(output, Pulse) else None, output.power,
        )  # fmt: skip

    def _expression(self, text: str, margin: Quantity | None = None, named: Named | None = None) -> Expression:
        expression = compile_expression(text, self.units, margin, named, remembers=True)
        self.expressions.append(expression)
        return expression

    def _rule(self, placed: Placed, rank: int) -> RuleBlock:
        rule, named = placed.rule, placed.named
        law = placed.law(self.units)
        self.expressions += [one for one in (law.when, law.clear) if one is not None]
        adds = tuple(self._added(effect.add_influence, named) for effect in rule.effects if effect.add_influence)
        every = [want for effect in rule.effects if (want := self._wanted(effect, named)) is not None]
        lines = [want.by for want in every if want.by is not None]
        needs = law.needs.union(*(by.needs for by in (*(add.by for add in adds), *lines)))
        alarm = next((effect.alarm.priority for effect in rule.effects if effect.alarm is not None), None)
        notices = tuple(
            Said(said.text.zh, said.text.en, said.to) for one in rule.effects if (said := one.notify) is not None
        )
        wants = tuple(want for want in every if want.rate_per_s == inf)
        slow = tuple(want for want in every if want.rate_per_s < inf)
        run = {named(effect.run_sequence) for effect in rule.effects if effect.run_sequence is not None}
        touches = frozenset(want.output for want in every).union(*(self.site.sequences[one].outputs for one in run))
        held_back = {named(one) for effect in rule.effects if (one := effect.inhibit or effect.limit_max) is not None}
        guarded = (
            alarm is not None
            or any(self.site.outputs[one].life_support for one in touches)
            or not held_back.isdisjoint(self.feeds_or_doses)
        )
        return RuleBlock(placed.id, law, needs, wants, adds, alarm, rank, notices, touches, slow, guarded)

    @cached_property
    def feeds_or_doses(self) -> frozenset[str]:
        functions, places = ("feeding", "dosing"), self.site.facilities
        return frozenset(one for what in functions for place in places for one in blocked(self.site, what, place))

    def _trial(
        self, loop: PidLoop, outputs: Mapping[str, OutputPlan], alarms: tuple[AlarmBlock, ...],
        derived: tuple[Expressed | Voted, ...],
    ) -> TrialRunner:  # fmt: skip
        life_support = any(outputs[part.output].life_support for part in loop.parts)
        every_s = max(loop.period_s, self.site.site.scan)
        inner = isinstance(program := self.site.programs.get(loop.sp), Program) and program.by_loop is not None
        probes = next((one.probes for one in derived if isinstance(one, Voted) and one.name == loop.pv), ())
        moved: set[str] = {loop.pv, *probes}
        made: list[Expressed] = []
        for one in derived:
            if isinstance(one, Expressed) and one.name != loop.pv and not moved.isdisjoint(one.inputs):
                moved.add(one.name)
                made.append(one)
        looks = tuple(one for one in alarms if not moved.isdisjoint(one.when.tags))
        unit, facility = self.units[loop.pv], loop.name.partition(".")[0]
        return TrialRunner(loop, unit, facility, life_support, every_s, looks, inner, probes, tuple(made))

    def _sequence(self, name: str, rules: tuple[Placed, ...], outputs: Mapping[str, OutputPlan]) -> SequenceBlock:
        sequence = self.site.sequences[name]
        steps = tuple(
            SequenceStep(
                (*((output, value, Slot.SEQUENCE) for output, value in step.set.items()),
                 *((output, value, Slot.REMOTE) for output, value in step.request.items())),
                step.for_, None if step.until is None else self._expression(step.until), step.within or 0.0,
                step.else_ == "next",
            )
            for step in sequence.steps
        )  # fmt: skip
        rivals = tuple(
            other
            for other, one in self.site.sequences.items()
            if other != name and not set(one.outputs).isdisjoint(sequence.outputs)
        )
        return SequenceBlock(
            name, steps, None if sequence.abort is None else self._expression(sequence.abort), sequence.latch,
            sequence.on_restart == "resume", askers(rules, name), rivals,
            tuple((one, outputs[one].safe.then) for one in sequence.outputs if not outputs[one].looped),
        )  # fmt: skip

    def _wanted(self, effect: RuleEffect, named: Named) -> Wanted | None:
        """What an effect wants of an output; None of one that wants something else."""
        if effect.inhibit is not None:
            return Wanted(named(effect.inhibit), 0.0)
        to = effect.to or 0.0
        if effect.set is not None:
            return Wanted(named(effect.set), to)
        if effect.request is not None:
            return Wanted(named(effect.request), to, Slot.REMOTE)
        limited = effect.limit_min or effect.limit_max
        if limited is None:
            return None
        bound: Literal["at_least", "at_most"] = "at_least" if effect.limit_min is not None else "at_most"
        if effect.by is not None:
            return Wanted(named(limited), to, Slot.RULE, bound, by=self._expression(effect.by, named=named))
        rate_per_s = inf if effect.rate is None else effect.rate.to("%/s")
        back_per_s = rate_per_s if effect.back is None else effect.back.to("%/s")
        return Wanted(named(limited), to, Slot.RULE, bound, rate_per_s, back_per_s)

    def _added(self, influence: Influencing, named: Named) -> Added:
        setpoint = named(influence.target)
        step = difference(self.units[setpoint])
        by = self._expression(influence.by, named=named)
        return Added(setpoint, by, factor(by.unit, step), influence.cap.to(step))


def _actuator(name: str, output: Output) -> tuple[Actuator, Memory, tuple[str, ...]]:
    match output:
        case OnOff():
            return Contact(name, output.min_on, output.min_off), Switch(), (name,)
        case TimeProportioned():
            return Proportioned(name, output.period, output.min_pulse), Share(), (name,)
        case ThreePoint():
            motor = ThreePointMotor(
                output.open, output.close, output.travel, output.backlash, output.dead_zone, output.reversal
            )
            return motor, Motor(), (output.open, output.close)
        case Analog():
            rate = output.rate.to("%/s") if output.rate is not None else None
            return Dimmer(name, output.low, rate), Level(), (name,)
        case Pulse():
            return Contact(name, 0.0, 0.0), Switch(), (name,)  # how long it runs is the dosing guard's
        case Heartbeat():
            return Beating(name, output.period), Beat(), (name,)
