"""A Modbus device is polled, written and opened, and nothing but a good reply to its own request is ever a value."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import pytest

from drivers.bus import Bus
from drivers.driver import DeviceSettings, Heard, SerialSettings
from drivers.modbus import ModbusDevice
from drivers.product import Channel, Product, load_product
from foundation.clock import pause
from foundation.reading import Quality, Reading, Reason, Value
from tests.drivers.slave import MemoryWire, Slaves, Unit, framed
from tests.drivers.virtual import in_virtual_time

DEADLINE_S = 0.3


@asynccontextmanager
async def bus_with(slaves: Slaves, speed: float = 1.0) -> AsyncIterator[tuple[Bus, MemoryWire]]:
    wire = MemoryWire(slaves)
    bus = Bus(SerialSettings("bus", wire.port, 115200, deadline_s=DEADLINE_S, speed=speed))
    running = asyncio.create_task(bus.run())
    await bus.tried.wait()
    try:
        yield bus, wire
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def device(
    bus: Bus,
    product: str | Product,
    unit: int = 1,
    watchdog_s: float | None = None,
    safe: Mapping[str, Value] | None = None,
    channels: list[str] | None = None,
) -> ModbusDevice:
    what = load_product(product) if isinstance(product, str) else product
    tags = {name: f"f.z.{name}" for name in channels or what.channels}
    return ModbusDevice(DeviceSettings("d", what.id, "bus", unit, 1.0, watchdog_s, None, tags), what, bus, safe)


def plain(count: int = 4) -> Product:
    channels = {f"c{at}": Channel(table="holding", address=at, access="read_write") for at in range(count)}
    return Product(
        id="t/t", name_zh="", name_en="", protocol="modbus", sources=("t",), confidence="generic", channels=channels
    )


def test_a_good_poll_gives_every_tag_its_value() -> None:
    async def main() -> None:
        unit = Unit(input={1: 0x0131, 2: 0x0222})
        async with bus_with(Slaves(u1=unit)) as (bus, _):
            driver = device(bus, "xymd/xy_md02")
            readings = {reading.tag: reading for reading in await driver.poll(1000.0)}
            assert readings["f.z.temperature"] == ("f.z.temperature", 30.5, Quality.GOOD, None, 1000.0)
            assert readings["f.z.humidity"].number == 54.6
            assert driver.statistics.online
            assert driver.statistics.last_seen_s == 1000.0
            assert (driver.statistics.polls, driver.statistics.answered) == (1, 1)
            assert 0 < driver.statistics.latency_s < 0.05
            # as they came, for whoever looks for a mistake
            assert driver.statistics.heard == {("input", 1): Heard((0x0131, 0x0222), "", 1000.0)}

    in_virtual_time(main)


Tamper = Callable[[bytes, bytes], list[tuple[float, bytes]]]


def flipped(frame: bytes, reply: bytes) -> list[tuple[float, bytes]]:
    return [(0.001, reply[:4] + bytes((reply[4] ^ 0x10,)) + reply[5:])]


@pytest.mark.parametrize(
    ("tamper", "failure"),
    [
        (lambda _, reply: [], "timeout"),
        (flipped, "crc"),
        (lambda _, reply: [(0.001, framed(2, reply[1:-2]))], "foreign"),
        (lambda _, reply: [(0.001, framed(1, b"\x04" + reply[2:-2]))], "foreign"),
        (lambda _, reply: [(0.001, framed(1, b"\x03\x02\x00\x07"))], "short"),
        (lambda _, reply: [(0.001, reply[:6])], "short"),
        (lambda _, reply: [(0.001, bytes(range(7, 250)))], "foreign"),
        (lambda frame, reply: [(0.0, frame)], "short"),
        (lambda _, reply: [(DEADLINE_S + 0.005, reply)], "timeout"),
    ],
    ids=[
        "silence",
        "wrong crc",
        "wrong unit",
        "wrong function",
        "wrong length",
        "half a frame",
        "noise",
        "echo",
        "late",
    ],
)
def test_what_is_no_good_reply_is_no_value(tamper: Tamper, failure: str) -> None:
    async def main() -> None:
        slaves = Slaves(u1=Unit(holding=dict.fromkeys(range(4), 7)))
        async with bus_with(slaves) as (bus, _):
            driver = device(bus, plain())
            good = slaves.tamper
            slaves.tamper = tamper
            for reading in await driver.poll(1.0):
                assert (reading.value, reading.reason) == (None, Reason.COMM)
            assert driver.statistics.failures == {failure: 1}
            assert not driver.statistics.online
            slaves.tamper = good
            await asyncio.sleep(DEADLINE_S * 2)
            assert [reading.number for reading in await driver.poll(2.0)] == [7.0] * 4

    in_virtual_time(main)


@pytest.mark.parametrize("noise", [b"\x00", b"\xff\xff", b"\x01\x03", bytes((1, 3, 8))])
def test_a_glitch_before_a_good_reply_does_no_harm(noise: bytes) -> None:
    async def main() -> None:
        slaves = Slaves(u1=Unit(holding=dict.fromkeys(range(4), 7)))
        slaves.tamper = lambda _, reply: [(0.001, noise), (0.002, reply)]
        async with bus_with(slaves) as (bus, _):
            driver = device(bus, plain())
            values = [reading.number for reading in await driver.poll(1.0)]
            # where the glitch looks like our own reply's head, the frame is lost, but nothing wrong is believed
            assert values in ([7.0] * 4, [None] * 4)
            assert noise == bytes((1, 3, 8)) or values == [7.0] * 4

    in_virtual_time(main)


def test_a_late_reply_of_the_same_shape_is_not_taken_for_the_next() -> None:
    async def main() -> None:
        unit = Unit(holding={0: 1, 10: 2})
        slaves = Slaves(u1=unit)
        two = Product.model_validate(
            {**plain(1).model_dump(), "channels": {"a": {"table": "holding", "address": 0},
                                                   "b": {"table": "holding", "address": 10}}}
        )  # fmt: skip
        delays = iter([DEADLINE_S + 0.1, 0.2, *[0.001] * 100])
        slaves.tamper = lambda _, reply: [(next(delays), reply)]
        async with bus_with(slaves) as (bus, _):
            driver = device(bus, two)
            seen: list[tuple[str, float | None]] = []
            for step in range(20):
                seen += [(reading.tag, reading.number) for reading in await driver.poll(float(step))]
                await asyncio.sleep(0.05)
            assert set(seen) == {("f.z.a", None), ("f.z.b", None), ("f.z.a", 1.0), ("f.z.b", 2.0)}

    in_virtual_time(main)


def test_a_slave_too_busy_for_the_next_request_does_not_answer_it_with_the_last_reply() -> None:
    async def main() -> None:
        slaves = Slaves(u1=Unit(holding={0: 1, 10: 2}))
        channels = {"a": {"table": "holding", "address": 0}, "b": {"table": "holding", "address": 10}}
        two = Product.model_validate({**plain(1).model_dump(), "channels": channels})
        busy_until_s = 0.0

        def slow(frame: bytes, reply: bytes) -> list[tuple[float, bytes]]:
            nonlocal busy_until_s
            now_s = asyncio.get_running_loop().time()
            if now_s < busy_until_s:
                return []
            delay_s = 1.9 * DEADLINE_S if busy_until_s == 0.0 else 0.001
            busy_until_s = now_s + delay_s
            return [(delay_s, reply)]

        slaves.tamper = slow
        async with bus_with(slaves) as (bus, _):
            driver = device(bus, two)
            seen: set[tuple[str, float | None]] = set()
            for step in range(20):
                seen |= {(reading.tag, reading.number) for reading in await driver.poll(float(step))}
                await asyncio.sleep(0.05)
            assert seen == {("f.z.a", None), ("f.z.b", None), ("f.z.a", 1.0), ("f.z.b", 2.0)}

    in_virtual_time(main)


def test_a_late_poll_is_not_taken_for_the_read_back_of_a_write() -> None:
    async def main() -> None:
        unit = Unit(coil=dict.fromkeys(range(8), 0))
        slaves = Slaves(u1=unit)
        async with bus_with(slaves) as (bus, _):
            driver = device(bus, "waveshare/relay_8ch")
            await driver.poll(1.0)
            delays = iter([DEADLINE_S + 0.05, 0.001, 0.1])
            slaves.tamper = lambda _, reply: [(next(delays, 0.001), reply)]
            await driver.poll(2.0)
            orders: dict[str, Value] = {f"f.z.relay{number}": True for number in range(1, 9)}
            assert all(written.ok for written in await driver.write(orders, 3.0))

    in_virtual_time(main)


def test_an_exception_says_that_the_device_is_there_but_cannot() -> None:
    async def main() -> None:
        unit = Unit(input={1: 305})
        async with bus_with(Slaves(u1=unit)) as (bus, _):
            driver = device(bus, "xymd/xy_md02")
            assert {reading.reason for reading in await driver.poll(1.0)} == {Reason.EXCEPTION}
            assert driver.statistics.online
            assert driver.statistics.failures == {"exception_2": 1}

    in_virtual_time(main)


def test_one_bad_block_does_not_hide_the_good_ones() -> None:
    async def main() -> None:
        slaves = Slaves(u1=Unit(holding={9216: 0, 9217: 0x2041, 10240: 0, 10241: 0xE040}))
        dead_block = bytes((0x24, 0x00))
        slaves.tamper = lambda frame, reply: [] if frame[2:4] == dead_block else [(0.001, reply)]
        async with bus_with(slaves) as (bus, _):
            driver = device(bus, "yosemitech/y532_a", channels=["ph", "temperature"])
            await driver.poll(1.0)
            await asyncio.sleep(0.5)
            readings = {reading.tag: reading for reading in await driver.poll(2.0)}
            assert readings["f.z.ph"].number == 7.0
            assert readings["f.z.temperature"].reason is Reason.COMM

    in_virtual_time(main)


def test_a_loggers_clock_dates_its_values_and_a_wrong_clock_spoils_them() -> None:
    async def main() -> None:
        unit = Unit(input={0: 0, 1: 0, 2: 0x41A8, 3: 0, 4: 0x7FC0, 5: 0})
        async with bus_with(Slaves(u1=unit)) as (bus, _):
            driver = device(bus, "generic/logger", channels=["v1", "v2"])

            async def polled(clock: int, now_s: float) -> list[Reading]:
                unit.input.update({0: clock >> 16, 1: clock & 0xFFFF})
                return await driver.poll(now_s)

            one, two = await polled(1_700_000_000, 1_700_000_300.0)
            assert (one.number, one.time_s) == (21.0, 1_700_000_000.0)
            assert (two.value, two.reason) == (None, Reason.SENTINEL)
            assert (await polled(1_700_000_005, 1_700_000_000.0))[0].number == 21.0
            for clock in (0, 1_700_000_006, 0xFFFF_FFFF):
                one, _ = await polled(clock, 1_700_000_000.0)
                assert (one.usable, one.reason, one.time_s) == (None, Reason.CLOCK, 1_700_000_000.0)

    in_virtual_time(main)


def test_where_farm_time_runs_fast_a_row_may_be_written_while_the_reply_is_on_its_way() -> None:
    async def main() -> None:
        row_s = 1_700_000_000
        unit = Unit(input={0: row_s >> 16, 1: row_s & 0xFFFF, 2: 0x41A8, 3: 0})
        async with bus_with(Slaves(u1=unit), speed=10_000.0) as (bus, _):
            driver = device(bus, "generic/logger", channels=["v1"])
            # a millisecond of ours, at the very least, is ten seconds of the farm's
            (reading,) = await driver.poll(row_s - 10.0)
            assert (reading.number, reading.time_s) == (21.0, row_s)
            (reading,) = await driver.poll(row_s - 36_000.0)
            assert reading.reason is Reason.CLOCK

    in_virtual_time(main)


def test_a_write_counts_only_when_it_reads_back_the_same() -> None:
    async def main() -> None:
        unit = Unit(coil=dict.fromkeys(range(8), 0))
        async with bus_with(Slaves(u1=unit)) as (bus, _):
            driver = device(bus, "waveshare/relay_8ch")
            done = await driver.write({"f.z.relay1": True, "f.z.relay2": True, "f.z.relay5": False}, 5.0)
            assert [(written.ok, written.reason, written.time_s) for written in done] == [(True, None, 5.0)] * 3
            assert unit.written == [(15, 0, (1, 1)), (5, 4, (0,))]
            unit.deaf_to_writes = True
            done = await driver.write({"f.z.relay1": True, "f.z.relay2": False}, 6.0)
            assert [(written.ok, written.reason) for written in done] == [(True, None), (False, Reason.DISAGREE)]
            assert driver.statistics.writes_failed == 1
            unit.dead = True
            done = await driver.write({"f.z.relay1": True}, 7.0)
            assert [(written.ok, written.reason) for written in done] == [(False, Reason.COMM)]

    in_virtual_time(main)


def test_what_cannot_be_written_says_why_and_the_rest_is_written() -> None:
    async def main() -> None:
        unit = Unit(holding=dict.fromkeys(range(8), 0))
        async with bus_with(Slaves(u1=unit)) as (bus, _):
            driver = device(bus, "generic/io_node", channels=["out1", "out2", "out3", "out4", "in1"])
            orders: dict[str, Value] = {
                "f.z.out1": 50.0,
                "f.z.out2": 101.0,
                "f.z.out3": float("nan"),
                "f.z.out4": "on",
                "f.z.in1": 1.0,
                "f.z.stranger": 1.0,
            }
            done = await driver.write(orders, 5.0)
            assert [written.reason for written in done] == [
                None, Reason.RANGE, Reason.NOT_FINITE, Reason.WRONG_TYPE, Reason.EXCEPTION, Reason.EXCEPTION
            ]  # fmt: skip
            assert unit.written == [(6, 0, (5000,))]

    in_virtual_time(main)


def test_a_write_lost_to_noise_is_tried_once_more() -> None:
    async def main() -> None:
        unit = Unit(coil=dict.fromkeys(range(8), 0))
        slaves = Slaves(u1=unit)
        async with bus_with(slaves) as (bus, _):
            driver = device(bus, "waveshare/relay_8ch")
            await driver.poll(1.0)
            good, lost = slaves.tamper, iter([True])
            slaves.tamper = lambda frame, reply: [] if next(lost, False) else good(frame, reply)
            (written,) = await driver.write({"f.z.relay3": True}, 2.0)
            assert written.ok
            assert len(unit.written) == 2

    in_virtual_time(main)


def test_a_register_that_wears_out_is_written_only_on_change() -> None:
    async def main() -> None:
        unit = Unit(holding={0: 5})
        channel = {"table": "holding", "address": 0, "access": "read_write", "non_volatile": True}
        what = Product.model_validate({**plain(1).model_dump(), "channels": {"a": channel}})
        async with bus_with(Slaves(u1=unit)) as (bus, _):
            driver = device(bus, what)
            for value, writes in ((5.0, 0), (6.0, 1), (6.0, 1)):
                (written,) = await driver.write({"f.z.a": value}, 1.0)
                assert written.ok
                assert len(unit.written) == writes

    in_virtual_time(main)


def io_node() -> Unit:
    return Unit(
        coil=dict.fromkeys(range(32), 0),
        discrete=dict.fromkeys(range(16), 0),
        holding=dict.fromkeys([*range(8), 100, 101, *range(110, 118)], 0),
        input=dict.fromkeys(range(48), 0),
    )


def test_opening_sets_the_watchdog_once_and_reads_it_back() -> None:
    async def main() -> None:
        unit = io_node()
        safe: dict[str, Value] = {"f.z.relay2": True, "f.z.out1": 30.0}
        async with bus_with(Slaves(u1=unit)) as (bus, _):
            driver = device(bus, "generic/io_node", watchdog_s=20.0, safe=safe)
            assert await driver.open()
            assert driver.describe()["watchdog"] == "20 s"
            assert (unit.holding[100], unit.coil[17], unit.holding[110]) == (200, 1, 3000)
            assert len(unit.written) == 3
            again = device(bus, "generic/io_node", watchdog_s=20.0, safe=safe)
            assert await again.open()
            assert len(unit.written) == 3, "what is right already is not written: it may wear out"

    in_virtual_time(main)


def test_a_watchdog_that_forgot_its_time_is_set_again_though_the_device_was_never_away() -> None:
    async def main() -> None:
        unit = io_node()
        async with bus_with(Slaves(u1=unit)) as (bus, _):
            driver = device(bus, "generic/io_node", watchdog_s=20.0)
            await driver.poll(1.0)
            unit.holding[100] = 0
            asked = len(unit.asked)
            await driver.poll(2.0)
            assert (100, 1) not in [(address, count) for _, address, count in unit.asked[asked:]], "not at every poll"
            await pause(601.0)
            await driver.poll(603.0)
            assert unit.holding[100] == 200
            unit.deaf_to_writes, unit.holding[100] = True, 0
            await pause(601.0)
            await driver.poll(1205.0)
            assert driver.statistics.watchdog == "refused"

    in_virtual_time(main)


def test_a_watchdog_that_only_its_makers_tool_sets_is_cleared_and_not_called_seen() -> None:
    async def main() -> None:
        unit = Unit(coil=dict.fromkeys([*range(16), 4144], 0))
        unit.on_write = lambda table, address, value: unit.coil.update({4144: 0} if address == 4144 else {})
        unit.coil[4144] = 1
        async with bus_with(Slaves(u1=unit)) as (bus, _):
            driver = device(bus, "moxa/e1211", watchdog_s=20.0)
            assert await driver.open()
            assert (unit.coil[4144], driver.statistics.watchdog) == (0, "by its tool")
            assert driver.statistics.failures["watchdog_trip"] == 1

    in_virtual_time(main)


def test_a_watchdog_that_does_not_take_is_told_and_the_device_still_used() -> None:
    async def main() -> None:
        unit = io_node()
        unit.deaf_to_writes = True
        async with bus_with(Slaves(u1=unit)) as (bus, _):
            driver = device(bus, "generic/io_node", watchdog_s=20.0)
            assert await driver.open()
            assert driver.describe()["watchdog"] == "refused"
            assert driver.statistics.failures == {"watchdog": 1}
            assert all(reading.quality is Quality.GOOD for reading in await driver.poll(1.0))

    in_virtual_time(main)


def test_a_tripped_watchdog_is_cleared_before_the_next_write_counts() -> None:
    async def main() -> None:
        unit = Unit(coil=dict.fromkeys([*range(7), *range(128, 135), 260, 269], 0), holding={488: 0})

        def on_write(table: str, address: int, value: int) -> None:
            if (table, address) == ("coil", 269):
                unit.coil[269] = 0  # writing 1 clears it
            elif address < 7 and unit.coil[269]:
                unit.coil[address] = 0  # latched: outputs stay safe

        unit.on_write = on_write
        async with bus_with(Slaves(u1=unit)) as (bus, _):
            driver = device(bus, "icpdas/m7067", watchdog_s=20.0)
            assert await driver.open()
            assert (unit.holding[488], unit.coil[260]) == (200, 1)
            unit.coil[269] = 1
            (written,) = await driver.write({"f.z.relay4": True}, 1.0)
            assert written.ok
            assert unit.coil[3] == 1
            assert driver.statistics.failures["watchdog_trip"] == 1
            assert await device(bus, "icpdas/m7067", watchdog_s=60.0).open()
            assert unit.holding[488] == 255, "it cannot wait longer, so it ends early"

    in_virtual_time(main)


def test_a_probe_is_started_when_opened_and_again_after_it_was_away() -> None:
    async def main() -> None:
        unit = Unit(holding={9472: 0, **{9728 + at: word for at, word in enumerate([0, 0xA841, 0, 0x803F, 0, 0x0041])}})
        async with bus_with(Slaves(u1=unit)) as (bus, _):
            driver = device(bus, "yosemitech/y504_a")
            values = [reading.number for reading in await driver.poll(1.0)]
            assert values == [21.0, 100.0, 8.0]
            assert unit.asked == [(3, 9472, 1), (3, 9728, 6)]
            unit.dead = True
            for step in range(20):
                await driver.poll(2.0 + step)
                await asyncio.sleep(1.0)
            unit.dead = False
            unit.asked.clear()
            await asyncio.sleep(20.0)
            values = [reading.number for reading in await driver.poll(50.0)]
            assert values == [21.0, 100.0, 8.0]
            assert unit.asked == [(3, 9472, 1), (3, 9728, 6)]

    in_virtual_time(main)


def test_an_empty_fc16_starts_a_conductivity_probe() -> None:
    async def main() -> None:
        slaves = Slaves(u1=Unit(holding={9728 + at: word for at, word in enumerate([0, 0xA841, 0, 0x0040, 0])}))
        async with bus_with(slaves) as (bus, _):
            driver = device(bus, "yosemitech/y520_a")
            assert [reading.number for reading in await driver.poll(1.0)] == [21.0, 2.0]
            assert slaves.frames[0][1].hex(" ").upper() == "01 10 1C 00 00 00 00 D8 92"

    in_virtual_time(main)
