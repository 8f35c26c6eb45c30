"""What the farm used, as calls: by day, week or month, for each facility, with where each figure comes from."""

import asyncio
import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import orjson
from fastapi import FastAPI, Query, Response

from controller.history.consumption import Counter, Used, counters, used
from controller.panel.farm import Farm
from controller.panel.problems import ProblemError
from controller.panel.shapes import ProblemShape, milliseconds
from edge_config.counted import UNITS

By = Literal["day", "week", "month"]
Source = Literal["meter", "power"]
MOST: dict[By, int] = {"day": 62, "week": 53, "month": 24}
PREDECESSOR_S = 40 * 86400.0
"""So far back is looked for what a total stood at before."""
CHUNK_S = 31 * 86400.0
RESTS_S = 2 * 86400.0
"""A day that ended so long ago does not change any more (what came late is in it)."""


@dataclass(frozen=True, slots=True)
class AmountsShape:
    """Span by span; null where nothing is known. `known` is the share of the time of which something is."""

    source: Source
    """A meter, or rated power by position by time."""
    values: list[float | None]
    known: list[float]


@dataclass(frozen=True, slots=True)
class KindShape:
    """One kind of consumption in one facility."""

    unit: str
    total: AmountsShape
    """Of the meters; where there is none, of what is reckoned from power."""
    parts: dict[str, AmountsShape]
    """By tag or output."""
    per_kg: list[float | None]
    """Of the harvest of the same span, where one was entered."""


@dataclass(frozen=True, slots=True)
class ConsumptionShape:
    """Times are milliseconds since the Unix epoch."""

    now: float
    by: By
    begins: list[float]
    """Of each span; the last one still runs."""
    facilities: dict[str, dict[str, KindShape]]
    """By facility and kind; what is not counted is not here."""


class ConsumptionCalls:
    """The calls, bound to one farm. Days that are over are remembered."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm
        self._counters = counters(farm.site, farm.tags)
        self._zone = ZoneInfo(farm.site.site.timezone)
        self._days: dict[tuple[str, float], Used] = {}
        self._one_at_a_time = asyncio.Lock()

    def add_to(self, app: FastAPI) -> None:
        """Puts every call under its path."""
        wrong: dict[int | str, dict[str, Any]] = {"default": {"model": ProblemShape}}
        app.add_api_route(
            "/api/v1/consumption", self.consumption, methods=["GET"], response_class=Response,
            responses={200: {"model": ConsumptionShape}, **wrong},
        )  # fmt: skip
        app.add_api_route(
            "/api/v1/consumption.csv", self.table, methods=["GET"], response_class=Response,
            responses={200: {"description": "The same as a table", "content": {"text/csv": {}}}, **wrong},
        )  # fmt: skip

    async def consumption(self, by: By = "day", most: Annotated[int, Query(ge=1, le=62)] = 14) -> Response:
        """What was used in the last days, weeks or months, the present one among them. Only what the site declares:
        meters (`counts`), and machines of known `power`."""
        return Response(orjson.dumps(await self._shape(by, most)), media_type="application/json")

    async def table(self, by: By = "day", most: Annotated[int, Query(ge=1, le=62)] = 62) -> Response:
        """The same as a CSV: a row a span and counter."""
        shape = await self._shape(by, most)
        return Response(
            "\ufeff" + _table(shape, self._zone), media_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="consumption-{by}.csv"'},
        )  # fmt: skip

    async def _shape(self, by: By, most: int) -> ConsumptionShape:
        if most > MOST[by]:
            raise ProblemError(422, "invalid", values={"fields": "most"})
        now_s = self._farm.now()
        begins = _begins(by, most, datetime.fromtimestamp(now_s, self._zone).date())
        days = [begins[0] + timedelta(days=number) for number in range((begins[-1] - begins[0]).days)]
        days_s = [self._midnight_s(day) for day in (*days, begins[-1])]
        async with self._one_at_a_time:
            by_counter = [await self._by_day(counter, days_s, now_s) for counter in self._counters]
        starts = [self._midnight_s(day) for day in begins]
        spans = [
            _summed("power" if counter.form == "power" else "meter", by_day, days_s, starts, now_s)
            for counter, by_day in zip(self._counters, by_counter, strict=True)
        ]
        facilities: dict[str, dict[str, KindShape]] = {}
        for facility, kind in dict.fromkeys((one.facility, one.of) for one in self._counters if one.of != "harvest"):
            facilities.setdefault(facility, {})[kind] = self._kind(facility, kind, spans)
        times = [milliseconds(start) for start in starts[:-1]]
        return ConsumptionShape(milliseconds(now_s), by, times, facilities)

    def _kind(self, facility: str, kind: str, spans: Sequence[AmountsShape]) -> KindShape:
        mine = {
            counter.name: amounts
            for counter, amounts in zip(self._counters, spans, strict=True)
            if (counter.facility, counter.of) == (facility, kind)
        }
        meters = [one for one in mine.values() if one.source == "meter"]
        total = _added(meters or list(mine.values()))
        harvests = [
            amounts
            for counter, amounts in zip(self._counters, spans, strict=True)
            if (counter.facility, counter.of) == (facility, "harvest")
        ]
        reaped = _added(harvests).values if harvests else [None] * len(total.values)
        per_kg = [
            None if amount is None or not kg else amount / kg for amount, kg in zip(total.values, reaped, strict=True)
        ]
        return KindShape(UNITS[kind], total, mine, per_kg)

    async def _by_day(self, counter: Counter, days_s: Sequence[float], now_s: float) -> list[Used]:
        """Of each day; those not remembered are read, a month at a time."""
        missing = [number for number, at_s in enumerate(days_s[:-1]) if (counter.name, at_s) not in self._days]
        found: dict[int, Used] = {}
        while missing:
            lot = [number for number in missing if days_s[number] < days_s[missing[0]] + CHUNK_S]
            missing = missing[len(lot) :]
            begins = days_s[lot[0] : lot[-1] + 2]
            # a total needs to know where it stood before
            from_s = begins[0] - (PREDECESSOR_S if counter.form == "total" else 0.0)
            slots = await self._farm.hours([counter.name], from_s, begins[-1])
            # used() is arithmetic on some hundred hours: a thread would cost more
            for number, one in enumerate(used(counter, slots.get(counter.name, ()), begins), lot[0]):
                found[number] = one
                if days_s[number + 1] < now_s - RESTS_S:
                    self._days[counter.name, days_s[number]] = one
        return [
            found[number] if number in found else self._days[counter.name, at_s]
            for number, at_s in enumerate(days_s[:-1])
        ]

    def _midnight_s(self, day: date) -> float:
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()


def _begins(by: By, most: int, today: date) -> list[date]:
    """First days of the spans, and of the one after them."""
    if by == "day":
        return [today + timedelta(days=number) for number in range(1 - most, 2)]
    if by == "week":
        monday = today - timedelta(days=today.weekday())
        return [monday + timedelta(weeks=number) for number in range(1 - most, 2)]
    months = today.year * 12 + today.month - 1
    return [date(number // 12, number % 12 + 1, 1) for number in range(months + 1 - most, months + 2)]


def _summed(
    source: Source, by_day: Sequence[Used], days_s: Sequence[float], starts: Sequence[float], now_s: float
) -> AmountsShape:
    values: list[float | None] = []
    known: list[float] = []
    for begin, end in pairwise(starts):
        days = [one for one, at_s in zip(by_day, days_s, strict=False) if begin <= at_s < end]
        known_s = sum(one.known_s for one in days)
        values.append(sum(one.amount for one in days) if known_s > 0.0 else None)
        known.append(round(min(known_s / max(min(end, now_s) - begin, 1.0), 1.0), 3))
    return AmountsShape(source, values, known)


def _added(parts: Sequence[AmountsShape]) -> AmountsShape:
    """All of them together, as well known as the least of them."""
    values: list[float | None] = []
    for column in zip(*(one.values for one in parts), strict=True):
        told = [value for value in column if value is not None]
        values.append(sum(told) if told else None)
    known = [min(column) for column in zip(*(one.known for one in parts), strict=True)]
    return AmountsShape(parts[0].source, values, known)


def _table(shape: ConsumptionShape, zone: ZoneInfo) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("begins", "facility", "kind", "source", "counter", "value", "unit", "known"))
    for index, begin in enumerate(shape.begins):
        day = datetime.fromtimestamp(begin / 1000.0, zone).date().isoformat()
        for facility, kinds in shape.facilities.items():
            for kind, one in kinds.items():
                counted: Mapping[str, AmountsShape] = {"": one.total, **one.parts}
                for name, amounts in counted.items():
                    value = amounts.values[index]
                    told = "" if value is None else f"{value:.3f}"
                    # names are tags of the site: letters, digits, dots, nothing that a spreadsheet would run
                    writer.writerow((day, facility, kind, amounts.source, name, told, one.unit, amounts.known[index]))
    return text.getvalue()
