"""Feeding: the day's ration by a table of mass and warmth, given in meals or on a belt until the counter has it.

control.md 1.4 and 6.2: fish are fed a share of what they weigh, nothing in water that is too cold or too warm, and less
where a rule says so (oxygen, ammonia). What could not be given in time is told, and not made up for.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from controller.core.calendar import Calendar
from controller.core.state import Block
from controller.core.turn import Turn
from controller.core.words import AlarmNow, Because, Demand, Event, Slot
from edge_config.model.values import DayTime

LEASE_S = 5.0
GIVE_UP, SPARE_S = 2.0, 60.0
"""A feeder that ran for so many times what the meal should take, and a minute, and has not given it, is empty."""
ENOUGH = 0.98
"""Of a meal that the counter says is given to so much nothing more is given: it was the last grains."""
HELD_BACK = 0.9
"""Less than this share of a meal is told."""
TOGETHER_S = 0.01
"""Meals of the hour that a clock put forward leaves out begin within this: one is given after the other."""


class Row(NamedTuple):
    """What fish of one mass eat: (degC, share of the biomass a day), the coldest first."""

    mass_kg: float
    shares: tuple[tuple[float, float], ...]


def between(points: Sequence[tuple[float, float]], x: float) -> float:
    """Straight between points with rising x, flat beyond."""
    if x <= points[0][0]:
        return points[0][1]
    for (x1, y1), (x2, y2) in pairwise(points):
        if x <= x2:
            return y1 + (y2 - y1) * (x - x1) / (x2 - x1)
    return points[-1][1]


def ration(table: Sequence[Row], mass_kg: float, water_c: float) -> float:
    """Share of the biomass to be fed a day; the table's rows have rising masses."""
    return between([(row.mass_kg, between(row.shares, water_c)) for row in table], mass_kg)


class Meal(NamedTuple):
    """What a feeding remembers: the present meal, or the last one."""

    meal_s: float = -1.0
    """When it began; -1: none yet."""
    wanted_kg: float = 0.0
    given_kg: float = 0.0
    ran_s: float = 0.0
    """How long the feeder ran for it."""
    open: bool = False
    counted: float = -1.0
    """The counter as last heard, and when; -1: never."""
    heard_s: float = -1.0
    ahead_kg: float = 0.0
    """Given since the counter was heard, by the time that the feeder ran."""
    at_s: float = 0.0
    short_s: float = -1.0
    """Since when meals are not given whole; -1: the last one was."""
    guessed_s: float = -1.0
    """Since when the ration is not known."""
    by_hand_kg: float = -1.0
    """All that was given by hand, as last heard; -1: never heard."""
    spare_kg: float = 0.0
    """Of today's, what the meals to come need not give."""
    spare_day_s: float = -1.0
    """Midnight of the day that `spare_kg` is of."""


@dataclass(frozen=True, slots=True)
class FeedingLoop:
    """One feeder and its fish."""

    name: str
    output: str
    biomass: str
    mass: str | None
    temperature: str
    table: tuple[Row, ...]
    coldest_c: float
    warmest_c: float
    meals: tuple[DayTime, ...]
    belt: tuple[DayTime, DayTime, float] | None
    """From, to, and every how many seconds."""
    rate_kg_s: float
    fed: str | None
    share: str | None
    within_s: float
    unknown_kg_d: float
    calendar: Calendar
    by_hand: str | None = None
    fresh: Block = Meal()
    _last: list[tuple[float, float, tuple[tuple[float, float], ...]]] = field(
        default_factory=lambda: [(0.0, 0.0, ())], init=False, compare=False, repr=False
    )

    def run(self, turn: Turn) -> None:
        block: Meal = turn.blocks[self.name]  # type: ignore[assignment]  # blocks hold what `fresh` is
        now_s = turn.now_s
        block = self._handed(turn, self._counted(turn, block))
        begun = next((meal for meal in self._begun(now_s) if meal[0] > block.meal_s), None)
        if begun is not None and self._is_its_turn(block, begun[0], now_s):
            if block.open:
                block = self._ended(turn, block)
            day_kg = self._day_kg(turn)
            guessed_s = (block.guessed_s if block.guessed_s >= 0 else now_s) if day_kg is None else -1.0
            wanted_kg = (self._unknown_kg(turn) if day_kg is None else day_kg) * begun[1]
            spare_kg = max(block.spare_kg - wanted_kg, 0.0)
            wanted_kg -= block.spare_kg - spare_kg
            block = block._replace(spare_kg=spare_kg)
            if self._is_silent(turn):
                block = block._replace(counted=-1.0, ahead_kg=0.0)  # it will tell of more than this meal
            block = block._replace(
                meal_s=begun[0], wanted_kg=wanted_kg, given_kg=0.0, ran_s=0.0, open=wanted_kg > 0.0, guessed_s=guessed_s
            )
        if block.open:
            block = self._given(turn, block)
        turn.blocks[self.name] = block

    def give_up(self, turn: Turn) -> None:
        turn.withdraw(self.output, Slot.LOOP, self.name)

    def _is_its_turn(self, block: Meal, meal_s: float, now_s: float) -> bool:
        """A meal is begun in its time; one that comes with another after that, and too late only to be told short."""
        if meal_s - block.meal_s < TOGETHER_S:
            return not block.open
        return now_s - meal_s < self.within_s

    def _begun(self, now_s: float) -> tuple[tuple[float, float], ...]:
        """The meal that has begun last, or those that did together, each with its part of the day's ration. Looked up
        once between two meals."""
        seen_s, until_s, found = self._last[0]
        if not seen_s <= now_s < until_s:
            meals = sorted(self._meals(now_s))
            begun = [meal for meal in meals if meal[0] <= now_s]
            found = tuple(meal for meal in begun if begun[-1][0] - meal[0] < TOGETHER_S)
            until_s = min((meal[0] for meal in meals if meal[0] > now_s), default=now_s)
            self._last[0] = (now_s, min(until_s, self.calendar.day(now_s).next_midnight_s), found)
        return found

    def _meals(self, now_s: float) -> Iterator[tuple[float, float]]:
        """Those of the days around, each with its part of its day's ration."""
        for day in self.calendar.around(now_s):
            if self.belt is None:
                yield from ((day.moment(when), 1.0 / len(self.meals)) for when in self.meals)
                continue
            first, last, every_s = self.belt
            start_s, end_s = day.moment(first), day.moment(last)
            if end_s <= start_s:  # over midnight
                end_s = self.calendar.day(day.next_midnight_s).moment(last)
            count = max(int((end_s - start_s) // every_s), 1)  # fish are fed on the shortest belt
            yield from ((start_s + index * every_s, 1.0 / count) for index in range(count))

    def _day_kg(self, turn: Turn) -> float | None:
        """The day's ration as it looks now, kg; None if it is not known."""
        biomass_kg, water_c = _number(turn, self.biomass), _number(turn, self.temperature)
        mass_kg = _number(turn, self.mass) if self.mass is not None else 0.0
        if biomass_kg is None or water_c is None or mass_kg is None:
            return None
        if not self._eat_in(water_c):
            return 0.0
        return max(biomass_kg, 0.0) * ration(self.table, mass_kg, water_c) * self._part(turn)

    def _unknown_kg(self, turn: Turn) -> float:
        """While the ration is not known; and nothing in water of which it is known that fish do not eat in it."""
        water_c = _number(turn, self.temperature)
        if water_c is not None and not self._eat_in(water_c):
            return 0.0
        return self.unknown_kg_d * self._part(turn)

    def _eat_in(self, water_c: float) -> bool:
        return self.coldest_c <= water_c <= self.warmest_c

    def _part(self, turn: Turn) -> float:
        """What rules and people leave of the ration; all of it while that is not known."""
        share = _number(turn, self.share) if self.share is not None else None
        return 1.0 if share is None else share / 100.0

    def _counted(self, turn: Turn, block: Meal) -> Meal:
        """What was given since the last scan, by the counter, and by time until that is heard."""
        elapsed_s = min(max(turn.now_s - block.at_s, 0.0), 60.0) if block.at_s > 0 else 0.0
        runs = turn.applied.get(self.output, 0.0) > 0.0
        ran_s = elapsed_s if runs else 0.0
        block = block._replace(at_s=turn.now_s, ran_s=block.ran_s + ran_s)
        reading = turn.readings[self.fed] if self.fed is not None else None
        ahead_kg = block.ahead_kg + ran_s * self.rate_kg_s
        if reading is None:
            return block._replace(given_kg=block.given_kg + ahead_kg, ahead_kg=0.0)
        number = reading.number
        if number is None or (reading.time_s == block.heard_s and block.counted >= 0.0):
            # not heard (again) yet: what ran is what was given, until the counter tells
            return block._replace(ahead_kg=ahead_kg)
        # a counter that falls has been reset; the first word of it tells nothing of this meal
        counted_kg = ahead_kg if block.counted < 0.0 else number - block.counted
        counted_kg = number if counted_kg < 0.0 else counted_kg
        return block._replace(
            given_kg=block.given_kg + counted_kg, ahead_kg=0.0, counted=number, heard_s=reading.time_s
        )  # fmt: skip

    def _handed(self, turn: Turn, block: Meal) -> Meal:
        """What people gave by hand today is no longer to be fed; what they put right is."""
        if self.by_hand is None:
            return block
        reading, midnight_s = turn.readings[self.by_hand], self.calendar.day(turn.now_s).midnight_s
        if block.spare_day_s != midnight_s:
            block = block._replace(spare_kg=0.0, spare_day_s=midnight_s)
        total_kg = reading.number
        if total_kg is None:
            return block
        more_kg = total_kg - block.by_hand_kg if block.by_hand_kg >= 0.0 and reading.time_s >= midnight_s else 0.0
        return block._replace(by_hand_kg=total_kg, spare_kg=max(block.spare_kg + more_kg, 0.0))

    def _is_silent(self, turn: Turn) -> bool:
        return self.fed is None or turn.readings[self.fed].number is None

    def _given(self, turn: Turn, block: Meal) -> Meal:
        """Runs the feeder until the meal is given, or there is no more time for it."""
        now_s, given_kg = turn.now_s, block.given_kg + block.ahead_kg
        is_late = not 0.0 <= now_s - block.meal_s < self.within_s
        is_empty = block.ran_s > GIVE_UP * block.wanted_kg / self.rate_kg_s + SPARE_S
        has_stood = turn.applied.get(self.output, 0.0) <= 0.0 and block.ahead_kg == 0.0
        is_whole = block.given_kg >= block.wanted_kg * (ENOUGH if has_stood else 1.0)
        if is_late or is_empty or is_whole or (given_kg >= block.wanted_kg and self._is_silent(turn)):
            turn.withdraw(self.output, Slot.LOOP, self.name)
            return self._ended(turn, block)
        if given_kg >= block.wanted_kg:
            turn.withdraw(self.output, Slot.LOOP, self.name)  # until the counter says whether it was enough
            return block
        told = {"loop": self.name, "kg": round(block.wanted_kg, 2), "given": round(given_kg, 2)}
        turn.demand(
            Demand(self.output, 100.0, Slot.LOOP, self.name, Because("feeding", told), now_s + LEASE_S)
        )  # fmt: skip
        return block

    def _ended(self, turn: Turn, block: Meal) -> Meal:
        """The meal is over; what is missing of it is told."""
        given_kg = block.given_kg + block.ahead_kg
        told: dict[str, object] = {"wanted": round(block.wanted_kg, 2), "given": round(given_kg, 2)}
        is_short = given_kg < HELD_BACK * block.wanted_kg
        turn.events.append(Event(turn.now_s, "meal_short" if is_short else "meal_given", self.name, told))
        since_s = block.short_s if block.short_s >= 0 else turn.now_s
        return block._replace(open=False, short_s=since_s if is_short else -1.0)


def _number(turn: Turn, tag: str) -> float | None:
    value = turn.values.get(tag)
    return float(value) if isinstance(value, int | float) else None


def underfed(turn: Turn, loops: Iterable[FeedingLoop]) -> list[AlarmNow]:
    """One alarm for each feeding whose last meal was not given whole, and one for each that feeds by a guess."""
    found: list[AlarmNow] = []
    for loop in loops:
        meal: Meal = turn.blocks[loop.name]  # type: ignore[assignment]  # blocks hold what `fresh` is
        if meal.short_s >= 0:
            found.append(AlarmNow(f"meal:{loop.name}", "medium", True, meal.short_s, {"output": loop.output}))
        if meal.guessed_s >= 0:
            values: dict[str, object] = {"output": loop.output, "kg": loop.unknown_kg_d}
            found.append(AlarmNow(f"ration:{loop.name}", "medium", True, meal.guessed_s, values))
    return found
