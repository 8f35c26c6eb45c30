"""Server-sent events: the whole state first, then what changed, at most ten times a second, and a heartbeat.

Whoever lost the connection and says what it heard last (`Last-Event-ID`) gets what it missed, if that is not long ago.

One task looks at the farm for all who follow, and encodes a change once. Whoever reads too slowly loses the changes
that wait for them, and gets the whole state instead: they hold nobody back, and no memory beyond a short queue.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import orjson

from controller.core.words import AlarmNow
from controller.panel.farm import Farm, SetpointNow
from controller.panel.shapes import (
    OrderShape,
    alarm_shapes,
    milliseconds,
    order_shape,
    reading_shape,
    setpoint_shape,
    state_shape,
)
from foundation.clock import pause, process_time
from foundation.reading import Reading

MOST_FOLLOWERS = 64
RETRY_MS = 2000
LINGER_S = 60.0
"""So long after the last has gone the changes are told on, to nobody, for whoever comes back."""
MOST_REMEMBERED = 300
"""Events."""
T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Present:
    """The farm at one moment, as it is compared with the next."""

    readings: Mapping[str, Reading]
    orders: Mapping[str, OrderShape]
    setpoints: Mapping[str, SetpointNow]
    alarms: list[AlarmNow]
    flood: bool


class _Follower:
    """One open stream: what waits for it."""

    def __init__(self) -> None:
        self.waiting: deque[bytes] = deque()
        self.behind = True
        """It has to be given the whole state next."""
        self.wake = asyncio.Event()


class Streams:
    """All open streams. Periods are process time; the task that feeds them runs while somebody follows."""

    def __init__(
        self, farm: Farm, *, beat_s: float = 5.0, least_s: float = 0.1, look_s: float = 1.0, room: int = 16,
        linger_s: float = LINGER_S,
    ) -> None:  # fmt: skip
        self._farm = farm
        self._beat_s = beat_s
        self._least_s = least_s
        self._look_s = look_s
        self._room = room
        self._linger_s = linger_s
        self._leaving: asyncio.TimerHandle | None = None
        self._name = secrets.token_hex(4)
        """Of this process' streams: numbers of another say nothing here."""
        self._told: deque[tuple[int, bytes]] = deque()
        self._since_id = 0
        """All that was told after this one is remembered."""
        self._followers: set[_Follower] = set()
        self._feeder: asyncio.Task[None] | None = None
        self._event_id = 0
        self._closed = False

    @property
    def full(self) -> bool:
        return len(self._followers) >= MOST_FOLLOWERS

    async def follow(self, alive: Callable[[], bool], last_id: str = "") -> AsyncIterator[bytes]:
        """Events until `alive()` says no (asked at least once a second) or the streams are closed. `last_id` is of the
        last event that was heard before."""
        follower = _Follower()
        self._followers.add(follower)
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        if self._feeder is not None and (missed := self._after(last_id)) is not None:
            follower.waiting.extend(missed)
            follower.behind = False
        if self._feeder is None:
            self._forget()
            # What is told later is the difference to this, so it must be older than the follower's whole state.
            self._feeder = asyncio.create_task(self._feed(self._present()))
        try:
            yield f"retry: {RETRY_MS}\n\n".encode()
            while not self._closed and follower in self._followers and alive():
                if follower.behind:
                    follower.behind = False
                    yield self._event("state", state_shape(self._farm))
                elif follower.waiting:
                    yield follower.waiting.popleft()
                else:
                    follower.wake.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._look_s):
                            await follower.wake.wait()
        finally:
            self._followers.discard(follower)
            if not self._followers and self._feeder is not None and self._leaving is None:
                if self._closed:
                    self._stop()
                else:
                    self._leaving = asyncio.get_running_loop().call_later(self._linger_s, self._stop)

    def close(self) -> None:
        """Ends every stream, and every one that is still to come."""
        self._closed = True
        for follower in self._followers:
            follower.wake.set()
        if not self._followers:
            self._stop()

    def _stop(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        if self._feeder is not None and not self._followers:
            self._feeder.cancel()
            self._feeder = None

    def _after(self, last_id: str) -> list[bytes] | None:
        """What was told after that event; None where it is not known any more, or was never ours."""
        name, _, number = last_id.partition("-")
        if name != self._name or not number.isascii() or not number.isdigit() or len(number) > 15:
            return None
        after = int(number)
        if not self._since_id <= after <= self._event_id:
            return None
        return [event for id, event in self._told if id > after]

    def _forget(self) -> None:
        self._told.clear()
        self._since_id = self._event_id

    async def _feed(self, told: _Present) -> None:
        changed = asyncio.Event()
        watcher = asyncio.create_task(self._watch(changed))
        try:
            await self._tell_changes(told, changed, watcher)
        except Exception:
            # A stream that only beats its heart would look alive: rather let all of them end, and be seen to end.
            log.exception("the stream of changes ended")
            self._feeder = None
            for follower in self._followers:
                follower.wake.set()
            self._followers.clear()
        finally:
            watcher.cancel()

    async def _watch(self, changed: asyncio.Event) -> None:
        async for _ in self._farm.changes():
            changed.set()

    async def _tell_changes(self, told: _Present, changed: asyncio.Event, watcher: asyncio.Task[None]) -> None:
        beat_at = process_time() + self._beat_s
        while True:
            # What came only wakes us; what is told is the difference to what was told before. So nothing is missed
            # that changes by time alone (a value that went stale, an alarm whose delay is over).
            with suppress(TimeoutError):
                async with asyncio.timeout(min(self._look_s, self._beat_s)):
                    await changed.wait()
            changed.clear()
            if watcher.done():
                watcher.result()
            present = self._present()
            if change := _difference(told, present):
                self._tell(self._event("change", {"now": milliseconds(self._farm.now()), **change}))
            told = present
            if process_time() >= beat_at:
                scanned = milliseconds(self._farm.scanned())
                self._tell(self._event("beat", {"now": milliseconds(self._farm.now()), "scanned": scanned}))
                beat_at = process_time() + self._beat_s
            await pause(self._least_s)

    def _present(self) -> _Present:
        farm = self._farm
        return _Present(
            dict(farm.readings()),
            {name: order_shape(order) for name, order in farm.orders().items()},
            dict(farm.setpoints()),
            list(farm.alarms()),
            farm.alarms_flooded(),
        )

    def _tell(self, event: bytes) -> None:
        self._told.append((self._event_id, event))
        while len(self._told) > MOST_REMEMBERED:
            self._since_id = self._told.popleft()[0]
        for follower in self._followers:
            if len(follower.waiting) >= self._room:
                follower.behind = True
                follower.waiting.clear()
            if not follower.behind:
                follower.waiting.append(event)
            follower.wake.set()

    def _event(self, kind: str, data: object) -> bytes:
        self._event_id += 1
        body = orjson.dumps(data, default=str)
        return b"id: %b-%d\nevent: %b\ndata: %b\n\n" % (self._name.encode(), self._event_id, kind.encode(), body)


def _difference(told: _Present, present: _Present) -> dict[str, object]:
    """What is other than what was told, part by part; nothing if nothing is."""
    readings = _changed(told.readings, present.readings)
    orders = _changed(told.orders, present.orders)
    setpoints = _changed(told.setpoints, present.setpoints)
    parts: dict[str, object] = {
        "readings": {name: reading_shape(reading) for name, reading in readings.items()},
        "orders": orders,
        "setpoints": {name: setpoint_shape(setpoint) for name, setpoint in setpoints.items()},
    }
    change = {part: values for part, values in parts.items() if values}
    if (told.alarms, told.flood) != (present.alarms, present.flood):
        change["alarms"] = alarm_shapes(present.alarms, present.flood)
    return change


def _changed(told: Mapping[str, T], present: Mapping[str, T]) -> dict[str, T]:
    return {name: now for name, now in present.items() if told.get(name) != now}
