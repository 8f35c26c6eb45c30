"""Loops: each between a value and an output (or an inner setpoint) that fit it and that no other loop writes."""

from itertools import pairwise

from edge_config.checks.feeding import check_feeding
from edge_config.checks.inspection import Inspection, alike, ratio
from edge_config.checks.strategies import check_cover, check_irrigation, check_lamps
from edge_config.model.control import (
    Dosing,
    EffectCheck,
    FeedForward,
    Hysteresis,
    Loop,
    LoopBase,
    PBand,
    Pid,
    Ratio,
    Schedule,
    Selector,
    Staging,
    Timer,
)
from edge_config.model.feeding import Feeding
from edge_config.model.outputs import OnOff, Output, Pulse
from edge_config.model.strategies import Cover, Irrigation, Lamps
from edge_config.model.values import Hold
from edge_config.wording import nearest
from foundation.document import Path_
from foundation.units import difference

FLOW = "m3/h"
COUNTED = ("L", "kg", "kWh")
"""What a ratio may follow: a flow, or a counter."""
FEED_COUNTER = "kg"
"""What the model of fed fish counts in."""

RUNS_ON_S = 30.0
"""What a thermostat or a float runs is looked at so often at least: a pump that fills a tank does not wait."""


def check_loops(inspection: Inspection) -> None:
    """E350 to E362, E366 to E369, E380, E390, E391, E394, E395, W304, W305, W308, W309, W331."""
    writers: dict[str, tuple[Path_, str]] = {}
    for name, loop in inspection.site.loops.items():
        path: Path_ = ("loops", name)
        for place, out in outs(path, loop):
            _out(inspection, place, name, loop, out)
            first = writers.setdefault(out, (place, name))
            if first != (place, name):
                inspection.note("E355", place, output=out, first=first[1])
        match loop:
            case Timer():
                inspection.positive((*path, "run"), loop.run)
                if (loop.at is None) is (loop.every is None):
                    inspection.note("E395", path, key=True)
                if loop.every is not None and not 60.0 <= loop.every <= 86400.0:
                    inspection.note("E395", (*path, "every"))
                continue
            case Staging():
                _staging(inspection, path, loop)
                continue
            case Selector():
                _selector(inspection, path, loop)
                continue
            case Ratio():
                _ratio(inspection, path, loop)
                continue
            case Feeding():
                check_feeding(inspection, path, loop)
                continue
            case Irrigation():
                check_irrigation(inspection, path, loop)
                continue
            case Lamps():
                check_lamps(inspection, path, loop)
                continue
            case Cover():
                check_cover(inspection, path, loop)
                continue
        step = _value(inspection, path, loop)
        if isinstance(loop.on_loss, Hold):
            inspection.percent((*path, "on_loss", "then"), loop.on_loss.then)
        match loop:
            case Pid():
                _pid(inspection, path, name, loop, step)
            case PBand():
                _check(inspection, path, loop.check, step)
                band = inspection.number((*path, "band"), loop.band, step)
                if band is not None:
                    inspection.not_zero((*path, "band"), band)
                if loop.widens is not None:
                    width = inspection.numeric((*path, "widens"), loop.widens)
                    if width is not None and step is not None and not alike(width, step):
                        inspection.note("E345", (*path, "widens"), tag=loop.widens, unit=width or "1", wanted=step)
            case Hysteresis():
                _hysteresis(inspection, path, loop, step)
            case Dosing():
                _dosing(inspection, path, name, loop, step)


def outs(path: Path_, loop: Loop) -> list[tuple[Path_, str]]:
    """What a loop writes, and where the file says so."""
    if isinstance(loop, Dosing | Staging):
        written: list[tuple[Path_, str]] = [((*path, "out", index), out) for index, out in enumerate(loop.out)]
        trim = loop.trim if isinstance(loop, Staging) else None
        return written if trim is None else [*written, ((*path, "trim"), trim)]
    if isinstance(loop, Irrigation):
        valves: list[tuple[Path_, str]] = [((*path, "out", index), out) for index, out in enumerate(loop.out)]
        plain = None if loop.plain_water is None else loop.plain_water.out
        also = (((*path, "pump"), loop.pump), ((*path, "plain_water", "out"), plain))
        return [*valves, *((place, out) for place, out in also if out is not None)]
    if isinstance(loop, Pid):
        first: list[tuple[Path_, str]] = [((*path, "out"), loop.out)] if loop.out is not None else []
        return first + [((*path, "split", index, "out"), part.out) for index, part in enumerate(loop.split)]
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
    elif not isinstance(loop, Pid | Selector) or (isinstance(loop, Pid) and loop.split):
        inspection.note("E351", place, setpoint=out, type=loop.type)
    else:
        if program.by_loop != name:
            inspection.note("E352", place, setpoint=out, loop=name)
        own = inspection.site.programs.get(loop.sp) if isinstance(loop, Pid) else None
        if isinstance(loop, Pid) and own is not None and own.by_loop is not None:
            inspection.note("E360", place, setpoint=out, sp=loop.sp)


def _fits(inspection: Inspection, place: Path_, loop: Loop, out: str, output: Output) -> None:
    if isinstance(loop, Dosing | Ratio):
        if not isinstance(output, Pulse):
            inspection.note("E353", place, output=out, type=output.type)
    elif isinstance(loop, Irrigation | Feeding) or (isinstance(loop, Staging) and place[-1] != "trim"):
        if not isinstance(output, OnOff):
            inspection.note("E366", place, found=out, near=nearest(out, []), kind="on_off")
    elif isinstance(output, Pulse):
        inspection.note("E354", place, output=out, type=loop.type)
    elif isinstance(output, OnOff) and isinstance(loop, Pid | PBand | Selector | Staging | Cover):
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
        if len(part.curve) == 1 or any(b[0] <= a[0] or b[1] <= a[1] for a, b in pairwise(part.curve)):
            inspection.note("E367", (*path, "split", index, "curve"))
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
        if loop.schedule is not None:
            _schedule(inspection, (*path, "schedule"), loop, loop.schedule, out_unit, step)
    inspection.positive(
        (*path, "rate"), inspection.number((*path, "rate"), loop.rate, f"{out_unit}/s", f"{out_unit}/min")
    )
    if loop.check is not None and (len(loop.split) > 1 or out_unit != "%"):
        inspection.note("E368", (*path, "check"), key=True)
    _check(inspection, path, loop.check, step)
    if isinstance(loop.on_loss, Hold) and loop.on_loss.add is not None and not loop.feed_forward:
        inspection.note("W308", (*path, "on_loss", "add"), key=True, key_name="add")
    for index, ahead in enumerate(loop.feed_forward):
        _feed_forward(inspection, (*path, "feed_forward", index), ahead, out_unit)


def _feed_forward(inspection: Inspection, path: Path_, ahead: FeedForward, out_unit: str) -> None:
    unit = inspection.numeric((*path, "of"), ahead.of)
    foreseen = inspection.site.programs.get(ahead.of)
    if ahead.lead > 0.0 and (ahead.model != "line" or foreseen is None or not (foreseen.periods or foreseen.light)):
        inspection.note("E394", (*path, "lead"), of=ahead.of)
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


def _schedule(inspection: Inspection, path: Path_, loop: Pid, schedule: Schedule, out_unit: str, step: str) -> None:
    """Points rising, gains of one sign."""
    unit = inspection.numeric((*path, "of"), schedule.of)
    values: list[float] = []
    for index, point in enumerate(schedule.at):
        place = (*path, "at", index)
        value = inspection.number((*place, "value"), point.value, unit)
        kc = inspection.number((*place, "kc"), point.kc, *ratio(out_unit, step))
        if kc is not None and (kc == 0.0 or (kc > 0.0) is not (loop.kc.value > 0.0)):
            inspection.note("E339", (*place, "kc"))
        inspection.positive((*place, "ti"), point.ti)
        if value is not None:
            values.append(value)
    if any(b <= a for a, b in pairwise(values)):
        inspection.note("E367", (*path, "at"))


def _check(inspection: Inspection, path: Path_, check: EffectCheck | None, step: str | None) -> None:
    if check is not None:
        inspection.positive((*path, "check", "within"), check.within)
        moves = inspection.number((*path, "check", "moves"), check.moves, step)
        inspection.positive((*path, "check", "moves"), moves)


def _staging(inspection: Inspection, path: Path_, loop: Staging) -> None:
    program = inspection.site.programs.get(loop.demand)
    if program is None or program.limits[0].unit != "%":
        named = [name for name, one in inspection.site.programs.items() if one.limits[0].unit == "%"]
        inspection.note("E369", (*path, "demand"), found=loop.demand, near=nearest(loop.demand, named))
    for key, value in (("up", loop.up), ("down", loop.down)):
        inspection.percent((*path, key), value)
    inspection.positive((*path, "period"), loop.period)
    # else one that has just started stops again
    if loop.down >= loop.up:
        inspection.note("E380", (*path, "down"), up=f"{loop.up:g} %")


def _selector(inspection: Inspection, path: Path_, loop: Selector) -> None:
    """Setpoints, all in the unit of what they go to."""
    programs = inspection.site.programs
    wanted = programs[loop.out].limits[0].unit if loop.out in programs else "%"
    inspection.positive((*path, "period"), loop.period)
    for index, tag in enumerate(loop.of):
        place = (*path, "of", index)
        if tag not in programs:
            inspection.note("E369", place, found=tag, near=nearest(tag, programs))
        elif not alike(programs[tag].limits[0].unit, wanted):
            inspection.note("E345", place, tag=tag, unit=programs[tag].limits[0].unit or "1", wanted=wanted)


def _ratio(inspection: Inspection, path: Path_, loop: Ratio) -> None:
    inspection.positive((*path, "least"), loop.least)
    check_share(inspection, (*path, "share"), loop.share)
    unit = inspection.numeric((*path, "of"), loop.of)
    if loop.of in inspection.site.outputs:
        if not isinstance(inspection.site.outputs[loop.of], Pulse):
            inspection.note("E366", (*path, "of"), found=loop.of, near=nearest(loop.of, []), kind="pulse")
        unit = "L"
    elif unit is not None and unit not in COUNTED and unit != FLOW:
        inspection.note("E345", (*path, "of"), tag=loop.of, unit=unit or "1", wanted="L, kg, kWh, m3/h")
        return
    if loop.by_hand is not None:
        given = inspection.numeric((*path, "by_hand"), loop.by_hand)
        for key, tag, said in (("of", loop.of, unit), ("by_hand", loop.by_hand, given)):
            if said is not None and said != FEED_COUNTER:
                inspection.note("E345", (*path, key), tag=tag, unit=said or "1", wanted=FEED_COUNTER)
    if unit is not None:
        per = inspection.number((*path, "per"), loop.per, f"L/({'L' if unit == FLOW else unit})", "mL/L")
        inspection.positive((*path, "per"), per)


def check_share(inspection: Inspection, path: Path_, share: str | None) -> None:
    """A setpoint in %."""
    if share is None:
        return
    programs = {name for name, one in inspection.site.programs.items() if one.limits[0].unit == "%"}
    if share not in programs:
        inspection.note("E391", path, found=share, near=nearest(share, programs))


def _hysteresis(inspection: Inspection, path: Path_, loop: Hysteresis, step: str | None) -> None:
    _check(inspection, path, loop.check, step)
    if loop.below is None and loop.above is None:
        inspection.note("E359", path, key=True)
    for key, quantity in (("below", loop.below), ("above", loop.above)):
        inspection.not_negative((*path, key), inspection.number((*path, key), quantity, step))
    feed = inspection.feeds.get(loop.pv)
    period_s = 0.0 if feed is None else inspection.site.devices[feed.device].period
    if period_s > RUNS_ON_S:
        period, most = f"{period_s:g} s", f"{RUNS_ON_S:g} s"
        inspection.note("W331", (*path, "pv"), tag=loop.pv, out=loop.out, period=period, most=most)


def _dosing(inspection: Inspection, path: Path_, name: str, loop: Dosing, step: str | None) -> None:
    doses = [one for one, other in inspection.site.loops.items() if isinstance(other, Dosing) and one != name]
    for key, other in (("after", loop.after), ("opposite", loop.opposite)):
        if other is not None and other not in doses:
            inspection.note("E390", (*path, key), found=other, near=nearest(other, doses))
    if loop.only_with is not None and loop.only_with not in inspection.site.outputs:
        near = nearest(loop.only_with, inspection.site.outputs)
        inspection.note("E350", (*path, "only_with"), output=loop.only_with, near=near)
    for at, output in enumerate(loop.disturbed_by):
        inspection.output((*path, "disturbed_by", at), output)
    if step == "":
        inspection.note("E338", (*path, "pv"), tag=loop.pv)
        return
    if step is not None:
        effect = inspection.number((*path, "effect"), loop.effect, f"({step})/L", f"{step}/L")
        if effect is not None:
            inspection.not_zero((*path, "effect"), effect)
    inspection.positive((*path, "unexpected"), inspection.number((*path, "unexpected"), loop.unexpected, step))
    inspection.positive((*path, "blind"), inspection.number((*path, "blind"), loop.blind, step))
    inspection.positive((*path, "short"), inspection.number((*path, "short"), loop.short, step))
    deadband = inspection.number((*path, "deadband"), loop.deadband, step)
    inspection.not_negative((*path, "deadband"), deadband)
