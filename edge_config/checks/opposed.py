"""Loops that move one value opposite ways, heating and vents: where their setpoints cross, each undoes the other's."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, product
from typing import NamedTuple

from edge_config.checks.inspection import Inspection
from edge_config.model.control import Hysteresis, Loop, PBand, Period, Pid, Program
from edge_config.model.recipes import StageSetpoint
from edge_config.model.values import DayTime
from foundation.document import Path_
from foundation.units import UnitError

DAYS_S = ((4.5 * 3600.0, 19.5 * 3600.0), (6.0 * 3600.0, 18.0 * 3600.0), (7.5 * 3600.0, 16.5 * 3600.0))
"""Sunrise and sunset of a summer day, of spring and of a winter day."""
DAY_S = 86400.0
SHORT_S = 1800.0
"""Ramps and hand-overs may cross for so long."""

Levels = Sequence[tuple[DayTime, float]]
"""From when, how high; one alone: all day."""
_MIDNIGHT = DayTime(anchor="clock", offset_s=0.0)


def check_opposed(inspection: Inspection) -> None:
    """W334, of programs and of every stage of a recipe."""
    site = inspection.site
    for pair in _pairs(site.loops):
        if not all(one.sp in site.programs for one in pair):
            continue  # told of the loop
        unit = site.programs[pair[0].sp].limits[0].unit
        own = {one.sp: _levels(site.programs[one.sp], unit) for one in pair}
        if _note(inspection, ("programs", pair[0].sp), pair, own):
            continue
        zones = {one.sp.rpartition(".")[0] for one in pair}
        for name, recipe in site.recipes.items():
            for index, stage in enumerate(recipe.stages):
                said = {
                    full: _levels(one, unit)
                    for zone in zones
                    for short, one in stage.setpoints.items()
                    if (full := short.replace("zone", zone, 1)) in own
                }
                _note(inspection, ("recipes", name, "stages", index, "setpoints"), pair, own | said)


class Way(NamedTuple):
    """A loop, and its setpoint."""

    loop: str
    pv: str
    sp: str


Pair = tuple[Way, Way]
"""The one that raises the value, and the one that lowers it."""


def _pairs(loops: Mapping[str, Loop]) -> list[Pair]:
    ways = {
        Way(name, loop.pv, loop.sp): _raises(loop)
        for name, loop in loops.items()
        if isinstance(loop, Pid | PBand | Hysteresis)
    }
    return [
        (up, down) for up, down in product(ways, ways) if ways[up] is True and ways[down] is False and up.pv == down.pv
    ]


def _raises(loop: Pid | PBand | Hysteresis) -> bool | None:
    """None of a loop that does both."""
    match loop:
        case Pid():
            ways = {part.gives[1] > part.gives[0] for part in loop.split}
            return None if len(ways) > 1 else (loop.kc.value >= 0) is (ways != {False})
        case PBand():
            return loop.band.value < 0
        case Hysteresis():
            return loop.above is None


def _levels(one: Program | StageSetpoint, unit: str) -> Levels:
    """What stands in the file of it; nothing where it is not known before it is there."""
    periods: Sequence[Period] = one.periods or ()
    try:
        if one.value is not None:
            return [(_MIDNIGHT, one.value.to(unit))]
        return [(period.from_, period.value.to(unit)) for period in periods]
    except UnitError:
        return ()


def _note(inspection: Inspection, path: Path_, pair: Pair, levels: Mapping[str, Levels]) -> bool:
    up, down = pair
    above, below = levels[up.sp], levels[down.sp]
    if not above or not below:
        return False
    for high, low in _together(above, below):
        if high > low:
            unit = inspection.site.programs[up.sp].limits[0].unit
            inspection.note(
                "W334", path, key=True, raises=up.loop, lowers=down.loop, pv=up.pv,
                high=f"{high:g} {unit}", low=f"{low:g} {unit}",
            )  # fmt: skip
            return True
    return False


def _together(one: Levels, other: Levels) -> Iterator[tuple[float, float]]:
    """How high both are at the same time, for longer than a ramp takes."""
    for day in DAYS_S:
        starts = sorted({_moment(when, day) for when, _ in (*one, *other)})
        for begin, end in pairwise([*starts, starts[0] + DAY_S]):
            if end - begin > SHORT_S:
                yield _at(one, begin, day), _at(other, begin, day)


def _at(levels: Levels, moment_s: float, day: tuple[float, float]) -> float:
    begun = [(_moment(when, day), value) for when, value in levels]
    before = [one for one in begun if one[0] <= moment_s]
    return max(before or begun, key=lambda one: one[0])[1]


def _moment(when: DayTime, day: tuple[float, float]) -> float:
    sunrise_s, sunset_s = day
    anchor_s = {"clock": 0.0, "sunrise": sunrise_s, "sunset": sunset_s}[when.anchor]
    return (anchor_s + when.offset_s) % DAY_S
