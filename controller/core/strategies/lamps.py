"""Supplementary light: what the sun will not bring of the day's sum comes from the cheapest half hours that are left.

control.md 1.1: required = wanted - accrued - expected(rest). Half hours are of one size, so filling the cheapest first
is the optimum that a linear programme would find. What the sun brings is learned half hour by half hour over the last
days, and scaled by how today compares; decided anew every half hour, so that a cloud is made good for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

SLOT_S = 1800.0
SLOTS = 48
LEARN = 0.3
"""Share of a new day in what is expected."""
LEAST_TODAY, MOST_TODAY, TELLS_MOL = 0.4, 1.6, 0.5
"""How far today may differ from what was learned, and from what sum on it tells."""


class Lit(NamedTuple):
    """What supplementary light remembers. Light is in mol/m2."""

    day_s: float = -1.0
    slot: int = -1
    share: float = 0.0
    """Of full power, in the present half hour."""
    missing: float = 0.0
    """At its beginning, what the lamps had to bring today."""
    accrued: float = 0.0
    """Last known."""
    given: float = 0.0
    """By the lamps, today."""
    at_s: float = 0.0
    today: tuple[float, ...] = (0.0,) * SLOTS
    """What the sun brought in each half hour."""
    usual: tuple[float, ...] = (0.0,) * SLOTS
    days: int = 0
    """Learned from."""


class Sky(NamedTuple):
    """What it is shown; None is not known."""

    now_s: float
    day_s: float
    """Local midnight."""
    wanted: float | None
    accrued: float | None
    """Today, sun and lamps together."""
    shines: float
    """Share of full power that the lamps really have."""
    bright: bool
    """The sun is so bright that lamps add nothing."""
    room: float
    """Share of full power that the power cap leaves."""


@dataclass(frozen=True, slots=True)
class LampSettings:
    """`gives_mol` is what full power brings in one half hour."""

    gives_mol: float
    dims: bool

    def mol(self, share: float, seconds: float) -> float:
        return self.gives_mol * share * seconds / SLOT_S


def cheapest(slots: Sequence[int], prices: Sequence[float], missing: float, each: float) -> dict[int, float]:
    """The share of full power in each of `slots` that brings `missing` most cheaply.

    Of equals the later one: more is known then.
    """
    shares: dict[int, float] = {}
    for slot in sorted(slots, key=lambda one: (prices[one], -one)):
        if missing <= 0.0 or each <= 0.0:
            break
        shares[slot] = min(missing / each, 1.0)
        missing -= each
    return shares


def expected(state: Lit, slot: int, seen: bool) -> float:
    """What the sun will still bring from the beginning of `slot` on; unseen, today is as usual."""
    usual = sum(state.usual[:slot])
    like = sum(state.today[:slot]) / usual if seen and usual >= TELLS_MOL else 1.0
    return sum(state.usual[slot:]) * min(max(like, LEAST_TODAY), MOST_TODAY)


def supplement(settings: LampSettings, state: Lit, sky: Sky, allowed: Sequence[int], prices: Sequence[float]) -> Lit:
    """One step. `allowed` are the half hours of this local day in which lamps may burn, `prices` of all of them."""
    elapsed_s = min(max(sky.now_s - state.at_s, 0.0), SLOT_S) if state.at_s > 0 else 0.0
    state = _noted(settings, state, sky, elapsed_s)._replace(at_s=sky.now_s)
    slot = min(max(int((sky.now_s - sky.day_s) // SLOT_S), 0), SLOTS - 1)
    if slot != state.slot:
        state = _planned(settings, state, sky, slot, allowed, prices)
    return state


def power(settings: LampSettings, state: Lit, sky: Sky) -> float:
    """What the lamps are to do now, 0 to 1."""
    if sky.bright:
        return 0.0
    if settings.dims:
        return min(state.share, max(sky.room, 0.0))
    return 1.0 if state.share >= 0.5 and sky.room >= 1.0 else 0.0


def _planned(
    settings: LampSettings, state: Lit, sky: Sky, slot: int, allowed: Sequence[int], prices: Sequence[float]
) -> Lit:
    if sky.wanted is None:
        return state._replace(slot=slot, share=0.0, missing=0.0)
    accrued = sky.accrued
    if accrued is None:  # what was seen today before the sum was lost counts, and the usual sun since then
        brought = zip(state.today[:slot], state.usual[:slot], strict=True)
        accrued = state.given + sum(seen if seen > 0.0 else usual for seen, usual in brought)
    missing = max(sky.wanted - accrued - expected(state, slot, sky.accrued is not None), 0.0)
    left = [one for one in allowed if one >= slot]
    shares = cheapest(left, prices, missing, settings.gives_mol)
    return state._replace(slot=slot, share=shares.get(slot, 0.0), missing=missing)


def _noted(settings: LampSettings, state: Lit, sky: Sky, elapsed_s: float) -> Lit:
    """Take in what came since the last step, the sun's part to its half hour."""
    if sky.day_s != state.day_s:
        if state.day_s >= 0 and sum(state.today) > 0.0:
            weight = LEARN if state.days else 1.0
            usual = tuple(old + weight * (new - old) for old, new in zip(state.usual, state.today, strict=True))
            state = state._replace(usual=usual, days=min(state.days + 1, 999))
        state = state._replace(day_s=sky.day_s, slot=-1, accrued=0.0, given=0.0, today=(0.0,) * SLOTS)
    lamps = settings.mol(min(max(sky.shines, 0.0), 1.0), elapsed_s)
    state = state._replace(given=state.given + lamps)
    if sky.accrued is None:
        return state
    sun = max(sky.accrued - state.accrued - lamps, 0.0)
    index = min(max(int((sky.now_s - sky.day_s - elapsed_s / 2) // SLOT_S), 0), SLOTS - 1)
    today = (*state.today[:index], state.today[index] + sun, *state.today[index + 1 :])
    return state._replace(accrued=sky.accrued, today=today)
