"""The box's own record: bytes and CPU a point, and how long a trend and a band of a day and of a year take.

Values with two decimals, all changing every second, at times that jitter by milliseconds as those of real scans do.
"""

import math
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.rows import GOAL, Row, row
from controller.history import past
from controller.history.aggregate import HOUR_S, Slot
from controller.history.bands import Band, bands
from controller.history.blocks import HOUR, NAME, RAW, lay
from controller.history.local import Local
from controller.history.local_reader import Reader
from foundation.reading import good
from foundation.tag import Kind, Tag

BEGIN_S = 1_699_999_200.0
"""An hour's beginning."""
PENS = 8


def names(count: int) -> list[str]:
    return [f"gh{number // 50}.bay{number // 10 % 5}.sensor_{number % 10}" for number in range(count)]


def recorded(path: Path, tags: list[str], seconds: int) -> tuple[float, float]:
    """CPU seconds that it took to keep `seconds` of all tags, and farm time at the end."""
    random, record, spent_s = Random(3), Local(path), 0.0
    for second in range(seconds):
        at_s = BEGIN_S + second
        points = [
            good(tag, round(20 + 8 * math.sin(second / 3000 + number) + random.gauss(0, 0.05), 2), at_s + jitter_s)
            for number, tag in enumerate(tags)
            for jitter_s in (round(random.uniform(0.0, 0.01), 3),)
        ]
        before_s = time.process_time()
        record.keep(points, at_s + 0.01)
        spent_s += time.process_time() - before_s
    # what is being folded is finished first
    for tick in range(len(tags) + 10):
        record.keep([], BEGIN_S + seconds + tick)
    record.close(BEGIN_S + seconds)
    return spent_s, BEGIN_S + seconds


def size(tags: list[str], hours: int, directory: Path) -> list[Row]:
    seconds = hours * HOUR_S + 30
    spent_s, _ = recorded(directory / NAME, tags, seconds)
    points = hours * HOUR_S * len(tags)
    with closing(sqlite3.connect(directory / NAME)) as database:
        database.execute("VACUUM")
        question = "SELECT sum(length(body)) FROM block WHERE tier = ?"
        (raw,) = database.execute(question, (RAW,)).fetchone()
    whole = (directory / NAME).stat().st_size
    return [
        row("local history, points as they came", raw / points, GOAL, 2.0, "byte/point"),
        row("local history, whole file with minutes and hours", whole / points, GOAL, 2.0, "byte/point"),
        row("local history CPU, kept and folded", spent_s / (seconds * len(tags)) * 1e6, GOAL, 50.0, "us/point"),
    ]


def best_ms(work: Callable[[], object], times: int = 15) -> float:
    best = math.inf
    for _ in range(times):
        before_s = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - before_s)
    return best * 1000.0


def trends(seconds: int, directory: Path) -> list[Row]:
    tags = names(PENS)
    known = {tag: Tag(tag, "degC", Kind.MEASURED, "env", "", "") for tag in tags}
    _, now_s = recorded(directory / NAME, tags, seconds)
    begin_s = int(now_s // HOUR_S) * HOUR_S - 8760 * HOUR_S
    random = Random(4)
    with closing(sqlite3.connect(directory / NAME)) as database:
        for number in range(PENS):
            means = [20 + 8 * math.sin(hour / 24 + number) + random.gauss(0, 0.5) for hour in range(8760)]
            slots = [
                Slot(begin_s + hour * HOUR_S, mean, round(mean - 1, 2), round(mean + 1, 2), HOUR_S, 0, float(HOUR_S))
                for hour, mean in enumerate(means)
            ]
            ids = dict(database.execute("SELECT name, id FROM tag").fetchall())
            for start in range(0, 8760, 720):
                of_block: dict[int, list[Slot]] = {}
                for slot in slots[start : start + 720]:
                    of_block.setdefault(slot.at_s // (720 * HOUR_S), []).append(slot)
                for part in of_block.values():
                    lay(database, HOUR, ids[tags[number]], part)
        database.commit()
    reader = Reader(directory / NAME)
    rows = []
    for what, span_s, goal_ms in (("24 h", 86400.0, 50.0), ("a year", 8760.0 * HOUR_S, 100.0)):

        def drawn(span_s: float = span_s) -> dict[str, list[tuple[float, float | None]]]:
            return past.trend(reader, known, tags, now_s - span_s, now_s, now_s)

        fewest = min(len(points) for points in drawn().values())
        if fewest < (100 if seconds > 86400 or span_s > 86400.0 else 1):
            raise RuntimeError(f"a trend of {what} has {fewest} points")
        rows.append(row(f"local history, trend of {what}, 8 tags", best_ms(drawn), GOAL, goal_ms, "ms"))

        def banded(span_s: float = span_s) -> dict[str, Band]:
            return bands(reader, known, tags, now_s - span_s, now_s, now_s)[1]

        if min(len(band.times_s) for band in banded().values()) < (100 if span_s > 86400.0 else 1):
            raise RuntimeError(f"a band of {what} is empty")
        rows.append(row(f"local history, band of {what}, 8 tags", best_ms(banded), GOAL, goal_ms, "ms"))
    return rows


def run(quick: bool = False) -> list[Row]:
    """All rows; about a minute and a half, `quick` a second."""
    with TemporaryDirectory() as name:
        for part in ("size", "trends"):
            (Path(name) / part).mkdir()
        return [
            *size(names(4 if quick else 200), 1 if quick else 3, Path(name) / "size"),
            *trends(HOUR_S + 600 if quick else 25 * HOUR_S, Path(name) / "trends"),
        ]
