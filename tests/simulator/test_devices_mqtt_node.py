"""A plain MQTT node: what it says, what it obeys, and how it falls safe."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from drivers.payload import decode_message
from drivers.product import load_product
from edge_config.model.site import Device
from foundation.clock import SteppedClock, pause
from foundation.reading import Quality, Reason, Value
from simulator.broker import EmbeddedBroker
from simulator.devices.device import VirtualDevice
from simulator.devices.mqtt_node import MqttNode, beside
from tests.wire.servers import Mosquitto

START_S = 1_700_000_000.0
DEADLINE_S = 15.0


class Bench:
    """A feeder with its counter, and a probe that is not there."""

    def __init__(self) -> None:
        self.told: dict[str, Value] = {}
        self.shows: dict[str, float | bool | None] = {"ras1.tank1.fed": 120.0}

    def sense(self, tag: str) -> float | bool | None:
        return self.shows.get(tag)

    def actuate(self, tag: str, value: Value) -> None:
        self.told[tag] = value

    def taken_s(self, now_s: float) -> float:
        return now_s

    def compensate(self, tag: str, water_c: float) -> None: ...

    def power_up(self, tag: str) -> None: ...


def node(bench: Bench, clock: SteppedClock, port: int = 0) -> MqttNode:
    settings = Device.model_validate(
        {
            "product": "generic/mqtt_json",
            "bus": "farm_mqtt",
            "topic": "feeder/1/state",
            "tags": {"fed_grams": "ras1.tank1.fed", "probe": "ras1.tank1.probe", "run": "ras1.tank1.feeder"},
        }
    )
    product = load_product("generic/mqtt_json")
    return MqttNode(
        VirtualDevice("feeder1", settings, product, bench, {"ras1.tank1.feeder": False}), "127.0.0.1", port, clock
    )


def order(values: dict[str, Any], exp_s: float = START_S + 5.0, lease_s: float | None = 20.0) -> bytes:
    return json.dumps({"id": "o1", "exp": exp_s * 1000.0, "lease_s": lease_s, "values": values}).encode()


def test_what_it_says_is_what_a_driver_reads() -> None:
    feeder = node(Bench(), SteppedClock(START_S))
    payload = feeder.payload(START_S)
    assert json.loads(payload) == {"fed_grams": 120.0, "probe": None, "run": False, "t": START_S * 1000}
    said = decode_message(load_product("generic/mqtt_json"), feeder.device.tags, payload.encode(), START_S)
    assert said.readings == feeder.device.poll(START_S)
    fed, probe, run = said.readings
    assert (fed.value, fed.quality, fed.time_s) == (120.0, Quality.GOOD, START_S)
    assert (probe.value, probe.reason) == (None, Reason.SENTINEL)
    assert run.value is False


def test_it_obeys_and_answers_with_what_it_does() -> None:
    bench = Bench()
    feeder = node(bench, SteppedClock(START_S))
    assert feeder.order(order({"run": True}), START_S) == {"id": "o1", "ok": True, "values": {"run": True}, "why": None}
    assert bench.told["ras1.tank1.feeder"] is True


def test_it_goes_safe_when_the_lease_runs_out() -> None:
    bench = Bench()
    feeder = node(bench, SteppedClock(START_S))
    feeder.order(order({"run": True}), START_S)
    feeder.device.tick(START_S + 20.0)
    assert bench.told["ras1.tank1.feeder"] is True
    feeder.device.tick(START_S + 20.5)
    assert bench.told["ras1.tank1.feeder"] is False
    feeder.order(order({"run": True}, START_S + 60.0), START_S + 30.0)  # a lease is renewed by an order, nothing else
    assert bench.told["ras1.tank1.feeder"] is True


def test_without_a_lease_it_holds() -> None:
    bench = Bench()
    feeder = node(bench, SteppedClock(START_S))
    feeder.order(order({"run": True}, lease_s=None), START_S)
    feeder.device.tick(START_S + 1e6)
    assert bench.told["ras1.tank1.feeder"] is True


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"not json", "payload"),
        (b"[]", "payload"),
        (b'{"id": "o1", "values": {}}', "payload"),
        (order({"run": True}, START_S - 0.001), "late"),
        (order({"run": True, "walk": True}), "unknown_channel"),
        (order({"fed_grams": 3.0}), "unknown_channel"),
        (order({"run": "yes"}), "wrong_type"),
    ],
)
def test_what_it_does_not_obey_moves_nothing(payload: bytes, why: str) -> None:
    bench = Bench()
    answer = node(bench, SteppedClock(START_S)).order(payload, START_S)
    assert (answer["ok"], answer["why"]) == (False, why)
    assert bench.told["ras1.tank1.feeder"] is False


def test_one_value_a_topic_in_the_unified_namespace() -> None:
    product = load_product("generic/mqtt_uns")
    settings = Device.model_validate(
        {"product": product.id, "bus": "b", "topic": "farm/v1/f/ras1/tank1/fed", "tags": {"v": "ras1.tank1.fed"}}
    )
    bench = Bench()
    one = MqttNode(VirtualDevice("d", settings, product, bench, {}), "127.0.0.1", 0, SteppedClock(START_S))
    assert json.loads(one.payload(START_S)) == {"v": 120.0, "q": "good", "t": START_S * 1000}
    assert beside(one.topic, "set") == "farm/v1/f/ras1/tank1/set"


@asynccontextmanager
async def mosquitto(directory: Path) -> AsyncIterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    settings = directory / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
    process = await asyncio.create_subprocess_exec(
        "/usr/sbin/mosquitto", "-c", str(settings), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await pause(0.01)
                    continue
                writer.close()
                break
        yield port
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def embedded(directory: Path) -> AsyncIterator[int]:
    async with EmbeddedBroker() as broker:
        yield broker.port


@pytest.mark.wire
@pytest.mark.parametrize("broker", [mosquitto, embedded])
async def test_a_node_on_a_real_broker(broker: Any, tmp_path: Path) -> None:
    clock, bench = SteppedClock(START_S), Bench()
    async with broker(tmp_path) as port, asyncio.timeout(DEADLINE_S):
        feeder = node(bench, clock, port)
        async with aiomqtt.Client("127.0.0.1", port) as agent:
            await agent.subscribe([("feeder/1/state", 1), ("feeder/1/ack", 1)])
            messages = aiter(agent.messages)
            running = asyncio.create_task(feeder.run())
            first = await anext(messages)
            assert str(first.topic) == "feeder/1/state"
            assert first.qos == 1
            await feeder.connected.wait()
            await agent.publish("feeder/1/set", order({"run": True}), qos=1)
            answer = await anext(messages)
            assert str(answer.topic) == "feeder/1/ack"
            assert json.loads(bytes(answer.payload))["ok"] is True
            assert bench.told["ras1.tank1.feeder"] is True
            clock.set(START_S + 5.0)  # a period later
            second = await anext(messages)
            assert json.loads(bytes(second.payload))["run"] is True
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@pytest.mark.wire
async def test_a_node_babbles_is_silent_is_slow_and_recovers(tmp_path: Path) -> None:
    clock, bench = SteppedClock(START_S), Bench()
    async with embedded(tmp_path) as port, asyncio.timeout(DEADLINE_S):
        feeder = node(bench, clock, port)
        async with aiomqtt.Client("127.0.0.1", port) as agent:
            await agent.subscribe("feeder/1/state", qos=1)
            messages = aiter(agent.messages)
            running = asyncio.create_task(feeder.run())
            whole = bytes((await anext(messages)).payload)
            await feeder.connected.wait()

            feeder.device.fault("babbling")
            clock.set(START_S + 5.0)
            assert (
                bytes((await anext(messages)).payload)
                == whole.replace(b"1700000000000", b"1700000005000")[: len(whole) // 2]
            )

            feeder.device.fault("silent", chance=1.0)
            await clock.advance(5.0)
            feeder.device.mend()
            feeder.device.fault("slow", by_s=3.0)
            clock.set(START_S + 15.0)
            await clock.advance(3.0)
            late = json.loads(bytes((await anext(messages)).payload))
            assert late["t"] == (START_S + 15.0) * 1000  # it says when it was taken

            feeder.device.mend()
            clock.set(START_S + 25.0)
            assert json.loads(bytes((await anext(messages)).payload))["t"] == (START_S + 25.0) * 1000
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def test_a_node_that_fails_refuses_orders() -> None:
    bench = Bench()
    feeder = node(bench, SteppedClock(START_S))
    feeder.device.fault("refusing")
    assert feeder.order(order({"run": True}), START_S)["why"] == "refused"
    assert "ras1.tank1.feeder" not in bench.told or bench.told["ras1.tank1.feeder"] is False


@pytest.mark.wire
async def test_a_node_waits_for_its_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.devices.mqtt_node.RETRY_S", 0.01)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    feeder = node(Bench(), SteppedClock(START_S), port)
    running = asyncio.create_task(feeder.run())
    async with asyncio.timeout(DEADLINE_S), EmbeddedBroker(port):
        await feeder.connected.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.wire
async def test_a_node_finds_its_broker_again_after_a_kill(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("simulator.devices.mqtt_node.RETRY_S", 0.05)
    with Mosquitto(tmp_path / "mosquitto") as broker:
        feeder = node(Bench(), SteppedClock(START_S), broker.port)
        running = asyncio.create_task(feeder.run())
        async with asyncio.timeout(DEADLINE_S):
            for _ in range(2):
                await feeder.connected.wait()
                broker.kill()
                while feeder.connected.is_set():
                    await pause(0.01)
                await asyncio.to_thread(broker.start)
            await feeder.connected.wait()
            assert not running.done()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
