"""The ground of a pond: what settles on it rots, takes oxygen from the water above, or leaves it in debt."""

from typing import NamedTuple

from foundation.water import NITROGEN_MG_MMOL
from simulator.plants.biology import MOST_A_STEP
from simulator.plants.pond_parameters import PondParameters
from simulator.plants.pond_water import Layer
from simulator.plants.ras_water import O2_G_MOL


class Mud(NamedTuple):
    """The sediment, g."""

    nitrogen: float
    oxygen: float
    """What its decay will take."""


class Rotted(NamedTuple):
    """What the ground took from and gave to the water in one step."""

    mud: Mud
    lower: Layer
    oxygen_g: float
    """Taken."""
    carbon_mol: float
    """Given, as is the alkalinity."""
    alkalinity_mol: float
    denitrified_g: float
    """Nitrogen that left as gas."""


def settle(
    p: PondParameters, upper: Layer, lower: Layer, mud: Mud, depth_m: float, dt_h: float
) -> tuple[Layer, Layer, Mud]:
    """Debris on its way down, from layer to layer to the ground."""
    sinks_m = p.debris_settling_m_d / 24.0 * dt_h
    from_upper, from_lower = min(MOST_A_STEP, sinks_m / depth_m), min(MOST_A_STEP, sinks_m / p.lower_m)
    down_n, down_g = upper.debris_n * from_upper, upper.debris_oxygen * from_upper
    out_n, out_g = lower.debris_n * from_lower, lower.debris_oxygen * from_lower
    return (
        upper._replace(debris_n=upper.debris_n - down_n, debris_oxygen=upper.debris_oxygen - down_g),
        lower._replace(debris_n=lower.debris_n + down_n - out_n, debris_oxygen=lower.debris_oxygen + down_g - out_g),
        Mud(mud.nitrogen + out_n, mud.oxygen + out_g),
    )


def rot(p: PondParameters, mud: Mud, lower: Layer, volume_m3: float, lower_c: float, dt_h: float) -> Rotted:
    """The mud at work for `dt_h`; without oxygen it goes on more slowly, and what it makes waits as debt."""
    ripe_g = mud.oxygen * p.sediment_decay_per_d / 24.0 * p.decay_theta ** (lower_c - 20.0) * dt_h
    mg_l = lower.oxygen / volume_m3
    aerobic_g = min(ripe_g * mg_l / (mg_l + p.decay_oxygen_half_mg_l), MOST_A_STEP * lower.oxygen)
    rotted_g = aerobic_g + p.sediment_anoxic_share * (ripe_g - aerobic_g)
    rotted_n = mud.nitrogen * rotted_g / (mud.oxygen + 1e-9)
    denitrified_n = lower.nitrate * min(MOST_A_STEP, p.denitrification_m_d / 24.0 / p.lower_m * dt_h)
    carbon_mol = rotted_g / O2_G_MOL
    alkalinity_mol = (rotted_n + denitrified_n) / NITROGEN_MG_MMOL
    return Rotted(
        Mud(mud.nitrogen - rotted_n, mud.oxygen - rotted_g),
        lower._replace(
            oxygen=lower.oxygen - aerobic_g,
            tan=lower.tan + rotted_n,
            nitrate=lower.nitrate - denitrified_n,
            carbon=lower.carbon + carbon_mol,
            alkalinity=lower.alkalinity + alkalinity_mol,
            debt=lower.debt + rotted_g - aerobic_g,
        ),
        aerobic_g,
        carbon_mol,
        alkalinity_mol,
        denitrified_n,
    )
