"""The link: one task a device that polls it on its period or listens, writes at once, and leaves it safe."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from math import floor
from typing import Protocol, runtime_checkable

from drivers.driver import Driver, Written
from drivers.ending import end_tasks
from foundation.clock import Clock, process_time
from foundation.reading import Reading, Reason, Value, bad

LOG = logging.getLogger(__name__)
BAD_AFTER = 2
"""Polls in a row without an answer after which a tag's silence is handed on: one frame lost to noise is not a fault."""
STOP_S = 3.0
"""Process time that the safe states have to get out."""
STUCK_S = 30.0
"""Process time beyond a period after which a poll that has not ended never will: every request has a deadline."""

READ_FIRST_S = 1.0
"""Process time that the first orders wait for the first poll."""

OnReadings = Callable[[Sequence[Reading], object | None], None]
"""Takes readings, and a token (or None) to acknowledge once they are stored."""
OnWritten = Callable[[Written], None]


@runtime_checkable
class Pushing(Protocol):
    """What a driver also has if its device speaks unasked."""

    def listen(self, deliver: OnReadings) -> None: ...


class Link:
    """One device between its wire and the agent.

    `phase` (0 to 1) is where in its period it polls, so that the devices of a bus do not bunch. `safe` (tag -> value)
    is written on every way out of `run`, unless `stop` was given another.
    """

    def __init__(
        self,
        driver: Driver,
        clock: Clock,
        on_readings: OnReadings,
        on_written: OnWritten,
        phase: float = 0.0,
        safe: Mapping[str, Value] | None = None,
    ) -> None:
        self.driver = driver
        self._clock = clock
        self._on_readings = on_readings
        self._on_written = on_written
        self._phase = phase
        self._safe = dict(safe or {})
        self._orders: dict[str, Value] = {}
        self._ordered = asyncio.Event()
        self._silent: dict[str, int] = {}
        self._is_lost = False
        self._tasks: list[asyncio.Task[None]] = []
        self._leaving = False
        self._left = asyncio.Event()
        self._polled = asyncio.Event()
        self._turned_s = process_time()

    @property
    def id(self) -> str:
        return self.driver.settings.id

    @property
    def is_stuck(self) -> bool:
        """Whether its poll hangs: a device that does not answer is none of this."""
        period_s = self.driver.settings.period_s / (self._clock.speed or 1.0)
        return process_time() - self._turned_s > period_s + STUCK_S

    def order(self, values: Mapping[str, Value]) -> None:
        """Have these tags written as soon as the wire is free; of two values for a tag the later wins."""
        self._orders.update(values)
        self._ordered.set()

    async def run(self) -> None:
        """Poll and write until cancelled or stopped. Whatever ends it, the safe states are written first."""
        if isinstance(self.driver, Pushing):
            self.driver.listen(self._hand_on)
        self._turned_s = process_time()
        self._tasks = [asyncio.create_task(self._poll_on()), asyncio.create_task(self._write_on())]
        try:
            await asyncio.gather(*self._tasks)
        except asyncio.CancelledError:
            if not self._leaving:
                raise
            await self._left.wait()
        finally:
            # however impatient whoever ends us is: this is short, and it comes first
            leaving = asyncio.create_task(self.stop())
            while not leaving.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.shield(leaving)

    async def stop(self, safe: Mapping[str, Value] | None = None) -> None:
        """End it: write `safe` within a short deadline, close the device. A second call waits for the first."""
        if self._leaving:
            await self._left.wait()
            return
        self._leaving = True
        try:
            await end_tasks(self._tasks)
            values = self._safe if safe is None else safe
            if values:
                await self._write(values, STOP_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_S):
                    await self.driver.close()
        finally:
            self._left.set()

    async def _poll_on(self) -> None:
        driver, clock = self.driver, self._clock
        period_s = driver.settings.period_s
        while True:
            now_s = clock.now()
            try:
                readings = await driver.poll(now_s)
            except Exception as error:
                # a driver must not, but one that does takes nobody with it
                LOG.exception("driver failed", extra={"device": self.id, "reason": repr(error)})
                readings = [bad(tag, Reason.COMM, now_s) for tag in driver.settings.tags.values()]
            self._hand_on(self._believed(readings), None)
            self._turned_s = process_time()
            self._polled.set()
            now_s = clock.now()
            due_s = (floor(now_s / period_s - self._phase) + 1 + self._phase) * period_s
            await clock.sleep_until(due_s if due_s > now_s else due_s + period_s)

    async def _write_on(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(READ_FIRST_S):
                await self._polled.wait()  # how its outputs were found is worth knowing
        while True:
            await self._ordered.wait()
            self._ordered.clear()
            orders, self._orders = self._orders, {}
            if orders:
                await self._write(orders, None)

    async def _write(self, orders: Mapping[str, Value], deadline_s: float | None) -> None:
        now_s = self._clock.now()
        try:
            async with asyncio.timeout(deadline_s):
                done = await self.driver.write(orders, now_s)
        except TimeoutError:
            done = [Written(tag, value, False, Reason.COMM, now_s) for tag, value in orders.items()]
        except Exception as error:
            LOG.exception("driver failed", extra={"device": self.id, "reason": repr(error)})
            done = [Written(tag, value, False, Reason.COMM, now_s) for tag, value in orders.items()]
        for written in done:
            try:
                self._on_written(written)
            except Exception:
                LOG.exception("result of a write was not taken", extra={"device": self.id, "tag": written.tag})

    def _believed(self, readings: Sequence[Reading]) -> list[Reading]:
        """What is handed on: all but a silence that may still be a single lost frame."""
        passed: list[Reading] = []
        for reading in readings:
            if reading.reason is not Reason.COMM:
                self._silent.pop(reading.tag, None)
            else:
                count = self._silent[reading.tag] = self._silent.get(reading.tag, 0) + 1
                if count < BAD_AFTER:
                    continue
            passed.append(reading)
        return passed

    def _hand_on(self, readings: Sequence[Reading], token: object | None) -> None:
        """Give readings to the agent; log the device once when it breaks and once when it mends."""
        if not readings:
            return
        lost = all(reading.reason is Reason.COMM for reading in readings)
        if lost != self._is_lost:
            self._is_lost = lost
            if lost:
                reason = self.driver.statistics.last_error
                LOG.warning("device is lost", extra={"device": self.id, "reason": reason})
            else:
                LOG.info("device is back", extra={"device": self.id})
        try:
            self._on_readings(readings, token)
        except Exception:
            # not acknowledged then: the broker brings it again
            LOG.exception("readings were not taken", extra={"device": self.id})
