"""Mushroom house: growers' figures of breath and fresh air, and the books of the whole room."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from benchmarks.validation.books import closures
from benchmarks.validation.verdicts import Quantity
from foundation import air
from simulator.plants import mushroom_house
from simulator.plants.mushroom import compost_co2_g_h, fresh_air_m3_h, fruit_co2_g_h, grown

_ROOM: Final = mushroom_house.load("mushroom_cropping")
_MUSHROOMS: Final = _ROOM.mushrooms
_STEP_S: Final = 600.0
_LIMIT_PPM: Final = 1250.0
"""Middle of 1000 to 1500 ppm, what growers hold while mushrooms size."""
_OUTSIDE_PPM: Final = 420.0


@lru_cache(maxsize=8)
def _flush(air_c: float) -> tuple[float, float, float]:
    """(kg picked, g CO2 of compost and fruit, hours) of one flush on 100 kg of compost, all at one temperature."""
    standing, picked, co2_g, steps = _MUSHROOMS.fruit_start_kg_m2, 0.0, 0.0, 0
    bed_m2 = 100.0 / _MUSHROOMS.compost_kg_m2
    while picked == 0.0:
        breath = compost_co2_g_h(_MUSHROOMS, 100.0, air_c) + fruit_co2_g_h(_MUSHROOMS, bed_m2 * standing, air_c)
        co2_g += breath * _STEP_S / 3600.0
        standing, picked = grown(_MUSHROOMS, standing, air_c, _STEP_S)
        steps += 1
    return bed_m2 * picked, co2_g, steps * _STEP_S / 3600.0


def _spawn_run(t_compost: float) -> float:
    return compost_co2_g_h(_MUSHROOMS, 100.0, t_compost)


def _cropping(t_compost: float) -> float:
    """Mean of a flush, fruit bodies and all."""
    _, co2_g, hours = _flush(t_compost)
    return co2_g / hours


def _warmer(dt: float) -> float:
    """For each kelvin, of the whole room's breath at 16 degC."""
    cold, warm = (
        compost_co2_g_h(_MUSHROOMS, 100.0, celsius) + fruit_co2_g_h(_MUSHROOMS, 3.0, celsius)
        for celsius in (16.0, 16.0 + dt)
    )
    return float((warm / cold) ** (1.0 / dt))


def _per_kg_fruit(days: str) -> float | None:
    """Compost and fruit bodies over the flush that the row means."""
    kg, co2_g, _ = _flush(16.0)
    return 0.001 * co2_g / kg


def _ventilation(compost_kg: float, mushrooms_kg: float) -> float:
    """Fresh air for a square metre of bed at 16 degC."""
    breath = compost_co2_g_h(_MUSHROOMS, compost_kg, 16.0) + fruit_co2_g_h(_MUSHROOMS, mushrooms_kg, 16.0)
    limit, outside = (0.001 * air.co2_mg_m3(ppm, 16.0) for ppm in (_LIMIT_PPM, _OUTSIDE_PPM))
    return fresh_air_m3_h(breath, limit, outside)


QUANTITIES: Final[Mapping[str, Quantity]] = {
    "co2_spawn_run": _spawn_run,
    "co2_cropping": _cropping,
    "co2_temperature_factor": _warmer,
    "co2_per_kg_fruit": _per_kg_fruit,
    "ventilation_per_m2_bed": _ventilation,
    **closures("mushroom"),
}
