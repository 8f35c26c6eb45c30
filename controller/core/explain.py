"""Why an output stands as it does: who decided, whom it beat, what limits it, who would be next. Pure.

`look` reads it off a state; nothing has to be remembered for it but since when.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal

from controller.core.arbiter import OutputPlan, strongest
from controller.core.build import Plan
from controller.core.first_out import FirstOut, block_of
from controller.core.hands import binding
from controller.core.interlocks import Guard, InterlockBlock
from controller.core.loops.dosing_loop import DosingLoop, Rest
from controller.core.rule_switch import SwitchedOff, switched_off
from controller.core.rules import RuleBlock
from controller.core.sequences import SequenceMemory
from controller.core.state import State
from controller.core.timed import Held
from controller.core.words import Because, Demand, Slot
from foundation.reading import Reason
from rules.rule import RuleMemory


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody wants, limits or insists on, in words that can be written down."""

    slot: str
    owner: str
    key: str
    """Of the reason: `why.KEY`."""
    value: float
    """0 to 100 %; of a limit, the limit."""
    values: dict[str, object] = field(default_factory=dict)
    bound: str = "at"
    """`at`, `at_least`, `at_most`, or `insists` of an interlock."""
    ends_s: float | None = None
    """When it ends unless it is made again; None: not by itself."""
    since_s: float | None = None
    """Since when it stands; None: not known."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What shapes a setpoint behind the winner: `integration` (a mean over days) or `stage` (of a recipe)."""

    key: str
    setpoint: str
    values: tuple[tuple[str, float | str], ...] = ()


@dataclass(frozen=True, slots=True)
class First:
    """Of the interlocks of a group that hold, whose cause was there first, and since when."""

    group: str
    interlock: str
    cause_s: float


@dataclass(frozen=True, slots=True)
class Spent:
    """A rule that does not come on, whatever its cause says."""

    rule: str
    why: str
    """`activations` (it came on as often as it may), `true` (it was on for as long as it may) or `broken`."""
    until_s: float | None = None
    """None: not by time alone."""


@dataclass(frozen=True, slots=True)
class Waits:
    """An interlock or a rule whose delay runs."""

    kind: Literal["interlock", "rule"]
    owner: str
    what: Literal["on", "off", "reset"]
    """It comes, it lets go, or (of a latch) a person may reset it, if its cause stays as it is until then."""
    at_s: float


@dataclass(frozen=True, slots=True)
class Why:
    """One output in one scan."""

    output: str
    at_s: float
    value: float
    """What it is told, 0 to 100 %."""
    applied: float
    """What its actuator makes of that."""
    heard: bool
    """False: its device has not confirmed the last orders."""
    won: Claim
    then: Claim
    """Who would decide if the winner were gone."""
    beaten: tuple[Claim, ...] = ()
    """Who wants (or insists on) something too, the strongest first."""
    limits: tuple[Claim, ...] = ()
    """Limits and interlocks that stand beside the winner."""
    since_s: float = -1.0
    """Since when the winner decides."""
    on_since_s: float = -1.0
    """Since when it is told to be on (above 0 %), or off."""
    shapes: tuple[Shape, ...] = ()
    """Of the setpoints behind the winner (see `shaping`)."""
    first: First | None = None
    """Where the winner is an interlock of a group."""
    off: tuple[SwitchedOff, ...] = ()
    """The rules that would move it, and that people switched off."""
    spent: tuple[Spent, ...] = ()
    """The rules that would move it, and that may not come on."""
    waits: tuple[Waits, ...] = ()
    """Whose delay runs of those that move it."""
    rests: tuple[Rest, ...] = ()
    """Which of its dosing loops give no dose, and why."""


def standing(plan: Plan, state: State) -> dict[str, tuple[InterlockBlock, ...]]:
    """By output, the interlocks that hold now."""
    found: dict[str, tuple[InterlockBlock, ...]] = {}
    for interlock in plan.interlocks:
        if interlock.stands(state.blocks):
            for action in interlock.actions:
                found[action.output] = (*found.get(action.output, ()), interlock)
    return found


def look(plan: Plan, state: State, output: str, interlocks: tuple[InterlockBlock, ...]) -> Why:
    """Why `output` stands as it does after the scan that made `state`; `interlocks` hold on it (see `standing`)."""
    order = state.orders[output]
    live = state.demands.get(output, ())
    insists = [d for interlock in interlocks for d in _insists(interlock, state, output)]
    hands = plan.hands.bounds(state.marks, state.applied).get(output, [])
    last = nobody(plan.outputs[output])
    winner = strongest(live, binding(insists, hands), lambda: last)
    gone = winner if winner.owner == order.owner else None  # the dosing guard beats whoever has won
    rest, firm = [d for d in live if d is not gone], [d for d in (*hands, *insists) if d is not gone]
    others = binding([d for d in insists if d is not gone], [d for d in hands if d is not gone])
    then = strongest(rest, others, lambda: last)
    since = {one.name: _held_since(one, state) for one in interlocks} | _rules_since(plan, state, live)
    since |= _hands_since(state, output)
    told = Demand(output, order.value, order.slot, order.owner, order.because, winner.expires_s, 0, winner.bound)
    wants = [d for d in (*firm, *rest) if d.bound == "at"]
    limits = [d for d in (*firm, *rest) if d.bound != "at"]
    return Why(
        output, state.at_s, order.value, state.applied.get(output, order.value),
        state.readings[output].reason is not Reason.COMM, _claim(told, since, winner in (*insists, *hands)),
        _claim(then, since, then in others),
        tuple(_claim(d, since, d in firm) for d in wants), tuple(_claim(d, since) for d in limits),
        first=_first(state, interlocks, order.owner), off=rules_off(plan, state).get(output, ()),
        spent=rules_spent(plan, state).get(output, ()), waits=waiting(plan, state).get(output, ()),
        rests=resting(plan, state).get(output, ()),
    )  # fmt: skip


def rules_off(plan: Plan, state: State) -> dict[str, tuple[SwitchedOff, ...]]:
    """By output, the rules that would move it and are switched off."""
    if not state.marks:
        return {}
    return {output: tuple(found) for output, found in switched_off(state.marks, plan.rules.touched).items()}


def rules_spent(plan: Plan, state: State) -> dict[str, tuple[Spent, ...]]:
    """By output, the rules that would move it and may not come on."""
    found: dict[str, tuple[Spent, ...]] = {}
    for rule in plan.rules.rules:
        memory: RuleMemory = state.blocks[rule.name]  # type: ignore[assignment]  # a rule's block is a RuleMemory
        if (memory.spent or memory.starts) and (spent := _spent(rule, memory, state.at_s)) is not None:
            for output in rule.touches:
                found[output] = (*found.get(output, ()), spent)
    return found


def waiting(plan: Plan, state: State) -> dict[str, tuple[Waits, ...]]:
    """By output, the interlocks and rules that move it and count."""
    found: dict[str, tuple[Waits, ...]] = {}
    for interlock in plan.interlocks:
        if (waits := _interlock_waits(interlock, state)) is not None:
            for output in dict.fromkeys(action.output for action in interlock.actions):
                found[output] = (*found.get(output, ()), waits)
    for rule in plan.rules.rules:
        memory: RuleMemory = state.blocks[rule.name]  # type: ignore[assignment]  # a rule's block is a RuleMemory
        if memory.differs_s >= 0.0 and (waits := _rule_waits(rule, memory)) is not None:
            for output in rule.touches:
                found[output] = (*found.get(output, ()), waits)
    return found


def resting(plan: Plan, state: State) -> dict[str, tuple[Rest, ...]]:
    """By output, the dosing loops that give no dose."""
    found: dict[str, tuple[Rest, ...]] = {}
    for loop in plan.loops:
        if isinstance(loop, DosingLoop) and (rest := loop.rests(state)) is not None:
            for output in loop.outputs:
                found[output] = (*found.get(output, ()), rest)
    return found


def _interlock_waits(interlock: InterlockBlock, state: State) -> Waits | None:
    held: Held = state.blocks[interlock.name]  # type: ignore[assignment]  # an interlock's block is a Held
    if not held.on and held.differs_s < 0.0:
        return None
    guard: Guard = state.blocks[interlock.guard]  # type: ignore[assignment]  # what its `fresh` is
    if guard.until_s > 0.0:
        return None  # bypassed: nothing comes of it
    if held.on and interlock.latch:
        ends_s = guard.gone_s + interlock.lasts_s
        return Waits("interlock", interlock.name, "reset", ends_s) if guard.gone_s >= 0.0 else None
    if held.differs_s < 0.0:
        return None
    if held.on:
        return Waits("interlock", interlock.name, "off", held.differs_s + interlock.lasts_s)
    return Waits("interlock", interlock.name, "on", held.differs_s + interlock.delay_s)


def _rule_waits(rule: RuleBlock, memory: RuleMemory) -> Waits | None:
    """While its cause is not known its delay stands still, unless that counts as if it held."""
    law = rule.law
    stands_still = memory.unknown_s >= 0.0 and (memory.on or law.on_bad != "assert")
    if memory.spent or stands_still:
        return None
    what: Literal["on", "off"] = "off" if memory.on else "on"
    return Waits("rule", rule.name, what, memory.differs_s + (law.off_s if memory.on else law.on_s))


def _spent(rule: RuleBlock, memory: RuleMemory, now_s: float) -> Spent | None:
    """Also where its cause is away: it has come on as often as it may, and would not if its cause were there again."""
    law = rule.law
    if memory.on:
        return None
    if memory.spent in ("true", "broken"):
        return Spent(rule.name, memory.spent)
    starts = [one for one in memory.starts if 0.0 <= now_s - one < law.per_s]
    most = law.max_activations
    return Spent(rule.name, "activations", starts[-most] + law.per_s) if most and len(starts) >= most else None


def nobody(plan: OutputPlan) -> Demand:
    """Where the output goes when nobody wants anything (a declared hold not counted)."""
    if plan.idle is not None and not plan.looped:
        return Demand(plan.name, plan.idle, Slot.IDLE, "idle", Because("idle"), float("inf"))
    return Demand(
        plan.name, plan.safe.then, Slot.IDLE, "safe", Because("nobody" if plan.looped else "safe"), float("inf")
    )


def _insists(interlock: InterlockBlock, state: State, output: str) -> list[Demand]:
    held: Held = state.blocks[interlock.name]  # type: ignore[assignment]  # an interlock's block is a Held
    return [demand for demand in interlock.demands(held.bad, state.applied) if demand.output == output]


def _first(state: State, interlocks: Sequence[InterlockBlock], owner: str) -> First | None:
    group = next((one.group for one in interlocks if one.name == owner), None)
    if group is None:
        return None
    memory: FirstOut = state.blocks[block_of(group)]  # type: ignore[assignment]  # what its `fresh` is
    return First(group, memory.first, memory.cause_s)


def _held_since(interlock: InterlockBlock, state: State) -> float:
    held: Held = state.blocks[interlock.name]  # type: ignore[assignment]  # an interlock's block is a Held
    return held.since_s


def _hands_since(state: State, output: str) -> dict[str, float]:
    """By owner of a demand: since when people's stops and locks stand, and the hand on this output."""
    found = {f"{mark.kind}:{mark.subject}": mark.since_s for mark in state.marks.values()}
    hand = state.marks.get(f"hand:{output}")
    return found if hand is None else {**found, hand.by: hand.since_s}


def _rules_since(plan: Plan, state: State, demands: Sequence[Demand]) -> dict[str, float]:
    found: dict[str, float] = {}
    for demand in demands:
        memory = state.blocks.get(demand.owner)
        if isinstance(memory, RuleMemory) and memory.on:
            found[demand.owner] = memory.since_s
        elif isinstance(memory, SequenceMemory) and memory.phase != "ready":
            found[demand.owner] = memory.begun_s
    return found


def _claim(demand: Demand, since: dict[str, float], insists: bool = False) -> Claim:
    return Claim(
        demand.slot.name.lower(), demand.owner, demand.because.key, demand.value, dict(demand.because.values),
        "insists" if insists else demand.bound, _end(demand), since.get(demand.owner),
    )  # fmt: skip


def _end(demand: Demand) -> float | None:
    """A loop's or a rule's demand is renewed again and again: only what really ends has an end."""
    renewed = demand.slot not in (Slot.MANUAL, Slot.TIMER) and demand.because.key not in ("dose", "timer")
    return None if renewed or not isfinite(demand.expires_s) else demand.expires_s
