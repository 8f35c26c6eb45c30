"""Every tag of a site, from its devices, derived tags, programs and outputs, in one table."""

from drivers.product import Channel, load_product
from edge_config.model.control import Program
from edge_config.model.site import Site, TagSetting
from foundation.tag import Kind, Tag
from foundation.units import canonical
from rules.expression import ExpressionError, compile_expression

_MEASUREMENT_OF_UNIT = {
    "mg/L": "water", "mS/cm": "water", "pH": "water", "mV": "water", "m3/h": "water", "L": "water",
    "kW": "energy", "kWh": "energy", "A": "energy", "kg": "plant", "g/m2": "plant",
}  # fmt: skip
_AGES_AFTER_PERIODS = 3.0


def site_tags(site: Site) -> dict[str, Tag]:
    """Name -> Tag, units canonical. Assumes that the parts agree; `checks.py` says where they do not."""
    tags: dict[str, Tag] = {}
    for device in site.devices.values():
        channels = load_product(device.product).channels
        for channel_name, name in device.tags.items():
            channel = channels.get(channel_name) or channels.get("*")
            if channel is not None and name not in site.outputs:
                tags[name] = _measured(name, channel, site.tags.get(name, TagSetting()), device.period)
    for name, setting in site.tags.items():
        if name not in tags:
            tags[name] = _other(name, setting, tags)
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
    """What expressions may name, with the unit of each (`bool` for contacts)."""
    return {name: tag.unit for name, tag in site_tags(site).items()}


def _measured(name: str, channel: Channel, setting: TagSetting, period_s: float) -> Tag:
    unit = canonical(setting.unit) if setting.unit is not None else channel.unit
    if channel.kind == "bool":
        unit = "bool"
    elif channel.kind == "text":
        unit = "text"
    bounds = channel.range if channel.range is not None else (None, None)
    stale = setting.stale if setting.stale is not None else _AGES_AFTER_PERIODS * period_s
    return _tag(name, unit, Kind.MEASURED, setting, bounds, stale, channel.name_zh, channel.name_en)


def _other(name: str, setting: TagSetting, known: dict[str, Tag]) -> Tag:
    """A derived, voted, summed or typed-in tag."""
    unit = canonical(setting.unit) if setting.unit is not None else ""
    if setting.unit is None and setting.vote:
        unit = known[setting.vote[0]].unit if setting.vote[0] in known else ""
    if setting.unit is None and setting.derive is not None:
        try:
            unit = compile_expression(setting.derive, {n: t.unit for n, t in known.items()}).unit
        except ExpressionError:
            unit = ""
    kind = Kind.MEASURED if setting.entry is not None else Kind.DERIVED
    return _tag(name, unit, kind, setting, (None, None), setting.stale, "", "")


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
    difference = "K" if unit == "degC" else unit
    return Tag(
        name,
        unit,
        kind,
        setting.measurement or _MEASUREMENT_OF_UNIT.get(unit, "env"),
        setting.name.zh if setting.name else name_zh or name,
        setting.name.en if setting.name else name_en or name,
        low,
        high,
        setting.rate.to(f"{difference}/s") if setting.rate is not None else None,
        stale_s,
        setting.deadband.to(difference) if setting.deadband is not None else 0.0,
    )


def _setpoint(name: str, program: Program) -> Tag:
    low, high = program.limits
    unit = low.unit
    return Tag(
        name, unit, Kind.SETPOINT, _MEASUREMENT_OF_UNIT.get(unit, "env"),
        program.name.zh if program.name else name, program.name.en if program.name else name,
        low.value, high.to(unit),
    )  # fmt: skip
