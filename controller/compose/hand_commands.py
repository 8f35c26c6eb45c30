"""`farmloop hand`, `auto`, `dose`, `hands`, `stop`, `lock`, `unlock`, `maintain`: people's hands on a running farm."""

from contextlib import suppress
from math import inf
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from controller.compose import command_line
from controller.compose.asking import answer_of

Directory = Annotated[Path, typer.Option(help="Of the agent.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
Output = Annotated[str, typer.Argument(help="An output, as ras1.tank1.blower.")]
Who = Annotated[str, typer.Option(help="Whose hand it is; left out, your name on this box.")]
Span = Annotated[str, typer.Option("--for", metavar="TIME", help="20min, 2h; then it ends by itself.")]


def hand(
    output: Output,
    position: Annotated[str, typer.Argument(help="on, off or 40%.")],
    span: Span = "4h",
    who: Who = "",
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Take an output by hand: above loops and rules, below interlocks. Then it goes back to automatic by itself."""
    body = {"position": _percent(position), "hours": seconds_of(span, 24 * 3600.0) / 3600.0}
    _told("PUT", f"hands/{output}", body, who, directory, as_json)


def auto(output: Output, who: Who = "", directory: Directory = Path("var"), as_json: Json = False) -> None:
    """Give an output back to automatic."""
    _told("PUT", f"hands/{output}", {"position": None}, who, directory, as_json)


def dose(
    output: Annotated[str, typer.Argument(help="A dosing pump, as pf1.room1.acid.")],
    volume: Annotated[str, typer.Argument(help="50mL.")],
    change_id: Annotated[
        str, typer.Option("--id", help="Sent again with the same id it is not dosed again; left out, a new one.")
    ] = "",
    who: Who = "",
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Dose a volume, once: through interlocks and dosing guard, at once or not at all."""
    body = {"millilitres": _millilitres(volume)} | ({"change_id": change_id} if change_id else {})
    _told("PUT", f"doses/{output}", body, who, directory, as_json)


def hands(directory: Directory = Path("var"), as_json: Json = False) -> None:
    """What is by hand, stopped, locked out, in care or switched off, by whom and until when."""
    _told("GET", "hands", None, "", directory, as_json)


def stop(
    facility: Annotated[str, typer.Argument(help="A facility, as ras1.")],
    reset: Annotated[bool, typer.Option("--reset", help="End it: its button has to be released.")] = False,
    who: Who = "",
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Emergency stop of a facility: all but what keeps animals alive, until somebody resets it."""
    if reset:
        _told("PUT", f"resets/{facility}", {}, None, directory, as_json)
    else:
        _told("PUT", f"stops/{facility}", {}, who, directory, as_json)


def lock(
    subject: Annotated[str, typer.Argument(help="An output, or a device with all its outputs.")],
    note: Annotated[str, typer.Option(help="Why.")] = "",
    statement: Annotated[str, typer.Option(help="For life support: what keeps animals or crop alive meanwhile.")] = "",
    who: Who = "",
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Lock out for maintenance: nothing starts it, no interlock either. Hang your padlock all the same."""
    _told("PUT", f"lock-outs/{subject}", {"note": note, "statement": statement}, who, directory, as_json)


def unlock(
    subject: Annotated[str, typer.Argument(help="What was locked out.")],
    supervisor: Annotated[bool, typer.Option("--supervisor", help="Take off another person's lock.")] = False,
    who: Who = "",
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Take your lock off."""
    _told("DELETE", f"{'lock-outs-of-others' if supervisor else 'lock-outs'}/{subject}", None, who, directory, as_json)


def maintain(
    tag: Annotated[str, typer.Argument(help="A probe, as ras1.tank1.do.")],
    kind: Annotated[Literal["cleaning", "calibration", "end"], typer.Argument(help="end: it is back in its place.")],
    span: Span = "20min",
    who: Who = "",
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Clean or calibrate a probe: what it says is recorded and not believed, its loop falls back, nothing is dosed."""
    if kind == "end":
        _told("DELETE", f"care/{tag}", None, who, directory, as_json)
    else:
        body = {"kind": kind, "minutes": seconds_of(span, 7200.0) / 60.0}
        _told("PUT", f"care/{tag}", body, who, directory, as_json)


def _percent(text: str) -> float:
    """`on`, `off` or a percentage."""
    known = {"on": 100.0, "off": 0.0}
    if text in known:
        return known[text]
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 100.0:
        raise typer.BadParameter(f"'{text}' is no position: on, off or 40%.")
    return value


def _millilitres(text: str) -> float:
    from foundation.units import UnitError, parse_quantity

    try:
        ml = round(parse_quantity(text).to("mL"), 6)
    except UnitError:
        ml = -1.0
    if not 0.0 < ml < inf:
        raise typer.BadParameter(f"'{text}' is no volume above 0, as 50mL.")
    return ml


def seconds_of(text: str, most_s: float) -> float:
    """`20min`, `2h`; what is no time, or a longer one, ends the command."""
    from foundation.units import Quantity, UnitError, parse_quantity

    try:
        span = parse_quantity(text)
    except UnitError:
        span = Quantity(0.0, "")
    if span.unit != "s" or not 0.0 < span.value <= most_s:
        raise typer.BadParameter(f"'{text}' is no time above 0 and up to {most_s / 3600.0:g} h, as 20min or 2h.")
    return span.value


def _told(method: str, path: str, body: dict[str, Any] | None, who: str | None, directory: Path, as_json: bool) -> None:
    """Asks the agent; `who` None says that the call takes none."""
    import getpass
    from secrets import token_urlsafe

    said: dict[str, str] = {"change_id": f"cli_{token_urlsafe(9)}"}
    if who is not None:
        with suppress(KeyError, OSError):
            said["who"] = who or getpass.getuser()
    speech = command_line.language()
    query = said if method == "DELETE" else None
    sent = {**said, **(body or {})} if method == "PUT" else None
    document = answer_of(directory, method, f"/api/v1/{path}", not_running="hands.not_running", query=query, body=sent)
    if as_json:
        command_line.print_json(document)
        return
    for line in _lines(document, speech):
        typer.echo(line)


def _lines(document: Any, language: str) -> list[str]:
    from foundation.messages import tell

    if "doses" in document:
        told = [
            tell("hands.dose", language, at=local(one["begun"]), **{**one, "ml": f"{one['millilitres']:g}"})
            for one in document["doses"]
        ]
        return told or [tell("hands.no_dose", language)]
    if "marks" not in document:
        return [tell("hands.reset", language, facility=document["name"])]
    lines = []
    for mark in document["marks"]:
        until = ""
        if mark["until"] is not None:
            until = local(mark["until"])
        value = "" if mark["value"] is None else f"{mark['value']:g} %"
        lines.append(tell(f"hands.{mark['kind']}", language, **{**mark, "until": until, "value": value}).rstrip(" :："))
    return lines or [tell("hands.none", language)]


def local(milliseconds: float) -> str:
    """A moment of the agent's answers as this box's time."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(milliseconds / 1000.0, UTC).astimezone().isoformat(" ", "seconds")


COMMANDS = (hand, auto, dose, hands, stop, lock, unlock, maintain)
