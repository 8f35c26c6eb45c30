"""`farmloop doctor`: what is wrong with this box, a running agent, a site or a connection, and what to do about it."""

import os
import shutil
import socket
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from controller.commissioning import standing, to_test
from controller.hold import is_held
from controller.kept import read_errors, read_outbox, read_state_s
from controller.secrets import SecretError, secrets_beside
from controller.wiring import BY_ID, bus_settings
from drivers.driver import SerialSettings
from edge_config.loader import load_site
from edge_config.model.sinks import FileSink, InfluxSink
from edge_config.model.site import BrokerBus, Site
from foundation.clock import WallClock
from foundation.messages import tell
from foundation.problem import Problem, ProblemsError

LEAST_DISK_BYTES = 512 << 20
BUILT_S = 1_767_225_600.0
"""1 January 2026: no clock that is right says less."""
CONNECT_S = 2.0
PORTS = {"http": 80, "https": 443, "mqtt": 1883, "mqtts": 8883}
STATE_OLD_S = 60.0
"""A running agent writes its state every ten seconds."""
BACKLOG_OLD_S = 3600.0
ERRORS_S = 86400.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One look: what was found, and what would do where it is not well."""

    ok: bool
    what: str
    do: str = ""


def examine(
    site: Path | None,
    language: str,
    directory: Path = Path("var"),
    *,
    now_s: float | None = None,
    least_disk_bytes: int = LEAST_DISK_BYTES,
) -> list[Finding]:
    """Look at the box, the agent's directory, the site and all it connects to. Reads and connects; changes nothing."""
    speech = _Speech(language)
    now_s = WallClock().now() if now_s is None else now_s
    findings = list(_box(speech, directory, now_s, least_disk_bytes))
    loaded = None
    if site is not None:
        try:
            loaded = load_site(site)
        except OSError as error:
            findings.append(speech.bad("site_unreadable", file=site, why=error.strerror or error))
        except ProblemsError as error:
            findings += [_mistake(problem, language) for problem in error.problems if problem.is_error]
        else:
            findings.append(speech.good("site_ok", file=site))
            findings += [Finding(True, problem.line_of_text(language)) for problem in loaded.warnings]
    findings += _agent(speech, directory, tuple(loaded.site.sinks) if loaded else (), now_s)
    if loaded is not None and site is not None:
        findings += _commissioned(speech, loaded.site, directory)
        findings += _ends(speech, loaded.site, site)
    return findings


def _mistake(problem: Problem, language: str) -> Finding:
    where = f"{problem.file}:{problem.line}:{problem.column}"
    return Finding(False, f"{where} {problem.code} {problem.message(language)}", problem.hint(language))


class _Speech:
    """Findings in one language: `doctor.KEY` says what, `doctor.KEY.do` what would do."""

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

    def age(self, seconds: float) -> str:
        if seconds < 120.0:
            return tell("doctor.age.seconds", self.language, count=round(seconds))
        if seconds < 7200.0:
            return tell("doctor.age.minutes", self.language, count=round(seconds / 60.0))
        return tell("doctor.age.hours", self.language, count=round(seconds / 3600.0))


# --- the box


def _box(speech: _Speech, directory: Path, now_s: float, least_disk_bytes: int) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield speech.judge(sys.version_info >= (3, 11), "python", version=version)
    yield speech.judge(sqlite3.sqlite_version_info >= (3, 37), "sqlite", version=sqlite3.sqlite_version)
    place = directory.absolute()
    while not place.is_dir():
        place = place.parent
    free = shutil.disk_usage(place).free
    yield speech.judge(free >= least_disk_bytes, "disk", place=place, free=free >> 20)
    yield speech.judge(os.access(place, os.W_OK | os.X_OK), "writable", place=place)
    yield speech.judge(now_s > BUILT_S, "clock")


# --- an agent's directory


def _agent(speech: _Speech, directory: Path, sinks: Sequence[str], now_s: float) -> Iterator[Finding]:
    if directory.is_dir() and not os.access(directory, os.R_OK | os.X_OK):
        yield speech.bad("agent_denied", directory=directory)
        return
    runs = is_held(directory)
    if not runs and not (directory / "state.db").exists() and not (directory / "outbox.db").exists():
        yield speech.good("agent_never", directory=directory)
        return
    yield speech.good("agent_runs" if runs else "agent_stopped", directory=directory)
    yield from _state(speech, directory, runs, now_s)
    yield from _outbox(speech, directory, sinks, now_s)
    try:
        errors = read_errors(directory, now_s - ERRORS_S)
    except OSError as error:
        yield speech.bad("log_unreadable", directory=directory, why=error.strerror or error)
        return
    if errors.last_s is None:
        yield speech.good("log_ok")
    else:
        yield speech.bad("log_errors", count=errors.count, age=speech.age(now_s - errors.last_s), last=errors.last,
                         directory=directory)  # fmt: skip


def _state(speech: _Speech, directory: Path, runs: bool, now_s: float) -> Iterator[Finding]:
    try:
        state_s = read_state_s(directory)
    except (OSError, ValueError, sqlite3.Error) as error:
        yield speech.bad("state_unreadable", directory=directory, why=error)
    else:
        if state_s is not None:
            age_s = max(now_s - state_s, 0.0)
            yield speech.judge(not runs or age_s < STATE_OLD_S, "state", age=speech.age(age_s))
    for aside in sorted(
        path.name for pattern in ("state.corrupt", "state.db.corrupt.*") for path in directory.glob(pattern)
    ):
        if not aside.endswith(("-wal", "-shm")):
            yield speech.bad("state_aside", directory=directory, file=aside)


def _outbox(speech: _Speech, directory: Path, sinks: Sequence[str], now_s: float) -> Iterator[Finding]:
    try:
        outbox = read_outbox(directory, sinks)
    except sqlite3.Error as error:
        yield speech.bad("outbox_unreadable", directory=directory, why=error)
        return
    if outbox is None:
        return
    for name, backlog in outbox.backlogs.items():
        if backlog.oldest_s is None:
            yield speech.good("backlog_none", name=name)
        else:
            age_s = max(now_s - backlog.oldest_s, 0.0)
            yield speech.judge(
                age_s < BACKLOG_OLD_S, "backlog", name=name, points=backlog.points, age=speech.age(age_s)
            )  # fmt: skip
    if outbox.dead:
        yield speech.bad("dead", count=outbox.dead, directory=directory)


def _commissioned(speech: _Speech, site: Site, directory: Path) -> Iterator[Finding]:
    stands = standing(site, directory)
    waiting = [
        f"{name} ({tell(f'commission.stands.{stand}', speech.language)})"
        for name, stand in stands.items()
        if stand not in ("passed", "not needed")
    ]
    if to_test(site):
        yield speech.judge(not waiting, "commissioned", devices=", ".join(waiting))


# --- a site's ends


def _ends(speech: _Speech, site: Site, path: Path) -> Iterator[Finding]:
    secret = secrets_beside(path)
    for name in _secrets_of(site):
        try:
            secret(name)
        except SecretError as error:
            yield speech.bad(f"secret_{error.kind}", name=name, file=error.file, variable=error.variable)
        else:
            yield speech.good("secret_ok", name=name)
    for bus in bus_settings(site, lambda name: "", {}, 1.0):
        if isinstance(bus, SerialSettings):
            yield _serial(speech, bus)
        else:
            yield _connect(speech, bus.id, bus.host, bus.port)
    for name, sink in site.sinks.items():
        if not isinstance(sink, FileSink):
            url = urlsplit(sink.url)
            yield _connect(speech, name, url.hostname or "", url.port or PORTS[url.scheme])


def _secrets_of(site: Site) -> list[str]:
    """The names of all that the agent will ask for."""
    named = [one for bus in site.buses.values() if isinstance(bus, BrokerBus) for one in (bus.username, bus.password)]
    for sink in site.sinks.values():
        if not isinstance(sink, FileSink):
            named += [sink.username, sink.password]
        if isinstance(sink, InfluxSink):
            named.append(sink.token)
    return list(dict.fromkeys(one.name for one in named if one is not None))


def _serial(speech: _Speech, bus: SerialSettings) -> Finding:
    port = Path(bus.port)
    if not port.exists():
        found = ", ".join(sorted(one.name for one in BY_ID.iterdir())) if BY_ID.is_dir() else ""
        return speech.bad("port_missing", bus=bus.id, port=port, found=found or "-")
    if not os.access(port, os.R_OK | os.W_OK):
        return speech.bad("port_denied", bus=bus.id, port=port)
    return speech.good("port_ok", bus=bus.id, port=port)


def _connect(speech: _Speech, name: str, host: str, port: int) -> Finding:
    try:
        with socket.create_connection((host, port), CONNECT_S):
            return speech.good("connect_ok", name=name, host=host, port=port)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        return speech.bad("connect_bad", name=name, host=host, port=port, why=why)
