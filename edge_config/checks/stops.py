"""Emergency stops: a button that is a contact, and a stop that leaves animals their air."""

from edge_config.checks.inspection import Inspection
from edge_config.model.values import Hold
from rules.expression import BOOL


def check_stops(inspection: Inspection) -> None:
    """E382, E384."""
    for name, facility in inspection.site.facilities.items():
        path = ("facilities", name, "emergency_stop")
        if facility.emergency_stop is not None:
            unit = inspection.tag(path, facility.emergency_stop)
            if unit is not None and unit != BOOL:
                inspection.note("E382", path, tag=facility.emergency_stop, unit=unit)
    for name, output in inspection.site.outputs.items():
        safe = output.safe.then if isinstance(output.safe, Hold) else output.safe
        if output.life_support and output.stop is not None and output.stop < safe:
            inspection.note("E384", ("outputs", name, "stop"), output=name, safe=f"{safe:g} %")
