"""A plant factory: a closed room of lettuce under lamps, on a recirculating nutrient solution.

Heat, vapour and CO2 of the room as in ../shared/physics.md 3.1; crop and water stand in files of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import exp
from typing import NamedTuple

from foundation.air import CO2_KG_MOL, GAS_CONSTANT, STANDARD_PRESSURE_PA, WATER_KG_MOL, ZERO_C_IN_K
from simulator.parameters import load_parameters
from simulator.plants.canopy import canopy_fluxes
from simulator.plants.lettuce import Lettuce, grow, leaf_area_index, light_interception
from simulator.plants.nutrient_tank import (
    REFERENCE_C,
    WATER_J_L_K,
    NutrientTank,
    TankDrive,
    TankParameters,
    TankState,
)
from simulator.plants.plant import Port, Weather

_AIR_J_KG_K = 1006.0
_AIR_J_M3_K = 1.19 * _AIR_J_KG_K
_LATENT_J_KG = 2.4538e6
"""At REFERENCE_C, for every change between water and vapour in the room, so that its heat closes."""
_VAPOUR_KG_K_M3_PA = WATER_KG_MOL / GAS_CONSTANT
_CO2_G_K_M3_PPM = 1000.0 * CO2_KG_MOL / GAS_CONSTANT * STANDARD_PRESSURE_PA * 1e-6
_LAMP_PHOTONS_UMOL_J = 5.4
"""LED light, umol per J of PAR (Katzin 2021)."""
_SMALLEST_DIMMING = 0.1

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
}
OUTPUTS: Mapping[str, Port] = {
    "air.temperature": Port("degC", -40.0, 120.0),
    "air.relative_humidity": Port("%", 0.0, 100.0),
    "air.co2": Port("ppm", 0.0, 1e6),
    "lamps.ppfd": Port("umol/m2/s", 0.0, 2000.0, note="at the canopy"),
    "lamps.power": Port("kW", 0.0, 1000.0),
    "tank.ec": Port("mS/cm", 0.0, 500.0, note="at 25 degC, of the water at the probe"),
    "tank.ph": Port("pH", 0.0, 14.0, note="of the water at the probe"),
    "tank.level": Port("%", 0.0, 150.0),
    "tank.temperature": Port("degC", -40.0, 120.0),
    "tank.volume": Port("L", 0.0, 1e6),
    "circulation.flow": Port("m3/h", 0.0, 1000.0),
    "crop.dry_mass": Port("g/m2", 0.0, 1e5),
    "crop.fresh_mass": Port("kg", 0.0, 1e6, note="standing, whole farm"),
    "dosed.a": Port("L", 0.0, 1e9, note="counts up"),
    "dosed.b": Port("L", 0.0, 1e9, note="counts up"),
    "dosed.acid": Port("L", 0.0, 1e9, note="counts up"),
    "topup.volume": Port("L", 0.0, 1e9, note="counts up"),
    "energy.electricity": Port("kWh", 0.0, 1e9, note="counts up"),
}


@dataclass(frozen=True, slots=True)
class RoomParameters:
    """Names as in the parameter file, where each has its unit, source and meaning."""

    cultivated_m2: float
    room_m3: float
    lamp_ppfd_max: float
    lamp_efficacy_umol_j: float
    lamp_canopy_share: float
    lamp_outside_share: float
    lamp_heat_capacity_kj_k: float
    lamp_to_air_w_k: float
    canopy_absorption: float
    canopy_lai_max: float
    canopy_air_still_s_m: float
    canopy_air_fans_s_m: float
    crop_start_reserves_g_m2: float
    crop_start_structure_g_m2: float
    crop_standing_max_g_m2: float
    mass_heat_capacity_kj_k: float
    mass_to_air_w_k: float
    wall_w_k: float
    wall_vapour_m3_s: float
    air_change_per_h: float
    hall_c: float
    hall_follows_weather: float
    coil_air_kg_s: float
    coil_air_least: float
    coil_bypass: float
    coil_heat_capacity_kj_k: float
    coil_capacity_kw: float
    coil_rated_c: float
    coil_capacity_per_k: float
    coil_frost_c: float
    coil_film_drain_s: float
    coil_film_dry_s: float
    compressor_start_s: float
    condenser_approach_k: float
    cop_carnot_share: float
    heater_kw: float
    dehumidifier_kw: float
    dehumidifier_l_h: float
    humidifier_l_h: float
    co2_valve_g_s: float
    co2_line_s: float
    fans_kw: float
    start_air_c: float
    start_relative_humidity: float
    start_co2_ppm: float


class PlantFactoryState(NamedTuple):
    """Temperatures in degC. The last block are ledgers: sums over the run."""

    air_c: float
    vapour_kg_m3: float
    co2_g_m3: float
    mass_c: float
    """Racks, floor and panels."""
    lamp_c: float
    coil_c: float
    coil_film_kg: float
    compressor: float
    """0 to 1, as it runs after its start."""
    co2_line: float
    crop: Lettuce
    tank: TankState

    harvested_g_m2: float
    """Dry matter taken off."""
    electricity_j: float
    energy_net_j: float
    """Into the room and its water, over all boundaries."""
    energy_gross_j: float
    water_net_kg: float
    """Into room, tank and channels."""
    water_gross_kg: float


class PlantFactory:
    """One room and one tank. Pure; see `simulator.plants.plant.Plant`."""

    inputs = INPUTS
    outputs = OUTPUTS
    step_s = 10.0

    def __init__(self, room: RoomParameters, tank: TankParameters) -> None:
        self.room = room
        self.tank = NutrientTank(tank)
        self._initial_tank = self.tank.initial()

    def initial(self) -> PlantFactoryState:
        """Lamps off, near every target."""
        r = self.room
        return PlantFactoryState(
            air_c=r.start_air_c,
            vapour_kg_m3=r.start_relative_humidity * _saturated_kg_m3(r.start_air_c),
            co2_g_m3=r.start_co2_ppm * _CO2_G_K_M3_PPM / (r.start_air_c + ZERO_C_IN_K),
            mass_c=r.start_air_c,
            lamp_c=r.start_air_c,
            coil_c=r.start_air_c - 6.0,
            coil_film_kg=0.0,
            compressor=0.0,
            co2_line=0.0,
            crop=Lettuce(r.crop_start_reserves_g_m2, r.crop_start_structure_g_m2),
            tank=self._initial_tank,
            harvested_g_m2=0.0,
            electricity_j=0.0,
            energy_net_j=0.0,
            energy_gross_j=0.0,
            water_net_kg=0.0,
            water_gross_kg=0.0,
        )

    def advance(
        self, state: PlantFactoryState, inputs: Mapping[str, float], weather: Weather, dt_s: float
    ) -> PlantFactoryState:
        """The room's temperatures together and implicitly, everything slower explicitly from the old state."""
        r = self.room
        lamps = _input(inputs, "lamps")
        fans = _input(inputs, "fans")
        circulation = _input(inputs, "circulation")
        air_c = state.air_c
        vapour = state.vapour_kg_m3
        crop = state.crop
        tank = state.tank
        coil_c = state.coil_c
        air_k = air_c + ZERO_C_IN_K
        co2_ppm = state.co2_g_m3 * air_k / _CO2_G_K_M3_PPM
        humidity = vapour / _saturated_kg_m3(air_c)
        hall_c = r.hall_c + r.hall_follows_weather * (weather.air_c - r.hall_c)
        hall_vapour = min(weather.relative_humidity * _saturated_kg_m3(weather.air_c), 0.9 * _saturated_kg_m3(hall_c))

        # light, canopy, crop
        ppfd = r.lamp_ppfd_max * lamps if lamps >= _SMALLEST_DIMMING else 0.0
        lamp_w = ppfd * r.cultivated_m2 / (r.lamp_efficacy_umol_j * r.lamp_canopy_share)
        light_w = lamp_w * r.lamp_efficacy_umol_j / _LAMP_PHOTONS_UMOL_J
        interception = light_interception(crop)
        canopy_w_m2 = r.canopy_absorption * interception * ppfd / _LAMP_PHOTONS_UMOL_J
        flux = canopy_fluxes(
            air_c,
            humidity,
            ppfd,
            min(r.canopy_lai_max, leaf_area_index(crop)),
            canopy_w_m2,
            r.canopy_air_still_s_m + fans * (r.canopy_air_fans_s_m - r.canopy_air_still_s_m),
        )
        thirst = min(1.0, self.tank.water_for_roots_l(tank) / 20.0)
        evaporated_kg_s = thirst * r.cultivated_m2 * max(0.0, flux.transpiration_g_m2_h) / 3.6e6
        crop, growth = grow(
            crop,
            air_c=air_c,
            co2_ppm=co2_ppm,
            ppfd=ppfd,
            interception=interception,
            root_c=tank.water_c,
            vigour=thirst * self.tank.nitrogen_supply(tank),
            dt_s=dt_s,
        )
        tissue_g_s = r.cultivated_m2 * growth.tissue_g_m2_s
        tissue_water_kg_s = tissue_g_s * 0.001 * (1.0 / crop.dry_share - 1.0)

        # coil, dehumidifier, mist, walls: vapour in kg/s
        compressor = state.compressor + (_input(inputs, "cooling") - state.compressor) * dt_s / (
            r.compressor_start_s + dt_s
        )
        coil_air_kg_s = r.coil_air_kg_s * max(r.coil_air_least, fans) * (1.0 - r.coil_bypass)
        coil_w_k = coil_air_kg_s * _AIR_J_KG_K
        over_coil = vapour - _saturated_kg_m3(coil_c)
        film_kg = state.coil_film_kg
        condensed_kg_s = 0.0
        dried_kg_s = 0.0
        if over_coil > 0.0:
            condensed_kg_s = over_coil * coil_w_k / _AIR_J_M3_K
        else:
            dried_kg_s = film_kg / r.coil_film_dry_s * min(1.0, -over_coil / 0.003)
        film_drained_kg_s = film_kg / r.coil_film_drain_s
        dehumidifier = _input(inputs, "dehumidifier")
        dehumidified_kg_s = dehumidifier * r.dehumidifier_l_h / 3600.0 * _between(2.0 * (humidity - 0.3))
        misted_kg_s = _input(inputs, "humidifier") * r.humidifier_l_h / 3600.0 * _between(8.0 * (0.98 - humidity))
        sweat_kg_s = r.wall_vapour_m3_s * max(0.0, vapour - _saturated_kg_m3(state.mass_c))
        aired_m3_s = r.air_change_per_h * r.room_m3 / 3600.0

        # temperatures: air in the middle, coil, racks, lamps and water around it
        dehumidifier_w = dehumidifier * r.dehumidifier_kw * 1000.0
        heater_w = _input(inputs, "heating") * r.heater_kw * 1000.0
        fans_w = fans * fans * fans * r.fans_kw * 1000.0
        fixture_w = (1.0 - r.lamp_outside_share) * lamp_w - light_w
        absorbed_w = canopy_w_m2 * r.cultivated_m2
        air_capacity = _AIR_J_M3_K * r.room_m3 / dt_s
        mass_capacity = r.mass_heat_capacity_kj_k * 1000.0 / dt_s
        lamp_capacity = r.lamp_heat_capacity_kj_k * 1000.0 / dt_s
        coil_capacity = r.coil_heat_capacity_kj_k * 1000.0 / dt_s
        coil_fixed_w, coil_per_k = self._refrigeration(compressor, coil_c)
        water_w_k = self.tank.parameters.tank_heat_w_k
        hall_w_k = r.wall_w_k + aired_m3_s * _AIR_J_M3_K

        mass_sum = mass_capacity + r.mass_to_air_w_k
        mass_pull = mass_capacity * state.mass_c + light_w - absorbed_w + _LATENT_J_KG * sweat_kg_s
        lamp_sum = lamp_capacity + r.lamp_to_air_w_k
        lamp_pull = lamp_capacity * state.lamp_c + fixture_w
        coil_sum = coil_capacity + coil_w_k + coil_per_k
        coil_pull = coil_capacity * coil_c - coil_fixed_w + _LATENT_J_KG * (condensed_kg_s - dried_kg_s)
        evaporation_j_kg = _LATENT_J_KG - WATER_J_L_K * (tank.water_c - REFERENCE_C)
        direct_w = (
            absorbed_w
            + heater_w
            + fans_w
            + dehumidifier_w
            + _LATENT_J_KG * (dehumidified_kg_s - misted_kg_s)
            - evaporation_j_kg * evaporated_kg_s
        )
        air_next = (
            air_capacity * air_c
            + direct_w
            + hall_w_k * hall_c
            + water_w_k * tank.water_c
            + r.mass_to_air_w_k * mass_pull / mass_sum
            + r.lamp_to_air_w_k * lamp_pull / lamp_sum
            + coil_w_k * coil_pull / coil_sum
        ) / (
            air_capacity
            + hall_w_k
            + water_w_k
            + r.mass_to_air_w_k * (1.0 - r.mass_to_air_w_k / mass_sum)
            + r.lamp_to_air_w_k * (1.0 - r.lamp_to_air_w_k / lamp_sum)
            + coil_w_k * (1.0 - coil_w_k / coil_sum)
        )
        coil_next = (coil_pull + coil_w_k * air_next) / coil_sum
        cooling_w = coil_fixed_w + coil_per_k * coil_next
        water_w = water_w_k * (air_next - tank.water_c)

        # vapour and carbon dioxide
        aired_kg_s = aired_m3_s * (hall_vapour - vapour)
        vapour_next = vapour + dt_s / r.room_m3 * (
            evaporated_kg_s + misted_kg_s + dried_kg_s + aired_kg_s - condensed_kg_s - dehumidified_kg_s - sweat_kg_s
        )
        co2_line = state.co2_line + (_input(inputs, "co2.valve") - state.co2_line) * dt_s / (r.co2_line_s + dt_s)
        hall_co2 = weather.co2_ppm * _CO2_G_K_M3_PPM / (hall_c + ZERO_C_IN_K)
        pump_w = circulation * self.tank.parameters.circulation_w
        tank_next = self.tank.advance(
            tank,
            TankDrive(
                circulation,
                _input(inputs, "pump.a"),
                _input(inputs, "pump.b"),
                _input(inputs, "pump.acid"),
                _input(inputs, "pump.base"),
                _input(inputs, "topup.valve"),
                _input(inputs, "drain.valve"),
                evaporated_kg_s,
                tissue_g_s,
                tissue_water_kg_s,
                r.cultivated_m2 * growth.root_co2_g_m2_s,
                water_w + pump_w,
                co2_ppm,
            ),
            dt_s,
        )
        from_water_g = (tank_next.removed[9] - tank.removed[9]) * 0.0440095 + (
            r.cultivated_m2 * growth.root_co2_g_m2_s * dt_s
        )
        co2_next = (
            state.co2_g_m3
            + (
                dt_s
                * (
                    co2_line * r.co2_valve_g_s
                    - r.cultivated_m2 * growth.co2_uptake_g_m2_s
                    + aired_m3_s * (hall_co2 - state.co2_g_m3)
                )
                + from_water_g
            )
            / r.room_m3
        )

        # rolling production: heads that are ready leave as fast as the rest grows
        harvested = 0.0
        standing = crop.reserves_g_m2 + crop.structure_g_m2
        if standing > r.crop_standing_max_g_m2:
            kept = r.crop_standing_max_g_m2 / standing
            harvested = standing - r.crop_standing_max_g_m2
            crop = Lettuce(crop.reserves_g_m2 * kept, crop.structure_g_m2 * kept, crop.dry_share)

        electricity_w = lamp_w + heater_w + fans_w + dehumidifier_w + pump_w
        electricity_w += cooling_w / self._efficiency(coil_next, weather.air_c)
        inflow_w = lamp_w * (1.0 - r.lamp_outside_share) + heater_w + fans_w + dehumidifier_w + pump_w
        through_hall_w = hall_w_k * (hall_c - air_next) + _LATENT_J_KG * aired_kg_s
        carried_j = tank_next.heat_carried_j - tank.heat_carried_j
        into_tank_l = (
            tank_next.dosed_a_l
            - tank.dosed_a_l
            + tank_next.dosed_b_l
            - tank.dosed_b_l
            + tank_next.dosed_acid_l
            - tank.dosed_acid_l
            + tank_next.dosed_base_l
            - tank.dosed_base_l
            + tank_next.topup_l
            - tank.topup_l
        )
        out_kg_s = film_drained_kg_s + dehumidified_kg_s + sweat_kg_s - misted_kg_s - aired_kg_s
        return PlantFactoryState(
            air_next,
            vapour_next,
            co2_next,
            (mass_pull + r.mass_to_air_w_k * air_next) / mass_sum,
            (lamp_pull + r.lamp_to_air_w_k * air_next) / lamp_sum,
            coil_next,
            film_kg + dt_s * (condensed_kg_s - dried_kg_s - film_drained_kg_s),
            compressor,
            co2_line,
            crop,
            tank_next,
            state.harvested_g_m2 + harvested,
            state.electricity_j + dt_s * electricity_w,
            state.energy_net_j + dt_s * (inflow_w + through_hall_w - cooling_w) + carried_j,
            state.energy_gross_j + dt_s * (inflow_w + abs(through_hall_w)) + abs(carried_j),
            state.water_net_kg + into_tank_l - (tank_next.lost_l - tank.lost_l) - dt_s * out_kg_s,
            state.water_gross_kg + into_tank_l + dt_s * (evaporated_kg_s + misted_kg_s + abs(aired_kg_s)),
        )

    def observe(self, state: PlantFactoryState, inputs: Mapping[str, float], weather: Weather) -> dict[str, float]:
        """Every output port's true value now."""
        r = self.room
        tank = state.tank
        lamps = _input(inputs, "lamps")
        ppfd = r.lamp_ppfd_max * lamps if lamps >= _SMALLEST_DIMMING else 0.0
        ec, ph = self.tank.probe(tank)
        dry_g_m2 = state.crop.reserves_g_m2 + state.crop.structure_g_m2
        return {
            "air.temperature": state.air_c,
            "air.relative_humidity": 100.0 * min(1.0, state.vapour_kg_m3 / _saturated_kg_m3(state.air_c)),
            "air.co2": min(1e6, state.co2_g_m3 * (state.air_c + ZERO_C_IN_K) / _CO2_G_K_M3_PPM),
            "lamps.ppfd": ppfd,
            "lamps.power": 0.001 * ppfd * r.cultivated_m2 / (r.lamp_efficacy_umol_j * r.lamp_canopy_share),
            "tank.ec": ec,
            "tank.ph": ph,
            "tank.level": 100.0 * tank.tank_l / self.tank.parameters.tank_full_l,
            "tank.temperature": tank.water_c,
            "tank.volume": tank.tank_l,
            "circulation.flow": 3.6 * self.tank.supply_l_s(tank, _input(inputs, "circulation")),
            "crop.dry_mass": dry_g_m2,
            "crop.fresh_mass": 0.001 * dry_g_m2 * r.cultivated_m2 / state.crop.dry_share,
            "dosed.a": tank.dosed_a_l,
            "dosed.b": tank.dosed_b_l,
            "dosed.acid": tank.dosed_acid_l,
            "topup.volume": tank.topup_l,
            "energy.electricity": state.electricity_j / 3.6e6,
        }

    def energy_stored_j(self, state: PlantFactoryState) -> float:
        """Heat in air, vapour, racks, lamps, coil and water; for the balance of a run."""
        r = self.room
        tank = state.tank
        return (
            r.room_m3 * (_AIR_J_M3_K * state.air_c + _LATENT_J_KG * state.vapour_kg_m3)
            + 1000.0 * r.mass_heat_capacity_kj_k * state.mass_c
            + 1000.0 * r.lamp_heat_capacity_kj_k * state.lamp_c
            + 1000.0 * r.coil_heat_capacity_kj_k * state.coil_c
            + WATER_J_L_K * (tank.tank_l + tank.channel_l) * (tank.water_c - REFERENCE_C)
        )

    def water_stored_kg(self, state: PlantFactoryState) -> float:
        """Water in tank, channels, air and on the coil; for the balance of a run."""
        return state.tank.tank_l + state.tank.channel_l + self.room.room_m3 * state.vapour_kg_m3 + state.coil_film_kg

    def _refrigeration(self, compressor: float, coil_c: float) -> tuple[float, float]:
        """(W, W/K): the cooling at a coil temperature, as a line through where the coil is now.

        It rises with the coil's temperature, and dies away towards 0 degC, where the frost switch sits.
        """
        r = self.room
        full_w = 1000.0 * r.coil_capacity_kw * compressor
        if coil_c <= 0.0:
            return 0.0, 0.0
        if coil_c < r.coil_frost_c:
            at_limit = full_w * (1.0 + r.coil_capacity_per_k * (r.coil_frost_c - r.coil_rated_c))
            return 0.0, at_limit / r.coil_frost_c
        over = r.coil_capacity_per_k * (coil_c - r.coil_rated_c)
        if over > 0.25:
            return 1.25 * full_w, 0.0
        return full_w * (1.0 - r.coil_capacity_per_k * r.coil_rated_c), full_w * r.coil_capacity_per_k

    def _efficiency(self, coil_c: float, outside_c: float) -> float:
        """COP: 0.45 of Carnot, 2 to 7."""
        r = self.room
        lift = outside_c + r.condenser_approach_k - (coil_c - 5.0)
        if lift <= 0.0:
            return 7.0
        return min(7.0, max(2.0, r.cop_carnot_share * (coil_c - 5.0 + ZERO_C_IN_K) / lift))


def load(name: str = "plant_factory_100m2", seed: int | None = None) -> PlantFactory:
    """The plant factory of `simulator/parameters/{name}.yaml`; with a seed, one of its siblings."""
    room_names = [field.name for field in fields(RoomParameters)]
    tank_names = [field.name for field in fields(TankParameters)]
    values = load_parameters(name, plant="plant_factory", known=[*room_names, *tank_names], seed=seed)
    return PlantFactory(
        RoomParameters(**{key: values[key] for key in room_names}),
        TankParameters(**{key: values[key] for key in tank_names}),
    )


def _input(inputs: Mapping[str, float], name: str) -> float:
    """Held between 0 and 1; what nobody drives, or drives with nonsense, is at its default."""
    value = inputs.get(name)
    if value is None or value != value:
        return INPUTS[name].default
    return 0.0 if value < 0.0 else 1.0 if value > 1.0 else value


def _between(value: float) -> float:
    return 0.0 if value < 0.0 else 1.0 if value > 1.0 else value


def _saturated_kg_m3(air_c: float) -> float:
    """Vapour density at saturation: the Buck curve of foundation.air without its guards, for the hot path."""
    e_pa = 611.21 * exp((18.678 - air_c / 234.5) * air_c / (257.14 + air_c))
    return e_pa * _VAPOUR_KG_K_M3_PA / (air_c + ZERO_C_IN_K)
