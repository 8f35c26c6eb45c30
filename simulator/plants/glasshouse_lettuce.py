"""Lettuce in a glasshouse: the two stores of van Henten 1994, cut and planted anew when they are heavy enough."""

from typing import NamedTuple

from foundation.elementwise import chosen
from simulator.plants import lettuce
from simulator.plants.greenhouse_parameters import CO2_CONSTANT, KELVIN, GreenhouseParameters
from simulator.plants.lettuce import DRY_MATTER_PER_CO2, Lettuce

_NEUTRAL_ROOT_C = 24.0
"""Where `lettuce.grow` neither gains nor loses by the roots: van Henten fitted his crop without them."""


class Growth(NamedTuple):
    """As `tomato.Growth`."""

    crop: Lettuce
    net_uptake_mg: float
    harvested_mg: float
    """Dry matter cut during the step less that of the seedlings planted, mg/m2."""


def grow(p: GreenhouseParameters, crop: Lettuce, air_c: float, co2_mg_m3: float, ppfd: float, dt_s: float) -> Growth:
    """One step of at most 60 s. Air at the compensation point holds several times what a step takes."""
    grown, took = lettuce.grow(
        crop,
        air_c=air_c,
        co2_ppm=CO2_CONSTANT * (air_c + KELVIN) * co2_mg_m3 / 101325.0,
        ppfd=ppfd,
        interception=lettuce.light_interception(crop),
        root_c=_NEUTRAL_ROOT_C,
        vigour=1.0,
        dt_s=dt_s,
    )
    ripe = dry_g_m2(grown) >= p.lettuce_harvest_g_m2
    stays = Lettuce(
        chosen(ripe, p.lettuce_reserves_g_m2, grown.reserves_g_m2),
        chosen(ripe, p.lettuce_structure_g_m2, grown.structure_g_m2),
        grown.dry_share,
    )
    uptake = took.co2_uptake_g_m2_s - took.root_co2_g_m2_s
    return Growth(stays, 1e3 * uptake * dt_s, 1e3 * (dry_g_m2(grown) - dry_g_m2(stays)))


def dry_g_m2(crop: Lettuce) -> float:
    """All of the crop, roots too."""
    return crop.reserves_g_m2 + crop.structure_g_m2


def co2_mg(dry_mg: float) -> float:
    """The CO2 that so much dry matter came from, in the model's own measure."""
    return dry_mg / DRY_MATTER_PER_CO2
