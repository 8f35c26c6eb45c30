"""Seasons of the lettuce greenhouse under the rules of a grower's climate computer, and what they return.

The rules are those that lettuce-greenhouse-gym 0.1.3 describes as its `GrowerHeuristic`: proportional bands on what a
grower sees. Their numbers, and the tuned ones of ../shared/physics.md 12.1, stand below.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from simulator.env_lettuce import GREATEST, LettuceEnv
from simulator.plants.lettuce_greenhouse import Controls, House, Outdoors

Rules = Callable[[Sequence[float], Outdoors], Controls]
"""From the observation and the weather of the coming step."""


@dataclass(frozen=True, slots=True)
class Grower:
    """Heat below a setpoint, vent above it and when it is humid, dose CO2 by day while the vents are nearly shut."""

    day_c: float = 14.0
    night_c: float = 10.0
    day_from_w_m2: float = 50.0
    heat_w_m2_k: float = 30.0
    vent_above_k: float = 2.0
    vent_mm_s_k: float = 2.0
    humid_percent: float = 80.0
    vent_mm_s_percent: float = 0.5
    co2_ppm: float = 750.0
    co2_mg_m2_s_ppm: float = 0.006
    dose_below_mm_s: float = 2.0

    def __call__(self, seen: Sequence[float], outdoors: Outdoors) -> Controls:
        ppm, air_c, humidity = seen[1:4]
        by_day = outdoors.radiation_w_m2 > self.day_from_w_m2
        setpoint_c = self.day_c if by_day else self.night_c
        vent_mm_s = self.vent_mm_s_k * max(0.0, air_c - setpoint_c - self.vent_above_k)
        vent_m_s = _held(1e-3 * (vent_mm_s + self.vent_mm_s_percent * max(0.0, humidity - self.humid_percent)), 1)
        doses = by_day and 1e3 * vent_m_s <= self.dose_below_mm_s
        return Controls(
            _held(1e-6 * self.co2_mg_m2_s_ppm * (self.co2_ppm - ppm), 0) if doses else 0.0,
            vent_m_s,
            _held(self.heat_w_m2_k * (setpoint_c - air_c), 2),
        )


TUNED: Final = Grower(11.42, 11.79, 5.0, 25.2, 0.631, 0.907, 77.56, 1.111, 1492.6, 0.00603, 7.5)
RULES: Final[Mapping[str, Rules]] = {
    "AllOff": lambda seen, outdoors: Controls(0.0, 0.0, 0.0),
    "ConstantControl[0,0,50]": lambda seen, outdoors: Controls(0.0, 0.0, 50.0),
    "GrowerHeuristic": Grower(),
    "GrowerHeuristic tuned (physics.md 12.1)": TUNED,
}


def season(rules: Rules, outdoors: Callable[[float], Outdoors] | None = None, seed: int = 0) -> tuple[float, float]:
    """(return in EUR/m2, dry weight at harvest in kg/m2) of forty days; the synthetic year of Beijing if no weather is
    given."""
    earned, houses = steps(rules, outdoors, seed)
    return earned, houses[-1].dry_weight_kg_m2


def steps(
    rules: Rules, outdoors: Callable[[float], Outdoors] | None = None, seed: int = 0
) -> tuple[float, list[House]]:
    """The same with the house at the start and after every step."""
    env = LettuceEnv(outdoors=outdoors)
    seen, _ = env.reset(seed=seed)
    total, over, houses = 0.0, False, [env.house]
    while not over:
        seen, reward, over, _, _ = env.step(env.asked(rules(seen.tolist(), env.coming())))
        total += reward
        houses.append(env.house)
    return total, houses


def _held(value: float, control: int) -> float:
    return min(GREATEST[control], max(0.0, value))
