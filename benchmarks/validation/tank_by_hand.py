"""The nutrient tank as three stirred bodies in a ring, and what is in it at rest."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from math import exp
from typing import Final

import numpy as np

from benchmarks.validation.course import Course
from simulator.plants import plant_factory
from simulator.plants.nutrient_solution import IONS
from simulator.plants.nutrient_tank import NutrientTank, TankDrive, TankState

TANK: Final = plant_factory.load().tank
P: Final = TANK.parameters
ZONES: Final = ("inlet", "bulk", "channel")
_REST: Final = TankDrive(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 800.0)
_CL, _NA, _DIC = (IONS.index(name) for name in ("Cl", "Na", "DIC"))
_PULSE_MMOL: Final = 1000.0
_MINUTES: Final = (1, 2, 3, 5, 7, 10, 15)


@lru_cache(maxsize=1)
def _pulse() -> list[tuple[list[float], list[float]]]:
    """Of each minute what a pulse of chloride at the inlet has added to each zone: ours, and by the ring's matrix."""
    start = TANK.initial()
    inlet_l = P.tank_inlet_share * start.tank_l
    bulk_l, channel_l = start.tank_l - inlet_l, start.channel_l
    flow, stirred = P.circulation_l_s, P.mixing_l_s * start.tank_l / P.tank_start_l
    rates = np.array(
        [
            [-(flow + stirred) / inlet_l, stirred / bulk_l, flow / channel_l],
            [(flow + stirred) / inlet_l, -(flow + stirred) / bulk_l, 0.0],
            [0.0, flow / bulk_l, -flow / channel_l],
        ]
    )
    speeds, modes = np.linalg.eig(rates)
    weights = np.linalg.solve(modes, np.array([_PULSE_MMOL, 0.0, 0.0]))
    inlet = list(start.inlet)
    inlet[_CL] += _PULSE_MMOL
    plain, pulsed, done_s, found = start, start._replace(inlet=tuple(inlet)), 0.0, []
    for minutes in _MINUTES:
        plain, pulsed = (_run(60.0 * minutes - done_s, _REST, state) for state in (plain, pulsed))
        done_s = 60.0 * minutes
        ours = [getattr(pulsed, zone)[_CL] - getattr(plain, zone)[_CL] for zone in ZONES]
        found.append((ours, [float(one) for one in (modes @ (np.exp(speeds * done_s) * weights)).real]))
    return found


def _pulse_in(index: int) -> Callable[[], Course]:
    def course() -> Course:
        pairs = [(ours[index], worked[index]) for ours, worked in _pulse()]
        return Course(
            f"nutrient tank: a pulse in the {ZONES[index]}", "eigenvalues of the ring's matrix", "mmol",
            tuple(minutes / 60.0 for minutes in _MINUTES), tuple(ours for ours, _ in pairs),
            tuple(worked for _, worked in pairs), (0.01 * _PULSE_MMOL,) * len(pairs),
        )  # fmt: skip

    course.__name__ = f"a_pulse_in_the_{ZONES[index]}"
    return course


def carbon_dioxide_follows_the_air() -> Course:
    """Acid water: all carbon is CO2, and the exchange a first-order lag; the inlet zone is covered."""
    tank, hours = NutrientTank(replace(P, start_ph=4.0, channel_co2_per_h=P.tank_co2_per_h)), (0.25, 0.5, 1.0, 1.5, 2.0)
    start, rich = tank.initial(), _REST._replace(co2_ppm=4000.0)
    was, end = _carbon(start), _carbon(_run(12 * 3600.0, rich, start, tank))
    aired = 1.0 - P.tank_inlet_share * start.tank_l / (start.tank_l + start.channel_l)
    worked = tuple(1.0 - exp(-hour * P.tank_co2_per_h * aired) for hour in hours)
    shares, state, done = [], start, 0.0
    for hour in hours:
        state, done = _run(3600.0 * (hour - done), rich, state, tank), hour
        shares.append((_carbon(state) - was) / (end - was))
    return Course(
        "nutrient tank: carbon dioxide follows the air", "1 - exp(-k t)", "", hours, tuple(shares), worked,
        tuple(0.05 * share for share in worked),
    )  # fmt: skip


def salt_rises_to_its_share_of_what_is_drained() -> Course:
    """Sodium that no root takes, after sixty hours of topping up: C = C_in / leach fraction (physics.md 4.1)."""
    drain = _REST._replace(transpiration_l_s=0.02, drain=0.03, topup=0.0)
    state, hours = TANK.initial(), 60
    lost_l, filled_l = state.lost_l, state.filled_l
    for hour in range(hours):
        if hour == hours - 1:
            lost_l, filled_l = state.lost_l, state.filled_l
        for _ in range(360):
            missing_l = P.tank_start_l - state.tank_l
            state = TANK.advance(state, drain._replace(topup=min(1.0, max(0.0, missing_l / 1.5))), 10.0)
    leached = (state.lost_l - lost_l) / (state.filled_l - filled_l)
    worked = P.water_sodium_mmol_l / leached
    return Course(
        "nutrient tank at rest: salt that no root takes", "C_in / leach fraction", "mmol/L", (float(hours),),
        (_everywhere(state, _NA),), (worked,), (0.05 * worked,),
    )  # fmt: skip


COURSES: Final[Sequence[Callable[[], Course]]] = (
    *(_pulse_in(index) for index in range(len(ZONES))),
    carbon_dioxide_follows_the_air,
    salt_rises_to_its_share_of_what_is_drained,
)


def _run(seconds: float, drive: TankDrive, state: TankState, tank: NutrientTank = TANK) -> TankState:
    for _ in range(round(seconds / 5.0)):
        state = tank.advance(state, drive, 5.0)
    return state


def _everywhere(state: TankState, ion: int) -> float:
    """mmol/L."""
    return (state.inlet[ion] + state.bulk[ion] + state.channel[ion]) / (state.tank_l + state.channel_l)


def _carbon(state: TankState) -> float:
    return _everywhere(state, _DIC)
