"""Settings of the loops that are a whole piece of a grower's work: irrigation, lamps, covers."""

from typing import Literal

from pydantic import Field

from edge_config.model.values import (
    AnyQuantity,
    Frozen,
    Hold,
    Kilowatts,
    Moment,
    Name,
    Percent,
    Position,
    Seconds,
    Sourced,
    TagName,
)


class Deficit(Frozen):
    """What dry air adds to the radiation sum."""

    of: TagName
    """Humidity deficit, g/m3."""
    adds: AnyQuantity
    """Per hour and g/m3: `3 J/cm2/h/(g/m3)`."""


class Rest(Frozen):
    """Between two rounds of watering."""

    least: Seconds = 900.0
    most: Seconds
    """After so long within the window the plants are watered even if the sum is not reached."""


class Gate(Frozen):
    """A value of the drip water that has to be good."""

    of: TagName
    limits: tuple[AnyQuantity, AnyQuantity]


class PlainWater(Frozen):
    """What a crop gets while the drip water is not good: a dry crop dies within hours."""

    out: TagName
    """The valve of the plain water."""
    every: Seconds
    run: Seconds


class Drain(Frozen):
    """What comes out of the slabs tells how much to give."""

    ec: TagName
    wanted: AnyQuantity
    gain: AnyQuantity
    """Of the water per EC above `wanted`: `5 %/(mS/cm)`; 5 % at most, once in three rounds."""
    share: TagName | None = None
    """Of what was given, the share that drained, %."""
    by_sum: tuple[tuple[AnyQuantity, Percent, Percent], ...] = ()
    """Below this sum of the day, the least and the most share that is right; above the last one it goes on."""
    from_: Moment = Field(alias="from")
    to: Moment


class Slab(Frozen):
    """What may be left in the slabs: the brighter it is, the less salt a plant bears."""

    ec: TagName
    most: tuple[tuple[AnyQuantity, AnyQuantity], ...] = Field(min_length=2)
    """Radiation, and the most EC there: straight between, flat beyond. Above it rounds come a quarter sooner."""


class Irrigation(Sourced):
    """Waters by the sum of radiation: a round of all valves, one after the other, each time the sum is reached."""

    type: Literal["irrigation"]
    out: tuple[TagName, ...] = Field(min_length=1)
    """Valves of one dosing unit, opened one after the other."""
    pump: TagName | None = None
    """Runs with each of them."""
    radiation: TagName
    every: AnyQuantity
    """The sum that calls for a round: `80 J/cm2`."""
    gives: AnyQuantity
    """Water for each square metre and J/cm2: `2.3 mL/m2/(J/cm2)`; `drain` sets it right, from half to twice of it."""
    area: AnyQuantity
    """Of each valve."""
    rate: AnyQuantity
    """What flows through one open valve: `40 L/min`."""
    flow: TagName | None = None
    """The flow as measured: counts the litres, and has to be 70 to 130 % of `rate`."""
    deficit: Deficit | None = None
    rest: Rest
    from_: Moment = Field(alias="from")
    to: Moment
    first: AnyQuantity | None = None
    """Sum of the day before which there is no first round, unless `rest.most` after `from` has passed: `150 J/cm2`."""
    gap: Seconds = 2.0
    """From the closing of a valve to the opening of the next."""
    quality: tuple[Gate, ...] = ()
    plain_water: PlainWater | None = None
    drain: Drain | None = None
    slab: Slab | None = None
    name: Name | None = None


class Price(Frozen):
    """What a kWh costs from a moment of the day on, in any currency."""

    from_: Moment = Field(alias="from")
    price: float


class Bright(Frozen):
    """Sun that lamps add nothing to."""

    of: TagName
    above: AnyQuantity


class Peak(Frozen):
    """The most that the farm may draw."""

    of: TagName
    """Its power as measured, kW."""
    most: Kilowatts


class Lamps(Sourced):
    """Supplementary light: what the sun will not bring of the day's sum, in the cheapest half hours that are left."""

    type: Literal["lamps"]
    out: TagName
    sp: TagName
    """The day's sum, mol/m2/d."""
    accrued: TagName
    """The day's sum so far, sun and lamps together."""
    gives: AnyQuantity
    """PPFD of the lamps at full power."""
    from_: Moment = Field(alias="from")
    to: Moment
    """Lamps burn between these; the rest is the plants' night."""
    tariff: tuple[Price, ...] = ()
    bright: Bright | None = None
    peak: Peak | None = None
    name: Name | None = None


class OpeningStep(Frozen):
    """A part of an opening."""

    to: Percent
    """As far as this, of what is covered."""
    by: Percent = 100.0
    """So much at a time."""
    wait: Seconds
    """After each move."""


class Pause(Frozen):
    """The opening waits while a value falls."""

    of: TagName
    falls: AnyQuantity
    within: Seconds


class Cover(Sourced):
    """A screen or a blanket: 100 % covers all."""

    type: Literal["cover"]
    out: TagName
    close: str
    """While this holds it is to cover: an expression, as in rules."""
    open: str | None = None
    """And it opens once this holds; left out, once `close` does not."""
    closes_after: Seconds = 0.0
    opens_after: Seconds = 0.0
    opening: tuple[OpeningStep, ...] = ()
    """Left out: at once."""
    pause: Pause | None = None
    gap: TagName | None = None
    """A setpoint in %: how far it stays open against humidity while it covers."""
    on_loss: Position | Hold
    """What it does when the conditions are not known."""
    name: Name | None = None
