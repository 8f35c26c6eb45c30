"""Tests that stand in rules: what they can say, and that they notice."""

from typing import Any

import pytest

from edge_config.model.control import Rule
from edge_config.rule_trials import tried
from edge_config.templates import Placed
from rules.trials import Outcome, TrialError, try_rule

UNITS = {
    "f.z.do": "mg/L", "f.z.flow": "bool", "f.z.mode": "text", "f.z.feeder": "%", "f.z.blower": "%", "f.z.sp": "degC",
    "f.all.sun": "W/m2",
}  # fmt: skip
RULE: dict[str, Any] = {
    "id": "zone.r", "when": "zone.do < '6 mg/L' or not zone.flow", "clear": "zone.do > '7 mg/L' and zone.flow",
    "for": {"on": "10 s", "off": "1 min"}, "on_bad_quality": "assert",
    "then": [{"inhibit": "zone.feeder"}, {"limit_min": "zone.blower", "to": "80 %"}],
}  # fmt: skip


def run(given: dict[str, Any], expect: dict[str, Any], at: str | None = None, **changes: Any) -> Outcome:
    rule = Rule.model_validate({**RULE, **changes})
    placed = Placed(0, rule, "f.z.r", {"zone": "f.z", "all": "f.all"})
    return try_rule(tried(placed, UNITS), 1, given, expect, UNITS, "Asia/Shanghai", at=at)


WET = {"zone.do": ["7.2 mg/L", "5.8 mg/L @ 5 s", "8 mg/L @ 1 min"], "zone.flow": True}


@pytest.mark.parametrize("expect", [
    {"zone.feeder.inhibited": ["false @ 14 s", "true @ 15 s", "true @ 119 s", "false @ 2 min"]},
    {"zone.blower.limit_min": ["false @ 14 s", "80 % @ 15 s"], "on": "true @ 20 s"},
    {"f.z.feeder.inhibited": "true @ 15 s", "alarm": "false @ 15 s"},
])  # fmt: skip
def test_a_test_holds_that_says_what_the_rule_does(expect):
    assert run(WET, expect).failures == ()


@pytest.mark.parametrize("expect", [
    {"zone.feeder.inhibited": "true @ 14 s"}, {"zone.feeder.inhibited": "false @ 15 s"},
    {"zone.blower.limit_min": "70 % @ 15 s"}, {"zone.blower.set": "80 % @ 15 s"}, {"on": "false @ 20 s"},
    {"zone.blower.limit_max": "80 % @ 15 s"}, {"zone.blower.limit_min": "80 % @ 14 s"}, {"alarm": "true @ 15 s"},
])  # fmt: skip
def test_a_test_that_says_something_else_fails_and_says_what_was_found(expect):
    outcome = run(WET, expect)
    assert not outcome.ok
    assert "not" in outcome.failures[0]


def test_a_lost_sensor_and_a_time_of_day_can_be_given():
    assert run({"zone.do": ["8 mg/L", "bad @ 5 s"], "zone.flow": "true"}, {"on": ["false @ 14 s", "true @ 15 s"]}).ok
    night = {"when": "time_between('22:00', '06:00')", "clear": None, "for": {}}
    assert run({}, {"on": ["false @ 59 s", "true @ 60 s"]}, "2026-03-20 21:59", **night).ok


def test_where_a_limit_on_a_line_stands_can_be_expected():
    most = {"limit_max": "zone.blower", "to": "10 %", "by": "line(all.sun, '100 W/m2', '200 W/m2', '100 %', '10 %')"}
    sun = ["50 W/m2", "150 W/m2 @ 5 s", "900 W/m2 @ 10 s", "bad @ 20 s"]
    told = {"all.sun": sun, "zone.do": "1 mg/L", "zone.flow": True}
    expect = {"zone.blower.limit_max": ["100 % @ 3 s", "55 % @ 7 s", "10 % @ 12 s", "10 % @ 30 s"]}
    assert run(told, expect, then=[most], **{"for": {}}).failures == ()
    assert not run(told, {"zone.blower.limit_max": "10 % @ 7 s"}, then=[most], **{"for": {}}).ok


def test_what_is_added_to_a_setpoint_can_be_expected():
    influence = {"target": "zone.sp", "by": "line(all.sun, '100 W/m2', '200 W/m2', '0 K', '4 K')", "cap": "3 K"}
    given = {"all.sun": ["50 W/m2", "150 W/m2 @ 5 s", "200 W/m2 @ 10 s"], **{"zone.do": "8 mg/L", "zone.flow": True}}
    changes = {"then": [], "add_influence": influence, "when": None, "clear": None, "for": {}}
    assert run(given, {"zone.sp.added": ["0 @ 1 s", "2 K @ 5 s", "3 K @ 10 s"]}, None, **changes).ok


def test_before_its_beginning_everything_stood_as_at_its_beginning():
    changes = {"when": "avg(zone.do, '10 min') < '6 mg/L'", "clear": None, "for": {}}
    assert run({"zone.do": "5 mg/L", "zone.flow": True}, {"on": "true @ 0 s"}, None, **changes).ok


@pytest.mark.parametrize(("to", "right", "wrong"), [
    ("0 %", [0, "0 %", "off", "0 @ 5 s"], [False, "false", "on", "50 %"]),
    ("on", ["100 %", "on", True], [0, "off", False]),
    ("1 %", ["1 %"], ["on", True, "off", False]),
])  # fmt: skip
def test_a_position_is_a_number_and_nothing_is_false(to, right, wrong):
    changes = {"then": [{"set": "zone.blower", "to": to}], "for": {}, "when": "not zone.flow", "clear": None}
    for one in right:
        assert run({"zone.flow": False}, {"zone.blower.set": one}, None, **changes).ok, one
    for one in wrong:
        assert not run({"zone.flow": False}, {"zone.blower.set": one}, None, **changes).ok, one


@pytest.mark.parametrize(("given", "expect"), [
    (WET, {}), ({"zone.do": "5 mg/L"}, {"on": "true @ 1 s"}), ({**WET, "zone.smoke": True}, {"on": True}),
    ({**WET, "zone.do": "5 degC"}, {"on": True}), ({**WET, "zone.do": "wet"}, {"on": True}),
    ({**WET, "zone.flow": "maybe"}, {"on": True}), ({**WET, "zone.do": ["5 mg/L @ 5 s"]}, {"on": True}),
    ({**WET, "zone.do": "5 mg/L @ soon"}, {"on": True}), ({**WET, "zone.do": []}, {"on": True}),
    (WET, {"on": "true @ 5 kg"}), (WET, {"on": "true @ 30 d"}), (WET, {"on": "perhaps"}),
    (WET, {"zone.feeder.shut": True}), (WET, {"zone.feeder.inhibited": "5 %"}), (WET, {"zone.feeder.set": "wide"}),
    (WET, {"zone.sp.added": "1 K"}), (WET, {"feeder": True}),
    (WET, {"on": [[True]]}), (WET, {"on": {"a": 1}}), (WET, {"on": None}), (WET, {"on": 1}), (WET, {"on": 0}),
    (WET, {"zone.feeder.set": {"a": 1}}), (WET, {"zone.feeder.set": [[5]]}), (WET, {"zone.feeder.set": None}),
    (WET, {"zone.feeder.set": 1}), (WET, {"zone.feeder.set": "1"}), (WET, {"zone.feeder.inhibited": 1}),
    ({**WET, "zone.do": {"a": 1}}, {"on": True}), ({**WET, "zone.do": [[5]]}, {"on": True}),
    ({**WET, "zone.do": None}, {"on": True}), ({**WET, "zone.flow": 1}, {"on": True}),
    ({**WET, "zone.mode": {"a": 1}}, {"on": True}),
    (WET, {"zone.feder.inhibited": False}), (WET, {"zone.feder.set": False}), (WET, {"zone.feder.set": "5 %"}),
    (WET, {"zone.do.limit_max": False}), (WET, {"zone.wash.asked": False}),
])  # fmt: skip
def test_a_test_that_cannot_be_read_says_why(given, expect):
    with pytest.raises(TrialError, match=r"\w"):
        run(given, expect)


def test_a_beginning_that_is_no_time_is_told():
    with pytest.raises(TrialError, match="no local date"):
        run(WET, {"on": True}, "yesterday")
