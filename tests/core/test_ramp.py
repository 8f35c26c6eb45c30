"""A rule's limit that comes and goes slowly, and never stands in the way of a person."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.explain import look
from controller.core.ramp import GONE, STEP, Ramp, crept
from controller.core.state import to_plain
from controller.core.words import Override, RuleSwitch, Slot
from controller.why.card import cards_of
from controller.why.words import sentences
from tests.core.small_site import Farm, changed, core_of

MIXER = "fa.z.mixer"
WARM = {f"fa.z.temp_{one}": 27.0 for one in "abc"}


def farm_with(**effect: Any) -> Farm:
    """A house in which a loop has the mixer at 80 %, and a rule that limits it while the door is open."""
    rule = {"id": "fa.z.r", "when": "fa.z.door", "on_bad_quality": "deassert", "then": [effect]}
    farm = Farm(core_of(changed("rules", [rule])))
    farm.says |= WARM
    farm.says["fa.z.door"] = False
    farm.run(1800)
    assert farm.state.applied[MIXER] > 40.0
    return farm


def door(farm: Farm, is_open: bool, seconds: float) -> float:
    farm.says["fa.z.door"] = is_open
    farm.run(seconds)
    return farm.state.applied[MIXER]


def test_air_that_a_rule_takes_goes_slowly_and_comes_back_slowly():
    farm = farm_with(limit_max=MIXER, to="10 %", rate="6 %/min")
    stood = farm.state.applied[MIXER]
    assert door(farm, True, 2) == pytest.approx(stood, abs=1.0)
    assert door(farm, True, 58) == pytest.approx(stood - 6.0, abs=2.0)
    assert door(farm, True, 900) == 10.0
    order = farm.order(MIXER)
    assert (order.owner, order.slot, order.because.key) == ("fa.z.r", Slot.RULE, "rule")
    assert door(farm, False, 2) == 10.0
    assert door(farm, False, 60) == pytest.approx(16.0, abs=2.0)
    told, cards = look(farm.core.plan, farm.state, MIXER, ()), cards_of(farm.core)
    assert "goes back slowly" in " ".join(sentences(cards, told, "en"))
    assert "缓慢恢复" in " ".join(sentences(cards, told, "zh-CN"))
    assert door(farm, False, 900) >= stood
    assert farm.order(MIXER).owner == "fa.z.vent_loop"
    assert [one for one in farm.state.demands[MIXER] if one.owner == "fa.z.r"] == []


def test_a_limit_may_go_back_faster_than_it_came():
    farm = farm_with(limit_max=MIXER, to="10 %", rate="6 %/min", back="30 %/min")
    stood = farm.state.applied[MIXER]
    assert door(farm, True, 60) == pytest.approx(stood - 6.0, abs=2.0)
    door(farm, True, 900)
    assert door(farm, False, 62) == pytest.approx(40.0, abs=3.0)


def test_a_lower_limit_rises_slowly_and_sinks_slowly():
    farm = farm_with(limit_min=MIXER, to="100 %", rate="6 %/min")
    stood = farm.state.applied[MIXER]
    assert door(farm, True, 60) == pytest.approx(stood + 6.0, abs=2.0)
    assert door(farm, True, 900) == 100.0
    assert door(farm, False, 60) == pytest.approx(94.0, abs=2.0)
    assert door(farm, False, 1200) < 90.0


def test_a_hand_is_not_limited_and_a_rule_that_is_switched_off_lets_go_at_once():
    farm = farm_with(limit_max=MIXER, to="10 %", rate="6 %/min")
    stood = farm.state.applied[MIXER]
    door(farm, True, 900)
    hand = Override("1", MIXER, 90.0, "wang", farm.now_s + 600.0)
    farm.scan([hand])
    assert farm.state.applied[MIXER] == 90.0
    farm.scan([hand._replace(value=None)])
    farm.run(2)
    assert farm.state.applied[MIXER] == 10.0
    farm.scan([RuleSwitch("wish-0001", "fa.z.r", 3600.0, "too warm", "li", farm.now_s)])
    farm.run(60)
    assert farm.order(MIXER).owner == "fa.z.vent_loop"
    assert farm.state.applied[MIXER] > min(stood, 40.0) - 5.0


def test_a_limit_on_its_way_goes_on_after_a_restart():
    farm = farm_with(limit_max=MIXER, to="10 %", rate="6 %/min")
    before = door(farm, True, 120)
    new = Farm(farm.core, farm.now_s + 60.0, json.loads(json.dumps(to_plain(farm.state))))
    new.says = dict(farm.says)
    new.run(5)
    assert before - 10.0 <= new.state.applied[MIXER] <= before
    new.run(900)
    assert new.state.applied[MIXER] == 10.0


def test_a_limit_that_has_arrived_holds_from_the_first_seconds_after_a_restart():
    farm = farm_with(limit_max=MIXER, to="10 %", rate="6 %/min")
    door(farm, True, 900)
    new = Farm(farm.core, farm.now_s + 20.0, json.loads(json.dumps(to_plain(farm.state))))
    new.says = dict(farm.says)
    new.scan()
    for _ in range(120):
        new.scan()
        assert new.order(MIXER).value == 10.0


def test_from_the_scan_in_which_the_rule_is_off_it_is_told_that_it_lets_go():
    farm = farm_with(limit_max=MIXER, to="10 %", rate="1 %/min")
    assert door(farm, True, 6000) == 10.0
    assert door(farm, False, 3) == 10.0
    assert farm.order(MIXER).because.key == "rule_lets_go"
    assert door(farm, True, 3) == 10.0
    assert farm.order(MIXER).because.key == "rule"


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0.0, 100.0), st.floats(-5000.0, 5000.0)), max_size=60),
    st.floats(0.0, 100.0), st.sampled_from([0.0, 100.0]), st.floats(1e-3, 10.0),
)  # fmt: skip
def test_whatever_comes_it_stays_in_bounds_and_is_gone_only_while_the_rule_is_off(steps, to, end, rate):
    ramp, now_s = GONE, 1e9
    for on, stands, later_s in steps:
        before, now_s = ramp, max(now_s + later_s, 1.0)
        ramp = crept(before, to, end, rate, on, stands, now_s)
        if ramp is GONE:
            assert not on
            continue
        assert min(to, end) <= ramp.value <= max(to, end)
        if before is not GONE:
            moved = abs(ramp.value - before.value)
            assert moved <= rate * max(now_s - before.at_s, 0.0) + 1e-9
            assert moved == 0.0 or moved >= STEP - 1e-9 or ramp.value in (to, end)


def test_it_moves_in_steps_that_a_record_can_bear():
    ramp = crept(GONE, 30.0, 100.0, 1.0 / 60.0, True, 80.0, 1000.0)
    assert ramp == Ramp(80.0, 1000.0)
    seen = set()
    for second in range(1, 3601):
        ramp = crept(ramp, 30.0, 100.0, 1.0 / 60.0, True, 80.0, 1000.0 + second)
        seen.add(ramp.value)
    assert ramp.value == 30.0
    assert len(seen) <= 52
