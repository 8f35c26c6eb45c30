"""Screens, blankets and vents: closed and opened with delays, opened in steps, bands that widen, motors that rest."""

from copy import deepcopy
from math import isfinite
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.actuators import OVERRUN, Motor, ThreePointMotor
from controller.core.strategies.cover import Covering, CoverSettings, Step, cover
from foundation.messages import LANGUAGES, catalogue
from foundation.reading import Reason
from tests.core.small_site import START_S, Farm, core_of, document

BLANKET = CoverSettings(600.0, 600.0, (Step(70.0, 100.0, 900.0),), 2.0, 900.0, 100.0, 7200.0)
SCREEN = CoverSettings(60.0, 300.0, (Step(90.0, 1.0, 60.0),), 1.0, 300.0, 0.0, 600.0)


def during(
    state: Covering, settings: CoverSettings, seconds: int, close: bool | None, air: float | None = 20.0,
    fall_per_min: float = 0.0, open_: bool | None = None,
) -> Covering:  # fmt: skip
    begin_s = state.moved_s if state.moved_s else 1000.0
    now_s = DURING.get("now_s", begin_s)
    for _ in range(seconds // 10):
        now_s += 10.0
        if air is not None:
            air -= fall_per_min / 6
        asked = open_ if open_ is not None else None if close is None else not close
        state = cover(settings, state, close, asked, air, now_s)
    DURING["now_s"] = now_s
    return state


DURING: dict[str, float] = {}
ALARM_PARTS = ("cause", "consequence", "response")


@pytest.fixture(autouse=True)
def from_the_beginning() -> None:
    DURING.clear()


def test_the_blanket_comes_up_a_third_then_waits_and_then_goes_on():
    state = during(Covering(), BLANKET, 60, True)
    assert state.position == 100.0
    state = during(state, BLANKET, 590, False)
    assert state.position == 100.0  # ten minutes of light first
    state = during(state, BLANKET, 30, False)
    assert state.position == 70.0
    state = during(state, BLANKET, 870, False)
    assert state.position == 70.0
    assert during(state, BLANKET, 60, False).position == 0.0


def test_while_the_air_falls_the_blanket_waits_at_its_third():
    state = during(Covering(settled=True), BLANKET, 620, False)
    state = during(state, BLANKET, 850, False, fall_per_min=0.2)
    state = during(state, BLANKET, 30, False, air=17.0)
    state = during(state, BLANKET, 30, False, air=17.0)
    assert state.paused
    assert state.position == 70.0
    assert during(state, BLANKET, 1800, False, air=17.0).position == 0.0  # it falls no more


def test_a_screen_opens_a_hundredth_a_minute_at_first_and_then_all():
    state = during(Covering(settled=True), SCREEN, 310, False)
    assert state.position == 99.0
    state = during(state, SCREEN, 290, False)
    assert state.position == 95.0
    assert during(state, SCREEN, 400, False).position == 0.0


def test_it_closes_after_its_delay_even_in_the_middle_of_an_opening():
    state = during(Covering(settled=True), SCREEN, 400, False)
    assert 90.0 < state.position < 100.0
    state = during(state, SCREEN, 70, True)
    assert state.position == 100.0
    assert state.closed


def test_between_the_two_conditions_it_stays_and_both_at_once_close_it():
    open_ = Covering(settled=True, closed=False, position=0.0)
    assert not during(open_, SCREEN, 3600, False, open_=False).closed
    shut = Covering(settled=True)
    assert during(shut, SCREEN, 3600, False, open_=False).closed
    assert during(open_, SCREEN, 120, True, open_=True).closed


def test_when_nobody_knows_it_stays_for_a_while_and_then_goes_where_the_farm_says():
    state = Covering(settled=True, closed=False, position=0.0)
    state = during(state, BLANKET, 7100, None)
    assert state.position == 0.0
    assert during(state, BLANKET, 200, None).position == 100.0


@settings(max_examples=80)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 1.0, 60.0, 400.0, 3.2e7]),
            st.sampled_from([True, False, None]),
            st.sampled_from([True, False, None]),
            st.one_of(st.none(), st.floats(-1e9, 1e9)),
        ),
        max_size=30,
    )
)
def test_whatever_it_is_told_it_covers_between_nothing_and_all_and_never_opens_while_it_is_to_close(story):
    state, now_s = Covering(), 0.0
    for after_s, close, open_, air in story:
        now_s += after_s
        before, state = state, cover(SCREEN, state, close, open_, air, now_s)
        assert 0.0 <= state.position <= 100.0
        assert all(isfinite(one) for one in state if isinstance(one, float))
        if close and before.closed and before.settled:
            assert state.position == 100.0


def site() -> dict[str, Any]:
    made = deepcopy(document())
    made["tags"]["fa.z.free"]["unit"] = "W/m2"
    made["tags"]["fa.z.band"] = {"derive": "clamp('4 K' + 0.4 * max('0 K', '20 degC' - fa.z.temp_c), '3 K', '16 K')"}
    made["programs"] = {
        "fa.z.gap_sp": {"value": "3 %", "limits": ["0 %", "10 %"]},
        "fa.z.vent_sp": {"value": "20 degC", "limits": ["10 degC", "32 degC"]},
    }
    made["loops"] = {
        "fa.z.screen": {
            "type": "cover", "out": "fa.z.vent", "close": "avg(fa.z.free, '1 min') < '50 W/m2'",
            "open": "avg(fa.z.free, '1 min') > '80 W/m2'", "closes_after": "30 s", "opens_after": "60 s",
            "pause": {"of": "fa.z.temp_a", "falls": "1 K", "within": "5 min"},
            "gap": "fa.z.gap_sp", "on_loss": {"hold": "5 min", "then": "100 %"},
        },
        "fa.z.vents": {
            "type": "p_band", "pv": "fa.z.temp_a", "sp": "fa.z.vent_sp", "out": "fa.z.mixer", "period": "10 s",
            "band": "8 K", "widens": "fa.z.band", "on_loss": "10 %",
        },
    }  # fmt: skip
    made["outputs"]["fa.z.vent"]["dead_zone"] = "1 %"
    made["rules"], made["interlocks"], made["alarms"] = [], {}, {}
    made["tags"] = {name: one for name, one in made["tags"].items() if not {"vote", "integrate"} & one.keys()}
    for name in ("fa.z.vpd", "fa.z.error"):
        del made["tags"][name]
    return made


@pytest.mark.parametrize(("hours", "opening"), [(0.0, 50.0), (10.0, 25.0)])
def test_each_period_has_its_own_band(hours: float, opening: float):
    made = site()
    del made["tags"]["fa.z.band"]
    made["programs"]["fa.z.band"] = {
        "periods": [{"from": "06:00", "value": "4 K"}, {"from": "18:00", "value": "8 K"}], "limits": ["1 K", "16 K"],
    }  # fmt: skip
    farm = Farm(core_of(made), START_S + hours * 3600.0)
    farm.says = {"fa.z.free": 300.0, "fa.z.temp_a": 22.0, "fa.z.temp_c": 20.0}
    farm.run(60)
    assert farm.order("fa.z.mixer").value == pytest.approx(opening)


def test_in_the_scan_the_screen_covers_in_the_dark_but_for_its_gap_and_says_why():
    farm = Farm(core_of(site()))
    farm.says = {"fa.z.free": 10.0, "fa.z.temp_a": 20.0, "fa.z.temp_c": 20.0}
    farm.run(200)
    assert farm.order("fa.z.vent").value == 97.0
    assert farm.order("fa.z.vent").because.key == "cover_closed"
    farm.says["fa.z.free"] = 300.0
    farm.run(200)
    assert farm.order("fa.z.vent").value == 0.0
    farm.says["fa.z.free"] = Reason.COMM
    farm.run(400)
    assert farm.order("fa.z.vent").value == 97.0
    assert farm.order("fa.z.vent").because.key == "cover_unknown"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_and_alarm_of_a_strategy_has_words(language: str) -> None:
    reasons = ("cover_closed", "cover_open", "cover_paused", "cover_unknown", "irrigation", "irrigation_plain", "lamps")
    alarms = [f"alarm.{kind}.{part}" for kind in ("water_flow", "water_quality") for part in ALARM_PARTS]
    assert {*(f"why.{reason}" for reason in reasons), *alarms} <= set(catalogue(language))


def test_a_vent_opens_less_for_the_same_heat_the_colder_it_is_and_without_knowing_by_its_own_band():
    farm = Farm(core_of(site()))
    opened = []
    for outside in (20.0, 5.0, Reason.COMM):
        farm.says = {"fa.z.free": 10.0, "fa.z.temp_a": 22.0, "fa.z.temp_c": outside}
        farm.run(60)
        opened.append(farm.order("fa.z.mixer").value)
    assert opened == [50.0, 20.0, 25.0]


def turned(urgent: bool) -> tuple[float, float]:
    """When a vent that has just opened to 50 % begins to close again, and how long it was driven at most."""
    motor = ThreePointMotor("open", "close", 100.0, 0.0, 2.0, 180.0)
    state, run_s, longest_s, back_s = Motor(homed=True), 0.0, 0.0, -1.0
    for second in range(1, 600):
        state, (contacts, _) = motor.step(state, 50.0 if second < 60 else 0.0, float(second), urgent and second >= 60)
        run_s = run_s + 1.0 if any(contacts.values()) else 0.0
        longest_s = max(longest_s, run_s)
        if contacts["close"] and back_s < 0:
            back_s = float(second)
    return back_s, longest_s


def test_a_vent_rests_before_it_turns_back_but_not_in_a_storm():
    assert turned(False)[0] == pytest.approx(51 + 180, abs=2)
    assert turned(True)[0] == 60.0


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(1, 400)), min_size=1, max_size=6), st.booleans())
@settings(max_examples=25)
def test_no_roller_is_driven_much_longer_than_its_travel_in_one_go(orders, homed):
    motor = ThreePointMotor("open", "close", 100.0, 3.0, 2.0)
    state, now_s, run_s, last = Motor(homed=homed), 1.0, 0.0, 0
    for order, seconds in orders:
        for _ in range(seconds):
            now_s += 1.0
            state, _ = motor.step(state, order, now_s, False)
            run_s = run_s + 1.0 if state.direction == last and state.direction else 0.0
            last = state.direction
            assert run_s <= (1.03 + OVERRUN) * 100.0 + 1.0
