"""Interlocks, one at a time: when they act, when they let go, who ends them, and what they insist on."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.interlocks import PARTS, Action, Guard, latched
from controller.core.timed import Held
from controller.core.words import Because, Slot
from tests.core.interlock_bench import SEEN, STOPS, Bench, cap, trip


def test_a_trip_acts_after_its_delay_and_lets_go_after_its_cause_has_been_away_for_so_long():
    bench = Bench(trip(delay_s=3.0, lasts_s=5.0))
    acts = [bool(bench.step(5 <= second < 12)) for second in range(30)]
    assert [second for second, on in enumerate(acts) if on] == list(range(8, 17))
    assert bench.told() == ["trip", "trip_over"]
    assert bench.guard == Guard()
    assert bench.events[0].values == {"fa.z.cause": True}
    assert bench.events[0].subject == "fa.z.trip"
    assert bench.events[1].values == {"fa.z.cause": False}


def test_what_a_trip_insists_on_is_said_with_its_slot_and_reason():
    bench = Bench(trip())
    (demand,) = bench.step(True)
    assert demand == (
        "fa.z.pump", 0.0, Slot.TRIP, "fa.z.trip", Because("interlock", {"interlock": "fa.z.trip"}), float("inf"), 0,
        "at",
    )  # fmt: skip
    (demand,) = Bench(trip()).step(None)
    assert demand.because == Because("interlock_bad", {"interlock": "fa.z.trip"})


@pytest.mark.parametrize(("on_bad", "before", "acts"), [
    ("trip", False, True), ("trip", True, True), ("hold", False, False), ("hold", True, True),
    ("ignore", False, False), ("ignore", True, False),
])  # fmt: skip
def test_what_cannot_be_known_does_as_declared(on_bad, before, acts):
    bench = Bench(trip(on_bad_quality=on_bad))
    bench.step(before)
    assert bool(bench.step(None)) is acts
    assert bool(bench.step(None)) is acts


@pytest.mark.parametrize(("life_support", "life_safety", "how", "slot"), [
    (False, False, "set", Slot.TRIP), (True, False, "set", Slot.LIFE_SAFETY), (False, True, "set", Slot.LIFE_SAFETY),
    (True, True, "inhibit", Slot.TRIP), (True, True, "limit", Slot.TRIP),
])  # fmt: skip
def test_only_what_switches_on_to_keep_alive_speaks_for_life(life_support, life_safety, how, slot):
    action = Action("fa.z.pump", 40.0, how, life_support)
    (demand,) = Bench(trip(actions=(action,), life_safety=life_safety)).step(True)
    assert (demand.slot, demand.value) == (slot, 40.0)
    assert demand.bound == ("at_most" if how == "limit" else "at")


def test_a_trip_that_never_held_and_whose_tags_are_quiet_is_not_looked_at_again():
    bench = Bench(trip())
    bench.step(False)
    bench.turn.values["fa.z.cause"] = True
    bench.turn.moved = {"fa.z.other"}
    bench.interlock.run(bench.turn)
    assert not bench.turn.bounds
    bench.turn.moved = {"fa.z.cause"}
    bench.interlock.run(bench.turn)
    assert bench.turn.bounds


# --- latches


def tripped(**what: Any) -> Bench:
    """A latched trip whose cause has been there, and goes away now."""
    bench = Bench(trip(latch=True, lasts_s=30.0, **what))
    bench.step(True)
    assert bench.step(False)
    return bench


def test_a_latch_stays_without_its_cause_until_a_person_resets_it():
    bench = tripped()
    assert bench.step(False, after_s=1e6)
    assert bench.told() == ["trip"]
    assert bench.step(False, reset=True) == []
    assert bench.told() == ["trip", "reset", "trip_over"]
    assert bench.events[1].values == {"id": "r1", "by": "wang"}
    assert bench.held == Held(False, bench.now_s)
    assert bench.step(False) == []
    assert bench.step(True)


def test_a_latch_is_not_reset_before_its_cause_has_been_away_for_thirty_seconds():
    bench = tripped()
    assert bench.step(False, after_s=29.0, reset=True)
    assert bench.events[-1].kind == "refused"
    assert bench.events[-1].values == {"id": "r1", "by": "wang", "why": "cause_lately", "seconds": 30.0}
    assert bench.step(False, after_s=1.0, reset=True) == []


def test_a_cause_that_was_there_again_begins_the_thirty_seconds_anew():
    bench = tripped()
    bench.step(False, after_s=29.0)
    bench.step(True)
    assert bench.guard.gone_s == -1.0
    assert bench.step(True, after_s=100.0, reset=True)
    assert bench.events[-1].values == {"id": "r1", "by": "wang", "why": "cause_stands"}
    bench.step(False, after_s=60.0)
    assert bench.step(False, after_s=29.9, reset=True)
    assert bench.step(False, after_s=0.1, reset=True) == []


def test_a_latch_whose_cause_is_not_known_is_not_reset_where_that_trips():
    bench = tripped()
    assert bench.step(None, after_s=100.0, reset=True)
    assert bench.events[-1].values["why"] == "cause_stands"


def test_a_latch_that_does_not_hold_is_not_delayed_by_what_it_needs_to_let_go():
    bench = Bench(trip(latch=True, delay_s=3.0, lasts_s=30.0))
    bench.step(True)
    bench.step(False)
    assert bench.step(True, after_s=2.0) == []
    assert bench.step(True, after_s=2.9) == []
    assert bench.step(True, after_s=0.1)


def test_a_reset_of_what_does_not_hold_does_nothing():
    bench = Bench(trip(latch=True, lasts_s=30.0))
    assert bench.step(False, reset=True) == []
    assert bench.told() == []


def test_a_button_at_the_plant_resets_when_it_is_pressed_and_nobody_else_does():
    bench = tripped(reset_by="fa.z.button")
    assert bench.step(False, after_s=60.0, button=False, reset=True)
    assert bench.events[-1].kind == "refused"
    assert bench.events[-1].values == {"id": "r1", "by": "wang", "why": "reset_local"}
    assert bench.step(False, button=False)
    assert bench.step(False, button=True) == []
    assert bench.events[-2].kind == "reset"
    assert bench.events[-2].values == {"by": "fa.z.button"}


def test_a_button_that_sticks_resets_nothing():
    bench = tripped(reset_by="fa.z.button")
    assert bench.step(False, button=True)
    assert bench.events[-1].values == {"by": "fa.z.button", "why": "cause_lately", "seconds": 30.0}
    assert bench.step(False, after_s=100.0, button=True)
    assert bench.step(False, button=None)
    assert bench.step(False, button=True)  # its wire was away for a moment: it was not pressed anew
    assert bench.told() == ["trip", "refused"]
    bench.step(False, button=False)
    assert bench.step(False, button=True) == []


def test_a_button_that_was_pressed_before_the_trip_resets_nothing():
    bench = Bench(trip(latch=True, lasts_s=30.0, reset_by="fa.z.button"))
    bench.step(False, button=True)
    bench.step(True, button=True)
    assert bench.step(False, button=True)
    assert bench.step(False, after_s=100.0, button=True)


def test_each_latch_that_holds_waits_as_one_alarm():
    bench = tripped()
    assert bench.turn.blocks
    (alarm,) = latched(bench.turn, [bench.interlock])
    assert (alarm.id, alarm.priority, alarm.active) == ("latched:fa.z.trip", "high", True)
    assert alarm.since_s == bench.held.since_s
    assert alarm.values == {"reset": "fa.z.trip"}
    assert latched(bench.turn, [replace(bench.interlock, latch=False)]) == []
    bench.step(False, after_s=60.0, reset=True)
    assert latched(bench.turn, [bench.interlock]) == []


# --- permissives


def test_without_its_permissive_nothing_starts_and_what_runs_goes_on():
    bench = Bench(trip(kind="permissive", actions=(Action("fa.z.pump", 0.0, "start", False),)))
    assert bench.step(True) == []
    (demand,) = bench.step(False)
    assert (demand.value, demand.slot) == (0.0, Slot.TRIP)
    bench.runs = 0.5
    assert bench.step(False) == []
    bench.runs = 0.0
    assert bench.step(False)
    assert bench.step(True) == []
    (demand,) = bench.step(None)
    assert demand.because.key == "interlock_bad"
    bench.interlock = replace(bench.interlock, on_bad_quality="ignore")
    assert bench.step(None) == []


def test_a_permissive_while_running_stops_what_runs():
    actions = (Action("fa.z.pump", 0.0, "start", False),)
    bench = Bench(trip(kind="permissive", while_running=True, actions=actions))
    bench.runs = 100.0
    assert bench.step(True) == []
    assert bench.step(False)
    assert bench.interlock.demands(False, {})


def test_of_an_output_that_never_ran_a_permissive_forbids_the_start():
    block = trip(kind="permissive", actions=(Action("fa.z.pump", 0.0, "start", False),))
    assert block.demands(False, {})
    assert block.demands(False, {"fa.z.pump": 0.0})
    assert not block.demands(False, {"fa.z.pump": 1.0})
    assert trip().demands(False, {"fa.z.pump": 1.0})


# --- caps


@pytest.mark.parametrize("width_s", [3600.0, 86_400.0])
def test_an_output_runs_no_longer_than_its_cap_in_any_window(width_s):
    bench = Bench(cap("run", 600.0, width_s))
    step_s = width_s / 360.0
    ran: list[float] = []
    for _ in range(1200):
        stopped = bool(bench.step(after_s=step_s))
        bench.runs = 0.0 if stopped else 100.0
        ran.append(0.0 if stopped else step_s)
        # one scan goes by before it is noticed
        assert sum(ran[-360:]) <= 600.0 + step_s
    assert sum(ran) > 1200.0  # and it runs again as time goes by
    assert {"trip", "trip_over"} <= set(bench.told())


def test_a_cap_is_reached_at_its_very_second():
    bench = Bench(cap("run", 10.0, 3600.0))
    bench.runs = 100.0
    acts = [bool(bench.step()) for _ in range(12)]
    assert acts.index(True) == 9
    assert bench.told() == ["trip"]
    still = Bench(cap("run", 10.0, 3600.0))
    still.runs = None
    assert not any(still.step() for _ in range(50))


def test_what_was_done_counts_for_its_window_and_a_part_of_it_more():
    bench = Bench(cap("run", 10.0, 3600.0))
    part_s = 3600.0 / PARTS
    bench.step(after_s=part_s - bench.now_s % part_s)  # at the beginning of a part
    bench.runs = 100.0
    bench.step(after_s=10.0)
    bench.runs = 0.0
    assert bench.step(after_s=part_s * (PARTS + 1) - 11.0)
    assert bench.step(after_s=1.0) == []


def test_a_long_time_without_a_look_clears_the_count():
    bench = Bench(cap("run", 10.0, 3600.0))
    bench.runs = 100.0
    assert bench.step(after_s=20.0)
    bench.runs = 0.0
    assert bench.step(after_s=1e7) == []
    assert len(bench.blocks["fa.z.trip#most"].parts) == PARTS + 1


def test_a_clock_that_went_back_forgets_nothing():
    bench = Bench(cap("run", 10.0, 3600.0))
    bench.runs = 100.0
    bench.step(after_s=9.0)
    bench.runs = 0.0
    bench.now_s -= 7200.0
    bench.step()
    bench.runs = 100.0
    assert bench.step()


def test_starts_are_counted_and_the_last_one_allowed_runs_on():
    bench = Bench(cap("starts", 3.0, 3600.0))
    bench.step()
    for _ in range(2):
        bench.runs = 100.0
        assert [bench.step() for _ in range(4)] == [[]] * 4
        bench.runs = 0.0
        assert bench.step() == []
    bench.runs = 100.0
    assert bench.step() == []  # the third: it runs, and goes on
    assert bench.step() == []
    bench.runs = 0.0
    assert bench.step()


def test_an_output_that_has_hardly_opened_runs_all_the_same():
    bench = Bench(cap("run", 3.0, 3600.0))
    bench.runs = 0.5
    assert [bool(bench.step()) for _ in range(4)] == [False, False, True, True]


def test_a_cap_since_an_effect_begins_anew_when_the_effect_is_seen():
    bench = Bench(cap("run", 10.0, None, SEEN))
    bench.runs = 100.0
    for _ in range(9):
        assert bench.step(seen=False) == []
    assert bench.step(seen=None)
    bench.runs = 0.0
    assert bench.step(after_s=1e7, seen=False)  # no time makes up for it
    assert bench.step(seen=True) == []
    bench.runs = 100.0
    for _ in range(9):
        assert bench.step(seen=False) == []
    assert bench.step(seen=False)
    assert bench.blocks["fa.z.trip#most"].part == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.floats(0.5, 900.0)), max_size=60), st.floats(10.0, 3000.0))
def test_no_pattern_of_running_gets_past_a_cap(pattern, most_s):
    bench = Bench(cap("run", most_s, 3600.0))
    longest = 0.0
    ran: list[tuple[float, float, float]] = []
    for wants, after_s in pattern:
        stopped = bool(bench.step(after_s=after_s))
        if bench.runs:
            ran.append((bench.now_s - after_s, bench.now_s, after_s))
            longest = max(longest, after_s)
        bench.runs = 100.0 if wants and not stopped else 0.0
        window = sum(min(end, bench.now_s) - max(begin, bench.now_s - 3600.0)
                     for begin, end, _ in ran if end > bench.now_s - 3600.0)  # fmt: skip
        assert window <= most_s + longest + 1e-6


# --- bypass


def test_a_bypassed_interlock_insists_on_nothing_until_its_time_is_over():
    bench = Bench(trip(bypass_s=600.0))
    bench.blocks[bench.interlock.guard] = Guard(begun_s=bench.now_s, until_s=bench.now_s + 10.0, by="wang")
    assert bench.step(True) == []
    assert bench.told() == ["trip"]
    assert not bench.interlock.stands(bench.blocks)
    assert bench.step(True, after_s=8.9) == []
    assert bench.step(True, after_s=0.1)
    assert bench.interlock.stands(bench.blocks)
    assert bench.told() == ["trip", "bypass_over"]
    assert bench.events[-1].values == {"by": "wang"}
    assert bench.guard.until_s == 0.0
    bench.step(True)
    assert bench.told() == ["trip", "bypass_over"]
    bench.blocks[bench.interlock.guard] = Guard(until_s=0.5)
    assert bench.step(True)


def test_what_does_not_hold_does_not_stand():
    bench = Bench(trip())
    bench.step(False)
    assert not bench.interlock.stands(bench.blocks)
    bench.step(True)
    assert bench.interlock.stands(bench.blocks)


def test_a_fresh_interlock_remembers_that_nothing_was_there():
    assert trip().fresh == {"fa.z.trip": Held(), "fa.z.trip#guard": Guard(-1.0, False, 0.0, 0.0, "")}
    counted = cap("run", 1.0, None).fresh["fa.z.trip#most"]
    assert counted == ((0.0,) * 13, 0, False)
    assert STOPS[0].value == 0.0
    plain = trip()
    assert (plain.while_running, plain.life_safety, plain.bypass_s, plain.most) == (False, False, 0.0, None)


def test_a_latch_at_the_beginning_of_time_is_as_any_other():
    bench = Bench(trip(latch=True, lasts_s=30.0))
    bench.now_s = -2.0
    bench.step(True)
    bench.step(False)
    assert (bench.now_s, bench.guard.gone_s) == (0.0, 0.0)
    bench.step(False, after_s=10.0)
    assert bench.guard.gone_s == 0.0
    bench.step(False, after_s=10.0, reset=True)
    assert bench.events[-1].values["why"] == "cause_lately"
    assert bench.step(False, after_s=10.0, reset=True) == []
