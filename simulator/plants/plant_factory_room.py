"""The room of a plant factory: heat and vapour between lamps, leaves, coil, racks and walls.

../shared/physics.md 3.1. Temperatures step together and implicitly, so does the vapour; each is held while
the other steps. Every flux leaves one store and enters another, so heat and water close to rounding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import NamedTuple

from foundation.air import GAS_CONSTANT, WATER_KG_MOL, ZERO_C_IN_K
from simulator.plants.canopy import stomatal_resistance_s_m
from simulator.plants.compressor import Compressor, CompressorLimits, asked

AIR_J_M3_K = 1.19 * 1006.0
LATENT_J_KG = 2.4538e6
"""At 20 degC, for every change between water and vapour in the room, so that its heat closes."""
LAMP_PHOTONS_UMOL_J = 5.4
"""LED light, umol per J of PAR (Katzin 2021)."""
_AIR_J_KG_K = 1006.0
_WATER_J_KG_K = 4186.0
_VAPOUR_KG_K_M3_PA = WATER_KG_MOL / GAS_CONSTANT


@dataclass(frozen=True, slots=True)
class RoomParameters:
    """Names as in the parameter file, where each has its unit, source and meaning."""

    cultivated_m2: float
    room_m3: float
    lamp_efficacy_umol_j: float
    lamp_canopy_share: float
    lamp_outside_share: float
    lamp_heat_capacity_kj_k: float
    lamp_to_air_w_k: float
    canopy_absorption: float
    canopy_lai_max: float
    canopy_air_still_s_m: float
    canopy_air_fans_s_m: float
    mass_heat_capacity_kj_k: float
    mass_to_air_w_k: float
    wall_w_k: float
    wall_vapour_m3_s: float
    air_change_per_h: float
    coil_air_kg_s: float
    coil_air_least: float
    coil_bypass: float
    coil_heat_capacity_kj_k: float
    coil_capacity_kw: float
    coil_rated_c: float
    coil_capacity_per_k: float
    coil_frost_c: float
    coil_film_drain_s: float
    coil_film_dry_s: float
    compressor_start_s: float
    compressor_least: float
    compressor_min_on_s: float
    compressor_min_off_s: float
    compressor_starts_per_h: float
    condenser_approach_k: float
    cop_carnot_share: float
    heater_kw: float
    dehumidifier_kw: float
    dehumidifier_l_h: float
    humidifier_l_h: float
    fans_kw: float
    start_air_c: float
    start_relative_humidity: float


class RoomState(NamedTuple):
    """Temperatures in degC."""

    air_c: float
    vapour_kg_m3: float
    mass_c: float
    """Racks, floor and panels."""
    lamp_c: float
    coil_c: float
    """Its apparatus dew point."""
    coil_film_kg: float
    """Condensate that still hangs on it."""
    compressor: float
    """0 to 1, as it runs after its start."""
    machine: Compressor = Compressor()


class Lit(NamedTuple):
    """A rack with its lamps and its canopy."""

    ppfd: float
    """What new lamps would give, umol/m2/s: the power goes by it."""
    interception: float
    leaf_area_index: float
    lamp_age: float = 1.0
    """What age has left of the lamps' light; the rest of their power is heat all the same."""


class RoomDrive(NamedTuple):
    """What acts on the room for a step; machines 0 to 1."""

    racks: Sequence[Lit]
    thirst: float
    """1 where the roots have all the water they want, 0 where they have none."""
    cooling: float
    heating: float
    dehumidifier: float
    humidifier: float
    fans: float
    water_c: float
    """Of the nutrient solution that runs through the room."""
    water_w_k: float
    hall_c: float
    hall_vapour_kg_m3: float
    outside_c: float


class RoomFlux(NamedTuple):
    """What crossed the room's boundary, means over the step."""

    transpired_kg_s: float
    into_water_w: float
    """From the air into the nutrient solution."""
    electricity_w: float
    heat_net_w: float
    """Into room and solution together, but for the pump."""
    heat_gross_w: float
    water_net_kg_s: float
    """Into air and coil from outside, transpiration not counted."""
    water_gross_kg_s: float


class Room:
    """The room with the numbers of one farm. Pure: the same arguments give the same state."""

    def __init__(self, parameters: RoomParameters, others_m2: Sequence[float] = ()) -> None:
        """`others_m2`: the racks beside the first, which has `cultivated_m2`."""
        self.parameters = parameters
        r = parameters
        self.aired_m3_s = r.air_change_per_h * r.room_m3 / 3600.0
        self._hall_w_k = r.wall_w_k + self.aired_m3_s * AIR_J_M3_K
        self._light_share = r.lamp_efficacy_umol_j / LAMP_PHOTONS_UMOL_J
        self._racks = [
            (
                area_m2,
                area_m2 / (r.lamp_efficacy_umol_j * r.lamp_canopy_share),
                r.canopy_absorption * area_m2 / LAMP_PHOTONS_UMOL_J,
            )
            for area_m2 in (r.cultivated_m2, *others_m2)
        ]
        """Area, W of lamps and W into leaves that catch all, for each umol/m2/s at the canopy."""
        self._coil_w_k = r.coil_air_kg_s * (1.0 - r.coil_bypass) * _AIR_J_KG_K
        self._dehumidified_kg_s = r.dehumidifier_l_h / 3600.0
        self._misted_kg_s = r.humidifier_l_h / 3600.0
        self._limits = CompressorLimits(
            r.compressor_least, r.compressor_min_on_s, r.compressor_min_off_s, r.compressor_starts_per_h
        )

    def initial(self) -> RoomState:
        """Dark, dry coil, near the targets."""
        air_c = self.parameters.start_air_c
        vapour = self.parameters.start_relative_humidity * saturated_kg_m3(air_c)
        return RoomState(air_c, vapour, air_c, air_c, air_c - 6.0, 0.0, 0.0)

    def lamp_w(self, ppfd: Sequence[float]) -> float:
        """What the lamps draw for this light at the canopies, umol/m2/s of each rack."""
        return sum([rack[1] * light for rack, light in zip(self._racks, ppfd, strict=True)])

    def advance(self, state: RoomState, drive: RoomDrive, dt_s: float) -> tuple[RoomState, RoomFlux]:
        """The room `dt_s` later, and what it exchanged on the way."""
        r = self.parameters
        air_c, vapour, mass_c, lamp_c, coil_c, film_kg, running, machine = state
        (
            racks,
            thirst,
            cooling,
            heating,
            dehumidifier,
            humidifier,
            fans,
            water_c,
            water_w_k,
            hall_c,
            hall_vapour,
            outside_c,
        ) = drive
        saturated = saturated_kg_m3(air_c)
        humidity = vapour / saturated
        machine, cooling = asked(self._limits, machine, cooling, dt_s)
        gap = (cooling - running) * exp(-dt_s / r.compressor_start_s)
        # the mean of the step is what cools
        mean_running = cooling - (cooling - running - gap) * r.compressor_start_s / dt_s
        running = cooling - gap

        # Light: part of it warms leaves, the rest racks and walls. The balance of canopy.canopy_fluxes, solved for the
        # vapour: a line, which the step can be implicit in.
        around_s_m = r.canopy_air_still_s_m + fans * (r.canopy_air_fans_s_m - r.canopy_air_still_s_m)
        slope = LATENT_J_KG * saturated * _relative_slope(air_c) / AIR_J_M3_K
        lamp_w = light_w = leaves_w = leaf_m3_s = lit_kg_s = 0.0
        for (area_m2, lamp_w_umol, leaves_w_umol), (nominal_ppfd, interception, leaf_area, lamp_age) in zip(
            self._racks, racks, strict=True
        ):
            lamp_w += lamp_w_umol * nominal_ppfd
            ppfd = nominal_ppfd * lamp_age
            light_w += self._light_share * lamp_w_umol * ppfd
            caught_w = leaves_w_umol * interception * ppfd
            leaves_w += caught_w
            leaf_area = leaf_area if leaf_area < r.canopy_lai_max else r.canopy_lai_max
            resistance = stomatal_resistance_s_m(ppfd) + (1.0 + slope) * around_s_m
            leaf_m3_s += thirst * area_m2 * leaf_area / resistance
            lit_kg_s += thirst * slope * around_s_m * caught_w / (LATENT_J_KG * resistance)

        # vapour: which surfaces are wet follows from the old state, how much flows from the new vapour
        coil_w_k = self._coil_w_k * (fans if fans > r.coil_air_least else r.coil_air_least)
        coil_saturated = saturated_kg_m3(coil_c)
        wall_saturated = saturated_kg_m3(mass_c)
        coil_m3_s = coil_w_k / AIR_J_M3_K if vapour > coil_saturated else 0.0
        wall_m3_s = r.wall_vapour_m3_s if vapour > wall_saturated else 0.0
        dried_kg_s = 0.0
        if coil_m3_s == 0.0:
            dried_kg_s = film_kg / r.coil_film_dry_s * _between((coil_saturated - vapour) / 0.003)
        dehumidified_kg_s = misted_kg_s = 0.0
        if dehumidifier > 0.0:
            dehumidified_kg_s = dehumidifier * self._dehumidified_kg_s * _between(2.0 * (humidity - 0.3))
        if humidifier > 0.0:
            misted_kg_s = humidifier * self._misted_kg_s * _between(8.0 * (0.98 - humidity))
        volume_s = r.room_m3 / dt_s
        per_step = 1000.0 / dt_s
        coil_capacity = r.coil_heat_capacity_kj_k * per_step
        cooling_w, cooling_w_k = self._refrigeration(mean_running, coil_c)
        if coil_m3_s > 0.0:
            # the coil moves while it condenses: take its saturation where it will be
            per_k = coil_saturated * _relative_slope(coil_c)
            heat_w = coil_w_k * (air_c - coil_c) + LATENT_J_KG * coil_m3_s * (vapour - coil_saturated)
            shift_k = (heat_w - cooling_w - cooling_w_k * coil_c) / (
                coil_capacity + coil_w_k + cooling_w_k + LATENT_J_KG * coil_m3_s * per_k
            )
            coil_saturated += per_k * shift_k
        ahead = (
            volume_s * vapour
            + leaf_m3_s * saturated
            + lit_kg_s
            + coil_m3_s * coil_saturated
            + wall_m3_s * wall_saturated
            + self.aired_m3_s * hall_vapour
            + dried_kg_s
            + misted_kg_s
            - dehumidified_kg_s
        ) / (volume_s + leaf_m3_s + coil_m3_s + wall_m3_s + self.aired_m3_s)
        transpired_kg_s = leaf_m3_s * (saturated - ahead) + lit_kg_s
        if transpired_kg_s < 0.0:
            transpired_kg_s = 0.0
        condensed_kg_s = coil_m3_s * (ahead - coil_saturated) if ahead > coil_saturated else 0.0
        sweat_kg_s = wall_m3_s * (ahead - wall_saturated) if ahead > wall_saturated else 0.0
        aired_kg_s = self.aired_m3_s * (hall_vapour - ahead)
        drained_kg_s = film_kg / r.coil_film_drain_s

        # temperatures: air in the middle; coil, racks, lamps and water around it
        heater_w = heating * unhurt(air_c) * r.heater_kw * 1000.0
        dehumidifier_w = dehumidifier * r.dehumidifier_kw * 1000.0
        fans_w = fans * fans * fans * r.fans_kw * 1000.0
        hall_w_k = self._hall_w_k
        air_capacity = AIR_J_M3_K * volume_s
        mass_capacity = r.mass_heat_capacity_kj_k * per_step
        lamp_capacity = r.lamp_heat_capacity_kj_k * per_step

        mass_pull = mass_capacity * mass_c + light_w - leaves_w + LATENT_J_KG * sweat_kg_s
        mass_sum = mass_capacity + r.mass_to_air_w_k
        lamp_pull = lamp_capacity * lamp_c + (1.0 - r.lamp_outside_share) * lamp_w - light_w
        lamp_sum = lamp_capacity + r.lamp_to_air_w_k
        coil_pull = coil_capacity * coil_c - cooling_w + LATENT_J_KG * (condensed_kg_s - dried_kg_s)
        coil_sum = coil_capacity + coil_w_k + cooling_w_k
        machines_w = heater_w + dehumidifier_w + fans_w
        # the water leaves the roots at their temperature, not at that of the latent heat
        evaporation_w = (LATENT_J_KG - _WATER_J_KG_K * (water_c - 20.0)) * transpired_kg_s
        air_pull = air_capacity * air_c + leaves_w - evaporation_w + machines_w
        air_pull += LATENT_J_KG * (dehumidified_kg_s - misted_kg_s) + hall_w_k * hall_c + water_w_k * water_c
        to_mass = r.mass_to_air_w_k / mass_sum
        to_lamp = r.lamp_to_air_w_k / lamp_sum
        to_coil = coil_w_k / coil_sum
        air_next = (air_pull + to_mass * mass_pull + to_lamp * lamp_pull + to_coil * coil_pull) / (
            air_capacity
            + hall_w_k
            + water_w_k
            + to_mass * mass_capacity
            + to_lamp * lamp_capacity
            + to_coil * (coil_capacity + cooling_w_k)
        )
        coil_next = (coil_pull + coil_w_k * air_next) / coil_sum
        cooling_w += cooling_w_k * coil_next

        electric_w = lamp_w * (1.0 - r.lamp_outside_share) + machines_w
        through_w = hall_w_k * (hall_c - air_next) + LATENT_J_KG * aired_kg_s
        fresh_kg_s = misted_kg_s + aired_kg_s - dehumidified_kg_s - sweat_kg_s
        return RoomState(
            air_next,
            vapour + (transpired_kg_s + dried_kg_s - condensed_kg_s + fresh_kg_s) / volume_s,
            (mass_pull + r.mass_to_air_w_k * air_next) / mass_sum,
            (lamp_pull + r.lamp_to_air_w_k * air_next) / lamp_sum,
            coil_next,
            film_kg + dt_s * (condensed_kg_s - dried_kg_s - drained_kg_s),
            running,
            machine,
        ), RoomFlux(
            transpired_kg_s,
            water_w_k * (air_next - water_c),
            lamp_w + machines_w + cooling_w / self._efficiency(coil_next, outside_c),
            electric_w + through_w - cooling_w,
            electric_w + abs(through_w),
            fresh_kg_s - drained_kg_s,
            transpired_kg_s + misted_kg_s + abs(aired_kg_s),
        )

    def heat_j(self, state: RoomState) -> float:
        """Held by air, vapour, racks, lamps and coil; dry air at 0 degC and water being nothing."""
        r = self.parameters
        return (
            r.room_m3 * (AIR_J_M3_K * state.air_c + LATENT_J_KG * state.vapour_kg_m3)
            + 1000.0 * r.mass_heat_capacity_kj_k * state.mass_c
            + 1000.0 * r.lamp_heat_capacity_kj_k * state.lamp_c
            + 1000.0 * r.coil_heat_capacity_kj_k * state.coil_c
        )

    def _refrigeration(self, running: float, coil_c: float) -> tuple[float, float]:
        """(W, W/K): the cooling as a line in the coil's temperature, through where the coil is now.

        It rises with that temperature, and dies away towards 0 degC, where the frost protection unloads.
        """
        r = self.parameters
        full_w = 1000.0 * r.coil_capacity_kw * running
        if coil_c <= 0.0:
            return 0.0, 0.0
        if coil_c < r.coil_frost_c:
            at_limit = full_w * (1.0 + r.coil_capacity_per_k * (r.coil_frost_c - r.coil_rated_c))
            return 0.0, at_limit / r.coil_frost_c
        if coil_c > r.coil_rated_c + 10.0:
            return full_w * (1.0 + 10.0 * r.coil_capacity_per_k), 0.0
        return full_w * (1.0 - r.coil_capacity_per_k * r.coil_rated_c), full_w * r.coil_capacity_per_k

    def _efficiency(self, coil_c: float, outside_c: float) -> float:
        """COP: a share of Carnot's, 2 to 7; evaporating 5 K below the coil."""
        r = self.parameters
        lift_k = outside_c + r.condenser_approach_k - (coil_c - 5.0)
        carnot = r.cop_carnot_share * (coil_c - 5.0 + ZERO_C_IN_K)
        if carnot >= 7.0 * lift_k:
            return 7.0
        return carnot / lift_k if carnot > 2.0 * lift_k else 2.0


def saturated_kg_m3(air_c: float) -> float:
    """Vapour density at saturation: the Buck curve of foundation.air without its guards, for the hot path."""
    e_pa = 611.21 * exp((18.678 - air_c / 234.5) * air_c / (257.14 + air_c))
    return e_pa * _VAPOUR_KG_K_M3_PA / (air_c + ZERO_C_IN_K)


def unhurt(air_c: float) -> float:
    """What thermal protection leaves of lamps and heater: all to 45 degC of air, nothing from 60."""
    return 1.0 if air_c < 45.0 else _between((60.0 - air_c) / 15.0)


def _relative_slope(air_c: float) -> float:
    """How much of itself the saturation pressure gains per kelvin, 1/K: Buck's exponent, differentiated."""
    over = 257.14 + air_c
    return ((18.678 - air_c / 117.25) * over - (18.678 - air_c / 234.5) * air_c) / (over * over)


def _between(value: float) -> float:
    return 0.0 if value < 0.0 else 1.0 if value > 1.0 else value
