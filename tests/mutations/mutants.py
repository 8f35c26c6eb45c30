"""Mutants of a module: one comparison, boolean, operator, number, text or branch changed at a time."""

import ast
from collections.abc import Iterator
from copy import deepcopy
from typing import NamedTuple

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.Mod: ast.Mult,
}  # fmt: skip
_CALLED = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Mutant(NamedTuple):
    """A module with one thing changed."""

    line: int
    what: str
    """The place as it was and as it is, `a < b -> a <= b`."""
    tree: ast.Module


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module, in order of its lines."""
    tree = ast.parse(source)
    places = _places(tree)
    found = [mutant for index in range(len(places)) for mutant in _changed(tree, places, index)]
    yield from sorted(found, key=lambda mutant: mutant.line)


def _places(tree: ast.Module) -> list[ast.expr | ast.stmt]:
    """All that can be changed: docstrings, annotations, imports and decorators decide nothing."""
    idle: set[ast.AST] = set()
    for node in ast.walk(tree):
        quiet: list[ast.AST | None] = []
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            quiet.append(node)
        if isinstance(node, ast.AnnAssign | ast.arg):
            quiet.append(node.annotation)
        if isinstance(node, ast.FunctionDef):
            quiet += [node.returns, *node.decorator_list]
        if isinstance(node, ast.ClassDef):
            quiet += node.decorator_list
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript):
            quiet.append(node)  # a name for a type
        idle |= {inner for one in quiet if one is not None for inner in ast.walk(one)}
    return [node for node in ast.walk(tree) if isinstance(node, ast.expr | ast.stmt) and node not in idle]


def _changed(tree: ast.Module, places: list[ast.expr | ast.stmt], index: int) -> Iterator[Mutant]:
    place = places[index]
    for make in _changes(place):
        copy = deepcopy(tree)
        twin = _places(copy)[index]
        was = ast.unparse(twin)
        now = make(twin)
        if now is not twin:
            copy = _Replaced(twin, now).visit(copy)
        ast.fix_missing_locations(copy)
        yield Mutant(place.lineno, f"{_short(was)} -> {_short(ast.unparse(now))}", copy)


class _Replaced(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return ast.copy_location(self.new, node) if node is self.old else self.generic_visit(node)


def _changes(place: ast.expr | ast.stmt) -> Iterator[object]:
    """Functions that change a copy of `place`, or give what stands there instead."""
    match place:
        case ast.Compare(ops=ops):
            for number, op in enumerate(ops):
                for other in _COMPARED.get(type(op), ()):
                    yield _with_op(number, other)
        case ast.BoolOp():
            yield _with_bool()
            for number in range(len(place.values)):
                yield _without(number)
        case ast.UnaryOp(op=ast.Not()):
            yield lambda node: node.operand
        case ast.UnaryOp(op=ast.USub()):
            yield lambda node: node.operand
        case ast.BinOp(op=op) if type(op) in _COMPUTED:
            yield _with_operator(_COMPUTED[type(op)])
        case ast.IfExp() | ast.If() | ast.While():
            yield _with_test(True)
            yield _with_test(False)
        case ast.Constant(value=bool() as value):
            yield lambda node: ast.Constant(not value)
        case ast.Constant(value=(int() | float()) as value):
            yield lambda node: ast.Constant(value + 1)
            if value != 0:
                yield lambda node: ast.Constant(value / 2 if isinstance(value, float) else value - 1)
        case ast.Constant(value=str() as value) if value:
            yield lambda node: ast.Constant(value + "?")
        case ast.Call(func=ast.Name(id=name)) if name in _CALLED:
            yield lambda node: ast.Call(ast.Name(_CALLED[name], ast.Load()), node.args, node.keywords)
        case ast.Continue() | ast.Break():
            yield lambda node: ast.Pass()
        case ast.Expr(value=ast.Call()) | ast.Assign() | ast.AugAssign():
            if not isinstance(place, ast.Assign) or not isinstance(place.targets[0], ast.Name | ast.Tuple):
                yield lambda node: ast.Pass()
        case ast.Return(value=ast.Name() | ast.Attribute() | ast.Call()):
            yield lambda node: ast.Return(ast.Constant(None))
        case _:
            pass


def _with_op(number: int, other: type[ast.cmpop]) -> object:
    def change(node: ast.Compare) -> ast.Compare:
        node.ops[number] = other()
        return node

    return change


def _with_bool() -> object:
    def change(node: ast.BoolOp) -> ast.BoolOp:
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return node

    return change


def _without(number: int) -> object:
    def change(node: ast.BoolOp) -> ast.expr:
        rest = [value for index, value in enumerate(node.values) if index != number]
        return rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)

    return change


def _with_operator(other: type[ast.operator]) -> object:
    def change(node: ast.BinOp) -> ast.BinOp:
        node.op = other()
        return node

    return change


def _with_test(truth: bool) -> object:
    def change(node: ast.If | ast.IfExp | ast.While) -> ast.AST:
        node.test = ast.Constant(truth)
        return node

    return change


def _short(text: str) -> str:
    first = " ".join(text.split())
    return first if len(first) <= 90 else first[:87] + "..."
