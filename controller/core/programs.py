"""Setpoints over time: what a person chose or the period asks for, influences with a cap, a ramp, and the limits."""

from dataclasses import dataclass
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


class HandOver(NamedTuple):
    """A setpoint on its way from where it was to where it shall be."""

    left: float
    since_s: float
    length_s: float

    def at(self, target: float, now_s: float) -> float:
        share = min(max((now_s - self.since_s) / self.length_s, 0.0), 1.0)
        return self.left + (target - self.left) * share


@dataclass(frozen=True, slots=True)
class SetpointProgram:
    """One setpoint. `low` and `high` bound what a person may choose and what comes out."""

    name: str
    low: float
    high: float
    value: float | None
    periods: tuple[tuple[DayTime, float], ...]
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

    @property
    def settable(self) -> bool:
        return self.light is None

    def target(self, chosen: Chosen | None, values: Values, now_s: float) -> float:
        """What is asked for before influences and ramp."""
        if self.light is not None:
            return self._light(self.light, values, now_s)
        if self.periods:
            begun, value = self._period(now_s)
            # what a person chose holds until the next period begins
            if chosen is None or chosen.at_s < begun:
                return self._handed(value, now_s)
        if chosen is not None:
            return min(max(chosen.value, self.low), self.high)
        assert self.value is not None
        return self._handed(self.value, now_s)

    def _handed(self, target: float, now_s: float) -> float:
        return target if self.hand_over is None else self.hand_over.at(target, now_s)

    def step(
        self,
        block: Setting,
        chosen: Chosen | None,
        values: Values,
        now_s: float,
        added: float = 0.0,
        shift: float = 0.0,
    ) -> tuple[Setting, float]:
        """The setpoint now; `added` is what the rules add to the influences, `shift` what integration adds at last."""
        target = self.target(chosen, values, now_s)
        if self.ahead and self.periods:
            target = self._ahead(target, now_s)
        before, elapsed = block.ramped, max(now_s - block.at_s, 0.0)
        if before is not None:
            if self.ramp_up_per_s is not None and target > before:
                target = min(target, before + self.ramp_up_per_s * elapsed)
            elif self.ramp_down_per_s is not None and target < before:
                target = max(target, before - self.ramp_down_per_s * elapsed)
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

    def _ahead(self, target: float, now_s: float) -> float:
        """As near to the next period's value as the ramp needs to be there in time."""
        moments = ((day.moment(when), value) for day in self.calendar.around(now_s) for when, value in self.periods)
        begins_s, value = min(moment for moment in moments if moment[0] > now_s)
        if self.ramp_up_per_s is not None and value > target:
            return max(target, value - self.ramp_up_per_s * (begins_s - now_s))
        if self.ramp_down_per_s is not None and value < target:
            return min(target, value + self.ramp_down_per_s * (begins_s - now_s))
        return target

    def mean(self, chosen: Chosen | None, from_s: float, to_s: float) -> float:
        """What it asks for between two moments of one day, on average and before ramp and influences."""
        if not self.periods or to_s <= from_s:
            return self.target(chosen, {}, from_s)
        moments = sorted(
            (day.moment(when), value) for day in self.calendar.around(from_s) for when, value in self.periods
        )
        begins = [from_s, *(moment for moment, _ in moments if from_s < moment < to_s)]
        total = sum(
            self._asked(chosen, moments, begin) * (end - begin)
            for begin, end in zip(begins, [*begins[1:], to_s], strict=True)
        )
        return total / (to_s - from_s)

    def _asked(self, chosen: Chosen | None, moments: list[tuple[float, float]], at_s: float) -> float:
        begun, value = max(moment for moment in moments if moment[0] <= at_s)
        if chosen is not None and begun <= chosen.at_s <= at_s:
            return min(max(chosen.value, self.low), self.high)
        return value

    def _period(self, now_s: float) -> tuple[float, float]:
        """When the latest period began, and its value."""
        moments = ((day.moment(when), value) for day in self.calendar.around(now_s) for when, value in self.periods)
        return max(moment for moment in moments if moment[0] <= now_s)

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
