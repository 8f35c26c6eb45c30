"""The far end of Modbus TCP: a server on loopback. Who has no answer stays silent; the connection stays."""

import asyncio
import contextlib
from collections.abc import Callable

from foundation.clock import pause
from simulator.devices.manner import PROPER, Manner

_MOST_BYTES = 260

Respond = Callable[[int, bytes], bytes | None]
MannerOf = Callable[[int], Manner]


class TcpServer:
    """Serves `respond(unit, pdu)` on 127.0.0.1; `port` is known once it has started."""

    def __init__(
        self,
        respond: Respond,
        port: int = 0,
        *,
        turnaround_s: float = 0.0,
        speed: float = 1.0,
        manner: MannerOf = lambda unit: PROPER,
    ) -> None:
        self.port = port
        self.turnaround_s = turnaround_s
        """Process time before an answer."""
        self._respond = respond
        self._speed = speed
        self._manner = manner
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen; after `stop`, on the same port again."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is None:
            return
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client left, or we do
        finally:
            self._connections.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readexactly(7)
            protocol, length, unit = int.from_bytes(head[2:4]), int.from_bytes(head[4:6]), head[6]
            if protocol != 0 or not 2 <= length <= _MOST_BYTES:
                return  # no Modbus: nothing after it can be believed
            pdu = await reader.readexactly(length - 1)
            if self.turnaround_s > 0.0:
                await pause(self.turnaround_s)
            answer = self._respond(unit, pdu)
            manner = self._manner(unit)
            if answer is None or manner.silent:
                continue
            if manner.late_s > 0.0:
                await pause(manner.late_s / self._speed)
            if manner.garbled:  # TCP has a check sum of its own: what can be wrong is what the server says
                answer = answer[:1] + bytes(byte ^ 0x55 for byte in answer[1:2]) + answer[2:]
            said = bytes(((unit + 1) % 248,)) if manner.foreign else head[6:]
            writer.write(head[:4] + (len(answer) + 1).to_bytes(2) + said + answer)
            await writer.drain()
