"""A step with care: refused where it is longer than a plant allows, cut in halves where the air would jump."""

from collections.abc import Callable
from typing import TypeVar

from simulator.plants.moist_air import LEAST_VAPOUR_KG_M3

STEP_S = 30.0
"""The longest step of the thin plants."""
_JUMP_K = 4.0
_SHORTEST_S = 0.05

State = TypeVar("State")


def careful(
    step: Callable[[State, float], State], air: Callable[[State], tuple[float, float]], was: State, dt_s: float
) -> State:
    """The state `dt_s` after `was`. `air` tells temperature (degC) and vapour (kg/m3) of a state.

    Raises ValueError for a step that is not more than 0 and at most STEP_S.
    """
    if not 0.0 < dt_s <= STEP_S:
        raise ValueError(f"a step of {dt_s} s, wanted more than 0 and at most {STEP_S:g}")
    now = step(was, dt_s)
    air_c, vapour_kg_m3 = air(now)
    if dt_s > _SHORTEST_S and (abs(air_c - air(was)[0]) > _JUMP_K or vapour_kg_m3 <= LEAST_VAPOUR_KG_M3):
        half_s = 0.5 * dt_s
        return careful(step, air, careful(step, air, was, half_s), half_s)
    return now
