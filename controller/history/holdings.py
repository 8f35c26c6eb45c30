"""What a sink holds, asked of it: how many points a series has, and when they stand.

InfluxDB of any version is asked in InfluxQL at `/query` (2 maps buckets to databases by itself), VictoriaMetrics by its
export, files are read. Of every point there is a field `q`, so that is what is counted.
"""

import csv
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

from urllib3.exceptions import HTTPError

from controller.history.delivered import Series
from controller.history.file_sink import spelled
from controller.history.influx_http import authorization
from controller.history.line import parse
from controller.history.sinks import Secrets, address, clean
from controller.history.wire import Wire
from edge_config.model.sinks import FileSink, InfluxSink, Sink

_TAGS = '"facility", "zone", "tag"'
ANSWER_BYTES = 64 << 20
"""Of an answer to a question: an hour of thousands of series."""


class HoldingsError(Exception):
    """The sink cannot be asked, or does not answer as it should."""


class Holdings(Protocol):
    """Both raise HoldingsError. Times are ms, from the first to before the second."""

    def counts(self, wanted: Collection[Series], from_ms: int, to_ms: int) -> Mapping[Series, int]: ...

    def times(self, one: Series, from_ms: int, to_ms: int) -> Sequence[int]: ...


def holdings(config: Sink, secrets: Secrets) -> Holdings:
    """The way to ask a sink. Raises HoldingsError where there is none, and what `secrets` raises."""
    match config:
        case InfluxSink(dialect="victoriametrics"):
            return _Victoria(config, secrets)
        case InfluxSink():
            return _Influx(config, secrets)
        case FileSink():
            return _Files(config)
    raise HoldingsError("a broker keeps the newest value only: there is nothing to count")


class _Asked:
    def __init__(self, config: InfluxSink, secrets: Secrets) -> None:
        try:
            self._url, _ = address(config)
        except ValueError as error:
            raise HoldingsError(str(error)) from error
        self._headers, self._hidden = authorization(config, secrets)
        self._wire = Wire(config.tls, ANSWER_BYTES)

    def _ask(self, path: str, question: Mapping[str, str]) -> bytes:
        try:
            answer = self._wire.urlopen("GET", f"{self._url}{path}?{urlencode(question)}", headers=self._headers)
        except (HTTPError, OSError) as error:
            raise HoldingsError(clean(f"{type(error).__name__}: {error}", self._hidden)) from error
        if answer.status != 200:
            raise HoldingsError(clean(f"{answer.status} {answer.data.decode('utf-8', 'replace')}", self._hidden))
        return answer.data


class _Influx(_Asked):
    def __init__(self, config: InfluxSink, secrets: Secrets) -> None:
        super().__init__(config, secrets)
        self._database = config.database or config.bucket or ""
        self._retention = config.retention

    def counts(self, wanted: Collection[Series], from_ms: int, to_ms: int) -> Mapping[Series, int]:
        found: Counter[Series] = Counter()
        for measurement, site in sorted({(one.measurement, one.site) for one in wanted}):
            where = f"{_text('site')} = {_literal(site)} AND {_within(from_ms, to_ms)}"
            told = self._told(f"SELECT count(q) FROM {_text(measurement)} WHERE {where} GROUP BY {_TAGS}")
            for series in told:
                tags = series["tags"]
                name = f"{tags['facility']}.{tags['zone']}.{tags['tag']}"
                found[Series(measurement, site, name)] += sum(row[1] for row in series["values"])
        return found

    def times(self, one: Series, from_ms: int, to_ms: int) -> Sequence[int]:
        facility, zone, tag = one.tag.split(".", 2)
        tags = {"site": one.site, "facility": facility, "zone": zone, "tag": tag}
        where = " AND ".join(f"{_text(name)} = {_literal(value)}" for name, value in tags.items())
        told = self._told(f"SELECT q FROM {_text(one.measurement)} WHERE {where} AND {_within(from_ms, to_ms)}")
        return [row[0] for series in told for row in series["values"]]

    def _told(self, sentence: str) -> list[dict[str, Any]]:
        question = {"db": self._database, "q": sentence, "epoch": "ms"}
        if self._retention is not None:
            question["rp"] = self._retention
        try:
            (result,) = json.loads(self._ask("/query", question))["results"]
        except (ValueError, KeyError) as error:
            raise HoldingsError(f"an answer that is not InfluxQL's: {error}") from error
        if "error" in result:
            raise HoldingsError(str(result["error"]))
        series: list[dict[str, Any]] = result.get("series", [])
        return series


class _Victoria(_Asked):
    def counts(self, wanted: Collection[Series], from_ms: int, to_ms: int) -> Mapping[Series, int]:
        return {one: len(set(self.times(one, from_ms, to_ms))) for one in wanted}

    def times(self, one: Series, from_ms: int, to_ms: int) -> Sequence[int]:
        facility, zone, tag = one.tag.split(".", 2)
        labels = {"site": one.site, "facility": facility, "zone": zone, "tag": tag}
        match = ",".join(f"{name}={json.dumps(value)}" for name, value in labels.items())
        question = {
            "match[]": f"{{__name__={json.dumps(one.measurement + '_q')},{match}}}",
            "start": f"{from_ms / 1000:.3f}",
            "end": f"{(to_ms - 1) / 1000:.3f}",
            "reduce_mem_usage": "1",
        }
        try:
            told = [json.loads(line)["timestamps"] for line in self._ask("/api/v1/export", question).splitlines()]
        except (ValueError, KeyError) as error:
            raise HoldingsError(f"an answer that is not VictoriaMetrics': {error}") from error
        return [time_ms for part in told for time_ms in part if from_ms <= time_ms < to_ms]


class _Files:
    def __init__(self, config: FileSink) -> None:
        self._directory, self._format = config.directory, config.format

    def counts(self, wanted: Collection[Series], from_ms: int, to_ms: int) -> Mapping[Series, int]:
        names = {one.tag: one for one in wanted}
        rows = sorted(set(self._rows(from_ms, to_ms)))
        return {names[tag]: len(list(of_tag)) for tag, of_tag in groupby(rows, lambda row: row[0]) if tag in names}

    def times(self, one: Series, from_ms: int, to_ms: int) -> Sequence[int]:
        return [time_ms for tag, time_ms in self._rows(from_ms, to_ms) if tag == one.tag]

    def _rows(self, from_ms: int, to_ms: int) -> list[tuple[str, int]]:
        suffix = "csv" if self._format == "csv" else "lp"
        first, last = spelled(from_ms / 1000)[:10], spelled((to_ms - 1) / 1000)[:10]
        try:
            files = [path for path in self._directory.glob(f"*.{suffix}") if first <= path.stem <= last]
            found = [row for path in files for row in (_table(path) if suffix == "csv" else _lines(path))]
        except (OSError, ValueError) as error:
            raise HoldingsError(f"{type(error).__name__}: {error}") from error
        return [row for row in found if from_ms <= row[1] < to_ms]


def _table(path: Path) -> list[tuple[str, int]]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        return [(row["tag"], round(datetime.fromisoformat(row["time"]).timestamp() * 1000)) for row in rows]


def _lines(path: Path) -> list[tuple[str, int]]:
    readings = [parse(line)[2] for line in path.read_text("utf-8").splitlines()]
    return [(reading.tag, round(reading.time_s * 1000.0)) for reading in readings]


def _text(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _literal(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _within(from_ms: int, to_ms: int) -> str:
    return f"time >= {from_ms}ms AND time < {to_ms}ms"
