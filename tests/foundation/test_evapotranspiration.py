"""Reference evapotranspiration against the examples printed in FAO-56."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation import evapotranspiration as et


def test_brussels_in_july_is_the_book_example() -> None:
    wind = et.wind_at_two_metres_m_s(2.78, 10.0)
    assert wind == pytest.approx(2.078, abs=0.002)
    assert et.reference_evapotranspiration_mm_d(12.3, 21.5, 1.409, 22.07, wind, 187, 50.8, 100.0) == pytest.approx(
        3.9, abs=0.05
    )


def test_radiation_outside_the_atmosphere_is_the_book_example() -> None:
    assert et.outside_atmosphere_mj_m2_d(246, -20.0) == pytest.approx(32.2, abs=0.05)
    assert et.outside_atmosphere_mj_m2_d(355, 80.0) == pytest.approx(0.0, abs=1e-9)


@given(st.floats(-10.0, 35.0), st.floats(0.0, 5.0), st.floats(0.0, 35.0), st.floats(0.0, 10.0), st.floats(-90.0, 90.0))
def test_no_weather_makes_the_crop_drink_from_the_air_or_more_than_the_sun_and_wind_can_dry(
    coldest_c: float, vapour_kpa: float, radiation: float, wind: float, latitude: float
) -> None:
    water_mm = et.reference_evapotranspiration_mm_d(
        coldest_c, coldest_c + 10.0, vapour_kpa, radiation, wind, 180, latitude, 50.0
    )
    assert 0.0 <= water_mm < 40.0


def test_wind_dries_and_damp_air_does_not() -> None:
    def water_mm(wind: float, vapour_kpa: float) -> float:
        return et.reference_evapotranspiration_mm_d(15.0, 30.0, vapour_kpa, 20.0, wind, 180, 40.0, 50.0)

    assert water_mm(4.0, 1.2) > water_mm(1.0, 1.2)
    assert water_mm(2.0, 1.2) > water_mm(2.0, 2.0)


def test_a_missing_measurement_gives_no_number() -> None:
    for place in range(5):
        measured = [12.3, 21.5, 1.409, 22.07, 2.0]
        measured[place] = math.nan
        coldest, warmest, vapour, radiation, wind = measured
        assert math.isnan(
            et.reference_evapotranspiration_mm_d(coldest, warmest, vapour, radiation, wind, 187, 50.8, 100.0)
        )
