"""Gas exchange and the night's oxygen of a pond against their printed and exact forms, and the pond's own books."""

import random
from collections.abc import Callable, Mapping
from functools import lru_cache
from math import cos, pi, sin
from typing import Final

from benchmarks.validation.verdicts import Quantity
from foundation import water
from simulator.plants.plant import Weather
from simulator.plants.pond import load


def _schmidt(t_c: float) -> float:
    return water.oxygen_schmidt_number(t_c)


def _k600(u10: float) -> float:
    return water.gas_exchange_600_cm_h(u10)


def _night(do0: float, hours: float, k_per_h: float, resp_mg_l_h: float, t_c: float) -> float:
    saturation = water.oxygen_saturation_mg_l(t_c)
    return water.oxygen_through_the_night_mg_l(do0, saturation, resp_mg_l_h, k_per_h, hours)


_AERATORS_KG_KWH: Final = {"propeller_aspirator": 1.6, "vertical_pump": 1.4, "diffused_air": 0.9}
"""Boyd 1998 via ../shared/physics.md 6, unverified: for a site that has another aerator than our pond's."""


def _aerator_efficiency(aerator: str) -> float | None:
    if aerator == "paddlewheel":
        return load().parameters.aerator_kg_kwh
    return _AERATORS_KG_KWH.get(aerator)


def _forecast_error(lag_h: float, trials: int) -> float:
    """Mean error of the forecast of dawn, mg/L: from what the oxygen did in the first hours of `trials` nights.

    The whole-pond respiration-diffusion forecast of Madenjian et al. 1987, made of two readings through the depth of
    our own pond, each good to 0.05 mg/L, after afternoons of any cloud and wind.
    """
    plant, dice = load(), random.Random(1)
    p = plant.parameters
    depth_m = p.upper_m + p.lower_m
    error = 0.0
    for _ in range(trials):
        cloud, wind_m_s, air_c = dice.uniform(0.0, 1.0), dice.uniform(0.5, 4.0), dice.uniform(22.0, 30.0)
        state, seen = plant.initial(), dict[str, float]()
        readings = dict[float, float]()
        for minute in range(18 * 60):
            hour = 12.0 + minute / 60.0
            state = plant.advance(state, {}, _sky(hour, cloud, wind_m_s, air_c), plant.step_s)
            if (minute + 1) % 60 == 0:
                seen = plant.observe(state, {}, _sky(hour, cloud, wind_m_s, air_c))
                mean = (p.upper_m * seen["pond.oxygen"] + p.lower_m * seen["bottom.oxygen"]) / depth_m
                readings[(minute + 1) / 60.0 + 12.0] = mean + dice.gauss(0.0, 0.05)
        dusk, later, dawn = readings[19.0], readings[19.0 + lag_h], readings[30.0]
        k_per_h = water.oxygen_exchange_m_h(seen["pond.temperature"], wind_m_s) / depth_m
        saturation = water.oxygen_saturation_mg_l(seen["pond.temperature"])
        respiration = (dusk - later) / lag_h + k_per_h * (saturation - (dusk + later) / 2.0)
        forecast = water.oxygen_through_the_night_mg_l(later, saturation, respiration, k_per_h, 30.0 - 19.0 - lag_h)
        error += abs(forecast - dawn) / trials
    return error


def _sky(hour: float, cloud: float, wind_m_s: float, air_c: float) -> Weather:
    sun = max(0.0, sin(pi * (hour % 24.0 - 6.0) / 12.0))
    return Weather(
        air_c + 4.0 * cos(2.0 * pi * (hour - 15.0) / 24.0),
        0.75,
        wind_m_s,
        850.0 * sun * (1.0 - 0.75 * cloud),
        air_c - 12.0 + 8.0 * cloud,
        soil_c=air_c - 4.0,
    )


@lru_cache(maxsize=1)
def _unexplained() -> dict[str, float]:
    """Two days with every actuator moving: what the books miss, as a share of what was there or came in."""
    plant = load()
    start = state = plant.initial()
    for minute in range(2 * 1440):
        inputs = {name: minute // 20 * 7919 * index % 1000 / 999.0 for index, name in enumerate(plant.inputs, start=1)}
        state = plant.advance(state, inputs, _sky(minute / 60.0, 0.3, 3.0, 24.0), plant.step_s)
    return plant.closure(start, state)


def _closure(substance: str) -> Callable[[], float]:
    return lambda: _unexplained()[substance]


QUANTITIES: Final[Mapping[str, Quantity]] = {
    "schmidt_o2": _schmidt,
    "k600": _k600,
    "night_do": _night,
    "sae": _aerator_efficiency,
    "dawn_do_forecast_mae": _forecast_error,
    "closure_water_relative": _closure("water"),
    "closure_oxygen_relative": _closure("oxygen"),
    "closure_nitrogen_relative": _closure("nitrogen"),
    "closure_alkalinity_relative": _closure("alkalinity"),
    "closure_carbon_relative": _closure("carbon"),
    "closure_energy_relative": _closure("heat"),
}
