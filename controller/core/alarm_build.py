"""What a site says of its alarms beside their conditions, looked up once: rows of the table, and what explains what."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from controller.core.alarm_causes import Causes
from controller.core.alarms import Row
from controller.core.build import Plan
from controller.core.calibrating import Due
from controller.core.connections import Wired
from edge_config.model.site import Site
from edge_config.templates import placed_rules, suppressors_of


def alarm_rows(site: Site, plan: Plan) -> dict[str, Row]:
    """By alarm of the site, and by rule that raises one."""
    blocks = {block.name: block for block in plan.alarms}
    found = {
        name: Row(blocks[name].priority, one.latch, blocks[name].off_s, one.group) for name, one in site.alarms.items()
    }
    for rule in plan.rules.rules:
        if rule.alarm is not None:
            found[rule.name] = Row(rule.alarm, off_s=rule.law.off_s)
    return found


def causes_of(site: Site, plan: Plan, devices: Sequence[Wired]) -> Causes:
    """Which wires and which other alarms lie behind each."""
    fed_by = {one.name: one.inputs for one in (*plan.derived, *plan.estimators)}
    fed_by |= {one.name: (one.source,) for one in plan.integrals}
    needs = {block.name: block.when.tags for block in plan.alarms}
    needs |= {rule.name: rule.needs for rule in plan.rules.rules if rule.alarm is not None}
    needs |= {block.name: block.when.tags for block in plan.interlocks if block.when is not None}
    suppressed_by = {name: one.suppressed_by for name, one in site.alarms.items() if one.suppressed_by}
    suppressed_by |= {one.id: suppressors_of(one) for one in placed_rules(site)}
    contacts = {name: output.device_tags for name, output in plan.outputs.items()}
    return Causes(site, fed_by, needs, suppressed_by, contacts, devices)


def calibrations_due(site: Site) -> dict[str, Due]:
    """By probe, when it is to be calibrated again."""
    zone = ZoneInfo(site.site.timezone)
    return {
        name: Due(datetime.fromisoformat(done.on).replace(tzinfo=zone).timestamp(), done.every)
        for name, setting in site.tags.items()
        if (done := setting.calibration) is not None and done.every is not None and done.on is not None
    }
