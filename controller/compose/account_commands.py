"""`farmloop user` and `farmloop token`: who may come in, with the agent running or not."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from controller.compose import command_line
from controller.compose.asking import end, refused, say

users = typer.Typer(no_args_is_help=True, add_completion=False)
tokens = typer.Typer(no_args_is_help=True, add_completion=False)

Directory = Annotated[Path, typer.Option(help="Of the agent.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
Name = Annotated[str, typer.Argument(help="As the person signs in.")]
Role = Annotated[str, typer.Option(help="viewer, operator, technician or admin; each may all that the one before may.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password's line from standard input, instead of asking.")
]


@users.command("list")
def list_users(directory: Directory = Path("var"), as_json: Json = False) -> None:
    """Everybody who may sign in."""
    document = _asked(directory, "GET", "users")
    rows = [(one["name"], one["role"], _at(one["changed"]), str(one["sessions"])) for one in document["users"]]
    _show(document, as_json, ("name", "role", "changed", "sessions"), rows)


@users.command()
def add(
    name: Name,
    role: Role = "operator",
    password_stdin: FromStdin = False,
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Let a person in."""
    body = {"name": name, "role": role, "password": _password(password_stdin)}
    _done(_asked(directory, "POST", "users", body), as_json, "added", name=name, role=role)


@users.command("role")
def change_role(
    name: Name,
    role: Annotated[str, typer.Argument(help="viewer, operator, technician or admin.")],
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Give a person another role; whatever they have open ends."""
    document = _asked(directory, "PUT", f"users/{quote(name, safe='')}", {"role": role})
    _done(document, as_json, "changed", name=name, role=role)


@users.command()
def password(
    name: Name, password_stdin: FromStdin = False, directory: Directory = Path("var"), as_json: Json = False
) -> None:
    """Give a person another password; whatever they have open ends."""
    body = {"password": _password(password_stdin)}
    document = _asked(directory, "PUT", f"users/{quote(name, safe='')}", body)
    _done(document, as_json, "changed", name=name, role=document["role"])


@users.command("no-code")
def no_code(name: Name, directory: Directory = Path("var"), as_json: Json = False) -> None:
    """Take away the code that is asked for beside the password: a lost telephone, and no paper."""
    _asked(directory, "DELETE", f"users/{quote(name, safe='')}/second-factor")
    _done({"no_code": name}, as_json, "no_code", name=name)


@users.command("remove")
def remove_user(name: Name, directory: Directory = Path("var"), as_json: Json = False) -> None:
    """Let a person in no more; whatever they have open ends."""
    _asked(directory, "DELETE", f"users/{quote(name, safe='')}")
    _done({"removed": name}, as_json, "removed", name=name)


@tokens.command("list")
def list_tokens(directory: Directory = Path("var"), as_json: Json = False) -> None:
    """Every program that may ask by itself."""
    document = _asked(directory, "GET", "tokens")
    rows = [
        (one["id"], one["name"], one["role"], one["made_by"], _at(one["made"]), _at(one["ends"]), _at(one["used"]))
        for one in document["tokens"]
    ]
    _show(document, as_json, ("id", "name", "role", "made by", "made", "ends", "used"), rows)


@tokens.command()
def create(
    name: Annotated[str, typer.Argument(help="Of the program: grafana, feeder.")],
    role: Role = "viewer",
    days: Annotated[float, typer.Option(help="How long it is good; 0 until it is revoked.", min=0, max=3653)] = 365.0,
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Make a token and print it, once: a program sends it as `Authorization: Bearer TOKEN`."""
    document = _asked(directory, "POST", "tokens", {"name": name, "role": role, "days": days or None})
    if as_json:
        _done(document, True, "")
    else:
        typer.echo(document["text"])


@tokens.command()
def revoke(
    id: Annotated[str, typer.Argument(help="As `farmloop token list` tells it.")],
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Take a token back: it opens nothing from now on."""
    _asked(directory, "DELETE", f"tokens/{quote(id, safe='')}")
    _done({"revoked": id}, as_json, "revoked", id=id)


def _asked(directory: Path, method: str, path: str, body: object = None) -> Any:
    """By the running agent, else on its file."""
    import sqlite3

    from controller.access import NoAgentError, ask
    from controller.compose.accounts_at_rest import ask_at_rest
    from controller.hold import HeldError

    language = command_line.language()
    try:
        try:
            status, document = ask(directory, method, f"/api/v1/{path}", body=body, language=language)
        except NoAgentError:
            status, document = ask_at_rest(directory, method, f"/api/v1/{path}", body, language)
    except HeldError:
        say("accounts.unreachable", 1, directory=directory)
    except (OSError, sqlite3.Error) as error:
        end(str(error), 2)
    if status >= 400:
        refused(document)
    return document


def _password(from_stdin: bool) -> str:
    """Never an argument: those can be seen by everybody on the box, and stay in the shell's history."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("password", hide_input=True, confirmation_prompt=True, err=True))


def _done(document: object, as_json: bool, what: str, **values: object) -> None:
    from foundation.messages import tell

    if as_json:
        command_line.print_json(document)
    else:
        typer.echo(tell(f"accounts.{what}", command_line.language(), **values))


def _show(document: object, as_json: bool, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    if as_json:
        command_line.print_json(document)
        return
    table = Table()
    for name in names:
        table.add_column(name)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _at(milliseconds: float | None) -> str:
    from datetime import UTC, datetime

    if milliseconds is None:
        return "–"
    return datetime.fromtimestamp(milliseconds / 1000.0, UTC).astimezone().isoformat(" ", "minutes")
