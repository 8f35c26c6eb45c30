"""Masters that are not ours read and write every Modbus product of the library: libmodbus and mbpoll, RTU and TCP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers.codec import WORDS, decode
from drivers.product import Channel, load_product, product_names
from edge_config.model.site import Device
from foundation.reading import Value
from simulator.devices.device import VirtualDevice
from simulator.devices.modbus import ModbusSlave
from simulator.devices.serial_line import SerialLine
from simulator.devices.tcp import TcpServer
from tests.wire.libmodbus import Master

pytestmark = pytest.mark.wire

PRODUCTS = [name for name in product_names() if load_product(name).protocol == "modbus"]
UNIT = {name: unit for unit, name in enumerate(PRODUCTS, start=1)}
BAUD = 115200
DEADLINE_S = 30.0


class Bench:
    """Every probe shows a number of its own; outputs keep what they are set to."""

    def __init__(self) -> None:
        self.shows: dict[str, float | bool] = {}

    def sense(self, tag: str) -> float | bool | None:
        return self.shows.get(tag)

    def actuate(self, tag: str, value: Value) -> None:
        if not isinstance(value, str):
            self.shows[tag] = value

    def taken_s(self, now_s: float) -> float:
        return 1_700_000_000.0

    def compensate(self, tag: str, water_c: float) -> None: ...

    def power_up(self, tag: str) -> None: ...


def shown(channel: Channel, number: int) -> float | bool:
    """What the `number`th channel of a product shows: inside its range, and as fine as its register is."""
    if channel.kind == "bool":
        return number % 2 == 0
    low, high = channel.range or (0.0, 100.0 * max(abs(channel.scale), 0.01))
    return low + (high - low) * (0.2 + 0.6 * (number % 7) / 7.0)


def slaves(bench: Bench) -> ModbusSlave:
    devices: dict[int, VirtualDevice] = {}
    for name, unit in UNIT.items():
        product = load_product(name)
        tags = {channel: f"t.u{unit}.{channel}" for channel in product.channels}
        settings = Device.model_validate({"product": name, "bus": "b", "unit": unit, "tags": tags})
        devices[unit] = VirtualDevice(name, settings, product, bench, {})
        for number, (channel, what) in enumerate(product.channels.items()):
            if what.access == "read":
                bench.shows[tags[channel]] = shown(what, number)
    return ModbusSlave(devices)


@asynccontextmanager
async def wired(protocol: str, directory: Path) -> AsyncIterator[tuple[Bench, Path | int]]:
    """A bus with every product on it: the path of its pty, or its TCP port."""
    bench = Bench()
    slave = slaves(bench)

    def respond(unit: int, pdu: bytes) -> bytes | None:
        return slave.respond(unit, pdu, 1_700_000_000.0)

    if protocol == "rtu":
        line = SerialLine(directory / "rs485", respond, BAUD)
        await line.start()
        try:
            yield bench, line.path
        finally:
            await line.stop()
    else:
        server = TcpServer(respond)
        await server.start()
        try:
            yield bench, server.port
        finally:
            await server.stop()


def master(end: Path | int) -> Master:
    return Master.rtu(end, BAUD, deadline_s=0.5) if isinstance(end, Path) else Master.tcp(end, deadline_s=0.5)


@pytest.mark.parametrize("protocol", ["rtu", "tcp"])
async def test_libmodbus_reads_every_channel_of_every_product(protocol: str, tmp_path: Path) -> None:
    async with wired(protocol, tmp_path) as (_, end):

        def read_all() -> int:
            count = 0
            with master(end) as libmodbus:
                for name, unit in UNIT.items():
                    product = load_product(name)
                    for number, (channel, what) in enumerate(product.channels.items()):
                        if what.access != "read" or what.table is None or what.address is None:
                            continue
                        words = libmodbus.read(unit, what.table, what.address, WORDS[what.type])
                        value, reason = decode(what, words)
                        if channel == product.time_channel:
                            assert value == 1_700_000_000.0
                            continue
                        assert reason is None, (name, channel, value)
                        fine = abs(what.scale) if what.type != "f32" else 1e-5 * abs(shown(what, number))
                        assert value == pytest.approx(shown(what, number), abs=fine), (name, channel)
                        count += 1
            return count

        async with asyncio.timeout(DEADLINE_S):
            assert await asyncio.to_thread(read_all) > 150


@pytest.mark.parametrize("protocol", ["rtu", "tcp"])
async def test_libmodbus_writes_outputs_one_by_one_and_all_at_once(protocol: str, tmp_path: Path) -> None:
    async with wired(protocol, tmp_path) as (bench, end):
        node, relays = UNIT["generic/io_node"], UNIT["icpdas/m7067"]

        def write_all() -> None:
            with master(end) as libmodbus:
                libmodbus.write(node, "coil", 2, [1])
                libmodbus.write(node, "coil", 8, [1, 0, 1])
                libmodbus.write(node, "holding", 0, [2550])
                libmodbus.write(node, "holding", 3, [100, 10000])
                assert libmodbus.read(node, "coil", 0, 12) == (0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0)
                assert libmodbus.read(node, "holding", 0, 5) == (2550, 0, 0, 100, 10000)
                # the relay board's own watchdog: 20 s, switched on, not tripped
                libmodbus.write(relays, "holding", 488, [200])
                libmodbus.write(relays, "coil", 260, [1])
                assert libmodbus.read(relays, "coil", 269, 1) == (0,)

        async with asyncio.timeout(DEADLINE_S):
            await asyncio.to_thread(write_all)
        assert bench.shows[f"t.u{node}.relay3"] is True
        assert bench.shows[f"t.u{node}.out1"] == 25.5
        assert bench.shows[f"t.u{node}.out5"] == 100.0


async def test_libmodbus_is_told_what_a_product_cannot(tmp_path: Path) -> None:
    async with wired("rtu", tmp_path) as (_, end):

        def refused(unit: int, address: int, count: int) -> str:
            with master(end) as libmodbus, pytest.raises(OSError) as error:  # noqa: PT011  its words are looked at
                libmodbus.read(unit, "holding", address, count)
            return str(error.value)

        async with asyncio.timeout(DEADLINE_S):
            assert "Illegal data address" in await asyncio.to_thread(refused, UNIT["generic/io_node"], 5000, 1)
            assert "Illegal function" in await asyncio.to_thread(refused, UNIT["xymd/xy_md02"], 1, 1)
            # some do not answer at all, and nobody has unit 200
            assert "timed out" in await asyncio.to_thread(refused, UNIT["yosemitech/y504_a"], 1, 1)
            assert "timed out" in await asyncio.to_thread(refused, 200, 0, 1)


async def mbpoll(end: Path | int, *options: str, write: str = "") -> str:
    """Once, in the addresses of the wire; what it prints."""
    if isinstance(end, Path):
        where = ["-m", "rtu", "-b", str(BAUD), "-P", "none", str(end)]
    else:
        where = ["-p", str(end), "127.0.0.1"]
    values = [write] if write else []
    process = await asyncio.create_subprocess_exec(
        "mbpoll", "-0", "-1", "-q", "-o", "2", *options, *where, *values,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(DEADLINE_S):
        out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode()


@pytest.mark.parametrize("protocol", ["rtu", "tcp"])
async def test_mbpoll_reads_bits_words_and_floats_and_switches_a_relay(protocol: str, tmp_path: Path) -> None:
    async with wired(protocol, tmp_path) as (bench, end):

        def unit(name: str) -> tuple[str, str]:
            return "-a", str(UNIT[name])

        air = UNIT["xymd/xy_md02"]
        bench.shows[f"t.u{air}.temperature"] = -20.5
        assert "[1]: \t65331 (-205)" in await mbpoll(end, *unit("xymd/xy_md02"), "-t", "3", "-r", "1")
        power = UNIT["eastron/sdm120"]
        bench.shows[f"t.u{power}.frequency"] = 50.02
        assert "[70]: \t50.02" in await mbpoll(end, *unit("eastron/sdm120"), "-t", "3:float", "-B", "-r", "70")
        flow = UNIT["tuf/tuf2000m"]
        bench.shows[f"t.u{flow}.flow"] = 12.5
        assert "[0]: \t12.5" in await mbpoll(end, *unit("tuf/tuf2000m"), "-t", "4:float", "-r", "0")
        door = UNIT["wellpro/wp8026adam"]
        bench.shows[f"t.u{door}.input4"] = True
        assert "[3]: \t1" in await mbpoll(end, *unit("wellpro/wp8026adam"), "-t", "1", "-r", "3")
        assert "Written 1 references" in await mbpoll(
            end, *unit("waveshare/relay_8ch"), "-t", "0", "-r", "4", write="1"
        )
        assert bench.shows[f"t.u{UNIT['waveshare/relay_8ch']}.relay5"] is True
