"""R15: a day of recording and shipping in one go, with a database that comes and goes. Nothing grows."""

import asyncio
import threading
from pathlib import Path
from random import Random

import psutil
import pytest

from controller.history import history as history_module
from controller.history.history import History
from controller.history.sinks import Answer
from foundation.clock import SteppedClock
from foundation.reading import good
from tests.faults.proof import SEED, Proof, times
from tests.history.farm import START_S, secrets, site, tags, v1
from tests.history.test_history import eventually

pytestmark = pytest.mark.timeout(times(180, 3600))

SECONDS = times(1_800, 48 * 3_600)
TAGS = [f"gh1.bay{number}.air" for number in range(8)]
WAL_BYTES = 64 << 20
GROWTH_BYTES = 4 << 20
"""Of memory between the first half and the second; what is kept for trends fills up over the first day."""


class Server:
    """Takes what it is sent; every now and then it is away."""

    def __init__(self) -> None:
        self.seen: dict[bytes, int] = {}
        self.points = self.calls = 0
        self._random = Random(SEED)

    def send(self, body: bytes, meanwhile: object = None) -> Answer:
        self.calls += 1
        if self._random.random() < 0.02:
            return Answer(429, "busy", 0.001)
        lines = body.split(b"\n")
        self.points += len(lines)
        for line in lines:
            key, _, at = line.rpartition(b" ")
            tag = key.partition(b" ")[0]
            self.seen[tag] = self.seen.get(tag, 0) + int(at)
        return Answer(204)

    def close(self) -> None:
        pass


def ahead_bytes(directory: Path) -> int:
    """Of the write-ahead logs."""
    return sum(path.stat().st_size for path in directory.glob("*-wal"))


async def test_a_day_of_recording_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proof, random, server = Proof("R15 soak"), Random(SEED), Server()
    monkeypatch.setattr(history_module, "opener", lambda *_: lambda: server)
    clock = SteppedClock(START_S)
    recorder = History(tmp_path, site({"influx": v1("http://127.0.0.1:9")}), tags(*TAGS), secrets, clock)
    me = psutil.Process()
    halves = []
    wanted = dict.fromkeys(TAGS, 0)
    size = 0
    for second in range(SECONDS):
        now_s = START_S + second
        clock.set(now_s)
        recorder.record([good(tag, random.random(), now_s) for tag in TAGS])
        for tag in TAGS:
            wanted[tag] += round(now_s * 1000)
        await recorder._commit()
        if second % 600 == 599:
            size = max(size, ahead_bytes(tmp_path))
        if second in (SECONDS // 2, SECONDS - 1):
            halves.append((me.memory_info().rss, me.num_fds(), threading.active_count(), len(asyncio.all_tasks())))
    points = SECONDS * len(TAGS)
    await eventually(lambda: recorder.status().sinks["influx"].health.delivered_points == points, 120.0)
    await recorder.close()
    (rss, fds, threads, tasks), (rss_end, fds_end, threads_end, tasks_end) = halves
    assert rss_end - rss <= GROWTH_BYTES
    # a reader of the record may be at work just then
    assert fds_end <= fds + 2
    assert (threads_end, tasks_end) == (threads, tasks)
    assert size <= WAL_BYTES
    held = {key.decode().replace("\\", ""): total for key, total in server.seen.items()}
    lost = sum(
        total not in [held[key] for key in held if f"zone={tag.split('.')[1]}" in key] for tag, total in wanted.items()
    )
    proof.says(points, lost + max(points - server.points, 0), max(server.points - points, 0))
