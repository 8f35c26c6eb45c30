"""What is wanted: programs, loops, rules, interlocks and alarms."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from edge_config.model.feeding import Feeding
from edge_config.model.strategies import Cover, Irrigation, Lamps
from edge_config.model.values import (
    AnyQuantity,
    Frozen,
    Hold,
    Identifier,
    Moment,
    Name,
    Percent,
    Position,
    ScopedName,
    Seconds,
    Sourced,
    Suppressors,
    TagName,
)


class Ramp(Frozen):
    """How fast a setpoint may move, in its unit per time."""

    up: AnyQuantity
    down: AnyQuantity
    ahead: bool = False
    """Of periods: it is over, not begun, when a period begins. A house is on its day value at sunrise."""


class OwnRamp(Frozen):
    """How fast a setpoint may come to one period's value, in place of its program's `ramp`."""

    up: AnyQuantity
    down: AnyQuantity


class Period(Frozen):
    """From a moment of the day until the next period's."""

    from_: Moment = Field(alias="from")
    value: AnyQuantity


class OwnPeriod(Period):
    """One of a program's own; a recipe's have no ramps, and put those of the program's aside."""

    ramp: OwnRamp | None = None


class Influence(Frozen):
    """A straight line between two points, added to a setpoint."""

    of: TagName
    from_: tuple[AnyQuantity, AnyQuantity] = Field(alias="from")
    to: tuple[AnyQuantity, AnyQuantity]


class Integration(Frozen):
    """A mean that a setpoint is to bring about: what was missed of it is made good in the time that is left."""

    of: TagName
    """The measured value."""
    target: AnyQuantity | None = None
    target_line: Influence | None = None
    """In place of `target`, a line of another tag: of the day's radiation sum."""
    days: int = Field(default=1, ge=1, le=7)
    """Of the window; it begins at local midnight."""
    band: AnyQuantity
    """Most that the setpoint is moved, either way; its limits go before."""
    day_band: AnyQuantity | None = None
    """How far the mean of one day may stand from the target; `band`, if left out."""


class LightSum(Frozen):
    """Light that reaches a daily sum within a photoperiod: what is left is spread over the time that is left."""

    target: AnyQuantity
    """mol/m2/d."""
    accrued: TagName
    """The day's sum so far (a tag with `integrate`)."""
    from_: Moment = Field(alias="from")
    to: Moment
    adjust: Percent = 100.0
    """The end of the photoperiod, over which what is missing is spread; until then it shines as planned."""
    extend: Seconds = 0.0
    """How much longer it may shine, before midnight, when the sum is still short."""


class Program(Sourced):
    """A setpoint over time: one of `value`, `periods`, `light` or `by_loop`."""

    value: AnyQuantity | None = None
    periods: tuple[OwnPeriod, ...] | None = None
    light: LightSum | None = None
    by_loop: TagName | None = None
    """The setpoint is what an outer loop asks for (cascade)."""
    limits: tuple[AnyQuantity, AnyQuantity]
    """What an operator may set, and where every influence ends."""
    reason_above: AnyQuantity | None = None
    """A change by a person that is larger than this asks for a reason; a quarter of `limits`, if left out."""
    ramp: Ramp | None = None
    influences: tuple[Influence, ...] = ()
    cap: AnyQuantity | None = None
    """Most that all influences together may add or take."""
    integration: Integration | None = None
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
    adapt: bool = False
    """Whether it learns its gain, from half to twice what is written."""
    lead: Seconds = 0.0
    """`of` is a setpoint with periods or light: so long before it changes what it will be counts already."""


def _several(raw: Any) -> Any:
    return raw if isinstance(raw, list | tuple) else [raw]


class Split(Frozen):
    """One output's part of a loop's 0 to 100 %."""

    out: TagName
    of: tuple[Position, Position]
    gives: tuple[Position, Position]
    curve: tuple[tuple[Position, Position], ...] = ()
    """Share of the effect, share of the position: for a valve or a vent of which the first tenth does half of it."""


class ScheduledGain(Frozen):
    """Gain and integral time at one value of the tag that they depend on."""

    value: AnyQuantity
    kc: AnyQuantity
    ti: Seconds


class Schedule(Frozen):
    """A gain for each place of the farm's year: `at` points of a tag, straight between."""

    of: TagName
    at: tuple[ScheduledGain, ...] = Field(min_length=2)


class EffectCheck(Frozen):
    """Above 80 % the value must move by `moves` within so long, or the loop gives up until it is reset."""

    within: Seconds
    moves: AnyQuantity


class LoopBase(Sourced):
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
    rate: AnyQuantity | None = None
    """Fastest change of the output."""
    schedule: Schedule | None = None
    check: EffectCheck | None = None
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
    widens: TagName | None = None
    """A tag whose value takes the place of `band` (with its sign) while it is known: wider in cold and wind."""
    check: EffectCheck | None = None


class Hysteresis(LoopBase):
    """On when the value is more than `below` under (or `above` over) the setpoint, off when it is back."""

    type: Literal["hysteresis"]
    out: TagName
    below: AnyQuantity | None = None
    above: AnyQuantity | None = None
    check: EffectCheck | None = None


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
    beyond: AnyQuantity | None = None
    """A pulse aims so far past the setpoint."""
    short: AnyQuantity | None = None
    """Pulses stop so far before the setpoint until the value has been seen to come back by itself."""
    disturbed_by: tuple[TagName, ...] = ()
    """Outputs that move the value too (water that is let in): a move with them has to be larger to be its own."""
    wait: Seconds
    """From the end of a pulse to the look at its effect."""
    ineffective: int = Field(default=4, ge=1)
    """So many pulses without effect lock the dosing."""
    blind: AnyQuantity | None = None
    """And so does what all of them together should have done to the value."""
    only_with: TagName | None = None
    """An output that must be on (the circulation that mixes)."""
    unexpected: AnyQuantity | None = None
    """The value moves by so much within five minutes as if dosed, and nobody dosed: the dosing is locked."""
    after: TagName | None = None
    """A dosing loop that goes first: no pulse while that one doses or waits for its dose to mix (EC before pH)."""
    opposite: TagName | None = None
    """The loop that doses the other way (base against acid): no pulse for `opposite_wait` after one of its own."""
    opposite_wait: Seconds = 14400.0


class Timer(Sourced):
    """Runs an output at given times of the day: feeding, irrigation."""

    type: Literal["timer"]
    out: TagName
    at: tuple[Moment, ...] | None = Field(default=None, min_length=1)
    every: Seconds | None = None
    """In place of `at`: from midnight on, so often."""
    run: Seconds
    name: Name | None = None


class Staging(Sourced):
    """Machines of one size, switched on one after the other as a demand grows; least-run first."""

    type: Literal["staging"]
    demand: TagName
    """A setpoint from 0 to 100 % that an outer pid writes."""
    out: tuple[TagName, ...] = Field(min_length=1)
    trim: TagName | None = None
    """A drive that fills the steps."""
    up: Percent = 85.0
    up_for: Seconds = 60.0
    down: Percent = 50.0
    down_for: Seconds = 600.0
    swap: Seconds | None = None
    """Machines that run while others stand change places with them so often, both together for `down_for`."""
    period: Seconds = 5.0
    name: Name | None = None


class Selector(Sourced):
    """The largest or smallest of several setpoints (of outer loops, or fixed) goes to the output; the losers track."""

    type: Literal["selector"]
    pick: Literal["max", "min"]
    of: tuple[TagName, ...] = Field(min_length=2)
    out: TagName
    period: Seconds = 5.0
    name: Name | None = None


class Ratio(Sourced):
    """A dosing pump follows what has run: so much `per` unit of a counter, of a flow, or of another pump's volume."""

    type: Literal["ratio"]
    of: TagName
    out: TagName
    per: AnyQuantity
    """mL of this for one unit of that: `2 mL/L`, `5 mL/kg`."""
    least: Seconds = 1.0
    """Shortest pulse."""
    share: TagName | None = None
    """A setpoint in %: so much of `per`. Rules and influences move it (alkalinity told by the laboratory)."""
    by_hand: TagName | None = None
    """Of a counter of feed: what people enter that they gave besides, dosed for over the hours of its digestion."""
    name: Name | None = None


Loop = Annotated[
    Pid | PBand | Hysteresis | Dosing | Timer | Staging | Selector | Ratio | Irrigation | Lamps | Cover | Feeding,
    Field(discriminator="type"),
]


class Delays(Frozen):
    on: Seconds = 0.0
    off: Seconds = 0.0


def _each(raw: Any) -> str:
    if not isinstance(raw, str) or not re.fullmatch(r"[a-z]\w{0,31} in [a-z]\w{0,31}(\.[a-z]\w*)?", raw):
        raise PydanticCustomError("each", "not a word in a facility", {"found": str(raw)})
    return raw


Each = Annotated[str, BeforeValidator(_each), WithJsonSchema({"type": "string", "examples": ["tank in ras1"]})]


class Scope(Frozen):
    """Where a rule's short names lead: `zone.do` to its zone, `all.wind` to its facility."""

    facility: Identifier | None = None
    """Short names are `ZONE.NAME` of this facility."""
    each: Each | None = None
    """`tank in ras1`: one rule a zone, in which `tank.do` is that zone's."""
    zones: Annotated[tuple[Identifier, ...], Field(min_length=1)] | None = None
    """Only these zones; all of the facility's, if left out."""


class Influencing(Frozen):
    """What is added to a setpoint while the rule holds."""

    target: ScopedName
    by: str
    """An expression: `line(gh1.all.radiation, '100 W/m2', '400 W/m2', '0 K', '2 K')`."""
    cap: AnyQuantity
    """Most that it may add or take."""


class RuleAlarm(Frozen):
    """An alarm that stands while the rule holds."""

    priority: Literal["critical", "high", "medium", "low"]
    suppressed_by: Suppressors = ()
    """While one of these stands this one follows from it, and nobody is told of it."""
    cause: Name
    consequence: Name
    response: Name


class Notice(Frozen):
    """A message for people, once each time that the rule comes on."""

    text: Name
    to: tuple[Identifier, ...] = ()
    """Of `notify.people`; all of them, if left out."""


class RuleEffect(Frozen):
    """One of: `{set: OUTPUT, to: on}`, `{inhibit: OUTPUT}`, `{limit_min: OUTPUT, to: 10 %}`, `{limit_max: …}`,
    `{request: OUTPUT, to: 50 %}`, `{add_influence: {…}}`, `{alarm: {…}}`, `{run_sequence: NAME}`, `{notify: {…}}`."""

    set: ScopedName | None = None
    """The output takes the position `to`: above its loops, below a person's hand."""
    inhibit: ScopedName | None = None
    """The output goes to 0 %."""
    limit_min: ScopedName | None = None
    """The output does not go below `to`, whatever its loop wants; a limit_max goes first."""
    limit_max: ScopedName | None = None
    """The output does not go above `to`."""
    request: ScopedName | None = None
    """The output takes the position `to` unless a loop or anything stronger wants something of it."""
    to: Position | None = None
    by: str | None = None
    """Where a limit stands between none and `to`, an expression in %: `line(all.wind, '10 m/s', '16 m/s', '100 %',
    '10 %')`. It goes no further than `to`, and is `to` while that is not known."""
    rate: AnyQuantity | None = None
    """How fast a limit moves to `to`: `1 %/min`. At once, if left out."""
    back: AnyQuantity | None = None
    """How fast it goes away again once the rule is off; as `rate`, if left out."""
    add_influence: Influencing | None = None
    alarm: RuleAlarm | None = None
    run_sequence: ScopedName | None = None
    """Starts it, once each time that the rule comes on."""
    notify: Notice | None = None


def _times(raw: Any) -> Any:
    """`12/day` as [12, 86400]."""
    match = re.fullmatch(r"\s*([1-9][0-9]{0,2})\s*/\s*(day|d|h|hour)\s*", raw) if isinstance(raw, str) else None
    if match is None:
        if isinstance(raw, tuple) and len(raw) == 2:
            return raw
        raise PydanticCustomError("times", "not a count per time", {"found": str(raw)})
    return int(match[1]), 86400.0 if match[2] in ("day", "d") else 3600.0


Times = Annotated[
    tuple[int, float],
    BeforeValidator(_times),
    PlainSerializer(lambda times: f"{times[0]}/{'day' if times[1] > 3600.0 else 'h'}", return_type=str),
    WithJsonSchema({"type": "string", "examples": ["12/day"]}),
]
"""So often in so many seconds."""


class RuleLimits(Frozen):
    """What no rule in its right mind does: then it stays off, with an alarm."""

    max_activations: Times | None = None
    """`12/day`, `4/h`."""
    max_true: Seconds | None = None
    """Longest that it may be on; then its cause has to be away once."""


class RuleTest(Frozen):
    """What a rule has to do in a made-up farm: `farmloop rules test`."""

    given: dict[str, Any]
    """By tag, a value, or a list of them: `[7.2 mg/L, 5.8 mg/L @ 5 s]`; `bad` is a lost sensor."""
    expect: dict[str, Any]
    """`{tank.feeder.inhibited: true @ 15 s}`, or a list of them."""
    at: str | None = None
    """Local time at which it begins, `2026-03-20 22:00`."""


class Rule(Sourced):
    """While `when` holds (until `clear` does), `then` is demanded in the rules' slot."""

    id: ScopedName
    description: str | Name = ""
    use: str | None = None
    """A rule of the library that this one is made from."""
    with_: dict[str, AnyQuantity] = Field(default={}, alias="with")
    """Values of the library's rule that are to differ: `{low: 5.5 mg/L}`."""
    tags: dict[str, ScopedName] = {}
    """Names that differ here: `{zone.do: zone.oxygen}`."""
    scope: Scope | None = None
    when: str | None = None
    clear: str | None = None
    for_: Delays = Field(default=Delays(), alias="for")
    on_bad_quality: Literal["assert", "deassert", "hold"] | None = None
    """Left out: hold, no longer than `max_hold`. A rule on life support has to say."""
    max_hold: Seconds = 600.0
    then: tuple[RuleEffect, ...] = ()
    add_influence: Influencing | None = None
    """The same as the one effect `add_influence`."""
    priority: Literal["rule"] = "rule"
    order: int | None = None
    """Of two rules on one output the lower goes first; without it, the one that stands first."""
    limits: RuleLimits = RuleLimits()
    on_restart: Literal["resume", "re-evaluate"] = "resume"
    tests: tuple[RuleTest, ...] = ()

    @property
    def effects(self) -> tuple[RuleEffect, ...]:
        """All of them, however they are written."""
        if self.add_influence is None:
            return self.then
        return (*self.then, RuleEffect(add_influence=self.add_influence))
