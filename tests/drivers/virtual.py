"""An event loop whose time jumps to the next timer whenever nothing is ready: hours of deadlines in a second."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

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


def in_virtual_time(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run `main` to its end on such a loop, which is process time for the drivers too."""
    loop = VirtualLoop()
    with ExitStack() as stack:
        for room in ("bus", "modbus", "modbus_line", "text_port", "ezo", "ascii"):
            stack.enter_context(patch(f"drivers.{room}.process_time", loop.time))
        stack.enter_context(asyncio.Runner(loop_factory=lambda: loop)).run(main())
