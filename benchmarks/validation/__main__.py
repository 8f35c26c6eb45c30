"""`python -m benchmarks.validation POINTS.csv [--json]`: reference points, row by row.

`--page FOLDER` writes them as validation.md with its pictures. `--greenlight CSV --inputs JSON` compares whole days of
the greenhouse instead. Exit 0 when every row that gates holds, 1 when one fails, 2 when a file cannot be read.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from benchmarks.validation import greenlight
from benchmarks.validation.points import BadPoints, read_points
from benchmarks.validation.verdicts import Result, failed, judged, known_quantities, unsaid

_STYLES = {"pass": "green", "fail": "bold red", "not implemented": "yellow", "reported": "dim"}


class _OneLine(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: list[str] | None = None) -> int:
    """Reads, compares, prints; the exit code."""
    parser = _OneLine(prog="python -m benchmarks.validation", description="Our numbers against reference values.")
    parser.add_argument("points", type=Path, nargs="?", help="CSV with id, facility, quantity, inputs_json, …")
    parser.add_argument("--greenlight", type=Path, metavar="CSV", help="trajectories of the greenhouse instead")
    parser.add_argument("--inputs", type=Path, metavar="JSON", help="the cases of --greenlight")
    parser.add_argument("--page", type=Path, metavar="FOLDER", help="write validation.md and its pictures there")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout and nothing else")
    given = parser.parse_args(arguments)
    if (given.points is None) == (given.greenlight is None):
        parser.error("wants either POINTS.csv or --greenlight CSV --inputs JSON")
    if (given.greenlight is None) != (given.inputs is None):
        parser.error("--greenlight and --inputs go together")
    if given.page is not None and (given.points is None or given.json):
        parser.error("--page goes with POINTS.csv alone")
    try:
        if given.greenlight is not None:
            return _trajectories(given.greenlight, given.inputs, as_json=given.json)
        return _points(given.points, as_json=given.json, page=given.page)
    except BadPoints as error:
        print(error, file=sys.stderr)
        return 2


def _points(path: Path, *, as_json: bool, page: Path | None = None) -> int:
    points = read_points(path)
    errors = Console(stderr=True)
    progress = track(
        judged(points, known_quantities()),
        description="computing",
        total=len(points),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    )
    results = list(progress)
    if page is not None:
        _write_page(results, page)
    elif as_json:
        print(json.dumps([_as_json(result) for result in results], allow_nan=False))
    else:
        _print_results(results)
    for result in results:
        if unsaid(result):
            print(f"{result.point.id}: {result.note}", file=sys.stderr)
    return 1 if failed(results) else 0


def _write_page(results: list[Result], folder: Path) -> None:
    from benchmarks.validation import page, pictures  # they drag in what no row needs

    text = page.page(results)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "validation.md").write_text(text, encoding="utf-8")
    pictures.draw(results, folder)


def _trajectories(path: Path, inputs: Path, *, as_json: bool) -> int:
    try:
        cases = greenlight.compared(path, inputs)
    except (OSError, LookupError, TypeError, ValueError) as error:
        raise BadPoints(f"{path} with {inputs}: {type(error).__name__}: {error}") from error
    if as_json:
        print(json.dumps(cases, allow_nan=False))
    else:
        _print_deviations(cases)
    return 0


def _as_json(result: Result) -> dict[str, str | float | None]:
    point = result.point
    return {
        "id": point.id,
        "facility": point.facility,
        "quantity": point.quantity,
        "value": result.value,
        "expected": point.expected,
        "tolerance": point.tolerance,
        "verdict": result.verdict,
    }


def _print_results(results: list[Result]) -> None:
    table = _table("id", "facility", "quantity", numbers=("value", "expected", "tolerance", "off by"))
    table.add_column("verdict")
    for result in results:
        point, value = result.point, result.value
        table.add_row(
            escape(point.id),
            escape(point.facility),
            escape(point.quantity),
            "–" if value is None else f"{value:.7g}",
            f"{point.expected:.7g}",
            f"{point.tolerance:.3g}",
            "" if value is None or not point.tolerance else f"{abs(value - point.expected) / point.tolerance:.0%}",
            f"[{_STYLES[result.verdict]}]{result.verdict}[/]",
        )
    console = _console()
    console.print(table)
    counted = Counter(result.verdict for result in results)
    console.print(f"{len(results)} rows: " + ", ".join(f"{n} {verdict}" for verdict, n in counted.items()))


def _print_deviations(cases: list[dict[str, Any]]) -> None:
    table = _table("case", "column", numbers=("rms", "max"))
    for case in cases:
        for name, off in case["columns"].items():
            table.add_row(escape(case["case"]), escape(name), f"{off['rms']:.3g}", f"{off['max']:.3g}")
    _console().print(table)


def _table(*names: str, numbers: tuple[str, ...]) -> Table:
    table = Table(box=None, header_style="bold")
    for name in names:
        table.add_column(name)
    for name in numbers:
        table.add_column(name, justify="right")
    return table


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=160)  # a pipe has no width to fold at


if __name__ == "__main__":
    sys.exit(main())
