"""A line full of faults: of many thousand exchanges not one wrong value is believed (R10)."""

import asyncio
import os
from contextlib import suppress
from random import Random
from struct import pack

from drivers.bus import Bus
from drivers.codec import Block, read_request
from drivers.driver import DeviceSettings, SerialSettings
from drivers.modbus import ModbusDevice
from drivers.modbus_line import WireError
from drivers.product import Product
from tests.drivers.slave import MemoryWire, Slaves, Unit, framed
from tests.drivers.virtual import in_virtual_time

EXCHANGES = int(os.environ.get("FARMLOOP_NOISE_EXCHANGES", "20000"))
"""Requests that reach the line."""
SEED = int(os.environ.get("FARMLOOP_SEED", "1"))
DEADLINE_S = 0.3
UNITS = (1, 2, 3)
BLOCKS = (0, 100)


class Witness(Unit):
    """Answers every read with what it was asked, by whom, and the how-manieth request this is."""

    asked_s: list[float]

    def answer(self, pdu: bytes) -> bytes:
        self.asked_s.append(asyncio.get_running_loop().time())
        address = int.from_bytes(pdu[1:3], "big")
        return pack(">BBHHHH", pdu[0], 8, self.number, address, *divmod(len(self.asked_s), 0x10000))

    number = 0


def noisy(random: Random, frame: bytes, reply: bytes) -> list[tuple[float, bytes]]:
    """What a bad line makes of a reply."""
    prompt_s = 0.002
    damaged = bytearray(reply)
    for bit in range(8 * len(damaged)):
        if random.random() < 1e-3:
            damaged[bit // 8] ^= 1 << bit % 8
    good = (prompt_s, bytes(damaged))
    fault = random.randrange(40)
    at = random.randrange(len(reply))
    if fault == 0:
        return []
    if fault == 1:
        return [(prompt_s, reply[:at] + reply[at + 1 :])]
    if fault == 2:
        return [(prompt_s, reply[:at] + bytes((random.randrange(256),)) + reply[at:])]
    if fault == 3:
        return [(0.0005, frame), good]
    if fault == 4:
        return [(DEADLINE_S * random.uniform(0.98, 1.9), reply)]
    if fault == 5:
        return [(prompt_s, framed(random.choice(UNITS), reply[1:-2]))] if reply[0] == 1 else [good]
    if fault == 6:
        return [(prompt_s, bytes(a ^ b for a, b in zip(reply, reply[1:] + reply[:1], strict=True)))]
    if fault == 7:
        return [(prompt_s, reply[:at]), (prompt_s + random.uniform(0.0, 0.05), reply[at:])]
    if fault == 8:
        return [(prompt_s, random.randbytes(random.randrange(40)))]
    if fault == 9:
        return [good, (prompt_s + random.uniform(0.0, 0.5), random.randbytes(random.randrange(20)))]
    return [good]


def test_of_many_exchanges_on_a_noisy_line_no_wrong_value_is_believed() -> None:
    random = Random(SEED)
    good = asked = 0

    async def main() -> None:
        nonlocal good, asked
        units = {f"u{number}": Witness() for number in UNITS}
        for number, unit in zip(UNITS, units.values(), strict=True):
            unit.number, unit.asked_s = number, []
        slaves = Slaves(**units)
        slaves.tamper = lambda frame, reply: noisy(random, frame, reply)
        wire = MemoryWire(slaves)
        bus = Bus(SerialSettings("bus", wire.port, 115200, deadline_s=DEADLINE_S))
        running = asyncio.create_task(bus.run())
        await bus.tried.wait()
        channels = {
            f"{name}{block}": {"table": "holding", "address": block + at}
            for block in BLOCKS
            for at, name in enumerate(("unit", "address", "high", "low"))
        }
        what = Product.model_validate(
            {"id": "t/t", "name_zh": "", "name_en": "", "protocol": "modbus", "sources": ["t"], "confidence": "generic",
             "channels": channels}
        )  # fmt: skip
        tags = {name: f"f.z.{name}" for name in channels}
        drivers = {
            unit: ModbusDevice(DeviceSettings(f"d{unit}", "t/t", "bus", unit, 1.0, None, None, tags), what, bus)
            for unit in UNITS
        }
        now = asyncio.get_running_loop().time

        async def poll_on(number: int) -> None:
            nonlocal good
            while sum(len(unit.asked_s) for unit in units.values()) < EXCHANGES:
                began_s = now()
                readings = {r.tag.removeprefix("f.z."): r.number for r in await drivers[number].poll(began_s)}
                for block in BLOCKS:
                    if readings[f"unit{block}"] is None:
                        continue
                    assert readings[f"unit{block}"] == number
                    assert readings[f"address{block}"] == block
                    count = int((readings[f"high{block}"] or 0) * 0x10000 + (readings[f"low{block}"] or 0))
                    assert units[f"u{number}"].asked_s[count - 1] >= began_s, "the value of an earlier request"
                    good += 1
                await asyncio.sleep(random.choice((0.0, 0.1, 0.5, 1.0)))

        await asyncio.gather(*(poll_on(number) for number in UNITS))
        asked = sum(len(unit.asked_s) for unit in units.values())
        running.cancel()

    in_virtual_time(main)
    print({"id": "R10", "exchanges": asked, "good": good, "wrong": 0, "seed": SEED})  # noqa: T201  the nightly table
    assert asked >= EXCHANGES
    assert good > 0.6 * asked, "one reply in three meets a fault; the others must come through"


def test_a_line_that_never_falls_silent_still_lets_requests_out() -> None:
    async def main() -> None:
        slaves = Slaves(u1=Unit(holding={0: 5}))
        wire = MemoryWire(slaves)
        bus = Bus(SerialSettings("bus", wire.port, 9600, deadline_s=DEADLINE_S))
        running = asyncio.create_task(bus.run())
        await bus.tried.wait()

        async def babble() -> None:
            while True:
                wire.say(b"\xaa")
                await asyncio.sleep(0.002)

        request = read_request(Block("holding", 0, 1, ()))
        await bus.ask(1, request)
        babbling = asyncio.create_task(babble())
        await asyncio.sleep(0.05)
        began_s = asyncio.get_running_loop().time()
        with suppress(WireError):
            await bus.ask(1, request)
        assert asyncio.get_running_loop().time() - began_s < 2.1 * DEADLINE_S
        babbling.cancel()
        await asyncio.sleep(0.1)
        assert (await bus.ask(1, request)).pdu == bytes((3, 2, 0, 5))
        running.cancel()

    in_virtual_time(main)
