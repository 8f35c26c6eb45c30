"""What happens in a scenario begins and ends when it is due, and leaves nothing behind."""

from pathlib import Path
from typing import Any

import pytest

from edge_config.loader import load_site
from simulator.devices.device import VirtualDevice, devices_of
from simulator.field import Field
from simulator.scenario import Event
from simulator.timeline import Timeline

START_S = 1_774_065_600.0
SITE = load_site(Path("edge_config/sites/ras.yaml")).site
Farm = tuple[Field, dict[str, VirtualDevice]]


@pytest.fixture
def farm() -> Farm:
    field = Field(SITE, START_S, 1)
    return field, devices_of(SITE, field)


def timeline(*events: dict[str, Any]) -> Timeline:
    return Timeline(tuple(Event.model_validate(one) for one in events), "ras1", SITE, START_S)


def stepped(line: Timeline, farm: Farm, *seconds: float) -> list[str]:
    """What people do meanwhile."""
    done = []
    for second in seconds:
        done += [str(event.set or event.hand) for event in line.step(START_S + second, *farm)]
    return done


def test_a_port_is_held_for_its_time_and_let_go(farm: Farm) -> None:
    line, ground = timeline({"at": "10 s", "for": "5 s", "force": {"circulation.pump": 0.25}}), farm[0].grounds["ras1"]
    stepped(line, farm, -1, 0, 9)
    assert ground.fixed == {}
    stepped(line, farm, 10, 14)
    assert ground.fixed == {"circulation.pump": 0.25}
    stepped(line, farm, 15, 16)
    assert ground.fixed == {}


def test_a_ramp_goes_to_its_end_and_stays(farm: Farm) -> None:
    line, ground = (
        timeline({"at": "10 s", "for": "10 s", "ramp": {"biofilter.health": [1, 0.2]}}),
        farm[0].grounds["ras1"],
    )
    stepped(line, farm, 15)
    assert ground.fixed["biofilter.health"] == pytest.approx(0.6)
    stepped(line, farm, 20, 500)
    assert ground.fixed["biofilter.health"] == pytest.approx(0.2)


def test_a_bus_or_a_device_is_unplugged_and_plugged_in_again(farm: Farm) -> None:
    devices = farm[1]
    for name, gone in (("farm_mqtt", {"ras_feeder"}), ("ras_ph", {"ras_ph"})):
        line = timeline({"at": "1 s", "for": "1 s", "unplug": name})
        stepped(line, farm, 1)
        assert {one for one, device in devices.items() if device.unplugged} == gone
        stepped(line, farm, 2)
        assert not any(device.unplugged for device in devices.values())


def test_what_fails_is_mended_of_that_form_alone(farm: Farm) -> None:
    field, devices = farm
    line = timeline(
        {"at": "1 s", "for": "1 s", "fault": "ras1.tank1.do_a", "form": "offset", "values": {"by": 2}},
        {"at": "1 s", "fault": "ras1.tank1.do_a", "form": "drift", "values": {"per_day": 1}},
        {"at": "1 s", "for": "1 s", "fault": "ras1.tank1.o2_valve", "form": "leaking", "values": {"share": 0.5}},
        {"at": "1 s", "for": "1 s", "fault": "ras_ph.ph", "form": "stuck"},
    )
    stepped(line, farm, 1)
    assert set(field.instruments["ras1.tank1.do_a"].faults) == {"offset", "drift"}
    assert field.actuators["ras1.tank1.o2_valve"].position == 0.5
    assert devices["ras_ph"].stuck == {"ph"}
    stepped(line, farm, 2)
    assert set(field.instruments["ras1.tank1.do_a"].faults) == {"drift"}
    assert field.actuators["ras1.tank1.o2_valve"].position == 0.0
    assert devices["ras_ph"].stuck == set()


def test_without_power_the_controller_is_dead_and_without_its_process_the_lights_stay_on(farm: Farm) -> None:
    line = timeline({"at": "1 s", "for": "2 s", "power": "cut"}, {"at": "2 s", "for": "3 s", "controller": "killed"})
    seen = []
    for second in range(6):
        stepped(line, farm, second)
        seen.append((line.dark, line.dead))
    assert seen == [(False, False), (True, True), (True, True), (False, True), (False, True), (False, False)]


def test_what_people_do_is_told_once_and_is_no_fault(farm: Farm) -> None:
    line = timeline(
        {"at": "1 s", "set": "ras1.tank1.do_sp", "to": "7 mg/L"},
        {"at": "2 s", "for": "5 s", "hand": "ras1.tank1.feeder", "to": "on"},
    )
    assert stepped(line, farm, *range(20)) == ["ras1.tank1.do_sp", "ras1.tank1.feeder"]
    assert (line.first_fault_s, line.last_end_s) == (None, None)


def test_faults_begin_with_the_first_and_end_with_the_last_that_ends() -> None:
    line = timeline(
        {"at": "1 s", "set": "ras1.tank1.do_sp", "to": "7 mg/L"},
        {"at": "20 s", "for": "5 s", "force": {"circulation.pump": 0}},
        {"at": "10 s", "unplug": "ras_ph"},
    )
    assert (line.first_fault_s, line.last_end_s) == (START_S + 10.0, START_S + 25.0)
