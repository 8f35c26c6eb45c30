"""docs/simulator/validation.md: every number of it computed, none typed.

`python -m benchmarks.validation tests/validation/points.csv --page docs/simulator` writes it with its pictures. What
stands beside the project (GreenLight's trajectories, standard years) is compared where it exists.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import mean
from typing import Final

from benchmarks import recorded_greenhouse
from benchmarks.validation import by_hand, greenlight, months
from benchmarks.validation.lettuce_greenhouse import benchmark_sky
from benchmarks.validation.lettuce_season import RULES, season, steps
from benchmarks.validation.points import BadPoints, Point
from benchmarks.validation.side_by_side import side_by_side
from benchmarks.validation.verdicts import FACILITIES, NotAtHand, Result
from simulator.plants import greenhouse
from simulator.weather import design_day

SHARED: Final = Path(__file__).parents[3] / "shared"
"""The house's reference works; not a part of the project."""
STATIC: Final = (
    SHARED / "validation" / "greenlight_static.csv",
    SHARED / "validation" / "greenlight_static_inputs.json",
)
GOALS: Final[Mapping[str, tuple[float, str]]] = {
    **dict.fromkeys(("tAir", "tTop", "tCan", "tCovIn", "tCovE", "tThScr", "tFlr", "tPipe"), (0.05, "K")),
    **dict.fromkeys(("vpAir", "vpTop"), (3.0, "Pa")),
    **dict.fromkeys(("co2Air", "co2Top"), (5.0, "mg/m3")),
}
"""Column of a trajectory -> how far it may be off, rms, and the unit."""
FIRST_DAY: Final = date(2022, 2, 1)
"""On which the recording begins."""
ARGUED: Final[Mapping[str, str]] = {}
"""Row with the gate `band` that does not hold -> why that is so, and why it is right to leave it."""

_INTRO: Final = """# How right the simulator is

Written by `python -m benchmarks.validation tests/validation/points.csv --page docs/simulator`; nothing here is typed.
Rows, tolerances and their sources stand in `tests/validation/points.csv`: `hard` and `band` rows gate, `report` rows
are only told. A share of 100 % is a deviation as large as the tolerance.
"""


class NotArgued(BadPoints):
    """A `band` row does not hold and nobody has said why."""


def page(results: Sequence[Result]) -> str:
    """The whole page, in Markdown. Raises NotArgued."""
    parts = [_INTRO, "## Reference points", "![Deviation over tolerance, by facility](validation-points.png)"]
    parts += [summary(results), "### Rows that do not hold", argued(results)]
    parts += ["## Days of the greenhouse against GreenLight", *trajectories()]
    parts += ["## Ten days under Katzin's rules", *ten_days(), *side_by_side()]
    parts += ["## Against a real greenhouse", *reality()]
    parts += [
        "## Fish farm and nutrient tank, worked by hand",
        "![Step responses, ours and worked by hand](validation-by-hand.png)",
        "The farm without fish, bacteria and evaporation and the tank without plants have solutions in closed form; "
        "the largest deviation is that of the whole course. `tests/simulator/test_step_responses.py` holds them.",
        by_hand.table(),
    ]
    parts += ["## Balances", "What the books of whole runs leave unexplained.", _table(_rows(_closures(results)))]
    parts += [
        f"Over {months.DAYS:g} days of each plant alone, every actuator moving: the worst of any midnight, counted "
        "from the start, as a share of what moved or was there. Empty where a plant keeps no such book. "
        f"`make faults` holds all below {months.MOST:g}, `make test` those of half a day.",
        months.table(),
    ]
    parts += ["## Lettuce", "![Lettuce of van Henten, forty days](validation-lettuce.png)"]
    parts += [
        "Dry weight of van Henten's lettuce in weather given in closed form, against lettuce-greenhouse-gym 0.1.3.",
        "Seasons of `farmloop/LettuceGreenhouse-v0` in the synthetic year of Beijing, from 9 February, seed 0. The "
        "rules are those of the benchmark, whose own weather gives the returns of rows LET022 to LET026. LET025 and "
        "LET027 have no value of ours: they are returns of a model predictive controller and of a trained policy, "
        "which we have not, and say nothing of the plant that LET022 to LET024 do not.",
        seasons(),
        *given_days(),
    ]
    parts += ["## Weather", "![A synthetic year and the design days](validation-weather.png)"]
    parts += [
        "Design days over twenty seeds, every fifth minute, beside what the scenarios ask of them.",
        design_days(),
    ]
    parts += ["## Every row"]
    for facility in _facilities(results):
        own = [result for result in results if result.point.facility == facility]
        parts += [f"### {facility}", _table(_rows(own))]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def summary(results: Iterable[Result]) -> str:
    """One line a facility: how many rows, what came of them, and the one that is furthest off."""
    lines = [
        "| facility | rows | hold | do not | only told | nobody knows | furthest off |",
        "|---|---|---|---|---|---|---|",
    ]
    by_facility: dict[str, list[Result]] = {}
    for result in results:
        by_facility.setdefault(result.point.facility, []).append(result)
    named = _facilities(result for own in by_facility.values() for result in own)
    lines += [facility_line(facility, by_facility[facility]) for facility in named]
    return "\n".join(lines)


def facility_line(facility: str, results: Sequence[Result]) -> str:
    counted = Counter(result.verdict for result in results)
    shares = {
        result.point.id: share for result in results if (share := _share(result)) is not None and _gates(result.point)
    }
    worst = max(shares, key=lambda name: shares[name], default=None)
    furthest = "" if worst is None else f"{worst}, {shares[worst]:.0%}"
    verdicts = " | ".join(str(counted[verdict]) for verdict in ("pass", "fail", "reported", "not implemented"))
    return f"| {facility} | {len(results)} | {verdicts} | {furthest} |"


def argued(results: Iterable[Result]) -> str:
    """Every row that gates and does not hold, with the argument. Raises NotArgued for a `band` row without one."""
    lines = []
    for result in results:
        if result.verdict == "fail":
            point = result.point
            if point.gate == "band" and point.id not in ARGUED:
                raise NotArgued(f"{point.id} ({point.quantity}) does not hold: say why in {__name__}.ARGUED")
            found = "no number" if result.value is None else f"{result.value:.5g}"
            why = ARGUED[point.id] if point.gate == "band" else "It is a fault."
            lines.append(
                f"- {point.id}, {point.quantity}: {found} for {point.expected:.5g} ± {point.tolerance:.2g}. {why}"
            )
    return "\n".join(lines) or "None."


def trajectories() -> list[str]:
    """Deviations over a day of constant weather and controls, the columns that have a goal."""
    if not all(path.is_file() for path in STATIC):
        return ["GreenLight's trajectories were not there when this was written."]
    lines = ["| case | column | rms | max | rms allowed | |", "|---|---|---|---|---|---|"]
    for case in greenlight.compared(*STATIC):
        for column, off in case["columns"].items():
            if column in GOALS:
                goal, unit = GOALS[column]
                verdict = "pass" if off["rms"] <= goal else "**fail**"
                figures = f"{off['rms']:.2g} {unit} | {off['max']:.2g} {unit} | {goal:g} {unit}"
                lines.append(f"| {case['case']} | {column} | {figures} | {verdict} |")
    text = (
        "Twenty-four hours of constant weather and controls from GreenLight's own start, our steps of 30 s against "
        "GreenLight 2.0.5, hour by hour."
    )
    return ["![A day of constant weather, ours and GreenLight's](validation-greenlight.png)", text, "\n".join(lines)]


def ten_days() -> list[str]:
    """Ten days of a closed loop in GreenLight's own weather, hour by hour, against the given record of its run."""
    weather = greenlight.packaged_weather()
    if weather is None or not greenlight.TEN_DAYS.is_file():
        return ["GreenLight's weather or the record of its ten days was not there when this was written."]
    lines = ["| lamps | column | rms | bias | rms wanted |", "|---|---|---|---|---|"]
    for lamp in ("led", "none"):
        samples, recorded = closed_hours(lamp, weather)
        for column, (goal, unit) in {"tAir": (0.03, "K"), "vpAir": (4.0, "Pa")}.items():
            off = [ours[column] - float(told[column]) for ours, told in zip(samples, recorded, strict=True)]
            rms = mean(error * error for error in off) ** 0.5
            lines.append(f"| {lamp} | {column} | {rms:.2g} {unit} | {mean(off):+.2g} {unit} | {goal:g} {unit} |")
    text = (
        "Ten days from 20 October 2009 in GreenLight's own weather under Katzin's rules, our steps of 30 s, hour by "
        "hour against a run of GreenLight 2.0.5. Air that warms keeps its vapour pressure here, as GreenLight has it; "
        "in our plant it keeps its vapour. Means and sums are rows GRH063 to GRH083; `python -m benchmarks greenlight` "
        "runs both programs side by side, either way."
    )
    return ["![Air of ten days, ours and GreenLight's](validation-ten-days.png)", text, "\n".join(lines)]


def closed_hours(lamp: str, weather: Path) -> tuple[list[dict[str, float]], list[dict[str, str]]]:
    """Our hours of the ten days, and GreenLight's."""
    with greenlight.TEN_DAYS.open(newline="", encoding="utf-8") as file:
        recorded = [row for row in csv.DictReader(file) if row["lamp"] == lamp]
    sky = greenlight.full_sky(weather)
    ours = greenlight.closed_loop(lamp, 10.0, sky, sample_s=3600.0, as_greenlight=True).samples
    return ours[: len(recorded)], recorded


def reality() -> list[str]:
    """The plant in the recorded weather and under the recorded controls of a real compartment, week by week."""
    if not recorded_greenhouse.DATA.is_dir():
        return ["The recording was not there when this was written."]
    recorded, plant = recorded_greenhouse.moments(), greenhouse.load("agc2022_compartment")
    lines = ["| week from | | air, RMSE | bias | humidity, RMSE | bias |", "|---|---|---|---|---|---|"]
    for day in (*recorded_greenhouse.FITTED_DAYS, *recorded_greenhouse.OTHER_DAYS):
        off = recorded_greenhouse.deviation(plant, recorded, day)
        what = "fitted" if day in recorded_greenhouse.FITTED_DAYS else "not fitted"
        begins = FIRST_DAY + timedelta(days=day)
        figures = f"{off.kelvin:.2f} K | {off.kelvin_bias:+.2f} K | {off.percent:.1f} % | {off.percent_bias:+.1f} %"
        lines.append(f"| {begins.isoformat()} | {what} | {figures} |")
    text = (
        'Compartment "Reference" of the 3rd Autonomous Greenhouse Challenge (lettuce, 96 m2, Bleiswijk 2022), driven '
        "by its recorded weather, vents, screens, lamps, pipe temperature and CO2, in open loop. What was fitted, and "
        "on which weeks, stands in `simulator/parameters/agc2022_compartment.yaml`. Published for this class of model: "
        f"{recorded_greenhouse.GOAL_K:g} K and {recorded_greenhouse.GOAL_PERCENT:g} %."
    )
    return ["![A week that was not fitted, measured and computed](validation-recorded.png)", text, "\n".join(lines)]


def design_days() -> str:
    """What the design days do, over seeds 0 to 19, beside the numbers of the scenarios."""
    days = {
        name: [_day(name, seed) for seed in range(20)] for name in ("cold_front", "heat_wave", "storm", "dull_week")
    }
    front, heat, storm, dull = days.values()
    before, after = [[day[hour * 12][0] for day in front] for hour in (21, 24)]
    hottest = [max(air for air, _, _ in day) for day in heat]
    windy = [mean(wind for _, wind, _ in day[11 * 12 : 15 * 12]) for day in heat]
    blown = [max(wind for _, wind, _ in day) for day in storm]
    sums = [sum(light for _, _, light in day) * 300.0 / 1e6 for day in dull]
    rows = [
        ("cold_front: air at 21 o'clock, °C", "4", before),
        ("cold_front: air at midnight, °C", "-12", after),
        ("heat_wave: hottest, °C", "35", hottest),
        ("heat_wave: wind from 11 to 15 o'clock, m/s", "13 to 15", windy),
        ("storm: strongest gust, m/s", "above 20", blown),
        ("dull_week: light of a day in February, MJ/m2", "", sums),
    ]
    lines = ["| what | asked | least | mean | most |", "|---|---|---|---|---|"]
    lines += [f"| {what} | {asked} | {min(v):.1f} | {mean(v):.1f} | {max(v):.1f} |" for what, asked, v in rows]
    return "\n".join(lines)


def seasons() -> str:
    """What forty days of lettuce return under plain rules."""
    lines = ["| rules | return, EUR/m2 | dry weight, kg/m2 |", "|---|---|---|"]
    for name, rules in RULES.items():
        earned, weight = season(rules)
        lines.append(f"| {name} | {earned:.2f} | {weight:.4f} |")
    return "\n".join(lines)


def given_days() -> list[str]:
    """Our seasons in the benchmark's own weather against its daily table."""
    table = SHARED / "validation" / "lettuce_benchmark_daily.csv"
    try:
        sky = benchmark_sky()
    except NotAtHand as error:
        return [f"Not compared with the benchmark's daily table when this was written: {error}."]
    if not table.is_file():
        return ["The benchmark's daily table was not there when this was written."]
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    states = ("Xd_kg_m2", "Xc_kg_m3", "XT_C", "Xh_kg_m3")
    lines = [f"| rules | days | {' | '.join(states)} |", "|---|---|---|---|---|---|"]
    for theirs, ours in (("all_off", "AllOff"), ("heuristic", "GrowerHeuristic")):
        _, houses = steps(RULES[ours], sky)
        days = [(row, houses[48 * int(row["day"])]) for row in rows if row["controller"] == theirs]
        most = [max(abs(house[at] - float(row[name])) for row, house in days) for at, name in enumerate(states)]
        lines.append(f"| {ours} | {len(days)} | {' | '.join(f'{off:.0e}' for off in most)} |")
    text = "Midnights of the benchmark's season in its own weather: the largest deviation from its daily table."
    return [text, "\n".join(lines)]


def row_line(result: Result) -> str:
    """One reference point, as the page has it."""
    point, share = result.point, _share(result)
    value = "" if result.value is None else _told(result.value)
    told = "" if share is None else f"{share:.0%}"
    verdict = f"**{result.verdict}**" if result.verdict == "fail" else result.verdict
    numbers = f"{point.expected:.5g} | {value} | {point.tolerance:.2g}"
    return f"| {point.id} | {point.quantity} | {numbers} | {told} | {verdict} |"


def _told(value: float) -> str:
    """Five digits; of what is next to nothing its size, and of round-off not even that."""
    if value == 0.0 or abs(value) >= 1e-6:
        return f"{value:.5g}"
    return f"{value:.0e}" if abs(value) >= 1e-12 else "round-off"


def _rows(results: Iterable[Result]) -> list[str]:
    return [row_line(result) for result in results]


def _table(rows: Sequence[str]) -> str:
    return "\n".join(
        ["| row | quantity | expected | ours | tolerance | share | |", "|---|---|---|---|---|---|---|", *rows]
    )


def _share(result: Result) -> float | None:
    point = result.point
    return None if result.value is None or not point.tolerance else abs(result.value - point.expected) / point.tolerance


def _gates(point: Point) -> bool:
    return point.gate != "report"


def _closures(results: Iterable[Result]) -> list[Result]:
    return [result for result in results if result.point.quantity.startswith("closure_")]


def _facilities(results: Iterable[Result]) -> list[str]:
    """In our order, then what nobody here knows, as it comes."""
    named = list(dict.fromkeys(result.point.facility for result in results))
    return sorted(named, key=lambda name: FACILITIES.index(name) if name in FACILITIES else len(FACILITIES))


def _day(name: str, seed: int) -> list[tuple[float, float, float]]:
    """(air degC, wind m/s, light W/m2) every fifth minute of 2 February in Shouguang, both midnights included."""
    source = design_day(name, seed, 36.88, 118.74, "Asia/Shanghai")
    skies = [source.at(1769961600.0 + 300.0 * step) for step in range(289)]
    return [(sky.air_c, sky.wind_m_s, sky.global_radiation_w_m2) for sky in skies]
