"""`farmloop history`: copies of what an agent keeps, made while it runs, and put back."""

from pathlib import Path
from typing import Annotated

import typer

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
    from controller.cli import _fail, _language, _print_json
    from controller.history.backup import BackupError, backup
    from foundation.clock import WallClock
    from foundation.messages import tell

    try:
        made = backup(directory, to, WallClock().now())
    except BackupError as error:
        _fail(tell(f"history.{error.key}", _language(), **error.values), 1)
    if as_json:
        _print_json(made)
    else:
        size = sum(one["bytes"] for one in made["files"].values())
        typer.echo(tell("history.backed_up", _language(), files=len(made["files"]), size=f"{size:,}", to=to))


@app.command("restore")
def restore_(
    source: Annotated[Path, typer.Argument(help="What `farmloop history backup` made.")],
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Put a backup in an agent's place; the agent must not run. What was there is set aside beside it."""
    from controller.cli import _fail, _language, _print_json
    from controller.history.backup import BackupError, restore
    from foundation.clock import WallClock
    from foundation.messages import tell

    try:
        aside = restore(source, directory, WallClock().now())
    except BackupError as error:
        _fail(tell(f"history.{error.key}", _language(), **error.values), 1)
    if as_json:
        _print_json({"directory": str(directory), "aside": None if aside is None else str(aside)})
    else:
        typer.echo(tell("history.restored", _language(), directory=directory, aside=aside or "-"))
