"""The stock: growth by its coefficient, appetite, breath, and the presets of species."""

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simulator.plants import biology, ras
from simulator.plants.fish import Fish, FishParameters, appetite, live, stocked, wanted_feed_g_d

SPECIES = (
    "largemouth_bass",
    "atlantic_salmon",
    "rainbow_trout",
    "nile_tilapia",
    "whiteleg_shrimp",
    "hybrid_grouper",
)
BASS: FishParameters = ras.load("bass_50m3").parameters
WATER_M3 = 1000.0


@cache
def stock(species: str) -> FishParameters:
    return ras.load(f"bass_50m3+{species}").parameters


def fed(p: FishParameters, days: float, water_c: float, offered_share: float, fish: Fish | None = None) -> Fish:
    """A stock in good water that is offered a share of its full ration all day long."""
    fish = stocked(p) if fish is None else fish
    for _ in range(round(days * 144)):
        meal_g = offered_share * fish.alive * wanted_feed_g_d(p, fish.weight_g, water_c) / 144.0
        fish, _ = live(p, fish, meal_g, 9.0 * WATER_M3, WATER_M3, 0.0, water_c, 0.0, 1.0 / 6.0)
    return fish


@pytest.mark.parametrize("water_c", [14.0, 24.0])
def test_fish_fed_all_they_want_grow_as_their_coefficient_says(water_c: float) -> None:
    full_g_h = 5000.0 * wanted_feed_g_d(BASS, 500.0, water_c) / 24.0
    grown = fed(BASS, 30.0, water_c, 2.0, stocked(BASS)._replace(habit_g_h=full_g_h))
    expected = biology.tgc_weight_g(BASS.start_weight_g, BASS.growth_tgc, 30.0 * water_c)
    assert grown.weight_g - BASS.start_weight_g == pytest.approx(expected - BASS.start_weight_g, rel=0.05)


def test_half_the_ration_gives_less_than_half_the_growth() -> None:
    # upkeep is taken first
    full, half = (fed(BASS, 20.0, 24.0, share).weight_g - BASS.start_weight_g for share in (1.0, 0.5))
    assert 0.3 * full < half < 0.5 * full


def test_growth_falls_off_in_a_bell_above_the_best_temperature() -> None:
    at = {water_c: wanted_feed_g_d(BASS, 500.0, water_c) for water_c in (20.0, 26.8, 31.0, 36.0)}
    assert at[20.0] < at[26.8] > at[31.0] > at[36.0]
    assert biology.warmth_beyond_best(36.0, 26.8, 6.0) == pytest.approx(0.0953, abs=1e-3)
    assert biology.warmth_beyond_best(20.0, 26.8, 6.0) == 1.0


@given(st.floats(1.0, 5000.0), st.floats(0.0, 4.0), st.floats(0.0, 30.0))
def test_a_day_of_the_growth_formula_is_its_slope(weight_g: float, tgc: float, water_c: float) -> None:
    day = biology.tgc_weight_g(weight_g, tgc, water_c * 1e-3) - weight_g
    assert day == pytest.approx(1e-3 * biology.tgc_gain_g_d(weight_g, tgc, water_c), rel=2e-3, abs=1e-8)


def test_a_stock_that_had_its_fill_for_days_leaves_the_rest() -> None:
    full_g_h = 5000.0 * wanted_feed_g_d(BASS, 500.0, 25.0) / 24.0
    hungry = stocked(BASS)._replace(stomach_g=0.0)
    assert appetite(BASS, hungry._replace(habit_g_h=0.9 * full_g_h), 7.5, 25.0) == 1.0
    assert appetite(BASS, hungry._replace(habit_g_h=1.05 * full_g_h), 7.5, 25.0) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("species", SPECIES)
def test_every_species_lives_feeds_and_grows_in_its_own_water(species: str) -> None:
    p = stock(species)
    grown = fed(p, 5.0, p.start_water_c, 1.0)
    assert grown.alive == stocked(p).alive
    growth = grown.weight_g / p.start_weight_g - 1.0
    assert 0.01 < growth < 0.15
    # conversion: what the five days' ration weighs over what it became
    ration = 5.0 * wanted_feed_g_d(p, p.start_weight_g, p.start_water_c) / p.start_weight_g
    assert 0.8 < ration / growth < 1.6


@pytest.mark.parametrize("species", SPECIES)
def test_every_species_dies_without_oxygen_in_heat_and_in_ammonia(species: str) -> None:
    p = stock(species)
    for oxygen_mg_l, nh3_mg_l, water_c in (
        (0.5 * p.lethal_oxygen_mg_l, 0.0, p.start_water_c),
        (9.0, 10.0 * p.lethal_nh3_mg_l, p.start_water_c),
        (9.0, 0.0, p.lethal_heat_c + 2.0),
    ):
        fish = stocked(p)
        for _ in range(12):
            fish, _ = live(p, fish, 0.0, oxygen_mg_l * WATER_M3, WATER_M3, nh3_mg_l, water_c, 0.0, 1.0 / 6.0)
        assert fish.alive < 0.99 * stocked(p).alive


def test_trout_want_more_oxygen_than_tilapia_before_they_eat() -> None:
    for species, eats in (("rainbow_trout", False), ("nile_tilapia", True)):
        p = stock(species)
        assert (appetite(p, stocked(p)._replace(stomach_g=0.0), 4.0, p.start_water_c) > 0.5) is eats


def test_handling_costs_half_as_much_oxygen_again() -> None:
    starved = stocked(BASS)._replace(stomach_g=0.0, gut_g=0.0)
    calm, harried = (
        live(BASS, starved, 0.0, 8.0 * WATER_M3, WATER_M3, 0.0, 25.0, stress, 0.01)[1].oxygen_g for stress in (0.0, 1.0)
    )
    assert harried == pytest.approx(1.5 * calm)


def test_small_fish_breathe_more_a_kilogram() -> None:
    def breath(weight_g: float) -> float:
        p = replace(BASS, start_weight_g=weight_g, start_biomass_kg=100.0)
        fish = stocked(p)._replace(stomach_g=0.0, gut_g=0.0)
        return live(p, fish, 0.0, 8.0 * WATER_M3, WATER_M3, 0.0, 25.0, 0.0, 0.01)[1].oxygen_g

    assert breath(5.0) / breath(500.0) == pytest.approx(100.0**0.2, rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    species=st.sampled_from(SPECIES),
    fed_g=st.floats(0.0, 1e5),
    oxygen_mg_l=st.floats(0.0, 40.0),
    nh3_mg_l=st.floats(0.0, 100.0),
    water_c=st.floats(0.0, 50.0),
    stress=st.floats(0.0, 1.0),
    dt_h=st.floats(1e-4, 0.02),
)
@example("nile_tilapia", 1e5, 0.0, 0.0, 28.0, 1.0, 0.02)
def test_no_feed_and_no_nitrogen_is_lost_in_a_stock_and_nothing_goes_below_zero(
    species: str, fed_g: float, oxygen_mg_l: float, nh3_mg_l: float, water_c: float, stress: float, dt_h: float
) -> None:
    p = stock(species)
    before = stocked(p)
    after, did = live(p, before, fed_g, oxygen_mg_l * 50.0, 50.0, nh3_mg_l, water_c, stress, dt_h)
    assert min(*after, *did) >= 0.0
    assert did.oxygen_g <= oxygen_mg_l * 50.0
    assert did.wasted_feed_g <= fed_g
    protein_n = 0.16 * p.feed_protein

    def nitrogen_g(fish: Fish) -> float:
        return protein_n * (fish.stomach_g + fish.gut_g) + fish.body_n_g

    given_n = protein_n * (fed_g - did.wasted_feed_g)
    left_n = did.tan_g + p.solids_nitrogen * did.solids_g + did.lost_nitrogen_g
    assert nitrogen_g(after) == pytest.approx(nitrogen_g(before) + given_n - left_n, rel=1e-9)
