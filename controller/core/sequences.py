"""Sequences in the scan: step after step, each for a time or until a condition; aborted, what has no loop goes safe.

A rule that is on asks for one, or a person starts it. It starts once for each time that it is asked, one at a time of
those that share an output, and runs to its end whatever the rule does meanwhile, unless a person aborts it. Its timers
count from when a step began, over a restart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple

from controller.core.turn import Turn
from controller.core.words import AlarmNow, Because, Demand, Event, SequenceWish, Slot
from rules.expression import Expression
from rules.rule import RuleMemory

LEASE_S = 30.0
RENEW_S = LEASE_S / 3.0
"""A sequence that is not run any more is soon no longer heard."""
LONGEST_STOP_S = 300.0
"""After a longer stop nobody knows how the plant stands in the middle of a sequence."""

Why = Literal["", "condition", "unknown", "stop", "late", "interlock", "restart", "broken", "person"]


class SequenceMemory(NamedTuple):
    """How a sequence stands."""

    phase: Literal["ready", "running", "aborted"] = "ready"
    step: int = 0
    since_s: float = -1.0
    """When the step, or the abort, began."""
    begun_s: float = -1.0
    asked: bool = False
    """It has run for those who ask now: it does not start again before nobody asked."""
    why: Why = ""
    """Of an abort."""
    told_s: float = -1.0
    """When what it wants was last demanded."""
    by: str = ""
    """Who started it by hand, or aborted it; empty: a rule, or what `why` says."""


@dataclass(frozen=True, slots=True)
class SequenceStep:
    """One step, ready to run; `for_s` or `until` with `within_s`."""

    wants: tuple[tuple[str, float, Slot], ...]
    """Output, position, slot."""
    for_s: float | None
    until: Expression | None
    within_s: float
    goes_on: bool
    """When `within_s` is over without `until`: the next step all the same."""


@dataclass(frozen=True, slots=True)
class SequenceBlock:
    """One sequence."""

    name: str
    steps: tuple[SequenceStep, ...]
    abort: Expression | None
    latch: bool
    resumes: bool
    askers: tuple[str, ...]
    """The rules that run it."""
    rivals: tuple[str, ...]
    """Sequences with which it shares an output: one runs, the others wait."""
    safe: tuple[tuple[str, float], ...]
    """Where the outputs that no loop writes stand after an abort."""

    @property
    def fresh(self) -> SequenceMemory:
        return SequenceMemory()

    @property
    def slots(self) -> set[tuple[str, Slot]]:
        """All that it may demand."""
        steps = {(output, slot) for step in self.steps for output, _, slot in step.wants}
        return steps | {(output, Slot.SEQUENCE) for output, _ in self.safe}

    def resumed(self, memory: SequenceMemory, away_s: float, now_s: float) -> SequenceMemory:
        """After a restart: where it was, or aborted."""
        if memory.phase != "running":
            return memory._replace(told_s=-1.0)
        if self.resumes and 0.0 <= away_s <= LONGEST_STOP_S and 0 <= memory.step < len(self.steps):
            return memory._replace(told_s=-1.0)
        return SequenceMemory("aborted", 0, now_s, memory.begun_s, True, "restart")

    def run(self, turn: Turn) -> None:
        memory: SequenceMemory = turn.blocks[self.name]  # type: ignore[assignment]  # what its `fresh` is
        asked = any(_is_on(turn, rule) for rule in self.askers)
        reset = turn.resets.get(self.name) if turn.resets else None
        if memory.phase == "ready":
            new = self._ready(turn, memory, asked)
        elif reset is not None:
            new = self._reset(turn, memory, asked, reset.id, reset.by)
        elif memory.phase == "running":
            new = self._running(turn, memory)
        else:
            new = self._aborted(turn, memory, asked)
        for wish in turn.sequences.get(self.name, ()):
            new = self._wished(turn, new, wish)
        if new is not memory:
            turn.blocks[self.name] = new

    def give_up(self, turn: Turn) -> None:
        """It threw."""
        turn.blocks[self.name] = self._abort(turn, turn.blocks[self.name], "broken")  # type: ignore[arg-type]  # its own

    # --- how it stands

    def _ready(self, turn: Turn, memory: SequenceMemory, asked: bool) -> SequenceMemory:
        if not asked:
            return memory._replace(asked=False) if memory.asked else memory
        if memory.asked or self._obstacle(turn):
            return memory
        turn.events.append(Event(turn.now_s, "sequence_begun", self.name, {}))
        return self._enter(turn, SequenceMemory("running", 0, turn.now_s, turn.now_s, True))

    def _wished(self, turn: Turn, memory: SequenceMemory, wish: SequenceWish) -> SequenceMemory:
        """What a person wants of it: done, or refused with the reason."""
        told: dict[str, object] = {"id": wish.id, "by": wish.by}
        obstacle: str = memory.phase
        if wish.action == "abort":
            obstacle = "" if memory.phase == "running" else "ready"
        elif memory.phase == "ready":
            obstacle = self._obstacle(turn)
        if obstacle:
            told |= {"why": f"sequence_{obstacle}", "sequence": self.name}
            turn.events.append(Event(turn.now_s, "refused", self.name, told))
            return memory
        if wish.action == "abort":
            return self._abort(turn, memory, "person", told)._replace(by=wish.by)
        turn.events.append(Event(turn.now_s, "sequence_begun", self.name, told))
        return self._enter(turn, SequenceMemory("running", 0, turn.now_s, turn.now_s, True, by=wish.by))

    def _obstacle(self, turn: Turn) -> Literal["", "condition", "unknown", "stop", "rival"]:
        """Why it cannot start now, if there is a reason."""
        return self._cause(turn) or ("rival" if any(_runs(turn, rival) for rival in self.rivals) else "")

    def _running(self, turn: Turn, memory: SequenceMemory) -> SequenceMemory:
        cause = self._cause(turn)
        if cause:
            return self._abort(turn, memory, cause)
        step, lasted_s = self.steps[memory.step], turn.now_s - memory.since_s
        if any(_is_tripped(turn, output, value) for output, value, _ in step.wants):
            return self._abort(turn, memory, "interlock")
        if step.until is None:
            is_over = lasted_s >= (step.for_s or 0.0)
        else:
            is_over = step.until.run(turn.values) is True
            if not is_over and lasted_s >= step.within_s:
                if not step.goes_on:
                    return self._abort(turn, memory, "late")
                told = {"step": memory.step + 1}
                turn.events.append(Event(turn.now_s, "sequence_late", self.name, told))
                is_over = True
        if not is_over:
            return self._enter(turn, memory) if turn.now_s - memory.told_s >= RENEW_S else memory
        if memory.step + 1 == len(self.steps):
            self._withdraw(turn, self.slots)
            turn.events.append(Event(turn.now_s, "sequence_done", self.name, {}))
            return SequenceMemory("ready", asked=True)
        return self._enter(turn, memory._replace(step=memory.step + 1, since_s=turn.now_s))

    def _aborted(self, turn: Turn, memory: SequenceMemory, asked: bool) -> SequenceMemory:
        if not self.latch and not asked and not self._cause(turn):
            self._withdraw(turn, self.slots)
            return self.fresh
        if turn.now_s - memory.told_s < RENEW_S:
            return memory
        self._stand_safe(turn)
        return memory._replace(told_s=turn.now_s)

    def _reset(self, turn: Turn, memory: SequenceMemory, asked: bool, change: str, by: str) -> SequenceMemory:
        """A person ends it, or what stands since it was aborted."""
        told: dict[str, object] = {"id": change, "by": by}
        if memory.phase == "aborted" and self._cause(turn):
            turn.events.append(Event(turn.now_s, "refused", self.name, {**told, "why": "cause_stands"}))
            return memory
        self._withdraw(turn, self.slots)
        turn.events.append(Event(turn.now_s, "reset", self.name, told))
        return SequenceMemory(asked=asked)

    # --- what it does

    def _cause(self, turn: Turn) -> Literal["", "condition", "unknown", "stop"]:
        """Why it may not go on, if there is a cause."""
        if turn.marks and any(f"stop:{output.partition('.')[0]}" in turn.marks for output, _ in self.slots):
            return "stop"
        if self.abort is None:
            return ""
        known = self.abort.run(turn.values)
        return "unknown" if known is None else "condition" if known else ""

    def _enter(self, turn: Turn, memory: SequenceMemory) -> SequenceMemory:
        """Demand what the step wants, and let go of what only others want."""
        step = self.steps[memory.step]
        values: dict[str, object] = {"sequence": self.name, "step": memory.step + 1, "of": len(self.steps)}
        because = Because("sequence_by_hand", {**values, "by": memory.by}) if memory.by else Because("sequence", values)
        for output, value, slot in step.wants:
            turn.demand(Demand(output, value, slot, self.name, because, turn.now_s + LEASE_S))
        self._withdraw(turn, self.slots - {(output, slot) for output, _, slot in step.wants})
        return memory._replace(told_s=turn.now_s)

    def _abort(
        self, turn: Turn, memory: SequenceMemory, why: Why, told: Mapping[str, object] = MappingProxyType({})
    ) -> SequenceMemory:
        self._withdraw(turn, self.slots)
        self._stand_safe(turn)
        turn.events.append(
            Event(turn.now_s, "sequence_aborted", self.name, {"why": why, "step": memory.step + 1, **told})
        )
        return SequenceMemory("aborted", memory.step, turn.now_s, memory.begun_s, True, why, turn.now_s)

    def _stand_safe(self, turn: Turn) -> None:
        because = Because("sequence_aborted", {"sequence": self.name})
        for output, value in self.safe:
            turn.demand(Demand(output, value, Slot.SEQUENCE, self.name, because, turn.now_s + LEASE_S))

    def _withdraw(self, turn: Turn, slots: set[tuple[str, Slot]]) -> None:
        for output, slot in sorted(slots):
            turn.withdraw(output, slot, self.name)

    def alarm(self, turn: Turn) -> AlarmNow | None:
        """That it was aborted."""
        memory: SequenceMemory = turn.blocks[self.name]  # type: ignore[assignment]  # what its `fresh` is
        if memory.phase != "aborted":
            return None
        values: dict[str, object] = {
            "sequence": self.name, "why": memory.why, "step": memory.step + 1, "of": len(self.steps)
        }  # fmt: skip
        if self.latch:
            values["reset"] = self.name
        return AlarmNow(f"sequence:{self.name}", "high", True, memory.since_s, values)


def _is_on(turn: Turn, rule: str) -> bool:
    memory = turn.blocks[rule]
    return isinstance(memory, RuleMemory) and memory.on


def _runs(turn: Turn, sequence: str) -> bool:
    memory = turn.blocks[sequence]
    return isinstance(memory, SequenceMemory) and memory.phase != "ready"


def _is_tripped(turn: Turn, output: str, value: float) -> bool:
    """Whether an interlock wanted something else of it in the last scan."""
    order = turn.orders.get(output)
    return order is not None and order.slot <= Slot.TRIP and order.value != value
