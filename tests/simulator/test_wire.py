"""A whole simulated farm on its wires."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient

from edge_config.model.site import Site
from foundation.clock import AcceleratedClock, SteppedClock, process_time
from simulator.field import Field, FieldError
from simulator.plants.plant import Port, Weather
from simulator.wire import FarmOnWires

pytestmark = pytest.mark.wire

START_S = 1_700_000_000.0
DEADLINE_S = 15.0
NAME = {"zh": "甲", "en": "A"}


class Tank:
    """Oxygen at 7 mg/L, and one more for every valve that is open."""

    inputs: Mapping[str, Port] = {"valve": Port("", 0.0, 1.0), "emergency": Port("", 0.0, 1.0)}
    outputs: Mapping[str, Port] = {
        "tank1.oxygen": Port("mg/L", 0.0, 60.0),
        "tank1.temperature": Port("degC", 0.0, 60.0),
        "fed": Port("g", 0.0, 1e9),
        "time": Port("s", 0.0, 1e12),
    }
    step_s = 10.0

    def initial(self) -> float:
        return 0.0

    def advance(self, state: Any, inputs: Mapping[str, float], weather: Weather, dt_s: float) -> float:
        return float(state + dt_s)

    def observe(self, state: Any, inputs: Mapping[str, float], weather: Weather) -> dict[str, float]:
        oxygen = 7.0 + inputs["valve"] + inputs["emergency"]
        return {"tank1.oxygen": oxygen, "tank1.temperature": 24.0, "fed": 120.0, "time": state}


def site(bind: dict[str, str] | None = None) -> Site:
    relay = {"type": "on_off", "lease": "20 s", "fail_safe_by": "device"}
    return Site.model_validate(
        {
            "schema": 1,
            "site": {"id": "f", "name": NAME, "timezone": "Asia/Shanghai", "latitude": 36.9, "longitude": 118.7},
            "facilities": {"ras1": {"kind": "ras", "zones": ["tank1"], "name": NAME}},
            "buses": {
                "rs485a": {"protocol": "modbus_rtu", "port": "/dev/ttyUSB0", "baud": 115200},
                "cabinet": {"protocol": "modbus_tcp", "host": "10.0.0.9"},
                "farm_mqtt": {"protocol": "mqtt", "host": "10.0.0.8"},
            },
            "devices": {
                "do_tank1": {"product": "yosemitech/y504_a", "bus": "rs485a", "unit": 11, "period": "5 s",
                             "tags": {"oxygen": "ras1.tank1.do", "temperature": "ras1.tank1.water_temp"}},
                "relays1": {"product": "icpdas/m7067", "bus": "rs485a", "unit": 20, "watchdog": "20 s",
                            "tags": {"relay1": "ras1.tank1.o2_valve", "relay2": "ras1.tank1.emergency_o2"}},
                "node1": {"product": "generic/io_node", "bus": "cabinet", "unit": 1,
                          "tags": {"in1": "ras1.tank1.clock"}},
                "feeder1": {"product": "generic/mqtt_json", "bus": "farm_mqtt", "topic": "feeder/1/state",
                            "tags": {"fed_grams": "ras1.tank1.fed"}},
            },
            "outputs": {
                "ras1.tank1.o2_valve": {**relay, "safe": "off"},
                "ras1.tank1.emergency_o2": {**relay, "safe": "on", "life_support": True},
            },
            "simulation": {
                "ras1": {
                    "plant": "ras",
                    "parameters": "bass_50m3",
                    "bind": bind
                    or {
                        "ras1.tank1.do": "tank1.oxygen",
                        "ras1.tank1.water_temp": "tank1.temperature",
                        "ras1.tank1.clock": "time",
                        "ras1.tank1.fed": "fed",
                        "ras1.tank1.o2_valve": "valve",
                        "ras1.tank1.emergency_o2": "emergency",
                    },
                }
            },
        }
    )  # fmt: skip


def farm(directory: Path, clock: SteppedClock | AcceleratedClock) -> FarmOnWires:
    what = site()
    return FarmOnWires(what, clock, 1, directory, world=Field(what, clock.now(), 1, plants={"ras1": Tank()}))


def left(directory: Path) -> list[str]:
    """What a farm has left behind."""
    return [found.name for found in directory.iterdir()]


async def test_every_wire_carries_what_the_field_says_and_nothing_is_left_afterwards(tmp_path: Path) -> None:
    clock = SteppedClock(START_S)
    async with asyncio.timeout(DEADLINE_S):
        async with farm(tmp_path, clock) as there:
            await clock.advance(60.0)
            assert there.wiring["rs485a"] == {"port": str(tmp_path / "rs485a")}
            line = AsyncModbusSerialClient(there.wiring["rs485a"]["port"], framer=FramerType.RTU, baudrate=115200)
            assert await line.connect()
            reply = await line.read_holding_registers(0x2604, count=2, device_id=11)
            oxygen = line.convert_from_registers(_swapped(reply.registers), line.DATATYPE.FLOAT32)
            assert oxygen == pytest.approx(7.0, abs=0.2)
            line.close()

            cabinet = there.wiring["cabinet"]
            async with AsyncModbusTcpClient(cabinet["host"], port=cabinet["port"]) as client:
                reply = await client.read_input_registers(0, count=2, device_id=1)
                assert client.convert_from_registers(reply.registers, client.DATATYPE.FLOAT32) == 60.0

            broker = there.wiring["farm_mqtt"]
            async with aiomqtt.Client(broker["host"], broker["port"]) as agent:
                await agent.subscribe("feeder/1/state", qos=1)
                await there.nodes["feeder1"].connected.wait()
                await clock.advance(5.0)
                async for message in agent.messages:
                    assert json.loads(bytes(message.payload))["fed_grams"] == 120.0
                    break
        assert left(tmp_path) == []
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(cabinet["host"], cabinet["port"])


async def test_a_box_that_dies_leaves_the_fish_their_oxygen(tmp_path: Path) -> None:
    clock = SteppedClock(START_S)
    async with asyncio.timeout(DEADLINE_S), farm(tmp_path, clock) as there:
        line = AsyncModbusSerialClient(there.wiring["rs485a"]["port"], framer=FramerType.RTU, baudrate=115200)
        assert await line.connect()
        await line.write_register(488, 200, device_id=20)  # 20 s
        await line.write_coils(128, [False, True], device_id=20)  # safe: valve off, emergency oxygen on
        await line.write_coil(260, True, device_id=20)
        await line.write_coils(0, [True, False], device_id=20)
        line.close()  # and never again
        assert isinstance(there.field, Field)
        await clock.advance(19.0)
        assert (there.field.truth("ras1.tank1.o2_valve"), there.field.truth("ras1.tank1.emergency_o2")) == (100.0, 0.0)
        await clock.advance(2.0)
        assert there.device("relays1").tripped
        assert (there.field.truth("ras1.tank1.o2_valve"), there.field.truth("ras1.tank1.emergency_o2")) == (0.0, 100.0)


async def test_farm_time_on_the_wires_runs_as_fast_as_the_clock(tmp_path: Path) -> None:
    began_s = process_time()
    clock = AcceleratedClock(START_S, speed=600.0)
    async with asyncio.timeout(DEADLINE_S), farm(tmp_path, clock) as there:
        await clock.sleep_until(START_S + 120.0)
        assert isinstance(there.field, Field)
        assert there.field.now_s <= START_S + (process_time() - began_s) * 600.0
        assert there.lines["rs485a"].character_s == pytest.approx(10 / (115200 * 600))


@pytest.mark.parametrize("seconds", [0.0, 0.1, 1.0, 3.0, 7.0, 11.0, 17.0, 23.0, 41.0])
async def test_a_farm_can_be_stopped_at_any_moment(tmp_path: Path, seconds: float) -> None:
    before = len(asyncio.all_tasks())
    clock = AcceleratedClock(START_S, speed=600.0)
    async with asyncio.timeout(DEADLINE_S), farm(tmp_path, clock):
        await clock.sleep_until(clock.now() + seconds)
    assert left(tmp_path) == []
    assert len(asyncio.all_tasks()) == before


async def test_a_site_that_names_no_such_port_starts_nothing(tmp_path: Path) -> None:
    with pytest.raises(FieldError, match="no input port 'tap'"):
        FarmOnWires(site({"ras1.tank1.o2_valve": "tap"}), SteppedClock(START_S), 1, tmp_path)
    assert left(tmp_path) == []


async def test_what_breaks_inside_comes_out(tmp_path: Path) -> None:
    clock = SteppedClock(START_S)
    there = farm(tmp_path, clock)

    def break_down(now_s: float) -> None:
        raise ZeroDivisionError

    async def run() -> None:
        async with asyncio.timeout(DEADLINE_S), there:
            there.field.advance = break_down  # type: ignore[method-assign]  # a plant with a bug
            await there.serve()

    with pytest.raises(ZeroDivisionError):
        await run()
    assert left(tmp_path) == []


def _swapped(registers: Sequence[int]) -> list[int]:
    """The Y504's bytes stand the other way round."""
    four = b"".join(word.to_bytes(2) for word in registers)[::-1]
    return [int.from_bytes(four[:2]), int.from_bytes(four[2:])]
