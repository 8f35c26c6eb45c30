"""One owner for each port: turns, silence between frames, dead neighbours, ports that come and go, and TCP."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from drivers.bus import Bus
from drivers.codec import Block, read_request
from drivers.driver import DeviceSettings, SerialSettings, TcpSettings
from drivers.modbus import ModbusDevice
from drivers.modbus_line import WireError
from drivers.patience import SHARE, Patience
from drivers.product import Channel, Product, Table
from tests.drivers.slave import MemoryWire, PtyWire, Slaves, Unit
from tests.drivers.virtual import in_virtual_time

ONE = read_request(Block("holding", 0, 1, ()))
TEN = Product(
    id="t/t", name_zh="", name_en="", protocol="modbus", sources=("t",), confidence="generic",
    channels={f"c{at}": Channel(table="holding", address=at, access="read_write") for at in range(10)},
)  # fmt: skip


def ten(bus: Bus, unit: int) -> ModbusDevice:
    tags = {name: f"f.z.u{unit}_{name}" for name in TEN.channels}
    return ModbusDevice(DeviceSettings(f"d{unit}", "t/t", "bus", unit, 1.0, None, None, tags), TEN, bus)


def full() -> Unit:
    return Unit(holding={at: at for at in range(10)})


@asynccontextmanager
async def running(bus: Bus) -> AsyncIterator[Bus]:
    task = asyncio.create_task(bus.run())
    await bus.tried.wait()
    try:
        yield bus
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that another task does."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("baud", "parity", "speed"), [(9600, "none", 1), (19200, "even", 1), (115200, "none", 1), (9600, "none", 60)]
)
def test_every_request_waits_for_its_characters_of_silence(baud: int, parity: str, speed: float) -> None:
    async def main() -> None:
        slaves = Slaves(u1=full(), u2=full())
        replied_s: list[float] = []

        def at_once(frame: bytes, reply: bytes) -> list[tuple[float, bytes]]:
            replied_s.append(asyncio.get_running_loop().time() + 0.001)
            return [(0.001, reply)]

        slaves.tamper = at_once
        wire = MemoryWire(slaves)
        settings = SerialSettings("bus", wire.port, baud, "even" if parity == "even" else "none", speed=speed)
        closed_s = asyncio.get_running_loop().time()
        async with running(Bus(settings)) as bus:
            await asyncio.gather(*(bus.ask(unit, ONE) for unit in (1, 2) * 20))
        silence_s = 3.5 * (11 if parity == "even" else 10) / baud / speed
        gaps = [sent_s - end_s for end_s, (sent_s, _) in zip(replied_s, slaves.frames[1:], strict=False)]
        assert len(gaps) == 39
        # whatever was on the line before the port was opened has ended, too
        assert slaves.frames[0][0] >= closed_s + silence_s
        assert min(gaps) >= silence_s - 1e-6
        assert max(gaps) < silence_s + 0.001

    in_virtual_time(main)


@pytest.mark.parametrize(
    ("asked", "printed", "data"),
    [
        ((0xFE, "input", 3, 1), "FE 04 02 03 88 AD B2", "03 88"),
        ((0xFE, "input", 3, 1), "FE 04 02 03 88 D5 C5", None),
        ((0x40, "holding", 0x1000, 4), "40 03 08 00 40 00 05 00 01 7C 4F 79 DA", "00 40 00 05 00 01 7C 4F"),
        ((1, "input", 0, 2), "01 04 04 43 66 33 34 1B 38", "43 66 33 34"),
        (
            (1, "input", 0, 10),
            "01 04 14 08 D1 00 6C 00 00 00 F4 00 00 00 26 00 00 01 F4 00 64 00 00 51 34",
            "08 D1 00 6C 00 00 00 F4 00 00 00 26 00 00 01 F4 00 64 00 00",
        ),
        ((0x50, "holding", 0x34, 1), "50 03 02 07 0B 06 7F", "07 0B"),
        ((1, "holding", 6, 1), "01 03 02 02 BC B8 95", "02 BC"),
        ((1, "holding", 6, 1), "01 03 02 02 BC 38 05", None),
        ((1, "holding", 0, 7), "01 03 0E 01 E6 01 55 05 DC 01 34 00 20 00 25 00 30 04 08", None),
        ((1, "holding", 0, 5), "01 03 0A 00 79 00 7A 00 7B 00 7C 00 7D 19 E4", None),
        ((1, "holding", 0, 4), "01 03 08 01 00 04 EF 02 9A 00 02 1E 20", None),
    ],
)
def test_printed_replies_are_read_and_those_printed_wrong_are_refused(
    asked: tuple[int, Table, int, int], printed: str, data: str | None
) -> None:
    async def main() -> None:
        unit, table, address, length = asked
        memory = dict.fromkeys(range(address, address + length), 0)
        slaves = Slaves(**{f"u{unit}": Unit(holding=memory, input=memory)})
        slaves.tamper = lambda frame, reply: [(0.001, bytes.fromhex(printed))]
        async with running(Bus(SerialSettings("bus", MemoryWire(slaves).port, 9600))) as bus:
            request = read_request(Block(table, address, length, ()))
            if data is None:
                with pytest.raises(WireError, match="crc"):
                    await bus.ask(unit, request)
            else:
                assert (await bus.ask(unit, request)).pdu[2:].hex(" ").upper() == data

    in_virtual_time(main)


@pytest.mark.parametrize(
    ("unit", "block", "printed"),
    [
        (1, Block("holding", 0x2500, 1, ()), "01 03 25 00 00 01 8F 06"),
        (1, Block("holding", 0x2600, 4, ()), "01 03 26 00 00 04 4F 41"),
        (0x61, Block("holding", 0x28, 6, ()), "61 03 00 28 00 06 4C 60"),
        (0xFE, Block("input", 3, 1, ()), "FE 04 00 03 00 01 D5 C5"),
        (1, Block("input", 0, 8, ()), "01 04 00 00 00 08 F1 CC"),
        (1, Block("holding", 0, 10, ()), "01 03 00 00 00 0A C5 CD"),
        (1, Block("input", 1, 2, ()), "01 04 00 01 00 02 20 0B"),
    ],
)
def test_requests_go_out_as_the_makers_print_them(unit: int, block: Block, printed: str) -> None:
    async def main() -> None:
        slaves = Slaves()
        async with running(Bus(SerialSettings("bus", MemoryWire(slaves).port, 9600))) as bus:
            with pytest.raises(WireError, match="timeout"):
                await bus.ask(unit, read_request(block))
        assert slaves.frames[0][1].hex(" ").upper() == printed

    in_virtual_time(main)


def test_writes_go_before_polls_and_polls_in_order_of_arrival() -> None:
    async def main() -> None:
        slaves = Slaves(u1=full(), u2=full(), u3=full())
        async with running(Bus(SerialSettings("bus", MemoryWire(slaves).port, 115200))) as bus:
            asks = [asyncio.create_task(bus.ask(unit, ONE, urgent)) for unit, urgent in
                    ((1, False), (2, False), (1, False), (3, True), (2, True))]  # fmt: skip
            await asyncio.gather(*asks)
        assert [frame[0] for _, frame in slaves.frames] == [1, 3, 2, 2, 1]

    in_virtual_time(main)


def test_whoever_gives_up_waiting_does_not_keep_the_turn() -> None:
    async def main() -> None:
        slaves = Slaves(u1=full(), u2=full(), u3=full())
        async with running(Bus(SerialSettings("bus", MemoryWire(slaves).port, 115200))) as bus:
            first, second, third = (asyncio.create_task(bus.ask(unit, ONE)) for unit in (1, 2, 3))
            await asyncio.sleep(0)
            second.cancel()
            await third
            assert first.done()
            for _ in range(2):
                hung = asyncio.create_task(bus.ask(9, ONE))
                await asyncio.sleep(0.01)
                hung.cancel()
                assert (await bus.ask(1, ONE)).pdu

    in_virtual_time(main)


def test_a_request_that_is_given_up_is_waited_for_before_the_next() -> None:
    async def main() -> None:
        slaves = Slaves(u1=full(), u2=full())
        slaves.tamper = lambda _, reply: [(0.1, reply)]
        async with running(Bus(SerialSettings("bus", MemoryWire(slaves).port, 115200))) as bus:
            ask = asyncio.create_task(bus.ask(1, ONE))
            await asyncio.sleep(0.05)
            ask.cancel()
            await bus.ask(2, ONE)
            waited_s = slaves.frames[1][0] - slaves.frames[0][0]
            assert waited_s >= 0.1, "the slave was still answering"
            assert waited_s < 0.12, "its answer was over; safe states wait for this"
            asked_s = asyncio.get_running_loop().time()
            slaves.tamper = lambda _, reply: [(0.01, reply)]
            await bus.ask(1, ONE)
            assert asyncio.get_running_loop().time() - asked_s < 0.05, "nothing of it is on its way any more"

    in_virtual_time(main)


def throughput(dead: int) -> float:
    """Polls a second of three live devices, each as often as it can, with so many dead ones polled once a second."""
    rate = 0.0

    async def main() -> None:
        nonlocal rate
        slaves = Slaves(u1=full(), u2=full(), u3=full())
        async with running(Bus(SerialSettings("bus", MemoryWire(slaves).port, 115200))) as bus:
            live = [ten(bus, unit) for unit in (1, 2, 3)]
            tasks = [asyncio.create_task(_poll_on(ten(bus, 100 + number), 1.0)) for number in range(dead)]
            await asyncio.sleep(10.0)
            tasks += [asyncio.create_task(_poll_on(driver, 0.05)) for driver in live]
            await asyncio.sleep(40.0)
            rate = sum(driver.statistics.answered for driver in live) / 40.0
            assert all(not driver.statistics.failures for driver in live)
            for task in tasks:
                task.cancel()

    in_virtual_time(main)
    return rate


async def _poll_on(driver: ModbusDevice, pause_s: float) -> None:
    while True:
        await driver.poll(0.0)
        await asyncio.sleep(pause_s)


def test_dead_devices_cost_the_others_less_than_a_tenth() -> None:
    alone = throughput(0)
    assert throughput(1) > 0.9 * alone
    assert throughput(12) > 0.9 * alone


def test_every_dead_device_is_asked_again_and_comes_back() -> None:
    async def main() -> None:
        units = {f"u{number}": full() for number in range(1, 9)}
        for unit in units.values():
            unit.dead = True
        async with running(Bus(SerialSettings("bus", MemoryWire(Slaves(**units)).port, 115200))) as bus:
            drivers = [ten(bus, number) for number in range(1, 9)]
            tasks = [asyncio.create_task(_poll_on(driver, 1.0)) for driver in drivers]
            await asyncio.sleep(300.0)
            for unit in units.values():
                unit.dead = False
            await asyncio.sleep(60.0)
            assert all(driver.statistics.online for driver in drivers)
            for task in tasks:
                task.cancel()

    in_virtual_time(main)


def test_a_write_to_a_device_that_does_not_answer_reads_is_never_held_back() -> None:
    async def main() -> None:
        unit = full()
        unit.dead = True
        async with running(Bus(SerialSettings("bus", MemoryWire(Slaves(u1=unit)).port, 115200))) as bus:
            driver = ten(bus, 1)
            for step in range(30):
                await driver.poll(float(step))
            unit.dead = False
            began_s = asyncio.get_running_loop().time()
            (written,) = await driver.write({"f.z.u1_c3": 33.0}, 31.0)
            assert written.ok
            assert asyncio.get_running_loop().time() - began_s < 1.0

    in_virtual_time(main)


def test_patience_lasts_two_failures_and_then_keeps_to_its_share() -> None:
    patience = Patience()
    now_s, spent_s = 0.0, 0.0
    times = []
    while now_s < 1000.0:
        if patience.may("a", now_s):
            times.append(now_s)
            now_s, spent_s = now_s + 0.3, spent_s + 0.3
            patience.failed("a", now_s, 0.3)
        now_s += 0.1
    assert times[1] < 1.0
    assert times[2] < 1.0
    assert spent_s < SHARE * 1000.0
    assert max(b - a for a, b in pairwise(times)) < 10.0
    patience.answered("a")
    assert patience.may("a", now_s)


@pytest.mark.wire
async def test_a_port_that_is_unplugged_is_found_again_under_its_name(tmp_path: Path) -> None:
    slaves = Slaves(u1=full())
    path = tmp_path / "usb-adapter"
    wire = PtyWire(slaves, path)
    try:
        async with running(Bus(SerialSettings("bus", str(path), 115200, deadline_s=0.2))) as bus:
            driver = ten(bus, 1)
            assert [reading.number for reading in await driver.poll(1.0)] == [float(at) for at in range(10)]
            wire.unplug()
            await until(lambda: not bus.connected)
            assert all(reading.usable is None for reading in await driver.poll(2.0))
            with pytest.raises(WireError, match="port"):
                await bus.ask(1, ONE)
            wire.plug()
            began_s = asyncio.get_running_loop().time()
            await until(lambda: bus.connected)
            assert asyncio.get_running_loop().time() - began_s < 5.0
            assert [reading.number for reading in await driver.poll(3.0)] == [float(at) for at in range(10)]
            assert driver.statistics.online
    finally:
        wire.unplug()


@pytest.mark.wire
async def test_a_port_has_one_owner(tmp_path: Path) -> None:
    wire = PtyWire(Slaves(u1=full()), tmp_path / "port")
    try:
        settings = SerialSettings("bus", str(tmp_path / "port"), 115200)
        async with running(Bus(settings)) as bus, running(Bus(settings)) as second:
            assert bus.connected
            assert not second.connected
    finally:
        wire.unplug()


async def test_a_port_that_never_was_is_no_error(tmp_path: Path) -> None:
    async with running(Bus(SerialSettings("bus", str(tmp_path / "nothing")))) as bus:
        driver = ten(bus, 1)
        assert all(reading.usable is None for reading in await driver.poll(1.0))
        (written,) = await driver.write({"f.z.u1_c0": 1.0}, 2.0)
        assert not written.ok


class TcpSlave:
    """A Modbus TCP server over `unit`, whose answers `tamper` may change."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.connections: list[asyncio.StreamWriter] = []
        self.tamper: Callable[[bytes], list[bytes]] = lambda frame: [frame]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        try:
            while True:
                head = await reader.readexactly(7)
                pdu = self.unit.answer(await reader.readexactly(int.from_bytes(head[4:6], "big") - 1))
                if pdu is not None:
                    for frame in self.tamper(head[:4] + (len(pdu) + 1).to_bytes(2, "big") + head[6:] + pdu):
                        writer.write(frame)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@asynccontextmanager
async def tcp_bus(slave: TcpSlave, deadline_s: float = 0.3) -> AsyncIterator[Bus]:
    server = await asyncio.start_server(slave.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with running(Bus(TcpSettings("bus", "127.0.0.1", port, deadline_s))) as bus:
            yield bus
    finally:
        server.close()
        for writer in slave.connections:
            writer.close()
        await server.wait_closed()


def other(frame: bytes, at: int, by: int = 1) -> bytes:
    return frame[:at] + bytes((frame[at] ^ by,)) + frame[at + 1 :]


def spoilt(at: int, frame: bytes) -> list[bytes]:
    return [other(frame, at)]


@pytest.mark.wire
async def test_over_tcp_only_the_reply_to_this_very_request_counts() -> None:
    slave = TcpSlave(full())
    async with tcp_bus(slave) as bus:
        driver = ten(bus, 1)
        good = [float(at) for at in range(10)]
        assert [reading.number for reading in await driver.poll(1.0)] == good
        client = bus._line._client
        assert client is not None
        sock = client.ctx.transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        (written,) = await driver.write({"f.z.u1_c3": 33.0}, 2.0)
        assert written.ok
        good[3] = 33.0
        # another transaction, another unit, a late frame cut in two: all before the true one
        slave.tamper = lambda frame: [other(frame, 1), other(frame, 6), other(frame, 0)[:5], other(frame, 0)[5:], frame]
        assert [reading.number for reading in await driver.poll(3.0)] == good
        for at in (1, 6, 7, 8):
            slave.tamper = partial(spoilt, at)
            with pytest.raises(WireError):
                await bus.ask(1, ONE)
        slave.tamper = lambda frame: [frame]
        assert (await bus.ask(1, ONE)).pdu == bytes((3, 2, 0, 0))


@pytest.mark.wire
async def test_a_tcp_server_that_talks_nonsense_or_nothing_is_connected_to_anew() -> None:
    slave = TcpSlave(full())
    async with tcp_bus(slave, 0.1) as bus:
        slave.tamper = lambda frame: [other(frame, 2, 0xFF)]
        with pytest.raises(WireError):
            await bus.ask(1, ONE)
        slave.tamper = lambda frame: [frame]
        await until(lambda: bus.connected)
        assert (await bus.ask(1, ONE)).pdu == bytes((3, 2, 0, 0))
        slave.tamper = lambda frame: []
        for _ in range(3):
            with pytest.raises(WireError, match="timeout"):
                await bus.ask(1, ONE)
        assert not bus.connected
        slave.tamper = lambda frame: [frame]
        await until(lambda: bus.connected)
        assert (await bus.ask(1, ONE)).pdu == bytes((3, 2, 0, 0))
        assert len(slave.connections) == 3
