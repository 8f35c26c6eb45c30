"""A cold store: produce that breathes and dries, a coil that frosts, a door, and a compressor that wants its rest.

Whole room, W and kg. Vapour freezes onto a coil below 0 degC and is melted off it by defrost heat; frost makes the
coil's way to the air longer. All stores step together and implicitly (`network`), so the books close to rounding.
"""

from collections.abc import Mapping
from dataclasses import fields
from math import exp
from typing import NamedTuple

from simulator.plants.careful import STEP_S, careful
from simulator.plants.cold_store_machine import StoreParameters, efficiency, refrigeration, through_door_m3_s
from simulator.plants.ledger import Balance, Ledger, Stores, balances
from simulator.plants.moist_air import (
    AIR_J_M3_K,
    LATENT_J_KG,
    co2_mg_m3,
    co2_ppm,
    condensing_m_s,
    drip,
    natural_w_m2_k,
    saturation,
)
from simulator.plants.network import Layers, Network
from simulator.plants.physical import load_physical
from simulator.plants.plant import Port, Weather
from simulator.plants.produce import HEAT_J_MG_CO2, ProduceParameters, respiration_mg_kg_h, transpiration_m3_s
from simulator.plants.surroundings import Outside, given, outside, shown

INPUTS: Mapping[str, Port] = {
    "compressor": Port("-", 0.0, 1.0, note="wanted; it starts only after its rest, and never during defrost"),
    "fans": Port("-", 0.0, 1.0, 1.0, "of the evaporator; stand still during defrost"),
    "defrost": Port("-", 0.0, 1.0, note="heaters in the coil"),
    "door": Port("-", 0.0, 1.0, note="share of the opening that is open"),
}
OUTPUTS: Mapping[str, Port] = {
    "air.temperature": Port("degC", -60.0, 120.0),
    "air.relative_humidity": Port("%", 0.0, 100.0),
    "air.co2": Port("ppm", 0.0, 1e6),
    "product.core_temperature": Port("degC", -60.0, 120.0),
    "product.surface_temperature": Port("degC", -60.0, 120.0),
    "product.lost": Port("%", 0.0, 100.0, note="of the mass, since the start"),
    "coil.temperature": Port("degC", -100.0, 120.0),
    "coil.frost": Port("kg", 0.0, 1e6),
    "compressor.running": Port("-", 0.0, 1.0),
    "compressor.starts": Port("-", 0.0, 1e9, note="since the start"),
    "door": Port("-", 0.0, 1.0, note="as given"),
    "outside.temperature": Port("degC", -60.0, 60.0),
    "energy.electricity": Port("kWh", 0.0, 1e9, note="compressor, fans and defrost since the start"),
}
_AIR, _CORE, _SKIN, _COIL, _WALL, _VAPOUR = range(6)
_FUSION_J_KG = 3.34e5
_WALL_LAYERS = 3


class State(NamedTuple):
    """Temperatures in degC; whole room."""

    air_c: float
    core_c: float
    skin_c: float
    coil_c: float
    wall_c: float
    vapour_kg_m3: float
    wall_layers_c: tuple[float, ...]
    frost_kg: float
    co2_mg_m3: float
    lost_kg: float
    """Water that the produce has given off."""
    on: bool
    """The motor turns."""
    rested_s: float
    """Since it last stopped."""
    running: float
    """0 to 1: what it does of its cooling, as it starts."""
    starts: int
    electricity_j: float
    ledger: Ledger


class ColdStore:
    """See `simulator.plants.plant.Plant`."""

    inputs = INPUTS
    outputs = OUTPUTS
    step_s = STEP_S

    def __init__(self, store: StoreParameters, produce: ProduceParameters) -> None:
        s, g = store, produce
        self.store, self.produce = store, produce
        self._wall = Layers.of(
            s.wall_m2, s.wall_skin_m, [s.wall_layer_m] * _WALL_LAYERS, s.wall_conductivity_w_m_k,
            s.wall_heat_capacity_j_m3_k, 0.04,
        )  # fmt: skip
        self._air_j_k = s.room_m3 * AIR_J_M3_K
        product_j_k = g.product_kg * g.product_heat_capacity_j_kg_k
        self._coil_j_k = 1000.0 * s.coil_heat_capacity_kj_k
        self._capacities = (
            self._air_j_k,
            (1.0 - g.product_surface_share) * product_j_k,
            g.product_surface_share * product_j_k,
            self._coil_j_k,
            s.wall_m2 * s.wall_skin_m * s.wall_heat_capacity_j_m3_k,
            LATENT_J_KG * s.room_m3,
        )

    def initial(self) -> State:
        s = self.store
        air_c, product_c = s.initial_air_c, self.produce.initial_product_c
        return State(
            air_c=air_c,
            core_c=product_c,
            skin_c=product_c,
            coil_c=air_c - 5.0,
            wall_c=air_c,
            vapour_kg_m3=s.initial_relative_humidity * saturation(air_c)[0],
            wall_layers_c=(air_c + 2.0, air_c + 6.0, air_c + 10.0),
            frost_kg=0.0,
            co2_mg_m3=co2_mg_m3(s.initial_co2_ppm, air_c, 101325.0),
            lost_kg=0.0,
            on=False,
            rested_s=s.compressor_rest_s,
            running=0.0,
            starts=0,
            electricity_j=0.0,
            ledger=Ledger(),
        )

    def advance(self, state: State, inputs: Mapping[str, float], weather: Weather, dt_s: float) -> State:
        drive, sky = given(inputs, INPUTS), outside(weather)
        return careful(lambda was, s: self._step(was, drive, sky, s), _air, self._switched(state, drive, dt_s), dt_s)

    def _switched(self, was: State, drive: Mapping[str, float], dt_s: float) -> State:
        """The motor as its own guard lets it: no start before it has rested, none while the heaters are on."""
        wanted = drive["compressor"] >= 0.5 and drive["defrost"] < 0.5
        rested_s = min(1e6, was.rested_s + dt_s)
        if was.on:
            return was if wanted else was._replace(on=False, rested_s=0.0)
        if wanted and rested_s >= self.store.compressor_rest_s:
            return was._replace(on=True, rested_s=rested_s, starts=was.starts + 1)
        return was._replace(rested_s=rested_s)

    def _step(self, was: State, drive: Mapping[str, float], sky: Outside, dt_s: float) -> State:
        s, g = self.store, self.produce
        vapour = was.vapour_kg_m3
        left_kg = max(0.0, g.product_kg - was.lost_kg)
        net = Network(was[:6], self._capacities, dt_s)

        # produce
        core_kg, skin_kg = (1.0 - g.product_surface_share) * left_kg, g.product_surface_share * left_kg
        breath_mg_s = [
            kg * respiration_mg_kg_h(celsius, g.respiration_f, g.respiration_g) / 3600.0
            for kg, celsius in ((core_kg, was.core_c), (skin_kg, was.skin_c))
        ]
        core_w, skin_w = (HEAT_J_MG_CO2 * breath for breath in breath_mg_s)
        net.give(_CORE, core_w)
        net.give(_SKIN, skin_w)
        net.join(_CORE, _SKIN, g.product_through_w_k)
        net.join(_SKIN, _AIR, g.product_to_air_w_k)
        skin, skin_slope = saturation(was.skin_c)
        skin_rest = skin - skin_slope * was.skin_c
        from_skin = transpiration_m3_s(g, left_kg, was.skin_c)
        net.wet(_SKIN, _VAPOUR, LATENT_J_KG * from_skin, skin_rest, skin_slope)

        # walls, leaks and door
        net.join(_WALL, _AIR, s.wall_m2 * (2.0 + natural_w_m2_k(was.wall_c, was.air_c)))
        wall = self._wall.fold(was.wall_layers_c, sky.air_c, dt_s)
        net.hang(_WALL, self._wall, wall)
        aired = s.leak_per_h * s.room_m3 / 3600.0 + through_door_m3_s(s, drive["door"], was.air_c, sky.air_c)
        net.tie(_AIR, AIR_J_M3_K * aired, sky.air_c)
        net.tie(_VAPOUR, LATENT_J_KG * aired, sky.vapour_kg_m3)

        # coil: fans, frost, refrigerant, heaters
        defrosting = drive["defrost"] >= 0.5
        fans = 0.0 if defrosting else drive["fans"]
        frosted = 1.0 / (1.0 + was.frost_kg / s.coil_frost_half_kg)
        past = frosted * max(fans, s.fan_still) * (1.0 - s.coil_bypass) * s.fan_m3_h / 3600.0
        net.join(_AIR, _COIL, AIR_J_M3_K * past)
        coil, coil_slope = saturation(was.coil_c)
        coil_rest = coil - coil_slope * was.coil_c
        drying = condensing_m_s(AIR_J_M3_K * past, vapour - coil)
        if drying > 0.0:
            net.wet(_COIL, _VAPOUR, LATENT_J_KG * drying, coil_rest, coil_slope)
        gap = (float(was.on) - was.running) * exp(-dt_s / s.compressor_start_s)
        mean_running = float(was.on) - (float(was.on) - was.running - gap) * s.compressor_start_s / dt_s
        fixed_w, rising_w_k = refrigeration(s, mean_running, was.coil_c)
        net.give(_COIL, -fixed_w)
        net.tie(_COIL, rising_w_k, 0.0)
        ends = min(1.0, max(0.0, s.defrost_ends_c + 5.0 - was.coil_c) / 5.0)
        defrost_w = 1000.0 * s.defrost_kw * ends if defrosting else 0.0
        fan_w = fans**3 * s.fan_w
        net.give(_COIL, s.defrost_into_coil * defrost_w)
        net.give(_AIR, fan_w + (1.0 - s.defrost_into_coil) * defrost_w)
        melting = s.coil_melt_w_k if was.frost_kg > 0.0 and was.coil_c > 0.0 else 0.0
        net.tie(_COIL, melting, 0.0)

        air_c, core_c, skin_c, coil_c, wall_c, vapour = net.solve()
        layers_c = self._wall.unfold(wall, wall_c)
        cooling_w = fixed_w + rising_w_k * coil_c
        lost = from_skin * (skin_rest + skin_slope * skin_c - vapour)
        caught = drying * (vapour - coil_rest - coil_slope * coil_c)
        vapour_in = aired * (sky.vapour_kg_m3 - vapour)
        heat_w = (
            core_w, skin_w, fan_w, defrost_w, -cooling_w, AIR_J_M3_K * aired * (sky.air_c - air_c),
            LATENT_J_KG * vapour_in, -self._wall.beyond_w(layers_c[-1], sky.air_c),
        )  # fmt: skip

        # what freezes warms the coil, what melts cooled it; heat that found no ice goes back
        melt_j = dt_s * melting * coil_c
        melted_kg = min(was.frost_kg, max(0.0, melt_j) / _FUSION_J_KG)
        frozen_kg = dt_s * caught if was.coil_c < 0.0 and caught > 0.0 else 0.0
        coil_c += (melt_j - _FUSION_J_KG * (melted_kg - frozen_kg)) / self._coil_j_k
        air_c, vapour, dripped = drip(air_c, vapour, s.room_m3, self._air_j_k)

        held = s.room_m3 / dt_s
        breath = sum(breath_mg_s)
        co2 = (held * was.co2_mg_m3 + breath + aired * sky.co2_mg_m3) / (held + aired)
        electric_w = cooling_w / efficiency(s, coil_c, sky.air_c) + fan_w + defrost_w
        return State(
            air_c, core_c, skin_c, coil_c, wall_c, vapour, layers_c, was.frost_kg + frozen_kg - melted_kg, co2,
            was.lost_kg + dt_s * lost, was.on, was.rested_s, float(was.on) - gap, was.starts,
            was.electricity_j + dt_s * electric_w,
            was.ledger.plus(
                dt_s, heat_w,
                (vapour_in, lost, -melted_kg / dt_s, frozen_kg / dt_s - caught, -dripped / dt_s),
                (breath, aired * (sky.co2_mg_m3 - co2)),
            ),
        )  # fmt: skip

    def observe(self, state: State, inputs: Mapping[str, float], weather: Weather) -> dict[str, float]:
        sky = outside(weather)
        return shown(
            {
                "air.temperature": state.air_c,
                "air.relative_humidity": 100.0 * state.vapour_kg_m3 / saturation(state.air_c)[0],
                "air.co2": co2_ppm(state.co2_mg_m3, state.air_c, sky.pressure_pa),
                "product.core_temperature": state.core_c,
                "product.surface_temperature": state.skin_c,
                "product.lost": 100.0 * state.lost_kg / self.produce.product_kg,
                "coil.temperature": state.coil_c,
                "coil.frost": state.frost_kg,
                "compressor.running": state.running,
                "compressor.starts": float(state.starts),
                "door": given(inputs, INPUTS)["door"],
                "outside.temperature": sky.air_c,
                "energy.electricity": state.electricity_j / 3.6e6,
            },
            OUTPUTS,
        )

    def closure(self, before: State, after: State) -> dict[str, float]:
        """The share of each balance that is left over."""
        return {kept: balance.relative for kept, balance in self.balances(before, after).items()}

    def balances(self, before: State, after: State) -> dict[str, Balance]:
        """Whole room, `energy` in J, `water` of air and frost in kg, `co2` in mg, between two states of one run."""
        return balances(before.ledger, self._stores(before), after.ledger, self._stores(after))

    def _stores(self, state: State) -> Stores:
        """Ice holds less than water by its heat of fusion."""
        heat_j = sum(capacity * value for capacity, value in zip(self._capacities, state[:6], strict=True))
        heat_j += self._wall.heat_j(state.wall_layers_c) - _FUSION_J_KG * state.frost_kg
        room_m3 = self.store.room_m3
        return Stores(heat_j, room_m3 * state.vapour_kg_m3 + state.frost_kg, room_m3 * state.co2_mg_m3)


def load(name: str = "cold_store_cabbage", seed: int | None = None) -> ColdStore:
    """The cold store of `simulator/parameters/{name}.yaml`; with a seed, one of its siblings."""
    store, produce = (tuple(field.name for field in fields(kind)) for kind in (StoreParameters, ProduceParameters))
    values = load_physical(name, "cold_store", (*store, *produce), seed)
    return ColdStore(
        StoreParameters(**{key: values[key] for key in store}),
        ProduceParameters(**{key: values[key] for key in produce}),
    )


def _air(state: State) -> tuple[float, float]:
    return state.air_c, state.vapour_kg_m3
