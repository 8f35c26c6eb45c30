"""A plant factory: a closed room of lettuce under lamps, on a recirculating nutrient solution.

Room, crop and water stand in files of their own; here they meet, with the carbon dioxide between them. One or more
racks stand in the room, each with its lamps and its crop, on one solution.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import exp, isnan, log
from typing import Any, NamedTuple

from foundation.air import CO2_KG_MOL, GAS_CONSTANT, STANDARD_PRESSURE_PA, ZERO_C_IN_K
from simulator.parameters import load_parameters
from simulator.plants import plant_factory_ports
from simulator.plants.lettuce import DRY_MATTER_PER_CO2, Lettuce, grow, leaf_area_index, light_interception
from simulator.plants.nutrient_tank import NutrientTank, TankDrive, TankParameters, TankState
from simulator.plants.plant import Port, Weather
from simulator.plants.plant_factory_room import Lit, Room, RoomDrive, RoomParameters, RoomState, saturated_kg_m3, unhurt
from simulator.plants.several import each_unphysical, own_names, own_values

_CO2_G_K_M3_PPM = 1000.0 * CO2_KG_MOL / GAS_CONSTANT * STANDARD_PRESSURE_PA * 1e-6
_SMALLEST_DIMMING = 0.1
_LN_90 = log(0.9)

_COMMON = len(plant_factory_ports.COMMON)
_CIRCULATION, _ACID = (list(plant_factory_ports.COMMON).index(name) for name in ("circulation", "pump.acid"))


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


@dataclass(frozen=True, slots=True)
class RackParameters:
    """What a rack has of its own: `rack2.NAME` in the parameter file where it is not like the first's."""

    cultivated_m2: float
    lamp_ppfd_max: float
    start_lamp_h: float
    crop_start_reserves_g_m2: float
    crop_start_structure_g_m2: float


OWN = tuple(field.name for field in fields(RackParameters))


class Rack(NamedTuple):
    """One rack at one moment."""

    crop: Lettuce
    lamp_h: float
    """How long its lamps have been lit."""
    harvested_g_m2: float
    """Dry matter taken off."""


class PlantFactoryState(NamedTuple):
    """The last block are ledgers: sums over the run, for its balances."""

    room: RoomState
    co2_g_m3: float
    co2_line: float
    """0 to 1: how far the line behind the valve is filled."""
    racks: tuple[Rack, ...]
    tank: TankState

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

    @property
    def crop(self) -> Lettuce:
        """Of the first rack."""
        return self.racks[0].crop

    def with_rack(self, index: int = 0, **changes: Any) -> "PlantFactoryState":
        """The same with a rack that differs."""
        racks = list(self.racks)
        racks[index] = racks[index]._replace(**changes)
        return self._replace(racks=tuple(racks))


class PlantFactory:
    """One room and one tank. Pure; see `simulator.plants.plant.Plant`."""

    step_s = 10.0

    def __init__(
        self, farm: FarmParameters, room: RoomParameters, tank: TankParameters, others: Sequence[RackParameters] = ()
    ) -> None:
        """`others`: the racks beside the first."""
        self.farm = farm
        first = RackParameters(
            room.cultivated_m2,
            farm.lamp_ppfd_max,
            farm.start_lamp_h,
            farm.crop_start_reserves_g_m2,
            farm.crop_start_structure_g_m2,
        )
        self.racks = (first, *others)
        self.room = Room(room, [rack.cultivated_m2 for rack in others])
        self.tank = NutrientTank(tank)
        self._initial_tank = self.tank.initial()
        count = len(self.racks)
        self.inputs: Mapping[str, Port] = plant_factory_ports.inputs(count)
        self.outputs: Mapping[str, Port] = plant_factory_ports.outputs(count)
        ports = [
            plant_factory_ports.COMMON,
            *(plant_factory_ports.driven(number, count) for number in range(1, count + 1)),
        ]
        self._names = tuple(name for some in ports for name in some)
        self._defaults = tuple(port.default for some in ports for port in some.values())
        self._seen = tuple(self.outputs)

    def initial(self) -> PlantFactoryState:
        """Lamps off, near every target."""
        f = self.farm
        room = self.room.initial()
        return PlantFactoryState(
            room=room,
            co2_g_m3=f.start_co2_ppm * _CO2_G_K_M3_PPM / (room.air_c + ZERO_C_IN_K),
            co2_line=0.0,
            racks=tuple(
                Rack(Lettuce(own.crop_start_reserves_g_m2, own.crop_start_structure_g_m2), own.start_lamp_h, 0.0)
                for own in self.racks
            ),
            tank=self._initial_tank,
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
            acid_master,
            *lamps,
        ) = self._held(inputs)
        room, tank = state.room, state.tank
        outside_c = min(60.0, max(-60.0, weather.air_c))
        hall_c = f.hall_c + f.hall_follows_weather * (outside_c - f.hall_c)
        hall_vapour = min(weather.relative_humidity * saturated_kg_m3(outside_c), 0.9 * saturated_kg_m3(hall_c))
        thirst = min(1.0, self.tank.water_for_roots_l(tank) / 20.0)
        lit = [
            Lit(
                self._nominal_ppfd(own, lamps, index, room.air_c),
                f.crop_cover * light_interception(rack.crop),
                f.crop_cover * leaf_area_index(rack.crop),
                self._age(rack.lamp_h),
            )
            for index, (own, rack) in enumerate(zip(self.racks, state.racks, strict=True))
        ]
        room_next, flux = self.room.advance(
            room,
            RoomDrive(
                lit,
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
            ),
            dt_s,
        )
        co2_ppm = state.co2_g_m3 * (room.air_c + ZERO_C_IN_K) / _CO2_G_K_M3_PPM

        # the crops, and rolling production: heads that are ready leave as fast as the rest grows
        vigour = thirst * self.tank.nitrogen_supply(tank)
        root_co2_g_s = tissue_g_s = tissue_water_l_s = uptake_g_s = taken_g_s = 0.0
        racks: list[Rack] = []
        for own, rack, light in zip(self.racks, state.racks, lit, strict=True):
            area = own.cultivated_m2
            crop, growth = grow(
                rack.crop,
                air_c=room.air_c,
                co2_ppm=co2_ppm,
                ppfd=light.ppfd * light.lamp_age,
                interception=light.interception,
                root_c=tank.water_c,
                vigour=vigour,
                dt_s=dt_s,
            )
            root_co2_g_s += area * growth.root_co2_g_m2_s
            tissue_g_s += area * growth.tissue_g_m2_s
            tissue_water_l_s += area * growth.tissue_g_m2_s * 0.001 * (1.0 / crop.dry_share - 1.0)
            uptake_g_s += area * growth.co2_uptake_g_m2_s
            taken_g_s += area * abs(growth.co2_uptake_g_m2_s)
            harvested = 0.0
            standing = crop.reserves_g_m2 + crop.structure_g_m2
            if standing > f.crop_standing_max_g_m2:
                kept = f.crop_standing_max_g_m2 / standing
                harvested = standing - f.crop_standing_max_g_m2
                crop = Lettuce(crop.reserves_g_m2 * kept, crop.structure_g_m2 * kept, crop.dry_share)
            lamp_h = rack.lamp_h + dt_s / 3600.0 if light.ppfd > 0.0 else rack.lamp_h
            racks.append(Rack(crop, lamp_h, rack.harvested_g_m2 + harvested))
        pump_w = circulation * self.tank.parameters.circulation_w
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
                tissue_g_s,
                tissue_water_l_s,
                root_co2_g_s,
                flux.into_water_w + pump_w,
                co2_ppm,
            ),
            dt_s,
        )

        # carbon dioxide: valve, crops, the hall's air, and what the water gives back of the roots' breath
        co2_line = state.co2_line + (co2_valve - state.co2_line) * dt_s / (f.co2_line_s + dt_s)
        hall_co2 = weather.co2_ppm * _CO2_G_K_M3_PPM / (hall_c + ZERO_C_IN_K)
        aired_g_s = self.room.aired_m3_s * (hall_co2 - state.co2_g_m3)
        injected_g_s = co2_line * f.co2_valve_g_s
        given_g_s = injected_g_s + aired_g_s + root_co2_g_s - uptake_g_s
        from_water_g = CO2_KG_MOL * (tank_next.removed[-1] - tank.removed[-1])
        co2_next = state.co2_g_m3 + (dt_s * given_g_s + from_water_g) / self.room.parameters.room_m3

        carried_j = tank_next.heat_carried_j - tank.heat_carried_j
        filled_l = tank_next.filled_l - tank.filled_l
        return PlantFactoryState(
            room_next,
            co2_next,
            co2_line,
            tuple(racks),
            tank_next,
            state.electricity_j + dt_s * (flux.electricity_w + pump_w),
            state.heat_net_j + dt_s * (flux.heat_net_w + pump_w) + carried_j,
            state.heat_gross_j + dt_s * (flux.heat_gross_w + pump_w) + abs(carried_j),
            state.water_net_kg + dt_s * flux.water_net_kg_s + filled_l - (tank_next.lost_l - tank.lost_l),
            state.water_gross_kg + dt_s * flux.water_gross_kg_s + filled_l,
            state.co2_net_g + dt_s * (injected_g_s + aired_g_s),
            state.co2_gross_g + dt_s * (injected_g_s + taken_g_s),
        )

    def observe(self, state: PlantFactoryState, inputs: Mapping[str, float], weather: Weather) -> dict[str, float]:
        """Every output port's true value now."""
        held = self._held(inputs)
        lamps = held[_COMMON:]
        tank, air_c = state.tank, state.room.air_c
        ec, ph = self.tank.probe(tank)
        values: list[float] = []
        nominal: list[float] = []
        fresh_kg = 0.0
        for index, (own, rack) in enumerate(zip(self.racks, state.racks, strict=True)):
            nominal.append(self._nominal_ppfd(own, lamps, index, air_c))
            dry_g_m2 = rack.crop.reserves_g_m2 + rack.crop.structure_g_m2
            fresh_kg += 0.001 * dry_g_m2 * own.cultivated_m2 / rack.crop.dry_share
            values += (nominal[-1] * self._age(rack.lamp_h), rack.lamp_h, dry_g_m2)
        values += (
            air_c,
            100.0 * min(1.0, state.room.vapour_kg_m3 / saturated_kg_m3(air_c)),
            min(1e6, state.co2_g_m3 * (air_c + ZERO_C_IN_K) / _CO2_G_K_M3_PPM),
            0.001 * self.room.lamp_w(nominal),
            state.room.compressor,
            state.room.machine.starts,
            ec,
            ph,
            100.0 * tank.tank_l / self.tank.parameters.tank_full_l,
            tank.water_c,
            tank.tank_l,
            3.6 * self.tank.supply_l_s(tank, held[_CIRCULATION]),
            fresh_kg,
            3.6 * self.tank.parameters.pump_acid_ml_s * held[_ACID],
            tank.dosed_a_l,
            tank.dosed_b_l,
            tank.dosed_acid_l,
            tank.topup_l,
            state.electricity_j / 3.6e6,
        )
        return dict(zip(self._seen, values, strict=True))

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

    def _held(self, inputs: Mapping[str, float]) -> list[float]:
        """Every input, held between 0 and 1: those of the room, then lamps and strings of each rack. NaN counts as not
        driven."""
        values = list(map(inputs.get, self._names, self._defaults))
        if min(values) >= 0.0 and max(values) <= 1.0 and not isnan(sum(values)):
            return values
        return [
            0.0 if value < 0.0 else 1.0 if value > 1.0 else value if value == value else default
            for value, default in zip(values, self._defaults, strict=True)
        ]

    def _nominal_ppfd(self, own: RackParameters, lamps: list[float], index: int, air_c: float) -> float:
        return own.lamp_ppfd_max * lamps[2 * index + 1] * _light(lamps[2 * index], air_c)

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
        crop_g = sum(
            own.cultivated_m2
            * (rack.crop.reserves_g_m2 + rack.crop.structure_g_m2 + rack.harvested_g_m2)
            / DRY_MATTER_PER_CO2
            for own, rack in zip(self.racks, state.racks, strict=True)
        )
        return self.room.parameters.room_m3 * state.co2_g_m3 + crop_g - CO2_KG_MOL * state.tank.removed[-1]


def load(name: str = "plant_factory_100m2", seed: int | None = None) -> PlantFactory:
    """The plant factory of `simulator/parameters/{name}.yaml`; with a seed, one of its siblings."""
    farm, room, tank = (
        [field.name for field in fields(kind)] for kind in (FarmParameters, RoomParameters, TankParameters)
    )
    values = load_parameters(
        name,
        plant="plant_factory",
        known=[*farm, *room, *tank],
        optional=own_names("rack", OWN),
        seed=seed,
        check=each_unphysical("rack", OWN),
    )
    return PlantFactory(
        FarmParameters(**{key: values[key] for key in farm}),
        RoomParameters(**{key: values[key] for key in room}),
        TankParameters(**{key: values[key] for key in tank}),
        [
            RackParameters(**{key: own.get(key, values[key]) for key in OWN})
            for own in own_values(name, "rack", OWN, values)
        ],
    )


def _light(lamps: float, air_c: float) -> float:
    """What the drivers make of the dimming signal, 0 to 1; too hot, they save themselves."""
    return lamps * unhurt(air_c) if lamps >= _SMALLEST_DIMMING else 0.0
