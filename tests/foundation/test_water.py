"""Farm water behaves as chemists have it, wherever a tank may stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation import water

temperatures = st.floats(0.0, 39.0)
salinities = st.floats(0.0, 39.0)
pressures = st.floats(60_000.0, 110_000.0)
alkalinities = st.floats(5.0, 400.0)
carbon_dioxides = st.floats(0.3, 60.0)


@given(temperatures, salinities, pressures)
def test_warm_salt_and_thin_air_hold_less_oxygen(water_c: float, salinity: float, pressure_pa: float) -> None:
    here = water.oxygen_saturation_mg_l(water_c, salinity, pressure_pa)
    assert water.oxygen_saturation_mg_l(water_c + 1.0, salinity, pressure_pa) < here
    assert water.oxygen_saturation_mg_l(water_c, salinity + 1.0, pressure_pa) < here
    assert water.oxygen_saturation_mg_l(water_c, salinity, pressure_pa - 1000.0) < here


@given(st.floats(0.0, 300.0), temperatures, salinities, pressures)
def test_percent_and_mg_are_two_names_of_one_oxygen(
    percent: float, water_c: float, salinity: float, pressure_pa: float
) -> None:
    mg_l = water.oxygen_mg_l(percent, water_c, salinity, pressure_pa)
    assert water.oxygen_percent(mg_l, water_c, salinity, pressure_pa) == pytest.approx(percent, abs=1e-9)


@given(st.floats(5.0, 10.0), temperatures)
def test_ammonia_grows_more_poisonous_with_ph_and_warmth(ph: float, water_c: float) -> None:
    here = water.unionised_ammonia_fraction(ph, water_c)
    assert 0.0 < here < water.unionised_ammonia_fraction(ph + 0.1, water_c) < 1.0
    assert here < water.unionised_ammonia_fraction(ph, water_c + 1.0)


@given(st.floats(6.0, 9.0), temperatures)
def test_sea_water_without_salt_is_fresh_and_salt_changes_little(ph: float, water_c: float) -> None:
    fresh = water.unionised_ammonia_fraction(ph, water_c)
    assert water.unionised_ammonia_fraction_sea(ph, water_c, 0.0) == pytest.approx(fresh, rel=0.01)
    assert water.unionised_ammonia_fraction_sea(ph, water_c, 35.0) == pytest.approx(fresh, rel=0.2)


@given(alkalinities, carbon_dioxides, temperatures)
def test_ph_rises_with_alkalinity_and_falls_with_carbon_dioxide(
    alkalinity: float, co2_mg_l: float, water_c: float
) -> None:
    here = water.ph_of_alkalinity_and_co2(alkalinity, co2_mg_l, water_c)
    assert water.ph_of_alkalinity_and_co2(alkalinity + 10.0, co2_mg_l, water_c) > here
    assert water.ph_of_alkalinity_and_co2(alkalinity, co2_mg_l + 1.0, water_c) < here


@given(alkalinities, carbon_dioxides, temperatures)
def test_carbon_dioxide_comes_back_out_of_the_ph_it_made(alkalinity: float, co2_mg_l: float, water_c: float) -> None:
    ph = water.ph_of_alkalinity_and_co2(alkalinity, co2_mg_l, water_c)
    assert water.carbon_dioxide_of_ph_mg_l(ph, alkalinity, water_c) == pytest.approx(co2_mg_l, rel=1e-6)


@given(alkalinities, carbon_dioxides, temperatures)
def test_both_ways_to_the_ph_agree(alkalinity: float, co2_mg_l: float, water_c: float) -> None:
    """From carbon dioxide, and from all the carbon that stands beside it at that pH."""
    ph = water.ph_of_alkalinity_and_co2(alkalinity, co2_mg_l, water_c)
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (
            (middle, high)
            if water.ph_of_alkalinity_and_carbon(alkalinity, middle, water_c, near_ph=ph) > ph
            else (low, middle)
        )
    carbonic = co2_mg_l / water.CO2_MG_MMOL
    assert low >= carbonic
    carbonates = low - carbonic
    assert carbonates <= alkalinity / water.CACO3_MG_MEQ + 0.01
    assert water.ph_of_alkalinity_and_carbon(alkalinity, low, water_c) == pytest.approx(ph, abs=1e-6)


@given(alkalinities, st.floats(0.5, 8.0), temperatures)
def test_ammonia_counts_as_alkalinity(alkalinity: float, carbon: float, water_c: float) -> None:
    without = water.ph_of_alkalinity_and_carbon(alkalinity, carbon, water_c)
    with_tan = water.ph_of_alkalinity_and_carbon(alkalinity, carbon, water_c, tan_mg_l=20.0)
    assert with_tan <= without + 1e-9


def test_acid_water_reads_acid_and_not_an_error() -> None:
    assert water.ph_of_alkalinity_and_co2(-50.0, 5.0, 20.0) == pytest.approx(3.0, abs=0.05)
    assert water.ph_of_alkalinity_and_carbon(0.0, 0.0, 25.0) == pytest.approx(7.0, abs=0.02)
    assert water.carbon_dioxide_of_ph_mg_l(11.0, 0.0, 20.0) == 0.0


@given(st.floats(0.0, 20.0), temperatures, st.floats(0.0, 2.0), st.floats(0.0, 0.5), st.floats(0.0, 14.0))
def test_a_dark_pond_tends_to_its_balance_and_never_below_nothing(
    oxygen: float, water_c: float, respiration: float, reaeration: float, hours: float
) -> None:
    saturation = water.oxygen_saturation_mg_l(water_c)
    later = water.oxygen_through_the_night_mg_l(oxygen, saturation, respiration, reaeration, hours)
    assert 0.0 <= later <= max(oxygen, saturation) + 1e-9
    more = water.oxygen_through_the_night_mg_l(oxygen, saturation, respiration + 0.1, reaeration, hours)
    assert more <= later + 1e-9


def test_a_pond_without_wind_or_exchange_loses_oxygen_in_a_straight_line() -> None:
    assert water.oxygen_through_the_night_mg_l(9.0, 8.0, 0.5, 0.0, 4.0) == pytest.approx(7.0, abs=1e-6)


@given(st.floats(0.0, 20.0), temperatures)
def test_wind_and_warmth_open_the_surface(wind_m_s: float, water_c: float) -> None:
    here = water.oxygen_exchange_m_h(water_c, wind_m_s)
    assert here > 0.0
    assert water.oxygen_exchange_m_h(water_c, wind_m_s + 1.0) > here
    assert water.oxygen_exchange_m_h(water_c + 1.0, wind_m_s) >= here
