"""The last word: who decides over an output, how far, for how long, and what goes through a machine's minimum times."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.arbiter import FOREVER, OutputPlan, Stood, decide, is_urgent, strongest
from controller.core.loops.run import OnLoss
from controller.core.state import State
from controller.core.turn import Turn
from controller.core.words import Because, Demand, Order, Slot
from tests.core.small_site import START_S, small_core

PLANS = small_core().plan.outputs
FAN, LAMP, VENT = PLANS["fa.z.fan"], PLANS["fa.z.lamp"], PLANS["fa.z.vent"]


def wants(value: float, slot: Slot, owner: str = "a", ends_s: float = 60.0, bound: str = "at", rank: int = 0) -> Demand:
    return Demand("fa.z.lamp", value, slot, owner, Because("rule"), START_S + ends_s, rank, bound)  # type: ignore[arg-type]


def insists(value: float, slot: Slot = Slot.TRIP, bound: str = "at") -> Demand:
    return Demand("fa.z.lamp", value, slot, "i", Because("interlock"), FOREVER, 0, bound)  # type: ignore[arg-type]


def decided(plan: OutputPlan, demands: list[Demand], bounds: list[Demand], old: State | None = None) -> Order:
    turn = Turn(old or State(blocks=small_core().plan.fresh), START_S)
    for demand in demands:
        turn.demand(demand._replace(output=plan.name))
    turn.bounds[plan.name] = [bound._replace(output=plan.name) for bound in bounds]
    return decide(plan, turn)


# --- the strongest


@pytest.mark.parametrize(("bounds", "value", "owner"), [
    ([], 80.0, "a"),
    ([insists(0.0)], 0.0, "i"), ([insists(0.0), insists(40.0)], 0.0, "i"), ([insists(40.0), insists(0.0)], 0.0, "i"),
    ([insists(100.0, Slot.LIFE_SAFETY), insists(0.0)], 100.0, "i"),
    ([insists(0.0), insists(60.0, Slot.LIFE_SAFETY), insists(100.0, Slot.LIFE_SAFETY)], 100.0, "i"),
    ([insists(30.0, bound="at_most")], 30.0, "i"), ([insists(80.0, bound="at_most")], 80.0, "a"),
    ([insists(90.0, bound="at_most")], 80.0, "a"),
    ([insists(30.0, bound="at_most"), insists(20.0, bound="at_most")], 20.0, "i"),
    ([insists(20.0, bound="at_most"), insists(30.0, bound="at_most")], 20.0, "i"),
    ([insists(100.0), insists(30.0, bound="at_most")], 30.0, "i"),
    ([insists(10.0), insists(30.0, bound="at_most")], 10.0, "i"),
    ([insists(100.0, Slot.LIFE_SAFETY), insists(30.0, bound="at_most")], 100.0, "i"),
    ([insists(100.0, Slot.LOCK_OUT), insists(30.0, bound="at_most")], 100.0, "i"),
])  # fmt: skip
def test_what_interlocks_insist_on_passes_what_a_hand_wants(bounds, value, owner):
    chosen = strongest([wants(80.0, Slot.MANUAL)], bounds, lambda: wants(0.0, Slot.IDLE, "nobody"))
    assert (chosen.value, chosen.owner) == (value, owner)
    order = decided(LAMP, [wants(80.0, Slot.MANUAL)], bounds)
    assert (order.value, order.owner) == (value, owner)


def test_who_wants_what_a_trip_insists_on_anyway_decides_only_if_he_is_stronger():
    assert strongest([wants(0.0, Slot.MANUAL)], [insists(0.0)], lambda: wants(9.0, Slot.IDLE)).owner == "i"
    assert strongest([wants(0.0, Slot.TRIP)], [insists(0.0)], lambda: wants(9.0, Slot.IDLE)).owner == "i"
    assert strongest([wants(0.0, Slot.LOCK_OUT)], [insists(0.0)], lambda: wants(9.0, Slot.IDLE)).owner == "a"
    assert strongest([wants(5.0, Slot.LOCK_OUT)], [insists(0.0)], lambda: wants(9.0, Slot.IDLE)).owner == "i"
    assert strongest([], [insists(0.0)], lambda: wants(0.0, Slot.IDLE)).owner == "i"


def test_nobody_is_capped_too():
    assert strongest([], [insists(30.0, bound="at_most")], lambda: wants(100.0, Slot.IDLE, "nobody")).value == 30.0
    assert strongest([], [], lambda: wants(100.0, Slot.IDLE, "nobody")).owner == "nobody"


# --- limits of rules


@pytest.mark.parametrize(("demands", "value", "owner"), [
    ([wants(50.0, Slot.LOOP, "loop")], 50.0, "loop"),
    ([wants(60.0, Slot.RULE, "r", bound="at_least"), wants(50.0, Slot.LOOP, "loop")], 60.0, "r"),
    ([wants(40.0, Slot.RULE, "r", bound="at_least"), wants(50.0, Slot.LOOP, "loop")], 50.0, "loop"),
    ([wants(50.0, Slot.RULE, "r", bound="at_least"), wants(50.0, Slot.LOOP, "loop")], 50.0, "loop"),
    ([wants(40.0, Slot.RULE, "r", bound="at_most"), wants(50.0, Slot.LOOP, "loop")], 40.0, "r"),
    ([wants(60.0, Slot.RULE, "r", bound="at_most"), wants(50.0, Slot.LOOP, "loop")], 50.0, "loop"),
    # the most goes before the least
    ([wants(70.0, Slot.RULE, "low", bound="at_least"), wants(40.0, Slot.RULE, "high", bound="at_most"),
      wants(50.0, Slot.LOOP, "loop")], 40.0, "high"),
    # a limit moves nothing that is stronger
    ([wants(50.0, Slot.MANUAL, "hand"), wants(60.0, Slot.RULE, "r", bound="at_least")], 50.0, "hand"),
    ([wants(50.0, Slot.RULE, "s"), wants(60.0, Slot.RULE, "r", bound="at_least", rank=1)], 60.0, "r"),
    # what a rule shuts no other rule's least opens; a loop that rests it does
    ([wants(0.0, Slot.RULE, "s", rank=2), wants(60.0, Slot.RULE, "r", bound="at_least", rank=1)], 0.0, "s"),
    ([wants(60.0, Slot.RULE, "r", bound="at_least"), wants(0.0, Slot.LOOP, "loop")], 60.0, "r"),
    ([wants(0.0, Slot.RULE, "s"), wants(60.0, Slot.MANUAL, "m", bound="at_least")], 60.0, "m"),
    # and where nobody wants anything it moves that
    ([wants(60.0, Slot.RULE, "r", bound="at_least")], 60.0, "r"),
    ([wants(60.0, Slot.RULE, "r", bound="at_most")], 10.0, "nobody"),
])  # fmt: skip
def test_limits_move_what_is_wanted_in_their_own_slot_or_a_weaker_one(demands, value, owner):
    chosen = strongest(demands, [], lambda: wants(10.0, Slot.IDLE, "nobody"))
    assert (chosen.value, chosen.owner) == (value, owner)


def test_a_limit_makes_no_number_of_what_is_none():
    demands = [wants(40.0, Slot.RULE, "r", bound="at_most"), wants(float("nan"), Slot.LOOP, "loop")]
    chosen = strongest(demands, [], lambda: wants(10.0, Slot.IDLE, "nobody"))
    assert chosen.owner == "loop"
    order = decided(LAMP, demands, [])
    assert (order.value, order.because) == (0.0, Because("not_finite", {"owner": "loop"}))


# --- the order


def test_what_is_no_number_goes_safe_within_what_interlocks_allow():
    plan = replace(LAMP, safe=OnLoss(90.0, 0.0))
    order = decided(plan, [wants(float("inf"), Slot.RULE, "r")], [])
    assert (order.value, order.owner, order.slot) == (90.0, "safe", Slot.IDLE)
    order = decided(plan, [wants(float("nan"), Slot.RULE, "r")], [insists(30.0, bound="at_most")])
    assert (order.value, order.owner) == (30.0, "i")


@pytest.mark.parametrize(("wanted", "value"), [(-5.0, 0.0), (0.0, 0.0), (42.0, 42.0), (100.0, 100.0), (180.0, 100.0)])
def test_an_order_is_a_position(wanted, value):
    assert decided(LAMP, [wants(wanted, Slot.RULE)], []).value == value


def test_an_order_ends_with_its_demand_or_its_lease_whichever_is_first():
    assert decided(LAMP, [wants(5.0, Slot.RULE, ends_s=3.0)], []).expires_s == START_S + 3.0
    assert decided(LAMP, [wants(5.0, Slot.RULE, ends_s=300.0)], []).expires_s == START_S + LAMP.lease_s


def test_demands_that_are_over_are_thrown_away_and_those_that_live_stay():
    turn = Turn(State(), START_S)
    over, lives = wants(9.0, Slot.MANUAL, "over", 0.0), wants(5.0, Slot.RULE, "lives", 0.1)
    turn.demands["fa.z.lamp"] = (over, lives)
    assert decide(LAMP, turn).owner == "lives"
    assert turn.demands["fa.z.lamp"] == (lives,)
    turn.demands["fa.z.lamp"] = alive = (lives,)
    decide(LAMP, turn)
    assert turn.demands["fa.z.lamp"] is alive


@pytest.mark.parametrize(("idle", "looped", "value", "owner", "why"), [
    (40.0, False, 40.0, "idle", "idle"), (0.0, False, 0.0, "idle", "idle"), (None, False, 90.0, "safe", "safe"),
    (40.0, True, 90.0, "safe", "nobody"), (None, True, 90.0, "safe", "nobody"),
])  # fmt: skip
def test_an_output_of_which_nobody_wants_anything(idle, looped, value, owner, why):
    order = decided(replace(LAMP, idle=idle, looped=looped, safe=OnLoss(90.0, 0.0)), [], [])
    assert (order.value, order.owner, order.because, order.slot) == (value, owner, Because(why), Slot.IDLE)


# --- a safe position that is held first


def held(
    old_slot: Slot | None, stood: Stood, applied: float | None = 55.0, hold_s: float = 120.0
) -> tuple[Order, Turn]:
    plan = replace(VENT, safe=OnLoss(10.0, hold_s))
    orders = {} if old_slot is None else {VENT.name: Order(VENT.name, 1.0, old_slot, "x", Because("rule"), 0.0)}
    blocks = {**small_core().plan.fresh, "fa.z.vent#idle": stood}
    turn = Turn(State(blocks=blocks, orders=orders, applied={} if applied is None else {VENT.name: applied}), START_S)
    return decide(plan, turn), turn


def test_a_hold_begins_when_the_last_one_who_wanted_something_is_gone():
    order, turn = held(Slot.LOOP, Stood())
    assert order.value == 55.0
    assert turn.blocks["fa.z.vent#idle"] == Stood(START_S, 55.0)
    order, turn = held(Slot.LOOP, Stood(), applied=None)
    assert turn.blocks["fa.z.vent#idle"] == Stood(START_S, 10.0)


def test_a_hold_ends_at_its_very_second_and_does_not_begin_anew():
    order, turn = held(Slot.IDLE, Stood(START_S - 119.9, 55.0))
    assert order.value == 55.0
    assert turn.blocks["fa.z.vent#idle"] == Stood(START_S - 119.9, 55.0)
    assert held(Slot.IDLE, Stood(START_S - 120.0, 55.0))[0].value == 10.0


def test_nothing_is_held_where_nobody_ever_wanted_anything():
    assert held(None, Stood())[0].value == 10.0
    assert held(Slot.IDLE, Stood())[0].value == 10.0
    assert held(Slot.IDLE, Stood(0.0, 55.0), hold_s=START_S + 1.0)[0].value == 55.0
    assert held(Slot.IDLE, Stood(-0.5, 55.0), hold_s=START_S + 9.0)[0].value == 10.0
    assert held(Slot.LOOP, Stood(), hold_s=0.0)[0].value == 10.0
    _, turn = held(Slot.LOOP, Stood(), hold_s=0.5)
    assert turn.blocks["fa.z.vent#idle"] == Stood(START_S, 55.0)


def test_of_a_plan_neither_master_nor_power_has_to_be_said():
    plain = OutputPlan("o", LAMP.actuator, LAMP.fresh, None, OnLoss(0.0, 0.0), 20.0, False, (), False)
    assert (plain.master, plain.power_kw) == (None, 0.0)


def test_a_plan_needs_no_master_and_stood_is_never_by_itself():
    assert LAMP.master is None
    assert Stood() == (-1.0, 0.0)
    assert float("inf") == FOREVER


# --- minimum times


@pytest.mark.parametrize(("slot", "value", "plan", "urgent"), [
    (Slot.LIFE_SAFETY, 100.0, FAN, True), (Slot.LIFE_SAFETY, 0.0, FAN, True),
    (Slot.TRIP, 0.0, FAN, True), (Slot.TRIP, 49.9, FAN, True), (Slot.TRIP, 50.0, FAN, False),
    (Slot.TRIP, 100.0, FAN, False), (Slot.TRIP, 100.0, LAMP, True), (Slot.LOCK_OUT, 0.0, FAN, True),
    (Slot.TIMER, 0.0, FAN, False), (Slot.MANUAL, 0.0, LAMP, False), (Slot.LOOP, 100.0, FAN, False),
])  # fmt: skip
def test_a_trip_stops_at_once_and_only_life_safety_starts_a_machine_without_its_rest(slot, value, plan, urgent):
    assert is_urgent(Order(plan.name, value, slot, "a", Because("rule"), 0.0), plan) is urgent


# --- no demand passes


_ANY = st.one_of(st.floats(0, 100), st.sampled_from([float("nan"), float("inf"), float("-inf"), -5.0, 200.0]))
_DEMANDS = st.lists(
    st.builds(
        wants, _ANY, st.sampled_from([slot for slot in Slot if slot > Slot.TRIP]), st.sampled_from("abc"),
        st.sampled_from([-1.0, 0.0, 5.0, 1e9]), st.sampled_from(["at", "at_least", "at_most"]), st.integers(0, 3),
    ),
    max_size=8,
)  # fmt: skip
_BOUNDS = st.lists(
    st.one_of(
        st.builds(insists, st.floats(0, 100), st.sampled_from([Slot.LIFE_SAFETY, Slot.TRIP])),
        st.builds(insists, st.floats(0, 100), st.just(Slot.TRIP), st.just("at_most")),
    ),
    min_size=1,
    max_size=4,
)
_PLANS = st.sampled_from([FAN, LAMP, VENT, replace(LAMP, safe=OnLoss(90.0, 0.0)), replace(LAMP, idle=70.0)])


@settings(max_examples=200, deadline=None)
@given(_PLANS, _DEMANDS, _BOUNDS)
def test_no_demand_of_whatever_slot_passes_an_interlock(plan, demands, bounds):
    order = decided(plan, demands, bounds)
    firm = [bound for bound in bounds if bound.bound == "at"]
    lives = [bound.value for bound in firm if bound.slot is Slot.LIFE_SAFETY]
    most = min((bound.value for bound in bounds if bound.bound == "at_most"), default=100.0)
    if lives:
        assert order.value == max(lives)
    elif firm:
        assert order.value == min(most, *(bound.value for bound in firm))
    else:
        assert order.value <= most
    assert 0.0 <= order.value <= 100.0
