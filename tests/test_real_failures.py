"""What has gone wrong on other farms and tanks, and must not here. `docs/safety.md` says which thread it is."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from controller.core.scan import Core
from controller.core.state import to_plain
from controller.core.words import LockOut, Override, Slot, Snapshot
from drivers.product import load_product
from drivers.text import decode_line
from foundation.reading import Reason, good
from tests.core.small_site import CALM, START_S, Farm, changed, core_of, document

LIBRARY = Path(__file__).parents[1] / "drivers/library"
FAILURES = [Reason.COMM, Reason.EXCEPTION, Reason.SENTINEL, Reason.WIRE_BREAK, Reason.NEVER_SEEN, Reason.STALE]


def started(core: Core | None = None, seconds: float = 120.0) -> Farm:
    farm = Farm(core)
    farm.run(seconds)
    return farm


def restarted(farm: Farm, core: Core | None = None, after_s: float = 20.0) -> Farm:
    new = Farm(core or farm.core, farm.now_s + after_s, json.loads(json.dumps(to_plain(farm.state))))
    new.says = {tag: value for tag, value in farm.says.items() if tag in new.core.plan.conditioners}
    return new


# --- sensors


@pytest.mark.parametrize("failure", FAILURES)
def test_a_read_error_is_never_ph_0_and_doses_nothing(failure: Reason):
    farm = started()
    farm.says["fa.z.ph"] = failure
    dosed = False
    for _ in range(900):
        result = farm.scan()
        assert farm.state.values["fa.z.ph"] is None
        assert all(one.usable is None for one in result.changed if one.tag == "fa.z.ph")
        dosed = dosed or farm.wires["fa.z.pump_acid"] is True
    assert not dosed


@pytest.mark.parametrize("nonsense", [-1.0, -127.0, 85.0])
def test_minus_one_degrees_do_not_boil_the_fish(nonsense: float):
    """A probe that says -1, or a sensor's mark for "no value": its range refuses it, and the heater falls back."""
    site = changed("tags", "fa.z.pipe", "range", ["0 degC", "80 degC"])
    farm = started(core_of(site))
    farm.says["fa.z.pipe"] = nonsense
    farm.run(60)
    assert farm.state.values["fa.z.pipe"] is None
    assert farm.order("fa.z.heater").because.key == "sensor_lost"
    assert farm.order("fa.z.heater").value == 20.0  # what its loop declares, and not full power


def test_a_fail_safe_arms_even_if_its_sensor_was_never_seen_since_the_start():
    farm = Farm(core_of(document()))
    farm.says = {}
    result = farm.run(30)
    assert farm.order("fa.z.lamp").because.key == "sensor_lost"
    assert farm.order("fa.z.lamp").value == 0.0
    assert "sensor:fa.z.ppfd" in [one.id for one in result.alarms]


def test_frozen_readings_are_not_believed():
    """A value that is told again and again while its lamp goes up and down is stuck, and the lamp falls back."""
    stuck = {"for": "10 min", "with": "fa.z.level", "by": "50 %"}
    farm = started(core_of(changed("tags", "fa.z.ppfd", "stuck", stuck)))
    for step in range(60):
        farm.says["fa.z.level"] = 80.0 if step % 2 else 40.0
        farm.run(60)
    assert farm.quality("fa.z.ppfd")[1] is Reason.STUCK
    assert farm.order("fa.z.lamp").because.key == "sensor_lost"


@pytest.mark.parametrize("line", [b"0.00,0( &", b"0.00,0(\x02&", b"*ER", b"", b"7.0", b"nan", b"0x7.0,", b"?Cal,2"])
def test_a_garbled_reply_of_an_oxygen_circuit_is_no_oxygen(line: bytes):
    product = load_product("atlas/ezo_do")
    decoded = decode_line(product, line)
    assert decoded is None or set(decoded.values()) == {7.0}  # "7.0" is a whole answer


def test_no_product_clears_the_calibration_points_of_a_circuit():
    """What the site file says of calibration is ours; no start request tells a circuit to calibrate or to forget."""
    spoken = {path: yaml.safe_load(path.read_text("utf-8")).get("text") for path in LIBRARY.rglob("*.yaml")}
    told = {path: json.dumps(text).lower() for path, text in spoken.items() if text is not None}
    assert len(told) >= 5
    for path, words in told.items():
        assert '"cal' not in words, path
        assert '"factory' not in words, path


# --- stop means stop


@pytest.mark.parametrize("how", ["hand", "lock", "loop gone"])
def test_what_is_disabled_leaves_no_pump_running_and_doses_no_more(how: str):
    farm = started()
    farm.says["fa.z.ph"] = 6.4
    while farm.wires["fa.z.pump_acid"] is not True:
        farm.scan()
    pump, now_s = "fa.z.pump_acid", farm.now_s
    if how == "hand":
        farm.scan([Override("1", pump, 0.0, "wang", now_s + 3600.0)])
    elif how == "lock":
        farm.scan([LockOut("1", pump, "wang", "", "", now_s)])
    else:
        site = document()
        del site["loops"]["fa.z.ph_loop"], site["programs"]["fa.z.ph_sp"]
        farm = restarted(farm, core_of(site), 1.0)
        farm.scan()
    for _ in range(900):
        assert farm.wires[pump] is False
        farm.scan()


def test_a_loop_that_is_gone_from_the_site_file_leaves_its_lamp_off():
    farm = started()
    farm.says["fa.z.ppfd"] = 100.0
    farm.run(300)
    assert farm.wires["fa.z.lamp"] > 20.0
    site = document()
    del site["loops"]["fa.z.light_loop"], site["programs"]["fa.z.ppfd_sp"]
    new = restarted(farm, core_of(site), 1.0)
    new.run(120)  # it dims no faster than it may
    assert new.wires["fa.z.lamp"] == 0.0


# --- start


def test_after_a_power_cut_every_output_is_commanded_in_the_first_scan():
    farm = Farm()
    farm.scan()
    wired = {tag for plan in farm.core.plan.outputs.values() for tag in plan.device_tags}
    assert set(farm.wires) == wired
    again = restarted(farm, after_s=3600.0)
    again.scan()
    assert set(again.wires) == wired


def test_a_valve_that_was_left_on_is_found_and_closed_at_the_start():
    """Killed in the midst of a shot: nobody knows what the valve did since, and it is closed, not waited for."""
    farm = started()
    farm.scan([Override("1", "fa.z.feeder", 100.0, "wang", farm.now_s + 60.0)])
    assert farm.wires["fa.z.feeder"] is True
    kept = json.loads(json.dumps(to_plain(farm.state)))
    new = Farm(farm.core, farm.now_s + 120.0, kept)
    new.scan()
    assert new.wires["fa.z.feeder"] is False


# --- one thing does not take others with it


def test_one_dead_cooler_does_not_stop_the_heater():
    farm = Farm()
    written: tuple[tuple[str, bool, str | None], ...] = ()
    wires: dict[str, Any] = {}
    for second in range(600):
        now_s = START_S + second + 1.0
        says = {**CALM, "fa.z.pipe": 30.0, "fa.z.rh": 95.0}
        readings = tuple(good(tag, value, now_s) for tag, value in says.items())
        result = farm.core.scan(farm.state, Snapshot(readings, written), now_s)
        farm.state = result.state
        wires |= {one.tag: one.value for one in result.commands}
        written = tuple((one.tag, one.output != "fa.z.fan", "comm") for one in result.commands)
    assert wires["fa.z.fan"] is True  # told again and again, and never heard
    assert "order:fa.z.fan" in [one.id for one in result.alarms]
    assert result.orders["fa.z.heater"].slot is Slot.LOOP
    assert result.orders["fa.z.heater"].value > 20.0
    assert [one.id for one in result.alarms if one.id.startswith("order:")] == ["order:fa.z.fan"]


def test_a_desired_state_is_asserted_again_and_not_only_when_it_changes():
    farm = started()
    farm.commands.clear()
    lease_s = farm.core.plan.outputs["fa.z.stirrer"].lease_s
    farm.run(3 * lease_s)
    assert len([one for one in farm.commands if one.tag == "fa.z.stirrer"]) >= 8


# --- pumps


def test_a_running_pump_is_looked_at_with_every_reading_however_slow_its_loop_is():
    """A pump that fills a tank stops when the tank is full, and not a period of its loop later."""
    site = changed("loops", "fa.z.co2_loop", "period", "60 s")
    farm = started(core_of(site))
    farm.says["fa.z.co2"] = 600.0
    while farm.wires["fa.z.co2_valve"] is not True:
        farm.scan()
    farm.run(3)
    farm.says["fa.z.co2"] = 900.0
    farm.run(2)
    assert farm.wires["fa.z.co2_valve"] is False
    farm.says["fa.z.co2"] = 600.0
    farm.run(30)
    assert farm.wires["fa.z.co2_valve"] is False  # to switch on it takes its time


def test_what_a_pump_gave_today_is_a_running_total_that_no_restart_and_no_fill_sets_back():
    farm = started(core_of(changed("outputs", "fa.z.pump_acid", "max_per_day", "60 mL")))
    given_s = 0
    for turn in range(8):
        farm.scan([Override(f"on {turn}", "fa.z.pump_acid", 100.0, "wang", farm.now_s + 30.0)])
        for _ in range(40):
            given_s += farm.wires["fa.z.pump_acid"] is True
            farm.scan()
        if turn % 2:
            farm = restarted(farm)
            farm.scan()
    assert given_s * 0.5 <= 60.0 + 1.0  # mL at 0.5 mL/s, and one scan


# --- alarms


def test_a_float_switch_that_flaps_does_not_send_ten_messages():
    """Whoever gets ten mails at a time switches the guard off: a chattering alarm is shelved for a while."""
    farm = started()
    before = 0
    for step in range(60):
        farm.says["fa.z.door"] = step % 2 == 0
        farm.run(5)
        before = max([before, *(one.activation for one in farm.state.alarms if one.id == "fa.z.open")])
    assert 0 < before <= 5
