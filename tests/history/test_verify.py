"""A sink is held against what it acknowledged, and given again what it lost; the record as files, and back."""

import csv
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

import pyarrow.parquet
import pytest

from controller.history.blocks import NAME
from controller.history.holdings import HoldingsError, holdings
from controller.history.line import line, milliseconds, prefix
from controller.history.local import Local
from controller.history.outbox import Outbox, pack
from controller.history.send import Sent, send
from controller.history.shipper import Shipper
from controller.history.sinks import opener
from controller.history.verify import differences, missing_lines
from edge_config.loader import load_site
from edge_config.tags import site_tags
from foundation.reading import Quality, Reading, Reason, bad, good
from tests.history.fake_influx import FakeInflux
from tests.history.farm import START_S, secrets, site, tag, v1, v2, v3
from tests.history.test_shipper import finish
from tests.wire.servers import InfluxDB, VictoriaMetrics, get

ROOT = Path(__file__).parents[2]
AIR, RH, CO2 = "gh1.bay1.air_temp_a", "gh1.bay1.rh_a", "gh1.bay1.co2"
HOUR_S = 3600.0
BEGIN_S = START_S // HOUR_S * HOUR_S
SINKS = ("influx", "victoria", "days", "table")


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    with InfluxDB(tmp_path_factory.mktemp("influxdb")) as server:
        server.create("farm")
        yield server


@pytest.fixture(scope="module")
def victoria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VictoriaMetrics]:
    with VictoriaMetrics(tmp_path_factory.mktemp("victoria")) as server:
        yield server


def site_file(directory: Path, sinks: str) -> Path:
    path = directory / "site.yaml"
    text = (ROOT / "edge_config/sites/greenhouse.yaml").read_text("utf-8")
    path.write_text(text.replace("sinks: {}", f"sinks:\n{sinks}"), "utf-8")
    return path


def seen(hours: int = 3) -> list[Reading]:
    """A reading a minute of each tag, some of them doubtful or bad, and one that was put right."""
    found = []
    for minute in range(60 * hours):
        time_s = BEGIN_S + 60.0 * minute
        found += [good(AIR, 20.0 + minute / 8, time_s), good(CO2, float(minute % 100), time_s)]
        found.append(
            bad(RH, Reason.COMM, time_s)
            if minute % 7 == 0
            else Reading(RH, 80.0, Quality.UNCERTAIN, Reason.DRIFT, time_s)
        )
    return [*found, good(AIR, 99.0, BEGIN_S)]


def record(directory: Path, site: Path, readings: list[Reading], ship: bool = True) -> None:
    loaded = load_site(site).site
    tags = site_tags(loaded)
    box = Outbox(directory / "outbox.db", tuple(loaded.sinks))
    box.open(START_S)
    for start in range(0, len(readings), 30):
        lot = readings[start : start + 30]
        lines = [line(prefix(loaded.site.id, tags[one.tag]), one) for one in lot]
        box.append([pack(lines, [milliseconds(one.time_s) for one in lot])])
    for name, sink in loaded.sinks.items() if ship else ():
        shipper = Shipper(name, box, opener(sink, secrets, loaded.site.id, {}), lambda: START_S, Random(1))
        assert finish(shipper) == []
        shipper.stop()
    box.close()


def lose_an_hour(influx: InfluxDB, victoria: VictoriaMetrics, days: Path) -> None:
    """Of the air's temperature, and fifty rows of a file."""
    start, end = round((BEGIN_S + HOUR_S) * 1000), round((BEGIN_S + 2 * HOUR_S) * 1000)
    tag = AIR.rsplit(".", 1)[1]
    sentence = f"DELETE FROM env WHERE \"tag\" = '{tag}' AND time >= {start}ms AND time < {end}ms"
    get(f"{influx.url}/query?{urlencode({'db': 'farm'})}", urlencode({"q": sentence}).encode())
    match = f'{{tag="{tag}"}}'
    get(f"{victoria.url}/api/v1/admin/tsdb/delete_series?{urlencode({'match[]': match})}")
    path = min(days.iterdir())
    rows = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*rows[:-51], rows[-1]]))


@pytest.mark.wire
def test_what_a_sink_lost_is_found_by_tag_and_hour_and_sent_again(
    influx: InfluxDB,
    victoria: VictoriaMetrics,
    tmp_path: Path,
    farmloop: Any,
) -> None:
    site = site_file(
        tmp_path,
        f'  influx: {{type: influxdb, dialect: v1, url: "{influx.url}", database: farm}}\n'
        f'  victoria: {{type: influxdb, dialect: victoriametrics, url: "{victoria.url}"}}\n'
        f"  days: {{type: file, directory: {tmp_path / 'days'}, format: lines, keep: 10000 d}}\n"
        f"  table: {{type: file, directory: {tmp_path / 'table'}, keep: 10000 d}}\n",
    )
    record(tmp_path, site, seen())

    def run(command: str, sink: str) -> Any:
        get(f"{victoria.url}/internal/force_flush")
        return farmloop("history", command, str(site), "--sink", sink, "--directory", str(tmp_path), "--json")

    for sink in SINKS:
        whole = run("verify", sink)
        assert whole.err == ""
        assert (whole.code, whole.json["differences"], whole.json["missing"]) == (0, [], 0), sink
        assert whole.json["hours"] == 3
    lose_an_hour(influx, victoria, tmp_path / "days")
    found = run("verify", "influx")
    assert found.code == 1
    assert [(one["tag"], one["acknowledged"], one["held"], one["missing"]) for one in found.json["differences"]] == [
        (AIR, 60, 0, 60)
    ]
    assert [one["missing"] for one in run("verify", "victoria").json["differences"]] == [60, 60, 60]
    assert run("verify", "days").json["missing"] == 50
    for sink, missing in (("influx", 60), ("victoria", 181), ("days", 50)):
        repaired = run("repair", sink)
        assert (repaired.code, repaired.json["delivered"], repaired.json["failure"]) == (0, missing, ""), sink
        assert run("verify", sink).json["differences"] == [], sink
    # as it was, and the correction last
    (series,) = influx.query("farm", "SELECT v, q FROM env WHERE \"tag\" = 'air_temp_a'")
    values = {row[0]: row[1:] for row in series["values"]}
    wanted = {milliseconds(one.time_s): [one.value, 3] for one in seen() if one.tag == AIR}
    assert values == wanted


@pytest.mark.parametrize("dialect", [v1, v2, v3])
def test_every_version_of_influxdb_is_asked_what_it_holds(tmp_path: Path, dialect: Any) -> None:
    lines = {
        n: line(prefix("farm1", tag("gh1.bay1.air")), good("gh1.bay1.air", 20.0 + n, BEGIN_S + n)) for n in range(40)
    }
    gone = (3, 7)
    with FakeInflux(lambda point: point.fields["v"] == 25.0) as fake:
        (config,) = site({"it": dialect(fake.url)}).sinks.values()
        box = Outbox(tmp_path / "outbox.db", ["it", "other"])
        box.open(START_S)
        box.append([pack([text], [milliseconds(BEGIN_S + n)]) for n, text in lines.items() if n < 30])
        shipper = Shipper("it", box, opener(config, secrets), lambda: START_S, Random(1))
        assert finish(shipper) == []
        shipper.stop()
        # recorded, and not sent yet
        box.append([pack([text], [milliseconds(BEGIN_S + n)]) for n, text in lines.items() if n >= 30])
        box.close()
        for n in gone:
            del fake.points["env", "air", milliseconds(BEGIN_S + n)]
        span = (milliseconds(BEGIN_S), milliseconds(BEGIN_S + 100))
        (found,) = differences(box.path, "it", holdings(config, secrets), *span)
        # one of thirty was refused: it is nobody's loss
        assert (found.series.tag, found.acknowledged, found.held) == ("gh1.bay1.air", 29, 27)
        assert found.missing == {milliseconds(BEGIN_S + n) for n in gone}
        again = list(missing_lines(box.path, "it", [found]))
        assert again == [lines[n] for n in gone]
        assert send(opener(config, secrets), again, 10) == Sent(2, 0, "")
        assert differences(box.path, "it", holdings(config, secrets), *span) == []
        with pytest.raises(HoldingsError, match="401"):
            differences(box.path, "it", holdings(config, lambda name: "wrong"), *span)


def test_what_is_sent_by_hand_is_told_of_and_a_closed_door_ends_it(tmp_path: Path) -> None:
    lines = [line(prefix("farm1", tag("gh1.bay1.air")), good("x", float(n), BEGIN_S + n)) for n in range(2500)]
    with FakeInflux(lambda point: point.fields["v"] == 7.0) as fake:
        (config,) = site({"it": v2(fake.url)}).sinks.values()
        told: list[int] = []
        assert send(opener(config, secrets), lines, 500, told.append) == Sent(2499, 1, "")
        assert told[-1] == 2500
        refused = send(opener(config, lambda name: "wrong"), lines, 500)
        assert (refused.delivered, "401" in refused.failure) == (0, True)


@pytest.mark.wire
def test_a_sink_that_cannot_be_asked_and_one_that_is_not_there_are_said(tmp_path: Path, farmloop: Any) -> None:
    site = site_file(
        tmp_path,
        '  away: {type: influxdb, dialect: v1, url: "http://127.0.0.1:1", database: farm}\n'
        '  broker: {type: mqtt, url: "mqtt://127.0.0.1:1"}\n',
    )
    record(tmp_path, site, seen(1), ship=False)
    with sqlite3.connect(tmp_path / "outbox.db") as database:
        database.executemany("INSERT INTO shipped VALUES (?, 0, 3)", [("away",), ("broker",)])
    database.close()
    at = ("--directory", str(tmp_path))
    away = farmloop("history", "verify", str(site), "--sink", "away", *at)
    assert (away.code, "away cannot be asked" in away.err) == (1, True)
    broker = farmloop("history", "verify", str(site), "--sink", "broker", *at)
    assert (broker.code, "newest value only" in broker.err) == (1, True)
    other = farmloop("history", "verify", str(site), *at)
    assert (other.code, "away, broker" in other.err) == (1, True)


def test_points_are_exported_in_three_forms_and_imported_again(tmp_path: Path, farmloop: Any) -> None:
    site = site_file(
        tmp_path, f"  days: {{type: file, directory: {tmp_path / 'again'}, format: lines, keep: 10000 d}}\n"
    )
    record(tmp_path, site, seen(1), ship=False)
    first, last = f"{milliseconds(BEGIN_S)}", f"{milliseconds(BEGIN_S + 1800)}"
    at = ("--directory", str(tmp_path), "--from", first, "--to", last)
    bodies = []
    for suffix in ("lp", "csv", "parquet"):
        to = tmp_path / f"out.{suffix}"
        told = farmloop("history", "export", str(site), str(to), *at, "--tag", "gh1.bay1.*_a", "--json")
        assert (told.code, told.json["rows"]) == (0, 61), told.err
        back = farmloop("history", "import", str(site), str(to), "--json")
        assert (back.code, back.json["delivered"], back.json["failure"]) == (0, 61, ""), back.err
        (file,) = (tmp_path / "again").iterdir()
        bodies.append(file.read_bytes())
        file.unlink()
    assert bodies[0] == bodies[1] == bodies[2] == (tmp_path / "out.lp").read_bytes()
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[1] == {
        "time": "2023-11-14T22:00:00.000+00:00",
        "tag": RH,
        "value": "",
        "quality": "bad",
        "reason": "comm",
    }
    assert pyarrow.parquet.read_table(tmp_path / "out.parquet").column("number").null_count == 5


def test_means_of_minutes_and_hours_are_exported(tmp_path: Path, farmloop: Any) -> None:
    site = site_file(tmp_path, "  days: {type: file, directory: days}\n")
    local = Local(tmp_path / NAME)
    for reading in seen(2)[:-1]:
        local.keep([reading], reading.time_s)
    local.close(BEGIN_S + 2 * HOUR_S)
    first, last = f"{milliseconds(BEGIN_S)}", f"{milliseconds(BEGIN_S + 2 * HOUR_S)}"
    at = ("--directory", str(tmp_path), "--from", first, "--to", last, "--tag", AIR)
    for every, count in (("1 h", 2), ("15 min", 8)):
        to = tmp_path / f"{count}.csv"
        told = farmloop("history", "export", str(site), str(to), *at, "--every", every, "--json")
        assert (told.code, told.json["rows"]) == (0, count), told.err
        with to.open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert (rows[0]["low"], rows[0]["points"], rows[0]["bad"]) == ("20.0", str(120 // count), "0")
    lines = tmp_path / "slots.lp"
    assert farmloop("history", "export", str(site), str(lines), *at, "--every", "1 h").code == 0
    assert "mean=" in lines.read_text()
    refused = farmloop("history", "export", str(site), str(lines), *at, "--every", "90 s")
    assert refused.code == 1


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "time,tag,value\n", "the columns have to be"),
        ("b.csv", "time,tag,value,quality,reason\n2026-01-01,gh9.bay1.air,1,good,\n", "gh9.bay1.air"),
        ("c.csv", f"time,tag,value,quality,reason\n2026-01-01,{AIR},1,splendid,\n", "row 2"),
        ("d.lp", "# a remark\nnonsense\n", "row 2"),
        ("e.xls", "", ".csv, .parquet, .lp"),
    ],
)
def test_a_file_that_cannot_be_imported_says_where(
    name: str,
    text: str,
    said: str,
    tmp_path: Path,
    farmloop: Any,
) -> None:
    site = site_file(tmp_path, f"  days: {{type: file, directory: {tmp_path / 'days'}}}\n")
    (tmp_path / name).write_text(text)
    told = farmloop("history", "import", str(site), str(tmp_path / name))
    assert (told.code, said in told.err) == (1, True), told.err
    assert "broke" not in told.err
