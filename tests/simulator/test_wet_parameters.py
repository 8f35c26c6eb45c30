"""Fish farms, ponds and lit rooms that cannot be are refused with file and line."""

import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from simulator.parameters import ParameterError, load_parameters
from simulator.plants import aquaponics, plant_factory, pond, ras
from simulator.plants.wet_parameters import unphysical

LOADERS = {
    "bass_50m3": ras.load,
    "tilapia_pond_2000m2": pond.load,
    "aquaponics_50m3": aquaponics.load,
    "plant_factory_100m2": plant_factory.load,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The parameter files that ship, where a test may add its own."""
    for entry in files("simulator.parameters").iterdir():
        if entry.name.endswith(".yaml"):
            shutil.copy(str(entry), tmp_path)
    monkeypatch.setattr("importlib.resources.files", lambda package: tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("base", "key", "value", "wrong"),
    [
        ("bass_50m3", "tank_m3", "0", "is 0, wanted more than 0"),
        ("bass_50m3", "media_m2", "-1", "is -1, and cannot be negative"),
        ("bass_50m3", "cone_absorption", "1.2", "is 1.2, wanted 0 to 1"),
        ("bass_50m3", "tank_rest_m3", "50", "is 50, wanted less than tank_m3, 50"),
        ("bass_50m3", "pump_lift_m", "5", "is 5, wanted less than pump_head_m, 5"),
        ("bass_50m3", "feeding_from_c", "40", "is 40, wanted less than feeding_to_c, 36"),
        ("bass_50m3", "growth_best_c", "90", "is 90, wanted -40 to 60 degC"),
        ("tilapia_pond_2000m2", "lower_m", "0", "is 0, wanted more than 0"),
        ("tilapia_pond_2000m2", "albedo", "1.5", "is 1.5, wanted 0 to 1"),
        ("aquaponics_50m3", "raft_m2", "0", "is 0, wanted more than 0"),
        ("plant_factory_100m2", "lamp_efficacy_umol_j", "0", "is 0, wanted more than 0"),
        ("plant_factory_100m2", "compressor_least", "2", "is 2, wanted 0 to 1"),
        ("plant_factory_100m2", "tank_foot_valve_l", "1920", "is 1920, wanted less than tank_start_l, 1920"),
    ],
)
def test_a_number_that_no_farm_can_have_is_told_by_file_line_and_name(
    folder: Path, base: str, key: str, value: str, wrong: str
) -> None:
    plant = next(line for line in (folder / f"{base}.yaml").read_text("utf-8").splitlines() if line.startswith("plant"))
    own = f"{plant}\nname: bad\nbase: {base}\nparameters:\n  {key}: {{value: {value}, unit: x, source: a test}}\n"
    (folder / "bad.yaml").write_text(own, encoding="utf-8")
    with pytest.raises(ParameterError) as caught:
        LOADERS[base]("bad")
    assert str(caught.value) == f"bad.yaml:5: parameter '{key}' {wrong}"


@pytest.mark.parametrize("name", [*LOADERS, "salmon_1m3", "bass_50m3+rainbow_trout", "bass_50m3+whiteleg_shrimp"])
def test_what_ships_can_be(name: str) -> None:
    assert list(unphysical(load_parameters(name))) == []


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_siblings_can_be_too(name: str, seed: int) -> None:
    plant = LOADERS[name](name, seed=seed)
    assert plant.initial() is not None
    assert list(unphysical(load_parameters(name, seed=seed))) == []
