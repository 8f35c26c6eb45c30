"""The sites that are shipped have nothing wrong, and the house's example shows keys that all exist."""

from pathlib import Path

import pytest
from pydantic import ValidationError

import edge_config
from controller.core.build import build
from controller.core.scan import Core
from controller.history.consumption import counters
from edge_config.loader import load_site
from edge_config.merged import read_merged
from edge_config.model.control import Pid
from edge_config.model.site import Site
from edge_config.refusals import keys_of, problems_of
from edge_config.tags import site_tags
from foundation.problem import ProblemsError
from tests.edge_config.test_mistakes import SAMPLE, problems_in

SITES = sorted((Path(edge_config.__file__).parent / "sites").glob("*.yaml"))
EXAMPLE = Path(__file__).parents[3] / "shared" / "site-example.yaml"
"""../shared: the house's own, not part of the project."""


@pytest.mark.parametrize("path", [SAMPLE, *SITES], ids=lambda path: path.stem)
def test_a_shipped_site_has_no_errors_and_builds(path: Path) -> None:
    assert [problem.line_of_text() for problem in problems_in(path) if problem.is_error] == []
    build(load_site(path).site)


def test_the_sample_of_these_tests_has_not_even_a_warning() -> None:
    assert [problem.line_of_text() for problem in problems_in(SAMPLE)] == []


def test_what_the_demo_farm_uses_is_counted_and_one_crop_of_it_has_a_recipe() -> None:
    site = load_site(next(path for path in SITES if path.stem == "farm")).site
    found = {(one.facility, one.of) for one in counters(site, site_tags(site))}
    assert found >= {("gh1", "co2"), ("pf1", "electricity"), ("pf1", "co2"), ("ras1", "electricity"), ("ras1", "water")}
    assert "tomato" in Core(site).recipes.plans["gh1.bay1"]


def test_no_loop_of_the_sample_greenhouse_needs_a_broker() -> None:
    site = load_site(next(path for path in SITES if path.stem == "greenhouse")).site
    pushed = {
        tag for one in site.devices.values() if site.buses[one.bus].protocol == "mqtt" for tag in one.tags.values()
    }
    assert pushed  # there is one: what comes by it closes vents
    pids = [loop for loop in site.loops.values() if isinstance(loop, Pid)]
    needed = {tag for loop in pids for tag in (loop.pv, *(ahead.of for ahead in loop.feed_forward))}
    assert needed.isdisjoint(pushed)


def test_a_farm_of_several_files_is_all_of_them() -> None:
    farm = next(path for path in SITES if path.stem == "farm")
    loaded = load_site(farm)
    parts = [load_site(farm.with_name(name)).site for name in ("greenhouse.yaml", "plant-factory.yaml", "ras.yaml")]
    assert {name for part in parts for name in part.loops} == set(loaded.site.loops)
    assert len(loaded.site.rules) == sum(len(part.rules) for part in parts)
    assert loaded.site.site.id == "demo_farm"


@pytest.mark.skipif(not EXAMPLE.exists(), reason="../shared is not there")
def test_every_section_and_key_of_the_example_exists() -> None:
    merged = read_merged(EXAMPLE)
    try:
        site = Site.model_validate(merged.value)
    except ValidationError as error:
        pytest.fail("; ".join(problem.line_of_text() for problem in problems_of(error, merged)))
    assert set(merged.value) == set(keys_of(Site)) - {"include", "each", "recipes", "sequences", "history"}
    assert site.outputs["gh1.bay1.vent"].fail_safe_by == "none"


@pytest.mark.skipif(not EXAMPLE.exists(), reason="../shared is not there")
def test_what_the_example_leaves_out_is_told() -> None:
    """It shows each key once, so some tags that it names are fed by nobody."""
    with pytest.raises(ProblemsError) as caught:
        load_site(EXAMPLE)
    errors = {problem.code for problem in caught.value.problems if problem.is_error}
    assert errors == {"E324", "E333", "E345", "E350"}
