"""An outbox that rots is set aside, and what of it can be read is in the new one: not home-assistant/core#73115."""

import shutil
import zlib
from pathlib import Path
from random import Random

import pytest

from controller.history.history import History
from controller.history.line import line, prefix, split
from controller.history.outbox import Outbox, pack
from controller.history.salvage import salvaged
from foundation.clock import SteppedClock
from foundation.reading import good
from tests.history.farm import START_S, secrets, site, tag, tags

AIR = "gh1.bay1.air"
HEAD = prefix("farm1", tag(AIR))
SINK = {"cellar": {"dialect": "victoriametrics", "url": "http://127.0.0.1:9", "bucket": "farm"}}


def lines(seconds: range) -> list[bytes]:
    return [line(HEAD, good(AIR, second / 7, START_S + second)).encode() for second in seconds]


def filled(directory: Path, delivered: int = 0) -> Path:
    box = Outbox(directory / "outbox.db", ["cellar"])
    box.open(START_S)
    box.append([pack([text.decode()], [0]) for text in lines(range(2000))])
    if delivered:
        box.delivered("cellar", box.read(1, delivered, delivered), [], START_S)
    box.close()
    return directory / "outbox.db"


async def recovered(directory: Path) -> list[bytes]:
    recorder = History(directory, site(SINK), tags(AIR), secrets, SteppedClock(START_S))
    for _ in range(14):
        await recorder._commit()
    assert len(recorder.status().quarantined) == 1
    await recorder.close()
    box = Outbox(directory / "outbox.db", ["cellar"])
    box.open(START_S)
    found = [text for first, last in box.gaps("cellar") for text in box.read(first, last, 10_000).lines]
    box.close()
    return found


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
async def test_all_but_what_stood_on_a_rotten_page_is_taken_over(tmp_path: Path, place: float) -> None:
    path = filled(tmp_path)
    content = bytearray(path.read_bytes())
    page = int(len(content) * place) // 4096 * 4096
    content[page : page + 4096] = b"\xa5" * 4096
    path.write_bytes(content)
    found = await recovered(tmp_path)
    assert set(found) <= set(lines(range(2000)))
    assert len(found) == len(set(found)) >= 2000 - 2 * 64 - 40


async def test_what_was_delivered_is_not_sent_again(tmp_path: Path) -> None:
    path = filled(tmp_path, delivered=1500)
    content = bytearray(path.read_bytes())
    page = int(len(content) * 0.9) // 4096 * 4096
    content[page : page + 4096] = b"\xa5" * 4096
    path.write_bytes(content)
    found = await recovered(tmp_path)
    assert set(found) <= set(lines(range(1500, 2000)))
    assert len(found) >= 500 - 2 * 64 - 40


async def test_a_sink_that_never_had_anything_gets_all_of_it(tmp_path: Path) -> None:
    path = filled(tmp_path, delivered=1500)
    path.write_bytes(path.read_bytes()[:-4096] + b"\xa5" * 4096)
    assert len(list(salvaged(path, ["cellar"]))) <= 500
    assert len(list(salvaged(path, ["cellar", "new"]))) >= 2000 - 2 * 64 - 40


def lives(directory: Path) -> tuple[Path, set[bytes]]:
    """An outbox as a kill leaves it, small blobs and some over several pages, the newest in the log beside it."""
    box = Outbox(directory / "outbox.db", ["cellar"])
    box.open(START_S)
    random = Random(1)
    written: set[bytes] = set()
    blobs = []
    for second in range(300):
        texts = [f"env,tag=t{number} v={random.random()!r},q=3i {second}" for number in range(1 + second % 40 * 15)]
        written.update(text.encode() for text in texts)
        blobs.append(pack(texts, [second] * len(texts)))
    box.append(blobs[:200])
    box._opened().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    box.append(blobs[200:])
    killed = directory / "killed"
    killed.mkdir()
    for name in ("outbox.db", "outbox.db-wal"):
        shutil.copyfile(directory / name, killed / name)
    box.close()
    assert (killed / "outbox.db-wal").stat().st_size > 100_000
    return killed / "outbox.db", written


@pytest.mark.parametrize("spoilt", ["first page", "page size", "root", "log"])
def test_without_its_first_page_or_its_root_every_blob_is_found(tmp_path: Path, spoilt: str) -> None:
    path, written = lives(tmp_path)
    content = bytearray(path.read_bytes())
    beside = path.with_name("outbox.db-wal")
    if spoilt == "page size":
        content[16:18] = b"\x20\x00"
    elif spoilt == "root":
        (root,) = [page for page in range(1, len(content) // 4096) if content[page * 4096] == 5]
        content[root * 4096 : root * 4096 + 4096] = b"\xa5" * 4096
        beside.unlink()
    else:
        content[:4096] = b"\xa5" * 4096
    if spoilt == "log":
        # of this nothing is known any more but what its pages hold
        beside.write_bytes(b"\xa5" * 32 + beside.read_bytes()[32:])
    path.write_bytes(content)
    found = [text for blob in salvaged(path, ["cellar"]) for text in split(zlib.decompress(blob.body))]
    assert len(found) == len(set(found))
    if spoilt == "root":
        assert set(found) < written
        assert len({text.rpartition(b" ")[2] for text in found}) == 200
    else:
        assert set(found) == written


async def test_an_outbox_without_its_first_page_is_taken_over(tmp_path: Path) -> None:
    path = filled(tmp_path)
    path.write_bytes(b"\xa5" * 4096 + path.read_bytes()[4096:])
    assert sorted(await recovered(tmp_path)) == sorted(lines(range(2000)))


async def test_of_rubbish_nothing_comes(tmp_path: Path) -> None:
    (tmp_path / "outbox.db").write_bytes(b"rubbish" * 5000)
    assert await recovered(tmp_path) == []
