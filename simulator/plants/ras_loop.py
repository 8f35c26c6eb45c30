"""The treatment loop behind the tanks of a recirculating farm, one step each: flows, moving bed, sump."""

from collections.abc import Sequence
from math import exp, log10
from typing import NamedTuple

from foundation.water import CACO3_MG_MEQ, NITROGEN_MG_MMOL
from simulator.plants.biology import MOST_A_STEP, degasser_removal
from simulator.plants.pumps import PumpCurve, pumped_m3_h
from simulator.plants.ras_parameters import RasParameters
from simulator.plants.ras_water import (
    NAHCO3_G_MOL,
    O2_G_MOL,
    Bacteria,
    Chemistry,
    Water,
    carbonic_share,
    from_air,
    hydrogen_mol_l,
    nitrify,
    rotting_oxygen_g,
)

_SHUT = 1e-3
"""All inlets together open by less than this let nothing pass."""


class Positions(NamedTuple):
    """Where the actuators of the loop stand, 0 to 1, in the order of `ras_ports.COMMON`."""

    blower: float
    pump: float
    standby: float
    heater: float
    chiller: float
    base: float
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


class TankFlow(NamedTuple):
    """Water that one tank takes and gives in one step."""

    share: float
    """Of what the pump lifts."""
    lifted_m3: float
    through_m3: float
    spilt_m3: float
    """Over the brim past the drum, when that is clogged."""


class Flows(NamedTuple):
    """Water moved in one step, and what drives it."""

    flow_m3_h: float
    lifted_m3: float
    through_m3: float
    spilt_m3: float
    tanks: tuple[TankFlow, ...]
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


def inlet_shares(sizes: Sequence[float], inlets: Sequence[float]) -> tuple[Sequence[float], float]:
    """What share of the flow each tank takes, and how far all inlets together are open, 0 to 1.

    `sizes` are the tanks' shares of the water: they are piped for one turnover. With all inlets shut, what still runs
    goes where it would have gone.
    """
    if min(inlets) >= 1.0:
        return sizes, 1.0
    parts = [inlet * size for inlet, size in zip(inlets, sizes, strict=True)]
    opened = sum(parts)
    if opened <= _SHUT:
        return sizes, 0.0
    return [part / opened for part in parts], opened


def move_water(
    p: RasParameters,
    tanks: Sequence[RasParameters],
    sizes: Sequence[float],
    curve: PumpCurve,
    on: Positions,
    inlets: Sequence[float],
    volumes_m3: Sequence[float],
    sump_m3: float,
    flow_m3_h: float,
    drum_g: float,
    dryness_g_m3: float,
    dt_h: float,
) -> Flows:
    """The pump lifts from the sump, everything else runs by gravity. `dryness_g_m3`: vapour that the air lacks.

    Inlets are valves side by side at the end of the pipe: what they throttle weighs on its friction with the square.
    """
    shares, opened = inlet_shares(sizes, inlets)
    drawn = min(1.0, max(0.0, 2.0 * (sump_m3 - p.sump_dead_m3)))
    target = 0.0
    if opened > 0.0:
        if opened < 1.0:
            curve = curve._replace(pipe_m_per_m3_h2=curve.pipe_m_per_m3_h2 / (opened * opened))
        target = pumped_m3_h(curve, on.pump, on.standby) * drawn
    tau_h = (p.pump_start_s if target > flow_m3_h else p.pump_stop_s) / 3600.0
    settled = 1.0 - exp(-dt_h / tau_h)
    lifted_m3 = target * dt_h + (flow_m3_h - target) * tau_h * settled
    lifted_m3 = max(0.0, min(lifted_m3, sump_m3 - p.sump_dead_m3))
    clogging = 1.0 + (drum_g / p.drum_full_g) ** 2
    flows, through_m3, spilt_m3 = [], 0.0, 0.0
    for own, size, share, tank_m3 in zip(tanks, sizes, shares, volumes_m3, strict=True):
        taken_m3 = lifted_m3 * share
        tank_m3 += taken_m3
        opening = p.flow_m3_h * size / (own.tank_m3 - own.tank_rest_m3) / clogging * dt_h
        runs_m3 = max(0.0, tank_m3 - own.tank_rest_m3) * opening / (1.0 + opening)
        over_m3 = max(0.0, tank_m3 - runs_m3 - own.tank_brim_m3)
        flows.append(TankFlow(share, taken_m3, runs_m3, over_m3))
        through_m3 += runs_m3
        spilt_m3 += over_m3
    fan_m3_h = p.draught_m3_h + p.fan_m3_h * on.blower
    surface_m2 = sum([own.tank_surface_m2 for own in tanks])
    wetted_m3_h = p.evaporation_m_h * surface_m2 + p.degasser_humidification * fan_m3_h
    return Flows(
        flow_m3_h + (target - flow_m3_h) * settled,
        lifted_m3,
        through_m3,
        spilt_m3,
        tuple(flows),
        min(p.drum_rinse_m3_h * on.rinse * dt_h, 0.1 * sump_m3),
        p.makeup_m3_h * on.makeup * dt_h,
        p.base_ml_min * 6e-5 * on.base * dt_h,
        min(wetted_m3_h * max(0.0, dryness_g_m3) * 1e-6 * dt_h, 0.1 * sump_m3),
        fan_m3_h,
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


def together(waters: Sequence[Water]) -> Water:
    """What several of them hold."""
    return waters[0] if len(waters) == 1 else Water(*map(sum, zip(*waters, strict=True)))


def nitrogen_g(p: RasParameters, water: Water) -> float:
    """All nitrogen in a body of water, dissolved and in its solids."""
    return water.tan + water.nitrite + water.nitrate + p.solids_nitrogen * water.solids
