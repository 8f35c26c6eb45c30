"""A plant factory: a closed room of lettuce under lamps, on a recirculating nutrient solution.

Room, crop and water stand in files of their own; here they meet, with the carbon dioxide between them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import exp, isnan, log
from typing import NamedTuple

from foundation.air import CO2_KG_MOL, GAS_CONSTANT, STANDARD_PRESSURE_PA, ZERO_C_IN_K
from simulator.parameters import load_parameters
from simulator.plants.lettuce import DRY_MATTER_PER_CO2, Lettuce, grow, leaf_area_index, light_interception
from simulator.plants.nutrient_tank import NutrientTank, TankDrive, TankParameters, TankState
from simulator.plants.plant import Port, Weather
from simulator.plants.plant_factory_room import Room, RoomDrive, RoomParameters, RoomState, saturated_kg_m3, unhurt
from simulator.plants.wet_parameters import unphysical

_CO2_G_K_M3_PPM = 1000.0 * CO2_KG_MOL / GAS_CONSTANT * STANDARD_PRESSURE_PA * 1e-6
_SMALLEST_DIMMING = 0.1
_LN_90 = log(0.9)

INPUTS: Mapping[str, Port] = {
    "lamps": Port("", 0.0, 1.0, 0.0, "dimming; off below 0.1"),
    "cooling": Port("", 0.0, 1.0, 0.0, "compressor capacity"),
    "heating": Port("", 0.0, 1.0, 0.0, "electric reheat"),
    "dehumidifier": Port("", 0.0, 1.0, 0.0, "running"),
    "humidifier": Port("", 0.0, 1.0, 0.0, "mist"),
    "co2.valve": Port("", 0.0, 1.0, 0.0, "open"),
    "fans": Port("", 0.0, 1.0, 1.0, "air over canopy and coil"),
    "pump.a": Port("", 0.0, 1.0, 0.0, "running"),
    "pump.b": Port("", 0.0, 1.0, 0.0, "running"),
    "pump.acid": Port("", 0.0, 1.0, 0.0, "running"),
    "pump.base": Port("", 0.0, 1.0, 0.0, "running"),
    "topup.valve": Port("", 0.0, 1.0, 0.0, "open"),
    "circulation": Port("", 0.0, 1.0, 1.0, "pump through the channels; without it nothing mixes"),
    "drain.valve": Port("", 0.0, 1.0, 0.0, "open"),
    "lamps.strings": Port("", 0.0, 1.0, 1.0, "fault: share of the LED strings that light"),
    "acid.master": Port("", 0.0, 1.0, 1.0, "valve behind the acid pump; what it holds back returns into the can"),
}
_NAMES = tuple(INPUTS)
_DEFAULTS = tuple(port.default for port in INPUTS.values())
_LAMPS = list(INPUTS).index("lamps")
_CIRCULATION = list(INPUTS).index("circulation")
_STRINGS = list(INPUTS).index("lamps.strings")
_ACID = list(INPUTS).index("pump.acid")
OUTPUTS: Mapping[str, Port] = {
    "air.temperature": Port("degC", -40.0, 120.0),
    "air.relative_humidity": Port("%", 0.0, 100.0),
    "air.co2": Port("ppm", 0.0, 1e6),
    "lamps.ppfd": Port("umol/m2/s", 0.0, 2000.0, note="at the canopy"),
    "lamps.power": Port("kW", 0.0, 1000.0),
    "lamps.hours": Port("h", 0.0, 1e6, note="counts up"),
    "compressor.load": Port("", 0.0, 1.0, note="of its capacity; starts and stops as its own limits allow"),
    "compressor.starts": Port("", 0.0, 1e9, note="counts up"),
    "tank.ec": Port("mS/cm", 0.0, 500.0, note="at 25 degC, of the water at the probe"),
    "tank.ph": Port("pH", 0.0, 14.0, note="of the water at the probe"),
    "tank.level": Port("%", 0.0, 150.0),
    "tank.temperature": Port("degC", -40.0, 120.0),
    "tank.volume": Port("L", 0.0, 1e6),
    "circulation.flow": Port("m3/h", 0.0, 1000.0),
    "crop.dry_mass": Port("g/m2", 0.0, 1e5),
    "crop.fresh_mass": Port("kg", 0.0, 1e6, note="standing, whole farm"),
    "acid.flow": Port("L/h", 0.0, 1000.0, note="of the acid pump, into the tank or back into the can"),
    "dosed.a": Port("L", 0.0, 1e9, note="counts up"),
    "dosed.b": Port("L", 0.0, 1e9, note="counts up"),
    "dosed.acid": Port("L", 0.0, 1e9, note="counts up"),
    "topup.volume": Port("L", 0.0, 1e9, note="counts up"),
    "energy.electricity": Port("kWh", 0.0, 1e9, note="counts up"),
}


@dataclass(frozen=True, slots=True)
class FarmParameters:
    """What belongs neither to the room nor to the tank. Names as in the parameter file."""

    lamp_ppfd_max: float
    lamp_life_h: float
    start_lamp_h: float
    crop_cover: float
    crop_start_reserves_g_m2: float
    crop_start_structure_g_m2: float
    crop_standing_max_g_m2: float
    hall_c: float
    hall_follows_weather: float
    co2_valve_g_s: float
    co2_line_s: float
    start_co2_ppm: float


class PlantFactoryState(NamedTuple):
    """The last block are ledgers: sums over the run, for its balances."""

    room: RoomState
    co2_g_m3: float
    co2_line: float
    """0 to 1: how far the line behind the valve is filled."""
    crop: Lettuce
    tank: TankState
    lamp_h: float
    """How long the lamps have been lit."""

    harvested_g_m2: float
    """Dry matter taken off."""
    electricity_j: float
    heat_net_j: float
    """Into room and solution, over all boundaries."""
    heat_gross_j: float
    water_net_kg: float
    """Into room, tank and channels, over all boundaries."""
    water_gross_kg: float
    co2_net_g: float
    """Into the room, of valve and hall; what the water gives back is in the tank's ledger."""
    co2_gross_g: float


class PlantFactory:
    """One room and one tank. Pure; see `simulator.plants.plant.Plant`."""

    inputs = INPUTS
    outputs = OUTPUTS
    step_s = 10.0

    def __init__(self, farm: FarmParameters, room: RoomParameters, tank: TankParameters) -> None:
        self.farm = farm
        self.room = Room(room)
        self.tank = NutrientTank(tank)
        self._initial_tank = self.tank.initial()

    def initial(self) -> PlantFactoryState:
        """Lamps off, near every target."""
        f = self.farm
        room = self.room.initial()
        return PlantFactoryState(
            room=room,
            co2_g_m3=f.start_co2_ppm * _CO2_G_K_M3_PPM / (room.air_c + ZERO_C_IN_K),
            co2_line=0.0,
            crop=Lettuce(f.crop_start_reserves_g_m2, f.crop_start_structure_g_m2),
            tank=self._initial_tank,
            lamp_h=f.start_lamp_h,
            harvested_g_m2=0.0,
            electricity_j=0.0,
            heat_net_j=0.0,
            heat_gross_j=0.0,
            water_net_kg=0.0,
            water_gross_kg=0.0,
            co2_net_g=0.0,
            co2_gross_g=0.0,
        )

    def advance(
        self, state: PlantFactoryState, inputs: Mapping[str, float], weather: Weather, dt_s: float
    ) -> PlantFactoryState:
        """The farm `dt_s` later: room, then crop, then water, each with what the one before gave."""
        f = self.farm
        (
            lamps,
            cooling,
            heating,
            dehumidifier,
            humidifier,
            co2_valve,
            fans,
            pump_a,
            pump_b,
            pump_acid,
            pump_base,
            topup_valve,
            circulation,
            drain_valve,
            strings,
            acid_master,
        ) = _held(inputs)
        room, crop, tank = state.room, state.crop, state.tank
        area = self.room.parameters.cultivated_m2
        outside_c = min(60.0, max(-60.0, weather.air_c))
        hall_c = f.hall_c + f.hall_follows_weather * (outside_c - f.hall_c)
        hall_vapour = min(weather.relative_humidity * saturated_kg_m3(outside_c), 0.9 * saturated_kg_m3(hall_c))
        nominal_ppfd = f.lamp_ppfd_max * strings * _light(lamps, room.air_c)
        age = self._age(state.lamp_h)
        ppfd = nominal_ppfd * age
        interception = f.crop_cover * light_interception(crop)
        thirst = min(1.0, self.tank.water_for_roots_l(tank) / 20.0)
        room_next, flux = self.room.advance(
            room,
            RoomDrive(
                nominal_ppfd,
                interception,
                f.crop_cover * leaf_area_index(crop),
                thirst,
                cooling,
                heating,
                dehumidifier,
                humidifier,
                fans,
                tank.water_c,
                self.tank.parameters.tank_heat_w_k,
                hall_c,
                hall_vapour,
                outside_c,
                age,
            ),
            dt_s,
        )
        co2_ppm = state.co2_g_m3 * (room.air_c + ZERO_C_IN_K) / _CO2_G_K_M3_PPM
        crop, growth = grow(
            crop,
            air_c=room.air_c,
            co2_ppm=co2_ppm,
            ppfd=ppfd,
            interception=interception,
            root_c=tank.water_c,
            vigour=thirst * self.tank.nitrogen_supply(tank),
            dt_s=dt_s,
        )
        pump_w = circulation * self.tank.parameters.circulation_w
        root_co2_g_s = area * growth.root_co2_g_m2_s
        tank_next = self.tank.advance(
            tank,
            TankDrive(
                circulation,
                pump_a,
                pump_b,
                min(pump_acid, acid_master),
                pump_base,
                topup_valve,
                drain_valve,
                flux.transpired_kg_s,
                area * growth.tissue_g_m2_s,
                area * growth.tissue_g_m2_s * 0.001 * (1.0 / crop.dry_share - 1.0),
                root_co2_g_s,
                flux.into_water_w + pump_w,
                co2_ppm,
            ),
            dt_s,
        )

        # carbon dioxide: valve, crop, the hall's air, and what the water gives back of the roots' breath
        co2_line = state.co2_line + (co2_valve - state.co2_line) * dt_s / (f.co2_line_s + dt_s)
        hall_co2 = weather.co2_ppm * _CO2_G_K_M3_PPM / (hall_c + ZERO_C_IN_K)
        aired_g_s = self.room.aired_m3_s * (hall_co2 - state.co2_g_m3)
        injected_g_s = co2_line * f.co2_valve_g_s
        given_g_s = injected_g_s + aired_g_s + root_co2_g_s - area * growth.co2_uptake_g_m2_s
        from_water_g = CO2_KG_MOL * (tank_next.removed[-1] - tank.removed[-1])
        co2_next = state.co2_g_m3 + (dt_s * given_g_s + from_water_g) / self.room.parameters.room_m3

        # rolling production: heads that are ready leave as fast as the rest grows
        harvested = 0.0
        standing = crop.reserves_g_m2 + crop.structure_g_m2
        if standing > f.crop_standing_max_g_m2:
            kept = f.crop_standing_max_g_m2 / standing
            harvested = standing - f.crop_standing_max_g_m2
            crop = Lettuce(crop.reserves_g_m2 * kept, crop.structure_g_m2 * kept, crop.dry_share)

        carried_j = tank_next.heat_carried_j - tank.heat_carried_j
        filled_l = tank_next.filled_l - tank.filled_l
        return PlantFactoryState(
            room_next,
            co2_next,
            co2_line,
            crop,
            tank_next,
            state.lamp_h + dt_s / 3600.0 if nominal_ppfd > 0.0 else state.lamp_h,
            state.harvested_g_m2 + harvested,
            state.electricity_j + dt_s * (flux.electricity_w + pump_w),
            state.heat_net_j + dt_s * (flux.heat_net_w + pump_w) + carried_j,
            state.heat_gross_j + dt_s * (flux.heat_gross_w + pump_w) + abs(carried_j),
            state.water_net_kg + dt_s * flux.water_net_kg_s + filled_l - (tank_next.lost_l - tank.lost_l),
            state.water_gross_kg + dt_s * flux.water_gross_kg_s + filled_l,
            state.co2_net_g + dt_s * (injected_g_s + aired_g_s),
            state.co2_gross_g + dt_s * (injected_g_s + area * abs(growth.co2_uptake_g_m2_s)),
        )

    def observe(self, state: PlantFactoryState, inputs: Mapping[str, float], weather: Weather) -> dict[str, float]:
        """Every output port's true value now."""
        tank = state.tank
        air_c = state.room.air_c
        held = _held(inputs)
        nominal_ppfd = self.farm.lamp_ppfd_max * held[_STRINGS] * _light(held[_LAMPS], air_c)
        ec, ph = self.tank.probe(tank)
        dry_g_m2 = state.crop.reserves_g_m2 + state.crop.structure_g_m2
        area = self.room.parameters.cultivated_m2
        return {
            "air.temperature": air_c,
            "air.relative_humidity": 100.0 * min(1.0, state.room.vapour_kg_m3 / saturated_kg_m3(air_c)),
            "air.co2": min(1e6, state.co2_g_m3 * (air_c + ZERO_C_IN_K) / _CO2_G_K_M3_PPM),
            "lamps.ppfd": nominal_ppfd * self._age(state.lamp_h),
            "lamps.power": 0.001 * self.room.lamp_w(nominal_ppfd),
            "lamps.hours": state.lamp_h,
            "compressor.load": state.room.compressor,
            "compressor.starts": state.room.machine.starts,
            "tank.ec": ec,
            "tank.ph": ph,
            "tank.level": 100.0 * tank.tank_l / self.tank.parameters.tank_full_l,
            "tank.temperature": tank.water_c,
            "tank.volume": tank.tank_l,
            "circulation.flow": 3.6 * self.tank.supply_l_s(tank, held[_CIRCULATION]),
            "crop.dry_mass": dry_g_m2,
            "crop.fresh_mass": 0.001 * dry_g_m2 * area / state.crop.dry_share,
            "acid.flow": 3.6 * self.tank.parameters.pump_acid_ml_s * held[_ACID],
            "dosed.a": tank.dosed_a_l,
            "dosed.b": tank.dosed_b_l,
            "dosed.acid": tank.dosed_acid_l,
            "topup.volume": tank.topup_l,
            "energy.electricity": state.electricity_j / 3.6e6,
        }

    def closure(self, before: PlantFactoryState, after: PlantFactoryState) -> dict[str, float]:
        """What the books of a run cannot explain, as a share of what moved: `energy`, `water`, `co2`, `ions`."""
        heat_j = after.heat_net_j - before.heat_net_j - self._heat_j(after) + self._heat_j(before)
        water_kg = after.water_net_kg - before.water_net_kg - self._water_kg(after) + self._water_kg(before)
        co2_g = after.co2_net_g - before.co2_net_g - self._co2_g(after) + self._co2_g(before)
        return {
            "energy": abs(heat_j) / max(1.0, after.heat_gross_j - before.heat_gross_j),
            "water": abs(water_kg) / max(1e-3, after.water_gross_kg - before.water_gross_kg),
            "co2": abs(co2_g) / max(1e-3, after.co2_gross_g - before.co2_gross_g),
            "ions": self.tank.ions_unexplained(before.tank, after.tank),
        }

    def _age(self, lamp_h: float) -> float:
        """What is left of the light of new lamps: nine tenths at the end of their life (L90)."""
        return exp(_LN_90 * lamp_h / self.farm.lamp_life_h)

    def _heat_j(self, state: PlantFactoryState) -> float:
        return self.room.heat_j(state.room) + self.tank.heat_j(state.tank)

    def _water_kg(self, state: PlantFactoryState) -> float:
        air_kg = self.room.parameters.room_m3 * state.room.vapour_kg_m3
        return state.tank.tank_l + state.tank.channel_l + air_kg + state.room.coil_film_kg

    def _co2_g(self, state: PlantFactoryState) -> float:
        """The carbon of the crop counts as the CO2 it came from; what the water took has left."""
        crop_g_m2 = state.crop.reserves_g_m2 + state.crop.structure_g_m2 + state.harvested_g_m2
        crop_g = self.room.parameters.cultivated_m2 * crop_g_m2 / DRY_MATTER_PER_CO2
        return self.room.parameters.room_m3 * state.co2_g_m3 + crop_g - CO2_KG_MOL * state.tank.removed[-1]


def load(name: str = "plant_factory_100m2", seed: int | None = None) -> PlantFactory:
    """The plant factory of `simulator/parameters/{name}.yaml`; with a seed, one of its siblings."""
    farm, room, tank = (
        [field.name for field in fields(kind)] for kind in (FarmParameters, RoomParameters, TankParameters)
    )
    values = load_parameters(name, plant="plant_factory", known=[*farm, *room, *tank], seed=seed, check=unphysical)
    return PlantFactory(
        FarmParameters(**{key: values[key] for key in farm}),
        RoomParameters(**{key: values[key] for key in room}),
        TankParameters(**{key: values[key] for key in tank}),
    )


def _held(inputs: Mapping[str, float]) -> list[float]:
    """Every input in the order of INPUTS, held between 0 and 1; NaN counts as not driven."""
    values = list(map(inputs.get, _NAMES, _DEFAULTS))
    if min(values) >= 0.0 and max(values) <= 1.0 and not isnan(sum(values)):
        return values
    return [
        0.0 if value < 0.0 else 1.0 if value > 1.0 else value if value == value else default
        for value, default in zip(values, _DEFAULTS, strict=True)
    ]


def _light(lamps: float, air_c: float) -> float:
    """What the drivers make of the dimming signal, 0 to 1; too hot, they save themselves."""
    return lamps * unhurt(air_c) if lamps >= _SMALLEST_DIMMING else 0.0
