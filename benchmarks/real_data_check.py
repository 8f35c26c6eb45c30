"""What stands in InfluxDB held against the CSV files that were played: they are read here again, by another way.

A cell with a value asks for exactly one point at its row's time with that value (on Modbus, as near as a 32-bit float
can be), and its quality and reason as a second, plain telling of the checks has them. An empty cell asks for one point
without a value, q = 0 and a reason. Whatever else stands there says q = 0 and has no value: nothing is invented.
"""

import csv
import math
import struct
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from edge_config.model.site import TagSetting
from edge_config.tags import site_tags
from foundation.air import dew_point_c, vapour_pressure_deficit_kpa
from foundation.tag import Tag
from foundation.units import difference
from simulator.recording_map import Mapped

GOOD, UNCERTAIN, BAD = 3, 1, 0
AFTER_MS = 3_600_000
"""A vote may be found out so long after the rows that it is of."""
LAST_WORDS = 16
"""Of a probe's latest points, those that a vote may be of: the probes' rows come by two ways, each when it can."""


class Cell(NamedTuple):
    """One cell of a file, as it must come back."""

    ms: int
    value: float | None


class Point(NamedTuple):
    """One point of the database."""

    ms: int
    value: float | None
    q: int
    why: str | None


NOTHING_YET = Point(0, None, BAD, "never_seen")


@dataclass(slots=True)
class Found:
    """What the comparison found. All but the first three and the counters must stay empty."""

    cells: int = 0
    """With a value."""
    empty: int = 0
    right: int = 0
    """Points that are what their cell asks for."""
    missing: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    judged: dict[str, Counter[str]] = field(default_factory=dict)
    """Tag -> reason -> rows that were given it."""
    again: Counter[str] = field(default_factory=Counter)
    """Points without a value beside the rows, by reason."""
    votes: Counter[str] = field(default_factory=Counter)
    """Rows of both probes by what was made of them: `TAG REASON`, `TAG good`."""
    overtaken: int = 0
    """Rows whose vote was never taken: one probe's next row came before the other's."""
    derived: int = 0
    """Points of VPD and dew point that are what the formula gives."""

    @property
    def faults(self) -> list[str]:
        return [*self.missing, *self.wrong, *self.invented]


def cells_of(mapped: Mapped, folder: Path) -> dict[str, list[Cell]]:
    """Tag -> its cells, of every mapped column of every file."""
    serial = {name for name, device in mapped.site.devices.items() if device.unit is not None}
    found: dict[str, list[Cell]] = {}
    for source in mapped.sources:
        zone = ZoneInfo(source.times.timezone)
        columns = [
            (tag, column, _as_f32 if device in serial else float)
            for device, column_of in source.column_of.items()
            for tag, column in column_of.items()
        ]
        for row in _rows(folder / source.path):
            moment = datetime.strptime(row[source.times.column], source.times.format or "").replace(tzinfo=zone)
            ms = int(moment.timestamp()) * 1000
            for tag, column, wire in columns:
                found.setdefault(tag, []).append(Cell(ms, wire(row[column]) if row[column] else None))
    return found


def points_of(query: Callable[[str], list[dict[str, Any]]], tag: Tag) -> list[Point]:
    """All points of a tag, in order of time. `query` takes InfluxQL and gives its series, times in ms."""
    where = f""" "facility"='{tag.facility}' AND "zone"='{tag.zone}' AND "tag"='{tag.point}'"""
    # a field that was never written is a column of nulls
    series = query(f'SELECT "v", "q", "why" FROM "{tag.measurement}" WHERE {where}')
    return [Point(*values) for one in series for values in one["values"]]


def compare(mapped: Mapped, cells: Mapping[str, Sequence[Cell]], points: Mapping[str, Sequence[Point]]) -> Found:
    """Hold every mapped column, the votes and what is derived from them against the files."""
    site, found = mapped.site, Found()
    tags = site_tags(site)
    for tag, column in cells.items():
        _compare_column(tags[tag], site.tags.get(tag, TagSetting()), column, points[tag], found)
    for tag, setting in site.tags.items():
        if setting.vote is not None:
            _compare_vote(tag, setting, tags[tag].unit, points, cells, found)
        elif setting.derive is not None:
            _compare_derived(tag, setting.derive, points, found)
    return found


# --- columns


def _compare_column(
    tag: Tag, setting: TagSetting, column: Sequence[Cell], points: Sequence[Point], found: Found
) -> None:
    at = {point.ms: point for point in points}
    if len(at) != len(points):
        found.invented.append(f"{tag.name}: two points of one time")
    counts = found.judged.setdefault(tag.name, Counter())
    spike = None if setting.spike is None else setting.spike.to(difference(tag.unit))
    for cell, asked in zip(column, _judged(column, tag, spike), strict=True):
        found.cells += cell.value is not None
        found.empty += cell.value is None
        point = at.pop(cell.ms, None)
        if point is None:
            found.missing.append(f"{tag.name} at {cell.ms}: nothing")
        elif point != asked:
            found.wrong.append(f"{tag.name}: {point}, asked for {asked}")
        else:
            found.right += 1
            counts[asked.why or "good"] += 1
    for point in at.values():
        if point.value is not None or point.q != BAD or not point.why:
            found.invented.append(f"{tag.name}: {point}")
        else:
            found.again[point.why] += 1


def _judged(column: Sequence[Cell], tag: Tag, spike: float | None) -> Iterator[Point]:
    """What each cell asks for: empty, out of range, or further than `spike` from the median of the last five."""
    last: list[float] = []
    last_ms = 0
    for cell in column:
        if cell.value is None:
            yield Point(cell.ms, None, BAD, "sentinel")
            continue
        if not (tag.low or -math.inf) <= cell.value <= (math.inf if tag.high is None else tag.high):
            yield Point(cell.ms, cell.value, BAD, "range")
            continue
        if tag.stale_s is not None and cell.ms - last_ms > tag.stale_s * 1000:
            last = []  # what was long ago says nothing of now
        last, last_ms = [*last[-4:], cell.value], cell.ms
        is_spike = spike is not None and len(last) > 3 and abs(cell.value - _middle(last)) > spike
        yield Point(cell.ms, cell.value, BAD, "spike") if is_spike else Point(cell.ms, cell.value, GOOD, None)


def _middle(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


# --- votes and formulas


def _compare_vote(
    tag: str,
    setting: TagSetting,
    unit: str,
    points: Mapping[str, Sequence[Point]],
    cells: Mapping[str, Sequence[Cell]],
    found: Found,
) -> None:
    """Every point is the vote of two latest words of the probes; and of how many rows the vote stands there."""
    assert setting.vote is not None
    assert setting.disagree is not None
    disagree = setting.disagree.to(difference(unit))
    one, other = (points[probe] for probe in setting.vote)

    def vote(a: Point, b: Point) -> tuple[float | None, int, str | None]:
        return _vote(a, b, disagree, setting.danger)

    stood: list[tuple[float | None, int, str | None]] = []
    for point in points[tag]:
        stood.append((point.value, point.q, point.why))
        if point.why == "input" and point.q == BAD and point.value is None:
            found.again["input"] += 1
            continue
        latest = _latest(other, point.ms)[::-1]
        pairs = ((a, b) for a in reversed(_latest(one, point.ms)) for b in latest)
        if not any(_is_same(stood[-1], vote(a, b)) for a, b in pairs):
            found.wrong.append(f"{tag}: {point} is no vote of its probes")
    times = [point.ms for point in points[tag]]
    at_one, at_other = ({point.ms: point for point in probe} for probe in (one, other))
    for cell in cells[setting.vote[0]]:
        if cell.ms not in at_one or cell.ms not in at_other:
            continue
        asked = vote(at_one[cell.ms], at_other[cell.ms])
        found.votes[f"{tag} {asked[2] or 'good'}"] += 1
        first = max(bisect_right(times, cell.ms - 1) - 1, 0)
        if not any(_is_same(said, asked) for said in stood[first : bisect_right(times, cell.ms + AFTER_MS)]):
            found.overtaken += 1


def _vote(a: Point, b: Point, disagree: float, danger: str | None) -> tuple[float | None, int, str | None]:
    usable = [point.value for point in (a, b) if point.q > BAD and point.value is not None]
    if not usable:
        return None, BAD, "input"
    if len(usable) == 1:
        return usable[0], UNCERTAIN, "input"
    low, high = sorted(usable)
    if high - low <= disagree:
        return (low + high) / 2, GOOD, None
    return {"low": low, "high": high}.get(danger or "", (low + high) / 2), UNCERTAIN, "disagree"


def _compare_derived(tag: str, expression: str, points: Mapping[str, Sequence[Point]], found: Found) -> None:
    """Each point is what the formula gives for the latest words of temperature and humidity."""
    name, _, arguments = expression.partition("(")
    formula = {"vpd": vapour_pressure_deficit_kpa, "dew_point": dew_point_c}[name.strip()]
    air, humidity = (points[one.strip()] for one in arguments.rstrip(") ").split(","))
    for point in points[tag]:
        if point.value is None:
            found.again["input"] += 1
            continue
        latest = [*_found_out(humidity, point.ms), *reversed(_latest(humidity, point.ms))]
        temperatures = [*_found_out(air, point.ms), *reversed(_latest(air, point.ms))]
        pairs = ((t, rh) for t in temperatures for rh in latest)
        if any(_is_same(point[1:], _derived(formula, t, rh)) for t, rh in pairs):
            found.derived += 1
        else:
            found.wrong.append(f"{tag}: {point} is not what {name} gives")


def _derived(formula: Callable[[float, float], float], t: Point, rh: Point) -> tuple[float | None, int, str | None]:
    if t.value is None or rh.value is None:
        return None, BAD, "input"
    trust = min(t.q, rh.q)
    return formula(t.value, rh.value), trust, None if trust == GOOD else "input"


def _latest(points: Sequence[Point], ms: int) -> Sequence[Point]:
    """The last words up to `ms`; before the first there was none."""
    end = bisect_right(points, ms, key=lambda point: point.ms)
    return [NOTHING_YET, *points[:end]][-LAST_WORDS:]


def _found_out(points: Sequence[Point], ms: int) -> list[Point]:
    """What was said after `ms` about what had stood before: that a probe was refused is learned with the other's row,
    and stands when it was learned, but what is computed from the vote stands at the time of its newest input."""
    begin = bisect_right(points, ms, key=lambda point: point.ms)
    later = takewhile(lambda point: point.q < GOOD and point.ms <= ms + AFTER_MS, islice(points, begin, None))
    return list(islice(later, LAST_WORDS))


def _is_same(a: tuple[float | None, int, str | None], b: tuple[float | None, int, str | None]) -> bool:
    if a[1:] != b[1:]:
        return False
    if a[0] is None or b[0] is None:
        return a[0] is b[0]
    return math.isclose(a[0], b[0], rel_tol=1e-12, abs_tol=1e-9)


def _as_f32(text: str) -> float:
    single: float = struct.unpack(">f", struct.pack(">f", float(text)))[0]
    return single


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            plain: dict[Any, Any] = row
            yield {name.strip(): cell.strip() for name, cell in plain.items()}
