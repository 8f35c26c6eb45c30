"""Signal conditioning: what a raw reading must survive before anybody acts on it (control.md 2.5)."""

from dataclasses import dataclass
from math import exp, isfinite
from statistics import median
from typing import NamedTuple

from foundation.reading import Quality, Reading, Reason
from foundation.tag import Tag

FUTURE_S = 5.0
"""A source time further ahead than this is a broken clock."""
WINDOW = 5
"""Values whose median a spike is measured against."""


class Seen(NamedTuple):
    """What conditioning remembers of a tag."""

    raw: tuple[float, ...] = ()
    """The last raw values that were in range, the newest last."""
    at_s: float = 0.0
    filtered: float | None = None


@dataclass(frozen=True, slots=True)
class Conditioner:
    """The checks of one tag, in order: believable time, finite, range, spike, rate, then the filter."""

    tag: Tag
    spike: float | None = None
    filter_s: float = 0.0
    scale: float = 1.0
    """From what a device that names no unit says into the tag's unit."""

    def condition(self, seen: Seen, reading: Reading, now_s: float) -> tuple[Seen, Reading]:
        """The reading as it may be used. A value that is refused stays in the reading, BAD, for the record."""
        if not reading.time_s <= now_s + FUTURE_S:  # nor is what is no number a time
            return seen, reading._replace(quality=Quality.BAD, reason=Reason.CLOCK, time_s=now_s)
        value = reading.value
        if reading.quality is Quality.BAD:
            return seen, reading
        if value is None:
            return seen, _refuse(reading, reading.reason or Reason.WRONG_TYPE)
        if isinstance(value, bool | str):
            fits = self.tag.unit == ("bool" if isinstance(value, bool) else "text")
            return seen, reading if fits else _refuse(reading, Reason.WRONG_TYPE)
        if self.tag.unit in ("bool", "text"):
            return seen, _refuse(reading, Reason.WRONG_TYPE)
        tag = self.tag
        if self.scale != 1.0:
            value *= self.scale
            reading = reading._replace(value=value)
        if not isfinite(value):
            return seen, reading._replace(value=None, quality=Quality.BAD, reason=Reason.NOT_FINITE)
        if (tag.low is not None and value < tag.low) or (tag.high is not None and value > tag.high):
            return seen, _refuse(reading, Reason.RANGE)
        # the window takes in what looks like a spike, so that a true step is believed after three readings
        now_seen = seen
        if reading.time_s != seen.at_s or seen.raw[-1:] != (value,):
            # what is stale says nothing of now
            raw = seen.raw if tag.stale_s is None or reading.time_s - seen.at_s <= tag.stale_s else ()
            now_seen = Seen((*raw[1 - WINDOW :], value), reading.time_s, seen.filtered)
        if self.spike is not None and len(now_seen.raw) > 3 and abs(value - median(now_seen.raw)) > self.spike:
            return now_seen, _refuse(reading, Reason.SPIKE)
        elapsed = reading.time_s - seen.at_s
        out = reading
        if (
            tag.rate_per_s is not None
            and seen.raw
            and elapsed > 0
            and abs(value - seen.raw[-1]) > tag.rate_per_s * elapsed
        ):
            out = reading._replace(quality=Quality.UNCERTAIN, reason=Reason.RATE)
        if self.filter_s > 0:
            before = seen.filtered
            filtered = (
                value if before is None or elapsed < 0 else value + (before - value) * exp(-elapsed / self.filter_s)
            )
            if not isfinite(filtered):
                filtered = value
            return now_seen._replace(filtered=filtered), out._replace(value=filtered)
        return now_seen, out

    def is_known(self, seen: Seen, reading: Reading) -> bool:
        """Whether this is the reading that was taken in last, told again."""
        value = reading.value
        return reading.time_s == seen.at_s and isinstance(value, float) and seen.raw[-1:] == (value * self.scale,)


def _refuse(reading: Reading, reason: Reason) -> Reading:
    return reading._replace(quality=Quality.BAD, reason=reason)
