"""Virtual devices that speak text: what an EZO circuit and a text probe say, and how their UART carries it."""

import asyncio
import os
import tty
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.product import load_product, product_names
from drivers.text import decode_line
from edge_config.model.site import Device
from foundation.clock import SteppedClock
from simulator.devices.ascii_probe import AsciiProbe
from simulator.devices.device import VirtualDevice
from simulator.devices.ezo import EzoCircuit
from simulator.devices.serial_line import LineFaults
from simulator.devices.spoken import decimals_of, said
from simulator.devices.uart import UartLine
from tests.simulator.test_devices_device import Bench

START_S = 1_700_000_000.0


def virtual(product: str, bench: Bench, **more: Any) -> VirtualDevice:
    what = load_product(product)
    tags = {name: f"t.z.{name}" for name in what.channels}
    settings = Device.model_validate({"product": product, "bus": "b", "tags": tags, **more})
    return VirtualDevice("d", settings, what, bench, {})


def circuit(kind: str = "ph", **shows: float | None) -> EzoCircuit:
    return EzoCircuit(virtual(f"atlas/ezo_{kind}", Bench(**{f"t__z__{name}": value for name, value in shows.items()})))


def spoken(one: EzoCircuit, command: str, now_s: float = START_S) -> str:
    return "".join(what.data.decode() for what in one.hear(command.encode(), now_s))


def test_a_reading_is_said_with_the_decimals_of_the_maker() -> None:
    assert spoken(circuit(ph=7.2), "R") == "7.200\r*OK\r"
    assert spoken(circuit("do", oxygen=7.816), "R") == "7.82\r*OK\r"
    assert spoken(circuit("ec", conductivity=1.413), "R") == "1413.00\r*OK\r"
    assert spoken(circuit("rtd", temperature=-3.25), "r") == "-3.250\r*OK\r"
    assert spoken(circuit("orp", orp=-12.34), "R") == "-12.3\r*OK\r"


def test_a_reading_takes_a_second_and_other_commands_less() -> None:
    one = circuit(ph=7.2)
    assert one.hear(b"R", START_S)[0].after_s == 0.9
    assert one.hear(b"C,0", START_S)[0].after_s == 0.3


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("*OK,?", "?*OK,1\r*OK\r"),
        ("C,?", "?C,1\r*OK\r"),
        ("T,?", "?T,25.0\r*OK\r"),
        ("T,19.5", "*OK\r"),
        ("RT,19.5", "7.200\r*OK\r"),
        ("Status", "?STATUS,P,5.038\r*OK\r"),
        ("Sleep", "*SL\r"),
        ("C,100", "*ER\r"),
        ("T,warm", "*ER\r"),
        ("I2C,100", "*ER\r"),
        ("Rubbish", "*ER\r"),
    ],
)
def test_commands_are_answered_as_the_data_sheet_says(command: str, answer: str) -> None:
    assert spoken(circuit(ph=7.2), command) == answer


def test_only_what_measures_ions_or_oxygen_takes_a_temperature() -> None:
    assert spoken(circuit("orp", orp=200.0), "T,19.5") == "*ER\r"
    assert spoken(circuit("rtd", temperature=20.0), "T,19.5") == "*ER\r"


def test_acknowledgements_can_be_switched_off_and_codes_cannot() -> None:
    one = circuit(ph=7.2)
    assert spoken(one, "*OK,0") == ""
    assert spoken(one, "R") == "7.200\r"
    assert spoken(one, "Rubbish") == "*ER\r"
    assert spoken(one, "*OK,1") == "*OK\r"


def test_from_the_works_it_speaks_once_a_second_until_it_is_told_not_to() -> None:
    one = circuit(ph=7.2)
    said_s = [now for now in range(10) if one.unasked(START_S + now)]
    assert said_s == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    spoken(one, "C,3")
    said_s = [now for now in range(20, 30) if one.unasked(START_S + now)]
    assert said_s == [23, 26, 29]
    spoken(one, "C,0")
    assert not any(one.unasked(START_S + now) for now in range(30, 40))


def test_the_command_that_wakes_it_is_lost() -> None:
    one = circuit(ph=7.2)
    spoken(one, "Sleep")
    assert not one.unasked(START_S + 10.0)
    assert spoken(one, "R") == "*WA\r"
    assert spoken(one, "R") == "7.200\r*OK\r"


def test_after_a_power_cut_it_says_so_and_believes_25_degrees_again() -> None:
    one = circuit(ph=7.2)
    spoken(one, "T,18.0")
    assert one.water_c == 18.0
    one.device.power_cycle(START_S)
    assert b"".join(what.data for what in one.unasked(START_S + 1.0)) == b"*RS\r*RE\r"
    assert one.water_c == 25.0


@pytest.mark.parametrize(
    ("form", "values", "answer"),
    [("unplugged", {}, ""), ("silent", {"chance": 1.0}, ""), ("refusing", {}, "*ER\r")],
)
def test_a_faulty_circuit_is_silent_or_refuses(form: str, values: dict[str, float], answer: str) -> None:
    one = circuit(ph=7.2)
    one.device.fault(form, **values)
    assert spoken(one, "R") == answer
    assert not one.unasked(START_S + 10.0) or form == "silent"


def test_a_circuit_whose_probe_is_gone_has_no_reading() -> None:
    assert spoken(circuit(ph=None), "R") == "*ER\r"


# --- text probes


def test_a_text_probe_answers_its_own_address_alone() -> None:
    bench = Bench(t__z__v1=21.5, t__z__v2=55.25, t__z__v3=0.0004)
    probe = AsciiProbe(virtual("generic/ascii_probe", bench, unit=3))
    (line,) = probe.hear(b"R3", START_S)
    assert line.data == b"21.500,55.250,0.000,-9999.000\r\n"  # nobody measures v4
    for other in (b"R4", b"R33", b"", b"\xff"):
        assert probe.hear(other, START_S) == []
    assert probe.unasked(START_S + 100.0) == []
    probe.device.fault("refusing")
    assert probe.hear(b"R3", START_S)[0].data == b"ERR\r\n"


def test_numbers_take_the_places_of_those_in_the_sample() -> None:
    product = load_product("generic/ascii_probe")
    assert decimals_of(product) == {"v1": 3, "v2": 3, "v3": 3, "v4": 3}
    assert said(product, {"v2": -1.0, "v4": 123456.7}) == "21.500,-1.000,0.000,123456.700"
    assert said(load_product("atlas/ezo_ph"), {"ph": 10.0}) == "10.000"


@pytest.mark.parametrize("name", [name for name in product_names() if load_product(name).text is not None])
@given(share=st.floats(0.0, 1.0), minus=st.booleans())
def test_what_a_virtual_device_says_is_what_the_driver_reads(name: str, share: float, minus: bool) -> None:
    product = load_product(name)
    assert product.text is not None
    signed = name in ("atlas/ezo_orp", "atlas/ezo_rtd", "generic/ascii_probe")
    raws: dict[str, float] = {}
    for channel, what in product.channels.items():
        low, high = what.range or (-1e4, 1e4)
        most = min(high, 99.0 if name == "atlas/ezo_ph" else 1e3) / what.scale
        raws[channel] = share * most * (-1.0 if minus and signed and low < 0.0 else 1.0)
    found = decode_line(product, said(product, raws).encode())
    assert found is not None
    for channel, (value, reason) in found.items():
        what = product.channels[channel]
        if reason is None:
            fine = 0.51 * what.scale * 10.0 ** -decimals_of(product)[channel]
            assert value == pytest.approx(raws[channel] * what.scale, abs=fine)
        else:
            assert raws[channel] < 0.001 or raws[channel] in what.sentinels, (channel, reason)


# --- on its UART


class Terminal:
    """The master's end of a UART."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._fd)

    def say(self, data: bytes) -> None:
        os.write(self._fd, data)

    async def hear(self, size: int) -> bytes:
        """So many bytes."""
        found = b""
        async with asyncio.timeout(10.0):
            while len(found) < size:
                try:
                    found += os.read(self._fd, size - len(found))
                except BlockingIOError:
                    await asyncio.sleep(0.005)
        return found

    def close(self) -> None:
        os.close(self._fd)


async def test_a_circuit_is_heard_over_its_uart_and_gone_when_it_is_unplugged(tmp_path: Path) -> None:
    one = circuit(ph=7.2)
    one.every_s = 0.0
    uart = UartLine(tmp_path / "uart", [one], SteppedClock(START_S), baud=115200)
    await uart.start()
    terminal = Terminal(uart.path)
    try:
        terminal.say(b"C,?\rT,")
        assert await terminal.hear(9) == b"?C,0\r*OK\r"
        terminal.say(b"18.5\r")  # a command may come in pieces
        assert await terminal.hear(4) == b"*OK\r"
        assert one.water_c == 18.5
        uart.shorted = True
        terminal.say(b"R\r")
        uart.shorted = False
        terminal.say(b"T,?\r")
        assert await terminal.hear(12) == b"?T,18.5\r*OK\r"
        uart.unplug()
        assert not uart.path.exists()
        assert not uart.plugged
    finally:
        terminal.close()
        await uart.stop()


async def test_bytes_are_lost_on_a_bad_uart(tmp_path: Path) -> None:
    one = circuit(ph=7.2)
    one.every_s = 0.0
    uart = UartLine(tmp_path / "uart", [one], SteppedClock(START_S), baud=115200, faults=LineFaults(noise=1.0))
    await uart.start()
    terminal = Terminal(uart.path)
    try:
        terminal.say(b"C,?\r")
        heard = await terminal.hear(10)
        assert heard[:9] != b"?C,0\r*OK\r"
    finally:
        terminal.close()
        await uart.stop()
