"""A year made from twelve monthly means: it has those means, and it could have been."""

from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import correlation
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.air import saturation_vapour_pressure_pa
from foundation.sun import clear_sky_w_m2
from simulator.plants.plant import Weather
from simulator.weather import MadeWeather
from simulator.weather_epw import Epw
from simulator.weather_synthetic import ClimateError, climate_names, cloud_for, read_months, synthetic_year

BEIJING = (39.80, 116.47, "Asia/Shanghai")
ZONE = ZoneInfo("Asia/Shanghai")
YEARS = (2023, 2024, 2025)
STANDARD = Path(__file__).parents[3] / "shared" / "weather" / "beijing.epw"


def made(seed: int = 1) -> MadeWeather:
    return synthetic_year("synthetic_beijing", seed, *BEIJING)


@cache
def months() -> dict[int, list[Weather]]:
    """Every other hour of three years, by month."""
    source, skies = made(), {month: [] for month in range(1, 13)}
    for year in YEARS:
        now, end = datetime(year, 1, 1, 0, 30, tzinfo=ZONE), datetime(year + 1, 1, 1, tzinfo=ZONE)
        while now < end:
            skies[now.month].append(source.at(now.timestamp()))
            now += timedelta(hours=2)
    return skies


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def test_what_ships_says_that_it_is_synthetic() -> None:
    assert climate_names()
    assert all(name.startswith("synthetic_") for name in climate_names())


def test_each_month_is_as_warm_as_its_climate_says() -> None:
    normals, _ = read_months("synthetic_beijing")
    for month, skies in months().items():
        middle = (normals["high_c"][month - 1] + normals["low_c"][month - 1]) / 2.0
        assert mean([sky.air_c for sky in skies]) == pytest.approx(middle, abs=1.8), month
    all_year = mean([sky.air_c for skies in months().values() for sky in skies])
    assert all_year == pytest.approx(mean(normals["high_c"] + normals["low_c"]), abs=0.6)


def test_each_month_is_as_moist_and_as_windy_as_its_climate_says() -> None:
    normals, _ = read_months("synthetic_beijing")
    for month, skies in months().items():
        humidity = mean([100.0 * sky.relative_humidity for sky in skies])
        assert humidity == pytest.approx(normals["humidity_percent"][month - 1], abs=9.0), month
        assert mean([sky.wind_m_s for sky in skies]) == pytest.approx(normals["wind_m_s"][month - 1], rel=0.15), month


def test_light_follows_from_the_sunshine() -> None:
    normals, _ = read_months("synthetic_beijing")
    for half in ((11, 12, 1, 2, 3, 4), (5, 6, 7, 8, 9, 10)):
        light = clear = 0.0
        for month in half:
            light += sum(sky.global_radiation_w_m2 for sky in months()[month])
            start = datetime(2025, month, 1, 0, 30, tzinfo=ZONE).timestamp()
            hours = [clear_sky_w_m2(start + 7200.0 * step, *BEIJING[:2]) for step in range(12 * 30)]
            clear += mean(hours) * len(months()[month])
        sunshine = mean([normals["sunshine_percent"][month - 1] / 100.0 for month in half])
        assert light / clear == pytest.approx((0.25 + 0.5 * sunshine) / 0.75, rel=0.06)


def test_warm_spells_and_dull_days_are_moist_and_bright_days_swing() -> None:
    winter = months()[1]
    days = [winter[start : start + 12] for start in range(0, len(winter), 12)]
    warm = [mean([sky.air_c for sky in day]) for day in days]
    light = [mean([sky.global_radiation_w_m2 for sky in day]) for day in days]
    vapour_pa = [
        mean([sky.relative_humidity * saturation_vapour_pressure_pa(sky.air_c) for sky in day]) for day in days
    ]
    assert correlation(warm, vapour_pa) > 0.5
    assert correlation(light, vapour_pa) < -0.2
    assert correlation(light, [max(sky.air_c for sky in day) - min(sky.air_c for sky in day) for day in days]) > 0.3


def test_it_rains_on_as_many_hours_as_the_rainy_days_leave() -> None:
    rainy = {month: mean([float(sky.rain) for sky in skies]) for month, skies in months().items()}
    assert rainy[7] > 3.0 * rainy[1]
    assert 0.02 < mean(list(rainy.values())) < 0.1


def test_the_ground_is_late_and_mild() -> None:
    soil = {month: mean([sky.soil_c for sky in skies]) for month, skies in months().items()}
    assert max(soil, key=lambda month: soil[month]) in (8, 9)
    assert 8.0 < max(soil.values()) - min(soil.values()) < 16.0


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(-5, 2**70), times=st.lists(st.floats(0.0, 4e9), min_size=1, max_size=4))
def test_any_moment_of_any_year_is_a_sky_that_could_be(seed: int, times: list[float]) -> None:
    together = made(seed)
    seen = {time_s: together.at(time_s) for time_s in times}
    for time_s in sorted(times):
        sky = made(seed).at(time_s)
        assert sky == seen[time_s] == together.at(time_s)
        assert -35.0 < sky.air_c < 48.0
        assert 0.0 < sky.relative_humidity <= 1.0
        assert 0.0 < sky.wind_m_s < 60.0
        assert 0.0 <= sky.global_radiation_w_m2 < 1150.0
        assert -110.0 < sky.sky_c <= sky.air_c + 1e-9


def test_no_quarter_of_an_hour_breaks_the_year() -> None:
    source, start = made(), datetime(2025, 12, 30, tzinfo=ZONE).timestamp()
    walk = [source.at(start + 900.0 * step).air_c for step in range(4 * 24 * 5)]
    assert max(abs(now - before) for before, now in pairwise(walk)) < 1.0


def test_less_sunshine_takes_more_clouds() -> None:
    clouds = [cloud_for(percent / 100.0) for percent in range(0, 101, 10)]
    assert clouds == sorted(clouds, reverse=True)
    assert clouds[0] > clouds[-1]


def test_a_year_that_does_not_exist_says_which_do() -> None:
    with pytest.raises(ClimateError, match="no year 'beijing'; there are: synthetic_beijing"):
        synthetic_year("beijing", 1, *BEIJING)
    with pytest.raises(ClimateError, match="no year"):
        synthetic_year("../parameters/bass_50m3", 1, *BEIJING)
    with pytest.raises(ValueError, match="no time zone"):
        synthetic_year("synthetic_beijing", 1, 39.8, 116.47, "Asia/Peking")


@pytest.mark.skipif(not STANDARD.is_file(), reason="the standard years stand beside the project")
def test_it_resembles_the_standard_year_of_beijing() -> None:
    standard = Epw(STANDARD)
    for month, skies in months().items():
        days = [datetime(2025, month, day, hour, 30, tzinfo=ZONE) for day in range(1, 29) for hour in range(0, 24, 2)]
        told = [standard.at(day.timestamp()) for day in days]
        assert mean([sky.air_c for sky in skies]) == pytest.approx(mean([sky.air_c for sky in told]), abs=4.0), month
    light = mean([sky.global_radiation_w_m2 for skies in months().values() for sky in skies])
    hours = range(1, 8760, 2)
    told_light = mean([standard.at(1.7356608e9 + 3600.0 * hour).global_radiation_w_m2 for hour in hours])
    assert light == pytest.approx(told_light, rel=0.15)
