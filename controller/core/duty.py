"""Duty and standby: when the one is not proven to run, or may not, the other takes over, until somebody has looked.

The failed one is stopped only once the other is proven. With both failed both are told to run, and the rescue
(emergency oxygen) opens until one of them is proven again. In a sound pair they change places every so often, so that
neither stands idle until it is needed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from controller.core.proof import Proven
from controller.core.turn import Turn
from controller.core.words import AlarmNow, Because, Demand, Event, Slot


class Shift(NamedTuple):
    """Who leads of a pair (0 the duty, 1 the standby), since when, and since when each has failed (-1 it has not)."""

    leads: int = 0
    since_s: float = -1.0
    duty_failed_s: float = -1.0
    standby_failed_s: float = -1.0

    @property
    def failed_s(self) -> tuple[float, float]:
        return self.duty_failed_s, self.standby_failed_s


@dataclass(frozen=True, slots=True)
class DutyPair:
    """Two machines for one work."""

    duty: str
    standby: str
    swap_s: float | None = None
    rescue: str | None = None
    life_support: bool = True
    """Life hangs on one of them: what they insist on goes before hands and trips."""

    @property
    def key(self) -> str:
        return f"{self.duty}#duty"

    def run(self, turn: Turn) -> None:
        state: Shift = turn.blocks[self.key]  # type: ignore[assignment]  # what its `fresh` is
        now_s, pair = turn.now_s, (self.duty, self.standby)
        proofs = [_proof(turn, name) for name in pair]
        if (reset := turn.resets.get(self.duty)) is not None:
            state = Shift(0, now_s)
            turn.events.append(Event(now_s, "reset", self.duty, {"id": reset.id, "by": reset.by}))
        failed_s = [
            now_s if kept < 0.0 and proof.failed_s >= 0.0 else kept
            for kept, proof in zip(state.failed_s, proofs, strict=True)
        ]
        for name, kept, failed in zip(pair, state.failed_s, failed_s, strict=True):
            if failed != kept:
                turn.events.append(Event(now_s, "handed_over", name, {"duty": self.duty}))
        leads, since_s = state.leads, state.since_s if state.since_s >= 0.0 else now_s
        if self.swap_s is not None and max(failed_s) < 0.0 and now_s - since_s >= self.swap_s:
            leads, since_s = 1 - leads, now_s
            turn.events.append(Event(now_s, "swapped", pair[leads], {"duty": self.duty}))
        out = [failed >= 0.0 or _is_held_off(turn, name) for name, failed in zip(pair, failed_s, strict=True)]
        self._want(turn, leads, out, proofs)
        new = Shift(leads, since_s, *failed_s)
        if new != state or new != turn.blocks[self.key]:
            turn.blocks[self.key] = new

    def _want(self, turn: Turn, leads: int, out: list[bool], proofs: list[Proven]) -> None:
        """Demand what follows: `out` says who cannot."""
        pair = (self.duty, self.standby)
        runs = leads if not out[leads] or all(out) else 1 - leads
        rests = 1 - runs
        if not (out[0] or out[1] or leads):
            return  # as nearly always
        because = Because("duty", {"duty": self.duty, "standby": self.standby})
        if all(out):
            for name in pair:
                self._insist(turn, name, 100.0, Slot.LIFE_SAFETY, because)
            if self.rescue is not None and not any(
                proof.on and proof.seen and proof.differs_s < 0.0 for proof in proofs
            ):
                self._insist(turn, self.rescue, 100.0, Slot.LIFE_SAFETY, because)
            return
        relieved = proofs[runs].on and proofs[runs].seen and proofs[runs].differs_s < 0.0
        if out[rests]:
            self._insist(turn, pair[runs], 100.0, Slot.LIFE_SAFETY, because)
            if relieved:
                self._insist(turn, pair[rests], 0.0, Slot.TRIP, because)
        elif leads == 1:
            expires_s = turn.now_s + LEASE_S
            turn.demand(Demand(self.standby, 100.0, Slot.LOOP, self.duty, because, expires_s))
            if relieved:
                turn.demand(Demand(self.duty, 0.0, Slot.LOOP, self.duty, because, expires_s))

    def _insist(self, turn: Turn, name: str, value: float, slot: Slot, because: Because) -> None:
        if slot is Slot.LIFE_SAFETY and not self.life_support:
            # no life hangs on it: hands, trips and emergency stops go before it, and the duty has a loop of its own
            if name != self.duty:
                turn.demand(Demand(name, value, Slot.LOOP, self.duty, because, turn.now_s + LEASE_S))
            return
        turn.bounds.setdefault(name, []).append(Demand(name, value, slot, self.duty, because, float("inf")))


LEASE_S = 30.0
"""Who leads is said again in every scan."""


def _proof(turn: Turn, name: str) -> Proven:
    proof: Proven = turn.blocks[f"{name}#proof"]  # type: ignore[assignment]  # an output's proof
    return proof


def _is_held_off(turn: Turn, name: str) -> bool:
    """Whether somebody stronger than a loop keeps it from running: a trip, a lock-out, a hand."""
    order = turn.old.orders.get(name)
    if order is not None and order.because.key != "duty":
        return order.value < 50.0 and order.slot <= Slot.MANUAL
    # what a pair wanted must not hide from it whose hand is beneath: in the next scan it would want it no more, and the
    # pumps would start and stop again and again
    wants = [one for one in turn.demands.get(name, ()) if one.bound == "at"]
    return bool(wants) and wants[0].slot <= Slot.MANUAL and wants[0].value < 50.0


def handed_over(turn: Turn, pairs: Iterable[DutyPair]) -> list[AlarmNow]:
    """One alarm for each pair of which one has failed, and a graver one where both have."""
    found: list[AlarmNow] = []
    for pair in pairs:
        state: Shift = turn.blocks[pair.key]  # type: ignore[assignment]  # what its `fresh` is
        failed = [one for one in state.failed_s if one >= 0.0]
        told = {"reset": pair.duty, "output": pair.duty if state.duty_failed_s >= 0.0 else pair.standby}
        if len(failed) == 2:
            found.append(AlarmNow(f"duty_lost:{pair.duty}", "critical", True, max(failed), told))
        elif failed:
            found.append(AlarmNow(f"duty:{pair.duty}", "high", True, failed[0], told))
    return found
