"""The dosing guard, pump by pump and drop by drop: how much, how often, in what order, and never what nobody wants."""

from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core import dosing_guard as guards
from controller.core.dosing_guard import (
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
from controller.core.proof import Proven
from controller.core.state import State
from controller.core.turn import Turn
from controller.core.words import Because, Order, Slot
from foundation.reading import Reading, Reason, bad, good

T0_S = 1_770_000_000.0
PUMP = DosingGuard("fa.z.pump", 2.0, 1.0, 20.0, 50.0, 100.0)
"""2 mL/s looked at once a second: doses of 20 mL, 50 mL an hour, 100 mL a day."""
FRESH = Guarded()


class Loop(NamedTuple):
    """What the guard looks at of a dosing loop's block."""

    phase: str = "idle"
    unexpected: bool = False


def looked(guard: DosingGuard, *wants: bool, hindrance: str = "", every_s: float = 1.0) -> list[Guarded]:
    states, state = [], FRESH
    for place, wanted in enumerate(wants):
        state = step(guard, state, wanted, hindrance, None, T0_S + place * every_s)
        states.append(state)
    return states


# --- volumes


def test_a_dose_runs_until_its_largest_volume_and_no_further_while_the_same_order_stands():
    states = looked(PUMP, *[True] * 14)
    assert [state.on for state in states] == [True] * 10 + [False] * 4
    assert (states[0].booked_ml, states[0].dose_ml, states[9].dose_ml) == (20.0, 0.0, 18.0)
    assert states[10] == Guarded(
        False, T0_S + 10, 20.0, 0.0, True, "dose", T0_S + 10, None, -1.0, 20.0, -1.0, 0, -1.0, T0_S + 10,
        (T0_S + 10,), (20.0,),
    )  # fmt: skip
    assert states[13] == states[10]._replace(at_s=T0_S + 13)


def test_an_order_that_ends_sooner_gives_less_and_the_next_one_may_dose():
    states = looked(PUMP, True, True, False, True)
    assert (states[2].on, states[2].spent, states[2].why, states[2].given_ml) == (False, False, "", (4.0,))
    assert states[3].on
    assert states[3].dose_ml == 0.0


def test_what_hinders_ends_a_dose_and_forbids_the_next_until_the_order_has_gone():
    state = step(PUMP, FRESH, True, "", 6.0, T0_S)
    assert (state.on, state.before) == (True, 6.0)
    state = step(PUMP, state, True, "leak", 6.0, T0_S + 1.0)
    assert (state.on, state.spent, state.why, state.given_ml) == (False, True, "leak", (2.0,))
    state = step(PUMP, state, True, "", 6.0, T0_S + 2.0)
    assert (state.on, state.why) == (False, "leak")
    state = step(PUMP, state, False, "", 6.0, T0_S + 3.0)
    assert (state.spent, state.why) == (False, "")
    assert step(PUMP, state, True, "", 6.0, T0_S + 4.0).on


@pytest.mark.parametrize(("given", "at_s", "room"), [
    (0.0, 0.0, (20.0, "dose")), (30.0, 10.0, (20.0, "dose")), (30.1, 10.0, (19.9, "hour")),
    (30.1, 3600.0, (20.0, "dose")), (30.1, 3599.9, (19.9, "hour")), (85.0, 7200.0, (15.0, "day")),
    (85.0, 86_399.9, (15.0, "day")), (85.0, 86_400.0, (20.0, "dose")), (80.0, 7200.0, (20.0, "day")),
])  # fmt: skip
def test_the_room_for_a_dose(given, at_s, room):
    state = put_down(FRESH, given, T0_S) if given else FRESH
    room_now = room_ml(PUMP, state, T0_S + at_s)
    assert room_now[0] == pytest.approx(room[0])
    assert room_now[1] == room[1]


def test_an_hour_and_a_day_cap_whatever_is_asked_and_a_refusal_is_remembered():
    state = put_down(FRESH, 49.0, T0_S)
    state = step(PUMP, state, True, "", None, T0_S + 60.0)
    assert (state.on, state.spent, state.why, state.capped_s) == (False, True, "hour", T0_S + 60.0)
    again = step(PUMP, state._replace(spent=False), True, "", None, T0_S + 90.0)
    assert again.capped_s == T0_S + 60.0
    hindered = step(PUMP, FRESH, True, "mixer", None, T0_S)
    assert (hindered.on, hindered.why, hindered.capped_s) == (False, "mixer", -1.0)
    at_zero = step(PUMP, state._replace(spent=False, capped_s=0.0), True, "", None, T0_S + 90.0)
    assert at_zero.capped_s == 0.0
    free = step(PUMP, again._replace(spent=False), True, "", None, T0_S + 4000.0)
    assert (free.on, free.capped_s, free.look_s) == (True, -1.0, -1.0)
    # two millilitres are left: one look's worth
    last = step(PUMP, put_down(FRESH, 48.0, T0_S), True, "", None, T0_S + 60.0)
    assert (last.on, last.booked_ml) == (True, 2.0)
    assert step(PUMP, last, True, "", None, T0_S + 61.0).given_ml == (50.0,)


def test_a_pump_whose_calibration_is_overdue_gives_half():
    old = DosingGuard("p", 2.0, 1.0, 20.0, 50.0, 100.0, calibrated_s=T0_S, calibrate_every_s=100.0)
    assert not old.is_overdue(T0_S + 100.0)
    assert old.is_overdue(T0_S + 100.1)
    assert not PUMP.is_overdue(1e12)
    assert room_ml(old, FRESH, T0_S + 100.0) == (20.0, "dose")
    assert room_ml(old, FRESH, T0_S + 101.0) == (10.0, "dose")
    assert room_ml(old, put_down(FRESH, 20.0, T0_S), T0_S + 101.0) == (5.0, "hour")
    assert room_ml(old, put_down(FRESH, 49.0, T0_S), T0_S + 7200.0) == (1.0, "day")


def test_doses_of_five_minutes_are_counted_together_as_of_the_last():
    state = put_down(put_down(FRESH, 3.0, T0_S), 4.0, T0_S + 299.9)
    assert (state.given_s, state.given_ml, state.bin_s) == ((T0_S + 299.9,), (7.0,), T0_S)
    state = put_down(state, 5.0, T0_S + 300.0)
    assert (state.given_s, state.given_ml, state.bin_s) == ((T0_S + 299.9, T0_S + 300.0), (7.0, 5.0), T0_S + 300.0)
    later = put_down(state, 1.0, T0_S + 86_400.0 + 299.9)
    assert later.given_ml == (5.0, 1.0)
    none = put_down(later._replace(given_s=(), given_ml=()), 1.0, later.bin_s + 1.0)
    assert (none.given_ml, none.bin_s) == ((1.0,), later.bin_s + 1.0)


def test_what_was_given_since_is_what_lies_after_that_moment():
    state = FRESH._replace(given_s=(1.0, 2.0, 3.0), given_ml=(1.0, 10.0, 100.0))
    assert [given_ml(state, since) for since in (0.0, 1.0, 2.5, 3.0)] == [111.0, 110.0, 100.0, 0.0]


_ASKS = st.lists(st.tuples(st.booleans(), st.sampled_from([1.0, 1.0, 1.0, 30.0, 600.0, 4000.0])), max_size=150)


@settings(max_examples=60, deadline=None)
@given(_ASKS, st.sets(st.integers(0, 149), max_size=4))
def test_whoever_asks_and_however_often_it_is_killed_no_hour_and_no_day_gets_more(asks, kills):
    state, kept, now_s, on_s = FRESH, FRESH, T0_S, 0.0
    ran: list[tuple[float, float]] = []
    for place, (wanted, pause_s) in enumerate(asks):
        pause_s = min(pause_s, 1.0) if state.on else pause_s  # a pump that runs is looked at each second
        if state.on:
            ran.append((now_s, 2.0 * pause_s))
            on_s += pause_s
        now_s += pause_s
        if place in kills:
            state = resumed(kept, now_s)  # what was written when it last stood, or before the present dose ended
        state = step(PUMP, state, wanted, "", None, now_s)
        if not state.on or not kept.on:
            kept = state  # a dose is written before it begins
        for window_s, most_ml in ((3600.0, 50.0), (86_400.0, 100.0)):
            assert sum(ml for at_s, ml in ran if at_s > now_s - window_s + 300.0) <= most_ml + 1e-6


# --- a restart


def test_after_a_restart_what_was_booked_counts_as_given_and_the_same_order_doses_no_more():
    running = step(PUMP, FRESH, True, "", 6.0, T0_S)
    state = resumed(running, T0_S + 30.0)
    assert (state.on, state.spent, state.why, state.given_ml) == (False, True, "restart", (20.0,))
    assert (state.booked_ml, state.ended_s, state.look_s) == (0.0, T0_S + 30.0, -1.0)
    assert not step(PUMP, state, True, "", None, T0_S + 31.0).on
    rests = put_down(FRESH, 5.0, T0_S)
    assert resumed(rests, T0_S + 5.0) == rests
    assert resumed(rests, T0_S - 5.0).given_s == (T0_S - 5.0,)


# --- the effect

LOOK = Effect("fa.z.ph", -1000.0, 5.0, 2)
JUDGED = DosingGuard("fa.z.pump", 2.0, 1.0, 20.0, 50.0, 100.0, mixing_s=60.0, effect=LOOK)


def dosed(ml: float = 10.0, before: float | None = 7.0, without: int = 0) -> Guarded:
    return ended(JUDGED, FRESH._replace(on=True, dose_ml=ml, before=before, without=without), T0_S)


def test_the_effect_of_a_dose_is_looked_at_once_it_has_mixed():
    state = dosed()
    assert (state.look_s, state.look_ml) == (T0_S + 60.0, 10.0)
    assert judged(JUDGED, state, 7.0, T0_S + 59.9) == state
    assert judged(JUDGED, state, 7.0, T0_S + 60.0) == state._replace(look_s=-1.0, without=1)
    assert dosed(before=None).look_s == -1.0
    assert ended(PUMP, FRESH._replace(on=True, before=7.0), T0_S).look_s == -1.0


@pytest.mark.parametrize(("value", "without"), [
    (5.0, 0), (6.0, 0), (6.001, 1), (7.0, 1), (8.0, 1), (None, 3),
])  # fmt: skip
def test_a_tenth_of_what_a_dose_should_do_is_an_effect(value, without):
    state = dosed(without=3 if value is None else 0)
    assert judged(JUDGED, state, value, T0_S + 60.0).without == without
    assert judged(JUDGED, dosed(without=1), 6.0, T0_S + 60.0).without == 0


def test_so_many_doses_without_effect_lock_the_pump_until_somebody_has_looked():
    state = judged(JUDGED, dosed(), 7.0, T0_S + 60.0)
    assert state.locked_s == -1.0
    state = judged(JUDGED, dosed(without=1), 7.0, T0_S + 61.0)
    assert (state.without, state.locked_s) == (2, T0_S + 61.0)
    assert reset(state._replace(look_s=5.0)) == state._replace(without=0, locked_s=-1.0, look_s=-1.0)
    assert reset(state).given_ml == (10.0,)


@pytest.mark.parametrize(("ml", "judges"), [(4.9, False), (5.0, True)])
def test_a_dose_too_small_to_be_seen_is_not_judged(ml, judges):
    assert (judged(JUDGED, dosed(ml), 7.0, T0_S + 60.0).without == 1) is judges


def test_what_is_not_looked_at_is_not_judged():
    assert judged(PUMP, dosed(), 7.0, T0_S + 60.0) == dosed()
    state = dosed()._replace(look_s=-1.0)
    assert judged(JUDGED, state, 7.0, T0_S + 60.0) == state
    state = dosed()._replace(before=None)
    assert judged(JUDGED, state, 7.0, T0_S + 60.0) == state._replace(look_s=-1.0)
    zero = dosed()._replace(look_s=0.0)
    assert judged(JUDGED, zero, 7.0, T0_S).without == 1


# --- what hinders, in a scan


def turn_of(
    blocks: dict[str, Any], readings: tuple[Reading, ...] = (), applied: dict[str, float] | None = None
) -> Turn:
    state = State(
        at_s=T0_S, blocks=blocks, readings={one.tag: one for one in readings}, applied=applied or {}
    )  # fmt: skip
    return Turn(state, T0_S)


def asked(guard: DosingGuard, turn: Turn, owner: str = "loop", value: float = 100.0) -> Order:
    return guard.passed(turn, Order(guard.name, value, Slot.LOOP, owner, Because("dose"), T0_S + 9.0))


def guarded(**changes: Any) -> DosingGuard:
    said: dict[str, Any] = {
        "name": "fa.z.pump", "flow_ml_s": 2.0, "scan_s": 1.0, "dose_ml": 20.0, "hour_ml": 50.0, "day_ml": 100.0
    }  # fmt: skip
    return DosingGuard(**(said | changes))


def test_a_dose_that_nothing_hinders_goes_out_as_it_was_ordered():
    turn = turn_of({key_of("fa.z.pump"): FRESH})
    order = asked(PUMP, turn)
    assert (order.value, order.slot, order.owner) == (100.0, Slot.LOOP, "loop")
    assert turn.blocks[key_of("fa.z.pump")].on
    assert turn.events == []
    off = asked(PUMP, turn, value=49.9)
    assert off.slot is Slot.LOOP
    assert asked(PUMP, turn_of({key_of("fa.z.pump"): FRESH}), value=50.0).value == 50.0
    assert key_of("a") == "a#guard"


RUNS_ON = Proven(runs_on_s=T0_S)
_OTHER = "fa.z.other"


@pytest.mark.parametrize(("changes", "state", "blocks", "why"), [
    ({}, FRESH._replace(locked_s=0.0), {}, "ineffective"),
    ({"watch": Watch(proof="p")}, FRESH, {"p": Proven()}, ""),
    ({"watch": Watch(proof="p")}, FRESH, {"p": Proven(runs_on_s=0.0)}, "leak"),
    ({"watch": Watch(loops=("l",))}, FRESH, {"l": (Loop(),)}, ""),
    ({"watch": Watch(loops=("l",))}, FRESH, {"l": (Loop(unexpected=True),)}, "leak"),
    ({"watch": Watch(loops=("l",))}, FRESH, {"l": (Loop("locked"),)}, "locked"),
    ({"opposites": ((_OTHER, Watch()),)}, FRESH, {key_of(_OTHER): FRESH}, ""),
    ({"opposites": ((_OTHER, Watch()),)}, FRESH, {key_of(_OTHER): FRESH._replace(on=True)}, "opposite"),
    ({"opposites": ((_OTHER, Watch()),), "lockout_s": 100.0}, FRESH,
     {key_of(_OTHER): FRESH._replace(ended_s=T0_S - 99.9)}, "opposite"),
    ({"opposites": ((_OTHER, Watch()),), "lockout_s": 100.0}, FRESH,
     {key_of(_OTHER): FRESH._replace(ended_s=T0_S - 100.0)}, ""),
    ({"opposites": ((_OTHER, Watch()),), "lockout_s": T0_S + 1.0}, FRESH,
     {key_of(_OTHER): FRESH._replace(ended_s=0.0)}, "opposite"),
    ({"opposites": ((_OTHER, Watch()),), "lockout_s": T0_S + 9.0}, FRESH,
     {key_of(_OTHER): FRESH._replace(ended_s=-1.0)}, ""),
    ({"opposites": ((_OTHER, Watch(proof="p")),)}, FRESH, {key_of(_OTHER): FRESH, "p": RUNS_ON}, "opposite"),
    ({"mixing_s": 60.0}, FRESH._replace(ended_s=T0_S - 59.9), {}, "mixing"),
    ({"mixing_s": 60.0}, FRESH._replace(ended_s=T0_S - 60.0), {}, ""),
    ({"mixing_s": T0_S + 1.0}, FRESH._replace(ended_s=0.0), {}, "mixing"),
    ({"mixing_s": T0_S + 9.0}, FRESH._replace(ended_s=-1.0), {}, ""),
    ({"parts": (_OTHER,), "pause_s": 30.0}, FRESH, {key_of(_OTHER): FRESH._replace(on=True)}, "part"),
    ({"parts": (_OTHER,), "pause_s": 30.0}, FRESH, {key_of(_OTHER): FRESH._replace(ended_s=T0_S - 29.9)}, "part"),
    ({"parts": (_OTHER,), "pause_s": 30.0}, FRESH, {key_of(_OTHER): FRESH._replace(ended_s=T0_S - 30.0)}, ""),
    ({"parts": (_OTHER,), "pause_s": T0_S + 1.0}, FRESH, {key_of(_OTHER): FRESH._replace(ended_s=0.0)}, "part"),
    ({"parts": (_OTHER,), "pause_s": T0_S + 9.0}, FRESH, {key_of(_OTHER): FRESH}, ""),
    ({"parts": (_OTHER,), "first": _OTHER}, FRESH, {key_of(_OTHER): FRESH}, "order"),
    ({"parts": (_OTHER,), "first": _OTHER}, FRESH._replace(ended_s=T0_S - 500.0),
     {key_of(_OTHER): FRESH._replace(ended_s=T0_S - 500.0)}, "order"),
    ({"parts": (_OTHER,), "first": _OTHER}, FRESH._replace(ended_s=T0_S - 500.0),
     {key_of(_OTHER): FRESH._replace(ended_s=T0_S - 499.0)}, ""),
    ({"parts": (_OTHER,), "first": "fa.z.third"}, FRESH, {key_of(_OTHER): FRESH}, ""),
])  # fmt: skip
def test_what_hinders_a_dose(changes, state, blocks, why):
    guard = guarded(**changes)
    turn = turn_of({key_of(guard.name): state, **blocks})
    order = asked(guard, turn)
    if not why:
        assert order.value == 100.0
        return
    assert order == Order(
        "fa.z.pump", 0.0, Slot.TRIP, "dosing_guard",
        Because(f"guard_{why}", {"output": "fa.z.pump", "owner": "loop"}), T0_S + 9.0,
    )  # fmt: skip
    (event,) = turn.events
    assert event == (T0_S, "dose_refused", "fa.z.pump", {"why": why, "owner": "loop"})
    asked(guard, turn)
    assert len(turn.events) == 1  # told once for each order


@pytest.mark.parametrize(("applied", "passes"), [({}, False), ({"m": 0.0}, False), ({"m": 0.5}, True)])
def test_no_dose_without_mixing(applied, passes):
    order = asked(guarded(mixer="m"), turn_of({key_of("fa.z.pump"): FRESH}, applied=applied))
    assert (order.value == 100.0) is passes
    assert passes or order.because.key == "guard_mixer"


@pytest.mark.parametrize(("level", "passes"), [(9.9, False), (10.0, True), (None, False)])
def test_no_dose_from_an_empty_tank_nor_from_one_that_nobody_knows(level, passes):
    reading = bad("fa.z.tank", Reason.COMM, T0_S) if level is None else good("fa.z.tank", level, T0_S)
    order = asked(guarded(stock=("fa.z.tank", 10.0)), turn_of({key_of("fa.z.pump"): FRESH}, (reading,)))
    assert (order.value == 100.0) is passes
    assert passes or order.because.key == "guard_stock"


@pytest.mark.parametrize(("owner", "before"), [("hand", 7.0), ("fa.z.loop", None)])
def test_the_guard_judges_the_doses_of_all_but_its_own_loop(owner, before):
    guard = guarded(effect=LOOK, watch=Watch(loops=("fa.z.loop",)))
    turn = turn_of({key_of("fa.z.pump"): FRESH, "fa.z.loop": (Loop(),)}, (good("fa.z.ph", 7.0, T0_S),))
    asked(guard, turn, owner)
    assert turn.blocks[key_of("fa.z.pump")].before == before


def test_a_pump_that_locks_itself_says_so():
    guard = guarded(effect=LOOK)
    state = dosed(without=1)._replace(look_s=T0_S - 1.0)
    turn = turn_of({key_of("fa.z.pump"): state}, (good("fa.z.ph", 7.0, T0_S),))
    order = asked(guard, turn)
    assert order.because.key == "guard_ineffective"
    assert turn.events[0] == (T0_S, "dosing_locked", "fa.z.pump", {"pulses": 2})
    assert [event.kind for event in turn.events] == ["dosing_locked", "dose_refused"]


# --- the master valve


@pytest.mark.parametrize(("state", "opens"), [
    (FRESH, False), (FRESH._replace(on=True), True), (FRESH._replace(ended_s=T0_S - 4.9), True),
    (FRESH._replace(ended_s=T0_S - 5.0), False),
])  # fmt: skip
def test_a_master_valve_is_open_while_a_pump_runs_and_five_seconds_longer(state, opens):
    turn = turn_of({key_of("fa.z.pump"): state, key_of("q"): FRESH})
    assert may_open(turn, (guarded(), guarded(name="q"))) is opens
    assert may_open(turn, (guarded(name="q"), guarded())) is opens


def test_a_master_valve_is_shut_whoever_leaks():
    running = FRESH._replace(on=True)
    turn = turn_of({key_of("fa.z.pump"): running, key_of("q"): FRESH, "p": RUNS_ON})
    leaks = guarded(name="q", watch=Watch(proof="p"))
    assert may_open(turn, (guarded(), leaks)) is False
    assert moves_by_itself(turn, leaks.watch)
    assert may_open(turn, ()) is False
    beginning = turn_of({key_of("fa.z.pump"): FRESH._replace(ended_s=0.0)})
    beginning.now_s = 1.0
    assert may_open(beginning, (guarded(),)) is True
    never = turn_of({key_of("fa.z.pump"): FRESH})
    never.now_s = 1.0
    assert may_open(never, (guarded(),)) is False


def test_the_figures_are_those_of_the_book():
    assert (guards.HOUR_S, guards.DAY_S, guards.BIN_S, guards.MOST_INEFFECTIVE) == (3600.0, 86_400.0, 300.0, 4)
    assert (guards.EFFECT_SHARE, guards.ROUNDING_ML, guards.MASTER_AFTER_S, guards.DERATED) == (0.1, 1e-9, 5.0, 0.5)
    assert PUMP.step_ml == 2.0
    assert guarded(scan_s=0.5).step_ml == 1.0
    assert Effect("t", 1.0, 1.0).ineffective == 4


# --- what nobody said, and the last digit


def test_a_pump_that_never_dosed_remembers_nothing():
    fresh = guards.Guarded()  # made here, not with the module: a changed default must show
    assert fresh == (False, -1.0, 0.0, 0.0, False, "", -1.0, None, -1.0, 0.0, -1.0, 0, -1.0, -1.0, (), ())


def test_what_a_site_leaves_out_of_a_pump_is_no_wait_four_hours_between_opposites_and_ninety_days():
    pump = DosingGuard("fa.z.pump", 2.0, 1.0, 20.0, 50.0, 100.0)
    assert (pump.mixing_s, pump.pause_s, pump.lockout_s, pump.calibrate_every_s) == (0.0, 0.0, 14_400.0, 7_776_000.0)


def test_a_rounded_volume_neither_costs_the_last_step_nor_the_only_one():
    hair_less = DosingGuard("fa.z.pump", 2.0, 1.0, 20.0 - guards.ROUNDING_ML, 50.0, 100.0)
    assert [state.on for state in looked(hair_less, *[True] * 12)] == [True] * 10 + [False] * 2
    one_step = DosingGuard("fa.z.pump", 2.0, 1.0, 2.0 - guards.ROUNDING_ML, 50.0, 100.0)
    assert looked(one_step, True)[0].on


def test_a_dose_soon_after_another_is_counted_with_that_one_and_not_with_the_first_of_the_day():
    state = put_down(FRESH, 5.0, T0_S)
    state = put_down(state, 7.0, T0_S + 7200.0)
    state = put_down(state, 1.0, T0_S + 7201.0)
    assert (state.given_s, state.given_ml) == ((T0_S, T0_S + 7201.0), (5.0, 8.0))


def test_a_memory_that_has_lost_a_volume_is_not_added_up():
    torn = FRESH._replace(given_s=(T0_S, T0_S + 60.0), given_ml=(5.0,))
    with pytest.raises(ValueError, match="shorter"):
        given_ml(torn, T0_S - 1.0)
    with pytest.raises(ValueError, match="shorter"):
        put_down(torn, 1.0, T0_S + 7200.0)
