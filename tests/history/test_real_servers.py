"""The real InfluxDB, by both its doors, and VictoriaMetrics: what comes back is what the farm saw, value by value."""

import asyncio
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.history import shipper
from controller.history.history import History
from controller.history.line import line, milliseconds, prefix
from foundation.clock import SteppedClock
from foundation.reading import Quality, Reading, Reason, Value, bad, good
from foundation.tag import Tag
from tests.history.farm import START_S, secrets, site, tag, tags, v1, v2, victoria
from tests.history.protocol import read
from tests.history.test_history import eventually, running
from tests.wire.servers import InfluxDB, InfluxV2, Server, VictoriaMetrics, get

pytestmark = pytest.mark.wire

SCANS = 60
KINDS = ("number", "exact", "switch", "text", "failing", "doubtful")
TAGS = tags(*(f"gh1.bay{bay}.{kind}" for bay in range(1, 9) for kind in KINDS))

Row = dict[str, Value | int]
Rows = dict[tuple[str, str, int], Row]
"""By zone, tag and ms: the fields."""


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    with InfluxDB(tmp_path_factory.mktemp("influxdb")) as server:
        yield server


@pytest.fixture(scope="module")
def front(influx: InfluxDB, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxV2]:
    with InfluxV2(tmp_path_factory.mktemp("nginx"), influx) as server:
        yield server


@pytest.fixture(scope="module")
def victoria_metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VictoriaMetrics]:
    with VictoriaMetrics(tmp_path_factory.mktemp("victoria")) as server:
        yield server


@pytest.fixture(autouse=True)
def _short_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipper, "BACKOFF_S", 1.0)


def seen(name: str, scan: int, random: Random) -> Reading:
    """What a tag shows at a scan: never the same twice running, so that every reading is worth a point."""
    kind = name.split(".")[2]
    time_s = START_S + scan + random.randrange(1000) / 1000
    match kind:
        case "number":
            return good(name, round(random.uniform(-50.0, 1500.0) + scan, 3), time_s)
        case "exact":
            # any double there is, of those that are written with and without an exponent
            return good(name, random.random() * 10.0 ** random.randrange(-300, 300), time_s)
        case "switch":
            return good(name, scan % 2 == 0, time_s)
        case "text":
            alphabet = 'abc 水温℃🐟,="\\\n\r\t'
            return good(name, f"{scan}" + "".join(random.choices(alphabet, k=random.randrange(9))), time_s)
        case "failing":
            return bad(name, random.choice(list(Reason)), time_s, refused=85.0 + scan if scan % 3 else None)
    quality = Quality.UNCERTAIN if scan % 2 else Quality.SUBSTITUTED
    return Reading(name, float(scan), quality, Reason.DISAGREE, time_s)


def expected(readings: list[Reading]) -> Rows:
    rows: Rows = {}
    for reading in readings:
        _, zone, name = reading.tag.split(".")
        row: Row = {"q": int(reading.quality)}
        if reading.value is not None:
            key = "b" if isinstance(reading.value, bool) else "s" if isinstance(reading.value, str) else "v"
            row[key] = reading.value
        if reading.reason is not None:
            row["why"] = str(reading.reason)
        rows[zone, name, milliseconds(reading.time_s)] = row
    return rows


def in_influx(influx: InfluxDB, database: str, measurement: str = "env") -> Rows:
    rows: Rows = {}
    for series in influx.query(database, f'SELECT * FROM "{measurement}"'):
        for values in series["values"]:
            row = dict(zip(series["columns"], values, strict=True))
            assert (row.pop("site"), row.pop("facility")) == ("farm1", "gh1")
            key = (row.pop("zone"), row.pop("tag"), row.pop("time"))
            assert key not in rows
            # it writes a large float with the digits of an integer
            rows[key] = {name: float(v) if name == "v" else v for name, v in row.items() if v is not None}
    return rows


def in_victoria(server: VictoriaMetrics) -> dict[tuple[str, str, str, int], float]:
    found = {}
    for series in server.export('{site="farm1"}'):
        label = series["metric"]
        for time_ms, value in zip(series["timestamps"], series["values"], strict=True):
            key = (label["zone"], label["tag"], label["__name__"], time_ms)
            assert key not in found
            found[key] = value
    return found


def is_done(recorder: History) -> Callable[[], bool]:
    return lambda: all(
        sink.pending.points == 0 and sink.health.delivered_points for sink in recorder.status().sinks.values()
    )


async def test_thousands_of_points_of_every_kind_come_back_as_they_were_from_all_three(
    influx: InfluxDB, front: InfluxV2, victoria_metrics: VictoriaMetrics, tmp_path: Path
) -> None:
    for database in ("by_v1", "by_v2"):
        influx.create(database)
    sinks: dict[str, Any] = {
        "one": v1(influx.url, "by_v1"),
        "two": v2(front.url, "by_v2"),
        "vm": victoria(victoria_metrics.url),
    }
    clock, random = SteppedClock(START_S + 1000), Random(8)
    recorder = History(tmp_path, site(sinks), TAGS, secrets, clock)
    readings = [seen(name, scan, random) for scan in range(SCANS) for name in TAGS]
    # refused values belong to this run
    readings = [reading._replace(time_s=reading.time_s + 1000) for reading in readings]
    per_scan = len(TAGS)
    async with running(recorder):
        for scan in range(SCANS):
            await clock.advance(1)
            recorder.record(readings[scan * per_scan : (scan + 1) * per_scan])
        await clock.advance(1)
        await eventually(lambda: recorder.status().stored_points == len(readings))
        await eventually(is_done(recorder))
        status = recorder.status()
        assert [status.dropped_points, status.dead_letters, status.unknown_readings] == [0, 0, 0]
    wanted = expected(readings)
    assert len(wanted) == len(readings) == SCANS * len(TAGS) > 2500
    assert in_influx(influx, "by_v1") == wanted
    assert in_influx(influx, "by_v2") == wanted
    found = in_victoria(victoria_metrics)
    # it keeps numbers only, and those of one series to the digits of its largest
    for (zone, name, time_ms), row in wanted.items():
        assert found[zone, name, "env_q", time_ms] == row["q"]
        if "v" in row and name != "exact":
            assert found[zone, name, "env_v", time_ms] == row["v"]
        if "b" in row:
            assert found[zone, name, "env_b", time_ms] == row["b"]
    assert sum(key[2] == "env_q" for key in found) == len(wanted)


@pytest.mark.parametrize("server", ["influx", "front", "victoria_metrics"])
async def test_a_server_that_was_dead_for_a_while_misses_nothing_and_has_nothing_twice(
    server: str, influx: InfluxDB, front: InfluxV2, victoria_metrics: VictoriaMetrics, tmp_path: Path
) -> None:
    database = f"outage_{server}"
    influx.create(database)
    dead: Server = victoria_metrics if server == "victoria_metrics" else influx
    sink = {
        "influx": v1(influx.url, database),
        "front": v2(front.url, database),
        "victoria_metrics": victoria(victoria_metrics.url),
    }[server]
    # a day of its own in VictoriaMetrics, which knows no databases
    start_s = START_S + 86_400
    clock = SteppedClock(start_s)
    names = [name for name in TAGS if name.endswith("number")]
    recorder = History(tmp_path, site({"it": sink}), TAGS, secrets, clock)
    readings: list[Reading] = []
    numbers = count()

    async def scans(many: int) -> None:
        for _ in range(many):
            await clock.advance(1)
            now_s, number = clock.now(), next(numbers)
            new = [good(name, number + index / 8, now_s) for index, name in enumerate(names)]
            readings.extend(new)
            recorder.record(new)

    async with running(recorder):
        await scans(20)
        await eventually(is_done(recorder))
        # some are on their way when it dies
        await scans(30)
        # VictoriaMetrics says 204 up to seconds before it writes to its disk, so a kill loses what it has taken
        dead.stop() if server == "victoria_metrics" else dead.kill()
        await scans(40)
        await eventually(lambda: recorder.status().sinks["it"].health.state == "failing")
        await eventually(lambda: recorder.status().sinks["it"].pending.points > 0)
        await asyncio.to_thread(dead.start)
        await scans(10)
        await clock.advance(1)
        await eventually(lambda: recorder.status().stored_points == len(readings))
        await eventually(is_done(recorder))
    wanted = expected(readings)
    if server == "victoria_metrics":
        found = {key: value for key, value in in_victoria(victoria_metrics).items() if key[3] >= start_s * 1000}
        assert {(zone, name, ms): v for (zone, name, field, ms), v in found.items() if field == "env_v"} == {
            key: row["v"] for key, row in wanted.items()
        }
    else:
        assert in_influx(influx, database) == wanted


def test_a_value_that_changed_its_type_is_a_dead_letter_and_the_others_arrive(
    influx: InfluxDB, front: InfluxV2, tmp_path: Path
) -> None:
    influx.create("conflict")
    # of the same week, for it keeps types by the shard
    before = f"env,facility=gh1,site=farm1,tag=exact,zone=bay1 v=true {milliseconds(START_S) - 1}"
    get(f"{influx.url}/write?db=conflict&precision=ms", before.encode())

    async def run() -> History:
        clock = SteppedClock(START_S)
        recorder = History(tmp_path, site({"it": v2(front.url, "conflict")}), TAGS, secrets, clock)
        async with running(recorder):
            recorder.record([good(name, 1.5, START_S) for name in TAGS if name.endswith("number")])
            recorder.record([good("gh1.bay1.exact", 2.5, START_S), good("gh1.bay2.switch", True, START_S)])
            await eventually(lambda: recorder.status().stored_points == 10)
            await eventually(is_done(recorder))
            await clock.advance(1)
            await eventually(lambda: recorder.status().dead_letters == 9)
        return recorder

    # the server has `v` of `env` as a bool now, so every number is refused, and only the switch gets in
    recorder = asyncio.run(run())
    assert recorder.status().sinks["it"].health.dead_points == 9
    assert ("bay2", "switch", milliseconds(START_S)) in in_influx(influx, "conflict")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
values = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | texts
numbers = count(1)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    many=st.lists(
        st.builds(
            Reading,
            st.just("gh1.bay1.any"),
            values,
            st.sampled_from(Quality),
            st.sampled_from(Reason),
            st.just(0.0),
        ),
        min_size=1,
        max_size=40,
    ),
    name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=10).filter(
        lambda text: not set(text) & set('."\\')
    ),
)
def test_the_real_influxdb_accepts_whatever_we_write_and_gives_it_back(
    influx: InfluxDB, many: list[Reading], name: str
) -> None:
    database = f"any{next(numbers)}"
    influx.create(database)
    start = prefix("farm1", Tag(f"gh1.bay1.{name}", "", tag("gh1.bay1.any").kind, "env", "", ""))
    lines = [line(start, reading._replace(time_s=START_S + number)) for number, reading in enumerate(many)]
    get(f"{influx.url}/write?db={database}&precision=ms", "\n".join(lines).encode())
    wanted = {
        ("bay1", point.tags["tag"], point.time_ms): {
            key: 0.0 if value == 0.0 and key == "v" else value for key, value in point.fields.items()
        }
        for text in lines
        for point in read(text)
    }
    assert in_influx(influx, database) == wanted
