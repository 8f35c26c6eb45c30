"""The core matrix: every row has its answer in a preset, and what a farm lacks for it is told."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.cli import app
from edge_config.loader import load_site
from edge_config.preset_library import load_preset, preset_names
from edge_config.protection import matrix, unprotected
from tests.edge_config.preset_sites import whole_site, write_site

OTHERWISE = {"dose_caps", "run_time", "probe_displaced", "box_dead"}


@pytest.mark.parametrize("name", [name for name in preset_names() if load_preset(name).header.kind])
def test_a_farm_that_has_all_that_a_preset_can_use_is_protected_row_by_row(name: str, tmp_path: Path) -> None:
    site = load_site(write_site(tmp_path, whole_site(name))).site
    shrimp_or_rafts = {"ozone", "no_mixing"} if "shrimp" in name or "aquaponics" in name else set()
    assert {one.row for one in unprotected(site)} - OTHERWISE - shrimp_or_rafts == set()


def test_every_part_of_the_matrix_stands_in_a_preset():
    there = {part.name.partition(".")[2] for name in preset_names() for part in load_preset(name).parts}
    assert {part for row in matrix() for part in row.parts} - there == set()
    assert len({row.row for row in matrix()}) == len(matrix())


def test_what_a_farm_lacks_for_a_row_is_told_in_both_languages_and_as_json():
    found = CliRunner().invoke(app, ["check", "tunnel", "--explain", "--json"])
    assert {one["row"] for one in json.loads(found.stdout)["unprotected"]} >= {"air_hot"}
    for language, words in (("en", "second thermometer"), ("zh-CN", "气温极高")):
        assert words in CliRunner().invoke(app, ["check", "tunnel", "--explain", "--language", language]).stdout
    assert "second thermometer" not in CliRunner().invoke(app, ["check", "tunnel", "--language", "en"]).stdout


def test_what_answers_a_row_otherwise_counts(tmp_path: Path) -> None:
    site = load_site(Path("edge_config/sites/tunnel.yaml")).site
    assert "run_time" not in {one.row for one in unprotected(site)}
    lost = {name: output.model_copy(update={"fail_safe_by": "none"}) for name, output in site.outputs.items()}
    assert "box_dead" in {one.row for one in unprotected(site.model_copy(update={"outputs": lost}))}
    assert "run_time" in {one.row for one in unprotected(site.model_copy(update={"outputs": {}}))}
