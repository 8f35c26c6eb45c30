"""Values on registers: what goes out decodes to what came in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.product import Channel
from foundation.reading import Quality, Reason
from simulator.devices.scaling import Scaling


def scaling(**channel: object) -> Scaling:
    return Scaling(Channel.model_validate({"table": "holding", "address": 0, **channel}))


def test_the_printed_float_of_the_scd30() -> None:
    assert scaling(type="f32").words(439.09515) == (0x43DB, 0x8C2E)


@pytest.mark.parametrize(
    ("order", "words"),
    [("ABCD", (0x43DB, 0x8C2E)), ("CDAB", (0x8C2E, 0x43DB)), ("BADC", (0xDB43, 0x2E8C)), ("DCBA", (0x2E8C, 0xDB43))],
)
def test_every_byte_order(order: str, words: tuple[int, int]) -> None:
    channel = scaling(type="f32", order=order)
    assert channel.words(439.09515) == words
    assert channel.from_words(words) == pytest.approx(439.09515)


def test_the_printed_registers_of_the_xy_md02() -> None:
    temperature = scaling(type="s16", scale=0.1)
    assert temperature.words(temperature.raw(30.5)) == (0x0131,)
    assert temperature.words(temperature.raw(-20.5)) == (0xFF33,)


def test_no_value_is_said_in_the_products_own_way() -> None:
    assert scaling(type="s16", sentinels=[-32768]).seen(None) == (None, Quality.BAD, Reason.SENTINEL)
    assert scaling(type="f32").seen(None) == (None, Quality.BAD, Reason.SENTINEL)
    value, quality, reason = scaling(type="s16", scale=0.1, range=[-40, 60]).seen(None)
    assert (quality, reason) == (Quality.BAD, Reason.RANGE)
    assert value == pytest.approx(3276.7)


def test_a_register_ends_where_it_ends() -> None:
    assert scaling(type="u16").raw(-5.0) == 0
    assert scaling(type="u16").raw(1e9) == 0xFFFF
    assert scaling(type="f32").seen(1e300)[1] is Quality.BAD


@given(st.sampled_from(["u16", "s16", "u32", "s32"]), st.sampled_from(["ABCD", "CDAB", "BADC", "DCBA"]), st.data())
def test_whole_numbers_survive_the_registers(kind: str, order: str, data: st.DataObject) -> None:
    bits = int(kind[1:])
    low = -(2 ** (bits - 1)) if kind[0] == "s" else 0
    raw = data.draw(st.integers(low, low + 2**bits - 1))
    channel = scaling(type=kind, order=order, scale=0.1)
    assert channel.from_words(channel.words(raw)) == pytest.approx(raw * 0.1)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False), st.sampled_from(["ABCD", "CDAB", "BADC", "DCBA"]))
def test_floats_survive_the_registers(value: float, order: str) -> None:
    channel = scaling(type="f32", order=order)
    assert channel.from_words(channel.words(value)) == value


@given(st.floats(-3000.0, 3000.0))
def test_rounding_is_never_more_than_half_a_count(value: float) -> None:
    shown, quality, _ = scaling(type="s16", scale=0.1).seen(value)
    assert quality is Quality.GOOD
    assert isinstance(shown, float)
    assert abs(shown - value) <= 0.05 + 1e-9
