"""How much a plant may differ from its model before a loop with given gains rings: the peak of its sensitivity."""

from cmath import exp
from math import inf, pi

from controller.core.loops.pid import PidSettings
from foundation.simc import FirstOrder, Gains

POINTS = 1000
MOST_SENSITIVE = 2.5
"""Of the worst plant that the record allows. SIMC gives 1.6 to 1.7 on the model itself; 2 is what textbooks still call
robust. K. J. Astrom, T. Hagglund, Advanced PID Control (2006), section 4.6."""


def filter_of(settings: PidSettings) -> float:
    """Lag of the filter that the PID block puts before all of its parts where it has a derivative, s."""
    return max(settings.td_s / 8.0, 2.0 * settings.period_s) if settings.td_s > 0.0 else 0.0


def controller(settings: PidSettings, gains: Gains, s: complex) -> complex:
    """What the PID block makes of the value at `s`, with other gains and its own derivative and filter."""
    kc, ti_s = gains
    return kc * (1.0 + 1.0 / (ti_s * s) + settings.td_s * s) / (filter_of(settings) * s + 1.0)


def peak_sensitivity(model: FirstOrder, settings: PidSettings, gains: Gains) -> float:
    """Max of 1 / |1 + L(jw)| over frequencies, L being the PID block with `gains` times the model; inf where the loop
    is unstable."""
    kc, ti_s = gains
    slowest = 0.01 / max(ti_s, settings.td_s, model.lag_s or 0.0, model.delay_s, 1e-6)
    fastest = 10.0 * pi / max(model.delay_s, 1e-3 * ti_s)
    if model.gain * kc <= 0.0:
        return inf
    peak, turned, before = 0.0, 0.0, None
    for step in range(POINTS + 1):
        s = 1j * slowest * (fastest / slowest) ** (step / POINTS)
        plant = model.gain * exp(-s * model.delay_s) / ((model.lag_s * s + 1.0) if model.lag_s is not None else s)
        loop = controller(settings, gains, s) * plant
        peak = max(peak, 1.0 / abs(1.0 + loop))
        crossed = before is not None and loop.real < -1.0 and before.imag < 0.0 <= loop.imag
        turned += crossed
        before = loop
    return inf if turned else peak


def worst_case(model: FirstOrder, slope_share: float, delay_half_s: float) -> FirstOrder:
    """The plant within the confidence intervals that is hardest for the loop: faster off, and later."""
    return FirstOrder(model.gain * (1.0 + slope_share), model.delay_s + delay_half_s, model.lag_s)
