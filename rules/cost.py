"""What rules cost a scan at most, by how they are written: the budget is kept before they run, for the core has no
clock.

The weights are microseconds of CPU, about twice what `python -m benchmarks rules` measures on a quiet machine.
"""

import ast
from collections.abc import Iterable, Sequence

from rules.expression import Expression, parsed
from rules.functions import FUNCTIONS
from rules.gauges import PARTS, Gauge

BUDGET_MS = 20.0
"""Of every scan, all rules together."""
RULE_US = 2.0
PART_US = 0.08
"""Of a node of the syntax tree, the unit of `MAX_NODES`."""
CALL_US = 6.0
"""Of the dearest function, the carbon dioxide of salt water."""
GAUGE_US = 1.5
WINDOW_US = 3.0
"""More than that, of a window that goes on."""
TURN_US = 20.0
"""Of a window that moves on by one of its parts: of a minute's, in every scan of a second."""
TREND_US = 50.0
"""The same of a trend."""


def cost_ms(rules: Iterable[Sequence[Expression]], scan_s: float = 1.0) -> float:
    """Milliseconds a scan of all rules, each the expressions that it reads, if every tag is new in every scan."""
    told_us = 0.0
    gauges: dict[str, Gauge] = {}
    for expressions in rules:
        told_us += RULE_US + sum(_expression_us(one) for one in expressions)
        gauges |= {gauge.name: gauge for one in expressions for gauge in one.gauges}
    return (told_us + sum(_gauge_us(one, scan_s) for one in gauges.values())) / 1e3


def _expression_us(expression: Expression) -> float:
    nodes = list(ast.walk(parsed(expression.text)))
    calls = sum(isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id in FUNCTIONS
                for one in nodes)  # fmt: skip
    return PART_US * len(nodes) + CALL_US * calls


def _gauge_us(gauge: Gauge, scan_s: float) -> float:
    if gauge.window_s <= 0.0:
        return GAUGE_US
    turn_us = TREND_US if gauge.name.startswith("rate(") else TURN_US
    return GAUGE_US + WINDOW_US + turn_us * min(scan_s * PARTS / gauge.window_s, 1.0)
