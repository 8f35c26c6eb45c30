"""A Modbus slave for tests, and two wires to put it on: one in memory, one a pseudo-terminal behind a symbolic link."""

import asyncio
import os
import tty
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from struct import pack, unpack

from pymodbus.framer import FramerRTU
from pymodbus.transport import CommParams, CommType, ModbusProtocol
from pymodbus.transport.transport import NULLMODEM_HOST, NullModem

TABLES = {1: "coil", 2: "discrete", 3: "holding", 4: "input", 5: "coil", 6: "holding", 15: "coil", 16: "holding"}


def framed(unit: int, pdu: bytes) -> bytes:
    """A frame of Modbus RTU."""
    body = bytes((unit,)) + pdu
    return body + FramerRTU.compute_CRC(body).to_bytes(2, "big")


@dataclass
class Unit:
    """One device's memory. What is in no table is answered with exception 2; `written` is the log of writes."""

    coil: dict[int, int] = field(default_factory=dict)
    discrete: dict[int, int] = field(default_factory=dict)
    holding: dict[int, int] = field(default_factory=dict)
    input: dict[int, int] = field(default_factory=dict)
    written: list[tuple[int, int, tuple[int, ...]]] = field(default_factory=list)
    asked: list[tuple[int, int, int]] = field(default_factory=list)
    dead: bool = False
    deaf_to_writes: bool = False
    """Confirms writes and forgets them."""
    on_write: Callable[[str, int, int], None] = lambda table, address, value: None

    def answer(self, pdu: bytes) -> bytes | None:
        """The PDU of the reply."""
        if self.dead:
            return None
        function, address, third = unpack(">BHH", pdu[:5])
        if function not in TABLES:
            return bytes((function | 0x80, 1))
        table: dict[int, int] = getattr(self, TABLES[function])
        if function <= 4:
            self.asked.append((function, address, third))
            words = [table.get(at) for at in range(address, address + third)]
            if None in words:
                return bytes((function | 0x80, 2))
            if function >= 3:
                return pack(f">BB{third}H", function, 2 * third, *words)
            bits = sum((bit or 0) << index for index, bit in enumerate(words)).to_bytes((third + 7) // 8, "little")
            return bytes((function, len(bits))) + bits
        new: tuple[int, ...]
        if function == 5:
            new = (int(third == 0xFF00 or third == 0x0100),)
        elif function == 6:
            new = (third,)
        elif function == 15:
            new = tuple(pdu[6 + index // 8] >> index % 8 & 1 for index in range(third))
        else:
            new = unpack(f">{third}H", pdu[6:])
        self.written.append((function, address, new))
        if any(at not in table for at in range(address, address + len(new))):
            return bytes((function | 0x80, 2))
        if not self.deaf_to_writes:
            table.update(zip(range(address, address + len(new)), new, strict=True))
            for at, word in enumerate(new, address):
                self.on_write(TABLES[function], at, word)
        return pdu[:5]


class Slaves:
    """Several units on one wire. `tamper(frame, reply)` says what goes out instead, and after how many seconds each."""

    def __init__(self, **units: Unit) -> None:
        self.units = {int(name.removeprefix("u")): unit for name, unit in units.items()}
        self.tamper: Callable[[bytes, bytes], list[tuple[float, bytes]]] = lambda frame, reply: [(0.001, reply)]
        self.frames: list[tuple[float, bytes]] = []
        """Everything that the master sent, with the loop's time."""
        self._buffer = b""

    def hear(self, data: bytes) -> list[tuple[float, bytes]]:
        """Bytes of the master's; what to send, and after how many seconds."""
        self._buffer += data
        out: list[tuple[float, bytes]] = []
        while (size := self._frame_size()) and len(self._buffer) >= size:
            frame, self._buffer = self._buffer[:size], self._buffer[size:]
            self.frames.append((asyncio.get_running_loop().time(), frame))
            unit = self.units.get(frame[0])
            pdu = unit.answer(frame[1:-2]) if unit is not None else None
            if pdu is not None:
                out += self.tamper(frame, framed(frame[0], pdu))
        return out

    def _frame_size(self) -> int:
        if len(self._buffer) < 8:
            return 0
        return 9 + self._buffer[6] if self._buffer[1] in (15, 16) else 8


class MemoryWire(ModbusProtocol):
    """Slaves behind pymodbus's null modem: bytes cross at once, with no port and no kernel."""

    count = 5000

    def __init__(self, slaves: Slaves) -> None:
        MemoryWire.count += 1
        self.number = MemoryWire.count
        self.slaves = slaves
        super().__init__(CommParams(comm_type=CommType.SERIAL, host=f"socket://{NULLMODEM_HOST}:{self.number}"), True)
        NullModem.set_listener(self.number, self)

    @property
    def port(self) -> str:
        return f"socket://{NULLMODEM_HOST}:{self.number}"

    def callback_new_connection(self) -> ModbusProtocol:
        return self

    def callback_connected(self) -> None: ...

    def callback_disconnected(self, exc: Exception | None) -> None: ...

    def callback_data(self, data: bytes, addr: tuple[str, int] | None = None) -> int:
        for delay_s, reply in self.slaves.hear(data):
            asyncio.get_running_loop().call_later(delay_s, self.send, reply)
        return len(data)

    def say(self, data: bytes) -> None:
        """Put bytes on the wire that nobody asked for."""
        self.send(data)


class PtyWire:
    """Slaves behind a pseudo-terminal. `path` is a link that vanishes with `unplug` and returns with `plug`."""

    def __init__(self, slaves: Slaves, path: Path) -> None:
        self.slaves = slaves
        self.path = path
        self._master = -1
        self.plug()

    def plug(self) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.path.symlink_to(os.ttyname(slave))
        self._slave = slave
        asyncio.get_running_loop().add_reader(self._master, self._ready)

    def unplug(self) -> None:
        if self._master < 0:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._slave)
        os.close(self._master)
        self._master = -1
        self.path.unlink()

    def _ready(self) -> None:
        with suppress(BlockingIOError):
            for delay_s, reply in self.slaves.hear(os.read(self._master, 4096)):
                asyncio.get_running_loop().call_later(delay_s, self.say, reply)

    def say(self, data: bytes) -> None:
        if self._master >= 0:
            os.write(self._master, data)
