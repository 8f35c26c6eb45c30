"""Whom alarms reach: people that there are, brokers that are brokers, a siren that nobody else moves."""

from urllib.parse import urlsplit

from edge_config.checks.inspection import Inspection
from edge_config.model.site import BrokerBus
from edge_config.wording import listed, nearest
from foundation.document import Path_

ALL = "all"


def check_notify(inspection: Inspection) -> None:
    """E431, E436 to E438, W350 to W352."""
    site, notify = inspection.site, inspection.site.notify
    people = notify.people
    for priority, steps in notify.escalation.items():
        for index, step in enumerate(steps):
            path: Path_ = ("notify", "escalation", priority, index)
            inspection.positive((*path, "repeat"), step.repeat)
            if step.to not in people and step.to != ALL:
                inspection.note("E431", (*path, "to"), near=nearest(step.to, people), known=listed(people))
    inspection.positive(("notify", "again"), notify.again)
    for path, bus in (
        (("notify", "bus"), notify.bus),
        (("notify", "dead_man", "bus"), notify.dead_man.bus if notify.dead_man is not None else None),
    ):
        if bus is not None and not isinstance(site.buses.get(bus), BrokerBus):
            brokers = [name for name, one in site.buses.items() if isinstance(one, BrokerBus)]
            inspection.note("E436", path, near=nearest(bus, brokers), known=listed(brokers))
    if notify.link is not None and urlsplit(notify.link).scheme not in ("http", "https"):
        inspection.note("E437", ("notify", "link"))
    if notify.dead_man is not None:
        inspection.positive(("notify", "dead_man", "every"), notify.dead_man.every)
        if notify.dead_man.file is None and notify.dead_man.url is None and notify.dead_man.bus is None:
            inspection.note("W350", ("notify", "dead_man"), key=True)
    if notify.siren is not None and notify.siren.output not in site.outputs:
        output = notify.siren.output
        near = nearest(output, site.outputs)
        inspection.note("E438", ("notify", "siren", "output"), near=near, known=listed(site.outputs))
    for name, person in people.items():
        if not person.urls:
            inspection.note("W351", ("notify", "people", name), key=True, name=name)
    if people and notify.dead_man is None and any(facility.kind in ALIVE for facility in site.facilities.values()):
        inspection.note("W352", ("notify",), key=True)


ALIVE = ("ras", "pond", "aquaponics")
"""Where animals die within minutes of what a dead box does not tell."""
