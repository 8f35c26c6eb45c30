"""How soon an outage is filled in, and how long the present waits meanwhile: InfluxDB 1.6 behind version 2's path.

`--hours 72` is what is promised; an hour is the same thing sooner.
"""

import argparse
import time
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.history import START_S, packed
from benchmarks.rows import GOAL, Row, row
from benchmarks.shipping import Ours, Server, changes, servers
from controller.history.outbox import Blob

TICKS_TO_WAIT = 60
"""In one transaction."""
BACKFILL_GOAL, LIVE_GOAL_S = 20.0, 5.0


def later(blob: Blob, shift_ms: int) -> Blob:
    """The same points at another time, packed in a hurry: how they came to wait is not measured."""
    if not shift_ms:
        return blob
    then, now = (b" %d" % at_ms for at_ms in (blob.t_max_ms, blob.t_max_ms + shift_ms))
    raw = zlib.decompress(blob.body)
    if raw.count(then) != blob.points:
        raise RuntimeError("a tick with more than one time")
    raw = raw.replace(then, now)
    return Blob(blob.t_min_ms + shift_ms, blob.t_max_ms + shift_ms, blob.points, zlib.crc32(raw), zlib.compress(raw, 1))


def backfill(server: Server, directory: Path, seconds: int) -> list[Row]:
    """So many seconds of 200 tags at 1 Hz that waited, while the farm goes on."""
    name = "backfill"
    server.begin(name)
    ours = Ours(directory / "backfill.db", server, name)
    hour = changes(min(seconds, 3600))
    points = 0
    ready = [packed(readings) for readings in hour]
    for start in range(0, seconds, len(hour)):
        moved = [later(blob, start * 1000) for blob in ready[: seconds - start]]
        for first in range(0, len(moved), TICKS_TO_WAIT):
            ours.box.append(moved[first : first + TICKS_TO_WAIT])
        points += sum(blob.points for blob in moved)
    began_s = time.perf_counter()
    live, worst_s = 0, 0.0
    waiting: list[tuple[int, float]] = []
    while ours.box.gaps("sink"):
        now_s = time.perf_counter()
        if now_s - began_s >= live:
            # the present has a number beyond all that waited
            at_s = START_S + 2 * seconds + live
            ours.box.append([packed([one._replace(time_s=at_s) for one in hour[live % len(hour)]])])
            points += len(hour[live % len(hour)])
            waiting.append((ours.box.newest, now_s))
            live += 1
        ours.shipper.step()
        open_runs = ours.box.gaps("sink")
        there = [one for one in waiting if not any(first <= one[0] <= last for first, last in open_runs)]
        worst_s = max([worst_s, *(time.perf_counter() - since_s for _, since_s in there)])
        waiting = [one for one in waiting if one not in there]
    took_s = time.perf_counter() - began_s
    ours.close()
    if (held := server.points(name)) != points:
        raise RuntimeError(f"{server.name} {name}: {held} of {points} points arrived")
    hours = seconds / 3600
    return [
        row(
            f"backfill of {hours:.3g} h to {server.name}", seconds / took_s, GOAL, BACKFILL_GOAL, "times real time",
            more_is_better=True,
        ),
        row(f"delay of the present meanwhile, {server.name}", max(worst_s, 1e-6), GOAL, LIVE_GOAL_S, "s"),
    ]  # fmt: skip


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--hours", type=float, default=1.0, help="of the outage that is filled in (promised: 72)")


def run(quick: bool = False, hours: float = 1.0) -> list[Row]:
    """Both rows; half a minute for an hour, and half an hour for three days."""
    with TemporaryDirectory() as name, servers(Path(name)) as both:
        return backfill(both[0], Path(name), 60 if quick else int(hours * 3600))
