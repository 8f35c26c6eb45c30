"""The pond: what light, night, wind, cold and paddle wheels do to its oxygen, and that its books close."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from foundation import water
from simulator.plants.biology import aerator_transfer_kg_h
from simulator.plants.plant import Plant, Weather
from simulator.plants.pond import Pond, PondState, load
from simulator.plants.pond_heat import lighter_k, mixing_m_h
from simulator.plants.pond_water import Layer, light_use, live_layer
from simulator.plants.ras_water import chemistry

PLANT = load()
Sky = Callable[[float], Weather]
Orders = Callable[[float, Mapping[str, float]], Mapping[str, float]]


def summer(hour: float, cloud: float = 0.0, cold_k: float = 0.0) -> Weather:
    sun = max(0.0, math.sin(math.pi * (hour % 24.0 - 6.0) / 12.0))
    return Weather(
        28.0 - cold_k + 4.0 * math.cos(2.0 * math.pi * (hour - 15.0) / 24.0),
        0.75,
        2.0,
        850.0 * sun * (1.0 - 0.75 * cloud),
        16.0 - cold_k + 6.0 * cloud,
        soil_c=24.0,
    )


def untouched(hour: float, seen: Mapping[str, float]) -> Mapping[str, float]:
    return {}


def keeper(hour: float, seen: Mapping[str, float]) -> Mapping[str, float]:
    """Somebody who runs the paddle wheels below 4.5 mg/L, feeds twice a day and keeps the level."""
    wheels = 1.0 if seen["pond.oxygen"] < 4.5 else 0.0
    eating = any(meal <= hour % 24.0 < meal + 0.3 for meal in (9.0, 15.0))
    level = seen["pond.level"] < 98.0
    return {"aerator1": wheels, "aerator2": wheels, "feeder": float(eating), "makeup.valve": float(level)}


def run(
    hours: float,
    orders: Orders = untouched,
    state: PondState | None = None,
    sky: Sky = summer,
    plant: Pond = PLANT,
    start_h: float = 0.0,
    step_s: float = PLANT.step_s,
) -> list[PondState]:
    """The state of every hour, the first included."""
    state = plant.initial() if state is None else state
    states, inputs = [state], orders(start_h, plant.observe(state, {}, sky(start_h)))
    for step in range(round(hours * 3600.0 / step_s)):
        seconds = step * step_s
        hour = start_h + seconds / 3600.0
        if seconds % 300.0 == 0.0:
            inputs = orders(hour, plant.observe(state, inputs, sky(hour)))
        state = plant.advance(state, inputs, sky(hour), step_s)
        if (seconds + step_s) % 3600.0 == 0.0:
            states.append(state)
    return states


@cache
def kept_days() -> tuple[PondState, ...]:
    return tuple(run(72.0, keeper))


def see(state: PondState, name: str, plant: Pond = PLANT) -> float:
    return plant.observe(state, {}, summer(0.0))[name]


def test_it_is_a_plant() -> None:
    plant: Plant = PLANT
    assert set(plant.observe(plant.initial(), {}, summer(0.0))) == set(plant.outputs)
    for port in plant.inputs.values():
        assert port.low <= port.default <= port.high


# --- a day


def test_oxygen_and_ph_peak_in_the_afternoon_and_are_lowest_at_dawn() -> None:
    day = [(see(state, "pond.oxygen"), see(state, "pond.ph")) for state in kept_days()[24:48]]
    oxygen, ph = [pair[0] for pair in day], [pair[1] for pair in day]
    assert 13 <= oxygen.index(max(oxygen)) <= 18
    assert 3 <= oxygen.index(min(oxygen)) <= 8
    assert max(oxygen) > 1.3 * water.oxygen_saturation_mg_l(31.0)
    assert max(oxygen) - min(oxygen) > 5.0
    assert 13 <= ph.index(max(ph)) <= 18
    assert 8.8 < max(ph) < 9.6
    assert 7.4 < min(ph) < 8.6


def test_the_dark_pond_breathes_as_much_as_ponds_are_known_to() -> None:
    # physics.md 6: community respiration 0.1 to 0.3 mg/L/h at 28 degC, mud 1 to 3 g/m2/d
    p = PLANT.parameters
    for drained, low, high in ((True, 0.1, 0.35), (False, 1.0, 3.0)):
        plant = Pond(replace(p, start_biomass_kg=1e-6, start_lower_oxygen_mg_l=7.0, start_lower_c=28.0))
        start = plant.initial()
        bare = Pond(replace(plant.parameters, sediment_decay_per_d=0.0))
        both = [run(1.0, state=start, plant=one, sky=lambda hour: CALM)[-1] for one in (plant, bare)]
        taken_g = [start.books.oxygen_g - after.books.oxygen_g for after in both]
        if drained:
            assert low < taken_g[1] / (p.area_m2 * (p.upper_m + p.lower_m)) < high
        else:
            assert low < 24.0 * (taken_g[0] - taken_g[1]) / p.area_m2 < high


CALM = Weather(28.0, 0.9, 0.0, 0.0, 28.0, soil_c=28.0)


def test_clouds_cost_oxygen_and_so_does_a_dead_bloom() -> None:
    noon = kept_days()[36]
    bright, dull = (run(6.0, state=noon, start_h=12.0, sky=sky)[-1] for sky in (summer, lambda h: summer(h, 1.0)))
    assert see(dull, "pond.oxygen") < see(bright, "pond.oxygen") - 2.0
    alive, dead = (
        run(18.0, lambda hour, seen, crash=crash: {"algae.crash": crash}, noon, start_h=12.0)[-1]
        for crash in (0.0, 1.0)
    )
    assert see(dead, "pond.chlorophyll") < 0.2 * see(alive, "pond.chlorophyll")
    assert dead.upper.debris_oxygen > 1.5 * alive.upper.debris_oxygen
    after_a_day = run(24.0, state=dead, start_h=30.0)[10]
    assert see(after_a_day, "pond.oxygen") < see(run(24.0, state=alive, start_h=30.0)[10], "pond.oxygen") - 3.0


# --- the night


@pytest.mark.parametrize("wind_m_s", [0.5, 3.0, 6.0])
def test_the_night_is_the_exact_one(wind_m_s: float) -> None:
    # one mixed body, steady temperature and respiration: dC/dt = k (Cs - C) - R has a solution (physics.md 6)
    p = PLANT.parameters
    plant = Pond(
        replace(
            p,
            start_biomass_kg=1e-9,
            start_stomach_g=0.0,
            start_gut_g=0.0,
            start_water_c=28.0,
            start_lower_c=28.0,
            start_oxygen_mg_l=9.0,
            start_lower_oxygen_mg_l=9.0,
            mixing_calm_m_h=30.0,
            wind_heat_calm_w_m2_hpa=0.0,
            wind_heat_w_m2_hpa_m_s=0.0,
            bottom_w_m2_k=0.0,
            algae_chl_per_n=p.algae_chl_per_n / 1e5,  # so many algae that a night's breath is nothing to them
            algae_death_per_d=0.0,
            debris_decay_per_d=0.0,
            sediment_decay_per_d=0.0,
            nitrification_per_d=0.0,
            decay_oxygen_half_mg_l=0.0,
        )
    )
    dark = Weather(28.0, 0.9, wind_m_s, 0.0, 28.0, soil_c=28.0)
    states = run(9.0, plant=plant, sky=lambda hour: dark)
    depth_m = p.upper_m + p.lower_m
    k_per_h = water.oxygen_exchange_m_h(28.0, wind_m_s) / depth_m
    respiration = p.algae_respiration_mg_mg_h * p.decay_theta**8.0 * p.start_chlorophyll_ug_l / 1000.0
    saturation = water.oxygen_saturation_mg_l(28.0, 0.0, 101300.0)  # taken to the hectopascal
    for hours in (3, 6, 9):
        state = states[hours]
        oxygen_mg_l = (state.upper.oxygen + state.lower.oxygen) / (p.area_m2 * depth_m)
        exact = water.oxygen_through_the_night_mg_l(9.0, saturation, respiration, k_per_h, float(hours))
        assert oxygen_mg_l == pytest.approx(exact, abs=0.01)
        assert state.upper_c == pytest.approx(28.0, abs=1e-3)


def test_fish_die_in_a_night_without_paddle_wheels_and_live_with_them() -> None:
    plant = Pond(replace(PLANT.parameters, start_biomass_kg=4000.0))
    sky = lambda hour: summer(hour, 1.0)  # noqa: E731
    left = run(60.0, plant=plant, sky=sky)[-1]
    kept = run(60.0, keeper, plant=plant, sky=sky)[-1]
    assert left.fish.alive < 0.9 * plant.initial().fish.alive
    assert kept.fish.alive == plant.initial().fish.alive
    assert kept.electricity_kwh > 5.0


def test_paddle_wheels_give_what_the_aeration_equation_says_and_less_the_more_there_is() -> None:
    p = PLANT.parameters
    start = PLANT.initial()
    gains = []
    for oxygen_mg_l in (1.0, 4.0, 7.0):
        now = start._replace(upper=start.upper._replace(oxygen=oxygen_mg_l * start.upper_m3))
        still, driven = (PLANT.advance(now, {"aerator1": on}, CALM, 1.0) for on in (0.0, 1.0))
        gains.append(3.6 * (driven.books.oxygen_g - still.books.oxygen_g))
        saturation = water.oxygen_saturation_mg_l(28.0, 0.0, 101300.0)  # taken to the hectopascal
        expected = aerator_transfer_kg_h(
            p.aerator_kw * p.aerator_kg_kwh, p.aerator_alpha, p.aerator_beta, saturation, oxygen_mg_l, 28.0
        )
        assert gains[-1] == pytest.approx(expected, rel=1e-5)
    assert gains == sorted(gains, reverse=True)


# --- layers and heat


def test_the_sun_warms_the_top_and_a_cold_front_turns_the_pond_over() -> None:
    afternoon = run(39.0, start_h=0.0)[-1]
    assert afternoon.upper_c > afternoon.lower_c + 2.0
    assert see(afternoon, "bottom.oxygen") < see(afternoon, "pond.oxygen") - 5.0
    mild, front = (
        run(12.0, state=afternoon, sky=sky, start_h=15.0)[-1] for sky in (summer, lambda h: summer(h, 1, 14))
    )
    assert abs(front.upper_c - front.lower_c) < 0.2
    assert see(front, "bottom.oxygen") == pytest.approx(see(front, "pond.oxygen"), abs=0.5)
    assert see(front, "pond.oxygen") < see(mild, "pond.oxygen") - 0.7


def test_mud_without_oxygen_leaves_a_debt_that_the_turnover_pays() -> None:
    afternoon = run(64.0)[-1]
    assert afternoon.lower.debt > 0.0
    wheels = {"aerator1": 1.0, "aerator2": 1.0}
    sky = lambda hour: summer(hour, 1.0, 14.0)  # noqa: E731
    turned = run(14.0, lambda hour, seen: wheels, afternoon, sky, start_h=16.0)[-1]
    assert turned.lower.debt + turned.upper.debt < 0.2 * afternoon.lower.debt


@given(st.floats(0.0, 40.0), st.floats(0.0, 40.0), st.floats(0.0, 15.0), st.floats(0.0, 2.0))
def test_warmth_on_top_resists_stirring_and_cold_on_top_sinks(
    upper_c: float, lower_c: float, wind_m_s: float, wheels: float
) -> None:
    p = PLANT.parameters
    here = mixing_m_h(p, upper_c, lower_c, wind_m_s, wheels)
    assert here > 0.0
    if lighter_k(upper_c, lower_c) > 0.1:
        assert here < mixing_m_h(p, lower_c, lower_c, wind_m_s, wheels)
        assert here <= mixing_m_h(p, upper_c, lower_c, wind_m_s + 1.0, wheels)
    elif lighter_k(upper_c, lower_c) < -0.1:
        assert here >= p.mixing_night_m_h


def test_water_at_four_degrees_lies_below_colder_water() -> None:
    assert lighter_k(1.0, 4.0) > 0.0
    assert lighter_k(4.0, 1.0) < 0.0


def test_wind_and_dry_air_cool_the_pond_and_take_its_water() -> None:
    calm, windy = (
        run(6.0, sky=lambda hour, wind=wind: Weather(28.0, 0.4, wind, 0.0, 20.0, soil_c=24.0))[-1]
        for wind in (0.0, 8.0)
    )
    assert windy.upper_c < calm.upper_c - 0.5
    assert windy.upper_m3 < calm.upper_m3 < PLANT.initial().upper_m3
    # a warm, dry, windy day evaporates five to twelve millimetres
    day = run(24.0, sky=lambda hour: replace(summer(hour), relative_humidity=0.5, wind_m_s=3.0))[-1]
    assert 0.004 < (PLANT.initial().upper_m3 - day.upper_m3) / PLANT.parameters.area_m2 < 0.012


def test_a_winter_pond_stops_at_freezing_and_does_not_boil_in_summer() -> None:
    frost = Weather(-15.0, 0.5, 5.0, 0.0, -35.0, soil_c=6.0)
    frozen = run(24.0 * 30.0, sky=lambda hour: frost, step_s=300.0, plant=_slow(PLANT))[-1]
    assert -0.1 < frozen.upper_c < 1.0
    assert frozen.lower_c > -0.1


def _slow(plant: Pond) -> Pond:
    """The same pond without life, which alone needs the short step."""
    return Pond(replace(plant.parameters, start_biomass_kg=1e-6, photosynthesis_mg_mg_h=0.0))


def test_new_water_fills_what_runs_over_and_the_drain_empties() -> None:
    brim = PLANT.parameters.brim_m * PLANT.parameters.area_m2
    full = run(48.0, lambda hour, seen: {"makeup.valve": 1.0})[-1]
    assert full.upper_m3 == pytest.approx(brim, rel=1e-6)
    empty = run(72.0, lambda hour, seen: {"drain.valve": 1.0})[-1]
    assert 0.2 * PLANT.initial().upper_m3 < empty.upper_m3 < 0.35 * PLANT.initial().upper_m3
    assert see(empty, "pond.level") < 70.0


# --- light


@given(st.floats(0.0, 600.0), st.floats(0.1, 30.0), st.floats(0.1, 3.0))
def test_a_layer_never_uses_more_light_than_there_is(par_w_m2: float, extinction: float, depth_m: float) -> None:
    use = light_use(par_w_m2, extinction, depth_m, 60.0)
    assert 0.0 <= use <= min(1.0, par_w_m2 / 60.0) + 1e-12
    assert use <= light_use(par_w_m2 + 1.0, extinction, depth_m, 60.0)
    assert use >= light_use(par_w_m2, extinction + 0.1, depth_m, 60.0)


# --- chemistry of a layer

amount = st.one_of(st.just(0.0), st.floats(1e-3, 1e5))


@settings(max_examples=80, deadline=None)
@given(
    layer=st.builds(
        Layer,
        oxygen=amount,
        tan=amount,
        nitrate=amount,
        carbon=amount,
        alkalinity=st.floats(10.0, 1e5),
        algae_n=amount,
        debris_n=amount,
        debris_oxygen=amount,
        debt=amount,
    ),
    light=st.floats(0.0, 1.0),
    crash=st.floats(0.0, 1.0),
    water_c=st.floats(0.0, 40.0),
    ph=st.floats(6.0, 10.0),
)
@example(Layer(8e3, 0.0, 2e3, 3e3, 3e3, 1e3, 1e2, 1e3, 0.0), 1.0, 0.0, 28.0, 8.0)
@example(Layer(8e3, 2e3, 0.0, 3e3, 3e3, 1e3, 1e2, 1e3, 1e2), 0.0, 1.0, 28.0, 8.0)
def test_every_process_moves_oxygen_carbon_nitrogen_and_charge_together(
    layer: Layer, light: float, crash: float, water_c: float, ph: float
) -> None:
    c = chemistry(round(100 * water_c), 1013, 0.005)
    done = live_layer(PLANT.parameters, layer, 1000.0, water_c, c, 10.0**-ph, light, crash, 1.0 / 120.0)
    after = done.layer
    assert min(after) >= 0.0

    def same(of: Callable[[Layer], float], scale: float) -> None:
        assert of(after) == pytest.approx(of(layer), abs=1e-9 * scale)

    total = sum(layer) * 20.0
    same(lambda at: at.tan + at.nitrate + at.algae_n + at.debris_n, total)
    # each gram of nitrogen in algae is 106/16 mol of carbon, and as much oxygen; debris tells its own
    same(lambda at: at.carbon + at.algae_n * 106.0 / 16.0 / 14.0067 + at.debris_oxygen / 31.9988, total)
    # organic matter, debt and ammonia are what oxygen could still be used for
    same(
        lambda at: (
            at.oxygen
            - at.algae_n * 106.0 / 16.0 / 14.0067 * 31.9988
            - at.debris_oxygen
            - at.debt
            + at.nitrate * 64.0 / 14.0067 * 31.9988 / 32.0
        ),
        total,
    )
    # ammonium is a cation, nitrate an anion: alkalinity is what is left between them
    same(lambda at: at.alkalinity + (at.nitrate - at.tan) / 14.0067, total)
    assert after.oxygen - layer.oxygen == pytest.approx(done.oxygen_g, abs=1e-9 * total)


def test_algae_starve_of_carbon_before_ph_runs_away() -> None:
    soft = Pond(replace(PLANT.parameters, start_alkalinity_mg_l=30.0, start_chlorophyll_ug_l=250.0))
    days = run(40.0, plant=soft)
    ph = [see(state, "pond.ph", soft) for state in days]
    assert 9.2 < max(ph) < 10.2


def test_half_of_the_light_is_wasted_at_the_half_saturation_of_carbon() -> None:
    p = replace(PLANT.parameters, algae_respiration_mg_mg_h=0.0, nitrification_per_d=0.0, debris_decay_per_d=0.0)
    c = chemistry(2000, 1013, 0.005)
    made = []
    for free_mol_m3 in (p.carbon_half_mol_m3, 1e3):
        layer = Layer(8e3, 1e5, 0.0, 1000.0 * free_mol_m3 * (1.0 + c.k2 / 1e-8), 3e3, 500.0, 0.0, 0.0, 0.0)
        made.append(live_layer(p, layer, 1000.0, 20.0, c, 1e-8, 0.5, 0.0, 1e-4).oxygen_g)
    assert made[0] / made[1] == pytest.approx(0.5, rel=1e-3)


def test_paddle_wheels_let_carbon_dioxide_out() -> None:
    start = PLANT.initial()
    foul = start._replace(upper=start.upper._replace(carbon=1.5 * start.upper.carbon))
    still, driven = (run(2.0, lambda hour, seen, on=on: {"aerator1": on}, foul)[-1] for on in (0.0, 1.0))
    lost = [foul.books.carbon_mol - state.books.carbon_mol for state in (still, driven)]
    assert lost[1] > 1.5 * lost[0]


# --- books and numbers


def test_water_oxygen_nitrogen_alkalinity_carbon_and_heat_add_up_over_days() -> None:
    missing = PLANT.closure(kept_days()[0], kept_days()[-1])
    assert set(missing) == {"water", "oxygen", "nitrogen", "alkalinity", "carbon", "heat"}
    assert max(missing.values()) < 1e-9
    leaking = kept_days()[-1]._replace(
        upper=kept_days()[-1].upper._replace(oxygen=kept_days()[-1].upper.oxygen + 100.0)
    )
    assert PLANT.closure(kept_days()[0], leaking)["oxygen"] > 1e-4


def test_half_the_step_changes_a_days_results_by_less_than_half_a_percent() -> None:
    whole, half = run(24.0, keeper), run(24.0, keeper, step_s=PLANT.step_s / 2.0)
    for name in ("pond.oxygen", "pond.ph", "pond.temperature", "pond.tan", "pond.chlorophyll", "bottom.oxygen"):
        mean, other = (sum(see(state, name) for state in states) for states in (whole, half))
        assert mean == pytest.approx(other, rel=0.005), name
    assert whole[-1].fish.weight_g == pytest.approx(half[-1].fish.weight_g, rel=1e-4)


def test_the_same_orders_give_the_same_bytes() -> None:
    assert repr(run(6.0, keeper, plant=load())[-1]) == repr(run(6.0, keeper, plant=load())[-1])
    assert load(seed=1).parameters == load(seed=1).parameters != load(seed=2).parameters


WILD = st.sampled_from([0.0, 1.0, 0.5, -3.0, 7.0, math.nan, math.inf, -math.inf])
AIR = st.sampled_from([-60.0, 0.0, 28.0, 55.0, math.nan])


@settings(max_examples=40, deadline=None)
@given(
    orders=st.lists(st.dictionaries(st.sampled_from(sorted(PLANT.inputs)), WILD), min_size=1, max_size=4),
    sky=st.builds(
        Weather,
        air_c=AIR,
        relative_humidity=st.sampled_from([0.0, 0.7, 1.0, 3.0]),
        wind_m_s=st.sampled_from([0.0, 3.0, 60.0, math.nan]),
        global_radiation_w_m2=st.sampled_from([0.0, 900.0, 2000.0, -5.0]),
        sky_c=AIR,
        pressure_pa=st.sampled_from([60000.0, 101325.0, 0.0, math.nan]),
        soil_c=AIR,
    ),
    oxygen=st.sampled_from([0.0, 1e-9, 7.5, 40.0]),
    alkalinity=st.sampled_from([0.0, 1.0, 20.0]),
    plant=st.sampled_from([PLANT, load(seed=1), load(seed=2)]),
    step_s=st.sampled_from([0.1, 10.0, PLANT.step_s]),
)
@example([{"algae.crash": 1.0, "feeder": 1.0}], summer(0.0), 0.0, 0.0, PLANT, 30.0)
@example([{"drain.valve": 1.0, "aerator1": 1.0, "aerator2": 1.0}], summer(12.0), 40.0, 1.0, PLANT, 30.0)
def test_no_input_and_no_weather_makes_nonsense(
    orders: list[dict[str, float]], sky: Weather, oxygen: float, alkalinity: float, plant: Pond, step_s: float
) -> None:
    start = plant.initial()
    start = start._replace(
        upper=start.upper._replace(oxygen=oxygen * start.upper_m3, alkalinity=start.upper.alkalinity * alkalinity),
        lower=start.lower._replace(alkalinity=start.lower.alkalinity * alkalinity),
    )
    state = start
    for inputs in orders:
        for _ in range(90):
            state = plant.advance(state, inputs, sky, step_s)
        assert min(*state.upper, *state.lower, state.upper_m3, *state.fish) >= 0.0
        assert min(state.mud) >= 0.0
        for name, value in plant.observe(state, inputs, sky).items():
            port = plant.outputs[name]
            assert port.low <= value <= port.high, f"{name} is {value}"
    assert max(plant.closure(start, state).values()) < 1e-9


def test_the_air_over_the_pond_is_the_weathers() -> None:
    plant = load("tilapia_pond_2000m2")
    sky = summer(6.0)
    assert plant.observe(plant.initial(), {}, sky)["outside.temperature"] == sky.air_c
