"""Rules: what each may do and has to say, and what they are to each other (control.md 4.4)."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfoNotFoundError

from edge_config.checks.inspection import Inspection, difference
from edge_config.model.control import Rule, RuleEffect
from edge_config.model.outputs import ThreePoint
from edge_config.model.site import Site
from edge_config.rule_trials import tried
from edge_config.tags import site_tags
from edge_config.templates import ANY_ZONE, Placed, each, placed_rules
from edge_config.wording import listed, nearest
from foundation.document import Path_
from foundation.problem import Problem, ProblemsError
from foundation.units import UnitError, factor
from rules import solver
from rules.claims import DAY, All, Claim, Either, Finding, Ranges, claim, find
from rules.expression import BOOL, TEXT, Expression, ExpressionError
from rules.trials import TrialError, read_trial

MOST_RULES = 2000
PLACES = ("set", "inhibit", "limit_min", "limit_max", "request")
"""Effects that name an output."""
MISSING_VERBS = ("run_sequence", "notify")


class Guarded(NamedTuple):
    """One wish of one rule for one output, and when it stands."""

    placed: Placed
    path: Path_
    verb: str
    output: str
    to: float

    @property
    def when(self) -> Path_:
        return ("rules", self.placed.index, "when")


class Checked(NamedTuple):
    """A placed rule whose condition compiles."""

    placed: Placed
    when: Expression | None
    clear: Expression | None


def check_rules(inspection: Inspection) -> None:
    """E401 to E417 (from the expressions), E420 to E422, E108, E425 to E429, E440 to E448; W308, W320 to W324."""
    site, known = inspection.site, len(inspection.problems)
    for index, rule in enumerate(site.rules):
        _rule(inspection, ("rules", index), rule)
    placed = placed_rules(site)
    if len(placed) > MOST_RULES:
        inspection.note("E441", ("rules",), count=len(placed), limit=MOST_RULES)
        return
    checked = [_expressions(inspection, one) for one in placed]
    wishes = [wish for one in placed for wish in _wishes(inspection, one)]
    sound = [one for one in checked if one is not None]
    ranges = _ranges(site)
    for one in sound:
        _ever(inspection, one, ranges)
        _chatter(inspection, one)
        _tests(inspection, one)
    ids = {id(one.placed) for one in sound}
    _conflicts(inspection, [wish for wish in wishes if id(wish.placed) in ids], ranges)
    _rings(inspection, sound, wishes)
    inspection.problems[known:] = _once(inspection.problems[known:])


def _once(problems: list[Problem]) -> list[Problem]:
    """What is wrong with a template is wrong in every zone, and told of the first."""
    first: dict[tuple[str, str, int, int], Problem] = {}
    for one in problems:
        first.setdefault((one.code, one.file, one.line, one.column), one)
    return list(first.values())


# --- one rule as it is written


def _rule(inspection: Inspection, path: Path_, rule: Rule) -> None:
    site = inspection.site
    _scope(inspection, path, rule)
    if not rule.effects:
        inspection.note("E420", path)
    elif rule.when is None and any(effect.add_influence is None for effect in rule.effects):
        inspection.note("E426", path)
    if rule.when is None and rule.clear is not None:
        inspection.note("W308", (*path, "clear"), key=True, key_name="clear")
    for number, effect in enumerate(rule.then):
        _effect(inspection, (*path, "then", number), effect)
    if rule.with_ and rule.use is None:
        inspection.note("W308", (*path, "with"), key=True, key_name="with")
    if rule.on_bad_quality is None and any(
        (output := site.outputs.get(wish.output)) is not None and output.life_support
        for placed in placed_rules(site.model_copy(update={"rules": (rule,)}))
        for wish in _wished(placed)
    ):
        where = f"rules.{path[-1]}"
        inspection.note("E108", path, key=True, missing="on_bad_quality", where=where, example="assert")


def _scope(inspection: Inspection, path: Path_, rule: Rule) -> None:
    scope = rule.scope
    if scope is None:
        if rule.id.count(".") < 2:
            inspection.note("E127", (*path, "id"), suggestion=f"gh1.{rule.id}")
        return
    if (scope.each is None) == (scope.facility is None):
        inspection.note("E440", (*path, "scope"))
        return
    key = "each" if scope.each is not None else "facility"
    name = each(scope.each)[1] if scope.each is not None else str(scope.facility)
    facility = inspection.site.facilities.get(name)
    known = inspection.site.facilities
    if facility is None:
        inspection.note("E301", (*path, "scope", key), facility=name, near=nearest(name, known), known=listed(known))
        return
    for number, zone in enumerate(scope.zones or ()):
        if zone not in (*facility.zones, ANY_ZONE):
            place = (*path, "scope", "zones", number)
            near = nearest(zone, facility.zones)
            inspection.note("E302", place, zone=zone, facility=name, near=near, known=listed(facility.zones))


def _effect(inspection: Inspection, path: Path_, effect: RuleEffect) -> None:
    """One verb, and `to` just where it needs one."""
    said = effect.model_dump(exclude_none=True, exclude={"to"})
    for verb in MISSING_VERBS:
        if verb in said:
            inspection.note("E442", (*path, verb), key=True, verb=verb)
            return
    if not said:
        inspection.note("E420", path)
        return
    first, *others = said
    if others:
        # `set` with `inhibit` is told at the second, as of interlocks
        inspection.note("E421", (*path, others[0]), key=True)
    wants_position = first in PLACES and first != "inhibit"
    if wants_position and effect.to is None:
        inspection.note("E422", (*path, first), output=said[first])
    elif not wants_position and effect.to is not None and not others:
        inspection.note("W308", (*path, "to"), key=True, key_name="to")


def _expressions(inspection: Inspection, placed: Placed) -> Checked | None:
    """The rule with its conditions compiled; None where one is wrong, which is told."""
    rule, path = placed.rule, ("rules", placed.index)
    when = clear = None
    is_sound = True
    if rule.when is not None:
        when = inspection.condition((*path, "when"), rule.when, placed.named)
        is_sound = when is not None
    if rule.clear is not None:
        clear = inspection.condition((*path, "clear"), rule.clear, placed.named)
        is_sound = is_sound and clear is not None
    for number, effect in enumerate(rule.effects):
        if effect.add_influence is not None:
            inside: Path_ = (*path, "then", number) if number < len(rule.then) else path
            _influence(inspection, (*inside, "add_influence"), effect, placed)
    return Checked(placed, when, clear) if is_sound else None


def _influence(inspection: Inspection, path: Path_, effect: RuleEffect, placed: Placed) -> None:
    influence = effect.add_influence
    assert influence is not None
    target = placed.named(influence.target)
    program = inspection.site.programs.get(target)
    if program is None or program.by_loop is not None:
        settable = [name for name, one in inspection.site.programs.items() if one.by_loop is None]
        inspection.note("E447", (*path, "target"), target=target, near=nearest(target, settable))
        return
    step = difference(inspection.units[target])
    inspection.number((*path, "cap"), influence.cap, step)
    inspection.not_negative((*path, "cap"), influence.cap.value)
    by = inspection.expression((*path, "by"), influence.by, None, placed.named)
    if by is not None:
        try:
            if by.unit in (BOOL, TEXT):
                raise UnitError(by.unit)
            factor(by.unit, step)
        except UnitError:
            inspection.note("E448", (*path, "by"), inside=0, found=by.unit or "1", wanted=step or "1")


# --- what it wants of outputs


def _wished(placed: Placed) -> Iterator[Guarded]:
    for number, effect in enumerate(placed.rule.then):
        for verb in PLACES:
            name = getattr(effect, verb)
            if name is not None:
                to = 0.0 if verb == "inhibit" else effect.to or 0.0
                yield Guarded(placed, ("rules", placed.index, "then", number, verb), verb, placed.named(name), to)


def _wishes(inspection: Inspection, placed: Placed) -> Iterator[Guarded]:
    """Its wishes for outputs that exist; the others are told, and those that would shut off what keeps alive."""
    for wish in _wished(placed):
        output = inspection.output(wish.path, wish.output)
        if output is None:
            continue
        if output.life_support and wish.verb in ("set", "inhibit", "limit_max") and wish.to == 0.0:
            inspection.note("E425", wish.path, output=wish.output, rule=placed.id)
            continue
        yield wish


def _ranges(site: Site) -> Ranges:
    """Between what a tag can be at all: outside it is BAD, and nothing follows from it."""
    try:
        tags = site_tags(site)
    except (ProblemsError, KeyError, ValueError):
        return {}  # what is wrong with them is told elsewhere
    return {name: (tag.low, tag.high) for name, tag in tags.items()} | {DAY: (0.0, 86400.0)}


# --- what a condition can be


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
            inspection.note("E427", ("rules", placed.index, "clear"), inside=0, case=_case(inspection, found))


def _found(
    inspection: Inspection, claim_: Claim, conditions: list[tuple[str, bool]], placed: Placed, ranges: Ranges
) -> Finding:
    """By intervals; by z3, if it is there, for what they cannot tell."""
    found = find(claim_, ranges)
    if found.verdict == "unknown" and solver.is_installed():
        asked = [(text, placed.named, truth) for text, truth in conditions]
        answer = solver.can_be(asked, inspection.units, ranges)
        if answer is not None:
            return Finding("possible" if answer else "never", {})
    return found


def _case(inspection: Inspection, found: Finding) -> str:
    """`gh1.bay1.air_temp 26 degC, gh1.all.wind 13 m/s`."""
    told = []
    for name, value in found.case.items():
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
    if one.when is None or rule.clear is not None or rule.for_.on > 0.0 or rule.for_.off > 0.0:
        return
    numbers = sorted(tag for tag in one.when.tags if inspection.units.get(tag) not in (BOOL, TEXT))
    steady = ("hyst(", "avg(", "rising(")
    if numbers and not any(gauge.name.startswith(steady) for gauge in one.when.gauges):
        inspection.note("W323", ("rules", placed.index, "when"), inside=0, tag=numbers[0])
    driven = {placed.named(name) for effect in rule.then if (name := effect.set or effect.inhibit) is not None}
    for loop_name, loop in inspection.site.loops.items():
        outs = getattr(loop, "out", None) or tuple(part.out for part in getattr(loop, "split", ()))
        if driven & set((outs,) if isinstance(outs, str) else outs) and getattr(loop, "pv", None) in one.when.tags:
            inspection.note("W324", ("rules", placed.index, "when"), inside=0, loop=loop_name, pv=loop.pv)  # type: ignore[union-attr]


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


# --- what they are to each other


def _active(inspection: Inspection, placed: Placed) -> Claim:
    """When a rule may be on: its cause stands, or its end has not come."""
    rule = placed.rule
    if rule.when is None:
        return All(())
    when = claim(rule.when, inspection.units, placed.named)
    if rule.clear is None:
        return when
    return Either((when, claim(rule.clear, inspection.units, placed.named, truth=False)))


def _conflicts(inspection: Inspection, wishes: list[Guarded], ranges: Ranges) -> None:
    """Two rules that may want different things of one output at once have to say which goes first."""
    by_output: dict[str, list[Guarded]] = {}
    for wish in wishes:
        by_output.setdefault(wish.output, []).append(wish)
    for output, rivals in by_output.items():
        for index, second in enumerate(rivals):
            for first in rivals[:index]:
                if first.placed is not second.placed and _differ(first, second):
                    _conflict(inspection, output, first, second, ranges)
            _shadowed(inspection, output, second, ranges)


def _differ(first: Guarded, second: Guarded) -> bool:
    verbs = {first.verb, second.verb}
    if verbs <= {"set", "inhibit"} or verbs == {"request"}:
        return first.to != second.to
    if verbs == {"limit_min", "limit_max"}:
        low, high = (first, second) if first.verb == "limit_min" else (second, first)
        return low.to > high.to
    return False


def _conflict(inspection: Inspection, output: str, first: Guarded, second: Guarded, ranges: Ranges) -> None:
    orders = first.placed.rule.order, second.placed.rule.order
    found = find(All((_active(inspection, first.placed), _active(inspection, second.placed))), ranges)
    if found.verdict == "never":
        return
    if orders[0] is None or orders[1] is None or orders[0] == orders[1]:
        case = _case(inspection, found)
        inspection.note(
            "E428", second.path, output=output, first=first.placed.id, second=second.placed.id, case=case
        )  # fmt: skip
        return
    weak, strong = (second, first) if orders[0] < orders[1] else (first, second)
    alone = All((_active(inspection, weak.placed), _denied(inspection, strong.placed)))
    if find(alone, ranges).verdict == "never":
        inspection.note("W322", weak.path, output=output, other=strong.placed.id)


def _denied(inspection: Inspection, placed: Placed) -> Claim:
    rule = placed.rule
    if rule.when is None:
        return Either(())
    return claim(rule.when, inspection.units, placed.named, truth=False)


def _shadowed(inspection: Inspection, output: str, wish: Guarded, ranges: Ranges) -> None:
    """An interlock that always stands where the rule does decides alone."""
    for name, interlock in inspection.site.interlocks.items():
        if all(output not in (effect.set, effect.inhibit) for effect in interlock.effect):
            continue
        expression = inspection.quiet(interlock.when)
        if expression is None or expression.unit != BOOL:
            continue
        denied = claim(interlock.when, inspection.units, truth=False)
        if find(All((_active(inspection, wish.placed), denied)), ranges).verdict == "never":
            inspection.note("W322", wish.path, output=output, other=name)


def _rings(inspection: Inspection, checked: Iterable[Checked], wishes: Iterable[Guarded]) -> None:
    """A rule that moves what it looks at, itself or through others, would chase its own tail."""
    reads = {
        one.placed.id: {tag for expression in (one.when, one.clear) if expression for tag in expression.tags}
        for one in checked
    }
    moves: dict[str, set[str]] = {}
    paths: dict[str, Path_] = {}
    for wish in wishes:
        moved = moves.setdefault(wish.placed.id, set())
        moved.add(wish.output)
        output = inspection.site.outputs[wish.output]
        if isinstance(output, ThreePoint):
            moved |= {output.open, output.close}
        paths.setdefault(wish.placed.id, wish.when)
    made = _made_from(inspection)
    after = {
        one: {other for other in reads if any(_comes_from(made, tag) & moves.get(one, set()) for tag in reads[other])}
        for one in reads
    }
    told: set[str] = set()
    for begin in reads:
        ring = _ring(after, begin)
        if ring and not told & set(ring):
            told |= set(ring)
            inspection.note("E429", paths[begin], inside=0, ring=" → ".join([*ring, ring[0]]))


def _made_from(inspection: Inspection) -> dict[str, set[str]]:
    """What derived tags are made from."""
    made: dict[str, set[str]] = {}
    for name, setting in inspection.site.tags.items():
        if setting.derive is not None and (expression := inspection.quiet(setting.derive)) is not None:
            made[name] = set(expression.tags)
        elif setting.vote is not None:
            made[name] = set(setting.vote)
        elif setting.integrate is not None:
            made[name] = {setting.integrate}
    return made


def _comes_from(made: dict[str, set[str]], tag: str) -> set[str]:
    found, todo = set(), [tag]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += made.get(one, ())
    return found


def _ring(after: dict[str, set[str]], begin: str) -> list[str]:
    """The rules from one back to itself; none where there is no way."""
    ways: dict[str, list[str]] = {begin: [begin]}
    todo = [begin]
    while todo:
        one = todo.pop(0)
        for following in sorted(after[one]):
            if following == begin:
                return ways[one]
            if following not in ways:
                ways[following] = [*ways[one], following]
                todo.append(following)
    return []
