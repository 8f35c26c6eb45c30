"""Forty days of lettuce under plain rules return what lettuce-greenhouse-gym 0.1.3 returns in the same weather."""

from math import pi, sin

import pytest

from benchmarks.validation.lettuce_season import RULES, season
from simulator.plants.lettuce_greenhouse import Outdoors

RECORDED = {
    "AllOff": (-67.9954110755297, 0.014173507407841431),
    "ConstantControl[0,0,50]": (-90.57620219618927, 0.014040061734393483),
    "GrowerHeuristic": (-8.093723198194642, 0.35268852843683346),
    "GrowerHeuristic tuned (physics.md 12.1)": (-0.097791030248644, 0.37311561217189537),
}
"""Return in EUR/m2 and dry weight in kg/m2 of its own environment and rules, run in the weather below."""


def sky(time_s: float) -> Outdoors:
    hour = time_s / 3600.0 % 24.0
    radiation = 400.0 * sin(pi * (hour - 6.0) / 12.0) if 6.0 <= hour <= 18.0 else 0.0
    return Outdoors(max(0.0, radiation), 7.2e-4, 8.0 + 5.0 * sin(2.0 * pi * (hour - 9.0) / 24.0), 0.006)


@pytest.mark.parametrize("name", RULES)
def test_a_season_returns_what_the_benchmark_returns(name: str) -> None:
    earned, dry_weight = RECORDED[name]
    assert season(RULES[name], sky) == (pytest.approx(earned, abs=1e-6), pytest.approx(dry_weight, rel=1e-7))
