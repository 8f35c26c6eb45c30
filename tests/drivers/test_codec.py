"""Registers become values and back, in the fewest requests, and no bytes make the codec stumble."""

from itertools import pairwise
from math import isfinite, isnan
from struct import pack, unpack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.codec import (
    WORDS,
    Block,
    decode,
    decode_block,
    encode,
    plan,
    plan_writes,
    poll_cost_s,
    read_request,
    start_request,
    words_of,
    write_request,
)
from drivers.product import Channel, Product, load_product, product_names
from foundation.reading import Reason, Value

TYPES = ["u16", "s16", "u32", "s32", "f32"]
ORDERS = ["ABCD", "CDAB", "BADC", "DCBA"]


def product(**channels: Channel) -> Product:
    return Product(
        id="t/t", name_zh="", name_en="", protocol="modbus", sources=("t",), confidence="generic", channels=channels
    )


def holding(address: int, **more: object) -> Channel:
    return Channel.model_validate({"table": "holding", "address": address, **more})


def relay(address: int, on: int = 0xFF00) -> Channel:
    return Channel(table="coil", address=address, type="bit", kind="bool", access="read_write", on=on)


@given(
    st.sampled_from(TYPES),
    st.sampled_from(ORDERS),
    st.sampled_from([1.0, 0.1, 0.01, 0.005, 10.0, 100.0]),
    st.sampled_from([0.0, -40.0, 273.15]),
    st.floats(-1e5, 1e5),
)
def test_what_is_written_reads_back_within_one_step(
    type_: str, order: str, scale: float, offset: float, value: float
) -> None:
    channel = holding(0, type=type_, order=order, scale=scale, offset=offset)
    words = encode(channel, value)
    if isinstance(words, Reason):
        assert words is Reason.RANGE
        return
    assert len(words) == WORDS[type_]
    assert all(0 <= word <= 0xFFFF for word in words)
    back, reason = decode(channel, words)
    assert reason is None
    assert isinstance(back, float | int)
    step = scale if type_ != "f32" else abs((value - offset) / scale) * scale * 2**-22 + 1e-6
    assert abs(back - value) <= step * 0.51 + 1e-9
    if type_ != "f32":
        assert encode(channel, float(back)) == words


@given(st.sampled_from(TYPES), st.sampled_from(ORDERS), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_any_registers_give_a_finite_value_or_a_reason(type_: str, order: str, high: int, low: int) -> None:
    channel = holding(0, type=type_, order=order, range=(-1000, 1000), sentinels=(-127, 0xFFFF))
    value, reason = decode(channel, (high, low)[: WORDS[type_]])
    assert not isinstance(value, str)
    assert (reason is None) == (value is not None and -1000 <= value <= 1000)
    assert value is None or isfinite(value)


@given(st.sampled_from([*TYPES, "bit"]), st.one_of(st.floats(), st.booleans(), st.text(max_size=3)), st.booleans())
def test_whatever_is_ordered_is_encoded_or_refused_with_a_reason(type_: str, value: Value, as_bool: bool) -> None:
    table = "coil" if type_ == "bit" else "holding"
    kind = "bool" if as_bool or type_ == "bit" else "number"
    channel = Channel.model_validate({"table": table, "address": 0, "type": type_, "kind": kind, "range": [-5, 5]})
    words = encode(channel, value)
    if isinstance(value, str) or (kind == "number" and isinstance(value, bool)):
        assert words is Reason.WRONG_TYPE
    elif kind == "number" and not isfinite(value):
        assert words is Reason.NOT_FINITE
    elif kind == "number" and not -5 <= value <= 5:
        assert words is Reason.RANGE


def test_no_value_is_told_from_a_value() -> None:
    f32 = holding(0, type="f32")
    assert decode(f32, unpack(">HH", pack(">f", float("nan")))) == (None, Reason.SENTINEL)
    assert decode(f32, unpack(">HH", pack(">f", float("inf")))) == (None, Reason.NOT_FINITE)
    assert decode(holding(0, type="s16", scale=0.1, sentinels=(-1270,)), (0x10000 - 1270,)) == (None, Reason.SENTINEL)
    assert decode(holding(0, range=(0, 100)), (101,)) == (101, Reason.RANGE)
    assert decode(holding(0, kind="bool"), (0xFFFF,)) == (True, None)
    assert decode(holding(0, type="f32", scale=1e300), unpack(">HH", pack(">f", 1e30))) == (None, Reason.NOT_FINITE)


def test_a_tenth_is_a_tenth() -> None:
    assert decode(holding(0, type="s16", scale=0.1), (305,)) == (30.5, None)
    assert decode(holding(0, scale=0.01), (305,)) == (3.05, None)


@pytest.mark.parametrize(
    ("name", "channel", "reply", "value"),
    [
        ("xymd/xy_md02", "temperature", "01 04 02 01 31 79 74", 30.5),
        ("xymd/xy_md02", "temperature", "01 04 02 FF 33 00 00", -20.5),
        ("xymd/xy_md02", "humidity", "01 04 02 02 22 00 00", 54.6),
        ("sensirion/scd30", "co2", "61 03 04 43 DB 8C 2E 00 00", 439.095),
        ("senseair/s8", "co2", "FE 04 02 03 88 AD B2", 904),
        ("hukseflux/sr05_d1a3", "irradiance", "40 03 04 00 01 7C 4F 00 00", 973.59),
        ("eastron/sdm120", "voltage", "01 04 04 43 66 33 34 1B 38", 230_200),
        ("peacefair/pzem016", "voltage", "01 04 02 08 D1 00 00", 225_700),
        ("peacefair/pzem016", "current", "01 04 04 00 6C 00 00 00 00", 0.108),
        ("peacefair/pzem016", "power", "01 04 04 00 F4 00 00 00 00", 0.0244),
        ("peacefair/pzem016", "energy", "01 04 04 00 26 00 00 00 00", 0.038),
        ("peacefair/pzem016", "frequency", "01 04 02 01 F4 00 00", 50.0),
        ("peacefair/pzem016", "power_factor", "01 04 02 00 64 00 00", 1.0),
        ("peacefair/pzem016", "alarm", "01 04 02 00 00 00 00", False),
        ("tuf/tuf2000m", "inlet_temperature", "01 03 04 3C D0 40 E3 00 00", 7.101),
        ("yosemitech/y504_a", "saturation", "01 03 04 00 00 80 3F 00 00", 100.0),
    ],
)
def test_values_printed_by_the_makers_come_out(name: str, channel: str, reply: str, value: float) -> None:
    data = bytes.fromhex(reply)[3:-2]
    got, reason = decode(load_product(name).channels[channel], unpack(f">{len(data) // 2}H", data))
    assert reason is None
    assert got == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "channels", "requests"),
    [
        ("yosemitech/y504_a", ["oxygen", "temperature"], ["03 26 00 00 06"]),
        ("yosemitech/y520_a", ["conductivity"], ["03 26 00 00 05"]),
        ("sensirion/scd30", ["humidity"], ["03 00 28 00 06"]),
        ("xymd/xy_md02", ["humidity", "temperature"], ["04 00 01 00 02"]),
        ("waveshare/relay_8ch", [f"relay{n}" for n in range(1, 9)], ["01 00 00 00 08"]),
        ("hukseflux/sr05_d1a3", ["irradiance", "body_temperature"], ["03 10 02 00 02", "03 10 06 00 01"]),
        ("generic/logger", ["time", "v1", "v24"], ["04 00 00 00 32"]),
        ("eastron/sdm120", ["voltage", "current"], ["04 00 00 00 02", "04 00 06 00 02"]),
    ],
)
def test_a_product_is_read_in_the_fewest_requests(name: str, channels: list[str], requests: list[str]) -> None:
    blocks = plan(load_product(name), channels)
    assert [read_request(block).pdu.hex(" ").upper() for block in blocks] == requests


@given(st.sets(st.integers(0, 40), min_size=1), st.sets(st.integers(0, 40)), st.integers(2, 12))
def test_blocks_hold_every_channel_once_and_cross_nothing_unknown(
    wanted: set[int], also_known: set[int], limit: int
) -> None:
    channels = {f"c{at}": holding(at) for at in wanted | also_known}
    what = product(**channels).model_copy(update={"max_block": limit})
    blocks = plan(what, [f"c{at}" for at in wanted])
    assert sorted(name for block in blocks for name in block.channels) == sorted(f"c{at}" for at in wanted)
    for block in blocks:
        assert block.length <= limit
        assert set(range(block.address, block.address + block.length)) <= wanted | also_known
    # no two neighbours could have been one
    for one, two in pairwise(blocks):
        joined = set(range(one.address, two.address + two.length))
        assert not (joined <= wanted | also_known and len(joined) <= limit)


@given(st.dictionaries(st.integers(0, 60), st.booleans(), min_size=1))
def test_coils_survive_the_way_to_the_wire_and_back(states: dict[int, bool]) -> None:
    what = product(
        **{
            f"c{at}": Channel(table="coil", address=at, type="bit", kind="bool", access="read_write")
            for at in range(61)
        }
    )
    memory = dict.fromkeys(range(61), 0)
    encoded = {f"c{at}": (int(state),) for at, state in states.items()}
    for write in plan_writes(what, encoded):
        request = write_request(write)
        assert len(request.head) == request.size or request.size == 5
        memory.update(zip(range(write.block.address, 61), write.words, strict=False))
    assert {at: bool(memory[at]) for at in states} == states
    block = Block("coil", 0, 61, tuple(what.channels))
    data = sum(bit << at for at, bit in memory.items()).to_bytes(8, "little")
    found = decode_block(what, block, words_of(block, bytes((1, 8)) + data))
    assert {at: found[f"c{at}"][0] for at in states} == states


@pytest.mark.parametrize(
    ("name", "values", "requests"),
    [
        ("waveshare/relay_8ch", {"relay1": (1,)}, ["05 00 00 FF 00"]),
        ("waveshare/relay_8ch", {"relay1": (1,), **{f"relay{n}": (0,) for n in range(2, 9)}}, ["0F 00 00 00 08 01 01"]),
        ("waveshare/relay_8ch", {"relay2": (1,), "relay4": (0,)}, ["05 00 01 FF 00", "05 00 03 00 00"]),
        (
            "generic/io_node",
            {"out1": (1,), "out2": (2,), "out4": (3,)},
            ["10 00 00 00 02 04 00 01 00 02", "06 00 03 00 03"],
        ),
    ],
)
def test_neighbours_are_written_together(name: str, values: dict[str, tuple[int, ...]], requests: list[str]) -> None:
    writes = plan_writes(load_product(name), values)
    assert [write_request(write).pdu.hex(" ").upper() for write in writes] == requests


def test_a_board_that_wants_0100_for_on_gets_it_one_relay_at_a_time() -> None:
    odd = product(r1=relay(1, on=0x0100), r2=relay(2, on=0x0100))
    writes = plan_writes(odd, {"r1": (1,), "r2": (0,)})
    assert [write_request(write).pdu.hex(" ") for write in writes] == ["05 00 01 01 00", "05 00 02 00 00"]


def test_start_requests_are_the_printed_ones() -> None:
    for name, pdu in {
        "yosemitech/y504_a": "03 25 00 00 01",
        "yosemitech/y520_a": "10 1c 00 00 00 00",
        "sensirion/scd30": "06 00 36 00 00",
    }.items():
        (start,) = load_product(name).start
        assert start_request(*start).pdu.hex(" ") == pdu


def test_a_poll_costs_what_its_frames_take() -> None:
    ten = product(**{f"c{at}": holding(at) for at in range(10)})
    # 8 + 25 characters and two silences of 3.5: 24.0 polls a second at 9600 baud (baselines.md 3)
    assert 1 / poll_cost_s(ten, ten.channels, 9600) == pytest.approx(24.0, abs=0.05)
    assert 1 / poll_cost_s(ten, ten.channels, 115200) == pytest.approx(288, abs=0.5)
    assert poll_cost_s(ten, ten.channels, 9600, "even") == pytest.approx(1.1 * poll_cost_s(ten, ten.channels, 9600))


@pytest.mark.parametrize("name", product_names())
def test_every_product_of_the_library_can_be_planned_and_priced(name: str) -> None:
    what = load_product(name)
    if what.protocol != "modbus":
        return
    assert poll_cost_s(what, what.channels, what.serial.baud if what.serial else 9600) < 1.0
    for channel in what.channels.values():
        value, reason = decode(channel, (0,) * WORDS[channel.type])
        assert not (isinstance(value, float) and isnan(value))
        assert reason in (None, Reason.SENTINEL)
