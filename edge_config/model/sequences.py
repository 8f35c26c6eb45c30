"""Sequences: steps that follow each other, each for a time or until something is so."""

from typing import Literal

from pydantic import Field

from edge_config.model.values import Frozen, Name, Position, Seconds, Sourced, TagName


class SequenceStep(Frozen):
    """What one step wants of outputs, and how it ends: after `for`, or once `until` holds, `within` at the latest."""

    set: dict[TagName, Position] = {}
    """Positions: above rules and loops, below a person's hand. What no step names is left to its loop."""
    request: dict[TagName, Position] = {}
    """Positions that count only where no loop, rule or person wants anything."""
    for_: Seconds | None = Field(default=None, alias="for")
    until: str | None = None
    within: Seconds | None = None
    else_: Literal["abort", "next"] = Field(default="abort", alias="else")
    """What happens when `within` is over and `until` does not hold."""
    name: Name | None = None


class Sequence(Sourced):
    """Steps in order, started by a rule's `run_sequence`; it runs to its end once, however long the rule stays on."""

    steps: tuple[SequenceStep, ...] = Field(min_length=1, max_length=50)
    abort: str | None = None
    """While this holds, or cannot be known, it neither starts nor goes on."""
    latch: bool = True
    """Aborted, it waits for a person; otherwise until its cause is away and no rule asks for it."""
    on_restart: Literal["resume", "abort"] = "resume"
    """After a stop of more than five minutes it is aborted in any case."""
    name: Name | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """All that its steps name, each once."""
        return tuple(dict.fromkeys(name for step in self.steps for name in (*step.set, *step.request)))

    @property
    def longest_s(self) -> float:
        """How long it takes at most."""
        return sum(step.for_ or step.within or 0.0 for step in self.steps)
