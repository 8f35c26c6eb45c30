"""The wire to a database: one request, one answer, neither of them longer or larger than it may be.

urllib3 bounds the wait for the next byte only. Here the whole answer is bounded in time and size, so that a server that
sends a byte now and then, or never stops, costs a shipper seconds and kilobytes. Redirects are not followed: a token is
meant for the server that the site names.
"""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from http.client import HTTPException
from io import BytesIO
from threading import Event, Lock, Thread
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, InsecureRequestWarning
from urllib3.response import BaseHTTPResponse

from edge_config.model.sinks import Tls
from foundation.clock import process_time

CONNECT_S, READ_S = 3.0, 10.0
"""Process time: to connect, and to wait for the next byte."""
WHOLE_S = 30.0
"""For a head, and for what follows it."""
IDLE_LOOKS = 60
"""So often nothing was waited for, and nobody needs to look."""
WHOLE_BYTES = 64 * 1024
"""Of an answer; what is longer is cut, and its connection closed. Who takes points has no more to say than this."""
_ABOUT_THE_BODY = ("content-encoding", "content-length", "transfer-encoding")


def context(tls: Tls) -> ssl.SSLContext:
    """Raises OSError (ssl.SSLError, FileNotFoundError) for certificates that cannot be read."""
    made = ssl.create_default_context(cafile=None if tls.ca is None else str(tls.ca))
    if not tls.verify:
        # the site's check has warned already
        urllib3.disable_warnings(InsecureRequestWarning)
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made


class _Watch:
    """One answer that is waited for, and no longer than WHOLE_S."""

    def __init__(self, sock: socket.socket | None) -> None:
        self.ends_s = process_time() + WHOLE_S
        self.late = False
        self._socket = sock

    def cut(self) -> None:
        self.late = True
        if self._socket is not None:
            with suppress(OSError):
                # past TLS, which would wait for a farewell
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Watchman:
    """Cuts what takes too long; one thread for all wires, for one a request would cost as much as the request."""

    def __init__(self) -> None:
        self._watched: set[_Watch] = set()
        self._lock = Lock()
        self._awake: Thread | None = None

    def begin(self, watch: _Watch) -> None:
        with self._lock:
            self._watched.add(watch)
            # in a fork it is not there any more
            if self._awake is None or not self._awake.is_alive():
                self._awake = Thread(target=self._look, name="wire-watch", daemon=True)
                self._awake.start()

    def end(self, watch: _Watch) -> None:
        with self._lock:
            self._watched.discard(watch)

    def _look(self) -> None:
        idle = 0
        while True:
            Event().wait(min(1.0, WHOLE_S / 4.0))
            with self._lock:
                for watch in self._watched:
                    if process_time() >= watch.ends_s:
                        watch.cut()
                idle = 0 if self._watched else idle + 1
                if idle > IDLE_LOOKS:
                    self._awake = None
                    return


_WATCHMAN = _Watchman()


@contextmanager
def _within(sock: socket.socket | None) -> Iterator[None]:
    """Shut the socket down when it takes longer, and raise TimeoutError for it."""
    watch = _Watch(sock)
    _WATCHMAN.begin(watch)
    try:
        yield
    except (HTTPError, HTTPException, OSError) as error:
        if watch.late:
            raise TimeoutError(f"no whole answer within {WHOLE_S:g} s") from error
        raise
    finally:
        _WATCHMAN.end(watch)
    if watch.late:
        # a head that ends early reads as a whole one
        raise TimeoutError(f"no whole answer within {WHOLE_S:g} s")


class _Plain(HTTPConnection):
    held: socket.socket | None = None
    """Known even after the head said that nothing more will be asked."""

    def __init__(self, *where: Any, asked: Callable[[], None], **settings: Any) -> None:
        super().__init__(*where, **settings)
        self._asked = asked

    def getresponse(self) -> Any:
        self.held = self.sock
        with _within(self.held):
            self._asked()
            return super().getresponse()


class _Secure(HTTPSConnection):
    held: socket.socket | None = None

    def __init__(self, *where: Any, asked: Callable[[], None], **settings: Any) -> None:
        super().__init__(*where, **settings)
        self._asked = asked

    def getresponse(self) -> Any:
        self.held = self.sock
        with _within(self.held):
            self._asked()
            return super().getresponse()


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Secure


class Wire(urllib3.PoolManager):
    """Asks once, and gives the whole answer or raises urllib3's HTTPError or OSError."""

    def __init__(self, tls: Tls, most_bytes: int = WHOLE_BYTES) -> None:
        self.meanwhile: Callable[[], object] | None = None
        """What may be done while the next answer is waited for; it is to raise nothing."""
        self._most_bytes = most_bytes
        timeout = urllib3.Timeout(connect=CONNECT_S, read=READ_S)
        super().__init__(1, ssl_context=context(tls), timeout=timeout, maxsize=1)
        self.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}

    def _new_pool(self, *where: Any, **settings: Any) -> urllib3.HTTPConnectionPool:
        pool = super()._new_pool(*where, **settings)
        pool.conn_kw["asked"] = self._wait
        return pool

    def _wait(self) -> None:
        work, self.meanwhile = self.meanwhile, None
        if work is not None:
            work()

    def urlopen(self, method: str, url: str, redirect: bool = True, **kw: Any) -> BaseHTTPResponse:  # type: ignore[override]
        kw |= {"preload_content": False, "retries": False}
        answer = super().urlopen(method, url, False, **kw)
        connection = answer.connection
        body = bytearray()
        # a 204 has nothing to wait for
        ends = answer.length_remaining == 0
        held = connection.held if isinstance(connection, _Plain | _Secure) else None
        with nullcontext() if ends else _within(held):
            for piece in answer.stream(65536 if self._most_bytes > WHOLE_BYTES else 4096, decode_content=False):
                body += piece
                if len(body) > self._most_bytes:
                    answer.close()
                    if 200 <= answer.status < 300:
                        raise HTTPError(f"{answer.status}, but with an answer longer than {self._most_bytes} bytes")
                    break
        answer.release_conn()
        headers = {name: value for name, value in answer.headers.items() if name.lower() not in _ABOUT_THE_BODY}
        return urllib3.HTTPResponse(
            BytesIO(body[: self._most_bytes]), headers, answer.status, reason=answer.reason, request_method=method
        )
