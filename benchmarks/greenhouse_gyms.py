"""gl-gym's and lettuce-greenhouse-gym's compiled solvers beside ours: the same house, weather and controls.

The controls are those that gl-gym's rules give its own house; both are driven by them, so nothing but the two
programs makes the difference; so air that warms keeps its vapour pressure here, as gl-gym has it. The gyms run in
environments of their own (`benchmarks.peers`).
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from benchmarks.peers import GL_GYM, LETTUCE_GYM, answer
from benchmarks.rows import GOAL, Row, row
from benchmarks.validation.greenlight import at_its_pressure
from benchmarks.validation.lettuce_greenhouse import BENCHMARK_STEP_S, benchmark_run
from simulator.plants import greenhouse
from simulator.plants.glasshouse import step
from simulator.plants.glasshouse_state import Drive, House, Outside, initial
from simulator.plants.greenhouse_parameters import KELVIN, VAPOUR_CONSTANT, GreenhouseParameters, HouseConstants
from simulator.plants.tomato import Crop

DAYS = 10.0
PEER_STEP_S = 900.0
STEPS_S = (30.0, 90.0, 300.0)
NOISE = {"tAir": (0.05, "K"), "vpAir": (2.0, "Pa"), "co2Air": (7.0, "mg/m3")}
"""By how much GreenLight and gl-gym themselves differ on the same six cases (physics.md 0), the measure of an error."""


_STATE = [700.0, 700.0, *[16.5] * 13, 1700.0, 1700.0, *[16.5] * 4, 20.5, 0.0, 95e3, 25e4, 55e3, 3000.0, 0.0]
SOMETHING_TOLD = {
    "start": _STATE,
    "weather": [[100.0, 5.0, 600.0, 760.0, 3.0, -5.0, 10.0, 0.0, 0.0, 0.0]] * 20,
    "controls": [[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]] * 20,
    "states": [_STATE] * 20,
}
"""Five hours of one sky in the form of gl-gym's, for runs without it."""


class Found(NamedTuple):
    """Root mean square difference of each column, and the CPU seconds that it took."""

    off: dict[str, float]
    cpu_s: float


def house_of_gl_gym() -> GreenhouseParameters:
    """bleiswijk_2010 with what is unphysical in gl-gym: a screen that reflects and transmits 110 % of the light."""
    p = greenhouse.load("bleiswijk_2010").parameters
    return replace(p, screen_par_reflection=0.35, screen_nir_reflection=0.35)


def beside_gl_gym(told: dict[str, Any], step_s: float) -> Found:
    """Our house through what gl-gym was told: weather and controls held for 900 s at a time."""
    p = house_of_gl_gym()
    c = HouseConstants.of(p)
    house = _as_ours(initial(p), told["start"])
    substeps = round(PEER_STEP_S / step_s)
    seen: list[House] = []
    begun = time.process_time()
    for sky, control in zip(told["weather"], told["controls"], strict=True):
        drive, outside = _drive(p, control), _outside(sky)
        for _ in range(substeps):
            house = at_its_pressure(house, step(p, c, house, drive, outside, step_s))
        seen.append(house)
    cpu_s = time.process_time() - begun
    off = [
        (
            now.air_c - state[2],
            now.vapour_air_kg_m3 * VAPOUR_CONSTANT * (now.air_c + KELVIN) - state[15],
            now.co2_air_mg_m3 - state[0],
        )
        for now, state in zip(seen, told["states"], strict=True)
    ]
    columns = zip(NOISE, zip(*off, strict=True), strict=True)
    return Found({name: (sum(d * d for d in column) / len(column)) ** 0.5 for name, column in columns}, cpu_s)


def _as_ours(house: House, x: Sequence[float]) -> House:
    """gl-gym's state, in the order of its states."""
    return house._replace(
        co2_air_mg_m3=x[0], co2_top_mg_m3=x[1], air_c=x[2], top_c=x[3], canopy_c=x[4], cover_in_c=x[5],
        cover_out_c=x[6], screen_c=x[7], floor_c=x[8], pipe_c=x[9], soil_c=(x[10], x[11], x[12], x[13], x[14]),
        vapour_air_kg_m3=x[15] / (VAPOUR_CONSTANT * (x[2] + KELVIN)),
        vapour_top_kg_m3=x[16] / (VAPOUR_CONSTANT * (x[3] + KELVIN)),
        lamp_c=x[17], grow_pipe_c=x[19],
        crop=Crop(max(0.0, x[22]), x[23], x[24], x[25], temperature_sum_c_d=x[26], day_mean_c=x[21]),
    )  # fmt: skip


def _drive(p: GreenhouseParameters, u: Sequence[float]) -> Drive:
    """gl-gym's controls: boiler, CO2, thermal screen, vents, lamps."""
    return Drive(
        vent_lee=u[3], vent_wind=u[3], screen=u[2], lamp_w=u[4] * p.lamp_power_w_m2,
        co2_mg_s=u[1] * p.co2_capacity_mg_m2_s, pipe_w=u[0] * p.boiler_capacity_w_m2,
    )  # fmt: skip


def _outside(d: Sequence[float]) -> Outside:
    """gl-gym's weather: radiation, temperature, vapour pressure, CO2, wind, sky, soil."""
    vapour = d[2] / (VAPOUR_CONSTANT * (d[1] + KELVIN))
    return Outside(d[1], vapour, co2_mg_m3=d[3], wind_m_s=d[4], radiation_w_m2=d[0], sky_c=d[5], soil_c=d[6])


def run(quick: bool = False) -> list[Row]:
    """Both gyms; `quick` runs neither (they want the network once): it tells how fast our house alone is."""
    if quick:
        speed = 20.0 * PEER_STEP_S / beside_gl_gym(SOMETHING_TOLD, 90.0).cpu_s
        return [row("gl-gym's house, ours alone, our step 90 s: speed", speed, GOAL, 200_000.0, "x", 0.0, True)]
    told = answer(GL_GYM, "peer_gl_gym.py", str(DAYS))
    rows = []
    for step_s in STEPS_S:
        found = beside_gl_gym(told, step_s)
        what = f"beside gl-gym, {DAYS:g} days, our step {step_s:g} s"
        for column, (noise, unit) in NOISE.items():
            rows.append(row(f"{what}: {column}, rms", found.off[column], "GreenLight off gl-gym", noise, unit, 0.0))
        speed = DAYS * 86_400.0 / found.cpu_s
        # the middle step is as far off as the two published programs are from each other
        least = 1.0 if step_s == STEPS_S[1] else 0.0
        for name, which in (("integrator", "integrator_s"), ("environment", "environment_s")):
            peer = DAYS * 86_400.0 / told[which]
            rows.append(row(f"{what}: speed", speed, f"gl-gym's {name}", peer, "x", least, True))

    days = 40.0
    lettuce = answer(LETTUCE_GYM, "peer_lettuce_gym.py", str(days))
    speed, weight = _lettuce_speed(10)
    off = abs(weight / lettuce["states"][-1][0] - 1.0)
    rows.append(row("lettuce house, 40 days: dry mass, off by", off, "tolerance of its row", 2.6e-3, "-"))
    for name, which in (("integrator", "integrator_s"), ("environment", "environment_s")):
        theirs = days * 86_400.0 / lettuce[which]
        rows.append(row("lettuce house, 40 days: speed", speed, f"lettuce gym's {name}", theirs, "x", 0.0, True))
    return rows


def _lettuce_speed(times: int) -> tuple[float, float]:
    """Simulated seconds a CPU second of the benchmark's forty days, and the dry mass at their end."""
    begun = time.process_time()
    for _ in range(times):
        house = benchmark_run("AllOff")
    simulated_s = times * 1920 * BENCHMARK_STEP_S
    return simulated_s / (time.process_time() - begun), house.dry_weight_kg_m2
