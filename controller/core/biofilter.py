"""A soft sensor of what a biofilter can do, told by a TAN probe and by what was fed (control.md 2.6).

dT/dt = rest + per_fed feed - q (T - B): water goes through the filter `q` times an hour and comes back with B, which
the filter holds where it takes what the water brings: q (T - B) = a B^0.7, the law of Rusten et al. 2006 (physics.md
5.4). Whatever share of it a pass takes, by much or little TAN, one pump or two, `a` stays what the filter is.

Nobody knows to 10 % what the fish make of their feed, so that is believed with as much doubt as it deserves: what they
give off unfed, how much more when fed (a farm that gives off more in the one gives off less in the other, for both are
shares of one feed), how fast they digest (as a mixture of fast and slow), and what is not eaten but dissolves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import NamedTuple

from controller.core.estimate import Belief, begun, is_sound, predicted, updated
from controller.core.loops.feed_forward import Ahead, FishOxygen
from controller.core.state import Block
from foundation.reading import Quality, Reading, Reason

EXPONENT = 0.7
UNFED_SHARE = 0.3
"""Of what the fish give off in all (physics.md 5.2)."""
DISSOLVES_S, FAST, SLOW = 300.0, 2.0 / 3.0, 1.4
"""How uneaten feed comes into the water; ends of what a gut may take, as shares of the stated lag."""
A_DOUBT, A_A_DAY = 0.4, 0.6
"""Of ln a: at first, and how far it may go within a day."""
REST_DOUBT, FED_DOUBT, LAG_DOUBT, UNEATEN_DOUBT = 0.3, 0.05, 0.2, 0.2
"""Shares of `rest` and `per_fed`, of `per_fed` between fast and slow guts; mg/L a kg that dissolves."""
UNEATEN_AN_HOUR, MADE_AN_HOUR, LEAK = 0.1, 0.07, 0.01
"""mg/L a kg; share of what is made that comes otherwise than thought; mg/L."""
FORGOTTEN_A_DAY = 0.05
"""Share of the first doubt about the fish that comes back within a day: they grow, and their feed changes."""
MOST_LN_A = 5.0
"""Either way: no water takes 150 mg/L an hour, whatever a probe that jumps says."""
STATES = 6
GATE = 1e6
"""A spike is no value (`spike` of the tag): what is told is believed."""
LONGEST_STEP_S = 600.0


class Filtered(NamedTuple):
    """What the sensor remembers: T, ln a, rest, and per fed what dissolves, and what fast and slow guts give."""

    belief: Belief = Belief()
    uneaten: Ahead = Ahead()
    fast: Ahead = Ahead()
    slow: Ahead = Ahead()
    due_s: float = 0.0
    by_hand: tuple[Ahead, ...] = (Ahead(), Ahead(), Ahead())
    """The same three of what people gave."""


@dataclass(frozen=True, slots=True)
class Biofilter:
    """What the filter takes at 1 mg/L in it, mg/L of the tank's water an hour."""

    name: str
    tan: str
    flow: str
    fed: str
    volume_m3: float
    digest: FishOxygen
    per_fed: float
    """mg/L for each kg digested."""
    rest: float
    """mg/L/h that unfed fish give off."""
    rate: float
    """First guess, mg/L/h."""
    noise: float
    period_s: float
    wait_s: float
    by_hand: str | None = None
    """What people entered that they gave, kg."""

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.tan, self.flow, self.fed)

    @property
    def fresh(self) -> Filtered:
        return Filtered()

    def step(
        self, block: Filtered, image: Mapping[str, Reading], blocks: Mapping[str, Block], now_s: float
    ) -> tuple[Filtered, Reading] | None:
        belief = block.belief
        if now_s - belief.at_s >= 0.0 and now_s < block.due_s <= now_s + self.period_s:
            return None
        due_s = now_s + self.period_s - 0.5
        tan, flow, fed = (image[tag].number for tag in (self.tan, self.flow, self.fed))
        lag_s, counts, by_hand = self.digest.lag_s, self.digest.is_counter, block.by_hand
        lags_s = (DISSOLVES_S, FAST * lag_s, SLOW * lag_s)
        (uneaten, dissolves), (fast, by_fast), (slow, by_slow) = (
            FishOxygen(1.0, lag_s, counts).step(state, fed, now_s)
            for lag_s, state in zip(lags_s, (block.uneaten, block.fast, block.slow), strict=True)
        )
        if self.by_hand is not None:
            given = image[self.by_hand]
            hands = [
                FishOxygen(1.0, lag_s, is_counter=False).step(state, given.number, now_s, now_s - given.time_s)
                for lag_s, state in zip(lags_s, by_hand, strict=True)
            ]
            by_hand = tuple(state for state, _ in hands)
            dissolves, by_fast, by_slow = dissolves + hands[0][1], by_fast + hands[1][1], by_slow + hands[2][1]
        block = Filtered(belief, uneaten, fast, slow, due_s, by_hand)
        h = (now_s - belief.at_s) / 3600.0
        if not is_sound(belief, STATES):
            belief = Belief()
        if belief.at_s < 0 or not 0.0 <= h <= LONGEST_STEP_S / 3600.0 or flow is None:
            # a meter or a bus that is away costs nothing of what was learned
            kept = belief if tan is None or flow is None else self._begun(belief, tan, now_s)
            return block._replace(belief=kept), self._reading(kept, now_s)
        belief = self._forward(belief, (dissolves, by_fast, by_slow), max(flow, 0.0) / self.volume_m3, h, now_s)
        if tan is not None:
            belief = updated(belief, (1.0, *(0.0,) * 5), tan, self.noise**2, now_s, gate=GATE)
            tan, log_a, *each = belief.x
            log_a = min(max(log_a, -MOST_LN_A), MOST_LN_A)
            belief = belief._replace(x=(max(tan, 0.01), log_a, *(max(one, 0.0) for one in each)))
        return block._replace(belief=belief), self._reading(belief, now_s)

    def _begun(self, before: Belief, tan: float, now_s: float) -> Belief:
        """At first, and after a pause that nobody knows about: what was known of fish and filter is gone on with."""
        half = self.per_fed / 2.0
        if is_sound(before, STATES) and before.at_s >= 0:
            return before._replace(x=(tan, *before.x[1:]), at_s=now_s, heard_s=now_s)
        x = (tan, log(self.rate), self.rest, 0.0, half, half)
        rest, lag = REST_DOUBT * self.rest, LAG_DOUBT * self.per_fed
        belief = begun(x, (self.noise, A_DOUBT, rest, UNEATEN_DOUBT, 0.0, 0.0), now_s)
        # an unfed share that is larger leaves less for the feed
        against = UNFED_SHARE / (1.0 - UNFED_SHARE) * self.per_fed / max(self.rest, 1e-6)
        own = ((FED_DOUBT * self.per_fed) ** 2 + (against * rest) ** 2) / 4.0
        p = list(belief.p)
        p[28] = p[35] = own + lag * lag
        p[29] = p[34] = own - lag * lag
        p[16] = p[17] = p[26] = p[32] = -against * rest * rest / 2.0
        return belief._replace(p=tuple(p))

    def _forward(
        self, belief: Belief, digested: tuple[float, float, float], passes: float, h: float, now_s: float
    ) -> Belief:
        tan, log_a, *each = belief.x
        made = each[0] + sum(one * rate for one, rate in zip(each[1:], digested, strict=True))
        a = exp(log_a)
        inside = _inside(tan, a, passes)
        takes = passes * (tan - inside)
        # by T and by ln a, with B where it stands after both
        steep = a * EXPONENT * inside ** (EXPONENT - 1.0)
        by_tan = passes * steep / (passes + steep) if passes > 0.0 else 0.0
        by_a = passes * a * inside**EXPONENT / (passes + steep) if passes > 0.0 else 0.0
        first = (max(1.0 - h * by_tan, 0.0), -h * by_a, h, *(h * rate for rate in digested))
        f = (first, *(tuple(float(i == j) for j in range(STATES)) for i in range(1, STATES)))
        slow = FORGOTTEN_A_DAY**2 * h / 24.0
        lag = (LAG_DOUBT * self.per_fed) ** 2 * slow
        q = (
            (LEAK**2 + (MADE_AN_HOUR * made) ** 2) * h, A_A_DAY**2 * h / 24.0, (REST_DOUBT * self.rest) ** 2 * slow,
            UNEATEN_AN_HOUR**2 * h, lag, lag,
        )  # fmt: skip
        return predicted(belief, (max(tan + h * (made - takes), 0.01), log_a, *each), f, q, now_s)

    def _reading(self, belief: Belief, now_s: float) -> Reading:
        if belief.at_s < 0:
            return Reading(self.name, None, Quality.BAD, Reason.INPUT, now_s)
        away_s = now_s - belief.heard_s
        if away_s > self.wait_s:
            return Reading(self.name, None, Quality.BAD, Reason.INPUT, now_s)
        sure = away_s <= self.wait_s / 3.0 and sqrt(belief.variance(1)) < 1.0
        quality = Quality.SUBSTITUTED if sure else Quality.UNCERTAIN
        return Reading(self.name, exp(belief.x[1]), quality, Reason.ESTIMATED, now_s)


def _inside(tan: float, a: float, passes: float) -> float:
    """B of q (T - B) = a B^n; the left side falls and the right one rises with B, so Newton from below ends there."""
    if passes <= 0.0 or tan <= 0.0:
        return 1e-6
    inside = 0.3 * tan
    for _ in range(8):
        missing = passes * (tan - inside) - a * inside**EXPONENT
        next_ = inside + missing / (passes + a * EXPONENT * inside ** (EXPONENT - 1.0))
        inside = min(max(next_, 0.1 * inside), tan)
    return max(inside, 1e-6)
