"""Supplementary light in the scan: the half hours in which lamps may burn, their prices, and what is asked of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from controller.core.calendar import Calendar, Day
from controller.core.loops.run import LEASE_PERIODS
from controller.core.state import Block
from controller.core.strategies.lamps import SLOT_S, SLOTS, LampSettings, Lit, Sky, power, supplement
from controller.core.turn import Turn
from controller.core.words import Because, Demand, Slot
from edge_config.model.values import DayTime
from foundation.reading import Quality

PERIOD_S = 10.0


@dataclass(frozen=True, slots=True)
class LampLoop:
    """One group of lamps."""

    name: str
    output: str
    sp: str
    accrued: str
    window: tuple[DayTime, DayTime]
    tariff: tuple[tuple[DayTime, float], ...]
    """From when, what a kWh costs; empty where it always costs the same."""
    bright: tuple[str, float] | None
    """Radiation, and from where on the lamps stay off."""
    peak: tuple[str, float] | None
    """The measured power (kW), and the most that it may be."""
    power_kw: float
    """Of the lamps."""
    settings: LampSettings
    calendar: Calendar
    fresh: Block = Lit()

    def run(self, turn: Turn) -> None:
        state: Lit = turn.blocks[self.name]  # type: ignore[assignment]  # blocks hold what `fresh` is
        now_s = turn.now_s
        if not len(state.today) == len(state.usual) == SLOTS:  # a kept state that was damaged
            state = Lit()
        asked = any(demand.owner == self.name for demand in turn.demands.get(self.output, ()))
        # a restart has lost the demand: lamps that go out for ten seconds come back in a quarter of an hour
        if asked and 0.0 <= now_s - state.at_s < PERIOD_S - 0.5:
            return
        day = self.calendar.day(now_s)
        sky = self._sky(turn, day)
        state = supplement(self.settings, state, sky, self._allowed(day), self._prices(day))
        turn.blocks[self.name] = state
        value = 100.0 * power(self.settings, state, sky)
        because = Because(_reason(state, sky, value), {"loop": self.name, "missing": round(state.missing, 1)})
        turn.demand(Demand(self.output, value, Slot.LOOP, self.name, because, now_s + LEASE_PERIODS * PERIOD_S))

    def give_up(self, turn: Turn) -> None:
        turn.withdraw(self.output, Slot.LOOP, self.name)

    def _sky(self, turn: Turn, day: Day) -> Sky:
        shines = turn.applied.get(self.output, 0.0) / 100.0
        sun = _number(turn, self.bright[0]) if self.bright is not None else None
        bright = self.bright is not None and sun is not None and sun > self.bright[1]
        room = 1.0
        if self.peak is not None:
            drawn = _number(turn, self.peak[0])
            # how much others draw is not known: the cap is not risked
            room = 0.0 if drawn is None else (self.peak[1] - (drawn - shines * self.power_kw)) / self.power_kw
        # a sum that its sensor adds nothing to says what there was, not what there is
        is_known = turn.readings[self.accrued].quality is not Quality.UNCERTAIN
        accrued = _number(turn, self.accrued) if is_known else None
        return Sky(turn.now_s, day.midnight_s, _number(turn, self.sp), accrued, shines, bright, room)

    def _allowed(self, day: Day) -> Sequence[int]:
        """Half hours that lie within the photoperiod; one over midnight is the morning's and the evening's."""
        start, end = (day.moment(when) for when in self.window)
        spans = ((start, end),) if start < end else ((day.midnight_s, end), (start, day.next_midnight_s))
        begins = [day.midnight_s + index * SLOT_S for index in range(SLOTS)]
        return [
            index
            for index, begin in enumerate(begins)
            if any(first <= begin and begin + SLOT_S <= last for first, last in spans)
        ]

    def _prices(self, day: Day) -> Sequence[float]:
        if not self.tariff:
            return (1.0,) * SLOTS
        changes = sorted((day.moment(when), price) for when, price in self.tariff)
        prices = []
        for index in range(SLOTS):
            begin = day.midnight_s + index * SLOT_S
            # before the first change of the day the last one of yesterday holds
            prices.append(next((price for at, price in reversed(changes) if at <= begin), changes[-1][1]))
        return prices


def _reason(state: Lit, sky: Sky, value: float) -> str:
    """Why they burn, or do not."""
    if sky.wanted is None:
        return "lamps_unknown"
    if sky.bright and state.share > 0.0:
        return "lamps_bright"
    if value < 100.0 * state.share and sky.room < 1.0:
        return "lamps_peak"
    return "lamps_later" if state.share <= 0.0 < round(state.missing, 1) else "lamps"


def _number(turn: Turn, tag: str) -> float | None:
    value = turn.values.get(tag)
    return float(value) if isinstance(value, int | float) else None
