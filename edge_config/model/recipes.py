"""Recipes: what a crop or a stock is given from its start to its end, stage after stage, whatever zone it stands in."""

from pydantic import Field

from edge_config.model.control import Period
from edge_config.model.values import AnyQuantity, Frozen, Identifier, Name, ScopedName, Seconds, Sourced

DAY_S = 86400.0


class StageSetpoint(Frozen):
    """What a setpoint is while a stage lasts: `value` or `periods`, in place of the program's own."""

    value: AnyQuantity | None = None
    periods: tuple[Period, ...] | None = None


class Stage(Frozen):
    """So many days with these setpoints. A setpoint that it does not name is the program's own."""

    id: Identifier
    name: Name
    days: float = Field(gt=0, le=1000)
    hand_over: Seconds = DAY_S
    """How long setpoints take from where they were to this stage's."""
    setpoints: dict[ScopedName, StageSetpoint] = Field(min_length=1)
    """By `zone.NAME`."""


class Recipe(Sourced):
    """Stages, one after the other; the last one stays until somebody decides otherwise."""

    name: Name
    stages: tuple[Stage, ...] = Field(min_length=1)
