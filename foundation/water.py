"""Farm water: dissolved oxygen, un-ionised ammonia, the carbonate system, gas exchange at the surface.

Temperatures are water temperatures in degC and count as -2 or 50 where they lie outside; salinity is practical
(about g/kg), 0 to 45. Every function takes floats or arrays (see `elementwise`), lets NaN through and never
raises. Source of the equations: ../shared/physics.md 1.2 and 6.
"""

from foundation.air import STANDARD_PRESSURE_PA, ZERO_C_IN_K
from foundation.elementwise import Value, exp, held, log, rising_root, sqrt

CACO3_MG_MEQ = 50.0434
"""Alkalinity of 1 meq/L is this many mg/L as calcium carbonate."""
CO2_MG_MMOL = 44.0095
NITROGEN_MG_MMOL = 14.0067

_LN10 = 2.302585092994046
_EMERSON_SLOPE = 2729.92
"""2727.92, as a package on CRAN prints it, is a typing mistake of 1.5 % in the result."""


def _kelvin(water_c: Value) -> Value:
    return held(water_c, -2.0, 50.0) + ZERO_C_IN_K


def _power_of_ten(x: Value) -> Value:
    return exp(_LN10 * x)


# --- oxygen


def oxygen_saturation_mg_l(
    water_c: Value, salinity: Value | float = 0.0, pressure_pa: Value | float = STANDARD_PRESSURE_PA
) -> Value:
    """Dissolved oxygen in balance with humid air, mg/L. Within 0.01 mg/L of gsw (TEOS-10), 0 to 40 degC.

    Benson & Krause 1984, Limnol. Oceanogr. 29:620; also APHA 4500-O and the USGS tables.
    """
    celsius = held(water_c, -2.0, 50.0)
    per_k = 1.0 / (celsius + ZERO_C_IN_K)
    bars = pressure_pa / STANDARD_PRESSURE_PA
    logarithm = -139.34411 + per_k * (1.575701e5 + per_k * (-6.642308e7 + per_k * (1.243800e10 - per_k * 8.621949e11)))
    logarithm = logarithm - held(salinity, 0.0, 45.0) * (1.7674e-2 + per_k * (-10.754 + per_k * 2140.7))
    vapour = exp(11.8571 + per_k * (-3840.70 - 216961.0 * per_k))
    theta = 9.75e-4 + celsius * (-1.426e-5 + celsius * 6.436e-8)
    at_pressure = (bars - vapour) * (1.0 - theta * bars) / ((1.0 - vapour) * (1.0 - theta))
    return exp(logarithm) * at_pressure


def oxygen_percent(
    oxygen_mg_l: Value,
    water_c: Value,
    salinity: Value | float = 0.0,
    pressure_pa: Value | float = STANDARD_PRESSURE_PA,
) -> Value:
    """Oxygen as % of saturation; undoes `oxygen_mg_l`. As accurate as `oxygen_saturation_mg_l`."""
    return oxygen_mg_l * 100.0 / oxygen_saturation_mg_l(water_c, salinity, pressure_pa)


def oxygen_mg_l(
    percent: Value,
    water_c: Value,
    salinity: Value | float = 0.0,
    pressure_pa: Value | float = STANDARD_PRESSURE_PA,
) -> Value:
    """Oxygen in mg/L of % of saturation; undoes `oxygen_percent`."""
    return percent / 100.0 * oxygen_saturation_mg_l(water_c, salinity, pressure_pa)


# --- ammonia


def ammonia_pka(water_c: Value) -> Value:
    """pKa of ammonium in fresh water, 0 to 50 degC. Emerson et al. 1975, J. Fish. Res. Board Can. 32:2379."""
    return 0.09018 + _EMERSON_SLOPE / _kelvin(water_c)


def unionised_ammonia_fraction(ph: Value, water_c: Value) -> Value:
    """Share of the total ammonia (TAN) that is NH3, 0 to 1, in fresh water. PHREEQC reads 1.1 % lower.

    Limits and toxicity are in NH3-N: multiply TAN as N by this. Emerson et al. 1975.
    """
    return 1.0 / (1.0 + _power_of_ten(ammonia_pka(water_c) - ph))


def unionised_ammonia_fraction_sea(ph_total: Value, water_c: Value, salinity: Value | float) -> Value:
    """Share of the total ammonia that is NH3 in brackish and sea water, pH on the total scale.

    A probe set with NBS buffers reads about 0.1 above the total scale. -2 to 40 degC, salinity 0 to 40; within
    4 % of R's `wq::ammFrac`. Clegg & Whitfield 1995, Geochim. Cosmochim. Acta 59:2403, equation 18.
    """
    kelvin = _kelvin(water_c)
    s, root_s, root_t = held(salinity, 0.0, 45.0), sqrt(held(salinity, 0.0, 45.0)), sqrt(kelvin)
    pk = 9.244605 - 2729.33 * (1.0 / 298.15 - 1.0 / kelvin)
    pk = pk + sqrt(root_s) * (0.04203362 - 11.24742 / kelvin)
    pk = pk + root_s * (-13.6416 + 1.176949 * root_t - 0.02860785 * kelvin + 545.4834 / kelvin)
    pk = pk + s * root_s * (-0.1462507 + 0.0090226468 * root_t - 0.0001471361 * kelvin + 10.5425 / kelvin)
    pk = pk + s * s * (0.004669309 - 0.0001691742 * root_t - 0.5677934 / kelvin)
    pk = pk + s * s * root_s * (-2.354039e-5 + 0.009698623 / kelvin)
    # the last factor turns moles per kg of water into moles per kg of sea water, as the pH scale has them
    return 1.0 / (1.0 + _power_of_ten(pk - ph_total) / (1.0 - 0.001005 * s))


# --- carbonate, fresh water


def carbonic_pk1(water_c: Value) -> Value:
    """-log10 of CO2 <-> H + HCO3, at no ionic strength. 0 to 50 degC, within 0.01 of PyCO2SYS (Millero 1979).

    Plummer & Busenberg 1982, Geochim. Cosmochim. Acta 46:1011, as are the two below.
    """
    t = _kelvin(water_c)
    return 356.3094 + 0.06091964 * t - 21834.37 / t - 126.8339 / _LN10 * log(t) + 1684915.0 / (t * t)


def carbonic_pk2(water_c: Value) -> Value:
    """-log10 of HCO3 <-> H + CO3, at no ionic strength. Within 0.01 of PyCO2SYS (Millero 1979)."""
    t = _kelvin(water_c)
    return 107.8871 + 0.03252849 * t - 5151.79 / t - 38.92561 / _LN10 * log(t) + 563713.9 / (t * t)


def carbon_dioxide_henry_mol_kg_atm(water_c: Value) -> Value:
    """Carbon dioxide that water holds per atmosphere of it, mol/kg/atm. Within 0.2 % of PHREEQC."""
    t = _kelvin(water_c)
    logarithm = 108.3865 + 0.01985076 * t - 6919.53 / t - 40.45154 / _LN10 * log(t) + 669365.0 / (t * t)
    return _power_of_ten(logarithm)


def water_pkw(water_c: Value) -> Value:
    """-log10 of the ion product of water: 14.00 at 25 degC. 0 to 50 degC."""
    t = _kelvin(water_c)
    return 4470.99 / t - 6.0875 + 0.01706 * t


def davies_log10_activity(ionic_mol_l: Value, water_c: Value) -> Value:
    """log10 of the activity coefficient of a single charge; times z squared for the others. To 0.5 mol/L."""
    celsius, root = held(water_c, -2.0, 50.0), sqrt(held(ionic_mol_l, 0.0, 0.5))
    limiting = 0.4883 + 7.4e-4 * celsius + 8e-7 * celsius * celsius
    return -limiting * (root / (1.0 + root) - 0.3 * root * root)


def carbon_dioxide_saturation_mg_l(
    co2_ppm: Value, water_c: Value, pressure_pa: Value | float = STANDARD_PRESSURE_PA
) -> Value:
    """Dissolved carbon dioxide in balance with air of this content, mg/L CO2. Within 0.2 % of PHREEQC.

    The ppm are of the air as it touches the water; dry air's, over warm water, would be 2 to 4 % less.
    """
    atmospheres = co2_ppm * 1e-6 * (pressure_pa / STANDARD_PRESSURE_PA)
    return atmospheres * carbon_dioxide_henry_mol_kg_atm(water_c) * (1000.0 * CO2_MG_MMOL)


def _conditional(water_c: Value, ionic_mol_l: Value) -> tuple[Value, Value, Value, Value]:
    """K1, K2 and Kw for concentrations in mol/L beside the activity of H (which is what pH says), and H's own."""
    single = davies_log10_activity(ionic_mol_l, water_c)
    return (
        _power_of_ten(-carbonic_pk1(water_c) - single),
        _power_of_ten(-carbonic_pk2(water_c) - 3.0 * single),
        _power_of_ten(-water_pkw(water_c) - single),
        _power_of_ten(single),
    )


def ph_of_alkalinity_and_co2(
    alkalinity_mg_l: Value, co2_mg_l: Value, water_c: Value, ionic_mol_l: Value | None = None
) -> Value:
    """pH of fresh water, 0 to 14, from alkalinity (mg/L CaCO3) and dissolved carbon dioxide (mg/L CO2).

    Within 0.005 of PHREEQC. Without an ionic strength it is that of a bicarbonate water of this alkalinity.
    Alkalinity of zero and below is acid water, and reads as such. Charge balance with Davies activities.
    """
    alkalinity = alkalinity_mg_l / (1000.0 * CACO3_MG_MEQ)
    ionic = alkalinity if ionic_mol_l is None else ionic_mol_l
    k1, k2, kw, activity = _conditional(water_c, ionic)
    co2 = held(co2_mg_l, 1e-6, 1e6) / (1000.0 * CO2_MG_MMOL)

    def alkalinity_at(ph: Value) -> tuple[Value, Value]:
        h = _power_of_ten(-ph)
        bicarbonate = k1 * co2 / h
        carbonate = bicarbonate * (k2 / h)
        hydroxide, hydrogen = kw / h, h / activity
        value = bicarbonate + 2.0 * carbonate + hydroxide - hydrogen - alkalinity
        return value, _LN10 * (bicarbonate + 4.0 * carbonate + hydroxide + hydrogen)

    return rising_root(alkalinity_at, 7.5 + 0.0 * alkalinity, 0.0, 14.0)


def ph_of_alkalinity_and_carbon(
    alkalinity_mg_l: Value,
    inorganic_carbon_mmol_l: Value,
    water_c: Value,
    ionic_mol_l: Value | None = None,
    tan_mg_l: Value | float = 0.0,
    near_ph: Value | float = 7.5,
) -> Value:
    """pH of fresh water, 0 to 14, from alkalinity (mg/L CaCO3) and total inorganic carbon (mmol/L).

    Both are conserved as water mixes, so plants carry them and ask for pH. `tan_mg_l` (as N) counts its NH3;
    `near_ph`, the last value, saves steps. Within 0.005 of PHREEQC; ionic strength as above.
    """
    alkalinity = alkalinity_mg_l / (1000.0 * CACO3_MG_MEQ)
    ionic = alkalinity if ionic_mol_l is None else ionic_mol_l
    k1, k2, kw, activity = _conditional(water_c, ionic)
    ka = _power_of_ten(-ammonia_pka(water_c))
    carbon = held(inorganic_carbon_mmol_l, 0.0, 1e3) / 1000.0
    tan = held(tan_mg_l, 0.0, 1e5) / (1000.0 * NITROGEN_MG_MMOL)

    def alkalinity_at(ph: Value) -> tuple[Value, Value]:
        h = _power_of_ten(-ph)
        parts = h * h + k1 * (h + k2)
        bicarbonate, carbonate = carbon * k1 * h / parts, carbon * k1 * k2 / parts
        hydroxide, hydrogen = kw / h, h / activity
        ammonia = tan * ka / (ka + h)
        value = bicarbonate + 2.0 * carbonate + hydroxide - hydrogen + ammonia - alkalinity
        buffer = carbon * k1 * h * (h * h + k1 * k2 + 4.0 * k2 * h) / (parts * parts)
        return value, _LN10 * (buffer + hydroxide + hydrogen + ammonia * h / (ka + h))

    return rising_root(alkalinity_at, near_ph + 0.0 * alkalinity, 0.0, 14.0)


def carbon_dioxide_of_ph_mg_l(
    ph: Value, alkalinity_mg_l: Value, water_c: Value, ionic_mol_l: Value | None = None
) -> Value:
    """Dissolved carbon dioxide, mg/L CO2, from pH and alkalinity (mg/L CaCO3): undoes `ph_of_alkalinity_and_co2`.

    0.1 of pH is 26 % of the answer. Never negative, however little alkalinity is left.
    """
    alkalinity = alkalinity_mg_l / (1000.0 * CACO3_MG_MEQ)
    ionic = alkalinity if ionic_mol_l is None else ionic_mol_l
    k1, k2, kw, activity = _conditional(water_c, ionic)
    h = _power_of_ten(-held(ph, 0.0, 14.0))
    of_carbonates = held(alkalinity - kw / h + h / activity, 0.0, 1e3)
    return of_carbonates * h / (k1 * (1.0 + 2.0 * k2 / h)) * (1000.0 * CO2_MG_MMOL)


# --- the surface


def oxygen_schmidt_number(water_c: Value) -> Value:
    """Schmidt number of oxygen in fresh water: 530 at 20 degC. 0 to 30 degC, held from 35. Wanninkhof 1992."""
    t = held(water_c, -2.0, 35.0)
    return 1800.6 + t * (-120.10 + t * (3.7818 - t * 0.047608))


def gas_exchange_600_cm_h(wind_m_s: Value) -> Value:
    """Gas exchange velocity of a pond at Schmidt number 600, cm/h, wind at 10 m. Cole & Caraco 1998."""
    wind = held(wind_m_s, 1e-9, 60.0)
    return 2.07 + 0.215 * exp(1.7 * log(wind))


def oxygen_exchange_m_h(water_c: Value, wind_m_s: Value) -> Value:
    """Velocity at which a pond's surface exchanges oxygen, m/h; over the depth in m it is a rate per hour."""
    return gas_exchange_600_cm_h(wind_m_s) / 100.0 / sqrt(oxygen_schmidt_number(water_c) / 600.0)


def oxygen_through_the_night_mg_l(
    oxygen_mg_l: Value,
    saturation_mg_l: Value | float,
    respiration_mg_l_h: Value | float,
    reaeration_per_h: Value | float,
    hours: Value | float,
) -> Value:
    """Oxygen of a dark, mixed pond after some hours, mg/L, never negative: respiration against the surface.

    The exact solution of dC/dt = k (Cs - C) - R. Madenjian, Rogers & Fast 1987, Aquac. Eng. 6:209.
    """
    rate = held(reaeration_per_h, 1e-6, 1e3)  # without exchange this is a straight line, to 1e-4 in a night
    balance = saturation_mg_l - respiration_mg_l_h / rate
    return held(balance + (oxygen_mg_l - balance) * exp(-rate * hours), 0.0, 1e3)
