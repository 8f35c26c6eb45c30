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
from simulator import ensemble
from simulator.plants import (
    aquaponics,
    cold_store,
    greenhouse,
    mushroom_house,
    nursery,
    plant_factory,
    pond,
    ras,
    solar_greenhouse,
    tunnel,
)
from simulator.plants.plant import Plant, Weather

GOAL_FACTOR, GOAL_ALONE = 2000.0, 200_000.0
"""Of a whole site, and of a plant alone."""
MEMBERS = 256
SEASON_DAYS, GOAL_SEASON_S = 300.0, 120.0
PLANTS: dict[str, Callable[[], Plant]] = {
    "greenhouse venlo_1000m2": lambda: greenhouse.load("venlo_1000m2"),
    "plant factory plant_factory_100m2": lambda: plant_factory.load("plant_factory_100m2"),
    "plant factory plant_factory_2x50m2, two racks": lambda: plant_factory.load("plant_factory_2x50m2"),
    "RAS bass_50m3": lambda: ras.load("bass_50m3"),
    "RAS bass_2x25m3, two tanks": lambda: ras.load("bass_2x25m3"),
    "pond tilapia_pond_2000m2": lambda: pond.load("tilapia_pond_2000m2"),
    "aquaponics aquaponics_50m3": lambda: aquaponics.load("aquaponics_50m3"),
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


def _ensemble(steps: int) -> Row:
    """What 256 greenhouses at once cost beside 256 single ones, as CPU seconds of a step of all of them."""
    single = [greenhouse.load("venlo_1000m2", seed=seed) for seed in range(8)]
    many = ensemble.stacked(single * (MEMBERS // len(single)))
    together_s, alone_s = (_step_cpu_s(plant, count) for plant, count in ((many, steps), (single[0], 4 * steps)))
    name = f"a step of {MEMBERS} greenhouses at once"
    return row(name, 1e3 * together_s, f"{MEMBERS} single ones", 1e3 * MEMBERS * alone_s, "ms", 10.0)


def _step_cpu_s(plant: Plant, steps: int) -> float:
    inputs = {name: (port.low + port.high) / 2.0 for name, port in plant.inputs.items()}
    state = plant.advance(plant.initial(), inputs, NOON, plant.step_s)
    begun = time.process_time()
    for _ in range(steps):
        state = plant.advance(state, inputs, NOON, plant.step_s)
    return (time.process_time() - begun) / steps


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
        row(f"plant alone, {name}", plant_alone(load(), 50 if quick else 5000), GOAL, GOAL_ALONE, "x", 1.0, True)
        for name, load in PLANTS.items()
    ]
    season_s = SEASON_DAYS * DAY_S / rows[0]["ours"]
    rows.append(row(f"greenhouse alone, {SEASON_DAYS:g} days at that speed", season_s, GOAL, GOAL_SEASON_S, "s"))
    rows.append(_ensemble(10 if quick else 300))
    for name, days in DAYS.items():
        wall, cpu = site_whole(name, (60.0 - SETTLE_S) / DAY_S if quick else days)
        rows.append(row(f"sim {name}", wall, GOAL, GOAL_FACTOR, "x real time", 1.0, True))
        rows.append(row(f"sim {name}, by CPU time", cpu, GOAL, GOAL_FACTOR, "x real time", 1.0, True))
    return rows
