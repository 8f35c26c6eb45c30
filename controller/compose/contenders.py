"""Who may be scored: Farmloop itself, and reference controllers closed over the same site's loops.

References get what is not theirs to have from us: setpoints as the programs ask for them (without influences, which
need measurements), timers, and the drives of the actuators. Votes, feed-forward, rules and interlocks they do not get.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Protocol

from controller.core.actuators import Actuator, Contact, Memory, Proportioned, Share, Switch, resumed
from controller.core.build import Plan, build
from controller.core.loops.run import Part, PidLoop, TimerLoop
from controller.core.loops.simple import Timetable
from controller.core.programs import Setting
from controller.core.scan import Core
from controller.core.state import Chosen, State, to_plain
from controller.core.strategies.feeding import FeedingLoop
from controller.core.words import Override, SetpointChange, Slot, Snapshot
from edge_config.model.control import Dosing, Hysteresis, Loop, LoopBase, PBand, Pid
from edge_config.model.outputs import Analog, Pulse, TimeProportioned
from edge_config.model.site import Site
from foundation.reading import Reading, Value
from simulator.references import REFERENCES, Reference, Task
from simulator.references.hysteresis import Thermostat
from simulator.references.tunings import TUNINGS, Tuning

Wish = SetpointChange | Override
PROGRAM_PERIOD_S = 10.0
NOTHING: list[tuple[str, Value]] = []
KEPT_EVERY_S = 10.0
"""The agent writes its state so often (DESIGN.md 4)."""


class Contender(Protocol):
    """A controller in a run."""

    alarms: tuple[str, ...]
    """Active now."""
    trips: tuple[str, ...]
    """Interlocks that tripped in this scan."""

    def step(
        self, readings: list[Reading], written: Sequence[tuple[str, bool, str | None]], wishes: list[Wish], now_s: float
    ) -> list[tuple[str, Value]]:
        """One scan: device tags to be written."""
        ...

    def restart(self, now_s: float) -> None:
        """Its process was gone, and starts with what it kept."""
        ...


class Targets:
    """What the site's programs ask for, by clock and people alone."""

    def __init__(self, plan: Plan) -> None:
        self.values: dict[str, float] = {}
        self._programs = plan.programs
        self._settings: dict[str, Setting] = dict.fromkeys(plan.programs, Setting())
        self._chosen: dict[str, Chosen] = {}
        self._due_s = -inf

    def step(self, wishes: list[Wish], now_s: float) -> None:
        for wish in wishes:
            if isinstance(wish, SetpointChange):
                self._chosen[wish.setpoint] = Chosen(wish.value, wish.by, wish.time_s)
        if now_s < self._due_s and not wishes:
            return
        self._due_s = now_s + PROGRAM_PERIOD_S
        for name, program in self._programs.items():
            setting, value = program.step(self._settings[name], self._chosen.get(name), {}, now_s)
            self._settings[name] = setting
            self.values[name] = value


def told_of(state: State) -> tuple[str, ...]:
    """Alarms whose cause is there, and that nothing else explains."""
    return tuple(alarm.id for alarm in state.alarms if alarm.state in ("unacknowledged", "acknowledged"))


class Farmloop:
    """The real core, as the agent runs it."""

    def __init__(self, site: Site, now_s: float) -> None:
        self.core, self._site = Core(site), site
        self.state: State = self.core.start(now_s)
        self.alarms: tuple[str, ...] = ()
        self.trips: tuple[str, ...] = ()
        self._kept = self.state

    def step(
        self, readings: list[Reading], written: Sequence[tuple[str, bool, str | None]], wishes: list[Wish], now_s: float
    ) -> list[tuple[str, Value]]:
        result = self.core.scan(self.state, Snapshot(tuple(readings), tuple(written), tuple(wishes)), now_s)
        self.state = result.state
        if now_s - self._kept.at_s >= KEPT_EVERY_S:
            self._kept = self.state
        self.alarms = told_of(self.state)
        self.trips = tuple(event.subject for event in result.events if event.kind == "trip")
        return [(command.tag, command.value) for command in result.commands]

    def by_loops(self) -> dict[str, float]:
        """Where loops want what can stand anywhere, in %; what a rule or an interlock has in hand is left out."""
        return {
            name: order.value
            for name, order in self.state.orders.items()
            if order.slot is Slot.LOOP and isinstance(self._site.outputs[name], Analog | TimeProportioned)
        }

    def restart(self, now_s: float) -> None:
        self.state = self.core.start(now_s, to_plain(self._kept))
        self.alarms, self.trips = told_of(self.state), ()


@dataclass(slots=True)
class _Closed:
    """One loop of the site in a reference controller's hands."""

    name: str
    pv: str
    sp: str
    law: Reference
    parts: tuple[Part, ...]
    position: float
    due_s: float = -inf


class Peer:
    """A reference controller on every loop of a site. `hold`: where outputs stand that only our rules move."""

    def __init__(
        self,
        name: str,
        site: Site,
        targets: Targets,
        hold: Mapping[str, float],
        now_s: float,
        tunings: Mapping[str, Tuning] = TUNINGS,
    ) -> None:
        self.alarms: tuple[str, ...] = ()
        self.trips: tuple[str, ...] = ()
        self.tasks: list[tuple[str, Task, str]] = []
        """Every loop that it closes: name, what its law was given, and the setpoint's program."""
        self._name, self._make, self._tunings = name, REFERENCES[name], tunings
        self._site, self._targets = site, targets
        self._plan = build(site)
        self._hold = {name: _idle(plan.idle, plan.safe.then) for name, plan in self._plan.outputs.items()}
        # they know of no master valve: it stands open
        self._hold |= {plan.master: 100.0 for plan in self._plan.outputs.values() if plan.master is not None}
        self._hold |= hold
        self._timers = [loop for loop in self._plan.loops if isinstance(loop, TimerLoop)]
        fed = [loop for loop in self._plan.loops if isinstance(loop, FeedingLoop) and loop.meals]
        self._timers += map(_by_the_clock, fed)
        self._hands: dict[str, tuple[float, float]] = {}
        self._heard: dict[str, Reading] = {}
        self._sent: dict[str, tuple[Value, float]] = {}
        self._rests: dict[str, tuple[float, float]] = {}
        """What was wanted of an output, and until when there is nothing to do for it."""
        self._loops = self._closed()
        self._drives: dict[str, tuple[Actuator, Memory]] = {}
        for output in self._plan.outputs.values():
            window_s = max((one.law.window_s for one in self._loops if output.name in _outputs_of(one)), default=0.0)
            drive: tuple[Actuator, Memory] = (output.actuator, output.fresh)
            if isinstance(site.outputs[output.name], Pulse):
                drive = (Proportioned(output.name, window_s, 1.0), Share()) if window_s else (
                    Contact(output.name, 0.0, 0.0), Switch()
                )  # fmt: skip
            self._drives[output.name] = drive

    def step(
        self, readings: list[Reading], written: Sequence[tuple[str, bool, str | None]], wishes: list[Wish], now_s: float
    ) -> list[tuple[str, Value]]:
        for reading in readings:
            self._heard[reading.tag] = reading
        for wish in wishes:
            if isinstance(wish, Override) and wish.value is not None:
                self._hands[wish.output] = (wish.value, wish.expires_s)
        wanted = dict(self._hold)
        for timer in self._timers:
            until_s = timer.timetable.until(now_s)
            wanted[timer.output] = 100.0 if until_s is not None and now_s < until_s else 0.0
        for loop in self._loops:
            setpoint = self._targets.values.get(loop.sp)
            if now_s >= loop.due_s and setpoint is not None:
                loop.due_s = now_s + loop.law.period_s
                loop.position = loop.law.step(self._heard.get(loop.pv), setpoint, now_s)
            for part in loop.parts:
                wanted[part.output] = part.share(loop.position)
        for output, (value, until_s) in self._hands.items():
            if now_s < until_s:
                wanted[output] = value
        return [one for output, value in wanted.items() for one in self._drive(output, value, now_s)]

    def restart(self, now_s: float) -> None:
        """Reference controllers keep nothing but where a motor stood."""
        self._loops = self._closed()
        self._heard, self._sent, self._rests = {}, {}, {}
        for name, plan in self._plan.outputs.items():
            actuator, memory = self._drives[name]
            self._drives[name] = (actuator, resumed(memory, plan.safe.then, now_s))

    def _drive(self, output: str, wanted: float, now_s: float) -> list[tuple[str, Value]]:
        """Device tags that change, or whose lease is a third gone."""
        rests = self._rests.get(output)
        if rests is not None and rests[0] == wanted and now_s < rests[1]:
            return NOTHING
        actuator, memory = self._drives[output]
        memory, (contacts, _) = actuator.step(memory, wanted, now_s, False)  # type: ignore[arg-type]  # its own memory
        self._drives[output] = (actuator, memory)
        renew_s = self._plan.outputs[output].lease_s / 3.0
        due: list[tuple[str, Value]] = []
        again_s = actuator.wake_s(memory, wanted)  # type: ignore[arg-type]
        for tag, value in contacts.items():
            before = self._sent.get(tag)
            if before is None or before[0] != value or now_s - before[1] >= renew_s:
                self._sent[tag] = before = (value, now_s)
                due.append((tag, value))
            again_s = min(again_s, before[1] + renew_s)
        self._rests[output] = (wanted, again_s)
        return due

    # --- the loops of the site, as a reference closes them

    def _closed(self) -> list[_Closed]:
        found: list[_Closed] = []
        self.tasks = []
        loops = {name: loop for name, loop in self._site.loops.items() if isinstance(loop, LoopBase)}
        inner = {loop.sp: name for name, loop in loops.items() if loop.sp in self._plan.cascaded}
        for name, loop in loops.items():
            if loop.sp in self._plan.cascaded:
                continue  # its outer loop works the actuator itself
            last = name
            out = _out(loop)
            if out is not None and out in self._site.programs:
                if out not in inner:
                    continue  # an influence on another setpoint: references have none
                last = inner[out]
            probe = self._site.tags.get(loop.pv)
            if probe is not None and probe.derive is not None:
                continue  # worked out of other values, which references do not do
            pv = probe.vote[0] if probe is not None and probe.vote else loop.pv
            task = self._task(name, pv, loop, loops[last])
            make: Callable[[Task], Reference] = Thermostat if isinstance(loop, Hysteresis) else self._make
            law = make(task)
            self.tasks.append((name, task, loop.sp))
            found.append(_Closed(name, pv, loop.sp, law, self._parts(loops[last], last), task.idle))
        return found

    def _task(self, name: str, pv: str, loop: Loop, last: Loop) -> Task:
        tuning = self._tunings.get(name)
        match loop:
            case Hysteresis():
                band = loop.below if loop.below is not None else loop.above
                assert band is not None
                return Task(pv, loop.above is None, 0.0, abs(band.value), 1.0, 1.0, 1.0, 1.0, 0.0, False)
            case Pid() | PBand() | Dosing():
                if tuning is None:
                    raise UntunedError(f"no reference tuning for the loop {name}: add it to tunings.yaml")
            case _:
                raise AssertionError
        split = isinstance(last, Pid) and len(last.split) > 1
        idle = tuning.idle if split else 0.0
        by_clock = self._plan.programs[loop.sp].light is not None
        return Task(
            pv, _raises(loop) is _raises(last) if last is not loop else _raises(loop), idle, tuning.tolerance,
            tuning.gain, tuning.delay_s, tuning.lag_s, tuning.closed_s.get(self._name, inf),
            self._pulse_s(loop, tuning), by_clock,
        )  # fmt: skip

    def _pulse_s(self, loop: Loop, tuning: Tuning) -> float:
        """Half the tolerance by the nominal effect of a litre."""
        if not isinstance(loop, Dosing):
            return 0.0
        pump = self._site.outputs[loop.out[0]]
        assert isinstance(pump, Pulse)
        return 0.5 * tuning.tolerance / abs(loop.effect.value) * 1000.0 / pump.flow

    def _parts(self, loop: Loop, name: str) -> tuple[Part, ...]:
        for runner in self._plan.loops:
            if runner.name == name and isinstance(runner, PidLoop) and runner.parts:
                return runner.parts
        out = loop.out
        outputs = out if isinstance(out, tuple) else (out,)
        return tuple(Part(one, 0.0, 100.0, 0.0, 100.0, 0.0) for one in outputs if one is not None)


def _by_the_clock(loop: FeedingLoop) -> TimerLoop:
    """What a farm without a feeding table does: the ration of fish that nobody has weighed, in meals of one length."""
    run_s = loop.unknown_kg_d / len(loop.meals) / loop.rate_kg_s
    return TimerLoop(loop.name, loop.output, Timetable(loop.meals, run_s, loop.calendar))


class UntunedError(ValueError):
    """A loop for which nobody has tuned the references."""


def _outputs_of(loop: _Closed) -> tuple[str, ...]:
    return tuple(part.output for part in loop.parts)


def _out(loop: Pid | PBand | Hysteresis | Dosing) -> str | None:
    return loop.out if not isinstance(loop.out, tuple) else None


def _raises(loop: Loop) -> bool:
    match loop:
        case Pid():
            return loop.kc.value >= 0
        case PBand():
            return loop.band.value < 0
        case Dosing():
            return loop.effect.value >= 0
        case Hysteresis():
            return loop.above is None
        case _:
            return True


def _idle(idle: float | None, safe: float) -> float:
    return safe if idle is None else idle
