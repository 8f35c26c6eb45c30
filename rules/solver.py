"""Conditions that compare tags with each other, looked into by z3 where it is installed (extra `z3`)."""

import ast
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from foundation.units import difference, factor
from rules.claims import Finding, Ranges
from rules.expression import BOOL, TEXT, Named, compile_expression, full_text, parsed, text_last

TIMEOUT_MS = 500


def is_installed() -> bool:
    return find_spec("z3") is not None


def find(conditions: Sequence[tuple[str, Named, bool]], units: Mapping[str, str], ranges: Ranges) -> Finding:
    """Whether all of them (text, names, whether it has to be true) can be so at once, and one case of it: the value of
    each tag that matters, in its own unit."""
    import z3

    reader = _Reader(z3, units)
    solver = z3.Solver()
    solver.set("timeout", TIMEOUT_MS)
    for text, named, truth in conditions:
        formula = reader.condition(parsed(text), named)
        solver.add(formula if truth else z3.Not(formula))
    for name, number in reader.numbers.items():
        low, high = ranges.get(name, (None, None))
        if low is not None:
            solver.add(number >= low)
        if high is not None:
            solver.add(number <= high)
    found = solver.check()
    if found == z3.unsat:
        return Finding("never", {})
    if found != z3.sat or reader.is_vague:
        return Finding("unknown", {})
    model = solver.model()
    return Finding("possible", {one.name(): _value(z3, model[one]) for one in sorted(model.decls(), key=str)})


def _value(z3: Any, found: Any) -> float | bool:
    if z3.is_bool(found):
        return bool(found)
    if z3.is_algebraic_value(found):
        found = found.approx(9)
    return float(found.as_fraction())


class _Reader:
    def __init__(self, z3: Any, units: Mapping[str, str]) -> None:
        self.z3, self.units = z3, units
        self.numbers: dict[str, Any] = {}
        self.is_vague = False
        """Something was not looked into."""

    def condition(self, node: ast.expr, named: Named) -> Any:
        z3 = self.z3
        match node:
            case ast.BoolOp():
                parts = [self.condition(value, named) for value in node.values]
                return z3.And(parts) if isinstance(node.op, ast.And) else z3.Or(parts)
            case ast.UnaryOp(op=ast.Not()):
                return z3.Not(self.condition(node.operand, named))
            case ast.Constant():
                return z3.BoolVal(bool(node.value))
            case ast.Attribute() | ast.Name():
                return z3.Bool(named(ast.unparse(node)))
            case ast.Compare(left=left, ops=[ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE() as op], comparators=[right]):
                a, b = self._number(left, named), self._number(right, named) * self._scale(left, right, named)
                return {ast.Lt: a < b, ast.LtE: a <= b, ast.Gt: a > b, ast.GtE: a >= b}[type(op)]
            case ast.Compare(left=left, ops=[op], comparators=[right]) if self._is_condition(left, right, named):
                same = self.condition(left, named) == self.condition(right, named)
                return same if isinstance(op, ast.Eq) else z3.Not(same)
        self.is_vague = True
        return z3.Bool(full_text(node, named))

    def _number(self, node: ast.expr, named: Named) -> Any:
        z3 = self.z3
        match node:
            case ast.Attribute() | ast.Name():
                name = named(ast.unparse(node))
                return self.numbers.setdefault(name, z3.Real(name))
            case ast.UnaryOp(op=ast.USub()):
                return -self._number(node.operand, named)
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                right = self._number(node.right, named) * self._scale(node.left, node.right, named)
                left = self._number(node.left, named)
                return left + right if isinstance(node.op, ast.Add) else left - right
            case ast.BinOp(op=ast.Mult()):
                return self._number(node.left, named) * self._number(node.right, named)
            case ast.Constant():
                value = compile_expression(ast.unparse(node), {}).run({})
                return z3.RealVal(float(value)) if isinstance(value, int | float) else z3.RealVal(0)
        self.is_vague = True
        return z3.Real(full_text(node, named))

    def _is_condition(self, left: ast.expr, right: ast.expr, named: Named) -> bool:
        return self._unit(text_last(left, right)[0], named) == BOOL

    def _unit(self, node: ast.expr, named: Named) -> str:
        return compile_expression(ast.unparse(node), self.units, named=named, remembers=True).unit

    def _scale(self, left: ast.expr, right: ast.expr, named: Named) -> float:
        """What a number in the right one's unit is multiplied by to be in the left one's; differences are in K."""
        units = [self._unit(node, named) for node in (left, right)]
        if BOOL in units or TEXT in units:
            return 1.0
        a, b = map(difference, units)
        return factor(b, a)
