"""One step of the glasshouse: heat, vapour and CO2 of a Venlo house with its crop, per m2 of floor.

The network of Vanthoor 2011 (chapters 8 and 9) and Katzin 2021, advanced by a linearly implicit Euler step: the
conductances are those of the state before, all temperatures and both humidities come from one linear system. Every
flux enters both its ends from the same numbers, so heat, water and carbon close to rounding.

Every number may be an array: as many houses at once (`simulator.ensemble`), the same lines for both.

Differences from the published network, all small: the air holds a mass of vapour (not a pressure), air beyond
saturation drips, an empty sugar buffer gives nothing, leaves without CO2 take none.
"""

from typing import Any

from foundation.elementwise import anywhere, chosen, exp, held, lesser
from simulator.plants import glasshouse_lettuce, tomato
from simulator.plants.canopy import stomatal_resistance_s_m
from simulator.plants.elimination import solve
from simulator.plants.glasshouse_flows import air_flows, infrared
from simulator.plants.glasshouse_light import light
from simulator.plants.glasshouse_state import Books, Drive, House, Outside, leaf_area
from simulator.plants.greenhouse_parameters import (
    KELVIN,
    VAPOUR_CONSTANT,
    GreenhouseParameters,
    HouseConstants,
)
from simulator.plants.lettuce import Lettuce

_CONDENSATION = 6.4e-9  # kg/J x K/Pa: mass for each W/m2/K and Pa, Vanthoor 2011, eq 8.43
_JUMP_K = 4.0  # a step that moves the air further is cut in halves
_SHORTEST_S = 0.05
_LEAST_VAPOUR = 1e-6  # kg/m3


def step(p: GreenhouseParameters, c: HouseConstants, was: House, drive: Drive, outside: Outside, dt_s: float) -> House:
    """The state `dt_s` later. Cuts the step in halves by itself where the state would jump."""
    now = _one_step(p, c, was, drive, outside, dt_s)
    jumps = (
        (abs(now.air_c - was.air_c) > _JUMP_K)
        | (now.vapour_air_kg_m3 <= _LEAST_VAPOUR)
        | (now.vapour_top_kg_m3 <= _LEAST_VAPOUR)
    )
    if anywhere(jumps) and dt_s > _SHORTEST_S:
        half = 0.5 * dt_s
        now = _either(jumps, step(p, c, step(p, c, was, drive, outside, half), drive, outside, half), now)
    return now


def _either(condition: Any, yes: Any, no: Any) -> Any:
    """Of many houses those that jump go in halves, and the others as they would alone."""
    if condition is True:
        return yes
    if isinstance(yes, tuple):
        parts = [_either(condition, *pair) for pair in zip(yes, no, strict=True)]
        return type(yes)(parts) if type(yes) is tuple else type(yes)(*parts)
    return chosen(condition, yes, no)


def _one_step(
    p: GreenhouseParameters, c: HouseConstants, was: House, drive: Drive, outside: Outside, dt_s: float
) -> House:
    (canopy, air, top, scr, cover_in, cover_out, floor, soil, pipe, grow_pipe, lamp, boiler, buffer) = was[:13]
    vapour_air, vapour_top = was.vapour_air_kg_m3, was.vapour_top_kg_m3
    crop, books = was.crop, was.books
    latent = p.latent_heat_j_kg
    screen = drive.screen
    per_s = 1.0 / dt_s
    leaf_area_index = leaf_area(p, crop)

    shine = light(p, leaf_area_index, screen, outside.radiation_w_m2, drive.lamp_w)
    rays = infrared(p, c, leaf_area_index, screen, canopy, floor, pipe, scr, cover_in, cover_out, lamp, outside.sky_c)
    flows = air_flows(p, c, air, top, outside.air_c, outside.wind_m_s, screen, drive.vent_lee, drive.vent_wind)

    # convection and conduction, W/m2/K
    carried = p.air_heat_capacity_j_m3_k
    canopy_air = 2.0 * p.leaf_convection_w_m2_k * leaf_area_index
    warmer = floor - air
    air_floor = chosen(warmer > 0.0, 1.7 * abs(warmer) ** 0.33, 1.3 * abs(warmer) ** 0.25)
    air_screen = 1.7 * screen * abs(air - scr) ** 0.33
    screen_top = 1.7 * screen * abs(scr - top) ** 0.33
    top_cover = p.cover_convection_inside * abs(top - cover_in) ** 0.33 * c.cover_ratio
    cover_outside = c.cover_ratio * (p.cover_convection_still + p.cover_convection_wind * outside.wind_m_s)
    pipe_air = c.pipe_convection * abs(pipe - air) ** 0.32
    grow_air = c.grow_pipe_convection * abs(grow_pipe - air) ** 0.32
    air_top = carried * flows.through_screen
    top_outside = carried * flows.top_outside
    air_outside = carried * flows.air_outside
    lamp_air = p.lamp_convection_w_m2_k

    # vapour: kg/m2/s = transfer x (pa_per_density x density - saturation(T)), linear around the old T
    pa_air = VAPOUR_CONSTANT * (air + KELVIN)
    pa_top = VAPOUR_CONSTANT * (top + KELVIN)
    canopy_pa, canopy_slope = _saturation(p, canopy)
    screen_pa, screen_slope = _saturation(p, scr)
    cover_pa, cover_slope = _saturation(p, cover_in)
    air_pa = pa_air * vapour_air
    if isinstance(crop, Lettuce):
        stomata = stomatal_resistance_s_m(shine.ppfd)
    else:
        stomata = tomato.stomatal_resistance_s_m(p, shine.above_canopy_w, was.co2_air_mg_m3, canopy_pa - air_pa)
    resistance = p.boundary_resistance_s_m + stomata
    to_canopy = p.transpiring_sides * carried * leaf_area_index / (latent * p.psychrometric_pa_k * resistance)
    to_screen = _condensing(air_screen, air_pa - screen_pa)
    to_cover = _condensing(top_cover, pa_top * vapour_top - cover_pa)
    canopy_rest = canopy_pa - canopy_slope * canopy
    screen_rest = screen_pa - screen_slope * scr
    cover_rest = cover_pa - cover_slope * cover_in
    fog = 0.0
    if anywhere(drive.fog_kg_s > 0.0):
        saturation_air, _ = _saturation(p, air)
        fog = drive.fog_kg_s * held((saturation_air - air_pa) / (0.1 * saturation_air), 0.0, 1.0)

    # parts that hang on one other part only are folded into it before the solution and unfolded after it
    soil_1, soil_2, soil_3, soil_4, soil_5 = soil
    cap_1, cap_2, cap_3, cap_4, cap_5 = c.soil_j_k
    link_0, link_1, link_2, link_3, link_4, link_5 = c.soil_w_k
    own_5 = cap_5 * per_s + link_4 + link_5
    right_5 = cap_5 * per_s * soil_5 + link_5 * outside.soil_c
    own_4 = cap_4 * per_s + link_3 + link_4 - link_4 * link_4 / own_5
    right_4 = cap_4 * per_s * soil_4 + link_4 * right_5 / own_5
    own_3 = cap_3 * per_s + link_2 + link_3 - link_3 * link_3 / own_4
    right_3 = cap_3 * per_s * soil_3 + link_3 * right_4 / own_4
    own_2 = cap_2 * per_s + link_1 + link_2 - link_2 * link_2 / own_3
    right_2 = cap_2 * per_s * soil_2 + link_2 * right_3 / own_3
    own_1 = cap_1 * per_s + link_0 + link_1 - link_1 * link_1 / own_2
    right_1 = cap_1 * per_s * soil_1 + link_1 * right_2 / own_2
    through = c.cover_through_w_k
    own_out = c.cover_skin_j_k * per_s + through + cover_outside + rays.cover_sky
    right_out = (
        c.cover_skin_j_k * per_s * cover_out
        + shine.cover_w
        + cover_outside * outside.air_c
        + rays.cover_sky * outside.sky_c
    )
    own_grow = c.grow_pipe_j_k * per_s + grow_air
    right_grow = c.grow_pipe_j_k * per_s * grow_pipe
    flow = drive.circulation_w_k
    cooling = drive.return_to_boiler * flow
    own_boiler = c.boiler_j_k * per_s + cooling
    right_boiler = c.boiler_j_k * per_s * boiler + drive.burner_w - drive.buffer_w

    (
        canopy_cover, canopy_screen, canopy_floor, canopy_sky,
        pipe_cover, pipe_screen, pipe_floor, pipe_canopy, pipe_sky,
        floor_cover, floor_screen, floor_sky, screen_cover, screen_sky,
        lamp_floor, lamp_pipe, lamp_canopy, lamp_screen, lamp_cover, lamp_sky, cover_sky,
    ) = rays  # fmt: skip
    sky = outside.sky_c
    latent_canopy, latent_screen, latent_cover = latent * to_canopy, latent * to_screen, latent * to_cover
    latent_air_top = latent * flows.through_screen
    latent_out = latent * flows.air_outside
    latent_top_out = latent * flows.top_outside
    latent_air_cap, latent_top_cap = latent * p.air_height_m * per_s, latent * p.top_height_m * per_s
    lamp_own_w = drive.lamp_w * (1.0 - p.lamp_par_share - p.lamp_nir_share - p.lamp_cooling_share)
    canopy_cap = p.leaf_heat_capacity_j_m2_k * leaf_area_index * per_s

    # vapour rows in W: their unknown is a density, their coefficients carry the latent heat
    rows = [
        [  # 0 vapour above the screen
            latent_top_cap + latent_air_top + latent_top_out + latent_cover * pa_top,
            0.0, 0.0, -latent_air_top, 0.0, 0.0, 0.0, -latent_cover * cover_slope, 0.0, 0.0,
            latent_top_cap * vapour_top + latent_top_out * outside.vapour_kg_m3 + latent_cover * cover_rest,
        ],
        [  # 1 air above the screen
            0.0,
            c.top_j_k * per_s + air_top + top_outside + screen_top + top_cover,
            0.0, 0.0, 0.0, 0.0, -screen_top, -top_cover, 0.0, -air_top,
            c.top_j_k * per_s * top + top_outside * outside.air_c,
        ],
        [  # 2 lamps
            0.0, 0.0,
            p.lamp_heat_capacity_j_m2_k * per_s + lamp_air + lamp_floor + lamp_pipe + lamp_canopy + lamp_screen
            + lamp_cover + lamp_sky,
            0.0, -lamp_pipe, -lamp_floor, -lamp_screen, -lamp_cover, -lamp_canopy, -lamp_air,
            p.lamp_heat_capacity_j_m2_k * per_s * lamp + lamp_own_w + lamp_sky * sky,
        ],
        [  # 3 vapour of the air
            -latent_air_top, 0.0, 0.0,
            latent_air_cap + latent_air_top + latent_out + (latent_canopy + latent_screen) * pa_air,
            0.0, 0.0, -latent_screen * screen_slope, 0.0, -latent_canopy * canopy_slope, 0.0,
            latent_air_cap * vapour_air + latent_out * outside.vapour_kg_m3 + latent_canopy * canopy_rest
            + latent_screen * screen_rest + latent * fog,
        ],
        [  # 4 rail pipe
            0.0, 0.0, -lamp_pipe, 0.0,
            c.pipe_j_k * per_s + pipe_air + pipe_cover + pipe_screen + pipe_floor + pipe_canopy + pipe_sky + lamp_pipe
            + flow - flow * cooling / own_boiler,
            -pipe_floor, -pipe_screen, -pipe_cover, -pipe_canopy, -pipe_air,
            c.pipe_j_k * per_s * pipe + drive.pipe_w + pipe_sky * sky + flow * right_boiler / own_boiler,
        ],
        [  # 5 floor
            0.0, 0.0, -lamp_floor, 0.0, -pipe_floor,
            c.floor_j_k * per_s + air_floor + canopy_floor + pipe_floor + floor_cover + floor_screen + floor_sky
            + lamp_floor + link_0 - link_0 * link_0 / own_1,
            -floor_screen, -floor_cover, -canopy_floor, -air_floor,
            c.floor_j_k * per_s * floor + shine.floor_w + floor_sky * sky + link_0 * right_1 / own_1,
        ],
        [  # 6 thermal screen
            0.0, -screen_top, -lamp_screen, -latent_screen * pa_air, -pipe_screen, -floor_screen,
            c.screen_j_k * per_s + air_screen + screen_top + canopy_screen + pipe_screen + floor_screen + screen_cover
            + screen_sky + lamp_screen + latent_screen * screen_slope,
            -screen_cover, -canopy_screen, -air_screen,
            c.screen_j_k * per_s * scr + screen_sky * sky - latent_screen * screen_rest,
        ],
        [  # 7 inner skin of the cover
            -latent_cover * pa_top, -top_cover, -lamp_cover, 0.0, -pipe_cover, -floor_cover, -screen_cover,
            c.cover_skin_j_k * per_s + top_cover + canopy_cover + pipe_cover + floor_cover + screen_cover + lamp_cover
            + through - through * through / own_out + latent_cover * cover_slope,
            -canopy_cover, 0.0,
            c.cover_skin_j_k * per_s * cover_in + through * right_out / own_out - latent_cover * cover_rest,
        ],
        [  # 8 canopy
            0.0, 0.0, -lamp_canopy, -latent_canopy * pa_air, -pipe_canopy, -canopy_floor, -canopy_screen, -canopy_cover,
            canopy_cap + canopy_air + canopy_cover + canopy_screen + canopy_floor + canopy_sky + pipe_canopy
            + lamp_canopy + latent_canopy * canopy_slope,
            -canopy_air,
            canopy_cap * canopy + shine.canopy_w + canopy_sky * sky - latent_canopy * canopy_rest,
        ],
        [  # 9 air
            0.0, -air_top, -lamp_air, 0.0, -pipe_air, -air_floor, -air_screen, 0.0, -canopy_air,
            c.air_j_k * per_s + canopy_air + air_floor + air_screen + air_top + air_outside + pipe_air + lamp_air
            + grow_air - grow_air * grow_air / own_grow,
            c.air_j_k * per_s * air + shine.air_w + drive.air_w + air_outside * outside.air_c - latent * fog
            + grow_air * right_grow / own_grow,
        ],
    ]  # fmt: skip
    vapour_top, top, lamp, vapour_air, pipe, floor, scr, cover_in, canopy, air = solve(rows)

    soil_1 = (right_1 + link_0 * floor) / own_1
    soil_2 = (right_2 + link_1 * soil_1) / own_2
    soil_3 = (right_3 + link_2 * soil_2) / own_3
    soil_4 = (right_4 + link_3 * soil_3) / own_4
    soil_5 = (right_5 + link_4 * soil_4) / own_5
    cover_out = (right_out + through * cover_in) / own_out
    grow_pipe = (right_grow + grow_air * air) / own_grow
    boiler = (right_boiler + cooling * pipe) / own_boiler
    buffer = buffer + dt_s * (drive.buffer_w - (flow - cooling) * (boiler - pipe)) / c.buffer_j_k

    transpired = to_canopy * (canopy_rest + canopy_slope * canopy - pa_air * vapour_air)
    condensed = to_screen * (pa_air * vapour_air - screen_rest - screen_slope * scr) + to_cover * (
        pa_top * vapour_top - cover_rest - cover_slope * cover_in
    )
    vented = flows.air_outside * (vapour_air - outside.vapour_kg_m3) + flows.top_outside * (
        vapour_top - outside.vapour_kg_m3
    )
    to_sky = (
        cover_sky * (cover_out - sky) + canopy_sky * (canopy - sky) + pipe_sky * (pipe - sky)
        + floor_sky * (floor - sky) + screen_sky * (scr - sky) + lamp_sky * (lamp - sky)
    )  # fmt: skip
    to_outside = (
        cover_outside * (cover_out - outside.air_c)
        + top_outside * (top - outside.air_c)
        + air_outside * (air - outside.air_c)
        + latent * vented
    )
    air, vapour_air, dripped = _drip(p, air, vapour_air, p.air_height_m, c.air_j_k)
    top, vapour_top, dripped_top = _drip(p, top, vapour_top, p.top_height_m, c.top_j_k)

    # CO2 of both compartments, mg/m3
    grown: tomato.Growth | glasshouse_lettuce.Growth
    if isinstance(crop, Lettuce):
        grown = glasshouse_lettuce.grow(p, crop, air, was.co2_air_mg_m3, shine.ppfd, dt_s)
    else:
        most_mg = 0.5 * p.air_height_m * was.co2_air_mg_m3
        grown = tomato.grow(p, crop, canopy, air, was.co2_air_mg_m3, shine.absorbed_photons, most_mg, dt_s)
    exchange, out_air, out_top = flows.through_screen, flows.air_outside, flows.top_outside
    own_air = p.air_height_m * per_s + exchange + out_air
    own_top = p.top_height_m * per_s + exchange + out_top
    right_air = (
        p.air_height_m * per_s * was.co2_air_mg_m3
        + drive.co2_mg_s
        - grown.net_uptake_mg * per_s
        + out_air * outside.co2_mg_m3
    )
    right_top = p.top_height_m * per_s * was.co2_top_mg_m3 + out_top * outside.co2_mg_m3
    co2_air = (right_air * own_top + exchange * right_top) / (own_air * own_top - exchange * exchange)
    co2_top = (right_top + exchange * co2_air) / own_top

    books = Books(
        boiler_j=books.boiler_j + dt_s * (drive.burner_w + drive.pipe_w),
        pipe_j=books.pipe_j + dt_s * (flow * (boiler - pipe) + drive.pipe_w),
        heater_j=books.heater_j + dt_s * drive.air_w,
        lamp_j=books.lamp_j + dt_s * drive.lamp_w * (1.0 - p.lamp_cooling_share),
        sun_j=books.sun_j
        + dt_s
        * (
            shine.canopy_w + shine.floor_w + shine.air_w + shine.cover_w
            - drive.lamp_w * (p.lamp_par_share + p.lamp_nir_share)
        ),
        sky_j=books.sky_j + dt_s * to_sky,
        outside_j=books.outside_j + dt_s * to_outside,
        soil_j=books.soil_j + dt_s * link_5 * (soil_5 - outside.soil_c),
        growth_j=books.growth_j
        + p.leaf_heat_capacity_j_m2_k * (leaf_area(p, grown.crop) - leaf_area_index) * canopy,
        transpired_kg=books.transpired_kg + dt_s * transpired,
        fog_kg=books.fog_kg + dt_s * fog,
        vented_kg=books.vented_kg + dt_s * vented,
        condensed_kg=books.condensed_kg + dt_s * condensed + dripped + dripped_top,
        co2_dosed_mg=books.co2_dosed_mg + dt_s * drive.co2_mg_s,
        co2_vented_mg=books.co2_vented_mg
        + dt_s * (out_air * (co2_air - outside.co2_mg_m3) + out_top * (co2_top - outside.co2_mg_m3)),
        co2_taken_mg=books.co2_taken_mg + grown.net_uptake_mg,
        harvested_mg=books.harvested_mg + grown.harvested_mg,
    )  # fmt: skip
    return House(
        canopy, air, top, scr, cover_in, cover_out, floor, (soil_1, soil_2, soil_3, soil_4, soil_5),
        pipe, grow_pipe, lamp, boiler, buffer, vapour_air, vapour_top, co2_air, co2_top, grown.crop, books,
    )  # fmt: skip


def _drip(
    p: GreenhouseParameters, air_c: float, vapour_kg_m3: float, height_m: float, air_j_k: float
) -> tuple[float, float, float]:
    """Air beyond saturation sheds water and keeps its heat: temperature, density, kg/m2 shed."""
    pressure, slope = _saturation(p, air_c)
    per_density = VAPOUR_CONSTANT * (air_c + KELVIN)
    excess = vapour_kg_m3 - pressure / per_density
    shed = chosen(
        excess > 0.0,
        excess / (1.0 + p.latent_heat_j_kg * height_m * slope / (per_density * air_j_k)),
        lesser(0.0, vapour_kg_m3 - _LEAST_VAPOUR),
    )
    return air_c + p.latent_heat_j_kg * height_m * shed / air_j_k, vapour_kg_m3 - shed, height_m * shed


def _saturation(p: GreenhouseParameters, temperature_c: float) -> tuple[float, float]:
    """Pressure, Pa, and its slope, Pa/K."""
    b, d, c = p.saturation_b, p.saturation_inverse_d, p.saturation_c_k
    below = c + temperature_c
    above = (b - d * temperature_c) * temperature_c
    pressure = p.saturation_a_pa * exp(above / below)
    return pressure, pressure * ((b - 2.0 * d * temperature_c) * below - above) / (below * below)


def _condensing(convection_w_k: float, excess_pa: float) -> float:
    """kg/m2/s/Pa; smooth around the dew point (eq 8.43), nothing evaporates from a dry surface."""
    wet = _CONDENSATION * convection_w_k / (1.0 + exp(-0.1 * excess_pa))
    return chosen(excess_pa > 0.0, wet, 0.0)
