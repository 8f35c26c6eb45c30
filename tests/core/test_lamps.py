"""Supplementary light: what the sun will not bring, from the cheapest half hours that are left."""

from copy import deepcopy
from itertools import combinations
from math import ceil, isfinite
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.state import to_plain
from controller.core.strategies.lamps import SLOT_S, SLOTS, LampSettings, Lit, Sky, cheapest, power, supplement
from controller.core.strategies.lamps_loop import LampLoop
from foundation.reading import Quality, Reason
from tests.core.small_site import START_S, Farm, core_of, document
from tests.core.test_programs import at

HPS = LampSettings(150e-6 * SLOT_S, False)
"""150 umol/m2/s: 0.27 mol/m2 a half hour."""
ALLOWED = list(range(8, 40))
"""From four to twenty o'clock."""
PRICES = [0.3 if slot < 14 else 1.0 for slot in range(SLOTS)]
SUN = [0.0] * 14 + [0.5] * 20 + [0.0] * 14


def day(state: Lit, number: int, sun: float = 1.0, wanted: float = 14.0, known: bool = True) -> tuple[Lit, list[int]]:
    """One day of so much sun; the half hours with light, and its sum in `accrued`."""
    midnight, accrued, shines, lit = number * 86400.0, 0.0, 0.0, []
    for step in range(SLOTS * 6):
        slot = step // 6
        sky = Sky(midnight + step * 300.0, midnight, wanted, accrued if known else None, shines, False, 1.0)
        state = supplement(HPS, state, sky, ALLOWED, PRICES)
        shines = power(HPS, state, sky)
        if shines and (not lit or lit[-1] != slot):
            lit.append(slot)
        accrued += SUN[slot] * sun / 6 + HPS.gives_mol * shines / 6
    return state._replace(accrued=accrued), lit


def test_while_nothing_is_known_of_the_sun_the_lamps_wait_for_the_evening_but_for_cheap_hours():
    _, lit = day(Lit(), 1, wanted=8.0)
    assert lit == [8, 9, 10, 11, 12, 13]
    _, lit = day(Lit(), 1, sun=0.5, wanted=8.0)
    assert lit[6:] == [35, 36, 37, 38, 39]


def test_once_the_sun_is_known_the_cheap_hours_before_dawn_bring_what_it_leaves():
    state, _ = day(Lit(), 1)
    state, lit = day(state, 2)
    # ten of fourteen come from the sun; the other four take 15 half hours of 0.27, six of them cheap
    assert lit[:6] == [8, 9, 10, 11, 12, 13]
    assert lit[6:] == [31, 32, 33, 34, 35, 36, 37, 38, 39]
    assert 13.8 <= state.accrued <= 14.3


def test_a_dull_day_gets_more_light_in_the_evening_and_a_bright_one_none_after_its_sum():
    state, _ = day(Lit(), 1)
    dull, lit = day(state, 2, sun=0.6)
    assert 13.6 <= dull.accrued <= 14.3
    assert len(lit) > 15
    _, lit = day(state, 2, sun=1.5)
    assert lit == [8, 9, 10, 11, 12, 13]


def test_what_the_sun_usually_brings_follows_the_last_days():
    state, _ = day(Lit(), 1)
    usual = [sum(state.usual)]
    for number in (2, 3, 4):
        state, _ = day(state, number, sun=0.5)
        usual.append(sum(state.usual))
    assert usual[0] == 0.0  # the first day is not over
    assert usual[1] == pytest.approx(10.0, abs=0.3)
    assert 5.0 < usual[3] < usual[2] < 9.0


def test_with_the_light_sum_lost_the_usual_sun_is_counted_and_the_lamps_do_not_run_all_day():
    state, _ = day(Lit(), 1)
    _, lit = day(state, 2, known=False)
    assert 13 <= len(lit) <= 17


def test_a_light_sum_that_is_not_known_for_a_moment_costs_no_half_hour_of_lamps_on_a_bright_day():
    state = Lit(slot=29, day_s=0.0, at_s=30 * SLOT_S - 10.0, usual=tuple(SUN), today=tuple(1.5 * one for one in SUN))
    sky = Sky(30 * SLOT_S, 0.0, 14.0, 12.0, 0.0, False, 1.0)
    assert supplement(HPS, state._replace(accrued=12.0), sky, ALLOWED, [1.0] * SLOTS).share == 0.0
    assert supplement(HPS, state._replace(accrued=12.0), sky._replace(accrued=None), [30], [1.0] * SLOTS).share == 0.0


@settings(max_examples=60)
@given(st.lists(st.floats(0, 10), min_size=7, max_size=7), st.floats(0.1, 3.0), st.floats(0.0, 3.0))
def test_no_choice_of_half_hours_is_cheaper(prices, each, missing):
    shares = cheapest(range(7), prices, missing, each)
    assert sum(shares.values()) * each == pytest.approx(min(missing, 7 * each))
    whole = ceil(round(missing / each, 9))
    if whole <= 7:
        best = min(sum(prices[i] for i in chosen) for chosen in combinations(range(7), whole))
        assert sum(prices[slot] * share for slot, share in shares.items()) <= best + 1e-9


def test_bright_sun_and_the_power_cap_keep_the_lamps_off():
    state = Lit(share=1.0)
    sky = Sky(0.0, 0.0, 14.0, 0.0, 0.0, False, 1.0)
    assert power(HPS, state, sky) == 1.0
    assert power(HPS, state, sky._replace(bright=True)) == 0.0
    assert power(HPS, state, sky._replace(room=0.6)) == 0.0
    led = LampSettings(HPS.gives_mol, True)
    assert power(led, state, sky._replace(room=0.6)) == 0.6
    assert power(led, state, sky._replace(room=-1.0)) == 0.0


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 10.0, 1800.0, 90000.0, 3.2e7]),
            st.one_of(st.none(), st.floats(-1e6, 1e6)),
            st.one_of(st.none(), st.floats(-1e6, 1e6)),
            st.floats(-1.0, 2.0),
        ),
        max_size=25,
    )
)
def test_whatever_it_is_told_it_asks_for_something_between_off_and_full(steps):
    state, now_s = Lit(), 0.0
    for after_s, wanted, accrued, room in steps:
        now_s += after_s
        sky = Sky(now_s, now_s // 86400.0 * 86400.0, wanted, accrued, 1.0, False, room)
        state = supplement(LampSettings(0.27, True), state, sky, ALLOWED, PRICES)
        assert 0.0 <= power(LampSettings(0.27, True), state, sky) <= 1.0
        assert all(isfinite(one) for one in (state.missing, state.given, *state.usual, *state.today))


def site(**more: Any) -> dict[str, Any]:
    made = deepcopy(document())
    made["outputs"]["fa.z.lamp"]["power"] = "20 kW"
    made["loops"] = {
        "fa.z.light": {
            "type": "lamps", "out": "fa.z.lamp", "sp": "fa.z.sum_sp", "accrued": "fa.z.dli",
            "gives": "150 umol/m2/s", "from": "04:00", "to": "20:00",
            "tariff": [{"from": "22:00", "price": 0.3}, {"from": "11:00", "price": 0.2}, {"from": "13:00", "price": 1}],
            **more,
        }
    }  # fmt: skip
    made["programs"] = {"fa.z.sum_sp": {"value": "1 mol/m2/d", "limits": ["0 mol/m2/d", "30 mol/m2/d"]}}
    made["rules"], made["interlocks"], made["alarms"] = [], {}, {}
    made["tags"] = {name: one for name, one in made["tags"].items() if not {"derive", "vote"} & one.keys()}
    return made


def lit_at(farm: Farm, minutes: list[int]) -> list[bool]:
    """So many minutes after 10:40 on."""
    found = []
    for minute in minutes:
        farm.run(minute * 60 - (farm.now_s - START_S), after_s=10.0)
        found.append(farm.order("fa.z.lamp").value > 0.0)
    return found


def test_in_the_scan_the_cheap_noon_is_taken_and_a_restart_keeps_the_half_hour():
    farm = Farm(core_of(site()))
    farm.says = {"fa.z.ppfd": 20.0}
    # 1 mol is four half hours: the four of the cheap noon
    assert lit_at(farm, [5]) == [False]
    assert farm.order("fa.z.lamp").because.key == "lamps_later"
    assert lit_at(farm, [25, 100]) == [True, True]
    assert farm.order("fa.z.lamp").because.key == "lamps"
    again = Farm(farm.core, farm.now_s, to_plain(farm.state))
    again.says = {"fa.z.ppfd": 20.0}
    again.run(2)
    assert again.order("fa.z.lamp").value > 0.0


def test_before_the_first_change_of_the_day_yesterdays_last_price_holds():
    loop = core_of(site()).plan.loops[0]
    assert isinstance(loop, LampLoop)
    prices = loop._prices(loop.calendar.day(START_S))
    assert [prices[slot] for slot in (0, 21, 22, 25, 26, 43, 44)] == [0.3, 0.3, 0.2, 0.2, 1.0, 1.0, 0.3]


def test_under_a_cap_the_lamps_own_power_does_not_put_them_out():
    made = site(peak={"of": "fa.z.free", "most": "50 kW"})
    made["programs"]["fa.z.sum_sp"]["value"] = "20 mol/m2/d"
    farm = Farm(core_of(made))
    farm.says = {"fa.z.ppfd": 20.0, "fa.z.free": 25.0}
    assert lit_at(farm, [25]) == [True]
    farm.says["fa.z.free"] = 45.0
    assert lit_at(farm, [28]) == [True]
    assert farm.order("fa.z.lamp").value == 100.0
    farm.says["fa.z.free"] = 60.0
    farm.run(10, after_s=10.0)
    assert farm.order("fa.z.lamp").value == pytest.approx(50.0)
    assert farm.order("fa.z.lamp").because.key == "lamps_peak"


def test_lamps_that_the_sun_puts_out_say_so_and_not_that_they_make_good_for_it():
    made = site(bright={"of": "fa.z.free", "above": "400 W/m2"})
    made["tags"]["fa.z.free"] = {"unit": "W/m2"}
    made["programs"]["fa.z.sum_sp"]["value"] = "20 mol/m2/d"
    farm = Farm(core_of(made))
    farm.says = {"fa.z.ppfd": 20.0, "fa.z.free": 100.0}
    assert lit_at(farm, [25]) == [True]
    farm.says["fa.z.free"] = 600.0
    assert lit_at(farm, [28]) == [False]
    assert farm.order("fa.z.lamp").because.key == "lamps_bright"


def test_a_power_meter_that_is_lost_keeps_the_lamps_off_under_a_cap():
    farm = Farm(core_of(site(peak={"of": "fa.z.free", "most": "50 kW"})))
    farm.says = {"fa.z.ppfd": 20.0, "fa.z.free": 25.0}
    assert lit_at(farm, [25]) == [True]
    farm.says["fa.z.free"] = Reason.COMM
    assert lit_at(farm, [28]) == [False]


def test_in_the_scan_a_light_sensor_that_is_lost_in_the_morning_does_not_keep_the_lamps_on_all_day():
    made = site(tariff=[])
    made["programs"]["fa.z.sum_sp"]["value"] = "14 mol/m2/d"
    farm = Farm(core_of(made), start_s=at("2026-02-02T00:00:00"))
    lit_h, light = 0.0, 0.0
    for step in range(2 * 1440):
        day, hour = divmod(step / 60.0, 24.0)
        shines = farm.state.applied.get("fa.z.lamp", 0.0) / 100.0
        ppfd = 300.0 * (7.0 <= hour < 17.0) + 150.0 * shines
        lit_h, light = lit_h + (shines > 0.0) * day / 60.0, light + ppfd * day * 60e-6
        farm.says = {"fa.z.ppfd": Reason.COMM if day and hour >= 9.0 else ppfd}
        farm.scan(after_s=60.0)
    # 10.8 mol of fourteen come from the sun; the lamps bring 0.54 an hour
    assert farm.quality("fa.z.dli")[0] is Quality.UNCERTAIN
    assert lit_h == pytest.approx(6.0, abs=0.6)
    assert light == pytest.approx(14.0, abs=0.4)
