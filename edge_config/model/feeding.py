"""Feeding by what the fish weigh and how warm the water is."""

from typing import Literal

from pydantic import Field

from edge_config.model.values import AnyQuantity, Frozen, Moment, Name, Seconds, Sourced, TagName


class Appetite(Frozen):
    """What fish of one mean mass eat a day, as a share of what they weigh, by the water's temperature."""

    mass: AnyQuantity
    at: tuple[tuple[AnyQuantity, AnyQuantity], ...] = Field(min_length=1)
    """Temperature and share: `[18 degC, 1.5 %]`, straight between, flat beyond."""


class Belt(Frozen):
    """Small portions through the day."""

    from_: Moment = Field(alias="from")
    to: Moment
    every: Seconds


class Feeding(Sourced):
    """The day's ration by a feeding table, in meals or on a belt, until so much has been given."""

    type: Literal["feeding"]
    out: TagName
    biomass: TagName
    """What all of the fish weigh."""
    mass: TagName | None = None
    """What one of them weighs; needed where the table has more than one row."""
    temperature: TagName
    """Of the water."""
    table: tuple[Appetite, ...] = Field(min_length=1)
    stops: tuple[AnyQuantity, AnyQuantity]
    """Nothing is fed in water colder than the first or warmer than the second."""
    meals: tuple[Moment, ...] = ()
    """Moments of the day, a like portion each; or a `belt`."""
    belt: Belt | None = None
    rate: AnyQuantity
    """What the feeder gives while it runs: `0.6 kg/min`."""
    fed: TagName | None = None
    """Its counter; without it (or while that is silent) the feeder's time is counted."""
    share: TagName | None = None
    """A setpoint in %: so much of the ration. Rules take from it (ammonia, oxygen)."""
    within: Seconds = 3600.0
    """A meal that could not be given within so long is left out."""
    on_loss: AnyQuantity
    """What is fed a day while biomass, mass or temperature is not known: `20 kg/d`, or `0 kg/d`."""
    by_hand: TagName | None = None
    """What people gave by hand, kg in all: the meals of the same day that are yet to come need not give it again."""
    name: Name | None = None
