"""A volume that a person wants dosed: once, at once, or not at all (control.md 3.5: id and expiry).

It passes the interlocks and the dosing guard as every dose does. What does not begin in the scan that hears of it is
refused, so that none comes late; those that began are known by their ids for a day, over restarts.
"""

from collections.abc import Mapping
from math import floor

from controller.core import dosing_guard
from controller.core.dosing_guard import DAY_S, ROUNDING_ML, DosingGuard, Guarded, room_ml
from controller.core.state import Given
from controller.core.turn import Turn
from controller.core.words import Because, Demand, Dose, Event, Slot


def hear(turn: Turn, wish: Dose, guards: Mapping[str, DosingGuard]) -> None:
    """Ask for it, if it could be: `settle` answers after the outputs have been decided."""
    ml, values = wish.volume_l * 1000.0, _told(wish)
    guard, known = guards.get(wish.output), turn.doses.get(wish.id)
    if turn.dosing.get(wish.output) == wish:  # `settle` answers both
        return
    if guard is None:
        values |= {"why": "no_pump", "known": ", ".join(sorted(guards))}
    elif known is not None and (known.output, known.ml) == (wish.output, ml):
        turn.events.append(Event(turn.now_s, "dose_known", wish.output, values))
        return
    elif known is not None:
        values["why"] = "dose_same_id"
    elif turn.now_s >= wish.expires_s:
        values["why"] = "expired"
    elif not ml >= guard.step_ml - ROUNDING_ML:  # NaN too
        values |= {"why": "dose_small", "least": guard.step_ml}
    else:
        state: Guarded = turn.blocks[dosing_guard.key_of(wish.output)]  # type: ignore[assignment]  # a pump's guard
        hand, most_ml = turn.marks.get(f"hand:{wish.output}"), room_ml(guard, state, turn.now_s)[0]
        if hand is not None and hand.over_s < 0.0:
            values |= {"why": "dose_hand", "owner": hand.by}
        elif state.on or wish.output in turn.dosing:
            values["why"] = "dose_runs"
        elif ml > most_ml + ROUNDING_ML:
            values |= {"why": "dose_room", "room": max(most_ml, 0.0)}
        else:
            _ask(turn, wish, guard)
            return
    turn.events.append(Event(turn.now_s, "refused", wish.output, values))


def _ask(turn: Turn, wish: Dose, guard: DosingGuard) -> None:
    """On for as many whole scans as the volume fills: a part of one is not given."""
    scans = floor((wish.volume_l * 1000.0 + ROUNDING_ML) / guard.step_ml)
    until_s = turn.now_s + (scans - 0.5) * guard.scan_s  # a scan may begin a little sooner or later than it should
    because = Because("dose_by_hand", {"by": wish.by, "ml": scans * guard.step_ml})
    turn.demand(Demand(wish.output, 100.0, Slot.MANUAL, _owner(wish), because, until_s))
    turn.dosing[wish.output] = wish


def settle(turn: Turn) -> None:
    """Write down which of those that were asked for began; the others are refused, and never come."""
    for output, wish in turn.dosing.items():
        order = turn.orders.get(output)
        state: Guarded = turn.blocks[dosing_guard.key_of(output)]  # type: ignore[assignment]  # a pump's guard
        if order is not None and order.owner == _owner(wish) and state.on:
            kept = {name: one for name, one in turn.doses.items() if one.at_s > turn.now_s - DAY_S}
            turn.doses = kept | {wish.id: Given(output, wish.volume_l * 1000.0, wish.by, turn.now_s)}
            turn.events.append(Event(turn.now_s, "dose_begun", output, _told(wish)))
            continue
        turn.withdraw(output, Slot.MANUAL, _owner(wish))
        values = {**_told(wish), "output": output, "why": "dose_held", "owner": getattr(order, "owner", "")}
        if order is not None and order.owner == "dosing_guard":
            values |= {**order.because.values, "why": order.because.key}
        turn.events.append(Event(turn.now_s, "refused", output, values))


def _owner(wish: Dose) -> str:
    return f"dose:{wish.id}"


def _told(wish: Dose) -> dict[str, object]:
    return {"id": wish.id, "by": wish.by, "ml": wish.volume_l * 1000.0}
