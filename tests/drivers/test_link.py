"""A link polls on its period, writes at once, keeps its troubles to itself, and leaves every output safe."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest

from drivers.driver import DeviceSettings, SerialSettings, Statistics, Written
from drivers.link import Link
from drivers.links import build_links
from foundation.clock import NO_TIME_S, SteppedClock
from foundation.reading import Quality, Reading, Reason, Value, bad, good
from tests.drivers.slave import MemoryWire, Slaves, Unit
from tests.drivers.virtual import in_virtual_time


class FakeDriver:
    """One tag that says the time, one output that is written."""

    def __init__(self, period_s: float = 5.0) -> None:
        self.settings = DeviceSettings("d", "t/t", "bus", 1, period_s, None, None, {"in": "f.z.in", "out": "f.z.out"})
        self.statistics = Statistics()
        self.polled: list[float] = []
        self.writes: list[dict[str, Value]] = []
        self.answers = True
        self.raises = False
        self.hangs = asyncio.Event()
        self.hangs.set()
        self.closed = False

    async def open(self) -> bool:
        return self.answers

    async def close(self) -> None:
        self.closed = True

    async def poll(self, now_s: float) -> list[Reading]:
        self.polled.append(now_s)
        if self.raises:
            raise RuntimeError("a driver must not do this")
        return [good("f.z.in", now_s, now_s) if self.answers else bad("f.z.in", Reason.COMM, now_s)]

    async def write(self, orders: Mapping[str, Value], now_s: float) -> list[Written]:
        self.writes.append(dict(orders))
        await self.hangs.wait()
        return [Written(tag, value, self.answers, None, now_s) for tag, value in orders.items()]

    def acknowledge(self, token: object) -> None: ...

    def describe(self) -> dict[str, str]:
        return {}


class Agent:
    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.written: list[Written] = []
        self.raises = False

    def read(self, readings: Sequence[Reading], token: object | None) -> None:
        if self.raises:
            raise ValueError("the agent stumbles")
        self.readings += readings

    def wrote(self, written: Written) -> None:
        self.written.append(written)


class Stage:
    """A link on a stepped clock."""

    def __init__(self, period_s: float = 5.0, phase: float = 0.0, safe: Mapping[str, Value] | None = None) -> None:
        self.driver, self.agent, self.clock = FakeDriver(period_s), Agent(), SteppedClock(1000.0)
        self.link = Link(self.driver, self.clock, self.agent.read, self.agent.wrote, phase, safe)
        self.task = asyncio.create_task(self.link.run())


async def test_a_device_is_polled_at_once_and_then_at_its_place_in_the_period() -> None:
    stage = Stage(period_s=5.0, phase=0.4)
    await stage.clock.advance(20.0)
    assert stage.driver.polled == [1000.0, 1002.0, 1007.0, 1012.0, 1017.0]
    assert [reading.number for reading in stage.agent.readings] == stage.driver.polled
    await stage.link.stop()
    assert stage.driver.closed


async def test_one_lost_frame_is_not_told_but_silence_is_within_three_periods() -> None:
    stage = Stage()
    await stage.clock.advance(1.0)
    stage.driver.answers = False
    await stage.clock.advance(5.0)
    stage.driver.answers = True
    await stage.clock.advance(5.0)
    assert all(reading.quality is Quality.GOOD for reading in stage.agent.readings)
    stage.driver.answers = False
    await stage.clock.advance(15.0)
    assert [reading.reason for reading in stage.agent.readings[-2:]] == [Reason.COMM] * 2
    stage.driver.answers = True
    await stage.clock.advance(5.0)
    assert stage.agent.readings[-1].quality is Quality.GOOD
    await stage.link.stop()


async def test_a_device_is_logged_once_when_it_breaks_and_once_when_it_mends(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stage = Stage()
    for answers in (True, False, True):
        stage.driver.answers = answers
        await stage.clock.advance(50.0)
    assert [record.message for record in caplog.records] == ["device is lost", "device is back"]
    assert caplog.records[0].__dict__["device"] == "d"
    await stage.link.stop()


async def test_of_orders_that_wait_the_latest_value_of_each_tag_is_written_together() -> None:
    stage = Stage()
    stage.driver.hangs.clear()
    stage.link.order({"f.z.out": 1.0})
    await stage.clock.advance(0.0)
    stage.link.order({"f.z.out": 2.0, "f.z.other": True})
    stage.link.order({"f.z.out": 3.0})
    await stage.clock.advance(0.0)
    stage.driver.hangs.set()
    await stage.clock.advance(0.0)
    assert stage.driver.writes == [{"f.z.out": 1.0}, {"f.z.out": 3.0, "f.z.other": True}]
    assert [(written.tag, written.value) for written in stage.agent.written] == [
        ("f.z.out", 1.0),
        ("f.z.out", 3.0),
        ("f.z.other", True),
    ]
    await stage.link.stop()


async def test_a_driver_or_an_agent_that_throws_stops_nothing() -> None:
    stage = Stage()
    stage.driver.raises = True
    await stage.clock.advance(10.0)
    assert {reading.reason for reading in stage.agent.readings} == {Reason.COMM}
    stage.driver.raises, stage.agent.raises = False, True
    await stage.clock.advance(5.0)
    stage.agent.raises = False
    await stage.clock.advance(5.0)
    assert stage.agent.readings[-1].quality is Quality.GOOD
    stage.link.order({"f.z.out": 1.0})
    await stage.clock.advance(0.0)
    assert stage.agent.written[-1].ok
    await stage.link.stop()


@pytest.mark.parametrize("door", ["stop", "stop with other values", "cancel", "cancel again and again"])
async def test_by_whatever_door_it_leaves_the_safe_states_are_written(door: str) -> None:
    stage = Stage(safe={"f.z.out": True})
    await stage.clock.advance(1.0)
    if door == "stop":
        await stage.link.stop()
    elif door == "stop with other values":
        await stage.link.stop({"f.z.out": False})
    else:
        stage.task.cancel()
        for _ in range(20 if door == "cancel again and again" else 0):
            await asyncio.sleep(0)
            stage.task.cancel()
    await asyncio.gather(stage.task, return_exceptions=True)
    assert stage.driver.writes == [{"f.z.out": door != "stop with other values"}]
    polled = len(stage.driver.polled)
    await stage.clock.advance(100.0)
    assert len(stage.driver.polled) == polled


def test_leaving_does_not_wait_for_a_device_that_hangs() -> None:
    async def main() -> None:
        driver, agent, clock = FakeDriver(), Agent(), SteppedClock(1000.0)
        link = Link(driver, clock, agent.read, agent.wrote, safe={"f.z.out": True})
        task = asyncio.create_task(link.run())
        await clock.advance(1.0)
        driver.hangs.clear()
        began_s = asyncio.get_running_loop().time()
        await link.stop()
        assert asyncio.get_running_loop().time() - began_s < 5.0
        assert [(written.ok, written.reason) for written in agent.written] == [(False, Reason.COMM)]
        await task

    in_virtual_time(main)


class LoopClock:
    """Farm time that is the loop's, so that it jumps with it."""

    speed = 1.0
    is_set = True
    jumped_s = 0.0
    guessed_s = NO_TIME_S

    def now(self) -> float:
        return 1_000_000.0 + asyncio.get_running_loop().time()

    async def sleep_until(self, when: float) -> None:
        await asyncio.sleep(max(when - self.now(), 0.0))


def test_a_whole_bus_runs_keeps_every_period_and_leaves_its_outputs_safe() -> None:
    async def main() -> None:
        air = {f"u{unit}": Unit(input={1: 200 + unit, 2: 500}) for unit in range(1, 7)}
        relays = Unit(coil=dict.fromkeys(range(8), 0))
        air["u6"].dead = True
        wire = MemoryWire(Slaves(**air, u9=relays))
        devices = [
            DeviceSettings(
                f"air{unit}", "xymd/xy_md02", "line", unit, 2.0, None, None, {"temperature": f"f.z.air{unit}"}
            )
            for unit in range(1, 7)
        ]
        tags = {"relay1": "f.z.pump", "relay2": "f.z.heater"}
        devices.append(DeviceSettings("relays", "waveshare/relay_8ch", "line", 9, 2.0, None, None, tags))
        agent = Agent()
        safe: dict[str, Value] = {"f.z.pump": True, "f.z.heater": False}
        bus = SerialSettings("line", wire.port, 9600)
        async with build_links([bus], devices, LoopClock(), agent.read, agent.wrote, safe) as links:
            await asyncio.sleep(60.0)
            links.order({"f.z.heater": True})
            await asyncio.sleep(1.0)
            assert relays.coil[1] == 1
            assert agent.written[-1].ok
            with pytest.raises(KeyError):
                links.order({"f.z.stranger": True})
        assert (relays.coil[0], relays.coil[1]) == (1, 0)
        for unit in range(1, 6):
            times = [r.time_s for r in agent.readings if r.tag == f"f.z.air{unit}" and r.quality is Quality.GOOD]
            assert len(times) >= 30
            assert max(b - a for a, b in pairwise(times[1:])) <= 2.0 * 1.1
        lost = [reading for reading in agent.readings if reading.tag == "f.z.air6"]
        assert {reading.reason for reading in lost} == {Reason.COMM}
        assert lost[0].time_s - 1_000_000.0 < 3 * 2.0

    in_virtual_time(main)


def test_a_bus_that_fails_for_no_known_reason_is_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        wire = MemoryWire(Slaves(u1=Unit(input={1: 305, 2: 500})))
        settings = DeviceSettings("air", "xymd/xy_md02", "line", 1, 1.0, None, None, {"temperature": "f.z.air"})
        agent = Agent()
        links = build_links([SerialSettings("line", wire.port)], [settings], LoopClock(), agent.read, agent.wrote)
        (bus,) = links.buses
        run, failures = bus.run, iter([RuntimeError("nobody thought of it")])

        async def fails_once() -> None:
            for failure in failures:
                raise failure
            await run()

        monkeypatch.setattr(bus, "run", fails_once)
        starting = asyncio.create_task(links.start())
        await asyncio.sleep(5.0)
        assert starting.done()
        assert agent.readings[-1].number == 30.5
        await links.close()

    in_virtual_time(main)
