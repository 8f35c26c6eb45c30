"""SIMC: PI gains from a first order with delay, or from an integrator with delay. One rule, one wish: how fast.

S. Skogestad, Simple analytic rules for model reduction and PID controller tuning, J. Process Control 13 (2003)
291-309, table 1 and eq. 23-25.
"""

from typing import NamedTuple


class FirstOrder(NamedTuple):
    """What an output does to a value: `gain e^(-delay s) / (lag s + 1)`, without a lag `gain e^(-delay s) / s`."""

    gain: float
    """Value per output; per output and second where there is no lag. Never 0."""
    delay_s: float
    lag_s: float | None
    """None where the value goes on moving as long as the output is away from rest."""


class Gains(NamedTuple):
    """Of a PI: output per value, and seconds."""

    kc: float
    ti_s: float


def simc(model: FirstOrder, closed_s: float) -> Gains:
    """Gains that close the loop with the time constant `closed_s` (above 0 where the delay is 0).

    The tightest that stays robust is `closed_s` equal to the delay: a gain margin of about 3.
    """
    speed_s = closed_s + model.delay_s
    if not (speed_s > 0.0 and model.gain and (model.lag_s is None or model.lag_s > 0.0)):
        raise ValueError(f"no gains for {model} closed in {closed_s:g} s: gain, lag and speed have to be above 0")
    if model.lag_s is None:
        return Gains(1.0 / (model.gain * speed_s), 4.0 * speed_s)
    return Gains(model.lag_s / (model.gain * speed_s), min(model.lag_s, 4.0 * speed_s))


def weakest(most_disturbance: float, most_error: float) -> float:
    """The smallest size of kc that keeps the value within `most_error` while the output has to move by so much.

    S. Skogestad, Tuning for smooth PID control with acceptable disturbance rejection, Ind. Eng. Chem. Res. 45 (2006)
    7817-7822: |Kc| >= |d0| / |y_max|.
    """
    return abs(most_disturbance) / abs(most_error)
