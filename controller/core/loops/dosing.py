"""Pulse and wait: a dose sized from the error, time to mix, a look at what it did, and a stop when it does nothing.

control.md 1.3 and S03: what one litre does is learned from each pulse, within bounds; four pulses without effect (of
small ones as many as could be seen), or as much as may go in unseen, lock the loop, because then the probe, the pump or
the stock lies.
"""

from dataclasses import dataclass
from math import copysign, floor, inf
from typing import Literal, NamedTuple

from controller.core.loops.own_course import NEAR, Course, averaged, disturbed, dosed, watched

Phase = Literal["idle", "pulse", "gap", "wait", "locked"]
MOST_UP, MOST_DOWN, LEARN = 1.4, 0.7, 0.4
"""One pulse moves the learned effect by at most these, and counts this much."""
FIRST_UP, FIRST_DOWN, FIRST = 2.0, 0.5, 0.8
"""The same of the first pulse, before which there is only a guess: of the gain of a Kalman filter, its first step."""

NOTHING, NOTHING_OF_A_GUESS = 0.3, 0.1
"""A pulse that moved the value by less than this share did nothing; of a guess a quarter may be all there is to it."""
SEEN = 2.0
"""A pulse that should move the value by so many deadbands can be told from leaves, water and noise."""
CLEAR = 4.0
"""And one of so many tells what a litre does, by more than chance."""


class Dose(NamedTuple):
    """What a dosing loop remembers."""

    phase: Phase = "idle"
    until_s: float = 0.0
    part: int = 0
    """Which of the outputs is (or was last) running."""
    seconds: float = 0.0
    """Length of the present pulse; 0 of one that was cut."""
    before: float = 0.0
    """The value when the dose began."""
    effect: float = 0.0
    """Learned: value per litre (of each part)."""
    without: int = 0
    """Pulses in a row that did nothing."""
    learned: int = 0
    """Pulses that its effect was learned from."""
    calm_s: float = -1.0
    """Begin of the present look at whether the value moves without a dose; -1 none."""
    calm_at: float = 0.0
    unexpected: bool = False
    """Locked because the value moved as if dosed, and nobody dosed."""
    dosed_s: float = -1.0
    """When a pump of it ran last; -1 never."""
    unseen: float = 0.0
    """Litres (of each part) since the last dose that had an effect."""
    litres: float = 0.0
    """Of the present dose, until its effect was looked at; each part's pulse is rounded to the scan, and the first is
    what all are sized by."""
    declared: float = 0.0
    """The effect that the site file told when learning began: another pump or stock is learned anew."""
    clear: float = 0.0
    """The effect by those doses alone that can be told from noise; 0 none yet. A small dose begins when chance has the
    probe say much, and seems to have done more than it did: `effect` errs to that side, and doses by it are too small.
    """
    clear_s: float = -1.0
    """When the last of them was looked at."""
    course: Course = Course()
    """What the value does without doses."""


@dataclass(frozen=True, slots=True)
class DosingSettings:
    """`effect` in value per litre with its sign; flows in mL/s of each part."""

    flows_ml_s: tuple[float, ...]
    gap_s: float
    effect: float
    share: float
    deadband: float
    wait_s: float
    ineffective: int
    longest_s: float
    grain_s: float
    """A pulse is a multiple of this (the scan), and at least this."""
    unexpected: float | None = None
    """A move of so much within five minutes, the way a dose moves it and without one, is a valve that does not shut."""
    blind: float | None = None
    """What all doses since the last with an effect may do to the value, by the learned effect."""
    beyond: float = 0.0
    """A dose aims so far past the setpoint: as far as it began before it, and the value swings about the setpoint."""
    short: float | None = None
    """Until the value has been seen to come back by itself, doses stop so far before the setpoint."""

    def aim(self, state: Dose, sp: float) -> tuple[float, float, float]:
        """The value that doses are for now, how far past it they aim, and the error that gets none."""
        if self.short is None or state.course.comes_back > 0:
            return sp, self.beyond, self.deadband
        return sp - copysign(self.short, state.effect), 0.0, self.told_apart

    @property
    def told_apart(self) -> float:
        """The least move that is told from chance. A dose that waits for a mean of readings (`short`) does not begin at
        one that is high by chance: of those no larger than the noise, many seem to do nothing."""
        return self.deadband if self.short is None else max(self.deadband, NEAR * self.short)

    def left_l(self, state: Dose) -> float:
        """Litres that may be dosed before an effect must be seen."""
        return inf if self.blind is None else max(self.blind / abs(state.effect) - state.unseen, 0.0)


LOOK_S = 300.0


def dosing(
    settings: DosingSettings,
    state: Dose,
    sp: float,
    pv: float | None,
    allowed: bool,
    now_s: float,
    turn: bool = True,
    stopped_s: float | None = None,
    is_disturbed: bool = False,
) -> Dose:
    """One step. A pulse runs while the new state's phase is `pulse` (output `part`, until `until_s`).

    Not `allowed` is a dose that cannot be: nothing mixes, or the pump does not run when it should; `stopped_s` is when
    it ran last, if not until now. No `turn` is a dose that may go on but not begin: another loop goes first.
    `is_disturbed` is a value that something else moves: water that is let in.
    """
    if state.declared != settings.effect:
        state = state._replace(effect=settings.effect, declared=settings.effect, learned=0, litres=0.0, clear=0.0)
    if is_disturbed:
        state = state._replace(course=disturbed(state.course))
    if state.phase == "locked":
        return state
    if not allowed or pv is None:
        # no mixing, or nothing to see: what runs ends now, the wait starts again from here, and a dose that was cut
        # teaches nothing but whether it did anything
        if state.phase in ("pulse", "gap"):
            return cut(state, now_s if stopped_s is None else stopped_s, now_s + settings.wait_s)
        if state.phase == "wait" and not allowed:
            return state._replace(until_s=now_s + settings.wait_s)
        return state
    if state.phase == "pulse":
        if now_s < state.until_s:
            return state
        if state.part + 1 < len(settings.flows_ml_s):
            return state._replace(phase="gap", until_s=now_s + settings.gap_s)
        return state._replace(phase="wait", until_s=now_s + settings.wait_s)
    if state.phase == "gap":
        if now_s < state.until_s:
            return state
        part = state.part + 1
        seconds = state.seconds * settings.flows_ml_s[part - 1] / settings.flows_ml_s[part]
        seconds = max(round(seconds / settings.grain_s), 1) * settings.grain_s
        return state._replace(phase="pulse", part=part, seconds=seconds, until_s=now_s + seconds)
    if state.phase == "wait":
        if now_s < state.until_s:
            return state
        state = _learn(settings, state, pv, now_s)
        if state.phase == "locked":
            return state
    if settings.unexpected is not None:
        state = _watch(settings.unexpected, state, pv, now_s)
        if state.phase == "locked":
            return state
    if settings.short is not None:
        against = -copysign(1.0, state.effect)
        course = watched(state.course, against * pv, now_s, settings.wait_s, settings.short)
        course = averaged(course, against * pv, now_s, state.dosed_s, settings.short)
        state = state._replace(course=course)
        pv = against * course.mean
    if not turn:
        return state._replace(phase="idle", part=0)
    return _begin(settings, state, sp, pv, now_s)


def cut(state: Dose, stopped_s: float, until_s: float) -> Dose:
    """A dose that ended before it was given whole, and mixes until `until_s`: what ran of its first part was given."""
    litres = state.litres
    if state.phase == "pulse" and state.part == 0 and state.seconds > 0.0:
        ran_s = stopped_s - (state.until_s - state.seconds)
        litres *= min(max(ran_s / state.seconds, 0.0), 1.0)
    course = state.course._replace(looks=0, mean_s=-1.0)  # how much it moves the value nobody knows
    return state._replace(phase="wait", until_s=until_s, seconds=0.0, calm_s=-1.0, litres=litres, course=course)


def _watch(much: float, state: Dose, pv: float, now_s: float) -> Dose:
    """Whether the value moves by itself as a dose would move it, looked at in windows between doses."""
    if not 0.0 <= state.calm_s <= now_s:
        return state._replace(calm_s=now_s, calm_at=pv)
    if (pv - state.calm_at) * (1.0 if state.effect > 0 else -1.0) >= much:
        return state._replace(phase="locked", unexpected=True, until_s=now_s)
    return state._replace(calm_s=now_s, calm_at=pv) if now_s - state.calm_s >= LOOK_S else state


def _begin(settings: DosingSettings, state: Dose, sp: float, pv: float, now_s: float) -> Dose:
    sp, beyond, deadband = settings.aim(state, sp)
    if not is_off(state, sp, pv, deadband):
        return state._replace(phase="idle", part=0)
    error = sp - pv
    wanted = settings.share * (error + copysign(beyond, error))
    litres = min(wanted / state.effect, settings.left_l(state))
    # the slowest pump runs longest for the same volume, and must not be cut
    slowest = min(settings.flows_ml_s) / settings.flows_ml_s[0]
    seconds = min(litres * 1000 / settings.flows_ml_s[0], settings.longest_s * slowest)
    seconds = floor(seconds / settings.grain_s + 1e-9) * settings.grain_s
    if seconds < settings.grain_s:
        return state._replace(phase="idle", part=0)
    return state._replace(
        phase="pulse", part=0, seconds=seconds, until_s=now_s + seconds, before=pv, calm_s=-1.0,
        litres=seconds * settings.flows_ml_s[0] / 1000,
    )  # fmt: skip


def is_off(state: Dose, sp: float, pv: float, deadband: float) -> bool:
    """Whether the value is off `sp` on the side from which a dose moves it there, and by the deadband at least."""
    error = sp - pv
    return error * state.effect > 0 and abs(error) >= deadband


def _learn(settings: DosingSettings, state: Dose, pv: float, now_s: float) -> Dose:
    litres, is_whole = state.litres, state.seconds > 0.0
    # noise makes `effect` too large: by it, doses that did all they could would have done nothing
    known = min(state.clear or state.effect, state.effect, key=abs)
    moved, expected = pv - state.before, known * litres
    state = state._replace(phase="idle", litres=0.0)
    if litres <= 0.0:
        return state
    if settings.short is not None:
        course = dosed(state.course, abs(expected), now_s, settings.wait_s, settings.short)
        state = state._replace(course=course)
    if moved * expected < (NOTHING if state.learned and is_whole else NOTHING_OF_A_GUESS) * expected * expected:
        state = state._replace(without=state.without + 1, unseen=state.unseen + litres)
        is_spent = settings.left_l(state) * 1000 < settings.grain_s * max(settings.flows_ml_s)
        many = state.without >= settings.ineffective
        much = abs(known) * state.unseen >= settings.ineffective * SEEN * settings.told_apart
        return state._replace(phase="locked" if is_spent or (many and much) else "idle")
    # by what it should have moved: to learn only from those that moved much would be to believe in ever more
    if is_whole and abs(expected) >= CLEAR * settings.deadband:
        clear = _taught(state.clear or state.effect, moved / litres, is_first=state.clear == 0.0)
        state = state._replace(clear=clear, clear_s=now_s)
    if is_whole and abs(state.effect) * litres >= settings.deadband / 2:
        effect = _taught(state.effect, moved / litres, is_first=not state.learned)
        state = state._replace(effect=effect, learned=min(state.learned + 1, 999))
    return state._replace(without=0, unseen=0.0)


def _taught(effect: float, seen: float, is_first: bool) -> float:
    """What a litre is believed to do after a dose that did `seen`."""
    up, down, counts = (FIRST_UP, FIRST_DOWN, FIRST) if is_first else (MOST_UP, MOST_DOWN, LEARN)
    return (1 - counts) * effect + counts * min(max(seen / effect, down), up) * effect
