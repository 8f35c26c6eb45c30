"""An MQTT broker inside this process, on loopback: for demonstrations and tests on a bare machine.

A farm runs mosquitto. This one knows no MQTT 5, and what it has acknowledged dies with a publisher that leaves
at once.
"""

import logging
import socket
from types import TracebackType

from amqtt.broker import Broker

_ANONYMOUS = "amqtt.plugins.authentication.AnonymousAuthPlugin"


class EmbeddedBroker:
    """`async with EmbeddedBroker() as broker:` listens on 127.0.0.1 at `broker.port` until the block ends."""

    def __init__(self, port: int = 0) -> None:
        self.host = "127.0.0.1"
        self.port = port
        self._broker: Broker | None = None

    async def __aenter__(self) -> "EmbeddedBroker":
        for talkative in ("amqtt", "transitions"):
            logging.getLogger(talkative).setLevel(logging.CRITICAL)
        self.port = self.port or _free_port()
        self._broker = Broker(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"{self.host}:{self.port}"}},
                "plugins": {_ANONYMOUS: {"allow_anonymous": True}},
            }
        )
        await self._broker.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._broker is not None:
            await self._broker.shutdown()
            self._broker = None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
