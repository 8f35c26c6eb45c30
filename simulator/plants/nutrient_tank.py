"""A recirculating nutrient solution: tank, channels, dosing, and the probes that learn of it late.

Water goes round: inlet zone of the tank -> bulk -> pump and probes -> channels with the roots -> inlet zone.
Doses and top-up fall into the inlet zone. Without circulation nothing mixes. ../shared/physics.md 4.
"""

from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

from simulator.plants.nutrient_solution import IONS, Constants, Ions, conductivity_ms_cm, constants, ph_of

WATER_J_L_K = 4186.0
REFERENCE_C = 20.0
"""Where liquid water counts as holding no heat."""
_CO2_MMOL_G = 1000.0 / 44.0095
_START_CO2_PPM = 800.0
"""The air that the first solution was made in."""
_OVERFLOW_S = 20.0
_SAMPLE_S = 25.0
"""How often the chemistry of the flowing water is worked out; mixing takes minutes, the probe interpolates."""

# mmol of each ion that a gram of new dry tissue takes along, lettuce: N 45, K 75, Ca 12, Mg 4, P 6, S 3 g/kg
# (../shared/physics.md 4.1). Sodium and chloride stay in the water.
TISSUE_NITROGEN = 3.213
_TISSUE_K = 1.918
_TISSUE_CA = 0.299
_TISSUE_MG = 0.165
_TISSUE_P = 0.194
_TISSUE_S = 0.094
# Half saturation of uptake, mmol/L
_HALF_NO3 = 0.06
_HALF_NH4 = 0.06
_HALF_K = 0.035
_HALF_CA = 0.05
_HALF_MG = 0.03
_HALF_P = 0.005
_HALF_S = 0.02

_TABLE = tuple(constants(tenth / 10.0) for tenth in range(501))


def constants_near(water_c: float) -> Constants:
    """The constants at the nearest tenth of a degree, ready made."""
    tenth = int(10.0 * water_c + 0.5)
    return _TABLE[tenth if 0 <= tenth <= 500 else 0 if tenth < 0 else 500]


@dataclass(frozen=True, slots=True)
class TankParameters:
    """Names as in the parameter file, where each has its unit, source and meaning."""

    tank_full_l: float
    tank_start_l: float
    tank_inlet_share: float
    tank_foot_valve_l: float
    channel_weir_l: float
    channel_drain_s: float
    circulation_l_s: float
    circulation_w: float
    mixing_l_s: float
    probe_dead_s: float
    tank_heat_w_k: float
    topup_l_s: float
    topup_c: float
    drain_per_s: float
    pump_a_ml_s: float
    pump_b_ml_s: float
    pump_acid_ml_s: float
    pump_base_ml_s: float
    stock_a_calcium_nitrate_mol_l: float
    stock_a_potassium_nitrate_mol_l: float
    stock_a_ammonium_nitrate_mol_l: float
    stock_b_potassium_nitrate_mol_l: float
    stock_b_monopotassium_phosphate_mol_l: float
    stock_b_magnesium_sulphate_mol_l: float
    acid_nitric_mol_l: float
    base_potassium_hydroxide_mol_l: float
    water_calcium_mmol_l: float
    water_magnesium_mmol_l: float
    water_sodium_mmol_l: float
    water_chloride_mmol_l: float
    water_sulphate_mmol_l: float
    uptake_ammonium_share: float
    tank_co2_per_h: float
    channel_co2_per_h: float
    start_ec_ms_cm: float
    start_ph: float
    start_water_c: float


class TankState(NamedTuple):
    """Volumes in litres, ions in mmol, times in s. The last block only ever counts up."""

    tank_l: float
    channel_l: float
    inlet: Ions
    bulk: Ions
    channel: Ions
    water_c: float
    ph: float
    """Of the bulk, when it was last worked out."""
    co2_share: float
    """Of its dissolved inorganic carbon, likewise."""
    flow_s: float
    """How long the pump would have run at full flow: the clock of the sample line."""
    line: tuple[tuple[float, float, float], ...]
    """(flow_s, ec, ph) of the water on its way to the probes, oldest first."""

    dosed_a_l: float
    dosed_b_l: float
    dosed_acid_l: float
    dosed_base_l: float
    topup_l: float
    filled_l: float
    """All of these together."""
    lost_l: float
    """Water through drain and overflow, and into new tissue."""
    removed: Ions
    """Into plants, drain, overflow and (DIC) air."""
    heat_carried_j: float
    """By water over the tank's boundary, but for what is transpired."""


class TankDrive(NamedTuple):
    """What the farm does to the tank during a step. Pumps and valves 0 to 1, rates for the whole area."""

    circulation: float
    pump_a: float
    pump_b: float
    pump_acid: float
    pump_base: float
    topup: float
    drain: float
    transpiration_l_s: float
    tissue_g_s: float
    tissue_water_l_s: float
    root_co2_g_s: float
    heat_w: float
    """From the room into the water."""
    co2_ppm: float


class NutrientTank:
    """The tank with the numbers of one farm. Pure: the same arguments give the same state."""

    def __init__(self, parameters: TankParameters) -> None:
        p = parameters
        self.parameters = p
        nitrate_a = (
            11.0 * p.stock_a_calcium_nitrate_mol_l
            + p.stock_a_potassium_nitrate_mol_l
            + p.stock_a_ammonium_nitrate_mol_l
        )
        # greenhouse grade calcium nitrate is 5 Ca(NO3)2 . NH4NO3 . 10 H2O; mmol/L from here on
        self.stock_a = _ions(
            k=1000.0 * p.stock_a_potassium_nitrate_mol_l,
            ca=5000.0 * p.stock_a_calcium_nitrate_mol_l,
            nh4=1000.0 * (p.stock_a_calcium_nitrate_mol_l + p.stock_a_ammonium_nitrate_mol_l),
            no3=1000.0 * nitrate_a,
        )
        self.stock_b = _ions(
            k=1000.0 * (p.stock_b_potassium_nitrate_mol_l + p.stock_b_monopotassium_phosphate_mol_l),
            mg=1000.0 * p.stock_b_magnesium_sulphate_mol_l,
            no3=1000.0 * p.stock_b_potassium_nitrate_mol_l,
            p=1000.0 * p.stock_b_monopotassium_phosphate_mol_l,
            so4=1000.0 * p.stock_b_magnesium_sulphate_mol_l,
        )
        self.acid = _ions(no3=1000.0 * p.acid_nitric_mol_l)
        self.base = _ions(k=1000.0 * p.base_potassium_hydroxide_mol_l)
        alkalinity = (
            2.0 * (p.water_calcium_mmol_l + p.water_magnesium_mmol_l - p.water_sulphate_mmol_l)
            + p.water_sodium_mmol_l
            - p.water_chloride_mmol_l
        )
        self.water = _ions(
            ca=p.water_calcium_mmol_l,
            mg=p.water_magnesium_mmol_l,
            so4=p.water_sulphate_mmol_l,
            na=p.water_sodium_mmol_l,
            cl=p.water_chloride_mmol_l,
            dic=1.05 * max(0.0, alkalinity),
        )

    def initial(self) -> TankState:
        """A fresh solution of both stocks in water, brought to its start EC and pH."""
        p = self.parameters
        at = constants_near(p.start_water_c)
        carbon = _START_CO2_PPM * at.co2_mmol_l_ppm * (1.0 + at.k1 * 10.0**p.start_ph)
        low_stock, high_stock = 0.0, 0.1
        for _ in range(50):
            stock = 0.5 * (low_stock + high_stock)
            low_acid, high_acid = -5.0, 5.0
            for _ in range(50):
                acid = 0.5 * (low_acid + high_acid)
                mixed = self._mixed(stock, acid, carbon)
                ph, share = ph_of(mixed, at, p.start_ph)
                low_acid, high_acid = (acid, high_acid) if ph > p.start_ph else (low_acid, acid)
            ec = conductivity_ms_cm(mixed, ph)
            low_stock, high_stock = (stock, high_stock) if ec < p.start_ec_ms_cm else (low_stock, stock)
        zone_l = p.tank_inlet_share * p.tank_start_l
        channel_l = p.channel_weir_l + p.channel_drain_s * p.circulation_l_s
        return TankState(
            tank_l=p.tank_start_l,
            channel_l=channel_l,
            inlet=tuple(zone_l * c for c in mixed),
            bulk=tuple((p.tank_start_l - zone_l) * c for c in mixed),
            channel=tuple(channel_l * c for c in mixed),
            water_c=p.start_water_c,
            ph=ph,
            co2_share=share,
            flow_s=0.0,
            line=((0.0, ec, ph),),
            dosed_a_l=0.0,
            dosed_b_l=0.0,
            dosed_acid_l=0.0,
            dosed_base_l=0.0,
            topup_l=0.0,
            filled_l=0.0,
            lost_l=0.0,
            removed=_ions(),
            heat_carried_j=0.0,
        )

    def _mixed(self, stock: float, acid: float, carbon: float) -> Ions:
        """Water with `stock` L/L of A and of B, `acid` mmol/L of nitric acid (below zero: of potash)."""
        mixed = [w + stock * (a + b) for w, a, b in zip(self.water, self.stock_a, self.stock_b, strict=True)]
        mixed[0] -= min(0.0, acid)
        mixed[4] += max(0.0, acid)
        mixed[9] = carbon
        return tuple(mixed)

    def supply_l_s(self, state: TankState, circulation: float) -> float:
        """What the pump moves; it loses its suction as the water comes down to the foot valve."""
        p = self.parameters
        covered = (state.tank_l - p.tank_foot_valve_l) / p.tank_foot_valve_l
        return p.circulation_l_s * circulation * (1.0 if covered > 1.0 else covered if covered > 0.0 else 0.0)

    def water_for_roots_l(self, state: TankState) -> float:
        """What the roots can still draw."""
        return max(0.0, state.channel_l - 0.05 * self.parameters.channel_weir_l)

    def nitrogen_supply(self, state: TankState) -> float:
        """0 to 1: how far the water at the roots satisfies the demand for nitrogen."""
        nitrate = state.channel[4] / state.channel_l
        return nitrate / (_HALF_NO3 + nitrate)

    def probe(self, state: TankState) -> tuple[float, float]:
        """(EC mS/cm at 25 degC, pH) of the water that stands at the probes now."""
        due = state.flow_s - self.parameters.probe_dead_s
        old_s, old_ec, old_ph = state.line[0]
        for new_s, new_ec, new_ph in state.line[1:]:
            if new_s > due:
                along = max(0.0, due - old_s) / (new_s - old_s)
                return old_ec + along * (new_ec - old_ec), old_ph + along * (new_ph - old_ph)
            old_s, old_ec, old_ph = new_s, new_ec, new_ph
        return old_ec, old_ph

    def heat_j(self, state: TankState) -> float:
        """Held by the water; at REFERENCE_C it is nothing."""
        return WATER_J_L_K * (state.tank_l + state.channel_l) * (state.water_c - REFERENCE_C)

    def ions_unexplained(self, before: TankState, after: TankState) -> float:
        """What came less what went less what is more in store, of the worst ion, as a share of what there was."""
        doses = (
            (after.dosed_a_l - before.dosed_a_l, self.stock_a),
            (after.dosed_b_l - before.dosed_b_l, self.stock_b),
            (after.dosed_acid_l - before.dosed_acid_l, self.acid),
            (after.dosed_base_l - before.dosed_base_l, self.base),
            (after.topup_l - before.topup_l, self.water),
        )
        worst = 0.0
        for ion in range(len(IONS)):
            came = sum(litres * stock[ion] for litres, stock in doses)
            had = before.inlet[ion] + before.bulk[ion] + before.channel[ion]
            has = after.inlet[ion] + after.bulk[ion] + after.channel[ion]
            gone = after.removed[ion] - before.removed[ion]
            worst = max(worst, abs(came - gone - (has - had)) / max(1e-9, had + came))
        return worst

    def advance(self, state: TankState, drive: TankDrive, dt_s: float) -> TankState:
        """The tank `dt_s` later. Explicit: good to 30 s, where no zone turns over more than once."""
        p = self.parameters
        tank_l = state.tank_l
        channel_l = state.channel_l
        inlet_l = p.tank_inlet_share * tank_l
        bulk_l = tank_l - inlet_l

        # litres of the step
        a_l = drive.pump_a * p.pump_a_ml_s * 0.001 * dt_s
        b_l = drive.pump_b * p.pump_b_ml_s * 0.001 * dt_s
        acid_l = drive.pump_acid * p.pump_acid_ml_s * 0.001 * dt_s
        base_l = drive.pump_base * p.pump_base_ml_s * 0.001 * dt_s
        topup_l = drive.topup * p.topup_l_s * dt_s
        supply_l = self.supply_l_s(state, drive.circulation) * dt_s
        return_l = 0.0
        if channel_l > p.channel_weir_l:
            return_l = (channel_l - p.channel_weir_l) * dt_s / (p.channel_drain_s + 0.5 * dt_s)
        waste_l = 0.0
        if drive.drain > 0.0:
            waste_l = drive.drain * p.drain_per_s * dt_s * sqrt(tank_l * p.tank_full_l)
            waste_l = min(waste_l, 0.2 * max(0.0, tank_l - 0.2 * p.tank_foot_valve_l))
        if tank_l > p.tank_full_l:
            waste_l += (tank_l - p.tank_full_l) * dt_s / (_OVERFLOW_S + dt_s)
        transpired_l = drive.transpiration_l_s * dt_s
        tissue_l = drive.tissue_water_l_s * dt_s
        fresh_l = a_l + b_l + acid_l + base_l + topup_l

        # the zones keep their share of the tank, which settles the flow from one to the other
        onward_l = (1.0 - p.tank_inlet_share) * (return_l + fresh_l) + p.tank_inlet_share * (supply_l + waste_l)
        stirred_l = p.mixing_l_s * supply_l / p.circulation_l_s * min(1.0, tank_l / p.tank_start_l)
        # a tank run dry would turn its inlet zone over within the step: the ions then lag, none is lost
        inlet_out = min(0.9, (onward_l + stirred_l) / inlet_l)
        bulk_back = stirred_l / bulk_l
        bulk_supply = supply_l / bulk_l
        bulk_waste = waste_l / bulk_l
        bulk_keep = 1.0 - bulk_back - bulk_supply - bulk_waste
        inlet_keep = 1.0 - inlet_out
        channel_out = return_l / channel_l
        channel_keep = 1.0 - channel_out

        taken = self._uptake(state, drive, dt_s)
        inlet = [
            inlet_keep * i + bulk_back * b + channel_out * c
            for i, b, c in zip(state.inlet, state.bulk, state.channel, strict=True)
        ]
        if fresh_l > 0.0:
            inlet = [
                n + a_l * a + b_l * b + acid_l * c + base_l * d + topup_l * w
                for n, a, b, c, d, w in zip(
                    inlet, self.stock_a, self.stock_b, self.acid, self.base, self.water, strict=True
                )
            ]
        bulk = [inlet_out * i + bulk_keep * b for i, b in zip(state.inlet, state.bulk, strict=True)]
        channel = [
            bulk_supply * b + channel_keep * c - u for b, c, u in zip(state.bulk, state.channel, taken, strict=True)
        ]
        removed = [r + u for r, u in zip(state.removed, taken, strict=True)]
        if waste_l > 0.0:
            removed = [r + bulk_waste * b for r, b in zip(removed, state.bulk, strict=True)]

        # carbon dioxide between water and air
        at = constants_near(state.water_c)
        balance = at.co2_mmol_l_ppm * drive.co2_ppm
        to_bulk = p.tank_co2_per_h / 3600.0 * dt_s * (balance * bulk_l - state.co2_share * state.bulk[9])
        to_channel = p.channel_co2_per_h / 3600.0 * dt_s * (balance * channel_l - state.co2_share * state.channel[9])
        bulk[9] += to_bulk
        channel[9] += to_channel
        removed[9] -= to_bulk + to_channel

        tank_next = tank_l + fresh_l + return_l - supply_l - waste_l
        channel_next = channel_l + supply_l - return_l - transpired_l - tissue_l
        water_c = state.water_c
        carried_j = WATER_J_L_K * (
            topup_l * (p.topup_c - REFERENCE_C) + (fresh_l - topup_l - waste_l - tissue_l) * (water_c - REFERENCE_C)
        )
        held_j = WATER_J_L_K * (water_c - REFERENCE_C) * (tank_l + channel_l - transpired_l) + carried_j
        held_j += drive.heat_w * dt_s
        water_c = REFERENCE_C + held_j / (WATER_J_L_K * (tank_next + channel_next))

        flow_s = state.flow_s + supply_l / p.circulation_l_s
        ph, co2_share, line = state.ph, state.co2_share, state.line
        if flow_s - line[-1][0] >= _SAMPLE_S:
            litres = (1.0 - p.tank_inlet_share) * tank_next
            mixed = tuple([n / litres for n in bulk])
            ph, co2_share = ph_of(mixed, at, ph)
            line = (*line, (flow_s, conductivity_ms_cm(mixed, ph), ph))
            while line[1][0] <= flow_s - p.probe_dead_s:
                line = line[1:]
        return TankState(
            tank_next,
            channel_next,
            tuple(inlet),
            tuple(bulk),
            tuple(channel),
            water_c,
            ph,
            co2_share,
            flow_s,
            line,
            state.dosed_a_l + a_l,
            state.dosed_b_l + b_l,
            state.dosed_acid_l + acid_l,
            state.dosed_base_l + base_l,
            state.topup_l + topup_l,
            state.filled_l + fresh_l,
            state.lost_l + waste_l + tissue_l,
            tuple(removed),
            state.heat_carried_j + carried_j,
        )

    def _uptake(self, state: TankState, drive: TankDrive, dt_s: float) -> Ions:
        """mmol of the step, and what the roots breathe out."""
        taken = uptake_mmol(
            state.channel, state.channel_l, drive.tissue_g_s * dt_s, self.parameters.uptake_ammonium_share
        )
        return (*taken[:9], -_CO2_MMOL_G * drive.root_co2_g_s * dt_s)


def uptake_mmol(held: Ions, litres: float, tissue_g: float, by_ammonium: float) -> Ions:
    """What new dry tissue takes from water that holds these mmol, as far as the concentration at the roots allows."""
    k, ca, mg, nh4, no3, p, so4, _, _, _ = held
    # no ion loses more than half: content / half saturation is at most 55 L/g
    grams = min(tissue_g, 0.009 * litres)
    return (
        grams * _TISSUE_K * k / (k + litres * _HALF_K),
        grams * _TISSUE_CA * ca / (ca + litres * _HALF_CA),
        grams * _TISSUE_MG * mg / (mg + litres * _HALF_MG),
        grams * TISSUE_NITROGEN * by_ammonium * nh4 / (nh4 + litres * _HALF_NH4),
        grams * TISSUE_NITROGEN * (1.0 - by_ammonium) * no3 / (no3 + litres * _HALF_NO3),
        grams * _TISSUE_P * p / (p + litres * _HALF_P),
        grams * _TISSUE_S * so4 / (so4 + litres * _HALF_S),
        0.0,
        0.0,
        0.0,
    )


def _ions(
    k: float = 0.0,
    ca: float = 0.0,
    mg: float = 0.0,
    nh4: float = 0.0,
    no3: float = 0.0,
    p: float = 0.0,
    so4: float = 0.0,
    na: float = 0.0,
    cl: float = 0.0,
    dic: float = 0.0,
) -> Ions:
    return (k, ca, mg, nh4, no3, p, so4, na, cl, dic)
