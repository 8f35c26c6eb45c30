"""MQTT against a real broker: nothing is acknowledged before it is stored, nothing counts as done unconfirmed."""

import asyncio
import gc
import json
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import aiomqtt
import pytest

from drivers import mqtt_session
from drivers.driver import BrokerSettings, DeviceSettings, Written
from drivers.ending import end_tasks
from drivers.links import Links, build_links
from drivers.mqtt import Broker
from drivers.mqtt_command import connected
from foundation.clock import WallClock
from foundation.reading import Quality, Reading, Reason, Value
from tests.wire.servers import Mosquitto

pytestmark = pytest.mark.wire
DEADLINE_S = 1.0
CLOCK = WallClock()


class Farm:
    """The agent's end: what was read and written."""

    def __init__(self, broker: Mosquitto, products: dict[str, str] | None = None, period_s: float = 0.1) -> None:
        self.readings: list[Reading] = []
        self.tokens: list[object] = []
        self.written: list[Written] = []
        self.changed = asyncio.Event()
        self.store_at_once = True
        devices = [
            DeviceSettings(name, product, "mqtt", None, period_s, 20.0, f"{name}/state", {"v": f"f.{name}.v"})
            for name, product in (products or {"a": "generic/mqtt_json"}).items()
        ]
        settings = BrokerSettings("mqtt", "127.0.0.1", broker.port, "farmloop", deadline_s=DEADLINE_S)
        self.links: Links = build_links([settings], devices, CLOCK, self._read, self._wrote)
        (self.broker,) = (bus for bus in self.links.buses if isinstance(bus, Broker))

    @property
    def values(self) -> list[object]:
        return [reading.value for reading in self.readings if reading.quality is Quality.GOOD]

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(30):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def connected(self) -> None:
        async with asyncio.timeout(30):
            while not self.broker.connected:  # noqa: ASYNC110  paho has no event for it
                await asyncio.sleep(0.01)

    def _read(self, readings: Sequence[Reading], token: object | None) -> None:
        self.readings += readings
        if token is not None:
            self.tokens.append(token)
            if self.store_at_once:
                self.links.acknowledge(token)
        self.changed.set()

    def _wrote(self, written: Written) -> None:
        self.written.append(written)
        self.changed.set()


@asynccontextmanager
async def a_farm(broker: Mosquitto, products: dict[str, str] | None = None) -> AsyncIterator[Farm]:
    farm = Farm(broker, products)
    async with farm.links:
        await farm.connected()
        yield farm


@asynccontextmanager
async def a_broker(tmp_path: Path, *lines: str) -> AsyncIterator[Mosquitto]:
    broker = Mosquitto(tmp_path / "mosquitto", lines=lines)
    await asyncio.to_thread(broker.__enter__)
    try:
        yield broker
    finally:
        await asyncio.to_thread(broker.stop)


def node(broker: Mosquitto, name: str = "node") -> aiomqtt.Client:
    client = aiomqtt.Client("127.0.0.1", broker.port, identifier=name)
    client.pending_calls_threshold = 100_000
    return client


async def test_a_value_comes_in_and_an_old_retained_one_keeps_its_age(tmp_path: Path) -> None:
    async with a_broker(tmp_path) as broker, node(broker) as publisher:
        await publisher.publish("a/state", '{"v": 1.5, "t": 1700000000000}', qos=1, retain=True)
        async with a_farm(broker) as farm:
            await farm.until(lambda: farm.readings)
            assert farm.readings[0] == ("f.a.v", 1.5, Quality.GOOD, None, 1_700_000_000.0)
            now_s = CLOCK.now()
            await publisher.publish("a/state", '{"v": 2.5}', qos=1)
            await farm.until(lambda: 2.5 in farm.values)
            assert abs(farm.readings[-1].time_s - now_s) < 5.0
            client = farm.broker.session._client
            assert client is not None
            sock: Any = client.socket()
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            statistics = farm.links.links[0].driver.statistics
            assert statistics.online
            assert statistics.failures == {}
            assert statistics.heard["message", 0].text == '{"v": 2.5}'


async def test_a_broker_that_goes_away_while_nobody_calls_leaves_no_complaint(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_broker(tmp_path) as broker:
        client = node(broker)
        async with connected(client):
            await asyncio.to_thread(broker.kill)
            async with asyncio.timeout(30):
                while not client._disconnected.done():  # noqa: ASYNC110  aiomqtt has no event for it
                    await asyncio.sleep(0.01)
        del client
        gc.collect()
        assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


async def test_what_was_not_stored_comes_again_and_what_was_does_not(tmp_path: Path) -> None:
    async with a_broker(tmp_path) as broker, node(broker) as publisher:
        async with a_farm(broker) as farm:
            farm.store_at_once = False
            for number in range(10):
                await publisher.publish("a/state", json.dumps({"v": number}), qos=1)
            await farm.until(lambda: len(farm.readings) == 10)
            for token in farm.tokens[:4]:
                farm.links.acknowledge(token)
        async with a_farm(broker) as farm:
            await farm.until(lambda: len(farm.readings) >= 6)
            assert farm.values == [4.0, 5.0, 6.0, 7.0, 8.0, 9.0]
        async with a_farm(broker) as farm:
            await publisher.publish("a/state", '{"v": 99}', qos=1)
            await farm.until(lambda: farm.values)
            assert farm.values == [99.0]


async def test_nothing_is_lost_when_the_consumer_is_killed_again_and_again(
    tmp_path: Path,
) -> None:
    random = Random(7)
    stored: set[float] = set()
    count = 0

    async with a_broker(tmp_path, "max_inflight_messages 200") as broker, node(broker) as publisher:
        async with a_farm(broker):
            pass  # the session exists from now on
        published = asyncio.Event()

        async def publish_on() -> None:
            nonlocal count
            while not published.is_set():
                count += 1
                await publisher.publish("a/state", json.dumps({"v": count}), qos=1)

        publishing = asyncio.create_task(publish_on())
        for _ in range(40):
            farm = Farm(broker)
            farm.store_at_once = False
            await farm.links.start()
            await farm.connected()
            size = random.randrange(1, 60)
            await farm.until(lambda: len(farm.readings) >= size)  # noqa: B023  waited for at once
            # one commit, then the acknowledgements; the kill comes anywhere in between
            stored |= {reading.number for reading in farm.readings if reading.number is not None}
            for token in farm.tokens[: random.randrange(len(farm.tokens) + 1)]:
                farm.links.acknowledge(token)
            client = farm.broker.session._client
            assert client is not None
            sock: Any = client.socket()
            sock.shutdown(socket.SHUT_RDWR)  # as the kernel does for a process that is killed
            await end_tasks(farm.links._tasks, again_s=1.0)
        published.set()
        await publishing
        async with a_farm(broker) as farm:
            wanted = {float(number) for number in range(1, count + 1)}
            await farm.until(lambda: wanted <= stored | set(farm.values))
    assert stored <= wanted


async def test_hostile_messages_are_counted_and_never_clog_the_way(tmp_path: Path) -> None:
    junk = [b"", b"{", b'{"v":"21.5"}', b'{"v":NaN}', b'{"v":1e400}', b"[" * 9000, b'{"v":1,"v":2}', b"\xff" * 70_000]
    async with a_broker(tmp_path) as broker, node(broker) as publisher, a_farm(broker) as farm:
        for _ in range(8):
            for payload in junk:
                await publisher.publish("a/state", payload, qos=1)
        await publisher.publish("a/state", '{"else": 3}', qos=1)
        await publisher.publish("a/state", '{"v": 7}', qos=1)
        await farm.until(lambda: farm.values)
        assert farm.values == [7.0]
        failures = farm.links.links[0].driver.statistics.failures
        assert failures == {
            "json": 16, "wrong_type": 8, "not_finite": 16, "depth": 8, "duplicate": 8, "size": 8, "no_value": 1
        }  # fmt: skip


async def test_a_flood_is_shed_and_counted_and_what_must_not_be_lost_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_session, "RATE", 200.0)
    monkeypatch.setattr(mqtt_session, "BURST", 100.0)
    products = {"a": "generic/mqtt_json", "b": "generic/mqtt_json"}
    async with a_broker(tmp_path) as broker, node(broker) as publisher, a_farm(broker, products) as farm:
        farm.broker.session._allowance = 100.0
        for _ in range(2000):
            await publisher.publish("a/state", '{"v": 1}', qos=0)
        for number in range(150):
            await publisher.publish("b/state", json.dumps({"v": number}), qos=1)
        await farm.until(lambda: sum(reading.tag == "f.b.v" for reading in farm.readings) >= 150)
        assert [r.number for r in farm.readings if r.tag == "f.b.v"] == [float(number) for number in range(150)]
        assert farm.broker.session.shed > 0


async def test_a_broker_that_dies_makes_its_tags_bad_until_it_is_back(tmp_path: Path) -> None:
    async with a_broker(tmp_path) as broker, a_farm(broker) as farm:
        await asyncio.to_thread(broker.kill)
        await farm.until(lambda: any(reading.reason is Reason.COMM for reading in farm.readings))
        farm.links.order({"f.a.v": 1.0})
        await farm.until(lambda: farm.written)
        assert (farm.written[0].ok, farm.written[0].reason) == (False, Reason.COMM)
        await asyncio.to_thread(broker.start)
        await farm.connected()
        async with node(broker) as publisher:
            await publisher.publish("a/state", '{"v": 3}', qos=1)
            await farm.until(lambda: farm.values)
        assert farm.values == [3.0]


async def test_a_topic_of_former_days_is_taken_off_the_session(tmp_path: Path) -> None:
    async with a_broker(tmp_path) as broker, node(broker) as publisher:
        async with a_farm(broker, {"a": "generic/mqtt_json", "old": "generic/mqtt_json"}):
            pass
        async with a_farm(broker) as farm:
            for _ in range(3):
                await publisher.publish("old/state", '{"v": 1}', qos=1)
            await publisher.publish("a/state", '{"v": 2}', qos=1)
            await farm.until(lambda: farm.values)
            assert farm.values == [2.0]
            assert farm.broker.unknown >= 1


async def test_a_command_counts_only_with_the_nodes_word_for_it(tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []
    late: list[str] = []

    async def obey(client: aiomqtt.Client) -> None:
        await client.subscribe("a/set", qos=1)
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            command = json.loads(message.payload)
            seen.append(command)
            value = command["values"]["v"]
            answer: dict[str, Any] = {"id": command["id"], "ok": True, "values": {"v": value}}
            if value == 2.0:
                answer = {"id": command["id"], "ok": False, "why": "expired"}
            elif value == 3.0:
                answer["values"]["v"] = 2.9
            elif value == 4.0:
                late.append(json.dumps(answer))
                continue
            elif value == 5.0:
                # the belated word for 4, some junk, and a retained answer to nobody
                for payload in (
                    late[0],
                    "junk",
                    '{"id": 5, "ok": true}',
                    '{"id": "x", "ok": true, "values": {"v": 5}}',
                ):
                    await client.publish("a/ack", payload, qos=1)
                continue
            elif value == 6.0:
                del answer["values"]
            await client.publish("a/ack", json.dumps(answer), qos=1)

    async with a_broker(tmp_path) as broker, node(broker) as client, a_farm(broker) as farm:
        obeying = asyncio.create_task(obey(client))
        before_s = CLOCK.now()
        expected: list[tuple[Value, Reason | None]] = [
            (1.0, None),
            (True, None),
            (2.0, Reason.EXCEPTION),
            (3.0, Reason.DISAGREE),
            (4.0, Reason.COMM),
            (5.0, Reason.COMM),
            (6.0, Reason.COMM),
        ]
        for value, reason in expected:
            count = len(farm.written)
            farm.links.order({"f.a.v": value})
            await farm.until(lambda: len(farm.written) > count)  # noqa: B023  waited for at once
            written = farm.written[-1]
            assert (written.tag, written.value, written.ok, written.reason) == ("f.a.v", value, reason is None, reason)
        assert len({command["id"] for command in seen}) == len(seen)
        assert seen[0]["lease_s"] == 20.0
        assert before_s < seen[0]["exp"] / 1000 < before_s + DEADLINE_S + 20.0
        assert farm.links.links[0].driver.statistics.writes_failed == 5
        obeying.cancel()
