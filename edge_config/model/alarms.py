"""What people are told, and when: alarms, how urgent they are, and what explains them (control.md 3.7)."""

from typing import Any, Literal

from pydantic import Field, model_validator

from edge_config.model.control import Delays
from edge_config.model.values import AnyQuantity, Frozen, Identifier, Name, Seconds, Sourced, Suppressors, TagName

Priority = Literal["critical", "high", "medium", "low"]
Severity = Literal["life", "loss", "damage", "minor"]
"""Animals or people may die; the crop may be lost; growth or machines suffer; neither."""

_WITHIN_S = (300.0, 1800.0, 14400.0)
"""To act within 5 min, 30 min, 4 h, or a day (control.md 3.7)."""
_MATRIX: dict[Severity, tuple[Priority, Priority, Priority, Priority]] = {
    "life": ("critical", "critical", "high", "medium"),
    "loss": ("critical", "high", "medium", "low"),
    "damage": ("high", "medium", "medium", "low"),
    "minor": ("medium", "low", "low", "low"),
}


def priority_of(severity: Severity, respond_within_s: float) -> Priority:
    """What is grave and soon is critical; nothing that can wait a day is more than medium."""
    return _MATRIX[severity][sum(respond_within_s > within_s for within_s in _WITHIN_S)]


class Deviation(Frozen):
    """A value that is away from its setpoint by more than so much, in place of `when`."""

    of: TagName
    sp: TagName
    more_than: AnyQuantity
    quiet: Seconds = 1800.0
    """So long after the setpoint was moved nothing is said: the value is on its way."""

    @property
    def condition(self) -> str:
        return f"abs({self.of} - {self.sp}) > '{self.more_than}'"


class Damage(Frozen):
    """Until when somebody has to have done something: `{of: ras1.tank1.do, at: 3 mg/L, rate: ras1.tank1.uptake}`."""

    of: TagName
    at: AnyQuantity
    """Where the damage begins."""
    rate: TagName | None = None
    """How fast it is used up; left out, it is measured how fast the value goes there."""


class Alarm(Sourced):
    """An alarm, with what an operator needs at three at night."""

    when: str
    """Left out where there is a `deviation`."""
    priority: Priority
    """Left out where `severity` and `respond_within` say it."""
    severity: Severity | None = None
    respond_within: Seconds | None = None
    delay: Delays | None = None
    """Left out, by what is measured: see `alarm_defaults.py`."""
    deadband: AnyQuantity | None = None
    """The same."""
    on_bad_quality: Literal["raise", "hold", "ignore"] = "raise"
    latch: bool = False
    """It stands, its cause gone, until a person resets it."""
    group: Identifier | Literal[""] = ""
    """Of those of a group the first one is marked: it is the cause of the others."""
    suppressed_by: Suppressors = ()
    """While one of these stands this one follows from it, and nobody is told of it."""
    deviation: Deviation | None = None
    damage: Damage | None = None
    cause: Name
    consequence: Name
    response: Name = Field(description="What to do. What asks nobody to do something is no alarm.")

    @model_validator(mode="before")
    @classmethod
    def _filled_in(cls, raw: Any) -> Any:
        """`priority` of severity and time, `when` of a deviation: as if they were written."""
        if not isinstance(raw, dict):
            return raw
        found = dict(raw)
        if "priority" not in raw and {"severity", "respond_within"} <= raw.keys():
            try:
                found["priority"] = _Urgency.model_validate(
                    {"severity": raw["severity"], "respond_within": raw["respond_within"]}
                ).priority
            except ValueError:
                found["priority"] = "low"  # the keys themselves are told of
        if "when" not in raw and "deviation" in raw:
            try:
                found["when"] = Deviation.model_validate(raw["deviation"]).condition
            except ValueError:
                found["when"] = "true"
        return found


class _Urgency(Frozen):
    severity: Severity
    respond_within: Seconds

    @property
    def priority(self) -> Priority:
        return priority_of(self.severity, self.respond_within)
