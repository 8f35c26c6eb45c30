"""What cannot be a point never becomes one: refused when the site is built, or a dead letter and an alarm."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.history.history import History
from controller.history.line import line, prefix
from controller.own_alarms import OwnAlarms
from edge_config.loader import load_site
from foundation.clock import SteppedClock
from foundation.problem import ProblemsError
from foundation.reading import Reading, good
from tests.history.fake_influx import FakeInflux
from tests.history.farm import START_S, secrets, site, tag, tags, v2
from tests.history.protocol import read
from tests.history.test_history import eventually, running

GREENHOUSE = Path(__file__).parents[2] / "edge_config/sites/greenhouse.yaml"
NAMES = [
    "air temp",
    "air,temp",
    "air=temp",
    'air"temp',
    "air\\ttemp",
    "air\\ntemp",
    "温度",
    "🐟",
    "a" * 10_000,
    "class",
]


@pytest.fixture
def text() -> str:
    return GREENHOUSE.read_text("utf-8")


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("gh1.bay1.air_temp_a", '"gh1.bay1.NAME"'),
        ("id: demo_greenhouse", 'id: "NAME"'),
        ("gh1: {kind", '"NAME": {kind'),
        ("sinks: {}", 'sinks: {"NAME": {type: file, directory: x}}'),
    ],
    ids=["tag", "site", "facility", "sink"],
)
def test_a_name_that_line_protocol_could_misread_is_refused_when_the_site_is_built(
    name: str, old: str, new: str, text: str, tmp_path: Path
) -> None:
    assert old in text
    path = tmp_path / "site.yaml"
    path.write_text(text.replace(old, new.replace("NAME", name.replace('"', '\\"'))), "utf-8")
    with pytest.raises(ProblemsError) as refused:
        load_site(path)
    # no identifier, no name of a tag; YAML itself takes no key that is so long
    wanted = {"E126", "E127"} | ({"E005"} if len(name) > 1000 else set())
    assert {problem.code for problem in refused.value.problems} & wanted


@given(st.text(max_size=200), st.sampled_from(["s" * 10_000, 'ras 1,="🐟\n', "\x00\x1b[31m"]))
def test_no_text_however_strange_is_more_than_one_point_or_reaches_beyond_its_field(some: str, more: str) -> None:
    value = f"{some}{more}"
    (point,) = read(line(prefix("farm1", tag("gh1.bay1.note")), good("gh1.bay1.note", value, START_S)))
    assert set(point.fields) == {"s", "q"}
    assert point.tags == {"facility": "gh1", "site": "farm1", "tag": "note", "zone": "bay1"}


async def test_a_type_that_changed_is_a_dead_letter_and_an_alarm_and_is_not_tried_for_ever(tmp_path: Path) -> None:
    clock = SteppedClock(START_S)
    names = tags("gh1.bay1.air", "gh1.bay1.rh")
    # a database in which `v` of the air has been a text before
    with FakeInflux(lambda point: point.tags["tag"] == "air") as fake:
        recorder = History(tmp_path, site({"it": v2(fake.url)}), names, secrets, clock)
        async with running(recorder):
            for scan in range(5):
                now_s = START_S + scan
                recorder.record(
                    [good("gh1.bay1.air", 20.0 + scan, now_s), Reading("gh1.bay1.rh", 80.0 + scan, 3, None, now_s)]
                )  # type: ignore[arg-type]
                await clock.advance(1)
                await eventually(lambda scan=scan: recorder.status().stored_points == 2 * (scan + 1))  # type: ignore[misc]
            await eventually(lambda: recorder.status().sinks["it"].health.dead_points == 5)
            await clock.advance(1)
            await eventually(lambda: recorder.status().dead_letters == 5)
            asked = len(fake.requests)
            for _ in range(3):
                await clock.advance(60)
            status = recorder.status()
        assert len(fake.requests) == asked
        assert {key[1] for key in fake.points} == {"rh"}
    assert status.sinks["it"].pending.points == 0
    assert status.sinks["it"].health.state == "ok"
    alarms = OwnAlarms().now(status, 0, clock.now())
    assert [one.id for one in alarms] == ["history.dead:outbox"]
