"""A session of the fish farm on true wires with a real broker and a database that never answers, recorded for tests.

After some time the broker is killed and an oxygen probe unplugged, both at once; later both come back.
"""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from controller.agent import Agent
from controller.core.state import State
from controller.core.words import ScanResult, Snapshot
from controller.history.outbox import unpacked
from controller.logs import start_logging
from controller.panel.shapes import state_shape
from edge_config.loader import load_site
from edge_config.model.site import Site
from foundation.reading import Quality
from tests.history.protocol import Point, read
from tests.wire.agent_on_wires import SITES, running, until
from tests.wire.servers import Mosquitto

SPEED = 4.0
HEALTHY_S, BROKEN_S = 15.0, 30.0
"""Farm time before the faults, and with them."""
CANARY = "a-word-that-stands-nowhere-7f3a"
"""Stands in every secret."""
Scanned = tuple[float, State, Snapshot, ScanResult]
"""Farm time of a scan, what it was given, and what it made."""


@dataclass
class Session:
    """What was seen of it."""

    site: Site
    directory: Path
    turns: list[Scanned] = field(default_factory=list)
    screens: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    """What the panel shows: farm time and everything, each second of the faults."""
    broken_s: float = 0.0
    mended_s: float = 0.0
    writes: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Of each device: its writes when the faults began, and when they ended."""
    failed_writes: int = 0
    alarms: set[str] = field(default_factory=set)
    dropped: int = 0

    def during(self, begin_s: float, end_s: float) -> list[Scanned]:
        return [turn for turn in self.turns if begin_s <= turn[0] <= end_s]

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in (self.directory / "farmloop.log").read_text("utf-8").splitlines()]

    def points(self) -> list[Point]:
        """Every point in the outbox."""
        with sqlite3.connect(self.directory / "agent" / "outbox.db") as database:
            rows = database.execute("SELECT codec, crc32, body FROM outbox ORDER BY seq").fetchall()
        database.close()
        bodies = [unpacked(*row) for row in rows]
        return [point for body in bodies if body is not None for point in read(body.decode())]


def record_session(directory: Path) -> Session:
    """Live through it: some fifteen seconds."""
    text = (SITES / "ras.yaml").read_text("utf-8")
    text = text.replace("port: 1883}", "port: 1883, username: !secret farm_user, password: !secret farm_word}")
    text += 'sinks:\n  influx: {type: influxdb, url: "http://127.0.0.1:1", org: o, bucket: b, token: !secret token}\n'
    (directory / "site.yaml").write_text(text, "utf-8")
    session = Session(load_site(directory / "site.yaml").site, directory)
    with logging_to(directory), Mosquitto(directory / "mosquitto") as broker:
        asyncio.run(_live(session, broker))
    return session


@contextmanager
def logging_to(directory: Path) -> Iterator[None]:
    """The agent's own logging, and the tests' as it was afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    # start_logging closes what it finds
    for handler in handlers:
        root.removeHandler(handler)
    try:
        start_logging(directory, quiet=True)
        yield
    finally:
        for handler in list(root.handlers):
            root.removeHandler(handler)
            handler.close()
        for handler in handlers:
            root.addHandler(handler)
        root.setLevel(level)


async def _live(session: Session, broker: Mosquitto) -> None:
    def record(agent: Agent) -> None:
        scan = agent.core.scan

        def recording(state: State, snapshot: Snapshot, now_s: float) -> ScanResult:
            result = scan(state, snapshot, now_s)
            session.turns.append((now_s, state, snapshot, result))
            return result

        agent.core.scan = recording  # type: ignore[method-assign]  # a recorder between agent and core

    at = ("127.0.0.1", broker.port)
    async with running(
        session.site, session.directory, SPEED, broker=at, secrets=lambda name: f"{CANARY}-{name}", prepare=record
    ) as run:
        await until(lambda: run.quality("ras1.tank1.fed") is Quality.GOOD, "the feeder's first word")
        await run.clock.sleep_until(run.clock.now() + HEALTHY_S)
        devices = run.agent.devices()
        before = {name: one.writes for name, one in devices.items()}
        session.broken_s = run.clock.now()
        broker.kill()
        run.farm.device("ras_do_a").unplugged = True
        await run.agent.set_setpoint("raise-the-oxygen", "ras1.tank1.do_sp", 12.0, "a person")
        while run.clock.now() < session.broken_s + BROKEN_S:
            session.screens.append((run.clock.now(), orjson.loads(orjson.dumps(state_shape(run.agent), default=str))))
            session.alarms |= {alarm.id for alarm in run.agent.alarms()}
            await run.clock.sleep_until(run.clock.now() + 1.0)
        session.writes = {name: (before[name], one.writes) for name, one in devices.items()}
        session.failed_writes = sum(devices[name].writes_failed for name in ("ras_relays", "ras_node"))
        session.mended_s = run.clock.now()
        await asyncio.to_thread(broker.start)
        run.farm.device("ras_do_a").unplugged = False
        back = ("ras1.tank1.do_a", "ras1.tank1.do", "ras1.tank1.fed")
        await until(lambda: all(run.quality(tag) is Quality.GOOD for tag in back), "probe and broker back")
        log = session.directory / "farmloop.log"
        await until(lambda: "broker is back" in log.read_text("utf-8"), "the word that the broker is back")
        session.dropped = run.agent.history.status().dropped_points
