"""Loops as they run inside a scan: when they are due, what they do without their sensor, what they track."""

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.core.loops.run import OnLoss, Part
from controller.core.loops.simple import NARROWEST_BAND, OnOffState, hysteresis, p_band
from controller.core.words import Override, SetpointChange, Slot
from edge_config.model.values import Hold
from foundation.reading import Reason
from tests.core.small_site import Farm, core_of, only

TEMPS = ("fa.z.temp_a", "fa.z.temp_b", "fa.z.temp_c")


def settled(seconds: float = 30.0, **says: float) -> Farm:
    farm = Farm()
    farm.says |= {f"fa.z.{name}": value for name, value in says.items()}
    farm.run(seconds)
    return farm


# --- the simple ones


@settings(max_examples=60)
@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(-20, 20))
@example(20.0, 20.0, 0.0)
def test_a_band_opens_from_the_setpoint_to_its_end_and_is_never_narrower_than_half(pv, sp, band):
    width = max(abs(band), NARROWEST_BAND)
    share = (pv - sp) / width if band >= 0 else (sp - pv) / width
    assert p_band(pv, sp, band) == pytest.approx(min(max(share, 0.0), 1.0) * 100.0)


@pytest.mark.parametrize(("below", "above", "values", "expected"), [
    (1.0, None, [20.0, 19.1, 19.0, 18.9, 19.5, 19.9, 20.0, 19.5], [0, 0, 0, 1, 1, 1, 0, 0]),
    (None, 1.0, [20.0, 20.9, 21.0, 21.1, 20.5, 20.1, 20.0, 20.5], [0, 0, 0, 1, 1, 1, 0, 0]),
    (1.0, 2.0, [18.9, 19.9, 20.1, 22.1, 20.1, 19.9, 18.5, 20.0], [1, 1, 0, 1, 1, 0, 1, 0]),
    (1.0, 2.0, [18.9, 22.1, 20.5, 20.0], [1, 1, 1, 0]),
])  # fmt: skip
def test_a_thermostat_switches_beyond_its_margin_and_off_at_the_setpoint(below, above, values, expected):
    state, seen = OnOffState(), []
    for value in values:
        state = hysteresis(state, value, 20.0, below, above)
        seen.append(int(state.on))
    assert seen == expected


@settings(max_examples=60)
@given(st.lists(st.floats(10, 30), min_size=1, max_size=30), st.sampled_from([(1.0, None), (None, 1.0), (1.0, 2.0)]))
def test_a_thermostat_is_on_beyond_its_margin_and_never_on_the_wrong_side(values, margins):
    state, (below, above) = OnOffState(), margins
    for value in values:
        before, state = state, hysteresis(state, value, 20.0, below, above)
        if (below is not None and value < 20.0 - below) or (above is not None and value > 20.0 + above):
            assert state.on
        elif value == 20.0 or (below is None and value <= 20.0) or (above is None and value >= 20.0):
            assert not state.on
        else:
            assert before.on or not state.on  # nothing switches it on within its margins


# --- when they are due


def test_a_loop_runs_once_a_period_however_often_it_is_scanned():
    farm = settled()
    ran = []
    for _ in range(120):
        before = farm.state.blocks["fa.z.temp_loop"].at_s
        farm.scan()
        if farm.state.blocks["fa.z.temp_loop"].at_s != before:
            ran.append(farm.now_s)
    assert {later - sooner for sooner, later in pairwise(ran)} == {30.0}


def test_a_loop_sees_the_loss_and_the_return_of_its_sensor_at_once():
    farm = settled(33.0)
    farm.says["fa.z.pipe"] = Reason.COMM
    farm.scan()
    assert farm.order("fa.z.heater").because.key == "sensor_lost"
    assert farm.order("fa.z.heater").because.values["tag"] == "fa.z.pipe"
    assert farm.order("fa.z.heater").because.values["reason"] == "comm"
    farm.says["fa.z.pipe"] = 40.0
    farm.scan()
    assert farm.order("fa.z.heater").because.key == "loop"


# --- without their sensor


def test_without_its_sensor_a_loop_holds_what_came_of_it_and_then_goes_where_it_was_told():
    farm = settled(200.0, pipe=38.0)
    before = farm.order("fa.z.heater").value
    farm.says["fa.z.pipe"] = Reason.COMM
    farm.run(29)
    assert farm.order("fa.z.heater").value == pytest.approx(before, abs=0.01)
    farm.run(12)
    assert farm.order("fa.z.heater").value == 20.0


def test_a_flapping_sensor_does_not_begin_its_hold_anew_while_it_stays_away():
    farm = settled(200.0, pipe=38.0)
    farm.says["fa.z.pipe"] = Reason.COMM
    for second in range(41):
        farm.says["fa.z.pipe"] = Reason.COMM if second % 2 else Reason.EXCEPTION
        farm.scan()
    assert farm.order("fa.z.heater").value == 20.0


def test_after_its_sensor_is_back_a_loop_goes_on_from_where_its_output_is():
    farm = settled(200.0, pipe=38.0)
    farm.says["fa.z.pipe"] = Reason.COMM
    farm.run(60)
    assert farm.order("fa.z.heater").value == 20.0
    farm.says["fa.z.pipe"] = 30.0
    farm.scan()
    assert farm.order("fa.z.heater").value == pytest.approx(20.0, abs=0.01)


def test_every_kind_of_loop_does_what_was_declared_for_a_lost_sensor():
    farm = settled(300.0, rh=85.0, co2=500.0)
    farm.says |= dict.fromkeys(("fa.z.rh", "fa.z.co2", "fa.z.ppfd", *TEMPS), Reason.COMM)
    farm.run(130)
    orders = {name: farm.order(name).value for name in farm.core.plan.outputs}
    assert orders["fa.z.fog"] == 5.0
    assert orders["fa.z.fan"] == orders["fa.z.co2_valve"] == orders["fa.z.lamp"] == 0.0
    assert farm.state.values["fa.z.pipe_sp"] == 20.0 + 0.45 * 40.0  # 45 % of what it may be
    assert orders["fa.z.vent"] == pytest.approx(10.0 / 60.0 * 100.0)
    assert orders["fa.z.mixer"] == 0.0


def test_on_loss_reads_a_position_or_a_hold():
    assert OnLoss.of(30.0) == OnLoss(30.0, 0.0)
    assert OnLoss.of(Hold(hold="5 min", then="20 %")) == OnLoss(20.0, 300.0)  # type: ignore[arg-type]  # as in a file


def test_every_lost_sensor_of_a_loop_is_an_alarm():
    farm = settled()
    farm.says["fa.z.ec"] = Reason.COMM
    farm.says["fa.z.level"] = Reason.COMM  # no loop needs it
    farm.scan()
    assert [alarm.id for alarm in farm.standing] == ["sensor:fa.z.ec"]
    assert farm.standing[0].values == {"tag": "fa.z.ec", "reason": "comm"}


# --- split range


PARTS = (
    Part("a", 0.0, 60.0, 0.0, 100.0, 1.0),
    Part("b", 40.0, 100.0, 0.0, 80.0, 1.0),
    Part("c", 0.0, 45.0, 100.0, 0.0, 1.0),
)


@settings(max_examples=60)
@given(st.floats(0, 100), st.sampled_from(PARTS))
def test_a_part_turns_the_loops_percent_into_its_own_and_back(wanted, part):
    share = part.share(wanted)
    assert min(part.low, part.high) <= share <= max(part.low, part.high)
    assert part.wanted(share) == pytest.approx(min(max(wanted, part.from_), part.to))
    assert part.from_ <= part.wanted(wanted) <= part.to  # whatever came of it


def test_a_split_loop_gives_each_output_its_part():
    farm = settled()
    farm.says |= dict.fromkeys(TEMPS, 31.0)
    seen = []
    for _ in range(600):
        farm.scan()
        wanted = farm.state.blocks["fa.z.vent_loop"].inner.output
        seen.append(wanted)
        assert farm.order("fa.z.vent").value == pytest.approx(min(wanted / 60.0, 1.0) * 100.0)
        assert farm.order("fa.z.mixer").value == pytest.approx(max((wanted - 40.0) / 60.0, 0.0) * 80.0)
    assert seen[0] < 40.0
    assert seen[-1] > 70.0


def test_a_split_loop_of_which_one_part_is_locked_uses_the_whole_of_the_other():
    """A storm shuts the windward vent: the lee vent must still open all the way, and nothing winds up."""
    farm = Farm(core_of(only("fa.z.vent_loop")))
    farm.run(30)
    farm.scan([Override("1", "fa.z.mixer", 0.0, "wang", farm.now_s + 86_000.0)])
    farm.says |= dict.fromkeys(TEMPS, 31.0)
    farm.run(4000, after_s=4.0)
    assert farm.order("fa.z.vent").value == 100.0
    integral = farm.state.blocks["fa.z.vent_loop"].inner.integral
    assert -80.0 < integral < 80.0
    farm.says |= dict.fromkeys(TEMPS, 24.5)
    farm.run(120)
    assert farm.order("fa.z.vent").value < 90.0  # it comes back at once


def test_a_split_loop_that_hands_hold_altogether_stands_where_they_hold_it():
    farm = settled()
    farm.scan([
        Override("1", "fa.z.vent", 100.0, "wang", farm.now_s + 3000.0),
        Override("2", "fa.z.mixer", 40.0, "wang", farm.now_s + 3000.0),
    ])  # fmt: skip
    farm.run(400)
    assert farm.state.blocks["fa.z.vent_loop"].inner.output == pytest.approx(70.0, abs=2.0)


# --- tracking


def test_a_tripped_heater_winds_nothing_up():
    site = only("fa.z.temp_loop", "fa.z.pipe_loop")
    site["interlocks"] = {"fa.z.guard": {"when": "fa.z.door", "effect": [{"inhibit": "fa.z.heater"}]}}
    farm = Farm(core_of(site))
    farm.says |= {"fa.z.pipe": 35.0, "fa.z.door": True}
    farm.run(3600, after_s=2.0)
    assert farm.order("fa.z.heater").slot is Slot.TRIP
    assert farm.state.blocks["fa.z.pipe_loop"].inner.output < 60.0  # half of its proportional part, not 100 %
    farm.says |= {"fa.z.door": False, "fa.z.pipe": 65.0}
    farm.run(40)
    assert farm.order("fa.z.heater").slot is Slot.LOOP
    assert farm.order("fa.z.heater").value == 0.0


def test_an_outer_loop_whose_inner_loop_is_at_its_end_follows_the_real_value():
    """The boiler is cold: the pipe stays at 30 whatever is asked, and the outer loop does not run away."""
    farm = Farm(core_of(only("fa.z.temp_loop", "fa.z.pipe_loop")))
    farm.says["fa.z.pipe"] = 30.0
    farm.says |= dict.fromkeys(TEMPS, 18.0)
    farm.run(7200, after_s=5.0)
    assert farm.order("fa.z.heater").value == 100.0
    farm.says |= {"fa.z.pipe": 50.0} | dict.fromkeys(TEMPS, 22.5)
    farm.run(900, after_s=5.0)
    assert farm.state.values["fa.z.pipe_sp"] < 40.0  # not for hours at its upper limit of 60


def test_an_inner_loop_that_cools_is_at_its_end_the_other_way_round():
    site = only("fa.z.temp_loop", "fa.z.pipe_loop")
    site["loops"]["fa.z.pipe_loop"] |= {"kc": "-3 %/K"}
    site["loops"]["fa.z.temp_loop"] |= {"kc": "6 K/K"}
    farm = Farm(core_of(site))
    farm.says["fa.z.pipe"] = 50.0  # the chiller is too small: warmer than any setpoint asks
    farm.says |= dict.fromkeys(TEMPS, 26.0)
    farm.run(7200, after_s=5.0)
    assert farm.order("fa.z.heater").value == 100.0
    # the outer loop asks for cold, but stays near what is really there
    assert farm.state.blocks["fa.z.temp_loop"].inner.integral > 20.0 - 6.0 * (0.8 * 22.0 - 26.0)


def test_what_a_house_needs_is_still_known_when_the_boiler_is_back():
    """The burner trips and the pipe cools: the air is late, not the sum; nothing has to be found anew afterwards."""
    farm = Farm(core_of(only("fa.z.temp_loop", "fa.z.pipe_loop")))
    farm.says |= {"fa.z.free": 0.0} | dict.fromkeys(TEMPS, 22.0)
    for _ in range(240):
        farm.says["fa.z.pipe"] = farm.state.values["fa.z.pipe_sp"] or 40.0
        farm.scan(after_s=5.0)
    before = farm.state.blocks["fa.z.temp_loop"].inner.integral
    farm.says |= {"fa.z.pipe": 25.0} | dict.fromkeys(TEMPS, 21.5)
    farm.run(2400, after_s=5.0)
    assert farm.order("fa.z.heater").value == 100.0
    assert farm.state.blocks["fa.z.temp_loop"].inner.integral == pytest.approx(before, abs=2.0)


def test_a_weather_station_that_falls_silent_and_comes_back_moves_nothing():
    """What it said last is fed forward meanwhile, and the loop has found the rest by then."""
    farm = Farm(core_of(only("fa.z.temp_loop", "fa.z.pipe_loop")))
    farm.says |= {"fa.z.free": 20.0} | dict.fromkeys(TEMPS, 22.0)

    def wanted(free_kw: float | Reason, seconds: int) -> float:
        farm.says["fa.z.free"] = free_kw
        for _ in range(seconds // 5):
            farm.says["fa.z.pipe"] = farm.state.values["fa.z.pipe_sp"] or 40.0
            farm.scan(after_s=5.0)
        return float(farm.state.values["fa.z.pipe_sp"])  # type: ignore[arg-type]  # a number

    before = wanted(20.0, 1800)
    assert wanted(Reason.COMM, 3600) == pytest.approx(before, abs=0.1)
    assert wanted(0.0, 900) == pytest.approx(before, abs=0.1)  # 10 K less, had nothing been said of it
    assert wanted(10.0, 1800) == pytest.approx(before + 5.0, abs=0.1)  # from here on it is heard as ever


def test_a_feed_forward_moves_its_loop_before_the_value_does():
    farm = Farm(core_of(only("fa.z.temp_loop", "fa.z.pipe_loop")))
    farm.says |= dict.fromkeys(TEMPS, 22.0)

    def pipe_sp(kilowatts: float, seconds: int) -> float:
        farm.says["fa.z.free"] = kilowatts
        for _ in range(seconds):
            farm.says["fa.z.pipe"] = farm.state.values["fa.z.pipe_sp"] or 0.0
            farm.scan()
        return float(farm.says["fa.z.pipe"])  # type: ignore[arg-type]  # a number

    before = pipe_sp(0.0, 120)
    assert pipe_sp(10.0, 900) == pytest.approx(before + 5.0, abs=0.1)  # 0.5 K/kW, a lag of two minutes


def test_cooling_stands_ready_before_the_lamps_that_are_known_to_come():
    site = only("fa.z.fog_loop", "fa.z.light_loop")
    site["programs"]["fa.z.ppfd_sp"]["light"] |= {"from": "10:50", "to": "16:00"}
    site["loops"]["fa.z.fog_loop"] = {
        "type": "pid", "pv": "fa.z.rh", "sp": "fa.z.rh_sp", "out": "fa.z.fog", "period": "10 s", "kc": "-1 %/%",
        "ti": "100 h", "on_loss": "off",
        "feed_forward": {"of": "fa.z.ppfd_sp", "gain": "0.1 %/(umol/m2/s)", "zero": "0 umol/m2/s", "lead": "3 min"},
    }  # fmt: skip
    farm = Farm(core_of(site))
    farm.says = {"fa.z.rh": 75.0, "fa.z.ppfd": 0.0}
    farm.run(400, after_s=1.0)  # 10:46:40
    assert farm.order("fa.z.fog").value == pytest.approx(0.0, abs=0.1)
    farm.run(40)  # 10:47:20, the lamps come at 10:50
    assert farm.state.values["fa.z.ppfd_sp"] == 0.0
    assert farm.order("fa.z.fog").value == pytest.approx(50.0, abs=0.5)  # the lamps' end of it


def test_a_setpoint_reaches_its_loop_in_its_next_period():
    farm = settled(100.0)
    before = farm.order("fa.z.fog").value
    farm.scan([SetpointChange("1", "fa.z.rh_sp", 80.0, "wang", farm.now_s)])
    farm.run(10)
    assert farm.order("fa.z.fog").value == pytest.approx(before + 50.0)
