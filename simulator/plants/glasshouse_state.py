"""What a glasshouse is at one moment, what drives it, and what has crossed its border; all per m2 of floor."""

from typing import NamedTuple

from foundation.elementwise import greater, lesser
from simulator.plants.greenhouse_parameters import KELVIN, VAPOUR_CONSTANT, GreenhouseParameters, HouseConstants
from simulator.plants.lettuce import Lettuce
from simulator.plants.lettuce import leaf_area_index as lettuce_leaf_area
from simulator.plants.tomato import Crop


class Outside(NamedTuple):
    """The weather in the words of the network."""

    air_c: float
    vapour_kg_m3: float
    co2_mg_m3: float
    wind_m_s: float
    radiation_w_m2: float
    sky_c: float
    soil_c: float


class Drive(NamedTuple):
    """What the actuators do during a step. Positions 0 to 1, all else per m2 of floor."""

    vent_lee: float = 0.0
    vent_wind: float = 0.0
    screen: float = 0.0
    lamp_w: float = 0.0
    co2_mg_s: float = 0.0
    fog_kg_s: float = 0.0
    burner_w: float = 0.0
    """Heat into the boiler water."""
    buffer_w: float = 0.0
    """What the streams through the heat buffer carry from its top, the boiler's water, to its bottom."""
    return_to_boiler: float = 1.0
    """1: the rails cool the boiler's water; 0: their return goes to the bottom of the heat buffer."""
    circulation_w_k: float = 0.0
    """Between boiler water and rail pipe: flow, heat capacity and mixing valve in one."""
    pipe_w: float = 0.0
    """Heat straight into the rail pipe."""
    air_w: float = 0.0
    """Heat straight into the air."""


class Books(NamedTuple):
    """What has crossed the border since the start, per m2 of floor."""

    boiler_j: float = 0.0
    pipe_j: float = 0.0
    """From the boiler water into the pipe; does not cross the border, but it is what heating costs."""
    heater_j: float = 0.0
    """From the air heater."""
    lamp_j: float = 0.0
    sun_j: float = 0.0
    sky_j: float = 0.0
    outside_j: float = 0.0
    soil_j: float = 0.0
    growth_j: float = 0.0
    transpired_kg: float = 0.0
    fog_kg: float = 0.0
    vented_kg: float = 0.0
    condensed_kg: float = 0.0
    co2_dosed_mg: float = 0.0
    co2_vented_mg: float = 0.0
    co2_taken_mg: float = 0.0
    harvested_mg: float = 0.0


class House(NamedTuple):
    """The whole state."""

    canopy_c: float
    air_c: float
    top_c: float
    screen_c: float
    cover_in_c: float
    cover_out_c: float
    floor_c: float
    soil_c: tuple[float, float, float, float, float]
    pipe_c: float
    grow_pipe_c: float
    lamp_c: float
    boiler_c: float
    buffer_c: float
    """The lower half of the heat buffer; the upper half has the temperature of the boiler's water."""
    vapour_air_kg_m3: float
    vapour_top_kg_m3: float
    co2_air_mg_m3: float
    co2_top_mg_m3: float
    crop: Crop | Lettuce
    books: Books


def initial(p: GreenhouseParameters) -> House:
    air_k = p.initial_air_c + KELVIN
    soil, deeper = p.initial_soil_c, p.initial_soil_step_k
    return House(
        canopy_c=p.initial_canopy_c,
        air_c=p.initial_air_c,
        top_c=p.initial_air_c,
        screen_c=p.initial_air_c,
        cover_in_c=p.initial_air_c,
        cover_out_c=p.initial_air_c,
        floor_c=soil,
        soil_c=(soil, soil + deeper, soil + 2.0 * deeper, soil + 3.0 * deeper, soil + 4.0 * deeper),
        pipe_c=p.initial_pipe_c,
        grow_pipe_c=p.initial_air_c,
        lamp_c=p.initial_air_c,
        boiler_c=p.boiler_water_c,
        buffer_c=p.boiler_water_c,
        vapour_air_kg_m3=p.initial_vapour_air_pa / (VAPOUR_CONSTANT * air_k),
        vapour_top_kg_m3=p.initial_vapour_top_pa / (VAPOUR_CONSTANT * air_k),
        co2_air_mg_m3=p.initial_co2_mg_m3,
        co2_top_mg_m3=p.initial_co2_mg_m3,
        crop=planted(p),
        books=Books(),
    )


def planted(p: GreenhouseParameters) -> Crop | Lettuce:
    """The crop as it stands on the first day."""
    if p.lettuce_crop:
        return Lettuce(p.lettuce_reserves_g_m2, p.lettuce_structure_g_m2)
    return Crop(
        buffer_mg=p.initial_buffer_mg_m2,
        leaf_mg=p.initial_leaf_area_index / p.specific_leaf_area_m2_mg,
        stem_mg=p.initial_stem_mg_m2,
        fruit_mg=p.initial_fruit_mg_m2,
        temperature_sum_c_d=p.initial_temperature_sum_c_d,
        day_mean_c=p.initial_canopy_day_mean_c,
    )


def leaf_area(p: GreenhouseParameters, crop: Crop | Lettuce) -> float:
    """Leaf area index; a bare floor keeps a trace of leaf so that the canopy has a temperature.

    Nobody picks leaves off lettuce: those beyond the most lie in the dark under the others, and count for nothing.
    """
    if isinstance(crop, Lettuce):
        return lesser(p.leaf_area_index_most, greater(0.01, lettuce_leaf_area(crop)))
    return greater(0.01, p.specific_leaf_area_m2_mg * crop.leaf_mg)


def stored_heat_j(p: GreenhouseParameters, c: HouseConstants, house: House) -> float:
    """J/m2 above 0 degC, with the latent heat of the vapour in the air."""
    soil = sum(capacity * layer for capacity, layer in zip(c.soil_j_k, house.soil_c, strict=True))
    vapour = p.air_height_m * house.vapour_air_kg_m3 + p.top_height_m * house.vapour_top_kg_m3
    return (
        p.leaf_heat_capacity_j_m2_k * leaf_area(p, house.crop) * house.canopy_c
        + c.air_j_k * house.air_c
        + c.top_j_k * house.top_c
        + c.screen_j_k * house.screen_c
        + c.cover_skin_j_k * (house.cover_in_c + house.cover_out_c)
        + c.floor_j_k * house.floor_c
        + soil
        + c.pipe_j_k * house.pipe_c
        + c.grow_pipe_j_k * house.grow_pipe_c
        + p.lamp_heat_capacity_j_m2_k * house.lamp_c
        + c.boiler_j_k * house.boiler_c
        + c.buffer_j_k * house.buffer_c
        + p.latent_heat_j_kg * vapour
    )
