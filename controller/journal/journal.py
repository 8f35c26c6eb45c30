"""The agent's journal: all that every scan was told, day by day, so that a day can be played again to the bit.

`note` after each scan does no I/O; `write` now and then, in a thread. One file a day (UTC) in `journal/` of the
agent's directory; each begins with the whole state, and has it again every hour: there the replay is compared with
the farm, and may begin, so that a day is played on all cores. `kill -9` costs what was told since the last `write`.
"""

import logging
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import NamedTuple
from zlib import crc32

import orjson

from controller.core.scan import Core
from controller.core.start_up import KEY as START
from controller.core.start_up import StartUp
from controller.core.state import State
from controller.core.words import ScanResult, Snapshot
from controller.journal.beginning import names_of, packed
from controller.journal.frames import FrameWriter
from controller.journal.scans import Scan

log = logging.getLogger("farmloop.journal")

FOLDER = "journal"
SUFFIX = ".journal"
DAY_S = 86400
PART_S = 3600
KEPT_DAYS = 7
MOST_BYTES = 512 << 20
"""Of all days together; beyond this the oldest go first."""
MOST_WAITING = 3600
"""Scans that wait for the disk. With more than that the day goes on from a new beginning, and says so."""


def digest_of(result: ScanResult) -> int:
    """Of all that a scan made: orders, commands, events, alarms."""
    return crc32(orjson.dumps(
        (result.commands, [(one.output, one.value, one.slot, one.owner, one.expires_s) for one in
        result.orders.values()], result.events, result.alarms),
        default=tuple, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY,
    ))  # fmt: skip


class _Lot(NamedTuple):
    """Scans on their way to the file."""

    day: int
    state: State | None
    """That their first one found, where a replay may begin with it."""
    goes_on: bool
    """It is what the scan before left, which is in the file too."""
    scans: list[Scan]


class Journal:
    """Of one agent. A directory that cannot be written is told of once; the farm does not wait for it."""

    def __init__(self, directory: Path, core: Core, site_file: str = "") -> None:
        self._folder, self._core, self._site_file = directory / FOLDER, core, site_file
        self._names = names_of(core)
        self._part: int | None = None
        """The hour of the last scan; None: the next one begins anew."""
        self._lots: list[_Lot] = []
        self._waiting = 0
        self._lock = Lock()
        self._writing = Lock()
        """Scans stand in the file as they came, though the last of them are written beside a thread still at it."""
        self._file: tuple[int, FrameWriter] | None = None
        self._failure = ""

    def note(self, before: State, snapshot: Snapshot, now_s: float, result: ScanResult) -> None:
        """One scan: the state that it found, what it was told, and what it made of it. Never raises."""
        try:
            self._note(before, snapshot, now_s, result)
        except Exception as error:  # the record may fail, the farm may not
            self._fail(error)

    def _note(self, before: State, snapshot: Snapshot, now_s: float, result: ScanResult) -> None:
        day, part = int(now_s // DAY_S), int(now_s // PART_S)
        with self._lock:
            if self._waiting >= MOST_WAITING:
                self._lots.clear()
                self._waiting, self._part = 0, None
                log.warning("journal_gap", extra={"scans": MOST_WAITING})
            if part != self._part:
                goes_on = self._part is not None and self._part * PART_S // DAY_S == day
                self._part = part
                self._lots.append(_Lot(day, before, goes_on, []))
            elif not self._lots:
                self._lots.append(_Lot(day, None, True, []))
            self._lots[-1].scans.append(Scan(now_s, self._heeded(before, snapshot), digest_of(result)))
            self._waiting += 1

    def _heeded(self, before: State, snapshot: Snapshot) -> Snapshot:
        """Without what outputs read that the core has no ear for any more: it hears the first word after a start."""
        plan, start = self._core.plan, before.blocks[START]
        assert isinstance(start, StartUp)
        kept = [one for one in snapshot.readings if one.tag in plan.conditioners or one.tag in start.unread]
        return replace(snapshot, readings=tuple(kept)) if len(kept) < len(snapshot.readings) else snapshot

    def write(self) -> None:
        """What was noted goes to the disk. Never raises: what failed is told once, and begun anew."""
        with self._writing:
            self._write()

    def _write(self) -> None:
        with self._lock:
            lots, self._lots, self._waiting = self._lots, [], 0
        try:
            for lot in lots:
                writer = self._writer(lot.day)
                if lot.state is not None:
                    writer.write(b"C", packed(self._core, lot.state, self._site_file, lot.goes_on))
                writer.write(b"S", self._names.pack(lot.scans))
            self._failure = ""
        except Exception as error:  # as above
            self._fail(error)
            self._close()

    def _fail(self, error: Exception) -> None:
        """Told once; the day goes on from a new beginning as soon as it can."""
        if repr(error) != self._failure:
            log.error("journal_failed", extra={"why": repr(error)})
        self._failure = repr(error)
        with self._lock:
            self._lots, self._waiting, self._part = [], 0, None

    def close(self) -> None:
        """The last of it."""
        with self._writing:
            self._write()
            self._close()

    def _writer(self, day: int) -> FrameWriter:
        if self._file is None or self._file[0] != day:
            self._close()
            self._folder.mkdir(parents=True, exist_ok=True)
            name = datetime.fromtimestamp(day * DAY_S, UTC).strftime("%Y-%m-%d") + SUFFIX
            self._file = day, FrameWriter(self._folder / name)
            _thin(self._folder)
        return self._file[1]

    def _close(self) -> None:
        if self._file is not None:
            self._file[1].close()
            self._file = None


def _thin(folder: Path) -> None:
    """The oldest days go, and never the newest."""
    files = sorted(folder.glob(f"*{SUFFIX}"), reverse=True)
    total = 0
    for index, path in enumerate(files):
        total += path.stat().st_size
        if index >= KEPT_DAYS or (index and total > MOST_BYTES):
            path.unlink()
