"""Serves the panel inside the agent's event loop: no signal handlers, no threads, and gone within a second."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from controller.panel.certificate import Certificate

CLOSING_S = 0.3
"""What open requests get to finish, after the streams have been told to."""
MOST_CONNECTIONS = 256


class _Server(uvicorn.Server):
    """uvicorn that says when it listens, and without its signal handlers: signals belong to the agent."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listening()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    app: FastAPI, host: str, port: int, ready: Callable[[int], None], shown: Certificate | None = None
) -> None:
    """Serve `app` until cancelled; port 0 takes a free one. `ready` is told the port once it listens. With a
    certificate it is https, and nothing else.

    Raises OSError if the address cannot be had.
    """
    listener = _listen(host, port)
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=15,
        ssl_certfile=shown.file if shown else None,
        ssl_keyfile=shown.key if shown else None,
        timeout_graceful_shutdown=CLOSING_S,  # type: ignore[arg-type]  # handed to asyncio.wait_for as it is
    )
    server = _Server(config, lambda: ready(listener.getsockname()[1]))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        app.state.streams.close()
        await asyncio.wait({serving})
        # one that was taken as the listener closed, or that nobody reads, would be answered by a panel that is gone
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        listener.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
