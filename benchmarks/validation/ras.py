"""A recirculating fish farm against published formulas, a salmon plan, a measured day, and its own books."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final

from benchmarks.validation.verdicts import Quantity
from foundation.water import oxygen_saturation_mg_l
from simulator.plants import biology
from simulator.plants.biology import degasser_removal
from simulator.plants.fish import live, stocked, wanted_feed_g_d
from simulator.plants.plant import Weather
from simulator.plants.ras import Ras, RasState, load

_HALL = Weather(air_c=14.0, relative_humidity=0.7, wind_m_s=2.0, global_radiation_w_m2=0.0, sky_c=5.0)


def _nitrification_oxygen() -> float:
    return biology.NITRIFICATION_O2_G


def _nitrification_alkalinity() -> float:
    return biology.NITRIFICATION_ALKALINITY_G


def _nitrification_co2() -> float:
    return biology.NITRIFICATION_CO2_G


def _nitrification_solids() -> float:
    return biology.NITRIFICATION_SOLIDS_G


def _nitrification_nitrate() -> float:
    return biology.NITRIFICATION_NITRATE_G


def _tan(feed_kg_d: float, protein: float) -> float:
    return biology.tan_production_kg_d(feed_kg_d, protein)


def _co2_per_oxygen() -> float:
    return biology.co2_per_o2()


def _solids_per_feed() -> float:
    return biology.SOLIDS_PER_FEED_G


def _oxygen_demand(w_g: float | str, t_c: float, species: str) -> float | None:
    # the fit is to salmon in cool water: other fish and other water are not in it
    if species != "Atlantic salmon" or not 10.0 <= t_c <= 15.0:
        return None
    smallest, _, largest = str(w_g).partition("-")
    middle_g = (float(smallest) + float(largest or smallest)) / 2.0
    return biology.oxygen_demand_mg_kg_min(middle_g, t_c)


def _weight(w0_g: float, tgc: float, t_c: float, days: float) -> float:
    return biology.tgc_weight_g(w0_g, tgc, t_c * days)


def _coefficient(w0_g: float, w1_g: float, t_c: float, days: float) -> float:
    """The growth coefficient that leads from one weight to the other: the growth formula, searched."""
    low, high = -100.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2.0
        if biology.tgc_weight_g(w0_g, middle, t_c * days) < w1_g:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def _moving_bed(tan_mg_l: float, t_c: float, k15: float, theta: float, n: float) -> float:
    return biology.mbbr_areal_rate_g_m2_d(tan_mg_l, t_c, k15, theta, n)


def _biofilm(tan_mg_l: float, t_c: float) -> float | None:
    return biology.biofilm_areal_rate_27c_g_m2_d(tan_mg_l) if abs(t_c - 27.0) <= 1.0 else None


def _degasser_fresh(height_m: float, gas_to_liquid: float, co2_in_mg_l: float = 10.0) -> float:
    return biology.degasser_removal(height_m, gas_to_liquid)


def _degasser_sea(
    height_m: float, gas_to_liquid: float, co2_in_mg_l: float = 10.0, salinity: float = 35.0
) -> float | None:
    return biology.degasser_removal(height_m, gas_to_liquid, 0.25) if 30.0 <= salinity <= 40.0 else None


def _aerator(sotr_kg_h: float, alpha: float, beta: float, do_mg_l: float, t_c: float) -> float:
    return biology.aerator_transfer_kg_h(sotr_kg_h, alpha, beta, oxygen_saturation_mg_l(t_c), do_mg_l, t_c)


_SMOLT_G, _SMOLT_C = 100.0, 13.0
"""Terjesen's trial reared smolts; the row does not say of what size."""


@lru_cache(maxsize=8)
def _meals(weight_g: float, water_c: float) -> tuple[float, float]:
    """kg of oxygen and of carbon dioxide a kg of feed: the plant's salmon on their full ration, day and night.

    The second of two days; the first fills the gut.
    """
    p = replace(load("bass_50m3+atlantic_salmon").parameters, start_weight_g=weight_g, start_biomass_kg=100.0)
    fish, water_m3, oxygen_g, fed_g = stocked(p), 1000.0, 0.0, 0.0
    ration_g_h = fish.alive * wanted_feed_g_d(p, weight_g, water_c) / 24.0
    fish = fish._replace(habit_g_h=0.95 * ration_g_h)
    for minute in range(2 * 1440):
        fish, did = live(p, fish, 0.95 * ration_g_h / 60.0, 9.5 * water_m3, water_m3, 0.0, water_c, 0.0, 1.0 / 60.0)
        if minute >= 1440:
            oxygen_g, fed_g = oxygen_g + did.oxygen_g, fed_g + 0.95 * ration_g_h / 60.0 - did.wasted_feed_g
    return oxygen_g / fed_g, oxygen_g * p.respiratory_quotient * biology.CO2_PER_O2_G / fed_g


def _oxygen_per_feed(species: str, t_c: float, w_g: float) -> float | None:
    return _meals(w_g, t_c)[0] if species == "Atlantic salmon" else None


def _co2_per_feed(species: str) -> float | None:
    return _meals(_SMOLT_G, _SMOLT_C)[1] if species == "Atlantic salmon" else None


def _dynras(
    what: str,
) -> Callable[[float, float, float, float, float, float, float, float], float | None]:
    def mean(
        alk_set: float,
        biofilter_m3: float,
        biomass_kg: float,
        degasser_m3: float,
        feed_frac: float,
        flow_l_s: float,
        t_c: float,
        tank_m3: float,
    ) -> float | None:
        # our small salmon plant is this one: another would need its own media, fish and heat
        if (biofilter_m3, degasser_m3, tank_m3, flow_l_s) != (0.8, 0.7, 1.0, 1.0):
            return None
        return _salmon_run(alk_set, biomass_kg, feed_frac, t_c)[what]

    return mean


@lru_cache(maxsize=2)
def _salmon_run(alk_set: float, biomass_kg: float, feed_frac: float, t_c: float) -> dict[str, float]:
    """Means of the last of three days of dynRAS' plant at its own ration, fed twelve hours a day, mg/L."""
    own = load("salmon_1m3").parameters
    plant = Ras(
        replace(
            own,
            start_biomass_kg=biomass_kg,
            start_ration_per_d=feed_frac,
            feeder_g_s=1000.0 * biomass_kg * feed_frac / 43200.0,
            growth_tgc=own.growth_tgc * feed_frac / own.start_ration_per_d,  # or they would leave half of it
            start_alkalinity_mg_l=alk_set,
        )
    )
    state, inputs = plant.initial(), dict[str, float]()
    sums = dict.fromkeys(("co2", "tan", "alk", "strip"), 0.0)
    steps = round(86400.0 / plant.step_s)
    for step in range(3 * steps):
        hour, seen = step * plant.step_s / 3600.0 % 24.0, plant.observe(state, inputs, _HALL)
        inputs = {
            "tank1.oxygen_valve": 0.35 + 0.5 * (9.0 - seen["tank1.oxygen"]),
            "feeder": 1.0 if 8.0 <= hour < 20.0 else 0.0,
            "chiller": seen["tank1.temperature"] - t_c,
            "base.pump": 1.0 if seen["tank1.alkalinity"] < alk_set else 0.0,
        }
        state = plant.advance(state, inputs, _HALL, plant.step_s)
        if step >= 2 * steps:
            for name, value in (
                ("co2", seen["tank1.co2"]),
                ("tan", seen["tank1.tan"]),
                ("alk", seen["tank1.alkalinity"]),
                ("strip", _stripped(plant, state, seen["tank1.co2"])),
            ):
                sums[name] += value / steps
    return sums


def _stripped(plant: Ras, state: RasState, co2_mg_l: float) -> float:
    """What one pass of the degasser takes out of water of this CO2, mg/L, at the default blower."""
    p = plant.parameters
    gas_to_liquid = (p.draught_m3_h + p.fan_m3_h * 0.6) / max(1e-6, state.flow_m3_h)
    removal = degasser_removal(p.degasser_m, gas_to_liquid, p.degasser_coefficient)
    balance_mg_l = p.hall_co2_ppm * 1e-6 * 1700.0  # at 15 degC; a twentieth of what is stripped
    return removal * (co2_mg_l - balance_mg_l)


def _energy(system: str) -> float:
    """kWh of electricity a kg of growth: a day of our bass farm, whatever the row's system."""
    plant = load("bass_50m3")
    state, seen = plant.initial(), plant.observe(plant.initial(), {}, _HALL)
    first = seen
    for step in range(round(86400.0 / plant.step_s)):
        hour = step * plant.step_s / 3600.0
        inputs = {
            "tank1.oxygen_valve": 0.35 + 0.3 * (7.5 - seen["tank1.oxygen"]),
            "feeder": 1.0 if hour % 8.0 < 1250.0 / 3600.0 else 0.0,
            "heater": 25.0 - seen["tank1.temperature"],
        }
        state = plant.advance(state, inputs, _HALL, plant.step_s)
        seen = plant.observe(state, inputs, _HALL)
    return (seen["energy.electricity"] - first["energy.electricity"]) / (seen["tank1.biomass"] - first["tank1.biomass"])


def _measured_tan(hour: float) -> float | None:
    day = _salmon_day()
    return day[round(hour)] if hour in day else None


@lru_cache(maxsize=1)
def _salmon_day() -> dict[float, float]:
    """TAN in the tank by clock hour: a keeper holds oxygen, temperature and alkalinity, and feeds from 8 to 20."""
    plant = load("salmon_1m3")
    state, inputs, tan_mg_l = plant.initial(), dict[str, float](), {}
    steps_an_hour = round(3600.0 / plant.step_s)
    for step in range(24 * steps_an_hour):
        hour, seen = step / steps_an_hour, plant.observe(state, inputs, _HALL)
        if hour.is_integer():
            tan_mg_l[hour] = seen["tank1.tan"]
        inputs = {
            "tank1.oxygen_valve": 0.35 + 0.5 * (9.0 - seen["tank1.oxygen"]),
            "feeder": 1.0 if 8.0 <= hour < 20.0 else 0.0,
            "chiller": seen["tank1.temperature"] - 14.0,
            "base.pump": 1.0 if seen["tank1.alkalinity"] < 200.0 else 0.0,
        }
        state = plant.advance(state, inputs, _HALL, plant.step_s)
    return tan_mg_l


def _closure(substance: str) -> Callable[[], float]:
    return lambda: _unexplained()[substance]


@lru_cache(maxsize=1)
def _unexplained() -> dict[str, float]:
    """A day with every actuator moving: what the books miss, as a share of what was there or came in."""
    plant = load("bass_50m3")
    start = state = plant.initial()
    for step in range(round(86400.0 / plant.step_s)):
        inputs = {name: step * 7919 * index % 1000 / 999.0 for index, name in enumerate(plant.inputs, start=1)}
        state = plant.advance(state, inputs, _HALL, plant.step_s)
    return plant.closure(start, state)


QUANTITIES: Final[Mapping[str, Quantity]] = {
    "nitrification_per_g_TAN_o2": _nitrification_oxygen,
    "nitrification_per_g_TAN_alkalinity_as_caco3": _nitrification_alkalinity,
    "nitrification_per_g_TAN_co2": _nitrification_co2,
    "nitrification_per_g_TAN_vss": _nitrification_solids,
    "nitrification_per_g_TAN_no3_n": _nitrification_nitrate,
    "tan_production": _tan,
    "co2_per_o2_fish": _co2_per_oxygen,
    "tss_per_kg_feed": _solids_per_feed,
    "o2_demand_rate": _oxygen_demand,
    "tgc_weight": _weight,
    "tgc_weekly": _coefficient,
    "mbbr_areal_rate": _moving_bed,
    "biofilm_areal_rate_27C": _biofilm,
    "degasser_co2_removal_fresh": _degasser_fresh,
    "degasser_co2_removal_sea": _degasser_sea,
    "aerator_otr": _aerator,
    "o2_per_kg_feed": _oxygen_per_feed,
    "co2_per_kg_feed": _co2_per_feed,
    "dynras_co2_mean": _dynras("co2"),
    "dynras_tan_mean": _dynras("tan"),
    "dynras_alk_mean": _dynras("alk"),
    "dynras_co2_strip_per_pass": _dynras("strip"),
    "energy_per_kg_fish": _energy,
    "diel_tan_measured": _measured_tan,
    "closure_nitrogen_relative": _closure("nitrogen"),
    "closure_oxygen_relative": _closure("oxygen"),
    "closure_alkalinity_relative": _closure("alkalinity"),
    "closure_water_relative": _closure("water"),
    "closure_carbon_relative": _closure("carbon"),
    "closure_energy_relative": _closure("energy"),
}
