"""MQTT out: commands to nodes through aiomqtt, each answered on `…/ack` within a deadline or counted as lost."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from secrets import token_hex
from typing import Any

import aiomqtt

from drivers.driver import BrokerSettings
from drivers.mqtt_session import KEEPALIVE_S, RETRY_S
from drivers.payload import parse_object
from foundation.clock import pause

LOG = logging.getLogger(__name__)


@asynccontextmanager
async def connected(client: aiomqtt.Client) -> AsyncIterator[aiomqtt.Client]:
    """The client, connected. Cancelled while it connects, aiomqtt leaves a socket behind: so it is let finish first."""
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


class Commander:
    """One connection for the commands of all the devices behind a broker."""

    def __init__(self, settings: BrokerSettings, ack_topics: Callable[[], Iterable[str]]) -> None:
        self._settings = settings
        self._ack_topics = ack_topics
        self._client: aiomqtt.Client | None = None
        self._ready = asyncio.Event()
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._boot = token_hex(4)
        self._count = 0

    async def run(self) -> None:
        """Stay connected until cancelled."""
        wait_s = RETRY_S[0]
        while True:
            try:
                async with connected(self._new_client()) as client:
                    topics = [(topic, 1) for topic in self._ack_topics()]
                    if topics:
                        await client.subscribe(topics)
                    wait_s = RETRY_S[0]
                    self._client = client
                    self._ready.set()
                    async for message in client.messages:
                        self._heard(message.payload)
            except (aiomqtt.MqttError, OSError, ValueError) as error:
                LOG.debug("no connection for commands", extra={"bus": self._settings.id, "reason": str(error)})
            finally:
                self._client = None
                self._ready.clear()
            await pause(wait_s)
            wait_s = min(2 * wait_s, RETRY_S[1])

    async def send(
        self, topic: str, values: Mapping[str, object], expires_s: float, lease_s: float | None
    ) -> dict[str, Any] | None:
        """The node's acknowledgement; None if none came within the deadline. `expires_s` is farm time."""
        self._count += 1
        name = f"{self._boot}-{self._count}"
        command = {"id": name, "exp": round(expires_s * 1000), "lease_s": lease_s, "values": values}
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[name] = answer
        with suppress(TimeoutError, aiomqtt.MqttError):
            try:
                async with asyncio.timeout(self._settings.deadline_s):
                    await self._ready.wait()
                    if self._client is not None:
                        await self._client.publish(topic, json.dumps(command, allow_nan=False), qos=1)
                        return await answer
            finally:
                del self._waiting[name]
        return None

    def _new_client(self) -> aiomqtt.Client:
        settings = self._settings
        client = aiomqtt.Client(
            settings.host,
            settings.port,
            username=settings.username,
            password=settings.password,
            identifier=f"{settings.client_id}-commands",
            clean_session=True,
            timeout=settings.deadline_s,
            keepalive=KEEPALIVE_S,
            max_queued_incoming_messages=1000,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )
        client.pending_calls_threshold = 1000
        return client

    def _heard(self, payload: object) -> None:
        found = parse_object(payload) if isinstance(payload, bytes) else "json"
        if isinstance(found, str):
            return
        answer = self._waiting.get(str(found.get("id")))
        if answer is not None and not answer.done():
            answer.set_result(found)
