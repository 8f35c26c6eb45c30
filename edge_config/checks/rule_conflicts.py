"""What rules are to each other and to the interlocks: who conflicts, who is never heard, who chases his own tail."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from edge_config.checks.inspection import Inspection
from edge_config.checks.rule_conditions import Checked, case_of
from edge_config.model.outputs import ThreePoint
from edge_config.templates import Placed
from foundation.document import Path_
from rules import solver
from rules.claims import All, Claim, Either, Finding, Ranges, claim, find
from rules.expression import BOOL, ExpressionError

MOST_RIVALS = 100
"""A rule is compared with so many others on its output: no farm has more, and a check has to end."""


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


def may_be_on(
    inspection: Inspection, placed: Placed, known: bool | None = None, lingers_s: float | None = None
) -> Claim:  # fmt: skip
    """When a rule may be on: its cause stands, or its end has not come."""
    rule = placed.rule
    if rule.when is None:
        return All(())
    when = claim(rule.when, inspection.units, placed.named, True, known, lingers_s)
    if rule.clear is None:
        return when
    return Either((when, claim(rule.clear, inspection.units, placed.named, False, known, lingers_s)))


@dataclass
class Guard:
    """When a rule may be on, and why: each read once, for it is compared with many."""

    inspection: Inspection
    placed: Placed

    @cached_property
    def active(self) -> Claim:
        return may_be_on(self.inspection, self.placed)

    @cached_property
    def denied(self) -> Claim:
        """Its cause is away."""
        rule = self.placed.rule
        if rule.when is None:
            return Either(())
        return claim(rule.when, self.inspection.units, self.placed.named, truth=False)

    @cached_property
    def surely(self) -> Claim:
        """Its cause is known."""
        return may_be_on(self.inspection, self.placed, known=True)

    @cached_property
    def perhaps(self) -> Claim:
        """Its cause is known, or cannot be."""
        return may_be_on(self.inspection, self.placed, known=False)

    @cached_property
    def lingering(self) -> Claim:
        """Its cause is there, or was before it is off."""
        return may_be_on(self.inspection, self.placed, lingers_s=self.placed.rule.for_.off)

    @property
    def on_bad(self) -> str:
        rule = self.placed.rule
        wanted = rule.on_bad_quality or "hold"
        return "deassert" if wanted == "hold" and rule.max_hold <= 0.0 else wanted


def check_conflicts(inspection: Inspection, wishes: list[Guarded], ranges: Ranges) -> None:
    """Two rules that may want different things of one output at once have to say which goes first."""
    by_output: dict[str, list[Guarded]] = {}
    for wish in wishes:
        by_output.setdefault(wish.output, []).append(wish)
    placed = {id(wish.placed): wish.placed for wish in wishes}
    guards = {key: Guard(inspection, one) for key, one in placed.items()}
    for output, rivals in by_output.items():
        for index, second in enumerate(rivals):
            for first in rivals[max(index - MOST_RIVALS, 0) : index]:
                differ = first.placed is not second.placed and _differ(first, second)
                if differ and _conflict(inspection, output, first, second, guards, ranges):
                    break  # one reason to order it is enough
        _shadowed(inspection, output, rivals, guards, ranges)


def _differ(first: Guarded, second: Guarded) -> bool:
    verbs = {first.verb, second.verb}
    if verbs <= {"set", "inhibit"} or verbs == {"request"}:
        return first.to != second.to
    if verbs == {"limit_min", "limit_max"}:
        low, high = (first, second) if first.verb == "limit_min" else (second, first)
        return low.to > high.to
    return False


def _conflict(
    inspection: Inspection, output: str, first: Guarded, second: Guarded, guards: dict[int, Guard], ranges: Ranges
) -> bool:
    """Whether something was told of the two."""
    orders = first.placed.rule.order, second.placed.rule.order
    guard, other = guards[id(first.placed)], guards[id(second.placed)]
    found = find(All((guard.active, other.active)), ranges)
    if found.verdict == "unknown":
        found = _together(inspection, first, second, ranges)
    if found.verdict == "never":
        found = next((one for one in _otherwise(guard, other, ranges) if one.verdict == "possible"), found)
    if found.verdict == "never":
        return False
    if orders[0] is None or orders[1] is None or orders[0] == orders[1]:
        case = case_of(inspection, found)
        inspection.note(
            "E428", second.path, output=output, first=first.placed.id, second=second.placed.id, case=case
        )  # fmt: skip
        return True
    weak, strong = (second, first) if orders[0] < orders[1] else (first, second)
    alone = All((guards[id(weak.placed)].active, guards[id(strong.placed)].denied))
    if find(alone, ranges).verdict == "never":
        inspection.note("W322", weak.path, output=output, other=strong.placed.id)
        return True
    return False


def _otherwise(first: Guard, second: Guard, ranges: Ranges) -> Iterator[Finding]:
    """Whether two whose causes exclude each other meet all the same: over a lost sensor, or while one goes off."""
    bad = {first.on_bad, second.on_bad}
    if "assert" in bad and "deassert" not in bad:
        yield find(All((first.perhaps, second.perhaps)), ranges)
    else:
        # one that holds was on before: then the other has cause that is known
        for one, other in ((first, second), (second, first)):
            if one.on_bad != "deassert":
                yield find(All((one.perhaps, other.surely)), ranges)
    for one, other in ((first, second), (second, first)):
        if one.placed.rule.for_.off > other.placed.rule.for_.on:
            yield find(All((one.lingering, other.active)), ranges)


def _together(inspection: Inspection, first: Guarded, second: Guarded, ranges: Ranges) -> Finding:
    """Asked of z3, where it is installed: what compares tags with each other."""
    if not solver.is_installed():
        return Finding("unknown", {})
    asked = []
    for rule, named in ((one.placed.rule, one.placed.named) for one in (first, second)):
        if rule.when is not None:
            asked.append((f"({rule.when}) or not ({rule.clear})" if rule.clear else rule.when, named, True))
    try:
        return solver.find(asked, inspection.units, ranges)
    except ExpressionError:
        return Finding("unknown", {})  # cause and end together are longer than an expression may be


def _shadowed(
    inspection: Inspection, output: str, wishes: list[Guarded], guards: dict[int, Guard], ranges: Ranges
) -> None:
    """An interlock that always stands where the rule does decides alone."""
    for name, interlock in inspection.site.interlocks.items():
        if interlock.when is None or interlock.kind not in ("trip", "inhibit"):
            continue
        if all(output not in (effect.set, effect.inhibit) for effect in interlock.effect):
            continue
        expression = inspection.quiet(interlock.when)
        if expression is None or expression.unit != BOOL:
            continue
        denied = claim(interlock.when, inspection.units, truth=False)
        for wish in wishes:
            active = guards[id(wish.placed)].active
            is_beaten = find(All((active, denied)), ranges).verdict == "never"
            if is_beaten and find(active, ranges).verdict != "never":  # that it never acts is told already
                inspection.note("W322", wish.path, output=output, other=name)


def check_rings(inspection: Inspection, checked: Sequence[Checked], wishes: Iterable[Guarded]) -> None:
    """A rule that moves what it looks at, itself or through others, would chase its own tail."""
    reads = {
        one.placed.id: {tag for part in (one.when, one.clear, *one.lines) if part is not None for tag in part.tags}
        for one in checked
    }
    moves: dict[str, set[str]] = {}
    paths: dict[str, Path_] = {}
    for wish in wishes:
        moved = moves.setdefault(wish.placed.id, set())
        moved |= _wires(inspection, wish.output)
        paths.setdefault(wish.placed.id, wish.when)
    for one in checked:
        when: Path_ = ("rules", one.placed.index, "when")
        for name in sequences_of(one.placed):
            sequence = inspection.site.sequences.get(name)
            for output in sequence.outputs if sequence is not None else ():
                moves.setdefault(one.placed.id, set()).update(_wires(inspection, output))
                paths.setdefault(one.placed.id, when)
        for by, setpoint in influenced(one.placed):
            moves.setdefault(one.placed.id, set()).add(setpoint)
            paths.setdefault(one.placed.id, by if one.when is None else when)
    made = _made_from(inspection)
    movers: dict[str, set[str]] = {}
    for mover, moved in moves.items():
        for tag in moved:
            movers.setdefault(tag, set()).add(mover)
    sources = {tag: _comes_from(made, tag) for tag in {tag for tags in reads.values() for tag in tags}}
    after: dict[str, set[str]] = {name: set() for name in reads}
    for reader, tags in reads.items():
        for source in {source for tag in tags for source in sources[tag]}:
            for mover in movers.get(source, set()) & after.keys():
                after[mover].add(reader)
    told: set[str] = set()
    for begin in reads:
        ring = _ring(after, begin)
        if ring and not told & set(ring):
            told |= set(ring)
            inspection.note("E429", paths[begin], inside=0, ring=" → ".join([*ring, ring[0]]))


def sequences_of(placed: Placed) -> list[str]:
    """Those that it runs."""
    return [placed.named(effect.run_sequence) for effect in placed.rule.effects if effect.run_sequence is not None]


def influenced(placed: Placed) -> Iterator[tuple[Path_, str]]:
    """The setpoints that it adds to, and where it says how much."""
    path: Path_ = ("rules", placed.index)
    for number, effect in enumerate(placed.rule.effects):
        if effect.add_influence is not None:
            inside: Path_ = (*path, "then", number) if number < len(placed.rule.then) else path
            yield (*inside, "add_influence", "by"), placed.named(effect.add_influence.target)


def _wires(inspection: Inspection, output: str) -> set[str]:
    """The output and the device tags that it writes."""
    plan = inspection.site.outputs.get(output)
    return {output, plan.open, plan.close} if isinstance(plan, ThreePoint) else {output}


def _made_from(inspection: Inspection) -> dict[str, set[str]]:
    """What derived tags and setpoints are made from."""
    made: dict[str, set[str]] = {
        name: {one.of for one in program.influences} for name, program in inspection.site.programs.items()
    }
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
