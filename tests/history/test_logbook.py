"""The logbook: what was written stays as it was written, and the newest of it is found among what people did."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.words import Because
from controller.history.audit import Audit
from controller.history.logbook import Logbook, Note, Search, lines, mark
from controller.history.state_database import NAME, StateDatabase
from tests.history.farm import START_S

MS = round(START_S * 1000.0)


def note(name: str, text: str = "misted by hand", place: str = "gh1.bay1", at: int = 0, **more: object) -> Note:
    return Note(0, name, MS + at, MS + at, "li", "operator", place, text)._replace(**more)  # type: ignore[arg-type]


@pytest.fixture
def book(tmp_path: Path) -> Logbook:
    return Logbook(StateDatabase(tmp_path))


def test_a_note_is_kept_once_and_nobody_changes_it_or_takes_it_out(book: Logbook, tmp_path: Path) -> None:
    first = book.keep(note("note-one-1"), START_S)
    assert isinstance(first, Note)
    assert first.number == 1
    assert book.keep(note("note-one-1", at=5), START_S) == first  # sent again
    assert book.keep(note("note-one-1", "other words"), START_S) == Because("note_same_id", {"id": "note-one-1"})
    with closing(sqlite3.connect(tmp_path / NAME)) as database:
        for statement in ("UPDATE note SET text = 'x'", "DELETE FROM note"):
            with pytest.raises(sqlite3.IntegrityError, match="notes stay as they are"):
                database.execute(statement)
    assert [line.text for line in lines(tmp_path, Search())] == ["misted by hand"]


def test_a_note_is_put_right_by_a_newer_one_and_both_stand(book: Logbook, tmp_path: Path) -> None:
    book.keep(note("note-one-1", "20 fish died"), START_S)
    book.keep(note("note-two-2", "2 fish died", at=1, corrects=1), START_S)
    assert book.keep(note("note-six-6", corrects=7), START_S) == Because("note_none", {"number": 7})
    newer, older = lines(tmp_path, Search())
    assert (newer.text, newer.corrects, newer.corrected_by) == ("2 fish died", 1, None)
    assert (older.text, older.corrected_by) == ("20 fish died", 2)


def test_what_people_did_stands_among_the_notes_but_not_who_came_in(book: Logbook, tmp_path: Path) -> None:
    assert lines(tmp_path / "nowhere", Search()) == []
    audit = Audit(book._database)
    for second, (what, subject) in enumerate((
        ("setpoint_changed", "gh1.bay1.heat_sp"), ("signed_in", "li"), ("sign_in_refused", ""), ("token_made", "ab"),
        ("account_added", "wang"), ("noted", "gh1.bay1"), ("override", "gh1.bay11.fan"), ("session_ended", "li"),
    )):  # fmt: skip
        audit.note(START_S + second, "li", what, subject, {"value": 21.5})
    audit.write(START_S)
    book.keep(note("note-one-1", "100 % of it_", place="gh1.bay1.fan", at=3000), START_S)
    book.keep(note("note-two-2", "of the farm", place="", at=9000, who="wang"), START_S)

    def told(**wanted: object) -> list[str]:
        return [line.what or line.text for line in lines(tmp_path, Search(**wanted))]  # type: ignore[arg-type]

    assert told() == ["of the farm", "override", "100 % of it_", "setpoint_changed"]
    assert told(kind="deed") == ["override", "setpoint_changed"]
    assert told(kind="note", who="wang") == ["of the farm"]
    assert told(place="gh1.bay1") == ["100 % of it_", "setpoint_changed"]  # and not bay11
    assert told(place="gh1") == ["override", "100 % of it_", "setpoint_changed"]
    assert told(text="0 % of it_") == ["100 % of it_"]  # no signs of its own
    assert told(text="0%it") == []
    assert told(from_ms=MS + 3000) == ["of the farm", "override", "100 % of it_"]


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=12), st.integers(1, 5))
def test_page_after_page_tells_every_line_once(
    tmp_path_factory: pytest.TempPathFactory, ats: list[int], most: int
) -> None:
    directory = tmp_path_factory.mktemp("book")
    book = Logbook(StateDatabase(directory))
    audit = Audit(book._database)
    for number, at in enumerate(ats):
        if number % 2:
            audit.note(START_S + at, "li", "override", f"fa.z.o{number}", {})
        else:
            book.keep(note(f"note-{number:04}", at=1000 * at), START_S)
    audit.write(START_S)
    whole = lines(directory, Search())
    paged, before = [], None
    while page := lines(directory, Search(before=before, most=most)):
        paged += page
        before = mark(page[-1])
    assert paged == whole
    assert len(whole) == len(ats)
    assert [line.at_ms for line in whole] == sorted((line.at_ms for line in whole), reverse=True)
    book._database.close()
