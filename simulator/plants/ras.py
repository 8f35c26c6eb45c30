"""A recirculating fish farm: tanks, drum filter, UV, moving bed, degasser with sump, oxygen cones, and back.

One or more tanks (`ras_tanks`) stand side by side behind one loop (`ras_loop`). Tanks that are stocked, fed and flowed
through alike may as well be one tank of their volume: it gives the same, and faster.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import lru_cache
from math import exp
from typing import Any, NamedTuple

from foundation.air import ZERO_C_IN_K, absolute_humidity_g_m3
from foundation.water import CACO3_MG_MEQ, CO2_MG_MMOL
from simulator.parameters import ParameterError, load_parameters
from simulator.plants import ras_ports
from simulator.plants.biology import FISH_HEAT_KJ_PER_G_O2
from simulator.plants.fish import PROTEIN_N, Fish, stocked
from simulator.plants.plant import Port, Weather
from simulator.plants.pumps import pump_curve, pump_power_share
from simulator.plants.ras_loop import (
    Crossed,
    Positions,
    Surroundings,
    bed_step,
    inlet_shares,
    move_water,
    nitrogen_g,
    sump_step,
    take,
    together,
)
from simulator.plants.ras_parameters import RasParameters
from simulator.plants.ras_tanks import (
    OWN,
    SWITCH,
    Tank,
    TankPositions,
    behind_switch,
    is_rich,
    oxygenate,
    seen,
    tank_step,
)
from simulator.plants.ras_water import Bacteria, Chemistry, Water, chemistry
from simulator.plants.several import each_unphysical, own_names, own_values

KWH_PER_M3_K = 1.163
_EVAPORATION_KWH_KG = 0.68
_PIPE_PARTS = 4
_TOO_HOT_C, _TOO_COLD_C = 45.0, 2.0
"""The heat pump's own limits."""
_NOTHING = Water(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

_COMMON = len(ras_ports.COMMON)

INPUTS = ras_ports.inputs(1)
OUTPUTS = ras_ports.outputs(1)


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

    tanks: tuple[Tank, ...]
    mbbr: Water
    sump: Water
    sump_m3: float
    flow_m3_h: float
    water_c: float
    heat_kw: float
    drum_g: float
    bacteria: Bacteria
    oxygen_used_kg: float
    electricity_kwh: float
    ledger: Ledger

    @property
    def tank(self) -> Water:
        """Of the first tank, as the next three."""
        return self.tanks[0].water

    @property
    def tank_m3(self) -> float:
        return self.tanks[0].m3

    @property
    def pipe(self) -> tuple[float, ...]:
        return self.tanks[0].pipe

    @property
    def fish(self) -> Fish:
        return self.tanks[0].fish

    def with_tank(self, index: int = 0, **changes: Any) -> "RasState":
        """The same with a tank that differs."""
        tanks = list(self.tanks)
        tanks[index] = tanks[index]._replace(**changes)
        return self._replace(tanks=tuple(tanks))


def load(name: str = "bass_50m3", seed: int | None = None) -> "Ras":
    """The plant of `simulator/parameters/{name}.yaml`; `seed` moves what declares a spread."""
    known = [field.name for field in fields(RasParameters) if field.name not in SWITCH]
    check, optional = each_unphysical("tank", OWN), (*own_names("tank", OWN), *SWITCH)
    values = load_parameters(name, plant="ras", known=known, optional=optional, seed=seed, check=check)
    first = RasParameters(**{key: value for key, value in values.items() if "." not in key})
    return Ras(first, [replace(first, **own) for own in own_values(name, "tank", OWN, values)])


class Ras:
    """See `Plant`. Explicit Euler between stirred compartments: every rate is taken at the start of the step."""

    step_s = 20.0

    def __init__(self, parameters: RasParameters, others: Sequence[RasParameters] = ()) -> None:
        """`parameters` of the loop and the first tank; of `others` only what `ras_tanks.OWN` names counts."""
        p = self.parameters = parameters
        self.tanks = (parameters, *others)
        count = len(self.tanks)
        self.inputs: Mapping[str, Port] = ras_ports.inputs(count)
        self.outputs: Mapping[str, Port] = ras_ports.outputs(count)
        driven = [ras_ports.driven(number, count) for number in range(1, count + 1)]
        starts = range(_COMMON, _COMMON + count * len(driven[0]), len(driven[0]))
        self._owns = [slice(start, start + len(driven[0])) for start in starts]
        """Where each tank's are among all positions."""
        ports = [ras_ports.COMMON, *driven]
        self._names = tuple(name for some in ports for name in some)
        self._defaults = tuple(port.default for some in ports for port in some.values())
        self._seen = tuple(self.outputs)
        self._sizes = [own.tank_m3 / sum(one.tank_m3 for one in self.tanks) for own in self.tanks]
        """Shares of the water."""
        self._pipes_m3 = sum(own.pipe_m3 for own in self.tanks)
        try:
            self.curve = pump_curve(p.flow_m3_h, p.pump_head_m, p.pump_shutoff_head_m, p.pump_lift_m)
        except ValueError as error:
            raise ParameterError(f"pump_head_m, pump_shutoff_head_m, pump_lift_m: {error}") from error
        self._pump_kw = 9.81 * p.pump_head_m * p.flow_m3_h / 3600.0 / p.pump_efficiency

    def initial(self) -> RasState:
        """Midnight in a plant that has run for weeks: last meal at 16:00, biofilter in balance."""
        p = self.parameters
        return RasState(
            tanks=tuple(
                Tank(
                    self._start(own, own.tank_m3, own.start_tank_tan_mg_l, own.start_tank_co2_mg_l),
                    own.tank_m3,
                    (own.pipe_m3 / _PIPE_PARTS * own.start_pipe_oxygen_mg_l,) * _PIPE_PARTS,
                    stocked(own),
                    0.0,
                )
                for own in self.tanks
            ),
            mbbr=self._start(p, p.mbbr_m3, p.start_tan_mg_l, p.start_co2_mg_l),
            sump=self._start(p, p.start_sump_m3, p.start_tan_mg_l, 0.3 * p.start_co2_mg_l),
            sump_m3=p.start_sump_m3,
            flow_m3_h=p.flow_m3_h,
            water_c=p.start_water_c,
            heat_kw=0.0,
            drum_g=p.start_drum_g,
            bacteria=Bacteria(1.0, 1.0, 0.0),
            oxygen_used_kg=0.0,
            electricity_kwh=0.0,
            ledger=Ledger(),
        )

    def _start(self, p: RasParameters, volume_m3: float, tan_mg_l: float, co2_mg_l: float) -> Water:
        c = self._chemistry(p.start_water_c, 101325.0)
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

    def advance(self, state: RasState, inputs: Mapping[str, float], weather: Weather, dt_s: float) -> RasState:
        """The state `dt_s` later."""
        p = self.parameters
        on, each = self._positions(inputs)
        dt_h = dt_s / 3600.0
        tanks, sump_m3, water_c = state.tanks, state.sump_m3, state.water_c
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
        hall_c = self._hall_c(weather)
        dryness_g_m3 = c.vapour_g_m3 - _hall_vapour_g_m3(round(hall_c * 10.0), p.hall_humidity)
        flows = move_water(
            p,
            self.tanks,
            self._sizes,
            self.curve,
            on,
            [own.inlet for own in each],
            [tank.m3 for tank in tanks],
            sump_m3,
            state.flow_m3_h,
            state.drum_g,
            dryness_g_m3,
            dt_h,
        )

        fallen = take(state.mbbr, flows.through_m3 / p.mbbr_m3)
        lifted = take(state.sump, flows.lifted_m3 / sump_m3)

        # The tanks, each with its cone, pipe and fish; what leaves them meets before the drum.
        oxygen_used_kg, cones_g, breathed_g = state.oxygen_used_kg, 0.0, 0.0
        new_tanks: list[Tank] = []
        leaves: list[Water] = []
        spills: list[Water] = []
        crossed: list[Crossed] = []
        for own, tank, position, flow in zip(self.tanks, tanks, each, flows.tanks, strict=True):
            was_m3 = tank.m3
            position = behind_switch(position, tank)
            leaves.append(take(tank.water, flow.through_m3 / was_m3))
            if flow.spilt_m3 > 0.0:
                spills.append(take(tank.water, flow.spilt_m3 / was_m3))
            comes = lifted if flow.share == 1.0 else take(lifted, flow.share)
            gas_g = 1000.0 * own.oxygen_gas_kg_h * position.valve * on.supply * dt_h
            pipe, carried_g, cone_g = oxygenate(
                own, tank.pipe, comes.oxygen, flow.lifted_m3, gas_g, c.oxygen_saturation_mg_l
            )
            leaving = (flow.through_m3 + flow.spilt_m3) / was_m3
            water, fish, did, by_tank = tank_step(
                own, around, position, on.blower, on.stress, tank.water, was_m3, leaving, comes, carried_g, tank.fish
            )
            left_m3 = was_m3 + flow.lifted_m3 - flow.through_m3 - flow.spilt_m3
            rich = is_rich(own, tank.rich, water.oxygen / left_m3)
            fed_g = tank.fed_g + own.feeder_g_s * position.feeder * dt_s
            new_tanks.append(Tank(water, left_m3, pipe, fish, fed_g, rich))
            cones_g += cone_g
            breathed_g += did.oxygen_g
            crossed.append(by_tank)
            oxygen_used_kg += gas_g / 1000.0
            oxygen_used_kg += own.emergency_gas_kg_h * position.emergency * dt_h
        onward = together(leaves)
        spilt = together(spills) if spills else _NOTHING

        # The drum takes solids on the way to the bed.
        caught_g = onward.solids * p.drum_capture
        drum_g = state.drum_g + caught_g
        scraped_g = drum_g * (1.0 - exp(-on.rinse * dt_s / p.drum_rinse_s))
        by_tanks = crossed[0] if len(crossed) == 1 else Crossed(*map(sum, zip(*crossed, strict=True)))
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
            + breathed_g * FISH_HEAT_KJ_PER_G_O2 / 3600.0
            - flows.evaporated_m3 * 1000.0 * _EVAPORATION_KWH_KG
        )
        electric_kw = (
            pumps_kw + uv_kw + blower_kw + p.drum_kw * on.rinse + self._heat_pump_kw(heat_kw, water_c, weather.air_c)
        )

        # what leaves takes its own warmth along: only new water, machines, fish and air change the temperature
        held_m3 = sum([tank.m3 for tank in new_tanks]) + new_sump_m3 + p.mbbr_m3 + self._pipes_m3
        gone_m3 = flows.rinsed_m3 + flows.evaporated_m3 + lost_m3
        wanted_c = water_c + (given_kwh / KWH_PER_M3_K + new_m3 * (p.makeup_c - water_c)) / held_m3
        new_c = min(50.0, max(0.0, wanted_c))
        carried_m3_k = new_m3 * p.makeup_c - gone_m3 * water_c + held_m3 * (new_c - wanted_c)

        was = state.ledger
        ledger = Ledger(
            was.water_in_m3 + new_m3,
            was.water_out_m3 + gone_m3,
            was.evaporated_m3 + flows.evaporated_m3,
            was.oxygen_in_g + by_tanks.oxygen_in_g + by_bed.oxygen_in_g + by_sump.oxygen_in_g + cones_g,
            was.oxygen_out_g + by_tanks.oxygen_out_g + by_bed.oxygen_out_g + by_sump.oxygen_out_g,
            was.nitrogen_in_g + by_tanks.nitrogen_in_g + by_sump.nitrogen_in_g,
            was.nitrogen_out_g + by_tanks.nitrogen_out_g + by_sump.nitrogen_out_g + scraped_g * p.solids_nitrogen,
            was.alkalinity_in_mol + by_tanks.alkalinity_in_mol + by_bed.alkalinity_in_mol + by_sump.alkalinity_in_mol,
            was.alkalinity_out_mol + by_bed.alkalinity_out_mol + by_sump.alkalinity_out_mol,
            was.carbon_in_mol + by_tanks.carbon_in_mol + by_bed.carbon_in_mol + by_sump.carbon_in_mol,
            was.carbon_out_mol + by_bed.carbon_out_mol + by_sump.carbon_out_mol,
            was.heat_kwh + given_kwh + KWH_PER_M3_K * carried_m3_k,
        )
        return RasState(
            tanks=tuple(new_tanks),
            mbbr=mbbr,
            sump=sump,
            sump_m3=new_sump_m3,
            flow_m3_h=flows.flow_m3_h,
            water_c=new_c,
            heat_kw=heat_kw,
            drum_g=drum_g - scraped_g,
            bacteria=bacteria,
            oxygen_used_kg=oxygen_used_kg,
            electricity_kwh=state.electricity_kwh + electric_kw * dt_h,
            ledger=ledger,
        )

    def observe(self, state: RasState, inputs: Mapping[str, float], weather: Weather) -> dict[str, float]:
        """True values; probes, their lags and their noise are the devices' part."""
        p = self.parameters
        on, each = self._positions(inputs)
        c = self._chemistry(state.water_c, weather.pressure_pa)
        values: list[float] = []
        shares: Sequence[float] = ()
        if len(each) > 1:
            shares = inlet_shares(self._sizes, [position.inlet for position in each])[0]
        for index, (own, tank) in enumerate(zip(self.tanks, state.tanks, strict=True)):
            values += seen(own, tank, behind_switch(each[index], tank), on.supply, state.water_c, c)
            if shares:
                values += (shares[index] * state.flow_m3_h, tank.fed_g)
        values += (
            100.0 * state.sump_m3 / p.sump_full_m3,
            state.flow_m3_h,
            p.blower_idle_a + (p.blower_full_a - p.blower_idle_a) * on.blower if on.blower > 0.0 else 0.0,
            self._pumps_kw(on, state.flow_m3_h),
            min(5000.0, p.uv_mj_cm2 * on.uv * p.flow_m3_h / (state.flow_m3_h + 1e-3)),
            sum([tank.fed_g for tank in state.tanks]),
            1000.0 * state.ledger.water_in_m3,
            state.oxygen_used_kg,
            state.electricity_kwh,
            self._hall_c(weather),
        )
        return dict(zip(self._seen, values, strict=True))

    def _hall_c(self, weather: Weather) -> float:
        """Of the hall's air: kept warm, and warmer than outside in summer."""
        return min(50.0, max(self.parameters.hall_c, weather.air_c + 2.0))

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
        p, tanks, book = self.parameters, state.tanks, state.ledger
        tanks_m3 = sum(tank.m3 for tank in tanks)
        waters = (*(tank.water for tank in tanks), state.mbbr, state.sump)
        feed_n_g = PROTEIN_N * p.feed_protein * sum(tank.fish.stomach_g + tank.fish.gut_g for tank in tanks)
        bodies_n_g = sum(tank.fish.body_n_g for tank in tanks)
        solid_n_g = p.solids_nitrogen * state.drum_g + state.bacteria.nitrogen_g + bodies_n_g
        return {
            "water": (tanks_m3 + state.sump_m3, book.water_in_m3, book.water_out_m3),
            "oxygen": (
                sum(water.oxygen for water in waters) + sum(part for tank in tanks for part in tank.pipe),
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
                KWH_PER_M3_K * state.water_c * (tanks_m3 + state.sump_m3 + p.mbbr_m3 + self._pipes_m3),
                book.heat_kwh,
                0.0,
            ),
        }

    def _positions(self, inputs: Mapping[str, float]) -> tuple[Positions, list[TankPositions]]:
        """Of the loop, and of each tank. NaN counts as 0."""
        asked = map(inputs.get, self._names, self._defaults)
        held = [x if 0.0 <= x <= 1.0 else (1.0 if x > 1.0 else 0.0) for x in asked]
        return Positions(*held[:_COMMON]), [TankPositions(*held[own]) for own in self._owns]

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
