"""A fish pond under the open sky: two layers of green water, fish in the upper one, paddle wheels and a feeder."""

from collections.abc import Mapping
from dataclasses import fields
from math import exp, floor, log10
from typing import NamedTuple

from foundation.water import CACO3_MG_MEQ, CO2_MG_MMOL, NITROGEN_MG_MMOL, oxygen_exchange_m_h
from simulator.parameters import load_parameters
from simulator.plants.biology import CO2_PER_O2_G, MOST_A_STEP, aerator_transfer_kg_h
from simulator.plants.fish import PROTEIN_N, Fish, live, stocked
from simulator.plants.plant import Port, Weather
from simulator.plants.pond_flows import Body, flow, nitrogen_g
from simulator.plants.pond_heat import WATER_J_M3_K, mixing_m_h, sane, surface_heat
from simulator.plants.pond_mud import Mud, rot, settle
from simulator.plants.pond_parameters import PondParameters
from simulator.plants.pond_water import (
    OXYGEN_PER_N_G,
    Layer,
    chlorophyll_ug_l,
    extinction_per_m,
    light_use,
    live_layer,
)
from simulator.plants.ras_water import (
    Chemistry,
    carbonic_share,
    chemistry,
    from_air,
    hydrogen_mol_l,
    nh3_share,
)
from simulator.plants.wet_parameters import unphysical

INPUTS: Mapping[str, Port] = {
    "aerator1": Port("", 0.0, 1.0, 0.0, "paddle wheel"),
    "aerator2": Port("", 0.0, 1.0, 0.0, "paddle wheel"),
    "feeder": Port("", 0.0, 1.0, 0.0, "running"),
    "makeup.valve": Port("", 0.0, 1.0, 0.0, "new water; what is too much runs over"),
    "drain.valve": Port("", 0.0, 1.0, 0.0, "from the bottom"),
    "algae.crash": Port("", 0.0, 1.0, 0.0, "fault: how fast the bloom dies"),
    "fish.stress": Port("", 0.0, 1.0, 0.0, "handling: up to half as much oxygen again"),
}

OUTPUTS: Mapping[str, Port] = {
    "pond.oxygen": Port("mg/L", 0.0, 100.0, note="upper layer, where the fish are"),
    "pond.oxygen_saturation": Port("%", 0.0, 1500.0),
    "bottom.oxygen": Port("mg/L", 0.0, 100.0),
    "pond.temperature": Port("degC", -1.0, 60.0),
    "bottom.temperature": Port("degC", -1.0, 60.0),
    "pond.ph": Port("pH", 4.0, 11.0),
    "pond.tan": Port("mg/L", 0.0, 1000.0, note="as N"),
    "pond.nh3": Port("mg/L", 0.0, 1000.0, note="un-ionised, as N"),
    "pond.nitrate": Port("mg/L", 0.0, 1000.0, note="as N"),
    "pond.alkalinity": Port("mg/L", 0.0, 5000.0, note="as CaCO3"),
    "pond.chlorophyll": Port("ug/L", 0.0, 10000.0),
    "pond.level": Port("%", 0.0, 150.0, note="of the depth it is built for"),
    "pond.biomass": Port("kg", 0.0, 1e6),
    "pond.fish": Port("", 0.0, 1e7, note="alive"),
    "pond.mean_weight": Port("g", 0.0, 20000.0),
    "aerator1.current": Port("A", 0.0, 50.0),
    "aerator2.current": Port("A", 0.0, 50.0),
    "fed": Port("g", 0.0, 1e12, note="counter of the feeder"),
    "energy.electricity": Port("kWh", 0.0, 1e9, note="counter"),
    "outside.temperature": Port("degC", -60.0, 60.0),
}


class Books(NamedTuple):
    """All that ever came in, less all that ever left."""

    water_m3: float = 0.0
    oxygen_g: float = 0.0
    nitrogen_g: float = 0.0
    alkalinity_mol: float = 0.0
    carbon_mol: float = 0.0
    heat_j: float = 0.0


class PondState(NamedTuple):
    """One moment of the pond."""

    upper: Layer
    lower: Layer
    upper_m3: float
    """The lower layer keeps its volume: the surface moves."""
    upper_c: float
    lower_c: float
    mud: Mud
    fish: Fish
    fed_g: float
    electricity_kwh: float
    books: Books


def load(name: str = "tilapia_pond_2000m2", seed: int | None = None) -> "Pond":
    """The pond of `simulator/parameters/{name}.yaml`; `seed` moves what declares a spread."""
    known = [field.name for field in fields(PondParameters)]
    return Pond(PondParameters(**load_parameters(name, plant="pond", known=known, seed=seed, check=unphysical)))


class Pond:
    """See `Plant`. Explicit Euler: every rate is taken at the start of the step."""

    inputs = INPUTS
    outputs = OUTPUTS
    step_s = 30.0

    def __init__(self, parameters: PondParameters) -> None:
        p = self.parameters = parameters
        self._lower_m3 = p.area_m2 * p.lower_m
        self._full_m3 = p.area_m2 * p.upper_m

    def initial(self) -> PondState:
        """Midnight in a pond that has been green for weeks."""
        p = self.parameters

        def layer(volume_m3: float, water_c: float, oxygen_mg_l: float) -> Layer:
            c = self._chemistry(water_c, 101325.0)
            alkalinity, h = p.start_alkalinity_mg_l / CACO3_MG_MEQ, 10.0**-p.start_ph
            carbon = alkalinity * (h * h + c.k1 * h + c.k1 * c.k2) / (c.k1 * h + 2.0 * c.k1 * c.k2)
            return Layer(
                volume_m3 * oxygen_mg_l,
                volume_m3 * p.start_tan_mg_l,
                volume_m3 * p.start_nitrate_mg_l,
                volume_m3 * carbon,
                volume_m3 * alkalinity,
                volume_m3 * p.start_chlorophyll_ug_l / (1000.0 * p.algae_chl_per_n),
                volume_m3 * p.start_debris_oxygen_mg_l / OXYGEN_PER_N_G,
                volume_m3 * p.start_debris_oxygen_mg_l,
                0.0,
            )

        sediment_g = p.area_m2 * p.start_sediment_oxygen_g_m2
        return PondState(
            layer(self._full_m3, p.start_water_c, p.start_oxygen_mg_l),
            layer(self._lower_m3, p.start_lower_c, p.start_lower_oxygen_mg_l),
            self._full_m3,
            p.start_water_c,
            p.start_lower_c,
            Mud(sediment_g / OXYGEN_PER_N_G, sediment_g),
            stocked(p),
            0.0,
            0.0,
            Books(),
        )

    def advance(self, state: PondState, inputs: Mapping[str, float], weather: Weather, dt_s: float) -> PondState:
        """The pond `dt_s` later."""
        p = self.parameters
        aerator1, aerator2, feeder, makeup, drain, crash, stress = _positions(inputs)
        weather = sane(weather)
        dt_h = dt_s / 3600.0
        upper, lower, upper_m3, lower_m3 = state.upper, state.lower, state.upper_m3, self._lower_m3
        upper_c, lower_c = state.upper_c, state.lower_c
        above, below = self._chemistry(upper_c, weather.pressure_pa), self._chemistry(lower_c, weather.pressure_pa)
        depth_m = upper_m3 / p.area_m2

        # light and life: every rate is taken at the start of the step
        par_w_m2 = p.par_share * (1.0 - p.albedo) * weather.global_radiation_w_m2
        extinction, dark = extinction_per_m(p, upper, upper_m3), extinction_per_m(p, lower, lower_m3)
        passed = exp(-extinction * depth_m)
        lit = light_use(par_w_m2, extinction, depth_m, p.photosynthesis_par_w_m2)
        dim = light_use(par_w_m2 * passed, dark, p.lower_m, p.photosynthesis_par_w_m2)
        upper_h, lower_h = hydrogen_mol_l(upper, upper_m3, above), hydrogen_mol_l(lower, lower_m3, below)
        fed_g, nh3_mg_l = p.feeder_g_s * feeder * dt_s, upper.tan / upper_m3 * nh3_share(upper_h, above)
        fish, did = live(p, state.fish, fed_g, upper.oxygen, upper_m3, nh3_mg_l, upper_c, stress, dt_h)
        on_top = live_layer(p, upper, upper_m3, upper_c, above, upper_h, lit, crash, dt_h)
        deep = live_layer(p, lower, lower_m3, lower_c, below, lower_h, dim, crash, dt_h)
        wheels = aerator1 + aerator2
        aired_g, gassed_mol = self._aired(upper, upper_m3, upper_c, above, upper_h, weather, wheels, dt_h)

        # fish: what they breathe and leave; dung and lost feed sink as debris
        feed_n = PROTEIN_N * p.feed_protein
        excreted_n = did.tan_g + did.wasted_feed_g * max(0.0, feed_n - p.solids_nitrogen)
        dung_g = did.solids_g + did.wasted_feed_g * min(1.0, feed_n / p.solids_nitrogen)
        breathed_mol = p.respiratory_quotient * did.oxygen_g * CO2_PER_O2_G / CO2_MG_MMOL
        upper = on_top.layer
        upper = upper._replace(
            oxygen=upper.oxygen + aired_g - did.oxygen_g,
            tan=upper.tan + excreted_n,
            carbon=upper.carbon + breathed_mol + gassed_mol,
            alkalinity=upper.alkalinity + excreted_n / NITROGEN_MG_MMOL,
            debris_n=upper.debris_n + dung_g * p.solids_nitrogen,
            debris_oxygen=upper.debris_oxygen + dung_g * p.solids_oxygen,
        )

        upper, lower, mud = settle(p, upper, deep.layer, state.mud, depth_m, dt_h)
        ground = rot(p, mud, lower, lower_m3, lower_c, dt_h)
        body, through = flow(
            p,
            Body(upper, ground.lower, upper_m3, upper_c, lower_c),
            surface_heat(p, weather, upper_c, lower_c, passed),
            mixing_m_h(p, upper_c, lower_c, weather.wind_m_s, wheels),
            makeup,
            drain,
            dt_s,
        )
        was = state.books
        return PondState(
            *body,
            ground.mud,
            fish,
            state.fed_g + fed_g,
            state.electricity_kwh + p.aerator_kw * wheels * dt_h,
            Books(
                was.water_m3 + through.water_m3,
                was.oxygen_g
                + (on_top.oxygen_g + deep.oxygen_g + aired_g - did.oxygen_g - ground.oxygen_g + through.oxygen_g),
                was.nitrogen_g
                + (
                    PROTEIN_N * p.feed_protein * fed_g - did.lost_nitrogen_g - ground.denitrified_g + through.nitrogen_g
                ),
                was.alkalinity_mol
                + (on_top.alkalinity_mol + deep.alkalinity_mol + ground.alkalinity_mol + through.alkalinity_mol)
                + excreted_n / NITROGEN_MG_MMOL,
                was.carbon_mol
                + (on_top.carbon_mol + deep.carbon_mol + ground.carbon_mol + through.carbon_mol)
                + (breathed_mol + gassed_mol),
                was.heat_j + through.heat_j,
            ),
        )

    def observe(self, state: PondState, inputs: Mapping[str, float], weather: Weather) -> dict[str, float]:
        """True values; probes, their lags and their noise are the devices' part."""
        p = self.parameters
        aerator1, aerator2 = _positions(inputs)[:2]
        pressure_pa = weather.pressure_pa
        c = self._chemistry(state.upper_c, pressure_pa if 60000.0 <= pressure_pa <= 110000.0 else 101325.0)
        upper, m3 = state.upper, state.upper_m3
        h = hydrogen_mol_l(upper, m3, c)
        return {
            "pond.oxygen": upper.oxygen / m3,
            "pond.oxygen_saturation": 100.0 * upper.oxygen / m3 / c.oxygen_saturation_mg_l,
            "bottom.oxygen": state.lower.oxygen / self._lower_m3,
            "pond.temperature": state.upper_c,
            "bottom.temperature": state.lower_c,
            "pond.ph": -log10(h),
            "pond.tan": upper.tan / m3,
            "pond.nh3": upper.tan / m3 * nh3_share(h, c),
            "pond.nitrate": upper.nitrate / m3,
            "pond.alkalinity": upper.alkalinity / m3 * CACO3_MG_MEQ,
            "pond.chlorophyll": chlorophyll_ug_l(p, upper, m3),
            "pond.level": 100.0 * (m3 + self._lower_m3) / (self._full_m3 + self._lower_m3),
            "pond.biomass": state.fish.alive * state.fish.weight_g / 1000.0,
            "pond.fish": float(floor(state.fish.alive + 0.5)),
            "pond.mean_weight": state.fish.weight_g,
            "aerator1.current": self._current_a(aerator1),
            "aerator2.current": self._current_a(aerator2),
            "fed": state.fed_g,
            "energy.electricity": state.electricity_kwh,
            "outside.temperature": sane(weather).air_c,
        }

    def closure(self, before: PondState, after: PondState) -> dict[str, float]:
        """What the books miss between two states of one run, as a share of what was in stock or came in."""
        missing = {}
        for name, old, new, old_net, new_net in zip(
            Books._fields, self._stock(before), self._stock(after), before.books, after.books, strict=True
        ):
            came = new_net - old_net
            missing[name.rsplit("_", 1)[0]] = abs(new - old - came) / (1e-9 + abs(old) + abs(came))
        return missing

    def _stock(self, state: PondState) -> Books:
        p, fish, both = self.parameters, state.fish, (state.upper, state.lower)
        heat_m3_k = state.upper_m3 * state.upper_c + self._lower_m3 * state.lower_c
        gut_n_g = PROTEIN_N * p.feed_protein * (fish.stomach_g + fish.gut_g)
        return Books(
            state.upper_m3,
            sum(layer.oxygen for layer in both),
            sum(nitrogen_g(layer) for layer in both) + state.mud.nitrogen + gut_n_g + fish.body_n_g,
            sum(layer.alkalinity for layer in both),
            sum(layer.carbon for layer in both),
            WATER_J_M3_K * heat_m3_k,
        )

    def _aired(
        self,
        upper: Layer,
        upper_m3: float,
        upper_c: float,
        c: Chemistry,
        h_mol_l: float,
        weather: Weather,
        wheels: float,
        dt_h: float,
    ) -> tuple[float, float]:
        """Oxygen in g and carbon in mol that the air gives in a step, at the surface and by paddle wheels."""
        p = self.parameters
        renewed = oxygen_exchange_m_h(upper_c, weather.wind_m_s) / (upper_m3 / p.area_m2) * dt_h
        aired_g = from_air(upper.oxygen, c.oxygen_saturation_mg_l * upper_m3, renewed)
        rated_kg_h = p.aerator_kw * p.aerator_kg_kwh * wheels
        aired_g += (
            1000.0
            * dt_h
            * aerator_transfer_kg_h(
                rated_kg_h, p.aerator_alpha, p.aerator_beta, c.oxygen_saturation_mg_l, upper.oxygen / upper_m3, upper_c
            )
        )
        renewed += rated_kg_h * p.aerator_alpha * 1000.0 / 9.09 / upper_m3 * dt_h  # the same drops carry CO2
        carbonic = upper.carbon * carbonic_share(h_mol_l, c)
        return (
            max(aired_g, -MOST_A_STEP * upper.oxygen),
            from_air(carbonic, weather.co2_ppm * c.carbonic_mol_m3_ppm * upper_m3, renewed),
        )

    def _current_a(self, aerator: float) -> float:
        p = self.parameters
        return p.aerator_idle_a + (p.aerator_full_a - p.aerator_idle_a) * aerator if aerator > 0.0 else 0.0

    def _chemistry(self, water_c: float, pressure_pa: float) -> Chemistry:
        return chemistry(round(water_c * 100.0), round(pressure_pa * 0.01), self.parameters.ionic_strength_mol_l)


_DEFAULTS = tuple((name, port.default) for name, port in INPUTS.items())


def _positions(inputs: Mapping[str, float]) -> list[float]:
    """NaN counts as 0."""
    asked = [inputs.get(name, default) for name, default in _DEFAULTS]
    return [x if 0.0 <= x <= 1.0 else (1.0 if x > 1.0 else 0.0) for x in asked]
