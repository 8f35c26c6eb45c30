"""Lettuce on rafts over the fishes' water: the minerals it lives on, and what roots and leaves draw.

Alkalinity is what the charges of the minerals leave over, so a root that takes nitrate gives alkalinity back, and one
that takes potassium takes it.
"""

from dataclasses import dataclass
from typing import NamedTuple

from foundation.water import CO2_MG_MMOL
from simulator.plants.canopy import canopy_fluxes
from simulator.plants.lettuce import Lettuce, grow, leaf_area_index, light_interception
from simulator.plants.nutrient_solution import Ions
from simulator.plants.nutrient_tank import uptake_mmol

PHOSPHATE_CHARGE = 1.4
"""Of dissolved phosphate at the pH of an aquaponic water, 6.8 to 7.2: two parts H2PO4- to one of HPO4--."""
_UMOL_W = 5.0
"""Photons of a joule of PAR, between lamp and sun: for the heat on the leaves."""


@dataclass(frozen=True, slots=True)
class RaftParameters:
    """What the rafts add to the fish farm. Names as in the parameter file."""

    raft_m2: float
    raft_cover: float
    raft_lai_max: float
    raft_air_s_m: float
    raft_ammonium_share: float
    lamp_ppfd_max: float
    lamp_umol_j: float
    roof_light_share: float
    crop_start_reserves_g_m2: float
    crop_start_structure_g_m2: float
    crop_standing_max_g_m2: float
    feed_potassium_mmol_g: float
    feed_calcium_mmol_g: float
    feed_magnesium_mmol_g: float
    feed_phosphorus_mmol_g: float
    feed_sulphur_mmol_g: float
    feed_chloride_mmol_g: float
    makeup_potassium_mmol_l: float
    makeup_calcium_mmol_l: float
    makeup_magnesium_mmol_l: float
    makeup_sulphate_mmol_l: float
    makeup_chloride_mmol_l: float
    supplement_ml_min: float
    supplement_potassium_mol_l: float
    supplement_calcium_mol_l: float
    supplement_magnesium_mol_l: float
    start_potassium_mmol_l: float
    start_calcium_mmol_l: float
    start_magnesium_mmol_l: float
    start_phosphorus_mmol_l: float
    start_sulphate_mmol_l: float
    start_chloride_mmol_l: float


class Minerals(NamedTuple):
    """In the whole water, mol. Sodium is not counted: it is what closes the balance of charges."""

    potassium: float
    calcium: float
    magnesium: float
    phosphorus: float
    sulphate: float
    chloride: float


class Air(NamedTuple):
    """Where the leaves stand."""

    air_c: float
    relative_humidity: float
    """0 to 1."""
    co2_ppm: float
    ppfd: float
    """At the canopy, umol/m2/s."""


class Drawn(NamedTuple):
    """The crop after a step, and what it took and gave."""

    crop: Lettuce
    taken: Ions
    """mmol, in the order of `nutrient_solution.IONS`."""
    alkalinity_mol: float
    """Given back."""
    water_m3: float
    """Transpired and built in."""
    carbon_mol: float
    """Breathed out by roots."""


def came_in(r: RaftParameters, new_m3: float, potash_mol: float, fed_g: float, salt_l: float) -> Minerals:
    """With new water, potash, feed and the supplement: sulphates of potassium and magnesium, chloride of calcium."""
    feed = 1e-3 * fed_g
    return Minerals(
        new_m3 * r.makeup_potassium_mmol_l
        + potash_mol
        + feed * r.feed_potassium_mmol_g
        + salt_l * r.supplement_potassium_mol_l,
        new_m3 * r.makeup_calcium_mmol_l + feed * r.feed_calcium_mmol_g + salt_l * r.supplement_calcium_mol_l,
        new_m3 * r.makeup_magnesium_mmol_l + feed * r.feed_magnesium_mmol_g + salt_l * r.supplement_magnesium_mol_l,
        feed * r.feed_phosphorus_mmol_g,
        new_m3 * r.makeup_sulphate_mmol_l
        + feed * r.feed_sulphur_mmol_g
        + salt_l * (0.5 * r.supplement_potassium_mol_l + r.supplement_magnesium_mol_l),
        new_m3 * r.makeup_chloride_mmol_l + feed * r.feed_chloride_mmol_g + salt_l * 2.0 * r.supplement_calcium_mol_l,
    )


def draw(
    r: RaftParameters,
    crop: Lettuce,
    at_roots: Ions,
    litres: float,
    alkalinity_mol: float,
    root_c: float,
    thirst: float,
    air: Air,
    dt_s: float,
) -> Drawn:
    """A step of the crop over `litres` of water with these mmol; `thirst` 1 where the roots reach all they want.

    Roots never take more than half of the alkalinity that the water holds.
    """
    area = r.raft_m2 * r.raft_cover
    nitrate, potassium = at_roots[4] / litres, at_roots[0] / litres
    grown, growth = grow(
        crop,
        air_c=air.air_c,
        co2_ppm=air.co2_ppm,
        ppfd=air.ppfd,
        interception=light_interception(crop),
        root_c=root_c,
        vigour=thirst * min(nitrate / (nitrate + 0.06), potassium / (potassium + 0.035)),
        dt_s=dt_s,
    )
    tissue_g = area * growth.tissue_g_m2_s * dt_s
    taken = uptake_mmol(at_roots, litres, tissue_g, r.raft_ammonium_share)
    k, ca, mg, nh4, no3, p, so4 = taken[:7]
    given_mol = 1e-3 * (no3 + 2.0 * so4 + PHOSPHATE_CHARGE * p - k - 2.0 * (ca + mg) - nh4)
    if given_mol < -0.5 * alkalinity_mol:  # water turned sour: roots let go
        eased = 0.5 * alkalinity_mol / -given_mol
        taken = tuple([amount * eased for amount in taken])
        given_mol *= eased
    leaves = min(r.raft_lai_max, leaf_area_index(crop))
    transpired_g_m2_h = canopy_fluxes(
        air.air_c, air.relative_humidity, air.ppfd, leaves, air.ppfd / _UMOL_W, r.raft_air_s_m
    ).transpiration_g_m2_h
    transpired_m3 = thirst * area * max(0.0, transpired_g_m2_h) * 1e-6 * dt_s / 3600.0
    return Drawn(
        grown,
        taken,
        given_mol,
        min(transpired_m3 + 1e-6 * tissue_g * (1.0 / grown.dry_share - 1.0), 1e-4 * litres),
        area * growth.root_co2_g_m2_s * dt_s / CO2_MG_MMOL,
    )
