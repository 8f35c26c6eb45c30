"""One scan in the making: the state that was, and what this scan makes of it."""

from collections.abc import Mapping

from controller.core.recipe_state import Running
from controller.core.state import Block, Calibrated, Chosen, Given, Mark, Sent, State
from controller.core.words import AlarmNow, AlarmWish, Command, Demand, Dose, Event, Order, Reset, SequenceWish, Slot
from foundation.reading import BAD, Reading, Reason, Value

FAILED_AGAIN_S = 3600.0
"""A block that keeps throwing is told of once in so long."""


class Turn:
    """Working copies; nothing of the old state is changed, so that the same scan can be made again."""

    __slots__ = (
        "alarm_memory", "alarm_wishes", "alarms", "applied", "blocks", "bounds", "calibrations",
        "changed", "chosen", "commands", "demands", "disturbed", "doses", "dosing", "events",
        "failed", "fresh", "influences", "late", "marks", "moved", "now_s", "old", "orders", "readings", "recipes",
        "renew_s", "resets", "ruled", "sent", "sequences", "values", "wake_s",
    )  # fmt: skip

    def __init__(self, old: State, now_s: float) -> None:
        self.old, self.now_s = old, now_s
        self.readings: dict[str, Reading] = dict(old.readings)
        self.values: dict[str, Value | None] = dict(old.values)
        self.blocks: dict[str, Block] = dict(old.blocks)
        self.demands: dict[str, tuple[Demand, ...]] = dict(old.demands)
        self.orders: dict[str, Order] = dict(old.orders)
        self.applied: dict[str, float] = dict(old.applied)
        self.sent: dict[str, Sent] = dict(old.sent)
        self.chosen: dict[str, Chosen] = dict(old.chosen)
        self.recipes: dict[str, Running] = dict(old.recipes)
        self.marks: dict[str, Mark] = dict(old.marks)
        self.changed: list[Reading] = []
        """In order; a tag stands as often as it was heard in this scan, so that the record misses nothing."""
        self.fresh: set[str] = set(old.late)
        """The tags that derived tags have not yet heard of."""
        self.moved: set[str] = set(old.moved)
        """The tags that were seen anew since the rules looked last: after that in the last scan, and in this one."""
        self.ruled = 0
        """So many of `changed` were there when the rules looked."""
        self.late: frozenset[str] = frozenset()
        self.resets: dict[str, Reset] = {}
        """By latched interlock: who wants it reset."""
        self.sequences: dict[str, list[SequenceWish]] = {}
        """By sequence: what people want of it."""
        self.failed = old.failed
        self.bounds: dict[str, list[Demand]] = {}
        """By output: what the interlocks insist on."""
        self.influences: dict[str, float] = {}
        """By setpoint: what the rules add to it."""
        self.wake_s: dict[str, float] = dict(old.wake_s)
        self.renew_s: dict[str, float] = dict(old.renew_s)
        self.disturbed: set[str] = set()
        """Device tags whose last order was not heard, or is heard again."""
        self.events: list[Event] = []
        self.commands: list[Command] = []
        self.alarms: tuple[AlarmNow, ...] = ()
        self.alarm_memory = old.alarm_memory
        self.alarm_wishes: list[AlarmWish] = []
        self.doses: Mapping[str, Given] = old.doses
        self.calibrations: Mapping[str, tuple[Calibrated, ...]] = old.calibrations
        self.dosing: dict[str, Dose] = {}
        """By pump: what a person wants dosed in this scan."""

    def see(self, reading: Reading) -> None:
        """Put a reading into the image, and among what has changed."""
        tag, value, quality, _, _ = reading
        before = self.readings.get(tag)
        # what was never seen does not come back
        if before is not None and before.quality is not quality and before.reason is not Reason.NEVER_SEEN:
            if before.quality is BAD:
                self.events.append(Event(self.now_s, "tag_back", tag, {"reason": reading.reason or ""}))
            elif quality is BAD:
                self.events.append(Event(self.now_s, "tag_bad", tag, {"reason": reading.reason or ""}))
        self.readings[tag] = reading
        self.changed.append(reading)
        self.fresh.add(tag)
        self.moved.add(tag)
        # BAD never reaches a rule, a loop or a program as a number
        self.values[tag] = None if quality is BAD else value

    def fail(self, name: str, error: Exception) -> None:
        """A block threw: told at once, then once in a while."""
        told_s = self.failed.get(name)
        if told_s is None or self.now_s - told_s >= FAILED_AGAIN_S:
            self.failed = {**self.failed, name: self.now_s}
            self.events.append(Event(self.now_s, "block_failed", name, {"why": repr(error)}))

    def demand(self, demand: Demand) -> None:
        """Make (or renew) a demand; its owner's older one of the kind in the same slot goes."""
        kept = self.demands.get(demand.output, ())
        if len(kept) == 1 and _same(kept[0], demand):
            self.demands[demand.output] = (demand,)
            return
        others = [d for d in kept if not _same(d, demand)]
        others.append(demand)
        others.sort(key=_slot_first)
        self.demands[demand.output] = tuple(others)

    def withdraw(self, output: str, slot: Slot, owner: str) -> None:
        kept = self.demands.get(output)
        if kept:
            self.demands[output] = tuple(d for d in kept if not (d.slot is slot and d.owner == owner))

    def state(self) -> State:
        moved = frozenset([reading.tag for reading in self.changed[self.ruled :]])
        return State(
            self.now_s, self.readings, self.values, self.blocks, self.demands, self.orders, self.applied, self.sent,
            self.chosen, self.wake_s, self.renew_s, moved, self.alarms,
            self.late, self.failed, self.recipes, self.marks, self.alarm_memory, self.doses,
            self.calibrations,
        )  # fmt: skip


def _same(one: Demand, other: Demand) -> bool:
    return one.slot is other.slot and one.owner == other.owner and one.bound == other.bound


def _slot_first(demand: Demand) -> tuple[int, int]:
    return demand.slot, demand.rank
