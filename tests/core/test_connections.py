"""What is said of devices and buses that are not there: one alarm, in time, and none for a lost frame."""

from typing import Any

from foundation.reading import Reason
from tests.core.small_site import CALM, Farm, core_of, document, only


def two_devices() -> dict[str, Any]:
    """Two nodes with probes on one line."""
    site = only("fa.z.temp_loop", "fa.z.pipe_loop")
    tags = site["devices"]["inputs"]["tags"]
    second = {channel: tag for channel, tag in tags.items() if tag in ("fa.z.pipe", "fa.z.rh")}
    site["devices"]["inputs"]["tags"] = {channel: tag for channel, tag in tags.items() if channel not in second}
    site["devices"]["more"] = {**site["devices"]["inputs"], "unit": 3, "tags": second}
    return site


def connections(farm: Farm) -> list[str]:
    return [alarm.id for alarm in farm.standing if alarm.id.startswith(("bus:", "device:"))]


def whole() -> Farm:
    farm = Farm(core_of(two_devices()))
    known = {tag for device in farm.core.site.devices.values() for tag in device.tags.values()}
    farm.says = {tag: value for tag, value in CALM.items() if tag in known}
    farm.run(20)
    assert connections(farm) == []
    return farm


def test_a_bus_that_is_lost_is_one_alarm_within_half_a_minute():
    farm = whole()
    farm.says = dict.fromkeys(farm.says, Reason.COMM)
    farm.run(9)
    assert connections(farm) == []  # a lost frame or two
    farm.run(15)
    assert connections(farm) == ["bus:line"]
    farm.says |= {tag: CALM[tag] for tag in ("fa.z.pipe", "fa.z.rh")}
    farm.run(4)
    assert connections(farm) == ["device:inputs"]  # the line is whole again
    farm.says |= {tag: CALM[tag] for tag in farm.says}
    farm.run(2)
    assert connections(farm) == []


def test_a_device_with_one_probe_that_still_speaks_is_there():
    farm = whole()
    farm.says |= dict.fromkeys(farm.says, Reason.COMM) | {"fa.z.pipe": 40.0, "fa.z.temp_a": Reason.WIRE_BREAK}
    farm.run(60)
    assert connections(farm) == []


def test_a_device_that_was_never_heard_is_not_yet_missed():
    farm = Farm(core_of(two_devices()))
    farm.says = {}
    farm.run(60)
    assert connections(farm) == []


def test_a_lost_bus_is_one_alarm_as_urgent_as_what_it_hides_and_not_one_for_each_thing_behind_it():
    """Two nodes, a site's alarm on a lost value, sensors of loops: only the bus is told of, at once and for all."""
    site = document()
    farm = Farm(core_of(site))
    farm.run(60)
    stood = {one.id for one in farm.standing}
    assert stood == set()
    farm.says = dict.fromkeys(farm.says, Reason.COMM)
    told = set()
    for _ in range(600):
        farm.scan()
        told |= {one.id for one in farm.standing}
    assert told == {"bus:line"}
    (bus,) = farm.standing
    assert (bus.priority, bus.activation) == ("critical", 1)  # nobody would see how cold it gets
    hidden = {one.id: one.parent for one in farm.state.alarms if one.state == "suppressed"}
    assert {"fa.z.low", "sensor:fa.z.temp", "device:inputs"} <= hidden.keys()
    assert hidden["fa.z.low"] == "bus:line"
    farm.says = dict(CALM)
    farm.run(300)
    assert {one.id for one in farm.standing} == {"latched:fa.z.too_much_co2"}  # a person is to reset it
    assert [one.state for one in farm.state.alarms if one.id == "bus:line"] == ["returned"]


def test_one_dead_sensor_is_one_alarm_which_the_alarm_on_its_value_follows():
    farm = Farm()
    farm.run(60)
    farm.says |= dict.fromkeys(("fa.z.temp_a", "fa.z.temp_b", "fa.z.temp_c"), Reason.WIRE_BREAK)
    farm.run(300)
    assert {one.id for one in farm.standing} - {f"probe:fa.z.temp_{one}" for one in "abc"} == {"sensor:fa.z.temp"}
    assert next(one.priority for one in farm.standing if one.id == "sensor:fa.z.temp") == "critical"
