"""The page of hazards promises tests: they exist, and both languages promise the same."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = ("docs/safety.md", "docs/safety.zh.md")
DEFINED = re.compile(r"^(?:async )?def (\w+)", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def _named(page: str) -> list[tuple[str, str]]:
    return NAMED.findall((ROOT / page).read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_the_page_names_exists(page: str) -> None:
    named = _named(page)
    assert len(named) > 50
    for file, name in named:
        assert name in DEFINED.findall((ROOT / file).read_text("utf-8")), name


def test_every_row_names_a_test_and_both_languages_the_same() -> None:
    for page in PAGES:
        rows = [line for line in (ROOT / page).read_text("utf-8").splitlines() if line.startswith("| ")]
        assert [row for row in rows[1:] if not NAMED.search(row) and not row.startswith(("| thread", "| 讨论"))] == []
    assert _named(PAGES[0]) == _named(PAGES[1])


def test_the_page_says_what_it_is_not() -> None:
    assert "no SIL" in (ROOT / PAGES[0]).read_text("utf-8")
    assert "SIL" in (ROOT / PAGES[1]).read_text("utf-8")
