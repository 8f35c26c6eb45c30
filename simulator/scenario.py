"""A scenario as data: a site, a start, the weather, what happens when, and what counts. Read by `scenario_file`."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from edge_config.model.values import (
    AnyQuantity,
    Frozen,
    Identifier,
    Name,
    Percent,
    Position,
    Seconds,
    TagName,
)


def _several(raw: Any) -> Any:
    return raw if isinstance(raw, list | tuple) else [raw]


def _spread(raw: Any) -> Any:
    return None if raw == "declared" else raw


class Event(Frozen):
    """One thing that happens `at` a time after the start, and ends `for` so long afterwards (never, if left out).

    It says exactly one of `force`, `ramp`, `unplug`, `fault`, `controller`, `power`, `set`, `hand`.
    """

    at: Seconds
    for_: Seconds | None = Field(default=None, alias="for")
    force: dict[str, float] | None = None
    """Input ports of the facility's plant, held at a value whatever the actuators do."""
    ramp: dict[str, tuple[float, float]] | None = None
    """The same along a straight line from one value to another; the second stays."""
    unplug: Identifier | None = None
    """A device, or every device of a bus: nothing answers, and orders do not arrive."""
    fault: str | None = None
    """What fails, in a `form` of `simulator/faults.py`: an instrument or output by its tag, a device by its name, or
    one of its channels (`ras_ph.ph`)."""
    form: str | None = None
    values: dict[str, float] = {}
    """The numbers of the form, in the tag's unit: `{per_day: 3.6}`."""
    controller: Literal["killed"] | None = None
    """The controller's process is gone; at the end it starts again with what it kept."""
    power: Literal["cut"] | None = None
    """Controller and devices have no power. What machines without power do, `force` says beside it."""
    set: TagName | None = None
    """A person chooses a setpoint; `to` is a quantity."""
    hand: TagName | None = None
    """A person takes an output by hand; `to` is a position."""
    to: Any = None


ACTIONS = ("force", "ramp", "unplug", "fault", "controller", "power", "set", "hand")
UNDISTURBED = "undisturbed"
"""Farmloop in the same scenario with nothing going wrong: a goal may compare with it."""
FAULTS = ("force", "ramp", "unplug", "fault", "controller", "power")
"""What counts as something gone wrong; the rest is what people do."""


class Sampled(Frozen):
    """What people measure and enter: as the plant truly is when control begins, and again `every` so long."""

    enter: TagName
    port: str
    """The output port of the plant that they measure."""
    every: Annotated[Seconds, Field(gt=0)] | None = None


class Watched(Frozen):
    """One value that is to be held: an output port of the plant, its setpoint and its band."""

    port: str
    setpoint: Annotated[tuple[TagName, ...], BeforeValidator(_several, json_schema_input_type=str | list[str])] = ()
    """One program of the site, or two with a dead zone between them (heating, venting)."""
    target: AnyQuantity | None = None
    """Instead of a program: one value for the whole of it."""
    band: tuple[AnyQuantity, AnyQuantity]
    """How far below and above the setpoint it may lie; without setpoint or target, from where to where."""
    weight: tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(ge=0)]] = (1.0, 1.0)
    """How much worse than its number it is to be too low, and too high."""


class Condition(Frozen):
    """An output port above a value."""

    port: str
    above: float


class Gate(Frozen):
    """A limit that ends it: outside for longer than `longer_than`, and nothing else counts any more."""

    id: Identifier
    port: str
    low: float = float("-inf")
    high: float = float("inf")
    longer_than: Seconds = 0.0
    while_: Condition | None = Field(default=None, alias="while")
    """Only then the limit holds."""


class Goal(Frozen):
    """What a metric should be; with `of`, in multiples of the same metric of another controller in the same seed."""

    metric: str
    at_most: float | None = None
    at_least: float | None = None
    of: str | None = None
    seeds: Literal["worst", "median"] = "worst"
    note: str = ""


class Scenario(Frozen):
    """A whole scenario, units read, names not yet held against the site."""

    schema_: Literal[1] = Field(alias="schema")
    id: Identifier
    name: Name
    source: str = Field(min_length=1)
    """Where setup, faults and goals come from."""
    note: str = ""
    site: str
    """A sample by its name, or a site file beside the scenario."""
    changes: dict[str, Any] = {}
    """Laid over the site: mappings are merged, everything else is replaced, null removes."""
    facility: Identifier
    """The facility whose plant is watched; all ports are of this plant."""
    start: str
    """Local date and time at the site: `2026-01-15T18:00`."""
    settle: Seconds = 14400.0
    """Time under control before the start, which does not count."""
    length: Seconds
    weather: dict[str, Any] | None = None
    """As `simulation.weather` of a site, or `{steady: {air_c: -5}}`; left out, the site's."""
    parameters: dict[str, float] = {}
    """Parameters of the plant that are other than in its file: a start state, a size."""
    spread: Annotated[Percent | None, BeforeValidator(_spread)] = None
    """How far a seed moves each parameter that declares a spread: `declared` (by its own), or so much."""
    seeds: int = Field(default=20, ge=1, le=1000)
    people: tuple[Sampled, ...] = ()
    timeline: tuple[Event, ...] = ()
    values: tuple[Watched, ...] = Field(min_length=1)
    """The first one is the scenario's own; its metrics bear no port."""
    gates: tuple[Gate, ...] = ()
    goals: tuple[Goal, ...] = ()
    references: dict[TagName, Position] = {}
    """Where reference controllers hold outputs that only rules and interlocks of ours move."""


@dataclass(frozen=True, slots=True)
class Aim:
    """A watched value with its numbers in the port's unit. `tags` are the setpoints' programs, or none."""

    port: str
    unit: str
    tags: tuple[str, ...]
    scale: float
    """From the setpoints' unit to the port's."""
    target: float | None
    below: float
    above: float
    """Band: around the setpoint, or (without any) its ends themselves."""
    low_weight: float
    high_weight: float

    @property
    def is_absolute(self) -> bool:
        return not self.tags and self.target is None
