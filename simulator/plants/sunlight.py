"""The sun on a film: beam and diffuse light of a sky, and what a sloped film lets through by the angle of incidence."""

from math import radians, sin, sqrt

from simulator.plants.surroundings import Outside

SOLAR_CONSTANT_W_M2 = 1361.0
_LOWEST = 0.05
"""Sine of the sun's height below which all light counts as diffuse: 3 degrees."""


def beam_and_diffuse(sky: Outside) -> tuple[float, float]:
    """(beam on a plane that faces the sun, diffuse on the level), W/m2.

    By the clearness of the hour: Erbs, Klein & Duffie 1982, Solar Energy 28:293. Where nobody knows the sun's
    position all of the light is diffuse.
    """
    total, elevation = sky.radiation_w_m2, sky.sun_elevation_degrees
    if elevation is None or sky.sun_azimuth_degrees is None:
        return 0.0, total
    height = sin(radians(elevation))
    if total <= 0.0 or height < _LOWEST:
        return 0.0, total
    clear = min(1.0, total / (SOLAR_CONSTANT_W_M2 * height))
    if clear <= 0.22:
        share = 1.0 - 0.09 * clear
    elif clear <= 0.8:
        share = 0.9511 + clear * (-0.1604 + clear * (4.388 + clear * (-16.638 + clear * 12.336)))
    else:
        share = 0.165
    return (1.0 - share) * total / height, share * total


def film_transmission(cos_incidence: float, refraction: float, clear: float) -> tuple[float, float]:
    """(passed, absorbed) shares of a beam that meets a film; the rest is reflected.

    Fresnel's reflection at both faces, both polarisations; `clear` is what one passage straight through leaves, dirt
    included (Duffie & Beckman, Solar Engineering of Thermal Processes, chapter 5).
    """
    if cos_incidence <= 0.0:
        return 0.0, 0.0
    inner = sqrt(1.0 - (1.0 - cos_incidence * cos_incidence) / (refraction * refraction))  # Snell
    across = ((cos_incidence - refraction * inner) / (cos_incidence + refraction * inner)) ** 2
    along = ((inner - refraction * cos_incidence) / (inner + refraction * cos_incidence)) ** 2
    passed = 0.5 * ((1.0 - across) / (1.0 + across) + (1.0 - along) / (1.0 + along))
    kept = clear ** (1.0 / inner)
    return passed * kept, passed * (1.0 - kept)
