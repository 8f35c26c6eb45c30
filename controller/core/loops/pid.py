"""PID, ISA form: two degrees of freedom, derivative on the filtered measurement, tracking anti-windup, true time.

The block of control.md 2.1. It is told the time and what was really applied, so that its integral is right through
every limit behind it: minimum times, interlocks, a hand on the output, a motor that is still travelling.
"""

from dataclasses import dataclass
from math import exp, isfinite, sqrt
from typing import NamedTuple

DOUBT_GAIN = 0.5
"""Share of the gain on a value that is not trusted."""
DOUBT_DEADBAND = 2.0
DOUBT_SHARE = 0.01
"""On such a value the deadband is twice as wide, and at least what moves the output by this share of its range."""


class PidState(NamedTuple):
    """What a PID remembers. `at_s` 0 means that it has not run yet."""

    integral: float = 0.0
    filtered: float = 0.0
    output: float = 0.0
    """What it asked for last, before anything behind it."""
    at_s: float = 0.0
    kc: float = 0.0
    """The gain and the setpoint weight of the last step: the next may have others."""
    b: float = 1.0
    d: float | None = 0.0
    """What the derivative added last; None while it is switched off."""


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
    rate_per_s: float | None = None
    """Fastest change of the output."""

    def within(self, value: float) -> float:
        """The nearest that it may ask for."""
        return min(max(value, self.low), self.high)


def pid(
    settings: PidSettings,
    state: PidState,
    sp: float,
    pv: float,
    now_s: float,
    applied: float,
    feed_forward: float = 0.0,
    derivative: bool = True,
    doubt: bool = False,
    stalled: bool = False,
    led: bool = True,
) -> PidState:
    """One step; the new state's `output` is what is wanted, within `low` to `high`.

    `applied` is what came out of the last step after everything behind the loop. After a start, a loss of the
    sensor, a pause longer than five periods or an overflow it begins bumpless from `applied`; a new gain or setpoint
    weight (another tuning, a schedule, `doubt` about the value) goes into the integral. What is no number changes
    nothing: the output stays where it is. `stalled`: what it moves is at its upper end, and more would only wind up;
    not `led`: what it moves is in other hands, and neither more nor less would come of it.
    """
    if not (isfinite(pv) and isfinite(sp) and isfinite(feed_forward) and isfinite(now_s)):
        held = applied if isfinite(applied) else state.output
        return PidState(output=settings.within(held), at_s=0.0)
    if not isfinite(applied):
        applied = state.output
    kc, deadband, b = settings.kc, settings.deadband, settings.b
    if doubt:
        kc *= DOUBT_GAIN
        deadband = max(
            DOUBT_DEADBAND * deadband, DOUBT_SHARE * (settings.high - settings.low) / abs(settings.kc or 1.0)
        )
    elapsed = now_s - state.at_s
    if state.at_s <= 0 or elapsed > 5 * settings.period_s or elapsed <= 0 or not isfinite(state.integral):
        held = settings.within(applied)
        integral = held - kc * (b * sp - pv) - feed_forward
        return PidState(integral, pv, held, now_s, kc, b, 0.0 if derivative else None)
    h = max(elapsed, 0.2 * settings.period_s)
    filter_s = max(settings.td_s / 8, 2 * settings.period_s) if settings.td_s > 0 else 0.0
    keep = exp(-h / filter_s) if filter_s > 0 else 0.0
    filtered = keep * state.filtered + (1 - keep) * pv
    derivative = derivative and settings.td_s > 0
    d = -kc * settings.td_s * (filtered - state.filtered) / h if derivative else 0.0
    p = kc * (b * sp - filtered)
    before = state.integral
    if (kc, b) != (state.kc, state.b):
        # as if it had had this gain and weight all along
        before += state.kc * (state.b * sp - state.filtered) - kc * (b * sp - state.filtered)
    # a derivative that is switched on, off or to another gain moves nothing either
    if not derivative:
        before += state.d or 0.0
    elif state.d is None:
        before -= d
    elif kc != state.kc and state.kc:
        before += state.d * (1.0 - kc / state.kc)
    # the integral first, then the law: a setpoint step acts at once
    error = sp - filtered
    if abs(error) <= deadband or not led or (stalled and kc * error > 0.0):
        error = 0.0
    ti_s = settings.ti_s
    tracking_s = sqrt(ti_s * settings.td_s) if settings.td_s > 0 else ti_s / 2
    share = 1 - exp(-h / max(tracking_s, h))
    integral = before + kc * h / ti_s * error + share * (applied - state.output)
    wanted = p + integral + d + feed_forward
    output = settings.within(wanted)
    if settings.rate_per_s is not None:
        most = settings.rate_per_s * h
        output = settings.within(min(max(output, state.output - most), state.output + most))
    if not isfinite(output):
        return PidState(output=settings.within(applied), at_s=0.0)
    # what lies beyond the limits is taken back through the same tracking, at once
    integral += share * (output - wanted)
    return PidState(integral, filtered, output, now_s, kc, b, d if derivative else None)
