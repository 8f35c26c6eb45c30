"""Outputs: how a position becomes switching, and where each goes when in doubt."""

from typing import Annotated, Literal

from pydantic import Field

from edge_config.model.values import (
    AnyQuantity,
    Frozen,
    Kilowatts,
    MillilitresPerSecond,
    Name,
    Percent,
    Position,
    PositionOrHold,
    PositionOrRest,
    Seconds,
    Sourced,
    TagName,
)


class Proof(Frozen):
    """What shows that an output really acted."""

    tag: TagName
    above: AnyQuantity
    within: Seconds


class Fall(Frozen):
    """Where an output goes for one cause, and what brings it there: its device's watchdog, hardware that needs nobody (a
    spring, a normally open or closed contact, a thermostat), or nothing."""

    to: PositionOrRest
    by: Literal["device", "hardware", "none"]


class OutputBase(Sourced):
    """What every output says. `safe` and `lease` have no default: a site that leaves them out does not load."""

    safe: PositionOrHold
    """Where it goes when nobody may command it."""
    lease: Seconds
    """How long an order holds; it is renewed every third of this, and the device's watchdog falls after it."""
    fail_safe_by: Literal["device", "hardware", "none"]
    """Who brings it to `safe` when this box is dead."""
    signal_lost: Fall | None = None
    """What its device does when nobody speaks to it; as `safe` and `fail_safe_by` say if left out."""
    power_lost: Fall | None = None
    """What it does when its device has no power; if left out, as its hardware does, or what an open contact does."""
    life_support: bool = False
    function: Literal["feeding", "dosing"] | None = None
    """What an interlock's `block` means; a `pulse` output doses, and what a `feeding` loop writes feeds, unsaid."""
    idle: Position | None = None
    """What it does while nobody demands anything; `safe` if left out."""
    proof: Proof | None = None
    min_on: Seconds = 0.0
    min_off: Seconds = 0.0
    power: Kilowatts = 0.0
    stop: Position | None = None
    """Where an emergency stop of its facility takes it; `safe` if left out. A motor stands still."""
    name: Name | None = None


class OnOff(OutputBase):
    """A contact."""

    type: Literal["on_off"]


class TimeProportioned(OutputBase):
    """A contact that is closed for a share of each period; what a pulse is too short for is carried on."""

    type: Literal["time_proportioned"]
    period: Seconds
    min_pulse: Seconds = 0.0


class ThreePoint(OutputBase):
    """A motor with two contacts and no feedback: its position is estimated and re-zeroed at the ends."""

    type: Literal["three_point"]
    open: TagName
    close: TagName
    travel: Seconds
    backlash: Percent = 0.0
    dead_zone: Percent = 2.0
    """Smaller moves are not made."""
    reversal: Seconds = 2.0
    """Rest before it turns back; an interlock waits two seconds only."""


class Analog(OutputBase):
    """A continuous output, 0 to 100 %."""

    type: Literal["analog"]
    low: Percent = 0.0
    """Below this it is off (a lamp that dims to 10 %, a drive's minimum speed)."""
    rate: AnyQuantity | None = None
    """Fastest change: `10 %/min`."""


class Pulse(OutputBase):
    """A dosing pump or valve, run for counted seconds."""

    type: Literal["pulse"]
    flow: MillilitresPerSecond
    max_pulse: Seconds
    max_per_day: AnyQuantity
    """Most that may be dosed in 24 hours, by volume."""
    master: TagName | None = None
    """The valve behind the pump: open while it runs and 5 s longer, so that a leak passes at no other time."""


class Heartbeat(OutputBase):
    """A contact that opens and closes for ever while the agent is well: an external timer relay falls when it stops."""

    type: Literal["heartbeat"]
    period: Seconds
    """From closing to closing; the relay waits longer."""


Output = Annotated[OnOff | TimeProportioned | ThreePoint | Analog | Pulse | Heartbeat, Field(discriminator="type")]
