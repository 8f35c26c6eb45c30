"""The greenhouse plant against a real one: its air through weeks of recorded weather, vents, screens, lamps and pipes.

Compartment "Reference" of the 3rd Autonomous Greenhouse Challenge (lettuce, 96 m2), 1 February to 15 March 2022. What
nobody has written down of it was fitted, by random search, on the weeks from 12 and 26 February: the numbers that say
so in simulator/parameters/agc2022_compartment.yaml, and the walls below. No number was fitted on the other
weeks. `benchmarks/recorded_greenhouse_fit.py` searches again. Open loop: from its first day on the plant hears nothing
of the measured air but its CO2.
"""

from collections.abc import Iterator
from math import isnan
from pathlib import Path
from typing import NamedTuple

from benchmarks.rows import GOAL, Row, row
from foundation.air import vapour_pressure_pa
from simulator.plants import greenhouse
from simulator.plants.glasshouse import step
from simulator.plants.glasshouse_state import Drive, House, Outside
from simulator.plants.greenhouse import GreenhousePlant
from simulator.plants.greenhouse_parameters import CO2_CONSTANT, KELVIN, STEFAN_BOLTZMANN, VAPOUR_CONSTANT
from simulator.plants.lettuce import Lettuce, grow, light_interception
from simulator.recording_files import Times, read_table

DATA = Path(__file__).parents[2] / "shared" / "data" / "agc2022_lettuce"
FITTED_DAYS, OTHER_DAYS = (11, 25), (32, 18)
"""Days after 1 February 2022 on which a week begins: those that were fitted, and others that were not."""
GOAL_K, GOAL_PERCENT = 2.0, 9.0
"""What is published for this model class (Katzin 2020), RMSE of temperature and of relative humidity."""
WARM_UP_DAYS = 2
DAY_S, STEP_S, ROW_S = 86_400.0, 30.0, 300.0
_PLANTED_DAY = 1


class Walls(NamedTuple):
    """Glass walls towards the neighbouring compartments, which are greenhouses as well; all three fitted."""

    w_m2_k: float = 6.07
    """Per m2 of floor."""
    behind_c: float = 20.2
    """Air behind them in the dark."""
    sun_k_m2_w: float = 0.00899
    """By how much the sun warms it."""


WALLS = Walls()


_LAMPS_UMOL, _SUN_UMOL_W = 150.0, 0.3
"""PAR of the lamps at the probe as it reads at night, and what it reads at least for each W/m2 of sun by day."""
_TIMES = Times("Date", "%m/%d/%Y %H:%M", "Europe/Amsterdam")
_CLIMATE = ("Tair", "Rhair", "CO2air", "VentLee", "VentWind", "EnScr", "BlckScr", "Tpipe", "PARin")
_WEATHER = ("Tout", "Rhout", "Iglob", "Windsp", "Pyrgeo")


class Moment(NamedTuple):
    """Five minutes of the recording."""

    air_c: float
    relative_humidity: float
    co2_ppm: float
    vent_lee: float
    vent_wind: float
    screen: float
    pipe_c: float | None
    """None where the pump stood still."""
    lamps: float
    outside: Outside


class Deviation(NamedTuple):
    """Root mean square and mean of what the plant says less what was measured."""

    kelvin: float
    kelvin_bias: float
    percent: float
    percent_bias: float


def moments(directory: Path = DATA) -> list[Moment]:
    """The recording on a grid of five minutes from its first row on; a gap keeps what was before it."""
    climate, weather = (
        _on_grid(directory / name, columns)
        for name, columns in (("GreenhouseClimate.csv", _CLIMATE), ("weather.csv", _WEATHER))
    )
    return [_moment(here, sky) for here, sky in zip(climate, weather, strict=False)]


def _on_grid(path: Path, columns: tuple[str, ...]) -> Iterator[dict[str, float]]:
    table = read_table(path, _TIMES, columns)
    known = dict.fromkeys(columns, 0.0)
    at_s, place = table.times_s[0], 0
    while place < len(table.times_s):
        while place < len(table.times_s) and table.times_s[place] <= at_s + 0.5 * ROW_S:
            for name in columns:
                value = table.columns[name][place]
                known[name] = known[name] if isnan(value) else value
            place += 1
        yield dict(known)
        at_s += ROW_S


def _moment(here: dict[str, float], sky: dict[str, float]) -> Moment:
    air_k = sky["Tout"] + KELVIN
    vapour_pa = float(vapour_pressure_pa(sky["Tout"], sky["Rhout"]))
    from_sky = max(50.0, sky["Pyrgeo"] + STEFAN_BOLTZMANN * air_k**4)
    # two groups of lamps; nothing recorded says when they burn but the light itself
    groups = round(2.0 * (here["PARin"] - _SUN_UMOL_W * sky["Iglob"]) / _LAMPS_UMOL)
    return Moment(
        air_c=here["Tair"],
        relative_humidity=here["Rhair"],
        co2_ppm=here["CO2air"],
        vent_lee=here["VentLee"] / 100.0,
        vent_wind=here["VentWind"] / 100.0,
        screen=max(here["EnScr"], here["BlckScr"]) / 100.0,
        pipe_c=here["Tpipe"] if here["Tpipe"] > 0.0 else None,
        lamps=min(1.0, max(0.0, 0.5 * groups)),
        outside=Outside(
            air_c=sky["Tout"],
            vapour_kg_m3=vapour_pa / (VAPOUR_CONSTANT * air_k),
            co2_mg_m3=101325.0 * 420.0 / (CO2_CONSTANT * air_k),
            wind_m_s=sky["Windsp"],
            radiation_w_m2=sky["Iglob"],
            sky_c=(from_sky / STEFAN_BOLTZMANN) ** 0.25 - KELVIN,
            soil_c=12.0,
        ),
    )


def crop_on(day: int, recorded: list[Moment], plant: GreenhousePlant) -> Lettuce:
    """The crop as its model grows it in the measured air, from planting to the morning of this day."""
    p = plant.parameters
    crop = Lettuce(p.lettuce_reserves_g_m2, p.lettuce_structure_g_m2)
    rows_a_day = round(DAY_S / ROW_S)
    for moment in recorded[_PLANTED_DAY * rows_a_day : day * rows_a_day]:
        sun = p.cover_par_transmission * p.par_share * p.sun_photons_umol_j * moment.outside.radiation_w_m2
        for _ in range(5):
            crop, _ = grow(
                crop, air_c=moment.air_c, co2_ppm=moment.co2_ppm, ppfd=sun + moment.lamps * _LAMPS_UMOL,
                interception=light_interception(crop), root_c=24.0, vigour=1.0, dt_s=ROW_S / 5.0,
            )  # fmt: skip
    return crop


def follow(
    plant: GreenhousePlant,
    recorded: list[Moment],
    day: int,
    days: int,
    step_s: float = STEP_S,
    walls: Walls = WALLS,
) -> Iterator[tuple[Moment, House]]:
    """What was measured and what the plant says, every five minutes of the days from `day` on, after a warm-up."""
    p, c = plant.parameters, plant.constants
    rows_a_day = round(DAY_S / ROW_S)
    first = (day - WARM_UP_DAYS) * rows_a_day
    house = plant.initial()._replace(crop=crop_on(day - WARM_UP_DAYS, recorded, plant))
    nothing = 0.0 * house.air_c  # as many as there are members
    for place in range(first, (day + days) * rows_a_day):
        now = recorded[place]
        lamp_w = now.lamps * p.lamp_power_w_m2
        co2 = 101325.0 * now.co2_ppm / (CO2_CONSTANT * (house.air_c + KELVIN))
        house = house._replace(co2_air_mg_m3=co2)
        for _ in range(round(ROW_S / step_s)):
            if now.pipe_c is not None:
                house = house._replace(pipe_c=nothing + now.pipe_c)
            behind_c = walls.behind_c + walls.sun_k_m2_w * now.outside.radiation_w_m2
            walls_w = walls.w_m2_k * (behind_c - house.air_c)
            drive = Drive(now.vent_lee, now.vent_wind, now.screen, lamp_w=lamp_w, air_w=walls_w)
            house = step(p, c, house, drive, now.outside, step_s)
        if place >= first + WARM_UP_DAYS * rows_a_day:
            yield recorded[place + 1], house


def relative_humidity(plant: GreenhousePlant, house: House) -> float:
    """% of the plant's air."""
    vapour_pa = house.vapour_air_kg_m3 * VAPOUR_CONSTANT * (house.air_c + KELVIN)
    return 100.0 * vapour_pa / plant.parameters.saturation_pa(house.air_c)


def deviation(
    plant: GreenhousePlant,
    recorded: list[Moment],
    day: int,
    days: int = 7,
    step_s: float = STEP_S,
    walls: Walls = WALLS,
) -> Deviation:
    """How far the plant is from the measured air over the days from `day` on."""
    run_of = follow(plant, recorded, day, days, step_s, walls)
    off = [
        (house.air_c - told.air_c, relative_humidity(plant, house) - told.relative_humidity) for told, house in run_of
    ]
    count = len(off)
    kelvin, percent = (sum(pair[at] for pair in off) / count for at in (0, 1))
    squares = [sum(pair[at] * pair[at] for pair in off) / count for at in (0, 1)]
    return Deviation(squares[0] ** 0.5, kelvin, squares[1] ** 0.5, percent)


def run(quick: bool = False) -> list[Row]:
    """Both RMSE of every week; `quick` takes one day of one week."""
    if not DATA.is_dir():
        raise FileNotFoundError(f"the recording stands beside the project, in {DATA}: it is not there")
    recorded = moments()
    plant = greenhouse.load("agc2022_compartment")
    rows = []
    for day in OTHER_DAYS[:1] if quick else (*FITTED_DAYS, *OTHER_DAYS):
        found = deviation(plant, recorded, day, 1 if quick else 7)
        week = f"{'a day' if quick else 'a week'} from day {day + 1}{', fitted' if day in FITTED_DAYS else ''}"
        air, humidity = f"air, RMSE (bias {found.kelvin_bias:+.2f})", f"humidity, RMSE (bias {found.percent_bias:+.1f})"
        rows.append(row(f"recorded greenhouse, {week}: {air}", found.kelvin, GOAL, GOAL_K, "K"))
        rows.append(row(f"recorded greenhouse, {week}: {humidity}", found.percent, GOAL, GOAL_PERCENT, "%"))
    return rows
