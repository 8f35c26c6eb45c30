"""The way to an InfluxDB that answers badly: nothing lost, nothing twice, nobody hurried, and no secret told."""

import logging
import socket
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from controller.history import sinks, wire
from controller.history.line import milliseconds, split
from controller.history.outbox import Batch, Outbox, pack
from controller.history.shipper import BACKOFF_S, IDLE_S, REFUSED_S, Shipper
from controller.history.sinks import Answer, Sink, Verdict, opener, verdict
from tests.history.fake_influx import FakeInflux, Say
from tests.history.farm import START_S, TOKEN, secrets, site, v1, v2, v3
from tests.history.protocol import read

DIALECTS = {"v1": v1, "v2": v2, "v3": v3}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Outbox]:
    it = Outbox(tmp_path / "outbox.db", ["influx"])
    it.open(START_S)
    yield it
    it.close()


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> Callable[[str], dict[str, Any]]:
    return DIALECTS[request.param]


def fill(box: Outbox, ticks: range, points: int = 4) -> None:
    blobs = []
    for tick in ticks:
        times = [milliseconds(START_S + tick)] * points
        blobs.append(pack([f"env,tag=t{number} v={tick}.5,q=3i {times[0]}" for number in range(points)], times))
    box.append(blobs)


def shipper_to(box: Outbox, sink: dict[str, Any], ask: sinks.Secrets = secrets) -> Shipper:
    (config,) = site({"influx": sink}).sinks.values()
    return Shipper("influx", box, opener(config, ask), lambda: START_S, Random(1))


def finish(shipper: Shipper) -> list[float]:
    """Step until there is nothing left; the waits that were asked for."""
    waits: list[float] = []
    for _ in range(200):
        wait_s = shipper.step()
        if wait_s is None:
            return [wait for wait in waits if wait]
        waits.append(wait_s)
    raise AssertionError(f"not done after {len(waits)} steps: {shipper.health}")


def arrived(fake: FakeInflux, ticks: range, points: int = 4) -> bool:
    wanted = {("env", f"t{n}", milliseconds(START_S + tick)): tick + 0.5 for tick in ticks for n in range(points)}
    return {key: point.fields["v"] for key, point in fake.points.items()} == wanted


def test_what_is_taken_is_deleted(box: Outbox, dialect: Callable[[str], dict[str, Any]]) -> None:
    fill(box, range(10))
    with FakeInflux() as fake:
        shipper = shipper_to(box, dialect(fake.url))
        assert finish(shipper) == []
        assert arrived(fake, range(10))
        assert len(fake.requests) == 1
    assert box.pending("influx").blobs == 0
    assert (shipper.health.state, shipper.health.delivered_points, shipper.health.last_ok_s) == ("ok", 40, START_S)
    shipper.stop()


@pytest.mark.parametrize(
    "say",
    [
        Say(500),
        Say(502, b"<html>bad gateway</html>"),
        Say(503),
        Say(429),
        Say(408),
        Say(0),
        Say(0, half=True),
        Say(0, store=True),
    ],
    ids=str,
)
def test_what_was_not_taken_is_sent_again_byte_for_byte_and_later(
    box: Outbox, dialect: Callable[[str], dict[str, Any]], say: Say
) -> None:
    fill(box, range(3))
    with FakeInflux() as fake:
        shipper = shipper_to(box, dialect(fake.url))
        fake.answers.extend([say] * 12)
        waits = []
        for number in range(12):
            wait_s = shipper.step()
            assert wait_s is not None
            waits.append(wait_s)
            # what came meanwhile waits its turn
            fill(box, range(3 + number, 4 + number))
        assert len(fake.requests) == 12
        assert all(1.0 <= wait <= min(BACKOFF_S, 2.0**number) for number, wait in enumerate(waits))
        assert max(waits) > 30.0
        assert shipper.health.state == "failing"
        assert finish(shipper) == []
        whole = fake.requests[12].body
        assert [whole.startswith(request.body) for request in fake.requests[:12]] == [True] * 12
        assert say.half or {request.body for request in fake.requests[:12]} == {whole}
        assert arrived(fake, range(15))
    shipper.stop()


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"Retry-After": "17"}, 17.0),
        ({"Retry-After": "0"}, 1.0),
        ({"Retry-After": "999999999"}, 3600.0),
        ({"Retry-After": "Mon, 23 Nov 2026 03:10:30 GMT", "Date": "Mon, 23 Nov 2026 03:10:05 GMT"}, 25.0),
        ({"Retry-After": "soon"}, 1.0),
        ({"Retry-After": "-5"}, 1.0),
        ({"Retry-After": "nan"}, 1.0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_left_alone_as_long_as_it_asks(
    box: Outbox, dialect: Callable[[str], dict[str, Any]], headers: dict[str, str], wait_s: float, status: int
) -> None:
    fill(box, range(1))
    with FakeInflux() as fake:
        shipper = shipper_to(box, dialect(fake.url))
        fake.answers.append(Say(status, headers=headers))
        assert finish(shipper) == [wait_s]
        assert arrived(fake, range(1))
    shipper.stop()


@pytest.mark.parametrize("status", [401, 403, 404, 405, 302, 200])
def test_a_closed_door_keeps_everything_and_is_an_alarm(
    box: Outbox, dialect: Callable[[str], dict[str, Any]], status: int
) -> None:
    fill(box, range(3))
    with FakeInflux() as fake:
        shipper = shipper_to(box, dialect(fake.url))
        fake.answers.extend([Say(status, b"<html>welcome to the hotel</html>")] * 3)
        assert [shipper.step() for _ in range(3)] == [REFUSED_S] * 3
        assert (shipper.health.state, box.pending("influx").blobs) == ("refused", 3)
        assert finish(shipper) == []
        assert arrived(fake, range(3))
        assert (shipper.health.state, shipper.health.last_error_s) == ("ok", START_S)
        assert "hotel" in shipper.health.last_error
    shipper.stop()


def test_a_wrong_token_is_told_nobody_and_a_mended_one_is_used(
    box: Outbox, dialect: Callable[[str], dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fill(box, range(3))
    wrong = "wr0ng-token"
    given = [wrong]
    with FakeInflux() as fake:
        shipper = shipper_to(box, dialect(fake.url), lambda name: "farm" if name == "influx_user" else given[-1])
        assert shipper.step() == REFUSED_S
        assert "not allowed" in shipper.health.last_error
        given.append(TOKEN)
        assert finish(shipper) == []
        assert arrived(fake, range(3))
        assert repr(shipper._sink)
        told = caplog.text + repr(vars(shipper)) + repr(shipper.health)
    assert wrong not in told
    assert TOKEN not in told
    shipper.stop()


def test_a_secret_that_is_missing_is_named_and_asked_for_again(box: Outbox) -> None:
    fill(box, range(1))
    known: dict[str, str] = {}
    with FakeInflux() as fake:
        shipper = shipper_to(box, v2(fake.url), known.__getitem__)
        assert shipper.step() == REFUSED_S
        assert "influx_token" in shipper.health.last_error
        known["influx_token"] = TOKEN
        assert finish(shipper) == []
        assert arrived(fake, range(1))
    shipper.stop()


def test_a_batch_that_is_too_large_is_halved_until_it_passes(
    box: Outbox, dialect: Callable[[str], dict[str, Any]]
) -> None:
    fill(box, range(100), points=10)
    with FakeInflux(most_lines=300) as fake:
        shipper = shipper_to(box, dialect(fake.url))
        assert finish(shipper) == []
        assert arrived(fake, range(100), points=10)
        refused = len(fake.requests)
        fill(box, range(100, 200), points=10)
        finish(shipper)
        assert arrived(fake, range(200), points=10)
        assert len(fake.requests) - refused <= 5
    shipper.stop()


def test_one_bad_line_is_found_and_only_that_is_given_up(box: Outbox, dialect: Callable[[str], dict[str, Any]]) -> None:
    fill(box, range(50), points=10)
    with FakeInflux(lambda point: point.fields["v"] == 20.5 and point.tags["tag"] in ("t3", "t7")) as fake:
        shipper = shipper_to(box, dialect(fake.url))
        assert finish(shipper) == []
        assert len(fake.points) == 498
        assert len(fake.requests) < 50
    rows = box._opened().execute("SELECT line, status, reason FROM dead ORDER BY line").fetchall()
    assert [(row[0].split(" ")[0], row[1]) for row in rows] == [("env,tag=t3", 422), ("env,tag=t7", 422)]
    assert "field type conflict" in rows[0][2]
    assert shipper.health.dead_points == box.dead_letters() == 2
    assert shipper.health.delivered_points == 498
    shipper.stop()


def test_a_malformed_line_among_good_ones_is_found(box: Outbox, dialect: Callable[[str], dict[str, Any]]) -> None:
    fill(box, range(3))
    times = [milliseconds(START_S + 9)]
    box.append([pack(["env,tag=t0 v=,q=3i 1"], times)])
    with FakeInflux() as fake:
        shipper = shipper_to(box, dialect(fake.url))
        assert finish(shipper) == []
        assert arrived(fake, range(3))
    assert [row[0] for row in box._opened().execute("SELECT line FROM dead")] == ["env,tag=t0 v=,q=3i 1"]
    shipper.stop()


def test_what_refuses_every_line_and_is_no_influxdb_costs_none(
    box: Outbox, dialect: Callable[[str], dict[str, Any]]
) -> None:
    fill(box, range(20))
    with FakeInflux() as fake:
        shipper = shipper_to(box, dialect(fake.url))
        fake.answers.extend([Say(400, b"<html>plain HTTP was sent to an HTTPS port</html>")] * 40)
        assert shipper.step() == REFUSED_S
        assert (box.dead_letters(), box.pending("influx").blobs) == (0, 20)
        fake.answers.clear()
        assert finish(shipper) == []
        assert arrived(fake, range(20))
    shipper.stop()


def test_a_server_that_hangs_is_given_up_after_the_deadline(
    box: Outbox, dialect: Callable[[str], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "READ_S", 0.2)
    fill(box, range(2))
    with FakeInflux() as fake:
        shipper = shipper_to(box, dialect(fake.url))
        fake.answers.append(Say(204, hang=True, store=True))
        assert finish(shipper) == [1.0]
        assert "timed out" in shipper.health.last_error.lower()
        assert arrived(fake, range(2))
        assert fake.requests[0].body == fake.requests[1].body
    shipper.stop()


def test_nobody_there_is_no_reason_to_hurry(box: Outbox, dialect: Callable[[str], dict[str, Any]]) -> None:
    fill(box, range(2))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        shipper = shipper_to(box, dialect(f"http://127.0.0.1:{taken.getsockname()[1]}"))
        waits = [shipper.step() for _ in range(20)]
    assert all(wait is not None and 1.0 <= wait <= BACKOFF_S for wait in waits)
    assert sum(wait or 0.0 for wait in waits) > 600.0
    assert box.pending("influx").blobs == 2
    shipper.stop()


def test_lines_are_compressed_on_a_real_wire(
    box: Outbox, dialect: Callable[[str], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sinks, "_LOOPBACK", frozenset())
    fill(box, range(20))
    with FakeInflux() as fake:
        shipper = shipper_to(box, dialect(fake.url))
        assert finish(shipper) == []
        assert arrived(fake, range(20))
        assert fake.requests[0].headers["Content-Encoding"] == "gzip"
        assert int(fake.requests[0].headers["Content-Length"]) < len(fake.requests[0].body) / 4
    shipper.stop()


@pytest.mark.parametrize("url", ["ftp://influx:8086", "influx:8086", "http://", "http://farm:s3cret@influx:8086"])
def test_an_address_that_cannot_be_used_is_said_without_what_it_hides(box: Outbox, url: str) -> None:
    fill(box, range(1))
    shipper = shipper_to(box, v1(url))
    assert shipper.step() == REFUSED_S
    assert "url" in shipper.health.last_error
    assert "s3cret" not in shipper.health.last_error


class Notebook:
    """A sink that writes down what it gets."""

    def __init__(self) -> None:
        self.batches: list[list[bytes]] = []
        self.answer = Answer(204)
        self.waits = True
        """Whether there is an answer to wait for."""

    def send(self, body: bytes, meanwhile: Callable[[], object] | None = None) -> Answer:
        if meanwhile is not None and self.waits:
            meanwhile()
        self.batches.append(split(body))
        return self.answer

    def close(self) -> None:
        pass


def in_threes(box: Outbox, notebook: Notebook) -> Shipper:
    """Sends three ticks of ten points in a batch."""
    shipper = Shipper("influx", box, lambda: notebook, lambda: START_S, Random(1))
    shipper._lines = 30
    return shipper


def ticks(lines: Sequence[bytes]) -> list[int]:
    times = sorted({point.time_ms for point in read(b"\n".join(lines).decode())})
    return [round(time_ms / 1000 - START_S) for time_ms in times]


def test_the_present_goes_before_the_backlog_and_then_once_every_five(box: Outbox) -> None:
    notebook = Notebook()
    shipper = Shipper("influx", box, lambda: notebook, lambda: START_S, Random(1))
    shipper._lines = 50
    fill(box, range(100), points=10)
    for now in range(100, 112):
        fill(box, range(now, now + 1), points=10)
        shipper.step()
    sent = [ticks(batch) for batch in notebook.batches]
    assert sent[0] == [96, 97, 98, 99, 100]
    assert [batch[0] for batch in sent[1:5]] == [0, 5, 10, 15]
    assert sent[5] == [101, 102, 103, 104, 105]
    assert [batch[0] for batch in sent[6:10]] == [20, 25, 30, 35]
    assert sent[10] == [106, 107, 108, 109, 110]
    finish(shipper)
    everything = [tick for batch in notebook.batches for tick in ticks(batch)]
    assert sorted(everything) == list(range(112))
    assert box.gaps("influx") == []


def test_requests_are_bounded_in_lines_and_bytes(box: Outbox) -> None:
    notebook = Notebook()
    shipper = Shipper("influx", box, lambda: notebook, lambda: START_S, Random(1))
    fill(box, range(1), points=12_000)
    times = [milliseconds(START_S + 1)] * 40
    box.append([pack([f'event,tag=t{n} s="{"x" * 60_000}",q=3i {times[0]}' for n in range(40)], times)])
    finish(shipper)
    assert sum(len(batch) for batch in notebook.batches) == 12_040
    assert max(len(batch) for batch in notebook.batches) == 5000
    assert max(sum(len(line) + 1 for line in batch) for batch in notebook.batches) <= 1 << 20


def test_a_client_that_throws_anything_stops_nothing(box: Outbox) -> None:
    class Broken(Notebook):
        def send(self, body: bytes, meanwhile: object = None) -> Answer:
            raise RuntimeError("a bug of somebody else's")

    mended = Notebook()
    opened: list[Sink] = [mended, Broken()]
    shipper = Shipper("influx", box, opened.pop, lambda: START_S, Random(1))
    fill(box, range(1))
    assert shipper.step() == 1.0
    assert shipper.health.last_error == "RuntimeError: a bug of somebody else's"
    assert finish(shipper) == []
    assert [ticks(batch) for batch in mended.batches] == [[0]]


def test_a_rotten_blob_is_given_up_and_counted(box: Outbox) -> None:
    fill(box, range(3))
    box._opened().execute("UPDATE outbox SET body = x'00' WHERE seq = 2")
    shipper = Shipper("influx", box, Notebook, lambda: START_S, Random(1))
    finish(shipper)
    assert (shipper.health.dead_points, shipper.health.delivered_points, box.dead_letters()) == (4, 8, 1)


def test_a_delivery_out_of_a_file_that_was_set_aside_is_not_taken_for_one_of_the_new(box: Outbox) -> None:
    notebook = Notebook()
    shipper = Shipper("influx", box, lambda: notebook, lambda: START_S, Random(1))
    fill(box, range(3))
    notebook.answer = Answer(500)
    shipper.step()
    box.close()
    box.path.write_bytes(b"rot" * 1000)
    box.open(START_S)
    fill(box, range(10, 13))
    notebook.answer = Answer(204)
    finish(shipper)
    assert ticks(notebook.batches[-1]) == [10, 11, 12]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(204), Verdict.DELIVERED),
        (Answer(200, "<html>"), Verdict.REFUSED),
        (Answer(400), Verdict.BAD_LINES),
        (Answer(422), Verdict.BAD_LINES),
        (Answer(413), Verdict.TOO_LARGE),
        (Answer(401), Verdict.REFUSED),
        (Answer(418), Verdict.REFUSED),
        (Answer(429), Verdict.BUSY),
        (Answer(503), Verdict.BUSY),
        (Answer(500), Verdict.FAILED),
        (Answer(599), Verdict.FAILED),
        (Answer(None), Verdict.FAILED),
    ],
)
def test_the_table_of_answers(answer: Answer, said: Verdict) -> None:
    assert verdict(answer) is said


def test_what_follows_is_read_while_an_answer_is_waited_for_and_sent_once(
    box: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = Notebook()
    shipper = in_threes(box, notebook)
    reads: list[tuple[int, int, int]] = []
    read_really = Outbox.read

    def noted(self: Outbox, first: int, last: int, lines: int, *, newest: bool = False) -> Batch:
        batch = read_really(self, first, last, lines, newest=newest)
        reads.append((len(notebook.batches), batch.first, batch.last))
        return batch

    monkeypatch.setattr(Outbox, "read", noted)
    fill(box, range(40), points=10)
    notebook.answer = Answer(503)
    shipper.step()
    notebook.answer = Answer(204)
    finish(shipper)
    # the present, and the first of the backlog while its answer was waited for
    assert [sent for sent, _, _ in reads[:2]] == [0, 0]
    assert sorted(seq for _, first, last in reads for seq in range(first, last + 1)) == list(range(1, 41))
    taken = notebook.batches[1:]
    assert sorted(tick for batch in taken for tick in ticks(batch)) == list(range(40))
    assert sum(map(len, taken)) == 400


def test_what_was_read_ahead_and_the_present_has_taken_is_not_sent_again(box: Outbox) -> None:
    notebook = Notebook()
    shipper = in_threes(box, notebook)
    for size in range(1, 40):
        fill(box, range(size * 100, size * 100 + size), points=10)
        finish(shipper)
    assert sum(map(len, notebook.batches)) == 10 * sum(range(1, 40))


def test_a_batch_is_written_off_while_the_next_is_on_its_way_and_a_crash_in_between_sends_only_it_again(
    box: Outbox,
) -> None:
    notebook = Notebook()
    shipper = in_threes(box, notebook)
    fill(box, range(12), points=10)
    for _ in range(3):
        assert shipper.step() == 0.0
    # the third is with the sink, and the outbox does not know: here the power goes
    assert (len(notebook.batches), box.pending("influx").points, shipper.pending.points) == (3, 120 - 60, 120 - 60)
    after = Notebook()
    finish(Shipper("influx", box, lambda: after, lambda: START_S, Random(1)))
    assert box.pending("influx").points == 0
    before, again = ({line for batch in one.batches for line in batch} for one in (notebook, after))
    assert len(before | again) == 120
    assert before & again == set(notebook.batches[2])


def test_where_nothing_is_waited_for_each_batch_is_written_off_at_once(box: Outbox) -> None:
    notebook = Notebook()
    shipper = in_threes(box, notebook)
    fill(box, range(12), points=10)
    for notebook.waits, left in ((False, 90), (True, 90), (False, 30)):
        shipper.step()
        assert box.pending("influx").points == left


def test_who_stops_in_an_orderly_way_writes_off_what_was_taken(box: Outbox) -> None:
    notebook = Notebook()
    shipper = in_threes(box, notebook)
    fill(box, range(12), points=10)
    for _ in range(3):
        shipper.step()
    shipper.stop()
    assert box.pending("influx").points == 120 - sum(map(len, notebook.batches))


@pytest.mark.parametrize("bad", [Answer(503), Answer(None, "refused"), Answer(401)])
def test_when_the_next_one_fails_what_was_taken_before_is_written_off_all_the_same(box: Outbox, bad: Answer) -> None:
    notebook = Notebook()
    shipper = in_threes(box, notebook)
    fill(box, range(30), points=10)
    for _ in range(5):
        assert shipper.step() == 0.0
    # the sixth is the present again, and what of the backlog comes after it has been read
    fill(box, range(30, 31), points=10)
    taken = sum(map(len, notebook.batches))
    notebook.answer, notebook.waits = bad, bad.status is not None
    shipper.step()
    assert box.pending("influx").points == shipper.pending.points == 310 - taken


def test_an_outbox_that_cannot_be_written_while_an_answer_is_waited_for_loses_nothing(
    box: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = Notebook()
    shipper = in_threes(box, notebook)
    fill(box, range(12), points=10)
    for _ in range(2):
        shipper.step()

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as broken:
        broken.setattr(Outbox, "delivered", full)
        assert shipper.step() == IDLE_S
    assert (shipper.health.state, shipper.health.last_error) == ("failing", "outbox: disk I/O error")
    assert box.pending("influx").points == 120 - 30, "the first one was written off, the next two were not"
    finish(shipper)
    assert box.pending("influx").points == 0
    assert {tick for batch in notebook.batches for tick in ticks(batch)} == set(range(12))
