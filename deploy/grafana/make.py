"""Grafana's dashboards: one a facility kind and one of operations, in InfluxQL and in PromQL (VictoriaMetrics).

    python deploy/grafana/make.py     # writes influxql/*.json and promql/*.json beside this file

A kind's panels are made of what its sample site has: a panel for each measurement and unit. A value is drawn only
while it is trusted (q > 0).
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from edge_config.loader import load_site
from edge_config.model.site import FacilityKind, Site
from edge_config.tags import site_tags

HERE = Path(__file__).parent
SITES = HERE.parents[1] / "edge_config/sites"
KINDS: Mapping[FacilityKind, tuple[str, str]] = {
    "greenhouse": ("greenhouse", "温室 Greenhouse"),
    "solar_greenhouse": ("solar-greenhouse", "日光温室 Solar greenhouse"),
    "tunnel": ("tunnel", "大棚 Tunnel"),
    "nursery": ("nursery", "育苗室 Nursery"),
    "plant_factory": ("plant-factory", "植物工厂 Plant factory"),
    "mushroom": ("mushroom", "菇房 Mushroom house"),
    "ras": ("ras", "循环水养殖 Recirculating fish farm"),
    "pond": ("pond", "池塘 Pond"),
    "aquaponics": ("aquaponics", "鱼菜共生 Aquaponics"),
    "cold_store": ("cold-store", "冷库 Cold store"),
}
"""Of each kind the sample site, and its title."""
OPERATIONS = "operations"
MEASUREMENTS = {
    "env": "环境 Environment",
    "water": "水 Water",
    "plant": "作物与鱼 Crop and stock",
    "actuator": "执行器 Actuators",
    "energy": "能源 Energy",
    "system": "系统 System",
}
UNITS = {
    "degC": "celsius", "K": "kelvin", "%": "percent", "ppm": "ppm", "kPa": "pressurekpa", "W/m2": "Wm2",
    "m/s": "velocityms", "kW": "kwatt", "kWh": "kwatth", "A": "amp", "kg": "masskg", "L": "litre", "mV": "mvolt",
    "bool": "bool_on_off",
}  # fmt: skip
"""Of ours, Grafana's names; any other is shown as it is."""
COLUMNS, HEIGHT = 24, 8


class Panel(NamedTuple):
    """One picture, in both languages."""

    title: str
    unit: str
    influxql: str
    promql: str
    kind: str = "timeseries"
    legend: str = "{{zone}} {{tag}}"
    alias: str = "$tag_zone $tag_tag"


def panels_of(site: Site, kind: FacilityKind) -> Iterator[Panel]:
    """A panel for each measurement and unit, then one of any tag."""
    groups: dict[tuple[str, str], set[str]] = {}
    for name, tag in site_tags(site).items():
        # what people enter comes when they do, and texts are no picture
        if site.facilities[tag.facility].kind == kind and not tag.entered and tag.unit != "text":
            groups.setdefault((tag.measurement, tag.unit), set()).add(name.rsplit(".", 1)[1])
    for (measurement, unit), tags in sorted(groups.items(), key=lambda one: (list(MEASUREMENTS).index(one[0][0]), one)):
        yield _values(f"{MEASUREMENTS[measurement]}, {unit}", unit, measurement, sorted(tags))
    yield Panel(
        "任一测点 Any tag", "",
        f'SELECT mean("v") FROM /.*/ WHERE {_FACILITY} AND "tag" =~ /^$tag$/ AND "q" > 0 AND $timeFilter '
        'GROUP BY time($__interval), "zone", "tag" fill(none)',
        '{__name__=~".+_v",facility=~"$facility",tag=~"$tag"}',
    )  # fmt: skip


_FACILITY = '"facility" =~ /^$facility$/'


def _values(title: str, unit: str, measurement: str, tags: list[str]) -> Panel:
    is_switch = unit == "bool"
    value, field = ('last("b")', "b") if is_switch else ('mean("v")', "v")
    chosen = " OR ".join(f"\"tag\" = '{tag}'" for tag in tags)
    labels = f'facility=~"$facility",tag=~"{"|".join(tags)}"'
    return Panel(
        title,
        unit,
        f'SELECT {value} FROM "{measurement}" WHERE {_FACILITY} AND ({chosen}) AND "q" > 0 AND $timeFilter '
        'GROUP BY time($__interval), "zone", "tag" fill(none)',
        f"{measurement}_{field}{{{labels}}} and {measurement}_q{{{labels}}} > 0",
        "state-timeline" if is_switch else "timeseries",
    )


def operations() -> Iterator[Panel]:
    """How recording goes, whatever the farm is."""
    every = '{__name__=~".+_q"}'
    span, group = "$timeFilter GROUP BY time($__interval)", '"facility"'
    by_facility = {"legend": "{{facility}}", "alias": "$tag_facility"}
    yield Panel(
        "点数 Points", "short", f'SELECT count("q") FROM /.*/ WHERE {span}, {group} fill(none)',
        f"sum by (facility) (count_over_time({every}[$__interval]))", **by_facility,
    )  # fmt: skip
    yield Panel(
        "不可信的点 Points that are not good", "short",
        f'SELECT count("q") FROM /.*/ WHERE "q" < 3 AND {span}, {group} fill(none)',
        f"count by (facility) ({every} < 3)", **by_facility,
    )  # fmt: skip
    yield Panel(
        "最不可信的测点 Tags that are least trusted", "short",
        f'SELECT count("q") FROM /.*/ WHERE "q" < 3 AND {span}, {group}, "zone", "tag" fill(none)',
        f"bottomk(10, avg by (facility, zone, tag) (avg_over_time({every}[1h])))",
        legend="{{facility}} {{zone}} {{tag}}", alias="$tag_facility $tag_zone $tag_tag",
    )  # fmt: skip
    yield Panel(
        "最近一点 Newest point", "s",
        f'SELECT last("q") FROM /.*/ WHERE $timeFilter GROUP BY {group}',
        f"time() - max by (facility) (timestamp({every}))", "table", **by_facility,
    )  # fmt: skip
    yield Panel(
        "执行器 Actuators", "percent",
        f'SELECT mean("v") FROM "actuator" WHERE "q" > 0 AND {span}, {group}, "zone", "tag" fill(none)',
        "actuator_v and actuator_q > 0",
        legend="{{facility}} {{zone}} {{tag}}", alias="$tag_facility $tag_zone $tag_tag",
    )  # fmt: skip


def dashboard(name: str, title: str, panels: list[Panel], language: str) -> dict[str, Any]:
    """A dashboard as Grafana reads it; `language` is influxql or promql."""
    is_influx = language == "influxql"
    source = {"type": "influxdb" if is_influx else "prometheus", "uid": "${datasource}"}
    variables: list[dict[str, Any]] = [{"name": "datasource", "type": "datasource", "query": source["type"]}]
    if name != OPERATIONS:
        for variable, asked in (("facility", 'SHOW TAG VALUES WITH KEY = "facility"'), ("tag", _TAGS)):
            query = asked if is_influx else f'label_values({{__name__=~".+_q"}}, {variable})'
            variables.append(
                {"name": variable, "type": "query", "datasource": source, "query": query, "refresh": 2, "sort": 1}
            )
    return {
        "uid": f"farmloop-{name.replace('_', '-')}-{language}",
        "title": f"Farmloop · {title}",
        "tags": ["farmloop", language],
        "schemaVersion": 39,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": variables},
        "panels": [_panel(number, panel, source, is_influx) for number, panel in enumerate(panels)],
    }


_TAGS = 'SHOW TAG VALUES WITH KEY = "tag" WHERE "facility" =~ /^$facility$/'


def _panel(number: int, panel: Panel, source: Mapping[str, str], is_influx: bool) -> dict[str, Any]:
    width = COLUMNS // 2
    target: dict[str, Any] = {"refId": "A", "datasource": source}
    if is_influx:
        form = "table" if panel.kind == "table" else "time_series"
        target |= {"rawQuery": True, "query": panel.influxql, "resultFormat": form, "alias": panel.alias}
    else:
        target |= {"expr": panel.promql, "legendFormat": panel.legend, "instant": panel.kind == "table"}
    return {
        "id": number + 1,
        "type": panel.kind,
        "title": panel.title,
        "datasource": source,
        "gridPos": {"h": HEIGHT, "w": width, "x": number % 2 * width, "y": number // 2 * HEIGHT},
        "fieldConfig": {"defaults": {"unit": UNITS.get(panel.unit, panel.unit)}, "overrides": []},
        "targets": [target],
    }


def files() -> Iterator[tuple[Path, str]]:
    """Where each dashboard goes, and what stands in it."""
    made = [(OPERATIONS, "运行 Operations", list(operations()))]
    for kind, (sample, title) in KINDS.items():
        made.append((kind, title, list(panels_of(load_site(SITES / f"{sample}.yaml").site, kind))))
    for language in ("influxql", "promql"):
        for name, title, panels in made:
            text = json.dumps(dashboard(name, title, panels, language), ensure_ascii=False, indent=1)
            yield HERE / language / f"{name}.json", f"{text}\n"


if __name__ == "__main__":
    for path, text in files():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
