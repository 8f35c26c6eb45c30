"""What is remembered of recipes at work."""

from typing import Literal, NamedTuple


class Edit(NamedTuple):
    """A person changed a running recipe. The last one of a kind counts."""

    stage: int
    setpoint: str
    """The full name; empty for the stage's length."""
    period: int
    """Its number from 0; -1 for a setpoint's one value."""
    value: float
    """In the setpoint's unit, or days."""
    by: str
    at_s: float


class Past(NamedTuple):
    """A period of what a setpoint is leaving."""

    anchor: Literal["clock", "sunrise", "sunset"]
    offset_s: float
    value: float


class Left(NamedTuple):
    """A setpoint on its way: from where, and since when."""

    setpoint: str
    value: float
    since_s: float
    periods: tuple[Past, ...] = ()
    """Its days and nights from the next of them on; none: it is left from that value."""


class Running(NamedTuple):
    """A recipe in a zone."""

    recipe: str
    stage: int
    begun_s: float
    """When the stage began."""
    started_s: float
    """When the recipe began."""
    by: str
    left: tuple[Left, ...] = ()
    edits: tuple[Edit, ...] = ()
    over: bool = False
    """The last stage's days are over; it stays."""
