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
from simulator.plants.pond_heat import WATER_J_M3_K, mixing_m_h, sane, surface_heat
from simulator.plants.pond_parameters import PondParameters
from simulator.plants.pond_water import (
    OXYGEN_PER_N_G,
    Layer,
    chlorophyll_ug_l,
    extinction_per_m,
    light_use,
    live_layer,
    mixed,
    without,
)
from simulator.plants.ras_water import (
    O2_G_MOL,
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
    sediment_n_g: float
    sediment_oxygen_g: float
    """What the decay of the sediment will take."""
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
        self._brim_m3 = p.area_m2 * p.brim_m

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
            sediment_g / OXYGEN_PER_N_G,
            sediment_g,
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
        was = state.books

        # light and life
        par_w_m2 = p.par_share * (1.0 - p.albedo) * weather.global_radiation_w_m2
        extinction, dark = extinction_per_m(p, upper, upper_m3), extinction_per_m(p, lower, lower_m3)
        passed = exp(-extinction * depth_m)
        lit = light_use(par_w_m2, extinction, depth_m, p.photosynthesis_par_w_m2)
        dim = light_use(par_w_m2 * passed, dark, p.lower_m, p.photosynthesis_par_w_m2)
        upper_h, lower_h = hydrogen_mol_l(upper, upper_m3, above), hydrogen_mol_l(lower, lower_m3, below)
        oxygen_mg_l, nh3_mg_l = upper.oxygen, upper.tan / upper_m3 * nh3_share(upper_h, above)
        fed_g = p.feeder_g_s * feeder * dt_s
        fish, did = live(p, state.fish, fed_g, oxygen_mg_l, upper_m3, nh3_mg_l, upper_c, stress, dt_h)
        on_top = live_layer(p, upper, upper_m3, upper_c, above, upper_h, lit, crash, dt_h)
        deep = live_layer(p, lower, lower_m3, lower_c, below, lower_h, dim, crash, dt_h)
        upper, lower = on_top.layer, deep.layer

        # air at the surface, thrown by wind and by paddle wheels
        renewed = oxygen_exchange_m_h(upper_c, weather.wind_m_s) / depth_m * dt_h
        aired_g = from_air(state.upper.oxygen, above.oxygen_saturation_mg_l * upper_m3, renewed)
        thrown_kg_h = aerator_transfer_kg_h(
            p.aerator_kw * p.aerator_kg_kwh * (aerator1 + aerator2),
            p.aerator_alpha,
            p.aerator_beta,
            above.oxygen_saturation_mg_l,
            state.upper.oxygen / upper_m3,
            upper_c,
        )
        aired_g = max(aired_g + 1000.0 * thrown_kg_h * dt_h, -MOST_A_STEP * state.upper.oxygen)
        wheels = p.aerator_kw * p.aerator_kg_kwh * p.aerator_alpha * (aerator1 + aerator2)
        renewed += wheels * 1000.0 / 9.09 / upper_m3 * dt_h  # the same drops carry CO2
        carbonic = state.upper.carbon * carbonic_share(upper_h, above)
        gassed_mol = from_air(carbonic, weather.co2_ppm * above.carbonic_mol_m3_ppm * upper_m3, renewed)

        # fish: what they breathe and leave; dung and lost feed sink as debris
        leached_n = did.wasted_feed_g * (PROTEIN_N * p.feed_protein - p.solids_nitrogen)
        excreted_n = did.tan_g + leached_n
        dung_g = did.solids_g + did.wasted_feed_g
        breathed_mol = p.respiratory_quotient * did.oxygen_g * CO2_PER_O2_G / CO2_MG_MMOL
        upper = upper._replace(
            oxygen=upper.oxygen + aired_g - did.oxygen_g,
            tan=upper.tan + excreted_n,
            carbon=upper.carbon + breathed_mol + gassed_mol,
            alkalinity=upper.alkalinity + excreted_n / NITROGEN_MG_MMOL,
            debris_n=upper.debris_n + dung_g * p.solids_nitrogen,
            debris_oxygen=upper.debris_oxygen + dung_g * p.solids_oxygen,
        )

        # sediment: it feeds on what settles and takes oxygen from the lower layer, or leaves it in debt
        upper, lower, settled_n, settled_g = self._settled(upper, lower, depth_m, dt_h)
        ripe = p.sediment_decay_per_d / 24.0 * p.decay_theta ** (lower_c - 20.0) * dt_h
        lower_mg_l = deep.layer.oxygen / lower_m3
        aerobic_g = state.sediment_oxygen_g * ripe * lower_mg_l / (lower_mg_l + p.decay_oxygen_half_mg_l)
        aerobic_g = min(aerobic_g, MOST_A_STEP * lower.oxygen)
        rotted_g = aerobic_g + p.sediment_anoxic_share * (state.sediment_oxygen_g * ripe - aerobic_g)
        rotted_n = state.sediment_n_g * rotted_g / (state.sediment_oxygen_g + 1e-9)
        denitrified_n = lower.nitrate * min(MOST_A_STEP, p.denitrification_m_d / 24.0 / p.lower_m * dt_h)
        lower = lower._replace(
            oxygen=lower.oxygen - aerobic_g,
            tan=lower.tan + rotted_n,
            nitrate=lower.nitrate - denitrified_n,
            carbon=lower.carbon + rotted_g / O2_G_MOL,
            alkalinity=lower.alkalinity + (rotted_n + denitrified_n) / NITROGEN_MG_MMOL,
            debt=lower.debt + rotted_g - aerobic_g,
        )

        # layers change places, new water comes on top, too much runs over, the drain takes from below
        heat = surface_heat(p, weather, upper_c, lower_c, passed)
        swapped_m3 = p.area_m2 * mixing_m_h(p, upper_c, lower_c, weather.wind_m_s, aerator1 + aerator2) * dt_h
        swapped_m3 = min(swapped_m3, MOST_A_STEP * upper_m3, MOST_A_STEP * lower_m3)
        upper, lower = mixed(upper, lower, swapped_m3 / upper_m3, swapped_m3 / lower_m3)
        new_m3 = p.makeup_m3_h * makeup * dt_h
        spare_m3 = max(0.0, upper_m3 - 0.25 * self._full_m3)
        drained_m3 = min(p.drain_m3_h * drain * dt_h, MOST_A_STEP * spare_m3)
        dried_m3 = heat.evaporated_kg_m2_s * p.area_m2 * 0.001 * dt_s
        dried_m3 = min(dried_m3, MOST_A_STEP * spare_m3)
        spilt_m3 = max(0.0, upper_m3 + new_m3 - drained_m3 - dried_m3 - self._brim_m3)
        drawn = drained_m3 / lower_m3
        spilt = min(MOST_A_STEP, spilt_m3 / upper_m3)
        sunk = drained_m3 / upper_m3  # what follows the drained water down
        lower_lost, upper_lost = _share(lower, drawn), _share(upper, spilt)
        follows = _share(upper, sunk)
        lower = Layer(*[a * (1.0 - drawn) + b for a, b in zip(lower, follows, strict=True)])
        upper = without(upper, spilt + sunk)
        new_mol = new_m3 * p.makeup_carbon_mol_m3
        new_alkalinity = new_m3 * p.makeup_alkalinity_mg_l / CACO3_MG_MEQ
        upper = upper._replace(
            oxygen=upper.oxygen + new_m3 * p.makeup_oxygen_mg_l,
            nitrate=upper.nitrate + new_m3 * p.makeup_nitrate_mg_l,
            carbon=upper.carbon + new_mol,
            alkalinity=upper.alkalinity + new_alkalinity,
        )

        # heat
        sun_j = p.area_m2 * dt_s * (heat.upper_w_m2 + heat.lower_w_m2)
        gone_j = WATER_J_M3_K * ((spilt_m3 + dried_m3) * upper_c + drained_m3 * lower_c)
        carried_j = WATER_J_M3_K * swapped_m3 * (upper_c - lower_c)
        follows_j = WATER_J_M3_K * drained_m3 * upper_c
        upper_j = WATER_J_M3_K * upper_m3 * upper_c + p.area_m2 * dt_s * heat.upper_w_m2 - carried_j - follows_j
        upper_j += WATER_J_M3_K * (new_m3 * p.makeup_c - (spilt_m3 + dried_m3) * upper_c)
        lower_j = WATER_J_M3_K * (lower_m3 - drained_m3) * lower_c + p.area_m2 * dt_s * heat.lower_w_m2
        lower_j += carried_j + follows_j
        upper_next_m3 = upper_m3 + new_m3 - drained_m3 - dried_m3 - spilt_m3

        lost_n = _nitrogen_g(lower_lost) + _nitrogen_g(upper_lost)
        gone_n = lost_n + did.lost_nitrogen_g + denitrified_n
        wheels_kw = p.aerator_kw * (aerator1 + aerator2)
        return PondState(
            upper,
            lower,
            upper_next_m3,
            upper_j / (WATER_J_M3_K * upper_next_m3),
            lower_j / (WATER_J_M3_K * lower_m3),
            state.sediment_n_g + settled_n - rotted_n,
            state.sediment_oxygen_g + settled_g - rotted_g,
            fish,
            state.fed_g + fed_g,
            state.electricity_kwh + wheels_kw * dt_h,
            Books(
                was.water_m3 + new_m3 - drained_m3 - dried_m3 - spilt_m3,
                was.oxygen_g
                + on_top.oxygen_g
                + deep.oxygen_g
                + aired_g
                - did.oxygen_g
                - aerobic_g
                + new_m3 * p.makeup_oxygen_mg_l
                - lower_lost.oxygen
                - upper_lost.oxygen,
                was.nitrogen_g + PROTEIN_N * p.feed_protein * fed_g + new_m3 * p.makeup_nitrate_mg_l - gone_n,
                was.alkalinity_mol
                + on_top.alkalinity_mol
                + deep.alkalinity_mol
                + (excreted_n + rotted_n + denitrified_n) / NITROGEN_MG_MMOL
                + new_alkalinity
                - lower_lost.alkalinity
                - upper_lost.alkalinity,
                was.carbon_mol
                + on_top.carbon_mol
                + deep.carbon_mol
                + breathed_mol
                + gassed_mol
                + rotted_g / O2_G_MOL
                + new_mol
                - lower_lost.carbon
                - upper_lost.carbon,
                was.heat_j + sun_j + WATER_J_M3_K * new_m3 * p.makeup_c - gone_j,
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
            sum(_nitrogen_g(layer) for layer in both) + state.sediment_n_g + gut_n_g + fish.body_n_g,
            sum(layer.alkalinity for layer in both),
            sum(layer.carbon for layer in both),
            WATER_J_M3_K * heat_m3_k,
        )

    def _settled(self, upper: Layer, lower: Layer, depth_m: float, dt_h: float) -> tuple[Layer, Layer, float, float]:
        """Debris on its way down: (upper, lower, nitrogen and oxygen demand that reach the ground)."""
        p = self.parameters
        sinks_m = p.debris_settling_m_d / 24.0 * dt_h
        from_upper, from_lower = min(MOST_A_STEP, sinks_m / depth_m), min(MOST_A_STEP, sinks_m / p.lower_m)
        down_n, down_g = upper.debris_n * from_upper, upper.debris_oxygen * from_upper
        out_n, out_g = lower.debris_n * from_lower, lower.debris_oxygen * from_lower
        return (
            upper._replace(debris_n=upper.debris_n - down_n, debris_oxygen=upper.debris_oxygen - down_g),
            lower._replace(
                debris_n=lower.debris_n + down_n - out_n, debris_oxygen=lower.debris_oxygen + down_g - out_g
            ),
            out_n,
            out_g,
        )

    def _current_a(self, aerator: float) -> float:
        p = self.parameters
        return p.aerator_idle_a + (p.aerator_full_a - p.aerator_idle_a) * aerator if aerator > 0.0 else 0.0

    def _chemistry(self, water_c: float, pressure_pa: float) -> Chemistry:
        return chemistry(round(water_c * 100.0), round(pressure_pa * 0.01), self.parameters.ionic_strength_mol_l)


def _share(layer: Layer, share: float) -> Layer:
    return Layer(*[amount * share for amount in layer])


def _nitrogen_g(layer: Layer) -> float:
    return layer.tan + layer.nitrate + layer.algae_n + layer.debris_n


_DEFAULTS = tuple((name, port.default) for name, port in INPUTS.items())


def _positions(inputs: Mapping[str, float]) -> list[float]:
    """NaN counts as 0."""
    asked = [inputs.get(name, default) for name, default in _DEFAULTS]
    return [x if 0.0 <= x <= 1.0 else (1.0 if x > 1.0 else 0.0) for x in asked]
