"""Why an output stands as it does, in sentences: the same facts in Chinese and English, nothing left unsaid."""

import pytest

from controller.core.explain import Why, look, standing
from controller.core.words import EmergencyStop, LockOut, Override
from controller.why.card import cards_of
from controller.why.shape import Explanation, FirstShape, explanation_shape
from controller.why.words import changes, sentences
from foundation.messages import LANGUAGES
from tests.core.small_site import START_S, Farm, changed, core_of


def why(farm: Farm, output: str) -> Why:
    holds = standing(farm.core.plan, farm.state)
    found = look(farm.core.plan, farm.state, output, holds.get(output, ()))
    return Why(**{name: getattr(found, name) for name in found.__slots__} | {"since_s": 0.0, "on_since_s": 0.0})


def told(farm: Farm, output: str, language: str = "en") -> list[str]:
    return sentences(cards_of(farm.core), why(farm, output), language)


def keys(farm: Farm, output: str) -> list[str]:
    return [change.key for change in changes(cards_of(farm.core), why(farm, output))]


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
    assert "The rule no co2 with open door would take it to on: fa.z.door" in told(farm, "fa.z.siren")
    assert keys(farm, "fa.z.siren") == ["asked", "would_rule", "would_rule", "hand"]


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
