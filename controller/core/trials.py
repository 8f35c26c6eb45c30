"""Trials in the scan: steps or a relay move a loop's output on the running plant, within guards (control.md 2.2).

A trial wants its outputs a little more than their loop does, and less than anybody else: a hand, a rule, an interlock
that wants them ends it. It begins with a rest, in which the noise is measured and the value has to stay where it is.
However it ends, the loop goes on from where the output then is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from statistics import fmean, pstdev
from typing import Literal, NamedTuple

from controller.core.alarm_block import AlarmBlock
from controller.core.derive import Expressed
from controller.core.loops.run import PidBlock, PidLoop
from controller.core.tuning.relay import NOISES, RelaySettings, RelayState, floor_of, refused, relay
from controller.core.turn import Turn
from controller.core.words import Because, Demand, Event, Slot, Trial
from foundation.reading import Value

CONTACT_S = 120.0
"""Nobody said for so long that it is to go on: it ends."""
LEASE_S = 10.0
REST_LOOKS = 30
UNREST = 0.25
"""Of what the value may move by: more than that during the rest, and something else moves it (the weather)."""
STEPS = (0.0, 1.0, 0.0, -1.0, 0.0, 1.0, -1.0, 0.0)
STEP_LOOKS = 40
SHORTEST_S, LONGEST_S = 60.0, 7200.0
"""Of one step; between them it lasts as long as the loop's integral time."""
UPWARD, DOWNWARD = 1.2, 0.8
"""A relay's way up and down, in sizes: unlike, so that the swing tells the gain too."""
MOST_LOOKS = 3000
SIZES = (1.0, 30.0)
MOST_S = 24 * 3600.0

Ended = Literal[
    "", "done", "stopped", "beaten", "alarm", "value_lost", "value_low", "value_high", "too_long", "contact",
    "setpoint", "unsteady", "restart", "broken", "noise", "limits", "size", "ph", "not_permitted",
]  # fmt: skip


class TrialMemory(NamedTuple):
    """The trial of one loop, under way or over; nothing of it was ever there while `id` is empty."""

    id: str = ""
    form: Literal["steps", "relay"] = "steps"
    by: str = ""
    size: float = 0.0
    within: float = 0.0
    longest_s: float = 0.0
    begun_s: float = 0.0
    renewed_s: float = 0.0
    looked_s: float = -1.0
    sp: float = 0.0
    base: float = 0.0
    output: float = 0.0
    """What it wants now, 0 to 100 % of the loop."""
    hysteresis: float = 0.0
    is_up: bool = True
    switched_s: tuple[float, ...] = ()
    swung_s: float = -1.0
    """When the rest was over."""
    outputs: tuple[float, ...] = ()
    values: tuple[float, ...] = ()
    ended: Ended = ""
    ended_s: float = 0.0
    beaten_by: str = ""


def key_of(loop: str) -> str:
    """The block of a loop's trial."""
    return f"{loop}#trial"


def owner_of(loop: str) -> str:
    """The owner of its demands."""
    return f"{loop}#trial"


@dataclass(frozen=True, slots=True)
class TrialRunner:
    """What a loop's trial needs to know."""

    loop: PidLoop
    unit: str
    facility: str
    life_support: bool
    every_s: float
    """From look to look."""
    alarms: tuple[AlarmBlock, ...] = ()
    """Of the site, that look at the value, at a probe of it or at what is made of them."""
    is_inner: bool = False
    """Its setpoint is what an outer loop asks for, and moves meanwhile."""
    probes: tuple[str, ...] = ()
    """Of a value that is voted."""
    made: tuple[Expressed, ...] = ()
    """Of the value or its probes, each after what it is made of."""

    @property
    def hold_s(self) -> float:
        """Of one step."""
        wished_s = min(max(self.loop.settings.ti_s, SHORTEST_S), LONGEST_S, STEP_LOOKS * 10 * self.every_s)
        return max(round(wished_s / self.every_s), 2) * self.every_s

    @property
    def raises(self) -> bool:
        return self.loop.settings.kc > 0.0

    def refusal(self, turn: Turn, wish: Trial) -> Because | None:
        """Why a trial must not begin now: `refused.KEY` of the locales."""
        values: Mapping[str, object] = {"loop": self.loop.name}
        reading, sp = turn.readings[self.loop.pv], turn.values.get(self.loop.sp)
        numbers = (wish.size, wish.within, wish.longest_s)
        if self.unit == "pH":
            return Because("trial_ph", values)
        if self.life_support:
            return Because("trial_life_support", values)
        if not all(isfinite(one) and one > 0.0 for one in numbers) or not SIZES[0] <= wish.size <= SIZES[1]:
            return Because("trial_size", {**values, "low": SIZES[0], "high": SIZES[1]})
        if wish.longest_s > MOST_S:
            return Because("trial_long", {**values, "hours": MOST_S / 3600.0})
        if reading.number is None or sp is None or isinstance(sp, str):
            return Because("trial_value", {**values, "tag": self.loop.pv})
        if self._alarm(turn) is not None:
            return Because("trial_alarm", {**values, "alarm": self._alarm(turn)})
        if (alarm := self._too_near(turn, float(sp), wish.within)) is not None:
            return Because("trial_limit", {**values, "alarm": alarm, "within": wish.within})
        for part in self.loop.parts:
            order = turn.orders.get(part.output)
            if order is None or order.owner != self.loop.name:
                owner = order.owner if order is not None else "-"
                return Because("trial_owner", {**values, "output": part.output, "owner": owner})
        if abs(reading.number - float(sp)) > wish.within / 2.0:
            return Because("trial_away", {**values, "value": reading.number, "sp": sp, "within": wish.within})
        base = self._base(turn)
        if not wish.size * UPWARD <= base <= 100.0 - wish.size * UPWARD:
            return Because("trial_room", {**values, "base": base, "size": wish.size})
        return None

    def begun(self, turn: Turn, wish: Trial) -> TrialMemory:
        """A trial that was not refused."""
        base, sp = self._base(turn), turn.values[self.loop.sp]
        return TrialMemory(
            wish.id, wish.form, wish.by, wish.size, wish.within, wish.longest_s, turn.now_s, turn.now_s,
            sp=float(sp or 0.0), base=base, output=base,
        )  # fmt: skip

    def run(self, turn: Turn) -> None:
        """After the loops, in every scan."""
        memory: TrialMemory = turn.blocks[key_of(self.loop.name)]  # type: ignore[assignment]  # its own
        if not memory.id or memory.ended:
            return
        new = self._stepped(turn, memory)
        turn.blocks[key_of(self.loop.name)] = new
        if new.ended:
            self._over(turn, new)
            return
        because = Because("trial", {"loop": self.loop.name, "by": new.by})
        expires_s = turn.now_s + LEASE_S
        for part in self.loop.parts:
            share = part.share(new.output)
            turn.demand(Demand(part.output, share, Slot.LOOP, owner_of(self.loop.name), because, expires_s, rank=-1))

    def end(self, turn: Turn, why: Ended) -> None:
        """End it now, if it runs."""
        memory: TrialMemory = turn.blocks[key_of(self.loop.name)]  # type: ignore[assignment]  # its own
        if memory.id and not memory.ended:
            memory = memory._replace(ended=why, ended_s=turn.now_s)
            turn.blocks[key_of(self.loop.name)] = memory
            self._over(turn, memory)

    # --- inside

    def _base(self, turn: Turn) -> float:
        block: PidBlock = turn.blocks[self.loop.name]  # type: ignore[assignment]  # a PID's
        return block.inner.output

    def _alarm(self, turn: Turn) -> str | None:
        """An alarm of the loop's facility, or one that looks at the value and is about to come."""
        raised = next((one.id for one in turn.old.alarms if one.active and f"{self.facility}." in one.id), None)
        if raised is not None:
            return raised
        return next((one.name for one in self.alarms if one.when.run(turn.values) is True), None)

    def _too_near(self, turn: Turn, sp: float, within: float) -> str | None:
        """An alarm that would come before the value is as far from its setpoint as it may be."""
        for value in (floor_of(self.unit, sp, sp - within), sp + within):
            there = self._there(turn, value)
            for alarm in self.alarms:
                if alarm.when.run(there) is True:
                    return alarm.name
        return None

    def _there(self, turn: Turn, value: float) -> dict[str, Value | None]:
        """What the tags say once the value is there: each probe as far from it as it is now."""
        there, now = dict(turn.values), turn.readings[self.loop.pv].number
        for probe in self.probes:
            said = there[probe]
            if isinstance(said, float) and now is not None:
                there[probe] = said + (value - now)
        there[self.loop.pv] = value
        for one in self.made:
            there[one.name] = one.expression.run(there)
        return there

    def _over(self, turn: Turn, memory: TrialMemory) -> None:
        for part in self.loop.parts:
            turn.withdraw(part.output, Slot.LOOP, owner_of(self.loop.name))
        self.loop.goes_on_from(turn, memory.output)
        values = {"why": memory.ended, "by": memory.by, "beaten_by": memory.beaten_by}
        turn.events.append(Event(turn.now_s, "trial_ended", self.loop.name, values))

    def _stepped(self, turn: Turn, memory: TrialMemory) -> TrialMemory:
        """The trial one scan later."""
        now_s, pv = turn.now_s, turn.readings[self.loop.pv].number
        ended, beaten_by = self._guarded(turn, memory, pv)
        if ended or pv is None:
            return memory._replace(ended=ended or "value_lost", ended_s=now_s, beaten_by=beaten_by)
        if memory.looked_s >= 0.0 and now_s - memory.looked_s < self.every_s - 1e-3:
            return memory
        part, came = self.loop.parts[0], memory.output
        if len(self.loop.parts) == 1:
            came = part.wanted(turn.applied.get(part.output, part.share(memory.output)))
        memory = memory._replace(looked_s=now_s, outputs=(*memory.outputs, came), values=(*memory.values, pv))
        if memory.swung_s < 0.0:
            return self._rested(memory, now_s)
        return self._step(memory, now_s) if memory.form == "steps" else self._swing(memory, pv, now_s)

    def _guarded(self, turn: Turn, memory: TrialMemory, pv: float | None) -> tuple[Ended, str]:
        """What ends it whatever its form, and who beat it."""
        now_s = turn.now_s
        if self._alarm(turn) is not None:
            return "alarm", self._alarm(turn) or ""
        for part in self.loop.parts:
            order = turn.old.orders.get(part.output)
            mine = order is not None and order.owner == owner_of(self.loop.name)
            # in its first scan the loop's own order still stands
            if not mine and now_s > memory.begun_s:
                return "beaten", order.owner if order is not None else ""
        if pv is None or not isfinite(pv):
            return "value_lost", ""
        sp = turn.values.get(self.loop.sp)
        if sp is None or isinstance(sp, str):
            return "setpoint", ""
        if not self.is_inner and abs(float(sp) - memory.sp) > UNREST * memory.within:
            return "setpoint", ""
        if now_s - memory.renewed_s > CONTACT_S:
            return "contact", ""
        if pv <= self._low(memory):
            return "value_low", ""
        if pv >= memory.sp + memory.within:
            return "value_high", ""
        if now_s - memory.begun_s > memory.longest_s or len(memory.values) >= MOST_LOOKS:
            return "too_long", ""
        return "", ""

    def _low(self, memory: TrialMemory) -> float:
        return floor_of(self.unit, memory.sp, memory.sp - memory.within)

    def _rested(self, memory: TrialMemory, now_s: float) -> TrialMemory:
        """Still at rest; after it, the noise is known."""
        if len(memory.values) < REST_LOOKS:
            return memory
        half = REST_LOOKS // 2
        early, late = memory.values[:half], memory.values[half:]
        if abs(fmean(late) - fmean(early)) > UNREST * memory.within:
            return memory._replace(ended="unsteady", ended_s=now_s)
        noise = max(pstdev(early), pstdev(late))
        hysteresis = max(1.2 * NOISES * noise, memory.within / 8.0)
        memory = memory._replace(hysteresis=hysteresis, swung_s=now_s)
        if memory.form == "steps":
            return self._step(memory, now_s)
        wrong = refused(self._settings(memory), self.unit, noise)
        if wrong is not None:
            return memory._replace(ended=wrong, ended_s=now_s)
        return memory._replace(output=memory.base + UPWARD * memory.size)

    def _step(self, memory: TrialMemory, now_s: float) -> TrialMemory:
        index = int((now_s - memory.swung_s + 1e-3) / self.hold_s)
        if index >= len(STEPS):
            return memory._replace(ended="done", ended_s=now_s)
        return memory._replace(output=memory.base + memory.size * STEPS[index])

    def _swing(self, memory: TrialMemory, pv: float, now_s: float) -> TrialMemory:
        state = RelayState(memory.output, memory.begun_s, memory.is_up, memory.switched_s)
        state = relay(self._settings(memory), state, pv, now_s, True, False)
        if state.ended is not None:
            return memory._replace(ended=state.ended, ended_s=now_s)
        return memory._replace(output=state.output, is_up=state.is_up, switched_s=state.switched_s)

    def _settings(self, memory: TrialMemory) -> RelaySettings:
        return RelaySettings(
            memory.sp, memory.base, UPWARD * memory.size, DOWNWARD * memory.size, memory.hysteresis,
            self._low(memory), memory.sp + memory.within, memory.longest_s, self.raises,
        )  # fmt: skip
