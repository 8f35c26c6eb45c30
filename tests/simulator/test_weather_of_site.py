"""The weather that a site file asks for."""

import re
from pathlib import Path
from typing import Any

import pytest

from edge_config.model.site import Place
from simulator.weather import CLIMATES, MadeWeather
from simulator.weather_csv import CsvWeather
from simulator.weather_files import RANGES
from simulator.weather_of_site import MILD, weather_of
from simulator.weather_synthetic import climate_names

PLACE = Place.model_validate(
    {
        "id": "farm",
        "name": {"zh": "农场", "en": "Farm"},
        "timezone": "Asia/Shanghai",
        "latitude": 36.9,
        "longitude": 118.7,
    }
)


def test_a_site_that_names_no_weather_has_a_mild_one() -> None:
    assert weather_of(None, PLACE, 1) is MILD


def test_a_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sky.csv"
    path.write_text("time_s,air_c,relative_humidity,wind_m_s,global_radiation_w_m2\n0,7,0.5,2,0\n", "utf-8")
    source = weather_of({"csv": str(path)}, PLACE, 1)
    assert isinstance(source, CsvWeather)
    assert source.at(0.0).air_c == 7.0


@pytest.mark.parametrize("made", [{"design_day": "storm"}, {"year": "synthetic_beijing"}])
def test_made_weather_takes_the_seed_of_the_run_unless_it_names_its_own(made: dict[str, Any]) -> None:
    one, two = weather_of(made, PLACE, 1), weather_of(made, PLACE, 2)
    own = weather_of({**made, "seed": 1}, PLACE, 2)
    assert isinstance(one, MadeWeather)
    assert one.at(1.77e9) == own.at(1.77e9) != two.at(1.77e9)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"epw": "a.epw", "seed": 1}, "wants {KIND: FILE}, KIND one of epw, tmy3, pvgis, csv; or {design_day: NAME"),
        ({"tmy2": "a.tm2"}, "wants {KIND: FILE}"),
        ("storm", "wants {KIND: FILE}"),
        ({"design_day": "hail"}, "there is no design day 'hail'; there are: "),
        ({"year": "beijing"}, "there is no year 'beijing'; there are: synthetic_beijing"),
        ({"design_day": "storm", "seed": "one"}, "seed is 'one', wanted a whole number"),
        ({"design_day": "storm", "seed": True}, "seed is 'True'"),
    ],
)
def test_weather_that_cannot_be_meant_says_what_would_do(section: Any, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        weather_of(section, PLACE, 1)


@pytest.mark.parametrize("page", ["site-file.md", "site-file.zh.md"])
def test_every_kind_of_weather_is_documented(page: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / "technicians" / page).read_text("utf-8")
    for name in (*CLIMATES, *climate_names()):
        assert f"`{name}`" in text
    for column in (*RANGES, "rain", "time", "time_s"):
        assert f"`{column}`" in text
    for kind in ("epw", "tmy3", "pvgis", "csv", "design_day", "year"):
        assert f"`{{{kind}: " in text


def test_a_file_that_is_not_there_is_an_error_of_the_system() -> None:
    for kind in ("epw", "tmy3", "pvgis", "csv"):
        with pytest.raises(FileNotFoundError):
            weather_of({kind: "nowhere.txt"}, PLACE, 1)
