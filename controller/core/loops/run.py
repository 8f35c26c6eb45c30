"""How each kind of loop runs inside a scan: when it is due, what it does when its sensor is lost, what it demands."""

from dataclasses import dataclass, replace
from itertools import pairwise
from math import copysign
from typing import NamedTuple, Protocol

from controller.core.loops.effect import EffectCheck, Strain
from controller.core.loops.feed_forward import Ahead, FishOxygen, LineAhead, Scale, learned
from controller.core.loops.pid import PidSettings, PidState, pid
from controller.core.loops.simple import OnOffState, Timetable, hysteresis, p_band
from controller.core.programs import SetpointProgram
from controller.core.state import Block
from controller.core.turn import Turn
from controller.core.words import Because, Demand, Slot
from edge_config.model.values import Hold
from foundation.reading import GOOD, UNCERTAIN, Quality, Reading, Reason, Value

LEASE_PERIODS = 3.0
"""A loop's demand lives for so many of its periods: a loop that stops is soon no longer heard."""
WARM_S = 300.0
"""A loop that was stopped for longer begins from where its output is now (control.md 2.1)."""
STOOD = -1.0
"""Of an outer loop's last step: it was long ago, and what it wanted then is over."""
_LOOP, _MANUAL = Slot.LOOP, Slot.MANUAL  # see foundation/reading.py
SETTLE_S = 10.0
"""After a restart a sensor has this long to be heard before its loop counts it as lost (control.md 3.5)."""


class Lost(NamedTuple):
    """Since when the sensor is lost (-1: it is there), and what was applied then."""

    since_s: float = -1.0
    held: float = 0.0


@dataclass(frozen=True, slots=True)
class OnLoss:
    """The declared loss action."""

    then: float
    hold_s: float
    looks_ahead: bool = False
    """After the hold, what the feed-forwards have added since is added to `then`."""

    @staticmethod
    def of(action: float | Hold) -> "OnLoss":
        if isinstance(action, Hold):
            return OnLoss(action.then, action.hold, action.add == "feed_forward")
        return OnLoss(action, 0.0)

    def value(self, lost: Lost, now_s: float, extra: float = 0.0) -> float:
        if now_s - lost.since_s < self.hold_s:
            return lost.held
        return self.then + extra if self.looks_ahead else self.then


@dataclass(frozen=True, slots=True)
class Part:
    """One output's share of a loop's 0 to 100 %."""

    output: str
    from_: float
    to: float
    low: float
    high: float
    coarse: float
    """Applied within this of what was ordered counts as followed (a motor's dead zone)."""
    curve: tuple[tuple[float, float], ...] = ()
    """Characterisation: (share of the effect, share of the position), both 0 to 100 and rising; straight without."""

    def share(self, wanted: float) -> float:
        width = self.to - self.from_
        where = min(max((wanted - self.from_) / width, 0.0), 1.0) if width else 1.0
        if self.curve:
            where = _bent(self.curve, where)
        return self.low + (self.high - self.low) * where

    def is_at(self, wanted: float, applied: float) -> bool:
        """Whether it has come to what was wanted."""
        return abs(applied - self.share(wanted)) <= self.coarse

    def missing(self, wanted: float, applied: float) -> float:
        """How much of `wanted` it has not come up to; negative where it is further."""
        if self.is_at(wanted, applied):
            return 0.0
        least, most = min(self.from_, self.to), max(self.from_, self.to)
        return min(max(wanted, least), most) - self.wanted(applied)

    def wanted(self, applied: float) -> float:
        width = self.high - self.low
        where = min(max((applied - self.low) / width, 0.0), 1.0) if width else 0.0
        if self.curve:
            where = _bent(tuple((y, x) for x, y in self.curve), where)
        return self.from_ + (self.to - self.from_) * where


def _bent(curve: tuple[tuple[float, float], ...], where: float) -> float:
    """A share (0 to 1) through the curve."""
    x = 100.0 * where
    (x1, y1), (x2, y2) = curve[0], curve[-1]
    for left, right in pairwise(curve):
        if left[0] <= x <= right[0]:
            (x1, y1), (x2, y2) = left, right
            break
    else:
        return (y1 if x < x1 else y2) / 100.0
    return (y1 + (y2 - y1) * (x - x1) / (x2 - x1)) / 100.0 if x2 > x1 else y1 / 100.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """Gain and integral time by another tag: straight between points, flat beyond; without it the weakest."""

    of: str
    points: tuple[tuple[float, float, float], ...]
    """Value of the tag (rising), kc, ti in s."""

    def at(self, x: float | bool | str | None) -> tuple[float, float]:
        points = self.points
        if isinstance(x, str) or x is None:
            return min((kc for _, kc, _ in points), key=abs), max(ti_s for _, _, ti_s in points)
        if x <= points[0][0]:
            return points[0][1:]
        for (x1, kc1, ti1), (x2, kc2, ti2) in pairwise(points):
            if x <= x2:
                share = (x - x1) / (x2 - x1)
                return kc1 + (kc2 - kc1) * share, ti1 + (ti2 - ti1) * share
        return points[-1][1:]


class Runner(Protocol):
    """One loop, ready to run."""

    @property
    def name(self) -> str: ...

    @property
    def fresh(self) -> Block: ...

    def run(self, turn: Turn) -> None: ...

    def give_up(self, turn: Turn) -> None:
        """Want nothing more: it threw."""
        ...


class PidBlock(NamedTuple):
    inner: PidState = PidState()
    ahead: tuple[Ahead, ...] = ()
    lost: Lost = Lost()
    at_s: float = 0.0
    scales: tuple[Scale, ...] = ()
    strain: Strain = Strain()


SETTLED = 0.05
"""A feed-forward learns while the error moves the output by less than this share of its range."""


@dataclass(frozen=True, slots=True)
class PidLoop:
    """A PID on one output, on several in split range, or on an inner loop's setpoint."""

    name: str
    pv: str
    sp: str
    period_s: float
    due_s: float
    """It is due again so long after it ran: half a scan less than its period, for scans are not exactly on time."""
    settings: PidSettings
    on_loss: OnLoss
    parts: tuple[Part, ...]
    inner_sp: str | None
    """Cascade: the setpoint that this loop writes; it has no parts then."""
    inner_pv: str | None
    inner_out: str | None
    inner_raises: bool
    """More of the inner output raises the inner value."""
    ahead: tuple[tuple[str, LineAhead | FishOxygen], ...]
    """Feed-forwards, each with the tag that it follows."""
    adapts: tuple[bool, ...] = ()
    """Of each feed-forward, whether it learns its gain."""
    schedule: Schedule | None = None
    effect: EffectCheck | None = None
    foreseen: tuple[tuple[SetpointProgram, float] | None, ...] = ()
    """Of each feed-forward that follows a setpoint: its program, and how long ahead that is looked at, s."""
    consumer: str | None = None
    """The staging or the selector that takes `inner_sp`, and knows what came of it."""

    @property
    def fresh(self) -> Block:
        return PidBlock(ahead=(Ahead(),) * len(self.ahead), scales=(Scale(),) * len(self.ahead))

    def resumed(self, block: Block) -> Block:
        """After a long stop the output may be anywhere: it begins from there, and an outer loop as `_woken` says."""
        kept: PidBlock = block  # type: ignore[assignment]  # blocks hold what `fresh` is
        stood = self.inner_sp is not None and kept.at_s > 0.0
        return kept._replace(inner=kept.inner._replace(at_s=STOOD if stood else 0.0))

    def goes_on_from(self, turn: Turn, output: float) -> None:
        """Somebody had its outputs and gives them back at `output`: that stands until its next look, which is due."""
        block: PidBlock = turn.blocks[self.name]  # type: ignore[assignment]  # blocks hold what `fresh` is
        turn.blocks[self.name] = block._replace(inner=block.inner._replace(output=output, at_s=0.0), at_s=0.0)
        values = {"loop": self.name, "pv": turn.values.get(self.pv), "sp": turn.values.get(self.sp)}
        self._demand(turn, output, Because("loop", values))

    def run(self, turn: Turn) -> None:
        block: PidBlock = turn.blocks[self.name]  # type: ignore[assignment]  # blocks hold what `fresh` is
        now_s, values = turn.now_s, turn.values
        sp = values.get(self.sp)
        is_lost = sp is None or values.get(self.pv) is None
        waits = now_s - block.at_s < self.due_s and is_lost is (block.lost.since_s >= 0)
        if waits and not self._is_given_back(turn):
            return
        reading = turn.readings[self.pv]
        pv = reading.number
        if is_lost and _settling(reading, block.at_s, block.lost, now_s):
            self._demand(turn, block.inner.output, Because("settling", {"loop": self.name, "tag": self.pv}))
            return
        ahead, extras = self._look_ahead(turn, block.ahead)
        kept = block.scales
        extra = 0.0
        if kept:
            block = block._replace(scales=self._scales(kept))
            extra = _added(block.scales, extras)
        if pv is None or sp is None:
            because = Because("sensor_lost", {"loop": self.name, "tag": self.pv, "reason": str(reading.reason or "")})
            lost = block.lost if block.lost.since_s >= 0 else Lost(now_s, self._applied(turn, block.inner))
            wanted = self.settings.within(self.on_loss.value(lost, now_s, extra))
            # at_s 0: when the sensor is back the loop starts bumpless from what was applied
            inner = block.inner._replace(at_s=0.0, output=wanted)
            turn.blocks[self.name] = PidBlock(inner, ahead, lost, now_s, block.scales, block.strain)
        elif block.strain.failed_s >= 0:
            wanted = self.on_loss.then
            because = Because("no_effect", {"loop": self.name, "tag": self.pv})
            inner = block.inner._replace(at_s=0.0, output=wanted)
            turn.blocks[self.name] = block._replace(inner=inner, ahead=ahead, lost=Lost(), at_s=now_s)
        else:
            stood, error = block.inner.at_s == STOOD, float(sp) - pv
            applied = self._woken(turn, block.inner.output, error) if stood else self._applied(turn, block.inner)
            # while a hand has it, it stands ready to go on from there
            before = block.inner._replace(at_s=0.0) if self._by_hand(turn) else block.inner
            scales = block.scales
            if kept:
                if True in self.adapts:
                    scales = self._learn(block, extras, applied, error, reading.quality, now_s)
                extra = _added(scales, extras)
                # what is learned, or to be learned anew, moves nothing at once, nor does a source that is back
                shift = sum((b.gain - a.gain) * one for b, a, one in zip(kept, scales, extras, strict=True))
                jumped = sum(scale.gain * one.jump for scale, one in zip(scales, ahead, strict=True))
                before = before._replace(integral=before.integral + shift - jumped)
            tuned = self.settings
            if self.schedule is not None:
                kc, ti_s = self.schedule.at(turn.values.get(self.schedule.of))
                tuned = replace(tuned, kc=kc, ti_s=ti_s)
            is_good, doubt = reading.quality is GOOD, reading.quality is UNCERTAIN
            stalled, led = self._stalled(turn, before.output), self._leads(turn)
            inner = pid(tuned, before, float(sp), pv, now_s, applied, extra, is_good, doubt, stalled, led)
            strain = block.strain
            if self.effect is not None:
                came = turn.applied.get(self.parts[0].output, 0.0)
                strain = self.effect.step(strain, came, pv, now_s, error if self.effect.raises else -error)
            turn.blocks[self.name] = PidBlock(inner, ahead, Lost(), now_s, scales, strain)
            wanted = inner.output
            if self.inner_sp is not None and stood:  # the inner loop begins with it, in this scan
                turn.see(Reading(self.inner_sp, wanted, Quality.GOOD, None, now_s))
            because = Because("loop", {"loop": self.name, "pv": pv, "sp": sp})
        self._demand(turn, wanted, because)

    def _scales(self, kept: tuple[Scale, ...]) -> tuple[Scale, ...]:
        """What was learned of each feed-forward, as far as the site file tells the same of it."""
        adapts = self.adapts or (False,) * len(kept)
        return tuple(
            scale.of(one.gain) if learns else Scale()
            for scale, (_, one), learns in zip(kept, self.ahead, adapts, strict=True)
        )

    def _learn(
        self, block: PidBlock, extras: tuple[float, ...], applied: float, error: float, quality: Quality, now_s: float
    ) -> tuple[Scale, ...]:
        """The gains of those feed-forwards that learn, while the loop holds its setpoint and is free to."""
        low, high, inner = self.settings.low, self.settings.high, block.inner
        free = inner.at_s > 0 and low < inner.output < high and abs(applied - inner.output) <= SETTLED * (high - low)
        if not free or quality < Quality.SUBSTITUTED or abs(self.settings.kc * error) > SETTLED * (high - low):
            return block.scales
        added = _added(block.scales, extras)
        return tuple(
            learned(scale, one, applied - added + scale.gain * one, now_s) if adapts else scale
            for scale, one, adapts in zip(block.scales, extras, self.adapts, strict=True)
        )

    def _demand(self, turn: Turn, wanted: float, because: Because) -> None:
        if self.inner_sp is not None:
            turn.applied[self.inner_sp] = wanted
            return
        expires_s = turn.now_s + LEASE_PERIODS * self.period_s
        for part in self.parts:
            turn.demand(Demand(part.output, part.share(wanted), _LOOP, self.name, because, expires_s))

    def _look_ahead(self, turn: Turn, kept: tuple[Ahead, ...]) -> tuple[tuple[Ahead, ...], tuple[float, ...]]:
        """What each known disturbance adds, before its gain is set right."""
        if not self.ahead:
            return (), ()
        stepped: list[Ahead] = []
        extras: list[float] = []
        for (of, ahead), before, foreseen in zip(self.ahead, kept, self.foreseen, strict=True):
            source = turn.values.get(of)
            if foreseen is not None and source is not None:
                program, lead_s = foreseen
                source = program.target(turn.chosen.get(of), turn.values, turn.now_s + lead_s)
            x = None if isinstance(source, str) or source is None else source
            if isinstance(ahead, FishOxygen):
                after, extra = ahead.step(before, x, turn.now_s, turn.now_s - turn.readings[of].time_s)
            else:
                after, extra = ahead.step(before, x, turn.now_s)
            stepped.append(after)
            extras.append(extra)
        return tuple(stepped), tuple(extras)

    def give_up(self, turn: Turn) -> None:
        if self.inner_sp is not None:
            turn.applied[self.inner_sp] = self.on_loss.then
        for part in self.parts:
            turn.withdraw(part.output, Slot.LOOP, self.name)

    def _woken(self, turn: Turn, output: float, error: float) -> float:
        """Where an outer loop begins after a long stop. A house that is still cold needs what it needed before, or what
        the pipe has by now if that is more; one that is not, no more than the pipe has."""
        real = turn.values.get(self.inner_pv or "")
        now = self.settings.low if real is None else self.settings.within(float(real))
        return max(output, now) if self.settings.kc * error > 0.0 else min(output, now)

    def _applied(self, turn: Turn, last: PidState) -> float:
        """What really came of what it wanted last."""
        output = last.output
        if self.inner_sp is not None:
            return self._inner_applied(turn, output)
        if len(self.parts) == 1:
            part, value = self.parts[0], turn.applied.get(self.parts[0].output, 0.0)
            return output if self._follows(turn, part) and part.is_at(output, value) else part.wanted(value)
        came = [(part, turn.applied.get(part.output, 0.0)) for part in self.parts]
        mine = [part for part in self.parts if self._follows(turn, part)]
        if not mine:
            # somebody else has all of it: where this loop would have to be for that
            return min(
                (part.wanted(value) for part, value in came),
                key=lambda wanted: sum(abs(part.share(wanted) - value) for part, value in came),
            )
        # what it still has reaches from here to there: beyond, more of `output` would only wind up; and of what each of
        # them has not come up to, so much is missing
        least, most = min(part.from_ for part in mine), max(part.to for part in mine)
        missing = sum(part.missing(output, value) for part, value in came if part in mine)
        return min(max(output - missing, least), most)

    def _by_hand(self, turn: Turn) -> bool:
        for part in self.parts:
            order = turn.orders.get(part.output)
            if order is None or (order.slot is not _MANUAL and order.owner != f"{self.name}#trial"):
                return False
        return bool(self.parts)

    def _is_given_back(self, turn: Turn) -> bool:
        """A hand that had its outputs wants them no more: it goes on from there in this scan, not a period later."""
        for part in self.parts:
            order = turn.orders.get(part.output)
            if order is None or order.slot is not _MANUAL:
                return False
            if any(d.slot is _MANUAL and d.expires_s > turn.now_s for d in turn.demands.get(part.output, ())):
                return False
        return bool(self.parts)

    def _follows(self, turn: Turn, part: Part) -> bool:
        order = turn.orders.get(part.output)
        return order is not None and order.slot is _LOOP and order.owner == self.name

    def _inner_applied(self, turn: Turn, output: float) -> float:
        """An inner loop that is shut cannot follow further down: then the outer one tracks what the inner value is."""
        if self.consumer is not None:
            taken: float | None = turn.blocks[self.consumer].came  # type: ignore[attr-defined]  # a Stages or a Picked
            return output if taken is None else self.settings.within(taken)
        came, real = self._inner(turn)
        if real is not None and came <= 1.0 and real > output:
            return self.settings.within(real)
        return output

    def _stalled(self, turn: Turn, output: float) -> bool:
        """The inner loop gives all it has and does not come up to what is wanted. What is wanted stands meanwhile: it
        is what the outer value needs, and a boiler that comes back is to find it so."""
        if self.inner_out is None:
            return False
        came, real = self._inner(turn)
        return real is not None and came >= 99.0 and real < output

    def _leads(self, turn: Turn) -> bool:
        """Whether the inner loop follows: not while its output is in a person's hand, locked out or stopped by an
        interlock, nor while its probe is lost."""
        if self.inner_pv is None or self.inner_out is None:
            return True
        order = turn.orders.get(self.inner_out)
        return turn.values.get(self.inner_pv) is not None and (order is None or order.slot > Slot.MANUAL)

    def _inner(self, turn: Turn) -> tuple[float, float | None]:
        """How far the inner output is open for more of the inner value (%), and that value; None where it is not
        known, or where there is no inner loop."""
        came, real = turn.applied.get(self.inner_out or ""), turn.values.get(self.inner_pv or "")
        if came is None or real is None:
            return 0.0, None
        return came if self.inner_raises else 100.0 - came, float(real)


def _added(scales: tuple[Scale, ...], extras: tuple[float, ...]) -> float:
    """What the feed-forwards add, each by what was learned of it."""
    return sum((scale.gain * one for scale, one in zip(scales, extras, strict=True)), 0.0)


def _settling(reading: Reading, ran_s: float, lost: Lost, now_s: float) -> bool:
    """Just after a restart no sensor has been heard yet: a loop that was running goes on as it was."""
    return reading.reason is Reason.NEVER_SEEN and ran_s > 0 and lost.since_s < 0 and now_s - reading.time_s < SETTLE_S


class SimpleBlock(NamedTuple):
    state: OnOffState = OnOffState()
    lost: Lost = Lost()
    at_s: float = 0.0
    wanted: float = 0.0
    strain: Strain = Strain()


@dataclass(frozen=True, slots=True)
class BandLoop:
    """A P-band or a thermostat on one output."""

    name: str
    pv: str
    sp: str
    period_s: float
    due_s: float
    on_loss: OnLoss
    output: str
    band: float | None
    below: float | None = None
    above: float | None = None
    effect: EffectCheck | None = None
    widens: str | None = None
    """The tag that the band follows."""
    fresh: Block = SimpleBlock()

    def run(self, turn: Turn) -> None:
        block: SimpleBlock = turn.blocks[self.name]  # type: ignore[assignment]  # blocks hold what `fresh` is
        now_s, values = turn.now_s, turn.values
        sp = values.get(self.sp)
        is_lost = sp is None or values.get(self.pv) is None
        reading = turn.readings[self.pv]
        pv = reading.number
        waits = now_s - block.at_s < self.due_s and is_lost is (block.lost.since_s >= 0)
        if waits and not self._has_enough(block, pv, sp):
            return
        if is_lost and _settling(reading, block.at_s, block.lost, now_s):
            self._demand(turn, block.wanted, Because("settling", {"loop": self.name, "tag": self.pv}))
            return
        state, strain = block.state, block.strain
        if self.effect is not None and pv is not None:
            strain = self.effect.step(strain, turn.applied.get(self.output, 0.0), pv, now_s)
        if pv is None or sp is None:
            lost = block.lost if block.lost.since_s >= 0 else Lost(now_s, turn.applied.get(self.output, 0.0))
            wanted = self.on_loss.value(lost, now_s)
            because = Because("sensor_lost", {"loop": self.name, "tag": self.pv, "reason": str(reading.reason or "")})
        elif strain.failed_s >= 0:
            lost, wanted = Lost(), self.on_loss.then
            because = Because("no_effect", {"loop": self.name, "tag": self.pv})
        else:
            lost = Lost()
            if self.band is not None:
                wider = values.get(self.widens) if self.widens is not None else None
                width = self.band if wider is None else copysign(float(wider), self.band)
                wanted = p_band(pv, float(sp), width)
            else:
                state = hysteresis(state, pv, float(sp), self.below, self.above)
                wanted = 100.0 if state.on else 0.0
            because = Because("loop", {"loop": self.name, "pv": pv, "sp": sp})
        turn.blocks[self.name] = SimpleBlock(state, lost, now_s, wanted, strain)
        self._demand(turn, wanted, because)

    def _has_enough(self, block: SimpleBlock, pv: float | None, sp: Value | None) -> bool:
        """What runs is looked at in every scan: a pump that fills a tank stops when it is full, however long the period
        is."""
        if not block.state.on or pv is None or sp is None:
            return False
        return not hysteresis(block.state, pv, float(sp), self.below, self.above).on

    def _demand(self, turn: Turn, wanted: float, because: Because) -> None:
        expires_s = turn.now_s + LEASE_PERIODS * self.period_s
        turn.demand(Demand(self.output, wanted, Slot.LOOP, self.name, because, expires_s))

    def give_up(self, turn: Turn) -> None:
        turn.withdraw(self.output, Slot.LOOP, self.name)


class TimerBlock(NamedTuple):
    until_s: float = 0.0


@dataclass(frozen=True, slots=True)
class TimerLoop:
    """Runs an output at given times of the day."""

    name: str
    output: str
    timetable: Timetable
    fresh: Block = TimerBlock()

    def run(self, turn: Turn) -> None:
        until_s = self.timetable.until(turn.now_s)
        block: TimerBlock = turn.blocks[self.name]  # type: ignore[assignment]  # blocks hold what `fresh` is
        if until_s is None:
            return
        # a restart in the middle of a run has lost the demand, not the run
        lost = not any(demand.owner == self.name for demand in turn.demands.get(self.output, ()))
        if until_s != block.until_s or lost:
            turn.blocks[self.name] = TimerBlock(until_s)
            because = Because("timer", {"loop": self.name})
            turn.demand(Demand(self.output, 100.0, Slot.LOOP, self.name, because, until_s))

    def give_up(self, turn: Turn) -> None:
        turn.withdraw(self.output, Slot.LOOP, self.name)
