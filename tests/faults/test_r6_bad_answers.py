"""R6: a database that answers badly, in every way and any order. Nothing lost, nothing altered, nobody hurried."""

from pathlib import Path
from random import Random

import pytest

from controller.history import wire
from controller.history.line import milliseconds
from controller.history.outbox import Outbox
from tests.faults.proof import SEED, Proof, times
from tests.history.fake_influx import FakeInflux, Say
from tests.history.farm import START_S, v1, v2, v3
from tests.history.protocol import Point, read
from tests.history.test_shipper import fill, shipper_to

pytestmark = [pytest.mark.wire, pytest.mark.timeout(times(120, 3600))]

ROUNDS = times(90, 5_000)
POINTS = 6
ANSWERS = [
    Say(204),
    Say(301, headers={"Location": "/elsewhere"}),
    Say(400),
    Say(401),
    Say(403),
    Say(404),
    Say(408),
    Say(413),
    Say(418),
    Say(422),
    Say(429, headers={"Retry-After": "7"}),
    Say(500),
    Say(503, headers={"Retry-After": "30"}),
    Say(507),
    Say(200, b"<html>sign in to this network</html>"),
    Say(0),
    Say(0, half=True),
    Say(0, store=True),
    Say(500, store=True),
    Say(200, b"x" * (1 << 18)),
    Say(500, b"x" * (1 << 18)),
    Say(0, hang=True),
]
ABOUT_LINES = frozenset({400, 413, 422})


def poisoned(point: Point) -> bool:
    """What the database will never take: one tag's every seventh value."""
    return point.tags["tag"] == "t3" and int(point.fields["v"]) % 7 == 0


@pytest.mark.parametrize("dialect", [v1, v2, v3])
def test_whatever_the_database_answers_nothing_is_lost(
    dialect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "READ_S", 0.1)
    proof, random = Proof(f"R6 bad answers {dialect.__name__}"), Random(SEED)
    box = Outbox(tmp_path / "outbox.db", ["influx"])
    box.open(START_S)
    waited_s = 0.0
    with FakeInflux(poison=poisoned, most_lines=40) as fake:
        shipper = shipper_to(box, dialect(fake.url))
        told = 0
        for number in range(ROUNDS):
            fill(box, range(number, number + 1), points=POINTS)
            # each once, and then any
            say = ANSWERS[number] if number < len(ANSWERS) else random.choice(ANSWERS)
            # at the first request, or at a part of a batch of which another part was taken
            coming = [say] if number % 3 else [Say(random.choice(sorted(ABOUT_LINES))), None, say]
            fake.answers.extend(one if one is None or one.status != 204 else None for one in coming)
            wait_s = shipper.step()
            waited_s += wait_s or 0.0
            fake.release.set()
            said = coming[: len(coming) - len(fake.answers)]
            # what is told of lines is told once, of several: the halves are judged as they deserve
            told += sum(one is not None and one.status not in {204, *ABOUT_LINES} for one in said)
            fake.answers.clear()
        while (wait_s := shipper.step()) is not None:
            waited_s += wait_s
        shipper.stop()
        held = {(key[1], key[2]): point.fields for key, point in fake.points.items()}
        asked = list(fake.requests)
    # no more than one a second of those that it could do nothing with
    assert told <= waited_s
    wanted = {
        (f"t{tag}", milliseconds(START_S + tick)): {"v": tick + 0.5, "q": 3}
        for tick in range(ROUNDS)
        for tag in range(POINTS)
        if not (tag == 3 and tick % 7 == 0)
    }
    poison = len([tick for tick in range(ROUNDS) if tick % 7 == 0])
    assert (box.pending("influx").points, box.dead_letters()) == (0, poison)
    box.close()
    lost = sum(held.get(key) != fields for key, fields in wanted.items())
    # what is sent again is sent as it was, or it would stand beside itself
    seen: dict[tuple[str, int], dict[str, object]] = {}
    dup = 0
    for request in asked:
        if len(request.body) != int(request.headers["Content-Length"]):
            # cut off on its way
            continue
        for point in read(request.body.decode()):
            key = point.tags["tag"], point.time_ms
            dup += seen.setdefault(key, dict(point.fields)) != point.fields
    proof.says(ROUNDS, lost + len(set(held) - set(wanted)), dup)
