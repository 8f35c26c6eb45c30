"""Rules on recorded values: when each would have acted. Open loop, for the record has the old control in it."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from pathlib import Path

from controller.core.rules import RuleBlock, Wanted
from controller.core.scan import Core
from controller.core.words import ScanResult, Snapshot
from edge_config.model.site import Site
from foundation.reading import Reading, Reason, Value, bad, good
from foundation.tag import Tag

FEW = 3
"""Of a short recording: so often a rule may come on in it, however short it is."""
MOST_IN_AN_HOUR = 6
"""Noise about a limit lasts an hour or two of a day, and is lost in the day's mean."""
WORDS: dict[str, Value] = {"true": True, "false": False, "on": True, "off": False}


class ReplayError(ValueError):
    """A recording that cannot be read: where, and what would do."""


LONGEST_ROW_S = 3600.0
"""Rows further apart than this have a gap between them, in which nobody knows."""


@dataclass(slots=True)
class RuleRecord:
    """What one rule did in a replay or a simulation."""

    rule: str
    begun: list[float] = field(default_factory=list)
    on_s: float = 0.0
    unknown: int = 0
    """How often it came on or went off without knowing its cause."""
    spent: int = 0
    """How often a limit or a failure switched it off."""
    on_since_s: float | None = None

    @property
    def most_in_an_hour(self) -> int:
        """How often it came on within the worst hour."""
        first = most = 0
        for number, begun_s in enumerate(self.begun, 1):
            while begun_s - self.begun[first] >= 3600.0:
                first += 1
            most = max(most, number - first)
        return most

    def chatters(self, days: float) -> bool:
        """Whether it came on more often than once an hour (control.md 4.4), or in one hour as often as none should."""
        return len(self.begun) > max(24.0 * days, FEW) or self.most_in_an_hour > MOST_IN_AN_HOUR

    def row(self, days: float) -> dict[str, object]:
        return {
            "rule": self.rule, "activations": len(self.begun), "activations_a_day": round(len(self.begun) / days, 2),
            "hours_on": round(self.on_s / 3600.0, 2), "unknown": self.unknown, "spent": self.spent,
            "first_s": self.begun[0] if self.begun else None, "chatters": self.chatters(days),
            "activations_an_hour": round(len(self.begun) / days / 24.0, 2), "most_in_an_hour": self.most_in_an_hour,
        }  # fmt: skip


class Watch:
    """Takes in scans, gives the records."""

    def __init__(self, core: Core) -> None:
        self.records = {rule.name: RuleRecord(rule.name) for rule in core.plan.rules.rules}

    def see(self, result: ScanResult) -> None:
        for event in result.events:
            record = self.records.get(event.subject)
            if record is None:
                continue
            if event.kind == "rule_on":
                record.begun.append(event.time_s)
                record.on_since_s = event.time_s
            elif event.kind == "rule_off":
                self._end(record, event.time_s)
            record.spent += event.kind == "rule_spent"
            record.unknown += event.kind in ("rule_on", "rule_off") and bool(event.values.get("bad"))

    def done(self, now_s: float) -> list[RuleRecord]:
        for record in self.records.values():
            self._end(record, now_s)
        return list(self.records.values())

    def _end(self, record: RuleRecord, now_s: float) -> None:
        if record.on_since_s is not None:
            record.on_s += now_s - record.on_since_s
            record.on_since_s = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """How a replay went."""

    begin_s: float
    end_s: float
    rows: int
    records: list[RuleRecord]
    energy_kwh: dict[str, float]
    """By rule, what its outputs would have drawn at the positions that it set."""

    @property
    def days(self) -> float:
        return max((self.end_s - self.begin_s) / 86400.0, 1e-9)


def replay(
    site: Site, file: Path, begin_s: float | None = None, end_s: float | None = None, step_s: float | None = None
) -> Replayed:
    """All rows of a recording through the core, its rules looked at every `step_s` (the site's scan if left out). What
    was measured stands until the next row: an export of five minutes is no probe that falls silent in between.

    Raises OSError, or ReplayError with the line that cannot be read.
    """
    core = Core(site)
    step_s = step_s or core.scan_s
    watch: Watch | None = None
    state = core.start(0.0)
    now_s = first_s = 0.0
    rows = 0
    held: dict[str, Reading] = {}
    for time_s, readings in recorded_rows(file, core.tags):
        if (begin_s is not None and time_s < begin_s) or (end_s is not None and time_s > end_s):
            continue
        if watch is None:
            watch, now_s, first_s = Watch(core), time_s, time_s
            state = core.start(time_s)
        row_s = now_s
        while now_s + step_s < time_s:
            now_s += step_s
            again = _again(held, core.tags, now_s) if now_s - row_s <= LONGEST_ROW_S else ()
            result = core.scan(state, Snapshot(again), now_s)
            state = result.state
            watch.see(result)
        now_s = max(now_s, time_s)
        result = core.scan(state, Snapshot(tuple(readings)), now_s)
        state = result.state
        watch.see(result)
        held |= {one.tag: one for one in readings}
        rows += 1
    if watch is None:
        raise ReplayError(f"{file}: no row lies in that time")
    records = watch.done(now_s)
    rules = {rule.name: rule for rule in core.plan.rules.rules}
    energy = {record.rule: _energy_kwh(site, rules[record.rule], record.on_s) for record in records}
    return Replayed(first_s, now_s, rows, records, energy)


def _again(held: dict[str, Reading], tags: Mapping[str, Tag], now_s: float) -> tuple[Reading, ...]:
    """What would grow old before it is told again, as of now. What people entered was true when it was."""
    old = [
        one._replace(time_s=now_s)
        for one in held.values()
        if (stale_s := tags[one.tag].stale_s) is not None
        and not tags[one.tag].entered
        and one.usable is not None
        and now_s - one.time_s > stale_s / 2.0
    ]
    held |= {one.tag: one for one in old}
    return tuple(old)


def _energy_kwh(site: Site, rule: RuleBlock, on_s: float) -> float:
    drawn = sum(_kilowatts(site, want) for want in rule.wants)
    return round(drawn * on_s / 3600.0, 3)


def _kilowatts(site: Site, want: Wanted) -> float:
    return site.outputs[want.output].power * want.value / 100.0 if want.bound == "at" else 0.0


def recorded_rows(file: Path, known: Mapping[str, Tag]) -> Iterator[tuple[float, list[Reading]]]:
    """A recording's rows: their time and what they say. Raises OSError, ReplayError."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream)
        header = [name.strip() for name in next(reader, [])]
        if not header or header[0] != "time":
            raise ReplayError(f"{file}:1: the first column is 'time', then one a tag")
        strange = [name for name in header[1:] if name not in known]
        if strange:
            raise ReplayError(f"{file}:1: the site has no tag '{strange[0]}'")
        before_s = float("-inf")
        for line, cells in enumerate(reader, 2):
            if not cells:
                continue
            time_s = _time(cells[0], f"{file}:{line}")
            if time_s < before_s:
                raise ReplayError(f"{file}:{line}: earlier than the row before")
            before_s = time_s
            pairs = zip(header[1:], cells[1:], strict=False)
            yield (
                time_s,
                [_reading(known[name], cell.strip(), time_s, f"{file}:{line}") for name, cell in pairs if cell.strip()],
            )


def _time(cell: str, where: str) -> float:
    try:
        seconds = float(cell)
        if isfinite(seconds):
            return seconds
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(cell.strip())
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ReplayError(f"{where}: '{cell}' is no time; write 2026-03-20T12:00:00+08:00, or seconds since 1970")
    return moment.timestamp()


def _reading(tag: Tag, cell: str, time_s: float, where: str) -> Reading:
    if cell == "bad":
        return bad(tag.name, Reason.COMM, time_s)
    if tag.unit == "text":
        return good(tag.name, cell, time_s)
    if tag.unit == "bool":
        word = WORDS.get(cell.lower(), {"1": True, "0": False}.get(cell))
        if word is None:
            raise ReplayError(f"{where}: {tag.name} is '{cell}'; write true, false or bad")
        return good(tag.name, word, time_s)
    try:
        number = float(cell)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise ReplayError(f"{where}: {tag.name} is '{cell}'; write a number in {tag.unit or '1'}, or bad")
    return good(tag.name, number, time_s)
