"""A backup is made while the farm is recorded, and stands again as it was."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from controller.history.backup import MANIFEST, BackupError, backup, restore
from controller.history.outbox import Outbox, pack
from controller.hold import hold
from tests.history.farm import START_S


def points(path: Path) -> list[tuple[int, bytes]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT seq, body FROM outbox ORDER BY seq").fetchall()


def recorded(directory: Path, ticks: int) -> Outbox:
    box = Outbox(directory / "outbox.db", ["influx"])
    box.open(START_S)
    for tick in range(ticks):
        box.append([pack([f"env,tag=a v={tick}.0 {tick}"], [tick])])
    (directory / "commissioned.json").write_text('{"at_s": 1.0}')
    (directory / "alarms-2026.jsonl").write_text('{"id": "a"}\n')
    (directory / "access.json").write_text('{"session": "not for anybody else"}')
    return box


def test_a_backup_made_while_recording_goes_on_is_restored_elsewhere(tmp_path: Path) -> None:
    farm, copy, other = tmp_path / "farm", tmp_path / "copy", tmp_path / "other"
    farm.mkdir()
    box = recorded(farm, 50)
    before = points(farm / "outbox.db")
    with hold(farm):
        backup(farm, copy, START_S)
        box.append([pack(["env,tag=a v=99.0 99"], [99])])
    assert restore(copy, other, START_S) is None
    assert points(other / "outbox.db") == before
    assert {path.name for path in other.iterdir()} == {
        "outbox.db",
        "commissioned.json",
        "alarms-2026.jsonl",
        "agent.lock",
    }
    # and it goes on under numbers that were never used
    again = Outbox(other / "outbox.db", ["influx"])
    again.open(START_S)
    assert again.newest == 50
    again.close()
    # back where it came from, what was recorded since is set aside, not lost
    box.close()
    aside = restore(copy, farm, START_S)
    assert aside is not None
    assert len(points(aside / "outbox.db")) == 51
    assert points(farm / "outbox.db") == before


def test_nothing_is_restored_under_a_running_agent(tmp_path: Path) -> None:
    recorded(tmp_path, 3).close()
    backup(tmp_path, tmp_path / "copy", START_S)
    with hold(tmp_path), pytest.raises(BackupError) as refused:
        restore(tmp_path / "copy", tmp_path, START_S)
    assert refused.value.key == "agent_runs"


@pytest.mark.parametrize(
    ("harm", "key"),
    [
        (lambda copy: (copy / "commissioned.json").unlink(), "file_missing"),
        (lambda copy: (copy / "commissioned.json").write_text('{"at_s": 2.0}'), "file_spoilt"),
        (lambda copy: (copy / "outbox.db").write_bytes(b"x" * 4096), "file_spoilt"),
        (lambda copy: (copy / MANIFEST).unlink(), "no_backup"),
    ],
)
def test_a_backup_that_was_harmed_changes_nothing(tmp_path: Path, harm: object, key: str) -> None:
    farm = tmp_path / "farm"
    farm.mkdir()
    recorded(farm, 3).close()
    backup(farm, tmp_path / "copy", START_S)
    harm(tmp_path / "copy")  # type: ignore[operator]
    before = {path.name: path.read_bytes() for path in farm.iterdir() if path.is_file()}
    with pytest.raises(BackupError) as refused:
        restore(tmp_path / "copy", farm, START_S)
    assert refused.value.key == key
    assert {path.name: path.read_bytes() for path in farm.iterdir() if path.is_file()} == before


def test_a_backup_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    farm, copy = tmp_path / "farm", tmp_path / "copy"
    farm.mkdir()
    recorded(farm, 3).close()
    with closing(sqlite3.connect(farm / "outbox.db")) as database:
        database.execute("PRAGMA user_version=99")
    backup(farm, copy, START_S)
    with pytest.raises(BackupError) as refused:
        restore(copy, farm, START_S)
    assert refused.value.key == "newer"
    assert json.loads((copy / MANIFEST).read_text())["files"]["outbox.db"]["version"] == 99


def test_a_backup_never_mixes_with_what_is_there(tmp_path: Path) -> None:
    recorded(tmp_path, 3).close()
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "note.txt").write_text("mine")
    with pytest.raises(BackupError) as refused:
        backup(tmp_path, tmp_path / "copy", START_S)
    assert refused.value.key == "not_empty"
