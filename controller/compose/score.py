"""`farmloop score`: scenarios run by controllers over seeds on all cores, and what came of it, gates first."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from controller.compose.cores import on_cores
from controller.compose.score_kept import kept_or_run, kept_run
from controller.compose.score_run import FARMLOOP, Job, Outcome
from simulator.loaded_scenario import LoadedScenario
from simulator.metrics import Metrics
from simulator.references import REFERENCES
from simulator.scenario import UNDISTURBED, Goal

CONTROLLERS = (FARMLOOP, *REFERENCES)
SKILLS = ("iae", "out_of_band", "out_minutes", "excursion", "travel", "switches", "energy_kwh")
"""Metrics of which less is better, told as skill against the best reference."""


@dataclass(frozen=True, slots=True)
class Score:
    """One scenario's outcomes, by controller, in the order of seeds."""

    loaded: LoadedScenario
    seeds: int
    """The fewest of any controller: kept runs may have more of one than of another."""
    outcomes: dict[str, list[Outcome]]

    @property
    def shown(self) -> list[str]:
        """Controllers without the helper that only goals compare with."""
        return [name for name in self.outcomes if name != UNDISTURBED]

    def middle(self, controller: str) -> Metrics:
        """The median over seeds of every metric; None where any seed has none."""
        return _over(self.outcomes[controller], median)

    def worst_seed(self, controller: str) -> Outcome:
        """The seed that died, or else that was farthest off over time."""
        return max(self.outcomes[controller], key=lambda one: (not one.survived, one.metrics.get("iae") or 0.0))

    def survived(self, controller: str) -> bool:
        """In the worst seed, so in every one."""
        return all(one.survived for one in self.outcomes[controller])

    def gates(self, controller: str) -> dict[str, bool]:
        runs = self.outcomes[controller]
        return {name: all(one.gates[name] for one in runs) for name in runs[0].gates}

    def value(self, controller: str, goal: Goal) -> float | None:
        """What a goal looks at: the metric of the median, or of the seed that is worst for this very goal. Where it
        compares with another controller, the metric in multiples of the other's in each seed that both have run."""
        found = [one.metrics.get(goal.metric) for one in self.outcomes[controller]]
        if goal.of is not None:
            others = {one.seed: one.metrics.get(goal.metric) for one in self.outcomes.get(goal.of, [])}
            seeds = [one.seed for one in self.outcomes[controller]]
            both = [(mine, seed) for mine, seed in zip(found, seeds, strict=True) if seed in others]
            if not both:
                return None
            found = [_multiple(mine, others[seed]) for mine, seed in both]
        known = [one for one in found if one is not None]
        if len(known) < len(found):
            return None  # it never came about in some seed: no limit is met
        if goal.seeds == "median":
            return median(known)
        return max(known) if goal.at_most is not None else min(known)

    def limit(self, goal: Goal) -> float | None:
        """Where the goal is; None where it compares with a controller that was not run."""
        if goal.of is not None and goal.of not in self.outcomes:
            return None
        return goal.at_most if goal.at_most is not None else goal.at_least

    def meets(self, controller: str, goal: Goal) -> bool | None:
        """Whether; None where the limit is not known."""
        limit, value = self.limit(goal), self.value(controller, goal)
        if limit is None:
            return None
        if value is None:
            return False
        return value <= limit + 1e-9 if goal.at_most is not None else value >= limit - 1e-9

    def skill(self, controller: str) -> dict[str, float]:
        """1 - m/m_r per metric, r being the reference whose median is best in it (control.md 5.1)."""
        found: dict[str, float] = {}
        ours = self.middle(controller)
        for name in SKILLS:
            peers = [self.middle(one).get(name) for one in self.shown if one in REFERENCES and one != controller]
            known = [one for one in peers if one]
            mine = ours.get(name)
            if known and mine is not None:
                found[name] = round(1.0 - mine / min(known), 3)
        return found

    def points(self, controller: str) -> float:
        """0 to 100: how far each goal is reached, from the best reference (0) to the goal (1), equally weighed; 0 if
        a gate fell. Where no reference was run, and where it reaches the goal itself, a goal is met or not."""
        if not self.survived(controller):
            return 0.0
        shares: list[float] = []
        for goal in self.loaded.scenario.goals:
            met = self.meets(controller, goal)
            if met is None:
                continue
            shares.append(1.0 if met else self._share(controller, goal))
        return round(100.0 * sum(shares) / len(shares), 1) if shares else 100.0

    def _share(self, controller: str, goal: Goal) -> float:
        value, limit = self.value(controller, goal), self.limit(goal)
        peers = [self.value(one, goal) for one in self.shown if one in REFERENCES and self.survived(one)]
        known = [one for one in peers if one is not None]
        if value is None or limit is None or not known:
            return 0.0
        worst = min(known) if goal.at_most is not None else max(known)
        if worst == limit or (worst < limit) is (goal.at_most is not None):
            return 0.0  # a reference reaches it
        return min(max((worst - value) / (worst - limit), 0.0), 1.0)

    def row(self) -> dict[str, Any]:
        """As `--json` prints it (DESIGN.md 6)."""
        return {
            "scenario": self.loaded.scenario.id,
            "seeds": self.seeds,
            "controllers": {name: self._controller(name) for name in self.shown},
        }

    def _controller(self, name: str) -> dict[str, Any]:
        worst = self.worst_seed(name)
        goals = [
            {
                "metric": goal.metric, "limit": self.limit(goal), "way": "at_most" if goal.at_most is not None else
                "at_least", "seeds": goal.seeds, "value": self.value(name, goal), "met": self.meets(name, goal),
            }
            for goal in self.loaded.scenario.goals
        ]  # fmt: skip
        return {
            "survived": self.survived(name),
            "gates": self.gates(name),
            "metrics": self.middle(name),
            "worst_seed": {"seed": worst.seed, "survived": worst.survived, "cause": worst.cause, **worst.metrics},
            "points": self.points(name),
            "skill": self.skill(name),
            "goals": goals,
        }


def plan(loaded: Sequence[LoadedScenario], controllers: Sequence[str], seeds: int | None) -> list[Job]:
    """Every run, the longest scenarios first so that no core waits for one at the end."""
    jobs: list[Job] = []
    for one in sorted(loaded, key=lambda one: -one.scenario.length):
        who = [*controllers]
        if FARMLOOP in who and any(goal.of == UNDISTURBED for goal in one.scenario.goals):
            who.append(UNDISTURBED)
        count = seeds or one.scenario.seeds
        jobs += [Job(one.file, name, seed) for name in who for seed in range(1, count + 1)]
    return jobs


def score(
    loaded: Sequence[LoadedScenario],
    controllers: Sequence[str],
    seeds: int | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    keep: Path | None = None,
    run: bool = True,
) -> list[Score]:
    """All of them. `seeds` and `workers` left out: what the scenarios say, and every core. `keep`: a folder of runs;
    without `run`, only what it has already, and no scenario of which it has nothing."""
    jobs = plan(loaded, controllers, seeds)
    if keep is not None and not run:
        jobs = [job for job in jobs if kept_run(job, keep) is not None]
    outcomes: dict[tuple[str, str], list[Outcome]] = {}
    for done, (job, outcome) in enumerate(zip(jobs, outcomes_of(jobs, workers, keep), strict=True), 1):
        outcomes.setdefault((job.file, job.controller), []).append(outcome)
        if progress is not None:
            progress(done, len(jobs))
    scores: list[Score] = []
    for one in loaded:
        found = {name: outcomes[one.file, name] for name in (*controllers, UNDISTURBED) if (one.file, name) in outcomes}
        if found:
            scores.append(Score(one, min(map(len, found.values())), found))
    return scores


def outcomes_of(jobs: Sequence[Job], workers: int | None = None, keep: Path | None = None) -> Iterator[Outcome]:
    """In the order of the jobs."""
    return on_cores(partial(kept_or_run, keep=keep), jobs, workers)


def _multiple(mine: float | None, other: float | None) -> float | None:
    """None where there is none: no limit is met then."""
    if mine is None or other is None:
        return None
    if other == 0.0:
        return 1.0 if mine == 0.0 else None
    return mine / other


def _over(runs: Sequence[Outcome], of: Callable[[list[float]], float]) -> Metrics:
    found: Metrics = {}
    for name in runs[0].metrics:
        values = [one.metrics.get(name) for one in runs]
        known = [one for one in values if one is not None]
        found[name] = float(f"{of(known):.6g}") if len(known) == len(values) else None
    return found
