"""`farmloop sequence`: how the sequences of a running agent stand, starting and aborting them by hand."""

from pathlib import Path
from typing import Annotated, Any

import typer

from controller.compose import command_line
from controller.compose.asking import answer_of

app = typer.Typer(no_args_is_help=True, add_completion=False)

Directory = Annotated[Path, typer.Option(help="Of the agent.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
Name = Annotated[str, typer.Argument(help="As in the site file: gh1.bay1.purge.")]


@app.command()
def show(directory: Directory = Path("var"), as_json: Json = False) -> None:
    """What sequences there are, and the step of each that runs."""
    _told("", "", directory, as_json)


@app.command()
def start(name: Name, directory: Directory = Path("var"), as_json: Json = False) -> None:
    """Start a sequence, as a rule would."""
    _told(name, "start", directory, as_json)


@app.command()
def abort(name: Name, directory: Directory = Path("var"), as_json: Json = False) -> None:
    """Abort the sequence that runs: what no loop writes stands safe. One that latches waits for a reset."""
    _told(name, "abort", directory, as_json)


def _told(name: str, action: str, directory: Path, as_json: bool) -> None:
    from secrets import token_urlsafe

    speech = command_line.language()
    body = {"change_id": f"cli_{token_urlsafe(9)}", "action": action} if action else None
    path = "/api/v1/sequences" + (f"/{name.replace('/', '')}" if name else "")
    document = answer_of(directory, "PUT" if body else "GET", path, not_running="sequence.not_running", body=body)
    if as_json:
        command_line.print_json(document)
        return
    for line in _lines(document, speech):
        typer.echo(line)


def _lines(document: Any, language: str) -> list[str]:
    from foundation.messages import tell

    lines = []
    for name, one in document["sequences"].items():
        why = tell(f"abort.{one['why']}", language) if one["why"] else ""
        by = "_by" if one["phase"] == "running" and one["by"] else ""
        lines.append(tell(f"sequence.{one['phase']}{by}", language, **{**one, "sequence": name, "why": why}))
    return lines or [tell("sequence.none", language)]
