"""Interlocks, hands and leases: who may move an output, and what passes whom."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.arbiter import OutputPlan, decide
from controller.core.loops.run import BandLoop
from controller.core.rules import RENEW_S, RULE_LEASE_S, RuleBlock
from controller.core.scan import UNHEARD_AFTER, Core
from controller.core.state import State
from controller.core.turn import Turn
from controller.core.words import Because, Demand, Override, Reset, SetpointChange, Slot
from foundation.reading import Quality, Reason
from tests.core.small_site import START_S, Farm, changed, core_of, document, small_core


def hand(farm: Farm, output: str, value: float | None, seconds: float = 3600.0, by: str = "wang") -> Override:
    return Override("1", output, value, by, farm.now_s + seconds)


def hot(farm: Farm, temp: float) -> None:
    farm.says |= dict.fromkeys(("fa.z.temp_a", "fa.z.temp_b", "fa.z.temp_c"), temp)


def warmed(core: Core | None = None) -> Farm:
    """A farm that has run for a while, so that a step of its probes is believed at once."""
    farm = Farm(core or small_core())
    farm.run(10)
    return farm


# --- interlocks


@pytest.mark.parametrize("slot", [slot for slot in Slot if slot > Slot.TRIP])
def test_a_trip_passes_every_demand_below_it(slot):
    core = small_core()
    plan = core.plan.outputs["fa.z.heater"]
    turn = Turn(core.start(START_S), START_S)
    turn.demand(Demand("fa.z.heater", 80.0, slot, "someone", Because("rule"), START_S + 60.0))
    assert decide(plan, turn).value == 80.0
    turn.bounds["fa.z.heater"] = [
        Demand("fa.z.heater", 0.0, Slot.TRIP, "fa.z.too_hot", Because("interlock"), float("inf"))
    ]
    order = decide(plan, turn)
    assert (order.value, order.slot, order.owner) == (0.0, Slot.TRIP, "fa.z.too_hot")


_BOUND = st.tuples(st.sampled_from([Slot.LIFE_SAFETY, Slot.TRIP]), st.floats(0, 100))
_DEMAND = st.tuples(
    st.sampled_from([slot for slot in Slot if slot > Slot.TRIP]),
    st.one_of(st.floats(0, 100), st.sampled_from([float("nan"), float("inf"), -5.0, 200.0])),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from([-1.0, 0.0, 5.0, 1e6]),
)


@settings(max_examples=100)
@given(st.lists(_BOUND, max_size=3), st.lists(_DEMAND, max_size=6))
def test_the_strongest_living_demand_wins_within_what_the_interlocks_insist_on(bounds, demands):
    core = small_core()
    plan: OutputPlan = core.plan.outputs["fa.z.siren"]
    turn = Turn(core.start(START_S), START_S)
    for slot, value, owner, ends in demands:
        turn.demand(Demand("fa.z.siren", value, slot, owner, Because("rule"), START_S + ends))
    turn.bounds = {
        "fa.z.siren": [Demand("fa.z.siren", value, slot, "i", Because("interlock"), 1e12) for slot, value in bounds]
    }
    order = decide(plan, turn)
    assert 0.0 <= order.value <= 100.0
    assert order.expires_s > START_S
    alive = {}
    for slot, value, owner, ends in demands:
        alive.pop((slot, owner), None)  # a later demand of the same owner in the same slot replaces the earlier
        if ends > 0:
            alive[(slot, owner)] = value
    lives = [value for slot, value in bounds if slot is Slot.LIFE_SAFETY]
    trips = [value for slot, value in bounds if slot is Slot.TRIP]
    if lives:
        assert order.value == max(lives)  # what keeps alive opens
    elif trips:
        assert order.value == min(trips)  # what protects shuts
    elif alive:
        strongest = min(slot for slot, _ in alive)
        wanted = [value for (slot, _), value in alive.items() if slot is strongest]
        limited = [min(max(value, 0.0), 100.0) for value in wanted if abs(value) < 1e9]
        # what is no number counts as nobody
        assert order.value in limited or order.because.key == "not_finite"
        assert order.slot is strongest or order.because.key == "not_finite"
    else:
        assert (order.value, order.slot) == (0.0, Slot.IDLE)


def test_life_support_that_must_be_on_beats_what_inhibits_it():
    farm = warmed()
    farm.says["fa.z.level"] = 5.0
    farm.run(5)
    order = farm.order("fa.z.rescue")
    assert (order.owner, order.value, order.slot) == ("fa.z.empty", 0.0, Slot.TRIP)
    hot(farm, 4.0)
    farm.run(5)
    order = farm.order("fa.z.rescue")
    assert (order.owner, order.value, order.slot) == ("fa.z.cold", 100.0, Slot.LIFE_SAFETY)
    assert farm.wires["fa.z.rescue"] is True


def test_a_hand_cannot_switch_off_what_keeps_alive_nor_on_what_is_tripped():
    farm = warmed()
    hot(farm, 4.0)
    farm.run(5)
    farm.scan([hand(farm, "fa.z.rescue", 0.0)])
    assert farm.wires["fa.z.rescue"] is True
    hot(farm, 37.0)
    farm.run(12)
    farm.scan([hand(farm, "fa.z.heater", 100.0)])
    assert farm.wires["fa.z.heater"] is False
    assert farm.order("fa.z.vent").value == 100.0


def test_an_interlock_waits_for_its_delay_and_stays_for_its_off_delay():
    farm = warmed()
    hot(farm, 36.0)
    farm.run(3)  # a step of a probe with a spike limit is believed after three
    said: list[bool] = []
    for second in range(100):
        farm.scan()
        if second == 20:
            hot(farm, 30.0)
        said.append(farm.order("fa.z.heater").slot is Slot.TRIP)
    assert 2 <= said.index(True) <= 5
    over = said.index(False, said.index(True))
    assert 80 <= over <= 84  # sixty seconds after it is over, and three until a step down is believed
    assert farm.told("trip") == ["fa.z.too_hot"]
    assert farm.told("trip_over") == ["fa.z.too_hot"]


def test_a_cause_that_comes_and_goes_within_the_delay_trips_nothing():
    site = changed("interlocks", "fa.z.too_much_co2", "delay", "10 s")
    farm = warmed(core_of(site))
    for second in range(100):
        farm.says["fa.z.co2"] = 3000.0 if second % 10 < 9 else 500.0
        farm.scan()
    assert farm.told("trip") == []


def test_a_latched_trip_stays_until_somebody_resets_it_and_only_when_its_cause_is_gone():
    farm = warmed()
    farm.says["fa.z.co2"] = 3000.0
    farm.run(15)
    farm.scan([Reset("7", "fa.z.too_much_co2", "wang", farm.now_s)])
    assert farm.order("fa.z.co2_valve").slot is Slot.TRIP
    assert [e.values for e in farm.events if e.kind == "refused"] == [{"id": "7", "by": "wang", "why": "cause_stands"}]
    farm.says["fa.z.co2"] = Reason.COMM  # an unknown cause is no end of it: this one trips on bad quality
    farm.scan([Reset("8", "fa.z.too_much_co2", "wang", farm.now_s)])
    assert farm.order("fa.z.co2_valve").slot is Slot.TRIP
    farm.says["fa.z.co2"] = 500.0
    farm.run(100)
    assert farm.order("fa.z.co2_valve").slot is Slot.TRIP
    farm.scan([Reset("9", "fa.z.too_much_co2", "wang", farm.now_s)])
    assert farm.order("fa.z.co2_valve").slot is not Slot.TRIP
    assert farm.told("reset") == farm.told("trip_over") == ["fa.z.too_much_co2"]
    farm.says["fa.z.co2"] = 3000.0
    farm.run(12)
    assert farm.order("fa.z.co2_valve").slot is Slot.TRIP


@pytest.mark.parametrize(("on_bad", "before", "after"), [
    ("trip", 500.0, True), ("trip", 3000.0, True), ("hold", 500.0, False), ("hold", 3000.0, True),
    ("ignore", 500.0, False), ("ignore", 3000.0, False),
])  # fmt: skip
def test_an_interlock_whose_sensor_is_lost_does_what_was_declared(on_bad, before, after):
    site = document()
    site["interlocks"]["fa.z.too_much_co2"] |= {
        "latch": False, "on_bad_quality": on_bad, "delay": "0 s", "off_delay": "0 s"
    }  # fmt: skip
    farm = warmed(core_of(site))
    farm.says["fa.z.co2"] = before
    farm.run(15)
    farm.says["fa.z.co2"] = Reason.COMM
    farm.run(3)
    order = farm.order("fa.z.co2_valve")
    assert (order.slot is Slot.TRIP) is after
    if after:
        expected = "interlock" if before > 2000.0 else "interlock_bad"
        assert order.because.key == expected


def test_before_any_sensor_has_been_heard_a_tripping_interlock_trips_and_what_needs_none_is_idle():
    farm = Farm()
    farm.says = {}
    farm.scan()
    assert farm.order("fa.z.rescue").owner == "fa.z.cold"  # no delay, trips on bad quality
    assert farm.order("fa.z.rescue").because.key == "interlock_bad"
    assert farm.wires["fa.z.rescue"] is True
    assert farm.wires["fa.z.stirrer"] is True
    assert farm.order("fa.z.co2_valve").slot is not Slot.TRIP  # ten seconds of delay first
    farm.run(12)
    assert farm.order("fa.z.co2_valve").slot is Slot.TRIP


def test_a_trip_goes_through_the_minimum_times_and_the_dimmers_rate():
    site = document()
    site["interlocks"]["fa.z.too_hot"] |= {
        "delay": "0 s",
        "effect": [{"inhibit": "fa.z.fan"}, {"inhibit": "fa.z.lamp"}],
    }
    farm = warmed(core_of(site))
    farm.scan([hand(farm, "fa.z.fan", 100.0), hand(farm, "fa.z.lamp", 90.0)])
    farm.run(130)
    farm.scan([hand(farm, "fa.z.fan", None)])
    farm.run(122)
    farm.scan([hand(farm, "fa.z.fan", 100.0)])
    assert farm.wires["fa.z.fan"] is True
    hot(farm, 40.0)
    farm.run(4)
    assert (farm.wires["fa.z.fan"], farm.wires["fa.z.lamp"]) == (False, 0.0)


# --- leases and hands


def test_an_owner_that_stops_renewing_is_gone_after_its_lease(monkeypatch):
    farm = warmed()
    farm.run(30)
    ran_s = farm.state.blocks["fa.z.fog_loop"].at_s
    monkeypatch.setattr(BandLoop, "run", lambda self, turn: None)
    while farm.order("fa.z.fog").owner == "fa.z.fog_loop":
        farm.scan()
        assert farm.now_s < ran_s + 31.0
    assert farm.now_s >= ran_s + 30.0  # three periods of ten seconds
    assert farm.order("fa.z.fog").because.key == "nobody"


def test_a_rule_that_is_gone_is_gone_after_its_lease(monkeypatch):
    farm = warmed()
    farm.says["fa.z.door"] = True
    farm.run(10)
    assert farm.wires["fa.z.siren"] is True
    monkeypatch.setattr(RuleBlock, "run", lambda self, turn, sky, anew: None)
    farm.run(RULE_LEASE_S - 5.0 - RENEW_S)
    assert farm.wires["fa.z.siren"] is True
    farm.run(10 + RENEW_S)
    assert farm.wires["fa.z.siren"] is False


def test_a_demand_ends_at_its_very_second():
    core = small_core()
    turn = Turn(core.start(START_S), START_S)
    turn.demand(Demand("fa.z.siren", 100.0, Slot.RULE, "r", Because("rule"), START_S))
    assert decide(core.plan.outputs["fa.z.siren"], turn).value == 0.0
    turn.demand(Demand("fa.z.siren", 100.0, Slot.RULE, "r", Because("rule"), START_S + 1e-3))
    assert decide(core.plan.outputs["fa.z.siren"], turn).value == 100.0


def test_a_hand_beats_loop_and_rule_until_it_lets_go_or_its_time_is_over():
    farm = warmed()
    farm.says["fa.z.door"] = True
    farm.run(10)
    farm.scan([hand(farm, "fa.z.siren", 0.0, 60.0)])
    assert farm.order("fa.z.siren").because == Because("manual", {"by": "wang"})
    assert farm.wires["fa.z.siren"] is False
    farm.run(58)
    assert farm.wires["fa.z.siren"] is False
    farm.run(3)
    assert farm.wires["fa.z.siren"] is True
    farm.scan([hand(farm, "fa.z.siren", 0.0)])
    assert farm.wires["fa.z.siren"] is False
    farm.scan([hand(farm, "fa.z.siren", None, by="li")])
    assert farm.wires["fa.z.siren"] is True


def test_the_last_hand_is_the_only_one():
    farm = warmed()
    farm.scan([hand(farm, "fa.z.fog", 10.0, by="wang"), hand(farm, "fa.z.fog", 90.0, by="li")])
    assert (farm.order("fa.z.fog").value, farm.order("fa.z.fog").owner) == (90.0, "li")
    farm.scan([hand(farm, "fa.z.fog", None)])
    assert farm.order("fa.z.fog").owner == "fa.z.fog_loop"


def test_no_hand_stays_longer_than_a_day():
    farm = warmed()
    farm.scan([hand(farm, "fa.z.fog", 10.0, 1e9)])
    assert farm.state.demands["fa.z.fog"][0].expires_s == farm.now_s + 86_400.0


@pytest.mark.parametrize(("output", "value", "seconds", "why"), [
    ("fa.z.nothing", 10.0, 60.0, "limits"), ("fa.z.temp_sp", 10.0, 60.0, "limits"), ("fa.z.fog", 101.0, 60.0, "limits"),
    ("fa.z.fog", -1.0, 60.0, "limits"), ("fa.z.fog", float("nan"), 60.0, "limits"),
    ("fa.z.fog", 10.0, -5.0, "expired"), ("fa.z.fog", 10.0, float("nan"), "expired"),
])  # fmt: skip
def test_a_hand_that_cannot_be_is_refused_and_changes_nothing(output, value, seconds, why):
    farm = warmed()
    farm.scan([hand(farm, "fa.z.fog", 33.0)])
    farm.scan([hand(farm, output, value, seconds)])
    assert [(e.subject, e.values["why"], e.values["id"]) for e in farm.events if e.kind == "refused"] == [
        (output, why, "1")
    ]
    assert farm.order("fa.z.fog").value == 33.0


# --- setpoints


@pytest.mark.parametrize(("setpoint", "value", "why"), [
    ("fa.z.co2_sp", 299.9, "limits"), ("fa.z.co2_sp", 1500.1, "limits"), ("fa.z.co2_sp", float("nan"), "limits"),
    ("fa.z.co2_sp", float("inf"), "limits"), ("fa.z.nothing", 1.0, "not_settable"), ("fa.z.fog", 1.0, "not_settable"),
    ("fa.z.pipe_sp", 40.0, "not_settable"), ("fa.z.ppfd_sp", 200.0, "not_settable"),
])  # fmt: skip
def test_a_setpoint_that_cannot_be_is_refused_with_its_reason(setpoint, value, why):
    farm = warmed()
    before = farm.state.values.get(setpoint)
    farm.scan([SetpointChange("9", setpoint, value, "wang", farm.now_s)])
    (event,) = [event for event in farm.events if event.kind == "refused"]
    assert (event.subject, event.values["why"], event.values["id"], event.values["by"]) == (setpoint, why, "9", "wang")
    if why == "limits":
        assert (event.values["low"], event.values["high"]) == (300.0, 1500.0)
    if setpoint != "fa.z.ppfd_sp":
        assert farm.state.values.get(setpoint) == before


@pytest.mark.parametrize("value", [300.0, 1500.0, 777.0])
def test_a_setpoint_within_its_limits_is_taken_in_the_same_scan(value):
    farm = warmed()
    result = farm.scan([SetpointChange("9", "fa.z.co2_sp", value, "wang", farm.now_s)])
    assert farm.state.values["fa.z.co2_sp"] == value
    (event,) = [event for event in result.events if event.kind == "setpoint_changed"]
    assert event.values == {"id": "9", "by": "wang", "value": value, "before": 800.0, "after": value}


# --- who comes first in one slot


def test_of_two_rules_on_one_output_the_one_that_stands_first_wins():
    for first, second, expected in ((100.0, 0.0, True), (0.0, 100.0, False)):
        site = document()
        site["rules"] = [
            {
                "id": f"fa.z.{name}", "when": "fa.z.door", "on_bad_quality": "hold",
                "then": [{"set": "fa.z.siren", "to": f"{value} %"}],
            }
            for name, value in (("one", first), ("two", second))
        ]  # fmt: skip
        farm = warmed(core_of(site))
        farm.says["fa.z.door"] = True
        farm.run(5)
        assert farm.wires["fa.z.siren"] is expected
        assert [demand.owner for demand in farm.state.demands["fa.z.siren"]] == ["fa.z.one", "fa.z.two"]


def test_a_demand_made_again_replaces_the_owners_older_one():
    turn = Turn(State(), START_S)
    for value in (10.0, 20.0):
        turn.demand(Demand("o", value, Slot.RULE, "a", Because("rule"), 1.0))
        turn.demand(Demand("o", value, Slot.LOOP, "a", Because("rule"), 1.0))
        turn.demand(Demand("o", value, Slot.MANUAL, "b", Because("rule"), 1.0))
    assert [(d.slot, d.owner, d.value) for d in turn.demands["o"]] == [
        (Slot.MANUAL, "b", 20.0), (Slot.RULE, "a", 20.0), (Slot.LOOP, "a", 20.0)
    ]  # fmt: skip
    turn.withdraw("o", Slot.RULE, "a")
    turn.withdraw("o", Slot.LOOP, "b")
    assert [demand.slot for demand in turn.demands["o"]] == [Slot.MANUAL, Slot.LOOP]


# --- rules


def test_a_rule_acts_after_its_delay_holds_until_it_clears_and_lets_go_after_its_off_delay():
    farm = warmed()
    farm.says["fa.z.co2"] = 500.0
    farm.run(20)
    assert farm.wires["fa.z.co2_valve"] is True
    farm.says["fa.z.door"] = True
    farm.run(4)
    assert farm.wires["fa.z.co2_valve"] is True
    farm.run(3)
    assert farm.wires["fa.z.co2_valve"] is False
    assert farm.order("fa.z.co2_valve").because == Because("rule", {"rule": "fa.z.no_co2_with_open_door"})
    farm.says["fa.z.door"] = False
    farm.run(9)
    assert farm.wires["fa.z.co2_valve"] is False
    farm.run(3)
    assert farm.wires["fa.z.co2_valve"] is True
    assert (farm.told("rule_on"), farm.told("rule_off")) == (["fa.z.no_co2_with_open_door"],) * 2


@pytest.mark.parametrize(("on_bad", "before", "after"), [
    ("assert", False, True), ("assert", True, True), ("deassert", True, False), ("deassert", False, False),
    ("hold", True, True), ("hold", False, False),
])  # fmt: skip
def test_a_rule_that_cannot_know_does_what_was_declared(on_bad, before, after):
    site = document()
    site["rules"][0] |= {"on_bad_quality": on_bad, "for": {}}
    farm = warmed(core_of(site))
    farm.says["fa.z.door"] = before
    farm.run(3)
    farm.says["fa.z.door"] = Reason.COMM
    farm.run(3)
    assert (farm.order("fa.z.siren").slot is Slot.RULE) is after


def test_a_rule_with_its_own_end_stays_on_between_the_two():
    site = changed("rules", 1, "then", [{"set": "fa.z.siren", "to": "on"}])
    farm = Farm(core_of(site))
    said = []
    for rh in (70.0, 55.0, 42.0, 50.0, 54.0, 60.0, 70.0, 54.0):  # at 21 degC: 0.75, 1.12, 1.44, ... kPa
        farm.says["fa.z.rh"] = rh
        farm.run(200)
        said.append(farm.wires["fa.z.siren"])
    assert said == [False, False, False, False, False, False, False, False]
    hot(farm, 24.0)
    farm.says["fa.z.rh"] = 45.0  # 1.64 kPa
    farm.run(200)
    assert farm.wires["fa.z.siren"] is True
    farm.says["fa.z.rh"] = 55.0  # 1.34 kPa: neither dry nor damp
    farm.run(200)
    assert farm.wires["fa.z.siren"] is True
    farm.says["fa.z.rh"] = 65.0
    farm.run(200)
    assert farm.wires["fa.z.siren"] is False


# --- orders that do not arrive


def test_an_order_that_does_not_arrive_is_repeated_and_becomes_an_alarm_and_arrives_at_last():
    farm = warmed()
    farm.confirms = False
    farm.commands.clear()
    farm.scan([hand(farm, "fa.z.siren", 100.0)])
    farm.run(40)
    tries = [command for command in farm.commands if command.tag == "fa.z.siren" and command.value is True]
    assert len(tries) >= UNHEARD_AFTER + 3
    assert farm.told("order_unheard").count("fa.z.siren") == 1
    assert "order:fa.z.siren" in {alarm.id for alarm in farm.standing}
    assert farm.quality("fa.z.siren") == (Quality.UNCERTAIN, Reason.COMM)
    farm.confirms = True
    farm.run(10)
    assert "order:fa.z.siren" not in {alarm.id for alarm in farm.standing}
    assert farm.quality("fa.z.siren") == (Quality.GOOD, None)


def test_an_order_that_was_not_heard_is_repeated_soon_and_later_with_every_failure():
    farm = warmed(core_of(changed("outputs", "fa.z.siren", "lease", "120 s")))
    farm.confirms = False
    farm.commands.clear()
    tries = []
    for second in range(130):
        result = farm.scan([hand(farm, "fa.z.siren", 100.0)] if second == 0 else ())
        tries += [second for command in result.commands if command.tag == "fa.z.siren"]
    assert [later - sooner for sooner, later in pairwise(tries)] == [4, 8, 16, 32, 40]


def test_orders_are_renewed_at_least_every_third_of_their_lease_and_not_every_scan():
    farm = warmed()
    farm.commands.clear()
    farm.run(60)
    renewals = [command for command in farm.commands if command.tag == "fa.z.siren"]
    assert 60 / (20 / 3) - 2 <= len(renewals) <= 60 / (20 / 3) + 1
