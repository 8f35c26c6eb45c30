"""Watering by radiation: when a round is due, how long each valve is open, when it must not, what the drain says.

control.md 1.1, Irrigation. The sum of radiation (and of dry air) calls for a round, or the longest rest does; a shot
is litres, counted by the meter if there is one. Water of which EC or pH is not good is not given: it is held, or plain
water goes out by the clock where the site says so. A slab that is too salty for the light gets its rounds sooner. Sums
are in J/cm2, as growers count them.
"""

from dataclasses import dataclass
from math import expm1
from typing import Literal, NamedTuple

from controller.core.strategies.feeding import between

ROUNDS_A_CORRECTION = 3
MOST_A_CORRECTION = 0.05
LEAST_SHARE, MOST_SHARE = 0.5, 2.0
"""Of what is written, how far the drain may move what is given."""
FLOW_LOW, FLOW_HIGH, FLOW_WITHIN_S = 0.7, 1.3, 30.0
BAD_WATER_S = 60.0
MOST_ROUNDS_OWED = 2.0
"""What could not be given is not poured out all at once afterwards."""
SALTY_GETS = 1.25
"""Times the sum, while the slab is too salty."""
SALTY_UNTIL = 0.95
"""Of what it may have."""
LIGHT_OVER_S = 3600.0
"""A slab's salt is judged by the light of about an hour: no cloud makes a slab good."""
LONGEST_STEP_S = 900.0
"""Radiation that nobody saw for longer than this is not guessed."""
LONGEST_DAY_S = 90_000.0
"""Twenty-five hours, where clocks are set back."""
LONGEST_SHOT_S = 60.0
"""A gap in the scans while a valve is open counts no longer than this."""

Water = Literal["good", "out", "lost"]
Phase = Literal["rest", "gap", "open"]


class Round(NamedTuple):
    """What an irrigation remembers."""

    phase: Phase = "rest"
    valve: int = 0
    plain: bool = False
    """The present (or last) round is of plain water."""
    since_s: float = 0.0
    """When the present phase began."""
    given_l: float = 0.0
    """Through the open valve."""
    wrong_s: float = -1.0
    """Since when the flow is not what it should be; -1 it is."""
    faults: tuple[bool, ...] = ()
    """Valves whose flow was wrong: shut until somebody resets."""
    water_s: float = -1.0
    """Since when the drip water is not good, or (while held) good again; -1 neither."""
    held_s: float = -1.0
    """Since when it is held because of the drip water; -1 it is not."""
    ended_s: float = 0.0
    """End of the last round."""
    sum_j_cm2: float = 0.0
    """For which no water was given yet."""
    day_j_cm2: float = 0.0
    day_s: float = -1.0
    """Local midnight of the day that is summed."""
    light: float = 0.0
    """Last seen, J/cm2 a second."""
    rounds: int = 0
    """Since what is given was set right."""
    gives: float = 0.0
    """Learned, L/m2 for each J/cm2; 0 as written."""
    corrected_s: float = 0.0
    at_s: float = 0.0
    last_j_cm2: float = -1.0
    """Sum of the day before; -1 not known."""
    hour_w_m2: float = 0.0
    """Radiation of about the last hour."""
    salty_s: float = -1.0
    """Since when the slab is too salty for it; -1 it is not."""
    drain_s: float = 0.0
    """Of the drain samples that wait for the share of their day: when the last was taken, and since when they wait."""
    waits_s: float = -1.0


class Look(NamedTuple):
    """What an irrigation is shown; None is not known."""

    now_s: float
    day_s: float
    """Local midnight."""
    begins_s: float
    """Of today's window, and its end."""
    ends_s: float
    radiation_w_m2: float | None
    deficit_g_m3: float | None
    flow_l_s: float | None
    water: Water
    runs: bool
    """The valve (and the pump) that should be open is."""
    drain_ec: float | None
    drain_at_s: float
    """When that was measured."""
    drain_share: float | None
    correct: bool
    """It was the time of day at which the drain speaks for its day."""
    drain_day_s: float
    """Local midnight of that day."""
    slab_ec: float | None = None
    share_is_late: bool = False
    """People tell of the share too, and have not yet told that of the drain sample's day."""


@dataclass(frozen=True, slots=True)
class IrrigationSettings:
    """`gives` in L/m2 for each J/cm2; `rate_l_s` of one valve; `per_deficit` in J/cm2 a second and g/m3."""

    valves: int
    every_j_cm2: float
    gives: float
    area_m2: float
    rate_l_s: float
    metered: bool
    per_deficit: float
    least_rest_s: float
    most_rest_s: float
    gap_s: float
    plain_every_s: float | None
    plain_run_s: float
    drain_wanted: float
    drain_gain: float
    """Share of the water for each unit of EC."""
    shares: tuple[tuple[float, float, float], ...] = ()
    """Below this sum of the day (J/cm2), the least and the most share of drain that is right, %."""
    first_j_cm2: float = 0.0
    """No first round of the day before this sum of it."""
    slab: tuple[tuple[float, float], ...] = ()
    """Radiation, W/m2, and the most EC of the slab there; () where nobody measures it."""

    def litres(self, state: Round) -> float:
        """Of one shot."""
        return (state.gives or self.gives) * self.every_j_cm2 * self.area_m2

    def longest_s(self, state: Round) -> float:
        """A shot that takes longer than this will never be whole."""
        return self.plain_run_s if state.plain else 2.0 * self.litres(state) / self.rate_l_s + FLOW_WITHIN_S


def irrigate(settings: IrrigationSettings, state: Round, look: Look) -> Round:
    """One step. While the new state's phase is `open` its valve is to be open."""
    now_s = look.now_s
    elapsed_s = max(now_s - state.at_s, 0.0) if state.at_s > 0 else 0.0
    state = _tasted(settings, state, look, elapsed_s)
    state = _summed(settings, state, look, elapsed_s)._replace(at_s=now_s)
    state = _watched(state, look)
    if state.phase == "open":
        state = _shot(settings, state, look, min(elapsed_s, LONGEST_SHOT_S))
    elif state.phase == "gap":
        if not 0.0 <= now_s - state.since_s < settings.gap_s:
            state = state._replace(phase="open", since_s=now_s, given_l=0.0, wrong_s=-1.0)
    else:
        state = _corrected(settings, state, look)
        plain = _due(settings, state, look)
        if plain is not None:
            left = max(state.sum_j_cm2 - settings.every_j_cm2, 0.0)
            state = _next(state._replace(plain=plain, sum_j_cm2=left), -1, now_s)
            if state.phase == "gap":
                state = state._replace(phase="open", given_l=0.0, wrong_s=-1.0)
    return state


def _tasted(settings: IrrigationSettings, state: Round, look: Look, elapsed_s: float) -> Round:
    """Whether the slab is too salty for the light of the last hour."""
    if not settings.slab:
        return state
    if look.radiation_w_m2 is not None:
        share = -expm1(-elapsed_s / LIGHT_OVER_S) if state.at_s > 0 else 1.0
        state = state._replace(hour_w_m2=state.hour_w_m2 + share * (max(look.radiation_w_m2, 0.0) - state.hour_w_m2))
    if look.slab_ec is None:
        return state._replace(salty_s=-1.0)
    most = between(settings.slab, state.hour_w_m2)
    if look.slab_ec <= (most if state.salty_s < 0 else SALTY_UNTIL * most):
        return state._replace(salty_s=-1.0)
    return state if 0.0 <= state.salty_s <= look.now_s else state._replace(salty_s=look.now_s)


def _summed(settings: IrrigationSettings, state: Round, look: Look, elapsed_s: float) -> Round:
    if look.day_s != state.day_s:
        is_next = 0.0 < look.day_s - state.day_s <= LONGEST_DAY_S and state.day_s >= 0
        last_j_cm2 = state.day_j_cm2 if is_next else -1.0
        state = state._replace(day_s=look.day_s, day_j_cm2=0.0, sum_j_cm2=0.0, last_j_cm2=last_j_cm2)
    if look.radiation_w_m2 is None:
        return state._replace(light=0.0)
    light = max(look.radiation_w_m2, 0.0) * 1e-4
    seen_s = elapsed_s if elapsed_s <= LONGEST_STEP_S else 0.0
    sun = (state.light + light) / 2 * seen_s
    dry = settings.per_deficit * max(look.deficit_g_m3 or 0.0, 0.0) * seen_s
    times = SALTY_GETS if state.salty_s >= 0 else 1.0
    owed = min(state.sum_j_cm2 + times * (sun + dry), MOST_ROUNDS_OWED * settings.every_j_cm2)
    return state._replace(light=light, day_j_cm2=state.day_j_cm2 + sun, sum_j_cm2=owed)


def _watched(state: Round, look: Look) -> Round:
    """Hold drip water that is not good for a minute, and let it go once it is good for one."""
    flows = state.phase == "open" and not state.plain
    turning = look.water == "good" if state.held_s >= 0 else look.water == "lost" or (flows and look.water == "out")
    if not turning:
        return state._replace(water_s=-1.0)
    since_s = state.water_s if 0.0 <= state.water_s <= look.now_s else look.now_s
    if look.now_s - since_s < BAD_WATER_S:
        return state._replace(water_s=since_s)
    if state.held_s >= 0:
        return state._replace(water_s=-1.0, held_s=-1.0)
    state = state._replace(water_s=-1.0, held_s=look.now_s)
    return _ended(state, look.now_s) if flows or (state.phase == "gap" and not state.plain) else state


def _shot(settings: IrrigationSettings, state: Round, look: Look, elapsed_s: float) -> Round:
    flow, nominal = look.flow_l_s, settings.rate_l_s
    if look.runs:
        state = state._replace(given_l=state.given_l + (nominal if flow is None else max(flow, 0.0)) * elapsed_s)
    wrong = settings.metered and look.runs and flow is not None and not FLOW_LOW <= flow / nominal <= FLOW_HIGH
    if not wrong:
        state = state._replace(wrong_s=-1.0)
    elif not 0.0 <= state.wrong_s <= look.now_s:
        state = state._replace(wrong_s=look.now_s)
    elif look.now_s - state.wrong_s >= FLOW_WITHIN_S:
        faults = tuple(fault or index == state.valve for index, fault in enumerate(state.faults))
        return _next(state._replace(faults=faults), state.valve, look.now_s)
    open_s = look.now_s - state.since_s
    full = open_s >= settings.plain_run_s if state.plain else state.given_l >= settings.litres(state)
    if full or not 0.0 <= open_s < settings.longest_s(state):
        return _next(state, state.valve, look.now_s)
    return state


def _next(state: Round, after: int, now_s: float) -> Round:
    """The next valve without a fault, or the end of the round."""
    for valve in range(after + 1, len(state.faults)):
        if not state.faults[valve]:
            return state._replace(phase="gap", valve=valve, since_s=now_s)
    return _ended(state, now_s)


def _ended(state: Round, now_s: float) -> Round:
    rounds = state.rounds if state.plain else min(state.rounds + 1, 999)
    return state._replace(phase="rest", since_s=now_s, ended_s=now_s, rounds=rounds, wrong_s=-1.0)


def _due(settings: IrrigationSettings, state: Round, look: Look) -> bool | None:
    """Whether a round of plain water (True) or of drip water (False) is due; None if none is."""
    now_s, rested_s = look.now_s, look.now_s - state.ended_s
    if not look.begins_s <= now_s < look.ends_s or rested_s < settings.least_rest_s or all(state.faults):
        return None
    if state.held_s >= 0 or look.water == "lost":
        if state.held_s < 0 or settings.plain_every_s is None:
            return None
        return True if rested_s >= settings.plain_every_s else None
    if settings.first_j_cm2 > state.day_j_cm2 and state.ended_s < look.begins_s:
        return False if now_s - look.begins_s >= settings.most_rest_s else None
    called = state.sum_j_cm2 >= settings.every_j_cm2 or rested_s >= settings.most_rest_s
    return False if called else None


SHARE_WAIT_S = 1800.0
"""Whoever enters the drain's salt enters how much drained too, a moment later; after so long nobody did."""


def _corrected(settings: IrrigationSettings, state: Round, look: Look) -> Round:
    """Give more while the drain is saltier than wanted, less while it is fresher; each sample counts once.

    The share that drains is the means, not the goal: outside what is right for the day's sum it is not pushed further.
    """
    ec = look.drain_ec
    if state.rounds < ROUNDS_A_CORRECTION or ec is None or not look.correct or look.drain_at_s <= state.corrected_s:
        return state
    day_j_cm2 = state.day_j_cm2 if look.drain_day_s == state.day_s else state.last_j_cm2
    if day_j_cm2 < 0:
        return state
    if look.share_is_late:
        if not 0.0 <= look.drain_at_s - state.drain_s <= SHARE_WAIT_S:
            return state._replace(drain_s=look.drain_at_s, waits_s=look.now_s)
        state = state._replace(drain_s=look.drain_at_s)  # a probe says it again and again, and is not waited for anew
        if 0.0 <= look.now_s - state.waits_s < SHARE_WAIT_S:
            return state
    more = min(max(settings.drain_gain * (ec - settings.drain_wanted), -MOST_A_CORRECTION), MOST_A_CORRECTION)
    if look.drain_share is not None and settings.shares:
        _, least, most = next((row for row in settings.shares if day_j_cm2 < row[0]), settings.shares[-1])
        if look.drain_share > most:
            more = min(more, 0.0)
        elif look.drain_share < least:
            more = max(more, 0.0)
    gives = (state.gives or settings.gives) * (1.0 + more)
    gives = min(max(gives, LEAST_SHARE * settings.gives), MOST_SHARE * settings.gives)
    return state._replace(gives=gives, rounds=0, corrected_s=look.drain_at_s)
