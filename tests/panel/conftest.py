"""A small farm, its panel, and a browser's way in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
from fastapi import FastAPI

from controller.panel.app import create_app
from controller.panel.server import serve
from controller.panel.sign_in import SignIn
from tests.panel.small_farm import SmallFarm

OWN = {"x-farmloop": "1"}
"""What the panel's own pages send with every unsafe request."""


@pytest.fixture
def farm() -> SmallFarm:
    return SmallFarm()


@pytest.fixture
def sign_in() -> SignIn:
    return SignIn()


@pytest.fixture
def app(farm: SmallFarm, sign_in: SignIn) -> FastAPI:
    return create_app(farm, sign_in=sign_in)


@pytest.fixture
async def stranger(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a session."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
async def operator(stranger: httpx.AsyncClient, sign_in: SignIn) -> httpx.AsyncClient:
    """A client that signed in, with the header of our own pages."""
    stranger.headers.update(OWN)
    reply = await stranger.post("/api/v1/session", json={"token": sign_in.issue()})
    assert reply.status_code == 201
    return stranger


@asynccontextmanager
async def served(app: FastAPI, at: int = 0) -> AsyncIterator[str]:
    """The app on loopback (a free port, unless one is named); gives its URL, and stops it afterwards."""
    listening = asyncio.Event()
    ports: list[int] = []

    def ready(port: int) -> None:
        ports.append(port)
        listening.set()

    server = asyncio.create_task(serve(app, "127.0.0.1", at, ready))
    try:
        await listening.wait()
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        server.cancel()
        with suppress(asyncio.CancelledError):
            await server
