"""Why an output stands as it does, read off the state: who decided, whom it beat, what limits it, who is next."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.explain import Claim, Spent, Why, look, standing
from controller.core.words import Bypass, Override
from foundation.reading import Reason
from rules.rule import RuleMemory
from tests.core.small_site import Farm, changed, core_of, document, small_core


def why(farm: Farm, output: str) -> Why:
    holds = standing(farm.core.plan, farm.state)
    return look(farm.core.plan, farm.state, output, holds.get(output, ()))


def hand(farm: Farm, output: str, value: float) -> Override:
    return Override("1", output, value, "wang", farm.now_s + 3600.0)


def hot(farm: Farm, temp_c: float) -> None:
    farm.says |= dict.fromkeys(("fa.z.temp_a", "fa.z.temp_b", "fa.z.temp_c"), temp_c)


def who(claims: tuple[Claim, ...]) -> list[tuple[str, str, float]]:
    return [(one.slot, one.owner, one.value) for one in claims]


def test_a_loop_that_nobody_contradicts_decides_and_without_it_the_output_goes_safe():
    farm = Farm()
    farm.run(30)
    told = why(farm, "fa.z.lamp")
    assert (told.won.slot, told.won.owner, told.won.key) == ("loop", "fa.z.light_loop", "loop")
    assert (told.won.values["pv"], told.won.ends_s, told.beaten) == (200.0, None, ())
    assert (told.then.key, told.then.value) == ("nobody", 0.0)


def test_a_hand_goes_before_a_loop_and_ends_at_its_time():
    farm = Farm()
    farm.run(30)
    farm.scan([hand(farm, "fa.z.lamp", 70.0)])
    told = why(farm, "fa.z.lamp")
    assert (told.won.slot, told.won.owner, told.value, told.won.values) == ("manual", "wang", 70.0, {"by": "wang"})
    assert told.won.ends_s == farm.now_s - 1.0 + 3600.0
    assert [(slot, owner) for slot, owner, _ in who(told.beaten)] == [("loop", "fa.z.light_loop")]
    assert told.then.owner == "fa.z.light_loop"


def test_an_interlock_passes_the_hand_and_the_hand_is_next():
    farm = Farm()
    farm.run(30)
    farm.scan([hand(farm, "fa.z.heater", 60.0)])
    hot(farm, 40.0)
    farm.run(120)
    told = why(farm, "fa.z.heater")
    assert (told.won.slot, told.won.owner, told.won.bound, told.value) == ("trip", "fa.z.too_hot", "insists", 0.0)
    assert told.won.since_s is not None
    assert 0 < farm.now_s - told.won.since_s < 120
    assert who(told.beaten)[0] == ("manual", "wang", 60.0)
    assert (told.then.owner, told.then.value) == ("wang", 60.0)


def counting(farm: Farm, output: str) -> list[tuple[str, str, float]]:
    """Who counts, to what, and for how much longer."""
    return [(one.owner, one.what, one.at_s - farm.state.at_s) for one in why(farm, output).waits]


def test_an_interlock_that_waits_says_what_it_counts_to_and_how_long_still():
    farm = Farm()
    farm.run(30)
    assert counting(farm, "fa.z.heater") == []
    hot(farm, 40.0)
    seen = []
    for _ in range(10):
        farm.run(1)
        seen += counting(farm, "fa.z.heater")
        assert counting(farm, "fa.z.heater") == counting(farm, "fa.z.vent")
    # five seconds until it holds, of each of which it says how many are left; then it counts no more
    assert [left for _, _, left in seen] == [5.0, 4.0, 3.0, 2.0, 1.0]
    assert {(owner, what) for owner, what, _ in seen} == {("fa.z.too_hot", "on")}
    assert why(farm, "fa.z.heater").won.owner == "fa.z.too_hot"
    hot(farm, 20.0)
    farm.run(10)
    ((owner, what, left),) = counting(farm, "fa.z.heater")
    assert (owner, what) == ("fa.z.too_hot", "off")
    farm.run(left - 1.0)
    assert counting(farm, "fa.z.heater") == [("fa.z.too_hot", "off", 1.0)]
    farm.run(1)
    assert why(farm, "fa.z.heater").won.owner != "fa.z.too_hot"
    assert counting(farm, "fa.z.heater") == []


def test_a_cause_that_comes_back_ends_the_counting_to_let_go():
    farm = Farm()
    farm.run(30)
    hot(farm, 40.0)
    farm.run(30)
    hot(farm, 20.0)
    farm.run(10)
    assert [what for _, what, _ in counting(farm, "fa.z.heater")] == ["off"]
    hot(farm, 40.0)
    farm.run(10)
    assert counting(farm, "fa.z.heater") == []


def test_a_latched_interlock_counts_to_when_a_person_may_reset_it():
    farm = Farm()
    farm.run(30)
    farm.says["fa.z.co2"] = 3000.0
    farm.run(20)
    assert counting(farm, "fa.z.co2_valve") == []  # its cause stands
    farm.says["fa.z.co2"] = 800.0
    farm.run(5)
    ((owner, what, left),) = counting(farm, "fa.z.co2_valve")
    assert (owner, what) == ("fa.z.too_much_co2", "reset")
    assert 0.0 < left <= 30.0
    farm.run(60)
    ((_, what, left),) = counting(farm, "fa.z.co2_valve")
    assert (what, left < 0.0) == ("reset", True)


def test_an_interlock_that_is_bypassed_counts_to_nothing():
    site = document()
    site["interlocks"]["fa.z.too_hot"]["bypass"] = {"longest": "30 min", "role": "operator"}
    farm = Farm(core_of(site))
    farm.run(30)
    farm.scan([Bypass("1", "fa.z.too_hot", 600.0, "wang", farm.now_s + 60.0)])
    hot(farm, 40.0)
    farm.run(3)
    assert counting(farm, "fa.z.heater") == []
    farm.scan([Bypass("2", "fa.z.too_hot", 0.0, "wang", farm.now_s + 60.0)])
    farm.run(30)
    assert why(farm, "fa.z.heater").won.owner == "fa.z.too_hot"
    hot(farm, 20.0)
    farm.run(10)
    assert [what for _, what, _ in counting(farm, "fa.z.heater")] == ["off"]


def test_a_rule_with_a_delay_counts_too_and_not_while_its_cause_is_not_known():
    late = {"id": "fa.z.late", "when": "fa.z.door", "for": {"on": "20 s", "off": "10 s"}, "max_hold": "1 h",
            "then": [{"limit_max": "fa.z.lamp", "to": "5 %"}]}  # fmt: skip
    farm = Farm(core_of(changed("rules", [late])))
    farm.says["fa.z.door"] = False
    farm.run(30)
    farm.says["fa.z.door"] = True
    farm.run(5)
    ((owner, what, left),) = counting(farm, "fa.z.lamp")
    assert (owner, what) == ("fa.z.late", "on")
    assert 0.0 < left < 20.0
    farm.says["fa.z.door"] = Reason.WIRE_BREAK
    farm.run(5)
    assert counting(farm, "fa.z.lamp") == []
    farm.says["fa.z.door"] = True
    farm.run(30)
    assert counting(farm, "fa.z.lamp") == []
    farm.says["fa.z.door"] = False
    farm.run(5)
    assert [what for _, what, _ in counting(farm, "fa.z.lamp")] == ["off"]


def test_of_two_interlocks_the_other_is_told_too():
    farm = Farm()
    farm.run(10)
    farm.says["fa.z.level"] = 2.0
    hot(farm, 2.0)
    farm.run(60)
    told = why(farm, "fa.z.rescue")
    assert (told.won.slot, told.won.owner, told.value) == ("life_safety", "fa.z.cold", 100.0)
    assert who(told.beaten) == [("trip", "fa.z.empty", 0.0)]
    assert (told.beaten[0].bound, told.then.owner) == ("insists", "fa.z.empty")


def test_a_rule_that_came_first_beats_the_other_and_both_say_since_when():
    farm = Farm()
    farm.run(10)
    farm.says |= {"fa.z.door": True, "fa.z.rh": 20.0}
    farm.run(200)
    told = why(farm, "fa.z.siren")
    assert (told.won.owner, told.value) == ("fa.z.no_co2_with_open_door", 100.0)
    assert who(told.beaten) == [("rule", "fa.z.dry_air", 0.0)]
    assert told.won.since_s is not None
    assert told.beaten[0].since_s is not None
    assert told.won.since_s < told.beaten[0].since_s


def test_a_limit_is_told_as_the_one_who_moved_it_and_what_was_wanted_is_next():
    site = changed(
        "rules", [{"id": "fa.z.dim", "when": "fa.z.door", "then": [{"limit_max": "fa.z.lamp", "to": "5 %"}]}]
    )
    farm = Farm(core_of(site))
    farm.run(60)
    farm.scan([hand(farm, "fa.z.lamp", 70.0)])
    farm.says["fa.z.door"] = True
    farm.run(30)
    limited = why(farm, "fa.z.lamp")
    assert limited.value == farm.order("fa.z.lamp").value
    claims = (limited.won, *limited.limits)
    assert [one.bound for one in claims if one.owner == "fa.z.dim"] == ["at_most"]
    farm.scan([Override("2", "fa.z.lamp", None, "wang", 0.0)])
    farm.run(30)
    limited = why(farm, "fa.z.lamp")
    assert (limited.won.owner, limited.won.bound, limited.value) == ("fa.z.dim", "at_most", 5.0)
    assert (limited.then.owner, limited.then.bound) == ("fa.z.light_loop", "at")
    assert limited.then.value > 5.0
    assert limited.applied == 0.0  # below what the lamp can do


def test_a_lost_sensor_is_the_reason_of_its_loop():
    farm = Farm()
    farm.run(10)
    farm.says["fa.z.ppfd"] = Reason.WIRE_BREAK
    farm.run(30)
    told = why(farm, "fa.z.lamp")
    assert told.won.key == "sensor_lost"
    assert told.won.values == {"loop": "fa.z.light_loop", "tag": "fa.z.ppfd", "reason": "wire_break"}


def test_a_rule_that_threw_is_told_as_one_that_acts_no_more():
    farm = Farm()
    farm.run(10)
    name = "fa.z.no_co2_with_open_door"
    assert why(farm, "fa.z.siren").spent == ()
    blocks = {**farm.state.blocks, name: RuleMemory(spent="broken")}
    farm.state = replace(farm.state, blocks=blocks)
    assert why(farm, "fa.z.siren").spent == (Spent(name, "broken"),)
    assert why(farm, "fa.z.lamp").spent == ()


def test_an_output_whose_device_is_deaf_is_told_as_not_heard():
    farm = Farm()
    farm.confirms = False
    farm.run(60)
    assert not why(farm, "fa.z.siren").heard


_MOMENT = st.tuples(
    st.floats(-5, 45), st.floats(0, 100), st.booleans(), st.floats(0, 100),
    st.one_of(st.none(), st.tuples(st.sampled_from(sorted(small_core().plan.outputs)), st.floats(0, 100))),
)  # fmt: skip


@given(st.lists(_MOMENT, min_size=1, max_size=5))
@settings(max_examples=25)
def test_whatever_happens_the_winner_is_who_the_arbiter_obeyed(moments: list[Any]) -> None:
    farm = Farm()
    farm.run(5)
    for temp_c, rh, door, level, by_hand in moments:
        hot(farm, temp_c)
        farm.says |= {"fa.z.rh": rh, "fa.z.door": door, "fa.z.level": level}
        farm.scan([hand(farm, *by_hand)] if by_hand else [])
        farm.run(7)
        for output, order in farm.state.orders.items():
            told = why(farm, output)
            assert (told.won.owner, told.won.key, told.value) == (order.owner, order.because.key, order.value)
            owners = [one.owner for one in (*told.beaten, *told.limits)]
            live = {d.owner for d in farm.state.demands.get(output, ()) if d.expires_s > farm.now_s}
            assert live <= {told.won.owner, *owners}
            assert told.won.owner not in owners
