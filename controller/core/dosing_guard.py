"""The dosing guard: what no pump gives, whoever asks for it: loop, rule, sequence, interlock or hand.

control.md 3.3 and decision 5: a largest dose, an hourly and a daily volume, a wait for mixing, parts in their order and
never together, no acid on base, no dose from an empty tank, without mixing, without an effect, or while something
leaks. A dose is booked in full before it begins and is counted as given until its end is known, so that a kept state
that was written before the dose never knows too little.
"""

from dataclasses import dataclass
from typing import NamedTuple

from controller.core.proof import Proven
from controller.core.turn import Turn
from controller.core.words import Because, Event, Order, Slot

HOUR_S, DAY_S = 3600.0, 86400.0
BIN_S = 300.0
"""Doses of so long are counted together, as of the last of them."""
MOST_INEFFECTIVE = 4
EFFECT_SHARE = 0.1
"""Of what a dose should have done to the value: less is no effect."""
ROUNDING_ML = 1e-9
MASTER_AFTER_S = 5.0
"""A master valve shuts so long after its pumps (control.md S09)."""
DERATED = 0.5
"""What is left of every volume once the pump's calibration is overdue."""


class Guarded(NamedTuple):
    """What the guard remembers of one pump."""

    on: bool = False
    at_s: float = -1.0
    """When it was last looked at."""
    dose_ml: float = 0.0
    """Given in the present dose."""
    booked_ml: float = 0.0
    """What the present dose may come to: counted as given as long as it runs."""
    spent: bool = False
    """The present order has had its dose, or was refused: nothing more until it has gone."""
    why: str = ""
    """What ended or refused it; empty if nothing did."""
    ended_s: float = -1.0
    """End of the last dose; -1 there was none."""
    before: float | None = None
    """The value when the last dose began; None if nobody looks."""
    look_s: float = -1.0
    """When the effect of the last dose is to be looked at; -1 nothing is."""
    look_ml: float = 0.0
    capped_s: float = -1.0
    """Since when doses are refused because an hour or a day has had its volume; -1 none was."""
    without: int = 0
    """Doses in a row that did nothing."""
    locked_s: float = -1.0
    """Since when it is locked for that; -1 it is not."""
    bin_s: float = -1.0
    """Begin of the last of `given_s`."""
    given_s: tuple[float, ...] = ()
    given_ml: tuple[float, ...] = ()
    """Of the last day."""


class Effect(NamedTuple):
    """What a dose does to a value, and how much of it is worth a look."""

    tag: str
    per_litre: float
    least: float
    """Doses that should move the value by less are not judged."""
    ineffective: int = MOST_INEFFECTIVE


class Watch(NamedTuple):
    """What tells that something runs which nobody dosed."""

    proof: str | None = None
    """The block of the pump's proof."""
    loops: tuple[str, ...] = ()
    """Its dosing loops; when one has locked itself, that holds for whoever doses."""


@dataclass(frozen=True, slots=True)
class DosingGuard:
    """The limits of one pump. Other pumps are named by their outputs, and have guards too."""

    name: str
    flow_ml_s: float
    scan_s: float
    dose_ml: float
    hour_ml: float
    day_ml: float
    mixing_s: float = 0.0
    """From the end of a dose to the next."""
    first: str | None = None
    """The part that has to be dosed before this one, each time."""
    parts: tuple[str, ...] = ()
    """The other parts: never together with this, and not within `pause_s` of each other."""
    pause_s: float = 0.0
    opposites: tuple[tuple[str, Watch], ...] = ()
    lockout_s: float = 4 * HOUR_S
    mixer: str | None = None
    """An output that must be on."""
    stock: tuple[str, float] | None = None
    """The level of its tank, and how much must be in it."""
    watch: Watch = Watch()
    effect: Effect | None = None
    calibrated_s: float | None = None
    calibrate_every_s: float = 90 * DAY_S

    @property
    def step_ml(self) -> float:
        """What it gives between two scans: the least dose."""
        return self.flow_ml_s * self.scan_s

    def is_overdue(self, now_s: float) -> bool:
        return self.calibrated_s is not None and now_s - self.calibrated_s > self.calibrate_every_s

    def passed(self, turn: Turn, order: Order) -> Order:
        """The order as it may go out."""
        key = key_of(self.name)
        before: Guarded = turn.blocks[key]  # type: ignore[assignment]  # a pump's guard
        wanted = order.value >= 50.0
        value = turn.readings[self.effect.tag].number if self.effect is not None else None
        state = judged(self, before, value, turn.now_s)
        # its own loop judges its doses itself
        told = None if order.owner in self.watch.loops else value
        state = step(self, state, wanted, self._hindrance(turn, state), told, turn.now_s)
        turn.blocks[key] = state
        if state.locked_s != before.locked_s:
            turn.events.append(Event(turn.now_s, "dosing_locked", self.name, {"pulses": state.without}))
        if state.on is wanted:
            return order
        because = Because(f"guard_{state.why}", {"output": self.name, "owner": order.owner})
        if not before.spent:
            event: dict[str, object] = {"why": state.why, "owner": order.owner}
            turn.events.append(Event(turn.now_s, "dose_refused", self.name, event))
        return Order(self.name, 0.0, Slot.TRIP, "dosing_guard", because, order.expires_s)

    def _hindrance(self, turn: Turn, state: Guarded) -> str:
        """What forbids a dose, but for volumes; empty if nothing does."""
        now_s = turn.now_s
        if state.locked_s >= 0.0:
            return "ineffective"
        if moves_by_itself(turn, self.watch):
            return "leak"
        if any(turn.blocks[loop][0].phase == "locked" for loop in self.watch.loops):
            return "locked"
        for name, watch in self.opposites:
            other: Guarded = turn.blocks[key_of(name)]  # type: ignore[assignment]  # a pump's guard
            if other.on or (other.ended_s >= 0.0 and now_s < other.ended_s + self.lockout_s):
                return "opposite"
            if moves_by_itself(turn, watch):
                return "opposite"
        if self.mixer is not None and turn.applied.get(self.mixer, 0.0) <= 0.0:
            return "mixer"
        if self.stock is not None:
            level = turn.readings[self.stock[0]].number
            if level is None or level < self.stock[1]:
                return "stock"
        for name in self.parts:
            part: Guarded = turn.blocks[key_of(name)]  # type: ignore[assignment]  # a pump's guard
            if part.on or (part.ended_s >= 0.0 and now_s < part.ended_s + self.pause_s):
                return "part"
            if name == self.first and part.ended_s <= state.ended_s:
                return "order"
        if state.ended_s >= 0.0 and now_s < state.ended_s + self.mixing_s:
            return "mixing"
        return ""


def key_of(output: str) -> str:
    """Where a pump's `Guarded` stands."""
    return f"{output}#guard"


def moves_by_itself(turn: Turn, watch: Watch) -> bool:
    """Whether something runs that nobody dosed: the pump's proof says so, or the value that it moves."""
    if watch.proof is not None:
        proof: Proven = turn.blocks[watch.proof]  # type: ignore[assignment]  # an output's proof
        if proof.runs_on_s >= 0.0:
            return True
    return any(turn.blocks[loop][0].unexpected for loop in watch.loops)


def may_open(turn: Turn, pumps: tuple[DosingGuard, ...]) -> bool:
    """Whether the master valve of `pumps` may stand open: while one of them runs, and a little longer."""
    open_for = False
    for pump in pumps:
        if moves_by_itself(turn, pump.watch):
            return False
        state: Guarded = turn.blocks[key_of(pump.name)]  # type: ignore[assignment]  # a pump's guard
        if state.on or (state.ended_s >= 0.0 and turn.now_s - state.ended_s < MASTER_AFTER_S):
            open_for = True
    return open_for


def given_ml(state: Guarded, since_s: float) -> float:
    """What was given after `since_s`, but for a dose that runs."""
    return sum(ml for at_s, ml in zip(state.given_s, state.given_ml, strict=True) if at_s > since_s)


def room_ml(guard: DosingGuard, state: Guarded, now_s: float) -> tuple[float, str]:
    """The most that a dose may come to now, and what limits it: `dose`, `hour` or `day`."""
    share = DERATED if guard.is_overdue(now_s) else 1.0
    return min(
        (share * guard.dose_ml, "dose"),
        (share * guard.hour_ml - given_ml(state, now_s - HOUR_S), "hour"),
        (share * guard.day_ml - given_ml(state, now_s - DAY_S), "day"),
    )


def step(
    guard: DosingGuard, state: Guarded, wanted: bool, hindrance: str, value: float | None, now_s: float
) -> Guarded:
    """One look at the pump: `on` of the new state says whether it runs until the next."""
    elapsed_s = max(now_s - state.at_s, 0.0) if state.on else 0.0
    state = state._replace(at_s=now_s, dose_ml=state.dose_ml + guard.flow_ml_s * elapsed_s)
    if not wanted:
        return (ended(guard, state, now_s) if state.on else state)._replace(spent=False, why="")
    if state.on:
        why = hindrance or ("dose" if state.dose_ml + guard.step_ml > state.booked_ml + ROUNDING_ML else "")
        return ended(guard, state, now_s)._replace(spent=True, why=why) if why else state
    if state.spent:
        return state
    most_ml, limit = room_ml(guard, state, now_s)
    why = hindrance or (limit if guard.step_ml > most_ml + ROUNDING_ML else "")
    if why:
        capped_s = now_s if why == limit and state.capped_s < 0.0 else state.capped_s
        return state._replace(spent=True, why=why, capped_s=capped_s)
    return state._replace(on=True, dose_ml=0.0, booked_ml=most_ml, before=value, look_s=-1.0, capped_s=-1.0)


def ended(guard: DosingGuard, state: Guarded, now_s: float) -> Guarded:
    """The dose is over: what it came to is put down."""
    state = put_down(state, state.dose_ml, now_s)
    look_s = now_s + guard.mixing_s if guard.effect is not None and state.before is not None else -1.0
    return state._replace(look_s=look_s, look_ml=state.dose_ml)


def put_down(state: Guarded, ml: float, now_s: float) -> Guarded:
    """So much was given by now, and nothing runs."""
    kept = [one for one in zip(state.given_s, state.given_ml, strict=True) if one[0] > now_s - DAY_S]
    bin_s = state.bin_s
    if kept and now_s - bin_s < BIN_S:
        kept[-1] = now_s, kept[-1][1] + ml
    else:
        kept.append((now_s, ml))
        bin_s = now_s
    return state._replace(
        on=False, booked_ml=0.0, ended_s=now_s, bin_s=bin_s,
        given_s=tuple(at_s for at_s, _ in kept), given_ml=tuple(much for _, much in kept),
    )  # fmt: skip


def judged(guard: DosingGuard, state: Guarded, value: float | None, now_s: float) -> Guarded:
    """What the last dose did, once it has mixed: too many without effect lock the pump until somebody has looked."""
    effect = guard.effect
    if effect is None or state.look_s < 0.0 or now_s < state.look_s:
        return state
    state = state._replace(look_s=-1.0)
    expected = effect.per_litre * state.look_ml / 1000.0
    if value is None or state.before is None or abs(expected) < effect.least:
        return state
    if (value - state.before) / expected >= EFFECT_SHARE:
        return state._replace(without=0)
    without = state.without + 1
    return state._replace(without=without, locked_s=now_s if without >= effect.ineffective else -1.0)


def resumed(state: Guarded, now_s: float) -> Guarded:
    """After a restart: what was booked counts as given, whatever the pump did, and the same order doses no more."""
    state = state._replace(
        given_s=tuple(min(at_s, now_s) for at_s in state.given_s)  # a clock that was set back makes no dose younger
    )
    if not state.on:
        return state
    return put_down(state, state.booked_ml, now_s)._replace(spent=True, why="restart", look_s=-1.0)


def reset(state: Guarded) -> Guarded:
    """Somebody has looked: doses without effect are forgotten, what was given is not."""
    return state._replace(without=0, locked_s=-1.0, look_s=-1.0)
