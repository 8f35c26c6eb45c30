"""The nutrient tank: what a dose does, when the probe learns of it, and that no ion is lost."""

import math
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from foundation.nutrients import ec25_ms_cm, nutrient_ph
from simulator.plants.nutrient_solution import IONS, charge_at, charges, conductivity_ms_cm, constants, ph_of
from simulator.plants.nutrient_tank import NutrientTank, TankDrive, TankState, constants_near
from simulator.plants.plant_factory import load

TANK = load().tank
REST = TankDrive(
    circulation=1.0,
    pump_a=0.0,
    pump_b=0.0,
    pump_acid=0.0,
    pump_base=0.0,
    topup=0.0,
    drain=0.0,
    transpiration_l_s=0.0,
    tissue_g_s=0.0,
    tissue_water_l_s=0.0,
    root_co2_g_s=0.0,
    heat_w=0.0,
    co2_ppm=800.0,
)
CROP = REST._replace(transpiration_l_s=2.9e-3, tissue_g_s=0.0135, tissue_water_l_s=3.6e-4, root_co2_g_s=6e-5)


def run(
    seconds: float, drive: TankDrive, state: TankState | None = None, tank: NutrientTank = TANK, step_s: float = 10.0
) -> TankState:
    state = tank.initial() if state is None else state
    for _ in range(round(seconds / step_s)):
        state = tank.advance(state, drive, step_s)
    return state


def litres(state: TankState) -> float:
    return state.tank_l + state.channel_l


def ec(state: TankState) -> float:
    return TANK.probe(state)[0]


def ph(state: TankState) -> float:
    return TANK.probe(state)[1]


def named(ions: tuple[float, ...]) -> dict[str, float]:
    names = {"P": "H2PO4", "DIC": "HCO3"}
    return {names.get(name, name): amount for name, amount in zip(IONS, ions, strict=True)}


def test_a_farm_starts_at_its_targets() -> None:
    assert (ec(TANK.initial()), ph(TANK.initial())) == pytest.approx((1.8, 5.8), abs=1e-6)


@given(
    strength=st.floats(0.1, 2.5),
    lime=st.floats(0.0, 2.0),
    salt=st.floats(0.0, 2.0),
    carbon=st.floats(0.0, 1.0),
    acid=st.floats(-0.5, 1.0),
    water_c=st.floats(10.0, 30.0),
)
def test_the_fast_chemistry_is_that_of_the_foundation(
    strength: float, lime: float, salt: float, carbon: float, acid: float, water_c: float
) -> None:
    k, ca, mg, nh4, p, so4 = 6.0 * strength, 3.0 * strength + lime, strength, 0.6 * strength, strength, strength
    no3 = k + 2.0 * (ca + mg - so4) + nh4 - p + acid - 0.5
    ions = (k, ca, mg, nh4, max(0.0, no3), p, so4, salt, salt, carbon)
    found, _ = ph_of(ions, constants(water_c), 6.0)
    if found < 8.0:  # above it calcium carbonate pairs count, which a nutrient tank never sees
        assert found == pytest.approx(nutrient_ph(named(ions), water_c), abs=0.05)
    # the foundation counts all the carbon as bicarbonate
    assert conductivity_ms_cm((*ions[:-1], 0.0), 7.0) == pytest.approx(ec25_ms_cm(named((*ions[:-1], 0.0))), rel=0.02)


@given(st.floats(0.0, 14.0), st.floats(-3.0, 30.0))
def test_ph_is_found_from_anywhere(near_ph: float, acid_mmol_l: float) -> None:
    ions = (7.0, 3.0, 1.0, 0.8, 13.8 + acid_mmol_l, 1.4, 1.0, 0.3, 0.3, 0.1)
    at = constants_near(22.0)
    found, co2_share = ph_of(ions, at, near_ph)
    excess, _, _ = charge_at(charges(ions, at), 10.0**-found)
    assert abs(excess) < 1e-6 * 30.0
    assert 0.0 <= co2_share <= 1.0


def test_a_and_b_raise_ec_by_what_was_dosed() -> None:
    start = TANK.initial()
    seconds, rate = 300.0, TANK.parameters.pump_a_ml_s / 1000.0
    dosed = run(1800.0, REST, run(seconds, REST._replace(pump_a=1.0, pump_b=1.0)))
    assert (dosed.dosed_a_l, dosed.dosed_b_l) == pytest.approx((seconds * rate, seconds * rate))
    before = [sum(zone) for zone in zip(start.inlet, start.bulk, start.channel, strict=True)]
    mixed = [
        (amount + seconds * rate * (a + b)) / litres(dosed)
        for amount, a, b in zip(before, TANK.stock_a, TANK.stock_b, strict=True)
    ]
    assert ec(dosed) == pytest.approx(conductivity_ms_cm(tuple(mixed), ph(dosed)), abs=0.002)
    assert ec(dosed) > ec(start) + 0.08


def ph_change(dose: TankDrive, seconds: float, tank: NutrientTank = TANK, water: TankDrive = REST) -> float:
    """What a dose does to the probe 25 minutes later, against the same water undosed."""
    before = run(1800.0, water, tank=tank)
    dosed = run(1500.0, REST, run(seconds, dose, before, tank), tank)
    undosed = run(1500.0 + seconds, REST, before, tank)
    return tank.probe(dosed)[1] - tank.probe(undosed)[1]


def test_acid_lowers_ph_and_more_where_alkalinity_is_low() -> None:
    hard = NutrientTank(replace(TANK.parameters, water_calcium_mmol_l=2.0))
    acid, filling = REST._replace(pump_acid=1.0), REST._replace(topup=1.0)
    in_hard, in_soft = ph_change(acid, 40.0, hard, filling), ph_change(acid, 40.0, TANK, filling)
    assert in_soft < 1.3 * in_hard < 0.0
    assert -0.3 < in_soft < -0.05


def test_base_raises_ph() -> None:
    assert 0.05 < ph_change(REST._replace(pump_base=1.0), 120.0) < 0.3


def test_the_probe_learns_of_a_dose_late_and_slowly() -> None:
    start = TANK.initial()
    dosed = run(60.0, REST._replace(pump_a=1.0, pump_b=1.0))
    final = ec(run(3600.0, REST, dosed)) - ec(start)
    seen = {0: 0.0}
    state, seconds = dosed, 60
    while seconds < 900:
        state, seconds = run(10.0, REST, state), seconds + 10
        seen[seconds] = (ec(state) - ec(start)) / final
    dead_s = TANK.parameters.probe_dead_s
    assert all(share < 0.1 for second, share in seen.items() if second <= dead_s)
    most_s = next(second for second, share in seen.items() if share > 0.63)
    assert 120 < most_s < 360
    assert seen[890] == pytest.approx(1.0, abs=0.03)


def test_without_circulation_the_probe_stays_unaware_of_a_dose() -> None:
    still = run(1800.0, REST._replace(circulation=0.0, pump_acid=0.05, pump_a=0.2, pump_b=0.2))
    start = TANK.initial()
    assert TANK.probe(still) == TANK.probe(start)
    moving = run(1800.0, REST, still)
    assert ec(moving) > ec(start) + 0.05
    assert ph(moving) < ph(start) - 0.1


def test_stopped_circulation_drains_the_channels_into_the_tank() -> None:
    still = run(1200.0, REST._replace(circulation=0.0))
    assert still.channel_l == pytest.approx(TANK.parameters.channel_weir_l, rel=0.01)
    assert litres(still) == pytest.approx(litres(TANK.initial()))


def test_an_empty_tank_starves_the_pump_and_keeps_its_last_litres() -> None:
    empty = run(4 * 3600.0, REST._replace(drain=1.0))
    assert 0.0 < empty.tank_l < TANK.parameters.tank_foot_valve_l
    assert TANK.supply_l_s(empty, 1.0) == 0.0
    assert all(amount >= 0.0 for zone in (empty.inlet, empty.bulk, empty.channel) for amount in zone)


def test_a_low_tank_turns_over_quickly_and_loses_no_ion() -> None:
    shallow = NutrientTank(replace(TANK.parameters, tank_foot_valve_l=15.0))
    start = shallow.initial()
    low = run(3600.0, REST._replace(drain=1.0), start, shallow)
    low = run(600.0, REST._replace(pump_acid=1.0), low._replace(tank_l=31.0, channel_l=320.0), shallow)
    assert all(amount >= 0.0 for zone in (low.inlet, low.bulk, low.channel) for amount in zone)
    assert shallow.ions_unexplained(start, low) < 1e-9


def test_a_full_tank_runs_over_and_not_away() -> None:
    full = run(6 * 3600.0, REST._replace(topup=1.0))
    assert full.tank_l == pytest.approx(TANK.parameters.tank_full_l, rel=0.01)
    assert litres(full) == pytest.approx(litres(TANK.initial()) + full.topup_l - full.lost_l)


def test_undosed_ec_and_ph_drift_as_on_a_farm() -> None:
    state = TANK.initial()
    for _ in range(24):  # an hour of crop, then water back to the level
        state = run(3600.0, CROP, state)
        missing_s = (TANK.parameters.tank_start_l - state.tank_l) / TANK.parameters.topup_l_s
        state = run(max(0.0, missing_s), CROP._replace(topup=1.0), state)
    assert -0.3 < ec(state) - 1.8 < -0.1
    assert 0.1 < ph(state) - 5.8 < 0.3


def test_the_crop_takes_nutrients_and_leaves_salt() -> None:
    state = run(86400.0, CROP)
    taken = dict(zip(IONS, state.removed, strict=True))
    grams = CROP.tissue_g_s * 86400.0
    assert taken["Na"] == taken["Cl"] == 0.0
    assert 14.007 * (taken["NO3"] + taken["NH4"]) / grams == pytest.approx(45.0, rel=0.03)  # mg N per g
    assert 39.098 * taken["K"] / grams == pytest.approx(75.0, rel=0.03)
    assert 30.974 * taken["P"] / grams == pytest.approx(6.0, rel=0.03)


def test_hungry_roots_slow_down_before_the_water_is_empty() -> None:
    bare = run(86400.0, CROP._replace(tissue_g_s=0.5, tissue_water_l_s=0.0))
    assert 0.0 <= TANK.nitrogen_supply(bare) < 0.3
    assert min(min(bare.bulk), min(bare.channel)) >= 0.0


share = st.floats(0.0, 1.0)
drives = st.builds(
    TankDrive,
    circulation=share,
    pump_a=share,
    pump_b=share,
    pump_acid=share,
    pump_base=share,
    topup=share,
    drain=share,
    transpiration_l_s=st.floats(0.0, 0.01),
    tissue_g_s=st.floats(0.0, 0.1),
    tissue_water_l_s=st.floats(0.0, 0.003),
    root_co2_g_s=st.floats(0.0, 0.01),
    heat_w=st.floats(-5000.0, 5000.0),
    co2_ppm=st.floats(50.0, 1e5),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(drives, min_size=1, max_size=4), st.sampled_from([1.0, 4.0, 10.0]))
@example([REST._replace(drain=1.0), REST._replace(drain=1.0, pump_acid=1.0)], 10.0)
@example([REST._replace(circulation=0.0, pump_base=1.0), REST], 10.0)
def test_no_ion_and_no_litre_is_lost_whatever_runs(program: list[TankDrive], step_s: float) -> None:
    start = state = TANK.initial()
    transpired = 0.0
    for drive in program:
        for _ in range(150):
            if TANK.water_for_roots_l(state) < 1.0:  # the farm lets thirsty leaves close
                drive = drive._replace(transpiration_l_s=0.0, tissue_water_l_s=0.0)
            state = TANK.advance(state, drive, step_s)
            transpired += drive.transpiration_l_s * step_s
    assert TANK.ions_unexplained(start, state) < 1e-9
    assert litres(state) - litres(start) == pytest.approx(state.filled_l - state.lost_l - transpired, abs=1e-6)
    assert all(amount >= 0.0 for zone in (state.inlet, state.bulk, state.channel) for amount in zone)
    assert state.tank_l > 0.0
    assert state.channel_l > 0.0
    assert 0.0 <= ph(state) <= 14.0
    assert math.isfinite(ec(state))
    assert math.isfinite(state.water_c)
