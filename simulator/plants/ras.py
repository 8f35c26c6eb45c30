"""A recirculating fish farm: tank, drum filter, UV, moving bed, degasser with sump, oxygen cone, and back.

One tank stands for all of a loop: tanks side by side that are stocked, fed and flowed through alike are one tank of
their volume. Tanks that differ are facilities of their own.
"""

from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from math import exp, floor, log10
from typing import NamedTuple

from foundation.air import ZERO_C_IN_K, absolute_humidity_g_m3
from foundation.water import CACO3_MG_MEQ, CO2_MG_MMOL
from simulator.parameters import ParameterError, load_parameters
from simulator.plants.biology import FISH_HEAT_KJ_PER_G_O2
from simulator.plants.fish import PROTEIN_N, Fish, stocked
from simulator.plants.plant import Port, Weather
from simulator.plants.pumps import pump_curve, pump_power_share
from simulator.plants.ras_loop import (
    Positions,
    Surroundings,
    bed_step,
    move_water,
    nitrogen_g,
    oxygenate,
    sump_step,
    take,
    tank_step,
)
from simulator.plants.ras_parameters import RasParameters
from simulator.plants.ras_water import (
    Bacteria,
    Chemistry,
    Water,
    carbonic_share,
    chemistry,
    hydrogen_mol_l,
    nh3_share,
)
from simulator.plants.wet_parameters import unphysical

KWH_PER_M3_K = 1.163
_EVAPORATION_KWH_KG = 0.68
_PIPE_PARTS = 4
_TOO_HOT_C, _TOO_COLD_C = 45.0, 2.0
"""The heat pump's own limits."""
_NOTHING = Water(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

INPUTS: Mapping[str, Port] = {
    "tank1.oxygen_valve": Port("", 0.0, 1.0, 0.0, "oxygen to the cone; dissolves only in flowing water"),
    "tank1.emergency_diffuser": Port("", 0.0, 1.0, 0.0, "oxygen of its own, needs neither flow nor power"),
    "blower": Port("", 0.0, 1.0, 0.6, "air for the moving bed, the degasser and the tank's air stones"),
    "circulation.pump": Port("", 0.0, 1.0, 1.0, "duty pump, speed"),
    "circulation.standby": Port("", 0.0, 1.0, 0.0, "standby pump, speed"),
    "heater": Port("", 0.0, 1.0, 0.0, "heat pump, heating"),
    "chiller": Port("", 0.0, 1.0, 0.0, "heat pump, cooling"),
    "base.pump": Port("", 0.0, 1.0, 0.36, "bicarbonate doser; the default holds the day's alkalinity"),
    "feeder": Port("", 0.0, 1.0, 0.0, "running"),
    "makeup.valve": Port("", 0.0, 1.0, 0.17, "new water to the sump"),
    "uv": Port("", 0.0, 1.0, 1.0, "lamps"),
    "drum.rinse": Port("", 0.0, 1.0, 0.05, "rinse of the drum filter"),
    "oxygen.supply": Port("", 0.0, 1.0, 1.0, "fault: what is left of the cone's oxygen pressure"),
    "biofilter.health": Port("", 0.0, 1.0, 1.0, "fault: share of the biofilm that works"),
    "fish.stress": Port("", 0.0, 1.0, 0.0, "handling: up to half as much oxygen again"),
}

OUTPUTS: Mapping[str, Port] = {
    "tank1.oxygen": Port("mg/L", 0.0, 80.0),
    "tank1.oxygen_saturation": Port("%", 0.0, 1500.0),
    "tank1.temperature": Port("degC", 0.0, 60.0),
    "tank1.ph": Port("pH", 4.0, 11.0, note="total scale in sea water"),
    "tank1.tan": Port("mg/L", 0.0, 1000.0, note="as N"),
    "tank1.nh3": Port("mg/L", 0.0, 1000.0, note="un-ionised, as N"),
    "tank1.no2": Port("mg/L", 0.0, 1000.0, note="as N"),
    "tank1.no3": Port("mg/L", 0.0, 5000.0, note="as N"),
    "tank1.alkalinity": Port("mg/L", 0.0, 5000.0, note="as CaCO3"),
    "tank1.co2": Port("mg/L", 0.0, 500.0),
    "tank1.solids": Port("mg/L", 0.0, 5000.0),
    "tank1.biomass": Port("kg", 0.0, 10000.0),
    "tank1.fish": Port("", 0.0, 1e6, note="alive"),
    "tank1.mean_weight": Port("g", 0.0, 20000.0),
    "tank1.oxygen_flow": Port("L/min", 0.0, 200.0, note="to the cone"),
    "tank1.emergency_flow": Port("L/min", 0.0, 200.0),
    "tank1.level": Port("%", 0.0, 120.0),
    "sump.level": Port("%", 0.0, 120.0),
    "circulation.flow": Port("m3/h", 0.0, 500.0),
    "blower.current": Port("A", 0.0, 50.0),
    "pump.power": Port("kW", 0.0, 50.0, note="both pumps"),
    "uv.dose": Port("mJ/cm2", 0.0, 5000.0, note="to the water that passes; grows as the flow falls"),
    "fed": Port("g", 0.0, 1e12, note="counter of the feeder"),
    "water.used": Port("L", 0.0, 1e9, note="counter: new water, and what base and salts are dissolved in"),
    "oxygen.used": Port("kg", 0.0, 1e9, note="counter, cone and diffuser"),
    "energy.electricity": Port("kWh", 0.0, 1e9, note="counter"),
}


class Ledger(NamedTuple):
    """Everything that ever came in or went out; with the stores it closes to round-off."""

    water_in_m3: float = 0.0
    water_out_m3: float = 0.0
    evaporated_m3: float = 0.0
    """Part of what went out: it takes nothing along."""
    oxygen_in_g: float = 0.0
    oxygen_out_g: float = 0.0
    nitrogen_in_g: float = 0.0
    nitrogen_out_g: float = 0.0
    alkalinity_in_mol: float = 0.0
    alkalinity_out_mol: float = 0.0
    carbon_in_mol: float = 0.0
    carbon_out_mol: float = 0.0
    heat_kwh: float = 0.0
    """In less out, with all that crosses the walls; water at 0 degC carries none."""


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
    return Ras(RasParameters(**load_parameters(name, plant="ras", known=known, seed=seed, check=unphysical)))


class Ras:
    """See `Plant`. Explicit Euler between stirred compartments: every rate is taken at the start of the step."""

    inputs = INPUTS
    outputs = OUTPUTS
    step_s = 20.0

    def __init__(self, parameters: RasParameters) -> None:
        p = self.parameters = parameters
        try:
            self.curve = pump_curve(p.flow_m3_h, p.pump_head_m, p.pump_shutoff_head_m, p.pump_lift_m)
        except ValueError as error:
            raise ParameterError(f"pump_head_m, pump_shutoff_head_m, pump_lift_m: {error}") from error
        self._pump_kw = 9.81 * p.pump_head_m * p.flow_m3_h / 3600.0 / p.pump_efficiency

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

        part_g = p.pipe_m3 / _PIPE_PARTS * p.start_pipe_oxygen_mg_l
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
            fish=stocked(p),
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
        tank_m3, sump_m3, water_c = state.tank_m3, state.sump_m3, state.water_c
        c = self._chemistry(water_c, weather.pressure_pa)
        around = Surroundings(
            dt_h,
            water_c,
            c,
            p.beta * c.oxygen_saturation_mg_l,
            p.hall_co2_ppm * c.carbonic_mol_m3_ppm,
            1.024 ** (water_c - 20.0),
            p.solids_decay_per_d / 24.0 * 1.07 ** (water_c - 25.0) * dt_h,
        )
        hall_c = min(50.0, max(p.hall_c, weather.air_c + 2.0))
        dryness_g_m3 = c.vapour_g_m3 - _hall_vapour_g_m3(round(hall_c * 10.0), p.hall_humidity)
        flows = move_water(p, self.curve, on, tank_m3, sump_m3, state.flow_m3_h, state.drum_g, dryness_g_m3, dt_h)

        # What leaves each compartment; the drum takes its solids on the way.
        leaving = (flows.through_m3 + flows.spilt_m3) / tank_m3
        onward = take(state.tank, flows.through_m3 / tank_m3)
        spilt = take(state.tank, flows.spilt_m3 / tank_m3) if flows.spilt_m3 > 0.0 else _NOTHING
        fallen = take(state.mbbr, flows.through_m3 / p.mbbr_m3)
        lifted = take(state.sump, flows.lifted_m3 / sump_m3)
        caught_g = onward.solids * p.drum_capture
        drum_g = state.drum_g + caught_g
        scraped_g = drum_g * (1.0 - exp(-on.rinse * dt_s / p.drum_rinse_s))

        gas_g = 1000.0 * p.oxygen_gas_kg_h * on.valve * on.supply * dt_h
        pipe, carried_g, cone_g = oxygenate(
            p, state.pipe, lifted.oxygen, flows.lifted_m3, gas_g, c.oxygen_saturation_mg_l
        )
        tank, fish, did, by_tank = tank_step(p, around, on, state.tank, tank_m3, leaving, lifted, carried_g, state.fish)
        mbbr, bacteria, by_bed, carbonic = bed_step(
            p, around, on, state.mbbr, flows.through_m3 / p.mbbr_m3, onward, caught_g, state.bacteria
        )
        sump, new_sump_m3, lost_m3, by_sump = sump_step(p, around, flows, state.sump, sump_m3, fallen, carbonic, spilt)

        # Heat and power.
        heat_kw = p.heater_kw * on.heater * (water_c < _TOO_HOT_C) - p.chiller_kw * on.chiller * (water_c > _TOO_COLD_C)
        heat_kw = heat_kw + (state.heat_kw - heat_kw) * exp(-dt_s / p.heat_lag_s)
        pumps_kw = self._pumps_kw(on, flows.flow_m3_h)
        uv_kw = p.uv_kw_per_m3_h * p.flow_m3_h * on.uv
        blower_kw = p.blower_kw * on.blower * on.blower
        new_m3 = flows.makeup_m3 + flows.base_m3
        given_kwh = (
            (heat_kw + p.pump_heat * pumps_kw + uv_kw - p.wall_kw_per_k * (water_c - hall_c)) * dt_h
            + did.oxygen_g * FISH_HEAT_KJ_PER_G_O2 / 3600.0
            - flows.evaporated_m3 * 1000.0 * _EVAPORATION_KWH_KG
        )
        electric_kw = (
            pumps_kw + uv_kw + blower_kw + p.drum_kw * on.rinse + self._heat_pump_kw(heat_kw, water_c, weather.air_c)
        )

        # what leaves takes its own warmth along: only new water, machines, fish and air change the temperature
        new_tank_m3 = tank_m3 + flows.lifted_m3 - flows.through_m3 - flows.spilt_m3
        held_m3 = new_tank_m3 + new_sump_m3 + p.mbbr_m3 + p.pipe_m3
        gone_m3 = flows.rinsed_m3 + flows.evaporated_m3 + lost_m3
        wanted_c = water_c + (given_kwh / KWH_PER_M3_K + new_m3 * (p.makeup_c - water_c)) / held_m3
        new_c = min(50.0, max(0.0, wanted_c))
        carried_m3_k = new_m3 * p.makeup_c - gone_m3 * water_c + held_m3 * (new_c - wanted_c)

        was = state.ledger
        ledger = Ledger(
            was.water_in_m3 + new_m3,
            was.water_out_m3 + gone_m3,
            was.evaporated_m3 + flows.evaporated_m3,
            was.oxygen_in_g + by_tank.oxygen_in_g + by_bed.oxygen_in_g + by_sump.oxygen_in_g + cone_g,
            was.oxygen_out_g + by_tank.oxygen_out_g + by_bed.oxygen_out_g + by_sump.oxygen_out_g,
            was.nitrogen_in_g + by_tank.nitrogen_in_g + by_sump.nitrogen_in_g,
            was.nitrogen_out_g + by_tank.nitrogen_out_g + by_sump.nitrogen_out_g + scraped_g * p.solids_nitrogen,
            was.alkalinity_in_mol + by_tank.alkalinity_in_mol + by_bed.alkalinity_in_mol + by_sump.alkalinity_in_mol,
            was.alkalinity_out_mol + by_bed.alkalinity_out_mol + by_sump.alkalinity_out_mol,
            was.carbon_in_mol + by_tank.carbon_in_mol + by_bed.carbon_in_mol + by_sump.carbon_in_mol,
            was.carbon_out_mol + by_bed.carbon_out_mol + by_sump.carbon_out_mol,
            was.heat_kwh + given_kwh + KWH_PER_M3_K * carried_m3_k,
        )
        return RasState(
            tank=tank,
            mbbr=mbbr,
            sump=sump,
            pipe=pipe,
            tank_m3=new_tank_m3,
            sump_m3=new_sump_m3,
            flow_m3_h=flows.flow_m3_h,
            water_c=new_c,
            heat_kw=heat_kw,
            drum_g=drum_g - scraped_g,
            fish=fish,
            bacteria=bacteria,
            fed_g=state.fed_g + p.feeder_g_s * on.feeder * dt_s,
            oxygen_used_kg=state.oxygen_used_kg + gas_g / 1000.0 + p.emergency_gas_kg_h * on.emergency * dt_h,
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
            "tank1.biomass": state.fish.alive * state.fish.weight_g / 1000.0,
            "tank1.fish": float(floor(state.fish.alive + 0.5)),
            "tank1.mean_weight": state.fish.weight_g,
            "tank1.oxygen_flow": p.oxygen_gas_kg_h * on.valve * on.supply * litres_per_kg_h,
            "tank1.emergency_flow": p.emergency_gas_kg_h * on.emergency * litres_per_kg_h,
            "tank1.level": 100.0 * m3 / p.tank_m3,
            "sump.level": 100.0 * state.sump_m3 / p.sump_full_m3,
            "circulation.flow": state.flow_m3_h,
            "blower.current": (
                p.blower_idle_a + (p.blower_full_a - p.blower_idle_a) * on.blower if on.blower > 0.0 else 0.0
            ),
            "pump.power": self._pumps_kw(on, state.flow_m3_h),
            "uv.dose": min(5000.0, p.uv_mj_cm2 * on.uv * p.flow_m3_h / (state.flow_m3_h + 1e-3)),
            "fed": state.fed_g,
            "water.used": 1000.0 * state.ledger.water_in_m3,
            "oxygen.used": state.oxygen_used_kg,
            "energy.electricity": state.electricity_kwh,
        }

    def closure(self, before: RasState, after: RasState) -> dict[str, float]:
        """What the books miss between two states of one run, as a share of what was in stock or came in."""
        was, now = self._stock(before), self._stock(after)
        missing = {}
        for name, (stock, entered, left) in now.items():
            old_stock, old_entered, old_left = was[name]
            miss = (stock - old_stock) - (entered - old_entered) + (left - old_left)
            missing[name] = abs(miss) / (1e-9 + old_stock + abs(entered - old_entered))
        return missing

    def _stock(self, state: RasState) -> dict[str, tuple[float, float, float]]:
        """Per substance: what there is, what ever came in, what ever left."""
        p, fish, book = self.parameters, state.fish, state.ledger
        waters = (state.tank, state.mbbr, state.sump)
        feed_n_g = PROTEIN_N * p.feed_protein * (fish.stomach_g + fish.gut_g)
        solid_n_g = p.solids_nitrogen * state.drum_g + state.bacteria.nitrogen_g + fish.body_n_g
        return {
            "water": (state.tank_m3 + state.sump_m3, book.water_in_m3, book.water_out_m3),
            "oxygen": (
                sum(water.oxygen for water in waters) + sum(state.pipe),
                book.oxygen_in_g,
                book.oxygen_out_g,
            ),
            "nitrogen": (
                sum(nitrogen_g(p, water) for water in waters) + feed_n_g + solid_n_g,
                book.nitrogen_in_g,
                book.nitrogen_out_g,
            ),
            "alkalinity": (
                sum(water.alkalinity for water in waters),
                book.alkalinity_in_mol,
                book.alkalinity_out_mol,
            ),
            "carbon": (sum(water.carbon for water in waters), book.carbon_in_mol, book.carbon_out_mol),
            "energy": (
                KWH_PER_M3_K * state.water_c * (state.tank_m3 + state.sump_m3 + p.mbbr_m3 + p.pipe_m3),
                book.heat_kwh,
                0.0,
            ),
        }

    def _pumps_kw(self, on: Positions, flow_m3_h: float) -> float:
        p = self.parameters
        return self._pump_kw * pump_power_share(on.pump, on.standby, flow_m3_h / p.flow_m3_h, p.pump_idle_share)

    def _heat_pump_kw(self, heat_kw: float, water_c: float, outside_c: float) -> float:
        """Electricity of the heat pump between the water and the air outside, at a share of Carnot's COP."""
        if -1e-6 < heat_kw < 1e-6:
            return 0.0
        p = self.parameters
        outside_c = min(60.0, max(-60.0, outside_c))
        if heat_kw > 0.0:
            warm_c, cold_c, useful_c = water_c + 5.0, outside_c - 8.0, water_c + 5.0
        else:
            warm_c, cold_c, useful_c = outside_c + 12.0, water_c - 5.0, water_c - 5.0
        lift_k = max(1.0, warm_c - cold_c)
        cop = max(1.0, min(p.cop_most, p.cop_carnot_share * (useful_c + ZERO_C_IN_K) / lift_k))
        return abs(heat_kw) / cop

    def _chemistry(self, water_c: float, pressure_pa: float) -> Chemistry:
        if not 50000.0 < pressure_pa < 120000.0:
            pressure_pa = 101325.0
        p = self.parameters
        return chemistry(round(water_c * 100.0), round(pressure_pa * 0.01), p.ionic_strength_mol_l, p.salinity)


@lru_cache(maxsize=1024)
def _hall_vapour_g_m3(decidegrees: int, humidity_percent: float) -> float:
    return absolute_humidity_g_m3(decidegrees / 10.0, humidity_percent)


_NAMES = tuple(INPUTS)
_DEFAULTS = tuple(port.default for port in INPUTS.values())


def _positions(inputs: Mapping[str, float]) -> Positions:
    """NaN counts as 0."""
    asked = map(inputs.get, _NAMES, _DEFAULTS)
    return Positions(*[x if 0.0 <= x <= 1.0 else (1.0 if x > 1.0 else 0.0) for x in asked])
