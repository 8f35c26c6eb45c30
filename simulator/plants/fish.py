"""A stock of fish: what it eats, breathes, excretes, how it grows and when it dies."""

from dataclasses import dataclass
from math import exp
from typing import NamedTuple

from simulator.plants.biology import (
    MOST_A_STEP,
    SOLIDS_PER_FEED_G,
    excess_hazard_h,
    fish_oxygen_g_h,
    fish_tan_g_h,
    gut_step,
    low_oxygen_hazard_h,
    temperature_factor,
    tgc_gain_g_d,
    warmth_beyond_best,
)

PROTEIN_N = 0.16
HABIT_H = 72.0
"""How far back a stock remembers its meals: the ration it is used to is the mean of some days."""


@dataclass(frozen=True, slots=True)
class FishParameters:
    """A species and its feed. Names as in the parameter file, where each has its unit and its source."""

    feed_protein: float
    fish_q10: float
    gut_residence_h: float
    routine_oxygen_g_kg_h: float
    routine_weight_power: float
    meal_oxygen_per_feed: float
    oxygen_half_mg_l: float
    respiratory_quotient: float
    tan_routine_share: float
    solids_nitrogen: float
    growth_feed_ratio: float
    upkeep_per_d: float
    growth_tgc: float
    growth_zero_c: float
    growth_best_c: float
    growth_width_k: float
    stomach_share: float
    appetite_none_mg_l: float
    appetite_full_mg_l: float
    feeding_from_c: float
    feeding_to_c: float
    lethal_oxygen_mg_l: float
    suffocation_per_h: float
    lethal_nh3_mg_l: float
    nh3_deaths_per_h: float
    lethal_heat_c: float
    lethal_cold_c: float
    heat_deaths_per_h: float

    start_biomass_kg: float
    start_weight_g: float
    start_stomach_g: float
    start_gut_g: float
    start_ration_per_d: float
    start_body_nitrogen: float


class Fish(NamedTuple):
    """One cohort. `alive` falls smoothly with the hazard; people see it rounded."""

    alive: float
    weight_g: float
    stomach_g: float
    gut_g: float
    """Feed in the two gut stages, of all fish alive."""
    habit_g_h: float
    """What the stock has eaten an hour, as a mean that fades over HABIT_H."""
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


def stocked(p: FishParameters) -> Fish:
    """The stock at the start of a run, used to its ration."""
    biomass_g = 1000.0 * p.start_biomass_kg
    return Fish(
        biomass_g / p.start_weight_g,
        p.start_weight_g,
        p.start_stomach_g,
        p.start_gut_g,
        p.start_ration_per_d / 24.0 * biomass_g,
        p.start_body_nitrogen * biomass_g,
    )


def wanted_feed_g_d(p: FishParameters, weight_g: float, water_c: float) -> float:
    """A fish's full ration: what upkeep and the growth of its thermal growth coefficient ask for.

    Above `growth_best_c` the growth falls off in a bell (physics.md 5.2), below `growth_zero_c` there is none.
    """
    warm_k = max(0.0, water_c - p.growth_zero_c) * warmth_beyond_best(water_c, p.growth_best_c, p.growth_width_k)
    upkeep_g_d = p.upkeep_per_d * temperature_factor(water_c, 25.0, p.fish_q10) * weight_g
    return p.growth_feed_ratio * (tgc_gain_g_d(weight_g, p.growth_tgc, warm_k) + upkeep_g_d)


def appetite(p: FishParameters, fish: Fish, oxygen_mg_l: float, water_c: float) -> float:
    """Share of the offered feed that is eaten, 0 to 1: less with low oxygen, full stomachs, cold and heat.

    A stock that has had its full ration in the last days eats no more: growth stays what its coefficient allows.
    """
    breath = (oxygen_mg_l - p.appetite_none_mg_l) / (p.appetite_full_mg_l - p.appetite_none_mg_l)
    room = 5.0 * (1.0 - fish.stomach_g / (p.stomach_share * fish.alive * fish.weight_g + 1e-9))
    warm = 0.5 * min(water_c - p.feeding_from_c, p.feeding_to_c - water_c)
    full_g_h = fish.alive * wanted_feed_g_d(p, fish.weight_g, water_c) / 24.0
    hunger = 10.0 * (1.05 - fish.habit_g_h / (full_g_h + 1e-9))
    return max(0.0, min(1.0, breath, room, warm, hunger))


def live(
    p: FishParameters,
    fish: Fish,
    fed_g: float,
    tank_oxygen_g: float,
    tank_m3: float,
    nh3_mg_l: float,
    water_c: float,
    stress: float,
    dt_h: float,
) -> tuple[Fish, FishOutput]:
    """The stock `dt_h` later; it never breathes more oxygen than the tank holds.

    `stress` 0 to 1 (handling): up to half as much oxygen again for routine life.
    """
    count, weight_g, stomach_g, gut_g, habit_g_h, body_n_g = fish
    oxygen_mg_l = tank_oxygen_g / tank_m3
    q10 = temperature_factor(water_c, 25.0, p.fish_q10)
    eaten_g = fed_g * appetite(p, fish, oxygen_mg_l, water_c) if fed_g > 0.0 else 0.0
    stomach_g, gut_g, digested_g = gut_step(stomach_g, gut_g, eaten_g, p.gut_residence_h / q10, dt_h)
    habit_g_h = (habit_g_h + eaten_g / HABIT_H) / (1.0 + dt_h / HABIT_H)
    digested_g_h = digested_g / dt_h
    biomass_kg = 0.001 * count * weight_g

    routine_g_h = p.routine_oxygen_g_kg_h * biomass_kg * q10 * (weight_g / 500.0) ** p.routine_weight_power
    wanted_g_h = fish_oxygen_g_h(routine_g_h * (1.0 + 0.5 * stress), digested_g_h, p.meal_oxygen_per_feed)
    share = wanted_g_h * dt_h / ((oxygen_mg_l + p.oxygen_half_mg_l) * tank_m3)
    oxygen_g = tank_oxygen_g * (share if share < MOST_A_STEP else MOST_A_STEP)
    solids_g = SOLIDS_PER_FEED_G * digested_g
    body_n_g += PROTEIN_N * p.feed_protein * digested_g - p.solids_nitrogen * solids_g
    tan_g = fish_tan_g_h(habit_g_h, digested_g_h, p.feed_protein, p.tan_routine_share) * dt_h
    tan_g = min(tan_g, body_n_g)
    body_n_g -= tan_g

    lost_n_g = 0.0
    if count > 0.0:
        upkeep_g = p.upkeep_per_d / 24.0 * q10 * weight_g * dt_h
        weight_g = max(0.1 * p.start_weight_g, weight_g + digested_g / p.growth_feed_ratio / count - upkeep_g)
        hazard_h = _hazard_h(p, oxygen_mg_l, nh3_mg_l, water_c)
        if hazard_h > 0.0:
            alive = exp(-hazard_h * dt_h)
            if count * alive < 0.5:  # the last one
                alive = 0.0
            lost_n_g = PROTEIN_N * p.feed_protein * (stomach_g + gut_g) * (1.0 - alive)
            count, stomach_g, gut_g, habit_g_h = count * alive, stomach_g * alive, gut_g * alive, habit_g_h * alive
    return (
        Fish(count, weight_g, stomach_g, gut_g, habit_g_h, body_n_g),
        FishOutput(oxygen_g, tan_g, solids_g, fed_g - eaten_g, lost_n_g),
    )


def _hazard_h(p: FishParameters, oxygen_mg_l: float, nh3_mg_l: float, water_c: float) -> float:
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
