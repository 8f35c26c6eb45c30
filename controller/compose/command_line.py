"""What commands share: how a site is named and found, what is said when something is not there, and in which form."""

import json
import os
import sys
from collections.abc import Sequence
from importlib.resources import files
from math import inf
from pathlib import Path
from typing import Annotated, Any

import typer

from foundation.problem import ProblemsError

SAMPLES = (
    "greenhouse", "solar-greenhouse", "tunnel", "nursery", "plant-factory", "mushroom", "ras", "pond", "aquaponics",
    "cold-store", "farm",
)  # fmt: skip


def above_zero(value: float | None) -> float | None:
    if value is not None and not 0.0 < value < inf:
        raise typer.BadParameter(f"{value:g} is not above 0.")
    return value


def not_below_zero(value: float) -> float:
    if not 0.0 <= value < inf:
        raise typer.BadParameter(f"{value:g} is below 0, or no number.")
    return value


Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
Speed = Annotated[float, typer.Option(help="Farm seconds a second.", callback=above_zero)]
Port = Annotated[int, typer.Option(help="Of the panel; 0 takes a free one.", min=0, max=65535)]


def site_path(site: str) -> Path:
    """A sample by its name, or a file."""
    if site in SAMPLES:
        return Path(str(files("edge_config").joinpath("sites", f"{site}.yaml")))
    return Path(site)


def load(path: Path, quiet: bool = False) -> Any:
    """The site, or its mistakes on stderr (unless somebody else says them) and the end."""
    from edge_config.loader import load_site

    try:
        return load_site(path).site
    except ProblemsError as error:
        for problem in () if quiet else error.problems:
            typer.echo(problem.line_of_text(language()), err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        unreadable(str(path), error)


def unreadable(site: str, error: OSError) -> Any:
    if isinstance(error, FileNotFoundError):
        fail(f"{site}: no such file, and no sample ({', '.join(SAMPLES)})", 2)
    fail(f"{site}: {error.strerror or error}", 2)


def scenarios(given: list[str]) -> list[Any]:
    """Scenarios that ship by name, or files; their mistakes on stderr and the end."""
    from simulator.scenario_file import load_scenario, names, scenario_path

    known, found = names(), []
    for name in given or known:
        path = scenario_path(name)
        try:
            found.append(load_scenario(path))
        except FileNotFoundError:
            no_such("scenario", name, known)
        except OSError as error:
            fail(f"{name}: {error.strerror or error}", 2)
        except ProblemsError as error:
            for problem in error.problems:
                typer.echo(problem.line_of_text(language()), err=True)
            raise typer.Exit(1) from None
    return found


def no_such(kind: str, name: str, known: Sequence[str]) -> Any:
    from edge_config.wording import nearest

    fail(f"no {kind} '{name}': did you mean {nearest(name, known)}? There are: {', '.join(known)}", 2)


def address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        fail(f"'{text}' is not HOST:PORT", 2)
    return host.strip("[]"), int(port)


def language() -> str:
    return "zh-CN" if os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("zh") else "en"


def print_json(document: object) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False))
    sys.stdout.flush()


def bar(doing: str) -> Any:
    """A progress bar on stderr, not yet shown."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(TextColumn(doing), BarColumn(), TimeRemainingColumn(), console=Console(stderr=True))


def fail(text: str, code: int) -> Any:
    typer.echo(text, err=True)
    raise typer.Exit(code)
