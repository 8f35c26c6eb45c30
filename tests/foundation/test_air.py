"""Moist air behaves as it does in a house: these hold for every temperature and humidity there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation import air

temperatures = st.floats(-30.0, 60.0)
humidities = st.floats(0.0, 100.0)
pressures = st.floats(60_000.0, 110_000.0)


@given(temperatures, humidities)
def test_the_deficit_is_never_negative_and_nothing_in_fog(air_c: float, rh: float) -> None:
    assert air.vapour_pressure_deficit_kpa(air_c, rh) >= 0.0
    assert air.vapour_pressure_deficit_kpa(air_c, 100.0) == 0.0
    assert air.humidity_deficit_g_m3(air_c, rh) >= 0.0


@given(temperatures, humidities, pressures)
def test_the_wet_bulb_lies_between_dew_point_and_air(air_c: float, rh: float, pressure_pa: float) -> None:
    dew_c, wet_c = air.dew_point_c(air_c, rh), air.wet_bulb_c(air_c, rh, pressure_pa)
    assert dew_c <= wet_c + 1e-6
    assert wet_c <= air_c + 1e-6


@given(temperatures, st.floats(1.0, 100.0))
def test_air_cooled_to_its_dew_point_is_just_saturated(air_c: float, rh: float) -> None:
    dew_c = air.dew_point_c(air_c, rh)
    assert air.saturation_vapour_pressure_pa(dew_c) == pytest.approx(air.vapour_pressure_pa(air_c, rh), rel=1e-9)
    assert air.dew_point_of_vapour_c(air.vapour_pressure_pa(air_c, rh)) == pytest.approx(dew_c, abs=1e-8)


@given(temperatures)
def test_the_dew_point_of_air_without_moisture_is_only_very_low(air_c: float) -> None:
    assert -100.0 < air.dew_point_c(air_c, 0.0) < air_c - 30.0
    assert -100.0 < air.dew_point_of_vapour_c(0.0) < -70.0


@given(st.floats(-5.0, 50.0), humidities, pressures)
def test_a_psychrometer_reads_the_humidity_that_set_its_bulbs(air_c: float, rh: float, pressure_pa: float) -> None:
    wet_c = air.wet_bulb_c(air_c, rh, pressure_pa)
    assert air.relative_humidity_of_bulbs_percent(air_c, wet_c, pressure_pa) == pytest.approx(rh, abs=1e-3)


@given(temperatures, humidities)
def test_humidity_and_vapour_pressure_are_two_names_of_one_thing(air_c: float, rh: float) -> None:
    assert air.relative_humidity_percent(air_c, air.vapour_pressure_pa(air_c, rh)) == pytest.approx(rh, abs=1e-9)


@given(st.floats(0.0, 10_000.0), temperatures, pressures)
def test_carbon_dioxide_goes_there_and_back(ppm: float, air_c: float, pressure_pa: float) -> None:
    mass = air.co2_mg_m3(ppm, air_c, pressure_pa)
    assert air.co2_ppm(mass, air_c, pressure_pa) == pytest.approx(ppm, rel=1e-12)


@given(temperatures, st.floats(0.0, 99.0), pressures)
def test_damp_air_is_lighter_and_holds_more_heat(air_c: float, rh: float, pressure_pa: float) -> None:
    assert air.moist_air_density_kg_m3(air_c, rh + 1.0, pressure_pa) < air.moist_air_density_kg_m3(
        air_c, rh, pressure_pa
    )
    assert air.enthalpy_kj_kg(air_c, rh + 1.0, pressure_pa) > air.enthalpy_kj_kg(air_c, rh, pressure_pa)


@given(st.floats(-20.0, 55.0))
def test_the_slope_is_the_slope_of_the_curve(air_c: float) -> None:
    rise = air.saturation_vapour_pressure_pa(air_c + 0.01) - air.saturation_vapour_pressure_pa(air_c - 0.01)
    assert air.saturation_slope_pa_k(air_c) == pytest.approx(rise / 0.02, rel=1e-5)


@given(temperatures, st.floats(100.0, 110.0))
def test_a_wet_probe_that_reads_above_a_hundred_counts_as_a_hundred(air_c: float, rh: float) -> None:
    assert air.dew_point_c(air_c, rh) == pytest.approx(air_c, abs=1e-6)
    assert air.vapour_pressure_deficit_kpa(air_c, rh) == 0.0


def test_pressure_falls_as_the_standard_atmosphere_says() -> None:
    assert air.pressure_at_altitude_pa(0.0) == 101325.0
    assert air.pressure_at_altitude_pa(1500.0) == pytest.approx(84556.0, abs=5.0)
