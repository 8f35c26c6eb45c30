"""`python -m benchmarks.recorded_greenhouse_fit [--members 96] [--rounds 12] [--seed 2]`: how the numbers of
simulator/parameters/agc2022_compartment.yaml that nobody has written down were found.

A random search over both fitted weeks, a whole ensemble a round: in the first all over the ranges, then around the
best with ever smaller steps. What counts is the sum over the weeks of both squared errors, each in units of its goal.
Nothing is written: the best of every round is printed.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.recorded_greenhouse import (
    FITTED_DAYS,
    GOAL_K,
    GOAL_PERCENT,
    WALLS,
    Moment,
    Walls,
    deviation,
    moments,
)
from simulator import ensemble
from simulator.plants import greenhouse
from simulator.plants.greenhouse import GreenhousePlant

RANGES = {
    "leakage": (5e-5, 5e-4),
    "vent_discharge": (0.05, 0.6),
    "cover_area_m2": (96.0, 140.0),
    "lamp_power_w_m2": (40.0, 100.0),
    "cover_par_transmission": (0.3, 0.85),
    "screen_air_flux": (1e-5, 1e-3),
    "screen_fir_transmission": (0.02, 0.3),
    "construction_absorption": (0.05, 0.4),
    "boundary_resistance_s_m": (50.0, 400.0),
    "transpiring_sides": (0.3, 1.5),
    "soil_outside_m": (0.5, 2.0),
    "walls.w_m2_k": (0.5, 8.0),
    "walls.behind_c": (15.0, 21.0),
    "walls.sun_k_m2_w": (0.001, 0.03),
}
STEP_S = 150.0
"""Coarse, for there are a thousand runs: 0.1 K off the step of the plant."""
Guess = dict[str, float]


def house_of(guess: Guess) -> GreenhousePlant:
    """The compartment with these numbers; what the roof does not let through it reflects, but for 2 %."""
    light = guess["cover_par_transmission"]
    same = {"cover_nir_transmission": light, "cover_par_reflection": 0.98 - light, "cover_nir_reflection": 0.98 - light}
    own = {name: value for name, value in guess.items() if not name.startswith("walls.")}
    return GreenhousePlant(replace(greenhouse.load("agc2022_compartment").parameters, **own, **same))


def costs(guesses: Sequence[Guess], recorded: list[Moment], days: Sequence[int], length: int = 7) -> Any:
    """What each guess costs, summed over the weeks that begin on these days."""
    plant = ensemble.stacked([house_of(guess) for guess in guesses])
    many: Any = [np.array([guess[f"walls.{name}"] for guess in guesses]) for name in Walls._fields]
    found = [deviation(plant, recorded, day, length, STEP_S, Walls(*many)) for day in days]
    return sum((off.kelvin / GOAL_K) ** 2 + (off.percent / GOAL_PERCENT) ** 2 for off in found)


def guesses_around(best: Guess | None, width: float, count: int, chance: random.Random) -> list[Guess]:
    """The best itself and others around it, half of their numbers unchanged; without a best, all over the ranges."""
    if best is None:
        return [
            {name: low * (high / low) ** chance.random() for name, (low, high) in RANGES.items()} for _ in range(count)
        ]
    guesses = [best]
    for _ in range(count - 1):
        moved = dict(best)
        for name, (low, high) in RANGES.items():
            if chance.random() < 0.5:
                moved[name] = min(high, max(low, best[name] * (high / low) ** (width * (chance.random() - 0.5))))
        guesses.append(moved)
    return guesses


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recorded_greenhouse_fit")
    parser.add_argument("--members", type=int, default=96, help="houses a round")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seed", type=int, default=2)
    given = parser.parse_args(arguments)
    recorded, chance = moments(), random.Random(given.seed)
    best: Guess | None = None
    for count in range(given.rounds):
        guesses = guesses_around(best, 0.75**count, given.members, chance)
        cost = costs(guesses, recorded, FITTED_DAYS)
        best = guesses[int(np.nanargmin(cost))]
        print(
            f"{count + 1}: {np.nanmin(cost):.3f}",
            {name: float(f"{value:.3g}") for name, value in best.items()},
            flush=True,
        )
    print(f"now: {WALLS}")


if __name__ == "__main__":
    main()
