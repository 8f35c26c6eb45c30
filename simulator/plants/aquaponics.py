"""Fish and lettuce on one body of water: a recirculating farm whose sump runs under rafts of lettuce.

Composed of `ras` (fish, bed, gases, pH) and `rafts` (minerals, roots, leaves); the doser gives potash (KHCO3) instead
of soda.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import NamedTuple

from foundation.water import NITROGEN_MG_MMOL
from simulator.parameters import ParameterError, load_parameters
from simulator.plants import ras
from simulator.plants.lettuce import Lettuce
from simulator.plants.nutrient_solution import Ions, conductivity_ms_cm
from simulator.plants.plant import Port, Weather
from simulator.plants.rafts import PHOSPHATE_CHARGE, Air, Minerals, RaftParameters, came_in, draw
from simulator.plants.ras import KWH_PER_M3_K, Ras, RasState
from simulator.plants.ras_parameters import RasParameters
from simulator.plants.ras_tanks import SWITCH
from simulator.plants.ras_water import NAHCO3_G_MOL
from simulator.plants.wet_parameters import unphysical

_SOLAR_PAR_UMOL_J = 0.45 * 4.6

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


class AquaponicsState(NamedTuple):
    """Fish side, minerals, crop; the ledger of the fish side knows what the roots took and the leaves evaporated."""

    ras: RasState
    minerals: Minerals
    crop: Lettuce
    harvested_g_m2: float
    """Dry matter taken off."""
    taken_n_g: float
    """Nitrogen that roots took: part of what left the water."""
    came: Minerals
    """All that ever came with feed, potash, supplement and new water."""
    gone: Minerals
    """All that ever ran off, and what roots took."""


def load(name: str = "aquaponics_50m3", seed: int | None = None) -> "Aquaponics":
    """The farm of `simulator/parameters/{name}.yaml`; `seed` moves what declares a spread."""
    fish, raft = ([field.name for field in fields(kind)] for kind in (RasParameters, RaftParameters))
    known = [key for key in (*fish, *raft) if key not in SWITCH]
    values = load_parameters(
        name, plant=("aquaponics", "ras"), known=known, optional=SWITCH, seed=seed, check=unphysical
    )
    return Aquaponics(
        RasParameters(**{key: values[key] for key in fish if key in values}),
        RaftParameters(**{key: values[key] for key in raft}),
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
        return AquaponicsState(self.fish.initial(), self._start(), crop, 0.0, 0.0, nothing, nothing)

    def advance(
        self, state: AquaponicsState, inputs: Mapping[str, float], weather: Weather, dt_s: float
    ) -> AquaponicsState:
        """The farm `dt_s` later: fish and bed, then roots and leaves at the sump."""
        p, r = self.fish.parameters, self.raft
        before = state.ras
        after = self.fish.advance(before, inputs, weather, dt_s)
        was, now = before.ledger, after.ledger

        # minerals: with new water, potash, feed and supplement; off with what is rinsed out and runs over
        volume_m3 = before.tank_m3 + before.sump_m3 + p.mbbr_m3
        base_m3 = p.base_ml_min * 1e-6 * held(inputs, "base.pump") * dt_s / 60.0
        new_m3 = max(0.0, now.water_in_m3 - was.water_in_m3 - base_m3)
        gone_m3 = now.water_out_m3 - was.water_out_m3 - (now.evaporated_m3 - was.evaporated_m3)
        washed = min(1.0, gone_m3 / volume_m3)
        salt_l = r.supplement_ml_min * 0.001 * held(inputs, "supplement.pump") * dt_s / 60.0
        potash_mol = base_m3 * 1000.0 * p.base_g_l / NAHCO3_G_MOL
        came = came_in(r, new_m3, potash_mol, after.fish.habit_g_h * dt_s / 3600.0, salt_l)

        # crop: it stands in the hall, by its own light, and draws from the sump
        sump, sump_m3 = after.sump, after.sump_m3
        share = 1000.0 * sump_m3 / (volume_m3 + after.sump_m3 - before.sump_m3)
        k, ca, mg, phosphorus, so4, cl = [amount * share for amount in state.minerals]
        nh4, no3 = 1000.0 * sump.tan / NITROGEN_MG_MMOL, 1000.0 * sump.nitrate / NITROGEN_MG_MMOL
        roots = draw(
            r,
            state.crop,
            (k, ca, mg, nh4, no3, phosphorus, so4, 0.0, cl, 0.0),
            1000.0 * sump_m3,
            sump.alkalinity,
            after.water_c,
            min(1.0, max(0.0, sump_m3 / p.sump_dead_m3 - 1.0)),
            Air(
                min(50.0, max(p.hall_c, weather.air_c + 2.0)),
                0.01 * p.hall_humidity,
                p.hall_co2_ppm,
                self._ppfd(inputs, weather),
            ),
            dt_s,
        )
        crop, taken = roots.crop, roots.taken
        tan_g, nitrate_g = 1e-3 * NITROGEN_MG_MMOL * taken[3], 1e-3 * NITROGEN_MG_MMOL * taken[4]
        salt_m3 = 1e-3 * salt_l
        fish_side = after._replace(
            sump=sump._replace(
                tan=sump.tan - tan_g,
                nitrate=sump.nitrate - nitrate_g,
                alkalinity=sump.alkalinity + roots.alkalinity_mol,
                carbon=sump.carbon + roots.carbon_mol,
            ),
            sump_m3=sump_m3 + salt_m3 - roots.water_m3,
            electricity_kwh=after.electricity_kwh + self._lamps_kw(inputs) * dt_s / 3600.0,
            ledger=now._replace(
                water_in_m3=now.water_in_m3 + salt_m3,
                water_out_m3=now.water_out_m3 + roots.water_m3,
                evaporated_m3=now.evaporated_m3 + roots.water_m3,
                nitrogen_out_g=now.nitrogen_out_g + tan_g + nitrate_g,
                alkalinity_in_mol=now.alkalinity_in_mol + roots.alkalinity_mol,
                carbon_in_mol=now.carbon_in_mol + roots.carbon_mol,
                heat_kwh=now.heat_kwh + KWH_PER_M3_K * after.water_c * (salt_m3 - roots.water_m3),
            ),
        )
        by_roots = (taken[0], taken[1], taken[2], taken[5], taken[6], 0.0)
        gone = Minerals(*[a * washed + 1e-3 * b for a, b in zip(state.minerals, by_roots, strict=True)])

        harvested = 0.0
        standing = crop.reserves_g_m2 + crop.structure_g_m2
        if standing > r.crop_standing_max_g_m2:
            left = r.crop_standing_max_g_m2 / standing
            harvested = standing - r.crop_standing_max_g_m2
            crop = Lettuce(crop.reserves_g_m2 * left, crop.structure_g_m2 * left, crop.dry_share)
        return AquaponicsState(
            fish_side,
            Minerals(*[a + b - c for a, b, c in zip(state.minerals, came, gone, strict=True)]),
            crop,
            state.harvested_g_m2 + harvested,
            state.taken_n_g + tan_g + nitrate_g,
            Minerals(*[a + b for a, b in zip(state.came, came, strict=True)]),
            Minerals(*[a + b for a, b in zip(state.gone, gone, strict=True)]),
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
        for index, name in enumerate(Minerals._fields):
            came, gone = after.came[index] - before.came[index], after.gone[index] - before.gone[index]
            kept = after.minerals[index] - before.minerals[index]
            missing[name] = abs(kept - (came - gone)) / (before.minerals[index] + came)
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
        anions = m.chloride + 2.0 * m.sulphate + PHOSPHATE_CHARGE * m.phosphorus
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
