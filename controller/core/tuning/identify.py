"""What an output does to a value, from a record of both: least squares, how sure it is, and when it is not to be used.

The value is taken as `start + drift t + model(output)`: the response of each delay and lag that could be is computed
exactly for an output that holds between samples, start, drift and gain follow by linear least squares, and the best
delay and lag are looked for ever more closely. The record has to begin at rest (a steady drift is allowed).
"""

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from numpy.typing import NDArray

from foundation.simc import FirstOrder

Column = NDArray[np.float64]

LEAST_SAMPLES = 30
LEAST_FIT = 0.8
"""Share of what the value does beside drifting that the model has to explain."""
MOST_DRIFT = 0.2
"""Share of it that a drift may have (control.md 2.2)."""
MOST_UNSURE = 0.5
"""The gain may be wrong by this share of itself."""
WORTH = 10.0
"""A lag is told from none if without it the rest grows by so many of its own variances."""
POINTS = 13
ROUNDS = 7
LONGEST_LAG, NEARLY = 2.0, 1.25
"""In lengths of the record, a lag that it cannot show; and how much more may be left without it."""


@dataclass(frozen=True, slots=True)
class Record:
    """Samples `every_s` apart: the output that holds from each sample to the next, and the value at it."""

    every_s: float
    output: tuple[float, ...]
    value: tuple[float | None, ...]
    """None where it was not known: the fit leaves that out."""


@dataclass(frozen=True, slots=True)
class Identified:
    """The model, the halves of its 95 % confidence intervals, and what speaks against it."""

    model: FirstOrder
    gain_half: float
    delay_half_s: float
    lag_half_s: float | None
    slope_share: float
    """The same of gain over lag, as a share of it: how fast the value sets off. That is what gains are made of; a swing
    or a short record tells it well, and gain and lag by themselves hardly."""
    fit: float
    """R2: the share of what the value did, beside drifting, that the model explains. 1 is all."""
    drift: float
    """The drift's share of what value and drift did together."""
    drift_per_s: float
    noise: float
    """Standard deviation of what is left, in the value's unit."""
    refusal: str | None
    """Why it is not to be used, as a message key: `drift`, `fit`, `unsure`."""


class NothingToFitError(ValueError):
    """The record shows nothing: `reason` is `short`, `still` or `broken`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def identify(record: Record, steady: bool = False) -> Identified:
    """The model of a record; with `refusal` where it must not be used. `steady`: nothing else moves the value, as a
    relay's rest has shown; a swing that never comes back to its base could not tell. Raises NothingToFitError."""
    output = np.asarray(record.output, float)
    known = np.array([at for at, one in enumerate(record.value) if one is not None], int)
    value = np.array([one for one in record.value if one is not None], float)
    if len(output) != len(record.value) or len(value) < LEAST_SAMPLES:
        raise NothingToFitError("short")
    if not (np.isfinite(output).all() and np.isfinite(value).all() and 0.0 < record.every_s < inf):
        raise NothingToFitError("broken")
    if np.ptp(output[:-1]) == 0.0 or np.ptp(value) == 0.0:
        raise NothingToFitError("still")
    moved = output - output[0]
    size, scale = float(np.ptp(moved)), float(np.ptp(value))
    fitter = _Fitter(moved / size, (value - value[0]) / scale, known, record.every_s, steady)
    lagged, plain = fitter.search(), fitter.search_plain()
    free = max(fitter.free(lagged), 1.0)
    noise = max(lagged.left / free, 1e-12)  # nobody measures closer than a millionth of the swing
    best = plain if plain.left - lagged.left < WORTH * noise else lagged
    # noise may like a lag far longer than the record: it is none that could be told from that
    if lagged.lag_s is not None and lagged.lag_s > LONGEST_LAG * fitter.span_s and plain.left < NEARLY * lagged.left:
        best = plain
    return fitter.judged(best, size, scale)


@dataclass(frozen=True, slots=True)
class _Guess:
    left: float
    delay_s: float
    lag_s: float | None


class _Fitter:
    """Output and value in their own swings, so that nothing depends on units. The value is there at samples `known`."""

    def __init__(self, output: Column, value: Column, known: NDArray[np.int_], every_s: float, steady: bool) -> None:
        self.output, self.value, self.known, self.every_s = output, value, known, every_s
        self.span_s = every_s * (len(output) - 1)
        self.seen_s = every_s * float(known[-1] - known[0])
        even = np.ones(len(known))
        ways = [even] if steady else [even, np.linspace(-1.0, 1.0, len(output))[known]]
        line = np.column_stack(ways)
        self.basis = np.linalg.qr(line)[0]
        self.bare = self._bared(value[:, None])[:, 0]

    def _bared(self, columns: Column) -> Column:
        """Without start and drift."""
        return np.asarray(columns - self.basis @ (self.basis.T @ columns))

    def response(self, delay_s: Column, lag_s: Column | None) -> Column:
        """Known samples x guesses: what a gain of 1 makes of the output. Exact for one that holds between samples."""
        h, count = self.every_s, len(self.output)
        whole = np.floor(delay_s / h).astype(int)
        part = delay_s - whole * h
        if lag_s is None:
            keep, old, new = np.ones(len(delay_s)), part, h - part
        else:
            keep, late = np.exp(-h / lag_s), np.exp(-(h - part) / lag_s)
            old, new = late * -np.expm1(-part / lag_s), -np.expm1(-(h - part) / lag_s)
        held = np.concatenate([np.zeros(count + 1), self.output])  # rest before the first sample
        found = np.zeros((count, len(delay_s)))
        now = found[0]
        for i in range(count - 1):
            at = np.maximum(count + 1 + i - whole, 1)
            now = keep * now + old * held[at - 1] + new * held[at]
            found[i + 1] = now
        return found[self.known]

    def _left(self, delay_s: Column, lag_s: Column | None) -> Column:
        shape = self._bared(self.response(delay_s, lag_s))
        power = np.einsum("ij,ij->j", shape, shape)
        match = self.bare @ shape
        known = power > 1e-12
        explained = np.where(known, match**2 / np.where(known, power, 1.0), 0.0)
        return np.asarray(np.maximum(self.bare @ self.bare - explained, 0.0))

    def search(self) -> _Guess:
        """The best delay and lag on a grid of ratios, closer and closer."""
        h = self.every_s
        low, high = np.array([h / 20.0, h / 4.0]), np.array([self.span_s / 2.0, self.span_s * 5.0])
        best = _Guess(inf, 0.0, h)
        for _ in range(ROUNDS):
            delays, lags = (np.geomspace(a, b, POINTS) for a, b in zip(low, high, strict=True))
            delay_s, lag_s = (one.ravel() for one in np.meshgrid(np.append(delays, 0.0), lags))
            left = self._left(delay_s, lag_s)
            at = int(np.argmin(left))
            best = min(best, _Guess(float(left[at]), float(delay_s[at]), float(lag_s[at])), key=lambda one: one.left)
            width = (high / low) ** 0.2
            centre = np.array([max(best.delay_s, h / 20.0), best.lag_s])
            low, high = centre / width, centre * width
        return best

    def search_plain(self) -> _Guess:
        low, high = self.every_s / 20.0, self.span_s / 2.0
        best = _Guess(inf, 0.0, None)
        for _ in range(ROUNDS):
            delay_s = np.append(np.geomspace(low, high, 4 * POINTS), 0.0)
            left = self._left(delay_s, None)
            at = int(np.argmin(left))
            best = min(best, _Guess(float(left[at]), float(delay_s[at]), None), key=lambda one: one.left)
            width, centre = (high / low) ** 0.1, max(best.delay_s, self.every_s / 20.0)
            low, high = centre / width, centre * width
        return best

    def free(self, guess: _Guess) -> float:
        """Samples that say something new, less what was fitted: what is left follows itself from one to the next."""
        rest = self._rest(guess)[0]
        power = float(rest @ rest)
        follows = float(rest[1:] @ rest[:-1]) / power if power > 0.0 else 0.0
        follows = min(max(follows, 0.0), 0.99)
        return len(rest) * (1.0 - follows) / (1.0 + follows) - 5.0

    def _rest(self, guess: _Guess) -> tuple[Column, float, Column]:
        lag_s = None if guess.lag_s is None else np.array([guess.lag_s])
        shape = self.response(np.array([guess.delay_s]), lag_s)
        bare = self._bared(shape)[:, 0]
        power = float(bare @ bare)
        gain = float(self.bare @ bare) / power if power > 1e-12 else 0.0
        return self.bare - gain * bare, gain, shape[:, 0]

    def judged(self, guess: _Guess, size: float, scale: float) -> Identified:
        rest, gain, shape = self._rest(guess)
        left, whole = float(rest @ rest), float(self.bare @ self.bare)
        fit = 1.0 - left / whole if whole > 0.0 else 0.0
        line = self.basis @ (self.basis.T @ (self.value - gain * shape))
        drifting, moving = float(np.var(line)), float(np.var(gain * shape))
        drift = drifting / (drifting + moving) if drifting + moving > 0.0 else 0.0
        halves = self._halves(guess, gain, left / max(self.free(guess), 1.0))
        refusal: str | None = None
        if drift > MOST_DRIFT:
            refusal = "drift"
        elif fit < LEAST_FIT:
            refusal = "fit"
        elif not min(halves[0] / abs(gain) if gain else inf, halves[3]) <= MOST_UNSURE:
            refusal = "unsure"
        unit = scale / size
        return Identified(
            FirstOrder(gain * unit, guess.delay_s, guess.lag_s),
            halves[0] * unit, halves[1], None if guess.lag_s is None else halves[2],
            halves[3], fit, drift, float(line[-1] - line[0]) * scale / self.seen_s,
            sqrt(left / len(rest)) * scale, refusal,
        )  # fmt: skip

    def _halves(self, guess: _Guess, gain: float, variance: float) -> tuple[float, float, float, float]:
        """Of gain, delay and lag, and of gain over lag as a share: 1.96 standard errors, linear around the best.

        `variance` is per sample that says something new, of which there are fewer than samples.
        """
        step_s = max(0.02 * guess.delay_s, 0.2 * self.every_s)
        delays = np.array([guess.delay_s, guess.delay_s + step_s])
        lags = None if guess.lag_s is None else np.full(2, guess.lag_s)
        shape, late = self.response(delays, lags).T
        columns = [shape, gain * (late - shape) / step_s]
        if guess.lag_s is not None:
            longer_s = 1.02 * guess.lag_s
            longer = self.response(np.array([guess.delay_s]), np.array([longer_s]))[:, 0]
            columns.append(gain * (longer - shape) / (longer_s - guess.lag_s))
        slopes = self._bared(np.column_stack(columns))
        spread = np.sqrt(np.einsum("ij,ij->j", slopes, slopes))
        if not (spread > 0.0).all():
            return inf, inf, inf, inf
        scaled = slopes / spread
        try:
            covariance = np.linalg.inv(scaled.T @ scaled) * variance
        except np.linalg.LinAlgError:
            return inf, inf, inf, inf
        covariance = covariance / np.outer(spread, spread)
        halves = 1.96 * np.sqrt(np.maximum(np.diag(covariance), 0.0))
        if guess.lag_s is None or gain == 0.0:
            share = float(halves[0]) / abs(gain) if gain else inf
            return float(halves[0]), float(halves[1]), inf, share
        ways = np.array([1.0 / gain, 0.0, -1.0 / guess.lag_s])
        share = 1.96 * sqrt(max(float(ways @ covariance @ ways), 0.0))
        return float(halves[0]), float(halves[1]), float(halves[2]), share
