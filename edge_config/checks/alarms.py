"""Alarms: a condition, something to do, urgent for one reason, and explained by alarms that there are."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from edge_config.checks.inspection import Inspection
from edge_config.model.alarms import Alarm, priority_of
from edge_config.templates import placed_rules, suppressors_of
from edge_config.wording import nearest
from foundation.document import Path_
from foundation.units import difference, same_dimension
from rules.expression import ExpressionError, compile_expression


def check_alarms(inspection: Inspection) -> None:
    """E401 to E417 (from the expressions), E530 to E536."""
    site = inspection.site
    ruled = {one.id: one for one in placed_rules(site) if any(effect.alarm is not None for effect in one.rule.effects)}
    behind = {name: alarm.suppressed_by for name, alarm in site.alarms.items()}
    behind |= {name: suppressors_of(one) for name, one in ruled.items()}
    for name, alarm in site.alarms.items():
        path: Path_ = ("alarms", name)
        _condition(inspection, path, alarm)
        _words(inspection, path, alarm)
        _urgency(inspection, path, alarm)
        _suppressors(inspection, (*path, "suppressed_by"), name, alarm.priority, behind)
        _damage(inspection, path, alarm)
    for number, rule in enumerate(site.rules):
        for place, effect in enumerate(rule.effects):
            if effect.alarm is not None:
                _words(inspection, ("rules", number, "then", place, "alarm"), effect.alarm)
    for name, one in ruled.items():
        for place, effect in enumerate(one.rule.effects):
            if effect.alarm is not None:
                path = ("rules", one.index, "then", place, "alarm", "suppressed_by")
                _suppressors(inspection, path, name, effect.alarm.priority, behind)
    for name, setting in site.tags.items():
        done = setting.calibration
        if done is not None and done.every is not None and not _is_day(done.on):
            inspection.note("E535", ("tags", name, "calibration", "on" if done.on else "every"), key=not done.on)


def _condition(inspection: Inspection, path: Path_, alarm: Alarm) -> None:
    if alarm.deviation is not None:
        place = (*path, "deviation")
        if alarm.when != alarm.deviation.condition:
            inspection.note("E534", (*path, "when"), key=True, one="when", other="deviation")
            return
        unit = inspection.numeric((*place, "of"), alarm.deviation.of)
        setpoint = inspection.numeric((*place, "sp"), alarm.deviation.sp)
        if unit is not None and setpoint is not None:
            inspection.number((*place, "more_than"), alarm.deviation.more_than, difference(unit))
    elif inspection.condition((*path, "when"), alarm.when) is not None and alarm.deadband is not None:
        _deadband(inspection, (*path, "deadband"), alarm)


def _deadband(inspection: Inspection, path: Path_, alarm: Alarm) -> None:
    """The value has to be back by the deadband: in the unit of every comparison."""
    assert alarm.deadband is not None
    inspection.not_negative(path, alarm.deadband.value)
    try:
        compile_expression(alarm.when, inspection.units, alarm.deadband, remembers=True)
    except ExpressionError as error:
        inspection.number(path, alarm.deadband, str(error.values["right"]))


def _words(inspection: Inspection, path: Path_, alarm: Alarm | object) -> None:
    """What asks nobody to do something is an event, and no alarm."""
    for part in ("cause", "consequence", "response"):
        said = getattr(alarm, part)
        for language in ("zh", "en"):
            if not getattr(said, language).strip():
                inspection.note("E530", (*path, part, language), part=part)


def _urgency(inspection: Inspection, path: Path_, alarm: Alarm) -> None:
    if alarm.severity is None or alarm.respond_within is None:
        return
    found = priority_of(alarm.severity, alarm.respond_within)
    if alarm.priority != found:
        inspection.note("E534", (*path, "priority"), key=True, one="priority", other=f"severity ({found})")


def _suppressors(
    inspection: Inspection, place: Path_, name: str, priority: str, behind: Mapping[str, Sequence[str]]
) -> None:
    for suppressor in behind[name]:
        if suppressor not in behind:
            inspection.note("E531", place, found=suppressor, near=nearest(suppressor, behind))
    if behind[name] and priority == "critical":
        inspection.note("E532", place, key=True)
    elif name in _all_behind(behind, behind[name]):
        inspection.note("E533", place, key=True, alarm=name)


def _all_behind(behind: Mapping[str, Sequence[str]], names: Sequence[str]) -> set[str]:
    """All that explain it, and what explains those."""
    found: set[str] = set()

    def walk(some: Sequence[str]) -> Iterator[str]:
        for one in some:
            if one not in found:
                found.add(one)
                yield one
                yield from walk(behind.get(one, ()))

    return set(walk(names))


def _damage(inspection: Inspection, path: Path_, alarm: Alarm) -> None:
    if alarm.damage is None:
        return
    place = (*path, "damage")
    unit = inspection.numeric((*place, "of"), alarm.damage.of)
    if unit is not None:
        inspection.number((*place, "at"), alarm.damage.at, unit)
        if alarm.damage.rate is not None:
            rate = inspection.numeric((*place, "rate"), alarm.damage.rate)
            wanted = f"({difference(unit)})/h"
            if rate is not None and not same_dimension(rate, wanted):
                inspection.note("E536", (*place, "rate"), tag=alarm.damage.rate, unit=rate or "1", wanted=wanted)


def _is_day(text: str | None) -> bool:
    try:
        date.fromisoformat(text or "")
    except ValueError:
        return False
    return True
