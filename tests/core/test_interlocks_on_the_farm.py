"""Interlocks in whole scans, from the site file to the wire: whatever people want, and over restarts."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.state import to_plain
from controller.core.words import Bypass, Override, ProofTest, Reset, Slot
from edge_config.blocked import blocked
from edge_config.model.site import Site
from foundation.reading import Reason
from tests.core.small_site import Farm, changed, core_of, document


def farm_with(**interlocks: dict[str, Any]) -> Farm:
    """The small farm with these interlocks alone, run for a while."""
    site = document()
    site["interlocks"] = {f"fa.z.{name}": one for name, one in interlocks.items()}
    site["alarms"], site["rules"] = {}, []
    farm = Farm(core_of(site))
    farm.run(10)
    return farm


def hand(farm: Farm, output: str, value: float | None) -> Override:
    return Override("h1", output, value, "wang", farm.now_s + 9000.0)


DOOR = {"when": "fa.z.door", "on_bad_quality": "trip", "off_delay": "0 s"}


def test_a_limit_holds_a_hand_and_lets_it_be_below():
    farm = farm_with(dim={**DOOR, "kind": "cap", "effect": [{"limit": "fa.z.fog", "to": "30 %"}]})
    farm.scan([hand(farm, "fa.z.fog", 80.0)])
    assert farm.wires["fa.z.fog"] == 80.0
    farm.says["fa.z.door"] = True
    farm.run(3)
    assert (farm.wires["fa.z.fog"], farm.order("fa.z.fog").owner) == (30.0, "fa.z.dim")
    farm.scan([hand(farm, "fa.z.fog", 20.0)])
    assert farm.wires["fa.z.fog"] == 20.0
    farm.says["fa.z.door"] = False
    farm.scan([hand(farm, "fa.z.fog", 80.0)])
    farm.run(2)
    assert farm.wires["fa.z.fog"] == 80.0


def test_blocked_dosing_is_every_pump_of_the_facility_and_nothing_that_keeps_alive():
    site = document()
    site["outputs"]["fa.z.fog"]["function"] = "dosing"
    site["outputs"]["fa.z.rescue"]["function"] = "dosing"
    site["outputs"]["fa.z.feeder"]["function"] = "feeding"
    site["outputs"]["fa.z.pump_acid"]["function"] = "feeding"
    site["interlocks"] = {"fa.z.stop": {**DOOR, "kind": "inhibit", "effect": [{"block": "dosing", "in": "fa.z"}]}}
    model = Site.model_validate(site)
    assert blocked(model, "dosing", "fa") == blocked(model, "dosing", "fa.z") == (
        "fa.z.fog", "fa.z.pump_a", "fa.z.pump_b"
    )  # fmt: skip
    assert blocked(model, "feeding", "fa") == ("fa.z.pump_acid", "fa.z.feeder")
    assert blocked(model, "dosing", "f") == blocked(model, "dosing", "fa.zz") == ()
    farm = Farm(core_of(site))
    farm.run(10)
    farm.says["fa.z.door"] = True
    farm.scan([hand(farm, name, 50.0) for name in ("fa.z.fog", "fa.z.pump_a", "fa.z.pump_b")])
    farm.run(3)
    assert {farm.order(name).owner for name in ("fa.z.fog", "fa.z.pump_a", "fa.z.pump_b")} == {"fa.z.stop"}
    assert farm.order("fa.z.pump_acid").owner != "fa.z.stop"


@pytest.mark.parametrize("while_running", [False, True])
def test_a_permissive_keeps_a_machine_from_starting(while_running):
    permit = {
        "when": "not fa.z.door", "kind": "permissive", "while_running": while_running,
        "effect": [{"inhibit": "fa.z.siren"}],
    }  # fmt: skip
    farm = farm_with(shut_door=permit)
    farm.scan([hand(farm, "fa.z.siren", 100.0)])
    farm.says["fa.z.door"] = True
    farm.run(3)
    assert farm.wires["fa.z.siren"] is not while_running
    farm.scan([hand(farm, "fa.z.siren", 0.0)])
    farm.scan([hand(farm, "fa.z.siren", 100.0)])
    farm.run(3)
    assert farm.wires["fa.z.siren"] is False
    assert farm.order("fa.z.siren").owner == "fa.z.shut_door"
    farm.says["fa.z.door"] = False
    farm.run(3)
    assert farm.wires["fa.z.siren"] is True


def test_a_cap_stops_a_machine_whoever_runs_it_and_counts_on_over_a_restart():
    farm = farm_with(cap={"kind": "cap", "most": {"of": "fa.z.siren", "run": "60 s", "per": "hour"}})
    farm.scan([hand(farm, "fa.z.siren", 100.0)])
    farm.run(40)
    new = Farm(farm.core, farm.now_s, to_plain(farm.state))
    new.run(10)
    assert new.wires["fa.z.siren"] is True
    new.run(15)
    assert new.wires["fa.z.siren"] is False
    assert new.order("fa.z.siren").owner == "fa.z.cap"
    ran = []
    for _ in range(400):
        new.scan(after_s=10.0)
        ran.append(new.wires["fa.z.siren"])
    assert ran.index(True) >= 354  # an hour after it had begun


def test_a_cap_of_starts_since_an_effect():
    most = {"of": "fa.z.siren", "starts": 2, "since": "fa.z.door"}
    farm = farm_with(cap={"kind": "cap", "most": most})
    ran = []
    for _ in range(4):
        farm.scan([hand(farm, "fa.z.siren", 100.0)])
        farm.run(3)
        ran.append(farm.wires["fa.z.siren"])
        farm.scan([hand(farm, "fa.z.siren", 0.0)])
        farm.run(2)
    assert ran == [True, True, False, False]
    farm.says["fa.z.door"] = True
    farm.run(2)
    farm.says["fa.z.door"] = False
    farm.scan([hand(farm, "fa.z.siren", 100.0)])
    farm.run(2)
    assert farm.wires["fa.z.siren"] is True


@pytest.mark.parametrize("life", [False, True])
def test_a_machine_that_is_tripped_on_keeps_its_rest_unless_life_hangs_on_it(life):
    farm = farm_with(fresh_air={**DOOR, "effect": [{"set": "fa.z.fan", "to": "on"}], "life_safety": life})
    farm.scan([hand(farm, "fa.z.fan", 100.0)])
    farm.run(200)
    farm.scan([hand(farm, "fa.z.fan", 0.0)])
    farm.run(5)
    assert farm.wires["fa.z.fan"] is False
    farm.says["fa.z.door"] = True
    farm.run(3)
    assert farm.order("fa.z.fan").slot is (Slot.LIFE_SAFETY if life else Slot.TRIP)
    assert farm.wires["fa.z.fan"] is life
    farm.run(120)
    assert farm.wires["fa.z.fan"] is True


def test_what_is_left_out_of_off_delay_is_thirty_seconds():
    farm = farm_with(stop={"when": "fa.z.door", "effect": [{"inhibit": "fa.z.fog"}]})
    farm.says["fa.z.door"] = True
    farm.run(3)
    farm.says["fa.z.door"] = False
    farm.run(29)
    assert farm.order("fa.z.fog").owner == "fa.z.stop"
    farm.run(3)
    assert farm.order("fa.z.fog").owner != "fa.z.stop"


def test_a_bypass_ends_at_its_time_over_a_restart_too_and_an_alarm_stands_meanwhile():
    farm = farm_with(stop={**DOOR, "effect": [{"inhibit": "fa.z.fog"}], "bypass": {"longest": "10 min"}})
    farm.says["fa.z.door"] = True
    farm.run(2)
    farm.scan([Bypass("b1", "fa.z.stop", 600.0, "wang", farm.now_s)])
    assert farm.order("fa.z.fog").owner != "fa.z.stop"
    assert [alarm.id for alarm in farm.state.alarms] == ["bypass:fa.z.stop"]
    new = Farm(farm.core, farm.now_s, to_plain(farm.state))
    new.says["fa.z.door"] = True
    new.run(598)
    assert new.order("fa.z.fog").owner != "fa.z.stop"
    new.run(3)
    assert new.order("fa.z.fog").owner == "fa.z.stop"
    assert new.told("bypass_over") == ["fa.z.stop"]
    assert not [alarm for alarm in new.state.alarms if alarm.id.startswith("bypass") and alarm.active]


def test_life_safety_is_bypassed_only_where_that_is_declared():
    cold = {**DOOR, "effect": [{"set": "fa.z.rescue", "to": "on"}]}
    for declared, owner in ((False, "fa.z.cold"), (True, "idle")):
        farm = farm_with(cold={**cold, "bypass": {"life_safety": declared}})
        farm.says["fa.z.door"] = True
        farm.run(2)
        farm.scan([Bypass("b1", "fa.z.cold", 60.0, "wang", farm.now_s)])
        assert farm.order("fa.z.rescue").owner == owner


def test_a_local_reset_is_the_buttons():
    latch = {**DOOR, "effect": [{"inhibit": "fa.z.fog"}], "reset": "local", "reset_by": "fa.z.button"}
    site = changed("devices", "inputs", "tags", {**document()["devices"]["inputs"]["tags"], "input2": "fa.z.button"})
    site["interlocks"], site["alarms"], site["rules"] = {"fa.z.stop": latch}, {}, []
    farm = Farm(core_of(site))
    farm.says["fa.z.button"] = False
    farm.run(3)
    farm.says["fa.z.door"] = True
    farm.run(3)
    farm.says["fa.z.door"] = False
    farm.run(40)
    farm.scan([Reset("r1", "fa.z.stop", "wang", farm.now_s)])
    assert farm.order("fa.z.fog").owner == "fa.z.stop"
    farm.says["fa.z.button"] = True
    farm.run(2)
    assert farm.order("fa.z.fog").owner != "fa.z.stop"


def test_an_overdue_proof_test_is_an_alarm_until_somebody_has_done_it_and_is_kept_over_a_restart():
    farm = farm_with(stop={**DOOR, "effect": [{"inhibit": "fa.z.fog"}], "test_interval": "1 h"})
    farm.run(3700, after_s=50.0)
    assert "proof_test:fa.z.stop" in [alarm.id for alarm in farm.state.alarms if alarm.active]
    farm.scan([ProofTest("p1", "fa.z.stop", True, "wang", farm.now_s)])
    new = Farm(farm.core, farm.now_s, to_plain(farm.state))
    new.run(3000, after_s=50.0)
    assert not [alarm for alarm in new.state.alarms if alarm.active]
    assert new.state.blocks["fa.z.stop#proof"].by == "wang"


def test_a_group_says_which_cause_was_first():
    farm = farm_with(
        slow={**DOOR, "delay": "8 s", "group": "air", "effect": [{"inhibit": "fa.z.fog"}]},
        quick={"when": "fa.z.co2 > '2000 ppm'", "delay": "7 s", "group": "air", "effect": [{"inhibit": "fa.z.lamp"}]},
    )
    farm.says["fa.z.door"] = True
    farm.scan()
    farm.says["fa.z.co2"] = 3000.0
    farm.run(20)
    events = [event for event in farm.events if event.kind == "first_out"]
    assert [event.subject for event in events] == ["fa.air"]
    assert events[-1].values["first"] == "fa.z.slow"
    assert events[-1].values["others"] == ["fa.z.quick"]


_WANTS = st.lists(
    st.tuples(
        st.sampled_from(["fa.z.siren", "fa.z.fog", "fa.z.fan", "fa.z.lamp"]), st.sampled_from([0.0, 40.0, 100.0, None])
    ),
    max_size=4,
)
_DOOR = st.sampled_from([False, True, Reason.COMM])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(_WANTS, _DOOR, st.sampled_from([False, True])), min_size=1, max_size=25))
def test_whatever_people_want_and_sensors_say_nothing_runs_that_is_inhibited(steps):
    farm = farm_with(
        stop={**DOOR, "effect": [{"inhibit": "fa.z.siren"}, {"limit": "fa.z.fog", "to": "30 %"}]},
        start={**DOOR, "effect": [{"set": "fa.z.fan", "to": "on"}], "life_safety": True},
    )
    for wants, door, restarts in steps:
        farm.says["fa.z.door"] = door
        farm.scan([hand(farm, output, value) for output, value in wants])
        if restarts:
            farm.state = farm.core.start(farm.now_s, to_plain(farm.state))
            farm.scan()
        if door is not False:
            assert farm.wires["fa.z.siren"] is False
            assert farm.wires["fa.z.fog"] <= 30.0
            assert farm.wires["fa.z.fan"] is True
