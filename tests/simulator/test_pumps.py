"""Pumps side by side: curves, affinity laws, and what a second pump adds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.plants.pumps import pump_curve, pump_power_share, pumped_m3_h

CURVE = pump_curve(flow_m3_h=120.0, head_m=5.0, shutoff_head_m=8.0, lift_m=2.0)
FLAT = pump_curve(flow_m3_h=120.0, head_m=5.0, shutoff_head_m=8.0, lift_m=0.0)
speed = st.floats(0.0, 1.0)


def heads_m(curve: tuple[float, ...], flow: float, own: float, n: float) -> tuple[float, float]:
    """(what a pump at this speed gives at its own flow, what the pipe wants)."""
    shutoff_m, pump, pipe, lift_m = curve
    return n * n * shutoff_m - pump * own * own, lift_m + pipe * flow * flow


def test_one_pump_at_full_speed_gives_its_nominal_flow() -> None:
    assert pumped_m3_h(CURVE, 1.0, 0.0) == pytest.approx(120.0)
    assert pumped_m3_h(CURVE, 0.0, 1.0) == pytest.approx(120.0)


def test_two_pumps_on_one_pipe_give_a_quarter_more_not_twice_as_much() -> None:
    # by hand: 8 - 3/4 (Q/120)^2 = 2 + 3 (Q/120)^2, so Q = 120 sqrt(6/3.75)
    assert pumped_m3_h(CURVE, 1.0, 1.0) == pytest.approx(120.0 * (6.0 / 3.75) ** 0.5)


@given(speed)
def test_without_lift_flow_goes_with_the_speed_and_power_with_its_cube(n: float) -> None:
    flow = pumped_m3_h(FLAT, n, 0.0)
    assert flow == pytest.approx(120.0 * n, abs=1e-9)
    assert pump_power_share(n, 0.0, flow / 120.0, 0.45) == pytest.approx(n**3, abs=1e-9)


def test_a_slow_pump_does_not_overcome_the_lift_and_power_at_a_shut_valve_is_the_idle_share() -> None:
    assert pumped_m3_h(CURVE, 0.49, 0.0) == 0.0  # 8 m x 0.49^2 < 2 m
    assert pumped_m3_h(CURVE, 0.51, 0.0) > 0.0
    assert pump_power_share(1.0, 0.0, 0.0, 0.45) == pytest.approx(0.45)
    assert pump_power_share(0.0, 0.0, 0.3, 0.45) == 0.0


@given(speed, speed)
def test_where_pumps_flow_together_heads_balance(one: float, other: float) -> None:
    flow = pumped_m3_h(CURVE, one, other)
    fast, slow = max(one, other), min(one, other)
    if flow == 0.0:
        assert fast * fast * 8.0 <= 2.0
        return
    apart = (fast * fast - slow * slow) * 8.0 / CURVE.pump_m_per_m3_h2
    weak = (flow - apart / flow) / 2.0
    strong = flow - max(0.0, weak)
    given_m, wanted_m = heads_m(CURVE, flow, strong, fast)
    assert given_m == pytest.approx(wanted_m, rel=1e-6)
    if weak <= 0.0:  # the check valve is shut: its head does not reach the branch
        assert slow * slow * 8.0 <= wanted_m + 1e-6


@given(speed, speed, speed)
def test_more_speed_never_gives_less(one: float, other: float, third: float) -> None:
    slow, fast = sorted((one, other))
    assert pumped_m3_h(CURVE, slow, third) <= pumped_m3_h(CURVE, fast, third) + 1e-9
    assert pumped_m3_h(CURVE, one, other) == pumped_m3_h(CURVE, other, one)


@pytest.mark.parametrize(("head", "shutoff", "lift"), [(5.0, 5.0, 2.0), (5.0, 8.0, 5.0), (5.0, 8.0, -1.0)])
def test_a_pump_that_cannot_be_is_refused(head: float, shutoff: float, lift: float) -> None:
    with pytest.raises(ValueError, match="needs lift < head < shut-off head"):
        pump_curve(120.0, head, shutoff, lift)
