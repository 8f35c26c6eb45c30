"""People's hands on the outputs: by hand with a lease, an emergency stop of a facility, a maintenance lock-out.

What a person laid on is a `Mark` of the state. A hand is a demand in its slot; a stop and a lock bound the outputs
beside the interlocks. A lock-out goes before everything: what is locked is never started, whoever wants it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from controller.core.actuators import ThreePointMotor
from controller.core.arbiter import FOREVER, OutputPlan
from controller.core.loops.run import SETTLE_S
from controller.core.state import Mark
from controller.core.turn import Turn
from controller.core.words import (
    AlarmNow,
    Because,
    Demand,
    EmergencyStop,
    Event,
    LockOut,
    LockOutEnd,
    Override,
    Reset,
    Slot,
)
from edge_config.model.site import Site
from foundation.reading import Reason

LONGEST_HAND_S = 24 * 3600.0
ENDS_SOON_S = 600.0
"""Before a hand ends that is told; of a short one, in its last quarter."""
TOLD_S = 900.0
"""After a hand ended by itself that is told for so long."""


class Stopped(NamedTuple):
    """Where an emergency stop takes one output."""

    output: str
    value: float
    stands: bool
    """A motor: it stands where it is, for driving it to its end may crush somebody."""


@dataclass(frozen=True, slots=True)
class StopPlan:
    """One facility, its button (a contact that is closed while nobody presses it), and what a stop does to it."""

    facility: str
    button: str | None
    outputs: tuple[Stopped, ...]


@dataclass(frozen=True, slots=True)
class Hands:
    """The outputs of a site, as people may lay hands on them."""

    outputs: Mapping[str, OutputPlan]
    stops: Mapping[str, StopPlan]
    lockable: Mapping[str, tuple[str, ...]]
    """What may be locked out (an output, a device) and the outputs that it takes with it."""

    def kept(self, marks: Mapping[str, Mark]) -> dict[str, Mark]:
        """Those of a kept state that are of this site."""
        known = {"hand": self.outputs, "lock": self.lockable, "stop": self.stops}
        return {key: mark for key, mark in marks.items() if mark.subject in known.get(mark.kind, ())}

    # --- what people want

    def take(self, turn: Turn, wish: Override) -> None:
        """Take an output by hand until the lease is over, or give it back."""
        values: dict[str, object] = {"id": wish.id, "by": wish.by, "value": wish.value}
        if wish.output not in self.outputs or (wish.value is not None and not 0 <= wish.value <= 100):
            turn.events.append(
                Event(turn.now_s, "refused", wish.output, {**values, "why": "limits", "low": 0.0, "high": 100.0})
            )
            return
        if wish.value is not None and not wish.expires_s > turn.now_s:
            turn.events.append(Event(turn.now_s, "refused", wish.output, {**values, "why": "expired"}))
            return
        hand = turn.marks.get(f"hand:{wish.output}")
        values |= {"before": hand.value if hand is not None and hand.over_s < 0.0 else None, "after": wish.value}
        self._give_back(turn, wish.output)
        if wish.value is not None:
            until_s = min(wish.expires_s, turn.now_s + LONGEST_HAND_S)
            because = Because("manual", {"by": wish.by})
            turn.demand(Demand(wish.output, wish.value, Slot.MANUAL, wish.by, because, until_s))
            turn.marks[f"hand:{wish.output}"] = Mark("hand", wish.output, wish.by, turn.now_s, until_s, wish.value)
            values["until"] = until_s
        turn.events.append(Event(turn.now_s, "override", wish.output, values))

    def stop(self, turn: Turn, wish: EmergencyStop) -> None:
        """An emergency stop that a person asks for here; the button at the plant needs no wish."""
        values: dict[str, object] = {"id": wish.id, "by": wish.by}
        plan = self.stops.get(wish.facility)
        if plan is None:
            turn.events.append(Event(turn.now_s, "refused", wish.facility, {**values, "why": "no_facility"}))
            return
        self._stop(turn, plan, wish.by)
        turn.events.append(Event(turn.now_s, "stopped_by_hand", wish.facility, values))

    def release(self, turn: Turn, wish: Reset) -> None:
        """Reset the emergency stop of a facility; not while its button is pressed."""
        values: dict[str, object] = {"id": wish.id, "by": wish.by}
        key = f"stop:{wish.subject}"
        if key not in turn.marks:
            turn.events.append(Event(turn.now_s, "refused", wish.subject, {**values, "why": "not_resettable"}))
        elif _is_pressed(turn, self.stops[wish.subject].button):
            told = {"why": "button_pressed", "button": self.stops[wish.subject].button}
            turn.events.append(Event(turn.now_s, "refused", wish.subject, {**values, **told}))
        else:
            del turn.marks[key]
            turn.events.append(Event(turn.now_s, "reset", wish.subject, values))

    def lock(self, turn: Turn, wish: LockOut) -> None:
        """Lock an output or a device out; life support only with a word on what replaces it meanwhile."""
        values: dict[str, object] = {"id": wish.id, "by": wish.by, "note": wish.note}
        outputs, key = self.lockable.get(wish.subject), f"lock:{wish.subject}"
        other = turn.marks.get(key)
        if outputs is None:
            values["why"] = "no_lock"
        elif other is not None and other.by != wish.by:
            values |= {"why": "locked", "owner": other.by}
        elif not wish.statement.strip() and (alive := [one for one in outputs if self.outputs[one].life_support]):
            values |= {"why": "lock_life_support", "outputs": ", ".join(alive)}
        else:
            for output in outputs:
                self._give_back(turn, output)
            turn.marks[key] = Mark(
                "lock", wish.subject, wish.by, other.since_s if other is not None else turn.now_s, note=wish.note
            )
            told = {**values, "statement": wish.statement}
            turn.events.append(Event(turn.now_s, "locked_out", wish.subject, told))
            return
        turn.events.append(Event(turn.now_s, "refused", wish.subject, values))

    def unlock(self, turn: Turn, wish: LockOutEnd) -> None:
        """Take a lock off: whose lock it is, or a supervisor."""
        values: dict[str, object] = {"id": wish.id, "by": wish.by}
        mark = turn.marks.get(f"lock:{wish.subject}")
        if mark is None:
            turn.events.append(Event(turn.now_s, "refused", wish.subject, {**values, "why": "not_locked"}))
        elif mark.by != wish.by and not wish.supervisor:
            told = {**values, "why": "not_your_lock", "owner": mark.by}
            turn.events.append(Event(turn.now_s, "refused", wish.subject, told))
        else:
            del turn.marks[f"lock:{wish.subject}"]
            told = {**values, "owner": mark.by, "supervisor": wish.supervisor}
            turn.events.append(Event(turn.now_s, "lock_off", wish.subject, told))

    # --- in each scan

    def age(self, turn: Turn) -> None:
        """Hands whose lease is over: their outputs are back with loops and rules."""
        for key, mark in tuple(turn.marks.items()):
            if mark.kind != "hand":
                continue
            if mark.over_s < 0.0 and turn.now_s >= mark.until_s:
                turn.marks[key] = mark._replace(over_s=turn.now_s)
                values = {"by": mark.by, "value": mark.value}
                turn.events.append(Event(turn.now_s, "hand_over", mark.subject, values))
            elif mark.over_s >= 0.0 and turn.now_s - mark.over_s >= TOLD_S:
                del turn.marks[key]

    def insist(self, turn: Turn) -> None:
        """Look at the buttons, then bound what is stopped and what is locked."""
        for plan in self.stops.values():
            if plan.button is not None and f"stop:{plan.facility}" not in turn.marks and _is_pressed(turn, plan.button):
                self._stop(turn, plan, plan.button)
        for output, demands in self.bounds(turn.marks, turn.applied).items():
            turn.bounds[output] = binding(turn.bounds.get(output, []), demands)

    def bounds(self, marks: Mapping[str, Mark], applied: Mapping[str, float]) -> dict[str, list[Demand]]:
        """By output, what stops and locks insist on; a lock stands last."""
        found: dict[str, list[Demand]] = {}
        for kind in ("stop", "lock"):
            for mark in marks.values():
                if mark.kind != kind:
                    continue
                for output, value, slot in self._bounded(mark, applied):
                    because = Because("emergency_stop" if kind == "stop" else "locked_out", {"by": mark.by})
                    found.setdefault(output, []).append(
                        Demand(output, value, slot, f"{kind}:{mark.subject}", because, FOREVER)
                    )
        return found

    def _bounded(self, mark: Mark, applied: Mapping[str, float]) -> list[tuple[str, float, Slot]]:
        if mark.kind == "lock":
            stands = {
                one: isinstance(self.outputs[one].actuator, ThreePointMotor) for one in self.lockable[mark.subject]
            }
            return [(one, applied.get(one, 0.0) if still else 0.0, Slot.LOCK_OUT) for one, still in stands.items()]
        return [
            (one.output, applied.get(one.output, 0.0), Slot.LOCK_OUT)
            if one.stands
            else (one.output, one.value, Slot.TRIP)  # among trips what shuts goes first
            for one in self.stops[mark.subject].outputs
        ]

    def alarms(self, turn: Turn) -> list[AlarmNow]:
        """Hands that end soon or have just ended, hands that hold life support down, stops, locked life support."""
        found: list[AlarmNow] = []
        for mark in turn.marks.values():
            subject, values = mark.subject, {"by": mark.by}
            if mark.kind == "hand" and mark.over_s >= 0.0:
                found.append(AlarmNow(f"hand_over:{subject}", "low", True, mark.over_s, values))
            elif mark.kind == "hand":
                plan, soon_s = self.outputs[subject], min(ENDS_SOON_S, (mark.until_s - mark.since_s) / 4.0)
                if plan.life_support and mark.value < plan.safe.then:
                    found.append(AlarmNow(f"hand_life:{subject}", "high", True, mark.since_s, values))
                elif mark.until_s - turn.now_s <= soon_s:
                    found.append(AlarmNow(f"hand_ends:{subject}", "low", True, mark.until_s - soon_s, values))
            elif mark.kind == "stop":
                told = {**values, "reset": subject}
                found.append(AlarmNow(f"stop:{subject}", "high", True, mark.since_s, told))
            elif mark.kind == "lock" and any(self.outputs[one].life_support for one in self.lockable[subject]):
                found.append(AlarmNow(f"locked:{subject}", "high", True, mark.since_s, values))
        return found

    def _stop(self, turn: Turn, plan: StopPlan, by: str) -> None:
        """Latched until it is reset. What was by hand is given back: nothing starts by itself after the reset."""
        key = f"stop:{plan.facility}"
        if key not in turn.marks:
            turn.marks[key] = Mark("stop", plan.facility, by, turn.now_s)
            turn.events.append(Event(turn.now_s, "emergency_stop", plan.facility, {"by": by}))
        for one in plan.outputs:
            self._give_back(turn, one.output)

    def _give_back(self, turn: Turn, output: str) -> None:
        turn.marks.pop(f"hand:{output}", None)
        kept = turn.demands.get(output, ())
        if any(demand.slot is Slot.MANUAL for demand in kept):
            turn.demands[output] = tuple(demand for demand in kept if demand.slot is not Slot.MANUAL)


def binding(insists: Sequence[Demand], hands: Sequence[Demand]) -> list[Demand]:
    """What bounds an output: what interlocks insist on and what people laid on it. What is locked out is never
    started, whoever insists."""
    locks = [demand for demand in hands if demand.owner.startswith("lock:")]
    return locks or [*insists, *hands]


def hands_of(site: Site, outputs: Mapping[str, OutputPlan], output_of: Mapping[str, str]) -> Hands:
    """The hands of a built site; `output_of` is device tag -> output."""
    stops = {}
    for facility, setting in site.facilities.items():
        stopped = tuple(
            Stopped(name, output.safe.then if stop is None else stop, isinstance(output.actuator, ThreePointMotor))
            for name, output in outputs.items()
            if name.partition(".")[0] == facility and site.outputs[name].type != "heartbeat"
            for stop in (site.outputs[name].stop,)
        )
        stops[facility] = StopPlan(facility, setting.emergency_stop, stopped)
    lockable: dict[str, tuple[str, ...]] = {name: (name,) for name in outputs}
    for device, wired in site.devices.items():
        own = dict.fromkeys(output_of[tag] for tag in wired.tags.values() if tag in output_of)
        if own:
            lockable[device] = tuple(own)
    return Hands(outputs, stops, lockable)


def _is_pressed(turn: Turn, button: str | None) -> bool:
    """A contact that is not surely closed is a pressed button. Just after a start it has not been heard yet."""
    if button is None:
        return False
    reading = turn.readings[button]
    if reading.reason is Reason.NEVER_SEEN and turn.now_s - reading.time_s < SETTLE_S:
        return False
    return reading.usable is not True
