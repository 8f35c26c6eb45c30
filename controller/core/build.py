"""From the site to the core's blocks: everything looked up, converted and compiled once, before the first scan."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from typing import Any, Literal

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
from controller.core.biofilter import Biofilter
from controller.core.calendar import Calendar
from controller.core.calibration import Calibration, Warmth
from controller.core.condition import Conditioner, Seen, Stuck
from controller.core.derive import Expressed, Integrated, Sum
from controller.core.hands import Hands, hands_of
from controller.core.integration import Integration, Mean, Target
from controller.core.interlock_build import grouped, interlock_block, remembered
from controller.core.interlocks import InterlockBlock
from controller.core.loops.dosing import DosingSettings
from controller.core.loops.effect import EffectCheck
from controller.core.loops.feed_forward import FishOxygen, LineAhead
from controller.core.loops.pid import PidSettings
from controller.core.loops.run import BandLoop, DosingLoop, OnLoss, Part, PidLoop, Runner, Schedule, TimerLoop
from controller.core.loops.simple import Timetable
from controller.core.loops.structures import RatioLoop, SelectorLoop, StagingLoop
from controller.core.programs import Light, Line, SetpointProgram, Setting
from controller.core.rules import Added, RuleBlock, RuleSet, Said, Wanted, gauges_of, ranked
from controller.core.safeguards import Safeguards, safeguards_of
from controller.core.self_test import Pulsed, SelfTest
from controller.core.sequences import SequenceBlock, SequenceStep
from controller.core.siren import BLOCK, Horn, SirenBlock, siren_of
from controller.core.soft_sensors import DoseEffect, Estimator, HeatLoss, MotorPosition, Tan, Uptake
from controller.core.start_up import KEY as START
from controller.core.start_up import StartUp
from controller.core.state import Block
from controller.core.strategies.build import cover_loop, irrigation_loop, lamp_loop
from controller.core.strategies.feeding_build import feeding_loop
from controller.core.strategies.growth import Growth
from controller.core.timed import Held
from controller.core.trials import TrialMemory, TrialRunner, key_of
from controller.core.vote import Voted
from controller.core.words import Slot
from edge_config.blocked import blocked
from edge_config.model.control import (
    Dosing,
    FeedForward,
    Hysteresis,
    Influence,
    Influencing,
    LoopBase,
    PBand,
    Pid,
    Program,
    Ratio,
    RuleEffect,
    Selector,
    Staging,
    Timer,
)
from edge_config.model.control import Integration as IntegrationSettings
from edge_config.model.estimates import Ammonia, Estimate, OxygenUptake, Supply
from edge_config.model.estimates import Biofilter as BiofilterSetting
from edge_config.model.estimates import DoseEffect as DoseEffectSetting
from edge_config.model.estimates import Growth as GrowthSetting
from edge_config.model.estimates import HeatLoss as HeatLossSetting
from edge_config.model.estimates import MotorPosition as MotorPositionSetting
from edge_config.model.feeding import Feeding
from edge_config.model.outputs import Analog, Heartbeat, OnOff, Output, Pulse, ThreePoint, TimeProportioned
from edge_config.model.site import Calibration as CalibrationSetting
from edge_config.model.site import Site
from edge_config.model.site import Stuck as StuckSetting
from edge_config.model.strategies import Cover, Irrigation, Lamps
from edge_config.model.values import DayTime
from edge_config.tags import site_tags
from edge_config.templates import Placed, askers, placed_rules
from foundation.tag import Kind, Tag
from foundation.units import Quantity, factor
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
        conditioners = {name: self._conditioner(tag) for name, tag in tags.items() if tag.kind is Kind.MEASURED}
        derived, integrals = self._derived()
        votes = tuple(one for one in derived if isinstance(one, Voted))
        estimators = tuple(
            self._estimator(name, setting.estimate)
            for name, setting in site.tags.items()
            if setting.estimate is not None
        )
        conditioners |= {
            probe: replace(conditioners[probe], vote=(vote.name, index))
            for vote in votes
            for index, probe in enumerate(vote.probes)
            if probe in conditioners and len(vote.probes) > 2
        }
        programs = {name: self._program(name, p) for name, p in site.programs.items() if p.by_loop is None}
        cascaded = {
            name: (p.limits[0].to(tags[name].unit), p.limits[1].to(tags[name].unit))
            for name, p in site.programs.items()
            if p.by_loop is not None
        }
        loops: tuple[Runner, ...] = self._loops()
        looped = {
            out
            for name, loop in site.loops.items()
            for out in _outputs(loop)
            if not isinstance(loop, Timer | Dosing | Ratio | Irrigation | Feeding)
        }
        masters = {output.master for output in site.outputs.values() if isinstance(output, Pulse)}
        # a master valve is decided after its pumps, so that it opens with them
        names = sorted(site.outputs, key=lambda name: name in masters)
        outputs = {name: self._output(name, site.outputs[name], name in looped) for name in names}
        fresh: dict[str, Block] = {f"{name}#seen": Seen() for name in conditioners}
        fresh |= {f"{name}#test": Pulsed() for name, one in conditioners.items() if one.self_test is not None}
        fresh |= {integral.name: Sum() for integral in integrals}
        fresh |= {vote.name: vote.fresh for vote in votes} | {one.name: one.fresh for one in estimators}
        fresh |= dict.fromkeys(programs, Setting())
        integrations = {
            name: self._integration(name, program.integration)
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
        trials = {loop.name: self._trial(loop, outputs) for loop in loops if isinstance(loop, PidLoop) and loop.parts}
        fresh |= {key_of(name): TrialMemory() for name in trials}
        interlocks = tuple(interlock_block(name, one, site, self._expression) for name, one in site.interlocks.items())
        alarms = tuple(alarm_block(name, one, tags, self._expression) for name, one in site.alarms.items())
        fresh |= remembered(interlocks) | {block.name: Held() for block in alarms}
        fresh |= {block.quiet.key: Moved() for block in alarms if block.quiet is not None}
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

    # --- the image

    def _conditioner(self, tag: Tag) -> Conditioner:
        setting = self.site.tags.get(tag.name)
        if setting is None:
            return Conditioner(tag)
        spike = setting.spike.to(_difference(tag.unit)) if setting.spike is not None else None
        scale = factor(setting.unit, tag.unit) if setting.unit is not None and tag.unit != "bool" else 1.0
        hampel = setting.hampel.to(_difference(tag.unit)) if setting.hampel is not None else None
        calibration = self._calibration(setting.calibration, tag.unit) if setting.calibration is not None else None
        raw_tag = f"{tag.name}_raw" if calibration is not None else None
        test = setting.self_test
        self_test = None if test is None else SelfTest(
            test.of, test.to.to(tag.unit), test.response, test.slower, test.bias.to(_difference(tag.unit)),
            test.recovers,
        )  # fmt: skip
        return Conditioner(
            tag, spike, setting.filter or 0.0, scale, hampel, self._stuck(setting.stuck, tag.unit), calibration,
            raw_tag, None, self_test,
        )  # fmt: skip

    def _stuck(self, stuck: StuckSetting | None, unit: str) -> Stuck | None:
        if stuck is None:
            return None
        within = stuck.within.to(_difference(unit)) if stuck.within is not None else 0.0
        if stuck.with_ is None:
            return Stuck(stuck.for_, within)
        by = stuck.by.to(_difference(self.units[stuck.with_])) if stuck.by is not None else 0.0
        return Stuck(stuck.for_, within, stuck.with_, by)

    def _calibration(self, calibration: CalibrationSetting, unit: str) -> Calibration:
        points = tuple((said.to(unit), true.to(unit)) for said, true in calibration.points)
        water = calibration.temperature
        warmth = None
        if water is not None:
            warmth = Warmth(water.tag, water.form, water.per_kelvin, water.reference.to("degC"))
        return Calibration(points, warmth)

    def _derived(self) -> tuple[tuple[Expressed | Voted, ...], tuple[Integrated, ...]]:
        found: dict[str, Expressed | Voted] = {}
        integrals: list[Integrated] = []
        for name, setting in self.site.tags.items():
            unit = self.tags[name].unit
            if setting.derive is not None:
                expression = compile_expression(setting.derive, self.units)
                found[name] = Expressed(name, expression, tuple(sorted(expression.tags)))
            elif setting.vote is not None:
                disagree = setting.disagree.to(_difference(unit)) if setting.disagree is not None else float("inf")
                drift = setting.drift.to(_difference(unit)) if setting.drift is not None else None
                model = (setting.stand_in.tag, setting.stand_in.for_) if setting.stand_in is not None else (None, 0.0)
                found[name] = Voted(name, setting.vote, disagree, setting.danger, drift, *model)
            elif setting.integrate is not None:
                source = setting.integrate
                scale = _integral_factor(self.units[source], unit)
                integrals.append(Integrated(name, source, scale, self.calendar, self._stands(source)))
        ordered: list[Expressed | Voted] = []
        while found:
            ready = [name for name, one in found.items() if not any(tag in found for tag in one.inputs)]
            if not ready:
                raise ValueError(f"derived tags need each other: {', '.join(sorted(found))}")
            ordered += [found.pop(name) for name in ready]
        return tuple(ordered), tuple(integrals)

    def _stands(self, tag: str) -> bool:
        """Whether a tag is what it was until it is heard of again: outputs, setpoints, what is made of them alone."""
        setting = self.site.tags.get(tag)
        if setting is None or setting.derive is None:
            return tag in self.site.outputs or tag in self.site.programs
        return all(self._stands(one) for one in compile_expression(setting.derive, self.units).tags)

    def _estimator(self, name: str, one: Estimate) -> Estimator:
        match one:
            case OxygenUptake():
                fed, per_fed, lag_s = None, 0.0, 3600.0
                if one.fed is not None:
                    fed, per_fed, lag_s = one.fed.of, one.fed.adds.to("(mg/L/h)/(kg/h)"), one.fed.lag
                return Uptake(
                    name, one.gives == "oxygen", one.oxygen, self._supply(one.supply, "mg/L/h"), one.lag,
                    one.exchange.to("%/h") / 100.0 if one.exchange is not None else 0.0, one.temperature, fed,
                    FishOxygen(1.0, lag_s, not self._is_entered(fed)), per_fed,
                    one.noise.to("mg/L"), one.wander.to("mg/L/h"),
                    one.period, one.wait,
                )  # fmt: skip
            case Ammonia():
                return Tan(
                    name, one.gives == "removal", one.lab, one.fed.of,
                    FishOxygen(1.0, one.fed.lag, not self._is_entered(one.fed.of)),
                    one.fed.adds.to("(mg/L)/kg"), one.rest.to("mg/L/h") if one.rest is not None else 0.0,
                    one.removal.to("%/h") / 100.0, one.noise.to("mg/L"),
                    one.period, one.wait,
                )  # fmt: skip
            case BiofilterSetting():
                return Biofilter(
                    name, one.tan, one.flow, one.fed.of, one.volume.to("m3"),
                    FishOxygen(1.0, one.fed.lag, not self._is_entered(one.fed.of)), one.fed.adds.to("(mg/L)/kg"),
                    one.rest.to("mg/L/h"), one.rate.to("mg/L/h"), one.noise.to("mg/L"), one.period, one.wait,
                )  # fmt: skip
            case HeatLossSetting():
                return HeatLoss(
                    name, one.inside, one.outside, self._supply(one.supply, "kW"), one.capacity.to("kWh/K"),
                    one.guess.to("kW/K"), one.noise.to("K"), one.period, one.wait,
                )  # fmt: skip
            case GrowthSetting():
                return Growth(name, one.weighed, one.temperature, one.tgc, one.period, one.wait)
            case DoseEffectSetting():
                loop = self.site.loops[one.loop]
                assert isinstance(loop, Dosing)
                return DoseEffect(name, one.loop, loop.pv)
            case MotorPositionSetting():
                return MotorPosition(name, one.output)

    def _supply(self, supply: tuple[Supply, ...], unit: str) -> tuple[tuple[str, float], ...]:
        return tuple((one.of, one.adds.to(f"({unit})/({_difference(self.units[one.of])})")) for one in supply)

    # --- programs and loops

    def _program(self, name: str, program: Program) -> SetpointProgram:
        unit = self.tags[name].unit
        step = _difference(unit)
        light = program.light
        return SetpointProgram(
            name,
            program.limits[0].to(unit),
            program.limits[1].to(unit),
            program.value.to(unit) if program.value is not None else None,
            tuple((period.from_, period.value.to(unit)) for period in program.periods or ()),
            None
            if light is None
            else Light(
                light.target.to("mol/m2/d"), light.accrued, light.from_, light.to, light.adjust / 100.0, light.extend
            ),
            program.ramp.up.to(f"{step}/s") if program.ramp is not None else None,
            program.ramp.down.to(f"{step}/s") if program.ramp is not None else None,
            tuple(self._line(influence, step) for influence in program.influences),
            program.cap.to(step) if program.cap is not None else None,
            self.calendar,
            ahead=program.ramp is not None and program.ramp.ahead,
        )

    def _integration(self, name: str, one: IntegrationSettings) -> Integration:
        unit = self.units[one.of]
        step, line = _difference(unit), one.target_line
        target = Target(one.target.to(unit)) if one.target is not None else Target()
        if line is not None:
            target = Target(None, line.of, self._line(line, unit).at)
        band = one.band.to(step)
        day_band = one.day_band.to(step) if one.day_band is not None else band
        return Integration(name, one.of, target, one.days, band, day_band, self.calendar)

    def _line(self, influence: Influence, step: str) -> Line:
        source = self.units[influence.of]
        (x1, y1), (x2, y2) = influence.from_, influence.to
        return Line(influence.of, x1.to(source), y1.to(step), x2.to(source), y2.to(step))

    def _loops(self) -> tuple[Runner, ...]:
        outer = [name for name, loop in self.site.loops.items() if set(_outputs(loop)) & set(self.site.programs)]
        names = outer + [name for name in self.site.loops if name not in outer]
        return tuple(self._loop(name) for name in names)

    def _loop(self, name: str) -> Runner:
        loop = self.site.loops[name]
        match loop:
            case Pid():
                return self._pid(name, loop)
            case PBand():
                unit = _difference(self.units[loop.pv])
                return BandLoop(
                    name, loop.pv, loop.sp, loop.period, self._due_s(loop), OnLoss.of(loop.on_loss), loop.out,
                    loop.band.to(unit), effect=self._effect(loop), widens=loop.widens,
                )  # fmt: skip
            case Hysteresis():
                unit = _difference(self.units[loop.pv])
                return BandLoop(
                    name, loop.pv, loop.sp, loop.period, self._due_s(loop), OnLoss.of(loop.on_loss), loop.out, None,
                    loop.below.to(unit) if loop.below is not None else None,
                    loop.above.to(unit) if loop.above is not None else None, self._effect(loop),
                )  # fmt: skip
            case Dosing():
                return self._dosing(name, loop)
            case Timer():
                return TimerLoop(name, loop.out, Timetable(loop.at or _every(loop.every), loop.run, self.calendar))
            case Staging():
                trim = None if loop.trim is None else Part(loop.trim, 0.0, 100.0, 0.0, 100.0, self._coarse(loop.trim))
                return StagingLoop(
                    name, loop.demand, loop.out, trim, loop.up, loop.up_for, loop.down, loop.down_for, loop.period,
                    loop.period - self.site.site.scan / 2.0, loop.swap,
                )  # fmt: skip
            case Selector():
                setpoint = loop.out if loop.out in self.site.programs else None
                part = None
                if setpoint is None:
                    part = Part(loop.out, 0.0, 100.0, 0.0, 100.0, self._coarse(loop.out))
                due_s = loop.period - self.site.site.scan / 2.0
                inner = next(
                    (
                        (one.pv, _outputs(one)[0], _raises(one))
                        for one in self.site.loops.values()
                        if isinstance(one, Pid | PBand | Hysteresis | Dosing) and one.sp == setpoint
                    ),
                    None,
                )
                return SelectorLoop(name, loop.pick, loop.of, part, setpoint, loop.period, due_s, inner)
            case Ratio():
                return self._ratio(name, loop)
            case Feeding():
                return feeding_loop(name, loop, self.calendar)
            case Irrigation():
                return irrigation_loop(name, loop, self.units, self.site.site.scan, self.calendar)
            case Lamps():
                return lamp_loop(name, loop, self.units, self.site.outputs[loop.out], self.calendar)
            case Cover():
                return cover_loop(name, loop, self.units, self.site.site.scan, self._expression)

    def _ratio(self, name: str, loop: Ratio) -> RatioLoop:
        pump = self.site.outputs[loop.out]
        assert isinstance(pump, Pulse)
        unit = self.units[loop.of]
        of = self.site.outputs.get(loop.of)
        kind: Literal["counter", "flow", "output"]
        if isinstance(of, Pulse):
            kind, ml_per_unit = "output", loop.per.to("L/L") * of.flow
        elif unit == "m3/h":
            kind, ml_per_unit = "flow", loop.per.to("L/L") * 1e6 / 3600.0
        else:
            kind, ml_per_unit = "counter", loop.per.to(f"L/({unit})") * 1000.0
        return RatioLoop(
            name, loop.of, kind, loop.out, ml_per_unit, pump.flow, loop.least, pump.max_pulse, self.site.site.scan,
            loop.share,
        )  # fmt: skip

    def _effect(self, loop: Pid | PBand | Hysteresis) -> EffectCheck | None:
        if loop.check is None:
            return None
        raises = _raises(loop)
        if isinstance(loop, Pid) and loop.split and loop.split[0].gives[1] < loop.split[0].gives[0]:
            raises = not raises
        return EffectCheck(loop.check.within, loop.check.moves.to(_difference(self.units[loop.pv])), raises)

    def _due_s(self, loop: LoopBase) -> float:
        return loop.period - self.site.site.scan / 2.0

    def _pid(self, name: str, loop: Pid) -> PidLoop:
        outputs = _outputs(loop)
        step = _difference(self.units[loop.pv])
        inner_sp = outputs[0] if outputs[0] in self.site.programs else None
        low, high, out_unit = 0.0, 100.0, "%"
        inner_pv = inner_out = None
        inner_raises = True
        on_loss = OnLoss.of(loop.on_loss)
        if inner_sp is not None:
            limits = self.site.programs[inner_sp].limits
            unit = self.units[inner_sp]
            low, high, out_unit = limits[0].to(unit), limits[1].to(unit), _difference(unit)
            # none follows it where it is an influence on another setpoint
            for inner in self.site.loops.values():
                if isinstance(inner, LoopBase) and inner.sp == inner_sp:
                    inner_pv, inner_out, inner_raises = inner.pv, _outputs(inner)[0], _raises(inner)
            # a loss action is a position: of a setpoint, that share of its limits
            on_loss = OnLoss(low + (high - low) * on_loss.then / 100.0, on_loss.hold_s, on_loss.looks_ahead)
        kc = loop.kc.to(f"({out_unit})/({step})" if step else out_unit)
        deadband = loop.deadband.to(step) if loop.deadband is not None else 0.0
        rate_per_s = loop.rate.to(f"{out_unit}/s") if loop.rate is not None else None
        settings = PidSettings(kc, loop.ti, loop.td, loop.b, loop.period, low, high, deadband, rate_per_s)
        schedule = None
        if loop.schedule is not None:
            of, gain = loop.schedule.of, f"({out_unit})/({step})" if step else out_unit
            points = tuple((one.value.to(self.units[of]), one.kc.to(gain), one.ti) for one in loop.schedule.at)
            schedule = Schedule(of, points)
        consumer = next(
            (
                one
                for one, other in self.site.loops.items()
                if inner_sp is not None
                and (inner_sp in other.of if isinstance(other, Selector)
                     else isinstance(other, Staging) and other.demand == inner_sp)
            ),
            None,
        )  # fmt: skip
        ahead = tuple((one.of, self._ahead(one, out_unit)) for one in loop.feed_forward)
        parts = tuple(
            Part(s.out, s.of[0], s.of[1], s.gives[0], s.gives[1], self._coarse(s.out), s.curve) for s in loop.split
        ) or ((Part(outputs[0], 0.0, 100.0, 0.0, 100.0, self._coarse(outputs[0])),) if inner_sp is None else ())
        inner_of = (inner_sp, inner_pv, inner_out, inner_raises)
        return PidLoop(
            name, loop.pv, loop.sp, loop.period, self._due_s(loop), settings, on_loss, parts, *inner_of, ahead,
            tuple(one.adapt for one in loop.feed_forward), schedule, self._effect(loop),
            tuple(self._foreseen(one) for one in loop.feed_forward), consumer,
        )  # fmt: skip

    def _ahead(self, ff: FeedForward, out_unit: str) -> FishOxygen | LineAhead:
        if ff.model == "fish_oxygen":
            gain = ff.gain.to(f"({out_unit})/(kg/h)") if ff.gain is not None else 0.0
            return FishOxygen(gain, ff.lag or 3600.0, not self._is_entered(ff.of))
        unit = self.units[ff.of]
        gain = ff.gain.to(f"({out_unit})/({_difference(unit)})") if ff.gain is not None else 0.0
        return LineAhead(gain, ff.zero.to(unit) if ff.zero is not None else 0.0, ff.lag)

    def _foreseen(self, ff: FeedForward) -> tuple[SetpointProgram, float] | None:
        return (self._program(ff.of, self.site.programs[ff.of]), ff.lead) if ff.lead > 0.0 else None

    def _is_entered(self, tag: str | None) -> bool:
        return tag in self.tags and self.tags[tag].entered

    def _coarse(self, output: str) -> float:
        plan = self.site.outputs[output]
        return plan.dead_zone * 1.5 if isinstance(plan, ThreePoint) else plan.low if isinstance(plan, Analog) else 0.1

    def _dosing(self, name: str, loop: Dosing) -> DosingLoop:
        step = _difference(self.units[loop.pv])
        pumps = [self.site.outputs[out] for out in loop.out]
        flows = tuple(pump.flow for pump in pumps if isinstance(pump, Pulse))
        longest = min(_longest(pump) for pump in pumps if isinstance(pump, Pulse))
        settings = DosingSettings(
            flows, loop.gap, loop.effect.to(f"({step})/L"), loop.share, loop.deadband.to(step), loop.wait,
            loop.ineffective, longest, self.site.site.scan,
            loop.unexpected.to(step) if loop.unexpected is not None else None,
            loop.blind.to(step) if loop.blind is not None else None,
            loop.beyond.to(step) if loop.beyond is not None else 0.0,
        )  # fmt: skip
        return DosingLoop(
            name, loop.pv, loop.sp, loop.period, self._due_s(loop), settings, loop.out, loop.only_with, loop.after,
            loop.opposite, loop.opposite_wait,
        )  # fmt: skip

    # --- outputs and conditions

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
        needs = law.needs.union(*(add.by.needs for add in adds))
        alarm = next((effect.alarm.priority for effect in rule.effects if effect.alarm is not None), None)
        notices = tuple(
            Said(said.text.zh, said.text.en, said.to) for one in rule.effects if (said := one.notify) is not None
        )
        every = [want for effect in rule.effects if (want := _wanted(effect, named)) is not None]
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

    def _trial(self, loop: PidLoop, outputs: Mapping[str, OutputPlan]) -> TrialRunner:
        life_support = any(outputs[part.output].life_support for part in loop.parts)
        every_s = max(loop.period_s, self.site.site.scan)
        inner = isinstance(program := self.site.programs.get(loop.sp), Program) and program.by_loop is not None
        return TrialRunner(loop, self.units[loop.pv], loop.name.partition(".")[0], life_support, every_s, inner)

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

    def _added(self, influence: Influencing, named: Named) -> Added:
        setpoint = named(influence.target)
        step = _difference(self.units[setpoint])
        by = self._expression(influence.by, named=named)
        return Added(setpoint, by, factor(by.unit, step), influence.cap.to(step))


def _wanted(effect: RuleEffect, named: Named) -> Wanted | None:
    """What an effect wants of an output; None of one that wants something else."""
    if effect.inhibit is not None:
        return Wanted(named(effect.inhibit), 0.0)
    to = effect.to or 0.0
    rate_per_s = inf if effect.rate is None else effect.rate.to("%/s")
    back_per_s = rate_per_s if effect.back is None else effect.back.to("%/s")
    if effect.set is not None:
        return Wanted(named(effect.set), to)
    if effect.limit_min is not None:
        return Wanted(named(effect.limit_min), to, Slot.RULE, "at_least", rate_per_s, back_per_s)
    if effect.limit_max is not None:
        return Wanted(named(effect.limit_max), to, Slot.RULE, "at_most", rate_per_s, back_per_s)
    if effect.request is not None:
        return Wanted(named(effect.request), to, Slot.REMOTE)
    return None


def _difference(unit: str) -> str:
    """The unit of a difference between two values in `unit`."""
    return "K" if unit == "degC" else unit


def _outputs(loop: Any) -> tuple[str, ...]:
    """What a loop writes: outputs, or the setpoint of an inner loop."""
    if isinstance(loop, Pid) and loop.split:
        return tuple(part.out for part in loop.split)
    if isinstance(loop, Staging) and loop.trim is not None:
        return (*loop.out, loop.trim)
    if isinstance(loop, Irrigation):
        plain = None if loop.plain_water is None else loop.plain_water.out
        return (*loop.out, *(out for out in (loop.pump, plain) if out is not None))
    return loop.out if isinstance(loop.out, tuple) else (loop.out,)


def _raises(loop: Pid | PBand | Hysteresis | Dosing) -> bool:
    """Whether more of a loop's output raises its value."""
    match loop:
        case Pid():
            return loop.kc.value >= 0
        case PBand():
            return loop.band.value < 0
        case Hysteresis():
            return loop.above is None
        case Dosing():
            return loop.effect.value >= 0


def _longest(pump: Pulse) -> float:
    """Seconds of the largest dose."""
    if pump.max_dose is None:
        return pump.max_pulse
    return min(pump.max_pulse, pump.max_dose.to("L") * 1000.0 / pump.flow)


def _every(every_s: float | None) -> tuple[DayTime, ...]:
    """Moments of a day, from midnight on."""
    count = int(86400.0 // every_s) if every_s else 0
    return tuple(DayTime(anchor="clock", offset_s=index * (every_s or 0.0)) for index in range(count))


def _integral_factor(source: str, target: str) -> float:
    """From `source` times seconds into `target`."""
    if source == "umol/m2/s" and target == "mol/m2/d":
        return 1e-6  # a day's sum is spelled per day, but counts mol/m2
    return factor(f"({source})*s", target)


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
