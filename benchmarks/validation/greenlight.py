"""Runs of the greenhouse as GreenLight 2.0.5 made them: open-loop days, and ten days under Katzin's rules."""

import csv
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from math import exp, log, sqrt
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.peers import GREENLIGHT, folder_of
from benchmarks.validation.verdicts import NotAtHand
from simulator.parameters import load_parameters
from simulator.plants.glasshouse import step
from simulator.plants.glasshouse_flows import air_flows
from simulator.plants.glasshouse_state import Drive, House, Outside, initial, leaf_area
from simulator.plants.greenhouse_parameters import (
    CO2_CONSTANT,
    KELVIN,
    VAPOUR_CONSTANT,
    GreenhouseParameters,
    HouseConstants,
)

STEP_S = 30.0
TEN_DAYS = Path(__file__).parents[3] / "shared" / "validation" / "greenlight_10d.csv"


def static_trajectory(case: Mapping[str, Any], hours: int) -> list[dict[str, float]]:
    """Hour by hour from GreenLight's initial state, weather and controls constant, columns named as GreenLight's.

    `case` holds `weather` (tOut, vpOut, co2Out, wind, tSky, tSoOut, iGlob) and `controls` (uBoil, uRoof, uThScr,
    uLamp, uExtCo2, each 0 to 1).
    """
    p, c = _reference()
    sky = case["weather"]
    controls = {name: float(case["controls"].get(name, 0.0)) for name in _CONTROLS}
    drive = _drive(p, controls)
    house = initial(p)
    rows = [_columns(p, c, house, drive, _outside(sky))]
    for _ in range(hours):
        for _ in range(round(3600.0 / STEP_S)):
            house = step(p, c, house, drive, _outside(sky), STEP_S)
        rows.append(_columns(p, c, house, drive, _outside(sky)))
    return rows


def compared(trajectories: Path, inputs: Path) -> list[dict[str, Any]]:
    """Every case of a file of hourly rows (`case`, `Time` in s, columns) against our run of the same inputs.

    `[{"case", "columns": {"tAir": {"rms", "max"}, ...}}]`; a column that only one side has is left out.
    """
    cases = json.loads(inputs.read_text(encoding="utf-8"))
    given: dict[str, list[dict[str, float]]] = {}
    with trajectories.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            case = row.pop("case")
            given.setdefault(case, []).append({name: float(value) for name, value in row.items()})
    answers = []
    for name, rows in given.items():
        ours = static_trajectory(cases[name], round(max(row["Time"] for row in rows) / 3600.0))
        pairs = [(row, ours[round(row["Time"] / 3600.0)]) for row in rows]
        columns = {}
        for column in [column for column in ours[0] if column in rows[0]]:
            off = [abs(ours_row[column] - row[column]) for row, ours_row in pairs]
            columns[column] = {"rms": sqrt(sum(d * d for d in off) / len(off)), "max": max(off)}
        answers.append({"case": name, "columns": columns})
    return answers


_CONTROLS = ("uBoil", "uRoof", "uThScr", "uLamp", "uExtCo2")


@lru_cache(maxsize=2)
def _reference(name: str = "katzin_2021_led") -> tuple[GreenhouseParameters, HouseConstants]:
    values = load_parameters(name, plant="greenhouse", known=GreenhouseParameters.names())
    p = GreenhouseParameters.of(values)
    return p, HouseConstants.of(p)


def _outside(sky: Mapping[str, float]) -> Outside:
    return Outside(
        air_c=sky["tOut"],
        vapour_kg_m3=sky["vpOut"] / (VAPOUR_CONSTANT * (sky["tOut"] + KELVIN)),
        co2_mg_m3=sky["co2Out"],
        wind_m_s=sky["wind"],
        radiation_w_m2=sky["iGlob"],
        sky_c=sky["tSky"],
        soil_c=sky["tSoOut"],
    )


def _drive(p: GreenhouseParameters, controls: Mapping[str, float]) -> Drive:
    """GreenLight's controls: one opening for all ridge vents, boiler heat straight into the rail pipe."""
    return Drive(
        vent_lee=controls["uRoof"],
        vent_wind=controls["uRoof"],
        screen=controls["uThScr"],
        lamp_w=controls["uLamp"] * p.lamp_power_w_m2,
        co2_mg_s=controls["uExtCo2"] * p.co2_capacity_mg_m2_s,
        pipe_w=controls["uBoil"] * p.boiler_capacity_w_m2,
    )


def _columns(
    p: GreenhouseParameters, c: HouseConstants, house: House, drive: Drive, outside: Outside
) -> dict[str, float]:
    blink = 1e-3  # a step so short that its sums are rates
    before, after = house.books, step(p, c, house, drive, outside, blink).books
    flows = air_flows(
        p, c, house.air_c, house.top_c, outside.air_c, outside.wind_m_s,
        drive.screen, drive.vent_lee, drive.vent_wind,
    )  # fmt: skip
    pipe_air = house.pipe_c - house.air_c
    vapour_pa = _vapour_pa(house)
    return {
        "tAir": house.air_c,
        "tTop": house.top_c,
        "tCan": house.canopy_c,
        "tCovIn": house.cover_in_c,
        "tCovE": house.cover_out_c,
        "tThScr": house.screen_c,
        "tFlr": house.floor_c,
        "tPipe": house.pipe_c,
        **{f"tSo{index}": layer for index, layer in enumerate(house.soil_c, start=1)},
        "tLamp": house.lamp_c,
        "vpAir": vapour_pa,
        "vpTop": house.vapour_top_kg_m3 * VAPOUR_CONSTANT * (house.top_c + KELVIN),
        "rhIn": 100.0 * vapour_pa / p.saturation_pa(house.air_c),
        "co2Air": house.co2_air_mg_m3,
        "co2Top": house.co2_top_mg_m3,
        "lai": leaf_area(p, house.crop),
        "mvCanAir": (after.transpired_kg - before.transpired_kg) / blink,
        "mcAirCan": (after.co2_taken_mg - before.co2_taken_mg) / blink,
        "hPipeAir": c.pipe_convection * abs(pipe_air) ** 0.32 * pipe_air,
        "hBoilPipe": drive.pipe_w,
        "fVentRoof": flows.top_outside,
        "fScr": flows.through_screen,
    }


def _vapour_pa(house: House) -> float:
    return house.vapour_air_kg_m3 * VAPOUR_CONSTANT * (house.air_c + KELVIN)


class Sky(NamedTuple):
    """Rows of weather in GreenLight's columns, evenly spaced; between them it is interpolated."""

    every_s: float
    rows: list[list[float]]

    def at(self, time_s: float) -> dict[str, float]:
        place = time_s / self.every_s
        row = min(int(place), len(self.rows) - 2)
        share = min(1.0, place - row)  # after the last row it stays as it is
        pairs = zip(_SKY, self.rows[row], self.rows[row + 1], strict=True)
        return {name: a + (b - a) * share for name, a, b in pairs}


class Closed(NamedTuple):
    """A closed loop: its samples, its last state, and the CPU seconds it took."""

    samples: list[dict[str, float]]
    house: House
    cpu_s: float


_SKY = ("tOut", "vpOut", "co2Out", "wind", "tSky", "tSoOut", "iGlob", "dayRadSum", "isDay")


@lru_cache(maxsize=2)
def hourly_sky() -> Sky:
    """The hours that greenlight_10d.csv gives of GreenLight's ten days."""
    with TEN_DAYS.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["lamp"] == "led"]
    return Sky(3600.0, [[float(row[name]) for name in _SKY] for row in rows])


@lru_cache(maxsize=2)
def full_sky(path: Path) -> Sky:
    """GreenLight's own weather file, every five minutes of 111 days; names, meanings and units stand above the rows."""
    with path.open(newline="", encoding="latin-1") as file:
        rows = list(csv.DictReader(file))[2:]
    return Sky(300.0, [[float(row[name]) for name in _SKY] for row in rows])


def closed_loop(
    lamp: str,
    days: float,
    sky: Sky,
    step_s: float = STEP_S,
    sample_s: float | None = None,
    *,
    as_greenlight: bool = False,
) -> Closed:
    """Days under Katzin's rules with lamps `led`, `hps` or `none`, from the young crop that GreenLight starts with.

    The step is an implicit one, so the rules hear where the air is heading at its end. Samples, every `sample_s` where
    that is given, hold the state's columns and the controls of that moment. `as_greenlight` lets air that warms keep
    its vapour pressure, as GreenLight has it, in the place of its mass of vapour.
    """
    p, c = _reference("katzin_2021_hps" if lamp == "hps" else "katzin_2021_led")
    p = replace(
        p,
        lamp_power_w_m2=0.0 if lamp == "none" else p.lamp_power_w_m2,
        initial_leaf_area_index=4368.0 * p.specific_leaf_area_m2_mg,
        initial_stem_mg_m2=1560.0,
        initial_fruit_mg_m2=312.0,
        initial_buffer_mg_m2=20000.0,
        initial_temperature_sum_c_d=0.0,
    )
    house = initial(p)
    samples: list[dict[str, float]] = []
    every = 0 if sample_s is None else round(sample_s / step_s)
    before = heard(p, house)
    begun = time.process_time()
    last = round(days * 86400.0 / step_s)
    for count in range(last + 1):
        now_s = count * step_s
        now = heard(p, house)
        weather = sky.at(now_s)
        if every and count % every == 0:
            controls = katzin_rules(now_s, weather, *now, lamps=lamp != "none")
            drive = _drive(p, controls)
            samples.append(_columns(p, c, house, drive, _outside(weather)) | controls | _costs(drive))
        if count == last:
            break
        ahead = [value + (value - was) for value, was in zip(now, before, strict=True)]
        drive = _drive(p, katzin_rules(now_s, weather, *ahead, lamps=lamp != "none"))
        then = step(p, c, house, drive, _outside(weather), step_s)
        house = at_its_pressure(house, then) if as_greenlight else then
        before = now
    return Closed(samples, house, time.process_time() - begun)


def at_its_pressure(before: House, after: House) -> House:
    """Vapour that the air of a closed pot would have to lose to keep its pressure as it warms."""
    return after._replace(
        vapour_air_kg_m3=after.vapour_air_kg_m3 * (before.air_c + KELVIN) / (after.air_c + KELVIN),
        vapour_top_kg_m3=after.vapour_top_kg_m3 * (before.top_c + KELVIN) / (after.top_c + KELVIN),
    )


def heard(p: GreenhouseParameters, house: House) -> tuple[float, float, float]:
    """What the rules hear: air in degC, relative humidity in %, CO2 in ppm."""
    ppm = CO2_CONSTANT * (house.air_c + KELVIN) * house.co2_air_mg_m3 / 101325.0
    return house.air_c, 100.0 * _vapour_pa(house) / p.saturation_pa(house.air_c), ppm


def _costs(drive: Drive) -> dict[str, float]:
    return {"qLampIn": drive.lamp_w, "mcExtAir": drive.co2_mg_s}


def packaged_weather() -> Path | None:
    """The weather file in GreenLight's package, where that is installed (`benchmarks.peers`)."""
    folder = folder_of(GREENLIGHT)
    path = folder and folder / "models" / "katzin_2021" / "input_data" / "test_data" / "Bleiswijk_from_20091020.csv"
    return path if path and path.is_file() else None


@lru_cache(maxsize=4)
def means_and_sums(lamp: str, days: int) -> dict[str, float] | None:
    """Means and sums of a closed loop; None for lamps or days that there are not, NotAtHand without the weather.

    Ten days can do with the hours that greenlight_10d.csv gives; longer ones want the file in GreenLight's package.
    """
    if lamp not in ("led", "hps", "none"):
        return None
    path = packaged_weather()
    if path is not None:
        sky = full_sky(path)
    elif days <= 10 and TEN_DAYS.is_file():
        sky = hourly_sky()
    else:
        raise NotAtHand(f"it wants the weather of {GREENLIGHT[1]}: python -m benchmarks greenlight installs it")
    if not 0 < days * 86400.0 <= sky.every_s * len(sky.rows):
        return None
    run = closed_loop(lamp, days, sky, sample_s=300.0)
    count = len(run.samples)
    ppm = [CO2_CONSTANT * (row["tAir"] + KELVIN) * row["co2Air"] / 101325.0 for row in run.samples]
    books = run.house.books
    return {
        "tAir_mean": sum(row["tAir"] for row in run.samples) / count,
        "rh_mean": sum(row["rhIn"] for row in run.samples) / count,
        "co2_ppm_mean": sum(ppm) / count,
        "heat_boiler_sum": books.boiler_j / 1e6,
        "lamp_electric_sum": books.lamp_j / 1e6,
        "co2_dosed_sum": books.co2_dosed_mg / 1e6,
        "transpiration_x1.1_sum": 1.1 * books.transpired_kg,
    }


def katzin_rules(
    time_s: float, sky: Mapping[str, float], air_c: float, humidity: float, ppm: float, *, lamps: bool
) -> dict[str, float]:
    """The reference control of Katzin 2021, chapter 4: smooth proportional bands around fixed setpoints."""
    hour = time_s / 3600.0 % 24.0
    dim = sky["dayRadSum"] < 10.0
    lamp = 1.0 if lamps and dim and sky["iGlob"] < 400.0 and 0.0 < hour < 18.0 else 0.0
    lamp_day = min(1.0, max(0.0, 19.0 - hour)) if dim else 0.0
    day = max(lamp_day, sky["isDay"])
    heat_c = 19.5 * day + 18.5 * (1.0 - day)
    warm_enough = _band(air_c, heat_c - 1.0, -1.0, 1.0, 0.0)
    screen_c = 5.0 * sky["isDay"] + 10.0 * (1.0 - sky["isDay"])
    return {
        "uBoil": _band(air_c, heat_c, -1.0, 0.0, 1.0),
        "uRoof": min(
            warm_enough, max(_band(air_c, heat_c + 5.0, 4.0, 0.0, 1.0), _band(humidity, 87.0, 50.0, 0.0, 1.0))
        ),
        "uThScr": min(
            _band(sky["tOut"], screen_c, -1.0, 0.0, 1.0),
            _band(air_c, heat_c + 4.0, 1.0, 1.0, 0.0),
            max(_band(humidity, 85.0, 10.0, 1.0, 0.0), 1.0 - warm_enough),
        ),
        "uLamp": lamp,
        "uExtCo2": _band(ppm, 1000.0 * day, -100.0, 0.0, 1.0),
    }


def _band(value: float, setpoint: float, width: float, low: float, high: float) -> float:
    steep = -2.0 / width * log(100.0) * (value - setpoint - width / 2.0)
    return low + (high - low) / (1.0 + exp(min(700.0, steep)))
