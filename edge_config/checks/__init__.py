"""What the parts of a site must be to each other; each mistake with its place."""

from edge_config.checks.alarms import check_alarms
from edge_config.checks.budget import check_budget
from edge_config.checks.devices import check_devices
from edge_config.checks.guards import check_guards
from edge_config.checks.inspection import Inspection, Placer
from edge_config.checks.interlocks import check_interlocks
from edge_config.checks.loops import check_loops
from edge_config.checks.names import check_names
from edge_config.checks.notify import check_notify
from edge_config.checks.opposed import check_opposed
from edge_config.checks.outputs import check_outputs
from edge_config.checks.programs import check_programs
from edge_config.checks.recipes import check_recipes
from edge_config.checks.rules import check_rules
from edge_config.checks.sequences import check_sequences
from edge_config.checks.stops import check_stops
from edge_config.checks.surroundings import check_surroundings
from edge_config.checks.tags import check_tags
from edge_config.model.site import Site
from foundation.problem import Problem

__all__ = ["Placer", "check_site"]

CHECKS = (
    check_surroundings,
    check_names,
    check_devices,
    check_budget,
    check_tags,
    check_outputs,
    check_stops,
    check_guards,
    check_programs,
    check_recipes,
    check_loops,
    check_opposed,
    check_rules,
    check_sequences,
    check_interlocks,
    check_alarms,
    check_notify,
)


def check_site(site: Site, at: Placer) -> list[Problem]:
    """Every problem of a site whose single values are valid. Where it finds no error, the core builds the site."""
    inspection = Inspection(site, at)
    for check in CHECKS:
        check(inspection)
    return inspection.problems
