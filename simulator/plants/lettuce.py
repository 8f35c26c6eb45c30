"""Lettuce as two stores of dry matter: what the light makes, and what leaves and roots are built from.

Van Henten 1994 in the form of ../shared/physics.md 3.2. Rates are per m2 of cultivated area.
"""

from math import log
from typing import NamedTuple

from foundation.elementwise import chosen, exp, greater, held, lesser

_LN2 = log(2.0)
_LN_1_6 = log(1.6)

ROOT_SHARE = 0.07
"""Of the structural dry matter, in hydroponics."""
LEAF_AREA_M2_G = 0.075
EXTINCTION = 0.9
PHOTONS_UMOL_J = 4.6
"""The model was fitted in sunlight, per joule of PAR; photons count, so lamps are told by theirs."""
DRY_MATTER_PER_CO2 = 0.68
"""g of sugar per g of CO2, by the carbon in them."""
GROWTH_RESPIRATION = 0.25
"""g of sugar burnt per g of structure built."""
DRY_MATTER_SHARE = 0.036
"""Of the fresh mass, at a root temperature of 24 degC (3.5 to 4 %, Carotti et al. 2021)."""
# Warm roots: best at 28 degC, with 22 % more dry mass and 52 % more fresh mass per mol there than on the
# average of 20 to 32 degC (Carotti et al. 2021, Front. Plant Sci. 11:592171); both slopes are fitted to that.
_ROOT_BEST_C = 28.0
_ROOT_GAIN = 0.12
_DRY_SHARE_PER_K = -0.0019


class Lettuce(NamedTuple):
    """Dry matter, g/m2."""

    reserves_g_m2: float
    """Sugar and starch."""
    structure_g_m2: float
    dry_share: float = DRY_MATTER_SHARE
    """Dry per fresh mass of the crop as it stands."""


class Growth(NamedTuple):
    """What a step did besides growing: rates held over it."""

    co2_uptake_g_m2_s: float
    """Net, negative in the dark."""
    root_co2_g_m2_s: float
    """The part of the respiration that goes into the water; not contained in the uptake from the air."""
    tissue_g_m2_s: float
    """Dry matter of new tissue, reserves in proportion: it takes minerals and water with it."""


def leaf_area_index(crop: Lettuce) -> float:
    """m2 of leaf per m2 of ground."""
    return LEAF_AREA_M2_G * (1.0 - ROOT_SHARE) * crop.structure_g_m2


def light_interception(crop: Lettuce) -> float:
    """0 to 1: the share of the light that meets a leaf."""
    return 1.0 - exp(-EXTINCTION * leaf_area_index(crop))


def photosynthesis_g_m2_s(air_c: float, co2_ppm: float, ppfd: float) -> float:
    """Gross, of a closed canopy, g CO2 per m2 and s; zero where leaves cannot work (cold, heat, no CO2)."""
    compensation_ppm = 40.0 * exp(_LN2 * (air_c - 20.0) / 10.0)
    spare_ppm = greater(0.0, co2_ppm - compensation_ppm)
    carboxylation = (-1.32e-5 * air_c + 5.94e-4) * air_c - 2.64e-3
    works = (spare_ppm > 0.0) & (carboxylation > 1e-6) & (ppfd > 0.0)
    carboxylation = greater(1e-6, carboxylation)
    conductance = 1.0 / (1.0 / 0.007 + 1.0 / 0.005 + 1.0 / carboxylation)
    by_co2 = conductance * 1.83e-3 * spare_ppm
    by_light = 17e-6 * spare_ppm / (co2_ppm + 2.0 * compensation_ppm) * ppfd / PHOTONS_UMOL_J
    return chosen(works, by_light * by_co2 / greater(1e-30, by_light + by_co2), 0.0)


def grow(
    crop: Lettuce,
    *,
    air_c: float,
    co2_ppm: float,
    ppfd: float,
    interception: float,
    root_c: float,
    vigour: float,
    dt_s: float,
) -> tuple[Lettuce, Growth]:
    """The crop `dt_s` later, and what it took.

    ppfd in umol/m2/s at the canopy; `interception` is `light_interception(crop)`, which the caller needs as
    well; `vigour` 0 to 1 is what hunger and thirst leave of growth. Carbon closes: what is taken from the air
    less what the roots give to the water, times DRY_MATTER_PER_CO2, is the dry matter gained.
    """
    reserves, structure, dry_share = crop
    off_best = (root_c - _ROOT_BEST_C) / 4.0
    roots = greater(0.3, 1.0 + _ROOT_GAIN * (1.0 - off_best * off_best))
    fixed = vigour * roots * interception * photosynthesis_g_m2_s(air_c, co2_ppm, ppfd)
    warmth = exp(_LN2 * (air_c - 25.0) / 10.0)
    shoot_burns = 3.47e-7 * (1.0 - ROOT_SHARE) * structure * warmth
    root_burns = 1.16e-7 * ROOT_SHARE * structure * warmth
    minute_g = 60.0 * (shoot_burns + root_burns)
    # a starving crop burns what it has, not more
    fed = lesser(1.0, reserves / greater(1e-30, minute_g))
    shoot_burns = shoot_burns * fed
    root_burns = root_burns * fed
    rate = vigour * 5e-6 * reserves / (reserves + structure + 1e-12) * exp(_LN_1_6 * (air_c - 20.0) / 10.0)
    built = rate * structure
    uptake = fixed - (shoot_burns + GROWTH_RESPIRATION * built) / DRY_MATTER_PER_CO2
    root_co2 = root_burns / DRY_MATTER_PER_CO2
    tissue_share = held(DRY_MATTER_SHARE + _DRY_SHARE_PER_K * (root_c - 24.0), 0.02, 0.06)
    grown = Lettuce(
        reserves + dt_s * (DRY_MATTER_PER_CO2 * (uptake - root_co2) - built),
        structure + dt_s * built,
        dry_share + dt_s * rate * (tissue_share - dry_share),
    )
    return grown, Growth(uptake, root_co2, rate * (structure + reserves))
