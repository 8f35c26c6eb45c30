"""A glasshouse with its actuators, as a plant: boiler and mixing valve, vents, screen, CO2, fog, lamps."""

from collections.abc import Mapping
from typing import NamedTuple

from foundation.elementwise import anywhere, chosen, held
from simulator.parameters import load_parameters
from simulator.plants.glasshouse import step
from simulator.plants.glasshouse_lettuce import co2_mg, dry_g_m2
from simulator.plants.glasshouse_light import light
from simulator.plants.glasshouse_state import Books, Drive, House, Outside, initial, leaf_area, stored_heat_j
from simulator.plants.greenhouse_parameters import (
    CO2_CONSTANT,
    KELVIN,
    VAPOUR_CONSTANT,
    GreenhouseParameters,
    HouseConstants,
    unphysical,
)
from simulator.plants.heating import burner_w, charging_w, circulation_w_k, downwards_w, supply_c
from simulator.plants.lettuce import Lettuce
from simulator.plants.plant import Port, Weather
from simulator.plants.tomato import CO2_PER_SUGAR, Crop


def _position(default: float = 0.0, note: str = "") -> Port:
    return Port("-", 0.0, 1.0, default, note)


_INPUTS = {
    "heating.valve": _position(note="three-way mixing valve, 1 takes boiler water only"),
    "heating.pump": _position(1.0, "circulation through the rail pipes"),
    "boiler": _position(1.0, "burner released"),
    "heater": _position(note="hot-air heater beside the pipes, the backup"),
    "vent.lee": _position(note="ridge vents out of the wind"),
    "vent.wind": _position(note="ridge vents on the side of the wind"),
    "screen.thermal": _position(note="1 is closed"),
    "screen.shade": _position(note="outside, over the roof; 1 is closed"),
    "co2.valve": _position(),
    "fog": _position(),
    "lamps": _position(),
}

_OUTPUTS = {
    "air.temperature": Port("degC", -60.0, 90.0),
    "air.relative_humidity": Port("%", 0.0, 100.0),
    "air.co2": Port("ppm", 0.0, 100000.0),
    "canopy.temperature": Port("degC", -60.0, 90.0),
    "floor.temperature": Port("degC", -60.0, 90.0),
    "pipe.temperature": Port("degC", -60.0, 110.0, note="mean of supply and return"),
    "pipe.supply_temperature": Port("degC", -60.0, 110.0, note="behind the mixing valve"),
    "pipe.return_temperature": Port("degC", -60.0, 110.0),
    "boiler.temperature": Port("degC", -60.0, 110.0, note="of its water; where there is a heat buffer, of its top"),
    "buffer.bottom_temperature": Port("degC", -60.0, 110.0, note="of the heat buffer, else of the boiler"),
    "inside.ppfd": Port("umol/m2/s", 0.0, 5000.0, note="PAR above the canopy, sun and lamps"),
    "outside.temperature": Port("degC", -60.0, 60.0),
    "outside.relative_humidity": Port("%", 0.0, 100.0),
    "outside.wind": Port("m/s", 0.0, 60.0),
    "outside.wind_from": Port("degree", 0.0, 360.0),
    "outside.radiation": Port("W/m2", 0.0, 1500.0),
    "outside.rain": Port("-", 0.0, 1.0),
    "vent.lee": Port("-", 0.0, 1.0, note="as given"),
    "vent.wind": Port("-", 0.0, 1.0, note="as given"),
    "heating.valve": Port("-", 0.0, 1.0, note="as given"),
    "screen.thermal": Port("-", 0.0, 1.0, note="as given"),
    "screen.shade": Port("-", 0.0, 1.0, note="as given"),
    "energy.heat": Port("kWh", 0.0, 1e9, note="from the boiler into the pipes since the start, whole house"),
    "energy.boiler": Port("kWh", 0.0, 1e9, note="from the burner into the water since the start, whole house"),
    "energy.heater": Port("kWh", 0.0, 1e9, note="from the air heater since the start, whole house"),
    "energy.lamps": Port("kWh", 0.0, 1e9, note="drawn since the start, whole house"),
    "co2.dosed": Port("kg", 0.0, 1e9, note="since the start, whole house"),
    "water.transpired": Port("L", -1e9, 1e9, note="by the crop since the start, whole house"),
    "crop.leaf_area_index": Port("-", 0.0, 20.0),
    "crop.dry_mass": Port("kg", 0.0, 1e9, note="of what stands in the house, roots of tomato not counted"),
    "crop.harvest": Port("kg", 0.0, 1e9, note="dry, leaves and fruit since the start, whole house"),
}


class Balance(NamedTuple):
    """What came in less what went out less what is more in store, and how much moved in all."""

    residual: float
    moved: float

    @property
    def relative(self) -> float:
        return abs(self.residual) / max(self.moved, 1e-12)


class GreenhousePlant:
    """See `simulator.plants.plant.Plant`. The state is a `House`; figures of the whole house are in the outputs.

    Parameters, states and inputs may hold arrays: see `simulator.ensemble`, which gives the constants as well.
    """

    inputs: Mapping[str, Port] = _INPUTS
    outputs: Mapping[str, Port] = _OUTPUTS
    step_s: float = 30.0

    def __init__(self, parameters: GreenhouseParameters, constants: HouseConstants | None = None) -> None:
        self.parameters = parameters
        self.constants = constants or HouseConstants.of(parameters)
        self.has_buffer = anywhere(parameters.heat_buffer_l_m2 > 0.0)

    def initial(self) -> House:
        return initial(self.parameters)

    def advance(self, state: House, inputs: Mapping[str, float], weather: Weather, dt_s: float) -> House:
        if not 0.0 < dt_s <= self.step_s:
            raise ValueError(f"a step of {dt_s} s, wanted more than 0 and at most {self.step_s:g}")
        p = self.parameters
        given = {name: _given(inputs, name, port) for name, port in _INPUTS.items()}
        valve, pump = given["heating.valve"], given["heating.pump"]
        circulation = circulation_w_k(p, valve, pump)
        if self.has_buffer:
            burner = charging_w(p, state.buffer_c, given["boiler"])
            downwards = downwards_w(p, state.boiler_c, state.buffer_c, burner, valve, pump)
        else:
            drawn = circulation * (state.boiler_c - state.pipe_c)
            burner, downwards = burner_w(p, self.constants.boiler_j_k, state.boiler_c, drawn, given["boiler"]), 0.0
        drive = Drive(
            vent_lee=given["vent.lee"],
            vent_wind=given["vent.wind"],
            screen=given["screen.thermal"],
            lamp_w=given["lamps"] * p.lamp_power_w_m2,
            co2_mg_s=given["co2.valve"] * p.co2_capacity_mg_m2_s,
            fog_kg_s=given["fog"] * p.fog_capacity_kg_m2_s,
            burner_w=burner,
            buffer_w=downwards,
            return_to_boiler=0.0 if self.has_buffer else 1.0,
            circulation_w_k=circulation,
            air_w=given["heater"] * p.heater_capacity_w_m2,
        )
        sky = outside(p, weather)
        sky = sky._replace(radiation_w_m2=sky.radiation_w_m2 * _shade(p, given["screen.shade"]))
        return step(p, self.constants, state, drive, sky, dt_s)

    def observe(self, state: House, inputs: Mapping[str, float], weather: Weather) -> dict[str, float]:
        p = self.parameters
        sky = outside(p, weather)
        given = {name: _given(inputs, name, port) for name, port in _INPUTS.items()}
        valve, pump = given["heating.valve"], given["heating.pump"]
        supply = supply_c(valve, pump, state.boiler_c, state.pipe_c)
        shine = light(
            p,
            leaf_area(p, state.crop),
            given["screen.thermal"],
            sky.radiation_w_m2 * _shade(p, given["screen.shade"]),
            given["lamps"] * p.lamp_power_w_m2,
        )
        air_k = state.air_c + KELVIN
        vapour_pa = state.vapour_air_kg_m3 * VAPOUR_CONSTANT * air_k
        books, area = state.books, p.floor_area_m2
        seen = {
            "air.temperature": state.air_c,
            "air.relative_humidity": 100.0 * vapour_pa / p.saturation_pa(state.air_c),
            "air.co2": CO2_CONSTANT * air_k * state.co2_air_mg_m3 / _pressure_pa(weather),
            "canopy.temperature": state.canopy_c,
            "floor.temperature": state.floor_c,
            "pipe.temperature": state.pipe_c,
            "pipe.supply_temperature": supply,
            "pipe.return_temperature": 2.0 * state.pipe_c - supply,
            "boiler.temperature": state.boiler_c,
            "buffer.bottom_temperature": state.buffer_c if self.has_buffer else state.boiler_c,
            "inside.ppfd": shine.ppfd,
            "outside.temperature": sky.air_c,
            "outside.relative_humidity": 100.0 * weather.relative_humidity,
            "outside.wind": sky.wind_m_s,
            "outside.wind_from": weather.wind_from_degrees,
            "outside.radiation": sky.radiation_w_m2,
            "outside.rain": 1.0 if weather.rain else 0.0,
            "vent.lee": given["vent.lee"],
            "vent.wind": given["vent.wind"],
            "heating.valve": valve,
            "screen.thermal": given["screen.thermal"],
            "screen.shade": given["screen.shade"],
            "energy.heat": books.pipe_j * area / 3.6e6,
            "energy.boiler": books.boiler_j * area / 3.6e6,
            "energy.heater": books.heater_j * area / 3.6e6,
            "energy.lamps": books.lamp_j / (1.0 - p.lamp_cooling_share) * area / 3.6e6,
            "co2.dosed": books.co2_dosed_mg * area * 1e-6,
            "water.transpired": books.transpired_kg * area,
            "crop.leaf_area_index": leaf_area(p, state.crop),
            "crop.dry_mass": _dry_mg(state.crop) * area * 1e-6,
            "crop.harvest": books.harvested_mg * area * 1e-6,
        }
        return {name: _within(seen[name], port.low, port.high) for name, port in _OUTPUTS.items()}

    def closure(self, before: House, after: House) -> dict[str, float]:
        """The share of each balance that is left over."""
        return {kept: balance.relative for kept, balance in self.balances(before, after).items()}

    def balances(self, before: House, after: House) -> dict[str, Balance]:
        """Per m2 of floor, `energy` in J, `water` in kg, `co2` in mg, between two states of one run."""
        p, c = self.parameters, self.constants
        book = Books(*(now - was for now, was in zip(after.books, before.books, strict=True)))
        heat = stored_heat_j(p, c, after) - stored_heat_j(p, c, before)
        vapour = p.air_height_m * (after.vapour_air_kg_m3 - before.vapour_air_kg_m3)
        vapour += p.top_height_m * (after.vapour_top_kg_m3 - before.vapour_top_kg_m3)
        gas = p.air_height_m * (after.co2_air_mg_m3 - before.co2_air_mg_m3)
        gas += p.top_height_m * (after.co2_top_mg_m3 - before.co2_top_mg_m3)
        # the carbon of the crop counts as the CO2 it came from
        grown = _dry_mg(after.crop) - _dry_mg(before.crop) + book.harvested_mg
        carbon = co2_mg(grown) if isinstance(after.crop, Lettuce) else CO2_PER_SUGAR * grown
        return {
            "energy": _balance(
                (book.boiler_j, book.heater_j, book.lamp_j, book.sun_j, book.growth_j),
                (book.sky_j, book.outside_j, book.soil_j),
                heat,
            ),
            "water": _balance((book.transpired_kg, book.fog_kg), (book.vented_kg, book.condensed_kg), vapour),
            "co2": _balance((book.co2_dosed_mg,), (book.co2_vented_mg,), gas + carbon),
        }


def load(name: str, seed: int | None = None) -> GreenhousePlant:
    """The greenhouse of `simulator/parameters/{name}.yaml`; with a seed, one of its siblings."""
    values = load_parameters(name, plant="greenhouse", known=GreenhouseParameters.names(), seed=seed, check=unphysical)
    return GreenhousePlant(GreenhouseParameters.of(values))


def _dry_mg(crop: Crop | Lettuce) -> float:
    return 1e3 * dry_g_m2(crop) if isinstance(crop, Lettuce) else crop.carbon_mg


def _balance(came: tuple[float, ...], went: tuple[float, ...], stored: float) -> Balance:
    return Balance(sum(came) - sum(went) - stored, sum(map(abs, came)) + sum(map(abs, went)) + abs(stored))


def outside(p: GreenhouseParameters, weather: Weather) -> Outside:
    """The weather as the network wants it, kept within what this planet offers."""
    air_c = _within(weather.air_c, -60.0, 60.0)
    kelvin = air_c + KELVIN
    humidity = _within(weather.relative_humidity, 0.0, 1.0)
    return Outside(
        air_c=air_c,
        vapour_kg_m3=humidity * p.saturation_pa(air_c) / (VAPOUR_CONSTANT * kelvin),
        co2_mg_m3=_within(weather.co2_ppm, 0.0, 5000.0) * _pressure_pa(weather) / (CO2_CONSTANT * kelvin),
        wind_m_s=_within(weather.wind_m_s, 0.0, 60.0),
        radiation_w_m2=_within(weather.global_radiation_w_m2, 0.0, 1500.0),
        sky_c=_within(weather.sky_c, -100.0, 60.0),
        soil_c=_within(weather.soil_c, -30.0, 50.0),
    )


def _shade(p: GreenhouseParameters, position: float) -> float:
    """What the shade screen over the roof leaves of the sun; the rest goes back to the sky."""
    return 1.0 - position * (1.0 - p.shade_transmission)


def _pressure_pa(weather: Weather) -> float:
    return _within(weather.pressure_pa, 50000.0, 120000.0)


def _given(inputs: Mapping[str, float], name: str, port: Port) -> float:
    value = inputs.get(name, port.default)
    return _within(chosen(value == value, value, port.default), port.low, port.high)


def _within(value: float, low: float, high: float) -> float:
    """Not a number counts as the low end."""
    if not isinstance(value, (float, int)):
        return held(chosen(value == value, value, low), low, high)
    if value >= high:
        return high
    return float(value) if value > low else low
