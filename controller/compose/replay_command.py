"""`farmloop replay`: the command line of it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from controller.compose import command_line

if TYPE_CHECKING:
    from controller.compose.replay import Replayed
    from edge_config.model.site import Site

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]


def replay(
    journal: Annotated[Path, typer.Argument(help="A day's file, or the directory of an agent: its newest day.")],
    day: Annotated[str, typer.Option(metavar="DATE", help="Of a directory: the day (UTC), 2026-03-20.")] = "",
    recorded_with: Annotated[
        str, typer.Option(metavar="SITE", help="The site file as it was then; left out, where it was then.")
    ] = "",
    site: Annotated[str, typer.Option(metavar="SITE", help="Another one, with other rules or tunings.")] = "",
    as_json: Json = False,
) -> None:
    """Play a recorded day through the control core again: every scan to the bit; or what another site file makes of it.

    The record has the old control in it: what another site would have done to the farm, only a simulation tells.
    Exit 0 identical (or compared), 1 not identical, 2 cannot be read.
    """
    from controller.compose.replay import first_beginning, journal_files
    from controller.compose.replay import replay as play
    from controller.journal.beginning import site_digest
    from controller.journal.frames import JournalError
    from foundation.clock import process_time

    done: dict[str, Replayed] = {}
    begun = process_time()
    try:
        files = [path for path in journal_files(journal) if day in path.name]
        if not files:
            command_line.fail(
                f"{journal}: no day {day}; there are {', '.join(path.stem for path in journal_files(journal))}", 2
            )
        beginning = first_beginning(files[-1])
        known = recorded_with or beginning.site_file
        sites: dict[str, Site] = {}
        if known and (recorded_with or command_line.site_path(known).is_file()):
            then = command_line.load(command_line.site_path(known))
            if site_digest(then) == beginning.site_digest:
                sites["as recorded"] = then
            elif recorded_with or not site:
                command_line.fail(
                    f"{known} is not what it was when {files[-1].name} was recorded; give the file as it was with "
                    "--recorded-with, or this one with --site to compare",
                    2,
                )
        if site:
            sites[site] = command_line.load(command_line.site_path(site))
        if not sites:
            command_line.fail(f"{files[-1]} does not say where its site file is; give it with --recorded-with", 2)
        for name, one in sites.items():
            done[name] = play(files[-1], one, _bar_of(command_line.bar("replaying"), files[-1], as_json), None)
    except (JournalError, OSError) as error:
        command_line.fail(str(error), 2)
    factor = sum(one.last_s - (one.first_s or 0.0) for one in done.values()) / max(process_time() - begun, 1e-9)
    rows: dict[str, Any] = {name: one.row() for name, one in done.items()}
    if as_json:
        command_line.print_json({"journal": str(files[-1]), "real_time_factor": round(factor, 1), "replays": rows})
    else:
        _print(files[-1], done, factor)
    raise typer.Exit(1 if any(one.same_site and one.differing for one in done.values()) else 0)


def _bar_of(bar: Any, path: Path, quiet: bool) -> Any:
    """A progress function: days of one file are 86 400 s long."""
    import sys

    if quiet or not sys.stderr.isatty():
        return None
    start_s = datetime.fromisoformat(path.stem).replace(tzinfo=UTC).timestamp()
    task = bar.add_task("", total=86400.0)
    bar.start()

    def shown(now_s: float) -> None:
        bar.update(task, completed=now_s - start_s)
        if now_s - start_s >= 86399.0:
            bar.stop()

    return shown


def _print(path: Path, done: dict[str, "Replayed"], factor: float) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for name, one in done.items():
        if not one.same_site:
            verdict = f"{one.differing} scans come out differently"
        elif one.differing:
            first = datetime.fromtimestamp(one.first_different_s or 0.0, UTC).isoformat(" ", "seconds")
            verdict = f"NOT as recorded: {one.differing} scans differ, the first at {first} UTC"
        else:
            verdict = "identical to the bit"
        starts = f", {one.beginnings - 1} restarts" if one.beginnings > 1 else ""
        console.print(
            f"{path.name}, {name}: {one.scans} scans{starts}, {verdict}; {factor:.0f} x real time",
            highlight=False, soft_wrap=True,
        )  # fmt: skip
    if len(done) < 2:
        return
    for what in ("outputs", "alarms"):
        tallies = [getattr(one, what) for one in done.values()]
        table = Table(title=f"{what}: hours at full, changes", box=SIMPLE, padding=(0, 1, 0, 0))
        for head in (what[:-1], *done):
            table.add_column(head, justify="left" if head == what[:-1] else "right")
        for name in sorted({name for tally in tallies for name in tally}):
            cells = [
                "-" if name not in tally else f"{tally[name].on_s / 3600.0:.3f} h, {tally[name].changes}"
                for tally in tallies
            ]
            if len(set(cells)) > 1:
                table.add_row(name, *cells)
        console.print(table if table.row_count else f"{what}: no difference", highlight=False)
