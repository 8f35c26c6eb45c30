"""Soft sensors: what a model and a Kalman filter make of other tags (control.md 2.6)."""

from typing import Annotated, Literal

from pydantic import Field

from edge_config.model.values import AnyQuantity, Frozen, Seconds, TagName


class Supply(Frozen):
    """An output (or a measured tag) that adds to what is estimated: so much per unit of it."""

    of: TagName
    adds: AnyQuantity


class Fed(Frozen):
    """A feed counter (kg), digested in two stages of `lag` each: per kg/h of it, so much."""

    of: TagName
    adds: AnyQuantity
    lag: Seconds = 2700.0
    by_hand: TagName | None = None
    """What people enter that they gave besides (`as: amount`)."""


class EstimateBase(Frozen):
    """What every estimate says."""

    period: Seconds = 30.0
    wait: Seconds = 900.0
    """Without its measurement the model goes on alone for so long; then the value is bad."""


class OxygenUptake(EstimateBase):
    """Oxygen that the fish (and the filter) take up: mg/L per hour, or with `gives: oxygen` the oxygen itself."""

    model: Literal["oxygen_uptake"]
    gives: Literal["uptake", "oxygen"] = "uptake"
    oxygen: TagName
    """Measured, mg/L."""
    supply: tuple[Supply, ...] = Field(min_length=1)
    """`adds` in mg/L/h per unit of the tag."""
    lag: Seconds = 0.0
    """From what supplies to what the probe says of it: mixing, membrane and filter."""
    exchange: AnyQuantity | None = None
    """With the air: share of the distance from saturation per hour, `50 %/h`."""
    temperature: TagName | None = None
    """Of the water, for saturation; needed with `exchange`."""
    fed: Fed | None = None
    """`adds` in mg/L/h per kg/h of feed being digested."""
    noise: AnyQuantity
    """Of the probe: one standard deviation."""
    wander: AnyQuantity
    """How far the uptake may go by itself within an hour."""


class Ammonia(EstimateBase):
    """TAN between samples: what the feed brings, less what the filter takes; or with `gives: removal` its rate."""

    model: Literal["ammonia"]
    wait: Seconds = 259200.0
    """Three days without a lab value."""
    gives: Literal["tan", "removal"] = "tan"
    lab: TagName
    """The entered value or a probe's, mg/L."""
    fed: Fed
    """`adds` in mg/L per kg: how much the feed makes of TAN, in this volume of water."""
    rest: AnyQuantity | None = None
    """What unfed fish give off, mg/L per hour."""
    removal: AnyQuantity
    """First guess: share per hour."""
    noise: AnyQuantity
    """Of the lab: one standard deviation."""


class Biofilter(EstimateBase):
    """What a biofilter can take: mg/L of the tank's water an hour, at 1 mg/L of TAN in the filter."""

    model: Literal["biofilter"]
    wait: Seconds = 3600.0
    tan: TagName
    """A probe in the tank, mg/L."""
    flow: TagName
    """Of the water through the filter, m3/h."""
    volume: AnyQuantity
    """Of the tank's water."""
    fed: Fed
    """`adds` in mg/L per kg digested."""
    rest: AnyQuantity
    """What unfed fish give off, mg/L per hour."""
    rate: AnyQuantity
    """First guess."""
    noise: AnyQuantity
    """Of the probe: one standard deviation."""


class HeatLoss(EstimateBase):
    """What a house loses: kW per K of difference to outside."""

    model: Literal["heat_loss"]
    inside: TagName
    outside: TagName
    supply: tuple[Supply, ...] = Field(min_length=1)
    """Heating, lamps and sun: `adds` in kW per unit of the tag."""
    capacity: AnyQuantity
    """Heat that warms the house by one degree within an hour, with what warms with it: `30 kWh/K`."""
    guess: AnyQuantity
    """First guess, kW/K."""
    noise: AnyQuantity


class Growth(EstimateBase):
    """What one fish weighs between two weighings: it grows with the warmth of its water."""

    model: Literal["growth"]
    period: Seconds = 600.0
    wait: Seconds = 2592000.0
    """A month after the last weighing its mass is not known any more, after a third of that it is uncertain."""
    weighed: TagName
    """What people enter, the mean of a sample."""
    temperature: TagName
    """Of the water."""
    tgc: float = Field(gt=0, le=10)
    """Thermal growth coefficient, in 1e-3 g^(1/3) per degC and day: bass 1, salmon 2.55, trout 1.7."""


class DoseEffect(EstimateBase):
    """What one litre does, as a dosing loop has learned it: buffer capacity, EC gain."""

    model: Literal["dose_effect"]
    loop: TagName


class MotorPosition(EstimateBase):
    """Where a motor without feedback is thought to be, and whether that is still sure."""

    model: Literal["position"]
    output: TagName


Estimate = Annotated[
    OxygenUptake | Ammonia | Biofilter | HeatLoss | Growth | DoseEffect | MotorPosition, Field(discriminator="model")
]
