"""`farmloop doctor`: what is wrong with this box, a site or a connection, and what to do about it."""

import os
import shutil
import socket
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from controller.secrets import SecretError, secrets_beside
from controller.wiring import bus_settings
from drivers.driver import BrokerSettings, SerialSettings, TcpSettings
from edge_config.loader import load_site
from edge_config.model.site import InfluxSink, Site
from foundation.clock import WallClock
from foundation.messages import tell
from foundation.problem import ProblemsError

LEAST_DISK_BYTES = 512 << 20
BUILT_S = 1_767_225_600.0
"""1 January 2026: no clock that is right says less."""
CONNECT_S = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One look: what was found, and what would do where it is not well."""

    ok: bool
    what: str
    do: str = ""


def examine(site: Path | None, language: str, directory: Path = Path("var")) -> list[Finding]:
    """Look at the box, then at the site and all it connects to. Reads and connects; changes nothing."""
    speech = _Speech(language)
    findings = list(_box(speech, directory))
    if site is None:
        return findings
    try:
        loaded = load_site(site)
    except OSError as error:
        return [*findings, speech.bad("site_unreadable", file=site, why=error.strerror or error)]
    except ProblemsError as error:
        return findings + [Finding(False, p.line_of_text(language)) for p in error.problems if p.is_error]
    findings.append(speech.good("site_ok", file=site))
    findings += [Finding(True, problem.line_of_text(language)) for problem in loaded.warnings]
    return findings + list(_ends(speech, loaded.site, site))


class _Speech:
    def __init__(self, language: str) -> None:
        self.language = language

    def good(self, key: str, **values: object) -> Finding:
        return Finding(True, tell(f"doctor.{key}", self.language, **values))

    def bad(self, key: str, **values: object) -> Finding:
        return Finding(
            False, tell(f"doctor.{key}", self.language, **values), tell(f"doctor.{key}.do", self.language, **values)
        )  # fmt: skip

    def judge(self, ok: bool, key: str, **values: object) -> Finding:
        return self.good(f"{key}_ok", **values) if ok else self.bad(f"{key}_bad", **values)


def _box(speech: _Speech, directory: Path) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield speech.judge(sys.version_info >= (3, 11), "python", version=version)
    yield speech.judge(sqlite3.sqlite_version_info >= (3, 31), "sqlite", version=sqlite3.sqlite_version)
    place = directory if directory.is_dir() else directory.absolute().parent
    while not place.is_dir():
        place = place.parent
    free = shutil.disk_usage(place).free
    yield speech.judge(free >= LEAST_DISK_BYTES, "disk", place=place, free=free >> 20)
    yield speech.judge(os.access(place, os.W_OK), "writable", place=place)
    yield speech.judge(WallClock().now() > BUILT_S, "clock")


def _ends(speech: _Speech, site: Site, path: Path) -> Iterator[Finding]:
    secrets = secrets_beside(path)
    try:
        buses = bus_settings(site, secrets, {}, 1.0)
    except SecretError as error:
        yield speech.bad("secret", why=error)
        return
    for bus in buses:
        match bus:
            case SerialSettings():
                yield from _serial(speech, bus)
            case TcpSettings() | BrokerSettings():
                yield _connect(speech, bus.id, bus.host, bus.port)
    for name, sink in site.sinks.items():
        yield from _sink(speech, name, sink, secrets)


def _serial(speech: _Speech, bus: SerialSettings) -> Iterator[Finding]:
    port = Path(bus.port)
    if not port.exists():
        yield speech.bad("port_missing", bus=bus.id, port=bus.port)
    elif not os.access(port, os.R_OK | os.W_OK):
        yield speech.bad("port_denied", bus=bus.id, port=bus.port)
    else:
        yield speech.good("port_ok", bus=bus.id, port=bus.port)


def _connect(speech: _Speech, name: str, host: str, port: int) -> Finding:
    try:
        with socket.create_connection((host, port), CONNECT_S):
            return speech.good("connect_ok", name=name, host=host, port=port)
    except OSError as error:
        return speech.bad("connect_bad", name=name, host=host, port=port, why=error.strerror or error)


def _sink(speech: _Speech, name: str, sink: InfluxSink, secrets: object) -> Iterator[Finding]:
    from urllib.parse import urlsplit

    url = urlsplit(sink.url)
    if url.hostname is None:
        yield speech.bad("url", name=name, url=sink.url)
        return
    yield _connect(speech, name, url.hostname, url.port or (443 if url.scheme == "https" else 80))
    for secret in (sink.token, sink.password):
        if secret is not None and callable(secrets):
            try:
                secrets(secret.name)
            except OSError as error:
                yield speech.bad("secret", why=error)
