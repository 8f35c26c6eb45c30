"""pymodbus behind one file of ours: one connection, and exchanges on it that believe nothing they cannot check.

pymodbus brings the transports (serial, TCP), the framing with its CRC, and the requests' life. What comes in passes our
hook first: it sees nothing but a reply whose unit, function, length and transaction are those that were asked for.
"""

import asyncio
import logging
from collections.abc import Callable

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.client.base import ModbusBaseClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU
from pymodbus.transport.serialtransport import SerialTransport

from drivers.codec import RTU_EXTRA, Request
from drivers.driver import SerialSettings, TcpSettings
from foundation.clock import pause, process_time

PARITY = {"none": "N", "even": "E", "odd": "O"}
NEVER_S = 3600.0
"""pymodbus's own time limit: ours always ends first."""
SETTLE_S = 0.05
"""Silence after as many bytes as a reply has, but not a good one: no more will come. USB adapters pause for 16 ms."""

# pymodbus logs every failed attempt; a dead device would fill the disk. The links log once when one breaks or mends.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)


class WireError(Exception):
    """No reply that can be believed: `port`, `timeout`, `short`, `crc`, `foreign`, `late`, `exception_2`, …"""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.took_s = 0.0
        """Process time that the line was kept for nothing."""
        self.is_exception = reason.startswith("exception")
        """The device is there, and says that it cannot."""
        super().__init__(reason)


class Line:
    """One serial port or one TCP connection."""

    def __init__(self, settings: SerialSettings | TcpSettings) -> None:
        self.settings = settings
        self.last_byte_s = 0.0
        """Process time at which the last byte came in. Opening counts: nobody knows what was on the line before."""
        self.lost = asyncio.Event()
        """Set while there is no connection."""
        self.lost.set()
        self.settled = asyncio.Event()
        """Clear while the reply to a request that was given up before its deadline has not come."""
        self.settled.set()
        self.stray_from: Callable[[int], None] = lambda unit: None
        """Told the first byte of what comes while nothing is asked: the unit, if it is a late reply."""
        self._serial = isinstance(settings, SerialSettings)
        self._client: ModbusBaseClient | None = None
        self._find = self._find_rtu if self._serial else self._find_tcp
        self._unit = 0
        self._request: Request | None = None
        self._owed: Request | None = None
        self._candidate: bytes | None = None
        self._reply: bytes | None = None
        self._seen = b""
        self._stray = 0
        self._until_s = 0.0
        self._limit: asyncio.Timeout | None = None

    @property
    def connected(self) -> bool:
        return self._client is not None and self._client.connected

    async def open(self) -> bool:
        """Open the port or connect. False if it is not there."""
        self.close()
        settings = self.settings
        if isinstance(settings, SerialSettings):
            self._client = AsyncModbusSerialClient(
                settings.port,
                baudrate=settings.baud,
                parity=PARITY[settings.parity],
                stopbits=settings.stop_bits,
                retries=0,
                reconnect_delay=0,
                timeout=NEVER_S,
                trace_packet=self._packet,
                trace_pdu=self._accepted,
                trace_connect=self._connection,
            )
        else:
            self._client = AsyncModbusTcpClient(
                settings.host,
                port=settings.port,
                retries=0,
                reconnect_delay=0,
                timeout=NEVER_S,
                trace_packet=self._packet,
                trace_pdu=self._accepted,
                trace_connect=self._connection,
            )
        try:
            async with asyncio.timeout(max(settings.deadline_s, 1.0)):
                if not await self._client.connect():
                    self.close()
                    return False
                self._client.ctx.low_level_send = self._send
        except Exception:
            # a port can fail to open in many ways (OSError, termios.error, ValueError): it is not there
            self.close()
            return False
        self.last_byte_s = process_time()
        self.lost.clear()
        return True

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
        self.lost.set()

    async def exchange(self, unit: int, request: Request, until_s: float, hold_s: float = 0.0) -> bytes:
        """Send a request; the PDU of its reply (an exception is one). WireError if none came by `until_s`.

        Times are process time. Until `hold_s` an earlier reply of this unit may still be on its way: a reply is
        believed only if no other follows it by then.
        """
        client = self._client
        if client is None:
            raise WireError("port")
        self._unit, self._request, self._candidate, self._reply = unit, request, None, None
        self._seen, self._stray, self._until_s = b"", 0, until_s
        try:
            async with asyncio.timeout_at(until_s) as self._limit:
                await client.execute(False, _Ready(unit, request.pdu))
        except TimeoutError:
            if self._reply is None:
                raise WireError(self._what_came() if client.connected else "port") from None
        except (ModbusException, OSError):
            raise WireError("port") from None
        except asyncio.CancelledError:
            self._owed = request
            self.settled.clear()
            raise
        finally:
            self._limit = None
            if hold_s == 0.0:
                self._request = None
        if hold_s:
            try:
                await pause(hold_s - process_time())
            finally:
                self._request = None
            if self._stray:
                raise WireError("late")
        reply = self._reply
        assert reply is not None  # pymodbus only returns once the hook below has passed a frame
        return reply

    def _send(self, data: bytes, addr: tuple[str, int] | None = None) -> None:
        """pymodbus's way out; its serial transport alone would wait for the loop's next turn, a tenth of a ms."""
        assert self._client is not None
        context = self._client.ctx
        context.send(data, addr)
        if isinstance(context.transport, SerialTransport):
            context.transport.intern_write_ready()

    def _connection(self, is_there: bool) -> None:
        if not is_there:
            self.lost.set()

    def _packet(self, sending: bool, data: bytes) -> bytes:
        """pymodbus's hook before its framer: all that came since the request. It gets to see what we return."""
        if sending:
            return data
        self.last_byte_s = process_time()
        if self._request is None:
            self.stray_from(data[0])
            if not self.settled.is_set() and self._owed is not None and self._find(data, self._owed):
                self.settled.set()
            return b""
        if self._reply is not None:
            self._stray += 1
            return b""
        self._seen = data
        if data[0] != self._unit:
            self.stray_from(data[0])
        found = self._find(data, self._request)
        if found is None:
            if self._serial and self._limit is not None and len(data) >= self._request.size + RTU_EXTRA:
                self._limit.reschedule(min(self._until_s, self.last_byte_s + SETTLE_S))
            return b""
        frame, self._candidate = found
        return frame

    def _accepted(self, sending: bool, pdu: ModbusPDU) -> ModbusPDU:
        """pymodbus's hook behind the CRC."""
        if not sending:
            self._reply = self._candidate
        return pdu

    def _find_rtu(self, data: bytes, request: Request) -> tuple[bytes, bytes] | None:
        """The reply in `data`, with what noise there may be before it: the frame and its PDU."""
        head, size = request.head, request.size
        error = bytes((self._unit, head[0] | 0x80))
        start = bytes((self._unit, *head))
        for at in range(len(data) - 4):
            if data.startswith(start, at):
                end = at + 1 + size
            elif data.startswith(error, at):
                end = at + 3
            else:
                continue
            if end + 2 <= len(data):
                return data[at : end + 2], data[at + 1 : end]
        return None

    def _find_tcp(self, data: bytes, request: Request) -> tuple[bytes, bytes] | None:
        assert self._client is not None
        asked = self._client.ctx.request_transaction_id
        at = 0
        while len(data) >= at + 8:
            transaction, protocol, length = (int.from_bytes(data[at + i : at + i + 2], "big") for i in (0, 2, 4))
            end = at + 6 + length
            if protocol != 0 or not 3 <= length <= 254:
                # out of step for good: only a new connection helps
                asyncio.get_running_loop().call_soon(self.close)
                return None
            if end > len(data):
                return None
            pdu = data[at + 7 : end]
            if transaction == asked and data[at + 6] == self._unit:
                if len(pdu) == request.size and pdu.startswith(request.head):
                    return data[at:end], pdu
                if len(pdu) == 2 and pdu[0] == request.head[0] | 0x80:
                    return data[at:end], pdu
            at = end
        return None

    def _what_came(self) -> str:
        """Names what came instead of a reply."""
        if not self._seen:
            return "timeout"
        assert self._request is not None
        if not self._serial:
            return "foreign"
        if self._candidate is not None:
            return "crc"
        if self._seen[0] != self._unit or (len(self._seen) > 1 and self._seen[1] & 0x7F != self._request.head[0]):
            return "foreign"
        return "short"


class _Ready(ModbusPDU):
    """A request that is already encoded."""

    def __init__(self, unit: int, pdu: bytes) -> None:
        super().__init__(dev_id=unit)
        self.function_code = pdu[0]
        self._data = pdu[1:]

    def encode(self) -> bytes:
        return self._data
