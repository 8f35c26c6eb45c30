"""Weather made from a seed."""

from datetime import datetime
from itertools import pairwise
from statistics import fmean, pstdev
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.sun import clear_sky_w_m2
from simulator.plants.plant import Weather
from simulator.weather import CLIMATES, MadeWeather, Steady, Wander, design_day, sky_c

SHOUGUANG = (36.88, 118.74, "Asia/Shanghai")
MIDNIGHT = datetime(2026, 2, 2, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
HOUR = 3600.0


def day(name: str, seed: int = 1) -> MadeWeather:
    return design_day(name, seed, *SHOUGUANG)


def hours(source: MadeWeather, start: float = 0.0, end: float = 24.0, step_s: float = 60.0) -> list[Weather]:
    count = round((end - start) * HOUR / step_s)
    return [source.at(MIDNIGHT + start * HOUR + index * step_s) for index in range(count + 1)]


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(CLIMATES)),
    seed=st.integers(-5, 2**70),
    times=st.lists(st.floats(0.0, 4e9), min_size=1, max_size=8),
)
def test_any_moment_can_be_asked_in_any_order(name: str, seed: int, times: list[float]) -> None:
    together = day(name, seed)
    seen = {time_s: together.at(time_s) for time_s in times}
    for time_s in sorted(times):
        assert day(name, seed).at(time_s) == seen[time_s]
        assert together.at(time_s) == seen[time_s]


def test_a_long_walk_and_a_single_question_agree() -> None:
    walker = day("storm")
    for index in range(3000):
        last = walker.at(MIDNIGHT + 7.0 * index)
    assert day("storm").at(MIDNIGHT + 7.0 * 2999) == last


@settings(max_examples=100, deadline=None)
@given(name=st.sampled_from(sorted(CLIMATES)), seed=st.integers(0, 1000), time_s=st.floats(0.0, 4e9))
def test_every_sky_is_one_that_could_be(name: str, seed: int, time_s: float) -> None:
    sky = day(name, seed).at(time_s)
    assert -20.0 < sky.air_c < 42.0
    assert 0.0 < sky.relative_humidity <= 1.0
    assert 0.0 < sky.wind_m_s < 45.0
    assert 0.0 <= sky.global_radiation_w_m2 < 1150.0
    assert -80.0 < sky.sky_c <= sky.air_c + 1e-9
    assert 0.0 <= sky.wind_from_degrees < 360.0


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**62))
def test_every_seed_keeps_what_the_scenarios_ask_of_a_design_day(seed: int) -> None:
    front = day("cold_front", seed)  # S01: 4 to -12 degC in three hours
    before, after = front.at(MIDNIGHT + 21.0 * HOUR).air_c, front.at(MIDNIGHT + 24.0 * HOUR).air_c
    assert before == pytest.approx(4.0, abs=2.0)
    assert after == pytest.approx(-12.0, abs=2.0)
    assert before - after == pytest.approx(16.0, abs=2.5)
    heat = hours(day("heat_wave", seed), 11.0, 15.0, 600.0)  # S07: 35 degC, 13 to 15 m/s from 11 to 15 o'clock
    assert max(sky.air_c for sky in heat) == pytest.approx(35.0, abs=2.0)
    assert 12.6 < fmean(sky.wind_m_s for sky in heat) < 15.4
    assert max(sky.wind_m_s for sky in hours(day("storm", seed), step_s=600.0)) > 17.0
    dull = fmean(sky.global_radiation_w_m2 for sky in hours(day("dull_week", seed), step_s=1800.0))
    clear = fmean(
        clear_sky_w_m2(MIDNIGHT + half * 1800.0, SHOUGUANG[0], SHOUGUANG[1]) for half in range(49)
    )  # fmt: skip
    assert 0.15 < dull / clear < 0.7


@pytest.mark.parametrize("name", sorted(CLIMATES))
def test_over_many_seeds_a_day_is_its_climate(name: str) -> None:
    climate, noon = CLIMATES[name], MIDNIGHT + 12.0 * HOUR
    skies = [day(name, seed).at(noon) for seed in range(400)]
    warm = [sky.air_c for sky in skies]
    assert fmean(warm) == pytest.approx(climate.air_c(12.0), abs=0.2 * climate.air_spread_k)
    assert pstdev(warm) == pytest.approx(climate.air_spread_k, rel=0.15)
    wind = [sky.wind_m_s for sky in skies]
    assert fmean(wind) == pytest.approx(climate.wind_m_s(12.0), rel=0.05)
    assert pstdev(wind) / fmean(wind) == pytest.approx(climate.gustiness, rel=0.15)
    assert len({sky.wind_from_degrees for sky in skies}) > 390


def test_another_seed_is_another_day() -> None:
    assert hours(day("dull_week", 1)) != hours(day("dull_week", 2))


def test_a_sunny_day_follows_a_night_of_frost() -> None:
    skies = hours(day("sun_and_cold_night"))
    assert -3.5 < min(sky.air_c for sky in skies) < -0.5
    assert 10.5 < max(sky.air_c for sky in skies) < 13.5
    noon = MIDNIGHT + 12.1 * HOUR
    clear = clear_sky_w_m2(noon, SHOUGUANG[0], SHOUGUANG[1])
    assert day("sun_and_cold_night").at(noon).global_radiation_w_m2 == pytest.approx(clear, rel=0.02)


def test_there_is_no_sun_at_night() -> None:
    assert all(sky.global_radiation_w_m2 == 0.0 for sky in hours(day("heat_wave"), 0.0, 5.0))


def test_a_cold_front_drops_sixteen_kelvin_in_three_hours() -> None:
    front = day("cold_front")
    before, after = front.at(MIDNIGHT + 21.0 * HOUR), front.at(MIDNIGHT + 24.0 * HOUR)
    assert before.air_c == pytest.approx(4.0, abs=1.5)
    assert after.air_c == pytest.approx(-12.0, abs=1.5)


def test_a_heat_wave_is_windy_from_eleven_to_three() -> None:
    skies = hours(day("heat_wave"), 11.5, 14.5)
    assert max(sky.air_c for sky in skies) == pytest.approx(35.0, abs=1.5)
    assert 12.5 < sum(sky.wind_m_s for sky in skies) / len(skies) < 15.5
    assert all(sky.wind_m_s < 6.0 for sky in hours(day("heat_wave"), 0.0, 8.0))


def test_a_storm_blows_and_rains() -> None:
    skies = hours(day("storm"))
    assert max(sky.wind_m_s for sky in skies) > 20.0
    assert any(sky.rain for sky in skies)
    assert not all(sky.rain for sky in skies)


def test_a_dull_week_has_little_light() -> None:
    sums = {name: sum(sky.global_radiation_w_m2 for sky in hours(day(name))) for name in CLIMATES}
    assert sums["dull_week"] < 0.6 * sums["sun_and_cold_night"]


def test_it_is_driest_in_the_afternoon() -> None:
    source = day("sun_and_cold_night")
    assert source.at(MIDNIGHT + 14.0 * HOUR).relative_humidity < source.at(MIDNIGHT + 5.0 * HOUR).relative_humidity


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("hail", 1, 31.0, 121.0, "Asia/Shanghai"), "no design day 'hail'; there are: .*cold_front"),
        (("storm", 1, 91.0, 121.0, "Asia/Shanghai"), "no place at latitude 91"),
        (("storm", 1, 31.0, 221.0, "Asia/Shanghai"), "longitude 221"),
        (("storm", 1, 31.0, 121.0, "Asia/Shanghay"), "no time zone 'Asia/Shanghay'"),
        (("storm", 1, 31.0, 121.0, "../etc/passwd"), "no time zone"),
    ],
)
def test_a_day_that_cannot_be_made_says_why(arguments: tuple[str, int, float, float, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        design_day(*arguments)


def test_a_wander_has_the_spread_and_the_memory_it_was_given() -> None:
    wander = Wander(seed=5, channel=1, knot_s=10.0, memory=0.6)
    walk = [wander.at(10.0 * index) for index in range(20000)]
    assert sum(walk) / len(walk) == pytest.approx(0.0, abs=0.05)
    assert sum(x * x for x in walk) / len(walk) == pytest.approx(1.0, abs=0.05)
    assert sum(x * y for x, y in pairwise(walk)) / len(walk) == pytest.approx(0.6, abs=0.05)


def test_steady_weather_stays() -> None:
    sky = Weather(10.0, 0.5, 2.0, 100.0, sky_c(10.0, 1.0))
    assert Steady(sky).at(0.0) is Steady(sky).at(1e9)
    assert sky.sky_c == pytest.approx(10.0)
