"""The schedule as it goes over the wire: setpoints of a zone in the next 24 hours, as they will run and as a change
that somebody thinks of would make them."""

from dataclasses import dataclass

from controller.core.calendar import Calendar
from controller.core.scan import Core
from controller.core.state import State
from controller.core.words import Because, Snapshot
from controller.panel.day_curves import Points, day_curves
from controller.panel.recipes import PeriodShape, RecipeBody, moment_words, wish_of

AHEAD_S, BEHIND_S = 86400.0, 3 * 3600.0
SAME = 1e-6


@dataclass(frozen=True, slots=True)
class LineShape:
    """Times in milliseconds since the Unix epoch, and values."""

    t: list[float]
    v: list[float | None]


@dataclass(frozen=True, slots=True)
class SetpointDayShape:
    """One setpoint. `ahead` holds for whatever weather and rules do not move."""

    unit: str
    ahead: LineShape
    proposed: LineShape | None
    """With the change that was asked about; null where that changes nothing."""
    periods: tuple[PeriodShape, ...]
    by: str
    """Whom it follows now: `program`, `recipe`, or the person who set it."""
    moved: bool
    """Whether weather, rules or a mean over days move it as well."""
    light: bool
    """A light sum as it is planned: how bright the lamps are to be."""


@dataclass(frozen=True, slots=True)
class ScheduleShape:
    """Times are milliseconds since the Unix epoch."""

    now: float
    begins: float
    ends: float
    sunrises: tuple[float, ...]
    sunsets: tuple[float, ...]
    setpoints: dict[str, SetpointDayShape]
    behind: dict[str, LineShape]
    """What they were in the last three hours."""


def proposed_state(core: Core, state: State, zone: str, body: RecipeBody, now_s: float) -> State | Because:
    """The farm as a change of its recipe would leave it, or why that would be refused. A scan is a pure function:
    nothing comes of this one."""
    wish = wish_of(core.recipes, state.recipes, zone, body, now_s, "", now_s)
    result = core.scan(state, Snapshot(people=(wish,)), now_s)
    for event in result.events:
        if event.kind == "refused" and event.values.get("id") == wish.id:
            return Because(str(event.values["why"]), dict(event.values))
    after: State = result.state
    return after


def schedule_shape(core: Core, state: State, proposed: State | None, zone: str, now_s: float) -> ScheduleShape:
    """Of one zone, without what is behind; `proposed` is the state as a change would leave it. Safe in a thread."""
    recipes, place = core.recipes, core.site.site
    names = [name for name in core.plan.programs if name.startswith(f"{zone}.")]
    moved = {*core.plan.integrations, *(add.setpoint for rule in core.plan.rules.rules for add in rule.adds)}
    end_s = now_s + AHEAD_S
    ahead = day_curves(recipes, state, zone, names, place, now_s, end_s)
    other = {} if proposed is None else day_curves(recipes, proposed, zone, names, place, now_s, end_s)
    setpoints: dict[str, SetpointDayShape] = {}
    for name in names:
        program, chosen = recipes.program(name, state.recipes), state.chosen.get(name)
        by = "program" if recipes.stage_of(name, state.recipes) is None else "recipe"
        if chosen is not None and program.settable and ahead[name][0][1] == chosen.value:
            by = chosen.by
        setpoints[name] = SetpointDayShape(
            core.tags[name].unit, _line(ahead[name]),
            _line(other[name]) if name in other and not _same(ahead[name], other[name]) else None,
            tuple(PeriodShape(moment_words(when), value) for when, value in program.periods),
            by, bool(program.influences) or name in moved, program.light is not None,
        )  # fmt: skip
    calendar = Calendar(place.timezone, place.latitude, place.longitude)
    days = [day for day in calendar.around(now_s) if day.sunrise_s != day.sunset_s]
    begin_s = now_s - BEHIND_S
    return ScheduleShape(
        _milliseconds(now_s), _milliseconds(begin_s), _milliseconds(end_s),
        tuple(_milliseconds(day.sunrise_s) for day in days if begin_s <= day.sunrise_s <= end_s),
        tuple(_milliseconds(day.sunset_s) for day in days if begin_s <= day.sunset_s <= end_s), setpoints, {},
    )  # fmt: skip


def _same(some: Points, others: Points) -> bool:
    return len(some) == len(others) and all(
        abs(one[1] - other[1]) < SAME for one, other in zip(some, others, strict=True)
    )


def _line(points: Points) -> LineShape:
    return LineShape([_milliseconds(time_s) for time_s, _ in points], [value for _, value in points])


def _milliseconds(time_s: float) -> float:
    return round(time_s * 1000.0)
