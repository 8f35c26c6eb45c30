"""CSV files of recorded values, as people's programs write them."""

from math import isnan
from pathlib import Path

import pytest

from simulator.recording_files import RecordingError, Table, Times, read_table

TIMES = Times()


def table(tmp_path: Path, text: str, times: Times = TIMES) -> Table:
    file = tmp_path / "day.csv"
    file.write_text(text, encoding="utf-8")
    return read_table(file, times, ("Tair", "Rhair"))


def test_local_times_of_a_growers_computer_and_spaces_around_its_names(tmp_path: Path) -> None:
    text = "\ufeffDate,Tair,Rhair \n2/1/2022 0:00,12.9, 78\n2/1/2022 0:04,,78.5\n\n"
    day = table(tmp_path, text, Times("Date", "%m/%d/%Y %H:%M", "Europe/Amsterdam"))
    assert day.times_s == [1643670000.0, 1643670240.0]
    assert day.columns["Rhair"] == [78.0, 78.5]
    assert day.columns["Tair"][0] == 12.9
    assert isnan(day.columns["Tair"][1])


def test_unix_seconds_and_iso_8601(tmp_path: Path) -> None:
    text = "time,Tair,Rhair\n1643670000,1,2\n2022-02-01T00:04:00+01:00,1,2\n2022-01-31T23:09:00,1,2\n"
    assert table(tmp_path, text).times_s == [1643670000.0, 1643670240.0, 1643670540.0]


def test_the_hour_that_comes_twice_in_autumn_is_two_hours(tmp_path: Path) -> None:
    rows = [f"2022-10-30T{hour}:{minute},1,2" for hour in ("02", "02", "03") for minute in ("00", "30")]
    day = table(tmp_path, "\n".join(["time,Tair,Rhair", *rows, ""]), Times(timezone="Europe/Amsterdam"))
    assert [time_s - day.times_s[0] for time_s in day.times_s] == [1800.0 * step for step in range(6)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time,Tair\n1,2\n", r"day.csv:1: no column 'Rhair'; there are: time, Tair"),
        ("time,Tair,Rhair,Tair\n1,2,3,4\n", r"day.csv:1: column 'Tair' stands there twice"),
        ("", r"day.csv:1: no column 'time'"),
        ("time,Tair,Rhair\n", r"has no rows"),
        ("time,Tair,Rhair\n1,2\n", r"day.csv:2: 2 cells, the header has 3"),
        ("time,Tair,Rhair\nnoon,2,3\n", r"day.csv:2: 'noon' is not a time"),
        ("time,Tair,Rhair\n5,2,3\n5,2,3\n", r"day.csv:3: time 5 is not after the row before"),
        ("time,Tair,Rhair\nnan,2,3\n", r"day.csv:2: 'nan' is not a time"),
        ("time,Tair,Rhair\n5,warm,3\n", r"day.csv:2: 'warm' is not a number"),
    ],
)
def test_what_cannot_be_read_says_where(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(RecordingError, match=words):
        table(tmp_path, text)


def test_a_file_that_is_no_utf_8_and_a_zone_that_is_none(tmp_path: Path) -> None:
    file = tmp_path / "gbk.csv"
    file.write_bytes("时间,温度\n1,2\n".encode("gbk"))
    with pytest.raises(RecordingError, match="no CSV file in UTF-8"):
        read_table(file, Times("时间"), ["温度"])
    with pytest.raises(RecordingError, match="no time zone 'Mars/Base'"):
        table(tmp_path, "time,Tair,Rhair\n1,2,3\n", Times(timezone="Mars/Base"))
