"""Canopy and lamps of a plant factory against the reference forms and published lettuce trials."""

from collections.abc import Mapping
from typing import Final

from benchmarks.validation.verdicts import Quantity
from foundation import light
from simulator.plants.canopy import canopy_fluxes
from simulator.plants.lettuce import Lettuce, grow, light_interception

_DAYS: Final = 29
_STEP_S: Final = 600.0
_SEEDLINGS: Final = Lettuce(reserves_g_m2=1.5, structure_g_m2=4.5)
_ROOT_TEMPERATURES_C: Final = (20.0, 24.0, 28.0, 32.0)
"""Carotti's trial had all four; her figures by light alone are their mean."""


def _photons_sun() -> float:
    return light.SUN_UMOL_PER_JOULE


def _photons_lamp(lamp: str) -> float | None:
    kind = lamp.split()[0].lower() if lamp.split() else ""
    return {"led": light.LED_UMOL_PER_JOULE, "hps": light.HPS_UMOL_PER_JOULE}.get(kind)


def _transpiration(t_c: float, rh: float, ppfd: float, lai: float) -> float:
    return canopy_fluxes(t_c, rh, ppfd, lai).transpiration_g_m2_h


def _trial(ppfd: float, photoperiod_h: float, air_c: float, root_c: float) -> tuple[float, float]:
    """Dry and fresh mass per mol of light, g/mol, 29 days after transplanting, at 1200 ppm."""
    crop = _SEEDLINGS
    for step in range(round(_DAYS * 86400.0 / _STEP_S)):
        crop, _ = grow(
            crop,
            air_c=air_c,
            co2_ppm=1200.0,
            ppfd=ppfd if step * _STEP_S % 86400.0 < photoperiod_h * 3600.0 else 0.0,
            interception=light_interception(crop),
            root_c=root_c,
            vigour=1.0,
            dt_s=_STEP_S,
        )
    dry_g_mol = (crop.reserves_g_m2 + crop.structure_g_m2) / (_DAYS * light.light_sum_mol_m2(ppfd, photoperiod_h))
    return dry_g_mol, dry_g_mol / crop.dry_share


def _dry(ppfd: float, photoperiod_h: float) -> float:
    return sum(_trial(ppfd, photoperiod_h, 24.0, root_c)[0] for root_c in _ROOT_TEMPERATURES_C) / 4.0


def _fresh(ppfd: float, photoperiod_h: float) -> float:
    return sum(_trial(ppfd, photoperiod_h, 24.0, root_c)[1] for root_c in _ROOT_TEMPERATURES_C) / 4.0


def _dry_best(ppfd: float, t_air: float, t_root: float) -> float:
    return _trial(ppfd, 16.0, t_air, t_root)[0]


def _fresh_best(ppfd: float, t_air: float, t_root: float) -> float:
    return _trial(ppfd, 16.0, t_air, t_root)[1]


QUANTITIES: Final[Mapping[str, Quantity]] = {
    "par_photon_energy_sun": _photons_sun,
    "par_photon_energy_led": _photons_lamp,
    "transpiration": _transpiration,
    "dry_mass_per_mol_light": _dry,
    "fresh_mass_per_mol_light": _fresh,
    "dry_mass_per_mol_light_best": _dry_best,
    "fresh_mass_per_mol_light_best": _fresh_best,
}
