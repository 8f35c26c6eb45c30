"""A condition with delays: true only once it has been for a while, false only once it has not."""

from typing import NamedTuple

from controller.core.turn import Turn
from rules.expression import Expression


class Held(NamedTuple):
    """A delayed condition: how it stands, since when, and since when its cause says otherwise (-1: it agrees)."""

    on: bool = False
    since_s: float = 0.0
    differs_s: float = -1.0
    bad: bool = False
    """Stands because its cause cannot be known."""


def delayed(held: Held, cause: bool, on_delay_s: float, off_delay_s: float, now_s: float) -> Held:
    """The condition now; a delay counts from the first scan in which the cause differed."""
    if cause is held.on:
        return held if held.differs_s < 0 else held._replace(differs_s=-1.0)
    since = held.differs_s if held.differs_s >= 0 else now_s
    if now_s - since >= (on_delay_s if cause else off_delay_s):
        return Held(cause, now_s, -1.0, False)
    return held if held.differs_s >= 0 else held._replace(differs_s=since)


def known(expression: Expression, name: str, turn: Turn) -> bool | None:
    """Whether it holds; None if that cannot be known. One that throws is told of, and is not known either."""
    try:
        is_so = expression.run(turn.values)
    except Exception as error:
        turn.fail(name, error)
        return None
    return None if is_so is None else bool(is_so)


def rests(held: Held, tags: frozenset[str], turn: Turn) -> bool:
    """Whether it need not be looked at: it did not hold, and nothing that it looks at has moved since."""
    return not held.on and held.differs_s < 0.0 and bool(tags) and turn.moved.isdisjoint(tags)
