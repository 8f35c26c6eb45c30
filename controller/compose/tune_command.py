"""`farmloop tune`: gains for a loop from what its plant does, beside those that it has. Nothing is applied."""

from pathlib import Path
from typing import Annotated, Any, get_args

import typer


def tune(
    loop: str,
    site: Annotated[str, typer.Option(help="A site file, or a sample's name.")],
    on: Annotated[str, typer.Option(help="sim; history with a FILE; plant is refused.")] = "sim",
    file: Annotated[Path | None, typer.Argument(help="With --on history: a column time, then one a tag.")] = None,
    speed: Annotated[str, typer.Option(help="slow, normal or fast.")] = "normal",
    seed: int = 1,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")] = False,
) -> None:
    """Model, confidence, old and new gains of a loop and what they would do. Applies nothing."""
    from controller.cli import _fail, _language, _load, _no_such, _print_json, _site_path
    from controller.compose.rules_replay import ReplayError
    from controller.compose.tune import Speed, TuneError, tune_recorded, tune_simulated
    from foundation.messages import tell
    from simulator.layout import FieldError

    speeds = get_args(Speed.__value__ if hasattr(Speed, "__value__") else Speed)
    if speed not in speeds:
        _no_such("speed", speed, speeds)
    if on not in ("sim", "history"):
        _fail(tell("tune.plant" if on == "plant" else "tune.on", _language(), on=on), 2)
    if (on == "history") is (file is None):
        _fail(tell("tune.file", _language()), 2)
    loaded = _load(_site_path(site))
    try:
        if file is not None:
            found = tune_recorded(loaded, loop, file, speed)  # type: ignore[arg-type]  # looked at above
        else:
            found = tune_simulated(loaded, loop, speed, seed)  # type: ignore[arg-type]
    except TuneError as error:
        _fail(tell(f"tune.{error.key}", _language(), **error.values), 1)
    except FieldError as error:
        _fail(str(error), 1)
    except (ReplayError, OSError) as error:
        _fail(str(error), 2)
    row = {"site": loaded.site.id, "on": on, **found.row()}
    if as_json:
        _print_json(row)
    else:
        _shown(found, _language())


def _shown(found: Any, language: str) -> None:
    from rich.console import Console
    from rich.table import Table

    from foundation.messages import tell

    model, sure = found.identified.model, found.identified
    lag = "–" if model.lag_s is None else f"{model.lag_s:.4g} ± {sure.lag_half_s:.2g}"
    typer.echo(
        tell(
            "tune.model", language, loop=found.loop, gain=f"{model.gain:.4g} ± {sure.gain_half:.2g}", lag=lag,
            unit=found.unit if model.lag_s is not None else f"{found.unit}/s", r2=f"{sure.fit:.3f}",
            delay=f"{model.delay_s:.4g} ± {sure.delay_half_s:.2g}", drift=f"{100.0 * sure.drift:.0f}",
        )
    )  # fmt: skip
    table = Table()
    for name in ("", "kc", "ti", "iae", "overshoot", "travel"):
        table.add_column(tell(f"tune.{name}", language) if name else "", justify="right" if name else "left")
    for name, gains, seen in (("old", found.old, found.before), ("new", found.new, found.after)):
        figures = (gains.kc, gains.ti_s, seen.iae, 100.0 * seen.overshoot, seen.travel)
        table.add_row(tell(f"tune.{name}", language), *(f"{one:.4g}" for one in figures))
    Console().print(table)
    typer.echo(tell("tune.untouched", language, loop=found.loop))
