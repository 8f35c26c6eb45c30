"""What gains would do on a model: told before anybody writes them down."""

from math import isfinite

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.loops.pid import PidSettings
from controller.core.tuning.predict import predict
from foundation.simc import FirstOrder, Gains, simc

MODEL = FirstOrder(0.1, 60.0, 300.0)
LOOP = PidSettings(10.0, 600.0, 0.0, 1.0, 5.0, 0.0, 100.0)


def test_simc_beats_gains_that_are_too_weak_and_gains_that_swing() -> None:
    good = predict(MODEL, LOOP, simc(MODEL, 60.0), 120.0)
    weak = predict(MODEL, LOOP, Gains(3.0, 900.0), 120.0)
    wild = predict(MODEL, LOOP, Gains(75.0, 100.0), 120.0)
    assert good.iae < weak.iae
    assert good.iae < wild.iae
    assert good.overshoot < 0.1 < wild.overshoot
    assert weak.travel < good.travel < wild.travel


def test_slower_is_calmer() -> None:
    fast, slow = (predict(MODEL, LOOP, simc(MODEL, closed_s), 120.0) for closed_s in (60.0, 240.0))
    assert slow.travel < fast.travel
    assert slow.iae > fast.iae


def test_the_output_goes_half_a_load_up_for_the_step_and_a_whole_one_back_for_the_load() -> None:
    assert 29.0 < predict(MODEL, LOOP, simc(MODEL, 240.0), 300.0).travel < 40.0


@settings(max_examples=20, deadline=None)
@given(st.sampled_from((-1.0, 1.0)), st.floats(1e-3, 1e2), st.floats(0.0, 600.0), st.none() | st.floats(10.0, 7200.0))
def test_simc_settles_on_every_model(sign: float, gain: float, delay_s: float, lag_s: float | None) -> None:
    model = FirstOrder(sign * gain, delay_s, lag_s)
    closed_s = max(delay_s, 50.0)
    seen = predict(model, LOOP, simc(model, closed_s), closed_s + delay_s)
    assert isfinite(seen.iae)
    assert seen.overshoot < 0.5
    assert seen.travel < 400.0
