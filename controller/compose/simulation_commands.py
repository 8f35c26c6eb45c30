"""`farmloop sim` and `farmloop score`: a farm in one process as fast as it goes, and what its controller is worth."""

import contextlib
import sys
from math import inf
from pathlib import Path
from typing import Annotated, Any

import typer

from controller.compose import command_line


def sim(
    site: Annotated[str, typer.Argument(help=f"{', '.join(command_line.SAMPLES)}, or a site file.")],
    days: Annotated[float, typer.Option(help="Days after settling.", callback=command_line.above_zero)] = 1.0,
    speed: Annotated[str, typer.Option(help="max, or farm seconds a second.")] = "max",
    seed: int = 1,
    as_json: command_line.Json = False,
) -> None:
    """Run site, core and plants in one process and print how well each setpoint was held."""
    from controller.compose.simulate import SETTLE_S, run, start_of
    from foundation.clock import process_time
    from simulator.layout import FieldError

    loaded = command_line.load(command_line.site_path(site))
    pace = _pace(speed)
    begun = process_time()
    bar = command_line.bar("simulating")
    first_s = start_of(loaded) - SETTLE_S
    try:
        with bar if not as_json and sys.stderr.isatty() else contextlib.nullcontext():
            task = bar.add_task("", total=days * 86400.0 + SETTLE_S)
            done = run(
                loaded, days, seed, lambda now_s: bar.update(task, completed=now_s - first_s), pace=pace
            )  # fmt: skip
    except FieldError as error:
        command_line.fail(str(error), 1)
    factor = (days * 86400.0 + SETTLE_S) / max(process_time() - begun, 1e-9)
    rows = [score.row() for score in done.scores]
    if as_json:
        report = {"site": loaded.site.id, "seed": seed, "days": days, "real_time_factor": round(factor, 1)}
        command_line.print_json({**report, "loops": rows, "survived": done.survived})
    else:
        _print_table(
            rows, f"{loaded.site.id}, {days:g} days after 4 h of settling, seed {seed}, {factor:.0f} x real time"
        )
        if not done.survived:
            typer.echo("; ".join(f"{name}: {gate.cause}" for name, gate in done.gates.items() if gate.cause))
    raise typer.Exit(0 if done.survived else 1)


def score(
    scenarios: Annotated[list[str] | None, typer.Argument(help="Scenarios by name, or files; left out, all.")] = None,
    controller: Annotated[
        list[str] | None, typer.Option(help="farmloop, hysteresis, simple-pid, period-pid; left out, all.")
    ] = None,
    seeds: Annotated[int | None, typer.Option(help="So many; left out, what each scenario says.", min=1)] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw seed 1 of the first scenario: FILE.png or FILE.html.")] = None,
    page: Annotated[Path | None, typer.Option(help="Write the page of scores here.")] = None,
    keep: Annotated[
        Path | None, typer.Option(help="A folder that keeps every run, to go on later from where it was broken off.")
    ] = None,
    run: Annotated[bool, typer.Option(help="With --keep: --no-run takes what is kept and runs nothing.")] = True,
    as_json: command_line.Json = False,
) -> None:
    """Score controllers on scenarios over seeds: gates first, then metrics, goals and skill against the references."""
    from controller.compose.contenders import UntunedError
    from controller.compose.score import CONTROLLERS
    from controller.compose.score import score as score_all
    from controller.compose.score_plot import PlotError
    from controller.compose.score_table import page as page_of
    from controller.compose.score_table import print_scores
    from simulator.references.simple_pid import MissingPackageError

    who = list(dict.fromkeys(controller or CONTROLLERS))
    for name in who:
        if name not in CONTROLLERS:
            command_line.no_such("controller", name, CONTROLLERS)
    loaded = command_line.scenarios(scenarios or [])
    bar = command_line.bar("scoring")
    try:
        with bar if not as_json and sys.stderr.isatty() else contextlib.nullcontext():
            task = bar.add_task("", total=None)
            scores = score_all(
                loaded, who, seeds, progress=lambda done, of: bar.update(task, completed=done, total=of), keep=keep,
                run=run,
            )  # fmt: skip
        if plot is not None:
            _draw(loaded[0], who, plot)
        if page is not None:
            page.write_text(page_of(scores), "utf-8")
    except (UntunedError, MissingPackageError, PlotError, OSError) as error:
        command_line.fail(str(error), 1)
    if as_json:
        command_line.print_json([one.row() for one in scores])
    else:
        print_scores(scores)


def _draw(loaded: Any, who: list[str], path: Path) -> None:
    from controller.compose.score import outcomes_of
    from controller.compose.score_plot import draw, pictures
    from controller.compose.score_run import Job

    runs = outcomes_of([Job(loaded.file, name, 1, traced=True) for name in who])
    draw(pictures(loaded, {run.controller: run.trace for run in runs if run.trace is not None}), path)


def _pace(speed: str) -> float | None:
    """Farm seconds a second, None for as fast as it goes."""
    if speed == "max":
        return None
    try:
        pace = float(speed)
    except ValueError:
        pace = 0.0
    if not 0.0 < pace < inf:
        command_line.fail(f"speed is '{speed}': max, or a number of farm seconds a second", 2)
    return pace


def _print_table(rows: list[dict[str, Any]], title: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    for name in ("value", "setpoint", "held %", "band", "rms", "min", "max"):
        table.add_column(name, justify="left" if name in ("value", "setpoint") else "right")
    for row in rows:
        side = {"below": "−", "above": "+", "both": "±"}[row["side"]]
        table.add_row(
            row["tag"], row["setpoint_source"], f"{row['in_band_percent']:.1f}", f"{side}{row['band']:g} {row['unit']}",
            *("–" if row[key] is None else f"{row[key]:.4g}" for key in ("rms_error", "min", "max")),
        )  # fmt: skip
    Console().print(table)
