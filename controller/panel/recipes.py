"""Recipes as they go over the wire: what there is, what runs where, and what a person wants of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal
from zlib import crc32

from pydantic import BaseModel, ConfigDict, Field

from controller.core.recipe_run import Recipes, RecipeWish
from controller.core.recipe_state import Running
from controller.core.recipes import DAY_S, DAYS, WHOLE, RecipePlan, StageSetting, edited
from controller.core.words import RecipeEdit, RecipeStage, RecipeStart, RecipeStop
from controller.panel.layout import NameShape
from controller.planned import Plan
from edge_config.model.values import DayTime, Name


@dataclass(frozen=True, slots=True)
class PeriodShape:
    begins: str
    """`06:00`, `sunrise - 90 min`."""
    value: float


@dataclass(frozen=True, slots=True)
class StageSettingShape:
    """`value`, or `periods`."""

    value: float | None
    periods: tuple[PeriodShape, ...]


@dataclass(frozen=True, slots=True)
class StageShape:
    id: str
    name: NameShape
    days: float
    hand_over_s: float
    setpoints: dict[str, StageSettingShape]
    """In the setpoint's unit, as edited."""


@dataclass(frozen=True, slots=True)
class EditShape:
    stage: str
    setpoint: str
    """Empty for the stage's days."""
    period: int | None
    value: float
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class RunningShape:
    """A recipe in a zone. Times are milliseconds since the Unix epoch."""

    recipe: str
    name: NameShape
    stage: str
    day: float
    """Of the stage, from 1."""
    started: float
    begun: float
    ends: float
    over: bool
    by: str
    stages: tuple[StageShape, ...]
    edits: tuple[EditShape, ...]


@dataclass(frozen=True, slots=True)
class PlannedShape:
    """A change of a recipe at a later moment. Times are milliseconds since the Unix epoch."""

    id: str
    zone: str
    at: float
    action: str
    recipe: str
    stage: str
    setpoint: str
    period: int | None
    value: float
    by: str
    why: str
    said: float
    outcome: str
    """Empty: it waits. `done`, `cancelled`, or why it was refused: a message key without `refused.`."""


@dataclass(frozen=True, slots=True)
class RecipesShape:
    now: float
    known: dict[str, tuple[str, ...]]
    """By recipe, the zones that it can be started in."""
    running: dict[str, RunningShape]
    """By zone."""
    names: dict[str, NameShape] = field(default_factory=dict)
    """Of the recipes."""
    stages: dict[str, tuple[StageShape, ...]] = field(default_factory=dict)
    """By zone and recipe (`gh1.bay1/tomato`): what those that do not run would bring."""
    versions: dict[str, str] = field(default_factory=dict)
    """By zone, for `If-Match`: of what runs there, edits among it."""
    planned: tuple[PlannedShape, ...] = ()
    """Changes to come, and those that came lately."""


class RecipeBody(BaseModel):
    """What a person wants of the recipe in a zone. Sent again with the same id it is done once."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    change_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
    action: Literal["start", "stage", "edit", "stop"]
    recipe: Annotated[str, Field(max_length=40)] = ""
    """start: which."""
    on: Annotated[str, Field(max_length=40)] = ""
    """start: the day that it began (ISO 8601), left out: now."""
    stage: Annotated[str, Field(max_length=40)] = ""
    """stage, edit: its id."""
    setpoint: Annotated[str, Field(max_length=100)] = ""
    """edit: the full name; empty for the stage's days."""
    period: Annotated[int, Field(ge=0, le=100)] | None = None
    """edit: its number from 0, of a setpoint with periods."""
    value: float = 0.0
    """edit: in the setpoint's unit, or days."""
    at: Annotated[str, Field(max_length=40)] = ""
    """When it is to be done (ISO 8601); left out: now."""
    why: Annotated[str, Field(max_length=200)] = ""
    """For the record."""


def recipes_shape(
    recipes: Recipes, running: Mapping[str, Running], now_s: float, plans: Iterable[Plan] = ()
) -> RecipesShape:
    """All recipes, how those that run stand, and what is planned."""
    known: dict[str, tuple[str, ...]] = {}
    for zone, plans_of in recipes.plans.items():
        for name in plans_of:
            known[name] = (*known.get(name, ()), zone)
    shapes = {zone: _running(recipes.plans[zone][one.recipe], one, now_s) for zone, one in running.items()}
    stages = {
        f"{zone}/{name}": _stages(plan, Running(name, 0, now_s, now_s, ""))
        for zone, plans_of in recipes.plans.items()
        for name, plan in plans_of.items()
    }
    versions = {zone: _version(running.get(zone)) for zone, plans_of in recipes.plans.items() if plans_of}
    planned = tuple(planned_shape(plan) for plan in plans)
    names = {name: _name(plan.name) for plans_of in recipes.plans.values() for name, plan in plans_of.items()}
    return RecipesShape(round(now_s * 1000.0), known, shapes, names, stages, versions, planned)


def _version(running: Running | None) -> str:
    """Another one whenever anything of it is."""
    return "none" if running is None else f"{crc32(repr(running).encode()):08x}"


def planned_shape(plan: Plan) -> PlannedShape:
    body = RecipeBody.model_validate(plan.body)
    return PlannedShape(
        plan.id, plan.zone, plan.at_ms, body.action, body.recipe, body.stage, body.setpoint, body.period, body.value,
        plan.by, plan.why, plan.said_ms, plan.outcome,
    )  # fmt: skip


def wish_of(
    recipes: Recipes, running: Mapping[str, Running], zone: str, body: RecipeBody, begun_s: float, by: str, now_s: float
) -> RecipeWish:
    """What the core is told. A stage that does not exist becomes one that the core refuses."""
    one = recipes.plan_of(zone, running)
    ids = [stage.id for stage in one.stages] if one is not None else []
    stage = ids.index(body.stage) if body.stage in ids else len(ids)
    match body.action:
        case "start":
            return RecipeStart(body.change_id, zone, body.recipe, begun_s, by, now_s)
        case "stage":
            return RecipeStage(body.change_id, zone, stage, by, now_s)
        case "edit":
            period = WHOLE if body.period is None else body.period
            return RecipeEdit(body.change_id, zone, stage, body.setpoint or DAYS, period, body.value, by, now_s)
        case "stop":
            return RecipeStop(body.change_id, zone, by, now_s)


def _running(plan: RecipePlan, one: Running, now_s: float) -> RunningShape:
    started, begun, ends = (round(time_s * 1000.0) for time_s in (one.started_s, one.begun_s, plan.ends_s(one)))
    day = max(now_s - one.begun_s, 0.0) // DAY_S + 1
    return RunningShape(
        plan.id, _name(plan.name), plan.stages[one.stage].id, day, started, begun, ends, one.over, one.by,
        _stages(plan, one),
        tuple(
            EditShape(plan.stages[edit.stage].id, edit.setpoint, None if edit.period == WHOLE else edit.period,
                      edit.value, edit.by, round(edit.at_s * 1000.0))
            for edit in one.edits
        ),
    )  # fmt: skip


def _stages(plan: RecipePlan, one: Running) -> tuple[StageShape, ...]:
    return tuple(
        StageShape(
            stage.id, _name(stage.name), plan.days(one, index), stage.hand_over_s,
            {name: _setting(setting, one, index, name) for name, setting in stage.settings.items()},
        )
        for index, stage in enumerate(plan.stages)
    )  # fmt: skip


def _setting(setting: StageSetting, one: Running, stage: int, name: str) -> StageSettingShape:
    for edit in one.edits:
        if (edit.stage, edit.setpoint) == (stage, name):
            setting = edited(setting, edit)
    periods = tuple(PeriodShape(moment_words(when), value) for when, value in setting.periods)
    return StageSettingShape(None if periods else setting.value, periods)


def _name(name: Name) -> NameShape:
    return NameShape(name.zh, name.en)


def moment_words(when: DayTime) -> str:
    """As a site file writes it: `06:00`, `sunrise - 90 min`."""
    minutes = when.offset_s / 60.0
    if when.anchor == "clock":
        return f"{int(minutes // 60):02d}:{int(minutes % 60):02d}"
    return when.anchor if minutes == 0.0 else f"{when.anchor} {'-' if minutes < 0 else '+'} {abs(minutes):g} min"
