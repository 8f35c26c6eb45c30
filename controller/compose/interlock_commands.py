"""`farmloop interlocks`: how they stand, bypass, reset, proof test, and which of a group was first."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from controller.compose import command_line
from controller.compose.asking import answer_of

app = typer.Typer(no_args_is_help=True, add_completion=False)

Directory = Annotated[Path, typer.Option(help="Of the agent.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
Name = Annotated[str, typer.Argument(help="An interlock, as ras1.tank1.low_oxygen.")]
Who = Annotated[str, typer.Option(help="Who it is; left out, your name on this box.")]


@app.command("list")
def show(directory: Directory = Path("var"), as_json: Json = False) -> None:
    """Each interlock: whether it holds, waits for a reset, is bypassed, and when its proof test is due."""
    _told("GET", "interlocks", {}, "", directory, as_json)


@app.command()
def bypass(
    name: Name,
    minutes: Annotated[float, typer.Option(help="How long; 0 ends it.", min=0, max=60)],
    who: Who = "",
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Put an interlock out of work for a while, as far as its site file allows; an alarm stands meanwhile."""
    _told("PUT", f"bypasses/{name}", {"minutes": minutes}, who, directory, as_json)


@app.command()
def reset(name: Name, directory: Directory = Path("var"), as_json: Json = False) -> None:
    """Reset what is latched, once its cause has been away for thirty seconds."""
    _told("PUT", f"resets/{name}", {}, None, directory, as_json)


@app.command("proof-test")
def proof_test(
    name: Name,
    passed: Annotated[bool, typer.Option("--passed/--failed", help="Whether it acted.")],
    who: Who = "",
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Record a proof test: its cause was brought about, and its outputs followed, or did not."""
    _told("PUT", f"proof-tests/{name}", {"passed": passed}, who, directory, as_json)


@app.command("first-out")
def first_out(
    trip: Annotated[str, typer.Argument(help="The id of one of them; left out, the newest of all.")] = "",
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Which cause was first when a group tripped; with its id, what the group said 5 min before to 1 min after."""
    _told("GET", f"first-outs/{trip}" if trip else "first-outs", {}, "", directory, as_json)


def _told(method: str, path: str, body: dict[str, Any], who: str | None, directory: Path, as_json: bool) -> None:
    """Asks the agent; `who` None says that the call takes none."""
    import getpass
    from secrets import token_urlsafe

    speech = command_line.language()
    sent: dict[str, Any] | None = None
    if method == "PUT":
        sent = {"change_id": f"cli_{token_urlsafe(9)}", **body}
        if who is not None:
            with suppress(KeyError, OSError):
                sent["who"] = who or getpass.getuser()
    document = answer_of(directory, method, f"/api/v1/{path}", not_running="interlocks.not_running", body=sent)
    if as_json:
        command_line.print_json(document)
        return
    for line in _lines(document, speech):
        typer.echo(line)


def _lines(document: Any, language: str) -> list[str]:
    from foundation.messages import tell

    tongue = "zh" if language.startswith("zh") else "en"
    if "interlocks" in document:
        lines = []
        for name, one in document["interlocks"].items():
            state = "latched" if one["latched"] else "holds" if one["holds"] else "quiet"
            said = [f"{name}  {one[tongue]}", tell(f"interlocks.{state}", language, at=_at(one["since"]))]
            if one["bypassed_until"] is not None:
                until = _at(one["bypassed_until"])
                said.append(tell("interlocks.bypassed", language, by=one["bypassed_by"], until=until))
            if one["test_due"] is not None:
                said.append(tell("interlocks.test_due", language, at=_at(one["test_due"])))
            lines.append("  ".join(said))
        return lines or [tell("interlocks.none", language)]
    if "first_outs" in document:
        trips = document["first_outs"]
        return [line for trip in trips for line in _trip(trip, language)] or [tell("interlocks.no_trip", language)]
    if "rows" in document:
        rows = [f"{_at(at)}  {tag}  {'—' if value is None else value}  {why}".rstrip()
                for at, tag, value, _, why in document["rows"]]  # fmt: skip
        return [*_trip(document, language), *rows]
    return [tell("interlocks.reset", language, name=document["name"])]


def _trip(trip: Any, language: str) -> list[str]:
    from foundation.messages import tell

    others = ", ".join(trip["others"]) or "—"
    return [tell("interlocks.first_out", language, **{**trip, "at": _at(trip["tripped"]), "others": others})]


def _at(milliseconds: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(milliseconds / 1000.0, UTC).astimezone().isoformat(" ", "seconds")
