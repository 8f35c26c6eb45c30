"""Interlocks and alarms: conditions that can be evaluated, effects on outputs that exist, no contradictions."""

from edge_config.checks.inspection import Inspection
from edge_config.model.control import Alarm
from edge_config.model.interlocks import Effect
from foundation.document import Path_
from rules.expression import ExpressionError, compile_expression


def check_conditions(inspection: Inspection) -> None:
    """E401 to E417 (from the expressions), E420 to E424."""
    site = inspection.site
    positions: dict[str, tuple[Path_, str, float]] = {}
    for name, interlock in site.interlocks.items():
        path: Path_ = ("interlocks", name)
        inspection.condition((*path, "when"), interlock.when)
        for number, effect in enumerate(interlock.effect):
            place: Path_ = (*path, "effect", number)
            _effect(inspection, place, effect)
            _insists(inspection, place, name, effect, positions)
    for name, alarm in site.alarms.items():
        path = ("alarms", name)
        if inspection.condition((*path, "when"), alarm.when) is not None:
            _deadband(inspection, (*path, "deadband"), alarm)


def _effect(inspection: Inspection, path: Path_, effect: Effect) -> None:
    """Exactly one of set and inhibit, on an output; a set says to what."""
    if effect.set is None and effect.inhibit is None:
        inspection.note("E420", path)
    elif effect.set is not None and effect.inhibit is not None:
        inspection.note("E421", (*path, "inhibit"), key=True)
    elif effect.set is not None and effect.to is None:
        inspection.note("E422", (*path, "set"), output=effect.set)
    elif effect.inhibit is not None and effect.to is not None:
        inspection.note("W308", (*path, "to"), key=True, key_name="to")
    if effect.set is not None:
        inspection.output((*path, "set"), effect.set)
    if effect.inhibit is not None:
        inspection.output((*path, "inhibit"), effect.inhibit)


def _insists(
    inspection: Inspection,
    path: Path_,
    name: str,
    effect: Effect,
    positions: dict[str, tuple[Path_, str, float]],
) -> None:
    """An interlock never shuts off what keeps alive, and no two hold one output in two positions."""
    target = effect.inhibit or effect.set
    output = inspection.site.outputs.get(target or "")
    if output is not None and output.life_support and (effect.inhibit is not None or effect.to == 0.0):
        key = "inhibit" if effect.inhibit is not None else "set"
        inspection.note("E423", (*path, key), output=target, interlock=name)
    if effect.set is not None and effect.inhibit is None and effect.to is not None:
        _, first, position = positions.setdefault(effect.set, (path, name, effect.to))
        if position != effect.to:
            inspection.note(
                "E424", (*path, "to"), output=effect.set, first=first, position=f"{position:g} %", to=f"{effect.to:g} %"
            )


def _deadband(inspection: Inspection, path: Path_, alarm: Alarm) -> None:
    """The value has to be back by the deadband: in the unit of every comparison."""
    if alarm.deadband is None:
        return
    inspection.not_negative(path, alarm.deadband.value)
    try:
        compile_expression(alarm.when, inspection.units, alarm.deadband, remembers=True)
    except ExpressionError as error:
        inspection.number(path, alarm.deadband, str(error.values["right"]))
