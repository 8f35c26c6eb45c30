"""Every kind of output, on every kind of device with a fail-safe of its own: nobody refreshes it, and it is safe in
time by itself, in memory and by the bytes of its wire."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from controller.wiring import safe_of
from drivers.codec import encode
from edge_config.model.site import Site
from foundation.clock import SteppedClock
from foundation.reading import Value
from simulator.devices.device import VirtualDevice, devices_of
from simulator.devices.modbus import ModbusSlave
from simulator.devices.mqtt_node import MqttNode
from simulator.field import Field
from simulator.plants.plant import Port, Weather

START_S = 1_700_000_000.0
LEASE_S = 20.0
NAME = {"zh": "甲", "en": "A"}
KINDS: dict[str, tuple[dict[str, Any], Value, float]] = {
    # type -> its settings, an order away from safe, where it is safe (0 to 1)
    "on_off": ({"safe": "off"}, True, 0.0),
    "life_support": ({"type": "on_off", "safe": "on", "life_support": True}, False, 1.0),
    "time_proportioned": ({"safe": "off", "period": "60 s"}, True, 0.0),
    "pulse": ({"safe": "off", "flow": "2 mL/s", "max_pulse": "10 s", "max_per_day": "500 mL"}, True, 0.0),
    "analog": ({"safe": "30 %"}, 80.0, 0.3),
    "hold": ({"type": "analog", "safe": {"hold": "5 s", "then": "10 %"}}, 80.0, 0.1),
}
DEVICES: dict[str, dict[str, Any]] = {
    "icpdas/m7067": {"bus": "rs485", "unit": 20, "watchdog": f"{LEASE_S} s"},
    "generic/io_node": {"bus": "rs485", "unit": 21, "watchdog": f"{LEASE_S} s"},
    "moxa/e1211": {"bus": "rs485", "unit": 22, "watchdog": f"{LEASE_S} s"},
    "generic/mqtt_json": {"bus": "broker", "topic": "node/state", "watchdog": f"{LEASE_S} s"},
}
CONTACTS = ("icpdas/m7067", "moxa/e1211")
"""They have nothing else."""
CASES = [
    (product, kind) for product in DEVICES for kind in KINDS if not (product in CONTACTS and kind in ("analog", "hold"))
]
TAG = "f1.z.out"


class Nothing:
    """A plant that feels one output."""

    inputs: Mapping[str, Port] = {"out": Port("", 0.0, 1.0)}
    outputs: Mapping[str, Port] = {"felt": Port("", 0.0, 1.0)}
    step_s = 10.0

    def initial(self) -> float:
        return 0.0

    def advance(self, state: Any, inputs: Mapping[str, float], weather: Weather, dt_s: float) -> float:
        return inputs["out"]

    def observe(self, state: Any, inputs: Mapping[str, float], weather: Weather) -> dict[str, float]:
        return {"felt": inputs["out"]}


def channel_of(product: str, kind: str) -> str:
    if product == "generic/mqtt_json":
        return "out"
    return "out1" if kind in ("analog", "hold") or product == "moxa/e1211" else "relay1"


def set_up(product: str, kind: str) -> tuple[Field, VirtualDevice]:
    output = {"type": kind, "lease": f"{LEASE_S} s", "fail_safe_by": "device", **KINDS[kind][0]}
    site = Site.model_validate(
        {
            "schema": 1,
            "site": {"id": "f", "name": NAME, "timezone": "UTC", "latitude": 0, "longitude": 0},
            "facilities": {"f1": {"kind": "ras", "zones": ["z"], "name": NAME}},
            "buses": {"rs485": {"protocol": "modbus_rtu", "port": "x"}, "broker": {"protocol": "mqtt", "host": "y"}},
            "devices": {"d": {"product": product, "tags": {channel_of(product, kind): TAG}, **DEVICES[product]}},
            "outputs": {TAG: output},
            "simulation": {"f1": {"plant": "ras", "parameters": "x", "bind": {TAG: "out"}}},
        }
    )
    field = Field(site, START_S, 1, plants={"f1": Nothing()})
    device = devices_of(site, field)["d"]
    assert safe_of(site).keys() == {TAG}
    return field, device


def stands(field: Field, device: VirtualDevice, now_s: float) -> float:
    device.tick(now_s)
    field.advance(now_s)
    return (field.truth(TAG) or 0.0) / 100.0


@pytest.mark.parametrize(("product", "kind"), CASES)
def test_without_refreshing_an_output_is_safe_within_its_lease(product: str, kind: str) -> None:
    field, device = set_up(product, kind)
    _, order, safe = KINDS[kind]
    device.open(START_S)
    ordered = float(order) / (100.0 if not isinstance(order, bool) else 1.0)
    assert device.order({TAG: order}, START_S) == [(TAG, True, None)]
    assert stands(field, device, START_S + LEASE_S - 0.5) == pytest.approx(ordered)
    assert device.order({TAG: order}, START_S + LEASE_S - 0.5) == [(TAG, True, None)]
    assert stands(field, device, START_S + 2 * LEASE_S - 1.0) == pytest.approx(ordered)  # that was a refreshing
    assert stands(field, device, START_S + 2 * LEASE_S) == pytest.approx(safe)
    assert device.tripped


@pytest.mark.parametrize(
    ("product", "kind"), [case for case in CASES if case[0] not in ("generic/mqtt_json", "moxa/e1211")]
)
def test_by_the_registers_of_a_board_it_is_the_same(product: str, kind: str) -> None:
    """The master writes safe value, time and enable over the wire, orders once, and is never heard again."""
    field, device = set_up(product, kind)
    slave = ModbusSlave({1: device})
    watchdog = device.product.watchdog
    assert watchdog is not None
    _, order, safe = KINDS[kind]
    channel = device.product.channels[channel_of(product, kind)]
    analog = channel.kind == "number"

    def write(table: str, address: int, value: int) -> None:
        function = 5 if table == "coil" else 6
        raw = 0xFF00 * value if table == "coil" else value
        pdu = bytes((function,)) + address.to_bytes(2) + raw.to_bytes(2)
        assert slave.respond(1, pdu, START_S) == pdu

    words = encode(channel, 100.0 * safe if analog else safe > 0.5)
    first = watchdog.safe_holding if analog else watchdog.safe_coils
    assert isinstance(words, tuple)
    assert first is not None
    write("holding" if analog else "coil", first, words[0])
    write("holding", watchdog.address, round(LEASE_S / watchdog.unit_s))
    if watchdog.enable is not None:
        write(*watchdog.enable)
    ordered = encode(channel, order)
    assert isinstance(ordered, tuple)
    write("holding" if analog else "coil", channel.address or 0, ordered[0])
    assert stands(field, device, START_S + LEASE_S - 0.5) != pytest.approx(safe)
    assert stands(field, device, START_S + LEASE_S + 0.5) == pytest.approx(safe)


@pytest.mark.parametrize("kind", KINDS)
def test_by_the_messages_of_a_node_it_is_the_same(kind: str) -> None:
    field, device = set_up("generic/mqtt_json", kind)
    _, order, safe = KINDS[kind]
    node = MqttNode(device, "nowhere", 0, SteppedClock(START_S), field.advance)
    command = {"id": "1", "exp": (START_S + 5.0) * 1000, "lease_s": LEASE_S, "values": {"out": order}}
    assert node.order(json.dumps(command).encode(), START_S)["ok"] is True
    assert stands(field, device, START_S + LEASE_S - 0.5) != pytest.approx(safe)
    assert stands(field, device, START_S + LEASE_S + 0.5) == pytest.approx(safe)
