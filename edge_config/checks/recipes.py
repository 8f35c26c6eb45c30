"""Recipes: stages that each have a name, setpoints that some zone has, everything in their unit and limits."""

from collections.abc import Iterator

from edge_config.checks.inspection import Inspection
from edge_config.model.control import Program
from edge_config.model.recipes import StageSetpoint
from edge_config.wording import nearest
from foundation.document import Path_
from foundation.units import Quantity, UnitError


def check_recipes(inspection: Inspection) -> None:
    """E471 to E474; values as those of programs."""
    for name, recipe in inspection.site.recipes.items():
        seen: dict[str, int] = {}
        for index, stage in enumerate(recipe.stages):
            path: Path_ = ("recipes", name, "stages", index)
            if stage.id in seen:
                inspection.note("E473", (*path, "id"), stage=stage.id)
            seen.setdefault(stage.id, index)
            for short, setpoint in stage.setpoints.items():
                _setpoint(inspection, (*path, "setpoints", short), short, setpoint)


def _setpoint(inspection: Inspection, path: Path_, short: str, setpoint: StageSetpoint) -> None:
    if (setpoint.value is None) == (not setpoint.periods):
        inspection.note("E474", path, key=True)
    word, _, point = short.partition(".")
    programs = inspection.site.programs
    found = {name: one for name, one in programs.items() if word == "zone" and name.rpartition(".")[2] == point}
    if not found:
        known = {f"zone.{name.rpartition('.')[2]}" for name in programs}
        inspection.note("E471", path, key=True, near=nearest(short, known))
    for name, program in found.items():
        if program.by_loop is not None or program.light is not None:
            inspection.note("E472", path, key=True, setpoint=name)
            return
        if not _fits(inspection, path, setpoint, program):
            return  # in the next zone it would be told again


def _fits(inspection: Inspection, path: Path_, setpoint: StageSetpoint, program: Program) -> bool:
    known = len(inspection.problems)
    unit = program.limits[0].unit
    try:
        low, high = program.limits[0].to(unit), program.limits[1].to(unit)
    except UnitError:
        return True  # told of the program
    for place, quantity in _quantities(path, setpoint):
        value = inspection.number(place, quantity, unit)
        if value is not None and not low <= value <= high:
            inspection.note("E342", place, low=program.limits[0], high=program.limits[1])
    return len(inspection.problems) == known


def _quantities(path: Path_, setpoint: StageSetpoint) -> Iterator[tuple[Path_, Quantity]]:
    if setpoint.value is not None:
        yield (*path, "value"), setpoint.value
    for index, period in enumerate(setpoint.periods or ()):
        yield (*path, "periods", index, "value"), period.value
