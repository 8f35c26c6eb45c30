"""Far infrared and air in a glasshouse: what couples its parts, from the state before the step.

Vanthoor 2011, tables 8.3 and 8.4, with the lamps of Katzin 2021, table 7.4. Radiation is written as a secant
conductance e1 e2 F A s (T1^2 + T2^2)(T1 + T2), so that both sides of a step use the same number.
"""

from typing import NamedTuple

from foundation.elementwise import exp, greater, sqrt
from simulator.plants.greenhouse_parameters import (
    GAS_CONSTANT,
    KELVIN,
    STEFAN_BOLTZMANN,
    GreenhouseParameters,
    HouseConstants,
)

GRAVITY = 9.81
_DENSITY_TIMES_KELVIN = 28.96 * 101325.0 / GAS_CONSTANT


class Infrared(NamedTuple):
    """W/m2/K per m2 of floor."""

    canopy_cover: float
    canopy_screen: float
    canopy_floor: float
    canopy_sky: float
    pipe_cover: float
    pipe_screen: float
    pipe_floor: float
    pipe_canopy: float
    pipe_sky: float
    floor_cover: float
    floor_screen: float
    floor_sky: float
    screen_cover: float
    screen_sky: float
    lamp_floor: float
    lamp_pipe: float
    lamp_canopy: float
    lamp_screen: float
    lamp_cover: float
    lamp_sky: float
    cover_sky: float


def infrared(
    p: GreenhouseParameters,
    c: HouseConstants,
    leaf_area_index: float,
    screen: float,
    canopy_c: float,
    floor_c: float,
    pipe_c: float,
    screen_c: float,
    cover_in_c: float,
    cover_out_c: float,
    lamp_c: float,
    sky_c: float,
) -> Infrared:
    """`screen` is its position, 0 to 1."""
    can, flr, pip, scr = canopy_c + KELVIN, floor_c + KELVIN, pipe_c + KELVIN, screen_c + KELVIN
    cov, out, lmp, sky = cover_in_c + KELVIN, cover_out_c + KELVIN, lamp_c + KELVIN, sky_c + KELVIN
    can2, flr2, pip2, scr2 = can * can, flr * flr, pip * pip, scr * scr
    cov2, lmp2, sky2 = cov * cov, lmp * lmp, sky * sky
    gap = exp(-p.canopy_fir_extinction * leaf_area_index)
    up = STEFAN_BOLTZMANN * c.lamp_passage
    open_up = up * (1.0 - screen * (1.0 - p.screen_fir_transmission))
    to_cover = open_up * c.cover_emission
    to_sky = open_up * p.cover_fir_transmission
    to_screen = up * screen * p.screen_emission

    canopy_area = 1.0 - gap
    pipe = c.pipe_area * p.pipe_emission * 0.49
    pipe_up = pipe * gap
    floor_up = p.floor_emission * c.floor_view * gap
    lamp_down = STEFAN_BOLTZMANN * p.lamp_area_m2_m2 * p.lamp_emission_bottom
    # the lamps hang under the screen and do not stand in their own way
    lamp_up = p.lamp_area_m2_m2 * p.lamp_emission_top / c.lamp_passage
    screen_up = STEFAN_BOLTZMANN * p.screen_emission * screen
    can_flr = (can2 + flr2) * (can + flr)
    return Infrared(
        canopy_cover=canopy_area * to_cover * (can2 + cov2) * (can + cov),
        canopy_screen=canopy_area * to_screen * (can2 + scr2) * (can + scr),
        canopy_floor=canopy_area * STEFAN_BOLTZMANN * p.floor_emission * c.floor_view * can_flr,
        canopy_sky=canopy_area * to_sky * (can2 + sky2) * (can + sky),
        pipe_cover=pipe_up * to_cover * (pip2 + cov2) * (pip + cov),
        pipe_screen=pipe_up * to_screen * (pip2 + scr2) * (pip + scr),
        pipe_floor=pipe * STEFAN_BOLTZMANN * p.floor_emission * (pip2 + flr2) * (pip + flr),
        pipe_canopy=pipe * STEFAN_BOLTZMANN * canopy_area * (pip2 + can2) * (pip + can),
        pipe_sky=pipe_up * to_sky * (pip2 + sky2) * (pip + sky),
        floor_cover=floor_up * to_cover * (flr2 + cov2) * (flr + cov),
        floor_screen=floor_up * to_screen * (flr2 + scr2) * (flr + scr),
        floor_sky=floor_up * to_sky * (flr2 + sky2) * (flr + sky),
        screen_cover=screen_up * c.cover_emission * (scr2 + cov2) * (scr + cov),
        screen_sky=screen_up * p.cover_fir_transmission * (scr2 + sky2) * (scr + sky),
        lamp_floor=lamp_down * floor_up * (lmp2 + flr2) * (lmp + flr),
        lamp_pipe=lamp_down * pipe_up * (lmp2 + pip2) * (lmp + pip),
        lamp_canopy=lamp_down * canopy_area * (lmp2 + can2) * (lmp + can),
        lamp_screen=lamp_up * to_screen * (lmp2 + scr2) * (lmp + scr),
        lamp_cover=lamp_up * to_cover * (lmp2 + cov2) * (lmp + cov),
        lamp_sky=lamp_up * to_sky * (lmp2 + sky2) * (lmp + sky),
        cover_sky=STEFAN_BOLTZMANN * c.cover_emission * (out * out + sky2) * (out + sky),
    )


class AirFlows(NamedTuple):
    """m3 of air per m2 of floor and second."""

    through_screen: float
    top_outside: float
    air_outside: float


def air_flows(
    p: GreenhouseParameters,
    c: HouseConstants,
    air_c: float,
    top_c: float,
    outside_c: float,
    wind_m_s: float,
    screen: float,
    vent_lee: float,
    vent_wind: float,
) -> AirFlows:
    """Vents by buoyancy and wind (eq 8.65), leaks (8.71), gaps and pores of the screen (8.41)."""
    difference = abs(air_c - top_c)
    air_k, top_k = air_c + KELVIN, top_c + KELVIN
    density_air, density_top = _DENSITY_TIMES_KELVIN / air_k, _DENSITY_TIMES_KELVIN / top_k
    mean = 0.5 * (density_air + density_top)
    gap = 1.0 - screen
    through = screen * p.screen_air_flux * difference**0.66 + gap / mean * sqrt(
        0.5 * mean * gap * GRAVITY * abs(density_air - density_top)
    )

    leak = p.leakage * greater(p.leakage_least_wind_m_s, wind_m_s)
    buoyancy = GRAVITY * p.vent_height_m * (air_c - outside_c) / (air_c + outside_c + 2.0 * KELVIN)
    wind2 = wind_m_s * wind_m_s
    vented = c.vent_factor * (
        vent_lee * sqrt(abs(buoyancy + p.vent_wind_pressure_lee * wind2))
        + vent_wind * sqrt(abs(buoyancy + p.vent_wind_pressure_windward * wind2))
    )
    return AirFlows(through, p.leakage_top_share * leak + vented, (1.0 - p.leakage_top_share) * leak)
