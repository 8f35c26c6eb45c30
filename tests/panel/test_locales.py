"""Both languages say everything, and nothing is said that stands in neither."""

import ast
import re
from pathlib import Path

import pytest

from edge_config.model.site import FacilityKind
from foundation.messages import LANGUAGES, catalogue, tell
from foundation.reading import Quality, Reason
from foundation.units import CANONICAL
from tests.syntax import tree_of

ROOT = Path(__file__).parents[2]
PLACE = re.compile(r"(?<!\{)\{([^{}]*)\}(?!\})")  # {{…}} is written as {…}, an example and no place
STATIC = ROOT / "controller/panel/static"


def _places(text: str) -> list[str]:
    return sorted(PLACE.findall(text))


def test_both_languages_have_the_same_keys_and_places() -> None:
    chinese, english = (catalogue(language) for language in LANGUAGES)
    assert set(chinese) == set(english)
    assert {key for key in chinese if _places(chinese[key]) != _places(english[key])} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_places_are_plain_names(language: str) -> None:
    """The panel fills them as well as Python: a name, and at most a number of decimals."""
    odd = {
        key
        for key, text in catalogue(language).items()
        for place in _places(text)
        if not re.fullmatch(r"\w+(:\.\df)?", place)
    }
    assert {
        key for key in odd if key.startswith(("panel.", "why.", "refused.", "reason.", "alarm.", "failure."))
    } == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_files_are_sorted_and_complete(language: str) -> None:
    keys = list(catalogue(language))
    assert keys == sorted(keys)
    empty = {key for key, text in catalogue(language).items() if not text.strip()}
    assert empty <= {"unit.bool", "unit.count", "unit.text"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_quality_kind_and_unit_has_words(language: str) -> None:
    known = catalogue(language)
    wanted = {f"reason.{reason}" for reason in Reason} | {f"quality.{quality.name.lower()}" for quality in Quality}
    wanted |= {f"panel.kind.{kind}" for kind in FacilityKind.__args__} | {f"unit.{unit}" for unit in CANONICAL}  # type: ignore[attr-defined]  # a Literal has its values there
    assert wanted - set(known) == set()


def _becauses() -> set[str]:
    """Every key that the core or the agent gives as a reason."""
    keys: set[str] = set()
    for path in (ROOT / "controller").rglob("*.py"):
        for node in ast.walk(tree_of(path)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "Because"
                and node.args
            ):
                first = node.args[0]
                branches = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                keys |= {one.value for one in branches if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return keys


def test_every_reason_that_is_given_has_words() -> None:
    known = catalogue("en")
    assert {key for key in _becauses() if f"why.{key}" not in known and f"refused.{key}" not in known} == set()
    assert "sensor_lost" in _becauses()


def _asked_by_the_panel() -> set[str]:
    asked: set[str] = set()
    for path in [*STATIC.glob("*.js"), *STATIC.glob("*.html")]:
        asked |= set(re.findall(r"""["{]((?:panel|reason|quality)\.[a-z_.]+[a-z])["}]""", path.read_text("utf-8")))
    return asked


def test_every_message_that_the_panel_asks_for_is_there() -> None:
    asked = _asked_by_the_panel()
    assert len(asked) > 60
    assert asked - set(catalogue("en")) == set()


def test_every_problem_that_the_panel_tells_is_there() -> None:
    codes: set[str] = set()
    for path in (ROOT / "controller/panel").glob("*.py"):
        text = path.read_text("utf-8")
        codes |= set(re.findall(r'ProblemError\(\s*\d+, "(\w+)"', text))
    assert {f"panel.error.{code}" for code in codes - {"refused"}} - set(catalogue("en")) == set()
    assert "wrong_host" in codes


def test_no_message_of_the_panel_is_there_for_nobody() -> None:
    asked = _asked_by_the_panel()
    built = (
        "panel.age.",
        "panel.deed.",
        "panel.energy.by.",
        "panel.energy.kind.",
        "panel.energy.short.",
        "panel.energy.source.",
        "panel.energy.this.",
        "panel.rule.spent.",
        "panel.schedule.",
        "panel.sequence.",
        "panel.alarm.state.",
        "panel.alarms.column.",
        "panel.alarms.event.",
        "panel.alarms.kpi.",
        "panel.alarms.part.",
        "panel.alarms.sent.",
        "panel.audit.",
        "panel.calibration.kind.",
        "panel.bus.",
        "panel.device.commissioned.",
        "panel.device.table.",
        "panel.device.watchdog.",
        "panel.error.",
        "panel.kind.",
        "panel.language.",
        "panel.left.",
        "panel.link.",
        "panel.lives.",
        "panel.mark.",
        "panel.priority.",
        "panel.role.",
        "panel.slot.",
        "panel.system.sink.",
        "panel.theme.",
        "panel.unit.",
    )
    assert {key for key in catalogue("en") if key.startswith("panel.") and not key.startswith(built)} - asked == set()


def test_a_reason_can_be_told_in_python_too() -> None:
    assert tell("why.rule", "zh-CN", rule="x") == "规则：x"
    assert tell("reason.stale", "en") == "out of date"
