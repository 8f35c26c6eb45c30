"""An irrigation in the scan: what it looks at, the valves that it opens, and the alarms that it raises."""

from collections.abc import Iterable
from dataclasses import dataclass

from controller.core.calendar import Calendar, Day
from controller.core.state import Block
from controller.core.strategies.irrigation import IrrigationSettings, Look, Round, Water, irrigate
from controller.core.turn import Turn
from controller.core.words import AlarmNow, Because, Demand, Event, Slot
from edge_config.model.values import DayTime

REST_PERIOD_S = 5.0
"""Between rounds it looks so often."""
SCANS = 3.0
"""Its demands live for so many scans: watering that stops being asked for stops."""


@dataclass(frozen=True, slots=True)
class IrrigationLoop:
    """Valves of one dosing unit."""

    name: str
    outputs: tuple[str, ...]
    pump: str | None
    plain: str | None
    radiation: str
    deficit: str | None
    flow: str | None
    quality: tuple[tuple[str, float, float], ...]
    """Each value of the drip water, and its limits."""
    drain_ec: str | None
    drain_share: str | None
    window: tuple[DayTime, DayTime]
    drain_window: tuple[DayTime, DayTime]
    settings: IrrigationSettings
    scan_s: float
    calendar: Calendar
    slab_ec: str | None = None

    @property
    def fresh(self) -> Block:
        return Round(faults=(False,) * len(self.outputs))

    def reset(self, block: Block) -> Block:
        """After somebody has looked: faults and the hold are over, what was learned stays."""
        state: Round = block  # type: ignore[assignment]  # blocks hold what `fresh` is
        return state._replace(faults=(False,) * len(self.outputs), held_s=-1.0, water_s=-1.0)

    def waits(self, block: Block) -> bool:
        """Whether only a reset (or good water) lets it go on."""
        state: Round = block  # type: ignore[assignment]  # blocks hold what `fresh` is
        return any(state.faults) or state.held_s >= 0

    def run(self, turn: Turn) -> None:
        before: Round = turn.blocks[self.name]  # type: ignore[assignment]  # blocks hold what `fresh` is
        now_s = turn.now_s
        if len(before.faults) != len(self.outputs):  # kept from when it had other valves
            before = Round(faults=(False,) * len(self.outputs), ended_s=before.ended_s, gives=before.gives)
        if before.phase == "rest" and 0.0 <= now_s - before.at_s < REST_PERIOD_S:
            return
        state = irrigate(self.settings, before, self._look(turn, before))
        turn.blocks[self.name] = state
        if before.phase == "open" and (state.phase != "open" or state.valve != before.valve):
            self._shut(turn, before)
            told: dict[str, object] = {"valve": self.outputs[before.valve], "litres": round(before.given_l, 1)}
            turn.events.append(Event(now_s, "watered", self.name, told))
        if state.phase == "open":
            key = "irrigation_plain" if state.plain else "irrigation"
            litres = round(self.settings.litres(state), 1)
            because = Because(key, {"loop": self.name, "litres": litres, "given": round(state.given_l, 1)})
            for output in self._opened(state):
                turn.demand(Demand(output, 100.0, Slot.LOOP, self.name, because, now_s + SCANS * self.scan_s))

    def _opened(self, state: Round) -> tuple[str, ...]:
        also = (self.pump, self.plain if state.plain else None)
        return (self.outputs[state.valve], *(output for output in also if output is not None))

    def _shut(self, turn: Turn, state: Round) -> None:
        for output in self._opened(state):
            turn.withdraw(output, Slot.LOOP, self.name)

    def give_up(self, turn: Turn) -> None:
        for output in (*self.outputs, self.pump, self.plain):
            if output is not None:
                turn.withdraw(output, Slot.LOOP, self.name)

    def _look(self, turn: Turn, state: Round) -> Look:
        now_s, values = turn.now_s, turn.values
        day = self.calendar.day(now_s)
        begins_s, ends_s = (day.moment(when) for when in self.window)
        drain_at_s = turn.readings[self.drain_ec].time_s if self.drain_ec is not None else 0.0
        drain_day = self._drain_day(drain_at_s, now_s)
        late = self.drain_share is not None and not self._is_of_day(turn, self.drain_share, drain_day)
        flow = _number(turn, self.flow)
        return Look(
            now_s, day.midnight_s, begins_s, ends_s, _number(turn, self.radiation), _number(turn, self.deficit),
            None if flow is None else flow / 3.6, self._water(turn),
            all(values.get(output) is not None and turn.applied.get(output, 0.0) >= 50.0
                for output in self._opened(state)[:2]),
            _number(turn, self.drain_ec), drain_at_s, None if late else _number(turn, self.drain_share),
            drain_day is not None, 0.0 if drain_day is None else drain_day.midnight_s, _number(turn, self.slab_ec),
            late,
        )  # fmt: skip

    def _is_of_day(self, turn: Turn, tag: str, day: Day | None) -> bool:
        return day is None or day.midnight_s <= turn.readings[tag].time_s < day.next_midnight_s

    def _drain_day(self, at_s: float, now_s: float) -> Day | None:
        """Today or yesterday, if drain of `at_s` speaks for it; people may tell of it later."""
        for day in self.calendar.around(now_s)[1:3]:
            first_s, last_s = (day.moment(when) for when in self.drain_window)
            if first_s <= at_s < last_s:
                return day
        return None

    def _water(self, turn: Turn) -> Water:
        found: Water = "good"
        for tag, low, high in self.quality:
            value = _number(turn, tag)
            if value is None:
                return "lost"
            if not low <= value <= high:
                found = "out"
        return found


def _number(turn: Turn, tag: str | None) -> float | None:
    """What a tag says; a doubted value is still one, a bad one is None."""
    value = turn.values.get(tag) if tag is not None else None
    return float(value) if isinstance(value, int | float) else None


def unwatered(turn: Turn, loops: Iterable[IrrigationLoop]) -> list[AlarmNow]:
    """One alarm for each irrigation that has a valve out of use, that holds its drip water, or whose slab is salty."""
    found: list[AlarmNow] = []
    for loop in loops:
        state: Round = turn.blocks[loop.name]  # type: ignore[assignment]  # blocks hold what `fresh` is
        valves = ", ".join(out for out, fault in zip(loop.outputs, state.faults, strict=False) if fault)
        if valves:
            values = {"reset": loop.name, "valves": valves}
            found.append(AlarmNow(f"water_flow:{loop.name}", "high", True, state.ended_s, values))
        if state.held_s >= 0:
            found.append(AlarmNow(f"water_quality:{loop.name}", "high", True, state.held_s, {"reset": loop.name}))
        if state.salty_s >= 0:
            found.append(AlarmNow(f"slab_salty:{loop.name}", "medium", True, state.salty_s, {}))
    return found
