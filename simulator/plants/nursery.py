"""A seedling nursery: benches with bottom heat under a film, mist in pulses, and seeds that count warm hours.

The house is that of the tunnel (`film_house`) with closed ends and a heater. Mist evaporates in part on its way down;
what arrives stands on the leaves as a film until it has dried. ../shared/physics.md 7.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

from simulator.plants.careful import STEP_S, careful
from simulator.plants.film_house import (
    AIR,
    GROUND,
    OWN,
    SUN_PHOTONS_UMOL_J,
    VAPOUR,
    FilmHouse,
    FilmHouseParameters,
    Radiator,
    Shell,
)
from simulator.plants.leaves import CropParameters, co2_breath_mg_m2_s, co2_uptake_mg_m2_s, transpiration_m_s
from simulator.plants.ledger import Balance, Ledger, Stores, balances
from simulator.plants.moist_air import (
    AIR_J_M3_K,
    LATENT_J_KG,
    co2_ppm,
    natural_w_m2_k,
    saturation,
    vapour_pa,
)
from simulator.plants.network import Network
from simulator.plants.physical import load_physical
from simulator.plants.plant import Port, Weather
from simulator.plants.surroundings import WEATHER_OUTPUTS, Outside, given, outside, shown, weather_seen

INPUTS: Mapping[str, Port] = {
    "mist": Port("-", 0.0, 1.0, note="valve of the mist lines"),
    "bottom_heat": Port("-", 0.0, 1.0, note="heating mats under the benches"),
    "heater": Port("-", 0.0, 1.0, note="hot-air heater"),
    "vent": Port("-", 0.0, 1.0, note="film rolled up along the sides; 1 is fully open"),
    "shade": Port("-", 0.0, 1.0, note="screen over the roof; 1 is closed"),
}
OUTPUTS: Mapping[str, Port] = {
    "air.temperature": Port("degC", -60.0, 90.0),
    "air.relative_humidity": Port("%", 0.0, 100.0),
    "air.vpd": Port("kPa", 0.0, 80.0, note="deficit of the air"),
    "air.co2": Port("ppm", 0.0, 100000.0),
    "leaf.temperature": Port("degC", -60.0, 90.0),
    "leaf.film": Port("mm", 0.0, 1.0, note="water that stands on the leaves, per m2 of leaf"),
    "substrate.temperature": Port("degC", -60.0, 90.0),
    "film.temperature": Port("degC", -60.0, 90.0),
    "inside.ppfd": Port("umol/m2/s", 0.0, 5000.0, note="over the benches"),
    "germination": Port("%", 0.0, 100.0, note="of the seeds that can"),
    "vent": Port("-", 0.0, 1.0, note="as given"),
    "energy.heat": Port("kWh", 0.0, 1e9, note="heater and mats since the start, whole house"),
    "water.misted": Port("L", 0.0, 1e9, note="since the start, whole house"),
    **WEATHER_OUTPUTS,
}
_LEAF, _SUBSTRATE = OWN, OWN + 1
_STEEPNESS = 6
"""Of the log-logistic curve of germination over thermal time: nine seeds of ten come within 0.7 to 1.4 of the half."""


@dataclass(frozen=True, slots=True)
class BenchParameters:
    """Benches, mist and seeds. Names as in the parameter file."""

    bench_share: float
    substrate_m: float
    substrate_heat_capacity_j_m3_k: float
    substrate_wetness: float
    substrate_absorption: float
    bench_below_w_m2_k: float
    bottom_heat_w_m2: float
    heater_capacity_w_m2: float
    shade_transmission: float
    mist_kg_m2_s: float
    mist_evaporates: float
    leaf_film_kg_m2: float
    germination_base_c: float
    germination_best_c: float
    germination_ceiling_c: float
    germination_half_c_d: float


class State(NamedTuple):
    """Per m2 of ground."""

    shell: Shell
    leaf_c: float
    substrate_c: float
    film_kg: float
    """Water on the leaves."""
    thermal_time: float
    """1 when half of the seeds have germinated."""
    heat_j: float
    misted_kg: float
    ledger: Ledger


class Nursery:
    """See `simulator.plants.plant.Plant`."""

    inputs = INPUTS
    outputs = OUTPUTS
    step_s = STEP_S

    def __init__(self, house: FilmHouseParameters, bench: BenchParameters, seedlings: CropParameters) -> None:
        self.house = FilmHouse(house)
        self.bench = bench
        self.seedlings = seedlings
        self._leaf_m2 = bench.bench_share * seedlings.leaf_area_index
        self._leaf_j_k = seedlings.leaf_heat_capacity_j_m2_k * self._leaf_m2
        self._substrate_j_k = bench.bench_share * bench.substrate_m * bench.substrate_heat_capacity_j_m3_k
        self._most_kg = bench.leaf_film_kg_m2 * self._leaf_m2

    def initial(self) -> State:
        shell = self.house.initial()
        return State(shell, shell.air_c, shell.air_c, 0.0, 0.0, 0.0, 0.0, Ledger())

    def advance(self, state: State, inputs: Mapping[str, float], weather: Weather, dt_s: float) -> State:
        drive = given(inputs, INPUTS)
        sky = outside(weather)
        shaded = 1.0 - drive["shade"] * (1.0 - self.bench.shade_transmission)
        sky = sky._replace(radiation_w_m2=shaded * sky.radiation_w_m2)
        return careful(lambda was, s: self._step(was, drive, sky, s), _air, state, dt_s)

    def _step(self, was: State, drive: Mapping[str, float], sky: Outside, dt_s: float) -> State:
        h, b, crop, shell, leaf_c = self.house, self.bench, self.seedlings, was.shell, was.leaf_c
        vapour, share = shell.vapour_kg_m3, b.bench_share
        net = Network(
            (shell.air_c, shell.film_c, shell.ground_c, vapour, leaf_c, was.substrate_c),
            (*h.capacities, self._leaf_j_k, self._substrate_j_k),
            dt_s,
        )
        light = h.light_w_m2(sky)
        leaf_w = share * crop.canopy_absorption * crop.cover * light
        substrate_w = share * b.substrate_absorption * (1.0 - crop.cover) * light
        leaves = crop.fir_cover
        joined = h.join(
            net, shell, sky, drive["vent"], (1.0 - share) * light,
            (
                Radiator(GROUND, shell.ground_c, 1.0 - share),
                Radiator(_LEAF, leaf_c, share * leaves),
                Radiator(_SUBSTRATE, was.substrate_c, share * (1.0 - leaves)),
            ),
        )  # fmt: skip
        heater_w = drive["heater"] * b.heater_capacity_w_m2
        mats_w = drive["bottom_heat"] * share * b.bottom_heat_w_m2
        net.give(AIR, heater_w)
        net.give(_LEAF, leaf_w)
        net.give(_SUBSTRATE, substrate_w + mats_w)
        substrate_air = natural_w_m2_k(was.substrate_c, shell.air_c)
        net.join(_LEAF, AIR, 2.0 * crop.leaf_convection_w_m2_k * self._leaf_m2)
        net.join(_SUBSTRATE, AIR, share * (substrate_air + b.bench_below_w_m2_k))

        # Mist: part of it never arrives, the rest wets leaves until they drip. What evaporates follows the deficit
        # within the step, or a burst would throw the air from dry to fog and back.
        misted = drive["mist"] * b.mist_kg_m2_s
        damp, damp_slope = saturation(shell.air_c)
        damp_rest = damp - damp_slope * shell.air_c
        flashing = b.mist_evaporates * misted / max(0.1 * damp, damp - vapour)
        if flashing > 0.0:
            net.wet(AIR, VAPOUR, LATENT_J_KG * flashing, damp_rest, damp_slope)

        # vapour of leaves, wet and dry, and of the substrate
        leaf, leaf_slope = saturation(leaf_c)
        leaf_rest = leaf - leaf_slope * leaf_c
        wet_share = (was.film_kg / self._most_kg) ** (2.0 / 3.0)
        free = 2.0 * self._leaf_m2 / crop.boundary_resistance_s_m
        from_film = wet_share * free
        if vapour > leaf:
            from_film = free  # dew
        elif from_film * leaf * dt_s > 0.5 * was.film_kg:
            from_film = 0.5 * was.film_kg / (leaf * dt_s)
        deficit_pa = max(0.0, vapour_pa(leaf - vapour, leaf_c))
        from_leaf = (1.0 - wet_share) * share * transpiration_m_s(crop, light, deficit_pa) if vapour <= leaf else 0.0
        net.wet(_LEAF, VAPOUR, LATENT_J_KG * (from_film + from_leaf), leaf_rest, leaf_slope)
        soaked, soaked_slope = saturation(was.substrate_c)
        soaked_rest = soaked - soaked_slope * was.substrate_c
        from_substrate = share * b.substrate_wetness * substrate_air / AIR_J_M3_K
        net.wet(_SUBSTRATE, VAPOUR, LATENT_J_KG * from_substrate, soaked_rest, soaked_slope)

        now = net.solve()
        flashed = flashing * (damp_rest + damp_slope * now[AIR] - now[VAPOUR])
        excess = leaf_rest + leaf_slope * now[_LEAF] - now[VAPOUR]
        transpired, dried = from_leaf * excess, from_film * excess
        steamed = from_substrate * (soaked_rest + soaked_slope * now[_SUBSTRATE] - now[VAPOUR])
        film_kg = was.film_kg + dt_s * (misted - flashed - dried)
        # a leaf that dried further than it was wet took the rest from its stomata
        kept_kg = min(self._most_kg, max(0.0, film_kg))
        ppm = co2_ppm(shell.co2_mg_m3, shell.air_c, sky.pressure_pa)
        taken = share * co2_uptake_mg_m2_s(crop, leaf_c, ppm, SUN_PHOTONS_UMOL_J * light)
        settled = h.settle(
            shell, now, joined, sky, dt_s, share * co2_breath_mg_m2_s(crop, leaf_c), taken / max(shell.co2_mg_m3, 1.0)
        )
        return State(
            settled.shell,
            now[_LEAF],
            now[_SUBSTRATE],
            kept_kg,
            was.thermal_time + dt_s * self.germinates_per_s(was.substrate_c),
            was.heat_j + dt_s * (heater_w + mats_w),
            was.misted_kg + dt_s * misted,
            was.ledger.plus(
                dt_s, (*settled.heat_w, heater_w, leaf_w, substrate_w, mats_w),
                (*settled.water_kg_s, misted, transpired, steamed, (kept_kg - film_kg) / dt_s), settled.co2_mg_s,
            ),
        )  # fmt: skip

    def germinates_per_s(self, seed_c: float) -> float:
        """Thermal time: in proportion to the warmth above a base, dying away between the best and a ceiling."""
        b = self.bench
        warmth_k = min(seed_c, b.germination_best_c) - b.germination_base_c
        if seed_c > b.germination_best_c:
            warmth_k *= (b.germination_ceiling_c - seed_c) / (b.germination_ceiling_c - b.germination_best_c)
        return max(0.0, warmth_k) / (b.germination_half_c_d * 86400.0)

    def observe(self, state: State, inputs: Mapping[str, float], weather: Weather) -> dict[str, float]:
        drive, sky, shell = given(inputs, INPUTS), outside(weather), state.shell
        m2 = self.house.parameters.floor_area_m2
        shaded = 1.0 - drive["shade"] * (1.0 - self.bench.shade_transmission)
        saturated, _ = saturation(shell.air_c)
        come = state.thermal_time**_STEEPNESS
        return shown(
            {
                "air.temperature": shell.air_c,
                "air.relative_humidity": 100.0 * shell.vapour_kg_m3 / saturated,
                "air.vpd": 1e-3 * vapour_pa(saturated - shell.vapour_kg_m3, shell.air_c),
                "air.co2": co2_ppm(shell.co2_mg_m3, shell.air_c, sky.pressure_pa),
                "leaf.temperature": state.leaf_c,
                "leaf.film": state.film_kg / self._leaf_m2,
                "substrate.temperature": state.substrate_c,
                "film.temperature": shell.film_c,
                "inside.ppfd": SUN_PHOTONS_UMOL_J * shaded * self.house.light_w_m2(sky),
                "germination": 100.0 * come / (1.0 + come),
                "vent": drive["vent"],
                "energy.heat": state.heat_j * m2 / 3.6e6,
                "water.misted": state.misted_kg * m2,
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
        heat_j = self.house.heat_j(state.shell)
        heat_j += self._leaf_j_k * state.leaf_c + self._substrate_j_k * state.substrate_c
        water_kg = height * state.shell.vapour_kg_m3 + state.film_kg
        return Stores(heat_j, water_kg, height * state.shell.co2_mg_m3)


def load(name: str = "nursery_500m2", seed: int | None = None) -> Nursery:
    """The nursery of `simulator/parameters/{name}.yaml`; with a seed, one of its siblings."""
    house, bench, crop = (
        tuple(field.name for field in fields(kind)) for kind in (FilmHouseParameters, BenchParameters, CropParameters)
    )
    values = load_physical(name, "nursery", (*house, *bench, *crop), seed)
    return Nursery(
        FilmHouseParameters(**{key: values[key] for key in house}),
        BenchParameters(**{key: values[key] for key in bench}),
        CropParameters(**{key: values[key] for key in crop}),
    )


def _air(state: State) -> tuple[float, float]:
    return state.shell.air_c, state.shell.vapour_kg_m3
