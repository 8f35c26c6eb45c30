"""An outbox that rots is set aside, and what of it can be read is in the new one: not home-assistant/core#73115."""

from pathlib import Path

import pytest

from controller.history.history import History
from controller.history.line import line, prefix
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


async def test_of_rubbish_nothing_comes(tmp_path: Path) -> None:
    (tmp_path / "outbox.db").write_bytes(b"rubbish" * 5000)
    assert await recovered(tmp_path) == []
