"""Every number of a fish pond; `simulator/parameters/*.yaml` gives them with unit and source."""

from dataclasses import dataclass

from simulator.plants.fish import FishParameters


@dataclass(frozen=True, slots=True)
class PondParameters(FishParameters):
    """The pond around the fish. Names as in the parameter file, where each has its unit and its source."""

    area_m2: float
    upper_m: float
    lower_m: float
    brim_m: float

    albedo: float
    near_infrared: float
    par_share: float
    clear_extinction_m: float
    algae_extinction_m_ug_l: float
    wind_heat_calm_w_m2_hpa: float
    wind_heat_w_m2_hpa_m_s: float
    bottom_w_m2_k: float

    mixing_calm_m_h: float
    mixing_wind_m_h: float
    mixing_stability_k: float
    mixing_night_m_h: float
    mixing_aerator_m_h: float

    aerator_kw: float
    aerator_kg_kwh: float
    aerator_alpha: float
    aerator_beta: float
    aerator_idle_a: float
    aerator_full_a: float

    algae_chl_per_n: float
    photosynthesis_mg_mg_h: float
    photosynthesis_par_w_m2: float
    photosynthesis_theta: float
    algae_respiration_mg_mg_h: float
    algae_death_per_d: float
    algae_crash_per_h: float
    nitrogen_half_mg_l: float
    carbon_half_mol_m3: float

    decay_theta: float
    debris_decay_per_d: float
    debris_settling_m_d: float
    sediment_decay_per_d: float
    sediment_anoxic_share: float
    solids_oxygen: float
    debt_oxidation_per_h: float
    decay_oxygen_half_mg_l: float
    nitrification_per_d: float
    denitrification_m_d: float

    feeder_g_s: float
    makeup_m3_h: float
    makeup_c: float
    makeup_oxygen_mg_l: float
    makeup_nitrate_mg_l: float
    makeup_alkalinity_mg_l: float
    makeup_carbon_mol_m3: float
    drain_m3_h: float
    ionic_strength_mol_l: float

    start_water_c: float
    start_lower_c: float
    start_oxygen_mg_l: float
    start_lower_oxygen_mg_l: float
    start_tan_mg_l: float
    start_nitrate_mg_l: float
    start_alkalinity_mg_l: float
    start_ph: float
    start_chlorophyll_ug_l: float
    start_debris_oxygen_mg_l: float
    start_sediment_oxygen_g_m2: float
