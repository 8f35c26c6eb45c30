"""Interlocks: a cause and its effects, above every rule and every person (control.md 3.3)."""

from typing import Literal

from pydantic import AliasChoices, Field

from edge_config.model.values import Frozen, Identifier, Name, Position, ScopedName, Seconds, Sourced, TagName

LONGEST_BYPASS_S = 3600.0
GONE_S = 30.0
"""A trip goes, or lets itself be reset, no sooner than so long after its cause (control.md 3.3)."""


class Effect(Frozen):
    """`{set: OUTPUT, to: on}`, `{inhibit: OUTPUT}`, `{limit: OUTPUT, to: 30 %}`, or `{block: dosing, in: FACILITY}`."""

    set: TagName | None = None
    to: Position | None = None
    inhibit: TagName | None = None
    """The output goes to 0 %; of a permissive, it does not start."""
    limit: TagName | None = None
    """The output goes no further than `to`."""
    block: Literal["feeding", "dosing"] | None = None
    """Every output of that function in the facility, or in one zone of it, goes to 0 %."""
    in_: Identifier | ScopedName | None = Field(default=None, alias="in")


class Bypass(Frozen):
    """A person with this role may put the interlock out of work for a while."""

    role: Literal["operator", "supervisor"] = "operator"
    longest: Seconds = LONGEST_BYPASS_S
    life_safety: bool = False
    """An interlock that keeps alive is bypassed only where this says so."""


class Most(Frozen):
    """What a cap lets an output do within `per`, or until its effect is seen."""

    of: TagName
    run: Seconds | None = None
    starts: int | None = Field(default=None, ge=1)
    per: Literal["hour", "day"] | None = None
    since: str | None = None
    """A condition: whenever it holds, counting begins anew."""


class Interlock(Sourced):
    """A cause and its effects, above every rule and every person."""

    kind: Literal["trip", "inhibit", "permissive", "cap"] = "trip"
    when: str | None = None
    """The cause; of a permissive, what must hold for its outputs to start."""
    while_running: bool = False
    """A permissive's outputs must have it to go on, too."""
    most: Most | None = None
    delay: Seconds = Field(default=0.0, validation_alias=AliasChoices("delay", "on_delay"))
    off_delay: Seconds | None = None
    """Left out: 30 s of a trip or an inhibit, none of the others."""
    effect: tuple[Effect, ...] = ()
    latch: bool = False
    reset: Literal["auto", "operator", "local"] | None = None
    """Who ends it: its cause, a person, or a button at the plant. Left out: a person of a latch, else its cause."""
    reset_by: TagName | None = None
    """The button: pressed, once the cause is gone."""
    on_bad_quality: Literal["trip", "hold", "ignore"] = "trip"
    life_safety: bool = False
    """People, fish or crop die without it: what it switches on goes through minimum times, and it is not bypassed."""
    bypass: Bypass | None = None
    group: Identifier | None = None
    """Of those in a group the first cause is told, with all that the group saw before and after."""
    test_interval: Seconds | None = None
    """So often somebody proves that it acts."""
    name: Name | None = None

    @property
    def latches(self) -> bool:
        """Whether it stands until somebody resets it."""
        return self.latch or self.reset in ("operator", "local")

    @property
    def lasts_s(self) -> float:
        """How long its cause has to be away."""
        if self.latches:
            return max(self.off_delay or 0.0, GONE_S)
        if self.off_delay is not None:
            return self.off_delay
        return GONE_S if self.kind in ("trip", "inhibit") else 0.0
