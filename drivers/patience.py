"""How often something that does not answer is asked again, so that it costs its neighbours next to nothing. Pure."""

from collections.abc import Hashable
from dataclasses import dataclass

SHARE = 0.08
"""Of a bus's time, what all that fails on it together may cost in the long run."""
BURST_S = 1.0
"""What it may cost at once."""
FREE = 2
"""Failures in a row that may be noise: what answers in between is asked as ever."""
LONGEST = 2
"""What stays silent is asked up to this many times more rarely."""


@dataclass(slots=True)
class _Trouble:
    failures: int = 0
    again_s: float = 0.0


class Patience:
    """Who failed when last asked, and when each may be asked again. Times are process time."""

    def __init__(self) -> None:
        self._troubles: dict[Hashable, _Trouble] = {}
        self._allowance_s = BURST_S
        self._counted_s = 0.0

    def may(self, who: Hashable, now_s: float) -> bool:
        """Whether `who` may be asked now. Always, if it has answered lately."""
        trouble = self._troubles.get(who)
        if trouble is None or trouble.failures < FREE:
            return True
        return now_s >= trouble.again_s and self._allowance(now_s) > 0

    def failed(self, who: Hashable, now_s: float, cost_s: float) -> None:
        """`who` was asked and cost the bus `cost_s` for nothing.

        After FREE failures it waits so long that it keeps to SHARE alone; the allowance is what all have together.
        """
        trouble = self._troubles.setdefault(who, _Trouble())
        trouble.failures += 1
        beyond = trouble.failures - FREE
        if beyond > 0:
            self._allowance_s = self._allowance(now_s) - cost_s
            self._counted_s = now_s
            trouble.again_s = now_s + cost_s / SHARE * min(beyond, LONGEST)

    def answered(self, who: Hashable) -> None:
        self._troubles.pop(who, None)

    def forget(self) -> None:
        """Everybody may be asked at once: the port is back."""
        self._troubles.clear()
        self._allowance_s = BURST_S

    def _allowance(self, now_s: float) -> float:
        return min(BURST_S, self._allowance_s + (now_s - self._counted_s) * SHARE)
