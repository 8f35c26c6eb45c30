"""Trends as calls: bands of values and their setpoints, what happened meanwhile, and all of it as a table."""

import asyncio
import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import orjson
from fastapi import FastAPI, Query, Response

from controller.alarm_journal import AlarmChange
from controller.history.bands import Band
from controller.history.logbook import Line, Search
from controller.moments import MomentError, moment_s
from controller.panel.farm import Farm
from controller.panel.problems import ProblemError
from controller.panel.shapes import ProblemShape, milliseconds

PATH = "/api/v1/trends"
MOST_TAGS = 24
"""Eight pens, each with a setpoint and one more."""
LEAST_S, LONGEST_S = 60.0, 366 * 86400.0
MOST_MARKS = 200
Tags = Annotated[list[str], Query(min_length=1, max_length=MOST_TAGS)]
Moment = Annotated[str, Query(max_length=40)]
"""ISO 8601 (local time if it names no other), or milliseconds."""


@dataclass(frozen=True, slots=True)
class BandShape:
    """One tag: times in milliseconds, null in a gap; `low` and `high` are null where the points are as they came."""

    t: list[float]
    mean: list[float | None]
    low: list[float | None] | None
    high: list[float | None] | None
    bad: list[tuple[float, float]]
    """From when to when what came could not be relied on."""


@dataclass(frozen=True, slots=True)
class BandsShape:
    now: float
    start: float
    end: float
    stretch_s: float
    """What a mean, a lowest and a highest are of; 0: points as they came."""
    pens: dict[str, BandShape]


@dataclass(frozen=True, slots=True)
class MarkShape:
    """What happened: an alarm that came, something that a person did, or a note."""

    kind: Literal["alarm", "deed", "note"]
    at: float
    subject: str
    what: str
    """An alarm's id, a deed's kind, or a note's text."""
    priority: str
    who: str
    said: dict[str, object]
    """Of a deed: all that was told of it."""


@dataclass(frozen=True, slots=True)
class MarksShape:
    marks: list[MarkShape]
    """In order of time."""
    more: bool
    """Whether there are more than are told here: ask for a shorter time."""


class TrendCalls:
    """The calls, bound to one farm."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm
        self._one_at_a_time = asyncio.Semaphore(1)

    def add_to(self, app: FastAPI) -> None:
        """Puts the calls under their path."""
        wrong = {"model": ProblemShape, "description": "What went wrong (application/problem+json)"}
        table: dict[str, Any] = {"content": {"text/csv": {}}, "description": "A table with a heading"}
        for path, call, right in (
            (PATH, self.bands, {"model": BandsShape}),
            (f"{PATH}/csv", self.table, table),
            (f"{PATH}/marks", self.marks, {"model": MarksShape}),
        ):
            answers: dict[int | str, dict[str, Any]] = {"default": wrong, 200: right}
            app.add_api_route(path, call, methods=["GET"], responses=answers, response_class=Response)

    async def bands(self, tag: Tags, start: Moment, end: Moment = "") -> Response:
        """Up to a year of values: mean, lowest and highest of some four hundred stretches, or points as they came."""
        start_s, end_s = self._span(start, end)
        stretch_s, found = await self._found(tag, start_s, end_s)
        pens = {name: _shape(band, stretch_s) for name, band in found.items()}
        now, first, last = (milliseconds(one) for one in (self._farm.now(), start_s, end_s))
        return _json(BandsShape(now, first, last, stretch_s, pens))

    async def table(self, tag: Tags, start: Moment, end: Moment = "") -> Response:
        """The same as a table: a row a moment, three columns a tag (one where points are as they came)."""
        start_s, end_s = self._span(start, end)
        stretch_s, found = await self._found(tag, start_s, end_s)
        units = {name: self._farm.tags[name].unit for name in found}
        text = await asyncio.to_thread(_as_csv, found, units, stretch_s, self._farm.site.site.timezone)
        name = f"farmloop-{datetime.fromtimestamp(start_s, ZoneInfo(self._farm.site.site.timezone)):%Y%m%d-%H%M}.csv"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(text, media_type="text/csv; charset=utf-8", headers=headers)

    async def marks(self, start: Moment, end: Moment = "") -> Response:
        """Alarms that came, what people did and wrote between two moments."""
        start_s, end_s = self._span(start, end)

        def came() -> list[AlarmChange]:
            raised = (one for one in self._farm.alarm_changes(start_s, end_s) if one.event == "raise")
            return list(islice(raised, MOST_MARKS + 1))

        alarms = await asyncio.to_thread(came)
        since_ms, before_ms = round(start_s * 1000.0), round(end_s * 1000.0)
        lines = await self._farm.logbook(Search("", "", "", "", since_ms, (before_ms, 0, 0), MOST_MARKS + 1))
        marks = [
            MarkShape("alarm", milliseconds(one.time_s), one.id, one.id, one.priority, "", {})
            for one in alarms[:MOST_MARKS]
        ] + [
            MarkShape(line.kind, line.at_ms, line.place, line.what or line.text[:100], "", line.who, _said(line))
            for line in lines[:MOST_MARKS]
        ]
        more = len(alarms) > MOST_MARKS or len(lines) > MOST_MARKS
        return _json(MarksShape(sorted(marks, key=lambda one: one.at), more))

    async def _found(self, tags: list[str], start_s: float, end_s: float) -> tuple[float, Mapping[str, Band]]:
        if any(name not in self._farm.tags for name in tags):
            raise ProblemError(404, "not_found")
        async with self._one_at_a_time:  # a year of eight pens takes a moment, and the scan goes on beside it
            return await self._farm.bands(list(dict.fromkeys(tags)), start_s, end_s)

    def _span(self, start: str, end: str) -> tuple[float, float]:
        """Two moments, a minute to a year apart; `end` left out is now."""
        zone, now_s = self._farm.site.site.timezone, self._farm.now()
        try:
            start_s, end_s = moment_s(start, zone, now_s), moment_s(end, zone, now_s) if end else now_s
        except MomentError as error:
            raise ProblemError(422, "invalid", key="enter.moment", values={"text": str(error)[:40]}) from error
        if not LEAST_S <= end_s - start_s <= LONGEST_S:
            raise ProblemError(422, "invalid", values={"fields": "start, end"})
        return start_s, end_s


def _shape(band: Band, stretch_s: float) -> BandShape:
    low, high = (band.lows, band.highs) if stretch_s > 0.0 else (None, None)
    bad = [(milliseconds(from_s), milliseconds(to_s)) for from_s, to_s in band.bad]
    return BandShape([milliseconds(one) for one in band.times_s], band.means, low, high, bad)


def _said(line: Line) -> dict[str, object]:
    try:
        told = orjson.loads(line.text) if line.kind == "deed" else {}
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _as_csv(found: Mapping[str, Band], units: Mapping[str, str], stretch_s: float, timezone: str) -> str:
    """Times as ISO 8601 at the site; an empty field where a tag has nothing at that moment."""
    columns: dict[str, dict[float, float | None]] = {}
    for name, band in found.items():
        parts = {"": band.means} if stretch_s <= 0.0 else {"mean": band.means, "low": band.lows, "high": band.highs}
        for part, values in parts.items():
            heading = f"{name}{f' {part}' if part else ''} [{units[name]}]"
            columns[heading] = dict(zip(band.times_s, values, strict=True))
    text, zone = io.StringIO(), ZoneInfo(timezone)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["time", *columns])
    for at_s in sorted({at_s for column in columns.values() for at_s in column}):
        moment = datetime.fromtimestamp(at_s, zone).isoformat(timespec="milliseconds")
        row = [column.get(at_s) for column in columns.values()]
        writer.writerow([moment, *("" if value is None else f"{value:.10g}" for value in row)])
    return text.getvalue()


def _json(shape: object) -> Response:
    return Response(orjson.dumps(shape), media_type="application/json")
