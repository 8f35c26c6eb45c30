"""A slave behind a pseudo terminal: real masters on it, time on the wire, and what may go wrong there."""

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient

from drivers.product import load_product
from edge_config.model.site import Device
from foundation.clock import pause, process_time
from foundation.reading import Value
from simulator.devices.device import VirtualDevice
from simulator.devices.modbus import ModbusSlave
from simulator.devices.serial_line import LineFaults, SerialLine, crc, expected_length, framed
from simulator.devices.tcp import TcpServer

pytestmark = pytest.mark.wire

REQUEST = bytes.fromhex("01 04 00 01 00 02 20 0B")
DEADLINE_S = 10.0


class Air:
    """21.5 degC, 54.6 %, wherever one asks."""

    def sense(self, tag: str) -> float | bool | None:
        return {"t.z.air": 21.5, "t.z.rh": 54.6}[tag]

    def actuate(self, tag: str, value: Value) -> None: ...

    def taken_s(self, now_s: float) -> float:
        return now_s

    def compensate(self, tag: str, water_c: float) -> None: ...

    def power_up(self, tag: str) -> None: ...


def answers() -> Callable[[int, bytes], bytes | None]:
    product = load_product("xymd/xy_md02")
    settings = Device.model_validate(
        {"product": product.id, "bus": "b", "tags": {"temperature": "t.z.air", "humidity": "t.z.rh"}}
    )
    slave = ModbusSlave({1: VirtualDevice("probe", settings, product, Air(), {})})
    return lambda unit, pdu: slave.respond(unit, pdu, 0.0)


@asynccontextmanager
async def line(path: Path, baud: int = 115200, **more: object) -> AsyncIterator[SerialLine]:
    found = SerialLine(path / "rs485a", answers(), baud, **more)  # type: ignore[arg-type]  # keywords of each test
    await found.start()
    try:
        yield found
    finally:
        await found.stop()


class Master:
    """A raw master: writes frames, notes when each byte came back."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.fd)
        self.came: list[tuple[int, float]] = []
        self.hung_up = asyncio.Event()
        self._more = asyncio.Event()
        asyncio.get_running_loop().add_reader(self.fd, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self.fd, 4096)
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self.fd)
            self.hung_up.set()
            return
        now = process_time()
        self.came += [(byte, now) for byte in data]
        self._more.set()

    async def heard(self, count: int) -> bytes:
        """What has come, once it is `count` bytes."""
        async with asyncio.timeout(DEADLINE_S):
            while len(self.came) < count:
                self._more.clear()
                await self._more.wait()
        return bytes(byte for byte, _ in self.came)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.fd)
        os.close(self.fd)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not true():
            await pause(0.001)


def test_the_printed_checksums_and_those_that_were_printed_wrong() -> None:
    for right in ("50 03 00 34 00 01 C8 45", "00 06 40 00 00 01 5C 1B", "01 10 1C 00 00 00 00 D8 92"):
        frame = bytes.fromhex(right)
        assert crc(frame[:-2]) == frame[-2:]
    for wrong in ("FE 04 02 03 88 D5 C5", "01 03 02 02 BC 38 05"):
        frame = bytes.fromhex(wrong)
        assert crc(frame[:-2]) != frame[-2:]


def test_the_length_of_a_request_is_known_from_its_beginning() -> None:
    assert expected_length(b"\x01") is None
    assert expected_length(REQUEST[:2]) == 8
    assert expected_length(bytes.fromhex("01 0F 00 00 00 08 01")) == 10
    assert expected_length(bytes.fromhex("01 10 1C 00 00 00 00")) == 9
    assert expected_length(bytes.fromhex("01 2B 0E")) is None


async def test_pymodbus_reads_a_probe_over_the_line(tmp_path: Path) -> None:
    async with line(tmp_path):
        client = AsyncModbusSerialClient(str(tmp_path / "rs485a"), framer=FramerType.RTU, baudrate=115200)
        assert await client.connect()
        reply = await client.read_input_registers(1, count=2, device_id=1)
        client.close()
        assert reply.registers == [215, 546]


async def test_mbpoll_reads_a_probe_over_the_line(tmp_path: Path) -> None:
    async with line(tmp_path, baud=19200, parity="even"):
        out = await mbpoll("-m", "rtu", "-b", "19200", "-P", "even", str(tmp_path / "rs485a"))
    assert "[1]: \t215" in out
    assert "[2]: \t546" in out


async def test_mbpoll_and_pymodbus_read_a_probe_over_tcp() -> None:
    server = TcpServer(answers())
    await server.start()
    try:
        out = await mbpoll("-m", "tcp", "-p", str(server.port), "127.0.0.1")
        assert "[1]: \t215" in out
        async with AsyncModbusTcpClient("127.0.0.1", port=server.port) as client:
            reply = await client.read_input_registers(1, count=2, device_id=1)
            assert reply.registers == [215, 546]
    finally:
        await server.stop()


async def mbpoll(*where: str) -> str:
    """Input registers 1 and 2 of unit 1, once."""
    arguments = ("-a", "1", "-0", "-r", "1", "-c", "2", "-t", "3", "-1", "-q", "-o", "2")
    process = await asyncio.create_subprocess_exec(
        "mbpoll", *arguments, *where, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(DEADLINE_S):
        out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode()


@pytest.mark.parametrize(("baud", "parity", "stop_bits"), [(9600, "none", 1), (38400, "even", 2)])
async def test_no_byte_comes_before_its_time(tmp_path: Path, baud: int, parity: str, stop_bits: int) -> None:
    async with line(tmp_path, baud=baud, parity=parity, stop_bits=stop_bits, turnaround_s=0.01) as far:
        master = Master(far.path)
        one_s = (9 + (parity != "none") + stop_bits) / baud
        assert far.character_s == pytest.approx(one_s)
        asked_s = process_time()
        os.write(master.fd, REQUEST)
        assert await master.heard(9) == framed(1, bytes.fromhex("04 04 00 D7 02 22"))
        first_s = asked_s + (len(REQUEST) + 3.5) * one_s + 0.01
        for index, (_, came_s) in enumerate(master.came):
            assert came_s >= first_s + (index + 1) * one_s
        master.close()


async def test_farm_time_a_hundred_times_as_fast_takes_the_wire_with_it(tmp_path: Path) -> None:
    async with line(tmp_path, baud=9600, speed=100.0, turnaround_s=1.0) as far:
        assert far.character_s == pytest.approx(10 / 960_000)
        master = Master(far.path)
        asked_s = process_time()
        os.write(master.fd, REQUEST)
        await master.heard(9)
        assert master.came[0][1] >= asked_s + 0.01
        master.close()


async def test_half_a_frame_and_then_silence_is_forgotten(tmp_path: Path) -> None:
    async with line(tmp_path) as far:
        master = Master(far.path)
        os.write(master.fd, REQUEST[:5])
        await until(lambda: far.rubbish == 1)
        os.write(master.fd, REQUEST)
        assert len(await master.heard(9)) == 9
        assert far.requests == 1
        master.close()


async def test_a_wrong_checksum_gets_no_answer_and_the_next_frame_does(tmp_path: Path) -> None:
    async with line(tmp_path) as far:
        master = Master(far.path)
        os.write(master.fd, REQUEST[:-1] + b"\x00")
        await until(lambda: far.rubbish == 1)
        assert master.came == []
        os.write(master.fd, REQUEST)
        await master.heard(9)
        master.close()


async def test_an_unknown_function_ends_by_silence_and_is_refused(tmp_path: Path) -> None:
    async with line(tmp_path) as far:
        master = Master(far.path)
        os.write(master.fd, framed(1, bytes.fromhex("2B 0E 01 00")))
        assert await master.heard(5) == framed(1, bytes((0xAB, 1)))
        master.close()


async def test_unplugged_hangs_up_and_replugged_is_another_pty_under_the_same_name(tmp_path: Path) -> None:
    async with line(tmp_path) as far:
        master, before = Master(far.path), os.readlink(far.path)
        far.unplug()
        assert not far.path.exists()
        async with asyncio.timeout(DEADLINE_S):
            await master.hung_up.wait()
        far.replug()
        assert os.readlink(far.path) != before
        again = Master(far.path)
        os.write(again.fd, REQUEST)
        assert len(await again.heard(9)) == 9
        master.close()
        again.close()
    assert not far.path.is_symlink()


async def test_an_echo_comes_first(tmp_path: Path) -> None:
    async with line(tmp_path, faults=LineFaults(echo=True)) as far:
        master = Master(far.path)
        os.write(master.fd, REQUEST)
        assert (await master.heard(17))[:8] == REQUEST
        master.close()


async def test_a_late_answer_is_late(tmp_path: Path) -> None:
    async with line(tmp_path, faults=LineFaults(late=1.0, late_s=0.1)) as far:
        master = Master(far.path)
        asked_s = process_time()
        os.write(master.fd, REQUEST)
        await master.heard(9)
        assert master.came[0][1] - asked_s >= 0.1
        master.close()


async def test_an_answer_may_come_in_two_pieces(tmp_path: Path) -> None:
    async with line(tmp_path, faults=LineFaults(gap=1.0, gap_s=0.05)) as far:
        master = Master(far.path)
        asked_s = process_time()
        os.write(master.fd, REQUEST)
        assert await master.heard(9) == framed(1, bytes.fromhex("04 04 00 D7 02 22"))
        assert master.came[-1][1] - asked_s >= 0.05
        master.close()


GOOD = framed(1, bytes.fromhex("04 04 00 D7 02 22"))


def test_without_faults_nothing_is_touched() -> None:
    assert LineFaults().damage(GOOD) == GOOD


@pytest.mark.parametrize(
    ("faults", "spoilt"),
    [
        (LineFaults(wrong_crc=1.0), lambda frame: frame[:-1] == GOOD[:-1] and frame[-1] != GOOD[-1]),
        (LineFaults(silent=1.0), lambda frame: frame == b""),
        (LineFaults(foreign=1.0), lambda frame: frame[0] == 2 and crc(frame[:-2]) == frame[-2:]),
        (LineFaults(noise=1.0), lambda frame: frame.endswith(GOOD) and 1 <= len(frame) - len(GOOD) <= 8),
        (LineFaults(dropped_byte=0.5), lambda frame: len(frame) < len(GOOD)),
        (
            LineFaults(bit_flip=1.0),
            lambda frame: all(bin(a ^ b).count("1") == 1 for a, b in zip(frame, GOOD, strict=True)),
        ),
    ],
)
def test_each_fault_does_what_it_says(faults: LineFaults, spoilt: Callable[[bytes], bool]) -> None:
    assert spoilt(faults.damage(GOOD))


def test_the_answer_before_can_come_again() -> None:
    faults = LineFaults(repeated=1.0)
    other = framed(1, bytes.fromhex("04 04 00 00 00 00"))
    assert faults.damage(GOOD) == GOOD
    assert faults.damage(other) == GOOD
    assert faults.damage(GOOD) == other


def test_one_seed_spoils_the_same_bytes() -> None:
    def spoil(seed: int) -> list[bytes]:
        faults = LineFaults(seed, bit_flip=0.1, dropped_byte=0.1, noise=0.2, wrong_crc=0.1)
        return [faults.damage(GOOD) for _ in range(50)]

    assert spoil(1) == spoil(1)
    assert spoil(1) != spoil(2)
