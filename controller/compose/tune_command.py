"""`farmloop tune`: gains for a loop from what its plant does, beside those that it has. Nothing is applied."""

from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args

import typer

from controller.compose import command_line

SOURCES = ("sim", "history", "plant")
FORMS = ("twin", "steps", "relay")
LOOK_S, RENEW_LOOKS = 2.0, 5
"""A trial on the plant is looked at so often, and told to go on every ten seconds."""


def tune(
    loop: str,
    site: Annotated[str, typer.Option(help="A site file, or a sample's name.")],
    on: Annotated[str, typer.Option(help="sim; history with a FILE; plant.")] = "sim",
    file: Annotated[
        Path | None,
        typer.Argument(help="With --on history: a CSV (a column time, then one a tag), or an agent's directory."),
    ] = None,
    by: Annotated[
        str, typer.Option(help="steps, or relay; of sim also twin (left out): the same farm with steps and without.")
    ] = "",
    size: Annotated[float, typer.Option(help="% of the output, up and down; with steps or relay.")] = 10.0,
    within: Annotated[
        float | None, typer.Option(help="How far the value may leave its setpoint, in its unit; left out, the usual.")
    ] = None,
    hours: Annotated[float, typer.Option(help="Longest on the plant.", min=0.1, max=24.0)] = 8.0,
    directory: Annotated[Path, typer.Option(help="Of the agent, with --on plant.")] = Path("var"),
    speed: Annotated[str, typer.Option(help="slow, normal or fast.")] = "normal",
    seed: int = 1,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")] = False,
) -> None:
    """Model, confidence, old and new gains of a loop and what they would do. Applies nothing."""
    from controller.compose.rules_replay import ReplayError
    from controller.compose.tune import Speed, TuneError, tune_recorded, tune_simulated, tune_swung
    from controller.journal.frames import JournalError
    from foundation.messages import tell
    from simulator.layout import FieldError

    speeds = get_args(Speed.__value__ if hasattr(Speed, "__value__") else Speed)
    for given, known in ((speed, speeds), (on, SOURCES), (by or "steps", FORMS)):
        if given not in known:
            command_line.no_such("word", given, known)
    if (on == "history") is (file is None) or (on == "plant" and by == "twin") or (on == "history" and by):
        command_line.fail(tell("tune.file" if on != "plant" else "tune.twin", command_line.language()), 2)
    loaded = command_line.load(command_line.site_path(site))
    form: Any = by or "steps"
    pace: Any = speed
    try:
        if file is not None:
            found = tune_recorded(loaded, loop, file, pace)
        elif on == "plant":
            found = _on_plant(loaded, loop, Wanted(form, size, within, hours, directory), pace)
        elif by in ("", "twin"):
            found = tune_simulated(loaded, loop, pace, seed)
        else:
            found = tune_swung(loaded, loop, form, size, within, pace, seed)
    except TuneError as error:
        key = error.key if error.key.startswith("refused.") else f"tune.{error.key}"
        values = {**error.values}
        if error.key == "trial_ended":
            values["why"] = tell(f"trial.{values['why']}", command_line.language(), by=values.get("by", ""))
        command_line.fail(tell(key, command_line.language(), **values), 1)
    except FieldError as error:
        command_line.fail(str(error), 1)
    except (ReplayError, JournalError, OSError) as error:
        command_line.fail(str(error), 2)
    row = {"site": loaded.site.id, "on": on, "by": by or ("twin" if on == "sim" else "steps"), **found.row()}
    if as_json:
        command_line.print_json(row)
    else:
        _shown(found, command_line.language())


class Wanted(NamedTuple):
    """A trial on the running plant."""

    form: Literal["steps", "relay"]
    size: float
    within: float | None
    hours: float
    directory: Path


def _on_plant(site: Any, loop: str, wanted: Wanted, speed: Any) -> Any:
    """Begin a trial at the agent, tell it to go on until it is over, and end it if we are stopped."""
    import asyncio
    from secrets import token_urlsafe
    from types import SimpleNamespace

    from controller.access import NoAgentError, ask
    from controller.compose.tune import tunable, tune_tried, within_of
    from edge_config.tags import site_tags
    from foundation.clock import pause
    from foundation.messages import tell

    speech, path = command_line.language(), f"/api/v1/trials/{loop.replace('/', '')}"
    within = within_of(site_tags(site)[tunable(site, loop).pv].unit, wanted.within)
    body = {"form": wanted.form, "size": wanted.size, "within": within, "longest_hours": wanted.hours}

    def call(method: str, may_be_over: bool = False, **more: Any) -> Any:
        try:
            status, document = ask(wanted.directory, method, path, language=speech, **more)
        except NoAgentError:
            command_line.fail(tell("tune.no_agent", speech, directory=wanted.directory), 1)
        if status != 200 and not may_be_over:
            command_line.fail(str(document.get("detail") or document.get("title") or status), 1)
        return document

    def put(goes_on: bool) -> Any:
        return call("PUT", goes_on, body={**body, "change_id": f"tune_{token_urlsafe(9)}", "goes_on": goes_on})

    told = put(goes_on=False)
    bar = command_line.bar(tell("tune.trying", speech, loop=loop))
    task = bar.add_task("", total=wanted.hours * 3600.0)
    looks = 0
    try:
        with bar:
            while not told["ended"]:
                asyncio.run(pause(LOOK_S))
                looks += 1
                if looks % RENEW_LOOKS == 0:
                    put(goes_on=True)
                told = call("GET")
                bar.update(task, completed=told["looks"] * told["every_s"])
    except BaseException:
        if not told["ended"]:
            call("DELETE", query={"change_id": f"tune_{token_urlsafe(9)}"})
        raise
    return tune_tried(site, loop, told["form"], told["every_s"], SimpleNamespace(**told), speed)


def _shown(found: Any, language: str) -> None:
    from datetime import UTC, datetime

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
    for one in found.excerpts:
        times = [datetime.fromtimestamp(at, UTC).astimezone().isoformat(" ", "minutes") for at in one[:2]]
        verdict = tell("tune.usable", language) if not one.refusal else tell("tune.unusable", language, why=one.refusal)
        typer.echo(f"  {times[0]} – {times[1]}: {verdict}")
    table = Table()
    for name in ("", "kc", "ti", "iae", "overshoot", "travel"):
        table.add_column(tell(f"tune.{name}", language) if name else "", justify="right" if name else "left")
    for name, gains, seen in (("old", found.old, found.before), ("new", found.new, found.after)):
        figures = (gains.kc, gains.ti_s, seen.iae, 100.0 * seen.overshoot, seen.travel)
        table.add_row(tell(f"tune.{name}", language), *(f"{one:.4g}" for one in figures))
    Console().print(table)
    typer.echo(tell("tune.margin_is", language, model=f"{found.margin[0]:.2f}", worst=f"{found.margin[1]:.2f}"))
    typer.echo(tell("tune.untouched", language, loop=found.loop))
