"""`farmloop check` and `farmloop doctor`: what is wrong with a site file, and with the box and what runs on it."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from controller.compose import command_line
from foundation.messages import tell
from foundation.problem import Problem, ProblemsError


def check(
    site: str,
    as_json: command_line.Json = False,
    language: Annotated[str, typer.Option(help="zh-CN or en")] = "",
    explain: Annotated[
        bool, typer.Option("--explain", help="What presets left out, and what nothing protects.")
    ] = False,
    resolved: Annotated[bool, typer.Option("--resolved", help="Print the whole site as presets made it.")] = False,
) -> None:
    """Check a site file: exit 0 ok, 1 problems, 2 cannot read."""
    from edge_config.expand import read_site
    from edge_config.loader import checked
    from edge_config.protection import Unprotected, unprotected
    from edge_config.resolved import resolved as written_out
    from simulator.weather_check import check_site_weather

    speech = language or command_line.language()
    text, left_out = "", []
    bare: list[Unprotected] = []
    try:
        merged = read_site(command_line.site_path(site))
        left_out = merged.left_out
        loaded = checked(merged)
        problems: list[Problem] = [*loaded.warnings, *check_site_weather(loaded)]
        text = written_out(merged)
        bare = unprotected(loaded.site)
    except ProblemsError as error:
        problems = error.problems
    except OSError as error:
        command_line.unreadable(site, error)
    ok = not any(problem.is_error for problem in problems)
    if as_json:
        told = {"ok": ok, "problems": [_problem_row(problem, speech) for problem in problems]}
        command_line.print_json(told | ({"left_out": [asdict(one) for one in left_out]} if explain else {})
                    | ({"unprotected": [asdict(one) for one in bare]} if explain else {}))  # fmt: skip
    else:
        for problem in problems:
            typer.echo(problem.line_of_text(speech), err=resolved)
        for one in left_out if explain else ():
            typer.echo(tell(f"left_out.{one.why}", speech, **asdict(one)), err=resolved)
        if explain and bare:
            typer.echo(tell("unprotected.title", speech) + ":", err=resolved)
        for row in bare if explain else ():
            cause = row.zh if speech.startswith("zh") else row.en
            typer.echo("  " + tell("unprotected.row", speech, **asdict(row), cause=cause), err=resolved)
        typer.echo(text if resolved and text else f"{site}: {'ok' if ok else 'not ok'}")
    raise typer.Exit(0 if ok else 1)


def doctor(
    site: Annotated[str, typer.Argument(help="A site file, to look at its ports, servers and secrets too.")] = "",
    directory: Annotated[Path, typer.Option(help="Of an agent, running or not: its state, outbox and log.")] = Path(
        "var"
    ),
) -> None:
    """Say what is wrong with this box, an agent, a site or a connection, and what to do. Exit 0 if nothing is."""
    from controller.doctor import examine

    findings = examine(command_line.site_path(site) if site else None, command_line.language(), directory)
    for finding in findings:
        typer.echo(f"{'ok  ' if finding.ok else 'BAD '} {finding.what}")
        if finding.do:
            typer.echo(f"       {finding.do}")
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


def _problem_row(problem: Problem, language: str) -> dict[str, object]:
    return {
        "code": problem.code, "file": problem.file, "line": problem.line, "column": problem.column,
        "message": problem.message(language), "hint": problem.hint(language),
    }  # fmt: skip
