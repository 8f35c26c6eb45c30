"""`farmloop replay`: a recorded day through the core again, to the bit; or with another site file, and what differs."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controller.core.scan import Core
from controller.core.state import State
from controller.core.words import ScanResult
from controller.journal.beginning import Beginning, site_digest, unpacked
from controller.journal.frames import JournalError, read_frames
from controller.journal.journal import FOLDER, SUFFIX, digest_of
from edge_config.model.site import Site
from foundation.reading import Value


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
    """Scans that made something else than was recorded."""
    first_different_s: float | None = None
    outputs: dict[str, Tally] = field(default_factory=dict)
    alarms: dict[str, Tally] = field(default_factory=dict)

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


def replay(path: Path, site: Site, progress: Callable[[float], None] | None = None) -> Replayed:
    """One file through the core of `site`: as it was recorded at every beginning, and from there on by itself.

    With the site that it was recorded with every scan must come out as it did. Raises JournalError or OSError.
    """
    core, done = Core(site), Replayed()
    digest = site_digest(site)
    beginning: Beginning | None = None
    state: State | None = None
    for frame in read_frames(path):
        if frame.kind == b"C":
            beginning = unpacked(frame.content)
            done.beginnings += 1
            if done.same_site or state is None:
                state = beginning.state(core)
            done.same_site = done.same_site and beginning.site_digest == digest
            continue
        if beginning is None or state is None:
            raise JournalError(f"{path}: it does not begin with a state")
        try:
            for scan in beginning.names.unpack(frame.content):
                result = core.scan(state, scan.snapshot, scan.now_s)
                _note(done, result, scan.now_s - state.at_s, scan.now_s)
                state = result.state
                if digest_of(result) != scan.digest:
                    done.differing += 1
                    if done.first_different_s is None:
                        done.first_different_s = scan.now_s
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
