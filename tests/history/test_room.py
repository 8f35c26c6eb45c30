"""When room runs out: the oldest minutes become fewer lines, counted and told of, and nothing else is touched."""

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.history import outbox
from controller.history.ballast import Ballast
from controller.history.history import History
from controller.history.line import line, parse, prefix
from controller.history.outbox import FORM, Outbox, pack
from controller.history.thinning import is_gap, thinned
from controller.history.upkeep import Upkeep
from foundation.clock import SteppedClock
from foundation.reading import Quality, Reason, bad, good
from tests.history.farm import START_S, secrets, site, tag, tags

AIR = "gh1.bay1.air"
HEAD = prefix("farm1", tag(AIR))


def value(second: int) -> float:
    return round(20 + second * 7 % 61 / 10, 1)


def filled(directory: Path, sinks: tuple[str, ...], seconds: int) -> Outbox:
    box = Outbox(directory / "outbox.db", sinks)
    box.open(START_S)
    blobs = [
        pack([line(HEAD, good(AIR, value(second), START_S + second))], [round((START_S + second) * 1000)])
        for second in range(seconds)
    ]
    box.append(blobs)
    return box


def drained(box: Outbox, sink: str) -> list[bytes]:
    lines: list[bytes] = []
    for first, last in box.gaps(sink):
        while first <= last:
            batch = box.read(first, last, 5000)
            assert not batch.broken
            lines += batch.lines
            box.delivered(sink, batch, [], START_S)
            first = batch.last + 1
    return lines


SECONDS = st.lists(st.tuples(st.integers(0, 200), st.integers(-50, 50), st.sampled_from("gggbu")), max_size=150)


@given(SECONDS)
def test_of_each_minute_the_lowest_and_the_highest_stay_and_whatever_is_not_good(
    points: list[tuple[int, int, str]],
) -> None:
    readings = []
    for second, number, kind in dict((point[0], point) for point in points).values():
        at_s = 60.0 * 28333333 + second
        made = {
            "g": good(AIR, number / 10, at_s),
            "b": bad(AIR, Reason.COMM, at_s),
            "u": good(AIR, number / 10, at_s)._replace(quality=Quality.UNCERTAIN, reason=Reason.RATE),
        }
        readings.append(made[kind])
    before = [line(HEAD, reading).encode() for reading in readings]
    after = thinned(before)
    kept = [parse(one.decode())[2] for one in after]
    stayed = set(after) & set(before)
    assert {one for one, reading in zip(before, readings, strict=True) if reading.quality is not Quality.GOOD} <= stayed
    for minute in {int(reading.time_s // 60) for reading in readings}:
        good_ones = [r for r in readings if r.time_s // 60 == minute and r.quality is Quality.GOOD]
        left = [r for r in kept if r.time_s // 60 == minute and r.quality in (Quality.GOOD, Quality.SUBSTITUTED)]
        if good_ones:
            values = [r.number or 0.0 for r in good_ones]
            assert len(left) <= 3
            assert (min(r.number or 0.0 for r in left), max(r.number or 0.0 for r in left)) == (
                min(values),
                max(values),
            )
            mean = [r.number for r in left if r.quality is Quality.SUBSTITUTED]
            assert mean == ([pytest.approx(sum(values) / len(values))] if len(values) > 3 else [])


def still_whole(box: Outbox) -> int:
    """Blobs that may be thinned and have not been."""
    end = min([box.newest - outbox.NEVER_THINNED, *(gaps[0][1] for gaps in map(box.gaps, ("near", "far")) if gaps)])
    question = "SELECT count(*) FROM outbox WHERE seq <= ? AND seq NOT IN (SELECT seq FROM gap)"
    count: int = box._opened().execute(question, (end,)).fetchone()[0]
    return count


@settings(max_examples=12)
@example([("near", True, 1), ("near", True, 98), ("near", True, 400), ("near", True, 400)], 3)
@example([("near", False, 100), ("near", True, 50), ("far", True, 300), ("near", True, 400)], 3)
@given(
    st.lists(st.tuples(st.sampled_from(("near", "far")), st.booleans(), st.integers(1, 400)), max_size=6),
    st.integers(1, 3),
)
def test_whatever_a_sink_lacked_it_still_gets_by_the_minute_and_the_newest_whole(
    tmp_path_factory: pytest.TempPathFactory, deliveries: list[tuple[str, bool, int]], times: int
) -> None:
    box = filled(tmp_path_factory.mktemp("box"), ("near", "far"), 1500)
    lacks = {sink: set(range(1, 1501)) for sink in ("near", "far")}
    for sink, live, lines in deliveries:
        gaps = box.gaps(sink)
        if gaps:
            batch = box.read(*(gaps[-1] if live else gaps[0]), lines, newest=live)
            box.delivered(sink, batch, [], START_S)
            lacks[sink] -= set(range(batch.first, batch.last + 1))
    for _ in range(times):
        if still_whole(box) > 1:  # else the oldest goes, whatever it is
            box.thin()
    for sink, lacking in lacks.items():
        got = [parse(one.decode())[2] for one in drained(box, sink) if not is_gap(one)]
        numbers = {reading.time_s: reading.number for reading in got}
        for seq in lacking:
            second = seq - 1
            if second >= 1500 - outbox.NEVER_THINNED:
                assert numbers[START_S + second] == value(second)
        for minute in {int((START_S + seq - 1) // 60) for seq in lacking}:
            missed = [value(seq - 1) for seq in lacking if (START_S + seq - 1) // 60 == minute]
            found = [r.number for r in got if r.time_s // 60 == minute and r.number is not None]
            # points of a minute on both sides of a cut are thinned on each
            assert min(found) <= min(missed)
            assert max(found) >= max(missed)
    box.close()


def test_room_is_made_and_the_gap_is_counted_and_told_of(tmp_path: Path) -> None:
    box = filled(tmp_path, ("near",), 5000)
    before = box.used_bytes()
    went = sum(box.thin() for _ in range(3))
    assert box.used_bytes() < before
    pending = box.pending("near").points
    assert went == 5000 + 3 - pending
    lines = drained(box, "near")
    assert len(lines) == pending
    told = [parse(one.decode()) for one in lines if is_gap(one)]
    assert [site_ for _, site_, _ in told] == ["farm1"] * 3
    assert str(told[0][2].value).startswith("300 points of ")
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as database:
        assert database.execute("SELECT count(*), sum(points) FROM gap").fetchone() == (3, 900)
    box.close()


def test_what_is_thinned_already_goes_at_last_and_is_told_of(tmp_path: Path) -> None:
    box = filled(tmp_path, ("near",), 1500)
    for _ in range(40):
        box.thin()
    lines = drained(box, "near")
    assert len([one for one in lines if not is_gap(one)]) == outbox.NEVER_THINNED
    assert any(is_gap(one) for one in lines)
    box.close()


def test_what_every_sink_has_goes_first(tmp_path: Path) -> None:
    box = filled(tmp_path, ("near",), 1500)
    drained(box, "near")
    before = box.used_bytes()
    assert box.thin() == 0
    assert box.used_bytes() < before / 5
    box.close()


def test_what_every_sink_has_never_fills_the_quota(tmp_path: Path) -> None:
    box = filled(tmp_path, ("near",), 1500)
    drained(box, "near")
    used = box.used_bytes()
    roomy, narrow = (Upkeep(box, ["near"], quota, SteppedClock(START_S)) for quota in (4.0 * used, 1.5 * used))
    roomy.step()
    assert box.used_bytes() == used
    narrow.step()
    assert narrow.filled < 0.2
    assert narrow.thinned_points == 0
    box.close()


def test_a_file_of_the_first_form_is_brought_up_to_the_newest_with_all_in_it(tmp_path: Path) -> None:
    box = filled(tmp_path, ("near",), 10)
    box.close()
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as database:
        database.executescript("DROP TABLE gap; PRAGMA user_version=1;")
    box = Outbox(tmp_path / "outbox.db", ("near",))
    box.open(START_S)
    assert not box.quarantined
    assert len(drained(box, "near")) == 10
    assert box.thin() == 0
    box.close()
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (FORM.version,)


async def test_a_full_disk_heals_by_itself(tmp_path: Path) -> None:
    clock = SteppedClock(START_S)
    filled(tmp_path, ("cellar",), 3000).close()
    sink = {"dialect": "victoriametrics", "url": "http://127.0.0.1:9", "bucket": "farm"}
    recorder = History(tmp_path, site({"cellar": sink}), tags(AIR), secrets, clock)
    recorder.record([good(AIR, -1.0, clock.now())])
    await recorder._commit()
    assert recorder.status().last_error == ""
    assert (tmp_path / "ballast").is_file()
    database = recorder._outbox._database
    assert database is not None
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count={pages}")
    held: list[str] = []
    for second in range(1, 400):
        clock.set(START_S + second)
        recorder.record([good(AIR, float(second), clock.now())])
        await recorder._commit()
        held.append(recorder.status().last_error)
    status = recorder.status()
    assert any(held)
    assert held[-1] == ""
    assert (status.dropped_points, status.waiting_points, status.stored_points) == (0, 0, 400)
    assert status.thinned_points > 0
    await recorder.close()
    assert not (tmp_path / "ballast").exists()


async def test_a_full_disk_is_minded_until_the_ballast_is_back_and_costs_no_more_than_it_has_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = 0
    monkeypatch.setattr("controller.history.ballast.shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    box = filled(tmp_path, ("cellar",), 3000)
    box.delivered("cellar", box.read(1, 300, 5000), [], START_S)
    upkeep = Upkeep(box, ("cellar",), 1e9, SteppedClock(START_S))
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL  # type: ignore[misc]  # as SQLite sets it
    upkeep.failed(full)
    # what is delivered went first, and nobody is the poorer
    assert upkeep.thinned_points == 0
    upkeep.step()
    once = upkeep.thinned_points
    assert once > 0
    # the ballast that was let go is room enough
    free = 32 << 20
    upkeep.step()
    assert upkeep.thinned_points == once
    free = 8 << 20
    upkeep.step()
    twice = upkeep.thinned_points
    assert twice > once
    free = 1 << 40
    upkeep.step()
    assert (tmp_path / "ballast").is_file()
    free = 0
    upkeep.step()
    assert upkeep.thinned_points == twice
    upkeep.close()
    box.close()


async def test_above_its_quota_the_oldest_is_thinned_with_an_alarm_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, ("cellar",), 3000).close()
    sink = {"dialect": "victoriametrics", "url": "http://127.0.0.1:9", "bucket": "farm"}
    recorder = History(tmp_path, site({"cellar": sink}), tags(AIR), secrets, SteppedClock(START_S))
    recorder._upkeep._quota_bytes = 300_000.0
    recorder.record([good(AIR, 1.0, START_S)])
    filled_: list[float] = []
    for _ in range(20):
        await recorder._commit()
        filled_.append(recorder.status().filled)
    assert filled_[0] > 1.0 > filled_[-1]
    assert recorder.status().thinned_points > 0
    await recorder.close()


def test_a_ballast_takes_room_and_gives_it_back(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path, 1 << 20)
    assert ballast.hold()
    assert (tmp_path / "ballast").stat().st_blocks * 512 >= 1 << 20
    ballast.release()
    assert not ballast.is_held
    assert not Ballast(tmp_path, 1 << 60).hold()
    assert not Ballast(tmp_path / "nowhere", 1 << 10).hold()
