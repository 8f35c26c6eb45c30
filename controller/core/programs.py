"""Setpoints over time: what a person chose or the period asks for, influences with a cap, a ramp, and the limits."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from controller.core.calendar import Calendar
from controller.core.state import Chosen
from edge_config.model.values import DayTime
from rules.expression import Values


class Setting(NamedTuple):
    """What a program remembers: the ramped target and when it was there."""

    ramped: float | None = None
    at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line between two points, flat outside them."""

    of: str
    x1: float
    y1: float
    x2: float
    y2: float

    def at(self, x: float) -> float:
        share = (x - self.x1) / (self.x2 - self.x1) if self.x2 != self.x1 else 1.0
        return self.y1 + (self.y2 - self.y1) * min(max(share, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Light:
    """A daily light sum within a photoperiod."""

    target: float
    """mol/m2."""
    accrued: str
    start: DayTime
    end: DayTime
    adjust: float = 1.0
    """The last part of the photoperiod, in which what is missing is spread over the time that is left."""
    extend_s: float = 0.0
    """So much longer it may shine as planned when lamps that failed leave the sum short; not over midnight."""


SHORT = 0.005
"""Share of a light sum for which nobody keeps plants awake."""
LONGEST_RAMP_S = 60.0
"""A few looks at a program: a ramp counts no more time in one. What it missed while nobody looked (a stop, a clock that
jumped) would come all at once."""
Periods = tuple[tuple[DayTime, float], ...]
Rates = tuple[float | None, float | None]
"""Up and down, a second."""


class HandOver(NamedTuple):
    """A setpoint on its way from where it was to where it shall be."""

    left: float
    since_s: float
    length_s: float
    periods: Periods = ()
    """What is left goes on through its days and nights, from the next one on."""

    def share(self, now_s: float) -> float:
        return min(max((now_s - self.since_s) / self.length_s, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class SetpointProgram:
    """One setpoint. `low` and `high` bound what a person may choose and what comes out."""

    name: str
    low: float
    high: float
    value: float | None
    periods: Periods
    """Of two that begin at once the one written last counts."""
    light: Light | None
    ramp_up_per_s: float | None
    ramp_down_per_s: float | None
    influences: tuple[Line, ...]
    cap: float | None
    calendar: Calendar
    hand_over: HandOver | None = None
    """Of a recipe's stage."""
    ahead: bool = False
    """The ramp is over when a period begins."""
    own_ramps: tuple[tuple[float, float] | None, ...] = ()
    """By period: how fast its value is come to, up and down, instead of the program's ramp; empty: none has one."""

    @property
    def settable(self) -> bool:
        return self.light is None

    def target(self, chosen: Chosen | None, values: Values, now_s: float) -> float:
        """What is asked for before influences and ramp."""
        if self.light is not None:
            return self._light(self.light, values, now_s)
        if self.periods:
            begun, _, value = self._period(self.periods, now_s)
            # what a person chose holds until the next period begins
            if chosen is None or chosen.at_s < begun:
                return self._handed(value, now_s)
        if chosen is not None:
            return min(max(chosen.value, self.low), self.high)
        assert self.value is not None
        return self._handed(self.value, now_s)

    def on_its_way(self, now_s: float) -> Periods:
        """Its periods; while it is handed over, what is left and what is to be in one, each with its share of now."""
        hand = self.hand_over
        if hand is None or (share := hand.share(now_s)) >= 1.0:
            return self.periods
        day, settled = self.calendar.day(now_s), replace(self, hand_over=None)
        periods: dict[DayTime, float] = {}
        for when, _ in (*hand.periods, *self.periods):
            moment_s = day.moment(when)
            before = self._period(hand.periods, moment_s)[2] if hand.periods else hand.left
            periods[when] = before + (settled.target(None, {}, moment_s) - before) * share
        return tuple(periods.items())

    def _handed(self, target: float, now_s: float) -> float:
        hand = self.hand_over
        if hand is None:
            return target
        before, share = hand.left, hand.share(now_s)
        if hand.periods and share < 1.0:
            begun, _, value = self._period(hand.periods, now_s)
            # where it was when it was left holds until the next period begins
            before = before if begun <= hand.since_s <= now_s else value
        return before + (target - before) * share

    def step(
        self,
        block: Setting,
        chosen: Chosen | None,
        values: Values,
        now_s: float,
        added: float = 0.0,
        shift: float = 0.0,
        longest_s: float = LONGEST_RAMP_S,
    ) -> tuple[Setting, float]:
        """The setpoint now; `added` is what the rules add to the influences, `shift` what integration adds at last."""
        target = self.target(chosen, values, now_s)
        up_per_s, down_per_s = self._ramp(self._period(self.periods, now_s)[1] if self.own_ramps else None)
        if self.ahead and self.periods:
            target, (up_per_s, down_per_s) = self._ahead(target, now_s, (up_per_s, down_per_s))
        before, elapsed = block.ramped, max(now_s - block.at_s, 0.0)
        if before is not None:
            counted = min(elapsed, longest_s)
            if up_per_s is not None and target > before:
                target = min(target, before + up_per_s * counted)
            elif down_per_s is not None and target < before:
                # lamps were dark while nobody looked: they have nothing to fade from
                counted = elapsed if self.light is not None else counted
                target = max(target, before - down_per_s * counted)
        for line in self.influences:
            x = values.get(line.of)
            if x is not None:
                # an influence whose source is lost adds nothing: the plain setpoint is the safe one
                added += line.at(float(x))
        if self.cap is not None:
            added = min(max(added, -self.cap), self.cap)
        if self.light is not None:
            return Setting(target, now_s), min(target, self.high)
        return Setting(target, now_s), min(max(target + added + shift, self.low), self.high)

    def _ramp(self, place: int | None) -> Rates:
        """How fast it may move up and down on its way to the value of the period that is written there."""
        own = self.own_ramps[place] if place is not None and self.own_ramps else None
        return own or (self.ramp_up_per_s, self.ramp_down_per_s)

    def _ahead(self, target: float, now_s: float, rates: Rates) -> tuple[float, Rates]:
        """As near to the next period's value as its ramp needs to be there in time, and the rates that count then."""
        coming = [moment for moment in self._moments(self.periods, now_s) if moment[0] > now_s]
        begins_s = min(coming)[0]
        _, place, value = max(moment for moment in coming if moment[0] == begins_s)
        value, left_s = self._handed(value, begins_s), begins_s - now_s
        up_per_s, down_per_s = coming_rates = self._ramp(place)
        if up_per_s is not None and value - up_per_s * left_s > target:
            return value - up_per_s * left_s, coming_rates
        if down_per_s is not None and value + down_per_s * left_s < target:
            return value + down_per_s * left_s, coming_rates
        return target, rates

    def mean(self, chosen: Chosen | None, from_s: float, to_s: float) -> float:
        """What it asks for between two moments of one day, on average and before ramp and influences."""
        if self.light is not None or to_s <= from_s:
            return self.target(chosen, {}, from_s)
        turns = {moment[0] for moment in self._moments(self.periods, from_s)}
        if chosen is not None:
            turns.add(chosen.at_s)
        if self.hand_over is not None:
            turns |= {moment[0] for moment in self._moments(self.hand_over.periods, from_s)}
            turns |= {self.hand_over.since_s, self.hand_over.since_s + self.hand_over.length_s}
        begins = [from_s, *sorted(moment_s for moment_s in turns if from_s < moment_s < to_s)]
        if len(begins) == 1:
            return self._asked(chosen, (from_s + to_s) / 2.0)
        total = sum(
            self._asked(chosen, (begin + end) / 2.0) * (end - begin)
            for begin, end in zip(begins, [*begins[1:], to_s], strict=True)
        )
        return total / (to_s - from_s)

    def _asked(self, chosen: Chosen | None, at_s: float) -> float:
        """What it asks for at a moment, also one before a person chose. Between two turns that is level or a straight
        line."""
        return self.target(chosen if chosen is not None and chosen.at_s <= at_s else None, {}, at_s)

    def _period(self, periods: Periods, now_s: float) -> tuple[float, int, float]:
        """When the latest period began, its place in what is written, and its value."""
        return max(moment for moment in self._moments(periods, now_s) if moment[0] <= now_s)

    def _moments(self, periods: Periods, now_s: float) -> Iterator[tuple[float, int, float]]:
        """When periods begin in the days around a moment, their places in what is written, and their values."""
        days = self.calendar.around(now_s)
        return ((day.moment(when), place, value) for day in days for place, (when, value) in enumerate(periods))

    def _light(self, light: Light, values: Values, now_s: float) -> float:
        day = self.calendar.day(now_s)
        start, end = day.moment(light.start), day.moment(light.end)
        # over midnight the sum of a day is made of its morning and its evening
        lit = ((start, end),) if start < end else ((day.midnight_s, end), (start, day.next_midnight_s))
        accrued = values.get(light.accrued)
        whole_s = sum(stop - begin for begin, stop in lit)
        if not any(begin <= now_s < stop for begin, stop in lit):
            late = start < end <= now_s < min(end + light.extend_s, day.next_midnight_s)
            if late and accrued is not None and float(accrued) < (1.0 - SHORT) * light.target:
                return min(light.target * 1e6 / whole_s, self.high)
            return 0.0
        left_s = sum(stop - max(begin, now_s) for begin, stop in lit if stop > now_s)
        left = light.target if accrued is None else max(light.target - float(accrued), 0.0)
        if accrued is None or (left > 0.0 and left_s > light.adjust * whole_s):
            # the sum is not known, or it is too early to judge it: shine as planned for the whole period, no more
            return min(light.target * 1e6 / whole_s, self.high)
        # the last minutes would divide by nothing: never plan for less than five of them
        return min(left * 1e6 / max(left_s, 300.0), self.high)
