"""A recording in place of the field."""

from pathlib import Path

import pytest

from drivers.product import load_product
from edge_config.model.site import Device
from foundation.reading import Quality, Reason
from simulator.devices.device import VirtualDevice
from simulator.devices.modbus import ModbusSlave
from simulator.devices.recorded import Recording, RecordingError, RecordingMap, read_map

DATA = Path(__file__).parents[3] / "shared" / "data" / "agc2022_lettuce" / "GreenhouseClimate.csv"
MAP = RecordingMap({"gh1.bay1.air_temp": "Tair", "gh1.bay1.rh": "Rhair"})
CSV = "time,Tair,Rhair\n1000,12.9,78.4\n1300,12.8,\n1600,12.7,79.1\n"


def recording(tmp_path: Path, text: str = CSV, plan: RecordingMap = MAP) -> Recording:
    file = tmp_path / "day.csv"
    file.write_text(text, encoding="utf-8")
    return Recording.read(file, plan)


def test_a_row_holds_until_the_next_ones_time(tmp_path: Path) -> None:
    day = recording(tmp_path)
    seen = []
    for now_s in (999.0, 1000.0, 1299.9, 1300.0, 5000.0):
        day.advance(now_s)
        seen.append((day.sense("gh1.bay1.air_temp"), day.taken_s(now_s)))
    assert seen == [(None, 999.0), (12.9, 1000.0), (12.9, 1000.0), (12.8, 1300.0), (12.7, 1600.0)]
    assert day.end_s == 1600.0


def test_an_empty_cell_is_no_value(tmp_path: Path) -> None:
    day = recording(tmp_path)
    day.advance(1400.0)
    assert day.sense("gh1.bay1.rh") is None
    assert day.sense("gh1.bay1.co2") is None


def test_a_logger_dates_its_values_by_the_rows_own_time(tmp_path: Path) -> None:
    day = recording(tmp_path)
    product = load_product("generic/logger")
    settings = Device.model_validate(
        {"product": product.id, "bus": "b", "tags": {"v1": "gh1.bay1.air_temp", "v2": "gh1.bay1.rh"}}
    )
    logger = VirtualDevice("logger", settings, product, day, {})
    day.advance(1450.0)
    air, rh = logger.poll(1450.0)
    assert (air.quality, air.time_s) == (Quality.GOOD, 1300.0)
    assert air.value == pytest.approx(12.8)
    assert (rh.value, rh.reason) == (None, Reason.SENTINEL)
    answer = ModbusSlave({1: logger}).respond(1, bytes.fromhex("04 00 00 00 06"), 1450.0)
    assert answer == bytes.fromhex("04 0C 00 00 05 14 41 4C CC CD 7F C0 00 00")


def test_a_logger_whose_clock_is_ahead_is_not_believed(tmp_path: Path) -> None:
    day = recording(tmp_path)
    product = load_product("generic/logger")
    settings = Device.model_validate({"product": product.id, "bus": "b", "tags": {"v1": "gh1.bay1.air_temp"}})
    logger = VirtualDevice("logger", settings, product, day, {})
    day.advance(1300.0)
    logger.clock_wrong_s = 3600.0
    assert logger.poll(1300.0)[0].reason is Reason.CLOCK


def test_local_times_of_a_growers_computer(tmp_path: Path) -> None:
    text = "Date,Tair,Rhair \n2/1/2022 0:00,12.9,78\n2/1/2022 0:04,12.9,78\n"
    plan = RecordingMap(MAP.tags, "Date", "%m/%d/%Y %H:%M", "Europe/Amsterdam")
    day = recording(tmp_path, text, plan)
    assert day.times_s == [1643670000.0, 1643670240.0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time,Tair\n1,2\n", r"day.csv:1: no column 'Rhair'; there are: time, Tair"),
        ("time,Tair,Rhair\n", r"has no rows"),
        ("time,Tair,Rhair\n1,2\n", r"day.csv:2: 2 cells, the header has 3"),
        ("time,Tair,Rhair\nnoon,2,3\n", r"day.csv:2: 'noon' is not a time"),
        ("time,Tair,Rhair\n5,2,3\n5,2,3\n", r"day.csv:3: time 5 is not after the row before"),
        ("time,Tair,Rhair\n5,warm,3\n", r"day.csv:2: 'warm' is not a number"),
    ],
)
def test_what_cannot_be_played_says_where(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(RecordingError, match=words):
        recording(tmp_path, text)


def test_a_map_file(tmp_path: Path) -> None:
    file = tmp_path / "map.yaml"
    file.write_text(
        'time: {column: Date, format: "%m/%d/%Y %H:%M", timezone: Europe/Amsterdam}\ntags: {gh1.bay1.co2: CO2air}\n'
    )
    assert read_map(file) == RecordingMap({"gh1.bay1.co2": "CO2air"}, "Date", "%m/%d/%Y %H:%M", "Europe/Amsterdam")
    file.write_text("columns: {}\n")
    with pytest.raises(RecordingError, match="wants time"):
        read_map(file)
    with pytest.raises(RecordingError, match="no time zone 'Mars/Base'"):
        recording(tmp_path, CSV, RecordingMap(MAP.tags, timezone="Mars/Base"))


@pytest.mark.skipif(not DATA.exists(), reason="the measured data stand beside the project, not in it")
def test_a_measured_season_can_be_played() -> None:
    plan = RecordingMap({**MAP.tags, "gh1.bay1.leaf": "Tleaf_ridder"}, "Date", "%m/%d/%Y %H:%M", "Europe/Amsterdam")
    season = Recording.read(DATA, plan)
    assert len(season.times_s) > 10_000
    season.advance(season.times_s[0])
    assert season.sense("gh1.bay1.air_temp") == 12.9
    assert season.sense("gh1.bay1.leaf") is None
