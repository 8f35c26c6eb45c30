"""The plant factory: its air without its coil, its lamps, its crop, and that its books close."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simulator.plants.canopy import canopy_fluxes
from simulator.plants.lettuce import DRY_MATTER_PER_CO2, Lettuce, grow, light_interception, photosynthesis_g_m2_s
from simulator.plants.plant import Plant, Weather
from simulator.plants.plant_factory import PlantFactory, PlantFactoryState, load
from simulator.plants.plant_factory_room import LATENT_J_KG, Lit, RoomDrive

PLANT = load()
TWO_RACKS = load("plant_factory_2x50m2")
PLANT_TANK = PLANT.tank.parameters
SPRING = Weather(air_c=12.0, relative_humidity=0.7, wind_m_s=2.0, global_radiation_w_m2=0.0, sky_c=0.0)
DAY = {"lamps": 0.75, "cooling": 0.62, "dehumidifier": 1.0}
NIGHT = {"cooling": 0.2}

Program = Callable[[float], Mapping[str, float]]


def run(
    seconds: float,
    inputs: Mapping[str, float] | Program,
    state: PlantFactoryState | None = None,
    step_s: float = 10.0,
    plant: PlantFactory = PLANT,
) -> PlantFactoryState:
    state = plant.initial() if state is None else state
    for count in range(round(seconds / step_s)):
        held = inputs if isinstance(inputs, Mapping) else inputs(count * step_s)
        state = plant.advance(state, held, SPRING, step_s)
    return state


def seen(state: PlantFactoryState, inputs: Mapping[str, float] | None = None) -> dict[str, float]:
    return PLANT.observe(state, inputs or {}, SPRING)


@pytest.fixture(scope="module")
def lit() -> PlantFactoryState:
    """Two hours into the day."""
    return run(7200.0, DAY)


def busy(t: float) -> dict[str, float]:
    """Lamps, coil, drier and doses in steps, each at its own time."""
    day = 1800.0 <= t < 9000.0
    return {
        "lamps": 0.75 if day else 0.0,
        "cooling": 0.65 if day else 0.2 * (t // 1200 % 2),
        "dehumidifier": t // 900 % 2,
        "co2.valve": float(day and t // 300 % 4 == 0),
        "pump.a": float(3600 <= t < 3720),
        "pump.b": float(3840 <= t < 3960),
        "pump.acid": float(7200 <= t < 7260),
        "topup.valve": float(9000 <= t < 9600),
    }


def test_it_is_a_plant() -> None:
    plant: Plant = PLANT
    assert set(plant.observe(plant.initial(), {}, SPRING)) == set(plant.outputs)


def test_it_starts_near_its_targets() -> None:
    now = seen(PLANT.initial())
    assert now["air.temperature"] == 23.0
    assert now["air.relative_humidity"] == pytest.approx(70.0)
    assert now["tank.level"] == pytest.approx(80.0)
    assert (now["tank.ec"], now["tank.ph"]) == pytest.approx((1.8, 5.8), abs=1e-6)


def test_full_light_is_what_the_lamps_are_sized_for() -> None:
    full = seen(PLANT.initial(), {"lamps": 1.0})
    assert full["lamps.ppfd"] == 300.0
    assert full["lamps.power"] == pytest.approx(300.0 * 100.0 / (3.0 * 0.85) / 1000.0)
    assert seen(PLANT.initial(), {"lamps": 0.09})["lamps.ppfd"] == 0.0


def test_the_day_can_be_held_near_its_setpoint(lit: PlantFactoryState) -> None:
    assert seen(lit)["air.temperature"] == pytest.approx(23.0, abs=1.5)
    assert 65.0 < seen(lit)["air.relative_humidity"] < 85.0


def test_humidity_climbs_when_the_lights_go_out_and_the_coil_stops(lit: PlantFactoryState) -> None:
    dark = run(1800.0, {}, lit)
    assert seen(dark)["air.relative_humidity"] > seen(lit)["air.relative_humidity"] + 10.0


def test_a_wet_coil_gives_back_part_of_its_water(lit: PlantFactoryState) -> None:
    assert lit.room.coil_film_kg > 0.5
    stopped = run(1200.0, {"lamps": 0.75}, lit)
    assert stopped.room.coil_film_kg < 0.4 * lit.room.coil_film_kg


def test_the_canopy_cools_the_air_it_stands_in(lit: PlantFactoryState) -> None:
    bare = lit.with_rack(crop=Lettuce(0.01, 0.05))
    assert run(1200.0, DAY, bare).room.air_c > run(1200.0, DAY, lit).room.air_c + 0.3


@pytest.mark.parametrize(("lamps", "fans"), [(0.0, 1.0), (0.75, 1.0), (0.75, 0.0)])
def test_the_leaves_evaporate_what_the_canopy_formula_says(lamps: float, fans: float) -> None:
    room, farm = PLANT.room, PLANT.farm
    now = room.initial()
    ppfd = farm.lamp_ppfd_max * lamps
    drive = RoomDrive((Lit(ppfd, 0.9, 2.5),), 1.0, 0.0, 0.0, 0.0, 0.0, fans, 20.0, 500.0, 20.0, 0.01, 12.0)
    _, flux = room.advance(now, drive, 0.01)
    rn = room.parameters.canopy_absorption * 0.9 * ppfd / 5.4
    expected = canopy_fluxes(now.air_c, 0.7, ppfd, 2.5, rn, 100.0 - 50.0 * fans)
    # the formula takes the latent heat at the air's temperature and drier, denser air
    assert flux.transpired_kg_s * 36000.0 == pytest.approx(expected.transpiration_g_m2_h, rel=0.01)
    assert LATENT_J_KG * flux.transpired_kg_s / 100.0 == pytest.approx(expected.latent_w_m2, rel=0.01)


def test_more_cooling_never_warms_the_room() -> None:
    warm = [run(1800.0, {"lamps": 0.75, "cooling": share}).room.air_c for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert warm == sorted(warm, reverse=True)


def test_a_coil_without_air_unloads_before_it_freezes(lit: PlantFactoryState) -> None:
    starved = run(3600.0, {"cooling": 1.0, "fans": 0.0}, lit)
    assert starved.room.coil_c > 0.0
    assert starved.room.air_c > run(3600.0, {"cooling": 1.0}, lit).room.air_c + 1.0


def test_lamps_save_themselves_in_a_room_without_cooling() -> None:
    hot = run(12 * 3600.0, {"lamps": 1.0, "heating": 1.0})
    assert 40.0 < seen(hot)["air.temperature"] < 60.0
    assert seen(hot, {"lamps": 1.0})["lamps.ppfd"] < 300.0


def starts(state: PlantFactoryState) -> float:
    return seen(state)["compressor.starts"]


def test_the_compressor_starts_no_more_often_than_it_may() -> None:
    # somebody asks for cooling and takes it back every minute, for three hours
    chatter = run(3 * 3600.0, lambda t: {"lamps": 0.75, "cooling": t // 60 % 2})
    assert starts(chatter) <= 3 * 6 + 1
    assert starts(chatter) >= 3 * 4
    assert starts(run(3600.0, DAY)) == 1.0


def test_a_stopped_compressor_waits_and_a_started_one_stays() -> None:
    limits = PLANT.room.parameters
    running = run(20.0, {"cooling": 0.5})
    assert running.room.machine.on
    long_run = run(20.0, {}, run(1200.0, {"cooling": 0.5}, running))
    assert not long_run.room.machine.on
    restless = run(limits.compressor_min_off_s - 30.0, {"cooling": 1.0}, long_run)
    assert not restless.room.machine.on
    assert run(60.0, {"cooling": 1.0}, restless).room.machine.on
    held = run(limits.compressor_min_on_s - 30.0, {}, running)
    assert held.room.machine.on
    assert held.room.compressor == pytest.approx(limits.compressor_least, abs=0.05)  # as slowly as it can
    stopped = run(60.0, {}, held)
    assert not stopped.room.machine.on
    waiting = run(limits.compressor_min_off_s - 90.0, {"cooling": 1.0}, stopped)
    assert not waiting.room.machine.on
    assert run(600.0, {"cooling": 1.0}, waiting).room.machine.on


def test_too_little_cooling_does_not_start_the_compressor() -> None:
    assert starts(run(600.0, {"cooling": 0.9 * PLANT.room.parameters.compressor_least})) == 0.0


def test_old_lamps_give_a_tenth_less_light_for_the_same_power() -> None:
    old = PlantFactory(replace(PLANT.farm, start_lamp_h=PLANT.farm.lamp_life_h), PLANT.room.parameters, PLANT_TANK)
    new_lamps, old_lamps = (plant.observe(plant.initial(), {"lamps": 1.0}, SPRING) for plant in (PLANT, old))
    assert old_lamps["lamps.ppfd"] == pytest.approx(0.9 * new_lamps["lamps.ppfd"])
    assert old_lamps["lamps.power"] == new_lamps["lamps.power"]
    # what is not light is heat
    assert run(3600.0, DAY, plant=old).room.air_c == pytest.approx(run(3600.0, DAY).room.air_c, abs=0.5)
    # and leaves in less light grow and transpire less
    dim = PlantFactory(
        replace(PLANT.farm, start_lamp_h=6.0 * PLANT.farm.lamp_life_h), PLANT.room.parameters, PLANT_TANK
    )
    bright_hour, dim_hour = run(3600.0, DAY), run(3600.0, DAY, plant=dim)
    assert sum(dim_hour.crop[:2]) < sum(bright_hour.crop[:2]) - 0.1
    assert dim_hour.tank.tank_l > bright_hour.tank.tank_l + 0.5
    lit = run(7200.0, lambda t: {"lamps": float(t < 3600.0)})
    assert seen(lit)["lamps.hours"] == pytest.approx(1.0)


def test_a_dead_quarter_of_the_strings_takes_a_quarter_of_light_and_power() -> None:
    whole, broken = (seen(PLANT.initial(), {"lamps": 0.8, "lamps.strings": share}) for share in (1.0, 0.75))
    for name in ("lamps.ppfd", "lamps.power"):
        assert broken[name] == pytest.approx(0.75 * whole[name])


def test_a_shut_master_valve_lets_no_acid_pass_and_the_flow_meter_sees_the_pump_all_the_same() -> None:
    runs_on = {"pump.acid": 1.0, "acid.master": 0.0}
    held, loose = run(3600.0, runs_on), run(3600.0, {"pump.acid": 1.0})
    assert held == run(3600.0, {})
    assert loose.tank.dosed_acid_l == pytest.approx(3.6 * PLANT_TANK.pump_acid_ml_s)
    assert seen(held, runs_on)["acid.flow"] == pytest.approx(3.6 * PLANT_TANK.pump_acid_ml_s)
    assert seen(held)["acid.flow"] == 0.0


def test_half_the_step_changes_a_days_results_by_less_than_half_a_percent() -> None:
    whole, half = run(86400.0, busy), run(86400.0, busy, step_s=5.0)
    for name in ("energy.electricity", "crop.dry_mass", "tank.volume", "tank.ec", "tank.ph", "air.co2"):
        assert seen(whole)[name] == pytest.approx(seen(half)[name], rel=0.005), name


def test_the_crop_draws_down_carbon_dioxide_in_the_light_and_gives_it_back_in_the_dark() -> None:
    start = PLANT.initial()
    assert seen(run(1200.0, DAY, start))["air.co2"] < 850.0
    assert seen(run(3600.0, NIGHT, start))["air.co2"] > 910.0
    assert seen(run(600.0, {**DAY, "co2.valve": 1.0}, start))["air.co2"] > 1200.0


def test_a_day_of_light_grows_what_a_crop_grows() -> None:
    start = PLANT.initial()
    day = {**DAY, "topup.valve": 0.03}
    co2 = start
    for _ in range(16 * 6):  # somebody holds the carbon dioxide
        co2 = run(600.0, {**day, "co2.valve": 1.0 if seen(co2)["air.co2"] < 950.0 else 0.0}, co2)
    dry = sum(co2.crop[:2]) + co2.racks[0].harvested_g_m2 - sum(start.crop[:2])
    mol = 225.0 * 57600.0 / 1e6
    assert 0.7 < dry / mol < 1.4


def test_thirsty_leaves_close() -> None:
    thirsty = run(3600.0, DAY, run(20.0, {}))
    dry_channel = thirsty.tank._replace(channel_l=0.05 * PLANT.tank.parameters.channel_weir_l)
    dry = PLANT.advance(thirsty._replace(tank=dry_channel), {**DAY, "circulation": 0.0}, SPRING, 10.0)
    assert dry.tank.channel_l == pytest.approx(dry_channel.channel_l)


@given(
    air_c=st.floats(-10.0, 60.0),
    co2_ppm=st.floats(0.0, 5000.0),
    ppfd=st.floats(0.0, 1000.0),
    root_c=st.floats(0.0, 45.0),
    reserves=st.floats(0.0, 100.0),
    structure=st.floats(0.0, 500.0),
    vigour=st.floats(0.0, 1.0),
)
def test_the_carbon_of_a_crop_closes(
    air_c: float, co2_ppm: float, ppfd: float, root_c: float, reserves: float, structure: float, vigour: float
) -> None:
    crop = Lettuce(reserves, structure)
    grown, growth = grow(
        crop,
        air_c=air_c,
        co2_ppm=co2_ppm,
        ppfd=ppfd,
        interception=light_interception(crop),
        root_c=root_c,
        vigour=vigour,
        dt_s=10.0,
    )
    gained = sum(grown[:2]) - sum(crop[:2])
    fixed = 10.0 * DRY_MATTER_PER_CO2 * (growth.co2_uptake_g_m2_s - growth.root_co2_g_m2_s)
    assert gained == pytest.approx(fixed, abs=1e-9)
    assert grown.reserves_g_m2 >= 0.0
    assert grown.structure_g_m2 >= structure


def test_more_light_and_more_carbon_dioxide_never_fix_less() -> None:
    light = [photosynthesis_g_m2_s(23.0, 900.0, ppfd) for ppfd in range(0, 1000, 50)]
    gas = [photosynthesis_g_m2_s(23.0, ppm, 250.0) for ppm in range(0, 3000, 100)]
    assert light == sorted(light)
    assert gas == sorted(gas)


def test_half_the_step_says_the_same() -> None:
    whole = half = PLANT.initial()
    for minute in range(180):
        for count in range(6):
            whole = PLANT.advance(whole, busy(60.0 * minute + 10.0 * count), SPRING, 10.0)
        for count in range(12):
            half = PLANT.advance(half, busy(60.0 * minute + 5.0 * count), SPRING, 5.0)
        assert whole.room.air_c == pytest.approx(half.room.air_c, abs=0.05)
        pa_per_kg_m3 = 461.5 * (273.15 + whole.room.air_c)
        assert whole.room.vapour_kg_m3 == pytest.approx(half.room.vapour_kg_m3, abs=5.0 / pa_per_kg_m3)
        assert seen(whole)["tank.ec"] == pytest.approx(seen(half)["tank.ec"], abs=0.002)
        assert seen(whole)["tank.ph"] == pytest.approx(seen(half)["tank.ph"], abs=0.005)


def test_heat_water_carbon_and_ions_close_over_a_busy_run() -> None:
    start = run(600.0, busy)
    for name, share in PLANT.closure(start, run(10800.0, busy, start)).items():
        assert share < 1e-9, name


def test_the_books_would_notice_a_leak() -> None:
    start, end = PLANT.initial(), run(600.0, busy)
    leaking = end._replace(tank=end.tank._replace(tank_l=end.tank.tank_l - 0.1))
    warmer = end._replace(room=end.room._replace(air_c=end.room.air_c + 0.1))
    assert PLANT.closure(start, leaking)["water"] > 1e-3
    assert PLANT.closure(start, warmer)["energy"] > 1e-3
    assert PLANT.closure(start, end._replace(co2_g_m3=end.co2_g_m3 + 0.01))["co2"] > 1e-3


def test_the_same_inputs_give_the_same_bytes() -> None:
    assert repr(run(3600.0, busy)) == repr(run(3600.0, busy, plant=load()))


def test_a_seed_gives_a_sibling() -> None:
    assert load(seed=1).room.parameters == load(seed=1).room.parameters
    assert load(seed=1).room.parameters != load(seed=2).room.parameters


anything = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(allow_nan=True, allow_infinity=True))
skies = st.builds(
    Weather,
    air_c=st.floats(-50.0, 55.0),
    relative_humidity=st.floats(0.0, 1.0),
    wind_m_s=st.just(0.0),
    global_radiation_w_m2=st.just(0.0),
    sky_c=st.just(0.0),
    co2_ppm=st.floats(300.0, 2000.0),
)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from(sorted({*PLANT.inputs, *TWO_RACKS.inputs})), anything), min_size=1, max_size=3
    ),
    skies,
    st.sampled_from([0.1, 1.0, 10.0]),
    st.sampled_from([PLANT, load(seed=1), TWO_RACKS]),
)
@example([{name: 1.0 for name in PLANT.inputs}, {name: 0.0 for name in PLANT.inputs}], SPRING, 10.0, PLANT)
@example([{"drain.valve": 1.0, "lamps": 1.0, "heating": 1.0}], SPRING, 10.0, PLANT)
@example([{"cooling": 1.0, "dehumidifier": 1.0, "fans": 0.0}], SPRING, 10.0, PLANT)
@example([{"humidifier": 1.0, "co2.valve": 1.0, "circulation": 0.0, "topup.valve": 1.0}], SPRING, 10.0, PLANT)
def test_nothing_a_wire_can_say_breaks_the_farm(
    programs: list[dict[str, float]], sky: Weather, step_s: float, plant: PlantFactory
) -> None:
    start = state = plant.initial()
    for inputs in programs:
        for _ in range(200):
            state = plant.advance(state, inputs, sky, step_s)
        for name, value in plant.observe(state, inputs, sky).items():
            port = plant.outputs[name]
            assert port.low <= value <= port.high, f"{name} is {value}"
    crops = [mass for rack in state.racks for mass in rack.crop]
    masses = (*state.tank.inlet, *state.tank.bulk, *state.tank.channel, *crops, state.room.vapour_kg_m3)
    assert all(math.isfinite(mass) and mass >= 0.0 for mass in masses)
    assert state.room.coil_film_kg >= 0.0
    assert state.co2_g_m3 >= 0.0
    assert max(plant.closure(start, state).values()) < 1e-6


@pytest.mark.parametrize(
    "inputs",
    [
        {name: 1.0 for name in PLANT.inputs},
        {"lamps": 1.0, "heating": 1.0, "drain.valve": 1.0, "circulation": 1.0},
        {"cooling": 1.0, "dehumidifier": 1.0, "pump.acid": 1.0},
        {"pump.base": 1.0, "pump.a": 1.0, "humidifier": 1.0, "circulation": 0.0},
    ],
)
def test_a_stuck_farm_stays_physical_for_a_day(inputs: dict[str, float]) -> None:
    state = run(86400.0, inputs)
    for name, value in seen(state, inputs).items():
        port = PLANT.outputs[name]
        assert port.low <= value <= port.high, f"{name} is {value}"
    assert max(PLANT.closure(PLANT.initial(), state).values()) < 1e-6
