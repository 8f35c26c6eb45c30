"""The greenhouse against GreenLight 2.0.5, and what its books leave unexplained."""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from benchmarks.validation.greenlight import means_and_sums, static_trajectory
from benchmarks.validation.verdicts import Quantity
from simulator.plants.greenhouse import load
from simulator.weather import design_day


def _static(column: str) -> Quantity:
    def value(case: str, weather: dict[str, float], controls: dict[str, float], hours: float) -> float:
        return _last_hour(json.dumps({"weather": weather, "controls": controls}, sort_keys=True), round(hours))[column]

    return value


@lru_cache(maxsize=16)
def _last_hour(case: str, hours: int) -> dict[str, float]:
    return static_trajectory(json.loads(case), hours)[-1]


def _closed_loop(name: str, of_days: int) -> Quantity:
    def value(days: int, lamp: str) -> float | None:
        run = means_and_sums(lamp, days) if days == of_days else None
        return None if run is None else run[name]

    return value


def _closure(name: str) -> Callable[[], float]:
    return lambda: _unexplained()[name]


@lru_cache(maxsize=1)
def _unexplained() -> dict[str, float]:
    """Two days of weather with every actuator moving: what the books cannot explain, as a share of what moved."""
    plant = load("venlo_1000m2")
    weather = design_day("cold_front", 1, 31.4, 121.45, "Asia/Shanghai")
    start = state = plant.initial()
    for count in range(round(2 * 86400 / plant.step_s)):
        inputs = {name: count * 7919 * index % 1000 / 999.0 for index, name in enumerate(plant.inputs, start=1)}
        state = plant.advance(state, inputs, weather.at(1.7e9 + count * plant.step_s), plant.step_s)
    return plant.closure(start, state)


QUANTITIES: Final[Mapping[str, Quantity]] = {
    **{
        f"static24h_{column}": _static(column)
        for column in (
            "tAir", "tTop", "tCan", "tCovIn", "tCovE", "tThScr", "tFlr", "tPipe", "tSo1", "tSo2", "tSo3", "tSo4",
            "tSo5", "tLamp", "vpAir", "vpTop", "rhIn", "co2Air", "co2Top", "lai", "mvCanAir", "mcAirCan",
            "hPipeAir", "hBoilPipe", "fVentRoof", "fScr",
        )
    },
    **{
        f"gl{days}d_{name}": _closed_loop(name, days)
        for days in (10, 110)
        for name in (
            "tAir_mean", "rh_mean", "co2_ppm_mean", "heat_boiler_sum", "lamp_electric_sum", "co2_dosed_sum",
            "transpiration_x1.1_sum",
        )
    },
    **{f"closure_{name}_relative": _closure(name) for name in ("energy", "water", "co2")},
}  # fmt: skip
