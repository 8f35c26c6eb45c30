"""From tag changes to the outbox to a real database: ours, influxdb-client's batching, and raw lines as the limit.

InfluxDB 1.6 stands behind the rewrite of version 2's path, VictoriaMetrics takes version 1's. All sides send the same
points in the same sitting, and what was sent is counted back in the server. CPU is of this process with all its
threads, so that a busy machine changes nothing; servers have their own.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import WriteOptions

from benchmarks.history import PREFIXES, START_S, TAGS, as_point, packed, scans
from benchmarks.rows import GOAL, Row, row
from controller.history.exception import Reports, report
from controller.history.line import line
from controller.history.outbox import Outbox
from controller.history.shipper import Shipper
from controller.history.sinks import LINES, opener
from edge_config.model.sinks import InfluxSink
from foundation.reading import Reading
from tests.wire.servers import InfluxDB, InfluxV2, VictoriaMetrics

TURNS = 5
TICKS_A_COMMIT = 5
"""When the disk is what we wait for: as many as the agent commits at once then."""
Scans = list[list[Reading]]


class Server(NamedTuple):
    """A running one."""

    name: str
    url: str
    sink: Callable[[str], InfluxSink]
    path: str
    """Where raw lines go, before the database's name."""
    begin: Callable[[str], None]
    points: Callable[[str], int]
    """How many there are, by database."""


class Cost(NamedTuple):
    """Of one drain or write."""

    cpu_s: float
    wall_s: float


@contextmanager
def servers(directory: Path) -> Iterator[list[Server]]:
    """Both, with nothing in them."""
    with (
        InfluxDB(directory / "influxdb") as influx,
        InfluxV2(directory / "nginx", influx) as front,
        VictoriaMetrics(directory / "victoria") as metrics,
    ):

        def in_influx(database: str) -> int:
            # bay by bay: it takes longer over fifty million points than one answer is waited for
            bays = sorted({tuple(name.split(".")[:2]) for name in TAGS})
            count = 0
            for facility, zone in bays:
                where = f"\"facility\" = '{facility}' AND \"zone\" = '{zone}'"
                series = influx.query(database, f'SELECT count("v") FROM "env" WHERE {where}')
                count += int(series[0]["values"][0][1]) if series else 0
            return count

        def in_victoria(database: str) -> int:
            return sum(len(one["values"]) for one in metrics.export(f'{{__name__="env_v",db="{database}"}}'))

        def as_v2(name: str) -> InfluxSink:
            return InfluxSink(type="influxdb", url=front.url, bucket=name, org="o")

        def as_victoria(name: str) -> InfluxSink:
            return InfluxSink(type="influxdb", dialect="victoriametrics", url=metrics.url, bucket=name)

        yield [
            Server("InfluxDB", front.url, as_v2, "/api/v2/write?org=o&precision=ms&bucket=", influx.create, in_influx),
            Server("VictoriaMetrics", metrics.url, as_victoria, "/write?precision=ms&db=", lambda _: None, in_victoria),
        ]


def changes(ticks: int) -> Scans:
    """Of each tick, what is worth a point."""
    reports, found = Reports(START_S, START_S), []
    for number, readings in enumerate(scans(ticks)):
        reports, chosen = report(reports, readings, START_S + number, TAGS)
        found.append(list(chosen))
    return found


def cost(work: Callable[[], object]) -> Cost:
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    work()
    return Cost(time.process_time() - cpu_s, time.perf_counter() - wall_s)


class Ours:
    """An outbox and its shipper."""

    def __init__(self, path: Path, server: Server, database: str) -> None:
        self.box = Outbox(path, ["sink"])
        self.box.open(START_S)
        self.shipper = Shipper(
            "sink", self.box, opener(server.sink(database), lambda _: ""), lambda: START_S, Random(1)
        )

    def record(self, made: Scans) -> None:
        """From what a scan saw to what is on the disk."""
        reports, blobs = Reports(START_S, START_S), []
        for number, readings in enumerate(made):
            reports, chosen = report(reports, readings, START_S + number, TAGS)
            blobs.append(packed(chosen))
            if len(blobs) == TICKS_A_COMMIT or number == len(made) - 1:
                self.box.append(blobs)
                blobs = []

    def ship(self) -> None:
        """All of it. Raises RuntimeError where the server does not take it."""
        while self.shipper.step() is not None:
            if self.shipper.health.state != "ok":
                raise RuntimeError(self.shipper.health.last_error)

    def close(self) -> None:
        self.shipper.stop()
        self.box.close()


def raw_lines(made: Scans, server: Server, database: str) -> Cost:
    """Nothing but the transport: bodies that are ready, one request after the other."""
    flat = [line(PREFIXES[reading.tag], reading).encode() for readings in made for reading in readings]
    opening = len(made[0])
    first = b"\n".join(flat[:opening])
    bodies = [b"\n".join(flat[start : start + LINES]) for start in range(opening, len(flat), LINES)]
    with httpx.Client(trust_env=False, timeout=60.0) as client:

        def post(body: bytes) -> None:
            client.post(f"{server.url}{server.path}{database}", content=body).raise_for_status()

        post(first)

        def work() -> None:
            for body in bodies:
                post(body)

        return cost(work)


def batching(made: Scans, server: Server, database: str) -> Cost:
    """influxdb-client's own way for many points: Points, gathered and sent by threads of its."""
    # the client's own carry no types
    client: Any = InfluxDBClient(server.url, "", org="o")
    write: Any = client.write_api(write_options=WriteOptions(batch_size=LINES, flush_interval=1_000))
    write.write(database, record=[as_point(reading) for reading in made[0]])

    def work() -> None:
        for readings in made[1:]:
            write.write(database, record=[as_point(reading) for reading in readings])
        # waits until all is sent
        write.close()

    try:
        return cost(work)
    finally:
        client.close()


def own(made: Scans, server: Server, path: Path, database: str) -> tuple[Cost, Cost]:
    """To the outbox, and on from there."""
    ours = Ours(path, server, database)
    ours.record(made[:1])
    ours.ship()
    to_disk, on = cost(lambda: ours.record(made[1:])), cost(ours.ship)
    ours.close()
    return to_disk, on


def sides(made: Scans, directory: Path, server: Server, turns: int) -> list[Row]:
    """Ours beside both others at one server."""
    recorded, shipped, raw, theirs = [], [], [], []
    for turn in range(turns):
        names = [f"{side}{turn}" for side in ("ours", "raw", "client")]
        for name in names:
            server.begin(name)
        to_disk, on = own(made, server, directory / f"{server.name}{turn}.db", names[0])
        recorded.append(to_disk)
        shipped.append(on)
        raw.append(raw_lines(made, server, names[1]))
        if server.name == "InfluxDB":
            # it speaks nothing that VictoriaMetrics 1.79 listens to
            theirs.append(batching(made, server, names[2]))
        else:
            names.pop()
        for name in names:
            if (held := server.points(name)) != sum(map(len, made)):
                raise RuntimeError(f"{server.name} {name}: {held} of {sum(map(len, made))} points arrived")
    # the first tick opened the connections
    points = sum(map(len, made[1:]))
    a_point_us = 1e6 / points
    record_us, ship_us = (median(one.cpu_s for one in costs) * a_point_us for costs in (recorded, shipped))
    # the best of each: what else the machine does only slows
    raw_rate = max(points / one.wall_s for one in raw)
    ship_rate = max(points / one.wall_s for one in shipped)
    rows = [
        row(
            f"ship to {server.name}, rate", ship_rate, "raw lines over httpx", raw_rate, "points/s", 0.8,
            more_is_better=True,
        ),
        row(
            f"tag changes to outbox to {server.name}, one core", 1e6 / (record_us + ship_us), GOAL, 50_000.0,
            "points/s", more_is_better=True,
        ),
    ]  # fmt: skip
    if theirs:
        theirs_us = median(one.cpu_s for one in theirs) * a_point_us
        rows += [
            row(f"ship to {server.name}, CPU", ship_us, "influxdb-client batching Points", theirs_us, "us/point", 5.0),
            row(
                f"tag changes to outbox to {server.name}, CPU", record_us + ship_us,
                "influxdb-client batching Points", theirs_us, "us/point", 1.0,
            ),
        ]  # fmt: skip
    return rows


def run(quick: bool = False) -> list[Row]:
    """All rows; about a minute."""
    made = changes(60 if quick else 500)
    rows: list[Row] = []
    with TemporaryDirectory() as name, servers(Path(name)) as both:
        for server in both:
            rows += sides(made, Path(name), server, 1 if quick else TURNS)
    return rows
