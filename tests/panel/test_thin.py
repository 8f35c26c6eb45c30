"""Thinning a line must not change what it shows."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from controller.panel.thin import Point, thin

values = st.one_of(st.none(), st.floats(-100, 100))
lines = st.lists(values, min_size=0, max_size=400).map(
    lambda column: [(float(index), value) for index, value in enumerate(column)]
)


@given(lines, st.integers(8, 100))
def test_the_extremes_and_both_ends_stay(points: list[Point], most: int) -> None:
    kept = thin(points, most)
    assert kept == sorted(set(kept) & set(points), key=lambda point: point[0])
    if points:
        assert (kept[0], kept[-1]) == (points[0], points[-1])
    numbers = [value for _, value in points if value is not None]
    if numbers:
        shown = [value for _, value in kept if value is not None]
        assert (min(shown), max(shown)) == (min(numbers), max(numbers))


@given(lines, st.integers(8, 100))
def test_no_line_is_drawn_across_a_gap(points: list[Point], most: int) -> None:
    kept = thin(points, most)
    for (before, first), (after, second) in pairwise(kept):
        if first is not None and second is not None:
            assert all(value is not None for at, value in points if before < at < after)


@given(lines, st.integers(8, 100))
def test_it_becomes_as_short_as_asked(points: list[Point], most: int) -> None:
    assert len(thin(points, most)) <= max(most + 6, 0)
