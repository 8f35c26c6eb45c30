"""Rules in the scan: gauges are read, causes looked at, and what follows is demanded in the rules' slot."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from typing import Any, Literal, NamedTuple

from controller.core.ramp import GONE, Ramp, crept
from controller.core.rule_switch import alarms_of, off_and_back
from controller.core.state import Block
from controller.core.turn import Turn
from controller.core.words import AlarmNow, Because, Demand, Event, Reset, Slot
from rules.expression import Expression
from rules.gauges import Gauge, Look, Result, Sky, Values
from rules.rule import RuleLaw, RuleMemory, limit_now, today

RULE_LEASE_S = 900.0
RENEW_S = RULE_LEASE_S / 3.0

_NONE: frozenset[str] = frozenset()

Priority = Literal["critical", "high", "medium", "low"]


class Wanted(NamedTuple):
    """What a rule wants of one output while it is on."""

    output: str
    value: float
    slot: Slot = Slot.RULE
    bound: Literal["at", "at_least", "at_most"] = "at"
    rate_per_s: float = inf
    """How fast a limit comes, %/s."""
    back_per_s: float = inf
    """And how fast it goes."""
    by: Expression | None = None
    """Of a limit: the line, in %, that it stands on, as far as `value`."""


class Added(NamedTuple):
    """What a rule adds to a setpoint while it is on."""

    setpoint: str
    by: Expression
    scale: float
    """From the expression's unit into the setpoint's."""
    cap: float


class Said(NamedTuple):
    """What a rule says to people when it comes on."""

    zh: str
    en: str
    to: tuple[str, ...]
    """Of the site's people; empty: all of them."""


@dataclass(frozen=True, slots=True)
class RuleBlock:
    """One rule. `rank` orders rules that want different things of one output."""

    name: str
    law: RuleLaw
    needs: frozenset[str]
    wants: tuple[Wanted, ...]
    adds: tuple[Added, ...]
    alarm: Priority | None
    rank: int
    notices: tuple[Said, ...] = ()
    touches: frozenset[str] = frozenset()
    """The outputs that it moves, itself or by a sequence."""
    slow: tuple[Wanted, ...] = ()
    """Its limits that come and go slowly, which are not among `wants`."""
    guarded: bool = False
    """It raises an alarm, moves life support or holds feeding or dosing back: that it is off is itself an alarm."""
    looks: Callable[[Values], Result] | None = field(init=False)
    """Its condition, where there is no more to it: no longest time."""
    on_lines: bool = field(init=False)
    """One of its limits stands on a line."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "on_lines", any(want.by is not None for want in self.wants))
        law = self.law
        looks = law.when.run if law.when is not None and law.max_true_s is None else None
        object.__setattr__(self, "looks", looks)

    def run(self, turn: Turn, sky: Sky, anew: bool = False) -> None:
        """One scan's part of it; `anew`: it looks whether or not anything moved."""
        memory: RuleMemory = turn.blocks[self.name]  # type: ignore[assignment]  # a rule's block is a RuleMemory
        looks = None if anew else self.looks
        if (
            looks is not None
            and memory.differs_s < 0.0
            and memory.unknown_s < 0.0
            and not (memory.spent or turn.resets)
        ):
            # nothing comes of it, as of nearly all rules in nearly all scans
            if memory.on:
                if turn.moved.isdisjoint(self.needs) or self.law.cause(True, turn.values) is True:
                    self._renew(memory, turn)
                    return
            elif turn.moved.isdisjoint(self.needs) or looks(turn.values) is False:
                return
        reset = turn.resets.get(self.name) if turn.resets else None
        if reset is not None:
            memory = self._reset(memory, reset, turn, sky)
        elif memory.spent == "broken":
            return
        elif not anew and turn.moved.isdisjoint(self.needs) and self.law.rests(memory, turn.now_s):
            if memory.on:
                self._renew(memory, turn)
            return
        self._step(memory, turn, sky)

    def stand_aside(self, turn: Turn, sky: Sky) -> None:
        """One scan in which it is switched off: it wants nothing. What it remembers of its limits stays."""
        memory: RuleMemory = turn.blocks[self.name]  # type: ignore[assignment]  # as above
        reset = turn.resets.get(self.name) if turn.resets else None
        if reset is not None:
            memory = self._reset(memory, reset, turn, sky)
        if memory.on or self.slow:
            self._let_go(turn)
        if memory.on:
            turn.events.append(Event(turn.now_s, "rule_off", self.name, {"bad": False}))
            memory = memory._replace(on=False, since_s=turn.now_s, counted=today(memory, turn.now_s, sky))
        if memory.differs_s >= 0.0 or memory.unknown_s >= 0.0:
            memory = memory._replace(differs_s=-1.0, unknown_s=-1.0)
        turn.blocks[self.name] = memory

    def _reset(self, memory: RuleMemory, reset: Reset, turn: Turn, sky: Sky) -> RuleMemory:
        memory = RuleMemory(counted=today(memory, turn.now_s, sky))
        turn.blocks[self.name] = memory
        turn.events.append(Event(turn.now_s, "reset", self.name, {"id": reset.id, "by": reset.by}))
        return memory

    def _withdraw(self, turn: Turn) -> None:
        for want in self.wants:
            turn.withdraw(want.output, want.slot, self.name)

    def creep(self, turn: Turn) -> None:
        """One scan's part of its slow limits: they go on for a while after it is off."""
        memory: RuleMemory = turn.blocks[self.name]  # type: ignore[assignment]  # a rule's block is a RuleMemory
        for want in self.slow:
            key = _ramp(self.name, want)
            ramp: Ramp = turn.blocks[key]  # type: ignore[assignment]  # as above
            end = 100.0 if want.bound == "at_most" else 0.0
            rate_per_s = want.rate_per_s if memory.on else want.back_per_s
            stands = turn.applied.get(want.output, end)
            new = crept(ramp, want.value, end, rate_per_s, memory.on, stands, turn.now_s)
            if new.at_s > 0.0:
                because = Because("rule" if memory.on else "rule_lets_go", {"rule": self.name})
                self._bound(want._replace(value=new.value), because, turn)
            elif ramp.at_s > 0.0:
                turn.withdraw(want.output, want.slot, self.name)
            turn.blocks[key] = new

    def _let_go(self, turn: Turn) -> None:
        """At once, its slow limits too: a person wants it, or it is broken."""
        self._withdraw(turn)
        for want in self.slow:
            turn.withdraw(want.output, want.slot, self.name)
            turn.blocks[_ramp(self.name, want)] = GONE

    def _step(self, memory: RuleMemory, turn: Turn, sky: Sky) -> None:
        now_s = turn.now_s
        new = self.law.step(memory, self.law.cause(memory.on, turn.values), now_s)
        if new is memory:
            if memory.on:
                self._renew(memory, turn)
            return
        if new.on is not memory.on:
            bad = new.unknown_s >= 0.0
            turn.events.append(Event(now_s, "rule_on" if new.on else "rule_off", self.name, {"bad": bad}))
            counted = today(memory, now_s, sky)
            new = new._replace(counted=counted._replace(starts=counted.starts + 1) if new.on else counted)
        if new.on and not memory.on:
            for number, said in enumerate(self.notices):
                turn.events.append(Event(now_s, "notice", self.name, {"number": number, **said._asdict()}))
        if new.spent and new.spent != memory.spent:
            turn.events.append(Event(now_s, "rule_spent", self.name, {"why": new.spent}))
        if new.on:
            self._demand(turn)
            new = new._replace(told_s=now_s)
        elif memory.on:
            self._withdraw(turn)
        turn.blocks[self.name] = new

    def _renew(self, memory: RuleMemory, turn: Turn) -> None:
        """Demand again what is going to run out, and in every scan what is not kept."""
        if self.adds or self.on_lines or turn.now_s - memory.told_s >= RENEW_S:
            self._demand(turn)
            turn.blocks[self.name] = memory._replace(told_s=turn.now_s)

    def _demand(self, turn: Turn) -> None:
        because = Because("rule", {"rule": self.name})
        for want in self.wants:
            limit = limit_now(want.by, want.value, want.bound == "at_most", turn.values)
            self._bound(want._replace(value=limit), because, turn)
        for add in self.adds:
            value = add.by.run(turn.values)
            if value is not None:
                # what adds nothing for want of a value leaves the plain setpoint, which is the safe one
                added = min(max(float(value) * add.scale, -add.cap), add.cap)
                turn.influences[add.setpoint] = turn.influences.get(add.setpoint, 0.0) + added

    def _bound(self, want: Wanted, because: Because, turn: Turn) -> None:
        ends_s = turn.now_s + RULE_LEASE_S
        turn.demand(Demand(want.output, want.value, want.slot, self.name, because, ends_s, self.rank, want.bound))

    def disable(self, turn: Turn, sky: Sky) -> None:
        """It threw: nothing of it counts until a person resets it or the agent starts again."""
        self._let_go(turn)
        memory: RuleMemory = turn.blocks[self.name]  # type: ignore[assignment]  # as above
        counted = today(memory, turn.now_s, sky)
        counted = counted._replace(errors=counted.errors + 1)
        turn.blocks[self.name] = RuleMemory(False, turn.now_s, starts=memory.starts, spent="broken", counted=counted)
        turn.events.append(Event(turn.now_s, "rule_spent", self.name, {"why": "broken"}))


@dataclass(frozen=True)
class RuleSet:
    """All rules of a site with what they read."""

    rules: tuple[RuleBlock, ...]
    gauges: tuple[Gauge, ...]
    """Each after those that it reads; interlocks and alarms read them too."""
    sky: Sky

    @cached_property
    def steps(self) -> tuple[tuple[str, str, Callable[[Any, Look], tuple[Any, Result]], Any], ...]:
        """Of each gauge: its name, its block's, how it is stepped, and what it starts from."""
        return tuple((gauge.name, _key(gauge), gauge.step, gauge.fresh) for gauge in self.gauges)

    @cached_property
    def touched(self) -> dict[str, frozenset[str]]:
        """By rule, the outputs that it moves."""
        return {rule.name: rule.touches for rule in self.rules}

    @cached_property
    def guarded(self) -> frozenset[str]:
        """The rules that watch over something."""
        return frozenset(rule.name for rule in self.rules if rule.guarded)

    @property
    def fresh(self) -> dict[str, Block]:
        """What every block of it starts from."""
        return (
            {rule.name: RuleMemory() for rule in self.rules}
            | {_key(gauge): gauge.fresh for gauge in self.gauges if len(gauge.fresh)}
            | {_ramp(rule.name, want): GONE for rule in self.rules for want in rule.slow}
        )

    def restarted(self, blocks: Mapping[str, Block]) -> dict[str, Block]:
        """The rules' blocks after a restart."""
        return {rule.name: rule.law.restarted(blocks[rule.name]) for rule in self.rules}  # type: ignore[arg-type]

    def run(self, turn: Turn) -> None:
        """One scan's part of it."""
        turn.ruled = len(turn.changed)
        self._read(turn)
        known = len(turn.events)
        off, back = off_and_back(turn) if turn.marks else (_NONE, _NONE)
        for rule in self.rules:
            try:
                if rule.name in off:
                    rule.stand_aside(turn, self.sky)
                else:
                    rule.run(turn, self.sky, rule.name in back)
                    if rule.slow:
                        rule.creep(turn)
            except Exception as error:  # a farm must not freeze for one broken rule, nor another rule feel it
                turn.fail(rule.name, error)
                rule.disable(turn, self.sky)
        if len(turn.events) > known:
            self._tell_beaten(turn, {event.subject for event in turn.events[known:] if event.kind == "rule_on"})

    def _read(self, turn: Turn) -> None:
        look = Look(turn.now_s, turn.values, turn.readings, self.sky)
        values, moved, blocks = turn.values, turn.moved, turn.blocks
        for name, key, step, fresh in self.steps:
            value = None
            try:
                before = blocks.get(key, fresh)
                memory, value = step(before, look)
                if memory is not before:
                    blocks[key] = memory
            except Exception as error:  # its readers do not know, and say what that means to them
                turn.fail(name, error)
            if value != values.get(name):
                values[name] = value
                moved.add(name)

    def _tell_beaten(self, turn: Turn, begun: set[str]) -> None:
        """Where a rule that came on and another want different things of one output, both are told."""
        outputs = {want.output for rule in self.rules if rule.name in begun for want in rule.wants}
        for output in sorted(outputs):
            rivals = [d for d in turn.demands.get(output, ()) if d.slot is Slot.RULE and d.bound == "at"]
            for beaten in rivals[1:]:
                if beaten.value != rivals[0].value and begun & {beaten.owner, rivals[0].owner}:
                    told = {"output": output, "wins": rivals[0].owner, "value": rivals[0].value}
                    turn.events.append(Event(turn.now_s, "rule_beaten", beaten.owner, told))

    def alarms(self, turn: Turn) -> list[AlarmNow]:
        """Those that rules raise, and one for each rule that stays off for a reason of its own or a person's."""
        found = alarms_of(turn.marks, self.guarded) if turn.marks else []
        for rule in self.rules:
            memory: RuleMemory = turn.blocks[rule.name]  # type: ignore[assignment]  # a rule's block is a RuleMemory
            if memory.spent:
                key = "rule_broken" if memory.spent == "broken" else "rule_spent"
                priority: Priority = "high" if memory.spent == "broken" else "medium"
                values = {"rule": rule.name, "reset": rule.name}
                found.append(AlarmNow(f"{key}:{rule.name}", priority, True, memory.since_s, values))
            if memory.on and rule.alarm is not None:
                bad = memory.unknown_s >= 0.0
                found.append(AlarmNow(rule.name, rule.alarm, True, memory.since_s, {"bad": bad}))
        return found


def _key(gauge: Gauge) -> str:
    return f"{gauge.name}#gauge"


def _ramp(rule: str, want: Wanted) -> str:
    return f"{rule}#{want.bound} {want.output}"


def gauges_of(expressions: Iterable[Expression]) -> tuple[Gauge, ...]:
    """Each once, in an order in which those that are read come first."""
    found: dict[str, Gauge] = {}
    for expression in expressions:
        for gauge in expression.gauges:
            found.setdefault(gauge.name, gauge)
    return tuple(found.values())


def ranked(orders: Sequence[int | None]) -> list[int]:
    """Ranks of rules from their `order`: those that have one first, then as they stand."""
    places = sorted(range(len(orders)), key=lambda i: (orders[i] is None, orders[i] or 0, i))
    ranks = [0] * len(orders)
    for rank, index in enumerate(places):
        ranks[index] = rank
    return ranks
