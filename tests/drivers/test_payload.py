"""What MQTT messages say, and that no message, however hostile, says a wrong value or breaks the decoder (R13)."""

import json
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.payload import MAX_BYTES, decode_message, parse_object, same
from drivers.product import Channel, Product, load_product
from foundation.reading import Quality, Reading, Reason

NOW_S = 1_763_800_000.0
ANY = load_product("generic/mqtt_json")
UNS = load_product("generic/mqtt_uns")
NODE = Product(
    id="t/node",
    name_zh="",
    name_en="",
    protocol="mqtt_json",
    sources=("t",),
    confidence="generic",
    channels={
        "air": Channel(path="air.temperature", unit="degC", range=(-40, 80), sentinels=(-127,)),
        "level": Channel(path="level", scale=0.1, unit="L"),
        "pump": Channel(kind="bool", path="pump", access="read_write"),
        "state": Channel(kind="text", path="state"),
    },
)
TAGS = {"air": "f.z.air", "level": "f.z.level", "pump": "f.z.pump", "state": "f.z.state"}


def said(payload: object, product: Product = NODE, tags: dict[str, str] = TAGS) -> tuple[dict[str, Reading], list[str]]:
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    readings, failures = decode_message(product, tags, data, NOW_S)
    return {reading.tag: reading for reading in readings}, failures


def test_a_message_gives_the_values_that_it_carries_and_no_others() -> None:
    readings, failures = said({"air": {"temperature": 21}, "level": 55, "pump": True, "state": "auto", "more": [1]})
    assert {tag: reading.value for tag, reading in readings.items()} == {
        "f.z.air": 21.0, "f.z.level": 5.5, "f.z.pump": True, "f.z.state": "auto"
    }  # fmt: skip
    assert all(reading.quality is Quality.GOOD and reading.time_s == NOW_S for reading in readings.values())
    assert failures == []
    readings, failures = said({"level": 1})
    assert set(readings) == {"f.z.level"}
    assert said({}) == ({}, ["no_value"])


@pytest.mark.parametrize(
    ("stamp", "time_s"),
    [
        (1_763_799_000_123, 1_763_799_000.123),
        (1_763_800_004_000, 1_763_800_004.0),
        ("2025-11-22T08:26:40Z", 1_763_800_000.0),
        ("2025-11-22T16:26:40.5+08:00", 1_763_800_000.5),
        (None, NOW_S),
    ],
)
def test_the_source_dates_its_values(stamp: object, time_s: float) -> None:
    readings, failures = said({"level": 10, "t": stamp})
    assert readings["f.z.level"] == ("f.z.level", 1.0, Quality.GOOD, None, time_s)
    assert failures == []


@pytest.mark.parametrize(
    "stamp", [1_763_800_006_000, 0, -5, True, [], {}, "yesterday", "2025-11-22T08:26:40", 1e300, "9999-12-31T23:59:59Z"]
)
def test_a_time_that_cannot_be_spoils_the_values_but_keeps_them_for_the_record(stamp: object) -> None:
    readings, failures = said({"level": 10, "t": stamp})
    assert readings["f.z.level"] == ("f.z.level", 1.0, Quality.BAD, Reason.CLOCK, NOW_S)
    assert failures == ["clock"]


@pytest.mark.parametrize(
    ("key", "raw", "reason"),
    [
        ("level", '"21.5"', Reason.WRONG_TYPE),
        ("level", "true", Reason.WRONG_TYPE),
        ("level", "[1]", Reason.WRONG_TYPE),
        ("level", "{}", Reason.WRONG_TYPE),
        ("level", "NaN", Reason.NOT_FINITE),
        ("level", "-Infinity", Reason.NOT_FINITE),
        ("level", "1e400", Reason.NOT_FINITE),
        ("level", "9" * 5000, Reason.NOT_FINITE),
        ("level", "null", Reason.SENTINEL),
        ("pump", '"true"', Reason.WRONG_TYPE),
        ("pump", "1", Reason.WRONG_TYPE),
        ("state", "1", Reason.WRONG_TYPE),
        ("air.temperature", "-127", Reason.SENTINEL),
        ("air.temperature", "81", Reason.RANGE),
    ],
)
def test_a_value_of_the_wrong_kind_is_bad_and_counted_and_harms_no_other(key: str, raw: str, reason: Reason) -> None:
    tag = f"f.z.{key.split('.')[0]}"
    readings, failures = said(f'{{"{key}": {raw}, "good": 1}}'.encode())
    assert readings[tag].quality is Quality.BAD
    assert readings[tag].reason is reason
    assert failures == [reason.value]


@pytest.mark.parametrize(
    ("payload", "failure"),
    [
        (b"", "json"),
        (b"21.5", "json"),
        (b"[1,2]", "json"),
        (b'{"level":1', "json"),
        (b'{"level":1}{"level":2}', "json"),
        (b'{"level":\xff}', "json"),
        (b"\xef\xbb\xbf{}", "json"),
        (b'{"level":1,"level":2}', "duplicate"),
        (b'{"a":{"b":1,"b":2},"level":1}', "duplicate"),
        (b"[" * 10_000 + b"]" * 10_000, "depth"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "depth"),
        (b'{"level":1,"x":"' + b"x" * MAX_BYTES + b'"}', "size"),
    ],
)
def test_a_message_that_is_no_object_makes_every_tag_bad(payload: bytes, failure: str) -> None:
    readings, failures = said(payload)
    assert {reading.reason for reading in readings.values()} == {Reason.COMM}
    assert set(readings) == set(TAGS.values())
    assert failures == [failure]


def test_a_node_of_any_keys_gives_numbers_and_bools_as_they_come() -> None:
    tags = {"fed_grams": "f.z.fed", "valve.open": "f.z.open", "flat.key": "f.z.flat", "name": "f.z.name"}
    readings, failures = said({"fed_grams": 12, "valve": {"open": False}, "flat.key": 2, "name": "x"}, ANY, tags)
    assert (readings["f.z.fed"].value, readings["f.z.open"].value, readings["f.z.flat"].value) == (12.0, False, 2.0)
    assert readings["f.z.name"].reason is Reason.WRONG_TYPE
    assert failures == ["wrong_type"]


@pytest.mark.parametrize(
    ("grade", "quality", "reason"),
    [
        ("good", Quality.GOOD, None),
        ("uncertain", Quality.UNCERTAIN, Reason.DEVICE),
        ("substituted", Quality.SUBSTITUTED, Reason.DEVICE),
        ("bad", Quality.BAD, Reason.DEVICE),
        ("excellent", Quality.BAD, Reason.DEVICE),
        (192, Quality.BAD, Reason.DEVICE),
    ],
)
def test_a_value_of_the_namespace_is_no_better_than_it_says(grade: object, quality: Quality, reason: Reason) -> None:
    payload = {"v": 21.5, "t": 1_763_799_999_000, "q": grade, "u": "degC"}
    readings, _ = said(payload, UNS, {"v": "f.z.air"})
    assert readings["f.z.air"] == ("f.z.air", 21.5, quality, reason, 1_763_799_999.0)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*TAGS, "t", "q", "v", ""]), inner),
    max_leaves=12,
)


@given(JSON)
def test_whatever_json_says_a_value_is_of_its_kind_or_bad(payload: object) -> None:
    for product, tags in ((NODE, TAGS), (ANY, {"level": "f.z.level", "air.level": "f.z.deep"}), (UNS, {"v": "f.z.v"})):
        data = json.dumps(payload).encode()
        for reading in decode_message(product, tags, data, NOW_S).readings:
            assert reading.tag in tags.values()
            assert reading.time_s <= NOW_S + 5.0
            assert (reading.reason is None) == (reading.quality is Quality.GOOD)
            usable = reading.usable
            if usable is not None and reading.tag != "f.z.state":
                assert isinstance(usable, bool) == (reading.tag == "f.z.pump") or product is not NODE
                assert isinstance(usable, bool) or (isinstance(usable, float) and isfinite(usable))


@given(st.binary(max_size=200) | st.text(alphabet='{}[]":,0123456789eE+-.tfnNI \\u', max_size=80).map(str.encode))
def test_no_bytes_make_the_decoder_stumble(data: bytes) -> None:
    decode_message(NODE, TAGS, data, NOW_S)
    assert isinstance(parse_object(data), dict | str)


def test_an_acknowledged_value_is_the_same_only_in_kind_and_number() -> None:
    assert same(12.5, 12.5)
    assert same(0.1 + 0.2, 0.3)
    assert not same(1.0, True)
    assert not same(True, 1.0)
    assert not same(1.0, "1.0")
    assert not same(12.5, 12.6)
    assert not same(1.0, None)
    assert not same(1.0, float("nan"))
