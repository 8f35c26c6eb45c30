"""Every tag of a site, from its devices, derived tags, programs and outputs, in one table."""

from dataclasses import replace

from drivers.product import Channel, load_product
from edge_config.model.control import Dosing, Program
from edge_config.model.estimates import (
    Ammonia,
    Biofilter,
    DoseEffect,
    Estimate,
    Growth,
    HeatLoss,
    MotorPosition,
    OxygenUptake,
)
from edge_config.model.site import Site, TagSetting
from foundation.problem import ProblemsError
from foundation.tag import Kind, Tag
from foundation.units import canonical, difference, is_unit
from rules.expression import TEXT, ExpressionError, compile_expression

_MEASUREMENT_OF_UNIT = {
    "mg/L": "water", "mS/cm": "water", "pH": "water", "mV": "water", "m3/h": "water", "L": "water",
    "kW": "energy", "kWh": "energy", "A": "energy", "kg": "plant", "g/m2": "plant",
}  # fmt: skip
_AGES_AFTER_PERIODS = 3.0


def site_tags(site: Site) -> dict[str, Tag]:
    """Name -> Tag, units canonical. Assumes that the parts agree; the checks say where they do not."""
    units = tag_units(site)
    tags: dict[str, Tag] = {}
    for device in site.devices.values():
        channels = load_product(device.product).channels
        for channel_name, name in device.tags.items():
            channel = channels.get(channel_name) or channels.get("*")
            if channel is not None and name not in site.outputs:
                setting = site.tags.get(name, TagSetting())
                bounds = channel.range if channel.range is not None else (None, None)
                stale = setting.stale if setting.stale is not None else _AGES_AFTER_PERIODS * device.period
                names = (channel.name_zh, channel.name_en)
                tags[name] = _tag(name, units[name], Kind.MEASURED, setting, bounds, stale, *names)
    for name, setting in site.tags.items():
        if setting.calibration is not None and name in tags:
            tags[f"{name}_raw"] = replace(tags[name], name=f"{name}_raw", kind=Kind.DERIVED, stale_s=None)
        if name not in tags:
            kind = Kind.MEASURED if setting.entry is not None else Kind.DERIVED
            tags[name] = _tag(name, units.get(name, ""), kind, setting, (None, None), setting.stale, "", "")
    for name, output in site.outputs.items():
        label = output.name
        tags[name] = Tag(
            name, "%", Kind.OUTPUT, "actuator",
            label.zh if label else name, label.en if label else name, 0.0, 100.0, deadband=0.5,
        )  # fmt: skip
    for name, program in site.programs.items():
        tags[name] = _setpoint(name, program)
    return tags


def tag_units(site: Site) -> dict[str, str]:
    """What expressions may name, with the unit of each (`bool` for contacts, `text` for texts).

    Never raises: a tag whose unit cannot be known (an unknown product, a wrong expression) is left out.
    """
    units: dict[str, str] = {}
    for device in site.devices.values():
        try:
            channels = load_product(device.product).channels
        except ProblemsError:
            continue
        for channel_name, name in device.tags.items():
            channel = channels.get(channel_name) or channels.get("*")
            unit = None if channel is None else channel_unit(channel, site.tags.get(name))
            if unit is not None:
                units[name] = unit
    calibrated = [name for name, setting in site.tags.items() if setting.calibration is not None and name in units]
    units |= {f"{name}_raw": units[name] for name in calibrated}
    units |= dict.fromkeys(site.outputs, "%")
    units |= {name: program.limits[0].unit for name, program in site.programs.items()}
    fed = {tag for device in site.devices.values() for tag in device.tags.values()}
    waiting = {name: setting for name, setting in site.tags.items() if name not in units and name not in fed}
    while waiting:
        # a derived tag waits for those that it is made from, in whatever order they stand
        made = {name: _made_unit(setting, site, units) for name, setting in waiting.items()}
        found = {name: unit for name, unit in made.items() if unit is not None}
        if not found:
            break
        units |= found
        waiting = {name: setting for name, setting in waiting.items() if name not in found}
    return units


def channel_unit(channel: Channel, setting: TagSetting | None) -> str | None:
    """The unit of a tag that a device feeds; None if its setting names one that does not exist."""
    if channel.kind in ("bool", "text"):
        return channel.kind
    if setting is None or setting.unit is None:
        return channel.unit
    return _known(setting.unit)


def _made_unit(setting: TagSetting, site: Site, units: dict[str, str]) -> str | None:
    """The unit of a derived, voted, summed or typed-in tag; None while it is not known."""
    if setting.is_text:
        return TEXT
    if setting.unit is not None:
        return _known(setting.unit)
    if setting.derive is not None:
        try:
            return compile_expression(setting.derive, units).unit
        except ExpressionError:
            return None
    if setting.vote is not None:
        return next((units[probe] for probe in setting.vote if probe in units), None)
    if setting.estimate is not None:
        return _estimate_unit(setting.estimate, site, units)
    return "" if setting.entry is not None else None


def _estimate_unit(estimate: Estimate, site: Site, units: dict[str, str]) -> str | None:
    match estimate:
        case OxygenUptake():
            return "mg/L" if estimate.gives == "oxygen" else "mg/L/h"
        case Ammonia():
            return "mg/L" if estimate.gives == "tan" else "%/h"
        case Biofilter():
            return "mg/L/h"
        case HeatLoss():
            return "kW/K"
        case Growth():
            return "kg"
        case MotorPosition():
            return "%"
        case DoseEffect():
            loop = site.loops.get(estimate.loop)
            pv = units.get(loop.pv) if isinstance(loop, Dosing) else None
            return None if pv is None else canonical(f"({pv})/L")


def _known(unit: str) -> str | None:
    return canonical(unit) if is_unit(unit) else None


def _tag(
    name: str,
    unit: str,
    kind: Kind,
    setting: TagSetting,
    bounds: tuple[float | None, float | None],
    stale_s: float | None,
    name_zh: str,
    name_en: str,
) -> Tag:
    low, high = bounds
    if setting.range is not None:
        low, high = setting.range[0].to(unit), setting.range[1].to(unit)
    amount = None
    if setting.entry is not None and setting.as_ == "amount":
        amount, low, high = (low, high), None, None  # a total has no range
    return Tag(
        name,
        unit,
        kind,
        setting.measurement or _MEASUREMENT_OF_UNIT.get(unit, "env"),
        setting.name.zh if setting.name else name_zh or name,
        setting.name.en if setting.name else name_en or name,
        low,
        high,
        setting.rate.to(f"{difference(unit)}/s") if setting.rate is not None else None,
        stale_s,
        setting.deadband.to(difference(unit)) if setting.deadband is not None else 0.0,
        setting.entry is not None,
        amount,
        setting.choices,
        60.0 if setting.said_every is None else setting.said_every,
        setting.plus,
        setting.less,
    )


def _setpoint(name: str, program: Program) -> Tag:
    low, high = program.limits
    unit = low.unit
    return Tag(
        name, unit, Kind.SETPOINT, _MEASUREMENT_OF_UNIT.get(unit, "env"),
        program.name.zh if program.name else name, program.name.en if program.name else name,
        low.value, high.to(unit),
    )  # fmt: skip
