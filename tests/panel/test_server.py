"""The server lives inside the agent's loop: it listens, and it goes when it is told to."""

import asyncio
import logging
import signal
import socket
from contextlib import suppress

import httpx
import pytest
from fastapi import FastAPI

from controller.panel.app import create_app
from controller.panel.server import serve
from controller.panel.sign_in import SignIn
from tests.panel.conftest import OWN, served
from tests.panel.small_farm import SmallFarm

pytestmark = pytest.mark.wire
PATIENCE_S = 5.0
"""It takes half a second; a machine that has other things to do may need more, but not for ever."""
MANY = 3000


async def test_it_takes_a_free_port_and_answers(app: FastAPI) -> None:
    async with served(app) as url, httpx.AsyncClient(base_url=url) as client:
        reply = await client.get("/healthz")
        assert (reply.status_code, reply.text) == (200, "ok")
        assert "server" not in reply.headers


async def test_it_leaves_the_signals_to_the_agent(app: FastAPI) -> None:
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    async with served(app):
        assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before


async def test_it_goes_when_cancelled_with_streams_open(
    farm: SmallFarm, sign_in: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    server = asyncio.create_task(serve(create_app(farm, sign_in=sign_in), "127.0.0.1", 0, port.set_result))
    url = f"http://127.0.0.1:{await port}"
    async with httpx.AsyncClient(base_url=url, headers=OWN) as client:
        await client.post("/api/v1/session", json={"token": sign_in.issue()})
        async with client.stream("GET", "/api/v1/stream") as first, client.stream("GET", "/api/v1/stream") as second:
            lines = [reply.aiter_lines() for reply in (first, second)]
            for one in lines:
                await anext(one)
            server.cancel()
            done, _ = await asyncio.wait({server}, timeout=PATIENCE_S)
            assert done
            for one in lines:
                with suppress(httpx.RemoteProtocolError):  # cut off is an end too
                    async for _ in one:
                        pass
        with pytest.raises(httpx.ConnectError):
            await client.get("/healthz")
    assert not farm._listeners
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_it_goes_when_cancelled_though_somebody_does_not_read(farm: SmallFarm, sign_in: SignIn) -> None:
    """A browser on a tablet that went to sleep: its window is full, and nothing is sent any more."""
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    server = asyncio.create_task(serve(create_app(farm, sign_in=sign_in), "127.0.0.1", 0, port.set_result))
    number = await port
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{number}", headers=OWN) as client:
        await client.post("/api/v1/session", json={"token": sign_in.issue()})
        cookie = client.cookies["farmloop"]
    reader, writer = await asyncio.open_connection("127.0.0.1", number, limit=1)
    writer.write(f"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: farmloop={cookie}\r\n\r\n".encode())
    await reader.read(1)
    for value in range(200):
        farm.measure("ras1.tank1.do", float(value))
        await asyncio.sleep(0)
    server.cancel()
    done, _ = await asyncio.wait({server}, timeout=PATIENCE_S)
    assert done
    writer.close()


async def test_nothing_of_a_panel_that_is_gone_still_answers(farm: SmallFarm, sign_in: SignIn) -> None:
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    server = asyncio.create_task(serve(create_app(farm, sign_in=sign_in), "127.0.0.1", 0, port.set_result))
    # more is asked for at once than fits on the way, and nobody reads
    reader, writer = await asyncio.open_connection("127.0.0.1", await port, limit=1)
    writer.write(b"GET /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * MANY)
    await reader.read(1)
    server.cancel()
    await asyncio.wait({server}, timeout=PATIENCE_S)
    answered = 0
    with suppress(ConnectionError):
        async with asyncio.timeout(PATIENCE_S):
            while part := await reader.read(65536):
                answered += part.count(b"HTTP/1.1 200")
    assert answered < MANY
    writer.close()


async def test_a_port_that_is_taken_is_an_error_that_can_be_read(app: FastAPI) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            await serve(app, "127.0.0.1", taken.getsockname()[1], lambda port: None)
