"""Rules as they are run: a rule with a scope stands once for every zone, its short names led to their full ones."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from edge_config.model.control import Rule
from edge_config.model.site import Facility, Site
from rules.expression import compile_expression
from rules.rule import RuleLaw

ANY_ZONE = "all"
ZONE = "zone"
"""The short name of a rule's zone that always does."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One rule in its place."""

    index: int
    """Of the rule in the site's list."""
    rule: Rule
    id: str
    prefixes: Mapping[str, str]
    """The first part of a short name -> what it stands for."""

    def named(self, written: str) -> str:
        """The full name of a tag that the rule names."""
        name = self.rule.tags.get(written, written)
        first, _, rest = name.partition(".")
        if "." not in rest and first in self.prefixes:
            return f"{self.prefixes[first]}.{rest}"
        return name

    def short(self, tags: Iterable[str]) -> list[str]:
        """What may be written short of these tags."""
        parts = [tag.rpartition(".") for tag in tags]
        return [f"{word}.{name}" for word, prefix in self.prefixes.items() for lead, _, name in parts if lead == prefix]

    def law(self, units: Mapping[str, str]) -> RuleLaw:
        """How it comes on and goes off. Raises ExpressionError."""
        rule, limits = self.rule, self.rule.limits
        when, clear = (
            None if text is None else compile_expression(text, units, named=self.named, remembers=True)
            for text in (rule.when, rule.clear)
        )
        count, per_s = limits.max_activations or (None, 86400.0)
        return RuleLaw(
            when, clear, rule.for_.on, rule.for_.off, rule.on_bad_quality or "hold", rule.max_hold, count, per_s,
            limits.max_true, rule.on_restart == "resume",
        )  # fmt: skip


def placed_rules(site: Site) -> tuple[Placed, ...]:
    """All of them in the order of the file. Of a scope that leads nowhere (the checks say so) there are none."""
    return tuple(one for index, rule in enumerate(site.rules) for one in _placed(site.facilities, index, rule))


def placed_rule(site: Site, index: int, rule: Rule) -> tuple[Placed, ...]:
    """Of one rule."""
    return tuple(_placed(site.facilities, index, rule))


def askers(rules: Iterable[Placed], sequence: str) -> tuple[str, ...]:
    """The rules that run a sequence."""
    return tuple(
        one.id
        for one in rules
        if any(effect.run_sequence and one.named(effect.run_sequence) == sequence for effect in one.rule.effects)
    )


def suppressors_of(one: Placed) -> tuple[str, ...]:
    """The alarms from which the alarm of a rule follows, by their full names."""
    return tuple(
        one.named(name)
        for effect in one.rule.effects
        if effect.alarm is not None
        for name in effect.alarm.suppressed_by
    )  # fmt: skip


def _placed(facilities: Mapping[str, Facility], index: int, rule: Rule) -> Iterator[Placed]:
    scope = rule.scope
    if scope is None:
        yield Placed(index, rule, rule.id, {})
        return
    word, name = each(scope.each) if scope.each is not None else ("", scope.facility or "")
    facility = facilities.get(name)
    if facility is None:
        return
    zones = {zone: f"{name}.{zone}" for zone in (*facility.zones, ANY_ZONE)}
    if not word:
        yield Placed(index, rule, _full_id(rule.id, zones), zones)
        return
    for zone in scope.zones or facility.zones:
        prefixes = {**zones, word: f"{name}.{zone}", ZONE: f"{name}.{zone}"}
        yield Placed(index, rule, _full_id(rule.id, prefixes), prefixes)


def each(text: str) -> tuple[str, str]:
    """The word and the facility of `tank in ras1` (or `tank in ras1.tanks`)."""
    word, _, where = text.partition(" in ")
    return word, where.partition(".")[0]


def _full_id(written: str, prefixes: Mapping[str, str]) -> str:
    parts = written.split(".")
    first = parts[0] if len(parts) == 2 else parts[1]
    lead = prefixes.get(first)
    return written if lead is None else f"{lead}.{parts[-1]}"
