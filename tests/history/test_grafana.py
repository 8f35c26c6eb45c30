"""Grafana's dashboards: every query in them finds what a simulated hour of that facility left in the databases."""

import json
import runpy
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

from controller.compose.simulate import prepare
from controller.history.exception import Reports, report
from controller.history.line import line, milliseconds, prefix
from controller.history.outbox import Outbox, pack
from controller.history.shipper import Shipper
from controller.history.sinks import opener
from edge_config.loader import load_site
from edge_config.tags import site_tags
from tests.history.farm import secrets, site, v1, victoria
from tests.history.test_shipper import finish
from tests.wire.servers import InfluxDB, VictoriaMetrics, get

GRAFANA = Path(__file__).parents[2] / "deploy/grafana"
MAKER = runpy.run_path(str(GRAFANA / "make.py"))
SAMPLES = {kind: sample for kind, (sample, _) in MAKER["KINDS"].items()}
NOON_S = 1_774_065_600.0 + 4 * 3600
SCAN_S = 10.0
"""Coarser than a farm's, to spare time."""


class Servers(NamedTuple):
    influx: InfluxDB
    victoria: VictoriaMetrics


def an_hour(sample: str) -> Iterator[tuple[list[str], list[int]]]:
    """What a farm records of an hour about noon, by the tick."""
    loaded = load_site(MAKER["SITES"] / f"{sample}.yaml").site
    loaded = loaded.model_copy(update={"site": loaded.site.model_copy(update={"scan": SCAN_S})})
    tags = site_tags(loaded)
    prefixes = {name: prefix(loaded.site.id, tag) for name, tag in tags.items()}
    simulation = prepare(loaded, 1, NOON_S)
    reports = Reports(NOON_S, NOON_S)
    for _ in range(int(3600 / SCAN_S)):
        result = simulation.step()
        reports, points = report(reports, result.changed, simulation.now_s, tags)
        yield [line(prefixes[one.tag], one) for one in points], [milliseconds(one.time_s) for one in points]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Filled by a shipper, an hour of every sample."""
    place = tmp_path_factory.mktemp("grafana")
    with InfluxDB(place / "influx") as influx, VictoriaMetrics(place / "victoria") as victoria_metrics:
        influx.create("farm")
        box = Outbox(place / "outbox.db", ["influx", "vm"])
        box.open(NOON_S)
        for sample in SAMPLES.values():
            box.append([pack(*tick) for tick in an_hour(sample) if tick[0]])
        to_influx = {name: value for name, value in v1(influx.url).items() if name not in ("username", "password")}
        sinks = site({"influx": to_influx, "vm": victoria(victoria_metrics.url)}).sinks
        for name, config in sinks.items():
            shipper = Shipper(name, box, opener(config, secrets), lambda: NOON_S, Random(1))
            assert finish(shipper) == []
            shipper.stop()
        assert box.dead_letters() == 0
        box.close()
        get(f"{victoria_metrics.url}/internal/force_flush")
        yield Servers(influx, victoria_metrics)


def facility_of(name: str) -> str:
    if name not in SAMPLES:
        return ".*"
    (facility,) = load_site(MAKER["SITES"] / f"{SAMPLES[name]}.yaml").site.facilities
    return facility


def filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(name, value)
    assert "$" not in text.replace("/^", "").replace("$/", ""), text
    return text


def panels(language: str, name: str) -> list[dict[str, Any]]:
    document = json.loads((GRAFANA / language / f"{name}.json").read_text("utf-8"))
    return [{**panel, "variables": document["templating"]["list"]} for panel in document["panels"]]


NAMES = [MAKER["OPERATIONS"], *SAMPLES]


@pytest.mark.wire
@pytest.mark.parametrize("name", NAMES)
def test_every_query_of_a_dashboard_finds_something_in_influxdb(servers: Servers, name: str) -> None:
    facility = facility_of(name)
    values = {
        "$facility": facility,
        "$tag": ".*",
        "$__interval": "1m",
        "$timeFilter": f"time >= {round(NOON_S)}s AND time <= {round(NOON_S) + 3600}s",
    }
    shown = panels("influxql", name)
    assert len(shown) >= 5
    for panel in shown:
        for target in panel["targets"]:
            found = servers.influx.query("farm", filled(target["query"], values))
            assert found, f"{panel['title']}: {target['query']}"
    for variable in shown[0]["variables"][1:]:
        assert servers.influx.query("farm", filled(variable["query"], values)), variable


@pytest.mark.wire
@pytest.mark.parametrize("name", NAMES)
def test_every_query_of_a_dashboard_finds_something_in_victoriametrics(servers: Servers, name: str) -> None:
    values = {"$facility": facility_of(name), "$tag": ".*", "$__interval": "1m"}
    shown = panels("promql", name)
    assert len(shown) >= 5
    for panel in shown:
        for target in panel["targets"]:
            span = {"start": f"{NOON_S}", "end": f"{NOON_S + 3600}", "step": "60", "nocache": "1"}
            question = urlencode({"query": filled(target["expr"], values), **span})
            answer = json.loads(get(f"{servers.victoria.url}/api/v1/query_range?{question}"))
            assert answer["data"]["result"], f"{panel['title']}: {target['expr']}"
    for variable in shown[0]["variables"][1:]:
        chosen, label = variable["query"].removeprefix("label_values(").removesuffix(")").rsplit(", ", 1)
        question = urlencode({"match[]": chosen, "start": f"{NOON_S}", "end": f"{NOON_S + 3600}"})
        answer = json.loads(get(f"{servers.victoria.url}/api/v1/label/{label}/values?{question}"))
        assert answer["data"], variable


def test_the_dashboards_are_what_the_samples_make_of_them() -> None:
    made = dict(MAKER["files"]())
    assert len(made) == 2 * (1 + len(SAMPLES)) == 22
    for path, text in made.items():
        assert path.read_text("utf-8") == text, "run: python deploy/grafana/make.py"
    assert {path for path in GRAFANA.glob("*ql/*.json")} == set(made)


def test_a_dashboard_is_what_grafana_asks_for() -> None:
    uids = set()
    for path in GRAFANA.glob("*ql/*.json"):
        document = json.loads(path.read_text("utf-8"))
        uids.add(document["uid"])
        assert len(document["uid"]) <= 40
        assert len({panel["id"] for panel in document["panels"]}) == len(document["panels"])
        assert all(panel["title"] and panel["targets"] for panel in document["panels"])
    assert len(uids) == 22
