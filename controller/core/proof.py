"""Proof of action: whether an output that was told to run does, and one that was told to stop has.

A current, a flow, a contact, or what the process does. What cannot be read proves nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from controller.core.turn import Turn
from controller.core.words import AlarmNow
from foundation.reading import Value


class Proven(NamedTuple):
    """What is known of one output."""

    on: bool = False
    """As it was told."""
    at: float | None = None
    """The value when it was told so."""
    seen: bool = False
    """It has been proven to run since."""
    differs_s: float = -1.0
    """Since when the proof says otherwise; -1 it agrees."""
    failed_s: float = -1.0
    """Since when it is told to run and does not; -1 it does."""
    runs_on_s: float = -1.0
    """Since when it is told to stop and runs on; -1 it has stopped."""


@dataclass(frozen=True, slots=True)
class ProofPlan:
    """What proves one output. A contact has no `than`."""

    output: str
    tag: str
    by: Literal["above", "below", "rises", "falls", "contact"]
    than: float
    within_s: float
    """So long it may take to start, and to stop."""
    lost_s: float
    """One that ran may be without proof for so long."""
    device_tag: str | None
    """The contact that tells it to run; None of a position."""
    rivals: tuple[str, ...]
    """Other outputs with the same proof: while one of them runs, nobody knows of this whether it has stopped."""
    latches: bool
    life_support: bool
    in_duty: bool = False
    """A standby takes over: that is an alarm of its own."""

    @property
    def key(self) -> str:
        return f"{self.output}#proof"

    def run(self, turn: Turn) -> None:
        """Look at what was told in the last scan, and at what is read now."""
        state: Proven = turn.blocks[self.key]  # type: ignore[assignment]  # what its `fresh` is
        on = self._is_told(turn)
        shared = any(turn.applied.get(name, 0.0) > 0.0 for name in self.rivals)
        new = step(self, state, on, shared, turn.values.get(self.tag), turn.now_s)
        if new is not state:
            turn.blocks[self.key] = new

    def _is_told(self, turn: Turn) -> bool:
        if self.device_tag is not None:
            sent = turn.sent.get(self.device_tag)
            return sent is not None and sent.value is True
        return turn.applied.get(self.output, 0.0) > 0.0


def step(plan: ProofPlan, state: Proven, on: bool, shared: bool, value: Value | None, now_s: float) -> Proven:
    """One look; `shared` says that another output may be what the proof shows."""
    number = float(value) if isinstance(value, int | float) else None
    if on is not state.on:
        runs_on_s = state.runs_on_s if plan.latches else -1.0
        state = Proven(on, number, runs_on_s=runs_on_s)
    runs = _shows(plan, state, number)
    if plan.by in ("rises", "falls"):
        runs = on and (runs or state.seen)  # once is enough, and when it stops nothing is known
    if on:
        if runs:
            return (
                state
                if state.seen and state.differs_s < 0.0
                else Proven(True, state.at, True, runs_on_s=state.runs_on_s)
            )
        since_s, patience_s = _since(state, now_s), plan.lost_s if state.seen else plan.within_s
        failed_s = now_s if state.failed_s < 0.0 and now_s - since_s >= patience_s else state.failed_s
        return state._replace(differs_s=since_s, failed_s=failed_s)
    runs_on_s = state.runs_on_s
    if not runs or shared:
        if state.differs_s < 0.0:
            return state
        return state._replace(differs_s=-1.0, runs_on_s=runs_on_s if plan.latches else -1.0)
    since_s = _since(state, now_s)
    runs_on_s = now_s if runs_on_s < 0.0 and now_s - since_s >= plan.within_s else runs_on_s
    return state._replace(differs_s=since_s, runs_on_s=runs_on_s)


def _since(state: Proven, now_s: float) -> float:
    """Since when the proof says otherwise, of one that does now."""
    return state.differs_s if state.differs_s >= 0.0 else now_s


def _shows(plan: ProofPlan, state: Proven, value: float | None) -> bool:
    """Whether the proof shows that it runs."""
    if value is None:
        return False
    match plan.by:
        case "above":
            return value > plan.than
        case "below":
            return value < plan.than
        case "contact":
            return value > 0.0
        case "rises":
            return state.at is not None and value - state.at >= plan.than
        case "falls":
            return state.at is not None and state.at - value >= plan.than


def unproven(turn: Turn, proofs: Iterable[ProofPlan]) -> list[AlarmNow]:
    """One alarm for each output that does not do what it is told; one with a standby tells that instead."""
    found: list[AlarmNow] = []
    for plan in proofs:
        state: Proven = turn.blocks[plan.key]  # type: ignore[assignment]  # what its `fresh` is
        name, told = plan.output, {"output": plan.output, "tag": plan.tag}
        if state.failed_s >= 0.0 and not plan.in_duty:
            priority: Literal["critical", "high"] = "critical" if plan.life_support else "high"
            found.append(AlarmNow(f"not_proven:{name}", priority, True, state.failed_s, told))
        if state.runs_on_s >= 0.0:
            told |= {"reset": name} if plan.latches else {}
            found.append(AlarmNow(f"runs_on:{name}", "high", True, state.runs_on_s, told))
    return found
