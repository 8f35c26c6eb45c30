"""What a glasshouse is made of, as numbers, and what follows from them once and for all."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from foundation.elementwise import exp

GAS_CONSTANT = 8314.0
"""J/kmol/K, with the molar masses 18 and 44.01 kg/kmol, rounded as in Vanthoor 2011, table 8.1."""
VAPOUR_CONSTANT = GAS_CONSTANT / 18.0
"""J/kg/K: vapour pressure = density x this x temperature."""
CO2_CONSTANT = 8314.4598 / 44.01
KELVIN = 273.15
STEFAN_BOLTZMANN = 5.67e-8


@dataclass(frozen=True, slots=True)
class GreenhouseParameters:
    """One field a line of the parameter file; the units are in the names, the meaning in the file."""

    floor_area_m2: float
    cover_area_m2: float
    cover_slope_degrees: float
    air_height_m: float
    top_height_m: float
    construction_absorption: float
    saturation_a_pa: float
    saturation_b: float
    saturation_c_k: float
    saturation_inverse_d: float
    latent_heat_j_kg: float
    air_heat_capacity_j_m3_k: float
    cover_thickness_m: float
    cover_density_kg_m3: float
    cover_specific_heat_j_kg_k: float
    cover_conductivity_w_m_k: float
    cover_skin_fraction: float
    cover_par_transmission: float
    cover_par_reflection: float
    cover_nir_transmission: float
    cover_nir_reflection: float
    cover_fir_transmission: float
    cover_fir_reflection: float
    cover_convection_inside: float
    cover_convection_still: float
    cover_convection_wind: float
    vent_area_m2: float
    vent_height_m: float
    vent_discharge: float
    vent_wind_pressure_lee: float
    vent_wind_pressure_windward: float
    leakage: float
    leakage_top_share: float
    leakage_least_wind_m_s: float
    screen_thickness_m: float
    screen_density_kg_m3: float
    screen_specific_heat_j_kg_k: float
    screen_emission: float
    screen_fir_transmission: float
    screen_par_transmission: float
    screen_par_reflection: float
    screen_nir_transmission: float
    screen_nir_reflection: float
    screen_air_flux: float
    shade_transmission: float
    floor_thickness_m: float
    floor_density_kg_m3: float
    floor_specific_heat_j_kg_k: float
    floor_conductivity_w_m_k: float
    floor_par_reflection: float
    floor_nir_reflection: float
    floor_emission: float
    soil_heat_capacity_j_m3_k: float
    soil_conductivity_w_m_k: float
    soil_layer_m: float
    soil_outside_m: float
    pipe_length_m_m2: float
    pipe_outer_m: float
    pipe_inner_m: float
    pipe_emission: float
    grow_pipe_length_m_m2: float
    grow_pipe_outer_m: float
    grow_pipe_inner_m: float
    boiler_capacity_w_m2: float
    boiler_water_c: float
    boiler_water_l_m2: float
    heat_buffer_l_m2: float
    circulation_w_m2_k: float
    heater_capacity_w_m2: float
    lamp_power_w_m2: float
    lamp_par_share: float
    lamp_nir_share: float
    lamp_photons_umol_j: float
    lamp_area_m2_m2: float
    lamp_emission_top: float
    lamp_emission_bottom: float
    lamp_heat_capacity_j_m2_k: float
    lamp_convection_w_m2_k: float
    lamp_cooling_share: float
    co2_capacity_mg_m2_s: float
    fog_capacity_kg_m2_s: float
    par_share: float
    sun_photons_umol_j: float
    canopy_par_extinction: float
    canopy_par_reflection: float
    canopy_nir_extinction: float
    canopy_nir_reflection: float
    canopy_fir_extinction: float
    leaf_convection_w_m2_k: float
    leaf_heat_capacity_j_m2_k: float
    psychrometric_pa_k: float
    boundary_resistance_s_m: float
    transpiring_sides: float
    least_stomatal_resistance_s_m: float
    specific_leaf_area_m2_mg: float
    leaf_area_index_most: float
    fruit_most_mg_m2: float
    buffer_most_mg_m2: float
    buffer_least_mg_m2: float
    electron_transport_umol_m2_s: float
    fruit_growth_mg_m2_s: float
    leaf_growth_mg_m2_s: float
    stem_growth_mg_m2_s: float
    fruit_maintenance_per_s: float
    leaf_maintenance_per_s: float
    stem_maintenance_per_s: float
    generative_sum_c_d: float
    lettuce_crop: float
    lettuce_reserves_g_m2: float
    lettuce_structure_g_m2: float
    lettuce_harvest_g_m2: float
    initial_air_c: float
    initial_canopy_c: float
    initial_soil_c: float
    initial_soil_step_k: float
    initial_pipe_c: float
    initial_vapour_air_pa: float
    initial_vapour_top_pa: float
    initial_co2_mg_m3: float
    initial_leaf_area_index: float
    initial_buffer_mg_m2: float
    initial_stem_mg_m2: float
    initial_fruit_mg_m2: float
    initial_temperature_sum_c_d: float
    initial_canopy_day_mean_c: float

    @classmethod
    def of(cls, values: Mapping[str, float]) -> "GreenhouseParameters":
        """From what `simulator.parameters.load_parameters(..., known=GreenhouseParameters.names())` gives."""
        return cls(**values)

    @staticmethod
    def names() -> tuple[str, ...]:
        return tuple(field.name for field in fields(GreenhouseParameters))

    def saturation_pa(self, temperature_c: float) -> float:
        """Vapour pressure over water, Pa, by the form the file names (Buck, or GreenLight's)."""
        exponent = (self.saturation_b - self.saturation_inverse_d * temperature_c) * temperature_c
        return self.saturation_a_pa * exp(exponent / (self.saturation_c_k + temperature_c))


_SHARES = (
    "absorption", "_fraction", "_share", "_transmission", "_reflection", "_emission", "lettuce_crop",
)  # fmt: skip
"""What never exceeds 1."""
_MAY_BE_NEGATIVE = ("initial_air_c", "initial_canopy_c", "initial_soil_c", "initial_soil_step_k", "initial_pipe_c")
_MAY_BE_ZERO = (
    "cover_convection", "saturation_inverse_d", "vent_", "leakage", "screen_air_flux", "shade_", "pipe_length_m_m2",
    "boiler_capacity", "boiler_water_l_m2", "heat_buffer_l_m2", "circulation", "heater_capacity", "lamp_",
    "co2_capacity", "fog_capacity", "initial_buffer", "initial_stem", "initial_fruit", "initial_temperature_sum",
    "initial_canopy_day_mean", "initial_leaf", "initial_co2", "lettuce_", "canopy_", "_maintenance_per_s",
    "_growth_mg_m2_s",
)  # fmt: skip
_TOGETHER_AT_MOST_1 = (
    ("cover_par_transmission", "cover_par_reflection"), ("cover_nir_transmission", "cover_nir_reflection"),
    ("cover_fir_transmission", "cover_fir_reflection"), ("screen_par_transmission", "screen_par_reflection"),
    ("screen_nir_transmission", "screen_nir_reflection"), ("screen_emission", "screen_fir_transmission"),
    ("lamp_par_share", "lamp_nir_share", "lamp_cooling_share"),
)  # fmt: skip
_SMALLER_THAN = (("pipe_inner_m", "pipe_outer_m"), ("grow_pipe_inner_m", "grow_pipe_outer_m"))


def unphysical(values: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """Parameters that no house can have, each with what is wrong with it."""
    for name, value in values.items():
        if any(part in name for part in _SHARES) and not 0.0 <= value <= 1.0:
            yield name, f"is {value:g}, wanted 0 to 1"
        elif value < 0.0 and name not in _MAY_BE_NEGATIVE:
            yield name, f"is {value:g}, and cannot be negative"
        elif value == 0.0 and not any(part in name for part in (*_SHARES, *_MAY_BE_ZERO, *_MAY_BE_NEGATIVE)):
            yield name, "is 0, and must be more"
    for parts in _TOGETHER_AT_MOST_1:
        together = sum(values[part] for part in parts)
        if together > 1.0 + 1e-9:
            yield parts[0], f"makes {together:g} with {' and '.join(parts[1:])}, wanted 1 at most"
    for less, more in _SMALLER_THAN:
        if values[less] >= values[more]:
            yield less, f"is {values[less]:g}, wanted less than {more}, {values[more]:g}"
    if values["air_height_m"] < 1.0:
        yield "air_height_m", f"is {values['air_height_m']:g}, wanted at least 1 m of air"
    if 0.0 < values["heat_buffer_l_m2"] < 5.0:
        yield "heat_buffer_l_m2", f"is {values['heat_buffer_l_m2']:g}, wanted 0 (none) or at least 5 L/m2"
    if values["lettuce_crop"] not in (0.0, 1.0):
        yield "lettuce_crop", f"is {values['lettuce_crop']:g}, wanted 0 (tomato) or 1 (lettuce)"


@dataclass(frozen=True, slots=True)
class HouseConstants:
    """Per m2 of floor: heat capacities (J/m2/K), fixed conductances (W/m2/K), view factors and areas (-)."""

    cover_ratio: float
    cover_skin_j_k: float
    cover_through_w_k: float
    air_j_k: float
    top_j_k: float
    screen_j_k: float
    floor_j_k: float
    soil_j_k: tuple[float, float, float, float, float]
    soil_w_k: tuple[float, float, float, float, float, float]
    """Floor to first layer, from layer to layer, last layer to the outside soil."""
    pipe_j_k: float
    pipe_area: float
    pipe_convection: float
    grow_pipe_j_k: float
    grow_pipe_convection: float
    boiler_j_k: float
    """Water of boiler and header, and the upper half of the heat buffer."""
    buffer_j_k: float
    """The lower half."""
    floor_view: float
    """Of the floor, past the pipes."""
    lamp_passage: float
    cover_emission: float
    vent_factor: float
    """Ventilation of one side in m/s for each m/s of driving speed, fully open."""

    @classmethod
    def of(cls, p: GreenhouseParameters) -> "HouseConstants":
        glass = p.cover_thickness_m * p.cover_density_kg_m3 * p.cover_specific_heat_j_kg_k
        pipe_area = math.pi * p.pipe_length_m_m2 * p.pipe_outer_m
        # each layer of soil is twice as thick as the one above
        layer = p.soil_layer_m
        first = layer * p.soil_heat_capacity_j_m3_k
        floor_to_soil = 2.0 / (p.floor_thickness_m / p.floor_conductivity_w_m_k + layer / p.soil_conductivity_w_m_k)
        between = 2.0 * p.soil_conductivity_w_m_k / (3.0 * layer)
        to_outside = 2.0 * p.soil_conductivity_w_m_k / (16.0 * layer + p.soil_outside_m)
        grow_area = math.pi * p.grow_pipe_length_m_m2 * p.grow_pipe_outer_m
        return cls(
            cover_ratio=p.cover_area_m2 / p.floor_area_m2,
            cover_skin_j_k=p.cover_skin_fraction * math.cos(math.radians(p.cover_slope_degrees)) * glass,
            cover_through_w_k=p.cover_conductivity_w_m_k / p.cover_thickness_m,
            air_j_k=p.air_height_m * p.air_heat_capacity_j_m3_k,
            top_j_k=p.top_height_m * p.air_heat_capacity_j_m3_k,
            screen_j_k=p.screen_thickness_m * p.screen_density_kg_m3 * p.screen_specific_heat_j_kg_k,
            floor_j_k=p.floor_thickness_m * p.floor_density_kg_m3 * p.floor_specific_heat_j_kg_k,
            soil_j_k=(first, 2.0 * first, 4.0 * first, 8.0 * first, 16.0 * first),
            soil_w_k=(floor_to_soil, between, between / 2.0, between / 4.0, between / 8.0, to_outside),
            pipe_j_k=_pipe_j_k(p.pipe_length_m_m2, p.pipe_outer_m, p.pipe_inner_m),
            pipe_area=pipe_area,
            pipe_convection=1.99 * pipe_area,
            # a house without the part keeps a trace of it, tied to nothing
            grow_pipe_j_k=max(1.0, _pipe_j_k(p.grow_pipe_length_m_m2, p.grow_pipe_outer_m, p.grow_pipe_inner_m)),
            grow_pipe_convection=1.99 * grow_area,
            boiler_j_k=max(1.0, (p.boiler_water_l_m2 + 0.5 * p.heat_buffer_l_m2) * 4180.0),
            buffer_j_k=max(1.0, 0.5 * p.heat_buffer_l_m2 * 4180.0),
            floor_view=1.0 - 0.49 * pipe_area,
            lamp_passage=1.0 - p.lamp_area_m2_m2,
            cover_emission=1.0 - p.cover_fir_transmission - p.cover_fir_reflection,
            vent_factor=0.5 * p.vent_area_m2 * p.vent_discharge / (2.0 * p.floor_area_m2),
        )


def _pipe_j_k(length_m_m2: float, outer_m: float, inner_m: float) -> float:
    """Steel and water, Vanthoor 2011, eq 8.22."""
    steel = (outer_m**2 - inner_m**2) * 7850.0 * 640.0
    return 0.25 * math.pi * length_m_m2 * (steel + inner_m**2 * 1000.0 * 4180.0)
