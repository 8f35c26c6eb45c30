"""The door: what passes here was meant for us, comes from our own page, and belongs to an open session.

Deny by default. It stands before the routing, so a route that is forgotten elsewhere is closed, not open.
"""

import asyncio
import ipaddress
import re
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.history.photos import MOST_BYTES
from controller.panel.assets import Asset, serve
from controller.panel.once import Once
from controller.panel.people import People
from controller.panel.permissions import OPEN, PHOTOS_PATH
from controller.panel.problems import ProblemError, language_of, problem_response
from controller.panel.rates import Rate
from controller.panel.sessions import Session

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_HEADER = "x-farmloop"
"""A page of another site cannot send it without asking us first, and we never say yes."""
MOST_BODY_BYTES = 16 * 1024
BODY_DEADLINE_S = 10.0
PHOTO_DEADLINE_S = 120.0
"""A telephone at the far end of a greenhouse."""

HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+)(?::[0-9]{1,5})?")

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types farmloop-worker",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        people: People,
        cookie: str,
        hosts: Iterable[str],
        writes: Rate,
        door: Callable[[], dict[str, Asset]],
    ) -> None:
        """`door` gives the page, by language, that somebody without a session sees now."""
        self._app = app
        self._people = people
        self._cookie = cookie
        self._hosts = frozenset(name.lower() for name in hosts)
        self._writes = writes
        self._door = door
        self._once = Once()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        request = Request(scope, receive)
        try:
            session = self._admit(request)
            scope.setdefault("state", {})["session"] = session
            once = None
            if request.method not in SAFE_METHODS:
                body = await _body(request)
                receive = _replay(body, receive)
                once = self._once.place(request, session.who, body) if session is not None else None
        except ProblemError as problem:
            await self._refusal(request, problem)(scope, receive, send_guarded)
            return
        except ClientDisconnect:
            return
        if once is None:
            await self._app(scope, receive, send_guarded)
        else:
            await self._once.answer(*once, self._app, scope, receive, send_guarded)

    def _admit(self, request: Request) -> Session | None:
        """The request's session, None on an open route; raises ProblemError if it may not go on."""
        if not self._is_our_name(request.headers.getlist("host")):
            raise ProblemError(421, "wrong_host")
        unsafe = request.method not in SAFE_METHODS
        token = request.headers.get("authorization")
        if unsafe or request.scope["path"].startswith("/api/"):
            # what a program says itself, no browser sends for another site's page
            _check_source(request, unsafe, by_page=token is None)
        if (request.method, request.scope["path"]) in OPEN:
            return None
        session = self._session(request) if token is None else self._session_of_token(token)
        if session is None:
            raise ProblemError(401, "no_session", headers={"www-authenticate": "Session, Bearer"})
        if unsafe and (wait_s := self._writes.wait_s(session.key.hex())) > 0:
            raise ProblemError(429, "too_many", headers={"retry-after": f"{wait_s:.0f}"})
        return session

    def _session(self, request: Request) -> Session | None:
        session_id = request.cookies.get(self._cookie)
        return self._people.sessions.find(session_id) if session_id else None

    def _session_of_token(self, header: str) -> Session | None:
        kind, _, text = header.partition(" ")
        return self._people.session_of_token(text.strip()) if kind.lower() == "bearer" else None

    def _is_our_name(self, hosts: list[str]) -> bool:
        """A name that an attacker cannot own: then no page of theirs can become our origin (DNS rebinding)."""
        match = HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        if match is None:
            return False
        name = match[1].strip("[]").lower().removesuffix(".")
        if name == "localhost" or name.endswith(".local") or name in self._hosts:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _refusal(self, request: Request, problem: ProblemError) -> Response:
        """For a person who opens the panel without a session, the sign-in page; for a program, problem+json."""
        wants_page = "text/html" in request.headers.get("accept", "") and request.method == "GET"
        if problem.status == 401 and wants_page and not request.scope["path"].startswith("/api/"):
            response = serve(self._door()[language_of(request)], request, status=401)
            response.headers.update(problem.headers)
            response.headers["cache-control"] = "no-store"
            return response
        return problem_response(request, problem)


def _check_source(request: Request, unsafe: bool, by_page: bool) -> None:
    """Raises ProblemError if another site's page sent this."""
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise ProblemError(403, "cross_site")
    if not unsafe:
        return
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers["host"]:
        raise ProblemError(403, "cross_site")
    if by_page and OWN_HEADER not in request.headers:
        raise ProblemError(403, "header_missing", values={"header": OWN_HEADER})


async def _body(request: Request) -> bytes:
    """The whole body, small enough and JSON (a photo: as it is); raises ProblemError."""
    is_photo = (request.method, request.scope["path"]) == ("POST", PHOTOS_PATH)
    most, deadline_s = (MOST_BYTES, PHOTO_DEADLINE_S) if is_photo else (MOST_BODY_BYTES, BODY_DEADLINE_S)
    body = bytearray()
    try:
        async with asyncio.timeout(deadline_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise ProblemError(413, "too_large", values={"bytes": most})
    except TimeoutError as error:
        raise ProblemError(408, "too_slow") from error
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and not is_photo and kind != "application/json":
        raise ProblemError(415, "not_json")
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read already, then whatever comes after it."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
