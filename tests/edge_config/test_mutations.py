"""However a site file is damaged, it is told by problems, and what passes the checks the core can run."""

import random
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.core.scan import Core
from controller.core.words import Snapshot
from edge_config.loader import load_site
from edge_config.model.site import Site
from foundation.messages import LANGUAGES
from foundation.problem import ProblemsError
from foundation.reading import Value, good
from foundation.tag import Kind, Tag
from tests.edge_config.test_mistakes import PLACE, TEXT, problems_in

LINES = TEXT.splitlines()
WORD = re.compile(r"[\w.%/()\"'-]+(?: (?:degC|K|%|s|min|h|L|mg/L)\b)?")
WORDS = sorted(set(WORD.findall(TEXT)))
START_S = 1_790_000_000.0
GARBAGE = (*"-{}[]~|>#'\"0\t\x00\u2028温", ": ", "? ", "& ", "* ", "!x", "!secret", "1e400")


@st.composite
def damaged_lines(draw: st.DrawFn) -> str:
    """The sample with lines deleted, doubled, moved, indented or filled with garbage."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["delete", "double", "swap", "indent", "garbage", "insert", "cut"])):
            case "delete":
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case "swap":
                other = draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case "indent":
                lines[at] = " " * draw(st.integers(0, 4)) + lines[at].lstrip()
            case "garbage":
                lines[at] = draw(st.text(max_size=20))
            case "insert":
                column = draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:column] + draw(st.sampled_from(GARBAGE)) + lines[at][column:]
            case _:
                lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
    return "\n".join(lines)


def exchanged(chance: random.Random, changes: int) -> str:
    """The sample with some words, names or quantities replaced by others of its own: mostly YAML, mostly wrong."""
    text = TEXT
    for _ in range(changes):
        found = chance.choice(list(WORD.finditer(text)))
        text = text[: found.start()] + chance.choice(WORDS) + text[found.end() :]
    return text


def is_told_or_runs(text: str, path: Path) -> None:
    """Problems with words and places, or a site that the core builds and scans without a block that fails."""
    path.write_text(text, "utf-8", newline="")
    problems = problems_in(path)
    for problem in problems:
        assert problem.line <= max(len(text.splitlines()), 1)
        for language in LANGUAGES:
            told = problem.line_of_text(language)
            assert not PLACE.search(told), told
            assert f"problem.{problem.code}" not in told
    if not any(problem.is_error for problem in problems):
        runs(load_site(path).site)


def runs(site: Site) -> None:
    core = Core(site)
    state = core.start(START_S)
    for after_s in (1.0, 62.0, 3700.0):
        now_s = START_S + after_s
        readings = (good(tag.name, middle(tag), now_s) for tag in core.tags.values() if tag.kind is Kind.MEASURED)
        result = core.scan(state, Snapshot(tuple(readings)), now_s)
        assert [event for event in result.events if event.kind == "block_failed"] == []
        state = result.state


def middle(tag: Tag) -> Value:
    """A value that the tag can have."""
    if tag.unit in ("bool", "text"):
        return tag.unit == "bool" or "a"
    return ((tag.low or 0.0) + (tag.high or 40.0)) / 2


@given(text=damaged_lines())
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_told_by_problems_and_by_nothing_else(text: str, tmp_path: Path) -> None:
    is_told_or_runs(text.encode("utf-8", "replace").decode(), tmp_path / "site.yaml")


@pytest.mark.parametrize("seed", range(8))
def test_what_passes_the_checks_runs_whatever_was_exchanged(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    for _ in range(12):
        is_told_or_runs(exchanged(chance, chance.randint(1, 3)), tmp_path / "site.yaml")


@given(data=st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_told_by_problems(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_bytes(data)
    with pytest.raises(ProblemsError):
        load_site(path)
