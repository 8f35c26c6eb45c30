"""The ways out: what is sent to a sink, and what its answer means.

Retries are ours alone (`shipper.py`): the clients send once and report. A secret is asked for by its name when a sink
is opened, and stands in no message and no repr.
"""

from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from edge_config.model.sinks import FileSink, InfluxSink, MqttSink
from edge_config.model.sinks import Sink as Config

LINES = 5000
"""Most lines of one request, where the site says nothing."""
RETRY_AFTER_LIMIT_S = 3600.0
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

Secrets = Callable[[str], str]
"""The value of a secret by its name; raises LookupError or OSError where it cannot be had."""


class Answer(NamedTuple):
    """What came back. `status` is None where nothing did, or nothing whole."""

    status: int | None
    message: str = ""
    retry_after_s: float | None = None


class Verdict(Enum):
    """What an answer asks us to do. What is not known is kept and tried again."""

    DELIVERED = auto()
    BAD_LINES = auto()
    """Some line is at fault: find it."""
    TOO_LARGE = auto()
    REFUSED = auto()
    """Nothing of ours gets in until a person puts it right: a token, a bucket, an address."""
    BUSY = auto()
    FAILED = auto()


def verdict(answer: Answer) -> Verdict:
    """The table of answers."""
    match answer.status:
        case None | 408:
            return Verdict.FAILED
        case 400 | 422:
            return Verdict.BAD_LINES
        case 413:
            return Verdict.TOO_LARGE
        case 429 | 503:
            return Verdict.BUSY
        case status if 200 <= status < 300:
            # a page is the greeting of a hotel's or a phone's network, not of a database
            return Verdict.REFUSED if answer.message.lstrip().startswith("<") else Verdict.DELIVERED
        case status if status >= 500:
            return Verdict.FAILED
    return Verdict.REFUSED


def is_about_lines(answer: Answer) -> bool:
    """Whether a 400 is InfluxDB's own; what stands between may say 400 to anything."""
    return answer.message.lstrip().startswith("{")


class Sink(Protocol):
    """Where lines go, a body of them at a time. `send` blocks, and raises nothing: what went wrong is an Answer without
    a status.

    `meanwhile` is done once, if at all, while an answer is waited for.
    """

    def send(self, body: bytes, meanwhile: Callable[[], object] | None = None) -> Answer: ...

    def close(self) -> None: ...


def opener(
    config: Config, secrets: Secrets, site: str = "", units: Mapping[str, str] | None = None
) -> Callable[[], Sink]:
    """What opens the sink of `site` when called; `units` by tag. Imports the client it needs now, not within a scan.

    The opener raises what `secrets` raises, OSError for certificates, and ValueError for an address that cannot be
    used.
    """
    match config:
        case FileSink():
            from controller.history.file_sink import FileSink as ToFile

            return lambda: ToFile(config)
        case MqttSink():
            from controller.history.mqtt_sink import MqttSink as ToBroker

            return lambda: ToBroker(config, secrets, site, units or {})
    if config.dialect == "v2":
        # two seconds of a fast machine, which a site without it is spared
        from controller.history.influx_v2 import V2Sink

        return lambda: V2Sink(config, secrets)
    from controller.history.influx_http import HttpSink

    return lambda: HttpSink(config, secrets)


def most_lines(config: Config) -> int:
    """Of one request."""
    return LINES if isinstance(config, FileSink) else config.batch


def address(config: InfluxSink) -> tuple[str, bool]:
    """The URL, and whether to compress: 58 bytes a point become 6, which pays on any wire but the loopback."""
    parts = urlsplit(config.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the url of an InfluxDB begins with http:// or https:// and names a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a password does not stand in the url: give it as password: !secret NAME")
    compress = parts.hostname not in _LOOPBACK if config.gzip is None else config.gzip
    return config.url.rstrip("/"), compress


def retry_after_s(value: str | None, date: str | None) -> float | None:
    """`Retry-After` in seconds, whether it was a number or a date (held against the server's own `Date`)."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - parsedate_to_datetime(date or "")).total_seconds()
        except (TypeError, ValueError):
            return None
    return min(seconds, RETRY_AFTER_LIMIT_S) if seconds >= 0.0 else None


def clean(message: str, *hidden: str) -> str:
    """The message on one line, short, and without what is hidden."""
    for secret in hidden:
        if secret:
            message = message.replace(secret, "***")
    return " ".join(message.split())[:300]
