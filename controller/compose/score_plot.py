"""`farmloop score --plot`: one run of each controller, drawn as PNG by matplotlib or as one HTML file of inline SVG."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from controller.compose.score_run import Trace
from simulator.loaded_scenario import LoadedScenario

COLOURS = ("#1f6f8b", "#c1121f", "#e09f3e", "#6a4c93", "#222222")
BAND = "#dddddd"
WIDTH, HEIGHT, LEFT, TOP = 900.0, 190.0, 64.0, 26.0


class PlotError(ValueError):
    """A picture that cannot be drawn here; the text says what would do."""


class Line(NamedTuple):
    """One controller's line in a picture."""

    name: str
    hours: Sequence[float]
    values: Sequence[float]


class Picture(NamedTuple):
    """One value or output over time, all controllers in it."""

    title: str
    lines: tuple[Line, ...]
    low: Line | None
    high: Line | None
    """Ends of the setpoint."""


def pictures(loaded: LoadedScenario, traces: Mapping[str, Trace]) -> list[Picture]:
    """Every watched value, then every output that moved."""
    some = next(iter(traces.values()))
    found: list[Picture] = []
    for aim in loaded.aims:
        lines = tuple(Line(name, one.hours, one.values[aim.port]) for name, one in traces.items())
        ends = [Line("", some.hours, ends[aim.port]) if aim.port in ends else None for ends in (some.low, some.high)]
        found.append(Picture(f"{loaded.scenario.id} · {aim.port}, {aim.unit or '1'}", lines, ends[0], ends[1]))
    for output in some.outputs:
        lines = tuple(Line(name, one.hours, one.outputs[output]) for name, one in traces.items())
        if any(max(line.values) > min(line.values) for line in lines):
            found.append(Picture(f"{output}, %", lines, None, None))
    return found


def draw(found: Sequence[Picture], path: Path) -> None:
    """Write the file that its ending asks for. Raises PlotError, OSError."""
    match path.suffix.lower():
        case ".html":
            path.write_text(html(found), "utf-8")
        case ".png":
            _png(found, path)
        case other:
            raise PlotError(f"'{path.name}' ends with '{other}': .png or .html is wanted")


def html(found: Sequence[Picture]) -> str:
    """A page that needs nothing from anywhere."""
    style = "body{font:14px sans-serif;margin:16px;color:#222}svg{display:block;margin:0 0 18px;max-width:100%}"
    body = "\n".join(svg(one) for one in found)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>farmloop score</title>'
        f"<style>{style}</style></head><body>\n{body}\n</body></html>\n"
    )


def svg(picture: Picture) -> str:
    """One picture."""
    every = [*picture.lines, *(one for one in (picture.low, picture.high) if one is not None)]
    low = min(min(line.values) for line in every)
    high = max(max(line.values) for line in every)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    last = max(line.hours[-1] for line in every)
    bottom, right = TOP + HEIGHT, LEFT + WIDTH

    def at(hours: float, value: float) -> str:
        x = LEFT + WIDTH * hours / max(last, 1e-9)
        return f"{x:.1f},{bottom - HEIGHT * (value - low) / (high - low):.1f}"

    parts = [
        f'<svg viewBox="0 0 {right + 16:.0f} {bottom + 24:.0f}" width="{right + 16:.0f}" role="img">',
        f'<text x="{LEFT:.0f}" y="16" font-weight="bold">{escape(picture.title)}</text>',
        f'<rect x="{LEFT}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="{BAND}"/>',
    ]
    for share in (0.0, 0.5, 1.0):
        value, hours = low + share * (high - low), share * last
        parts.append(
            f'<text x="{LEFT - 6:.0f}" y="{bottom - share * HEIGHT + 4:.0f}" text-anchor="end">{value:.4g}</text>'
        )
        parts.append(
            f'<text x="{LEFT + share * WIDTH:.0f}" y="{bottom + 18:.0f}" text-anchor="middle">{hours:.3g} h</text>'
        )
    for end in (picture.low, picture.high):
        if end is not None:
            points = " ".join(at(*pair) for pair in zip(end.hours, end.values, strict=True))
            parts.append(f'<polyline points="{points}" fill="none" stroke="#888" stroke-dasharray="4 3"/>')
    for index, line in enumerate(picture.lines):
        colour = COLOURS[index % len(COLOURS)]
        points = " ".join(at(*pair) for pair in zip(line.hours, line.values, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.3"/>')
        x = right - 110.0 * (len(picture.lines) - index)
        parts.append(f'<text x="{x:.0f}" y="16" fill="{colour}">{escape(line.name)}</text>')
    return "\n".join([*parts, "</svg>"])


def _png(found: Sequence[Picture], path: Path) -> None:
    try:
        import matplotlib

        matplotlib.use("agg")
        from matplotlib import pyplot
    except ImportError as error:
        raise PlotError("matplotlib is not installed: pip install 'farmloop[score]', or name a .html file") from error
    figure, axes = pyplot.subplots(len(found), 1, figsize=(10, 2.2 * len(found)), layout="constrained", squeeze=False)
    for place, picture in zip(axes[:, 0], found, strict=True):
        for end in (picture.low, picture.high):
            if end is not None:
                place.plot(end.hours, end.values, "--", color="#888888", linewidth=0.8)
        for index, line in enumerate(picture.lines):
            place.plot(line.hours, line.values, color=COLOURS[index % len(COLOURS)], linewidth=1.0, label=line.name)
        place.set_title(picture.title, loc="left", fontsize=9)
    axes[0, 0].legend(ncols=len(found[0].lines), frameon=False, fontsize=8)
    axes[-1, 0].set_xlabel("h")
    figure.savefig(path, dpi=100)
    pyplot.close(figure)
