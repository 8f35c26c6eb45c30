"""The tests that stand in a site's rules, or in the library's, run."""

from collections.abc import Iterator, Mapping

from edge_config.model.control import Rule
from edge_config.model.site import Site
from edge_config.rule_library import LibraryRule, rule_of_library
from edge_config.tags import tag_units
from edge_config.templates import Placed, placed_rules
from foundation.units import canonical, difference, factor
from rules.expression import BOOL, TEXT, Expression, Named, compile_expression
from rules.trials import Addition, Deed, Outcome, TrialError, Tried, try_rule

VERBS = ("set", "inhibit", "limit_min", "limit_max", "request")


def try_site(site: Site) -> Iterator[Outcome]:
    """Every test of every rule; of a template, in its first zone. A test that cannot be read has failed."""
    place, units, seen = site.site, tag_units(site), set()
    for placed in placed_rules(site):
        if placed.index not in seen:
            seen.add(placed.index)
            where = (place.timezone, place.latitude, place.longitude)
            yield from _outcomes(placed.rule, tried(placed, units), units, where)


def try_library(one: LibraryRule) -> Iterator[Outcome]:
    """Every test of a rule of the library, on the tags that it says it needs."""
    rule = rule_of_library(one)
    units = library_units(one)
    placed = Placed(0, rule, f"library.zone.{one.short}", {"zone": "library.zone", "all": "library.all"})
    yield from _outcomes(rule, tried(placed, units), units, ("Asia/Shanghai", 36.88, 118.74))


def library_units(one: LibraryRule) -> dict[str, str]:
    """The units of what a library rule names, in full: `library.zone.do`."""
    kinds = {name: unit if unit in (BOOL, TEXT) else canonical(unit) for name, unit in one.needs.items()}
    named = {**kinds, **dict.fromkeys(one.outputs, "%"), **{name: canonical(u) for name, u in one.setpoints.items()}}
    return {f"library.{name}": unit for name, unit in named.items()}


def _outcomes(
    rule: Rule, it: Tried, units: Mapping[str, str], where: tuple[str, float, float]
) -> Iterator[Outcome]:  # fmt: skip
    for number, test in enumerate(rule.tests, 1):
        try:
            yield try_rule(it, number, test.given, test.expect, units, *where, at=test.at)
        except TrialError as error:
            yield Outcome(it.id, number, (str(error),))


def tried(placed: Placed, units: Mapping[str, str]) -> Tried:
    """A placed rule as its tests see it."""
    rule, named = placed.rule, placed.named
    deeds = tuple(
        Deed(verb, named(name), 0.0 if verb == "inhibit" else effect.to or 0.0, _line(effect.by, named, units))
        for effect in rule.effects
        for verb in VERBS
        if (name := getattr(effect, verb)) is not None
    )
    adds = tuple(
        _addition(effect.add_influence.target, effect.add_influence.by, effect.add_influence.cap.to, named, units)
        for effect in rule.effects
        if effect.add_influence is not None
    )
    runs = tuple(
        Deed("run_sequence", named(effect.run_sequence), 100.0)
        for effect in rule.effects
        if effect.run_sequence is not None
    )
    has_alarm = any(effect.alarm is not None for effect in rule.effects)
    has_notice = any(effect.notify is not None for effect in rule.effects)
    return Tried(placed.id, placed.law(units), (*deeds, *runs), adds, has_alarm, named, has_notice)


def _line(by: str | None, named: Named, units: Mapping[str, str]) -> Expression | None:
    return None if by is None else compile_expression(by, units, named=named, remembers=True)


def _addition(target: str, by: str, cap: object, named: Named, units: Mapping[str, str]) -> Addition:
    setpoint = named(target)
    step = difference(units[setpoint])
    expression = compile_expression(by, units, named=named, remembers=True)
    return Addition(setpoint, expression, factor(expression.unit, step), cap(step), step)  # type: ignore[operator]
