"""A farm lacks something that a preset could use: what is left of the preset is a site all the same."""

import re
from pathlib import Path

import pytest

from controller.core.build import build
from edge_config.loader import load_site
from edge_config.preset_library import load_preset, preset_names
from foundation.problem import ProblemsError
from tests.edge_config.preset_sites import needs_of, whole_site, write_site

OWN_PARTS = [name for name in preset_names() if load_preset(name).header.like is None]
"""Those that are like another one lack the same."""


def problems_of(path: Path) -> list[str]:
    try:
        build(load_site(path).site)
    except ProblemsError as error:
        return [problem.line_of_text() for problem in error.problems if problem.is_error]
    return []


@pytest.mark.parametrize("name", OWN_PARTS)
def test_a_preset_bears_that_any_one_thing_is_missing(name: str, tmp_path: Path) -> None:
    text, told = whole_site(name), {}
    for lost in needs_of(load_preset(name), ("z1",)):
        left = re.sub(rf"(?:, )?\b[a-z0-9_]+: {re.escape(lost)}\b", "", text)
        left = re.sub(rf"^  {re.escape(lost)}: .*\n", "", left, flags=re.MULTILINE).replace("{, ", "{")
        left = re.sub(r"^  contacts\d+: .*tags: \{\}\}\n", "", left, flags=re.MULTILINE)
        assert not re.search(rf"\b{re.escape(lost)}\b", left)
        told[lost] = problems_of(write_site(tmp_path, left))
    # what the preset cannot do without is said, and nothing else
    assert [line for lines in told.values() for line in lines if " E463 " not in line] == []
    assert 1 <= sum(bool(lines) for lines in told.values()) <= 3


def test_settings_of_a_probe_are_left_out_where_the_farm_votes_on_several(tmp_path: Path) -> None:
    text = whole_site("plant_factory/lettuce@1")
    alone = load_site(write_site(tmp_path, text)).site.tags
    assert alone["f1.z1.ec"].in_air is not None
    text = text.replace("f1_z1_ec: f1.z1.ec,", "f1_z1_ec: f1.z1.ec_a, f1_z1_ec_b: f1.z1.ec_b,")
    probes = "".join(f"  f1.z1.ec_{one}: {{unit: mS/cm}}\n" for one in "ab")
    text = re.sub(r"  f1\.z1\.ec: .*\n", f"  f1.z1.ec: {{vote: [f1.z1.ec_a, f1.z1.ec_b]}}\n{probes}", text)
    loaded = load_site(write_site(tmp_path, text))
    assert loaded.site.tags["f1.z1.ec"].in_air is None
    assert [one.line_of_text() for one in loaded.warnings if one.code == "W308"] == []
