"""Alarms: conditions on the image, with delays; and what the core itself raises."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from controller.core.interlocks import InterlockBlock, latched
from controller.core.loops.run import SETTLE_S, DoseBlock
from controller.core.timed import Held, delayed, known, rests
from controller.core.turn import Turn
from controller.core.words import AlarmNow, Event
from foundation.reading import Reason
from foundation.tag import Tag
from rules.expression import Expression


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
        if rests(held, self.needs, turn):
            return None
        is_so = known(self.stays if held.on else self.when, self.name, turn)
        cause = bool(is_so)
        if is_so is None:
            cause = True if self.on_bad_quality == "raise" else held.on if self.on_bad_quality == "hold" else False
        new = delayed(held, cause, self.on_s, self.off_s, turn.now_s)
        if new.on is not held.on:
            kind = "alarm_on" if new.on else "alarm_off"
            turn.events.append(Event(turn.now_s, kind, self.name, {"priority": self.priority}))
        if new is not held:
            turn.blocks[self.name] = new
        if not new.on:
            return None
        return AlarmNow(self.name, self.priority, True, new.since_s, {"bad": is_so is None})


def waiting_for_reset(turn: Turn, interlocks: Sequence[InterlockBlock], dosers: Iterable[str]) -> list[AlarmNow]:
    """One alarm for each latch that holds and each dosing loop that locked itself: only a person ends them."""
    found = latched(turn, interlocks)
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
