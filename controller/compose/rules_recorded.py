"""Rules on the recorded days of an agent: when they would have acted, and when those that ran did otherwise.

Both sets of rules see what every scan of the journal was told; of an agent without a journal, what its outbox still
has. Open loop: the record has the old control in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from controller.compose import outbox_scans
from controller.compose.replay import journal_files
from controller.compose.rules_replay import ReplayError, RuleRecord, Watch
from controller.core.scan import Core
from controller.core.state import State
from controller.journal.beginning import Beginning, unpacked
from controller.journal.frames import read_frames
from controller.journal.scans import Scan
from edge_config.model.site import Site
from rules.rule import RuleMemory

OUTBOX_STEP_S = 5.0


@dataclass(slots=True)
class Apart:
    """One rule in the farm as it ran and in the farm as it is proposed; None where there is no such rule."""

    rule: str
    ran: RuleRecord | None
    proposed: RuleRecord | None
    apart_s: float = 0.0
    """For so long one was on and the other was not."""
    first_s: float | None = None
    """When that was first so."""

    def row(self, days: float) -> dict[str, object]:
        return {
            "rule": self.rule,
            "ran": None if self.ran is None else self.ran.row(days),
            "proposed": None if self.proposed is None else self.proposed.row(days),
            "hours_apart": round(self.apart_s / 3600.0, 4),
            "first_apart_s": self.first_s,
        }


@dataclass(slots=True)
class Compared:
    """How a comparison went."""

    begin_s: float
    end_s: float
    scans: int = 0
    rules: list[Apart] = field(default_factory=list)

    @property
    def days(self) -> float:
        return max((self.end_s - self.begin_s) / 86400.0, 1e-9)


class _Farm:
    """One site's core over the recorded scans."""

    def __init__(self, site: Site, beginning: Beginning | None, first_s: float) -> None:
        self.core = Core(site)
        self.state: State = self.core.start(first_s) if beginning is None else beginning.state(self.core)
        self.watch: Watch | None = None
        self.names = {rule.name for rule in self.core.plan.rules.rules}

    def scan(self, scan: Scan, counts: bool) -> None:
        if counts and self.watch is None:
            self.watch = Watch(self.core)
            for name in self.names:  # what was on already counts from here
                if self.on(name):
                    self.watch.records[name].on_since_s = scan.now_s
        result = self.core.scan(self.state, scan.snapshot, scan.now_s)
        self.state = result.state
        if self.watch is not None:
            self.watch.see(result)

    def on(self, rule: str) -> bool:
        memory = self.state.blocks.get(rule)
        return isinstance(memory, RuleMemory) and memory.on


def beginning_of(place: Path, begin_s: float | None = None) -> Beginning | None:
    """Where a comparison from `begin_s` would begin; None of an outbox. Raises OSError, JournalError, ReplayError."""
    for beginning, _ in _scans(place, begin_s):
        return beginning
    raise ReplayError(f"{place}: nothing was recorded in that time")


def compare(
    place: Path, proposed: Site, ran: Site | None, begin_s: float | None = None, end_s: float | None = None
) -> Compared:
    """Both through all days from the one in which `begin_s` lies, with the state that it began with; what is before
    `begin_s` moves them and is not counted. Raises OSError, sqlite3.Error, JournalError, ReplayError.
    """
    farms: list[_Farm] = []
    done: Compared | None = None
    apart: dict[str, Apart] = {}
    before_s = 0.0
    for beginning, scan in _scans(place, begin_s):
        if not farms:
            farms = [_Farm(site, beginning, scan.now_s) for site in (proposed, ran) if site is not None]
            apart = {name: Apart(name, None, None) for farm in farms for name in sorted(farm.names)}
        if end_s is not None and scan.now_s > end_s:
            break
        counts = begin_s is None or scan.now_s >= begin_s
        for farm in farms:
            farm.scan(scan, counts)
        if not counts:
            continue
        if done is None:
            done, before_s = Compared(scan.now_s, scan.now_s), scan.now_s
        done.scans, done.end_s = done.scans + 1, scan.now_s
        if len(farms) == 2:
            _note(apart, farms, scan.now_s, before_s)
        before_s = scan.now_s
    if done is None:
        raise ReplayError(f"{place}: nothing was recorded in that time")
    for index, farm in enumerate(farms):
        for record in farm.watch.done(done.end_s) if farm.watch is not None else ():
            if index == 0:
                apart[record.rule].proposed = record
            else:
                apart[record.rule].ran = record
    done.rules = list(apart.values())
    return done


def _note(apart: dict[str, Apart], farms: list[_Farm], now_s: float, before_s: float) -> None:
    for name, one in apart.items():
        if farms[0].on(name) is not farms[1].on(name):
            if one.first_s is None:
                one.first_s = now_s
            one.apart_s += now_s - before_s


def _scans(place: Path, begin_s: float | None) -> Iterator[tuple[Beginning | None, Scan]]:
    """Scan after scan: of the journal from the day in which `begin_s` lies on, each with the last beginning before it;
    of the outbox, if there is no journal, from its first point on."""
    try:
        files = journal_files(place)
    except FileNotFoundError:
        yield from ((None, scan) for scan in outbox_scans.scans(place / outbox_scans.NAME, OUTBOX_STEP_S))
        return
    if begin_s is not None:
        early = [file for file in files if (first := _first_s(file)) is not None and first <= begin_s]
        files = files[max(len(early) - 1, 0) :]
    for file in files:
        beginning: Beginning | None = None
        for frame in read_frames(file):
            if frame.kind == b"C":
                beginning = unpacked(frame.content)
                continue
            if beginning is None:
                raise ReplayError(f"{file}: it does not begin with a state")
            for scan in beginning.names.unpack(frame.content):
                yield beginning, scan


def _first_s(file: Path) -> float | None:
    """When the first scan of a file was."""
    beginning: Beginning | None = None
    for frame in read_frames(file):
        if frame.kind == b"C":
            beginning = unpacked(frame.content)
        elif beginning is not None:
            return next(iter(beginning.names.unpack(frame.content))).now_s
    return None
