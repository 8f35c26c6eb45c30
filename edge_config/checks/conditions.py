"""Alarms: conditions that can be evaluated, and deadbands in their unit."""

from edge_config.checks.inspection import Inspection
from edge_config.model.control import Alarm
from foundation.document import Path_
from rules.expression import ExpressionError, compile_expression


def check_conditions(inspection: Inspection) -> None:
    """E401 to E417 (from the expressions)."""
    for name, alarm in inspection.site.alarms.items():
        path: Path_ = ("alarms", name)
        if inspection.condition((*path, "when"), alarm.when) is not None:
            _deadband(inspection, (*path, "deadband"), alarm)


def _deadband(inspection: Inspection, path: Path_, alarm: Alarm) -> None:
    """The value has to be back by the deadband: in the unit of every comparison."""
    if alarm.deadband is None:
        return
    inspection.not_negative(path, alarm.deadband.value)
    try:
        compile_expression(alarm.when, inspection.units, alarm.deadband, remembers=True)
    except ExpressionError as error:
        inspection.number(path, alarm.deadband, str(error.values["right"]))
