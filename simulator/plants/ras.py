"""A recirculating fish farm: tank, drum filter, moving bed, degasser with sump, oxygen cone, and back."""

from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from math import exp, floor, log10
from typing import NamedTuple

from foundation.air import absolute_humidity_g_m3
from foundation.water import CACO3_MG_MEQ, CO2_MG_MMOL, NITROGEN_MG_MMOL
from simulator.parameters import load_parameters
from simulator.plants.biology import CO2_PER_O2_G, FISH_HEAT_KJ_PER_G_O2, degasser_removal
from simulator.plants.plant import Port, Weather
from simulator.plants.ras_fish import PROTEIN_N, Fish, live
from simulator.plants.ras_parameters import RasParameters
from simulator.plants.ras_water import (
    AIR_O2,
    NAHCO3_G_MOL,
    O2_G_MOL,
    Bacteria,
    Chemistry,
    Water,
    carbonic_share,
    chemistry,
    from_air,
    hydrogen_mol_l,
    nh3_share,
    nitrify,
    rotting_oxygen_g,
    take,
)

_KWH_PER_M3_K = 1.163
_EVAPORATION_KWH_KG = 0.68
_PIPE_PARTS = 4
_TOO_HOT_C, _TOO_COLD_C = 45.0, 2.0
"""The heat pump's own limits."""
_NOTHING = Water(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

INPUTS: Mapping[str, Port] = {
    "tank1.oxygen_valve": Port("", 0.0, 1.0, 0.0, "oxygen to the cone; dissolves only in flowing water"),
    "tank1.emergency_diffuser": Port("", 0.0, 1.0, 0.0, "oxygen of its own, needs neither flow nor power"),
    "blower": Port("", 0.0, 1.0, 0.6, "air for the moving bed, the degasser and the tank's air stones"),
    "circulation.pump": Port("", 0.0, 1.0, 1.0, "duty pump"),
    "circulation.standby": Port("", 0.0, 1.0, 0.0, "standby pump"),
    "heater": Port("", 0.0, 1.0, 0.0, "heat pump, heating"),
    "chiller": Port("", 0.0, 1.0, 0.0, "heat pump, cooling"),
    "base.pump": Port("", 0.0, 1.0, 0.45, "bicarbonate doser; unbound, a man doses by the day's feed"),
    "feeder": Port("", 0.0, 1.0, 0.0, "running"),
    "makeup.valve": Port("", 0.0, 1.0, 0.17, "new water to the sump"),
    "uv": Port("", 0.0, 1.0, 1.0, "lamps"),
    "drum.rinse": Port("", 0.0, 1.0, 0.05, "rinse of the drum filter"),
    "oxygen.supply": Port("", 0.0, 1.0, 1.0, "fault: what is left of the cone's oxygen pressure"),
    "biofilter.health": Port("", 0.0, 1.0, 1.0, "fault: share of the biofilm that works"),
}

OUTPUTS: Mapping[str, Port] = {
    "tank1.oxygen": Port("mg/L", 0.0, 60.0),
    "tank1.oxygen_saturation": Port("%", 0.0, 600.0),
    "tank1.temperature": Port("degC", 0.0, 60.0),
    "tank1.ph": Port("pH", 4.0, 11.0),
    "tank1.tan": Port("mg/L", 0.0, 1000.0, note="as N"),
    "tank1.nh3": Port("mg/L", 0.0, 1000.0, note="un-ionised, as N"),
    "tank1.no2": Port("mg/L", 0.0, 1000.0, note="as N"),
    "tank1.no3": Port("mg/L", 0.0, 5000.0, note="as N"),
    "tank1.alkalinity": Port("mg/L", 0.0, 5000.0, note="as CaCO3"),
    "tank1.co2": Port("mg/L", 0.0, 500.0),
    "tank1.solids": Port("mg/L", 0.0, 5000.0),
    "tank1.biomass": Port("kg", 0.0, 10000.0),
    "tank1.fish": Port("", 0.0, 100000.0, note="alive"),
    "tank1.mean_weight": Port("g", 0.0, 20000.0),
    "tank1.oxygen_flow": Port("L/min", 0.0, 200.0, note="to the cone"),
    "tank1.emergency_flow": Port("L/min", 0.0, 200.0),
    "tank1.level": Port("%", 0.0, 120.0),
    "sump.level": Port("%", 0.0, 120.0),
    "circulation.flow": Port("m3/h", 0.0, 500.0),
    "blower.current": Port("A", 0.0, 50.0),
    "fed": Port("g", 0.0, 1e12, note="counter of the feeder"),
    "oxygen.used": Port("kg", 0.0, 1e9, note="counter, cone and diffuser"),
    "energy.electricity": Port("kWh", 0.0, 1e9, note="counter"),
}


class Ledger(NamedTuple):
    """Everything that ever came in or went out; with the stores it closes to round-off."""

    water_in_m3: float = 0.0
    water_out_m3: float = 0.0
    oxygen_in_g: float = 0.0
    oxygen_out_g: float = 0.0
    nitrogen_in_g: float = 0.0
    nitrogen_out_g: float = 0.0
    alkalinity_in_mol: float = 0.0
    alkalinity_out_mol: float = 0.0
    carbon_in_mol: float = 0.0
    carbon_out_mol: float = 0.0


class RasState(NamedTuple):
    """One moment of the plant. Waters in g (carbon and alkalinity in mol)."""

    tank: Water
    mbbr: Water
    sump: Water
    pipe: tuple[float, ...]
    """Oxygen in g on its way from the cone to the tank."""
    tank_m3: float
    sump_m3: float
    flow_m3_h: float
    water_c: float
    heat_kw: float
    drum_g: float
    fish: Fish
    bacteria: Bacteria
    fed_g: float
    oxygen_used_kg: float
    electricity_kwh: float
    ledger: Ledger


def load(name: str = "bass_50m3", seed: int | None = None) -> "Ras":
    """The plant of `simulator/parameters/{name}.yaml`; `seed` moves what declares a spread."""
    known = [field.name for field in fields(RasParameters)]
    return Ras(RasParameters(**load_parameters(name, plant="ras", known=known, seed=seed)))


class Ras:
    """See `Plant`. Explicit Euler between stirred compartments: every rate is taken at the start of the step."""

    inputs = INPUTS
    outputs = OUTPUTS
    step_s = 10.0

    def __init__(self, parameters: RasParameters) -> None:
        self.parameters = parameters

    def initial(self) -> RasState:
        """Midnight in a plant that has run for weeks: last meal at 16:00, biofilter in balance."""
        p = self.parameters
        c = self._chemistry(p.start_water_c, 101325.0)

        def water(volume_m3: float, tan_mg_l: float, co2_mg_l: float) -> Water:
            alkalinity = p.start_alkalinity_mg_l / CACO3_MG_MEQ
            carbonic = co2_mg_l / CO2_MG_MMOL
            h = c.k1 * carbonic / alkalinity
            return Water(
                volume_m3 * p.start_oxygen_mg_l,
                volume_m3 * tan_mg_l,
                volume_m3 * p.start_nitrite_mg_l,
                volume_m3 * p.start_nitrate_mg_l,
                volume_m3 * carbonic * (1.0 + c.k1 / h + c.k1 * c.k2 / (h * h)),
                volume_m3 * alkalinity,
                volume_m3 * p.start_solids_mg_l,
            )

        part_g = p.pipe_m3 / _PIPE_PARTS * p.start_oxygen_mg_l
        return RasState(
            tank=water(p.tank_m3, p.start_tank_tan_mg_l, p.start_tank_co2_mg_l),
            mbbr=water(p.mbbr_m3, p.start_tan_mg_l, p.start_co2_mg_l),
            sump=water(p.start_sump_m3, p.start_tan_mg_l, 0.3 * p.start_co2_mg_l),
            pipe=(part_g,) * _PIPE_PARTS,
            tank_m3=p.tank_m3,
            sump_m3=p.start_sump_m3,
            flow_m3_h=p.flow_m3_h,
            water_c=p.start_water_c,
            heat_kw=0.0,
            drum_g=p.start_drum_g,
            fish=Fish(
                p.start_fish,
                p.start_weight_g,
                p.start_stomach_g,
                p.start_gut_g,
                p.start_body_nitrogen * p.start_fish * p.start_weight_g,
            ),
            bacteria=Bacteria(1.0, 1.0, 0.0),
            fed_g=0.0,
            oxygen_used_kg=0.0,
            electricity_kwh=0.0,
            ledger=Ledger(),
        )

    def advance(self, state: RasState, inputs: Mapping[str, float], weather: Weather, dt_s: float) -> RasState:
        """The state `dt_s` later."""
        p = self.parameters
        on = _positions(inputs)
        dt_h = dt_s / 3600.0
        tank, mbbr, sump, water_c = state.tank, state.mbbr, state.sump, state.water_c
        c = self._chemistry(water_c, weather.pressure_pa)
        air_mg_l = p.beta * c.oxygen_saturation_mg_l
        air_mol_m3 = p.hall_co2_ppm * c.carbonic_mol_m3_ppm
        warm = 1.024 ** (water_c - 20.0)
        hall_c = weather.air_c + 2.0
        hall_c = p.hall_c if not hall_c > p.hall_c else min(50.0, hall_c)
        flows = _flows(p, state, on, c.vapour_g_m3 - _hall_vapour_g_m3(round(hall_c * 10.0), p.hall_humidity), dt_h)
        through_m3, lifted_m3 = flows.through_m3, flows.lifted_m3

        # What leaves each compartment.
        out = take(tank, (through_m3 + flows.spilt_m3) / state.tank_m3)
        if flows.spilt_m3 > 0.0:
            spilt = take(out, flows.spilt_m3 / (through_m3 + flows.spilt_m3))
            onward = take(out, through_m3 / (through_m3 + flows.spilt_m3))
        else:
            spilt, onward = _NOTHING, out
        fallen = take(mbbr, through_m3 / p.mbbr_m3)
        lifted = take(sump, lifted_m3 / state.sump_m3)
        rinsed = flows.rinsed_m3 / state.sump_m3
        caught_g = onward.solids * p.drum_capture
        drum_g = state.drum_g + caught_g
        scraped_g = drum_g * (1.0 - exp(-on.rinse * dt_s / p.drum_rinse_s))

        # Cone and pipe: implicit stages, so that a slow pump does no harm.
        gas_g = 1000.0 * p.oxygen_gas_kg_h * on.valve * on.supply * dt_h
        room_g = lifted_m3 * p.cone_limit * c.oxygen_saturation_mg_l - lifted.oxygen
        cone_g = max(0.0, min(gas_g * p.cone_absorption, room_g))
        part_m3 = p.pipe_m3 / _PIPE_PARTS
        carried_g = lifted.oxygen + cone_g
        pipe = []
        for held_g in state.pipe:
            mixed_mg_l = (held_g + carried_g) / (part_m3 + lifted_m3)
            carried_g = mixed_mg_l * lifted_m3
            pipe.append(mixed_mg_l * part_m3)

        # Tank: fish, air, emergency oxygen, solids.
        tank_m3 = state.tank_m3 + lifted_m3 - through_m3 - flows.spilt_m3
        h = hydrogen_mol_l(tank, state.tank_m3, c)
        nh3_mg_l = tank.tan / state.tank_m3 * nh3_share(h, c)
        fed_g = p.feeder_g_s * on.feeder * dt_s
        fish, did = live(p, state.fish, fed_g, tank.oxygen, state.tank_m3, nh3_mg_l, water_c, dt_h)
        respired_mol = did.oxygen_g * CO2_PER_O2_G / CO2_MG_MMOL
        renewed = p.surface_m_h * p.tank_surface_m2 / state.tank_m3 + p.tank_air_per_h * on.blower * warm
        renewed *= dt_h
        air_g = from_air(tank.oxygen, air_mg_l * state.tank_m3, renewed)
        diffuser_g = 1000.0 * p.emergency_gas_kg_h * on.emergency * dt_h
        headroom = 1.0 - tank.oxygen / state.tank_m3 / (p.emergency_depth * c.oxygen_saturation_mg_l / AIR_O2)
        dissolved_g = diffuser_g * p.emergency_absorption * headroom if headroom > 0.0 else 0.0
        vented_mol = from_air(tank.carbon * carbonic_share(h, c), air_mol_m3 * state.tank_m3, renewed * p.air_co2_share)
        decayed = p.solids_decay_per_d / 24.0 * 1.07 ** (water_c - 25.0) * dt_h
        rot_n = p.solids_nitrogen / p.solids_oxygen
        rot_g = rotting_oxygen_g(p, tank.solids, tank.oxygen, state.tank_m3, decayed)
        # Uneaten feed counts as solids; the protein it has more than they have dissolves.
        leached_g = did.wasted_feed_g * (PROTEIN_N * p.feed_protein - p.solids_nitrogen)
        ammonia_g = did.tan_g + leached_g + rot_g * rot_n
        tank = Water(
            tank.oxygen - out.oxygen + carried_g - did.oxygen_g + air_g + dissolved_g - rot_g,
            tank.tan - out.tan + lifted.tan + ammonia_g,
            tank.nitrite - out.nitrite + lifted.nitrite,
            tank.nitrate - out.nitrate + lifted.nitrate,
            tank.carbon - out.carbon + lifted.carbon + respired_mol + vented_mol + rot_g / O2_G_MOL,
            tank.alkalinity - out.alkalinity + lifted.alkalinity + ammonia_g / NITROGEN_MG_MMOL,
            tank.solids - out.solids + lifted.solids + did.solids_g + did.wasted_feed_g - rot_g / p.solids_oxygen,
        )

        # Moving bed: air, nitrification, solids.
        h = hydrogen_mol_l(mbbr, p.mbbr_m3, c)
        carbonic = carbonic_share(h, c)
        renewed = p.mbbr_air_per_h * on.blower * warm * dt_h
        bed_air_g = from_air(mbbr.oxygen, air_mg_l * p.mbbr_m3, renewed)
        bed_vented_mol = from_air(mbbr.carbon * carbonic, air_mol_m3 * p.mbbr_m3, renewed * p.air_co2_share)
        stirred = min(1.0, on.blower / p.stirred_from)
        health = on.health * (p.still_bed_share + (1.0 - p.still_bed_share) * stirred)
        bacteria, bed = nitrify(p, mbbr, state.bacteria, health, -log10(h), water_c, dt_h)
        bed_rot_g = rotting_oxygen_g(p, mbbr.solids, mbbr.oxygen, p.mbbr_m3, decayed)
        bed_carbon_mol = bed_vented_mol - bed.carbon_mol + bed_rot_g / O2_G_MOL
        bed_alkalinity_mol = bed_rot_g * rot_n / NITROGEN_MG_MMOL - bed.alkalinity_mol
        mbbr = Water(
            mbbr.oxygen - fallen.oxygen + onward.oxygen + bed_air_g - bed.oxygen_g - bed_rot_g,
            mbbr.tan - fallen.tan + onward.tan - bed.oxidised_g + bed_rot_g * rot_n,
            mbbr.nitrite - fallen.nitrite + onward.nitrite + bed.nitrite_g - bed.nitrate_g,
            mbbr.nitrate - fallen.nitrate + onward.nitrate + bed.nitrate_g,
            mbbr.carbon - fallen.carbon + onward.carbon + bed_carbon_mol,
            mbbr.alkalinity - fallen.alkalinity + onward.alkalinity + bed_alkalinity_mol,
            mbbr.solids - fallen.solids + onward.solids - caught_g - bed_rot_g / p.solids_oxygen,
        )

        # Degasser and sump: new water, base, solids, overflow.
        gas_to_liquid = min(50.0, flows.fan_m3_h * dt_h / (through_m3 + 1e-9))
        removal = degasser_removal(p.degasser_m, gas_to_liquid, p.degasser_coefficient)
        fresh_g = removal * p.degasser_oxygen_share * (air_mg_l * through_m3 - fallen.oxygen)
        fresh_mol = removal * (air_mol_m3 * through_m3 - fallen.carbon * carbonic)
        new_m3 = flows.makeup_m3 + flows.base_m3
        sump_m3 = state.sump_m3 + through_m3 + flows.spilt_m3 + new_m3
        sump_m3 -= lifted_m3 + flows.rinsed_m3 + flows.evaporated_m3
        lost_m3 = max(0.0, sump_m3 - p.sump_overflow_m3)
        lost = lost_m3 / sump_m3
        kept = 1.0 - lost
        stays = 1.0 - rinsed
        base_mol = flows.base_m3 * 1000.0 * p.base_g_l / NAHCO3_G_MOL
        new_oxygen_g = flows.makeup_m3 * p.makeup_oxygen_mg_l
        new_nitrate_g = flows.makeup_m3 * p.makeup_nitrate_mg_l
        new_carbon_mol = flows.makeup_m3 * p.makeup_carbon_mol_m3 + base_mol
        new_alkalinity_mol = flows.makeup_m3 * p.makeup_alkalinity_mg_l / CACO3_MG_MEQ + base_mol
        was = sump
        oxygen_g = was.oxygen * stays - lifted.oxygen + fallen.oxygen + spilt.oxygen + fresh_g + new_oxygen_g
        solids_g = was.solids * stays - lifted.solids + fallen.solids + spilt.solids
        sump_rot_g = rotting_oxygen_g(p, was.solids, was.oxygen, state.sump_m3, decayed)
        oxygen_g -= sump_rot_g
        solids_g -= sump_rot_g / p.solids_oxygen
        tan_g = was.tan * stays - lifted.tan + fallen.tan + spilt.tan + sump_rot_g * rot_n
        nitrite_g = was.nitrite * stays - lifted.nitrite + fallen.nitrite + spilt.nitrite
        nitrate_g = was.nitrate * stays - lifted.nitrate + fallen.nitrate + spilt.nitrate + new_nitrate_g
        carbon_mol = was.carbon * stays - lifted.carbon + fallen.carbon + spilt.carbon + fresh_mol
        carbon_mol += new_carbon_mol + sump_rot_g / O2_G_MOL
        alkalinity_mol = was.alkalinity * stays - lifted.alkalinity + fallen.alkalinity + spilt.alkalinity
        alkalinity_mol += new_alkalinity_mol + sump_rot_g * rot_n / NITROGEN_MG_MMOL
        sump = Water(
            oxygen_g * kept,
            tan_g * kept,
            nitrite_g * kept,
            nitrate_g * kept,
            carbon_mol * kept,
            alkalinity_mol * kept,
            solids_g * kept,
        )

        # Heat and power.
        heat_kw = p.heater_kw * on.heater * (water_c < _TOO_HOT_C) - p.chiller_kw * on.chiller * (water_c > _TOO_COLD_C)
        heat_kw = heat_kw + (state.heat_kw - heat_kw) * exp(-dt_s / p.heat_lag_s)
        pumps_kw = 9.81 * p.pump_head_m * p.flow_m3_h / 3600.0 / p.pump_efficiency * (on.pump + on.standby)
        uv_kw = p.uv_kw_per_m3_h * p.flow_m3_h * on.uv
        blower_kw = p.blower_kw * on.blower * on.blower
        held_m3 = state.tank_m3 + state.sump_m3 + p.mbbr_m3 + p.pipe_m3
        warming_kwh = (
            (heat_kw + p.pump_heat * pumps_kw + uv_kw - p.wall_kw_per_k * (water_c - hall_c)) * dt_h
            + did.oxygen_g * FISH_HEAT_KJ_PER_G_O2 / 3600.0
            - flows.evaporated_m3 * 1000.0 * _EVAPORATION_KWH_KG
            + _KWH_PER_M3_K * new_m3 * (p.makeup_c - water_c)
        )
        electric_kw = (
            pumps_kw
            + uv_kw
            + blower_kw
            + p.drum_kw * on.rinse
            + (heat_kw / p.heater_cop if heat_kw > 0.0 else -heat_kw / p.chiller_cop)
        )

        rots_g = rot_g + bed_rot_g + sump_rot_g
        gone_n_g = (was.tan + was.nitrite + was.nitrate + p.solids_nitrogen * was.solids) * rinsed
        gone_n_g += (tan_g + nitrite_g + nitrate_g + p.solids_nitrogen * solids_g) * lost
        book = state.ledger
        ledger = Ledger(
            book.water_in_m3 + new_m3,
            book.water_out_m3 + flows.rinsed_m3 + flows.evaporated_m3 + lost_m3,
            book.oxygen_in_g + cone_g + dissolved_g + air_g + bed_air_g + fresh_g + new_oxygen_g,
            book.oxygen_out_g + did.oxygen_g + bed.oxygen_g + rots_g + was.oxygen * rinsed + oxygen_g * lost,
            book.nitrogen_in_g + PROTEIN_N * p.feed_protein * fed_g + new_nitrate_g,
            book.nitrogen_out_g + gone_n_g + p.solids_nitrogen * scraped_g + did.lost_nitrogen_g,
            book.alkalinity_in_mol + new_alkalinity_mol + (did.tan_g + leached_g + rots_g * rot_n) / NITROGEN_MG_MMOL,
            book.alkalinity_out_mol + was.alkalinity * rinsed + alkalinity_mol * lost + bed.alkalinity_mol,
            book.carbon_in_mol
            + new_carbon_mol
            + respired_mol
            + rots_g / O2_G_MOL
            + vented_mol
            + bed_vented_mol
            + fresh_mol,
            book.carbon_out_mol + was.carbon * rinsed + carbon_mol * lost + bed.carbon_mol,
        )
        return RasState(
            tank=tank,
            mbbr=mbbr,
            sump=sump,
            pipe=tuple(pipe),
            tank_m3=tank_m3,
            sump_m3=sump_m3 - lost_m3,
            flow_m3_h=flows.flow_m3_h,
            water_c=min(50.0, max(0.0, water_c + warming_kwh / (_KWH_PER_M3_K * held_m3))),
            heat_kw=heat_kw,
            drum_g=drum_g - scraped_g,
            fish=fish,
            bacteria=bacteria,
            fed_g=state.fed_g + fed_g,
            oxygen_used_kg=state.oxygen_used_kg + (gas_g + diffuser_g) / 1000.0,
            electricity_kwh=state.electricity_kwh + electric_kw * dt_h,
            ledger=ledger,
        )

    def observe(self, state: RasState, inputs: Mapping[str, float], weather: Weather) -> dict[str, float]:
        """True values; probes, their lags and their noise are the devices' part."""
        p = self.parameters
        on = _positions(inputs)
        c = self._chemistry(state.water_c, weather.pressure_pa)
        tank, m3 = state.tank, state.tank_m3
        h = hydrogen_mol_l(tank, m3, c)
        litres_per_kg_h = 1000.0 / 60.0 / p.oxygen_density_kg_m3
        return {
            "tank1.oxygen": tank.oxygen / m3,
            "tank1.oxygen_saturation": 100.0 * tank.oxygen / m3 / c.oxygen_saturation_mg_l,
            "tank1.temperature": state.water_c,
            "tank1.ph": -log10(h),
            "tank1.tan": tank.tan / m3,
            "tank1.nh3": tank.tan / m3 * nh3_share(h, c),
            "tank1.no2": tank.nitrite / m3,
            "tank1.no3": tank.nitrate / m3,
            "tank1.alkalinity": tank.alkalinity / m3 * CACO3_MG_MEQ,
            "tank1.co2": tank.carbon / m3 * carbonic_share(h, c) * CO2_MG_MMOL,
            "tank1.solids": tank.solids / m3,
            "tank1.biomass": state.fish.count * state.fish.weight_g / 1000.0,
            "tank1.fish": float(floor(state.fish.count + 0.5)),
            "tank1.mean_weight": state.fish.weight_g,
            "tank1.oxygen_flow": p.oxygen_gas_kg_h * on.valve * on.supply * litres_per_kg_h,
            "tank1.emergency_flow": p.emergency_gas_kg_h * on.emergency * litres_per_kg_h,
            "tank1.level": 100.0 * m3 / p.tank_m3,
            "sump.level": 100.0 * state.sump_m3 / p.sump_full_m3,
            "circulation.flow": state.flow_m3_h,
            "blower.current": (
                p.blower_idle_a + (p.blower_full_a - p.blower_idle_a) * on.blower if on.blower > 0.0 else 0.0
            ),
            "fed": state.fed_g,
            "oxygen.used": state.oxygen_used_kg,
            "energy.electricity": state.electricity_kwh,
        }

    def _chemistry(self, water_c: float, pressure_pa: float) -> Chemistry:
        if not 50000.0 < pressure_pa < 120000.0:
            pressure_pa = 101325.0
        return chemistry(round(water_c * 100.0), round(pressure_pa * 0.01), self.parameters.ionic_strength_mol_l)


@lru_cache(maxsize=1024)
def _hall_vapour_g_m3(decidegrees: int, humidity_percent: float) -> float:
    return absolute_humidity_g_m3(decidegrees / 10.0, humidity_percent)


class _Positions(NamedTuple):
    """The inputs in the order of `INPUTS`, held to 0..1."""

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


_NAMES = tuple(INPUTS)
_DEFAULTS = tuple(port.default for port in INPUTS.values())


def _positions(inputs: Mapping[str, float]) -> _Positions:
    """NaN counts as 0."""
    asked = map(inputs.get, _NAMES, _DEFAULTS)
    return _Positions._make([x if 0.0 <= x <= 1.0 else (1.0 if x > 1.0 else 0.0) for x in asked])


class _Flows(NamedTuple):
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


def _flows(p: RasParameters, state: RasState, on: _Positions, dry_g_m3: float, dt_h: float) -> _Flows:
    """Water moved in this step: the pump lifts from the sump, everything else runs by gravity."""
    drawn = min(1.0, max(0.0, 2.0 * (state.sump_m3 - p.sump_dead_m3)))
    pumps = min(1.0, on.pump + on.standby) + (p.two_pumps - 1.0) * min(on.pump, on.standby)
    target = p.flow_m3_h * pumps * drawn
    tau_h = (p.pump_start_s if target > state.flow_m3_h else p.pump_stop_s) / 3600.0
    settled = 1.0 - exp(-dt_h / tau_h)
    lifted_m3 = target * dt_h + (state.flow_m3_h - target) * tau_h * settled
    lifted_m3 = max(0.0, min(lifted_m3, state.sump_m3 - p.sump_dead_m3))
    tank_m3 = state.tank_m3 + lifted_m3
    clogging = 1.0 + (state.drum_g / p.drum_full_g) ** 2
    opening = p.flow_m3_h / (p.tank_m3 - p.tank_rest_m3) / clogging * dt_h
    through_m3 = max(0.0, tank_m3 - p.tank_rest_m3) * opening / (1.0 + opening)
    fan_m3_h = p.draught_m3_h + p.fan_m3_h * on.blower
    wetted_m3_h = p.evaporation_m_h * p.tank_surface_m2 + p.degasser_humidification * fan_m3_h
    return _Flows(
        flow_m3_h=state.flow_m3_h + (target - state.flow_m3_h) * settled,
        lifted_m3=lifted_m3,
        through_m3=through_m3,
        spilt_m3=max(0.0, tank_m3 - through_m3 - p.tank_brim_m3),
        rinsed_m3=min(p.drum_rinse_m3_h * on.rinse * dt_h, 0.1 * state.sump_m3),
        makeup_m3=p.makeup_m3_h * on.makeup * dt_h,
        base_m3=p.base_ml_min * 6e-5 * on.base * dt_h,
        evaporated_m3=min(wetted_m3_h * max(0.0, dry_g_m3) * 1e-6 * dt_h, 0.1 * state.sump_m3),
        fan_m3_h=fan_m3_h,
    )
