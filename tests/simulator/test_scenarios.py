"""Scenario files: those that ship are right, and a mistake in one is told with its place and what would do."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from edge_config.merged import changed
from foundation.problem import Problem, ProblemsError
from simulator.parameters import load_parameters, varied
from simulator.plants.greenhouse_parameters import unphysical as no_house
from simulator.plants.wet_parameters import unphysical as no_farm
from simulator.scenario_file import load_scenario, names, scenario_path

TWELVE = {f"s{number:02d}" for number in range(1, 13)}
FACILITIES = ("greenhouse", "plant_factory", "ras")

Unphysical = Callable[[Mapping[str, float]], Iterable[tuple[str, str]]]

RIGHT = """\
schema: 1
id: test_night
name: {zh: 夜, en: Night}
source: a test
site: ras
facility: ras1
start: 2026-03-20T12:00
settle: 0 s
length: 1 h
weather: {steady: {air_c: -5, wind_m_s: 3}}
parameters: {start_oxygen_mg_l: 6.5}
spread: 30 %
changes:
  programs:
    ras1.tank1.do_sp: {value: 8 mg/L}
timeline:
  - {at: 10 min, for: 20 min, force: {circulation.pump: 0}}
  - {at: 10 min, fault: ras1.tank1.do_a, form: drift, values: {per_day: 3.6}}
  - {at: 20 min, for: 5 min, unplug: ras_rs485}
  - {at: 30 min, set: ras1.tank1.do_sp, to: 7 mg/L}
  - {at: 40 min, for: 5 min, hand: ras1.tank1.feeder, to: "on"}
values:
  - {port: tank1.oxygen, setpoint: ras1.tank1.do_sp, band: [-0.5 mg/L, 0.5 mg/L], weight: [10, 1]}
gates:
  - {id: warm, port: tank1.temperature, low: 10, longer_than: 10 min}
goals:
  - {metric: min, at_least: 6}
references: {ras1.tank1.emergency_o2: "off"}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "night.yaml"
    path.write_text(text, "utf-8")
    return path


def problems(tmp_path: Path, text: str) -> list[Problem]:
    with pytest.raises(ProblemsError) as caught:
        load_scenario(written(tmp_path, text))
    return caught.value.problems


def test_the_twelve_and_normal_days_and_months_ship() -> None:
    shipped = names()
    assert {name.split("_")[0].rstrip("abc") for name in shipped} >= TWELVE
    for facility in FACILITIES:
        assert {f"normal_day_{facility}", f"normal_month_{facility}"} <= set(shipped)
    assert "ph_normal_day" in shipped


@pytest.mark.parametrize("name", names())
def test_every_scenario_that_ships_is_right_and_named_like_its_file(name: str) -> None:
    loaded = load_scenario(scenario_path(name))
    assert loaded.scenario.id == name
    assert loaded.aims
    assert loaded.scenario.goals
    assert loaded.plant(1).initial() == loaded.plant(1).initial()


def test_a_scenario_changes_its_site_its_plant_and_its_sky(tmp_path: Path) -> None:
    loaded = load_scenario(written(tmp_path, RIGHT))
    assert loaded.site.programs["ras1.tank1.do_sp"].value.to("mg/L") == 8.0  # type: ignore[union-attr]
    assert loaded.plant(0).observe(loaded.plant(0).initial(), {}, loaded.sky.at(0.0))[  # type: ignore[union-attr]
        "tank1.oxygen"
    ] == pytest.approx(6.5)
    assert loaded.sky.at(0.0).air_c == -5.0  # type: ignore[union-attr]
    assert loaded.aims[0].below == -0.5


def test_a_seed_moves_the_plant_within_the_spread_and_seed_0_does_not(tmp_path: Path) -> None:
    wide = load_scenario(written(tmp_path, RIGHT))
    nominal, moved, again = (wide.plant(seed).parameters for seed in (0, 3, 3))  # type: ignore[attr-defined]
    assert moved == again
    assert moved.flow_m3_h != nominal.flow_m3_h
    shares = []
    for seed in range(1, 30):
        parameters = wide.plant(seed).parameters  # type: ignore[attr-defined]
        shares.append(parameters.flow_m3_h / nominal.flow_m3_h - 1.0)
        # what a builder measures stays, what nobody measures moves though it declares no spread
        assert parameters.tank_m3 == nominal.tank_m3
        assert parameters.nitrite_half_mg_l != nominal.nitrite_half_mg_l
        assert 0.8 <= parameters.cone_absorption <= 0.95
    assert max(map(abs, shares)) <= 0.3
    assert max(map(abs, shares)) > 0.15  # the file's own is 0.1


def test_what_is_told_as_a_figure_is_scored_on_farms_thirty_percent_apart() -> None:
    loaded = {name: load_scenario(scenario_path(name)) for name in names() if not name.startswith("normal_")}
    assert {name for name, one in loaded.items() if one.scenario.spread != 30.0 or one.scenario.seeds != 20} == set()


@pytest.mark.parametrize(
    ("name", "wrong"), [("venlo_1000m2", no_house), ("bass_50m3", no_farm), ("plant_factory_100m2", no_farm)]
)
def test_farms_thirty_percent_apart_can_be(name: str, wrong: Unphysical) -> None:
    with varied({}, 0.3):
        assert [list(wrong(load_parameters(name, seed=seed))) for seed in range(1, 21)] == [[]] * 20


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "hint"),
    [
        ("tank1.oxygen, setpoint", "tank1.oxigen, setpoint", "E702", 23, "tank1.oxygen"),
        ("circulation.pump: 0", "circulation.pumpe: 0", "E702", 17, "circulation.pump"),
        ("circulation.pump: 0", "circulation.pump: 1.5", "E703", 17, ""),
        ("form: drift", "form: drifts", "E701", 18, ""),
        ("per_day: 3.6", "per_hour: 3.6", "E701", 18, ""),
        ("unplug: ras_rs485", "unplug: rs485", "E702", 19, "ras_rs485"),
        ("set: ras1.tank1.do_sp", "set: ras1.tank1.dosp", "E702", 20, "ras1.tank1.do_sp"),
        ("to: 7 mg/L", "to: 70 mg/L", "E703", 20, ""),
        ("to: 7 mg/L", "to: 7 degC", "E125", 20, ""),
        ('to: "on"', "to: maybe", "E129", 21, ""),
        ("air_c: -5", "air_c: -500", "E703", 10, ""),
        ("wind_m_s: 3", "wind: 3", "E702", 10, "wind_m_s"),
        ("start_oxygen_mg_l: 6.5", "start_oxygen_mg_l: -6.5", "E703", 11, ""),
        ("start_oxygen_mg_l: 6.5", "start_oxigen_mg_l: 6.5", "E702", 11, "start_oxygen_mg_l"),
        ("start_oxygen_mg_l: 6.5", "start_oxygen_mg_l: 900", "E701", 11, ""),
        ("metric: min", "metric: minimum", "E702", 27, "min"),
        ("at_least: 6", "at_least: 6, at_most: 7", "E704", 27, ""),
        ("at_least: 6}", "at_least: 6, of: simple_pid}", "E702", 27, "simple-pid"),
        ("site: ras", "site: rass", "E702", 5, "ras"),
        ("facility: ras1", "facility: ras2", "E702", 6, "ras1"),
        ("start: 2026-03-20T12:00", "start: noon", "E705", 7, ""),
        ("length: 1 h", "length: 0 h", "E703", 9, ""),
        ("at: 40 min", "at: 4 h", "E703", 21, ""),
        ("band: [-0.5 mg/L, 0.5 mg/L]", "band: [0.5 mg/L, 1 mg/L]", "E336", 23, ""),
        ("value: 8 mg/L", "value: 80 mg/L", "E342", 15, ""),
        ("settle: 0 s", "setle: 0 s", "E102", 8, "settle"),
        ("length: 1 h", "length: 1", "E124", 9, ""),
        ("hand: ras1.tank1.feeder, ", "", "E704", 21, ""),
        ("emergency_o2:", "emergency_oxygen:", "E702", 28, "ras1.tank1.emergency_o2"),
    ],
)
def test_a_mistake_is_told_where_it_stands(tmp_path: Path, old: str, new: str, code: str, line: int, hint: str) -> None:
    assert RIGHT.count(old) == 1
    found = problems(tmp_path, RIGHT.replace(old, new))
    assert {(one.code, one.line) for one in found} == {(code, line)}
    problem = found[0]
    assert problem.file.endswith("night.yaml")
    assert problem.column > 0
    for language in ("en", "zh-CN"):
        assert "{" not in problem.message(language).replace("{…}", "")
        assert hint in problem.hint(language)


PEOPLE = "people:\n  - {enter: ras1.tank1.weighed, port: tank1.mean_weight, every: 7 d}\n"


@pytest.mark.parametrize(
    ("old", "new", "code", "hint"),
    [
        ("ras1.tank1.weighed", "ras1.tank1.weihged", "E702", "ras1.tank1.weighed"),
        ("ras1.tank1.weighed", "ras1.tank1.do_a", "E702", "ras1.tank1.dead"),  # a probe says that
        ("tank1.mean_weight", "tank1.mean_wait", "E702", "tank1.mean_weight"),
        ("tank1.mean_weight", "tank1.temperature", "E125", "kg"),
        ("every: 7 d", "every: 0 d", "E119", ""),
    ],
)
def test_what_nobody_can_measure_or_enter_is_told_where_it_stands(
    tmp_path: Path, old: str, new: str, code: str, hint: str
) -> None:
    load_scenario(written(tmp_path, RIGHT + PEOPLE))
    found = problems(tmp_path, RIGHT + PEOPLE.replace(old, new))
    assert [(one.code, one.line) for one in found] == [(code, RIGHT.count("\n") + 2)]
    assert hint in found[0].hint()


def test_a_steady_sky_that_is_no_weather_is_refused_like_any_other(tmp_path: Path) -> None:
    found = problems(tmp_path, RIGHT.replace("{steady: {air_c: -5, wind_m_s: 3}}", "{design_day: spring}"))
    assert [(one.code, one.line) for one in found] == [("E702", 10)]
    assert "spring" in found[0].message()
    assert "mild_sun" in found[0].hint()


def test_changes_are_merged_replaced_and_removed() -> None:
    was = {"a": {"b": 1, "c": {"d": 2}}, "e": [1, 2]}
    assert changed(was, {"a": {"b": None, "c": {"f": 3}}, "e": [3]}) == {"a": {"c": {"d": 2, "f": 3}}, "e": [3]}
    assert was == {"a": {"b": 1, "c": {"d": 2}}, "e": [1, 2]}
