"""R1: `kill -9` of the whole agent at random points. What it acknowledged is there, once, and the next one starts."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
import zlib
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from controller.history.line import split
from edge_config.loader import load_site
from foundation.clock import AcceleratedClock, process_time
from simulator.wire import FarmOnWires
from tests.faults.proof import SEED, Proof, times
from tests.history.protocol import read
from tests.wire.agent_on_wires import NOON_S, SITES

pytestmark = [pytest.mark.wire, pytest.mark.slow, pytest.mark.timeout(times(300, 3600))]

KILLS = times(50, 2_000)
SPEED = 20.0
AFTER = 5
"""Commits after which an agent is killed at the latest."""
PAUSE_S = 0.15
"""And so long after the last of them, at most."""


async def test_kill_nine_of_the_whole_agent_loses_nothing_acknowledged(tmp_path: Path) -> None:
    proof, random = Proof("R1 kill -9 of the agent"), Random(SEED)
    acknowledged: dict[int, tuple[int, int]] = {}
    site_file, directory, wiring = SITES / "ras.yaml", tmp_path / "agent", tmp_path / "wiring.json"
    origin = process_time()
    clock = AcceleratedClock(NOON_S, SPEED, origin)
    async with FarmOnWires(load_site(site_file).site, clock, SEED, tmp_path) as farm:
        wiring.write_text(json.dumps(farm.wiring))
        arguments = [str(site_file), str(wiring), repr(NOON_S), repr(SPEED), repr(origin)]
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.agent_child", *arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert child.stdin is not None
        assert child.stdout is not None
        assert await child.stdout.readline() == b"ready\n"
        for _ in range(KILLS):
            child.stdin.write(f"{directory}\n".encode())
            pid = int((await child.stdout.readline()).split()[1])
            await _live(child.stdout, acknowledged, random.randrange(AFTER + 1))
            # and then anywhere
            await asyncio.sleep(random.uniform(0.0, PAUSE_S))
            os.kill(pid, signal.SIGKILL)
            await _live(child.stdout, acknowledged, None)
            assert _integrity(directory / "outbox.db") == "ok"
        child.stdin.close()
        await child.wait()
    assert len(acknowledged) > KILLS
    assert not list(directory.glob("*.corrupt.*"))
    lost, dup = _held_against(directory / "outbox.db", acknowledged)
    proof.says(KILLS, lost, dup)


async def _live(said: asyncio.StreamReader, acknowledged: dict[int, tuple[int, int]], commits: int | None) -> None:
    """Note down so many commits, or all until the agent's end."""
    while commits is None or commits > 0:
        line = (await said.readline()).decode().strip()
        if line == "ended" and commits is None:
            return
        number, points, crc = map(int, line.split())
        assert number not in acknowledged, "a number is never used again"
        acknowledged[number] = points, crc
        commits = None if commits is None else commits - 1


def _integrity(path: Path) -> str:
    database = sqlite3.connect(path)
    said = str(database.execute("PRAGMA integrity_check").fetchone()[0])
    database.close()
    return said


def _held_against(path: Path, acknowledged: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Points lost or altered, and points that are there twice."""
    database = sqlite3.connect(path)
    bodies = {seq: zlib.decompress(body) for seq, body in database.execute("SELECT seq, body FROM outbox")}
    database.close()
    lost = 0
    for seq, (points, crc) in acknowledged.items():
        raw = bodies.get(seq, b"")
        lost += points if zlib.crc32(raw) != crc or len(split(raw)) != points else 0
    found = Counter(
        (one.measurement, *one.tags.items(), one.time_ms) for raw in bodies.values() for one in read(raw.decode())
    )
    return lost, sum(found.values()) - len(found)
