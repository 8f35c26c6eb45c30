"""Who puts right what is long ago is told that the book alone is changed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.entries import Entries, Entry, repeated
from tests.test_entries import DEAD, TAGS, TAN, check, wish
from tests.wire.agent_on_wires import NOON_S

HOUR_S = 3600.0


def later(entries: Entries, hours: float, **changes: Any) -> Entry:
    """Entered so many hours after noon."""
    entry = check(wish(**changes), entries, NOON_S + hours * HOUR_S)
    assert isinstance(entry, Entry)
    entries.add(entry)
    return entry


@pytest.mark.parametrize(("hours", "book_only"), [(23.9, False), (24.1, True)])
def test_a_correction_of_a_sample_of_the_day_before_yesterday_says_that_it_changes_the_book_only(
    tmp_path: Path, hours: float, book_only: bool
) -> None:
    for value, note in ((0.7, ""), (None, "wrong tank")):
        entries = Entries(tmp_path)
        later(entries, 0.0, value=0.4)
        later(entries, 6.0, value=0.5, at_s=NOON_S + 6 * HOUR_S, number=2)
        entry = later(entries, hours, value=value, number=3, corrects="entry_0001", note=note)
        assert entry.book_only is book_only
        assert (entries.samples_again(entry, TAGS[TAN]) == []) is book_only


def test_what_stands_is_put_right_however_old_it_is_and_a_new_sample_never_is_for_the_book(tmp_path: Path) -> None:
    entries = Entries(tmp_path)
    later(entries, 0.0, value=0.4)
    assert not later(entries, 100.0, value=0.5, number=2, corrects="entry_0001").book_only
    assert not later(entries, 200.0, value=0.6, at_s=NOON_S - HOUR_S, number=3).book_only
    dead = {"tag": DEAD, "value": 5.0}
    later(entries, 0.0, number=4, **dead)
    later(entries, 6.0, number=5, at_s=NOON_S + 6 * HOUR_S, **dead)
    assert not later(entries, 100.0, number=6, corrects="entry_0004", tag=DEAD, value=6.0).book_only


@given(st.lists(st.floats(-100.0, 0.0), min_size=2, max_size=6, unique=True), st.integers(0, 5), st.floats(0.0, 99.0))
def test_it_is_said_of_a_correction_just_when_nothing_of_it_is_heard(
    tmp_path_factory: pytest.TempPathFactory, sampled_h: list[float], which: int, hours: float
) -> None:
    entries = Entries(tmp_path_factory.mktemp("book"))
    for number, at_h in enumerate(sampled_h):
        later(entries, 0.0, value=0.1, at_s=NOON_S + at_h * HOUR_S, number=number)
    which %= len(sampled_h)
    at_s = NOON_S + sampled_h[which] * HOUR_S
    before = entries.stands(TAGS[TAN])
    entry = later(entries, hours, value=0.9, at_s=at_s, number=9, corrects=f"entry_{which:04}")
    silent = entries.stands(TAGS[TAN]) == before and not entries.samples_again(entry, TAGS[TAN])
    assert entry.book_only is silent


def test_sent_again_a_day_later_it_is_the_same_entry(tmp_path: Path) -> None:
    entries = Entries(tmp_path)
    later(entries, 0.0, value=0.4)
    later(entries, 6.0, value=0.5, at_s=NOON_S + 6 * HOUR_S, number=2)
    first = later(entries, 20.0, value=0.7, number=3, corrects="entry_0001")
    assert repeated(replace(first, entered_s=NOON_S + 40 * HOUR_S, book_only=True), first)
