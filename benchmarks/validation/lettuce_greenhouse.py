"""Van Henten's lettuce greenhouse against lettuce-greenhouse-gym 0.1.3, in weather given in closed form."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import pi, sin
from typing import Final

from benchmarks.validation.verdicts import Quantity
from simulator.plants.lettuce_greenhouse import START, Controls, House, Outdoors, advance, rates

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


QUANTITIES: Final[Mapping[str, Quantity]] = {
    "dXd_dt": _weight_rate,
    "dXc_dt": _co2_rate,
    "dXT_dt": _air_rate,
    "dXh_dt": _vapour_rate,
    "dry_weight": _dry_weight,
    "air_temperature_midnight": _air_at_midnight,
}
