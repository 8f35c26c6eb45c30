"""Rules with simulated plants, closed loop: what each did on a site, and what a scenario is with and without them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from controller.compose.rules_replay import RuleRecord, Watch
from controller.compose.score_run import FARMLOOP, Outcome, run_once
from controller.compose.simulate import SETTLE_S, Simulation, run
from controller.core.scan import Core
from edge_config.model.site import Site
from simulator.scenario_file import LoadedScenario


@dataclass(frozen=True, slots=True)
class Simulated:
    """How a site's rules did."""

    simulation: Simulation
    records: list[RuleRecord]
    days: float


def simulate_site(site: Site, days: float, seed: int, progress: Callable[[float], None] | None = None) -> Simulated:
    """Some days of a farm; the hours of settling count as well."""
    watch = Watch(Core(site))
    done = run(site, days, seed, progress, watch.see)
    return Simulated(done, watch.done(done.now_s), days + SETTLE_S / 86400.0)


@dataclass(frozen=True, slots=True)
class Compared:
    """One scenario, one seed, with its site's rules and without."""

    scenario: str
    seed: int
    with_rules: Outcome
    without_rules: Outcome


def compare(loaded: LoadedScenario, seed: int) -> Compared:
    """The same run twice."""
    bare = replace(loaded, site=loaded.site.model_copy(update={"rules": ()}))
    outcomes = (run_once(one, FARMLOOP, seed) for one in (loaded, bare))
    return Compared(loaded.scenario.id, seed, *outcomes)
