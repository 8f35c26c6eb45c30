"""A small Kalman filter, two to four states, in plain Python (control.md 2.6).

Joseph's form keeps the covariance symmetric and positive whatever the rounding; an innovation beyond three of its own
deviations is not believed and counted; the mean of the normalised innovations squared tells when the model is too sure
of itself. Equations: e.g. Bar-Shalom, Li & Kirubarajan 2001, Estimation with Applications to Tracking and Navigation.
"""

from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

GATE = 9.0
"""Innovation squared over its variance: beyond three deviations."""
REFUSED_IN_A_ROW = 10
"""So many refused in a row: it is the model that is wrong, and it begins to doubt itself."""
NIS_MEAN = 50.0
NIS_HIGH = 1.0 + 3.0 * (2.0 / NIS_MEAN) ** 0.5
"""The mean of so many normalised innovations squared lies below this, but for one time in a thousand. Below the band
of chi squared a model is only more careful than it need be, which harms nobody."""

Matrix = Sequence[Sequence[float]]


class Belief(NamedTuple):
    """What is believed, and how surely: means, and the covariance row after row."""

    x: tuple[float, ...] = ()
    p: tuple[float, ...] = ()
    at_s: float = -1.0
    """When; -1 nothing is believed yet."""
    heard_s: float = -1.0
    """When a measurement was last believed."""
    refused: int = 0
    """In a row."""
    nis: float = 1.0

    @property
    def is_model_good(self) -> bool:
        return self.nis <= NIS_HIGH and self.refused < REFUSED_IN_A_ROW

    def variance(self, state: int) -> float:
        return self.p[state * len(self.x) + state]


def begun(x: Sequence[float], sigmas: Sequence[float], now_s: float) -> Belief:
    """The first belief, each state by itself."""
    n = len(x)
    p = tuple(sigmas[row] ** 2 if row == column else 0.0 for row in range(n) for column in range(n))
    return Belief(tuple(x), p, now_s, now_s)


def predicted(belief: Belief, x: Sequence[float], f: Matrix, q: Sequence[float], now_s: float) -> Belief:
    """One step of time: `x` is what the model makes of it, `f` its derivative by the old states, `q` the variance that
    each state gains meanwhile."""
    n = len(x)
    p = belief.p
    fp = [[sum(f[i][k] * p[k * n + j] for k in range(n)) for j in range(n)] for i in range(n)]
    new = [[sum(fp[i][k] * f[j][k] for k in range(n)) for j in range(n)] for i in range(n)]
    flat = tuple((new[i][j] + new[j][i]) / 2.0 + (q[i] if i == j else 0.0) for i in range(n) for j in range(n))
    return belief._replace(x=tuple(x), p=flat, at_s=now_s)


def updated(
    belief: Belief,
    h: Sequence[float],
    y: float,
    r: float,
    now_s: float,
    refuse: int = REFUSED_IN_A_ROW,
    gate: float = GATE,
) -> Belief:
    """One measurement `y = h x` with variance `r` (above 0). The `refuse`th wild one in a row is believed."""
    x, p = belief.x, belief.p
    n = len(x)
    ph = [sum(p[i * n + k] * h[k] for k in range(n)) for i in range(n)]
    s = sum(h[i] * ph[i] for i in range(n)) + r
    innovation = y - sum(h[i] * x[i] for i in range(n))
    nis = innovation * innovation / s
    mean = belief.nis + (min(nis, 2.0 * GATE) - belief.nis) / NIS_MEAN
    if not nis <= gate and belief.refused + 1 < refuse:
        return belief._replace(refused=belief.refused + 1, nis=mean)
    if not nis <= gate:
        # it cannot always be the probe: as unsure as makes the measurement believable
        grown = 1.001 * nis / gate
        if not isfinite(grown):
            return belief._replace(nis=mean)
        doubting = belief._replace(p=tuple(one * grown for one in p), refused=0, nis=mean)
        return updated(doubting, h, y, r * grown, now_s, refuse, gate)
    k = [one / s for one in ph]
    new_x = tuple(x[i] + k[i] * innovation for i in range(n))
    a = [[(1.0 if i == j else 0.0) - k[i] * h[j] for j in range(n)] for i in range(n)]
    ap = [[sum(a[i][m] * p[m * n + j] for m in range(n)) for j in range(n)] for i in range(n)]
    flat = tuple(sum(ap[i][m] * a[j][m] for m in range(n)) + k[i] * r * k[j] for i in range(n) for j in range(n))
    return Belief(new_x, flat, belief.at_s, now_s, 0, mean)


def is_sound(belief: Belief, states: int) -> bool:
    """Whether a belief (which may come from a damaged file) can be gone on with."""
    return (
        len(belief.x) == states
        and len(belief.p) == states * states
        and all(isfinite(one) and abs(one) < 1e100 for one in (*belief.x, *belief.p))
        and all(belief.variance(state) >= 0.0 for state in range(states))
    )
