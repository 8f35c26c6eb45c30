"""The rearing tanks of a recirculating farm, side by side: each with its water, fish, cone, pipe, diffuser and feeder.

All share one treatment loop and one temperature: their water meets in the sump twice an hour or oftener.
"""

from math import floor, log10
from typing import NamedTuple

from foundation.water import CACO3_MG_MEQ, CO2_MG_MMOL, NITROGEN_MG_MMOL
from simulator.plants.biology import CO2_PER_O2_G
from simulator.plants.fish import PROTEIN_N, Fish, FishOutput, live
from simulator.plants.ras_loop import Crossed, Surroundings
from simulator.plants.ras_parameters import RasParameters
from simulator.plants.ras_water import (
    AIR_O2,
    O2_G_MOL,
    Chemistry,
    Water,
    carbonic_share,
    from_air,
    hydrogen_mol_l,
    nh3_share,
    rotting_oxygen_g,
)

OWN = (
    "tank_m3", "tank_rest_m3", "tank_brim_m3", "tank_surface_m2", "pipe_m3",
    "oxygen_gas_kg_h", "emergency_gas_kg_h", "feeder_g_s",
    "start_biomass_kg", "start_weight_g", "start_stomach_g", "start_gut_g",
    "start_oxygen_mg_l", "start_pipe_oxygen_mg_l", "start_tank_tan_mg_l", "start_tank_co2_mg_l",
)  # fmt: skip
"""What a second tank may have otherwise than the first, as `tank2.NAME` in the parameter file."""


class Tank(NamedTuple):
    """One tank at one moment."""

    water: Water
    m3: float
    pipe: tuple[float, ...]
    """Oxygen in g on its way from the cone to the tank."""
    fish: Fish
    fed_g: float
    rich: bool = False
    """Its oxygen switch keeps the emergency valve shut, whatever the valve is told."""


class TankPositions(NamedTuple):
    """Where a tank's own actuators stand, 0 to 1."""

    valve: float
    emergency: float
    feeder: float
    inlet: float = 1.0


SWITCH = ("oxygen_switch_shuts_mg_l", "oxygen_switch_opens_mg_l")
"""What a farm without an oxygen switch at its emergency valve leaves out."""


def behind_switch(on: TankPositions, tank: Tank) -> TankPositions:
    """Where the actuators stand once the tank's oxygen switch has had its say."""
    return on._replace(emergency=0.0) if tank.rich else on


def is_rich(p: RasParameters, rich: bool, oxygen_mg_l: float) -> bool:
    """The oxygen switch: shut above one limit, open again below the other. It needs neither mains nor controller."""
    return oxygen_mg_l >= p.oxygen_switch_opens_mg_l if rich else oxygen_mg_l > p.oxygen_switch_shuts_mg_l


def oxygenate(
    p: RasParameters,
    pipe: tuple[float, ...],
    lifted_g: float,
    lifted_m3: float,
    gas_g: float,
    saturation_mg_l: float,
) -> tuple[tuple[float, ...], float, float]:
    """Cone and pipe to the tank: (oxygen in the pipe, arriving in the tank, dissolved by the cone), all in g.

    The pipe's stages are implicit: it holds for any flow, and what arrives late is not lost.
    """
    room_g = lifted_m3 * p.cone_limit * saturation_mg_l - lifted_g
    cone_g = max(0.0, min(gas_g * p.cone_absorption, room_g))
    part_m3 = p.pipe_m3 / len(pipe)
    carried_g = lifted_g + cone_g
    parts = []
    for held_g in pipe:
        mixed_mg_l = (held_g + carried_g) / (part_m3 + lifted_m3)
        carried_g = mixed_mg_l * lifted_m3
        parts.append(mixed_mg_l * part_m3)
    return tuple(parts), carried_g, cone_g


def tank_step(
    p: RasParameters,
    around: Surroundings,
    on: TankPositions,
    blower: float,
    stress: float,
    tank: Water,
    volume_m3: float,
    leaving: float,
    lifted: Water,
    carried_g: float,
    fish: Fish,
) -> tuple[Water, Fish, FishOutput, Crossed]:
    """The fish tank: a share of it leaves, `lifted` comes from the sump with the oxygen `carried_g`."""
    dt_h, water_c, c = around.dt_h, around.water_c, around.chemistry
    air_mg_l, air_mol_m3 = around.oxygen_mg_l, around.carbonic_mol_m3
    oxygen, tan, nitrite, nitrate, carbon, alkalinity, solids = tank
    h = hydrogen_mol_l(tank, volume_m3, c)
    fed_g = p.feeder_g_s * on.feeder * dt_h * 3600.0
    nh3_mg_l = tan / volume_m3 * nh3_share(h, c)
    fish, did = live(p, fish, fed_g, oxygen, volume_m3, nh3_mg_l, water_c, stress, dt_h)
    breathed_g, excreted_g, faeces_g, wasted_g, lost_n_g = did
    renewed = (p.surface_m_h * p.tank_surface_m2 / volume_m3 + p.tank_air_per_h * blower * around.transfer) * dt_h
    air_g = from_air(oxygen, air_mg_l * volume_m3, renewed)
    vented_mol = from_air(carbon * carbonic_share(h, c), air_mol_m3 * volume_m3, renewed * p.air_co2_share)
    pure_mg_l = p.emergency_depth * c.oxygen_saturation_mg_l / AIR_O2
    bubbled_g = 1000.0 * p.emergency_gas_kg_h * on.emergency * p.emergency_absorption * dt_h
    bubbled_g *= max(0.0, 1.0 - oxygen / volume_m3 / pure_mg_l)
    rot_g = rotting_oxygen_g(p, solids, oxygen, volume_m3, around.decayed)
    rotten_g = rot_g / p.solids_oxygen
    # Uneaten feed counts as solids, as far as its nitrogen makes them; what it has more than they have dissolves.
    settled_g = wasted_g * min(1.0, PROTEIN_N * p.feed_protein / p.solids_nitrogen)
    leached_g = wasted_g * max(0.0, PROTEIN_N * p.feed_protein - p.solids_nitrogen)
    ammonia_g = excreted_g + leached_g + rotten_g * p.solids_nitrogen
    ammonia_mol = ammonia_g / NITROGEN_MG_MMOL  # comes as NH3 and takes up a proton
    respired_mol = p.respiratory_quotient * breathed_g * CO2_PER_O2_G / CO2_MG_MMOL + rot_g / O2_G_MOL
    stays = 1.0 - leaving
    return (
        Water(
            oxygen * stays + carried_g - breathed_g + air_g + bubbled_g - rot_g,
            tan * stays + lifted.tan + ammonia_g,
            nitrite * stays + lifted.nitrite,
            nitrate * stays + lifted.nitrate,
            carbon * stays + lifted.carbon + respired_mol + vented_mol,
            alkalinity * stays + lifted.alkalinity + ammonia_mol,
            solids * stays + lifted.solids + faeces_g + settled_g - rotten_g,
        ),
        fish,
        did,
        Crossed(
            air_g + bubbled_g,
            breathed_g + rot_g,
            PROTEIN_N * p.feed_protein * fed_g,
            lost_n_g,
            ammonia_mol,
            0.0,
            respired_mol + vented_mol,
            0.0,
        ),
    )


def seen(
    p: RasParameters, tank: Tank, on: TankPositions, supply: float, water_c: float, c: Chemistry
) -> tuple[float, ...]:
    """True values of the output ports of one tank, in their order (`ras_ports.seen_in`)."""
    water, m3, fish = tank.water, tank.m3, tank.fish
    h = hydrogen_mol_l(water, m3, c)
    litres_per_kg_h = 1000.0 / 60.0 / p.oxygen_density_kg_m3
    return (
        water.oxygen / m3,
        100.0 * water.oxygen / m3 / c.oxygen_saturation_mg_l,
        water_c,
        -log10(h),
        water.tan / m3,
        water.tan / m3 * nh3_share(h, c),
        water.nitrite / m3,
        water.nitrate / m3,
        water.alkalinity / m3 * CACO3_MG_MEQ,
        water.carbon / m3 * carbonic_share(h, c) * CO2_MG_MMOL,
        water.solids / m3,
        fish.alive * fish.weight_g / 1000.0,
        float(floor(fish.alive + 0.5)),
        fish.weight_g,
        p.oxygen_gas_kg_h * on.valve * supply * litres_per_kg_h,
        p.emergency_gas_kg_h * on.emergency * litres_per_kg_h,
        100.0 * m3 / p.tank_m3,
    )
