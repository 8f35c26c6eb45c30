"""Loops without memory worth the name: the grower's P-band, the thermostat, and the clock."""

from dataclasses import dataclass
from typing import NamedTuple

from controller.core.calendar import Calendar
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


@dataclass(frozen=True, slots=True)
class Timetable:
    """Moments of the day at which something runs for a while."""

    at: tuple[DayTime, ...]
    run_s: float
    calendar: Calendar

    def until(self, now_s: float) -> float | None:
        """The end of the run that `now_s` lies in (the latest, where runs overlap), or None."""
        starts = (day.moment(when) for day in self.calendar.around(now_s) for when in self.at)
        return max((start + self.run_s for start in starts if start <= now_s < start + self.run_s), default=None)
