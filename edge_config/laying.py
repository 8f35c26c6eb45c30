"""A part laid into a site under what the site says of it itself, key by key; and what a site has, as it is written."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from edge_config.merged import Layer, Merged, changed
from edge_config.model.outputs import Output
from edge_config.preset_library import NAMED_SECTIONS
from edge_config.wording import listed, nearest
from foundation.document import Path_
from foundation.tag import is_identifier

EXCLUSIVE: dict[str, tuple[tuple[str, ...], ...]] = {
    "tags": (("derive", "vote", "integrate", "entry", "estimate"),),
    "programs": (("value", "periods", "light", "by_loop", "by_light"),),
    "loops": (("out", "split"),),
}
"""Keys of which a part has one: where the site says one of them, the preset's other is not meant."""
MADE = EXCLUSIVE["tags"][0]
"""How a tag is made without a device."""
OF_TYPE = {
    get_args(one.model_fields["type"].annotation)[0]: frozenset(one.model_fields)
    for one in get_args(get_args(Output)[0])
}
"""By type of output, what may be said of one."""


def lay(merged: Merged, section: str, name: str, body: Any, layers: tuple[Layer, ...]) -> None:
    """Under what the site says itself of the same name."""
    parts = merged.value.setdefault(section, {})
    if parts is None:
        parts = merged.value[section] = {}
    if not isinstance(parts, dict):
        return
    own = parts.get(name)
    if name in parts and own is not None:
        layers = (*merged.layers((section, name)), *layers)
        body = overlaid(section, body, own)
    parts[name] = body
    merged.lay((section, name), layers)


def overlaid(section: str, body: Any, own: Any) -> Any:
    """A part with what the site says of it."""
    return changed(what_stays(section, body, own), own)


def what_stays(section: str, body: Any, own: Any) -> Any:
    """A part without what the site's own keys take the place of."""
    if not isinstance(body, dict) or not isinstance(own, dict):
        return body
    if section == "loops" and own.get("type", body.get("type")) != body.get("type"):
        return {}
    if section == "outputs" and (known := OF_TYPE.get(str(own.get("type")))) is not None:
        # a motor's rest is nothing to a dimmer, whose rate is nothing to a contact
        body = {key: value for key, value in body.items() if key in known}
    groups = (keys for keys in EXCLUSIVE.get(section, ()) if any(key in own for key in keys))
    gone = {key for keys in groups for key in keys if key not in own}
    return {key: value for key, value in body.items() if key not in gone}


def lay_rules(merged: Merged, made: list[tuple[str, dict[str, Any], tuple[Layer, ...]]]) -> None:
    """After the site's own (of two rules on one output the first goes first), or under the one with the same id."""
    rules = merged.value.get("rules")
    if rules is None:
        rules = merged.value["rules"] = []
    if not isinstance(rules, list):
        return
    for full, body, layers in made:
        index = rule_index(rules, full)
        if index is None:
            merged.lay(("rules", len(rules)), layers)
            rules.append(body)
        else:
            path: Path_ = ("rules", index)
            layers = (*merged.layers(path), *layers)
            rules[index] = changed(body, rules[index])
            merged.lay(path, layers)


def rule_index(rules: list[Any], full: str) -> int | None:
    return next((i for i, one in enumerate(rules) if isinstance(one, dict) and one.get("id") == full), None)


def zones_of(merged: Merged, facility: str) -> list[str] | None:
    """The zones of a facility that can be read; None if there is none of this name."""
    facilities = merged.value.get("facilities")
    said = facilities.get(facility) if isinstance(facilities, dict) else None
    if not isinstance(said, dict):
        return None
    zones = said.get("zones")
    return [zone for zone in zones if isinstance(zone, str) and is_identifier(zone)] if isinstance(zones, list) else []


def chosen_zones(merged: Merged, at: Path_, facility: str, zones: list[str], said: Any) -> list[str]:
    if not isinstance(said, list):
        return zones
    for index, zone in enumerate(said):
        if zone not in zones:
            near, known = nearest(str(zone), zones), listed(zones)
            merged.problems.append(
                merged.problem("E302", (*at, index), zone=zone, facility=facility, near=near, known=known)
            )  # fmt: skip
    return [zone for zone in said if zone in zones]


def names_in_site(value: Mapping[str, Any]) -> set[str]:
    """Every tag, output, setpoint, loop and other named part of a site as it is written."""

    def inner(section: str) -> Iterator[tuple[str, Any]]:
        parts = value.get(section)
        yield from parts.items() if isinstance(parts, dict) else ()

    names = {name for section in NAMED_SECTIONS for name, part in inner(section) if section != "tags" or _makes(part)}
    for _, device in inner("devices"):
        tags = device.get("tags") if isinstance(device, dict) else None
        names |= {str(tag) for tag in tags.values()} if isinstance(tags, dict) else set()
    return names


def made_in_site(value: Mapping[str, Any]) -> set[str]:
    """Tags that no device says: what the site derives, votes on, estimates or lets people enter."""
    tags = value.get("tags")
    return {name for name, setting in tags.items() if _makes(setting)} if isinstance(tags, dict) else set()


def _makes(setting: Any) -> bool:
    return isinstance(setting, dict) and any(way in setting for way in MADE)
