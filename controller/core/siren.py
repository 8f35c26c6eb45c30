"""The siren: sounds while an alarm waits for somebody, until that one acknowledges it; silenced, it rests for a while.

Only what people can have heard is silenced: an alarm that comes, comes again or becomes more urgent sounds at once, and
what nobody has acknowledged meanwhile sounds again.
"""

from dataclasses import dataclass
from typing import NamedTuple

from controller.core.turn import Turn
from controller.core.words import AlarmNow, Because, Demand, Event, Silence, Slot
from edge_config.model.notify import Notify

BLOCK = "#siren"
SILENT_S = 600.0
"""No silence lasts longer: whoever silenced it may have gone back to sleep."""
LASTS_S = 5.0
"""A demand of the siren outlives its scan by so much."""


class Horn(NamedTuple):
    """When somebody last silenced it, and the alarms that waited then."""

    silenced_s: float = -1.0
    heard: tuple[str, ...] = ()
    """Each with its activation."""

    def silent_until_s(self, now_s: float) -> float:
        """Until when those are silent; 0 where none is."""
        until_s = self.silenced_s + SILENT_S
        return until_s if self.silenced_s >= 0.0 and now_s < until_s else 0.0


@dataclass(frozen=True, slots=True)
class SirenBlock:
    """One output of the farm. It hears the alarms of the scan before: they are made last."""

    output: str
    after_s: float
    priorities: frozenset[str]

    def run(self, turn: Turn) -> None:
        horn: Horn = turn.blocks[BLOCK]  # type: ignore[assignment]  # what its `fresh` is
        silent = horn.heard if horn.silent_until_s(turn.now_s) else ()
        for alarm in turn.old.alarms:
            if self.waits(alarm) and turn.now_s - alarm.since_s >= self.after_s and _coming(alarm) not in silent:
                because = Because("siren", {"alarm": alarm.id})
                expires_s = turn.now_s + LASTS_S
                turn.demand(Demand(self.output, 100.0, Slot.LIFE_SAFETY, "siren", because, expires_s))
                return
        turn.withdraw(self.output, Slot.LIFE_SAFETY, "siren")

    def waits(self, alarm: AlarmNow) -> bool:
        """Whether it is one that the siren sounds for, until somebody has seen it."""
        seen = not alarm.active or alarm.state not in ("unacknowledged", "latched") or bool(alarm.acknowledged_by)
        return not seen and alarm.priority in self.priorities


def _coming(alarm: AlarmNow) -> str:
    return f"{alarm.id}@{alarm.activation}"


def silence(turn: Turn, wish: Silence, siren: SirenBlock | None) -> None:
    """No alarm is acknowledged by this; the next one sounds again."""
    values: dict[str, object] = {"id": wish.id, "by": wish.by}
    if siren is None:
        turn.events.append(Event(turn.now_s, "refused", "siren", {**values, "why": "no_siren"}))
        return
    horn = Horn(turn.now_s, tuple(_coming(alarm) for alarm in turn.old.alarms if siren.waits(alarm)))
    turn.blocks[BLOCK] = horn
    values["until"] = horn.silent_until_s(turn.now_s)
    turn.events.append(Event(turn.now_s, "silenced", siren.output, values))


def siren_of(notify: Notify) -> SirenBlock | None:
    """The site's siren, if it has one."""
    one = notify.siren
    return SirenBlock(one.output, one.after, frozenset(one.priorities)) if one is not None else None
