"""The tomato crop of Vanthoor 2011, chapter 9, in the simplified form of Katzin 2021: a carbohydrate buffer
that photosynthesis fills and leaves, stems and fruit draw from."""

from math import log
from typing import NamedTuple

from foundation.elementwise import anywhere, exp, greater, held, lesser, sqrt
from simulator.plants.greenhouse_parameters import CO2_CONSTANT, KELVIN, GreenhouseParameters

CO2_PER_SUGAR = 44.0 / 30.0
"""mg of CO2 for each mg of CH2O."""
_GROWTH_RESPIRATION = (0.28, 0.30, 0.27)  # leaf, stem, fruit: table 9.1
# (1 - exp(-2.85e6 s x 3e-6 /s)): regression and relative growth rate of maintenance respiration, eq 9.45
_MAINTENANCE = 1.0 - exp(-2.85e6 * 3e-6)
_PICKING_STEEPNESS = 2.0 * log(100.0) / 1e4


class Crop(NamedTuple):
    """mg of CH2O per m2 of floor, and the temperatures the crop remembers."""

    buffer_mg: float
    leaf_mg: float
    stem_mg: float
    fruit_mg: float
    temperature_sum_c_d: float
    day_mean_c: float

    @property
    def carbon_mg(self) -> float:
        return self.buffer_mg + self.leaf_mg + self.stem_mg + self.fruit_mg


class Growth(NamedTuple):
    crop: Crop
    net_uptake_mg: float
    """CO2 taken from the air during the step, mg/m2; negative when the crop breathes out."""
    harvested_mg: float
    """Leaves pruned and fruit picked during the step, mg CH2O/m2."""


def stomatal_resistance_s_m(
    p: GreenhouseParameters, above_canopy_w: float, co2_mg_m3: float, deficit_pa: float
) -> float:
    """Stanghellini's factors of light, CO2 and vapour deficit (leaf to air), eqs 8.49 to 8.52."""
    day = 1.0 / (1.0 + exp(5.0 - above_canopy_w))
    by_co2 = 1.1e-11 + (6.1e-7 - 1.1e-11) * day
    by_deficit = 5.2e-6 + (4.3e-6 - 5.2e-6) * day
    excess = 0.554 * co2_mg_m3 - 200.0
    return (
        p.least_stomatal_resistance_s_m
        * (above_canopy_w + 4.3)
        / (above_canopy_w + 0.54)
        * lesser(1.5, 1.0 + by_co2 * excess * excess)
        * lesser(5.8, 1.0 + by_deficit * deficit_pa * deficit_pa)
    )


def grow(
    p: GreenhouseParameters,
    crop: Crop,
    canopy_c: float,
    air_c: float,
    co2_mg_m3: float,
    absorbed_photons: float,
    most_uptake_mg: float,
    dt_s: float,
) -> Growth:
    """One step. `most_uptake_mg` (CO2, mg/m2) is what the air can give before it is empty."""
    assimilated = 0.0
    if anywhere(absorbed_photons > 0.0):
        rate = _photosynthesis(p, crop, canopy_c, air_c, co2_mg_m3, absorbed_photons)
        assimilated = lesser(rate * dt_s, most_uptake_mg / CO2_PER_SUGAR)

    to_leaf, to_stem, to_fruit = _demands(p, crop, canopy_c)
    growth_respiration = (
        _GROWTH_RESPIRATION[0] * to_leaf + _GROWTH_RESPIRATION[1] * to_stem + _GROWTH_RESPIRATION[2] * to_fruit
    )
    wanted = (to_leaf + to_stem + to_fruit + growth_respiration) * dt_s
    # the published flows are not zero at an empty buffer: the crop cannot spend what it does not have
    given = dt_s * lesser(1.0, (crop.buffer_mg + assimilated) / greater(1e-200, wanted))

    maintenance = _MAINTENANCE * 2.0 ** (0.1 * (crop.day_mean_c - 25.0)) * dt_s
    leaf_respired = lesser(0.5, maintenance * p.leaf_maintenance_per_s) * crop.leaf_mg
    stem_respired = lesser(0.5, maintenance * p.stem_maintenance_per_s) * crop.stem_mg
    fruit_respired = lesser(0.5, maintenance * p.fruit_maintenance_per_s) * crop.fruit_mg
    leaf_most = p.leaf_area_index_most / p.specific_leaf_area_m2_mg
    pruned = _picked(crop.leaf_mg, leaf_most, 1e5, dt_s)
    picked = _picked(crop.fruit_mg, p.fruit_most_mg_m2, 5e4, dt_s)

    respired = growth_respiration * given + leaf_respired + stem_respired + fruit_respired
    return Growth(
        crop=Crop(
            buffer_mg=greater(
                0.0, crop.buffer_mg + assimilated - (to_leaf + to_stem + to_fruit + growth_respiration) * given
            ),
            leaf_mg=crop.leaf_mg + to_leaf * given - leaf_respired - pruned,
            stem_mg=crop.stem_mg + to_stem * given - stem_respired,
            fruit_mg=crop.fruit_mg + to_fruit * given - fruit_respired - picked,
            temperature_sum_c_d=crop.temperature_sum_c_d + canopy_c * dt_s / 86400.0,
            day_mean_c=crop.day_mean_c + (canopy_c - crop.day_mean_c) * dt_s / 86400.0,
        ),
        net_uptake_mg=CO2_PER_SUGAR * (assimilated - respired),
        harvested_mg=pruned + picked,
    )


def _photosynthesis(
    p: GreenhouseParameters, crop: Crop, canopy_c: float, air_c: float, co2_mg_m3: float, photons: float
) -> float:
    """Less photorespiration, mg CH2O/m2/s (eqs 9.10 to 9.23)."""
    leaf_area_index = p.specific_leaf_area_m2_mg * crop.leaf_mg
    kelvin = canopy_c + KELVIN
    gas = 8.314
    potential = (
        leaf_area_index
        * p.electron_transport_umol_m2_s
        * exp(37e3 * (kelvin - 298.15) / (gas * kelvin * 298.15))
        * (1.0 + exp((710.0 * 298.15 - 22e4) / (gas * 298.15)))
        / (1.0 + exp((710.0 * kelvin - 22e4) / (gas * kelvin)))
    )
    driven = 0.385 * photons
    both = potential + driven
    transport = (both - sqrt(greater(0.0, both * both - 4.0 * 0.7 * potential * driven))) / (2.0 * 0.7)
    stomata = 0.67 * CO2_CONSTANT * (air_c + KELVIN) * co2_mg_m3 / 101325.0
    # the published line turns negative in a cold young crop
    compensation = greater(0.0, 34.0 + 1.7 * (canopy_c - 20.0) / leaf_area_index)
    net = transport * greater(0.0, stomata - compensation) / (4.0 * (stomata + 2.0 * compensation))
    full = 1.0 / (1.0 + exp(lesser(50.0, 5e-4 * (crop.buffer_mg - p.buffer_most_mg_m2))))
    return 30e-3 * full * net * (1.0 - compensation / stomata)


def _demands(p: GreenhouseParameters, crop: Crop, canopy_c: float) -> tuple[float, float, float]:
    """What leaf, stem and fruit would draw from the buffer, mg/m2/s (eqs 9.24 to 9.28, B.1 to B.6)."""
    mean = held(crop.day_mean_c, -40.0, 60.0)
    now = held(canopy_c, -40.0, 60.0)
    supply = 1.0 / (1.0 + exp(greater(-50.0, -5e-3 * (crop.buffer_mg - p.buffer_least_mg_m2))))
    by_day = 1.0 / (1.0 + exp(-1.1587 * (mean - 15.0))) / (1.0 + exp(1.3904 * (mean - 24.5)))
    by_now = 1.0 / (1.0 + exp(-0.869 * (now - 10.0))) / (1.0 + exp(0.5793 * (now - 34.0)))
    stage = crop.temperature_sum_c_d / p.generative_sum_c_d
    generative = 0.5 * (stage + sqrt(stage * stage + 1e-4)) - 0.5 * (
        stage - 1.0 + sqrt((stage - 1.0) * (stage - 1.0) + 1e-4)
    )
    pace = supply * by_day * greater(0.0, 0.047 * mean + 0.06)
    return (
        pace * p.leaf_growth_mg_m2_s,
        pace * p.stem_growth_mg_m2_s,
        pace * by_now * greater(0.0, generative) * p.fruit_growth_mg_m2_s,
    )


def _picked(held_mg: float, most_mg: float, rate_mg_s: float, dt_s: float) -> float:
    """Smooth harvest around a most (Katzin 2021, eq 7.45), never more than a tenth of what hangs there."""
    exponent = lesser(50.0, (most_mg - held_mg) * _PICKING_STEEPNESS)
    return lesser(0.1 * held_mg, rate_mg_s * dt_s / (1.0 + exp(exponent)))
