"""`farmloop explain` and `farmloop enter`: what people ask of a running agent, and tell it."""

from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from controller.compose import command_line
from controller.compose.asking import end, refused, say

Directory = Annotated[Path, typer.Option(help="Of the agent.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
At = Annotated[str, typer.Option(metavar="TIME", help="2026-03-20 03:12, or 03:12; left out, now.")]


def explain(
    tag: Annotated[str, typer.Argument(help="An output.")],
    at: At = "",
    directory: Directory = Path("var"),
    simulate: Annotated[
        str, typer.Option("--sim", metavar="SITE", help="A sample or site file: simulate it, ask no agent.")
    ] = "",
    hours: Annotated[float, typer.Option(help="Of simulation, from midnight.", min=0.01, max=48.0)] = 24.0,
    as_json: Json = False,
) -> None:
    """Why an output stands as it does, or stood at any moment of the last day, and what would change it.

    Asks the agent that runs in the directory; of one that has stopped, reads what it left.
    """
    from controller.access import NoAgentError, ask

    speech = command_line.language()
    try:
        if simulate:
            document: Any = _simulated(simulate, tag, at, hours)
        else:
            path = f"/api/v1/explanations/{tag.replace('/', '')}"
            status, document = ask(directory, "GET", path, query={"at": at} if at else None, language=speech)
            if status != 200:
                refused(document)
    except NoAgentError:
        document = _left_behind(directory, tag, at)
    except OSError as error:
        end(str(error), 2)
    if as_json:
        command_line.print_json(document)
        return
    first, *lines = document["lines"][speech]
    typer.echo("\n  ".join([first, *lines]))


def enter(
    tag: Annotated[str, typer.Argument(help="A value with `entry` in the site file.")],
    value: Annotated[
        str, typer.Argument(help='As measured: 0.4 or "0.4 mg/L"; left out, shows what was entered.')
    ] = "",
    at: Annotated[str, typer.Option(metavar="TIME", help="When it was sampled; left out, now.")] = "",
    unit: Annotated[str, typer.Option(help="Left out, the tag's.")] = "",
    who: Annotated[str, typer.Option(help="Who sampled it; left out, your name on this box.")] = "",
    method: Annotated[str, typer.Option(help="How it was measured.")] = "",
    note: Annotated[str, typer.Option()] = "",
    corrects: Annotated[str, typer.Option(metavar="ID", help="The entry that this one puts right.")] = "",
    withdraw: Annotated[str, typer.Option(metavar="ID", help="The entry to be withdrawn; --note says why.")] = "",
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Enter a laboratory value, a count, a weight or a text at its time, put an earlier entry right or withdraw it."""
    import getpass
    from secrets import token_urlsafe

    from controller.access import NoAgentError, ask

    speech = command_line.language()
    if withdraw and (value or corrects):
        say("enter.withdraw", 2)
    body = None
    if value or withdraw:
        try:
            person = who or getpass.getuser()
        except (KeyError, OSError):
            person = ""
        body = {"change_id": f"cli_{token_urlsafe(9)}", "tag": tag, "value": value or None, "unit": unit,
                "time": at or None, "who": person, "method": method, "note": note,
                "corrects": withdraw or corrects}  # fmt: skip
    method_, query = ("POST", None) if body else ("GET", {"tag": tag})
    try:
        status, document = ask(directory, method_, "/api/v1/entries", query=query, body=body, language=speech)
    except NoAgentError:
        say("enter.not_running", 1, directory=directory)
    except OSError as error:
        end(str(error), 2)
    if status not in (200, 201):
        refused(document)
    if as_json:
        command_line.print_json(document)
    elif body:
        typer.echo(_row("enter.withdrawn" if document["value"] is None else "enter.done", document, speech))
        if document["book_only"]:
            say("enter.book_only", 0)
    else:
        for entry in document["entries"]:
            typer.echo(_row("enter.corrected" if entry["corrected_by"] else "enter.row", entry, speech))
        if not document["entries"]:
            say("enter.none", 0, tag=tag)


def _row(key: str, entry: Any, language: str) -> str:
    from datetime import UTC, datetime

    from foundation.messages import tell

    time = datetime.fromtimestamp(entry["time"] / 1000.0, UTC).astimezone().isoformat(" ", "seconds")
    value = entry["value"]
    if value is None:
        value = tell("enter.withdraws", language, id=entry["corrects"])
    elif not isinstance(value, str):
        value = f"{value:g} {entry['unit']}".rstrip()
    row = "  ".join(part for part in (time, value, entry["who"], entry["method"], entry["note"]) if part)
    return tell(key, language, **(entry | {"time": time, "value": value, "row": row, "by": entry["corrected_by"]}))


def _left_behind(directory: Path, tag: str, at: str) -> Any:
    """From the record of an agent that has stopped."""
    from controller.why.journal import NotRecordedError, last_recorded_s, record_at
    from controller.why.shape import Explanation

    try:
        last_s = last_recorded_s(directory)
    except OSError as error:
        end(str(error), 2)
    if last_s is None:
        say("enter.no_agent", 1, directory=directory)
    zone = "UTC"
    try:
        record = record_at(directory, last_s)
        zone, at_s = record.cards.timezone, last_s
        if at:
            at_s = _moment(at, zone, last_s)
            record = record_at(directory, at_s)
    except NotRecordedError as error:
        _not_recorded(error, at, zone)
    if tag not in record.outputs:
        _no_output(tag, record.outputs)
    return _plain(Explanation(record.cards, record.outputs[tag], at_s, record.thinned))


def _simulated(site: str, tag: str, at: str, hours: float) -> Any:
    """From a simulated day: at its end, or at a moment of it."""
    from controller.compose.explain_day import explained
    from controller.why.shape import Explanation
    from simulator.layout import FieldError

    loaded = command_line.load(command_line.site_path(site))
    if tag not in loaded.outputs:
        _no_output(tag, loaded.outputs)
    try:
        cards, why = explained(loaded, tag, hours, lambda begin_s, end_s: _within(at, loaded, begin_s, end_s))
    except FieldError as error:
        end(str(error), 1)
    return _plain(Explanation(cards, why, why.at_s))


def _within(at: str, site: Any, begin_s: float, end_s: float) -> float:
    at_s = _moment(at, site.site.timezone, end_s) if at else end_s
    if not begin_s < at_s <= end_s:
        from controller.why.journal import NotRecordedError

        _not_recorded(NotRecordedError(begin_s, end_s), at, site.site.timezone)
    return at_s


def _moment(text: str, timezone: str, now_s: float) -> float:
    from controller.moments import MomentError, moment_s

    try:
        return moment_s(text, timezone, now_s)
    except MomentError:
        say("enter.moment", 2, text=text)


def _plain(explanation: Any) -> Any:
    """The document that the agent would give."""
    import orjson

    from controller.why.shape import explanation_shape

    return orjson.loads(orjson.dumps(explanation_shape(explanation), default=str))


def _no_output(tag: str, known: Any) -> NoReturn:
    from edge_config.wording import nearest

    say("explain.not_output", 2, tag=tag, near=nearest(tag, known))


def _not_recorded(error: Any, at: str, timezone: str) -> NoReturn:
    from controller.moments import spelled

    first, last = (spelled(one, timezone) for one in (error.first_s, error.last_s))
    say("explain.not_recorded", 1, at=at, first=first, last=last)
