"""What is said of devices and buses that are not there: one alarm, in time, and none for a lost frame."""

from typing import Any

from foundation.reading import Reason
from tests.core.small_site import CALM, Farm, core_of, only


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
