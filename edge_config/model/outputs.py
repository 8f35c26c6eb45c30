"""Outputs: how a position becomes switching, and where each goes when in doubt."""

from datetime import date
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
from foundation.units import Quantity


class Proof(Frozen):
    """What shows that an output really acts, and that it has stopped: one limit of a number, none of a contact."""

    tag: TagName
    above: AnyQuantity | None = None
    below: AnyQuantity | None = None
    rises: AnyQuantity | None = None
    """What it does: the value goes up by so much after the start."""
    falls: AnyQuantity | None = None
    within: Seconds
    """How long it may take to start, and to stop."""
    lost: Seconds = 5.0
    """One that ran may be without proof for so long."""


class Stock(Frozen):
    """The level of a tank, and how much must be in it."""

    tag: TagName
    above: AnyQuantity


class Fall(Frozen):
    """Where an output goes for one cause, and what brings it there: its device's watchdog, hardware that needs nobody
    (a spring, a normally open or closed contact, a thermostat), or nothing."""

    to: PositionOrRest
    by: Literal["device", "hardware", "none"]


class EmergencyOxygen(Frozen):
    """What emergency oxygen gives, and what it has to feed: too little of it only delays (control.md, decision 6)."""

    supplies: AnyQuantity
    """What dissolves in the tank: `1.7 kg/h`."""
    biomass: AnyQuantity
    """The most fish that the tank will hold: `2500 kg`."""
    uptake: AnyQuantity = Quantity(0.44, "g/kg/h")
    """Of digesting fish."""
    spread: Percent = 30.0
    """How far a year's fish may be above that."""
    store: AnyQuantity | None = None
    """What the cylinders or the tank behind it hold: `20 kg`."""
    lasts: Seconds | None = None
    """How long that has to last."""


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
    standby: TagName | None = None
    """The output that takes over when this one is not proven, or may not run; both need a proof."""
    swap: Seconds | None = None
    """The two change places so often."""
    rescue: TagName | None = None
    """The output that opens while neither of the two is proven: emergency oxygen."""
    emergency: EmergencyOxygen | None = None
    """It is the emergency oxygen of a tank, and has to be large enough."""
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
    """Most that may be dosed in any 24 hours, by volume."""
    max_per_hour: AnyQuantity | None = None
    """And in any hour; half of the day's if left out."""
    max_dose: AnyQuantity | None = None
    """Most of one dose; what it gives in `max_pulse` if left out."""
    mixing: Seconds | None = None
    """From the end of a dose to the next, whoever doses; the `wait` of its dosing loop if left out."""
    after: TagName | None = None
    """The pump that doses before this one each time (A before B); by the order of its dosing loop if left out."""
    pause: Seconds | None = None
    """Between the two; the `gap` of its dosing loop if left out."""
    opposite: TagName | None = None
    """The pump that doses the other way: none of the two within `lockout` of the other. Loops of one value know it."""
    lockout: Seconds = 14400.0
    stock: Stock | None = None
    """Of its tank."""
    calibrated: date | None = None
    """The day its flow was measured last; after `calibrate_every` it may give half of every volume."""
    calibrate_every: Seconds = 90 * 86400.0
    master: TagName | None = None
    """The valve behind the pump: open while it runs and 5 s longer, so that a leak passes at no other time."""


class Heartbeat(OutputBase):
    """A contact that opens and closes for ever while the agent is well: an external timer relay falls when it stops."""

    type: Literal["heartbeat"]
    period: Seconds
    """From closing to closing; the relay waits longer."""


Output = Annotated[OnOff | TimeProportioned | ThreePoint | Analog | Pulse | Heartbeat, Field(discriminator="type")]
