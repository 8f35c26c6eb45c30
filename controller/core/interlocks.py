"""Interlocks: causes and their effects, above every rule and every person."""

from dataclasses import dataclass
from typing import Literal

from controller.core.timed import Held, delayed, known, rests
from controller.core.turn import Turn
from controller.core.words import Because, Demand, Event, Slot
from rules.expression import Expression


@dataclass(frozen=True, slots=True)
class Action:
    """An output and the position it is to take; `inhibit` is 0 % and beats every demand below."""

    output: str
    value: float
    inhibit: bool
    life_support: bool


@dataclass(frozen=True, slots=True)
class InterlockBlock:
    """An interlock: evaluated after rules and people; what it insists on passes every demand."""

    name: str
    when: Expression
    delay_s: float
    off_delay_s: float
    latch: bool
    on_bad_quality: Literal["trip", "hold", "ignore"]
    actions: tuple[Action, ...]
    needs: frozenset[str]
    """Tags and gauges that it looks at."""

    def run(self, turn: Turn) -> None:
        held: Held = turn.blocks[self.name]  # type: ignore[assignment]  # an interlock's block is a Held
        if self.name not in turn.resets and rests(held, self.needs, turn):
            return
        is_so = known(self.when, self.name, turn)
        bad = is_so is None
        cause = bool(is_so)
        if is_so is None:
            cause = True if self.on_bad_quality == "trip" else held.on if self.on_bad_quality == "hold" else False
        reset = turn.resets.get(self.name)
        if self.latch and held.on and reset is None:
            cause = True
        if reset is not None and held.on and not cause:
            new = Held(False, turn.now_s)
        else:
            new = delayed(held, cause, self.delay_s, self.off_delay_s, turn.now_s)
        if reset is not None:
            told: dict[str, object] = {"id": reset.id, "by": reset.by}
            if new.on:
                turn.events.append(Event(turn.now_s, "refused", self.name, {**told, "why": "cause_stands"}))
            else:
                turn.events.append(Event(turn.now_s, "reset", self.name, told))
        if new.on is not held.on:
            new = new._replace(bad=bad)
            values: dict[str, object] = {tag: turn.values.get(tag) for tag in sorted(self.when.tags)}
            turn.events.append(Event(turn.now_s, "trip" if new.on else "trip_over", self.name, values))
        if new is not held:
            turn.blocks[self.name] = new
        if new.on:
            self.insist(turn, new.bad)

    def insist(self, turn: Turn, bad: bool) -> None:
        """Bound the outputs in this scan."""
        for demand in self.demands(bad):
            turn.bounds.setdefault(demand.output, []).append(demand)

    def demands(self, bad: bool) -> list[Demand]:
        """What it insists on while it stands."""
        because = Because("interlock_bad" if bad else "interlock", {"interlock": self.name})
        found = []
        for action in self.actions:
            slot = Slot.LIFE_SAFETY if action.life_support and not action.inhibit else Slot.TRIP
            found.append(Demand(action.output, action.value, slot, self.name, because, float("inf")))
        return found
