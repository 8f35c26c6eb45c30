"""The last word. Nothing reaches an actuator without passing here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

from controller.core.actuators import Actuator, Contact, Memory
from controller.core.loops.run import OnLoss
from controller.core.turn import Turn
from controller.core.words import Because, Demand, Order, Slot

FOREVER = float("inf")
_TRIP = Slot.TRIP  # see foundation/reading.py


class Stood(NamedTuple):
    """Where an output stood when somebody last wanted something of it, for a declared hold."""

    since_s: float = -1.0
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class OutputPlan:
    """One output: its actuator, where it idles, where it is safe, and how long an order holds."""

    name: str
    actuator: Actuator
    fresh: Memory
    idle: float | None
    safe: OnLoss
    lease_s: float
    life_support: bool
    device_tags: tuple[str, ...]
    looped: bool
    """A loop owns it: when nobody demands anything, that is a failure, and it goes safe."""
    master: str | None = None
    """A dosing pump's master valve, which opens with it."""
    power_kw: float = 0.0
    """Of the machine; 0 where that does not matter."""


def decide(plan: OutputPlan, turn: Turn) -> Order:
    """The order for one output: the strongest live demand, within what the interlocks insist on."""
    now_s, name = turn.now_s, plan.name
    demands = turn.demands.get(name, ())
    live = tuple([demand for demand in demands if demand.expires_s > now_s])
    if len(live) != len(demands):
        turn.demands[name] = demands = live
    bounds = turn.bounds.get(name, ())
    chosen = strongest(demands, bounds, lambda: _nobody(plan, turn))
    if not isfinite(chosen.value):
        # nothing but a number ever leaves: what is not one is as good as no demand
        chosen = _capped(_safe(plan, turn, Because("not_finite", {"owner": chosen.owner})), bounds)
    value = min(max(chosen.value, 0.0), 100.0)
    expires_s = min(chosen.expires_s, now_s + plan.lease_s)
    return Order(name, value, chosen.slot, chosen.owner, chosen.because, expires_s)


def strongest(demands: Sequence[Demand], bounds: Sequence[Demand], nobody: Callable[[], Demand]) -> Demand:
    """Who decides: among live `demands` (the strongest first), what interlocks insist on, and `nobody` if none is."""
    if len(demands) == 1 and not bounds and demands[0].bound == "at":
        return demands[0]  # as of nearly all outputs in nearly all scans
    wanted = next((demand for demand in demands if demand.bound == "at"), None)
    chosen = _limited(nobody() if wanted is None else wanted, demands)
    firm = [demand for demand in bounds if demand.bound == "at"]
    if firm:
        # life safety before trips; there what opens before what shuts, among trips what shuts before what opens
        insists = min(firm, key=lambda d: (d.slot, -d.value if d.slot is Slot.LIFE_SAFETY else d.value))
        if chosen.slot >= insists.slot or chosen.value != insists.value:
            chosen = insists
    return _capped(chosen, bounds)


def _capped(chosen: Demand, bounds: Sequence[Demand]) -> Demand:
    """No further than an interlock lets it; life safety goes as far as it has to."""
    for bound in bounds:
        if bound.bound == "at_most" and bound.value < chosen.value and bound.slot <= chosen.slot:
            chosen = bound
    return chosen


def is_urgent(order: Order, plan: OutputPlan) -> bool:
    """Whether minimum times and rates wait for it. A trip stops a machine at once; the rest that a machine needs before
    it starts again is passed by life safety alone."""
    if order.slot > _TRIP:
        return False
    starts = order.value >= 50.0 and isinstance(plan.actuator, Contact)
    return order.slot is Slot.LIFE_SAFETY or not starts


def _limited(wanted: Demand, limits: Sequence[Demand]) -> Demand:
    """What is wanted, moved within the limits of its own or a stronger slot; the most goes before the least. What is
    shut in a slot is not opened by the least of the same slot: a rule that inhibits a pump is not undone by another."""
    chosen = wanted
    for bound, stricter in (("at_least", max), ("at_most", min)):
        for limit in limits:
            moves = limit.bound == bound and limit.slot <= wanted.slot and limit.value != chosen.value
            moves = moves and not (bound == "at_least" and wanted.value == 0.0 and limit.slot == wanted.slot)
            if moves and isfinite(wanted.value) and stricter(limit.value, chosen.value) == limit.value:
                chosen = limit
    return chosen


def _nobody(plan: OutputPlan, turn: Turn) -> Demand:
    if plan.looped:
        return _safe(plan, turn, Because("nobody"))
    if plan.idle is not None:
        return Demand(plan.name, plan.idle, Slot.IDLE, "idle", Because("idle"), FOREVER)
    return _safe(plan, turn, Because("safe"))


def _safe(plan: OutputPlan, turn: Turn, because: Because) -> Demand:
    """The safe position; a declared hold counts from the last order that somebody wanted."""
    value = plan.safe.then
    if plan.safe.hold_s > 0:
        stood: Stood = turn.blocks[f"{plan.name}#idle"]  # type: ignore[assignment]  # what its `fresh` is
        last = turn.old.orders.get(plan.name)
        if last is not None and last.slot is not Slot.IDLE:
            stood = Stood(turn.now_s, turn.applied.get(plan.name, value))
            turn.blocks[f"{plan.name}#idle"] = stood
        if stood.since_s >= 0 and turn.now_s - stood.since_s < plan.safe.hold_s:
            value = stood.at
    return Demand(plan.name, value, Slot.IDLE, "safe", because, FOREVER)
