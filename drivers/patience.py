"""How often something that does not answer is asked again, so that it costs its neighbours next to nothing. Pure."""

from collections.abc import Hashable
from dataclasses import dataclass

SHARE = 0.1
"""Of a bus's time, the most that all silent devices together may cost it."""
LONGEST = 3
"""A device that stays silent is asked up to this many times more rarely."""
FORGIVES = 3
"""Answers that make up for one failure: what fails every other time is no better than what is silent."""


@dataclass(slots=True)
class _Trouble:
    level: int = 0
    again_s: float = 0.0


class Patience:
    """Who failed, and when each may be asked again. Times are process time."""

    def __init__(self) -> None:
        self._troubles: dict[Hashable, _Trouble] = {}

    def may(self, who: Hashable, now_s: float) -> bool:
        """Whether `who` may be asked now."""
        trouble = self._troubles.get(who)
        return trouble is None or now_s >= trouble.again_s

    def failed(self, who: Hashable, now_s: float, cost_s: float) -> None:
        """`who` was asked and cost the bus `cost_s` for nothing.

        After a first failure it waits only as long again: what was late has come by then, and a frame lost to noise
        costs no more than that. After that everybody in trouble is asked so rarely that all keep to SHARE together.
        """
        trouble = self._troubles.setdefault(who, _Trouble())
        trouble.level = min(trouble.level + FORGIVES, FORGIVES * (LONGEST + 1))
        wait_s = cost_s
        if trouble.level > FORGIVES:
            many = sum(other.level > FORGIVES for other in self._troubles.values())
            wait_s = cost_s / SHARE * many * (trouble.level / FORGIVES - 1)
        trouble.again_s = now_s + wait_s

    def answered(self, who: Hashable) -> None:
        trouble = self._troubles.get(who)
        if trouble is not None:
            trouble.level -= 1
            if trouble.level <= 0:
                del self._troubles[who]

    def forget(self) -> None:
        """Everybody may be asked at once: the port is back."""
        self._troubles.clear()
