"""The compartments of a recirculating farm, one step each: flows, cone, tank, moving bed, sump."""

from math import exp, log10
from typing import NamedTuple

from foundation.water import CACO3_MG_MEQ, CO2_MG_MMOL, NITROGEN_MG_MMOL
from simulator.plants.biology import CO2_PER_O2_G, MOST_A_STEP, degasser_removal
from simulator.plants.fish import PROTEIN_N, Fish, FishOutput, live
from simulator.plants.pumps import PumpCurve, pumped_m3_h
from simulator.plants.ras_parameters import RasParameters
from simulator.plants.ras_water import (
    AIR_O2,
    NAHCO3_G_MOL,
    O2_G_MOL,
    Bacteria,
    Chemistry,
    Water,
    carbonic_share,
    from_air,
    hydrogen_mol_l,
    nh3_share,
    nitrify,
    rotting_oxygen_g,
)


class Positions(NamedTuple):
    """Where the actuators stand, 0 to 1, in the order of the input ports."""

    valve: float
    emergency: float
    blower: float
    pump: float
    standby: float
    heater: float
    chiller: float
    base: float
    feeder: float
    makeup: float
    uv: float
    rinse: float
    supply: float
    health: float
    stress: float


class Surroundings(NamedTuple):
    """What holds for every compartment during one step."""

    dt_h: float
    water_c: float
    chemistry: Chemistry
    oxygen_mg_l: float
    """In balance with the hall's air."""
    carbonic_mol_m3: float
    """In balance with the hall's air."""
    transfer: float
    """Gas transfer against 20 degC."""
    decayed: float
    """Share of the suspended solids that bacteria could eat in this step."""


class Flows(NamedTuple):
    """Water moved in one step, and what drives it."""

    flow_m3_h: float
    lifted_m3: float
    through_m3: float
    spilt_m3: float
    """Over the brim past the drum, when that is clogged."""
    rinsed_m3: float
    makeup_m3: float
    base_m3: float
    evaporated_m3: float
    fan_m3_h: float


class Crossed(NamedTuple):
    """What entered and left the water of one compartment from outside the loop in one step."""

    oxygen_in_g: float
    oxygen_out_g: float
    nitrogen_in_g: float
    nitrogen_out_g: float
    alkalinity_in_mol: float
    alkalinity_out_mol: float
    carbon_in_mol: float
    carbon_out_mol: float


def move_water(
    p: RasParameters,
    curve: PumpCurve,
    on: Positions,
    tank_m3: float,
    sump_m3: float,
    flow_m3_h: float,
    drum_g: float,
    dryness_g_m3: float,
    dt_h: float,
) -> Flows:
    """The pump lifts from the sump, everything else runs by gravity. `dryness_g_m3`: vapour that the air lacks."""
    drawn = min(1.0, max(0.0, 2.0 * (sump_m3 - p.sump_dead_m3)))
    target = pumped_m3_h(curve, on.pump, on.standby) * drawn
    tau_h = (p.pump_start_s if target > flow_m3_h else p.pump_stop_s) / 3600.0
    settled = 1.0 - exp(-dt_h / tau_h)
    lifted_m3 = target * dt_h + (flow_m3_h - target) * tau_h * settled
    lifted_m3 = max(0.0, min(lifted_m3, sump_m3 - p.sump_dead_m3))
    tank_m3 += lifted_m3
    clogging = 1.0 + (drum_g / p.drum_full_g) ** 2
    opening = p.flow_m3_h / (p.tank_m3 - p.tank_rest_m3) / clogging * dt_h
    through_m3 = max(0.0, tank_m3 - p.tank_rest_m3) * opening / (1.0 + opening)
    fan_m3_h = p.draught_m3_h + p.fan_m3_h * on.blower
    wetted_m3_h = p.evaporation_m_h * p.tank_surface_m2 + p.degasser_humidification * fan_m3_h
    return Flows(
        flow_m3_h + (target - flow_m3_h) * settled,
        lifted_m3,
        through_m3,
        max(0.0, tank_m3 - through_m3 - p.tank_brim_m3),
        min(p.drum_rinse_m3_h * on.rinse * dt_h, 0.1 * sump_m3),
        p.makeup_m3_h * on.makeup * dt_h,
        p.base_ml_min * 6e-5 * on.base * dt_h,
        min(wetted_m3_h * max(0.0, dryness_g_m3) * 1e-6 * dt_h, 0.1 * sump_m3),
        fan_m3_h,
    )


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
    on: Positions,
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
    fish, did = live(p, fish, fed_g, oxygen, volume_m3, nh3_mg_l, water_c, on.stress, dt_h)
    breathed_g, excreted_g, faeces_g, wasted_g, lost_n_g = did
    renewed = (p.surface_m_h * p.tank_surface_m2 / volume_m3 + p.tank_air_per_h * on.blower * around.transfer) * dt_h
    air_g = from_air(oxygen, air_mg_l * volume_m3, renewed)
    vented_mol = from_air(carbon * carbonic_share(h, c), air_mol_m3 * volume_m3, renewed * p.air_co2_share)
    pure_mg_l = p.emergency_depth * c.oxygen_saturation_mg_l / AIR_O2
    bubbled_g = 1000.0 * p.emergency_gas_kg_h * on.emergency * p.emergency_absorption * dt_h
    bubbled_g *= max(0.0, 1.0 - oxygen / volume_m3 / pure_mg_l)
    rot_g = rotting_oxygen_g(p, solids, oxygen, volume_m3, around.decayed)
    rotten_g = rot_g / p.solids_oxygen
    # Uneaten feed counts as solids; the protein it has more than they have dissolves.
    leached_g = wasted_g * (PROTEIN_N * p.feed_protein - p.solids_nitrogen)
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
            solids * stays + lifted.solids + faeces_g + wasted_g - rotten_g,
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


def bed_step(
    p: RasParameters,
    around: Surroundings,
    on: Positions,
    bed: Water,
    leaving: float,
    onward: Water,
    caught_g: float,
    bacteria: Bacteria,
) -> tuple[Water, Bacteria, Crossed, float]:
    """The moving bed, fed by what passed the drum; last comes the share of its carbon that is CO2."""
    dt_h, water_c, c = around.dt_h, around.water_c, around.chemistry
    air_mg_l, air_mol_m3 = around.oxygen_mg_l, around.carbonic_mol_m3
    oxygen, tan, nitrite, nitrate, carbon, alkalinity, solids = bed
    volume_m3 = p.mbbr_m3
    h = hydrogen_mol_l(bed, volume_m3, c)
    carbonic = carbonic_share(h, c)
    renewed = p.mbbr_air_per_h * on.blower * around.transfer * dt_h
    air_g = from_air(oxygen, air_mg_l * volume_m3, renewed)
    vented_mol = from_air(carbon * carbonic, air_mol_m3 * volume_m3, renewed * p.air_co2_share)
    stirred = p.still_bed_share + (1.0 - p.still_bed_share) * min(1.0, on.blower / p.stirred_from)
    bacteria, did = nitrify(p, bed, bacteria, on.health * stirred, -log10(h), water_c, dt_h)
    oxidised_g, nitrite_g, nitrate_g, nitrified_g, alkalinity_mol, built_mol = did
    rot_g = rotting_oxygen_g(p, solids, oxygen, volume_m3, around.decayed)
    rotten_g = rot_g / p.solids_oxygen
    ammonia_g = rotten_g * p.solids_nitrogen
    ammonia_mol = ammonia_g / NITROGEN_MG_MMOL
    # The film breathes dissolved organic matter, which is not counted here: a still bed goes anoxic in an hour or two.
    resting = p.media_m2 * p.film_respiration_g_m2_d / 24.0 * dt_h / (oxygen + 0.5 * volume_m3)
    resting_g = oxygen * min(MOST_A_STEP, resting)
    respired_mol = (rot_g + resting_g) / O2_G_MOL
    stays = 1.0 - leaving
    return (
        Water(
            oxygen * stays + onward.oxygen + air_g - nitrified_g - rot_g - resting_g,
            tan * stays + onward.tan - oxidised_g + ammonia_g,
            nitrite * stays + onward.nitrite + nitrite_g - nitrate_g,
            nitrate * stays + onward.nitrate + nitrate_g,
            carbon * stays + onward.carbon + vented_mol - built_mol + respired_mol,
            alkalinity * stays + onward.alkalinity - alkalinity_mol + ammonia_mol,
            solids * stays + onward.solids - caught_g - rotten_g,
        ),
        bacteria,
        Crossed(
            air_g,
            nitrified_g + rot_g + resting_g,
            0.0,
            0.0,
            ammonia_mol,
            alkalinity_mol,
            vented_mol + respired_mol,
            built_mol,
        ),
        carbonic,
    )


def sump_step(
    p: RasParameters,
    around: Surroundings,
    flows: Flows,
    sump: Water,
    volume_m3: float,
    fallen: Water,
    fallen_carbonic: float,
    spilt: Water,
) -> tuple[Water, float, float, Crossed]:
    """Degasser and sump: (water, its volume, lost over the rim in m3, crossed). New water and base come here."""
    dt_h, air_mg_l, air_mol_m3 = around.dt_h, around.oxygen_mg_l, around.carbonic_mol_m3
    oxygen, tan, nitrite, nitrate, carbon, alkalinity, solids = sump
    through_m3, makeup_m3 = flows.through_m3, flows.makeup_m3
    gas_to_liquid = min(50.0, flows.fan_m3_h * dt_h / (through_m3 + 1e-9))
    removal = degasser_removal(p.degasser_m, gas_to_liquid, p.degasser_coefficient)
    air_g = removal * p.degasser_oxygen_share * (air_mg_l * through_m3 - fallen.oxygen)
    vented_mol = removal * (air_mol_m3 * through_m3 - fallen.carbon * fallen_carbonic)
    base_mol = flows.base_m3 * 1000.0 * p.base_g_l / NAHCO3_G_MOL
    new_oxygen_g = makeup_m3 * p.makeup_oxygen_mg_l
    new_nitrate_g = makeup_m3 * p.makeup_nitrate_mg_l
    new_carbon_mol = makeup_m3 * p.makeup_carbon_mol_m3 + base_mol
    new_alkalinity_mol = makeup_m3 * p.makeup_alkalinity_mg_l / CACO3_MG_MEQ + base_mol
    rot_g = rotting_oxygen_g(p, solids, oxygen, volume_m3, around.decayed)
    rotten_g = rot_g / p.solids_oxygen
    ammonia_g = rotten_g * p.solids_nitrogen
    ammonia_mol = ammonia_g / NITROGEN_MG_MMOL
    respired_mol = rot_g / O2_G_MOL

    rinsed = flows.rinsed_m3 / volume_m3
    stays = 1.0 - rinsed - flows.lifted_m3 / volume_m3
    volume_m3 += through_m3 + flows.spilt_m3 + makeup_m3 + flows.base_m3
    volume_m3 -= flows.lifted_m3 + flows.rinsed_m3 + flows.evaporated_m3
    lost_m3 = max(0.0, volume_m3 - p.sump_overflow_m3)
    lost = lost_m3 / volume_m3
    now = Water(
        oxygen * stays + fallen.oxygen + spilt.oxygen + air_g + new_oxygen_g - rot_g,
        tan * stays + fallen.tan + spilt.tan + ammonia_g,
        nitrite * stays + fallen.nitrite + spilt.nitrite,
        nitrate * stays + fallen.nitrate + spilt.nitrate + new_nitrate_g,
        carbon * stays + fallen.carbon + spilt.carbon + vented_mol + new_carbon_mol + respired_mol,
        alkalinity * stays + fallen.alkalinity + spilt.alkalinity + new_alkalinity_mol + ammonia_mol,
        solids * stays + fallen.solids + spilt.solids - rotten_g,
    )
    return (
        take(now, 1.0 - lost),
        volume_m3 - lost_m3,
        lost_m3,
        Crossed(
            air_g + new_oxygen_g,
            rot_g + oxygen * rinsed + now.oxygen * lost,
            new_nitrate_g,
            nitrogen_g(p, sump) * rinsed + nitrogen_g(p, now) * lost,
            new_alkalinity_mol + ammonia_mol,
            alkalinity * rinsed + now.alkalinity * lost,
            vented_mol + new_carbon_mol + respired_mol,
            carbon * rinsed + now.carbon * lost,
        ),
    )


def take(water: Water, share: float) -> Water:
    """What a share of the volume holds."""
    oxygen, tan, nitrite, nitrate, carbon, alkalinity, solids = water
    return Water(
        oxygen * share,
        tan * share,
        nitrite * share,
        nitrate * share,
        carbon * share,
        alkalinity * share,
        solids * share,
    )


def nitrogen_g(p: RasParameters, water: Water) -> float:
    """All nitrogen in a body of water, dissolved and in its solids."""
    return water.tan + water.nitrite + water.nitrate + p.solids_nitrogen * water.solids
