"""A setpoint behind an output says what shapes it: the mean that it is to bring about, the stage of a recipe."""

from typing import Any

import pytest

from controller.core.explain import Shape
from controller.core.words import RecipeStart
from controller.why.journal import WhyJournal
from controller.why.shape import Explanation, explanation_shape
from tests.core.small_site import Farm, core_of, document

NAME = {"zh": "番茄", "en": "Tomato"}
ROOTING = {"zh": "缓苗", "en": "Rooting"}


@pytest.fixture
def farm() -> Farm:
    site: dict[str, Any] = document()
    site["programs"]["fa.z.temp_sp"]["integration"] = {"of": "fa.z.temp", "target": "21 degC", "band": "2 K", "days": 3}
    site["recipes"] = {
        "tomato": {"name": NAME, "stages": [
            {"id": "root", "name": ROOTING, "days": 9, "setpoints": {"zone.temp_sp": {"value": "20 degC"}}},
        ]},
    }  # fmt: skip
    farm = Farm(core_of(site))
    farm.says |= dict.fromkeys(("fa.z.temp_a", "fa.z.temp_b", "fa.z.temp_c"), 12.0)
    farm.scan([RecipeStart("1", "fa.z", "tomato", farm.now_s - 3 * 86400.0, "li", farm.now_s)])
    farm.run(3600.0, after_s=10.0)
    return farm


def test_the_heater_names_the_mean_and_the_stage_behind_its_pipe(farm: Farm) -> None:
    journal = WhyJournal(None, farm.core, farm.now_s)
    journal.see(farm.state)
    why = journal.now(farm.state, "fa.z.heater")
    assert why.won.owner == "fa.z.pipe_loop"  # its own setpoint is the pipe's, and that comes from the air's
    integration, stage = why.shapes
    assert (integration.key, integration.setpoint, dict(integration.values)["days"]) == (
        "integration",
        "fa.z.temp_sp",
        3,
    )
    assert stage == Shape(
        "stage", "fa.z.temp_sp", (("recipe", "tomato"), ("stage", "tomato/root"), ("day", 4.0))
    )  # fmt: skip
    lines = explanation_shape(Explanation(journal.cards, why, why.at_s)).lines
    shift = dict(integration.values)["shift"]
    assert f"The setpoint temp is moved by {shift:+.2f} K: temp is to have a mean of 21 °C over 3 d" in lines["en"]
    assert "The setpoint temp is that of Tomato, stage Rooting, day 4" in lines["en"]
    assert any("番茄" in line and "缓苗" in line and "第 4 天" in line for line in lines["zh-CN"])


def test_an_output_without_any_names_none(farm: Farm) -> None:
    journal = WhyJournal(None, farm.core, farm.now_s)
    journal.see(farm.state)
    assert [journal.now(farm.state, output).shapes for output in ("fa.z.lamp", "fa.z.siren", "fa.z.fan")] == [()] * 3
