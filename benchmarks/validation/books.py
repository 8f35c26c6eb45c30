"""The books of the thin plants: a cold spring with every actuator moving, and what they cannot explain."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import pi, sin
from typing import Any, Final

from simulator.plants import cold_store, mushroom_house, nursery, solar_greenhouse, tunnel
from simulator.plants.plant import Weather

PLANTS: Final[Mapping[str, Callable[[], Any]]] = {
    "cold_store": cold_store.load,
    "mushroom": mushroom_house.load,
    "nursery": nursery.load,
    "solar_greenhouse": solar_greenhouse.load,
    "tunnel": tunnel.load,
}
_DAYS: Final = 2


def spring(time_s: float) -> Weather:
    """A clear day in March at 40 degrees north, by sines."""
    high = sin(2.0 * pi * (time_s / 86400.0 - 0.25))
    return Weather(
        air_c=5.0 + 7.0 * sin(2.0 * pi * (time_s / 86400.0 - 0.375)),
        relative_humidity=0.6,
        wind_m_s=2.0,
        global_radiation_w_m2=max(0.0, 750.0 * high),
        sky_c=-8.0,
        sun_elevation_degrees=50.0 * high,
        sun_azimuth_degrees=time_s % 86400.0 / 240.0,
    )


@lru_cache(maxsize=len(PLANTS))
def unexplained(facility: str) -> dict[str, float]:
    """`energy`, `water` and `co2` that appeared or vanished, as a share of what moved."""
    plant = PLANTS[facility]()
    start = state = plant.initial()
    for count in range(round(_DAYS * 86400 / plant.step_s)):
        inputs = {name: count // 30 * 7919 * index % 1000 / 999.0 for index, name in enumerate(plant.inputs, start=1)}
        state = plant.advance(state, inputs, spring(count * plant.step_s), plant.step_s)
    left: dict[str, float] = plant.closure(start, state)
    return left


def closures(facility: str) -> dict[str, Callable[[], float]]:
    """The closure rows of a facility."""
    return {
        "closure_energy_relative": lambda: unexplained(facility)["energy"],
        "closure_water_relative": lambda: unexplained(facility)["water"],
        "closure_co2_relative": lambda: unexplained(facility)["co2"],
    }
