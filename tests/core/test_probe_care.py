"""A probe out of the water for cleaning or calibration: recorded, not believed, and back by itself."""

import json

import pytest

from controller.core.state import to_plain
from controller.core.words import Maintain, MaintainEnd, Slot
from foundation.reading import Quality, Reason
from tests.core.small_site import Farm, changed, core_of, small_core
from tests.core.small_site import Farm as SmallFarm

MINUTE_S = 60.0


def care(farm: SmallFarm, tag: str, minutes: float = 20.0, kind: str = "cleaning") -> Maintain:
    return Maintain(f"{tag} {farm.now_s}", tag, kind, "wang", farm.now_s + minutes * MINUTE_S, farm.now_s)  # type: ignore[arg-type]  # a kind that there is


def running(core=None) -> Farm:
    farm = Farm(core or small_core())
    farm.run(120)
    farm.events.clear()
    return farm


def refusals(farm: Farm) -> list[object]:
    return [event.values["why"] for event in farm.events if event.kind == "refused"]


def test_a_probe_in_care_is_recorded_as_it_says_and_used_by_nobody():
    farm = running()
    farm.scan([care(farm, "fa.z.ph", kind="calibration")])
    farm.says["fa.z.ph"] = 7.01  # in the buffer
    result = farm.scan()
    told = [one for one in result.changed if one.tag == "fa.z.ph"]
    assert [(one.value, one.quality, one.reason) for one in told] == [(7.01, Quality.BAD, Reason.CALIBRATING)]
    assert farm.state.values["fa.z.ph"] is None


def test_a_probe_in_care_is_bad_at_once_though_it_says_nothing_and_is_recorded_in_its_unit():
    farm = running(core_of(changed("tags", "fa.z.ec", {"unit": "uS/cm", "range": ["0 mS/cm", "20 mS/cm"]})))
    farm.says["fa.z.ec"] = 1800.0
    farm.run(2)
    del farm.says["fa.z.ec"]
    farm.scan([care(farm, "fa.z.ec")])
    assert farm.quality("fa.z.ec") == (Quality.BAD, Reason.CALIBRATING)
    farm.says["fa.z.ec"] = 1413.0
    farm.scan()
    assert farm.state.readings["fa.z.ec"].value == pytest.approx(1.413)


def test_a_probe_in_care_takes_its_loop_to_its_declared_action_and_stops_dosing():
    farm = running()
    farm.scan([care(farm, "fa.z.ppfd"), care(farm, "fa.z.ph", kind="calibration")])
    farm.says["fa.z.ph"] = 10.0  # a buffer for which much acid would be dosed
    ran = False
    for _ in range(600):
        farm.scan()
        ran = ran or farm.wires["fa.z.pump_acid"] is True
    assert not ran
    assert farm.order("fa.z.lamp").because.key == "sensor_lost"
    assert farm.order("fa.z.lamp").because.values["reason"] == "calibrating"
    assert farm.order("fa.z.lamp").value == 0.0


def test_a_vote_goes_on_with_the_other_probes():
    farm = running()
    farm.scan([care(farm, "fa.z.temp_a")])
    farm.says["fa.z.temp_a"] = -10.0  # in ice
    result = farm.run(120)
    assert farm.state.values["fa.z.temp"] == pytest.approx(21.0)
    assert result.alarms == ()
    assert farm.order("fa.z.heater").slot is Slot.LOOP


def test_alarms_of_a_probe_in_care_are_not_raised_and_those_of_others_are():
    farm = running()
    farm.scan([care(farm, "fa.z.rh"), care(farm, "fa.z.co2")])
    farm.says["fa.z.rh"] = Reason.COMM  # it is unplugged
    del farm.says["fa.z.co2"]
    result = farm.run(900)
    assert [one.id for one in result.alarms if "latched" not in one.id] == []
    farm.says["fa.z.ppfd"] = Reason.COMM
    result = farm.run(30)
    assert "sensor:fa.z.ppfd" in [one.id for one in result.alarms]


def test_a_condition_that_holds_by_other_probes_is_an_alarm_all_the_same():
    alarm = {"when": "fa.z.rh > '90 %' or fa.z.door", "priority": "high"}
    texts = {key: {"zh": "x", "en": "x"} for key in ("cause", "consequence", "response")}
    farm = running(core_of(changed("alarms", "fa.z.wet", {**texts, **alarm})))
    farm.scan([care(farm, "fa.z.rh")])
    farm.run(5)
    assert "fa.z.wet" not in [one.id for one in farm.standing]
    farm.says["fa.z.door"] = True
    farm.run(5)
    assert "fa.z.wet" in [one.id for one in farm.standing]


def test_what_is_derived_of_a_probe_in_care_raises_no_alarm_either():
    texts = {key: {"zh": "x", "en": "x"} for key in ("cause", "consequence", "response")}
    dry = {**texts, "when": "fa.z.vpd > '2 kPa'", "priority": "medium"}
    farm = running(core_of(changed("alarms", "fa.z.dry", dry)))
    farm.scan([care(farm, "fa.z.rh")])
    farm.run(300)
    assert farm.state.values["fa.z.vpd"] is None
    assert "fa.z.dry" not in [one.id for one in farm.state.alarms]


def test_after_care_nothing_is_held_against_what_it_said_before():
    farm = running(core_of(changed("tags", "fa.z.ppfd", "spike", "50 umol/m2/s")))
    farm.run(10)
    farm.scan([care(farm, "fa.z.ppfd", 5.0)])
    farm.says["fa.z.ppfd"] = 400.0  # clean, it sees twice the light
    farm.run(301)
    assert farm.quality("fa.z.ppfd") == (Quality.GOOD, None)


def test_what_is_begun_anew_is_no_prolongation():
    farm = running()
    farm.scan([care(farm, "fa.z.ppfd", 100.0)])
    del farm.says["fa.z.ppfd"]
    farm.now_s += 101 * MINUTE_S
    farm.scan()
    assert farm.told("care_over") == ["fa.z.ppfd"]
    farm.scan([care(farm, "fa.z.ppfd", 100.0)])
    assert farm.told("care_begun") == ["fa.z.ppfd", "fa.z.ppfd"]
    assert farm.state.marks["care:fa.z.ppfd"].since_s == farm.now_s


def test_care_ends_by_itself_and_the_probe_is_believed_at_once():
    farm = running()
    farm.scan([care(farm, "fa.z.ppfd", 5.0)])
    farm.says["fa.z.ppfd"] = 0.0
    farm.run(290)
    assert farm.order("fa.z.lamp").because.key == "sensor_lost"
    farm.says["fa.z.ppfd"] = 200.0
    farm.run(15)
    assert farm.told("care_over") == ["fa.z.ppfd"]
    assert farm.quality("fa.z.ppfd") == (Quality.GOOD, None)
    assert farm.order("fa.z.lamp").because.key == "loop"
    assert farm.state.marks == {}


def test_a_probe_that_does_not_come_back_is_missed():
    farm = running()
    farm.scan([care(farm, "fa.z.ppfd", 5.0)])
    del farm.says["fa.z.ppfd"]
    farm.run(600)
    assert farm.quality("fa.z.ppfd") == (Quality.BAD, Reason.STALE)
    assert "sensor:fa.z.ppfd" in [one.id for one in farm.standing]


def test_a_person_may_end_it_sooner():
    farm = running()
    farm.scan([care(farm, "fa.z.ppfd")])
    farm.scan([MaintainEnd("1", "fa.z.ppfd", "wang", farm.now_s)])
    farm.run(2)
    assert farm.quality("fa.z.ppfd") == (Quality.GOOD, None)
    farm.scan([MaintainEnd("2", "fa.z.ppfd", "wang", farm.now_s)])
    assert refusals(farm) == ["no_care"]


def test_care_is_never_prolonged_beyond_its_longest():
    farm = running()
    farm.scan([care(farm, "fa.z.ppfd", 100.0)])
    farm.now_s += 90 * MINUTE_S
    farm.scan([care(farm, "fa.z.ppfd", 29.0)])
    farm.scan([care(farm, "fa.z.ppfd", 60.0), care(farm, "fa.z.temp", 5.0), care(farm, "fa.z.lab", 5.0)])
    assert farm.told("care_prolonged") == ["fa.z.ppfd"]
    assert refusals(farm) == ["care_long", "no_probe", "no_probe"]
    farm.now_s += 30 * MINUTE_S
    farm.scan()
    assert farm.told("care_over") == ["fa.z.ppfd"]


def test_care_outlives_a_restart_and_ends_at_its_time():
    farm = running()
    farm.scan([care(farm, "fa.z.ppfd")])
    new = Farm(farm.core, farm.now_s + 300.0, json.loads(json.dumps(to_plain(farm.state))))
    new.run(30)
    assert new.quality("fa.z.ppfd") == (Quality.BAD, Reason.CALIBRATING)
    new.now_s += 15 * MINUTE_S
    new.run(3)
    assert new.quality("fa.z.ppfd") == (Quality.GOOD, None)
