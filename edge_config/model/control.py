"""What is wanted: programs, loops, rules, interlocks and alarms."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from edge_config.model.values import AnyQuantity, Frozen, Hold, Moment, Name, Position, Seconds, TagName


class Period(Frozen):
    """From a moment of the day until the next period's."""

    from_: Moment = Field(alias="from")
    value: AnyQuantity


class Ramp(Frozen):
    """How fast a setpoint may move, in its unit per time."""

    up: AnyQuantity
    down: AnyQuantity


class Influence(Frozen):
    """A straight line between two points, added to a setpoint."""

    of: TagName
    from_: tuple[AnyQuantity, AnyQuantity] = Field(alias="from")
    to: tuple[AnyQuantity, AnyQuantity]


class LightSum(Frozen):
    """Light that reaches a daily sum within a photoperiod: what is left is spread over the time that is left."""

    target: AnyQuantity
    """mol/m2/d."""
    accrued: TagName
    """The day's sum so far (a tag with `integrate`)."""
    from_: Moment = Field(alias="from")
    to: Moment


class Program(Frozen):
    """A setpoint over time: one of `value`, `periods`, `light` or `by_loop`."""

    value: AnyQuantity | None = None
    periods: tuple[Period, ...] | None = None
    light: LightSum | None = None
    by_loop: TagName | None = None
    """The setpoint is what an outer loop asks for (cascade)."""
    limits: tuple[AnyQuantity, AnyQuantity]
    """What an operator may set, and where every influence ends."""
    ramp: Ramp | None = None
    influences: tuple[Influence, ...] = ()
    cap: AnyQuantity | None = None
    """Most that all influences together may add or take."""
    name: Name | None = None


class FeedForward(Frozen):
    """What a known disturbance adds to the output before its effect is seen."""

    of: TagName
    gain: AnyQuantity | None = None
    """Output per unit of the disturbance."""
    zero: AnyQuantity | None = None
    """Value of the disturbance at which nothing is added."""
    lag: Seconds = 0.0
    model: Literal["line", "fish_oxygen"] = "line"


def _several(raw: Any) -> Any:
    return raw if isinstance(raw, list | tuple) else [raw]


class Split(Frozen):
    """One output's part of a loop's 0 to 100 %."""

    out: TagName
    of: tuple[Position, Position]
    gives: tuple[Position, Position]


class LoopBase(Frozen):
    """What every loop says. `on_loss` has no default: a site that leaves it out does not load."""

    pv: TagName
    sp: TagName
    period: Seconds
    on_loss: Position | Hold
    """What the output does when the sensor is lost: hold for a while, then a position."""
    name: Name | None = None


class Pid(LoopBase):
    """PID, ISA form. `kc` carries its sign: positive where more output raises the value."""

    type: Literal["pid"]
    out: TagName | None = None
    split: tuple[Split, ...] = ()
    kc: AnyQuantity
    ti: Seconds
    td: Seconds = 0.0
    b: float = Field(default=1.0, ge=0, le=1)
    deadband: AnyQuantity | None = None
    """Of the error, for the integral only."""
    feed_forward: Annotated[
        tuple[FeedForward, ...],
        BeforeValidator(_several, json_schema_input_type=FeedForward | tuple[FeedForward, ...]),
    ] = ()
    """One, or a list of them."""


class PBand(LoopBase):
    """Opens in proportion from `sp` (0 %) to `sp + band` (100 %); a negative band opens below."""

    type: Literal["p_band"]
    out: TagName
    band: AnyQuantity


class Hysteresis(LoopBase):
    """On when the value is more than `below` under (or `above` over) the setpoint, off when it is back."""

    type: Literal["hysteresis"]
    out: TagName
    below: AnyQuantity | None = None
    above: AnyQuantity | None = None


class Dosing(LoopBase):
    """Pulse and wait: a pulse sized from the error and the learned effect, a wait for mixing, a look at what it did."""

    type: Literal["dosing"]
    out: tuple[TagName, ...] = Field(min_length=1)
    """Dosed one after the other with `gap` between, the same volume each."""
    gap: Seconds = 60.0
    effect: AnyQuantity
    """First guess of what one litre (of each) does to the value: `0.02 mS/cm/L`; learned from each pulse."""
    share: float = Field(default=0.7, gt=0, le=1)
    """How much of the error one pulse is to mend."""
    deadband: AnyQuantity
    """No pulse while the error is smaller."""
    wait: Seconds
    """From the end of a pulse to the look at its effect."""
    ineffective: int = Field(default=4, ge=1)
    """So many pulses without effect lock the dosing."""
    only_with: TagName | None = None
    """An output that must be on (the circulation that mixes)."""


class Timer(Frozen):
    """Runs an output at given times of the day: feeding, irrigation."""

    type: Literal["timer"]
    out: TagName
    at: tuple[Moment, ...] = Field(min_length=1)
    run: Seconds
    name: Name | None = None


Loop = Annotated[Pid | PBand | Hysteresis | Dosing | Timer, Field(discriminator="type")]


class Delays(Frozen):
    on: Seconds = 0.0
    off: Seconds = 0.0


class Effect(Frozen):
    """`{set: OUTPUT, to: on}` or `{inhibit: OUTPUT}`."""

    set: TagName | None = None
    to: Position | None = None
    inhibit: TagName | None = None


class Rule(Frozen):
    """While `when` holds (until `clear` does), `then` is demanded in the rules' slot."""

    id: TagName
    description: str = ""
    when: str
    clear: str | None = None
    for_: Delays = Field(default=Delays(), alias="for")
    on_bad_quality: Literal["assert", "deassert", "hold"]
    then: tuple[Effect, ...] = Field(min_length=1)


class Interlock(Frozen):
    """A cause and its effects, above every rule and every person."""

    when: str
    delay: Seconds = 0.0
    off_delay: Seconds = 0.0
    effect: tuple[Effect, ...] = Field(min_length=1)
    latch: bool = False
    on_bad_quality: Literal["trip", "hold", "ignore"] = "trip"
    name: Name | None = None


class Alarm(Frozen):
    """An alarm, with what an operator needs at three at night."""

    when: str
    priority: Literal["critical", "high", "medium", "low"]
    delay: Delays = Delays()
    deadband: AnyQuantity | None = None
    on_bad_quality: Literal["raise", "hold", "ignore"] = "raise"
    cause: Name
    consequence: Name
    response: Name
