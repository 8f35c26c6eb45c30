"""A mean over a day or several: what the measured value has missed is made good in the time that is left.

`shift = D / (t1 - t)` within a band, `D` being what was missed since the window began (control.md 1.1; one degree with
five hours left is 0.2 K). What the sun usually brings in what is left of the day, over what is asked for, counts as if
it were there already: a window that waits for it ends with a hot day that nothing makes good. Missed is reckoned from
the program's own days and nights, moved so that their mean is the target: they keep their difference. Over several days
each single day's mean stays within a band of its own as well (after Körner and Challa).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

from controller.core.calendar import Calendar, Day
from rules.expression import Values

LONGEST_GAP_S = 300.0
"""Over more than this (a restart, a clock that jumped) nothing is known of the value."""
LEAST_LEFT_S = 3600.0
"""In its last hour a window asks for no more than in the hour before: nothing could follow."""
FASTEST_S = 3600.0
"""The setpoint is moved through the band no faster than this, so that no window begins with a step."""
STEPS = 100
"""Of the band: a setpoint that creeps on would be recorded at every look."""
BEYOND_ANY_FARM = 1e6
HOUR_S, DAY_S = 3600.0, 86400.0
HOURS = 24
LEARN = 0.5
"""Share of a new day in what is usual."""


class Mean(NamedTuple):
    """What is remembered of a window. Sums are in the value's unit times seconds."""

    day_s: float = 0.0
    """Midnight of the day that is summed."""
    days: int = 0
    """Of the window, over."""
    missed: float = 0.0
    """Over those days."""
    excess: float = 0.0
    """Of the value over the program today."""
    counted_s: float = 0.0
    """So long of today the value was known: what nobody saw was neither missed nor gained."""
    target: float | None = None
    mean: float = 0.0
    """Of today's program."""
    shift: float = 0.0
    at_s: float = 0.0
    gains: tuple[float, ...] = (0.0,) * HOURS
    """Of the value over what was asked for, hour by hour of today."""
    usual: tuple[float, ...] = (0.0,) * HOURS
    """The same as the days before had it."""
    learned: bool = False
    seen_s: tuple[float, ...] = (0.0,) * HOURS
    """How long the value was known, hour by hour of today."""

    def coming(self, day: Day, now_s: float) -> float:
        """What the rest of today usually gains, and the hours of it that nobody saw: the sun shone into them all the
        same, less what the day's shift usually takes for it in as many hours."""
        hour, passed = _hour(day, now_s)
        taken = sum(self.usual) / HOURS
        unseen = sum((self.usual[one] - taken) * _unseen(self.seen_s[one], 1.0) for one in range(hour))
        unseen += (self.usual[hour] - taken) * _unseen(self.seen_s[hour], passed)
        return self.usual[hour] * (1.0 - passed) + sum(self.usual[hour + 1 :]) + unseen

    def gains_of(self, hour: int) -> float | None:
        """Of an hour of today; None of one that was seen for less than half."""
        seen_s = self.seen_s[hour]
        if seen_s < HOUR_S / 2.0:
            return None
        return self.gains[hour] * (HOUR_S / seen_s if _unseen(seen_s, 1.0) else 1.0)

    @property
    def missed_today(self) -> float:
        return 0.0 if self.target is None else (self.target - self.mean) * self.counted_s - self.excess


@dataclass(frozen=True, slots=True)
class Target:
    """The mean that is wanted: fixed, or on a straight line of another tag (the day's radiation sum)."""

    fixed: float | None = None
    of: str = ""
    at: Callable[[float], float] | None = None

    def value(self, values: Values) -> float | None:
        if self.at is None:
            return self.fixed
        x = values.get(self.of)
        return self.at(float(x)) if x is not None and isfinite(float(x)) else None


@dataclass(frozen=True, slots=True)
class Integration:
    """One setpoint's integration."""

    name: str
    of: str
    target: Target
    days: int
    band: float
    """Most that it moves the setpoint, either way."""
    day_band: float
    """How far a single day's mean may stand from the target."""
    calendar: Calendar

    def step(
        self, block: Mean, values: Values, now_s: float, base: float, mean: Callable[[float, float], float]
    ) -> tuple[Mean, float]:
        """What is added to the setpoint now. `base` is what its program asks for, `mean(from, to)` that over a day."""
        day = self.calendar.day(now_s)
        if block.day_s != day.midnight_s:
            block = self._next_day(block, day)
        known, value = self.target.value(values), values.get(self.of)
        excess, counted_s, gains = block.excess, block.counted_s, block.gains
        # an older version did not note of which hours it counted
        seen_s = block.seen_s if sum(block.seen_s) >= counted_s - LONGEST_GAP_S else (HOUR_S,) * HOURS
        elapsed_s = now_s - max(block.at_s, day.midnight_s)
        if 0.0 < elapsed_s <= LONGEST_GAP_S and value is not None and abs(float(value)) < BEYOND_ANY_FARM:
            excess, counted_s = excess + (float(value) - base) * elapsed_s, counted_s + elapsed_s
            hour, gained = _hour(day, now_s)[0], (float(value) - base - block.shift) * elapsed_s
            gains = (*gains[:hour], gains[hour] + gained, *gains[hour + 1 :])
            seen_s = (*seen_s[:hour], seen_s[hour] + elapsed_s, *seen_s[hour + 1 :])
        target = block.target if known is None else known  # while it is not known, the last one
        today = Mean(
            day.midnight_s, block.days, block.missed, excess, counted_s, target,
            mean(day.midnight_s, day.next_midnight_s), block.shift, max(now_s, block.at_s),
            gains, block.usual, block.learned, seen_s,
        )  # fmt: skip
        # after a pause as well: nobody was there to move it meanwhile
        most = self.band * min(max(now_s - block.at_s, 0.0), LONGEST_GAP_S) / FASTEST_S
        shift = min(max(self._aim(today, now_s, day), block.shift - most), block.shift + most)
        return today._replace(shift=shift), self.band * (round(STEPS * shift / self.band) / STEPS)

    def _aim(self, block: Mean, now_s: float, day: Day) -> float:
        """The shift that ends the window on target, so that today's mean ends within its own band, and within the
        band."""
        today, left_s = block.missed_today, max(day.next_midnight_s - now_s, LEAST_LEFT_S)
        coming = block.coming(day, now_s)
        aim = (block.missed + today - coming) / (left_s + (self.days - block.days - 1) * DAY_S)
        low, high = ((today - coming + sign * self.day_band * DAY_S) / left_s for sign in (-1.0, 1.0))
        return min(max(min(max(aim, low), high), -self.band), self.band)

    def _next_day(self, block: Mean, day: Day) -> Mean:
        """Yesterday is closed; after the window's last day, or after a time that nobody saw, a new window begins."""
        days, missed = block.days + 1, block.missed + block.missed_today
        if days >= self.days or not 0.0 < day.midnight_s - block.day_s <= 1.5 * DAY_S:
            days, missed = 0, 0.0
        usual, learned = block.usual, block.learned
        if block.counted_s > DAY_S / 2.0:
            share = LEARN if learned else 1.0
            days_gains = [block.gains_of(hour) for hour in range(HOURS)]
            usual = tuple(
                old if new is None else old + share * (new - old) for old, new in zip(usual, days_gains, strict=True)
            )
            learned = True
        return Mean(
            day.midnight_s, days, missed, 0.0, 0.0, block.target, 0.0, block.shift, block.at_s, usual=usual,
            learned=learned,
        )  # fmt: skip


def _unseen(seen_s: float, passed: float) -> float:
    """The part of an hour of which `passed` is over that nobody saw; a scan sooner or later is none."""
    missing_s = passed * HOUR_S - seen_s
    return missing_s / HOUR_S if missing_s > LONGEST_GAP_S else 0.0


def _hour(day: Day, now_s: float) -> tuple[int, float]:
    """The hour since midnight, and how much of it has passed."""
    hours = min(max((now_s - day.midnight_s) / 3600.0, 0.0), HOURS - 1e-6)
    return int(hours), hours % 1.0
