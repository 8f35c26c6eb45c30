"""Step responses and steady states of the fish farm and the nutrient tank against solutions worked by hand."""

from dataclasses import replace
from math import exp

import numpy as np
import pytest

from simulator.plants import plant_factory, ras
from simulator.plants.nutrient_solution import IONS
from simulator.plants.nutrient_tank import NutrientTank, TankDrive, TankState
from simulator.plants.plant import Weather
from simulator.plants.ras import Ras, RasState

HALL = Weather(air_c=20.0, relative_humidity=0.7, wind_m_s=0.0, global_radiation_w_m2=0.0, sky_c=5.0)
WATER_KWH_M3_K = 4186.0 / 3600.0

# --- the fish farm without fish, bacteria and evaporation: what is left has closed solutions

BARE = replace(
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
PLANT = Ras(BARE)
OFF = {"circulation.pump": 0.0, "blower": 0.0, "uv": 0.0, "base.pump": 0.0, "makeup.valve": 0.0, "drum.rinse": 0.0}
QUIET = {**OFF, "circulation.pump": 1.0}


def run(hours: float, inputs: dict[str, float], state: RasState | None = None, plant: Ras = PLANT) -> RasState:
    state = plant.initial() if state is None else state
    for _ in range(round(hours * 3600.0 / plant.step_s)):
        state = plant.advance(state, inputs, HALL, plant.step_s)
    return state


def test_new_water_washes_nitrate_out_as_in_a_stirred_tank() -> None:
    plant = Ras(replace(BARE, start_sump_m3=BARE.sump_overflow_m3))
    after = run(24.0, {**QUIET, "makeup.valve": 1.0}, plant=plant)
    volume_m3 = after.tank_m3 + after.sump_m3 + BARE.mbbr_m3
    by_hand = BARE.makeup_nitrate_mg_l + (BARE.start_nitrate_mg_l - BARE.makeup_nitrate_mg_l) * exp(
        -24.0 * BARE.makeup_m3_h / volume_m3
    )
    everywhere = sum(water.nitrate for water in (after.tank, after.mbbr, after.sump)) / volume_m3
    # the loop turns over forty times a day: it is not quite one stirred tank
    assert everywhere == pytest.approx(by_hand, rel=0.02)


def test_bicarbonate_raises_alkalinity_by_what_is_dosed() -> None:
    before = run(1.0, QUIET)
    after = run(2.0, {**QUIET, "base.pump": 1.0}, before)
    dosed_mol = 2.0 * 60.0 * BARE.base_ml_min / 1000.0 * BARE.base_g_l / 84.0066
    stocks = [sum(water.alkalinity for water in (at.tank, at.mbbr, at.sump)) for at in (before, after)]
    assert stocks[1] - stocks[0] == pytest.approx(dosed_mol, rel=1e-9)


def test_a_still_tank_takes_oxygen_through_its_surface_exponentially() -> None:
    start = PLANT.initial()
    starved = start._replace(flow_m3_h=0.0).with_tank(m3=49.0)
    starved = starved.with_tank(water=starved.tank._replace(oxygen=2.0 * 49.0))
    after = run(12.0, OFF, starved)
    c = PLANT.observe(start, {}, HALL)
    balance = 0.98 * c["tank1.oxygen"] / c["tank1.oxygen_saturation"] * 100.0
    by_hand = balance + (2.0 - balance) * exp(-12.0 * BARE.surface_m_h * BARE.tank_surface_m2 / 49.0)
    assert after.tank.oxygen / after.tank_m3 == pytest.approx(by_hand, abs=0.01)


def test_the_cone_lifts_oxygen_by_what_it_dissolves_a_pass() -> None:
    # nothing breathes, nothing leaves but through the degasser and the surfaces: the jump over the cone is M / Q
    fifth = run(10.0, {**QUIET, "tank1.oxygen_valve": 0.2})
    jump_mg_l = fifth.pipe[-1] / (BARE.pipe_m3 / len(fifth.pipe)) - fifth.sump.oxygen / fifth.sump_m3
    assert jump_mg_l == pytest.approx(1000.0 * 0.2 * BARE.oxygen_gas_kg_h * BARE.cone_absorption / 120.0, rel=1e-3)


def test_a_heater_warms_the_water_along_the_exponential_of_its_walls() -> None:
    plant = Ras(replace(BARE, pump_heat=0.0))
    held_m3 = BARE.tank_m3 + BARE.start_sump_m3 + BARE.mbbr_m3 + BARE.pipe_m3
    tau_h = WATER_KWH_M3_K * held_m3 / BARE.wall_kw_per_k
    for hours in (1.0, 24.0):
        after = run(hours, {**QUIET, "heater": 1.0}, plant=plant)
        late_h = BARE.heat_lag_s / 3600.0
        by_hand = 25.0 + BARE.heater_kw / BARE.wall_kw_per_k * (1.0 - exp(-(hours - late_h) / tau_h))
        assert after.water_c - 25.0 == pytest.approx(by_hand - 25.0, rel=0.02)


def test_carbon_dioxide_leaves_in_the_degasser_by_its_share_a_pass() -> None:
    plant = Ras(replace(BARE, tank_air_per_h=0.0, surface_m_h=0.0, mbbr_air_per_h=0.0, start_alkalinity_mg_l=1e-3))
    blown = {**QUIET, "blower": 0.6}
    start, after = plant.initial(), run(3.0, blown, plant=plant)
    # without alkalinity all carbon is CO2; a turn takes V/Q and leaves 1 - E of what is above the hall's air
    volume_m3 = after.tank_m3 + after.sump_m3 + BARE.mbbr_m3
    gas_to_liquid = (BARE.draught_m3_h + 0.6 * BARE.fan_m3_h) / 120.0
    removal = 1.0 - exp(-BARE.degasser_coefficient * BARE.degasser_m * gas_to_liquid**0.6)
    stocks = [sum(water.carbon for water in (at.tank, at.mbbr, at.sump)) for at in (start, after)]
    balance = volume_m3 * 800.0 * 1.5e-3 / 44.0  # 800 ppm over water of 25 degC: 1.5 g/m3 a thousand ppm
    left = (stocks[1] - balance) / (stocks[0] - balance)
    assert left == pytest.approx(exp(-3.0 * 120.0 * removal / volume_m3), abs=0.03)


# --- the nutrient tank: three stirred bodies in a ring

TANK = plant_factory.load().tank
P = TANK.parameters
REST = TankDrive(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 800.0)
CL, NA, DIC = IONS.index("Cl"), IONS.index("Na"), IONS.index("DIC")


def steps(seconds: float, drive: TankDrive, state: TankState, tank: NutrientTank = TANK) -> TankState:
    for _ in range(round(seconds / 5.0)):
        state = tank.advance(state, drive, 5.0)
    return state


def with_pulse(state: TankState, mmol: float) -> TankState:
    inlet = list(state.inlet)
    inlet[CL] += mmol
    return state._replace(inlet=tuple(inlet))


def test_a_pulse_runs_round_the_ring_as_its_matrix_says() -> None:
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
    for seconds in (60.0, 300.0, 900.0):
        plain, pulsed = (steps(seconds, REST, state) for state in (start, with_pulse(start, 1000.0)))
        found = [getattr(pulsed, zone)[CL] - getattr(plain, zone)[CL] for zone in ("inlet", "bulk", "channel")]
        speeds, modes = np.linalg.eig(rates)
        by_hand = (modes @ (np.exp(speeds * seconds) * np.linalg.solve(modes, np.array([1000.0, 0.0, 0.0])))).real
        assert found == pytest.approx(list(by_hand), abs=10.0)  # of a thousand


def test_salt_that_no_root_takes_rises_to_its_share_of_what_is_drained() -> None:
    # physics.md 4.1: C = C_in / leach fraction
    drawn_l_s = 0.02
    drain = REST._replace(transpiration_l_s=drawn_l_s, drain=0.03, topup=0.0)
    state = TANK.initial()
    lost_l, hours = state.lost_l, 60
    for hour in range(hours):
        if hour == hours - 1:
            lost_l, filled_l = state.lost_l, state.filled_l
        for _ in range(360):
            missing_l = P.tank_start_l - state.tank_l
            state = TANK.advance(state, drain._replace(topup=min(1.0, max(0.0, missing_l / 1.5))), 10.0)
    leached = (state.lost_l - lost_l) / (state.filled_l - filled_l)
    sodium = (state.inlet[NA] + state.bulk[NA] + state.channel[NA]) / (state.tank_l + state.channel_l)
    assert 0.3 < leached < 0.9
    assert sodium == pytest.approx(P.water_sodium_mmol_l / leached, rel=0.05)


def test_carbon_dioxide_in_the_tank_follows_the_air_exponentially() -> None:
    # acid water: all carbon is CO2, and the exchange is a first-order lag
    tank = NutrientTank(replace(P, start_ph=4.0, channel_co2_per_h=P.tank_co2_per_h))
    start = tank.initial()
    rich = REST._replace(co2_ppm=4000.0)

    def carbon_mmol_l(state: TankState) -> float:
        return (state.inlet[DIC] + state.bulk[DIC] + state.channel[DIC]) / (state.tank_l + state.channel_l)

    settled = steps(12 * 3600.0, rich, start, tank)
    after = steps(1800.0, rich, start, tank)
    share = (carbon_mmol_l(after) - carbon_mmol_l(start)) / (carbon_mmol_l(settled) - carbon_mmol_l(start))
    aired = 1.0 - P.tank_inlet_share * start.tank_l / (start.tank_l + start.channel_l)  # the inlet zone is covered
    assert share == pytest.approx(1.0 - exp(-0.5 * P.tank_co2_per_h * aired), rel=0.05)
