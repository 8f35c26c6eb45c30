"""An alarm of the site: a condition on the image with delays and a deadband, and how long there is to act."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, NamedTuple

from controller.core.timed import Held, delayed, known, rests
from controller.core.turn import Turn
from controller.core.words import AlarmNow, Event
from edge_config.alarm_defaults import timing
from edge_config.model.alarms import Alarm
from foundation.reading import Value
from foundation.tag import Tag
from rules.expression import Expression, ExpressionError

LONGEST_DAMAGE_S = 86400.0
"""What is further away than a day is not told."""


class Moved(NamedTuple):
    """A setpoint as it was last seen, and when it last moved."""

    value: float | None = None
    at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Quiet:
    """A deviation says nothing while its setpoint moves, nor for a while after it."""

    key: str
    """Of its memory."""
    sp: str
    for_s: float

    def moves(self, turn: Turn) -> bool:
        block: Moved = turn.blocks[self.key]  # type: ignore[assignment]  # what its `fresh` is
        value = turn.values.get(self.sp)
        if isinstance(value, float) and value != block.value:
            first = block.value is None
            block = turn.blocks[self.key] = Moved(value, block.at_s if first else turn.now_s)
        return block.at_s > 0.0 and turn.now_s - block.at_s < self.for_s


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Until when a value is where the damage begins: by what is used up of it, or by how fast it goes there."""

    kind: Literal["oxygen", "cold", "hot"]
    of: str
    at: float
    rate: str
    """A tag, per hour; empty where nobody says what is used."""
    slope: Expression
    """Per second, as measured."""

    def left_s(self, values: Mapping[str, Value | None]) -> float | None:
        """To the minute; None where it is not known, does not go there, or takes longer than a day."""
        value, slope = values.get(self.of), self.slope.run(values)
        if not isinstance(value, float):
            return None
        gap = self.at - value if self.kind == "hot" else value - self.at
        if gap <= 0.0:
            return 0.0
        falls = slope * (1.0 if self.kind == "hot" else -1.0) if isinstance(slope, float) else 0.0
        used = values.get(self.rate)
        speed = max(falls, used / 3600.0 if isinstance(used, float) else 0.0)
        if speed * LONGEST_DAMAGE_S <= gap:
            return None
        return round(gap / speed / 60.0) * 60.0


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
    damage: Foreseen | None = None
    quiet: Quiet | None = None

    def run(self, turn: Turn) -> AlarmNow | None:
        held: Held = turn.blocks[self.name]  # type: ignore[assignment]  # an alarm's block is a Held
        moving = self.quiet is not None and self.quiet.moves(turn)
        if self.quiet is None and rests(held, self.needs, turn):
            return None
        is_so = known(self.stays if held.on else self.when, self.name, turn)
        cause = bool(is_so) and (held.on or not moving)
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
        values: dict[str, object] = {"bad": is_so is None}
        left_s = self.damage.left_s(turn.values) if self.damage is not None else None
        if self.damage is not None and left_s is not None:
            values |= {"damage": self.damage.kind, "damage_s": left_s}
        return AlarmNow(self.name, self.priority, True, new.since_s, values)


def alarm_block(name: str, one: Alarm, tags: Mapping[str, Tag], expression: Callable[..., Expression]) -> AlarmBlock:
    """Build one. `expression` compiles a text, with a margin if there is one."""
    when = expression(one.when)
    how, stays = timing(one, when, tags), when
    if how.deadband is not None:
        with suppress(ExpressionError):  # a usual deadband need not fit what is compared; one that is said was checked
            stays = expression(one.when, margin=how.deadband)
    quiet = None if one.deviation is None else Quiet(f"{name}#sp", one.deviation.sp, one.deviation.quiet)
    return AlarmBlock(
        name, one.priority, when, stays, how.on_s, how.off_s, one.on_bad_quality, when.needs,
        _foreseen(one, tags, expression), quiet,
    )  # fmt: skip


def _foreseen(one: Alarm, tags: Mapping[str, Tag], expression: Callable[..., Expression]) -> Foreseen | None:
    if one.damage is None:
        return None
    of, unit = one.damage.of, tags[one.damage.of].unit
    is_cold = re.search(rf"(?<![\w.]){re.escape(of)}\s*<", one.when) is not None
    kind: Literal["oxygen", "cold", "hot"] = "oxygen" if unit == "mg/L" else "cold" if is_cold else "hot"
    return Foreseen(kind, of, one.damage.at.to(unit), one.damage.rate or "", expression(f"rate({of}, '5 min')"))
