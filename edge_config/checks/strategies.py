"""Strategies: what an irrigation looks at is there in the unit that it counts in, and its figures make sense."""

from itertools import pairwise

from edge_config.checks.inspection import Inspection
from edge_config.model.strategies import Cover, Drain, Irrigation, Lamps, Slab
from edge_config.model.values import DayTime, Hold
from foundation.document import Path_
from foundation.units import difference

LIGHT, LIGHT_SUM, DEFICIT, FLOW, SHARE = "W/m2", "mol/m2/d", "g/m3", "m3/h", "%"


def check_irrigation(inspection: Inspection, path: Path_, loop: Irrigation) -> None:
    """E130, E324, E332, E334, E337, E345 to E347, E385, E386."""
    _in_unit(inspection, (*path, "radiation"), loop.radiation, LIGHT)
    for key, quantity, unit in (
        ("every", loop.every, "J/cm2"),
        ("gives", loop.gives, "mL/m2/(J/cm2)"),
        ("area", loop.area, "m2"),
        ("rate", loop.rate, "L/min"),
        ("first", loop.first, "J/cm2"),
    ):
        inspection.positive((*path, key), inspection.number((*path, key), quantity, unit))
    if loop.flow is not None:
        _in_unit(inspection, (*path, "flow"), loop.flow, FLOW)
    if loop.deficit is not None:
        place = (*path, "deficit")
        _in_unit(inspection, (*place, "of"), loop.deficit.of, DEFICIT)
        adds = inspection.number((*place, "adds"), loop.deficit.adds, "J/cm2/h/(g/m3)")
        inspection.not_negative((*place, "adds"), adds)
    if loop.rest.most < loop.rest.least:
        inspection.note("E385", (*path, "rest", "most"), least=f"{loop.rest.least / 60:g} min")
    check_window(inspection, (*path, "to"), loop.from_, loop.to)
    for index, gate in enumerate(loop.quality):
        place = (*path, "quality", index)
        gate_unit = inspection.numeric((*place, "of"), gate.of)
        low, high = (inspection.number((*place, "limits", i), gate.limits[i], gate_unit) for i in (0, 1))
        if low is not None and high is not None and low >= high:
            inspection.note("E358", (*place, "limits"))
    if loop.plain_water is not None:
        inspection.positive((*path, "plain_water", "run"), loop.plain_water.run)
        if not loop.quality:
            inspection.note("E386", (*path, "plain_water"), key=True)
    if loop.drain is not None:
        _drain(inspection, (*path, "drain"), loop.drain)
    if loop.slab is not None:
        _slab(inspection, (*path, "slab"), loop.slab)


def _drain(inspection: Inspection, path: Path_, drain: Drain) -> None:
    unit = inspection.numeric((*path, "ec"), drain.ec)
    inspection.number((*path, "wanted"), drain.wanted, unit)
    if unit is not None:
        inspection.positive((*path, "gain"), inspection.number((*path, "gain"), drain.gain, f"%/({unit})"))
    if drain.share is not None:
        _in_unit(inspection, (*path, "share"), drain.share, SHARE)
    sums = [inspection.number((*path, "by_sum", i, 0), row[0], "J/cm2") for i, row in enumerate(drain.by_sum)]
    known = [one for one in sums if one is not None]
    if any(b <= a for a, b in pairwise(known)) or any(row[1] > row[2] for row in drain.by_sum):
        inspection.note("E367", (*path, "by_sum"))
    check_window(inspection, (*path, "to"), drain.from_, drain.to)


def _slab(inspection: Inspection, path: Path_, slab: Slab) -> None:
    unit = inspection.numeric((*path, "ec"), slab.ec)
    lights = [inspection.number((*path, "most", i, 0), row[0], LIGHT) for i, row in enumerate(slab.most)]
    for index, row in enumerate(slab.most):
        inspection.positive((*path, "most", index, 1), inspection.number((*path, "most", index, 1), row[1], unit))
    known = [one for one in lights if one is not None]
    if any(b <= a for a, b in pairwise(known)):
        inspection.note("E367", (*path, "most"))


def check_window(inspection: Inspection, path: Path_, begins: DayTime, ends: DayTime) -> None:
    """E346: within one day, where both count from the same."""
    if begins.anchor == ends.anchor and begins.offset_s >= ends.offset_s:
        inspection.note("E346", path)


def check_lamps(inspection: Inspection, path: Path_, loop: Lamps) -> None:
    """E334, E345, E346, E387."""
    _in_unit(inspection, (*path, "sp"), loop.sp, LIGHT_SUM)
    _in_unit(inspection, (*path, "accrued"), loop.accrued, LIGHT_SUM)
    inspection.positive((*path, "gives"), inspection.number((*path, "gives"), loop.gives, "umol/m2/s"))
    if loop.from_ == loop.to:
        inspection.note("E346", (*path, "to"))
    if loop.bright is not None:
        unit = inspection.numeric((*path, "bright", "of"), loop.bright.of)
        inspection.number((*path, "bright", "above"), loop.bright.above, unit)
    if loop.peak is not None:
        _in_unit(inspection, (*path, "peak", "of"), loop.peak.of, "kW")
        output = inspection.site.outputs.get(loop.out)
        if output is not None and output.power <= 0.0:
            inspection.note("E387", (*path, "peak"), key=True, output=loop.out)


def check_cover(inspection: Inspection, path: Path_, loop: Cover) -> None:
    """E130, E332, E334, E345, E367, E404 and what expressions may have wrong."""
    inspection.condition((*path, "close"), loop.close)
    if loop.open is not None:
        inspection.condition((*path, "open"), loop.open)
    for index, step in enumerate(loop.opening):
        inspection.percent((*path, "opening", index, "to"), step.to)
        inspection.positive((*path, "opening", index, "by"), step.by)
    if any(b.to >= a.to for a, b in pairwise(loop.opening)):
        inspection.note("E367", (*path, "opening"))
    if loop.pause is not None:
        place = (*path, "pause")
        unit = inspection.numeric((*place, "of"), loop.pause.of)
        falls = inspection.number((*place, "falls"), loop.pause.falls, None if unit is None else difference(unit))
        inspection.positive((*place, "falls"), falls)
        inspection.positive((*place, "within"), loop.pause.within)
    if loop.gap is not None:
        _in_unit(inspection, (*path, "gap"), loop.gap, "%")
    if isinstance(loop.on_loss, Hold):
        inspection.percent((*path, "on_loss", "then"), loop.on_loss.then)


def _in_unit(inspection: Inspection, path: Path_, tag: str, wanted: str) -> None:
    unit = inspection.numeric(path, tag)
    if unit is not None and unit != wanted:
        inspection.note("E345", path, tag=tag, unit=unit or "1", wanted=wanted)
