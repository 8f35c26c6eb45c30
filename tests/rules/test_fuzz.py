"""Whatever is written as a rule is understood or refused with a word, and never runs for long.

FARMLOOP_FUZZ sets how many inputs (5 000 by default, 100 000 by `make faults`), FARMLOOP_SEED which.
"""

import os
import sys
from math import isfinite

from foundation.messages import catalogue
from foundation.reading import good
from foundation.units import is_unit
from rules import solver
from rules.claims import All, claim, find
from rules.expression import BOOL, Expression, ExpressionError, compile_expression
from rules.gauges import Look
from rules.place import Place
from tests.rules.fuzz import SHORT, conditions, inputs

UNITS = {"gh.bay.air": "degC", "gh.bay.rh": "%", "gh.bay.door": "bool", "gh.bay.rain": "bool", "gh.bay.mode": "text"}
COUNT = int(os.environ.get("FARMLOOP_FUZZ", "5000"))
SEED = int(os.environ.get("FARMLOOP_SEED", "1"))
CALLS_AT_MOST = 60_000
"""Python calls that one input may cost: a rule of 200 parts takes a few thousand to compile."""
LOOKS_AT_MOST = 200_000
"""Calls that it may cost to look into one condition and into two together, with z3."""
NOW_S = 1_770_000_000.0


class Counter:
    """Counts Python's calls, which unlike seconds are the same on every machine."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, frame, event, argument) -> None:
        self.calls += event == "call"


def tried(text: str) -> tuple[Expression | None, ExpressionError | None, int]:
    """The text compiled, or what was wrong with it; and how many calls that took."""
    counter, before = Counter(), sys.getprofile()
    sys.setprofile(counter)
    try:
        return compile_expression(text, UNITS, remembers=True), None, counter.calls
    except ExpressionError as error:
        return None, error, counter.calls
    finally:
        sys.setprofile(before)


def test_random_rule_text_never_breaks_anything_and_never_runs_for_long():
    place, known = Place("Asia/Shanghai", 36.9, 118.7), catalogue("en")
    is_unit("furlong")  # the first unknown unit loads Pint, once in a process
    farms = (
        {"gh.bay.air": 21.0, "gh.bay.rh": 1e308, "gh.bay.door": True, "gh.bay.rain": False, "gh.bay.mode": "auto"},
        dict.fromkeys(UNITS),
    )
    understood = refused = longest = 0
    for text in inputs(COUNT, SEED):
        expression, error, calls = tried(text)
        longest = max(longest, calls)
        if expression is None:
            refused += 1
            assert error is not None
            assert f"problem.{error.code}" in known, text
            assert 0 <= error.column <= len(text), text
            continue
        understood += 1
        assert expression.tags <= set(UNITS)
        for values in farms:
            seen = dict(values)
            readings = {name: good(name, value, NOW_S) for name, value in values.items() if value is not None}
            for gauge in expression.gauges:
                memory = gauge.fresh
                for second in range(3):
                    memory, seen[gauge.name] = gauge.step(memory, Look(NOW_S + second, seen, readings, place))
            answer = expression.run(seen)
            assert answer is None or isinstance(answer, bool | str) or isfinite(answer), text
        if expression.unit == BOOL:
            assert find(claim(text, UNITS), {}).verdict in ("never", "possible", "unknown")
    assert longest <= CALLS_AT_MOST
    assert understood > COUNT / 100, (understood, refused)
    assert refused > COUNT / 2


def looked_into(text: str, other: str) -> int:
    """The calls that the whole check of a condition costs, alone and beside another."""

    def named(one: str) -> str:
        return SHORT.get(one, one)

    counter, before = Counter(), sys.getprofile()
    sys.setprofile(counter)
    try:
        compile_expression(text, UNITS, named=named, remembers=True)
        one, denied, beside = claim(text, UNITS, named), claim(text, UNITS, named, False), claim(other, UNITS, named)
        for asked in (one, denied, All((one, beside)), All((one, denied))):
            find(asked, {})
        solver.find([(text, named, True), (other, named, True)], UNITS, {})
    finally:
        sys.setprofile(before)
    return counter.calls


def test_the_whole_check_of_any_condition_ends_in_a_number_of_steps():
    last, seen, refused = "d", 0, set()
    for text in conditions(COUNT // 100, SEED):
        try:
            compile_expression(text, UNITS, named=lambda one: SHORT.get(one, one), remembers=True)
        except ExpressionError as error:
            refused.add(error.code)
            continue
        seen += 1
        assert looked_into(text, last) <= LOOKS_AT_MOST, (text, last)
        last = text
    assert seen > COUNT / 200
    assert refused <= {"E402"}
