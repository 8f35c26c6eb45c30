"""One interlock on a bench: its tags are said, its output is told to run, time goes in steps."""

from collections.abc import Mapping
from typing import Any

from controller.core.interlocks import Action, Guard, InterlockBlock, Most
from controller.core.state import Block, State
from controller.core.timed import Held
from controller.core.turn import Turn
from controller.core.words import Demand, Event, Reset
from foundation.reading import Value
from rules.expression import Expression

T0_S = 1_770_000_000.0
CAUSE = Expression("fa.z.cause", "bool", frozenset({"fa.z.cause"}), lambda values: values.get("fa.z.cause"))
SEEN = Expression("fa.z.seen", "bool", frozenset({"fa.z.seen"}), lambda values: values.get("fa.z.seen"))
STOPS = (Action("fa.z.pump", 0.0, "inhibit", False),)


def trip(**what: Any) -> InterlockBlock:
    """A trip that stops a pump at once and lets go at once, but for `what`."""
    said: dict[str, Any] = {
        "name": "fa.z.trip", "kind": "trip", "when": CAUSE, "delay_s": 0.0, "lasts_s": 0.0, "latch": False,
        "reset_by": "", "on_bad_quality": "trip", "actions": STOPS, "needs": frozenset({"fa.z.cause"}),
    }  # fmt: skip
    return InterlockBlock(**(said | what))


def cap(counts: Any, most: float, per_s: float | None, since: Expression | None = None) -> InterlockBlock:
    how: Any = "inhibit" if counts == "run" else "start"
    return trip(
        kind="cap", when=None, needs=frozenset(), most=Most("fa.z.pump", counts, most, per_s, since),
        actions=(Action("fa.z.pump", 0.0, how, False),),
    )  # fmt: skip


class Bench:
    """Scans one interlock."""

    def __init__(self, interlock: InterlockBlock, blocks: Mapping[str, Block] | None = None) -> None:
        self.interlock = interlock
        self.blocks: dict[str, Block] = {**interlock.fresh, **(blocks or {})}
        self.values: dict[str, Value | None] = {"fa.z.cause": False}
        self.runs: float | None = 0.0
        """What its output did in the last scan, %; None: it is not known yet."""
        self.now_s = T0_S
        self.events: list[Event] = []
        self.turn = Turn(State(), T0_S)

    def step(
        self, cause: Value | None = False, after_s: float = 1.0, reset: bool = False, **values: Value | None
    ) -> list[Demand]:
        """What is insisted on in this scan."""
        before_s, self.now_s = self.now_s, self.now_s + after_s
        self.values |= {"fa.z.cause": cause, **{f"fa.z.{name}": value for name, value in values.items()}}
        applied = {} if self.runs is None else {"fa.z.pump": self.runs}
        old = State(at_s=before_s, values=self.values, blocks=self.blocks, applied=applied)
        self.turn = turn = Turn(old, self.now_s)
        turn.moved = set(self.values)
        if reset:
            turn.resets[self.interlock.name] = Reset("r1", self.interlock.name, "wang", self.now_s)
        self.interlock.run(turn)
        self.blocks = dict(turn.blocks)
        self.events += turn.events
        return turn.bounds.get("fa.z.pump", [])

    def told(self) -> list[str]:
        return [event.kind for event in self.events]

    @property
    def held(self) -> Held:
        held: Any = self.blocks[self.interlock.name]
        assert isinstance(held, Held)
        return held

    @property
    def guard(self) -> Guard:
        guard: Any = self.blocks[self.interlock.guard]
        assert isinstance(guard, Guard)
        return guard
