"""Signal conditioning: what a raw reading must survive before anybody acts on it (control.md 2.5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp, isfinite
from statistics import median
from typing import NamedTuple

from controller.core.calibration import Calibration
from controller.core.in_air import InAir
from controller.core.self_test import SelfTest
from foundation.reading import BAD, GOOD, UNCERTAIN, Quality, Reading, Reason, Value
from foundation.tag import Tag

FUTURE_S = 5.0
"""A source time further ahead than this is a broken clock."""
WINDOW = 5
"""Values whose median a spike is measured against."""
HAMPEL_WINDOW = 9
HAMPEL_SIGMAS = 4.0
MAD_TO_SIGMA = 1.4826
"""Of a normal distribution: the median distance from the median, times this, is the standard deviation."""
FAST_IN_A_ROW = 3
"""So many readings in a row that move faster than nature are not a doubt any more."""
SURELY_STUCK = 3.0
"""Stuck for so many times what makes it doubtful: bad."""


class Still(NamedTuple):
    """What is remembered of a value that does not move."""

    at: float = 0.0
    since_s: float = -1.0
    """-1: nothing seen yet."""
    excited: float = 0.0
    """How far the other tag has moved since, there and back."""
    other: float | None = None


class More(NamedTuple):
    """What only some tags need."""

    fast: int = 0
    """Readings in a row that moved faster than nature one way (below 0: down); noise goes there and back."""
    accepted: float | None = None
    """The last value that was no spike."""
    still: Still = Still()
    accepted_s: float = -1.0
    """When the last value that was no spike came, while nothing but spikes has come since; -1 none has."""


class Seen(NamedTuple):
    """What conditioning remembers of a tag."""

    raw: tuple[float, ...] = ()
    """The last values that were in range, calibrated, the newest last."""
    at_s: float = 0.0
    filtered: float | None = None
    told: float | None = None
    """What the source said last, as it said it."""
    more: More = More()


@dataclass(frozen=True, slots=True)
class Stuck:
    """A value that stays within `within` for `for_s`, while another tag moves by `by` in all, is stuck.

    Without another tag any value that is the same for so long: for probes that are never quite still.
    """

    for_s: float
    within: float = 0.0
    other: str | None = None
    by: float = 0.0

    def step(self, still: Still, value: float, other: Value | None, time_s: float) -> tuple[Still, Quality]:
        moved = float(other) if isinstance(other, float | bool) else None
        if still.since_s < 0 or abs(value - still.at) > self.within or time_s < still.since_s:
            return Still(value, time_s, 0.0, moved), GOOD
        excited = still.excited
        if moved is not None and still.other is not None:
            excited = min(excited + abs(moved - still.other), 1e9)
        still = still._replace(excited=excited, other=still.other if moved is None else moved)
        times = (time_s - still.since_s) / self.for_s
        if self.other is not None:
            times = min(times, excited / self.by)
        return still, BAD if times >= SURELY_STUCK else UNCERTAIN if times >= 1.0 else GOOD


@dataclass(frozen=True, slots=True)
class Conditioner:
    """The checks of one tag, in order: believable time, finite, calibration, range, spike, rate, stuck; the filter."""

    tag: Tag
    spike: float | None = None
    filter_s: float = 0.0
    scale: float = 1.0
    """From what a device that names no unit says into the tag's unit."""
    hampel: float | None = None
    """The least distance from its neighbours that may be a spike."""
    stuck: Stuck | None = None
    calibration: Calibration | None = None
    raw_tag: str | None = None
    """Where the value before calibration is recorded."""
    vote: tuple[str, int] | None = None
    """The vote that watches it, and its place there."""
    self_test: SelfTest | None = None
    in_air: InAir | None = None
    beside: tuple[str, ...] = ()
    """Probes whose thermometer it is: where they lie in the air, so does it."""
    special: bool = field(init=False)
    """Whether it has any of the last eight: most tags have none, and every reading passes here."""
    plain: bool = field(init=False)
    """Whether nothing is asked of a number but its range: of many tags it is so."""
    key: str = field(init=False)
    """Of its `Seen`."""

    def __post_init__(self) -> None:
        any_of = (self.hampel, self.stuck, self.calibration, self.raw_tag, self.vote, self.self_test, self.in_air)
        object.__setattr__(self, "special", bool(self.beside) or any(one is not None for one in any_of))
        plain = self.spike is None and self.tag.rate_per_s is None and self.filter_s <= 0.0
        object.__setattr__(self, "plain", plain and not self.special)
        object.__setattr__(self, "key", f"{self.tag.name}#seen")

    def condition(
        self,
        seen: Seen,
        reading: Reading,
        now_s: float,
        values: Mapping[str, Value | None] | None = None,
        calibration: Calibration | None = None,
    ) -> tuple[Seen, Reading]:
        """The reading as it may be used. A value that is refused stays in the reading, BAD, for the record.

        `values` are the other tags as they stand. `calibration` is a person's, and stands before the site's own.
        """
        tag, time_s, value = self.tag, reading.time_s, reading.value
        if not time_s <= now_s + FUTURE_S:  # nor is what is no number a time
            return seen, reading._replace(quality=BAD, reason=Reason.CLOCK, time_s=now_s)
        if reading.quality is BAD:
            return seen, reading
        if type(value) is not float:
            if value is None:
                return seen, _refuse(reading, reading.reason or Reason.WRONG_TYPE)
            if isinstance(value, bool | str):
                if tag.unit != ("bool" if isinstance(value, bool) else "text"):
                    return seen, _refuse(reading, Reason.WRONG_TYPE)
                return seen._replace(at_s=time_s), reading
        if tag.unit in ("bool", "text"):
            return seen, _refuse(reading, Reason.WRONG_TYPE)
        told, special = value, self.special
        if self.scale != 1.0:
            value *= self.scale
            reading = reading._replace(value=value)
        if not isfinite(value):
            return seen, reading._replace(value=None, quality=BAD, reason=Reason.NOT_FINITE)
        if calibration is None and special:
            calibration = self.calibration
        if calibration is not None:
            reading = _calibrated(calibration, reading, value, values or {})
            assert isinstance(reading.value, float)
            value = reading.value
            if not isfinite(value):
                return seen, reading._replace(value=None, quality=BAD, reason=Reason.NOT_FINITE)
        if (tag.low is not None and value < tag.low) or (tag.high is not None and value > tag.high):
            return seen, _refuse(reading, Reason.RANGE)
        if self.plain:
            return Seen((value,), time_s, None, told), reading
        # the window takes in what looks like a spike, so that a true step is believed after three readings
        now_seen, more = seen, seen.more
        if time_s != seen.at_s or seen.told != told:
            # what is stale says nothing of now
            raw = seen.raw
            if tag.stale_s is not None and time_s - seen.at_s > tag.stale_s:
                raw, more = (), more._replace(still=Still())
            window = HAMPEL_WINDOW if special and self.hampel is not None else WINDOW
            now_seen = Seen((*raw[1 - window :], value), time_s, seen.filtered, told, more)
        if self.spike is not None and len(now_seen.raw) > 3:
            near = now_seen.raw[-WINDOW:] if special else now_seen.raw
            if abs(value - median(near)) > self.spike:
                return _spiked(seen, now_seen), _refuse(reading, Reason.SPIKE)
        if special and self.hampel is not None:
            if self._is_outlier(now_seen.raw):
                if seen.more.accepted is None:
                    return now_seen, _refuse(reading, Reason.SPIKE)
                kept = seen.more.accepted if self.filter_s <= 0 or seen.filtered is None else seen.filtered
                return _spiked(seen, now_seen), reading._replace(
                    value=kept, quality=Quality.SUBSTITUTED, reason=Reason.SPIKE
                )
            now_seen = now_seen._replace(more=now_seen.more._replace(accepted=value, accepted_s=-1.0))
        elif more.accepted_s >= 0:
            now_seen = now_seen._replace(more=now_seen.more._replace(accepted=None, accepted_s=-1.0))
        elapsed = time_s - seen.at_s
        out = reading
        if tag.rate_per_s is not None and seen.raw and elapsed > 0:
            before, since_s = seen.raw[-1], seen.at_s
            if seen.more.accepted is not None and 0 <= seen.more.accepted_s <= seen.at_s:  # it comes back from a spike
                before, since_s = seen.more.accepted, seen.more.accepted_s
            moved = value - before
            if abs(moved) > tag.rate_per_s * (time_s - since_s):
                fast = seen.more.fast
                fast = min((max(fast, 0) if moved > 0 else max(-fast, 0)) + 1, FAST_IN_A_ROW)
                now_seen = now_seen._replace(more=now_seen.more._replace(fast=fast if moved > 0 else -fast))
                if fast >= FAST_IN_A_ROW:
                    return now_seen, _refuse(reading, Reason.RATE)
                out = reading._replace(quality=UNCERTAIN, reason=Reason.RATE)
            elif more.fast:
                now_seen = now_seen._replace(more=now_seen.more._replace(fast=0))
        if special and self.stuck is not None:
            other = None if values is None or self.stuck.other is None else values.get(self.stuck.other)
            still, quality = self.stuck.step(now_seen.more.still, value, other, time_s)
            now_seen = now_seen._replace(more=now_seen.more._replace(still=still))
            if quality is BAD:
                return now_seen, _refuse(reading, Reason.STUCK)
            if quality < out.quality:
                out = out._replace(quality=quality, reason=Reason.STUCK)
        if self.filter_s > 0:
            last = seen.filtered
            filtered = value if last is None or elapsed < 0 else value + (last - value) * exp(-elapsed / self.filter_s)
            if not isfinite(filtered):
                filtered = value
            return now_seen._replace(filtered=filtered), out._replace(value=filtered)
        return now_seen, out

    def is_known(self, seen: Seen, reading: Reading) -> bool:
        """Whether this is the reading that was taken in last, told again."""
        return reading.time_s == seen.at_s and isinstance(reading.value, float) and seen.told == reading.value

    def _is_outlier(self, window: tuple[float, ...]) -> bool:
        """Hampel's test of the newest value."""
        if len(window) <= 3:
            return False
        assert self.hampel is not None
        middle = median(window)
        spread = MAD_TO_SIGMA * median([abs(value - middle) for value in window])
        return abs(window[-1] - middle) > max(HAMPEL_SIGMAS * spread, self.hampel)


def _spiked(before: Seen, seen: Seen) -> Seen:
    """A spike later: what comes after it moves from the last value that was none."""
    if seen.more.accepted_s >= 0:
        return seen
    return seen._replace(more=seen.more._replace(accepted=before.raw[-1], accepted_s=before.at_s))


def _refuse(reading: Reading, reason: Reason) -> Reading:
    return reading._replace(quality=BAD, reason=reason)


def _calibrated(calibration: Calibration, reading: Reading, said: float, values: Mapping[str, Value | None]) -> Reading:
    water_c: float | None = None
    if calibration.warmth is not None:
        told = values.get(calibration.warmth.tag)
        water_c = told if isinstance(told, float) else None
    reading = reading._replace(value=calibration.apply(said, water_c))
    if calibration.warmth is not None and water_c is None and reading.quality is GOOD:
        return reading._replace(quality=UNCERTAIN, reason=Reason.INPUT)
    return reading
