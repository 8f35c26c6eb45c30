"""How often: so many times within a window, for each address or session."""

from collections import deque
from collections.abc import Callable

from foundation.clock import process_time

MOST_KEYS = 1000
"""So many addresses are remembered at once; beyond it the one seen longest ago is forgotten."""


class Rate:
    """At most `most` times in any `window_s` seconds of process time."""

    def __init__(self, most: int, window_s: float, clock: Callable[[], float] = process_time) -> None:
        self._most = most
        self._window_s = window_s
        self._clock = clock
        self._seen: dict[str, deque[float]] = {}

    def wait_s(self, key: str) -> float:
        """Zero if `key` may go on (and that is counted), else the seconds until it may."""
        now = self._clock()
        times = self._seen.pop(key, None) or deque()
        while times and times[0] <= now - self._window_s:
            times.popleft()
        # Taken out and put back: the dictionary's first key is the one that was seen longest ago.
        self._seen[key] = times
        if len(self._seen) > MOST_KEYS:
            del self._seen[next(iter(self._seen))]
        if len(times) >= self._most:
            return times[0] + self._window_s - now
        times.append(now)
        return 0.0
