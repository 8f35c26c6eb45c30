"""R3: the power goes at any moment. What the outbox had acknowledged is there, once; with less care it would not be."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import NamedTuple

import pytest

from controller.history import database, outbox
from controller.history.outbox import Outbox, pack
from tests.faults.power import Cutter, Disk, Op
from tests.faults.proof import SEED, Proof, times

CUTS = times(2_000, 100_000)
CONTROLS = 200
START_S = 1_700_000_000.0
TICKS = 120
TAGS = 25


class Said(NamedTuple):
    """What the outbox had promised once so many operations were done."""

    ops: int
    recorded: int
    """Blobs that are acknowledged."""
    asked: int
    """Blobs that may be gone, for the sink has them and the outbox was told."""
    gone: int
    """Blobs that are never to be sent again, for the outbox said that it knows."""


def lines(tick: int) -> list[str]:
    # noise that does not pack, so that the file grows and shrinks
    random = Random(tick)
    return [f"env,tag=t{tag} v={random.random()!r},q=3i {1_700_000_000_000 + tick * 1000}" for tag in range(TAGS)]


@pytest.fixture
def memory() -> Iterator[Path]:
    """A directory in memory, where there is one: what is cut here is not the real power."""
    shared = Path("/dev/shm")
    place = Path(mkdtemp(dir=shared if shared.is_dir() else None))
    yield place
    shutil.rmtree(place)


def recorded(place: Path, synchronous: str, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Op], list[Said]]:
    """A life of an outbox, and what it promised when."""
    disk = Disk(f"disk-{synchronous}")
    said: list[Said] = []
    with monkeypatch.context() as patch:
        patch.setattr(database.sqlite3, "connect", disk.connect)
        patch.setattr(outbox, "FORM", replace(outbox.FORM, synchronous=synchronous))
        patch.setattr(outbox, "SPARE_PAGES", 20)
        patch.setattr(database, "_SETTINGS", (*database._SETTINGS, "wal_autocheckpoint=30"))
        box = Outbox(place / "outbox.db", ["influx"])
        box.open(START_S)
        gone = 0
        for tick in range(TICKS):
            box.append([pack(lines(tick), [1_700_000_000_000 + tick * 1000] * TAGS)])
            said.append(Said(len(disk.ops), tick + 1, gone, gone))
            if tick % 12 == 11:
                gaps = box.gaps("influx")
                batch = box.read(gaps[0][0], gaps[0][0] + 8, 10_000)
                said.append(Said(len(disk.ops), tick + 1, batch.last, gone))
                # long after, so that it is deleted too
                box.delivered("influx", batch, [], START_S + 2 * 86_400.0)
                # on the disk with the next points
                said.append(Said(len(disk.ops), tick + 1, batch.last, gone))
                gone = batch.last
        box.close()
    assert disk.ops
    return disk.ops, said


def survey(place: Path, ops: list[Op], said: list[Said], cuts: int) -> tuple[int, int, int]:
    """Points lost and twice, and files that had to be set aside, over all cuts."""
    lost = dup = aside = 0
    cutter, random = Cutter(ops), Random(SEED)
    wanted = {tick + 1: [line.encode() for line in lines(tick)] for tick in range(TICKS)}
    shutil.rmtree(place)
    # from the moment on that it was open
    for moment in sorted(random.randrange(said[0].ops, len(ops) + 1) for _ in range(cuts)):
        place.mkdir()
        for name, content in cutter.left(moment, random).items():
            if content:
                (place / name).write_bytes(content)
        before = [one for one in said if one.ops <= moment][-1]
        coming = [one for one in said if one.ops > moment]
        asked = max(before.asked, coming[0].asked if coming else before.asked)
        box = Outbox(place / "outbox.db", ["influx"])
        box.open(START_S)
        aside += len(box.quarantined)
        found: dict[int, list[bytes]] = {}
        for first, last in box.gaps("influx"):
            while first <= last:
                batch = box.read(first, first, 1)
                if batch.lines:
                    found[first] = batch.lines
                first += 1
        box.close()
        shutil.rmtree(place)
        lost += TAGS * sum(found.get(seq) != wanted[seq] for seq in range(asked + 1, before.recorded + 1))
        dup += TAGS * sum(seq <= before.gone for seq in found)
        strange = [seq for seq, these in found.items() if these != wanted.get(seq)]
        lost += TAGS * len(strange)
    place.mkdir()
    return lost, dup, aside


def test_a_power_cut_at_any_moment_loses_nothing_acknowledged(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proof = Proof("R3 power cut")
    ops, said = recorded(memory / "farm", "FULL", monkeypatch)
    lost, dup, aside = survey(memory / "farm", ops, said, CUTS)
    assert aside == 0
    proof.says(CUTS, lost, dup)


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_with_less_care_a_power_cut_is_seen_to_lose(
    memory: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, synchronous: str
) -> None:
    caplog.set_level("CRITICAL", database.__name__)
    # a control: if these lost nothing, the test above would prove nothing
    proof = Proof(f"R3 control {synchronous}")
    ops, said = recorded(memory / "farm", synchronous, monkeypatch)
    lost, dup, aside = survey(memory / "farm", ops, said, CONTROLS)
    proof.tells(CONTROLS, lost, dup)
    assert lost > 0
    assert aside > 0 or synchronous == "NORMAL"
