"""The dosing guard: no demand passes it, in litres, over restarts and whatever the clock does."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.dosing_guard import (
    BIN_S,
    DAY_S,
    HOUR_S,
    DosingGuard,
    Effect,
    Guarded,
    Watch,
    ended,
    given_ml,
    judged,
    key_of,
    may_open,
    moves_by_itself,
    put_down,
    reset,
    resumed,
    room_ml,
    step,
)
from controller.core.loops.dosing import Dose
from controller.core.proof import Proven
from controller.core.state import State
from controller.core.turn import Turn
from controller.core.words import Because, Order, Slot
from foundation.reading import Reason, bad, good
from tests.core.small_site import START_S

PUMP = DosingGuard("pump", 2.0, 1.0, dose_ml=20.0, hour_ml=50.0, day_ml=100.0)
"""2 mL/s, looked at once a second: ten seconds a dose."""


def run(guard: DosingGuard, wanted: list[bool], state: Guarded | None = None, start_s: float = START_S) -> Any:
    """(state, what was given) after a second for each of `wanted`."""
    state, ml = state or Guarded(), 0.0
    for second, one in enumerate(wanted):
        state = step(guard, state, one, "", None, start_s + second)
        ml += guard.step_ml * state.on
    return state, ml


# --- volumes


def test_a_dose_ends_at_its_largest_volume_and_what_stays_ordered_is_not_dosed_again() -> None:
    state, ml = run(PUMP, [True] * 60)
    assert (ml, state.on, state.spent, state.why) == (20.0, False, True, "dose")
    assert (state.given_ml, state.ended_s, state.booked_ml) == ((20.0,), START_S + 10.0, 0.0)
    state = step(PUMP, state, False, "", None, START_S + 60.0)
    assert (state.spent, state.why) == (False, "")
    assert step(PUMP, state, True, "", None, START_S + 61.0).on


def test_a_dose_that_is_stopped_before_counts_as_what_was_given() -> None:
    state, ml = run(PUMP, [True, True, True, False])
    assert (ml, state.given_ml, state.ended_s, state.spent) == (6.0, (6.0,), START_S + 3.0, False)
    again, _ = run(PUMP, [True], state, START_S + 100.0)
    assert (again.dose_ml, again.booked_ml) == (0.0, 20.0)


def test_it_is_booked_in_full_from_the_first_second_on() -> None:
    state, _ = run(PUMP, [True])
    assert (state.on, state.booked_ml, state.dose_ml) == (True, 20.0, 0.0)


def test_a_pump_that_stood_still_counts_nothing_and_a_slow_scan_counts_all() -> None:
    state = Guarded(at_s=START_S)
    state = step(PUMP, state, True, "", None, START_S + 500.0)
    assert state.dose_ml == 0.0
    state = step(PUMP, state, True, "", None, START_S + 505.0)
    assert state.dose_ml == 10.0
    assert step(PUMP, state, True, "", None, START_S + 504.0).dose_ml == 10.0  # never less than nothing


def test_an_hour_has_no_more_than_its_volume_and_the_oldest_leaves_it_to_the_second() -> None:
    state = Guarded()
    for start in (0.0, 400.0, 800.0):
        state, _ = run(PUMP, [True] * 20 + [False], state, START_S + start)
    assert sum(state.given_ml) == 50.0
    assert state.given_s == (START_S + 10.0, START_S + 410.0, START_S + 805.0)
    refused, ml = run(PUMP, [True] * 5, state, START_S + 1200.0)
    assert (ml, refused.why, refused.spent, refused.capped_s) == (0.0, "hour", True, START_S + 1200.0)
    again = step(PUMP, refused._replace(spent=False), True, "", None, START_S + 1300.0)
    assert again.capped_s == START_S + 1200.0  # since the first
    leaves_s = START_S + 10.0 + HOUR_S
    assert not step(PUMP, state, True, "", None, leaves_s - 1.0).on
    begins = step(PUMP, again._replace(spent=False), True, "", None, leaves_s)
    assert (begins.on, begins.booked_ml, begins.capped_s) == (True, 20.0, -1.0)


def test_a_refusal_for_another_reason_is_no_used_up_volume() -> None:
    assert step(PUMP, Guarded(), True, "mixer", None, START_S).capped_s == -1.0


def test_what_is_left_of_the_hour_may_still_be_given_but_no_less_than_a_scans_worth() -> None:
    state = Guarded(given_s=(START_S,), given_ml=(47.0,))
    assert room_ml(PUMP, state, START_S + 1.0) == (3.0, "hour")
    after, ml = run(PUMP, [True] * 5, state, START_S + 1.0)
    assert (ml, after.given_ml[-1]) == (2.0, 2.0 if len(after.given_ml) > 1 else 49.0)
    assert step(PUMP, state._replace(given_ml=(48.0,)), True, "", None, START_S + 1.0).on
    assert not step(PUMP, state._replace(given_ml=(48.1,)), True, "", None, START_S + 1.0).on


def test_a_day_has_no_more_than_its_volume_and_is_any_day() -> None:
    state = Guarded(given_s=(START_S,), given_ml=(90.0,))
    assert room_ml(PUMP, state, START_S + HOUR_S + 1.0) == (10.0, "day")
    assert room_ml(PUMP, state, START_S + DAY_S - 1.0) == (10.0, "day")
    assert room_ml(PUMP, state, START_S + DAY_S) == (20.0, "dose")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 900), st.booleans()), max_size=60))
def test_no_hour_and_no_day_ever_has_more_whatever_is_wanted_and_however_often_it_restarts(
    spells: list[tuple[bool, int, bool]],
) -> None:
    state, now_s, came = Guarded(), START_S, []
    for wanted, seconds, restarts in spells:
        for _ in range(min(seconds, 40)):
            state = step(PUMP, state, wanted, "", None, now_s)
            came += [now_s + 1.0] if state.on else []
            now_s += 1.0
        now_s += 0.0 if state.on else float(seconds)
        if restarts:
            state = resumed(state, now_s)
    for at_s in came:
        assert 2.0 * sum(at_s - HOUR_S < one <= at_s for one in came) <= 50.0
        assert 2.0 * sum(at_s - DAY_S < one <= at_s for one in came) <= 100.0


def test_doses_within_five_minutes_are_counted_as_of_the_last() -> None:
    state = put_down(Guarded(), 5.0, START_S)
    state = put_down(state, 5.0, START_S + BIN_S - 1.0)
    assert (state.given_s, state.given_ml, state.bin_s) == ((START_S + BIN_S - 1.0,), (10.0,), START_S)
    state = put_down(state, 5.0, START_S + BIN_S)
    assert (state.given_s, state.given_ml) == ((START_S + BIN_S - 1.0, START_S + BIN_S), (10.0, 5.0))
    assert state.bin_s == START_S + BIN_S
    first = put_down(Guarded(bin_s=START_S), 5.0, START_S + 1.0)  # nothing to count it with
    assert (first.given_s, first.bin_s) == ((START_S + 1.0,), START_S + 1.0)
    later = put_down(state, 1.0, START_S + BIN_S - 1.0 + DAY_S)
    assert later.given_s == (START_S + BIN_S, START_S + BIN_S - 1.0 + DAY_S)
    assert given_ml(state, START_S + BIN_S - 1.0) == 5.0


def test_an_old_calibration_halves_every_volume() -> None:
    old = replace(PUMP, calibrated_s=START_S - 90 * DAY_S)
    assert not old.is_overdue(START_S)
    assert old.is_overdue(START_S + 1.0)
    assert not PUMP.is_overdue(START_S)
    assert room_ml(old, Guarded(), START_S) == (20.0, "dose")
    assert room_ml(old, Guarded(), START_S + 1.0) == (10.0, "dose")
    some = Guarded(given_s=(START_S,), given_ml=(20.0,))
    assert room_ml(old, some, START_S + 1.0) == (5.0, "hour")
    assert room_ml(old, some._replace(given_ml=(45.0,)), START_S + HOUR_S) == (5.0, "day")


# --- what ends a dose, and what refuses one


def test_what_hinders_refuses_a_dose_and_ends_one_and_the_order_is_spent() -> None:
    refused = step(PUMP, Guarded(), True, "mixer", None, START_S)
    assert (refused.on, refused.spent, refused.why) == (False, True, "mixer")
    assert not step(PUMP, refused, True, "", None, START_S + 1.0).on  # it waits for a new order
    running, _ = run(PUMP, [True, True])
    cut = step(PUMP, running, True, "stock", None, START_S + 2.0)
    assert (cut.on, cut.spent, cut.why, cut.given_ml) == (False, True, "stock", (4.0,))


def test_a_hindrance_is_told_before_a_volume() -> None:
    full = Guarded(given_s=(START_S,), given_ml=(100.0,))
    assert step(PUMP, full, True, "mixer", None, START_S + 1.0).why == "mixer"
    assert step(PUMP, full, True, "", None, START_S + 1.0).why == "hour"


# --- restarts


def test_a_restart_in_a_dose_counts_all_of_what_was_booked_and_does_not_repeat_it() -> None:
    running, _ = run(PUMP, [True] * 3)
    again = resumed(running, START_S + 60.0)
    assert (again.on, again.given_ml, again.ended_s) == (False, (20.0,), START_S + 60.0)
    assert (again.spent, again.why, again.look_s, again.booked_ml) == (True, "restart", -1.0, 0.0)
    assert not step(PUMP, again, True, "", None, START_S + 61.0).on


def test_a_restart_between_doses_changes_nothing() -> None:
    state, _ = run(PUMP, [True] * 20)
    assert resumed(state, START_S + 60.0) == state
    assert resumed(Guarded(), START_S) == Guarded()


def test_a_clock_that_was_set_back_makes_no_dose_younger_than_now() -> None:
    state = Guarded(given_s=(START_S, START_S + 7200.0), given_ml=(10.0, 10.0))
    assert resumed(state, START_S + 60.0).given_s == (START_S, START_S + 60.0)


# --- what hinders

FIRST = DosingGuard("a", 2.0, 1.0, 20.0, 50.0, 100.0, parts=("b",), pause_s=60.0)
SECOND = replace(FIRST, name="b", parts=("a",), first="a")


def passes(guard: DosingGuard, now_s: float = START_S, value: float = 100.0, owner: str = "hand", **more: Any) -> Any:
    """(order, state, events) that come of an order for the pump."""
    blocks = {key_of(guard.name): Guarded()} | more.pop("blocks", {})
    readings = more.pop("readings", {})
    turn = Turn(State(blocks=blocks, readings=readings, applied=more.pop("applied", {})), now_s)
    order = Order(guard.name, value, Slot.MANUAL, owner, Because("manual"), now_s + 60.0)
    return guard.passed(turn, order), turn.blocks[key_of(guard.name)], turn.events


def why(guard: DosingGuard, now_s: float = START_S, **more: Any) -> str:
    order, state, _ = passes(guard, now_s, **more)
    assert state.on is (order.value == 100.0)
    return "" if state.on else str(state.why)


def test_an_order_passes_as_it_is_or_is_refused_with_a_reason() -> None:
    order, state, events = passes(PUMP)
    assert (order.value, order.slot, order.owner, state.on, events) == (100.0, Slot.MANUAL, "hand", True, [])
    mixed = replace(PUMP, mixer="mixer")
    order, state, events = passes(mixed)
    assert (order.output, order.value, order.slot, order.owner) == ("pump", 0.0, Slot.TRIP, "dosing_guard")
    assert order.because == Because("guard_mixer", {"output": "pump", "owner": "hand"})
    assert order.expires_s == START_S + 60.0
    assert [(one.kind, one.subject, one.values) for one in events] == [
        ("dose_refused", "pump", {"why": "mixer", "owner": "hand"})
    ]
    _, _, events = passes(mixed, blocks={key_of("pump"): state})
    assert events == []  # told once


def test_an_order_is_on_from_half_up() -> None:
    assert passes(PUMP, value=50.0)[1].on
    assert not passes(PUMP, value=49.9)[1].on
    assert passes(PUMP, value=49.9)[0].value == 49.9


def test_nothing_is_dosed_without_mixing() -> None:
    mixed = replace(PUMP, mixer="mixer")
    assert why(mixed) == "mixer"
    assert why(mixed, applied={"mixer": 0.0}) == "mixer"
    assert why(mixed, applied={"mixer": 1.0}) == ""


def test_nothing_is_dosed_from_an_empty_tank_or_one_that_nobody_sees() -> None:
    stocked = replace(PUMP, stock=("level", 5.0))
    assert why(stocked, readings={"level": good("level", 5.0, START_S)}) == ""
    assert why(stocked, readings={"level": good("level", 4.9, START_S)}) == "stock"
    assert why(stocked, readings={"level": bad("level", Reason.COMM, START_S)}) == "stock"


def test_the_parts_are_dosed_in_their_order_each_time_and_never_together() -> None:
    before = START_S - 1000.0
    assert why(SECOND, blocks={"a#guard": Guarded()}) == "order"
    assert why(SECOND, blocks={"a#guard": Guarded(on=True)}) == "part"
    assert why(SECOND, blocks={"a#guard": Guarded(ended_s=before)}) == ""
    both = {"a#guard": Guarded(ended_s=before), "b#guard": Guarded(ended_s=before)}
    assert why(SECOND, blocks=both) == "order"
    assert why(SECOND, blocks=both | {"b#guard": Guarded(ended_s=before - 1.0)}) == ""
    assert why(FIRST, blocks={"b#guard": Guarded()}) == ""
    assert why(FIRST, blocks={"b#guard": Guarded(on=True)}) == "part"
    assert why(FIRST, blocks=both) == ""


def test_between_two_parts_is_a_pause() -> None:
    assert why(FIRST, blocks={"b#guard": Guarded(ended_s=START_S - 59.9)}) == "part"
    assert why(FIRST, blocks={"b#guard": Guarded(ended_s=START_S - 60.0)}) == ""
    assert why(FIRST, now_s=30.0, blocks={"b#guard": Guarded()}) == ""  # it never ran
    assert why(FIRST, now_s=30.0, blocks={"b#guard": Guarded(ended_s=0.0)}) == "part"


def test_after_a_dose_is_a_wait_for_mixing() -> None:
    waits = replace(PUMP, mixing_s=300.0)
    assert why(waits, blocks={"pump#guard": Guarded(ended_s=START_S - 299.9)}) == "mixing"
    assert why(waits, blocks={"pump#guard": Guarded(ended_s=START_S - 300.0)}) == ""
    assert why(waits, now_s=30.0) == ""
    assert why(waits, now_s=30.0, blocks={"pump#guard": Guarded(ended_s=0.0)}) == "mixing"


def test_acid_and_base_keep_four_hours_apart_and_neither_answers_a_leak_of_the_other() -> None:
    base = replace(PUMP, opposites=(("acid", Watch("acid#proof", ("acid_loop",))),))
    sound: dict[str, Any] = {"acid#proof": Proven(), "acid_loop": (Dose(), 0.0), "acid#guard": Guarded()}
    assert why(base, blocks=sound) == ""
    assert why(base, blocks=sound | {"acid#guard": Guarded(on=True)}) == "opposite"
    assert why(base, blocks=sound | {"acid#guard": Guarded(ended_s=START_S - 4 * HOUR_S + 0.1)}) == "opposite"
    assert why(base, blocks=sound | {"acid#guard": Guarded(ended_s=START_S - 4 * HOUR_S)}) == ""
    assert why(base, now_s=60.0, blocks=sound) == ""
    assert why(base, now_s=60.0, blocks=sound | {"acid#guard": Guarded(ended_s=0.0)}) == "opposite"
    assert why(base, blocks=sound | {"acid#proof": Proven(runs_on_s=0.0)}) == "opposite"
    assert why(base, blocks=sound | {"acid_loop": (Dose(phase="locked"), 0.0)}) == ""
    assert why(base, blocks=sound | {"acid_loop": (Dose(phase="locked", unexpected=True), 0.0)}) == "opposite"


def test_a_locked_loop_and_a_leak_lock_its_pump_for_whoever_doses() -> None:
    looped = replace(PUMP, watch=Watch("pump#proof", ("loop",)))
    sound: dict[str, Any] = {"pump#proof": Proven(), "loop": (Dose(), 0.0)}
    assert why(looped, blocks=sound) == ""
    assert why(looped, blocks=sound | {"loop": (Dose(phase="locked"), 0.0)}) == "locked"
    assert why(looped, blocks=sound | {"loop": (Dose(phase="locked", unexpected=True), 0.0)}) == "leak"
    assert why(looped, blocks=sound | {"pump#proof": Proven(runs_on_s=0.0)}) == "leak"


# --- doses without effect

JUDGED = replace(PUMP, mixing_s=300.0, effect=Effect("ph", -10.0, 0.05), watch=Watch(None, ()))
"""20 mL should move the value by -0.2."""


def test_a_dose_is_looked_at_once_it_has_mixed() -> None:
    state = ended(JUDGED, Guarded(on=True, dose_ml=20.0, before=6.0), START_S)
    assert (state.look_s, state.look_ml) == (START_S + 300.0, 20.0)
    assert ended(PUMP, Guarded(on=True, dose_ml=20.0, before=6.0), START_S).look_s == -1.0
    assert ended(JUDGED, Guarded(on=True, dose_ml=20.0), START_S).look_s == -1.0
    assert judged(JUDGED, state, 6.0, START_S + 299.9) is state
    done = judged(JUDGED, state, 6.0, START_S + 300.0)
    assert (done.without, done.look_s, done.locked_s) == (1, -1.0, -1.0)
    assert judged(PUMP, state, 6.0, START_S + 300.0) is state
    assert judged(JUDGED, done, 6.0, START_S + 400.0) is done
    early = state._replace(look_s=0.0)
    assert judged(JUDGED, early, 6.0, START_S).without == 1


@pytest.mark.parametrize(("value", "without"), [(5.98, 0), (5.981, 3), (6.0, 3), (6.2, 3), (5.7, 0), (None, 2)])
def test_a_tenth_of_what_it_should_have_done_is_an_effect(value: float | None, without: int) -> None:
    state = Guarded(before=6.0, look_s=START_S, look_ml=20.0, without=2)
    if value == 5.98:
        value = 6.0 - 0.1 * 0.2 - 1e-9
    assert judged(JUDGED, state, value, START_S).without == without


def test_doses_too_small_to_see_are_not_judged() -> None:
    state = Guarded(before=6.0, look_s=START_S, look_ml=5.0)
    assert judged(JUDGED, state, 6.0, START_S).without == 1  # 0.05
    assert judged(JUDGED, state._replace(look_ml=4.9), 6.0, START_S).without == 0
    assert judged(JUDGED, state._replace(look_ml=4.9), 6.0, START_S).look_s == -1.0
    unknown = state._replace(before=None)
    assert judged(JUDGED, unknown, 6.0, START_S).without == 0


def test_four_doses_without_effect_lock_it_until_somebody_has_looked() -> None:
    state = Guarded(before=6.0, look_s=START_S, look_ml=20.0, without=2)
    assert judged(JUDGED, state, 6.0, START_S).locked_s == -1.0
    locked = judged(JUDGED, state._replace(without=3), 6.0, START_S)
    assert (locked.without, locked.locked_s) == (4, START_S)
    readings = {"ph": good("ph", 6.0, START_S)}
    assert why(JUDGED, readings=readings, blocks={"pump#guard": locked}) == "ineffective"
    assert why(JUDGED, readings=readings, blocks={"pump#guard": locked._replace(locked_s=0.0)}) == "ineffective"
    free = reset(locked._replace(look_s=START_S, given_s=(START_S,), given_ml=(20.0,)))
    assert (free.without, free.locked_s, free.look_s, free.given_ml) == (0, -1.0, -1.0, (20.0,))
    assert why(JUDGED, readings=readings, blocks={"pump#guard": free}) == ""


def test_the_lock_is_told_and_the_value_is_that_before_the_dose() -> None:
    due = Guarded(before=6.0, look_s=START_S, look_ml=20.0, without=3)
    readings = {"ph": good("ph", 6.1, START_S)}
    _, state, events = passes(JUDGED, value=0.0, readings=readings, blocks={"pump#guard": due})
    assert state.locked_s == START_S
    assert [(one.kind, one.subject, one.values) for one in events] == [("dosing_locked", "pump", {"pulses": 4})]
    assert passes(JUDGED, readings=readings)[1].before == 6.1
    assert passes(JUDGED, readings=readings)[2] == []
    own = replace(JUDGED, watch=Watch(None, ("loop",)))
    blocks = {"loop": (Dose(), 0.0)}
    assert passes(own, readings=readings, blocks=blocks, owner="loop")[1].before is None  # it judges its own
    assert passes(own, readings=readings, blocks=blocks)[1].before == 6.1
    assert passes(PUMP)[1].before is None


def test_a_new_dose_leaves_the_last_one_unjudged() -> None:
    waits = Guarded(before=6.0, look_s=START_S + 50.0, look_ml=20.0)
    assert step(replace(JUDGED, mixing_s=0.0), waits, True, "", 5.9, START_S).look_s == -1.0


# --- the master valve


def test_a_master_valve_may_open_while_a_pump_runs_and_five_seconds_longer() -> None:
    pumps = (replace(PUMP, name="a"), replace(PUMP, name="b", watch=Watch("b#proof", ("loop",))))

    def opens(now_s: float = START_S, **blocks: Any) -> bool:
        found: dict[str, Any] = {"a#guard": Guarded(), "b#guard": Guarded(), "b#proof": Proven(), "loop": (Dose(), 0.0)}
        found |= {name.replace("_guard", "#guard").replace("_proof", "#proof"): one for name, one in blocks.items()}
        return may_open(Turn(State(blocks=found), now_s), pumps)

    assert not opens()
    assert not opens(now_s=3.0)
    assert opens(a_guard=Guarded(on=True))
    assert opens(b_guard=Guarded(on=True))
    assert opens(a_guard=Guarded(ended_s=START_S - 4.9))
    assert not opens(a_guard=Guarded(ended_s=START_S - 5.0))
    assert opens(now_s=3.0, a_guard=Guarded(ended_s=0.0))
    assert not opens(a_guard=Guarded(on=True), b_proof=Proven(runs_on_s=0.0))
    assert not opens(a_guard=Guarded(on=True), loop=(Dose(unexpected=True), 0.0))


def test_what_moves_by_itself_is_told_by_a_proof_or_by_the_value() -> None:
    turn = Turn(State(blocks={"p": Proven(runs_on_s=-1.0), "q": Proven(runs_on_s=0.0), "loop": (Dose(), 0.0)}), START_S)
    assert not moves_by_itself(turn, Watch())
    assert not moves_by_itself(turn, Watch("p", ("loop",)))
    assert moves_by_itself(turn, Watch("q", ("loop",)))


def test_a_pump_without_a_word_on_it_is_locked_out_for_four_hours_and_measured_every_ninety_days() -> None:
    assert (PUMP.lockout_s, PUMP.calibrate_every_s, PUMP.mixing_s, PUMP.pause_s) == (14400.0, 7776000.0, 0.0, 0.0)
    assert (HOUR_S, DAY_S, Effect("ph", 1.0, 0.1).ineffective) == (3600.0, 86400.0, 4)
