"""What an agent's outbox still has, as scans: for a day of which there is no journal.

The outbox holds changes, and what stands once a minute; between two points of a tag the first one stands. What every
sink has is there for a day more.
"""

import re
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

from controller.core.words import Snapshot
from controller.history.exception import HEARTBEAT_MS
from controller.history.line import split
from controller.journal.scans import Scan
from foundation.reading import Quality, Reading, Reason, Value

NAME = "outbox.db"
STANDS_S = 1.5 * HEARTBEAT_MS / 1000.0
"""A point that no other follows for so long says nothing any more."""
_LINE = re.compile(r'\w+,facility=(\w+),site=\w+,tag=(\w+),zone=(\w+) (?:([vbs])=("(?:[^"\\]|\\.)*"|[^,]+),)?'
                   r'q=([0-3])i(?:,why="(\w+)")? (-?\d+)', re.DOTALL)  # fmt: skip


def scans(file: Path, step_s: float) -> Iterator[Scan]:
    """A scan every `step_s`, each told what stands. Raises OSError or sqlite3.Error."""
    standing: dict[str, Reading] = {}
    now_s: float | None = None
    for point in _points(file):
        now_s = point.time_s if now_s is None else now_s
        while now_s < point.time_s:
            yield _scan(standing, now_s)
            now_s += step_s
        known = standing.get(point.tag)
        if known is None or known.time_s <= point.time_s:  # what came late says nothing of now
            standing[point.tag] = point
    if now_s is not None:
        yield _scan(standing, now_s)


def _scan(standing: dict[str, Reading], now_s: float) -> Scan:
    alive = [one for one in standing.values() if now_s - one.time_s <= STANDS_S]
    return Scan(now_s, Snapshot(tuple([one._replace(time_s=now_s) for one in alive])), 0)


def _points(file: Path) -> Iterator[Reading]:
    """Every point that can be read, tick after tick."""
    if not file.is_file():
        raise FileNotFoundError(2, "no outbox there", str(file))
    database = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
    try:
        for (body,) in database.execute("SELECT body FROM outbox WHERE codec = 'zlib' ORDER BY seq"):
            try:
                lines = split(zlib.decompress(body))
            except zlib.error:
                continue  # a blob that is broken is told of by the shipper
            found = [point for line in lines if (point := _point(line.decode("utf-8", "replace"))) is not None]
            yield from sorted(found, key=lambda point: point.time_s)
    finally:
        database.close()


def _point(line: str) -> Reading | None:
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    facility, tag, zone, kind, text, quality, why, at_ms = match.groups()
    value: Value | None = None
    if kind == "v":
        value = float(text)
    elif kind == "b":
        value = text == "true"
    elif kind == "s":
        value = re.sub(r"\\(.)", r"\1", text[1:-1])
    try:
        reason = Reason(why) if why else None
    except ValueError:
        reason = None
    return Reading(f"{facility}.{zone}.{tag}", value, Quality(int(quality)), reason, int(at_ms) / 1000.0)
