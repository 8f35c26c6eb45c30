"""Fish and lettuce on one water: what roots do to nitrate, minerals and pH, and that the books close."""

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simulator.parameters import ParameterError
from simulator.plants.aquaponics import Aquaponics, AquaponicsState, load
from simulator.plants.lettuce import Lettuce
from simulator.plants.nutrient_solution import IONS
from simulator.plants.plant import Plant, Weather
from simulator.plants.rafts import Air, came_in, draw
from simulator.plants.ras_water import Water

PLANT = load()
SKY = Weather(12.0, 0.7, 2.0, 200.0, 3.0)
LIT = {"lamps": 1.0, "tank1.oxygen_valve": 0.5, "makeup.valve": 0.3}


def run(
    hours: float,
    inputs: Mapping[str, float] = LIT,
    state: AquaponicsState | None = None,
    plant: Aquaponics = PLANT,
    step_s: float = PLANT.step_s,
) -> AquaponicsState:
    state = plant.initial() if state is None else state
    for _ in range(round(hours * 3600.0 / step_s)):
        state = plant.advance(state, inputs, SKY, step_s)
    return state


def see(state: AquaponicsState, name: str, plant: Aquaponics = PLANT) -> float:
    return plant.observe(state, {}, SKY)[name]


def without_crop(state: AquaponicsState) -> AquaponicsState:
    return state._replace(crop=Lettuce(0.001, 0.001))


@cache
def fed_day() -> AquaponicsState:
    """A day of light with three meals, oxygen, potash and new water as they are needed."""
    state = PLANT.initial()
    for step in range(round(86400.0 / PLANT.step_s)):
        hour = step * PLANT.step_s / 3600.0
        if step % 3 == 0:
            seen = PLANT.observe(state, {}, SKY)
            inputs = {
                "lamps": float(5.0 <= hour < 21.0),
                "feeder": float(any(meal <= hour < meal + 0.28 for meal in (8.0, 12.0, 16.0))),
                "tank1.oxygen_valve": 0.4 + 0.3 * (6.5 - seen["tank1.oxygen"]),
                "heater": 25.0 - seen["tank1.temperature"],
                "base.pump": 2.0 * (7.0 - seen["tank1.ph"]),
                "makeup.valve": float(seen["sump.level"] < 88.0),
            }
        state = PLANT.advance(state, inputs, SKY, PLANT.step_s)
    return state


def test_it_is_a_plant() -> None:
    plant: Plant = PLANT
    assert set(plant.observe(plant.initial(), {}, SKY)) == set(plant.outputs)
    for port in plant.inputs.values():
        assert port.low <= port.default <= port.high


def test_a_day_is_good_for_fish_and_lettuce() -> None:
    day = fed_day()
    assert see(day, "tank1.fish") == 2000.0
    assert see(day, "tank1.oxygen") > 5.0
    assert see(day, "fed") / 1000.0 == pytest.approx(12.0, rel=0.05)
    assert see(day, "tank1.biomass") > 1006.0
    assert 6.7 < see(day, "tank1.ph") < 7.4
    assert 0.5 < see(day, "water.ec") < 1.2
    mol = 1e-6 * (200.0 * 16.0 + 0.5 * 0.45 * 4.6 * 200.0 * 24.0) * 3600.0
    grown = sum(day.crop[:2]) + day.harvested_g_m2 - sum(PLANT.initial().crop[:2])
    assert 0.6 < grown / mol < 1.4  # g of dry matter a mol of light, as in a plant factory


def test_roots_take_the_nitrogen_that_fish_give() -> None:
    start = PLANT.initial()
    planted, bare = run(24.0, state=start), run(24.0, state=without_crop(start))
    assert see(planted, "tank1.no3") < see(bare, "tank1.no3") - 0.5
    assert planted.taken_n_g > 50.0
    # lettuce is 4.5 % nitrogen; in a crop that has just got more light the sugar comes first
    grown_g = 140.0 * (sum(planted.crop[:2]) + planted.harvested_g_m2 - sum(start.crop[:2]))
    assert planted.taken_n_g < 0.045 * grown_g
    before = run(72.0, state=planted)
    later = run(24.0, state=before)
    settled_g = 140.0 * (later.harvested_g_m2 - before.harvested_g_m2)
    assert 0.03 * settled_g < later.taken_n_g - before.taken_n_g < 0.045 * settled_g


def test_roots_that_take_nitrate_leave_alkalinity() -> None:
    start = PLANT.initial()
    planted, bare = run(24.0, state=start), run(24.0, state=without_crop(start))
    gained = planted.ras.ledger.alkalinity_in_mol - bare.ras.ledger.alkalinity_in_mol
    taken_mol = planted.taken_n_g / 14.0067
    # ten parts of nitrate and one of ammonium against potassium, calcium and magnesium
    assert 0.02 * taken_mol < gained < 0.5 * taken_mol


def test_the_supplement_is_salts_and_potash_is_a_base() -> None:
    def charge_mol(salt_l: float, potash_mol: float) -> float:
        came = came_in(PLANT.raft, 0.0, potash_mol, 0.0, salt_l)
        cations = came.potassium + 2.0 * (came.calcium + came.magnesium)
        return cations - 1.4 * came.phosphorus - 2.0 * came.sulphate - came.chloride

    assert charge_mol(3.0, 0.0) == pytest.approx(0.0, abs=1e-12)
    assert charge_mol(0.0, 2.0) == pytest.approx(2.0)


def test_roots_give_back_as_alkalinity_what_they_take_in_charges() -> None:
    held = (1200.0, 1300.0, 500.0, 50.0, 2000.0, 300.0, 800.0, 0.0, 1200.0, 0.0)
    air = Air(22.0, 0.7, 600.0, 300.0)
    drawn = draw(PLANT.raft, PLANT.initial().crop, held, 1000.0, 1e6, 25.0, 1.0, air, 20.0)
    charges = (1.0, 2.0, 2.0, 1.0, -1.0, -1.4, -2.0, 1.0, -1.0, 0.0)
    assert all(amount > 0.0 for amount in drawn.taken[:7])
    left_mmol = -sum(charge * amount for charge, amount in zip(charges, drawn.taken, strict=True))
    assert 1000.0 * drawn.alkalinity_mol == pytest.approx(left_mmol, rel=1e-9)


def test_leaves_draw_the_water_down() -> None:
    start = PLANT.initial()
    shut = {**LIT, "makeup.valve": 0.0, "drum.rinse": 0.0}
    planted, bare = run(24.0, shut, start), run(24.0, shut, without_crop(start))
    drawn_l_m2 = 1000.0 * (bare.ras.sump_m3 - planted.ras.sump_m3) / 140.0
    assert 1.0 < drawn_l_m2 < 5.0


def test_potash_and_supplement_bring_what_lettuce_lacks() -> None:
    start = PLANT.initial()
    plain = run(6.0, {**LIT, "base.pump": 0.0}, start)
    potash = run(6.0, {**LIT, "base.pump": 1.0}, start)
    salts = run(6.0, {**LIT, "base.pump": 0.0, "supplement.pump": 1.0}, start)
    assert see(potash, "water.potassium") > see(plain, "water.potassium") + 5.0
    assert see(potash, "tank1.ph") > see(plain, "tank1.ph") + 0.1
    assert see(salts, "water.potassium") > see(plain, "water.potassium") + 3.0
    assert see(salts, "water.ec") > see(plain, "water.ec") + 0.02
    assert see(salts, "tank1.ph") == pytest.approx(see(plain, "tank1.ph"), abs=0.01)


def test_what_runs_over_takes_its_minerals_along() -> None:
    start = without_crop(PLANT.initial())._replace(minerals=PLANT.initial().minerals)
    exchange = {"makeup.valve": 1.0, "drum.rinse": 0.3, "base.pump": 0.0}
    after = run(24.0, exchange, start)
    was, now = start.ras.ledger, after.ras.ledger
    gone_m3 = now.water_out_m3 - was.water_out_m3 - (now.evaporated_m3 - was.evaporated_m3)
    volume_m3 = after.ras.tank_m3 + after.ras.sump_m3 + PLANT.fish.parameters.mbbr_m3
    left = math.exp(-gone_m3 / volume_m3)
    r = PLANT.raft
    assert gone_m3 > 15.0
    # chloride comes with the new water and a little with feed, and goes with what runs over
    expected = r.makeup_chloride_mmol_l + (r.start_chloride_mmol_l - r.makeup_chloride_mmol_l) * left
    assert after.minerals.chloride / volume_m3 == pytest.approx(expected, rel=0.03)


def test_roots_in_sour_water_poor_in_nitrate_leave_no_debt_of_alkalinity() -> None:
    start = PLANT.initial()
    side = start.ras

    def sour(water: Water) -> Water:
        return water._replace(alkalinity=0.0, tan=0.0, nitrate=0.03 * water.nitrate)

    standing = {**LIT, "base.pump": 0.0, "makeup.valve": 0.0, "circulation.pump": 0.0}
    side = side._replace(flow_m3_h=0.0).with_tank(m3=PLANT.fish.parameters.tank_rest_m3)
    state = start._replace(
        ras=side._replace(mbbr=sour(side.mbbr), sump=sour(side.sump)).with_tank(water=sour(side.tank))
    )
    for _ in range(30):
        state = PLANT.advance(state, standing, SKY, PLANT.step_s)
        assert state.ras.sump.alkalinity >= 0.0
    assert state.taken_n_g > 0.0


def test_without_potassium_the_crop_stands_still() -> None:
    start = PLANT.initial()
    poor = start._replace(minerals=start.minerals._replace(potassium=0.01))
    no_potash = {**LIT, "base.pump": 0.0}
    grown = [sum(run(12.0, no_potash, state).crop[:2]) - sum(state.crop[:2]) for state in (start, poor)]
    assert grown[1] < 0.2 * grown[0]


def test_charges_balance_in_the_tank_and_sodium_hardly_moves() -> None:
    charge = dict(zip(IONS, (1.0, 2.0, 2.0, 1.0, -1.0, -1.4, -2.0, 1.0, -1.0, 0.0), strict=True))
    for state in (PLANT.initial(), fed_day()):
        ions = dict(zip(IONS, PLANT.tank_ions(state), strict=True))
        alkalinity = state.ras.tank.alkalinity / state.ras.tank_m3
        excess = sum(charge[name] * amount for name, amount in ions.items()) - alkalinity
        assert abs(excess) < 0.03 * alkalinity  # ammonia, nitrate and alkalinity differ a little from place to place
    before, after = (PLANT.tank_ions(state)[IONS.index("Na")] for state in (PLANT.initial(), fed_day()))
    assert after == pytest.approx(before, rel=0.05)


def test_water_oxygen_nitrogen_alkalinity_carbon_and_every_mineral_add_up() -> None:
    missing = PLANT.closure(PLANT.initial(), fed_day())
    assert {"water", "oxygen", "nitrogen", "alkalinity", "carbon", "potassium", "phosphorus"} <= set(missing)
    assert max(missing.values()) < 1e-9
    day = fed_day()
    leaking = day._replace(minerals=day.minerals._replace(calcium=0.99 * day.minerals.calcium))
    assert PLANT.closure(PLANT.initial(), leaking)["calcium"] > 1e-3


def test_half_the_step_says_the_same() -> None:
    whole, half = run(12.0), run(12.0, step_s=PLANT.step_s / 2.0)
    for name in ("tank1.oxygen", "tank1.tan", "tank1.ph", "water.ec", "water.potassium", "crop.dry_mass", "sump.level"):
        assert see(whole, name) == pytest.approx(see(half, name), rel=0.005), name


def test_the_same_inputs_give_the_same_bytes() -> None:
    assert repr(run(2.0)) == repr(run(2.0, plant=load()))
    assert load(seed=1).raft == load(seed=1).raft != load(seed=2).raft


def test_a_start_that_no_water_can_have_is_refused() -> None:
    with pytest.raises(ParameterError, match="less than no sodium"):
        Aquaponics(PLANT.fish.parameters, replace(PLANT.raft, start_calcium_mmol_l=20.0))


WILD = st.sampled_from([0.0, 1.0, 0.5, -3.0, 7.0, math.nan, math.inf, -math.inf])


@settings(max_examples=25, deadline=None)
@given(
    orders=st.lists(st.dictionaries(st.sampled_from(sorted(PLANT.inputs)), WILD), min_size=1, max_size=3),
    sky=st.builds(
        Weather,
        air_c=st.sampled_from([-60.0, 12.0, 55.0, math.nan]),
        relative_humidity=st.just(0.5),
        wind_m_s=st.just(2.0),
        global_radiation_w_m2=st.sampled_from([0.0, 900.0, 5000.0, -3.0, math.nan]),
        sky_c=st.just(0.0),
        pressure_pa=st.sampled_from([60000.0, 101325.0, math.nan]),
    ),
    alkalinity=st.sampled_from([0.0, 1.0, 5.0]),
    nitrate=st.sampled_from([0.0, 1.0]),
    plant=st.sampled_from([PLANT, load(seed=1), load(seed=2)]),
    step_s=st.sampled_from([0.1, 1.0, PLANT.step_s]),
)
@example([{"drum.rinse": 1.0, "makeup.valve": 0.0, "lamps": 1.0}], SKY, 0.0, 0.0, PLANT, 20.0)
def test_no_input_makes_nonsense(
    orders: list[dict[str, float]], sky: Weather, alkalinity: float, nitrate: float, plant: Aquaponics, step_s: float
) -> None:
    start = plant.initial()
    sump = start.ras.sump
    sump = sump._replace(alkalinity=sump.alkalinity * alkalinity, nitrate=sump.nitrate * nitrate)
    start = state = start._replace(ras=start.ras._replace(sump=sump))
    for inputs in orders:
        for _ in range(60):
            state = plant.advance(state, inputs, sky, step_s)
        side = state.ras
        assert min(*side.tank, *side.mbbr, *side.sump, *side.fish, side.sump_m3, side.tank_m3) >= 0.0
        assert min(*state.minerals, *state.crop) >= 0.0
        for name, value in plant.observe(state, inputs, sky).items():
            port = plant.outputs[name]
            assert port.low <= value <= port.high, f"{name} is {value}"
    assert max(plant.closure(start, state).values()) < 1e-9
