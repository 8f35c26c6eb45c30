"""The slave's PDUs: what real masters send, what real products answer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.codec import decode, decode_block, encode, plan, read_request, start_request, words_of
from drivers.product import load_product, product_names
from edge_config.model.site import Device
from foundation.reading import Value
from simulator.devices.device import VirtualDevice
from simulator.devices.modbus import ModbusSlave
from simulator.devices.scaling import Scaling
from simulator.devices.serial_line import crc, framed

START_S = 1_700_000_000.0


class Bench:
    """Every probe shows what it is set to here; every output leaves its value."""

    def __init__(self, **shows: float | bool) -> None:
        self.shows: dict[str, float | bool] = {f"t.z.{tag}": value for tag, value in shows.items()}
        self.told: dict[str, Value] = {}

    def sense(self, tag: str) -> float | bool | None:
        return self.shows.get(tag)

    def actuate(self, tag: str, value: Value) -> None:
        self.told[tag] = value

    def taken_s(self, now_s: float) -> float:
        return now_s

    def compensate(self, tag: str, water_c: float) -> None: ...

    def power_up(self, tag: str) -> None: ...


def device(bench: Bench, name: str, safe: dict[str, float | bool] | None = None, **more: Any) -> VirtualDevice:
    """A product with every channel tagged `t.z.CHANNEL`."""
    product = load_product(name)
    tags = {channel: f"t.z.{channel}" for channel in product.channels}
    settings = Device.model_validate({"product": name, "bus": "b", "tags": tags, **more})
    return VirtualDevice(name, settings, product, bench, safe or {})


def slave(bench: Bench, name: str, unit: int = 1, **more: Any) -> ModbusSlave:
    return ModbusSlave({unit: device(bench, name, **more)})


def ask(slave: ModbusSlave, frame: str, now_s: float = START_S) -> str | None:
    """A printed request, its CRC checked -> the answer's frame."""
    request = bytes.fromhex(frame)
    assert crc(request[:-2]) == request[-2:]
    answer = slave.respond(request[0], request[1:-2], now_s)
    return None if answer is None else framed(request[0], answer).hex(" ").upper()


def test_the_xy_md02_answers_its_makers_request() -> None:
    bench = Bench(temperature=30.5, humidity=54.6)
    assert ask(slave(bench, "xymd/xy_md02"), "01 04 00 01 00 01 60 0A") == "01 04 02 01 31 79 74"
    assert (
        ask(slave(bench, "xymd/xy_md02"), "01 04 00 01 00 02 20 0B")
        == framed(1, bytes.fromhex("04 04 01 31 02 22")).hex(" ").upper()
    )


def test_the_scd30_starts_and_answers_in_one_block() -> None:
    probe = slave(Bench(co2=439.09515, temperature=20.0, humidity=50.0), "sensirion/scd30", unit=0x61)
    assert ask(probe, "61 06 00 36 00 00 60 64") == "61 06 00 36 00 00 60 64"
    answer = ask(probe, "61 03 00 28 00 06 4C 60")
    assert answer is not None
    assert answer.startswith("61 03 0C 43 DB 8C 2E 41 A0 00 00 42 48 00 00")


def test_the_y504_starts_by_a_read_and_gives_little_endian_floats() -> None:
    probe = slave(Bench(temperature=24.5, saturation=96.0, oxygen=7.5), "yosemitech/y504_a")
    assert ask(probe, "01 03 25 00 00 01 8F 06") == framed(1, bytes.fromhex("03 02 00 00")).hex(" ").upper()
    answer = ask(probe, "01 03 26 00 00 04 4F 41")
    assert answer is not None
    assert answer.startswith("01 03 08 00 00 C4 41 8F C2 75 3F")  # 24.5, and 96 % as a fraction


def test_the_y520_starts_by_a_write_of_nothing() -> None:
    probe = slave(Bench(temperature=21.0, conductivity=2.1), "yosemitech/y520_a")
    assert ask(probe, "01 10 1C 00 00 00 00 D8 92") == framed(1, bytes.fromhex("10 1C 00 00 00")).hex(" ").upper()
    answer = ask(probe, "01 03 26 00 00 05 8E 81")
    assert answer is not None
    assert len(bytes.fromhex(answer)) == 3 + 10 + 2


def test_relays_are_read_and_written_one_and_all() -> None:
    bench = Bench()
    board = slave(bench, "waveshare/relay_8ch")
    assert ask(board, "01 05 00 00 FF 00 8C 3A") == "01 05 00 00 FF 00 8C 3A"
    assert bench.told["t.z.relay1"] is True
    assert ask(board, "01 01 00 00 00 08 3D CC") == framed(1, bytes.fromhex("01 01 01")).hex(" ").upper()
    assert ask(board, "01 0F 00 00 00 08 01 FF BE D5") is not None
    assert all(bench.told[f"t.z.relay{n}"] is True for n in range(1, 9))


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ("2B 0E 01 00", 1),  # identification
        ("03 00 00 00 01", 1),  # it has no holding registers
        ("04 00 00 00 01", 2),
        ("04 00 02 00 02", 2),  # the second is not there
        ("04 00 01 00 00", 3),
        ("04 00 01 00 7E", 3),
        ("04 00 01", 3),
    ],
)
def test_what_it_does_not_have_is_an_exception(request_: str, code: int) -> None:
    request = bytes.fromhex(request_)
    answer = slave(Bench(temperature=20.0, humidity=50.0), "xymd/xy_md02").respond(1, request, START_S)
    assert answer == bytes((request[0] | 0x80, code))


def test_a_silent_product_says_nothing_where_others_object() -> None:
    assert slave(Bench(), "yosemitech/y504_a").respond(1, bytes.fromhex("03 00 00 00 01"), START_S) is None


def test_nobody_answers_for_another_unit_or_while_unplugged() -> None:
    board = device(Bench(), "waveshare/relay_8ch")
    bus = ModbusSlave({1: board})
    states = bytes.fromhex("01 00 00 00 08")
    assert bus.respond(2, states, START_S) is None
    board.unplugged = True
    assert bus.respond(1, states, START_S) is None


def test_a_broadcast_reaches_everyone_and_nobody_answers() -> None:
    one, two = Bench(), Bench()
    bus = ModbusSlave({1: device(one, "waveshare/relay_8ch"), 2: device(two, "waveshare/relay_8ch")})
    assert bus.respond(0, bytes.fromhex("05 00 03 FF 00"), START_S) is None
    assert one.told["t.z.relay4"] is two.told["t.z.relay4"] is True
    assert bus.respond(0, bytes.fromhex("01 00 00 00 08"), START_S) is None


def test_a_write_that_is_half_wrong_moves_nothing() -> None:
    bench = Bench()
    node = slave(bench, "generic/io_node")
    before = dict(bench.told)
    answer = node.respond(1, bytes.fromhex("10 00 06 00 03 06 13 88 13 88 13 88"), START_S)  # out7, out8, nothing
    assert answer == bytes((0x90, 2))
    assert node.respond(1, bytes.fromhex("06 00 00 27 11"), START_S) == bytes((0x86, 3))  # 100.01 %
    assert bench.told == before


def test_the_watchdog_of_the_relays_as_the_driver_sets_it() -> None:
    bench = Bench()
    board = slave(bench, "icpdas/m7067", safe={"t.z.relay1": False, "t.z.relay2": True})

    def send(pdu: str, now_s: float) -> bytes:
        answer = board.respond(1, bytes.fromhex(pdu), now_s)
        assert answer is not None
        return answer

    send("06 01 E8 00 C8", START_S)  # 20.0 s
    send("0F 00 80 00 02 01 02", START_S)  # safe: relay 1 off, relay 2 on
    send("05 01 04 FF 00", START_S)  # enable
    send("0F 00 00 00 02 01 01", START_S)  # relay 1 on, relay 2 off
    assert (bench.told["t.z.relay1"], bench.told["t.z.relay2"]) == (True, False)
    assert send("01 01 0D 00 01", START_S + 19.0) == bytes.fromhex("01 01 00")  # any request feeds it
    assert send("01 01 0D 00 01", START_S + 39.5) == bytes.fromhex("01 01 01")  # 20.5 s of silence: tripped
    assert (bench.told["t.z.relay1"], bench.told["t.z.relay2"]) == (False, True)
    assert send("05 00 00 FF 00", START_S + 40.0) == bytes((0x85, 4))
    assert send("01 01 0D 00 01", START_S + 41.0) == bytes.fromhex("01 01 01")  # it stays
    send("05 01 0D FF 00", START_S + 42.0)  # clear
    send("05 00 00 FF 00", START_S + 43.0)
    assert bench.told["t.z.relay1"] is True
    assert send("03 01 E8 00 01", START_S + 43.0) == bytes.fromhex("03 02 00 C8")
    assert send("06 01 E8 01 00", START_S + 43.0) == bytes((0x86, 3))  # 25.6 s is more than it can


def test_a_watchdog_that_nobody_enabled_never_trips() -> None:
    board = slave(Bench(), "icpdas/m7067")
    board.respond(1, bytes.fromhex("06 01 E8 00 C8"), START_S)
    board.devices[1].tick(START_S + 1e6)
    assert not board.devices[1].tripped


def test_the_watchdog_of_the_reference_node() -> None:
    bench = Bench()
    node = slave(bench, "generic/io_node")
    for pdu in ("06 00 64 00 C8", "10 00 6E 00 01 02 0B B8", "0F 00 10 00 01 01 01", "06 00 00 03 E8"):
        answer = node.respond(1, bytes.fromhex(pdu), START_S)
        assert answer is not None
        assert answer[0] < 0x80
    assert bench.told["t.z.out1"] == pytest.approx(10.0)
    node.devices[1].tick(START_S + 20.5)
    assert bench.told["t.z.out1"] == pytest.approx(30.0)
    assert bench.told["t.z.relay1"] is True
    assert node.respond(1, bytes.fromhex("06 00 00 03 E8"), START_S + 21.0) == bytes((0x86, 4))
    assert node.respond(1, bytes.fromhex("03 00 65 00 01"), START_S + 21.0) == bytes.fromhex("03 02 00 01")
    node.respond(1, bytes.fromhex("06 00 65 00 00"), START_S + 21.0)
    node.respond(1, bytes.fromhex("06 00 00 03 E8"), START_S + 21.0)
    assert bench.told["t.z.out1"] == pytest.approx(10.0)


@pytest.mark.parametrize("name", [name for name in product_names() if load_product(name).protocol == "modbus"])
def test_every_product_answers_what_its_driver_asks(name: str) -> None:
    product = load_product(name)
    bench = Bench(**{channel: 7.0 for channel, what in product.channels.items() if what.kind == "number"})
    board = device(bench, name)
    bus = ModbusSlave({1: board})
    for what, address, number in product.start:
        request = start_request(what, address, number)
        answer = bus.respond(1, request.pdu, START_S)
        assert answer is not None
        assert answer.startswith(request.head)
        assert len(answer) == request.size
    in_memory = {reading.tag: reading for reading in board.poll(START_S)}
    for block in plan(product, [c for c, what in product.channels.items() if what.access != "write"]):
        request = read_request(block)
        answer = bus.respond(1, request.pdu, START_S)
        assert answer is not None
        assert answer.startswith(request.head)
        for channel, (value, reason) in decode_block(product, block, words_of(block, answer)).items():
            reading = in_memory[f"t.z.{channel}"]
            assert (reading.value, reading.reason) == (value, reason)


@given(st.data())
def test_in_memory_and_on_the_wire_are_the_same_number(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([name for name in product_names() if load_product(name).protocol == "modbus"]))
    channel = data.draw(st.sampled_from(list(load_product(name).channels.values())))
    value = data.draw(st.booleans() if channel.kind == "bool" else st.floats(-1e6, 1e6))
    scaling = Scaling(channel)
    words = (int(value),) if channel.type == "bit" else scaling.words(scaling.raw(value))
    shown, _, reason = scaling.seen(value)
    assert decode(channel, words) == (shown, reason)
    written = encode(channel, value)
    if isinstance(written, tuple):
        assert scaling.refused(value) is None
        assert decode(channel, written) == decode(channel, words)  # not the words: zero has two signs
    else:
        assert scaling.refused(value) is written or scaling.channel.range is None


@given(st.binary(max_size=40))
def test_no_request_whatever_brings_a_slave_down(pdu: bytes) -> None:
    bench = Bench()
    node = slave(bench, "generic/io_node")
    answer = node.respond(1, pdu, START_S)
    assert answer is None or len(answer) >= 2
