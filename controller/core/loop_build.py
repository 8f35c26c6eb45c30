"""From programs and loops of the site to their blocks."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from controller.core.calendar import Calendar
from controller.core.integration import Integration, Target
from controller.core.loops.dosing import DosingSettings
from controller.core.loops.dosing_loop import DosingLoop
from controller.core.loops.effect import EffectCheck
from controller.core.loops.feed_forward import FishOxygen, LineAhead
from controller.core.loops.pid import PidSettings
from controller.core.loops.run import BandLoop, OnLoss, Part, PidLoop, Runner, Schedule, TimerLoop
from controller.core.loops.simple import Timetable
from controller.core.loops.structures import RatioLoop, SelectorLoop, StagingLoop
from controller.core.programs import Light, Line, SetpointProgram
from controller.core.strategies.build import cover_loop, irrigation_loop, lamp_loop
from controller.core.strategies.feeding_build import feeding_loop
from edge_config.model.control import (
    Dosing,
    FeedForward,
    Hysteresis,
    Influence,
    LoopBase,
    PBand,
    Pid,
    Program,
    Ratio,
    Selector,
    Staging,
    Timer,
)
from edge_config.model.control import Integration as IntegrationSettings
from edge_config.model.feeding import Feeding
from edge_config.model.outputs import Analog, Pulse, ThreePoint
from edge_config.model.site import Site
from edge_config.model.strategies import Cover, Irrigation, Lamps
from foundation.tag import Tag
from foundation.units import difference
from rules.expression import Expression


class LoopBuilder:
    """Of one site; `compiled` compiles an expression that may have gauges."""

    def __init__(
        self, site: Site, tags: Mapping[str, Tag], calendar: Calendar, compiled: Callable[[str], Expression]
    ) -> None:
        self.site, self.tags, self.calendar, self._compiled = site, tags, calendar, compiled
        self.units = {name: tag.unit for name, tag in tags.items()}

    def program(self, name: str, program: Program) -> SetpointProgram:
        unit = self.tags[name].unit
        step = difference(unit)
        light = program.light
        own = tuple(
            (one.ramp.up.to(f"{step}/s"), one.ramp.down.to(f"{step}/s")) if one.ramp is not None else None
            for one in program.periods or ()
        )
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
            own_ramps=own if any(own) else (),
        )

    def integration(self, name: str, one: IntegrationSettings) -> Integration:
        unit = self.units[one.of]
        step, line = difference(unit), one.target_line
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

    def loops(self) -> tuple[Runner, ...]:
        outer = [name for name, loop in self.site.loops.items() if set(outputs_of(loop)) & set(self.site.programs)]
        names = outer + [name for name in self.site.loops if name not in outer]
        return tuple(self._loop(name) for name in names)

    def _loop(self, name: str) -> Runner:
        loop = self.site.loops[name]
        match loop:
            case Pid():
                return self._pid(name, loop)
            case PBand():
                unit = difference(self.units[loop.pv])
                return BandLoop(
                    name, loop.pv, loop.sp, loop.period, self._due_s(loop), OnLoss.of(loop.on_loss), loop.out,
                    loop.band.to(unit), effect=self._effect(loop), widens=loop.widens,
                )  # fmt: skip
            case Hysteresis():
                unit = difference(self.units[loop.pv])
                return BandLoop(
                    name, loop.pv, loop.sp, loop.period, self._due_s(loop), OnLoss.of(loop.on_loss), loop.out, None,
                    loop.below.to(unit) if loop.below is not None else None,
                    loop.above.to(unit) if loop.above is not None else None, self._effect(loop),
                )  # fmt: skip
            case Dosing():
                return self._dosing(name, loop)
            case Timer():
                return TimerLoop(name, loop.out, Timetable(loop.at or (), loop.run, self.calendar, loop.every))
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
                        (one.pv, outputs_of(one)[0], _raises(one))
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
                return cover_loop(name, loop, self.units, self.site.site.scan, self._compiled)

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
            loop.share, self.tags[loop.of].entered, loop.by_hand,
        )  # fmt: skip

    def _effect(self, loop: Pid | PBand | Hysteresis) -> EffectCheck | None:
        if loop.check is None:
            return None
        raises = _raises(loop)
        if isinstance(loop, Pid) and loop.split and loop.split[0].gives[1] < loop.split[0].gives[0]:
            raises = not raises
        return EffectCheck(loop.check.within, loop.check.moves.to(difference(self.units[loop.pv])), raises)

    def _due_s(self, loop: LoopBase) -> float:
        return loop.period - self.site.site.scan / 2.0

    def _pid(self, name: str, loop: Pid) -> PidLoop:
        outputs = outputs_of(loop)
        step = difference(self.units[loop.pv])
        inner_sp = outputs[0] if outputs[0] in self.site.programs else None
        low, high, out_unit = 0.0, 100.0, "%"
        inner_pv = inner_out = None
        inner_raises = True
        on_loss = OnLoss.of(loop.on_loss)
        if inner_sp is not None:
            limits = self.site.programs[inner_sp].limits
            unit = self.units[inner_sp]
            low, high, out_unit = limits[0].to(unit), limits[1].to(unit), difference(unit)
            # none follows it where it is an influence on another setpoint
            for inner in self.site.loops.values():
                if isinstance(inner, LoopBase) and inner.sp == inner_sp:
                    inner_pv, inner_out, inner_raises = inner.pv, outputs_of(inner)[0], _raises(inner)
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
            return FishOxygen(gain, ff.lag or 3600.0, not self.tags[ff.of].entered)
        unit = self.units[ff.of]
        gain = ff.gain.to(f"({out_unit})/({difference(unit)})") if ff.gain is not None else 0.0
        return LineAhead(gain, ff.zero.to(unit) if ff.zero is not None else 0.0, ff.lag)

    def _foreseen(self, ff: FeedForward) -> tuple[SetpointProgram, float] | None:
        return (self.program(ff.of, self.site.programs[ff.of]), ff.lead) if ff.lead > 0.0 else None

    def _coarse(self, output: str) -> float:
        plan = self.site.outputs[output]
        return plan.dead_zone * 1.5 if isinstance(plan, ThreePoint) else plan.low if isinstance(plan, Analog) else 0.1

    def _dosing(self, name: str, loop: Dosing) -> DosingLoop:
        step = difference(self.units[loop.pv])
        pumps = [self.site.outputs[out] for out in loop.out]
        flows = tuple(pump.flow for pump in pumps if isinstance(pump, Pulse))
        longest = min(_longest(pump) for pump in pumps if isinstance(pump, Pulse))
        settings = DosingSettings(
            flows, loop.gap, loop.effect.to(f"({step})/L"), loop.share, loop.deadband.to(step), loop.wait,
            loop.ineffective, longest, self.site.site.scan,
            loop.unexpected.to(step) if loop.unexpected is not None else None,
            loop.blind.to(step) if loop.blind is not None else None,
            loop.beyond.to(step) if loop.beyond is not None else 0.0,
            loop.short.to(step) if loop.short is not None else None,
        )  # fmt: skip
        return DosingLoop(
            name, loop.pv, loop.sp, loop.period, self._due_s(loop), settings, loop.out, loop.only_with, loop.after,
            loop.opposite, loop.opposite_wait, loop.disturbed_by,
        )  # fmt: skip


def outputs_of(loop: Any) -> tuple[str, ...]:
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
