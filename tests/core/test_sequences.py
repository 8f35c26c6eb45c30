"""Sequences: step after step, aborted where declared, over restarts, one at a time, and never past an interlock."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.state import to_plain
from controller.core.words import Override, Reset, SequenceWish, Slot
from tests.core.small_site import START_S, Farm, changed, core_of
from tests.core.test_rules import DOOR

WASH = "fa.z.wash"
ASKS = {**DOOR, "then": [{"run_sequence": WASH}]}
STEPS = [
    {"set": {"fa.z.siren": "on"}, "for": "10 s"},
    {"set": {"fa.z.siren": "on", "fa.z.vent": "60 %"}, "until": "fa.z.level < '50 %'", "within": "30 s"},
    {"set": {"fa.z.siren": "off"}, "for": "5 s"},
]  # fmt: skip


def washing(*rules: dict[str, Any], **wash: Any) -> Farm:
    site = changed("rules", list(rules) or [ASKS])
    site["sequences"] = {WASH: {"steps": STEPS, **wash}}
    return Farm(core_of(site))


def begun(farm: Farm) -> Farm:
    farm.run(5)
    farm.says["fa.z.door"] = True
    farm.run(2)
    return farm


def phase(farm: Farm, name: str = WASH) -> str:
    return str(farm.state.blocks[name][0])


def alarms(farm: Farm) -> dict[str, Any]:
    return {alarm.id: alarm.values for alarm in farm.standing if alarm.id.startswith("sequence:")}


def test_steps_follow_each_other_and_what_none_names_is_left_to_its_loop():
    farm = begun(washing())
    order = farm.order("fa.z.siren")
    assert (order.value, order.slot, order.owner) == (100.0, Slot.SEQUENCE, WASH)
    assert farm.order("fa.z.vent").owner == "fa.z.vent_loop"
    farm.run(10)
    assert (farm.order("fa.z.vent").value, farm.order("fa.z.vent").owner) == (60.0, WASH)
    farm.says["fa.z.level"] = 40.0
    farm.run(2)
    assert (farm.order("fa.z.siren").value, farm.order("fa.z.siren").owner) == (0.0, WASH)
    assert farm.order("fa.z.vent").owner == "fa.z.vent_loop"
    farm.run(10)
    assert phase(farm) == "ready"
    assert farm.order("fa.z.siren").slot is Slot.IDLE
    assert farm.told("sequence_begun") == farm.told("sequence_done") == [WASH]


def test_it_runs_once_for_each_time_that_it_is_asked_and_to_its_end():
    farm = begun(washing(steps=[STEPS[0], STEPS[2]]))
    farm.run(60)
    assert farm.told("sequence_begun") == [WASH]
    farm.says["fa.z.door"] = False
    farm.run(5)
    farm.says["fa.z.door"] = True
    farm.run(3)
    farm.says["fa.z.door"] = False
    farm.run(5)
    assert farm.order("fa.z.siren").owner == WASH
    farm.run(20)
    assert farm.told("sequence_done") == [WASH, WASH]


def test_a_step_that_does_not_end_in_time_aborts_it_and_what_has_no_loop_stands_safe_until_a_person_resets_it():
    site = changed("rules", [ASKS])
    site["sequences"] = {WASH: {"steps": STEPS}}
    site["outputs"]["fa.z.siren"] |= {"idle": "on"}
    farm = begun(Farm(core_of(site)))
    farm.run(60)
    assert phase(farm) == "aborted"
    order = farm.order("fa.z.siren")
    assert (order.value, order.slot, order.because.key) == (0.0, Slot.SEQUENCE, "sequence_aborted")
    assert farm.order("fa.z.vent").owner == "fa.z.vent_loop"
    assert alarms(farm) == {f"sequence:{WASH}": {"sequence": WASH, "why": "late", "step": 2, "of": 3, "reset": WASH}}
    farm.says["fa.z.door"] = False
    farm.run(60)
    assert phase(farm) == "aborted"
    farm.scan([Reset("reset_1", WASH, "li", farm.now_s)])
    farm.run(2)
    assert (phase(farm), alarms(farm), farm.order("fa.z.siren").value) == ("ready", {}, 100.0)


def test_a_step_may_go_on_when_its_time_is_over():
    farm = begun(washing(steps=[STEPS[0], {**STEPS[1], "else": "next"}, STEPS[2]]))
    farm.run(60)
    assert (phase(farm), alarms(farm)) == ("ready", {})
    assert farm.told("sequence_late") == farm.told("sequence_done") == [WASH]


@pytest.mark.parametrize("level", [5.0, None])
def test_it_is_aborted_while_its_condition_holds_or_is_not_known_and_does_not_start_then(level: float | None):
    farm = begun(washing(abort="fa.z.level < '30 %'", latch=False))
    said: dict[str, Any] = farm.says
    if level is None:
        site_says = farm.says.pop("fa.z.level")
        farm.run(60)  # it goes stale
    else:
        site_says = said["fa.z.level"]
        said["fa.z.level"] = level
        farm.run(2)
    assert phase(farm) == "aborted"
    assert alarms(farm)[f"sequence:{WASH}"]["why"] == ("unknown" if level is None else "condition")
    farm.says["fa.z.door"] = False
    farm.run(5)
    farm.says["fa.z.door"] = True
    farm.run(5)
    assert farm.told("sequence_begun") == [WASH]
    farm.says["fa.z.door"] = False
    said["fa.z.level"] = site_says
    farm.run(3)
    assert (phase(farm), alarms(farm)) == ("ready", {})


def test_it_waits_until_nothing_is_against_its_start():
    farm = washing(abort="fa.z.level < '30 %'")
    farm.says["fa.z.level"] = 10.0
    begun(farm)
    farm.run(20)
    assert (phase(farm), farm.told("sequence_begun")) == ("ready", [])
    farm.says["fa.z.level"] = 80.0
    farm.run(2)
    assert phase(farm) == "running"


def test_nobody_resets_it_while_its_cause_stands():
    farm = begun(washing(abort="fa.z.level < '30 %'"))
    farm.says["fa.z.level"] = 10.0
    farm.run(2)
    farm.scan([Reset("reset_1", WASH, "li", farm.now_s)])
    assert (phase(farm), farm.told("refused")) == ("aborted", [WASH])
    farm.says["fa.z.level"] = 80.0
    farm.run(1)
    farm.scan([Reset("reset_2", WASH, "li", farm.now_s)])
    assert (phase(farm), farm.told("reset")) == ("ready", [WASH])


def test_an_interlock_that_wants_the_same_does_not_abort_it():
    farm = begun(washing(steps=[{"set": {"fa.z.vent": "on"}, "for": "5 min"}]))
    farm.says |= {"fa.z.temp_a": 38.0, "fa.z.temp_b": 38.0, "fa.z.temp_c": 38.0}
    farm.run(60)
    assert (farm.order("fa.z.vent").slot, phase(farm)) == (Slot.TRIP, "running")


def test_an_interlock_on_one_of_its_outputs_aborts_it():
    farm = begun(washing(steps=[{"set": {"fa.z.heater": "on"}, "for": "5 min"}], latch=False))
    assert farm.order("fa.z.heater").value == 100.0
    farm.says |= {"fa.z.temp_a": 38.0, "fa.z.temp_b": 38.0, "fa.z.temp_c": 38.0}
    farm.run(120)
    assert farm.order("fa.z.heater").slot is Slot.TRIP
    assert alarms(farm)[f"sequence:{WASH}"]["why"] == "interlock"


def test_two_sequences_on_one_output_run_one_after_the_other():
    other = "fa.z.rinse"
    site = changed("rules", [ASKS, {**DOOR, "id": "fa.z.s", "then": [{"run_sequence": other}]}])
    site["sequences"] = {
        WASH: {"steps": [STEPS[0]]}, other: {"steps": [{"set": {"fa.z.siren": "off"}, "for": "10 s"}]}
    }  # fmt: skip
    farm = begun(Farm(core_of(site)))
    assert (phase(farm), phase(farm, other)) == ("running", "ready")
    farm.run(11)
    assert (phase(farm), phase(farm, other)) == ("ready", "running")
    farm.run(20)
    assert farm.told("sequence_done") == [WASH, other]


def test_a_person_takes_an_output_by_hand_and_ends_the_sequence():
    farm = begun(washing())
    farm.scan([Override("hand_1", "fa.z.siren", 0.0, "li", farm.now_s + 600.0)])
    assert farm.order("fa.z.siren").slot is Slot.MANUAL
    farm.scan([Reset("reset_1", WASH, "li", farm.now_s)])
    farm.run(3)
    assert (phase(farm), farm.told("reset")) == ("ready", [WASH])
    assert farm.told("sequence_begun") == [WASH]


@pytest.mark.parametrize(("away_s", "stands"), [(20.0, "running"), (400.0, "aborted")])
def test_a_restart_goes_on_where_it_was_and_a_long_stop_aborts(away_s: float, stands: str):
    farm = begun(washing(steps=[STEPS[0], {"set": {"fa.z.siren": "on"}, "for": "30 s"}]))
    farm.run(11)
    kept = json.loads(json.dumps(to_plain(farm.state)))
    after = Farm(farm.core, farm.now_s + away_s, kept)
    after.says["fa.z.door"] = True
    after.run(1)
    assert phase(after) == stands
    if stands == "running":
        assert after.order("fa.z.siren").owner == WASH
        after.run(12)
        assert phase(after) == "ready"  # its 30 s count from when the step began
    else:
        assert alarms(after)[f"sequence:{WASH}"]["why"] == "restart"


def test_a_sequence_that_throws_is_aborted_and_nothing_else_feels_it(monkeypatch: pytest.MonkeyPatch):
    farm = begun(washing())

    def broken(*_: object) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(type(farm.core.plan.sequences[0]), "_running", broken)
    farm.run(3)
    assert (phase(farm), alarms(farm)[f"sequence:{WASH}"]["why"]) == ("aborted", "broken")
    assert farm.order("fa.z.fan").owner == "fa.z.fan_loop"


@given(
    st.lists(
        st.tuples(
            st.booleans(), st.sampled_from([10.0, 40.0, 80.0, None]), st.sampled_from([1.0, 7.0, 3600.0]), st.booleans()
        ),
        max_size=25,
    )
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_whatever_comes_it_is_ready_running_or_aborted_and_wants_nothing_where_it_is_ready(steps: list[Any]):
    farm = _any_farm()
    for door, level, after_s, restarts in steps:
        farm.says["fa.z.door"] = door
        farm.says |= {} if level is None else {"fa.z.level": level}
        farm.scan(after_s=after_s)
        if restarts:
            farm.state = farm.core.start(farm.now_s, json.loads(json.dumps(to_plain(farm.state))))
            farm.scan()
        wants = [d for demands in farm.state.demands.values() for d in demands if d.owner == WASH]
        assert phase(farm) in ("ready", "running", "aborted")
        assert phase(farm) != "ready" or not wants
        assert all(d.expires_s <= farm.now_s + 30.0 for d in wants)


CORE = washing(abort="fa.z.level < '30 %'").core


def _any_farm() -> Farm:
    return Farm(CORE, START_S)


def test_a_rule_says_something_to_people_once_each_time_it_comes_on():
    text = {"zh": "门开了", "en": "The door is open"}
    farm = begun(washing({**DOOR, "then": [{"notify": {"text": text, "to": ["li"]}}]}))
    farm.run(30)
    (told,) = [event for event in farm.events if event.kind == "notice"]
    assert (told.subject, dict(told.values)) == ("fa.z.r", {"number": 0, **text, "to": ("li",)})
    farm.says["fa.z.door"] = False
    farm.run(3)
    farm.says["fa.z.door"] = True
    farm.run(3)
    assert farm.told("notice") == ["fa.z.r", "fa.z.r"]


# --- by hand


def by_hand(farm: Farm, action: Any, name: str = WASH) -> dict[str, Any]:
    """What came of a person's wish: the event that answers it."""
    farm.scan([SequenceWish(f"hand_{farm.now_s}", name, action, "li", farm.now_s)])
    (event,) = [one for one in farm.events if one.values.get("id") == f"hand_{farm.now_s - 1.0}"]
    return {"kind": event.kind, **event.values}


def test_a_person_starts_a_sequence_that_no_rule_runs_and_is_told_of():
    farm = washing({**DOOR, "then": [{"limit_min": "fa.z.vent", "to": "5 %"}]})
    farm.run(5)
    assert by_hand(farm, "start")["kind"] == "sequence_begun"
    order = farm.order("fa.z.siren")
    assert (order.owner, order.because.key, order.because.values["by"]) == (WASH, "sequence_by_hand", "li")
    assert by_hand(farm, "start")["why"] == "sequence_running"
    assert by_hand(farm, "start", "fa.z.was")["why"] == "sequence_none"
    farm.says["fa.z.level"] = 40.0
    farm.run(30)
    assert (phase(farm), farm.told("sequence_done")) == ("ready", [WASH])
    assert by_hand(farm, "abort")["why"] == "sequence_ready"


def test_a_person_aborts_a_sequence_and_it_waits_safe_for_a_reset():
    farm = begun(washing())
    assert by_hand(farm, "abort")["kind"] == "sequence_aborted"
    assert (farm.order("fa.z.siren").because.key, alarms(farm)[f"sequence:{WASH}"]["why"]) == (
        "sequence_aborted", "person",
    )  # fmt: skip
    assert by_hand(farm, "start")["why"] == "sequence_aborted"
    farm.scan([Reset("reset_1", WASH, "li", farm.now_s)])
    farm.says["fa.z.door"] = False
    farm.run(3)
    assert by_hand(farm, "start")["kind"] == "sequence_begun"


def test_a_person_cannot_start_what_would_be_aborted_at_once():
    farm = washing(abort="fa.z.level < '30 %'")
    farm.says["fa.z.level"] = 5.0
    farm.run(5)
    assert by_hand(farm, "start")["why"] == "sequence_condition"
    assert farm.told("sequence_begun") == []
