"""A rule as one sentence for people: its condition read off the expression, names in place of tags."""

import ast
import re
from collections.abc import Callable, Mapping
from functools import partial

from edge_config.rule_words import called, effect_words, time_words
from edge_config.templates import Placed
from foundation.messages import tell
from foundation.tag import Tag
from rules.expression import parsed

Named = Callable[[str], str]
COMPARED = {
    ast.Lt: "below", ast.LtE: "at_most", ast.Gt: "above", ast.GtE: "at_least", ast.Eq: "equal", ast.NotEq: "other",
}  # fmt: skip
WORKED = {ast.Add: "+", ast.Sub: "−", ast.Mult: "×", ast.Div: "÷"}
WINDOWS = ("avg", "min", "max", "rate", "starts")
SAID = ("age", "quality", "time_between", "sun_elevation", "hyst", "rising")


def sentence(tags: Mapping[str, Tag], placed: Placed, language: str) -> str:
    """When it acts, and what it does; `tags` are all of the site."""
    rule = placed.rule
    say = _sayer(language)
    named = partial(_named, tags, placed, language)
    when = condition_words(rule.when, named, language) if rule.when else say("rule.always")
    if rule.for_.on:
        when = say("rule.sentence.for", when=when, time=time_words(rule.for_.on))
    if rule.clear:
        when = say("rule.sentence.until", when=when, clear=condition_words(rule.clear, named, language))
    does = say("rule.sentence.next").join(effect_words(effect, placed, tags, language) for effect in rule.effects)
    return say("rule.sentence", when=when, does=does)


def condition_words(text: str, named: Named, language: str) -> str:
    """An expression in words. What it cannot put into words stands as it was written."""
    return _words(parsed(text), named, _sayer(language))


def _direction(args: list[ast.expr]) -> str:
    """Whether a hysteresis comes on above its limit or below it, where both are plainly written."""
    on, off = (_leading(args[1]), _leading(args[2])) if len(args) == 3 else (None, None)
    if on is None or off is None:
        return "hyst"
    return "hyst_above" if on > off else "hyst_below"


def _leading(node: ast.expr) -> float | None:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return None
    match = re.match(r"\s*(-?\d+\.?\d*)", node.value)
    return float(match[1]) if match else None


def _sayer(language: str) -> Callable[..., str]:
    return lambda key, **values: tell(key, language, **values)


def _named(tags: Mapping[str, Tag], placed: Placed, language: str, written: str) -> str:
    tag = tags.get(placed.named(written))
    return written if tag is None else called(tag, language)


def _words(node: ast.expr, named: Named, say: Callable[..., str]) -> str:
    words = partial(_words, named=named, say=say)
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Constant(value=value):
            return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
        case ast.Attribute() | ast.Name():
            return named(ast.unparse(node))
        case ast.BoolOp(op=op, values=values):
            joined = say("rule.words.and" if isinstance(op, ast.And) else "rule.words.or")
            return joined.join(f"({words(one)})" if isinstance(one, ast.BoolOp) else words(one) for one in values)
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return say("rule.words.not", what=words(inner))
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return f"−{words(inner)}"
        case ast.Compare(left=left, ops=ops, comparators=others):
            told, before = [], left
            for comparison, other in zip(ops, others, strict=True):
                told.append(say(f"rule.words.{COMPARED[type(comparison)]}", what=words(before), limit=words(other)))
                before = other
            return say("rule.words.and").join(told)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in WORKED:
            sides = [f"({words(one)})" if isinstance(one, ast.BinOp) else words(one) for one in (left, right)]
            return f" {WORKED[type(op)]} ".join(sides)
        case ast.Call(func=ast.Name(id=name), args=args):
            given = [words(one) for one in args]
            if name in WINDOWS and len(args) == 2 and isinstance(args[1], ast.Constant):
                if name == "avg" and not isinstance(args[0], ast.Attribute | ast.Name):
                    name = "share"
                return say(f"rule.words.{name}", what=given[0], time=given[1])
            if name in SAID:
                name = _direction(args) if name == "hyst" else name
                places = dict(zip(("a", "b", "c"), [*given, "", "", ""], strict=False))
                return say(f"rule.words.{name}", **places)
            return f"{name}({', '.join(given)})"
    return ast.unparse(node)
