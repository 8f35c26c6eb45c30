"""A mushroom house: shelves of warm compost under casing soil, and one air handler with damper, coil and steam.

The fan mixes room and fresh air, the coil cools and dries the mixture, steam moistens it. Whole room, W and kg; all
stores step together and implicitly (`network`), so heat, water and carbon dioxide close to rounding.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

from simulator.plants.careful import STEP_S, careful
from simulator.plants.ledger import Balance, Ledger, Stores, balances
from simulator.plants.moist_air import (
    AIR_J_M3_K,
    LATENT_J_KG,
    co2_mg_m3,
    co2_ppm,
    condensing_m_s,
    drip,
    saturation,
)
from simulator.plants.mushroom import MushroomParameters, compost_co2_g_h, fruit_co2_g_h, grown
from simulator.plants.network import Network
from simulator.plants.physical import load_physical
from simulator.plants.plant import Port, Weather
from simulator.plants.surroundings import Outside, given, outside, shown

INPUTS: Mapping[str, Port] = {
    "fan": Port("-", 0.0, 1.0, 1.0, "of the air handler, speed"),
    "damper": Port("-", 0.0, 1.0, note="share of fresh air in what the fan moves"),
    "cooling": Port("-", 0.0, 1.0, note="valve of the chilled water"),
    "heating": Port("-", 0.0, 1.0, note="heater behind the coil"),
    "steam": Port("-", 0.0, 1.0, note="valve"),
    "watering": Port("-", 0.0, 1.0, note="spray over the beds"),
}
OUTPUTS: Mapping[str, Port] = {
    "air.temperature": Port("degC", -40.0, 120.0),
    "air.relative_humidity": Port("%", 0.0, 100.0),
    "air.co2": Port("ppm", 0.0, 1e6),
    "compost.temperature": Port("degC", -40.0, 120.0),
    "casing.temperature": Port("degC", -40.0, 120.0),
    "casing.water": Port("kg/m2", 0.0, 1000.0, note="in the casing soil, per m2 of bed"),
    "fruit.mass": Port("kg/m2", 0.0, 1000.0, note="standing, fresh"),
    "harvest": Port("kg", 0.0, 1e9, note="fresh, since the start"),
    "fan.flow": Port("m3/h", 0.0, 1e6),
    "damper": Port("-", 0.0, 1.0, note="as given"),
    "outside.temperature": Port("degC", -60.0, 60.0),
    "energy.heating": Port("kWh", 0.0, 1e9, note="heater, since the start"),
    "energy.cooling": Port("kWh", 0.0, 1e9, note="taken by the chilled water, since the start"),
    "water.steam": Port("kg", 0.0, 1e9, note="since the start"),
}
_AIR, _COMPOST, _CASING, _COIL, _MASS, _VAPOUR = range(6)
_STEAM_SENSIBLE_J_KG = 2.26e5
"""Steam of 100 degC over its latent heat here: enthalpy 2.676 MJ/kg."""


@dataclass(frozen=True, slots=True)
class RoomParameters:
    """Room, beds and air handler. Names as in the parameter file."""

    bed_m2: float
    room_m3: float
    wall_w_k: float
    mass_heat_capacity_kj_k: float
    mass_to_air_w_k: float
    leak_per_h: float
    compost_heat_capacity_j_kg_k: float
    compost_to_casing_w_m2_k: float
    compost_to_air_w_m2_k: float
    casing_heat_capacity_j_m2_k: float
    casing_to_air_w_m2_k: float
    casing_wetness: float
    casing_dry_kg_m2: float
    casing_most_kg_m2: float
    fan_m3_h: float
    fan_w: float
    damper_leak: float
    coil_bypass: float
    coil_heat_capacity_kj_k: float
    coil_water_w_k: float
    coil_water_c: float
    heater_kw: float
    steam_kg_h: float
    watering_l_h: float
    initial_air_c: float
    initial_compost_c: float
    initial_relative_humidity: float
    initial_co2_ppm: float
    initial_casing_kg_m2: float


class State(NamedTuple):
    """Temperatures in degC; whole room."""

    air_c: float
    compost_c: float
    casing_c: float
    coil_c: float
    mass_c: float
    vapour_kg_m3: float
    casing_kg: float
    fruit_kg: float
    co2_mg_m3: float
    harvest_kg: float
    heating_j: float
    cooling_j: float
    steam_kg: float
    ledger: Ledger


class MushroomHouse:
    """See `simulator.plants.plant.Plant`."""

    inputs = INPUTS
    outputs = OUTPUTS
    step_s = STEP_S

    def __init__(self, room: RoomParameters, mushrooms: MushroomParameters) -> None:
        self.room = room
        self.mushrooms = mushrooms
        self.compost_kg = room.bed_m2 * mushrooms.compost_kg_m2
        self._air_j_k = room.room_m3 * AIR_J_M3_K
        self._capacities = (
            self._air_j_k,
            self.compost_kg * room.compost_heat_capacity_j_kg_k,
            room.bed_m2 * room.casing_heat_capacity_j_m2_k,
            1000.0 * room.coil_heat_capacity_kj_k,
            1000.0 * room.mass_heat_capacity_kj_k,
            LATENT_J_KG * room.room_m3,
        )

    def initial(self) -> State:
        r = self.room
        air_c = r.initial_air_c
        return State(
            air_c=air_c,
            compost_c=r.initial_compost_c,
            casing_c=air_c,
            coil_c=air_c,
            mass_c=air_c,
            vapour_kg_m3=r.initial_relative_humidity * saturation(air_c)[0],
            casing_kg=r.bed_m2 * r.initial_casing_kg_m2,
            fruit_kg=r.bed_m2 * self.mushrooms.fruit_start_kg_m2,
            co2_mg_m3=co2_mg_m3(r.initial_co2_ppm, air_c, 101325.0),
            harvest_kg=0.0,
            heating_j=0.0,
            cooling_j=0.0,
            steam_kg=0.0,
            ledger=Ledger(),
        )

    def advance(self, state: State, inputs: Mapping[str, float], weather: Weather, dt_s: float) -> State:
        drive, sky = given(inputs, INPUTS), outside(weather)
        return careful(lambda was, s: self._step(was, drive, sky, s), _air, state, dt_s)

    def _step(self, was: State, drive: Mapping[str, float], sky: Outside, dt_s: float) -> State:
        r, m = self.room, self.mushrooms
        vapour = was.vapour_kg_m3
        net = Network(was[:6], self._capacities, dt_s)

        # breath and its heat
        compost_g_h = compost_co2_g_h(m, self.compost_kg, was.compost_c)
        fruit_g_h = fruit_co2_g_h(m, was.fruit_kg, was.air_c)
        compost_w, fruit_w = (m.heat_kj_g_co2 * breath / 3.6 for breath in (compost_g_h, fruit_g_h))
        net.give(_COMPOST, compost_w)
        net.give(_CASING, fruit_w)
        net.join(_COMPOST, _CASING, r.bed_m2 * r.compost_to_casing_w_m2_k)
        net.join(_COMPOST, _AIR, r.bed_m2 * r.compost_to_air_w_m2_k)
        net.join(_CASING, _AIR, r.bed_m2 * r.casing_to_air_w_m2_k)
        net.join(_MASS, _AIR, r.mass_to_air_w_k)
        net.tie(_AIR, r.wall_w_k, sky.air_c)

        # air handler: room and fresh air, past the coil, to heater and steam
        blown = drive["fan"] * r.fan_m3_h / 3600.0
        fresh = max(drive["damper"], r.damper_leak)
        aired = blown * fresh + r.leak_per_h * r.room_m3 / 3600.0
        net.tie(_AIR, AIR_J_M3_K * aired, sky.air_c)
        net.tie(_VAPOUR, LATENT_J_KG * aired, sky.vapour_kg_m3)
        past = (1.0 - r.coil_bypass) * blown
        net.draw(_AIR, _COIL, AIR_J_M3_K * past, 1.0 - fresh, sky.air_c, 0.0, 1.0)
        chilled = drive["cooling"] * r.coil_water_w_k
        net.tie(_COIL, chilled, r.coil_water_c)
        coil, coil_slope = saturation(was.coil_c)
        coil_rest = coil - coil_slope * was.coil_c
        met = (1.0 - fresh) * vapour + fresh * sky.vapour_kg_m3
        drying = condensing_m_s(AIR_J_M3_K * past, met - coil)
        if drying > 0.0:
            net.draw(_VAPOUR, _COIL, LATENT_J_KG * drying, 1.0 - fresh, sky.vapour_kg_m3, coil_rest, coil_slope)
        heater_w = drive["heating"] * 1000.0 * r.heater_kw
        fan_w = drive["fan"] ** 3 * r.fan_w
        steam = drive["steam"] * r.steam_kg_h / 3600.0
        net.give(_AIR, heater_w + fan_w + steam * _STEAM_SENSIBLE_J_KG)
        net.give(_VAPOUR, LATENT_J_KG * steam)

        # casing soil: wet while it holds more than it keeps for itself
        casing, casing_slope = saturation(was.casing_c)
        casing_rest = casing - casing_slope * was.casing_c
        wet = r.casing_wetness * min(1.0, was.casing_kg / (r.bed_m2 * r.casing_dry_kg_m2))
        drying_bed = r.bed_m2 * wet * r.casing_to_air_w_m2_k / AIR_J_M3_K
        if drying_bed * casing * dt_s > 0.5 * was.casing_kg:
            drying_bed = 0.5 * was.casing_kg / (casing * dt_s)
        net.wet(_CASING, _VAPOUR, LATENT_J_KG * drying_bed, casing_rest, casing_slope)

        air_c, compost_c, casing_c, coil_c, mass_c, vapour = net.solve()
        steamed = drying_bed * (casing_rest + casing_slope * casing_c - vapour)
        met = (1.0 - fresh) * vapour + fresh * sky.vapour_kg_m3
        condensed = drying * (met - coil_rest - coil_slope * coil_c)
        chilled_w = chilled * (coil_c - r.coil_water_c)
        vapour_in = aired * (sky.vapour_kg_m3 - vapour)
        heat_w = (
            compost_w, fruit_w, heater_w, fan_w, steam * (_STEAM_SENSIBLE_J_KG + LATENT_J_KG), -chilled_w,
            (r.wall_w_k + AIR_J_M3_K * aired) * (sky.air_c - air_c), LATENT_J_KG * vapour_in,
        )  # fmt: skip
        watered = drive["watering"] * r.watering_l_h / 3600.0
        casing_kg = was.casing_kg + dt_s * (watered - steamed)
        kept_kg = min(r.bed_m2 * r.casing_most_kg_m2, max(0.0, casing_kg))
        air_c, vapour, dripped = drip(air_c, vapour, r.room_m3, self._air_j_k)
        breath_mg_s = (compost_g_h + fruit_g_h) / 3.6
        held = r.room_m3 / dt_s
        co2 = (held * was.co2_mg_m3 + breath_mg_s + aired * sky.co2_mg_m3) / (held + aired)
        standing, picked = grown(m, was.fruit_kg / r.bed_m2, was.air_c, dt_s)
        return State(
            air_c, compost_c, casing_c, coil_c, mass_c, vapour, kept_kg, r.bed_m2 * standing, co2,
            was.harvest_kg + r.bed_m2 * picked,
            was.heating_j + dt_s * heater_w,
            was.cooling_j + dt_s * max(0.0, chilled_w),
            was.steam_kg + dt_s * steam,
            was.ledger.plus(
                dt_s, heat_w,
                (vapour_in, steam, -condensed, -dripped / dt_s, watered, (kept_kg - casing_kg) / dt_s),
                (breath_mg_s, aired * (sky.co2_mg_m3 - co2)),
            ),
        )  # fmt: skip

    def observe(self, state: State, inputs: Mapping[str, float], weather: Weather) -> dict[str, float]:
        drive, sky, bed_m2 = given(inputs, INPUTS), outside(weather), self.room.bed_m2
        return shown(
            {
                "air.temperature": state.air_c,
                "air.relative_humidity": 100.0 * state.vapour_kg_m3 / saturation(state.air_c)[0],
                "air.co2": co2_ppm(state.co2_mg_m3, state.air_c, sky.pressure_pa),
                "compost.temperature": state.compost_c,
                "casing.temperature": state.casing_c,
                "casing.water": state.casing_kg / bed_m2,
                "fruit.mass": state.fruit_kg / bed_m2,
                "harvest": state.harvest_kg,
                "fan.flow": drive["fan"] * self.room.fan_m3_h,
                "damper": drive["damper"],
                "outside.temperature": sky.air_c,
                "energy.heating": state.heating_j / 3.6e6,
                "energy.cooling": state.cooling_j / 3.6e6,
                "water.steam": state.steam_kg,
            },
            OUTPUTS,
        )

    def closure(self, before: State, after: State) -> dict[str, float]:
        """The share of each balance that is left over."""
        return {kept: balance.relative for kept, balance in self.balances(before, after).items()}

    def balances(self, before: State, after: State) -> dict[str, Balance]:
        """Whole room, `energy` in J, `water` of air and casing in kg, `co2` in mg, between two states of one run."""
        return balances(before.ledger, self._stores(before), after.ledger, self._stores(after))

    def _stores(self, state: State) -> Stores:
        heat_j = sum(capacity * value for capacity, value in zip(self._capacities, state[:6], strict=True))
        room_m3 = self.room.room_m3
        return Stores(heat_j, room_m3 * state.vapour_kg_m3 + state.casing_kg, room_m3 * state.co2_mg_m3)


def load(name: str = "mushroom_cropping", seed: int | None = None) -> MushroomHouse:
    """The mushroom house of `simulator/parameters/{name}.yaml`; with a seed, one of its siblings."""
    room, mushrooms = (tuple(field.name for field in fields(kind)) for kind in (RoomParameters, MushroomParameters))
    values = load_physical(name, "mushroom", (*room, *mushrooms), seed)
    return MushroomHouse(
        RoomParameters(**{key: values[key] for key in room}),
        MushroomParameters(**{key: values[key] for key in mushrooms}),
    )


def _air(state: State) -> tuple[float, float]:
    return state.air_c, state.vapour_kg_m3
