"""Weather read from files: EPW, TMY3, PVGIS and a table of our own."""

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.air import pressure_at_altitude_pa, saturation_vapour_pressure_pa
from simulator.plants.plant import Weather
from simulator.weather import sky_c
from simulator.weather_csv import CsvWeather
from simulator.weather_epw import Epw
from simulator.weather_files import WeatherFileError
from simulator.weather_tmy import Pvgis, Tmy3

MIDNIGHT = datetime(2026, 2, 2, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
HOUR = 3600.0
SHARED = Path(__file__).parents[3] / "shared"
"""The standard years and the recorded winter stand beside the project."""


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


def test_the_name_of_the_place_may_stand_in_an_old_code(tmp_path: Path) -> None:
    path = write_epw(tmp_path, epw_rows())
    path.write_bytes(path.read_bytes().replace(b"LOCATION,Farm", "LOCATION,Orléans".encode("latin-1")))
    assert Epw(path).at(local(3, 5, 7.0)).air_c == pytest.approx(7.0)


@pytest.mark.parametrize(
    ("column", "text", "said"),
    [
        (6, "99.9", "farm.epw:9: air_c is 99.9, wanted -80 to 65"),
        (6, "warm", "farm.epw:9: air_c is 'warm', not a number"),
        (2, "13", "farm.epw:9: is 01-13 hour 1, wanted 01-01 hour 1: a typical year has one row an hour"),
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


def test_a_humidity_that_was_not_measured_follows_from_the_dew_point(tmp_path: Path) -> None:
    rows = [[*row[:8], "999", *row[9:]] for row in epw_rows()]
    humidity = Epw(write_epw(tmp_path, rows)).at(local(1, 15, 12.0)).relative_humidity
    assert humidity == pytest.approx(saturation_vapour_pressure_pa(0.0) / saturation_vapour_pressure_pa(12.0))
    neither = [[*row[:7], "99.9", *row[8:]] for row in rows]
    with pytest.raises(WeatherFileError, match=r"farm\.epw:9: relative humidity is 999 %, wanted 0 to 110, or a dew"):
        Epw(write_epw(tmp_path, neither))


def test_a_pressure_that_was_not_measured_follows_from_the_altitude(tmp_path: Path) -> None:
    rows = [[*row[:9], "999999", *row[10:]] for row in epw_rows()]
    head = (EPW_HEAD[0].replace(",5.5", ",3650"), *EPW_HEAD[1:])
    assert Epw(write_epw(tmp_path, rows, head)).at(0.0).pressure_pa == pytest.approx(pressure_at_altitude_pa(3650.0))


def test_a_leap_day_in_the_file_is_left_out(tmp_path: Path, year: Epw) -> None:
    rows = epw_rows()
    start = (31 + 28) * 24
    leap = [[row[0], "2", "29", row[3], row[4], row[5], "-40.0", *row[7:]] for row in rows[:24]]
    longer = Epw(write_epw(tmp_path, rows[:start] + leap + rows[start:]))
    for at in (local(2, 28, 23.7), local(3, 1, 0.3), local(12, 31, 23.9)):
        assert longer.at(at) == year.at(at)


def test_the_year_goes_on_where_it_ends(year: Epw) -> None:
    last, first = year.at(local(12, 31, 23.75)), year.at(local(12, 31, 24.25))
    assert last.air_c == pytest.approx(0.25 * 23.0)  # from 23 degC at 23 o'clock to 0 degC at midnight
    assert first.air_c == pytest.approx(0.25)
    assert year.at(local(1, 1, 0.25, 2027)) == first


def test_a_clock_of_half_hours_is_kept(tmp_path: Path) -> None:
    head = (EPW_HEAD[0].replace(",8.0,", ",5.5,"), *EPW_HEAD[1:])
    assert Epw(write_epw(tmp_path, epw_rows(), head)).at(local(3, 5, 7.25 + 2.5)).air_c == pytest.approx(7.25)


@settings(max_examples=50, deadline=None)
@given(times=st.lists(st.floats(-2e9, 4e9), min_size=1, max_size=8))
def test_a_year_can_be_asked_in_any_order(year: Epw, times: list[float]) -> None:
    seen = {time_s: year.at(time_s) for time_s in times}
    for time_s in sorted(times):
        assert year.at(time_s) == seen[time_s]
        assert 0.0 <= seen[time_s].air_c <= 23.0
        assert 0.0 <= seen[time_s].global_radiation_w_m2 <= 400.0


TMY3_COLUMNS = (
    "Date (MM/DD/YYYY),Time (HH:MM),ETR (W/m^2),GHI (W/m^2),TotCld (tenths),Dry-bulb (C),Dew-point (C),RHum (%),"
    "Pressure (mbar),Wdir (degrees),Wspd (m/s),Lprecip depth (mm)"
)


def tmy3_lines() -> list[str]:
    """The year of `epw_year` as TMY3 tells it."""
    lines = ['000001,"MADE FARM",CN,8.0,31.40,121.45,3650', TMY3_COLUMNS]
    for row in epw_year():
        rain = "1" if row[3] == "4" else "-9900"
        lines.append(
            f"{int(row[1]):02}/{int(row[2]):02}/1988,{int(row[3]):02}:00,0,{row[13]},1,{row[6]},0.0,50,1010,190,2.5,{rain}"
        )
    return lines


def test_the_same_year_as_tmy3_is_the_same_weather(tmp_path: Path, year: Epw) -> None:
    path = table(tmp_path, "\n".join(tmy3_lines()))
    tmy3 = Tmy3(path)
    assert (tmy3.latitude, tmy3.longitude) == (31.4, 121.45)
    for hour in range(0, 40, 3):
        theirs, ours = year.at(local(3, 5, hour + 0.4)), tmy3.at(local(3, 5, hour + 0.4))
        assert ours == replace(theirs, soil_c=ours.soil_c, sky_c=ours.sky_c, pressure_pa=pytest.approx(101000.0))
        assert ours.sky_c == pytest.approx(sky_c(ours.air_c, 0.1), abs=0.01)
        assert ours.soil_c == pytest.approx(11.5)  # as warm as the year's air


def test_what_tmy3_lacks_follows_from_the_rest(tmp_path: Path) -> None:
    lines = tmy3_lines()
    lines = lines[:2] + [
        line.replace(",1,", ",-9900,", 1).replace(",50,1010,190,", ",-9900,-9900,-9900,") for line in lines[2:]
    ]
    sky = Tmy3(table(tmp_path, "\n".join(lines))).at(local(3, 5, 12.0))
    assert sky.relative_humidity == pytest.approx(
        saturation_vapour_pressure_pa(0.0) / saturation_vapour_pressure_pa(12.0)
    )
    assert sky.pressure_pa == pytest.approx(pressure_at_altitude_pa(3650.0))
    assert sky.sky_c == pytest.approx(sky_c(12.0, 0.5))
    assert sky.wind_from_degrees == 270.0


def pvgis_lines() -> list[str]:
    """A year in which the temperature is the hour of UTC, the sun stands highest at 4, told 0.25 h later."""
    lines = ["Latitude (decimal degrees): 31.400", "Longitude (decimal degrees): 121.450", "Elevation (m): 5.0"]
    lines += ["Irradiance Time Offset (h): 0.25", "month,year", *(f"{month},2010" for month in range(1, 13))]
    lines.append("time(UTC),T2m,RH,G(h),Gb(n),Gd(h),IR(h),WS10m,WD10m,SP")
    for row in epw_year():
        hour = int(row[3]) - 1
        light = max(0.0, 400.0 - 100.0 * abs(hour - 4))
        lines.append(
            f"2010{int(row[1]):02}{int(row[2]):02}:{hour:02}00,{hour}.0,50.0,{light},0,0,300.0,2.5,190.0,101000.0"
        )
    return [*lines, "", "T2m: 2-m air temperature (degree Celsius)", "", "PVGIS (c) European Union, 2001-2026"]


def test_a_year_of_pvgis_holds_at_each_hour_of_utc_and_its_light_a_little_later(tmp_path: Path) -> None:
    pvgis = Pvgis(table(tmp_path, "\r\n".join(pvgis_lines())))
    day = datetime(2026, 3, 5, tzinfo=UTC).timestamp()
    assert pvgis.at(day + 4.5 * HOUR).air_c == pytest.approx(4.5)
    assert pvgis.at(day + 4.25 * HOUR).global_radiation_w_m2 == pytest.approx(400.0)
    assert pvgis.at(day + 4.75 * HOUR).global_radiation_w_m2 == pytest.approx(350.0)
    sky = pvgis.at(day + 4.0 * HOUR)
    assert (sky.relative_humidity, sky.wind_m_s, sky.pressure_pa, sky.rain) == (0.5, 2.5, 101000.0, False)
    assert sky.sky_c == pytest.approx((300.0 / 5.67e-8) ** 0.25 - 273.15)
    assert pvgis.at(datetime(2026, 12, 31, 23, 30, tzinfo=UTC).timestamp()).air_c == pytest.approx(11.5)


@pytest.mark.parametrize(
    ("read", "lines", "line", "change", "said"),
    [
        (Tmy3, tmy3_lines, 1, lambda line: "hello", "sky.csv:1: not a TMY3 file"),
        (Tmy3, tmy3_lines, 2, lambda line: line.replace("GHI", "GHJ"), r"sky.csv:2: no column 'GHI \(W/m\^2\)'"),
        (Tmy3, tmy3_lines, 3, lambda line: line.replace("01/01/", "1.1."), "sky.csv:3: the time is '1.1.1988 01:00'"),
        (Tmy3, tmy3_lines, 4, lambda line: line.replace("02:00", "01:00"), "sky.csv:4: is 01-01 hour 1, wanted"),
        (Tmy3, tmy3_lines, 3, lambda line: line.replace(",1.0,", ",-9900,"), "sky.csv:3: air_c is -9900, wanted -80"),
        (Tmy3, tmy3_lines, 3, lambda line: line + ",7", "sky.csv:3: 13 fields, wanted 12"),
        (Pvgis, pvgis_lines, 18, lambda line: line.replace("time", "tyme"), "sky.csv:1: not a PVGIS typical year"),
        (Pvgis, pvgis_lines, 19, lambda line: line.replace("0101:", "0102:"), "sky.csv:19: is 01-02 hour 0"),
        (Pvgis, pvgis_lines, 19, lambda line: line.replace(":0000", "T00:00"), "sky.csv:19: time.UTC. is '20100101T"),
        (Pvgis, pvgis_lines, 20, lambda line: line.replace(",300.0", ",warm"), "sky.csv:20: IR.h. is 'warm'"),
        (Pvgis, pvgis_lines, 30, lambda line: "", "sky.csv:29: 11 hours, wanted a year of 8760"),
    ],
)  # fmt: skip
def test_a_typical_year_that_cannot_be_used_is_named_by_its_line(
    read: Callable[[Path], object],
    lines: Callable[[], list[str]],
    line: int,
    change: Callable[[str], str],
    said: str,
    tmp_path: Path,
) -> None:
    text = lines()
    text[line - 1] = change(text[line - 1])
    with pytest.raises(WeatherFileError, match=said):
        read(table(tmp_path, "\n".join(text)))


@pytest.mark.skipif(not (SHARED / "weather").is_dir(), reason="the standard years stand beside the project")
@pytest.mark.parametrize(("city", "longitude"), [("beijing", 116.47), ("shanghai", 121.45)])
def test_the_sun_of_a_standard_year_stands_where_it_should(city: str, longitude: float) -> None:
    year = Epw(SHARED / "weather" / f"{city}.epw")
    assert year.longitude == longitude
    for month in (3, 6, 9, 12):
        lights = moments = 0.0
        for quarter in range(30 * 96):  # of a month's light, the middle falls on the sun's noon
            at = datetime(2026, month, 1, tzinfo=UTC).timestamp() - 8.0 * HOUR + 900.0 * quarter
            light = year.at(at).global_radiation_w_m2
            lights += light
            moments += light * ((at + 8.0 * HOUR) % 86400.0) / HOUR
        noon = 12.0 + (120.0 - longitude) / 15.0
        assert moments / lights == pytest.approx(noon, abs=0.6)  # the equation of time, and dull mornings
    hottest = [year.at(local(7, day, 15.0)).air_c for day in range(1, 32)]
    assert 25.0 < sum(hottest) / 31.0 < 35.0


@pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="the recorded winter stands beside the project")
def test_a_recorded_winter_is_read_and_its_gap_of_hours_is_bridged(tmp_path: Path) -> None:
    rows = []
    with (SHARED / "data" / "agc2022_lettuce" / "weather.csv").open(newline="") as file:
        for row in csv.DictReader(file, skipinitialspace=True):
            cells = {name.strip(): text for name, text in row.items()}
            when = datetime.strptime(cells["Date"], "%m/%d/%Y %H:%M").replace(tzinfo=ZoneInfo("Europe/Amsterdam"))
            humidity = str(float(cells["Rhout"]) / 100.0) if cells["Rhout"] else ""
            rows.append([when.isoformat(), cells["Tout"], humidity, cells["Windsp"], cells["Iglob"], cells["Winddir"]])
    empty = [row for row in rows if not row[1]]
    assert len(empty) > 20
    text = "\n".join(",".join(row) for row in rows)
    head = "time,air_c,relative_humidity,wind_m_s,global_radiation_w_m2,wind_from_degrees"
    winter = CsvWeather(table(tmp_path, f"{head}\n{text}\n"))
    for row in rows[::500]:
        assert winter.at(datetime.fromisoformat(row[0]).timestamp()).air_c == float(row[1])
    inside = winter.at(datetime.fromisoformat(empty[len(empty) // 2][0]).timestamp())
    assert -5.0 < inside.air_c < 15.0


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


def test_a_gap_of_just_three_hours_is_bridged(tmp_path: Path) -> None:
    source = CsvWeather(table(tmp_path, f"{HEAD}\n0,10,0.5,2,0\n10800,16,0.5,2,0\n"))
    assert source.at(5400.0).air_c == pytest.approx(13.0)


def test_an_empty_cell_is_a_straight_line_and_rain_and_wind_vane_hold(tmp_path: Path) -> None:
    rows = "0,10,0.5,2,0,350,1\n60,,0.5,2,,,\n120,12,0.5,2,90,10,0\n"
    source = CsvWeather(table(tmp_path, f"{HEAD},wind_from_degrees,rain\n{rows}"))
    sky = source.at(60.0)
    assert (sky.air_c, sky.global_radiation_w_m2) == (pytest.approx(11.0), pytest.approx(45.0))
    assert (sky.wind_from_degrees, sky.rain) == (350.0, True)
    assert (source.at(120.0).wind_from_degrees, source.at(120.0).rain) == (10.0, False)


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
        (f"{HEAD}\n\n", "sky.csv:1: wanted a line of column names and at least one row"),
        (f"{HEAD},air_c\n0,1,0.5,2,0,1\n", "sky.csv:1: column 'air_c' stands twice"),
        (f"{HEAD}\n0,1,,2,0\n9,1,0.5,2,0\n", "sky.csv:2: relative_humidity is empty in the first or last row"),
        (f"{HEAD}\n0,1,0.5,2,0\n9,1,0.5,,0\n", "sky.csv:3: wind_m_s is empty in the first or last row"),
        (f"{HEAD}\n0,1,0.5,2,0\n10801,1,0.5,2,0\n", "sky.csv:3: air_c is unknown for 3.0 h before this line"),
        (f"{HEAD}\n0,1,0.5,2,0\n9000,,0.5,2,0\n18000,1,0.5,2,0\n", "sky.csv:4: air_c is unknown for 5.0 h before"),
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
    with pytest.raises(WeatherFileError, match=r"sky\.csv: not a text"):
        CsvWeather(path)
