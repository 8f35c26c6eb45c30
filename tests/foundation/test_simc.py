"""SIMC's gains, against the paper's own words: half of the ultimate gain or less, a gain margin of about 3."""

from math import pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.simc import FirstOrder, simc, weakest


def test_the_figures_of_the_rule() -> None:
    assert simc(FirstOrder(0.1, 60.0, 300.0), 60.0) == pytest.approx((25.0, 300.0))
    assert simc(FirstOrder(0.1, 10.0, 3000.0), 10.0) == pytest.approx((1500.0, 80.0))
    assert simc(FirstOrder(-0.001, 30.0, None), 30.0) == pytest.approx((-1000 / 60.0, 240.0))


@given(st.floats(0.01, 100.0), st.floats(1.0, 1000.0))
def test_the_tightest_gain_has_a_margin_of_three(gain: float, delay_s: float) -> None:
    # with ti = lag the open loop is kc gain / lag e^(-delay s) / s: its phase is -180 at pi/2/delay
    lag_s = 2.0 * delay_s
    kc, ti_s = simc(FirstOrder(gain, delay_s, lag_s), delay_s)
    assert ti_s == lag_s
    assert (pi / 2 / delay_s) / (kc * gain / lag_s) == pytest.approx(3.14, abs=0.01)


@given(st.floats(1.0, 1000.0), st.floats(10.0, 1e5))
def test_a_long_lag_is_tuned_as_the_integrator_that_it_looks_like(delay_s: float, lag_s: float) -> None:
    lag_s += 8.0 * delay_s
    lagged = simc(FirstOrder(2.0, delay_s, lag_s), delay_s)
    assert simc(FirstOrder(2.0 / lag_s, delay_s, None), delay_s) == pytest.approx(lagged)


@given(st.floats(0.0, 1e4), st.floats(1.0, 1e4))
def test_slower_is_never_stronger(delay_s: float, closed_s: float) -> None:
    model = FirstOrder(0.5, delay_s, 600.0)
    fast, slow = simc(model, closed_s), simc(model, 2.0 * closed_s)
    assert 0.0 < slow.kc < fast.kc
    assert slow.ti_s >= fast.ti_s


def test_what_gives_no_gains_is_refused() -> None:
    for model, closed_s in (
        (FirstOrder(0.0, 1.0, 1.0), 1.0),
        (FirstOrder(1.0, 0.0, 1.0), 0.0),
        (FirstOrder(1.0, 1.0, -1.0), 1.0),
    ):
        with pytest.raises(ValueError, match="no gains"):
            simc(model, closed_s)


def test_a_disturbance_of_half_the_output_within_two_degrees_needs_a_quarter_a_degree() -> None:
    assert weakest(50.0, -2.0) == 25.0
