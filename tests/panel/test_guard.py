"""The door: everything is shut but what is named, and only our own pages may knock."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Route

from controller.panel import guard
from controller.panel.app import create_app
from controller.panel.permissions import OPEN, ROUTES, Permission
from controller.panel.sign_in import SignIn
from tests.panel.conftest import OWN
from tests.panel.small_farm import SmallFarm

PLACES = {"{path:path}": "panel.js", "{language}": "en", "{name}": "ras1.tank1.do_sp"}


def _routes(app: FastAPI) -> set[tuple[str, str]]:
    return {
        (method, route.path)
        for route in app.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }


def _path(template: str) -> str:
    for place, value in PLACES.items():
        template = template.replace(place, value)
    return template


def test_every_route_stands_in_the_table_of_permissions(app: FastAPI) -> None:
    assert _routes(app) == set(ROUTES)
    assert len(app.routes) == len(ROUTES)  # no mounts and nothing else that could answer


def test_only_the_door_itself_is_open() -> None:
    assert set(OPEN) == {
        ("GET", "/healthz"),
        ("GET", "/sign-in"),
        ("GET", "/static/sign_in.js"),
        ("GET", "/static/panel.css"),
        ("GET", "/static/icon.svg"),
        ("GET", "/static/app-192.png"),
        ("GET", "/static/app-512.png"),
        ("POST", "/api/v1/session"),
        ("GET", "/set-up"),
        ("GET", "/static/set_up.js"),
        ("POST", "/api/v1/set-up"),
        ("GET", "/alarm"),
        ("GET", "/static/alarm_link.js"),
        ("POST", "/api/v1/alarm-links/show"),
        ("POST", "/api/v1/alarm-links/acknowledge"),
    }


async def test_every_route_without_a_session_is_401_but_the_named(stranger: httpx.AsyncClient) -> None:
    for method, template in sorted(ROUTES):
        reply = await stranger.request(method, _path(template), headers=OWN)
        if ROUTES[method, template] is Permission.OPEN:
            # the door of the first boot is not there: nobody asked for it
            wanted = 404 if template == "/set-up" else 422 if method == "POST" else 200
            assert reply.status_code == wanted, (method, template)
        else:
            assert (reply.status_code, reply.json()["code"]) == (401, "no_session"), (method, template)


async def test_no_spelling_of_a_path_gets_past_the_door(stranger: httpx.AsyncClient) -> None:
    for path in ["/static/../static/panel.js", "//healthz/", "/healthz/", "/HEALTHZ", "/static/sign_in.js/../panel.js",
     "/static/sign_in.js%2f..%2fpanel.js", "/sign-in/", "/api/v1/session/", "/docs", "/openapi.json", "/nowhere",
     "/static/%2e%2e/app.py"]:  # fmt: skip
        reply = await stranger.get(httpx.URL(f"http://127.0.0.1{path}"))
        assert reply.status_code == 401, path


async def test_only_files_of_the_front_end_are_served(operator: httpx.AsyncClient) -> None:
    for path in ["../app.py", "%2e%2e/app.py", "..%2fapp.py", "vendor/../../app.py", "index.html", "", "vendor"]:
        reply = await operator.get(httpx.URL(f"http://127.0.0.1/static/{path}"))
        assert reply.status_code == 404, path


async def test_a_person_without_a_session_gets_the_sign_in_page(stranger: httpx.AsyncClient) -> None:
    for language, words in (
        ("zh-CN,zh;q=0.9", "登录操作面板"),
        ("en-GB", "Sign in to the panel"),
        ("de, zh;q=0.2", "登录操作面板"),
    ):
        reply = await stranger.get("/", headers={"accept": "text/html", "accept-language": language})
        assert reply.status_code == 401
        assert words in reply.text
        assert reply.headers["cache-control"] == "no-store"


async def test_a_name_that_is_not_ours_is_refused(operator: httpx.AsyncClient) -> None:
    """DNS rebinding: a page of `evil.example` whose name suddenly means our address."""
    for host in [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "localhost.evil",
        "",
        "x@127.0.0.1",
        "127.0.0.1:x",
        "127.0.0.1/",
        "[::1",
        "127.0.0.1,evil",
    ]:
        reply = await operator.get("/api/v1/state", headers={"host": host})
        assert reply.status_code == 421, host


async def test_our_names_are_heard(farm: SmallFarm) -> None:
    app = create_app(farm, sign_in=SignIn(), hosts=["panel.farm.example"])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        for host in [
            "127.0.0.1:8443",
            "localhost",
            "[::1]:8443",
            "192.168.1.7",
            "farm-box.local",
            "PANEL.farm.example",
        ]:
            assert (await client.get("/healthz", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_another_sites_page_changes_nothing(
    operator: httpx.AsyncClient, farm: SmallFarm, headers: dict[str, str]
) -> None:
    body = {"change_id": "change-0001", "value": 8.0}
    reply = await operator.put("/api/v1/setpoints/ras1.tank1.do_sp", json=body, headers=headers)
    assert reply.status_code == 403
    assert farm.changes_made == []


async def test_another_sites_page_reads_nothing(operator: httpx.AsyncClient) -> None:
    reply = await operator.get("/api/v1/state", headers={"sec-fetch-site": "cross-site"})
    assert reply.status_code == 403


async def test_our_own_page_may(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    headers = {"origin": "http://127.0.0.1", "sec-fetch-site": "same-origin"}
    body = {"change_id": "change-0001", "value": 8.0}
    reply = await operator.put("/api/v1/setpoints/ras1.tank1.do_sp", json=body, headers=headers)
    assert reply.status_code == 200


async def test_an_unsafe_request_needs_our_own_header(operator: httpx.AsyncClient) -> None:
    del operator.headers["x-farmloop"]
    reply = await operator.delete("/api/v1/session")
    assert reply.status_code == 403
    assert reply.json()["code"] == "header_missing"


async def test_a_form_of_another_site_is_not_json(operator: httpx.AsyncClient) -> None:
    content = b'{"change_id": "change-0001", "value": 8.0}'
    reply = await operator.put(
        "/api/v1/setpoints/ras1.tank1.do_sp", content=content, headers={"content-type": "text/plain"}
    )
    assert reply.status_code == 415


async def test_a_body_that_is_too_large_is_not_read(operator: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1024
            yield b" " * 1024

    reply = await operator.put("/api/v1/setpoints/ras1.tank1.do_sp", content=endless())
    assert reply.status_code == 413
    assert sent <= guard.MOST_BODY_BYTES + 2048


async def test_a_body_that_never_comes_is_not_waited_for(
    operator: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "BODY_DEADLINE_S", 0.01)

    async def never() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    reply = await operator.put("/api/v1/setpoints/ras1.tank1.do_sp", content=never())
    assert reply.status_code == 408


async def test_more_than_ten_writes_a_second_are_refused(operator: httpx.AsyncClient) -> None:
    body = {"change_id": "change-0001", "value": 8.0}
    replies = [await operator.put("/api/v1/setpoints/ras1.tank1.do_sp", json=body) for _ in range(12)]
    assert [reply.status_code for reply in replies].count(429) >= 1
    assert "retry-after" in replies[-1].headers


async def test_every_reply_carries_the_security_headers(operator: httpx.AsyncClient) -> None:
    for path in ["/", "/healthz", "/sign-in", "/api/v1/state", "/static/panel.js", "/nowhere"]:
        headers = (await operator.get(path)).headers
        assert headers["content-security-policy"].split("; ") == [
            "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' data:",
            "font-src 'self'", "manifest-src 'self'", "worker-src 'self'", "base-uri 'none'", "form-action 'self'",
            "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types farmloop-worker",
        ]  # fmt: skip
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
        if path.startswith("/api/"):
            assert headers["cache-control"] == "no-store"


async def test_a_fault_of_ours_is_a_problem_too_and_tells_nothing(
    farm: SmallFarm, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(farm, sign_in=sign_in)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=OWN) as client:
        await client.post("/api/v1/session", json={"token": sign_in.issue()})
        monkeypatch.setattr(farm, "readings", lambda: 1 / 0)
        reply = await client.get("/api/v1/state")
    assert reply.status_code == 500
    assert reply.json()["code"] == "broken"
    assert "division" not in reply.text
    assert "content-security-policy" in reply.headers


async def test_a_websocket_is_shut(app: FastAPI) -> None:
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/api/v1/stream", "headers": [(b"host", b"127.0.0.1")]}
    await app(scope, receive, send)  # type: ignore[arg-type]  # plain dictionaries are what the protocol is made of
    assert sent == [{"type": "websocket.close", "code": 1008}]
