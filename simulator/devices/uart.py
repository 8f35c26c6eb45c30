"""The far end of a UART with devices that speak lines of text: a pseudo terminal, its bytes at the pace of the wire.

Knows lines and time on the wire, nothing of devices: each command line goes to every talker, and what one says goes out
byte by byte when it is due.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from foundation.clock import Clock
from simulator.devices.ezo import Said
from simulator.devices.pty_end import PtyEnd
from simulator.devices.serial_line import LineFaults

LOOK_S = 0.25
"""Farm time between two looks at what talkers say unasked."""
LEAST_LOOK_S = 0.02
"""The same in process time, where farm time runs fast."""


class Talker(Protocol):
    """A device on the UART; times are farm time."""

    def hear(self, line: bytes, now_s: float) -> list[Said]: ...

    def unasked(self, now_s: float) -> list[Said]: ...


class UartLine:
    """`path` is a symlink that the master opens. Of `LineFaults` those of bytes, silence and lateness count.
    `advance(now_s)` brings the field to the moment of a reading."""

    def __init__(
        self,
        path: Path,
        talkers: Sequence[Talker],
        clock: Clock,
        baud: int = 9600,
        parity: str = "none",
        stop_bits: int = 1,
        *,
        faults: LineFaults | None = None,
        advance: Callable[[float], None] = lambda now_s: None,
    ) -> None:
        self.path = path
        self.talkers = list(talkers)
        self.faults = faults if faults is not None else LineFaults()
        self.shorted = False
        """Nothing passes."""
        self._clock = clock
        self._advance = advance
        self._speed = clock.speed or 1.0
        self.character_s = (9 + (parity != "none") + stop_bits) / (baud * self._speed)
        """One character on the wire, in process time."""
        self._end = PtyEnd(path, self._heard)
        self._buffer = b""
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._looking = asyncio.create_task(self._look(), name=f"uart {self.path.name}")
        self.replug()

    async def stop(self) -> None:
        self.unplug()
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking
            self._looking = None

    @property
    def plugged(self) -> bool:
        return self._end.plugged

    def replug(self) -> None:
        """Plug the converter in: another pty, under the same path."""
        self._end.replug()

    def unplug(self) -> None:
        """Pull the converter out of its socket: who has it open sees it hang up."""
        self._buffer = b""
        self._end.unplug()

    # --- inside

    def _heard(self, data: bytes) -> None:
        if self.shorted:
            return
        self._buffer += data
        *lines, self._buffer = self._buffer.replace(b"\n", b"\r").split(b"\r")
        for line in lines:
            if line:
                now_s = self._clock.now()
                self._advance(now_s)
                for talker in self.talkers:
                    self._plan(talker.hear(line, now_s), len(data) * self.character_s)

    async def _look(self) -> None:
        pace_s = max(LOOK_S, LEAST_LOOK_S * self._clock.speed)
        while True:
            now_s = self._clock.now()
            self._advance(now_s)
            for talker in self.talkers:
                self._plan(talker.unasked(now_s), 0.0)
            await self._clock.sleep_until(now_s + pace_s)

    def _plan(self, what: list[Said], heard_s: float) -> None:
        """Each goes out when its last byte would have: after `heard_s` of process time, and what the device takes."""
        for one in what:
            after_s = (one.after_s + self.faults.delay_s()) / self._speed
            sent = self.faults.damage(one.data)
            wire_s = len(sent) * self.character_s
            asyncio.get_running_loop().call_later(heard_s + after_s + wire_s, self._send, sent)

    def _send(self, data: bytes) -> None:
        if not self.shorted:
            self._end.send(data)
