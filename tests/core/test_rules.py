"""Rules in the scan: what they want of outputs and setpoints, what goes before them, and what survives a restart."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.arbiter import decide
from controller.core.state import to_plain
from controller.core.turn import Turn
from controller.core.words import Because, Demand, Override, Slot
from edge_config.templates import placed_rules
from foundation.reading import Reason
from rules.expression import compile_expression
from rules.rule import RuleLaw, limit_now, today
from tests.core.small_site import START_S, Farm, changed, core_of, document

DOOR = {"id": "fa.z.r", "when": "fa.z.door", "on_bad_quality": "deassert"}
WARM = {"fa.z.temp_a": 27.0, "fa.z.temp_b": 27.0, "fa.z.temp_c": 27.0}


def farm_with(*rules: dict[str, Any], **says: object) -> Farm:
    site = changed("rules", list(rules)) if rules else document()
    farm = Farm(core_of(site))
    farm.says |= {f"fa.z.{name}": value for name, value in says.items()}  # type: ignore[dict-item]
    return farm


def opened(farm: Farm, seconds: float = 200.0) -> Farm:
    farm.says["fa.z.door"] = True
    farm.run(seconds)
    return farm


# --- limits, requests, influences


def warm(*rules: dict[str, Any]) -> Farm:
    """A house in which the vent loop has opened far, as the small site's slow one does in a quarter of an hour."""
    farm = farm_with(*rules, temp_a=27.0, temp_b=27.0, temp_c=27.0)
    farm.run(900)
    return farm


def test_a_limit_holds_the_loop_back_and_lets_it_go_again():
    farm = warm({**DOOR, "then": [{"limit_max": "fa.z.vent", "to": "20 %"}]})
    assert farm.order("fa.z.vent").value > 50.0
    opened(farm, 30)
    order = farm.order("fa.z.vent")
    assert (order.value, order.owner, order.slot) == (20.0, "fa.z.r", Slot.RULE)
    farm.says["fa.z.door"] = False
    farm.run(60)
    assert farm.order("fa.z.vent").owner == "fa.z.vent_loop"


def test_a_limit_keeps_open_what_the_loop_would_shut_and_does_not_matter_where_it_wants_more():
    farm = opened(farm_with({**DOOR, "then": [{"limit_min": "fa.z.vent", "to": "15 %"}]}), 600)
    assert 15.0 <= farm.order("fa.z.vent").value < 17.0
    wide = opened(warm({**DOOR, "then": [{"limit_min": "fa.z.vent", "to": "15 %"}]}), 30)
    assert wide.order("fa.z.vent").owner == "fa.z.vent_loop"


def test_the_most_that_is_allowed_goes_before_the_least():
    farm = opened(farm_with(
        {**DOOR, "then": [{"limit_min": "fa.z.vent", "to": "30 %"}, {"limit_max": "fa.z.vent", "to": "10 %"}]}
    ))  # fmt: skip
    assert farm.order("fa.z.vent").value == 10.0


AIRED = {
    "id": "fa.z.r", "when": "fa.z.rh > '60 %'", "on_bad_quality": "assert",
    "then": [{"limit_max": "fa.z.vent", "to": "10 %", "by": "line(fa.z.rh, '60 %', '80 %', '100 %', '10 %')"}],
}  # fmt: skip


def test_a_limit_on_a_line_moves_with_what_it_looks_at_as_far_as_its_end():
    farm = warm(AIRED)
    allowed = []
    for humidity in (65.0, 70.0, 78.0, 80.0, 90.0):
        farm.says["fa.z.rh"] = humidity
        farm.run(400)
        allowed.append(farm.order("fa.z.vent").value)
    assert allowed == pytest.approx([77.5, 55.0, 19.0, 10.0, 10.0], abs=0.001)
    farm.says["fa.z.rh"] = 50.0
    farm.run(400)
    assert farm.order("fa.z.vent").owner == "fa.z.vent_loop"


def test_a_limit_on_a_line_is_at_its_end_while_nobody_knows_where_it_stands():
    farm = warm(AIRED)
    farm.says["fa.z.rh"] = 65.0
    farm.run(400)
    assert farm.order("fa.z.vent").value > 50.0
    farm.says["fa.z.rh"] = Reason.COMM
    farm.run(60)
    assert (farm.order("fa.z.vent").value, farm.order("fa.z.vent").owner) == (10.0, "fa.z.r")


@given(st.floats(-50.0, 150.0) | st.none(), st.floats(0.0, 100.0), st.booleans())
def test_no_line_takes_a_limit_beyond_its_end(asked, end, is_most):
    by = compile_expression("fa.z.share", {"fa.z.share": "%"})
    limit = limit_now(by, end, is_most, {"fa.z.share": asked})
    assert limit == end if asked is None else end <= limit if is_most else 0.0 <= limit <= end


def test_a_hand_and_an_interlock_go_before_a_limit():
    farm = opened(farm_with({**DOOR, "then": [{"limit_max": "fa.z.vent", "to": "10 %"}]}))
    farm.scan([Override("1", "fa.z.vent", 60.0, "wang", farm.now_s + 600)])
    assert (farm.order("fa.z.vent").value, farm.order("fa.z.vent").slot) == (60.0, Slot.MANUAL)
    farm.says |= dict.fromkeys(WARM, 37.0)
    farm.run(30)
    assert farm.order("fa.z.vent").owner == "fa.z.too_hot"


def test_a_limit_on_what_nobody_wants_anything_of_moves_where_it_rests():
    farm = opened(farm_with({**DOOR, "then": [{"limit_min": "fa.z.siren", "to": "on"}]}))
    assert farm.wires["fa.z.siren"] is True
    farm.says["fa.z.door"] = False
    farm.run(3)
    assert farm.wires["fa.z.siren"] is False


def test_a_limit_makes_no_number_of_what_is_none():
    core = core_of(document())
    turn = Turn(core.start(START_S), START_S)
    reason = Because("rule")
    turn.demand(Demand("fa.z.vent", float("nan"), Slot.LOOP, "l", reason, START_S + 60))
    turn.demand(Demand("fa.z.vent", 30.0, Slot.RULE, "r", reason, START_S + 60, bound="at_least"))
    assert decide(core.plan.outputs["fa.z.vent"], turn).because.key == "not_finite"


def test_a_request_gives_way_to_a_loop_and_stands_where_there_is_none():
    farm = opened(farm_with(
        {**DOOR, "then": [{"request": "fa.z.vent", "to": "50 %"}, {"request": "fa.z.siren", "to": "on"}]}
    ))  # fmt: skip
    assert farm.order("fa.z.vent").owner == "fa.z.vent_loop"
    assert (farm.order("fa.z.siren").owner, farm.order("fa.z.siren").slot) == ("fa.z.r", Slot.REMOTE)


def test_an_influence_moves_the_setpoint_within_its_cap_and_its_limits_and_leaves_it_when_it_ends():
    def influence(by: str, cap: str) -> Farm:
        return farm_with({**DOOR, "add_influence": {"target": "fa.z.vent_sp", "by": by, "cap": cap}})

    farm = influence("line(fa.z.rh, '60 %', '80 %', '0 K', '-4 K')", "3 K")
    farm.run(20)
    assert farm.state.values["fa.z.vent_sp"] == 24.0
    opened(farm, 20)
    assert farm.state.values["fa.z.vent_sp"] == pytest.approx(22.0)
    farm.says["fa.z.rh"] = 90.0
    farm.run(400)
    assert farm.state.values["fa.z.vent_sp"] == pytest.approx(21.0)
    farm.says["fa.z.door"] = False
    farm.run(20)
    assert farm.state.values["fa.z.vent_sp"] == 24.0
    far = opened(influence("'50 K'", "40 K"), 20)
    assert far.state.values["fa.z.vent_sp"] == 32.0


def test_a_rule_without_a_cause_always_adds_its_influence():
    rule = {"id": "fa.z.r", "add_influence": {"target": "fa.z.vent_sp", "by": "'0.5 K'", "cap": "1 K"}}
    farm = farm_with(rule)
    farm.run(15)
    assert farm.state.values["fa.z.vent_sp"] == 24.5


# --- alarms, limits in time


TOLD = {"zh": "门开", "en": "Door"}


def test_a_rule_raises_an_alarm_while_it_holds():
    alarm = {"priority": "low", "cause": TOLD, "consequence": TOLD, "response": TOLD}
    farm = opened(farm_with({**DOOR, "then": [{"alarm": alarm}]}), 5)
    assert [(one.id, one.priority) for one in farm.standing if one.id == "fa.z.r"] == [("fa.z.r", "low")]
    farm.says["fa.z.door"] = False
    farm.run(2)
    assert "fa.z.r" not in [one.id for one in farm.standing]


def test_a_rule_that_comes_on_too_often_stays_off_with_an_alarm_until_it_is_reset():
    from controller.core.words import Reset

    farm = farm_with({**DOOR, "limits": {"max_activations": "3/h"}, "then": [{"set": "fa.z.siren", "to": "on"}]})
    for count in range(10):
        farm.says["fa.z.door"] = count % 2 == 0
        farm.run(2)
    assert farm.told("rule_on") == ["fa.z.r"] * 3
    farm.says["fa.z.door"] = True
    farm.run(2)
    assert "rule_spent:fa.z.r" in [one.id for one in farm.state.alarms]
    assert farm.wires["fa.z.siren"] is False
    farm.scan([Reset("1", "fa.z.r", "wang", farm.now_s)])
    farm.run(2)
    assert farm.wires["fa.z.siren"] is True
    assert "rule_spent:fa.z.r" not in [one.id for one in farm.standing]


# --- two rules on one output


def test_the_lower_order_wins_and_the_other_is_told():
    rules = [
        {**DOOR, "id": "fa.z.first", "order": 2, "then": [{"set": "fa.z.siren", "to": "on"}]},
        {**DOOR, "id": "fa.z.second", "order": 1, "then": [{"inhibit": "fa.z.siren"}]},
    ]
    farm = opened(farm_with(*rules), 30)
    assert farm.order("fa.z.siren").owner == "fa.z.second"
    (beaten,) = [event for event in farm.events if event.kind == "rule_beaten"]
    assert (beaten.subject, beaten.values["wins"]) == ("fa.z.first", "fa.z.second")
    assert {order.owner for order in (farm.order("fa.z.siren"),)} == {"fa.z.second"}


# --- memory


def restarted(farm: Farm, after_s: float) -> Farm:
    """The agent again after a while, from what it had kept on the disk."""
    kept = json.loads(json.dumps(to_plain(farm.state)))
    again = Farm(farm.core, farm.now_s + after_s, kept)
    again.says = farm.says
    return again


@pytest.mark.parametrize(("on_restart", "is_on"), [("resume", True), ("re-evaluate", False)])
def test_a_timer_counts_on_over_a_restart_unless_told_otherwise(on_restart, is_on):
    rule = {**DOOR, "for": {"on": "10 min"}, "on_restart": on_restart, "then": [{"set": "fa.z.siren", "to": "on"}]}
    farm = opened(farm_with(rule), 300)
    assert farm.told("rule_on") == []
    again = restarted(farm, 400.0)
    again.run(3)
    assert again.told("rule_on") == (["fa.z.r"] if is_on else [])


def test_a_rule_comes_on_no_more_often_for_restarts_nor_for_having_failed(monkeypatch):
    rule = {**DOOR, "on_restart": "re-evaluate", "limits": {"max_activations": "1/day"}}
    farm = opened(farm_with({**rule, "then": [{"set": "fa.z.siren", "to": "on"}]}), 5)
    assert farm.told("rule_on") == ["fa.z.r"]
    farm.says["fa.z.door"] = False
    farm.run(5)
    again = opened(restarted(farm, 5.0), 5)
    assert again.told("rule_on") == []
    with monkeypatch.context() as patch:
        patch.setattr(RuleLaw, "cause", lambda *_: 1 / 0)
        again.run(2)
    assert again.told("rule_spent") == ["fa.z.r"] * 2
    last = opened(restarted(again, 5.0), 5)
    assert (last.told("rule_on"), last.wires["fa.z.siren"]) == ([], False)


def test_a_rule_that_was_on_demands_again_at_once_after_a_restart():
    farm = opened(farm_with({**DOOR, "then": [{"set": "fa.z.siren", "to": "on"}]}), 100)
    again = restarted(farm, 5.0)
    again.run(2)
    assert again.wires["fa.z.siren"] is True
    assert again.told("rule_on") == []


def test_an_average_survives_a_restart_and_interlocks_and_alarms_read_it_too():
    site = document()
    site["rules"] = [
        {**DOOR, "when": "avg(fa.z.co2, '10 min') > '700 ppm'", "then": [{"set": "fa.z.siren", "to": "on"}]}
    ]
    site["interlocks"] = {
        "fa.z.gust": {"when": "max(fa.z.co2, '1 min') > '900 ppm'", "effect": [{"inhibit": "fa.z.heater"}],
                      "on_bad_quality": "ignore"}
    }  # fmt: skip
    alarm = {"cause": TOLD, "consequence": TOLD, "response": TOLD, "priority": "low", "on_bad_quality": "ignore"}
    site["alarms"] = {"fa.z.night": {"when": "time_between('10:41', '10:43')", **alarm}}
    farm = Farm(core_of(site))
    farm.run(299)
    assert farm.told("rule_on") == []
    again = restarted(farm, 1.0)
    again.run(4)
    assert again.told("rule_on") == ["fa.z.r"]
    assert [one.id for one in again.standing if one.id == "fa.z.night"] == []
    again.says["fa.z.co2"] = 950.0
    again.run(2)
    again.says["fa.z.co2"] = 700.0
    again.run(40)
    assert again.order("fa.z.heater").owner == "fa.z.gust"
    first = Farm(core_of(site))
    first.run(90)
    assert "fa.z.night" in [one.id for one in first.state.alarms]


def test_a_condition_of_gauges_alone_is_looked_at_although_no_tag_moves():
    rule = {**DOOR, "when": "age(fa.z.lab) > '1 min' or time_between('10:41', '10:42')",
            "then": [{"set": "fa.z.siren", "to": "on"}]}  # fmt: skip
    farm = farm_with(rule)
    farm.says = {}
    farm.run(180)
    began = [event.time_s - START_S for event in farm.events if event.kind == "rule_on"]
    ended = [event.time_s - START_S for event in farm.events if event.kind == "rule_off"]
    assert ended[0] - began[0] == 60.0


def test_a_sensor_that_was_never_heard_is_not_known_from_the_first_scan_on():
    rule = {**DOOR, "when": "max(fa.z.lab, '1 min') > '3 mg/L'", "on_bad_quality": "assert",
            "then": [{"set": "fa.z.siren", "to": "on"}]}  # fmt: skip
    farm = farm_with(rule)
    farm.run(2)
    assert farm.wires["fa.z.siren"] is True


# --- templates


def test_one_rule_stands_in_every_zone_with_its_own_tags_and_its_own_memory():
    site = document()
    site["facilities"]["fa"]["zones"] = ["z", "y"]
    site["tags"]["fa.y.lab"] = {"entry": "lab", "unit": "mg/L", "stale": "48 h"}
    site["rules"] = [{
        "id": "fa.tank.high", "scope": {"each": "tank in fa.tanks"}, "when": "tank.lab > '3 mg/L' and not fa.z.door",
        "on_bad_quality": "deassert", "then": [{"set": "fa.z.siren", "to": "on"}],
    }]  # fmt: skip
    core = core_of(site)
    assert [rule.name for rule in core.plan.rules.rules] == ["fa.z.high", "fa.y.high"]
    farm = Farm(core)
    farm.says["fa.y.lab"] = 4.0
    farm.run(3)
    assert farm.told("rule_on") == ["fa.y.high"]
    assert farm.order("fa.z.siren").owner == "fa.y.high"


def test_short_names_lead_to_zone_facility_and_other_zones():
    site = document()
    site["facilities"]["fa"]["zones"] = ["z", "y"]
    site["rules"] = [
        {"id": "zone.a", "scope": {"each": "bay in fa", "zones": ["y"]}, "when": "bay.door",
         "tags": {"bay.door": "zone.gate"}, "then": [{"inhibit": "z.siren"}]},
        {"id": "z.b", "scope": {"facility": "fa"}, "when": "all.wind", "then": [{"inhibit": "fa.z.siren"}]},
    ]  # fmt: skip
    from edge_config.model.site import Site

    first, second = placed_rules(Site.model_validate(site))
    assert (first.id, first.named("bay.door"), first.named("all.wind")) == ("fa.y.a", "fa.y.gate", "fa.all.wind")
    assert first.named("z.siren") == "fa.z.siren"
    assert (second.id, second.named("y.rain"), second.named("fa.z.siren")) == ("fa.z.b", "fa.y.rain", "fa.z.siren")


# --- what it did


def test_a_rule_counts_how_often_it_came_on_today_and_how_often_it_threw(monkeypatch):
    farm = farm_with({**DOOR, "then": [{"limit_min": "fa.z.vent", "to": "30 %"}]})
    sky = farm.core.plan.rules.sky
    for _ in range(3):
        opened(farm, 50)
        farm.says["fa.z.door"] = False
        farm.run(50)
    counted = today(farm.state.blocks["fa.z.r"], farm.now_s, sky)
    assert (counted.starts, counted.errors) == (3, 0)
    assert counted.on_s == pytest.approx(150.0, abs=3.0)
    kept = json.loads(json.dumps(to_plain(farm.state)))
    assert farm.core.start(farm.now_s, kept).blocks["fa.z.r"].counted == farm.state.blocks["fa.z.r"].counted

    def breaks(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(RuleLaw, "cause", breaks)
    opened(farm, 5)
    assert today(farm.state.blocks["fa.z.r"], farm.now_s, sky)[1::2] == (3, 1)
