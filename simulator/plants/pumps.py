"""Centrifugal pumps side by side on one pipe: what they lift, and what that costs.

Each pump follows H = n^2 H0 - a q^2 (affinity laws: flow with the speed n, head with its square), the pipe
H = lift + k Q^2. Behind every pump is a check valve: a slow one is pressed shut by its neighbour.
"""

from math import sqrt
from typing import NamedTuple


class PumpCurve(NamedTuple):
    """Two equal pumps and their pipe, heads in m, flows in m3/h; speeds run from 0 to 1."""

    shutoff_head_m: float
    """What one pump holds at full speed against a shut valve."""
    pump_m_per_m3_h2: float
    pipe_m_per_m3_h2: float
    lift_m: float
    """What has to be overcome before anything flows."""


def pump_curve(flow_m3_h: float, head_m: float, shutoff_head_m: float, lift_m: float) -> PumpCurve:
    """The curve on which one pump at full speed gives `flow_m3_h` at `head_m`.

    Raises ValueError unless lift < head < shut-off head.
    """
    if not 0.0 <= lift_m < head_m < shutoff_head_m or flow_m3_h <= 0.0:
        raise ValueError(
            f"a pump of {flow_m3_h:g} m3/h needs lift < head < shut-off head, "
            f"not {lift_m:g} m, {head_m:g} m and {shutoff_head_m:g} m"
        )
    square = flow_m3_h * flow_m3_h
    return PumpCurve(shutoff_head_m, (shutoff_head_m - head_m) / square, (head_m - lift_m) / square, lift_m)


def pumped_m3_h(curve: PumpCurve, one: float, other: float) -> float:
    """Steady flow of the pipe with the two pumps at these speeds."""
    fast, slow = (one, other) if one >= other else (other, one)
    shutoff_m, own, pipe, lift_m = curve
    strong_m, weak_m = fast * fast * shutoff_m, slow * slow * shutoff_m
    if strong_m <= lift_m:
        return 0.0
    alone = (strong_m - lift_m) / (own + pipe)
    apart = (strong_m - weak_m) / own
    if slow <= 0.0 or alone <= apart:
        return sqrt(alone)
    # with both heads equal at the branch, q1 - q2 = apart / Q: a quadratic in Q^2
    sum_of = 0.25 * own + pipe
    middle = 0.5 * (strong_m + weak_m) - lift_m
    root = middle * middle - sum_of * own * apart * apart
    return sqrt(0.5 * (middle + sqrt(root if root > 0.0 else 0.0)) / sum_of)


def pump_power_share(one: float, other: float, flow_share: float, idle_share: float) -> float:
    """Shaft power of both, as a share of one pump's at its nominal point; `flow_share` as a share of its flow.

    Power grows with n^3 and, at one speed, in a straight line with the flow from `idle_share` at a shut valve.
    """
    total = one + other
    if total <= 0.0:
        return 0.0
    pushed = (1.0 - idle_share) * flow_share / total
    return one * one * (idle_share * one + pushed * one) + other * other * (idle_share * other + pushed * other)
