"""R8: the disk is full, not to be written, or errs now and then. It is said; when it is well again, all is there."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from random import Random

import pytest

from controller.history import database
from controller.history.history import History
from foundation.clock import SteppedClock
from foundation.reading import good
from tests.faults.disks import FailingDisk, not_to_be_written, small_disk
from tests.faults.proof import SEED, Proof, times
from tests.history.farm import START_S, secrets, site, tags
from tests.history.test_history import on_disk

TAGS = [f"gh1.bay1.t{number}" for number in range(40)]


class Farm:
    """Records a value of every tag a tick."""

    def __init__(self, directory: Path) -> None:
        self.clock = SteppedClock(START_S)
        self.recorder = History(directory, site(), tags(*TAGS), secrets, self.clock)
        self.acknowledged: list[int] = []
        self.tick = 0
        self._random = Random(SEED)
        self.values: dict[int, list[float]] = {}

    async def go_on(self, ticks: int, until: Callable[[], object] = lambda: False) -> None:
        for _ in range(ticks):
            if until():
                return
            self.tick += 1
            number = self.tick
            self.clock.set(START_S + number)
            self.values[number] = [self._random.random() for _ in TAGS]
            readings = [
                good(tag, value, START_S + number) for tag, value in zip(TAGS, self.values[number], strict=True)
            ]
            self.recorder.record(readings, [partial(self.acknowledged.append, number)])
            await self.recorder._commit()

    def differs(self, directory: Path) -> tuple[int, int]:
        """Points lost or altered of those acknowledged, and points that are there twice."""
        found = on_disk(directory)
        held = {(point.tags["tag"], point.time_ms): point.fields.get("v") for point in found}
        lost = sum(
            held.get((tag.rpartition(".")[2], round((START_S + tick) * 1000))) != value
            for tick in self.acknowledged
            for tag, value in zip(TAGS, self.values[tick], strict=True)
        )
        return lost, len(found) - len(held)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB; without a right to make one, a directory."""
    with ExitStack() as stack:
        if os.geteuid() == 0:
            yield stack.enter_context(small_disk(tmp_path / "disk", 8))
        else:
            (tmp_path / "disk").mkdir()
            yield tmp_path / "disk"


async def test_a_full_disk_is_said_and_heals_by_itself(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proof = Proof("R8 disk full")
    if os.geteuid() != 0:
        monkeypatch.setattr(database, "_SETTINGS", (*database._SETTINGS, "max_page_count=300"))
    farm = Farm(place)
    await farm.go_on(5)
    assert len(farm.acknowledged) == 5
    if os.geteuid() == 0:
        # somebody else fills it: all but a little
        stat = os.statvfs(place)
        (place / "somebody").write_bytes(bytes(max(stat.f_bavail * stat.f_bsize - 200_000, 0)))
    await farm.go_on(4000, lambda: farm.recorder.status().last_error)
    assert "full" in farm.recorder.status().last_error
    # what is not on the disk is acknowledged to nobody, and waits
    assert len(farm.acknowledged) < farm.tick
    await farm.go_on(20)
    assert farm.recorder.status().dropped_points == 0
    if os.geteuid() == 0:
        (place / "somebody").unlink()
    else:
        farm.recorder._outbox._opened().execute("PRAGMA max_page_count=100000")
    await farm.go_on(2)
    assert farm.recorder.status().last_error == ""
    assert len(farm.acknowledged) == farm.tick
    await farm.recorder.close()
    proof.says(farm.tick, *farm.differs(place))


async def test_a_disk_not_to_be_written_is_said_and_costs_nothing_later(place: Path) -> None:
    proof = Proof("R8 read-only")
    farm = Farm(place)
    with not_to_be_written(place):
        await farm.go_on(10)
        assert farm.recorder.status().last_error
        assert farm.acknowledged == []
    await farm.go_on(1)
    assert farm.recorder.status().last_error == ""
    assert farm.acknowledged == list(range(1, 12))
    await farm.recorder.close()
    proof.says(farm.tick, *farm.differs(place))


async def test_a_disk_that_errs_now_and_then_loses_nothing_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = Proof("R8 input/output errors")
    disk = FailingDisk("failing", Random(SEED))
    monkeypatch.setattr(database.sqlite3, "connect", disk.connect_some)
    farm = Farm(tmp_path)
    await farm.go_on(3)
    disk.chance = 0.01
    await farm.go_on(times(200, 20_000))
    disk.chance = 0.0
    assert disk.errors > 5
    await farm.go_on(3)
    await farm.recorder.close()
    monkeypatch.undo()
    assert len(farm.acknowledged) == farm.tick
    assert farm.recorder.status().quarantined == ()
    proof.says(farm.tick, *farm.differs(tmp_path))
