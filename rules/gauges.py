"""What an expression reads beside the tags: averages and trends over a window, ages, the time of day.

A gauge has a memory of its own, a plain tuple that survives a restart with the rest of the state. It is stepped once a
scan, before the expressions that read it under its name. Two expressions that say the same share one gauge.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from zlib import crc32

from foundation.reading import Quality, Reading, Reason

Values = Mapping[str, float | bool | str | None]
Result = float | bool | str | None

LONGEST_WINDOW_S = 24 * 3600.0
PARTS = 60
"""A window is kept as so many parts: it moves on by a sixtieth of its length, and its cost does not grow with it."""
KNOWN_SHARE = 0.5
"""A window of which less than this was known is not known."""
LONGEST_STEP_S = 60.0
"""What was last seen counts for no longer than this: nobody looked in a longer gap."""
SUN_PERIOD_S = 60.0
BEYOND = 1e300
"""No value yet: finite, for the state is kept as plain numbers."""


class Sky(Protocol):
    """Where and when: see `rules.place.Place`."""

    def day_s(self, now_s: float) -> float: ...

    def midnight_s(self, now_s: float) -> float: ...

    def sun_degrees(self, now_s: float) -> float: ...


class Look(NamedTuple):
    """What a gauge is shown in a scan."""

    now_s: float
    values: Values
    """Tags, and the gauges that were stepped before."""
    readings: Mapping[str, Reading]
    sky: Sky


class Over(NamedTuple):
    """The parts of a window that are over, the oldest first; and of all of them sum, extremes and slope."""

    parts: tuple[float, ...] = ()
    """Their numbers, counted from 1970; each gauge begins its parts at a time of its own."""
    totals: tuple[float, ...] = ()
    durations: tuple[float, ...] = ()
    lows: tuple[float, ...] = ()
    highs: tuple[float, ...] = ()
    known_s: float = 0.0
    sum: float = 0.0
    lowest: float = BEYOND
    highest: float = -BEYOND
    slope: float | None = None
    """Where the gauge asks for it."""


class WindowMemory(NamedTuple):
    """The part that is under way, and those before it."""

    at_s: float = -1.0
    held: float | None = None
    """What was seen at `at_s`."""
    part: float = -1.0
    total: float = 0.0
    seconds: float = 0.0
    low: float = BEYOND
    high: float = -BEYOND
    over: Over = Over()
    blind_s: float = -BEYOND
    """When somebody looked again after a gap."""


class AgeMemory(NamedTuple):
    at_s: float = -1.0
    """When the newest usable value was true at its source."""


class SwitchMemory(NamedTuple):
    on: bool = False


class EdgeMemory(NamedTuple):
    last: bool | None = None


class SunMemory(NamedTuple):
    at_s: float = -1.0
    degrees: float = 0.0


class StartsMemory(NamedTuple):
    last: bool | None = None
    times: tuple[float, ...] = ()
    """When it was switched on, the oldest first."""


class NoMemory(NamedTuple):
    """Of a gauge that only looks."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """One gauge. `step` is pure: memory and look in, memory and value out."""

    name: str
    fresh: Any
    step: Callable[[Any, Look], tuple[Any, Result]]
    window_s: float = 0.0


def window(name: str, kind: str, seen_in: Callable[[Values], Result], window_s: float) -> Gauge:
    """`avg`, `min`, `max` or `rate` (per second, by least squares) of what is seen over the last `window_s` seconds. Of
    a contact or a condition, `avg` is the share of the known time in which it was on or held, 0 to 1."""
    part_s = window_s / PARTS
    needed_s = window_s * KNOWN_SHARE
    lag_s = crc32(name.encode()) % 1024 / 1024 * part_s
    """A hundred windows that move on in the same scan would make it a long one."""

    def step(memory: WindowMemory, look: Look) -> tuple[WindowMemory, Result]:
        at_s, held, part, total, seconds, low, high, over, blind_s = memory
        now_s, seen = look.now_s, seen_in(look.values)
        value = None if seen is None or isinstance(seen, str) else float(seen)
        elapsed_s, now_part = now_s - at_s, (now_s + lag_s) // part_s
        if elapsed_s > LONGEST_STEP_S:
            blind_s = now_s if at_s >= 0.0 else blind_s
        elif held is not None and elapsed_s > 0.0:
            total, seconds = total + held * elapsed_s, seconds + elapsed_s
        if now_part != part:
            over = _turned(kind, over, (part, total, seconds, low, high), now_part)
            total, seconds, low, high = 0.0, 0.0, BEYOND, -BEYOND
            if kind == "rate" and len(over.parts) >= 3:
                over = over._replace(slope=_slope(over, part_s))
        if value is not None and kind in ("min", "max"):
            low, high = min(low, value), max(high, value)
        memory = WindowMemory(now_s, value, now_part, total, seconds, low, high, over, blind_s)
        known_s = over.known_s + seconds
        if known_s < needed_s:
            return memory, None
        if kind == "avg":
            return memory, (over.sum + total) / known_s
        if kind == "rate":
            return memory, over.slope
        if 0.0 <= now_s - blind_s < window_s:
            # an average bears a gap, an extreme does not: the pump may have stood while nobody looked
            return memory, None
        return memory, min(over.lowest, low) if kind == "min" else max(over.highest, high)

    return Gauge(name, WindowMemory(), step, window_s)


def _turned(kind: str, over: Over, last: tuple[float, float, float, float, float], part: float) -> Over:
    """The part under way is over; what is older than the window, or was dated by a clock since set back, goes. Kept is
    what `kind` asks for: a window of a minute turns with every scan."""
    number, total, seconds, low, high = last
    is_known = seconds > 0.0
    parts, totals, durations, lows, highs = over[:5]
    if is_known:
        parts, durations = (*parts, number), (*durations, seconds)
    kept = slice(bisect_left(parts, part - PARTS), bisect_left(parts, part))
    parts, durations = parts[kept], durations[kept]
    known_s = sum(durations)
    if kind == "min":
        lows = ((*lows, low) if is_known else lows)[kept]
        return Over(parts, (), durations, lows, (), known_s, lowest=min(lows, default=BEYOND))
    if kind == "max":
        highs = ((*highs, high) if is_known else highs)[kept]
        return Over(parts, (), durations, (), highs, known_s, highest=max(highs, default=-BEYOND))
    totals = ((*totals, total) if is_known else totals)[kept]
    return Over(parts, totals, durations, (), (), known_s, sum(totals))


def _slope(over: Over, part_s: float) -> float:
    """Per second, through the means of the parts."""
    first, count = over.parts[0], len(over.parts)
    xs = [(part - first) * part_s for part in over.parts]
    ys = [total / seconds for total, seconds in zip(over.totals, over.durations, strict=True)]
    middle_x, middle_y = sum(xs) / count, sum(ys) / count
    aside = [x - middle_x for x in xs]
    spread = sum([x**2 for x in aside])
    together: float = sum([x * (y - middle_y) for x, y in zip(aside, ys, strict=True)])
    return together / float(spread)


MOST_STARTS = 500
"""Of more than these the oldest are forgotten: whatever starts so often is told long before."""


def starts(name: str, tag: str, window_s: float) -> Gauge:
    """How often an output (or a contact) was switched on within the last `window_s` seconds."""

    def step(memory: StartsMemory, look: Look) -> tuple[StartsMemory, Result]:
        value = look.values.get(tag)
        if value is None or isinstance(value, str):
            return memory, None
        on, times = float(value) > 0.0, memory.times
        if on and memory.last is False:
            times = (*times, look.now_s)[-MOST_STARTS:]
        if times and not 0.0 <= look.now_s - times[0] <= window_s:
            times = tuple(one for one in times if 0.0 <= look.now_s - one <= window_s)
        if on is not memory.last or times is not memory.times:
            memory = StartsMemory(on, times)
        return memory, float(len(times))

    return Gauge(name, StartsMemory(), step, window_s)


def age(name: str, tag: str) -> Gauge:
    """Seconds since the newest usable value of a tag was true; not known of what was never seen."""

    def step(memory: AgeMemory, look: Look) -> tuple[AgeMemory, Result]:
        reading = look.readings.get(tag)
        if reading is not None and reading.usable is not None and reading.time_s != memory.at_s:
            memory = AgeMemory(reading.time_s)
        return memory, None if memory.at_s < 0.0 else max(look.now_s - memory.at_s, 0.0)

    return Gauge(name, AgeMemory(), step)


def quality(name: str, tag: str) -> Gauge:
    """`good`, `substituted`, `uncertain` or `bad`: this is always known."""

    def step(memory: NoMemory, look: Look) -> tuple[NoMemory, Result]:
        reading = look.readings.get(tag)
        if reading is None or reading.reason is Reason.NEVER_SEEN:
            return memory, "bad"
        return memory, Quality(reading.quality).name.lower()

    return Gauge(name, NoMemory(), step)


def time_between(name: str, from_s: float, to_s: float) -> Gauge:
    """Whether the local time of day, in seconds since midnight, is from `from_s` on and before `to_s`."""

    def step(memory: NoMemory, look: Look) -> tuple[NoMemory, Result]:
        day_s = look.sky.day_s(look.now_s)
        inside = from_s <= day_s < to_s if from_s <= to_s else day_s >= from_s or day_s < to_s
        return memory, inside

    return Gauge(name, NoMemory(), step)


def sun_elevation(name: str) -> Gauge:
    """Degrees of the sun above the horizon, new once a minute: it is far the dearest of all to compute."""

    def step(memory: SunMemory, look: Look) -> tuple[SunMemory, Result]:
        if memory.at_s < 0.0 or not 0.0 <= look.now_s - memory.at_s < SUN_PERIOD_S:
            memory = SunMemory(look.now_s, look.sky.sun_degrees(look.now_s))
        return memory, memory.degrees

    return Gauge(name, SunMemory(), step)


Number = Callable[[Values], float | None]


def hyst(name: str, x: Number, on: Number, off: Number) -> Gauge:
    """True from where x reaches `on` until it is back at `off`: above where `on` is the higher one, else below."""

    def step(memory: SwitchMemory, look: Look) -> tuple[SwitchMemory, Result]:
        value, begins, ends = x(look.values), on(look.values), off(look.values)
        if value is None or begins is None or ends is None:
            return memory, None
        above, holds = begins >= ends, memory.on
        if value >= begins if above else value <= begins:
            holds = True
        elif value <= ends if above else value >= ends:
            holds = False
        return memory if holds is memory.on else SwitchMemory(holds), holds

    return Gauge(name, SwitchMemory(), step)


def rising(name: str, condition: Callable[[Values], bool | None]) -> Gauge:
    """True in the one scan in which a condition that was known to be false is true."""

    def step(memory: EdgeMemory, look: Look) -> tuple[EdgeMemory, Result]:
        now = condition(look.values)
        if now is None:
            return memory, None
        return EdgeMemory(bool(now)), memory.last is False and bool(now)

    return Gauge(name, EdgeMemory(), step)
