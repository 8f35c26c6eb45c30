"""A scenario that can run: with its site, its start in farm time, and its plants by seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge_config.model.site import Site
from foundation.units import UnitError, parse_quantity
from simulator.field import Field
from simulator.layout import PLANTS
from simulator.parameters import varied
from simulator.plants.plant import Plant, Weather
from simulator.scenario import Aim, Scenario
from simulator.weather import Steady, WeatherSource

STEADY: Mapping[str, tuple[float, float, float]] = {
    "air_c": (15.0, -60.0, 60.0),
    "relative_humidity": (0.6, 0.0, 1.0),
    "wind_m_s": (2.0, 0.0, 60.0),
    "global_radiation_w_m2": (0.0, 0.0, 1500.0),
    "sky_c": (5.0, -100.0, 60.0),
}
"""What a steady sky says of itself: default, lowest, highest."""


@dataclass(frozen=True, slots=True)
class LoadedScenario:
    """A scenario that can run: its site is checked, its plant can be built, every name in it exists."""

    file: str
    scenario: Scenario
    site: Site
    start_s: float
    """Farm time of the start, when counting begins."""
    aims: tuple[Aim, ...]

    @property
    def sky(self) -> WeatherSource | None:
        """A steady sky, or None where the site's own section says."""
        weather = self.scenario.weather
        if weather is None or "steady" not in weather:
            return None
        given = {name: default for name, (default, _, _) in STEADY.items()} | weather["steady"]
        return Steady(Weather(**given))

    def plant(self, seed: int) -> Plant:
        """The facility's plant: seed 0 the nominal one, any other a sibling within the spread."""
        return plant_of(self.scenario, self.site, seed)

    def field(self, seed: int, start_s: float) -> Field:
        """The site's field from `start_s` on, with the plant, the noise and the weather of this seed."""
        return Field(self.site, start_s, seed, plants={self.scenario.facility: self.plant(seed)}, sky=self.sky)


def position(raw: Any) -> float | None:
    """0 to 100 % of `on`, `off` or a share; None for what is neither."""
    if raw in ("on", True):
        return 100.0
    if raw in ("off", False):
        return 0.0
    try:
        value = parse_quantity(raw).to("%")
    except (UnitError, TypeError):
        return None
    return value if 0.0 <= value <= 100.0 else None


def plant_of(scenario: Scenario, site: Site, seed: int) -> Plant:
    """The facility's plant: seed 0 the nominal one, any other a sibling within the spread."""
    section = site.simulation[scenario.facility]
    spread = None if scenario.spread is None else scenario.spread / 100.0
    load = PLANTS[str(section.get("plant"))]
    with varied(scenario.parameters, spread):
        return load(str(section.get("parameters")), seed or None)
