"""What the farm stands at outlives a stop, a crash, an older program and a broken page."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from controller.history import state_database
from controller.history.audit import Audit, examine
from controller.history.backup import backup, restore
from controller.history.database import Form, open_database
from controller.history.state_database import AUDIT, FORM, NAME, StateDatabase
from controller.kept_state import KeptState, kept_in

NOW_S = 1_700_000_000.0


def plain(at_s: float = NOW_S, loops: int = 200) -> dict[str, Any]:
    return {
        "at_s": at_s,
        "blocks": {f"gh1.bay1.loop_{number}": [number + 0.5, at_s, "on" * 20] for number in range(loops)},
        "chosen": {"gh1.bay1.air_sp": [21.5, "li", at_s]},
        "marks": {},
    }


def written(directory: Path, *states: dict[str, Any]) -> None:
    database = StateDatabase(directory)
    kept = KeptState(database)
    for state in states:
        assert kept.write(state, state["at_s"])
    database.close()


def read(directory: Path) -> dict[str, Any] | None:
    database = StateDatabase(directory)
    try:
        return KeptState(database).read(NOW_S)
    finally:
        database.close()


def without_empty(state: dict[str, Any]) -> dict[str, Any]:
    return {part: value for part, value in state.items() if value != {}}


def test_what_was_written_last_is_read_and_what_is_gone_is_gone(tmp_path: Path) -> None:
    assert read(tmp_path) is None
    later = plain(NOW_S + 10.0, loops=3)
    later["marks"] = {"hand:gh1.bay1.vent": ["hand", "gh1.bay1.vent", "li", NOW_S]}
    written(tmp_path, plain(), later)
    assert read(tmp_path) == kept_in(tmp_path) == later
    # after a restart the first one is written whole
    written(tmp_path, plain(NOW_S + 20.0, loops=1))
    assert read(tmp_path) == without_empty(plain(NOW_S + 20.0, loops=1))


def test_an_older_state_never_goes_over_a_newer_one(tmp_path: Path) -> None:
    written(tmp_path, plain(NOW_S + 10.0), plain(NOW_S))
    assert (read(tmp_path) or {})["at_s"] == NOW_S + 10.0


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    database = StateDatabase(tmp_path)
    kept = KeptState(database)
    assert kept.write(plain(), NOW_S)
    with database.transaction(NOW_S) as opened:
        before = opened.total_changes
    changed = plain()
    changed["chosen"]["gh1.bay1.air_sp"][0] = 22.0
    assert kept.write(changed, NOW_S)
    with database.transaction(NOW_S) as opened:
        assert opened.total_changes - before == 1
    database.close()
    assert read(tmp_path) == without_empty(changed)


def test_the_file_of_an_older_program_is_taken_up_once(tmp_path: Path) -> None:
    # its audit in a file of the first form, its state beside it
    older = Form(FORM.application_id, AUDIT, FORM.probes[:2])
    database, _ = open_database(tmp_path / NAME, NOW_S, older)
    database.close()
    (tmp_path / "state.json").write_text(json.dumps(plain()))
    assert read(tmp_path) == plain()
    assert (tmp_path / "state.json").exists()
    written(tmp_path, plain(NOW_S + 10.0))
    assert not (tmp_path / "state.json").exists()
    assert (read(tmp_path) or {})["at_s"] == NOW_S + 10.0
    with closing(sqlite3.connect(tmp_path / NAME)) as opened:
        assert opened.execute("PRAGMA user_version").fetchone() == (FORM.version,)
    # the older program again, and then this one: the newer state counts
    (tmp_path / "state.json").write_text(json.dumps(plain(NOW_S + 20.0)))
    assert (read(tmp_path) or {})["at_s"] == NOW_S + 20.0


def test_a_form_brought_up_from_any_before_holds_what_it_held(tmp_path: Path) -> None:
    for version in range(1, FORM.version):
        directory = tmp_path / str(version)
        older = Form(
            FORM.application_id, "".join(state_database._STEPS[:version]), (), migrations=FORM.migrations[: version - 1]
        )
        opened, _ = open_database(directory / NAME, NOW_S, older)
        opened.execute("INSERT INTO audit VALUES (1, 1, 'li', 'entered', 'a', '{}', x'00')")
        opened.close()
        database = StateDatabase(directory)
        with database.transaction(NOW_S) as now:
            assert now.execute("SELECT who FROM audit").fetchall() == [("li",)]
            assert now.execute("PRAGMA user_version").fetchone() == (FORM.version,)
        assert database.quarantined == []
        database.close()


def test_a_broken_page_costs_what_stood_on_it_and_the_rest_is_taken_over(tmp_path: Path) -> None:
    written(tmp_path, plain())
    path = tmp_path / NAME
    image = bytearray(path.read_bytes())
    at = image.index(b"gh1.bay1.loop_150")
    page = at // 4096 * 4096
    image[page : page + 4096] = bytes(4096)
    path.write_bytes(image)
    database = StateDatabase(tmp_path)
    kept = KeptState(database).read(NOW_S) or {}
    assert len(database.quarantined) == 1
    assert 100 < len(kept["blocks"]) < 200
    assert kept["blocks"] == {name: value for name, value in plain()["blocks"].items() if name in kept["blocks"]}
    assert (kept["at_s"], kept["chosen"]) == (NOW_S, plain()["chosen"])
    # the chain of deeds begins anew, and says why
    audit = Audit(database)
    audit.note(NOW_S, "li", "setpoint_changed", "gh1.bay1.air_sp", {})
    audit.write(NOW_S)
    assert audit.failure == ""
    database.close()
    assert examine(tmp_path).rows == 2


def test_a_row_that_does_not_fit_its_table_hinders_nothing(tmp_path: Path) -> None:
    written(tmp_path, plain(loops=5))
    with closing(sqlite3.connect(tmp_path / NAME, isolation_level=None)) as database:
        database.execute("PRAGMA application_id=1")
        database.execute("CREATE TABLE loose AS SELECT * FROM kept")
        database.execute("DROP TABLE kept")
        database.execute("ALTER TABLE loose RENAME TO kept")
        database.execute("UPDATE kept SET crc32 = 'rot' WHERE name = 'gh1.bay1.loop_2'")
    kept = read(tmp_path) or {}
    assert set(plain(loops=5)["blocks"]) - set(kept["blocks"]) == {"gh1.bay1.loop_2"}
    # and it goes on
    written(tmp_path, plain(NOW_S + 10.0))
    assert (read(tmp_path) or {})["at_s"] == NOW_S + 10.0


def test_a_file_set_aside_while_the_farm_runs_is_written_anew_and_whole(tmp_path: Path) -> None:
    database = StateDatabase(tmp_path)
    kept = KeptState(database)
    assert kept.write(plain(), NOW_S)
    database.close()
    (tmp_path / NAME).write_bytes(b"no database" * 999)
    assert kept.write(plain(), NOW_S)
    database.close()
    assert read(tmp_path) == without_empty(plain())


def test_a_disk_that_takes_nothing_still_gives_what_is_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, plain())

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(state_database, "open_database", full)
    assert read(tmp_path) == without_empty(plain())
    database = StateDatabase(tmp_path)
    assert not KeptState(database).write(plain(), NOW_S)


def test_state_and_deeds_come_back_from_a_backup(tmp_path: Path) -> None:
    farm = tmp_path / "farm"
    written(farm, plain())
    backup(farm, tmp_path / "copy", NOW_S)
    written(farm, plain(NOW_S + 10.0))
    assert restore(tmp_path / "copy", farm, NOW_S) is not None
    assert read(farm) == without_empty(plain())
