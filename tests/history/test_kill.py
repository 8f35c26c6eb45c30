"""P6 durable: what was acknowledged survives `kill -9`, every time, once; R2: and on its way to a real database too."""

import os
import signal
import sqlite3
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from controller.history.line import milliseconds, split
from controller.history.outbox import Outbox
from controller.history.shipper import Shipper
from controller.history.sinks import opener
from tests.faults.proof import SEED, Proof, times
from tests.history.farm import secrets, site, v2, victoria
from tests.history.farm_child import TAGS, time_s, value
from tests.history.protocol import read
from tests.wire.servers import InfluxDB, InfluxV2, VictoriaMetrics

pytestmark = pytest.mark.timeout(times(300, 3600))

KILLS = times(20, 2_000)
KILLS_WHILE_SHIPPING = times(10, 300)
AFTER = 120
"""Acknowledgements after which a farm is killed at the latest."""


class Farms:
    """Farms one after the other, each killed at some point."""

    def __init__(self, process: subprocess.Popen[str], random: Random) -> None:
        self._process, self._random = process, random
        self.acknowledged: set[int] = set()
        self.next = 1

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def live_and_die(self, directory: Path, url: str = "-") -> int:
        """One farm from start to kill; how many numbers it acknowledged."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{directory} {self.next} {url}\n")
        self._process.stdin.flush()
        word, pid = self._line().split()
        assert word == "pid"
        # at some acknowledgement or other, and then anywhere until the next
        until = self._random.randrange(1, AFTER)
        seen: set[int] = set()
        while len(seen) < until:
            seen.add(int(self._line()))
        os.kill(int(pid), signal.SIGKILL)
        while (said := self._line()) != "ended":
            seen.add(int(said))
        assert not seen & self.acknowledged
        self.acknowledged |= seen
        # what was recorded but not acknowledged may be there too: the next farm uses other numbers
        self.next = max(self.acknowledged) + 1000
        return len(seen)


@pytest.fixture(scope="module")
def process() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.history.farm_child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        yield child
        child.communicate()


@pytest.fixture
def farms(process: subprocess.Popen[str]) -> Farms:
    return Farms(process, Random(SEED))


def integrity(path: Path) -> list[str]:
    with sqlite3.connect(path) as database:
        said = [row[0] for row in database.execute("PRAGMA integrity_check")]
    database.close()
    return said


def check(path: Path) -> Counter[tuple[str, int]]:
    """How often each (tag, time) is in it, every value being the right one."""
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT n, codec, crc32, body FROM outbox ORDER BY seq").fetchall()
    database.close()
    found: Counter[tuple[str, int]] = Counter()
    for n, codec, crc, body in rows:
        raw = zlib.decompress(body)
        assert (codec, zlib.crc32(raw)) == ("zlib", crc)
        lines = split(raw)
        assert len(lines) == n
        for point in read(raw.decode()):
            tag = int(point.tags["tag"][1:])
            number = round((point.time_ms / 1000 - time_s(0)) / 0.01)
            assert point.fields == {"v": value(number, tag), "q": 3}
            found[point.tags["tag"], point.time_ms] += 1
    return found


def test_kill_nine_loses_nothing_acknowledged_and_doubles_nothing(farms: Farms, tmp_path: Path) -> None:
    proof = Proof("R1 kill -9 of the recorder")
    for _ in range(KILLS):
        farms.live_and_die(tmp_path)
        assert integrity(tmp_path / "outbox.db") == ["ok"]
    found = check(tmp_path / "outbox.db")
    wanted = {(name.split(".")[2], milliseconds(time_s(number))) for number in farms.acknowledged for name in TAGS}
    assert len(farms.acknowledged) > KILLS * AFTER / 4
    proof.says(KILLS, len(wanted - set(found)), sum(found.values()) - len(found))


Stored = Callable[[], dict[tuple[str, int], list[float]]]


@pytest.fixture(params=["influxdb", "victoriametrics"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, dict[str, Any], Stored]]:
    """A real one: its name, how a site names it, and what it holds of each tag and time."""
    if request.param == "influxdb":
        with InfluxDB(tmp_path / "influxdb") as influx, InfluxV2(tmp_path / "nginx", influx) as front:
            influx.create("farm")
            yield request.param, v2(front.url), lambda: of_influx(influx)
    else:
        with VictoriaMetrics(tmp_path / "victoria") as metrics:
            yield request.param, victoria(metrics.url), lambda: of_victoria(metrics)


def of_influx(influx: InfluxDB) -> dict[tuple[str, int], list[float]]:
    answer = influx.query("farm", 'SELECT v FROM "env" GROUP BY "tag"')
    return {(series["tags"]["tag"], time_ms): [v] for series in answer for time_ms, v in series["values"]}


def of_victoria(metrics: VictoriaMetrics) -> dict[tuple[str, int], list[float]]:
    held: dict[tuple[str, int], list[float]] = {}
    for series in metrics.export('{__name__="env_v"}'):
        for time_ms, v in zip(series["timestamps"], series["values"], strict=True):
            held.setdefault((series["metric"]["tag"], time_ms), []).append(v)
    return held


@pytest.mark.wire
def test_kill_nine_while_shipping_loses_nothing_on_the_way_to_a_database(
    farms: Farms, tmp_path: Path, server: tuple[str, dict[str, Any], Stored]
) -> None:
    name, sink, stored = server
    proof = Proof(f"R2 kill -9 while shipping to {name}")
    for _ in range(KILLS_WHILE_SHIPPING):
        farms.live_and_die(tmp_path, f"{sink['dialect']}|{sink['url']}")
        assert integrity(tmp_path / "outbox.db") == ["ok"]
    shipped_by_the_dead = len(stored())
    box = Outbox(tmp_path / "outbox.db", ["influx"])
    box.open(time_s(0))
    (config,) = site({"influx": sink}).sinks.values()
    shipper = Shipper("influx", box, opener(config, secrets), lambda: 0.0, Random(1))
    while shipper.step() is not None:
        assert shipper.health.state == "ok"
    assert (box.quarantined, box.pending("influx").points, box.dead_letters()) == ([], 0, 0)
    shipper.stop()
    box.close()
    arrived = stored()
    wanted = {
        (f"t{tag}", milliseconds(time_s(number))): value(number, tag)
        for number in farms.acknowledged
        for tag in range(len(TAGS))
    }
    assert 0 < shipped_by_the_dead <= len(arrived)
    lost = sum(wanted[key] not in arrived.get(key, []) for key in wanted)
    proof.says(KILLS_WHILE_SHIPPING, lost, sum(map(len, arrived.values())) - len(arrived))
