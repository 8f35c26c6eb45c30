"""Programs: one source of the setpoint each, everything in the setpoint's unit, and within its limits."""

from edge_config.checks.inspection import Inspection
from edge_config.checks.loops import written_by
from edge_config.model.control import Integration, LightSum, LoopBase, Program, Selector, Staging
from edge_config.wording import nearest
from foundation.document import Path_
from foundation.units import Quantity, difference
from rules.expression import BOOL, TEXT

LIGHT, LIGHT_SUM = "umol/m2/s", "mol/m2/d"


def check_programs(inspection: Inspection) -> None:
    """E340 to E346, E470."""
    for name, program in inspection.site.programs.items():
        path: Path_ = ("programs", name)
        _source(inspection, path, name, program)
        unit = _unit(inspection, name, program)
        if unit is None:
            continue
        low, high = (inspection.number((*path, "limits", i), program.limits[i], unit) for i in (0, 1))
        if low is not None and high is not None and low >= high:
            inspection.note("E336", (*path, "limits"), low=program.limits[0], high=program.limits[1])
            low = high = None
        _value(inspection, (*path, "value"), program, program.value, unit, low, high)
        for index, period in enumerate(program.periods or ()):
            place: Path_ = (*path, "periods", index, "value")
            _value(inspection, place, program, period.value, unit, low, high)
            if period.ramp is not None:
                inspection.rate((*path, "periods", index, "ramp", "up"), period.ramp.up, unit, name)
                inspection.rate((*path, "periods", index, "ramp", "down"), period.ramp.down, unit, name)
        if program.light is not None:
            _light(inspection, (*path, "light"), program.light)
        if program.ramp is not None:
            inspection.rate((*path, "ramp", "up"), program.ramp.up, unit, name)
            inspection.rate((*path, "ramp", "down"), program.ramp.down, unit, name)
        above: Path_ = (*path, "reason_above")
        inspection.not_negative(above, inspection.number(above, program.reason_above, difference(unit)))
        _influences(inspection, path, program, difference(unit))
        if program.integration is not None:
            _integration(inspection, (*path, "integration"), program, program.integration, unit, low, high)


def _source(inspection: Inspection, path: Path_, name: str, program: Program) -> None:
    """Exactly one of value, periods, light and by_loop; and that loop writes it, for another to follow."""
    given = {
        "value": program.value is not None,
        "periods": bool(program.periods),
        "light": program.light is not None,
        "by_loop": program.by_loop is not None,
    }
    said = [key for key, there in given.items() if there]
    if not said:
        inspection.note("E340", path, key=True)
    elif len(said) > 1:
        inspection.note("E341", (*path, said[1]), key=True, said=", ".join(said))
    if program.by_loop is None:
        return
    loops = inspection.site.loops
    if program.by_loop not in loops or name not in written_by(loops[program.by_loop]):
        near = nearest(program.by_loop, loops)
        inspection.note("E343", (*path, "by_loop"), loop=program.by_loop, setpoint=name, near=near)
    followed = any(loop.sp == name for loop in loops.values() if isinstance(loop, LoopBase))
    influences = any(one.of == name for other in inspection.site.programs.values() for one in other.influences)
    taken = any(
        name == loop.demand if isinstance(loop, Staging) else isinstance(loop, Selector) and name in loop.of
        for loop in loops.values()
    )
    if not followed and not influences and not taken:
        inspection.note("E344", path, key=True, setpoint=name)


def _unit(inspection: Inspection, name: str, program: Program) -> str | None:
    """The unit that the setpoint is to have: its limits', or where they name none, that of the value it is for."""
    if program.light is not None:
        return LIGHT
    if program.limits[0].unit:
        return program.limits[0].unit
    for loop in inspection.site.loops.values():
        if isinstance(loop, LoopBase) and loop.sp == name:
            unit = inspection.units.get(loop.pv)
            return None if unit in (BOOL, TEXT) else unit
    return ""


def _value(
    inspection: Inspection,
    path: Path_,
    program: Program,
    quantity: Quantity | None,
    unit: str,
    low: float | None,
    high: float | None,
) -> None:
    value = inspection.number(path, quantity, unit)
    if value is not None and low is not None and high is not None and not low <= value <= high:
        inspection.note("E342", path, low=program.limits[0], high=program.limits[1])


def _light(inspection: Inspection, path: Path_, light: LightSum) -> None:
    inspection.positive((*path, "target"), inspection.number((*path, "target"), light.target, LIGHT_SUM))
    inspection.percent((*path, "adjust"), light.adjust)
    unit = inspection.numeric((*path, "accrued"), light.accrued)
    if unit is not None and unit != LIGHT_SUM:
        inspection.note("E345", (*path, "accrued"), tag=light.accrued, unit=unit or "1", wanted=LIGHT_SUM)
    if light.from_.anchor == light.to.anchor and light.from_.offset_s >= light.to.offset_s:
        inspection.note("E346", (*path, "to"))


def _integration(
    inspection: Inspection,
    path: Path_,
    program: Program,
    one: Integration,
    unit: str,
    low: float | None,
    high: float | None,
) -> None:
    """One target, within the limits; of the setpoint's own unit."""
    measured = inspection.numeric((*path, "of"), one.of)
    if measured is not None and measured != unit:
        inspection.note("E345", (*path, "of"), tag=one.of, unit=measured or "1", wanted=unit or "1")
    if (one.target is None) == (one.target_line is None):
        inspection.note("E470", path, key=True)
    _value(inspection, (*path, "target"), program, one.target, unit, low, high)
    if one.target_line is not None:
        line = one.target_line
        source = inspection.numeric((*path, "target_line", "of"), line.of)
        for key, (x, y) in (("from", line.from_), ("to", line.to)):
            inspection.number((*path, "target_line", key, 0), x, source)
            _value(inspection, (*path, "target_line", key, 1), program, y, unit, low, high)
    step = difference(unit)
    inspection.positive((*path, "band"), inspection.number((*path, "band"), one.band, step))
    inspection.positive((*path, "day_band"), inspection.number((*path, "day_band"), one.day_band, step))


def _influences(inspection: Inspection, path: Path_, program: Program, step: str) -> None:
    for index, one in enumerate(program.influences):
        place: Path_ = (*path, "influences", index)
        source = inspection.numeric((*place, "of"), one.of)
        for key, (x, y) in (("from", one.from_), ("to", one.to)):
            inspection.number((*place, key, 0), x, source)
            inspection.number((*place, key, 1), y, step)
    inspection.not_negative((*path, "cap"), inspection.number((*path, "cap"), program.cap, step))
    unused = program.by_loop is not None or program.light is not None
    for key, there in (
        ("influences", bool(program.influences)),
        ("cap", program.cap is not None),
        ("integration", program.integration is not None),
        ("ramp", program.ramp is not None and program.by_loop is not None),
    ):
        if unused and there:
            inspection.note("W308", (*path, key), key=True, key_name=key)
