"""Water on its way through a pond: layers that change places, new water, overflow, drain and evaporation."""

from typing import NamedTuple

from foundation.water import CACO3_MG_MEQ
from simulator.plants.biology import MOST_A_STEP
from simulator.plants.pond_heat import WATER_J_M3_K, SurfaceHeat
from simulator.plants.pond_parameters import PondParameters
from simulator.plants.pond_water import Layer


class Body(NamedTuple):
    """Both layers with their warmth; the lower one keeps its volume, the surface moves."""

    upper: Layer
    lower: Layer
    upper_m3: float
    upper_c: float
    lower_c: float


class Through(NamedTuple):
    """What came over the pond's rim less what went, in one step."""

    water_m3: float
    oxygen_g: float
    nitrogen_g: float
    alkalinity_mol: float
    carbon_mol: float
    heat_j: float


def flow(
    p: PondParameters, body: Body, heat: SurfaceHeat, mixing_m_h: float, makeup: float, drain: float, dt_s: float
) -> tuple[Body, Through]:
    """New water comes on top, too much runs over there, the drain takes from below and the upper layer follows."""
    upper, lower, upper_m3, upper_c, lower_c = body
    lower_m3, dt_h = p.area_m2 * p.lower_m, dt_s / 3600.0
    swapped_m3 = min(p.area_m2 * mixing_m_h * dt_h, MOST_A_STEP * upper_m3, MOST_A_STEP * lower_m3)
    new_m3 = p.makeup_m3_h * makeup * dt_h
    spare_m3 = max(0.0, upper_m3 - 0.25 * p.area_m2 * p.upper_m)
    drained_m3 = min(p.drain_m3_h * drain * dt_h, MOST_A_STEP * spare_m3)
    dried_m3 = min(heat.evaporated_kg_m2_s * p.area_m2 * 0.001 * dt_s, MOST_A_STEP * spare_m3)
    spilt_m3 = max(0.0, upper_m3 + new_m3 - drained_m3 - dried_m3 - p.area_m2 * p.brim_m)

    # what they hold
    up, down = swapped_m3 / upper_m3, swapped_m3 / lower_m3
    moved = [a * up - b * down for a, b in zip(upper, lower, strict=True)]
    top = [a - x for a, x in zip(upper, moved, strict=True)]
    bottom = [b + x for b, x in zip(lower, moved, strict=True)]
    drawn, sunk, spilt = drained_m3 / lower_m3, drained_m3 / upper_m3, min(MOST_A_STEP, spilt_m3 / upper_m3)
    lost = Layer(*[b * drawn + a * spilt for a, b in zip(top, bottom, strict=True)])
    new_oxygen_g, new_nitrate_g = new_m3 * p.makeup_oxygen_mg_l, new_m3 * p.makeup_nitrate_mg_l
    new_mol, new_alkalinity = new_m3 * p.makeup_carbon_mol_m3, new_m3 * p.makeup_alkalinity_mg_l / CACO3_MG_MEQ
    upper = Layer(*[a * (1.0 - spilt - sunk) for a in top])
    upper = upper._replace(
        oxygen=upper.oxygen + new_oxygen_g,
        nitrate=upper.nitrate + new_nitrate_g,
        carbon=upper.carbon + new_mol,
        alkalinity=upper.alkalinity + new_alkalinity,
    )
    lower = Layer(*[b * (1.0 - drawn) + a * sunk for a, b in zip(top, bottom, strict=True)])

    # what they are warm
    over_m3 = spilt_m3 + dried_m3
    next_m3 = upper_m3 + new_m3 - drained_m3 - over_m3
    per_m2_j = p.area_m2 * dt_s
    carried_j = WATER_J_M3_K * (swapped_m3 * (upper_c - lower_c) + drained_m3 * upper_c)
    upper_j = WATER_J_M3_K * (upper_m3 * upper_c + new_m3 * p.makeup_c - over_m3 * upper_c)
    upper_j += per_m2_j * heat.upper_w_m2 - carried_j
    lower_j = WATER_J_M3_K * (lower_m3 - drained_m3) * lower_c + per_m2_j * heat.lower_w_m2 + carried_j
    through_m3_k = new_m3 * p.makeup_c - over_m3 * upper_c - drained_m3 * lower_c
    return (
        Body(upper, lower, next_m3, upper_j / (WATER_J_M3_K * next_m3), lower_j / (WATER_J_M3_K * lower_m3)),
        Through(
            new_m3 - drained_m3 - over_m3,
            new_oxygen_g - lost.oxygen,
            new_nitrate_g - nitrogen_g(lost),
            new_alkalinity - lost.alkalinity,
            new_mol - lost.carbon,
            per_m2_j * (heat.upper_w_m2 + heat.lower_w_m2) + WATER_J_M3_K * through_m3_k,
        ),
    )


def nitrogen_g(layer: Layer) -> float:
    """All of it, dissolved, alive and dead."""
    return layer.tan + layer.nitrate + layer.algae_n + layer.debris_n
