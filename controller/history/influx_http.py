"""InfluxDB 1 and 3, VictoriaMetrics: ready lines in one POST.

VictoriaMetrics wants `-dedup.minScrapeInterval=1ms`, or what is sent twice is shown twice; it says 204 seconds before
its disk has the points, so a power cut of *its* machine costs those; and it keeps numbers only.
"""

import gzip
from collections.abc import Callable
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError

from controller.history.line import split
from controller.history.sinks import Answer, Secrets, address, clean, retry_after_s
from controller.history.wire import Wire
from edge_config.model.sinks import InfluxSink


def authorization(config: InfluxSink, secrets: Secrets) -> tuple[dict[str, str], str]:
    """The header that lets us in, and what of it is to be hidden. Raises what `secrets` raises."""
    if config.token is not None:
        hidden = secrets(config.token.name)
        word = "Token" if config.dialect in ("v1", "v2") else "Bearer"
        return {"authorization": f"{word} {hidden}"}, hidden
    if config.username is not None:
        hidden = secrets(config.password.name) if config.password is not None else ""
        return urllib3.make_headers(basic_auth=f"{secrets(config.username.name)}:{hidden}"), hidden
    return {}, ""


class HttpSink:
    """One of them."""

    def __init__(self, config: InfluxSink, secrets: Secrets) -> None:
        url, self._compress = address(config)
        allowed, self._hidden = authorization(config, secrets)
        self._headers = {"Content-Type": "text/plain; charset=utf-8", **allowed}
        if self._compress:
            self._headers["Content-Encoding"] = "gzip"
        database = config.database or config.bucket
        path, asked = "/write", {"precision": "ms"}
        if config.dialect == "v3":
            # all or nothing, and only once it is on its disk
            path = "/api/v3/write_lp"
            asked = {"precision": "millisecond", "accept_partial": "false", "no_sync": "false"}
        if database is not None:
            asked["db"] = database
        if config.retention is not None:
            asked["rp"] = config.retention
        # VictoriaMetrics cuts at every line break, and keeps no text anyway
        self._one_line = config.dialect == "victoriametrics"
        self._url = f"{url}{path}?{urlencode(asked)}"
        self._wire = Wire(config.tls)

    def send(self, body: bytes, meanwhile: Callable[[], object] | None = None) -> Answer:
        if self._one_line and b'"' in body:
            body = b"\n".join([line.replace(b"\n", b" ") for line in split(body)])
        if self._compress:
            body = gzip.compress(body, 6, mtime=0)
        self._wire.meanwhile = meanwhile
        try:
            answer = self._wire.urlopen("POST", self._url, body=body, headers=self._headers)
        except (HTTPError, OSError) as error:
            return Answer(None, clean(f"{type(error).__name__}: {error}", self._hidden))
        wait_s = retry_after_s(answer.headers.get("Retry-After"), answer.headers.get("Date"))
        return Answer(answer.status, clean(answer.data.decode("utf-8", "replace"), self._hidden), wait_s)

    def close(self) -> None:
        self._wire.clear()
