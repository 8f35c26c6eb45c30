"""The recirculating fish farm as a plant: what feeding, failures and people do to it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from foundation.water import ph_of_alkalinity_and_carbon
from simulator.plants.plant import Weather
from simulator.plants.ras import Ras, RasState, load
from simulator.plants.ras_water import Water, carbonic_share, chemistry, hydrogen_mol_l, nh3_share, nitrify

PLANT = load("bass_50m3")
TWO_TANKS = load("bass_2x25m3")
WEATHER = Weather(air_c=12.0, relative_humidity=0.7, wind_m_s=2.0, global_radiation_w_m2=0.0, sky_c=5.0)
DEAD = {"circulation.pump": 0.0, "blower": 0.0, "uv": 0.0}
"""A power cut: nothing runs that needs a plug."""
MEALS_H = (8, 12, 16)
MEAL_S = 1250.0
AFTER_MEAL_H = 18.0
Orders = Callable[[float, Mapping[str, float]], Mapping[str, float]]


def keeper(feeding: bool = True, base: float = 0.36) -> Orders:
    """Somebody who holds 7.5 mg/L and 25 degC and feeds three times a day."""
    integral = 0.35

    def orders(hour: float, seen: Mapping[str, float]) -> Mapping[str, float]:
        nonlocal integral
        error = 7.5 - seen["tank1.oxygen"]
        integral = min(1.0, max(0.0, integral + 0.002 * error))
        eating = feeding and any(meal <= hour % 24.0 < meal + MEAL_S / 3600.0 for meal in MEALS_H)
        return {
            "tank1.oxygen_valve": integral + 0.15 * error,
            "feeder": float(eating),
            "heater": 25.0 - seen["tank1.temperature"],
            "base.pump": base,
        }

    return orders


def run(
    hours: float,
    orders: Orders | Mapping[str, float],
    state: RasState | None = None,
    plant: Ras = PLANT,
    start_h: float = 0.0,
    step_s: float = 10.0,
) -> list[RasState]:
    """All states, the first included."""
    inputs: Mapping[str, float] = {}
    states = [plant.initial() if state is None else state]
    for n in range(round(hours * 3600.0 / step_s)):
        now = states[-1]
        if n % 3 == 0:  # the keeper looks every third step
            hour = start_h + n * step_s / 3600.0
            inputs = orders(hour, plant.observe(now, {}, WEATHER)) if callable(orders) else orders
        states.append(plant.advance(now, inputs, WEATHER, step_s))
    return states


@cache
def kept_day(base: float = 0.36) -> tuple[RasState, ...]:
    return tuple(run(24.0, keeper(base=base)))


def at(hour: float) -> RasState:
    return kept_day()[round(hour * 360.0)]


def see(state: RasState, name: str, inputs: Mapping[str, float] | None = None, plant: Ras = PLANT) -> float:
    return plant.observe(state, inputs or {}, WEATHER)[name]


def with_oxygen(state: RasState, mg_l: float) -> RasState:
    for index, tank in enumerate(state.tanks):
        state = state.with_tank(index, water=tank.water._replace(oxygen=mg_l * tank.m3))
    return state


def fish_oxygen_g_h(state: RasState, plant: Ras = PLANT) -> float:
    """What leaves a tank without flow or air in a second, nearly all of it by fish."""
    after = plant.advance(with_oxygen(state, 7.5), DEAD, WEATHER, 1.0)
    return (after.ledger.oxygen_out_g - state.ledger.oxygen_out_g) * 3600.0 - nitrified_g_h(state, plant)


def nitrified_g_h(state: RasState, plant: Ras) -> float:
    fishless = state.with_tank(fish=state.fish._replace(alive=0.0, stomach_g=0.0, gut_g=0.0))
    after = plant.advance(fishless, DEAD, WEATHER, 1.0)
    return (after.ledger.oxygen_out_g - state.ledger.oxygen_out_g) * 3600.0


def minutes_until(mg_l: float, state: RasState, inputs: Mapping[str, float]) -> float:
    for step in range(1, 1000):
        state = PLANT.advance(state, inputs, WEATHER, 5.0)
        if state.tank.oxygen <= mg_l * state.tank_m3:
            return step / 12.0
    return math.inf


# --- oxygen


@pytest.mark.parametrize(("hour", "minutes"), [(6.0, 25.0), (AFTER_MEAL_H, 12.0)])
def test_a_dense_tank_without_flow_and_oxygen_has_as_long_as_published(hour: float, minutes: float) -> None:
    assert minutes_until(3.0, with_oxygen(at(hour), 7.5), DEAD) == pytest.approx(minutes, rel=0.25)


def test_a_meal_doubles_the_oxygen_that_fish_take() -> None:
    assert fish_oxygen_g_h(at(AFTER_MEAL_H)) / fish_oxygen_g_h(at(7.5)) == pytest.approx(2.0, abs=0.2)


def test_the_cone_covers_the_peak_after_a_meal() -> None:
    assert min(see(state, "tank1.oxygen") for state in kept_day()) > 6.5
    p = PLANT.parameters
    assert p.oxygen_gas_kg_h * p.cone_absorption > 1.1 * fish_oxygen_g_h(at(AFTER_MEAL_H)) / 1000.0


@pytest.mark.parametrize("seed", [None, 1, 2, 3, 4])
def test_the_emergency_diffuser_alone_keeps_the_fed_fish_for_two_hours(seed: int | None) -> None:
    plant = load("bass_50m3", seed=seed)
    states = run(2.0, {**DEAD, "tank1.emergency_diffuser": 1.0}, at(AFTER_MEAL_H), plant)
    assert min(see(state, "tank1.oxygen", plant=plant) for state in states) >= 6.5
    assert see(states[-1], "tank1.fish", plant=plant) == 5000.0


def test_the_emergency_diffuser_gives_a_tenth_more_than_the_peak() -> None:
    peak = with_oxygen(at(AFTER_MEAL_H), 6.5)
    still = PLANT.advance(peak, DEAD, WEATHER, 1.0)
    bubbling = PLANT.advance(peak, {**DEAD, "tank1.emergency_diffuser": 1.0}, WEATHER, 1.0)
    given_g_h = (bubbling.tank.oxygen - still.tank.oxygen) * 3600.0
    assert given_g_h > 1.1 * fish_oxygen_g_h(at(AFTER_MEAL_H))


def test_the_oxygen_switch_shuts_an_emergency_valve_that_nobody_throttles_and_opens_it_again() -> None:
    """The fish are fasting, the box is dead and the normally open valve stands open for two hours."""
    open_valve, switched = {**DEAD, "tank1.emergency_diffuser": 1.0}, load("bass_50m3+oxygen_switch")
    states = run(2.0, open_valve, at(6.0), switched)
    oxygen = [see(state, "tank1.oxygen", plant=switched) for state in states]
    gas = [see(state, "tank1.emergency_flow", open_valve, switched) for state in states]
    assert max(oxygen) < 11.3
    assert max(see(state, "tank1.oxygen_saturation", plant=switched) for state in states) < 150.0
    first = gas.index(0.0)
    assert min(oxygen[first:]) > 9.7
    assert any(flow > 0.0 for flow in gas[first:])  # open again below its other limit
    bare = run(2.0, open_valve, at(6.0))
    assert max(see(state, "tank1.oxygen_saturation") for state in bare) > 200.0
    assert bare[-1].oxygen_used_kg > states[-1].oxygen_used_kg + 1.0  # what is shut off is not used up


def test_oxygen_without_flow_dissolves_nothing() -> None:
    settled = run(0.2, {"circulation.pump": 0.0, "blower": 0.6}, at(6.0))[-1]
    shut = run(0.1, {"circulation.pump": 0.0, "blower": 0.6}, settled)[-1]
    opened = run(0.1, {"circulation.pump": 0.0, "blower": 0.6, "tank1.oxygen_valve": 1.0}, settled)[-1]
    assert opened.tank.oxygen == pytest.approx(shut.tank.oxygen, abs=1e-3)
    assert sum(opened.pipe) == pytest.approx(sum(shut.pipe), abs=1e-3)
    assert opened.oxygen_used_kg > shut.oxygen_used_kg  # it is wasted all the same


def test_the_cone_stops_at_three_times_saturation() -> None:
    flooded = run(2.0, {"tank1.oxygen_valve": 1.0}, with_oxygen(at(6.0), 25.0))
    limit_mg_l = 3.0 * 8.3
    part_m3 = PLANT.parameters.pipe_m3 / len(flooded[0].pipe)
    assert all(max(state.pipe) / part_m3 <= limit_mg_l for state in flooded[10:])


def test_oxygen_takes_a_minute_from_the_cone_to_the_tank() -> None:
    low = run(0.1, {"tank1.oxygen_valve": 0.3}, at(6.0), step_s=1.0)
    high = run(0.1, {"tank1.oxygen_valve": 0.8}, at(6.0), step_s=1.0)
    rise = [b.tank.oxygen - a.tank.oxygen for a, b in zip(low, high, strict=True)]
    steady = (rise[-1] - rise[-11]) / 10.0  # g/s
    fastest_half = next(n for n in range(1, len(rise)) if rise[n] - rise[n - 1] > 0.5 * steady)
    assert 50 <= fastest_half <= 90


def test_an_empty_oxygen_tank_is_seen_in_the_flow() -> None:
    open_valve = {"tank1.oxygen_valve": 1.0}
    assert see(at(6.0), "tank1.oxygen_flow", open_valve) == pytest.approx(20.0, abs=0.5)
    assert see(at(6.0), "tank1.oxygen_flow", {**open_valve, "oxygen.supply": 0.0}) == 0.0


def test_more_valve_gives_more_oxygen_and_blowing_helps_a_starved_tank() -> None:
    starved = with_oxygen(at(6.0), 4.0)
    ends = [see(run(0.5, {"tank1.oxygen_valve": x}, starved)[-1], "tank1.oxygen") for x in (0.0, 0.3, 0.6, 1.0)]
    assert ends == sorted(ends)
    calm = run(0.5, {"blower": 0.0}, starved)[-1]
    blown = run(0.5, {"blower": 1.0}, starved)[-1]
    assert see(blown, "tank1.oxygen") > see(calm, "tank1.oxygen") + 0.3


# --- fish


@given(oxygen=st.floats(0.0, 20.0))
@example(3.0)
@example(2.9)
def test_fish_die_below_the_lethal_oxygen_and_only_then(oxygen: float) -> None:
    after = PLANT.advance(with_oxygen(at(6.0), oxygen), {}, WEATHER, 10.0)
    if oxygen >= 3.0:
        assert after.fish.alive == 5000.0
    elif oxygen < 2.99:
        assert after.fish.alive < 5000.0


def test_a_tank_left_without_oxygen_dies_within_the_hour() -> None:
    states = run(1.5, DEAD, with_oxygen(at(AFTER_MEAL_H), 7.5))
    counts = [see(state, "tank1.fish") for state in states]
    assert counts[60] == 5000.0
    assert counts[180] > 1000.0
    assert counts[-1] < 500.0
    assert see(states[-1], "tank1.oxygen") >= 0.0


def test_hot_and_poisoned_water_kill_too() -> None:
    hot = at(6.0)._replace(water_c=37.0)
    assert run(1.0, {}, hot)[-1].fish.alive < 4900.0
    tank = at(6.0).tank
    poisoned = at(6.0).with_tank(water=tank._replace(tan=tank.tan * 100.0, alkalinity=tank.alkalinity * 3.0))
    assert see(poisoned, "tank1.nh3") > 0.4
    assert run(1.0, {}, poisoned)[-1].fish.alive < 5000.0


def test_a_days_feed_becomes_a_days_growth() -> None:
    fed_kg = see(kept_day()[-1], "fed") / 1000.0
    gained_kg = see(kept_day()[-1], "tank1.biomass") - see(kept_day()[0], "tank1.biomass")
    assert fed_kg == pytest.approx(37.5, rel=0.02)
    assert fed_kg / gained_kg == pytest.approx(1.1, abs=0.05)


def test_starved_of_air_or_full_they_do_not_eat() -> None:
    eaten = run(0.1, {"feeder": 1.0}, at(7.5))[-1].fish.stomach_g
    gasping = run(0.1, {"feeder": 1.0, **DEAD}, with_oxygen(at(7.5), 2.4))[-1]
    assert gasping.fish.stomach_g < 0.05 * eaten
    assert gasping.tank.solids > 3000.0  # what they leave fouls the water
    gorged = run(3.0, {"feeder": 1.0, "tank1.oxygen_valve": 1.0}, at(7.5))[-1]
    assert gorged.fish.stomach_g < 1.01 * PLANT.parameters.stomach_share * gorged.fish.alive * gorged.fish.weight_g


# --- ammonia, alkalinity, pH

MEASURED_TAN_MG_L = {7: 0.263, 8: 0.243, 10: 0.323, 12: 0.585, 14: 0.822, 16: 0.991, 18: 1.057, 20: 1.116}
"""dynRAS, salmon fed from 08:00 to 20:00: means of 9 to 18 days, deviations 0.07 to 0.26."""


def test_ammonia_through_the_day_follows_a_measured_salmon_plant() -> None:
    plant = load("salmon_1m3")

    def orders(hour: float, seen: Mapping[str, float]) -> Mapping[str, float]:
        return {
            "tank1.oxygen_valve": 0.35 + 0.5 * (9.0 - seen["tank1.oxygen"]),
            "feeder": float(8.0 <= hour < 20.0),
            "chiller": seen["tank1.temperature"] - 14.0,
            "base.pump": float(seen["tank1.alkalinity"] < 200.0),
        }

    states = run(20.0, orders, plant=plant)
    for hour, measured in MEASURED_TAN_MG_L.items():
        assert see(states[hour * 360], "tank1.tan", plant=plant) == pytest.approx(measured, abs=0.07)


def test_fish_give_off_carbon_by_their_respiratory_quotient() -> None:
    def given_mol(quotient: float) -> float:
        plant = Ras(replace(PLANT.parameters, respiratory_quotient=quotient))
        return plant.advance(at(12.0), DEAD, WEATHER, 1.0).ledger.carbon_in_mol - at(12.0).ledger.carbon_in_mol

    breathed_g = fish_oxygen_g_h(at(12.0)) / 3600.0
    assert given_mol(1.0) - given_mol(0.85) == pytest.approx(0.15 * breathed_g / 31.9988, rel=0.02)


def test_ammonia_and_carbon_dioxide_rise_and_ph_falls_with_the_meals() -> None:
    dawn, evening = at(7.5), at(AFTER_MEAL_H)
    assert see(evening, "tank1.tan") > 4.0 * see(dawn, "tank1.tan")
    assert see(evening, "tank1.no2") > 2.0 * see(dawn, "tank1.no2")
    assert see(evening, "tank1.co2") > see(dawn, "tank1.co2") + 3.0
    assert see(evening, "tank1.ph") < see(dawn, "tank1.ph") - 0.15
    assert see(kept_day()[-1], "tank1.tan") == pytest.approx(see(at(0.0), "tank1.tan"), abs=0.05)


def test_alkalinity_is_eaten_up_over_hours_and_bicarbonate_holds_it() -> None:
    held, left = kept_day()[-1], kept_day(0.0)[-1]
    assert see(held, "tank1.alkalinity") == pytest.approx(100.0, abs=5.0)
    assert see(held, "tank1.ph") == pytest.approx(7.25, abs=0.1)
    assert 25.0 < see(left, "tank1.alkalinity") < 50.0
    assert see(left, "tank1.ph") < see(held, "tank1.ph") - 0.3


STILL = Weather(air_c=20.0, relative_humidity=0.7, wind_m_s=2.0, global_radiation_w_m2=0.0, sky_c=5.0)


def fed_evenly(area_m2: float, days: float = 2.0) -> tuple[Ras, RasState, RasState]:
    """24 kg of feed a day, 42 % protein, at 28 degC, all of it eaten, and nothing but the bed that takes ammonia.

    The bed works at its bare areal rate, as in a hand calculation. Comes with the last day's first and last state.
    """
    plant = Ras(
        replace(
            PLANT.parameters,
            media_m2=area_m2,
            feed_protein=0.42,
            feeder_g_s=24000.0 / 86400.0,
            start_biomass_kg=1200.0,
            start_ration_per_d=0.02,
            growth_tgc=3.0,
            start_water_c=28.0,
            hall_c=28.0,
            makeup_c=28.0,
            meal_oxygen_per_feed=0.45,
            routine_oxygen_g_kg_h=0.0,
            film_respiration_g_m2_d=0.0,
            nitrification_oxygen_half_mg_l=0.0,
            nitrification_alkalinity_half_mol_m3=0.0,
            solids_decay_per_d=0.0,
            start_alkalinity_mg_l=200.0,
        )
    )
    first = state = plant.initial()
    seen = plant.observe(state, {}, STILL)
    integral = 0.3
    steps = round(days * 86400.0 / plant.step_s)
    for step in range(steps):
        if step == steps - round(86400.0 / plant.step_s):
            first = state
        error = 7.5 - seen["tank1.oxygen"]
        integral = min(1.0, max(0.0, integral + 0.004 * error))
        water_error = 28.0 - state.water_c
        orders = {"tank1.oxygen_valve": integral + 0.15 * error, "feeder": 1.0, "makeup.valve": 0.1, "base.pump": 0.7}
        state = plant.advance(state, {**orders, "heater": water_error, "chiller": -water_error}, STILL, plant.step_s)
        seen = plant.observe(state, {}, STILL)
    return plant, first, state


@pytest.mark.parametrize(("area_m2", "tan_mg_l"), [(300.0, 1.34), (600.0, 0.50), (1000.0, 0.24)])
def test_the_bed_settles_where_a_hand_calculation_says(area_m2: float, tan_mg_l: float) -> None:
    plant, first, last = fed_evenly(area_m2)
    # by hand: 24 kg x 0.42 x 0.092 = 0.927 kg TAN a day, over 0.82 x 1.09^(28 - 15) g/m2/d at 1 mg/L, to the 0.7
    by_hand = (927.36 / area_m2 / (0.82 * 1.09**13.0)) ** (1.0 / 0.7)
    assert by_hand == pytest.approx(tan_mg_l, abs=0.005)
    assert last.mbbr.tan / plant.parameters.mbbr_m3 == pytest.approx(by_hand, rel=0.03)
    # what passes the bed is what the fish give
    assert last.bacteria.nitrogen_g - first.bacteria.nitrogen_g == pytest.approx(0.0244 * 927.4, rel=0.02)


def test_fish_bacteria_and_base_take_what_a_hand_calculation_says() -> None:
    _, first, last = fed_evenly(600.0)
    tan_kg = (last.bacteria.nitrogen_g - first.bacteria.nitrogen_g) / 0.0244 / 1000.0
    assert tan_kg == pytest.approx(0.927, rel=0.02)
    was, now = first.ledger, last.ledger
    # what the drum's rinse and the overflow take along is no use of anybody
    gone_m3 = now.water_out_m3 - was.water_out_m3 - (now.evaporated_m3 - was.evaporated_m3)

    def gone(name: str) -> float:
        return gone_m3 * sum(getattr(state.sump, name) / state.sump_m3 for state in (first, last)) / 2.0

    oxygen_kg = (now.oxygen_out_g - was.oxygen_out_g - gone("oxygen")) / 1000.0
    assert oxygen_kg == pytest.approx(10.8 * 7.5 / 8.0 + 3.9, rel=0.02)  # the fish's at a half-saturation of 0.5
    used_mol = now.alkalinity_out_mol - was.alkalinity_out_mol - gone("alkalinity")
    assert used_mol * 84.0066 / 1000.0 == pytest.approx(11.0, rel=0.02)  # kg of bicarbonate


def test_monod_in_ammonia_is_there_for_who_wants_it() -> None:
    p = replace(PLANT.parameters, nitrification_tan_half_mg_l=1.93)
    bed = at(12.0).mbbr
    grams = {}
    for tan_mg_l in (0.5, 1.0, 4.0):
        water = bed._replace(tan=tan_mg_l * p.mbbr_m3, oxygen=8.0 * p.mbbr_m3)
        healthy = at(12.0).bacteria
        grams[tan_mg_l] = nitrify(p, water, healthy, 1.0, 7.5, 25.0, 0.001)[1].oxidised_g
    assert grams[0.5] / grams[1.0] == pytest.approx(0.5 / 2.43 * 2.93, rel=1e-6)
    assert grams[4.0] / grams[1.0] == pytest.approx(4.0 / 5.93 * 2.93, rel=1e-6)
    # both laws give the same at 1 mg/L
    plain = bed._replace(tan=PLANT.parameters.mbbr_m3, oxygen=8.0 * p.mbbr_m3)
    assert nitrify(PLANT.parameters, plain, at(12.0).bacteria, 1.0, 7.5, 25.0, 0.001)[1].oxidised_g == pytest.approx(
        grams[1.0], rel=1e-6
    )


def test_without_alkalinity_nitrification_stops() -> None:
    sour = at(12.0)
    sour = sour.with_tank(water=sour.tank._replace(alkalinity=0.02 * sour.tank.alkalinity))
    sour = sour._replace(
        mbbr=sour.mbbr._replace(alkalinity=0.02 * sour.mbbr.alkalinity),
        sump=sour.sump._replace(alkalinity=0.02 * sour.sump.alkalinity),
    )
    after = run(2.0, {"tank1.oxygen_valve": 0.6, "base.pump": 0.0}, sour)[-1]
    assert see(after, "tank1.tan") > 1.5 * see(run(2.0, {"tank1.oxygen_valve": 0.6}, at(12.0))[-1], "tank1.tan")
    assert after.tank.alkalinity >= 0.0


def test_a_sick_biofilm_lets_ammonia_climb_to_several_mg_l() -> None:
    orders = keeper()
    states = run(12.0, lambda hour, seen: {**orders(hour, seen), "biofilter.health": 0.15}, at(6.0), start_h=6.0)
    assert 3.0 < max(see(state, "tank1.tan") for state in states) < 9.0


def test_hours_without_oxygen_kill_the_biofilm_and_it_needs_weeks() -> None:
    healthy = at(6.0)
    choked = run(8.0, DEAD, healthy)[-1]
    assert choked.bacteria.ammonia < 0.7
    days_later = run(12.0, {"tank1.oxygen_valve": 0.4}, choked)[-1]
    assert choked.bacteria.nitrite < days_later.bacteria.nitrite < days_later.bacteria.ammonia < 0.95


@given(st.floats(6.0, 9.0), st.floats(6.0, 9.0))
def test_toxic_ammonia_rises_with_ph(one: float, other: float) -> None:
    c = chemistry(2500, 1013, 0.012)
    low, high = sorted((one, other))
    assert nh3_share(10.0**-low, c) <= nh3_share(10.0**-high, c)
    assert nh3_share(10.0**-8.0, c) == pytest.approx(0.05366, rel=0.01)


@pytest.mark.parametrize(
    ("water_c", "alkalinity", "co2", "ph"),
    [(15, 70, 10, 7.1895), (25, 150, 15, 7.2688), (14, 200, 12, 7.5620), (28, 100, 5, 7.5584)],
)
def test_ph_is_that_of_phreeqc(water_c: int, alkalinity: float, co2: float, ph: float) -> None:
    equivalents = alkalinity / 50.0434
    c = chemistry(water_c * 100, 1013, equivalents * 1e-3)
    h = 10.0**-ph
    water = Water(0.0, 0.0, 0.0, 0.0, co2 / 44.0095 / carbonic_share(h, c), equivalents, 0.0)
    assert -math.log10(hydrogen_mol_l(water, 1.0, c)) == pytest.approx(ph, abs=0.02)


@given(
    water_c=st.integers(0, 40),
    alkalinity=st.one_of(st.just(0.0), st.floats(1e-4, 30.0)),
    carbon=st.floats(1e-3, 20.0),
    tan=st.one_of(st.just(0.0), st.floats(0.01, 500.0)),
)
def test_ph_is_that_of_the_foundation_with_and_without_alkalinity(
    water_c: int, alkalinity: float, carbon: float, tan: float
) -> None:
    water = Water(0.0, tan, 0.0, 0.0, carbon, alkalinity, 0.0)
    found = -math.log10(hydrogen_mol_l(water, 1.0, chemistry(100 * water_c, 1013, 0.01)))
    exact = ph_of_alkalinity_and_carbon(alkalinity * 50.0434, carbon, float(water_c), 0.01, tan)
    assert found == pytest.approx(min(11.0, max(4.0, exact)), abs=0.005)


# --- flow, levels, heat


def test_flow_fades_in_seconds_when_the_pump_stops_and_the_standby_brings_it_back() -> None:
    off = run(1.0 / 60.0, {"circulation.pump": 0.0}, at(6.0), step_s=1.0)
    assert see(off[10], "circulation.flow") > 0.2 * 120.0
    assert see(off[30], "circulation.flow") < 0.05 * 120.0
    back = run(1.0 / 60.0, {"circulation.pump": 0.0, "circulation.standby": 1.0}, off[-1], step_s=1.0)
    assert see(back[-1], "circulation.flow") == pytest.approx(120.0, rel=0.01)


def test_the_tank_drains_into_the_sump_when_the_pump_stops() -> None:
    stopped = run(0.2, {"circulation.pump": 0.0, "makeup.valve": 0.0}, at(6.0)._replace(sump_m3=6.0))[-1]
    assert see(stopped, "tank1.level") == pytest.approx(98.0, abs=0.2)
    assert stopped.sump_m3 == pytest.approx(7.0, abs=0.05)


def test_a_dry_sump_starves_the_pump_and_new_water_helps() -> None:
    dry = at(6.0)._replace(sump_m3=1.02).with_tank(m3=49.8)
    assert see(run(0.5, {"makeup.valve": 0.0}, dry)[-1], "circulation.flow") < 90.0
    assert see(run(2.0, {"makeup.valve": 1.0}, dry)[-1], "circulation.flow") == pytest.approx(120.0, rel=0.01)


def test_the_water_meter_counts_what_comes_in() -> None:
    used = [
        see(run(1.0, {"makeup.valve": valve, "base.pump": base})[-1], "water.used")
        for valve, base in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    ]
    p = PLANT.parameters
    assert used == pytest.approx([0.0, 1000.0 * p.makeup_m3_h, 0.06 * p.base_ml_min])


def test_a_clogged_drum_raises_the_tank_until_it_is_rinsed() -> None:
    clogged = at(6.0)._replace(drum_g=3000.0)
    high = run(0.5, {"drum.rinse": 0.0, "tank1.oxygen_valve": 0.4}, clogged)[-1]
    assert see(high, "tank1.level") > 102.0
    assert see(high, "sump.level") < see(at(6.0), "sump.level") - 10.0
    rinsed = run(0.5, {"drum.rinse": 1.0, "tank1.oxygen_valve": 0.4}, high)[-1]
    assert see(rinsed, "tank1.level") == pytest.approx(100.0, abs=0.2)


def test_heater_and_chiller_move_the_water_by_tenths_of_a_degree_an_hour() -> None:
    start = see(at(6.0), "tank1.temperature")
    plain, heated, chilled = (
        see(run(2.0, {name: 1.0, "tank1.oxygen_valve": 0.35}, at(6.0))[-1], "tank1.temperature")
        for name in ("uv", "heater", "chiller")
    )
    assert abs(plain - start) < 0.2
    assert 0.4 < heated - plain < 0.8
    assert 0.3 < plain - chilled < 0.7


def test_two_pumps_lift_a_quarter_more_and_half_speed_hardly_anything() -> None:
    both = run(0.05, {"circulation.standby": 1.0}, at(6.0))[-1]
    assert see(both, "circulation.flow") == pytest.approx(151.8, rel=0.01)
    slow = run(0.05, {"circulation.pump": 0.6}, at(6.0))[-1]
    assert 0.2 * 120.0 < see(slow, "circulation.flow") < 0.5 * 120.0
    one = see(at(6.0), "pump.power")
    assert one == pytest.approx(9.81 * 5.0 * 120.0 / 3600.0 / 0.65, rel=0.01)
    assert see(slow, "pump.power", {"circulation.pump": 0.6}) < 0.3 * one


def test_light_on_standing_water_adds_up() -> None:
    assert see(at(6.0), "uv.dose") == pytest.approx(60.0, rel=0.01)
    halved = run(0.1, {"circulation.pump": 0.6}, at(6.0))[-1]
    assert see(halved, "uv.dose") > 100.0
    assert see(at(6.0), "uv.dose", {"uv": 0.0}) == 0.0


def test_a_heat_pump_in_frost_needs_more_power_for_the_same_heat() -> None:
    def kwh(air_c: float, name: str) -> float:
        sky = replace(WEATHER, air_c=air_c)
        state = at(6.0)
        for _ in range(90):
            state = PLANT.advance(state, {name: 1.0, "uv": 0.0}, sky, 20.0)
        return state.electricity_kwh - at(6.0).electricity_kwh

    assert kwh(-15.0, "heater") > kwh(10.0, "heater") + 1.0
    assert kwh(38.0, "chiller") > kwh(10.0, "chiller") + 0.5


def test_a_running_blower_draws_current_and_a_dead_one_does_not() -> None:
    assert see(at(6.0), "blower.current", {"blower": 0.0}) == 0.0
    assert see(at(6.0), "blower.current", {"blower": 1.0}) > see(at(6.0), "blower.current", {"blower": 0.3}) > 1.0


def test_fish_warm_their_water_by_what_they_breathe() -> None:
    fed = at(AFTER_MEAL_H)
    gone = fed.with_tank(fish=fed.fish._replace(alive=0.0, stomach_g=0.0, gut_g=0.0))
    warmed_kwh = [PLANT.advance(state, DEAD, WEATHER, 1.0).ledger.heat_kwh for state in (fed, gone)]
    breathed_g = (
        PLANT.advance(fed, DEAD, WEATHER, 1.0).ledger.oxygen_out_g
        - PLANT.advance(gone, DEAD, WEATHER, 1.0).ledger.oxygen_out_g
    )
    assert 3600.0 * (warmed_kwh[0] - warmed_kwh[1]) == pytest.approx(13.6 * breathed_g, rel=1e-6)


def test_the_halls_air_is_kept_warm_and_is_warmer_than_outside_in_summer() -> None:
    plant = load("bass_50m3")
    for outside_c, hall_c in ((-20.0, plant.parameters.hall_c), (35.0, 37.0)):
        seen = plant.observe(plant.initial(), {}, replace(STILL, air_c=outside_c))
        assert seen["hall.temperature"] == hall_c
