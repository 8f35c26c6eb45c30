"""The sun over any farm, any day from 1970 to 2090."""

import math
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation import sun

times = st.floats(0.0, 3.8e9)
longitudes = st.floats(-180.0, 180.0)
inhabited = st.floats(-58.0, 58.0)
anywhere = st.floats(-90.0, 90.0)
SPRING, SUMMER, WINTER = (
    datetime(2024, month, day, 12, tzinfo=UTC).timestamp() for month, day in ((3, 20), (6, 21), (12, 21))
)


@given(times, inhabited, longitudes)
def test_the_day_runs_from_sunrise_over_noon_to_sunset(at_s: float, latitude: float, longitude: float) -> None:
    rise, noon, fall = (
        sun.sunrise_s(at_s, latitude, longitude),
        sun.noon_s(at_s, latitude, longitude),
        sun.sunset_s(at_s, latitude, longitude),
    )
    assert rise is not None
    assert fall is not None
    assert rise < noon < fall
    assert abs(noon - at_s) < 43_200.0 + 1_200.0
    assert sun.day_length_h(at_s, latitude, longitude) == pytest.approx((fall - rise) / 3600.0)
    for edge in (rise, fall):
        assert sun.elevation_degrees(edge, latitude, longitude) == pytest.approx(-0.83, abs=0.35)


@given(times, inhabited, longitudes)
def test_the_sun_is_highest_at_noon(at_s: float, latitude: float, longitude: float) -> None:
    noon = sun.noon_s(at_s, latitude, longitude)
    there = sun.elevation_degrees(noon, latitude, longitude)
    for hours in (-3.0, -0.5, 0.5, 3.0):
        assert sun.elevation_degrees(noon + 3600.0 * hours, latitude, longitude) < there + 0.02


@given(times, anywhere, longitudes)
def test_no_place_and_no_day_is_without_an_answer(at_s: float, latitude: float, longitude: float) -> None:
    assert 0.0 <= sun.day_length_h(at_s, latitude, longitude) <= 24.0
    assert -90.0 <= sun.elevation_degrees(at_s, latitude, longitude) <= 90.0
    assert 0.0 <= sun.azimuth_degrees(at_s, latitude, longitude) <= 360.0
    assert 0.0 <= sun.clear_sky_w_m2(at_s, latitude, longitude) < 1200.0


@given(times, inhabited, longitudes)
def test_there_is_no_radiation_while_the_sun_is_down(at_s: float, latitude: float, longitude: float) -> None:
    if sun.elevation_degrees(at_s, latitude, longitude) < -1.0:
        assert sun.clear_sky_w_m2(at_s, latitude, longitude) == 0.0
    else:
        assert sun.clear_sky_w_m2(at_s, latitude, longitude, linke_turbidity=5.0) <= sun.clear_sky_w_m2(
            at_s, latitude, longitude, linke_turbidity=2.0
        )


@given(st.floats(-60.0, 60.0), longitudes)
@settings(max_examples=30)
def test_day_and_night_are_alike_in_spring(latitude: float, longitude: float) -> None:
    assert sun.day_length_h(SPRING, latitude, longitude) == pytest.approx(12.2, abs=0.25)


def test_the_pole_has_one_day_and_one_night_a_year() -> None:
    assert sun.day_length_h(SUMMER, 85.0, 20.0) == 24.0
    assert sun.day_length_h(WINTER, 85.0, 20.0) == 0.0
    assert sun.sunrise_s(SUMMER, 85.0, 20.0) is None
    assert sun.sunset_s(WINTER, 85.0, 20.0) is None


@pytest.mark.parametrize("longitude", [-179.9, -120.0, 0.0, 118.7, 179.9])
def test_days_lengthen_steadily_wherever_the_date_changes(longitude: float) -> None:
    lengths = [sun.day_length_h(WINTER + 86_400.0 * day, 52.0, longitude) for day in range(0, 180, 3)]
    assert all(0.0 < later - earlier + 0.03 < 0.3 for earlier, later in pairwise(lengths))


def test_the_days_sum_is_the_sum_of_its_hours() -> None:
    noon = sun.noon_s(SUMMER, 36.88, 118.74)
    middles = noon - 43_200.0 + 1_800.0 + 3_600.0 * np.arange(24.0)
    by_hours = sun.clear_sky_w_m2(middles, 36.88, 118.74, 20.0).sum() * 3600.0 / 1e6
    assert sun.clear_sky_day_mj_m2(SUMMER, 36.88, 118.74, 20.0) == pytest.approx(by_hours, rel=0.005)


def test_a_time_that_is_not_known_has_no_sun() -> None:
    assert math.isnan(sun.day_length_h(math.nan, 40.0, 0.0))
    assert math.isnan(sun.noon_s(math.nan, 40.0, 0.0))
