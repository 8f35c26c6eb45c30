"""The box's own record: a day as it came, minutes and hours after that, through restarts, kills and rot."""

import math
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.history import blocks, past
from controller.history.aggregate import MINUTE_S, Slot, combined, hours, minutes
from controller.history.blocks import HOUR, MINUTE, NAME
from controller.history.local import Local
from controller.history.local_reader import Reader
from foundation.reading import Reading, Reason, bad, good
from tests.history.farm import tags

AIR, RH = "gh1.bay1.air", "gh1.bay1.rh"
BEGIN_S = 1_699_999_200.0
"""An hour's beginning."""


def reading(name: str, second: int) -> Reading:
    at_s = BEGIN_S + second
    if second % 100 == 99:
        return bad(name, Reason.COMM, at_s)
    return good(name, round(20 + second % 61 / 10, 1), at_s)


def recorded(directory: Path, seconds: range, every_s: int = 10) -> Local:
    record = Local(directory / NAME)
    for second in range(seconds.start, seconds.stop, every_s):
        record.keep([reading(AIR, second + 9), reading(RH, second + 9)], BEGIN_S + second + 9)
    return record


@pytest.fixture(scope="module")
def hours_kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("local")
    recorded(directory, range(3 * 3600 + 1800)).close(BEGIN_S + 3.5 * 3600)
    return directory


def expected(seconds: range) -> list[tuple[float, float]]:
    points = [reading(AIR, second + 9) for second in range(seconds.start, seconds.stop, 10)]
    return [(one.time_s, one.number if one.number is not None else math.nan) for one in points]


def test_points_come_back_as_they_came_folded_or_not(hours_kept: Path) -> None:
    times, values = Reader(hours_kept / NAME).raw([AIR, "gh1.bay1.other"], BEGIN_S, BEGIN_S + 4 * 3600)[AIR]
    for found, known in zip(zip(times, values, strict=True), expected(range(3 * 3600 + 1800)), strict=True):
        assert found == pytest.approx(known, nan_ok=True)


@pytest.mark.parametrize("tier", [MINUTE, HOUR])
def test_minutes_and_hours_are_those_of_the_points(hours_kept: Path, tier: int) -> None:
    points = expected(range(3 * 3600 + 1800))
    known = minutes([at_s for at_s, _ in points], [value for _, value in points])
    known = known if tier == MINUTE else hours(known)
    found = Reader(hours_kept / NAME).slots([AIR], tier, BEGIN_S, BEGIN_S + 4 * 3600)[AIR]
    assert [slot[:1] + slot[2:6] for slot in found] == [slot[:1] + slot[2:6] for slot in known]
    assert [slot.mean for slot in found] == pytest.approx([slot.mean for slot in known], rel=0.01)


def test_a_trend_over_a_day_keeps_peaks_and_gaps(tmp_path: Path) -> None:
    record = Local(tmp_path / NAME)
    for second in range(0, 86400, 60):
        quiet = 36000 <= second < 43200
        peak = 95.0 if second == 61200 else 20.0
        point = bad(AIR, Reason.COMM, BEGIN_S + second) if quiet else good(AIR, peak, BEGIN_S + second)
        record.keep([point] if second < 70000 else [], BEGIN_S + second)
    record.close(BEGIN_S + 86400)
    now_s = BEGIN_S + 86400
    points = past.trend(Reader(tmp_path / NAME), tags(AIR), [AIR], now_s - 86400, now_s, now_s)[AIR]
    assert len(points) < 700
    assert max(value for _, value in points if value is not None) == 95.0
    gaps = [at_s - BEGIN_S for at_s, value in points if value is None]
    assert gaps
    assert all(35400 < at_s < 43200 for at_s in gaps)


def test_silence_is_no_line(tmp_path: Path) -> None:
    """The box was off for two hours: nobody knows what the air was."""
    record = recorded(tmp_path, range(3600))
    record.close(BEGIN_S + 3600)
    recorded(tmp_path, range(3 * 3600, 4 * 3600)).close(BEGIN_S + 4 * 3600)
    now_s = BEGIN_S + 4 * 3600
    points = past.trend(Reader(tmp_path / NAME), tags(AIR), [AIR], BEGIN_S, now_s, now_s)[AIR]
    assert [at_s for at_s, value in points if value is None and 3600 <= at_s - BEGIN_S < 3 * 3600]


def test_a_fold_that_was_killed_half_way_is_done_again_without_a_trace(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    recorded(whole, range(2 * 3600)).close(BEGIN_S + 2 * 3600)
    # one tag is folded at the first tick of the hour: then the process is gone
    recorded(killed, range(3610))
    with closing(sqlite3.connect(killed / NAME)) as database:
        assert database.execute("SELECT count(DISTINCT tag) FROM block").fetchone() == (1,)
        assert database.execute("SELECT count(*) FROM tail").fetchone() == (60,)
    read = Reader(killed / NAME).slots([AIR, RH], MINUTE, BEGIN_S, BEGIN_S + 3600)
    for folded, not_yet in zip(read[AIR], read[RH], strict=True):
        assert folded == pytest.approx(not_yet, rel=1e-6)
    assert len(read[AIR]) == 60
    recorded(killed, range(3600, 2 * 3600)).close(BEGIN_S + 2 * 3600)
    for tier in (MINUTE, HOUR):
        one, other = (Reader(way / NAME).slots([AIR, RH], tier, BEGIN_S, BEGIN_S + 3600) for way in (whole, killed))
        assert one == other


def test_what_comes_late_finds_its_hour(tmp_path: Path) -> None:
    record = recorded(tmp_path, range(2 * 3600))
    late = [good(AIR, 77.0, BEGIN_S + 125.5), good(AIR, 78.0, BEGIN_S - 3 * 86400.0)]
    record.keep(late, BEGIN_S + 2 * 3600)
    for second in range(2 * 3600, 3 * 3600 + 300, 60):
        record.keep([], BEGIN_S + second)
    record.close(BEGIN_S + 3 * 3600 + 300)
    reader = Reader(tmp_path / NAME)
    assert reader.slots([AIR], MINUTE, BEGIN_S + 120, BEGIN_S + 180)[AIR][0].high == 77.0
    assert reader.slots([AIR], HOUR, BEGIN_S, BEGIN_S + 3600)[AIR][0].high == 77.0
    assert reader.slots([AIR], HOUR, BEGIN_S - 4 * 86400.0, BEGIN_S - 86400.0)[AIR][0].high == 78.0
    times, values = reader.raw([AIR], BEGIN_S + 125, BEGIN_S + 126)[AIR]
    assert (list(times), list(values)) == ([BEGIN_S + 125.5], [77.0])


def test_old_points_go_and_their_hours_stay(tmp_path: Path) -> None:
    record = recorded(tmp_path, range(3600))
    for hour in range(1, 60):
        now_s = BEGIN_S + hour * 3600
        record.keep([good(AIR, 1.0, now_s)], now_s)
        record.keep([], now_s + 60)
        record.keep([], now_s + 120)
    record.close(BEGIN_S + 60 * 3600)
    reader = Reader(tmp_path / NAME)
    assert len(reader.raw([AIR], BEGIN_S, BEGIN_S + 3600)[AIR][0]) == 0
    assert len(reader.slots([AIR], MINUTE, BEGIN_S, BEGIN_S + 3600)[AIR]) == 60
    assert len(reader.slots([AIR], HOUR, BEGIN_S, BEGIN_S + 60 * 3600)[AIR]) == 60


def test_a_file_that_rots_is_set_aside_and_recording_goes_on(tmp_path: Path) -> None:
    record = recorded(tmp_path, range(600))
    record.close(BEGIN_S + 600)
    (tmp_path / NAME).write_bytes(b"not a database" * 1000)
    record = recorded(tmp_path, range(600, 1200))
    record.close(BEGIN_S + 1200)
    assert record.failure == ""
    assert [path.name.startswith("history.db.corrupt.") for path in record.quarantined] == [True]
    assert len(Reader(tmp_path / NAME).raw([AIR], BEGIN_S, BEGIN_S + 1200)[AIR][0]) == 60


def test_a_disk_that_takes_nothing_is_said_and_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "place").write_text("a file where the directory should be")
    record = recorded(tmp_path / "place", range(300))
    assert "place" in record.failure
    (tmp_path / "place").unlink()
    record.keep([], BEGIN_S + 360)
    assert record.failure == ""
    record.close(BEGIN_S + 360)
    assert len(Reader(tmp_path / "place" / NAME).raw([AIR], BEGIN_S, BEGIN_S + 300)[AIR][0]) == 30


def test_nothing_kept_is_an_empty_trend(tmp_path: Path) -> None:
    reader = Reader(tmp_path / NAME)
    for span_s in (3600.0, 86400.0, 1e8):
        assert past.trend(reader, tags(AIR), [AIR], BEGIN_S - span_s, BEGIN_S, BEGIN_S) == {AIR: []}
    assert blocks.FORM.version == 1


POINTS = st.dictionaries(st.integers(0, 400), st.none() | st.integers(-50, 50), min_size=1, max_size=40).map(
    lambda points: sorted(points.items())
)


@given(POINTS)
def test_a_minute_is_what_stood_second_by_second(points: list[tuple[int, int | None]]) -> None:
    times = [float(at) for at, _ in points]
    values = [math.nan if value is None else float(value) for _, value in points]
    for slot in minutes(times, values):
        within = [index for index, at in enumerate(times) if slot.at_s <= at < slot.at_s + MINUTE_S]
        stood = []
        for second in range(slot.at_s, slot.at_s + MINUTE_S):
            before = [index for index, at in enumerate(times) if at <= second]
            index = before[-1] if before else None
            if index is None or (times[index] < slot.at_s and times[within[0]] - times[index] > 90.0):
                continue
            if not math.isnan(values[index]):
                stood.append(values[index])
        assert (slot.n, slot.bad) == (len(within), sum(math.isnan(values[index]) for index in within))
        assert slot.good_s == len(stood)
        if stood:
            assert slot.mean == pytest.approx(sum(stood) / len(stood))
            assert (slot.low, slot.high) == (min(stood), max(stood))
        else:
            assert math.isnan(slot.mean)


def test_slots_combine_by_how_long_they_stood() -> None:
    short, long = Slot(0, 10.0, 9.0, 11.0, 2, 0, 6.0), Slot(60, 20.0, 15.0, 30.0, 5, 1, 54.0)
    assert combined(0, (short, long)) == Slot(0, 19.0, 9.0, 30.0, 7, 1, 60.0)
