"""`farmloop history`: copies of what an agent keeps, made while it runs, and put back; and who did what."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from controller.compose import command_line

app = typer.Typer(no_args_is_help=True)
Directory = Annotated[Path, typer.Option(help="Of the agent.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]


@app.command("backup")
def backup_(
    to: Annotated[Path, typer.Argument(help="A directory that is made for it, or an empty one.")],
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Copy databases, state and records to another directory; the agent may run meanwhile."""
    from controller.history.backup import BackupError, backup
    from foundation.clock import WallClock
    from foundation.messages import tell

    try:
        made = backup(directory, to, WallClock().now())
    except BackupError as error:
        command_line.fail(tell(f"history.{error.key}", command_line.language(), **error.values), 1)
    if as_json:
        command_line.print_json(made)
    else:
        size = sum(one["bytes"] for one in made["files"].values())
        typer.echo(
            tell("history.backed_up", command_line.language(), files=len(made["files"]), size=f"{size:,}", to=to)
        )


@app.command("restore")
def restore_(
    source: Annotated[Path, typer.Argument(help="What `farmloop history backup` made.")],
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Put a backup in an agent's place; the agent must not run. What was there is set aside beside it."""
    from controller.history.backup import BackupError, restore
    from foundation.clock import WallClock
    from foundation.messages import tell

    try:
        aside = restore(source, directory, WallClock().now())
    except BackupError as error:
        command_line.fail(tell(f"history.{error.key}", command_line.language(), **error.values), 1)
    if as_json:
        command_line.print_json({"directory": str(directory), "aside": None if aside is None else str(aside)})
    else:
        typer.echo(tell("history.restored", command_line.language(), directory=directory, aside=aside or "-"))


@app.command("audit")
def audit_(
    directory: Directory = Path("var"),
    most: Annotated[int, typer.Option(help="So many of the newest.", min=0)] = 20,
    holds: Annotated[str, typer.Option(help="A hash that was written down: is it still in the chain?")] = "",
    as_json: Json = False,
) -> None:
    """Who did what, and whether the chain of rows holds. Exit 1 if a row was changed or is missing."""
    import sqlite3

    from controller.history.audit import examine, has, read
    from foundation.messages import tell

    try:
        rows, verdict = read(directory, most), examine(directory)
        known = not holds or has(directory, holds)
    except (OSError, sqlite3.Error) as error:
        command_line.fail(
            tell("history.audit_unreadable", command_line.language(), directory=directory, why=str(error)), 2
        )
    told = [tell(f"history.audit_{kind}", command_line.language(), row=row) for kind, row in verdict.problems]
    if not known:
        told.append(tell("history.audit_other", command_line.language()))
    if as_json:
        deeds = [{**row._asdict(), "hash": row.hash.hex()} for row in rows]
        command_line.print_json({"rows": verdict.rows, "newest": verdict.newest, "problems": told, "deeds": deeds})
    else:
        from rich.console import Console
        from rich.table import Table

        table = Table("row", "at", "who", "what", "of", "said")
        for row in rows:
            at = f"{datetime.fromtimestamp(row.at_ms / 1000.0).astimezone():%Y-%m-%d %H:%M:%S}"
            table.add_row(str(row.id), at, row.who, row.what, row.subject, row.said)
        Console().print(table)
        for text in told or [
            tell("history.audit_holds", command_line.language(), rows=verdict.rows, newest=verdict.newest)
        ]:
            typer.echo(text)
    if told:
        raise typer.Exit(1)
