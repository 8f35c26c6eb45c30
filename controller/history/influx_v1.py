"""InfluxDB 1: `/write?db=` through httpx."""

import gzip
import logging
from collections.abc import Sequence

import httpx

from controller.history.sinks import ANSWER_S, CONNECT_S, Answer, Secrets, address, clean, retry_after_s
from edge_config.model.site import InfluxSink


class V1Sink:
    """One InfluxDB 1."""

    def __init__(self, config: InfluxSink, secrets: Secrets) -> None:
        # a line a second in the journal says nothing and wears a card out
        logging.getLogger("httpx").setLevel(logging.WARNING)
        url, self._compress = address(config)
        self._hidden = ""
        headers: dict[str, str] = {"Content-Type": "text/plain; charset=utf-8"}
        auth: tuple[str, str] | None = None
        if config.token is not None:
            self._hidden = secrets(config.token.name)
            headers["Authorization"] = f"Token {self._hidden}"
        elif config.username is not None:
            self._hidden = secrets(config.password.name) if config.password is not None else ""
            auth = (secrets(config.username.name), self._hidden)
        self._parameters = {"db": config.database or config.bucket or "", "precision": "ms"}
        self._client = httpx.Client(
            base_url=url,
            headers=headers,
            auth=auth,
            timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
            trust_env=False,
        )

    def send(self, lines: Sequence[bytes]) -> Answer:
        body = b"\n".join(lines)
        headers = {"Content-Encoding": "gzip"} if self._compress else {}
        content = gzip.compress(body, 6, mtime=0) if self._compress else body
        try:
            answer = self._client.post("/write", params=self._parameters, content=content, headers=headers)
        except (httpx.HTTPError, OSError) as error:
            return Answer(None, clean(f"{type(error).__name__}: {error}", self._hidden))
        wait_s = retry_after_s(answer.headers.get("Retry-After"), answer.headers.get("Date"))
        return Answer(answer.status_code, clean(answer.text, self._hidden), wait_s)

    def close(self) -> None:
        self._client.close()
