"""From the site to the drivers' settings: where each bus ends, what each device is, where each output is safe."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from drivers.driver import BrokerSettings, BusSettings, DeviceSettings, SerialSettings, TcpSettings
from edge_config.fail_safe import Cause, percent_of
from edge_config.model.outputs import Analog, ThreePoint
from edge_config.model.site import AsciiBus, BrokerBus, Device, SerialBus, Site, TcpBus
from foundation.reading import Value

BY_ID = Path("/dev/serial/by-id")


def bus_settings(
    site: Site, secrets: Callable[[str], str], wiring: Mapping[str, Mapping[str, Any]], speed: float
) -> list[BusSettings]:
    """Each bus of the site; `wiring[bus]` replaces its far end: `{"port": ...}` or `{"host": ..., "port": ...}`."""
    found: list[BusSettings] = []
    for name, bus in site.buses.items():
        end = wiring.get(name, {})
        match bus:
            case SerialBus() | AsciiBus():
                path = str(end.get("port") or _serial_port(bus.port))
                line = (bus.baud, bus.parity, bus.stop_bits, bus.deadline, max(speed, 1.0))
                found.append(SerialSettings(name, path, *line, "text" if isinstance(bus, AsciiBus) else "modbus"))
            case TcpBus():
                host, port = end.get("host", bus.host), end.get("port", bus.port)
                found.append(TcpSettings(name, host, port, bus.deadline, max(speed, 1.0)))
            case BrokerBus():
                found.append(
                    BrokerSettings(
                        name,
                        end.get("host", bus.host),
                        end.get("port", bus.port),
                        f"farmloop-{site.site.id}",
                        secrets(bus.username.name) if bus.username is not None else None,
                        secrets(bus.password.name) if bus.password is not None else None,
                        bus.deadline,
                    )
                )
    return found


def device_settings(site: Site) -> list[DeviceSettings]:
    """Each device of the site."""
    return [
        DeviceSettings(
            name,
            one.product,
            one.bus,
            one.unit,
            one.period,
            _watchdog(site, one),
            one.topic,
            dict(one.tags),
            one.compensate,
        )
        for name, one in site.devices.items()
    ]


def _watchdog(site: Site, device: Device) -> float | None:
    """What the site says; an MQTT node is told its lease with every command, and never one without an end."""
    if device.watchdog is not None or not isinstance(site.buses[device.bus], BrokerBus):
        return device.watchdog
    return min((site.outputs[tag].lease for tag in device.tags.values() if tag in site.outputs), default=None)


def safe_of(site: Site, cause: Cause = "controller_stopped") -> dict[str, Value]:
    """What each device tag of an output is set to when this box lets go (or, by its device, when nobody speaks to it
    any more): a motor stands, a hold is not waited for."""
    found: dict[str, Value] = {}
    for name, output in site.outputs.items():
        if isinstance(output, ThreePoint):
            found[output.open] = found[output.close] = False
            continue
        percent = percent_of(output, cause)
        found[name] = percent if isinstance(output, Analog) else percent >= 50.0
    return found


def _serial_port(port: str) -> str:
    """`by-id/X` is where Linux names serial adapters by maker and number; anything else is a path as it stands."""
    return str(BY_ID / port.removeprefix("by-id/")) if port.startswith("by-id/") else port
