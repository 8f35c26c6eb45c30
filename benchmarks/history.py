"""The outbox: bytes and CPU, each beside what one would otherwise take. The way on from it is `shipping`.

200 tags, all changing at 1 Hz, values with two decimals. Both sides of a row are measured in the same sitting. `limit`
is the ratio below which something is wrong.
"""

import math
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from influxdb_client.client.write.point import Point

from benchmarks.rows import GOAL, Row, row
from controller.history.exception import Reports, report
from controller.history.line import line, milliseconds, prefix
from controller.history.outbox import Blob, Outbox, pack
from foundation.reading import Reading, good
from foundation.tag import Kind, Tag

TAGS = {
    name: Tag(name, "degC", Kind.MEASURED, "env", "", "")
    for name in (
        f"gh{house}.bay{bay}.sensor_{number}" for house in range(4) for bay in range(5) for number in range(10)
    )
}
PREFIXES = {name: prefix("farm1", tag) for name, tag in TAGS.items()}
START_S = 1_700_000_000.0
TICKS = 500


def scans(ticks: int) -> list[list[Reading]]:
    """A day on a farm: slow waves with a little noise."""
    random = Random(3)
    return [
        [
            good(name, round(20 + 8 * math.sin(tick / 3000 + number) + random.gauss(0, 0.05), 2), START_S + tick)
            for number, name in enumerate(TAGS)
        ]
        for tick in range(ticks)
    ]


def as_point(reading: Reading) -> Any:
    """The same reading as a user of influxdb-client would write it."""
    facility, zone, name = reading.tag.split(".")
    # the client's points carry no types
    measurement: Any = Point
    point = measurement("env").tag("facility", facility).tag("site", "farm1").tag("tag", name).tag("zone", zone)
    point = point.field("v", reading.value).field("q", int(reading.quality))
    return point.time(milliseconds(reading.time_s), "ms")


def packed(readings: list[Reading]) -> Blob:
    """Lines and compression."""
    return pack(
        [line(PREFIXES[reading.tag], reading) for reading in readings],
        [milliseconds(reading.time_s) for reading in readings],
    )


def cpu_us(work: Callable[[], object], points: int) -> float:
    """CPU of the best of five, microseconds a point."""
    best = math.inf
    for _ in range(5):
        before = time.process_time()
        work()
        best = min(best, time.process_time() - before)
    return best / points * 1e6


def cpu(made: list[list[Reading]]) -> list[Row]:
    """From the reading to the blob."""
    few = made[:50]
    points = len(few) * len(TAGS)

    def ours() -> None:
        reports = Reports(START_S, START_S)
        for number, readings in enumerate(few):
            reports, chosen = report(reports, readings, START_S + number, TAGS)
            packed(chosen)

    def lines() -> None:
        for readings in few:
            for reading in readings:
                line(PREFIXES[reading.tag], reading)

    def peer() -> None:
        for readings in few:
            for reading in readings:
                as_point(reading).to_line_protocol()

    own, theirs, alone = cpu_us(ours, points), cpu_us(peer, points), cpu_us(lines, points)
    return [
        row("history CPU reading to blob", own, "influxdb-client Point to line", theirs, "us/point", 1.5),
        row("history CPU reading to line", alone, "influxdb-client Point to line", theirs, "us/point", 5.0),
    ]


def disk(made: list[list[Reading]], directory: Path) -> list[Row]:
    """Bytes a point in the file, and what a commit takes."""
    box = Outbox(directory / "outbox.db", ["influx"])
    box.open(START_S)
    took = []
    for readings in made:
        blob = packed(readings)
        before = time.perf_counter()
        box.append([blob])
        took.append(time.perf_counter() - before)
    box.close()
    plain = sqlite3.connect(directory / "rows.db", isolation_level=None)
    plain.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
    plain.execute("CREATE TABLE rows (t INTEGER, tag INTEGER, v REAL, q INTEGER)")
    numbers = {name: number for number, name in enumerate(TAGS)}
    took_rows = []
    for readings in made:
        rows = [(milliseconds(r.time_s), numbers[r.tag], r.value, int(r.quality)) for r in readings]
        before = time.perf_counter()
        plain.execute("BEGIN")
        plain.executemany("INSERT INTO rows VALUES (?, ?, ?, ?)", rows)
        plain.execute("COMMIT")
        took_rows.append(time.perf_counter() - before)
    plain.close()
    points = len(made) * len(TAGS)
    size = (directory / "outbox.db").stat().st_size / points
    size_rows = (directory / "rows.db").stat().st_size / points
    ms, ms_rows = median(took) * 1000, median(took_rows) * 1000
    p99, p99_rows = sorted(took)[len(took) * 99 // 100] * 1000, sorted(took_rows)[len(took) * 99 // 100] * 1000
    return [
        row("history outbox size", size, GOAL, 8.0, "byte/point"),
        row("history outbox size", size, "SQLite, a row a point", size_rows, "byte/point", 2.0),
        row("history commit of 200 points, median", ms, "SQLite, a row a point", ms_rows, "ms", 0.5),
        row("history commit of 200 points, p99", p99, "SQLite, a row a point", p99_rows, "ms", 0.3),
    ]


def run(quick: bool = False) -> list[Row]:
    """All rows; about a quarter of a minute."""
    made = scans(100 if quick else TICKS)
    with TemporaryDirectory() as name:
        return [*cpu(made), *disk(made, Path(name))]
