"""`python -m tests.mutations`: whether the tests notice each single change of what must never be wrong.

Every mutant of a module is put into the running process in a fork of its own, where the tests that concern the module
run until one fails. What no test notices is printed; `equivalent.txt` names mutants that change nothing, and why.
"""

import ast
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

from tests.mutations.mutants import Mutant, mutants

MODULES: dict[str, tuple[str, ...]] = {
    "controller.core.interlocks": (
        "tests/core/test_interlocks.py",
        "tests/core/test_safety.py",
        "tests/core/test_blocks_that_break.py",
    ),
    "controller.core.arbiter": ("tests/core/test_arbiter.py",),
    "controller.core.bypass": ("tests/core/test_bypass.py",),
    "controller.core.first_out": ("tests/core/test_first_out.py",),
    "controller.core.dosing_guard": ("tests/core/test_dosing_guard_doses.py", "tests/core/test_dosing_guard.py"),
}
"""By module, the tests that run against its mutants, the quickest first."""
LONGEST_S = 60
"""A mutant that runs for ever is noticed, too."""
EQUIVALENT = Path(__file__).with_name("equivalent.txt")


def equivalent() -> dict[str, str]:
    """`MODULE: place as it was -> as it is` -> why that changes nothing."""
    lines = [line for line in EQUIVALENT.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return {key.strip(): why.strip() for key, _, why in (line.partition(" # ") for line in lines)}


class Patience:
    """Runs the collected tests against each mutant, a fork each, as many at once as there are processors."""

    def __init__(self, module: ModuleType, chosen: Sequence[Mutant]) -> None:
        self.module, self.chosen = module, chosen
        self.survivors: list[Mutant] = []

    def pytest_collection(self) -> None:
        from hypothesis import Phase, settings

        # a mutant is noticed by its first failure: nobody reads a smaller one
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutants", derandomize=True, database=None, deadline=None, phases=phases)
        settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("the tests cannot be collected")
        running: dict[int, Mutant] = {}
        waiting = list(reversed(self.chosen))
        while waiting or running:
            while waiting and len(running) < len(os.sched_getaffinity(0)):
                mutant = waiting.pop()
                child = os.fork()
                if child == 0:
                    os._exit(self._noticed(mutant, session.items))
                running[child] = mutant
            child, status = os.wait()
            mutant = running.pop(child)
            if status == 0:
                self.survivors.append(mutant)
        return True

    def _noticed(self, mutant: Mutant, items: Sequence[pytest.Item]) -> int:
        """In the fork: 1 as soon as a test fails, 0 if none does."""
        from _pytest.runner import runtestprotocol

        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        signal.alarm(LONGEST_S)
        try:
            put(self.module, mutant.tree)
            for item, following in zip(items, [*items[1:], None], strict=True):
                reports = runtestprotocol(item, log=False, nextitem=following)
                if any(report.failed for report in reports):
                    return 1
        except BaseException:  # whatever it breaks, it is noticed
            return 1
        return 0


def put(module: ModuleType, tree: ast.Module) -> None:
    """Put changed code into a module that others have imported already: its functions, constants and defaults."""
    made: dict[str, Any] = {"__name__": module.__name__}
    exec(compile(tree, module.__file__ or "", "exec"), made)
    _put(vars(module), made, module)


def _put(here: Mapping[str, Any], made: Mapping[str, Any], owner: Any) -> None:
    for name, new in made.items():
        old = here.get(name)
        if old is None or (name.startswith("__") and name != "__init__"):
            continue
        if isinstance(old, property):
            _function(old.fget, new.fget)
        elif isinstance(old, FunctionType):
            _function(old, new)
        elif isinstance(old, type) and old.__module__ == new.__module__ == _name(owner):
            _class(old, new)
        elif isinstance(owner, ModuleType) and isinstance(old, bool | int | float | str | dict | tuple) and old != new:
            for other in list(sys.modules.values()):
                if isinstance(other, ModuleType) and vars(other).get(name) is old:
                    setattr(other, name, new)


def _name(owner: Any) -> str:
    return owner.__name__ if isinstance(owner, ModuleType) else owner.__module__


def _class(old: Any, new: Any) -> None:
    _put(vars(old), vars(new), old)
    if issubclass(old, tuple):
        old.__new__.__defaults__ = new.__new__.__defaults__


def _function(old: Any, new: Any) -> None:
    code: CodeType = new.__code__
    old.__code__ = code
    old.__defaults__ = new.__defaults__
    old.__kwdefaults__ = new.__kwdefaults__


def survivors(name: str) -> tuple[list[Mutant], int]:
    """The mutants of a module that no test notices, and how many there are that matter."""
    module = import_module(name)
    known = equivalent()
    every = list(mutants(Path(module.__file__ or "").read_text("utf-8")))
    chosen = [mutant for mutant in every if f"{name}: {mutant.what}" not in known]
    patience = Patience(module, chosen)
    answer = pytest.main(
        ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--no-header", "--no-summary", *MODULES[name]],
        plugins=[patience],
    )
    if answer not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise SystemExit(f"{name}: its tests cannot be run")
    return sorted(patience.survivors, key=lambda mutant: mutant.line), len(chosen)


def main(names: Sequence[str]) -> int:
    """The score by module; 0 if every mutant was noticed."""
    lines, lost = [], 0
    for name in names or MODULES:
        left, count = survivors(name)
        lost += len(left)
        noticed = count - len(left)
        lines.append(f"{name}: {noticed} of {count} noticed, {100 * noticed / max(count, 1):.1f} %")
        lines += [f"  line {mutant.line}: {mutant.what}" for mutant in left]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
