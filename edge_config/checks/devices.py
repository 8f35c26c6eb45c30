"""Devices: each on a bus that speaks its protocol, at an address of its own, with channels that its product has."""

from drivers.product import Product, product_names
from edge_config.checks.inspection import Inspection
from edge_config.model.site import BrokerBus, Bus, Device, SerialBus
from edge_config.wording import listed, nearest
from foundation.document import Path_

FORBIDDEN_IN_TOPICS = "+#\0"


def check_devices(inspection: Inspection) -> None:
    """E304 to E315, and what is wrong with the library's own files."""
    site = inspection.site
    for name, bus in site.buses.items():
        inspection.positive(("buses", name, "deadline"), bus.deadline)
    for name, device in site.devices.items():
        path: Path_ = ("devices", name)
        inspection.positive((*path, "period"), device.period)
        inspection.positive((*path, "watchdog"), device.watchdog)
        device_bus = site.buses.get(device.bus)
        if device_bus is None:
            near = nearest(device.bus, site.buses)
            inspection.note("E304", (*path, "bus"), bus=device.bus, near=near, known=listed(site.buses))
        product = inspection.products.get(name)
        if product is None:
            _broken(inspection, path, name, device)
            continue
        _channels(inspection, path, device, product)
        _watchdog(inspection, path, device, product)
        if device_bus is not None:
            _address(inspection, path, device, product, device_bus)
    _shared(inspection)


def _broken(inspection: Inspection, path: Path_, name: str, device: Device) -> None:
    for problem in inspection.broken[name]:
        if problem.code == "E201":
            inspection.note("E305", (*path, "product"), near=nearest(device.product, product_names()))
        else:
            inspection.problems.append(problem)


def _channels(inspection: Inspection, path: Path_, device: Device, product: Product) -> None:
    if "*" in product.channels:
        return
    for channel in device.tags:
        if channel not in product.channels:
            near = nearest(channel, product.channels)
            inspection.note("E306", (*path, "tags", channel), key=True, product=product.id, near=near)


def _watchdog(inspection: Inspection, path: Path_, device: Device, product: Product) -> None:
    if device.watchdog is None:
        return
    own = product.watchdog
    if own is None:
        if product.protocol != "mqtt_json":
            inspection.note("E314", (*path, "watchdog"), key=True, product=product.id)
    elif not own.unit_s <= device.watchdog <= own.unit_s * own.maximum + 1e-9:
        most = own.unit_s * own.maximum
        inspection.note("E315", (*path, "watchdog"), product=product.id, low=own.unit_s, high=most)


def _address(inspection: Inspection, path: Path_, device: Device, product: Product, bus: Bus) -> None:
    if (product.protocol == "modbus") == isinstance(bus, BrokerBus):
        inspection.note("E307", (*path, "bus"), product=product.id, speaks=product.protocol, protocol=bus.protocol)
    elif isinstance(bus, BrokerBus):
        if device.topic is None:
            inspection.note("E311", path, key=True)
        elif not device.topic or any(sign in device.topic for sign in FORBIDDEN_IN_TOPICS):
            inspection.note("E312", (*path, "topic"))
    elif device.unit is None:
        inspection.note("E309", path, key=True)
    elif device.unit == 0 and isinstance(bus, SerialBus):
        inspection.note("E310", (*path, "unit"))


def _shared(inspection: Inspection) -> None:
    """Addresses and tags that two have."""
    site = inspection.site
    units: dict[tuple[str, int], str] = {}
    for name, device in site.devices.items():
        product = inspection.products.get(name)
        if device.unit is not None and product is not None and product.protocol == "modbus":
            first = units.setdefault((device.bus, device.unit), name)
            if first != name:
                path: Path_ = ("devices", name, "unit")
                inspection.note("E308", path, unit=device.unit, bus=device.bus, first=first)
        for channel, tag in device.tags.items():
            feed = inspection.feeds[tag]
            if (feed.device, feed.channel) != (name, channel):
                first = f"{feed.device}.{feed.channel}"
                inspection.note("E313", ("devices", name, "tags", channel), tag=tag, first=first)
