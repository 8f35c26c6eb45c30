"""A serial port whose devices speak lines of text: keeps it open, and lets one conversation at a time have it."""

import asyncio
import logging
import os
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import serial

from drivers.bus import LATEST, REOPEN_S
from drivers.codec import character_s
from drivers.driver import SerialSettings
from drivers.modbus_line import PARITY, WireError
from drivers.patience import Patience
from foundation.clock import pause, process_time

LOG = logging.getLogger(__name__)
LONGEST = 256
"""Bytes without an end of line after which they are taken for noise."""
STALLED_S = 0.25
"""Nobody pauses so long within a line: what is left of one then will not be finished."""
KEPT = 64
"""Lines that wait for a reader."""
ENDS = b"\r\n"


class Line(NamedTuple):
    """A whole line without its end, and the process time at which that came."""

    text: bytes
    came_s: float


class TextPort:
    """One serial port. `run()` keeps it open; `turn()` is how everybody uses it."""

    def __init__(self, settings: SerialSettings) -> None:
        self.settings = settings
        self.patience = Patience()
        self.tried = asyncio.Event()
        """Set once it has been tried for the first time to open the port."""
        self.lines: deque[Line] = deque(maxlen=KEPT)
        """What has come and nobody has read."""
        self._came = asyncio.Event()
        self._lost = asyncio.Event()
        self._serial: serial.Serial | None = None
        self._buffer = b""
        self._last_byte_s = 0.0
        self._skip = False
        """The line that is on its way began before it was asked for."""
        self._rest_until_s = 0.0
        """An answer that was given up may still come until then."""
        self._one = asyncio.Lock()

    @property
    def connected(self) -> bool:
        return self._serial is not None

    async def run(self) -> None:
        """Keep the port open until cancelled: a port that went away is opened again by its name when it is back."""
        missed = False
        try:
            while True:
                is_open = self._open()
                self.tried.set()
                if is_open:
                    if missed:
                        LOG.info("bus is back", extra={"bus": self.settings.id})
                    missed = False
                    self.patience.forget()
                    await self._lost.wait()
                    self._close()
                if not missed:
                    LOG.warning("bus is lost", extra={"bus": self.settings.id})
                    missed = True
                await pause(REOPEN_S)
        finally:
            self._close()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator["TextPort"]:
        """The port for one conversation. What came before it is not an answer to what is said in it.

        WireError that leaves it makes the port rest until a late answer has come.
        """
        async with self._one:
            await pause(max(self._rest_until_s - process_time(), 0.0))
            began_s = process_time()
            self.lines.clear()
            if began_s - self._last_byte_s > STALLED_S:
                self._buffer = b""
            self._skip = bool(self._buffer)
            try:
                yield self
            except WireError as error:
                if error.reason != "port" and not error.is_exception:
                    self._rest_until_s = began_s + LATEST * self.settings.deadline_s
                    error.took_s = self._rest_until_s - began_s  # so long nobody else can have it
                raise
            except BaseException:
                self._rest_until_s = began_s + LATEST * self.settings.deadline_s
                raise

    def say(self, data: bytes) -> None:
        """Send. WireError (`port`) if there is none."""
        if self._serial is None:
            raise WireError("port")
        try:
            os.write(self._serial.fileno(), data)
        except OSError:
            self._lost.set()
            raise WireError("port") from None

    async def line(self, until_s: float) -> Line:
        """The next line; WireError (`timeout`, or `short` if an unfinished one came) if none has come by `until_s`."""
        while not self.lines:
            if not self.connected:
                raise WireError("port")
            self._came.clear()
            try:
                async with asyncio.timeout_at(until_s):
                    await self._came.wait()
            except TimeoutError:
                raise WireError("short" if self._buffer else "timeout") from None
        return self.lines.popleft()

    # --- inside

    def _open(self) -> bool:
        settings = self.settings
        try:
            self._serial = serial.Serial(
                settings.port,
                baudrate=settings.baud,
                parity=PARITY[settings.parity],
                stopbits=settings.stop_bits,
                timeout=0,
                write_timeout=0,
                exclusive=True,
            )
        except Exception:
            # a port can fail to open in many ways (OSError, termios.error, ValueError): it is not there
            return False
        self._buffer = b""
        self._skip = True  # who knows where in a line it begins
        self._lost.clear()
        asyncio.get_running_loop().add_reader(self._serial.fileno(), self._readable)
        return True

    def _close(self) -> None:
        if self._serial is None:
            return
        asyncio.get_running_loop().remove_reader(self._serial.fileno())
        self._serial.close()
        self._serial = None
        self._came.set()

    def _readable(self) -> None:
        if self._serial is None:
            return
        try:
            data = os.read(self._serial.fileno(), 4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:  # hung up
            asyncio.get_running_loop().remove_reader(self._serial.fileno())
            self._lost.set()
            return
        self.heard(data, process_time())

    def heard(self, data: bytes, time_s: float) -> None:
        """Bytes came in."""
        self._last_byte_s = time_s
        for byte in data:
            if byte not in ENDS:
                self._buffer += bytes((byte,))
                if len(self._buffer) > LONGEST:
                    self._buffer, self._skip = b"", True
                continue
            if self._buffer and not self._skip:
                self.lines.append(Line(self._buffer, time_s))
                self._came.set()
            self._buffer, self._skip = b"", False


def exchange_s(settings: SerialSettings, sent: int, received: int) -> float:
    """Wire time of so many characters out and in."""
    return (sent + received) * character_s(settings.baud, settings.parity, settings.stop_bits)
