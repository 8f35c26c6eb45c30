"""A plastic tunnel: a film over a crop in the ground, roll-up sides, no heating."""

from collections.abc import Mapping
from dataclasses import fields
from typing import NamedTuple

from simulator.plants.careful import STEP_S, careful
from simulator.plants.film_house import (
    AIR,
    GROUND,
    OWN,
    SUN_PHOTONS_UMOL_J,
    SURFACE_EMISSION,
    VAPOUR,
    FilmHouse,
    FilmHouseParameters,
    Radiator,
    Shell,
)
from simulator.plants.leaves import CropParameters, co2_breath_mg_m2_s, co2_uptake_mg_m2_s, transpiration_m_s
from simulator.plants.ledger import Balance, Ledger, Stores, balances
from simulator.plants.moist_air import LATENT_J_KG, co2_ppm, saturation, vapour_pa
from simulator.plants.network import Network, radiant_w_m2_k
from simulator.plants.physical import load_physical
from simulator.plants.plant import Port, Weather
from simulator.plants.surroundings import WEATHER_OUTPUTS, Outside, given, outside, shown, weather_seen

INPUTS: Mapping[str, Port] = {
    "sides": Port("-", 0.0, 1.0, note="film rolled up along both sides; 1 is fully open"),
}
OUTPUTS: Mapping[str, Port] = {
    "air.temperature": Port("degC", -60.0, 90.0),
    "air.relative_humidity": Port("%", 0.0, 100.0),
    "air.co2": Port("ppm", 0.0, 100000.0),
    "canopy.temperature": Port("degC", -60.0, 90.0),
    "film.temperature": Port("degC", -60.0, 90.0),
    "soil.temperature": Port("degC", -60.0, 90.0, note="second layer, about 0.1 m deep"),
    "inside.ppfd": Port("umol/m2/s", 0.0, 5000.0, note="above the canopy"),
    "sides": Port("-", 0.0, 1.0, note="as given"),
    "water.transpired": Port("L", -1e9, 1e9, note="since the start, whole tunnel"),
    "water.condensed": Port("L", -1e9, 1e9, note="on the film and out of the air since the start, whole tunnel"),
    **WEATHER_OUTPUTS,
}
_CANOPY = OWN


class State(NamedTuple):
    """Per m2 of ground."""

    shell: Shell
    canopy_c: float
    transpired_kg: float
    condensed_kg: float
    ledger: Ledger


class Tunnel:
    """See `simulator.plants.plant.Plant`."""

    inputs = INPUTS
    outputs = OUTPUTS
    step_s = STEP_S

    def __init__(self, house: FilmHouseParameters, crop: CropParameters) -> None:
        self.house = FilmHouse(house)
        self.crop = crop
        self._canopy_j_k = crop.leaf_heat_capacity_j_m2_k * crop.leaf_area_index

    def initial(self) -> State:
        shell = self.house.initial()
        return State(shell, shell.air_c, 0.0, 0.0, Ledger())

    def advance(self, state: State, inputs: Mapping[str, float], weather: Weather, dt_s: float) -> State:
        sides, sky = given(inputs, INPUTS)["sides"], outside(weather)
        return careful(lambda was, s: self._step(was, sides, sky, s), _air, state, dt_s)

    def _step(self, was: State, sides: float, sky: Outside, dt_s: float) -> State:
        h, crop, shell, canopy_c = self.house, self.crop, was.shell, was.canopy_c
        net = Network(
            (shell.air_c, shell.film_c, shell.ground_c, shell.vapour_kg_m3, canopy_c),
            (*h.capacities, self._canopy_j_k),
            dt_s,
        )
        light = h.light_w_m2(sky)
        canopy_w = crop.canopy_absorption * crop.cover * light
        leaves = crop.fir_cover
        joined = h.join(
            net, shell, sky, sides, (1.0 - crop.cover) * light,
            (Radiator(GROUND, shell.ground_c, 1.0 - leaves), Radiator(_CANOPY, canopy_c, leaves)),
        )  # fmt: skip
        net.give(_CANOPY, canopy_w)
        net.join(_CANOPY, AIR, 2.0 * crop.leaf_convection_w_m2_k * crop.leaf_area_index)
        down = SURFACE_EMISSION * SURFACE_EMISSION * leaves
        net.join(_CANOPY, GROUND, down * radiant_w_m2_k(canopy_c, shell.ground_c))
        leaf, slope = saturation(canopy_c)
        deficit_pa = max(0.0, vapour_pa(leaf - shell.vapour_kg_m3, canopy_c))
        from_leaf = transpiration_m_s(crop, light, deficit_pa)
        rest = leaf - slope * canopy_c
        net.wet(_CANOPY, VAPOUR, LATENT_J_KG * from_leaf, rest, slope)

        now = net.solve()
        transpired = from_leaf * (rest + slope * now[_CANOPY] - now[VAPOUR])
        ppm = co2_ppm(shell.co2_mg_m3, shell.air_c, sky.pressure_pa)
        taken = co2_uptake_mg_m2_s(crop, canopy_c, ppm, SUN_PHOTONS_UMOL_J * light)
        settled = h.settle(
            shell, now, joined, sky, dt_s, co2_breath_mg_m2_s(crop, canopy_c), taken / max(shell.co2_mg_m3, 1.0)
        )
        return State(
            settled.shell,
            now[_CANOPY],
            was.transpired_kg + dt_s * transpired,
            was.condensed_kg + settled.condensed_kg,
            was.ledger.plus(dt_s, (*settled.heat_w, canopy_w), (*settled.water_kg_s, transpired), settled.co2_mg_s),
        )

    def observe(self, state: State, inputs: Mapping[str, float], weather: Weather) -> dict[str, float]:
        sky, shell, m2 = outside(weather), state.shell, self.house.parameters.floor_area_m2
        return shown(
            {
                "air.temperature": shell.air_c,
                "air.relative_humidity": 100.0 * shell.vapour_kg_m3 / saturation(shell.air_c)[0],
                "air.co2": co2_ppm(shell.co2_mg_m3, shell.air_c, sky.pressure_pa),
                "canopy.temperature": state.canopy_c,
                "film.temperature": shell.film_c,
                "soil.temperature": shell.soil_c[1],
                "inside.ppfd": SUN_PHOTONS_UMOL_J * self.house.light_w_m2(sky),
                "sides": given(inputs, INPUTS)["sides"],
                "water.transpired": state.transpired_kg * m2,
                "water.condensed": state.condensed_kg * m2,
                **weather_seen(weather, sky),
            },
            OUTPUTS,
        )

    def closure(self, before: State, after: State) -> dict[str, float]:
        """The share of each balance that is left over."""
        return {kept: balance.relative for kept, balance in self.balances(before, after).items()}

    def balances(self, before: State, after: State) -> dict[str, Balance]:
        """Per m2 of ground, `energy` in J, `water` in kg, `co2` in mg, between two states of one run."""
        return balances(before.ledger, self._stores(before), after.ledger, self._stores(after))

    def _stores(self, state: State) -> Stores:
        height = self.house.parameters.air_height_m
        heat_j = self.house.heat_j(state.shell) + self._canopy_j_k * state.canopy_c
        return Stores(heat_j, height * state.shell.vapour_kg_m3, height * state.shell.co2_mg_m3)


def load(name: str = "tunnel_8m", seed: int | None = None) -> Tunnel:
    """The tunnel of `simulator/parameters/{name}.yaml`; with a seed, one of its siblings."""
    house, crop = (tuple(field.name for field in fields(kind)) for kind in (FilmHouseParameters, CropParameters))
    values = load_physical(name, "tunnel", (*house, *crop), seed)
    return Tunnel(
        FilmHouseParameters(**{key: values[key] for key in house}), CropParameters(**{key: values[key] for key in crop})
    )


def _air(state: State) -> tuple[float, float]:
    return state.shell.air_c, state.shell.vapour_kg_m3
