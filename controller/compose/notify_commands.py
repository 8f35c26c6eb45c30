"""`farmloop notify`: whether messages reach people, tried and told by the running agent."""

from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Annotated, Any

import typer

from controller.compose import command_line
from controller.compose.asking import answer_of

app = typer.Typer(no_args_is_help=True)
Directory = Annotated[Path, typer.Option(help="Of the agent.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]


@app.command("test")
def send_test(
    to: Annotated[str, typer.Argument(help="One of the site's people; left out, all.")] = "all",
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Send a test message. `farmloop notify log` tells what became of it."""
    from foundation.messages import tell

    sent = _asked(directory, "POST", {"to": to})
    if as_json:
        command_line.print_json(sent)
    else:
        typer.echo(tell("notify.sent", command_line.language(), people=", ".join(sent["people"])))


@app.command("log")
def log_(
    directory: Directory = Path("var"),
    most: Annotated[int, typer.Option(help="So many of the newest.", min=1, max=200)] = 20,
    as_json: Json = False,
) -> None:
    """What was sent to whom, by which channel, and whether it arrived."""
    receipts = _asked(directory, "GET", None, {"most": str(most)})["receipts"]
    if as_json:
        command_line.print_json({"receipts": receipts})
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("made", "to", "channel", "message", "state", "attempts", "answer")
    for one in receipts:
        made = f"{datetime.fromtimestamp(one['made'] / 1000.0).astimezone():%m-%d %H:%M:%S}"
        told = (made, one["person"], one["channel"], one["title"], one["state"], str(one["attempts"]), one["answer"])
        table.add_row(*told)
    Console().print(table)


@app.command()
def silence(directory: Directory = Path("var")) -> None:
    """Silence the siren. The alarms still wait for somebody, and the next one sounds again."""
    from foundation.messages import tell

    _asked(directory, "PUT", {"change_id": token_hex(8)}, path="/api/v1/siren")
    typer.echo(tell("notify.silenced", command_line.language()))


def _asked(
    directory: Path,
    method: str,
    body: dict[str, Any] | None,
    query: dict[str, str] | None = None,
    path: str = "/api/v1/messages-sent",
) -> Any:

    return answer_of(directory, method, path, not_running="enter.no_agent", query=query, body=body)
