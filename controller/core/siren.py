"""The siren: sounds while an alarm waits for somebody, until that one acknowledges it or silences the horn."""

from dataclasses import dataclass
from typing import NamedTuple

from controller.core.turn import Turn
from controller.core.words import Because, Demand, Event, Silence, Slot
from edge_config.model.notify import Notify

BLOCK = "#siren"
LASTS_S = 5.0
"""A demand of the siren outlives its scan by so much."""


class Horn(NamedTuple):
    """When somebody last silenced it: alarms that came later sound again."""

    silenced_s: float = -1.0


@dataclass(frozen=True, slots=True)
class SirenBlock:
    """One output of the farm. It hears the alarms of the scan before: they are made last."""

    output: str
    after_s: float
    priorities: frozenset[str]

    def run(self, turn: Turn) -> None:
        horn: Horn = turn.blocks[BLOCK]  # type: ignore[assignment]  # what its `fresh` is
        for alarm in turn.old.alarms:
            waits = alarm.active and alarm.state in ("unacknowledged", "latched") and not alarm.acknowledged_by
            if (
                waits
                and alarm.priority in self.priorities
                and alarm.since_s > horn.silenced_s
                and turn.now_s - alarm.since_s >= self.after_s
            ):
                because = Because("siren", {"alarm": alarm.id})
                expires_s = turn.now_s + LASTS_S
                turn.demand(Demand(self.output, 100.0, Slot.LIFE_SAFETY, "siren", because, expires_s))
                return
        turn.withdraw(self.output, Slot.LIFE_SAFETY, "siren")


def silence(turn: Turn, wish: Silence, siren: SirenBlock | None) -> None:
    """No alarm is acknowledged by this; the next one sounds again."""
    values = {"id": wish.id, "by": wish.by}
    if siren is None:
        turn.events.append(Event(turn.now_s, "refused", "siren", {**values, "why": "no_siren"}))
        return
    turn.blocks[BLOCK] = Horn(turn.now_s)
    turn.events.append(Event(turn.now_s, "silenced", siren.output, values))


def siren_of(notify: Notify) -> SirenBlock | None:
    """The site's siren, if it has one."""
    one = notify.siren
    return SirenBlock(one.output, one.after, frozenset(one.priorities)) if one is not None else None
