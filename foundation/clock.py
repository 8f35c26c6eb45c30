"""Farm time, and process time. The only module here that may ask what time it is.

Farm time is float seconds since the Unix epoch. It never goes back. It may run faster than the wall (x N) or be stepped
by a test or a simulation. Process time (deadlines of sockets and serial lines) never scales.
"""

import asyncio
import heapq
import time
from typing import Protocol

SLEW = 0.05
"""Farm time runs at most this fraction faster or slower while it closes on a wall clock that was stepped."""

SET_AFTER_S = 1_577_836_800.0
"""2020: a wall clock that stands before has not been told the time yet; many small boxes have none of their own."""
NO_TIME_S = (0.0, SET_AFTER_S)
BEHIND_S = 7200.0
"""A box that comes up before what it has lived through, and no longer before than this, was without power: it goes on
from an hour that was noted (`fake-hwclock`). Further back, somebody has put a clock right that was ahead."""


class Clock(Protocol):
    """Farm time."""

    speed: float
    """Farm seconds a process second; 0 for a stepped clock."""
    is_set: bool
    """False while farm time is a guess, because the box has not been told the time since it was switched on."""
    jumped_s: float
    """How much farm time was put forward when it was told."""
    guessed_s: tuple[float, float]
    """Farm time from and to before which what is seen while it is a guess stands at a guessed time."""

    def now(self) -> float:
        """Farm time now, seconds since the Unix epoch. Never less than it said before."""
        ...

    async def sleep_until(self, when: float) -> None:
        """Return once `now() >= when`."""
        ...


def process_time() -> float:
    """Seconds of process time, for deadlines and durations only; its zero means nothing."""
    return time.monotonic()


async def pause(seconds: float) -> None:
    """Let `seconds` of process time pass."""
    await asyncio.sleep(seconds)


class WallClock:
    """Farm time that follows the wall clock, but does not jump: a stepped wall clock is slewed after.

    It jumps once, forward, when a box that came up without the time (in 1970, or before what it has lived through) is
    told it: slewing would take a lifetime.
    """

    speed = 1.0

    def __init__(self, lived_s: float = 0.0) -> None:
        """`lived_s`: the last farm time that this box has kept anything of."""
        self._mono = time.monotonic()
        self._farm = time.time()
        goes_on = 0.0 < lived_s - self._farm <= BEHIND_S
        self.guessed_s = (self._farm, lived_s) if goes_on else NO_TIME_S
        self.is_set = self._farm >= self.guessed_s[1]
        self.jumped_s = 0.0

    def now(self) -> float:
        mono, wall = time.monotonic(), time.time()
        elapsed = mono - self._mono
        drift = wall - (self._farm + elapsed)
        self._farm += elapsed + max(-SLEW * elapsed, min(SLEW * elapsed, drift))
        self._mono = mono
        if not self.is_set and wall >= self.guessed_s[1]:
            self.is_set, self.jumped_s = True, drift
            self._farm = wall
        return self._farm

    async def sleep_until(self, when: float) -> None:
        while (left := when - self.now()) > 0:
            await asyncio.sleep(left)


class AcceleratedClock:
    """Farm time that runs `speed` times as fast as process time, from `start`.

    Two processes that are to share it take the same `origin` (process time at `start`; the machine's monotonic clock
    is one for all its processes), and are told the same of every change of speed, in good time. Before its origin it
    stands at `start`: one made with the origin `math.inf` stands until the first change.
    """

    def __init__(self, start: float, speed: float, origin: float | None = None) -> None:
        if not speed > 0:
            raise ValueError(f"speed is {speed}, must be above 0")
        self.speed = speed
        self.is_set, self.jumped_s, self.guessed_s = True, 0.0, NO_TIME_S
        self._start = start
        self._origin = time.monotonic() if origin is None else origin
        self._latest = start
        self._changes: list[tuple[float, float]] = []

    def change(self, when: float, speed: float) -> None:
        """From process time `when` on, later than that of any change before, run `speed` times as fast."""
        if not speed > 0:
            raise ValueError(f"speed is {speed}, must be above 0")
        self._changes.append((when, speed))

    def now(self) -> float:
        mono = time.monotonic()
        while self._changes and self._changes[0][0] <= mono:
            when, speed = self._changes.pop(0)
            self._start += max(when - self._origin, 0.0) * self.speed
            self._origin, self.speed = when, speed
        # who heard of a slower pace too late stands until the others are there
        self._latest = max(self._latest, self._start + max(mono - self._origin, 0.0) * self.speed)
        return self._latest

    async def sleep_until(self, when: float) -> None:
        while (left := when - self.now()) > 0:
            await asyncio.sleep(left / self.speed)


class SteppedClock:
    """Farm time that moves only when told to: for tests and for simulation at full speed."""

    speed = 0.0

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self.is_set, self.jumped_s, self.guessed_s = True, 0.0, NO_TIME_S
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> float:
        return self._now

    def set(self, when: float) -> None:
        """Move to `when` at once, waking whoever slept until then. Going back is an error."""
        if when < self._now:
            raise ValueError(f"farm time is {self._now}, it cannot go back to {when}")
        self._now = when
        while self._sleepers and self._sleepers[0][0] <= when:
            _, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)

    async def advance(self, seconds: float) -> None:
        """Move on by `seconds`, stopping at every sleeper on the way so that each wakes at its own time."""
        end = self._now + seconds
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            self.set(self._sleepers[0][0])
            await self._settle()
        self.set(end)
        await self._settle()

    async def sleep_until(self, when: float) -> None:
        if when <= self._now:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (when, self._count, future))
        await future

    async def _settle(self) -> None:
        # Whoever was woken may wake others in turn; a few rounds of the loop let them all reach their next sleep.
        for _ in range(20):
            await asyncio.sleep(0)
