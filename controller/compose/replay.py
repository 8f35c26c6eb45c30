"""`farmloop replay`: a recorded day through the core again, to the bit; or with another site file, and what differs."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from controller.compose.cores import on_cores
from controller.core.scan import Core
from controller.core.state import State
from controller.core.words import ScanResult
from controller.journal.beginning import Beginning, site_digest, unpacked
from controller.journal.frames import MAGIC, JournalError, read_frames
from controller.journal.journal import FOLDER, SUFFIX, digest_of
from edge_config.model.site import Site
from foundation.reading import Value

NICE = 10
"""An agent on the same box goes before its replays."""


@dataclass(slots=True)
class Tally:
    """One output, or one alarm, over the day."""

    on_s: float = 0.0
    """Of an output, seconds at full: half open for an hour is 1 800."""
    changes: int = 0
    last: float | None = None


@dataclass(slots=True)
class Replayed:
    """How a replay went."""

    scans: int = 0
    beginnings: int = 0
    first_s: float | None = None
    last_s: float = 0.0
    same_site: bool = True
    differing: int = 0
    """Scans that made something else than was recorded, and hours that left another state."""
    first_different_s: float | None = None
    outputs: dict[str, Tally] = field(default_factory=dict)
    alarms: dict[str, Tally] = field(default_factory=dict)

    def differs(self, at_s: float) -> None:
        """Something came out otherwise."""
        self.differing += 1
        if self.first_different_s is None:
            self.first_different_s = at_s

    def add(self, later: "Replayed") -> None:
        """What came after it."""
        self.scans += later.scans
        self.beginnings += later.beginnings
        self.first_s = later.first_s if self.first_s is None else self.first_s
        self.last_s = later.last_s
        self.same_site = self.same_site and later.same_site
        self.differing += later.differing
        if self.first_different_s is None:
            self.first_different_s = later.first_different_s
        for mine, theirs in ((self.outputs, later.outputs), (self.alarms, later.alarms)):
            for name, tally in theirs.items():
                known = mine.setdefault(name, Tally())
                known.on_s, known.changes, known.last = (
                    known.on_s + tally.on_s, known.changes + tally.changes, tally.last
                )  # fmt: skip

    def row(self) -> dict[str, Any]:
        """JSON-ready."""

        def told(tallies: dict[str, Tally]) -> dict[str, Any]:
            return {
                name: {"hours": round(one.on_s / 3600.0, 4), "changes": one.changes} for name, one in tallies.items()
            }

        return {
            "scans": self.scans, "starts": self.beginnings, "from_s": self.first_s, "to_s": self.last_s,
            "same_site": self.same_site, "identical": self.differing == 0, "differing_scans": self.differing,
            "first_different_s": self.first_different_s, "outputs": told(self.outputs), "alarms": told(self.alarms),
        }  # fmt: skip


def journal_files(path: Path) -> list[Path]:
    """A journal's file itself, or those of an agent's directory. Raises FileNotFoundError."""
    if path.is_file():
        return [path]
    for folder in (path, path / FOLDER, path / "agent" / FOLDER):
        found = sorted(folder.glob(f"*{SUFFIX}"))
        if found:
            return found
    raise FileNotFoundError(2, f"no journal (*{SUFFIX}) there", str(path))


def first_beginning(path: Path) -> Beginning:
    """Raises JournalError or OSError."""
    for frame in read_frames(path):
        if frame.kind == b"C":
            return unpacked(frame.content)
    raise JournalError(f"{path}: nothing was recorded in it yet")


def replay(
    path: Path, site: Site, progress: Callable[[float], None] | None = None, workers: int | None = 1
) -> Replayed:
    """One file through the core of `site`: as it was recorded at every start, and from there on by itself.

    With the site that it was recorded with every scan must come out as it did, and every hour the whole state; its
    hours may then be played beside one another (`workers`; None: on every core). Raises JournalError or OSError.
    """
    firsts = [len(MAGIC), *(_hours(path, site_digest(site)) if workers != 1 else ())]
    parts = [(path, site, first, last) for first, last in zip_longest(firsts, firsts[1:])]
    done = Replayed()
    for part in on_cores(_played_part, parts, workers) if len(parts) > 1 else [_play(*parts[0], progress)]:
        done.add(part)
        if progress is not None:
            progress(done.last_s)
    return done


def _hours(path: Path, digest: str) -> list[int]:
    """The bytes at which a part may begin: where the state stands again, and nothing is missing before it. None where
    not all of the file is of that site."""
    found, end = [], len(MAGIC)
    for frame in read_frames(path):
        if frame.kind == b"C":
            beginning = unpacked(frame.content)
            if beginning.site_digest != digest:
                return []
            if beginning.goes_on:
                found.append(end)
        end = frame.end
    return found


def _played_part(part: tuple[Path, Site, int, int | None]) -> Replayed:
    os.setpriority(os.PRIO_PROCESS, 0, NICE)
    return _play(*part)


def _play(
    path: Path, site: Site, first: int, last: int | None, progress: Callable[[float], None] | None = None
) -> Replayed:
    """From the beginning at the byte `first` to the one at `last`, with which the state is compared; or to the end."""
    core, done = Core(site), Replayed()
    digest = site_digest(site)
    beginning: Beginning | None = None
    state: State | None = None
    for frame in read_frames(path, first):
        if frame.kind == b"C":
            beginning = unpacked(frame.content)
            done.same_site = done.same_site and beginning.site_digest == digest
            if state is not None and beginning.goes_on:
                if done.same_site and not beginning.is_state(core, state):
                    done.differs(state.at_s)
            elif done.same_site or state is None:
                state = beginning.state(core)
                if beginning.goes_on:  # of a part: as the one before it ended
                    done.first_s = done.last_s = state.at_s
                    done.outputs = {name: Tally(last=order.value) for name, order in state.orders.items()}
            done.beginnings += not beginning.goes_on
            if last is not None and frame.end > last:
                break
            continue
        if beginning is None or state is None:
            raise JournalError(f"{path}: it does not begin with a state")
        try:
            for scan in beginning.names.unpack(frame.content):
                result = core.scan(state, scan.snapshot, scan.now_s)
                _note(done, result, scan.now_s - state.at_s, scan.now_s)
                state = result.state
                if digest_of(result) != scan.digest:
                    done.differs(scan.now_s)
        except JournalError:
            raise
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise JournalError(f"{path}: a frame cannot be read: {error}") from error
        if progress is not None:
            progress(done.last_s)
    return done


def played(path: Path, core: Core) -> Iterator[tuple[float, Mapping[str, Value | None]]]:
    """Every scan of a file as `core` makes it: its time, and all values after it. Raises JournalError or OSError."""
    beginning: Beginning | None = None
    state: State | None = None
    for frame in read_frames(path):
        if frame.kind == b"C":
            beginning = unpacked(frame.content)
            if state is None or not beginning.goes_on:
                state = beginning.state(core)
        elif beginning is not None and state is not None:
            for scan in beginning.names.unpack(frame.content):
                state = core.scan(state, scan.snapshot, scan.now_s).state
                yield scan.now_s, state.values


def _note(done: Replayed, result: ScanResult, elapsed_s: float, now_s: float) -> None:
    done.scans += 1
    done.last_s = now_s
    if done.first_s is None:
        done.first_s, elapsed_s = now_s, 0.0
    for name, order in result.orders.items():
        tally = done.outputs.get(name)
        if tally is None:
            tally = done.outputs[name] = Tally()
        value = order.value
        if tally.last is not None:
            tally.on_s += min(tally.last, 100.0) / 100.0 * elapsed_s
            tally.changes += value != tally.last
        tally.last = value
    for alarm in result.alarms:
        tally = done.alarms.setdefault(alarm.id, Tally())
        if alarm.active:
            tally.on_s += elapsed_s
            tally.changes += alarm.since_s == now_s
