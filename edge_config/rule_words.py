"""A rule in words, for people: what it looks at, when it acts, what it does."""

from collections.abc import Mapping

from edge_config.model.control import Rule, RuleEffect
from edge_config.model.sequences import Sequence
from edge_config.model.site import Site
from edge_config.tags import site_tags
from edge_config.templates import Placed
from foundation.messages import tell
from foundation.tag import Tag

PLACES = ("set", "inhibit", "limit_min", "limit_max", "request")


def explained(site: Site, placed: Placed, language: str, known: Mapping[str, Tag] | None = None) -> list[str]:
    """One line a fact; `known` are all tags, for whoever has them."""
    rule, tags = placed.rule, known or site_tags(site)
    lines = []
    description = rule.description
    if description:
        lines.append(description if isinstance(description, str) else _in(language, description.zh, description.en))
    lines.append(tell("rule.when", language, when=rule.when) if rule.when else tell("rule.always", language))
    if rule.for_.on:
        lines.append(tell("rule.for_on", language, time=time_words(rule.for_.on)))
    if rule.clear:
        lines.append(tell("rule.clear", language, clear=rule.clear))
    if rule.for_.off:
        lines.append(tell("rule.for_off", language, time=time_words(rule.for_.off)))
    for effect in rule.effects:
        lines.append(effect_words(effect, placed, tags, language))
        if effect.run_sequence is not None:
            lines += _steps(site.sequences[placed.named(effect.run_sequence)], tags, language)
    how = rule.on_bad_quality or "hold"
    lines.append(tell(f"rule.bad.{how}", language, time=time_words(rule.max_hold)))
    lines += _limits(rule, language)
    needed = placed.law({name: tag.unit for name, tag in tags.items()})
    names = sorted({tag for one in (needed.when, needed.clear) if one is not None for tag in one.tags})
    if names:
        looks = ", ".join(f"{called(tags[name], language)} ({name}, {tags[name].unit or '1'})" for name in names)
        lines.append(tell("rule.looks", language, tags=looks))
    return lines


def effect_words(effect: RuleEffect, placed: Placed, tags: Mapping[str, Tag], language: str) -> str:
    """What one effect of it does."""
    for verb in PLACES:
        name = getattr(effect, verb)
        if name is not None:
            output = called(tags[placed.named(name)], language)
            said = tell(f"rule.{verb}", language, output=output, to=f"{effect.to or 0.0:g} %")
            if effect.by is not None:
                return tell("rule.on_a_line", language, limit=said, by=effect.by)
            back = effect.back or effect.rate
            return (
                said if effect.rate is None else tell("rule.slowly", language, limit=said, rate=effect.rate, back=back)
            )
    influence = effect.add_influence
    if influence is not None:
        target = called(tags[placed.named(influence.target)], language)
        return tell("rule.add_influence", language, target=target, by=influence.by, cap=str(influence.cap))
    if effect.run_sequence is not None:
        return tell("rule.run_sequence", language, sequence=placed.named(effect.run_sequence))
    if effect.notify is not None:
        text, to = effect.notify.text, ", ".join(effect.notify.to)
        told = _in(language, text.zh, text.en)
        return tell("rule.notify_to", language, text=told, to=to) if to else tell("rule.notify", language, text=told)
    assert effect.alarm is not None
    return tell("rule.alarm", language, cause=_in(language, effect.alarm.cause.zh, effect.alarm.cause.en))


def _steps(sequence: Sequence, tags: Mapping[str, Tag], language: str) -> list[str]:
    """What a sequence does, step by step, and what ends it."""
    lines = []
    for number, step in enumerate(sequence.steps, 1):
        wants = [f"{called(tags[name], language)} {to:g} %" for name, to in (*step.set.items(), *step.request.items())]
        told = {"number": number, "wants": ", ".join(wants) or "–"}
        if step.until is None:
            lines.append(tell("rule.step_for", language, **told, time=time_words(step.for_ or 0.0)))
        else:
            key = f"rule.step_until_{step.else_}"
            lines.append(tell(key, language, **told, until=step.until, time=time_words(step.within or 0.0)))
    if sequence.abort is not None:
        lines.append(tell("rule.step_abort", language, abort=sequence.abort))
    return lines


def _limits(rule: Rule, language: str) -> list[str]:
    lines = []
    if rule.limits.max_activations is not None:
        count, per_s = rule.limits.max_activations
        lines.append(tell("rule.max_activations", language, count=count, time=time_words(per_s)))
    if rule.limits.max_true is not None:
        lines.append(tell("rule.max_true", language, time=time_words(rule.limits.max_true)))
    return lines


def called(tag: Tag, language: str) -> str:
    """Its name."""
    return _in(language, tag.name_zh, tag.name_en)


def _in(language: str, zh: str, en: str) -> str:
    return zh if language.startswith("zh") else en


def time_words(seconds: float) -> str:
    """`7 d`, `24 h`, `5 min`, `90 s`."""
    for size, unit, least in ((86400.0, "d", 2.0), (3600.0, "h", 1.0), (60.0, "min", 1.0)):
        if seconds >= least * size and seconds % size == 0.0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"
