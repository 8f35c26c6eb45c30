"""Alarms: when they come, how they go, and what a lost value does to them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.timed import Held, delayed
from controller.core.words import SetpointChange
from edge_config.model.alarms import Alarm
from foundation.reading import Reason
from tests.core.small_site import _TOLD as TOLD
from tests.core.small_site import START_S, Farm, changed, core_of, document, small_core

TEMPS = ("fa.z.temp_a", "fa.z.temp_b", "fa.z.temp_c")


def active(farm: Farm) -> list[str]:
    return [alarm.id for alarm in farm.standing if not alarm.id.startswith("sensor:")]


def cold(farm: Farm, temp: Any) -> None:
    farm.says |= dict.fromkeys(TEMPS, temp)


def test_an_alarm_comes_after_its_delay_and_goes_after_its_other_delay_beyond_its_deadband():
    farm = Farm()
    cold(farm, 9.0)
    farm.run(20)
    cold(farm, 7.9)
    farm.run(10)
    assert active(farm) == []
    farm.run(2)
    assert active(farm) == ["fa.z.low"]
    (alarm,) = farm.standing
    assert (alarm.priority, alarm.active, alarm.values) == ("critical", True, {"bad": False})
    assert alarm.since_s == farm.now_s - 1.0
    cold(farm, 8.4)  # above the limit, not yet by the deadband
    farm.run(100)
    assert active(farm) == ["fa.z.low"]
    cold(farm, 8.6)
    farm.run(20)
    assert active(farm) == ["fa.z.low"]
    farm.run(2)
    assert active(farm) == []
    assert (farm.told("alarm_on"), farm.told("alarm_off")) == (["fa.z.low"], ["fa.z.low"])


def test_a_value_that_dips_for_less_than_the_delay_raises_nothing():
    farm = Farm()
    for second in range(200):
        cold(farm, 7.0 if second % 12 < 9 else 9.0)
        farm.says |= {"fa.z.temp_a": 9.0}
        farm.scan()
    assert farm.told("alarm_on") == []


@pytest.mark.parametrize(("on_bad", "before", "raised"), [
    ("raise", 21.0, True), ("raise", 7.0, True), ("hold", 21.0, False), ("hold", 7.0, True), ("ignore", 21.0, False),
    ("ignore", 7.0, False),
])  # fmt: skip
def test_an_alarm_whose_value_is_lost_does_what_was_declared(on_bad, before, raised):
    farm = Farm(core_of(changed("alarms", "fa.z.low", "on_bad_quality", on_bad)))
    cold(farm, before)
    farm.run(30)
    cold(farm, Reason.COMM)
    farm.run(40)
    low = [alarm for alarm in farm.state.alarms if alarm.id == "fa.z.low" and alarm.active]
    assert len(low) == raised
    assert [(alarm.values["bad"], alarm.parent) for alarm in low] == [(True, "sensor:fa.z.temp")] * raised


def test_an_alarm_of_what_is_not_so_keeps_its_deadband_too():
    site = document()
    site["alarms"]["fa.z.low"] |= {"when": "not (fa.z.temp >= '8 degC')", "delay": {}}
    farm = Farm(core_of(site))
    cold(farm, 9.0)
    farm.run(10)
    for temp in (7.9, 8.1, 8.4, 7.9, 8.2):
        cold(farm, temp)
        farm.run(5)
    assert farm.told("alarm_on") == ["fa.z.low"]
    assert farm.told("alarm_off") == []


def test_an_alarm_of_a_contact_needs_no_deadband():
    farm = Farm()
    farm.says["fa.z.door"] = True
    farm.run(2)
    assert active(farm) == ["fa.z.open"]
    farm.says["fa.z.door"] = Reason.COMM  # held
    farm.run(2)
    assert active(farm) == ["fa.z.open"]
    farm.says["fa.z.door"] = False
    farm.run(2)
    assert active(farm) == []


# --- delays


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 30)), min_size=1, max_size=20), st.floats(0, 40), st.floats(0, 40)
)
def test_a_delayed_condition_follows_its_cause_once_it_has_lasted(story, on_s, off_s):
    held, now_s = Held(), START_S
    since: dict[bool, float] = {False: now_s}
    last = False
    for cause, pause_s in story:
        now_s += pause_s
        if cause is not last:
            since[cause] = now_s
            last = cause
        before, held = held, delayed(held, cause, on_s, off_s, now_s)
        lasted = now_s - since[cause] >= (on_s if cause else off_s)
        if held.on is not before.on:
            assert held.on is cause
            assert lasted
            assert held.since_s == now_s
        else:
            assert before.on is cause or not lasted
            assert held.since_s == before.since_s


def test_without_a_delay_a_condition_follows_at_once():
    assert delayed(Held(), True, 0.0, 0.0, START_S) == Held(True, START_S)
    assert delayed(Held(True, 0.0), False, 5.0, 0.0, START_S) == Held(False, START_S)


def test_after_a_start_sensors_have_ten_seconds_to_be_heard_before_they_are_an_alarm() -> None:
    farm = Farm(small_core())
    farm.says.clear()
    farm.run(9)
    assert [alarm.id for alarm in farm.standing if alarm.id.startswith("sensor:")] == []
    farm.run(2)
    lost = [alarm.id for alarm in farm.standing if alarm.id.startswith("sensor:")]
    assert "sensor:fa.z.ec" in lost
    farm = Farm(small_core())
    farm.says["fa.z.ec"] = Reason.COMM  # one that says it fails is told of at once
    farm.scan()
    assert "sensor:fa.z.ec" in [alarm.id for alarm in farm.standing]


# --- what a site says of its alarms


def with_alarm(**says: Any) -> Farm:
    site = document()
    site["alarms"]["fa.z.low"] = {"on_bad_quality": "ignore", **TOLD, "priority": "high", **says}
    return Farm(core_of(site))


def left_min(farm: Farm) -> Any:
    (alarm,) = (one for one in farm.standing if one.id == "fa.z.low")
    return alarm.values.get("damage"), alarm.values.get("damage_s")


def test_an_alarm_says_how_long_is_left_by_what_is_used_up_or_by_how_fast_it_goes():
    """Water at 21 degC cools by 0.6 K/min: from 15 to 5 degC in about 17 min."""
    farm = with_alarm(when="fa.z.temp < '18 degC'", delay={}, damage={"of": "fa.z.temp", "at": "5 degC"})
    for second in range(600):
        cold(farm, 21.0 - second / 100.0)
        farm.scan()
    kind, left_s = left_min(farm)
    assert (kind, left_s) == ("cold", pytest.approx(1000.0, abs=60.0))
    assert left_s % 60.0 == 0.0
    cold(farm, 15.0)
    farm.run(600)
    assert left_min(farm) == (None, None)  # it falls no further
    cold(farm, 4.9)
    farm.run(2)
    assert left_min(farm) == ("cold", 0.0)
    used = with_alarm(
        when="fa.z.temp < '22 degC'", delay={}, damage={"of": "fa.z.temp", "at": "18 degC", "rate": "fa.z.rh"}
    )
    used.run(100)  # 3 K at 70 an hour
    assert left_min(used) == ("cold", 180.0)


def test_a_deviation_says_nothing_while_its_setpoint_moves():
    deviation = {"of": "fa.z.ec", "sp": "fa.z.ec_sp", "more_than": "0.3 mS/cm", "quiet": "10 min"}
    farm = with_alarm(deviation=deviation, delay={"on": "60 s"})
    farm.run(300)
    farm.scan((SetpointChange("c1", "fa.z.ec_sp", 2.4, "li", farm.now_s),))
    farm.run(659)
    assert "fa.z.low" not in active(farm)
    farm.run(5)
    assert "fa.z.low" in active(farm)
    farm.says["fa.z.ec"] = 2.35
    farm.run(2)
    assert "fa.z.low" not in active(farm)


@pytest.mark.parametrize(("when", "on_s", "off_s", "back"), [
    ("fa.z.temp < '8 degC'", 60.0, 60.0, 8.9), ("fa.z.ph < '5 pH'", 120.0, 120.0, 5.06),
    ("fa.z.rh > '90 %'", 60.0, 60.0, 87.9), ("fa.z.level < '30 %'", 60.0, 60.0, 30.1),
    ("fa.z.ec > '3 mS/cm'", 120.0, 120.0, 2.94), ("fa.z.co2 > '1500 ppm'", 0.0, 0.0, 1499.0),
    ("fa.z.temp < '8 degC' and fa.z.rh > '90 %'", 0.0, 0.0, 9.0),
])  # fmt: skip
def test_an_alarm_that_says_no_delay_and_no_deadband_has_those_of_what_it_measures(when, on_s, off_s, back):
    block = with_alarm(when=when).core.plan.alarms[0]
    assert (block.on_s, block.off_s) == (on_s, off_s)
    values: dict[str, Any] = {"fa.z.temp": back, "fa.z.rh": back, **dict.fromkeys(block.needs, back)}
    assert block.stays.run(values) is False


def test_what_is_written_stands_before_what_is_usual():
    block = with_alarm(when="fa.z.temp < '8 degC'", delay={"on": "5 s"}, deadband="2 K").core.plan.alarms[0]
    assert (block.on_s, block.off_s, block.stays.run({"fa.z.temp": 9.9})) == (5.0, 0.0, True)


@pytest.mark.parametrize(("severity", "within", "priority"), [
    ("life", "5 min", "critical"), ("life", "2 h", "high"), ("loss", "30 min", "high"), ("damage", "5 min", "high"),
    ("damage", "3 h", "medium"), ("minor", "5 min", "medium"), ("minor", "2 d", "low"), ("loss", "2 d", "low"),
])  # fmt: skip
def test_how_urgent_an_alarm_is_follows_from_what_it_costs_and_when(severity, within, priority):
    says = {"when": "fa.z.door", **TOLD, "severity": severity, "respond_within": within}
    assert Alarm.model_validate(says).priority == priority


def test_a_lost_sensor_that_no_loop_needs_is_missed_after_ten_minutes_and_a_calibration_when_it_is_due():
    site = document()
    done = {"points": [["40 degC", "40 degC"]], "every": "90 d"}
    site["tags"]["fa.z.pipe"] |= {"calibration": {**done, "on": "2025-11-02"}}  # 92 days before
    site["tags"]["fa.z.co2"] |= {"calibration": {"points": [["1 ppm", "1 ppm"]], "every": "90 d", "on": "2026-02-01"}}
    farm = Farm(core_of(site))
    farm.run(2)
    assert [one for one in active(farm) if one.startswith("calibration:")] == ["calibration:fa.z.pipe"]
    farm.says["fa.z.level"] = Reason.WIRE_BREAK
    farm.run(590)
    assert "stale:fa.z.level" not in active(farm)
    farm.run(15)
    assert "stale:fa.z.level" in active(farm)


def test_the_alarm_of_a_rule_is_not_told_while_what_it_follows_from_stands():
    site = changed("rules", [{
        "id": "fa.z.slow", "when": "fa.z.temp < '12 degC'", "on_bad_quality": "hold",
        "then": [{"alarm": {
            "priority": "medium", "suppressed_by": "fa.z.low",
            **{part: {"zh": "报警", "en": "Alarm"} for part in ("cause", "consequence", "response")},
        }}],
    }])  # fmt: skip
    farm = Farm(core_of(site))
    cold(farm, 10.0)
    farm.run(60)
    assert active(farm) == ["fa.z.slow"]
    cold(farm, 7.0)
    farm.run(60)
    assert {one.id: (one.state, one.parent) for one in farm.state.alarms if one.active} == {
        "fa.z.low": ("unacknowledged", ""), "fa.z.slow": ("suppressed", "fa.z.low"),
    }  # fmt: skip
