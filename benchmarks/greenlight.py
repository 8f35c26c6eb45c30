"""GreenLight and ours side by side, on its own weather, under Katzin's published control rules.

`python -m benchmarks greenlight --lamp led|hps|none --days 10`. GreenLight 2.0.5 runs in an environment of its own
(`benchmarks.peers`), made on the first run. `--quick` runs ours alone against recorded hours of a GreenLight run.
"""

import argparse
import csv
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any, NamedTuple

from benchmarks.peers import GREENLIGHT, answer
from benchmarks.rows import GOAL, Row, row
from benchmarks.validation.greenlight import (
    TEN_DAYS,
    Closed,
    closed_loop,
    full_sky,
    hourly_sky,
    packaged_weather,
)

LAMPS = ("led", "hps", "none")
SAMPLE_S = 300.0
GOALS = {"tAir": (0.03, "K"), "vpAir": (4.0, "Pa")}
"""Root mean square over ten days."""
OTHERS = {
    "tCan": "K", "tTop": "K", "tCovIn": "K", "tFlr": "K", "tPipe": "K", "tSo1": "K", "rhIn": "%", "co2Air": "mg/m3",
    "lai": "-", "uBoil": "-", "uRoof": "-", "uThScr": "-",
}  # fmt: skip
SUMS = {
    "heat": ("hBoilPipe", 2.0, 1e-6, "MJ/m2"),
    "lamps": ("qLampIn", 0.5, 1e-6, "MJ/m2"),
    "CO2": ("mcExtAir", 0.5, 1e-6, "kg/m2"),
    "water": ("mvCanAir", 0.5, 1.0, "L/m2"),
}
"""GreenLight's rate behind each, by how many percent ours may differ, and the unit it is told in."""
JUMPS_S = 86_400.0
"""At midnight Katzin's lamps go on and the setpoint jumps by 1 K, the boiler from a little to all. GreenLight's sample
of that instant lies anywhere between its rows before and after, ours behind the jump: one in 288 samples, up to a
seventh of the sum."""
TIMES_FASTER = 25.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this benchmark takes besides `--json` and `--quick`."""
    parser.add_argument("--lamp", choices=LAMPS, default="led", help="greenlight: which lamps")
    parser.add_argument("--days", type=float, default=10.0, help="greenlight: how many days from 20 October 2009")


def run(quick: bool = False, lamp: str = "led", days: float = 10.0) -> list[Row]:
    """All rows of one run; ten days take GreenLight a minute or two of CPU, and its first run an installation."""
    if quick:
        return _against_the_record(lamp, min(days, 0.25))
    told = answer(GREENLIGHT, "peer_greenlight.py", lamp, f"{days:g}")
    path = packaged_weather()
    if path is None:
        raise FileNotFoundError(f"{GREENLIGHT[1]} is installed, and its weather is not where it should be")
    sky = full_sky(path)
    alike = closed_loop(lamp, days, sky, sample_s=SAMPLE_S, as_greenlight=True)
    ours = closed_loop(lamp, days, sky, sample_s=SAMPLE_S)
    what = f"greenlight, {lamp}, {days:g} days"
    rows = _columns(what, alike.samples, told["samples"])
    rows += _sums(what, alike, told)
    # air that warms keeps its mass of vapour in our plant; in GreenLight it keeps its pressure
    for column, (goal, unit) in GOALS.items():
        rms, _ = off([sample[column] for sample in ours.samples], told["samples"][column])
        rows.append(row(f"{what}, as the plant is: {column}, rms", rms, GOAL, goal, unit, 0.0))
    plain = closed_loop(lamp, days, sky)
    speed, peer = (days * 86_400.0 / cpu_s for cpu_s in (plain.cpu_s, told["solve_s"]))
    rows.append(row(f"{what}: simulated s a CPU s", speed, "GreenLight 2.0.5", peer, "x", TIMES_FASTER, True))
    return rows


def _columns(what: str, ours: Sequence[Mapping[str, float]], theirs: Mapping[str, Sequence[float]]) -> list[Row]:
    """Of each column the root mean square; the bias stands in the row's name."""
    rows = []
    for column, unit in [(name, unit) for name, (_, unit) in GOALS.items()] + list(OTHERS.items()):
        rms, bias = off([sample[column] for sample in ours], theirs[column])
        name = f"{what}: {column}, rms (bias {bias:+.2g})"
        if column in GOALS:
            rows.append(row(name, rms, GOAL, GOALS[column][0], unit))
        else:
            rows.append(row(name, rms, "its standard deviation", pstdev(theirs[column]), unit, 0.0))
    return rows


def _sums(what: str, ours: Closed, told: Mapping[str, Any]) -> list[Row]:
    """Integrals, and by how many percent they differ. Of heat also the samples of both, summed alike; and our integral
    against GreenLight's sum, which is not its own integral."""
    books = ours.house.books
    kept = dict(zip(SUMS, (books.boiler_j, books.lamp_j, books.co2_dosed_mg, books.transpired_kg), strict=True))
    rows = []
    for name, (rate, goal, scale, unit) in SUMS.items():
        theirs = told["integrals"][rate]
        if theirs == kept[name] == 0.0:
            continue
        its = "GreenLight's integral"
        rows.append(row(f"{what}: {name}", scale * kept[name], its, scale * theirs, unit, 0.0))
        percent = 100.0 * (kept[name] / theirs - 1.0)
        rows.append(row(f"{what}: {name}, off its integral ({percent:+.2f})", abs(percent), GOAL, goal, "%"))
    heat = heat_off(ours.samples, kept["heat"], told)
    own = f"which are {heat.its_own:+.2f} off its own integral"
    for name, percent in (
        (f"heat, sampled alike, off its 300 s sums without midnights ({heat.sampled:+.2f})", heat.sampled),
        (f"heat, our integral off its 300 s sums, {own} ({heat.mixed:+.2f})", heat.mixed),
    ):
        rows.append(row(f"{what}: {name}", abs(percent), GOAL, SUMS["heat"][1], "%"))
    return rows


class HeatOff(NamedTuple):
    """Percent by which sums of heat differ, like with like first."""

    integral: float
    """Ours against GreenLight's, both integrated."""
    sampled: float
    """Both sampled at the same instants and summed, but for `JUMPS_S`."""
    mixed: float
    """Our integral against the sum of its samples."""
    its_own: float
    """The sum of its samples against its own integral."""


def heat_off(ours: Sequence[Mapping[str, float]], kept_j: float, told: Mapping[str, Any]) -> HeatOff:
    """`ours` and GreenLight's samples stand every 300 s; `kept_j` is our integral, J/m2."""
    theirs, integral = told["samples"]["hBoilPipe"], told["integrals"]["hBoilPipe"]
    every = round(JUMPS_S / SAMPLE_S)
    calm = [index for index in range(len(theirs) - 1) if index % every]
    summed = SAMPLE_S * sum(theirs[:-1])
    alike = sum(ours[index]["hBoilPipe"] for index in calm) / sum(theirs[index] for index in calm)
    return HeatOff(*(100.0 * (share - 1.0) for share in (kept_j / integral, alike, kept_j / summed, summed / integral)))


def off(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float]:
    """Root mean square and mean of the difference."""
    differences = [mine - its for mine, its in zip(ours, theirs, strict=True)]
    return fmean(d * d for d in differences) ** 0.5, fmean(differences)


def _against_the_record(lamp: str, days: float) -> list[Row]:
    """Ours alone, hour by hour, against a GreenLight run that is at hand."""
    if not TEN_DAYS.is_file():
        raise FileNotFoundError(f"--quick compares with {TEN_DAYS}, which is not there")
    recorded = _record(lamp)
    if not recorded:
        raise LookupError(f"there is no record of lamp {lamp}: leave --quick away")
    found = closed_loop(lamp, days, hourly_sky(), sample_s=3600.0, as_greenlight=True)
    what = f"greenlight, {lamp}, {24.0 * days:g} h, ours alone, hourly weather"
    rows = []
    for column, (_, unit) in GOALS.items():
        hours = [sample[column] for sample in found.samples]
        rms, bias = off(hours, [float(hour[column]) for hour in recorded[: len(hours)]])
        deviation = pstdev(float(hour[column]) for hour in recorded)
        name = f"{what}: {column}, rms (bias {bias:+.2g})"
        rows.append(row(name, rms, "its standard deviation", deviation, unit, 0.0))
    return rows


@lru_cache(maxsize=1)
def _record(lamp: str, path: Path = TEN_DAYS) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return [hour for hour in csv.DictReader(file) if hour["lamp"] == lamp]
