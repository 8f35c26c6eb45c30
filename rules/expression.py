"""The expression language: a subset of Python's syntax, checked for units when a site is built, three-valued when run.

A tag is written as it is named (`ras1.tank1.do`), a quantity in quotes (`'6.0 mg/L'`). What is not known (a BAD value)
is None: `None and False` is False, `None or True` is True, everything else that touches None is None, never a guess.
What has a memory (averages, edges, the time of day) is a gauge: it stands among the values under its own name.
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from foundation.reading import Quality
from foundation.tag import is_tag_name
from foundation.units import Quantity, UnitError, difference, factor, parse_quantity, same_dimension
from rules import gauges
from rules.functions import FUNCTIONS, GAUGES
from rules.gauges import LONGEST_WINDOW_S, Gauge, Result
from rules.gauges import Values as Values
from rules.syntax import MAX_NODES as MAX_NODES
from rules.syntax import ExpressionError as ExpressionError
from rules.syntax import parsed as parsed
from rules.syntax import tree_of

Run = Callable[[Values], Result]
Named = Callable[[str], str]
"""Gives a tag's full name for the name that is written."""

INFINITE = float("inf")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
BOOL = "bool"
TEXT = "text"
CALM = ("hyst", "avg", "rising")
"""Gauges under which the noise of a value switches nothing to and fro."""
QUALITIES = tuple(one.name.lower() for one in Quality)
"""What `quality(tag)` can be."""

_COMPARE: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression, ready to run."""

    text: str
    unit: str
    """Canonical unit of the result; `bool` for a condition, `text` for a text."""
    tags: frozenset[str]
    run: Run
    """Gives the value for the tags' present values; None where it is not known."""
    gauges: tuple[Gauge, ...] = ()
    """To be stepped before it runs, in this order."""

    @property
    def needs(self) -> frozenset[str]:
        """Everything whose change can change the answer: tags and gauges."""
        return self.tags.union(gauge.name for gauge in self.gauges)


def full_text(node: ast.expr, named: Named) -> str:
    """The text of a node with every name in full: what says the same of the same tags reads the same."""
    return ast.unparse(_Full(named).visit(tree_of(ast.unparse(node)).body))


def compared_bare(text: str, named: Named = str) -> frozenset[str]:
    """The tags of a checked condition that stand in it as they come: under nothing that has a gap or a mean."""
    found, todo = set(), [parsed(text)]
    while todo:
        match todo.pop():
            case ast.Call(func=ast.Name(id=name), args=arguments):
                todo += () if name in CALM else arguments
            case ast.Attribute() | ast.Name() as node:
                found.add(named(ast.unparse(node)))
            case node:
                todo += (one for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr))
    return frozenset(found)


class _Full(ast.NodeTransformer):
    def __init__(self, named: Named) -> None:
        self.named = named

    def visit_Attribute(self, found: ast.Attribute) -> ast.AST:
        return ast.Name(self.named(ast.unparse(found)), ast.Load())

    def visit_Name(self, found: ast.Name) -> ast.AST:
        return ast.Name(self.named(found.id), ast.Load())

    def visit_Call(self, found: ast.Call) -> ast.AST:
        # the name of a function is no tag's
        return ast.Call(found.func, [self.visit(argument) for argument in found.args], [])


def compile_expression(
    text: str,
    units: Mapping[str, str],
    margin: Quantity | None = None,
    named: Named | None = None,
    remembers: bool = False,
) -> Expression:
    """Check and compile. `units` gives each known tag's canonical unit (`bool` and `text` too).

    With a `margin`, every comparison is made that much easier to satisfy: the form that clears an alarm only once the
    value is back by its deadband. `named` completes the names of a template. Only where it `remembers` may it have
    gauges. Raises ExpressionError.
    """
    stripped = text.strip()
    indent = len(text) - len(text.lstrip())
    compiler = _Compiler(units, margin, named or str, remembers)
    try:
        run, unit = compiler.node(parsed(text))
    except ExpressionError as error:
        if error.code in ("E401", "E402", "E419"):
            raise
        # ast counts bytes of the stripped text, people count characters of what they wrote
        column = indent + len(stripped.encode()[: error.column].decode(errors="ignore"))
        raise ExpressionError(error.code, column, **error.values) from error
    return Expression(text, unit, frozenset(compiler.tags), run, tuple(compiler.gauges.values()))


def _finite(value: float) -> float | None:
    """`value`, or None where it overflowed: what is not a number is not known."""
    return value if -INFINITE < value < INFINITE else None


class _Compiler:
    def __init__(self, units: Mapping[str, str], margin: Quantity | None, named: Named, remembers: bool) -> None:
        self.units, self.margin, self.named, self.remembers = units, margin, named, remembers
        self.negated = False
        """Inside an odd number of `not`: there a comparison is made harder, to make the whole easier."""
        self.tags: set[str] = set()
        self.gauges: dict[str, Gauge] = {}

    def node(self, node: ast.expr) -> tuple[Run, str]:
        match node:
            case ast.BoolOp():
                return self._bool_op(node), BOOL
            case ast.UnaryOp(op=ast.Not()):
                self.negated = not self.negated
                inner = self._condition(node.operand)
                self.negated = not self.negated
                return lambda v: None if (x := inner(v)) is None else not x, BOOL
            case ast.UnaryOp(op=ast.USub()):
                run, unit = self._number(node.operand)
                _no_temperature(node.operand, unit)
                return lambda v: None if (x := run(v)) is None else -float(x), unit
            case ast.Compare():
                return self._compare(node), BOOL
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.Attribute() | ast.Name():
                return self._tag(node)
            case ast.Constant():
                return self._constant(node)
            case ast.Call():
                return self._call(node)
            case _:
                raise ExpressionError("E403", node.col_offset, found=ast.unparse(node))

    def _condition(self, node: ast.expr) -> Run:
        run, unit = self.node(node)
        if unit != BOOL:
            raise ExpressionError("E404", node.col_offset, found=ast.unparse(node), unit=unit or "1")
        if isinstance(node, ast.Attribute | ast.Name):
            return lambda values: None if (x := run(values)) is None else bool(x)
        return run

    def _number(self, node: ast.expr) -> tuple[Callable[[Values], float | None], str]:
        run, unit = self.node(node)
        if unit in (BOOL, TEXT):
            raise ExpressionError("E405", node.col_offset, found=ast.unparse(node), unit=unit)
        return run, unit  # type: ignore[return-value]  # a unit that is neither bool nor text means a number

    def _bool_op(self, node: ast.BoolOp) -> Run:
        parts = [self._condition(value) for value in node.values]
        decisive = isinstance(node.op, ast.Or)
        if len(parts) == 2:
            first, second = parts

            def both(values: Values) -> bool | None:
                a = first(values)
                if a is decisive:
                    return decisive
                b = second(values)
                if b is decisive:
                    return decisive
                return None if a is None or b is None else not decisive

            return both

        def run(values: Values) -> bool | None:
            unknown = False
            for part in parts:
                result = part(values)
                if result is decisive:
                    return decisive
                if result is None:
                    unknown = True
            return None if unknown else not decisive

        return run

    def _compare(self, node: ast.Compare) -> Run:
        if len(node.ops) != 1:
            raise ExpressionError("E406", node.col_offset, found=ast.unparse(node))
        op, right_node = node.ops[0], node.comparators[0]
        if isinstance(op, ast.Eq | ast.NotEq):
            return self._equal(node.left, right_node, isinstance(op, ast.Eq))
        compare = _COMPARE.get(type(op))
        if compare is None:
            raise ExpressionError("E403", node.col_offset, found=ast.unparse(node))
        (left, unit), (right, right_unit) = self._number(node.left), self._number(right_node)
        scale = self._scale(unit, right_unit, right_node)
        shift = 0.0
        if self.margin is not None:
            wanted = difference(unit)
            try:
                shift = self.margin.to(wanted)
            except UnitError as error:
                raise ExpressionError("E407", node.col_offset, left=str(self.margin), right=wanted) from error
            if isinstance(op, ast.Gt | ast.GtE) is not self.negated:
                shift = -shift

        tag = self._plain_tag(node.left)
        if tag is not None and isinstance(right_node, ast.Constant):
            limit = float(right({}) or 0.0) * scale + shift
            return _against(type(op), tag, limit)

        def run(values: Values) -> bool | None:
            a, b = left(values), right(values)
            return None if a is None or b is None else compare(a, b * scale + shift)

        return run

    def _plain_tag(self, node: ast.expr) -> str | None:
        """The full name where nothing but a tag stands."""
        return self.named(ast.unparse(node)) if isinstance(node, ast.Attribute | ast.Name) else None

    def _equal(self, left_node: ast.expr, right_node: ast.expr, wanted: bool) -> Run:
        left_node, right_node = text_last(left_node, right_node)
        left, unit = self.node(left_node)
        if unit == TEXT and isinstance(right_node, ast.Constant) and isinstance(right_node.value, str):
            text = right_node.value
            if _is_quality(left_node) and text not in QUALITIES:
                near, known = get_close_matches(text, QUALITIES, 1, 0.0)[0], ", ".join(QUALITIES)
                tag = ast.unparse(left_node)
                raise ExpressionError("E457", right_node.col_offset, tag=tag, text=text, near=near, known=known)
            return lambda v: None if (x := left(v)) is None else (x == text) is wanted
        right, right_unit = self.node(right_node)
        if unit != BOOL or right_unit != BOOL:
            raise ExpressionError("E408", left_node.col_offset, found=ast.unparse(left_node))

        def run(values: Values) -> bool | None:
            a, b = left(values), right(values)
            return None if a is None or b is None else (a == b) is wanted

        return run

    def _scale(self, unit: str, other: str, node: ast.expr) -> float:
        """What a number in `other` is multiplied by to be in `unit`."""
        try:
            return factor(other, unit)
        except UnitError as error:
            raise ExpressionError("E407", node.col_offset, left=unit or "1", right=other or "1") from error

    def _arithmetic(self, node: ast.BinOp) -> tuple[Run, str]:
        (left, a_unit), (right, b_unit) = self._number(node.left), self._number(node.right)
        match node.op:
            case ast.Add() | ast.Sub():
                result, scale = self._sum_unit(node, a_unit, b_unit)
                sign = scale if isinstance(node.op, ast.Add) else -scale
                return (
                    lambda v: None if (x := left(v)) is None or (y := right(v)) is None else _finite(x + sign * y),
                    result,
                )
            case ast.Mult():
                if a_unit and b_unit:
                    raise ExpressionError("E409", node.col_offset, left=a_unit, right=b_unit)
                _no_temperature(node.left, a_unit)
                _no_temperature(node.right, b_unit)
                return (
                    lambda v: None if (x := left(v)) is None or (y := right(v)) is None else _finite(x * y),
                    a_unit or b_unit,
                )
            case ast.Div():
                _no_temperature(node.left, a_unit)
                scale, result = 1.0, a_unit
                if b_unit:
                    scale, result = self._scale(a_unit, b_unit, node.right), ""

                def divide(values: Values) -> float | None:
                    x, y = left(values), right(values)
                    if x is None or y is None or y * scale == 0:
                        return None
                    return _finite(x / (y * scale))

                return divide, result
            case _:
                raise ExpressionError("E403", node.col_offset, found=ast.unparse(node))

    def _sum_unit(self, node: ast.BinOp, a: str, b: str) -> tuple[str, float]:
        subtract = isinstance(node.op, ast.Sub)
        if a == b == "degC":
            if not subtract:
                raise ExpressionError("E410", node.col_offset)
            return "K", 1.0
        if a == "degC":
            return "degC", self._scale("K", b, node.right)
        if b == "degC" and not subtract:
            return "degC", 1.0 / self._scale(a, "K", node.left)
        return a, self._scale(a, b, node.right)

    def _tag(self, node: ast.expr) -> tuple[Run, str]:
        written = ast.unparse(node)
        name = self.named(written)
        if not is_tag_name(name):
            raise ExpressionError("E411", node.col_offset, found=written)
        if name not in self.units:
            raise ExpressionError("E412", node.col_offset, tag=name)
        self.tags.add(name)
        return lambda values: values.get(name), self.units[name]

    def _constant(self, node: ast.Constant) -> tuple[Run, str]:
        raw = node.value
        if isinstance(raw, bool):
            return lambda _: raw, BOOL
        if isinstance(raw, int | float | str):
            try:
                quantity = parse_quantity(raw)
            except (UnitError, OverflowError) as error:
                raise ExpressionError("E413", node.col_offset, found=str(raw), why=str(error)) from error
            value = quantity.value
            return lambda _: value, quantity.unit
        raise ExpressionError("E403", node.col_offset, found=str(raw))

    def _call(self, node: ast.Call) -> tuple[Run, str]:
        name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
        function = FUNCTIONS.get(name)
        gauge = GAUGES.get(name)
        if gauge is not None and (function is None or self._is_window(node)):
            return self._gauge(name, gauge.form, node)
        if function is None:
            known = ", ".join(sorted({*FUNCTIONS, *GAUGES}))
            raise ExpressionError("E414", node.col_offset, found=name, known=known)
        if node.keywords or not function.least <= len(node.args) <= function.most:
            raise ExpressionError("E415", node.col_offset, function=name, form=function.form)
        if name == "count_true":
            return self._count(node), ""
        runs: list[Callable[[Values], float | None]] = []
        scales: list[float] = []
        units: list[str] = []
        for index, argument in enumerate(node.args):
            run, unit = self._number(argument)
            if name == "abs":
                _no_temperature(argument, unit)
            like = function.like[index] if function.like else 0
            wanted = function.units[index] if function.units is not None else units[like] if like < index else unit
            if not same_dimension(wanted, unit):
                raise ExpressionError("E407", argument.col_offset, left=wanted or "1", right=unit or "1")
            runs.append(run)
            scales.append(factor(unit, wanted))
            units.append(wanted)
        call = function.call

        def run_call(values: Values) -> float | None:
            arguments: list[float] = []
            for run, scale in zip(runs, scales, strict=True):
                value = run(values)
                if value is None:
                    return None
                arguments.append(value * scale)
            try:
                return _finite(float(call(*arguments)))
            except (ArithmeticError, ValueError):  # arguments that no farm has are not known either
                return None

        return run_call, units[function.like[-1] if function.like else 0] if function.unit is None else function.unit

    def _count(self, node: ast.Call) -> Run:
        parts = [self._condition(argument) for argument in node.args]

        def run(values: Values) -> float | None:
            count = 0.0
            for part in parts:
                result = part(values)
                if result is None:
                    return None
                count += bool(result)
            return count

        return run

    # --- gauges

    def _is_window(self, node: ast.Call) -> bool:
        """`min(tag, '5 min')`: over time; `min(a, b)`: of several. Of a tag that is itself in seconds, of several."""
        if len(node.args) != 2 or node.keywords or not isinstance(node.args[1], ast.Constant):
            return False
        tag = self._plain_tag(node.args[0])
        return tag is not None and self._duration_s(node.args[1]) is not None and self.units.get(tag) != "s"

    def _duration_s(self, node: ast.expr) -> float | None:
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            return None
        try:
            quantity = parse_quantity(node.value)
        except UnitError:
            return None
        return quantity.value if quantity.unit == "s" else None

    def _gauge(self, name: str, form: str, node: ast.Call) -> tuple[Run, str]:
        if not self.remembers:
            raise ExpressionError("E416", node.col_offset, function=name)
        if node.keywords or len(node.args) != form.count(",") + (not form.endswith("()")):
            raise ExpressionError("E415", node.col_offset, function=name, form=form)
        margin, self.margin = self.margin, None  # what is remembered does not depend on whether an alarm stands
        try:
            gauge, unit = self._gauge_of(name, form, node)
        finally:
            self.margin = margin
        key = gauge.name
        self.gauges.setdefault(key, gauge)
        return lambda values: values.get(key), unit

    def _gauge_of(self, name: str, form: str, node: ast.Call) -> tuple[Gauge, str]:
        arguments = node.args
        match name:
            case "time_between":
                return gauges.time_between(self._key(node), *(self._clock(one, form) for one in arguments)), BOOL
            case "sun_elevation":
                return gauges.sun_elevation("sun_elevation()"), ""
            case "rising":
                return gauges.rising(self._key(node), self._condition(arguments[0])), BOOL  # type: ignore[arg-type]
            case "hyst":
                return self._hyst(node), BOOL
        tag = self._plain_tag(arguments[0])
        if name == "avg":
            return self._average(node, form)
        if tag is None:
            raise ExpressionError("E415", arguments[0].col_offset, function=name, form=form)
        run, unit = self._tag(arguments[0])
        if name == "age":
            return gauges.age(f"age({tag})", tag), "s"
        if name == "quality":
            return gauges.quality(f"quality({tag})", tag), TEXT
        if name != "starts" or unit != BOOL:
            unit = self._number(arguments[0])[1]
        window_s = self._window_s(name, arguments[1])
        if name == "starts":
            return gauges.starts(f"starts({tag}, {window_s:g} s)", tag, window_s), ""
        gauge = gauges.window(f"{name}({tag}, {window_s:g} s)", name, run, window_s)
        if name != "rate":
            return gauge, unit
        return gauge, f"{'K' if unit == 'degC' else unit or '1'}/s"

    def _average(self, node: ast.Call, form: str) -> tuple[Gauge, str]:
        """Of a tag's values; of a contact or a condition, the share of the time."""
        what, over = node.args
        run, unit = self.node(what)
        if unit == TEXT or (unit != BOOL and self._plain_tag(what) is None):
            raise ExpressionError("E415", what.col_offset, function="avg", form=form)
        window_s = self._window_s("avg", over)
        gauge = gauges.window(f"avg({self._key(what)}, {window_s:g} s)", "avg", run, window_s)
        return gauge, "" if unit == BOOL else unit

    def _window_s(self, name: str, node: ast.expr) -> float:
        window_s = self._duration_s(node)
        if window_s is None or not 1.0 <= window_s <= LONGEST_WINDOW_S:
            raise ExpressionError("E417", node.col_offset, found=ast.unparse(node), function=name)
        return window_s

    def _hyst(self, node: ast.Call) -> Gauge:
        runs: list[Callable[[Values], float | None]] = []
        first = ""
        for index, argument in enumerate(node.args):
            run, unit = self._number(argument)
            if index == 0:
                runs.append(run)
                first = unit
                continue
            scale = self._scale(first, unit, argument)
            runs.append(_scaled(run, scale))
        return gauges.hyst(self._key(node), *runs)

    def _clock(self, node: ast.expr, form: str) -> float:
        """'22:00' as seconds after midnight."""
        match = _CLOCK.fullmatch(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
        if match is None:
            raise ExpressionError("E415", node.col_offset, function="time_between", form=form)
        return int(match[1]) * 3600.0 + int(match[2]) * 60.0

    def _key(self, node: ast.expr) -> str:
        """What says the same is the same gauge."""
        return full_text(node, self.named)


def text_last(left: ast.expr, right: ast.expr) -> tuple[ast.expr, ast.expr]:
    """The two sides of an equation; of `'bad' == quality(tag)`, the other way round."""
    return (right, left) if _is_quality(right) else (left, right)


def _is_quality(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "quality"


def _no_temperature(node: ast.expr, unit: str) -> None:
    """20 degC is not twice 10 degC: only a difference has a double, a half or an opposite."""
    if unit == "degC":
        raise ExpressionError("E418", node.col_offset, found=ast.unparse(node))


def _against(op: type[ast.cmpop], tag: str, limit: float) -> Run:
    """A tag against a limit, in one call: most conditions of a farm are that."""
    if op is ast.Lt:
        return lambda values: None if (x := values.get(tag)) is None else x < limit  # type: ignore[operator]
    if op is ast.LtE:
        return lambda values: None if (x := values.get(tag)) is None else x <= limit  # type: ignore[operator]
    if op is ast.Gt:
        return lambda values: None if (x := values.get(tag)) is None else x > limit  # type: ignore[operator]
    return lambda values: None if (x := values.get(tag)) is None else x >= limit  # type: ignore[operator]


def _scaled(run: Callable[[Values], float | None], scale: float) -> Callable[[Values], float | None]:
    return run if scale == 1.0 else lambda values: None if (x := run(values)) is None else x * scale
