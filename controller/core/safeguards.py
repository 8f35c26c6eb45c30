"""What stands behind the interlocks: proof of action, duty and standby, and the dosing guard, built from the site."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from controller.core import dosing_guard
from controller.core.dosing_guard import DosingGuard, Effect, Guarded, Watch, may_open, room_ml
from controller.core.duty import DutyPair, Shift, handed_over
from controller.core.proof import ProofPlan, Proven, unproven
from controller.core.state import Block
from controller.core.turn import Turn
from controller.core.words import AlarmNow, Because, Event, Order, Reset, Slot
from edge_config.model.control import Dosing
from edge_config.model.outputs import Analog, Output, Proof, Pulse, ThreePoint
from edge_config.model.site import Site
from foundation.units import difference


@dataclass(frozen=True, slots=True)
class Safeguards:
    """Of one site; guards and proofs by output."""

    proofs: Mapping[str, ProofPlan] = field(default_factory=dict)
    pairs: tuple[DutyPair, ...] = ()
    guards: Mapping[str, DosingGuard] = field(default_factory=dict)
    masters: Mapping[str, tuple[DosingGuard, ...]] = field(default_factory=dict)
    """By master valve, the pumps behind it."""

    @property
    def fresh(self) -> dict[str, Block]:
        """What every block of these starts from."""
        found: dict[str, Block] = {plan.key: Proven() for plan in self.proofs.values()}
        found |= {pair.key: Shift() for pair in self.pairs}
        return found | {dosing_guard.key_of(name): Guarded() for name in self.guards}

    def resumed(self, blocks: dict[str, Block], now_s: float) -> None:
        """After a restart."""
        for name in self.guards:
            key = dosing_guard.key_of(name)
            state: Guarded = blocks[key]  # type: ignore[assignment]  # a pump's guard
            blocks[key] = dosing_guard.resumed(state, now_s)

    def begun(self, before: Mapping[str, Block], after: Mapping[str, Block]) -> bool:
        """Whether a dose begins between two states."""
        keys = map(dosing_guard.key_of, self.guards)
        return any(after[key] is not before[key] and after[key][0] and not before[key][0] for key in keys)

    def run(self, turn: Turn) -> None:
        """After the interlocks: see what is proven, and let standbys take over."""
        for plan in self.proofs.values():
            try:
                plan.run(turn)
            except Exception as error:
                turn.fail(plan.key, error)
        for pair in self.pairs:
            try:
                pair.run(turn)
            except Exception as error:
                turn.fail(pair.key, error)

    def passed(self, turn: Turn, order: Order) -> Order:
        """The order for a dosing pump or a master valve as it may go out; of other outputs as it is."""
        name = order.output
        guard = self.guards.get(name)
        if guard is not None:
            return guard.passed(turn, order)
        pumps = self.masters.get(name)
        if pumps is None or order.value == 0.0 or may_open(turn, pumps):
            return order
        because = Because("guard_master", {"output": name, "owner": order.owner})
        return Order(name, 0.0, Slot.TRIP, "dosing_guard", because, order.expires_s)

    def wake_s(self, turn: Turn, name: str) -> float:
        """When a pump has to be looked at again, though nothing is new."""
        state: Guarded = turn.blocks[dosing_guard.key_of(name)]  # type: ignore[assignment]  # a pump's guard
        return turn.now_s if state.on else state.look_s if state.look_s >= 0.0 else float("inf")

    def reset(self, turn: Turn, wish: Reset) -> bool:
        """Whether there was something to be reset by this name."""
        name = wish.subject
        if any(pair.duty == name and max(_shift(turn, pair).failed_s) >= 0.0 for pair in self.pairs):
            turn.resets[name] = wish
            return True
        if name not in self.guards:
            return False
        key = dosing_guard.key_of(name)
        state: Guarded = turn.blocks[key]  # type: ignore[assignment]  # a pump's guard
        plan = self.proofs.get(name)
        proof: Proven = turn.blocks[plan.key] if plan is not None else Proven()  # type: ignore[assignment]  # a proof
        if state.locked_s < 0.0 and proof.runs_on_s < 0.0:
            return False
        self.forgive(turn, name)
        if plan is not None:
            turn.blocks[plan.key] = proof._replace(runs_on_s=-1.0, differs_s=-1.0)
        turn.events.append(Event(turn.now_s, "reset", name, {"id": wish.id, "by": wish.by}))
        return True

    def forgive(self, turn: Turn, name: str) -> None:
        """Somebody has looked at a pump."""
        key = dosing_guard.key_of(name)
        state: Guarded = turn.blocks[key]  # type: ignore[assignment]  # a pump's guard
        turn.blocks[key] = dosing_guard.reset(state)
        turn.wake_s.pop(name, None)

    def alarms(self, turn: Turn) -> list[AlarmNow]:
        found = unproven(turn, self.proofs.values()) + handed_over(turn, self.pairs)
        for guard in self.guards.values():
            found += _guard_alarms(turn, guard)
        return found


def _shift(turn: Turn, pair: DutyPair) -> Shift:
    shift: Shift = turn.blocks[pair.key]  # type: ignore[assignment]  # what its `fresh` is
    return shift


def _guard_alarms(turn: Turn, guard: DosingGuard) -> list[AlarmNow]:
    """A volume that is used up, an empty tank, doses without effect, an old calibration."""
    state: Guarded = turn.blocks[dosing_guard.key_of(guard.name)]  # type: ignore[assignment]  # a pump's guard
    name, told = guard.name, {"output": guard.name}
    found: list[AlarmNow] = []
    if state.locked_s >= 0.0:
        found.append(AlarmNow(f"dose_ineffective:{name}", "high", True, state.locked_s, {**told, "reset": name}))
    if state.capped_s >= 0.0 and room_ml(guard, state, turn.now_s)[0] < guard.step_ml:
        found.append(AlarmNow(f"dose_cap:{name}", "medium", True, state.capped_s, told))
    if guard.stock is not None:
        reading = turn.readings[guard.stock[0]]
        if reading.number is not None and reading.number < guard.stock[1]:
            found.append(AlarmNow(f"stock_low:{name}", "medium", True, reading.time_s, told))
    if guard.calibrated_s is not None and guard.is_overdue(turn.now_s):
        since_s = guard.calibrated_s + guard.calibrate_every_s
        found.append(AlarmNow(f"pump_calibration:{name}", "low", True, since_s, told))
    return found


# --- building


def safeguards_of(site: Site, units: Mapping[str, str]) -> Safeguards:
    """Of a checked site."""
    pairs = tuple(
        DutyPair(
            name,
            output.standby,
            output.swap,
            output.rescue,
            output.life_support or site.outputs[output.standby].life_support,
        )
        for name, output in site.outputs.items()
        if output.standby is not None
    )
    paired = {name for pair in pairs for name in (pair.duty, pair.standby)}
    proofs = {
        name: _proof(site, name, output, output.proof, units, name in paired)
        for name, output in site.outputs.items()
        if output.proof is not None
    }
    guards = {name: _guard(site, name, one, units) for name, one in site.outputs.items() if isinstance(one, Pulse)}
    masters: dict[str, tuple[DosingGuard, ...]] = {}
    for name, guard in guards.items():
        pump = site.outputs[name]
        if isinstance(pump, Pulse) and pump.master is not None:
            masters[pump.master] = (*masters.get(pump.master, ()), guard)
    return Safeguards(proofs, pairs, guards, masters)


def _proof(site: Site, name: str, output: Output, proof: Proof, units: Mapping[str, str], in_duty: bool) -> ProofPlan:
    unit = units[proof.tag]
    by: Literal["above", "below", "rises", "falls", "contact"] = "contact"
    than = 0.0
    if proof.above is not None:
        by, than = "above", proof.above.to(unit)
    elif proof.below is not None:
        by, than = "below", proof.below.to(unit)
    elif proof.rises is not None:
        by, than = "rises", proof.rises.to(difference(unit))
    elif proof.falls is not None:
        by, than = "falls", proof.falls.to(difference(unit))
    rivals = tuple(
        other
        for other, one in site.outputs.items()
        if other != name and one.proof is not None and one.proof.tag == proof.tag
    )
    contact = None if isinstance(output, Analog | ThreePoint) else name
    return ProofPlan(
        name, proof.tag, by, than, proof.within, proof.lost, contact, rivals, isinstance(output, Pulse),
        output.life_support, in_duty,
    )  # fmt: skip


def _guard(site: Site, name: str, pump: Pulse, units: Mapping[str, str]) -> DosingGuard:
    """A pump's limits: what its output says, and where that is silent what its dosing loop does."""
    loops = {key: loop for key, loop in site.loops.items() if isinstance(loop, Dosing) and name in loop.out}
    loop = next(iter(loops.values()), None)
    place = loop.out.index(name) if loop is not None else 0
    after = pump.after or (loop.out[place - 1] if loop is not None and place > 0 else None)
    parts = set(loop.out) - {name} if loop is not None else set()
    parts |= {other for other, one in site.outputs.items() if isinstance(one, Pulse) and one.after == name}
    parts |= {after} if after is not None else set()
    pause_s = pump.pause if pump.pause is not None else loop.gap if loop is not None else 60.0
    day_ml = pump.max_per_day.to("L") * 1000.0
    most_ml = pump.flow * pump.max_pulse
    calibrated_s = None
    if pump.calibrated is not None:
        calibrated_s = datetime.combine(pump.calibrated, time(), ZoneInfo(site.site.timezone)).timestamp()
    effect = None
    if loop is not None:
        step = difference(units[loop.pv])
        effect = Effect(loop.pv, loop.effect.to(f"({step})/L"), loop.deadband.to(step) / 2.0, loop.ineffective)
    return DosingGuard(
        name, pump.flow, site.site.scan,
        min(most_ml, pump.max_dose.to("L") * 1000.0) if pump.max_dose is not None else most_ml,
        pump.max_per_hour.to("L") * 1000.0 if pump.max_per_hour is not None else day_ml / 2.0,
        day_ml,
        pump.mixing if pump.mixing is not None else loop.wait if loop is not None else 0.0,
        after, tuple(sorted(parts)), pause_s,
        tuple((other, _watch(site, other)) for other in _opposites(site, name, pump, loop)),
        pump.lockout, loop.only_with if loop is not None else None,
        None if pump.stock is None else (pump.stock.tag, pump.stock.above.to(units[pump.stock.tag])),
        _watch(site, name), effect, calibrated_s, pump.calibrate_every,
    )  # fmt: skip


def _watch(site: Site, name: str) -> Watch:
    loops = tuple(key for key, loop in site.loops.items() if isinstance(loop, Dosing) and name in loop.out)
    return Watch(None if site.outputs[name].proof is None else f"{name}#proof", loops)


def _opposites(site: Site, name: str, pump: Pulse, loop: Dosing | None) -> tuple[str, ...]:
    """The pumps that dose the other way: as said by either, or by loops that move one value up and down."""
    found = {other for other, one in site.outputs.items() if isinstance(one, Pulse) and one.opposite == name}
    found |= {pump.opposite} if pump.opposite is not None else set()
    for other in site.loops.values():
        if loop is None or not isinstance(other, Dosing) or other.pv != loop.pv:
            continue
        if other.effect.value * loop.effect.value < 0.0:
            found |= set(other.out)
    return tuple(sorted(found))
