"""Where the light of sun and lamps goes in a glasshouse: canopy, floor, air, cover.

Vanthoor 2011, sections 8.4 and 8.6.1, with the lamps of Katzin 2021, section 7.4.4. Layers are combined by
t12 = t1 t2 / (1 - r1 r2), so what is reflected to and fro between them is counted.
"""

from typing import NamedTuple

from foundation.elementwise import anywhere, exp
from simulator.plants.greenhouse_parameters import GreenhouseParameters


class Light(NamedTuple):
    """Absorbed, W per m2 of floor, and what the crop sees."""

    canopy_w: float
    floor_w: float
    air_w: float
    cover_w: float
    above_canopy_w: float
    """PAR and NIR above the canopy; opens the stomata."""
    absorbed_photons: float
    """PAR taken up by the canopy, umol/m2/s."""
    ppfd: float
    """PAR above the canopy, umol/m2/s."""


DARK = Light(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def light(
    p: GreenhouseParameters, leaf_area_index: float, screen: float, radiation_w_m2: float, lamp_w_m2: float
) -> Light:
    """`screen` 0 to 1; `lamp_w_m2` is what the lamps draw."""
    if not anywhere((radiation_w_m2 > 0.0) | (lamp_w_m2 > 0.0)):
        return DARK
    through = exp(-p.canopy_par_extinction * leaf_area_index)
    # straight from above, and from below by way of the floor
    canopy_share = (1.0 - p.canopy_par_reflection) * (1.0 - through) * (1.0 + through * p.floor_par_reflection)
    floor_share = (1.0 - p.floor_par_reflection) * through

    sun = radiation_w_m2
    inside = 1.0 - p.construction_absorption
    nir_share = 1.0 - p.par_share
    par_passed, par_reflected = _cover(
        p, screen, p.cover_par_transmission, p.cover_par_reflection, p.screen_par_transmission, p.screen_par_reflection
    )
    nir_passed, nir_reflected = _cover(
        p, screen, p.cover_nir_transmission, p.cover_nir_reflection, p.screen_nir_transmission, p.screen_nir_reflection
    )
    canopy_nir, floor_nir = _near_infrared(p, leaf_area_index, nir_reflected)
    sun_par = inside * par_passed * p.par_share * sun
    sun_nir = inside * nir_share * sun

    lamp_par = p.lamp_par_share * lamp_w_m2
    lamp_nir = p.lamp_nir_share * lamp_w_m2
    nir_through = exp(-p.canopy_nir_extinction * leaf_area_index)
    lamp_canopy = lamp_par * canopy_share + lamp_nir * (1.0 - p.canopy_nir_reflection) * (1.0 - nir_through)
    lamp_floor = lamp_par * floor_share + lamp_nir * (1.0 - p.floor_nir_reflection) * nir_through
    return Light(
        canopy_w=sun_par * canopy_share + sun_nir * canopy_nir + lamp_canopy,
        floor_w=sun_par * floor_share + sun_nir * floor_nir + lamp_floor,
        air_w=p.construction_absorption * sun * (par_passed * p.par_share + (canopy_nir + floor_nir) * nir_share)
        + (lamp_par + lamp_nir - lamp_canopy - lamp_floor),
        cover_w=sun
        * ((1.0 - par_passed - par_reflected) * p.par_share + (1.0 - nir_passed - nir_reflected) * nir_share),
        above_canopy_w=sun_par + sun_nir * nir_passed + lamp_par + lamp_nir,
        absorbed_photons=(p.sun_photons_umol_j * sun_par + p.lamp_photons_umol_j * lamp_par) * canopy_share,
        ppfd=p.sun_photons_umol_j * sun_par + p.lamp_photons_umol_j * lamp_par,
    )


def _cover(
    p: GreenhouseParameters, screen: float, roof_t: float, roof_r: float, screen_t: float, screen_r: float
) -> tuple[float, float]:
    """What roof, screen and the shade of the lamps let through, and what they send back to the sky."""
    layer_t = 1.0 - screen * (1.0 - screen_t)
    layer_r = screen * screen_r
    between = 1.0 - roof_r * layer_r
    passed = roof_t * layer_t / between * (1.0 - p.lamp_area_m2_m2)
    return passed, roof_r + roof_t * roof_t * layer_r / between


def _near_infrared(p: GreenhouseParameters, leaf_area_index: float, cover_r: float) -> tuple[float, float]:
    """Shares of the NIR taken up by canopy and floor: cover, canopy and floor as one stack (eqs 8.30 to 8.35)."""
    cover_t = 1.0 - cover_r
    canopy_t = exp(-p.canopy_nir_extinction * leaf_area_index)
    canopy_r = p.canopy_nir_reflection * (1.0 - canopy_t)
    between = 1.0 - cover_r * canopy_r
    both_t = cover_t * canopy_t / between
    both_up = cover_r + cover_t * cover_t * canopy_r / between
    both_down = canopy_r + canopy_t * canopy_t * cover_r / between
    under = 1.0 - both_down * p.floor_nir_reflection
    floor = both_t * (1.0 - p.floor_nir_reflection) / under
    reflected = both_up + both_t * both_t * p.floor_nir_reflection / under
    return 1.0 - floor - reflected, floor
