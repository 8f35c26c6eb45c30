"""Feed-forward: what a known disturbance will need, before the value shows it."""

from dataclasses import dataclass
from math import exp, isfinite
from typing import NamedTuple


class Ahead(NamedTuple):
    """What a feed-forward remembers: two stages, the last source value and when."""

    first: float = 0.0
    second: float = 0.0
    source: float | None = None
    at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class LineAhead:
    """`gain * (x - zero)` through a lag. A source that is lost adds what it added last, fading."""

    gain: float
    zero: float
    lag_s: float

    def step(self, state: Ahead, x: float | None, now_s: float) -> tuple[Ahead, float]:
        target = 0.0 if x is None else self.gain * (x - self.zero)
        elapsed = max(now_s - state.at_s, 0.0)
        keep = exp(-elapsed / self.lag_s) if state.at_s > 0 and self.lag_s > 0 else 0.0
        value = target + (state.first - target) * keep
        if not isfinite(value):
            return Ahead(), 0.0
        return Ahead(value, 0.0, x, now_s), value


@dataclass(frozen=True, slots=True)
class FishOxygen:
    """Oxygen demand of fed fish: what is fed (a counter, kg) passes two gut stages of `lag_s` each (physics.md 5.2).

    `gain` is output per kg/h of feed being digested. A counter that falls has been reset.
    """

    gain: float
    lag_s: float

    def step(self, state: Ahead, x: float | None, now_s: float) -> tuple[Ahead, float]:
        h = min(max(now_s - state.at_s, 0.0), 3600.0) if state.at_s > 0 else 0.0
        fed_kg = 0.0
        if x is not None and state.source is not None:
            fed_kg = x - state.source if x >= state.source else x
        leave = 1 - exp(-h / self.lag_s)
        first = state.first + fed_kg
        digested_first = first * leave
        second = state.second + digested_first
        rate_kg_h = second / self.lag_s * 3600.0
        if not isfinite(self.gain * rate_kg_h):
            return Ahead(), 0.0
        new = Ahead(first - digested_first, second - second * leave, x if x is not None else state.source, now_s)
        return new, self.gain * rate_kg_h
