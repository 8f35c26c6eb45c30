"""Books over a month: every plant alone for thirty days with every actuator moving, and what they cannot explain."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from benchmarks.validation.books import spring
from benchmarks.validation.plant_factory import imbalance
from simulator.layout import PLANTS as KINDS
from simulator.plants.plant_factory import PlantFactory

PLANTS: Final[Mapping[str, tuple[str, str]]] = {
    "greenhouse": ("greenhouse", "venlo_1000m2"),
    "greenhouse with lettuce": ("greenhouse", "venlo_1000m2_lettuce"),
    "solar greenhouse": ("solar_greenhouse", "solar_greenhouse_brick"),
    "tunnel": ("tunnel", "tunnel_8m"),
    "nursery": ("nursery", "nursery_500m2"),
    "plant factory": ("plant_factory", "plant_factory_100m2"),
    "mushroom house": ("mushroom", "mushroom_cropping"),
    "cold store": ("cold_store", "cold_store_tomato"),
    "fish farm": ("ras", "bass_50m3"),
    "fish farm in brackish water": ("ras", "grouper_50m3"),
    "pond": ("pond", "tilapia_pond_2000m2"),
    "aquaponics": ("aquaponics", "aquaponics_50m3"),
}
"""Kind of plant and its parameters."""
DAYS: Final = 30.0
MOST: Final = 1e-6
"""A larger share of what moved is no round-off any more."""
KEPT: Final = ("energy", "water", "carbon", "nitrogen", "oxygen", "ions", "alkalinity", "charge")
_CALLED: Final[Mapping[str, str]] = {
    "co2": "carbon",
    "heat": "energy",
    **dict.fromkeys(("potassium", "calcium", "magnesium", "phosphorus", "sulphate", "chloride"), "ions"),
}
"""What plants call some of them."""


@lru_cache(maxsize=2 * len(PLANTS))
def unexplained(plant_name: str, days: float = DAYS) -> dict[str, float]:
    """By what is kept, the largest share that the books missed at the end of any day, counted from the start."""
    kind, parameters = PLANTS[plant_name]
    plant = KINDS[kind](parameters)
    start = state = plant.initial()
    steps_a_day = round(86400.0 / plant.step_s)
    worst: dict[str, float] = {}
    for count in range(1, round(days * steps_a_day) + 1):
        moved = count // 30 * 7919
        inputs = {name: moved * index % 1000 / 999.0 for index, name in enumerate(plant.inputs, start=1)}
        before, state = state, plant.advance(state, inputs, spring(count * plant.step_s), plant.step_s)
        if isinstance(plant, PlantFactory):
            worst["charge"] = max(worst.get("charge", 0.0), imbalance(plant, before, state))
        if count % steps_a_day == 0 or count == round(days * steps_a_day):
            for kept, share in plant.closure(start, state).items():
                name = _CALLED.get(kept, kept)
                worst[name] = max(worst.get(name, 0.0), share)
    return worst


def table() -> str:
    """A line a plant."""
    lines = [f"| plant | days | {' | '.join(KEPT)} |", "|---" * (len(KEPT) + 2) + "|"]
    for name in PLANTS:
        left = unexplained(name)
        assert set(left) <= set(KEPT)
        cells = (f"{left[kept]:.0e}" if kept in left else "" for kept in KEPT)
        lines.append(f"| {name} | {DAYS:g} | {' | '.join(cells)} |")
    return "\n".join(lines)
