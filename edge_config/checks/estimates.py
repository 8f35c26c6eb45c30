"""Soft sensors: what they are made from is there, in the unit that their model counts in."""

from edge_config.checks.inspection import Inspection, alike, ratio
from edge_config.model.control import Dosing
from edge_config.model.estimates import (
    Ammonia,
    Biofilter,
    DoseEffect,
    Estimate,
    Fed,
    Growth,
    HeatLoss,
    MotorPosition,
    OxygenUptake,
    Supply,
)
from edge_config.model.outputs import ThreePoint
from edge_config.wording import nearest
from foundation.document import Path_
from foundation.units import Quantity, difference


def check_estimate(inspection: Inspection, path: Path_, estimate: Estimate) -> None:
    """E324, E332, E334, E345, E350, E362, E366."""
    inspection.positive((*path, "period"), estimate.period)
    match estimate:
        case OxygenUptake():
            _is_in(inspection, (*path, "oxygen"), estimate.oxygen, "mg/L")
            _supply(inspection, path, estimate.supply, "mg/L/h")
            if estimate.exchange is not None:
                inspection.not_negative(
                    (*path, "exchange"), inspection.number((*path, "exchange"), estimate.exchange, "%/h")
                )
            if estimate.temperature is not None:
                _is_in(inspection, (*path, "temperature"), estimate.temperature, "degC")
            if estimate.fed is not None:
                _fed(inspection, (*path, "fed"), estimate.fed, "(mg/L/h)/(kg/h)", "mg/L/h/(kg/h)")
            _positive(inspection, (*path, "noise"), estimate.noise, "mg/L")
            _positive(inspection, (*path, "wander"), estimate.wander, "mg/L/h")
        case Ammonia():
            _is_in(inspection, (*path, "lab"), estimate.lab, "mg/L")
            _fed(inspection, (*path, "fed"), estimate.fed, "(mg/L)/kg", "mg/L/kg")
            if estimate.rest is not None:
                inspection.not_negative((*path, "rest"), inspection.number((*path, "rest"), estimate.rest, "mg/L/h"))
            _positive(inspection, (*path, "removal"), estimate.removal, "%/h")
            _positive(inspection, (*path, "noise"), estimate.noise, "mg/L")
        case Biofilter():
            _is_in(inspection, (*path, "tan"), estimate.tan, "mg/L")
            _is_in(inspection, (*path, "flow"), estimate.flow, "m3/h")
            _positive(inspection, (*path, "volume"), estimate.volume, "m3")
            _fed(inspection, (*path, "fed"), estimate.fed, "(mg/L)/kg", "mg/L/kg")
            _positive(inspection, (*path, "rest"), estimate.rest, "mg/L/h")
            _positive(inspection, (*path, "rate"), estimate.rate, "mg/L/h")
            _positive(inspection, (*path, "noise"), estimate.noise, "mg/L")
        case HeatLoss():
            _is_in(inspection, (*path, "inside"), estimate.inside, "degC")
            _is_in(inspection, (*path, "outside"), estimate.outside, "degC")
            _supply(inspection, path, estimate.supply, "kW")
            _positive(inspection, (*path, "capacity"), estimate.capacity, "kWh/K")
            _positive(inspection, (*path, "guess"), estimate.guess, "kW/K")
            _positive(inspection, (*path, "noise"), estimate.noise, "K")
        case Growth():
            _is_in(inspection, (*path, "weighed"), estimate.weighed, "kg")
            _is_in(inspection, (*path, "temperature"), estimate.temperature, "degC")
        case DoseEffect():
            loops = inspection.site.loops
            if not isinstance(loops.get(estimate.loop), Dosing):
                dosers = [name for name, loop in loops.items() if isinstance(loop, Dosing)]
                inspection.note(
                    "E366", (*path, "loop"), found=estimate.loop, near=nearest(estimate.loop, dosers), kind="dosing"
                )
        case MotorPosition():
            outputs = inspection.site.outputs
            if not isinstance(outputs.get(estimate.output), ThreePoint):
                motors = [name for name, one in outputs.items() if isinstance(one, ThreePoint)]
                inspection.note(
                    "E366", (*path, "output"), found=estimate.output, near=nearest(estimate.output, motors),
                    kind="three_point",
                )  # fmt: skip


def _is_in(inspection: Inspection, path: Path_, tag: str, wanted: str) -> None:
    unit = inspection.numeric(path, tag)
    if unit is not None and not alike(unit, wanted):
        inspection.note("E345", path, tag=tag, unit=unit or "1", wanted=wanted)


def _positive(inspection: Inspection, path: Path_, quantity: Quantity, unit: str) -> None:
    inspection.positive(path, inspection.number(path, quantity, unit))


def _supply(inspection: Inspection, path: Path_, supply: tuple[Supply, ...], unit: str) -> None:
    for index, one in enumerate(supply):
        place = (*path, "supply", index)
        of = inspection.numeric((*place, "of"), one.of)
        if of is not None:
            inspection.number((*place, "adds"), one.adds, *ratio(unit, difference(of)))


def _fed(inspection: Inspection, path: Path_, fed: Fed, unit: str, spelled: str) -> None:
    _is_in(inspection, (*path, "of"), fed.of, "kg")
    inspection.number((*path, "adds"), fed.adds, unit, spelled)
    inspection.positive((*path, "lag"), fed.lag)
    if fed.by_hand is not None:
        _is_in(inspection, (*path, "by_hand"), fed.by_hand, "kg")
