"""First-out snapshots: what a group of interlocks looked at and moved, from 5 min before it tripped to 1 min after.

One file of JSON a trip in the agent's directory, `first-out/GROUP-MILLISECONDS.json`: written when the group trips, and
again once the minute after is over. The newest are kept, each bounded in size.
"""

import json
import logging
import os
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from threading import Lock

from pydantic import TypeAdapter, ValidationError

from controller.core.interlocks import InterlockBlock
from controller.core.words import ScanResult
from foundation.reading import Reading, Value

log = logging.getLogger("farmloop.first_outs")

FOLDER = "first-out"
BEFORE_S, AFTER_S = 300.0, 60.0
ROWS = 20_000
"""Of one snapshot; beyond it the oldest go, and the snapshot says so."""
FILES = 50
Row = tuple[float, str, Value | None, int, str]
"""Farm time, tag, value, quality, reason."""


@dataclass(frozen=True, slots=True)
class FirstOutRecord:
    """One trip of a group."""

    group: str
    first: str
    """The interlock whose cause was there first."""
    tripped_s: float
    others: tuple[str, ...]
    """What tripped after it, in order."""
    whole: bool = False
    """Whether the minute after it is in."""
    cut: bool = False
    """Whether rows were too many, and the oldest are missing."""
    began: dict[str, Value | None] = field(default_factory=dict)
    """Each tag as it stood before the first row."""
    rows: tuple[Row, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.group}-{round(self.tripped_s * 1000.0)}"


_RECORD = TypeAdapter(FirstOutRecord)


class FirstOuts:
    """`see` after each scan, which does no I/O; `write` now and then, in a thread."""

    def __init__(self, directory: Path, groups: Mapping[str, tuple[InterlockBlock, ...]]) -> None:
        self._folder = directory / FOLDER
        self._tags = {group: _tags(members) for group, members in groups.items()}
        self._all = frozenset[str]().union(*self._tags.values())
        self._rows: deque[Row] = deque(maxlen=ROWS)
        self._began: dict[str, Value | None] = {}
        self._open: dict[str, FirstOutRecord] = {}
        self._waiting: dict[str, FirstOutRecord] = {}
        self._lock = Lock()
        self._failure = ""

    def see(self, result: ScanResult, now_s: float) -> None:
        """Note what the groups' tags said in a scan, and which group tripped."""
        if not self._all:
            return
        try:
            self._look(result, now_s)
        except Exception as error:  # a record may fail, the farm may not
            log.exception("first_out_failed", extra={"why": str(error)})

    def _look(self, result: ScanResult, now_s: float) -> None:
        for reading in result.changed:
            if reading.tag in self._all:
                self._note(reading, now_s)
        while self._rows and self._rows[0][0] < now_s - BEFORE_S - AFTER_S:
            self._forget()
        for event in result.events:
            if event.kind == "first_out":
                told = event.values
                record = FirstOutRecord(
                    event.subject, str(told["first"]), float(str(told["tripped_s"])), _names(told["others"])
                )
                self._open[record.group] = record
                self._waiting[record.id] = self._filled(record, now_s)
        for group, record in list(self._open.items()):
            if now_s - record.tripped_s >= AFTER_S:
                self._waiting[record.id] = replace(self._filled(record, now_s), whole=True)
                del self._open[group]

    def write(self) -> None:
        """Put on the disk what waits for it; what a disk does not take waits on."""
        with self._lock:
            failure = ""
            for name, record in list(self._waiting.items()):
                try:
                    self._put(name, record)
                except OSError as error:
                    failure = str(error)
                    break
                if self._waiting.get(name) is record:
                    del self._waiting[name]
            if failure and not self._failure:
                log.error("first_out_not_kept", extra={"why": failure})
            self._failure = failure

    def records(self, most: int) -> list[FirstOutRecord]:
        """The newest that were kept, the last one first."""
        found: dict[str, FirstOutRecord] = {}
        for file in self._files()[:most]:
            try:
                record = _RECORD.validate_json(file.read_bytes())
            except (OSError, ValidationError):
                continue
            found[record.id] = record
        found |= dict(self._waiting)
        return sorted(found.values(), key=lambda record: -record.tripped_s)[:most]

    def _note(self, reading: Reading, now_s: float) -> None:
        if len(self._rows) == ROWS:
            self._forget()
        self._rows.append((now_s, reading.tag, reading.value, int(reading.quality), str(reading.reason or "")))

    def _forget(self) -> None:
        _, tag, value, quality, _ = self._rows.popleft()
        self._began[tag] = value if quality else None

    def _filled(self, record: FirstOutRecord, now_s: float) -> FirstOutRecord:
        """With its rows; what came before them stands in `began`."""
        tags, first_s = self._tags.get(record.group, frozenset()), record.tripped_s - BEFORE_S
        began = {tag: value for tag, value in self._began.items() if tag in tags}
        rows = []
        for row in self._rows:
            if row[1] in tags and row[0] < first_s:
                began[row[1]] = row[2] if row[3] else None
            elif row[1] in tags and row[0] <= record.tripped_s + AFTER_S:
                rows.append(row)
        cut = len(self._rows) == ROWS and self._rows[0][0] > first_s
        return replace(record, began=began, rows=tuple(rows), cut=cut)

    def _put(self, name: str, record: FirstOutRecord) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{name}.json"
        new = path.with_suffix(".new")
        with new.open("w", encoding="utf-8") as file:
            json.dump(asdict(record), file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
        for old in self._files()[FILES:]:
            old.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        """The newest first."""
        return sorted(
            self._folder.glob("*.json"), key=lambda file: file.stem.rpartition("-")[2].zfill(16), reverse=True
        )


def _tags(members: tuple[InterlockBlock, ...]) -> frozenset[str]:
    """All that a group looks at and moves."""
    tags: set[str] = set()
    for member in members:
        tags |= {action.output for action in member.actions}
        if member.when is not None:
            tags |= member.when.tags
        if member.most is not None:
            tags |= {member.most.output}
    return frozenset(tags)


def _names(raw: object) -> tuple[str, ...]:
    return tuple(str(one) for one in raw) if isinstance(raw, list | tuple) else ()
