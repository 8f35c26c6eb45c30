"""`python -m benchmarks`: which there are, what form their rows have, and that what they measure is a farm."""

import asyncio
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from struct import pack

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import __main__ as harness
from benchmarks.agents import write_site
from benchmarks.followers import Followers
from benchmarks.generated import TAGS_A_BAY, site_document
from benchmarks.latency import COLD, Node
from benchmarks.latency import site_document as latency_site
from benchmarks.modbus_rtu import ANSWER, MASTERS, REQUEST, limit, polled
from benchmarks.replay import DAYS as RECORDED
from benchmarks.replay import recorded, to_the_bit
from benchmarks.rows import GOAL, percentile, row
from benchmarks.rules import BUDGET_BAYS, DEAREST, dearest_site, ruled_site
from benchmarks.scan import Farm, bare, core_of
from benchmarks.simulation import PLANTS
from controller.compose.replay import journal_files
from controller.panel.app import create_app
from controller.panel.sign_in import SignIn
from controller.panel.stream import Streams
from edge_config.checks.rules import MOST_RULES
from edge_config.loader import load_site
from edge_config.tags import site_tags, tag_units
from foundation.tag import Kind
from rules.cost import BUDGET_MS, cost_ms
from rules.expression import compile_expression
from tests.panel.conftest import served
from tests.panel.small_farm import SmallFarm
from tests.wire.agent_on_wires import until

RAS = Path(str(files("edge_config").joinpath("sites", "ras.yaml")))
KEYS = {"name", "ours", "peer", "peer_value", "unit", "ratio", "limit"}
some = st.floats(1e-6, 1e9)


def rows_of(name: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    assert harness.main([name, "--quick", "--json"]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    rows = json.loads(told.out)
    assert rows
    for one in rows:
        assert set(one) >= KEYS
        assert isinstance(one["ratio"], float)
    return list(rows)


def test_every_benchmark_is_known_by_its_name() -> None:
    assert {"agent_footprint", "backfill", "history", "latency", "modbus_rtu", "scan", "shipping", "simulation"} <= set(
        harness.names()
    )


def test_a_name_that_there_is_not_lists_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        harness.main(["scann"])
    assert left.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "no benchmark 'scann'" in told.err
    assert "rules, scan, " in told.err


def test_one_that_cannot_run_here_is_told_and_does_not_hide_the_others(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.latency.run", lambda quick=False: 1 / 0)
    monkeypatch.setattr("benchmarks.scan.run", lambda quick=False: [row("one", 1.0, GOAL, 2.0, "ms")])
    assert harness.main(["latency", "scan", "--json"]) == 1
    told = capsys.readouterr()
    assert [one["name"] for one in json.loads(told.out)] == ["one"]
    assert told.err == "latency: ZeroDivisionError: division by zero\n"


def test_people_get_a_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.scan.run", lambda: [row("scan [200]", 1.5, GOAL, 5.0, "ms")])
    assert harness.main(["scan", "--quick"]) == 0
    line = capsys.readouterr().out.splitlines()[1]
    assert line.split() == ["scan", "[200]", "1.5", "ms", "the", "goal", "5", "3.33", "1"]


@given(ours=some, peer=some)
def test_a_ratio_above_one_means_that_ours_is_better(ours: float, peer: float) -> None:
    seconds, rate = row("a", ours, "b", peer, "s"), row("a", ours, "b", peer, "1/s", more_is_better=True)
    if ours < peer / 1.01:
        assert rate["ratio"] < 1 < seconds["ratio"]
    elif ours > peer * 1.01:
        assert seconds["ratio"] < 1 < rate["ratio"]


@given(st.lists(st.floats(-1e9, 1e9), min_size=1), st.floats(0, 100))
def test_a_percentile_is_one_of_the_values_and_so_many_are_not_above_it(values: list[float], percent: float) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) >= len(values) * percent / 100.0 - 1e-9


@pytest.mark.parametrize("bays", [1, 20])
def test_a_generated_farm_has_ten_tags_and_a_loop_a_bay_and_is_a_right_site(bays: int, tmp_path: Path) -> None:
    loaded = load_site(write_site(tmp_path, site_document(bays)))
    assert not loaded.warnings
    site = loaded.site
    tags = site_tags(site)
    assert len(tags) == bays * TAGS_A_BAY
    assert len(site.loops) == len(site.interlocks) == len(site.alarms) == bays
    assert sum(tag.kind is Kind.MEASURED for tag in tags.values()) == 7 * bays


def test_the_thermostats_of_the_latency_are_a_right_site(tmp_path: Path) -> None:
    assert not load_site(write_site(tmp_path, latency_site())).warnings


def test_in_the_scan_that_is_measured_every_value_is_new_and_every_loop_commands() -> None:
    farm = Farm(core_of(3))
    for _ in range(5):
        farm.scan(farm.told())
    before = dict(farm.state.readings)
    told = farm.told()
    farm.scan(told)
    measured = {reading.tag for reading in told.readings}
    assert len(measured) == 21
    assert all(farm.state.readings[tag].value != before[tag].value for tag in measured)
    assert all(block.at_s == farm.now_s for name, block in farm.state.blocks.items() if name.endswith("air_loop"))
    assert all(order.because.key == "loop" for order in farm.state.orders.values())
    assert not farm.state.alarms
    assert bare([told.readings]) >= 0.0


def test_the_scan_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    names = [str(one["name"]) for one in rows_of("scan", capsys)]
    assert any("200 tags, 20 loops: p99" in name for name in names)
    assert any("2000 tags, 200 loops: p99" in name for name in names)


def test_the_simulation_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    names = [str(one["name"]) for one in rows_of("simulation", capsys)]
    assert sum(name.startswith("plant alone") for name in names) == len(PLANTS) == 12
    assert {"sim farm", "sim greenhouse", "sim plant-factory", "sim ras"} <= set(names)


def test_a_recorded_day_is_played_again_and_measured(capsys: pytest.CaptureFixture[str]) -> None:
    rows = rows_of("replay", capsys)
    assert {one["peer_value"] for one in rows} == {2000.0}
    assert sum(str(one["name"]).endswith("to the bit") for one in rows) == len(RECORDED) == 3


def test_a_day_that_comes_out_otherwise_has_no_speed(tmp_path: Path) -> None:
    site = load_site(RAS).site
    scans = recorded(site, 30.0, tmp_path)
    (file,) = journal_files(tmp_path)
    to_the_bit(file, site, scans, 1)
    with pytest.raises(ValueError, match="30 of 31 scans, 0 not as recorded"):
        to_the_bit(file, site, scans + 1, 1)
    with pytest.raises(ValueError, match="30 of 30 scans, 30 not as recorded"):
        to_the_bit(file, load_site(RAS.with_name("greenhouse.yaml")).site, scans, 1)


@pytest.mark.browser
def test_the_panel_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    rows = rows_of("panel", capsys)
    assert [row["unit"] for row in rows] == ["KB", "s", "%", "MB"]
    assert rows[0]["ours"] < 60  # type: ignore[operator]  # a number: bytes do not depend on the machine


@pytest.mark.wire
async def test_panels_that_follow_hear_what_the_farm_does() -> None:
    farm, sign_in, heard = SmallFarm(), SignIn(), Followers()
    async with served(create_app(farm, sign_in=sign_in, streams=Streams(farm, least_s=0.001))) as url:
        async with httpx.AsyncClient(base_url=url, headers={"x-farmloop": "1"}) as client:
            reply = await client.post("/api/v1/session", json={"token": sign_in.issue()})
        cookie, host = reply.headers["set-cookie"].partition(";")[0], url.removeprefix("http://")
        tasks = [asyncio.create_task(heard.follow(host, cookie)) for _ in range(3)]
        await until(lambda: heard.open == 3, "all panels are given the state")
        farm.measure("ras1.tank1.do", 7.0)
        await until(lambda: heard.events == 6, "all panels hear the change")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert heard.bytes > 3 * 1000


def test_the_wire_limit_counts_every_byte_and_one_silence() -> None:
    assert (len(REQUEST), len(ANSWER)) == (8, 25)
    assert [round(limit(baud), 1) for baud in (9_600, 19_200)] == [26.3, 52.6]
    assert limit(115_200) == pytest.approx(315.6, abs=0.1)


@pytest.mark.wire
def test_the_paced_wire_is_never_faster_than_its_baud_rate() -> None:
    seen = polled(MASTERS["ours"], 115_200, 0.3)
    # a byte may not come early: who keeps the silence cannot pass the limit
    assert 0.0 < seen.rate <= limit(115_200) * 1.01
    assert seen.silence >= 3.4


def test_an_agent_loads_nothing_that_it_does_not_need() -> None:
    script = """
import sys
from pathlib import Path
import controller.cli, controller.running
from controller.core.scan import Core
from edge_config.loader import load_site
Core(load_site(Path("edge_config/sites/farm.yaml")).site)
heavy = ("numpy", "pint", "scipy", "matplotlib", "rich", "amqtt", "simulator", "influxdb_client")
print([name for name in heavy if name in sys.modules])
"""
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_the_node_of_the_latency_counts_from_the_answer_that_tells_the_change() -> None:
    node = Node()
    assert node.respond(1, bytes((4, 0, 0, 0, 2))) == bytes((4, 4)) + pack(">f", node.value)
    node.value, node.changed_s = COLD, 1.0
    on, off = bytes((5, 0, 0, 0xFF, 0)), bytes((5, 0, 0, 0, 0))
    assert node.respond(1, on) == on
    assert node.since_told_s == []  # nobody had been told: that was another reason
    assert node.respond(1, off) == off
    node.respond(1, bytes((4, 0, 0, 0, 2)))
    node.respond(1, on)
    assert len(node.since_told_s) == len(node.since_change_s) == 1
    assert node.since_change_s[0] > node.since_told_s[0] > 0.0
    assert node.follows.is_set()
    watchdog = bytes((6, 0, 100, 0, 7))
    assert node.respond(1, watchdog) == watchdog
    assert node.respond(1, bytes((3, 0, 99, 0, 2))) == bytes((3, 4, 0, 0, 0, 7))
    assert node.respond(1, bytes((43, 0))) == bytes((0xAB, 1))


@pytest.mark.wire
def test_shipping_is_measured_beside_the_clients_batching_and_raw_lines(capsys: pytest.CaptureFixture[str]) -> None:
    rows = rows_of("shipping", capsys) + rows_of("backfill", capsys)
    assert {"influxdb-client batching Points", "raw lines over httpx", GOAL} == {one["peer"] for one in rows}
    assert {one["name"] for one in rows if one["peer"] == GOAL} == {
        "tag changes to outbox to InfluxDB, one core",
        "tag changes to outbox to VictoriaMetrics, one core",
        "backfill of 0.0167 h to InfluxDB",
        "delay of the present meanwhile, InfluxDB",
    }


@pytest.mark.parametrize("what", DEAREST)
def test_the_dearest_rules_that_are_measured_just_load(what: str) -> None:
    units = tag_units(ruled_site(BUDGET_BAYS, 0))
    site = dearest_site(DEAREST[what], units)
    read = [(compile_expression(rule.when or "", units, remembers=True),) for rule in site.rules]
    more = cost_ms(read) * (len(read) + 25) / len(read)
    assert cost_ms(read) <= BUDGET_MS
    assert len(read) == MOST_RULES or more > BUDGET_MS
