"""Sentences for people: both languages say the same things, and a sentence never breaks what wanted to say it."""

import re
import string

import pytest

from foundation.messages import LANGUAGES, catalogue, tell

PLACE = re.compile(r"\w+")


def places(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("kind", ["problem.", "hint.", "schema."])
def test_both_languages_tell_every_problem_and_neither_borrows_from_the_other(kind: str) -> None:
    chinese, english = catalogue("zh-CN"), catalogue("en")
    keys = {key for key in english if key.startswith(kind)}
    assert keys == {key for key in chinese if key.startswith(kind)}
    assert keys
    for key in keys:
        assert re.search("[一-鿿]", chinese[key]), key
        assert not re.search("[一-鿿。：“”]", english[key]), key
        assert places(chinese[key]) == places(english[key]), key


def test_every_problem_has_a_hint_and_every_sentence_an_end() -> None:
    for language, ends in (("en", ".?"), ("zh-CN", "。？")):
        words = catalogue(language)
        codes = {key.partition(".")[2] for key in words if key.startswith("problem.")}
        assert codes == {key.partition(".")[2] for key in words if key.startswith("hint.")}
        for code in codes:
            assert re.fullmatch(r"[EW]\d{3}", code)
            assert words[f"problem.{code}"][-1] in ends, code
            assert words[f"hint.{code}"][-1] in ends, code


def test_a_key_that_is_missing_is_shown_itself() -> None:
    assert tell("problem.E999", "en", found=1) == "problem.E999"


def test_a_place_that_is_not_filled_shows_the_sentence_as_it_is() -> None:
    assert tell("problem.E324", "en") == catalogue("en")["problem.E324"]
    assert tell("problem.E324", "en", tag="a.b.c") == "There is no tag 'a.b.c'."


def test_braces_in_what_was_found_are_left_alone() -> None:
    assert "{x}" in tell("problem.E324", "en", tag="{x}")


def test_an_unknown_language_is_english() -> None:
    assert tell("problem.E002", "tlh") == tell("problem.E002", "en")
    assert set(LANGUAGES) == {"zh-CN", "en"}
