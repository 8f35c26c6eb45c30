"""Solar greenhouse: its ground against the damping depth, its film against Fresnel, its nights against what is told."""

from collections.abc import Mapping
from functools import lru_cache
from math import cos, log, pi, radians, sin
from typing import Final

from benchmarks.validation.books import closures, spring
from benchmarks.validation.verdicts import Quantity
from simulator.plants import solar_greenhouse
from simulator.plants.network import Layers
from simulator.plants.sunlight import film_transmission

_DAY_S: Final = 86400.0
_STEP_S: Final = 30.0


@lru_cache(maxsize=4)
def _depth_m(lambda_w_mk: float, rho_cp: float) -> float:
    """How deep a daily wave reaches in layers as the plant steps them: two of 10 mm, 0.1 m apart, after six days."""
    thickness_m, count = 0.01, 60
    ground = Layers.of(1.0, thickness_m, [thickness_m] * count, lambda_w_mk, rho_cp, 1e6)
    layers: tuple[float, ...] = (0.0,) * count
    shallow, deep = [], []
    for step in range(round(6.0 * _DAY_S / _STEP_S)):
        surface_c = 10.0 * sin(2.0 * pi * (step + 1) * _STEP_S / _DAY_S)
        layers = ground.unfold(ground.fold(layers, 0.0, _STEP_S), surface_c)
        if step * _STEP_S >= 5.0 * _DAY_S:
            shallow.append(layers[4])
            deep.append(layers[14])
    swing = [max(wave) - min(wave) for wave in (shallow, deep)]
    return 10.0 * thickness_m / log(swing[0] / swing[1])


def _film(degrees: float) -> float:
    """Share of a beam that a clean film of index 1.5 passes."""
    return film_transmission(cos(radians(degrees)), 1.5, 1.0)[0]


@lru_cache(maxsize=2)
def _nights(blanket: bool) -> tuple[float, float]:
    """(least lift over outdoors, lowest air) of the third night of clear, cold spring days, no heater."""
    plant = solar_greenhouse.load()
    state = plant.initial()
    lifts, airs = [], []
    for count in range(round(2.25 * _DAY_S / plant.step_s)):
        time_s = count * plant.step_s
        hour = time_s % _DAY_S / 3600.0
        sky = spring(time_s)
        vent = min(1.0, max(0.0, (state.air_c - 27.0) / 6.0))
        inputs = {"blanket": float(blanket and not 8.0 < hour < 16.5), "vent.top": vent}
        state = plant.advance(state, inputs, sky, plant.step_s)
        if time_s > 2.0 * _DAY_S:
            lifts.append(state.air_c - sky.air_c)
            airs.append(state.air_c)
    return min(lifts), min(airs)


def _lift() -> float:
    return _nights(True)[0]


def _blanket_gain() -> float:
    return _nights(True)[1] - _nights(False)[1]


QUANTITIES: Final[Mapping[str, Quantity]] = {
    "damping_depth_daily": _depth_m,
    "film_transmission": _film,
    "night_lift": _lift,
    "blanket_gain": _blanket_gain,
    **closures("solar_greenhouse"),
}
