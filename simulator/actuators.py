"""Actuators: from what a device's channels were set to, to the position that the plant feels. All positions 0 to 1.

How one fails: `stuck`, `leak` (passes at least so much; `leakage` while it is in order) and `capacity` (gives so much
of what it should; 0 is dead).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Protocol

from foundation.reading import Value
from simulator.setting import number_in


class Actuator(Protocol):
    """One output of the site, with its own movement in time."""

    position: float
    """What the plant feels, 0 to 1."""
    stuck: bool
    """A welded contact, a jammed motor: stands where it stands, whatever it is told."""
    leakage: float
    leak: float
    capacity: float

    @property
    def contact(self) -> bool:
        """Its feedback contact: whether the contactor is in, or the shaft has left its closed end."""
        ...

    def order(self, tag: str, value: Value) -> bool:
        """A device's channel `tag` was set to `value`. Whether the plant will feel it at once."""
        ...

    def move(self, dt_s: float) -> float:
        """Let `dt_s` pass; the integral of the position over it, in s."""
        ...

    def settle(self) -> None:
        """Stand where it stands now that `stuck`, `leak` or `capacity` were changed."""
        ...


def closed(value: Value) -> bool:
    """Whether a channel set to `value` holds its contact closed (a number: above 0)."""
    return value if isinstance(value, bool) else not isinstance(value, str) and value > 0.0


@dataclass(slots=True)
class Contact:
    """On or off: relays, valves, pulse pumps, time-proportioned heaters.

    A machine of its own mind (a compressor) stays on for `min_on_s` and off for `min_off_s` whatever the contact does,
    and gives nothing in the first `start_s` after it was switched on.
    """

    position: float = 0.0
    stuck: bool = False
    leakage: float = 0.0
    leak: float = 0.0
    capacity: float = 1.0
    min_on_s: float = 0.0
    min_off_s: float = 0.0
    start_s: float = 0.0
    _wanted: bool = False
    _on: bool = False
    _since_s: float = inf
    """How long it has been on, or off."""

    def __post_init__(self) -> None:
        self._wanted = self._on = self.position > 0.5

    @property
    def contact(self) -> bool:
        return self._on

    def order(self, tag: str, value: Value) -> bool:
        self._wanted = closed(value)
        if self.stuck or self._wanted == self._on or self._waits_s() > 0.0:
            return False
        before = self.position
        self._switch()
        return self.position != before

    def move(self, dt_s: float) -> float:
        if self._wanted == self._on and self._since_s >= self.start_s:
            self._since_s += dt_s
            return self.position * dt_s
        felt = 0.0
        if self._wanted != self._on and not self.stuck:
            wait_s = self._waits_s()
            if wait_s <= dt_s:
                felt, dt_s = self._run(wait_s), dt_s - wait_s
                self._switch()
        return felt + self._run(dt_s)

    def settle(self) -> None:
        self.move(0.0)
        self.position = max(self.leak, self.capacity if self._is_running() else 0.0)

    def _run(self, dt_s: float) -> float:
        if not (self._on and self._since_s < self.start_s):
            self._since_s += dt_s
            return self.position * dt_s
        idle_s = min(self.start_s - self._since_s, dt_s)
        self._since_s += dt_s
        before = self.position
        if self._is_running():
            self.position = max(self.leak, self.capacity)
        return before * idle_s + self.position * (dt_s - idle_s)

    def _is_running(self) -> bool:
        return self._on and self._since_s >= self.start_s

    def _waits_s(self) -> float:
        return max((self.min_on_s if self._on else self.min_off_s) - self._since_s, 0.0)

    def _switch(self) -> None:
        self._on = self._wanted
        self._since_s = 0.0
        self.position = max(self.leak, self.capacity if self._is_running() else 0.0)


@dataclass(slots=True)
class Level:
    """A continuous output: `full` is the channel's value at position 1, `zero` that at 0; off below `low` (0 to 1).

    A valve that takes `travel_s` from end to end is on its way for as long; 0 is there at once.
    """

    zero: float = 0.0
    full: float = 100.0
    low: float = 0.0
    position: float = 0.0
    stuck: bool = False
    leakage: float = 0.0
    leak: float = 0.0
    capacity: float = 1.0
    travel_s: float = 0.0
    _target: float = 0.0
    _own: float = 0.0
    """Where it stands, before leak and capacity."""

    @property
    def contact(self) -> bool:
        return self._own > 0.0

    def order(self, tag: str, value: Value) -> bool:
        if isinstance(value, str):
            return False
        if isinstance(value, bool):
            share = float(value)
        else:
            share = min(1.0, max(0.0, (value - self.zero) / (self.full - self.zero)))
        self._target = share if share >= self.low else 0.0
        if self.stuck or self.travel_s > 0.0:
            return False
        before, self._own = self.position, self._target
        self.position = self._felt()
        # a lamp or a pump that starts or stops is felt at once, a drive that creeps is not worth a step of its own
        return abs(self.position - before) > 0.02

    def move(self, dt_s: float) -> float:
        if self.stuck or self._own == self._target:
            return self.position * dt_s
        before, way = self._felt(), self._target - self._own
        moving_s = min(abs(way) * self.travel_s, dt_s)
        self._own = (
            self._target
            if moving_s < dt_s or not self.travel_s
            else self._own + way * moving_s / (abs(way) * self.travel_s)
        )
        self.position = self._felt()
        return 0.5 * (before + self.position) * moving_s + self.position * (dt_s - moving_s)

    def settle(self) -> None:
        self.position = self._felt()

    def _felt(self) -> float:
        return max(self.leak, self.capacity * self._own)


@dataclass(slots=True)
class Motor:
    """A geared motor between two end switches. Both contacts closed, or none: it stands still.

    The shaft runs 1/travel_s a second (`capacity` of that) and has `backlash` (0 to 1) of play, so it takes
    travel_s * (1 + backlash) from end to end, and a reversal is felt only after travel_s * backlash.
    """

    open_tag: str
    close_tag: str
    travel_s: float
    backlash: float = 0.0
    position: float = 0.0
    stuck: bool = False
    leakage: float = 0.0
    leak: float = 0.0
    capacity: float = 1.0
    _shaft: float = 0.0
    _own: float = 0.0
    """Where the flap stands, before its leak."""
    _opening: bool = False
    _closing: bool = False

    @property
    def contact(self) -> bool:
        return self._own > 0.0

    def order(self, tag: str, value: Value) -> bool:
        if tag == self.open_tag:
            self._opening = closed(value)
        elif tag == self.close_tag:
            self._closing = closed(value)
        return False  # it has not moved yet

    def move(self, dt_s: float) -> float:
        before = self.position
        if self._opening == self._closing or self.stuck:
            return before * dt_s
        run = self.capacity * dt_s / self.travel_s
        self._shaft = min(self._shaft + run, 1.0 + self.backlash) if self._opening else max(self._shaft - run, 0.0)
        self._own = min(max(self._own, self._shaft - self.backlash), self._shaft)
        self.position = max(self.leak, self._own)
        return 0.5 * (before + self.position) * dt_s

    def settle(self) -> None:
        self.position = max(self.leak, self._own)


# key of `simulation.FACILITY.actuators.OUTPUT` -> its unit
_KEYS = {"travel": "s", "backlash": "%", "min_on": "s", "min_off": "s", "start": "s", "leakage": "%"}


def adjust(actuator: Actuator, settings: Mapping[str, Any]) -> None:
    """What the site says of how an actuator really moves. Raises ValueError naming the key."""
    match actuator:
        case Motor():
            allowed: tuple[str, ...] = ("travel", "backlash", "leakage")
        case Level():
            allowed = ("travel", "leakage")
        case _:
            allowed = ("min_on", "min_off", "start", "leakage")
    found: dict[str, float] = {}
    for key, raw in settings.items():
        if key not in allowed:
            raise ValueError(f"no key '{key}' of this output; there are: {', '.join(allowed)}")
        found[key] = number_in(raw, _KEYS[key], key)
        if found[key] < 0.0 or (_KEYS[key] == "%" and found[key] > 100.0):
            raise ValueError(f"{key} is {raw}, must not be below 0" + (" or above 100 %" * (_KEYS[key] == "%")))
    actuator.leakage = actuator.leak = found.get("leakage", 0.0) / 100.0
    match actuator:
        case Motor():
            actuator.travel_s = max(found.get("travel", actuator.travel_s), 1e-3)
            actuator.backlash = found.get("backlash", 100.0 * actuator.backlash) / 100.0
        case Level():
            actuator.travel_s = found.get("travel", 0.0)
        case Contact():
            actuator.min_on_s = found.get("min_on", 0.0)
            actuator.min_off_s = found.get("min_off", 0.0)
            actuator.start_s = found.get("start", 0.0)
    actuator.settle()


def spoil(actuator: Actuator, form: str, values: dict[str, float]) -> None:
    """Let it fail in a form of `simulator/faults.py`, its numbers checked."""
    match form:
        case "stuck":
            actuator.stuck = True
        case "leaking":
            actuator.leak = max(actuator.leakage, values["share"])
        case "weak":
            actuator.capacity = values["share"]
        case "dead":
            actuator.capacity = 0.0
    actuator.settle()


def mend(actuator: Actuator, form: str | None) -> None:
    """Undo a form; None undoes all."""
    if form in (None, "stuck"):
        actuator.stuck = False
    if form in (None, "leaking"):
        actuator.leak = actuator.leakage
    if form in (None, "weak", "dead"):
        actuator.capacity = 1.0
    actuator.settle()
