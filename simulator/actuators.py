"""Actuators: from what a device's channels were set to, to the position that the plant feels. All positions 0 to 1."""

from dataclasses import dataclass
from typing import Protocol

from foundation.reading import Value


class Actuator(Protocol):
    """One output of the site, with its own movement in time."""

    position: float
    """Where it stands, 0 to 1."""
    stuck: bool
    """A welded contact, a jammed motor: stands where it stands, whatever it is told."""

    def order(self, tag: str, value: Value) -> bool:
        """A device's channel `tag` was set to `value`. Whether the plant will feel it at once."""
        ...

    def move(self, dt_s: float) -> float:
        """Let `dt_s` pass; the integral of the position over it, in s."""
        ...


def closed(value: Value) -> bool:
    """Whether a channel set to `value` holds its contact closed (a number: above 0)."""
    return value if isinstance(value, bool) else not isinstance(value, str) and value > 0.0


@dataclass(slots=True)
class Contact:
    """On or off: relays, valves, pulse pumps, time-proportioned heaters."""

    position: float = 0.0
    stuck: bool = False

    def order(self, tag: str, value: Value) -> bool:
        before = self.position
        if not self.stuck:
            self.position = 1.0 if closed(value) else 0.0
        return self.position != before

    def move(self, dt_s: float) -> float:
        return self.position * dt_s


@dataclass(slots=True)
class Level:
    """A continuous output: `full` is the channel's value at position 1, `zero` that at 0; off below `low` (0 to 1)."""

    zero: float = 0.0
    full: float = 100.0
    low: float = 0.0
    position: float = 0.0
    stuck: bool = False

    def order(self, tag: str, value: Value) -> bool:
        if isinstance(value, str) or self.stuck:
            return False
        if isinstance(value, bool):
            share = float(value)
        else:
            share = min(1.0, max(0.0, (value - self.zero) / (self.full - self.zero)))
        before, self.position = self.position, share if share >= self.low else 0.0
        # a lamp or a pump that starts or stops is felt at once, a drive that creeps is not worth a step of its own
        return abs(self.position - before) > 0.02

    def move(self, dt_s: float) -> float:
        return self.position * dt_s


@dataclass(slots=True)
class Motor:
    """A geared motor between two end switches. Both contacts closed, or none: it stands still.

    The shaft runs 1/travel_s a second and has `backlash` (0 to 1) of play, so it takes travel_s * (1 + backlash)
    from end to end, and a reversal is felt only after travel_s * backlash.
    """

    open_tag: str
    close_tag: str
    travel_s: float
    backlash: float = 0.0
    position: float = 0.0
    stuck: bool = False
    _shaft: float = 0.0
    _opening: bool = False
    _closing: bool = False

    def order(self, tag: str, value: Value) -> bool:
        if tag == self.open_tag:
            self._opening = closed(value)
        elif tag == self.close_tag:
            self._closing = closed(value)
        return False  # it has not moved yet

    def move(self, dt_s: float) -> float:
        if self._opening == self._closing or self.stuck:
            return self.position * dt_s
        before = self.position
        run = dt_s / self.travel_s
        self._shaft = min(self._shaft + run, 1.0 + self.backlash) if self._opening else max(self._shaft - run, 0.0)
        self.position = min(max(before, self._shaft - self.backlash), self._shaft)
        return 0.5 * (before + self.position) * dt_s
