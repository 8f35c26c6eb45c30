"""A strict InfluxDB, written from the documents of versions 1, 2 and 3, that can also be told to misbehave.

What real servers here do not have (tokens, 413, 422, 429, hanging, half answers) is tried against this.
"""

import base64
import gzip
import json
import re
import socket
import ssl
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

from tests.history.farm import TOKEN
from tests.history.protocol import Point, SyntaxFault, read

_TAG = re.compile(r"\"(\w+)\" = '([^']*)'")
_QUESTION = re.compile(
    r'SELECT (count\(q\)|q) FROM "(\w+)" WHERE (.*) AND time >= (\d+)ms AND time < (\d+)ms'
    r'(?: GROUP BY "facility", "zone", "tag")?'
)


class Request(NamedTuple):
    path: str
    query: dict[str, list[str]]
    headers: Message
    body: bytes


@dataclass
class Say:
    """An answer other than the right one."""

    status: int = 0
    """0: the connection is reset."""
    body: bytes = b'{"error":"told so"}'
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    store: bool = False
    """Store the points first, so that only the answer is lost."""
    half: bool = False
    """Reset before the whole body was read."""


class FakeInflux:
    """`answers` are said first, one a request; then every request is judged as it deserves, as where None stands."""

    def __init__(
        self,
        poison: Callable[[Point], bool] = lambda point: False,
        most_lines: int = 10**9,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self.points: dict[tuple[str, str, int], Point] = {}
        self.answers: deque[Say | None] = deque()
        self.poison = poison
        """Points that are refused with 422, and nothing of the request stored."""
        self.most_lines = most_lines
        """More than so many are answered 413."""
        self.tls = tls
        self.release = Event()

    def __enter__(self) -> Self:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                fake._serve(self)

            def do_GET(self) -> None:
                fake._tell(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                pass

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http{'' if self.tls is None else 's'}://127.0.0.1:{self._server.server_address[1]}"

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        say = self.answers.popleft() if self.answers else None
        length = int(handler.headers["Content-Length"])
        raw = handler.rfile.read(length // 2 if say is not None and say.half else length)
        parts = urlsplit(handler.path)
        if handler.headers.get("Content-Encoding") == "gzip":
            raw = gzip.decompress(raw)
        request = Request(parts.path, parse_qs(parts.query), handler.headers, raw)
        self.requests.append(request)
        if say is None:
            say = self._judge(request)
        elif say.store:
            self._judge(request)
        if say.hang:
            self.release.wait(30)
        if say.status == 0:
            # a reset, not an orderly end
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.close_connection = True
            handler.connection.close()
            return
        # without a Date of its own
        handler.send_response_only(say.status)
        for name, value in say.headers.items():
            handler.send_header(name, value)
        body = b"" if say.status == 204 else say.body
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _judge(self, request: Request) -> Say:
        if request.path == "/api/v2/write":
            allowed = request.headers.get("Authorization") == f"Token {TOKEN}"
            known = request.query.get("bucket") == ["farm"] and request.query.get("org") == ["farm"]
        elif request.path == "/api/v3/write_lp":
            allowed = request.headers.get("Authorization") == f"Bearer {TOKEN}"
            known = request.query.get("db") == ["farm"]
        else:
            allowed = request.headers.get("Authorization") == self._basic
            known = request.path == "/write" and request.query.get("db") == ["farm"]
        if not allowed:
            return Say(401, self._error(f"not allowed: {request.headers.get('Authorization')}"))
        if not known:
            return Say(404, self._error("not found"))
        if request.path == "/api/v3/write_lp":
            # otherwise it keeps what it can, and may say 204 before its disk has it
            wanted = {"precision": ["millisecond"], "accept_partial": ["false"], "no_sync": ["false"]}
        else:
            wanted = {"precision": ["ms"]}
        if any(request.query.get(name) != value for name, value in wanted.items()):
            return Say(400, self._error("precision"))
        try:
            points = read(request.body.decode())
        except (SyntaxFault, UnicodeDecodeError) as error:
            return Say(400, self._error(f"unable to parse: {error}"))
        if len(points) > self.most_lines:
            return Say(413, self._error("too large"))
        if any(self.poison(point) for point in points):
            return Say(422, self._error("field type conflict"))
        for point in points:
            self.points[point.measurement, point.tags["tag"], point.time_ms] = point
        return Say(204)

    def _tell(self, handler: BaseHTTPRequestHandler) -> None:
        """InfluxQL at `/query`, which all three versions have: how many points each series has, or when they stand."""
        parts = urlsplit(handler.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        found = _QUESTION.fullmatch(asked.get("q", ""))
        allowed = handler.headers.get("Authorization", "").rsplit(" ", 1)[-1] in (TOKEN, self._basic.split()[-1])
        status, told = 200, b""
        if not allowed or parts.path != "/query" or (asked.get("db"), asked.get("epoch")) != ("farm", "ms"):
            status, told = 401, self._error("not allowed")
        elif found is None:
            status, told = 400, self._error(f"error parsing query: {asked.get('q')}")
        else:
            what, measurement, where, first, last = found.groups()
            wanted = dict(_TAG.findall(where))
            series: dict[tuple[tuple[str, str], ...], list[int]] = {}
            for point in self.points.values():
                there = point.measurement == measurement and int(first) <= point.time_ms < int(last)
                if there and wanted.items() <= point.tags.items():
                    key = tuple(sorted((name, point.tags[name]) for name in ("facility", "zone", "tag")))
                    series.setdefault(key, []).append(point.time_ms)
            shown = [
                {"tags": dict(key), "values": [[0, len(times)]] if "count" in what else [[one, 3] for one in times]}
                for key, times in series.items()
            ]
            told = json.dumps({"results": [{"statement_id": 0, **({"series": shown} if shown else {})}]}).encode()
        handler.send_response_only(status)
        handler.send_header("Content-Length", str(len(told)))
        handler.end_headers()
        handler.wfile.write(told)

    @property
    def _basic(self) -> str:
        return "Basic " + base64.b64encode(f"farm:{TOKEN}".encode()).decode()

    @staticmethod
    def _error(message: str) -> bytes:
        return json.dumps({"code": "invalid", "message": message, "error": message}).encode()
