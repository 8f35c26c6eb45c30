"""What every formula of the ground floor promises alike: floats and arrays, NaN, and no exception."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from foundation import air, elementwise, light, nutrients, sun, water

Formula = Callable[..., Any]
Range = tuple[float, float]

AIR_C, WATER_C, RH, PH = (-40.0, 60.0), (0.0, 40.0), (0.0, 100.0), (3.0, 11.0)
ALKALINITY, CO2_MG, PPM, PPFD = (1.0, 400.0), (0.1, 60.0), (300.0, 5000.0), (0.0, 2500.0)
FORMULAS: list[tuple[Formula, tuple[Range, ...]]] = [
    (air.saturation_vapour_pressure_pa, (AIR_C,)),
    (air.saturation_slope_pa_k, (AIR_C,)),
    (air.vapour_pressure_pa, (AIR_C, RH)),
    (air.relative_humidity_percent, (AIR_C, (0.0, 5000.0))),
    (air.vapour_pressure_deficit_kpa, (AIR_C, RH)),
    (air.dew_point_of_vapour_c, ((0.0, 15000.0),)),
    (air.dew_point_c, (AIR_C, RH)),
    (air.humidity_ratio, (AIR_C, RH)),
    (air.enthalpy_kj_kg, (AIR_C, RH)),
    (air.wet_bulb_c, (AIR_C, RH)),
    (air.relative_humidity_of_bulbs_percent, (AIR_C, AIR_C)),
    (air.absolute_humidity_g_m3, (AIR_C, RH)),
    (air.humidity_deficit_g_m3, (AIR_C, RH)),
    (air.moist_air_density_kg_m3, (AIR_C, RH)),
    (air.co2_mg_m3, (PPM, AIR_C)),
    (air.co2_ppm, (PPM, AIR_C)),
    (air.pressure_at_altitude_pa, ((-400.0, 5000.0),)),
    (air.latent_heat_j_kg, (AIR_C,)),
    (water.oxygen_saturation_mg_l, (WATER_C, (0.0, 40.0))),
    (water.oxygen_percent, ((0.0, 20.0), WATER_C)),
    (water.oxygen_mg_l, ((0.0, 200.0), WATER_C)),
    (water.ammonia_pka, (WATER_C,)),
    (water.unionised_ammonia_fraction, (PH, WATER_C)),
    (water.unionised_ammonia_fraction_sea, (PH, WATER_C, (0.0, 40.0))),
    (water.carbonic_pk1, (WATER_C,)),
    (water.carbonic_pk2, (WATER_C,)),
    (water.carbon_dioxide_henry_mol_kg_atm, (WATER_C,)),
    (water.water_pkw, (WATER_C,)),
    (water.davies_log10_activity, ((0.0, 0.5), WATER_C)),
    (water.carbon_dioxide_saturation_mg_l, (PPM, WATER_C)),
    (water.ph_of_alkalinity_and_co2, (ALKALINITY, CO2_MG, WATER_C)),
    (water.ph_of_alkalinity_and_carbon, (ALKALINITY, (0.0, 10.0), WATER_C)),
    (water.carbon_dioxide_of_ph_mg_l, (PH, ALKALINITY, WATER_C)),
    (water.oxygen_schmidt_number, (WATER_C,)),
    (water.gas_exchange_600_cm_h, ((0.0, 20.0),)),
    (water.oxygen_exchange_m_h, (WATER_C, (0.0, 20.0))),
    (water.oxygen_through_the_night_mg_l, ((0.0, 20.0), (6.0, 15.0), (0.0, 1.0), (0.0, 0.5), (0.0, 14.0))),
    (nutrients.ec_at_temperature_ms_cm, ((0.0, 10.0), WATER_C)),
    (nutrients.ec25_of_raw_ms_cm, ((0.0, 10.0), WATER_C)),
    (light.ppfd_of_global_umol_m2_s, ((-5.0, 1200.0),)),
    (light.par_w_m2, (PPFD,)),
    (light.ppfd_of_lux_umol_m2_s, ((0.0, 1e5),)),
    (light.lux_of_ppfd, (PPFD,)),
    (light.light_sum_mol_m2, (PPFD, (0.0, 24.0))),
    (light.radiation_sum_j_cm2, ((0.0, 1200.0), (0.0, 24.0))),
    (light.remaining_ppfd_umol_m2_s, ((0.0, 40.0), (0.0, 40.0), (0.0, 18.0))),
    (lambda s: sun.elevation_degrees(s, 36.9, 118.7), ((0.0, 3e9),)),
    (lambda s: sun.azimuth_degrees(s, 36.9, 118.7), ((0.0, 3e9),)),
    (lambda s: sun.clear_sky_w_m2(s, 36.9, 118.7, 20.0), ((0.0, 3e9),)),
    (lambda k, no3: nutrients.ec25_ms_cm({"K": k, "NO3": no3, "Ca": no3, "SO4": k}), ((0.0, 30.0), (0.0, 30.0))),
    (
        lambda k, no3, c: nutrients.nutrient_ph({"K": k, "NO3": no3, "H2PO4": no3, "HCO3": k}, c),
        ((0.0, 5.0), (0.0, 5.0), WATER_C),
    ),
]
each_formula = pytest.mark.parametrize(("formula", "ranges"), FORMULAS)


@each_formula
def test_an_array_gives_what_its_elements_give(formula: Formula, ranges: tuple[Range, ...]) -> None:
    random = np.random.default_rng(1)
    columns = [random.uniform(low, high, 40) for low, high in ranges]
    for column, (low, high) in zip(columns, ranges, strict=True):
        column[:2] = low, high
    many = formula(*columns)
    assert isinstance(many, np.ndarray)
    assert many.shape == (40,)
    one_by_one = [formula(*(float(x) for x in row)) for row in zip(*columns, strict=True)]
    assert all(type(value) is float for value in one_by_one)
    np.testing.assert_allclose(many, one_by_one, rtol=1e-9, atol=1e-9)


@each_formula
def test_what_is_not_known_stays_unknown(formula: Formula, ranges: tuple[Range, ...]) -> None:
    middle = [(low + high) / 2.0 for low, high in ranges]
    for place in range(len(ranges)):
        holed = [*middle[:place], math.nan, *middle[place + 1 :]]
        assert math.isnan(formula(*holed))
        assert np.isnan(formula(*(np.array([value]) for value in holed))).all()


@each_formula
def test_a_probe_may_read_anything_and_nothing_falls_over(formula: Formula, ranges: tuple[Range, ...]) -> None:
    broken = (-1e9, -273.15, -257.14, -242.0, -100.0, -1.0, 0.0, 14.0, 100.0, 850.0, 65535.0, 1e9, math.inf, -math.inf)
    middle = [(low + high) / 2.0 for low, high in ranges]
    for place in range(len(ranges)):
        for reading in broken:
            assert isinstance(formula(*middle[:place], reading, *middle[place + 1 :]), float)


@given(st.floats(0.01, 10.0), st.floats(-5.0, 5.0), st.floats(-5.0, 5.0))
@example(10.0, -5.0, 5.0)
@settings(max_examples=200)
def test_a_root_is_found_from_wherever_the_search_starts(steepness: float, root: float, start: float) -> None:
    def curve(x: float) -> tuple[float, float]:
        return math.sinh(steepness * (x - root)), steepness * math.cosh(steepness * (x - root))

    assert elementwise.rising_root(curve, start, -6.0, 6.0) == pytest.approx(root, abs=1e-8)
    many = elementwise.rising_root(
        lambda x: (np.sinh(steepness * (x - root)), steepness * np.cosh(steepness * (x - root))),
        np.array([start, root]),
        -6.0,
        6.0,
    )
    assert many == pytest.approx(np.array([root, root]), abs=1e-8)


def test_a_root_outside_the_bracket_reads_as_its_nearest_side() -> None:
    assert elementwise.rising_root(lambda x: (x - 20.0, 1.0), 7.0, 0.0, 14.0) == pytest.approx(14.0, abs=1e-6)
    assert elementwise.rising_root(lambda x: (x + 20.0, 1.0), 7.0, 0.0, 14.0) == pytest.approx(0.0, abs=1e-6)


@given(st.lists(st.tuples(st.floats(allow_nan=False), st.floats(allow_nan=False)), min_size=1, max_size=8))
def test_of_two_the_greater_the_lesser_and_the_chosen_are_the_same_for_one_and_for_many(
    pairs: list[tuple[float, float]],
) -> None:
    a, b = (np.array(column) for column in zip(*pairs, strict=True))
    for choose, builtin in ((elementwise.greater, max), (elementwise.lesser, min)):
        one_by_one = [choose(x, y) for x, y in pairs]
        assert one_by_one == [builtin(x, y) for x, y in pairs]
        assert choose(a, b).tolist() == one_by_one
        assert choose(pairs[0][0], b).tolist() == [choose(pairs[0][0], y) for y in b]
    assert elementwise.chosen(a > b, a, b).tolist() == [elementwise.chosen(x > y, x, y) for x, y in pairs]
    assert elementwise.anywhere(a > b) == any(elementwise.anywhere(x > y) for x, y in pairs)


def test_a_number_of_numpy_chooses_like_any_other_and_nan_stays() -> None:
    assert elementwise.chosen(np.float64(2.0) > 1.0, 3.0, 4.0) == 3.0
    assert type(elementwise.chosen(np.float64(0.0) > 1.0, 3.0, 4.0)) is float
    assert elementwise.anywhere(np.float64(2.0) > 1.0) is True
    for choose in (elementwise.greater, elementwise.lesser):
        assert math.isnan(choose(math.nan, 1.0))
        assert np.isnan(choose(np.array([math.nan]), 1.0)).all()
