"""Columns of numbers come back as they were, and are small."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.history.columns import packed, unpacked


def same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


@given(st.integers(0, 6), st.lists(st.none() | st.integers(-(10**9), 10**9)))
def test_decimals_and_gaps_come_back_as_they_were(places: int, steps: list[int | None]) -> None:
    values = [math.nan if step is None else step / 10**places for step in steps]
    back = unpacked(packed(values))
    assert len(back) == len(values)
    assert all(map(same, values, back))


@given(st.lists(st.floats(-1e30, 1e30) | st.just(math.nan)))
def test_any_other_number_comes_back_to_seven_digits(values: list[float]) -> None:
    back = unpacked(packed(values))
    assert all(same(a, b) or math.isclose(a, b, rel_tol=1e-7, abs_tol=1e-38) for a, b in zip(values, back, strict=True))


@given(st.binary(max_size=80) | st.builds(lambda cut: packed([1.5, math.nan, 3.25])[:cut], st.integers(0, 40)))
def test_what_is_no_column_is_told_so(body: bytes) -> None:
    try:
        unpacked(body)
    except ValueError:
        return
    assert body == packed(list(unpacked(body)))


def test_a_noisy_temperature_takes_less_than_a_byte_a_point() -> None:
    random = Random(3)
    values = [round(20 + 8 * math.sin(at / 3000) + random.gauss(0, 0.05), 2) for at in range(3600)]
    assert len(packed(values)) < len(values)


def test_the_infinite_is_kept_in_single_precision() -> None:
    assert list(unpacked(packed([math.inf, 1.0]))) == [math.inf, 1.0]
    with pytest.raises(ValueError, match="no column"):
        unpacked(b"")
