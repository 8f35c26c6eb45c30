"""One body of water and what happens in it: chemistry, gas exchange, biofilter."""

from functools import lru_cache
from math import sqrt
from typing import NamedTuple

from foundation.air import absolute_humidity_g_m3
from foundation.water import (
    CACO3_MG_MEQ,
    CO2_MG_MMOL,
    NITROGEN_MG_MMOL,
    ammonia_pka,
    carbon_dioxide_saturation_mg_l,
    carbonic_pk1,
    carbonic_pk2,
    davies_log10_activity,
    oxygen_saturation_mg_l,
    water_pkw,
)
from simulator.plants.biology import (
    NITRIFICATION_ALKALINITY_G,
    NITRIFICATION_CO2_G,
    NITRIFICATION_NITRATE_G,
    NITRIFICATION_O2_FIRST_STEP,
    NITRIFICATION_O2_G,
    mbbr_areal_rate_g_m2_d,
    nitrification_ph_factor,
)
from simulator.plants.ras_parameters import RasParameters

O2_G_MOL = 31.9988
NAHCO3_G_MOL = 84.0066
AIR_O2 = 0.20946


class Water(NamedTuple):
    """What one compartment holds: g, carbon and alkalinity in mol."""

    oxygen: float
    tan: float
    nitrite: float
    nitrate: float
    carbon: float
    alkalinity: float
    solids: float


class Chemistry(NamedTuple):
    """Constants of fresh water at one temperature and pressure."""

    oxygen_saturation_mg_l: float
    k1: float
    k2: float
    kw: float
    ka_ammonium: float
    carbonic_mol_m3_ppm: float
    """CO2(aq) in balance with 1 ppm in the air."""
    vapour_g_m3: float
    """Of air saturated at the water's temperature."""


class Bacteria(NamedTuple):
    """The biofilm: capacities against a healthy bed, and the nitrogen built into it."""

    ammonia: float
    nitrite: float
    nitrogen_g: float


class Nitrified(NamedTuple):
    """What the moving bed took out of its water."""

    oxygen_g: float
    alkalinity_mol: float
    carbon_mol: float
    """Built into bacteria; the rest of the alkalinity's carbon stays as CO2."""


@lru_cache(maxsize=4096)
def chemistry(centidegrees: int, decapascal: int, ionic_strength_mol_l: float) -> Chemistry:
    """Oxygen after Benson & Krause 1984, carbonate after Plummer & Busenberg 1982, ammonia after Emerson 1975.

    Temperature and pressure come in hundredths of degC and tens of Pa, so that a run needs few evaluations.
    """
    water_c, pressure_pa = centidegrees / 100.0, decapascal * 10.0
    davies = -davies_log10_activity(ionic_strength_mol_l, water_c)
    return Chemistry(
        oxygen_saturation_mg_l=oxygen_saturation_mg_l(water_c, 0.0, pressure_pa),
        k1=10.0 ** (davies - carbonic_pk1(water_c)),
        k2=10.0 ** (3.0 * davies - carbonic_pk2(water_c)),
        kw=10.0 ** (davies - water_pkw(water_c)),
        ka_ammonium=10.0 ** -ammonia_pka(water_c),
        carbonic_mol_m3_ppm=carbon_dioxide_saturation_mg_l(1.0, water_c, pressure_pa) / CO2_MG_MMOL,
        vapour_g_m3=absolute_humidity_g_m3(water_c, 100.0),
    )


def hydrogen_mol_l(water: Water, volume_m3: float, c: Chemistry) -> float:
    """Activity of H+, closed form for carbonate with one correction by OH-, H+ and NH3; pH 4 to 11."""
    carbon = max(1e-9, water.carbon / volume_m3 * 1e-3)
    alkalinity = water.alkalinity / volume_m3 * 1e-3
    h = _carbonate(alkalinity / carbon, c)
    ammonia = water.tan / volume_m3 * 1e-3 / NITROGEN_MG_MMOL * c.ka_ammonium / (c.ka_ammonium + h)
    return _carbonate((alkalinity - c.kw / h + h - ammonia) / carbon, c)


def _carbonate(ratio: float, c: Chemistry) -> float:
    """The h where carbonate alkalinity over total carbon is `ratio`."""
    n = min(1.999, max(1e-6, ratio))
    b = (1.0 - n) * c.k1
    root = sqrt(b * b + 4.0 * n * (2.0 - n) * c.k1 * c.k2)
    h = (b + root) / (2.0 * n) if b > 0.0 else 2.0 * (2.0 - n) * c.k1 * c.k2 / (root - b)
    return min(1e-4, max(1e-11, h))


def carbonic_share(h: float, c: Chemistry) -> float:
    """The part of the carbon that is CO2(aq)."""
    return h * h / (h * h + c.k1 * h + c.k1 * c.k2)


def nh3_share(h: float, c: Chemistry) -> float:
    """Un-ionised part of TAN."""
    return c.ka_ammonium / (c.ka_ammonium + h)


def take(water: Water, share: float) -> Water:
    """What leaves with a share of the volume."""
    oxygen, tan, nitrite, nitrate, carbon, alkalinity, solids = water
    return Water(
        oxygen * share,
        tan * share,
        nitrite * share,
        nitrate * share,
        carbon * share,
        alkalinity * share,
        solids * share,
    )


def exchange(water: Water, leaving: Water, arriving: Water, arriving_oxygen: float) -> Water:
    """The same water after something left and something came, whose oxygen is told apart."""
    return Water(
        water.oxygen - leaving.oxygen + arriving_oxygen,
        water.tan - leaving.tan + arriving.tan,
        water.nitrite - leaving.nitrite + arriving.nitrite,
        water.nitrate - leaving.nitrate + arriving.nitrate,
        water.carbon - leaving.carbon + arriving.carbon,
        water.alkalinity - leaving.alkalinity + arriving.alkalinity,
        water.solids - leaving.solids + arriving.solids,
    )


def mineralise(p: RasParameters, water: Water, volume_m3: float, water_c: float, dt_h: float) -> tuple[Water, float]:
    """Bacteria eat suspended solids: (water, oxygen used in g). Needs oxygen; gives TAN, CO2, alkalinity."""
    rate_h = p.solids_decay_per_d / 24.0 * 1.07 ** (water_c - 25.0)
    oxygen_mg_l = water.oxygen / volume_m3
    wanted_g = water.solids * rate_h * dt_h / (1.0 + rate_h * dt_h) * p.solids_oxygen
    share = wanted_g / ((oxygen_mg_l + 0.5) * volume_m3)
    oxygen_g = water.oxygen * share / (1.0 + share)
    solids_g = oxygen_g / p.solids_oxygen
    tan_g = p.solids_nitrogen * solids_g
    return (
        Water(
            water.oxygen - oxygen_g,
            water.tan + tan_g,
            water.nitrite,
            water.nitrate,
            water.carbon + oxygen_g / O2_G_MOL,
            water.alkalinity + tan_g / NITROGEN_MG_MMOL,
            water.solids - solids_g,
        ),
        oxygen_g,
    )


def nitrify(
    p: RasParameters,
    bed: Water,
    bacteria: Bacteria,
    health: float,
    ph: float,
    water_c: float,
    dt_h: float,
) -> tuple[Water, Bacteria, Nitrified]:
    """Ammonia to nitrite to nitrate in the moving bed.

    `health` scales the whole bed, 0 to 1.
    """
    volume = p.mbbr_m3
    oxygen, tan, nitrite, nitrate, carbon, alkalinity, solids = bed
    oxygen_mg_l, tan_mg_l, nitrite_mg_l = oxygen / volume, tan / volume, nitrite / volume
    alkalinity_mol_m3 = max(0.0, alkalinity / volume)
    limits = (
        oxygen_mg_l
        / (oxygen_mg_l + p.nitrification_oxygen_half_mg_l)
        * nitrification_ph_factor(ph)
        * alkalinity_mol_m3
        / (alkalinity_mol_m3 + p.nitrification_alkalinity_half_mol_m3)
    )
    area_h = p.media_m2 / 24.0 * health * limits * dt_h
    at_one_g = mbbr_areal_rate_g_m2_d(1.0, water_c, p.nitrification_k15, p.nitrification_theta, 1.0)

    # Both rates as a share of what is there, so that nothing is taken twice whatever the step.
    first = area_h * bacteria.ammonia * at_one_g * max(tan_mg_l, 1e-9) ** (p.nitrification_exponent - 1.0) / volume
    tan_g = tan * first / (1.0 + first)
    second = area_h * bacteria.nitrite * at_one_g * p.nitrite_capacity / (nitrite_mg_l + p.nitrite_half_mg_l) / volume
    nitrite_g = (nitrite + tan_g * NITRIFICATION_NITRATE_G) * second / (1.0 + second)
    first_o2 = NITRIFICATION_O2_G * NITRIFICATION_O2_FIRST_STEP
    second_o2 = NITRIFICATION_O2_G * (1.0 - NITRIFICATION_O2_FIRST_STEP) / NITRIFICATION_NITRATE_G
    alkalinity_mol = NITRIFICATION_ALKALINITY_G / CACO3_MG_MEQ
    carbon_mol = alkalinity_mol - NITRIFICATION_CO2_G / CO2_MG_MMOL
    fits = 1.0
    oxygen_g = tan_g * first_o2 + nitrite_g * second_o2
    if oxygen_g > 0.5 * oxygen or tan_g * alkalinity_mol > 0.5 * alkalinity:
        fits = 0.5 * min(oxygen / (oxygen_g + 1e-30), max(0.0, alkalinity) / (tan_g * alkalinity_mol + 1e-30))
    tan_g, nitrite_g, oxygen_g = tan_g * fits, nitrite_g * fits, oxygen_g * fits
    built_g = tan_g * (1.0 - NITRIFICATION_NITRATE_G)

    used = Nitrified(oxygen_g, tan_g * alkalinity_mol, tan_g * carbon_mol)
    choked = dt_h * p.anoxia_decay_per_h * max(0.0, 1.0 - oxygen_mg_l / p.anoxia_mg_l)
    days = dt_h / 24.0
    return (
        Water(
            oxygen - oxygen_g,
            tan - tan_g,
            nitrite + tan_g - built_g - nitrite_g,
            nitrate + nitrite_g,
            carbon - used.carbon_mol,
            alkalinity - used.alkalinity_mol,
            solids,
        ),
        Bacteria(
            _colony(bacteria.ammonia, choked, p.ammonia_bacteria_recovery_per_d * days),
            _colony(bacteria.nitrite, choked, p.nitrite_bacteria_recovery_per_d * days),
            bacteria.nitrogen_g + built_g,
        ),
        used,
    )


def _colony(capacity: float, died: float, grown: float) -> float:
    return min(1.0, max(0.01, capacity * (1.0 + grown * (1.0 - capacity) - min(0.5, died))))
