"""`farmloop history`: the record as files, and a sink held against what it has acknowledged."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from controller.compose import command_line, history_commands

if TYPE_CHECKING:
    from controller.history.holdings import Holdings
    from controller.history.verify import Difference
    from edge_config.model.site import Site

app = history_commands.app
Directory = Annotated[Path, typer.Option(help="Of the agent.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
SiteName = Annotated[str, typer.Argument(help="A site file, or a sample's name.")]
SinkName = Annotated[str, typer.Option("--sink", help="One of the site's; left out, the only one.")]
From = Annotated[str, typer.Option("--from", metavar="TIME", help="2026-03-20 03:12, in the site's time; 03:12.")]
To = Annotated[str, typer.Option("--to", metavar="TIME")]
DAY_S = 86_400.0
SETTLING_S = 60.0
"""What came so lately may still be on its way, or not be shown yet."""
UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


@app.command("export")
def export_(
    site: SiteName,
    to: Annotated[Path, typer.Argument(help="A file that ends in .csv, .parquet or .lp (line protocol).")],
    directory: Directory = Path("var"),
    tag: Annotated[list[str] | None, typer.Option(help="A tag, or a pattern like gh1.*.air_temp; repeatable.")] = None,
    begin: From = "",
    end: To = "",
    every: Annotated[str, typer.Option(metavar="SPAN", help="1 min, 15 min, 1 h, 1 d: means; else as it came.")] = "",
    as_json: Json = False,
) -> None:
    """Write the record to a file: points as they came (a day), or what stood in each minute or hour (ten years)."""
    from controller.history.blocks import NAME
    from controller.history.export import ExportError, chosen, export_points, export_slots
    from edge_config.tags import site_tags

    loaded = _site(site)
    every_s = _span_s(every)
    from_s, to_s = _bounds(begin, end, loaded)
    tags = site_tags(loaded)
    with _told(), _bar("exporting", None) as advance:
        try:
            names = chosen(tags, tag or ())
            if every_s is None:
                count = export_points(directory / "outbox.db", to, names, from_s, to_s, advance)
            else:
                place = loaded.site.id
                count = export_slots(directory / NAME, to, tags, names, from_s, to_s, every_s, place, advance)
        except ExportError as error:
            _refuse(error)
    _say(as_json, {"file": str(to), "rows": count}, "exported", rows=f"{count:,}", to=to)


@app.command("import")
def import_(
    site: SiteName,
    files: Annotated[list[Path], typer.Argument(help="Of points: .csv, .parquet or .lp.")],
    sink: SinkName = "",
    as_json: Json = False,
) -> None:
    """Send a file's points to a sink. A database writes over a point that it has; files have it once more."""
    from controller.history.export import ExportError, lines_of
    from edge_config.tags import site_tags

    loaded = _site(site)
    name = _sink_name(loaded, sink)
    tags = site_tags(loaded)
    lines = (line for file in files for line in lines_of(file, tags, loaded.site.id))
    try:
        sent = _sent(loaded, name, site, lines, "importing")
    except ExportError as error:
        _refuse(error)
    _say(as_json, {"sink": name, "delivered": sent.delivered, "refused": sent.refused, "failure": sent.failure}, "sent",
         sink=name, delivered=f"{sent.delivered:,}", refused=f"{sent.refused:,}")  # fmt: skip
    _end(sent)


@app.command()
def verify(
    site: SiteName,
    sink: SinkName = "",
    directory: Directory = Path("var"),
    begin: From = "",
    end: To = "",
    as_json: Json = False,
) -> None:
    """Hold a sink against what it has acknowledged, by tag and hour. Exit 1 where something is missing."""
    loaded = _site(site)
    name = _sink_name(loaded, sink)
    found, hours = _differences(loaded, site, name, directory, begin, end)
    missing = sum(len(one.missing) for one in found)
    _print_differences(as_json, loaded, name, hours, found, missing)
    if missing:
        raise typer.Exit(1)


@app.command()
def repair(
    site: SiteName,
    sink: SinkName = "",
    directory: Directory = Path("var"),
    begin: From = "",
    end: To = "",
    as_json: Json = False,
) -> None:
    """Send a sink again what it acknowledged and does not have; the agent may run meanwhile."""
    from controller.history.verify import missing_lines

    loaded = _site(site)
    name = _sink_name(loaded, sink)
    found, _ = _differences(loaded, site, name, directory, begin, end)
    sent = _sent(loaded, name, site, missing_lines(directory / "outbox.db", name, found), "repairing")
    _say(as_json, {"sink": name, "delivered": sent.delivered, "refused": sent.refused, "failure": sent.failure}, "sent",
         sink=name, delivered=f"{sent.delivered:,}", refused=f"{sent.refused:,}")  # fmt: skip
    _end(sent)


# --- what they share


def _site(name: str) -> "Site":
    loaded: Site = command_line.load(command_line.site_path(name))
    return loaded


def _sink_name(site: "Site", given: str) -> str:
    names = list(site.sinks)
    if given in names:
        return given
    if not given and len(names) == 1:
        return names[0]
    _refuse_with("which_sink", given=given or "-", known=", ".join(names) or "-")
    raise AssertionError


def _holdings(site: "Site", file: str, name: str) -> "Holdings":
    from controller.history.holdings import holdings
    from controller.secrets import secrets_beside

    return holdings(site.sinks[name], secrets_beside(command_line.site_path(file)))


def _differences(
    site: "Site", file: str, name: str, directory: Path, begin: str, end: str
) -> tuple[list["Difference"], int]:
    from controller.history.delivered import span_ms
    from controller.history.holdings import HoldingsError
    from controller.history.verify import differences, hours_of

    outbox = directory / "outbox.db"
    with _told():
        span = span_ms(outbox, name)
        if span is None:
            return [], 0
        from_s, to_s = _bounds(begin, end, site)
        newest_s = span[1] / 1000.0 + 0.001
        to_s = min(to_s, newest_s) if not end else to_s
        from_s = max(span[0] / 1000.0, newest_s - DAY_S) if not begin else from_s
        hours = hours_of(round(from_s * 1000.0), round(to_s * 1000.0))
        found: list[Difference] = []
        with _bar("comparing", len(hours)) as advance:
            try:
                asked = _holdings(site, file, name)
                for number, (from_ms, to_ms) in enumerate(hours, 1):
                    found += differences(outbox, name, asked, from_ms, to_ms)
                    advance(number)
            except HoldingsError as error:
                _refuse_with("not_asked", sink=name, why=error)
    return found, len(hours)


def _sent(site: "Site", name: str, file: str, lines: Iterator[str], doing: str) -> Any:
    from controller.history.send import send
    from controller.history.sinks import most_lines, opener
    from controller.secrets import secrets_beside
    from edge_config.tags import site_tags

    sink = site.sinks[name]
    units = {name: tag.unit for name, tag in site_tags(site).items()}
    open_sink = opener(sink, secrets_beside(command_line.site_path(file)), site.site.id, units)
    with _told(), _bar(doing, None) as advance:
        return send(open_sink, lines, most_lines(sink), advance)


def _end(sent: Any) -> None:
    if sent.failure:
        _refuse_with("not_sent", why=sent.failure)
    if sent.refused:
        raise typer.Exit(1)


def _bounds(begin: str, end: str, site: "Site") -> tuple[float, float]:
    from controller.moments import MomentError, moment_s
    from foundation.clock import WallClock

    now_s = WallClock().now()
    try:
        to_s = moment_s(end, site.site.timezone, now_s) if end else now_s - SETTLING_S
        return (moment_s(begin, site.site.timezone, now_s) if begin else to_s - DAY_S), to_s
    except MomentError as error:
        _refuse_with("no_moment", text=error)
        raise AssertionError from None


def _span_s(text: str) -> int | None:
    if not text:
        return None
    number, _, unit = text.strip().partition(" ")
    if not number.isdigit() or unit not in UNITS:
        _refuse_with("every", every=text)
    return int(number) * UNITS[unit]


@contextmanager
def _bar(doing: str, total: int | None) -> Iterator[Any]:
    """A progress bar on stderr, where somebody looks; what is yielded is told how far it is."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(doing, total=total)
        yield lambda done: progress.update(task, completed=done)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        _refuse_with("not_read", why=error)


def _refuse(error: Any) -> None:
    _refuse_with(error.key, **error.values)


def _refuse_with(key: str, **values: object) -> None:
    from foundation.messages import tell

    command_line.fail(tell(f"history.{key}", command_line.language(), **values), 1)


def _say(as_json: bool, document: dict[str, Any], key: str, **values: object) -> None:
    from foundation.messages import tell

    if as_json:
        command_line.print_json(document)
    else:
        typer.echo(tell(f"history.{key}", command_line.language(), **values))


def _print_differences(
    as_json: bool, site: "Site", name: str, hours: int, found: list["Difference"], missing: int
) -> None:
    from rich.console import Console
    from rich.table import Table

    from controller.moments import spelled

    rows = [
        {
            "tag": one.series.tag,
            "hour": spelled(one.hour_ms / 1000.0, site.site.timezone),
            "acknowledged": one.acknowledged,
            "held": one.held,
            "missing": len(one.missing),
        }
        for one in found
    ]
    document = {"sink": name, "hours": hours, "missing": missing, "differences": rows}
    if rows and not as_json:
        table = Table(*rows[0])
        for row in rows:
            table.add_row(*(str(value) for value in row.values()))
        Console().print(table)
    _say(as_json, document, "missing" if missing else "whole", sink=name, hours=hours, missing=missing)
