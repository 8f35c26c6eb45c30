"""What gains would do: the loop's own PID block on an identified model, a setpoint step and then a load."""

from collections import deque
from dataclasses import replace
from math import ceil, exp
from typing import NamedTuple

from controller.core.loops.pid import PidSettings, PidState, pid
from foundation.simc import FirstOrder, Gains

STEP_OUTPUT = 20.0
"""The load, as a share (in %) of the output's range; the setpoint step is what half of it does to the value."""
LOOKS = 400


class Predicted(NamedTuple):
    """Of one run, with the loop's own limits; the step is the same for all gains of a model."""

    iae: float
    """Value times hours."""
    overshoot: float
    """Over the step, as a share of it, before the load comes."""
    travel: float
    """All movement of the output, in its unit."""


def predict(model: FirstOrder, settings: PidSettings, gains: Gains, speed_s: float) -> Predicted:
    """From rest in the middle of the output: a setpoint step, and a load half way. `speed_s` sets how long it lasts."""
    settings = replace(settings, kc=gains.kc, ti_s=gains.ti_s)
    h = settings.period_s
    half = min(max(ceil(20.0 * speed_s / h), 20), 4 * LOOKS)
    span = settings.high - settings.low
    base, load = settings.low + span / 2.0, span * STEP_OUTPUT / 100.0
    lag_s = model.lag_s
    reach = abs(model.gain) * load / 2.0 * (1.0 if lag_s is not None else speed_s)
    line = deque([base] * (ceil(model.delay_s / h) + 1))
    keep = exp(-h / lag_s) if lag_s is not None else 1.0
    push = model.gain * (1.0 - keep if lag_s is not None else h)
    state, value, sp, iae, over, travel, output = PidState(), 0.0, 0.0, 0.0, 0.0, 0.0, base
    for step in range(1, 2 * half + 1):
        state = pid(settings, state, sp, value, step * h, output)
        travel += abs(state.output - output)
        output = state.output
        line.append(output + (load if step > half else 0.0))
        value = keep * value + push * (line.popleft() - base)
        sp = reach
        iae += abs(sp - value) * h / 3600.0
        if step <= half:
            over = max(over, value / reach - 1.0)
    return Predicted(iae, over, travel)
