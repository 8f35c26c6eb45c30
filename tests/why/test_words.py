"""Why an output stands as it does, in sentences: the same facts in Chinese and English, nothing left unsaid."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.core.explain import Why, look, standing
from controller.core.words import EmergencyStop, LockOut, Order, Override, RuleSwitch
from controller.why.card import cards_of
from controller.why.shape import Explanation, FirstShape, explanation_shape
from controller.why.words import changes, sentences
from foundation.messages import LANGUAGES
from tests.core.small_site import START_S, Farm, changed, core_of, document


def why(farm: Farm, output: str) -> Why:
    holds = standing(farm.core.plan, farm.state)
    found = look(farm.core.plan, farm.state, output, holds.get(output, ()))
    return Why(**{name: getattr(found, name) for name in found.__slots__} | {"since_s": 0.0, "on_since_s": 0.0})


def told(farm: Farm, output: str, language: str = "en") -> list[str]:
    return sentences(cards_of(farm.core), why(farm, output), language)


def keys(farm: Farm, output: str) -> list[str]:
    return [change.key for change in changes(cards_of(farm.core), why(farm, output))]


DOOR_SOUNDS = {"id": "fa.z.a", "when": "fa.z.door", "then": [{"set": "fa.z.siren", "to": "on"}]}


def ruled(*rules: dict[str, Any], **more: Any) -> Farm:
    """The small farm with these rules alone, and this of its site beside them."""
    site = document() | more
    site["rules"] = [{"on_bad_quality": "deassert", **rule} for rule in rules]
    farm = Farm(core_of(site))
    farm.run(5)
    return farm


def would(farm: Farm, output: str) -> list[str]:
    """Of the rules and sequences that may take it."""
    return [line for line in told(farm, output) if line.startswith(("The rule ", "The sequence "))]


@pytest.fixture
def farm() -> Farm:
    farm = Farm()
    farm.run(30)
    return farm


def test_a_loop_is_told_with_what_it_measures_and_who_could_take_its_output(farm: Farm) -> None:
    lines = told(farm, "fa.z.heater")
    assert "measured 40, wanted" in lines[1]
    assert lines[1].startswith("loop: ")
    assert [line for line in lines if "fa.z.temp > '35 degC'" in line] == [
        "The interlock too hot would take it to 0 %: fa.z.temp > '35 degC'"
    ]
    assert keys(farm, "fa.z.heater") == ["loop", "then", "would_interlock", "hand"]


def test_an_interlock_says_how_it_ends_and_that_no_hand_passes_it(farm: Farm) -> None:
    farm.says["fa.z.co2"] = 2500.0
    farm.run(60)
    lines = told(farm, "fa.z.co2_valve")
    assert lines[1].startswith("interlock: Interlock: too much co2")
    assert "Ends when this holds no longer and a person has reset it: fa.z.co2 > '2000 ppm'" in lines
    assert "No hand passes this" in lines
    assert keys(farm, "fa.z.co2_valve")[0] == "interlock_latched"


def test_what_is_counted_is_told_with_its_time_and_what_is_left_in_both_languages(farm: Farm) -> None:
    farm.says |= dict.fromkeys(("fa.z.temp_a", "fa.z.temp_b", "fa.z.temp_c"), 40.0)
    farm.run(3)
    (line,) = [one for one in told(farm, "fa.z.heater") if "Counting" in one]
    assert line.startswith("Counting: in 3 s, at ")
    assert line.endswith("the interlock too hot takes it to 0 %, if its cause stays")
    (line,) = [one for one in told(farm, "fa.z.heater", "zh-CN") if "计时中" in one]
    assert "3 s 后" in line
    assert "使它到0 %" in line
    farm.run(10)
    farm.says |= dict.fromkeys(("fa.z.temp_a", "fa.z.temp_b", "fa.z.temp_c"), 20.0)
    farm.run(10)
    (line,) = [one for one in told(farm, "fa.z.heater") if "Counting" in one]
    assert line.endswith("the interlock too hot lets it go, if its cause stays away")
    shape = explanation_shape(Explanation(cards_of(farm.core), why(farm, "fa.z.heater"), farm.now_s))
    (waits,) = shape.waits
    assert (waits.kind, waits.owner, waits.what) == ("interlock", "fa.z.too_hot", "off")
    assert 0.0 < waits.at - shape.at <= 60_000.0


def test_a_latch_says_when_it_may_be_reset(farm: Farm) -> None:
    farm.says["fa.z.co2"] = 3000.0
    farm.run(20)
    farm.says["fa.z.co2"] = 800.0
    farm.run(5)
    assert any("a person may reset the interlock too much co2" in one for one in told(farm, "fa.z.co2_valve"))
    farm.run(60)
    assert "The cause of the interlock too much co2 is away: a person may reset it" in told(farm, "fa.z.co2_valve")


def test_an_interlock_of_a_group_says_whose_cause_was_there_first_and_when() -> None:
    site = changed("interlocks", "fa.z.too_much_co2", "group", "house")
    site["interlocks"]["fa.z.empty"]["group"] = "house"
    farm = Farm(core_of(site))
    farm.run(30)
    farm.says["fa.z.level"] = 2.0
    farm.run(20)
    farm.says["fa.z.co2"] = 2500.0
    farm.run(60)
    # its cause, not its trip after a delay of 3 s
    assert "First of its group of interlocks was empty at 10:40:31" in told(farm, "fa.z.co2_valve")
    assert explanation_shape(Explanation(cards_of(farm.core), why(farm, "fa.z.co2_valve"), farm.now_s)).first_out == (
        FirstShape("fa.house", "fa.z.empty", 1000.0 * (START_S + 31.0))
    )
    assert why(farm, "fa.z.heater").first is None


def test_a_hand_says_until_when_in_the_farm_s_time(farm: Farm) -> None:
    farm.scan([Override("1", "fa.z.lamp", 70.0, "wang", farm.now_s + 600.0)])
    lines = told(farm, "fa.z.lamp")
    # START_S is 10:40:00 in Shanghai
    assert "Ends at 10:50:30, or when wang or another person gives it back" in lines
    assert any(line.startswith("Beaten: 20 %, loop: ") or line.startswith("Beaten: ") for line in lines)
    assert keys(farm, "fa.z.lamp")[:2] == ["manual", "then"]


def test_a_lock_and_a_stop_say_who_ends_them(farm: Farm) -> None:
    farm.scan([LockOut("1", "fa.z.lamp", "wang", "", "", farm.now_s), EmergencyStop("2", "fa", "li", farm.now_s)])
    assert told(farm, "fa.z.lamp")[1].startswith("locked out: Locked out by wang for maintenance")
    assert "Ends when wang or a supervisor takes the lock off" in told(farm, "fa.z.lamp")
    assert told(farm, "fa.z.heater")[1].startswith("interlock: Emergency stop: li")
    assert keys(farm, "fa.z.heater")[0] == "stopped"
    assert "No hand passes this" in told(farm, "fa.z.heater")


def test_a_lost_sensor_names_the_sensor_that_must_come_back(farm: Farm) -> None:
    farm.says.pop("fa.z.ppfd")
    farm.run(60)
    assert keys(farm, "fa.z.lamp")[0] == "sensor"
    assert "out of date" in told(farm, "fa.z.lamp")[1]


def test_a_rule_that_is_not_on_says_what_it_waits_for(farm: Farm) -> None:
    line = "The rule no co2 with open door would take it to on, once this has held for 5 s: fa.z.door"
    assert line in told(farm, "fa.z.siren")
    assert keys(farm, "fa.z.siren") == ["asked", "would_rule_for", "would_rule", "hand"]


def test_a_limit_says_what_it_moved() -> None:
    rule = {"id": "fa.z.dim", "when": "fa.z.door", "then": [{"limit_max": "fa.z.lamp", "to": "5 %"}]}
    farm = Farm(core_of(changed("rules", [rule])))
    farm.says |= {"fa.z.door": True, "fa.z.ppfd": 50.0}
    farm.run(120)
    lines = told(farm, "fa.z.lamp")
    assert any(line.startswith("A limit takes it to at most 5 %; without it: loop: ") for line in lines)
    assert "What came of it so far: 0 %; the actuator keeps its least times, its pace and its least position" in lines
    assert keys(farm, "fa.z.lamp")[0] == "rule"


def test_both_languages_say_as_much_and_leave_no_place_open(farm: Farm) -> None:
    farm.says |= {"fa.z.door": True, "fa.z.level": 2.0, "fa.z.temp_a": 2.0, "fa.z.temp_b": 2.0, "fa.z.temp_c": 2.0}
    farm.run(60, after_s=2.0)
    for output in farm.core.plan.outputs:
        both = [told(farm, output, language) for language in LANGUAGES]
        assert len(both[0]) == len(both[1])
        assert not [line for lines in both for line in lines if "{" in line or line.startswith(("change.", "explain."))]


def test_a_rule_says_what_ends_it_and_for_how_long_that_has_to_hold() -> None:
    rule = {**DOOR_SOUNDS, "when": "fa.z.level < '20 %'", "for": {"on": "3 s", "off": "15 min"}}
    farm = ruled(rule)
    assert would(farm, "fa.z.siren") == [
        "The rule a would take it to on, once this has held for 3 s: fa.z.level < '20 %'"
    ]
    farm.says["fa.z.level"] = 15.0
    farm.run(5)
    assert "Ends once this has not held for 15 min: fa.z.level < '20 %'" in told(farm, "fa.z.siren")
    assert "条件不再成立并持续 15 min 后结束：fa.z.level < '20 %'" in told(farm, "fa.z.siren", "zh-CN")
    farm = ruled({**DOOR_SOUNDS, "when": "fa.z.level < '20 %'", "clear": "fa.z.level > '40 %'"})
    farm.says["fa.z.level"] = 15.0
    farm.run(5)
    farm.says["fa.z.level"] = 30.0  # its cause is away, and it goes on
    farm.run(5)
    assert [line for line in told(farm, "fa.z.siren") if line.startswith("Ends")] == [
        "Ends when this holds: fa.z.level > '40 %'"
    ]
    farm = ruled({**DOOR_SOUNDS, "limits": {"max_true": "10 min"}})
    farm.says["fa.z.door"] = True
    farm.run(5)
    assert told(farm, "fa.z.siren")[2:4] == [
        "Ends when this holds no longer: fa.z.door",
        "Ends at 10:50:06 at the latest",
    ]
    farm = ruled({**rule, "clear": "fa.z.level > '40 %'"})
    farm.says["fa.z.level"] = 15.0
    farm.run(9)
    assert "Ends once this has held for 15 min: fa.z.level > '40 %'" in told(farm, "fa.z.siren")
    assert "此条件持续 15 min 后结束：fa.z.level > '40 %'" in told(farm, "fa.z.siren", "zh-CN")


@pytest.mark.parametrize(("order", "says"), [(2, []), (0, ["The rule b would take it to off: fa.z.level < '20 %'"])])
def test_of_two_rules_only_the_one_that_goes_first_would_take_the_output(order: int, says: list[str]) -> None:
    second = {"id": "fa.z.b", "order": order, "when": "fa.z.level < '20 %'", "then": [{"inhibit": "fa.z.siren"}]}
    farm = ruled({**DOOR_SOUNDS, "order": 1}, second)
    farm.says["fa.z.door"] = True
    farm.run(5)
    assert would(farm, "fa.z.siren") == says
    farm.says["fa.z.level"] = 10.0
    farm.run(5)
    assert farm.order("fa.z.siren").owner == ("fa.z.b" if says else "fa.z.a")


def test_a_rule_that_a_limit_would_hold_is_said_to_come_as_far_as_the_limit() -> None:
    dim = {"id": "fa.z.dim", "order": 1, "when": "fa.z.door", "then": [{"limit_max": "fa.z.lamp", "to": "30 %"}]}
    dark = {"id": "fa.z.dark", "when": "fa.z.level < '20 %'", "then": [{"set": "fa.z.lamp", "to": "10 %"}]}
    light = {"id": "fa.z.light", "when": "fa.z.level > '90 %'", "then": [{"set": "fa.z.lamp", "to": "80 %"}]}
    floor = {"id": "fa.z.floor", "when": "fa.z.level > '95 %'", "then": [{"limit_min": "fa.z.lamp", "to": "60 %"}]}
    farm = ruled(dim, dark, light, floor)
    farm.says |= {"fa.z.door": True, "fa.z.ppfd": 450.0}
    farm.run(20)
    assert farm.order("fa.z.lamp").owner == "fa.z.light_loop"
    assert would(farm, "fa.z.lamp") == [
        "The rule dark would take it to 10 %: fa.z.level < '20 %'",
        "The rule light would take it to 30 %: fa.z.level > '90 %'",
        "The rule floor would take it to at least 30 %: fa.z.level > '95 %'",
    ]
    farm.says["fa.z.ppfd"] = 0.0
    farm.run(300)
    assert farm.order("fa.z.lamp").owner == "fa.z.dim"
    assert would(farm, "fa.z.lamp") == ["The rule dark would take it to 10 %: fa.z.level < '20 %'"]


def test_an_interlock_that_would_lose_against_another_is_not_said_to_take_the_output() -> None:
    site = document()
    site["interlocks"]["fa.z.open_up"] = {
        "when": "fa.z.level < '30 %'", "on_bad_quality": "ignore", "effect": [{"set": "fa.z.heater", "to": "on"}],
    }  # fmt: skip
    farm = Farm(core_of(site))
    farm.says |= dict.fromkeys(("fa.z.temp_a", "fa.z.temp_b", "fa.z.temp_c"), 40.0)
    farm.run(120)
    assert farm.order("fa.z.heater").owner == "fa.z.too_hot"  # among trips what shuts goes first
    assert "would_interlock" not in keys(farm, "fa.z.heater")
    farm = Farm(core_of(site))
    farm.says["fa.z.level"] = 20.0
    farm.run(120)
    assert farm.order("fa.z.heater").owner == "fa.z.open_up"
    assert "The interlock too hot would take it to 0 %: fa.z.temp > '35 degC'" in told(farm, "fa.z.heater")


def test_a_rule_that_was_on_for_as_long_as_it_may_is_said_to_wait_for_its_cause_to_go() -> None:
    farm = ruled({**DOOR_SOUNDS, "limits": {"max_true": "3 s"}})
    farm.says["fa.z.door"] = True
    farm.run(10)
    assert would(farm, "fa.z.siren") == [
        "The rule a was on for as long as it may: not again before its cause was away, or a person resets it"
    ]
    assert "规则 a 已达到最长时间：原因消失过一次或有人复位之后才会再动作" in told(farm, "fa.z.siren", "zh-CN")
    shape = explanation_shape(Explanation(cards_of(farm.core), why(farm, "fa.z.siren"), farm.now_s))
    assert [(one.rule, one.why, one.until) for one in shape.spent] == [("fa.z.a", "true", None)]
    farm.says["fa.z.door"] = False
    farm.run(3)
    assert would(farm, "fa.z.siren") == ["The rule a would take it to on: fa.z.door"]


def test_a_rule_that_came_on_as_often_as_it_may_says_until_when_it_stays_off() -> None:
    farm = ruled({**DOOR_SOUNDS, "limits": {"max_activations": "2/h"}})
    for door in (True, False, True, False):
        assert would(farm, "fa.z.siren") == ([] if not door else ["The rule a would take it to on: fa.z.door"])
        farm.says["fa.z.door"] = door
        farm.run(10)
    # it first came on at 10:40:06, and has no cause now
    spent = ["The rule a came on as often as it may: not again before 11:40:06, or a person resets it"]
    assert would(farm, "fa.z.siren") == spent
    farm.says["fa.z.door"] = True
    farm.run(10)
    assert would(farm, "fa.z.siren") == spent
    assert "规则 a 已达到次数上限：11:40:06 之前不再动作，除非有人复位" in told(farm, "fa.z.siren", "zh-CN")
    farm.says["fa.z.door"] = False
    farm.run(3600.0, after_s=10.0)
    assert would(farm, "fa.z.siren") == ["The rule a would take it to on: fa.z.door"]


def test_a_sequence_that_no_rule_may_run_now_is_started_by_a_person_alone() -> None:
    wash = {"fa.z.wash": {"steps": [{"set": {"fa.z.siren": "on"}, "for": "20 s"}]}}
    farm = ruled({"id": "fa.z.ask", "when": "fa.z.door", "then": [{"run_sequence": "fa.z.wash"}]}, sequences=wash)
    assert keys(farm, "fa.z.siren") == ["asked", "would_sequence", "hand"]
    farm.scan([RuleSwitch("1", "fa.z.ask", 3600.0, "li", "being washed", farm.now_s)])
    farm.run(3)
    assert keys(farm, "fa.z.siren") == ["asked", "would_sequence_hand", "hand"]


def test_a_limit_that_comes_and_goes_slowly_says_so_and_how_it_ends() -> None:
    still = {
        "id": "fa.z.still", "when": "fa.z.door",
        "then": [{"limit_max": "fa.z.fog", "to": "0 %", "rate": "60 %/min", "back": "10 %/min"}],
    }  # fmt: skip
    farm = ruled(still)
    assert would(farm, "fa.z.fog") == ["The rule still would take it to at most 0 %, slowly: fa.z.door"]
    assert "规则“still”会使它缓慢不高于0 %，条件：fa.z.door" in told(farm, "fa.z.fog", "zh-CN")
    farm.says |= {"fa.z.door": True, "fa.z.rh": 50.0}
    farm.run(900)
    lines = told(farm, "fa.z.fog")
    assert "Ends when this holds no longer: fa.z.door" in lines
    assert "Its limit then goes back slowly" in lines
    farm.says["fa.z.door"] = False
    farm.run(60)
    lines = told(farm, "fa.z.fog")
    assert "Ends by itself: the limit is on its way back" in lines
    assert would(farm, "fa.z.fog") == ["The rule still would take it to at most 0 %, slowly: fa.z.door"]


def test_a_permissive_is_told_by_what_is_missing_and_not_of_what_runs() -> None:
    site = document()
    site["interlocks"]["fa.z.water"] = {
        "kind": "permissive", "when": "fa.z.level > '30 %'", "on_bad_quality": "trip",
        "effect": [{"inhibit": "fa.z.siren"}, {"inhibit": "fa.z.fog"}],
    }  # fmt: skip
    farm = Farm(core_of(site))
    farm.run(30)
    assert "The interlock water would take it to off: not (fa.z.level > '30 %')" in told(farm, "fa.z.siren")
    assert farm.state.applied["fa.z.fog"] > 0.0
    assert "would_interlock" not in keys(farm, "fa.z.fog")
    farm.says["fa.z.level"] = 20.0
    farm.run(30)
    assert "Ends when this holds no longer: not (fa.z.level > '30 %')" in told(farm, "fa.z.siren")
    assert farm.order("fa.z.fog").owner == "fa.z.fog_loop"


def test_an_interlock_that_limits_stands_beside_whoever_decides_and_others_come_no_further() -> None:
    site = document()
    site["interlocks"]["fa.z.weak"] = {
        "when": "fa.z.level < '30 %'", "on_bad_quality": "ignore", "delay": "1 s", "off_delay": "1 s",
        "effect": [{"limit": "fa.z.lamp", "to": "30 %"}],
    }  # fmt: skip
    site["rules"] = [
        {"id": f"fa.z.{name}", "when": "fa.z.door", "on_bad_quality": "deassert",
         "then": [{"set": "fa.z.lamp", "to": f"{to} %"}]}
        for name, to in (("dark", 10), ("light", 80))
    ]  # fmt: skip
    farm = Farm(core_of(site))
    farm.says |= {"fa.z.level": 20.0, "fa.z.ppfd": 450.0}
    farm.run(20)
    assert farm.order("fa.z.lamp").owner == "fa.z.light_loop"
    assert any(
        line.startswith("A limit stands beside it: to at most 30 %, interlock: ") for line in told(farm, "fa.z.lamp")
    )
    dark, light = "The rule dark would take it to 10 %: fa.z.door", "The rule light would take it to 30 %: fa.z.door"
    assert would(farm, "fa.z.lamp") == [dark, light]
    farm.says["fa.z.ppfd"] = 0.0
    farm.run(300)
    assert farm.order("fa.z.lamp").owner == "fa.z.weak"
    assert would(farm, "fa.z.lamp") == [dark]


def test_an_interlock_that_counts_is_not_said_to_stand_always() -> None:
    site = document()
    site["interlocks"]["fa.z.seldom"] = {
        "kind": "cap", "most": {"of": "fa.z.siren", "starts": 1, "per": "hour"}, "effect": [{"inhibit": "fa.z.siren"}],
    }  # fmt: skip
    farm = Farm(core_of(site))
    farm.run(5)
    assert "The interlock seldom would take it to off, once it has done as much as it may" in told(farm, "fa.z.siren")
    for door in (True, False):
        farm.says["fa.z.door"] = door
        farm.run(30)
    assert farm.order("fa.z.siren").owner == "fa.z.seldom"
    assert keys(farm, "fa.z.siren")[0] == "interlock_counts"


CAUSES = {
    "fa.z.fed > '5 kg'": ("fa.z.fed", 9.0), "fa.z.free > '5 kW'": ("fa.z.free", 9.0),
    "fa.z.level < '20 %'": ("fa.z.level", 15.0), "fa.z.door": ("fa.z.door", True),
}  # fmt: skip
"""Conditions of which none holds in a calm farm, and what the sensor says where it does."""
_EFFECT = st.tuples(
    st.sampled_from(["set", "request", "limit_max", "limit_min"]), st.sampled_from([10, 30, 50, 70]),
    st.sampled_from([None, 0, 1, 2]), st.booleans(),
)  # fmt: skip


@example([("set", 30, None, False), ("set", 10, None, True), ("limit_max", 10, None, True)], None)
@given(st.lists(_EFFECT, min_size=2, max_size=len(CAUSES)), st.sampled_from([None, 0.0, 60.0]))
@settings(max_examples=25, deadline=None)
def test_who_is_said_to_take_the_output_takes_it_and_nobody_else(effects: list[Any], hand: float | None) -> None:
    rules = [
        {"id": f"fa.z.r{number}", "when": when, "then": [{verb: "fa.z.lamp", "to": f"{to} %"}]}
        | ({} if order is None else {"order": order})
        for number, (when, (verb, to, order, _)) in enumerate(zip(CAUSES, effects, strict=False))
    ]
    farm = ruled(*rules)
    farm.says |= dict(sensor for sensor, (*_, on) in zip(CAUSES.values(), effects, strict=False) if on)
    farm.scan([] if hand is None else [Override("1", "fa.z.lamp", hand, "li", farm.now_s + 3600.0)])
    farm.run(3)
    said = {
        change.values["rule"]: change.values["to"]
        for change in changes(cards_of(farm.core), why(farm, "fa.z.lamp"))
        if change.key == "would_rule"
    }
    state, now_s, calm = farm.state, farm.now_s, dict(farm.says)

    def after(says: dict[str, Any]) -> Order:
        farm.state, farm.now_s, farm.says = state, now_s, calm | says
        farm.run(2)
        return farm.order("fa.z.lamp")

    for rule, (sensor, value), (verb, _, _, on) in zip(rules, CAUSES.values(), effects, strict=False):
        to: Any = said.get(rule["id"])
        order = after({sensor: value})
        if to is None:
            now = after({})
            assert order.value == now.value
            if not any(one.startswith("limit") and on for one, *_, on in effects):
                assert order == now  # a limit takes over, at the value where it stands, who asked for more
        elif verb == "limit_max":
            assert order.value <= to.value
        elif verb == "limit_min":
            assert order.value >= to.value
        else:
            assert (order.value, on) == (to.value, False)
