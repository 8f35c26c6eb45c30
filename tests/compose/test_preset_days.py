"""A simulated house with all that the glasshouse preset knows is looked after for a day by the preset alone."""

import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from controller.compose.simulate import Simulation, run
from controller.core.strategies.irrigation import Round
from controller.core.strategies.lamps import Lit
from edge_config.loader import load_site
from edge_config.model.site import Site

SAMPLE = Path("edge_config/sites/greenhouse.yaml")
OFF = 'safe: "off", lease: 20 s, fail_safe_by: device'
MORE = {
    "devices": """
  gh_more:
    product: generic/io_node
    bus: gh_tcp
    unit: 2
    period: 5 s
    watchdog: 20 s
    tags: {out1: gh1.bay1.screen, out2: gh1.bay1.shade, relay1: gh1.bay1.lamps, relay2: gh1.bay1.fogger,
           relay4: gh1.bay1.drip_pump,
           in1: gh1.bay1.ppfd, in2: gh1.bay1.crop_temp, input1: gh1.all.rain}
""",
    "tags": """
  gh1.bay1.ppfd: {unit: umol/m2/s}
  gh1.bay1.crop_temp: {unit: degC}
""",
    "outputs": f"""
  gh1.bay1.screen: {{type: analog, rate: 30 %/min, {OFF}}}
  gh1.bay1.shade: {{type: analog, rate: 30 %/min, {OFF}}}
  gh1.bay1.lamps: {{type: on_off, min_off: 20 min, power: 30 kW, {OFF}}}
  gh1.bay1.fogger: {{type: on_off, {OFF}}}
  gh1.bay1.drip_pump: {{type: on_off, {OFF}}}
""",
    "    bind": """
      gh1.bay1.screen: screen.thermal
      gh1.bay1.shade: screen.shade
      gh1.bay1.lamps: lamps
      gh1.bay1.fogger: fog
      gh1.bay1.ppfd: inside.ppfd
      gh1.bay1.crop_temp: canopy.temperature
      gh1.all.rain: outside.rain
""",
}
"""What the sample does not have, by the section that it is added to."""
OWN = ("programs", "recipes", "loops", "rules", "interlocks", "alarms")


def whole_house() -> Site:
    """The sample's house with all of it, and nothing but the preset to run it."""
    text = re.sub(rf"^(?:{'|'.join(OWN)}):.*\n(?:(?:[ #].*)?\n)*", "", SAMPLE.read_text("utf-8"), flags=re.MULTILINE)
    for section, more in MORE.items():
        text = text.replace(f"\n{section}:\n", f"\n{section}:{more}", 1)
    use = "use: greenhouse/tomato@1, with: {light_sum: 25 mol/m2/d, lamp_ppfd: 150 umol/m2/s}"
    text = re.sub(r"(gh1: \{kind: greenhouse, crop: tomato, zones: \[bay1\], )(?:use: [^,}]*, )?", rf"\1{use}, ", text)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "house.yaml"
        path.write_text(text, "utf-8")
        site = load_site(path).site
    place = site.site.model_copy(update={"scan": 10.0})
    plants = {key: one if key == "weather" else {**one, "step": "10 s"} for key, one in site.simulation.items()}
    return site.model_copy(update={"site": place, "simulation": plants})


@cache
def a_day() -> Simulation:
    """Until a quarter to midnight, while the sums of the day still stand."""
    return run(whole_house(), 0.99, 1)


def test_the_glasshouse_preset_holds_its_bands_for_a_day() -> None:
    done = a_day()
    assert done.survived
    held = {score.setpoint_source.partition(".bay1.")[2]: score.row()["in_band_percent"] for score in done.scores}
    for setpoint in ("heat_sp", "vent_sp", "co2_sp", "deficit_low_sp", "deficit_high_sp"):
        assert held[setpoint] >= 95.0, held  # type: ignore[operator]  # a float in every row


def test_its_screen_is_shut_at_night_and_its_lamps_bring_what_the_sun_left() -> None:
    done = a_day()
    truth, lit = done.farm.grounds["gh1"].truth, done.state.blocks["gh1.bay1.lamp_loop"]
    assert truth["screen.thermal"] > 0.9
    assert truth["energy.lamps"] > 50.0
    assert isinstance(lit, Lit)
    assert lit.given > 1.0
    assert 24.0 <= lit.accrued <= 26.5


def test_it_waters_what_the_crop_transpires_and_a_drain() -> None:
    done = a_day()
    truth, watered = done.farm.grounds["gh1"].truth, done.state.blocks["gh1.bay1.irrigation"]
    assert isinstance(watered, Round)
    assert 0.9 <= watered.rounds * 92.0 / truth["water.transpired"] <= 1.6
