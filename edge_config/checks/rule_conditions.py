"""What the condition of one rule can be: never or always true, ending too soon, chattering (control.md 4.4)."""

from typing import NamedTuple
from zoneinfo import ZoneInfoNotFoundError

from edge_config.checks.inspection import Inspection
from edge_config.checks.loops import written_by
from edge_config.model.control import LoopBase, RuleEffect
from edge_config.model.outputs import OnOff, ThreePoint, TimeProportioned
from edge_config.model.site import Site
from edge_config.rule_trials import tried
from edge_config.tags import site_tags
from edge_config.templates import Placed
from foundation.document import Path_
from foundation.problem import ProblemsError
from foundation.units import UnitError
from rules import solver
from rules.claims import DAY, All, Claim, Finding, Ranges, claim, find
from rules.expression import BOOL, TEXT, Expression, ExpressionError, compared_bare
from rules.trials import TrialError, read_trial


class Checked(NamedTuple):
    """A placed rule whose condition compiles."""

    placed: Placed
    when: Expression | None
    clear: Expression | None
    lines: tuple[Expression, ...] = ()
    """What it adds to setpoints, and what its limits stand on."""


def check_conditions_of_rules(inspection: Inspection, rules: list[Checked], ranges: Ranges) -> None:
    """E427, E446; W320, W321, W323, W324."""
    for one in rules:
        _ever(inspection, one, ranges)
        _chatter(inspection, one)
        _tests(inspection, one)


def ranges_of(site: Site) -> Ranges:
    """Between what a tag can be at all: outside it is BAD, and nothing follows from it. A contact is 0 or 1."""
    try:
        tags = site_tags(site)
    except (ProblemsError, KeyError, ValueError):
        return {}  # what is wrong with them is told elsewhere
    ranges = {name: (0.0, 1.0) if tag.unit == BOOL else (tag.low, tag.high) for name, tag in tags.items()}
    return ranges | {DAY: (0.0, 86400.0)}


def _ever(inspection: Inspection, one: Checked, ranges: Ranges) -> None:
    """Never true, always true, and an end that comes while the cause stands."""
    rule, placed = one.placed.rule, one.placed
    if rule.when is None or one.when is None:
        return
    path: Path_ = ("rules", placed.index, "when")
    when = claim(rule.when, inspection.units, placed.named)
    denied = claim(rule.when, inspection.units, placed.named, truth=False)
    never = _found(inspection, when, [(rule.when, True)], placed, ranges).verdict == "never"
    if never:
        inspection.note("W320", path, inside=0, rule=placed.id)
    elif _found(inspection, denied, [(rule.when, False)], placed, ranges).verdict == "never":
        inspection.note("W321", path, inside=0, rule=placed.id)
    if rule.clear is not None and not never:
        both = All((when, claim(rule.clear, inspection.units, placed.named)))
        found = _found(inspection, both, [(rule.when, True), (rule.clear, True)], placed, ranges)
        if found.verdict == "possible":
            inspection.note("E427", ("rules", placed.index, "clear"), inside=0, case=case_of(inspection, found))


def _found(
    inspection: Inspection, claim_: Claim, conditions: list[tuple[str, bool]], placed: Placed, ranges: Ranges
) -> Finding:
    """By intervals; by z3, if it is there, for what they cannot tell."""
    found = find(claim_, ranges)
    if found.verdict == "unknown" and solver.is_installed():
        asked = [(text, placed.named, truth) for text, truth in conditions]
        return solver.find(asked, inspection.units, ranges)
    return found


def case_of(inspection: Inspection, found: Finding) -> str:
    """`gh1.bay1.air_temp 26 degC, gh1.all.wind 13 m/s`."""
    told = []
    for name, value in found.case.items():
        if name.startswith("quality(") and value == "not bad":
            continue  # that a sensor works goes without saying
        if name == DAY and isinstance(value, float):
            told.append(f"{int(value // 3600):02d}:{int(value % 3600 // 60):02d}")
        elif isinstance(value, bool) or not isinstance(value, float):
            told.append(f"{name.partition(' == ')[0]} {str(value).lower() if isinstance(value, bool) else value}")
        else:
            told.append(f"{name} {value:.4g} {inspection.units.get(name, '')}".rstrip())
    return ", ".join(told) or "—"


def _chatter(inspection: Inspection, one: Checked) -> None:
    """A number that hovers about a limit would switch the rule with every breath of noise."""
    rule, placed = one.placed.rule, one.placed
    if rule.when is None or one.when is None or rule.clear is not None:
        return
    waits_s = max(rule.for_.on, rule.for_.off)
    bare = compared_bare(rule.when, placed.named)
    numbers = sorted(tag for tag in bare if inspection.units.get(tag) not in (BOOL, TEXT))
    if numbers and waits_s <= 0.0:
        inspection.note("W323", ("rules", placed.index, "when"), inside=0, tag=numbers[0])
    driven = {placed.named(name) for effect in rule.then if (name := _jumps(effect)) is not None}
    for loop_name, loop in inspection.site.loops.items():
        if not isinstance(loop, LoopBase) or loop.pv not in bare:
            continue
        takes_s = max((_moves_in_s(inspection, name) for name in driven.intersection(written_by(loop))), default=-1.0)
        if takes_s >= 0.0 and (waits_s <= 0.0 or waits_s < takes_s):
            inspection.note("W324", ("rules", placed.index, "when"), inside=0, loop=loop_name, pv=loop.pv)


def _jumps(effect: RuleEffect) -> str | None:
    """The output that an effect moves at once as the rule comes and goes, against what its loop wants."""
    creeps = effect.rate is not None or effect.by is not None
    return effect.set or effect.inhibit or (None if creeps else effect.limit_min or effect.limit_max)


def _moves_in_s(inspection: Inspection, output: str) -> float:
    """How long an output takes until it stands where it was told."""
    match inspection.site.outputs.get(output):
        case ThreePoint() as motor:
            return motor.travel
        case TimeProportioned() as relay:
            return relay.period
        case OnOff() as switch:
            return max(switch.min_on, switch.min_off)
    return 0.0


def _tests(inspection: Inspection, one: Checked) -> None:
    """Tests that stand in it can be read; whether they hold is asked by `farmloop rules test`."""
    placed, place = one.placed, inspection.site.site
    for number, test in enumerate(placed.rule.tests):
        try:
            it = tried(placed, inspection.units)
            read_trial(it, test.given, test.expect, inspection.units, place.timezone, test.at)
        except TrialError as error:
            inspection.note("E446", ("rules", placed.index, "tests", number), why=str(error))
        except (ExpressionError, KeyError, UnitError, ZoneInfoNotFoundError):
            return  # what is wrong with the rule itself is told elsewhere
