"""From a position to switching: minimum times, time-proportioning, three-point motors and dimmers.

Each step takes what it remembers, the ordered position (0 to 100 %) and the time, and gives what it remembers next,
what to put on its device tags, and the position that really came of it. `wake_s` says until when nothing will change
of itself while the order stays: the scan need not look before.
"""

from dataclasses import dataclass
from typing import NamedTuple

from foundation.reading import Value

NEVER, AT_ONCE = float("inf"), float("-inf")
EARLY_S = 0.1
"""A scan may begin a little sooner than it should: a beat is not to wait for the next."""
Outcome = tuple[dict[str, Value], float]
"""Device tag -> value, and the applied position in %."""


class Switch(NamedTuple):
    """A contact: how it stands and since when."""

    on: bool = False
    since_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Contact:
    """On above half. A protected machine keeps its minimum times, but for an urgent order to stop (or start)."""

    tag: str
    min_on_s: float
    min_off_s: float

    def step(self, state: Switch, order: float, now_s: float, urgent: bool) -> tuple[Switch, Outcome]:
        wanted = order >= 50.0
        if wanted != state.on:
            least = self.min_on_s if state.on else self.min_off_s
            if urgent or state.since_s <= 0 or now_s - state.since_s >= least:
                state = Switch(wanted, now_s)
        return state, ({self.tag: state.on}, 100.0 if state.on else 0.0)

    def wake_s(self, state: Switch, order: float) -> float:
        return NEVER if state.on is (order >= 50.0) else AT_ONCE


class Share(NamedTuple):
    """A time-proportioned contact: its period, and what is owed from periods before."""

    start_s: float = 0.0
    on_s: float = 0.0
    """Seconds that the contact is closed in this period."""
    owed_s: float = 0.0
    last_s: float = 0.0
    order: float = 0.0
    """What this period was begun for."""


@dataclass(frozen=True, slots=True)
class Proportioned:
    """Closed for a share of each period. What is too short for a pulse is carried on, not lost.

    What came of it is the order, as a mean over the periods; but while a pulse is not over yet though nothing is
    wanted any more, it is what that pulse was begun for.
    """

    tag: str
    period_s: float
    min_pulse_s: float

    def step(self, state: Share, order: float, now_s: float, urgent: bool) -> tuple[Share, Outcome]:
        if urgent:
            on = order >= 50.0
            return Share(now_s, 0.0, 0.0, now_s), ({self.tag: on}, 100.0 if on else 0.0)
        if state.start_s <= 0 or now_s - state.start_s >= self.period_s or now_s < state.start_s:
            wanted = order / 100.0 * self.period_s + state.owed_s
            on_s = wanted
            if wanted < self.min_pulse_s:
                on_s = 0.0
            elif wanted > self.period_s - self.min_pulse_s:
                on_s = self.period_s
            owed = min(max(wanted - on_s, -self.period_s), self.period_s)
            state = Share(now_s, on_s, owed, now_s, order)
        else:
            state = state._replace(last_s=now_s)
        # the same sum as in wake_s, to the last bit: what it wakes for must then be so
        closed = now_s < state.start_s + state.on_s
        return state, ({self.tag: closed}, state.order if closed and order <= 0.0 else order)

    def wake_s(self, state: Share, order: float) -> float:
        turn_off_s = state.start_s + state.on_s
        return turn_off_s if state.last_s < turn_off_s else state.start_s + self.period_s


class Motor(NamedTuple):
    """A motor without feedback: where it is thought to be, and what it is doing."""

    position: float = 0.0
    """Estimate, 0 to 100 %."""
    direction: int = 0
    """1 opens, -1 closes, 0 stands."""
    since_s: float = 0.0
    """When it took this direction."""
    at_s: float = 0.0
    last_direction: int = 0
    slack: float = 0.0
    """Backlash still to be taken up before the flap moves, %."""
    pushed_s: float = 0.0
    """How long it has been driven against the stop it is at."""
    stop: int = 0
    """The end at which it surely stands: 1 open, -1 closed, 0 neither."""
    homed: bool = False
    """False after a cold start: nobody knows where it stands until it has been driven shut."""


REVERSAL_PAUSE_S = 2.0
OVERRUN = 0.1
"""At an end the motor is driven on by this share of its travel, so that the estimate is true again."""


@dataclass(frozen=True, slots=True)
class ThreePointMotor:
    """Two contacts, one motor. The position is the integral of what was switched, set right at the ends."""

    open_tag: str
    close_tag: str
    travel_s: float
    backlash: float
    dead_zone: float
    reversal_s: float = REVERSAL_PAUSE_S

    def step(self, state: Motor, order: float, now_s: float, urgent: bool) -> tuple[Motor, Outcome]:
        state = self._moved(state, now_s)
        direction = self._direction(state, order)
        if direction != state.direction:
            turned = direction != 0 and state.last_direction not in (0, direction)
            rest_s = REVERSAL_PAUSE_S if urgent or not state.homed else self.reversal_s
            if turned and state.direction == 0 and now_s - state.since_s < rest_s:
                direction = 0
            elif turned and state.direction != 0:
                direction = 0  # stand first
            if direction != state.direction:
                state = state._replace(
                    direction=direction,
                    since_s=now_s,
                    last_direction=direction or state.last_direction,
                    slack=self.backlash - state.slack if turned and direction != 0 else state.slack,
                    pushed_s=0.0,
                    stop=0 if direction not in (0, state.stop) else state.stop,
                )
        contacts: dict[str, Value] = {self.open_tag: state.direction > 0, self.close_tag: state.direction < 0}
        return state, (contacts, state.position)

    def stand(self, state: Motor, now_s: float) -> tuple[Motor, Outcome]:
        """Neither contact closed, at once, wherever it is: somebody is, or works, in its way."""
        state = self._moved(state, now_s)
        if state.direction != 0:
            state = state._replace(direction=0, since_s=now_s)
        return state, ({self.open_tag: False, self.close_tag: False}, state.position)

    def wake_s(self, state: Motor, order: float) -> float:
        return NEVER if state.direction == 0 and self._direction(state, order) == 0 else AT_ONCE

    def _moved(self, state: Motor, now_s: float) -> Motor:
        """Where the motor is after what it was doing until now."""
        elapsed = max(now_s - state.at_s, 0.0) if state.at_s > 0 else 0.0
        if state.direction == 0 or elapsed == 0.0:
            return state._replace(at_s=now_s)
        way = 100.0 * elapsed / self.travel_s
        taken = min(state.slack, way)
        reached = state.position + state.direction * (way - taken)
        position = min(max(reached, 0.0), 100.0)
        pushed_s = state.pushed_s + abs(reached - position) / 100.0 * self.travel_s
        stop, homed = state.stop, state.homed
        if pushed_s >= OVERRUN * self.travel_s:
            if not homed and pushed_s < (1 + OVERRUN) * self.travel_s:
                stop = 0
            else:
                stop, homed = state.direction, True
        return state._replace(
            position=position, slack=state.slack - taken, at_s=now_s, pushed_s=pushed_s, stop=stop, homed=homed
        )

    def _direction(self, state: Motor, order: float) -> int:
        if not state.homed:
            return -1
        end = 1 if order >= 100.0 - self.dead_zone / 2 else -1 if order <= self.dead_zone / 2 else 0
        if end != 0:
            return 0 if state.stop == end else end
        error = order - state.position
        if state.direction != 0:
            # under way: until it is there
            return state.direction if error * state.direction > 0 else 0
        return 0 if error == 0.0 or abs(error) < self.dead_zone else 1 if error > 0 else -1


class Level(NamedTuple):
    """A continuous output: its value, when it was set, and whether it was where it should be then."""

    value: float = 0.0
    at_s: float = 0.0
    settled: bool = True


@dataclass(frozen=True, slots=True)
class Dimmer:
    """A continuous output in %, off below `low`, no faster than `rate_per_s`."""

    tag: str
    low: float
    rate_per_s: float | None

    def step(self, state: Level, order: float, now_s: float, urgent: bool) -> tuple[Level, Outcome]:
        value = order
        if self.rate_per_s is not None and state.at_s > 0 and not urgent:
            # the way begins when the order changes, not when it was last looked at
            most = 0.0 if state.settled else self.rate_per_s * max(now_s - state.at_s, 0.0)
            value = min(max(order, state.value - most), state.value + most)
        out = value if value >= self.low else 0.0
        return Level(value, now_s, value == order), ({self.tag: out}, out)

    def wake_s(self, state: Level, order: float) -> float:
        return NEVER if state.settled else AT_ONCE


class Beat(NamedTuple):
    """A heartbeat: how its contact stands and since when."""

    on: bool = False
    since_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Beating:
    """Opens and closes in equal parts of `period_s` while it is ordered; else it stands open."""

    tag: str
    period_s: float

    def step(self, state: Beat, order: float, now_s: float, urgent: bool) -> tuple[Beat, Outcome]:
        beats = order >= 50.0
        if not beats:
            state = Beat(False, state.since_s)
        elif now_s >= self.wake_s(state, order) or now_s < state.since_s:
            state = Beat(not state.on, now_s)
        return state, ({self.tag: state.on}, 100.0 if beats else 0.0)

    def wake_s(self, state: Beat, order: float) -> float:
        return state.since_s + self.period_s / 2.0 - EARLY_S if order >= 50.0 else NEVER


Actuator = Contact | Proportioned | ThreePointMotor | Dimmer | Beating
Memory = Switch | Share | Motor | Level | Beat


def resumed(memory: Memory, safe: float, now_s: float) -> Memory:
    """What is left of it after a restart: meanwhile nobody commanded, and the device went to its safe position."""
    match memory:
        case Switch():
            # a machine that was stopped meanwhile has its rest before it
            return memory if memory.on is (safe >= 50.0) else Switch(not memory.on, now_s)
        case Motor():
            # one that was moving may have stopped anywhere
            standing = memory.direction == 0
            return memory._replace(direction=0, at_s=now_s, homed=memory.homed and standing)
        case Level():
            return memory._replace(at_s=now_s, settled=True)
        case Share() | Beat():
            return memory
