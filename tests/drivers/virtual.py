"""An event loop whose time jumps to the next timer whenever nothing is ready: hours of deadlines in a second."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from foundation.clock import NO_TIME_S

PLACES = (
    "drivers.bus", "drivers.modbus", "drivers.modbus_line", "drivers.text_port", "drivers.ezo", "drivers.ascii",
    "drivers.link", "drivers.links", "drivers.watchdog", "simulator.devices.serial_line",
)  # fmt: skip
"""Modules that look at process time."""
TICK_S = 100e-6
"""What one turn of the loop is taken to cost, so that waiting by yielding gets somewhere too."""


class _Jump(selectors.DefaultSelector):
    now_s = 0.0

    def select(self, timeout: float | None = None) -> Any:
        self.now_s += TICK_S
        ready = super().select(0)
        if ready:
            return ready
        if timeout is None:
            return super().select(10.0)
        self.now_s += max(timeout, 0.0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.now_s


class LoopClock:
    """Farm time that is the loop's own, from `start_s` on."""

    speed = 1.0
    is_set = True
    jumped_s = 0.0
    guessed_s = NO_TIME_S

    def __init__(self, start_s: float) -> None:
        self._start_s = start_s

    def now(self) -> float:
        return self._start_s + asyncio.get_running_loop().time()

    async def sleep_until(self, when: float) -> None:
        while (left_s := when - self.now()) > 0:  # noqa: ASYNC110  this is what sleeping is
            await asyncio.sleep(left_s)


def in_virtual_time(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run `main` to its end on such a loop, which is process time for drivers and wires too."""
    loop = VirtualLoop()
    with ExitStack() as stack:
        for place in PLACES:
            stack.enter_context(patch(f"{place}.process_time", loop.time))
        stack.enter_context(asyncio.Runner(loop_factory=lambda: loop)).run(main())
