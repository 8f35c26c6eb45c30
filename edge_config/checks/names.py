"""Names: each begins with a facility and one of its zones, and means one thing only."""

from collections.abc import Iterator

from edge_config.checks.inspection import Inspection, is_made
from edge_config.model.outputs import ThreePoint
from edge_config.templates import ANY_ZONE, placed_rules
from edge_config.wording import listed, nearest
from foundation.document import Path_


def check_names(inspection: Inspection) -> None:
    """E301 to E303."""
    facilities = inspection.site.facilities
    for name, path, key in _names(inspection):
        facility_name, zone, _ = name.split(".")
        facility = facilities.get(facility_name)
        if facility is None:
            near = nearest(facility_name, facilities)
            inspection.note("E301", path, key, facility=facility_name, near=near, known=listed(facilities))
        elif zone not in (*facility.zones, ANY_ZONE):
            known = (*facility.zones, ANY_ZONE)
            inspection.note(
                "E302", path, key, zone=zone, facility=facility_name, near=nearest(zone, known), known=listed(known)
            )
    owners: dict[str, tuple[Path_, bool]] = {}
    for name, path, key in _owners(inspection):
        first = owners.setdefault(name, (path, key))
        if first != (path, key):
            inspection.note("E303", path, key, name=name, first=inspection.place(*first))
    _check_zone_names(inspection)


def _check_zone_names(inspection: Inspection) -> None:
    for name, facility in inspection.site.facilities.items():
        for zone in facility.zone_names:
            if zone not in facility.zones:
                place, known = ("facilities", name, "zone_names", zone), listed(facility.zones)
                near = nearest(zone, facility.zones)
                inspection.note("E302", place, True, zone=zone, facility=name, near=near, known=known)


def _names(inspection: Inspection) -> Iterator[tuple[str, Path_, bool]]:
    """Every name that the site gives, and whether it stands as a key."""
    site = inspection.site
    for device_name, device in site.devices.items():
        for channel, tag in device.tags.items():
            yield tag, ("devices", device_name, "tags", channel), False
    for tag in site.tags:
        yield tag, ("tags", tag), True
    yield from _blocks(inspection)


def _blocks(inspection: Inspection) -> Iterator[tuple[str, Path_, bool]]:
    site = inspection.site
    for section, names in (
        ("outputs", site.outputs),
        ("programs", site.programs),
        ("loops", site.loops),
        ("sequences", site.sequences),
        ("interlocks", site.interlocks),
        ("alarms", site.alarms),
    ):
        for name in names:
            yield name, (section, name), True
    for placed in placed_rules(site):
        if placed.id.count(".") == 2:
            yield placed.id, ("rules", placed.index, "id"), False


def _owners(inspection: Inspection) -> Iterator[tuple[str, Path_, bool]]:
    """Every name with the place that says what it is. A device's channel that an output writes is that output."""
    site = inspection.site
    for tag, feed in inspection.feeds.items():
        output = site.outputs.get(tag)
        if output is None or isinstance(output, ThreePoint):
            yield tag, feed.path, False
    for tag, setting in site.tags.items():
        if is_made(setting) and not (tag in inspection.feeds or tag in site.outputs or tag in site.programs):
            yield tag, ("tags", tag), True
    yield from _blocks(inspection)
