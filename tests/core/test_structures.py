"""What loops make of others: machines in stages, the larger of two wishes, doses by ratio, a valve kept at work."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.state import to_plain
from controller.core.words import Override, Slot, Snapshot
from foundation.reading import Reason, good
from tests.core.small_site import Farm, core_of, document, only

STAGES = ("fa.z.fan", "fa.z.siren", "fa.z.co2_valve")


def staged(trim: bool = False, ti: str = "1000 h", **more: Any) -> Farm:
    """Three machines on the demand of a pid on humidity, at 10 % a percent of it."""
    site = only("fa.z.fan_loop", "fa.z.co2_loop", "fa.z.fog_loop")
    site["outputs"] |= {"fa.z.siren": document()["outputs"]["fa.z.siren"]}
    site["outputs"]["fa.z.fan"] |= {"min_on": "0 s", "min_off": "0 s"}
    site["devices"]["switches"] = document()["devices"]["switches"]
    site["programs"] = {
        "fa.z.rh_sp": {"value": "75 %", "limits": ["40 %", "95 %"]},
        "fa.z.need": {"by_loop": "fa.z.rh_loop", "limits": ["0 %", "100 %"]},
    }
    site["loops"] = {
        "fa.z.rh_loop": {"type": "pid", "pv": "fa.z.rh", "sp": "fa.z.rh_sp", "out": "fa.z.need", "period": "5 s",
                         "kc": "-10 %/%", "ti": ti, "on_loss": "off"},
        "fa.z.stages": {"type": "staging", "demand": "fa.z.need", "out": list(STAGES), "up_for": "60 s",
                        "down_for": "5 min", **({"trim": "fa.z.fog"} if trim else {}), **more},
    }  # fmt: skip
    site["tags"]["fa.z.rh"].pop("filter")
    site["outputs"] = {name: one for name, one in site["outputs"].items() if name in STAGES or (trim and "fog" in name)}
    farm = Farm(core_of(site))
    farm.says = {"fa.z.rh": 75.0}
    farm.run(10)
    return farm


def need(farm: Farm, percent: float, seconds: float) -> int:
    """So much demand for so long; the machines that run then."""
    farm.says["fa.z.rh"] = 75.0 + percent / 10.0
    farm.run(seconds, after_s=5.0)
    return running(farm)


def running(farm: Farm) -> int:
    return sum(farm.state.applied[output] > 50.0 for output in STAGES)


def test_machines_start_one_after_the_other_as_the_demand_grows_and_stop_later_than_they_started():
    farm = staged()
    assert need(farm, 25.0, 300) == 0  # 75 % of the first third: not yet
    assert need(farm, 30.0, 55) == 0  # 90 %, but not for a minute
    assert need(farm, 30.0, 30) == 1
    assert need(farm, 100.0, 80) == 2
    assert need(farm, 100.0, 70) == 3
    assert need(farm, 85.0, 1200) == 3  # 55 % of the third: it would not start for that, and does not stop
    assert need(farm, 75.0, 280) == 3  # 25 % of it, but not for five minutes
    assert need(farm, 75.0, 60) == 2
    assert need(farm, 0.0, 1200) == 0


def test_after_a_long_stop_no_machine_starts_for_what_was_wanted_before_it():
    farm = staged()
    assert need(farm, 100.0, 400) == 3
    late = Farm(farm.core, farm.now_s + 8 * 3600.0, to_plain(farm.state))
    late.says = {"fa.z.rh": 74.0}
    for _ in range(120):
        late.scan()
        assert running(late) == 0
    assert late.state.blocks["fa.z.stages"].hours == farm.state.blocks["fa.z.stages"].hours


@pytest.mark.parametrize("trim", [False, True])
def test_over_days_every_machine_runs_as_long_as_the_others(trim):
    farm = staged(trim, up_for="10 s", down_for="20 s")
    for hour in range(30):
        need(farm, 38.0 if hour % 2 == 0 else 0.0, 300)
    hours = farm.state.blocks["fa.z.stages"].hours
    assert min(hours) > 0.0
    assert max(hours) - min(hours) <= 1.5 * 300 / 3600.0
    again = Farm(farm.core, farm.now_s + 20.0, to_plain(farm.state))
    assert again.state.blocks["fa.z.stages"].hours == hours


def test_a_drive_fills_the_steps_between():
    farm = staged(trim=True, up_for="10 s", down_for="20 s")
    for percent, machines, trim in (
        (15.0, 0, 60.0),
        (30.0, 1, 20.0),
        (45.0, 1, 80.0),
        (60.0, 2, 40.0),
        (100.0, 3, 100.0),
    ):
        assert need(farm, percent, 400) == machines
        assert farm.order("fa.z.fog").value == pytest.approx(trim, abs=3.0)


def test_a_machine_that_is_held_off_is_replaced_at_once_by_the_next():
    farm = staged()
    need(farm, 30.0, 120)
    (first,) = [output for output in STAGES if farm.state.applied[output] > 50.0]
    farm.scan([Override("1", first, 0.0, "wang", farm.now_s + 3600.0)])
    farm.run(15, after_s=5.0)
    assert running(farm) == 1
    assert farm.state.applied[first] == 0.0


def test_a_pipe_that_cannot_get_warm_enough_winds_nothing_up_behind_the_selector():
    site = only("fa.z.temp_loop", "fa.z.pipe_loop")
    site["loops"]["fa.z.temp_loop"]["out"] = "fa.z.by_heat"
    del site["loops"]["fa.z.temp_loop"]["feed_forward"]
    site["loops"]["fa.z.pick"] = {
        "type": "selector", "pick": "max", "of": ["fa.z.by_heat", "fa.z.least"], "out": "fa.z.pipe_sp",
    }  # fmt: skip
    site["programs"] = {
        "fa.z.temp_sp": {"value": "20 degC", "limits": ["10 degC", "30 degC"]},
        "fa.z.by_heat": {"by_loop": "fa.z.temp_loop", "limits": ["20 degC", "60 degC"]},
        "fa.z.least": {"value": "20 degC", "limits": ["20 degC", "60 degC"]},
        "fa.z.pipe_sp": {"by_loop": "fa.z.pick", "limits": ["20 degC", "60 degC"]},
    }
    farm = Farm(core_of(site))
    farm.says |= {"fa.z.temp_a": 15.0, "fa.z.temp_b": 15.0, "fa.z.temp_c": 15.0, "fa.z.pipe": 30.0}
    farm.run(4 * 3600, after_s=5.0)
    assert farm.order("fa.z.heater").value == 100.0  # for hours, and the pipe stays at 30
    farm.says |= {"fa.z.temp_a": 20.0, "fa.z.temp_b": 20.0, "fa.z.temp_c": 20.0}
    farm.run(120, after_s=5.0)
    assert farm.state.values["fa.z.pipe_sp"] < 40.0


def test_a_machine_that_a_hand_has_on_is_counted_and_not_doubled():
    farm = staged()
    farm.scan([Override("1", STAGES[2], 100.0, "wang", farm.now_s + 7200.0)])
    assert need(farm, 30.0, 600) == 1
    assert farm.state.applied[STAGES[2]] == 100.0


def test_the_loop_above_does_not_wind_up_while_the_machines_wait_for_their_turn():
    farm = staged(ti="10 min", up_for="10 h")
    need(farm, 20.0, 4 * 3600)
    assert running(farm) == 0
    outer = farm.state.blocks["fa.z.rh_loop"].inner
    assert outer.output < 60.0  # a third is as near as steps come; beyond, what does not run is taken back


@settings(max_examples=15)
@given(st.lists(st.tuples(st.floats(0, 120), st.integers(1, 60)), min_size=1, max_size=8))
def test_never_more_machines_than_the_demand_asks_for_by_a_whole_one(story):
    farm, last = staged(up_for="5 s", down_for="5 s"), 0.0
    for percent, seconds in story:
        before = running(farm)
        after = need(farm, percent, 5.0 * seconds)
        # the first scan still goes by what was asked for before it
        asked = min(max(percent, last if seconds == 1 else 0.0), 100.0) / (100.0 / 3.0)
        last = percent
        assert after <= max(asked + 0.5 + 1e-6, before)
        assert abs(after - before) <= seconds


# --- selectors


def selected(pick: str) -> Farm:
    """A vent that temperature and humidity both want open."""
    site = only("fa.z.vent_loop", "fa.z.fog_loop")
    site["outputs"] = {"fa.z.fog": site["outputs"]["fa.z.fog"]}
    site["devices"]["switches"] = document()["devices"]["switches"]
    site["devices"]["switches"]["tags"] = {"out3": "fa.z.fog"}
    site["programs"] = {
        "fa.z.vent_sp": {"value": "24 degC", "limits": ["10 degC", "32 degC"]},
        "fa.z.rh_sp": {"value": "75 %", "limits": ["40 %", "95 %"]},
        "fa.z.by_temp": {"by_loop": "fa.z.vent_loop", "limits": ["0 %", "100 %"]},
        "fa.z.by_rh": {"by_loop": "fa.z.rh_loop", "limits": ["0 %", "100 %"]},
    }
    pid = {"type": "pid", "period": "10 s", "ti": "10 min", "on_loss": "off"}
    site["loops"] = {
        "fa.z.vent_loop": {**pid, "pv": "fa.z.temp", "sp": "fa.z.vent_sp", "out": "fa.z.by_temp", "kc": "-10 %/K"},
        "fa.z.rh_loop": {**pid, "pv": "fa.z.rh", "sp": "fa.z.rh_sp", "out": "fa.z.by_rh", "kc": "-2 %/%"},
        "fa.z.choice": {"type": "selector", "pick": pick, "of": ["fa.z.by_temp", "fa.z.by_rh"], "out": "fa.z.fog"},
    }
    site["tags"]["fa.z.rh"].pop("filter")
    farm = Farm(core_of(site))
    farm.says = {"fa.z.temp_a": 24.0, "fa.z.temp_b": 24.0, "fa.z.temp_c": 24.0, "fa.z.rh": 75.0}
    farm.run(60)
    return farm


def test_the_larger_wish_goes_to_the_output_and_tells_whose_it_is():
    farm = selected("max")
    farm.says["fa.z.rh"] = 85.0
    farm.run(300)
    order = farm.order("fa.z.fog")
    assert order.value == pytest.approx(farm.state.values["fa.z.by_rh"], abs=1.0)
    assert order.value > farm.state.values["fa.z.by_temp"]
    assert (order.slot, order.owner, order.because.key) == (Slot.LOOP, "fa.z.choice", "selected")
    assert order.because.values["tag"] == "fa.z.by_rh"
    smaller = selected("min")
    smaller.says["fa.z.rh"] = 85.0
    smaller.run(300)
    assert smaller.order("fa.z.fog").value == pytest.approx(smaller.state.values["fa.z.by_temp"], abs=1.0)


def test_a_loser_tracks_the_winner_and_takes_over_at_once_when_its_turn_comes():
    """A loser left alone would have wound down for hours, and the house would have been hot before it came back."""
    farm = selected("max")
    farm.says["fa.z.rh"] = 85.0  # humidity holds the vent
    for name in ("fa.z.temp_a", "fa.z.temp_b", "fa.z.temp_c"):
        farm.says[name] = 23.0  # and it is cooler than the vent's own setpoint
    farm.run(4 * 3600, after_s=10.0)
    assert farm.order("fa.z.fog").value == 100.0
    inner = farm.state.blocks["fa.z.vent_loop"].inner
    assert inner.output > 60.0  # near the winner, not at zero
    farm.says["fa.z.rh"] = 60.0
    for name in ("fa.z.temp_a", "fa.z.temp_b", "fa.z.temp_c"):
        farm.says[name] = 27.0
    farm.run(120, after_s=10.0)
    assert farm.order("fa.z.fog").value > 60.0
    assert farm.order("fa.z.fog").because.values["tag"] == "fa.z.by_temp"


def test_an_output_in_somebody_elses_hand_is_tracked_by_all_of_them():
    farm = selected("max")
    farm.scan([Override("1", "fa.z.fog", 35.0, "wang", farm.now_s + 4000.0)])
    farm.says["fa.z.rh"] = 95.0
    farm.run(3000, after_s=10.0)
    for name in ("fa.z.vent_loop", "fa.z.rh_loop"):
        assert farm.state.blocks[name].inner.output < 60.0  # 35 % and what its error adds until it is taken back
    farm.run(1100, after_s=10.0)
    assert farm.order("fa.z.fog").owner == "fa.z.choice"


def test_a_selector_may_choose_the_setpoint_of_an_inner_loop():
    site = only("fa.z.temp_loop", "fa.z.pipe_loop")
    site["programs"] |= {
        "fa.z.least_pipe": {"value": "35 degC", "limits": ["20 degC", "60 degC"]},
        "fa.z.by_temp": {"by_loop": "fa.z.temp_loop", "limits": ["20 degC", "60 degC"]},
        "fa.z.pipe_sp": {"by_loop": "fa.z.choice", "limits": ["20 degC", "60 degC"]},
    }
    site["loops"]["fa.z.temp_loop"]["out"] = "fa.z.by_temp"
    site["loops"]["fa.z.choice"] = {
        "type": "selector", "pick": "max", "of": ["fa.z.by_temp", "fa.z.least_pipe"], "out": "fa.z.pipe_sp"
    }  # fmt: skip
    farm = Farm(core_of(site))
    farm.says |= dict.fromkeys(("fa.z.temp_a", "fa.z.temp_b", "fa.z.temp_c"), 28.0)
    farm.run(600, after_s=2.0)
    assert farm.state.values["fa.z.pipe_sp"] == 35.0  # warm enough, but the crop wants dry air
    farm.says |= dict.fromkeys(("fa.z.temp_a", "fa.z.temp_b", "fa.z.temp_c"), 16.0)
    farm.run(900, after_s=2.0)
    assert farm.state.values["fa.z.pipe_sp"] > 45.0


def test_a_valve_that_is_kept_at_work_lets_the_pipe_be_as_cool_as_it_can():
    """Valve position control needs no block of its own: a slow pid whose value is the valve's position."""
    site = only("fa.z.pipe_loop")
    site["programs"] = {
        "fa.z.pipe_sp": {"value": "40 degC", "limits": ["20 degC", "60 degC"]},
        "fa.z.valve_sp": {"value": "85 %", "limits": ["50 %", "95 %"]},
        "fa.z.supply_sp": {"by_loop": "fa.z.supply_loop", "limits": ["30 degC", "80 degC"]},
    }
    site["loops"]["fa.z.supply_loop"] = {
        "type": "pid", "pv": "fa.z.heater", "sp": "fa.z.valve_sp", "out": "fa.z.supply_sp", "period": "60 s",
        "kc": "-0.05 K/%", "ti": "10 min", "on_loss": "50 %",
    }  # fmt: skip
    site["loops"]["fa.z.pipe_loop"] |= {"kc": "3 %/K", "ti": "4 min", "td": "0 s"}
    farm, pipe_c = Farm(core_of(site)), 40.0
    for _ in range(12 * 360):
        supply_c = farm.state.values["fa.z.supply_sp"] or 80.0
        pipe_c += 10.0 / 120.0 * (20.0 + (supply_c - 20.0) * farm.state.applied["fa.z.heater"] / 100.0 - pipe_c)
        farm.says["fa.z.pipe"] = pipe_c
        farm.scan(after_s=10.0)
    assert farm.state.applied["fa.z.heater"] == pytest.approx(85.0, abs=3.0)
    assert farm.state.values["fa.z.supply_sp"] == pytest.approx(20.0 + 20.0 / 0.85, abs=2.0)
    assert pipe_c == pytest.approx(40.0, abs=0.5)


# --- ratios


def dosed(of: dict[str, Any], **more: Any) -> Farm:
    site = only("fa.z.ec_loop")
    site["loops"] = {"fa.z.share": {"type": "ratio", "out": "fa.z.pump_b", "per": "2 mL/L", **of, **more}}
    site["outputs"] = {name: one for name, one in site["outputs"].items() if "pump" in name}
    site["programs"] = {}
    site["devices"]["switches"]["tags"] = {"relay5": "fa.z.pump_a", "relay6": "fa.z.pump_b"}
    site["tags"]["fa.z.level"] = {"unit": "L"}
    site["tags"]["fa.z.free"] = {"unit": "m3/h"}
    farm = Farm(core_of(site))
    farm.says = {"fa.z.level": 1000.0, "fa.z.free": 0.0}
    farm.run(5)
    return farm


def ran(farm: Farm, seconds: int, per_second: float = 0.0) -> float:
    """mL that pump B (4 mL/s) gives meanwhile; the counter counts `per_second` litres."""
    given_ml = 0.0
    for _ in range(seconds):
        farm.says["fa.z.level"] += per_second
        farm.scan()
        given_ml += 4.0 * bool(farm.wires.get("fa.z.pump_b"))
    return given_ml


def test_a_dose_follows_the_litres_that_ran_and_no_litre_is_forgotten():
    farm = dosed({"of": "fa.z.level"})
    assert ran(farm, 3600, 0.05) == pytest.approx(0.05 * 3600 * 2.0, abs=8.0)
    assert ran(farm, 600) <= 8.0


def test_a_dose_follows_a_flow_by_its_integral():
    farm = dosed({"of": "fa.z.free"})
    farm.says["fa.z.free"] = 0.36  # 0.1 L a second
    assert ran(farm, 1800) == pytest.approx(0.1 * 1800 * 2.0, abs=8.0)


def test_a_share_moves_the_dose_with_what_the_laboratory_says_of_it():
    site = only("fa.z.ec_loop")
    site["programs"] = {
        "fa.z.base_share": {
            "value": "100 %", "limits": ["0 %", "150 %"],
            "influences": [{"of": "fa.z.lab", "from": ["70 mg/L", "50 %"], "to": ["150 mg/L", "-50 %"]}],
        },
    }  # fmt: skip
    site["outputs"] = {"fa.z.pump_b": site["outputs"]["fa.z.pump_b"]}
    site["devices"]["switches"]["tags"] = {"relay6": "fa.z.pump_b"}
    site["loops"] = {
        "fa.z.alkalinity": {
            "type": "ratio", "of": "fa.z.fed", "out": "fa.z.pump_b", "per": "200 mL/kg", "share": "fa.z.base_share",
        },
    }  # fmt: skip
    farm = Farm(core_of(site))
    farm.says = {"fa.z.fed": 10.0}
    farm.run(5)

    def given_ml(lab: float | None) -> float:
        if lab is not None:
            farm.says["fa.z.lab"] = lab
        farm.run(15)
        farm.says["fa.z.fed"] = float(farm.says["fa.z.fed"]) + 1.0
        return sum(4.0 * bool(farm.scan() and farm.wires.get("fa.z.pump_b")) for _ in range(100))

    assert given_ml(None) == pytest.approx(200.0, abs=4.0)  # nobody has measured it: by feed alone
    assert given_ml(70.0) == pytest.approx(300.0, abs=4.0)
    assert given_ml(150.0) == pytest.approx(100.0, abs=4.0)


def test_a_dose_follows_another_pump_by_volume_not_by_time():
    farm = dosed({"of": "fa.z.pump_a"}, per="1 L/L")
    farm.scan([Override("1", "fa.z.pump_a", 100.0, "wang", farm.now_s + 60.0)])
    given = ran(farm, 200)
    assert given == pytest.approx(2.0 * 60.0, abs=8.0)  # pump A: 2 mL/s; B gives as much in half the time


def test_a_counter_that_begins_again_or_falls_silent_doses_nothing_twice():
    farm = dosed({"of": "fa.z.level"})
    ran(farm, 600, 0.05)
    farm.says["fa.z.level"] = 0.0
    assert ran(farm, 300) <= 8.0
    farm.says["fa.z.level"] = 1030.0
    farm.scan([Override("1", "fa.z.pump_b", 0.0, "wang", farm.now_s + 5.0)])
    ran(farm, 600)
    farm.says["fa.z.level"] = 10.0  # begun again, ten litres since
    assert ran(farm, 60) == pytest.approx(20.0, abs=4.0)
    level = farm.says.pop("fa.z.level")
    farm.says["fa.z.level"] = Reason.COMM
    farm.run(60)
    farm.says["fa.z.level"] = level
    assert ran(farm, 60) <= 4.0


def test_what_people_put_right_of_what_they_fed_is_taken_back_not_poured_again():
    site = only("fa.z.ec_loop")
    site["loops"] = {"fa.z.alk": {"type": "ratio", "of": "fa.z.fed_by_hand", "out": "fa.z.pump_b", "per": "100 mL/kg"}}
    site["programs"], site["outputs"] = {}, {"fa.z.pump_b": site["outputs"]["fa.z.pump_b"]}
    site["devices"]["switches"]["tags"] = {"relay6": "fa.z.pump_b"}
    site["tags"]["fa.z.fed_by_hand"] = {"unit": "kg", "entry": "manual", "as": "amount"}
    farm = Farm(core_of(site))

    def given_ml(fed_kg: float, seconds: int = 200) -> float:
        farm.says["fa.z.fed_by_hand"] = fed_kg
        return sum(4.0 * bool(farm.scan() and farm.wires.get("fa.z.pump_b")) for _ in range(seconds))

    given_ml(20.0)
    assert given_ml(21.0) == pytest.approx(100.0, abs=4.0)
    assert given_ml(20.5) <= 4.0
    assert given_ml(20.4) <= 4.0
    assert given_ml(21.4) == pytest.approx(40.0, abs=8.0)  # 60 mL were given too many before


def fed_by_hand(**also: Any) -> Farm:
    """A pump (4 mL/s) of 100 mL for each kg of feed, from the feeder's counter and by hand."""
    site = only("fa.z.ec_loop")
    site["loops"] = {
        "fa.z.alk": {
            "type": "ratio", "of": "fa.z.fed", "by_hand": "fa.z.hand", "out": "fa.z.pump_b", "per": "100 mL/kg", **also
        },
    }  # fmt: skip
    site["programs"] = {"fa.z.base_share": {"value": "50 %", "limits": ["0 %", "150 %"]}}
    site["outputs"] = {"fa.z.pump_b": {**site["outputs"]["fa.z.pump_b"], "max_per_day": "20 L"}}
    site["devices"]["switches"]["tags"] = {"relay6": "fa.z.pump_b"}
    site["tags"]["fa.z.hand"] = {"unit": "kg", "entry": "manual", "as": "amount"}
    farm = Farm(core_of(site))
    farm.says = {"fa.z.fed": 10.0, "fa.z.hand": 400.0}
    farm.run(5)
    return farm


def poured_ml(farm: Farm, hours: float) -> float:
    return sum(4.0 * bool(farm.scan() and farm.wires.get("fa.z.pump_b")) for _ in range(round(hours * 3600.0)))


def test_feed_given_by_hand_is_dosed_for_over_the_hours_of_its_digestion_beside_the_feeder_s():
    farm = fed_by_hand()
    assert poured_ml(farm, 1.0) == 0.0  # the total of last year is nothing new
    farm.says["fa.z.hand"] = 430.0
    first_ml = poured_ml(farm, 0.5)
    farm.says["fa.z.fed"] = 12.0
    assert first_ml < 60.0
    assert first_ml + poured_ml(farm, 9.5) == pytest.approx(200.0 + 0.85 * 3000.0, rel=0.03)
    assert first_ml + 200.0 < 3000.0
    assert poured_ml(farm, 24.0) == pytest.approx(0.15 * 3000.0, abs=90.0)


def test_what_was_given_by_hand_and_is_put_right_is_not_dosed_for():
    farm = fed_by_hand()
    farm.says["fa.z.hand"] = 430.0
    poured_ml(farm, 0.05)
    farm.says["fa.z.hand"] = 403.0
    assert poured_ml(farm, 30.0) == pytest.approx(300.0, abs=60.0)


def test_what_is_entered_late_is_dosed_for_as_far_as_it_is_not_digested_yet():
    farm = fed_by_hand()
    del farm.says["fa.z.hand"]
    farm.run(10)
    told = good("fa.z.hand", 430.0, farm.now_s - 6.0 * 3600.0)
    farm.state = farm.core.scan(farm.state, Snapshot((told,)), farm.now_s).state
    assert poured_ml(farm, 30.0) == pytest.approx(0.406 * 3000.0, rel=0.05)  # (1 + 2) exp(-2) of it is left


def test_the_share_moves_the_dose_for_what_was_given_by_hand_too():
    farm = fed_by_hand(share="fa.z.base_share")
    farm.says["fa.z.hand"] = 430.0
    assert poured_ml(farm, 40.0) == pytest.approx(0.5 * 3000.0, rel=0.05)


def test_while_nobody_knows_what_was_given_by_hand_the_feeder_is_dosed_for_and_nothing_is_made_up():
    farm = fed_by_hand()
    farm.says["fa.z.hand"] = Reason.COMM
    farm.says["fa.z.fed"] = 11.0
    assert poured_ml(farm, 1.0) == pytest.approx(100.0, abs=4.0)
    farm.says["fa.z.hand"] = 400.0
    assert poured_ml(farm, 2.0) <= 4.0


def test_a_pump_that_was_held_back_does_not_pour_all_of_it_afterwards():
    farm = dosed({"of": "fa.z.level"})
    farm.scan([Override("1", "fa.z.pump_b", 0.0, "wang", farm.now_s + 3600.0)])
    assert ran(farm, 3590, 0.5) == 0.0  # 3.6 L would be owed
    assert ran(farm, 400) <= 4.0 * 91.0  # one longest pulse


# --- odd times


@settings(max_examples=25)
@given(st.lists(st.tuples(st.floats(0, 120), st.sampled_from([0.0, 1.0, 5.0, 400.0, 3e7, -50.0])), max_size=12))
def test_no_step_of_time_makes_stages_or_ratios_jump_or_pour(story):
    """Steps of zero, of a year, and backwards."""
    farm, pump = staged(trim=True), dosed({"of": "fa.z.level"})
    for percent, pause_s in story:
        farm.says["fa.z.rh"] = 75.0 + percent / 10.0
        before = running(farm)
        farm.scan(after_s=pause_s)
        assert abs(running(farm) - before) <= 1
        assert all(0.0 <= order.value <= 100.0 for order in farm.state.orders.values())
        assert all(0.0 <= hours < 1e4 for hours in farm.state.blocks["fa.z.stages"].hours)
        pump.says["fa.z.level"] += percent
        pump.scan(after_s=pause_s)
        assert abs(pump.state.blocks["fa.z.share"].owed_ml) <= 4.0 * 90.0


def test_duty_and_standby_change_places_once_a_week_and_one_always_runs():
    farm = staged(swap="7 d", out=list(STAGES[:2]), ti="100000 h")
    assert need(farm, 45.0, 200) == 1  # one machine is enough for that
    turns, fewest = [], 1
    for quarter in range(4 * 24 * 26):
        farm.run(900, after_s=900.0)
        fewest = min(fewest, running(farm))
        alone = [output for output in STAGES[:2] if farm.state.applied[output] > 50.0]
        if len(alone) == 1 and (not turns or turns[-1][1] != alone[0]):
            turns.append((quarter, alone[0]))
    assert fewest == 1
    weeks = [(later - earlier) / 96.0 for (earlier, _), (later, _) in pairwise(turns[1:])]
    assert len(weeks) >= 2
    assert weeks == pytest.approx([7.0] * len(weeks), abs=0.2)
