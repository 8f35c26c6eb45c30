"""Watering by radiation: rounds, litres, wrong flow, bad water, and what the drain says."""

from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from math import isfinite
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.state import from_plain, to_plain
from controller.core.strategies.irrigation import IrrigationSettings, Look, Round, irrigate
from controller.core.words import Reset, Snapshot
from foundation.reading import Reason, good
from tests.core.small_site import START_S, Farm, core_of, document
from tests.core.test_programs import at

EASY = IrrigationSettings(
    2, 80.0, 0.0023, 500.0, 0.5, True, 3.0 / 3600.0, 900.0, 4 * 3600.0, 2.0, 3600.0, 180.0, 4.5, 0.05,
    ((500.0, 0.0, 10.0), (1000.0, 10.0, 20.0), (9999.0, 30.0, 40.0)),
)  # fmt: skip
"""Two valves of 500 m2 at 0.5 L/s; a shot is 92 L, or 184 s."""
NOON = Look(36000.0, 0.0, 28800.0, 61200.0, 400.0, None, None, "good", True, None, 0.0, None, False, 0.0)


def water(state: Round, seconds: int, look: Look = NOON, each_s: int = 5, **changes: Any) -> tuple[Round, list[float]]:
    """So long of one weather; when each shot began."""
    began: list[float] = []
    for _ in range(seconds // each_s):
        look = look._replace(now_s=look.now_s + each_s, **changes)
        flow = 0.5 if state.phase == "open" and look.flow_l_s is None else look.flow_l_s
        after = irrigate(EASY, state, look._replace(flow_l_s=flow))
        if after.phase == "open" and (state.phase != "open" or after.valve != state.valve):
            began.append(look.now_s)
        state = after
    return state, began


def rested(**changes: Any) -> Round:
    return Round(faults=(False, False), ended_s=NOON.now_s - 3600.0, at_s=NOON.now_s, day_s=0.0, light=0.04)._replace(
        **changes
    )


def test_a_round_comes_each_time_the_sun_has_given_its_sum():
    state, began = water(rested(), 3 * 3600)
    # 400 W/m2 are 144 J/cm2 an hour: 80 take 2000 s, and the second valve follows the first
    first = began[::2]
    assert len(first) == 5
    assert all(b - a == 2000 for a, b in pairwise(first))
    assert began[1] - began[0] == 190
    assert state.sum_j_cm2 < 80.0


def test_the_first_round_of_a_day_waits_for_its_sum_and_no_longer_than_the_longest_rest():
    waits = replace(EASY, first_j_cm2=150.0)
    dawn = NOON._replace(now_s=NOON.begins_s)
    for light, first_s in ((200.0, 150.0 / 72.0 * 3600.0), (10.0, 4 * 3600.0)):
        state = Round(faults=(False, False), ended_s=-50_000.0, at_s=dawn.now_s, day_s=0.0, light=light * 1e-4)
        look, began = dawn, []
        while look.now_s < dawn.now_s + 5 * 3600 and not began:
            look = look._replace(now_s=look.now_s + 5, radiation_w_m2=light)
            state = irrigate(waits, state, look)
            began += [look.now_s] if state.phase == "open" else []
        assert began[0] - dawn.now_s == pytest.approx(first_s, abs=20.0)


def test_dry_air_brings_the_round_forward_and_the_longest_rest_waters_without_any_sun():
    _, dry = water(rested(), 3600, deficit_g_m3=10.0)
    _, humid = water(rested(), 3600, deficit_g_m3=0.0)
    assert dry[0] < humid[0]
    _, dull = water(rested(light=0.0, ended_s=NOON.now_s), 5 * 3600, radiation_w_m2=0.0)
    assert dull[0] == NOON.now_s + 4 * 3600
    _, blind = water(rested(light=0.0, ended_s=NOON.now_s), 5 * 3600, radiation_w_m2=None)
    assert blind == dull


SLAB = replace(EASY, slab=((200.0, 8.0), (400.0, 6.0), (600.0, 5.0), (800.0, 4.0), (1000.0, 3.8)))
"""A tomato's slab (control.md 6.1)."""


@pytest.mark.parametrize(
    ("light", "ec", "is_salty"),
    [(100.0, 7.9, False), (100.0, 8.1, True), (300.0, 6.9, False), (300.0, 7.1, True), (400.0, 6.1, True),
     (700.0, 4.4, False), (700.0, 4.6, True), (1100.0, 3.7, False), (1100.0, 3.9, True), (1100.0, None, False)],
)  # fmt: skip
def test_a_slab_bears_the_less_salt_the_brighter_it_is(light: float, ec: float | None, is_salty: bool):
    look = NOON._replace(radiation_w_m2=light, slab_ec=ec)
    state = irrigate(SLAB, rested(at_s=0.0), look)
    assert (state.salty_s >= 0.0) is is_salty


def test_a_slab_too_salty_gets_its_rounds_a_quarter_sooner_until_it_is_well_below():
    def rounds(ec: float | None) -> list[float]:
        state, look, began = rested(hour_w_m2=400.0), NOON, []
        for _ in range(3 * 720):
            look = look._replace(now_s=look.now_s + 5, slab_ec=ec, flow_l_s=0.5 if state.phase == "open" else None)
            after = irrigate(SLAB, state, look)
            if after.phase == "open" and state.phase != "open" and after.valve == 0:
                began.append(look.now_s)
            state = after
        return began

    plain, salty = rounds(5.0), rounds(6.5)
    assert rounds(None) == plain
    assert all(b - a == 2000 for a, b in pairwise(plain))
    assert all(b - a == 1600 for a, b in pairwise(salty))
    state = irrigate(SLAB, rested(hour_w_m2=400.0), NOON._replace(slab_ec=6.1))
    for ec, stays in ((5.8, True), (5.6, False)):
        state = irrigate(SLAB, state, NOON._replace(now_s=NOON.now_s + 5, slab_ec=ec))
        assert (state.salty_s >= 0.0) is stays


def test_a_cloud_makes_no_salty_slab_good():
    state, look = rested(hour_w_m2=900.0, salty_s=NOON.now_s - 600.0), NOON._replace(slab_ec=4.5)
    for _ in range(120):
        look = look._replace(now_s=look.now_s + 5, radiation_w_m2=100.0)
        state = irrigate(SLAB, state, look)
    assert state.salty_s == NOON.now_s - 600.0


def test_nothing_is_watered_outside_its_hours_nor_before_fifteen_minutes_of_rest():
    night = NOON._replace(begins_s=50000.0)
    assert water(rested(sum_j_cm2=500.0), 3600, night)[1] == []
    _, began = water(rested(sum_j_cm2=500.0, ended_s=NOON.now_s), 3600)
    assert began[0] == NOON.now_s + 900


def test_a_shot_is_so_many_litres_by_the_meter():
    state, began = water(rested(sum_j_cm2=80.0), 400, flow_l_s=0.4)
    assert began[1] - began[0] == 235  # 92 L at 0.4 L/s take 230 s, and the next valve waits a little
    state, _ = water(rested(sum_j_cm2=80.0), 220, flow_l_s=0.4)
    assert 84.0 <= state.given_l <= 88.0


def test_a_valve_with_the_wrong_flow_is_shut_within_half_a_minute_and_the_next_one_goes_on():
    for flow in (0.2, 0.9):
        state, began = water(rested(sum_j_cm2=80.0), 60, flow_l_s=flow, each_s=1)
        assert state.faults == (True, False)
        assert began[1] - began[0] <= 35
    state, _ = water(rested(sum_j_cm2=80.0), 6 * 3600, flow_l_s=0.2)
    assert state.faults == (True, True)
    assert state.phase == "rest"


def test_a_valve_that_is_out_of_use_is_left_out_of_the_next_round():
    state, began = water(rested(sum_j_cm2=80.0, faults=(True, False)), 600)
    assert len(began) == 1
    assert state.valve == 1
    assert state.phase == "rest"


def test_what_was_not_seen_or_not_given_is_not_made_good_for_all_at_once():
    state = irrigate(EASY, rested(), NOON._replace(now_s=NOON.now_s + 7200.0))
    assert state.sum_j_cm2 == 0.0  # nobody saw two hours of sun
    state, _ = water(rested(), 6 * 3600, NOON._replace(begins_s=NOON.now_s + 5 * 3600.0))
    assert state.sum_j_cm2 <= 160.0


def test_a_valve_that_a_hand_keeps_shut_gives_no_litres_and_the_round_ends_all_the_same():
    state, _ = water(rested(sum_j_cm2=80.0), 100, runs=False)
    assert (state.phase, state.given_l) == ("open", 0.0)
    state, _ = water(state, 1200, NOON._replace(now_s=state.at_s), runs=False)
    assert state.phase == "rest"


def test_water_that_is_out_of_its_limits_for_a_minute_stops_and_plain_water_goes_out_by_the_clock():
    state, _ = water(rested(sum_j_cm2=80.0), 30)
    assert state.phase == "open"
    state, _ = water(state, 50, NOON._replace(now_s=state.at_s), water="out")
    assert state.held_s < 0
    state, _ = water(state, 30, NOON._replace(now_s=state.at_s), water="out")
    assert state.held_s > 0
    assert state.phase == "rest"
    later = NOON._replace(now_s=state.at_s)
    state, began = water(state, 3 * 3600, later, water="lost")
    assert state.plain
    assert len(began) == 4  # two valves, twice: every hour from the end of the last round
    state, _ = water(state, 65, NOON._replace(now_s=state.at_s))
    assert state.held_s < 0


def test_water_of_unknown_quality_is_never_given():
    assert water(rested(sum_j_cm2=500.0), 50, water="lost")[1] == []


def test_salty_drain_gets_more_water_once_in_three_rounds_and_each_sample_counts_once():
    noon = NOON._replace(correct=True, drain_ec=5.0, drain_at_s=1000.0)
    state = irrigate(EASY, rested(rounds=3), noon._replace(now_s=36010.0))
    assert abs(state.gives - 0.0023 * 1.025) < 1e-9
    again = irrigate(EASY, state._replace(rounds=3), noon._replace(now_s=36020.0))
    assert again.gives == state.gives
    much = irrigate(EASY, rested(rounds=3), noon._replace(now_s=36010.0, drain_ec=12.0))
    assert abs(much.gives - 0.0023 * 1.05) < 1e-9
    assert irrigate(EASY, rested(rounds=2), noon._replace(now_s=36010.0)).gives == 0.0


def test_a_drain_that_runs_already_is_not_made_to_run_more():
    noon = NOON._replace(now_s=36010.0, correct=True, drain_ec=5.0, drain_at_s=1000.0, drain_share=15.0)
    assert irrigate(EASY, rested(rounds=3, day_j_cm2=300.0), noon).gives == 0.0023
    assert irrigate(EASY, rested(rounds=3, day_j_cm2=800.0), noon).gives > 0.0023
    fresh = noon._replace(drain_ec=3.0, drain_share=5.0)
    assert irrigate(EASY, rested(rounds=3, day_j_cm2=800.0), fresh).gives == 0.0023


def test_drain_that_is_told_of_on_the_next_day_is_judged_by_the_sun_of_its_own():
    day = NOON._replace(now_s=86_400.0 + 36_010.0, day_s=86_400.0, begins_s=115_200.0, ends_s=147_600.0)
    told = day._replace(correct=True, drain_ec=5.0, drain_at_s=45_000.0, drain_share=15.0, radiation_w_m2=0.0)
    for sun, more in ((300.0, 1.0), (800.0, 1.025)):  # 15 % is much on a dull day, and right on this one
        state = irrigate(EASY, rested(rounds=3, day_j_cm2=sun, at_s=86_390.0), day._replace(now_s=86_410.0))
        assert irrigate(EASY, state, told).gives == pytest.approx(0.0023 * more)
    after_days = rested(rounds=3, day_j_cm2=800.0, day_s=-86_400.0)
    assert irrigate(EASY, after_days, told).gives == 0.0


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([-1000.0, 0.0, 0.5, 1.0, 5.0, 30.0, 3600.0, 3.2e7]),
            st.one_of(st.none(), st.floats(-1e9, 1e9)),
            st.one_of(st.none(), st.floats(-1e9, 1e9)),
            st.sampled_from(["good", "out", "lost"]),
            st.booleans(),
            st.one_of(st.none(), st.floats(-1e6, 1e6)),
        ),
        max_size=40,
    )
)
def test_whatever_happens_it_stays_finite_and_no_shot_is_longer_than_it_may_be(steps):
    state, now_s = Round(faults=(False, False)), 36000.0
    for after_s, light, flow, quality, runs, ec in steps:
        now_s = max(now_s + after_s, 0.0)
        look = NOON._replace(
            now_s=now_s, radiation_w_m2=light, deficit_g_m3=light, flow_l_s=flow, water=quality, runs=runs,
            drain_ec=ec, drain_at_s=now_s, correct=True,
        )  # fmt: skip
        before, state = state, irrigate(EASY, state, look)
        assert all(isfinite(one) for one in state if isinstance(one, float))
        assert state.gives == 0.0 or 0.5 * EASY.gives <= state.gives <= 2.0 * EASY.gives
        if state.phase == "open":
            assert 0.0 <= now_s - state.since_s < EASY.longest_s(state)
            assert not state.faults[state.valve]
            assert state.plain or before.phase == "open" or state.held_s < 0


def site() -> dict[str, Any]:
    """The small site's fan and siren as valves, the rescue as pump, the heater's place for plain water."""
    made = deepcopy(document())
    made["tags"]["fa.z.free"]["unit"] = "W/m2"
    made["tags"]["fa.z.fed"]["unit"] = "m3/h"
    made["loops"] = {
        "fa.z.watering": {
            "type": "irrigation", "out": ["fa.z.siren", "fa.z.co2_valve"], "pump": "fa.z.feeder",
            "radiation": "fa.z.free", "every": "80 J/cm2", "gives": "2.3 mL/m2/(J/cm2)", "area": "500 m2",
            "rate": "30 L/min", "flow": "fa.z.fed", "rest": {"most": "3 h"}, "from": "08:00", "to": "18:00",
            "quality": [{"of": "fa.z.ec", "limits": ["1 mS/cm", "4 mS/cm"]}],
        }
    }  # fmt: skip
    made["programs"], made["rules"], made["interlocks"], made["alarms"] = {}, [], {}, {}
    made["tags"] = {name: one for name, one in made["tags"].items() if not {"derive", "vote", "integrate"} & one.keys()}
    return made


def test_in_the_scan_valve_and_pump_open_together_and_a_restart_in_a_shot_goes_on_with_it():
    farm = Farm(core_of(site()))
    farm.says = {"fa.z.free": 300.0, "fa.z.ec": 2.0, "fa.z.fed": 1.8}
    farm.run(30)
    assert farm.order("fa.z.siren").value == 100.0
    assert farm.order("fa.z.feeder").value == 100.0
    assert farm.order("fa.z.siren").because.key == "irrigation"
    farm.run(60)
    again = Farm(farm.core, farm.now_s, to_plain(farm.state))
    again.says = farm.says
    again.run(10)
    assert again.order("fa.z.siren").value == 100.0
    assert again.state.blocks["fa.z.watering"].given_l > 30.0
    again.run(200)
    assert again.order("fa.z.siren").value == 0.0
    assert again.told("watered") == ["fa.z.watering"]


def test_a_state_from_when_there_were_more_valves_starts_afresh_with_what_was_learned():
    farm = Farm(core_of(site()))
    farm.says = {"fa.z.free": 300.0, "fa.z.ec": 2.0, "fa.z.fed": 1.8}
    farm.run(250)
    kept = to_plain(farm.state)
    assert kept["blocks"]["fa.z.watering"][:2] == ["open", 1]
    fewer = site()
    fewer["loops"]["fa.z.watering"]["out"] = ["fa.z.siren"]
    again = Farm(core_of(fewer), farm.now_s, kept)
    again.says = farm.says
    again.run(10)
    assert again.told("block_failed") == []
    assert again.state.blocks["fa.z.watering"].faults == (False,)


def test_wrong_flow_is_an_alarm_until_somebody_resets_it():
    farm = Farm(core_of(site()))
    farm.says = {"fa.z.free": 300.0, "fa.z.ec": 2.0, "fa.z.fed": 0.2}
    farm.run(90)
    assert [alarm.id for alarm in farm.standing] == ["water_flow:fa.z.watering"]
    farm.scan([Reset("1", "fa.z.watering", "wang", farm.now_s)])
    farm.run(3)
    assert farm.standing == ()


def test_plain_water_goes_through_its_own_valve_and_the_plants_valve():
    made = site()
    made["loops"]["fa.z.watering"]["plain_water"] = {"out": "fa.z.fan", "every": "20 min", "run": "3 min"}
    farm = Farm(core_of(made))
    farm.says = {"fa.z.free": 300.0, "fa.z.ec": 9.0, "fa.z.fed": 1.8}
    farm.run(60)
    assert farm.order("fa.z.fan").value == 0.0
    farm.run(1260)
    assert (farm.order("fa.z.fan").value, farm.order("fa.z.siren").value) == (100.0, 100.0)
    assert farm.order("fa.z.fan").because.key == "irrigation_plain"


@pytest.mark.parametrize(
    ("sampled", "told", "counts"),
    [("08:00", "12:00", False), ("12:30", "12:40", True), ("12:30", "14:10", True), ("14:30", "14:40", False)],
)
def test_drain_counts_by_when_it_was_sampled_not_by_when_it_was_told(sampled: str, told: str, counts: bool):
    made = site()
    made["tags"]["fa.z.drain_ec"] = {"unit": "mS/cm", "entry": "lab", "stale": "2 d"}
    made["loops"]["fa.z.watering"]["drain"] = {
        "ec": "fa.z.drain_ec", "wanted": "4.5 mS/cm", "gain": "5 %/(mS/cm)", "from": "11:00", "to": "14:00",
    }  # fmt: skip
    farm = Farm(core_of(made), at(f"2026-02-02T{told}:00"))
    midnight_s = at("2026-02-02T00:00:00")
    watered = Round(faults=(False, False), ended_s=farm.now_s - 60.0, day_s=midnight_s, rounds=3)
    farm.state = replace(farm.state, blocks={**farm.state.blocks, "fa.z.watering": watered})
    farm.scan()
    reading = good("fa.z.drain_ec", 6.0, at(f"2026-02-02T{sampled}:00"))
    farm.state = farm.core.scan(farm.state, Snapshot((reading,)), farm.now_s + 1.0).state
    farm.now_s += 1.0
    farm.run(20)
    assert (farm.state.blocks["fa.z.watering"].gives > 0.0) is counts


def test_a_drain_probe_that_speaks_all_the_time_is_not_waited_for_anew_each_time():
    noon = NOON._replace(correct=True, drain_ec=5.0, share_is_late=True)
    state, learned = rested(rounds=3), []
    for minute in range(40):
        now_s = 36_010.0 + 60.0 * minute
        state = irrigate(EASY, state._replace(rounds=3), noon._replace(now_s=now_s, drain_at_s=now_s))
        learned.append(state.gives > 0.0)
    assert learned.index(True) == 30


def test_the_drain_is_judged_by_the_share_of_its_own_day_for_which_it_waits_a_while():
    made = site()
    made["tags"] |= {
        "fa.z.drain_ec": {"unit": "mS/cm", "entry": "lab", "stale": "2 d"},
        "fa.z.drain_share": {"unit": "%", "entry": "lab", "stale": "36 h"},
    }
    made["loops"]["fa.z.watering"]["drain"] = {
        "ec": "fa.z.drain_ec", "wanted": "4.5 mS/cm", "gain": "5 %/(mS/cm)", "from": "11:00", "to": "14:00",
        "share": "fa.z.drain_share",
        "by_sum": [["3000 J/cm2", "10 %", "30 %"]],
    }  # fmt: skip
    noon_s = at("2026-02-02T12:40:00")

    def learned(*told: tuple[float, str, float, float], after_s: float) -> float:
        farm = Farm(core_of(made), noon_s)
        watered = Round(
            faults=(False, False), ended_s=noon_s - 60.0, day_s=at("2026-02-02T00:00:00"), rounds=3, day_j_cm2=500.0
        )  # fmt: skip
        farm.state = replace(farm.state, blocks={**farm.state.blocks, "fa.z.watering": watered})
        farm.scan()
        for wait_s, tag, value, ago_s in told:
            farm.now_s += wait_s
            reading = good(f"fa.z.{tag}", value, noon_s - ago_s)
            farm.state = farm.core.scan(farm.state, Snapshot((reading,)), farm.now_s).state
        farm.run(after_s)
        return farm.state.blocks["fa.z.watering"].gives

    yesterday, salt = (1.0, "drain_share", 45.0, 86_400.0), (1.0, "drain_ec", 6.0, 600.0)
    assert learned(yesterday, salt, after_s=60) == 0.0  # that of today may come yet
    assert learned(yesterday, salt, (300.0, "drain_share", 15.0, 600.0), after_s=20) > 0.0
    assert learned(yesterday, salt, (300.0, "drain_share", 45.0, 600.0), after_s=20) == pytest.approx(0.0023)
    assert learned(yesterday, salt, after_s=1900) > 0.0  # nobody told of it


def test_a_lost_ec_probe_stops_the_watering_with_an_alarm():
    farm = Farm(core_of(site()), START_S)
    farm.says = {"fa.z.free": 300.0, "fa.z.ec": Reason.COMM, "fa.z.fed": 1.8}
    farm.run(120)
    assert farm.order("fa.z.siren").value == 0.0
    assert "water_quality:fa.z.watering" in [alarm.id for alarm in farm.standing]
    kept = from_plain(to_plain(farm.state), farm.core.plan.fresh, farm.now_s)
    assert kept.blocks["fa.z.watering"] == farm.state.blocks["fa.z.watering"]
