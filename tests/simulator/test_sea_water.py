"""The fish farm in sea water: constants and pH of PyCO2SYS, less oxygen, other ammonia, and grouper that live in it."""

from math import log10

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.sea_water import ammonia_fraction, carbon_dioxide_mg_l, sea_constants
from foundation.water import CACO3_MG_MEQ, CO2_MG_MMOL, oxygen_saturation_mg_l, unionised_ammonia_fraction_sea
from simulator.plants.plant import Weather
from simulator.plants.ras import load
from simulator.plants.ras_water import Water, chemistry, hydrogen_mol_l, nh3_share

# PyCO2SYS 1.8.3, opt_k_carbonic 10 (Lueker 2000), total scale, total borate of Uppstrom: alkalinity and carbon umol/kg
REFERENCE = [
    (35.0, 25.0, 2300.0, 2000.0, 8.045886, 11.2344),
    (25.0, 27.0, 2400.0, 2350.0, 7.555311, 46.8006),
    (15.0, 20.0, 1500.0, 1600.0, 7.120441, 113.7586),
    (33.0, 14.0, 2300.0, 2400.0, 7.181309, 134.0163),
]


@pytest.mark.parametrize(("salinity", "water_c", "alkalinity", "carbon", "ph", "co2"), REFERENCE)
def test_ph_of_sea_water_is_that_of_pyco2sys(
    salinity: float, water_c: float, alkalinity: float, carbon: float, ph: float, co2: float
) -> None:
    kg_l = sea_constants(water_c, salinity).kg_l
    water = Water(0.0, 0.0, 0.0, 0.0, 1e-3 * carbon * kg_l, 1e-3 * alkalinity * kg_l, 0.0)
    c = chemistry(round(100 * water_c), 1013, 0.012, salinity)
    h = hydrogen_mol_l(water, 1.0, c)
    assert -log10(h) == pytest.approx(ph, abs=0.003)
    told = carbon_dioxide_mg_l(ph, 1e-3 * alkalinity * kg_l * CACO3_MG_MEQ, water_c, salinity)
    assert told == pytest.approx(1e-3 * co2 * kg_l * CO2_MG_MMOL, rel=0.01)
    free = carbon * h * h / (h * h + c.k1 * h + c.k1 * c.k2)
    assert free == pytest.approx(co2, rel=0.01)


def test_constants_are_those_of_lueker_at_the_standard_point() -> None:
    sea = sea_constants(25.0, 35.0)
    assert -log10(sea.k1) == pytest.approx(5.8472, abs=1e-4)
    assert -log10(sea.k2) == pytest.approx(8.9660, abs=1e-4)
    assert -log10(sea.kw) == pytest.approx(13.2204, abs=0.004)
    assert -log10(sea.k_boric) == pytest.approx(8.5975, abs=1e-4)
    assert sea.co2_per_atm == pytest.approx(0.028392, rel=1e-4)


def test_salt_leaves_less_room_for_oxygen_and_less_of_the_ammonia_toxic() -> None:
    sea, fresh = chemistry(2500, 1013, 0.012, 35.0), chemistry(2500, 1013, 0.012)
    assert sea.oxygen_saturation_mg_l == pytest.approx(oxygen_saturation_mg_l(25.0, 35.0, 101300.0))
    assert sea.oxygen_saturation_mg_l < 0.83 * fresh.oxygen_saturation_mg_l
    assert nh3_share(1e-8, sea) == pytest.approx(unionised_ammonia_fraction_sea(8.0, 25.0, 35.0), rel=1e-6)
    assert chemistry(2500, 1013, 0.012, 4.9) != chemistry(2500, 1013, 0.012, 5.0)


def test_grouper_live_a_day_in_their_brackish_water() -> None:
    plant = load("grouper_50m3")
    sky = Weather(25.0, 0.7, 2.0, 0.0, 10.0)
    start = state = plant.initial()
    seen = plant.observe(state, {}, sky)
    for step in range(round(86400.0 / plant.step_s)):
        hour = step * plant.step_s / 3600.0
        orders = {
            "tank1.oxygen_valve": 0.3 + 0.3 * (6.5 - seen["tank1.oxygen"]),
            "feeder": float(hour % 8.0 < 0.2),
            "heater": 27.0 - seen["tank1.temperature"],
        }
        state = plant.advance(state, orders, sky, plant.step_s)
        seen = plant.observe(state, orders, sky)
    assert seen["tank1.fish"] == 3000.0
    assert seen["tank1.biomass"] > 1510.0
    assert 7.0 < seen["tank1.ph"] < 7.9
    assert seen["tank1.tan"] < 2.0
    assert max(plant.closure(start, state).values()) < 1e-9


@given(st.floats(6.5, 8.0), st.floats(20.0, 300.0), st.floats(2.0, 25.0))
def test_a_pinch_of_salt_changes_little_of_what_the_ph_says(ph: float, alkalinity: float, water_c: float) -> None:
    """From fresh water to salt, and from one set of constants and one pH scale to the other: they lie 0.13 apart."""
    fresh = carbon_dioxide_mg_l(ph, alkalinity, water_c)
    assert carbon_dioxide_mg_l(ph, alkalinity, water_c, 0.01) == pytest.approx(fresh, rel=0.02)
    brackish = carbon_dioxide_mg_l(ph, alkalinity, water_c, 4.999)
    assert carbon_dioxide_mg_l(ph - 0.13, alkalinity, water_c, 5.001) == pytest.approx(brackish, rel=0.25)
    assert carbon_dioxide_mg_l(ph, alkalinity, water_c, 35.0) < fresh
    toxic = ammonia_fraction(ph, water_c)
    assert ammonia_fraction(ph, water_c, 0.01) == pytest.approx(toxic, rel=0.02)
