"""After a start: what outputs were found doing. And at any time: machines start one after the other, so that after a
start, a power cut or a trip their inrush does not add up (control.md 3.3 and 3.5)."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from controller.core.actuators import Memory, Switch
from controller.core.arbiter import OutputPlan
from controller.core.turn import Turn
from controller.core.words import Event
from foundation.reading import Reading

KEY = "#start"
WINDOW_S = 10.0
"""In any so many seconds only so many machines start (`motor_starts`)."""
READ_S = 60.0
"""What an output was doing is worth a word so long after the start."""
SAME = 0.5
"""As near as that a continuous output is as it was ordered, %."""


class StartUp(NamedTuple):
    """What the farm remembers of starts, its own and those of its machines."""

    began_s: float = 0.0
    unread: tuple[str, ...] = ()
    """Device tags of outputs that have not been read since the farm's."""
    started_s: tuple[float, ...] = ()
    """When machines started, of the last seconds."""


def read_back(turn: Turn, readings: Iterable[Reading], output_of: Mapping[str, str]) -> None:
    """The first word of each output after a start; one that does otherwise than it is told to is told of. Its order is
    on its way by then: what nobody wants is switched off with the first scan. After `decide`, for that order."""
    start: StartUp = turn.blocks[KEY]  # type: ignore[assignment]  # its own
    if not start.unread:
        return
    unread = set(start.unread) if turn.now_s - start.began_s <= READ_S else set()
    for reading in readings:
        tag, found, sent = reading.tag, reading.number, turn.sent.get(reading.tag)
        if tag in unread and found is not None and sent is not None:
            unread.discard(tag)
            assert not isinstance(sent.value, str)  # no actuator says words
            if abs(found - float(sent.value)) > SAME:
                told = {"tag": tag, "stood": reading.value, "ordered": sent.value}
                turn.events.append(Event(turn.now_s, "output_found", output_of[tag], told))
    if len(unread) != len(start.unread):
        turn.blocks[KEY] = start._replace(unread=tuple(tag for tag in start.unread if tag in unread))


def by_power(plans: Iterable[OutputPlan]) -> tuple[OutputPlan, ...]:
    """Outputs in the order in which their machines start: life support, then the one with the most power."""
    return tuple(sorted(plans, key=lambda plan: (not plan.life_support, -plan.power_kw)))


def waits(turn: Turn, plan: OutputPlan, new: Memory, most: int) -> bool:
    """Whether the machine behind an output, about to start, has to wait for others. Life support never
    does."""
    old = turn.blocks[plan.name]
    if plan.power_kw <= 0.0 or not isinstance(old, Switch) or not isinstance(new, Switch) or old.on or not new.on:
        return False
    start: StartUp = turn.blocks[KEY]  # type: ignore[assignment]  # its own
    recent = tuple(at_s for at_s in start.started_s if turn.now_s - at_s < WINDOW_S)
    if len(recent) >= most and not plan.life_support:
        return True
    turn.blocks[KEY] = start._replace(started_s=(*recent, turn.now_s))
    return False
