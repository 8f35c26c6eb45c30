"""How fast a recorded day is played again: to the bit by the core, and in front of the rules alone.

A day of a sample site is simulated and recorded as an agent records it, in a journal; then `farmloop replay` and
`farmloop rules replay --recorded` read it from the disk. `farmloop replay` plays the hours of a day on all cores and is
told by the clock, processes that begin and all; what runs in one process, which only computes, by CPU time. A replay
that is not to the bit has no speed.
"""

import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.rows import GOAL, Row, row
from controller.compose.replay import journal_files, replay
from controller.compose.rules_recorded import compare
from controller.compose.simulate import prepare, start_of
from controller.core.state import State
from controller.core.words import ScanResult, Snapshot
from controller.journal.journal import Journal
from edge_config.loader import load_site
from edge_config.model.site import Site

GOAL_FACTOR = 2000.0
"""Of a day on all cores; of one facility in one process. The farm has three, rules beside those that ran are two."""
DAY_S = 86_400.0
DAYS = {"ras": 1.0, "greenhouse": 1.0, "farm": 1.0}
WRITE_SCANS = 60
"""The journal goes to the disk so often, in scans."""


def recorded(site: Site, seconds: float, directory: Path) -> int:
    """The simulated site's journal from a midnight (UTC) on, in one file; how many scans it has."""
    farm = prepare(site, 1, (start_of(site) // DAY_S + 1.0) * DAY_S - 1.0)
    journal = Journal(directory, farm.core)
    scan, scans = farm.core.scan, int(seconds / farm.core.scan_s)

    def noted(state: State, snapshot: Snapshot, now_s: float) -> ScanResult:
        result = scan(state, snapshot, now_s)
        journal.note(state, snapshot, now_s, result)
        return result

    farm.core.scan = noted  # type: ignore[method-assign]  # a recorder between the farm and its core
    for number in range(scans):
        farm.step()
        if number % WRITE_SCANS == 0:
            journal.write()
    journal.close()
    return scans


def to_the_bit(file: Path, site: Site, scans: int, workers: int | None) -> None:
    """Plays it, on every core without `workers`. Raises ValueError where a scan is missing or comes out otherwise."""
    done = replay(file, site, None, workers)
    if done.scans != scans or done.differing:
        raise ValueError(f"{done.scans} of {scans} scans, {done.differing} not as recorded")


def times_real(seconds: float, work: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    """Farm seconds a second of `clock`."""
    begun = clock()
    work()
    return seconds / (clock() - begun)


def of_site(name: str, seconds: float) -> list[Row]:
    """The rows of one sample site."""
    site = load_site(Path(str(files("edge_config").joinpath("sites", f"{name}.yaml")))).site
    limit = 1.0 / len(site.facilities)
    what = f"replay, {name}, {len(site.rules)} rules, {seconds / 3600.0:.3g} h recorded"
    with TemporaryDirectory() as folder:
        place = Path(folder)
        scans = recorded(site, seconds, place)
        (file,) = journal_files(place)
        day = times_real(seconds, lambda: to_the_bit(file, site, scans, None), time.perf_counter)
        again = times_real(seconds, lambda: to_the_bit(file, site, scans, 1))
        rules = times_real(seconds, lambda: compare(place, site, None))
        beside = times_real(seconds, lambda: compare(place, site, site))
    return [
        row(f"{what}: to the bit", day, GOAL, GOAL_FACTOR, "x real time", 1.0, True),
        row(f"{what}: to the bit, in one process", again, GOAL, GOAL_FACTOR, "x real time", limit, True),
        row(f"rules {what}", rules, GOAL, GOAL_FACTOR, "x real time", limit, True),
        row(f"rules {what}: beside those that ran", beside, GOAL, GOAL_FACTOR, "x real time", limit / 2.0, True),
    ]


def run(quick: bool = False) -> list[Row]:
    """All rows; some fifteen minutes."""
    return [one for name, days in DAYS.items() for one in of_site(name, 120.0 if quick else days * DAY_S)]
