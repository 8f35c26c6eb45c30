"""Loops on what other loops want: machines in stages, the larger or smaller of several wishes, and doses by ratio.

control.md 2.3. None has a sensor of its own to lose: what they follow is a setpoint that an outer loop writes, or a
volume that has run.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from controller.core.loops.feed_forward import Ahead, FishOxygen
from controller.core.loops.run import LEASE_PERIODS, Part
from controller.core.state import Block
from controller.core.turn import Turn
from controller.core.words import Because, Demand, Slot

LONGEST_STEP_S = 3600.0
"""A pause longer than this counts as this: no run-hours and no volume of a time that nobody saw."""
DIGESTED = FishOxygen(1.0, 3.0 * 3600.0, is_counter=False)
"""Feed that people gave, kg/h as its ammonia comes and takes the alkalinity (physics.md 5.2): most of it within ten
hours."""


class Stages(NamedTuple):
    """What staging remembers."""

    on: tuple[bool, ...]
    hours: tuple[float, ...]
    """Run-hours of each machine."""
    up_s: float = -1.0
    """Since when there is too little; -1 there is enough."""
    down_s: float = -1.0
    at_s: float = 0.0
    came: float | None = None
    """Of the demand, what really runs."""


@dataclass(frozen=True, slots=True)
class StagingLoop:
    """Machines of one size, switched on as the demand (0 to 100 %) grows; the least-run starts, the most-run stops.

    Each is worth the same share; with a `trim` (a drive) that makes one share more, and fills the steps between. The
    next starts once the last share is used by more than `up` for `up_s`, one stops once the rest would be used by less
    than `down` for `down_s`. One that somebody else holds off is passed over. With `swap_s` a duty and a standby
    machine change places, both together until one is too many.
    """

    name: str
    demand: str
    outputs: tuple[str, ...]
    trim: Part | None
    up: float
    up_s: float
    down: float
    down_s: float
    period_s: float
    due_s: float
    swap_s: float | None = None
    """Machines that stand take over from those that run so often."""

    @property
    def fresh(self) -> Stages:
        return Stages((False,) * len(self.outputs), (0.0,) * len(self.outputs))

    @property
    def share(self) -> float:
        """What one machine is worth, %."""
        return 100.0 / (len(self.outputs) + (self.trim is not None))

    def resumed(self, block: Block) -> Block:
        """After a long stop no machine runs, and nothing waits; run-hours stay."""
        kept: Stages = block  # type: ignore[assignment]  # blocks hold what `fresh` is
        return kept._replace(on=(False,) * len(kept.on), up_s=-1.0, down_s=-1.0, came=None)

    def run(self, turn: Turn) -> None:
        block: Stages = turn.blocks[self.name]  # type: ignore[assignment]  # blocks hold what `fresh` is
        now_s = turn.now_s
        if 0.0 <= now_s - block.at_s < self.due_s:
            return
        wanted = turn.values.get(self.demand)
        demand = float(wanted) if isinstance(wanted, float) else 0.0
        runs = tuple(turn.applied.get(output, 0.0) >= 50.0 for output in self.outputs)
        elapsed_h = min(max(now_s - block.at_s, 0.0), LONGEST_STEP_S) / 3600.0 if block.at_s > 0 else 0.0
        hours = tuple(
            hour + elapsed_h * one for hour, one in zip(block.hours, runs, strict=True)
        )  # fmt: skip
        # what an interlock or a hand has off is not ours to count on; what one has on is there already
        others = [self._of_another(turn, output) for output in self.outputs]
        mine = tuple(on and not (other and not one) for on, other, one in zip(block.on, others, runs, strict=True))
        counted = sum(on or (other and one) for on, other, one in zip(mine, others, runs, strict=True))
        load = demand / self.share - counted
        free = [index for index, other in enumerate(others) if not other and not mine[index]]
        used = [index for index, other in enumerate(others) if not other and mine[index]]
        short, idle = load > self.up / 100.0, load + 1.0 < self.down / 100.0
        lost = any(on and not still for on, still in zip(block.on, mine, strict=True))
        up_s = self._since(block.up_s, short and bool(free), now_s)
        down_s = self._since(block.down_s, idle and bool(used), now_s)
        on = list(mine)
        if up_s >= 0 and (lost or now_s - up_s >= self.up_s):
            on[min(free, key=lambda index: (hours[index], index))] = True
            up_s, load = -1.0, load - 1.0
        elif down_s >= 0 and now_s - down_s >= self.down_s:
            on[max(used, key=lambda index: (hours[index], -index))] = False
            down_s, load = -1.0, load + 1.0
        elif free and used and up_s < 0 and down_s < 0 and self._rested(hours, free, used):
            on[min(free, key=lambda index: (hours[index], index))] = True
        expires_s = now_s + LEASE_PERIODS * self.period_s
        because = Because("staging", {"loop": self.name, "demand": round(demand, 1), "stages": sum(on)})
        for output, one in zip(self.outputs, on, strict=True):
            turn.demand(Demand(output, 100.0 if one else 0.0, Slot.LOOP, self.name, because, expires_s))
        real = sum(runs) * self.share
        if self.trim is not None:
            filled = min(max(load, 0.0), 1.0) * 100.0
            turn.demand(Demand(self.trim.output, self.trim.share(filled), Slot.LOOP, self.name, because, expires_s))
            real += self.trim.wanted(turn.applied.get(self.trim.output, 0.0)) / 100.0 * self.share
        # within a step it is followed as well as steps can, and machines that change places run one too many
        most = self.share * (1.0 if self.swap_s is None else 2.0)
        came = demand if -self.share <= real - demand <= most else real
        turn.blocks[self.name] = Stages(tuple(on), hours, up_s, down_s, now_s, came)

    def _rested(self, hours: tuple[float, ...], free: list[int], used: list[int]) -> bool:
        """Whether one that stands is to start: the one that has run most then stops as one too many. The hours of two
        that change places drift apart by half a turn, and back by a whole one."""
        most, least = max(hours[index] for index in used), min(hours[index] for index in free)
        return self.swap_s is not None and most - least >= self.swap_s / 7200.0

    def give_up(self, turn: Turn) -> None:
        for output in (*self.outputs, *([self.trim.output] if self.trim is not None else [])):
            turn.withdraw(output, Slot.LOOP, self.name)

    def _of_another(self, turn: Turn, output: str) -> bool:
        order = turn.orders.get(output)
        return order is not None and order.slot < Slot.LOOP

    def _since(self, since_s: float, holds: bool, now_s: float) -> float:
        if not holds:
            return -1.0
        return since_s if 0.0 <= since_s <= now_s else now_s


class Picked(NamedTuple):
    """What a selector remembers: what it took last, or what really came of that."""

    came: float | None = None
    at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SelectorLoop:
    """The largest (or smallest) of what several loops want goes to the output; the losers track it.

    Two fuses in one: a backup that takes over when the first is down, a limit that takes over when it is passed.
    """

    name: str
    pick: Literal["max", "min"]
    of: tuple[str, ...]
    part: Part | None
    """The output; None where it writes the setpoint of an inner loop."""
    setpoint: str | None
    period_s: float
    due_s: float
    inner: tuple[str, str, bool] | None = None
    """Of the loop that follows `setpoint`: its value, its output, and whether more of that raises it."""
    fresh: Block = Picked()

    def resumed(self, block: Block) -> Block:
        """After a long stop what was taken last is over."""
        return self.fresh

    def run(self, turn: Turn) -> None:
        block: Picked = turn.blocks[self.name]  # type: ignore[assignment]  # blocks hold what `fresh` is
        now_s = turn.now_s
        if 0.0 <= now_s - block.at_s < self.due_s:
            return
        told = [(float(value), tag) for tag in self.of if isinstance(value := turn.values.get(tag), float)]
        if not told:
            return  # its lease ends, and the output goes safe
        value, winner = (max if self.pick == "max" else min)(told)
        if self.setpoint is not None:
            turn.applied[self.setpoint] = value
            turn.blocks[self.name] = Picked(self._followed(turn, value), now_s)
            return
        assert self.part is not None
        order = turn.orders.get(self.part.output)
        came = value
        if order is not None:
            real = turn.applied.get(self.part.output, 0.0)
            is_mine = order.slot is Slot.LOOP and order.owner == self.name
            before = value if block.came is None else block.came
            # what was wanted last is what may have come by now
            if not is_mine or abs(real - self.part.share(before)) > self.part.coarse:
                came = self.part.wanted(real)
        because = Because("selected", {"loop": self.name, "tag": winner, "value": round(value, 1)})
        expires_s = now_s + LEASE_PERIODS * self.period_s
        turn.demand(
            Demand(self.part.output, self.part.share(value), Slot.LOOP, self.name, because, expires_s)
        )  # fmt: skip
        turn.blocks[self.name] = Picked(value if came == value else came, now_s)

    def _followed(self, turn: Turn, value: float) -> float:
        """What came of a setpoint: an inner loop at its end cannot follow, and then it is what the inner value is."""
        if self.inner is None:
            return value
        pv, output, raises = self.inner
        came, real = turn.applied.get(output), turn.values.get(pv)
        if came is None or not isinstance(real, float):
            return value
        full, none = (came >= 99.0, came <= 1.0) if raises else (came <= 1.0, came >= 99.0)
        return real if (full and real < value) or (none and real > value) else value

    def give_up(self, turn: Turn) -> None:
        if self.part is not None:
            turn.withdraw(self.part.output, Slot.LOOP, self.name)


class Owed(NamedTuple):
    """What a ratio remembers: mL that the pump still owes, the last reading of what it follows, and the time."""

    owed_ml: float = 0.0
    last: float = 0.0
    at_s: float = -1.0
    until_s: float = 0.0
    """End of the present pulse."""
    by_hand: Ahead = Ahead()
    """Feed given by hand, on its way through the fish."""


@dataclass(frozen=True, slots=True)
class RatioLoop:
    """A dosing pump follows what has run, by volume: a counter, a flow, or another pump.

    What is owed is given in pulses of at least `least_s`; more than the longest pulse is never owed, so that a pump
    that was held back does not pour it all afterwards.
    """

    name: str
    of: str
    kind: Literal["counter", "flow", "output"]
    output: str
    ml_per_unit: float
    """mL for one unit of the counter, of the flow over one second, or of one second of the other pump at 100 %."""
    flow_ml_s: float
    least_s: float
    longest_s: float
    scan_s: float
    share: str | None = None
    """A setpoint, %: so much of `ml_per_unit`; all of it while that is not known."""
    is_entered: bool = False
    """The counter is a total of what people entered: what they put right is taken back, not poured again."""
    by_hand: str | None = None
    """A total of feed that people entered besides, kg. It comes in lots of which a pump may not owe the dose at once:
    they are dosed for as they are digested."""
    fresh: Block = Owed()

    def run(self, turn: Turn) -> None:
        block: Owed = turn.blocks[self.name]  # type: ignore[assignment]  # blocks hold what `fresh` is
        now_s = turn.now_s
        source = turn.applied.get(self.of) if self.kind == "output" else turn.values.get(self.of)
        elapsed_s = min(max(now_s - block.at_s, 0.0), LONGEST_STEP_S) if block.at_s >= 0 else 0.0
        owed_ml, last, by_hand = block.owed_ml, block.last, block.by_hand
        share = turn.values.get(self.share) if self.share is not None else None
        ml_per_unit = self.ml_per_unit * (share / 100.0 if isinstance(share, float) else 1.0)
        if turn.applied.get(self.output, 0.0) > 0.0:
            owed_ml -= self.flow_ml_s * elapsed_s
        if isinstance(source, float):
            if self.kind == "counter":
                # a counter that falls has been reset; the first reading is of long ago
                was_reset = source < last and not self.is_entered
                ran = 0.0 if block.at_s < 0 else max(source, 0.0) if was_reset else source - last
            else:
                ran = max(last, 0.0) * elapsed_s / (100.0 if self.kind == "output" else 1.0)
            owed_ml += ml_per_unit * ran
            last = source
        if self.by_hand is not None:
            total = turn.readings[self.by_hand]
            by_hand, kg_h = DIGESTED.step(by_hand, total.number, now_s, now_s - total.time_s)
            owed_ml += ml_per_unit * kg_h / 3600.0 * elapsed_s
        most = self.flow_ml_s * self.longest_s
        owed_ml = min(max(owed_ml, -most), most)
        until_s = block.until_s
        runs = now_s < until_s <= now_s + self.longest_s
        if not runs and owed_ml >= self.flow_ml_s * self.least_s:
            seconds = max(round(owed_ml / self.flow_ml_s / self.scan_s), 1) * self.scan_s
            until_s = now_s + seconds
            because = Because("dose", {"loop": self.name, "seconds": seconds})
            turn.demand(Demand(self.output, 100.0, Slot.LOOP, self.name, because, until_s))
        turn.blocks[self.name] = Owed(owed_ml, last, now_s, until_s, by_hand)

    def give_up(self, turn: Turn) -> None:
        turn.withdraw(self.output, Slot.LOOP, self.name)
