"""People's hands on the farm: by hand with an end, an emergency stop that fish survive, locks that nothing opens."""

import json
from copy import deepcopy
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.explain import look, standing
from controller.core.state import to_plain
from controller.core.words import (
    AlarmWish,
    EmergencyStop,
    LockOut,
    LockOutEnd,
    Override,
    Reset,
    SequenceWish,
    SetpointChange,
    Slot,
)
from foundation.reading import Reason
from tests.core.small_site import Farm, changed, core_of, document, small_core

HOUR_S = 3600.0
ASIDE: tuple[Literal["shelve", "take_out", "put_back"], ...] = ("shelve", "take_out", "put_back")


def by_hand(farm: Farm, output: str, value: float | None, hours: float = 4.0) -> Override:
    return Override(f"{farm.now_s}", output, value, "wang", farm.now_s + hours * HOUR_S)


def locked(farm: Farm, subject: str, by: str = "wang", statement: str = "") -> LockOut:
    return LockOut(f"lock {farm.now_s}", subject, by, "new bearing", statement, farm.now_s)


def unlocked(farm: Farm, subject: str, by: str = "wang", supervisor: bool = False) -> LockOutEnd:
    return LockOutEnd(f"off {farm.now_s}", subject, by, supervisor, farm.now_s)


def alarms(farm: Farm, *kinds: str) -> list[str]:
    return [one.id for one in farm.standing if one.id.partition(":")[0] in kinds]


def why(farm: Farm, output: str) -> Any:
    plan = farm.core.plan
    return look(plan, farm.state, output, standing(plan, farm.state).get(output, ()))


def refusals(farm: Farm) -> list[object]:
    return [event.values["why"] for event in farm.events if event.kind == "refused"]


def restarted(farm: Farm, after_s: float) -> Farm:
    new = Farm(farm.core, farm.now_s + after_s, json.loads(json.dumps(to_plain(farm.state))))
    new.says = dict(farm.says)
    return new


# --- by hand


def test_a_hand_ends_by_itself_and_that_is_told_before_and_after():
    farm = Farm()
    farm.run(60)
    farm.scan([by_hand(farm, "fa.z.lamp", 40.0)])
    farm.run(120)
    assert farm.order("fa.z.lamp").value == 40.0
    assert not alarms(farm, "hand_ends", "hand_over")
    farm.now_s += 4 * HOUR_S - 600.0
    farm.scan()
    assert alarms(farm, "hand_ends") == ["hand_ends:fa.z.lamp"]
    farm.now_s += 600.0
    farm.scan()
    assert farm.order("fa.z.lamp").slot is Slot.LOOP
    assert alarms(farm, "hand_ends", "hand_over") == ["hand_over:fa.z.lamp"]
    assert farm.told("hand_over") == ["fa.z.lamp"]
    farm.now_s += 900.0
    farm.scan()
    assert not alarms(farm, "hand_over")


def test_what_a_person_changes_says_what_stood_before_and_what_stands_after():
    farm = Farm()
    farm.says["fa.z.ph"] = 4.5
    farm.run(300)
    wishes = [
        SetpointChange("w1", "fa.z.temp_sp", 22.0, "li", farm.now_s),
        by_hand(farm, "fa.z.lamp", 40.0),
        by_hand(farm, "fa.z.lamp", 60.0),
        by_hand(farm, "fa.z.lamp", None),
        *(
            AlarmWish(f"w{one}", one, "fa.z.acid", "li", farm.now_s, "one", "probe", farm.now_s + 600.0)
            for one in ASIDE
        ),
    ]
    before = farm.state.values["fa.z.temp_sp"]
    told = [event.values for event in farm.scan(wishes).events if "before" in event.values]
    assert [(one["before"], one["after"]) for one in told] == [
        (before, 22.0), (None, 40.0), (40.0, 60.0), (60.0, None),
        ("unacknowledged", "shelved"), ("shelved", "out_of_service"), ("out_of_service", "normal"),
    ]  # fmt: skip


def test_what_is_given_back_is_no_alarm():
    farm = Farm()
    farm.run(60)
    farm.scan([by_hand(farm, "fa.z.lamp", 40.0)])
    farm.scan([by_hand(farm, "fa.z.lamp", None)])
    farm.run(2)
    assert farm.order("fa.z.lamp").slot is Slot.LOOP
    farm.now_s += 5 * HOUR_S
    farm.scan()
    assert not alarms(farm, "hand_ends", "hand_over")
    assert farm.told("hand_over") == []


def test_a_hand_is_over_at_its_very_second_and_a_short_one_is_told_of_in_its_last_quarter():
    farm = Farm()
    farm.run(60)
    farm.scan([by_hand(farm, "fa.z.lamp", 40.0, 60.0 / 3600.0)])
    end_s = farm.state.marks["hand:fa.z.lamp"].until_s
    while farm.now_s + 1.0 < end_s - 14.75:
        farm.scan()
        assert not alarms(farm, "hand_ends"), end_s - farm.now_s
    farm.scan(after_s=end_s - 14.75 - farm.now_s)
    assert alarms(farm, "hand_ends")
    farm.scan(after_s=end_s - farm.now_s)
    assert farm.told("hand_over") == ["fa.z.lamp"]


def test_life_support_that_a_hand_keeps_on_is_no_alarm():
    farm = Farm()
    farm.run(60)
    farm.scan([by_hand(farm, "fa.z.rescue", 100.0)])
    assert farm.order("fa.z.rescue").value == 100.0
    assert not alarms(farm, "hand_life")


@pytest.mark.parametrize(("away_h", "stands"), [(2.0, True), (5.0, False)])
def test_a_hand_keeps_its_true_end_over_a_restart(away_h: float, stands: bool):
    farm = Farm()
    farm.run(60)
    farm.scan([by_hand(farm, "fa.z.lamp", 40.0)])
    new = restarted(farm, away_h * HOUR_S)
    new.run(3)
    assert (new.order("fa.z.lamp").slot is Slot.MANUAL) is stands
    assert new.told("hand_over") == ([] if stands else ["fa.z.lamp"])
    if stands:
        new.now_s += 2 * HOUR_S
        new.scan()
        assert new.order("fa.z.lamp").slot is Slot.LOOP


def test_a_loop_goes_on_from_where_the_hand_leaves_it():
    farm = Farm()
    farm.says["fa.z.ppfd"] = 150.0
    farm.run(300)
    farm.scan([by_hand(farm, "fa.z.lamp", 37.0)])
    farm.run(600)
    farm.scan([by_hand(farm, "fa.z.lamp", None)])
    before = farm.order("fa.z.lamp").value
    assert farm.order("fa.z.lamp").slot is Slot.LOOP
    assert before == pytest.approx(37.0, abs=4.0)


@pytest.mark.parametrize("gives_back", [True, False])
@pytest.mark.parametrize("offset", range(10))  # of the loop's period
def test_a_hand_that_moves_and_lets_go_between_two_looks_leaves_the_output_where_it_was(offset, gives_back):
    farm = Farm(core_of(changed("outputs", "fa.z.lamp", "rate", "100 %/s")))
    farm.says["fa.z.ppfd"] = 150.0
    farm.run(300)
    farm.scan([by_hand(farm, "fa.z.lamp", 20.0)])
    farm.run(120 + offset)
    farm.scan([by_hand(farm, "fa.z.lamp", 60.0, 4.0 / HOUR_S)])
    farm.run(2)
    assert farm.order("fa.z.lamp").value == 60.0
    if gives_back:
        farm.scan([by_hand(farm, "fa.z.lamp", None)])
    while farm.order("fa.z.lamp").slot is Slot.MANUAL:
        farm.scan()
    assert farm.order("fa.z.lamp").slot is Slot.LOOP
    assert farm.order("fa.z.lamp").value == pytest.approx(60.0, abs=0.1)


def test_a_loop_whose_output_a_hand_has_looks_no_more_often():
    farm = Farm()
    farm.scan([by_hand(farm, "fa.z.lamp", 20.0)])
    looks = set()
    for _ in range(100):
        farm.scan()
        looks.add(farm.state.blocks["fa.z.light_loop"].at_s)
    assert len(looks) <= 11


def test_a_dosing_pump_by_hand_keeps_its_longest_pulse():
    farm = Farm()
    farm.run(60)
    farm.scan([by_hand(farm, "fa.z.pump_acid", 100.0)])
    ran = 0
    for _ in range(300):
        farm.scan()
        ran += farm.wires["fa.z.pump_acid"] is True
    assert ran <= 61


def test_life_support_that_a_hand_holds_down_is_an_alarm_at_once_and_an_interlock_passes_it():
    farm = Farm()
    farm.run(60)
    farm.scan([by_hand(farm, "fa.z.rescue", 0.0), by_hand(farm, "fa.z.stirrer", 0.0)])
    assert sorted(alarms(farm, "hand_life")) == ["hand_life:fa.z.rescue", "hand_life:fa.z.stirrer"]
    for probe in "abc":
        farm.says[f"fa.z.temp_{probe}"] = 4.0
    farm.run(60)
    assert farm.order("fa.z.rescue").value == 100.0
    assert farm.order("fa.z.rescue").slot is Slot.LIFE_SAFETY


# --- emergency stop


def with_button() -> dict[str, Any]:
    return changed("facilities", "fa", "emergency_stop", "fa.z.door")


def stop_farm() -> Farm:
    """The door's contact stands for the button: true is closed, and nobody presses it."""
    farm = Farm(core_of(with_button()))
    farm.says["fa.z.door"] = True
    farm.run(120)
    return farm


PRESSED = [False, Reason.COMM]


@pytest.mark.parametrize("button", PRESSED)
def test_a_pressed_or_unreadable_button_stops_all_but_what_fish_breathe_by(button: Any):
    farm = stop_farm()
    farm.scan([by_hand(farm, "fa.z.heater", 100.0), by_hand(farm, "fa.z.stirrer", 0.0)])
    assert farm.order("fa.z.heater").value == 100.0
    farm.says["fa.z.door"] = button
    farm.scan()
    for output, plan in farm.core.plan.outputs.items():
        if output == "fa.z.vent":
            assert farm.wires["fa.z.vent_open"] is False
            assert farm.wires["fa.z.vent_close"] is False
        else:
            assert farm.order(output).value == plan.safe.then, output
    assert farm.order("fa.z.stirrer").value == 100.0
    assert alarms(farm, "stop") == ["stop:fa"]
    assert why(farm, "fa.z.heater").won.key == "emergency_stop"
    assert why(farm, "fa.z.heater").won.since_s == farm.now_s


def test_a_stop_is_latched_until_the_button_is_released_and_a_person_resets_it():
    farm = stop_farm()
    farm.says["fa.z.door"] = False
    farm.run(5)
    farm.scan([Reset("1", "fa", "wang", farm.now_s)])
    assert refusals(farm) == ["button_pressed"]
    farm.says["fa.z.door"] = True
    farm.run(60)
    assert farm.order("fa.z.heater").because.key == "emergency_stop"
    farm = restarted(farm, 30.0)
    farm.run(20)
    assert farm.order("fa.z.heater").because.key == "emergency_stop"
    farm.scan([Reset("2", "fa", "wang", farm.now_s)])
    assert farm.told("reset") == ["fa"]
    farm.run(120)
    assert farm.order("fa.z.heater").slot is Slot.LOOP
    assert not alarms(farm, "stop")


def test_what_was_by_hand_before_a_stop_does_not_start_by_itself_after_the_reset():
    farm = stop_farm()
    farm.scan([by_hand(farm, "fa.z.feeder", 100.0)])
    farm.scan([EmergencyStop("1", "fa", "li", farm.now_s)])
    assert farm.order("fa.z.feeder").value == 0.0
    farm.scan([Reset("2", "fa", "li", farm.now_s)])
    farm.run(3)
    assert farm.order("fa.z.feeder").slot is not Slot.MANUAL
    assert farm.order("fa.z.feeder").value == 0.0


def test_a_restart_is_no_emergency_stop():
    farm = Farm(core_of(with_button()))
    del farm.says["fa.z.door"]
    farm.run(8)  # its device has not been asked yet
    assert not alarms(farm, "stop")
    farm.run(5)
    assert alarms(farm, "stop") == ["stop:fa"]  # nobody hears it: that is a pressed button


def test_a_stop_starts_nothing_that_an_interlock_stops():
    farm = stop_farm()
    farm.says["fa.z.level"] = 2.0  # the tank is empty: the rescue pump would run dry
    farm.run(30)
    assert farm.order("fa.z.rescue").value == 0.0
    farm.scan([EmergencyStop("1", "fa", "li", farm.now_s)])
    assert farm.order("fa.z.rescue").value == 0.0
    assert farm.order("fa.z.stirrer").value == 100.0


def test_an_output_may_declare_where_a_stop_takes_it():
    site = with_button()
    site["outputs"] = deepcopy(site["outputs"])
    site["outputs"]["fa.z.siren"]["stop"] = "on"
    farm = Farm(core_of(site))
    farm.says["fa.z.door"] = True
    farm.run(20)
    farm.scan([EmergencyStop("1", "fa", "li", farm.now_s)])
    assert farm.order("fa.z.siren").value == 100.0


def test_a_vent_that_nobody_has_driven_home_yet_stands_still_when_it_is_stopped():
    farm = Farm(core_of(with_button()))
    farm.says["fa.z.door"] = True
    farm.run(5)
    assert farm.wires["fa.z.vent_close"] is True  # it is looking for its end
    farm.scan([EmergencyStop("1", "fa", "li", farm.now_s)])
    farm.run(5)
    assert farm.wires["fa.z.vent_close"] is False
    assert farm.wires["fa.z.vent_open"] is False


# --- lock-out

OUTPUTS = sorted(document()["outputs"])


def test_a_locked_pump_is_started_by_nobody_not_even_to_save_the_fish():
    farm = Farm()
    farm.run(60)
    farm.scan([locked(farm, "fa.z.rescue")])
    assert refusals(farm) == ["lock_life_support"]
    farm.scan([locked(farm, "fa.z.rescue", statement="the second oxygen valve is open")])
    assert alarms(farm, "locked") == ["locked:fa.z.rescue"]
    for probe in "abc":
        farm.says[f"fa.z.temp_{probe}"] = 4.0  # the interlock wants it on
    farm.scan([by_hand(farm, "fa.z.rescue", 100.0)])
    farm.run(120)
    assert farm.wires["fa.z.rescue"] is False
    told = why(farm, "fa.z.rescue")
    assert (told.won.slot, told.won.key, told.won.values) == ("lock_out", "locked_out", {"by": "wang"})
    assert "fa.z.cold" in [one.owner for one in told.beaten]
    assert told.then.owner == "fa.z.cold"


def test_only_its_owner_or_a_supervisor_takes_a_lock_off():
    farm = Farm()
    farm.run(60)
    farm.scan([locked(farm, "fa.z.fan")])
    farm.scan([unlocked(farm, "fa.z.fan", "li"), locked(farm, "fa.z.fan", "li")])
    assert refusals(farm) == ["not_your_lock", "locked"]
    farm = restarted(farm, 7 * 24 * HOUR_S)  # no lease ends it
    farm.run(30)
    assert farm.order("fa.z.fan").because.key == "locked_out"
    farm.scan([unlocked(farm, "fa.z.fan", "li", supervisor=True)])
    assert farm.order("fa.z.fan").because.key != "locked_out"
    assert farm.told("lock_off") == ["fa.z.fan"]


def test_a_locked_device_takes_all_its_outputs_with_it():
    farm = Farm()
    farm.run(300)
    farm.says["fa.z.rh"] = 95.0
    farm.run(200)
    farm.scan([locked(farm, "switches", statement="hand aeration")])
    farm.run(5)
    assert {farm.order(name).value for name in OUTPUTS if name != "fa.z.vent"} == {0.0}
    assert not any(farm.wires.values())
    farm.scan([unlocked(farm, "switches")])
    assert farm.order("fa.z.stirrer").value == 100.0


def test_a_standby_takes_over_from_a_locked_pump_and_two_locked_ones_stand():
    site = document()
    proof = {"tag": "fa.z.level", "above": "10 %", "within": "5 s"}
    pair = {**site["outputs"]["fa.z.stirrer"], "proof": proof}
    site["outputs"]["fa.z.rescue"] = {**pair, "idle": "off"}
    site["outputs"]["fa.z.stirrer"] = {**pair, "standby": "fa.z.rescue"}
    del site["interlocks"]["fa.z.empty"], site["interlocks"]["fa.z.cold"]
    farm = Farm(core_of(site))
    farm.run(60)
    assert (farm.wires["fa.z.stirrer"], farm.wires["fa.z.rescue"]) == (True, False)
    farm.scan([locked(farm, "fa.z.stirrer", statement="the standby runs")])
    farm.run(5)
    assert (farm.wires["fa.z.stirrer"], farm.wires["fa.z.rescue"]) == (False, True)
    farm.scan([locked(farm, "fa.z.rescue", statement="oxygen is open")])
    for _ in range(60):
        farm.scan()
        assert (farm.wires["fa.z.stirrer"], farm.wires["fa.z.rescue"]) == (False, False)


def test_what_was_by_hand_before_a_lock_does_not_start_when_the_lock_is_off():
    farm = Farm()
    farm.run(60)
    farm.scan([by_hand(farm, "fa.z.feeder", 100.0)])
    farm.scan([locked(farm, "fa.z.feeder")])
    farm.run(5)
    farm.scan([unlocked(farm, "fa.z.feeder")])
    assert farm.order("fa.z.feeder").value == 0.0


def test_a_stop_ends_a_sequence_though_its_step_wants_what_the_stop_wants():
    site = with_button()
    site["sequences"] = {"fa.z.wash": {"steps": [
        {"set": {"fa.z.feeder": "off"}, "for": "60 s"}, {"set": {"fa.z.feeder": "on"}, "for": "60 s"},
    ]}}  # fmt: skip
    farm = Farm(core_of(site))
    farm.says["fa.z.door"] = True
    farm.run(20)
    wish = SequenceWish("1", "start", "fa.z.wash", "wang", farm.now_s)
    farm.scan([wish])
    farm.scan([EmergencyStop("2", "fa", "li", farm.now_s)])
    farm.scan([wish._replace(id="3")])
    farm.scan([Reset("4", "fa", "li", farm.now_s)])
    farm.run(90)
    assert farm.wires["fa.z.feeder"] is False
    assert farm.state.blocks["fa.z.wash"].phase != "running"


def test_a_stop_leaves_the_heartbeat_to_the_health_of_the_agent():
    site = with_button()
    beat = {"type": "heartbeat", "period": "4 s", "safe": "off", "lease": "20 s", "fail_safe_by": "device"}
    site["outputs"] = {**site["outputs"], "fa.z.siren": beat}
    site["rules"] = []
    farm = Farm(core_of(site))
    farm.says["fa.z.door"] = True
    farm.run(20)
    farm.scan([EmergencyStop("1", "fa", "li", farm.now_s)])
    assert farm.order("fa.z.heater").because.key == "emergency_stop"
    assert farm.order("fa.z.siren").value == 100.0


def test_what_is_not_there_is_not_locked():
    farm = Farm()
    farm.scan([locked(farm, "fa.z.nothing"), unlocked(farm, "fa.z.fan"), EmergencyStop("1", "fb", "li", farm.now_s)])
    assert refusals(farm) == ["no_lock", "not_locked", "no_facility"]


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from(OUTPUTS), min_size=1, max_size=3, unique=True),
    st.booleans(),
    st.lists(st.tuples(st.sampled_from(OUTPUTS), st.floats(0, 100)), max_size=6),
    st.dictionaries(st.sampled_from(["fa.z.temp_a", "fa.z.temp_b", "fa.z.level", "fa.z.co2", "fa.z.rh"]),
                    st.sampled_from([Reason.COMM, 0.0, 4.0, 50.0, 99.0, 3000.0])),
)  # fmt: skip
def test_whatever_is_wanted_what_is_locked_stands_and_what_is_stopped_does_not_run(
    locks: list[str], stop: bool, hands: list[tuple[str, float]], says: dict[str, Any]
):
    farm = Farm(small_core())
    farm.run(5)
    farm.scan([locked(farm, one, statement="hand aeration") for one in locks])
    farm.says |= says
    farm.scan([by_hand(farm, output, value) for output, value in hands])
    if stop:
        farm.scan([EmergencyStop("1", "fa", "li", farm.now_s)])
    for _ in range(12):
        farm.scan()
        for name in locks:
            assert not any(farm.wires[tag] for tag in farm.core.plan.outputs[name].device_tags)
        for name, plan in farm.core.plan.outputs.items():
            if stop and not plan.life_support and name != "fa.z.vent":
                assert farm.order(name).value <= plan.safe.then
