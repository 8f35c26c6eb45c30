"""Rules: what each may do and has to say (control.md 4.4); their conditions and conflicts stand beside this file."""

from collections.abc import Iterator, Sequence
from functools import partial

from edge_config.checks.inspection import Inspection
from edge_config.checks.life_support import shuts_off
from edge_config.checks.rule_conditions import Checked, check_conditions_of_rules, ranges_of
from edge_config.checks.rule_conflicts import Guarded, check_conflicts, check_rings, sequences_of
from edge_config.checks.sequences import check_others
from edge_config.model.control import Rule, RuleEffect
from edge_config.templates import ANY_ZONE, Placed, each, placed_rule, placed_rules
from edge_config.wording import listed, nearest
from foundation.document import Path_
from foundation.problem import Problem
from foundation.units import UnitError, difference, factor
from rules.cost import BUDGET_MS, cost_ms
from rules.expression import BOOL, TEXT, Expression

MOST_RULES = 2000
LONGEST_S = 30 * 86400.0
"""Of a rule's delays and times: nobody sees the end of a longer one."""
PLACES = ("set", "inhibit", "limit_min", "limit_max", "request")
"""Effects that name an output."""


def check_rules(inspection: Inspection) -> None:
    """E401 to E418, E457 (from the expressions), E420 to E422, E108, E425 to E429, E440 to E452, E459; W308, W320 to
    W327."""
    site, known = inspection.site, len(inspection.problems)
    placed = placed_rules(site)
    if len(placed) > MOST_RULES:
        inspection.note("E441", ("rules",), count=len(placed), limit=MOST_RULES)
        return
    for index, rule in enumerate(site.rules):
        _rule(inspection, index, rule)
    checked = [_expressions(inspection, one) for one in placed]
    wishes = [wish for one in placed for wish in _wishes(inspection, one)]
    sound = [one for one in checked if one is not None]
    read = [[part for part in (one.when, one.clear, *one.lines) if part is not None] for one in sound]
    cost = cost_ms(read, site.site.scan)
    if cost > BUDGET_MS:
        inspection.note("E459", ("rules",), ms=round(cost, 1), limit=BUDGET_MS)
        return
    ranges = ranges_of(site)
    check_conditions_of_rules(inspection, sound, ranges)
    ids = {id(one.placed) for one in sound}
    wishes = [wish for wish in wishes if id(wish.placed) in ids]
    check_conflicts(inspection, wishes, ranges)
    check_rings(inspection, sound, wishes)
    check_others(inspection, wishes, ranges)
    for one in placed:
        _people(inspection, one)
    inspection.problems[known:] = _once(inspection.problems[known:])


def _once(problems: list[Problem]) -> list[Problem]:
    """What is wrong with a template is wrong in every zone, and told of the first."""
    first: dict[tuple[str, str, int, int], Problem] = {}
    for one in problems:
        first.setdefault((one.code, one.file, one.line, one.column), one)
    return list(first.values())


# --- one rule as it is written


def _rule(inspection: Inspection, index: int, rule: Rule) -> None:
    site, path = inspection.site, ("rules", index)
    everywhere = placed_rule(site, index, rule)
    _scope(inspection, path, rule, everywhere)
    if not rule.effects:
        inspection.note("E420", path)
    elif rule.when is None and any(effect.add_influence is None for effect in rule.effects):
        inspection.note("E426", path)
    if rule.when is None and rule.clear is not None:
        inspection.note("W308", (*path, "clear"), key=True, key_name="clear")
    for number, effect in enumerate(rule.then):
        _effect(inspection, (*path, "then", number), effect)
    _times(inspection, path, rule)
    if rule.with_ and rule.use is None:
        inspection.note("W308", (*path, "with"), key=True, key_name="with")
    if rule.on_bad_quality is None and any(
        (output := site.outputs.get(name)) is not None and output.life_support
        for placed in everywhere
        for name in _driven(inspection, placed)
    ):
        where = f"rules.{path[-1]}"
        inspection.note("E108", path, key=True, missing="on_bad_quality", where=where, example="assert")


def _times(inspection: Inspection, path: Path_, rule: Rule) -> None:
    """No delay outlasts a season's month, and what may be on for no time at all is no rule."""
    longest, waits = rule.limits.max_true, rule.for_
    inspection.positive((*path, "limits", "max_true"), longest)
    for place, value in ((("limits", "max_true"), longest), (("for", "on"), waits.on), (("for", "off"), waits.off),
                         (("max_hold",), rule.max_hold)):  # fmt: skip
        if value is not None and value > LONGEST_S:
            inspection.note("E120", (*path, *place), bound=f"<= {LONGEST_S / 86400.0:g} d")


def _scope(inspection: Inspection, path: Path_, rule: Rule, everywhere: Sequence[Placed]) -> None:
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
    if len({one.id for one in everywhere}) < len(everywhere):
        inspection.note("E449", (*path, "id"), word=each(scope.each or "")[0])
    for number, zone in enumerate(scope.zones or ()):
        if zone not in (*facility.zones, ANY_ZONE):
            place = (*path, "scope", "zones", number)
            near = nearest(zone, facility.zones)
            inspection.note("E302", place, zone=zone, facility=name, near=near, known=listed(facility.zones))


def _effect(inspection: Inspection, path: Path_, effect: RuleEffect) -> None:
    """One verb, and `to` just where it needs one."""
    said = effect.model_dump(exclude_none=True, exclude={"to", "by", "rate", "back"})
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
    if effect.by is not None and not first.startswith("limit"):
        inspection.note("W308", (*path, "by"), key=True, key_name="by")
    for key, rate in (("rate", effect.rate), ("back", effect.back)):
        if rate is not None:
            inspection.positive((*path, key), inspection.number((*path, key), rate, "%/s", "%/min"))
            if not first.startswith("limit") or effect.rate is None or effect.by is not None:
                inspection.note("W308", (*path, key), key=True, key_name=key)


def _expressions(inspection: Inspection, placed: Placed) -> Checked | None:
    """The rule with its conditions compiled; None where one is wrong, which is told."""
    rule, path = placed.rule, ("rules", placed.index)
    when = clear = None
    short = partial(placed.short, inspection.tags)
    lines: list[Expression | None] = []
    is_sound = True
    if rule.when is not None:
        when = inspection.condition((*path, "when"), rule.when, placed.named, short)
        is_sound = when is not None
    if rule.clear is not None:
        clear = inspection.condition((*path, "clear"), rule.clear, placed.named, short)
        is_sound = is_sound and clear is not None
    for number, effect in enumerate(rule.effects):
        if effect.add_influence is not None:
            inside: Path_ = (*path, "then", number) if number < len(rule.then) else path
            lines.append(_influence(inspection, (*inside, "add_influence"), effect, placed))
        elif effect.by is not None:
            by = inspection.expression((*path, "then", number, "by"), effect.by, None, placed.named, True, short)
            is_sound = is_sound and by is not None
            lines.append(by)
            if by is not None and by.unit != "%":
                inspection.note("E458", (*path, "then", number, "by"), inside=0, found=by.unit or "1")
    return Checked(placed, when, clear, tuple(one for one in lines if one is not None)) if is_sound else None


def _influence(inspection: Inspection, path: Path_, effect: RuleEffect, placed: Placed) -> Expression | None:
    """What it adds; None where that is wrong, which is told."""
    influence = effect.add_influence
    assert influence is not None
    target = placed.named(influence.target)
    program = inspection.site.programs.get(target)
    if program is None or program.by_loop is not None:
        settable = [name for name, one in inspection.site.programs.items() if one.by_loop is None]
        inspection.note("E447", (*path, "target"), target=target, near=nearest(target, settable))
        return None
    step = difference(inspection.units[target])
    inspection.number((*path, "cap"), influence.cap, step)
    inspection.not_negative((*path, "cap"), influence.cap.value)
    short = partial(placed.short, inspection.tags)
    by = inspection.expression((*path, "by"), influence.by, None, placed.named, True, short)
    if by is not None:
        try:
            if by.unit in (BOOL, TEXT):
                raise UnitError(by.unit)
            factor(by.unit, step)
        except UnitError:
            inspection.note("E448", (*path, "by"), inside=0, found=by.unit or "1", wanted=step or "1")
            return None
    return by


def _people(inspection: Inspection, placed: Placed) -> None:
    """The sequences that it runs are there, and somebody is told what it says."""
    site, people = inspection.site, inspection.site.notify.people
    for number, effect in enumerate(placed.rule.then):
        path: Path_ = ("rules", placed.index, "then", number)
        if effect.run_sequence is not None and (name := placed.named(effect.run_sequence)) not in site.sequences:
            near = nearest(name, site.sequences)
            inspection.note("E450", (*path, "run_sequence"), sequence=name, near=near)
        if effect.notify is None:
            continue
        for index, person in enumerate(effect.notify.to):
            if person not in people:
                place = (*path, "notify", "to", index)
                inspection.note("E452", place, person=person, near=nearest(person, people), known=listed(people))
        if not people and not effect.notify.to:
            inspection.note("W325", (*path, "notify"), key=True)


# --- what it wants of outputs


def _driven(inspection: Inspection, placed: Placed) -> Iterator[str]:
    """The outputs that it moves, itself or by a sequence."""
    yield from (wish.output for wish in _wished(placed))
    for name in sequences_of(placed):
        sequence = inspection.site.sequences.get(name)
        yield from sequence.outputs if sequence is not None else ()


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
        if wish.verb != "limit_min" and shuts_off(output, wish.to):
            inspection.note("E425", wish.path, output=wish.output, rule=placed.id)
            continue
        yield wish
