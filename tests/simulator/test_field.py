"""The field: orders in, instruments out, one farm time."""

from collections.abc import Mapping
from math import exp
from typing import Any

import pytest

from edge_config.model.site import Site
from simulator.devices.device import devices_of
from simulator.field import Field, FieldError
from simulator.plants.plant import Port, Weather

START_S = 1_700_000_000.0
NAME = {"zh": "甲", "en": "A"}


class Bucket:
    """A tank that fills while its valve is open, 1 L/s, and shows what it was told."""

    inputs: Mapping[str, Port] = {
        "valve": Port("", 0.0, 1.0),
        "gate": Port("", 0.0, 1.0),
        "leak": Port("", 0.0, 2.0, 0.0, "fault"),
    }
    outputs: Mapping[str, Port] = {
        "volume": Port("L", 0.0, 1e9),
        "flow": Port("L/min", 0.0, 100.0),
        "tank.temperature": Port("degC", -10.0, 60.0),
        "gate": Port("-", 0.0, 1.0),
        "outside": Port("degC", -60.0, 60.0),
        "tank.ph": Port("pH", 0.0, 14.0),
    }
    step_s = 10.0

    def initial(self) -> float:
        return 0.0

    def advance(self, state: Any, inputs: Mapping[str, float], weather: Weather, dt_s: float) -> float:
        assert 0.0 < dt_s <= self.step_s
        return float(state + (inputs["valve"] - inputs["leak"]) * dt_s)

    def observe(self, state: Any, inputs: Mapping[str, float], weather: Weather) -> dict[str, float]:
        return {
            "volume": max(state, 0.0),
            "flow": 60.0 * inputs["valve"],
            "tank.temperature": 20.0,
            "gate": inputs["gate"],
            "outside": weather.air_c,
            "tank.ph": 5.0,
        }


def site(**simulation: Any) -> Site:
    return Site.model_validate(
        {
            "schema": 1,
            "site": {"id": "f", "name": NAME, "timezone": "Asia/Shanghai", "latitude": 36.9, "longitude": 118.7},
            "facilities": {"ras1": {"kind": "ras", "zones": ["tank1"], "name": NAME}},
            "buses": {"rs485a": {"protocol": "modbus_rtu", "port": "x"}},
            "devices": {
                "relays1": {
                    "product": "icpdas/m7067",
                    "bus": "rs485a",
                    "unit": 20,
                    "tags": {
                        "relay1": "ras1.tank1.valve",
                        "relay2": "ras1.tank1.gate_open",
                        "relay3": "ras1.tank1.gate_close",
                        "relay4": "ras1.tank1.lamp",
                    },
                },
                "probe": {
                    "product": "yosemitech/y504_a",
                    "bus": "rs485a",
                    "unit": 11,
                    "tags": {"temperature": "ras1.tank1.temp_a"},
                },
                "io": {
                    "product": "generic/io_node",
                    "bus": "rs485a",
                    "unit": 21,
                    "tags": {"input1": "ras1.tank1.valve_closed"},
                },
                "probe_b": {
                    "product": "yosemitech/y504_a",
                    "bus": "rs485a",
                    "unit": 12,
                    "tags": {"temperature": "ras1.tank1.temp_b"},
                },
            },
            "tags": {
                "ras1.tank1.volume": {"unit": "L", "entry": "manual"},
                "ras1.tank1.flow": {"unit": "m3/h", "entry": "manual"},
                "ras1.tank1.gate_seen": {"unit": "%", "entry": "manual"},
                "ras1.all.outside": {"unit": "degC", "entry": "manual"},
                "ras1.tank1.ph": {"unit": "pH", "entry": "manual"},
                "ras1.tank1.valve_current": {"unit": "A", "entry": "manual"},
            },
            "outputs": {
                "ras1.tank1.valve": {"type": "on_off", "safe": "off", "lease": "20 s", "fail_safe_by": "device"},
                "ras1.tank1.gate": {
                    "type": "three_point",
                    "open": "ras1.tank1.gate_open",
                    "close": "ras1.tank1.gate_close",
                    "travel": "100 s",
                    "safe": "off",
                    "lease": "60 s",
                    "fail_safe_by": "none",
                },
            },
            "simulation": {"ras1": {**RAS1, **simulation.pop("ras1", {})}, **simulation},
        }
    )


RAS1: dict[str, Any] = {
    "plant": "ras",
    "parameters": "bass_50m3",
    "bind": {
        "ras1.tank1.valve": "valve",
        "ras1.tank1.gate": "gate",
        "ras1.tank1.volume": "volume",
        "ras1.tank1.flow": "flow",
        "ras1.tank1.temp_a": "tank.temperature",
        "ras1.tank1.temp_b": "tank.temperature",
        "ras1.tank1.gate_seen": "gate",
        "ras1.all.outside": "outside",
    },
}


def field(seed: int = 1, **simulation: Any) -> Field:
    return Field(site(**simulation), START_S, seed, plants={"ras1": Bucket()})


def test_a_pulse_is_worth_its_seconds_whatever_the_step() -> None:
    farm = field()
    farm.advance(START_S + 3.25)
    farm.actuate("ras1.tank1.valve", True)
    farm.advance(START_S + 5.5)
    farm.actuate("ras1.tank1.valve", False)
    farm.advance(START_S + 60.0)
    assert farm.truth("ras1.tank1.volume") == pytest.approx(2.25)


def test_a_switch_is_felt_within_the_second() -> None:
    farm = field()
    farm.actuate("ras1.tank1.valve", True)
    farm.advance(START_S + 1.0)
    assert farm.truth("ras1.tank1.flow") == pytest.approx(3.6)  # 60 L/min
    assert farm.sense("ras1.tank1.flow") == pytest.approx(3.6 * 0.632, rel=0.1)  # the meter lags


def test_how_often_the_field_is_moved_changes_nothing() -> None:
    seen = []
    for pace_s in (0.25, 1.0, 7.0):
        farm = field()
        farm.actuate("ras1.tank1.valve", True)
        now_s = START_S
        while now_s < START_S + 42.0:
            now_s = min(now_s + pace_s, START_S + 42.0)
            farm.advance(now_s)
        seen.append((farm.sense("ras1.tank1.temp_a"), farm.truth("ras1.tank1.volume")))
    assert seen[0] == pytest.approx(seen[1], abs=1e-9)
    assert seen[0] == pytest.approx(seen[2], abs=1e-9)


def test_one_seed_gives_one_farm_and_another_seed_another() -> None:
    def run(seed: int, backwards: bool = False) -> list[object]:
        farm = field(seed)
        seen: list[object] = []
        tags = ["ras1.tank1.temp_a", "ras1.tank1.temp_b", "ras1.tank1.flow"]
        for second in range(1, 60):
            if second == 20:
                farm.actuate("ras1.tank1.valve", True)
            farm.advance(START_S + second)
            values = {tag: farm.sense(tag) for tag in (reversed(tags) if backwards else tags)}
            seen.append([values[tag] for tag in tags])
        return seen

    assert run(1) == run(1, backwards=True)
    assert run(1) != run(2)


def test_two_probes_on_one_port_err_each_in_its_own_way() -> None:
    farm = field()
    farm.advance(START_S + 60.0)
    a, b = farm.sense("ras1.tank1.temp_a"), farm.sense("ras1.tank1.temp_b")
    assert a != b
    assert a == pytest.approx(20.0, abs=0.2)
    assert b == pytest.approx(20.0, abs=0.2)


def test_a_motor_moves_by_its_contacts_and_its_position_can_be_measured() -> None:
    farm = field()
    farm.actuate("ras1.tank1.gate_open", True)
    farm.advance(START_S + 50.0)
    assert farm.truth("ras1.tank1.gate") == pytest.approx(50.0)
    assert farm.truth("ras1.tank1.gate_seen") == pytest.approx(50.0)


def test_a_slower_motor_than_the_site_believes() -> None:
    farm = field(ras1={"actuators": {"ras1.tank1.gate": {"travel": "200 s"}}})
    farm.actuate("ras1.tank1.gate_open", True)
    farm.advance(START_S + 50.0)
    assert farm.truth("ras1.tank1.gate") == pytest.approx(25.0)


def test_an_output_that_moves_nothing_still_reads_back() -> None:
    farm = field()
    assert farm.sense("ras1.tank1.lamp") is None
    farm.actuate("ras1.tank1.lamp", True)
    assert farm.sense("ras1.tank1.lamp") is True
    assert farm.sense("nobody.knows.this") is None


def test_a_fault_holds_an_input_until_it_is_let_go() -> None:
    farm = field()
    farm.actuate("ras1.tank1.valve", True)
    farm.force("ras1", "valve", 0.0)
    farm.advance(START_S + 10.0)
    assert farm.truth("ras1.tank1.volume") == 0.0
    farm.force("ras1", "valve", None)
    farm.advance(START_S + 20.0)
    assert farm.truth("ras1.tank1.volume") == pytest.approx(10.0)
    with pytest.raises(FieldError, match="no input port 'tap'"):
        farm.force("ras1", "tap", 1.0)


def test_an_input_that_nobody_moves_can_be_set_by_the_site() -> None:
    farm = field(ras1={"inputs": {"leak": 1.0}})
    farm.actuate("ras1.tank1.valve", True)
    farm.advance(START_S + 30.0)
    assert farm.truth("ras1.tank1.volume") == 0.0


def test_an_instrument_takes_the_sites_settings() -> None:
    farm = field(ras1={"instruments": {"ras1.tank1.temp_a": {"offset": "1.5 K", "noise": 0}}})
    farm.advance(START_S + 60.0)
    assert farm.sense("ras1.tank1.temp_a") == pytest.approx(21.5)


# --- what goes wrong


def test_a_probe_fails_by_its_tag_and_is_mended() -> None:
    farm = field()
    farm.fault("ras1.tank1.temp_a", "sentinel", value=-127.0)
    assert farm.sense("ras1.tank1.temp_a") == -127.0
    farm.fault("ras1.tank1.temp_a", "sentinel")
    assert farm.sense("ras1.tank1.temp_a") is None
    farm.mend("ras1.tank1.temp_a")
    assert farm.sense("ras1.tank1.temp_a") == pytest.approx(20.0, abs=0.2)
    assert farm.truth("ras1.tank1.temp_a") == 20.0


def test_after_a_power_cut_the_probes_of_a_device_warm_up() -> None:
    farm = field(ras1={"instruments": {"ras1.tank1.temp_a": {"noise": 0, "warm_up": "60 s", "warm_up_error": "4 K"}}})
    assert farm.sense("ras1.tank1.temp_a") == pytest.approx(20.0)
    devices_of(farm.site, farm)["probe"].power_cycle(START_S)
    assert farm.sense("ras1.tank1.temp_a") == pytest.approx(24.0)
    farm.advance(START_S + 60.0)
    assert farm.sense("ras1.tank1.temp_a") == pytest.approx(20.0 + 4.0 * exp(-1.0), abs=0.2)


def test_a_leaking_valve_fills_the_tank_and_a_dead_one_does_not() -> None:
    farm = field()
    farm.fault("ras1.tank1.valve", "leaking", share=0.2)
    farm.advance(START_S + 11.0)  # a step of the plant ends here
    assert farm.truth("ras1.tank1.volume") == pytest.approx(2.2)
    farm.mend("ras1.tank1.valve", "leaking")
    farm.fault("ras1.tank1.valve", "dead")
    farm.actuate("ras1.tank1.valve", True)
    farm.advance(START_S + 20.0)
    assert farm.truth("ras1.tank1.volume") == pytest.approx(2.2)
    assert farm.truth("ras1.tank1.valve") == 0.0
    farm.mend("ras1.tank1.valve")
    farm.advance(START_S + 26.0)
    assert farm.truth("ras1.tank1.volume") == pytest.approx(2.2 + 6.0)


@pytest.mark.parametrize(
    ("tag", "form", "words"),
    [
        ("ras1.tank1.tmep_a", "stuck", "ras1.tank1.tmep_a: no instrument or output 'ras1.tank1.tmep_a'"),
        ("ras1.tank1.temp_a", "leaking", "ras1.tank1.temp_a: no form 'leaking' of instrument faults; there are: stuck"),
        ("ras1.tank1.valve", "drift", "ras1.tank1.valve: no form 'drift' of actuator faults; there are: stuck"),
    ],
)
def test_a_fault_of_what_is_not_there_says_what_is(tag: str, form: str, words: str) -> None:
    with pytest.raises(FieldError, match=words):
        field().fault(tag, form)
    if "no instrument" in words:
        with pytest.raises(FieldError, match=words):
            field().mend(tag)


def test_a_feedback_contact_follows_the_contactor_and_a_current_what_really_runs() -> None:
    bind = {
        **RAS1["bind"],
        "ras1.tank1.valve_closed": "ras1.tank1.valve",
        "ras1.tank1.valve_current": "ras1.tank1.valve",
    }
    farm = field(ras1={"bind": bind, "instruments": {"ras1.tank1.valve_current": {"gain": 4.2}}})
    feedback, current = "ras1.tank1.valve_closed", "ras1.tank1.valve_current"
    assert (farm.sense(feedback), farm.sense(current)) == (False, 0.0)
    farm.actuate("ras1.tank1.valve", True)
    farm.advance(START_S + 1.0)
    assert (farm.sense(feedback), farm.sense(current)) == (True, pytest.approx(4.2))
    farm.fault("ras1.tank1.valve", "dead")
    farm.advance(START_S + 2.0)
    assert (farm.sense(feedback), farm.sense(current)) == (True, 0.0)


def test_a_ph_probe_feels_the_water_that_the_site_puts_beside_it() -> None:
    ph = {"temperature": "tank.temperature", "believed": "25 degC", "noise": 0, "lag": 0}
    farm = field(ras1={"instruments": {"ras1.tank1.ph": ph}, "bind": {**RAS1["bind"], "ras1.tank1.ph": "tank.ph"}})
    farm.advance(START_S + 10.0)
    assert farm.sense("ras1.tank1.ph") == pytest.approx(7.0 - 2.0 * 293.15 / 298.15)
    assert farm.truth("ras1.tank1.ph") == 5.0
    farm.compensate("ras1.tank1.ph", 20.0)
    farm.advance(START_S + 20.0)
    assert farm.sense("ras1.tank1.ph") == pytest.approx(5.0)


def test_the_weather_of_a_design_day_moves() -> None:
    farm = field(weather={"design_day": "cold_front", "seed": 1})
    farm.advance(START_S + 10.0)
    early = farm.truth("ras1.all.outside")
    farm.advance(START_S + 6 * 3600.0)
    assert farm.truth("ras1.all.outside") != early


@pytest.mark.parametrize(
    ("simulation", "words"),
    [
        ({"ras2": {}}, "simulation.ras2: no facility 'ras2'; there are: ras1"),
        ({"weather": {"design_day": "sharknado"}}, "simulation.weather: .*sharknado"),
        ({"weather": {"epw": "/nowhere.epw"}}, "simulation.weather: .*nowhere"),
        ({"weather": 3}, "simulation.weather: wants"),
        ({"ras1": {"plants": "ras"}}, "simulation.ras1.plants: no key 'plants'"),
        ({"ras1": {"bind": {"ras1.tank1.valve": "vlave"}}}, r"bind.ras1.tank1.valve: no input port 'vlave'"),
        ({"ras1": {"bind": {"ras1.tank1.temp_a": "valve"}}}, r"bind.ras1.tank1.temp_a: no output port 'valve'"),
        ({"ras1": {"bind": {"ras1.tank1.tmep": "flow"}}}, "no device, output or tag 'ras1.tank1.tmep'"),
        ({"ras1": {"bind": {"ras1.tank1.temp_a": "flow"}}}, "'L/min' is not a kind of 'degC'"),
        ({"ras1": {"bind": {"ras1.tank1.gate_open": "gate"}}}, "is a contact of 'ras1.tank1.gate'"),
        ({"ras1": {"instruments": {"ras1.tank1.lamp": {}}}}, "nothing is bound to 'ras1.tank1.lamp'"),
        ({"ras1": {"instruments": {"ras1.tank1.temp_a": {"nose": 1}}}}, "unknown key 'nose'"),
        ({"ras1": {"instruments": {"ras1.tank1.temp_a": {"slope": 1}}}}, "temp_a: slope: wants `temperature` of a tag"),
        ({"ras1": {"actuators": {"ras1.tank1.gaet": {}}}}, "no output 'ras1.tank1.gaet'; there are: ras1.tank1.valve"),
        (
            {"ras1": {"actuators": {"ras1.tank1.valve": {"travel": "9 s"}}}},
            "actuators.ras1.tank1.valve: no key 'travel'",
        ),
        ({"ras1": {"inputs": {"tap": 1}}}, "inputs.tap: no input port 'tap'"),
        ({"ras1": {"step": "fast"}}, "simulation.ras1.step"),
    ],
)
def test_a_section_that_names_what_is_not_there_says_where(simulation: dict[str, Any], words: str) -> None:
    with pytest.raises(FieldError, match=words):
        field(**simulation)


@pytest.mark.parametrize(
    ("ras1", "words"),
    [
        (
            {"plant": "ocean"},
            "simulation.ras1.plant: no plant 'ocean'; there are: aquaponics, cold_store, greenhouse, ",
        ),
        ({"parameters": "bass_50m4"}, "simulation.ras1.parameters: there is no parameter file 'bass_50m4'"),
        ({"parameters": None}, "simulation.ras1: has no parameters"),
    ],
)
def test_a_plant_that_is_not_there_is_named(ras1: dict[str, Any], words: str) -> None:
    with pytest.raises(FieldError, match=words):
        Field(site(ras1=ras1), START_S, 1)
