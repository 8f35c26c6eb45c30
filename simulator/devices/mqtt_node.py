"""A plain MQTT node: publishes one JSON object on its topic, takes orders on `…/set`, answers on `…/ack`.

Published every period, QoS 1: `{CHANNEL: value, "t": ms}`, null for "no value" (`generic/mqtt_uns`: `{"v", "q", "t"}`,
retained). Ordered:
`{"id", "exp": ms, "lease_s", "values": {CHANNEL: value}}`; what comes after `exp` or names an unknown channel is
refused, whole. Answered: `{"id", "ok", "values", "why"}`. When the lease runs out unrenewed, outputs go safe; a null
lease has no end.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiomqtt

from foundation.clock import Clock, pause
from simulator.devices.device import VirtualDevice

RETRY_S = 1.0
"""Process time between attempts to reach the broker."""
CONNECT_S = 3.0
"""Process time in which a broker must answer."""
_NODELAY = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)


def beside(topic: str, last: str) -> str:
    """`feeder/1/state` and `set` -> `feeder/1/set`."""
    return f"{topic.rpartition('/')[0]}/{last}".lstrip("/")


def heed_cancel() -> None:
    """Cancel again what was cancelled: `wait_for` of Python 3.11, on which aiomqtt stands, may swallow it."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


@asynccontextmanager
async def connected(client: aiomqtt.Client) -> AsyncIterator[aiomqtt.Client]:
    """The client, connected. Cancelled while it connects, aiomqtt leaves a socket behind: so let it finish first."""
    connecting = asyncio.create_task(client.__aenter__())
    try:
        await asyncio.shield(connecting)
    except asyncio.CancelledError:
        with suppress(aiomqtt.MqttError):
            await connecting
            await client.__aexit__(None, None, None)
        raise
    client._disconnected.add_done_callback(_heard)
    try:
        yield client
    finally:
        await client.__aexit__(None, None, None)


def _heard(ended: asyncio.Future[None]) -> None:
    """A connection that broke while no call was under way is no complaint of asyncio: the next call says so."""
    if not ended.cancelled():
        ended.exception()


class MqttNode:
    """One device on a broker. `advance(now_s)` brings the field to the moment of a reading or an order."""

    def __init__(
        self,
        device: VirtualDevice,
        host: str,
        port: int,
        clock: Clock,
        advance: Callable[[float], None] = lambda now_s: None,
    ) -> None:
        if device.settings.topic is None:
            raise ValueError(f"device {device.name} has no topic")
        self.device = device
        self.topic = device.settings.topic
        self.connected = asyncio.Event()
        """Subscribed and publishing."""
        self._host, self._port = host, port
        self._clock = clock
        self._advance = advance

    async def run(self) -> None:
        """Until cancelled; finds the broker again whenever it is gone."""
        while True:
            try:
                name = f"node-{self.device.name}"
                async with connected(
                    aiomqtt.Client(self._host, self._port, identifier=name, timeout=CONNECT_S, socket_options=_NODELAY)
                ) as client:
                    await client.subscribe(beside(self.topic, "set"), qos=1)
                    heed_cancel()
                    self.connected.set()
                    # no task group: one that fails leaves its task marked as cancelled, in Python 3.11
                    tasks = [asyncio.create_task(self._publish(client)), asyncio.create_task(self._listen(client))]
                    try:
                        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                        for task in done:
                            task.result()
                    finally:
                        for task in tasks:
                            task.cancel()
                        await asyncio.gather(*tasks, return_exceptions=True)
            except (aiomqtt.MqttError, OSError):
                pass
            self.connected.clear()
            heed_cancel()
            await pause(RETRY_S)

    async def _publish(self, client: aiomqtt.Client) -> None:
        due_s = self._clock.now()
        retained = self.device.product.protocol == "mqtt_uns"
        while True:
            manner = self.device.manner()
            if not self.device.unplugged and not manner.silent:
                payload = self.payload(self._clock.now())
                if manner.late_s > 0.0:  # with the time at which it was taken
                    await self._clock.sleep_until(self._clock.now() + manner.late_s)
                await client.publish(
                    self.topic, payload[: len(payload) // 2] if manner.garbled else payload, qos=1, retain=retained
                )
                heed_cancel()
            due_s = max(due_s + self.device.settings.period, self._clock.now())
            await self._clock.sleep_until(due_s)

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            if not self.device.unplugged and isinstance(message.payload, bytes):
                answer = self.order(message.payload, self._clock.now())
                await client.publish(beside(self.topic, "ack"), json.dumps(answer), qos=1)
                heed_cancel()

    def payload(self, now_s: float) -> str:
        """What the node says now."""
        self._advance(now_s)
        device = self.device
        device.tick(now_s)
        dated_ms = round(device.dated_s(now_s) * 1000.0)
        said: dict[str, Any] = {}
        for name in device.tags:
            channel = device.channels[name]
            value = device.read(name, now_s)
            if value is not None and not isinstance(value, bool):
                value = device.scalings[name].raw(value)
            path = name if channel.path in (None, "*") else channel.path
            _put(said, str(path), value)
        if device.product.protocol == "mqtt_uns":
            said["q"] = "bad" if said.get("v") is None else "good"
        return json.dumps({**said, "t": dated_ms})

    def order(self, payload: bytes, now_s: float) -> dict[str, Any]:
        """Obey, or say why not: `payload`, `late`, `unknown_channel`, `wrong_type`, `range`; `refused` if it fails."""
        self._advance(now_s)
        self.device.tick(now_s)
        try:
            message = json.loads(payload)
            name, values = message["id"], message["values"]
            until_s, lease_s = float(message["exp"]) / 1000.0, float(message["lease_s"] or 0.0)
        except (ValueError, KeyError, TypeError):
            return {"id": None, "ok": False, "values": {}, "why": "payload"}
        why = "refused" if self.device.refuses else self._refusal(values, until_s, now_s)
        if why is None:
            for channel, value in values.items():
                self.device.write(channel, value, now_s)
            self.device.set_watchdog(lease_s, now_s)
        outputs = self.device.outputs
        now = {channel: outputs[channel] for channel in values if channel in outputs} if why != "payload" else {}
        return {"id": name, "ok": why is None, "values": now, "why": why}

    def _refusal(self, values: Any, until_s: float, now_s: float) -> str | None:
        if not isinstance(values, dict):
            return "payload"
        if until_s < now_s:
            return "late"
        for channel, value in values.items():
            if channel not in self.device.outputs:
                return "unknown_channel"
            if not isinstance(value, bool | int | float):
                return "wrong_type"
            refused = self.device.scalings[channel].refused(value)
            if refused is not None:
                return refused.value
        return None


def _put(said: dict[str, Any], path: str, value: Any) -> None:
    """`air.temperature` goes into an object of its own."""
    *above, last = path.split(".")
    for part in above:
        said = said.setdefault(part, {})
    said[last] = value
