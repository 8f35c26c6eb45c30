"""A cover in the scan: its conditions, its gap, and what it asks of its motor."""

from dataclasses import dataclass

from controller.core.loops.run import LEASE_PERIODS
from controller.core.state import Block
from controller.core.strategies.cover import Covering, CoverSettings, cover
from controller.core.turn import Turn
from controller.core.words import Because, Demand, Slot
from rules.expression import Expression


@dataclass(frozen=True, slots=True)
class CoverLoop:
    """One screen or blanket."""

    name: str
    output: str
    close: Expression
    open: Expression | None
    """Left out: as soon as it need not be closed."""
    watches: str | None
    gap: str | None
    """A setpoint: the gap that it keeps while closed, %."""
    period_s: float
    settings: CoverSettings
    fresh: Block = Covering()

    def run(self, turn: Turn) -> None:
        state: Covering = turn.blocks[self.name]  # type: ignore[assignment]  # blocks hold what `fresh` is
        close = _known(self.close, turn)
        open_ = _known(self.open, turn) if self.open is not None else None if close is None else not close
        watched = turn.values.get(self.watches) if self.watches is not None else None
        number = float(watched) if isinstance(watched, int | float) else None
        state = cover(self.settings, state, close, open_, number, turn.now_s)
        turn.blocks[self.name] = state
        wanted, key = state.position, "cover_closed" if state.closed else "cover_open"
        gap = turn.values.get(self.gap) if self.gap is not None else None
        if isinstance(gap, int | float):
            wanted = min(wanted, 100.0 - float(gap))
        if state.unknown_s >= 0:
            key = "cover_unknown"
        elif state.paused:
            key = "cover_paused"
        expires_s = turn.now_s + LEASE_PERIODS * self.period_s
        because = Because(key, {"loop": self.name})
        turn.demand(Demand(self.output, wanted, Slot.LOOP, self.name, because, expires_s))

    def give_up(self, turn: Turn) -> None:
        turn.withdraw(self.output, Slot.LOOP, self.name)


def _known(expression: Expression, turn: Turn) -> bool | None:
    known = expression.run(turn.values)
    return None if known is None else bool(known)
