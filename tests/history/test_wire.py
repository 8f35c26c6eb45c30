"""The wire to a database: only the server that is meant, and nothing of it lasts or weighs more than it may."""

import socket
import ssl
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from controller.history import shipper, wire
from controller.history.history import History
from controller.history.sinks import Answer, Sink, Verdict, opener, verdict
from foundation.clock import SteppedClock
from foundation.reading import good
from tests.history.fake_influx import FakeInflux, Say
from tests.history.farm import START_S, secrets, site, tags, v1, v2, v3
from tests.history.protocol import read
from tests.history.test_history import eventually, running

LINE = b"env,facility=gh1,site=farm1,tag=air,zone=bay1 v=21.5,q=3i 1700000000000"
DIALECTS = {"v1": v1, "v2": v2, "v3": v3}


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> Callable[[str], dict[str, Any]]:
    return DIALECTS[request.param]


def opened(sink: dict[str, Any]) -> Sink:
    (config,) = site({"influx": sink}).sinks.values()
    return opener(config, secrets)()


def asked(sink: dict[str, Any]) -> Answer:
    it = opened(sink)
    try:
        return it.send(LINE)
    finally:
        it.close()


class Hostile:
    """Answers one request with `head`, then `piece` until the other side has had enough, `every_s`."""

    def __init__(self, head: bytes, piece: bytes, every_s: float = 0.0) -> None:
        self.sent = 0
        self._head, self._piece, self._every_s = head, piece, every_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._end = Event()
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> "Hostile":
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._listener.close()
        self._thread.join(10)

    def _serve(self) -> None:
        try:
            peer, _ = self._listener.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(self._head)
                while not self._end.wait(self._every_s):
                    self.sent += peer.send(self._piece)
        except OSError:
            pass


def test_an_answer_without_an_end_is_no_delivery_and_is_not_kept(dialect: Callable[[str], dict[str, Any]]) -> None:
    with Hostile(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536) as server:
        answer = asked(dialect(server.url))
        assert (answer.status, verdict(answer)) == (None, Verdict.FAILED)
        assert "longer than" in answer.message
    # what socket buffers hold, and not what it would have sent
    assert server.sent < 32 << 20


def test_of_a_huge_refusal_the_beginning_is_enough(dialect: Callable[[str], dict[str, Any]]) -> None:
    with Hostile(b"HTTP/1.1 413 Too Large\r\n\r\n", b"y" * 65536) as server:
        answer = asked(dialect(server.url))
    assert (answer.status, len(answer.message)) == (413, 300)


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 204 No Content\r\nX-Slow: ", b"z"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", b"z"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n", b"z"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["head", "body", "chunk", "continue"],
)
def test_a_byte_now_and_then_does_not_keep_a_shipper_for_ever(
    dialect: Callable[[str], dict[str, Any]], head: bytes, piece: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "WHOLE_S", 0.2)
    with Hostile(head, piece, 0.01) as server:
        answer = asked(dialect(server.url))
    assert verdict(answer) is Verdict.FAILED
    assert "no whole answer" in answer.message or "Read timed out" in answer.message


def test_a_bomb_of_zeros_is_not_unpacked(dialect: Callable[[str], dict[str, Any]]) -> None:
    with FakeInflux() as fake:
        fake.answers.append(Say(500, b"not gzip at all", {"Content-Encoding": "gzip"}))
        assert asked(dialect(fake.url))[:2] == (500, "not gzip at all")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_token_does_not_follow_a_redirect(dialect: Callable[[str], dict[str, Any]], status: int) -> None:
    with FakeInflux() as other, FakeInflux() as fake:
        fake.answers.append(Say(status, b"", {"Location": f"{other.url}/write?db=farm&precision=ms"}))
        answer = asked(dialect(fake.url))
        assert (answer.status, verdict(answer)) == (status, Verdict.REFUSED)
        assert other.requests == []


@pytest.mark.parametrize("said", [True, False])
def test_what_is_compressed_is_what_the_site_says(dialect: Callable[[str], dict[str, Any]], said: bool) -> None:
    with FakeInflux() as fake:
        assert asked(dialect(fake.url) | {"gzip": said}).status == 204
        assert (fake.requests[0].headers["Content-Encoding"] == "gzip") is said


def test_a_retention_policy_of_version_1_is_named() -> None:
    with FakeInflux() as fake:
        assert asked(v1(fake.url) | {"retention": "ten_years"}).status == 204
        assert fake.requests[0].query["rp"] == ["ten_years"]


async def test_no_request_is_larger_than_the_site_allows(tmp_path: Path) -> None:
    clock = SteppedClock(START_S)
    names = tags(*(f"gh1.bay1.t{number}" for number in range(10)))
    with FakeInflux() as fake:
        recorder = History(tmp_path, site({"it": v1(fake.url) | {"batch": 3}}), names, secrets, clock)
        async with running(recorder):
            recorder.record([good(name, 1.0, START_S) for name in names])
            await eventually(lambda: len(fake.points) == 10)
        assert max(len(read(request.body.decode())) for request in fake.requests) == 3


@pytest.mark.parametrize(
    ("head", "piece"),
    [(b"", b""), (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"z"), (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)],
    ids=["mute", "slow", "endless"],
)
async def test_a_hostile_database_holds_neither_the_scan_nor_the_record(
    head: bytes, piece: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipper, "STOP_S", 0.05)
    clock = SteppedClock(START_S)
    acknowledged: list[int] = []
    with Hostile(head, piece, 0.01) as server:
        recorder = History(tmp_path, site({"it": v1(server.url)}), tags("gh1.bay1.air"), secrets, clock)
        for second in range(30):
            clock.set(START_S + second)
            recorder.record([good("gh1.bay1.air", float(second), clock.now())], [partial(acknowledged.append, second)])
            await recorder._commit()
            # what was seen is on the disk within its own tick, whatever the database does
            assert acknowledged == list(range(second + 1))
        status = recorder.status()
        assert status.sinks["it"].health.delivered_points == 0
        assert status.sinks["it"].pending.points == 30
        await recorder.close()


# --- TLS


@pytest.fixture
def secure(authority: Path) -> Iterator[FakeInflux]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority / "server.pem", authority / "server.key")
    with FakeInflux(tls=tls) as fake:
        yield fake


def test_a_server_that_the_farms_own_authority_vouches_for_gets_the_points(
    dialect: Callable[[str], dict[str, Any]], secure: FakeInflux, authority: Path
) -> None:
    answer = asked(dialect(secure.url) | {"tls": {"ca": str(authority / "ca.pem")}})
    assert answer.status == 204
    assert len(secure.points) == 1


def test_a_server_that_nobody_vouches_for_is_told_no_token(
    dialect: Callable[[str], dict[str, Any]], secure: FakeInflux
) -> None:
    answer = asked(dialect(secure.url))
    assert answer.status is None
    assert "certificate verify failed" in answer.message
    assert secure.requests == []


def test_a_name_that_is_not_the_servers_is_not_believed(
    dialect: Callable[[str], dict[str, Any]], secure: FakeInflux, authority: Path
) -> None:
    elsewhere = secure.url.replace("127.0.0.1", "localhost")
    answer = asked(dialect(elsewhere) | {"tls": {"ca": str(authority / "ca.pem")}})
    assert answer.status is None
    assert secure.requests == []


def test_who_says_so_takes_whoever_answers(dialect: Callable[[str], dict[str, Any]], secure: FakeInflux) -> None:
    assert asked(dialect(secure.url) | {"tls": {"verify": False}}).status == 204


def test_certificates_that_are_not_there_are_said(dialect: Callable[[str], dict[str, Any]]) -> None:
    with pytest.raises(OSError, match="No such file"):
        opened(dialect("https://127.0.0.1:1") | {"tls": {"ca": "nowhere.pem"}})
