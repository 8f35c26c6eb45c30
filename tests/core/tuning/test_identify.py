"""What a record of output and value says about the plant, and what it does not."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.tuning.identify import NothingToFitError, Record, identify
from foundation.simc import FirstOrder
from tests.core.tuning.plants import Plant

STEPS = (0.0, 1.0, 0.0, -1.0, 0.0, 1.0, -1.0, 0.0)
signs = st.sampled_from((-1.0, 1.0))


def recorded(
    model: FirstOrder, hold_s: float, noise: float = 0.0, seed: int = 1, drift_per_s: float = 0.0, samples: int = 120
) -> Record:
    """Up and down twice by 10 %; noise as a share of what 10 % do in one hold."""
    every_s = hold_s * len(STEPS) / samples
    fine = 10
    delay_s = round(model.delay_s / every_s * fine) * every_s / fine
    plant = Plant(model._replace(delay_s=delay_s), every_s / fine, 20.0)
    size = abs(10.0 * model.gain) * (1.0 if model.lag_s else hold_s)
    rng = random.Random(seed)
    output, value, now = [], [], 20.0
    for i in range(samples):
        moved = 10.0 * STEPS[i * len(STEPS) // samples]
        output.append(50.0 + moved)
        value.append(now + rng.gauss(0.0, noise * size) + drift_per_s * i * every_s)
        for _ in range(fine):
            now = plant.step(moved)
    return Record(every_s, tuple(output), tuple(value))


@settings(max_examples=12, deadline=None)
@given(
    signs, st.floats(1e-3, 1e3), st.floats(30.0, 7200.0), st.floats(0.0, 1.0), st.floats(0.0, 0.03), st.integers(0, 99)
)
def test_a_first_order_with_delay_is_found_within_ten_percent(
    sign: float, gain: float, lag_s: float, share: float, noise: float, seed: int
) -> None:
    model = FirstOrder(sign * gain, share * lag_s, lag_s)
    found = identify(recorded(model, 2.0 * (model.delay_s + lag_s), noise, seed))
    assert found.refusal is None
    assert found.model.gain == pytest.approx(model.gain, rel=0.1)
    assert found.model.lag_s == pytest.approx(lag_s, rel=0.1)
    assert found.model.delay_s == pytest.approx(model.delay_s, abs=0.1 * (model.delay_s + lag_s))
    assert found.gain_half < 0.1 * abs(found.model.gain)


@settings(max_examples=8, deadline=None)
@given(signs, st.floats(1e-5, 10.0), st.floats(10.0, 1000.0), st.floats(0.0, 0.03), st.integers(0, 99))
def test_an_integrator_is_found_within_ten_percent_and_called_one(
    sign: float, gain: float, delay_s: float, noise: float, seed: int
) -> None:
    found = identify(recorded(FirstOrder(sign * gain, delay_s, None), 5.0 * delay_s, noise, seed))
    assert found.refusal is None
    assert found.model.gain == pytest.approx(sign * gain, rel=0.1)
    assert found.model.delay_s == pytest.approx(delay_s, abs=0.5 * delay_s)
    assert found.model.lag_s is None


def test_without_noise_the_plant_is_found_as_it_is() -> None:
    found = identify(recorded(FirstOrder(0.1, 60.0, 300.0), 720.0, samples=576))
    assert found.model.gain == pytest.approx(0.1, rel=0.002)
    assert found.model.delay_s == pytest.approx(60.0, abs=1.5)
    assert found.model.lag_s == pytest.approx(300.0, rel=0.005)
    assert found.fit > 0.9999


def test_the_confidence_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    model = FirstOrder(0.1, 60.0, 300.0)
    held = [0, 0, 0]
    for seed in range(25):
        found = identify(recorded(model, 720.0, 0.05, seed))
        assert found.lag_half_s is not None
        assert found.model.lag_s is not None
        held[0] += abs(found.model.gain - 0.1) <= found.gain_half
        held[1] += abs(found.model.delay_s - 60.0) <= found.delay_half_s
        held[2] += abs(found.model.lag_s - 300.0) <= found.lag_half_s
    assert min(held) >= 21, held


def test_more_noise_makes_it_less_sure() -> None:
    model = FirstOrder(0.1, 60.0, 300.0)
    calm, rough = (identify(recorded(model, 720.0, noise)) for noise in (0.01, 0.1))
    assert rough.gain_half > 5.0 * calm.gain_half
    assert rough.fit < calm.fit


def test_a_slow_drift_is_taken_out_of_the_model() -> None:
    model = FirstOrder(0.1, 60.0, 300.0)
    found = identify(recorded(model, 720.0, 0.01, drift_per_s=0.5 / 5760.0))
    assert found.refusal is None
    assert found.model.gain == pytest.approx(0.1, rel=0.03)
    assert found.drift_per_s == pytest.approx(0.5 / 5760.0, rel=0.2)


def test_a_drift_that_does_more_than_a_fifth_is_refused() -> None:
    assert identify(recorded(FirstOrder(0.1, 60.0, 300.0), 720.0, 0.01, drift_per_s=3.0 / 5760.0)).refusal == "drift"


def test_a_value_that_something_else_moves_as_much_is_refused() -> None:
    assert identify(recorded(FirstOrder(0.1, 60.0, 300.0), 720.0, 0.7)).refusal == "fit"


def test_samples_that_are_missing_are_left_out_and_the_output_goes_on_meanwhile() -> None:
    whole = recorded(FirstOrder(0.1, 60.0, 300.0), 720.0, 0.01)
    value = tuple(None if 16 <= at < 28 or at == 119 else one for at, one in enumerate(whole.value))
    found = identify(replace(whole, value=value))
    assert found.refusal is None
    assert found.model.gain == pytest.approx(0.1, rel=0.03)
    assert found.model.lag_s == pytest.approx(300.0, rel=0.05)
    with pytest.raises(NothingToFitError) as error:
        identify(replace(whole, value=(*whole.value[:29], *[None] * 91)))
    assert error.value.reason == "short"


def test_noise_alone_is_refused() -> None:
    assert identify(recorded(FirstOrder(0.1, 60.0, 300.0), 720.0, 3.0)).refusal in ("fit", "unsure", "drift")


def test_what_cannot_be_fitted_says_why() -> None:
    still, moving = (50.0,) * 40, tuple(float(i % 7) for i in range(40))
    for record, reason in (
        (Record(1.0, still, moving), "still"),
        (Record(1.0, moving, still), "still"),
        (Record(1.0, moving[:9], moving[:9]), "short"),
        (Record(1.0, moving, (*moving[:39], float("nan"))), "broken"),
        (Record(0.0, moving, moving), "broken"),
    ):
        with pytest.raises(NothingToFitError) as error:
            identify(record)
        assert error.value.reason == reason
