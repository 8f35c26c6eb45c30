"""First-out: of interlocks that trip together, which cause was there first (control.md 3.3)."""

from collections.abc import Mapping
from typing import NamedTuple

from controller.core.interlocks import InterlockBlock
from controller.core.timed import Held
from controller.core.turn import Turn
from controller.core.words import Event

WINDOW_S = 2.0
"""Causes of trips so close together are compared; what trips later follows."""


class FirstOut(NamedTuple):
    """The last time that a group tripped."""

    first: str = ""
    """The interlock whose cause was there first."""
    cause_s: float = 0.0
    at_s: float = 0.0
    """When the group tripped."""
    others: tuple[str, ...] = ()
    stands: bool = False
    """Whether one of the group still holds."""


Groups = Mapping[str, tuple[InterlockBlock, ...]]


def block_of(group: str) -> str:
    """The name of its `FirstOut`."""
    return f"first_out:{group}"


def first_outs(turn: Turn, groups: Groups) -> None:
    """Note what tripped in this scan."""
    for group, members in groups.items():
        name = block_of(group)
        memory: FirstOut = turn.blocks[name]  # type: ignore[assignment]  # what its `fresh` is
        stands, tripped = False, []
        for place, member in enumerate(members):
            held: Held = turn.blocks[member.name]  # type: ignore[assignment]  # an interlock's block is a Held
            if not held.on:
                continue
            stands = True
            before: Held = turn.old.blocks.get(member.name, Held())  # type: ignore[assignment]  # the same
            if not before.on:
                tripped.append((before.differs_s if before.differs_s >= 0.0 else turn.now_s, place, member.name))
        if tripped:
            cause_s, _, first = min(tripped)
            rest = tuple(one for _, _, one in sorted(tripped) if one != first)
            if not memory.stands:
                new = FirstOut(first, cause_s, turn.now_s, rest, True)
            elif turn.now_s - memory.at_s <= WINDOW_S and cause_s < memory.cause_s:
                new = FirstOut(first, cause_s, memory.at_s, _more(memory.others, (memory.first, *rest), first), True)
            else:
                new = memory._replace(others=_more(memory.others, (first, *rest), memory.first))
            turn.blocks[name] = new
            told: dict[str, object] = {"first": new.first, "others": list(new.others), "tripped_s": new.at_s}
            turn.events.append(Event(turn.now_s, "first_out", group, told))
        elif memory.stands and not stands:
            turn.blocks[name] = memory._replace(stands=False)


def _more(others: tuple[str, ...], more: tuple[str, ...], first: str) -> tuple[str, ...]:
    """Each once, in order; one that trips again and again stands once."""
    return tuple(one for one in dict.fromkeys((*others, *more)) if one != first)
