"""The pictures of docs/simulator/validation.md."""

import csv
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import matplotlib

from benchmarks import recorded_greenhouse
from benchmarks.validation import by_hand, greenlight
from benchmarks.validation.lettuce_greenhouse import grown
from benchmarks.validation.page import FIRST_DAY, SHARED, STATIC, closed_hours
from benchmarks.validation.verdicts import Result
from simulator.plants import greenhouse
from simulator.plants.lettuce_greenhouse import LEAK_BENCHMARK_M_S, LEAK_M_S
from simulator.weather import CLIMATES, WeatherSource, design_day
from simulator.weather_epw import Epw
from simulator.weather_synthetic import synthetic_year

matplotlib.use("agg")
from matplotlib import pyplot

OURS, THEIRS, THIRD, LIMIT = "#1f6f8b", "#222222", "#e09f3e", "#c1121f"
LETTUCE = Path(__file__).parents[2] / "tests" / "validation" / "lettuce_synthetic.csv"
BEIJING = (39.80, 116.47, "Asia/Shanghai")
EIGHT_HOURS_S = 8 * 3600.0


def draw(results: Sequence[Result], folder: Path) -> None:
    """Write validation-points.png, -by-hand, -lettuce, -weather; where data are -greenlight, -ten-days, -recorded."""
    pyplot.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    _points(results, folder / "validation-points.png")
    if all(path.is_file() for path in STATIC):
        _greenlight(folder / "validation-greenlight.png")
    weather = greenlight.packaged_weather()
    if weather is not None and greenlight.TEN_DAYS.is_file():
        _ten_days(weather, folder / "validation-ten-days.png")
    if recorded_greenhouse.DATA.is_dir():
        _recorded(folder / "validation-recorded.png")
    _by_hand(folder / "validation-by-hand.png")
    _lettuce(folder / "validation-lettuce.png")
    _weather(folder / "validation-weather.png")


def _points(results: Sequence[Result], path: Path) -> None:
    shares: dict[str, list[float]] = {}
    for result in results:
        point = result.point
        if point.gate != "report" and result.value is not None and point.tolerance:
            shares.setdefault(point.facility, []).append(abs(result.value - point.expected) / point.tolerance)
    figure, place = pyplot.subplots(figsize=(9, 3.2), layout="constrained")
    for height, own in enumerate(shares.values()):
        place.plot([max(share, 1e-4) for share in own], [height] * len(own), "|", color=OURS, markersize=10)
    place.axvline(1.0, color=LIMIT, linewidth=1.0)
    place.set_xscale("log")
    place.set_yticks(range(len(shares)), list(shares))
    place.set_xlabel("deviation over tolerance (what is nearer than 0.0001 stands there)")
    _write(figure, path)


def _greenlight(path: Path) -> None:
    cases = json.loads(STATIC[1].read_text("utf-8"))
    with STATIC[0].open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    figure, places = pyplot.subplots(2, len(cases), figsize=(9, 4.6), sharex=True, squeeze=False, layout="constrained")
    for index, name in enumerate(cases):
        theirs = [row for row in rows if row["case"] == name]
        hours = [float(row["Time"]) / 3600.0 for row in theirs]
        ours = greenlight.static_trajectory(cases[name], round(hours[-1]))
        for place, column, title in zip(places[:, index], ("tAir", "vpAir"), ("air, °C", "vapour, Pa"), strict=True):
            place.plot(range(len(ours)), [row[column] for row in ours], color=OURS, label="ours")
            place.plot(
                hours, [float(row[column]) for row in theirs], ".", color=THEIRS, markersize=4, label="GreenLight"
            )
            place.set_title(f"{name}: {title}", loc="left", fontsize=9)
        places[1, index].set_xlabel("hours")
    places[0, 0].legend(frameon=False)
    _write(figure, path)


def _ten_days(weather: Path, path: Path) -> None:
    samples, recorded = closed_hours("led", weather)
    days = [hour / 24.0 for hour in range(len(samples))]
    ours, theirs = [sample["tAir"] for sample in samples], [float(row["tAir"]) for row in recorded]
    figure, (air, off) = pyplot.subplots(
        2, 1, figsize=(9, 3.8), sharex=True, height_ratios=(2, 1), layout="constrained"
    )
    air.plot(days, ours, color=OURS, linewidth=0.9, label="ours")
    air.plot(days, theirs, ".", color=THEIRS, markersize=3, label="GreenLight")
    air.set_title("air, °C", loc="left")
    air.legend(frameon=False, ncols=2)
    off.plot(days, [1e3 * (mine - its) for mine, its in zip(ours, theirs, strict=True)], color=OURS, linewidth=0.8)
    off.set_title("difference, mK", loc="left")
    off.set_xlabel("days")
    _write(figure, path)


def _recorded(path: Path) -> None:
    plant, day = greenhouse.load("agc2022_compartment"), recorded_greenhouse.OTHER_DAYS[0]
    pairs = list(recorded_greenhouse.follow(plant, recorded_greenhouse.moments(), day, 7))[::3]
    days = [index * 3 * recorded_greenhouse.ROW_S / 86400.0 for index in range(len(pairs))]
    figure, (air, humidity) = pyplot.subplots(2, 1, figsize=(9, 4.2), sharex=True, layout="constrained")
    air.plot(days, [house.air_c for _, house in pairs], color=OURS, linewidth=0.9, label="ours")
    air.plot(days, [told.air_c for told, _ in pairs], color=THEIRS, linewidth=0.7, label="measured")
    air.set_title("air, °C", loc="left")
    air.legend(frameon=False)
    ours = [recorded_greenhouse.relative_humidity(plant, house) for _, house in pairs]
    humidity.plot(days, ours, color=OURS, linewidth=0.9)
    humidity.plot(days, [told.relative_humidity for told, _ in pairs], color=THEIRS, linewidth=0.7)
    humidity.set_title("humidity, %", loc="left")
    humidity.set_xlabel(f"days from {FIRST_DAY + timedelta(days=day)}")
    _write(figure, path)


def _by_hand(path: Path) -> None:
    moving = [course for course in by_hand.courses() if len(course.hours) > 1]
    figure, places = pyplot.subplots(3, 3, figsize=(9, 6.0), layout="constrained")
    for place, course in zip(places.flat, moving, strict=True):
        place.plot(course.hours, course.by_hand, color=OURS, label="by hand")
        place.plot(course.hours, course.ours, ".", color=THEIRS, markersize=5, label="ours")
        title = f"{course.what}, {course.unit}" if course.unit else course.what
        place.set_title(title.replace(": ", ":\n"), loc="left", fontsize=7)
        place.set_xlabel("hours")
    places[0, 0].legend(frameon=False)
    _write(figure, path)


def _lettuce(path: Path) -> None:
    figure, place = pyplot.subplots(figsize=(9, 2.8), layout="constrained")
    with LETTUCE.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for leak_m_s, colour in ((LEAK_M_S, OURS), (LEAK_BENCHMARK_M_S, THIRD)):
        days = range(41)
        place.plot(
            days,
            [1e3 * grown(day, leak_m_s).dry_weight_kg_m2 for day in days],
            color=colour,
            label=f"ours, leak {leak_m_s:g} m/s",
        )
        theirs = [row for row in rows if float(row["c_leak"]) == leak_m_s]
        place.plot(
            [float(row["day"]) for row in theirs], [1e3 * float(row["Xd_kg_m2"]) for row in theirs], ".",
            color=THEIRS, markersize=4, label="lettuce-greenhouse-gym" if theirs else None,
        )  # fmt: skip
    place.set_xlabel("days")
    place.set_ylabel("dry weight, g/m2")
    place.legend(frameon=False)
    _write(figure, path)


def _weather(path: Path) -> None:
    figure, ((warm, light), (air, wind)) = pyplot.subplots(2, 2, figsize=(9, 5.0), layout="constrained")
    year: list[tuple[str, str, WeatherSource]] = [
        ("synthetic_beijing, seed 1", OURS, synthetic_year("synthetic_beijing", 1, *BEIJING))
    ]
    standard = SHARED / "weather" / "beijing.epw"
    if standard.is_file():
        year.append(("standard year of Beijing", THIRD, Epw(standard)))
    start_s = datetime(2025, 1, 1, tzinfo=UTC).timestamp() - EIGHT_HOURS_S
    for name, colour, source in year:
        dates, thirds = range(1, 366, 2), [10800.0 * (part + 0.5) for part in range(8)]
        days = [[source.at(start_s + 86400.0 * (date - 1) + third) for third in thirds] for date in dates]
        lights = [sum(sky.global_radiation_w_m2 for sky in day) * 0.0108 for day in days]
        warm.plot(dates, [sum(sky.air_c for sky in day) / 8.0 for day in days], color=colour, linewidth=0.7, label=name)
        light.plot(dates, lights, color=colour, linewidth=0.7)
    warm.set_title("mean air of every other day, °C", loc="left")
    warm.legend(frameon=False)
    light.set_title("light of every other day, MJ/m2", loc="left")
    for name in CLIMATES:
        source = design_day(name, 1, 36.88, 118.74, "Asia/Shanghai")
        skies = [source.at(1769961600.0 + 600.0 * step) for step in range(145)]
        hours = [step / 6.0 for step in range(145)]
        air.plot(hours, [sky.air_c for sky in skies], linewidth=0.9, label=name)
        wind.plot(hours, [sky.wind_m_s for sky in skies], linewidth=0.6)
    air.set_title("design days: air, °C", loc="left")
    air.set_ylim(top=55.0)
    air.legend(frameon=False, fontsize=7, ncols=2, loc="upper left")
    wind.set_title("design days: wind, m/s", loc="left")
    for place in (air, wind):
        place.set_xlabel("hour")
    _write(figure, path, dpi=75)


def _write(figure: Any, path: Path, dpi: int = 90) -> None:
    figure.savefig(path, dpi=dpi, pil_kwargs={"optimize": True})
    pyplot.close(figure)
