"""Seven weeks of a real greenhouse, played onto the wires and held against what InfluxDB has of it in the end."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.real_data_check import Found, Point, cells_of, compare, points_of
from benchmarks.rows import GOAL, Row, row
from edge_config.tags import site_tags
from simulator.recording_map import load_map
from tests.wire.servers import InfluxDB, InfluxV2, Mosquitto

DATA = Path(__file__).parents[2] / "shared" / "data" / "agc2022_lettuce"
RECORDINGS = Path(__file__).parents[1] / "simulator" / "recordings"
FILES = ("GreenhouseClimate.csv", "GreenhouseControls.csv", "weather.csv")
IMAGES = Path(__file__).parents[1] / "docs" / "images"
DATABASE = "agc2022"


class Servers(NamedTuple):
    """Where a play goes: the broker of its MQTT nodes, and the database with the front of version 2 before it."""

    broker: Mosquitto
    influx: InfluxDB
    front: InfluxV2


@dataclass(frozen=True, slots=True)
class Result:
    """One play: what the command said of it, and what the comparison found."""

    said: dict[str, Any]
    found: Found
    points: dict[str, list[Point]]
    """Tag -> what InfluxDB has of it: every tag of the site."""


def some_days(folder: Path, days: Sequence[str]) -> Path:
    """Copies of the files with the rows of these days (`2/8/2022`) alone; `folder` again."""
    for file in FILES:
        header, *rows = (DATA / file).read_text("utf-8-sig").splitlines()
        kept = [row for row in rows if row.split(" ", 1)[0] in days]
        (folder / file).write_text("\n".join([header, *kept, ""]), "utf-8")
    return folder


def play(directory: Path, data: Path, servers: Servers, *options: str) -> Result:
    """Run `farmloop play` on the files in `data` with InfluxDB as its sink, then compare. Raises CalledProcessError."""
    servers.influx.create(DATABASE)
    where = f"url: '{servers.front.url}', org: farm, bucket: {DATABASE}, token: !secret it"
    site = (RECORDINGS / "agc2022.yaml").read_text("utf-8")
    sinks = f"sinks: {{it: {{type: influxdb, dialect: v2, {where}}}}}"
    assert "sinks: {}" in site
    (directory / "agc2022.yaml").write_text(site.replace("sinks: {}", sinks), "utf-8")
    map_file = directory / "agc2022-map.yaml"
    map_file.write_text((RECORDINGS / "agc2022-map.yaml").read_text("utf-8"), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "controller.cli", "play", str(data), "--map", str(map_file), "--json",
         "--broker", f"127.0.0.1:{servers.broker.port}", "--directory", str(directory / "play"), *options],
        check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "FARMLOOP_SECRET_IT": "any"},
    )  # fmt: skip
    mapped = load_map(map_file)
    query = partial(servers.influx.query, DATABASE)
    points = {name: points_of(query, tag) for name, tag in site_tags(mapped.site).items()}
    return Result(json.loads(done.stdout), compare(mapped, cells_of(mapped, data), points), points)


def run(quick: bool = False) -> list[Row]:
    """All seven weeks (`quick`: two days), held against the files; the whole also draws the pages' pictures."""
    with (
        tempfile.TemporaryDirectory() as name,
        Mosquitto(Path(name) / "mosquitto") as broker,
        InfluxDB(Path(name) / "influxdb") as influx,
        InfluxV2(Path(name) / "nginx", influx) as front,
    ):
        directory = Path(name)
        data = some_days(directory, ("2/8/2022", "2/9/2022")) if quick else DATA
        result = play(directory, data, Servers(broker, influx, front))
    if not quick:
        from benchmarks.real_data_page import draw, findings

        draw(result.points, IMAGES)
        print(findings(result.said, result.found), file=sys.stderr)
    print("\n".join(result.found.faults[:20]), file=sys.stderr)
    return rows_of(result)


def rows_of(result: Result) -> list[Row]:
    """The lines of the table."""
    said, found = result.said, result.found
    speed = (said["last_s"] - said["first_s"]) / said["wall_s"]
    votes = sum(found.votes.values())
    return [
        row(
            f"real data: points of InfluxDB that {found.cells + found.empty} cells did not ask for, or miss",
            len(found.faults), GOAL, 0.0, "points",
        ),
        row("real data: rows whose probes were voted on", votes - found.overtaken, GOAL, votes, "rows", 0.9, True),
        row("real data: faster than the greenhouse", speed, "asked for", 3000.0, "x", more_is_better=True),
        row("real data: longest wait of a row", said["worst_late_s"], "staleness", 3600.0, "s of farm time"),
    ]  # fmt: skip
