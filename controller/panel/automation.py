"""Rules and sequences as they go over the wire: how each stands, what it did today, and what a person wants of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from controller.core.rule_switch import key_of
from controller.core.rules import RuleSet
from controller.core.sequences import SequenceBlock, SequenceMemory
from controller.core.state import Block, Mark
from rules.rule import RuleLaw, RuleMemory, today

NOTHING_LAID: Final[Mapping[str, Mark]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RuleShape:
    """One rule. Times are milliseconds since the Unix epoch."""

    on: bool
    changed: float | None
    """When it last came on or went off; None: never."""
    unknown: bool
    """Its cause cannot be known now."""
    spent: Literal["", "activations", "true", "broken"]
    """Why it stays off whatever its cause says."""
    activations_today: int
    on_today_s: float
    errors: int
    """How often it threw, ever."""
    waits: Literal["", "on", "off"] = ""
    """Its cause says otherwise, and it will be so once its delay is over."""
    waits_until: float | None = None
    guarded: bool = False
    """It raises an alarm, moves life support or holds feeding or dosing back: to switch it off is a technician's."""
    off_until: float | None = None
    """Until when a person switched it off; None: nobody did."""
    off_by: str = ""
    off_reason: str = ""


@dataclass(frozen=True, slots=True)
class RulesShape:
    now: float
    rules: dict[str, RuleShape]


@dataclass(frozen=True, slots=True)
class SequenceShape:
    """One sequence. Times are milliseconds since the Unix epoch."""

    phase: Literal["ready", "running", "aborted"]
    step: int
    """From 1; 0 while it is ready."""
    steps: int
    begun: float | None
    by: str
    """Who started it by hand, or aborted it."""
    why: str
    """Of an abort."""
    rules: tuple[str, ...]
    """That run it."""


@dataclass(frozen=True, slots=True)
class SequencesShape:
    now: float
    sequences: dict[str, SequenceShape]


class SequenceBody(BaseModel):
    """What a person wants of a sequence. Sent again with the same id it is done once."""

    model_config = ConfigDict(extra="forbid", strict=True)

    change_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
    action: Literal["start", "abort"]


class RuleOffBody(BaseModel):
    """A rule is switched off for some hours, and why. Sent again with the same id it changes nothing more."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    change_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
    reason: Annotated[str, Field(min_length=1, max_length=200)]
    hours: Annotated[float, Field(gt=0, le=24)] = 1.0
    who: Annotated[str, Field(max_length=40)] = ""


def rules_shape(
    rules: RuleSet, blocks: Mapping[str, Block], now_s: float, marks: Mapping[str, Mark] = NOTHING_LAID
) -> RulesShape:
    """All rules, as they stand; `marks` are what people laid on the farm."""
    shapes: dict[str, RuleShape] = {}
    for rule in rules.rules:
        memory = blocks.get(rule.name)
        if isinstance(memory, RuleMemory):
            done, off = today(memory, now_s, rules.sky), marks.get(key_of(rule.name))
            shapes[rule.name] = RuleShape(
                memory.on, _milliseconds(memory.since_s), memory.unknown_s >= 0.0, memory.spent, done.starts,
                round(done.on_s, 1), done.errors, *_waiting(rule.law, memory), rule.guarded,
                None if off is None else _milliseconds(off.until_s), off.by if off else "", off.note if off else "",
            )  # fmt: skip
    return RulesShape(round(now_s * 1000.0), shapes)


def _waiting(law: RuleLaw, memory: RuleMemory) -> tuple[Literal["", "on", "off"], float | None]:
    if memory.differs_s < 0.0 or memory.spent:
        return "", None
    ends_s = memory.differs_s + (law.off_s if memory.on else law.on_s)
    return ("off" if memory.on else "on"), _milliseconds(ends_s)


def sequences_shape(sequences: tuple[SequenceBlock, ...], blocks: Mapping[str, Block], now_s: float) -> SequencesShape:
    """All sequences, as they stand."""
    shapes: dict[str, SequenceShape] = {}
    for one in sequences:
        memory = blocks.get(one.name)
        if isinstance(memory, SequenceMemory):
            step = 0 if memory.phase == "ready" else memory.step + 1
            shapes[one.name] = SequenceShape(
                memory.phase, step, len(one.steps), _milliseconds(memory.begun_s), memory.by, memory.why, one.askers
            )
    return SequencesShape(round(now_s * 1000.0), shapes)


def _milliseconds(time_s: float) -> float | None:
    return round(time_s * 1000.0) if time_s > 0.0 else None
