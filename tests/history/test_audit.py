"""What people did stands in a chain: whoever changes or takes out a row is found out."""

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.history.audit import Audit, Verdict, examine, has, read
from controller.history.audit_cut import cut, files_of, first_of, rows_of
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


DAY_S = 86400.0
YEARS_S = [START_S + days * DAY_S for days in range(0, 1000, 10)]


def years(directory: Path) -> Audit:
    """A deed every ten days of almost three years, and a look each time for what is old enough to go."""
    audit = Audit(StateDatabase(directory))
    for at_s in YEARS_S:
        audit.note(at_s, "li", "setpoint_changed", "gh1.bay1.air_target", {"value": 20.0})
        audit.write(at_s)
        audit.cut(at_s)
    assert audit.failure == ""
    return audit


def test_what_people_did_is_kept_400_days_and_the_chain_goes_on_over_the_cut(tmp_path: Path) -> None:
    years(tmp_path)
    kept = read(tmp_path, 999)
    assert [row.at_ms for row in kept if row.what != "cut"] == [
        round(at_s * 1000.0) for at_s in YEARS_S if round(at_s * 1000.0) >= kept[-1].at_ms
    ][::-1]  # fmt: skip
    assert 400 <= (YEARS_S[-1] - kept[-1].at_ms / 1000.0) / DAY_S < 440
    verdict = examine(tmp_path)
    # nothing is lost: what went stands in files, a month each
    deeds_and_cuts = len(YEARS_S) + sum(1 for _ in tmp_path.glob("audit-*.gz"))
    assert (verdict.rows, verdict.problems) == (deeds_and_cuts, ())
    assert 15 < deeds_and_cuts - len(YEARS_S) < 21
    assert has(tmp_path, next(rows_of(files_of(tmp_path)[0])).hash.hex())
    assert not has(tmp_path, "00" * 32)


def test_the_chain_holds_where_files_were_taken_elsewhere(tmp_path: Path) -> None:
    years(tmp_path)
    first, *others = files_of(tmp_path)
    first.unlink()
    assert examine(tmp_path).problems == ()
    for path in others:
        path.unlink()
    assert examine(tmp_path).problems == ()


def test_what_is_touched_around_a_cut_is_found(tmp_path: Path) -> None:
    years(tmp_path)
    oldest = read(tmp_path, 999)[-1].id
    assert ("missing", oldest) in harmed(tmp_path, f"DELETE FROM audit WHERE id = {oldest}").problems


def test_a_file_of_what_went_that_was_changed_is_found(tmp_path: Path) -> None:
    years(tmp_path)
    path = files_of(tmp_path)[2]
    whole = path.read_bytes()
    path.write_bytes(gzip.compress(gzip.decompress(whole).replace(b'"li"', b'"wu"', 1)))
    assert ("changed", first_of(path)) in examine(tmp_path).problems
    files_of(tmp_path)[1].unlink()  # also where the row before it is gone
    assert ("changed", first_of(path)) in examine(tmp_path).problems
    path.write_bytes(whole[:-9])
    assert examine(tmp_path).problems


def test_a_power_cut_between_the_file_and_the_commit_loses_nothing(tmp_path: Path) -> None:
    audit = Audit(StateDatabase(tmp_path))
    for at_s in (START_S, START_S + 10 * DAY_S, START_S + 435 * DAY_S):
        audit.note(at_s, "li", "setpoint_changed", "gh1.bay1.air_target", {})
        audit.write(at_s)
    later_s = START_S + 435 * DAY_S
    with closing(sqlite3.connect(tmp_path / NAME)) as database:
        assert cut(database, tmp_path, later_s) is not None  # the file is there, the table never heard of it
    assert len(files_of(tmp_path)) == 1
    assert (examine(tmp_path).rows, examine(tmp_path).problems) == (3, ())
    audit.cut(later_s)
    assert (examine(tmp_path).rows, examine(tmp_path).problems) == (4, ())
    assert [row.what for row in read(tmp_path, 9)] == ["cut", "setpoint_changed"]


def test_a_chain_whose_every_row_is_old_keeps_its_newest(tmp_path: Path) -> None:
    audit = acted(tmp_path)
    audit.cut(START_S + 4000 * DAY_S)
    assert [row.what for row in read(tmp_path, 9)] == ["cut", "setpoint_changed"]
    assert (examine(tmp_path).rows, examine(tmp_path).problems) == (7, ())


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
