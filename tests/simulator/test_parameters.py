"""Parameter files: what is wrong with one is said by file and key."""

from pathlib import Path

import pytest

import simulator.parameters
from simulator.parameters import ParameterError, load_parameters, names, varied
from simulator.plants import greenhouse

SHIPPED = Path(simulator.parameters.__file__).parent
GOOD = '{value: 1.5, unit: W/m2, source: "here", spread: 0.1}'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("importlib.resources.files", lambda package: tmp_path)
    return tmp_path


def write(folder: Path, body: str, name: str = "shed", head: str = "plant: shed\nname: shed\n") -> None:
    (folder / f"{name}.yaml").write_text(f"{head}parameters:\n{body}", encoding="utf-8")


def test_values_come_back_by_name(folder: Path) -> None:
    write(folder, f"  heat: {GOOD}\n  leak: {{value: 1e-4, unit: '-', source: x}}\n")
    assert load_parameters("shed") == {"heat": 1.5, "leak": 1e-4}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("  heat: {value: .nan, unit: W, source: x}\n", "shed.yaml:4: parameter 'heat' is nan"),
        ("  heat: {value: .inf, unit: W, source: x}\n", "shed.yaml:4: parameter 'heat' is inf"),
        ("  heat: {value: warm, unit: W, source: x}\n", "shed.yaml:4: parameter 'heat' is 'warm'"),
        ("  heat: {value: yes, unit: W, source: x}\n", "shed.yaml:4: parameter 'heat' is True"),
        ("  heat: {value: 1.0, source: x}\n", "shed.yaml:4: parameter 'heat' has no unit"),
        ("  heat: {value: 1.0, unit: W}\n", "shed.yaml:4: parameter 'heat' has no source"),
        ("  heat: {unit: W, source: x}\n", "shed.yaml:4: parameter 'heat' has no value"),
        ("  heat: {value: 1.0, unit: W, source: x, sprad: 0.1}\n", "'heat' has the unknown key 'sprad'"),
        ("  heat: {value: 1.0, unit: W, source: x, spread: 1.5}\n", "'heat' has the spread 1.5"),
        ("  heat: {value: 1.0, unit: W, source: x, range: [2, 3]}\n", "'heat' is 1, outside of its range 2 to 3"),
        ("  heat: {value: 1.0, unit: W, source: x, range: 3}\n", "'heat' has the range 3, wanted"),
        ("  heat: 3\n", "shed.yaml:4: parameter 'heat' must give value, unit and source"),
        ("  - heat\n", "shed.yaml: key 'parameters' must be a mapping"),
        ("  heat: {value: 1.0\n", "shed.yaml: while parsing"),
    ],
)
def test_a_bad_entry_is_named_with_its_file(folder: Path, body: str, said: str) -> None:
    write(folder, body)
    with pytest.raises(ParameterError, match=said.replace("(", r"\(")):
        load_parameters("shed")


def test_unknown_and_missing_names_are_refused(folder: Path) -> None:
    write(folder, f"  heat: {GOOD}\n")
    with pytest.raises(ParameterError, match=r"shed\.yaml:4: unknown parameter 'heat'"):
        load_parameters("shed", known=("cold",))
    with pytest.raises(ParameterError, match=r"shed\.yaml: parameter 'cold' is missing"):
        load_parameters("shed", known=("heat", "cold"))


def test_a_file_for_another_plant_is_refused(folder: Path) -> None:
    write(folder, f"  heat: {GOOD}\n")
    with pytest.raises(ParameterError, match="is for plant 'shed', not for 'pond'"):
        load_parameters("shed", plant="pond")


@pytest.mark.parametrize("name", ["barn", "../shed", "sub/shed", ""])
def test_a_file_that_is_not_there_names_those_that_are(folder: Path, name: str) -> None:
    write(folder, f"  heat: {GOOD}\n")
    with pytest.raises(ParameterError, match="there are: shed"):
        load_parameters(name)


def test_a_base_lies_underneath(folder: Path) -> None:
    write(folder, f"  heat: {GOOD}\n  leak: {GOOD}\n")
    write(folder, "  leak: {value: 9, unit: W, source: x}\n", "hut", "plant: shed\nname: hut\nbase: shed\n")
    assert load_parameters("hut", plant="shed") == {"heat": 1.5, "leak": 9.0}


def test_of_several_bases_the_later_lies_on_top(folder: Path) -> None:
    write(folder, f"  heat: {GOOD}\n  leak: {GOOD}\n")
    write(folder, "  leak: {value: 7, unit: W, source: x}\n", "crop")
    write(folder, "  more: {value: 1, unit: W, source: x}\n", "hut", "plant: shed\nname: hut\nbase: [shed, crop]\n")
    assert load_parameters("hut", plant="shed") == {"heat": 1.5, "leak": 7.0, "more": 1.0}


def test_what_a_plant_refuses_is_named_where_it_stands(folder: Path) -> None:
    write(folder, f"  heat: {GOOD}\n  leak: {GOOD}\n")
    write(folder, "  dry: {value: 1, unit: W, source: x}\n", "hut", "plant: shed\nname: hut\nbase: shed\n")
    for key, place in (("leak", "shed.yaml:5"), ("dry", "hut.yaml:5")):
        with pytest.raises(ParameterError, match=f"^{place}: parameter '{key}' is of no house$"):
            load_parameters("hut", check=lambda values, key=key: [(key, "is of no house")] if key in values else [])


@pytest.mark.parametrize(
    ("parameter", "value", "said"),
    [
        ("floor_area_m2", 0.0, "is 0, and must be more"),
        ("leakage", -1e-4, "is -0.0001, and cannot be negative"),
        ("floor_emission", 1.2, "is 1.2, wanted 0 to 1"),
        ("cover_par_reflection", 0.3, "makes 1.15 with cover_par_reflection, wanted 1 at most"),
        ("pipe_inner_m", 0.06, "is 0.06, wanted less than pipe_outer_m, 0.051"),
        ("air_height_m", 0.2, "at least 1 m of air"),
        ("heat_buffer_l_m2", 1.0, "wanted 0 \\(none\\) or at least 5 L/m2"),
        ("lettuce_crop", 0.5, "wanted 0 \\(tomato\\) or 1 \\(lettuce\\)"),
        ("lamp_par_share", 0.99, "makes 1.01 with lamp_nir_share and lamp_cooling_share"),
    ],
)
def test_a_greenhouse_that_cannot_be_is_refused_with_file_and_line(
    parameter: str, value: float, said: str, folder: Path
) -> None:
    for name in ("katzin_2021_led",):
        (folder / f"{name}.yaml").write_text((SHIPPED / f"{name}.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    body = f"  {parameter}: {{value: {value}, unit: '-', source: x}}\n"
    write(folder, body, "barn", "plant: greenhouse\nname: barn\nbase: katzin_2021_led\n")
    with pytest.raises(ParameterError, match=rf"\.yaml:\d+: parameter '\w+' .*{said}"):
        greenhouse.load("barn")


def test_a_base_that_leads_back_is_refused(folder: Path) -> None:
    write(folder, f"  heat: {GOOD}\n", "hut", "plant: shed\nbase: hut\n")
    with pytest.raises(ParameterError, match=r"hut\.yaml: is its own base"):
        load_parameters("hut")


def test_a_misspelt_top_key_is_refused(folder: Path) -> None:
    write(folder, f"  heat: {GOOD}\n", head="plants: shed\n")
    with pytest.raises(ParameterError, match=r"shed\.yaml: unknown key 'plants'"):
        load_parameters("shed")


def test_a_seed_moves_values_within_their_spread(folder: Path) -> None:
    write(folder, f"  heat: {GOOD}\n  exact: {{value: 2, unit: W, source: x}}\n")
    seen = {load_parameters("shed", seed=seed)["heat"] for seed in range(50)}
    assert len(seen) == 50
    assert all(1.35 <= heat <= 1.65 for heat in seen)
    assert load_parameters("shed", seed=7) == load_parameters("shed", seed=7)
    assert load_parameters("shed", seed=7)["exact"] == 2.0


def test_a_scenario_s_spread_moves_what_nobody_measures_within_its_range(folder: Path) -> None:
    body = f"""  heat: {GOOD}
  loss: {{value: 2, unit: W/K, source: x}}
  share: {{value: 0.9, unit: "-", source: x}}
  gain: {{value: 10, unit: "-", source: x, range: [8, 11]}}
  length: {{value: 3, unit: m, source: x, spread: 0.05}}
  start_tan: {{value: 3, unit: mg/L, source: x}}
  plate: {{value: 3, unit: kW, source: x, measured: true}}
"""
    write(folder, body)
    with varied({}, 0.3):
        seen = [load_parameters("shed", seed=seed) for seed in range(200)]
    ends = {key: (min(one[key] for one in seen), max(one[key] for one in seen)) for key in seen[0]}
    assert ends["heat"] == pytest.approx((1.05, 1.95), abs=0.02)
    assert ends["loss"] == pytest.approx((1.4, 2.6), abs=0.02)
    assert ends["share"] == pytest.approx((0.63, 1.0), abs=0.01)
    assert ends["gain"] == pytest.approx((8.0, 11.0), abs=0.1)
    assert ends["length"] == pytest.approx((2.85, 3.15), abs=0.02)
    assert ends["start_tan"] == ends["plate"] == (3.0, 3.0)
    assert all(
        low <= one[key] <= high for one in seen for key, (low, high) in {"gain": (8, 11), "share": (0, 1)}.items()
    )


@pytest.mark.parametrize("name", names())
def test_every_file_that_ships_can_be_read(name: str) -> None:
    assert load_parameters(name)
