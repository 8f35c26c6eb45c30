"""The samples of solar greenhouse, tunnel, nursery, mushroom house and cold store are looked after for a whole day."""

from functools import cache
from pathlib import Path

import pytest

from controller.compose.simulate import Simulation, run
from edge_config.loader import load_site

SITES = Path("edge_config/sites")
THIN = ("solar-greenhouse", "tunnel", "nursery", "mushroom", "cold-store")


@cache
def a_day(name: str) -> Simulation:
    """Scanned and stepped every ten seconds: quick enough for a house, and a third of the work."""
    site = load_site(SITES / f"{name}.yaml").site
    place = site.site.model_copy(update={"scan": 10.0})
    section = {key: value if key == "weather" else {**value, "step": "10 s"} for key, value in site.simulation.items()}
    return run(site.model_copy(update={"site": place, "simulation": section}), 1.0, 1)


@pytest.mark.slow
@pytest.mark.parametrize("name", THIN)
def test_every_setpoint_of_a_thin_sample_is_held_for_a_day(name: str) -> None:
    done = a_day(name)
    assert done.survived
    assert done.scores
    for score in done.scores:
        row = score.row()
        assert score.band < 10.0 or score.unit == "ppm", row
        assert row["in_band_percent"] >= 95.0, row  # type: ignore[operator]  # a float in every row


def test_the_blanket_went_up_in_the_morning_and_down_in_the_evening() -> None:
    done = a_day("solar-greenhouse")
    ground = done.farm.grounds["sg1"]
    assert ground.truth["blanket"] == pytest.approx(1.0)  # it is midnight again
    assert ground.truth["energy.heater"] == 0.0
    assert ground.truth["water.transpired"] > 300.0  # so there was light on the crop
    assert ground.truth["air.temperature"] > ground.truth["outside.temperature"] + 10.0


def test_the_seedlings_were_misted_and_came_on() -> None:
    truth = a_day("nursery").farm.grounds["nu1"].truth
    assert 20.0 < truth["water.misted"] < 5000.0
    assert truth["leaf.film"] < 0.02, "leaves are dry at night"
    assert 0.0 < truth["germination"] < 5.0


def test_the_beds_were_watered_twice_and_the_mushrooms_grew() -> None:
    truth = a_day("mushroom").farm.grounds["mu1"].truth
    assert truth["fruit.mass"] > 2.0 * 0.12
    assert truth["casing.water"] > 24.0
    assert truth["water.steam"] > 1.0


def test_the_coil_was_defrosted_and_the_compressor_not_worn() -> None:
    truth = a_day("cold-store").farm.grounds["cs1"].truth
    assert truth["coil.frost"] < 5.0
    assert 10.0 <= truth["compressor.starts"] <= 6.0 * 28.0
    assert truth["product.lost"] < 0.3
    assert truth["product.surface_temperature"] == pytest.approx(1.0, abs=1.2)
