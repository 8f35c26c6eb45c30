"""What parameters of fish, ponds, nutrient tanks and lit rooms cannot be: refused, with the place of the mistake."""

from collections.abc import Iterator, Mapping

_SHARES = (
    "_share", "absorption", "capture", "efficiency", "protein", "albedo", "near_infrared", "beta", "alpha", "bypass",
    "relative_humidity", "least", "cover", "follows_weather", "stirred_from", "solids_nitrogen",
    "degasser_humidification", "pump_heat", "start_body_nitrogen",
)  # fmt: skip
"""Words in the names of what lies between 0 and 1."""
_MORE_THAN_NOTHING = (
    "tank_m3", "mbbr_m3", "pipe_m3", "sump_overflow_m3", "sump_full_m3", "sump_dead_m3", "tank_surface_m2",
    "flow_m3_h", "pump_start_s", "pump_stop_s", "pump_efficiency", "oxygen_density_kg_m3", "cone_limit",
    "drum_full_g", "drum_rinse_s", "gut_residence_h", "growth_feed_ratio", "growth_width_k", "stomach_share",
    "fish_q10", "start_weight_g", "solids_oxygen", "anoxia_mg_l", "stirred_from", "nitrite_half_mg_l", "heat_lag_s",
    "cop_carnot_share", "cop_most", "start_sump_m3", "lethal_oxygen_mg_l", "lethal_nh3_mg_l",
    "area_m2", "upper_m", "lower_m", "algae_chl_per_n", "photosynthesis_par_w_m2", "mixing_stability_k",
    "nitrogen_half_mg_l", "carbon_half_mol_m3", "decay_theta", "photosynthesis_theta", "nitrification_theta",
    "raft_m2", "raft_air_s_m", "lamp_umol_j", "crop_standing_max_g_m2",
    "cultivated_m2", "room_m3", "lamp_efficacy_umol_j", "lamp_canopy_share", "lamp_life_h", "lamp_heat_capacity_kj_k",
    "lamp_to_air_w_k", "mass_heat_capacity_kj_k", "mass_to_air_w_k", "coil_heat_capacity_kj_k", "coil_air_kg_s",
    "coil_film_drain_s", "coil_film_dry_s", "coil_frost_c", "compressor_start_s", "compressor_starts_per_h",
    "canopy_air_still_s_m", "canopy_air_fans_s_m", "tank_full_l", "tank_start_l", "tank_inlet_share",
    "tank_foot_valve_l", "channel_weir_l", "channel_drain_s", "circulation_l_s", "probe_dead_s",
)  # fmt: skip
"""What is divided by, or makes no plant where it is not there."""
_MAY_BE_NEGATIVE = ("routine_weight_power",)
_IN_ORDER = (
    ("tank_rest_m3", "tank_m3"), ("tank_m3", "tank_brim_m3"), ("sump_dead_m3", "start_sump_m3"),
    ("sump_dead_m3", "sump_overflow_m3"), ("pump_lift_m", "pump_head_m"), ("pump_head_m", "pump_shutoff_head_m"),
    ("blower_idle_a", "blower_full_a"), ("appetite_none_mg_l", "appetite_full_mg_l"),
    ("feeding_from_c", "feeding_to_c"), ("lethal_cold_c", "lethal_heat_c"), ("growth_zero_c", "growth_best_c"),
    ("upper_m", "brim_m"), ("oxygen_switch_opens_mg_l", "oxygen_switch_shuts_mg_l"),
    ("aerator_idle_a", "aerator_full_a"), ("tank_foot_valve_l", "tank_start_l"), ("tank_start_l", "tank_full_l"),
)  # fmt: skip
"""The first is less than the second."""


def unphysical(values: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """Parameters that no such farm can have, each with what is wrong with it."""
    for key, value in values.items():
        if any(part in key for part in _SHARES) and not 0.0 <= value <= 1.0:
            yield key, f"is {value:g}, wanted 0 to 1"
        elif key.endswith("_c"):
            if not -40.0 <= value <= 60.0:
                yield key, f"is {value:g}, wanted -40 to 60 degC"
        elif value < 0.0 and key not in _MAY_BE_NEGATIVE:
            yield key, f"is {value:g}, and cannot be negative"
        if value <= 0.0 and key in _MORE_THAN_NOTHING:
            yield key, f"is {value:g}, wanted more than 0"
    for less, more in _IN_ORDER:
        if less in values and more in values and values[less] >= values[more]:
            yield less, f"is {values[less]:g}, wanted less than {more}, {values[more]:g}"
