"""`farmloop recipe`: what recipes a running agent knows, and starting, moving, editing and ending them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from controller.compose import command_line
from controller.compose.asking import answer_of

app = typer.Typer(no_args_is_help=True, add_completion=False)

Directory = Annotated[Path, typer.Option(help="Of the agent.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
Zone = Annotated[str, typer.Argument(help="FACILITY.ZONE, as gh1.bay1.")]
Stage = Annotated[str, typer.Argument(help="The id of a stage.")]


@app.command()
def show(directory: Directory = Path("var"), as_json: Json = False) -> None:
    """What recipes there are, and the stage of each that runs."""
    _told("GET", "", None, directory, as_json)


@app.command()
def start(
    recipe: Annotated[str, typer.Argument(help="Of the site file.")],
    zone: Zone,
    on: Annotated[str, typer.Option(metavar="DATE", help="2026-03-01: the day that it began; left out, now.")] = "",
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Start a recipe in a zone. One that runs there ends."""
    _told("PUT", zone, {"action": "start", "recipe": recipe, "on": on}, directory, as_json)


@app.command("stage")
def move(zone: Zone, stage: Stage, directory: Directory = Path("var"), as_json: Json = False) -> None:
    """Put a running recipe into a stage, forward or back; its days count from now."""
    _told("PUT", zone, {"action": "stage", "stage": stage}, directory, as_json)


@app.command()
def edit(
    zone: Zone,
    stage: Stage,
    setpoint: Annotated[str, typer.Argument(help="Its full name, or days.")],
    value: Annotated[float, typer.Argument(help="In the setpoint's unit.")],
    period: Annotated[int | None, typer.Option(help="Which of its periods, from 0.", min=0)] = None,
    directory: Directory = Path("var"),
    as_json: Json = False,
) -> None:
    """Change the present stage of a running recipe, or one that is to come."""
    what = {"setpoint": "" if setpoint == "days" else setpoint, "period": period, "value": value}
    _told("PUT", zone, {"action": "edit", "stage": stage, **what}, directory, as_json)


@app.command()
def stop(zone: Zone, directory: Directory = Path("var"), as_json: Json = False) -> None:
    """End a recipe: setpoints stay where they are until their programs move them."""
    _told("PUT", zone, {"action": "stop"}, directory, as_json)


def _told(method: str, zone: str, wish: dict[str, Any] | None, directory: Path, as_json: bool) -> None:
    from secrets import token_urlsafe

    speech = command_line.language()
    body = None if wish is None else {"change_id": f"cli_{token_urlsafe(9)}", **wish}
    path = "/api/v1/recipes" + (f"/{zone.replace('/', '')}" if zone else "")
    document = answer_of(directory, method, path, not_running="recipe.not_running", body=body)
    if as_json:
        command_line.print_json(document)
        return
    for line in _lines(document, speech):
        typer.echo(line)


def _lines(document: Any, language: str) -> list[str]:
    from foundation.messages import tell

    tongue = "zh" if language.startswith("zh") else "en"
    lines = [
        tell(
            "recipe.over" if one["over"] else "recipe.runs", language, zone=zone, recipe=one["name"][tongue],
            stage=next(stage["name"][tongue] for stage in one["stages"] if stage["id"] == one["stage"]),
            day=f"{one['day']:g}",
            days=f"{next(stage['days'] for stage in one['stages'] if stage['id'] == one['stage']):g}", id=one["stage"],
        )
        for zone, one in document["running"].items()
    ]  # fmt: skip
    known = [
        tell("recipe.known", language, recipe=recipe, zones=", ".join(zones))
        for recipe, zones in document["known"].items()
    ]
    return [*lines, *known] or [tell("recipe.none", language)]
