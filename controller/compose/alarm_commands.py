"""`farmloop alarms`: what stands, acknowledge, set aside, and what the journal says."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from controller.compose import command_line
from controller.compose.asking import answer_of, say
from controller.compose.people_commands import Directory, Json

app = typer.Typer(no_args_is_help=True)
Alarm = Annotated[str, typer.Argument(help="An alarm's id.")]
Reason = Annotated[str, typer.Option(help="Why.")]
For = Annotated[str, typer.Option("--for", help="30min, 2h, 7d.")]
From = Annotated[str, typer.Option("--from", metavar="TIME", help="2026-03-20, or 2026-03-20 03:12.")]
To = Annotated[str, typer.Option("--to", metavar="TIME", help="Left out, now.")]

_UNITS_H = {"min": 1.0 / 60.0, "h": 1.0, "d": 24.0}


@app.command("list")
def list_(directory: Directory = Path("var"), as_json: Json = False) -> None:
    """All alarms that are not normal, and what each asks for."""
    _show(_ask(directory, "GET", "", None, None), as_json)


@app.command()
def ack(
    alarm: Annotated[str, typer.Argument(help="An alarm's id.")] = "",
    facility: Annotated[str, typer.Option(help="All of one facility.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="All of the site.")] = False,
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Say that you have seen an alarm. It mends and resets nothing."""
    if sum(map(bool, (alarm, facility, all_))) != 1:
        say("alarms.which", 2)
    scope = "one" if alarm else "facility" if facility else "all"
    _show(_change(directory, "acknowledge", alarm or facility, scope=scope), as_json)


@app.command()
def shelve(
    alarm: Alarm, reason: Reason, span: For = "1h", directory: Directory = Path("var"), as_json: Json = False
) -> None:
    """Set an alarm aside for a time."""
    _show(_change(directory, "shelve", alarm, reason=reason, hours=_hours(span)), as_json)


@app.command()
def unshelve(alarm: Alarm, directory: Directory = Path("var"), as_json: Json = False) -> None:
    """Have an alarm back."""
    _show(_change(directory, "unshelve", alarm), as_json)


@app.command()
def out(
    alarm: Alarm, reason: Reason, span: For = "8h", directory: Directory = Path("var"), as_json: Json = False
) -> None:
    """Take an alarm out of service, for maintenance."""
    _show(_change(directory, "take_out", alarm, reason=reason, hours=_hours(span)), as_json)


@app.command("in")
def in_(alarm: Alarm, directory: Directory = Path("var"), as_json: Json = False) -> None:
    """Put an alarm back into service."""
    _show(_change(directory, "put_back", alarm), as_json)


@app.command()
def reset(alarm: Alarm, directory: Directory = Path("var"), as_json: Json = False) -> None:
    """Reset a latched alarm whose cause is gone, or whatever else waits for a person."""
    from secrets import token_urlsafe

    _call(directory, "PUT", f"/api/v1/resets/{alarm}", None, {"change_id": f"cli_{token_urlsafe(9)}"})
    _show(_ask(directory, "GET", "", None, None), as_json)


@app.command()
def export(
    begin: From = "",
    end: To = "",
    form: Annotated[Literal["csv", "json"], typer.Option("--format")] = "csv",
    directory: Directory = Path("var"),
) -> None:
    """Every change of every alarm between two moments, from the journal on the disk, to stdout. Needs no agent."""
    from dataclasses import asdict
    from datetime import datetime

    from controller.alarm_journal import AlarmJournal, as_csv

    times = []
    for text, otherwise_s in ((begin, 0.0), (end, float("inf"))):
        try:
            times.append(datetime.fromisoformat(text).astimezone().timestamp() if text else otherwise_s)
        except ValueError:
            say("enter.moment", 2, text=text)
    changes = AlarmJournal(directory).changes(*times)
    if form == "csv":
        sys.stdout.write(as_csv(changes))
    else:
        command_line.print_json([asdict(one) for one in changes])


@app.command()
def kpi(
    days: Annotated[float, typer.Option(min=0.01, max=400.0)] = 30.0,
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Whether the alarms are any good: how many, which, how long nobody looked."""
    from foundation.messages import tell

    document = _ask(directory, "GET", "/kpi", {"days": str(days)}, None)
    if as_json:
        command_line.print_json(document)
        return
    waits = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in document["acknowledged_after_s"].items())
    top = ", ".join(f"{one['id']} {one['count']}" for one in document["top"])
    document |= {"waits": waits or "–", "worst": top or "–"}
    document |= {name: ", ".join(document[name]) or "–" for name in ("chattering", "stale")}
    typer.echo(tell("alarms.kpi", command_line.language(), **document))


def _hours(span: str) -> float:
    """`2h` as 2."""
    number = span.rstrip("abcdefghijklmnopqrstuvwxyz ")
    try:
        return float(number) * _UNITS_H[span[len(number) :].strip()]
    except (KeyError, ValueError):
        say("alarms.span", 2, text=span)


def _change(directory: Path, action: str, subject: str, **more: Any) -> Any:
    from secrets import token_urlsafe

    body = {"change_id": f"cli_{token_urlsafe(9)}", "action": action, "subject": subject, **more}
    return _ask(directory, "POST", "", None, body)


def _ask(directory: Path, method: str, path: str, query: Any, body: Any) -> Any:
    return _call(directory, method, f"/api/v1/alarms{path}", query, body)


def _call(directory: Path, method: str, path: str, query: Any, body: Any) -> Any:

    return answer_of(directory, method, path, not_running="enter.not_running", query=query, body=body)


def _show(document: Any, as_json: bool) -> None:
    from datetime import UTC, datetime

    from foundation.messages import tell

    if as_json:
        command_line.print_json(document)
        return
    speech = command_line.language()
    for one in document["alarms"]:
        alarm, said = one["alarm"], one["texts"][speech]
        since = datetime.fromtimestamp(alarm["since"] / 1000.0, UTC).astimezone().isoformat(" ", "seconds")
        state = tell(f"alarm.state.{alarm['state']}", speech)
        by = f" ({alarm['acknowledged_by']})" if alarm["acknowledged_by"] else ""
        typer.echo(f"{tell('panel.priority.' + alarm['priority'], speech)}  {state}{by}  {since}  {alarm['id']}")
        typer.echo(
            "  " + "  ".join(part for part in (f"{said['name']}: {said['cause']}", said["time_to_damage"]) if part)
        )
        typer.echo(f"  {said['consequence']}. {tell('panel.alarm.do', speech)} {said['response']}")
    if not document["alarms"]:
        typer.echo(tell("panel.alarms.none", speech))
