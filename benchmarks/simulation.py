"""How fast simulated farms run: each plant alone at its own step, and the sample sites as `farmloop sim` runs them.

A sample site is the whole of it: site file, core, virtual devices with their rounding, instruments, plants and weather,
scan by scan. CPU seconds stand beside wall seconds: on a busy machine the second figure is what a quiet one would give.
"""

import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from benchmarks.rows import GOAL, Row, row
from controller.compose.simulate import SETTLE_S
from controller.compose.simulate import run as simulate
from edge_config.loader import load_site
from simulator.plants import (
    cold_store,
    greenhouse,
    mushroom_house,
    nursery,
    plant_factory,
    ras,
    solar_greenhouse,
    tunnel,
)
from simulator.plants.plant import Plant, Weather

GOAL_FACTOR = 2000.0
PLANTS: dict[str, Callable[[], Plant]] = {
    "greenhouse venlo_1000m2": lambda: greenhouse.load("venlo_1000m2"),
    "plant factory plant_factory_100m2": lambda: plant_factory.load("plant_factory_100m2"),
    "RAS bass_50m3": lambda: ras.load("bass_50m3"),
    "solar greenhouse solar_greenhouse_brick": solar_greenhouse.load,
    "tunnel tunnel_8m": tunnel.load,
    "nursery nursery_500m2": nursery.load,
    "mushroom house mushroom_cropping": mushroom_house.load,
    "cold store cold_store_cabbage": cold_store.load,
}
DAYS = {"farm": 1.0, "greenhouse": 0.25, "plant-factory": 0.25, "ras": 0.25}
NOON = Weather(15.0, 0.6, 2.0, 400.0, 5.0)
DAY_S = 86_400.0


def plant_alone(plant: Plant, steps: int) -> float:
    """Simulated seconds a CPU second, every actuator half open, all outputs read after every step."""
    inputs = {name: (port.low + port.high) / 2.0 for name, port in plant.inputs.items()}
    state = plant.initial()
    begun = time.process_time()
    for _ in range(steps):
        state = plant.advance(state, inputs, NOON, plant.step_s)
        plant.observe(state, inputs, NOON)
    return steps * plant.step_s / (time.process_time() - begun)


def site_whole(name: str, days: float) -> tuple[float, float]:
    """Simulated seconds a wall second and a CPU second, loading the site not counted."""
    site = load_site(Path(str(files("edge_config").joinpath("sites", f"{name}.yaml")))).site
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    simulate(site, days, seed=1)
    simulated_s = days * DAY_S + SETTLE_S
    return simulated_s / (time.perf_counter() - wall_s), simulated_s / (time.process_time() - cpu_s)


def run(quick: bool = False) -> list[Row]:
    """All rows; about a minute and a half."""
    rows = [
        row(f"plant alone, {name}", plant_alone(load(), 50 if quick else 5000), GOAL, GOAL_FACTOR, "x", 1.0, True)
        for name, load in PLANTS.items()
    ]
    for name, days in DAYS.items():
        wall, cpu = site_whole(name, (60.0 - SETTLE_S) / DAY_S if quick else days)
        rows.append(row(f"sim {name}", wall, GOAL, GOAL_FACTOR, "x real time", 1.0, True))
        rows.append(row(f"sim {name}, by CPU time", cpu, GOAL, GOAL_FACTOR, "x real time", 1.0, True))
    return rows
