"""Interlocks: a cause and its effects."""

from typing import Literal

from pydantic import Field

from edge_config.model.values import Frozen, Name, Position, Seconds, Sourced, TagName


class Effect(Frozen):
    """`{set: OUTPUT, to: on}` or `{inhibit: OUTPUT}`."""

    set: TagName | None = None
    to: Position | None = None
    inhibit: TagName | None = None


class Interlock(Sourced):
    """A cause and its effects, above every rule and every person."""

    when: str
    delay: Seconds = 0.0
    off_delay: Seconds = 0.0
    effect: tuple[Effect, ...] = Field(min_length=1)
    latch: bool = False
    on_bad_quality: Literal["trip", "hold", "ignore"] = "trip"
    name: Name | None = None
