"""The section of a Chinese solar greenhouse: its four sides, what they see of each other, and where the sun falls.

A row house from east to west: a film that slopes up from the south to the ridge, a short insulated back roof down to
a north wall, and the ground. All areas are per m2 of ground, all lengths those of the section.
"""

from dataclasses import dataclass, fields
from math import atan2, cos, hypot, radians, sin, sqrt, tan
from typing import NamedTuple

from simulator.plants.leaves import CropParameters
from simulator.plants.moist_air import AIR_J_M3_K
from simulator.plants.network import Layers
from simulator.plants.sunlight import beam_and_diffuse, film_transmission
from simulator.plants.surroundings import Outside

WALL_LAYERS = 7
ROOF_LAYERS = 3
SOIL_LAYERS = 6
_DIFFUSE_PROFILE = tan(radians(45.0))
"""Diffuse light is shared between wall and ground as a beam from there would be."""
_DIFFUSE_COSINE = 0.5
"""Its effective angle of incidence is 60 degrees (Brandemuehl & Beckman 1980)."""
_OUTSIDE_M2_K_W = 0.06
"""From a wall to the wind."""


@dataclass(frozen=True, slots=True)
class HouseParameters:
    """Names as in the parameter file, where each has its unit, source and meaning."""

    length_m: float
    span_m: float
    ridge_height_m: float
    ridge_from_front_m: float
    wall_height_m: float
    faces_degrees: float
    film_refraction: float
    film_clear: float
    film_fir_transmission: float
    film_emission: float
    film_heat_capacity_j_m2_k: float
    frame_shade: float
    blanket_resistance_m2_k_w: float
    blanket_heat_capacity_j_m2_k: float
    blanket_absorption: float
    blanket_emission: float
    surface_m: float
    wall_layer_m: float
    wall_conductivity_w_m_k: float
    wall_heat_capacity_j_m3_k: float
    wall_insulation_m2_k_w: float
    wall_absorption: float
    roof_layer_m: float
    roof_conductivity_w_m_k: float
    roof_heat_capacity_j_m3_k: float
    roof_insulation_m2_k_w: float
    soil_layer_m: float
    soil_conductivity_w_m_k: float
    soil_heat_capacity_j_m3_k: float
    soil_absorption: float
    top_vent_m2_m2: float
    bottom_vent_m2_m2: float
    vent_rise_m: float
    vent_slot_m: float
    vent_discharge: float
    vent_wind_pressure: float
    leakage: float
    leakage_least_wind_m_s: float
    soil_co2_mg_m2_s: float
    heater_capacity_w_m2: float
    initial_air_c: float
    initial_wall_c: float
    initial_soil_c: float
    initial_deep_soil_c: float
    initial_relative_humidity: float
    initial_co2_ppm: float


class Views(NamedTuple):
    """What the sides see of each other by crossed strings, m2 of view per m2 of ground."""

    ground_wall: float
    ground_roof: float
    ground_film: float
    wall_roof: float
    wall_film: float
    roof_film: float


class Shine(NamedTuple):
    """Sunlight taken up, W per m2 of ground, and what the crop sees."""

    canopy_w: float
    ground_w: float
    wall_w: float
    film_w: float
    blanket_w: float
    above_canopy_w: float


class House:
    """The section with the numbers of one house; nothing here changes in time."""

    def __init__(self, house: HouseParameters, crop: CropParameters) -> None:
        p = self.parameters = house
        self.crop = crop
        span, back = p.span_m, p.span_m - p.ridge_from_front_m
        film_m = hypot(p.ridge_height_m, p.ridge_from_front_m)
        roof_m = hypot(p.ridge_height_m - p.wall_height_m, back)
        self.film_m2 = film_m / span
        self.wall_m2 = p.wall_height_m / span
        self.roof_m2 = roof_m / span
        self.ground_m2 = span * p.length_m
        self.air_m = (
            0.5 * p.ridge_from_front_m * p.ridge_height_m + 0.5 * back * (p.ridge_height_m + p.wall_height_m)
        ) / span
        self.air_j_k = self.air_m * AIR_J_M3_K
        self.slope = atan2(p.ridge_height_m, p.ridge_from_front_m)
        front_to_wall, ridge_to_foot = hypot(span, p.wall_height_m), hypot(back, p.ridge_height_m)
        crossed = front_to_wall + ridge_to_foot
        self.views = Views(
            ground_wall=0.5 * (span + p.wall_height_m - front_to_wall) / span,
            ground_roof=0.5 * (crossed - p.wall_height_m - film_m) / span,
            ground_film=0.5 * (span + film_m - ridge_to_foot) / span,
            wall_roof=0.5 * (p.wall_height_m + roof_m - ridge_to_foot) / span,
            wall_film=0.5 * (crossed - span - roof_m) / span,
            roof_film=0.5 * (roof_m + film_m - front_to_wall) / span,
        )
        self.wall = Layers.of(
            self.wall_m2, p.surface_m, [p.wall_layer_m] * WALL_LAYERS, p.wall_conductivity_w_m_k,
            p.wall_heat_capacity_j_m3_k, p.wall_insulation_m2_k_w + _OUTSIDE_M2_K_W,
        )  # fmt: skip
        self.roof = Layers.of(
            self.roof_m2, p.surface_m, [p.roof_layer_m] * ROOF_LAYERS, p.roof_conductivity_w_m_k,
            p.roof_heat_capacity_j_m3_k, p.roof_insulation_m2_k_w + _OUTSIDE_M2_K_W,
        )  # fmt: skip
        thicknesses = [p.soil_layer_m * 2.0**index for index in range(SOIL_LAYERS)]
        self.soil = Layers.of(
            1.0, p.surface_m, thicknesses, p.soil_conductivity_w_m_k, p.soil_heat_capacity_j_m3_k,
            thicknesses[-1] / p.soil_conductivity_w_m_k,
        )  # fmt: skip
        self.wall_surface_j_k = self.wall_m2 * p.surface_m * p.wall_heat_capacity_j_m3_k
        self.roof_surface_j_k = self.roof_m2 * p.surface_m * p.roof_heat_capacity_j_m3_k
        self.ground_j_k = p.surface_m * p.soil_heat_capacity_j_m3_k
        self.film_j_k = self.film_m2 * p.film_heat_capacity_j_m2_k
        self.blanket_j_k = self.film_m2 * p.blanket_heat_capacity_j_m2_k
        self.canopy_j_k = crop.leaf_heat_capacity_j_m2_k * crop.leaf_area_index
        self._cover = crop.cover
        self._diffuse = film_transmission(_DIFFUSE_COSINE, p.film_refraction, p.film_clear)
        self._sky_view = 0.5 * (1.0 + cos(self.slope))

    def ground_share(self, profile_tangent: float) -> float:
        """Share of the light through the film that meets the ground, the rest meets the wall.

        `profile_tangent` is that of the sun's height in the section; a ray that enters at the share s of the film
        lands at s (ridge_from_front + ridge_height / tangent).
        """
        p = self.parameters
        return min(1.0, p.span_m / (p.ridge_from_front_m + p.ridge_height_m / profile_tangent))

    def shine(self, sky: Outside, blanket: float) -> Shine:
        """Where the sunlight stays; `blanket` 0 is rolled up, 1 covers all."""
        p = self.parameters
        beam, diffuse = beam_and_diffuse(sky)
        on_film = diffuse * self._sky_view * self.film_m2
        passed = self._diffuse[0] * on_film
        kept = self._diffuse[1] * on_film
        ground = self.ground_share(_DIFFUSE_PROFILE) * passed
        wall = passed - ground
        if beam > 0.0 and sky.sun_elevation_degrees is not None and sky.sun_azimuth_degrees is not None:
            height = radians(sky.sun_elevation_degrees)
            before = cos(radians(sky.sun_azimuth_degrees - p.faces_degrees))
            facing = sin(height) * cos(self.slope) + cos(height) * sin(self.slope) * before
            if facing > 0.0:
                through, stays = film_transmission(facing, p.film_refraction, p.film_clear)
                direct = beam * facing * self.film_m2
                on_film += direct
                kept += stays * direct
                share = self.ground_share(tan(height) / before) if before > 1e-6 else 1.0
                ground += share * through * direct
                wall += (1.0 - share) * through * direct
        opened = 1.0 - blanket
        ground *= opened * (1.0 - p.frame_shade)
        wall *= opened * (1.0 - p.frame_shade)
        # the crop stands before the foot of the wall, too
        shaded = self._cover * min(1.0, self.crop.canopy_height_m / p.wall_height_m)
        on_canopy = self._cover * ground + shaded * wall
        return Shine(
            canopy_w=self.crop.canopy_absorption * on_canopy,
            ground_w=p.soil_absorption * (1.0 - self._cover) * ground,
            wall_w=p.wall_absorption * (1.0 - shaded) * wall,
            film_w=opened * kept,
            blanket_w=blanket * p.blanket_absorption * on_film,
            above_canopy_w=ground + wall,
        )

    def vented_m_s(self, top: float, bottom: float, air_c: float, sky: Outside) -> float:
        """Air through slots and leaks, m3 per m2 of ground and second.

        Chimney between both slots and wind on both (Kittas et al. 1997, Vanthoor 2011, eqs 8.63 to 8.65), the top
        slot's own buoyancy added under the root.
        """
        p = self.parameters
        leak = p.leakage * max(p.leakage_least_wind_m_s, sky.wind_m_s)
        high, low = top * p.top_vent_m2_m2, bottom * p.bottom_vent_m2_m2
        both = hypot(high, low)
        if both <= 0.0:
            return leak
        lift = 9.81 * abs(air_c - sky.air_c) / (273.15 + 0.5 * (air_c + sky.air_c))
        pair = high * (low / both)
        driven = 2.0 * pair * pair * lift * p.vent_rise_m + 0.125 * high * high * lift * p.vent_slot_m
        driven += (0.5 * (high + low) * sky.wind_m_s) ** 2 * p.vent_wind_pressure
        return leak + p.vent_discharge * sqrt(driven)


def names() -> list[str]:
    """Every parameter of the file."""
    return [field.name for kind in (HouseParameters, CropParameters) for field in fields(kind)]
