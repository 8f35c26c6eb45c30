"""The time of a serial bus: polls, renewed orders and their read-backs, at its baud rate."""

from typing import Any

from drivers.codec import (
    RTU_EXTRA,
    SILENCE,
    WORDS,
    Request,
    character_s,
    plan,
    plan_writes,
    poll_cost_s,
    read_request,
    write_request,
)
from drivers.product import Product
from edge_config.checks.inspection import Inspection, device_tags
from edge_config.model.site import AsciiBus, Device, SerialBus

MOST = 0.70
"""Share of the time that a bus may be busy: what is left is for retries, scans of the bus and a device that is slow."""
TURNAROUND_S = 0.005
"""What a device takes before it answers, over the silence that ends a frame."""
EZO_S = 1.0
"""What an EZO circuit takes for a reading (../shared/devices.md 27)."""
RENEWALS = 3.0
"""An order is written so often within its lease."""


def check_budget(inspection: Inspection) -> None:
    """E316."""
    site = inspection.site
    leases = _leases(inspection)
    for bus_name, bus in site.buses.items():
        shares: dict[str, float] = {}
        for name, device in site.devices.items():
            product = inspection.products.get(name)
            if device.bus != bus_name or product is None or device.period <= 0:
                continue
            if isinstance(bus, SerialBus) and product.protocol == "modbus":
                shares[name] = _share(device, product, bus, leases)
            elif isinstance(bus, AsciiBus):
                shares[name] = _text_s(product, bus) / device.period
        busy = sum(shares.values())
        if busy > MOST:
            worst = sorted(shares, key=lambda name: -shares[name])[:3]
            most = ", ".join(f"{name} {100 * shares[name]:.0f} %" for name in worst)
            told: dict[str, Any] = {"percent": f"{100 * busy:.0f}", "limit": f"{100 * MOST:.0f}", "most": most}
            inspection.note("E316", ("buses", bus_name), key=True, bus=bus_name, **told)


def _leases(inspection: Inspection) -> dict[str, float]:
    """By device tag, the lease of the output that writes it."""
    return {
        tag: output.lease for name, output in inspection.site.outputs.items() for _, tag in device_tags(name, output)
    }


def _share(device: Device, product: Product, bus: SerialBus, leases: dict[str, float]) -> float:
    """The share of a bus's time that a device takes, at worst: every order renewed by itself."""
    known = [channel for channel in device.tags if channel in product.channels]
    share = poll_cost_s(product, known, bus.baud, bus.parity, bus.stop_bits, TURNAROUND_S) / device.period
    for name in known:
        lease = leases.get(device.tags[name], 0.0)
        channel = product.channels[name]
        if lease > 0 and channel.access != "read" and not channel.non_volatile:
            requests = [write_request(write) for write in plan_writes(product, {name: (0,) * WORDS[channel.type]})]
            if channel.access == "read_write":
                requests += [read_request(block) for block in plan(product, [name])]
            share += sum(_seconds(request, bus) for request in requests) * RENEWALS / lease
    return share


def _text_s(product: Product, bus: AsciiBus) -> float:
    """The time on the wire of one line of text, and of what asks for it."""
    text = product.text
    if text is None:
        return 0.0
    characters = len(text.poll or "") + len(text.sample) + 2
    took_s = EZO_S if product.protocol == "ezo" else TURNAROUND_S
    return characters * character_s(bus.baud, bus.parity, bus.stop_bits) + took_s


def _seconds(request: Request, bus: SerialBus) -> float:
    """The time on the wire of a request and its reply."""
    characters = len(request.pdu) + request.size + 2 * RTU_EXTRA + 2 * SILENCE
    return characters * character_s(bus.baud, bus.parity, bus.stop_bits) + TURNAROUND_S
