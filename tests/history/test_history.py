"""Recording as the scan sees it: it hands over and goes on, and what is acknowledged is on the disk."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from controller.history import database, history
from controller.history.history import History
from controller.history.line import split
from controller.history.outbox import Blob, Outbox, unpacked
from foundation.clock import SteppedClock, pause, process_time
from foundation.reading import Quality, Reading, Reason, bad, good
from tests.history.fake_influx import FakeInflux
from tests.history.farm import START_S, secrets, site, tags, v1, v2
from tests.history.protocol import Point, read

AIR, RH = "gh1.bay1.air", "gh1.bay1.rh"


async def eventually(condition: Callable[[], object], deadline_s: float = 20.0) -> None:
    """Poll until it is so."""
    end = process_time() + deadline_s
    while not condition():
        assert process_time() < end, f"not so within {deadline_s} s"
        await pause(0.005)


@asynccontextmanager
async def running(recorder: History) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(recorder.run())
    try:
        yield task
    finally:
        await recorder.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def on_disk(directory: Path) -> list[Point]:
    with sqlite3.connect(directory / "outbox.db") as reader:
        rows = reader.execute("SELECT codec, crc32, body FROM outbox ORDER BY seq").fetchall()
    reader.close()
    found = []
    for row in rows:
        raw = unpacked(*row)
        assert raw is not None
        found += [point for line in split(raw) for point in read(line.decode())]
    return found


def a_history(directory: Path, clock: SteppedClock, sinks: dict[str, Any] | None = None) -> History:
    return History(directory, site(sinks), tags(AIR, RH), secrets, clock)


async def test_a_point_is_acknowledged_once_it_is_on_the_disk_and_not_before(tmp_path: Path) -> None:
    clock = SteppedClock(START_S)
    recorder = a_history(tmp_path, clock)
    seen: list[list[Point]] = []
    recorder.record([good(AIR, 20.0, START_S)], [lambda: seen.append(on_disk(tmp_path))])
    assert seen == []
    assert not (tmp_path / "outbox.db").exists()
    async with running(recorder):
        await eventually(lambda: seen)
        assert [point.fields for point in seen[0]] == [{"v": 20.0, "q": 3}]
        # an unchanged value needs no point to be known
        recorder.record([good(AIR, 20.0, START_S + 1)], [lambda: seen.append([])])
        await clock.advance(1)
        await eventually(lambda: len(seen) == 2)
        assert recorder.status().stored_points == 1


async def test_one_blob_a_tick(tmp_path: Path) -> None:
    clock = SteppedClock(START_S)
    recorder = a_history(tmp_path, clock)
    async with running(recorder):
        for tick in range(1, 6):
            for scan in range(3):
                recorder.record([good(AIR, tick + scan / 10, START_S + tick + scan / 10)])
            await clock.advance(1)
            await eventually(partial(lambda wanted: recorder.status().stored_points == wanted, 3 * tick))
    with sqlite3.connect(tmp_path / "outbox.db") as reader:
        assert reader.execute("SELECT n FROM outbox").fetchall() == [(3,)] * 5
    reader.close()


async def test_closing_stores_and_acknowledges_what_is_left(tmp_path: Path) -> None:
    recorder = a_history(tmp_path, SteppedClock(START_S))
    acknowledged: list[str] = []
    recorder.record([bad(AIR, Reason.COMM, START_S)], [lambda: acknowledged.append("air")])
    await recorder.close()
    assert acknowledged == ["air"]
    assert [point.fields for point in on_disk(tmp_path)] == [{"q": 0, "why": "comm"}]
    recorder.record([good(AIR, 20.0, START_S)], [lambda: acknowledged.append("late")])
    await recorder.close()
    assert (acknowledged, recorder.status().dropped_points) == (["air"], 1)


async def test_a_cancelled_run_loses_nothing(tmp_path: Path) -> None:
    recorder = a_history(tmp_path, SteppedClock(START_S))
    acknowledged: list[str] = []
    recorder.record([good(AIR, 20.0, START_S)], [lambda: acknowledged.append("air")])
    task = asyncio.create_task(recorder.run())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await recorder.close()
    assert acknowledged == ["air"]
    assert len(on_disk(tmp_path)) == 1


async def test_a_driver_that_cannot_acknowledge_keeps_nobody_waiting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = a_history(tmp_path, SteppedClock(START_S))
    acknowledged: list[str] = []

    def broken() -> None:
        raise RuntimeError("gone")

    recorder.record([good(AIR, 20.0, START_S)], [broken, lambda: acknowledged.append("second")])
    await recorder.close()
    assert acknowledged == ["second"]
    assert "an acknowledgement failed" in caplog.text


async def test_a_disk_that_hangs_never_holds_the_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, free = SteppedClock(START_S), Event()
    append = Outbox.append

    def stuck(self: Outbox, blobs: Sequence[Blob]) -> None:
        free.wait(30)
        append(self, blobs)

    monkeypatch.setattr(Outbox, "append", stuck)
    monkeypatch.setattr(history, "READINGS_LIMIT", 50)
    recorder = a_history(tmp_path, clock)
    acknowledged: list[int] = []
    async with running(recorder):
        for scan in range(80):
            recorder.record([good(AIR, float(scan), START_S + scan)], [partial(acknowledged.append, scan)])
            await clock.advance(1)
        status = recorder.status()
        assert status.stored_points == 0
        assert status.dropped_points > 20
        free.set()
        await eventually(lambda: recorder.status().stored_points + recorder.status().dropped_points == 80)
    # what was dropped was never acknowledged, and what was acknowledged is there
    assert {point.fields["v"] for point in on_disk(tmp_path)} == {float(scan) for scan in acknowledged}
    assert len(acknowledged) == 80 - recorder.status().dropped_points


async def test_a_full_disk_costs_memory_up_to_a_bound_then_points_which_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SteppedClock(START_S)
    monkeypatch.setattr(database, "_SETTINGS", (*database._SETTINGS, "max_page_count=8"))
    recorder = a_history(tmp_path, clock)
    scan = 0

    async def one_more() -> None:
        nonlocal scan
        scan += 1
        clock.set(START_S + scan)
        recorder.record([good(AIR, f"{scan:06}" * 50, START_S + scan)])
        await recorder._commit()

    while not recorder.status().last_error:
        await one_more()
    assert "full" in recorder.status().last_error
    stored = recorder.status().stored_points
    for _ in range(10):
        await one_more()
    assert (recorder.status().waiting_points, recorder.status().dropped_points) == (11, 0)
    monkeypatch.setattr(history, "WAITING_LIMIT_BYTES", 500)
    await one_more()
    assert recorder.status().dropped_points > 0
    assert recorder.status().stored_points == stored
    # somebody makes room
    recorder._outbox._opened().execute("PRAGMA max_page_count=100000")
    await one_more()
    assert recorder.status().last_error == ""
    await recorder.close()
    status = recorder.status()
    assert status.stored_points + status.dropped_points == scan
    assert len(on_disk(tmp_path)) == status.stored_points


async def test_a_file_that_rots_while_we_run_is_set_aside_and_recording_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = a_history(tmp_path, SteppedClock(START_S))
    recorder.record([good(AIR, 20.0, START_S)])
    await recorder._commit()
    append = Outbox.append

    def rotten(self: Outbox, blobs: Sequence[Blob]) -> None:
        monkeypatch.setattr(Outbox, "append", append)
        self.close()
        self.path.write_bytes(b"rot" * 5000)
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    monkeypatch.setattr(Outbox, "append", rotten)
    recorder.record([good(AIR, 21.0, START_S + 1)])
    await recorder._commit()
    assert recorder.status().last_error == "database disk image is malformed"
    await recorder._commit()
    assert recorder.status().stored_points == 2
    assert len(recorder.status().quarantined) == 1
    await recorder.close()
    assert [point.fields["v"] for point in on_disk(tmp_path)] == [21.0]


async def test_a_place_that_cannot_be_used_yet_is_tried_again(tmp_path: Path) -> None:
    clock = SteppedClock(START_S)
    (tmp_path / "var").write_text("in the way")
    recorder = a_history(tmp_path / "var", clock)
    async with running(recorder):
        recorder.record([good(AIR, 20.0, START_S)])
        await eventually(lambda: recorder.status().last_error)
        assert recorder.status().waiting_points == 1
        (tmp_path / "var").unlink()
        await clock.advance(1)
        await eventually(lambda: recorder.status().stored_points == 1)
    assert len(on_disk(tmp_path / "var")) == 1


async def test_a_tag_the_site_does_not_have_is_counted_and_not_recorded(tmp_path: Path) -> None:
    recorder = a_history(tmp_path, SteppedClock(START_S))
    recorder.record([good("gh9.bay1.ghost", 1.0, START_S), good(AIR, 1.0, START_S)])
    await recorder.close()
    assert recorder.status().unknown_readings == 1
    assert len(on_disk(tmp_path)) == 1


async def test_two_sinks_get_everything_each_at_its_own_pace(tmp_path: Path) -> None:
    clock = SteppedClock(START_S)
    with FakeInflux() as near:
        recorder = a_history(tmp_path, clock, {"near": v1(near.url), "far": v2("http://127.0.0.1:9")})
        async with running(recorder):
            for scan in range(1, 6):
                recorder.record([good(AIR, float(scan), START_S + scan), good(RH, scan / 2, START_S + scan)])
                await clock.advance(1)
            await eventually(lambda: len(near.points) == 10)
            await eventually(lambda: recorder.status().sinks["far"].health.state == "failing")
            await clock.advance(1)
            await eventually(lambda: recorder.status().sinks["near"].pending.points == 0)
            status = recorder.status().sinks["far"]
            assert (status.pending.points, status.pending.oldest_ms) == (10, 1_700_000_001_000)
            assert recorder.status().sinks["near"].health.delivered_points == 10
    # started again, with the other sink back at another address
    with FakeInflux() as far:
        again = a_history(tmp_path, clock, {"near": v1("http://127.0.0.1:9"), "far": v2(far.url)})
        async with running(again):
            await eventually(lambda: len(far.points) == 10)
            assert len(far.requests) == 1
    assert {point.fields["v"] for point in far.points.values()} == {0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0}


async def test_trends_are_at_hand_with_no_disk_and_show_no_bad_value(tmp_path: Path) -> None:
    recorder = a_history(tmp_path, SteppedClock(START_S))
    recorder.record([good(AIR, 20.0, START_S), Reading(RH, 60.0, Quality.UNCERTAIN, Reason.DISAGREE, START_S)])
    assert recorder.trend([AIR, RH], START_S) == {AIR: [(START_S, 20.0)], RH: [(START_S, 60.0)]}
    await recorder.close()


async def test_going_stale_is_a_gap_in_the_trend(tmp_path: Path) -> None:
    clock = SteppedClock(START_S)
    recorder = a_history(tmp_path, clock)
    recorder.record([good(AIR, 20.0, START_S)])
    clock.set(START_S + 30)
    recorder.record([bad(AIR, Reason.STALE, START_S, refused=20.0)])
    assert recorder.trend([AIR], START_S)[AIR] == [(START_S, 20.0), (START_S + 30, None)]
    await recorder.close()


async def test_trends_survive_a_restart(tmp_path: Path) -> None:
    clock = SteppedClock(START_S)
    recorder = a_history(tmp_path, clock)
    for minute in range(180):
        clock.set(START_S + 60 * minute)
        recorder.record([good(AIR, float(minute), START_S + 60 * minute)])
        await recorder._commit()
    await recorder.close()
    clock.set(START_S + 3 * 3600)
    again = a_history(tmp_path, clock)
    again.record([good(AIR, -5.0, START_S + 3 * 3600)])
    hour = await again.past([AIR], START_S + 2 * 3600, clock.now())
    assert hour == {AIR: [*((START_S + 60 * minute, float(minute)) for minute in range(120, 180)), (clock.now(), -5.0)]}
    day = (await again.past([AIR], START_S - 21 * 3600, clock.now()))[AIR]
    assert (day[0][1], day[-2][1]) == (0.0, 179.0)
    assert day[-1] == (clock.now(), -5.0)
    await again.close()
