"""The mutants are those that they should be, and the running process takes them over."""

import ast
import sys
from types import ModuleType
from typing import NamedTuple

from tests.mutations.__main__ import MODULES, put
from tests.mutations.mutants import mutants

SOURCE = '''
"""Words."""
LIMIT = 2.0
class Kept(NamedTuple):
    on: bool = False
def over(value: float, held: bool) -> bool:
    """Words."""
    if value >= LIMIT and not held:
        return True
    return Kept().on
'''


def test_every_comparison_boolean_number_and_branch_is_changed_once():
    assert [mutant.what.replace("\n", " ") for mutant in mutants(SOURCE)] == [
        "2.0 -> 3.0", "2.0 -> 1.0", "False -> True",
        "if value >= LIMIT and (not held): return True -> if True: return True",
        "if value >= LIMIT and (not held): return True -> if False: return True",
        "value >= LIMIT and (not held) -> value >= LIMIT or not held",
        "value >= LIMIT and (not held) -> not held", "value >= LIMIT and (not held) -> value >= LIMIT",
        "value >= LIMIT -> value > LIMIT", "value >= LIMIT -> value < LIMIT", "not held -> held",
        "True -> False", "return Kept().on -> return None",
    ]  # fmt: skip


def test_a_module_that_others_have_imported_takes_a_mutant_over(monkeypatch) -> None:
    module = ModuleType("toy")
    vars(module).update(NamedTuple=NamedTuple, __file__="toy.py")
    monkeypatch.setitem(sys.modules, "toy", module)
    exec(compile(SOURCE, "toy", "exec"), vars(module))
    over, kept = module.over, module.Kept
    told = []
    for mutant in mutants("from typing import NamedTuple\n" + SOURCE):
        put(module, mutant.tree)
        told.append((over(2.0, False), over(1.5, False), over(1.5, True), over(2.0, True), kept().on))
        put(module, ast.parse("from typing import NamedTuple\n" + SOURCE))
    assert (over(2.0, False), over(1.5, True), kept().on) == (True, False, False)
    assert all(one != (True, False, False, False, False) for one in told)


def test_the_modules_that_must_never_be_wrong_are_among_them():
    assert {"controller.core.interlocks", "controller.core.arbiter", "controller.core.dosing_guard"} <= MODULES.keys()
