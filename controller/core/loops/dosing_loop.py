"""How a dosing loop runs inside a scan: when it looks, when a dose may begin, and why it gives none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from controller.core.dosing_guard import Guarded, key_of
from controller.core.loops.dosing import Dose, DosingSettings, cut, dosing, is_off
from controller.core.state import Block, State
from controller.core.turn import Turn
from controller.core.words import Because, Demand, Event, Slot


class DoseBlock(NamedTuple):
    dose: Dose = Dose()
    at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Rest:
    """Why a dosing loop gives no dose now."""

    loop: str
    why: Literal["first", "locked", "lost", "mixer", "mixes", "opposite", "short"]
    until_s: float | None = None
    """None: not by time alone."""
    of: str = ""
    """The tag that is lost, the output that mixes and does not run, the loop that this one waits for."""


@dataclass(frozen=True, slots=True)
class DosingLoop:
    """Pulse and wait on one or several dosing pumps. A lost sensor doses nothing, whatever `on_loss` holds."""

    name: str
    pv: str
    sp: str
    period_s: float
    due_s: float
    settings: DosingSettings
    outputs: tuple[str, ...]
    only_with: str | None
    after: str | None = None
    """A dosing loop that goes first."""
    opposite: str | None = None
    """A dosing loop that doses the other way, and how long this one leaves it alone."""
    opposite_wait_s: float = 0.0
    disturbed_by: tuple[str, ...] = ()
    """Outputs that move the value too: water that is let in."""
    fresh: Block = DoseBlock()

    def run(self, turn: Turn) -> None:
        block: DoseBlock = turn.blocks[self.name]  # type: ignore[assignment]  # blocks hold what `fresh` is
        now_s, before = turn.now_s, block.dose
        busy = before.phase in ("pulse", "gap")
        if not busy and now_s - block.at_s < self.due_s:
            return
        sp = turn.values.get(self.sp)
        pv = turn.readings[self.pv].number
        allowed = self.only_with is None or turn.applied.get(self.only_with, 0.0) > 0.0
        stopped_s = None
        if before.phase == "pulse" and turn.applied.get(self.outputs[before.part], 0.0) <= 0.0:
            allowed, stopped_s = False, block.at_s  # an interlock, a hand or the day's volume keeps the pump still
        dose = before
        if not busy and before.phase != "locked" and self._was_dosed(turn, block.at_s):
            # by somebody else: it has to mix, teaches nothing but whether anything happens, and is no leak
            dose = cut(dose, now_s, now_s + self.settings.wait_s)
        elif sp is not None:
            is_disturbed = any(turn.applied.get(output, 0.0) > 0.0 for output in self.disturbed_by)
            dose = dosing(
                self.settings, before, float(sp), pv, allowed, now_s, self._kept_back(turn.blocks, now_s) is None,
                stopped_s, is_disturbed,
            )  # fmt: skip
        if "pulse" in (before.phase, dose.phase):  # until now it ran
            dose = dose._replace(dosed_s=now_s)
        turn.blocks[self.name] = DoseBlock(dose, now_s)
        if dose.phase == "locked" and before.phase != "locked":
            told: dict[str, object] = {"pulses": dose.without, "unexpected": dose.unexpected}
            turn.events.append(Event(now_s, "dosing_locked", self.name, told))
        if busy and (dose.phase != "pulse" or dose.part != before.part):
            turn.withdraw(self.outputs[before.part], Slot.LOOP, self.name)
        if dose.phase == "pulse" and (before.phase != "pulse" or dose.part != before.part):
            because = Because("dose", {"loop": self.name, "seconds": dose.seconds, "pv": pv, "sp": sp})
            turn.demand(Demand(self.outputs[dose.part], 100.0, Slot.LOOP, self.name, because, dose.until_s))

    def _was_dosed(self, turn: Turn, since_s: float) -> bool:
        """Whether a pump of it has run since this loop looked last."""
        pumps: list[Guarded] = [turn.blocks[key_of(output)] for output in self.outputs]  # type: ignore[misc]  # guards
        return any(pump.on or pump.ended_s > since_s for pump in pumps)

    def _kept_back(self, blocks: Mapping[str, Block], now_s: float) -> Rest | None:
        """By another loop: the one that goes first is not done, or the opposite one has dosed lately."""
        if self.after is not None:
            first: Dose = blocks[self.after][0]
            if first.phase in ("pulse", "gap", "wait"):
                return Rest(self.name, "first", of=self.after)
        if self.opposite is not None:
            other: Dose = blocks[self.opposite][0]
            if other.dosed_s >= 0 and 0.0 <= now_s - other.dosed_s < self.opposite_wait_s:
                return Rest(self.name, "opposite", other.dosed_s + self.opposite_wait_s, self.opposite)
        return None

    def rests(self, state: State) -> Rest | None:
        """Why it gives no dose; None while it gives one, where its value needs none, and where the next is due."""
        block: DoseBlock = state.blocks[self.name]  # type: ignore[assignment]  # as above
        dose, now_s, sp, pv = block.dose, state.at_s, state.values.get(self.sp), state.readings[self.pv].number
        if dose.phase in ("pulse", "gap"):
            return None
        if dose.phase == "locked":
            return Rest(self.name, "locked")
        if pv is None or sp is None:
            return Rest(self.name, "lost", of=self.pv if pv is None else self.sp)
        if self.only_with is not None and state.applied.get(self.only_with, 0.0) <= 0.0:
            return Rest(self.name, "mixer", of=self.only_with)
        if dose.phase == "wait":
            return Rest(self.name, "mixes", max(dose.until_s, block.at_s + self.due_s))
        aim, _, deadband = self.settings.aim(dose, float(sp))
        if not is_off(dose, float(sp), pv, self.settings.deadband):
            return None
        if not is_off(dose, aim, pv, deadband):
            return Rest(self.name, "short")
        return self._kept_back(state.blocks, now_s)

    def give_up(self, turn: Turn) -> None:
        for output in self.outputs:
            turn.withdraw(output, Slot.LOOP, self.name)

    def resumed(self, block: Block, now_s: float) -> Block:
        """After a restart nobody knows what was dosed last: a whole wait first, or restarts in a row would dose. A dose
        that was under way counts as given, as in the pump's book, and is looked at after that."""
        dose: Dose = block[0]
        if dose.phase == "locked":
            return block
        litres = 0.0 if dose.phase == "idle" else dose.litres
        return DoseBlock(
            dose._replace(phase="wait", until_s=now_s + self.settings.wait_s, seconds=0.0, litres=litres), now_s
        )
