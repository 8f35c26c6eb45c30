"""Loops without memory worth the name: the grower's P-band, the thermostat, and the clock."""

from dataclasses import dataclass, field
from typing import NamedTuple

from controller.core.calendar import Calendar, Day
from edge_config.model.values import DayTime

NARROWEST_BAND = 0.5
"""A band is never narrower than this: growers do type 0."""


def p_band(pv: float, sp: float, band: float) -> float:
    """0 % at `sp` to 100 % at `sp + band`; a negative band opens below the setpoint."""
    width = band if abs(band) >= NARROWEST_BAND else NARROWEST_BAND if band >= 0 else -NARROWEST_BAND
    return min(max((pv - sp) / width * 100.0, 0.0), 100.0)


class OnOffState(NamedTuple):
    """Whether a thermostat is on, and which side brought it on (-1 below the setpoint, 1 above)."""

    on: bool = False
    side: int = 0


def hysteresis(state: OnOffState, pv: float, sp: float, below: float | None, above: float | None) -> OnOffState:
    """On once the value is further than `below` under (or `above` over) the setpoint; off once it is back at it."""
    if below is not None and pv < sp - below:
        return OnOffState(True, -1)
    if above is not None and pv > sp + above:
        return OnOffState(True, 1)
    return state if state.on and (pv - sp) * state.side > 0 else OnOffState()


class _Span(NamedTuple):
    """From `begin_s` on and before `end_s` the answer is the same."""

    begin_s: float = 0.0
    end_s: float = 0.0
    until_s: float | None = None


@dataclass(frozen=True, slots=True)
class Timetable:
    """Moments of the day at which something runs for a while. Keeps its last answer: a pure function that remembers.

    With `every_s` it begins so often from midnight on, whatever is done to the clock on the wall.
    """

    at: tuple[DayTime, ...]
    run_s: float
    calendar: Calendar
    every_s: float | None = None
    _last: list[_Span] = field(default_factory=lambda: [_Span()], init=False, compare=False, repr=False)

    def until(self, now_s: float) -> float | None:
        """The end of the run that `now_s` lies in (the latest, where runs overlap), or None."""
        span = self._last[0]
        if not span.begin_s <= now_s < span.end_s:
            span = self._last[0] = self._span(now_s)
        return span.until_s

    def _span(self, now_s: float) -> _Span:
        today = self.calendar.day(now_s)
        starts = [start for day in self.calendar.around(now_s) for start in self._starts(day)]
        runs = [(start, start + self.run_s) for start in starts]
        edges = [today.midnight_s, today.next_midnight_s, *(edge for run in runs for edge in run)]
        until_s = max((end for start, end in runs if start <= now_s < end), default=None)
        begin_s, end_s = max(edge for edge in edges if edge <= now_s), min(edge for edge in edges if edge > now_s)
        return _Span(begin_s, end_s, until_s)

    def _starts(self, day: Day) -> list[float]:
        if self.every_s is None:
            return [day.moment(when) for when in self.at]
        count = int((day.next_midnight_s - day.midnight_s) // self.every_s)
        return [day.midnight_s + index * self.every_s for index in range(count)]
