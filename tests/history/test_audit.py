"""What people did stands in a chain: whoever changes or takes out a row is found out."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.history.audit import Audit, Verdict, examine, read
from controller.history.state_database import NAME, StateDatabase
from tests.history.farm import START_S


def acted(directory: Path, deeds: int = 6) -> Audit:
    database = StateDatabase(directory)
    audit = Audit(database)
    for deed in range(deeds):
        audit.note(
            START_S + deed,
            "operator",
            "setpoint_changed",
            "gh1.bay1.air_target",
            {"value": 20.0 + deed, "by": "operator"},
        )
        if deed % 3 == 2:
            audit.write(START_S + deed)
    audit.write(START_S + deeds)
    database.close()
    return audit


def harmed(directory: Path, statement: str) -> Verdict:
    with closing(sqlite3.connect(directory / NAME, isolation_level=None)) as database:
        database.execute(statement)
    return examine(directory)


def test_a_chain_that_nobody_touched_holds_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    acted(tmp_path)
    acted(tmp_path)
    verdict = examine(tmp_path)
    assert (verdict.rows, verdict.problems) == (12, ())
    newest = read(tmp_path, 2)
    assert [row.id for row in newest] == [12, 11]
    assert newest[0].hash.hex() == verdict.newest
    assert (newest[0].who, newest[0].subject, newest[0].said) == (
        "operator", "gh1.bay1.air_target", '{"by": "operator", "value": 25.0}',
    )  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE audit SET who = 'somebody else' WHERE id = 4", ("changed", 4)),
        ("UPDATE audit SET said = replace(said, '22', '32') WHERE id = 3", ("changed", 3)),
        ("UPDATE audit SET at_ms = at_ms + 1 WHERE id = 1", ("changed", 1)),
        ("DELETE FROM audit WHERE id = 3", ("missing", 3)),
        ("DELETE FROM audit WHERE id = 1", ("missing", 1)),
        ("DELETE FROM audit WHERE id >= 5", ("cut", 5)),
        ("UPDATE audit SET hash = zeroblob(32) WHERE id = 6", ("changed", 6)),
    ],
)
def test_a_row_that_was_changed_or_taken_out_is_found(tmp_path: Path, statement: str, problem: tuple[str, int]) -> None:
    acted(tmp_path)
    assert problem in harmed(tmp_path, statement).problems


def test_a_number_that_was_cut_off_is_not_given_again(tmp_path: Path) -> None:
    acted(tmp_path)
    assert harmed(tmp_path, "DELETE FROM audit WHERE id >= 5").problems == (("cut", 5),)
    acted(tmp_path)
    assert ("missing", 5) in examine(tmp_path).problems


def test_what_people_did_waits_for_a_disk_that_takes_nothing(tmp_path: Path) -> None:
    (tmp_path / "place").write_text("a file where the directory should be")
    audit = acted(tmp_path / "place")
    assert audit.failure
    (tmp_path / "place").unlink()
    audit.write(START_S)
    assert audit.failure == ""
    assert examine(tmp_path / "place").rows == 6


def test_a_file_that_is_rubbish_is_set_aside_and_the_new_chain_says_so(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"no database" * 999)
    acted(tmp_path)
    assert [row.what for row in read(tmp_path, 99)][-1] == "begun"
    assert examine(tmp_path).problems == ()
    assert len(list(tmp_path.glob("state.db.corrupt.*"))) == 1


@settings(max_examples=20)
@example([("\ud800", "entered", "\udfff", {"note": "\ud800"})])
@given(st.lists(st.tuples(st.text(), st.text(), st.text(), st.dictionaries(st.text(), st.floats() | st.text()))))
def test_whatever_people_are_called_and_say_the_chain_holds(
    tmp_path_factory: pytest.TempPathFactory, deeds: list[tuple[str, str, str, dict[str, float | str]]]
) -> None:
    directory = tmp_path_factory.mktemp("audit")
    database = StateDatabase(directory)
    audit = Audit(database)
    for who, what, subject, said in deeds:
        audit.note(START_S, who, what, subject, said)
    audit.write(START_S)
    database.close()
    assert audit.failure == ""
    if deeds:
        assert examine(directory).problems == ()
        assert read(directory, 1)[0].who == deeds[-1][0].replace("\ud800", "?")
