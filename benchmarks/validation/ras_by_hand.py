"""The fish farm without fish, bacteria and evaporation: what is left has solutions in closed form."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import exp
from typing import Final

import numpy as np

from benchmarks.validation.course import Course
from simulator.plants import ras
from simulator.plants.plant import Weather
from simulator.plants.ras import Ras, RasState

BARE: Final = replace(
    ras.load("bass_50m3").parameters,
    start_biomass_kg=1e-9,
    start_stomach_g=0.0,
    start_gut_g=0.0,
    media_m2=0.0,
    solids_decay_per_d=0.0,
    evaporation_m_h=0.0,
    degasser_humidification=0.0,
    drum_rinse_m3_h=0.0,
    hall_c=25.0,
    makeup_c=25.0,
    start_nitrite_mg_l=0.0,
    start_sump_m3=6.0,
)
_HALL: Final = Weather(air_c=20.0, relative_humidity=0.7, wind_m_s=0.0, global_radiation_w_m2=0.0, sky_c=5.0)
_OFF: Final = {
    "circulation.pump": 0.0, "blower": 0.0, "uv": 0.0, "base.pump": 0.0, "makeup.valve": 0.0, "drum.rinse": 0.0,
}  # fmt: skip
_QUIET: Final = {**_OFF, "circulation.pump": 1.0}
_FLOW_M3_H: Final = 120.0
_WATER_KWH_M3_K: Final = 4186.0 / 3600.0
_NAHCO3_G_MOL: Final = 84.0066
_K1_MOL_L: Final = 10.0**-6.35
"""Of carbonic acid at 25 degC."""
_DAY_H: Final = tuple(float(hour) for hour in range(2, 25, 2))


def new_water_washes_nitrate_out() -> Course:
    """The loop turns over forty times a day: it is not quite one stirred tank."""
    plant = Ras(replace(BARE, start_sump_m3=BARE.sump_overflow_m3))
    ours, worked = [], []
    for hours, at in _states(plant, {**_QUIET, "makeup.valve": 1.0}, _DAY_H):
        volume_m3 = at.tank_m3 + at.sump_m3 + BARE.mbbr_m3
        ours.append(sum(water.nitrate for water in (at.tank, at.mbbr, at.sump)) / volume_m3)
        left = exp(-hours * BARE.makeup_m3_h / volume_m3)
        worked.append(BARE.makeup_nitrate_mg_l + (BARE.start_nitrate_mg_l - BARE.makeup_nitrate_mg_l) * left)
    allowed = tuple(0.02 * one for one in worked)
    return Course(
        "fish farm: new water washes nitrate out", "one stirred tank, c0·exp(-q t/V)", "mg/L", _DAY_H, tuple(ours),
        tuple(worked), allowed,
    )  # fmt: skip


def bicarbonate_raises_alkalinity() -> Course:
    """From the second hour on, when the loop runs."""
    plant, hours = Ras(BARE), tuple(0.1 * tenth for tenth in range(1, 11))
    [(_, settled)] = _states(plant, _QUIET, (1.0,))
    was = _alkalinity(settled)
    ours = [_alkalinity(at) - was for _, at in _states(plant, {**_QUIET, "base.pump": 1.0}, hours, settled)]
    mol_h = 60.0 * BARE.base_ml_min / 1000.0 * BARE.base_g_l / _NAHCO3_G_MOL
    worked = tuple(mol_h * hour for hour in hours)
    return Course(
        "fish farm: bicarbonate raises alkalinity", "what was dosed, 1 mol each", "mol", hours, tuple(ours), worked,
        tuple(1e-9 * one for one in worked),
    )  # fmt: skip


def a_still_tank_takes_oxygen_through_its_surface() -> Course:
    """Nothing runs: 49 m3 of starved water under air."""
    plant, hours = Ras(BARE), tuple(float(hour) for hour in range(1, 13))
    start = plant.initial()
    starved = start._replace(flow_m3_h=0.0).with_tank(m3=49.0)
    starved = starved.with_tank(water=starved.tank._replace(oxygen=2.0 * 49.0))
    seen = plant.observe(start, {}, _HALL)
    balance = 0.98 * seen["tank1.oxygen"] / seen["tank1.oxygen_saturation"] * 100.0
    per_h = BARE.surface_m_h * BARE.tank_surface_m2 / 49.0
    ours = [at.tank.oxygen / at.tank_m3 for _, at in _states(plant, _OFF, hours, starved)]
    return Course(
        "fish farm: a still tank takes oxygen through its surface", "cs + (c0 - cs)·exp(-k A t/V)", "mg/L", hours,
        tuple(ours), tuple(balance + (2.0 - balance) * exp(-hour * per_h) for hour in hours), (0.01,) * len(hours),
    )  # fmt: skip


def the_cone_lifts_oxygen_a_pass() -> Course:
    """At rest after ten hours: nothing breathes, so the jump over the cone is what it dissolves over the flow."""
    [(hours, at)] = _states(Ras(BARE), {**_QUIET, "tank1.oxygen_valve": 0.2}, (10.0,))
    jump_mg_l = at.pipe[-1] / (BARE.pipe_m3 / len(at.pipe)) - at.sump.oxygen / at.sump_m3
    worked = 1000.0 * 0.2 * BARE.oxygen_gas_kg_h * BARE.cone_absorption / _FLOW_M3_H
    return Course(
        "fish farm at rest: the cone lifts oxygen a pass", "M/Q", "mg/L", (hours,), (jump_mg_l,), (worked,),
        (1e-3 * worked,),
    )  # fmt: skip


def a_heater_warms_the_water() -> Course:
    """Behind the heater's own lag, along the exponential of water and walls."""
    plant, hours = Ras(replace(BARE, pump_heat=0.0)), (1.0, *_DAY_H)
    tau_h = _WATER_KWH_M3_K * (BARE.tank_m3 + BARE.start_sump_m3 + BARE.mbbr_m3 + BARE.pipe_m3) / BARE.wall_kw_per_k
    late_h, most_k = BARE.heat_lag_s / 3600.0, BARE.heater_kw / BARE.wall_kw_per_k
    rises = tuple(most_k * (1.0 - exp(-(hour - late_h) / tau_h)) for hour in hours)
    ours = [at.water_c - 25.0 for _, at in _states(plant, {**_QUIET, "heater": 1.0}, hours)]
    return Course(
        "fish farm: a heater warms the water", "P/UA·(1 - exp(-(t - lag)·UA/C))", "K", hours, tuple(ours), rises,
        tuple(0.02 * rise for rise in rises),
    )  # fmt: skip


def carbon_dioxide_leaves_in_the_degasser() -> Course:
    """Without alkalinity nearly all carbon is CO2. What is above the hall's air goes round tank, biofilter and sump,
    stirred each, and a pass through the degasser between the last two leaves 1 - E of it."""
    plant = Ras(replace(BARE, tank_air_per_h=0.0, surface_m_h=0.0, mbbr_air_per_h=0.0, start_alkalinity_mg_l=1e-3))
    hours, start = tuple(0.5 * half for half in range(1, 7)), plant.initial()
    gas_to_liquid = (BARE.draught_m3_h + 0.6 * BARE.fan_m3_h) / _FLOW_M3_H
    kept = exp(-BARE.degasser_coefficient * BARE.degasser_m * gas_to_liquid**0.6)
    tank, mbbr, sump = (_FLOW_M3_H / volume_m3 for volume_m3 in (start.tank_m3, BARE.mbbr_m3, start.sump_m3))
    speeds, modes = np.linalg.eig(np.array([[-tank, 0.0, tank], [mbbr, -mbbr, 0.0], [0.0, kept * sump, -sump]]))
    volumes_m3 = np.array([start.tank_m3, BARE.mbbr_m3, start.sump_m3])
    weights = np.linalg.solve(modes, np.ones(3))
    # 800 ppm over water of 25 degC: 1.5 g/m3 a thousand ppm; and as much bicarbonate as hydrogen ions, h2 = K1·CO2
    carbonic_mol_l = 800.0 * 1.5e-6 / 44.0
    balance = 1000.0 * float(volumes_m3.sum()) * (carbonic_mol_l + (_K1_MOL_L * carbonic_mol_l) ** 0.5)
    was = _carbon(start) - balance
    ours = [(_carbon(at) - balance) / was for _, at in _states(plant, {**_QUIET, "blower": 0.6}, hours)]
    zones = [(modes @ (np.exp(speeds * hour) * weights)).real for hour in hours]
    worked = tuple(float(volumes_m3 @ zone / volumes_m3.sum()) for zone in zones)
    return Course(
        "fish farm: carbon dioxide leaves in the degasser", "eigenvalues of the loop's matrix, 1 - E a pass", "", hours,
        tuple(ours), worked, (0.03,) * len(hours),
    )  # fmt: skip


COURSES: Final[Sequence[Callable[[], Course]]] = (
    new_water_washes_nitrate_out,
    a_heater_warms_the_water,
    a_still_tank_takes_oxygen_through_its_surface,
    carbon_dioxide_leaves_in_the_degasser,
    bicarbonate_raises_alkalinity,
    the_cone_lifts_oxygen_a_pass,
)


def _states(
    plant: Ras, inputs: Mapping[str, float], hours: Sequence[float], state: RasState | None = None
) -> Iterator[tuple[float, RasState]]:
    """The plant at each of these hours, inputs constant."""
    state = plant.initial() if state is None else state
    done = 0
    for hour in hours:
        until = round(hour * 3600.0 / plant.step_s)
        for _ in range(until - done):
            state = plant.advance(state, inputs, _HALL, plant.step_s)
        done = until
        yield hour, state


def _alkalinity(state: RasState) -> float:
    return sum(water.alkalinity for water in (state.tank, state.mbbr, state.sump))


def _carbon(state: RasState) -> float:
    return sum(water.carbon for water in (state.tank, state.mbbr, state.sump))
