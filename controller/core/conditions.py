"""Interlocks and alarms: conditions on the image, with delays, and what follows from them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from controller.core.loops.run import SETTLE_S, DoseBlock
from controller.core.timed import Held, delayed
from controller.core.turn import Turn
from controller.core.words import AlarmNow, Because, Demand, Event, Slot
from foundation.reading import Reason
from foundation.tag import Tag
from rules.expression import Expression


def _known(expression: Expression, name: str, turn: Turn) -> bool | None:
    """Whether it holds; None if that cannot be known. One that throws is told of, and is not known either."""
    try:
        known = expression.run(turn.values)
    except Exception as error:
        turn.fail(name, error)
        return None
    return None if known is None else bool(known)


def _rests(held: Held, tags: frozenset[str], turn: Turn) -> bool:
    """Whether it need not be looked at: it did not hold, and nothing that it looks at has moved since."""
    return not held.on and held.differs_s < 0.0 and bool(tags) and turn.moved.isdisjoint(tags)


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
        if self.name not in turn.resets and _rests(held, self.needs, turn):
            return
        known = _known(self.when, self.name, turn)
        bad = known is None
        cause = bool(known)
        if known is None:
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


@dataclass(frozen=True, slots=True)
class AlarmBlock:
    """An alarm: active after its delay, and until the value is back by the deadband."""

    name: str
    priority: Literal["critical", "high", "medium", "low"]
    when: Expression
    stays: Expression
    """The same with the deadband added: while active, this decides."""
    on_s: float
    off_s: float
    on_bad_quality: Literal["raise", "hold", "ignore"]
    needs: frozenset[str]

    def run(self, turn: Turn) -> AlarmNow | None:
        held: Held = turn.blocks[self.name]  # type: ignore[assignment]  # an alarm's block is a Held
        if _rests(held, self.needs, turn):
            return None
        known = _known(self.stays if held.on else self.when, self.name, turn)
        cause = bool(known)
        if known is None:
            cause = True if self.on_bad_quality == "raise" else held.on if self.on_bad_quality == "hold" else False
        new = delayed(held, cause, self.on_s, self.off_s, turn.now_s)
        if new.on is not held.on:
            kind = "alarm_on" if new.on else "alarm_off"
            turn.events.append(Event(turn.now_s, kind, self.name, {"priority": self.priority}))
        if new is not held:
            turn.blocks[self.name] = new
        if not new.on:
            return None
        return AlarmNow(self.name, self.priority, True, new.since_s, {"bad": known is None})


def waiting_for_reset(turn: Turn, interlocks: Sequence[InterlockBlock], dosers: Iterable[str]) -> list[AlarmNow]:
    """One alarm for each latch that holds and each dosing loop that locked itself: only a person ends them."""
    found: list[AlarmNow] = []
    for interlock in interlocks:
        held: Held = turn.blocks[interlock.name]  # type: ignore[assignment]  # an interlock's block is a Held
        if interlock.latch and held.on:
            found.append(AlarmNow(f"latched:{interlock.name}", "high", True, held.since_s, {"reset": interlock.name}))
    for name in dosers:
        block: DoseBlock = turn.blocks[name]  # type: ignore[assignment]  # a dosing loop's block is a DoseBlock
        if block.dose.phase == "locked":
            kind = "unexpected" if block.dose.unexpected else "dosing"
            found.append(AlarmNow(f"{kind}:{name}", "high", True, block.dose.until_s, {"reset": name}))
    return found


def lost_sensors(turn: Turn, sensors: Mapping[str, Tag]) -> list[AlarmNow]:
    """One alarm for each sensor of a loop that is not there. Just after a start none has been heard yet: that is told
    once they had the time, as their loops wait for them."""
    return [
        AlarmNow(f"sensor:{name}", "high", True, reading.time_s, {"tag": name, "reason": str(reading.reason or "")})
        for name in sensors
        if (reading := turn.readings[name]).quality == 0
        and not (reading.reason is Reason.NEVER_SEEN and turn.now_s - reading.time_s < SETTLE_S)
    ]


def unheard_outputs(turn: Turn, tags: Mapping[str, str], after: int) -> list[AlarmNow]:
    """One alarm for each output whose device does not take its orders; `tags` is device tag -> output."""
    found: dict[str, AlarmNow] = {}
    for tag, sent in turn.sent.items():
        if sent.failures >= after and tag in tags:
            output = tags[tag]
            found[output] = AlarmNow(f"order:{output}", "high", True, sent.at_s, {"output": output})
    return list(found.values())
