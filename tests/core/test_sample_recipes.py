"""The recipes of the sample farms: each runs to its end, comes to what every stage names, and never crosses itself."""

from pathlib import Path

import pytest

import edge_config
from controller.core.scan import Core
from controller.core.words import RecipeStart, Snapshot
from edge_config.loader import load_site
from edge_config.model.recipes import DAY_S
from edge_config.tags import site_tags
from tests.core.small_site import START_S

SITES = Path(edge_config.__file__).parent / "sites"
RECIPES = [
    ("greenhouse", "tomato"), ("mushroom", "button_mushroom"), ("nursery", "tomato_seedlings"),
    ("plant-factory", "lettuce"), ("solar-greenhouse", "winter_tomato"),
]  # fmt: skip
APART = [("heat_sp", "vent_sp"), ("temp_sp", "cool_sp")]
"""Who crosses these heats and airs at once."""


@pytest.mark.parametrize(("sample", "recipe"), RECIPES, ids=lambda one: one)
def test_a_sample_farm_runs_its_recipe_from_the_first_day_to_the_last(sample: str, recipe: str) -> None:
    site = load_site(SITES / f"{sample}.yaml").site
    core, now_s, units = Core(site), START_S, site_tags(site)
    (zone,) = [zone for zone, plans in core.recipes.plans.items() if recipe in plans]
    begin = RecipeStart("1", zone, recipe, now_s, "li", now_s)
    result = core.scan(core.start(now_s), Snapshot(people=(begin,)), now_s)
    began = [site.recipes[recipe].stages[0].id]
    for stage in site.recipes[recipe].stages:
        ends_s = now_s + stage.days * DAY_S - 60.0
        while now_s < ends_s:
            now_s = min(now_s + 1800.0, ends_s)
            result = core.scan(result.state, Snapshot(), now_s)
            began += [str(event.values["stage"]) for event in result.events if event.kind == "recipe_stage"]
            for below, above in APART:
                low, high = (result.state.values.get(f"{zone}.{one}") for one in (below, above))
                assert not (isinstance(low, float) and isinstance(high, float) and low >= high)
        assert began[-1] == stage.id
        for name, wanted in stage.setpoints.items():
            full = name.replace("zone", zone, 1)
            if wanted.value is not None and not site.programs[full].influences:
                assert result.state.values[full] == pytest.approx(wanted.value.to(units[full].unit))
        now_s += 60.0
    assert began == [stage.id for stage in site.recipes[recipe].stages]
