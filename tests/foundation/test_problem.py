"""A problem says where, what was found and what would do, in the language of whoever reads it."""

import json

from foundation.problem import Problem, ProblemsError

PROBLEM = Problem("E124", "site.yaml", 57, 5, {"where": "loops.a.b.c.ti", "found": "8", "example": "8 min"})


def test_a_problem_stands_on_one_line_with_its_place_first() -> None:
    line = PROBLEM.line_of_text("en")
    assert line == "site.yaml:57:5 E124 loops.a.b.c.ti: '8' has no unit. Say which, for example 8 min."
    assert PROBLEM.line_of_text("zh-CN") == "site.yaml:57:5 E124 loops.a.b.c.ti：“8”没有单位。 请写上单位，例如 8 min。"
    assert "\n" not in line


def test_an_error_stops_a_site_and_a_warning_does_not() -> None:
    assert PROBLEM.is_error
    assert not Problem("W302", "site.yaml", 1, 1).is_error


def test_all_problems_travel_together() -> None:
    error = ProblemsError([PROBLEM, Problem("E002", "a.yaml", 1, 1)])
    assert [problem.code for problem in error.problems] == ["E124", "E002"]
    assert "site.yaml:57:5" in str(error)
    assert "a.yaml:1:1" in str(error)


def test_a_problem_can_be_told_by_machines() -> None:
    row = {"code": PROBLEM.code, "message": PROBLEM.message("zh-CN"), "hint": PROBLEM.hint("zh-CN")}
    assert json.loads(json.dumps(row, ensure_ascii=False)) == row
