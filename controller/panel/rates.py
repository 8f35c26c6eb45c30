"""How often: so many times within a window, for each address or session; and how soon again after a mistake."""

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


FREE_FAILURES, MOST_FAILURES = 3, 10
LONGEST_DELAY_S = 360.0
HOUR_S = 3600.0


class Delays:
    """After the third wrong password within an hour the next may be tried after 1, 2, 4, ... seconds; from the tenth
    on after six minutes, which is ten an hour. Nobody is ever locked out: who knows the password waits so long."""

    def __init__(self, clock: Callable[[], float] = process_time) -> None:
        self._clock = clock
        self._failed: dict[str, deque[float]] = {}

    def wait_s(self, name: str) -> float:
        """Seconds until `name` may be tried again, 0 for now."""
        failed = self._within_the_hour(name)
        if len(failed) < FREE_FAILURES:
            return 0.0
        delay_s = LONGEST_DELAY_S if len(failed) >= MOST_FAILURES else 2.0 ** (len(failed) - FREE_FAILURES)
        return max(0.0, failed[-1] + delay_s - self._clock())

    def failed(self, name: str) -> None:
        """A wrong password for `name`, whether there is such a person or not."""
        failed = self._within_the_hour(name)
        self._failed.pop(name, None)
        failed.append(self._clock())
        self._failed[name] = failed
        if len(self._failed) > MOST_KEYS:
            del self._failed[next(iter(self._failed))]

    def succeeded(self, name: str) -> None:
        self._failed.pop(name, None)

    def _within_the_hour(self, name: str) -> deque[float]:
        failed = self._failed.get(name) or deque(maxlen=MOST_FAILURES)
        while failed and failed[0] <= self._clock() - HOUR_S:
            failed.popleft()
        return failed
