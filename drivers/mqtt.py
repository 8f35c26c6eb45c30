"""MQTT devices, and the broker that they share: a session for what they say, a connection for what they are told."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from math import isfinite

import paho.mqtt.client as paho

from drivers.driver import MOST_HEARD, BrokerSettings, DeviceSettings, Heard, Statistics, Written
from drivers.ending import end_tasks
from drivers.mqtt_command import Commander
from drivers.mqtt_session import Delivery, Session
from drivers.payload import decode_message, same
from drivers.product import Product
from foundation.clock import Clock
from foundation.reading import Reading, Reason, Value, bad

Deliver = Callable[[Sequence[Reading], object | None], None]
"""Takes readings, and a token to acknowledge once they are stored."""
SILENT_AFTER = 3
"""Periods without a message after which a node counts as offline."""


class Broker:
    """One broker. `run()` keeps both connections."""

    def __init__(self, settings: BrokerSettings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.commander = Commander(settings, lambda: [d.ack_topic for d in self._devices() if d.can_be_written])
        self.session = Session(settings, lambda: self._by_topic, self._heard)
        self.unknown = 0
        """Messages on topics of no device (any more)."""
        self._by_topic: dict[str, list[MqttDevice]] = {}

    @property
    def connected(self) -> bool:
        return self.session.connected

    def add(self, device: "MqttDevice") -> None:
        """Before `run()`."""
        self._by_topic.setdefault(device.topic, []).append(device)

    async def run(self) -> None:
        """Stay connected until cancelled."""
        tasks = [asyncio.create_task(self.session.run())]
        if any(device.can_be_written for device in self._devices()):
            tasks.append(asyncio.create_task(self.commander.run()))
        try:
            await asyncio.gather(*tasks)
        finally:
            await end_tasks(tasks)

    def _devices(self) -> "list[MqttDevice]":
        return [device for devices in self._by_topic.values() for device in devices]

    def _heard(self, client: paho.Client, message: paho.MQTTMessage) -> None:
        devices = self._by_topic.get(message.topic, [])
        delivery = Delivery(client, message.mid, max(len(devices), 1)) if message.qos else None
        if not devices:
            # a subscription of former days, kept in the session
            self.unknown += 1
            client.unsubscribe(message.topic)
            if delivery is not None:
                delivery.stored()
        for device in devices:
            device.heard(bytes(message.payload), delivery, self.clock.now())


class MqttDevice:
    """A Driver that is pushed to: `listen` says where its readings go."""

    def __init__(self, settings: DeviceSettings, product: Product, broker: Broker) -> None:
        if settings.topic is None:
            raise ValueError(f"device {settings.id} has no topic")
        self.settings = settings
        self.statistics = Statistics()
        if settings.watchdog_s is not None:
            self.statistics.watchdog = f"{settings.watchdog_s:g} s"  # told with every command
        self.topic = settings.topic
        stem = self.topic.rsplit("/", 1)[0] + "/" if "/" in self.topic else ""
        self.set_topic = f"{stem}set"
        self.ack_topic = f"{stem}ack"
        self._product = product
        self._broker = broker
        self._deliver: Deliver | None = None
        self._channel_of = {tag: channel for channel, tag in settings.tags.items()}
        self._keys = {tag: self._key(channel) for channel, tag in settings.tags.items()}
        self.can_be_written = any(key is not None for key in self._keys.values())
        broker.add(self)

    def listen(self, deliver: Deliver) -> None:
        """Hand what comes to `deliver` from now on."""
        self._deliver = deliver

    async def open(self) -> bool:
        """True once the broker is there: the node itself cannot be asked."""
        return self._broker.connected

    async def close(self) -> None:
        """Nothing to do: the broker is not ours."""

    async def poll(self, now_s: float) -> list[Reading]:
        """Nothing while the broker is there: what the node says is delivered at once."""
        if self._broker.connected or not self._broker.session.tried:
            seen_s = self.statistics.last_seen_s
            if seen_s is not None and now_s - seen_s > SILENT_AFTER * self.settings.period_s:
                self.statistics.online = False  # how old its values may grow is for the core to say
            return []
        self.statistics.online = False
        self._failed("broker")
        return [bad(tag, Reason.COMM, now_s) for tag in self.settings.tags.values()]

    def heard(self, payload: bytes, delivery: Delivery | None, now_s: float) -> None:
        """A message on the device's topic."""
        said = decode_message(self._product, self.settings.tags, payload, now_s)
        statistics = self.statistics
        statistics.polls += 1
        statistics.answered += bool(said.readings)
        statistics.last_seen_s = now_s
        statistics.online = True
        statistics.heard["message", 0] = Heard((), payload[:MOST_HEARD].decode("utf-8", "replace"), now_s)
        for failure in said.failures:
            self._failed(failure)
        if said.readings and self._deliver is not None:
            self._deliver(said.readings, delivery)
        elif delivery is not None:
            delivery.stored()  # nothing in it to store

    async def write(self, orders: Mapping[str, Value], now_s: float) -> list[Written]:
        """Send one command with all values and wait for the node's word."""
        reasons: dict[str, Reason | None] = {}
        values: dict[str, Value] = {}
        for tag, value in orders.items():
            key = self._keys.get(tag)
            if key is None:
                reasons[tag] = Reason.EXCEPTION
            elif isinstance(value, float) and not isfinite(value):
                reasons[tag] = Reason.NOT_FINITE
            else:
                values[key] = value
        if values:
            answer = await self._command(values)
            for tag, value in orders.items():
                if tag not in reasons:
                    reasons[tag] = self._judged(answer, self._keys[tag] or "", value)
        self.statistics.writes += len(orders)
        self.statistics.writes_failed += sum(reasons[tag] is not None for tag in orders)
        return [Written(tag, value, reasons[tag] is None, reasons[tag], now_s) for tag, value in orders.items()]

    def acknowledge(self, token: object) -> None:
        """The readings that came under `token` are on the disk."""
        if isinstance(token, Delivery):
            token.stored()

    def describe(self) -> dict[str, str]:
        product = self._product
        return {
            "product": product.id,
            "name_zh": product.name_zh,
            "name_en": product.name_en,
            "bus": self.settings.bus,
            "topic": self.topic,
            "confidence": product.confidence,
            "unverified": "; ".join(product.unverified),
            "watchdog": self.statistics.watchdog,
        }

    async def _command(self, values: Mapping[str, Value]) -> dict[str, object] | None:
        broker = self._broker
        expires_s = broker.clock.now() + broker.settings.deadline_s * (broker.clock.speed or 1.0)
        answer = await broker.commander.send(self.set_topic, values, expires_s, self.settings.watchdog_s)
        if answer is None:
            self._failed("timeout")
        elif answer.get("ok") is not True:
            self._failed("refused")
        return answer

    @staticmethod
    def _judged(answer: Mapping[str, object] | None, key: str, value: Value) -> Reason | None:
        """Why a write did not succeed, None if it did."""
        if answer is None:
            return Reason.COMM
        if answer.get("ok") is not True:
            return Reason.EXCEPTION
        read = answer.get("values")
        if not isinstance(read, dict) or key not in read:
            return Reason.COMM
        return None if same(value, read[key]) else Reason.DISAGREE

    def _key(self, name: str) -> str | None:
        """The key that carries a channel in a command, None for one that is only read."""
        channel = self._product.channels.get(name) or self._product.channels["*"]
        if channel.access == "read":
            return None
        return name if channel.path in (None, "*") else channel.path

    def _failed(self, reason: str) -> None:
        self.statistics.failures[reason] = self.statistics.failures.get(reason, 0) + 1
        self.statistics.last_error = reason
