"""Feed-forward: what a known disturbance will need, before the value shows it."""

from dataclasses import dataclass
from math import exp, expm1, isfinite
from typing import NamedTuple

PAUSE_S = 600.0
"""A step longer than this is a pause, in which nobody knows when fish were fed."""


class Ahead(NamedTuple):
    """What a feed-forward remembers: two stages, the last source value and when."""

    first: float = 0.0
    second: float = 0.0
    source: float | None = None
    at_s: float = 0.0
    jump: float = 0.0
    """By how much the last step moved what it adds only because its source came back: no news of the disturbance."""


@dataclass(frozen=True, slots=True)
class LineAhead:
    """`gain * (x - zero)` through a lag. A source that is lost adds what it added last, until it is back: to take away
    what a cold night needs because the weather station is silent would be a disturbance of our own making."""

    gain: float
    zero: float
    lag_s: float

    def step(self, state: Ahead, x: float | None, now_s: float) -> tuple[Ahead, float]:
        if x is None:
            return Ahead(state.first, 0.0, None, now_s), state.first
        target = self.gain * (x - self.zero)
        elapsed = max(now_s - state.at_s, 0.0)
        if state.at_s > 0 and state.source is None:
            # what has changed meanwhile the loop has found by itself
            return (Ahead(target, 0.0, x, now_s, target - state.first), target) if isfinite(target) else (Ahead(), 0.0)
        keep = exp(-elapsed / self.lag_s) if state.at_s > 0 and self.lag_s > 0 else 0.0
        value = target + (state.first - target) * keep
        if not isfinite(value):
            return Ahead(), 0.0
        return Ahead(value, 0.0, x, now_s), value


@dataclass(frozen=True, slots=True)
class FishOxygen:
    """Oxygen demand of fed fish: what is fed (a counter, kg) passes two gut stages of `lag_s` each (physics.md 5.2).

    `gain` is output per kg/h of feed being digested. A counter that falls has been reset; a total of what people
    entered has been put right, and what was not fed is taken back. `age_s` ago the counter said so.
    """

    gain: float
    lag_s: float
    is_counter: bool = True

    def step(self, state: Ahead, x: float | None, now_s: float, age_s: float = 0.0) -> tuple[Ahead, float]:
        h = max(now_s - state.at_s, 0.0) if state.at_s > 0 else 0.0
        fed_kg = 0.0
        if x is not None and state.source is not None:
            fed_kg = x - state.source if x >= state.source or not self.is_counter else x
        source = x if x is not None else state.source
        if h > PAUSE_S:
            first, second = self._after_pause(state, fed_kg, h / self.lag_s, max(age_s, 0.0) / self.lag_s)
            rate_kg_h = second / self.lag_s * 3600.0
            if not (isfinite(first) and isfinite(self.gain * rate_kg_h)):
                return Ahead(), 0.0
            return Ahead(first, second, source, now_s), self.gain * rate_kg_h
        # of what was fed a while ago a part is in the second stage, and a part is gone
        ago = max(age_s, 0.0) / self.lag_s
        leave = 1 - exp(-h / self.lag_s)
        first = max(state.first + fed_kg * exp(-ago), 0.0)
        digested_first = first * leave
        second = max(state.second + fed_kg * ago * exp(-ago), 0.0) + digested_first
        rate_kg_h = second / self.lag_s * 3600.0
        if not isfinite(self.gain * rate_kg_h):
            return Ahead(), 0.0
        return Ahead(first - digested_first, second - second * leave, source, now_s), self.gain * rate_kg_h

    def _after_pause(self, state: Ahead, fed_kg: float, pause: float, ago: float) -> tuple[float, float]:
        """Both stages after it, in lags. What a counter has counted was fed evenly until it said so; what people enter
        was fed then."""
        kept = exp(-pause)
        first, second = state.first * kept, (state.second + state.first * pause) * kept
        feeding = pause - ago if self.is_counter else 0.0
        in_first, in_second = fed_kg, 0.0
        if feeding > 0.0:
            in_first = fed_kg * -expm1(-feeding) / feeding
            in_second = in_first - fed_kg * exp(-feeding)
        gone = exp(-ago)
        return max(first + in_first * gone, 0.0), max(second + (in_second + in_first * ago) * gone, 0.0)


class Scale(NamedTuple):
    """What a feed-forward has learned of its own gain: needed = offset + gain * what it adds."""

    gain: float = 1.0
    offset: float = 0.0
    p_gain: float = 0.002
    p_cross: float = 0.0
    p_offset: float = 100.0
    at_s: float = 0.0
    declared: float = 0.0
    """The gain that the site file told when learning began; 0: an older version did not say."""

    def of(self, declared: float) -> "Scale":
        """What is left of it where the site file tells this gain: another one is learned anew."""
        if self.declared == declared:
            return self
        return Scale(declared=declared) if self.declared else self._replace(declared=declared)


LEAST_GAIN, MOST_GAIN = 0.5, 2.0
FORGET, LEARN_S = 0.999, 60.0
"""One lesson a minute, of which the last seventeen hours count (control.md 2.3: forgetting 0.999, bounds 0.5 to 2)."""
P_GAIN, P_OFFSET = 0.002, 100.0
"""How unsure it may become at most: while nothing moves there is nothing to be learned, and nothing to be forgotten."""
NOISE = 100.0
"""Of what is needed, %^2: a loop's own moves are no news of the disturbance."""


def learned(scale: Scale, adds: float, needed: float, now_s: float) -> Scale:
    """Recursive least squares with forgetting. `needed` is what the output was, without other feed-forwards."""
    begun = needed - scale.gain * adds
    if not isfinite(begun) or 0.0 <= now_s - scale.at_s < LEARN_S:
        return scale
    if scale.at_s <= 0.0:
        return scale._replace(offset=begun, at_s=now_s)
    pg = scale.p_gain * adds + scale.p_cross
    po = scale.p_cross * adds + scale.p_offset
    s = FORGET * NOISE + adds * pg + po
    error = needed - scale.offset - scale.gain * adds
    gain = min(max(scale.gain + pg / s * error, LEAST_GAIN), MOST_GAIN)
    offset = scale.offset + po / s * error
    p = [(scale.p_gain - pg * pg / s) / FORGET, (scale.p_cross - pg * po / s) / FORGET,
         (scale.p_offset - po * po / s) / FORGET]  # fmt: skip
    much = max(p[0] / P_GAIN, p[2] / P_OFFSET, 1.0)
    if not all(map(isfinite, (gain, offset, *p))) or p[0] < 0.0 or p[2] < 0.0:
        return Scale(gain=scale.gain, offset=begun, at_s=now_s, declared=scale.declared)
    return Scale(gain, offset, p[0] / much, p[1] / much, p[2] / much, now_s, scale.declared)
