"""The outbox: what it took it has, what every sink has it gives up, and a broken file never stops the farm."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.history import outbox
from controller.history.outbox import Blob, Dead, Outbox, Pending, pack
from tests.history.farm import START_S

MS = round(START_S * 1000)


def blob(number: int, points: int = 3) -> Blob:
    times = [MS + number * 1000] * points
    return pack([f"env,tag=t{i} v={number}.0,q=3i {times[i]}" for i in range(points)], times)


def lines(numbers: range, points: int = 3) -> list[bytes]:
    return [f"env,tag=t{i} v={n}.0,q=3i {MS + n * 1000}".encode() for n in numbers for i in range(points)]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Outbox]:
    it = Outbox(tmp_path / "outbox.db", ["near", "far"])
    it.open(START_S)
    yield it
    it.close()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What every sink has is not kept for a day."""
    monkeypatch.setattr(outbox, "KEPT_DELIVERED_MS", -(10**9))


def ship(box: Outbox, sink: str, first: int, last: int) -> None:
    batch = box.read(first, last, 5000)
    assert (batch.first, batch.last) == (first, last)
    box.delivered(sink, batch, [], START_S)


def stored(box: Outbox) -> list[int]:
    with sqlite3.connect(box.path) as other:
        found = [row[0] for row in other.execute("SELECT seq FROM outbox ORDER BY seq")]
    other.close()
    return found


def test_it_is_set_to_survive_a_power_cut(box: Outbox) -> None:
    asked = {
        name: box._opened().execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "auto_vacuum", "busy_timeout", "journal_size_limit")
    }
    assert asked == {
        "journal_mode": "wal",
        "synchronous": 2,
        "auto_vacuum": 2,
        "busy_timeout": 5000,
        "journal_size_limit": 16 << 20,
    }


def test_what_went_in_comes_out_in_order_and_whole_blobs_at_a_time(box: Outbox) -> None:
    box.append([blob(n) for n in range(1, 11)])
    batch = box.read(1, 10, 7)
    assert (batch.first, batch.last, batch.lines) == (1, 2, lines(range(1, 3)))
    newest = box.read(1, 10, 7, newest=True)
    assert (newest.first, newest.last, newest.lines) == (9, 10, lines(range(9, 11)))
    assert box.read(3, 10, 1).lines == lines(range(3, 4))


@pytest.mark.usefixtures("at_once")
def test_a_blob_is_deleted_when_every_sink_has_it_and_not_before(box: Outbox) -> None:
    box.append([blob(n) for n in range(1, 6)])
    ship(box, "near", 1, 5)
    assert stored(box) == [1, 2, 3, 4, 5]
    ship(box, "far", 1, 2)
    assert stored(box) == [3, 4, 5]
    # the newest before the backlog: it stays until the cursor is past it
    ship(box, "far", 5, 5)
    assert box.gaps("far") == [(3, 4)]
    assert stored(box) == [3, 4, 5]
    ship(box, "far", 3, 4)
    assert stored(box) == []
    assert box.gaps("far") == box.gaps("near") == []


@pytest.mark.usefixtures("at_once")
def test_a_number_is_never_used_again(box: Outbox) -> None:
    box.append([blob(1), blob(2)])
    for sink in ("near", "far"):
        ship(box, sink, 1, 2)
    box.close()
    box.open(START_S)
    box.append([blob(3)])
    assert stored(box) == [3]
    assert box.gaps("near") == [(3, 3)]


def test_progress_and_gaps_outlive_a_restart_under_the_name_of_the_sink(box: Outbox) -> None:
    box.append([blob(n) for n in range(1, 11)])
    ship(box, "near", 1, 3)
    ship(box, "near", 9, 10)
    box.close()
    again = Outbox(box.path, ["far", "near"])
    again.open(START_S)
    assert again.gaps("near") == [(4, 8)]
    assert again.gaps("far") == [(1, 10)]
    assert again.pending("near") == Pending(5, 15, MS + 4000)
    again.close()


@pytest.mark.usefixtures("at_once")
def test_a_new_sink_gets_what_is_still_here_and_a_gone_one_holds_nothing_back(box: Outbox) -> None:
    box.append([blob(n) for n in range(1, 6)])
    ship(box, "near", 1, 2)
    ship(box, "far", 1, 2)
    box.close()
    changed = Outbox(box.path, ["near", "new"])
    changed.open(START_S)
    assert changed.gaps("new") == [(3, 5)]
    ship(changed, "new", 3, 5)
    ship(changed, "near", 3, 5)
    assert stored(changed) == []
    changed.close()


def test_what_every_sink_has_is_kept_for_a_day_more_and_then_deleted(box: Outbox) -> None:
    for hour in range(30):
        box.append([blob(3600 * hour)])
        for sink in ("near", "far"):
            ship(box, sink, hour + 1, hour + 1)
    assert stored(box) == list(range(6, 31))
    assert [box.pending(sink) for sink in ("near", "far")] == [Pending(0, 0, None)] * 2


def test_a_site_says_how_far_back_a_sink_can_be_held_against_what_it_has_said(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.db", ["near"], keep_sent_s=3 * 3600.0)
    box.open(START_S)
    for hour in range(8):
        box.append([blob(3600 * hour)])
        ship(box, "near", hour + 1, hour + 1)
    assert stored(box) == [5, 6, 7, 8]
    box.close()


def test_without_any_sink_three_days_are_kept(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.db", [])
    box.open(START_S)
    hours = [blob(3600 * n) for n in range(75)]
    for hour in hours:
        box.append([hour])
    assert stored(box) == list(range(3, 76))
    box.close()


def test_pending_counts_across_gaps(box: Outbox) -> None:
    assert box.pending("near") == Pending(0, 0, None)
    box.append([blob(n, points=n) for n in range(1, 8)])
    assert box.pending("near") == Pending(7, 28, MS + 1000)
    ship(box, "near", 2, 3)
    assert box.pending("near") == Pending(5, 23, MS + 1000)


def test_dead_letters_are_kept_with_their_reason_up_to_a_bound(box: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "DEAD_LIMIT", 5)
    box.append([blob(1), blob(2)])
    dead = [Dead(1, f"line {n}", 400, "conflict") for n in range(8)]
    box.delivered("near", box.read(1, 1, 5000), dead, START_S)
    rows = box._opened().execute("SELECT sink, seq, line, status, reason, at FROM dead ORDER BY id").fetchall()
    assert rows == [("near", 1, f"line {n}", 400, "conflict", START_S) for n in range(3, 8)]
    assert box.dead_letters() == 5


def test_a_blob_that_rotted_is_named_and_the_others_are_read(box: Outbox) -> None:
    box.append([blob(n) for n in range(1, 5)])
    box._opened().execute("UPDATE outbox SET body = x'00' WHERE seq = 2")
    box._opened().execute("UPDATE outbox SET crc32 = crc32 + 1 WHERE seq = 3")
    batch = box.read(1, 4, 5000)
    assert batch.broken == {2: 3, 3: 3}
    assert batch.lines == lines(range(1, 2)) + lines(range(4, 5))


def test_a_full_disk_takes_nothing_by_halves_and_goes_on_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Outbox(tmp_path / "outbox.db", ["near"])
    box.open(START_S)
    box._opened().execute("PRAGMA max_page_count=30")
    noise = Blob(MS, MS, 1, 0, os.urandom(9000))
    taken = 0

    def fill() -> None:
        nonlocal taken
        while taken < 100:
            box.append([noise, noise])
            taken += 2

    with pytest.raises(sqlite3.OperationalError, match="full"):
        fill()
    assert len(stored(box)) == taken == box.newest
    box._opened().execute("PRAGMA max_page_count=10000")
    box.append([noise])
    assert box.newest == taken + 1
    assert box._opened().execute("PRAGMA integrity_check").fetchone() == ("ok",)
    box.close()


@pytest.mark.parametrize("content", [b"not a database at all" * 500, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_of_rubbish_is_set_aside_and_the_farm_goes_on(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "outbox.db"
    for count in range(2):
        path.write_bytes(content)
        box = Outbox(path, ["near"])
        box.open(START_S)
        box.append([blob(1)])
        box.close()
        assert [aside.read_bytes() for aside in box.quarantined] == [content]
        assert len(list(tmp_path.glob("outbox.db.corrupt.20231114T221320Z*"))) == count + 1


def test_somebody_elses_database_is_set_aside_untouched(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE outbox (seq)")
    other.commit()
    other.close()
    before = path.read_bytes()
    box = Outbox(path, ["near"])
    box.open(START_S)
    box.append([blob(1)])
    assert [aside.read_bytes() for aside in box.quarantined] == [before]
    box.close()


def test_an_empty_file_is_a_beginning(tmp_path: Path) -> None:
    (tmp_path / "outbox.db").touch()
    box = Outbox(tmp_path / "outbox.db", ["near"])
    box.open(START_S)
    assert (box.quarantined, box.gaps("near")) == ([], [])
    box.close()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An outbox with something in it."""
    path = tmp_path_factory.mktemp("image") / "outbox.db"
    box = Outbox(path, ["near"])
    box.open(START_S)
    for n in range(1, 30):
        box.append([blob(n, points=40)])
    ship(box, "near", 1, 5)
    box.close()
    return path


@settings(max_examples=40, deadline=None)
@example(flips=[(47, 1)], cut=None)
@example(flips=[(18, 1)], cut=None)
@example(flips=[(3424, 128)], cut=None)
@given(
    flips=st.lists(st.tuples(st.integers(0, 130) | st.integers(0, 1 << 20), st.integers(1, 255)), max_size=4),
    cut=st.none() | st.integers(0, 1 << 20),
)
def test_whatever_happened_to_the_file_it_opens_and_takes_points(
    tmp_path_factory: pytest.TempPathFactory, image: Path, flips: list[tuple[int, int]], cut: int | None
) -> None:
    spoilt = bytearray(image.read_bytes())
    size = len(spoilt)
    for at, change in flips:
        spoilt[at % size] ^= change
    del spoilt[size if cut is None else cut % size :]
    path = tmp_path_factory.mktemp("spoilt") / "outbox.db"
    path.write_bytes(spoilt)
    box = Outbox(path, ["near"])
    box.open(START_S)
    before = box.newest
    box.append([blob(99)])
    batch = box.read(box.newest, box.newest, 5000)
    assert (box.newest > before, batch.lines) == (True, lines(range(99, 100)))
    for first, last in box.gaps("near"):
        while first <= last:
            batch = box.read(first, last, 5000)
            box.delivered("near", batch, [], START_S)
            first = batch.last + 1
    assert box.gaps("near") == []
    box.close()


def test_a_disk_that_cannot_be_written_is_an_error_now_and_none_later(tmp_path: Path) -> None:
    (tmp_path / "place").write_text("a file where the directory should be")
    box = Outbox(tmp_path / "place" / "outbox.db", ["near"])
    with pytest.raises(OSError, match="place"):
        box.open(START_S)
    (tmp_path / "place").unlink()
    box.open(START_S)
    box.append([blob(1)])
    box.close()
    assert outbox.FORM.version == 2


@pytest.mark.parametrize("is_committed", [True, False])
def test_points_whose_commit_erred_after_it_was_done_are_not_written_twice(
    box: Outbox, monkeypatch: pytest.MonkeyPatch, is_committed: bool
) -> None:
    blobs = [pack([f"env v={tick} {MS + tick}"], [MS + tick]) for tick in range(3)]

    @contextmanager
    def errs(database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
        database.execute("BEGIN")
        yield database
        database.execute("COMMIT" if is_committed else "ROLLBACK")
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as broken:
        broken.setattr(outbox, "transaction", errs)
        with nullcontext() if is_committed else pytest.raises(sqlite3.OperationalError):
            box.append(blobs)
    assert box.pending("near").points == (3 if is_committed else 0)
    box.append(blobs[:1])
    assert box.pending("near").points == (4 if is_committed else 1)
