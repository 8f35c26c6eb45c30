"""The pictures and the counts of docs/developers/real-data.md, from what InfluxDB has after the play."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import matplotlib

from benchmarks.real_data_check import BAD, Found, Point

matplotlib.use("agg")
from matplotlib import dates, pyplot

ZONE = ZoneInfo("Europe/Amsterdam")
COMPUTER, WIRELESS, VOTED, WARN, BACK = "#1f6f8b", "#e09f3e", "#222222", "#c1121f", "#dddddd"
SPIKES = (
    ("gh1.ref.leaf_temp", "2022-02-10T08:17", "leaf temperature, °C"),
    ("gh1.ref.rh_computer", "2022-03-11T10:54", "humidity, %"),
    ("gh1.ref.co2", "2022-02-09T04:34", "CO2, ppm"),
    ("gh1.all.out_temp", "2022-02-20T21:45", "outside, °C"),
)
"""Where to look: a column, about when, and what it is."""

Points = Mapping[str, Sequence[Point]]


def draw(points: Points, folder: Path) -> None:
    """Write real-data-probes.png, -spikes.png and -shadow.png."""
    pyplot.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    _probes(points, folder / "real-data-probes.png")
    _spikes(points, folder / "real-data-spikes.png")
    _shadow(points, folder / "real-data-shadow.png")


def findings(said: Mapping[str, Any], found: Found) -> str:
    """What the conditioning found, in Markdown."""
    reasons = sorted({why for counts in found.judged.values() for why in counts} - {"good"})
    lines = [
        f"{said['rows']} rows in {said['wall_s']:.0f} s; {found.cells} values and {found.empty} empty cells, "
        f"{found.right} right, {len(found.faults)} faults; {found.derived} derived points; "
        f"{found.overtaken} votes overtaken; a row waited {said['worst_late_s']:.0f} s at most",
        f"points besides the rows, all without a value: {dict(found.again)}",
        f"orders in shadow: {said['devices']['shadow']}; scans: {said['scan']}",
        "",
        f"| value | good | {' | '.join(reasons)} |",
        f"|---|---|{'---|' * len(reasons)}",
    ]
    for tag, counts in found.judged.items():
        lines.append(f"| `{tag}` | {' | '.join(str(counts[why]) for why in ('good', *reasons))} |")
    lines += ["", "| vote | rows |", "|---|---|"]
    lines += [f"| `{vote}` | {count} |" for vote, count in sorted(found.votes.items())]
    return "\n".join(lines)


def _probes(points: Points, path: Path) -> None:
    figure, (whole, part) = pyplot.subplots(2, 1, figsize=(9, 5.2), height_ratios=(1, 2), layout="constrained")
    voted = points["gh1.ref.air_temp"]
    kinds = {"good": COMPUTER, "disagree": WIRELESS, "input": WARN}
    for height, (why, colour) in enumerate(reversed(kinds.items())):
        times = [_at(point) for point in voted if (point.why or "good") == why]
        whole.plot(times, [height] * len(times), "|", color=colour, markersize=9, markeredgewidth=0.6)
    whole.set_yticks(range(3), ["one probe or none", "disagree", "good"])
    whole.set_title("air temperature: what the vote of the two probes was worth, seven weeks", loc="left")
    for tag, colour, name in (
        ("gh1.ref.air_temp_computer", COMPUTER, "climate computer"),
        ("gh1.ref.air_temp_wireless", WIRELESS, "wireless probe"),
        ("gh1.ref.air_temp", VOTED, "voted"),
    ):
        chosen = [point for point in points[tag] if _between(point, "2022-02-07", "2022-02-13")]
        values = [point.value if point.q > BAD and point.value is not None else float("nan") for point in chosen]
        part.plot([_at(point) for point in chosen], values, color=colour, linewidth=0.9, label=name)
    part.set_ylabel("°C")
    part.legend(loc="upper left", ncols=3, frameon=False)
    _days(whole, part)
    _write(figure, path)


def _spikes(points: Points, path: Path) -> None:
    figure, places = pyplot.subplots(1, len(SPIKES), figsize=(9, 2.6), layout="constrained")
    for place, (tag, about, name) in zip(places, SPIKES, strict=True):
        middle_ms = datetime.fromisoformat(about).replace(tzinfo=ZONE).timestamp() * 1000.0
        near = [point for point in points[tag] if abs(point.ms - middle_ms) < 5_400_000 and point.value is not None]
        place.plot([_at(point) for point in near], [point.value for point in near], ".-", color=COMPUTER, linewidth=0.8)
        refused = [point for point in near if point.q == BAD]
        place.plot([_at(point) for point in refused], [point.value for point in refused], "o", color=WARN)
        place.set_title(f"{name}, {about[5:10]}", loc="left", fontsize=9)
        place.xaxis.set_major_locator(dates.HourLocator(tz=ZONE))
        place.xaxis.set_major_formatter(dates.DateFormatter("%H:%M", tz=ZONE))
    _write(figure, path)


def _shadow(points: Points, path: Path) -> None:
    figure, places = pyplot.subplots(3, 1, figsize=(9, 5.4), sharex=True, layout="constrained")
    span = ("2022-03-06", "2022-03-11")
    for place, tags in zip(
        places,
        (
            (("gh1.ref.air_temp", VOTED, "air, °C"), ("gh1.ref.dew_point", COMPUTER, "dew point, °C")),
            (("gh1.ref.vpd", WIRELESS, "VPD, kPa"),),
            (("gh1.ref.vent_lee_seen", BACK, "lee vents as they were, %"), ("gh1.ref.vent_lee", WARN, "our order, %")),
        ),
        strict=True,
    ):
        for tag, colour, name in tags:
            chosen = [point for point in points[tag] if _between(point, *span) and point.q > BAD]
            times, values = [_at(point) for point in chosen], [point.value or 0.0 for point in chosen]
            if colour == BACK:
                place.fill_between(times, values, color=BACK, label=name, step="post")
            else:
                place.plot(times, values, color=colour, linewidth=0.9, label=name)
        place.legend(loc="upper left", ncols=2, frameon=False)
    _days(*places)
    _write(figure, path)


def _at(point: Point) -> datetime:
    return datetime.fromtimestamp(point.ms / 1000.0, ZONE)


def _between(point: Point, first: str, last: str) -> bool:
    return first <= _at(point).isoformat() < last


def _days(*places: Any) -> None:
    for place in places:
        place.xaxis.set_major_locator(dates.AutoDateLocator(tz=ZONE))
        place.xaxis.set_major_formatter(dates.DateFormatter("%d %b", tz=ZONE))


def _write(figure: Any, path: Path) -> None:
    figure.savefig(path, dpi=100, pil_kwargs={"optimize": True})
    pyplot.close(figure)
