"""A condition with delays: true only once it has been for a while, false only once it has not."""

from typing import NamedTuple


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
