"""A house under one film over bare ground, per m2 of ground: what tunnel and nursery have in common.

Air, film, ground with the soil under it, and the vapour of the air; who lives in it adds nodes of its own behind these
four. Infrared of the inside goes to the film and, as far as that lets it, to the sky; ../shared/physics.md 2.1 and 7.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

from foundation.air import ZERO_C_IN_K
from simulator.plants.moist_air import (
    AIR_J_M3_K,
    LATENT_J_KG,
    co2_mg_m3,
    condensing_m_s,
    drip,
    natural_w_m2_k,
    saturation,
)
from simulator.plants.network import Folded, Layers, Network, radiant_w_m2_k
from simulator.plants.surroundings import Outside

AIR, FILM, GROUND, VAPOUR = range(4)
OWN = 4
"""First node of whoever lives in the house."""
SURFACE_EMISSION = 0.9
SUN_PHOTONS_UMOL_J = 2.1
"""umol of PAR per J of sunlight: 0.457 x 4.6 (../shared/physics.md 1.1)."""
_SOIL_LAYERS = 5


@dataclass(frozen=True, slots=True)
class FilmHouseParameters:
    """Names as in the parameter file, where each has its unit, source and meaning."""

    floor_area_m2: float
    cover_area_m2: float
    air_height_m: float
    film_transmission: float
    film_absorption: float
    film_fir_transmission: float
    film_emission: float
    film_heat_capacity_j_m2_k: float
    vent_area_m2: float
    vent_height_m: float
    vent_discharge: float
    vent_wind_pressure: float
    infiltration_still_per_h: float
    infiltration_wind_per_h: float
    ground_surface_m: float
    ground_absorption: float
    ground_wetness: float
    soil_layer_m: float
    soil_conductivity_w_m_k: float
    soil_heat_capacity_j_m3_k: float
    soil_co2_mg_m2_s: float
    initial_air_c: float
    initial_soil_c: float
    initial_relative_humidity: float
    initial_co2_ppm: float


class Shell(NamedTuple):
    """The house's own part of a state; temperatures in degC."""

    air_c: float
    film_c: float
    ground_c: float
    vapour_kg_m3: float
    soil_c: tuple[float, ...]
    co2_mg_m3: float


class Radiator(NamedTuple):
    """A surface under the film: its node, its temperature, and the m2 of it that look up, per m2 of ground."""

    node: int
    celsius: float
    m2: float


class Joined(NamedTuple):
    """What the house put into the network: the lines that its books are made of."""

    vented_m_s: float
    film_out_w_k: float
    to_sky: list[tuple[int, float]]
    on_film_m_s: float
    film_line: tuple[float, float]
    from_ground_m_s: float
    ground_line: tuple[float, float]
    soil: Folded
    film_sun_w: float
    ground_sun_w: float


class Settled(NamedTuple):
    """The shell after a step, and what crossed its border; into the house is positive."""

    shell: Shell
    heat_w: tuple[float, ...]
    water_kg_s: tuple[float, ...]
    co2_mg_s: tuple[float, ...]
    condensed_kg: float


class FilmHouse:
    """The shell with the numbers of one house."""

    def __init__(self, parameters: FilmHouseParameters) -> None:
        p = self.parameters = parameters
        self.cover = p.cover_area_m2 / p.floor_area_m2
        self.air_j_k = p.air_height_m * AIR_J_M3_K
        thicknesses = [p.soil_layer_m * 2.0**index for index in range(_SOIL_LAYERS)]
        self.soil = Layers.of(
            1.0, p.ground_surface_m, thicknesses, p.soil_conductivity_w_m_k, p.soil_heat_capacity_j_m3_k,
            thicknesses[-1] / p.soil_conductivity_w_m_k,
        )  # fmt: skip
        self.capacities = (
            self.air_j_k,
            self.cover * p.film_heat_capacity_j_m2_k,
            p.ground_surface_m * p.soil_heat_capacity_j_m3_k,
            LATENT_J_KG * p.air_height_m,
        )

    def initial(self) -> Shell:
        p = self.parameters
        return Shell(
            p.initial_air_c,
            p.initial_air_c,
            p.initial_soil_c,
            p.initial_relative_humidity * saturation(p.initial_air_c)[0],
            (p.initial_soil_c,) * _SOIL_LAYERS,
            co2_mg_m3(p.initial_co2_ppm, p.initial_air_c, 101325.0),
        )

    def light_w_m2(self, sky: Outside) -> float:
        """Sunlight under the film."""
        return self.parameters.film_transmission * sky.radiation_w_m2

    def vented_m_s(self, opening: float, air_c: float, sky: Outside) -> float:
        """Air through the roll-up sides and the leaks, m3 per m2 of ground and second.

        Boulard & Baille 1995: the opening's buoyancy and the wind through it, under one root.
        """
        p = self.parameters
        per_h = p.infiltration_still_per_h + p.infiltration_wind_per_h * sky.wind_m_s
        lift = 9.81 * p.vent_height_m * abs(air_c - sky.air_c) / (2.0 * (ZERO_C_IN_K + 0.5 * (air_c + sky.air_c)))
        driven = sqrt(lift + p.vent_wind_pressure * sky.wind_m_s**2)
        open_m2 = opening * p.vent_area_m2 / p.floor_area_m2
        return p.air_height_m * per_h / 3600.0 + 0.5 * open_m2 * p.vent_discharge * driven

    def join(
        self, net: Network, was: Shell, sky: Outside, opening: float, ground_sun_w: float, inside: Sequence[Radiator]
    ) -> Joined:
        """Put the house into a network. `ground_sun_w` is what of the light meets the ground."""
        p = self.parameters
        air_c, film_c, vapour = was.air_c, was.film_c, was.vapour_kg_m3
        film_sun_w = p.film_absorption * sky.radiation_w_m2
        ground_sun_w *= p.ground_absorption
        net.give(FILM, film_sun_w)
        net.give(GROUND, ground_sun_w)

        vented = self.vented_m_s(opening, air_c, sky)
        film_air = self.cover * natural_w_m2_k(film_c, air_c)
        film_out = self.cover * (2.8 + 1.2 * sky.wind_m_s)
        net.tie(AIR, AIR_J_M3_K * vented, sky.air_c)
        net.tie(VAPOUR, LATENT_J_KG * vented, sky.vapour_kg_m3)
        net.join(FILM, AIR, film_air)
        net.tie(FILM, film_out, sky.air_c)
        ground_air = natural_w_m2_k(was.ground_c, air_c)
        net.join(GROUND, AIR, ground_air)
        soil = self.soil.fold(was.soil_c, sky.soil_c, net.dt_s)
        net.hang(GROUND, self.soil, soil)

        to_film = SURFACE_EMISSION * p.film_emission
        through = SURFACE_EMISSION * p.film_fir_transmission
        to_sky = [(FILM, p.film_emission * self.cover * radiant_w_m2_k(film_c, sky.sky_c))]
        for surface in inside:
            net.join(surface.node, FILM, to_film * surface.m2 * radiant_w_m2_k(surface.celsius, film_c))
            to_sky.append((surface.node, through * surface.m2 * radiant_w_m2_k(surface.celsius, sky.sky_c)))
        for node, w_k in to_sky:
            net.tie(node, w_k, sky.sky_c)

        film, film_slope = saturation(film_c)
        film_line = film - film_slope * film_c, film_slope
        on_film = condensing_m_s(film_air, vapour - film)
        if on_film > 0.0:
            net.wet(FILM, VAPOUR, LATENT_J_KG * on_film, *film_line)
        ground, ground_slope = saturation(was.ground_c)
        ground_line = ground - ground_slope * was.ground_c, ground_slope
        from_ground = p.ground_wetness * ground_air / AIR_J_M3_K
        net.wet(GROUND, VAPOUR, LATENT_J_KG * from_ground, *ground_line)
        return Joined(
            vented, film_out, to_sky, on_film, film_line, from_ground, ground_line, soil, film_sun_w, ground_sun_w
        )

    def settle(
        self, was: Shell, now: Sequence[float], joined: Joined, sky: Outside, dt_s: float, given_mg_s: float,
        taking_m_s: float,
    ) -> Settled:  # fmt: skip
        """The shell from the solved network. Leaves and soil give `given_mg_s` of CO2 and take it in proportion."""
        air_c, film_c, ground_c, vapour = now[:OWN]
        height = self.parameters.air_height_m
        vented = joined.vented_m_s
        soil_c = self.soil.unfold(joined.soil, ground_c)
        condensed = joined.on_film_m_s * (vapour - joined.film_line[0] - joined.film_line[1] * film_c)
        steamed = joined.from_ground_m_s * (joined.ground_line[0] + joined.ground_line[1] * ground_c - vapour)
        aired = vented * (sky.vapour_kg_m3 - vapour)
        heat_w = (
            joined.film_sun_w,
            joined.ground_sun_w,
            joined.film_out_w_k * (sky.air_c - film_c),
            AIR_J_M3_K * vented * (sky.air_c - air_c),
            LATENT_J_KG * aired,
            -sum(w_k * (now[node] - sky.sky_c) for node, w_k in joined.to_sky),
            -self.soil.beyond_w(soil_c[-1], sky.soil_c),
        )
        air_c, vapour, dripped = drip(air_c, vapour, height, self.air_j_k)
        room = height / dt_s
        soil_mg_s = self.parameters.soil_co2_mg_m2_s
        gas = given_mg_s + soil_mg_s
        co2 = (room * was.co2_mg_m3 + gas + vented * sky.co2_mg_m3) / (room + vented + taking_m_s)
        return Settled(
            Shell(air_c, film_c, ground_c, vapour, soil_c, co2),
            heat_w,
            (aired, steamed, -condensed, -dripped / dt_s),
            (gas, vented * (sky.co2_mg_m3 - co2), -taking_m_s * co2),
            dt_s * condensed + dripped,
        )

    def heat_j(self, shell: Shell) -> float:
        """Above 0 degC, with the latent heat of the vapour."""
        values = (shell.air_c, shell.film_c, shell.ground_c, shell.vapour_kg_m3)
        own = sum(capacity * value for capacity, value in zip(self.capacities, values, strict=True))
        return own + self.soil.heat_j(shell.soil_c)
