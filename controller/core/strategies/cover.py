"""Screens and blankets: closed and opened by conditions with delays, opened step by step, paused while the air falls.

control.md 1.1 (screens) and 1.2 (blanket): what is opened at once dumps cold air on the crop. 100 % covers all.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Covering(NamedTuple):
    """What a cover remembers."""

    settled: bool = False
    """It has once known whether to be closed."""
    closed: bool = True
    turning_s: float = -1.0
    """Since when the conditions want the other; -1 they do not."""
    unknown_s: float = -1.0
    """Since when they are not known."""
    position: float = 100.0
    """Asked for, %."""
    moved_s: float = 0.0
    """The last step."""
    wait_s: float = 0.0
    """Rest after it."""
    before: float | None = None
    """The watched value at the mark before the last one."""
    mark: float = 0.0
    """The watched value some time ago, and when."""
    mark_s: float = -1.0
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """On opening: down to `to`, `by` at a time, with a wait after each move."""

    to: float
    by: float
    wait_s: float


@dataclass(frozen=True, slots=True)
class CoverSettings:
    closes_after_s: float
    opens_after_s: float
    steps: tuple[Step, ...]
    falls: float
    """What is watched may not fall by more than this..."""
    within_s: float
    """...in so long, or the opening waits."""
    on_loss: float
    hold_s: float


def cover(
    settings: CoverSettings,
    state: Covering,
    close: bool | None,
    open_: bool | None,
    watched: float | None,
    now_s: float,
) -> Covering:
    """One step. Where both conditions hold it closes; where they are not known it stays, and then takes `on_loss`."""
    wants_closed = True if close else None if close is None or open_ is None else False if open_ else state.closed
    if wants_closed is None:
        since_s = state.unknown_s if 0.0 <= state.unknown_s <= now_s else now_s
        state = state._replace(unknown_s=since_s, turning_s=-1.0)
        if now_s - since_s >= settings.hold_s:
            return state._replace(position=settings.on_loss, closed=settings.on_loss >= 50.0, settled=True)
        return _opened(settings, state, watched, now_s)
    state = state._replace(unknown_s=-1.0)
    if not state.settled:
        state = state._replace(settled=True, closed=wants_closed, position=100.0 if wants_closed else 0.0)
    elif wants_closed is state.closed:
        state = state._replace(turning_s=-1.0)
    else:
        since_s = state.turning_s if 0.0 <= state.turning_s <= now_s else now_s
        state = state._replace(turning_s=since_s)
        if now_s - since_s >= (settings.closes_after_s if wants_closed else settings.opens_after_s):
            state = state._replace(
                closed=wants_closed, turning_s=-1.0, moved_s=0.0, wait_s=0.0, before=None, mark_s=-1.0
            )
    if state.closed:
        return state._replace(position=100.0, paused=False)
    return _opened(settings, state, watched, now_s)


def _opened(settings: CoverSettings, state: Covering, watched: float | None, now_s: float) -> Covering:
    """The next move of an opening, if there is one, its rest is over, and what is watched does not fall."""
    if state.closed or state.position <= 0.0:
        return state._replace(paused=False)
    if watched is None:
        state = state._replace(before=None, mark_s=-1.0, paused=False)
    else:
        aged = state.mark_s < 0 or not 0.0 <= now_s - state.mark_s < settings.within_s
        if aged:
            state = state._replace(before=None if state.mark_s < 0 else state.mark, mark=watched, mark_s=now_s)
        highest = state.mark if state.before is None else max(state.mark, state.before)
        state = state._replace(paused=highest - watched > settings.falls)
    if state.paused or 0.0 <= now_s - state.moved_s < state.wait_s:
        return state
    for step in settings.steps:
        if state.position > step.to:
            position = max(state.position - step.by, step.to)
            return state._replace(position=position, moved_s=now_s, wait_s=step.wait_s)
    return state._replace(position=0.0, moved_s=now_s, wait_s=0.0)
