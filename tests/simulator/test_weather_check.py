"""A simulation's weather: it is looked at by `check`, and its file counts from the file that names it."""

from pathlib import Path

import pytest

from controller.cli import app
from edge_config.loader import load_site
from edge_config.weather_beside import FILE_KINDS
from foundation.problem import Problem, ProblemsError
from simulator.scenario_file import load_scenario
from simulator.weather_check import check_site_weather
from simulator.weather_csv import CsvWeather
from simulator.weather_of_site import _READ, weather_of

SAMPLE = (Path(__file__).parents[2] / "edge_config" / "sites" / "tunnel.yaml").read_text("utf-8")
LINE = next(number for number, line in enumerate(SAMPLE.splitlines(), 1) if line.startswith("  weather:"))
TABLE = "time_s,air_c,relative_humidity,wind_m_s,global_radiation_w_m2\n0,7,0.5,2,0\n"


def site(folder: Path, weather: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tunnel.yaml"
    path.write_text(SAMPLE.replace("{design_day: mild_sun, seed: 1}", weather), "utf-8")
    return path


def problems(folder: Path, weather: str) -> list[Problem]:
    return check_site_weather(load_site(site(folder, weather)))


@pytest.mark.parametrize("weather", ["{design_day: storm}", "{year: synthetic_beijing, seed: 3}", "null"])
def test_weather_that_can_be_made_is_no_mistake(tmp_path: Path, weather: str) -> None:
    assert problems(tmp_path, weather) == []


@pytest.mark.parametrize(
    ("weather", "code", "column", "near"),
    [
        ("{design_day: mild_son}", "E702", 25, "mild_sun"),
        ("{year: synthetic_bejing}", "E702", 19, "synthetic_beijing"),
        ("{epw: shoguang.epw}", "E702", 18, "shouguang.epw"),
        ("{csv: nowhere/sky.csv}", "E702", 18, ""),
        ("{epw: shouguang.epw}", "E707", 18, ""),
        ("{csv: shouguang.epw}", "E707", 18, ""),
        ("{csv: 7}", "E702", 18, ""),
        ("{design_day: storm, seed: one}", "E707", 25, ""),
        ("{tmy2: a.tm2}", "E706", 12, "design_day"),
        ("storm", "E706", 12, "design_day"),
    ],
)
def test_weather_that_cannot_be_had_is_told_where_it_stands_with_what_would_do(
    tmp_path: Path, weather: str, code: str, column: int, near: str
) -> None:
    (tmp_path / "shouguang.epw").write_text("LOCATION,Shouguang\n", "utf-8")
    [problem] = problems(tmp_path, weather)
    assert (problem.code, problem.line, problem.column) == (code, LINE, column)
    assert problem.file.endswith("tunnel.yaml")
    for language in ("en", "zh-CN"):
        told = problem.line_of_text(language)
        assert "{problem" not in told
        assert near in problem.hint(language)


def test_a_broken_table_is_told_with_its_own_line(tmp_path: Path) -> None:
    (tmp_path / "sky.csv").write_text(TABLE + "3600,warm,0.5,2,0\n", "utf-8")
    [problem] = problems(tmp_path, "{csv: sky.csv}")
    assert problem.code == "E707"
    assert "sky.csv:3: air_c is 'warm'" in problem.message()


def test_check_refuses_a_site_whose_weather_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    path = site(tmp_path, "{epw: beijing.epw}")
    with pytest.raises(SystemExit) as left:
        app(["check", str(path)])
    assert left.value.code == 1
    assert f"{path}:{LINE}:18 E702 There is no epw file 'beijing.epw'." in capsys.readouterr().out


def test_a_weather_file_counts_from_the_site_that_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = site(tmp_path / "farm", "{csv: ../skies/sky.csv}")
    (tmp_path / "skies").mkdir()
    (tmp_path / "skies" / "sky.csv").write_text(TABLE, "utf-8")
    monkeypatch.chdir(path.parent)
    found = load_site(Path("tunnel.yaml"))
    assert check_site_weather(found) == []
    # wherever it is opened from afterwards
    monkeypatch.chdir(tmp_path / "skies")
    source = weather_of(found.site.simulation["weather"], found.site.site, 1)
    assert isinstance(source, CsvWeather)
    assert source.at(0.0).air_c == 7.0


def test_an_absolute_path_stays_and_an_included_site_counts_from_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "sky.csv").write_text(TABLE, "utf-8")
    assert problems(tmp_path / "farm", f"{{csv: {tmp_path / 'sky.csv'}}}") == []
    whole = tmp_path / "whole.yaml"
    (tmp_path / "farm" / "sky.csv").write_text(TABLE, "utf-8")
    part = site(tmp_path / "farm", "{csv: sky.csv}")
    lines = part.read_text("utf-8").splitlines(keepends=True)
    begins = next(at for at, line in enumerate(lines) if line.startswith("simulation:"))
    part.write_text("".join(lines[begins:]), "utf-8")
    whole.write_text("".join(lines[:begins]) + "include: [farm/tunnel.yaml]\n", "utf-8")
    loaded = load_site(whole)
    assert loaded.site.simulation["weather"]["csv"] == str(tmp_path / "farm" / "sky.csv")
    assert check_site_weather(loaded) == []


def test_a_scenario_s_weather_counts_from_the_scenario(tmp_path: Path) -> None:
    path = tmp_path / "night.yaml"
    text = (
        "schema: 1\nid: night\nname: {zh: 夜, en: Night}\nsource: a test\nsite: tunnel\nfacility: tn1\n"
        "start: 2026-04-10T00:00\nlength: 1 h\nweather: {csv: sky.csv}\nvalues:\n"
        "  - {port: air.temperature, band: [2 degC, 30 degC]}\n"
    )
    path.write_text(text, "utf-8")
    with pytest.raises(ProblemsError) as refused:
        load_scenario(path)
    [problem] = refused.value.problems
    assert (problem.code, problem.line, problem.column) == ("E702", 9, 16)
    (tmp_path / "sky.csv").write_text(TABLE, "utf-8")
    loaded = load_scenario(path)
    assert loaded.field(0, loaded.start_s).weather.air_c == 7.0


def test_every_kind_of_weather_file_is_known_to_both_rooms() -> None:
    assert tuple(_READ) == FILE_KINDS
