"""The Chinese solar greenhouse: where its sun falls, what its wall and its blanket are for."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from math import pi, radians, sin, sqrt, tan
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.validation.books import spring
from simulator.plants.plant import Weather
from simulator.plants.solar_greenhouse import SolarGreenhouse, State, load
from simulator.plants.sunlight import beam_and_diffuse, film_transmission
from simulator.plants.surroundings import outside
from simulator.sunlit import Sunlit
from simulator.weather import Steady
from simulator.weather_csv import CsvWeather
from simulator.weather_files import WeatherFileError

PLANT = load("solar_greenhouse_brick")
NIGHT = Weather(-5.0, 0.7, 2.0, 0.0, -20.0)
NOON = Weather(8.0, 0.5, 2.0, 600.0, -8.0, sun_elevation_degrees=45.0, sun_azimuth_degrees=180.0)


def run(
    hours: float,
    inputs: Mapping[str, float],
    weather: Weather,
    plant: SolarGreenhouse = PLANT,
    state: State | None = None,
) -> State:
    state = plant.initial() if state is None else state
    for _ in range(round(hours * 120.0)):
        state = plant.advance(state, inputs, weather, 30.0)
    return state


def days(count: float, plant: SolarGreenhouse = PLANT, blanket: bool = True) -> tuple[State, list[float]]:
    """Clear, cold spring days with the blanket rolled as it should be; the air of the last six hours before dawn."""
    state, airs = plant.initial(), []
    for step in range(round(count * 2880.0)):
        hour = step / 120.0 % 24.0
        vent = min(1.0, max(0.0, (state.air_c - 27.0) / 6.0))
        inputs = {"blanket": float(blanket and not 8.0 < hour < 16.5), "vent.top": vent}
        state = plant.advance(state, inputs, spring(30.0 * step), 30.0)
        if step >= (count - 0.25) * 2880.0:
            airs.append(state.air_c - spring(30.0 * step).air_c)
    return state, airs


def test_what_the_ground_sees_is_all_there_is_to_see() -> None:
    views = PLANT.house.views
    assert views.ground_wall + views.ground_roof + views.ground_film == pytest.approx(1.0)
    # what the wall sees adds up to the wall
    assert views.ground_wall + views.wall_roof + views.wall_film == pytest.approx(PLANT.house.wall_m2)
    assert views.ground_film + views.wall_film + views.roof_film == pytest.approx(PLANT.house.film_m2)


def test_a_low_sun_reaches_up_the_wall_and_a_high_one_none_of_it() -> None:
    p = PLANT.house.parameters
    # the ray over the ridge meets the wall this high: of the light's upright width that is the wall's share
    low = tan(radians(27.0))
    lit_m = p.ridge_height_m - (p.span_m - p.ridge_from_front_m) * low
    width = p.ridge_height_m + p.ridge_from_front_m * low
    assert 1.0 - PLANT.house.ground_share(low) == pytest.approx(lit_m / width)
    assert PLANT.house.ground_share(tan(radians(76.0))) == 1.0
    winter = PLANT.house.shine(outside(replace(NOON, sun_elevation_degrees=27.0)), 0.0)
    summer = PLANT.house.shine(outside(replace(NOON, sun_elevation_degrees=76.0)), 0.0)
    assert winter.wall_w > 2.0 * summer.wall_w


def test_the_film_lets_a_steep_beam_through_and_mirrors_a_glancing_one() -> None:
    passed = [film_transmission(sin(pi / 2.0 * height), 1.5, 0.9)[0] for height in (0.0, 0.1, 0.3, 0.6, 1.0)]
    assert passed[0] == 0.0
    assert passed[-1] == pytest.approx(0.9 * 12.0 / 13.0)
    assert all(less < more for less, more in pairwise(passed))
    # dust and film take more of a slanting beam: its way through is longer, by Snell 1/0.816 at 60 degrees
    through, stays = film_transmission(0.5, 1.5, 0.9)
    assert through / (through + stays) == pytest.approx(0.9 ** (1.0 / sqrt(1.0 - 0.75 / 2.25)))
    # so a winter noon is worth more inside than outside, and a house that faces north is dark
    south, north = (
        PLANT.house.shine(outside(replace(NOON, sun_elevation_degrees=27.0, sun_azimuth_degrees=azimuth)), 0.0)
        for azimuth in (180.0, 0.0)
    )
    assert south.above_canopy_w > 0.95 * 600.0
    assert north.above_canopy_w < 0.3 * south.above_canopy_w


@settings(max_examples=200)
@given(
    sun=st.floats(0.0, 1300.0),
    height=st.floats(-90.0, 90.0),
    bearing=st.floats(0.0, 360.0),
    blanket=st.floats(0.0, 1.0),
)
def test_no_light_is_made_inside(sun: float, height: float, bearing: float, blanket: float) -> None:
    sky = outside(Weather(10.0, 0.5, 1.0, sun, 0.0, sun_elevation_degrees=height, sun_azimuth_degrees=bearing))
    shine = PLANT.house.shine(sky, blanket)
    assert all(part >= 0.0 for part in shine)
    beam, diffuse = beam_and_diffuse(sky)
    assert beam * max(0.0, sin(radians(height))) + diffuse == pytest.approx(sun)
    assert sum(shine[:5]) <= (beam + diffuse) * PLANT.house.film_m2 + 1e-9
    assert shine.canopy_w + shine.ground_w + shine.wall_w <= shine.above_canopy_w + 1e-9


def test_a_sky_that_does_not_know_its_sun_gives_diffuse_light() -> None:
    nowhere = replace(NOON, sun_elevation_degrees=None, sun_azimuth_degrees=None)
    assert beam_and_diffuse(outside(nowhere)) == (0.0, 600.0)
    ppfd = [PLANT.observe(PLANT.initial(), {}, sky)["inside.ppfd"] for sky in (nowhere, NOON)]
    assert 0.5 * ppfd[1] < ppfd[0] < 0.9 * ppfd[1]


def test_the_night_stays_well_above_outdoors_without_any_heating() -> None:
    """A plausibility band: growers and reviews tell of 10 to 20 K and more (unverified, points.csv SGH007)."""
    state, lifts = days(2.25)
    assert 10.0 < min(lifts) < 25.0
    assert state.heater_j == 0.0


def test_it_is_wall_and_ground_that_hold_the_night() -> None:
    p = PLANT.house.parameters
    light_wall = replace(p, wall_heat_capacity_j_m3_k=0.02 * p.wall_heat_capacity_j_m3_k)
    light_ground = replace(light_wall, soil_heat_capacity_j_m3_k=0.02 * p.soil_heat_capacity_j_m3_k)
    lifts = [min(days(1.25, SolarGreenhouse(one, PLANT.house.crop))[1]) for one in (p, light_wall, light_ground)]
    assert lifts[0] > lifts[1] + 0.5 > lifts[2] + 4.0


def test_before_dawn_wall_and_ground_are_warmer_than_the_air() -> None:
    state, _ = days(1.25)
    assert state.wall_c > state.air_c + 0.5
    assert state.ground_c > state.air_c + 0.5
    assert max(state.wall_layers_c) > state.wall_c


@settings(max_examples=6, deadline=None)
@given(outside_c=st.floats(-25.0, 5.0), wind=st.floats(0.0, 10.0), clear_k=st.floats(0.0, 20.0))
def test_the_blanket_keeps_the_night_warmer(outside_c: float, wind: float, clear_k: float) -> None:
    night = Weather(outside_c, 0.8, wind, 0.0, outside_c - clear_k)
    reached = [run(2.0, {"blanket": down}, night).air_c for down in (0.0, 0.5, 1.0)]
    for opener, closer in pairwise(reached):
        assert closer > opener


def test_a_thicker_blanket_keeps_the_night_warmer() -> None:
    p = PLANT.house.parameters
    quilts = [SolarGreenhouse(replace(p, blanket_resistance_m2_k_w=r), PLANT.house.crop) for r in (0.3, 0.7, 1.5)]
    thin, usual, thick = (run(3.0, {"blanket": 1.0}, NIGHT, quilt).air_c for quilt in quilts)
    assert thin + 0.3 < usual < thick - 0.3
    # behind a perfect one the film is as warm as what it looks at
    perfect = SolarGreenhouse(replace(p, blanket_resistance_m2_k_w=1e6), PLANT.house.crop)
    state = run(3.0, {"blanket": 1.0}, NIGHT, perfect)
    assert state.film_c == pytest.approx(state.air_c, abs=1.0)


def test_under_the_blanket_it_is_dark() -> None:
    assert PLANT.observe(PLANT.initial(), {"blanket": 1.0}, NOON)["inside.ppfd"] == 0.0


def test_both_slots_together_are_a_chimney() -> None:
    still = outside(replace(NOON, wind_m_s=0.0))
    leak, top, bottom, both = (
        PLANT.house.vented_m_s(*slots, 28.0, still) for slots in ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.5, 0.5))
    )
    assert leak < bottom + 1e-9 < top < both
    assert both - leak > 2.0 * (top - leak)


def test_the_film_sweats_at_night_and_dries_in_the_wind() -> None:
    closed = run(3.0, {}, NIGHT)
    assert 0.02 < closed.condensed_kg < 1.0
    aired = run(3.0, {"vent.top": 1.0, "vent.bottom": 1.0}, replace(NIGHT, wind_m_s=6.0, relative_humidity=0.3))
    assert aired.condensed_kg < 0.3 * closed.condensed_kg


def test_carbon_dioxide_gathers_at_night_and_is_eaten_in_a_closed_house_by_day() -> None:
    night = run(8.0, {"blanket": 1.0}, NIGHT)
    assert PLANT.observe(night, {}, NIGHT)["air.co2"] > 700.0
    day = run(2.0, {}, replace(NOON, wind_m_s=0.0, global_radiation_w_m2=350.0), state=night)
    assert PLANT.observe(day, {}, NOON)["air.co2"] < 350.0


def test_the_emergency_heater_is_counted() -> None:
    cold, warm = run(2.0, {"blanket": 1.0}, NIGHT), run(2.0, {"blanket": 1.0, "heater": 1.0}, NIGHT)
    assert warm.air_c > cold.air_c + 2.0
    assert PLANT.observe(warm, {}, NIGHT)["energy.heater"] == pytest.approx(2.0 * 60.0 * 480.0 / 1000.0)


def test_a_sky_over_a_place_knows_where_its_sun_stands() -> None:
    shouguang = Sunlit(Steady(replace(NOON, sun_elevation_degrees=None, sun_azimuth_degrees=None)), 36.88, 118.74)
    noon = shouguang.at(1782014530.0)  # 21 June 2026, 12:02 in Shouguang
    assert noon.sun_elevation_degrees == pytest.approx(76.5, abs=0.4)
    assert shouguang.at(1782014530.0 + 43200.0).sun_elevation_degrees < 0.0  # type: ignore[operator]  # it is told
    assert noon.global_radiation_w_m2 == 600.0
    assert Sunlit(Steady(NOON), 36.88, 118.74).at(0.0) == NOON


def test_a_table_of_weather_cannot_say_where_the_sun_stands(tmp_path: Path) -> None:
    """The place and the clock do; a column that nobody reads would be a trap."""
    table = tmp_path / "year.csv"
    table.write_text(
        "time_s,air_c,relative_humidity,wind_m_s,global_radiation_w_m2,sun_elevation_degrees\n0,10,0.5,1,0,20\n",
        "utf-8",
    )
    with pytest.raises(WeatherFileError, match=r"year\.csv:1: unknown column 'sun_elevation_degrees'"):
        CsvWeather(table)
