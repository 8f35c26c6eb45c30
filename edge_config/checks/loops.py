"""Loops: each between a value and an output (or an inner setpoint) that fit it and that no other loop writes."""

from edge_config.checks.inspection import Inspection, alike, difference, ratio
from edge_config.model.control import Dosing, FeedForward, Hysteresis, Loop, LoopBase, PBand, Pid, Timer
from edge_config.model.outputs import OnOff, Output, Pulse
from edge_config.model.values import Hold
from edge_config.wording import nearest
from foundation.document import Path_

FEED_COUNTER = "kg"
"""What the model of fed fish counts in."""


def check_loops(inspection: Inspection) -> None:
    """E350 to E360, W304, W305, W309."""
    writers: dict[str, tuple[Path_, str]] = {}
    for name, loop in inspection.site.loops.items():
        path: Path_ = ("loops", name)
        for place, out in outs(path, loop):
            _out(inspection, place, name, loop, out)
            first = writers.setdefault(out, (place, name))
            if first != (place, name):
                inspection.note("E355", place, output=out, first=first[1])
        if isinstance(loop, Timer):
            inspection.positive((*path, "run"), loop.run)
            continue
        step = _value(inspection, path, loop)
        if isinstance(loop.on_loss, Hold):
            inspection.percent((*path, "on_loss", "then"), loop.on_loss.then)
        match loop:
            case Pid():
                _pid(inspection, path, name, loop, step)
            case PBand():
                band = inspection.number((*path, "band"), loop.band, step)
                if band is not None:
                    inspection.not_zero((*path, "band"), band)
            case Hysteresis():
                _hysteresis(inspection, path, loop, step)
            case Dosing():
                _dosing(inspection, path, loop, step)


def outs(path: Path_, loop: Loop) -> list[tuple[Path_, str]]:
    """What a loop writes, and where the file says so."""
    if isinstance(loop, Dosing):
        return [((*path, "out", index), out) for index, out in enumerate(loop.out)]
    if isinstance(loop, Pid):
        written: list[tuple[Path_, str]] = [((*path, "out"), loop.out)] if loop.out is not None else []
        return written + [((*path, "split", index, "out"), part.out) for index, part in enumerate(loop.split)]
    return [((*path, "out"), loop.out)]


def written_by(loop: Loop) -> list[str]:
    """What a loop writes."""
    return [out for _, out in outs((), loop)]


def _out(inspection: Inspection, place: Path_, name: str, loop: Loop, out: str) -> None:
    """An output that this kind of loop can drive; or, for a PID, the setpoint of an inner loop."""
    program = inspection.site.programs.get(out)
    if program is None or out in inspection.site.outputs:
        output = inspection.output(place, out)
        if output is not None:
            _fits(inspection, place, loop, out, output)
    elif not isinstance(loop, Pid) or loop.split:
        inspection.note("E351", place, setpoint=out, type=loop.type)
    else:
        if program.by_loop != name:
            inspection.note("E352", place, setpoint=out, loop=name)
        own = inspection.site.programs.get(loop.sp)
        if own is not None and own.by_loop is not None:
            inspection.note("E360", place, setpoint=out, sp=loop.sp)


def _fits(inspection: Inspection, place: Path_, loop: Loop, out: str, output: Output) -> None:
    if isinstance(loop, Dosing):
        if not isinstance(output, Pulse):
            inspection.note("E353", place, output=out, type=output.type)
    elif isinstance(output, Pulse):
        inspection.note("E354", place, output=out, type=loop.type)
    elif isinstance(output, OnOff) and isinstance(loop, Pid | PBand):
        inspection.note("E361", place, output=out, type=loop.type)


def _value(inspection: Inspection, path: Path_, loop: LoopBase) -> str | None:
    """pv and sp are there, in one unit, and often enough. Gives the unit of the error; None if it is not known."""
    unit = inspection.numeric((*path, "pv"), loop.pv)
    sp_unit = inspection.numeric((*path, "sp"), loop.sp)
    # limits without a unit are told where they stand
    told = loop.sp in inspection.site.programs and not sp_unit
    if unit is not None and sp_unit is not None and not told and not alike(unit, sp_unit):
        inspection.note("E362", (*path, "sp"), pv=loop.pv, unit=unit or "1", sp=loop.sp, sp_unit=sp_unit or "1")
    inspection.positive((*path, "period"), loop.period)
    scan = inspection.site.site.scan
    if loop.period > 0 and scan > 0:
        scans = loop.period / scan
        if abs(scans - round(scans)) > 1e-6 or round(scans) == 0:
            inspection.note("W304", (*path, "period"), scan=f"{scan:g} s")
    sensor = sensor_period(inspection, loop.pv, ())
    if 0 < loop.period < sensor:
        inspection.note("W305", (*path, "period"), pv=loop.pv, sensor=f"{sensor:g} s")
    return None if unit is None else difference(unit)


def sensor_period(inspection: Inspection, tag: str, seen: tuple[str, ...]) -> float:
    """How often a tag is new: its device's period, or that of the slowest of those that it is made from."""
    feed = inspection.feeds.get(tag)
    if feed is not None:
        return inspection.site.devices[feed.device].period
    setting = inspection.site.tags.get(tag)
    if setting is None or tag in seen:
        return 0.0
    return max((sensor_period(inspection, probe, (*seen, tag)) for probe in setting.vote or ()), default=0.0)


def _pid(inspection: Inspection, path: Path_, name: str, loop: Pid, step: str | None) -> None:
    if loop.out is None and not loop.split:
        inspection.note("E356", path, key=True)
    elif loop.out is not None and loop.split:
        inspection.note("E357", (*path, "split"), key=True)
    for index, part in enumerate(loop.split):
        if part.of[0] >= part.of[1]:
            inspection.note("E358", (*path, "split", index, "of"))
    inspection.positive((*path, "ti"), loop.ti)
    out_unit: str | None = "%"
    if loop.out in inspection.site.programs and not loop.split:
        inner = inspection.units.get(loop.out or "")
        out_unit = None if inner is None else difference(inner)
    if out_unit is None:
        return
    if step is not None:
        kc = inspection.number((*path, "kc"), loop.kc, *ratio(out_unit, step))
        if kc is not None:
            inspection.not_zero((*path, "kc"), kc)
        deadband = inspection.number((*path, "deadband"), loop.deadband, step)
        inspection.not_negative((*path, "deadband"), deadband)
    for index, ahead in enumerate(loop.feed_forward):
        _feed_forward(inspection, (*path, "feed_forward", index), ahead, out_unit)


def _feed_forward(inspection: Inspection, path: Path_, ahead: FeedForward, out_unit: str) -> None:
    unit = inspection.numeric((*path, "of"), ahead.of)
    if ahead.gain is None:
        inspection.note("W309", path, of=ahead.of)
    if ahead.model == "fish_oxygen":
        if unit is not None and unit != FEED_COUNTER:
            inspection.note("E345", (*path, "of"), tag=ahead.of, unit=unit or "1", wanted=FEED_COUNTER)
        inspection.number((*path, "gain"), ahead.gain, *ratio(out_unit, "kg/h"))
        if ahead.zero is not None:
            inspection.note("W308", (*path, "zero"), key=True, key_name="zero")
    elif unit == "":
        inspection.note("E338", (*path, "of"), tag=ahead.of)
    elif unit is not None:
        inspection.number((*path, "gain"), ahead.gain, *ratio(out_unit, difference(unit)))
        inspection.number((*path, "zero"), ahead.zero, unit)


def _hysteresis(inspection: Inspection, path: Path_, loop: Hysteresis, step: str | None) -> None:
    if loop.below is None and loop.above is None:
        inspection.note("E359", path, key=True)
    for key, quantity in (("below", loop.below), ("above", loop.above)):
        inspection.not_negative((*path, key), inspection.number((*path, key), quantity, step))


def _dosing(inspection: Inspection, path: Path_, loop: Dosing, step: str | None) -> None:
    if loop.only_with is not None and loop.only_with not in inspection.site.outputs:
        near = nearest(loop.only_with, inspection.site.outputs)
        inspection.note("E350", (*path, "only_with"), output=loop.only_with, near=near)
    if step == "":
        inspection.note("E338", (*path, "pv"), tag=loop.pv)
        return
    if step is not None:
        effect = inspection.number((*path, "effect"), loop.effect, f"({step})/L", f"{step}/L")
        if effect is not None:
            inspection.not_zero((*path, "effect"), effect)
    deadband = inspection.number((*path, "deadband"), loop.deadband, step)
    inspection.not_negative((*path, "deadband"), deadband)
