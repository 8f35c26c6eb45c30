"""Sea and brackish water: constants on the total pH scale, and what pH says there of ammonia and carbon dioxide.

Salinity is practical (about g/kg): the constants are for 5 to 43 and 2 to 35 degC. Floats alone. A pH probe set with
ordinary (NBS) buffers reads about 0.13 above the total scale in sea water: take that off what it says.
"""

from math import exp, log, sqrt
from typing import NamedTuple

from foundation.elementwise import held
from foundation.water import (
    CACO3_MG_MEQ,
    CO2_MG_MMOL,
    carbon_dioxide_of_ph_mg_l,
    unionised_ammonia_fraction,
    unionised_ammonia_fraction_sea,
)

FROM_SALINITY = 5.0
"""Below it water counts as fresh: neither set of constants was made for the ground between."""


class SeaConstants(NamedTuple):
    """mol a kg of sea water; `kg_l` turns them into mol/L."""

    k1: float
    k2: float
    kw: float
    k_boric: float
    k_ammonium: float
    boron: float
    """In all, mol/kg."""
    co2_per_atm: float
    kg_l: float


def sea_constants(water_c: float, salinity: float) -> SeaConstants:
    """Carbonic acid after Lueker et al. 2000, boric acid after Dickson 1990, water after Millero 1995.

    CO2 after Weiss 1974, boron after Uppstrom 1974, ammonium after Clegg & Whitfield 1995. Within 0.004 in pK of
    PyCO2SYS 1.8.3 (its option 10).
    """
    t, s = water_c + 273.15, salinity
    root, log_t = sqrt(s), log(t)
    pk1 = 3633.86 / t - 61.2172 + 9.67770 * log_t - 0.011555 * s + 0.0001152 * s * s
    pk2 = 471.78 / t + 25.9290 - 3.16967 * log_t - 0.01781 * s + 0.0001122 * s * s
    ln_kw = 148.96502 - 13847.26 / t - 23.6521 * log_t
    ln_kw += (118.67 / t - 5.977 + 1.0495 * log_t) * root - 0.01615 * s
    ln_kb = (-8966.90 - 2890.53 * root - 77.942 * s + 1.728 * s * root - 0.0996 * s * s) / t
    ln_kb += 148.0248 + 137.1942 * root + 1.62142 * s
    ln_kb += (-24.4344 - 25.085 * root - 0.2474 * s) * log_t + 0.053105 * root * t
    hundreds = t / 100.0
    ln_k0 = -60.2409 + 93.4517 / hundreds + 23.3585 * log(hundreds)
    ln_k0 += s * (0.023517 - 0.023656 * hundreds + 0.0047036 * hundreds * hundreds)
    toxic = unionised_ammonia_fraction_sea(9.0, water_c, s)
    return SeaConstants(
        k1=10.0**-pk1,
        k2=10.0**-pk2,
        kw=exp(ln_kw),
        k_boric=exp(ln_kb),
        k_ammonium=1e-9 * toxic / (1.0 - toxic),
        boron=0.0004157 * s / 35.0,
        co2_per_atm=exp(ln_k0),
        kg_l=0.9997 + 0.00076 * s - 4.8e-6 * (water_c - 4.0) ** 2,
    )


def ammonia_fraction(ph: float, water_c: float, salinity: float = 0.0) -> float:
    """Share of the total ammonia that is NH3: Emerson 1975 without salt, Clegg & Whitfield 1995 in it (see there)."""
    if salinity <= 0.0:
        return unionised_ammonia_fraction(ph, water_c)
    return unionised_ammonia_fraction_sea(ph, water_c, salinity)


def carbon_dioxide_mg_l(ph: float, alkalinity_mg_l: float, water_c: float, salinity: float = 0.0) -> float:
    """Dissolved carbon dioxide from pH and alkalinity (mg/L CaCO3), mg/L CO2; never negative.

    Below a salinity of 5 as in fresh water, with the salt's ionic strength; from there on with the constants above and
    boric acid's share of the alkalinity. Within 1 % of PyCO2SYS 1.8.3 (its option 10).
    """
    alkalinity = alkalinity_mg_l / (1000.0 * CACO3_MG_MEQ)
    if salinity < FROM_SALINITY:
        salt = max(salinity, 0.0)
        # ionic strength of sea water (Dickson & Goyet 1994, DOE handbook), and of the bicarbonate beside it
        return carbon_dioxide_of_ph_mg_l(
            ph, alkalinity_mg_l, water_c, 0.019924 * salt / (1.0 - 0.001005 * salt) + alkalinity
        )  # fmt: skip
    sea = sea_constants(held(water_c, 0.0, 40.0), held(salinity, FROM_SALINITY, 45.0))
    h = 10.0 ** -held(ph, 0.0, 14.0)
    borate = sea.boron / (1.0 + h / sea.k_boric)
    of_carbonates = max(alkalinity / sea.kg_l - borate - sea.kw / h + h, 0.0)
    carbonic: float = of_carbonates * h / (sea.k1 * (1.0 + 2.0 * sea.k2 / h))
    return carbonic * sea.kg_l * (1000.0 * CO2_MG_MMOL)
