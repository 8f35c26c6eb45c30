"""How much a loop may be pushed before it rings, with all that its PID block does."""

from cmath import exp
from dataclasses import replace
from math import inf, pi, sin

import pytest

from controller.core.loops.pid import PidSettings, PidState, pid
from controller.core.tuning.margin import controller, peak_sensitivity
from controller.core.tuning.predict import predict
from foundation.simc import FirstOrder, Gains, simc

MODEL = FirstOrder(0.5, 60.0, 300.0)
LOOP = PidSettings(3.0, 300.0, 0.0, 1.0, 10.0, 0.0, 100.0)
GAINS = simc(MODEL, 130.0)


def test_simc_alone_is_as_robust_as_the_textbook_says() -> None:
    assert peak_sensitivity(MODEL, LOOP, simc(MODEL, 60.0)) == pytest.approx(1.59, abs=0.02)
    assert peak_sensitivity(MODEL, LOOP, Gains(-1.0, 300.0)) == inf


def test_a_derivative_that_is_too_long_rings() -> None:
    peaks = [peak_sensitivity(MODEL, replace(LOOP, td_s=td_s), GAINS) for td_s in (0.0, 120.0, 200.0, 300.0)]
    assert peaks == pytest.approx([1.33, 2.0, 4.06, 13.0], rel=0.02)
    assert peak_sensitivity(MODEL, replace(LOOP, td_s=300.0), simc(MODEL, 65.0)) == inf
    wild, calm = (predict(MODEL, replace(LOOP, td_s=td_s), GAINS, 190.0).travel for td_s in (300.0, 0.0))
    assert wild > 20.0 * calm


@pytest.mark.parametrize("td_s", [0.0, 20.0, 120.0])
@pytest.mark.parametrize("swing_s", [300.0, 3000.0])
def test_the_controller_answers_a_swing_as_the_loops_own_block_does(td_s: float, swing_s: float) -> None:
    settings = replace(LOOP, td_s=td_s, period_s=1.0, low=-1e6, high=1e6)
    state, angle, count = PidState(), 2.0 * pi / swing_s, round(10.0 * swing_s)
    output = []
    for step in range(1, count + 1):
        state = pid(settings, state, 0.0, -sin(angle * step), float(step), state.output)
        output.append(state.output)
    last = range(count - round(swing_s), count)
    answer = 2.0 / len(last) * sum(output[at] * exp(-1j * angle * (at + 1)) for at in last) * 1j
    expected = controller(settings, Gains(settings.kc, settings.ti_s), 1j * angle)
    assert abs(answer - expected) < 0.03 * abs(expected)
