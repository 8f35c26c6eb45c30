"""MQTT in: a persistent session whose messages are acknowledged only when we say so. paho on the event loop, no thread.

aiomqtt cannot acknowledge later, so this speaks to paho itself, by the hooks that it has for event loops.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, cast

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from drivers.driver import BrokerSettings
from foundation.clock import pause

LOG = logging.getLogger(__name__)
KEEPALIVE_S = 15
RETRY_S = (1.0, 15.0)
"""Process time before the first and the longest later attempt to connect."""
RATE = 2000.0
"""Messages a second that are let in for long; above that QoS 0 is shed, and QoS 1 waits at the broker."""
BURST = 4000.0


class Delivery:
    """One message of QoS 1, as many readers of it as still have to store it, and the connection that brought it."""

    def __init__(self, client: paho.Client, mid: int, readers: int) -> None:
        self._client = client
        self._mid = mid
        self._readers = readers

    def stored(self) -> None:
        """One reader has it on the disk; the last one's word goes to the broker (nowhere, if it has gone meanwhile)."""
        self._readers -= 1
        if self._readers == 0 and self._client.is_connected():
            self._client.ack(self._mid, 1)


class Session:
    """Subscribes at every connection and hands each message over with its client; never raises for a broker."""

    def __init__(
        self,
        settings: BrokerSettings,
        topics: Callable[[], Iterable[str]],
        on_message: Callable[[paho.Client, paho.MQTTMessage], None],
    ) -> None:
        self.connected = False
        self.tried = False
        """It has been tried once to connect."""
        self.shed = 0
        """Messages of QoS 0 dropped in a flood."""
        self._settings = settings
        self._topics = topics
        self._on_message = on_message
        self._client: paho.Client | None = None
        self._ended = asyncio.Event()
        self._allowance = BURST
        self._counted_s = 0.0

    async def run(self) -> None:
        """Stay connected until cancelled; the broker keeps the session and what comes meanwhile."""
        loop = asyncio.get_running_loop()
        wait_s, missed = RETRY_S[0], False
        while True:
            client = self._client = self._new_client(loop)
            self._ended.clear()
            try:
                await asyncio.to_thread(client.connect, self._settings.host, self._settings.port, KEEPALIVE_S)
                began_s = loop.time()
                while not self._ended.is_set():
                    try:
                        async with asyncio.timeout(1.0):
                            await self._ended.wait()
                    except TimeoutError:
                        client.loop_misc()
                        if not self.connected and loop.time() - began_s > self._settings.deadline_s:
                            break
                    if self.connected:
                        self.tried = True
                        wait_s = RETRY_S[0]
                        if missed:
                            LOG.info("broker is back", extra={"bus": self._settings.id})
                        missed = False
            except (OSError, ValueError) as error:
                LOG.debug("broker does not answer", extra={"bus": self._settings.id, "reason": str(error)})
            finally:
                self.connected = False
                self.tried = True
                self._client = None
                self._hang_up(client, loop)
            if not missed:
                LOG.warning("broker is lost", extra={"bus": self._settings.id})
                missed = True
            await pause(wait_s)
            wait_s = min(2 * wait_s, RETRY_S[1])

    def _new_client(self, loop: asyncio.AbstractEventLoop) -> paho.Client:
        settings = self._settings
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=False,
            protocol=paho.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = settings.deadline_s
        if settings.username is not None:
            client.username_pw_set(settings.username, settings.password)

        def watch(sock: Any, call: Callable[..., object], *work: Callable[[], object]) -> None:
            # paho opens its socket in another thread, and it may be gone again by the time the loop hears of it
            def there() -> None:
                if sock.fileno() >= 0:
                    call(sock, *(partial(self._guarded, one) for one in work))

            loop.call_soon_threadsafe(there)

        def opened(_client: paho.Client, _data: Any, sock: Any) -> None:
            if self._client is not client:
                sock.close()  # we were cancelled while it was connecting
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            watch(sock, loop.add_reader, partial(self._read, client, loop))

        def closed(_client: paho.Client, _data: Any, sock: Any) -> None:
            loop.remove_reader(sock)
            loop.remove_writer(sock)

        def answered(_client: paho.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
            if code.is_failure:
                LOG.warning("broker refuses us", extra={"bus": settings.id, "reason": str(code)})
                self._ended.set()
                return
            self.connected = True
            topics = [(topic, 1) for topic in self._topics()]
            if topics:
                client.subscribe(topics)

        def subscribed(_client: paho.Client, _data: Any, _mid: int, codes: list[Any], _properties: Any) -> None:
            if any(code.is_failure for code in codes):
                LOG.warning("broker refuses a topic", extra={"bus": settings.id})

        client.on_socket_open = opened
        client.on_socket_close = closed
        client.on_socket_register_write = lambda _client, _data, sock: watch(sock, loop.add_writer, client.loop_write)
        client.on_socket_unregister_write = lambda _client, _data, sock: watch(sock, loop.remove_writer)
        client.on_connect = answered
        client.on_subscribe = subscribed
        client.on_disconnect = lambda *_: self._ended.set()
        client.on_message = lambda client, _data, message: self._let_in(client, message, loop)
        return client

    def _guarded(self, work: Callable[[], object]) -> None:
        """Whatever a broker makes paho stumble over ends this connection, not the agent."""
        try:
            work()
        except Exception as error:
            LOG.warning("broker sent nonsense", extra={"bus": self._settings.id, "reason": repr(error)})
            self._ended.set()

    def _read(self, client: paho.Client, loop: asyncio.AbstractEventLoop) -> None:
        client.loop_read()
        sock = cast(Any, client.socket())  # paho's own name for it knows no file number
        if self._allowance < 0 and sock is not None:
            # more than we can store: the rest waits in the socket and at the broker
            loop.remove_reader(sock)
            loop.call_later(-self._allowance / RATE + 0.01, self._read_on, client, sock, loop)

    def _read_on(self, client: paho.Client, sock: Any, loop: asyncio.AbstractEventLoop) -> None:
        if sock.fileno() >= 0:
            loop.add_reader(sock, self._guarded, partial(self._read, client, loop))

    def _let_in(self, client: paho.Client, message: paho.MQTTMessage, loop: asyncio.AbstractEventLoop) -> None:
        now_s = loop.time()
        self._allowance = min(BURST, self._allowance + (now_s - self._counted_s) * RATE)
        self._counted_s = now_s
        if self._allowance < 1 and message.qos == 0:
            self.shed += 1
            return
        self._allowance -= 1
        self._on_message(client, message)

    def _hang_up(self, client: paho.Client, loop: asyncio.AbstractEventLoop) -> None:
        """Close the connection; the session stays at the broker."""
        sock = cast(Any, client.socket())
        if sock is None:
            return
        client.disconnect()
        try:
            client.loop_write()
        except Exception as error:
            LOG.debug("broker did not hear us leave", extra={"bus": self._settings.id, "reason": repr(error)})
        if sock.fileno() >= 0:
            loop.remove_reader(sock)
            loop.remove_writer(sock)
            sock.close()
