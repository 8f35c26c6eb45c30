"""PID, ISA form: two degrees of freedom, derivative on the filtered measurement, tracking anti-windup, true time.

The block of control.md 2.1. It is told the time and what was really applied, so that its integral is right through
every limit behind it: minimum times, interlocks, a hand on the output, a motor that is still travelling.
"""

from dataclasses import dataclass
from math import exp, isfinite, sqrt
from typing import NamedTuple


class PidState(NamedTuple):
    """What a PID remembers. `at_s` 0 means that it has not run yet."""

    integral: float = 0.0
    filtered: float = 0.0
    output: float = 0.0
    """What it asked for last, before anything behind it."""
    at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class PidSettings:
    """`kc` in output per value, negative where more output lowers the value; times in seconds."""

    kc: float
    ti_s: float
    td_s: float
    b: float
    period_s: float
    low: float
    high: float
    deadband: float = 0.0


def pid(
    settings: PidSettings,
    state: PidState,
    sp: float,
    pv: float,
    now_s: float,
    applied: float,
    feed_forward: float = 0.0,
    derivative: bool = True,
) -> PidState:
    """One step; the new state's `output` is what is wanted, within `low` to `high`.

    `applied` is what came out of the last step after everything behind the loop. After a start, a loss of the
    sensor, a pause longer than five periods or an overflow it begins bumpless from `applied`.
    """
    elapsed = now_s - state.at_s
    if state.at_s <= 0 or elapsed > 5 * settings.period_s or elapsed <= 0 or not isfinite(state.integral):
        held = min(max(applied, settings.low), settings.high)
        integral = held - settings.kc * (settings.b * sp - pv) - feed_forward
        return PidState(integral, pv, held, now_s)
    h = max(elapsed, 0.2 * settings.period_s)
    filter_s = max(settings.td_s / 8, 2 * settings.period_s) if settings.td_s > 0 else 0.0
    keep = exp(-h / filter_s) if filter_s > 0 else 0.0
    filtered = keep * state.filtered + (1 - keep) * pv
    d = -settings.kc * settings.td_s * (filtered - state.filtered) / h if derivative and settings.td_s > 0 else 0.0
    p = settings.kc * (settings.b * sp - filtered)
    # the integral first, then the law: a setpoint step acts at once
    error = sp - filtered
    if abs(error) <= settings.deadband:
        error = 0.0
    ti_s = settings.ti_s
    tracking_s = sqrt(ti_s * settings.td_s) if settings.td_s > 0 else ti_s / 2
    integral = (
        state.integral + settings.kc * h / ti_s * error + (1 - exp(-h / max(tracking_s, h))) * (applied - state.output)
    )
    wanted = p + integral + d + feed_forward
    output = min(max(wanted, settings.low), settings.high)
    # what lies beyond the limits is taken back through the same tracking, at once
    integral += (1 - exp(-h / max(tracking_s, h))) * (output - wanted)
    return PidState(integral, filtered, output, now_s)
