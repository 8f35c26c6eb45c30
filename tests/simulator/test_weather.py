"""Weather: made from a seed, read from a year of hours, read from a table."""

from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.sun import clear_sky_w_m2
from simulator.plants.plant import Weather
from simulator.weather import CLIMATES, DesignDay, Steady, Wander, design_day, sky_c
from simulator.weather_files import CsvWeather, Epw, WeatherFileError

SHOUGUANG = (36.88, 118.74, "Asia/Shanghai")
MIDNIGHT = datetime(2026, 2, 2, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
HOUR = 3600.0


def day(name: str, seed: int = 1) -> DesignDay:
    return design_day(name, seed, *SHOUGUANG)


def hours(source: DesignDay, start: float = 0.0, end: float = 24.0, step_s: float = 60.0) -> list[Weather]:
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


EPW_HEAD = (
    "LOCATION,Farm,-,CHN,made,0,31.40,121.45,8.0,5.5",
    "DESIGN CONDITIONS,0",
    "TYPICAL/EXTREME PERIODS,0",
    "GROUND TEMPERATURES,2,.5,,,,1,1,1,1,1,1,1,1,1,1,1,1,2,,,,4,5,8,11,16,21,24,24,22,17,11,6",
    "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0",
    "COMMENTS 1,",
    "COMMENTS 2,",
    "DATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31",
)
MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def epw_rows() -> list[list[str]]:
    return list(epw_year())  # rows are shared: a test puts another row in place of one


@cache
def epw_year() -> tuple[list[str], ...]:
    """A year in which the temperature is the hour of the day and the sun shines from 9 to 15 o'clock."""
    rows = []
    for month, length in enumerate(MONTHS, start=1):
        for date in range(1, length + 1):
            for hour in range(1, 25):
                row = ["2005", str(month), str(date), str(hour), "0", "?9"]
                row += [f"{hour % 24}.0", "0.0", "50", "101000", "9999", "9999", "300"]
                row += ["400" if 10 <= hour <= 15 else "0", "0", "0"]
                row += ["999900"] * 4 + ["190", "2.5", "1", "1", "999.0", "999", "9", "999999999", "0", "0.0000"]
                rows.append([*row, "0", "88", "999.000", "1.0" if hour == 4 else "999.0", "99.0"])
    return tuple(rows)


def write_epw(folder: Path, rows: list[list[str]], head: tuple[str, ...] = EPW_HEAD) -> Path:
    path = folder / "farm.epw"
    path.write_text("\n".join([*head, *(",".join(row) for row in rows)]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Epw:
    return Epw(write_epw(tmp_path_factory.mktemp("epw"), epw_rows()))


def local(month: int, date: int, hour: float, calendar_year: int = 2026) -> float:
    """Farm time of a moment by the standard time of the file, eight hours before UTC."""
    return datetime(calendar_year, month, date, tzinfo=UTC).timestamp() + (hour - 8.0) * HOUR


def test_an_hour_of_the_file_holds_at_its_end(year: Epw) -> None:
    assert year.at(local(3, 5, 7.0)).air_c == pytest.approx(7.0)
    assert year.at(local(3, 5, 7.25)).air_c == pytest.approx(7.25)
    assert year.at(local(3, 5, 7.9)).air_c == pytest.approx(7.9)


def test_radiation_is_the_mean_of_its_hour_around_its_middle(year: Epw) -> None:
    assert year.at(local(3, 5, 9.5)).global_radiation_w_m2 == pytest.approx(400.0)
    assert year.at(local(3, 5, 9.0)).global_radiation_w_m2 == pytest.approx(200.0)
    assert year.at(local(3, 5, 8.4)).global_radiation_w_m2 == 0.0
    total = sum(year.at(local(3, 5, 0.0) + 60.0 * minute).global_radiation_w_m2 * 60.0 for minute in range(1440))
    assert total == pytest.approx(6 * 400.0 * HOUR)


def test_every_year_is_the_same_and_leap_days_do_not_shift_it(year: Epw) -> None:
    assert year.at(local(12, 24, 13.3, 2024)) == year.at(local(12, 24, 13.3, 2025))
    assert year.at(local(2, 29, 13.3, 2024)).air_c == pytest.approx(13.3)


def test_the_file_gives_place_soil_sky_and_rain(year: Epw) -> None:
    assert (year.latitude, year.longitude) == (31.4, 121.45)
    sky = year.at(local(1, 15, 12.0))
    assert sky.soil_c == pytest.approx(4.0, abs=0.1)
    assert sky.sky_c == pytest.approx((300.0 / 5.67e-8) ** 0.25 - 273.15)
    assert sky.pressure_pa == 101000.0
    assert not sky.rain
    assert year.at(local(1, 15, 4.2)).rain


def test_a_sky_that_was_not_measured_follows_from_clouds(tmp_path: Path) -> None:
    rows = [[*row[:12], "9999", *row[13:]] for row in epw_rows()]
    assert Epw(write_epw(tmp_path, rows)).at(local(1, 15, 12.0)).sky_c == pytest.approx(sky_c(12.0, 0.1))


@pytest.mark.parametrize(
    ("column", "text", "said"),
    [
        (6, "99.9", "farm.epw:9: air_c is 99.9, wanted -80 to 65"),
        (6, "warm", "farm.epw:9: air_c is 'warm', not a number"),
        (8, "999", "farm.epw:9: relative humidity is 999 %, wanted 0 to 110"),
        (13, "9999", "farm.epw:9: global_radiation_w_m2 is 9999"),
        (21, "999", "farm.epw:9: wind_m_s is 999"),
        (13, "nan", "not a number"),
    ],
)
def test_a_bad_hour_is_named_by_its_line(tmp_path: Path, column: int, text: str, said: str) -> None:
    rows = epw_rows()
    rows[0] = [text if index == column else cell for index, cell in enumerate(rows[0])]
    with pytest.raises(WeatherFileError, match=said):
        Epw(write_epw(tmp_path, rows))


def test_a_file_that_is_no_year_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeatherFileError, match="8759 hours, wanted a year of 8760"):
        Epw(write_epw(tmp_path, epw_rows()[:-1]))
    with pytest.raises(WeatherFileError, match=r"farm\.epw:1: not an EPW file"):
        Epw(write_epw(tmp_path, [], ("hello",)))
    short = epw_rows()
    short[3] = short[3][:10]
    with pytest.raises(WeatherFileError, match=r"farm\.epw:12: 10 fields, wanted at least 32"):
        Epw(write_epw(tmp_path, short))


def table(folder: Path, text: str) -> Path:
    path = folder / "sky.csv"
    path.write_text(text, encoding="utf-8")
    return path


HEAD = "time_s,air_c,relative_humidity,wind_m_s,global_radiation_w_m2"


def test_a_table_is_joined_by_straight_lines_and_holds_at_its_ends(tmp_path: Path) -> None:
    source = CsvWeather(table(tmp_path, f"{HEAD},rain,sky_c\n0,10,0.5,2,0,0,1\n\n100,20,0.7,4,50,1,3\n"))
    assert source.at(25.0) == Weather(12.5, 0.55, 2.5, 12.5, 1.5)
    assert source.at(-1.0).air_c == 10.0
    assert source.at(500.0).air_c == 20.0
    assert source.at(500.0).rain


def test_a_table_may_give_the_time_as_people_write_it(tmp_path: Path) -> None:
    head = HEAD.replace("time_s", "time")
    rows = "2026-02-02T00:00:00+08:00,1,0.5,2,0\n2026-02-02T01:00+08:00,3,0.5,2,0\n"
    source = CsvWeather(table(tmp_path, f"{head}\n{rows}"))
    assert source.at(MIDNIGHT + 1800.0).air_c == pytest.approx(2.0)
    assert source.at(MIDNIGHT).sky_c == pytest.approx(sky_c(1.0, 0.5))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "sky.csv:1: wanted a line of column names"),
        (f"{HEAD},colour\n0,1,0.5,2,0,red\n", "sky.csv:1: unknown column 'colour'"),
        ("air_c,relative_humidity,wind_m_s,global_radiation_w_m2\n1,0.5,2,0\n", "sky.csv:1: no column 'time_s'"),
        ("time_s,air_c,wind_m_s,global_radiation_w_m2\n0,1,2,0\n", "sky.csv:1: no column 'relative_humidity'"),
        (f"{HEAD}\n0,1,85,2,0\n", "sky.csv:2: relative_humidity is 85, wanted 0 to 1"),
        (f"{HEAD}\n0,1,0.5,2,0\n0,1,0.5,2,0\n", "sky.csv:3: 0 is not after the row before"),
        (f"{HEAD}\n0,1,0.5,2\n", "sky.csv:2: 4 fields, wanted 5"),
        (f"{HEAD}\n0,1,,2,0\n", "sky.csv:2: relative_humidity is '', not a number"),
        (f"{HEAD},rain\n0,1,0.5,2,0,maybe\n", "sky.csv:2: rain is 'maybe', wanted 0 or 1"),
        (f"{HEAD.replace('time_s', 'time')}\nyesterday,1,0.5,2,0\n", "sky.csv:2: time is 'yesterday', wanted ISO"),
        (f"{HEAD.replace('time_s', 'time')}\n2026-02-02,1,0.5,2,0\n", "sky.csv:2: time '2026-02-02' has no offset"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used_is_named_by_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(WeatherFileError, match=said):
        CsvWeather(table(tmp_path, text))


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sky.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WeatherFileError, match="not a text in UTF-8"):
        CsvWeather(path)
