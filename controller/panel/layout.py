"""What the farm is made of, as the panel draws it: facilities, zones, values, outputs, setpoints and their names."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from controller.history.consumption import counters
from edge_config.checks.inspection import device_tags
from edge_config.model.alarms import Alarm
from edge_config.model.control import Dosing, Hysteresis, LoopBase, PBand, Pid, Program, RuleAlarm
from edge_config.model.site import Device, Site
from edge_config.model.values import Name, Sourced
from edge_config.templates import Placed, placed_rules
from foundation.tag import Kind, Tag
from foundation.units import difference

TAG_IN_TEXT = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*){2}")
Held = Pid | PBand | Hysteresis | Dosing
"""Loops that hold a value to a setpoint."""


@dataclass(frozen=True, slots=True)
class NameShape:
    """What people call it."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class PlaceShape:
    id: str
    name: NameShape
    timezone: str
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FacilityShape:
    id: str
    kind: str
    name: NameShape
    lives: str
    """The crop or species, empty if the site does not say."""
    zones: tuple[str, ...]
    zone_names: dict[str, NameShape]
    """Of every zone; one that the site gives no name is called by its id."""
    counted: tuple[str, ...]
    """What of its consumption is known: `electricity`, `water`, …"""


@dataclass(frozen=True, slots=True)
class TagShape:
    name: NameShape
    facility: str
    zone: str
    unit: str
    kind: Kind
    low: float | None
    high: float | None
    setpoints: tuple[str, ...]
    """Setpoints that a loop holds this value to."""
    watched: bool
    """A loop controls it, or an alarm of the site names it."""
    entry: Literal["lab", "manual"] | None
    """People type it in: a value of the laboratory, or one that was counted, weighed or seen."""
    amount: bool
    """Each entry is an amount, and the value their total."""
    choices: tuple[str, ...]
    """The texts that may be entered; empty: any, where it is a text."""


@dataclass(frozen=True, slots=True)
class OutputShape:
    name: NameShape
    facility: str
    zone: str
    type: str
    life_support: bool


@dataclass(frozen=True, slots=True)
class SetpointShape:
    name: NameShape
    facility: str
    zone: str
    unit: str
    of: str | None
    """The value that is held to it, if one loop does."""
    band: tuple[float, float] | None
    """Where the value may rest, as distances from the setpoint; None where its loop names no band."""
    reason_above: float
    """A change that is larger asks for a reason."""


@dataclass(frozen=True, slots=True)
class LoopShape:
    name: NameShape
    unit: str
    """Of the value that it controls, and so of its setpoint."""


@dataclass(frozen=True, slots=True)
class AlarmShape:
    cause: NameShape
    consequence: NameShape
    response: NameShape
    when: str
    """Its limit, as the site writes it; empty for one that a rule raises."""
    priority: str


@dataclass(frozen=True, slots=True)
class DeviceShape:
    product: str
    bus: str
    unit: int | None
    outputs: tuple[str, ...]
    """Those that it drives."""


@dataclass(frozen=True, slots=True)
class FigureShape:
    """A number that came from a preset."""

    name: str
    """`others` for those that have none of their own."""
    value: str
    """Empty for those."""
    source: str
    status: str
    """`verified`, `secondary`, `practice`, `unverified`."""


@dataclass(frozen=True, slots=True)
class SiteShape:
    """All that stays the same while the agent runs."""

    site: PlaceShape
    """Names are in the order in which they are best shown."""
    facilities: tuple[FacilityShape, ...]
    tags: dict[str, TagShape]
    outputs: dict[str, OutputShape]
    setpoints: dict[str, SetpointShape]
    loops: dict[str, LoopShape]
    names: dict[str, NameShape]
    """Rules, sequences, interlocks and timers, for the reasons that name them."""
    alarms: dict[str, AlarmShape]
    devices: dict[str, DeviceShape]
    figures: dict[str, tuple[FigureShape, ...]]
    """By setpoint, loop, rule, interlock and alarm: its numbers that came from a preset."""


class Known(Protocol):
    """A site and its tags: the panel's farm, or a core alone."""

    site: Site
    tags: Mapping[str, Tag]


def layout(farm: Known) -> SiteShape:
    """The site as the panel draws it."""
    site = farm.site
    loops = {name: loop for name, loop in site.loops.items() if isinstance(loop, LoopBase)}
    counted: dict[str, dict[str, None]] = {}
    for counter in counters(site, farm.tags):
        if counter.of != "harvest":
            counted.setdefault(counter.facility, {})[counter.of] = None
    return SiteShape(
        site=PlaceShape(site.site.id, _name(site.site.name), site.site.timezone, site.panel.languages),
        facilities=tuple(_facility(site, key, counted.get(key, {})) for key in site.facilities),
        tags=_tags(farm, loops),
        outputs={
            name: OutputShape(_called(farm, name, output.name), *_where(name), output.type, output.life_support)
            for name, output in site.outputs.items()
        },
        setpoints={name: _setpoint(farm, name, program, loops) for name, program in site.programs.items()},
        loops={
            name: LoopShape(_called(farm, loop.pv, loop.name), farm.tags[loop.pv].unit if loop.pv in farm.tags else "")
            for name, loop in loops.items()
        },
        names=_names(farm),
        alarms={
            key: AlarmShape(
                _name(alarm.cause),
                _name(alarm.consequence),
                _name(alarm.response),
                alarm.when if isinstance(alarm, Alarm) else "",
                alarm.priority,
            )
            for key, alarm in _alarms(site)
        },
        devices={
            key: DeviceShape(device.product, device.bus, device.unit, _driven(site, device))
            for key, device in site.devices.items()
        },
        figures=_figures(site),
    )


def _facility(site: Site, key: str, counted: Iterable[str]) -> FacilityShape:
    one = site.facilities[key]
    names = {zone: _zone_name(site, key, zone) for zone in one.zones}
    return FacilityShape(
        key, one.kind, _name(one.name), one.crop or one.species or "", one.zones, names, tuple(counted)
    )  # fmt: skip


def _driven(site: Site, device: Device) -> tuple[str, ...]:
    own, outputs = set(device.tags.values()), site.outputs.items()
    return tuple(name for name, output in outputs if any(tag in own for _, tag in device_tags(name, output)))


def _figures(site: Site) -> dict[str, tuple[FigureShape, ...]]:
    parts: list[tuple[str, Sourced]] = [
        *site.tags.items(), *site.outputs.items(), *site.programs.items(), *site.loops.items(),
        *site.sequences.items(), *site.interlocks.items(), *site.alarms.items(),
        *((placed.id, placed.rule) for placed in placed_rules(site)),
    ]  # fmt: skip
    found: dict[str, tuple[FigureShape, ...]] = {}
    for name, part in parts:
        for key, figure in part.figures.items():
            value = "" if figure.value is None else str(figure.value)
            found[name] = (*found.get(name, ()), FigureShape(key, value, figure.source, figure.status))
    return found


def _alarms(site: Site) -> Iterator[tuple[str, Alarm | RuleAlarm]]:
    yield from site.alarms.items()
    for placed in placed_rules(site):
        for effect in placed.rule.effects:
            if effect.alarm is not None:
                yield placed.id, effect.alarm


def _tags(farm: Known, loops: dict[str, Held]) -> dict[str, TagShape]:
    """What loops hold first, in their order, then what alarms name, then the rest, contacts last."""
    held = dict.fromkeys(loop.pv for loop in loops.values() if loop.pv in farm.tags)
    alarmed = {name for alarm in farm.site.alarms.values() for name in TAG_IN_TEXT.findall(alarm.when)}
    rest = sorted((name for name in farm.tags if name not in held), key=lambda name: _rank(farm.tags[name], alarmed))
    shapes: dict[str, TagShape] = {}
    for name in (*held, *rest):
        tag = farm.tags[name]
        if tag.kind in (Kind.SETPOINT, Kind.OUTPUT):
            continue
        setpoints = tuple(dict.fromkeys(loop.sp for loop in loops.values() if loop.pv == name))
        watched = bool(setpoints) or name in alarmed
        shapes[name] = TagShape(
            _called(farm, name, None), tag.facility, tag.zone, tag.unit, tag.kind, tag.low, tag.high, setpoints,
            watched, farm.site.tags[name].entry if name in farm.site.tags else None, tag.amount is not None,
            tag.choices,
        )  # fmt: skip
    return shapes


def _rank(tag: Tag, alarmed: set[str]) -> tuple[bool, bool]:
    return tag.name not in alarmed, tag.unit in ("bool", "text")


def _setpoint(farm: Known, name: str, program: Program, loops: dict[str, Held]) -> SetpointShape:
    held = next((loop for loop in loops.values() if loop.sp == name), None)
    # A setpoint without a name of its own is called as the value that is held to it.
    called = _called(farm, held.pv if held and not program.name else name, program.name)
    unit = farm.tags[name].unit if name in farm.tags else ""
    return SetpointShape(
        called,
        *_where(name),
        unit,
        held.pv if held else None,
        _band(held) if held else None,
        reason_above(program, unit),
    )


def reason_above(program: Program, unit: str) -> float:
    """How far a person may move a setpoint at once without saying why."""
    if program.reason_above is not None:
        return program.reason_above.to(difference(unit))
    low, high = (limit.to(unit) for limit in program.limits)
    return (high - low) / 4.0


def _names(farm: Known) -> dict[str, NameShape]:
    """Loops that control nothing, rules, sequences and interlocks: whoever may own an order."""
    site = farm.site
    return {
        **{name: _called(farm, name, loop.name) for name, loop in site.loops.items() if not isinstance(loop, LoopBase)},
        **{one.id: _described(site, one) for one in placed_rules(site)},
        **{name: _called(farm, name, sequence.name) for name, sequence in site.sequences.items()},
        **{name: _called(farm, name, interlock.name) for name, interlock in site.interlocks.items()},
    }


def _described(site: Site, placed: Placed) -> NameShape:
    """A rule's description in both languages, with its zone where it is one of several; else its id's last words."""
    said = placed.rule.description or placed.id.rpartition(".")[2].replace("_", " ")
    zh, en = (said, said) if isinstance(said, str) else (said.zh, said.en)
    if placed.rule.scope is None:
        return NameShape(zh, en)
    facility, place = _where(placed.id)
    zones = site.facilities[facility].zones
    if len(zones) == 1 or place not in zones:
        return NameShape(zh, en)
    zone = _zone_name(site, facility, place)
    return NameShape(f"{zh} ({zone.zh})", f"{en} ({zone.en})")


def _zone_name(site: Site, facility: str, zone: str) -> NameShape:
    named = site.facilities[facility].zone_names.get(zone)
    return NameShape(zone, zone) if named is None else _name(named)


def _name(name: Name) -> NameShape:
    return NameShape(name.zh, name.en)


def _where(name: str) -> tuple[str, str]:
    facility, zone, _ = name.split(".", 2)
    return facility, zone


def _called(farm: Known, name: str, given: Name | None) -> NameShape:
    """The name given in the site, else the tag's, else the last part of its id in plain letters."""
    if given is not None:
        return _name(given)
    tag = farm.tags.get(name)
    point = name.split(".", 2)[2].replace("_", " ")
    if tag is None:
        return NameShape(point, point)
    return NameShape(*(point if called == name else called for called in (tag.name_zh, tag.name_en)))


def _band(loop: Held) -> tuple[float, float] | None:
    match loop:
        case Hysteresis():
            return -(loop.below.value if loop.below else 0.0), loop.above.value if loop.above else 0.0
        case PBand():
            return min(0.0, loop.band.value), max(0.0, loop.band.value)
        case Pid():
            return None if loop.deadband is None else (-loop.deadband.value, loop.deadband.value)
        case Dosing():
            return -loop.deadband.value, loop.deadband.value
