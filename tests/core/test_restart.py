"""A restart: what the farm remembers, and what it makes of a memory that is damaged."""

import json
from copy import deepcopy
from math import isfinite
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.loops.run import SETTLE_S
from controller.core.state import to_plain
from controller.core.words import Override, Reset, SetpointChange, Slot
from tests.core.small_site import START_S, Farm, core_of, document, only, small_core


def kept(farm: Farm) -> dict[str, Any]:
    """What a restart finds on the disk."""
    found: dict[str, Any] = json.loads(json.dumps(to_plain(farm.state)))
    return found


def restarted(farm: Farm, after_s: float = 20.0) -> Farm:
    """The farm after a restart that took so long."""
    new = Farm(farm.core, farm.now_s + after_s, kept(farm))
    new.says = dict(farm.says)
    return new


def test_a_clean_restart_remembers_every_block():
    farm = Farm()
    farm.run(900)
    plain = kept(farm)
    assert set(plain["blocks"]) >= set(farm.core.plan.fresh)
    again = to_plain(farm.core.start(farm.now_s, plain))
    cut = {"fa.z.ec_loop", "fa.z.ph_loop", "#start"}  # dosing waits after a restart, see below; and this is a new start
    for name, block in plain["blocks"].items():
        if name not in cut and name not in farm.core.plan.outputs:
            assert json.loads(json.dumps(again["blocks"][name])) == block, name
    assert again["applied"] == plain["applied"]


def test_a_restart_goes_on_with_the_integral_and_without_a_bump():
    farm = Farm()
    farm.says["fa.z.pipe"] = 38.0
    farm.run(1200)
    before = farm.order("fa.z.heater").value
    assert 20.0 < before < 95.0
    new = restarted(farm)
    new.says = {}
    new.scan()  # no sensor has been heard yet
    assert new.order("fa.z.heater").value == pytest.approx(before)
    assert new.order("fa.z.heater").because.key == "settling"
    new.says = dict(farm.says)
    new.scan()
    assert new.order("fa.z.heater").value == pytest.approx(before, abs=1.5)
    assert new.order("fa.z.heater").because.key == "loop"
    assert new.state.blocks["fa.z.light_loop"].inner.integral == pytest.approx(
        farm.state.blocks["fa.z.light_loop"].inner.integral, abs=1.0
    )


def test_a_sensor_that_does_not_come_back_after_a_restart_is_lost_after_all():
    farm = Farm()
    farm.run(1200)
    new = restarted(farm)
    del new.says["fa.z.ppfd"]  # its loop is declared off without it
    new.run(SETTLE_S - 1)
    assert new.order("fa.z.lamp").because.key == "settling"
    new.run(3)
    assert new.order("fa.z.lamp").because.key == "sensor_lost"
    assert new.order("fa.z.lamp").value == 0.0


def test_a_cold_start_without_sensors_is_no_settling():
    farm = Farm()
    farm.says = {}
    farm.scan()
    assert farm.order("fa.z.lamp").because.key == "sensor_lost"


def test_a_restart_keeps_latched_trips_and_running_delays():
    farm = Farm()
    farm.run(10)
    farm.says["fa.z.co2"] = 3000.0
    farm.run(12)
    farm.says["fa.z.co2"] = 600.0
    farm.says["fa.z.temp_a"] = farm.says["fa.z.temp_b"] = farm.says["fa.z.temp_c"] = 7.0  # an alarm after 10 s
    farm.run(6)
    new = restarted(farm, after_s=5.0)
    new.scan()
    assert new.order("fa.z.co2_valve").slot is Slot.TRIP
    assert [alarm.id for alarm in new.state.alarms if alarm.id == "fa.z.low"] == ["fa.z.low"]  # 6 s and 5 s of 10
    new.run(30)
    new.scan([Reset("1", "fa.z.too_much_co2", "wang", new.now_s)])
    assert new.order("fa.z.co2_valve").slot is not Slot.TRIP


def test_a_restart_keeps_chosen_setpoints_and_hands_on_outputs_until_their_end():
    farm = Farm()
    farm.run(5)
    farm.scan([
        SetpointChange("1", "fa.z.co2_sp", 700.0, "wang", farm.now_s),
        Override("2", "fa.z.fog", 35.0, "li", farm.now_s + 300.0),
    ])  # fmt: skip
    new = restarted(farm, after_s=60.0)
    new.scan()
    assert new.state.values["fa.z.co2_sp"] == 700.0
    assert (new.order("fa.z.fog").value, new.order("fa.z.fog").owner) == (35.0, "li")
    new.run(240)
    assert new.order("fa.z.fog").owner == "fa.z.fog_loop"


def test_a_restart_keeps_the_light_sum_of_the_day():
    farm = Farm()
    farm.run(600)
    sum_before = farm.state.values["fa.z.dli"]
    assert isinstance(sum_before, float)
    assert sum_before == pytest.approx(200.0 * 600 * 1e-6, rel=0.01)
    new = restarted(farm, after_s=600.0)  # the lamp's light in ten minutes without us is bridged
    new.scan()
    assert new.state.values["fa.z.dli"] == pytest.approx(200.0 * 1200 * 1e-6, rel=0.01)


def test_a_restart_keeps_where_a_standing_vent_is_and_closes_one_that_was_moving():
    farm = Farm()
    farm.run(400)  # driven shut, at rest
    hand = Override("1", "fa.z.vent", 50.0, "wang", farm.now_s + 4000.0)
    farm.scan([hand])
    farm.run(100)
    standing = restarted(farm)
    standing.scan()
    assert standing.state.applied["fa.z.vent"] == pytest.approx(50.0, abs=2.0)
    assert standing.wires.items() >= {"fa.z.vent_open": False, "fa.z.vent_close": False}.items()
    farm.scan([hand._replace(value=90.0)])
    farm.run(10)
    assert farm.wires["fa.z.vent_open"] is True
    moving = restarted(farm, after_s=3600.0)
    moving.run(3)
    assert moving.wires.items() >= {"fa.z.vent_open": False, "fa.z.vent_close": True}.items()
    assert moving.state.applied["fa.z.vent"] < 70.0  # an hour of standing still moved nothing


def test_a_compressor_that_was_stopped_by_the_restart_has_its_rest():
    farm = Farm()
    farm.says["fa.z.rh"] = 85.0
    farm.run(300)
    assert farm.wires["fa.z.fan"] is True
    new = restarted(farm, after_s=5.0)
    new.run(110)
    assert new.wires["fa.z.fan"] is False
    new.run(20)
    assert new.wires["fa.z.fan"] is True


def test_life_support_stays_on_over_a_restart():
    farm = Farm()
    farm.run(100)
    new = restarted(farm)
    new.scan()
    assert new.wires["fa.z.stirrer"] is True


def test_a_dimmer_does_not_jump_after_a_restart():
    farm = Farm()
    farm.run(10)
    farm.scan([Override("1", "fa.z.lamp", 100.0, "wang", farm.now_s + 7200.0)])
    farm.run(20)  # 60 %/min: on its way
    on_its_way = farm.state.applied["fa.z.lamp"]
    assert 15.0 < on_its_way < 60.0
    new = restarted(farm, after_s=1800.0)
    new.scan()
    assert new.state.applied["fa.z.lamp"] == pytest.approx(on_its_way, abs=1.5)


def test_feeding_that_a_restart_cut_goes_on_to_its_end():
    farm = Farm(core_of(only("fa.z.feeding")))  # 10:40; the feeder runs from 10:45 to 11:05
    farm.run(600)
    assert farm.wires["fa.z.feeder"] is True
    new = restarted(farm, after_s=60.0)
    new.scan()
    assert new.wires["fa.z.feeder"] is True
    new.run(880)
    assert new.wires["fa.z.feeder"] is False


def _dosed_ml(farm: Farm, seconds: int) -> float:
    """What the A pump really gives in so long."""
    given = 0.0
    for _ in range(seconds):
        farm.scan()
        given += 2.0 if farm.wires.get("fa.z.pump_a") else 0.0
    return given


def test_the_days_volume_counts_on_over_restarts():
    site = only("fa.z.ec_loop")
    site["outputs"]["fa.z.pump_a"] |= {"max_per_day": "300 mL", "max_per_hour": "300 mL", "mixing": "10 s"}
    site["loops"]["fa.z.ec_loop"]["ineffective"] = 1000
    farm = Farm(core_of(site))
    total = 0.0
    for day in range(2):
        for _ in range(6):
            farm.run(5)
            farm.scan([Override("1", "fa.z.pump_a", 100.0, "wang", farm.now_s + 60.0)])
            total += 2.0 * bool(farm.wires.get("fa.z.pump_a")) + _dosed_ml(farm, 60)
            farm = restarted(farm, after_s=30.0)
        assert total <= 300.0 * (day + 1) + 2.0
        assert total >= 300.0 * (day + 1) - 4.0
        farm = restarted(farm, after_s=86_400.0)


def test_restarts_in_a_row_do_not_dose():
    farm = Farm(core_of(only("fa.z.ec_loop")))
    farm.says["fa.z.ec"] = 1.0
    for _ in range(20):
        assert _dosed_ml(farm, 60) == 0.0  # the wait is five minutes
        farm = restarted(farm, after_s=2.0)
    assert _dosed_ml(farm, 400) > 0.0


def test_a_locked_dosing_stays_locked_and_a_reset_frees_it():
    site = only("fa.z.ph_loop")
    site["loops"]["fa.z.ph_loop"] |= {"wait": "1 min"}
    farm = Farm(core_of(site))
    farm.says["fa.z.ph"] = 6.8
    farm.run(600)
    assert farm.told("dosing_locked") == ["fa.z.ph_loop"]
    new = restarted(farm)
    new.run(300)
    assert "fa.z.pump_acid" not in [c.output for c in new.commands if c.value is True]
    new.scan([Reset("1", "fa.z.ph_loop", "wang", new.now_s)])
    new.run(60)
    assert "fa.z.pump_acid" in [c.output for c in new.commands if c.value is True]


def test_a_declared_hold_counts_on_over_a_restart():
    site = document()
    del site["loops"]["fa.z.vent_loop"]
    farm = Farm(core_of(site))
    farm.run(5)
    farm.scan([Override("1", "fa.z.mixer", 70.0, "wang", farm.now_s + 30.0)])
    farm.run(40)
    assert farm.order("fa.z.mixer").value == 70.0  # nobody any more: held for a minute
    stood_s = farm.state.blocks["fa.z.mixer#idle"].since_s
    new = restarted(farm, after_s=20.0)
    held_s = 0.0
    while new.now_s < stood_s + 120.0:
        new.scan()
        held_s = new.now_s if new.order("fa.z.mixer").value == 70.0 else held_s
    assert held_s == stood_s + 59.0  # a minute, to the second
    assert new.order("fa.z.mixer").value == 20.0


def test_a_clock_that_was_set_back_freezes_nothing():
    farm = Farm()
    farm.says["fa.z.rh"] = 85.0
    farm.says["fa.z.ec"] = 1.0
    farm.run(1000)
    new = restarted(farm, after_s=-86_400.0 * 30)
    new.says["fa.z.pipe"] = 30.0
    new.run(700)
    assert not new.told("block_failed")
    for loop in new.core.plan.loops:
        block = new.state.blocks[loop.name]
        assert not hasattr(block, "at_s") or 0 <= new.now_s - block.at_s <= 60, loop.name
    assert new.wires["fa.z.fan"] is True
    assert [command for command in new.commands if command.output == "fa.z.pump_a" and command.value is True]
    assert new.state.values["fa.z.dli"] == pytest.approx(200e-6 * 700, rel=0.02)
    assert new.state.values["fa.z.temp_sp"] == 23.0  # 22, and 1 for the damp: no ramp has run backwards


def test_an_override_from_the_future_does_not_live_for_years():
    farm = Farm()
    farm.run(5)
    farm.scan([Override("1", "fa.z.fog", 35.0, "li", farm.now_s + 3600.0)])
    new = restarted(farm, after_s=-86_400.0 * 400)
    assert new.state.demands["fa.z.fog"][0].expires_s <= new.now_s + 86_400.0


# --- damaged memory

_JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 10**400), st.floats(), st.text(max_size=3), st.just([]), st.just({}),
    st.lists(st.one_of(st.none(), st.floats(), st.text(max_size=2)), max_size=9),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)  # fmt: skip


def _full() -> Farm:
    farm = Farm()
    farm.says["fa.z.co2"] = 3000.0
    farm.run(30)
    farm.scan([
        SetpointChange("1", "fa.z.co2_sp", 700.0, "wang", farm.now_s),
        Override("2", "fa.z.fog", 35.0, "li", farm.now_s + 3000.0),
    ])  # fmt: skip
    return farm


_FULL = _full()


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        found += _places(inner, (*path, key))
    return found


_PLACES = _places(kept(_FULL))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(_PLACES), _JUNK), min_size=1, max_size=3))
def test_what_is_damaged_starts_fresh_by_itself_and_the_farm_runs(damages):
    plain: Any = kept(_FULL)
    touched = set()
    for path, junk in damages:
        touched.add(path[1] if len(path) > 1 else None)
        place = plain
        for key in path[:-1]:
            try:
                place = place[key]
            except (TypeError, KeyError, IndexError):
                break
        if not path:
            plain = junk
        elif isinstance(place, dict) or (
            isinstance(place, list) and isinstance(path[-1], int) and path[-1] < len(place)
        ):
            place[path[-1]] = junk
    farm = Farm(small_core(), _FULL.now_s + 5.0, deepcopy(plain))
    farm.run(12)
    assert not farm.told("block_failed")
    assert all(isfinite(order.value) for order in farm.state.orders.values())
    if None not in touched and "fa.z.too_much_co2" not in touched:
        assert farm.order("fa.z.co2_valve").slot is Slot.TRIP
    if None not in touched and "fa.z.fog" not in touched:
        assert farm.order("fa.z.fog").owner == "li"


def test_what_an_older_version_kept_is_gone_on_with():
    plain = kept(_FULL)
    plain["blocks"]["fa.z.ec_loop"][0] = plain["blocks"]["fa.z.ec_loop"][0][:-2]  # it did not know clear doses
    plain["blocks"]["fa.z.pipe_loop"][0] = plain["blocks"]["fa.z.pipe_loop"][0][:-1]  # nor the derivative
    state = small_core().start(_FULL.now_s + 5.0, plain)
    whole = small_core().start(_FULL.now_s + 5.0, kept(_FULL))
    assert state.blocks["fa.z.pipe_loop"] == whole.blocks["fa.z.pipe_loop"]
    older = whole.blocks["fa.z.ec_loop"].dose._replace(clear=0.0, clear_s=-1.0)
    assert state.blocks["fa.z.ec_loop"].dose == older
    plain["blocks"]["fa.z.pipe_loop"][0] = plain["blocks"]["fa.z.pipe_loop"][0][:2]
    assert (
        small_core().start(_FULL.now_s + 5.0, plain).blocks["fa.z.pipe_loop"]
        == small_core().plan.fresh["fa.z.pipe_loop"]
    )


@pytest.mark.parametrize("plain", [None, {}, [], "state", 7, {"blocks": []}, {"demands": {"fa.z.fog": [[1]]}}])
def test_a_memory_of_another_kind_is_no_memory(plain):
    state = small_core().start(START_S, plain)
    assert state == small_core().start(START_S)


def test_a_memory_of_another_site_is_left_out():
    plain = kept(_FULL)
    site = document()
    for section in ("loops", "rules", "interlocks", "alarms"):
        site[section] = {} if section != "rules" else []
    site["outputs"] = {"fa.z.siren": site["outputs"]["fa.z.siren"]}
    site["programs"] = {"fa.z.rh_sp": site["programs"]["fa.z.rh_sp"]}
    del site["tags"]["fa.z.error"]
    site["devices"]["switches"]["tags"] = {"relay12": "fa.z.siren"}
    other = core_of(site)
    farm = Farm(other, _FULL.now_s + 5.0, plain)
    farm.run(5)
    assert set(farm.state.applied) == {"fa.z.siren"}
    assert set(farm.state.demands) <= {"fa.z.siren"}
    assert farm.state.chosen == {}
    assert set(farm.state.blocks) == set(other.plan.fresh)
    assert not farm.told("block_failed")
