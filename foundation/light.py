"""Light for plants: photons from watts and lux, the day's sum, and what is left to give.

PPFD is photosynthetic photons, 400 to 700 nm, in umol/m2/s; the daily sum (DLI) is mol/m2/d. Negative light, the
offset of a probe at night, counts as none. Every function takes floats or arrays (see `elementwise`), lets NaN
through and never raises.
"""

from foundation.elementwise import Value, held

SUN_UMOL_PER_JOULE = 4.6
"""Photons per joule of PAR in sunlight. GreenLight (Katzin 2021); 4.57 in Thimijan & Heins 1983."""
LED_UMOL_PER_JOULE = 5.4
"""Photons per joule of PAR of red and blue LED. Katzin 2021."""
HPS_UMOL_PER_JOULE = 4.9
"""Photons per joule of PAR of high-pressure sodium. Katzin 2021."""
PAR_SHARE_OF_GLOBAL = 0.45
"""0.42 under a dry clear sky, 0.50 under thick cloud."""

SUN_LUX_PER_UMOL = 54.0
HPS_LUX_PER_UMOL = 82.0
"""Thimijan & Heins 1983, HortScience 18:818, as are those beside it."""
METAL_HALIDE_LUX_PER_UMOL = 71.0
FLUORESCENT_LUX_PER_UMOL = 74.0

_MOST = 1e6
_MOL_PER_UMOL_HOUR = 0.0036


def ppfd_of_global_umol_m2_s(global_w_m2: Value, par_share: Value | float = PAR_SHARE_OF_GLOBAL) -> Value:
    """Photons in global radiation: 2.07 umol per joule. Within 6 % from clear to overcast sky."""
    return held(global_w_m2, 0.0, _MOST) * (par_share * SUN_UMOL_PER_JOULE)


def par_w_m2(ppfd: Value, umol_per_joule: Value | float = SUN_UMOL_PER_JOULE) -> Value:
    """Energy of the photons, W/m2 of PAR; the source's umol per joule is one of the constants above."""
    return held(ppfd, 0.0, _MOST) / umol_per_joule


def ppfd_of_lux_umol_m2_s(lux: Value, lux_per_umol: Value | float = SUN_LUX_PER_UMOL) -> Value:
    """Photons behind a lux reading. 5 % for the source named, wrong by half for red and blue LED."""
    return held(lux, 0.0, 1e9) / lux_per_umol


def lux_of_ppfd(ppfd: Value, lux_per_umol: Value | float = SUN_LUX_PER_UMOL) -> Value:
    """The lux that this light reads: undoes `ppfd_of_lux_umol_m2_s`."""
    return held(ppfd, 0.0, _MOST) * lux_per_umol


def light_sum_mol_m2(ppfd: Value, hours: Value | float) -> Value:
    """Light integral, mol/m2, of a mean PPFD over some hours; over a day's photoperiod it is the DLI."""
    return held(ppfd, 0.0, _MOST) * hours * _MOL_PER_UMOL_HOUR


def radiation_sum_j_cm2(global_w_m2: Value, hours: Value | float) -> Value:
    """Radiation sum in the growers' unit, J/cm2, of mean global radiation over some hours."""
    return held(global_w_m2, 0.0, _MOST) * hours * 0.36


def remaining_ppfd_umol_m2_s(target_mol_m2: Value, so_far_mol_m2: Value, hours_left: Value) -> Value:
    """Mean PPFD that reaches the day's target in the hours left. None when it is reached or no time is left."""
    missing = held(target_mol_m2 - so_far_mol_m2, 0.0, _MOST)
    return (hours_left > 0.0) * missing / (held(hours_left, 1e-3, 1e4) * _MOL_PER_UMOL_HOUR)
