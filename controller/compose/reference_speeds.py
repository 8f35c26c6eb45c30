"""How fast references close their loops: `python -m controller.compose.reference_speeds [LOOP...]` tries and prints.

Each loop on the nominal plant, on its site's normal day and in every other scenario below that watches its value, at a
row of doublings around the speed in `simulator/references/tunings.yaml`, all other loops as they are. The best has the
smallest IAE, a mean over the scenarios of its share of what it was; a loop whose row differs by less than 1 % is left
as it is. What a PID does not close (doses of period-pid) is left out.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from controller.compose.contenders import Peer, Targets
from controller.compose.score_run import run_once
from controller.core.build import build
from simulator.loaded_scenario import LoadedScenario
from simulator.metrics import Metrics
from simulator.references.tunings import PIDS, TUNINGS, Tuning
from simulator.scenario import Aim
from simulator.scenario_file import load_scenario, scenario_path

SCENARIOS: Final = (
    "normal_day_greenhouse", "s01_cold_front", "s07b_heat_wave_vents_only", "normal_day_plant_factory", "ph_normal_day",
    "normal_day_ras", "s02_feeding", "normal_day_aquaponics", "normal_day_mushroom", "normal_day_nursery",
    "normal_day_solar_greenhouse", "normal_day_tunnel",
)  # fmt: skip
"""Pond and cold store are not here: thermostats are all they have."""
MOST_DOUBLINGS: Final = 6
"""The row is followed so far while its best stands at an end."""
NEAR: Final = 1.01
NOMINAL: Final = 0


class Trials:
    """Runs of the nominal plants, each made once. What is found for one loop counts for the loops after it."""

    def __init__(self, loaded: Sequence[LoadedScenario]) -> None:
        self.tunings = dict(TUNINGS)
        self._fields = {name: [(one, watched_by(one, name)) for one in loaded] for name in PIDS}
        self._seen: dict[tuple[str, str, tuple[float, ...]], Metrics] = {}

    def closes(self, reference: str, loop: str) -> bool:
        """Whether it is among those that a reference closes as a PID."""
        return any(loop in aims for _, aims in self._fields[reference])

    def best(self, reference: str, loop: str) -> tuple[float, float]:
        """How fast the loop is to be closed, and what share of the IAE that it had is left."""
        now_s = self.tunings[loop].closed_s[reference]
        before = self._iaes(reference, loop, now_s)
        shares = {0: 1.0}

        def look(doubling: int) -> None:
            after = self._iaes(reference, loop, now_s * 2.0**doubling)
            pairs = [(new, old) for new, old in zip(after, before, strict=True) if old > 0.0]
            shares[doubling] = sum(new / old for new, old in pairs) / len(pairs) if pairs else 1.0

        for doubling in (-1, 1):
            look(doubling)
        while abs(best := _least(shares)) < MOST_DOUBLINGS and best in (min(shares), max(shares)):
            look(best + (1 if best > 0 else -1))
        closed_s = now_s * 2.0**best
        self.tunings[loop] = closing(self.tunings[loop], reference, closed_s)
        return closed_s, shares[best]

    def _iaes(self, reference: str, loop: str, closed_s: float) -> list[float]:
        """Of the loop's value, one a scenario that watches it."""
        tunings = {**self.tunings, loop: closing(self.tunings[loop], reference, closed_s)}
        found: list[float] = []
        for loaded, aims in self._fields[reference]:
            if loop not in aims:
                continue
            key = (loaded.scenario.id, reference, tuple(one.closed_s[reference] for one in tunings.values()))
            if key not in self._seen:
                every = tuple({aim.port: aim for aim in aims.values()}.values())
                run = run_once(replace(loaded, aims=every), reference, NOMINAL, tunings=tunings)
                self._seen[key] = run.metrics
            iae = self._seen[key][f"{aims[loop].port}:iae"]
            assert iae is not None
            found.append(iae)
        return found


def main(wanted: Sequence[str]) -> None:
    """Prints a line a loop and reference as it goes."""
    trials = Trials([load_scenario(scenario_path(name)) for name in SCENARIOS])
    for loop in wanted or TUNINGS:
        for reference in PIDS:
            if trials.closes(reference, loop):
                closed_s, left = trials.best(reference, loop)
                sys.stdout.write(f"{loop} {reference}: closed_s {closed_s:g}, IAE × {left:.3f}\n")
                sys.stdout.flush()


def watched_by(loaded: LoadedScenario, reference: str) -> dict[str, Aim]:
    """What tells how well each loop does that this reference closes as a PID in this scenario: the scenario's own value
    where it watches the loop's, else the loop's own setpoint."""
    site = loaded.site
    peer = Peer(reference, site, Targets(build(site)), loaded.scenario.references, loaded.start_s)
    field = loaded.field(NOMINAL, loaded.start_s)
    found: dict[str, Aim] = {}
    for name, task, setpoint in peer.tasks:
        if name not in TUNINGS or (reference == "period-pid" and task.pulse_s > 0.0):
            continue
        port, scale = field.instruments[task.pv].port, field.instruments[task.pv].scale
        own = next((aim for aim in loaded.aims if aim.port == port and not aim.is_absolute), None)
        if own is not None:
            found[name] = own
        elif loaded.scenario.id.startswith("normal_day"):
            found[name] = Aim(port, "", (setpoint,), 1.0 / scale, None, 0.0, 0.0, 1.0, 1.0)
    return found


def closing(tuning: Tuning, reference: str, closed_s: float) -> Tuning:
    """The same loop, closed so fast by one reference."""
    return replace(tuning, closed_s={**tuning.closed_s, reference: closed_s})


def _least(shares: Mapping[int, float]) -> int:
    if max(shares.values()) <= NEAR * min(shares.values()):
        return 0
    return min(shares, key=lambda doubling: shares[doubling])


if __name__ == "__main__":
    main(sys.argv[1:])
