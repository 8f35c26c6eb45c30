"""Interlocks: causes and their effects, above every rule and every person (control.md 3.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from controller.core.state import Block
from controller.core.timed import Held, delayed, known, rests
from controller.core.turn import Turn
from controller.core.words import AlarmNow, Because, Demand, Event, Slot
from rules.expression import Expression

PARTS = 12
"""A cap's hour or day is counted in so many parts, and one more that is half over: never too much in any window."""


class Guard(NamedTuple):
    """What an interlock remembers beside how it stands (its `Held`)."""

    gone_s: float = -1.0
    """Since when its cause is away while it latches; -1: it is there."""
    pressed: bool = False
    """Whether its button at the plant was pressed when it was last known."""
    begun_s: float = 0.0
    """Of the last bypass."""
    until_s: float = 0.0
    """End of a bypass; 0: there is none."""
    by: str = ""


class Counted(NamedTuple):
    """What a capped output did: seconds run, or starts, by part of the window."""

    parts: tuple[float, ...] = (0.0,) * (PARTS + 1)
    part: int = 0
    """The number of the newest part."""
    ran: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """An output and the position it is to take: `set` it, `inhibit` it (0 %), `limit` it, or do not let it `start`."""

    output: str
    value: float
    how: Literal["set", "inhibit", "limit", "start"]
    life_support: bool


@dataclass(frozen=True, slots=True)
class Most:
    """How much an output may do in a window of `per_s`, or until `since` holds."""

    output: str
    counts: Literal["run", "starts"]
    most: float
    """Seconds, or starts."""
    per_s: float | None
    since: Expression | None

    def step(self, memory: Counted, turn: Turn, name: str) -> Counted:
        """What was done until now; the newest part stands last."""
        runs = turn.applied.get(self.output, 0.0) > 0.0
        if self.since is not None and known(self.since, name, turn):
            memory = Counted(part=memory.part)
        part = 0 if self.per_s is None else int(turn.now_s // (self.per_s / PARTS))
        later = min(max(part - memory.part, 0), PARTS + 1)
        parts = (*memory.parts[later:], *((0.0,) * later))
        if self.counts == "run":
            done = turn.now_s - turn.old.at_s if runs else 0.0
        else:
            done = 1.0 if runs and not memory.ran else 0.0
        return Counted((*parts[:-1], parts[-1] + done), part, runs)

    def is_reached(self, memory: Counted) -> bool:
        return sum(memory.parts) >= self.most


@dataclass(frozen=True, slots=True)
class InterlockBlock:
    """An interlock: evaluated after rules and people; what it insists on passes every demand."""

    name: str
    kind: Literal["trip", "inhibit", "permissive", "cap"]
    when: Expression | None
    """The cause; of a permissive, what has to hold. None of a cap that counts."""
    delay_s: float
    lasts_s: float
    """How long the cause has to be away before it lets go, or can be reset."""
    latch: bool
    reset_by: str
    """The button at the plant that ends a latch; empty: a person does, by `Reset`."""
    on_bad_quality: Literal["trip", "hold", "ignore"]
    actions: tuple[Action, ...]
    needs: frozenset[str]
    """Tags and gauges that it looks at."""
    most: Most | None = None
    while_running: bool = False
    life_safety: bool = False
    bypass_s: float = 0.0
    """Longest bypass; 0: none."""
    group: str | None = None
    test_interval_s: float | None = None

    @property
    def guard(self) -> str:
        """The name of its `Guard`."""
        return f"{self.name}#guard"

    @property
    def fresh(self) -> dict[str, Block]:
        """All that it remembers, by name."""
        own: dict[str, Block] = {self.name: Held(), self.guard: Guard()}
        return own if self.most is None else own | {f"{self.name}#most": Counted()}

    def run(self, turn: Turn) -> None:
        held: Held = turn.blocks[self.name]  # type: ignore[assignment]  # an interlock's block is a Held
        guard: Guard = turn.blocks[self.guard]  # type: ignore[assignment]  # what its `fresh` is
        if guard.until_s > 0.0 and turn.now_s >= guard.until_s:
            turn.blocks[self.guard] = guard = guard._replace(until_s=0.0)
            turn.events.append(Event(turn.now_s, "bypass_over", self.name, {"by": guard.by}))
        if rests(held, self.needs, turn):
            return
        cause = self._cause(turn)
        bad = cause is None
        if cause is None:
            cause = held.on if self.on_bad_quality == "hold" else self.on_bad_quality == "trip"
        if self.latch:
            guard = self._looked(guard, cause, turn)
            turn.blocks[self.guard] = guard._replace(pressed=self._is_pressed(guard, turn))
        if self.latch and held.on:
            new = self._reset(held, guard, turn)
        else:
            new = delayed(held, cause, self.delay_s, self.lasts_s, turn.now_s)
        if new.on is not held.on:
            new = new._replace(bad=bad)
            tags = () if self.when is None else sorted(self.when.tags)
            values: dict[str, object] = {tag: turn.values.get(tag) for tag in tags}
            turn.events.append(Event(turn.now_s, "trip" if new.on else "trip_over", self.name, values))
        turn.blocks[self.name] = new
        if new.on and guard.until_s == 0.0:
            self.insist(turn, new.bad)

    def _cause(self, turn: Turn) -> bool | None:
        """Whether what it acts on is there; None if that cannot be known."""
        if self.most is not None:
            name = f"{self.name}#most"
            memory: Counted = turn.blocks[name]  # type: ignore[assignment]  # what its `fresh` is
            turn.blocks[name] = memory = self.most.step(memory, turn, self.name)
            return self.most.is_reached(memory)
        assert self.when is not None
        is_so = known(self.when, self.name, turn)
        return not is_so if self.kind == "permissive" and is_so is not None else is_so

    def _looked(self, guard: Guard, cause: bool, turn: Turn) -> Guard:
        """Since when the cause is away."""
        if cause:
            return guard._replace(gone_s=-1.0)
        return guard if guard.gone_s >= 0.0 else guard._replace(gone_s=turn.now_s)

    def _is_pressed(self, guard: Guard, turn: Turn) -> bool:
        """A button that is not known stands as it was: it must not look as if it were pressed anew."""
        says = turn.values.get(self.reset_by)
        return guard.pressed if says is None else bool(says)

    def _reset(self, held: Held, guard: Guard, turn: Turn) -> Held:
        """A latch goes when it is reset, its cause being away for long enough."""
        asked = turn.resets.get(self.name)
        told: dict[str, object] = {} if asked is None else {"id": asked.id, "by": asked.by}
        if self.reset_by:
            if asked is not None:
                turn.events.append(Event(turn.now_s, "refused", self.name, {**told, "why": "reset_local"}))
            if not self._is_pressed(guard, turn) or guard.pressed:
                return held
            told = {"by": self.reset_by}
        elif asked is None:
            return held
        refused: dict[str, object] = {}
        if guard.gone_s < 0.0:
            refused = {"why": "cause_stands"}
        elif turn.now_s - guard.gone_s < self.lasts_s:
            refused = {"why": "cause_lately", "seconds": round(self.lasts_s)}
        if refused:
            turn.events.append(Event(turn.now_s, "refused", self.name, {**told, **refused}))
            return held
        turn.events.append(Event(turn.now_s, "reset", self.name, told))
        return Held(False, turn.now_s)

    def stands(self, blocks: Mapping[str, Block]) -> bool:
        """Whether it insists on its effects now: it holds, and nobody has bypassed it."""
        held: Held = blocks[self.name]  # type: ignore[assignment]  # an interlock's block is a Held
        guard: Guard = blocks[self.guard]  # type: ignore[assignment]  # what its `fresh` is
        return held.on and guard.until_s == 0.0

    def insist(self, turn: Turn, bad: bool) -> None:
        """Bound the outputs in this scan."""
        for demand in self.demands(bad, turn.applied):
            turn.bounds.setdefault(demand.output, []).append(demand)

    def demands(self, bad: bool, applied: Mapping[str, float]) -> list[Demand]:
        """What it insists on while it stands. What only forbids to start lets go on what runs."""
        because = Because("interlock_bad" if bad else "interlock", {"interlock": self.name})
        found = []
        for action in self.actions:
            if action.how == "start" and not self.while_running and applied.get(action.output, 0.0) > 0.0:
                continue
            alive = action.how == "set" and (action.life_support or self.life_safety)
            slot = Slot.LIFE_SAFETY if alive else Slot.TRIP
            bound: Literal["at", "at_most"] = "at_most" if action.how == "limit" else "at"
            found.append(Demand(action.output, action.value, slot, self.name, because, float("inf"), 0, bound))
        return found


def latched(turn: Turn, interlocks: Sequence[InterlockBlock]) -> list[AlarmNow]:
    """One alarm for each latch that holds: only a person ends it."""
    found: list[AlarmNow] = []
    for interlock in interlocks:
        held: Held = turn.blocks[interlock.name]  # type: ignore[assignment]  # an interlock's block is a Held
        if interlock.latch and held.on:
            found.append(AlarmNow(f"latched:{interlock.name}", "high", True, held.since_s, {"reset": interlock.name}))
    return found
