"""One body of water and what happens in it: chemistry, gas exchange, biofilter."""

from functools import lru_cache
from math import exp, sqrt
from typing import NamedTuple, Protocol

from foundation.air import STANDARD_PRESSURE_PA, absolute_humidity_g_m3
from foundation.sea_water import FROM_SALINITY, sea_constants
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
    MOST_A_STEP,
    NITRIFICATION_ALKALINITY_G,
    NITRIFICATION_BUILT,
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

_FIRST_STEP_O2_G = NITRIFICATION_O2_G * NITRIFICATION_O2_FIRST_STEP
_SECOND_STEP_O2_G = NITRIFICATION_O2_G * (1.0 - NITRIFICATION_O2_FIRST_STEP) / NITRIFICATION_NITRATE_G
_NITRIFICATION_ALKALINITY_MOL = NITRIFICATION_ALKALINITY_G / CACO3_MG_MEQ
_BUILT_CARBON_MOL = 5.0 * NITRIFICATION_BUILT / NITROGEN_MG_MMOL


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
    """Constants of one water at one temperature and pressure."""

    oxygen_saturation_mg_l: float
    k1: float
    k2: float
    kw: float
    ka_ammonium: float
    per_activity: float
    """mol/L of a single charge beside its activity."""
    k_boric: float
    boron_mol_l: float
    """None in fresh water."""
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
    """What the moving bed turned over in its water."""

    oxidised_g: float
    """TAN taken."""
    nitrite_g: float
    """Made of it; the rest is in the bacteria."""
    nitrate_g: float
    oxygen_g: float
    alkalinity_mol: float
    carbon_mol: float
    """Built into bacteria; the rest of the alkalinity's carbon stays as CO2."""


@lru_cache(maxsize=4096)
def chemistry(centidegrees: int, hectopascal: int, ionic_strength_mol_l: float, salinity: float = 0.0) -> Chemistry:
    """Oxygen after Benson & Krause 1984, carbonate after Plummer & Busenberg 1982, ammonia after Emerson 1975.

    From a salinity of 5 on those of `sea_water`, where pH is on the total scale (a probe set with ordinary buffers
    reads about 0.13 more). Temperature comes in hundredths of degC, pressure in hPa: a run needs few evaluations.
    """
    water_c, pressure_pa = centidegrees / 100.0, hectopascal * 100.0
    if salinity >= FROM_SALINITY:
        sea = sea_constants(water_c, salinity)
        return Chemistry(
            oxygen_saturation_mg_l=oxygen_saturation_mg_l(water_c, salinity, pressure_pa),
            k1=sea.k1,
            k2=sea.k2,
            kw=sea.kw * sea.kg_l,
            ka_ammonium=sea.k_ammonium,
            per_activity=sea.kg_l,
            k_boric=sea.k_boric,
            boron_mol_l=sea.boron * sea.kg_l,
            carbonic_mol_m3_ppm=1e-3 * sea.co2_per_atm * sea.kg_l * pressure_pa / STANDARD_PRESSURE_PA,
            vapour_g_m3=absolute_humidity_g_m3(water_c, 98.0),
        )
    davies = -davies_log10_activity(ionic_strength_mol_l, water_c)
    return Chemistry(
        oxygen_saturation_mg_l=oxygen_saturation_mg_l(water_c, salinity, pressure_pa),
        k1=10.0 ** (davies - carbonic_pk1(water_c)),
        k2=10.0 ** (3.0 * davies - carbonic_pk2(water_c)),
        kw=10.0 ** (davies - water_pkw(water_c)),
        ka_ammonium=10.0 ** -ammonia_pka(water_c),
        per_activity=10.0**davies,
        k_boric=1.0,
        boron_mol_l=0.0,
        carbonic_mol_m3_ppm=carbon_dioxide_saturation_mg_l(1.0, water_c, pressure_pa) / CO2_MG_MMOL,
        vapour_g_m3=absolute_humidity_g_m3(water_c, 100.0),
    )


class Dissolved(Protocol):
    """Whatever holds carbon and alkalinity in mol and TAN in g of nitrogen."""

    @property
    def carbon(self) -> float: ...
    @property
    def alkalinity(self) -> float: ...
    @property
    def tan(self) -> float: ...


def hydrogen_mol_l(water: Dissolved, volume_m3: float, c: Chemistry) -> float:
    """Activity of H+ by the balance of alkalinity with carbonate, borate, OH-, H+ and NH3; pH 4 to 11.

    Newton in ln(h) from the closed form for carbonate alone: one step where there is alkalinity, a few where none is.
    """
    k1, k2, kw, ka, kb, boron = c.k1, c.k2, c.kw, c.ka_ammonium, c.k_boric, c.boron_mol_l
    carbon = water.carbon / volume_m3 * 1e-3 + 1e-9
    alkalinity = water.alkalinity / volume_m3 * 1e-3
    tan = water.tan / volume_m3 * 1e-3 / NITROGEN_MG_MMOL
    h = _carbonate(alkalinity / carbon, k1, k2)
    for _ in range(20):
        parts = h * h + k1 * (h + k2)
        bicarbonate = carbon * k1 * h / parts
        hydroxide, free = kw / h, h * c.per_activity
        ammonia = tan * ka / (ka + h)
        borate = boron * kb / (kb + h)
        missing = bicarbonate * (1.0 + 2.0 * k2 / h) + hydroxide - free + ammonia + borate - alkalinity
        buffer = (
            bicarbonate * (h * h + k1 * k2 + 4.0 * k2 * h) / parts
            + hydroxide
            + free
            + ammonia * h / (ka + h)
            + borate * h / (kb + h)
        )
        step = missing / buffer
        if -1e-3 < step < 1e-3:  # what is left is the square of it
            return h * (1.0 + step)
        h *= exp(2.0 if step > 2.0 else -2.0 if step < -2.0 else step)
        if h >= 1e-4 or h <= 1e-11:
            h = 1e-4 if h >= 1e-4 else 1e-11
            if (missing > 0.0) is (h == 1e-4):
                return h
    return h


def _carbonate(ratio: float, k1: float, k2: float) -> float:
    """The h where carbonate alkalinity over total carbon is `ratio`."""
    if ratio < 1e-6:
        return 1e-4
    n = ratio if ratio < 1.999 else 1.999
    b = (1.0 - n) * k1
    d = 4.0 * n * (2.0 - n) * k1 * k2
    root = sqrt(b * b + d)
    h = (b + root) / (2.0 * n) if b > 0.0 else 0.5 * d / (n * (root - b))
    if h > 1e-4:
        return 1e-4
    return h if h > 1e-11 else 1e-11


def carbonic_share(h: float, c: Chemistry) -> float:
    """The part of the carbon that is CO2(aq)."""
    return h * h / (h * h + c.k1 * h + c.k1 * c.k2)


def nh3_share(h: float, c: Chemistry) -> float:
    """Un-ionised part of TAN."""
    return c.ka_ammonium / (c.ka_ammonium + h)


def from_air(held: float, balance: float, exchanged: float) -> float:
    """What the air gives when the share `exchanged` of the content is renewed; negative when it takes."""
    return (balance - held) * (exchanged if exchanged < MOST_A_STEP else MOST_A_STEP)


def rotting_oxygen_g(p: RasParameters, solids_g: float, oxygen_g: float, volume_m3: float, decayed: float) -> float:
    """Oxygen that bacteria use when they eat the share `decayed` of the suspended solids; less where it lacks.

    Each g mineralises 1 / `solids_oxygen` g of solids, with their nitrogen as TAN and as much alkalinity.
    """
    wanted = solids_g * decayed * p.solids_oxygen / (oxygen_g + 0.5 * volume_m3)
    return oxygen_g * (wanted if wanted < MOST_A_STEP else MOST_A_STEP)


def nitrify(
    p: RasParameters,
    bed: Water,
    bacteria: Bacteria,
    health: float,
    ph: float,
    water_c: float,
    dt_h: float,
) -> tuple[Bacteria, Nitrified]:
    """Ammonia to nitrite to nitrate in the moving bed: Monod in NO2, oxygen and alkalinity.

    In TAN it is Monod where `nitrification_tan_half_mg_l` is given, else the power law of Rusten et al. 2006; both
    give k15 at 1 mg/L. `health` scales the whole bed, 0 to 1. Takes a share of each at most.
    """
    volume = p.mbbr_m3
    oxygen_g, alkalinity_mol = bed.oxygen, bed.alkalinity
    limits = (
        oxygen_g
        / (oxygen_g + p.nitrification_oxygen_half_mg_l * volume)
        * nitrification_ph_factor(ph)
        * alkalinity_mol
        / (alkalinity_mol + p.nitrification_alkalinity_half_mol_m3 * volume)
    )
    at_one_g_h = mbbr_areal_rate_g_m2_d(1.0, water_c, p.nitrification_k15, p.nitrification_theta, 1.0) / 24.0
    able_g = p.media_m2 * at_one_g_h * health * limits * dt_h

    # Both rates as a share of what is there, so that the step can be bounded.
    tan_mg_l = bed.tan / volume
    if p.nitrification_tan_half_mg_l > 0.0:
        steep = (1.0 + p.nitrification_tan_half_mg_l) / (tan_mg_l + p.nitrification_tan_half_mg_l)
    else:
        steep = (tan_mg_l + 1e-9) ** (p.nitrification_exponent - 1.0)
    first = able_g * bacteria.ammonia * steep / volume
    oxidised_g = bed.tan * (first if first < MOST_A_STEP else MOST_A_STEP)
    kept = NITRIFICATION_NITRATE_G
    second = able_g * bacteria.nitrite * p.nitrite_capacity / (bed.nitrite + p.nitrite_half_mg_l * volume)
    nitrate_g = bed.nitrite * (second if second < MOST_A_STEP else MOST_A_STEP)
    used_o2_g = oxidised_g * _FIRST_STEP_O2_G + nitrate_g * _SECOND_STEP_O2_G
    used_alkalinity_mol = oxidised_g * _NITRIFICATION_ALKALINITY_MOL
    if used_o2_g > MOST_A_STEP * oxygen_g or used_alkalinity_mol > MOST_A_STEP * alkalinity_mol:
        fits = MOST_A_STEP * min(oxygen_g / used_o2_g, alkalinity_mol / (used_alkalinity_mol + 1e-30))
        oxidised_g, nitrate_g, used_o2_g = oxidised_g * fits, nitrate_g * fits, used_o2_g * fits
        used_alkalinity_mol *= fits

    choked = 1.0 - oxygen_g / (volume * p.anoxia_mg_l)
    died = p.anoxia_decay_per_h * choked * dt_h if choked > 0.0 else 0.0
    days = dt_h / 24.0
    return (
        Bacteria(
            _colony(bacteria.ammonia, died, p.ammonia_bacteria_recovery_per_d * days),
            _colony(bacteria.nitrite, died, p.nitrite_bacteria_recovery_per_d * days),
            bacteria.nitrogen_g + oxidised_g * (1.0 - kept),
        ),
        Nitrified(
            oxidised_g, oxidised_g * kept, nitrate_g, used_o2_g, used_alkalinity_mol, oxidised_g * _BUILT_CARBON_MOL
        ),
    )


def _colony(capacity: float, died: float, grown: float) -> float:
    """Logistic regrowth; a hundredth survives anything."""
    capacity *= 1.0 + grown * (1.0 - capacity) - died
    return capacity if capacity > 0.01 else 0.01
