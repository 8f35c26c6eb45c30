"""Delays and deadband of an alarm that says none: by what it measures (control.md 3.7, start values of practice)."""

from collections.abc import Mapping
from typing import NamedTuple

from edge_config.model.alarms import Alarm
from foundation.tag import Kind, Tag
from foundation.units import Quantity, UnitError, difference, factor
from rules.expression import Expression


class Usual(NamedTuple):
    """What is usual of one measurement; a deadband in the unit of the tag, or as a share of its range."""

    on_s: float
    off_s: float
    deadband: float = 0.0
    share: float = 0.0


FLOW = Usual(15.0, 15.0, share=0.05)
LEVEL = Usual(60.0, 60.0, share=0.05)
PRESSURE = Usual(15.0, 15.0, share=0.02)
TEMPERATURE = Usual(60.0, 60.0, share=0.01)
OXYGEN = Usual(5.0, 60.0, 0.3)
PH = Usual(120.0, 120.0, 0.05)
HUMIDITY = Usual(60.0, 60.0, 2.0)
CONDUCTIVITY = Usual(120.0, 120.0, 0.05)


def usual(tag: Tag) -> Usual | None:
    """What is usual of a tag; None of what nobody has a rule for."""
    point, unit = tag.name.rpartition(".")[2], tag.unit
    if unit == "%":
        return LEVEL if "level" in point else HUMIDITY if "rh" in point or "humid" in point else None
    if unit == "mg/L":
        return OXYGEN if point.split("_")[0] == "do" else None
    named = {"degC": TEMPERATURE, "pH": PH, "mS/cm": CONDUCTIVITY, "m": LEVEL if "level" in point else None}
    if unit in named:
        return named[unit]
    for like, kind in (("m3/h", FLOW), ("bar", PRESSURE)):
        try:
            factor(unit, like)
        except UnitError:
            continue
        return kind
    return None


class Timing(NamedTuple):
    """How an alarm comes and goes."""

    on_s: float
    off_s: float
    deadband: Quantity | None
    """None where none is said, and none is usual."""


def timing(alarm: Alarm, when: Expression, tags: Mapping[str, Tag]) -> Timing:
    """What an alarm says, and what is usual where it says nothing and looks at values of one kind alone."""
    looked_at = [tags[name] for name in sorted(when.tags) if tags[name].kind in (Kind.MEASURED, Kind.DERIVED)]
    kinds = {usual(tag) for tag in looked_at}
    kind = kinds.pop() if len(kinds) == 1 else None
    on_s, off_s, deadband = 0.0, 0.0, alarm.deadband
    if alarm.delay is not None:
        on_s, off_s = alarm.delay.on, alarm.delay.off
    elif kind is not None:
        on_s, off_s = kind.on_s, kind.off_s
    if deadband is None and kind is not None:
        tag = looked_at[0]
        span = tag.high - tag.low if tag.high is not None and tag.low is not None else 0.0
        size = kind.deadband or kind.share * span
        deadband = Quantity(round(size, 3), difference(tag.unit)) if size else None
    return Timing(on_s, off_s, deadband)
