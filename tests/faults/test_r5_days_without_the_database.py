"""R5: the database is away for an hour (three days by night) at 200 tags and 1 Hz; then all of it gets there, once."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

import pytest

from controller.history.outbox import Outbox, pack
from controller.history.shipper import BACKLOG_TURNS, Shipper
from controller.history.sinks import Answer
from tests.faults.proof import SEED, Proof, times

pytestmark = pytest.mark.timeout(times(120, 3600))

AWAY_S = times(3_600, 3 * 24 * 3_600)
TAGS = 200
START_MS = 1_700_000_000_000
BYTES_A_POINT = 8.7
"""0.45 GB for three days of it."""
COMMITS = 60
"""Ticks in one transaction, so that the test does not wait for the medium."""


PLACES = [
    f"env,facility=gh{house},site=farm1,tag=sensor_{number},zone=bay{bay}"
    for house in range(4)
    for bay in range(5)
    for number in range(10)
]


def walk(seconds: int) -> Iterator[list[str]]:
    """Ticks of lines: values with two decimals, in steps of a hundredth from their last."""
    random = Random(SEED)
    levels = [random.randrange(1500, 3000) for _ in PLACES]
    for second in range(seconds):
        drawn = random.getrandbits(len(PLACES))
        levels = [level + ((drawn >> number) & 1) * 2 - 1 for number, level in enumerate(levels)]
        at_ms = START_MS + second * 1000
        yield [
            f"{place} v={level // 100}.{level % 100:02},q=3i {at_ms}"
            for place, level in zip(PLACES, levels, strict=True)
        ]


class Server:
    """Keeps what it was sent, by a number for each line."""

    def __init__(self) -> None:
        self.answer = Answer(None, "away")
        self.held: dict[bytes, int] = {}
        self.newest_ms: list[int] = []
        self.points = 0

    def send(self, body: bytes, meanwhile: Callable[[], object] | None = None) -> Answer:
        if meanwhile is not None:
            meanwhile()
        if self.answer.status is not None:
            lines = body.split(b"\n")
            self.points += len(lines)
            self.newest_ms.append(max(int(lines[0].rpartition(b" ")[2]), int(lines[-1].rpartition(b" ")[2])))
            for line in lines:
                key, _, at = line.rpartition(b" ")
                # per tag and value the moments add up: an order that differs is no loss
                self.held[key] = self.held.get(key, 0) + int(at)
        return self.answer

    def close(self) -> None:
        pass


def test_hours_without_the_database_lose_nothing_and_the_present_is_not_kept_waiting(tmp_path: Path) -> None:
    proof, server = Proof("R5 without the database"), Server()
    box = Outbox(tmp_path / "outbox.db", ["influx"])
    box.open(START_MS / 1000)
    shipper = Shipper("influx", box, lambda: server, lambda: START_MS / 1000, Random(SEED))
    wanted: dict[bytes, int] = {}
    waiting = []
    recorded = AWAY_S + COMMITS
    coming = walk(recorded)
    for second in range(AWAY_S):
        lines = next(coming)
        waiting.append(pack(lines, [START_MS + second * 1000] * TAGS))
        note(wanted, lines)
        if len(waiting) == COMMITS or second == AWAY_S - 1:
            box.append(waiting)
            waiting = []
    assert shipper.step() is not None
    assert shipper.health.state == "failing"
    size = sum(path.stat().st_size for path in tmp_path.glob("outbox.db"))
    assert size / (AWAY_S * TAGS) <= BYTES_A_POINT
    # it is back, and the farm goes on: a tick for every request of ours
    server.answer = Answer(204)
    shipper.step()
    last = server.points
    for second in range(AWAY_S, recorded):
        lines = next(coming)
        note(wanted, lines)
        box.append([pack(lines, [START_MS + second * 1000] * TAGS)])
        for _ in range(1 + BACKLOG_TURNS):
            shipper.step()
        # of the present, within one turn
        assert max(server.newest_ms[-1 - BACKLOG_TURNS :]) == START_MS + second * 1000
    assert server.points > last
    while shipper.step() is not None:
        assert shipper.health.state == "ok"
    shipper.stop()
    box.close()
    differing = sum(server.held.get(key) != value for key, value in wanted.items())
    lost = max(recorded * TAGS - server.points, 0) + differing + len(set(server.held) - set(wanted))
    proof.says(recorded * TAGS, lost, max(server.points - recorded * TAGS, 0))


def note(wanted: dict[bytes, int], lines: Sequence[str]) -> None:
    for line in lines:
        key, _, at = line.rpartition(" ")
        name = key.encode()
        wanted[name] = wanted.get(name, 0) + int(at)
