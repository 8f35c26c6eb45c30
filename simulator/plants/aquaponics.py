"""Fish and lettuce on one body of water: a recirculating farm whose sump runs under rafts of lettuce.

Composed of `ras` (fish, bed, gases, pH) and of the crop and its uptake from the plant factory. What is new here are
the minerals. Alkalinity is what their charges leave over, so a root that takes nitrate gives alkalinity back, and one
that takes potassium takes it. The doser gives potash (KHCO3) instead of soda.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

from foundation.water import CO2_MG_MMOL, NITROGEN_MG_MMOL
from simulator.parameters import ParameterError, load_parameters
from simulator.plants import ras
from simulator.plants.canopy import canopy_fluxes
from simulator.plants.lettuce import Lettuce, grow, leaf_area_index, light_interception
from simulator.plants.nutrient_solution import Ions, conductivity_ms_cm
from simulator.plants.nutrient_tank import uptake_mmol
from simulator.plants.plant import Port, Weather
from simulator.plants.ras import KWH_PER_M3_K, Ras, RasState
from simulator.plants.ras_parameters import RasParameters
from simulator.plants.ras_water import NAHCO3_G_MOL
from simulator.plants.wet_parameters import unphysical

_PHOSPHATE_CHARGE = 1.4
"""Of dissolved phosphate at the pH of an aquaponic water, 6.8 to 7.2: two parts H2PO4- to one of HPO4--."""
_SOLAR_PAR_UMOL_J = 0.45 * 4.6
_UMOL_W = 5.0
"""Photons of a joule of PAR, between lamp and sun: for the heat on the leaves."""

INPUTS: Mapping[str, Port] = {
    **ras.INPUTS,
    "lamps": Port("", 0.0, 1.0, 0.0, "dimming, over the rafts"),
    "supplement.pump": Port("", 0.0, 1.0, 0.0, "potassium, calcium and magnesium salts"),
}
OUTPUTS: Mapping[str, Port] = {
    **ras.OUTPUTS,
    "water.ec": Port("mS/cm", 0.0, 500.0, note="at 25 degC"),
    "water.potassium": Port("mg/L", 0.0, 1e5),
    "water.calcium": Port("mg/L", 0.0, 1e5),
    "water.phosphorus": Port("mg/L", 0.0, 1e5, note="as P"),
    "lamps.ppfd": Port("umol/m2/s", 0.0, 5000.0, note="at the canopy, daylight included"),
    "crop.dry_mass": Port("g/m2", 0.0, 1e5),
    "crop.fresh_mass": Port("kg", 0.0, 1e6, note="standing, all rafts"),
    "crop.harvested": Port("kg", 0.0, 1e9, note="dry, counts up"),
}


@dataclass(frozen=True, slots=True)
class RaftParameters:
    """What the rafts add to the fish farm. Names as in the parameter file."""

    raft_m2: float
    raft_cover: float
    raft_lai_max: float
    raft_air_s_m: float
    raft_ammonium_share: float
    lamp_ppfd_max: float
    lamp_umol_j: float
    roof_light_share: float
    crop_start_reserves_g_m2: float
    crop_start_structure_g_m2: float
    crop_standing_max_g_m2: float
    feed_potassium_mmol_g: float
    feed_calcium_mmol_g: float
    feed_magnesium_mmol_g: float
    feed_phosphorus_mmol_g: float
    feed_sulphur_mmol_g: float
    feed_chloride_mmol_g: float
    makeup_potassium_mmol_l: float
    makeup_calcium_mmol_l: float
    makeup_magnesium_mmol_l: float
    makeup_sulphate_mmol_l: float
    makeup_chloride_mmol_l: float
    supplement_ml_min: float
    supplement_potassium_mol_l: float
    supplement_calcium_mol_l: float
    supplement_magnesium_mol_l: float
    start_potassium_mmol_l: float
    start_calcium_mmol_l: float
    start_magnesium_mmol_l: float
    start_phosphorus_mmol_l: float
    start_sulphate_mmol_l: float
    start_chloride_mmol_l: float


class Minerals(NamedTuple):
    """In the whole water, mol. Sodium is not counted: it is what closes the balance of charges."""

    potassium: float
    calcium: float
    magnesium: float
    phosphorus: float
    sulphate: float
    chloride: float


class AquaponicsState(NamedTuple):
    """Fish side, minerals, crop; the ledger of the fish side knows what the roots took and the leaves evaporated."""

    ras: RasState
    minerals: Minerals
    crop: Lettuce
    harvested_g_m2: float
    """Dry matter taken off."""
    taken_n_g: float
    """Nitrogen that roots took: part of what left the water."""
    entered: Minerals
    """All that came with feed, potash, supplement and new water, less what ran off and what roots took."""


def load(name: str = "aquaponics_50m3", seed: int | None = None) -> "Aquaponics":
    """The farm of `simulator/parameters/{name}.yaml`; `seed` moves what declares a spread."""
    fish, raft = ([field.name for field in fields(kind)] for kind in (RasParameters, RaftParameters))
    values = load_parameters(name, plant=("aquaponics", "ras"), known=[*fish, *raft], seed=seed, check=unphysical)
    return Aquaponics(
        RasParameters(**{key: values[key] for key in fish}), RaftParameters(**{key: values[key] for key in raft})
    )


class Aquaponics:
    """See `Plant`."""

    inputs = INPUTS
    outputs = OUTPUTS
    step_s = Ras.step_s

    def __init__(self, fish: RasParameters, raft: RaftParameters) -> None:
        self.fish = Ras(fish)
        self.raft = raft
        if self._sodium_mmol_l(self._start(), self.fish.initial()) < 0.0:
            raise ParameterError("start_*: the other cations outweigh the anions: that leaves less than no sodium")

    def initial(self) -> AquaponicsState:
        r = self.raft
        crop = Lettuce(r.crop_start_reserves_g_m2, r.crop_start_structure_g_m2)
        nothing = Minerals(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        return AquaponicsState(self.fish.initial(), self._start(), crop, 0.0, 0.0, nothing)

    def advance(
        self, state: AquaponicsState, inputs: Mapping[str, float], weather: Weather, dt_s: float
    ) -> AquaponicsState:
        """The farm `dt_s` later: fish and bed, then roots and leaves at the sump."""
        p, r = self.fish.parameters, self.raft
        before = state.ras
        after = self.fish.advance(before, inputs, weather, dt_s)
        was, now = before.ledger, after.ledger
        on_base, on_supplement = held(inputs, "base.pump"), held(inputs, "supplement.pump")
        minutes = dt_s / 60.0

        # minerals: with new water, potash, feed and supplement; off with what is rinsed out and runs over
        volume_m3 = before.tank_m3 + before.sump_m3 + p.mbbr_m3
        base_m3 = p.base_ml_min * 1e-6 * on_base * minutes
        new_m3 = max(0.0, now.water_in_m3 - was.water_in_m3 - base_m3)
        gone_m3 = now.water_out_m3 - was.water_out_m3 - (now.evaporated_m3 - was.evaporated_m3)
        kept = 1.0 - min(1.0, gone_m3 / volume_m3)
        fed_g = after.fish.habit_g_h * dt_s / 3600.0
        potash_mol = base_m3 * 1000.0 * p.base_g_l / NAHCO3_G_MOL
        salt_l = r.supplement_ml_min * 0.001 * on_supplement * minutes
        k, ca, mg, ph, so4, cl = state.minerals
        came = Minerals(
            new_m3 * r.makeup_potassium_mmol_l
            + potash_mol
            + 1e-3 * fed_g * r.feed_potassium_mmol_g
            + salt_l * r.supplement_potassium_mol_l,
            new_m3 * r.makeup_calcium_mmol_l
            + 1e-3 * fed_g * r.feed_calcium_mmol_g
            + salt_l * r.supplement_calcium_mol_l,
            new_m3 * r.makeup_magnesium_mmol_l
            + 1e-3 * fed_g * r.feed_magnesium_mmol_g
            + salt_l * r.supplement_magnesium_mol_l,
            1e-3 * fed_g * r.feed_phosphorus_mmol_g,
            # the supplement is potassium and magnesium sulphate, and calcium chloride: without alkalinity
            new_m3 * r.makeup_sulphate_mmol_l
            + 1e-3 * fed_g * r.feed_sulphur_mmol_g
            + salt_l * (0.5 * r.supplement_potassium_mol_l + r.supplement_magnesium_mol_l),
            new_m3 * r.makeup_chloride_mmol_l
            + 1e-3 * fed_g * r.feed_chloride_mmol_g
            + salt_l * 2.0 * r.supplement_calcium_mol_l,
        )

        # crop: it stands in the hall, by its own light
        sump, sump_m3 = after.sump, after.sump_m3
        hall_c = min(50.0, max(p.hall_c, weather.air_c + 2.0))
        ppfd = self._ppfd(inputs, weather)
        area = r.raft_m2 * r.raft_cover
        litres = 1000.0 * sump_m3
        share = 1000.0 * sump_m3 / (volume_m3 + after.sump_m3 - before.sump_m3)
        at_roots: Ions = (
            k * share,
            ca * share,
            mg * share,
            1000.0 * sump.tan / NITROGEN_MG_MMOL,
            1000.0 * sump.nitrate / NITROGEN_MG_MMOL,
            ph * share,
            so4 * share,
            0.0,
            cl * share,
            0.0,
        )
        nitrate, potassium = at_roots[4] / litres, at_roots[0] / litres
        thirst = min(1.0, max(0.0, sump_m3 / p.sump_dead_m3 - 1.0))
        crop, growth = grow(
            state.crop,
            air_c=hall_c,
            co2_ppm=p.hall_co2_ppm,
            ppfd=ppfd,
            interception=light_interception(state.crop),
            root_c=after.water_c,
            vigour=thirst * min(nitrate / (nitrate + 0.06), potassium / (potassium + 0.035)),
            dt_s=dt_s,
        )
        tissue_g = area * growth.tissue_g_m2_s * dt_s
        taken = uptake_mmol(at_roots, litres, tissue_g, r.raft_ammonium_share)
        alkalinity_mol = 1e-3 * (
            taken[4] + 2.0 * taken[6] + _PHOSPHATE_CHARGE * taken[5] - taken[0] - 2.0 * (taken[1] + taken[2]) - taken[3]
        )
        if alkalinity_mol < -0.5 * sump.alkalinity:  # water turned sour: roots let go
            eased = 0.5 * sump.alkalinity / -alkalinity_mol
            taken = tuple([amount * eased for amount in taken])
            alkalinity_mol *= eased
        leaves = min(r.raft_lai_max, leaf_area_index(state.crop))
        evaporated_g_m2_h = canopy_fluxes(
            hall_c, 0.01 * p.hall_humidity, ppfd, leaves, ppfd / _UMOL_W, r.raft_air_s_m
        ).transpiration_g_m2_h
        transpired_m3 = thirst * area * max(0.0, evaporated_g_m2_h) * 1e-6 * dt_s / 3600.0
        in_tissue_m3 = 1e-6 * tissue_g * (1.0 / crop.dry_share - 1.0)
        drawn_m3 = min(transpired_m3 + in_tissue_m3, 0.1 * sump_m3)
        nitrogen_g = 1e-3 * NITROGEN_MG_MMOL * (taken[3] + taken[4])
        root_mol = area * growth.root_co2_g_m2_s * dt_s / CO2_MG_MMOL
        fish_side = after._replace(
            sump=sump._replace(
                tan=sump.tan - 1e-3 * NITROGEN_MG_MMOL * taken[3],
                nitrate=sump.nitrate - 1e-3 * NITROGEN_MG_MMOL * taken[4],
                alkalinity=sump.alkalinity + alkalinity_mol,
                carbon=sump.carbon + root_mol,
            ),
            sump_m3=sump_m3 + 1e-3 * salt_l - drawn_m3,
            electricity_kwh=after.electricity_kwh + self._lamps_kw(inputs) * dt_s / 3600.0,
            ledger=now._replace(
                water_in_m3=now.water_in_m3 + 1e-3 * salt_l,
                water_out_m3=now.water_out_m3 + drawn_m3,
                evaporated_m3=now.evaporated_m3 + drawn_m3,
                nitrogen_out_g=now.nitrogen_out_g + nitrogen_g,
                alkalinity_in_mol=now.alkalinity_in_mol + alkalinity_mol,
                carbon_in_mol=now.carbon_in_mol + root_mol,
                heat_kwh=now.heat_kwh + KWH_PER_M3_K * after.water_c * (1e-3 * salt_l - drawn_m3),
            ),
        )
        by_roots = (taken[0], taken[1], taken[2], taken[5], taken[6], 0.0)
        change = [a * (kept - 1.0) + b - 1e-3 * c for a, b, c in zip(state.minerals, came, by_roots, strict=True)]
        minerals = Minerals(*[a + x for a, x in zip(state.minerals, change, strict=True)])

        harvested = 0.0
        standing = crop.reserves_g_m2 + crop.structure_g_m2
        if standing > r.crop_standing_max_g_m2:
            left = r.crop_standing_max_g_m2 / standing
            harvested = standing - r.crop_standing_max_g_m2
            crop = Lettuce(crop.reserves_g_m2 * left, crop.structure_g_m2 * left, crop.dry_share)
        return AquaponicsState(
            fish_side,
            minerals,
            crop,
            state.harvested_g_m2 + harvested,
            state.taken_n_g + nitrogen_g,
            Minerals(*[a + x for a, x in zip(state.entered, change, strict=True)]),
        )

    def observe(self, state: AquaponicsState, inputs: Mapping[str, float], weather: Weather) -> dict[str, float]:
        """Every output port's true value now."""
        seen = self.fish.observe(state.ras, inputs, weather)
        ions = self.tank_ions(state)
        dry_g_m2 = state.crop.reserves_g_m2 + state.crop.structure_g_m2
        area = self.raft.raft_m2 * self.raft.raft_cover
        return {
            **seen,
            "water.ec": conductivity_ms_cm(ions, seen["tank1.ph"]),
            "water.potassium": 39.098 * ions[0],
            "water.calcium": 40.078 * ions[1],
            "water.phosphorus": 30.974 * ions[5],
            "lamps.ppfd": self._ppfd(inputs, weather),
            "crop.dry_mass": dry_g_m2,
            "crop.fresh_mass": 0.001 * dry_g_m2 * area / state.crop.dry_share,
            "crop.harvested": 0.001 * state.harvested_g_m2 * area,
        }

    def tank_ions(self, state: AquaponicsState) -> Ions:
        """The water of the fish tank, mmol/L, in the order of `nutrient_solution.IONS`."""
        side, m = state.ras, state.minerals
        litres = 1000.0 * self._volume_m3(side)
        tank, m3 = side.tank, side.tank_m3
        per_l = 1000.0 / litres
        return (
            m.potassium * per_l,
            m.calcium * per_l,
            m.magnesium * per_l,
            tank.tan / m3 / NITROGEN_MG_MMOL,
            (tank.nitrate + tank.nitrite) / m3 / NITROGEN_MG_MMOL,
            m.phosphorus * per_l,
            m.sulphate * per_l,
            max(0.0, self._sodium_mmol_l(m, side)),
            m.chloride * per_l,
            tank.carbon / m3,
        )

    def closure(self, before: AquaponicsState, after: AquaponicsState) -> dict[str, float]:
        """What the books miss between two states of one run, as a share of what was in stock or came in."""
        missing = self.fish.closure(before.ras, after.ras)
        for name, old, new, was, now in zip(
            Minerals._fields, before.minerals, after.minerals, before.entered, after.entered, strict=True
        ):
            missing[name] = abs(new - old - (now - was)) / (old + abs(now - was))
        return missing

    def _start(self) -> Minerals:
        r, cubic = self.raft, self._volume_m3(self.fish.initial())
        return Minerals(
            cubic * r.start_potassium_mmol_l,
            cubic * r.start_calcium_mmol_l,
            cubic * r.start_magnesium_mmol_l,
            cubic * r.start_phosphorus_mmol_l,
            cubic * r.start_sulphate_mmol_l,
            cubic * r.start_chloride_mmol_l,
        )

    def _sodium_mmol_l(self, m: Minerals, side: RasState) -> float:
        """Mean of the whole water, by the balance of charges."""
        waters = (side.tank, side.mbbr, side.sump)
        acid = sum(water.nitrate + water.nitrite - water.tan for water in waters) / NITROGEN_MG_MMOL
        anions = m.chloride + 2.0 * m.sulphate + _PHOSPHATE_CHARGE * m.phosphorus
        cations = m.potassium + 2.0 * (m.calcium + m.magnesium)
        return (sum(water.alkalinity for water in waters) + acid + anions - cations) / self._volume_m3(side)

    def _volume_m3(self, side: RasState) -> float:
        return side.tank_m3 + side.sump_m3 + self.fish.parameters.mbbr_m3

    def _ppfd(self, inputs: Mapping[str, float], weather: Weather) -> float:
        sun_w_m2 = min(1500.0, max(0.0, weather.global_radiation_w_m2))
        return (
            self.raft.lamp_ppfd_max * held(inputs, "lamps") + self.raft.roof_light_share * _SOLAR_PAR_UMOL_J * sun_w_m2
        )

    def _lamps_kw(self, inputs: Mapping[str, float]) -> float:
        r = self.raft
        return 0.001 * r.lamp_ppfd_max * held(inputs, "lamps") * r.raft_m2 / r.lamp_umol_j


def held(inputs: Mapping[str, float], name: str) -> float:
    """An input between 0 and 1; NaN counts as 0."""
    value = inputs.get(name, INPUTS[name].default)
    return value if 0.0 <= value <= 1.0 else 1.0 if value > 1.0 else 0.0
