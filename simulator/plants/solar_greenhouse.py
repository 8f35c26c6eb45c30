"""A Chinese solar greenhouse: sun into wall and ground by day, a blanket over the film by night, no boiler.

The sides of the section (`solar_greenhouse_house`) exchange far infrared and heat with the air; wall, back roof and
ground store it in layers. ../shared/physics.md 7, with the flows of section 2. All stores are per m2 of ground and
step together and implicitly, so heat, water and carbon dioxide close to rounding.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import NamedTuple

from simulator.plants.careful import STEP_S, careful
from simulator.plants.leaves import CropParameters, co2_breath_mg_m2_s, co2_uptake_mg_m2_s, transpiration_m_s
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
    vapour_pa,
)
from simulator.plants.network import Network, radiant_w_m2_k
from simulator.plants.physical import load_physical
from simulator.plants.plant import Port, Weather
from simulator.plants.solar_greenhouse_house import ROOF_LAYERS, WALL_LAYERS, House, HouseParameters, Shine, names
from simulator.plants.surroundings import WEATHER_OUTPUTS, Outside, given, outside, shown, weather_seen

INPUTS: Mapping[str, Port] = {
    "blanket": Port("-", 0.0, 1.0, note="roll-up thermal blanket; 1 is down over the whole film"),
    "vent.top": Port("-", 0.0, 1.0, note="slot of the film below the ridge"),
    "vent.bottom": Port("-", 0.0, 1.0, note="slot of the film above the ground"),
    "heater": Port("-", 0.0, 1.0, note="hot-air heater for emergencies"),
}
OUTPUTS: Mapping[str, Port] = {
    "air.temperature": Port("degC", -60.0, 90.0),
    "air.relative_humidity": Port("%", 0.0, 100.0),
    "air.co2": Port("ppm", 0.0, 100000.0),
    "canopy.temperature": Port("degC", -60.0, 90.0),
    "film.temperature": Port("degC", -60.0, 90.0),
    "wall.temperature": Port("degC", -60.0, 90.0, note="inner surface of the north wall"),
    "soil.temperature": Port("degC", -60.0, 90.0, note="second layer, about 0.1 m deep"),
    "inside.ppfd": Port("umol/m2/s", 0.0, 5000.0, note="mean over the ground, above the canopy"),
    "blanket": Port("-", 0.0, 1.0, note="as given"),
    "vent.top": Port("-", 0.0, 1.0, note="as given"),
    "vent.bottom": Port("-", 0.0, 1.0, note="as given"),
    "energy.heater": Port("kWh", 0.0, 1e9, note="since the start, whole house"),
    "water.transpired": Port("L", -1e9, 1e9, note="since the start, whole house"),
    "water.condensed": Port("L", -1e9, 1e9, note="on the film and out of the air since the start, whole house"),
    **WEATHER_OUTPUTS,
}
_CANOPY, _AIR, _FILM, _BLANKET, _GROUND, _WALL, _ROOF, _VAPOUR = range(8)
_PHOTONS_UMOL_J = 2.1
"""umol of PAR per J of sunlight: 0.457 x 4.6 (../shared/physics.md 1.1)."""
_SURFACE_EMISSION = 0.9


class State(NamedTuple):
    """Temperatures in degC; the whole of it."""

    canopy_c: float
    air_c: float
    film_c: float
    blanket_c: float
    ground_c: float
    wall_c: float
    roof_c: float
    vapour_kg_m3: float
    soil_layers_c: tuple[float, ...]
    wall_layers_c: tuple[float, ...]
    roof_layers_c: tuple[float, ...]
    co2_mg_m3: float
    heater_j: float
    transpired_kg: float
    condensed_kg: float
    ledger: Ledger


class SolarGreenhouse:
    """See `simulator.plants.plant.Plant`. Figures of the whole house are in the outputs."""

    inputs = INPUTS
    outputs = OUTPUTS
    step_s = STEP_S

    def __init__(self, house: HouseParameters, crop: CropParameters) -> None:
        self.house = House(house, crop)

    def initial(self) -> State:
        p = self.house.parameters
        air_c, wall_c, soil_c = p.initial_air_c, p.initial_wall_c, p.initial_soil_c
        deeper = (p.initial_deep_soil_c - soil_c) / len(self.house.soil.capacities_j_k)
        return State(
            canopy_c=air_c,
            air_c=air_c,
            film_c=air_c,
            blanket_c=air_c,
            ground_c=soil_c,
            wall_c=wall_c,
            roof_c=wall_c,
            vapour_kg_m3=p.initial_relative_humidity * saturation(air_c)[0],
            soil_layers_c=tuple(soil_c + deeper * (index + 1) for index in range(len(self.house.soil.capacities_j_k))),
            wall_layers_c=(wall_c,) * WALL_LAYERS,
            roof_layers_c=(wall_c,) * ROOF_LAYERS,
            co2_mg_m3=co2_mg_m3(p.initial_co2_ppm, air_c, 101325.0),
            heater_j=0.0,
            transpired_kg=0.0,
            condensed_kg=0.0,
            ledger=Ledger(),
        )

    def advance(self, state: State, inputs: Mapping[str, float], weather: Weather, dt_s: float) -> State:
        drive, sky = given(inputs, INPUTS), outside(weather)
        shine = self.house.shine(sky, drive["blanket"])
        return careful(lambda was, s: self._step(was, drive, sky, shine, s), _air, state, dt_s)

    def _step(self, was: State, drive: Mapping[str, float], sky: Outside, shine: Shine, dt_s: float) -> State:
        h = self.house
        p, crop = h.parameters, h.crop
        air_c, film_c, vapour = was.air_c, was.film_c, was.vapour_kg_m3
        closed = drive["blanket"]
        net = Network(
            was[:8],
            (
                h.canopy_j_k, h.air_j_k, h.film_j_k, h.blanket_j_k, h.ground_j_k, h.wall_surface_j_k,
                h.roof_surface_j_k, LATENT_J_KG * h.air_m,
            ),
            dt_s,
        )  # fmt: skip

        # sun and heater
        heater_w = drive["heater"] * p.heater_capacity_w_m2
        net.give(_CANOPY, shine.canopy_w)
        net.give(_GROUND, shine.ground_w)
        net.give(_WALL, shine.wall_w)
        net.give(_FILM, shine.film_w)
        net.give(_BLANKET, shine.blanket_w)
        net.give(_AIR, heater_w)

        # convection inside and out, air through slots and leaks
        film_air = h.film_m2 * natural_w_m2_k(film_c, air_c)
        weathered = h.film_m2 * (2.8 + 1.2 * sky.wind_m_s)
        vented = h.vented_m_s(drive["vent.top"], drive["vent.bottom"], air_c, sky)
        net.join(_CANOPY, _AIR, 2.0 * crop.leaf_convection_w_m2_k * crop.leaf_area_index)
        net.join(_GROUND, _AIR, natural_w_m2_k(was.ground_c, air_c))
        net.join(_WALL, _AIR, h.wall_m2 * natural_w_m2_k(was.wall_c, air_c))
        net.join(_ROOF, _AIR, h.roof_m2 * natural_w_m2_k(was.roof_c, air_c))
        net.join(_FILM, _AIR, film_air)
        net.join(_FILM, _BLANKET, closed * h.film_m2 / p.blanket_resistance_m2_k_w)
        film_out = (1.0 - closed) * weathered
        net.tie(_FILM, film_out, sky.air_c)
        net.tie(_BLANKET, weathered, sky.air_c)
        net.tie(_AIR, AIR_J_M3_K * vented, sky.air_c)
        net.tie(_VAPOUR, LATENT_J_KG * vented, sky.vapour_kg_m3)

        # far infrared
        to_sky = self._radiate(net, was, closed, sky.sky_c)

        # vapour: leaves, film
        leaf, leaf_slope = saturation(was.canopy_c)
        deficit_pa = max(0.0, vapour_pa(leaf - vapour, was.canopy_c))
        from_leaf = transpiration_m_s(crop, shine.above_canopy_w, deficit_pa)
        leaf_rest = leaf - leaf_slope * was.canopy_c
        net.wet(_CANOPY, _VAPOUR, LATENT_J_KG * from_leaf, leaf_rest, leaf_slope)
        film, film_slope = saturation(film_c)
        film_rest = film - film_slope * film_c
        on_film = condensing_m_s(film_air, vapour - film)
        if on_film > 0.0:
            net.wet(_FILM, _VAPOUR, LATENT_J_KG * on_film, film_rest, film_slope)

        # what stands behind the surfaces
        soil = h.soil.fold(was.soil_layers_c, sky.soil_c, dt_s)
        wall = h.wall.fold(was.wall_layers_c, sky.air_c, dt_s)
        roof = h.roof.fold(was.roof_layers_c, sky.air_c, dt_s)
        net.hang(_GROUND, h.soil, soil)
        net.hang(_WALL, h.wall, wall)
        net.hang(_ROOF, h.roof, roof)

        now = net.solve()
        canopy_c, air_c, film_c, blanket_c, ground_c, wall_c, roof_c, vapour = now
        soil_c = h.soil.unfold(soil, ground_c)
        walled_c, roofed_c = h.wall.unfold(wall, wall_c), h.roof.unfold(roof, roof_c)
        transpired = from_leaf * (leaf_rest + leaf_slope * canopy_c - vapour)
        condensed = on_film * (vapour - film_rest - film_slope * film_c)
        aired = vented * (sky.vapour_kg_m3 - vapour)
        heat_w = (
            shine.canopy_w + shine.ground_w + shine.wall_w + shine.film_w + shine.blanket_w,
            heater_w,
            (film_out * (sky.air_c - film_c) + weathered * (sky.air_c - blanket_c)),
            AIR_J_M3_K * vented * (sky.air_c - air_c),
            LATENT_J_KG * aired,
            # water comes and goes as a liquid, which counts nothing
            -sum(w_k * (now[node] - sky.sky_c) for node, w_k in to_sky),
            -h.soil.beyond_w(soil_c[-1], sky.soil_c),
            -h.wall.beyond_w(walled_c[-1], sky.air_c) - h.roof.beyond_w(roofed_c[-1], sky.air_c),
        )
        air_c, vapour, dripped = drip(air_c, vapour, h.air_m, h.air_j_k)

        # carbon dioxide: what leaves take is in proportion to what is there, so the air is never emptied
        ppm = co2_ppm(was.co2_mg_m3, was.air_c, sky.pressure_pa)
        taken = co2_uptake_mg_m2_s(crop, was.canopy_c, ppm, _PHOTONS_UMOL_J * shine.above_canopy_w)
        taking = taken / max(was.co2_mg_m3, 1.0)
        given_off = co2_breath_mg_m2_s(crop, was.canopy_c) + p.soil_co2_mg_m2_s
        room = h.air_m / dt_s
        co2 = (room * was.co2_mg_m3 + given_off + vented * sky.co2_mg_m3) / (room + vented + taking)
        return State(
            canopy_c, air_c, film_c, blanket_c, ground_c, wall_c, roof_c, vapour, soil_c, walled_c, roofed_c, co2,
            was.heater_j + dt_s * heater_w,
            was.transpired_kg + dt_s * transpired,
            was.condensed_kg + dt_s * condensed + dripped,
            was.ledger.plus(
                dt_s, heat_w, (transpired, aired, -condensed, -dripped / dt_s),
                (given_off, vented * (sky.co2_mg_m3 - co2), -taking * co2),
            ),
        )  # fmt: skip

    def _radiate(self, net: Network, was: State, closed: float, sky_c: float) -> list[tuple[int, float]]:
        """Far infrared between the sides and through the film; (node, W/K) of what looks at the sky."""
        h = self.house
        p, views, leaves = h.parameters, h.views, h.crop.fir_cover
        celsius = was[:7]
        grey = _SURFACE_EMISSION * _SURFACE_EMISSION
        to_film = _SURFACE_EMISSION * p.film_emission
        through = _SURFACE_EMISSION * p.film_fir_transmission * (1.0 - closed)
        bare = 1.0 - leaves
        for one, other, m2 in (
            (_GROUND, _WALL, bare * views.ground_wall), (_CANOPY, _WALL, leaves * views.ground_wall),
            (_GROUND, _ROOF, bare * views.ground_roof), (_CANOPY, _ROOF, leaves * views.ground_roof),
            (_WALL, _ROOF, views.wall_roof), (_CANOPY, _GROUND, leaves),
        ):  # fmt: skip
            net.join(one, other, grey * m2 * radiant_w_m2_k(celsius[one], celsius[other]))
        to_sky = []
        for node, m2 in (
            (_GROUND, bare * views.ground_film), (_CANOPY, leaves * views.ground_film), (_WALL, views.wall_film),
            (_ROOF, views.roof_film),
        ):  # fmt: skip
            net.join(node, _FILM, to_film * m2 * radiant_w_m2_k(celsius[node], was.film_c))
            to_sky.append((node, through * m2 * radiant_w_m2_k(celsius[node], sky_c)))
        film_up = p.film_emission * (1.0 - closed) * h.film_m2
        to_sky.append((_FILM, film_up * radiant_w_m2_k(was.film_c, sky_c)))
        to_sky.append((_BLANKET, p.blanket_emission * h.film_m2 * radiant_w_m2_k(was.blanket_c, sky_c)))
        for node, w_k in to_sky:
            net.tie(node, w_k, sky_c)
        return to_sky

    def observe(self, state: State, inputs: Mapping[str, float], weather: Weather) -> dict[str, float]:
        drive, sky = given(inputs, INPUTS), outside(weather)
        m2 = self.house.ground_m2
        return shown(
            {
                "air.temperature": state.air_c,
                "air.relative_humidity": 100.0 * state.vapour_kg_m3 / saturation(state.air_c)[0],
                "air.co2": co2_ppm(state.co2_mg_m3, state.air_c, sky.pressure_pa),
                "canopy.temperature": state.canopy_c,
                "film.temperature": state.film_c,
                "wall.temperature": state.wall_c,
                "soil.temperature": state.soil_layers_c[1],
                "inside.ppfd": _PHOTONS_UMOL_J * self.house.shine(sky, drive["blanket"]).above_canopy_w,
                "blanket": drive["blanket"],
                "vent.top": drive["vent.top"],
                "vent.bottom": drive["vent.bottom"],
                "energy.heater": state.heater_j * m2 / 3.6e6,
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
        h = self.house
        surfaces = (
            h.canopy_j_k * state.canopy_c + h.air_j_k * state.air_c + h.film_j_k * state.film_c
            + h.blanket_j_k * state.blanket_c + h.ground_j_k * state.ground_c + h.wall_surface_j_k * state.wall_c
            + h.roof_surface_j_k * state.roof_c
        )  # fmt: skip
        behind = h.soil.heat_j(state.soil_layers_c) + h.wall.heat_j(state.wall_layers_c)
        behind += h.roof.heat_j(state.roof_layers_c)
        vapour_kg = h.air_m * state.vapour_kg_m3
        return Stores(surfaces + behind + LATENT_J_KG * vapour_kg, vapour_kg, h.air_m * state.co2_mg_m3)


def load(name: str = "solar_greenhouse_brick", seed: int | None = None) -> SolarGreenhouse:
    """The solar greenhouse of `simulator/parameters/{name}.yaml`; with a seed, one of its siblings."""
    values = load_physical(name, "solar_greenhouse", names(), seed)
    house = {field.name: values[field.name] for field in fields(HouseParameters)}
    crop = {field.name: values[field.name] for field in fields(CropParameters)}
    return SolarGreenhouse(HouseParameters(**house), CropParameters(**crop))


def _air(state: State) -> tuple[float, float]:
    return state.air_c, state.vapour_kg_m3
