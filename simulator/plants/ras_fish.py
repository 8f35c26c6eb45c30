"""The stock of one tank: what it eats, breathes, excretes, how it grows and when it dies."""

from math import exp
from typing import NamedTuple

from simulator.plants.biology import (
    SOLIDS_PER_FEED_G,
    excess_hazard_h,
    fish_oxygen_g_h,
    fish_tan_g_h,
    gut_step,
    low_oxygen_hazard_h,
    temperature_factor,
)
from simulator.plants.ras_parameters import RasParameters
from simulator.plants.ras_water import MOST_A_STEP

PROTEIN_N = 0.16


class Fish(NamedTuple):
    """One cohort. `alive` falls smoothly with the hazard; people see it rounded."""

    alive: float
    weight_g: float
    stomach_g: float
    gut_g: float
    """Feed in the two gut stages, of all fish alive."""
    body_n_g: float
    """Nitrogen in the bodies of all fish ever stocked."""


class FishOutput(NamedTuple):
    """What one step of the stock does to its water, in g."""

    oxygen_g: float
    tan_g: float
    solids_g: float
    wasted_feed_g: float
    lost_nitrogen_g: float
    """In the guts of fish that died and were taken out."""


def appetite(p: RasParameters, fish: Fish, oxygen_mg_l: float, water_c: float) -> float:
    """Share of the offered feed that is eaten, 0 to 1: less with low oxygen, full stomachs, cold and heat."""
    breath = (oxygen_mg_l - p.appetite_none_mg_l) / (p.appetite_full_mg_l - p.appetite_none_mg_l)
    room = 5.0 * (1.0 - fish.stomach_g / (p.stomach_share * fish.alive * fish.weight_g + 1e-9))
    warm = 0.5 * min(water_c - p.feeding_from_c, p.feeding_to_c - water_c)
    return max(0.0, min(1.0, breath, room, warm))


def live(
    p: RasParameters,
    fish: Fish,
    fed_g: float,
    tank_oxygen_g: float,
    tank_m3: float,
    nh3_mg_l: float,
    water_c: float,
    dt_h: float,
) -> tuple[Fish, FishOutput]:
    """The stock `dt_h` later; it never breathes more oxygen than the tank holds."""
    count, weight_g, stomach_g, gut_g, body_n_g = fish
    oxygen_mg_l = tank_oxygen_g / tank_m3
    q10 = temperature_factor(water_c, 25.0, p.fish_q10)
    eaten_g = fed_g * appetite(p, fish, oxygen_mg_l, water_c) if fed_g > 0.0 else 0.0
    stomach_g, gut_g, digested_g = gut_step(stomach_g, gut_g, eaten_g, p.gut_residence_h / q10, dt_h)
    digested_g_h = digested_g / dt_h
    biomass_g = count * weight_g
    usual_feed_g_h = p.usual_ration_per_d / 24.0 * biomass_g * q10

    wanted_g_h = fish_oxygen_g_h(usual_feed_g_h, digested_g_h, p.oxygen_per_feed, p.oxygen_routine_share)
    share = wanted_g_h * dt_h / ((oxygen_mg_l + p.oxygen_half_mg_l) * tank_m3)
    oxygen_g = tank_oxygen_g * min(MOST_A_STEP, share)
    solids_g = SOLIDS_PER_FEED_G * digested_g
    body_n_g += PROTEIN_N * p.feed_protein * digested_g - p.solids_nitrogen * solids_g
    tan_g = fish_tan_g_h(usual_feed_g_h, digested_g_h, p.feed_protein, p.tan_routine_share) * dt_h
    tan_g = min(tan_g, body_n_g)  # months without feed
    body_n_g -= tan_g

    lost_n_g = 0.0
    if count > 0.0:
        upkeep_g = p.upkeep_per_d / 24.0 * q10 * biomass_g * dt_h
        weight_g = max(0.1 * p.start_weight_g, weight_g + (digested_g / p.growth_feed_ratio - upkeep_g) / count)
        hazard_h = _hazard_h(p, oxygen_mg_l, nh3_mg_l, water_c)
        if hazard_h > 0.0:
            alive = exp(-hazard_h * dt_h)
            if count * alive < 0.5:  # the last one
                alive = 0.0
            lost_n_g = PROTEIN_N * p.feed_protein * (stomach_g + gut_g) * (1.0 - alive)
            count, stomach_g, gut_g = count * alive, stomach_g * alive, gut_g * alive
    return (
        Fish(count, weight_g, stomach_g, gut_g, body_n_g),
        FishOutput(oxygen_g, tan_g, solids_g, fed_g - eaten_g, lost_n_g),
    )


def _hazard_h(p: RasParameters, oxygen_mg_l: float, nh3_mg_l: float, water_c: float) -> float:
    """Deaths per fish and hour: nothing inside the limits."""
    if (
        oxygen_mg_l >= p.lethal_oxygen_mg_l
        and nh3_mg_l <= p.lethal_nh3_mg_l
        and p.lethal_cold_c <= water_c <= p.lethal_heat_c
    ):
        return 0.0
    return (
        low_oxygen_hazard_h(oxygen_mg_l, p.lethal_oxygen_mg_l, p.suffocation_per_h)
        + excess_hazard_h(nh3_mg_l, p.lethal_nh3_mg_l, 3.0 * p.lethal_nh3_mg_l, p.nh3_deaths_per_h)
        + excess_hazard_h(water_c, p.lethal_heat_c, 1.0, p.heat_deaths_per_h)
        + excess_hazard_h(-water_c, -p.lethal_cold_c, 1.0, p.heat_deaths_per_h)
    )
