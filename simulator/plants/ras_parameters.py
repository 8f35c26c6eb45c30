"""Every number of a recirculating plant; `simulator/parameters/*.yaml` gives them with unit and source."""

from dataclasses import dataclass
from math import inf

from simulator.plants.fish import FishParameters


@dataclass(frozen=True, slots=True)
class RasParameters(FishParameters):
    """The plant around the fish. Names as in the parameter file, where each has its unit and its source."""

    tank_m3: float
    tank_rest_m3: float
    tank_brim_m3: float
    tank_surface_m2: float
    mbbr_m3: float
    sump_overflow_m3: float
    sump_full_m3: float
    sump_dead_m3: float
    pipe_m3: float

    flow_m3_h: float
    pump_head_m: float
    pump_shutoff_head_m: float
    pump_lift_m: float
    pump_efficiency: float
    pump_idle_share: float
    pump_start_s: float
    pump_stop_s: float

    oxygen_gas_kg_h: float
    cone_absorption: float
    cone_limit: float
    oxygen_density_kg_m3: float
    emergency_gas_kg_h: float
    emergency_absorption: float
    emergency_depth: float

    surface_m_h: float
    tank_air_per_h: float
    mbbr_air_per_h: float
    air_co2_share: float
    beta: float
    degasser_m: float
    degasser_coefficient: float
    degasser_oxygen_share: float
    fan_m3_h: float
    draught_m3_h: float
    hall_co2_ppm: float
    blower_kw: float
    blower_idle_a: float
    blower_full_a: float

    media_m2: float
    film_respiration_g_m2_d: float
    still_bed_share: float
    stirred_from: float
    nitrification_k15: float
    nitrification_theta: float
    nitrification_exponent: float
    nitrification_tan_half_mg_l: float
    nitrification_oxygen_half_mg_l: float
    nitrification_alkalinity_half_mol_m3: float
    nitrite_capacity: float
    nitrite_half_mg_l: float
    anoxia_mg_l: float
    anoxia_decay_per_h: float
    ammonia_bacteria_recovery_per_d: float
    nitrite_bacteria_recovery_per_d: float
    solids_decay_per_d: float
    solids_oxygen: float

    drum_capture: float
    drum_full_g: float
    drum_rinse_s: float
    drum_rinse_m3_h: float
    drum_kw: float

    makeup_m3_h: float
    makeup_c: float
    makeup_oxygen_mg_l: float
    makeup_nitrate_mg_l: float
    makeup_alkalinity_mg_l: float
    makeup_carbon_mol_m3: float
    base_ml_min: float
    base_g_l: float
    ionic_strength_mol_l: float
    salinity: float

    feeder_g_s: float

    heater_kw: float
    chiller_kw: float
    cop_carnot_share: float
    cop_most: float
    heat_lag_s: float
    pump_heat: float
    uv_kw_per_m3_h: float
    uv_mj_cm2: float
    wall_kw_per_k: float
    evaporation_m_h: float
    degasser_humidification: float
    hall_c: float
    hall_humidity: float

    start_water_c: float
    start_oxygen_mg_l: float
    start_pipe_oxygen_mg_l: float
    start_tank_tan_mg_l: float
    start_tan_mg_l: float
    start_nitrite_mg_l: float
    start_nitrate_mg_l: float
    start_alkalinity_mg_l: float
    start_tank_co2_mg_l: float
    start_co2_mg_l: float
    start_solids_mg_l: float
    start_drum_g: float
    start_sump_m3: float

    oxygen_switch_shuts_mg_l: float = inf
    oxygen_switch_opens_mg_l: float = inf
    """Of a switch at the emergency valve with a probe and a battery of its own; who names none has none."""
