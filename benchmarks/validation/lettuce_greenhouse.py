"""Van Henten's lettuce greenhouse against lettuce-greenhouse-gym 0.1.3: in weather given in closed form, and forty
days in the weather of its package, where that is installed (`benchmarks.peers`)."""

import csv
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import exp, pi, sin
from typing import Final

from benchmarks.peers import LETTUCE_GYM, folder_of
from benchmarks.validation.verdicts import NotAtHand, Quantity
from simulator.plants.lettuce_greenhouse import LEAK_BENCHMARK_M_S, START, Controls, House, Outdoors, advance, rates

_STEP_S = 300.0
_STEPS_A_DAY = 288


def _rates(x: Sequence[float], u_mg_mm_W: Sequence[float], v: Sequence[float], c_leak: float) -> House:
    co2_mg, ventilation_mm, heat_w = u_mg_mm_W
    controls = Controls(co2_mg * 1e-6, ventilation_mm * 1e-3, heat_w)
    return rates(House(*x), controls, Outdoors(*v), c_leak)


def _weight_rate(x: Sequence[float], u_mg_mm_W: Sequence[float], v: Sequence[float], c_leak: float) -> float:
    return _rates(x, u_mg_mm_W, v, c_leak).dry_weight_kg_m2


def _co2_rate(x: Sequence[float], u_mg_mm_W: Sequence[float], v: Sequence[float], c_leak: float) -> float:
    return _rates(x, u_mg_mm_W, v, c_leak).co2_kg_m3


def _air_rate(x: Sequence[float], u_mg_mm_W: Sequence[float], v: Sequence[float], c_leak: float) -> float:
    return _rates(x, u_mg_mm_W, v, c_leak).air_c


def _vapour_rate(x: Sequence[float], u_mg_mm_W: Sequence[float], v: Sequence[float], c_leak: float) -> float:
    return _rates(x, u_mg_mm_W, v, c_leak).vapour_kg_m3


def _outdoors(hour: float) -> Outdoors:
    radiation = 400.0 * sin(pi * (hour - 6.0) / 12.0) if 6.0 <= hour <= 18.0 else 0.0
    return Outdoors(radiation, 7.2e-4, 8.0 + 5.0 * sin(2.0 * pi * (hour - 9.0) / 24.0), 0.006)


_SKY: Final = [_outdoors(step * _STEP_S / 3600.0) for step in range(_STEPS_A_DAY)]
_HELD: Final = Controls(0.6e-6, 1e-3, 40.0)


@lru_cache(maxsize=256)
def grown(days: int, c_leak: float) -> House:
    """The house at midnight after so many days of this weather, controls held."""
    if days == 0:
        return START
    house = grown(days - 1, c_leak)
    for outdoors in _SKY:
        house = advance(house, _HELD, outdoors, _STEP_S, c_leak)
    return house


def _dry_weight(day: int, c_leak: float) -> float | None:
    return grown(day, c_leak).dry_weight_kg_m2 if _is_a_day(day) else None


def _air_at_midnight(day: int, c_leak: float) -> float | None:
    return grown(day, c_leak).air_c if _is_a_day(day) else None


def _is_a_day(day: float) -> bool:
    return day == int(day) and 0 <= day <= 200


BENCHMARK_STEP_S: Final = 1800.0
_FIRST_ROW_DAY, _START_DAY, _DAYS = 10, 40, 40
_KELVIN, _GAS_J_MOL_K, _PRESSURE_PA, _CO2_KG_MOL, _WATER_KG_MOL = 273.15, 8.3144598, 101325.0, 0.04401, 0.01801528
_BOUNDS: Final = ((0.002, 0.6), (0.0, 0.004), (5.0, 40.0), (0.0, 0.051))
"""What the benchmark holds its four states within after every step; its unheated house rests on the third."""
CONTROLLERS: Final[Mapping[str, Callable[[int], Controls]]] = {
    # it starts at 50 W/m2 and may take back 15 a step
    "AllOff": lambda step: Controls(0.0, 0.0, max(0.0, 50.0 - 15.0 * (step + 1))),
    "ConstantControl[0,0,50]": lambda step: Controls(0.0, 0.0, 50.0),
}


@lru_cache(maxsize=1)
def benchmark_weather() -> list[Outdoors]:
    """The benchmark's forty days from 9 February 2014, one row a step. NotAtHand where its package is not."""
    folder = folder_of(LETTUCE_GYM)
    path = folder and folder / "data" / "outdoorWeatherWurGlas2014.csv"
    if path is None or not path.is_file():
        raise NotAtHand(f"it wants the weather of {LETTUCE_GYM[1]}: python -m benchmarks greenhouse_gyms installs it")
    every = round(BENCHMARK_STEP_S / 300.0)
    first = (_START_DAY - _FIRST_ROW_DAY) * _STEPS_A_DAY
    with path.open(newline="") as file:
        rows = [[float(cell) for cell in row] for row in csv.reader(file)]
    return [_as_outdoors(row) for row in rows[first : first + _DAYS * _STEPS_A_DAY : every]]


def benchmark_sky() -> Callable[[float], Outdoors]:
    """The same by the time in s since the season began; NotAtHand."""
    weather = benchmark_weather()
    return lambda time_s: weather[min(round(time_s / BENCHMARK_STEP_S), len(weather) - 1)]


def _as_outdoors(row: Sequence[float]) -> Outdoors:
    """By the conversions of the benchmark (Magnus, and its molar masses); `row` tells wind as well, of no use here."""
    _, radiation_w_m2, air_c, humidity, _, co2_ppm = row
    moles_m3 = 1.0 / (_GAS_J_MOL_K * (air_c + _KELVIN))
    vapour_pa = humidity / 100.0 * 610.78 * exp(17.2694 * air_c / (air_c + 238.3))
    return Outdoors(
        radiation_w_m2 if radiation_w_m2 >= 1e-6 else 0.0,
        _PRESSURE_PA * 1e-6 * co2_ppm * _CO2_KG_MOL * moles_m3,
        air_c,
        vapour_pa * _WATER_KG_MOL * moles_m3,
    )


def benchmark_run(controller: str) -> House:
    """The house after the forty days of the benchmark under one of its plain controllers."""
    house, control = START, CONTROLLERS[controller]
    for step, outdoors in enumerate(benchmark_weather()):
        house = advance(house, control(step), outdoors, BENCHMARK_STEP_S, LEAK_BENCHMARK_M_S)
        house = House(*(min(high, max(low, x)) for x, (low, high) in zip(house, _BOUNDS, strict=True)))
    return house


def _dry_weight_at_the_end(controller: str) -> float | None:
    return benchmark_run(controller).dry_weight_kg_m2 if controller in CONTROLLERS else None


def _benchmark_return(controller: str) -> float | None:
    try:  # the environment wants an extra that no other row needs
        from benchmarks.validation.lettuce_season import RULES, season
    except ImportError as error:
        raise NotAtHand(str(error)) from error
    if controller not in RULES:
        return None
    earned, _ = season(RULES[controller], benchmark_sky())
    return earned


QUANTITIES: Final[Mapping[str, Quantity]] = {
    "dXd_dt": _weight_rate,
    "dXc_dt": _co2_rate,
    "dXT_dt": _air_rate,
    "dXh_dt": _vapour_rate,
    "dry_weight": _dry_weight,
    "dry_weight_day40": _dry_weight_at_the_end,
    "air_temperature_midnight": _air_at_midnight,
    "benchmark_return": _benchmark_return,
}
