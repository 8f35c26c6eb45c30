"""The noise of a probe is as large and as slow as it should be, however often somebody looks."""

from itertools import pairwise
from math import exp, sqrt
from statistics import fmean, pstdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.instruments import NOISE_CORRELATION_S, Character, Instrument


def noise_of(character: Character, value: float, dt_s: float, looks: int, seed: int = 1) -> list[float]:
    """What a probe at rest shows over what is there."""
    probe = Instrument("t", "p", character, seed)
    probe.start(value)
    shown = []
    for _ in range(looks):
        probe.follow(value, dt_s)
        assert isinstance(probe.value, float)
        shown.append(probe.value - value)
    return shown


@settings(max_examples=25, deadline=None)
@given(dt_s=st.floats(0.5, 120.0), size=st.floats(0.01, 5.0), seed=st.integers(0, 999))
def test_noise_has_its_size_and_its_memory_at_any_step(dt_s: float, size: float, seed: int) -> None:
    memory = exp(-dt_s / NOISE_CORRELATION_S)
    looks = 3000
    shown = noise_of(Character(noise=size), 20.0, dt_s, looks, seed)
    apart = sqrt((1.0 + memory) / (1.0 - memory) / looks)  # standard error of the mean of such a series
    assert abs(fmean(shown)) < 5.0 * size * apart
    assert pstdev(shown) == pytest.approx(size, rel=min(0.6, 5.0 * apart))
    together = fmean(one * two for one, two in pairwise(shown)) / fmean(one * one for one in shown)
    assert together == pytest.approx(memory, abs=0.1)


@settings(max_examples=25, deadline=None)
@given(value=st.floats(1.0, 1000.0), share=st.floats(0.001, 0.1))
def test_noise_that_is_a_share_grows_with_the_value(value: float, share: float) -> None:
    assert pstdev(noise_of(Character(noise_share=share), value, 60.0, 2000)) == pytest.approx(share * value, rel=0.1)


def test_seeds_and_tags_are_strangers_to_each_other() -> None:
    one, two = (noise_of(Character(noise=1.0), 0.0, 60.0, 2000, seed) for seed in (1, 2))
    assert fmean(a * b for a, b in zip(one, two, strict=True)) == pytest.approx(0.0, abs=0.1)
