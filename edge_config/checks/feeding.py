"""Feeding: what the ration is made from is there in its unit, and the table can be read."""

from itertools import pairwise

from edge_config.checks.inspection import Inspection, alike
from edge_config.model.feeding import Appetite, Feeding
from edge_config.wording import nearest
from foundation.document import Path_

MASS, WARMTH = "kg", "degC"


def check_feeding(inspection: Inspection, path: Path_, loop: Feeding) -> None:
    """E130, E324, E332 to E335, E337, E345, E391 to E393."""
    for key, tag, unit in (
        ("biomass", loop.biomass, MASS),
        ("mass", loop.mass, MASS),
        ("temperature", loop.temperature, WARMTH),
        ("fed", loop.fed, MASS),
        ("by_hand", loop.by_hand, MASS),
    ):
        said = inspection.numeric((*path, key), tag) if tag is not None else None
        if said is not None and not alike(said, unit):
            inspection.note("E345", (*path, key), tag=tag, unit=said or "1", wanted=unit)
    if bool(loop.meals) is (loop.belt is not None):
        inspection.note("E392", path, key=True)
    if loop.belt is not None:
        inspection.positive((*path, "belt", "every"), loop.belt.every)
    _rising(inspection, (*path, "stops"), [inspection.number((*path, "stops"), one, WARMTH) for one in loop.stops])
    _table(inspection, path, loop)
    inspection.positive((*path, "rate"), inspection.number((*path, "rate"), loop.rate, "kg/s", "kg/min"))
    inspection.positive((*path, "within"), loop.within)
    inspection.not_negative((*path, "on_loss"), inspection.number((*path, "on_loss"), loop.on_loss, "kg/d"))
    if loop.share is not None:
        shares = {name for name, one in inspection.site.programs.items() if one.limits[0].unit == "%"}
        if loop.share not in shares:
            inspection.note("E391", (*path, "share"), found=loop.share, near=nearest(loop.share, shares))


def _table(inspection: Inspection, path: Path_, loop: Feeding) -> None:
    masses = [_row(inspection, (*path, "table", index), row) for index, row in enumerate(loop.table)]
    _rising(inspection, (*path, "table"), masses)
    if len(masses) > 1 and loop.mass is None:
        inspection.note("E393", (*path, "table"), key=True)


def _row(inspection: Inspection, path: Path_, row: Appetite) -> float | None:
    warmths: list[float | None] = []
    for index, (warmth, share) in enumerate(row.at):
        warmths.append(inspection.number((*path, "at", index, 0), warmth, WARMTH))
        said = inspection.number((*path, "at", index, 1), share, "%")
        if said is not None:
            inspection.percent((*path, "at", index, 1), said)
    _rising(inspection, (*path, "at"), warmths)
    mass = inspection.number((*path, "mass"), row.mass, MASS)
    inspection.positive((*path, "mass"), mass)
    return mass


def _rising(inspection: Inspection, path: Path_, values: list[float | None]) -> None:
    if any(a is not None and b is not None and b <= a for a, b in pairwise(values)):
        inspection.note("E367", path)
