"""Recipes at work: which stage a zone is in, what that makes of its setpoints, how one stage hands over to the next.

Whatever changes (a stage begins, a person edits the present one), setpoints go from where they are to where they shall
be over the stage's hand-over: nothing jumps.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from controller.core.programs import HandOver, SetpointProgram
from controller.core.recipe_state import Edit, Left, Past, Running
from controller.core.state import Chosen
from edge_config.model.values import DayTime, Name
from rules.expression import Values

DAY_S = 86400.0
DAYS = ""
"""What an edit names that changes how long a stage lasts."""
WHOLE = -1
"""The period of an edit that changes a setpoint's one value."""


@dataclass(frozen=True, slots=True)
class StageSetting:
    """One setpoint in one stage, in the program's unit."""

    value: float | None
    periods: tuple[tuple[DayTime, float], ...]


@dataclass(frozen=True, slots=True)
class StagePlan:
    """A stage in one zone."""

    id: str
    name: Name
    days: float
    hand_over_s: float
    settings: Mapping[str, StageSetting]
    """By the setpoint's full name."""


@dataclass(frozen=True, slots=True)
class RecipePlan:
    """A recipe in one zone, built."""

    id: str
    name: Name
    zone: str
    stages: tuple[StagePlan, ...]

    @property
    def setpoints(self) -> frozenset[str]:
        return frozenset(name for stage in self.stages for name in stage.settings)

    def days(self, running: Running, stage: int) -> float:
        """How long a stage lasts, as it was edited last."""
        edits = [one.value for one in running.edits if (one.stage, one.setpoint) == (stage, DAYS)]
        return edits[-1] if edits else self.stages[stage].days

    def setting(self, running: Running, setpoint: str) -> StageSetting | None:
        """What the present stage makes of a setpoint; None if it leaves it to the program."""
        setting = self.stages[running.stage].settings.get(setpoint)
        for one in running.edits:
            if setting is not None and (one.stage, one.setpoint) == (running.stage, setpoint):
                setting = edited(setting, one)
        return setting

    def stands(self, running: Running, stage: int, setpoint: str, period: int) -> float | None:
        """What an edit that fits changes, as it is now; None of a setpoint with periods that is to have one value."""
        if setpoint == DAYS:
            return self.days(running, stage)
        setting = self.setting(running._replace(stage=stage), setpoint)
        if setting is None:
            return None
        return setting.value if period == WHOLE else setting.periods[period][1]

    def ends_s(self, running: Running) -> float:
        """When the present stage's days are over; not before a person made them so few."""
        edited_s = [one.at_s for one in running.edits if (one.stage, one.setpoint) == (running.stage, DAYS)]
        return max([running.begun_s + self.days(running, running.stage) * DAY_S, *edited_s[-1:]])

    def program(self, running: Running, program: SetpointProgram) -> SetpointProgram:
        """A program as the recipe has it now."""
        setting = self.setting(running, program.name)
        if setting is not None:
            program = replace(program, value=setting.value, periods=setting.periods, own_ramps=())
        left = next((one for one in running.left if one.setpoint == program.name), None)
        hand_over_s = self.stages[running.stage].hand_over_s
        if left is None or hand_over_s <= 0.0:
            return program
        periods = tuple((DayTime(anchor=one.anchor, offset_s=one.offset_s), one.value) for one in left.periods)
        return replace(program, hand_over=HandOver(left.value, left.since_s, hand_over_s, periods))


def edited(setting: StageSetting, edit: Edit) -> StageSetting:
    """The setting with what a person changed."""
    if edit.period == WHOLE:
        return StageSetting(edit.value, ())
    periods = [
        (when, edit.value if index == edit.period else value) for index, (when, value) in enumerate(setting.periods)
    ]
    return StageSetting(setting.value, tuple(periods))


def leaving(program: SetpointProgram, chosen: Chosen | None, values: Values, now_s: float) -> Left:
    """A setpoint that is to be another one from now on: where it is, and how it would have gone on."""
    periods = tuple(Past(when.anchor, when.offset_s, value) for when, value in program.on_its_way(now_s))
    return Left(program.name, program.target(chosen, values, now_s), now_s, periods)


def fits(plan: RecipePlan, running: Running, edit: Edit) -> bool:
    """Whether there is what an edit changes, after the edits before it."""
    if not 0 <= edit.stage < len(plan.stages):
        return False
    if edit.setpoint == DAYS:
        return edit.value > 0.0
    setting = plan.setting(running._replace(stage=edit.stage), edit.setpoint)
    if setting is None:
        return False
    return edit.period < len(setting.periods) if edit.period >= 0 else edit.period == WHOLE


def advanced(plan: RecipePlan, running: Running, now_s: float) -> tuple[Running, list[int]]:
    """The stage that it is now by its days, and the stages that began meanwhile; at most one is told to be over."""
    begun: list[int] = []
    while running.stage + 1 < len(plan.stages) and now_s >= (ends_s := plan.ends_s(running)):
        running = running._replace(stage=running.stage + 1, begun_s=ends_s)
        begun.append(running.stage)
    over = running.stage + 1 == len(plan.stages) and now_s >= plan.ends_s(running)
    return running._replace(over=over), begun
