"""A layer of green water: algae in the light and in the dark, what decays in it, and what it trades with its neighbour.

Organic matter is told by its nitrogen and the oxygen its decay takes; algae are Redfield's, 106 C : 16 N.
Each process moves oxygen, carbon, nitrogen and alkalinity together, as its chemical equation says.
"""

from math import exp, tanh
from typing import NamedTuple

from foundation.water import NITROGEN_MG_MMOL
from simulator.plants.biology import MOST_A_STEP
from simulator.plants.pond_parameters import PondParameters
from simulator.plants.ras_water import O2_G_MOL, Chemistry

CARBON_PER_N_MOL = 106.0 / 16.0 / NITROGEN_MG_MMOL
"""mol of carbon fixed with a g of nitrogen; as much oxygen is set free, in mol."""
OXYGEN_PER_N_G = CARBON_PER_N_MOL * O2_G_MOL
NITRATE_OXYGEN_G = 2.0 * O2_G_MOL / NITROGEN_MG_MMOL
"""g of oxygen between a g of nitrogen as ammonia and as nitrate."""
_GAUSS = ((0.5 - 0.15**0.5, 5.0 / 18.0), (0.5, 8.0 / 18.0), (0.5 + 0.15**0.5, 5.0 / 18.0))


class Layer(NamedTuple):
    """What one layer holds: g, carbon and alkalinity in mol."""

    oxygen: float
    tan: float
    nitrate: float
    carbon: float
    alkalinity: float
    algae_n: float
    debris_n: float
    debris_oxygen: float
    """What the decay of all that floats dead in it will take."""
    debt: float
    """What waits reduced in water without oxygen (sulphide, methane), as the oxygen that it will take."""


class Lived(NamedTuple):
    """What the life of a layer took from and gave to its water in one step."""

    layer: Layer
    oxygen_g: float
    """Net, as are the others."""
    carbon_mol: float
    alkalinity_mol: float


def chlorophyll_ug_l(p: PondParameters, layer: Layer, volume_m3: float) -> float:
    """Of the algae alive."""
    return 1000.0 * p.algae_chl_per_n * layer.algae_n / volume_m3


def extinction_per_m(p: PondParameters, layer: Layer, volume_m3: float) -> float:
    """How fast green water swallows light."""
    return p.clear_extinction_m + p.algae_extinction_m_ug_l * chlorophyll_ug_l(p, layer, volume_m3)


def light_use(par_w_m2: float, extinction_per_m: float, depth_m: float, saturation_w_m2: float) -> float:
    """Photosynthesis of a layer against its best, 0 to 1: tanh(I / Ik) averaged over the depth (physics.md 6)."""
    if par_w_m2 <= 0.0:
        return 0.0
    top, thick = par_w_m2 / saturation_w_m2, extinction_per_m * depth_m
    return sum(weight * tanh(top * exp(-thick * at)) for at, weight in _GAUSS)


def live_layer(
    p: PondParameters,
    layer: Layer,
    volume_m3: float,
    water_c: float,
    c: Chemistry,
    h_mol_l: float,
    light: float,
    crash: float,
    dt_h: float,
) -> Lived:
    """Algae and bacteria for `dt_h`; `light` is that of `light_use`, `crash` 0 to 1 kills algae within a day."""
    oxygen, tan, nitrate, carbon, alkalinity, algae_n, debris_n, debris_oxygen, debt = layer
    warmth = p.decay_theta ** (water_c - 20.0)
    chlorophyll_g = p.algae_chl_per_n * algae_n

    # photosynthesis: first with ammonia, then with nitrate, never faster than carbon comes
    free_mol_m3 = carbon / volume_m3 * h_mol_l / (h_mol_l + c.k2)
    inorganic_mg_l = (tan + nitrate) / volume_m3
    limits = free_mol_m3 / (free_mol_m3 + p.carbon_half_mol_m3) * inorganic_mg_l
    limits /= inorganic_mg_l + p.nitrogen_half_mg_l
    best_g = p.photosynthesis_mg_mg_h * p.photosynthesis_theta ** (water_c - 20.0) * chlorophyll_g * dt_h
    wanted_n = best_g * light * limits / OXYGEN_PER_N_G
    wanted_n = min(wanted_n, MOST_A_STEP * carbon / CARBON_PER_N_MOL)
    from_tan = min(wanted_n, MOST_A_STEP * tan)
    from_nitrate = min(wanted_n - from_tan, MOST_A_STEP * nitrate)
    grown_n = from_tan + from_nitrate
    made_g = grown_n * OXYGEN_PER_N_G + from_nitrate * NITRATE_OXYGEN_G

    # death, by itself or of a crash; what breathes needs oxygen
    died_n = algae_n * min(MOST_A_STEP, (p.algae_death_per_d / 24.0 * warmth + crash * p.algae_crash_per_h) * dt_h)
    mg_l = oxygen / volume_m3
    breath = mg_l / (mg_l + p.decay_oxygen_half_mg_l)
    algae_g = p.algae_respiration_mg_mg_h * warmth * chlorophyll_g * dt_h
    debris_g = p.debris_decay_per_d / 24.0 * warmth * debris_oxygen * dt_h
    nitrified_g = p.nitrification_per_d / 24.0 * warmth * tan * dt_h * NITRATE_OXYGEN_G
    repaid_g = p.debt_oxidation_per_h * debt * dt_h
    wanted_g = breath * (algae_g + debris_g + nitrified_g + repaid_g)
    fits = breath
    if wanted_g > MOST_A_STEP * oxygen:
        fits *= MOST_A_STEP * oxygen / wanted_g
    algae_g, debris_g, nitrified_g, repaid_g = algae_g * fits, debris_g * fits, nitrified_g * fits, repaid_g * fits

    burnt_n = min(algae_g / OXYGEN_PER_N_G, MOST_A_STEP * algae_n)
    algae_g = burnt_n * OXYGEN_PER_N_G
    rotten_n = debris_n * debris_g / debris_oxygen if debris_oxygen > 0.0 else 0.0
    nitrified_n = nitrified_g / NITRATE_OXYGEN_G
    oxygen_g = made_g - algae_g - debris_g - nitrified_g - repaid_g
    carbon_mol = (algae_g + debris_g) / O2_G_MOL - grown_n * CARBON_PER_N_MOL
    ammonia_n = burnt_n + rotten_n
    alkalinity_mol = (ammonia_n - from_tan + from_nitrate - 2.0 * nitrified_n) / NITROGEN_MG_MMOL
    return Lived(
        Layer(
            oxygen + oxygen_g,
            tan + ammonia_n - from_tan - nitrified_n,
            nitrate - from_nitrate + nitrified_n,
            carbon + carbon_mol,
            max(0.0, alkalinity + alkalinity_mol),
            algae_n + grown_n - died_n - burnt_n,
            debris_n + died_n - rotten_n,
            debris_oxygen + died_n * OXYGEN_PER_N_G - debris_g,
            max(0.0, debt - repaid_g),
        ),
        oxygen_g,
        carbon_mol,
        max(-alkalinity, alkalinity_mol),
    )
