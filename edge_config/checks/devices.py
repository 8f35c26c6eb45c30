"""Devices: each on a bus that speaks its protocol, at an address of its own, with channels that its product has."""

from drivers.product import Product, product_names
from edge_config.checks.inspection import Inspection
from edge_config.model.site import AsciiBus, BrokerBus, Bus, Device, SerialBus
from edge_config.wording import listed, nearest
from foundation.document import Path_

FORBIDDEN_IN_TOPICS = "+#\0"


def check_devices(inspection: Inspection) -> None:
    """E304 to E315, E317 to E319, and what is wrong with the library's own files."""
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
        _compensated(inspection, path, device, product)
    _shared(inspection)
    _alone(inspection)


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
    if product.protocol not in _spoken_on(bus):
        inspection.note("E307", (*path, "bus"), product=product.id, speaks=product.protocol, protocol=bus.protocol)
    elif isinstance(bus, BrokerBus):
        if device.topic is None:
            inspection.note("E311", path, key=True)
        elif not device.topic or any(sign in device.topic for sign in FORBIDDEN_IN_TOPICS):
            inspection.note("E312", (*path, "topic"))
    elif not _is_addressed(product):
        pass
    elif device.unit is None:
        inspection.note("E309", path, key=True)
    elif device.unit == 0 and isinstance(bus, SerialBus):
        inspection.note("E310", (*path, "unit"))


def _spoken_on(bus: Bus) -> tuple[str, ...]:
    """The protocols of products that can stand on a bus."""
    if isinstance(bus, BrokerBus):
        return ("mqtt_json", "mqtt_uns")
    return ("ezo", "ascii") if isinstance(bus, AsciiBus) else ("modbus",)


def _is_addressed(product: Product) -> bool:
    """Whether several can share a line, told apart by their units."""
    return product.protocol == "modbus" or (product.text is not None and "{unit}" in (product.text.poll or ""))


def _compensated(inspection: Inspection, path: Path_, device: Device, product: Product) -> None:
    tag = device.compensate
    if tag is None:
        return
    if product.text is None or product.text.compensate is None:
        inspection.note("E319", (*path, "compensate"), key=True, product=product.id)
    elif tag not in inspection.feeds or inspection.units.get(tag, "degC") != "degC":
        near = nearest(tag, [name for name in inspection.feeds if inspection.units.get(name) == "degC"])
        inspection.note("E318", (*path, "compensate"), near=near)


def _alone(inspection: Inspection) -> None:
    """What has no address has its port to itself."""
    first: dict[str, str] = {}
    for name, device in inspection.site.devices.items():
        product = inspection.products.get(name)
        if product is None or not isinstance(inspection.site.buses.get(device.bus), AsciiBus):
            continue
        other = first.setdefault(device.bus, name)
        if other != name and not (_is_addressed(product) and _is_addressed(inspection.products[other])):
            inspection.note("E317", ("devices", name, "bus"), bus=device.bus, first=other)


def _shared(inspection: Inspection) -> None:
    """Addresses and tags that two have."""
    site = inspection.site
    units: dict[tuple[str, int], str] = {}
    for name, device in site.devices.items():
        product = inspection.products.get(name)
        if device.unit is not None and product is not None and _is_addressed(product):
            first = units.setdefault((device.bus, device.unit), name)
            if first != name:
                path: Path_ = ("devices", name, "unit")
                inspection.note("E308", path, unit=device.unit, bus=device.bus, first=first)
        for channel, tag in device.tags.items():
            feed = inspection.feeds[tag]
            if (feed.device, feed.channel) != (name, channel):
                first = f"{feed.device}.{feed.channel}"
                inspection.note("E313", ("devices", name, "tags", channel), tag=tag, first=first)
