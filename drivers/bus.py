"""The bus manager: one owner for each Modbus port. It keeps turns, silence between frames, and the port itself open."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from drivers.codec import READ, SILENCE, Request, character_s, exception_code
from drivers.driver import SerialSettings, TcpSettings
from drivers.modbus_line import Line, WireError
from drivers.patience import Patience
from foundation.clock import pause, process_time

LOG = logging.getLogger(__name__)
REOPEN_S = 1.0
"""Process time between attempts to open a port that is not there."""
HALF_OPEN = 3
"""Requests in a row without an answer after which a TCP connection is made anew."""
COARSE_S = 0.0012
"""Timers of an event loop are late by up to this: what is left then is waited for by yielding."""
LATEST = 2.0
"""Deadlines after its request by which a reply has come, if ever it does; of a unit that was seen to be later still,
so many times as late."""
LATEST_S = 60.0
"""No reply is later than this."""


class _Doubt(NamedTuple):
    until_s: float
    silent: bool
    """Nothing at all came: the port itself may have been asleep, and the reply come later still."""


class Answer(NamedTuple):
    """A reply: its PDU, and the process time from the request to it."""

    pdu: bytes
    took_s: float


class Bus:
    """One serial port, or one Modbus TCP server. `run()` keeps it open; `ask()` is how everybody uses it."""

    def __init__(self, settings: SerialSettings | TcpSettings) -> None:
        self.settings = settings
        self.patience = Patience()
        self.tried = asyncio.Event()
        """Set once it has been tried for the first time to open the port."""
        self.silence_s = 0.0
        """Between two frames."""
        if isinstance(settings, SerialSettings):
            one = character_s(settings.baud, settings.parity, settings.stop_bits)
            self.silence_s = SILENCE * one / settings.speed
        self._is_serial = isinstance(settings, SerialSettings)
        self._line = Line(settings)
        if self._is_serial:
            self._line.stray_from = self._came_late
        self._doubts: dict[int, _Doubt] = {}
        """Units with a reply that may still be on its way."""
        self._asked_s: dict[int, tuple[float, float]] = {}
        """Unit -> when it was first and last asked of what it has not answered."""
        self._rests_until_s: dict[int, float] = {}
        """Units with a reply that may come so late that it would pass for another one's."""
        self._busy_until_s = 0.0
        """A request was given up before its deadline: until then its reply may come."""
        self._given_up: int | None = None
        """The unit that it was for, if all its other replies had come."""
        self._unanswered = 0
        self._taken = False
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def connected(self) -> bool:
        return self._line.connected

    async def run(self) -> None:
        """Keep the port open until cancelled: a port that went away is opened again by its name when it is back."""
        missed = False
        try:
            while True:
                is_open = await self._line.open()
                self.tried.set()
                if is_open:
                    if missed:
                        LOG.info("bus is back", extra={"bus": self.settings.id})
                    missed = False
                    self._unanswered = 0
                    self.patience.forget()
                    await self._line.lost.wait()
                if not missed:
                    LOG.warning("bus is lost", extra={"bus": self.settings.id})
                    missed = True
                await pause(REOPEN_S)
        finally:
            self._line.close()

    def rests(self, unit: int, time_s: float) -> bool:
        """Whether a reply to what was asked of a unit may still be on its way, so that it is not to be asked again."""
        return time_s < self._rests_until_s.get(unit, 0.0)

    async def ask(self, unit: int, request: Request, urgent: bool = False) -> Answer:
        """The reply to a request; WireError if none can be believed.

        One at a time, in order of arrival; those that are `urgent` go before the others.
        """
        async with self._turn(urgent):
            if not self._line.connected:
                raise WireError("port")
            await self._quiet()
            began_s = process_time()
            until_s = began_s + self.settings.deadline_s
            # what answers a write names what was written: no late reply of a read passes for it
            is_read = request.pdu[0] in READ.values()
            doubt = self._doubts.get(unit) if is_read else None
            hold_s = 0.0
            if doubt is not None:
                hold_s = max(doubt.until_s, until_s) if doubt.silent else doubt.until_s
            try:
                reply = await self._line.exchange(unit, request, until_s, hold_s if hold_s > began_s else 0.0)
            except WireError as error:
                if error.reason != "port":
                    error.took_s = process_time() - began_s
                self._failed(unit, error.reason, began_s)
                raise
            except BaseException:
                self._given_up = unit if unit not in self._doubts else None
                self._doubt(unit, began_s, silent=False)
                self._busy_until_s = until_s
                raise
            self._unanswered = 0
            self._asked_s.pop(unit, None)
            if is_read:
                self._doubts.pop(unit, None)
            if (code := exception_code(reply)) is not None:
                raise WireError(f"exception_{code}")
            return Answer(reply, self._line.last_byte_s - began_s)

    def _failed(self, unit: int, reason: str, began_s: float) -> None:
        if reason != "port":
            first_s, _ = self._asked_s.get(unit, (began_s, began_s))
            self._asked_s[unit] = (first_s, began_s)
            self._rests_until_s[unit] = began_s + LATEST * self.settings.deadline_s
        self._doubt(unit, began_s, silent=reason in ("timeout", "late"))
        self._unanswered += reason == "timeout"
        if self._unanswered >= HALF_OPEN and not self._is_serial:
            self._line.close()

    def _came_late(self, unit: int) -> None:
        """Something came from a unit that had been given up: until all that it owes has come, it is asked no more."""
        asked_s = self._asked_s.pop(unit, None)
        if asked_s is not None:
            first_s, last_s = asked_s
            late_s = min(process_time() - first_s, LATEST_S)
            self._rests_until_s[unit] = max(self._rests_until_s.get(unit, 0.0), last_s + LATEST * late_s)

    def _doubt(self, unit: int, began_s: float, silent: bool) -> None:
        # on TCP a transaction number tells late replies apart; here nothing does
        if self._is_serial:
            self._doubts[unit] = _Doubt(began_s + LATEST * self.settings.deadline_s, silent)

    async def _quiet(self) -> None:
        """Wait until the line has been silent for as long as ends a frame; on a line that never is, one deadline."""
        # not the loop's own time: uvloop counts whole milliseconds, and a silence at 115 200 baud is a third of one
        now = process_time
        if not self._line.settled.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._busy_until_s):
                    await self._line.settled.wait()
                if self._given_up is not None:
                    self._doubts.pop(self._given_up, None)
            self._line.settled.set()
        patience_s = now() + self.settings.deadline_s
        while (left := min(self._line.last_byte_s + self.silence_s, patience_s) - now()) > 0:
            await pause(max(left - COARSE_S, 0.0))

    @asynccontextmanager
    async def _turn(self, urgent: bool) -> AsyncIterator[None]:
        if self._taken:
            turn = asyncio.get_running_loop().create_future()
            queue = self._urgent if urgent else self._waiting
            queue.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._next()
                raise
        self._taken = True
        try:
            yield
        finally:
            self._next()

    def _next(self) -> None:
        for queue in (self._urgent, self._waiting):
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(None)  # the line stays taken: it is theirs now
                    return
        self._taken = False
