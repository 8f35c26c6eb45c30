"""Every change of every alarm, kept for good: one file of JSON lines a year, `alarms-YEAR.jsonl`, synced.

A torn line is passed over; what a disk does not take waits.
"""

import csv
import io
import json
import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from pydantic import TypeAdapter, ValidationError

from controller.core.alarms import Remembered
from controller.core.words import Event

log = logging.getLogger("farmloop.alarms")

MOST_WAITING = 100_000
YEARS_READ = 2


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """One alarm, from one state to another. Times are seconds since 1970."""

    time_s: float
    id: str
    event: str
    """`raise`, `clear`, `acknowledge`, `shelve`, …"""
    before: str
    after: str
    priority: str
    activation: int
    by: str
    """Of what a person did: who."""
    reason: str
    parent: str
    since_s: float
    until_s: float
    acknowledged_by: str
    acknowledged_s: float


_CHANGE = TypeAdapter(AlarmChange)


def change_of(event: Event) -> AlarmChange:
    """What the core tells of an alarm (an event of kind `alarm`), as a row."""
    said: Mapping[str, Any] = event.values
    return AlarmChange(
        event.time_s, event.subject, said["event"], said["from"], said["to"], said["priority"], said["activation"],
        said["by"], said["reason"], said["parent"], said["since"], said["until"], said["acknowledged_by"],
        said["acknowledged"],
    )  # fmt: skip


def remembered(change: AlarmChange) -> Remembered:
    """The memory of an alarm after its last change."""
    return Remembered(
        change.after, change.activation, change.since_s, change.priority, change.acknowledged_by,  # type: ignore[arg-type]  # checked where it was written
        change.acknowledged_s, change.parent, until_s=change.until_s, by=change.by, reason=change.reason,
    )  # fmt: skip


class AlarmJournal:
    """`note` after each scan, which does no I/O; `write` now and then, in a thread."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._waiting: deque[AlarmChange] = deque(maxlen=MOST_WAITING)
        self._lock = Lock()
        self._failure = ""

    def note(self, changes: Iterable[AlarmChange]) -> None:
        self._waiting.extend(changes)

    def write(self) -> None:
        """Put on the disk what waits for it."""
        with self._lock:
            failure = ""
            try:
                while self._waiting:
                    year = _year(self._waiting[0])
                    lot = [one for one in self._waiting if _year(one) == year]
                    self._append(year, lot)
                    for _ in lot:
                        self._waiting.popleft()
            except OSError as error:
                failure = str(error)
            if failure and not self._failure:
                log.error("alarms_not_kept", extra={"why": failure})
            self._failure = failure

    def _append(self, year: int, lot: Sequence[AlarmChange]) -> None:
        lines = b"".join(json.dumps(asdict(one), ensure_ascii=False).encode() + b"\n" for one in lot)
        with (self._directory / f"alarms-{year}.jsonl").open("ab") as file:
            file.write(b"\n" + lines)  # what a crash tore off ends here
            file.flush()
            os.fsync(file.fileno())

    def changes(self, from_s: float = 0.0, to_s: float = float("inf")) -> Iterator[AlarmChange]:
        """What is on the disk and what waits for it, from `from_s` to before `to_s`, in order of time."""
        for file in sorted(self._directory.glob("alarms-*.jsonl")):
            year = file.stem.removeprefix("alarms-")
            if year.isdigit() and _year_ends_s(int(year)) >= from_s:
                yield from (one for one in _read(file) if from_s <= one.time_s < to_s)
        yield from [one for one in tuple(self._waiting) if from_s <= one.time_s < to_s]

    def last_changes(self, now_s: float) -> dict[str, AlarmChange]:
        """By alarm, its last change of this year and the one before."""
        return {one.id: one for one in self.changes(now_s - YEARS_READ * 366 * 86400.0)}


def as_csv(changes: Iterable[AlarmChange]) -> str:
    """A table with a heading; times as ISO 8601 in UTC."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [one.name for one in fields(AlarmChange)]
    writer.writerow([name.removesuffix("_s") for name in names])
    for change in changes:
        row = asdict(change)
        writer.writerow([(_spelled(row[name]) if name.endswith("_s") else row[name]) for name in names])
    return text.getvalue()


def _spelled(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="seconds") if time_s else ""


def _year(change: AlarmChange) -> int:
    return datetime.fromtimestamp(change.time_s, UTC).year


def _year_ends_s(year: int) -> float:
    return datetime(year + 1, 1, 1, tzinfo=UTC).timestamp()


def _read(file: Path) -> Iterator[AlarmChange]:
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError as error:
        log.error("alarms_unreadable", extra={"file": str(file), "why": str(error)})
        return
    for line in filter(None, lines):
        try:
            yield _CHANGE.validate_json(line)
        except ValidationError:
            continue
