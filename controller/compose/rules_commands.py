"""`farmloop rules`: try rules out before they run; switch one of a running agent off for a time."""

from pathlib import Path
from typing import Annotated, Any

import typer

from controller.compose import command_line

app = typer.Typer(no_args_is_help=True, add_completion=False)
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
Directory = Annotated[Path, typer.Option(help="Of the agent.")]


@app.command("test")
def try_tests(
    what: Annotated[list[str], typer.Argument(help="Site files, samples, files of the library, or library.")],
    as_json: Json = False,
) -> None:
    """Run the tests that stand in rules: exit 0 if all hold, 1 if one does not, 2 cannot read."""
    from edge_config.rule_library import library
    from edge_config.rule_trials import try_library, try_site

    rows: list[dict[str, Any]] = []
    untested: list[str] = []
    for name in what:
        stem = Path(name).stem
        books = {one.partition("/")[0] for one in library()}
        if name == "library" or (Path(name).parent.name == "library" and stem in books):
            for rule in library().values():
                if name == "library" or rule.name.startswith(f"{stem}/"):
                    rows += [{"rule": rule.name, "test": one.number, "ok": one.ok, "failures": list(one.failures)}
                             for one in try_library(rule)]  # fmt: skip
            continue
        site = _site(name)
        rows += [{"rule": one.rule, "test": one.number, "ok": one.ok, "failures": list(one.failures)}
                 for one in try_site(site)]  # fmt: skip
        untested += [rule.id for rule in site.rules if not rule.tests]
    ok = all(row["ok"] for row in rows)
    if as_json:
        _print({"ok": ok, "tests": rows, "untested": untested})
    else:
        for row in rows:
            for failure in row["failures"]:
                typer.echo(f"{row['rule']} test {row['test']}: {failure}")
        typer.echo(f"{sum(row['ok'] for row in rows)} of {len(rows)} tests hold")
        if untested:
            typer.echo(f"without a test: {', '.join(untested)}")
    raise typer.Exit(0 if ok else 1)


@app.command()
def explain(
    site: Annotated[str, typer.Argument(help="A site file, or a sample's name.")],
    rule: Annotated[str, typer.Argument(help="Its id; left out, every rule.")] = "",
    directory: Annotated[Path, typer.Option(help="Of an agent that runs: what its rules did today.")] = Path("var"),
    as_json: Json = False,
) -> None:
    """Say in words what rules look at, do, and when, and what those of a running agent did today."""
    from edge_config.rule_words import explained
    from edge_config.templates import placed_rules
    from edge_config.wording import nearest

    loaded = _site(site)
    placed = [one for one in placed_rules(loaded) if rule in ("", one.id)]
    if rule and not placed:
        known = [one.id for one in placed_rules(loaded)]
        command_line.fail(f"no rule '{rule}': did you mean {nearest(rule, known)}?", 2)
    told = {one.id: explained(loaded, one, command_line.language()) for one in placed}
    ran = _ran(directory)
    if as_json:
        _print([{"rule": name, "words": lines, "ran": ran.get(name)} for name, lines in told.items()])
        return
    for name, lines in told.items():
        typer.echo("\n  ".join([name, *lines, *([_did(ran[name])] if name in ran else [])]))


def _ran(directory: Path) -> dict[str, Any]:
    """What the rules of the agent in a directory did; nothing where none runs."""
    from controller.access import ask

    try:
        status, document = ask(directory, "GET", "/api/v1/rules", language=command_line.language())
    except OSError:  # nobody runs there
        return {}
    return document["rules"] if status == 200 else {}


def _did(rule: dict[str, Any]) -> str:
    from datetime import UTC, datetime

    from foundation.messages import tell

    if rule["off_until"] is not None:
        return _switched(rule)
    changed, state = rule["changed"], "spent" if rule["spent"] else "on" if rule["on"] else "off"
    since = "" if changed is None else datetime.fromtimestamp(changed / 1000.0, UTC).astimezone().isoformat(" ")[:16]
    return tell(
        f"rule.did_{state}" if since else "rule.did_nothing", command_line.language(), since=since,
        times=rule["activations_today"], minutes=f"{rule['on_today_s'] / 60.0:.0f}", errors=rule["errors"],
    )  # fmt: skip


@app.command()
def off(
    rule: Annotated[str, typer.Argument(help="Its id, as gh1.bay1.shade.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    span: Annotated[str, typer.Option("--for", metavar="TIME", help="30min, 4h; 24h at most.")] = "1h",
    who: Annotated[str, typer.Option(help="Who it is; left out, your name on this box.")] = "",
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Switch a rule of a running agent off: it wants nothing meanwhile, and then runs again by itself."""
    from controller.compose.hand_commands import seconds_of

    _switch("PUT", rule, {"hours": seconds_of(span, 24 * 3600.0) / 3600.0, "reason": reason}, who, directory, as_json)


@app.command()
def on(
    rule: Annotated[str, typer.Argument(help="Its id.")],
    who: Annotated[str, typer.Option(help="Who it is; left out, your name on this box.")] = "",
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Let a rule that is switched off run again before its time."""
    _switch("DELETE", rule, {}, who, directory, as_json)


def _switch(method: str, rule: str, body: dict[str, Any], who: str, directory: Path, as_json: bool) -> None:
    import getpass
    from contextlib import suppress
    from secrets import token_urlsafe

    from controller.compose.asking import answer_of
    from foundation.messages import tell

    said: dict[str, Any] = {"change_id": f"cli_{token_urlsafe(9)}", **body}
    with suppress(KeyError, OSError):
        said["who"] = who or getpass.getuser()
    document = answer_of(
        directory, method, f"/api/v1/rules-off/{rule}", not_running="hands.not_running",
        body=said if method == "PUT" else None, query=said if method == "DELETE" else None,
    )  # fmt: skip
    if as_json:
        _print(document)
        return
    one = document["rules"][rule]
    is_on = tell("rule.switched_on", command_line.language(), rule=rule)
    typer.echo(f"{rule}: {_switched(one)}" if one["off_until"] else is_on)


def _switched(rule: dict[str, Any]) -> str:
    from controller.compose.hand_commands import local
    from foundation.messages import tell

    until = local(rule["off_until"])
    return tell("rule.switched_off", command_line.language(), by=rule["off_by"], until=until, reason=rule["off_reason"])


@app.command()
def replay(
    site: Annotated[str, typer.Argument(help="A site file, or a sample's name.")],
    csv: Annotated[Path | None, typer.Option(help="A column time, then one a tag.")] = None,
    recorded: Annotated[Path | None, typer.Option(help="An agent's directory, or a day of its journal.")] = None,
    against: Annotated[
        str, typer.Option(metavar="SITE", help="Of --recorded: the site that ran; left out, as the record says.")
    ] = "",
    begin: Annotated[str, typer.Option("--from", metavar="TIME", help="ISO 8601; the site's time if no offset.")] = "",
    end: Annotated[str, typer.Option("--to", metavar="TIME")] = "",
    step: Annotated[float | None, typer.Option(help="Seconds between looks.", min=0.1)] = None,
    as_json: Json = False,
) -> None:
    """When rules would have acted on recorded values, and what those that ran did otherwise.

    Open loop: the record has the old control in it.
    """
    from controller.compose.rules_replay import ReplayError, replay

    loaded = _site(site)
    if (csv is None) is (recorded is None):
        command_line.fail("give --csv FILE, or --recorded DIRECTORY", 2)
    if recorded is not None:
        _recorded(loaded, recorded, against, _moment(begin, loaded), _moment(end, loaded), as_json)
        return
    assert csv is not None
    try:
        done = replay(loaded, csv, _moment(begin, loaded), _moment(end, loaded), step)
    except FileNotFoundError:
        command_line.fail(f"{csv}: no such file", 2)
    except (ReplayError, OSError) as error:
        command_line.fail(str(error), 2)
    rows = [{**one.row(done.days), "energy_kwh": done.energy_kwh[one.rule]} for one in done.records]
    if as_json:
        _print({"site": loaded.site.id, "open_loop": True, "from_s": done.begin_s, "to_s": done.end_s,
                "rows": done.rows, "rules": rows})  # fmt: skip
        return
    _table(rows, f"{loaded.site.id}, {done.rows} rows over {done.days:.2f} days, open loop")


def _recorded(site: Any, place: Path, against: str, begin_s: float | None, end_s: float | None, as_json: bool) -> None:
    """The recorded days of an agent, with the rules that ran beside these."""
    import sqlite3

    from controller.compose.rules_recorded import beginning_of, compare
    from controller.compose.rules_replay import ReplayError
    from controller.journal.beginning import site_digest
    from controller.journal.frames import JournalError

    try:
        beginning = beginning_of(place, begin_s)
        known = against or (beginning.site_file if beginning is not None else "")
        ran, how = None, "unknown"
        if known and (against or command_line.site_path(known).is_file()):
            ran = _site(known)
            if beginning is not None:
                how = "as recorded" if site_digest(ran) == beginning.site_digest else "changed since"
        done = compare(place, site, ran, begin_s, end_s)
    except (ReplayError, JournalError, OSError, sqlite3.Error) as error:
        command_line.fail(str(error), 2)
    rows = [one.row(done.days) for one in done.rules]
    if as_json:
        _print({"site": site.site.id, "open_loop": True, "from_s": done.begin_s, "to_s": done.end_s,
                "scans": done.scans, "ran": {"site": known, "is": how}, "rules": rows})  # fmt: skip
        return
    _compared_rules(rows, f"{site.site.id}, {done.scans} recorded scans over {done.days:.2f} days, open loop", how)


def _compared_rules(rows: list[dict[str, Any]], title: str, how: str) -> None:
    from datetime import UTC, datetime

    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title=title)
    for name in ("rule", "ran: on, hours", "now: on, hours", "now: an hour, most", "hours apart", "first apart (UTC)"):
        table.add_column(name, justify="left" if name == "rule" else "right")
    for row in rows:
        told = ["-" if one is None else f"{one['activations']}, {one['hours_on']}" for one in
                (row["ran"], row["proposed"])]  # fmt: skip
        now, first = row["proposed"], row["first_apart_s"]
        often = "-" if now is None else f"{now['activations_an_hour']:g}, {now['most_in_an_hour']}"
        moment = "" if first is None else datetime.fromtimestamp(first, UTC).isoformat(" ", "seconds")[:19]
        table.add_row(row["rule"], *told, often, f"{row['hours_apart']:g}", moment)
    console.print(table)
    _chattering([row["proposed"] for row in rows if row["proposed"] is not None])
    if how == "unknown" and all(row["ran"] is None for row in rows):
        console.print("The record does not say where its site file is: give it with --against.", highlight=False)
    elif how == "changed since":
        console.print("The site that ran is not as it was when this was recorded.", highlight=False)


@app.command()
def simulate(
    what: Annotated[str, typer.Argument(help="A site file, a sample's name, or a scenario.")],
    days: Annotated[float, typer.Option(help="Of a site.", min=0.01)] = 1.0,
    seed: int = 1,
    as_json: Json = False,
) -> None:
    """Rules with simulated plants, closed loop; a scenario is run with its rules and without."""
    from controller.compose.rules_simulate import compare, simulate_site
    from simulator.layout import FieldError
    from simulator.scenario_file import names

    if what in names() or (what not in command_line.SAMPLES and _is_scenario(Path(what))):
        (loaded,) = command_line.scenarios([what])
        done = compare(loaded, seed)
        pair = {"with_rules": done.with_rules, "without_rules": done.without_rules}
        report = {name: {"survived": one.survived, "gates": one.gates, "metrics": one.metrics}
                  for name, one in pair.items()}  # fmt: skip
        if as_json:
            _print({"scenario": done.scenario, "seed": seed, **report})
        else:
            _compared(done.scenario, seed, report)
        raise typer.Exit(0 if done.with_rules.survived else 1)
    site = _site(what)
    try:
        simulated = simulate_site(site, days, seed)
    except FieldError as error:
        command_line.fail(str(error), 1)
    rows = [one.row(simulated.days) for one in simulated.records]
    survived = simulated.simulation.survived
    if as_json:
        _print({"site": site.site.id, "seed": seed, "days": days, "rules": rows, "survived": survived})
    else:
        _table(rows, f"{site.site.id}, {days:g} days after 4 h of settling, seed {seed}, closed loop")
    raise typer.Exit(0 if survived else 1)


def _is_scenario(path: Path) -> bool:
    from foundation.document import read_document
    from foundation.problem import ProblemsError

    try:
        value = read_document(path).value
    except (OSError, ProblemsError):
        return False  # whoever reads it as a site says what is wrong
    return isinstance(value, dict) and isinstance(value.get("site"), str)  # of a site, that is a mapping


def _site(name: str) -> Any:
    return command_line.load(command_line.site_path(name))


def _moment(text: str, site: Any) -> float | None:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        command_line.fail(f"'{text}' is no date and time, for example 2026-03-20T12:00", 2)
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(site.site.timezone))).timestamp()


def _print(document: object) -> None:
    command_line.print_json(document)


def _table(rows: list[dict[str, Any]], title: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    columns = [name for name in (rows[0] if rows else {"rule": ""}) if name not in ("first_s", "chatters")]
    for name in columns:
        table.add_column(name.replace("_", " "), justify="left" if name == "rule" else "right")
    for row in rows:
        table.add_row(*(str(row[name]) for name in columns))
    Console().print(table)
    _chattering(rows)


def _chattering(rows: list[dict[str, Any]]) -> None:
    """A line for each rule that came on too often."""
    from foundation.messages import tell

    for row in rows:
        if row["chatters"]:
            often = {"mean": f"{row['activations_an_hour']:g}", "most": row["most_in_an_hour"]}
            typer.echo(tell("rule.chatters", command_line.language(), rule=row["rule"], **often))


def _compared(scenario: str, seed: int, report: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{scenario}, seed {seed}")
    for name in ("", "with rules", "without rules"):
        table.add_column(name, justify="right" if name else "left")
    table.add_row("survived", *(str(one["survived"]).lower() for one in report.values()))
    for metric in report["with_rules"]["metrics"]:
        if ":" not in metric:
            values = [one["metrics"].get(metric) for one in report.values()]
            table.add_row(metric, *("–" if value is None else f"{value:.4g}" for value in values))
    Console().print(table)
