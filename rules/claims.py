"""What a condition claims about the farm, and whether that can come true within the tags' ranges.

Limits on single tags (and averages, the time of day, the height of the sun) are worked out exactly, as boxes of
intervals. What compares two tags or computes is taken as something that may be so or not: then `never` is still
proven, and `possible` is not. `rules.solver` knows more, where z3 is installed.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import inf
from typing import Literal, NamedTuple

from foundation.tag import is_tag_name
from foundation.units import factor
from rules.expression import Named, compile_expression, full_text, parsed, text_last
from rules.functions import FUNCTIONS, GAUGES

MOST_BOXES = 512
MOST_STEPS = 4_000
"""Looks at a part of a claim, wherever they lead: a check has to end. What takes more is not known."""
DAY = "time of day"
DAY_S = 86400.0
ALWAYS_KNOWN = ("quality(", "time_between(", "sun_elevation(")
"""Gauges that no lost sensor can take away."""

Verdict = Literal["never", "possible", "unknown"]
Ranges = Mapping[str, tuple[float | None, float | None]]


class Limit(NamedTuple):
    """A number lies within an interval; an open end is not part of it."""

    var: str
    low: float = -inf
    low_open: bool = False
    high: float = inf
    high_open: bool = False


class Is(NamedTuple):
    """A contact, a text or something that is not looked into is (or is not) so."""

    var: str
    value: bool | str
    truth: bool = True
    is_vague: bool = False
    """Not looked into: what it stands for may contradict something else."""


class All(NamedTuple):
    parts: tuple["Claim", ...]


class Either(NamedTuple):
    parts: tuple["Claim", ...]


Claim = Limit | Is | All | Either
Box = dict[str, Limit | Is]


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a claim can come true, and one case of it."""

    verdict: Verdict
    case: Mapping[str, float | bool | str]


def claim(
    text: str,
    units: Mapping[str, str],
    named: Named = str,
    truth: bool = True,
    known: bool | None = None,
    lingers_s: float | None = None,
) -> Claim:
    """What a checked condition claims (or denies, without `truth`).

    With `known`, that it is surely so: nothing that it takes is lost. Without (False), that it is so or cannot be
    known. Where it `lingers_s`, that it is so or was within that time: whatever is measured may have changed since.
    """
    return _Reader(units, named, known, lingers_s).read(parsed(text), truth)


def find(claim_: Claim, ranges: Ranges) -> Finding:
    """Whether there is a farm in which it is true."""
    try:
        return _found(claim_, ranges, _Steps())
    except _TooManyError:
        return Finding("unknown", {})


class _TooManyError(Exception):
    """It would take too long."""


class _Steps:
    def __init__(self) -> None:
        self.left = MOST_STEPS

    def take(self, count: int = 1) -> None:
        self.left -= count
        if self.left < 0:
            raise _TooManyError


def _found(claim_: Claim, ranges: Ranges, steps: _Steps) -> Finding:
    vague = False
    for count, box in enumerate(_boxes((claim_,), {}, ranges, steps)):
        if count >= MOST_BOXES:
            raise _TooManyError
        limits = [one for one in box.values() if isinstance(one, Limit)]
        steps.take(len(limits) * (len(limits) - 1) // 2)
        agree = _agree(limits)
        if agree is False:
            continue
        if agree and not any(isinstance(one, Is) and one.is_vague for one in box.values()):
            return Finding("possible", {var: _example(one) for var, one in box.items()})
        vague = True
    return Finding("unknown" if vague else "never", {})


def _agree(limits: list[Limit]) -> bool | None:
    """Whether what is said of one tag now and over windows goes together: a maximum is no less than anything within
    its window. None where that is not known."""
    known: bool | None = True
    for first, second in combinations(limits, 2):
        if _window(first.var)[1] != _window(second.var)[1]:
            continue
        fits = [_within(first, second), _within(second, first)]
        if False in fits:
            return False
        if fits == [None, None]:
            known = None
    return known


def _within(extreme: Limit, other: Limit) -> bool | None:
    """Whether an extreme over a window leaves room for what lies in that window; None where they are not that."""
    (kind, _, window_s), (what, _, inside_s) = _window(extreme.var), _window(other.var)
    if "rate" in (kind, what) and kind != what:
        return True  # how fast a value moves says nothing of where it is
    if kind not in ("max", "min") or what == "rate" or inside_s > window_s:
        return None
    if kind == "max":
        return other.low < extreme.high or (other.low == extreme.high and not other.low_open and not extreme.high_open)
    return other.high > extreme.low or (other.high == extreme.low and not other.high_open and not extreme.low_open)


def _window(var: str) -> tuple[str, str, float]:
    """What a variable says of which tag over how many seconds: `max(a.b.c, 60 s)`."""
    kind, _, rest = var.partition("(")
    what, comma, window = rest.removesuffix(")").rpartition(", ")
    return (kind, what, float(window.removesuffix(" s"))) if comma else ("", var, 0.0)


def _boxes(claims: Sequence[Claim], box: Box, ranges: Ranges, steps: _Steps) -> Iterator[Box]:
    """The boxes in which all of them are so: what is plain first, for it tells soonest that there are none."""
    box, todo, open_ = dict(box), list(reversed(claims)), list[Either]()
    while todo:
        steps.take()
        match todo.pop():
            case All(parts):
                todo += reversed(parts)
            case Either() as either:
                open_.append(either)
            case Is(_, str()) as text if text.truth and any(_is_another(one, text) for one in box.values()):
                return  # a text is one thing at a time
            case Limit() | Is() as one:
                both = _both(box.get(_slot(one)), one, ranges)
                if both is None:
                    return
                box[_slot(one)] = both
    if not open_:
        yield box
        return
    first, *rest = open_
    for part in first.parts:
        yield from _boxes((part, *rest), box, ranges, steps)


def _is_another(one: Limit | Is, text: Is) -> bool:
    return isinstance(one, Is) and one.var == text.var and one.truth and one.value != text.value


def _range(var: str, ranges: Ranges) -> tuple[float | None, float | None]:
    """Of a tag, of an average or extreme of it, of a share, and of what has its bounds by nature."""
    if var == "sun_elevation()":
        return -90.0, 90.0
    if var.startswith("age("):
        return 0.0, None
    kind, what, _ = _window(var)
    if kind == "avg" and not is_tag_name(what):
        return 0.0, 1.0  # the share of a condition
    return ranges.get(what if kind in ("avg", "min", "max") else var, (None, None))


def _slot(one: Limit | Is) -> str:
    # of a text, each value is a question of its own
    return f"{one.var} == {one.value}" if isinstance(one, Is) and isinstance(one.value, str) else one.var


def _both(before: Limit | Is | None, one: Limit | Is, ranges: Ranges) -> Limit | Is | None:
    """The two together; None where they exclude each other."""
    if isinstance(one, Is):
        return one if before is None or before == one else None
    if before is None:
        low, high = _range(one.var, ranges)
        before = Limit(one.var, -inf if low is None else low, False, inf if high is None else high, False)
    assert isinstance(before, Limit)
    low, low_open = max((before.low, before.low_open), (one.low, one.low_open))
    high, closed = min((before.high, not before.high_open), (one.high, not one.high_open))
    if low > high or (low == high and (low_open or not closed)):
        return None
    return Limit(one.var, low, low_open, high, not closed)


def _example(one: Limit | Is) -> float | bool | str:
    if isinstance(one, Is):
        return one.value if one.truth else f"not {one.value}"
    if one.low == -inf and one.high == inf:
        return 0.0
    if one.low == -inf:
        return one.high - 1.0 if one.high_open else one.high
    if one.high == inf:
        return one.low + 1.0 if one.low_open else one.low
    return (one.low + one.high) / 2.0


class _Reader:
    def __init__(
        self, units: Mapping[str, str], named: Named, are_known: bool | None, lingers_s: float | None
    ) -> None:  # fmt: skip
        self.units, self.named, self.are_known, self.lingers_s = units, named, are_known, lingers_s
        self.known: dict[tuple[ast.expr, bool], Claim] = {}
        """What was read already: whether two things are equal asks for each of them twice."""

    def read(self, node: ast.expr, truth: bool) -> Claim:
        known = self.known.get((node, truth))
        if known is None:
            known = self.known[node, truth] = self._read(node, truth)
        return known

    def _read(self, node: ast.expr, truth: bool) -> Claim:
        match node:
            case ast.BoolOp():
                parts = tuple(self.read(value, truth) for value in node.values)
                return All(parts) if isinstance(node.op, ast.And) is truth else Either(parts)
            case ast.UnaryOp(op=ast.Not()):
                return self.read(node.operand, not truth)
            case ast.Constant():
                return All(()) if bool(node.value) is truth else Either(())
            case ast.Attribute() | ast.Name():
                return self._leaf(Is(self.named(ast.unparse(node)), truth), node)
            case ast.Call(func=ast.Name(id="time_between")):
                return self._time(node, truth)
            case ast.Compare():
                return self._compare(node, truth)
        return self._leaf(Is(self._text(node), truth, is_vague=True), node)

    def _leaf(self, one: Limit | Is, *nodes: ast.expr) -> Claim:
        """What is claimed of what stands in `nodes`, with what is known of that."""
        if self.lingers_s is not None:
            return All(())
        if self.are_known is None or one.var.startswith(ALWAYS_KNOWN):
            return one
        needs = sorted(
            {one.var}
            if isinstance(one, Limit)
            else {
                name
                for node in nodes
                for name in compile_expression(ast.unparse(node), self.units, named=self.named, remembers=True).needs
            }
        )
        lost = tuple(
            Is(f"quality({name})", "bad", not self.are_known) for name in needs if not name.startswith(ALWAYS_KNOWN)
        )
        return All((one, *lost)) if self.are_known else Either((*lost, one))

    def _time(self, node: ast.Call, truth: bool) -> Claim:
        first, last = (_clock_s(argument) for argument in node.args)
        if first == last:
            return Either(()) if truth else All(())
        if not truth:
            first, last = last, first
        if self.lingers_s is not None:
            if (last - first) % DAY_S + self.lingers_s >= DAY_S:
                return All(())
            last = (last + self.lingers_s) % DAY_S
        after, before = Limit(DAY, first, False, DAY_S, True), Limit(DAY, 0.0, False, last, True)
        return All((after, before)) if first <= last else Either((after, before))

    def _compare(self, node: ast.Compare, truth: bool) -> Claim:
        op, left, right = node.ops[0], node.left, node.comparators[0]
        if isinstance(op, ast.Eq | ast.NotEq):
            return self._equal(left, right, isinstance(op, ast.Eq) is truth)
        greater, strict = isinstance(op, ast.Gt | ast.GtE), isinstance(op, ast.Lt | ast.Gt)
        if not truth:
            greater, strict = not greater, not strict
        var = self._number(left)
        if var is None and self._number(right) is not None:
            left, right, greater = right, left, not greater
            var = self._number(left)
        bound = self._constant(right, left) if var is not None else None
        if var is None or bound is None:
            if greater:
                left, right = right, left
            text = f"{self._text(left)} {'<' if strict else '<='} {self._text(right)}"
            return self._leaf(Is(text, True, is_vague=True), left, right)
        limit = Limit(var, low=bound, low_open=strict) if greater else Limit(var, high=bound, high_open=strict)
        return self._leaf(limit)

    def _equal(self, left: ast.expr, right: ast.expr, truth: bool) -> Claim:
        left, right = text_last(left, right)
        if isinstance(right, ast.Constant) and isinstance(right.value, str):
            return self._leaf(Is(self._text(left), right.value, truth), left)
        if isinstance(right, ast.Constant):
            return self.read(left, bool(right.value) is truth)
        same = (
            All((self.read(left, True), self.read(right, True))),
            All((self.read(left, False), self.read(right, False))),
        )
        other = (
            All((self.read(left, True), self.read(right, False))),
            All((self.read(left, False), self.read(right, True))),
        )
        return Either(same if truth else other)

    def _number(self, node: ast.expr) -> str | None:
        """The variable that a node is, if it is one."""
        if isinstance(node, ast.Attribute | ast.Name):
            return self.named(ast.unparse(node))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in GAUGES:
            if node.func.id in FUNCTIONS and any(
                isinstance(one, ast.Call) for part in node.args for one in ast.walk(part)
            ):
                return None  # of several, and what remembers is one of them
            expression = compile_expression(ast.unparse(node), self.units, named=self.named, remembers=True)
            if expression.gauges:
                return expression.gauges[-1].name
        return None

    def _constant(self, node: ast.expr, like: ast.expr) -> float | None:
        """What a constant is in the unit of `like`."""
        if any(isinstance(one, ast.Attribute | ast.Name | ast.Call) for one in ast.walk(node)):
            return None
        value = compile_expression(ast.unparse(node), {})
        other = compile_expression(ast.unparse(like), self.units, named=self.named, remembers=True)
        number = value.run({})
        if isinstance(number, str) or number is None:
            return None
        return float(number) * factor(value.unit, other.unit)

    def _text(self, node: ast.expr) -> str:
        return full_text(node, self.named)


def _clock_s(node: ast.expr) -> float:
    assert isinstance(node, ast.Constant)
    hour, _, minute = str(node.value).partition(":")
    return int(hour) * 3600.0 + int(minute) * 60.0
