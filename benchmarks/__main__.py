"""`python -m benchmarks [NAME...] [--json] [--quick]`: figures, ours and somebody else's side by side.

A benchmark is a module here with `run() -> list[dict]`; one with `add_options(parser)` takes options of its own.
Exit 0 when all ran, whatever they found; 1 when one could
not run; 2 for a name that there is not.
"""

import argparse
import inspect
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.markup import escape
from rich.table import Table

import benchmarks
from benchmarks.rows import Row


class _OneLine(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def names() -> list[str]:
    """Every benchmark there is: read, not imported, for each drags in half of the project."""
    directory = Path(benchmarks.__path__[0])
    return sorted(file.stem for file in directory.glob("*.py") if "\ndef run(" in file.read_text("utf-8"))


def rows_of(name: str, quick: bool = False, **options: object) -> list[Row]:
    """One benchmark's rows. `quick` asks for small counts, of those that know it; so with every other option."""
    benchmark = import_module(f"benchmarks.{name}").run
    known = inspect.signature(benchmark).parameters
    wanted = {key: value for key, value in options.items() if key in known}
    if quick and "quick" in known:
        wanted["quick"] = True
    rows: list[Row] = benchmark(**wanted)
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Runs, prints; the exit code."""
    parser = _OneLine(prog="python -m benchmarks", description="Ours and somebody else's, side by side.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which; all if none is named")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout and nothing else")
    parser.add_argument("--quick", action="store_true", help="small counts: does it run, not how fast")
    known = names()
    for name in parser.parse_known_args(arguments)[0].names:
        if name in known and hasattr(module := import_module(f"benchmarks.{name}"), "add_options"):
            module.add_options(parser)
    given = parser.parse_args(arguments)
    for name in given.names:
        if name not in known:
            parser.error(f"no benchmark '{name}'; there are: {', '.join(known)}")
    errors = Console(stderr=True)
    rows: list[Row] = []
    failed = False
    for name in given.names or known:
        try:
            with errors.status(f"{name} …"):
                rows += rows_of(name, **vars(given))
        except Exception as error:  # one that cannot run here must not hide the others
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
            failed = True
    if given.json:
        print(json.dumps(rows, ensure_ascii=False))
    else:
        _print(rows)
    return 1 if failed else 0


def _print(rows: list[Row]) -> None:
    table = Table(box=None, header_style="bold")
    for heading in ("what", "ours", "unit", "peer", "its value", "ratio", "at least"):
        table.add_column(heading, justify="left" if heading in ("what", "unit", "peer") else "right")
    for row in rows:
        style = "bold red" if row["ratio"] < row["limit"] else "green" if row["ratio"] >= 1 else ""
        ratio = f"[{style}]{row['ratio']:g}[/]" if style else f"{row['ratio']:g}"
        figures = (f"{row['ours']:g}", escape(row["unit"]), escape(row["peer"]), f"{row['peer_value']:g}")
        table.add_row(escape(row["name"]), *figures, ratio, f"{row['limit']:g}")
    # a pipe has no width to fold at
    console = Console() if sys.stdout.isatty() else Console(width=160)
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
